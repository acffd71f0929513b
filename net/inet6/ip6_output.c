/* ip6_output.c - packets out: those that pass through and our own. */
#include <string.h>

#include "kernel/sysctl.h"
#include "net/core/if_loop.h"
#include "net/core/stage.h"
#include "net/ether/ether.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/in6_pmtu.h"
#include "net/inet6/ip6_var.h"
#include "net/inet6/nd6.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"
#include "net/route/route.h"

STAGE(ip6_output);
COUNTER(ip6s_localout, ip6, 140, INFO, "packet%s sent from this host");
COUNTER(ip6s_onoroute, ip6, 142, DROP, "output packet%s discarded due to no route");
COUNTER(ip6s_oreject, ip6, 143, DROP, "output packet%s to a destination with a reject route");
COUNTER(ip6s_onosrc, ip6, 144, DROP, "output packet%s for which we have no source address");
COUNTER(ip6s_omcast, ip6, 145, DROP, "output packet%s to a group by no interface that could take them");
COUNTER(ip6s_omcastbig, ip6, 146, DROP, "output packet%s to a group that are too big for the link");
COUNTER(ip6s_onogroupsrc, ip6, 148, DROP, "output packet%s to a group for which we have no source address");
COUNTER(ip6s_groupout, ip6, 141, INFO, "packet%s sent from this host to groups");
COUNTER(ip6s_odown, ip6, 147, DROP, "output packet%s to a group while the interface is down");

int ip6_defhlim = IP6_DEFHLIM;
SYSCTL_INT(net_inet6_ip6_hlim, "net.inet6.ip6.hlim", &ip6_defhlim, IP6_DEFHLIM, 1, 255);

/* Apart: without a packet filter nobody keeps b. */
static __apart_fn void
ip6_output_pf(struct batch *b)
{
	pf_output(PF_INET6, b);
	if (b->b_n > 0)
		ether_output(b);
}

void
ip6_output(struct batch *b)
{
	STAGE_ENTER(ip6_output, b->b_n);
	if (unlikely(pf_enabled))
		ip6_output_pf(b);
	else
		ether_output(b);
}

/* What is known only when source and way (by ifp) are. */
static void
ip6_complete(struct mbuf *m, const struct ifnet *ifp)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
	uint32_t off = sizeof(*ip6), len = m->m_pktlen - off;
	uint16_t *sum = &((struct icmp6 *)(ip6 + 1))->icmp6_cksum;

	ip6->ip6_flow = IP6_VERSION | (ip6->ip6_flow & BE32(0x0ff00000));
	ip6->ip6_plen = host_be16((uint16_t)len);
	if (ip6->ip6_hlim == 0)
		ip6->ip6_hlim = nd6_hlim(ifp);
	if (ip6->ip6_nxt == IPPROTO_ICMPV6_) {
		store16(sum, 0);
		store16(sum, in6_cksum(m, &ip6->ip6_src, &ip6->ip6_dst, IPPROTO_ICMPV6_, off, len));
	}
}

/* ip6_src is :: one of ours is chosen. False: there is none. */
static bool
ip6_choose_src(struct mbuf *m, struct ifnet *ifp)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
	const struct in6_ifaddr *ia;

	if (!IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src))
		return true;
	if ((ia = in6_srcaddr(m->m_rdomain, &ip6->ip6_dst, ifp)) == NULL)
		return false;
	ip6->ip6_src = in6_unembed(&ia->ia_addr);
	return true;
}

