/* pf_parse_state.c - keep state and its kin, and the options in their parentheses (state-defaults has the same). */
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

static bool
once(struct pf_parse *p, bool first, const char *what)
{
	return first || pf_bad(p, "state option '%s' multiple definitions", what);
}

static bool
positive(struct pf_parse *p, uint32_t *v, const char *what)
{
	int64_t n;

	if (!once(p, *v == 0, what) || !pf_number(p, &n))
		return false;
	if (n < 1 || n > UINT32_MAX)
		return pf_bad(p, "only positive values permitted");
	*v = (uint32_t)n;
	return true;
}

static bool
opt_rate(struct pf_parse *p, struct pf_state_opts *so)
{
	if (!positive(p, &so->so_rate, "max-src-conn-rate") || !pf_expect(p, '/') || !positive(p, &so->so_rate_seconds, "max-src-conn-rate"))
		return false;
	if (so->so_rate_seconds > UINT16_MAX)
		return pf_bad(p, "max-src-conn-rate: at most %u seconds", UINT16_MAX);
	return true;
}

static bool
opt_overload(struct pf_parse *p, struct pf_state_opts *so)
{
	if (!once(p, so->so_overload == NULL, "overload") || !pf_parse_table_name(p, &so->so_overload))
		return false;
	if (pf_accept_kw(p, KW_FLUSH)) {
		so->so_flush |= PF_FLUSH;
		if (pf_accept_kw(p, KW_GLOBAL))
			so->so_flush |= PF_FLUSH_GLOBAL;
	}
	return true;
}

static bool
opt_source_track(struct pf_parse *p, struct pf_state_opts *so)
{
	if (!once(p, so->so_srctrack == PF_SRCTRACK_NO, "source-track"))
		return false;
	so->so_srctrack = PF_SRCTRACK_GLOBAL;
	if (pf_accept_kw(p, KW_RULE))
		so->so_srctrack = PF_SRCTRACK_RULE;
	else
		pf_accept_kw(p, KW_GLOBAL);
	return true;
}

static bool
opt_bound(struct pf_parse *p, struct pf_state_opts *so, enum pf_bound bound)
{
	if (!once(p, so->so_bound == PF_BOUND_DEFAULT, bound == PF_BOUND_IF ? "if-bound" : "floating"))
		return false;
	so->so_bound = (uint8_t)bound;
	return true;
}

bool
pf_parse_timeout(struct pf_parse *p, struct pf_state_opts *so)
{
	const char *name;
	uint32_t n;
	int i = pf_named_number(p, "timeout", pf_timeout_index, INT32_MAX, &name, &n);

	if (i < 0)
		return false;
	if (i == PF_TM_FRAG || i == PF_TM_INTERVAL)
		return pf_bad(p, "timeout %s is not allowed in a rule", name);
	if (!once(p, !(so->so_timeout_set & 1u << i), name))
		return false;
	so->so_timeout_set |= 1u << i;
	so->so_timeout[i] = n;
	return true;
}

static bool
state_option(struct pf_parse *p, struct pf_state_opts *so)
{
	if (pf_accept_kw(p, KW_MAX))
		return positive(p, &so->so_max, "max");
	if (pf_accept_kw(p, KW_MAX_SRC_NODES))
		return positive(p, &so->so_max_src_nodes, "max-src-nodes");
	if (pf_accept_kw(p, KW_MAX_SRC_STATES))
		return positive(p, &so->so_max_src_states, "max-src-states");
	if (pf_accept_kw(p, KW_MAX_SRC_CONN))
		return positive(p, &so->so_max_src_conn, "max-src-conn");
	if (pf_accept_kw(p, KW_MAX_SRC_CONN_RATE))
		return opt_rate(p, so);
	if (pf_accept_kw(p, KW_OVERLOAD))
		return opt_overload(p, so);
	if (pf_accept_kw(p, KW_SOURCE_TRACK))
		return opt_source_track(p, so);
	if (pf_accept_kw(p, KW_NO_SYNC))
		return once(p, !so->so_nosync, "no-sync") && (so->so_nosync = true);
	if (pf_accept_kw(p, KW_SLOPPY))
		return once(p, !so->so_sloppy, "sloppy") && (so->so_sloppy = true);
	if (pf_accept_kw(p, KW_PFLOW))
		return once(p, !so->so_pflow, "pflow") && (so->so_pflow = true);
	if (pf_accept_kw(p, KW_IF_BOUND))
		return opt_bound(p, so, PF_BOUND_IF);
	if (pf_accept_kw(p, KW_FLOATING))
		return opt_bound(p, so, PF_BOUND_FLOATING);
	return pf_parse_timeout(p, so);
}

