/* tap.c - the rings of tap.h. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/tap.h"

#define SLOTS		256u		/* a ring's; a power of two */

struct ring {
	uint32_t	 r_in;			/* the core's: packets ever written */
	uint64_t	 r_lost;
	uint32_t	 r_out __aligned_to(CACHELINE);	/* the task's: ever read */
	struct tap_packet r_slot[SLOTS];
};
#define RING_PAGES	((sizeof(struct ring) + PAGE_SIZE - 1) / PAGE_SIZE)

volatile uint16_t tap_ifidx;
static struct ring *rings[MAXCORES];		/* while somebody listens */

void
tap_packet(const void *hdr, unsigned hlen, const struct mbuf *m)
{
	struct ring *r = rings[core_id()];
	uint32_t n = MIN(m->m_pktlen, TAP_SNAP - hlen);
	struct tap_packet *tp;

	if (r->r_in - __atomic_load_n(&r->r_out, __ATOMIC_ACQUIRE) == SLOTS) {
		r->r_lost++;
		return;
	}
	tp = &r->r_slot[r->r_in % SLOTS];
	tp->tp_time = uptime_ns();
	tp->tp_len = hlen + m->m_pktlen;
	tp->tp_caplen = (uint16_t)(hlen + n);
	memcpy(tp->tp_data, hdr, hlen);
	m_copydata(m, 0, n, tp->tp_data + hlen);
	__atomic_store_n(&r->r_in, r->r_in + 1, __ATOMIC_RELEASE);
}

/* ---- who listens ---- */

static void
free_rings(void)
{
	for (unsigned i = 0; i < ncores; i++)
		if (rings[i] != NULL) {
			page_free(rings[i], RING_PAGES);
			rings[i] = NULL;
		}
}

static bool
make_rings(void)
{
	for (unsigned i = 0; i < ncores; i++) {
		if ((rings[i] = page_alloc(RING_PAGES)) == NULL) {
			free_rings();
			return false;
		}
		memset(rings[i], 0, sizeof(*rings[i]));
	}
	return true;
}

const char *
tap_open(const struct ifnet *ifp)
{
	const char *why = NULL;

	net_enter();
	if (rings[0] != NULL)
		why = "Device busy";
	else if (!make_rings())
		why = "Cannot allocate memory";
	else
		__atomic_store_n(&tap_ifidx, ifp->if_index, __ATOMIC_RELEASE);
	net_leave();
	return why;
}

static void
nothing(void *arg __unused_arg)
{
}

/* Other cores may be writing to their rings: until they have passed. */
void
tap_close(void)
{
	net_enter();
	__atomic_store_n(&tap_ifidx, 0, __ATOMIC_RELEASE);
	net_leave();
	for (unsigned i = 1; i < ncores; i++) {
		net_enter();
		core_call(i, nothing, NULL);
		net_leave();
	}
	net_enter();
	free_rings();
	net_leave();
}

bool
tap_next(struct tap_packet *tp)
{
	struct ring *oldest = NULL;

	for (unsigned i = 0; i < ncores; i++) {
		struct ring *r = rings[i];

		if (r->r_out != __atomic_load_n(&r->r_in, __ATOMIC_ACQUIRE) &&
		    (oldest == NULL || r->r_slot[r->r_out % SLOTS].tp_time < oldest->r_slot[oldest->r_out % SLOTS].tp_time))
			oldest = r;
	}
	if (oldest == NULL)
		return false;
	*tp = oldest->r_slot[oldest->r_out % SLOTS];
	__atomic_store_n(&oldest->r_out, oldest->r_out + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t
tap_lost(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += *(volatile uint64_t *)&rings[i]->r_lost;
	return n;
}
