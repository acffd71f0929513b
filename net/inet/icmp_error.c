/* icmp_error.c - ICMP errors that we send: when one may be (RFC 1122 3.2.2, RFC 1812 4.3.2.7), and what it says. */
#include <string.h>

#include "net/core/owner.h"
#include "net/inet/icmp_var.h"
#include "net/route/route.h"

#define ICMP_ERROR_MAX	576		/* bytes of an error, IP header and all: RFC 1812 4.3.2.3 */
#define ICMP_ERROR_TOS	0xc0		/* precedence 6: RFC 1812 4.3.2.5 */

COUNTER(icps_error, icmp, 10, INFO, "call%s to icmp_error");
COUNTER(icps_oldshort, icmp, 20, INFO, "error%s not generated because old message was too short");
COUNTER(icps_oldicmp, icmp, 21, INFO, "error%s not generated because old message was icmp");
COUNTER(icps_oldfrag, icmp, 22, INFO, "error%s not generated because old message was not a first fragment");
COUNTER(icps_oldcast, icmp, 23, INFO, "error%s not generated because old message was broadcast or multicast");
COUNTER(icps_oldsrc, icmp, 24, INFO, "error%s not generated because old message came from no single host");
COUNTER(icps_toofreq, icmp, 25, INFO, "error%s not generated because of rate limitation");
COUNTER(icps_nombuf, icmp, 26, INFO, "error%s not generated for want of an mbuf");
COUNTER(icps_outunreach, icmp, 100, CREATED, "destination unreachable message%s sent");
COUNTER(icps_outredirect, icmp, 101, CREATED, "redirect message%s sent");
COUNTER(icps_outtimxceed, icmp, 102, CREATED, "time exceeded message%s sent");
COUNTER(icps_outother, icmp, 103, CREATED, "other error message%s sent");

/* A question or an answer: an error may be about it. What is unknown might be an error. */
static bool
icmp_is_query(uint8_t type)
{
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY || type == ICMP_TSTAMP || type == ICMP_TSTAMPREPLY;
}

/* Our broadcast addresses count, too. */
static bool
icmp_is_cast(unsigned rdomain, be32_t a)
{
	const struct rtentry *rt;

	if (ip4_is_multicast(a) || ip4_is_experimental(a))
		return true;
	rt = rtable_match(rdomain, a);
	return rt != NULL && (rt->rt_flags & RTF_BROADCAST);
}

/* May there be an error about this packet at all? The reason why not is counted. */
static bool
icmp_error_allowed(const struct mbuf *m, const struct ip *oip, unsigned ohlen, unsigned rdomain)
{
	const struct ifnet *ifp = if_get(m->m_ifidx);
	bool local = ifp == NULL || (ifp->if_flags & IFF_LOOPBACK);
	uint8_t type = 0;

	if (oip->ip_p == IPPROTO_ICMP_ && m->m_pktlen > ohlen)
		m_copydata(m, ohlen, 1, &type);
	if (oip->ip_off & BE16(IP_OFFMASK)) {
		counter_inc(icps_oldfrag);
	} else if (oip->ip_p == IPPROTO_ICMP_ && m->m_pktlen <= ohlen) {
		counter_inc(icps_oldshort);
	} else if (oip->ip_p == IPPROTO_ICMP_ && !icmp_is_query(type)) {
		counter_inc(icps_oldicmp);
	} else if ((m->m_flags & (M_BCAST | M_MCAST)) || icmp_is_cast(rdomain, oip->ip_dst)) {
		counter_inc(icps_oldcast);
	} else if (ip4_is_zeronet(oip->ip_src) || (ip4_is_loopback(oip->ip_src) && !local) ||
	    icmp_is_cast(rdomain, oip->ip_src)) {
		counter_inc(icps_oldsrc);
	} else if (!icmp_rate(oip->ip_src)) {
		counter_inc(icps_toofreq);
	} else
		return true;
	return false;
}

/* RFC 1812 4.3.2.4: an address of the interface that it came in by; the one that was spoken to when that is ours (RFC
 * 1122 3.2.2). A packet of our own is answered by ourselves. 0: ip_send chooses. */
