/* arp_cmd.c - arp(8): shows neighbours; entries of an admin become "!arp -s" lines of the configuration. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/task.h"
#include "net/core/hostname.h"
#include "net/core/nbr_edit.h"
#include "net/ether/arp.h"
#include "net/route/route.h"

#define ROUTES_PER_TURN	4	/* looked at between net_enter and net_leave */

/* ---- showing ---- */

struct arp_row {
	be32_t		r_addr;
	const struct ifnet *r_ifp;
	const uint8_t	*r_lladdr;	/* NULL: incomplete */
	bool		r_permanent, r_local, r_pub;
	uint64_t	r_expire;	/* uptime_ns */
};

static void
arp_print_row(struct out *o, const struct arp_row *r)
{
	char a[IP4_STRLEN], e[ETHER_STRLEN] = "(incomplete)", t[NBR_EXPIRY_STRLEN], fl[4];

	if (r->r_lladdr != NULL)
		ether_print(e, r->r_lladdr);
	nbr_expiry(t, r->r_permanent, r->r_expire);
	snprintf(fl, sizeof(fl), "%s%s", r->r_local ? "l" : "", r->r_pub ? "p" : "");
	ip4_print(a, r->r_addr);
	if (!o->o_json) {
		out_printf(o, "%-36s %-17s %7s %-9s %s\n", a, e, r->r_ifp->if_xname, t, fl);
		return;
	}
	json_open(o, NULL, '{');
	json_str(o, "host", a);
	json_str(o, "ethernet address", e);
	json_str(o, "netif", r->r_ifp->if_xname);
	json_str(o, "expire", t);
	json_str(o, "flags", fl);
	json_close(o, '}');
}

static void
arp_print_nexthop(struct out *o, const struct nexthop *nh)
{
	struct arp_row r = {
		.r_addr = nh->nh_addr,
		.r_ifp = nh->nh_ifp,
		.r_lladdr = nh->nh_state == NH_REACHABLE ? nexthop_lladdr(nh) : NULL,
		.r_permanent = nh->nh_flags & NHF_STATIC,
		.r_pub = nh->nh_flags & NHF_PUBLISH,
		.r_expire = nh->nh_state == NH_REACHABLE ? nh->nh_expire : 0,	/* else of what was known before */
	};

	arp_print_row(o, &r);
}

static void
arp_print_route(struct out *o, const struct rtentry *rt)
{
	if (rt->rt_flags & RTF_LOCAL) {
		struct arp_row r = {
			.r_addr = rt->rt_dest,
			.r_ifp = rt_ifp(rt),
			.r_lladdr = rt_ifp(rt)->if_lladdr,
			.r_permanent = true,
			.r_local = true,
		};

		arp_print_row(o, &r);
	} else if (rt->rt_nh != NULL) {
		arp_print_nexthop(o, rt->rt_nh);
	}
}

/* Entries for proxy ARP alone have no route: they are found by the configuration that made them. */
static const struct nexthop *
find_proxy(be32_t addr)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct nexthop *nh = ifp->if_ether ? nexthop_find(ifp, addr) : NULL;

		if (nh != NULL && (nh->nh_flags & NHF_PUBLISH))
			return nh;
	}
	return NULL;
}

static const struct rtentry *
find_route(be32_t addr)
{
	for (const struct rtentry *rt = rtable_lookup(0, addr, 32); rt != NULL; rt = rt->rt_next)
		if (rt->rt_flags & RTF_LLINFO)
			return rt;
	return NULL;
}

static void
print_proxies(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct out *o = arg;

	if (strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) != 0)
		return;
	for (unsigned i = 0; i < h->hn_nnbrs && !o->o_stop; i++) {
		const struct nexthop *nh;

		net_enter();
		if (h->hn_nbrs[i].hp_af == AF_IP4 && h->hn_nbrs[i].hp_pub && find_route(h->hn_nbrs[i].hp_addr) == NULL &&
		    (nh = find_proxy(h->hn_nbrs[i].hp_addr)) != NULL)
			arp_print_nexthop(o, nh);
		net_leave();
	}
}

static bool
print_turn(struct out *o, struct rt_cursor *rc)
{
	struct rtentry *rt = NULL;

	net_enter();
	for (int n = 0; n < ROUTES_PER_TURN && (rt = rtable_next(0, rc)) != NULL; n++)
		if (rt->rt_flags & RTF_LLINFO)
			arp_print_route(o, rt);
	net_leave();
	return rt != NULL;
}

static void
print_head(struct out *o)
{
	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "%-36s %-17s %7s %-9s %s\n", "Host", "Ethernet Address", "Netif", "Expire", "Flags");
}

static int
arp_show_all(struct out *o)
{
	struct rt_cursor rc = { 0 };

	print_head(o);
	while (!o->o_stop && print_turn(o, &rc))
		out_flush(o);
	config_foreach(print_proxies, o);
	if (o->o_json)
		json_close(o, ']');
	return 0;
}

static int
arp_show(struct out *o, const char *host)
{
	const struct rtentry *rt;
	const struct nexthop *nh = NULL;
	be32_t addr;

	if (!ip4_parse(host, &addr)) {
		out_printf(o, "arp: %s: bad address\n", host);
		return 1;
	}
	net_enter();
	if ((rt = find_route(addr)) != NULL || (nh = find_proxy(addr)) != NULL) {
		print_head(o);
		if (rt != NULL)
			arp_print_route(o, rt);
		else
			arp_print_nexthop(o, nh);
		if (o->o_json)
			json_close(o, ']');
	}
	net_leave();
	if (rt == NULL && nh == NULL)
		out_printf(o, "%s (%s) -- no entry\n", host, host);
	return rt != NULL || nh != NULL ? 0 : 1;
}

/* ---- changing ---- */

static int
arp_delete_all(struct out *o)
{
	if (!nbr_delete_permanent(o, AF_IP4))
		return 1;
	net_enter();
	arp_flush(0);
	net_leave();
	return 0;
}

static int
cmd_arp(struct out *o, int argc, char **argv)
{
	bool all = false, delete = false, set = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *p = argv[i] + 1; *p != '\0'; p++) {
			all |= *p == 'a';
			delete |= *p == 'd';
			set |= *p == 's';
			if (strchr("adnsF", *p) == NULL)
				return command_usage(o, argv[0]);
		}
	if (set && !all && !delete)
		return nbr_cmd_set(o, AF_IP4, argc - i, argv + i);
	if (set || argc - i != !all)
		return command_usage(o, argv[0]);
	if (delete)
		return all ? arp_delete_all(o) : nbr_cmd_delete(o, AF_IP4, argv[i]);
	return all ? arp_show_all(o) : arp_show(o, argv[i]);
}
COMMAND(arp, cmd_arp,
    "arp [-j] [-n] -a\n"
    "arp [-j] [-n] hostname\n"
    "arp -d hostname\n"
    "arp -d -a\n"
    "arp [-F] -s hostname ether_addr [temp | permanent] [pub]",
    "address resolution display and control",
    "-a shows all neighbours, -d deletes one or (-da) all. Flags: l local, p published.\n"
    "-s sets an entry that is not overwritten and does not expire; it becomes a \"!arp -s\" line of\n"
    "the interface's file in the configuration. With temp it expires like one that was learned.\n"
    "pub: we answer requests for the host; with the Ethernet address of one of our own interfaces\n"
    "this is proxy ARP there, and packets to the host go where the routes say.\n");
