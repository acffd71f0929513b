/* icmp_redirect.c - redirects that we receive: a better first hop to a host, for a time, where the admin allows it (RFC 1122 3.2.2.2). */
#include "kernel/sysctl.h"
#include "net/core/if.h"
#include "net/inet/icmp_var.h"
#include "net/route/route.h"

#define REDIRECT_TIMEOUT	600

COUNTER(icps_redirectin, icmp, 35, DROP, "redirect message%s ignored");
COUNTER(icps_redirectbad, icmp, 39, DROP, "redirect message%s that cannot be believed");
COUNTER(icps_redirectnoroom, icmp, 40, DROP, "redirect message%s that did not become a route");
COUNTER(icps_redirected, icmp, 55, CONSUMED, "redirect message%s obeyed");

static int icmp_rediraccept;
SYSCTL_INT(net_inet_icmp_rediraccept, "net.inet.icmp.rediraccept", &icmp_rediraccept, 0, 0, 1);
static int icmp_redirtimeout = REDIRECT_TIMEOUT;
SYSCTL_INT(net_inet_icmp_redirtimeout, "net.inet.icmp.redirtimeout", &icmp_redirtimeout, REDIRECT_TIMEOUT, 1, 86400);

/* The new gateway is a neighbour on the same wire. */
static bool
redirect_gateway_good(const struct ifnet *ifp, be32_t gw)
{
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, gw), *net = rt_connected(ifp->if_rdomain, gw);

	if (rt == NULL || (rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST)) || net == NULL || rt_ifp(net) != ifp)
		return false;
	return net->rt_plen >= 31 || gw != net->rt_dest;
}

/* From the gateway that we use now for dst, and only it (RFC 1122 3.2.2.2), and about a way that no admin has set for this very host. */
static bool
redirect_good(const struct ifnet *ifp, be32_t from, be32_t dst, be32_t gw)
{
	const struct rtentry *rt = rtable_own(ifp->if_rdomain, dst);

	return rt != NULL && (rt->rt_flags & (RTF_GATEWAY | RTF_UP)) == (RTF_GATEWAY | RTF_UP) && !(rt->rt_flags & RTF_SPECIAL) &&
	    rt_ifp(rt) == ifp && rt->rt_via->v_gateway == from && (rt->rt_plen < 32 || (rt->rt_flags & RTF_DYNAMIC)) &&
	    gw != from && gw != dst && redirect_gateway_good(ifp, gw);
}

void
icmp_redirect_input(struct ifnet *ifp, struct mbuf *m, const struct ip *ip, const struct icmp *icp, const struct ip *quoted)
{
	struct rt_request rq = {
		.rq_rdomain = ifp->if_rdomain, .rq_dest = quoted->ip_dst, .rq_plen = 32,
		.rq_flags = RTF_GATEWAY | RTF_HOST | RTF_DYNAMIC, .rq_gateway = icp->icmp_gwaddr,
		.rq_lifetime = (uint32_t)icmp_redirtimeout,
	};
	const struct rtentry *rt = rtable_lookup(ifp->if_rdomain, quoted->ip_dst, 32);
	enum rt_error e;

	if (!icmp_rediraccept) {
		M_DROP(m, icps_redirectin);
		return;
	}
	if (!icmp_quotes_us(ifp, quoted) || !redirect_good(ifp, ip->ip_src, quoted->ip_dst, icp->icmp_gwaddr)) {
		M_DROP(m, icps_redirectbad);
		return;
	}
	e = rt != NULL && (rt->rt_flags & RTF_DYNAMIC) ? rt_change(&rq) : rt_add(&rq);
	if (e != RT_OK) {
		M_DROP(m, icps_redirectnoroom);
		return;
	}
	counter_inc(icps_redirected);
	m_freem(m);
}
