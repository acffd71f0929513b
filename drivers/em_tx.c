/* em_tx.c - transmit rings of em(4). [S] 3.3 and 3.4, [D] 7.2.
 *
 * An mbuf takes one descriptor; a chain is taken apart, so that each descriptor's mbuf is freed by itself. The last
 * descriptor of a run reports (RS); when its report has come, all before it have been sent. */
#include "drivers/em.h"
#include "net/core/owner.h"

#define REPORT_RUN	64u		/* descriptors between two reports, at most */

static inline uint64_t
tx_word(const struct em_desc *d)
{
	return ((const volatile struct em_desc *)d)->word;
}

static inline void
tx_report(struct em_queue *eq, uint16_t head)
{
	eq->eq_tx[(uint16_t)(head - 1) % EM_RING].word |= TXD_RS;
	eq->eq_reports[eq->eq_rephead++ % EM_RING] = head;
}

/* The common case: each packet one mbuf. Fills up to n descriptors from `head` on, not beyond the end of the ring, from
 * the list that *mp is the head of, and stops at the first that is otherwise. */
static __inline_fn unsigned
tx_fast(struct em_queue *eq, uint16_t head, unsigned n, struct mbuf **mp)
{
	const unsigned slot = head % EM_RING;
	struct em_desc *d = &eq->eq_tx[slot];
	struct mbuf **txm, *m = *mp;
	intptr_t i;

	n = MIN(n, EM_RING - slot);
	txm = &eq->eq_txm[slot] + n;		/* counting up to 0 takes fewer instructions */
	for (i = -(intptr_t)n; i != 0 && m != NULL && likely(m->m_next == NULL); i++, d++) {
		d->addr = dma_addr(m->m_data);
		d->word = m->m_len | TXD_EOP | TXD_IFCS;
		txm[i] = m;
		m = m->m_nextpkt;
	}
	*mp = m;
	return (unsigned)(n + i);
}

/* Descriptors that the packet takes; 0: it cannot be sent. */
static unsigned
tx_segments(const struct mbuf *m)
{
	unsigned n = 0;

	if (m->m_pktlen > EM_MAXMTU + 18)
		return 0;
	for (; m != NULL; m = m->m_next)
		n += m->m_len > 0;
	return n <= EM_MAXSEGS ? n : 0;
}

/* A chain, for which there is room. */
static void
tx_chain(struct em_queue *eq, uint16_t head, struct mbuf *m)
{
	struct em_desc *d = NULL;
	struct mbuf *next;
	uint32_t pktlen = m->m_pktlen;

	for (; m != NULL; m = next) {
		next = m->m_next;
		m->m_next = m->m_nextpkt = NULL;
		if (m->m_len == 0) {
			m_free(m);
			continue;
		}
		m->m_pktlen = pktlen;		/* the first: what em_txfree() counts */
		pktlen = 0;
		eq->eq_txm[head % EM_RING] = m;
		d = &eq->eq_tx[head++ % EM_RING];
		d->addr = dma_addr(m->m_data);
		d->word = m->m_len | TXD_IFCS;
	}
	d->word |= TXD_EOP;
}

/* The ring is full: an interrupt when something has been sent. */
static void
tx_full(struct em_queue *eq)
{
	ifq_set_oactive(eq->eq_ifq);
	reg_write32(&eq->eq_regs, EM_IMS, eq->eq_txcauses);
	em_txeof(eq);			/* perhaps it has been already: clears oactive */
}

static void
tx_bell(struct em_queue *eq, uint16_t head)
{
	eq->eq_txhead = head;
	dma_wmb();
	eq->eq_txbells++;
	reg_write32(&eq->eq_regs, eq->eq_tdt, head % EM_RING);
}

/* Moves what it can from the list at *mp to the ring, from `head` on. Returns the new head; *taken: so many packets more. */
static uint16_t
tx_fill(struct em_queue *eq, uint16_t head, struct mbuf **mp, unsigned *taken)
{
	unsigned room = EM_RING - 1u - (uint16_t)(head - eq->eq_txlast), n, segs;

	for (; *mp != NULL && room > 0; (*taken)++, room -= n) {
		struct mbuf *m = *mp;

		if (likely((n = tx_fast(eq, head, MIN(room, REPORT_RUN), mp)) > 0)) {
			head = (uint16_t)(head + n);
			tx_report(eq, head);
			*taken += n - 1;
			continue;
		}
		if ((segs = tx_segments(m)) > room)
			break;
		*mp = m->m_nextpkt;
		if ((n = segs) == 0) {
			eq->eq_ifq->ifq_errors++;
			m_freem(m);
			continue;
		}
		tx_chain(eq, head, m);
		head = (uint16_t)(head + n);
		tx_report(eq, head);
	}
	return head;
}

