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
COUNTER(ips_netaddr, ip, 147, DROP, "packet%s to the address of a network");
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
		if (rt->rt_plen < 31 && ((const struct ip *)m->m_data)->ip_dst == rt->rt_dest) {	/* RFC 1812 4.2.3.1 */
			M_DROP(m, ips_netaddr);
			return NULL;
		}
		if ((rt = rt_clone(rt, ((const struct ip *)m->m_data)->ip_dst)) == NULL)
			M_DROP(m, ips_noneighbor);
		return rt;
	}
	icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
	M_DROP(m, ips_reject);
	return NULL;
}

/* The TTL, known to be two or more, becomes one less; the checksum follows (RFC 1624). The TTL is the first octet of its 16-bit word, so
 * that in memory order one is added to the checksum, with end-around carry. */
static inline void
ip_decttl(struct ip *ip)
{
	uint32_t sum = ip->ip_sum + 1u;

	ip->ip_ttl--;
	ip->ip_sum = (uint16_t)(sum + (sum >> 16));
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
	be32_t gw = rt->rt_flags & RTF_GATEWAY ? rt->rt_via->v_gateway : ip->ip_dst;

	if (!ip_redirect)
		return;
	for (const struct ifaddr *ifa = rt_ifp(rt)->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		if (((ip->ip_src ^ ifa->ifa_addr) & ifa->ifa_mask) == 0 && ((gw ^ ifa->ifa_addr) & ifa->ifa_mask) == 0) {
			if (icmp_error(m, ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0, gw))
				counter_inc(ips_redirectsent);
			return;
		}
}

static __rare_fn void
ip_forward_not(struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		M_DROP(b->b_m[i], ips_cantforward);
}

static inline bool
ip_forward_plain(const struct mbuf *m)
{
	const struct ip *ip = (const struct ip *)m->m_data;

	return !(m->m_flags & (M_BCAST | M_MCAST)) && RT_FORWARDS(m->m_rt) && (load16(&ip->ip_ttl) & 0xfe) != 0 &&	/* TTL > 1 */
	    m->m_rt->rt_ifidx != m->m_ifidx;
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
	if (m->m_rt->rt_ifidx == m->m_ifidx && !(m->m_flags & M_PF_ROUTED))
		ip_forward_redirect(m, m->m_rt);
	return true;
}

void
ip_forwarded(unsigned n)
{
	counter_add(ips_forward, n);
}

static void ip_forward_odd(struct batch *, unsigned i, unsigned end, unsigned cut);

/* Packets i to end - 1 of the batch; b_n are kept so far to be sent, and `cut` have gone in pieces. Core 0 may change a route meanwhile: its
 * next hop is looked at once, and a route that has just lost it is not followed. */
static __inline_fn void
ip_forward_from(struct batch *b, unsigned i, unsigned end, unsigned cut)
{
	struct mbuf *const *from = &b->b_m[i - b->b_n];	/* b_m[n] = from[n]: the loop keeps all that it looks at */
	unsigned n = b->b_n, stop = n + end - i;

	for (; n < stop; n++) {
		struct mbuf *m = from[n];
		struct nexthop *nh = __atomic_load_n(&m->m_rt->rt_nh, __ATOMIC_RELAXED);

		if (unlikely(nh == NULL || !ip_forward_plain(m) || !rt_path_takes(m->m_rt, nh, m->m_pktlen))) {
			b->b_n = n;
			ip_forward_odd(b, batch_pos(b, &from[n]), end, cut);
			return;
		}
		ip_decttl((struct ip *)m->m_data);
		m->m_nh = nh;
		b->b_m[n] = m;
	}
	ip_forwarded(n + cut);
	if ((b->b_n = n) > 0)
		ip_output(b);
}

static __apart_fn void
ip_forward_many(struct batch *b, unsigned i, unsigned end, unsigned cut)
{
	ip_forward_from(b, i, end, cut);
}

/* Any packet. True: it is to be sent. */
static bool
ip_forward_any(struct mbuf *m, unsigned *cut)
{
	struct nexthop *nh = __atomic_load_n(&m->m_rt->rt_nh, __ATOMIC_RELAXED);

	if (nh == NULL || !ip_forward_plain(m)) {
		if (!ip_forward_slow(m))
			return false;
		nh = m->m_rt->rt_nh;
	}
	if (!rt_path_takes(m->m_rt, nh, m->m_pktlen)) {
		*cut += ip_forward_toobig(m, nh, rt_pathmtu(m->m_rt));
		return false;
	}
	ip_decttl((struct ip *)m->m_data);
	m->m_nh = nh;
	return true;
}

/* Packet i is not simply sent on; then the rest. */
static __rare_fn void
ip_forward_odd(struct batch *b, unsigned i, unsigned end, unsigned cut)
{
	if (ip_forward_any(b->b_m[i], &cut))
		batch_add(b, b->b_m[i]);
	ip_forward_many(b, i + 1, end, cut);
}

void
ip_forward(struct batch *b)
{
	unsigned end = b->b_n;

	STAGE_ENTER(ip_forward, end);
	if (unlikely(!ip_forwarding || !config_loaded)) {
		ip_forward_not(b);
		return;
	}
	b->b_n = 0;
	if (end == 1)
		ip_forward_from(b, 0, 1, 0);
	else
		ip_forward_many(b, 0, end, 0);
}
