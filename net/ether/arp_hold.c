/* arp_hold.c - packets that wait until their neighbour has answered: a few for each, and a limit for all. */
#include <stdio.h>

#include "kernel/sysctl.h"
#include "net/core/owner.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"

#define ARP_HOLD	16		/* packets that wait for one neighbour */
#define ARP_HOLD_ALL	512		/* for all of them */

COUNTER(arps_held, arp, 200, INFO, "packet%s that waited for an answer");
COUNTER(arps_unanswered, arp, 210, DROP, "packet%s dropped because the neighbour did not answer in time");
COUNTER(arps_holdfull, arp, 230, DROP, "waiting packet%s dropped for newer ones to the same neighbour");
COUNTER(arps_holdlimit, arp, 240, DROP, "waiting packet%s dropped for newer ones to other neighbours");
COUNTER(arps_holdgone, arp, 250, DROP, "waiting packet%s dropped with the neighbour's entry");

static unsigned arp_nheld;		/* packets that wait now, in all */
static struct nexthop *arp_holders, **arp_holders_tail = &arp_holders;	/* who has waited longest first */

static uint64_t
arp_waiting(void)
{
	return arp_nheld;
}
COUNTER_HOLDER(arp, arp_waiting);

static void
arp_queued(char *buf, size_t len)
{
	snprintf(buf, len, "%u", arp_nheld);
}
SYSCTL_STRING_RO(net_inet_ip_arpqueued, "net.inet.ip.arpqueued", arp_queued);

static void
arp_holder_link(struct nexthop *nh)
{
	nh->nh_holdnext = NULL;
	nh->nh_holdprevp = arp_holders_tail;
	*arp_holders_tail = nh;
	arp_holders_tail = &nh->nh_holdnext;
}

static void
arp_holder_unlink(struct nexthop *nh)
{
	if ((*nh->nh_holdprevp = nh->nh_holdnext) != NULL)
		nh->nh_holdnext->nh_holdprevp = nh->nh_holdprevp;
	else
		arp_holders_tail = nh->nh_holdprevp;
}

static struct mbuf *
arp_unhold(struct nexthop *nh)
{
	struct mbuf *m = nh->nh_hold;

	if (m != NULL) {
		if ((nh->nh_hold = m->m_nextpkt) == NULL)
			arp_holder_unlink(nh);
		m->m_nextpkt = NULL;
		nh->nh_nhold--;
		arp_nheld--;
	}
	return m;
}

/* Room for one more: the oldest packet of who has waited longest goes, and his others have to wait behind everybody's. So
 * whoever asks for many that do not answer gets in the way of his own packets first. */
static void
arp_hold_evict(void)
{
	struct nexthop *nh = arp_holders;

	M_DROP(arp_unhold(nh), arps_holdlimit);
	if (nh->nh_hold != NULL) {
		arp_holder_unlink(nh);
		arp_holder_link(nh);
	}
}

/* RFC 1122 2.3.2.2: at least the latest packet to the same neighbour is kept. */
void
arp_hold(struct nexthop *nh, struct mbuf *m)
{
	OWNER(0);
	if (nh->nh_nhold >= ARP_HOLD)
		M_DROP(arp_unhold(nh), arps_holdfull);
	else if (arp_nheld >= ARP_HOLD_ALL)
		arp_hold_evict();
	counter_inc(arps_held);
	m->m_nextpkt = NULL;
	if (nh->nh_hold == NULL) {
		nh->nh_hold = m;
		arp_holder_link(nh);
	} else
		nh->nh_holdtail->m_nextpkt = m;
	nh->nh_holdtail = m;
	nh->nh_nhold++;
	arp_nheld++;
}

void
arp_release(struct nexthop *nh)
{
	struct batch b;
	struct mbuf *m;

	b.b_n = 0;
	while (b.b_n < BATCH_MAX && (m = arp_unhold(nh)) != NULL) {
		m->m_nh = nh;
		batch_add(&b, m);
	}
	if (b.b_n > 0)
		ether_output(&b);
}

/* RFC 1812 5.2.7.1: host unreachable. */
void
arp_hold_refuse(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = arp_unhold(nh)) != NULL) {
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
		M_DROP(m, arps_unanswered);
	}
}

void
arp_hold_purge(struct nexthop *nh)
{
	struct mbuf *m;

	while ((m = arp_unhold(nh)) != NULL)
		M_DROP(m, arps_holdgone);
}
