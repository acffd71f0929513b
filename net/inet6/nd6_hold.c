/* nd6_hold.c - packets that wait until their neighbour has answered: what is counted and told. nh_hold.c keeps them. */
#include <stdio.h>

#include "kernel/sysctl.h"
#include "net/inet6/nd6.h"
#include "net/route/nh_hold.h"

COUNTER(nd6s_held, nd6, 200, INFO, "packet%s that waited for an answer");
COUNTER(nd6s_unanswered, nd6, 210, DROP, "packet%s dropped because the neighbour did not answer in time");
COUNTER(nd6s_holdfull, nd6, 230, DROP, "waiting packet%s dropped for newer ones to the same neighbour");
COUNTER(nd6s_holdlimit, nd6, 240, DROP, "waiting packet%s dropped for newer ones to other neighbours");
COUNTER(nd6s_holdgone, nd6, 250, DROP, "waiting packet%s dropped with the neighbour's entry");

static NH_HOLDERS(holders);

static uint64_t
nd6_waiting(void)
{
	return holders.nhs_count;
}
COUNTER_HOLDER(nd6, nd6_waiting);

static void
nd6_queued(char *buf, size_t len)
{
	snprintf(buf, len, "%u", holders.nhs_count);
}
SYSCTL_STRING_RO(net_inet6_icmp6_nd6_queued, "net.inet6.icmp6.nd6_queued", nd6_queued);

/* RFC 4861 7.2.2: at least one waits; when there are too many the oldest goes. */
void
nd6_hold(struct nexthop *nh, struct mbuf *m)
{
	struct mbuf *old;

	if ((old = nh_hold_full(&holders, nh)) != NULL)
		M_DROP(old, nd6s_holdfull);
	else if ((old = nh_hold_full_any(&holders)) != NULL)
		M_DROP(old, nd6s_holdlimit);
	counter_inc(nd6s_held);
	nh_hold(&holders, nh, m);
}

void
nd6_release(struct nexthop *nh)
{
	nh_hold_release(&holders, nh);
}

/* RFC 4861 7.2.2: address unreachable, for each that waits. */
void
nd6_hold_refuse(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nh_unhold(&holders, nh)) != NULL) {
		icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_ADDR, 0);
		M_DROP(m, nd6s_unanswered);
	}
}

void
nd6_hold_purge(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nh_unhold(&holders, nh)) != NULL)
		M_DROP(m, nd6s_holdgone);
}
