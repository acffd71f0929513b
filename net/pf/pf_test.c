/* pf_test.c - a packet is tested: by the state that it belongs to, else by the rules; and batches on their way in. Who it is is found out in
 * pf_describe.c, the way out is in pf_output.c. */
#include "kernel/machine.h"
#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_describe.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_flow.h"
#include "net/pf/pf_judge.h"
#include "net/pf/pf_log.h"
#include "net/pf/pf_ifcount.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_once.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_route.h"
#include "net/pf/pf_src.h"
#include "net/pf/pf_table_count.h"
#include "net/pf/pf_test_var.h"

STAGE(pf_test);
COUNTER_GROUP(pf, 15);
COUNTER(pfs_match, pf, 10, INFO, "packet%s judged by rules");
COUNTER(pfs_passed, pf, 20, INFO, "packet%s passed by states");
COUNTER(pfs_blocked, pf, 30, DROP, "packet%s blocked by rules");
COUNTER(pfs_badoff, pf, 40, DROP, "packet%s with bad offsets");
COUNTER(pfs_frag, pf, 50, DROP, "fragment%s that could not be put together");
COUNTER(pfs_short, pf, 60, DROP, "packet%s too short");
COUNTER(pfs_norm, pf, 70, DROP, "packet%s that could not be normalized");
COUNTER(pfs_memory, pf, 80, DROP, "packet%s without memory for a state");
COUNTER(pfs_timestamp, pf, 85, DROP, "packet%s with a timestamp that their connection cannot have");
COUNTER(pfs_ipoption, pf, 90, DROP, "packet%s with IP options");
COUNTER(pfs_protcksum, pf, 95, DROP, "packet%s with a bad checksum, which nobody answers");
COUNTER(pfs_badstate, pf, 100, DROP, "packet%s that did not fit their state");
COUNTER(pfs_stateins, pf, 105, DROP, "packet%s without a state because another one has its key");
COUNTER(pfs_maxstates, pf, 110, DROP, "packet%s without a state because of a limit");
COUNTER(pfs_srclimit, pf, 112, DROP, "packet%s without a state because of a limit of their source");
COUNTER(pfs_translate, pf, 115, DROP, "packet%s that could not be translated");
COUNTER(pfs_noroute, pf, 117, DROP, "packet%s without a way to the next hop that a rule says");
COUNTER(pfs_pktrate, pf, 118, DROP, "packet%s of states whose rule had more than its max-pkt-rate");

bool pf_enabled;

const char *const pf_reason_name[PFR_COUNT] = {
	"match", "bad-offset", "fragment", "short", "normalize", "memory", "bad-timestamp", "congestion", "ip-option", "proto-cksum", "state-mismatch",
	"state-insert", "state-limit", "src-limit", "synproxy", "translate", "no-route",
};
static const struct counter *const reason_counter[PFR_COUNT] = {
	[PFR_MATCH] = &counter_pfs_match, [PFR_BADOFF] = &counter_pfs_badoff, [PFR_FRAG] = &counter_pfs_frag, [PFR_SHORT] = &counter_pfs_short,
	[PFR_NORM] = &counter_pfs_norm, [PFR_MEMORY] = &counter_pfs_memory, [PFR_IPOPTION] = &counter_pfs_ipoption,
	[PFR_TS] = &counter_pfs_timestamp, [PFR_PROTCKSUM] = &counter_pfs_protcksum,
	[PFR_BADSTATE] = &counter_pfs_badstate, [PFR_STATEINS] = &counter_pfs_stateins,
	[PFR_MAXSTATES] = &counter_pfs_maxstates, [PFR_NOROUTE] = &counter_pfs_noroute, [PFR_TRANSLATE] = &counter_pfs_translate,
	[PFR_SRCLIMIT] = &counter_pfs_srclimit,
};

uint64_t
pf_reason_sum(enum pf_reason reason)
{
	return reason_counter[reason] != NULL ? counter_sum(reason_counter[reason]) : 0;
}

