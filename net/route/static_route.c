/* static_route.c - routes that an admin configured, and what the routing table has of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/inet6/in6_ifaddr.h"
#include "net/route/static_route.h"

/* Those with RTF_MPATH, of which each gateway may have one, stand behind. */
static int
static_route_pathcmp(const struct static_route *a, const struct static_route *b)
{
	int c = (int)!!(a->sr_flags & RTF_MPATH) - (int)!!(b->sr_flags & RTF_MPATH);

	if (c == 0 && (a->sr_flags & RTF_MPATH))
		c = in6_cmp(&a->sr_gateway6, &b->sr_gateway6);
	if (c == 0 && (a->sr_flags & RTF_MPATH))
		c = strcmp(a->sr_zone, b->sr_zone);
	return (c > 0) - (c < 0);
}

int
static_route_cmp(const struct static_route *a, const struct static_route *b)
{
	int c = in6_cmp(&a->sr_dest6, &b->sr_dest6);

	if (a->sr_af != b->sr_af)
		return a->sr_af < b->sr_af ? -1 : 1;
	if (c != 0)
		return c < 0 ? -1 : 1;
	if (a->sr_plen != b->sr_plen)
		return a->sr_plen < b->sr_plen ? -1 : 1;
	if (a->sr_priority != b->sr_priority)
		return a->sr_priority < b->sr_priority ? -1 : 1;
	return static_route_pathcmp(a, b);
}

bool
static_route_keep(struct static_route *sr)
{
	const char *from = sr->sr_label;
	size_t n = from != NULL ? strlen(from) + 1 : 0;
	char *copy = from != NULL ? malloc(n) : NULL;

	if (copy != NULL)
		memcpy(copy, from, n);
	sr->sr_label = copy;
	return copy != NULL || from == NULL;
}

void
static_route_drop(struct static_route *sr)
{
	free((void *)sr->sr_label);
	sr->sr_label = NULL;
}

static bool
same_label(const struct static_route *a, const struct static_route *b)
{
	return a->sr_label == b->sr_label || (a->sr_label != NULL && b->sr_label != NULL && strcmp(a->sr_label, b->sr_label) == 0);
}

bool
static_route_equal(const struct static_route *a, const struct static_route *b)
{
	return static_route_cmp(a, b) == 0 && in6_equal(&a->sr_gateway6, &b->sr_gateway6) && strcmp(a->sr_zone, b->sr_zone) == 0 &&
	    in6_equal(&a->sr_ifa6, &b->sr_ifa6) && a->sr_mtu == b->sr_mtu && a->sr_flags == b->sr_flags && same_label(a, b);
}

char *
static_route_gwtext(char buf[IN6_STRLEN], const struct static_route *sr)
{
	size_t n = strlen(af_print(buf, sr->sr_af, &sr->sr_gateway6));

	if (sr->sr_zone[0] != '\0')
		snprintf(buf + n, IN6_STRLEN - n, "%%%s", sr->sr_zone);
	return buf;
}

void
static_route_print(struct out *o, const struct static_route *sr)
{
	char a[IN6_STRLEN];

	out_printf(o, sr->sr_af == AF_IP4 ? "-inet " : "-inet6 ");
	if (sr->sr_flags & RTF_REJECT)
		out_printf(o, "-reject ");
	if (sr->sr_flags & RTF_BLACKHOLE)
		out_printf(o, "-blackhole ");
	if (sr->sr_flags & RTF_MPATH)
		out_printf(o, "-mpath ");
	if (sr->sr_label != NULL) {
		const char *quote = strpbrk(sr->sr_label, " \t#'") != NULL ? "\"" : "";

		out_printf(o, "-label %s%s%s ", quote, sr->sr_label, quote);
	}
	if (sr->sr_priority != RTP_STATIC)
		out_printf(o, "-priority %u ", sr->sr_priority);
	if (sr->sr_mtu != 0)
		out_printf(o, "-mtu %u ", (unsigned)sr->sr_mtu);
	if (!in6_is_any(&sr->sr_ifa6))
		out_printf(o, "-ifa %s ", af_print(a, sr->sr_af, &sr->sr_ifa6));
	if (sr->sr_plen == 0)
		out_printf(o, "default");
	else
		out_printf(o, "%s/%u", af_print(a, sr->sr_af, &sr->sr_dest6), sr->sr_plen);
	out_printf(o, " %s", static_route_gwtext(a, sr));
}

