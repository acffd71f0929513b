/* route_cmd.c - route(8): shows the routing tables, and changes the static routes of the configuration. A route becomes
 * a "!route add" line of the interface that its gateway is on; a plain default route becomes /etc/mygate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/task.h"
#include "net/core/config_edit.h"
#include "net/core/hostname.h"
#include "net/route/mygate.h"
#include "net/route/route_args.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_show.h"

struct route_opts {
	bool		ro_quiet;
	unsigned	ro_rdomain;
};

/* A reason that fits "add net X: gateway Y: REASON". */
struct reason { char r_text[200]; };

static void
explain(struct reason *why, enum rt_error e)
{
	snprintf(why->r_text, sizeof(why->r_text), "%s", e == RT_NOTFOUND ? "not in table" : rt_strerror(e));
}

/* ---- where a route stands in the configuration ---- */

struct search {
	const struct route_args *s_ra;
	char		s_ifname[IFNAMSIZ];	/* "" and found: mygate */
	struct static_route s_found;
	bool		s_hit;
};

static bool
wanted(const struct route_args *ra, const struct static_route *sr, bool gateway)
{
	const struct static_route *want = &ra->ra_route;

	return sr->sr_af == want->sr_af && in6_equal(&sr->sr_dest6, &want->sr_dest6) && sr->sr_plen == want->sr_plen &&
	    (!ra->ra_has_priority || sr->sr_priority == want->sr_priority) &&
	    (!gateway || !ra->ra_has_gateway ||
	    (in6_equal(&sr->sr_gateway6, &want->sr_gateway6) && strcmp(sr->sr_zone, want->sr_zone) == 0));
}

/* The first route of this prefix; what the words say of priority and gateway must fit. */
static void
search_file(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct search *s = arg;

	if (s->s_hit || strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) != 0)
		return;
	for (unsigned i = 0; i < h->hn_routes.rs_n; i++) {
		struct static_route sr = hn_routes_get(&h->hn_routes, i);

		if (wanted(s->s_ra, &sr, true)) {
			s->s_hit = true;
			s->s_found = sr;
			snprintf(s->s_ifname, sizeof(s->s_ifname), "%s", h->hn_ifname);
			return;
		}
	}
}

static bool
search_config(struct search *s, const struct route_args *ra)
{
	const struct mygate *mg = config_running(MYGATE_NAME);
	unsigned af = ra->ra_route.sr_af;

	memset(s, 0, sizeof(*s));
	s->s_ra = ra;
	if (mg != NULL && mg->mg_present[af] && wanted(ra, &mg->mg_route[af], true)) {
		s->s_hit = true;
		s->s_found = mg->mg_route[af];
	} else {
		config_foreach(search_file, s);
	}
	return s->s_hit;
}

/* What /etc/mygate can say. */
static bool
fits_mygate(const struct static_route *sr)
{
	return sr->sr_plen == 0 && sr->sr_priority == RTP_STATIC && sr->sr_flags == 0 && sr->sr_mtu == 0 && sr->sr_label == NULL &&
	    in6_is_any(&sr->sr_ifa6);
}

/* The gateway of the family af becomes sr; NULL: there is none any more. That of the other family stays. */
static bool
put_mygate(unsigned af, const struct static_route *sr, struct reason *why)
{
	const struct mygate *running = config_running(MYGATE_NAME);
	struct mygate *mg = calloc(1, sizeof(*mg));
	bool any = false;

	if (mg == NULL) {
		explain(why, RT_NOMEM);
		return false;
	}
	for (unsigned i = 0; i < AF_COUNT; i++) {
		const struct static_route *from = i == af ? sr : running != NULL && running->mg_present[i] ? &running->mg_route[i] : NULL;

		if (from == NULL)
			continue;
		any = mg->mg_present[i] = true;
		mg->mg_route[i] = *from;
		mg->mg_route[i].sr_installed = false;
		mg->mg_route[i].sr_line = 0;
	}
	if (!any) {
		free(mg);
		mg = NULL;
	}
	return config_edit(MYGATE_NAME, mg, why->r_text, sizeof(why->r_text));
}

