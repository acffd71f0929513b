/* ether_output.c - IP packets out: the neighbour's link header in front, then to its interface. */
#include <string.h>

#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"

STAGE(ether_output);
COUNTER(eths_nexthop, ether, 65, DROP, "packet%s whose next hop was gone when another core came to send it");
COUNTER(eths_noroom, ether, 60, DROP, "packet%s without room for a link header");

/* Sends what has gathered at the front of b, n packets for ifp. */
static void
ether_output_run(struct ifnet *ifp, const struct batch *b, unsigned n)
{
	struct batch run;

	if ((run.b_n = n) == 0)
		return;
	memcpy(run.b_m, b->b_m, n * sizeof(b->b_m[0]));
	ifp->if_enqueue(ifp, &run);
}

/* On core 0: what another core could not send. */
static void
ether_output_again(struct ifnet *ifp __unused_arg, struct batch *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->b_n; i++) {
		struct mbuf *m = b->b_m[i];

		if ((m->m_nh = nexthop_tagged(m->m_tag)) != NULL)
			b->b_m[n++] = m;
		else
			M_DROP(m, eths_nexthop);
	}
	if ((b->b_n = n) > 0)
		ether_output(b);
}
HANDOFF(ether_output, ether_output_again);

/* A packet that cannot simply go: its neighbour is not known yet, or has no room for it. True: it can after all. */
static bool
ether_output_slow(struct mbuf *m)
{
	if (!m->m_nh->nh_valid) {
		if (core_id() == 0)
			arp_resolve(m->m_nh, m);
		else {
			m->m_tag = nexthop_tag(m->m_nh);
			handoff_packet(0, &handoff_ether_output, m);
		}
		return false;
	}
	if (m->m_data - m->m_buf >= NH_HDRSIZE)
		return true;
	M_DROP(m, eths_noroom);
	return false;
}

/* Gathers runs of the same interface in place; in practice the whole batch is one. */
void
ether_output(struct batch *b)
{
	struct ifnet *ifp = NULL;
	unsigned n = 0, end = b->b_n;

	STAGE_ENTER(ether_output, end);
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		struct nexthop *nh = m->m_nh;
		uint8_t *data = m->m_data;
		uint64_t len = nh->nh_hdrlen;

		if (unlikely(!nh->nh_used))		/* other cores' lines are left alone */
			nh->nh_used = true;
		if (unlikely(!nh->nh_valid || data - m->m_buf < NH_HDRSIZE) && !ether_output_slow(m))
			continue;
		if (unlikely(nh->nh_ifp != ifp)) {
			ether_output_run(ifp, b, n);
			ifp = nh->nh_ifp;
			n = 0;
		}
		memcpy(data - NH_HDRSIZE, nh->nh_hdr, NH_HDRSIZE);
		m->m_data = data - len;
		m->m_lens += len << 32 | len;
		b->b_m[n++] = m;
	}
	if ((b->b_n = n) > 0)
		ifp->if_enqueue(ifp, b);
}
