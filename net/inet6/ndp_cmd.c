/* ndp_cmd.c - ndp(8): shows neighbours and changes them. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/task.h"
#include "net/core/nbr_edit.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

#define ROUTES_PER_TURN	4	/* looked at between net_enter and net_leave */

struct ndp_row {
	struct in6_addr	r_addr;		/* with its zone */
	const struct ifnet *r_ifp;
	const uint8_t	*r_lladdr;	/* NULL: incomplete */
	bool		r_permanent, r_local, r_router, r_proxy;
	char		r_state;
	uint64_t	r_expire;	/* uptime_ns; 0: it does not */
};

/* ---- showing ---- */

static char
state_letter(const struct nexthop *nh)
{
	switch (nh->nh_state) {
	case NH_REACHABLE:
		return 'R';
	case NH_STALE:
		return 'S';
	case NH_DELAY:
		return 'D';
	case NH_PROBE:
		return 'P';
	default:
		return nh->nh_state == NH_INCOMPLETE ? 'N' : 'I';
	}
}

static void
print_row(struct out *o, const struct ndp_row *r)
{
	char a[IN6_STRLEN], e[ETHER_STRLEN] = "(incomplete)", t[NBR_EXPIRY_STRLEN], fl[5], st[2] = { r->r_state, '\0' };

	if (r->r_lladdr != NULL)
		ether_print(e, r->r_lladdr);
	nbr_expiry(t, r->r_permanent, r->r_expire);
	snprintf(fl, sizeof(fl), "%s%s%s", r->r_local ? "l" : "", r->r_router ? "R" : "", r->r_proxy ? "p" : "");
	in6_print(a, &r->r_addr);
	if (!o->o_json) {
		out_printf(o, "%-36s %-17s %7s %-9s %s %s\n", a, e, r->r_ifp->if_xname, t, st, fl);
		return;
	}
	json_open(o, NULL, '{');
	json_str(o, "neighbor", a);
	json_str(o, "linklayer address", e);
	json_str(o, "netif", r->r_ifp->if_xname);
	json_str(o, "expire", t);
	json_str(o, "state", st);
	json_str(o, "flags", fl);
	json_close(o, '}');
}

static void
print_nexthop(struct out *o, const struct nexthop *nh)
{
	struct ndp_row r = {
		.r_addr = in6_embed(&nh->nh_addr6, nh->nh_ifp->if_index),
		.r_ifp = nh->nh_ifp,
		.r_lladdr = NH_RESOLVED(nh) ? nexthop_lladdr(nh) : NULL,
		.r_permanent = nh->nh_flags & NHF_STATIC,
		.r_router = nh->nh_router,
		.r_proxy = nh->nh_flags & NHF_PUBLISH,
		.r_state = state_letter(nh),
		.r_expire = nd6_expires(nh),
	};

	print_row(o, &r);
}

static void
print_route(struct out *o, const struct rtentry *rt)
{
	struct ndp_row r = { .r_addr = rt->rt_dest6, .r_ifp = rt_ifp(rt), .r_permanent = true, .r_local = true, .r_state = 'R' };

	if (rt->rt_flags & RTF_LOCAL) {
		if (rt_ifp(rt)->if_ether)
			r.r_lladdr = rt_ifp(rt)->if_lladdr;
		print_row(o, &r);
	} else if ((rt->rt_flags & RTF_LLINFO) && rt->rt_nh != NULL)
		print_nexthop(o, rt->rt_nh);
}

static void
print_head(struct out *o)
{
	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "%-36s %-17s %7s %-9s %s %s\n", "Neighbor", "Linklayer Address", "Netif", "Expire", "S", "Flags");
}

static bool
print_turn(struct out *o, struct rt_cursor *rc)
{
	struct rtentry *rt = NULL;

	net_enter();
	for (int n = 0; n < ROUTES_PER_TURN && (rt = rtable_next(0, rc)) != NULL; n++)
		print_route(o, rt);
	net_leave();
	return rt != NULL;
}