/* Takes `old` out of the interface's file and puts `new` in; either may be NULL. */
static bool
edit_file(const char *ifname, const struct static_route *old, const struct static_route *new, struct reason *why)
{
	const struct hostname *running = hostname_running(ifname);
	struct hostname *h = running != NULL ? hostname_copy(running) : hostname_new(ifname);
	char key[HOSTNAME_KEYSIZE];
	struct static_route fresh;

	if (new != NULL) {
		fresh = *new;
		fresh.sr_installed = false;
		fresh.sr_line = 0;
	}
	if (h == NULL || (old != NULL && !hn_routes_remove(&h->hn_routes, old)) || (new != NULL && !hn_routes_add(&h->hn_routes, &fresh))) {
		hostname_free(h);
		explain(why, RT_NOMEM);
		return false;
	}
	return config_edit(hostname_key(key, ifname), h, why->r_text, sizeof(why->r_text));
}

/* ---- add, delete, change ---- */

/* The interface whose file is to hold the route. */
static bool
home_of(const struct static_route *sr, char ifname[IFNAMSIZ])
{
	struct ifnet *ifp;

	net_enter();
	ifp = static_route_facing(sr);
	snprintf(ifname, IFNAMSIZ, "%s", ifp != NULL ? ifp->if_xname :
	    sr->sr_flags & (RTF_REJECT | RTF_BLACKHOLE) ? "lo0" : "");
	net_leave();
	return ifname[0] != '\0';
}

static bool
route_add(const struct route_args *ra, struct reason *why)
{
	bool beside = ra->ra_route.sr_flags & RTF_MPATH;	/* others, which are not its gateway's */
	struct route_args key = { .ra_route = ra->ra_route, .ra_has_priority = true, .ra_has_gateway = beside };
	char ifname[IFNAMSIZ];
	struct search s;

	if (search_config(&s, &key)) {
		explain(why, RT_EXIST);
		return false;
	}
	if (!home_of(&ra->ra_route, ifname)) {
		explain(why, RT_UNREACH);
		return false;
	}
	if (fits_mygate(&ra->ra_route))
		return put_mygate(ra->ra_route.sr_af, &ra->ra_route, why);
	return edit_file(ifname, NULL, &ra->ra_route, why);
}

/* The destination with its zone. Inside net_enter. */
static struct in6_addr
scoped_dest(const struct route_args *ra)
{
	const struct ifnet *ifp = ra->ra_destzone[0] != '\0' ? ifunit(ra->ra_destzone) : NULL;

	return ifp != NULL ? in6_embed(&ra->ra_route.sr_dest6, ifp->if_index) : ra->ra_route.sr_dest6;
}

/* What was learned, not configured: redirects, neighbours. */
static bool
delete_learned(const struct route_args *ra, struct reason *why)
{
	struct rt_request rq = {
		.rq_af = ra->ra_route.sr_af,
		.rq_plen = ra->ra_route.sr_plen,
		.rq_priority = ra->ra_has_priority ? ra->ra_route.sr_priority : 0,
	};
	enum rt_error e;

	net_enter();
	rq.rq_dest6 = scoped_dest(ra);
	if (ra->ra_has_gateway)
		rq.rq_gateway6 = static_route_request(&ra->ra_route).rq_gateway6;
	e = rt_delete(&rq);
	net_leave();
	if (e != RT_OK)
		explain(why, e);
	return e == RT_OK;
}

static bool
route_delete(const struct route_args *ra, struct reason *why)
{
	struct search s;

	if (ra->ra_destzone[0] != '\0' || !search_config(&s, ra))
		return delete_learned(ra, why);
	if (s.s_ifname[0] == '\0')
		return put_mygate(s.s_found.sr_af, NULL, why);
	return edit_file(s.s_ifname, &s.s_found, NULL, why);
}

/* The default route becomes what /etc/mygate cannot say: it moves to the file of the interface that its gateway is on. While it stands in neither
 * a route behind all others leads there. */
