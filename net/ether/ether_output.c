/* ether_output.c - IP packets out: the neighbour's link header in front, then to its interface. */
#include <string.h>

#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/ether/ether.h"
#include "net/route/nexthop.h"

STAGE(ether_output);
COUNTER(eths_nexthop, ether, 65, DROP, "packet%s whose next hop was gone when another core came to send it");
COUNTER(eths_noroom, ether, 60, DROP, "packet%s without room for a link header");

static void ether_output_odd(struct batch *, struct ifnet *, unsigned i, unsigned end);

/* Packets i to end - 1 of the batch; b_n have their headers and wait at its front to go out by ifp. */
static __inline_fn void
ether_output_from(struct batch *b, struct ifnet *ifp, unsigned i, unsigned end)
{
	struct mbuf *const *from = &b->b_m[i - b->b_n];	/* b_m[n] = from[n]: the loop keeps all that it looks at */
	unsigned n = b->b_n, stop = n + end - i;

	for (; n < stop; n++) {
		struct mbuf *m = from[n];
		struct nexthop *nh = m->m_nh;
		uint8_t *data = m->m_data;
		uint64_t len = nh->nh_hdrlen;

		if (unlikely(!nh->nh_valid || nh->nh_ifp != ifp || data - m->m_buf < NH_HDRSIZE)) {
			b->b_n = n;
			ether_output_odd(b, ifp, batch_pos(b, &from[n]), end);
			return;
		}
		if (unlikely(!nh->nh_used))		/* other cores' lines are left alone */
			nh->nh_used = true;
		memcpy(data - NH_HDRSIZE, nh->nh_hdr, NH_HDRSIZE);
		m->m_data = data - len;
		m->m_lens += len << 32 | len;
		b->b_m[n] = m;
	}
	if ((b->b_n = n) > 0)
		ifp->if_enqueue(ifp, b);
}

static __apart_fn void
ether_output_many(struct batch *b, struct ifnet *ifp, unsigned i, unsigned end)
{
	ether_output_from(b, ifp, i, end);
}

/* Sends what waits at the front. */
static __rare_fn void
ether_output_run(struct ifnet *ifp, struct batch *b)
{
	struct batch run;

	run.b_n = b->b_n;
	memcpy(run.b_m, b->b_m, run.b_n * sizeof(b->b_m[0]));
	b->b_n = 0;
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

/* Its link header is not known yet. */
static void
ether_output_unknown(struct nexthop *nh, struct mbuf *m)
{
	nh->nh_used = true;
	if (core_id() == 0)
		nexthop_resolve(m);
	else {
		m->m_tag = nexthop_tag(nh);
		handoff_packet(0, &handoff_ether_output, m);
	}
}

/* Packet i cannot simply follow: it leaves by another interface, or its neighbour is not known yet, or it has no room for the header.
 * Then the rest. */
static __rare_fn void
ether_output_odd(struct batch *b, struct ifnet *ifp, unsigned i, unsigned end)
{
	struct mbuf *m = b->b_m[i];
	struct nexthop *nh = m->m_nh;

	if (!nh->nh_valid) {
		ether_output_unknown(nh, m);
		i++;
	} else if (m->m_data - m->m_buf < NH_HDRSIZE) {
		M_DROP(m, eths_noroom);
		i++;
	} else {
		if (b->b_n > 0)
			ether_output_run(ifp, b);
		ifp = nh->nh_ifp;
	}
	ether_output_many(b, ifp, i, end);
}

/* Gathers runs of the same interface in place; in practice the whole batch is one. */
void
ether_output(struct batch *b)
{
	struct ifnet *ifp = b->b_m[0]->m_nh->nh_ifp;
	unsigned end = b->b_n;

	STAGE_ENTER(ether_output, end);
	b->b_n = 0;
	if (end == 1)
		ether_output_from(b, ifp, 0, 1);
	else
		ether_output_many(b, ifp, 0, end);
}
