/* pf_ruleset.c - from what has been parsed to what packets are compared with. Built aside by a task; nobody sees it until it is complete. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/pf/pf_table_count.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_via.h"

#define COST_MAX	1000000u	/* rules that a packet may have to be compared with */

/* While a ruleset is made. mk_cost by an_index. */
struct make {
	struct pf_ruleset *mk_rs;
	const struct pf_env *mk_env;
	uint32_t	*mk_cost;
	bool		 mk_ok;
};
#define COST_VISITING	UINT32_MAX

static bool
make_error(struct make *mk, const struct pf_rule *r, const char *text)
{
	mk->mk_env->pe_error(mk->mk_env, r != NULL ? r->r_file : "", r != NULL ? r->r_line : 0, text);
	return mk->mk_ok = false;
}

static void *
make_alloc(struct make *mk, size_t n, size_t size)
{
	return pf_alloc(&mk->mk_rs->rs_arena, MAX(n, (size_t)1) * size);
}

/* ---- options ---- */

/* pf.conf(5), set optimization: the TCP timeouts of each, in the order of enum pf_timeout. */
static const uint32_t tcp_timeouts[][PF_TM_TCP_TSDIFF + 1] = {
	[PF_OPT_NORMAL] = { 120, 30, 86400, 900, 45, 90, 30 },
	[PF_OPT_SATELLITE] = { 180, 35, 86400, 905, 50, 95, 60 },
	[PF_OPT_AGGRESSIVE] = { 30, 5, 18000, 60, 30, 30, 10 },
	[PF_OPT_CONSERVATIVE] = { 3600, 900, 432000, 3600, 600, 180, 60 },
};
static const uint32_t timeouts[PF_TM_COUNT] = {
	[PF_TM_UDP_FIRST] = 60, [PF_TM_UDP_SINGLE] = 30, [PF_TM_UDP_MULTIPLE] = 60, [PF_TM_ICMP_FIRST] = 20, [PF_TM_ICMP_ERROR] = 10,
	[PF_TM_OTHER_FIRST] = 60, [PF_TM_OTHER_SINGLE] = 30, [PF_TM_OTHER_MULTIPLE] = 60, [PF_TM_FRAG] = 60, [PF_TM_INTERVAL] = 10,
};
static const uint32_t limits[PF_LIMIT_COUNT] = { [PF_LIMIT_STATES] = 100000, [PF_LIMIT_SRC_NODES] = 10000, [PF_LIMIT_FRAGS] = 65536,
    [PF_LIMIT_TABLES] = 1000, [PF_LIMIT_TABLE_ENTRIES] = 200000, [PF_LIMIT_PKTDELAY] = 10000, [PF_LIMIT_ANCHORS] = 512 };

void
pf_options_figures(const struct pf_options *o, uint32_t timeout[PF_TM_COUNT], uint32_t limit[PF_LIMIT_COUNT])
{
	memcpy(timeout, timeouts, sizeof(timeouts));
	memcpy(timeout, tcp_timeouts[o->po_optimization], sizeof(tcp_timeouts[0]));
	memcpy(limit, limits, sizeof(limits));
	for (unsigned i = 0; i < PF_LIMIT_COUNT; i++)
		if (o->po_limit_set & 1u << i)
			limit[i] = o->po_limit[i];
	timeout[PF_TM_ADAPTIVE_START] = (uint32_t)(limit[PF_LIMIT_STATES] * 6ull / 10);
	timeout[PF_TM_ADAPTIVE_END] = (uint32_t)MIN(limit[PF_LIMIT_STATES] * 12ull / 10, (unsigned long long)UINT32_MAX);
	for (unsigned i = 0; i < PF_TM_COUNT; i++)
		if (o->po_timeout_set & 1u << i)
			timeout[i] = o->po_timeout[i];
}

static void
make_options(struct pf_ruleset *rs)
{
	const struct pf_options *o = &rs->rs_conf.pc_options;

	pf_options_figures(o, rs->rs_timeout, rs->rs_limit);
	if (o->po_loginterface != NULL)		/* shorter: set_loginterface() */
		memcpy(rs->rs_logif, o->po_loginterface, strnlen(o->po_loginterface, IFNAMSIZ - 1));
}

