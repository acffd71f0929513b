/* nd6_redirect.c - redirects (RFC 4861 8): sent as a router; as a host obeyed, by sysctl. */
#include <string.h>

#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

#define REDIRECT_TIMEOUT	600

COUNTER(nd6s_rdsent, nd6, 121, CREATED, "redirect%s sent");
COUNTER(nd6s_redirected, nd6, 34, CONSUMED, "redirect%s obeyed");
COUNTER(nd6s_rdignored, nd6, 54, DROP, "redirect message%s ignored");
COUNTER(nd6s_badrd, nd6, 55, DROP, "bad redirect message%s");
COUNTER(nd6s_rdnotours, nd6, 56, DROP, "redirect message%s that cannot be believed");
COUNTER(nd6s_rdnoroom, nd6, 57, DROP, "redirect message%s that did not become a route");
COUNTER(nd6s_rdopt, nd6, 77, DROP, "redirect message%s dropped for their options");

static int icmp6_rediraccept = 1;
SYSCTL_INT(net_inet6_icmp6_rediraccept, "net.inet6.icmp6.rediraccept", &icmp6_rediraccept, 1, 0, 1);
static int icmp6_redirtimeout = REDIRECT_TIMEOUT;
SYSCTL_INT(net_inet6_icmp6_redirtimeout, "net.inet6.icmp6.redirtimeout", &icmp6_redirtimeout, REDIRECT_TIMEOUT, 1, 86400);

/* ---- sent ---- */

struct rd_header { uint8_t type, len; uint8_t reserved[6]; } __packed;	/* RFC 4861 4.6.3, before the quoted packet */

/* Puts options and as much of m as fits behind the message; the whole stays within 1280 bytes. Returns its length. */
static unsigned
rd_options(uint8_t *msg, unsigned len, const struct mbuf *m, const struct nexthop *nh)
{
	unsigned quote;

	if (nh != NULL && NH_RESOLVED(nh)) {
		msg[len] = ND_OPT_TLLA;
		msg[len + 1] = 1;
		memcpy(msg + len + 2, nexthop_lladdr(nh), ETHER_ADDR_LEN);
		len += 8;
	}
	quote = MIN(m->m_pktlen, (unsigned)(IP6_MINMTU - sizeof(struct ip6_hdr) - sizeof(struct rd_header)) - len) & ~7u;
	memset(msg + len, 0, sizeof(struct rd_header));
	msg[len] = ND_OPT_REDIRECTED;
	msg[len + 1] = (uint8_t)(1 + quote / 8);
	m_copydata(m, 0, quote, msg + len + sizeof(struct rd_header));
	return len + (unsigned)sizeof(struct rd_header) + quote;
}

/* RFC 4861 8.2: only to a neighbour, and a router is named by its link-local address only. */
bool
nd6_redirect_output(const struct mbuf *m, const struct rtentry *rt)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	struct ifnet *ifp = rt_ifp(rt);
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(ifp);
	struct in6_addr src, dst = ip6->ip6_src, target = rt->rt_flags & RTF_GATEWAY ? in6_unembed(&rt->rt_via->v_gateway6) : ip6->ip6_dst;
	uint8_t msg[IP6_MINMTU];
	struct nd_redirect *rd = (struct nd_redirect *)msg;
	struct nexthop *to;
	unsigned len;

	if (ia == NULL || !ifp->if_ether || !nd6_onlink(ifp, &dst) || in6_ifaddr_find(ifp, &dst) != NULL)
		return false;
	if ((rt->rt_flags & RTF_GATEWAY) && !IN6_IS_ADDR_LINKLOCAL(&target))
		return false;
	if (!icmp6_ratelimit(&dst) || (to = nd6_make_entry(ifp, &dst)) == NULL)
		return false;
	src = in6_unembed(&ia->ia_addr);
	*rd = (struct nd_redirect){ .rd_type = ICMP6_REDIRECT, .rd_target = target, .rd_dst = ip6->ip6_dst };
	len = rd_options(msg, sizeof(*rd), m, rt->rt_nh);
	if (!nd6_transmit_to(to, &(struct nd_send){ .ns_src = &src, .ns_dst = &dst, .ns_msg = msg, .ns_len = len }))
		return false;
	counter_inc(nd6s_rdsent);
	return true;
}

/* ---- received ---- */

