/* arp_input.c - received ARP frames (RFC 826): checked, believed as far as need be, answered. */
#include "kernel/log.h"
#include "kernel/machine.h"
#include "net/core/stage.h"
#include "net/ether/arp.h"
#include "net/route/route.h"

#define ARP_DEFEND_NS	10000000000ull		/* RFC 5227 1.1: DEFEND_INTERVAL */

STAGE(arp_input);
COUNTER(arps_inreq, arp, 10, CONSUMED, "request%s for our addresses");
COUNTER(arps_inproxy, arp, 20, CONSUMED, "request%s for published addresses");
COUNTER(arps_inother, arp, 30, CONSUMED, "request%s for others");
COUNTER(arps_inreply, arp, 40, CONSUMED, "repl%y received");
COUNTER(arps_replysent, arp, 120, CREATED, "repl%y sent");
COUNTER(arps_created, arp, 140, INFO, "entr%y made by a request");
COUNTER(arps_full, arp, 150, INFO, "entr%y not made for want of memory");
COUNTER(arps_moved, arp, 160, INFO, "entr%y overwritten by another link address");
COUNTER(arps_short, arp, 50, DROP, "frame%s with size smaller than minimum");
COUNTER(arps_badhrd, arp, 51, DROP, "frame%s of an unknown hardware type");
COUNTER(arps_badpro, arp, 52, DROP, "frame%s of an unknown protocol type");
COUNTER(arps_badhln, arp, 53, DROP, "frame%s with a bad hardware address length");
COUNTER(arps_badpln, arp, 54, DROP, "frame%s with a bad protocol address length");
COUNTER(arps_badop, arp, 55, DROP, "frame%s with an unknown operation");
COUNTER(arps_badsha, arp, 56, DROP, "frame%s with a source hardware address that cannot be");
COUNTER(arps_badspa, arp, 57, DROP, "frame%s with a source address that cannot be");
COUNTER(arps_nobody, arp, 64, DROP, "frame%s with the address of a network as source");
COUNTER(arps_innoarp, arp, 58, DROP, "frame%s on an interface without ARP");
COUNTER(arps_ownsha, arp, 59, DROP, "frame%s with our own hardware address");
COUNTER(arps_conflict, arp, 60, DROP, "frame%s that claim an address of ours");
COUNTER(arps_wrongif, arp, 61, DROP, "frame%s received on wrong interface");
COUNTER(arps_static, arp, 62, DROP, "frame%s that would overwrite a permanent entry");
COUNTER(arps_unasked, arp, 63, DROP, "repl%y of somebody whom we did not ask");

/* The form, and addresses that cannot be anybody's. False: dropped. */
static bool
arp_check(struct ifnet *ifp, struct mbuf *m)
{
	const struct ether_arp *ea;

	if (m->m_len < sizeof(*ea) && !m_pullup(m, sizeof(*ea))) {
		M_DROP(m, arps_short);
		return false;
	}
	ea = (const struct ether_arp *)m->m_data;
	if (ea->ar_hrd != BE16(ARPHRD_ETHER))
		M_DROP(m, arps_badhrd);
	else if (ea->ar_pro != BE16(ETHERTYPE_IP))
		M_DROP(m, arps_badpro);
	else if (ea->ar_hln != ETHER_ADDR_LEN)
		M_DROP(m, arps_badhln);
	else if (ea->ar_pln != sizeof(be32_t))
		M_DROP(m, arps_badpln);
	else if (ea->ar_op != BE16(ARPOP_REQUEST) && ea->ar_op != BE16(ARPOP_REPLY))
		M_DROP(m, arps_badop);
	else if ((ea->arp_sha[0] & 1) || (load32(ea->arp_sha) | load16(ea->arp_sha + 4)) == 0)	/* RFC 1812 3.3.2: unicast only */
		M_DROP(m, arps_badsha);
	else if (ip4_is_multicast(ea->arp_spa) || ip4_is_experimental(ea->arp_spa) || ip4_is_loopback(ea->arp_spa) ||
	    (ip4_is_zeronet(ea->arp_spa) && ea->arp_spa != IP4_ANY))
		M_DROP(m, arps_badspa);
	else if (ifp->if_flags & IFF_NOARP)
		M_DROP(m, arps_innoarp);
	else
		return true;
	return false;
}

