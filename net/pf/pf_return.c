/* pf_return.c - what is blocked is answered when the rule says so: TCP by RST (RFC 9293 3.10.7.1), the rest by ICMP. Core 0 answers. */
#include <string.h>

#include "net/core/handoff.h"
#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_tcp.h"

COUNTER(pfs_rstout, pf, 200, CREATED, "TCP reset%s sent");
COUNTER(pfs_rstnombuf, pf, 210, INFO, "TCP reset%s not sent for want of an mbuf");

#define IP_HDRS_MAX	128u		/* bytes of headers before TCP's that a reset is made for */

/* In m_tag, on the way to core 0. sent: it has been sent to the core of the state by which it came in. */
union answer { uint64_t tag; struct { uint8_t type, code, ttl, rst; uint16_t off; bool sent; }; };

/* RFC 9293 3.10.7.1. Nobody resets a reset. */
static bool
rst_fill(struct tcphdr *th, const struct tcphdr *o, uint32_t len)
{
	if (o->th_flags & PF_TH_RST)
		return false;
	*th = (struct tcphdr){ .th_sport = o->th_dport, .th_dport = o->th_sport, .th_off = 5 << 4, .th_flags = PF_TH_RST };
	if (o->th_flags & PF_TH_ACK)
		th->th_seq = o->th_ack;
	else {
		th->th_flags |= PF_TH_ACK;
		th->th_ack = host_be32(be32_host(o->th_seq) + len + !!(o->th_flags & PF_TH_SYN) + !!(o->th_flags & PF_TH_FIN));
	}
	return true;
}

static bool
rst4(struct mbuf *r, const struct mbuf *m, unsigned off, uint8_t ttl)
{
	const struct ip *oip = (const struct ip *)m->m_data;
	struct ip *ip = (struct ip *)r->m_data;
	struct tcphdr *th = (struct tcphdr *)(ip + 1);
	const struct tcphdr *oth = (const struct tcphdr *)(m->m_data + off);
	struct { be32_t src, dst; uint8_t zero, p; be16_t len; } pseudo = { oip->ip_dst, oip->ip_src, 0, IPPROTO_TCP_, BE16(sizeof(*th)) };

	*ip = (struct ip){ .ip_vhl = 0x45, .ip_ttl = ttl != 0 ? ttl : (uint8_t)ip_defttl, .ip_p = IPPROTO_TCP_, .ip_src = oip->ip_dst,
	    .ip_dst = oip->ip_src, .ip_len = BE16(sizeof(*ip) + sizeof(*th)), .ip_off = BE16(IP_DF) };
	if (!rst_fill(th, oth, m->m_pktlen - off - (oth->th_off >> 4) * 4u))
		return false;
	r->m_len = r->m_pktlen = sizeof(*ip) + sizeof(*th);
	th->th_sum = (uint16_t)~in_fold(in_sum(th, sizeof(*th), in_sum(&pseudo, sizeof(pseudo), 0)));
	return true;
}

static bool
rst6(struct mbuf *r, const struct mbuf *m, unsigned off, uint8_t ttl)
{
	const struct ip6_hdr *oip6 = (const struct ip6_hdr *)m->m_data;
	struct ip6_hdr *ip6 = (struct ip6_hdr *)r->m_data;
	struct tcphdr *th = (struct tcphdr *)(ip6 + 1);
	const struct tcphdr *oth = (const struct tcphdr *)(m->m_data + off);

	*ip6 = (struct ip6_hdr){ .ip6_nxt = IPPROTO_TCP_, .ip6_hlim = ttl != 0 ? ttl : (uint8_t)ip6_defhlim, .ip6_src = oip6->ip6_dst,
	    .ip6_dst = oip6->ip6_src };
	if (!rst_fill(th, oth, m->m_pktlen - off - (oth->th_off >> 4) * 4u))
		return false;
	r->m_len = r->m_pktlen = sizeof(*ip6) + sizeof(*th);
	th->th_sum = in6_cksum(r, &ip6->ip6_src, &ip6->ip6_dst, IPPROTO_TCP_, sizeof(*ip6), sizeof(*th));
	return true;
}

static void
send_rst(const struct mbuf *m, const union answer *a)
{
	struct ifnet *ifp = if_get(m->m_ifidx);
	bool six = m->m_data[0] >> 4 == 6;
	struct mbuf *r = m_get();

	if (r == NULL) {
		counter_inc(pfs_rstnombuf);
		return;
	}
	r->m_flags = M_PF_OUT;
	r->m_rdomain = ifp != NULL ? ifp->if_rdomain : m->m_rdomain;
	if (!(six ? rst6 : rst4)(r, m, a->off, a->ttl)) {
		m_freem(r);
		return;
	}
	counter_inc(pfs_rstout);
	if (!six)
		ip_send(r);
	else
		ip6_send(r, in6_is_scoped(&((const struct ip6_hdr *)r->m_data)->ip6_dst) ? ifp : NULL);
}