static inline void
drop(struct mbuf *m, enum pf_reason reason)
{
	switch (reason) {
	case PFR_MATCH:
		M_DROP(m, pfs_blocked);
		break;
	case PFR_BADOFF:
		M_DROP(m, pfs_badoff);
		break;
	case PFR_FRAG:
		M_DROP(m, pfs_frag);
		break;
	case PFR_SHORT:
		M_DROP(m, pfs_short);
		break;
	case PFR_MEMORY:
		M_DROP(m, pfs_memory);
		break;
	case PFR_TS:
		M_DROP(m, pfs_timestamp);
		break;
	case PFR_IPOPTION:
		M_DROP(m, pfs_ipoption);
		break;
	case PFR_PROTCKSUM:
		M_DROP(m, pfs_protcksum);
		break;
	case PFR_BADSTATE:
		M_DROP(m, pfs_badstate);
		break;
	case PFR_STATEINS:
		M_DROP(m, pfs_stateins);
		break;
	case PFR_MAXSTATES:
		M_DROP(m, pfs_maxstates);
		break;
	case PFR_SRCLIMIT:
		M_DROP(m, pfs_srclimit);
		break;
	case PFR_TRANSLATE:
		M_DROP(m, pfs_translate);
		break;
	case PFR_NOROUTE:
		M_DROP(m, pfs_noroute);
		break;
	default:
		M_DROP(m, pfs_norm);
		break;
	}
}

void
pf_drop(struct mbuf *m, enum pf_reason reason)
{
	drop(m, reason);
}

/* ---- one packet on its core ---- */

static inline void
count_passed(unsigned n)
{
	counter_add(pfs_passed, n);
}

static inline void
count_rule(const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	struct pf_rcount *rc = pf_rcount(kr);
	unsigned out = pd->pd_dir == PF_OUT;

	rc->rc_packets[out]++;
	rc->rc_bytes[out] += pd->pd_m->m_pktlen;
}

/* What a state is made for; errors belong to that of another packet, other ICMP to none. */
static bool
wants_state(const struct pf_pdesc *pd, const struct pf_rule *r)
{
	bool icmp = pd->pd_proto == IPPROTO_ICMP_ || pd->pd_proto == IPPROTO_ICMPV6_;

	return r->r_keep != PF_STATE_NO && !pd->pd_fragment && (!icmp || pd->pd_query);
}

static inline void
log_verdict(const struct pf_verdict *v, const struct pf_pdesc *pd, unsigned action, enum pf_reason why)
{
	if (unlikely(v->v_nlog > 0))
		pf_log_verdict(v, pd, action, why);
}

/* Its end; the rule counts it. */
static __rare_fn enum pf_found
refused(const struct pf_verdict *v, const struct pf_pdesc *pd, enum pf_reason why)
{
	const struct pf_krule *kr = v->v_rule;

	if (kr->kr_once)
		pf_once_return(kr);
	log_verdict(v, pd, PF_BLOCK, why);
	count_rule(kr, pd);
	pf_drop(pd->pd_m, why);
	return FOUND_GONE;
}

/* What a flood is of is refused at little cost. The rule logs nothing, or has done so. */
static inline enum pf_found
blocked(const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	count_rule(kr, pd);
	if (likely(kr->kr_rule->r_return == PF_DROP))
		drop(pd->pd_m, PFR_MATCH);
	else
		pf_blocked(pd, kr->kr_rule);
	return FOUND_GONE;
}
static inline enum pf_found
stateless_for_want_of_room(const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	count_rule(kr, pd);
	drop(pd->pd_m, PFR_MAXSTATES);
	return FOUND_GONE;
}

/* It passes, and what its state asks for beside that is done. */
static __rare_fn enum pf_found
passes_extended(const struct pf_state *s, struct pf_pdesc *pd)
{
	const struct pf_state_ext *e = pf_ext(s);
	bool forth = pd->pd_dir == s->s_dir, redirects;
	struct in6_addr to;

	redirects = pf_route_redirects(s, pd, &to);
	if ((s->s_translated || e->se_tcp != 0) && !(redirects ? pf_route_fits(pd, PF_RT_ROUTETO, &to, true) : pf_route_fits(pd, e->se_acts.ac_rt, &e->se_gateway, forth)))
		return FOUND_GONE;
	if (!pf_translate(s, pd) || !pf_modulate(s, pd) || !pf_restamp(s, pd) || !pf_scrub(&e->se_acts, pd))
		return FOUND_GONE;
	if (pf_route_apply(pd, e->se_acts.ac_rt, &e->se_gateway, forth))
		return FOUND_ROUTED;
	return redirects && pf_route_apply(pd, PF_RT_ROUTETO, &to, true) ? FOUND_ROUTED : FOUND_PASS;
}

