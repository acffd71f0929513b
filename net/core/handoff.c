/* handoff.c - the rings of handoff.h. */
#include "kernel/cores.h"
#include "kernel/loop.h"
#include "net/core/handoff.h"
#include "net/core/if.h"
#include "net/core/stage.h"

#define TRAINS		128u		/* a ring's slots: a power of two */
#define PACKETS		1024u		/* in a ring at most */
#define PLACES		256		/* m_handoff has 8 bits */

STAGE(handoff);
COUNTER_GROUP(handoff, 5);
COUNTER(hos_full, handoff, 10, DROP, "packet%s dropped because another core did not keep up");
COUNTER(hos_nombuf, handoff, 20, DROP, "shared packet%s not handed over for want of an mbuf");
COUNTER(hos_noif, handoff, 30, DROP, "packet%s dropped because the interface was gone");
COUNTER(hos_sent, handoff, 40, INFO, "packet%s handed over to another core");

struct handoff_ring {
	/* the sender's */
	uint32_t	 hr_head;		/* the next slot to fill, modulo TRAINS */
	uint32_t	 hr_in;			/* packets ever given */
	struct mbuf	*hr_first, *hr_last;	/* the train that is gathered */
	/* the receiver's */
	uint32_t	 hr_tail __aligned_to(CACHELINE);	/* the next slot to empty */
	uint32_t	 hr_out;		/* packets ever taken */
	struct mbuf	*hr_rest;		/* of a train that was longer than a batch; */
	uint16_t	 hr_ifidx;		/* what its first one said */
	uint8_t		 hr_place;
	struct mbuf	*hr_slot[TRAINS] __aligned_to(CACHELINE);
};
static struct handoff_ring *rings;		/* cores * cores: from, to */
static unsigned nrings;				/* cores */
static PERCORE uint64_t ring_gathered;		/* bit per core: there is a train for it */
static const struct handoff *places[PLACES];
_Static_assert(MAXCORES <= 64, "ring_gathered has a bit for each");

static inline struct handoff_ring *
ring_of(unsigned from, unsigned to)
{
	return &rings[from * nrings + to];
}

bool
handoff_init(unsigned cores)
{
	uint8_t id = 0;

	KASSERT(SET_COUNT(handoffs) <= PLACES);
	SET_FOREACH(const struct handoff, ho, handoffs) {
		*ho->ho_id = id;
		places[id++] = ho;
	}
	nrings = cores;
	rings = page_alloc((cores * cores * sizeof(struct handoff_ring) + PAGE_SIZE - 1) / PAGE_SIZE);
	return rings != NULL;
}

/* ---- the sender ---- */

/* The gathered train into the ring. False: the ring is full; the train stays. */
static bool
ring_send(struct handoff_ring *hr)
{
	if (hr->hr_head - __atomic_load_n(&hr->hr_tail, __ATOMIC_ACQUIRE) == TRAINS)
		return false;
	hr->hr_slot[hr->hr_head % TRAINS] = hr->hr_first;
	hr->hr_first = NULL;
	__atomic_store_n(&hr->hr_head, hr->hr_head + 1, __ATOMIC_RELEASE);
	return true;
}

static void
handoff_refuse(struct mbuf *m)
{
	struct mbuf *next;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		M_DROP(m, hos_full);
	}
}

void
handoff_train(unsigned core, const struct handoff *ho, struct mbuf *first, struct mbuf *last, uint32_t n)
{
	struct handoff_ring *hr = ring_of(core_id(), core);
	uint8_t place = *ho->ho_id;

	if (unlikely(hr->hr_in - __atomic_load_n(&hr->hr_out, __ATOMIC_RELAXED) > PACKETS)) {
		handoff_refuse(first);
		return;
	}
	if (hr->hr_first != NULL && hr->hr_first->m_handoff == place && hr->hr_first->m_ifidx == first->m_ifidx) {
		hr->hr_last->m_nextpkt = first;
	} else {
		if (unlikely(hr->hr_first != NULL && !ring_send(hr))) {
			handoff_refuse(first);
			return;
		}
		first->m_handoff = place;
		hr->hr_first = first;
		percore(ring_gathered) |= 1ull << core;
	}
	hr->hr_last = last;
	hr->hr_in += n;
	counter_add(hos_sent, n);
}

void
handoff_packet(unsigned core, const struct handoff *ho, struct mbuf *m)
{
	if ((m = m_unshare(m)) == NULL) {
		counter_inc(hos_nombuf);
		return;
	}
	for (struct mbuf *n = m; n != NULL; n = n->m_next)
		n->m_flags |= M_AWAY;
	handoff_train(core, ho, m, m, 1);
}