/* RFC 4861 8.1, but for whom it comes from. */
static bool
rd_good(const struct ifnet *ifp, const struct ip6_hdr *ip6, const struct nd_redirect *rd, const struct nd_opts *o)
{
	return IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_src) && !IN6_IS_ADDR_MULTICAST(&rd->rd_dst) && !in6_has_stray_zone(&rd->rd_target) &&
	    (IN6_IS_ADDR_LINKLOCAL(&rd->rd_target) || in6_equal(&rd->rd_target, &rd->rd_dst)) &&
	    (o->no_tlla == NULL || !nd6_lladdr_bad(ifp, o->no_tlla->ndo_lladdr));
}

/* From the router that we use now for dst, and only it, and about a way that no admin has set for this very host. */
static bool
rd_believed(const struct ifnet *ifp, const struct in6_addr *from, const struct nd_redirect *rd)
{
	struct in6_addr dst = in6_embed(&rd->rd_dst, ifp->if_index), gw;
	const struct rtentry *rt = rtable_own6(ifp->if_rdomain, &dst);

	if (rt == NULL || (rt->rt_flags & (RTF_GATEWAY | RTF_UP)) != (RTF_GATEWAY | RTF_UP) || (rt->rt_flags & RTF_SPECIAL) ||
	    rt_ifp(rt) != ifp || (rt->rt_plen == 128 && !(rt->rt_flags & RTF_DYNAMIC)))
		return false;
	gw = in6_unembed(&rt->rt_via->v_gateway6);
	return in6_equal(&gw, from) && !in6_equal(&rd->rd_target, from) && in6_ifaddr_find(ifp, &rd->rd_target) == NULL;
}

/* A route to dst for a time: by the other router, or dst is on the link itself. */
static bool
rd_route(struct ifnet *ifp, const struct nd_redirect *rd)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_rdomain = ifp->if_rdomain, .rq_dest6 = rd->rd_dst, .rq_plen = 128,
	    .rq_flags = RTF_HOST | RTF_DYNAMIC, .rq_lifetime = (uint32_t)icmp6_redirtimeout };
	const struct rtentry *rt = rtable_lookup6(ifp->if_rdomain, &rd->rd_dst, 128);

	if (in6_equal(&rd->rd_target, &rd->rd_dst))
		rq.rq_ifp = ifp;
	else {
		rq.rq_flags |= RTF_GATEWAY;
		rq.rq_gateway6 = in6_embed(&rd->rd_target, ifp->if_index);
	}
	if (rt != NULL && (rt->rt_flags & RTF_DYNAMIC))
		rt_delete(&(struct rt_request){ .rq_af = AF_IP6, .rq_rdomain = ifp->if_rdomain, .rq_dest6 = rd->rd_dst, .rq_plen = 128 });
	return rt_add(&rq) == RT_OK;
}

/* Where the target is, if it says so: RFC 4861 8.3. */
static void
rd_neighbour(struct ifnet *ifp, const struct nd_redirect *rd, const struct nd_opts *o)
{
	struct nexthop *nh = o->no_tlla != NULL ? nd6_make_entry(ifp, &rd->rd_target) : NULL;

	if (nh == NULL || (nh->nh_flags & NHF_STATIC))
		return;
	if (!in6_equal(&rd->rd_target, &rd->rd_dst))
		nh->nh_router = true;
	if (!NH_RESOLVED(nh) || memcmp(nexthop_lladdr(nh), o->no_tlla->ndo_lladdr, ETHER_ADDR_LEN) != 0)
		nd6_learn(nh, o->no_tlla->ndo_lladdr, false);
}

static void
nd6_redirect_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const struct nd_redirect *rd = (const struct nd_redirect *)(m->m_data + off);
	struct nd_opts o;

	if (!nd6_opts_parse(&o, m->m_data + off + sizeof(*rd), len - (unsigned)sizeof(*rd)))
		M_DROP(m, nd6s_rdopt);
	else if (!rd_good(ifp, ip6, rd, &o))
		M_DROP(m, nd6s_badrd);
	else if (!icmp6_rediraccept || ip6_forwarding)		/* RFC 4861 8.3: a router goes by its own routes */
		M_DROP(m, nd6s_rdignored);
	else if (!rd_believed(ifp, &ip6->ip6_src, rd))
		M_DROP(m, nd6s_rdnotours);
	else if (!rd_route(ifp, rd))
		M_DROP(m, nd6s_rdnoroom);
	else {
		rd_neighbour(ifp, rd, &o);
		counter_inc(nd6s_redirected);
		m_freem(m);
	}
}

static const struct icmp6_type nd6_redirect_type = { ICMP6_REDIRECT, true, sizeof(struct nd_redirect), nd6_redirect_input };
ICMP6_TYPE(nd6_redirect_type);
