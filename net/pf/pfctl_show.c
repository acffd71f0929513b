/* pfctl_show.c - pfctl -s: rules with their counters, states, what the packet filter has counted, timeouts, limits, tables, anchors, interfaces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/core/if_group.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ifcount.h"
#include "net/pf/pf_table_count.h"
#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"
#include "net/pf/pf_src.h"
#include "net/pf/pfctl_engine.h"

typedef unsigned long long ull;

/* What is shown, and how. s_anchor: that of -a, or the main ruleset. */
struct shown {
	struct out	*s_out;
	const struct pf_ruleset *s_rs;
	const struct pfctl_args *s_args;
	const struct pf_anchor *s_anchor;
	bool		 s_recurse;		/* the anchor of -a ends in the wildcard */
	unsigned	 s_verbose;
	struct pf_rcount *s_count;		/* by kr_index; NULL: without counts */
};

/* ---- rules ---- */

static void
print_counts(struct out *o, const struct pf_rcount *c, unsigned depth)
{
	out_printf(o, "%*s  [ Evaluations: %-8llu  Packets: %-8llu  Bytes: %-10llu  States: %-6llu]\n", (int)depth * 2, "", (ull)c->rc_evaluations,
	    (ull)(c->rc_packets[0] + c->rc_packets[1]), (ull)(c->rc_bytes[0] + c->rc_bytes[1]), (ull)c->rc_states);
	out_printf(o, "%*s  [ Inserted: uid 0 pid 0 State Creations: %-6llu]\n", (int)depth * 2, "", (ull)c->rc_created);
}

/* -g: what a packet costs here that no state knows. */
static void
print_tree(const struct shown *s, const struct pf_krules *ks, unsigned depth)
{
	const struct pf_class *cl = ks->ks_class;

	if (cl->cl_node == NULL)
		out_printf(s->s_out, "%*s  [ Tree: none, %u rules are compared one by one ]\n", (int)depth * 2, "", ks->ks_n);
	else
		out_printf(s->s_out, "%*s  [ Tree: %u nodes, %u places of rules, %u in a leaf at most ]\n", (int)depth * 2, "", cl->cl_nodes, cl->cl_refs, cl->cl_most);
}

static void print_rules(const struct shown *, const struct pf_anchor *, unsigned depth);

/* What the rule leads to: one anchor, or with the wildcard all below it, each by its name. */
static void
print_block(const struct shown *s, const struct pf_rule *r, unsigned depth)
{
	const struct pf_anchor *an = r->r_anchor_call;

	if (!r->r_wild)
		print_rules(s, an, depth);
	for (an = r->r_wild ? an->an_child : NULL; an != NULL && !s->s_out->o_stop; an = an->an_next) {
		out_printf(s->s_out, "%*sanchor \"%s\" all {\n", (int)depth * 2, "", an->an_name);
		print_rules(s, an, depth + 1);
		out_printf(s->s_out, "%*s}\n", (int)depth * 2, "");
	}
}

/* Blocks without a name stand where they are; those of named anchors are shown when it recurses. */
static void
print_rules(const struct shown *s, const struct pf_anchor *an, unsigned depth)
{
	const struct pf_krules *ks = &s->s_rs->rs_list[an->an_index];
	unsigned how = (s->s_verbose > 1 ? PF_PRINT_NUMBERS : 0) | (s->s_args->a_ports ? PF_PRINT_NAMES : 0);

	for (unsigned i = 0; i < ks->ks_n && !s->s_out->o_stop; i++) {
		const struct pf_rule *r = ks->ks_rule[i].kr_rule;
		bool spent = ks->ks_rule[i].kr_spent, block = r->r_action == PF_ANCHOR && (r->r_anchor[0] == '\0' || s->s_recurse);

		if (spent && s->s_verbose == 0 && !s->s_args->a_more)	/* pf.conf(5), once: it is hidden */
			continue;
		out_printf(s->s_out, "%*s", (int)depth * 2, "");
		if (how & PF_PRINT_NUMBERS)
			out_printf(s->s_out, "@%u ", r->r_nr);
		pf_print_rule(s->s_out, r, how);
		out_printf(s->s_out, block ? " {\n" : spent ? " # expired\n" : "\n");
		if (s->s_count != NULL)
			print_counts(s->s_out, &s->s_count[ks->ks_rule[i].kr_index], depth);
		if (block) {
			print_block(s, r, depth + 1);
			out_printf(s->s_out, "%*s}\n", (int)depth * 2, "");
		}
	}
	if (s->s_args->a_more)
		print_tree(s, ks, depth);
}

