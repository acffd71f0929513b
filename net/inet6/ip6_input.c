/* ip6_input.c - IPv6 in: the header is checked here, once (RFC 8200 3, RFC 4291 2); then who it is for. */
#include "net/core/flow.h"
#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"
#include "net/route/route.h"

STAGE(ip6_input);
HANDOFF(ip6_deliver, ip6_deliver);
COUNTER_GROUP(ip6, 50);
COUNTER(ip6s_total, ip6, 10, INFO, "total packet%s received");
COUNTER(ip6s_toosmall, ip6, 20, DROP, "packet%s with size smaller than minimum");
COUNTER(ip6s_tooshort, ip6, 30, DROP, "packet%s with data size < data length");
COUNTER(ip6s_badvers, ip6, 50, DROP, "packet%s with incorrect version number");
COUNTER(ip6s_badsrc, ip6, 60, DROP, "packet%s with a source address that cannot be");
COUNTER(ip6s_baddst, ip6, 61, DROP, "packet%s with a destination address that cannot be");
COUNTER(ip6s_badscope, ip6, 62, DROP, "packet%s that violated scope rules");
COUNTER(ip6s_strayzone, ip6, 66, DROP, "packet%s with a link-local address that is none");
COUNTER(ip6s_mcscope, ip6, 64, DROP, "multicast packet%s whose scope does not leave a node");
COUNTER(ip6s_oursrc, ip6, 65, DROP, "packet%s from a wire with a source address of ours");
COUNTER(ip6s_wrongif, ip6, 63, DROP, "packet%s received on wrong interface");

/* By the first octet: addresses that never simply pass. 00: unspecified, loopback, IPv4 in IPv6; fe: link-local; ff: multicast. */
#define SPECIAL	1
static const uint8_t ip6_special[256] = { [0x00] = SPECIAL, [0xfe] = SPECIAL, [0xff] = SPECIAL };

/* How many addresses of ours have these bits: a source without any is not ours. */
#define OURS	4096u		/* a power of two */
static uint16_t ip6_maybe_ours[OURS];

static inline unsigned
ip6_ours_index(const struct in6_addr *a)
{
	return (a->s6_addr16[7] ^ a->s6_addr16[6] ^ a->s6_addr16[3] ^ a->s6_addr16[1]) / 4 % OURS;
}

static void
ip6_addr_added(struct in6_ifaddr *ia)
{
	struct in6_addr a = in6_unembed(&ia->ia_addr);

	ip6_maybe_ours[ip6_ours_index(&a)]++;
	flow_changed(&if_generation);
}

static void
ip6_addr_going(struct in6_ifaddr *ia)
{
	struct in6_addr a = in6_unembed(&ia->ia_addr);

	ip6_maybe_ours[ip6_ours_index(&a)]--;
	flow_changed(&if_generation);
}
static const struct in6_watch ip6_input_watch = { .iw_addr_added = ip6_addr_added, .iw_addr_going = ip6_addr_going };
IN6_WATCH(ip6_input_watch);

/* Addresses that stand on no wire. RFC 4291 2.5.3 (loopback), 2.5.5.2 (IPv4-mapped; RFC 6890 table 20). */
static bool
ip6_never_on_wire(const struct ifnet *ifp, const struct in6_addr *a)
{
	return (IN6_IS_ADDR_LOOPBACK(a) && !(ifp->if_flags & IFF_LOOPBACK)) || IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a);
}

/* Multicast scopes that do not arrive: 0 is reserved, 1 stays inside a node (RFC 4291 2.7). */
static bool
ip6_mcast_scope_bad(const struct ifnet *ifp, const struct in6_addr *a)
{
	unsigned scope = a->s6_addr[1] & 0x0f;

	return scope == 0 || (scope == 1 && !(ifp->if_flags & IFF_LOOPBACK));
}

/* From a wire, with a source that is ours: a forgery, or a loop. But who claims our address tells all nodes so (RFC 4862 5.4.4). */
static bool
ip6_forged_src(const struct ifnet *ifp, const struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const struct ifnet *from = if_get(m->m_ifidx);		/* lo0, where ifp is the zone of what we have sent ourselves */
	struct in6_addr src = in6_embed(&ip6->ip6_src, ifp->if_index);
	const struct rtentry *rt;

	if (ip6_maybe_ours[ip6_ours_index(&ip6->ip6_src)] == 0 || from == NULL || (from->if_flags & IFF_LOOPBACK) ||
	    (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst) && ip6->ip6_nxt == IPPROTO_ICMPV6_ && ip6->ip6_hlim == 255))
		return false;
	rt = rtable_match6(ifp->if_rdomain, &src);
	return rt != NULL && (rt->rt_flags & RTF_LOCAL);
}

