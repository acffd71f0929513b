/* nh_hold.c - packets that wait until their neighbour has answered; arp_hold.c and nd6_hold.c have what is their families' own. */
#include "net/core/owner.h"
#include "net/ether/ether.h"
#include "net/route/nh_hold.h"

static void
holder_link(struct nh_holders *hs, struct nexthop *nh)
{
	nh->nh_holdnext = NULL;
	nh->nh_holdprevp = hs->nhs_last;
	*hs->nhs_last = nh;
	hs->nhs_last = &nh->nh_holdnext;
}

static void
holder_unlink(struct nh_holders *hs, struct nexthop *nh)
{
	if ((*nh->nh_holdprevp = nh->nh_holdnext) != NULL)
		nh->nh_holdnext->nh_holdprevp = nh->nh_holdprevp;
	else
		hs->nhs_last = nh->nh_holdprevp;
}

struct mbuf *
nh_unhold(struct nh_holders *hs, struct nexthop *nh)
{
	struct mbuf *m = nh->nh_hold;

	if (m != NULL) {
		if ((nh->nh_hold = m->m_nextpkt) == NULL)
			holder_unlink(hs, nh);
		m->m_nextpkt = NULL;
		nh->nh_nhold--;
		hs->nhs_count--;
	}
	return m;
}

struct mbuf *
nh_hold_full(struct nh_holders *hs, struct nexthop *nh)
{
	return nh->nh_nhold >= NH_HOLD ? nh_unhold(hs, nh) : NULL;
}

/* The oldest packet of who has waited longest, and his others have to wait behind everybody's. So whoever asks for many that do not answer gets
 * in the way of his own packets first. */
struct mbuf *
nh_hold_full_any(struct nh_holders *hs)
{
	struct nexthop *nh = hs->nhs_first;
	struct mbuf *m;

	if (hs->nhs_count < NH_HOLD_ALL)
		return NULL;
	m = nh_unhold(hs, nh);
	if (nh->nh_hold != NULL) {
		holder_unlink(hs, nh);
		holder_link(hs, nh);
	}
	return m;
}

void
nh_hold(struct nh_holders *hs, struct nexthop *nh, struct mbuf *m)
{
	OWNER(0);
	m->m_nextpkt = NULL;
	if (nh->nh_hold == NULL) {
		nh->nh_hold = m;
		holder_link(hs, nh);
	} else
		nh->nh_holdtail->m_nextpkt = m;
	nh->nh_holdtail = m;
	nh->nh_nhold++;
	hs->nhs_count++;
}

void
nh_hold_release(struct nh_holders *hs, struct nexthop *nh)
{
	struct batch b;
	struct mbuf *m;

	b.b_n = 0;
	while (b.b_n < BATCH_MAX && (m = nh_unhold(hs, nh)) != NULL) {
		m->m_nh = nh;
		batch_add(&b, m);
	}
	if (b.b_n > 0)
		ether_output(&b);
}
