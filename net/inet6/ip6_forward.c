/* ip6_forward.c - packets that pass through (RFC 8200 3, RFC 4443, RFC 4861 8.2). */
#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "net/core/stage.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

STAGE(ip6_forward);
COUNTER(ip6s_forward, ip6, 110, INFO, "packet%s forwarded");
COUNTER(ip6s_cantforward, ip6, 120, DROP, "packet%s not forwardable");
COUNTER(ip6s_noroutes, ip6, 121, DROP, "packet%s not forwarded for want of a route");
COUNTER(ip6s_reject, ip6, 122, DROP, "packet%s to a destination with a reject route");
COUNTER(ip6s_blackhole, ip6, 123, DROP, "packet%s to a destination with a blackhole route");
COUNTER(ip6s_noneighbor, ip6, 124, DROP, "packet%s not forwarded for want of room for a neighbour");
COUNTER(ip6s_hlim, ip6, 125, DROP, "packet%s whose hop limit was exceeded in transit");
COUNTER(ip6s_linkcast, ip6, 126, DROP, "link-level multicast%s not forwarded");
COUNTER(ip6s_toobig, ip6, 127, DROP, "packet%s too big for the way out");
COUNTER(ip6s_refragmented, ip6, 115, INFO, "packet%s forwarded in fragments as they came");
COUNTER(ip6s_redirectsent, ip6, 130, INFO, "redirect%s sent");

struct rtentry ip6_noroute = { .rt_flags = RTF_REJECT };

int ip6_forwarding;
static const struct sysctl sysctl_ip6_forwarding = { .sc_name = "net.inet6.ip6.forwarding", .sc_int = &ip6_forwarding, .sc_max = 1,
	.sc_changed = in6_forwarding_changed };
SET_ADD(sysctls, sysctl_ip6_forwarding);
static int ip6_redirect = 1;
SYSCTL_INT(net_inet6_ip6_redirect, "net.inet6.ip6.redirect", &ip6_redirect, 1, 0, 1);

/* What keeps a route from being simply followed. The route to use instead, or NULL: the packet has been dropped. */
static struct rtentry *
ip6_forward_special(struct mbuf *m, struct rtentry *rt)
{
	if (!(rt->rt_flags & RTF_UP)) {
		icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_NOROUTE, 0);
		M_DROP(m, ip6s_noroutes);
		return NULL;
	}
	if (rt->rt_flags & RTF_CLONING) {
		if ((rt = rt_clone6(rt, &((const struct ip6_hdr *)m->m_data)->ip6_dst)) == NULL)
			M_DROP(m, ip6s_noneighbor);
		return rt;
	}
	icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_REJECT, 0);
	M_DROP(m, ip6s_reject);
	return NULL;
}

bool
ip6_subnet_router(const struct rtentry *rt, const struct in6_addr *dst)
{
	return (rt->rt_flags & (RTF_CLONING | RTF_UP)) == (RTF_CLONING | RTF_UP) && rt->rt_plen < 127 && in6_equal(&rt->rt_dest6, dst) &&
	    !IN6_IS_ADDR_LINKLOCAL(dst) && ip6_forwarding;
}

/* It is for us: in core 0's hands by now. */
static void
ip6_forward_deliver(struct mbuf *m)
{
	struct batch one = { .b_n = 1, .b_m = { m } };

	ip6_deliver(if_get(m->m_ifidx), &one);
}

/* Too big for the way out: only its sender makes it smaller (RFC 8200 5). */
static void
ip6_forward_toobig(struct mbuf *m, uint32_t mtu)
{
	if (core_id() != 0) {
		ip6_to_core0(m);
		return;
	}
	icmp6_error(m, ICMP6_TOOBIG, 0, MAX(mtu, (uint32_t)IP6_MINMTU));	/* RFC 8201 4: less is never believed */
	M_DROP(m, ip6s_toobig);
}

/* The packet filter has put together what came in pieces: they may have been made for a path that is narrower further on. False: it goes whole. What
 * must stand before the fragment header cannot be cut off: such a packet goes whole, or not at all. */
