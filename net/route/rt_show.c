/* rt_show.c - routes as netstat -r and route get print them. */
#include <stdio.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/ether/ether.h"
#include "net/inet/ip_pmtu.h"
#include "net/inet6/in6_pmtu.h"
#include "net/route/rt_show.h"

#define ROUTES_PER_TURN	4	/* rows between net_enter and net_leave */

/* netstat(1) and route(8). OpenBSD shows DONE (the answer is complete) in `route get`; it is no state of ours. */
static const struct rt_flag {
	uint32_t	f_bit;
	char		f_letter;
	const char	*f_name;
} rt_flags[] = {
	{ RTF_UP,		'U', "UP" },
	{ RTF_GATEWAY,		'G', "GATEWAY" },
	{ RTF_HOST,		'H', "HOST" },
	{ RTF_REJECT,		'R', "REJECT" },
	{ RTF_DYNAMIC,		'D', "DYNAMIC" },
	{ RTF_MODIFIED,		'M', "MODIFIED" },
	{ 0x40,			0, "DONE" },
	{ RTF_CLONING,		'C', "CLONING" },
	{ RTF_MULTICAST,	'm', "MULTICAST" },
	{ RTF_LLINFO,		'L', "LLINFO" },
	{ RTF_STATIC,		'S', "STATIC" },
	{ RTF_BLACKHOLE,	'B', "BLACKHOLE" },
	{ RTF_CLONED,		'c', "CLONED" },
	{ RTF_CACHED,		'h', "CACHED" },
	{ RTF_MPATH,		'P', "MPATH" },
	{ RTF_LOCAL,		'l', "LOCAL" },
	{ RTF_BROADCAST,	'b', "BROADCAST" },
	{ RTF_CONNECTED,	'n', "CONNECTED" },
};

char *
rt_flagletters(char *buf, uint32_t flags)
{
	char *p = buf;

	for (size_t i = 0; i < nitems(rt_flags); i++)
		if ((flags & rt_flags[i].f_bit) && rt_flags[i].f_letter != 0)
			*p++ = rt_flags[i].f_letter;
	*p = '\0';
	return buf;
}

char *
rt_gatewaytext(char *buf, const struct rtentry *rt)
{
	const struct nexthop *nh = rt->rt_nh;

	if ((rt->rt_flags & RTF_GATEWAY) || !(rt->rt_flags & RTF_LLINFO)) {
		if (in6_is_any(&rt->rt_via->v_gateway6) && rt_ifp(rt) != NULL)
			snprintf(buf, RT_GWSTRLEN, "link#%u", rt_ifp(rt)->if_index);
		else
			af_print(buf, rt->rt_af, &rt->rt_via->v_gateway6);
	} else if (rt->rt_flags & RTF_LOCAL) {
		ether_print(buf, rt_ifp(rt)->if_lladdr);
	} else if (nh != NULL && nh->nh_valid && nh->nh_hdrlen >= ETHER_HDR_LEN) {
		ether_print(buf, nexthop_lladdr(nh));
	} else {
		snprintf(buf, RT_GWSTRLEN, "link#%u", rt_ifp(rt)->if_index);
	}
	return buf;
}

/* The MTU that the route itself has: the loopback's is shown, as on OpenBSD. */
static uint32_t
rt_shown_mtu(const struct rtentry *rt)
{
	if (rt->rt_mtu == 0 && rt_ifp(rt) != NULL && (rt_ifp(rt)->if_flags & IFF_LOOPBACK))
		return rt_ifp(rt)->if_mtu;
	return rt->rt_mtu;
}

static void
rt_row_json(struct out *o, const struct rtentry *rt)
{
	char net[IN6_NETSTRLEN], gw[RT_GWSTRLEN], fl[RT_FLAGSTRLEN];

	json_open(o, NULL, '{');
	json_str(o, "family", rt->rt_af == AF_IP4 ? "inet" : "inet6");
	json_str(o, "destination", af_printnet(net, rt->rt_af, &rt->rt_dest6, rt->rt_plen));
	json_str(o, "gateway", rt_gatewaytext(gw, rt));
	json_str(o, "flags", rt_flagletters(fl, rt->rt_flags));
	json_u64(o, "refs", rt_refcount(rt));
	json_u64(o, "use", rt->rt_use);
	json_u64(o, "mtu", rt_shown_mtu(rt));
	json_u64(o, "prio", rt->rt_priority);
	json_str(o, "iface", rt_ifp(rt) != NULL ? rt_ifp(rt)->if_xname : "");
	if (rt->rt_via->v_label[0] != '\0')
		json_str(o, "label", rt->rt_via->v_label);
	json_close(o, '}');
}

/* netstat(1)'s widths of Destination and Gateway. */
static int rt_destwidth(unsigned af) { return af == AF_IP4 ? 18 : 34; }
static int rt_gwwidth(unsigned af) { return af == AF_IP4 ? 18 : 30; }

