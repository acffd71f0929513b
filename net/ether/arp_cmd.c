/* arp_cmd.c - arp(8): shows neighbours; entries of an admin become "!arp -s" lines of the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/config_edit.h"
#include "net/core/hostname.h"
#include "net/ether/arp.h"
#include "net/route/route.h"

#define ROUTES_PER_TURN	4	/* looked at between net_enter and net_leave */

/* ---- showing ---- */

/* "19m45s" */
static char *
time_left(char *buf, size_t len, uint64_t ns)
{
	unsigned s = (unsigned)(ns / 1000000000u), n = 0;

	if (s >= 86400)
		n += (unsigned)snprintf(buf + n, len - n, "%ud", s / 86400);
	if (s >= 3600)
		n += (unsigned)snprintf(buf + n, len - n, "%uh", s % 86400 / 3600);
	if (s >= 60)
		n += (unsigned)snprintf(buf + n, len - n, "%um", s % 3600 / 60);
	snprintf(buf + n, len - n, "%us", s % 60);
	return buf;
}

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
	char a[IP4_STRLEN], e[ETHER_STRLEN] = "(incomplete)", t[32] = "expired", fl[4];
	uint64_t now = uptime_ns();

	if (r->r_lladdr != NULL)
		ether_print(e, r->r_lladdr);
	if (r->r_permanent)
		snprintf(t, sizeof(t), "permanent");
	else if (r->r_expire > now)
		time_left(t, sizeof(t), r->r_expire - now);
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
			.r_ifp = rt->rt_ifp,
			.r_lladdr = rt->rt_ifp->if_lladdr,
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
	for (unsigned i = 0; i < h->hn_narps && !o->o_stop; i++) {
		const struct nexthop *nh;

		net_enter();
		if (h->hn_arps[i].hp_pub && find_route(h->hn_arps[i].hp_addr) == NULL &&
		    (nh = find_proxy(h->hn_arps[i].hp_addr)) != NULL)
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

struct arp_search { struct hn_arp as_key; char as_ifname[IFNAMSIZ]; bool as_hit; };

static void
search_file(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct arp_search *s = arg;

	if (s->as_hit || strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) != 0 ||
	    hostname_find_arp(h, &s->as_key) == NULL)
		return;
	s->as_hit = true;
	snprintf(s->as_ifname, sizeof(s->as_ifname), "%s", h->hn_ifname);
}

static bool
edit_file(const char *ifname, const struct hn_arp *old, const struct hn_arp *new, char *why, size_t len)
{
	const struct hostname *running = hostname_running(ifname);
	struct hostname *h = running != NULL ? hostname_copy(running) : hostname_new(ifname);
	char key[HOSTNAME_KEYSIZE];

	if (h == NULL || (old != NULL && !hostname_remove_arp(h, old)) || (new != NULL && !hostname_add_arp(h, new))) {
		hostname_free(h);
		snprintf(why, len, "no memory");
		return false;
	}
	return config_edit(hostname_key(key, ifname), h, why, len);
}

/* The interface whose file is to hold the entry: for proxy ARP the one that has the address, else the one that faces
 * the host. */
static bool
home_of(const struct hn_arp *ha, char ifname[IFNAMSIZ])
{
	struct ifnet *ifp;

	net_enter();
	ifp = if_facing(0, ha->hp_addr);
	for (struct ifnet *i = ifnet_list; ha->hp_pub && i != NULL; i = i->if_next)
		if (i->if_ether && memcmp(i->if_lladdr, ha->hp_lladdr, 6) == 0)
			ifp = i;
	snprintf(ifname, IFNAMSIZ, "%s", ifp != NULL ? ifp->if_xname : "");
	net_leave();
	return ifname[0] != '\0';
}

