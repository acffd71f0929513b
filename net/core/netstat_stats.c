/* netstat_stats.c - netstat -s: every counter with its sentence, and the balance of the books. */
#include <stdio.h>
#include <string.h>

#include "kernel/task.h"
#include "net/core/netstat.h"

/* In the order of cg_order, then of the set. */
const struct counter_group *
netstat_group(const struct counter_group *after)
{
	const struct counter_group *best = NULL;

	SET_FOREACH(const struct counter_group, g, counter_groups) {
		bool behind = after == NULL || g->cg_order > after->cg_order || (g->cg_order == after->cg_order && g > after);

		if (behind && (best == NULL || g->cg_order < best->cg_order || (g->cg_order == best->cg_order && g < best)))
			best = g;
	}
	return best;
}

const struct counter *
netstat_counter(const char *group, const struct counter *after)
{
	const struct counter *best = NULL;

	SET_FOREACH(const struct counter, c, counters) {
		bool behind = after == NULL || c->c_order > after->c_order || (c->c_order == after->c_order && c > after);

		if (behind && strcmp(c->c_group, group) == 0 &&
		    (best == NULL || c->c_order < best->c_order || (c->c_order == best->c_order && c < best)))
			best = c;
	}
	return best;
}

const char *
netstat_sentence(const struct counter *c, char *buf, size_t len)
{
	counter_print(c, 2, buf, len);
	return strchr(buf, ' ') + 1;
}

static void
print_group(struct out *o, const struct netstat_opts *no, const char *group)
{
	char text[200];

	if (o->o_json)
		json_open(o, group, '{');
	else
		out_printf(o, "%s:\n", group);
	for (const struct counter *c = netstat_counter(group, NULL); c != NULL; c = netstat_counter(group, c)) {
		uint64_t v;

		net_enter();
		v = counter_sum(c);
		net_leave();
		if (no->no_stats > 1 && v == 0)
			continue;
		if (o->o_json)
			json_u64(o, netstat_sentence(c, text, sizeof(text)), v);
		else {
			counter_print(c, v, text, sizeof(text));
			out_printf(o, "\t%s\n", text);
		}
	}
	if (o->o_json)
		json_close(o, '}');
}

static void
balance_line(struct out *o, const char *what, long long v)
{
	if (o->o_json)
		json_i64(o, what, v);
	else
		out_printf(o, "\t%lld packet%s %s\n", v, v == 1 ? "" : "s", what);
}

/* counter.h: received + created = sent + dropped + consumed + queued, at rest. */
static void
print_balance(struct out *o)
{
	struct counter_balance cb;
	long long difference;

	net_enter();
	counter_balance(&cb);
	net_leave();
	difference = (long long)(cb.cb_received + cb.cb_created - cb.cb_sent - cb.cb_dropped - cb.cb_consumed - cb.cb_held);
	if (o->o_json)
		json_open(o, "balance", '{');
	else
		out_printf(o, "balance:\n");
	balance_line(o, "received", (long long)cb.cb_received);
	balance_line(o, "created", (long long)cb.cb_created);
	balance_line(o, "sent", (long long)cb.cb_sent);
	balance_line(o, "dropped", (long long)cb.cb_dropped);
	balance_line(o, "consumed", (long long)cb.cb_consumed);
	balance_line(o, "queued", (long long)cb.cb_held);
	if (o->o_json) {
		json_i64(o, "difference", difference);
		json_close(o, '}');
	} else {
		out_printf(o, "\t%lld difference\n", difference);
	}
}

static bool
group_exists(const char *name)
{
	SET_FOREACH(const struct counter_group, g, counter_groups)
		if (strcmp(g->cg_name, name) == 0)
			return true;
	return false;
}

int
netstat_stats(struct out *o, const struct netstat_opts *no)
{
	if (no->no_proto != NULL && !group_exists(no->no_proto)) {
		out_printf(o, "netstat: %s: unknown protocol\n", no->no_proto);
		return 1;
	}
	if (o->o_json)
		json_open(o, NULL, '{');
	for (const struct counter_group *g = netstat_group(NULL); g != NULL && !o->o_stop; g = netstat_group(g)) {
		if (no->no_proto == NULL || strcmp(g->cg_name, no->no_proto) == 0)
			print_group(o, no, g->cg_name);
		out_flush(o);
	}
	if (no->no_verbose && no->no_proto == NULL)
		print_balance(o);
	if (o->o_json)
		json_close(o, '}');
	return 0;
}
