/* traceroute6.c - what traceroute6(8) does otherwise than traceroute(8): its packets, its messages, and its marks. */
#include <stdlib.h>

#include "net/inet/traceroute.h"
#include "net/inet6/in6_ifaddr.h"

/* ---- in the loop ---- */

static bool
trace6_quoted(const struct trace *t, const struct ip6_hdr *q, unsigned len, bool *last)
{
	struct in6_addr dst = in6_unembed(&t->t_dst6);
	const void *head = icmp6_quoted(q, len, t->t_icmp ? IPPROTO_ICMPV6_ : IPPROTO_UDP_);

	return head != NULL && in6_equal(&q->ip6_dst, &dst) && trace_quotes_ours(t, head, ICMP6_ECHO, last);
}

/* The destination itself has nobody at that port, or, RFC 8200 4, does not know UDP. */
static bool
trace6_is_end(const struct icmp6 *icp)
{
	return (icp->icmp6_type == ICMP6_UNREACH && icp->icmp6_code == ICMP6_UNREACH_PORT) ||
	    (icp->icmp6_type == ICMP6_PARAMPROB && icp->icmp6_code == ICMP6_PARAMPROB_NXT);
}

bool
trace6_input(struct icmp6_listener *il, const struct ip6_hdr *ip6, unsigned off, unsigned len)
{
	struct trace *t = il->il6_arg;
	const struct icmp6 *icp = (const struct icmp6 *)((const uint8_t *)ip6 + off);
	struct in6_addr from = in6_embed(&ip6->ip6_src, in6_zone(&t->t_dst6));
	bool there = in6_equal(&from, &t->t_dst6), last = false;
	enum trace_answer answer = TRACE_UNREACH;

	if (icp->icmp6_type == ICMP6_ECHOREPLY) {
		if (t->t_icmp && there && be16_host(icp->icmp6_id) == t->t_id && be16_host(icp->icmp6_seq) == t->t_seq)
			trace_note(t, TRACE_ARRIVED, &from, 0, 0, 0);
		return false;
	}
	if (!trace6_quoted(t, (const struct ip6_hdr *)(icp + 1), len - (unsigned)sizeof(*icp), &last))
		return false;
	if (icp->icmp6_type == ICMP6_TIMXCEED && icp->icmp6_code == ICMP6_TIMXCEED_TRANSIT)
		answer = TRACE_HOP;
	else if (there && trace6_is_end(icp))
		answer = TRACE_ARRIVED;
	else if (icp->icmp6_type != ICMP6_UNREACH && icp->icmp6_type != ICMP6_TOOBIG)
		return true;
	if (last)
		trace_note(t, answer, &from, icp->icmp6_type, icp->icmp6_code, be32_host(icp->icmp6_param));
	return true;
}

/* ---- sending ---- */

/* RFC 8200 8.1: UDP has a checksum, always. */
static void
trace6_udp_sum(struct mbuf *m)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data;
	struct udp_head *uh = (struct udp_head *)(ip6 + 1);
	uint16_t sum = in6_cksum(m, &ip6->ip6_src, &ip6->ip6_dst, IPPROTO_UDP_, sizeof(*ip6), m->m_pktlen - (uint32_t)sizeof(*ip6));

	uh->sum = sum != 0 ? sum : 0xffff;
}

struct mbuf *
trace6_make(const struct trace *t, unsigned hlim, struct ifnet **ifp)
{
	unsigned len = t->t_len - (unsigned)sizeof(struct ip6_hdr);
	struct in6_addr dst = in6_unembed(&t->t_dst6), src = in6_unembed(&t->t_src6);
	uint8_t *data = malloc(len);
	struct mbuf *m = data != NULL ? m_get() : NULL;
	const struct in6_ifaddr *ia;

	if (m == NULL) {
		free(data);
		return NULL;
	}
	*ifp = if_get(in6_zone(&t->t_dst6));
	if (in6_is_any(&src) && (ia = in6_srcaddr(0, &dst, *ifp)) != NULL)	/* the checksum needs it */
		src = in6_unembed(&ia->ia_addr);
	*(struct ip6_hdr *)m->m_data = (struct ip6_hdr){ .ip6_nxt = t->t_icmp ? IPPROTO_ICMPV6_ : IPPROTO_UDP_, .ip6_hlim = (uint8_t)hlim,
	    .ip6_src = src, .ip6_dst = dst };
	m->m_len = m->m_pktlen = sizeof(struct ip6_hdr);
	trace_fill(t, data, len);
	if (!m_append(m, data, len)) {
		m_freem(m);
		m = NULL;
	} else if (!t->t_icmp)
		trace6_udp_sum(m);
	free(data);
	return m;
}

/* ---- marks ---- */

void
trace6_print_unreach(struct out *o, const struct trace *t)
{
	static const char *const marks[] = {
		[ICMP6_UNREACH_NOROUTE] = " !N", [ICMP6_UNREACH_ADMIN] = " !P", [ICMP6_UNREACH_SCOPE] = " !S", [ICMP6_UNREACH_ADDR] = " !A",
		[ICMP6_UNREACH_PORT] = "",		/* not from the destination */
	};

	if (t->t_type == ICMP6_TOOBIG)
		out_printf(o, " !F-%u", (unsigned)t->t_mtu);
	else if (t->t_code < nitems(marks))
		out_printf(o, "%s", marks[t->t_code]);
	else
		out_printf(o, " !<%u>", t->t_code);
}