static bool
arp_lladdr_equal(const uint8_t *a, const uint8_t *b)
{
	return load32(a) == load32(b) && load16(a + 4) == load16(b + 4);
}

/* One of our interfaces sent it: a loop on the wire, or two of our interfaces on one wire. */
static bool
arp_is_ours(const uint8_t *sha)
{
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_ether && arp_lladdr_equal(ifp->if_lladdr, sha))
			return true;
	return false;
}

static struct ifaddr *
arp_ifa_exact(struct ifnet *ifp, be32_t addr)
{
	struct ifaddr *ifa = ifp->if_addrs;

	while (ifa != NULL && ifa->ifa_addr != addr)
		ifa = ifa->ifa_next;
	return ifa;
}

/* Somebody claims our address: told at most every ten seconds that it is taken (RFC 5227 2.4 (b)), never believed. */
static void
arp_conflict(struct ifnet *ifp, struct ifaddr *ifa, struct mbuf *m)
{
	static struct lograte rate;
	const struct ether_arp *ea = (const struct ether_arp *)m->m_data;
	char ip[IP4_STRLEN], mac[ETHER_STRLEN];
	uint64_t now = uptime_ns();

	log_ratelimited(&rate, "duplicate IP address %s sent from ethernet address %s on %s\n", ip4_print(ip, ifa->ifa_addr),
	    ether_print(mac, ea->arp_sha), ifp->if_xname);
	ifa->ifa_duplicated = true;
	if (ifa->ifa_defended == 0 || now >= ifa->ifa_defended + ARP_DEFEND_NS) {
		ifa->ifa_defended = now | 1;		/* 0 says never */
		arp_announce(ifp, ifa->ifa_addr);
	}
	M_DROP(m, arps_conflict);
}

/* The sender can be a neighbour on this interface. */
static bool
arp_onlink(struct ifnet *ifp, be32_t spa)
{
	const struct ifaddr *ifa = arp_ifa(ifp, spa);
	const struct rtentry *rt;

	if (ifa != NULL && ((ifa->ifa_addr ^ spa) & ifa->ifa_mask) == 0)
		return true;
	rt = rtable_match(ifp->if_rdomain, spa);
	return rt != NULL && rt_ifp(rt) == ifp && (rt->rt_flags & (RTF_CLONING | RTF_LLINFO));
}

/* The address of a whole network on this interface, or its broadcast address: nobody's. */
static bool
arp_nobody(struct ifnet *ifp, be32_t spa)
{
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		if (ifa_is_network(ifa, spa) || ifa_is_broadcast(ifa, spa))
			return true;
	return false;
}

/* Who is it from. False: dropped. */
static bool
arp_check_sender(struct ifnet *ifp, struct mbuf *m)
{
	const struct ether_arp *ea = (const struct ether_arp *)m->m_data;
	struct ifaddr *ifa = arp_ifa_exact(ifp, ea->arp_spa);

	if (arp_is_ours(ea->arp_sha))
		M_DROP(m, arps_ownsha);
	else if (ifa != NULL)
		arp_conflict(ifp, ifa, m);
	else if (arp_nobody(ifp, ea->arp_spa))
		M_DROP(m, arps_nobody);
	else if (ea->arp_spa != IP4_ANY && !arp_onlink(ifp, ea->arp_spa)) {	/* 0: RFC 5227 2.1.1, a probe */
		M_DROP(m, arps_wrongif);
	} else
		return true;
	return false;
}

static void
arp_log_moved(const struct nexthop *nh, const uint8_t *sha, bool refused)
{
	static struct lograte rate;
	char ip[IP4_STRLEN], mac[ETHER_STRLEN];

	ip4_print(ip, nh->nh_addr);
	ether_print(mac, sha);
	log_ratelimited(&rate, refused ? "arp: attempt to overwrite permanent entry for %s by %s on %s\n" :
	    "arp info overwritten for %s by %s on %s\n", ip, mac, nh->nh_ifp->if_xname);
}

