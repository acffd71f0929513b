/* pf_ctl.c - rulesets come into force and go, states are counted, copied and killed, on whatever core they are. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cores.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/flow.h"
#include "net/inet/fragq.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_once.h"
#include "net/pf/pf_ifcount.h"
#include "net/pf/pf_via.h"
#include "net/pf/pf_src.h"

#define COPIES		64u		/* states that are copied, or killed, in one go on a core */

struct pf_ruleset *volatile pf_rules;
PERCORE struct pf_ruleset *pf_rules_here;
static uint32_t since;
static bool closed;			/* the rules are pf_close()'s */
int pf_level = PF_LEVEL_DEFAULT;

static uint32_t
now_s(void)
{
	return (uint32_t)(uptime_ns() / 1000000000);
}

void
pf_on_core(unsigned core, void (*fn)(void *), void *arg)
{
	net_enter();
	if (core == core_id())
		fn(arg);
	else
		core_call(core, fn, arg);
	net_leave();
}

static void
nothing(void *arg __unused_arg)
{
}

void
pf_pass_all(void)
{
	for (unsigned i = 1; i < ncores; i++)
		pf_on_core(i, nothing, NULL);
}

/* ---- rulesets ---- */

static void
take_rules(void *arg __unused_arg)
{
	percore(pf_rules_here) = pf_rules;
}

/* set limit frags is about what the filter puts together. Within net_enter(). */
static void
limit_fragments(void)
{
	const struct pf_ruleset *rs = pf_rules;

	fragq_limit = pf_enabled && rs != NULL && rs->rs_conf.pc_options.po_reassemble ? rs->rs_limit[PF_LIMIT_FRAGS] : UINT32_MAX;
}

/* Core by core, each between two passes; entries of the flow path that the old rules have led to are looked at again when nobody goes by those any
 * more. */
static void
replace(struct pf_ruleset *rs)
{
	struct pf_ruleset *old;

	pf_once_keep(rs, pf_rules);
	net_enter();
	old = pf_rules;
	__atomic_store_n(&pf_rules, rs, __ATOMIC_RELEASE);
	limit_fragments();
	net_leave();
	for (unsigned i = 0; i < ncores; i++)
		pf_on_core(i, take_rules, NULL);
	net_enter();
	flow_changed(&pf_generation);
	if (old == NULL || rs == NULL || strcmp(old->rs_logif, rs->rs_logif) != 0)
		pf_if_clear(NULL, PF_IFS_LOGGED);
	net_leave();
	pf_once_keep(rs, old);		/* what was taken on the way */
	if (old != NULL)
		pf_retire(old);
}

bool
pf_install(struct pf_ruleset *rs)
{
	bool ok = pf_states_prepare(rs->rs_limit[PF_LIMIT_STATES]);

	ok = ok && pf_srcs_prepare(rs);
	pf_tables_begin();
	if (ok && (ok = pf_tables_keep(rs, pf_rules))) {
		closed = false;
		replace(rs);
	} else
		pf_ruleset_free(rs);
	pf_tables_end();
	return ok;
}

void
pf_uninstall(void)
{
	net_enter();
	pf_enabled = false;
	flow_changed(&pf_generation);
	flow_choose();
	if_steer_require(false);
	since = 0;
	closed = false;
	net_leave();
	pf_pass_all();
	pf_states_kill(NULL, NULL);
	pf_srcs_kill(NULL, NULL);
	replace(NULL);
}

static void
quiet(const struct pf_env *env __unused_arg, const char *file __unused_arg, unsigned line __unused_arg, const char *text __unused_arg)
{
}

static bool
no_ifaddr(const struct pf_env *env __unused_arg, unsigned i __unused_arg, struct pf_ifaddr *ia __unused_arg)
{
	return false;
}

static bool
any_if(const struct pf_env *env __unused_arg, const char *name __unused_arg)
{
	return true;
}

static bool
install_text(const char *text)
{
	struct pf_env env = { .pe_error = quiet, .pe_ifaddr = no_ifaddr, .pe_is_if = any_if };
	struct pf_source s = { .ps_name = "", .ps_text = text, .ps_len = strlen(text), .ps_anchor = "" };
	struct pf_ruleset *rs = pf_ruleset_read(&env, &s);

	return rs != NULL && pf_install(rs);
}

