/* ip_forward.c - packets that pass through (RFC 1812 5.2, 5.3). */
#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "net/core/stage.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_frag.h"
#include "net/route/route.h"

STAGE(ip_forward);
COUNTER(ips_forward, ip, 120, INFO, "packet%s forwarded");
COUNTER(ips_cantforward, ip, 130, DROP, "packet%s not forwardable");
COUNTER(ips_noroutes, ip, 140, DROP, "packet%s not forwarded for want of a route");
COUNTER(ips_reject, ip, 141, DROP, "packet%s to a destination with a reject route");
COUNTER(ips_blackhole, ip, 142, DROP, "packet%s to a destination with a blackhole route");
COUNTER(ips_noneighbor, ip, 143, DROP, "packet%s not forwarded for want of room for a neighbour");
COUNTER(ips_ttl, ip, 144, DROP, "packet%s whose time to live was exceeded in transit");
COUNTER(ips_linkcast, ip, 145, DROP, "link-level broadcast%s not forwarded");
COUNTER(ips_mtu, ip, 146, DROP, "packet%s too big that must not be fragmented");
COUNTER(ips_redirectsent, ip, 160, INFO, "redirect%s sent");

struct rtentry ip_noroute = { .rt_flags = RTF_REJECT };

int ip_forwarding;
SYSCTL_INT(net_inet_ip_forwarding, "net.inet.ip.forwarding", &ip_forwarding, 0, 0, 1);
static int ip_redirect = 1;
SYSCTL_INT(net_inet_ip_redirect, "net.inet.ip.redirect", &ip_redirect, 1, 0, 1);

/* What keeps a route from being simply followed. The route to use instead, or NULL: the packet has been dropped. */
static struct rtentry *
ip_forward_special(struct mbuf *m, struct rtentry *rt)
{
	if (!(rt->rt_flags & RTF_UP)) {
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_NET, 0, 0);	/* RFC 1812 5.2.7.1 */
		M_DROP(m, ips_noroutes);
		return NULL;
	}
	if (rt->rt_flags & RTF_CLONING) {
		if ((rt = rt_clone(rt, ((const struct ip *)m->m_data)->ip_dst)) == NULL)
			M_DROP(m, ips_noneighbor);
		return rt;
	}
	icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
	M_DROP(m, ips_reject);
	return NULL;
}

/* The TTL, known to be two or more, becomes one less; the checksum follows (RFC 1624). In the 32-bit word of TTL, protocol and checksum
 * that is one subtraction from the lowest byte and one addition to the checksum with end-around carry. */
static inline void
ip_decttl(struct ip *ip)
{
	uint32_t w;

	if (unlikely(__builtin_add_overflow(load32(&ip->ip_ttl), 0x10000u - 1, &w)))
		w += 0x10000;
	store32(&ip->ip_ttl, w);
}

/* Too big for the way out. True: it goes in pieces; false: it must not, and has been dropped. RFC 1812 5.2.6, RFC 1191 4. */
static bool
ip_forward_toobig(struct mbuf *m, struct nexthop *nh, uint32_t mtu)
{
	struct ip *ip = (struct ip *)m->m_data;

	if ((ip->ip_off & BE16(IP_DF)) && core_id() != 0) {
		ip_to_core0(m);
		return false;
	}
	ip_decttl(ip);
	m->m_nh = nh;
	if (ip->ip_off & BE16(IP_DF)) {
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, (uint16_t)MIN(mtu, 65535u), 0);
		M_DROP(m, ips_mtu);
		return false;
	}
	ip_fragment(m, mtu);
	return true;
}

/* It leaves where it came in: its sender could have known better. RFC 1812 5.2.7.2. */
static void
ip_forward_redirect(struct mbuf *m, const struct rtentry *rt)
{
	const struct ip *ip = (const struct ip *)m->m_data;
	be32_t gw = rt->rt_flags & RTF_GATEWAY ? rt->rt_gateway : ip->ip_dst;

	if (!ip_redirect)
		return;
	for (const struct ifaddr *ifa = rt->rt_ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		if (((ip->ip_src ^ ifa->ifa_addr) & ifa->ifa_mask) == 0 && ((gw ^ ifa->ifa_addr) & ifa->ifa_mask) == 0) {
			if (icmp_error(m, ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0, gw))
				counter_inc(ips_redirectsent);
			return;
		}
}

static bool
ip_may_forward(struct batch *b)
{
	if (likely(ip_forwarding && config_loaded))
		return true;
	for (unsigned i = 0; i < b->b_n; i++)
		M_DROP(b->b_m[i], ips_cantforward);
	return false;
}

/* What is not simply passed on. True: it is, in the end; m_rt may have changed. */
static bool
ip_forward_slow(struct mbuf *m)
{
	if (m->m_flags & (M_BCAST | M_MCAST)) {			/* RFC 1812 5.3.4 */
		M_DROP(m, ips_linkcast);
		return false;
	}
	if ((m->m_rt->rt_flags & (RTF_UP | RTF_BLACKHOLE)) == (RTF_UP | RTF_BLACKHOLE)) {
		M_DROP(m, ips_blackhole);
		return false;
	}
	if (core_id() != 0) {		/* it will be answered, or teach us something */
		ip_to_core0(m);
		return false;
	}
	if (!RT_FORWARDS(m->m_rt) && (m->m_rt = ip_forward_special(m, m->m_rt)) == NULL)
		return false;
	if (((const struct ip *)m->m_data)->ip_ttl <= 1) {	/* RFC 1812 5.3.1 */
		icmp_error(m, ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, 0, 0);
		M_DROP(m, ips_ttl);
		return false;
	}
	if (m->m_rt->rt_ifp->if_index == m->m_ifidx)
		ip_forward_redirect(m, m->m_rt);
	return true;
}

/* Core 0 may change the route meanwhile: its next hop is looked at once, and a route that has just lost it is not followed. */
void
ip_forward(struct batch *b)
{
	unsigned n = 0, cut = 0, end = b->b_n;

	STAGE_ENTER(ip_forward, end);
	if (!ip_may_forward(b))
		return;
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		struct ip *ip = (struct ip *)m->m_data;
		struct rtentry *rt = m->m_rt;
		struct nexthop *nh = __atomic_load_n(&rt->rt_nh, __ATOMIC_RELAXED);

		if (unlikely((m->m_flags & (M_BCAST | M_MCAST)) || !RT_FORWARDS(rt) || nh == NULL || ip->ip_ttl <= 1 ||
		    rt->rt_ifp->if_index == m->m_ifidx)) {
			if (!ip_forward_slow(m))
				continue;
			rt = m->m_rt;
			nh = rt->rt_nh;
		}
		if (unlikely(m->m_pktlen > rt_pathmtu(rt))) {
			cut += ip_forward_toobig(m, nh, rt_pathmtu(rt));
			continue;
		}
		ip_decttl(ip);
		m->m_nh = nh;
		b->b_m[n++] = m;
	}
	counter_add(ips_forward, n + cut);
	if ((b->b_n = n) > 0)
		ip_output(b);
}