static void
rt_head(struct out *o, unsigned af)
{
	out_printf(o, "\n%s:\n%-*s %-*s %-6s  %4s %8s %5s %5s %s\n", af == AF_IP4 ? "Internet" : "Internet6", rt_destwidth(af),
	    "Destination", rt_gwwidth(af), "Gateway", "Flags", "Refs", "Use", "Mtu", "Prio", "Iface");
}

static void
rt_row(struct out *o, const struct rtentry *rt)
{
	char net[IN6_NETSTRLEN], gw[RT_GWSTRLEN], fl[RT_FLAGSTRLEN], mtu[12] = "-";

	if (rt_shown_mtu(rt) != 0)
		snprintf(mtu, sizeof(mtu), "%u", (unsigned)rt_shown_mtu(rt));
	out_printf(o, "%-*s %-*s %-6s %5u %8llu %5s %5u %-5s", rt_destwidth(rt->rt_af),
	    af_printnet(net, rt->rt_af, &rt->rt_dest6, rt->rt_plen), rt_gwwidth(rt->rt_af), rt_gatewaytext(gw, rt), rt_flagletters(fl, rt->rt_flags), (unsigned)rt_refcount(rt),
	    (unsigned long long)rt->rt_use, mtu, rt->rt_priority, rt_ifp(rt) != NULL ? rt_ifp(rt)->if_xname : "");
	if (rt->rt_via->v_label[0] != '\0')
		out_printf(o, " \"%s\"", rt->rt_via->v_label);
	out_printf(o, "\n");
}

static bool
rt_is_shown(const struct rtentry *rt, const struct rt_show_only *only)
{
	return (rt->rt_flags & only->so_flags) == only->so_flags &&
	    (only->so_label == NULL || strcmp(rt->rt_via->v_label, only->so_label) == 0);
}

/* Up to ROUTES_PER_TURN rows; false at the end of the table. */
static bool
rt_show_turn(struct out *o, unsigned rdomain, const struct rt_show_only *only, struct rt_cursor *rc, bool *headed)
{
	struct rtentry *rt = NULL;

	net_enter();
	for (int n = 0; n < ROUTES_PER_TURN && (rt = rtable_next(rdomain, rc)) != NULL; n++) {
		if (!rt_is_shown(rt, only))
			continue;
		if (!o->o_json && !*headed)
			rt_head(o, rt->rt_af);
		*headed = true;
		if (o->o_json)
			rt_row_json(o, rt);
		else
			rt_row(o, rt);
	}
	net_leave();
	return rt != NULL;
}

void
rt_show(struct out *o, unsigned rdomain, unsigned families, const struct rt_show_only *only)
{
	if (o->o_json) {
		json_open(o, NULL, '{');
		json_u64(o, "rdomain", rdomain);
		json_open(o, "routes", '[');
	} else {
		out_printf(o, "Routing tables\n");
	}
	for (unsigned af = 0; af < AF_COUNT; af++) {
		struct rt_cursor rc = { .rc_af = af };
		bool headed = false;

		while ((families & 1u << af) && !o->o_stop && rt_show_turn(o, rdomain, only, &rc, &headed))
			out_flush(o);
	}
	if (o->o_json) {
		json_close(o, ']');
		json_close(o, '}');
	}
}

/* route(8), -priority. */
static const char *
rt_priorityname(unsigned priority)
{
	static const struct { unsigned p; const char *name; } names[] = {
		{ RTP_LOCAL, "local" }, { RTP_CONNECTED, "connected" }, { RTP_STATIC, "static" }, { 32, "ospf" },
		{ 36, "isis" }, { 40, "rip" }, { 48, "bgp" }, { 56, "default" },
	};

	for (size_t i = 0; i < nitems(names); i++)
		if (names[i].p == priority)
			return names[i].name;
	return "";
}

void
rt_flagnames(struct out *o, uint32_t flags)
{
	const char *comma = "";

	for (size_t i = 0; i < nitems(rt_flags); i++)
		if (flags & rt_flags[i].f_bit) {
			out_printf(o, "%s%s", comma, rt_flags[i].f_name);
			comma = ",";
		}
}

/* What one answer of `route get` says; copied, so that it is printed outside net_enter. */
struct rt_answer {
	char		a_dest[IN6_STRLEN], a_mask[IN6_STRLEN], a_gateway[IN6_STRLEN], a_ifa[IN6_STRLEN];
	char		a_ifname[IFNAMSIZ], a_label[RT_LABEL_MAX];
	uint32_t	a_flags, a_mtu;
	uint64_t	a_use, a_expire;
	unsigned	a_priority;
};

