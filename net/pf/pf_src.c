/* pf_src.c - sources on the packets' way: found, asked for, counted, limited. */
#include <string.h>

#include "kernel/machine.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_overload.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_src_var.h"

COUNTER(pfs_srcsent, pf, 330, CREATED, "question%s about sources sent to the first core");
COUNTER(pfs_srctaken, pf, 340, CONSUMED, "question%s about sources taken by the first core");

PERCORE struct pf_src_want pf_src_want;

/* ---- looking up ---- */

struct pf_src *
pf_src_find(unsigned pf_family, const struct in6_addr *addr, enum pf_src_kind kind, uint64_t rule)
{
	struct pf_src *ss;

	if (pf_src_bucket == NULL)
		return NULL;
	percore(pf_src_searches)++;
	for (ss = *pf_src_place(addr); ss != NULL; ss = ss->ss_next)
		if (in6_equal(&ss->ss_addr, addr) && ss->ss_af == pf_family && ss->ss_kind == kind && ss->ss_rule == rule && !ss->ss_dead)
			return ss;
	return NULL;
}

/* ---- a new state ---- */

/* The node that keeps a rule's address, or counts for its limits (of all rules that track globally: one); or the wish that it were there. */
static struct pf_src *
find_or_want(const struct pf_pdesc *pd, enum pf_src_kind kind, const struct pf_krule *kr)
{
	const struct pf_state_opts *so = &kr->kr_rule->r_state;
	bool own = so->so_timeout_set & 1u << PF_TM_SRC_TRACK, limits = kind == PF_SRC_LIMIT;
	struct pf_src_wish *wi = &percore_ptr(pf_src_want)->sw_wish[kind];
	uint64_t rule = limits && so->so_srctrack == PF_SRCTRACK_GLOBAL ? 0 : kr->kr_rule->r_id;
	struct pf_src *ss = pf_src_find(pd->pd_af, &pd->pd_ksrc, kind, rule);

	if (ss != NULL)
		return ss;
	*wi = (struct pf_src_wish){ .wi_is = true, .wi_rule = rule, .wi_nr = kr->kr_rule->r_nr, .wi_rate_seconds = limits ? so->so_rate_seconds : 0,
	    .wi_timeout = own ? so->so_timeout[PF_TM_SRC_TRACK] : kr->kr_set->rs_timeout[PF_TM_SRC_TRACK], .wi_max = limits ? so->so_max_src_nodes : 0 };
	return NULL;
}

/* What is wanted is made here, or the packet asks core 0 for it, once. */
static bool
obtain(const struct pf_pdesc *pd, const struct pf_krule *kr, unsigned *away)
{
	struct pf_src_want *w = percore_ptr(pf_src_want);

	w->sw_af = pd->pd_af;
	w->sw_dir = pd->pd_dir;
	w->sw_limit = kr->kr_set->rs_limit[PF_LIMIT_SRC_NODES];
	w->sw_addr = pd->pd_ksrc;
	if (core_id() == 0)
		return pf_src_make(w);
	if (!pd->pd_asked && pf_src_nodes < w->sw_limit)	/* what a flood of sources asks for is refused here */
		*away = PF_AWAY_ASK;
	return false;
}

/* The node that keeps the next hop; without one, true as well when there is no next hop to be kept. */
static bool
route_node(const struct pf_pdesc *pd, const struct pf_krule *kr, struct pf_src **ss)
{
	struct pf_src_wish *wi = &percore_ptr(pf_src_want)->sw_wish[PF_SRC_ROUTE];

	if ((*ss = find_or_want(pd, PF_SRC_ROUTE, kr)) != NULL)
		return true;
	wi->wi_is = pf_pool_address(kr, PF_KPOOL_ROUTE, pd, &wi->wi_kept);
	return !wi->wi_is;
}

bool
pf_src_allow(const struct pf_pdesc *pd, const struct pf_verdict *v, struct pf_src *src[PF_SRC_KINDS], enum pf_reason *why, unsigned *away)
{
	const struct pf_krule *kr = v->v_rule, *x;
	const struct pf_state_opts *so = &kr->kr_rule->r_state;

	*why = PFR_SRCLIMIT;
	for (unsigned tries = 0; tries < 2; tries++) {
		bool wants = false;

		memset(percore_ptr(pf_src_want), 0, sizeof(pf_src_want));
		memset(src, 0, PF_SRC_KINDS * sizeof(*src));
		if (so->so_srctrack != PF_SRCTRACK_NO)
			wants |= (src[PF_SRC_LIMIT] = find_or_want(pd, PF_SRC_LIMIT, kr)) == NULL;
		if (v->v_xfailed == 0 && (x = pf_src_sticks(v, pd->pd_dir)) != NULL) {
			wants |= (src[PF_SRC_XLATE] = find_or_want(pd, PF_SRC_XLATE, x)) == NULL;
			percore_ptr(pf_src_want)->sw_wish[PF_SRC_XLATE].wi_kept = v->v_xaddr[pd->pd_dir == PF_OUT ? PF_KPOOL_NAT : PF_KPOOL_RDR];
		}
		if (kr->kr_rule->r_route.pp_sticky)
			wants |= !route_node(pd, kr, &src[PF_SRC_ROUTE]);
		if (!wants)
			return src[PF_SRC_LIMIT] == NULL || so->so_max_src_states == 0 || pf_src_states(src[PF_SRC_LIMIT]) < so->so_max_src_states;
		if (!obtain(pd, kr, away))
			return false;
	}
	return false;
}

