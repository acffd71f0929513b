/* ip_input.c - IPv4 in: the header is checked here, once (RFC 791, RFC 1122 3.2.1, RFC 1812 4.2, 5.2); then who it is for. */
#include "net/core/flow.h"
#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/inet/icmp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_options.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"
#include "net/route/route.h"

STAGE(ip_input);
HANDOFF(ip_deliver, ip_deliver);
COUNTER_GROUP(ip, 20);
COUNTER(ips_total, ip, 10, INFO, "total packet%s received");
COUNTER(ips_badsum, ip, 20, DROP, "bad header checksum%s");
COUNTER(ips_toosmall, ip, 30, DROP, "packet%s with size smaller than minimum");
COUNTER(ips_tooshort, ip, 40, DROP, "packet%s with data size < data length");
COUNTER(ips_badhlen, ip, 50, DROP, "packet%s with header length < minimum or > packet");
COUNTER(ips_badlen, ip, 60, DROP, "packet%s with data length < header length");
COUNTER(ips_badvers, ip, 80, DROP, "packet%s with incorrect version number");
COUNTER(ips_badsrc, ip, 90, DROP, "packet%s with a source address that cannot be");
COUNTER(ips_baddst, ip, 91, DROP, "packet%s with a destination address that cannot be");
COUNTER(ips_mcast, ip, 92, DROP, "multicast packet%s which we don't join");
COUNTER(ips_wrongif, ip, 150, DROP, "packet%s received on wrong interface");

COUNTER(ips_bcastsrc, ip, 94, DROP, "packet%s with the broadcast address of a network as source");
COUNTER(ips_ownsrc, ip, 93, DROP, "packet%s from the wire with an address of ours as source");

/* By the first octet: addresses that never simply pass. 0/8 and 127/8: RFC 1122 3.2.1.3; 224/3: multicast, reserved, broadcast. */
#define SPECIAL	1
static const uint8_t ip_special[256] = { [0] = SPECIAL, [127] = SPECIAL, [224 ... 255] = SPECIAL };

/* By the last two octets: sources that may be addresses of ours, or of all hosts of a network of ours, and are looked at twice. */
static uint8_t ip_maybe_ours[65536];
static inline unsigned
ip_last_octets(be32_t a)
{
	return a >> 16;		/* memory order */
}

void
ip_addr_added(const struct ifaddr *ifa)
{
	ip_maybe_ours[ip_last_octets(ifa->ifa_addr)] = 1;
	ip_maybe_ours[ip_last_octets(ifa->ifa_broadcast)] = 1;
	flow_changed(&if_generation);
}

void
ip_addr_removed(const struct ifaddr *gone)
{
	ip_maybe_ours[ip_last_octets(gone->ifa_addr)] = ip_maybe_ours[ip_last_octets(gone->ifa_broadcast)] = 0;
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			ip_addr_added(ifa);
	flow_changed(&if_generation);
}

/* 127/8 may come from ourselves only. */
static bool
ip_martian_src(const struct ifnet *ifp, const struct ip *ip)
{
	if (ip4_is_loopback(ip->ip_src))
		return !(ifp->if_flags & IFF_LOOPBACK);
	if (ip->ip_src == IP4_ANY)	/* a host that has no address yet may speak to us, never through us: RFC 1812 5.3.7 */
		return ip->ip_dst != IP4_BROADCAST;
	return true;
}

/* What nobody on a wire can be: we ourselves (a land packet, CVE-1999-0016), or all hosts of a network. True: dropped. */
static bool
ip_impossible_src(const struct ifnet *ifp, struct mbuf *m, const struct ip *ip)
{
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, ip->ip_src);

	if (rt != NULL && (rt->rt_flags & RTF_BROADCAST))
		M_DROP(m, ips_bcastsrc);
	else if (rt != NULL && (rt->rt_flags & RTF_LOCAL) && !(ifp->if_flags & IFF_LOOPBACK))
		M_DROP(m, ips_ownsrc);
	else
		return false;
	return true;
}