static inline enum pf_found
passes(const struct pf_state *s, struct pf_pdesc *pd)
{
	if (unlikely(s->s_ext != 0))
		return passes_extended(s, pd);
	return pf_translate(s, pd) ? FOUND_PASS : FOUND_GONE;
}

/* A packet of a state whose packets are all logged, or counted by tables. */
static __rare_fn void
log_state(const struct pf_state *s, const struct pf_pdesc *pd)
{
	const struct pf_acts *ac = &pf_ext(s)->se_acts;

	for (unsigned i = 0; i < PF_ACTS_LOGS && ac->ac_log[i] != 0; i++) {
		const struct pf_krule *kr = &s->s_rule->kr_set->rs_rule[ac->ac_log[i] - 1];

		if (kr->kr_rule->r_counts)
			pf_tables_count_state(kr, s, pd);
		if (kr->kr_rule->r_log & PF_LOG_ALL)
			pf_log(kr, pd, kr->kr_rule->r_action, PFR_MATCH);
	}
}

/* Without a state. */
static enum pf_found
passes_alone(const struct pf_verdict *v, struct pf_pdesc *pd)
{
	const struct pf_krule *kr = v->v_rule;
	unsigned rt = v->v_acted ? v->v_acts.ac_rt : PF_RT_NONE;
	struct in6_addr gateway;

	log_verdict(v, pd, PF_PASS, PFR_MATCH);
	count_rule(kr, pd);
	if (unlikely(v->v_acted) && !pf_scrub(&v->v_acts, pd))
		return FOUND_GONE;
	if (likely(rt == PF_RT_NONE))
		return FOUND_PASS;
	if (!pf_route_gateway(kr, pd, &gateway)) {
		pf_drop(pd->pd_m, PFR_NOROUTE);
		return FOUND_GONE;
	}
	return pf_route_apply(pd, rt, &gateway, true) ? FOUND_ROUTED : FOUND_PASS;
}

static inline void
count_judged(void)
{
	counter_inc(pfs_match);
}

/* It is what it was before rules have translated it. */
static __rare_fn bool
described_again(struct pf_pdesc *pd)
{
	struct pf_pdesc was = *pd;
	enum pf_reason why;

	if (!pf_describe(pd, was.pd_m, was.pd_af, was.pd_dir, was.pd_ifp, &why)) {
		pf_drop(was.pd_m, why);
		return false;
	}
	pd->pd_hash = was.pd_hash;
	pd->pd_ifnumber = was.pd_ifnumber;
	pd->pd_sent = was.pd_sent;
	pd->pd_asked = was.pd_asked;
	return true;
}

/* It takes the rule for one packet that decides for it, or what decides when another core's packet has just had that: each time one rule is over.
 * NULL: it is gone. */
static __rare_fn const struct pf_krule *
taken(const struct pf_ruleset *rs, struct pf_pdesc *pd, struct pf_verdict *v)
{
	while (v->v_rule->kr_once && !pf_once_take(v->v_rule)) {
		if (!described_again(pd))
			return NULL;
		pf_evaluate(rs, pd, v);
	}
	return v->v_rule;
}

/* Another core makes its state, by a verdict of its own, and counts the packet for the rules on its way. */
static __rare_fn enum pf_found
leaves(const struct pf_verdict *v, const struct pf_pdesc *pd)
{
	unsigned out = pd->pd_dir == PF_OUT;

	if (v->v_rule->kr_once)
		pf_once_return(v->v_rule);
	for (unsigned i = 0; i < v->v_nmatch; i++) {
		pf_rcount(v->v_match[i])->rc_packets[out]--;
		pf_rcount(v->v_match[i])->rc_bytes[out] -= pd->pd_m->m_pktlen;
	}
	return FOUND_AWAY;
}

