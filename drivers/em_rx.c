/* em_rx.c - receive rings of em(4). [S] 3.2, [D] 7.1: legacy descriptors, or the 82574's extended ones. */
#include "drivers/em.h"
#include "net/core/owner.h"

#define MAXFRAME	(EM_MAXMTU + 18)	/* with header and a VLAN tag */

/* What stands in a descriptor's word, in either format. */
static inline uint32_t rx_status(uint64_t w, bool ext) { return (uint32_t)(w >> RXD_STATUS(ext)); }
static inline uint32_t rx_length(uint64_t w, bool ext) { return (uint32_t)(w >> RXD_LENGTH(ext)) & 0xffff; }
/* For rx_status()'s value: */
static inline uint32_t rx_errors(bool ext, uint32_t errors) { return errors << RXD_ERRORS(ext); }

/* The status (of a frame's last descriptor) says that TCP's or UDP's checksum is good, and IP's. */
static inline uint16_t
rx_csum(uint32_t status, bool ext)
{
	if (!(status & RXS_L4CS) || (!ext && (status & RXS_IXSM)) || (status & rx_errors(ext, RXE_L4 | RXE_IP)))
		return 0;
	return M_CSUM_L4_OK;
}

/* An empty buffer at a position; the card sees it when the tail passes it. */
static inline void
rx_put(struct em_queue *eq, uint16_t pos, struct mbuf *m)
{
	struct em_desc *d = &eq->eq_rx[pos % EM_RING];

	eq->eq_rxm[pos % EM_RING] = m;
	d->addr = dma_addr(m->m_data);
	d->word = 0;
}

/* All descriptors with mbufs are the card's, but for one of a full ring: head = tail means that it has none. */
static void
rx_bell(struct em_queue *eq)
{
	uint32_t tail = eq->eq_rxhead + MIN((uint32_t)eq->eq_posted, EM_RING - 1);

	dma_wmb();
	eq->eq_rxbells++;
	reg_write32(&eq->eq_regs, eq->eq_rdt, tail % EM_RING);
}

void
em_rxfill(struct em_queue *eq)
{
	uint32_t share = MIN(nicq_share(), EM_RING);
	uint16_t before = eq->eq_posted;
	struct mbuf *m;

	OWNER(eq->eq_ifq->ifq_core);
	for (; eq->eq_posted < share && percore(mbuf_pool.mp_nfree) > NICQ_RESERVE; eq->eq_posted++) {
		if ((m = m_get()) == NULL)
			break;
		rx_put(eq, (uint16_t)(eq->eq_rxhead + eq->eq_posted), m);
	}
	if (eq->eq_posted != before)
		rx_bell(eq);
}

void
em_rxfree(struct em_queue *eq)
{
	OWNER(eq->eq_ifq->ifq_core);
	for (; eq->eq_posted > 0; eq->eq_posted--)
		m_free(eq->eq_rxm[eq->eq_rxhead++ % EM_RING]);
	m_freem(eq->eq_chain);
	eq->eq_chain = NULL;
	eq->eq_skip = false;
	eq->eq_rxhead = 0;
}

/* The ring is full, and no frame is begun. */
static inline bool
rx_is_plain(const struct em_queue *eq)
{
	return eq->eq_posted == EM_RING && eq->eq_chain == NULL && !eq->eq_skip;
}

/* The common case: rx_is_plain(), each descriptor holds a good frame, and there are mbufs to replace them. Puts up to
 * n frames at `to`, up to the end of the ring at most, and stops at the first that is otherwise. */
static __inline_fn unsigned
rx_fast_as(struct em_queue *eq, struct mbuf **to, unsigned n, const bool ext)
{
	const uint32_t good = RXS_DD | RXS_EOP, check = good | rx_errors(ext, RXE_FRAME | RXE_L4 | RXE_IP);
	const unsigned slot = eq->eq_rxhead % EM_RING;
	const uint32_t max = eq->eq_rxmax;
	struct em_desc *d = &eq->eq_rx[slot];
	struct mbuf **rxm;
	struct m_freer pool;
	intptr_t i;

	n = MIN(n, percore(mbuf_pool.mp_nfree));
	n = MIN(n, EM_RING - slot);
	rxm = &eq->eq_rxm[slot] + n;		/* counting up to 0 takes fewer instructions */
	to += n;
	m_freer_start(&pool);
	for (i = -(intptr_t)n; i != 0; i++, d++) {
		uint64_t w = em_rxword(d);
		uint32_t status = rx_status(w, ext), len = ext ? (uint32_t)(w >> RXD_LENGTH(ext)) : rx_length(w, ext);
		struct mbuf *m = rxm[i], *fresh;

		if (unlikely((status & check) != good || len - 1 >= max))
			break;
		m->m_lens = (uint64_t)len << 32 | len;
		if (status & RXS_L4CS)
			m->m_csum = rx_csum(status & ~check, ext);
		to[i] = m;
		rxm[i] = fresh = m_freer_get(&pool);
		d->addr = dma_addr(fresh->m_data);
		d->word = 0;
	}
	m_freer_end(&pool);
	dma_rmb();
	n = (unsigned)(n + i);
	eq->eq_rxhead = (uint16_t)(eq->eq_rxhead + n);
	return n;
}

