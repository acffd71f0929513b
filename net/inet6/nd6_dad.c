/* nd6_dad.c - addresses of ours that are somebody else's, too (RFC 4862 5.4), and the groups that come with an address.
 *
 * RFC 4862 says: ask before an address is used. We do as RFC 4429: it serves at once, without telling others to forget what they know (no
 * Override), as a router that takes over must not keep its hosts waiting. A duplicate is told in the log and by ifconfig, and is not used any more. */
#include <string.h>

#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/mld6.h"
#include "net/inet6/nd6.h"

COUNTER(nd6s_dadsent, nd6, 110, CREATED, "neighbor solicitation%s for addresses of ours sent");

static int dad_count = 1;		/* DupAddrDetectTransmits */
SYSCTL_INT(net_inet6_ip6_dad_count, "net.inet6.ip6.dad_count", &dad_count, 1, 0, 16);

static void
dad_probe(struct in6_ifaddr *ia)
{
	struct in6_addr target = in6_unembed(&ia->ia_addr), group = in6_solicited_node(&target);
	struct { struct nd_neighbor ns; struct nd_opt_nonce opt; } msg = {
		.ns = { .nd_type = ICMP6_NS, .nd_target = target }, .opt = { ND_OPT_NONCE, 1, { 0 } },
	};

	ia->ia_probes++;
	memcpy(msg.opt.ndo_nonce, ia->ia_nonce, sizeof(ia->ia_nonce));
	if (nd6_transmit(ia->ia_ifp, &(struct nd_send){ .ns_src = &in6_any, .ns_dst = &group, .ns_msg = &msg, .ns_len = sizeof(msg) }))
		counter_inc(nd6s_dadsent);
	timeout_add_msec(&ia->ia_timer, nd6_retrans_ms(ia->ia_ifp));
}

/* Nobody has answered. Those who know another link address of it (another card, a router that has failed) hear of ours. */
static void
dad_done(struct in6_ifaddr *ia)
{
	struct in6_addr target = in6_unembed(&ia->ia_addr);

	ia->ia_flags &= (uint16_t)~IN6_IFF_TENTATIVE;
	nd6_advertise(ia->ia_ifp, &target, ia->ia_ifp->if_lladdr, ND_NA_OVERRIDE, NULL, NULL);
}

static void
dad_timer(void *arg)
{
	struct in6_ifaddr *ia = arg;

	if (!nexthop_if_usable(ia->ia_ifp))	/* it starts anew when the interface comes up */
		return;
	if (ia->ia_probes < (unsigned)dad_count)
		dad_probe(ia);
	else
		dad_done(ia);
}

void
nd6_dad_stop(struct in6_ifaddr *ia)
{
	if (timeout_pending(&ia->ia_timer))
		timeout_del(&ia->ia_timer);
}

void
nd6_dad_start(struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifp;

	nd6_dad_stop(ia);
	timeout_set(&ia->ia_timer, dad_timer, ia);
	ia->ia_probes = 0;
	ia->ia_flags &= (uint16_t)~(IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED);
	if (!ifp->if_ether || (ifp->if_flags & IFF_NOARP) || (ia->ia_flags & IN6_IFF_ANYCAST) || !nexthop_if_usable(ifp))
		return;
	if (dad_count == 0) {
		dad_done(ia);
		return;
	}
	ia->ia_flags |= IN6_IFF_TENTATIVE;
	random_bytes(ia->ia_nonce, sizeof(ia->ia_nonce));
	dad_probe(ia);
}

bool
nd6_dad_looped(const struct in6_ifaddr *ia, const struct nd_opts *o)
{
	const struct nd_opt_nonce *n = (const struct nd_opt_nonce *)nd6_opt_next(o, NULL, ND_OPT_NONCE);

	return n != NULL && n->ndo_len == 1 && memcmp(n->ndo_nonce, ia->ia_nonce, sizeof(ia->ia_nonce)) == 0;
}

static void
dad_again(void *arg)
{
	in6_autoll_again(arg);
}

