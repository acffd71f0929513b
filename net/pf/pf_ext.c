/* pf_ext.c - the extensions of pf_ext.h: where their memory comes from. */
#include <string.h>

#include "kernel/cores.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_route.h"

/* From ps_base on, in extensions, and one more; 0: it cannot be said so. */
static uint32_t
index_of(const struct pf_states *ps, const struct pf_state_ext *e)
{
	intptr_t i = ((const char *)(e + 1) - ps->ps_base) / (intptr_t)sizeof(*e);

	return i == (int32_t)i ? (uint32_t)i : 0;
}

/* The memory of a state becomes some of these, all but the first: entries of flows may still point there, to peers of a state that has gone, and look for
 * its number (pf_flow.h). False: there is none. */
static bool
more(struct pf_states *ps)
{
	struct pf_state_ext *e = (struct pf_state_ext *)pf_state_memory();

	for (unsigned i = 1; i <= PF_EXTS_A_STATE && e != NULL; i++) {
		if (index_of(ps, &e[i]) == 0)
			continue;
		e[i].se_next = ps->ps_freeext;
		ps->ps_freeext = &e[i];
	}
	return ps->ps_freeext != NULL;
}

/* Zero; *index: where it is. */
static struct pf_state_ext *
get(struct pf_states *ps, uint32_t *index)
{
	struct pf_state_ext *e;

	if (ps->ps_freeext == NULL && !more(ps))
		return NULL;
	e = ps->ps_freeext;
	ps->ps_freeext = e->se_next;
	memset(e, 0, sizeof(*e));
	*index = index_of(ps, e);
	ps->ps_exts++;
	return e;
}

static void
put(struct pf_states *ps, struct pf_state_ext *e)
{
	e->se_next = ps->ps_freeext;
	ps->ps_freeext = e;
	ps->ps_exts--;
}

struct pf_state_ext *
pf_ext_get(struct pf_state *s)
{
	return s->s_ext != 0 ? pf_ext(s) : get(percore_ptr(pf_states), &s->s_ext);
}

void
pf_ext_put(struct pf_state *s)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct pf_state_ext *e = pf_ext(s);

	s->s_ext = 0;
	if (e->se_tcp != 0)
		put(ps, pf_ext_at(e->se_tcp));
	put(ps, e);
}

/* Only who sees a connection's first segment can modulate it: pf.conf(5), modulate state. False: no memory. */
static bool
make_tcp(struct pf_state_ext *e, const struct pf_pdesc *pd)
{
	bool scrubs = e->se_acts.ac_scrub & PF_SCRUB_TCP, modulates = e->se_acts.ac_modulate && (pd->pd_tcp_flags & (PF_TH_SYN | PF_TH_ACK)) == PF_TH_SYN;
	struct pf_ext_tcp *et;

	if (pd->pd_proto != IPPROTO_TCP_ || !(modulates || scrubs))
		return true;
	if ((et = (struct pf_ext_tcp *)get(percore_ptr(pf_states), &e->se_tcp)) == NULL)
		return false;
	et->et_modulates = modulates;
	et->et_scrubs = scrubs;
	return true;
}

/* Packets that go where a rule says meet their state on another interface than its own: those that answer what has left elsewhere, and answers
 * before they are sent another way. */
static bool
goes_elsewhere(const struct pf_state_ext *e, const struct pf_pdesc *pd)
{
	return e->se_acts.ac_rt == PF_RT_REPLYTO || ((e->se_acts.ac_rt == PF_RT_ROUTETO || e->se_acts.ac_redirects) && pd->pd_dir == PF_OUT);
}

bool
pf_ext_make(struct pf_state *s, const struct pf_pdesc *pd, const struct pf_verdict *v, enum pf_reason *why)
{
	struct pf_state_ext *e = pf_ext_get(s);

	*why = PFR_MEMORY;
	if (e == NULL)
		return false;
	e->se_acts = v->v_acts;
	if (!make_tcp(e, pd))
		return false;
	*why = PFR_NOROUTE;
	if (goes_elsewhere(e, pd))
		s->s_ifidx = 0;
	return e->se_acts.ac_rt == PF_RT_NONE || pf_route_gateway(v->v_rule, pd, &e->se_gateway);
}

uint32_t
pf_exts_count(void)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += percore_of(pf_states, i).ps_exts;
	return n;
}