static bool
make_limits(struct make *mk)
{
	const struct pf_ruleset *rs = mk->mk_rs;
	uint64_t entries = 0;

	for (unsigned i = 0; i < rs->rs_ntables; i++)
		entries += pf_table_count(&rs->rs_table[i]);
	if (rs->rs_ntables > rs->rs_limit[PF_LIMIT_TABLES])
		make_error(mk, NULL, "more tables than set limit tables allows");
	if (entries > rs->rs_limit[PF_LIMIT_TABLE_ENTRIES])
		make_error(mk, NULL, "more addresses in tables than set limit table-entries allows");
	if (rs->rs_conf.pc_nanchors > rs->rs_limit[PF_LIMIT_ANCHORS])
		make_error(mk, NULL, "more anchors than set limit anchors allows");
	return mk->mk_ok;
}

/* ---- tables ---- */

static bool
make_tables(struct make *mk)
{
	struct pf_ruleset *rs = mk->mk_rs;
	unsigned n = 0;

	for (const struct pf_table *t = rs->rs_conf.pc_tables; t != NULL; t = t->t_next)
		n++;
	if ((rs->rs_table = make_alloc(mk, n, sizeof(*rs->rs_table))) == NULL)
		return false;
	for (const struct pf_table *t = rs->rs_conf.pc_tables; t != NULL; t = t->t_next) {
		struct pf_ktable *kt = &rs->rs_table[rs->rs_ntables];

		kt->kt_table = t;
		if ((kt->kt_now = pf_prefixes_make(t->t_entry, t->t_n)) == NULL)
			return false;
		rs->rs_ntables++;
		if ((t->t_flags & PF_TABLE_COUNTERS) && ((kt->kt_counts = pf_tcounts_make()) == NULL || !pf_tcounts_take(kt->kt_counts, kt->kt_now)))
			return false;
	}
	return true;
}

static const struct pf_ktable *
table_in(const struct pf_ruleset *rs, const struct pf_anchor *an, const char *name)
{
	for (unsigned i = rs->rs_ntables; i-- > 0;)		/* of two of a name the last one counts */
		if (rs->rs_table[i].kt_table->t_anchor == an && strcmp(rs->rs_table[i].kt_table->t_name, name) == 0)
			return &rs->rs_table[i];
	return NULL;
}

/* Of the anchor, else of the main ruleset. NULL: nobody has defined it, so it is empty. */
static const struct pf_ktable *
make_table(struct make *mk, const struct pf_anchor *an, const struct pf_addr *pa)
{
	const struct pf_ktable *kt;

	if (pa->pa_type != PF_ADDR_TABLE)
		return NULL;
	if ((kt = table_in(mk->mk_rs, an, pa->pa_name)) != NULL)
		return kt;
	while (an->an_parent != NULL)
		an = an->an_parent;
	return table_in(mk->mk_rs, an, pa->pa_name);
}

/* The anchor's, else the main ruleset's. */
static bool
make_overload(struct make *mk, const struct pf_anchor *an, struct pf_rule *r)
{
	const struct pf_addr pa = { .pa_type = PF_ADDR_TABLE, .pa_name = r->r_state.so_overload };
	const struct pf_ktable *kt = make_table(mk, an, &pa);

	if (kt == NULL)
		return make_error(mk, r, "the table of overload is not defined");
	r->r_state.so_overload_in = kt->kt_table->t_anchor->an_path;
	return strlen(r->r_state.so_overload_in) < PF_OVERLOAD_PATH ||
	    make_error(mk, r, "overload is not supported into a table of an anchor of so long a path");
}

/* ---- rules ---- */

static bool
make_tag(struct make *mk, const struct pf_rule *r, const char *name, uint16_t *n)
{
	return name[0] == '\0' || (*n = pf_tag_get(name)) != 0 || make_error(mk, r, "too many tags");
}

/* The anchors that the rule leads to: one, or with a wildcard all that are one step below it, in the order of their names. */
static bool
make_calls(struct make *mk, struct pf_krule *kr)
{
	const struct pf_rule *r = kr->kr_rule;
	struct pf_krules *ks;
	unsigned n = 1;

	if (r->r_wild) {
		n = 0;
		for (const struct pf_anchor *an = r->r_anchor_call->an_child; an != NULL; an = an->an_next)
			n++;
	}
	if ((kr->kr_anchor = ks = make_alloc(mk, n, sizeof(*ks))) == NULL)
		return false;
	kr->kr_nanchors = n;
	if (!r->r_wild)
		ks[0] = mk->mk_rs->rs_list[r->r_anchor_call->an_index];
	else
		for (const struct pf_anchor *an = r->r_anchor_call->an_child; an != NULL; an = an->an_next)
			*ks++ = mk->mk_rs->rs_list[an->an_index];
	return true;
}