static void
show_rules(struct shown *s)
{
	s->s_count = s->s_rs != NULL && s->s_verbose > 0 ? pf_rcounts(s->s_rs) : NULL;
	if (s->s_rs != NULL)
		print_rules(s, s->s_anchor, 0);
	free(s->s_count);
	s->s_count = NULL;
}

/* label, evaluations, packets, bytes, packets in, bytes in, packets out, bytes out, states created: pfctl(8). */
static void
show_labels(struct shown *s)
{
	const struct pf_ruleset *rs = s->s_rs;
	struct pf_rcount *count = rs != NULL ? pf_rcounts(rs) : NULL;
	const struct pf_krules *ks = rs != NULL && s->s_args->a_anchor[0] != '\0' && !s->s_recurse ? &rs->rs_list[s->s_anchor->an_index] : NULL;

	for (unsigned i = 0; count != NULL && i < rs->rs_nrules; i++) {
		const char *label = rs->rs_rule[i].kr_rule->r_label;
		const struct pf_rcount *c = &count[i];

		if (label[0] != '\0' && (ks == NULL || (&rs->rs_rule[i] >= ks->ks_rule && &rs->rs_rule[i] < ks->ks_rule + ks->ks_n)))
			out_printf(s->s_out, "%s %llu %llu %llu %llu %llu %llu %llu %llu\n", label, (ull)c->rc_evaluations,
			    (ull)(c->rc_packets[0] + c->rc_packets[1]), (ull)(c->rc_bytes[0] + c->rc_bytes[1]), (ull)c->rc_packets[0],
			    (ull)c->rc_bytes[0], (ull)c->rc_packets[1], (ull)c->rc_bytes[1], (ull)c->rc_created);
	}
	free(count);
}

/* ---- states ---- */

static bool
show_state(const struct pf_state_copy *sc, void *arg)
{
	const struct shown *s = arg;

	if (pfctl_state_is_on(&sc->sc_state, s->s_args->a_iface))
		pf_state_print(s->s_out, &sc->sc_state, &sc->sc_when, s->s_args->a_more ? 2 : s->s_verbose);
	return !s->s_out->o_stop;
}

static void
show_states(struct shown *s)
{
	pf_states_foreach(show_state, s);
}

static void
show_sources(struct shown *s)
{
	pfctl_show_sources(s->s_out, s->s_verbose);
}

/* ---- info ---- */

/* What had been counted, and when, as pfctl -F info was said last; ib_time 0: never. */
static struct { struct pf_totals ib_totals; struct pf_src_totals ib_sources; uint64_t ib_reason[PFR_COUNT]; uint32_t ib_time; } info_base;

static uint32_t
seconds_of_uptime(void)
{
	return (uint32_t)(uptime_ns() / 1000000000);
}

void
pfctl_info_clear(const char *iface)
{
	net_enter();
	for (enum pf_ifsince i = 0; i < PF_IFS_COUNT; i++)
		pf_if_clear(iface, i);
	net_leave();
	if (iface != NULL)
		return;
	pf_totals(&info_base.ib_totals);
	pf_src_totals(&info_base.ib_sources);
	for (unsigned i = 0; i < PFR_COUNT; i++)
		info_base.ib_reason[i] = pf_reason_sum(i);
	info_base.ib_time = MAX(seconds_of_uptime(), 1u);
}

/* Since when, for rates; at least a second. */
static void
print_rate(struct out *o, const char *name, uint64_t n, uint64_t seconds)
{
	uint64_t tenths = n * 10 / MAX(seconds, (uint64_t)1);

	out_printf(o, "  %-25s %14llu %14llu.%llu/s\n", name, (ull)n, (ull)(tenths / 10), (ull)(tenths % 10));
}