static struct in6_addr
scoped_gateway(const struct static_route *sr)
{
	const struct ifnet *ifp = sr->sr_zone[0] != '\0' ? ifunit(sr->sr_zone) : NULL;

	return ifp != NULL ? in6_embed(&sr->sr_gateway6, ifp->if_index) : sr->sr_gateway6;
}

struct rt_request
static_route_request(const struct static_route *sr)
{
	struct rt_request rq = {
		.rq_af = sr->sr_af,
		.rq_dest6 = sr->sr_dest6,
		.rq_plen = sr->sr_plen,
		.rq_priority = sr->sr_priority,
		.rq_flags = RTF_GATEWAY | RTF_STATIC | sr->sr_flags | (sr->sr_plen == af_bits(sr->sr_af) ? RTF_HOST : 0),
		.rq_gateway6 = scoped_gateway(sr),
		.rq_ifa6 = sr->sr_ifa6,
		.rq_mtu = sr->sr_mtu,
		.rq_label = sr->sr_label,
		.rq_exact = true,
		.rq_recurse = true,
	};

	return rq;
}

int
if_faces(const struct ifnet *ifp, be32_t addr)
{
	int plen = -1;

	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		bool p2p = (ifp->if_flags & IFF_POINTOPOINT) && ifa->ifa_broadcast == addr;

		if (p2p || ((addr ^ ifa->ifa_addr) & ifa->ifa_mask) == 0)
			plen = MAX(plen, p2p ? 32 : (int)ifa->ifa_plen);
	}
	return plen;
}

int
if_faces6(const struct ifnet *ifp, const struct in6_addr *addr)
{
	int plen = -1;

	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (in6_covers(&ia->ia_addr, ia->ia_plen, addr))
			plen = MAX(plen, (int)ia->ia_plen);
	return plen;
}

struct ifnet *
if_facing(unsigned rdomain, be32_t addr)
{
	struct ifnet *best = NULL;
	int plen = -1, n;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_rdomain == rdomain && (n = if_faces(ifp, addr)) > plen) {
			plen = n;
			best = ifp;
		}
	return best;
}

struct ifnet *
if_facing6(unsigned rdomain, const struct in6_addr *addr)
{
	struct ifnet *best = NULL;
	int plen = -1, n;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_rdomain == rdomain && (n = if_faces6(ifp, addr)) > plen) {
			plen = n;
			best = ifp;
		}
	return best;
}

static struct ifnet *
facing_directly(const struct static_route *sr)
{
	struct in6_addr gateway = scoped_gateway(sr);

	return sr->sr_af == AF_IP4 ? if_facing(0, sr->sr_gateway) : if_facing6(0, &gateway);
}

struct ifnet *
static_route_facing(const struct static_route *sr)
{
	struct in6_addr gateway = scoped_gateway(sr);
	struct ifnet *ifp = facing_directly(sr);

	return ifp != NULL || (sr->sr_flags & (RTF_REJECT | RTF_BLACKHOLE)) ? ifp : rt_recursive_facing(sr->sr_af, 0, &gateway);
}

/* Beside one that leads nowhere no other route may stand, and gateways behind it cannot be reached: it goes, or comes, with the rest. */
static bool
leads_nowhere(const struct static_route *sr)
{
	return sr->sr_flags & (RTF_REJECT | RTF_BLACKHOLE);
}

