/* pf_match.c - the evaluator: rules one after the other as pf.conf(5) says it, the last that matches decides, "quick" at once. Of a list with a
 * tree (pf_class_make.c) those that the packet cannot match are left out; without, all are compared, and the outcome is the same. pf_judge.h has
 * the walk, pf_match_addr.c compares interfaces and addresses, pf_acts.c adds up what rules say beside the verdict. */
#include "kernel/machine.h"
#include "net/pf/pf_judge.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_tcp.h"

/* ---- what a rule compares ---- */

static inline bool
host_matches(const struct pf_pdesc *pd, const struct pf_rule_addr *ra, const struct pf_ktable *kt, const struct in6_addr *a)
{
	if (ra->ra_addr.pa_type == PF_ADDR_ANY && ra->ra_addr.pa_af == PF_AF_ANY)
		return !ra->ra_not;
	return pf_addr_matches(pd, &ra->ra_addr, kt, a) != ra->ra_not;
}

static inline bool
hosts_match(const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	const struct pf_rule *r = kr->kr_rule;

	return host_matches(pd, &r->r_src, kr->kr_src, &pd->pd_src) && host_matches(pd, &r->r_dst, kr->kr_dst, &pd->pd_dst);
}

static bool
cmp_matches(const struct pf_cmp *c, uint32_t v)
{
	switch (c->pc_op) {
	case PF_OP_RRG:
		return c->pc_lo <= v && v <= c->pc_hi;
	case PF_OP_IRG:
		return c->pc_lo < v && v < c->pc_hi;
	case PF_OP_XRG:
		return v < c->pc_lo || v > c->pc_hi;
	case PF_OP_EQ:
		return v == c->pc_lo;
	case PF_OP_NE:
		return v != c->pc_lo;
	case PF_OP_LT:
		return v < c->pc_lo;
	case PF_OP_LE:
		return v <= c->pc_lo;
	case PF_OP_GT:
		return v > c->pc_lo;
	case PF_OP_GE:
		return v >= c->pc_lo;
	default:
		return true;
	}
}

/* A fragment without the header has no port to compare. */
static bool
port_matches(const struct pf_pdesc *pd, const struct pf_cmp *c, uint16_t port)
{
	return c->pc_op == PF_OP_NONE || (!pd->pd_fragment && cmp_matches(c, port));
}

/* Of TCP and UDP only, and nobody is known: there are no sockets here, and whose a forwarded packet is cannot be told (pf.conf(5), user). */
static bool
owner_matches(const struct pf_pdesc *pd, const struct pf_cmp *c)
{
	if (c->pc_op == PF_OP_NONE || (pd->pd_proto != IPPROTO_TCP_ && pd->pd_proto != IPPROTO_UDP_))
		return true;
	return c->pc_op == PF_OP_EQ ? c->pc_lo == PF_UID_UNKNOWN : c->pc_op == PF_OP_NE && c->pc_lo != PF_UID_UNKNOWN;
}

/* ---- a rule ---- */

/* One in so many, by each core's own sequence (xorshift; G. Marsaglia 2003). */
static bool
chance(uint32_t prob)
{
	static PERCORE uint32_t x;
	uint32_t v = percore(x);

	if (v == 0)
		random_bytes(&v, sizeof(v));
	v |= v == 0;
	v ^= v << 13;
	v ^= v >> 17;
	v ^= v << 5;
	percore(x) = v;
	return v <= prob;
}

/* All else of the rule matches. What another core has judged before is counted there, what is only asked about nowhere. */
static bool
exceeded(const struct pf_krule *kr, const struct pf_pdesc *pd, const struct pf_verdict *v)
{
	return pf_rate_exceeded(kr, v->v_trace != NULL ? PF_RATE_ASKED : pd->pd_sent || pd->pd_asked ? PF_RATE_COUNTED : PF_RATE_NEW);
}

