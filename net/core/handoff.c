/* handoff.c - the rings of handoff.h. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/loop.h"
#include "kernel/moment.h"
#include "kernel/task.h"
#include "net/core/handoff.h"
#include "net/core/if.h"
#include "net/core/stage.h"

#define TRAINS		nitems(((struct handoff_ring *)0)->hr_train)	/* a power of two */
#define PLACES		256		/* tr_place has 8 bits */

STAGE(handoff);
COUNTER_GROUP(handoff, 5);
COUNTER(hos_full, handoff, 10, DROP, "packet%s dropped because another core did not keep up");
COUNTER(hos_nombuf, handoff, 20, DROP, "shared packet%s not handed over for want of an mbuf");
COUNTER(hos_noif, handoff, 30, DROP, "packet%s dropped because the interface was gone");
COUNTER(hos_sent, handoff, 40, INFO, "packet%s handed over to another core");

struct handoff_ring *handoff_rings;		/* cores * cores: from, to */
unsigned handoff_cores;
static PERCORE uint64_t ring_gathered;		/* bit per core: there is a train for it */
static PERCORE struct loop_end ring_end;
static void handoff_send(void);
static const struct handoff *places[PLACES];
_Static_assert(MAXCORES <= 64, "ring_gathered has a bit for each");
_Static_assert(TRAINS >= HANDOFF_SLOTS, "a train for each packet");

bool
handoff_init(unsigned cores)
{
	uint8_t id = 0;

	KASSERT(SET_COUNT(handoffs) <= PLACES);
	SET_FOREACH(const struct handoff, ho, handoffs) {
		*ho->ho_id = id;
		places[id++] = ho;
	}
	handoff_cores = cores;
	handoff_rings = page_alloc((cores * cores * sizeof(struct handoff_ring) + PAGE_SIZE - 1) / PAGE_SIZE);
	return handoff_rings != NULL;
}

/* ---- the sender ---- */

void
handoff_refuse(struct mbuf *const *mv, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		M_DROP(mv[i], hos_full);
}

/* The train that is gathered is one that the receiver may see. There is always room for the next: each holds a slot at least. */
static void
ring_send(struct handoff_ring *hr)
{
	__atomic_store_n(&hr->hr_head, hr->hr_head + 1, __ATOMIC_RELEASE);
	hr->hr_gathering = false;
}

void
handoff_commit(unsigned core, const struct handoff *ho, uint16_t ifidx, uint32_t n)
{
	struct handoff_ring *hr = handoff_ring(core_id(), core);
	struct handoff_train *tr = &hr->hr_train[hr->hr_head % TRAINS];
	uint8_t place = *ho->ho_id;

	if (hr->hr_gathering && (tr->tr_place != place || tr->tr_ifidx != ifidx)) {
		ring_send(hr);
		tr = &hr->hr_train[hr->hr_head % TRAINS];
	}
	if (!hr->hr_gathering) {
		*tr = (struct handoff_train){ .tr_place = place, .tr_ifidx = ifidx };
		hr->hr_gathering = true;
		percore(ring_gathered) |= 1ull << core;
		percore_ptr(ring_end)->le_func = handoff_send;
		loop_at_end(percore_ptr(ring_end));
		if (task_self() != NULL)		/* the loop sends at the end of its pass anyway */
			percore(loop_wake) = true;
	}
	tr->tr_n += n;
	hr->hr_in += n;
	counter_add(hos_sent, n);
}

void
handoff_packet(unsigned core, const struct handoff *ho, struct mbuf *m)
{
	struct handoff_ring *hr = handoff_ring(core_id(), core);

	if ((m = m_unshare(m)) == NULL) {
		counter_inc(hos_nombuf);
		return;
	}
	if (unlikely(handoff_room(hr) == 0)) {
		handoff_refuse(&m, 1);
		return;
	}
	hr->hr_slot[hr->hr_in % HANDOFF_SLOTS] = m;
	handoff_commit(core, ho, m->m_ifidx, 1);
}

/* n packets to slots that lie in a row; all their flags. */
static inline unsigned
ring_put(struct mbuf **slot, struct mbuf *const *mv, uint32_t n)
{
	unsigned flags = 0;

	for (uint32_t i = 0; i < n; i++) {
		flags |= mv[i]->m_flags;
		slot[i] = mv[i];
	}
	return flags;
}

