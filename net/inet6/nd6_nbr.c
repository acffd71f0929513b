/* nd6_nbr.c - neighbour solicitations and advertisements as they come: checked (RFC 4861 7.1), believed as far as need be, answered. */
#include <string.h>

#include "kernel/log.h"
#include "net/core/stage.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/inet6/slaac.h"
#include "net/route/route.h"

COUNTER(nd6s_inns, nd6, 10, CONSUMED, "neighbor solicitation%s for our addresses");
COUNTER(nd6s_inproxy, nd6, 11, CONSUMED, "neighbor solicitation%s for published addresses");
COUNTER(nd6s_inother, nd6, 12, CONSUMED, "neighbor solicitation%s for others");
COUNTER(nd6s_indad, nd6, 13, CONSUMED, "neighbor solicitation%s of hosts that ask for an address of ours");
COUNTER(nd6s_dadloop, nd6, 14, CONSUMED, "neighbor solicitation%s of ours that came back");
COUNTER(nd6s_inna, nd6, 20, CONSUMED, "neighbor advertisement%s received");
COUNTER(nd6s_badns, nd6, 50, DROP, "bad neighbor solicitation message%s");
COUNTER(nd6s_badna, nd6, 51, DROP, "bad neighbor advertisement message%s");
COUNTER(nd6s_nsopt, nd6, 72, DROP, "neighbor solicitation%s dropped for their options");
COUNTER(nd6s_naopt, nd6, 73, DROP, "neighbor advertisement%s dropped for their options");
COUNTER(nd6s_wrongif, nd6, 61, DROP, "neighbor solicitation%s of hosts that are not on the link");
COUNTER(nd6s_static, nd6, 62, DROP, "message%s that would overwrite a permanent entry");
COUNTER(nd6s_unasked, nd6, 63, DROP, "neighbor advertisement%s of somebody whom we did not ask");
COUNTER(nd6s_ownsrc, nd6, 64, DROP, "neighbor solicitation%s from an address of ours");
COUNTER(nd6s_claim, nd6, 67, DROP, "neighbor advertisement%s for an address of ours");
COUNTER(nd6s_notarget, nd6, 65, DROP, "neighbor advertisement%s without a link address that we lack");
COUNTER(nd6s_notoverride, nd6, 66, DROP, "neighbor advertisement%s that do not override what we know");
COUNTER(nd6s_moved, nd6, 160, INFO, "entr%y overwritten by another link address");
COUNTER(nd6s_nasent, nd6, 120, CREATED, "neighbor advertisement%s sent");

static bool
lladdr_equal(const uint8_t *a, const uint8_t *b)
{
	return load32(a) == load32(b) && load16(a + 4) == load16(b + 4);
}

static void
nd6_log_moved(const struct nexthop *nh, const uint8_t *lladdr, bool refused)
{
	static struct lograte rate;
	char a[IN6_STRLEN], mac[ETHER_STRLEN];

	in6_print(a, &nh->nh_addr6);
	ether_print(mac, lladdr);
	log_ratelimited(&rate, refused ? "ndp: attempt to overwrite permanent entry for %s by %s on %s\n" :
	    "ndp info overwritten for %s by %s on %s\n", a, mac, nh->nh_ifp->if_xname);
}

/* A permanent entry says otherwise. */
static void
nd6_refuse(const struct nexthop *nh, struct mbuf *m, const uint8_t *lladdr)
{
	nd6_log_moved(nh, lladdr, true);
	M_DROP(m, nd6s_static);
}

static void
nd6_note_moved(const struct nexthop *nh, const uint8_t *lladdr)
{
	counter_inc(nd6s_moved);
	nd6_log_moved(nh, lladdr, false);
}

