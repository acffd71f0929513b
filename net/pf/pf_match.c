/* pf_match.c - the evaluator: rules one after the other as pf.conf(5) says it, the last that matches decides, "quick" at once. Of a list with a tree
 * (pf_class_make.c) those that the packet cannot match are left out; without, all are compared, and the outcome is the same. pf_judge.h has the walk. */
#include <string.h>

#include "net/core/if_group.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_judge.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_tcp.h"
#include "net/route/route.h"

/* ---- interfaces ---- */

/* By its name or a group (if_group.h). */
bool
pf_if_matches(const char name[IFNAMSIZ], const struct ifnet *ifp)
{
	static const char all[IFNAMSIZ] = "all", egress[IFNAMSIZ] = "egress", any[IFNAMSIZ] = "any";

	if (pf_name_equal(name, ifp->if_xname) || pf_name_equal(name, ifp->if_group))
		return true;
	for (unsigned i = 0; i < IF_GROUPS && ifp->if_ingroup[i][0] != '\0'; i++)
		if (pf_name_equal(name, ifp->if_ingroup[i]))
			return true;
	if (pf_name_equal(name, any))		/* but loopback: pf.conf(5) */
		return !(ifp->if_flags & IFF_LOOPBACK);
	return pf_name_equal(name, all) || (pf_name_equal(name, egress) && if_is_egress(ifp));
}

/* ---- addresses ---- */

static bool
in_prefix(const struct pf_addr *pa, unsigned full, const struct in6_addr *addr, unsigned ifplen, const struct in6_addr *a)
{
	unsigned plen = pa->pa_plen != PF_PLEN_NONE ? pa->pa_plen : pa->pa_dyn & PF_DYN_NETWORK ? ifplen : full;

	return in6_covers(addr, plen, a);
}

static bool
if_has_addr4(const struct ifnet *ifp, const struct pf_addr *pa, const struct in6_addr *a)
{
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		struct in6_addr addr = in6_of_ip4(pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER) ? ifa->ifa_broadcast : ifa->ifa_addr);

		if ((addr.s6_addr32[0] != 0 && in_prefix(pa, 32, &addr, ifa->ifa_plen, a)))
			return true;
		if (pa->pa_dyn & PF_DYN_NOALIAS)
			break;
	}
	return false;
}

static bool
if_has_addr6(const struct ifnet *ifp, const struct pf_addr *pa, const struct in6_addr *a)
{
	if (pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER))
		return false;
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		struct in6_addr addr = in6_unembed(&ia->ia_addr);

		if ((pa->pa_dyn & (PF_DYN_NOALIAS | PF_DYN_NETWORK)) && IN6_IS_ADDR_LINKLOCAL(&addr))	/* every link has that network */
			continue;
		if (in_prefix(pa, 128, &addr, ia->ia_plen, a))
			return true;
		if (pa->pa_dyn & PF_DYN_NOALIAS)
			break;
	}
	return false;
}

/* (em0), (group:network) ...: the addresses of now, so there is nothing that must follow a change. */
static __apart_fn bool
dyn_matches(const struct pf_addr *pa, unsigned pf_family, const struct in6_addr *a)
{
	char name[IFNAMSIZ] = { 0 };

	memcpy(name, pa->pa_name, strnlen(pa->pa_name, IFNAMSIZ - 1));
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (pf_if_matches(name, ifp) && (pf_family == PF_INET ? if_has_addr4(ifp, pa, a) : if_has_addr6(ifp, pa, a)))
			return true;
	return false;
}

static const struct rtentry *
route_to(const struct pf_pdesc *pd, const struct in6_addr *a)
{
	const struct ifnet *ifp = pd->pd_ifp;
	struct in6_addr zoned;

	if (pd->pd_af == PF_INET)
		return rtable_match(ifp->if_rdomain, a->s6_addr32[0]);
	zoned = in6_embed(a, ifp->if_index);
	return rtable_match6(ifp->if_rdomain, &zoned);
}

static __apart_fn bool
addr_matches(const struct pf_pdesc *pd, const struct pf_addr *pa, const struct pf_ktable *kt, const struct in6_addr *a)
{
	const struct rtentry *rt;

	if (pa->pa_af != PF_AF_ANY && pa->pa_af != pd->pd_af)
		return false;
	switch (pa->pa_type) {
	case PF_ADDR_ANY:
		return true;
	case PF_ADDR_NET:
		return in6_covers(&pa->pa_addr, pa->pa_plen, a);
	case PF_ADDR_RANGE:
		return in6_cmp(&pa->pa_addr, a) <= 0 && in6_cmp(a, &pa->pa_end) <= 0;
	case PF_ADDR_DYN:
		return dyn_matches(pa, pd->pd_af, a);
	case PF_ADDR_TABLE:
		return kt != NULL && pf_table_match(kt, pf_af(pd->pd_af), a);
	case PF_ADDR_NOROUTE:
		return route_to(pd, a) == NULL;
	case PF_ADDR_URPF:
		rt = route_to(pd, a);
		return rt == NULL || !rt_path_leads(rt, pd->pd_ifp);
	case PF_ADDR_RTLABEL:
		rt = route_to(pd, a);
		return rt != NULL && strcmp(rt->rt_via->v_label, pa->pa_name) == 0;
	default:
		return false;
	}
}

static inline bool
host_matches(const struct pf_pdesc *pd, const struct pf_rule_addr *ra, const struct pf_ktable *kt, const struct in6_addr *a)
{
	if (ra->ra_addr.pa_type == PF_ADDR_ANY && ra->ra_addr.pa_af == PF_AF_ANY)
		return !ra->ra_not;
	return addr_matches(pd, &ra->ra_addr, kt, a) != ra->ra_not;
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

/* ---- what rules add up ---- */

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

/* It matches, and says more than pass or block, or comes behind one that says so. */
static __rare_fn void
take_odd(const struct pf_krule *kr, struct pf_verdict *v)
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

/* Packets of its state that leave by this interface get another destination there: what left with a source that was translated inwards comes back to that. */
static __rare_fn void
redirects(struct pf_verdict *v)
{
	begin_acts(v);
	v->v_acts.ac_redirects = v->v_extends = true;
}

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
		redirects(v);
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
		take_odd(kr, v);
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