/* What the verdict says is done. What a state counts its rule need not count: pf_rcounts(). */
static __inline_fn enum pf_found
judged(const struct pf_ruleset *rs, struct pf_pdesc *pd, struct pf_verdict *v, unsigned *away)
{
	const struct pf_krule *kr = v->v_rule;
	enum pf_reason why;
	struct pf_state *s;

	if (unlikely(kr->kr_once) && (kr = taken(rs, pd, v)) == NULL)
		return FOUND_GONE;
	count_judged();
	for (unsigned i = 0; i < v->v_nmatch; i++)
		count_rule(v->v_match[i], pd);
	if (kr->kr_rule->r_action == PF_BLOCK) {
		log_verdict(v, pd, PF_BLOCK, PFR_MATCH);
		return blocked(kr, pd);
	}
	if (pd->pd_options && !kr->kr_rule->r_allow_opts && kr->kr_index != rs->rs_nrules)
		return refused(v, pd, PFR_IPOPTION);
	if (!wants_state(pd, kr->kr_rule)) {
		if (pf_verdict_translates(v))		/* without a state nobody knows the way back */
			return refused(v, pd, PFR_TRANSLATE);
		pd->pd_m->m_pftag = v->v_tag;
		return passes_alone(v, pd);
	}
	if (unlikely(pf_states_full(rs, kr))) {
		if (kr->kr_once)
			pf_once_return(kr);
		log_verdict(v, pd, PF_BLOCK, PFR_MAXSTATES);
		return stateless_for_want_of_room(kr, pd);
	}
	if ((s = pf_state_create(pd, v, &why, away)) == NULL)
		return *away != core_id() ? leaves(v, pd) : refused(v, pd, why);
	log_verdict(v, pd, PF_PASS, PFR_MATCH);
	pd->pd_m->m_pftag = v->v_tag;
	return passes(s, pd);
}

/* By the rules. */
static __apart_fn enum pf_found
test_rules(const struct pf_ruleset *rs, struct pf_pdesc *pd, unsigned *away)
{
	struct pf_verdict v;

	pf_evaluate(rs, pd, &v);
	return judged(rs, pd, &v, away);
}

/* The same for one whose description was plain, inline; when one sure rule ends it, without a verdict. */
static __inline_fn enum pf_found
test_plain(const struct pf_ruleset *rs, struct pf_pdesc *pd, unsigned *away)
{
	const struct pf_krules *ks = &rs->rs_main;
	const struct pf_krule *kr = rs->rs_default;
	const uint32_t *place;
	struct pf_verdict v;
	bool sure, block;
	unsigned n;

	if (unlikely(ks->ks_class->cl_node == NULL))
		return test_rules(rs, pd, away);
	pf_set_fields(rs, pd, &v.v_fields);
	place = pf_find_leaf(ks->ks_class, pd, &v, &n);
	if ((sure = pf_sure_leaf(ks, place, n, &kr)) && likely(kr->kr_more == 0)) {
		block = kr->kr_rule->r_action == PF_BLOCK;
		if (block || (kr->kr_rule->r_keep != PF_STATE_NO && pf_states_full(rs, kr))) {
			count_judged();
			return block ? blocked(kr, pd) : stateless_for_want_of_room(kr, pd);
		}
	}
	pf_judge_begin(pd, &v);
	v.v_rule = kr;
	if (!sure)
		pf_evaluate_leaf(ks, place, n, pd, &v);
	pf_judge_end(pd, &v);
	return judged(rs, pd, &v, away);
}

static inline struct pf_state *
find_state(struct pf_pdesc *pd)
{
	struct pf_key key;

	pf_states_searched(1);
	pf_key_of(&key, pd);
	pd->pd_hash = pf_key_hash(&key);
	return pf_state_find_hashed(&key, pd->pd_hash, pd->pd_dir, pd->pd_ifp);
}

/* Its state's rule has had too many: it is gone. */
static __rare_fn bool
exceeds_rate(const struct pf_state *s, const struct pf_pdesc *pd)
{
	if (!pf_ext(s)->se_acts.ac_rated || pd->pd_dir != s->s_dir || !pf_rate_exceeded(s->s_rule, PF_RATE_NEW))
		return false;
	M_DROP(pd->pd_m, pfs_pktrate);
	return true;
}