static void
rt_answer(struct rt_answer *a, const struct rtentry *rt)
{
	const struct nexthop *nh = rt->rt_nh;
	struct in6_addr mask = in6_mask(rt->rt_plen);
	uint64_t now = uptime_ns(), expire = rt_expires(rt);

	af_print(a->a_dest, rt->rt_af, &rt->rt_dest6);
	if (rt->rt_af == AF_IP4)
		ip4_print(a->a_mask, ip4_mask(rt->rt_plen));
	else
		in6_print(a->a_mask, &mask);
	if (rt->rt_plen == 0) {
		snprintf(a->a_dest, sizeof(a->a_dest), "default");
		snprintf(a->a_mask, sizeof(a->a_mask), "default");
	}
	if (rt->rt_flags & RTF_GATEWAY)
		af_print(a->a_gateway, rt->rt_af, &rt->rt_via->v_gateway6);
	if (!in6_is_any(&rt->rt_via->v_ifa6))
		af_print(a->a_ifa, rt->rt_af, &rt->rt_via->v_ifa6);
	if (rt_ifp(rt) != NULL)
		snprintf(a->a_ifname, sizeof(a->a_ifname), "%s", rt_ifp(rt)->if_xname);
	memcpy(a->a_label, rt->rt_via->v_label, sizeof(a->a_label));
	a->a_flags = rt->rt_flags | 0x40;
	a->a_mtu = rt_shown_mtu(rt);
	a->a_use = rt->rt_use;
	if (expire > now)
		a->a_expire = (expire - now) / 1000000000u;
	if ((rt->rt_flags & RTF_CLONED) && nh != NULL && nh->nh_expire > now)
		a->a_expire = (nh->nh_expire - now) / 1000000000u;
	a->a_priority = rt->rt_priority;
}

static void
rt_answer_json(struct out *o, const char *to, const struct rt_answer *a)
{
	char fl[RT_FLAGSTRLEN];

	json_open(o, NULL, '{');
	json_str(o, "route to", to);
	json_str(o, "destination", a->a_dest);
	json_str(o, "mask", a->a_mask);
	if (a->a_gateway[0] != '\0')
		json_str(o, "gateway", a->a_gateway);
	json_str(o, "interface", a->a_ifname);
	json_str(o, "if address", a->a_ifa);
	json_u64(o, "priority", a->a_priority);
	json_str(o, "flags", rt_flagletters(fl, a->a_flags));
	if (a->a_label[0] != '\0')
		json_str(o, "label", a->a_label);
	json_u64(o, "use", a->a_use);
	json_u64(o, "mtu", a->a_mtu);
	json_u64(o, "expire", a->a_expire);
	json_close(o, '}');
}

static void
rt_answer_print(struct out *o, const char *to, const struct rt_answer *a)
{
	out_printf(o, "   route to: %s\ndestination: %s\n       mask: %s\n", to, a->a_dest, a->a_mask);
	if (a->a_gateway[0] != '\0')
		out_printf(o, "    gateway: %s\n", a->a_gateway);
	if (a->a_ifname[0] != '\0')
		out_printf(o, "  interface: %s\n", a->a_ifname);
	if (a->a_ifa[0] != '\0')
		out_printf(o, " if address: %s\n", a->a_ifa);
	out_printf(o, "   priority: %u (%s)\n      flags: <", a->a_priority, rt_priorityname(a->a_priority));
	rt_flagnames(o, a->a_flags);
	out_printf(o, ">\n");
	if (a->a_label[0] != '\0')
		out_printf(o, "      label: %s\n", a->a_label);
	out_printf(o, "     use       mtu    expire\n%8llu  %8u  %8llu \n", (unsigned long long)a->a_use,
	    (unsigned)a->a_mtu, (unsigned long long)a->a_expire);
}

static struct rtentry *
rtable_own_af(unsigned af, unsigned rdomain, const struct in6_addr *dst)
{
	return af == AF_IP4 ? rtable_own(rdomain, dst->s6_addr32[0]) : rtable_own6(rdomain, dst);
}

bool
rt_show_get(struct out *o, unsigned rdomain, unsigned af, const struct in6_addr *dst, unsigned plen)
{
	struct rt_answer a = { 0 };
	struct rtentry *rt;
	char to[IN6_STRLEN];
	bool cut;

	net_enter();
	rt = plen == af_bits(af) ? rtable_own_af(af, rdomain, dst) : rtable_lookup_af(af, rdomain, dst, plen);
	if (rt != NULL)
		rt_answer(&a, rt);
	if (rt != NULL && plen == af_bits(af) && RT_FORWARDS(rt)) {	/* what path MTU discovery has found */
		uint32_t mtu = rt_pathmtu(rt);
		uint32_t found = af == AF_IP6 ? in6_pmtu(rdomain, dst) : ip_pmtu(rdomain, dst->s6_addr32[0], mtu, &cut);

		a.a_mtu = found < mtu ? found : a.a_mtu;
	}
	af_print(to, af, dst);
	net_leave();
	if (rt == NULL)
		return false;
	if (plen == 0)
		snprintf(to, sizeof(to), "default");
	if (o->o_json)
		rt_answer_json(o, to, &a);
	else
		rt_answer_print(o, to, &a);
	return true;
}