static __rare_fn bool
ip6_forward_cut(struct mbuf *m, struct nexthop *nh)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;

	if (m->m_pktlen <= IP6_MINMTU || ip6->ip6_nxt == IPPROTO_HOPOPTS_ || ip6->ip6_nxt == IPPROTO_ROUTING_)
		return false;
	ip6->ip6_hlim--;
	m->m_nh = nh;
	counter_inc(ip6s_refragmented);
	ip6_fragment(m, IP6_MINMTU);
	return true;
}

static bool
ip6_may_forward(struct batch *b)
{
	if (likely(ip6_forwarding && config_loaded))
		return true;
	for (unsigned i = 0; i < b->b_n; i++)
		M_DROP(b->b_m[i], ip6s_cantforward);
	return false;
}

/* What is not simply passed on. True: it is, in the end; m_rt may have changed. */
static bool
ip6_forward_slow(struct mbuf *m)
{
	if (m->m_flags & (M_BCAST | M_MCAST)) {		/* RFC 1812 5.3.4 for IPv4; answered by nobody */
		M_DROP(m, ip6s_linkcast);
		return false;
	}
	if ((m->m_rt->rt_flags & (RTF_UP | RTF_BLACKHOLE)) == (RTF_UP | RTF_BLACKHOLE)) {
		M_DROP(m, ip6s_blackhole);
		return false;
	}
	if (core_id() != 0) {
		ip6_to_core0(m);
		return false;
	}
	if (ip6_subnet_router(m->m_rt, &((const struct ip6_hdr *)m->m_data)->ip6_dst)) {
		ip6_forward_deliver(m);
		return false;
	}
	if (((const struct ip6_hdr *)m->m_data)->ip6_hlim <= 1) {	/* RFC 8200 3, RFC 4443 3.3 */
		icmp6_error(m, ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
		M_DROP(m, ip6s_hlim);
		return false;
	}
	if (!RT_FORWARDS(m->m_rt) && (m->m_rt = ip6_forward_special(m, m->m_rt)) == NULL)
		return false;
	if (m->m_rt->rt_ifidx == m->m_ifidx && !(m->m_flags & M_PF_ROUTED) && ip6_redirect && nd6_redirect_output(m, m->m_rt))
		counter_inc(ip6s_redirectsent);
	return true;
}

void
ip6_forwarded(unsigned n)
{
	counter_add(ip6s_forward, n);
}

static inline bool
ip6_forward_plain(const struct mbuf *m, const struct rtentry *rt, const struct nexthop *nh, unsigned odd_flags)
{
	return !(m->m_flags & odd_flags) && RT_FORWARDS(rt) && nh != NULL && ((const struct ip6_hdr *)m->m_data)->ip6_hlim > 1 &&
	    rt->rt_ifidx != m->m_ifidx;
}

/* Core 0 may change the route meanwhile: its next hop is looked at once, and a route that has just lost it is not followed. */
void
ip6_forward(struct batch *b)
{
	unsigned n = 0, end = b->b_n;

	STAGE_ENTER(ip6_forward, end);
	if (!ip6_may_forward(b))
		return;
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
		struct rtentry *rt = m->m_rt;
		struct nexthop *nh = __atomic_load_n(&rt->rt_nh, __ATOMIC_RELAXED);

		if (unlikely(!ip6_forward_plain(m, rt, nh, M_BCAST | M_MCAST | M_REFRAG))) {
			if (!ip6_forward_plain(m, rt, nh, M_BCAST | M_MCAST)) {
				if (!ip6_forward_slow(m))
					continue;
				rt = m->m_rt;
				nh = rt->rt_nh;
			}
			if ((m->m_flags & M_REFRAG) && ip6_forward_cut(m, nh))
				continue;
		}
		if (unlikely(!rt_path_takes(rt, nh, m->m_pktlen))) {
			ip6_forward_toobig(m, rt_pathmtu(rt));
			continue;
		}
		ip6->ip6_hlim--;
		m->m_nh = nh;
		b->b_m[n++] = m;
	}
	ip6_forwarded(n);
	if ((b->b_n = n) > 0)
		ip6_output(b);
}