/* False: dropped. */
static bool
ip6_check_addrs(const struct ifnet *ifp, struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;

	if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_src) || ip6_never_on_wire(ifp, &ip6->ip6_src))	/* RFC 4291 2.7 */
		M_DROP(m, ip6s_badsrc);
	else if (IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_dst) || ip6_never_on_wire(ifp, &ip6->ip6_dst))	/* RFC 4291 2.5.2 */
		M_DROP(m, ip6s_baddst);
	else if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst) && ip6_mcast_scope_bad(ifp, &ip6->ip6_dst))
		M_DROP(m, ip6s_mcscope);
	else if (in6_has_stray_zone(&ip6->ip6_src) || in6_has_stray_zone(&ip6->ip6_dst))
		M_DROP(m, ip6s_strayzone);
	else if (ip6_forged_src(ifp, m))
		M_DROP(m, ip6s_oursrc);
	else
		return true;
	return false;
}

/* All that makes a header good, before anything is believed of it. False: dropped. */
static bool
ip6_check(struct ifnet *ifp, struct mbuf *m)
{
	const struct ip6_hdr *ip6;
	uint32_t len;

	if (!m_pullup(m, sizeof(*ip6))) {
		M_DROP(m, ip6s_toosmall);
		return false;
	}
	ip6 = (const struct ip6_hdr *)m->m_data;
	if (m->m_data[0] >> 4 != 6) {				/* RFC 8200 3 */
		M_DROP(m, ip6s_badvers);
		return false;
	}
	len = (uint32_t)sizeof(*ip6) + be16_host(ip6->ip6_plen);	/* with hop-by-hop options 0 is refused by ip6_ext.c, which sees why */
	if (len > m->m_pktlen) {
		M_DROP(m, ip6s_tooshort);
		return false;
	}
	if (len < m->m_pktlen && !(ip6->ip6_plen == 0 && ip6->ip6_nxt == IPPROTO_HOPOPTS_))
		m_trim(m, len);					/* the link's padding */
	return ip6_check_addrs(ifp, m) && (ip6->ip6_nxt != IPPROTO_HOPOPTS_ || ip6_hopopts_ok(m));
}

/* What ip6_check() finds good without a word, for the packet that has nothing odd: a shorter way to the same answer. Neither address is a
 * special one then, and the source is not ours. */
static inline bool
ip6_plain(const struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;

	return m->m_len >= sizeof(*ip6) && (m->m_data[0] & 0xf0) == 0x60 &&
	    be16_host(ip6->ip6_plen) + (uint32_t)sizeof(*ip6) == m->m_pktlen && ip6->ip6_nxt != IPPROTO_HOPOPTS_ &&
	    (ip6_special[ip6->ip6_src.s6_addr[0]] | ip6_special[ip6->ip6_dst.s6_addr[0]] |
	    ip6_maybe_ours[ip6_ours_index(&ip6->ip6_src)]) == 0;
}

static inline bool
ip6_is_special(const struct ip6_hdr *ip6)
{
	return (ip6_special[ip6->ip6_src.s6_addr[0]] | ip6_special[ip6->ip6_dst.s6_addr[0]]) != 0;
}

/* RFC 1122 3.3.4.2, which IPv6 leaves to us: without forwarding a host takes only what came in where the address is. */
static bool
ip6_strong_es(const struct ifnet *ifp, const struct rtentry *rt)
{
	return ip6_forwarding || rt_ifp(rt) == ifp || (ifp->if_flags & IFF_LOOPBACK);
}

static bool
ip6_ours(const struct ifnet *ifp, struct mbuf *m, const struct rtentry *rt)
{
	if (ip6_strong_es(ifp, rt))
		return true;
	M_DROP(m, ip6s_wrongif);
	return false;
}

/* A special address in a packet that is not for us: what has link scope stays on its link (RFC 4291 2.5.6, RFC 4007 9), and who has no address
 * speaks to us only (RFC 4291 2.5.2). True: it may pass. */
static bool
ip6_may_pass(struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;

	if (!IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_src) && !IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_dst) &&
	    !IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src))
		return true;
	if (core_id() != 0) {
		ip6_to_core0(m);
		return false;
	}
	if (!IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_dst) && ip6_forwarding)
		icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_SCOPE, 0);	/* RFC 4443 3.1; :: gets none */
	M_DROP(m, ip6s_badscope);
	return false;
}

static inline struct rtentry *
ip6_route(const struct ifnet *ifp, const struct in6_addr *dst)
{
	struct rtentry *rt;
	struct in6_addr a;

	if (unlikely(IN6_IS_ADDR_LINKLOCAL(dst))) {
		a = in6_embed(dst, ifp->if_index);
		rt = rtable_match6(ifp->if_rdomain, &a);
	} else
		rt = rtable_match6(ifp->if_rdomain, dst);
	return likely(rt != NULL) ? rt : &ip6_noroute;
}