/* Moves what it can from the list at m, whatever it is like; `taken` packets stand before `head` already. */
static __apart_fn void
tx_rest(struct em_queue *eq, uint16_t head, struct mbuf *m, unsigned taken)
{
	head = tx_fill(eq, head, &m, &taken);
	ifq_taken(eq->eq_ifq, m, taken);
	if (head != eq->eq_txhead)
		tx_bell(eq, head);
	if (m != NULL)
		tx_full(eq);
}

void
em_start(struct ifqueue *ifq)
{
	struct em_queue *eq = ifq->ifq_softc;
	struct mbuf *m = ifq->ifq_head;
	uint16_t head = eq->eq_txhead;
	unsigned n, room;

	if (unlikely(eq->eq_stopped))
		return;
	em_txeof(eq);
	room = MIN(EM_RING - 1u - em_txbusy(eq), REPORT_RUN);
	n = ifq->ifq_len == 1 && room > 0 ? tx_fast(eq, head, 1, &m) : tx_fast(eq, head, room, &m);
	if (likely(n > 0)) {
		head = (uint16_t)(head + n);
		tx_report(eq, head);
	}
	if (unlikely(m != NULL)) {
		tx_rest(eq, head, m, n);
		return;
	}
	ifq_taken(ifq, NULL, n);
	if (likely(n > 0))
		tx_bell(eq, head);
}

/* Frees [eq_txlast, upto), to the end of the ring at most; unless `any` it stops at the first that is not simply freed. */
static inline void
tx_free(struct em_queue *eq, uint16_t upto, bool any)
{
	const unsigned slot = eq->eq_txlast % EM_RING, n = MIN((unsigned)(uint16_t)(upto - eq->eq_txlast), EM_RING - slot);
	struct mbuf **txm = &eq->eq_txm[slot];
	struct m_freer pool;
	unsigned i;

	m_freer_start(&pool);
	for (i = 0; i < n; i++)
		if (any)
			m_freer_add_one(&pool, txm[i]);
		else if (!m_freer_try_one(&pool, txm[i]))
			break;
	m_freer_end(&pool);
	eq->eq_txlast = (uint16_t)(eq->eq_txlast + i);
}

static __apart_fn void
tx_free_rest(struct em_queue *eq, uint16_t upto)
{
	while (eq->eq_txlast != upto)
		tx_free(eq, upto, true);
}

static inline void
tx_free_upto(struct em_queue *eq, uint16_t upto)
{
	tx_free(eq, upto, false);
	if (unlikely(eq->eq_txlast != upto))
		tx_free_rest(eq, upto);
}

void
em_txeof_some(struct em_queue *eq)
{
	uint16_t last = eq->eq_replast, upto = eq->eq_txlast;

	do {
		uint16_t pos = eq->eq_reports[last % EM_RING];

		if (!(tx_word(&eq->eq_tx[(uint16_t)(pos - 1) % EM_RING]) & TXD_DD))
			break;
		upto = pos;
	} while (++last != eq->eq_rephead);
	if (upto == eq->eq_txlast)
		return;
	eq->eq_replast = last;
	if (likely((uint16_t)(upto - eq->eq_txlast) == 1)) {
		m_free(eq->eq_txm[eq->eq_txlast % EM_RING]);
		eq->eq_txlast = upto;
	} else
		tx_free_upto(eq, upto);
	if (unlikely(eq->eq_ifq->ifq_oactive))
		ifq_restart(eq->eq_ifq);
}

void
em_txfree(struct em_queue *eq)
{
	OWNER(eq->eq_ifq->ifq_core);
	for (; eq->eq_txlast != eq->eq_txhead; eq->eq_txlast++) {
		struct mbuf *m = eq->eq_txm[eq->eq_txlast % EM_RING];

		eq->eq_ifq->ifq_errors += m->m_pktlen > 0;
		m_free(m);
	}
	eq->eq_txhead = eq->eq_txlast = eq->eq_rephead = eq->eq_replast = 0;
}
