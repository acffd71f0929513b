/* nd6_msg.c - messages of neighbour discovery and MLD: their options, and how they go out. */
#include <string.h>

#include "net/inet6/nd6.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"

COUNTER(nd6s_toomanyopt, nd6, 70, INFO, "message%s with too many ND options");
COUNTER(nd6s_badopt, nd6, 71, INFO, "message%s with bad ND options");
COUNTER(nd6s_nombuf, nd6, 130, INFO, "message%s not sent for want of an mbuf");

static bool
nd6_opt_note(struct nd_opts *o, const struct nd_opt *opt, unsigned len)
{
	switch (opt->ndo_type) {
	case ND_OPT_SLLA:
	case ND_OPT_TLLA:
		if (len != sizeof(struct nd_opt_lladdr))	/* Ethernet: RFC 2464 6 */
			return false;
		if (opt->ndo_type == ND_OPT_SLLA && o->no_slla == NULL)
			o->no_slla = (const struct nd_opt_lladdr *)opt;
		if (opt->ndo_type == ND_OPT_TLLA && o->no_tlla == NULL)
			o->no_tlla = (const struct nd_opt_lladdr *)opt;
		break;
	case ND_OPT_MTU:
		if (len != 8)
			return false;
		o->no_mtu = (const uint8_t *)opt;
		break;
	}
	return true;
}

bool
nd6_opts_parse(struct nd_opts *o, const uint8_t *p, unsigned len)
{
	unsigned n = 0, olen;

	*o = (struct nd_opts){ .no_first = p, .no_len = len };
	for (unsigned i = 0; i < len; i += olen) {
		const struct nd_opt *opt = (const struct nd_opt *)(p + i);

		if (++n > ND_OPTS_MAX) {
			counter_inc(nd6s_toomanyopt);
			return false;
		}
		olen = len - i >= sizeof(*opt) ? opt->ndo_len * 8u : 0;
		if (olen == 0 || olen > len - i || !nd6_opt_note(o, opt, olen)) {
			counter_inc(nd6s_badopt);
			return false;
		}
	}
	return true;
}

const struct nd_opt *
nd6_opt_next(const struct nd_opts *o, const struct nd_opt *opt, uint8_t type)
{
	const uint8_t *end = o->no_first + o->no_len;
	const uint8_t *p = opt == NULL ? o->no_first : (const uint8_t *)opt + opt->ndo_len * 8u;

	while (p < end && ((const struct nd_opt *)p)->ndo_type != type)
		p += ((const struct nd_opt *)p)->ndo_len * 8u;
	return p < end ? (const struct nd_opt *)p : NULL;
}

/* The packet, from the IPv6 header on. NULL: no mbuf. */
static struct mbuf *
nd6_packet(struct ifnet *ifp, const struct nd_send *s)
{
	unsigned hbhlen = s->ns_hbh != NULL ? 8 : 0, off = (unsigned)sizeof(struct ip6_hdr) + hbhlen;
	struct ip6_hdr *ip6;
	struct mbuf *m;
	uint16_t sum;

	KASSERT(s->ns_len <= MCLBYTES - MHEADROOM - off);
	if ((m = m_get()) == NULL) {
		counter_inc(nd6s_nombuf);
		return NULL;
	}
	m->m_rdomain = ifp->if_rdomain;
	m->m_len = m->m_pktlen = off + s->ns_len;
	ip6 = (struct ip6_hdr *)m->m_data;
	*ip6 = (struct ip6_hdr){ .ip6_flow = IP6_VERSION, .ip6_plen = host_be16((uint16_t)(hbhlen + s->ns_len)),
	    .ip6_hlim = s->ns_hbh != NULL ? 1 : 255, .ip6_nxt = s->ns_hbh != NULL ? IPPROTO_HOPOPTS_ : IPPROTO_ICMPV6_,
	    .ip6_src = *s->ns_src, .ip6_dst = *s->ns_dst };
	if (s->ns_hbh != NULL)
		memcpy(ip6 + 1, s->ns_hbh, hbhlen);
	memcpy(m->m_data + off, s->ns_msg, s->ns_len);
	store16(m->m_data + off + offsetof(struct icmp6, icmp6_cksum), 0);
	sum = in6_cksum(m, s->ns_src, s->ns_dst, IPPROTO_ICMPV6_, off, s->ns_len);
	store16(m->m_data + off + offsetof(struct icmp6, icmp6_cksum), sum);
	return m;
}

bool
nd6_transmit(struct ifnet *ifp, const struct nd_send *s)
{
	struct ether_header *eh;
	struct batch b;
	struct mbuf *m;

	if (!ifp->if_ether || !nexthop_if_usable(ifp) || (m = nd6_packet(ifp, s)) == NULL)
		return false;
	if (unlikely(pf_enabled) && (m = pf_output_link(PF_INET6, ifp, m)) == NULL)
		return true;			/* it was made, and dropped there */
	m->m_data -= sizeof(*eh);
	m->m_len = m->m_pktlen += (uint32_t)sizeof(*eh);
	eh = (struct ether_header *)m->m_data;
	if (s->ns_lladdr != NULL)
		memcpy(eh->ether_dhost, s->ns_lladdr, ETHER_ADDR_LEN);
	else
		in6_multi_lladdr(s->ns_dst, eh->ether_dhost);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = BE16(ETHERTYPE_IPV6);
	b.b_n = 1;
	b.b_m[0] = m;
	ifp->if_enqueue(ifp, &b);
	return true;
}

bool
nd6_transmit_to(struct nexthop *nh, const struct nd_send *s)
{
	struct ifnet *ifp = nh->nh_ifp;
	struct batch b;

	if (!nexthop_if_usable(ifp) || (b.b_m[0] = nd6_packet(ifp, s)) == NULL)
		return false;
	if (unlikely(pf_enabled) && (b.b_m[0] = pf_output_link(PF_INET6, ifp, b.b_m[0])) == NULL)
		return true;
	b.b_n = 1;
	b.b_m[0]->m_nh = nh;
	ether_output(&b);
	return true;
}
