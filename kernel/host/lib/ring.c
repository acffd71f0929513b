/* ring.c - the driver of ring.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/host/lib/ring.h"
#include "kernel/loop.h"
#include "net/ether/ether.h"

#define RING_SIZE	1024u		/* a power of two */
#define FRAME_TTL	22u		/* where the TTL of IPv4 stands in a frame, and the checksum behind it */
#define FRAME_SUM	24u

struct ring_card {
	struct ifnet	 rg_if;
	struct poller	 rg_poller;
	enum ring_kind	 rg_kind;
	bool		 rg_stopped;
	const uint8_t	*rg_frame;
	uint32_t	 rg_len;
	uint64_t	 rg_received;
	struct ring_card *rg_peer;		/* who receives what this one sends; NULL: it is freed */
	uint32_t	 rg_head, rg_tail;	/* free-running: [tail, head) have arrived */
	struct mbuf	*rg_ring[RING_SIZE];
};

/* RFC 1624, eqn. 3, for the TTL's byte. */
static __apart_fn void
ttl_raise(uint8_t *frame)
{
	uint32_t sum = (uint16_t)~load16(frame + FRAME_SUM), old = load16(frame + FRAME_TTL);

	frame[FRAME_TTL] = 255;
	sum += (uint16_t)~old + load16(frame + FRAME_TTL);
	sum = (sum & 0xffff) + (sum >> 16);
	store16(frame + FRAME_SUM, (uint16_t)~(sum + (sum >> 16)));
}

/* As a driver hands it on: nothing is known of it but its length. */
static inline void
ring_fresh(struct mbuf *m)
{
	uint8_t *data = m->m_data;
	uint64_t lens = m->m_lens;

	m_reset(m);
	m->m_flags = 0;
	m->m_data = data;
	m->m_lens = lens;
	if (unlikely(data[FRAME_TTL] < 2))
		ttl_raise(data);
}

static void
loop_recv(struct ring_card *rg, struct batch *b, unsigned n)
{
	n = MIN(n, rg->rg_head - rg->rg_tail);
	for (unsigned i = 0; i < n; i++) {
		struct mbuf *m = rg->rg_ring[rg->rg_tail++ % RING_SIZE];

		ring_fresh(m);
		b->b_m[i] = m;
	}
	b->b_n = n;
}

static void
null_recv(struct ring_card *rg, struct batch *b, unsigned n)
{
	struct m_getter pool;

	n = MIN(n, percore(mbuf_pool.mp_nfree));
	m_getter_start(&pool);
	for (unsigned i = 0; i < n; i++) {
		struct mbuf *m = m_getter_next(&pool);

		memcpy(m->m_data, rg->rg_frame, rg->rg_len);
		m->m_len = m->m_pktlen = rg->rg_len;
		b->b_m[i] = m;
	}
	m_getter_end(&pool);
	b->b_n = n;
}

static int
ring_poll(struct poller *pl, int budget)
{
	struct ring_card *rg = container_of(pl, struct ring_card, rg_poller);
	unsigned n = MIN((unsigned)budget, (unsigned)BATCH_MAX);
	struct batch b;

	if (rg->rg_stopped)
		return 0;
	if (rg->rg_kind == RING_LOOP)
		loop_recv(rg, &b, n);
	else if (rg->rg_frame != NULL)
		null_recv(rg, &b, n);
	else
		return 0;
	n = b.b_n;
	rg->rg_received += n;
	if (n > 0)
		ifiq_input(&rg->rg_if.if_ifiqs[0], &b);
	return (int)n;
}

/* The peer has something to do. */
static void
ring_start(struct ifqueue *ifq)
{
	struct ring_card *rg = ifq->ifq_softc, *to = rg->rg_peer;
	struct mbuf *m, *next;
	struct m_freer pool;
	uint32_t n = 0;

	m_freer_start(&pool);
	for (m = ifq->ifq_head; m != NULL; m = next, n++) {
		next = m->m_nextpkt;
		if (to != NULL && likely(m->m_next == NULL) && to->rg_head - to->rg_tail < RING_SIZE)
			to->rg_ring[to->rg_head++ % RING_SIZE] = m;
		else
			m_freer_add(&pool, m);
	}
	m_freer_end(&pool);
	ifq_taken(ifq, NULL, n);
	if (to != NULL)
		poller_wake(&to->rg_poller);
}

static const struct if_ops ring_ops;

struct ring_card *
ring_attach(const struct ring_conf *c)
{
	struct ring_card *rg = calloc(1, sizeof(*rg));
	struct ifnet *ifp;

	if (rg == NULL)
		return NULL;
	ifp = &rg->rg_if;
	rg->rg_kind = c->rc_kind;
	rg->rg_frame = c->rc_frame;
	rg->rg_len = (uint32_t)c->rc_len;
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "%s", c->rc_name);
	memcpy(ifp->if_lladdr, c->rc_lladdr, ETHER_ADDR_LEN);
	ifp->if_ops = &ring_ops;
	ifp->if_softc = rg;
	ifp->if_nqueues = 1;
	if_spread(ifp);
	ifp->if_hardmtu = 1500;
	if (!ether_ifattach(ifp)) {
		free(rg);
		return NULL;
	}
	ifp->if_ifqs[0].ifq_startfn = ring_start;
	ifp->if_ifqs[0].ifq_softc = rg;
	rg->rg_poller.pl_name = ifp->if_xname;
	rg->rg_poller.pl_poll = ring_poll;
	poller_add(&rg->rg_poller);
	if_link_state_change(ifp, LINK_STATE_UP);
	return rg;
}

void
ring_join(struct ring_card *from, struct ring_card *to)
{
	from->rg_peer = to;
}

bool
ring_put(struct ring_card *rg, const void *frame, size_t len)
{
	struct mbuf *m;

	if (rg->rg_head - rg->rg_tail == RING_SIZE || len < FRAME_SUM + 2 || (m = m_get()) == NULL)
		return false;
	if (!m_append(m, frame, (uint32_t)len)) {
		m_freem(m);
		return false;
	}
	rg->rg_ring[rg->rg_head++ % RING_SIZE] = m;
	poller_wake(&rg->rg_poller);
	return true;
}

uint64_t
ring_received(const struct ring_card *rg)
{
	return rg->rg_received;
}

void
ring_stop(struct ring_card *rg)
{
	rg->rg_stopped = true;
	for (; rg->rg_tail != rg->rg_head; rg->rg_tail++)
		m_freem(rg->rg_ring[rg->rg_tail % RING_SIZE]);
}