/* Entries that are proxies alone have no route. */
static void
print_proxies(struct out *o)
{
	net_enter();
	for (const struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		if (nh->nh_af == AF_IP6 && (nh->nh_flags & NHF_PUBLISH) && nh->nh_rdomain == 0 && rt_of_neighbour(nh) == NULL)
			print_nexthop(o, nh);
	net_leave();
}

static int
ndp_show_all(struct out *o)
{
	struct rt_cursor rc = { .rc_af = AF_IP6 };

	print_head(o);
	while (!o->o_stop && print_turn(o, &rc))
		out_flush(o);
	print_proxies(o);
	if (o->o_json)
		json_close(o, ']');
	return 0;
}

static bool
parse_host(struct out *o, const char *host, struct in6_addr *a)
{
	bool ok;

	net_enter();
	ok = in6_parse_scoped(host, a);
	net_leave();
	if (!ok)
		out_printf(o, "ndp: %s: bad address\n", host);
	return ok;
}

/* A local address, or a neighbour on any interface. */
static bool
show_found(struct out *o, const struct in6_addr *a)
{
	const struct rtentry *rt = rtable_lookup6(0, a, 128);
	bool found = false;

	for (; rt != NULL && !found; rt = rt->rt_next)
		if ((found = rt->rt_flags & (RTF_LOCAL | RTF_LLINFO)))
			print_route(o, rt);
	for (struct ifnet *ifp = ifnet_list; ifp != NULL && !found; ifp = ifp->if_next) {
		const struct nexthop *nh = ifp->if_ether ? nexthop_find6(ifp, a) : NULL;

		if ((found = nh != NULL && (nh->nh_flags & NHF_PUBLISH)))
			print_nexthop(o, nh);
	}
	return found;
}

static int
ndp_show(struct out *o, const char *host)
{
	struct in6_addr a;
	bool found;

	if (!parse_host(o, host, &a))
		return 1;
	print_head(o);
	net_enter();
	found = show_found(o, &a);
	net_leave();
	if (o->o_json)
		json_close(o, ']');
	else if (!found)
		out_printf(o, "%s (%s) -- no entry\n", host, host);
	return found ? 0 : 1;
}

/* What is known of a link, by routers' words or RFC 4861 10. */
static int
ndp_show_if(struct out *o, const char *name)
{
	struct ifnet *ifp;
	unsigned hlim = 0, base = 0, reachable = 0, retrans = 0;

	net_enter();
	ifp = ifunit(name);
	if (ifp != NULL && ifp->if_ether && nd6_if(ifp) != NULL) {
		hlim = nd6_hlim(ifp);
		base = ifp->if_nd->nd_basereachable_ms;
		reachable = nd6_reachable_ms(ifp);
		retrans = nd6_retrans_ms(ifp);
	}
	net_leave();
	if (hlim == 0) {
		out_printf(o, ifp == NULL ? "ndp: %s: no such interface\n" : "ndp: %s: no neighbours there\n", name);
		return 1;
	}
	if (o->o_json) {
		json_open(o, NULL, '{');
		json_str(o, "netif", name);
		json_u64(o, "curhlim", hlim);
		json_u64(o, "basereachable", base);
		json_u64(o, "reachable", reachable);
		json_u64(o, "retrans", retrans);
		json_close(o, '}');
	} else
		out_printf(o, "curhlim=%u, basereachable=%us%ums, reachable=%us, retrans=%us%ums\n", hlim, base / 1000, base % 1000,
		    reachable / 1000, retrans / 1000, retrans % 1000);
	return 0;
}

static int
cmd_ndp(struct out *o, int argc, char **argv)
{
	char what = '\0';
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *p = argv[i] + 1; *p != '\0'; p++) {
			if (strchr("acdins", *p) == NULL || (*p != 'n' && what != '\0'))
				return command_usage(o, argv[0]);
			if (*p != 'n')
				what = *p;
		}
	if (what == 's')
		return nbr_cmd_set(o, AF_IP6, argc - i, argv + i);
	if (argc - i != (what == 'd' || what == 'i' || what == '\0'))
		return command_usage(o, argv[0]);
	switch (what) {
	case 'a':
		return ndp_show_all(o);
	case 'c':
		net_enter();
		nd6_flush(0);
		net_leave();
		return 0;
	case 'd':
		return nbr_cmd_delete(o, AF_IP6, argv[i]);
	case 'i':
		return ndp_show_if(o, argv[i]);
	default:
		return ndp_show(o, argv[i]);
	}
}
COMMAND(ndp, cmd_ndp,
    "ndp [-j] [-n] -a\n"
    "ndp [-j] [-n] hostname\n"
    "ndp -c\n"
    "ndp -d hostname\n"
    "ndp [-j] -i interface\n"
    "ndp -s hostname ether_addr [temp | permanent] [proxy]",
    "neighbour discovery display and control",
    "-a shows all neighbours, -d deletes one, -c all that were learned. S is the state: R reachable, S stale,\n"
    "D delay, P probe, I incomplete, N nothing known; flags: R router, l local, p proxy.\n"
    "-i shows what holds for an interface's link: hop limit of our packets, how long an answer is good (basereachable,\n"
    "and what is made of it at random: reachable), how long until a question is repeated; with -j in milliseconds.\n"
    "-s sets an entry that is not overwritten and does not expire; it becomes a \"!ndp -s\" line of the\n"
    "interface's file in the configuration. With temp it expires like one that was learned. proxy: we answer\n"
    "for the host; with the Ethernet address of one of our own interfaces packets to the host go where the\n"
    "routes say. A link-local address needs its interface: fe80::1%vio0.\n");
