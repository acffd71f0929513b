/* arp.c - neighbours: asking for link addresses, and how long an answer is good. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/route/route.h"

#define ARP_TRIES	3		/* requests, one a second, until it is taken to be down */
#define ARP_RENEW_TRIES	5		/* unicast requests at the end of the lifetime */
#define ARP_RENEW_SEC	30		/* before the end of the lifetime that begins */
#define ARP_IDLE_SEC	20		/* an entry that nobody has asked for stays so long */
#define ARP_SECOND	1000000000ull

COUNTER_GROUP(arp, 12);
COUNTER(arps_reqsent, arp, 100, CREATED, "request%s sent");
COUNTER(arps_annsent, arp, 110, CREATED, "announcement%s of our addresses sent");
COUNTER(arps_nombuf, arp, 130, INFO, "frame%s not sent for want of an mbuf");
COUNTER(arps_timeout, arp, 205, INFO, "neighbour%s that did not answer");
COUNTER(arps_hostdown, arp, 220, DROP, "packet%s dropped because the neighbour is down");
COUNTER(arps_outdown, arp, 260, DROP, "packet%s dropped because the interface is down");
COUNTER(arps_outnoarp, arp, 270, DROP, "packet%s to an unknown neighbour where ARP must not ask");

int arpt_keep = 1200;
SYSCTL_INT(net_inet_ip_arptimeout, "net.inet.ip.arptimeout", &arpt_keep, 1200, 1, 86400);

static int arpt_down = ARP_IDLE_SEC;	/* a neighbour that is down is known as such so long without demand */
SYSCTL_INT(net_inet_ip_arpdown, "net.inet.ip.arpdown", &arpt_down, ARP_IDLE_SEC, 1, 86400);

/* ---- sending ---- */

