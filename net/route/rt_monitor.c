/* rt_monitor.c - route monitor: messages about routes, neighbours and interfaces as they come, in route(8)'s words. */
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/ether/ether.h"
#include "net/route/rt_msg.h"
#include "net/route/rt_show.h"

static const struct { const char *name, *text; } types[] = {
	[RTM_ADD] = { "RTM_ADD", "Add Route" },
	[RTM_DELETE] = { "RTM_DELETE", "Delete Route" },
	[RTM_CHANGE] = { "RTM_CHANGE", "Change Metrics, Flags or Gateway" },
	[RTM_RESOLVE] = { "RTM_RESOLVE", "Route created by cloning" },
	[RTM_IFINFO] = { "RTM_IFINFO", "iface status change" },
	[RTM_NEWADDR] = { "RTM_NEWADDR", "address being added to iface" },
	[RTM_DELADDR] = { "RTM_DELADDR", "address being removed from iface" },
};

static const char *
link_name(const struct rt_msg *rm)
{
	return rm->rm_link == LINK_STATE_UP ? "active" : rm->rm_link == LINK_STATE_DOWN ? "no carrier" : "unknown";
}

static const char *
gateway(char buf[IN6_STRLEN], const struct rt_msg *rm)
{
	return rm->rm_has_lladdr ? ether_print(buf, rm->rm_lladdr) : af_print(buf, rm->rm_af, &rm->rm_gateway);
}

static void
show_json(struct out *o, const struct rt_msg *rm)
{
	char a[IN6_NETSTRLEN], g[IN6_STRLEN], fl[RT_FLAGSTRLEN];

	json_open(o, NULL, '{');
	json_str(o, "type", types[rm->rm_type].name);
	json_u64(o, "time", rm->rm_time);
	json_u64(o, "table", rm->rm_rdomain);
	json_u64(o, "if", rm->rm_ifidx);
	if (rm->rm_type == RTM_IFINFO) {
		json_str(o, "link", link_name(rm));
		json_bool(o, "up", rm->rm_flags & IFF_UP);
	} else {
		json_str(o, "destination", af_printnet(a, rm->rm_af, &rm->rm_dest, rm->rm_plen));
	}
	if (rm->rm_type < RTM_IFINFO) {
		json_str(o, "gateway", gateway(g, rm));
		json_u64(o, "priority", rm->rm_priority);
		json_str(o, "flags", rt_flagletters(fl, rm->rm_flags));
	}
	json_close(o, '}');
}

static void
show(struct out *o, const struct rt_msg *rm)
{
	char a[IN6_STRLEN], m[IN6_STRLEN], g[IN6_STRLEN], date[TEXT_DATE];

	out_printf(o, "got message of size %zu on %s\n", sizeof(*rm), text_date(date, (int64_t)rm->rm_time));
	out_printf(o, "%s: %s: ", types[rm->rm_type].name, types[rm->rm_type].text);
	switch (rm->rm_type) {
	case RTM_IFINFO:
		out_printf(o, "if# %u, link: %s, %s\n", rm->rm_ifidx, link_name(rm), rm->rm_flags & IFF_UP ? "up" : "down");
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		out_printf(o, "if# %u\nsockaddrs: <NETMASK,IFA>\n %s %s\n", rm->rm_ifidx, af_printmask(m, rm->rm_af, rm->rm_plen),
		    af_print(a, rm->rm_af, &rm->rm_dest));
		break;
	default:
		out_printf(o, "priority %u, table %u, if# %u\nflags:<", rm->rm_priority, rm->rm_rdomain, rm->rm_ifidx);
		rt_flagnames(o, rm->rm_flags);
		out_printf(o, ">\nsockaddrs: <DST,GATEWAY,NETMASK>\n %s %s %s\n", af_print(a, rm->rm_af, &rm->rm_dest), gateway(g, rm),
		    af_printmask(m, rm->rm_af, rm->rm_plen));
		break;
	}
}

/* All that has come. */
static void
show_new(struct out *o, unsigned rdomain, unsigned families, uint64_t *pos)
{
	struct rt_msg rm;
	uint64_t lost;
	bool more;

	for (;;) {
		net_enter();
		more = rt_msg_next(pos, &rm, &lost);
		net_leave();
		if (lost > 0 && !o->o_json)
			out_printf(o, "%llu messages lost\n", (unsigned long long)lost);
		if (!more || o->o_stop)
			break;
		if (rm.rm_rdomain != rdomain || (rm.rm_type != RTM_IFINFO && !(families & 1u << rm.rm_af)))
			continue;
		net_enter();		/* zones have names */
		if (o->o_json)
			show_json(o, &rm);
		else
			show(o, &rm);
		net_leave();
		out_flush(o);
	}
}

int
rt_monitor(struct out *o, unsigned rdomain, unsigned families)
{
	uint64_t pos;

	net_enter();
	rt_msg_watch(&pos);
	net_leave();
	if (o->o_json)
		json_open(o, NULL, '[');
	while (!o->o_stop) {
		show_new(o, rdomain, families, &pos);
		if (!o->o_stop)
			task_sleep(&rt_msg_chan, 500);		/* ^C wakes who sleeps on the out only */
	}
	if (o->o_json)
		json_close(o, ']');
	net_enter();
	rt_msg_unwatch();
	net_leave();
	return 0;
}
