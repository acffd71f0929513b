/* ip_icmp.c - ICMP for us: echo, and messages for those who listen (RFC 792, RFC 1122 3.2.2). */
#include <string.h>

#include "kernel/sysctl.h"
#include "net/inet/icmp.h"
#include "net/route/route.h"

#define ICMP_LISTEN_MAX	(MCLBYTES - MHEADROOM)	/* bytes of a datagram that stand in one mbuf */
#define ICMP_MAXCODE_UNREACH	15

COUNTER_GROUP(icmp, 30);
COUNTER(icps_badcode, icmp, 30, DROP, "message%s with bad code fields");
COUNTER(icps_tooshort, icmp, 31, DROP, "message%s < minimum length");
COUNTER(icps_checksum, icmp, 32, DROP, "bad checksum%s");
COUNTER(icps_badlen, icmp, 33, DROP, "message%s with bad length");
COUNTER(icps_bmcastecho, icmp, 34, DROP, "echo request%s to broadcast or multicast rejected");
COUNTER(icps_noreply, icmp, 38, DROP, "echo request%s that could not be answered");
COUNTER(icps_redirectin, icmp, 35, DROP, "redirect message%s ignored");
COUNTER(icps_unknown, icmp, 36, DROP, "message%s of a type that we do not serve");
COUNTER(icps_inecho, icmp, 50, INFO, "echo request%s received");
COUNTER(icps_reflect, icmp, 60, INFO, "message response%s generated");
COUNTER(icps_inechoreply, icmp, 51, CONSUMED, "echo repl%y received");
COUNTER(icps_inunreach, icmp, 52, CONSUMED, "destination unreachable message%s received");
COUNTER(icps_intimxceed, icmp, 53, CONSUMED, "time exceeded message%s received");
COUNTER(icps_inparamprob, icmp, 54, CONSUMED, "parameter problem message%s received");

static int icmp_bmcastecho;
SYSCTL_INT(net_inet_icmp_bmcastecho, "net.inet.icmp.bmcastecho", &icmp_bmcastecho, 0, 0, 1);

static struct icmp_listener *icmp_listeners;

void
icmp_listen(struct icmp_listener *il)
{
	il->il_next = icmp_listeners;
	icmp_listeners = il;
}

void
icmp_unlisten(struct icmp_listener *il)
{
	struct icmp_listener **p = &icmp_listeners;

	while (*p != NULL && *p != il)
		p = &(*p)->il_next;
	if (*p != NULL)
		*p = il->il_next;
}

/* Over the packet from offset off on, chained or not; 0 when the checksum in it is good. */
static uint16_t
icmp_cksum(const struct mbuf *m, uint32_t off)
{
	uint64_t sum = 0;
	bool odd = false;

	for (; m != NULL; m = m->m_next) {
		uint16_t s;

		if (off >= m->m_len) {
			off -= m->m_len;
			continue;
		}
		s = in_fold(in_sum(m->m_data + off, m->m_len - off, 0));
		sum += odd ? __builtin_bswap16(s) : s;	/* RFC 1071 2 (B) */
		odd ^= (m->m_len - off) & 1;
		off = 0;
	}
	return (uint16_t)~in_fold(sum);
}

/* ---- echo ---- */

/* Options are left out of the answer. RFC 1122 3.2.2.6 would have source routes reversed, but those do not get here
 * (ip_options.c). */
static void
icmp_strip_options(struct mbuf *m, unsigned hlen)
{
	struct ip *ip = (struct ip *)m->m_data;
	unsigned more = hlen - (unsigned)sizeof(*ip);

	if (more == 0)
		return;
	ip->ip_len = host_be16((uint16_t)(be16_host(ip->ip_len) - more));
	memmove(m->m_data + more, m->m_data, sizeof(*ip));
	m_adj(m, more);
}

/* A buffer that others share must not be written to: the packet is taken into a new one. False: no mbuf, m is
 * unchanged. */
static bool
icmp_own_buffer(struct mbuf **mp)
{
	struct mbuf *m = *mp, *n;

	if (!(m->m_flags & M_SHARED))
		return true;
	if (m->m_pktlen > MCLBYTES - MHEADROOM || (n = m_get()) == NULL)
		return false;
	m_copydata(m, 0, m->m_pktlen, n->m_data);
	n->m_len = n->m_pktlen = m->m_pktlen;
	n->m_rdomain = m->m_rdomain;
	n->m_ifidx = m->m_ifidx;
	n->m_flags = m->m_flags & (M_BCAST | M_MCAST);
	m_freem(m);
	*mp = n;
	return true;
}