/* It is for us; or one of several ways is taken, which is used instead. True: that. */
static __rare_fn bool
ip6_sort_odd(struct ifnet *ifp, struct mbuf *m, struct batch *local)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	struct rtentry *rt = m->m_rt;

	if (rt->rt_flags & RTF_LOCAL) {
		if (ip6_ours(ifp, m, rt))
			batch_add(local, m);
		return false;
	}
	m->m_rt = rt_path6(rt, &ip6->ip6_src, &ip6->ip6_dst);
	rt->rt_use--;			/* the caller counts it as the one that is used */
	m->m_rt->rt_use++;
	return true;
}

/* Runs of packets with the same destination look it up once. What is to be forwarded stays in b, what is for us goes to `local`. */
static void
ip6_sort_passed(struct ifnet *ifp, struct batch *b)
{
	struct rtentry *rt = &ip6_noroute;
	uint64_t dst[2] = { 0, 0 };			/* :: is never looked up */
	unsigned n = 0, end = b->b_n;
	uint64_t uses = 0;		/* of rt; several cores may add to it at once, and one of them be lost */
	struct batch local;

	local.b_n = 0;
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
		bool special = false;

		if (unlikely(!ip6_plain(m))) {
			if (!ip6_check(ifp, m))
				continue;
			ip6 = (const struct ip6_hdr *)m->m_data;
			special = ip6_is_special(ip6);
			if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst)) {
				batch_add(&local, m);
				continue;
			}
		}
		if (load64(&ip6->ip6_dst) != dst[0] || load64(&ip6->ip6_dst.s6_addr[8]) != dst[1]) {
			dst[0] = load64(&ip6->ip6_dst);
			dst[1] = load64(&ip6->ip6_dst.s6_addr[8]);
			rt->rt_use += uses;
			uses = 0;
			rt = ip6_route(ifp, &ip6->ip6_dst);
		}
		uses++;
		m->m_rt = rt;
		if (unlikely(rt->rt_flags & (RTF_LOCAL | RTF_MPATH)) && !ip6_sort_odd(ifp, m, &local))
			continue;
		if (unlikely(special) && !ip6_may_pass(m))
			continue;
		b->b_m[n++] = m;
	}
	rt->rt_use += uses;
	if (local.b_n > 0) {
		if (core_id() == 0)
			ip6_deliver(ifp, &local);
		else
			handoff_batch(0, &handoff_ip6_deliver, ifp->if_index, &local);
	}
	if ((b->b_n = n) > 0)
		ip6_forward(b);
}
/* The packet filter sees what is good. What we have sent ourselves came in by lo0, whatever zone it is looked up in. */
static __apart_fn void
ip6_sort_pf(struct ifnet *ifp, struct batch *b)
{
	struct ifnet *from = if_get(b->b_m[0]->m_ifidx);
	unsigned n = 0, end = b->b_n;

	for (unsigned i = 0; i < end; i++)
		if (likely(ip6_plain(b->b_m[i])) || ip6_check(ifp, b->b_m[i]))
			b->b_m[n++] = b->b_m[i];
	if ((b->b_n = n) > 0)
		pf_input(PF_INET6, from != NULL ? from : ifp, b);
	if (b->b_n > 0)
		ip6_sort_passed(ifp, b);
}

static inline void
ip6_sort(struct ifnet *ifp, struct batch *b)
{
	if (unlikely(pf_enabled))
		ip6_sort_pf(ifp, b);
	else
		ip6_sort_passed(ifp, b);
}
HANDOFF(ip6_sort, ip6_sort);

static inline void
ip6_received(unsigned n)
{
	counter_add(ip6s_total, n);
}

void
ip6_flow_passed(unsigned n)
{
	ip6_received(n);
	ip6_forwarded(n);
}

struct rtentry *
ip6_flow_route(const struct ifnet *ifp, const struct in6_addr *src, const struct in6_addr *dst)
{
	struct rtentry *rt;

	if (ip6_special[src->s6_addr[0]] | ip6_special[dst->s6_addr[0]])
		return NULL;
	if (ip6_maybe_ours[ip6_ours_index(src)] && (rt = rtable_match6(ifp->if_rdomain, src)) != NULL && (rt->rt_flags & RTF_LOCAL))
		return NULL;			/* ip6_forged_src() */
	rt = rtable_match6(ifp->if_rdomain, dst);
	if (rt != NULL && (rt->rt_flags & RTF_MPATH))
		rt = rt_path6(rt, src, dst);
	return rt != NULL && RT_FORWARDS(rt) && rt->rt_ifidx != ifp->if_index ? rt : NULL;
}

void
ip6_input(struct ifnet *ifp, struct batch *b)
{
	STAGE_ENTER(ip6_input, b->b_n);
	ip6_received(b->b_n);
	ip6_sort(ifp, b);
}

void
ip6_input_again(struct ifnet *ifp, struct batch *b)
{
	ip6_sort(ifp, b);
}

/* What only core 0 can do with a packet that ip6_input of another core has found good: there it is looked at anew. */
void
ip6_to_core0(struct mbuf *m)
{
	handoff_packet(0, &handoff_ip6_sort, m);
}
