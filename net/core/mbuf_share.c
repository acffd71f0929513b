/* mbuf_share.c - an mbuf is freed into the pool of the core that it ends on. What a core has too many of goes back to the one that has the
 * fewest, a magazine at a time, by a ring from each core to each other that nobody else writes or reads, so without locks. So a
 * packet that ends elsewhere costs nothing more, and every pool is filled again. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/loop.h"
#include "net/core/mbuf.h"

#define MAGAZINE	64u		/* mbufs */
#define MAGAZINES	8u		/* a ring's slots: a power of two */

struct share_ring {
	uint32_t	 sr_head;	/* the sender's: the next slot to fill, modulo MAGAZINES */
	uint32_t	 sr_tail __aligned_to(CACHELINE);	/* the receiver's: the next slot to empty */
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

static bool
share_poll(unsigned from)
{
	struct share_ring *sr = share_ring(from, core_id());
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);

	while (sr->sr_tail != __atomic_load_n(&sr->sr_head, __ATOMIC_ACQUIRE)) {
		memcpy(mp->mp_free + mp->mp_nfree, sr->sr_slot[sr->sr_tail % MAGAZINES], MAGAZINE * sizeof(mp->mp_free[0]));
		mp->mp_nfree += MAGAZINE;
		__atomic_store_n(&sr->sr_tail, sr->sr_tail + 1, __ATOMIC_RELEASE);
	}
	return false;
}
CORE_INBOX(mbuf_share, share_poll);

/* A core that had all its own mbufs back would have mp_total: what is above came from others. Nobody is woken for it: who needs mbufs
 * is awake. */
static bool
share_give(void)
{
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);
	unsigned self = core_id(), to;
	struct share_ring *sr;

	if (likely(mp->mp_nfree < mp->mp_total + MAGAZINE) || (to = share_poorest()) == self)
		return false;
	for (sr = share_ring(self, to); mp->mp_nfree >= mp->mp_total + MAGAZINE; ) {
		if (sr->sr_head - __atomic_load_n(&sr->sr_tail, __ATOMIC_ACQUIRE) == MAGAZINES)
			break;
		mp->mp_nfree -= MAGAZINE;
		memcpy(sr->sr_slot[sr->sr_head % MAGAZINES], mp->mp_free + mp->mp_nfree, MAGAZINE * sizeof(mp->mp_free[0]));
		__atomic_store_n(&sr->sr_head, sr->sr_head + 1, __ATOMIC_RELEASE);
		core_mail(&core_inbox_mbuf_share, to);
	}
	return false;
}
LOOP_HOOK(mbuf_share, 80, share_give);