bool
pf_parse_state_list(struct pf_parse *p, struct pf_state_opts *so)
{
	do {
		if (!state_option(p, so))
			return false;
		pf_accept(p, ',');
	} while (pf_at(p, TOK_STRING) || pf_at(p, TOK_WORD));
	return true;
}

/* What of the options goes together. */
static bool
check_options(struct pf_parse *p, const struct pf_rule *r)
{
	const struct pf_state_opts *so = &r->r_state;
	bool conn = so->so_max_src_conn != 0 || so->so_rate != 0;

	if (so->so_overload != NULL && !conn)
		return pf_bad(p, "'overload' requires 'max-src-conn' or 'max-src-conn-rate'");
	if (so->so_srctrack == PF_SRCTRACK_GLOBAL && so->so_max_src_nodes != 0)
		return pf_bad(p, "'max-src-nodes' is incompatible with 'source-track global'");
	if (so->so_srctrack == PF_SRCTRACK_GLOBAL && so->so_max_src_conn != 0)
		return pf_bad(p, "'max-src-conn' is incompatible with 'source-track global'");
	if (so->so_srctrack == PF_SRCTRACK_GLOBAL && so->so_rate != 0)
		return pf_bad(p, "'max-src-conn-rate' is incompatible with 'source-track global'");
	if (so->so_sloppy && (r->r_keep == PF_STATE_MODULATE || r->r_keep == PF_STATE_SYNPROXY))
		return pf_bad(p, "sloppy state matching cannot be used with %s state", r->r_keep == PF_STATE_MODULATE ? "modulate" : "synproxy");
	return true;
}

/* What is implied: limits per source are tracked by the rule, a rate for as long as it is measured. */
static void
imply(struct pf_state_opts *so)
{
	if (so->so_srctrack == PF_SRCTRACK_NO &&
	    (so->so_max_src_nodes != 0 || so->so_max_src_states != 0 || so->so_max_src_conn != 0 || so->so_rate != 0))
		so->so_srctrack = PF_SRCTRACK_RULE;
	if (so->so_rate != 0 && so->so_timeout[PF_TM_SRC_TRACK] < so->so_rate_seconds) {
		so->so_timeout[PF_TM_SRC_TRACK] = so->so_rate_seconds;
		so->so_timeout_set |= 1u << PF_TM_SRC_TRACK;
	}
}

bool
pf_parse_keep(struct pf_parse *p, struct pf_def *d)
{
	struct pf_rule *r = &d->d_rule;
	enum pf_keyword kw = p->p_lex.lx_kw;

	pf_next(p);
	if (!pf_expect_kw(p, KW_STATE))
		return false;
	if (d->d_said & PF_SAID_KEEP)
		return pf_bad(p, "modulate or keep cannot be redefined");
	d->d_said |= PF_SAID_KEEP;
	r->r_keep = kw == KW_NO ? PF_STATE_NO : kw == KW_KEEP ? PF_STATE_NORMAL : kw == KW_MODULATE ? PF_STATE_MODULATE : PF_STATE_SYNPROXY;
	r->r_keep_said = true;
	if (kw == KW_NO || !pf_accept(p, '('))
		return true;
	if (!pf_parse_state_list(p, &r->r_state) || !pf_expect(p, ')') || !check_options(p, r))
		return false;
	imply(&r->r_state);
	return true;
}
