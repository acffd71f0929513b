/* pf_describe.c - a packet as rules and states see it: addresses, the protocol's header, and for ICMP whose state it belongs to. Each header's length
 * is looked at here and in pf_describe.h, nowhere else. */
#include <string.h>

#include "net/core/steer.h"
#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"
#include "net/pf/pf_describe.h"
#include "net/pf/pf_tcp.h"

#define EXT_MAX		10		/* extension headers in a row */
#define ROUTING_HDR	1		/* *ext of walk_ext() */

/* n bytes from off on contiguous. */
static inline bool
pull(struct mbuf *m, unsigned off, unsigned n)
{
	return likely(m->m_len >= off + n) || m_pullup(m, off + n);
}

/* ---- ICMP ---- */

/* What asks for an answer, and the type that both go by; -1: nothing that has a state. RFC 792, RFC 950, RFC 4443, RFC 4861. */
static int
icmp_question(unsigned af, uint8_t type, bool *answer)
{
	static const int8_t four[20] = {
		[ICMP_ECHO] = ICMP_ECHO, [ICMP_ECHOREPLY] = ICMP_ECHO + 64, [ICMP_TSTAMP] = ICMP_TSTAMP, [ICMP_TSTAMPREPLY] = ICMP_TSTAMP + 64,
		[15] = 15, [16] = 15 + 64, [ICMP_MASKREQ] = ICMP_MASKREQ, [ICMP_MASKREPLY] = ICMP_MASKREQ + 64,
	};

	if (af == PF_INET6) {
		*answer = type == ICMP6_ECHOREPLY || type == ICMP6_NA;
		return type == ICMP6_ECHO || type == ICMP6_ECHOREPLY ? ICMP6_ECHO : type == ICMP6_NS || type == ICMP6_NA ? ICMP6_NS : -1;
	}
	if (type >= nitems(four) || four[type] == 0)
		return -1;
	*answer = four[type] & 64;
	return four[type] & 63;
}

static bool
icmp_is_error(unsigned af, uint8_t type)
{
	if (af == PF_INET6)
		return type < ICMP6_INFO;
	return type == ICMP_UNREACH || type == ICMP_SOURCEQUENCH || type == ICMP_REDIRECT || type == ICMP_TIMXCEED || type == ICMP_PARAMPROB;
}

/* A question and its answer have the identifier at the asker's side. Neighbour discovery asks for an address, whoever it is sent to. */
static bool
describe_query(struct pf_pdesc *pd, const uint8_t *h, enum pf_reason *why)
{
	bool answer = false;
	int type = icmp_question(pd->pd_af, pd->pd_icmp_type, &answer);
	uint16_t id = be16_host(load16(h + 4));

	if (type < 0)
		return true;
	if (pd->pd_af == PF_INET6 && type == ICMP6_NS) {
		if (!pull(pd->pd_m, pd->pd_off, 24)) {
			*why = PFR_SHORT;
			return false;
		}
		h = pd->pd_m->m_data + pd->pd_off;
		*(answer ? &pd->pd_ksrc : &pd->pd_kdst) = *(const struct in6_addr *)(h + 8);
		id = 0;
	}
	pd->pd_query = true;
	pd->pd_ksport = answer ? (uint16_t)type : id;
	pd->pd_kdport = answer ? id : (uint16_t)type;
	return true;
}

/* Behind the extension headers that stand before the quoted packet's protocol (RFC 8200 4.1); a fragment but the first has none, and stays one. 0: they
 * are not all there. */
static unsigned
quoted_ext(const struct mbuf *m, unsigned off, uint8_t *proto)
{
	uint8_t h[8];

	for (unsigned i = 0; i < EXT_MAX; i++) {
		if (*proto != IPPROTO_HOPOPTS_ && *proto != IPPROTO_ROUTING_ && *proto != IPPROTO_DSTOPTS_ && *proto != IPPROTO_FRAGMENT_)
			return off;
		if (m->m_pktlen < off + sizeof(h))
			return 0;
		m_copydata(m, off, sizeof(h), h);
		if (*proto == IPPROTO_FRAGMENT_ && (load16(h + 2) & BE16(IP6F_OFFMASK)) != 0)
			return off;
		off += *proto == IPPROTO_FRAGMENT_ ? 8 : (h[1] + 1u) * 8;
		*proto = h[0];
	}
	return 0;
}

/* Addresses and protocol of the packet that an error quotes. The protocol's offset, or 0: it is not there. */
static unsigned
quoted_header(const struct pf_pdesc *pd, unsigned off, struct in6_addr *src, struct in6_addr *dst, uint8_t *proto)
{
	const struct mbuf *m = pd->pd_m;
	struct ip6_hdr six;
	struct ip four;

	if (pd->pd_af == PF_INET6) {
		if (m->m_pktlen < off + sizeof(six))
			return 0;
		m_copydata(m, off, sizeof(six), &six);
		*src = six.ip6_src;
		*dst = six.ip6_dst;
		*proto = six.ip6_nxt;
		return quoted_ext(m, off + (unsigned)sizeof(six), proto);
	}
	if (m->m_pktlen < off + sizeof(four))
		return 0;
	m_copydata(m, off, sizeof(four), &four);
	*src = in6_of_ip4(four.ip_src);
	*dst = in6_of_ip4(four.ip_dst);
	*proto = four.ip_p;
	if ((four.ip_vhl & 15) < 5 || (four.ip_off & BE16(IP_OFFMASK)) != 0)	/* RFC 1122 3.2.2: only of first fragments */
		return 0;
	return off + (four.ip_vhl & 15) * 4u;
}