/* What is asked out is whether an address of ours is somebody else's (RFC 4862 5.4): interfaces come up before the rules that follow. */
bool
pf_close(void)
{
	if (!install_text("set limit states 1\nset skip on lo\nblock drop all\n"
	    "pass out quick inet6 proto icmp6 from :: to ff02::1:ff00:0/104 icmp6-type neighbrsol no state\n"))
		return false;
	closed = true;
	pf_enable(true);
	return true;
}

bool
pf_is_closed(void)
{
	return closed;
}

bool
pf_enable(bool on)
{
	bool changed;

	if (on && pf_rules == NULL && !install_text(""))	/* pfctl -e without a pf.conf */
		return false;
	net_enter();
	changed = pf_enabled != on;
	pf_enabled = on;
	limit_fragments();
	flow_changed(&pf_generation);
	flow_choose();
	if_steer_require(on);
	if (changed)
		since = MAX(now_s(), 1u);		/* 0 is never */
	net_leave();
	return changed;
}

uint32_t
pf_since(void)
{
	return since;
}

struct pf_ruleset *
pf_rules_hold(void)
{
	struct pf_ruleset *rs;

	net_enter();
	if ((rs = pf_rules) != NULL)
		rs->rs_holds++;
	net_leave();
	return rs;
}

void
pf_rules_put(struct pf_ruleset *rs)
{
	if (rs == NULL)
		return;
	net_enter();
	rs->rs_holds--;
	net_leave();
	pf_reap();
}

struct pf_ruleset *
pf_ruleset_read(const struct pf_env *env, const struct pf_source *s)
{
	struct pf_conf pc;

	if (pf_conf_parse(&pc, env, s))
		return pf_ruleset_make(&pc, env);
	pf_conf_free(&pc);
	return NULL;
}

/* ---- states ---- */

struct visit {
	uint32_t	 v_at;
	bool		 v_more;
	unsigned	 v_n;			/* copied; killed */
	struct pf_state_copy *v_copy;		/* COPIES of them, and a bucket's more */
	bool		(*v_match)(const struct pf_state *, const void *);
	const void	*v_arg;
};
#define COPY_ROOM	(2 * COPIES)

/* The default rule has none. */
static int
rule_number(const struct pf_krule *kr)
{
	return kr->kr_rule != &pf_default_rule ? (int)kr->kr_rule->r_nr : -1;
}

static void
copy_state(struct pf_state *s, void *arg)
{
	const struct pf_state_ext *e = pf_ext(s);
	struct visit *v = arg;
	struct pf_state_copy *c;

	if (v->v_n >= COPY_ROOM)
		return;
	c = &v->v_copy[v->v_n++];
	if (s->s_follows)
		pf_state_disturb(s);
	*c = (struct pf_state_copy){ *s, { pf_state_expires(s), now_s(), rule_number(s->s_rule), .sw_rt = PF_RT_NONE } };
	if (e != NULL) {
		c->sc_when.sw_rt = e->se_acts.ac_rt;
		c->sc_when.sw_gateway = in6_unembed(&e->se_gateway);
		for (unsigned i = 0; i < 2; i++)
			c->sc_when.sw_seq[i] = pf_seq_shift(s, i);
	}
}

static void
copy_some(void *arg)
{
	struct visit *v = arg;

	v->v_n = 0;
	v->v_more = pf_states_walk(&v->v_at, COPIES, copy_state, v);
}

void
pf_states_foreach(bool (*fn)(const struct pf_state_copy *, void *), void *arg)
{
	char *mem = malloc(COPY_ROOM * sizeof(struct pf_state_copy) + CACHELINE);	/* states are of lines */
	struct visit v = { .v_copy = (void *)roundup2((uintptr_t)mem, (uintptr_t)CACHELINE) };
	bool on = mem != NULL;

	for (unsigned core = 0; core < ncores && on; core++) {
		v.v_at = 0;
		do {
			pf_on_core(core, copy_some, &v);
			for (unsigned i = 0; i < v.v_n && on; i++)
				on = fn(&v.v_copy[i], arg);
		} while (v.v_more && on);
	}
	free(mem);
}

