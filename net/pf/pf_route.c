/* pf_route.c - packets that leave by the next hop that a rule says. */
#include <string.h>

#include "net/core/handoff.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_frag.h"
#include "net/inet/ip_var.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_route.h"
#include "net/pf/pf_src.h"
#include "net/route/route.h"

COUNTER(pfs_toobig, pf, 131, DROP, "packet%s too big for the way that a rule says");
COUNTER(pfs_dup, pf, 133, CREATED, "packet%s sent twice");
COUNTER(pfs_dupnombuf, pf, 134, INFO, "packet%s not sent twice for want of an mbuf");
COUNTER(pfs_dupttl, pf, 135, INFO, "packet%s not sent twice because their time to live was over");

/* ---- the next hop ---- */

/* The one that the source keeps, or any. */
static bool
pool_address(const struct pf_krule *kr, const struct pf_pdesc *pd, struct in6_addr *a)
{
	const struct pf_src *ss;

	if (unlikely(kr->kr_rule->r_route.pp_sticky) && (ss = pf_src_find(pd->pd_af, &pd->pd_ksrc, PF_SRC_ROUTE, kr->kr_rule->r_id)) != NULL) {
		*a = ss->ss_kept;
		return true;
	}
	return pf_pool_address(kr, PF_KPOOL_ROUTE, pd, a);
}

bool
pf_route_gateway(const struct pf_krule *kr, const struct pf_pdesc *pd, struct in6_addr *a)
{
	const struct pf_addr *pa = &kr->kr_rule->r_route.pp_addr;
	const struct ifnet *zone = pd->pd_ifp;
	struct in6_addr to;

	if (pa->pa_zone != NULL)
		zone = ifunit(pa->pa_zone);
	if (zone == NULL || !pool_address(kr, pd, &to))
		return false;
	*a = pd->pd_af == PF_INET ? to : in6_embed(&to, zone->if_index);
	return true;
}

struct rtentry *
pf_route_find(unsigned af, unsigned rdomain, const struct in6_addr *gw)
{
	struct rtentry *rt = af == PF_INET ? rtable_own(rdomain, gw->s6_addr32[0]) : rtable_own6(rdomain, gw);

	if (rt == NULL || !(rt->rt_flags & RTF_UP) || (rt->rt_flags & RTF_SPECIAL & ~(unsigned)RTF_CLONING))
		return NULL;
	return rt->rt_flags & RTF_CLONING || __atomic_load_n(&rt->rt_nh, __ATOMIC_RELAXED) != NULL ? rt : NULL;
}

/* A neighbour that nobody has sent to yet is core 0's matter: WAY_CORE0. */
enum way { WAY_FOUND, WAY_NONE, WAY_CORE0 };

static enum way
find_way(unsigned af, const struct mbuf *m, struct rtentry **rtp)
{
	struct rtentry *rt = pf_route_find(af, m->m_rdomain, &m->m_route);

	if (rt != NULL && (rt->rt_flags & RTF_CLONING)) {
		if (core_id() != 0)
			return WAY_CORE0;
		rt = af == PF_INET ? rt_clone(rt, m->m_route.s6_addr32[0]) : rt_clone6(rt, &m->m_route);
	}
	*rtp = rt;
	return rt != NULL && rt->rt_nh != NULL ? WAY_FOUND : WAY_NONE;
}

/* ---- inwards ---- */

bool
pf_route_in(unsigned af, struct mbuf *m)
{
	switch (find_way(af, m, &m->m_rt)) {
	case WAY_FOUND:
		return true;
	case WAY_CORE0:
		(af == PF_INET ? ip_to_core0 : ip6_to_core0)(m);
		return false;
	default:
		pf_drop(m, PFR_NOROUTE);
		return false;
	}
}

/* ---- outwards ---- */

static void send_again(struct ifnet *, struct batch *);
static void send_dup_again(struct ifnet *, struct batch *);
HANDOFF(pf_route, send_again);
HANDOFF(pf_dup, send_dup_again);

