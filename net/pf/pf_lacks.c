/* pf_lacks.c - what of pf.conf(5) the engine does not do yet. A ruleset that wants it is refused; nothing is ever half applied. */
#include "net/pf/pf_engine.h"

static const char *
lacks_options(const struct pf_conf *pc)
{
	const struct pf_options *o = &pc->pc_options;

	if (o->po_fingerprints != NULL)
		return "set fingerprints is not supported";
	if (o->po_syncookies != PF_SYNCOOKIES_NEVER)
		return "set syncookies is not supported";
	return NULL;
}

static const char *
lacks_state(const struct pf_state_opts *so)
{
	return so->so_pflow ? "pflow is not supported" : NULL;
}

static const char *
lacks_pool(const struct pf_pool *pp)
{
	if (!pp->pp_set)
		return NULL;
	if (pp->pp_type == PF_POOL_LEASTSTATES)
		return "least-states is not supported";
	if (pp->pp_addr.pa_type == PF_ADDR_RANGE && (pp->pp_type == PF_POOL_NONE || pp->pp_type == PF_POOL_BITMASK))
		return "an address range is supported as a pool with round-robin, random and source-hash only";
	return pp->pp_addr.pa_weight != 0 ? "weights of a pool's addresses are not supported" : NULL;
}

static const char *
lacks_route(const struct pf_rule *r)
{
	const struct pf_pool *pp = &r->r_route;
	bool chooses = pp->pp_type != PF_POOL_NONE && pp->pp_type != PF_POOL_BITMASK;

	if (pp->pp_addr.pa_type == PF_ADDR_NET && pp->pp_addr.pa_plen != pf_af_bits(r->r_af) && !chooses)
		return "route-to, reply-to and dup-to need one address, or a way to choose one";
	return lacks_pool(pp);
}

static const char *
lacks_translation(const struct pf_rule *r)
{
	if (r->r_naf != 0)
		return "af-to is not supported";
	if ((r->r_nat.pp_sticky && r->r_dir != PF_OUT) || (r->r_rdr.pp_sticky && r->r_dir != PF_IN))
		return "sticky-address is supported for nat-to with \"out\" and rdr-to with \"in\" only";
	if ((r->r_nat.pp_set || r->r_rdr.pp_set) && r->r_action == PF_PASS && r->r_keep == PF_STATE_NO)
		return "translation without state is not supported";
	if (lacks_pool(&r->r_nat) != NULL || lacks_pool(&r->r_rdr) != NULL)
		return lacks_pool(&r->r_nat) != NULL ? lacks_pool(&r->r_nat) : lacks_pool(&r->r_rdr);
	if (r->r_rt != PF_RT_NONE && lacks_route(r) != NULL)
		return lacks_route(r);
	return r->r_divert != PF_DIVERT_NONE ? "divert is not supported" : NULL;
}

static const char *
lacks_setting(const struct pf_rule *r)
{
	if (r->r_queue[0][0] != '\0')
		return "queues are not supported";
	return r->r_rtable >= 0 ? "rtable is not supported" : NULL;
}

static const char *
lacks_criterion(const struct pf_rule *r)
{
	if (r->r_os[0] != '\0')
		return "os is not supported";
	return r->r_once && r->r_action != PF_PASS && r->r_action != PF_BLOCK ? "once is supported for pass and block only" : NULL;
}

static const char *
lacks_rule(const struct pf_rule *r)
{
	const char *why = lacks_criterion(r);

	if (why == NULL)
		why = lacks_translation(r);
	if (why == NULL)
		why = lacks_setting(r);
	if (why == NULL)
		why = lacks_state(&r->r_state);
	if (why == NULL && r->r_keep == PF_STATE_SYNPROXY)
		why = "synproxy state is not supported";
	return why;
}

const char *
pf_lacks(const struct pf_conf *pc, const struct pf_rule *r, const struct pf_queue *q)
{
	if (q != NULL)
		return "queues are not supported";
	return r != NULL ? lacks_rule(r) : lacks_options(pc);
}