void
nd6_dad_heard(struct in6_ifaddr *ia, const uint8_t *lladdr)
{
	static struct lograte rate;
	char a[IN6_STRLEN], mac[ETHER_STRLEN] = "somebody";

	if (ia->ia_flags & IN6_IFF_ANYCAST)		/* others may have it */
		return;
	in6_print(a, &ia->ia_addr);
	if (lladdr != NULL)
		ether_print(mac, lladdr);
	log_ratelimited(&rate, "duplicate IPv6 address %s claimed by %s on %s\n", a, mac, ia->ia_ifp->if_xname);
	if (!(ia->ia_flags & IN6_IFF_TENTATIVE))	/* it was ours before: told, and kept */
		return;
	nd6_dad_stop(ia);
	ia->ia_flags &= (uint16_t)~IN6_IFF_TENTATIVE;
	ia->ia_flags |= IN6_IFF_DUPLICATED;
	timeout_set(&ia->ia_timer, dad_again, ia);	/* later: whoever has heard is not done with it */
	timeout_add_msec(&ia->ia_timer, 1);
}

/* ---- what happens to addresses ---- */

/* RFC 4291 2.6.1: a router answers for its networks' first address, too; not where it is a host's (RFC 6164 5.1). Whoever asks for it asks the
 * group. */
static void
dad_router(struct in6_ifaddr *ia, bool on)
{
	struct in6_addr net = in6_masked(&ia->ia_addr, ia->ia_plen), group = in6_solicited_node(&net);

	on = on && ia->ia_ifp->if_ether && ia->ia_plen < 127 && !IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr);
	if (on == !!(ia->ia_flags & IN6_IFF_ROUTER))
		return;
	ia->ia_flags ^= IN6_IFF_ROUTER;
	if (!on)
		mld6_leave(ia->ia_ifp, &group);
	else if (!mld6_join(ia->ia_ifp, &group))
		ia->ia_flags ^= IN6_IFF_ROUTER;		/* no memory */
}

/* RFC 4291 2.8: who has an address is one of all routers of the link while it forwards. */
static void
dad_all_routers(struct ifnet *ifp)
{
	bool on = ip6_forwarding && ifp->if_ether && ifp->if_addrs6 != NULL;

	if (ifp->if_nd == NULL || on == ifp->if_nd->nd_allrouters)
		return;
	if (!on)
		mld6_leave(ifp, &in6addr_linklocal_allrouters);
	else if (!mld6_join(ifp, &in6addr_linklocal_allrouters))
		return;
	ifp->if_nd->nd_allrouters = on;
}

static void
dad_if_forwarding(struct ifnet *ifp)
{
	dad_all_routers(ifp);
	for (struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		dad_router(ia, ip6_forwarding);
}

static void
dad_addr_added(struct in6_ifaddr *ia)
{
	struct in6_addr a = in6_unembed(&ia->ia_addr), group = in6_solicited_node(&a);

	if (!mld6_join(ia->ia_ifp, &group) || !mld6_join(ia->ia_ifp, &in6addr_linklocal_allnodes))	/* RFC 4291 2.8 */
		log_printf("%s: no memory for the groups of an address\n", ia->ia_ifp->if_xname);
	dad_router(ia, ip6_forwarding);
	dad_all_routers(ia->ia_ifp);
	nd6_dad_start(ia);
}

static void
dad_addr_going(struct in6_ifaddr *ia)
{
	struct in6_addr a = in6_unembed(&ia->ia_addr), group = in6_solicited_node(&a);

	nd6_dad_stop(ia);
	dad_router(ia, false);
	dad_all_routers(ia->ia_ifp);
	mld6_leave(ia->ia_ifp, &group);
	mld6_leave(ia->ia_ifp, &in6addr_linklocal_allnodes);
}

static void
dad_if_up(struct ifnet *ifp)
{
	mld6_if_up(ifp);
	for (struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		nd6_dad_start(ia);
}

static void
dad_if_down(struct ifnet *ifp)
{
	for (struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		nd6_dad_stop(ia);
		ia->ia_flags &= (uint16_t)~IN6_IFF_TENTATIVE;	/* nobody is asked until it comes up again */
	}
	mld6_if_down(ifp);
}

static const struct in6_watch nd6_dad_watch = { .iw_addr_added = dad_addr_added, .iw_addr_going = dad_addr_going, .iw_if_up = dad_if_up,
	.iw_if_down = dad_if_down, .iw_if_detach = nd6_ifdetach, .iw_if_forwarding = dad_if_forwarding };
IN6_WATCH(nd6_dad_watch);
