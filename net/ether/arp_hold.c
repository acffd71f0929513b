/* arp_hold.c - packets that wait until their neighbour has answered: what is counted and told. nh_hold.c keeps them. */
#include <stdio.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/route/nh_hold.h"

COUNTER(arps_held, arp, 200, INFO, "packet%s that waited for an answer");
COUNTER(arps_unanswered, arp, 210, DROP, "packet%s dropped because the neighbour did not answer in time");
COUNTER(arps_holdfull, arp, 230, DROP, "waiting packet%s dropped for newer ones to the same neighbour");
COUNTER(arps_holdlimit, arp, 240, DROP, "waiting packet%s dropped for newer ones to other neighbours");
COUNTER(arps_holdgone, arp, 250, DROP, "waiting packet%s dropped with the neighbour's entry");

static NH_HOLDERS(holders);

static uint64_t
arp_waiting(void)
{
	return holders.nhs_count;
}
COUNTER_HOLDER(arp, arp_waiting);

static void
arp_queued(char *buf, size_t len)
{
	snprintf(buf, len, "%u", holders.nhs_count);
}
SYSCTL_STRING_RO(net_inet_ip_arpqueued, "net.inet.ip.arpqueued", arp_queued);

/* RFC 1122 2.3.2.2: at least the latest packet to the same neighbour is kept. */
void
arp_hold(struct nexthop *nh, struct mbuf *m)
{
	struct mbuf *old;

	if ((old = nh_hold_full(&holders, nh)) != NULL)
		M_DROP(old, arps_holdfull);
	else if ((old = nh_hold_full_any(&holders)) != NULL)
		M_DROP(old, arps_holdlimit);
	counter_inc(arps_held);
	nh_hold(&holders, nh, m);
}

void
arp_release(struct nexthop *nh)
{
	nh_hold_release(&holders, nh);
}

/* RFC 1812 5.2.7.1: host unreachable. */
void
arp_hold_refuse(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nh_unhold(&holders, nh)) != NULL) {
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
		M_DROP(m, arps_unanswered);
	}
}

void
arp_hold_purge(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = nh_unhold(&holders, nh)) != NULL)
		M_DROP(m, arps_holdgone);
}
