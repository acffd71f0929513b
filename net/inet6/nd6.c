/* nd6.c - neighbours: asking for link addresses, and how long an answer is good (RFC 4861 7.3). */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

#define ND_SECOND	1000000000ull
#define ND_IDLE_SEC	20		/* an entry that nobody has asked for stays so long */
#define ND_GC_SEC	86400		/* a stale one that nobody uses */
#define ND_LOOK_MS	1000		/* how often is looked whether a stale one is used */

COUNTER_GROUP(nd6, 61);
COUNTER(nd6s_nssent, nd6, 100, CREATED, "neighbor solicitation%s sent");
COUNTER(nd6s_timeout, nd6, 205, INFO, "neighbour%s that did not answer");
COUNTER(nd6s_hostdown, nd6, 220, DROP, "packet%s dropped because the neighbour is down");
COUNTER(nd6s_outdown, nd6, 260, DROP, "packet%s dropped because the interface is down");
COUNTER(nd6s_outnond, nd6, 270, DROP, "packet%s to an unknown neighbour where neighbour discovery must not ask");
COUNTER(nd6s_full, nd6, 150, INFO, "entr%y not made for want of memory");
COUNTER(nd6s_created, nd6, 140, INFO, "entr%y made by a solicitation");

static int nd6_delay = 5;		/* DELAY_FIRST_PROBE_TIME; the names are OpenBSD's */
SYSCTL_INT(net_inet6_icmp6_nd6_delay, "net.inet6.icmp6.nd6_delay", &nd6_delay, 5, 1, 3600);
static int nd6_umaxtries = 3;		/* MAX_UNICAST_SOLICIT */
SYSCTL_INT(net_inet6_icmp6_nd6_umaxtries, "net.inet6.icmp6.nd6_umaxtries", &nd6_umaxtries, 3, 1, 100);
static int nd6_mmaxtries = 3;		/* MAX_MULTICAST_SOLICIT */
SYSCTL_INT(net_inet6_icmp6_nd6_mmaxtries, "net.inet6.icmp6.nd6_mmaxtries", &nd6_mmaxtries, 3, 1, 100);
static int nd6_gctimer = ND_GC_SEC;
SYSCTL_INT(net_inet6_icmp6_nd6_gctimer, "net.inet6.icmp6.nd6_gctimer", &nd6_gctimer, ND_GC_SEC, 1, 1000000);
static int nd6_down = ND_IDLE_SEC;	/* a neighbour that is down is known as such so long without demand */
SYSCTL_INT(net_inet6_icmp6_nd6_down, "net.inet6.icmp6.nd6_down", &nd6_down, ND_IDLE_SEC, 1, 86400);

/* ---- asking ---- */

/* Asks all who have the solicited-node group (RFC 4861 7.2.2), or (unicast) the last known link address: a probe (7.3.3). */
static void
nd6_solicit(struct nexthop *nh, bool unicast)
{
	struct ifnet *ifp = nh->nh_ifp;
	const struct in6_ifaddr *ia = in6_ifa_facing(ifp, &nh->nh_addr6);
	struct { struct nd_neighbor ns; struct nd_opt_lladdr opt; } msg = {
		.ns = { .nd_type = ICMP6_NS, .nd_target = nh->nh_addr6 },
		.opt = { ND_OPT_SLLA, 1, { 0 } },
	};
	struct in6_addr src, dst = unicast ? nh->nh_addr6 : in6_solicited_node(&nh->nh_addr6);

	nh->nh_probed = uptime_ns();
	if (ia == NULL)
		return;
	src = in6_unembed(&ia->ia_addr);
	memcpy(msg.opt.ndo_lladdr, ifp->if_lladdr, ETHER_ADDR_LEN);
	if (nd6_transmit(ifp, &(struct nd_send){ .ns_src = &src, .ns_dst = &dst, .ns_lladdr = unicast ? nexthop_lladdr(nh) : NULL,
	    .ns_msg = &msg, .ns_len = sizeof(msg) }))
		counter_inc(nd6s_nssent);
}

