/* pf_retired.c - rulesets that have been replaced, as long as states point there. The rules that those are of stay, as copies in a small ruleset of
 * their own, and all else goes: or a hundred replacements of a large ruleset under traffic would need the memory of a hundred. Tasks of core 0. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_rate.h"

#define STATES		64u		/* that are looked at in one go on a core */

static struct pf_ruleset *retired;	/* by rs_next */

/* ---- a rule alone ---- */

static bool
copy_string(struct pf_arena *mem, const char **s)
{
	return *s == NULL || (*s = pf_strdup(mem, *s)) != NULL;
}

/* All that points out of it. False: no memory. */
static bool
copy_strings(struct pf_arena *mem, struct pf_rule *r)
{
	const char **string[] = { &r->r_file, &r->r_ifname, &r->r_rcvif, &r->r_logif, &r->r_os, &r->r_prob_text, &r->r_queue[0], &r->r_queue[1], &r->r_label,
	    &r->r_tag, &r->r_match_tag, &r->r_anchor, &r->r_state.so_overload, &r->r_state.so_overload_in, &r->r_in };
	struct pf_addr *addr[] = { &r->r_src.ra_addr, &r->r_dst.ra_addr, &r->r_divert_addr, &r->r_nat.pp_addr, &r->r_rdr.pp_addr, &r->r_route.pp_addr };
	bool ok = true;

	for (unsigned i = 0; i < nitems(string); i++)
		ok = copy_string(mem, string[i]) && ok;
	for (unsigned i = 0; i < nitems(addr); i++)
		ok = copy_string(mem, &addr[i]->pa_name) && copy_string(mem, &addr[i]->pa_zone) && ok;
	r->r_next = NULL;
	r->r_anchor_call = NULL;
	return ok;
}

static bool
copy_rule(struct pf_ruleset *to, struct pf_krule *kr, const struct pf_krule *old)
{
	struct pf_rule *r;

	*kr = (struct pf_krule){ .kr_rule = old->kr_rule, .kr_set = to, .kr_index = (uint32_t)(kr - to->rs_rule),
	    .kr_count = &to->rs_count[kr - to->rs_rule] };
	if (old->kr_rule == &pf_default_rule)
		return true;
	if ((r = pf_alloc(&to->rs_arena, sizeof(*r))) == NULL)
		return false;
	*r = *old->kr_rule;
	kr->kr_rule = r;
	return copy_strings(&to->rs_arena, r);
}

/* ---- a ruleset of those that have states ---- */

/* t_place, by kr_index of t_from: 0, or one more than the index in t_to. t_tag: those that its states have. */
struct thin { struct pf_ruleset *t_from, *t_to; uint32_t *t_place; uint32_t t_at; bool t_more, t_tag[PF_TAGS_MAX + 1]; };

/* The rules that log all packets of a state; NULL: it has nothing of that. */
static uint32_t *
logs_of(const struct pf_state *s)
{
	return s->s_ext != 0 ? pf_ext(s)->se_acts.ac_log : NULL;
}

static void
mark(struct pf_state *s, void *arg)
{
	const uint32_t *log = logs_of(s);
	struct thin *t = arg;

	if (s->s_rule->kr_set != t->t_from)
		return;
	t->t_tag[s->s_tag] = true;
	t->t_place[s->s_rule->kr_index] = 1;
	for (unsigned i = 0; i < PF_ACTS_LOGS && log != NULL && log[i] != 0; i++)
		t->t_place[log[i] - 1] = 1;
}

static void
mark_some(void *arg)
{
	struct thin *t = arg;

	t->t_more = pf_states_walk(&t->t_at, STATES, mark, t);
}

static void
lead(struct pf_state *s, void *arg)
{
	const struct thin *t = arg;
	const struct pf_krule *old = s->s_rule, *new;
	uint32_t *log = logs_of(s);

	if (old->kr_set != t->t_from || t->t_place[old->kr_index] == 0)
		return;
	for (unsigned i = 0; i < PF_ACTS_LOGS && log != NULL && log[i] != 0; i++)
		if (t->t_place[log[i] - 1] == 0)	/* made since they were marked */
			return;
	for (unsigned i = 0; i < PF_ACTS_LOGS && log != NULL && log[i] != 0; i++)
		log[i] = t->t_place[log[i] - 1];	/* both are one more than the index */
	new = &t->t_to->rs_rule[t->t_place[old->kr_index] - 1];
	pf_rcount(old)->rc_states--;
	t->t_from->rs_refs[core_id()].n--;
	pf_rcount(new)->rc_states++;
	t->t_to->rs_refs[core_id()].n++;
	s->s_rule = new;
}

