/* nd6_redirect.c - redirects (RFC 4861 8): sent as a router; as a host obeyed, by sysctl. */
#include <string.h>

#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

COUNTER(nd6s_rdsent, nd6, 121, CREATED, "redirect%s sent");

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
	struct ifnet *ifp = rt->rt_ifp;
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(ifp);
	struct in6_addr src, dst = ip6->ip6_src, target = rt->rt_flags & RTF_GATEWAY ? in6_unembed(&rt->rt_gateway6) : ip6->ip6_dst;
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