/* It begins the connection anew, so the state goes, and the rules see it. */
static __rare_fn void
remove_for(struct pf_state *s, const struct pf_pdesc *pd)
{
	if (s->s_ext != 0 && pf_ext(s)->se_acts.ac_rated && pd->pd_dir == s->s_dir)
		pf_rate_return(s->s_rule);
	pf_state_remove(s);
}

__apart_fn enum pf_found
pf_test_packet(const struct pf_ruleset *rs, struct pf_pdesc *pd, unsigned *away)
{
	struct pf_state *s = NULL;
	enum pf_reason why;
	bool again;

	if (!pd->pd_fragment)
		s = find_state(pd);
	if (s == NULL)
		return test_rules(rs, pd, away);
	if (unlikely((s->s_away | s->s_ext) != 0)) {
		if (s->s_away != 0) {
			*away = s->s_away - 1u;
			return FOUND_AWAY;
		}
		if (exceeds_rate(s, pd))
			return FOUND_GONE;
	}
	if (unlikely(pd->pd_options && !s->s_rule->kr_rule->r_allow_opts)) {
		pf_drop(pd->pd_m, PFR_IPOPTION);
		return FOUND_GONE;
	}
	if (unlikely(!pf_track(s, pd, &why, &again))) {
		if (again) {
			remove_for(s, pd);
			return test_rules(rs, pd, away);
		}
		if (why == PFR_SRCLIMIT)
			pf_state_remove(s);
		pf_drop(pd->pd_m, why);
		return FOUND_GONE;
	}
	count_passed(1);
	if (unlikely(s->s_ext != 0))
		log_state(s, pd);
	if (s->s_tag != 0)
		pd->pd_m->m_pftag = s->s_tag;
	return passes(s, pd);
}

/* ---- batches, inwards ---- */

bool
pf_is_skipped(const struct pf_ruleset *rs, const struct ifnet *ifp)
{
	bool skip = false;

	for (const struct pf_skip *sk = rs->rs_conf.pc_options.po_skip; sk != NULL; sk = sk->sk_next) {
		char name[IFNAMSIZ] = { 0 };

		__builtin_strncpy(name, sk->sk_ifname, IFNAMSIZ - 1);
		if (pf_if_matches(name, ifp))
			skip = !sk->sk_not;
	}
	return skip;
}

const struct pf_ruleset *
pf_test_begin(const struct batch *b)
{
	STAGE_ENTER(pf_test, b->b_n);
	percore(pf_states).ps_now = (uint32_t)(uptime_ns() / 1000000000);
	return percore(pf_rules_here);
}

/* Inwards again, on the packet's core; on core 0 for what only that can do. */
static void
input_again4(struct ifnet *ifp, struct batch *b)
{
	ip_input_again(ifp, b);
}
static void
input_again6(struct ifnet *ifp, struct batch *b)
{
	ip6_input_again(ifp, b);
}
HANDOFF(pf_input4, input_again4);
HANDOFF(pf_input6, input_again6);

void
pf_flow_passed(unsigned n)
{
	count_passed(2 * n);
	pf_states_searched(2 * n);
}

static const struct handoff *
input_place(unsigned af)
{
	return af == PF_INET ? &handoff_pf_input4 : &handoff_pf_input6;
}

static void
input_elsewhere(struct mbuf *m, unsigned af, unsigned core)
{
	handoff_packet(core, input_place(af), m);
}

/* A batch on its way in. */
struct input {
	const struct pf_ruleset *rs;
	const struct pf_states *ps;
	uint32_t	 here, ifnumber;	/* pf_stranger_here(); pd_ifnumber of all */
	struct pf_judged judged;
};

/* No state was there for it when the flow path looked, nor has one of its hash come in since. */
static inline bool
is_stranger(const struct input *in, uint64_t tag)
{
	return pf_is_stranger(in->ps, in->here, tag);
}
static inline void
stranger_searched(struct pf_pdesc *pd, uint64_t tag)
{
	pf_states_searched(1);
	pd->pd_hash = (uint32_t)tag;
}

