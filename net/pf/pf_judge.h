/* pf_judge.h - a packet is judged by a ruleset: what is done for all packets, inline for who has many of them in a row. pf_match.c has the rest. */
#ifndef NET_PF_PF_JUDGE_H
#define NET_PF_PF_JUDGE_H

#include "net/pf/pf_engine.h"
#include "net/pf/pf_tcp.h"

/* ---- pf_match.c ---- */
/* The rule matches and translates: the packet is now what it makes of it. */
void	pf_verdict_translate(const struct pf_krule *, struct pf_pdesc *, struct pf_verdict *);
/* The rules of a leaf are compared, n from *place on, as far as they are not sure; the walk is counted. True: a quick one was the last. */
bool	pf_evaluate_leaf(const struct pf_krules *, const uint32_t *place, unsigned n, struct pf_pdesc *, struct pf_verdict *);

/* ---- pf_acts.c ---- */
/* The rule matches, and says more than pass or block (kr_odd), or comes behind one that logs all matches. */
void	pf_take_odd(const struct pf_krule *, struct pf_verdict *);
/* What the rule that decides says beside that (kr_odd). */
void	pf_decide_odd(const struct pf_krule *, struct pf_verdict *);
/* Packets of its state that leave by this interface get another destination there: what left with a source that was translated inwards comes back
 * to that. */
void	pf_acts_redirect(struct pf_verdict *);

static inline void
pf_set_fields(const struct pf_ruleset *rs, struct pf_pdesc *pd, struct pf_cfields *f)
{
	bool tcp = pd->pd_proto == IPPROTO_TCP_;

	if (pd->pd_ifnumber == 0)
		pd->pd_ifnumber = pf_cname(&rs->rs_names, pd->pd_ifp->if_xname) + 1;
	f->cf_v[PF_CD_IFNAME] = pd->pd_ifnumber - 1;
	f->cf_v[PF_CD_PROTO] = pd->pd_proto;
	if (pd->pd_af == PF_INET) {
		f->cf_v[PF_CD_SRC] = be32_host(pd->pd_src.s6_addr32[0]);
		f->cf_v[PF_CD_DST] = be32_host(pd->pd_dst.s6_addr32[0]);
	} else {
		f->cf_v[PF_CD_SRC] = __builtin_bswap64(pd->pd_src.s6_addr64[0]);
		f->cf_v[PF_CD_SRCLOW] = __builtin_bswap64(pd->pd_src.s6_addr64[1]);
		f->cf_v[PF_CD_DST] = __builtin_bswap64(pd->pd_dst.s6_addr64[0]);
		f->cf_v[PF_CD_DSTLOW] = __builtin_bswap64(pd->pd_dst.s6_addr64[1]);
	}
	f->cf_v[PF_CD_SPORT] = pd->pd_fragment ? PF_CD_NOPORT : pd->pd_sport;
	f->cf_v[PF_CD_DPORT] = pd->pd_fragment ? PF_CD_NOPORT : pd->pd_dport;
	f->cf_v[PF_CD_FLAGS] = tcp && (pd->pd_fragment || (pd->pd_tcp_flags & (PF_TH_SYN | PF_TH_ACK)) != PF_TH_SYN) ? PF_CD_LATER : PF_CD_OPENS;
}

static inline const uint32_t *
pf_find_leaf(const struct pf_class *cl, const struct pf_pdesc *pd, const struct pf_verdict *v, unsigned *n)
{
	return pf_class_find(cl, &v->v_fields, cl->cl_root[pd->pd_dir == PF_OUT][pd->pd_af == PF_INET6], n);
}

/* Most leaves are of one rule that is sure and only decides: *kr, and the walk is counted. False: it is not so simple. */
static inline bool
pf_sure_leaf(const struct pf_krules *ks, const uint32_t *place, unsigned n, const struct pf_krule **kr)
{
	uint32_t ref, last = ks->ks_n - 1;

	if (n != 1 || ((ref = *place) & (PF_CLASS_SURE | PF_CLASS_PLAIN)) != (PF_CLASS_SURE | PF_CLASS_PLAIN))
		return false;
	if (ref & PF_CLASS_QUICK)
		last = ref & PF_CLASS_PLACE;
	pf_rcount(&ks->ks_rule[last])->rc_evaluations++;
	*kr = &ks->ks_rule[ref & PF_CLASS_PLACE];
	return true;
}

/* All but v_rule and v_fields. */
static inline void
pf_judge_begin(const struct pf_pdesc *pd, struct pf_verdict *v)
{
	__builtin_memset(&v->v_trace, 0, offsetof(struct pf_verdict, v_tag) - offsetof(struct pf_verdict, v_trace));
	v->v_tag = pd->pd_m->m_pftag;
}

/* What passes is translated when all is decided. */
static inline void
pf_judge_end(struct pf_pdesc *pd, struct pf_verdict *v)
{
	if (unlikely(v->v_rule->kr_odd))
		pf_decide_odd(v->v_rule, v);
	if (v->v_rule->kr_translates && v->v_rule->kr_rule->r_action == PF_PASS)
		pf_verdict_translate(v->v_rule, pd, v);
}

#endif