/* -v: what tells one router from another, and its main ruleset from another's. */
static void
print_identity(const struct shown *s)
{
	const struct pf_krules *ks = &s->s_rs->rs_main;
	uint32_t sum[4];
	struct out o;

	out_init(&o, NULL, NULL);
	for (unsigned i = 0; i < ks->ks_n; i++) {
		pf_print_rule(&o, ks->ks_rule[i].kr_rule, 0);
		out_printf(&o, "\n");
	}
	out_write(&o, "", 1);
	pf_hash_string(o.o_failed ? "" : o.o_buf, sum);
	out_free(&o);
	out_printf(s->s_out, "Hostid:   0x%08x\n", (unsigned)s->s_rs->rs_conf.pc_options.po_hostid);
	out_printf(s->s_out, "Checksum: 0x%08x%08x%08x%08x\n\n", (unsigned)sum[0], (unsigned)sum[1], (unsigned)sum[2], (unsigned)sum[3]);
}

static void
print_status(struct out *o, uint32_t s)
{
	char text[80], level[24];

	if (pf_since() == 0)
		snprintf(text, sizeof(text), "Status: Disabled");
	else
		snprintf(text, sizeof(text), "Status: %s for %u days %02u:%02u:%02u", pf_enabled ? "Enabled" : "Disabled", s / 86400, s / 3600 % 24,
		    s / 60 % 60, s % 60);
	snprintf(level, sizeof(level), "Debug: %s", pf_debug_name(pf_level));
	out_printf(o, "%-44s %15s\n\n", text, level);
}

static void
print_sources(struct out *o, uint32_t seconds)
{
	struct pf_src_totals t;

	pf_src_totals(&t);
	out_printf(o, "Source Tracking Table\n");
	out_printf(o, "  %-25s %14llu %14s\n", "current entries", (ull)t.st_nodes, "");
	print_rate(o, "searches", t.st_searches - info_base.ib_sources.st_searches, seconds);
	print_rate(o, "inserts", t.st_inserts - info_base.ib_sources.st_inserts, seconds);
	print_rate(o, "removals", t.st_removals - info_base.ib_sources.st_removals, seconds);
}

static void
print_logif_line(struct out *o, const char *name, uint64_t four, uint64_t six)
{
	out_printf(o, "  %-25s %14llu %16llu\n", name, (ull)four, (ull)six);
}

static uint64_t
both(const uint64_t n[2])
{
	return n[0] + n[1];
}

/* set loginterface. */
static void
print_logif(struct out *o, const char *name)
{
	static const char *const way[] = { "In", "Out" };
	struct pf_ifcounts c = { 0 };

	net_enter();
	pf_if_sum_named(name, PF_IFS_LOGGED, &c);
	net_leave();
	out_printf(o, "Interface Stats for %-16s %5s %16s\n", name, "IPv4", "IPv6");
	print_logif_line(o, "Bytes In", both(c.ic_bytes[0][0]), both(c.ic_bytes[1][0]));
	print_logif_line(o, "Bytes Out", both(c.ic_bytes[0][1]), both(c.ic_bytes[1][1]));
	for (unsigned out = 0; out < 2; out++) {
		out_printf(o, "  Packets %s\n", way[out]);
		print_logif_line(o, "  Passed", c.ic_packets[0][out][0], c.ic_packets[1][out][0]);
		print_logif_line(o, "  Blocked", c.ic_packets[0][out][1], c.ic_packets[1][out][1]);
	}
	out_printf(o, "\n");
}