/* ---- the state machine (RFC 4861 7.3.2) ----
 *
 *	state		a packet comes			its timer				the neighbour speaks
 *	INCOMPLETE	waits; ask; PROBING		after 20 s: forgotten			REACHABLE, STALE
 *	PROBING		waits				each s: ask; after 3: refuse all, DOWN	REACHABLE, STALE
 *	REACHABLE	goes				reachable time over: STALE		REACHABLE; STALE
 *	STALE		goes				each s: was it used? DELAY. A day: gone	REACHABLE; STALE
 *	DELAY		goes				5 s: ask by unicast; PROBE		REACHABLE; STALE
 *	PROBE		goes				each s: ask; after 3: see nd6_lost	REACHABLE; STALE
 *	DOWN		refused; ask, once a second	20 s without demand: forgotten		REACHABLE, STALE
 *
 * PROBING is the RFC's INCOMPLETE. Goes: ether_output, on any core; it only leaves a mark (nh_used), so a stale entry's use is seen up to a
 * second late. Forgotten: the host route goes, and the entry with it; an entry that a gateway route uses stays, INCOMPLETE. */

static void nd6_timer(void *);

static void
nd6_nexthop_init(struct nexthop *nh)
{
	timeout_set(&nh->nh_timer, nd6_timer, nh);
	timeout_add_sec(&nh->nh_timer, ND_IDLE_SEC);
}

static void
nd6_nexthop_destroy(struct nexthop *nh)
{
	if (nh->nh_timer.to_func != NULL)
		timeout_del(&nh->nh_timer);
	nd6_hold_purge(nh);
}

static void
nd6_ask(struct nexthop *nh)
{
	nh->nh_valid = false;
	nh->nh_state = NH_PROBING;
	nh->nh_tries = 1;
	timeout_add_msec(&nh->nh_timer, nd6_retrans_ms(nh->nh_ifp));
	nd6_solicit(nh, false);
}

void
nd6_probe_new(struct nexthop *nh)
{
	if (nh->nh_state == NH_INCOMPLETE && !(nh->nh_ifp->if_flags & (IFF_NOARP | IFF_STATICARP)))
		nd6_ask(nh);
}

static void
nd6_next_try(struct nexthop *nh)
{
	if (nh->nh_tries < nd6_mmaxtries) {
		nh->nh_tries++;
		timeout_add_msec(&nh->nh_timer, nd6_retrans_ms(nh->nh_ifp));
		nd6_solicit(nh, false);
		return;
	}
	counter_inc(nd6s_timeout);
	nh->nh_state = NH_DOWN;
	nh->nh_used = false;
	timeout_add_sec(&nh->nh_timer, (uint64_t)nd6_down);
	rt_gateway_down(nh);
	nd6_hold_refuse(nh);
}

/* It does not answer any more. RFC 4861 7.3.3: the entry is deleted; with demand the question begins anew. */
static void
nd6_lost(struct nexthop *nh)
{
	if (nh->nh_used)
		nd6_ask(nh);
	else
		nd6_forget(nh);
}

static void
nd6_probe(struct nexthop *nh)
{
	if (nh->nh_tries >= nd6_umaxtries) {
		nd6_lost(nh);
		return;
	}
	nh->nh_tries++;
	timeout_add_msec(&nh->nh_timer, nd6_retrans_ms(nh->nh_ifp));
	nd6_solicit(nh, true);
}

static void
nd6_look(struct nexthop *nh)
{
	if (nh->nh_used) {
		nh->nh_state = NH_DELAY;
		timeout_add_sec(&nh->nh_timer, (uint64_t)nd6_delay);
	} else if (uptime_ns() >= nh->nh_expire)
		nd6_forget(nh);
	else
		timeout_add_msec(&nh->nh_timer, ND_LOOK_MS);
}

static void
nd6_timer(void *arg)
{
	struct nexthop *nh = arg;

	switch (nh->nh_state) {
	case NH_PROBING:
		nd6_next_try(nh);
		break;
	case NH_REACHABLE:
		nd6_stale(nh);
		break;
	case NH_STALE:
		nd6_look(nh);
		break;
	case NH_DELAY:
		nh->nh_state = NH_PROBE;
		nh->nh_tries = 0;
		nh->nh_used = false;		/* used from now on: it is wanted, even if it does not answer */
		/* FALLTHROUGH */
	case NH_PROBE:
		nd6_probe(nh);
		break;
	case NH_DOWN:
		if (nh->nh_used) {
			nh->nh_used = false;
			timeout_add_sec(&nh->nh_timer, (uint64_t)nd6_down);
			break;
		}
		/* FALLTHROUGH */
	default:
		nd6_forget(nh);
		break;
	}
}