/* To a group: on this link only, as we route none. */
static bool
ip6_send_group(struct mbuf *m, struct ifnet *ifp)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
	struct ether_header *eh;
	struct batch one;

	if (ifp == NULL || !ifp->if_ether)
		M_DROP(m, ip6s_omcast);
	else if (!nexthop_if_usable(ifp))
		M_DROP(m, ip6s_odown);
	else if (m->m_pktlen > ifp->if_mtu || (size_t)(m->m_data - m->m_buf) < sizeof(*eh))
		M_DROP(m, ip6s_omcastbig);
	else if (!ip6_choose_src(m, ifp))
		M_DROP(m, ip6s_onogroupsrc);
	else {
		counter_inc(ip6s_groupout);
		ip6_complete(m, ifp);
		if (unlikely(pf_enabled) && (m = pf_output_link(PF_INET6, ifp, m)) == NULL)
			return false;
		ip6 = (struct ip6_hdr *)m->m_data;
		m_prepend(m, sizeof(*eh));
		eh = (struct ether_header *)m->m_data;
		in6_multi_lladdr(&ip6->ip6_dst, eh->ether_dhost);
		memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
		eh->ether_type = BE16(ETHERTYPE_IPV6);
		one.b_n = 1;
		one.b_m[0] = m;
		ifp->if_enqueue(ifp, &one);
		return true;
	}
	return false;
}

/* The route that our own packets take; a cloning one has become its neighbour's. */
static struct rtentry *
ip6_send_route(unsigned rdomain, const struct in6_addr *dst)
{
	struct rtentry *rt = rtable_own6(rdomain, dst);

	if (rt != NULL && (rt->rt_flags & (RTF_CLONING | RTF_UP)) == (RTF_CLONING | RTF_UP) && !ip6_subnet_router(rt, dst))
		return rt_clone6(rt, dst);
	return rt;
}

/* The next hop and the MTU to dst (with its zone), or NULL: m has been dropped. */
static struct nexthop *
ip6_send_nexthop(struct mbuf *m, const struct in6_addr *dst, uint32_t *mtu)
{
	struct rtentry *rt = ip6_send_route(m->m_rdomain, dst);
	bool ours = rt != NULL && ((rt->rt_flags & RTF_LOCAL) || ip6_subnet_router(rt, dst));

	if (rt == NULL || !(rt->rt_flags & RTF_UP)) {
		M_DROP(m, ip6s_onoroute);
		return NULL;
	}
	rt->rt_use++;
	if (ours) {
		*mtu = loop_nexthop()->nh_ifp->if_mtu;
		return loop_nexthop();
	}
	if (rt->rt_flags & RTF_SPECIAL) {
		M_DROP(m, ip6s_oreject);
		return NULL;
	}
	*mtu = MIN(rt_pathmtu(rt), in6_pmtu(m->m_rdomain, dst));
	return rt->rt_nh;
}

/* A group of more than one link goes by the interface that the route to it names. */
static struct ifnet *
ip6_group_if(unsigned rdomain, const struct in6_addr *group)
{
	const struct rtentry *rt = in6_is_scoped(group) ? NULL : rtable_own6(rdomain, group);

	return rt != NULL && RT_FORWARDS(rt) ? rt_ifp(rt) : NULL;
}

bool
ip6_send(struct mbuf *m, struct ifnet *ifp)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
	struct in6_addr dst = ifp != NULL ? in6_embed(&ip6->ip6_dst, ifp->if_index) : ip6->ip6_dst;
	struct nexthop *nh;
	struct batch one;
	uint32_t mtu = 0;

	if (IN6_IS_ADDR_MULTICAST(&dst))
		return ip6_send_group(m, ifp != NULL ? ifp : ip6_group_if(m->m_rdomain, &dst));
	if ((nh = ip6_send_nexthop(m, &dst, &mtu)) == NULL)
		return false;
	if (!ip6_choose_src(m, ifp)) {
		M_DROP(m, ip6s_onosrc);
		return false;
	}
	counter_inc(ip6s_localout);
	ip6_complete(m, nh->nh_ifp);
	m->m_nh = nh;
	if (m->m_pktlen > mtu) {
		ip6_fragment(m, mtu);
		return true;
	}
	one.b_n = 1;
	one.b_m[0] = m;
	ip6_output(&one);
	return true;
}