/* What is sent twice is not answered. */
static void
too_big(struct mbuf *m, bool six, uint32_t mtu, bool dup)
{
	if (!dup && six)
		icmp6_error(m, ICMP6_TOOBIG, 0, mtu);
	else if (!dup)
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, (uint16_t)MIN(mtu, 65535u), 0);
	M_DROP(m, pfs_toobig);
}

/* Longer than this it goes in pieces, or not at all. */
static uint32_t
whole(const struct mbuf *m, bool six, uint32_t mtu)
{
	return six && (m->m_flags & M_REFRAG) ? MIN(mtu, (uint32_t)IP6_MINMTU) : mtu;
}

/* It may go in pieces: IPv4's but with DF, and IPv6's that came in some, but with what must stand before the fragment header. */
static bool
may_cut(const struct mbuf *m, bool six)
{
	uint8_t next = ((const struct ip6_hdr *)m->m_data)->ip6_nxt;

	if (six)
		return (m->m_flags & M_REFRAG) && next != IPPROTO_HOPOPTS_ && next != IPPROTO_ROUTING_;
	return !(((const struct ip *)m->m_data)->ip_off & BE16(IP_DF));
}

static void
send_along(struct mbuf *m, bool dup)
{
	bool six = m->m_data[0] >> 4 == 6;
	struct rtentry *rt = NULL;
	struct batch one;
	enum way way;
	uint32_t mtu;
	bool big;

	if ((way = find_way(six ? PF_INET6 : PF_INET, m, &rt)) == WAY_NONE) {
		pf_drop(m, PFR_NOROUTE);
		return;
	}
	mtu = way == WAY_FOUND ? rt_pathmtu(rt) : 0;
	big = m->m_pktlen > mtu && !may_cut(m, six);
	if (way == WAY_CORE0 || (big && core_id() != 0)) {
		handoff_packet(0, dup ? &handoff_pf_dup : &handoff_pf_route, m);
		return;
	}
	if (big) {
		too_big(m, six, mtu, dup);
		return;
	}
	m->m_flags |= M_PF_OUT;
	m->m_nh = rt->rt_nh;
	one.b_n = 1;
	one.b_m[0] = m;
	if (m->m_pktlen > whole(m, six, mtu) && may_cut(m, six))
		(six ? ip6_fragment : ip_fragment)(m, whole(m, six, mtu));
	else
		(six ? ip6_output : ip_output)(&one);
}

static void
send_again(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		send_along(b->b_m[i], false);
}

static void
send_dup_again(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		send_along(b->b_m[i], true);
}

void
pf_route_out(struct mbuf *m)
{
	send_along(m, false);
}

/* ---- which packets ---- */

static void
mark(struct mbuf *m, const struct pf_pdesc *pd, const struct in6_addr *gateway)
{
	m->m_route = *gateway;
	m->m_rdomain = pd->pd_ifp->if_rdomain;
}

/* What is sent on from the way in has made a hop (RFC 1812 5.3.1), so that nothing runs in circles; on the way out it has made it already. The time to
 * live is known to be two or more. */
static void
make_hop(struct mbuf *m, unsigned af)
{
	struct ip *ip = (struct ip *)m->m_data;
	uint32_t sum;

	if (af == PF_INET6) {
		((struct ip6_hdr *)ip)->ip6_hlim--;
		return;
	}
	sum = ip->ip_sum + 1u;			/* RFC 1624; the time to live is the first octet of its word */
	ip->ip_ttl--;
	ip->ip_sum = (uint16_t)(sum + (sum >> 16));
}

static bool
is_at_end(const struct pf_pdesc *pd)
{
	const uint8_t *h = pd->pd_m->m_data;

	return (pd->pd_af == PF_INET ? ((const struct ip *)h)->ip_ttl : ((const struct ip6_hdr *)h)->ip6_hlim) <= 1;
}

static void
send_twice(const struct pf_pdesc *pd, const struct in6_addr *gateway)
{
	bool in = pd->pd_dir == PF_IN;
	struct mbuf *m;

	if (in && is_at_end(pd)) {
		counter_inc(pfs_dupttl);
		return;
	}
	if ((m = m_copy(pd->pd_m)) == NULL) {
		counter_inc(pfs_dupnombuf);
		return;
	}
	counter_inc(pfs_dup);
	if (in)
		make_hop(m, pd->pd_af);
	m->m_flags &= M_REFRAG;
	mark(m, pd, gateway);
	send_along(m, true);
}