static void
show_info(struct shown *sh)
{
	struct out *o = sh->s_out;
	uint32_t since = pf_since(), now = seconds_of_uptime(), s;
	struct pf_totals t;

	pf_totals(&t);
	print_status(o, since != 0 && now > since ? now - since : 0);
	if (sh->s_verbose > 0 && sh->s_rs != NULL)
		print_identity(sh);
	if (sh->s_rs != NULL && sh->s_rs->rs_logif[0] != '\0')
		print_logif(o, sh->s_rs->rs_logif);
	since = MAX(since, info_base.ib_time);
	s = since != 0 && now > since ? now - since : 0;
	out_printf(o, "%-27s %14s %16s\n", "State Table", "Total", "Rate");
	out_printf(o, "  %-25s %14llu %14s\n", "current entries", (ull)t.pt_states, "");
	out_printf(o, "  %-25s %14llu %14s\n", "half-open tcp", (ull)t.pt_halfopen, "");
	print_rate(o, "searches", t.pt_searches - info_base.ib_totals.pt_searches, s);
	print_rate(o, "inserts", t.pt_inserts - info_base.ib_totals.pt_inserts, s);
	print_rate(o, "removals", t.pt_removals - info_base.ib_totals.pt_removals, s);
	if (sh->s_verbose > 0)
		print_sources(o, s);
	out_printf(o, "Counters\n");
	for (unsigned i = 0; i < PFR_COUNT; i++)
		print_rate(o, pf_reason_name[i], pf_reason_sum(i) - info_base.ib_reason[i], s);
}

static void
show_running(struct shown *s)
{
	out_printf(s->s_out, pf_enabled ? "Enabled\n" : "Disabled\n");
}

/* Those in force; without a ruleset those that one without options would have. */
static void
figures(const struct shown *s, uint32_t timeout[PF_TM_COUNT], uint32_t limit[PF_LIMIT_COUNT])
{
	static const struct pf_options none;

	pf_options_figures(s->s_rs != NULL ? &s->s_rs->rs_conf.pc_options : &none, timeout, limit);
}

static void
show_timeouts(struct shown *s)
{
	uint32_t timeout[PF_TM_COUNT], limit[PF_LIMIT_COUNT];

	figures(s, timeout, limit);
	for (unsigned i = 0; i < PF_TM_COUNT; i++)
		out_printf(s->s_out, "%-20s %10u%s\n", pf_timeout_name(i), timeout[i], i == PF_TM_ADAPTIVE_START || i == PF_TM_ADAPTIVE_END ? " states" : "s");
}

static void
show_memory(struct shown *s)
{
	uint32_t timeout[PF_TM_COUNT], limit[PF_LIMIT_COUNT];

	figures(s, timeout, limit);
	for (unsigned i = 0; i < PF_LIMIT_COUNT; i++)
		out_printf(s->s_out, "%-13s hard limit %8u\n", pf_limit_name(i), limit[i]);
}

/* Rules cannot ask for "os": there are no fingerprints to know systems by. */
static void
show_osfp(struct shown *s)
{
	if (s->s_args->a_show[0] == 'a')
		out_printf(s->s_out, "0 fingerprints loaded\n");
	else
		out_printf(s->s_out, "Class\tVersion\tSubtype(subversion)\n-----\t-------\t-------------------\n");
}

/* ---- interfaces ---- */

/* A name, once for each interface that it means; what that has counted. */
struct iface {
	char		 i_name[IFNAMSIZ];
	bool		 i_skip;
	uint32_t	 i_since;		/* 0: there is no interface of that name */
	uint64_t	 i_states;
	struct pf_ifcounts i_counts;
};
/* By if_index: states that are bound to it; 0: to none. */
struct bound { uint32_t b_states[IF_MAX]; };

static int
iface_cmp(const void *a, const void *b)
{
	return strcmp(((const struct iface *)a)->i_name, ((const struct iface *)b)->i_name);
}

static bool
group_is_skipped(const struct pf_ruleset *rs, const char *name)
{
	for (const struct pf_skip *sk = rs != NULL ? rs->rs_conf.pc_options.po_skip : NULL; sk != NULL; sk = sk->sk_next)
		if (!sk->sk_not && strcmp(sk->sk_ifname, name) == 0)
			return true;
	return false;
}

