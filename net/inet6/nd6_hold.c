/* nd6_hold.c - packets that wait until their neighbour has answered: a few for each, and a limit for all. */
#include <stdio.h>

#include "kernel/sysctl.h"
#include "net/core/owner.h"
#include "net/inet6/nd6.h"

#define ND_HOLD		16		/* packets that wait for one neighbour */
#define ND_HOLD_ALL	512		/* for all of them */

COUNTER(nd6s_held, nd6, 200, INFO, "packet%s that waited for an answer");
COUNTER(nd6s_unanswered, nd6, 210, DROP, "packet%s dropped because the neighbour did not answer in time");
COUNTER(nd6s_holdfull, nd6, 230, DROP, "waiting packet%s dropped for newer ones to the same neighbour");
COUNTER(nd6s_holdlimit, nd6, 240, DROP, "waiting packet%s dropped for newer ones to other neighbours");
COUNTER(nd6s_holdgone, nd6, 250, DROP, "waiting packet%s dropped with the neighbour's entry");

static unsigned nheld;			/* packets that wait now, in all */
static struct nexthop *holders, **holders_tail = &holders;	/* by nh_holdnext; who has waited longest first */

static uint64_t
nd6_waiting(void)
{
	return nheld;
}
COUNTER_HOLDER(nd6, nd6_waiting);

static void
nd6_queued(char *buf, size_t len)
{
	snprintf(buf, len, "%u", nheld);
}
SYSCTL_STRING_RO(net_inet6_icmp6_nd6_queued, "net.inet6.icmp6.nd6_queued", nd6_queued);

static void
holder_link(struct nexthop *nh)
{
	nh->nh_holdnext = NULL;
	nh->nh_holdprevp = holders_tail;
	*holders_tail = nh;
	holders_tail = &nh->nh_holdnext;
}

static void
holder_unlink(struct nexthop *nh)
{
	if ((*nh->nh_holdprevp = nh->nh_holdnext) != NULL)
		nh->nh_holdnext->nh_holdprevp = nh->nh_holdprevp;
	else
		holders_tail = nh->nh_holdprevp;
}

static struct mbuf *
nd6_unhold(struct nexthop *nh)
{
	struct mbuf *m = nh->nh_hold;

	if (m != NULL) {
		if ((nh->nh_hold = m->m_nextpkt) == NULL)
			holder_unlink(nh);
		m->m_nextpkt = NULL;
		nh->nh_nhold--;
		nheld--;
	}
	return m;
}

/* Room for one more: the oldest packet of who has waited longest goes, and his others have to wait behind everybody's. So
 * whoever asks for many that do not answer gets in the way of his own packets first. */
static void
nd6_hold_evict(void)
{
	struct nexthop *nh = holders;

	M_DROP(nd6_unhold(nh), nd6s_holdlimit);
	if (nh->nh_hold != NULL) {
		holder_unlink(nh);
		holder_link(nh);
	}
}

/* RFC 4861 7.2.2: at least one waits; when there are too many the oldest goes. */
void
nd6_hold(struct nexthop *nh, struct mbuf *m)
{
	OWNER(0);
	if (nh->nh_nhold >= ND_HOLD)
		M_DROP(nd6_unhold(nh), nd6s_holdfull);
	else if (nheld >= ND_HOLD_ALL)
		nd6_hold_evict();
	counter_inc(nd6s_held);
	m->m_nextpkt = NULL;
	if (nh->nh_hold == NULL) {
		nh->nh_hold = m;
		holder_link(nh);
	} else
		nh->nh_holdtail->m_nextpkt = m;
	nh->nh_holdtail = m;
	nh->nh_nhold++;
	nheld++;
}

void
nd6_release(struct nexthop *nh)
{
	struct batch b;
	struct mbuf *m;

	b.b_n = 0;
	while (b.b_n < BATCH_MAX && (m = nd6_unhold(nh)) != NULL) {
		m->m_nh = nh;
		batch_add(&b, m);
	}
	if (b.b_n > 0)
		ether_output(&b);
}

/* RFC 4861 7.2.2: address unreachable, for each that waits. */
void
nd6_hold_refuse(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nd6_unhold(nh)) != NULL) {
		icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_ADDR, 0);
		M_DROP(m, nd6s_unanswered);
	}
}

void
nd6_hold_purge(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nd6_unhold(nh)) != NULL)
		M_DROP(m, nd6s_holdgone);
}