static bool
move_from_mygate(const struct static_route *old, const struct static_route *new, struct reason *why)
{
	struct rt_request meanwhile;
	char ifname[IFNAMSIZ];
	struct reason again;
	enum rt_error e;
	bool ok;

	if (!home_of(new, ifname)) {
		explain(why, RT_UNREACH);
		return false;
	}
	net_enter();
	meanwhile = static_route_request(new);
	meanwhile.rq_priority = RTP_MAX;
	e = rt_add(&meanwhile);
	net_leave();
	if (e != RT_OK && e != RT_EXIST) {
		explain(why, e);
		return false;
	}
	ok = put_mygate(old->sr_af, NULL, why);
	if (ok && !edit_file(ifname, NULL, new, why)) {
		put_mygate(old->sr_af, old, &again);
		ok = false;
	}
	if (e == RT_OK) {
		net_enter();
		rt_delete(&meanwhile);
		net_leave();
	}
	return ok;
}

static bool
route_change(const struct route_args *ra, struct reason *why)
{
	struct route_args key = *ra;
	struct static_route new;
	struct search s;

	if (!ra->ra_has_gateway || !search_config(&s, &key)) {	/* that one of several, or it is the new one */
		key.ra_has_gateway = false;
		if (!search_config(&s, &key)) {
			explain(why, RT_NOTFOUND);
			return false;
		}
	}
	new = s.s_found;
	if (ra->ra_has_gateway) {
		new.sr_gateway6 = ra->ra_route.sr_gateway6;
		memcpy(new.sr_zone, ra->ra_route.sr_zone, sizeof(new.sr_zone));
	}
	if (ra->ra_has_mtu)
		new.sr_mtu = ra->ra_route.sr_mtu;
	if (ra->ra_has_ifa)
		new.sr_ifa6 = ra->ra_route.sr_ifa6;
	if (ra->ra_route.sr_label != NULL)
		new.sr_label = ra->ra_route.sr_label;
	if (ra->ra_route.sr_flags & (RTF_REJECT | RTF_BLACKHOLE))
		new.sr_flags = ra->ra_route.sr_flags;
	if (s.s_ifname[0] != '\0')
		return edit_file(s.s_ifname, &s.s_found, &new, why);
	return fits_mygate(&new) ? put_mygate(new.sr_af, &new, why) : move_from_mygate(&s.s_found, &new, why);
}

static int
route_edit(struct out *o, const struct route_opts *ro, const char *verb, int argc, char **argv)
{
	bool add = strcmp(verb, "add") == 0, delete = strcmp(verb, "delete") == 0, ok;
	struct route_args ra;
	struct reason why = { "" };

	if (!(delete ? route_args_parse : route_args_parse_static)(&ra, argc, argv, why.r_text, sizeof(why.r_text))) {
		out_printf(o, "route: %s\n", why.r_text);
		return 1;
	}
	if (!ra.ra_has_dest || (add && !ra.ra_has_gateway))
		return command_usage(o, "route");
	if (ro->ro_rdomain != 0) {
		out_printf(o, "route: -T %u: not supported yet\n", ro->ro_rdomain);
		return 1;
	}
	ok = add ? route_add(&ra, &why) : delete ? route_delete(&ra, &why) : route_change(&ra, &why);
	if (ok && ro->ro_quiet)
		return 0;
	out_printf(o, "%s %s %s", verb, ra.ra_host ? "host" : "net", ra.ra_desttext);
	if (ra.ra_has_gateway)
		out_printf(o, ": gateway %s", ra.ra_gwtext);
	if (!ok)
		out_printf(o, ": %s", why.r_text);
	out_printf(o, "\n");
	return ok ? 0 : 1;
}

/* ---- get, show, flush ---- */

static int
route_get(struct out *o, const struct route_opts *ro, const char *verb __unused_arg, int argc, char **argv)
{
	struct route_args ra;
	struct in6_addr dest;
	char err[160];

	if (!route_args_parse(&ra, argc, argv, err, sizeof(err))) {
		out_printf(o, "route: %s\n", err);
		return 1;
	}
	if (!ra.ra_has_dest || ra.ra_has_gateway)
		return command_usage(o, "route");
	net_enter();
	dest = scoped_dest(&ra);
	net_leave();
	if (rt_show_get(o, ro->ro_rdomain, ra.ra_route.sr_af, &dest, ra.ra_route.sr_plen))
		return 0;
	out_printf(o, "route: writing to routing socket: %s\n", rt_strerror(RT_NOTFOUND));
	return 1;
}