/* A destination outside the unicast range, or 127/8. True: it is for us, else it has been dropped. */
static bool
ip_special_dst(const struct ifnet *ifp, struct mbuf *m, const struct ip *ip)
{
	if (ip->ip_dst == IP4_BROADCAST)
		return true;
	if (ip4_is_loopback(ip->ip_dst) && (ifp->if_flags & IFF_LOOPBACK))
		return true;
	if (ip4_is_multicast(ip->ip_dst) && in_multi_joined(ifp, ip->ip_dst))
		return true;
	if (ip4_is_multicast(ip->ip_dst))
		M_DROP(m, ips_mcast);
	else
		M_DROP(m, ips_baddst);
	return false;
}

/* Header with options, or of another version, or in pieces. The header's length, or 0 when the packet has been dropped. */
static unsigned
ip_header_slow(struct mbuf *m)
{
	unsigned hlen;

	if (!m_pullup(m, sizeof(struct ip))) {
		M_DROP(m, ips_toosmall);
		return 0;
	}
	if (m->m_data[0] >> 4 != 4) {
		M_DROP(m, ips_badvers);
		return 0;
	}
	hlen = (m->m_data[0] & 15) * 4u;
	if (hlen < sizeof(struct ip) || !m_pullup(m, hlen)) {
		M_DROP(m, ips_badhlen);
		return 0;
	}
	return hlen;
}

/* All that makes a header good but options, before anything is believed of it. Its length; 0: dropped. Not inlined: the short way needs the
 * registers. */
static __attribute__((noinline)) unsigned
ip_check_header(struct ifnet *ifp, struct mbuf *m)
{
	unsigned hlen = ip_header_slow(m), len;
	const struct ip *ip = (const struct ip *)m->m_data;

	if (hlen == 0)
		return 0;
	if (in_cksum(ip, hlen) != 0) {			/* RFC 1812 5.2.2 (2) */
		M_DROP(m, ips_badsum);
		return 0;
	}
	len = be16_host(ip->ip_len);
	if (len > m->m_pktlen) {			/* RFC 1812 5.2.2 (5) */
		M_DROP(m, ips_tooshort);
		return 0;
	}
	if (len < hlen) {
		M_DROP(m, ips_badlen);
		return 0;
	}
	if (len < m->m_pktlen)
		m_trim(m, len);				/* the link's padding */
	if (ip_special[(uint8_t)ip->ip_src] && ip_martian_src(ifp, ip)) {
		M_DROP(m, ips_badsrc);
		return 0;
	}
	if (ip_maybe_ours[ip_last_octets(ip->ip_src)] && ip_impossible_src(ifp, m, ip))
		return 0;
	return hlen;
}

static bool
ip_check(struct ifnet *ifp, struct mbuf *m)
{
	unsigned hlen = ip_check_header(ifp, m);

	if (hlen <= sizeof(struct ip))
		return hlen != 0;
	if (core_id() == 0)
		return ip_options_check(m, hlen);
	ip_to_core0(m);			/* bad ones are answered */
	return false;
}

/* Takes the link's padding from a packet in one mbuf, as a TCP ACK on an Ethernet. False: that is not what its length says. */
static inline bool
ip_unpad(struct mbuf *m, uint32_t len)
{
	if (len < sizeof(struct ip) || len > m->m_pktlen || m->m_next != NULL)
		return false;
	m->m_len = m->m_pktlen = len;
	return true;
}

/* What ip_check() finds good without a word, for the packet that has nothing odd: a shorter way to the same answer, but for
 * the addresses. */
static inline bool
ip_plain(struct mbuf *m)
{
	const struct ip *ip = (const struct ip *)m->m_data;

	if (m->m_len < sizeof(struct ip) || ip->ip_vhl != 0x45 || !ip_hdrsum_ok(ip))
		return false;
	return likely(be16_host(ip->ip_len) == m->m_pktlen) || ip_unpad(m, be16_host(ip->ip_len));
}

