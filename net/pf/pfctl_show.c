/* pfctl_show.c - pfctl -s: rules with their counters, states, what the packet filter has counted, timeouts, limits, tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_names.h"
#include "net/pf/pfctl_engine.h"

typedef unsigned long long ull;

/* ---- rules ---- */

static void
print_counts(struct out *o, const struct pf_rcount *c, unsigned depth)
{
	out_printf(o, "%*s  [ Evaluations: %-8llu  Packets: %-8llu  Bytes: %-10llu  States: %-6llu]\n", (int)depth * 2, "", (ull)c->rc_evaluations,
	    (ull)(c->rc_packets[0] + c->rc_packets[1]), (ull)(c->rc_bytes[0] + c->rc_bytes[1]), (ull)c->rc_states);
	out_printf(o, "%*s  [ Inserted: uid 0 pid 0 State Creations: %-6llu]\n", (int)depth * 2, "", (ull)c->rc_created);
}

/* count: by kr_index; NULL: without. */
static void
print_rules(struct out *o, const struct pf_krules *ks, const struct pf_rcount *count, unsigned verbose, unsigned depth)
{
	for (unsigned i = 0; i < ks->ks_n && !o->o_stop; i++) {
		const struct pf_krule *kr = &ks->ks_rule[i];

		out_printf(o, "%*s", (int)depth * 2, "");
		if (verbose > 1)
			out_printf(o, "@%u ", kr->kr_rule->r_nr);
		pf_print_rule(o, kr->kr_rule);
		out_printf(o, kr->kr_rule->r_inline ? " {\n" : "\n");
		if (count != NULL)
			print_counts(o, &count[kr->kr_index], depth);
		if (kr->kr_rule->r_inline) {
			print_rules(o, &kr->kr_anchor[0], count, verbose, depth + 1);
			out_printf(o, "%*s}\n", (int)depth * 2, "");
		}
	}
}

static void
show_rules(struct out *o, const struct pf_ruleset *rs, unsigned verbose)
{
	struct pf_rcount *count = rs != NULL && verbose > 0 ? pf_rcounts(rs) : NULL;

	if (rs != NULL)
		print_rules(o, &rs->rs_main, count, verbose, 0);
	free(count);
}

/* label, evaluations, packets, bytes, packets in, bytes in, packets out, bytes out, states created: pfctl(8). */
static void
show_labels(struct out *o, const struct pf_ruleset *rs, unsigned verbose __unused_arg)
{
	struct pf_rcount *count = rs != NULL ? pf_rcounts(rs) : NULL;

	for (unsigned i = 0; count != NULL && i < rs->rs_nrules; i++) {
		const char *label = rs->rs_rule[i].kr_rule->r_label;
		const struct pf_rcount *c = &count[i];

		if (label[0] != '\0')
			out_printf(o, "%s %llu %llu %llu %llu %llu %llu %llu %llu\n", label, (ull)c->rc_evaluations,
			    (ull)(c->rc_packets[0] + c->rc_packets[1]), (ull)(c->rc_bytes[0] + c->rc_bytes[1]), (ull)c->rc_packets[0],
			    (ull)c->rc_bytes[0], (ull)c->rc_packets[1], (ull)c->rc_bytes[1], (ull)c->rc_created);
	}
	free(count);
}

/* ---- states ---- */

struct show { struct out *s_out; unsigned s_verbose; };

static bool
show_state(const struct pf_state_copy *sc, void *arg)
{
	const struct show *show = arg;

	pf_state_print(show->s_out, &sc->sc_state, &sc->sc_when, show->s_verbose);
	return !show->s_out->o_stop;
}

static void
show_states(struct out *o, const struct pf_ruleset *rs __unused_arg, unsigned verbose)
{
	struct show show = { o, verbose };

	pf_states_foreach(show_state, &show);
}

/* ---- info ---- */

/* Since when, for rates; at least a second. */
static void
print_rate(struct out *o, const char *name, uint64_t n, uint64_t seconds)
{
	uint64_t tenths = n * 10 / MAX(seconds, (uint64_t)1);

	out_printf(o, "  %-25s %14llu %14llu.%llu/s\n", name, (ull)n, (ull)(tenths / 10), (ull)(tenths % 10));
}

