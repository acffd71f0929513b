/* pf_output.c - packets on their way out are tested: batches, those that are to be cut, those that a link is about, and those that come from another
 * core or have waited. pf_test.c judges them. */
#include "net/core/handoff.h"
#include "net/inet/ip_frag.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_delay.h"
#include "net/pf/pf_describe.h"
#include "net/pf/pf_ifcount.h"
#include "net/pf/pf_route.h"
#include "net/pf/pf_src.h"
#include "net/pf/pf_test_var.h"
#include "net/route/nexthop.h"

COUNTER(pfs_nexthop, pf, 120, DROP, "packet%s whose next hop was gone when they had been handed over");

/* Of another core's; the next hop goes as its number. */
static void output_again(struct ifnet *, struct batch *);
HANDOFF(pf_output, output_again);

static void
output_elsewhere(struct mbuf *m, unsigned core)
{
	m->m_tag = nexthop_tag(m->m_nh);
	handoff_packet(core, &handoff_pf_output, m);
}

/* A batch on its way out. */
struct output {
	const struct pf_ruleset *rs;
	const struct ifnet *ifp;		/* of the packet; pd_ifnumber of all by it */
	uint32_t	 ifnumber;
	struct pf_judged judged;		/* of those for ifp */
};

static struct mbuf *
output_one(struct output *o, unsigned af, struct mbuf *m)
{
	struct nexthop *nh = m->m_nh;
	enum pf_reason why = PFR_SHORT;
	struct pf_pdesc pd;
	enum pf_found found;
	unsigned core;

	if (unlikely(m->m_flags & M_PF_OUT)) {
		m->m_flags &= (uint16_t)~(M_PF_OUT | M_PF_IN | M_PF_ROUTED);
		return m;
	}
	pf_judged_one(&o->judged, m);
	if (unlikely(!pf_describe_quick(&pd, m, af, PF_OUT, o->ifp, &why))) {
		pf_drop(m, why);
		return NULL;
	}
	if (pf_goes_home(m, &pd, &core)) {
		pf_judged_away(&o->judged, m->m_pktlen);
		output_elsewhere(m, core);
		return NULL;
	}
	pd.pd_ifnumber = o->ifnumber;
	found = pf_test_packet(o->rs, &pd, &core);
	o->ifnumber = pd.pd_ifnumber;
	if (found == FOUND_PASS) {
		pf_judged_passed(&o->judged, pd.pd_m);
		pd.pd_m->m_flags &= (uint16_t)~(M_PF_IN | M_PF_ROUTED);
		pd.pd_m->m_nh = nh;
		return pd.pd_m;
	}
	if (found == FOUND_AWAY)
		pf_judged_away(&o->judged, m->m_pktlen);
	if (found == FOUND_ROUTED) {
		pf_judged_passed(&o->judged, pd.pd_m);
		pd.pd_m->m_flags &= (uint16_t)~(M_PF_IN | M_PF_ROUTED);
		pf_route_out(pd.pd_m);
	} else if (found == FOUND_AWAY && core == PF_AWAY_ASK) {
		pd.pd_m->m_tag = nexthop_tag(nh);
		pf_src_ask(&pd, &handoff_pf_output);
	} else if (found == FOUND_AWAY) {
		m->m_flags |= M_PF_HOME;
		output_elsewhere(m, core);
	}
	return NULL;
}

static void
output_by(struct output *o, unsigned af, const struct ifnet *ifp)
{
	if (o->judged.pj_n > 0) {
		pf_if_count(o->ifp, af, PF_OUT, &o->judged);
		o->judged = (struct pf_judged){ 0 };
	}
	o->ifp = ifp;
	o->ifnumber = 0;
}

void
pf_output(unsigned af, struct batch *b)
{
	struct output o = { .rs = pf_test_begin(b) };
	unsigned n = 0, end = b->b_n;
	bool skip = false;

	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];

		if (m->m_nh->nh_ifp != o.ifp) {
			output_by(&o, af, m->m_nh->nh_ifp);
			skip = pf_is_skipped(o.rs, o.ifp);
		}
		if (skip)
			m->m_flags &= (uint16_t)~(M_PF_OUT | M_PF_IN | M_PF_ROUTED);
		if (!skip && (m = output_one(&o, af, m)) == NULL)
			continue;
		if (unlikely(m->m_flags & M_PF_DELAY))
			pf_delay(m, o.rs->rs_limit[PF_LIMIT_PKTDELAY]);
		else
			b->b_m[n++] = m;
	}
	if (o.judged.pj_n > 0)
		pf_if_count(o.ifp, af, PF_OUT, &o.judged);
	b->b_n = n;
}

struct mbuf *
pf_output_whole(unsigned af, struct mbuf *m)
{
	struct batch one = { .b_n = 1, .b_m = { m } };

	pf_output(af, &one);
	if (one.b_n == 0)
		return NULL;
	one.b_m[0]->m_flags |= M_PF_OUT;
	return one.b_m[0];
}

static struct mbuf *
output_link(const struct pf_ruleset *rs, unsigned af, struct ifnet *ifp, struct mbuf *m)
{
	enum pf_reason why = PFR_SHORT;
	enum pf_found found;
	struct pf_pdesc pd;
	unsigned away;

	if (!pf_describe(&pd, m, af, PF_OUT, ifp, &why)) {
		pf_drop(m, why);
		return NULL;
	}
	if ((found = pf_test_packet(rs, &pd, &away)) <= FOUND_ROUTED)	/* what a link is about stays there */
		return pd.pd_m;
	if (found == FOUND_AWAY)		/* what a link is about is not translated by another core */
		pf_drop(m, PFR_TRANSLATE);
	return NULL;
}

struct mbuf *
pf_output_link(unsigned af, struct ifnet *ifp, struct mbuf *m)
{
	struct batch one = { .b_n = 1, .b_m = { m } };
	const struct pf_ruleset *rs = pf_test_begin(&one);
	struct pf_judged judged = { 0 };

	if (pf_is_skipped(rs, ifp))
		return m;
	pf_judged_one(&judged, m);
	if ((m = output_link(rs, af, ifp, m)) != NULL)
		pf_judged_passed(&judged, m);
	pf_if_count(ifp, af, PF_OUT, &judged);
	return m;
}

void
pf_output_delayed(struct batch *b)
{
	output_again(NULL, b);
}

static void
output_again(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct mbuf *m = b->b_m[i];
		struct batch one = { .b_n = 1, .b_m = { m } };
		bool six = m->m_data[0] >> 4 == 6;
		uint64_t tag = m->m_tag;
		struct nexthop *nh = nexthop_tagged(tag);

		if (nh == NULL || nexthop_tag(nh) != tag) {
			M_DROP(m, pfs_nexthop);
			continue;
		}
		m->m_nh = nh;
		if (m->m_pktlen <= nh->nh_ifp->if_mtu)
			(six ? ip6_output : ip_output)(&one);
		else
			(six ? ip6_fragment : ip_fragment)(m, nh->nh_ifp->if_mtu);
	}
}
