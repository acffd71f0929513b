/* pf_acts.c - what rules add up beside the verdict (struct pf_acts): logs, tables' counters, scrub, priorities, routes. */
#include <string.h>

#include "net/pf/pf_judge.h"

static void
add_log(struct pf_verdict *v, const struct pf_krule *kr)
{
	if (v->v_nlog == PF_LOGGED_MAX)
		return;
	v->v_quiet &= (uint16_t)~(1u << v->v_nlog);
	v->v_log[v->v_nlog++] = kr;
}

static void
add_told(struct pf_verdict *v, const struct pf_krule *kr)
{
	add_log(v, kr);
	if (v->v_log[v->v_nlog - 1] == kr)
		v->v_quiet |= (uint16_t)(1u << (v->v_nlog - 1));
}

static void
begin_acts(struct pf_verdict *v)
{
	if (!v->v_acted)
		memset(&v->v_acts, 0, sizeof(v->v_acts));
	v->v_acted = true;
}

/* The rule has a part in what becomes of the packet: a match rule, or the one that decides. */
static void
add_acts(struct pf_verdict *v, const struct pf_krule *kr)
{
	const struct pf_rule *r = kr->kr_rule;
	struct pf_acts *ac = &v->v_acts;

	begin_acts(v);
	if ((r->r_log & PF_LOG_ALL) || r->r_counts)
		for (unsigned i = 0; i < PF_ACTS_LOGS; i++)
			if (ac->ac_log[i] == 0) {
				ac->ac_log[i] = kr->kr_index + 1;
				break;
			}
	ac->ac_rt = r->r_rt;
	ac->ac_modulate = r->r_keep == PF_STATE_MODULATE;
	ac->ac_scrub |= r->r_scrub;
	if (r->r_min_ttl != 0)
		ac->ac_min_ttl = r->r_min_ttl;
	if (r->r_max_mss != 0)
		ac->ac_max_mss = r->r_max_mss;
	if (r->r_set_tos >= 0) {
		ac->ac_set_tos = true;
		ac->ac_tos = (uint8_t)r->r_set_tos;
	}
	if (r->r_set_delay != 0)
		ac->ac_delay = r->r_set_delay;
	if (r->r_set_prio[0] >= 0) {
		ac->ac_set_prio = true;
		ac->ac_prio = (uint8_t)r->r_set_prio[0] & M_PRIO_MAX;
		ac->ac_prio_quick = (uint8_t)r->r_set_prio[1] & M_PRIO_MAX;
	}
	v->v_extends |= ac->ac_rt != PF_RT_NONE || ac->ac_modulate || ac->ac_max_mss != 0 || ac->ac_scrub != 0 || !pf_acts_are_plain(ac);
}

__rare_fn void
pf_take_odd(const struct pf_krule *kr, struct pf_verdict *v)
{
	const struct pf_rule *r = kr->kr_rule;

	v->v_logmatches |= (r->r_log & PF_LOG_MATCHES) != 0;
	if (r->r_action != PF_ANCHOR && (v->v_logmatches || (r->r_log != 0 && r->r_action == PF_MATCH)))
		add_log(v, kr);
	else if (r->r_counts && r->r_action == PF_MATCH)
		add_told(v, kr);
	if (r->r_action == PF_MATCH)
		add_acts(v, kr);
}

__rare_fn void
pf_decide_odd(const struct pf_krule *kr, struct pf_verdict *v)
{
	bool logged = false;

	for (unsigned i = 0; i < v->v_nlog; i++)
		logged |= v->v_log[i] == kr;
	if (kr->kr_rule->r_log != 0 && !logged)
		add_log(v, kr);
	else if (kr->kr_rule->r_counts && !logged)
		add_told(v, kr);
	add_acts(v, kr);
	v->v_acts.ac_rated = kr->kr_rate != 0;
	v->v_extends |= v->v_acts.ac_rated;
}

__rare_fn void
pf_acts_redirect(struct pf_verdict *v)
{
	begin_acts(v);
	v->v_acts.ac_redirects = v->v_extends = true;
}