static void
show_info(struct out *o, const struct pf_ruleset *rs __unused_arg, unsigned verbose __unused_arg)
{
	uint32_t since = pf_since(), now = (uint32_t)(uptime_ns() / 1000000000), s = since != 0 && now > since ? now - since : 0;
	struct pf_totals t;
	char text[80];

	pf_totals(&t);
	if (since == 0)
		snprintf(text, sizeof(text), "Status: Disabled");
	else
		snprintf(text, sizeof(text), "Status: %s for %u days %02u:%02u:%02u", pf_enabled ? "Enabled" : "Disabled", s / 86400, s / 3600 % 24,
		    s / 60 % 60, s % 60);
	out_printf(o, "%-44s %15s\n\n", text, "Debug: err");
	out_printf(o, "%-27s %14s %16s\n", "State Table", "Total", "Rate");
	out_printf(o, "  %-25s %14llu %14s\n", "current entries", (ull)t.pt_states, "");
	out_printf(o, "  %-25s %14llu %14s\n", "half-open tcp", (ull)t.pt_halfopen, "");
	print_rate(o, "searches", t.pt_searches, s);
	print_rate(o, "inserts", t.pt_inserts, s);
	print_rate(o, "removals", t.pt_removals, s);
	out_printf(o, "Counters\n");
	for (unsigned i = 0; i < PFR_COUNT; i++)
		print_rate(o, pf_reason_name[i], pf_reason_sum(i), s);
}

static void
show_timeouts(struct out *o, const struct pf_ruleset *rs, unsigned verbose __unused_arg)
{
	for (unsigned i = 0; rs != NULL && i < PF_TM_COUNT; i++)
		out_printf(o, "%-20s %10u%s\n", pf_timeout_name(i), rs->rs_timeout[i],
		    i == PF_TM_ADAPTIVE_START || i == PF_TM_ADAPTIVE_END ? " states" : "s");
}

static void
show_memory(struct out *o, const struct pf_ruleset *rs, unsigned verbose __unused_arg)
{
	for (unsigned i = 0; rs != NULL && i < PF_LIMIT_COUNT; i++)
		out_printf(o, "%-13s hard limit %8u\n", pf_limit_name(i), rs->rs_limit[i]);
}

static void
show_tables(struct out *o, const struct pf_ruleset *rs, unsigned verbose __unused_arg)
{
	for (unsigned i = 0; rs != NULL && i < rs->rs_ntables; i++)
		out_printf(o, "%s\n", rs->rs_table[i].kt_table->t_name);
}

static void
show_anchors(struct out *o, const struct pf_ruleset *rs, unsigned verbose __unused_arg)
{
	if (rs == NULL)
		return;
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		if (an->an_parent != NULL && an->an_parent->an_parent == NULL && an->an_name[0] != '_')
			out_printf(o, "  %s\n", an->an_path);
}

/* ---- -s what: as far as it says which; the first that begins so ---- */

static const struct { const char *name, *title; void (*fn)(struct out *, const struct pf_ruleset *, unsigned verbose); } shows[] = {
	{ "rules", "FILTER RULES:", show_rules }, { "Anchors", NULL, show_anchors }, { "states", "STATES:", show_states },
	{ "info", "INFO:", show_info }, { "labels", "LABEL COUNTERS:", show_labels }, { "timeouts", "TIMEOUTS:", show_timeouts },
	{ "memory", "LIMITS:", show_memory }, { "Tables", "TABLES:", show_tables },
};

bool
pfctl_show(const struct pfctl *pt, const struct pfctl_args *a, const char *what)
{
	struct pf_ruleset *rs = pf_rules_hold();
	size_t n = strlen(what);
	bool all = n > 0 && strncmp(what, "all", n) == 0, any = false, titled = false;

	for (unsigned i = 0; i < nitems(shows) && n > 0; i++) {
		if (all ? shows[i].title == NULL : any || strncmp(what, shows[i].name, n) != 0)
			continue;
		if (all)
			out_printf(pt->pt_out, titled ? "\n%s\n" : "%s\n", shows[i].title);
		titled = any = true;
		shows[i].fn(pt->pt_out, rs, a->a_verbose);
	}
	pf_rules_put(rs);
	return any;
}