static void
answer(struct mbuf *m)
{
	union answer a = { .tag = m->m_tag };

	m->m_rt = NULL;
	m->m_flags |= M_PF_OUT;			/* and so the error */
	if (a.rst)
		send_rst(m, &a);
	else if (m->m_data[0] >> 4 == 6)
		icmp6_error(m, a.type, a.code, 0);
	else
		icmp_error(m, a.type, a.code, 0, 0);
	pf_drop(m, PFR_MATCH);
}

static void
answer_batch(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		answer(b->b_m[i]);
}
HANDOFF(pf_return, answer_batch);

/* False: no answer. */
static bool
choose(const struct pf_pdesc *pd, const struct pf_rule *r, union answer *a)
{
	uint16_t icmp = pd->pd_af == PF_INET ? r->r_return_icmp : r->r_return_icmp6;
	bool is_icmp = pd->pd_proto == (pd->pd_af == PF_INET ? IPPROTO_ICMP_ : IPPROTO_ICMPV6_);

	if (r->r_return == PF_DROP || pd->pd_fragment || (pd->pd_m->m_flags & (M_BCAST | M_MCAST)))
		return false;
	*a = (union answer){ .type = (uint8_t)(icmp >> 8), .code = (uint8_t)icmp, .ttl = r->r_return_ttl, .off = pd->pd_off };
	a->rst = pd->pd_proto == IPPROTO_TCP_ && r->r_return != PF_RETURN_ICMP && pd->pd_off <= IP_HDRS_MAX;
	if (r->r_return == PF_RETURN_RST)
		return a->rst;
	return !(is_icmp && r->r_return == PF_RETURN);
}

static void
to_answer(struct mbuf *m)
{
	if (core_id() == 0)
		answer(m);
	else
		handoff_packet(0, &handoff_pf_return, m);
}

static void return_batch(struct ifnet *, struct batch *);
HANDOFF(pf_return_state, return_batch);

/* What is refused on its way out is answered as what it was when it came in: the asker knows nothing of rdr-to and modulate state. The state that
 * knows may be another core's. */
static void
answer_asker(struct mbuf *m)
{
	struct ifnet *ifp = if_get(m->m_ifidx);
	union answer a = { .tag = m->m_tag };
	const struct pf_state *s = NULL;
	enum pf_reason why;
	struct pf_pdesc pd;
	struct pf_key key;

	if (ifp != NULL && pf_describe(&pd, m, m->m_data[0] >> 4 == 6 ? PF_INET6 : PF_INET, PF_IN, ifp, &why) && !pd.pd_error) {
		pf_key_of(&key, &pd);
		s = pf_state_find(&key, PF_OUT, ifp);		/* as an answer would */
	}
	if (s != NULL && s->s_away != 0 && !a.sent) {
		a.sent = true;
		m->m_tag = a.tag;
		handoff_packet(s->s_away - 1u, &handoff_pf_return_state, m);
		return;
	}
	if (s != NULL && s->s_away == 0) {
		if (!pf_untranslate(s, &pd) || !pf_unmodulate(s, &pd))
			return;
		m = pd.pd_m;
		m->m_tag = a.tag;
	}
	to_answer(m);
}

static void
return_batch(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		answer_asker(b->b_m[i]);
}

/* A reset would tell of a connection that nobody has asked for. `pd` may be what rules have made of the packet. */
static bool
tcp_is_damaged(const struct pf_pdesc *pd)
{
	struct mbuf *m = pd->pd_m;
	enum pf_reason why;
	struct pf_pdesc is;

	return !pf_describe(&is, m, pd->pd_af, pd->pd_dir, pd->pd_ifp, &why) ||
	    in6_cksum(m, &is.pd_src, &is.pd_dst, IPPROTO_TCP_, is.pd_off, m->m_pktlen - is.pd_off) != 0;	/* the rest of an IPv4 address is zero */
}

void
pf_blocked(const struct pf_pdesc *pd, const struct pf_rule *r)
{
	struct mbuf *m = pd->pd_m;
	union answer a;

	if (!choose(pd, r, &a)) {
		pf_drop(m, PFR_MATCH);
		return;
	}
	if (a.rst && tcp_is_damaged(pd)) {
		pf_drop(m, PFR_PROTCKSUM);
		return;
	}
	m->m_tag = a.tag;
	if (pd->pd_dir == PF_OUT && (m->m_flags & M_PF_IN))
		answer_asker(m);
	else
		to_answer(m);
}