/* source-hash without a key: one that nobody knows. A table as the addresses in it. The rules and tables are ours until they are published. */
static bool
make_pool(struct make *mk, const struct pf_anchor *an, struct pf_krule *kr, enum pf_kpool which)
{
	const struct pf_pool *pp = pf_rule_pool(kr->kr_rule, which);
	struct pf_pool *own = (struct pf_pool *)pp;
	struct pf_ktable *kt;

	if (!pp->pp_set)
		return true;
	if (pp->pp_type == PF_POOL_SRCHASH && !pp->pp_keyed)
		random_bytes(own->pp_key, sizeof(own->pp_key));
	if ((kt = (struct pf_ktable *)make_table(mk, an, &pp->pp_addr)) == NULL)
		return true;
	for (unsigned i = 0; i < kt->kt_table->t_n; i++)
		if (kt->kt_table->t_entry[i].te_weight != 0)
			return make_error(mk, kr->kr_rule, "weights of a pool's addresses are not supported");
	kr->kr_pool[which] = kt;
	return kt->kt_ranges != NULL || (kt->kt_ranges = pf_ranges_make(kt->kt_now)) != NULL;
}

/* It is told of all its packets, as if it were to log them. */
static void
make_counting(const struct pf_anchor *an, struct pf_krule *kr, struct pf_rule *r)
{
	r->r_counts = r->r_action != PF_ANCHOR &&
	    ((kr->kr_src != NULL && kr->kr_src->kt_counts != NULL) || (kr->kr_dst != NULL && kr->kr_dst->kt_counts != NULL));
	r->r_in = r->r_counts ? an->an_path : NULL;
	kr->kr_odd |= r->r_counts;
}

static bool
make_rule(struct make *mk, const struct pf_anchor *an, struct pf_krule *kr)
{
	static uint64_t ids;
	const struct pf_rule *r = kr->kr_rule;

	strncpy(kr->kr_ifname, r->r_ifname, IFNAMSIZ - 1);
	strncpy(kr->kr_rcvif, r->r_rcvif, IFNAMSIZ - 1);
	kr->kr_translates = r->r_nat.pp_set || r->r_rdr.pp_set;
	kr->kr_in = an;
	kr->kr_odd = r->r_log != 0 || r->r_rt != PF_RT_NONE || r->r_scrub != 0 || r->r_min_ttl != 0 || r->r_max_mss != 0 || r->r_set_tos >= 0 ||
	    r->r_set_prio[0] >= 0 || r->r_set_delay != 0 || (r->r_action == PF_PASS && r->r_pktrate != 0) || r->r_keep == PF_STATE_MODULATE;
	mk->mk_rs->rs_logs_matches |= (r->r_log & PF_LOG_MATCHES) != 0;
	for (unsigned i = 0; i < PF_KPOOLS; i++)
		if (!make_pool(mk, an, kr, i))
			return false;
	kr->kr_src = make_table(mk, an, &r->r_src.ra_addr);
	kr->kr_dst = make_table(mk, an, &r->r_dst.ra_addr);
	make_counting(an, kr, (struct pf_rule *)r);
	if (!make_tag(mk, r, r->r_tag, &kr->kr_tag) || !make_tag(mk, r, r->r_match_tag, &kr->kr_match_tag))
		return false;
	((struct pf_rule *)r)->r_id = ++ids;
	kr->kr_tracks = r->r_state.so_srctrack != PF_SRCTRACK_NO || r->r_route.pp_sticky;
	kr->kr_once = r->r_once;
	kr->kr_sticky = r->r_nat.pp_sticky || r->r_rdr.pp_sticky;
	if (r->r_state.so_overload != NULL && !make_overload(mk, an, (struct pf_rule *)r))
		return false;
	return r->r_action != PF_ANCHOR || make_calls(mk, kr);
}

const struct pf_rule pf_default_rule = { .r_action = PF_PASS, .r_ifname = "", .r_rcvif = "", .r_prio = -1, .r_set_prio = { -1, -1 },
    .r_tag = "", .r_match_tag = "", .r_label = "" };

static void
make_default(struct pf_ruleset *rs, struct pf_krule *kr)
{
	*kr = (struct pf_krule){ .kr_rule = &pf_default_rule, .kr_set = rs, .kr_index = rs->rs_nrules };
}