/* Addresses that need a second look. */
static inline bool
ip_odd_addrs(const struct ip *ip)
{
	return ip_special[(uint8_t)ip->ip_src] | ip_special[(uint8_t)ip->ip_dst] | ip_maybe_ours[ip_last_octets(ip->ip_src)];
}

/* RFC 1122 3.3.4.2: without forwarding a host takes only what came in where the address is. */
static bool
ip_strong_es(const struct ifnet *ifp, const struct rtentry *rt)
{
	return ip_forwarding || rt_ifp(rt) == ifp || (ifp->if_flags & IFF_LOOPBACK);
}

static inline struct rtentry *
ip_input_route(uintptr_t root, be32_t dst)
{
	struct rtentry *rt = fib_match4(root, dst);

	return rt != NULL ? rt : &ip_noroute;
}

/* Several cores may add at once, and one of them be lost. */
static inline void
rt_used(struct rtentry *rt, unsigned n)
{
	if (n > 0)
		rt->rt_use += n;
}

enum ip_where { IP_GONE, IP_HERE, IP_AWAY };	/* dropped and counted; for us; to be forwarded, m_rt is set */

/* Where any packet goes. */
static enum ip_where
ip_input_any(struct ifnet *ifp, struct mbuf *m)
{
	const struct ip *ip;
	struct rtentry *rt;

	if (!ip_plain(m) || ip_odd_addrs((const struct ip *)m->m_data)) {
		if (!ip_check(ifp, m))
			return IP_GONE;
		ip = (const struct ip *)m->m_data;
		if (ip_special[(uint8_t)ip->ip_dst])
			return ip_special_dst(ifp, m, ip) ? IP_HERE : IP_GONE;
	}
	ip = (const struct ip *)m->m_data;
	rt = ip_input_route(rtable_root(AF_IP4, ifp->if_rdomain), ip->ip_dst);
	if (rt->rt_flags & RTF_MPATH)
		rt = rt_path4(rt, ip->ip_src, ip->ip_dst);
	m->m_rt = rt;
	rt_used(rt, 1);
	if (!(rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST)))
		return IP_AWAY;
	if ((rt->rt_flags & RTF_BROADCAST) && rt_ifp(rt) != ifp && !(ifp->if_flags & IFF_LOOPBACK)) {
		ip_directed_broadcast(m, rt);
		return IP_GONE;
	}
	if (ip_strong_es(ifp, rt))
		return IP_HERE;
	M_DROP(m, ips_wrongif);
	return IP_GONE;
}

/* Packets from i on, up to and with the first that is to be forwarded; those before it that are for us are delivered. Returns the position
 * behind. */
static __rare_fn unsigned
ip_input_run(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	enum ip_where where = IP_GONE;
	struct batch local;

	local.b_n = 0;
	for (; i < end && where != IP_AWAY; i++) {
		struct mbuf *m = b->b_m[i];

		if ((where = ip_input_any(ifp, m)) != IP_GONE)
			batch_add(where == IP_HERE ? &local : b, m);
	}
	if (local.b_n > 0) {
		if (core_id() == 0)
			ip_deliver(ifp, &local);
		else
			handoff_batch(0, &handoff_ip_deliver, ifp->if_index, &local);
	}
	return i;
}

static void ip_input_odd(struct ifnet *, struct batch *, unsigned i, unsigned end);