static inline bool
where_matches(const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	const struct pf_rule *r = kr->kr_rule;
	const struct ifnet *rcv;

	if (r->r_dir != PF_INOUT && r->r_dir != pd->pd_dir)
		return false;
	if (kr->kr_ifname[0] != '\0' && pf_if_matches(kr->kr_ifname, pd->pd_ifp) == r->r_ifnot)
		return false;
	if (r->r_rdomain >= 0 && (r->r_rdomain == pd->pd_ifp->if_rdomain) == r->r_ifnot)
		return false;
	if (kr->kr_rcvif[0] == '\0')
		return true;
	rcv = if_get(pd->pd_m->m_ifidx);
	return (rcv != NULL && pf_if_matches(kr->kr_rcvif, rcv)) != r->r_rcvifnot;
}

static bool
proto_matches(const struct pf_rule *r, const struct pf_pdesc *pd)
{
	if (r->r_flagset != 0 && pd->pd_proto == IPPROTO_TCP_ && (pd->pd_fragment || (pd->pd_tcp_flags & r->r_flagset) != r->r_flags))
		return false;
	if (r->r_icmp_type >= 0 && (pd->pd_fragment || r->r_icmp_type != pd->pd_icmp_type))
		return false;
	return r->r_icmp_code < 0 || r->r_icmp_code == pd->pd_icmp_code;
}

static inline bool
rule_matches(const struct pf_krule *kr, const struct pf_pdesc *pd, const struct pf_verdict *v)
{
	const struct pf_rule *r = kr->kr_rule;

	if (!where_matches(kr, pd) || (r->r_af != PF_AF_ANY && r->r_af != pd->pd_af) || (r->r_proto != 0 && r->r_proto != pd->pd_proto))
		return false;
	if (!port_matches(pd, &r->r_src.ra_port, pd->pd_sport) || !port_matches(pd, &r->r_dst.ra_port, pd->pd_dport))
		return false;
	if (!proto_matches(r, pd) || (r->r_tos >= 0 && r->r_tos != pd->pd_tos) || (r->r_fragment && !pd->pd_fragment))
		return false;
	if (!hosts_match(kr, pd) || !owner_matches(pd, &r->r_uid) || !owner_matches(pd, &r->r_gid))
		return false;
	if (r->r_prio >= 0 && (unsigned)r->r_prio != m_priority(pd->pd_m))
		return false;
	if (kr->kr_match_tag != 0 && (kr->kr_match_tag == v->v_tag) == r->r_tagnot)
		return false;
	return !kr->kr_spent && (r->r_prob == 0 || chance(r->r_prob)) && (kr->kr_rate == 0 || !exceeded(kr, pd, v));
}

static void
note(struct pf_verdict *v, const struct pf_krule *kr)
{
	if (v->v_nmatch < nitems(v->v_match))
		v->v_match[v->v_nmatch++] = kr;
}

/* ---- translation ---- */

static void
translate(const struct pf_krule *kr, enum pf_kpool which, struct pf_pdesc *pd, struct pf_verdict *v)
{
	uint32_t turn = pf_rcount(kr)->rc_turn[0];
	bool nat = which == PF_KPOOL_NAT;
	uint16_t port;

	v->v_xlate[which] = kr;
	if (!pf_pool_pick(kr, which, pd, &v->v_xaddr[which], &port))
		v->v_xfailed |= 1u << which;
	else
		v->v_xfailed &= (uint8_t)~(1u << which);
	if (unlikely(v->v_trace != NULL))
		pf_rcount(kr)->rc_turn[0] = turn;
	if (v->v_xfailed & 1u << which)
		return;
	*(nat ? &pd->pd_src : &pd->pd_dst) = v->v_xaddr[which];
	if (port != 0)				/* else the one of a rule before stays */
		pd->pd_dport = v->v_xport = port;
	if (unlikely(nat == (pd->pd_dir == PF_IN)))
		pf_acts_redirect(v);
}