static void
kill_state(struct pf_state *s, void *arg)
{
	struct visit *v = arg;

	if (v->v_match == NULL || v->v_match(s, v->v_arg)) {
		pf_state_remove(s);
		v->v_n++;
	}
}

static void
kill_some(void *arg)
{
	struct visit *v = arg;

	v->v_more = pf_states_walk(&v->v_at, COPIES, kill_state, v);
}

unsigned
pf_states_kill(bool (*match)(const struct pf_state *, const void *), const void *arg)
{
	struct visit v = { .v_match = match, .v_arg = arg };

	for (unsigned core = 0; core < ncores; core++) {
		v.v_at = 0;
		do
			pf_on_core(core, kill_some, &v);
		while (v.v_more);
	}
	pf_reap();
	return v.v_n;
}

struct each { void (*e_fn)(struct pf_state *, void *); void *e_arg; uint32_t e_at; bool e_more; };

static void
some_states(void *arg)
{
	struct each *e = arg;

	e->e_more = pf_states_walk(&e->e_at, COPIES, e->e_fn, e->e_arg);
}

void
pf_states_each(void (*fn)(struct pf_state *, void *), void *arg)
{
	struct each e = { fn, arg, 0, true };

	for (unsigned core = 0; core < ncores; core++) {
		e.e_at = 0;
		do
			pf_on_core(core, some_states, &e);
		while (e.e_more);
	}
}

struct counting { const struct pf_ruleset *c_rs; struct pf_rcount *c_count; uint32_t c_at; bool c_more; };

/* What a state has counted is its rule's. */
static void
count_state(struct pf_state *s, void *arg)
{
	const struct counting *c = arg;

	struct pf_rcount own = { 0 };

	if (s->s_rule->kr_set != c->c_rs)
		return;
	pf_state_count(s, &c->c_count[s->s_rule->kr_index]);
	if (s->s_rule->kr_via == NULL)
		return;
	pf_state_count(s, &own);
	pf_via_add(s->s_rule->kr_via, &own, c->c_count);
}

static void
count_some(void *arg)
{
	struct counting *c = arg;

	c->c_more = pf_states_walk(&c->c_at, COPIES, count_state, c);
}

struct pf_rcount *
pf_rcounts(const struct pf_ruleset *rs)
{
	struct counting c = { .c_rs = rs, .c_count = calloc(rs->rs_nrules + 1, sizeof(*c.c_count)) };

	for (unsigned i = 0; i <= rs->rs_nrules && c.c_count != NULL; i++)
		pf_rcount_sum(&rs->rs_rule[i], &c.c_count[i]);
	for (unsigned i = 0; i < rs->rs_nlists && c.c_count != NULL; i++)
		pf_class_expand(&rs->rs_list[i], c.c_count);
	if (c.c_count != NULL)
		pf_vias_sum(rs, c.c_count);
	for (unsigned core = 0; core < ncores && c.c_count != NULL; core++) {
		c.c_at = 0;
		do
			pf_on_core(core, count_some, &c);
		while (c.c_more);
	}
	return c.c_count;
}

bool
pf_rcounts_zero(struct pf_ruleset *rs)
{
	struct pf_rcount *count = pf_rcounts(rs), sum;

	net_enter();
	for (unsigned i = 0; i <= rs->rs_nrules && count != NULL; i++) {
		struct pf_rcount *rc = &rs->rs_count[i], *c = &count[i];	/* core 0's: what it is short of the others and states have */

		pf_rcount_sum(&rs->rs_rule[i], &sum);
		rc->rc_evaluations -= sum.rc_evaluations;	/* as they were before pf_class_expand() */
		rc->rc_created -= c->rc_created;
		for (unsigned d = 0; d < 2; d++) {
			rc->rc_packets[d] -= c->rc_packets[d];
			rc->rc_bytes[d] -= c->rc_bytes[d];
		}
	}
	net_leave();
	if (count == NULL)
		return false;
	free(count);
	return true;
}

void
pf_totals(struct pf_totals *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < ncores; i++) {
		const struct pf_states *ps = &percore_of(pf_states, i);

		t->pt_states += ps->ps_n;
		t->pt_halfopen += ps->ps_halfopen;
		t->pt_searches += ps->ps_searches;
		t->pt_inserts += ps->ps_inserts;
		t->pt_removals += ps->ps_removals;
	}
}