static unsigned
add_name(const struct shown *s, struct iface *i, const char *name, const struct ifnet *ifp)
{
	if (name[0] == '\0')
		return 0;
	memcpy(i->i_name, name, strnlen(name, IFNAMSIZ - 1));
	i->i_skip = group_is_skipped(s->s_rs, name);
	if (ifp == NULL || s->s_verbose < 2)
		return 1;
	i->i_since = ifp->if_pf->is_since;
	pf_if_sum(ifp, PF_IFS_CLEARED, &i->i_counts);
	return 1;
}

#define IFACE_NAMES	(IF_GROUPS + 4)		/* its own, and groups */

/* Names and groups of all that -i means, room for IFACE_NAMES each and one. Inside net_enter(). */
static unsigned
collect(const struct shown *s, struct iface *to, unsigned room, const struct bound *bound)
{
	const char *only = s->s_args->a_iface;
	char name[IFNAMSIZ] = { 0 };
	bool all = only == NULL || strcmp(only, "all") == 0;
	unsigned n = all ? add_name(s, to, "all", NULL) : 0;
	const char *group;

	to[0].i_states = all ? bound->b_states[0] : 0;
	if (only != NULL)
		memcpy(name, only, strnlen(only, IFNAMSIZ - 1));
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL && n + IFACE_NAMES <= room; ifp = ifp->if_next) {
		if (only != NULL && !pf_if_matches(name, ifp))
			continue;
		to[n].i_states = bound->b_states[ifp->if_index];
		add_name(s, &to[n], ifp->if_xname, ifp);
		to[n++].i_skip = s->s_rs != NULL && pf_is_skipped(s->s_rs, ifp);
		if (all)
			n += add_name(s, &to[n], "all", ifp);
		for (unsigned i = 0; (group = if_group(ifp, &i)) != NULL;)
			if (only == NULL || strcmp(only, group) == 0)
				n += add_name(s, &to[n], group, ifp);
	}
	return n;
}

static bool
count_bound(const struct pf_state_copy *sc, void *arg)
{
	struct bound *b = arg;

	b->b_states[sc->sc_state.s_ifidx]++;
	return true;
}

/* Rules that name it. */
static unsigned
rules_of(const struct pf_ruleset *rs, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; rs != NULL && i < rs->rs_nrules; i++)
		n += strcmp(rs->rs_rule[i].kr_ifname, name) == 0 || strcmp(rs->rs_rule[i].kr_rcvif, name) == 0;
	return n;
}

static void
print_iface_counts(struct out *o, const struct pf_ifcounts *c)
{
	static const char *const way[] = { "In", "Out" }, *const what[] = { "Pass:", "Block:" };

	for (unsigned i = 0; i < 8; i++) {
		unsigned six = i / 4, out = i / 2 % 2, b = i % 2;

		out_printf(o, "\t%s%c/%-*s [ Packets: %-18llu Bytes: %-18llu ]\n", way[out], six ? '6' : '4', out ? 7 : 8, what[b], (ull)c->ic_packets[six][out][b],
		    (ull)c->ic_bytes[six][out][b]);
	}
}

/* n of the same name, of which each has an interface but perhaps one: together. A group's time is that of the one that counts for longest. */
static void
print_iface(const struct shown *s, const struct iface *i, unsigned n)
{
	uint32_t since = UINT32_MAX;
	struct pf_ifcounts c = { 0 };
	char date[TEXT_DATE];
	uint64_t states = 0;

	out_printf(s->s_out, "%s%s\n", i->i_name, s->s_verbose > 0 && i->i_skip ? " (skip)" : "");
	if (s->s_verbose < 2)
		return;
	for (unsigned k = 0; k < n; k++) {
		states += i[k].i_states;
		pf_ifcounts_add(&c, &i[k].i_counts);
		since = i[k].i_since != 0 ? MIN(since, i[k].i_since) : since;
	}
	out_printf(s->s_out, "\tCleared:     %s\n", text_date(date, since));
	out_printf(s->s_out, "\tReferences:  [ States:  %-18llu Rules: %-18u ]\n", (ull)states, rules_of(s->s_rs, i->i_name));
	print_iface_counts(s->s_out, &c);
}

