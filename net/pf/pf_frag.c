/* pf_frag.c - set reassemble yes, as is the default: what comes in pieces is put together first, so that rules and states see packets. Core 0 does
 * it, with the limits of what is sent to ourselves (ip_reass.c, ip6_reass.c). What does not fit its way out is cut again. */
#include "net/core/handoff.h"
#include "net/inet/ip_reass.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6_reass.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf_engine.h"

#define EXT_MAX	10		/* headers before the fragment's: pf_describe() has counted them */

static void
reass4(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct ifnet *ifp4 = if_get(b->b_m[i]->m_ifidx);
		struct mbuf *m = ip_reass(ifp4, b->b_m[i]);
		struct batch one = { .b_n = 1, .b_m = { m } };

		if (m != NULL)
			ip_input_again(if_get(m->m_ifidx), &one);
	}
}
HANDOFF(pf_reass4, reass4);

/* Where the fragment header is, and its number. False: there is none. */
static bool
find_fragment(struct mbuf *m, unsigned *nxtoff, unsigned *off)
{
	uint8_t proto = ((const struct ip6_hdr *)m->m_data)->ip6_nxt;

	*nxtoff = offsetof(struct ip6_hdr, ip6_nxt);
	*off = sizeof(struct ip6_hdr);
	for (unsigned i = 0; i < EXT_MAX; i++) {
		if (proto == IPPROTO_FRAGMENT_)
			return true;
		if (proto != IPPROTO_HOPOPTS_ && proto != IPPROTO_ROUTING_ && proto != IPPROTO_DSTOPTS_)
			return false;
		if (!m_pullup(m, *off + 8))
			return false;
		proto = m->m_data[*off];
		*nxtoff = *off;
		*off += (m->m_data[*off + 1] + 1u) * 8;
	}
	return false;
}

/* IPv6 is cut by its sender only, for a path that is no wider: it goes on in pieces that any path takes. */
static void
reass6(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct mbuf *m = b->b_m[i];
		unsigned nxtoff, off;
		struct batch one = { .b_n = 1 };

		if (!find_fragment(m, &nxtoff, &off)) {
			pf_drop(m, PFR_FRAG);
			continue;
		}
		if ((m = ip6_reass(if_get(m->m_ifidx), m, &nxtoff, &off)) == NULL)
			continue;
		m->m_flags |= M_REFRAG;
		one.b_m[0] = m;
		ip6_input_again(if_get(m->m_ifidx), &one);
	}
}
HANDOFF(pf_reass6, reass6);

/* DF in a fragment: pf.conf(5), set reassemble. */
static bool
must_not(const struct pf_pdesc *pd, const struct pf_options *o)
{
	return pd->pd_af == PF_INET && !o->po_reassemble_nodf && (((const struct ip *)pd->pd_m->m_data)->ip_off & BE16(IP_DF));
}

bool
pf_reassemble(const struct pf_pdesc *pd, const struct pf_options *o)
{
	struct batch one = { .b_n = 1, .b_m = { pd->pd_m } };
	bool four = pd->pd_af == PF_INET;

	if (must_not(pd, o)) {
		pf_drop(pd->pd_m, PFR_FRAG);
		return false;
	}
	if (core_id() != 0)
		handoff_packet(0, four ? &handoff_pf_reass4 : &handoff_pf_reass6, pd->pd_m);
	else
		(four ? reass4 : reass6)(NULL, &one);
	return true;
}