/* The packet is now what the rule makes of it. */
void
pf_verdict_translate(const struct pf_krule *kr, struct pf_pdesc *pd, struct pf_verdict *v)
{
	if (kr->kr_rule->r_nat.pp_set)
		translate(kr, PF_KPOOL_NAT, pd, v);
	if (kr->kr_rule->r_rdr.pp_set)
		translate(kr, PF_KPOOL_RDR, pd, v);
	v->v_changes++;
	pf_set_fields(kr->kr_set, pd, &v->v_fields);
}

/* ---- lists of rules ---- */

static bool evaluate(const struct pf_krules *, struct pf_pdesc *, struct pf_verdict *);

/* The rule matches. True: nothing behind it is looked at. */
static bool
take(const struct pf_krule *kr, struct pf_pdesc *pd, struct pf_verdict *v)
{
	unsigned before = v->v_decided;
	bool stop = false;

	if (kr->kr_tag != 0)
		v->v_tag = kr->kr_tag;
	if (unlikely(kr->kr_odd | v->v_logmatches))
		pf_take_odd(kr, v);
	if (kr->kr_rule->r_action == PF_ANCHOR) {
		note(v, kr);
		for (unsigned i = 0; i < kr->kr_nanchors && !stop; i++)
			stop = evaluate(&kr->kr_anchor[i], pd, v);
		return stop || (kr->kr_rule->r_quick && v->v_decided != before);
	}
	if (kr->kr_rule->r_action == PF_MATCH) {
		note(v, kr);
		if (kr->kr_translates)
			pf_verdict_translate(kr, pd, v);
	} else {
		v->v_rule = kr;
		v->v_decided++;
	}
	return kr->kr_rule->r_quick;
}

static bool
evaluate_all(const struct pf_krules *ks, struct pf_pdesc *pd, struct pf_verdict *v)
{
	for (const struct pf_krule *kr = ks->ks_rule, *end = kr + ks->ks_n; kr < end; kr++) {
		pf_rcount(kr)->rc_evaluations++;
		if (rule_matches(kr, pd, v) && take(kr, pd, v))
			return true;
	}
	return false;
}

/* True: the rule matches, and nothing behind it is looked at. */
static inline bool
take_ref(const struct pf_krules *ks, uint32_t ref, struct pf_pdesc *pd, struct pf_verdict *v)
{
	const struct pf_krule *kr = &ks->ks_rule[ref & PF_CLASS_PLACE];

	if (!(ref & PF_CLASS_SURE) && !(ref & PF_CLASS_HOSTS ? hosts_match(kr, pd) : rule_matches(kr, pd, v)))
		return false;
	if (!(ref & PF_CLASS_PLAIN))
		return take(kr, pd, v);
	v->v_rule = kr;			/* what take() does */
	v->v_decided++;
	return ref & PF_CLASS_QUICK;
}

/* Behind the rule at that place the packet is another: it goes on at another leaf. Places of rules that are behind, in order; *n. */
static __rare_fn const uint32_t *
other_leaf(const struct pf_krules *ks, uint32_t at, const struct pf_pdesc *pd, const struct pf_verdict *v, unsigned *n)
{
	const uint32_t *place = pf_find_leaf(ks->ks_class, pd, v, n);

	for (; *n > 0 && (*place & PF_CLASS_PLACE) <= at; place++)
		--*n;
	return place;
}

/* Any rules. */
static __apart_fn bool
evaluate_any(const struct pf_krules *ks, const uint32_t *place, unsigned n, struct pf_pdesc *pd, struct pf_verdict *v)
{
	unsigned changes = v->v_changes;
	uint32_t at = ks->ks_n - 1;
	bool stop = false;

	while (n > 0 && !stop) {
		uint32_t ref = *place++;

		n--;
		stop = take_ref(ks, ref, pd, v);
		if (stop)
			at = ref & PF_CLASS_PLACE;
		else if (unlikely(v->v_changes != changes)) {
			changes = v->v_changes;
			place = other_leaf(ks, ref & PF_CLASS_PLACE, pd, v, &n);
		}
	}
	pf_rcount(&ks->ks_rule[at])->rc_evaluations++;
	return stop;
}