/* Adds a family, as rt_show() takes them. False: the word is neither. */
static bool
family_word(const char *s, unsigned *families)
{
	unsigned f = strcmp(s, "-inet") == 0 ? RT_SHOW_INET : strcmp(s, "-inet6") == 0 ? RT_SHOW_INET6 : 0;

	*families |= f;
	return f != 0;
}

static int
route_show(struct out *o, const struct route_opts *ro, const char *verb __unused_arg, int argc, char **argv)
{
	struct rt_show_only only = { 0 };
	unsigned families = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-gateway") == 0)
			only.so_flags |= RTF_GATEWAY;
		else if (strcmp(argv[i], "-static") == 0)
			only.so_flags |= RTF_STATIC;
		else if (strcmp(argv[i], "-label") == 0 && i + 1 < argc)
			only.so_label = argv[++i];
		else if (!family_word(argv[i], &families))
			return command_usage(o, "route");
	}
	rt_show(o, ro->ro_rdomain, families != 0 ? families : RT_SHOW_ALL, &only);
	return 0;
}

struct names { char (*n_name)[IFNAMSIZ]; unsigned n_count; bool n_nomem; };

static void
collect_routed(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct names *n = arg;
	void *p;

	if (strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) != 0 || h->hn_routes.rs_n == 0)
		return;
	if ((p = realloc(n->n_name, (n->n_count + 1) * sizeof(*n->n_name))) == NULL) {
		n->n_nomem = true;
		return;
	}
	n->n_name = p;
	snprintf(n->n_name[n->n_count++], IFNAMSIZ, "%s", h->hn_ifname);
}

static void
flush_say(struct out *o, const struct route_opts *ro, const struct static_route *sr)
{
	char net[IN6_NETSTRLEN], gw[IN6_STRLEN];

	if (!ro->ro_quiet)
		out_printf(o, "%-20s %-20s done\n", af_printnet(net, sr->sr_af, &sr->sr_dest6, sr->sr_plen),
		    static_route_gwtext(gw, sr));
}

static bool
flush_file(struct out *o, const struct route_opts *ro, unsigned families, const char *ifname, struct reason *why)
{
	const struct hostname *running = hostname_running(ifname);
	struct hostname *h = running != NULL ? hostname_copy(running) : NULL;
	char key[HOSTNAME_KEYSIZE];
	unsigned before;

	if (h == NULL) {
		explain(why, RT_NOMEM);
		return false;
	}
	before = h->hn_routes.rs_n;
	for (unsigned i = 0; i < before; i++) {
		struct static_route sr = hn_routes_get(&h->hn_routes, i);

		if (families & 1u << sr.sr_af)
			flush_say(o, ro, &sr);
	}
	hn_routes_remove_families(&h->hn_routes, families);
	if (h->hn_routes.rs_n == before) {
		hostname_free(h);
		return true;
	}
	return config_edit(hostname_key(key, ifname), h, why->r_text, sizeof(why->r_text));
}

static int
route_flush(struct out *o, const struct route_opts *ro, const char *verb __unused_arg, int argc, char **argv)
{
	const struct mygate *mg;
	struct names n = { 0 };
	struct reason why = { "" };
	unsigned families = 0;
	bool ok = true;

	if (argc > 1 || (argc == 1 && !family_word(argv[0], &families)))
		return command_usage(o, "route");
	if (families == 0)
		families = RT_SHOW_ALL;
	for (unsigned af = 0; ok && af < AF_COUNT; af++)
		if ((families & 1u << af) && (mg = config_running(MYGATE_NAME)) != NULL && mg->mg_present[af]) {
			flush_say(o, ro, &mg->mg_route[af]);
			ok = put_mygate(af, NULL, &why);
		}
	config_foreach(collect_routed, &n);
	if (n.n_nomem) {
		explain(&why, RT_NOMEM);
		ok = false;
	}
	for (unsigned i = 0; ok && i < n.n_count; i++)
		ok = flush_file(o, ro, families, n.n_name[i], &why);
	free(n.n_name);
	net_enter();
	for (unsigned af = 0; af < AF_COUNT; af++)
		if (families & 1u << af)
			rt_flush_dynamic(0, af);
	net_leave();
	if (!ok)
		out_printf(o, "route: %s\n", why.r_text);
	return ok ? 0 : 1;
}

