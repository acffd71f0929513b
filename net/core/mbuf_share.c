/* mbuf_share.c - an mbuf is freed into the pool of the core that it ends on. What a core has too many of goes back to the one that has the
 * fewest, a magazine at a time, by a ring from each core to each other that nobody else writes or reads, so without locks. So a
 * packet that ends elsewhere costs nothing more, and every pool is filled again. A core that runs out asks the one that has the most: that
 * may sleep, and each of many may have a few only that are not its own. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/loop.h"
#include "net/core/mbuf.h"

#define MAGAZINE	64u		/* mbufs */
#define MAGAZINES	8u		/* a ring's slots: a power of two */
#define SHARE_LOW	(2 * MAGAZINE)	/* who has less asks. More than receive rings leave to others (NICQ_RESERVE), so that they are filled */
#define SHARE_GIVES	(4 * MAGAZINE)	/* who has so many gives one when asked */

struct share_ring {
	uint32_t	 sr_head;	/* the sender's: the next slot to fill, modulo MAGAZINES */
	uint32_t	 sr_asks;	/* and how often it has asked the receiver for a magazine */
	uint32_t	 sr_tail __aligned_to(CACHELINE);	/* the receiver's: the next slot to empty */
	uint32_t	 sr_heard;	/* sr_asks at its last look */
	struct mbuf	*sr_slot[MAGAZINES][MAGAZINE] __aligned_to(CACHELINE);
};
static struct share_ring *share_rings;	/* cores * cores: from, to */
static unsigned share_cores;

static inline struct share_ring *
share_ring(unsigned from, unsigned to)
{
	return &share_rings[from * share_cores + to];
}

bool
mbuf_share_init(unsigned cores)
{
	share_rings = page_alloc((cores * cores * sizeof(struct share_ring) + PAGE_SIZE - 1) / PAGE_SIZE);
	share_cores = cores;
	return share_rings != NULL;
}

uint32_t
mbuf_shared(void)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < share_cores * share_cores; i++)
		n += (share_rings[i].sr_head - share_rings[i].sr_tail) * MAGAZINE;
	return n;
}

/* The core that is shortest of mbufs, by as much as a magazine at least; or this one. What another core says is a moment old. */
static unsigned
share_poorest(void)
{
	unsigned self = core_id(), poorest = self;
	int32_t most = MAGAZINE - 1;

	for (unsigned i = 0; i < ncores; i++) {
		const struct mbuf_pool *mp = &percore_of(mbuf_pool, i);
		int32_t lacks = (int32_t)(mp->mp_total - *(const volatile uint32_t *)&mp->mp_nfree);

		if (i != self && lacks > most) {
			most = lacks;
			poorest = i;
		}
	}
	return poorest;
}

static bool share_poll(unsigned from);
CORE_INBOX(mbuf_share, share_poll);

/* False: there is no room. */
static bool
share_send(unsigned to)
{
	struct share_ring *sr = share_ring(core_id(), to);
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);

	if (sr->sr_head - __atomic_load_n(&sr->sr_tail, __ATOMIC_ACQUIRE) == MAGAZINES)
		return false;
	mp->mp_nfree -= MAGAZINE;
	memcpy(sr->sr_slot[sr->sr_head % MAGAZINES], mp->mp_free + mp->mp_nfree, MAGAZINE * sizeof(mp->mp_free[0]));
	__atomic_store_n(&sr->sr_head, sr->sr_head + 1, __ATOMIC_RELEASE);
	core_mail(&core_inbox_mbuf_share, to);
	return true;
}

/* The core with the most free mbufs, SHARE_GIVES at least; or this one. */
static unsigned
share_richest(void)
{
	unsigned self = core_id(), richest = self;
	uint32_t most = SHARE_GIVES - 1;

	for (unsigned i = 0; i < ncores; i++) {
		uint32_t n = *(const volatile uint32_t *)&percore_of(mbuf_pool, i).mp_nfree;

		if (i != self && n > most) {
			most = n;
			richest = i;
		}
	}
	return richest;
}

/* The answer is there when this core has its next packet. */
static __rare_fn void
share_ask(void)
{
	unsigned self = core_id(), of = share_richest();
	struct share_ring *sr = share_ring(self, of);

	if (of == self)
		return;
	__atomic_store_n(&sr->sr_asks, sr->sr_asks + 1, __ATOMIC_RELEASE);
	core_mail(&core_inbox_mbuf_share, of);
	core_fence();
	core_wake(of);
}

static bool
share_poll(unsigned from)
{
	struct share_ring *sr = share_ring(from, core_id());
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);
	uint32_t asks = __atomic_load_n(&sr->sr_asks, __ATOMIC_ACQUIRE);

	while (sr->sr_tail != __atomic_load_n(&sr->sr_head, __ATOMIC_ACQUIRE)) {
		memcpy(mp->mp_free + mp->mp_nfree, sr->sr_slot[sr->sr_tail % MAGAZINES], MAGAZINE * sizeof(mp->mp_free[0]));
		mp->mp_nfree += MAGAZINE;
		__atomic_store_n(&sr->sr_tail, sr->sr_tail + 1, __ATOMIC_RELEASE);
	}
	if (unlikely(asks != sr->sr_heard)) {
		sr->sr_heard = asks;
		if (mp->mp_nfree >= SHARE_GIVES)
			share_send(from);
	}
	return false;
}

/* A core that had all its own mbufs back would have mp_total: what is above came from others. Nobody is woken for it: who needs mbufs
 * is awake, or asks when it wakes. */
static bool
share_give(void)
{
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);
	unsigned self = core_id(), to;

	if (likely(mp->mp_nfree - SHARE_LOW < mp->mp_total + MAGAZINE - SHARE_LOW))
		return false;
	if (mp->mp_nfree < SHARE_LOW) {
		if (ncores > 1)
			share_ask();
		return false;
	}
	if ((to = share_poorest()) == self)
		return false;
	while (mp->mp_nfree >= mp->mp_total + MAGAZINE && share_send(to))
		continue;
	return false;
}
LOOP_HOOK(mbuf_share, 80, share_give);
