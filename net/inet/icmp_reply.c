/* icmp_reply.c - answers to ICMP's questions: echo and timestamp (RFC 792, RFC 1122 3.2.2.6, 3.2.2.8). */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/inet/icmp_var.h"
#include "net/route/route.h"

#define DAY_MS		86400000u

struct icmp_tstamp {			/* behind the ICMP header: ms since midnight UT */
	be32_t	its_otime, its_rtime, its_ttime;
} __attribute__((packed, may_alias));

COUNTER(icps_bmcastecho, icmp, 34, DROP, "question%s to broadcast or multicast rejected");
COUNTER(icps_noreply, icmp, 38, DROP, "question%s that could not be answered");
COUNTER(icps_tstampoff, icmp, 44, DROP, "timestamp request%s refused");
COUNTER(icps_tstampshort, icmp, 45, DROP, "timestamp request%s of a wrong size");
COUNTER(icps_reflect, icmp, 60, INFO, "message response%s generated");

static int icmp_bmcastecho;
SYSCTL_INT(net_inet_icmp_bmcastecho, "net.inet.icmp.bmcastecho", &icmp_bmcastecho, 0, 0, 1);
static int icmp_tstamprepl = 1;
SYSCTL_INT(net_inet_icmp_tstamprepl, "net.inet.icmp.tstamprepl", &icmp_tstamprepl, 1, 0, 1);

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

/* The same mbuf is to go back, so it is neither dropped nor consumed: addresses turned round, options gone, ours to write to. NULL: it
 * is not to be answered, and dropped. */
static struct mbuf *
icmp_turn(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	struct ip *ip = (struct ip *)m->m_data;
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, ip->ip_dst);
	bool cast = (m->m_flags & (M_BCAST | M_MCAST)) || rt == NULL || !(rt->rt_flags & RTF_LOCAL);
	be32_t src = ip->ip_src;

	if (cast && !icmp_bmcastecho) {			/* RFC 1122 3.2.2.6, 3.2.2.8 */
		M_DROP(m, icps_bmcastecho);
		return NULL;
	}
	if (ip4_is_zeronet(src) || !icmp_own_buffer(&m)) {	/* nobody to answer, or no way to */
		M_DROP(m, icps_noreply);
		return NULL;
	}
	icmp_strip_options(m, hlen);
	ip = (struct ip *)m->m_data;
	ip->ip_src = cast ? IP4_ANY : ip->ip_dst;
	ip->ip_dst = src;
	ip->ip_ttl = (uint8_t)ip_defttl;
	ip->ip_off = 0;
	m->m_rdomain = ifp->if_rdomain;
	m->m_ifidx = 0;
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST);
	m->m_csum = 0;
	m->m_rt = NULL;
	return m;
}

static void
icmp_answer(struct mbuf *m)
{
	counter_inc(icps_reflect);
	ip_send(m);
}

void
icmp_echo(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	struct icmp *icp;
	uint32_t sum;

	if ((m = icmp_turn(ifp, m, hlen)) == NULL)
		return;
	icp = (struct icmp *)(m->m_data + sizeof(struct ip));
	sum = (uint16_t)~icp->icmp_cksum + (uint32_t)(uint16_t)~load16(icp);	/* RFC 1624 (3) */
	icp->icmp_type = ICMP_ECHOREPLY;
	sum += load16(icp);
	icp->icmp_cksum = (uint16_t)~in_fold(sum);
	icmp_answer(m);
}

/* The battery clock knows seconds: its first reading is put to the uptime, which never goes back. */
static be32_t
icmp_now(void)
{
	static uint64_t midnight;	/* ms from a midnight to boot, plus one */
	uint64_t up = uptime_ns() / 1000000;

	if (midnight == 0)
		midnight = (wall_s() % 86400 * 1000 + DAY_MS * 64ull - up % DAY_MS) % DAY_MS + 1;
	return host_be32((uint32_t)((up + midnight - 1) % DAY_MS));
}

void
icmp_timestamp(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	const unsigned size = sizeof(struct icmp) + sizeof(struct icmp_tstamp);
	struct icmp_tstamp *its;
	struct icmp *icp;

	if (!icmp_tstamprepl) {
		M_DROP(m, icps_tstampoff);
		return;
	}
	if (m->m_pktlen != hlen + size || !m_pullup(m, m->m_pktlen)) {
		M_DROP(m, icps_tstampshort);
		return;
	}
	if ((m = icmp_turn(ifp, m, hlen)) == NULL)
		return;
	icp = (struct icmp *)(m->m_data + sizeof(struct ip));
	its = (struct icmp_tstamp *)(icp + 1);
	icp->icmp_type = ICMP_TSTAMPREPLY;
	its->its_rtime = its->its_ttime = icmp_now();
	icp->icmp_cksum = 0;
	icp->icmp_cksum = in_cksum(icp, size);
	icmp_answer(m);
}