/* Which of the main rules lead where. */
static void
make_callers(const struct pf_anchor *main_rules)
{
	for (const struct pf_rule *r = main_rules->an_rules; r != NULL; r = r->r_next) {
		if (r->r_action != PF_ANCHOR)
			continue;
		if (!r->r_wild && r->r_anchor_call->an_caller == NULL)
			r->r_anchor_call->an_caller = r;
		for (struct pf_anchor *an = r->r_wild ? r->r_anchor_call->an_child : NULL; an != NULL; an = an->an_next)
			if (an->an_caller == NULL)
				an->an_caller = r;
	}
}

/* Each anchor's rules lie in a row. */
static bool
make_rules(struct make *mk)
{
	struct pf_ruleset *rs = mk->mk_rs;
	struct pf_class *cl = make_alloc(mk, rs->rs_conf.pc_nanchors + 1, sizeof(*cl));
	unsigned n = 0, k = 0;

	rs->rs_list = make_alloc(mk, rs->rs_conf.pc_nanchors + 1, sizeof(*rs->rs_list));
	rs->rs_rule = make_alloc(mk, rs->rs_conf.pc_nrules + 1, sizeof(*rs->rs_rule));
	if (cl == NULL || rs->rs_list == NULL || rs->rs_rule == NULL)
		return false;
	for (struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all) {
		an->an_index = k++;
		rs->rs_list[an->an_index] = (struct pf_krules){ rs->rs_rule + n, &cl[an->an_index], an->an_nrules };
		for (const struct pf_rule *r = an->an_rules; r != NULL; r = r->r_next, n++)
			rs->rs_rule[n] = (struct pf_krule){ .kr_rule = r, .kr_set = rs, .kr_index = n };
	}
	rs->rs_nrules = n;
	rs->rs_nlists = k;
	make_default(rs, &rs->rs_rule[n]);
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		for (unsigned i = 0; i < an->an_nrules; i++)
			if (!make_rule(mk, an, &rs->rs_list[an->an_index].ks_rule[i]))
				return false;
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		if (an->an_parent == NULL) {
			rs->rs_main = rs->rs_list[an->an_index];
			make_callers(an);
		}
	return true;
}

/* ---- anchors that lead to anchors ---- */

static uint32_t anchor_cost(struct make *, const struct pf_anchor *, unsigned depth, const struct pf_rule *);

static uint32_t
call_cost(struct make *mk, const struct pf_rule *r, unsigned depth)
{
	uint64_t cost = 0;

	if (!r->r_wild)
		return anchor_cost(mk, r->r_anchor_call, depth + 1, r);
	for (const struct pf_anchor *an = r->r_anchor_call->an_child; an != NULL && cost <= COST_MAX; an = an->an_next)
		cost += 1 + anchor_cost(mk, an, depth + 1, r);
	return (uint32_t)MIN(cost, (uint64_t)COST_MAX + 1);
}

/* How many rules a packet is compared with there, at most; more than COST_MAX is one more. Evaluation can then be neither endless nor deep. */
static uint32_t
anchor_cost(struct make *mk, const struct pf_anchor *an, unsigned depth, const struct pf_rule *caller)
{
	uint32_t *memo = &mk->mk_cost[an->an_index];
	uint64_t cost = an->an_nrules;

	if (*memo == COST_VISITING || depth > PF_DEPTH_MAX) {
		if (mk->mk_ok)
			make_error(mk, caller, depth > PF_DEPTH_MAX ? "anchors are nested too deeply" : "the anchor leads back to itself");
		return COST_MAX + 1;
	}
	*memo = COST_VISITING;
	for (const struct pf_rule *r = an->an_rules; r != NULL && mk->mk_ok && cost <= COST_MAX; r = r->r_next)
		if (r->r_action == PF_ANCHOR)
			cost += call_cost(mk, r, depth);
	*memo = 0;
	if (cost > COST_MAX && mk->mk_ok)
		make_error(mk, caller, "the ruleset's anchors lead to too many rules");
	return (uint32_t)MIN(cost, (uint64_t)COST_MAX + 1);
}

