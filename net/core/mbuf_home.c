/* mbuf_home.c - mbufs that were freed on another core than theirs go home: a ring from each core to each other that nobody else writes or
 * reads, so without locks. What goes through it is a train: mbufs linked by m_nextpkt, one train per pass of the loop and core. When the
 * ring is full the train waits and grows; nothing is lost. */
#include "kernel/cores.h"
#include "kernel/loop.h"
#include "net/core/mbuf.h"

#define TRAINS	64u			/* a ring's slots: a power of two */

struct home_ring {
	uint32_t	 hr_head;	/* the sender's: the next slot to fill, modulo TRAINS */
	struct mbuf	*hr_train;	/* not sent yet */
	uint32_t	 hr_tail __aligned_to(CACHELINE);	/* the receiver's: the next slot to empty */
	struct mbuf	*hr_slot[TRAINS] __aligned_to(CACHELINE);
};
static struct home_ring *home_rings;	/* cores * cores: from, to */
static unsigned home_cores;
static PERCORE bool home_waiting;	/* this core has trains that are not sent */

static inline struct home_ring *
home_ring(unsigned from, unsigned to)
{
	return &home_rings[from * home_cores + to];
}

bool
mbuf_home_init(unsigned cores)
{
	home_rings = page_alloc((cores * cores * sizeof(struct home_ring) + PAGE_SIZE - 1) / PAGE_SIZE);
	home_cores = cores;
	return home_rings != NULL;
}

void
mbuf_go_home(struct mbuf *m)
{
	struct home_ring *hr = home_ring(core_id(), m->m_home);

	m->m_nextpkt = hr->hr_train;
	hr->hr_train = m;
	percore(home_waiting) = true;
}

/* No core is woken for it: who needs mbufs is awake. Before it runs out of them it looks. */
static bool
home_send(void)
{
	unsigned self = core_id();

	if (likely(!percore(home_waiting)))
		return false;
	percore(home_waiting) = false;
	for (unsigned i = 0; i < home_cores; i++) {
		struct home_ring *hr = home_ring(self, i);

		if (hr->hr_train == NULL)
			continue;
		if (hr->hr_head - __atomic_load_n(&hr->hr_tail, __ATOMIC_ACQUIRE) == TRAINS) {
			percore(home_waiting) = true;
			continue;
		}
		hr->hr_slot[hr->hr_head % TRAINS] = hr->hr_train;
		hr->hr_train = NULL;
		__atomic_store_n(&hr->hr_head, hr->hr_head + 1, __ATOMIC_RELEASE);
	}
	return false;
}
LOOP_HOOK(mbuf_home, 80, home_send);

static bool
home_ready(void)
{
	unsigned self = core_id();

	for (unsigned i = 0; i < home_cores; i++) {
		struct home_ring *hr = home_ring(i, self);

		if (hr->hr_tail != __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static inline void
home_take(struct home_ring *hr)
{
	struct mbuf **top = percore(mbuf_pool.mp_free) + percore(mbuf_pool.mp_nfree), *m, *next;

	for (m = hr->hr_slot[hr->hr_tail % TRAINS]; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		*top++ = m;
	}
	percore(mbuf_pool.mp_nfree) = (uint32_t)(top - percore(mbuf_pool.mp_free));
	__atomic_store_n(&hr->hr_tail, hr->hr_tail + 1, __ATOMIC_RELEASE);
}

static bool
home_poll(void)
{
	unsigned self = core_id();

	for (unsigned i = 0; i < home_cores; i++) {
		struct home_ring *hr = home_ring(i, self);

		for (unsigned n = 0; n < TRAINS && hr->hr_tail != __atomic_load_n(&hr->hr_head, __ATOMIC_ACQUIRE); n++)
			home_take(hr);
	}
	return false;
}
CORE_INBOX(mbuf_home, home_poll, home_ready);