static __inline_fn unsigned
rx_fast(struct em_queue *eq, struct mbuf **to, unsigned n)
{
	if (!rx_is_plain(eq))
		return 0;
	return eq->eq_ext ? rx_fast_as(eq, to, n, true) : rx_fast_as(eq, to, n, false);
}

/* The buffer of the next descriptor, of which `w` was read, with its length set, and a fresh one in the ring. NULL: the
 * frame is thrown away, and counted; the buffer goes back. */
static struct mbuf *
rx_take(struct em_queue *eq, uint64_t w)
{
	struct mbuf *m = eq->eq_rxm[eq->eq_rxhead % EM_RING], *fresh = m, *got = NULL;
	uint32_t len = rx_length(w, eq->eq_ext);

	dma_rmb();
	if (eq->eq_skip)
		goto out;
	if (len == 0 || len > eq->eq_rxmax) {
		eq->eq_badlens++;
		eq->eq_ifiq->ifiq_errors++;
		goto out;
	}
	if (rx_status(w, eq->eq_ext) & rx_errors(eq->eq_ext, RXE_FRAME)) {
		eq->eq_badframes++;
		eq->eq_ifiq->ifiq_errors++;
		goto out;
	}
	if (percore(mbuf_pool.mp_nfree) == 0)
		nicq_reclaim();
	if ((fresh = m_get()) == NULL) {
		fresh = m;
		eq->eq_ifiq->ifiq_nombufs++;
		goto out;
	}
	got = m;
	m->m_len = m->m_pktlen = len;
out:
	rx_put(eq, (uint16_t)(eq->eq_rxhead + eq->eq_posted), fresh);
	eq->eq_rxhead++;
	return got;
}

/* False: the frame has become longer than any can be. */
static bool
rx_chain(struct em_queue *eq, struct mbuf *m)
{
	if (eq->eq_chain == NULL) {
		eq->eq_chain = eq->eq_chaintail = m;
		return true;
	}
	eq->eq_chain->m_pktlen += m->m_len;
	eq->eq_chaintail->m_next = m;
	eq->eq_chaintail = m;
	return eq->eq_chain->m_pktlen <= MAXFRAME;
}

/* One descriptor, whatever it is like. NULL: no frame ends here, or it was thrown away and counted. */
static struct mbuf *
rx_slow(struct em_queue *eq, uint64_t w)
{
	struct mbuf *m = rx_take(eq, w), *head;
	uint32_t status = rx_status(w, eq->eq_ext);

	if (m == NULL && !eq->eq_skip)
		eq->eq_skip = true;
	else if (m != NULL && !rx_chain(eq, m)) {
		eq->eq_badlens++;
		eq->eq_ifiq->ifiq_errors++;
		eq->eq_skip = true;
	}
	head = eq->eq_chain;
	if (eq->eq_skip) {
		m_freem(head);
		head = eq->eq_chain = NULL;
	}
	if (!(status & RXS_EOP))
		return NULL;
	eq->eq_skip = false;
	eq->eq_chain = NULL;
	if (head == NULL)
		return NULL;
	head->m_csum = rx_csum(status, eq->eq_ext);
	eq->eq_chains += head->m_next != NULL;
	return head;
}

/* What the fast way has not taken of n descriptors, `done` so far. Returns how many now. */
static __apart_fn unsigned
rx_rest(struct em_queue *eq, struct batch *b, unsigned done, unsigned n)
{
	while (done < n) {
		unsigned taken = rx_fast(eq, &b->b_m[b->b_n], n - done);
		struct mbuf *m;
		uint64_t w;

		b->b_n += taken;
		done += taken;
		if (taken > 0)
			continue;
		w = em_rxword(&eq->eq_rx[eq->eq_rxhead % EM_RING]);
		if (!(w & eq->eq_rxdone))
			break;
		if ((m = rx_slow(eq, w)) != NULL)
			batch_add(b, m);
		done++;
	}
	return done;
}

static __inline_fn int
rx_turn(struct em_queue *eq, unsigned n)
{
	struct batch b;
	unsigned done = b.b_n = rx_fast(eq, b.b_m, n);

	if (done < n && em_rxpending(eq, 0))
		done = rx_rest(eq, &b, done, n);
	if (done == 0)
		return 0;
	rx_bell(eq);
	if (likely(b.b_n > 0))
		ifiq_input(eq->eq_ifiq, &b);
	return (int)done;
}

static __apart_fn int
rx_turn_many(struct em_queue *eq, unsigned n)
{
	return rx_turn(eq, n);
}

int
em_rxeof(struct em_queue *eq, int budget)
{
	if (!em_rxpending(eq, 0))
		return 0;
	if (budget > 1 && em_rxpending(eq, 1))
		return rx_turn_many(eq, MIN((unsigned)MIN(budget, BATCH_MAX), (unsigned)eq->eq_posted));
	return rx_turn(eq, 1);
}