/* Those that only decide, for sure or by a table, go a short way. */
bool
pf_evaluate_leaf(const struct pf_krules *ks, const uint32_t *place, unsigned n, struct pf_pdesc *pd, struct pf_verdict *v)
{
	for (; n > 0; place++, n--) {
		const struct pf_krule *kr = &ks->ks_rule[*place & PF_CLASS_PLACE];

		if (!(*place & PF_CLASS_PLAIN) || !(*place & (PF_CLASS_SURE | PF_CLASS_TABLE)))
			return evaluate_any(ks, place, n, pd, v);
		if ((*place & PF_CLASS_TABLE) && !pf_table_match(kr->kr_src, pf_af(pd->pd_af), &pd->pd_src))
			continue;
		v->v_rule = &ks->ks_rule[*place & PF_CLASS_PLACE];
		v->v_decided++;
		if (*place & PF_CLASS_QUICK) {
			pf_rcount(v->v_rule)->rc_evaluations++;
			return true;
		}
	}
	pf_rcount(&ks->ks_rule[ks->ks_n - 1])->rc_evaluations++;
	return false;
}

static __rare_fn bool
evaluate_traced(const struct pf_krules *ks, struct pf_pdesc *pd, struct pf_verdict *v)
{
	for (const struct pf_krule *kr = ks->ks_rule, *end = kr + ks->ks_n; kr < end; kr++) {
		bool matches = rule_matches(kr, pd, v);

		v->v_trace->pt_considered(v->v_trace, kr, matches);
		if (matches && take(kr, pd, v))
			return true;
	}
	return false;
}

/* As if all had been compared; the walk is counted where it ends. */
static bool
evaluate_class(const struct pf_krules *ks, struct pf_pdesc *pd, struct pf_verdict *v)
{
	unsigned n;
	const uint32_t *place = pf_find_leaf(ks->ks_class, pd, v, &n);

	return pf_evaluate_leaf(ks, place, n, pd, v);
}

/* What an anchor holds. */
static bool
evaluate(const struct pf_krules *ks, struct pf_pdesc *pd, struct pf_verdict *v)
{
	if (unlikely(v->v_trace != NULL))
		return evaluate_traced(ks, pd, v);
	return (ks->ks_class->cl_node != NULL ? evaluate_class : evaluate_all)(ks, pd, v);
}

void
pf_evaluate(const struct pf_ruleset *rs, struct pf_pdesc *pd, struct pf_verdict *v)
{
	const struct pf_krules *ks = &rs->rs_main;
	const uint32_t *place;
	unsigned n;

	pf_judge_begin(pd, v);
	v->v_rule = rs->rs_default;
	pf_set_fields(rs, pd, &v->v_fields);
	if (unlikely(ks->ks_class->cl_node == NULL))
		evaluate_all(ks, pd, v);
	else {
		place = pf_find_leaf(ks->ks_class, pd, v, &n);
		if (!pf_sure_leaf(ks, place, n, &v->v_rule))
			pf_evaluate_leaf(ks, place, n, pd, v);
	}
	pf_judge_end(pd, v);
}

__rare_fn void
pf_evaluate_traced(const struct pf_ruleset *rs, struct pf_pdesc *pd, struct pf_verdict *v, struct pf_trace *trace)
{
	pf_judge_begin(pd, v);
	v->v_trace = trace;
	v->v_rule = rs->rs_default;
	pf_set_fields(rs, pd, &v->v_fields);
	evaluate_traced(&rs->rs_main, pd, v);
	pf_judge_end(pd, v);
}