/* An error belongs to the state of the packet that it quotes: that one went the other way. */
static bool
describe_error(struct pf_pdesc *pd, enum pf_reason *why)
{
	struct in6_addr src = { 0 }, dst = { 0 };
	uint8_t proto = 0, h[8];
	unsigned off = quoted_header(pd, pd->pd_off + 8u, &src, &dst, &proto);
	uint16_t sport = 0, dport = 0;
	bool answer = false;
	int type;

	if (off == 0 || pd->pd_m->m_pktlen < off + sizeof(h)) {		/* RFC 792: eight bytes of its data, at least */
		*why = PFR_SHORT;
		return false;
	}
	m_copydata(pd->pd_m, off, sizeof(h), h);
	if (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_) {
		sport = be16_host(load16(h));
		dport = be16_host(load16(h + 2));
	} else if (proto == (pd->pd_af == PF_INET6 ? IPPROTO_ICMPV6_ : IPPROTO_ICMP_) && (type = icmp_question(pd->pd_af, h[0], &answer)) >= 0) {
		sport = answer ? (uint16_t)type : be16_host(load16(h + 4));
		dport = answer ? be16_host(load16(h + 4)) : (uint16_t)type;
	}
	pd->pd_error = true;
	pd->pd_qoff = (uint16_t)off;
	pd->pd_kproto = proto;
	pd->pd_ksrc = dst;
	pd->pd_kdst = src;
	pd->pd_ksport = dport;
	pd->pd_kdport = sport;
	return true;
}

static bool
describe_icmp(struct pf_pdesc *pd, enum pf_reason *why)
{
	const uint8_t *h;

	*why = PFR_SHORT;
	if (!pull(pd->pd_m, pd->pd_off, 8))
		return false;
	h = pd->pd_m->m_data + pd->pd_off;
	if (pd->pd_af == PF_INET6 && ((h[0] >= ICMP6_MLD_QUERY && h[0] <= ICMP6_MLD_DONE) || h[0] == ICMP6_MLD2_REPORT))
		pd->pd_options = false;
	pd->pd_icmp_type = h[0];
	pd->pd_icmp_code = h[1];
	return icmp_is_error(pd->pd_af, h[0]) ? describe_error(pd, why) : describe_query(pd, h, why);
}

/* ---- TCP, UDP ---- */

static bool
describe_tcp(struct pf_pdesc *pd, enum pf_reason *why)
{
	unsigned off = pd->pd_off, hlen;
	const struct tcphdr *th;

	*why = PFR_SHORT;
	if (!pull(pd->pd_m, off, sizeof(*th)))
		return false;
	th = (const struct tcphdr *)(pd->pd_m->m_data + off);
	hlen = (th->th_off >> 4) * 4u;
	if (hlen < sizeof(*th) || off + hlen > pd->pd_m->m_pktlen)
		return false;
	if (unlikely(pf_tcp_flags_odd(th->th_flags))) {
		*why = PFR_NORM;
		return false;
	}
	pd->pd_tcp_flags = th->th_flags;
	pd->pd_len = pd->pd_m->m_pktlen - off - hlen;
	pd->pd_sport = pd->pd_ksport = be16_host(th->th_sport);
	pd->pd_dport = pd->pd_kdport = be16_host(th->th_dport);
	return true;
}

static bool
describe_udp(struct pf_pdesc *pd, enum pf_reason *why)
{
	const uint8_t *h;
	unsigned len;

	*why = PFR_SHORT;
	if (!pull(pd->pd_m, pd->pd_off, 8))
		return false;
	h = pd->pd_m->m_data + pd->pd_off;
	len = be16_host(load16(h + 4));
	if (load16(h + 2) == 0 || len < 8 || pd->pd_off + len > pd->pd_m->m_pktlen)	/* RFC 768 */
		return false;
	pd->pd_sport = pd->pd_ksport = be16_host(load16(h));
	pd->pd_dport = pd->pd_kdport = be16_host(load16(h + 2));
	return true;
}

static bool
describe_proto(struct pf_pdesc *pd, enum pf_reason *why)
{
	pd->pd_kproto = pd->pd_proto;
	pd->pd_ksrc = pd->pd_src;
	pd->pd_kdst = pd->pd_dst;
	if (pd->pd_fragment)
		return true;
	switch (pd->pd_proto) {
	case IPPROTO_IGMP_:			/* the router alert is part of it, as of MLD: RFC 3376 4, RFC 3810 5 */
		pd->pd_options = false;
		return true;
	case IPPROTO_TCP_:
		return describe_tcp(pd, why);
	case IPPROTO_UDP_:
		return describe_udp(pd, why);
	case IPPROTO_ICMP_:
		return pd->pd_af != PF_INET || describe_icmp(pd, why);
	case IPPROTO_ICMPV6_:
		return pd->pd_af != PF_INET6 || describe_icmp(pd, why);
	default:
		return true;
	}
}