void
handoff_batch(unsigned core, const struct handoff *ho, struct batch *b)
{
	struct mbuf *last = b->b_m[0];
	unsigned odd = last->m_flags & M_SHARED, n = b->b_n;
	uintptr_t chained = (uintptr_t)last->m_next;

	last->m_flags |= M_AWAY;
	for (unsigned i = 1; i < n; i++) {
		struct mbuf *m = b->b_m[i];

		odd |= m->m_flags & M_SHARED;
		chained |= (uintptr_t)m->m_next;
		m->m_flags |= M_AWAY;
		last->m_nextpkt = m;
		last = m;
	}
	if (likely(odd == 0 && chained == 0)) {
		handoff_train(core, ho, b->b_m[0], last, n);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		b->b_m[i]->m_nextpkt = NULL;
		handoff_packet(core, ho, b->b_m[i]);
	}
}

/* The end of a pass: what was gathered is sent; then one fence, and who sleeps is woken. */
static bool
handoff_send(void)
{
	uint64_t todo = percore(ring_gathered), sent = 0;
	unsigned self = core_id();

	if (likely(todo == 0))
		return false;
	for (; todo != 0; todo &= todo - 1) {
		unsigned to = (unsigned)__builtin_ctzll(todo);

		if (ring_send(ring_of(self, to)))
			sent |= 1ull << to;
	}
	percore(ring_gathered) &= ~sent;
	core_fence();
	for (; sent != 0; sent &= sent - 1)
		core_wake((unsigned)__builtin_ctzll(sent));
	return percore(ring_gathered) != 0;
}
LOOP_HOOK(handoff, 70, handoff_send);

/* ---- the receiver ---- */

/* The next packets that go on at the same place, from several trains when they agree. 0: the ring is empty. */
static unsigned
ring_take(struct handoff_ring *hr, struct batch *b)
{
	struct mbuf *m = hr->hr_rest;
	unsigned n = 0;

	for (;;) {
		if (m == NULL) {
			if (hr->hr_tail == __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE))
				break;
			m = hr->hr_slot[hr->hr_tail % TRAINS];
			if (n > 0 && (m->m_handoff != hr->hr_place || m->m_ifidx != hr->hr_ifidx)) {
				m = NULL;
				break;
			}
			hr->hr_place = m->m_handoff;
			hr->hr_ifidx = m->m_ifidx;
			__atomic_store_n(&hr->hr_tail, hr->hr_tail + 1, __ATOMIC_RELEASE);
		}
		while (m != NULL && n < BATCH_MAX) {
			b->b_m[n++] = m;
			m = m->m_nextpkt;
			b->b_m[n - 1]->m_nextpkt = NULL;
		}
		if (n == BATCH_MAX)
			break;
	}
	hr->hr_rest = m;
	b->b_n = n;
	__atomic_store_n(&hr->hr_out, hr->hr_out + n, __ATOMIC_RELAXED);
	return n;
}

/* One batch of a ring goes on. False: it is empty. */
static bool
ring_turn(struct handoff_ring *hr)
{
	struct ifnet *ifp;
	struct batch b;

	if (ring_take(hr, &b) == 0)
		return false;
	STAGE_ENTER(handoff, b.b_n);
	ifp = if_get(hr->hr_ifidx);
	if (likely(ifp != NULL || hr->hr_ifidx == 0)) {
		places[hr->hr_place]->ho_func(ifp, &b);
		return true;
	}
	for (unsigned i = 0; i < b.b_n; i++)
		M_DROP(b.b_m[i], hos_noif);
	return true;
}

static inline bool
ring_empty(const struct handoff_ring *hr)
{
	return hr->hr_rest == NULL && hr->hr_tail == __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE);
}

static bool
handoff_ready(void)
{
	for (unsigned i = 0; i < nrings; i++)
		if (!ring_empty(ring_of(i, core_id())))
			return true;
	return false;
}

/* A batch of each other core a pass. */
static bool
handoff_poll(void)
{
	unsigned self = core_id();
	bool work = false;

	for (unsigned i = 0; i < nrings; i++) {
		struct handoff_ring *hr = ring_of(i, self);

		if (!ring_empty(hr))
			work |= ring_turn(hr);
	}
	return work;
}
CORE_INBOX(handoff, handoff_poll, handoff_ready);

/* Bounded by what a ring holds. */
void
handoff_drain(void *arg __unused_arg)
{
	for (unsigned i = 0; i < nrings; i++)
		for (unsigned n = 0; n < PACKETS + TRAINS && ring_turn(ring_of(i, core_id())); n++)
			continue;
}

static uint64_t
handoff_held(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < nrings * nrings; i++)
		n += (uint32_t)(rings[i].hr_in - rings[i].hr_out);
	return n;
}
COUNTER_HOLDER(handoff, handoff_held);