static be32_t
icmp_error_src(const struct ip *oip, const struct ifnet *ifp, unsigned rdomain)
{
	const struct rtentry *rt = rtable_match(rdomain, oip->ip_dst);
	const struct ifaddr *ifa;

	if (rt != NULL && (rt->rt_flags & RTF_LOCAL))
		return oip->ip_dst;
	if (ifp == NULL)
		return oip->ip_src;
	if (ifp->if_flags & IFF_LOOPBACK)	/* RFC 1122 3.2.1.3 (g): 127/8 stays inside the host */
		return IP4_ANY;
	for (ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		if (((ifa->ifa_addr ^ oip->ip_src) & ifa->ifa_mask) == 0)
			return ifa->ifa_addr;
	return ifp->if_addrs != NULL ? ifp->if_addrs->ifa_addr : IP4_ANY;
}

static void
icmp_error_count(uint8_t type)
{
	switch (type) {
	case ICMP_UNREACH:
		counter_inc(icps_outunreach);
		break;
	case ICMP_REDIRECT:
		counter_inc(icps_outredirect);
		break;
	case ICMP_TIMXCEED:
		counter_inc(icps_outtimxceed);
		break;
	default:
		counter_inc(icps_outother);
		break;
	}
}

/* The message in e: IP header, ICMP header, as much of m as fits. */
static void
icmp_error_fill(struct mbuf *e, const struct mbuf *m, uint8_t type, uint8_t code, uint16_t mtu, be32_t gw)
{
	struct ip *ip = (struct ip *)e->m_data;
	struct icmp *icp = (struct icmp *)(ip + 1);
	const struct ip *oip = (const struct ip *)m->m_data;
	uint32_t quote = MIN(m->m_pktlen, (uint32_t)(ICMP_ERROR_MAX - sizeof(*ip) - sizeof(*icp)));

	memset(ip, 0, sizeof(*ip) + sizeof(*icp));
	m_copydata(m, 0, quote, icp + 1);
	e->m_len = e->m_pktlen = (uint32_t)(sizeof(*ip) + sizeof(*icp)) + quote;
	ip->ip_vhl = 0x45;
	ip->ip_tos = ICMP_ERROR_TOS | (oip->ip_tos & 0x1e);
	ip->ip_len = host_be16((uint16_t)e->m_pktlen);
	ip->ip_ttl = (uint8_t)ip_defttl;
	ip->ip_p = IPPROTO_ICMP_;
	ip->ip_dst = oip->ip_src;
	icp->icmp_type = type;
	icp->icmp_code = code;
	if (type == ICMP_REDIRECT)
		icp->icmp_gwaddr = gw;
	else if (type == ICMP_UNREACH && code == ICMP_UNREACH_NEEDFRAG)
		icp->icmp_nextmtu = host_be16(mtu);
	else if (type == ICMP_PARAMPROB) {
		icp->icmp_code = 0;
		icp->icmp_pptr = code;
	}
	icp->icmp_cksum = in_cksum(icp, sizeof(*icp) + quote);
}

bool
icmp_error(const struct mbuf *m, uint8_t type, uint8_t code, uint16_t mtu, be32_t gw)
{
	const struct ip *oip = (const struct ip *)m->m_data;
	const struct ifnet *ifp = if_get(m->m_ifidx);
	unsigned ohlen, rdomain = ifp != NULL ? ifp->if_rdomain : m->m_rdomain;
	struct mbuf *e;

	OWNER(0);
	counter_inc(icps_error);
	KASSERT(m->m_len >= sizeof(*oip));
	ohlen = (oip->ip_vhl & 15) * 4u;
	if (!icmp_error_allowed(m, oip, ohlen, rdomain))
		return false;
	if ((e = m_get()) == NULL) {
		counter_inc(icps_nombuf);
		return false;
	}
	e->m_rdomain = (uint16_t)rdomain;
	e->m_flags = m->m_flags & M_PF_OUT;
	icmp_error_fill(e, m, type, code, mtu, gw);
	((struct ip *)e->m_data)->ip_src = icmp_error_src(oip, ifp, rdomain);
	icmp_error_count(type);
	return ip_send(e);
}