/* Sorted, each name once; -v: those that set skip names; -vv: what they have counted. */
static void
show_interfaces(struct shown *s)
{
	struct bound *bound = calloc(1, sizeof(*bound));
	unsigned room = 1 + IFACE_NAMES, n = 0;
	struct iface *i;

	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		room += IFACE_NAMES;
	net_leave();
	if ((i = calloc(room, sizeof(*i))) != NULL && bound != NULL) {
		if (s->s_verbose > 1)
			pf_states_foreach(count_bound, bound);
		net_enter();
		n = collect(s, i, room, bound);
		net_leave();
		qsort(i, n, sizeof(*i), iface_cmp);
	}
	for (unsigned k = 0, same; k < n && !s->s_out->o_stop; k += same) {
		for (same = 1; k + same < n && strcmp(i[k].i_name, i[k + same].i_name) == 0;)
			same++;
		print_iface(s, &i[k], same);
	}
	free(i);
	free(bound);
}

/* ---- tables, anchors ---- */

static bool
names_table(const struct pf_krule *kr, const struct pf_ktable *kt)
{
	bool is = kr->kr_src == kt || kr->kr_dst == kt;

	for (unsigned i = 0; i < PF_KPOOLS && kr->kr_rule->r_action != PF_ANCHOR; i++)
		is |= kr->kr_pool[i] == kt;
	return is;
}

static unsigned
rules_naming(const struct pf_ruleset *rs, const struct pf_ktable *kt)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rs->rs_nrules; i++)
		n += names_table(&rs->rs_rule[i], kt);
	return n;
}

/* Anchors that have a table of the name of one of the main ruleset. */
static unsigned
anchors_hiding(const struct pf_ruleset *rs, const struct pf_ktable *kt)
{
	const struct pf_table *t = kt->kt_table;
	unsigned n = 0;

	for (unsigned i = 0; i < rs->rs_ntables && t->t_anchor->an_parent == NULL; i++)
		n += rs->rs_table[i].kt_table->t_anchor != t->t_anchor && strcmp(rs->rs_table[i].kt_table->t_name, t->t_name) == 0;
	return n;
}

/* pfctl(8)'s letters: const, persistent, active, (inactive,) referenced by rules, hidden by an anchor's, counters. */
static void
show_table_flags(const struct shown *s, const struct pf_ktable *kt)
{
	const struct pf_table *t = kt->kt_table;
	out_printf(s->s_out, "%c%ca-%c%c%c\t", t->t_flags & PF_TABLE_CONST ? 'c' : '-', t->t_flags & PF_TABLE_PERSIST ? 'p' : '-',
	    rules_naming(s->s_rs, kt) > 0 ? 'r' : '-', anchors_hiding(s->s_rs, kt) > 0 ? 'h' : '-', t->t_flags & PF_TABLE_COUNTERS ? 'C' : '-');
}

static void
show_table(const struct shown *s, const struct pf_ktable *kt)
{
	char date[TEXT_DATE];
	struct pf_tcount sum;

	out_printf(s->s_out, "\tAddresses:   %u\n", pf_table_count(kt));
	if (kt->kt_counts != NULL)
		out_printf(s->s_out, "\tCleared:     %s\n", text_date(date, pf_tcounts_since(kt->kt_counts)));
	out_printf(s->s_out, "\tReferences:  [ Anchors: %-18u Rules: %-18u ]\n", anchors_hiding(s->s_rs, kt), rules_naming(s->s_rs, kt));
	if (kt->kt_counts == NULL)
		return;
	pf_tcounts_sum(kt->kt_counts, NULL, &sum);
	pfctl_print_counts(s->s_out, &sum, true);
}

/* -v: with their letters; -vv: and how many addresses they have, and what they have counted. */
static void
show_tables(struct shown *s)
{
	for (unsigned i = 0; s->s_rs != NULL && i < s->s_rs->rs_ntables; i++) {
		const struct pf_ktable *kt = &s->s_rs->rs_table[i];

		if (kt->kt_table->t_anchor != s->s_anchor)
			continue;
		if (s->s_verbose > 0)
			show_table_flags(s, kt);
		out_printf(s->s_out, "%s", kt->kt_table->t_name);
		if (s->s_verbose > 0 && s->s_anchor->an_path[0] != '\0')
			out_printf(s->s_out, "\t%s", s->s_anchor->an_path);
		out_printf(s->s_out, "\n");
		if (s->s_verbose > 1)
			show_table(s, kt);
	}
}