static bool
set_permanent(const struct hn_arp *ha, char *why, size_t len)
{
	struct arp_search s = { .as_key = *ha };
	char ifname[IFNAMSIZ];

	config_foreach(search_file, &s);
	if (s.as_hit)
		return edit_file(s.as_ifname, &s.as_key, ha, why, len);
	if (!home_of(ha, ifname)) {
		snprintf(why, len, "%s", rt_strerror(RT_UNREACH));
		return false;
	}
	return edit_file(ifname, NULL, ha, why, len);
}

static bool
set_temporary(const struct hn_arp *ha, char *why, size_t len)
{
	struct arp_search s = { .as_key = *ha };
	const char *reason;

	if (ha->hp_pub) {
		snprintf(why, len, "a published entry is permanent");
		return false;
	}
	config_foreach(search_file, &s);
	if (s.as_hit && !edit_file(s.as_ifname, &s.as_key, NULL, why, len))	/* it is permanent no longer */
		return false;
	net_enter();
	reason = arp_set(0, ha->hp_addr, ha->hp_lladdr, 0);
	net_leave();
	if (reason != NULL)
		snprintf(why, len, "%s", reason);
	return reason == NULL;
}

static int
arp_cmd_set(struct out *o, int argc, char **argv)
{
	struct hn_arp ha;
	bool temp;
	char why[160];

	if (argc < 2)
		return command_usage(o, "arp");
	if (!arp_args_parse(&ha, &temp, argc, argv, why, sizeof(why))) {
		out_printf(o, "arp: %s\n", why);
		return 1;
	}
	if (temp ? set_temporary(&ha, why, sizeof(why)) : set_permanent(&ha, why, sizeof(why)))
		return 0;
	out_printf(o, "arp: set %s: %s\n", argv[0], why);
	return 1;
}

/* What was learned. */
static bool
delete_learned(be32_t addr, char *why, size_t len)
{
	const struct rtentry *rt;
	const char *reason;

	net_enter();
	rt = find_route(addr);
	if (rt != NULL && (rt->rt_flags & RTF_LOCAL))
		reason = "is our own address";
	else
		reason = arp_delete(0, addr);
	net_leave();
	if (reason != NULL)
		snprintf(why, len, "%s", reason);
	return reason == NULL;
}

static int
arp_cmd_delete(struct out *o, const char *host)
{
	struct arp_search s = { 0 };
	char why[160];
	bool ok;

	if (!ip4_parse(host, &s.as_key.hp_addr)) {
		out_printf(o, "arp: %s: bad address\n", host);
		return 1;
	}
	config_foreach(search_file, &s);
	ok = s.as_hit ? edit_file(s.as_ifname, &s.as_key, NULL, why, sizeof(why)) :
	    delete_learned(s.as_key.hp_addr, why, sizeof(why));
	if (ok)
		out_printf(o, "%s (%s) deleted\n", host, host);
	else
		out_printf(o, "arp: delete %s: %s\n", host, why);
	return ok ? 0 : 1;
}

static void
first_with_entries(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	char *ifname = arg;

	if (ifname[0] == '\0' && strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) == 0 && h->hn_narps > 0)
		snprintf(ifname, IFNAMSIZ, "%s", h->hn_ifname);
}

static int
arp_delete_all(struct out *o)
{
	for (;;) {
		char ifname[IFNAMSIZ] = "", key[HOSTNAME_KEYSIZE], why[160] = "no memory";
		struct hostname *h;

		config_foreach(first_with_entries, ifname);
		if (ifname[0] == '\0')
			break;
		if ((h = hostname_copy(hostname_running(ifname))) != NULL)
			h->hn_narps = 0;
		if (h == NULL || !config_edit(hostname_key(key, ifname), h, why, sizeof(why))) {
			out_printf(o, "arp: %s\n", why);
			return 1;
		}
	}
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
		return arp_cmd_set(o, argc - i, argv + i);
	if (set || argc - i != !all)
		return command_usage(o, argv[0]);
	if (delete)
		return all ? arp_delete_all(o) : arp_cmd_delete(o, argv[i]);
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