static bool
stays(const struct pf_pdesc *pd)
{
	const struct in6_addr *src = &pd->pd_src, *dst = &pd->pd_dst;

	if (pd->pd_m->m_flags & (M_BCAST | M_MCAST))
		return true;
	if (pd->pd_af == PF_INET)
		return ip4_is_multicast(dst->s6_addr32[0]) || dst->s6_addr32[0] == IP4_BROADCAST;
	return IN6_IS_ADDR_MULTICAST(dst) || IN6_IS_ADDR_LINKLOCAL(src) || IN6_IS_ADDR_LINKLOCAL(dst);
}

/* pf.conf(5): packets of the rule's direction, and with reply-to those of the other. */
static inline bool
applies(unsigned rt, bool forth)
{
	return rt != PF_RT_NONE && (rt == PF_RT_REPLYTO) != forth;
}

bool
pf_route_apply(const struct pf_pdesc *pd, unsigned rt, const struct in6_addr *gateway, bool forth)
{
	if (!applies(rt, forth) || stays(pd))
		return false;
	if (rt == PF_RT_DUPTO) {
		send_twice(pd, gateway);
		return false;
	}
	mark(pd->pd_m, pd, gateway);
	return true;
}

bool
pf_route_redirects(const struct pf_state *s, const struct pf_pdesc *pd, struct in6_addr *to)
{
	const struct pf_acts *ac = &pf_ext(s)->se_acts;
	bool forth = pd->pd_dir == s->s_dir;

	if (!ac->ac_redirects || pd->pd_dir != PF_OUT || !s->s_translated || (ac->ac_rt != PF_RT_DUPTO && applies(ac->ac_rt, forth)))
		return false;
	*to = s->s_sk[forth].sk_key.k_addr[0];
	if (pd->pd_af == PF_INET6)
		*to = in6_embed(to, pd->pd_ifp->if_index);
	return true;
}

struct rtentry *
pf_route_flow(const struct pf_state *s, unsigned dir, const struct ifnet *ifp, struct rtentry *rt)
{
	const struct pf_state_ext *e = pf_ext(s);

	if (e == NULL || !applies(e->se_acts.ac_rt, dir == s->s_dir))
		return rt;
	if (e->se_acts.ac_rt == PF_RT_DUPTO)
		return NULL;
	rt = pf_route_find(s->s_sk[0].sk_key.k_af, ifp->if_rdomain, &e->se_gateway);
	return rt != NULL && RT_FORWARDS(rt) && (dir == PF_OUT || rt->rt_ifidx != ifp->if_index) ? rt : NULL;
}

/* ---- too big, before it is translated ---- */

static void refuse_again(struct ifnet *, struct batch *);
HANDOFF(pf_refuse, refuse_again);

/* Core 0. */
static void
refuse(struct mbuf *m)
{
	bool six = m->m_data[0] >> 4 == 6;
	const struct rtentry *rt = pf_route_find(six ? PF_INET6 : PF_INET, m->m_rdomain, &m->m_route);

	if (rt == NULL)
		pf_drop(m, PFR_NOROUTE);
	else
		too_big(m, six, rt_pathmtu(rt), false);
}

static void
refuse_again(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		refuse(b->b_m[i]);
}

bool
pf_route_fits(const struct pf_pdesc *pd, unsigned rt, const struct in6_addr *gateway, bool forth)
{
	struct mbuf *m = pd->pd_m;
	const struct rtentry *way;

	if (pd->pd_dir == PF_IN || rt == PF_RT_DUPTO || !applies(rt, forth) || stays(pd) || may_cut(m, pd->pd_af == PF_INET6))
		return true;
	way = pf_route_find(pd->pd_af, pd->pd_ifp->if_rdomain, gateway);
	if (way == NULL || m->m_pktlen <= rt_pathmtu(way))
		return true;
	mark(m, pd, gateway);
	if (core_id() == 0)
		refuse(m);
	else
		handoff_packet(0, &handoff_pf_refuse, m);
	return false;
}