void
handoff_batch(unsigned core, const struct handoff *ho, uint16_t ifidx, struct batch *b)
{
	struct handoff_ring *hr = handoff_ring(core_id(), core);
	uint32_t at = hr->hr_in % HANDOFF_SLOTS, n = b->b_n, first = MIN(n, HANDOFF_SLOTS - at);
	unsigned flags;

	if (unlikely(handoff_room(hr) < n)) {
		handoff_refuse(b->b_m, n);
		return;
	}
	flags = ring_put(&hr->hr_slot[at], b->b_m, first);
	if (unlikely(first < n))
		flags |= ring_put(hr->hr_slot, b->b_m + first, n - first);
	if (likely(!(flags & M_SHARED))) {
		handoff_commit(core, ho, ifidx, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		b->b_m[i]->m_ifidx = ifidx;
		handoff_packet(core, ho, b->b_m[i]);
	}
}

/* ---- the receiver ---- */

/* n pointers from the slots, which end where they begin. */
static inline void
ring_copy(struct mbuf **to, const struct handoff_ring *hr, uint32_t n)
{
	uint32_t at = hr->hr_out % HANDOFF_SLOTS, first = MIN(n, HANDOFF_SLOTS - at);

	memcpy(to, &hr->hr_slot[at], first * sizeof(to[0]));
	if (unlikely(first < n))
		memcpy(to + first, hr->hr_slot, (n - first) * sizeof(to[0]));
}

/* The next packets that go on at the same place, from several trains when they agree. 0: the ring is empty. */
static uint32_t
ring_take(struct handoff_ring *hr, struct batch *b)
{
	uint32_t n = 0, head = __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE);

	while (hr->hr_tail != head && n < BATCH_MAX) {
		const struct handoff_train *tr = &hr->hr_train[hr->hr_tail % TRAINS];
		uint32_t take = MIN(tr->tr_n - hr->hr_taken, BATCH_MAX - n);

		if (n > 0 && (tr->tr_place != hr->hr_place || tr->tr_ifidx != hr->hr_ifidx))
			break;
		hr->hr_place = tr->tr_place;
		hr->hr_ifidx = tr->tr_ifidx;
		ring_copy(b->b_m + n, hr, take);
		n += take;
		hr->hr_taken += take;
		if (hr->hr_taken == tr->tr_n) {
			hr->hr_taken = 0;
			__atomic_store_n(&hr->hr_tail, hr->hr_tail + 1, __ATOMIC_RELEASE);
		}
		__atomic_store_n(&hr->hr_out, hr->hr_out + take, __ATOMIC_RELEASE);
	}
	b->b_n = n;
	return n;
}

/* One batch of a ring goes on. How many that are; 0: it is empty. */
static uint32_t
ring_turn(struct handoff_ring *hr)
{
	struct ifnet *ifp;
	struct batch b;
	uint32_t n;

	if ((n = ring_take(hr, &b)) == 0)
		return 0;
	STAGE_ENTER(handoff, b.b_n);
	ifp = if_get(hr->hr_ifidx);
	if (likely(ifp != NULL || hr->hr_ifidx == 0)) {
		places[hr->hr_place]->ho_func(ifp, &b);
		return n;
	}
	for (unsigned i = 0; i < b.b_n; i++)
		M_DROP(b.b_m[i], hos_noif);
	return n;
}

/* As many packets as a batch holds, though they may go on at places that differ from one to the next; more is a matter of the next pass. */
static bool
handoff_poll(unsigned from)
{
	struct handoff_ring *hr = handoff_ring(from, core_id());
	uint32_t n = 0;

	while (hr->hr_tail != __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE)) {
		if (n >= BATCH_MAX)
			return true;
		n += ring_turn(hr);
	}
	return false;
}
CORE_INBOX(handoff, handoff_poll);

/* ---- the end of a pass ---- */

/* What was gathered is sent; then one fence, and who sleeps is woken. */
static void
handoff_send(void)
{
	uint64_t all = percore(ring_gathered), todo;
	unsigned self = core_id();

	for (todo = all; todo != 0; todo &= todo - 1) {
		unsigned to = (unsigned)__builtin_ctzll(todo);

		ring_send(handoff_ring(self, to));
		core_mail(&core_inbox_handoff, to);
	}
	percore(ring_gathered) = 0;
	MOMENT();
	core_fence();
	for (todo = all; todo != 0; todo &= todo - 1)
		core_wake((unsigned)__builtin_ctzll(todo));
}

/* Bounded by what a ring holds. */
void
handoff_drain(void *arg __unused_arg)
{
	for (unsigned i = 0; i < handoff_cores; i++)
		for (unsigned n = 0; n < HANDOFF_SLOTS && ring_turn(handoff_ring(i, core_id())) > 0; n++)
			continue;
}

static uint64_t
handoff_held(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < handoff_cores * handoff_cores; i++)
		n += (uint32_t)(handoff_rings[i].hr_in - handoff_rings[i].hr_out);
	return n;
}
COUNTER_HOLDER(handoff, handoff_held);