static int
route_monitor(struct out *o, const struct route_opts *ro, const char *verb __unused_arg, int argc, char **argv)
{
	unsigned families = 0;

	if (argc > 1 || (argc == 1 && !family_word(argv[0], &families)))
		return command_usage(o, "route");
	return rt_monitor(o, ro->ro_rdomain, families != 0 ? families : RT_SHOW_ALL);
}

/* ---- the command ---- */

static const struct verb {
	const char	*v_name;
	int		(*v_func)(struct out *, const struct route_opts *, const char *, int, char **);
} verbs[] = {
	{ "add",	route_edit },
	{ "delete",	route_edit },
	{ "change",	route_edit },
	{ "get",	route_get },
	{ "show",	route_show },
	{ "flush",	route_flush },
	{ "monitor",	route_monitor },
};

/* "-T 5": false when it is no table that exists. */
static bool
table_option(struct out *o, struct route_opts *ro, const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);
	bool ok = *s >= '0' && *s <= '9' && *end == '\0' && v <= RT_TABLEID_MAX;

	net_enter();
	ok = ok && (v == 0 || rtable_exists((unsigned)v));
	net_leave();
	if (!ok)
		out_printf(o, "route: %s: no such routing table\n", s);
	ro->ro_rdomain = (unsigned)v;
	return ok;
}

static int
cmd_route(struct out *o, int argc, char **argv)
{
	struct route_opts ro = { 0 };
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *p = argv[i] + 1; *p != '\0'; p++) {
			if (*p == 'q') {
				ro.ro_quiet = true;
			} else if (*p == 'T' && p[1] == '\0' && i + 1 < argc) {
				if (!table_option(o, &ro, argv[++i]))
					return 1;
				break;
			} else if (*p != 'n' && *p != 'v') {
				return command_usage(o, argv[0]);
			}
		}
	for (size_t v = 0; i < argc && v < nitems(verbs); v++)
		if (strcmp(argv[i], verbs[v].v_name) == 0)
			return verbs[v].v_func(o, &ro, argv[i], argc - i - 1, argv + i + 1);
	return command_usage(o, argv[0]);
}
COMMAND(route, cmd_route,
    "route [-nq] add [modifiers] destination gateway\n"
    "route [-nq] change [modifiers] destination [gateway]\n"
    "route [-nq] delete [modifiers] destination [gateway]\n"
    "route [-j] [-n] [-T rtable] get destination\n"
    "route [-j] [-n] [-T rtable] show [-inet | -inet6] [-gateway] [-static] [-label label]\n"
    "route [-nq] flush [-inet | -inet6]\n"
    "route [-j] [-n] [-T rtable] monitor [-inet | -inet6]",
    "show and change the routing tables",
    "destination is an address, network/length, or \"default\"; gateway the address of a router on a\n"
    "network of ours, a link-local one with its interface. Modifiers: -inet, -inet6, -net, -host,\n"
    "-netmask mask, -prefixlen n, -priority n, -mtu n, -ifa address, -reject (answered with ICMP\n"
    "unreachable), -blackhole (dropped), -mpath (beside other routes of the same destination and\n"
    "priority: each has its share of the flows, by their addresses; sysctl net.inet.ip.multipath),\n"
    "-label name (a name for show -label).\n"
    "\n"
    "Routes that are added become part of the configuration: as \"!route add\" of the interface\n"
    "that the gateway is on, the plain default route as /etc/mygate. \"show config\" prints them.\n"
    "\n"
    "flush removes these, and what was learned by redirects. monitor shows what happens to routes,\n"
    "neighbours and interfaces, until ^C.\n"
    "\n"
    "     route add 10.1/16 10.0.1.2\n"
    "     route add -inet6 default fe80::1%em0\n"
    "     route -n get 8.8.8.8\n"
    "     route -n show -inet\n");