/* RFC 826's merge: what is known of the sender is brought up to date. False: refused, a permanent entry says otherwise.
 * */
static bool
arp_merge(struct nexthop *nh, const uint8_t *sha)
{
	bool known = nh->nh_state == NH_REACHABLE, same = known && arp_lladdr_equal(nexthop_lladdr(nh), sha);

	if (nh->nh_flags & NHF_STATIC) {
		if (!same)
			arp_log_moved(nh, sha, true);
		return same;
	}
	if (known && !same) {
		counter_inc(arps_moved);
		arp_log_moved(nh, sha, false);
	}
	arp_learn(nh, sha);
	return true;
}

/* Who asks for our address is about to be spoken to. */
static struct nexthop *
arp_make_entry(struct ifnet *ifp, be32_t spa)
{
	struct rtentry *rt = rtable_match(ifp->if_rdomain, spa);

	if (rt == NULL || !(rt->rt_flags & RTF_CLONING) || rt_ifp(rt) != ifp)
		return NULL;
	if ((rt = rt_clone(rt, spa)) == NULL) {
		counter_inc(arps_full);
		return NULL;
	}
	counter_inc(arps_created);
	return rt->rt_nh;
}

/* Brings the sender's entry up to date. False: dropped. */
static bool
arp_input_sender(struct ifnet *ifp, struct mbuf *m, bool for_us)
{
	const struct ether_arp *ea = (const struct ether_arp *)m->m_data;
	bool request = ea->ar_op == BE16(ARPOP_REQUEST);
	struct nexthop *nh;

	if (ea->arp_spa == IP4_ANY || (ifp->if_flags & IFF_STATICARP))
		return true;
	nh = nexthop_find(ifp, ea->arp_spa);
	if (nh == NULL && request && for_us)
		nh = arp_make_entry(ifp, ea->arp_spa);
	if (nh == NULL) {
		if (request)
			return true;
		M_DROP(m, arps_unasked);
		return false;
	}
	if (!arp_merge(nh, ea->arp_sha)) {
		M_DROP(m, arps_static);
		return false;
	}
	return true;
}

/* In a fresh mbuf: the one received may be shared with a tap. */
static void
arp_reply(struct ifnet *ifp, const struct ether_arp *ea, const uint8_t *lladdr)
{
	if (arp_transmit(ifp, ARPOP_REPLY, ea->arp_sha, lladdr, ea->arp_tpa, ea->arp_sha, ea->arp_spa))
		counter_inc(arps_replysent);
}

static void
arp_input_one(struct ifnet *ifp, struct mbuf *m)
{
	const struct ether_arp *ea;
	const struct nexthop *proxy;
	bool for_us;

	if (!arp_check(ifp, m) || !arp_check_sender(ifp, m))
		return;
	ea = (const struct ether_arp *)m->m_data;
	for_us = arp_ifa_exact(ifp, ea->arp_tpa) != NULL;
	if (!arp_input_sender(ifp, m, for_us))
		return;
	if (ea->ar_op == BE16(ARPOP_REPLY)) {
		counter_inc(arps_inreply);
	} else if (for_us) {
		arp_reply(ifp, ea, ifp->if_lladdr);
		counter_inc(arps_inreq);
	} else if ((proxy = nexthop_find(ifp, ea->arp_tpa)) != NULL && (proxy->nh_flags & NHF_PUBLISH) &&
	    ea->arp_spa != ea->arp_tpa) {
		arp_reply(ifp, ea, nexthop_lladdr(proxy));
		counter_inc(arps_inproxy);
	} else
		counter_inc(arps_inother);
	m_freem(m);
}

static void
arp_input(struct ifnet *ifp, struct batch *b)
{
	STAGE_ENTER(arp_input, b->b_n);
	for (unsigned i = 0; i < b->b_n; i++)
		arp_input_one(ifp, b->b_m[i]);
}

static const struct ether_proto arp_proto = { ETHERTYPE_ARP, arp_input, false };
ETHER_PROTO(arp_proto);
