/* ip_icmp.c - ICMP for us: what it is, and errors for those who sent what they are about (RFC 792, RFC 1122 3.2.2). */
#include <string.h>

#include "net/inet/icmp_var.h"
#include "net/inet/ip_pmtu.h"
#include "net/route/route.h"

#define ICMP_LISTEN_MAX	(MCLBYTES - MHEADROOM)	/* bytes of a datagram that stand in one mbuf */
#define ICMP_MAXCODE_UNREACH	15

COUNTER_GROUP(icmp, 30);
COUNTER(icps_badcode, icmp, 30, DROP, "message%s with bad code fields");
COUNTER(icps_tooshort, icmp, 31, DROP, "message%s < minimum length");
COUNTER(icps_checksum, icmp, 32, DROP, "bad checksum%s");
COUNTER(icps_badlen, icmp, 33, DROP, "message%s with bad length");
COUNTER(icps_quench, icmp, 41, DROP, "source quench message%s ignored");
COUNTER(icps_maskreq, icmp, 42, DROP, "address mask request%s refused");
COUNTER(icps_stranger, icmp, 43, DROP, "error message%s about packets that we did not send");
COUNTER(icps_unknown, icmp, 36, DROP, "message%s of a type that we do not serve");
COUNTER(icps_inecho, icmp, 50, INFO, "echo request%s received");
COUNTER(icps_intstamp, icmp, 56, INFO, "timestamp request%s received");
COUNTER(icps_inechoreply, icmp, 51, CONSUMED, "echo repl%y received");
COUNTER(icps_inunreach, icmp, 52, CONSUMED, "destination unreachable message%s received");
COUNTER(icps_intimxceed, icmp, 53, CONSUMED, "time exceeded message%s received");
COUNTER(icps_inparamprob, icmp, 54, CONSUMED, "parameter problem message%s received");

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

bool
icmp_quotes_us(const struct ifnet *ifp, const struct ip *quoted)
{
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, quoted->ip_src);

	return rt != NULL && (rt->rt_flags & RTF_LOCAL);
}

/* All who listen hear it. True: it is about a packet that one of them has sent. */
static bool
icmp_tell(const struct ip *ip, unsigned hlen, unsigned len)
{
	struct icmp_listener *next;
	bool mine = false;

	for (struct icmp_listener *il = icmp_listeners; il != NULL; il = next) {
		next = il->il_next;		/* it may stop listening */
		mine |= il->il_input(il, ip, hlen, len);
	}
	return mine;
}

static void
icmp_echoreply(struct mbuf *m, unsigned hlen)
{
	unsigned len = be16_host(((const struct ip *)m->m_data)->ip_len);

	icmp_tell(icmp_contiguous(m, len), hlen, len);
	counter_inc(icps_inechoreply);
	m_freem(m);
}

/* RFC 1191 3: the way to the quoted packet's destination has a link that takes no more than this. */
static void
icmp_needfrag(struct ifnet *ifp, const struct icmp *icp)
{
	const struct ip *quoted = (const struct ip *)(icp + 1);
	const struct rtentry *rt = rtable_own(ifp->if_rdomain, quoted->ip_dst);

	if (rt != NULL && RT_FORWARDS(rt))
		ip_pmtu_learn(ifp->if_rdomain, quoted, rt_pathmtu(rt), be16_host(icp->icmp_nextmtu));
}

/* RFC 5927: believed only when it quotes a packet that somebody here has sent. */
static void
icmp_errmsg(struct ifnet *ifp, struct mbuf *m, const struct ip *ip, unsigned hlen, unsigned len)
{
	const struct icmp *icp = (const struct icmp *)((const uint8_t *)ip + hlen);

	if (!icmp_tell(ip, hlen, len) || !icmp_quotes_us(ifp, (const struct ip *)(icp + 1))) {
		M_DROP(m, icps_stranger);
		return;
	}
	if (icp->icmp_type == ICMP_UNREACH && icp->icmp_code == ICMP_UNREACH_NEEDFRAG)
		icmp_needfrag(ifp, icp);
	switch (icp->icmp_type) {
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

/* What quotes a packet. */
static void
icmp_quoting(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	unsigned len = be16_host(((const struct ip *)m->m_data)->ip_len);
	const struct ip *ip = icmp_contiguous(m, len);
	const struct icmp *icp = (const struct icmp *)((const uint8_t *)ip + hlen);

	if (!icmp_quote_good(icp, len - hlen))
		M_DROP(m, icps_badlen);
	else if (icp->icmp_type == ICMP_REDIRECT)
		icmp_redirect_input(ifp, m, ip, icp, (const struct ip *)(icp + 1));
	else
		icmp_errmsg(ifp, m, ip, hlen, len);
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
	case ICMP_REDIRECT:
		return icp->icmp_code <= 3;
	case ICMP_TSTAMP:
		return icp->icmp_code == 0;
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
		icmp_echoreply(m, hlen);
		break;
	case ICMP_TSTAMP:
		counter_inc(icps_intstamp);
		icmp_timestamp(ifp, m, hlen);
		break;
	case ICMP_UNREACH:
	case ICMP_TIMXCEED:
	case ICMP_PARAMPROB:
	case ICMP_REDIRECT:
		icmp_quoting(ifp, m, hlen);
		break;
	case ICMP_SOURCEQUENCH:		/* RFC 6633 3: silently */
		M_DROP(m, icps_quench);
		break;
	case ICMP_MASKREQ:		/* RFC 1812 4.3.3.9 allows it to be off; it tells strangers about our networks */
		M_DROP(m, icps_maskreq);
		break;
	default:			/* RFC 1122 3.2.2: silently */
		M_DROP(m, icps_unknown);
		break;
	}
}

static const struct ip_proto icmp_proto = { IPPROTO_ICMP_, "icmp", icmp_input };
IP_PROTO(icmp_proto);