bool
arp_transmit(struct ifnet *ifp, uint16_t op, const uint8_t *dst, const uint8_t *sha, be32_t spa,
    const uint8_t *tha, be32_t tpa)
{
	struct ether_header *eh;
	struct ether_arp *ea;
	struct batch b;
	struct mbuf *m;

	if (!nexthop_if_usable(ifp) || (ifp->if_flags & IFF_NOARP))
		return false;
	if ((m = m_get()) == NULL) {
		counter_inc(arps_nombuf);
		return false;
	}
	m->m_len = m->m_pktlen = ETHER_MIN_LEN;
	m->m_rdomain = ifp->if_rdomain;
	memset(m->m_data, 0, ETHER_MIN_LEN);	/* the padding tells nothing of other packets */
	eh = (struct ether_header *)m->m_data;
	memcpy(eh->ether_dhost, dst, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = BE16(ETHERTYPE_ARP);
	ea = (struct ether_arp *)(m->m_data + sizeof(*eh));
	ea->ar_hrd = BE16(ARPHRD_ETHER);
	ea->ar_pro = BE16(ETHERTYPE_IP);
	ea->ar_hln = ETHER_ADDR_LEN;
	ea->ar_pln = sizeof(be32_t);
	ea->ar_op = host_be16(op);
	memcpy(ea->arp_sha, sha, ETHER_ADDR_LEN);
	ea->arp_spa = spa;
	if (tha != NULL)
		memcpy(ea->arp_tha, tha, ETHER_ADDR_LEN);
	ea->arp_tpa = tpa;
	b.b_n = 0;
	batch_add(&b, m);
	ifp->if_enqueue(ifp, &b);
	return true;
}

struct ifaddr *
arp_ifa(struct ifnet *ifp, be32_t addr)
{
	struct ifaddr *ifa = ifp->if_addrs;

	while (ifa != NULL && ((ifa->ifa_addr ^ addr) & ifa->ifa_mask) != 0)
		ifa = ifa->ifa_next;
	return ifa != NULL ? ifa : ifp->if_addrs;
}

/* To its last known link address, or to everybody. */
static void
arp_request(struct nexthop *nh, bool unicast)
{
	const struct ifaddr *ifa = arp_ifa(nh->nh_ifp, nh->nh_addr);
	const uint8_t *dst = unicast ? nexthop_lladdr(nh) : etherbroadcastaddr;

	nh->nh_probed = uptime_ns();
	if (ifa == NULL)
		return;
	if (arp_transmit(nh->nh_ifp, ARPOP_REQUEST, dst, nh->nh_ifp->if_lladdr, ifa->ifa_addr, NULL, nh->nh_addr))
		counter_inc(arps_reqsent);
}

/* RFC 5227 2.3: a request for itself. */
void
arp_announce(struct ifnet *ifp, be32_t addr)
{
	if (arp_transmit(ifp, ARPOP_REQUEST, etherbroadcastaddr, ifp->if_lladdr, addr, NULL, addr))
		counter_inc(arps_annsent);
}

/* ---- the state machine ----
 *
 *	state		a packet comes			its timer				the neighbour speaks
 *	INCOMPLETE	waits; ask; PROBING		after 20 s: forgotten			REACHABLE
 *	PROBING		waits				each s: ask; after 3: refuse all, DOWN	REACHABLE
 *	REACHABLE	goes (ether_output)		last 30 s: see arp_renew		lifetime anew
 *	DOWN		refused; ask, once a second	20 s without demand: forgotten		REACHABLE
 *
 * Forgotten: the host route goes, and the entry with it; an entry that a gateway route uses stays, INCOMPLETE. */

static void arp_timer(void *);

void
arp_nexthop_init(struct nexthop *nh)
{
	timeout_set(&nh->nh_timer, arp_timer, nh);
	timeout_add_sec(&nh->nh_timer, ARP_IDLE_SEC);
}

void
arp_nexthop_destroy(struct nexthop *nh)
{
	if (nh->nh_timer.to_func != NULL)
		timeout_del(&nh->nh_timer);
	arp_hold_purge(nh);
}

static const struct nexthop_ops arp_ops = {
	.no_init = arp_nexthop_init,
	.no_destroy = arp_nexthop_destroy,
	.no_resolve = arp_resolve,
	.no_release = arp_release,
	.no_forget = arp_forget,
};

static void
arp_init(void)
{
	nexthop_ops[AF_IP4] = &arp_ops;
}
NET_INIT(arp, 10, arp_init);

static void
arp_ask(struct nexthop *nh)
{
	nh->nh_valid = false;
	nh->nh_state = NH_PROBING;
	nh->nh_tries = 1;
	timeout_add_sec(&nh->nh_timer, 1);
	arp_request(nh, false);
}

static void
arp_next_try(struct nexthop *nh)
{
	if (nh->nh_tries < ARP_TRIES) {
		nh->nh_tries++;
		timeout_add_sec(&nh->nh_timer, 1);
		arp_request(nh, false);
		return;
	}
	counter_inc(arps_timeout);
	nh->nh_state = NH_DOWN;
	nh->nh_used = false;
	timeout_add_sec(&nh->nh_timer, (uint64_t)arpt_down);
	rt_gateway_down(nh);
	arp_hold_refuse(nh);
}

/* The last part of the lifetime: who is used is asked by unicast (RFC 1122 2.3.2.1) until it answers, and serves on
 * meanwhile; who is not used until the end is forgotten. */
static void
arp_renew(struct nexthop *nh)
{
	if (uptime_ns() >= nh->nh_expire) {
		if (nh->nh_used)
			arp_ask(nh);
		else
			arp_forget(nh);
		return;
	}
	timeout_add_sec(&nh->nh_timer, 1);
	if (nh->nh_tries == 0) {
		nh->nh_used = false;		/* used from now on counts */
		nh->nh_tries = 1;
	} else if (nh->nh_used && nh->nh_tries <= ARP_RENEW_TRIES) {
		nh->nh_tries++;
		arp_request(nh, true);
	}
}

static void
arp_timer(void *arg)
{
	struct nexthop *nh = arg;

	switch (nh->nh_state) {
	case NH_PROBING:
		arp_next_try(nh);
		break;
	case NH_REACHABLE:
		arp_renew(nh);
		break;
	case NH_DOWN:
		if (nh->nh_used) {
			nh->nh_used = false;
			timeout_add_sec(&nh->nh_timer, (uint64_t)arpt_down);
			break;
		}
		/* FALLTHROUGH */
	case NH_INCOMPLETE:
		arp_forget(nh);
		break;
	}
}

void
arp_learn(struct nexthop *nh, const uint8_t *lladdr)
{
	uint64_t keep = (uint64_t)arpt_keep, renew = MIN(keep / 4, (uint64_t)ARP_RENEW_SEC);

	OWNER(0);
	nh->nh_tries = 0;
	if (nh->nh_flags & NHF_STATIC) {
		nh->nh_expire = 0;
		timeout_del(&nh->nh_timer);
	} else {
		nh->nh_expire = uptime_ns() + keep * ARP_SECOND;
		timeout_add_sec(&nh->nh_timer, keep - renew);
	}
	nexthop_set_lladdr(nh, lladdr);
}

void
arp_resolve(struct nexthop *nh, struct mbuf *m)
{
	struct ifnet *ifp = nh->nh_ifp;

	OWNER(0);
	nh->nh_used = true;
	if (!nexthop_if_usable(ifp) || nh->nh_state == NH_REACHABLE) {
		M_DROP(m, arps_outdown);
		return;
	}
	if (!ifp->if_ether || (ifp->if_flags & (IFF_NOARP | IFF_STATICARP))) {
		M_DROP(m, arps_outnoarp);
		return;
	}
	if (nh->nh_state == NH_DOWN) {
		if (uptime_ns() - nh->nh_probed >= ARP_SECOND)
			arp_request(nh, false);
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
		M_DROP(m, arps_hostdown);
		return;
	}
	arp_hold(nh, m);
	if (nh->nh_state == NH_INCOMPLETE)
		arp_ask(nh);
}