/* RFC 4861 4.4, 7.2.4: an address of ours on that interface, which the target is not when it is another's, or one of several. False: none. */
static bool
nd6_advertise_src(const struct ifnet *ifp, const struct in6_addr *target, struct in6_addr *src)
{
	const struct in6_ifaddr *ia = in6_ifaddr_find(ifp, target);

	if (ia == NULL || (ia->ia_flags & IN6_IFF_ANYCAST))
		ia = in6_ifa_facing(ifp, target);
	if (ia != NULL)
		*src = in6_unembed(&ia->ia_addr);
	return ia != NULL;
}

void
nd6_advertise(struct ifnet *ifp, const struct in6_addr *target, const uint8_t *lladdr, be32_t flags, const struct in6_addr *to,
    const uint8_t *to_lladdr)
{
	struct { struct nd_neighbor na; struct nd_opt_lladdr opt; } msg = {
		.na = { .nd_type = ICMP6_NA, .nd_flags = flags, .nd_target = *target },
		.opt = { ND_OPT_TLLA, 1, { 0 } },
	};
	struct in6_addr src;
	struct nd_send s = { .ns_src = &src, .ns_dst = to != NULL ? to : &in6addr_linklocal_allnodes, .ns_lladdr = to_lladdr,
	    .ns_msg = &msg, .ns_len = sizeof(msg) };
	struct nexthop *nh;
	bool sent = false;

	if (!nd6_advertise_src(ifp, target, &src))
		return;
	if (ip6_forwarding)
		msg.na.nd_flags |= ND_NA_ROUTER;
	memcpy(msg.opt.ndo_lladdr, lladdr, ETHER_ADDR_LEN);
	if (to != NULL && to_lladdr == NULL) {
		if ((nh = nd6_make_entry(ifp, to)) != NULL && nd6_transmit_to(nh, &s))
			sent = true;
	} else
		sent = nd6_transmit(ifp, &s);
	if (sent)
		counter_inc(nd6s_nasent);
}

void
nd6_announce(struct ifnet *ifp)
{
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		struct in6_addr a = in6_unembed(&ia->ia_addr);

		if (!(ia->ia_flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED | IN6_IFF_ANYCAST)))
			nd6_advertise(ifp, &a, ifp->if_lladdr, ND_NA_OVERRIDE, NULL, NULL);
	}
}

/* ---- solicitations ---- */

/* An address that an interface can have. */
static bool
nd6_target_good(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_MULTICAST(a) && !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) && !in6_has_stray_zone(a);
}

/* RFC 4861 7.1.1; hop limit and length have been looked at. */
static bool
nd6_ns_good(const struct ifnet *ifp, const struct ip6_hdr *ip6, const struct nd_neighbor *ns, const struct nd_opts *o)
{
	struct in6_addr group = in6_solicited_node(&ns->nd_target);

	if (!nd6_target_good(&ns->nd_target))
		return false;
	if (IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src))
		return o->no_slla == NULL && in6_equal(&ip6->ip6_dst, &group);
	return o->no_slla == NULL || !nd6_lladdr_bad(ifp, o->no_slla->ndo_lladdr);
}

/* Who asks tells where he is (RFC 4861 7.2.3). False: dropped. */
static bool
nd6_ns_sender(struct ifnet *ifp, struct mbuf *m, const struct nd_opts *o, bool for_us)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	struct nexthop *nh;
	const uint8_t *ll;

	if (in6_ifaddr_find(ifp, &ip6->ip6_src) != NULL) {
		M_DROP(m, nd6s_ownsrc);
		return false;
	}
	if (!nd6_onlink(ifp, &ip6->ip6_src)) {
		M_DROP(m, nd6s_wrongif);
		return false;
	}
	if (o->no_slla == NULL || (ifp->if_flags & IFF_STATICARP))
		return true;
	ll = o->no_slla->ndo_lladdr;
	nh = for_us ? nd6_make_entry(ifp, &ip6->ip6_src) : nexthop_find6(ifp, &ip6->ip6_src);
	if (nh == NULL)
		return true;
	if (NH_RESOLVED(nh) && lladdr_equal(nexthop_lladdr(nh), ll))
		return true;
	if (nh->nh_flags & NHF_STATIC) {
		nd6_refuse(nh, m, ll);
		return false;
	}
	if (NH_RESOLVED(nh))
		nd6_note_moved(nh, ll);
	nd6_learn(nh, ll, false);
	return true;
}