static bool
make_anchors(struct make *mk)
{
	for (const struct pf_anchor *an = mk->mk_rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		if (an->an_parent == NULL)
			anchor_cost(mk, an, 0, NULL);
	return mk->mk_ok;
}

/* ---- the whole ---- */

static bool
make_classes(struct make *mk)
{
	struct pf_ruleset *rs = mk->mk_rs;

	if (!pf_class_names(rs))
		return false;
	for (unsigned i = 0; i < rs->rs_nlists; i++)
		pf_class_make(&rs->rs_list[i]);
	return true;
}

static bool
make_rates(struct make *mk)
{
	bool many;

	return pf_rates_make(mk->mk_rs, &many) || (many && make_error(mk, NULL, "more than 65535 rules with max-pkt-rate"));
}

bool
pf_ruleset_counts(struct pf_ruleset *rs)
{
	size_t counts = ncores * (size_t)(rs->rs_nrules + 1);

	rs->rs_mem = calloc(1, counts * sizeof(*rs->rs_count) + ncores * sizeof(*rs->rs_refs) + CACHELINE);
	rs->rs_count = (void *)roundup2((uintptr_t)rs->rs_mem, (uintptr_t)CACHELINE);
	rs->rs_refs = (void *)(rs->rs_count + counts);
	rs->rs_stride = (rs->rs_nrules + 1) * sizeof(*rs->rs_count);
	rs->rs_default = &rs->rs_rule[rs->rs_nrules];
	for (unsigned i = 0; i <= rs->rs_nrules; i++)
		rs->rs_rule[i].kr_count = &rs->rs_count[i];
	return rs->rs_mem != NULL;
}

struct pf_ruleset *
pf_ruleset_make(struct pf_conf *pc, const struct pf_env *env)
{
	struct pf_ruleset *rs = calloc(1, sizeof(*rs));
	struct make mk = { .mk_rs = rs, .mk_env = env, .mk_ok = true };
	bool ok;

	if (rs == NULL) {
		pf_conf_free(pc);
		make_error(&mk, NULL, "not enough memory for the ruleset");
		return NULL;
	}
	rs->rs_conf = *pc;
	pf_arena_init(&rs->rs_arena, 2 * (size_t)PF_MEM_MAX);
	make_options(rs);
	mk.mk_cost = calloc(pc->pc_nanchors + 1, sizeof(*mk.mk_cost));
	ok = pf_conf_check(&rs->rs_conf, env, pf_lacks);
	mk.mk_ok = ok;
	ok = ok && mk.mk_cost != NULL && make_tables(&mk) && make_limits(&mk) && make_rules(&mk) && make_anchors(&mk) && pf_ruleset_counts(rs) &&
	    make_rates(&mk) && pf_vias_make(rs) && make_classes(&mk);
	if (!ok && mk.mk_ok)
		make_error(&mk, NULL, "not enough memory for the ruleset");
	free(mk.mk_cost);
	if (ok)
		return rs;
	pf_ruleset_free(rs);
	return NULL;
}

void
pf_ruleset_free(struct pf_ruleset *rs)
{
	for (unsigned i = 0; i < rs->rs_nrules && rs->rs_rule != NULL; i++) {
		pf_tag_put(rs->rs_rule[i].kr_tag);
		pf_tag_put(rs->rs_rule[i].kr_match_tag);
	}
	for (unsigned i = 0; i < rs->rs_ntags; i++)
		pf_tag_put(rs->rs_tag[i]);
	for (unsigned i = 0; i < rs->rs_nlists; i++)
		pf_class_free(rs->rs_list[i].ks_class);
	for (unsigned i = 0; i < rs->rs_ntables; i++) {
		pf_prefixes_free(rs->rs_table[i].kt_now);
		pf_prefixes_free(rs->rs_table[i].kt_new);
		pf_tcounts_free(rs->rs_table[i].kt_counts);
		pf_ranges_free(rs->rs_table[i].kt_ranges);
	}
	free(rs->rs_mem);
	pf_vias_free(rs);
	pf_rates_free(rs);
	pf_arena_free(&rs->rs_arena);
	pf_conf_free(&rs->rs_conf);
	free(rs);
}

void
pf_rcount_sum(const struct pf_krule *kr, struct pf_rcount *sum)
{
	const struct pf_ruleset *rs = kr->kr_set;

	memset(sum, 0, sizeof(*sum));
	for (unsigned core = 0; core < ncores; core++) {
		const struct pf_rcount *rc = &rs->rs_count[core * (rs->rs_nrules + 1) + kr->kr_index];

		sum->rc_evaluations += rc->rc_evaluations;
		sum->rc_states += rc->rc_states;
		sum->rc_created += rc->rc_created;
		for (unsigned d = 0; d < 2; d++) {
			sum->rc_packets[d] += rc->rc_packets[d];
			sum->rc_bytes[d] += rc->rc_bytes[d];
		}
	}
}