/* Packets i to end - 1 of the batch; b_n are kept so far to be forwarded. Runs with the same addresses look at them once. */
static __inline_fn void
ip_input_from(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	uintptr_t root = rtable_root(AF_IP4, ifp->if_rdomain);
	struct rtentry *rt = &ip_noroute;
	uint64_t addrs = 0;				/* of the run, as they stand there; 0.0.0.0 is never looked up */
	struct mbuf *const *from = &b->b_m[i - b->b_n];	/* b_m[n] = from[n]: the loop keeps all that it looks at */
	unsigned n = b->b_n, stop = n + end - i, run = n;	/* [run, n) go by rt */

	for (; n < stop; n++) {
		struct mbuf *m = from[n];
		const struct ip *ip = (const struct ip *)m->m_data;

		if (unlikely(!ip_plain(m)))
			goto odd;
		if (load64(&ip->ip_src) != addrs) {
			if (unlikely(ip_odd_addrs(ip)))
				goto odd;
			if (ip->ip_dst != (be32_t)(addrs >> 32)) {
				rt_used(rt, n - run);
				run = n;
				rt = ip_input_route(root, ip->ip_dst);
			}
			addrs = load64(&ip->ip_src);
		}
		if (unlikely(rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST | RTF_MPATH)))
			goto odd;
		m->m_rt = rt;
		b->b_m[n] = m;
	}
	rt_used(rt, n - run);
	if ((b->b_n = n) > 0)
		ip_forward(b);
	return;
odd:
	rt_used(rt, n - run);
	b->b_n = n;
	ip_input_odd(ifp, b, batch_pos(b, &from[n]), end);
}

static __apart_fn void
ip_input_many(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	ip_input_from(ifp, b, i, end);
}

/* Packet i is not plainly one to be forwarded; then the rest. */
static __rare_fn void
ip_input_odd(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	i = ip_input_run(ifp, b, i, end);
	ip_input_many(ifp, b, i, end);
}

static __apart_fn void
ip_sort_passed(struct ifnet *ifp, struct batch *b)
{
	unsigned end = b->b_n;

	b->b_n = 0;
	if (end == 1)
		ip_input_from(ifp, b, 0, 1);
	else
		ip_input_many(ifp, b, 0, end);
}

/* The packet filter sees what is good. */
static __apart_fn void
ip_sort_pf(struct ifnet *ifp, struct batch *b)
{
	unsigned n = 0, end = b->b_n;

	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];

		if ((likely(ip_plain(m)) && likely(!ip_odd_addrs((const struct ip *)m->m_data))) || ip_check_header(ifp, m) != 0)
			b->b_m[n++] = m;
	}
	if ((b->b_n = n) > 0)
		pf_input(PF_INET, ifp, b);
	if (b->b_n > 0)
		ip_sort_passed(ifp, b);
}

static inline void
ip_sort(struct ifnet *ifp, struct batch *b)
{
	if (unlikely(pf_enabled))
		ip_sort_pf(ifp, b);
	else
		ip_sort_passed(ifp, b);
}
HANDOFF(ip_sort, ip_sort);

static inline void
ip_received(unsigned n)
{
	counter_add(ips_total, n);
}

void
ip_flow_passed(unsigned n)
{
	ip_received(n);
	ip_forwarded(n);
}

struct rtentry *
ip_flow_route(const struct ifnet *ifp, be32_t src, be32_t dst)
{
	struct rtentry *rt;

	if (ip_special[(uint8_t)src] | ip_special[(uint8_t)dst])
		return NULL;
	if (ip_maybe_ours[ip_last_octets(src)] && (rt = rtable_match(ifp->if_rdomain, src)) != NULL && (rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST)))
		return NULL;			/* ip_impossible_src() */
	rt = rtable_match(ifp->if_rdomain, dst);
	if (rt != NULL && (rt->rt_flags & RTF_MPATH))
		rt = rt_path4(rt, src, dst);
	return rt != NULL && RT_FORWARDS(rt) && rt->rt_ifidx != ifp->if_index ? rt : NULL;
}

void
ip_input(struct ifnet *ifp, struct batch *b)
{
	STAGE_ENTER(ip_input, b->b_n);
	ip_received(b->b_n);
	ip_sort(ifp, b);
}

void
ip_input_again(struct ifnet *ifp, struct batch *b)
{
	ip_sort(ifp, b);
}

/* What only core 0 can do with a packet that ip_input of another core has found good: there it is looked at anew. */
void
ip_to_core0(struct mbuf *m)
{
	handoff_packet(0, &handoff_ip_sort, m);
}