/* RFC 4861 7.2.4. Who has no address yet is told with everybody. lladdr: NULL: the target is one of several that have it. */
static void
nd6_ns_answer(struct ifnet *ifp, const struct mbuf *m, const struct in6_addr *target, const struct nd_opts *o, const uint8_t *lladdr,
    be32_t flags)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	bool known = !IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src);
	const struct in6_addr *to = known ? &ip6->ip6_src : NULL;
	const uint8_t *to_lladdr = known && o->no_slla != NULL ? o->no_slla->ndo_lladdr : NULL;

	if (known)
		flags |= ND_NA_SOLICITED;
	if (lladdr != NULL)
		nd6_advertise(ifp, target, lladdr, flags, to, to_lladdr);
	else
		nd6_advertise_late(ifp, target, flags & ~ND_NA_OVERRIDE, to, to_lladdr);
}

/* RFC 4862 5.4.3: who asks from :: is about to take the address. Ours is defended; one that we are asking for ourselves is a duplicate. */
static void
nd6_ns_dad(struct ifnet *ifp, struct mbuf *m, struct in6_ifaddr *ia, const struct nd_neighbor *ns, const struct nd_opts *o)
{
	bool asking = timeout_pending(&ia->ia_timer);

	if (asking && nd6_dad_looped(ia, o)) {
		counter_inc(nd6s_dadloop);
		m_freem(m);
		return;
	}
	counter_inc(nd6s_indad);
	if (asking)
		nd6_dad_heard(ia, NULL);
	else if (!(ia->ia_flags & IN6_IFF_DUPLICATED))		/* then it is not ours to defend */
		nd6_ns_answer(ifp, m, &ns->nd_target, o, ia->ia_flags & IN6_IFF_ANYCAST ? NULL : ifp->if_lladdr, ND_NA_OVERRIDE);
	m_freem(m);
}

static void
nd6_ns_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const struct nd_neighbor *ns = (const struct nd_neighbor *)(m->m_data + off);
	const struct nexthop *proxy;
	struct in6_ifaddr *ia;
	struct nd_opts o;
	bool anycast;

	if (!nd6_opts_parse(&o, m->m_data + off + sizeof(*ns), len - (unsigned)sizeof(*ns))) {
		M_DROP(m, nd6s_nsopt);
		return;
	}
	if (!ifp->if_ether || !nd6_ns_good(ifp, ip6, ns, &o)) {
		M_DROP(m, nd6s_badns);
		return;
	}
	ia = in6_ifaddr_find(ifp, &ns->nd_target);
	if (IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src)) {
		if (ia != NULL) {
			nd6_ns_dad(ifp, m, ia, ns, &o);
			return;
		}
	} else if (!nd6_ns_sender(ifp, m, &o, ia != NULL))
		return;
	anycast = nd6_anycast(ifp, &ns->nd_target);
	if (anycast || (ia != NULL && !(ia->ia_flags & IN6_IFF_DUPLICATED))) {
		nd6_ns_answer(ifp, m, &ns->nd_target, &o, anycast ? NULL : ifp->if_lladdr,
		    anycast || (ia->ia_flags & IN6_IFF_TENTATIVE) ? 0 : ND_NA_OVERRIDE);
		counter_inc(nd6s_inns);
	} else if ((proxy = nexthop_find6(ifp, &ns->nd_target)) != NULL && (proxy->nh_flags & NHF_PUBLISH)) {
		nd6_ns_answer(ifp, m, &ns->nd_target, &o, nexthop_lladdr(proxy), 0);	/* RFC 4861 7.2.8: without O */
		counter_inc(nd6s_inproxy);
	} else
		counter_inc(nd6s_inother);
	m_freem(m);
}

static const struct icmp6_type nd6_ns_type = { ICMP6_NS, true, sizeof(struct nd_neighbor), nd6_ns_input };
ICMP6_TYPE(nd6_ns_type);