/* What has become of it. The packet that goes on, which may be another mbuf; NULL: it is gone. */
static __inline_fn struct mbuf *
input_tested(struct input *in, const struct pf_pdesc *pd, struct mbuf *m, unsigned af, enum pf_found found, unsigned away)
{
	if (found <= FOUND_ROUTED) {
		pd->pd_m->m_flags |= found == FOUND_PASS ? M_PF_IN : M_PF_IN | M_PF_ROUTED;
		return pd->pd_m;
	}
	if (found == FOUND_AWAY)
		pf_judged_away(&in->judged, m->m_pktlen);
	if (found == FOUND_AWAY && away == PF_AWAY_ASK)
		pf_src_ask(pd, input_place(af));
	else if (found == FOUND_AWAY) {
		m->m_flags |= M_PF_HOME;
		input_elsewhere(m, af, away);
	}
	return NULL;
}

static void
input_reassembled(struct input *in, const struct pf_pdesc *pd)
{
	uint32_t len = pd->pd_m->m_pktlen;

	if (pf_reassemble(pd, &in->rs->rs_conf.pc_options))
		pf_judged_away(&in->judged, len);
}

/* Any packet, of which a description has begun. */
static __apart_fn struct mbuf *
input_any(struct input *in, struct pf_pdesc *pd, uint64_t tag, bool described)
{
	enum pf_reason why = PFR_SHORT;
	struct mbuf *m = pd->pd_m;
	unsigned af = pd->pd_af, core;
	enum pf_found found;

	if (unlikely(!described && !pf_describe_any(pd, &why))) {
		pf_drop(m, why);
		return NULL;
	}
	if (unlikely(pd->pd_fragment) && in->rs->rs_conf.pc_options.po_reassemble) {
		input_reassembled(in, pd);
		return NULL;
	}
	if (pf_goes_home(m, pd, &core)) {
		pf_judged_away(&in->judged, m->m_pktlen);
		input_elsewhere(m, af, core);
		return NULL;
	}
	if (is_stranger(in, tag)) {
		stranger_searched(pd, tag);
		found = test_rules(in->rs, pd, &core);
	} else
		found = pf_test_packet(in->rs, pd, &core);
	return input_tested(in, pd, m, af, found, core);
}

/* A flood is of strangers that have nothing odd: they go the shortest way. */
static __inline_fn struct mbuf *
input_one(struct input *in, unsigned af, const struct ifnet *ifp, struct mbuf *m)
{
	uint64_t tag = m->m_tag;
	struct pf_pdesc pd;
	enum pf_found found;
	bool plain;
	unsigned core;

	m->m_tag = 0;			/* told once: what it may come to be by way of a tunnel is another */
	pf_describe_begin(&pd, m, af, PF_IN, ifp);
	pd.pd_ifnumber = in->ifnumber;
	plain = af == PF_INET && pf_describe_plain4(&pd, m);
	if (likely(plain) && is_stranger(in, tag) && !pf_goes_home(m, &pd, &core)) {
		stranger_searched(&pd, tag);
		found = test_plain(in->rs, &pd, &core);		/* sets core */
		m = input_tested(in, &pd, m, af, found, core);
	} else
		m = input_any(in, &pd, tag, plain);
	in->ifnumber = pd.pd_ifnumber;
	return m;
}

void
pf_input(unsigned af, struct ifnet *ifp, struct batch *b)
{
	struct input in = { pf_test_begin(b), percore_ptr(pf_states), pf_stranger_here(), 0, { 0 } };
	unsigned n = 0, end = b->b_n;
	struct batch routed;

	if (pf_is_skipped(in.rs, ifp)) {
		for (unsigned i = 0; i < end; i++)
			b->b_m[i]->m_tag = 0;
		return;
	}
	routed.b_n = 0;
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];

		if (likely(!(m->m_flags & M_PF_IN))) {
			pf_judged_one(&in.judged, m);
			if ((m = input_one(&in, af, ifp, m)) == NULL)
				continue;
			pf_judged_passed(&in.judged, m);
		}
		if (likely(!(m->m_flags & M_PF_ROUTED)))
			b->b_m[n++] = m;
		else if (pf_route_in(af, m))
			batch_add(&routed, m);
	}
	b->b_n = n;
	pf_if_count(ifp, af, PF_IN, &in.judged);
	if (unlikely(routed.b_n > 0))
		(af == PF_INET ? ip_forward : ip6_forward)(&routed);
}