void
nd6_stale(struct nexthop *nh)
{
	if (nh->nh_flags & NHF_STATIC)
		return;
	nh->nh_state = NH_STALE;
	nh->nh_used = false;			/* used from now on counts */
	nh->nh_expire = uptime_ns() + (uint64_t)nd6_gctimer * ND_SECOND;
	timeout_add_msec(&nh->nh_timer, ND_LOOK_MS);
}

void
nd6_confirm(struct nexthop *nh)
{
	uint64_t ms = nd6_reachable_ms(nh->nh_ifp);

	if (nh->nh_flags & NHF_STATIC)
		return;
	nh->nh_state = NH_REACHABLE;
	nh->nh_expire = uptime_ns() + ms * 1000000;
	timeout_add_msec(&nh->nh_timer, ms);
}

void
nd6_learn(struct nexthop *nh, const uint8_t *lladdr, bool confirmed)
{
	bool waiting = nh->nh_hold != NULL;

	OWNER(0);
	nh->nh_tries = 0;
	if (nh->nh_flags & NHF_STATIC) {
		nh->nh_expire = 0;
		timeout_del(&nh->nh_timer);
	}
	nexthop_set_lladdr(nh, lladdr);
	if (confirmed)
		nd6_confirm(nh);
	else {
		nd6_stale(nh);
		nh->nh_used = waiting;		/* what went just now */
	}
}

uint64_t
nd6_expires(const struct nexthop *nh)
{
	return nh->nh_state == NH_REACHABLE || nh->nh_state == NH_STALE ? nh->nh_expire : 0;
}

static void
nd6_resolve(struct nexthop *nh, struct mbuf *m)
{
	struct ifnet *ifp = nh->nh_ifp;

	nh->nh_used = true;
	if (!nexthop_if_usable(ifp) || NH_RESOLVED(nh)) {
		M_DROP(m, nd6s_outdown);
		return;
	}
	if (ifp->if_flags & (IFF_NOARP | IFF_STATICARP)) {
		M_DROP(m, nd6s_outnond);
		return;
	}
	if (nh->nh_state == NH_DOWN) {
		if (uptime_ns() - nh->nh_probed >= ND_SECOND)
			nd6_solicit(nh, false);
		icmp6_error(m, ICMP6_UNREACH, ICMP6_UNREACH_ADDR, 0);
		M_DROP(m, nd6s_hostdown);
		return;
	}
	nd6_hold(nh, m);
	if (nh->nh_state == NH_INCOMPLETE)
		nd6_ask(nh);
}

static const struct nexthop_ops nd6_nexthop_ops = {
	.no_init = nd6_nexthop_init,
	.no_destroy = nd6_nexthop_destroy,
	.no_resolve = nd6_resolve,
	.no_release = nd6_release,
	.no_forget = nd6_forget,
};

static void
nd6_init(void)
{
	nexthop_ops[AF_IP6] = &nd6_nexthop_ops;
}
NET_INIT(nd6, 10, nd6_init);

/* ---- who speaks to us ---- */

/* addr (without a zone) can be a neighbour on this interface. */
bool
nd6_onlink(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);
	const struct rtentry *rt = rtable_match6(ifp->if_rdomain, &a);

	return rt != NULL && rt_ifp(rt) == ifp && (rt->rt_flags & (RTF_CLONING | RTF_LLINFO));
}

struct nexthop *
nd6_make_entry(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);
	struct nexthop *nh = nexthop_find6(ifp, addr);
	struct rtentry *rt;

	if (nh != NULL)
		return nh;
	rt = rtable_match6(ifp->if_rdomain, &a);
	if (rt == NULL || !(rt->rt_flags & RTF_CLONING) || rt_ifp(rt) != ifp)
		return NULL;
	if ((rt = rt_clone6(rt, &a)) == NULL) {
		counter_inc(nd6s_full);
		return NULL;
	}
	counter_inc(nd6s_created);
	return rt->rt_nh;
}