/* Those right below; -v: all below. Blocks without a name are nobody's to name. */
static void
print_anchors(const struct shown *s, const struct pf_anchor *top)
{
	for (const struct pf_anchor *an = top->an_child; an != NULL; an = an->an_next) {
		if (an->an_name[0] == '_')
			continue;
		out_printf(s->s_out, "  %s\n", an->an_path);
		if (s->s_verbose > 0)
			print_anchors(s, an);
	}
}

static void
show_anchors(struct shown *s)
{
	if (s->s_rs != NULL)
		print_anchors(s, s->s_anchor);
}

const struct pf_anchor *
pfctl_anchor(const struct pf_ruleset *rs, const char *path, bool *wild)
{
	size_t len;

	path += strspn(path, "/");
	len = strlen(path);
	if ((*wild = len > 0 && path[len - 1] == '*' && (len == 1 || path[len - 2] == '/')))
		len--;
	while (len > 0 && path[len - 1] == '/')
		len--;
	for (const struct pf_anchor *an = rs != NULL ? rs->rs_conf.pc_anchors : NULL; an != NULL; an = an->an_all)
		if (strlen(an->an_path) == len && memcmp(an->an_path, path, len) == 0)
			return an;
	return NULL;
}

/* ---- -s what: as far as it says which; the first that begins so ---- */

static const struct { const char *name, *title; void (*fn)(struct shown *); } shows[] = {
	{ "rules", "FILTER RULES:", show_rules }, { "Anchors", NULL, show_anchors }, { "states", "STATES:", show_states },
	{ "Sources", "SOURCE TRACKING NODES:", show_sources },
	{ "info", "INFO:", show_info }, { "labels", "LABEL COUNTERS:", show_labels }, { "timeouts", "TIMEOUTS:", show_timeouts },
	{ "memory", "LIMITS:", show_memory }, { "Tables", "TABLES:", show_tables }, { "osfp", "OS FINGERPRINTS:", show_osfp },
	{ "Interfaces", NULL, show_interfaces }, { "Running", NULL, show_running },
};

static void
show(struct shown *s)
{
	const char *what = s->s_args->a_show;
	size_t n = strlen(what);
	bool all = strncmp(what, "all", n) == 0, any = false;

	for (unsigned i = 0; i < nitems(shows); i++) {
		if (all ? shows[i].title == NULL : any || strncmp(what, shows[i].name, n) != 0)
			continue;
		if (all)
			out_printf(s->s_out, any ? "\n%s\n" : "%s\n", shows[i].title);
		any = true;
		shows[i].fn(s);
	}
}

static bool
is_known(const char *what)
{
	for (unsigned i = 0; i < nitems(shows); i++)
		if (strncmp(what, shows[i].name, strlen(what)) == 0)
			return true;
	return strncmp(what, "all", strlen(what)) == 0;
}

int
pfctl_show(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct shown s = { .s_out = pt->pt_out, .s_args = a, .s_verbose = a->a_verbose };
	struct pf_ruleset *rs;
	int status = 0;

	if (!is_known(a->a_show)) {
		out_printf(pt->pt_err, "pfctl: Unknown show modifier '%s'\n", a->a_show);
		return 2;
	}
	s.s_rs = rs = pf_rules_hold();
	s.s_anchor = pfctl_anchor(rs, a->a_anchor, &s.s_recurse);
	if (s.s_anchor == NULL && (rs != NULL || strspn(a->a_anchor, "*/") < strlen(a->a_anchor))) {
		out_printf(pt->pt_err, "pfctl: Anchor '%s' not found.\n", a->a_anchor);
		status = 1;
	} else
		show(&s);
	pf_rules_put(rs);
	return status == 0 && strncmp(a->a_show, "Running", strlen(a->a_show)) == 0 && !pf_enabled ? 1 : status;
}
