/* pf_track.c - what a packet means for the state that it belongs to, of all protocols but TCP. */
#include "net/pf/pf_src.h"

/* The timeouts of those protocols: pf.conf(5), set timeout. */
static uint8_t
other_timeout(uint8_t proto, bool first, bool both)
{
	if (proto == IPPROTO_ICMP_ || proto == IPPROTO_ICMPV6_)
		return PF_TM_ICMP_FIRST;
	if (proto == IPPROTO_UDP_)
		return first ? PF_TM_UDP_FIRST : both ? PF_TM_UDP_MULTIPLE : PF_TM_UDP_SINGLE;
	return first ? PF_TM_OTHER_FIRST : both ? PF_TM_OTHER_MULTIPLE : PF_TM_OTHER_SINGLE;
}

/* Who has sent: single; and been answered: multiple. ICMP's ends have no states: pfctl shows 0:0. */
static void
track_other(struct pf_state *s, const struct pf_pdesc *pd, bool first)
{
	unsigned from = pd->pd_dir != s->s_dir;
	struct pf_peer *p = &s->s_peer[from], *q = &s->s_peer[!from];

	if (pd->pd_query)
		p->pe_flags |= PF_PEER_SEEN;
	else {
		if (p->pe_state == PFO_NO_TRAFFIC)
			p->pe_state = PFO_SINGLE;
		if (q->pe_state == PFO_SINGLE)
			q->pe_state = PFO_MULTIPLE;
	}
	s->s_timeout = other_timeout(pd->pd_proto, first, s->s_peer[1].pe_state != PFO_NO_TRAFFIC);
}

bool
pf_track_is_steady(const struct pf_state *s, unsigned from)
{
	const struct pf_peer *p = &s->s_peer[from], *q = &s->s_peer[!from];
	uint8_t proto = s->s_sk[0].sk_key.k_proto;

	if (proto == IPPROTO_ICMP_ || proto == IPPROTO_ICMPV6_)
		return (p->pe_flags & PF_PEER_SEEN) && s->s_timeout == PF_TM_ICMP_FIRST;
	if (proto == IPPROTO_TCP_)
		return !s->s_sloppy && s->s_timeout == PF_TM_TCP_ESTABLISHED && p->pe_state == PFT_ESTABLISHED && q->pe_state == PFT_ESTABLISHED &&
		    (p->pe_flags & q->pe_flags & PF_PEER_SEEN);
	return p->pe_state != PFO_NO_TRAFFIC && q->pe_state != PFO_SINGLE &&
	    s->s_timeout == other_timeout(proto, false, s->s_peer[1].pe_state != PFO_NO_TRAFFIC);
}

void
pf_track_first(struct pf_state *s, const struct pf_pdesc *pd)
{
	if (pd->pd_proto == IPPROTO_TCP_)
		pf_track_tcp_first(s, pd);
	else
		track_other(s, pd, true);
	s->s_side[0].sd_packets = 1;
	s->s_side[0].sd_bytes = pd->pd_m->m_pktlen;
}

/* An error tells about the connection, it is no part of it: nothing changes, but that what asked by ICMP has its answer. */
static bool
track_error(struct pf_state *s, const struct pf_pdesc *pd)
{
	if (!in6_equal(&pd->pd_kdst, &pd->pd_dst))		/* it goes to somebody else than who has sent what it quotes: CVE-2019-5598 */
		return false;
	if (pd->pd_kproto == IPPROTO_ICMP_ || pd->pd_kproto == IPPROTO_ICMPV6_)
		s->s_timeout = PF_TM_ICMP_ERROR;
	return pd->pd_kproto != IPPROTO_TCP_ || s->s_sloppy || pf_track_tcp_quoted(s, pd);
}

bool
pf_track(struct pf_state *s, const struct pf_pdesc *pd, enum pf_reason *why, bool *again)
{
	unsigned from = pd->pd_dir != s->s_dir;

	*why = PFR_BADSTATE;
	*again = false;
	if (pf_state_pair(s) != NULL)
		pf_state_disturb(s);
	if (pd->pd_error) {
		if (!track_error(s, pd))
			return false;
	} else if (pd->pd_proto == IPPROTO_TCP_) {
		bool was = pf_state_halfopen(s);

		if (!pf_track_tcp(s, pd, why, again))
			return false;
		percore(pf_states).ps_halfopen += (uint32_t)pf_state_halfopen(s) - (uint32_t)was;
		if (unlikely(s->s_ext != 0) && was && !pf_state_halfopen(s) && !pf_src_connected(s)) {
			*why = PFR_SRCLIMIT;
			return false;
		}
	} else
		track_other(s, pd, false);
	if (!pd->pd_error)
		s->s_last = percore(pf_states).ps_now;
	s->s_side[from].sd_packets++;
	s->s_side[from].sd_bytes += pd->pd_m->m_pktlen;
	return true;
}