static void
lead_some(void *arg)
{
	struct thin *t = arg;

	t->t_more = pf_states_walk(&t->t_at, STATES, lead, t);
}

static void
all_states(struct thin *t, void (*some)(void *))
{
	for (unsigned core = 0; core < ncores; core++) {
		t->t_at = 0;
		do
			pf_on_core(core, some, t);
		while (t->t_more);
	}
}

/* What their packets are tagged with is not to become another tag. False: no memory. */
static bool
hold_tags(const struct thin *t, struct pf_ruleset *to)
{
	unsigned n = 0;

	for (unsigned i = 1; i <= PF_TAGS_MAX; i++)
		n += t->t_tag[i];
	if ((to->rs_tag = pf_alloc(&to->rs_arena, (n + 1) * sizeof(*to->rs_tag))) == NULL)
		return false;
	for (unsigned i = 1; i <= PF_TAGS_MAX; i++)
		if (t->t_tag[i]) {
			pf_tag_hold((uint16_t)i);
			to->rs_tag[to->rs_ntags++] = (uint16_t)i;
		}
	return true;
}

/* NULL: no memory. */
static struct pf_ruleset *
remnant(const struct thin *t)
{
	struct pf_ruleset *to = calloc(1, sizeof(*to));
	uint32_t n = 0;
	bool ok, many;

	if (to == NULL)
		return NULL;
	pf_arena_init(&to->rs_arena, PF_MEM_MAX);
	to->rs_thin = true;
	for (unsigned i = 0; i <= t->t_from->rs_nrules; i++)
		if (t->t_place[i] != 0)
			t->t_place[i] = ++n;
	to->rs_rule = pf_alloc(&to->rs_arena, (n + 1) * sizeof(*to->rs_rule));
	to->rs_nrules = to->rs_rule != NULL ? n : 0;
	ok = to->rs_rule != NULL && pf_ruleset_counts(to) && hold_tags(t, to);
	for (unsigned i = 0; i <= t->t_from->rs_nrules && ok; i++)
		if (t->t_place[i] != 0)
			ok = copy_rule(to, &to->rs_rule[t->t_place[i] - 1], &t->t_from->rs_rule[i]);
	if (ok && pf_rates_make(to, &many))
		return to;
	pf_ruleset_free(to);
	return NULL;
}

/* Its states are led to the small one. Without memory it stays as it is. */
static void
thin(struct pf_ruleset *rs)
{
	struct thin *t = calloc(1, sizeof(*t));		/* it is big for a task's stack */

	if (t == NULL || (t->t_place = calloc(rs->rs_nrules + 1, sizeof(*t->t_place))) == NULL) {
		free(t);
		return;
	}
	t->t_from = rs;
	all_states(t, mark_some);
	if ((t->t_to = remnant(t)) != NULL) {
		t->t_to->rs_holds++;
		net_enter();
		t->t_to->rs_next = retired;
		retired = t->t_to;
		net_leave();
		all_states(t, lead_some);
		net_enter();
		t->t_to->rs_holds--;
		net_leave();
	}
	free(t->t_place);
	free(t);
}

/* ---- the list ---- */

static uint64_t
refs(const struct pf_ruleset *rs)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += *(const volatile uint64_t *)&rs->rs_refs[i].n;
	return n;
}

/* One with which something is to be done: *gone: no state points to it, and it is off the list; else it is held. NULL: none. */
static struct pf_ruleset *
next(bool *gone)
{
	struct pf_ruleset *rs;

	net_enter();
	for (struct pf_ruleset **rsp = &retired; (rs = *rsp) != NULL; rsp = &rs->rs_next) {
		*gone = refs(rs) == 0;
		if (rs->rs_holds > 0 || (!*gone && rs->rs_thin))
			continue;
		if (*gone)
			*rsp = rs->rs_next;
		else
			rs->rs_holds++;
		break;
	}
	net_leave();
	return rs;
}

void
pf_reap(void)
{
	struct pf_ruleset *rs;
	bool gone;

	while ((rs = next(&gone)) != NULL) {
		if (gone) {
			pf_ruleset_free(rs);
			continue;
		}
		thin(rs);
		net_enter();
		rs->rs_thin = true;
		rs->rs_holds--;
		net_leave();
	}
}

void
pf_retire(struct pf_ruleset *rs)
{
	net_enter();
	rs->rs_next = retired;
	retired = rs;
	net_leave();
	pf_reap();
}