/* The same mbuf goes back, so it is neither dropped nor consumed. */
static void
icmp_echo(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	struct ip *ip = (struct ip *)m->m_data;
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, ip->ip_dst);
	bool cast = (m->m_flags & (M_BCAST | M_MCAST)) || rt == NULL || !(rt->rt_flags & RTF_LOCAL);
	be32_t src = ip->ip_src;
	struct icmp *icp;
	uint32_t sum;

	if (cast && !icmp_bmcastecho) {			/* RFC 1122 3.2.2.6 */
		M_DROP(m, icps_bmcastecho);
		return;
	}
	if (ip4_is_zeronet(src) || !icmp_own_buffer(&m)) {	/* nobody to answer, or no way to */
		M_DROP(m, icps_noreply);
		return;
	}
	icmp_strip_options(m, hlen);
	ip = (struct ip *)m->m_data;
	icp = (struct icmp *)(ip + 1);
	sum = (uint16_t)~icp->icmp_cksum + (uint32_t)(uint16_t)~load16(icp);	/* RFC 1624 (3) */
	icp->icmp_type = ICMP_ECHOREPLY;
	sum += load16(icp);
	icp->icmp_cksum = (uint16_t)~in_fold(sum);
	ip->ip_src = cast ? IP4_ANY : ip->ip_dst;
	ip->ip_dst = src;
	ip->ip_ttl = (uint8_t)ip_defttl;
	ip->ip_off = 0;
	m->m_rdomain = ifp->if_rdomain;
	m->m_ifidx = 0;
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST);
	m->m_csum = 0;
	m->m_rt = NULL;
	counter_inc(icps_reflect);
	ip_send(m);
}

/* ---- messages to listeners ---- */

/* An error quotes at least a header and eight bytes of what it is about (RFC 792). */
static bool
icmp_quote_good(const struct icmp *icp, unsigned len)
{
	const struct ip *oip = (const struct ip *)(icp + 1);
	unsigned ohlen;

	if (len < sizeof(*icp) + sizeof(*oip) || oip->ip_vhl >> 4 != 4)
		return false;
	ohlen = (oip->ip_vhl & 15) * 4u;
	return ohlen >= sizeof(*oip) && len >= sizeof(*icp) + ohlen + 8;
}

/* The datagram in one piece. In core 0's loop only, so one place to copy to will do. */
static const struct ip *
icmp_contiguous(struct mbuf *m, unsigned len)
{
	static uint8_t jumbo[IP_MAXPACKET];

	if (m->m_len >= len)
		return (const struct ip *)m->m_data;
	if (len <= ICMP_LISTEN_MAX && m_pullup(m, len))
		return (const struct ip *)m->m_data;
	m_copydata(m, 0, len, jumbo);
	return (const struct ip *)jumbo;
}

static void
icmp_tell(struct mbuf *m, unsigned hlen)
{
	unsigned len = be16_host(((const struct ip *)m->m_data)->ip_len);
	const struct ip *ip = icmp_contiguous(m, len);
	const struct icmp *icp;
	struct icmp_listener *next;

	icp = (const struct icmp *)((const uint8_t *)ip + hlen);
	if (icp->icmp_type != ICMP_ECHOREPLY && !icmp_quote_good(icp, len - hlen)) {
		M_DROP(m, icps_badlen);
		return;
	}
	for (struct icmp_listener *il = icmp_listeners; il != NULL; il = next) {
		next = il->il_next;		/* it may stop listening */
		il->il_input(il, ip, hlen, len);
	}
	switch (icp->icmp_type) {
	case ICMP_ECHOREPLY:
		counter_inc(icps_inechoreply);
		break;
	case ICMP_UNREACH:
		counter_inc(icps_inunreach);
		break;
	case ICMP_TIMXCEED:
		counter_inc(icps_intimxceed);
		break;
	default:
		counter_inc(icps_inparamprob);
		break;
	}
	m_freem(m);
}

static bool
icmp_code_good(const struct icmp *icp)
{
	switch (icp->icmp_type) {
	case ICMP_UNREACH:
		return icp->icmp_code <= ICMP_MAXCODE_UNREACH;
	case ICMP_TIMXCEED:
		return icp->icmp_code <= ICMP_TIMXCEED_REASS;
	case ICMP_PARAMPROB:
		return icp->icmp_code <= 2;
	default:
		return true;
	}
}

static void
icmp_input(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	const struct icmp *icp;

	if (m->m_pktlen < hlen + sizeof(*icp) || !m_pullup(m, hlen + (uint32_t)sizeof(*icp))) {
		M_DROP(m, icps_tooshort);
		return;
	}
	if (icmp_cksum(m, hlen) != 0) {
		M_DROP(m, icps_checksum);
		return;
	}
	icp = (const struct icmp *)(m->m_data + hlen);
	if (!icmp_code_good(icp)) {
		M_DROP(m, icps_badcode);
		return;
	}
	switch (icp->icmp_type) {
	case ICMP_ECHO:
		counter_inc(icps_inecho);
		icmp_echo(ifp, m, hlen);
		break;
	case ICMP_ECHOREPLY:
	case ICMP_UNREACH:
	case ICMP_TIMXCEED:
	case ICMP_PARAMPROB:
		icmp_tell(m, hlen);
		break;
	case ICMP_REDIRECT:		/* RFC 1812 5.2.7.2: a router goes by its own routes */
		M_DROP(m, icps_redirectin);
		break;
	default:			/* RFC 1122 3.2.2: silently */
		M_DROP(m, icps_unknown);
		break;
	}
}

static const struct ip_proto icmp_proto = { IPPROTO_ICMP_, "icmp", icmp_input };
IP_PROTO(icmp_proto);