/* ---- advertisements ---- */

/* RFC 4861 7.1.2. */
static bool
nd6_na_good(const struct ifnet *ifp, const struct ip6_hdr *ip6, const struct nd_neighbor *na, const struct nd_opts *o)
{
	if (!nd6_target_good(&na->nd_target))
		return false;
	if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst) && (na->nd_flags & ND_NA_SOLICITED))
		return false;
	return !IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src) && (o->no_tlla == NULL || !nd6_lladdr_bad(ifp, o->no_tlla->ndo_lladdr));
}

/* RFC 4861 7.2.5, the entry not being INCOMPLETE. ll: what it says of its address, or NULL. False: dropped. */
static bool
nd6_na_known(struct nexthop *nh, struct mbuf *m, const uint8_t *ll, be32_t flags)
{
	bool same = ll == NULL || lladdr_equal(nexthop_lladdr(nh), ll);

	if (!same && !(flags & ND_NA_OVERRIDE)) {
		if (nh->nh_state == NH_REACHABLE)
			nd6_stale(nh);
		M_DROP(m, nd6s_notoverride);
		return false;
	}
	if (!same) {
		nd6_note_moved(nh, ll);
		nd6_learn(nh, ll, flags & ND_NA_SOLICITED);
	} else if (flags & ND_NA_SOLICITED)
		nd6_confirm(nh);
	return true;
}

/* Brings the entry of who advertises up to date. False: dropped. */
static bool
nd6_na_entry(struct nexthop *nh, struct mbuf *m, const uint8_t *ll, be32_t flags)
{
	if (nh->nh_flags & NHF_STATIC) {
		if (ll == NULL || lladdr_equal(nexthop_lladdr(nh), ll))
			return true;
		nd6_refuse(nh, m, ll);
		return false;
	}
	if (NH_RESOLVED(nh)) {
		if (!nd6_na_known(nh, m, ll, flags))
			return false;
	} else if (ll == NULL) {
		M_DROP(m, nd6s_notarget);
		return false;
	} else
		nd6_learn(nh, ll, flags & ND_NA_SOLICITED);
	nh->nh_router = flags & ND_NA_ROUTER;
	if (!nh->nh_router) {
		slaac_router_gone(nh->nh_ifp, &nh->nh_addr6);
		rt_gateway_down(nh);
	}
	return true;
}

static void
nd6_na_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const struct nd_neighbor *na = (const struct nd_neighbor *)(m->m_data + off);
	struct in6_ifaddr *ia;
	struct nexthop *nh;
	struct nd_opts o;

	if (!nd6_opts_parse(&o, m->m_data + off + sizeof(*na), len - (unsigned)sizeof(*na))) {
		M_DROP(m, nd6s_naopt);
		return;
	}
	if (!ifp->if_ether || !nd6_na_good(ifp, ip6, na, &o)) {
		M_DROP(m, nd6s_badna);
		return;
	}
	if ((ia = in6_ifaddr_find(ifp, &na->nd_target)) != NULL) {	/* RFC 4862 5.4.4; several may have an anycast address */
		if (!(ia->ia_flags & IN6_IFF_ANYCAST))
			nd6_dad_heard(ia, o.no_tlla != NULL ? o.no_tlla->ndo_lladdr : NULL);
		M_DROP(m, nd6s_claim);
		return;
	}
	if ((nh = nexthop_find6(ifp, &na->nd_target)) == NULL) {
		M_DROP(m, nd6s_unasked);
		return;
	}
	if (!nd6_na_entry(nh, m, o.no_tlla != NULL ? o.no_tlla->ndo_lladdr : NULL, na->nd_flags))
		return;
	counter_inc(nd6s_inna);
	m_freem(m);
}

static const struct icmp6_type nd6_na_type = { ICMP6_NA, true, sizeof(struct nd_neighbor), nd6_na_input };
ICMP6_TYPE(nd6_na_type);