void
pf_src_begin(struct pf_state *s, struct pf_src *const src[PF_SRC_KINDS])
{
	struct pf_state_ext *e = pf_ext(s);

	for (unsigned i = 0; i < PF_SRC_KINDS; i++)
		if ((e->se_src[i] = src[i]) != NULL)
			src[i]->ss_core[core_id()].sc_states++;
}

void
pf_src_leave(struct pf_state *s, enum pf_src_kind kind)
{
	struct pf_state_ext *e = pf_ext(s);
	struct pf_src_core *sc = &e->se_src[kind]->ss_core[core_id()];

	e->se_src[kind] = NULL;
	sc->sc_states--;
	sc->sc_last = percore(pf_states).ps_now;
	if (kind == PF_SRC_LIMIT && s->s_connected) {
		sc->sc_conns--;
		s->s_connected = false;
	}
	for (unsigned k = 0; k < 2; k++) {
		struct pf_sent sent = pf_state_sent(s, k);

		sc->sc_packets += sent.se_packets;
		sc->sc_bytes += sent.se_bytes;
	}
}

void
pf_src_end(struct pf_state *s)
{
	for (unsigned i = 0; i < PF_SRC_KINDS; i++)
		if (pf_ext(s)->se_src[i] != NULL)
			pf_src_leave(s, i);
}

/* ---- connections ---- */

uint32_t
pf_src_rate(const struct pf_src_core *sc, uint32_t seconds, uint32_t now_ms)
{
	return (uint32_t)pf_rate_fallen(sc->sc_rate, seconds, sc->sc_rated, now_ms);
}

/* One more, as a moving average; that of all cores. */
static uint64_t
rate_with(struct pf_src *ss, uint32_t seconds)
{
	uint32_t now = (uint32_t)(uptime_ns() / 1000000);
	struct pf_src_core *mine = &ss->ss_core[core_id()];
	uint64_t all = 0;

	pf_rate_add(&mine->sc_rate, seconds, &mine->sc_rated, now);
	for (unsigned i = 0; i < ncores; i++)
		all += pf_src_rate(&ss->ss_core[i], seconds, now);
	return all;
}

bool
pf_src_connected(struct pf_state *s)
{
	const struct pf_state_opts *so = &s->s_rule->kr_rule->r_state;
	struct pf_src *ss = pf_ext(s)->se_src[PF_SRC_LIMIT];
	uint32_t conns = 0;
	bool ok;

	if (ss == NULL || s->s_connected || s->s_peer[0].pe_state == PFT_TIME_WAIT)	/* reset, before it was one */
		return true;
	s->s_connected = true;
	ss->ss_core[core_id()].sc_conns++;
	for (unsigned i = 0; i < ncores; i++)
		conns += ss->ss_core[i].sc_conns;
	ok = so->so_max_src_conn == 0 || conns <= so->so_max_src_conn;
	if (so->so_rate != 0 && rate_with(ss, so->so_rate_seconds) > so->so_rate * (uint64_t)PF_RATE_ONE)
		ok = false;
	if (!ok && so->so_overload != NULL)
		pf_overload(s->s_rule, ss->ss_af, &ss->ss_addr);
	return ok;
}

/* ---- asking core 0 ---- */

/* As it travels: the packet in the hands of the question. */
struct question { struct pf_src_want q_want; struct mbuf *q_m; const struct handoff *q_back; uint8_t q_core; };

static void take_questions(struct ifnet *, struct batch *);
HANDOFF(pf_src, take_questions);

void
pf_src_ask(const struct pf_pdesc *pd, const struct handoff *back)
{
	struct question q = { .q_want = percore(pf_src_want), .q_back = back, .q_core = (uint8_t)core_id() };
	struct batch one = { .b_n = 1 };

	if ((q.q_m = m_unshare(pd->pd_m)) == NULL) {
		pf_drop(NULL, PFR_MEMORY);
		return;
	}
	if (handoff_room(handoff_ring(core_id(), 0)) == 0 || (one.b_m[0] = m_get()) == NULL) {
		pf_drop(q.q_m, PFR_MEMORY);
		return;
	}
	counter_inc(pfs_srcsent);
	q.q_m->m_flags |= pd->pd_sent ? M_PF_HOME | M_PF_ASKED : M_PF_ASKED;
	memcpy(one.b_m[0]->m_data, &q, sizeof(q));
	one.b_m[0]->m_len = one.b_m[0]->m_pktlen = sizeof(q);
	handoff_batch(0, &handoff_pf_src, 0, &one);
}

static void
take_questions(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct question q;

		memcpy(&q, b->b_m[i]->m_data, sizeof(q));
		pf_src_make(&q.q_want);
		counter_inc(pfs_srctaken);
		m_freem(b->b_m[i]);
		handoff_packet(q.q_core, q.q_back, q.q_m);
	}
}