void
static_route_withdraw(struct static_route *old, struct static_route *new)
{
	if (!old->sr_installed)
		return;
	if (new != NULL && leads_nowhere(old) == leads_nowhere(new)) {
		struct rt_request rq = static_route_request(new);

		new->sr_installed = true;
		if (!in6_equal(&old->sr_gateway6, &new->sr_gateway6) || strcmp(old->sr_zone, new->sr_zone) != 0)
			rt_moves(&rq);		/* another file's route, which comes first, may want its gateway */
	} else {
		struct rt_request rq = static_route_request(old);

		rt_delete(&rq);		/* not there any more: gone with its interface */
	}
	old->sr_installed = false;
}

void
static_route_revert(struct static_route *failed, struct static_route *former)
{
	struct rt_request rq = { .rq_af = failed->sr_af, .rq_dest6 = failed->sr_dest6, .rq_plen = failed->sr_plen,
	    .rq_priority = failed->sr_priority, .rq_flags = failed->sr_flags, .rq_exact = true };

	if (failed->sr_flags & RTF_MPATH)
		rq.rq_gateway6 = scoped_gateway(failed);
	if (former != NULL && static_route_equal(failed, former)) {
		static_route_withdraw(failed, former);
	} else if (failed->sr_installed) {
		rt_delete(&rq);
		failed->sr_installed = false;
	}
}

/* Another version of this route stands in the table. */
static enum rt_error
replace(const struct static_route *was, struct static_route *new)
{
	struct rt_request rq = static_route_request(new), old = static_route_request(was);
	enum rt_error e;

	if (was->sr_flags == new->sr_flags && in6_equal(&was->sr_ifa6, &new->sr_ifa6) && (new->sr_label != NULL || was->sr_label == NULL) &&
	    (new->sr_mtu != 0 || was->sr_mtu == 0) && (!leads_nowhere(new) || in6_equal(&was->sr_gateway6, &new->sr_gateway6)))
		return rt_change(&rq);	/* in place: flows stay; it cannot take an mtu, ifa or label away, nor a gateway where none is followed */
	rt_delete(&old);
	if ((e = rt_add(&rq)) != RT_OK)
		new->sr_installed = rt_add(&old) == RT_OK;
	return e;
}

static bool
is_ours(unsigned af, const struct in6_addr *addr)
{
	const struct rtentry *rt = rtable_lookup_af(af, 0, addr, af_bits(af));

	while (rt != NULL && !(rt->rt_flags & RTF_LOCAL))
		rt = rt->rt_next;
	return rt != NULL;
}

enum rt_error
static_route_check(const struct static_route *sr)
{
	struct in6_addr gateway = scoped_gateway(sr);
	const struct rtentry *rt = rtable_lookup_af(sr->sr_af, 0, &gateway, af_bits(sr->sr_af));
	const struct ifnet *ifp;

	if (!in6_is_any(&sr->sr_ifa6) && !is_ours(sr->sr_af, &sr->sr_ifa6))
		return RT_INVAL;
	if (sr->sr_flags & (RTF_REJECT | RTF_BLACKHOLE))
		return RT_OK;
	for (; rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST))
			return (rt->rt_flags & RTF_LOCAL) && (rt_ifp(rt)->if_flags & IFF_LOOPBACK) ? RT_OK : RT_UNREACH;
	if ((ifp = facing_directly(sr)) != NULL)
		return !(ifp->if_flags & IFF_LOOPBACK) ? RT_OK : RT_UNREACH;
	return rt_recursive_facing(sr->sr_af, 0, &gateway) != NULL ? RT_OK : RT_UNREACH;
}

enum rt_error
static_route_apply(const struct static_route *was, struct static_route *new)
{
	struct rt_request rq = static_route_request(new);
	enum rt_error e;

	if (!new->sr_installed) {
		if ((e = rt_add(&rq)) == RT_OK)
			new->sr_installed = true;
		return e;
	}
	if (was != NULL && !static_route_equal(was, new) && leads_nowhere(was) == leads_nowhere(new))	/* else `was` is gone already */
		return replace(was, new);
	return RT_OK;
}