/* ---- IP ---- */

/* RFC 8200 4: from the fixed header to the protocol. False: they are not all there, or too many. */
static bool
walk_ext(struct pf_pdesc *pd)
{
	struct mbuf *m = pd->pd_m;
	const uint8_t *h;

	for (unsigned i = 0; i < EXT_MAX; i++) {
		if (pd->pd_proto != IPPROTO_HOPOPTS_ && pd->pd_proto != IPPROTO_ROUTING_ && pd->pd_proto != IPPROTO_DSTOPTS_ &&
		    pd->pd_proto != IPPROTO_FRAGMENT_)
			return true;
		if (!pull(m, pd->pd_off, 8))
			return false;
		h = m->m_data + pd->pd_off;
		pd->pd_options |= pd->pd_proto == IPPROTO_HOPOPTS_ || pd->pd_proto == IPPROTO_ROUTING_;
		if (pd->pd_proto == IPPROTO_FRAGMENT_) {
			pd->pd_fragment |= (load16(h + 2) & BE16(IP6F_OFFMASK | IP6F_MORE)) != 0;
			pd->pd_off += 8;
		} else
			pd->pd_off = (uint16_t)(pd->pd_off + (h[1] + 1u) * 8);
		pd->pd_proto = h[0];
		if (pd->pd_fragment)
			return true;
	}
	return false;
}

bool
pf_describe_any(struct pf_pdesc *pd, enum pf_reason *why)
{
	struct mbuf *m = pd->pd_m;

	if (pd->pd_af == PF_INET) {
		const struct ip *ip = (const struct ip *)m->m_data;

		pd->pd_src = in6_of_ip4(ip->ip_src);
		pd->pd_dst = in6_of_ip4(ip->ip_dst);
		pd->pd_proto = ip->ip_p;
		pd->pd_tos = ip->ip_tos;
		pd->pd_off = (ip->ip_vhl & 15) * 4u;
		pd->pd_options = ip->ip_vhl != 0x45;
		pd->pd_fragment = (ip->ip_off & BE16(IP_MF | IP_OFFMASK)) != 0;
	} else {
		const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;

		pd->pd_src = ip6->ip6_src;
		pd->pd_dst = ip6->ip6_dst;
		pd->pd_proto = ip6->ip6_nxt;
		pd->pd_tos = (uint8_t)(be32_host(ip6->ip6_flow) >> 20);
		pd->pd_off = sizeof(*ip6);
		if (!walk_ext(pd)) {
			*why = PFR_SHORT;
			return false;
		}
	}
	return describe_proto(pd, why);
}

bool
pf_describe(struct pf_pdesc *pd, struct mbuf *m, unsigned af, unsigned dir, const struct ifnet *ifp, enum pf_reason *why)
{
	pf_describe_begin(pd, m, af, dir, ifp);
	return pf_describe_any(pd, why);
}

/* What never goes from one link to another. */
static bool
link_only6(const struct in6_addr *src, const struct in6_addr *dst)
{
	return IN6_IS_ADDR_MULTICAST(dst) || IN6_IS_ADDR_MULTICAST(src) || IN6_IS_ADDR_LINKLOCAL(src) || IN6_IS_ADDR_LINKLOCAL(dst);
}

/* Where steering sends the flow, so that as a rule it is already there; what is about a link or a group is core 0's, which sends it. */
static unsigned
home(unsigned af, unsigned proto, const struct in6_addr *src, const struct in6_addr *dst, uint16_t sport, uint16_t dport, bool fragment)
{
	bool ports = !fragment && (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_);

	if (af == PF_INET6 ? link_only6(src, dst) || (proto == IPPROTO_ICMPV6_ && (sport == ICMP6_NS || dport == ICMP6_NS) && !fragment) :
	    ip4_is_multicast(src->s6_addr32[0]) || ip4_is_multicast(dst->s6_addr32[0]) || dst->s6_addr32[0] == IP4_BROADCAST ||
	    src->s6_addr32[0] == IP4_BROADCAST)
		return 0;
	return steer_tuple(pf_af(af), src, dst, host_be16(sport), host_be16(dport), ports);
}

unsigned
pf_home(const struct pf_pdesc *pd)
{
	return home(pd->pd_af, pd->pd_kproto, &pd->pd_ksrc, &pd->pd_kdst, pd->pd_ksport, pd->pd_kdport, pd->pd_fragment);
}

unsigned
pf_key_home(const struct pf_key *k)
{
	return home(k->k_af, k->k_proto, &k->k_addr[0], &k->k_addr[1], k->k_port[0], k->k_port[1], false);
}
