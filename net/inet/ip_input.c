/* ip_input.c - IPv4 in: the header is checked here, once (RFC 791, RFC 1122 3.2.1, RFC 1812 4.2, 5.2); then who it is for. */
#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_options.h"
#include "net/route/route.h"

STAGE(ip_input);
HANDOFF(ip_deliver, ip_deliver);
COUNTER_GROUP(ip, 20);
COUNTER(ips_total, ip, 10, INFO, "total packet%s received");
COUNTER(ips_badsum, ip, 20, DROP, "bad header checksum%s");
COUNTER(ips_toosmall, ip, 30, DROP, "packet%s with size smaller than minimum");
COUNTER(ips_tooshort, ip, 40, DROP, "packet%s with data size < data length");
COUNTER(ips_badhlen, ip, 50, DROP, "packet%s with header length < minimum or > packet");
COUNTER(ips_badlen, ip, 60, DROP, "packet%s with data length < header length");
COUNTER(ips_badvers, ip, 80, DROP, "packet%s with incorrect version number");
COUNTER(ips_badsrc, ip, 90, DROP, "packet%s with a source address that cannot be");
COUNTER(ips_baddst, ip, 91, DROP, "packet%s with a destination address that cannot be");
COUNTER(ips_mcast, ip, 92, DROP, "multicast packet%s which we don't join");
COUNTER(ips_wrongif, ip, 150, DROP, "packet%s received on wrong interface");

/* By the first octet: addresses that never simply pass. 0/8 and 127/8: RFC 1122 3.2.1.3; 224/3: multicast, reserved, broadcast. */
#define SPECIAL	1
static const uint8_t ip_special[256] = { [0] = SPECIAL, [127] = SPECIAL, [224 ... 255] = SPECIAL };

/* 127/8 may come from ourselves only. */
static bool
ip_martian_src(const struct ifnet *ifp, const struct ip *ip)
{
	if (ip4_is_loopback(ip->ip_src))
		return !(ifp->if_flags & IFF_LOOPBACK);
	if (ip->ip_src == IP4_ANY)	/* a host that has no address yet may speak to us, never through us: RFC 1812 5.3.7 */
		return ip->ip_dst != IP4_BROADCAST;
	return true;
}

/* A destination outside the unicast range, or 127/8. True: it is for us, else it has been dropped. */
static bool
ip_special_dst(const struct ifnet *ifp, struct mbuf *m, const struct ip *ip)
{
	if (ip->ip_dst == IP4_BROADCAST)
		return true;
	if (ip4_is_loopback(ip->ip_dst) && (ifp->if_flags & IFF_LOOPBACK))
		return true;
	if (ip4_is_multicast(ip->ip_dst))
		M_DROP(m, ips_mcast);
	else
		M_DROP(m, ips_baddst);
	return false;
}

/* Header with options, or of another version, or in pieces. The header's length, or 0 when the packet has been dropped. */
static unsigned
ip_header_slow(struct mbuf *m)
{
	unsigned hlen;

	if (!m_pullup(m, sizeof(struct ip))) {
		M_DROP(m, ips_toosmall);
		return 0;
	}
	if (m->m_data[0] >> 4 != 4) {
		M_DROP(m, ips_badvers);
		return 0;
	}
	hlen = (m->m_data[0] & 15) * 4u;
	if (hlen < sizeof(struct ip) || !m_pullup(m, hlen)) {
		M_DROP(m, ips_badhlen);
		return 0;
	}
	return hlen;
}

/* All that makes a header good, before anything is believed of it. False: dropped. */
static bool
ip_check(struct ifnet *ifp, struct mbuf *m)
{
	unsigned hlen = ip_header_slow(m), len;
	const struct ip *ip = (const struct ip *)m->m_data;

	if (hlen == 0)
		return false;
	if (in_cksum(ip, hlen) != 0) {			/* RFC 1812 5.2.2 (2) */
		M_DROP(m, ips_badsum);
		return false;
	}
	len = be16_host(ip->ip_len);
	if (len > m->m_pktlen) {			/* RFC 1812 5.2.2 (5) */
		M_DROP(m, ips_tooshort);
		return false;
	}
	if (len < hlen) {
		M_DROP(m, ips_badlen);
		return false;
	}
	if (len < m->m_pktlen)
		m_trim(m, len);				/* the link's padding */
	if (ip_special[(uint8_t)ip->ip_src] && ip_martian_src(ifp, ip)) {
		M_DROP(m, ips_badsrc);
		return false;
	}
	if (hlen == sizeof(struct ip))
		return true;
	if (core_id() == 0)
		return ip_options_check(m, hlen);
	ip_to_core0(m);			/* bad ones are answered */
	return false;
}

/* What ip_check() finds good without a word, for the packet that has nothing odd: a shorter way to the same answer. The destination is no special
 * one then either. */
static inline bool
ip_plain(const struct mbuf *m)
{
	const struct ip *ip = (const struct ip *)m->m_data;

	return m->m_len >= sizeof(struct ip) && ip->ip_vhl == 0x45 && ip_hdrsum_ok(ip) &&
	    be16_host(ip->ip_len) == m->m_pktlen &&
	    (ip_special[(uint8_t)ip->ip_src] | ip_special[(uint8_t)ip->ip_dst]) == 0;
}

/* RFC 1122 3.3.4.2: without forwarding a host takes only what came in where the address is. */
static bool
ip_strong_es(const struct ifnet *ifp, const struct rtentry *rt)
{
	return ip_forwarding || rt->rt_ifp == ifp || (ifp->if_flags & IFF_LOOPBACK);
}

/* What is not plain to be forwarded. True: it is for us; else it has been dropped. */
static bool
ip_ours(const struct ifnet *ifp, struct mbuf *m, const struct rtentry *rt)
{
	if (ip_strong_es(ifp, rt))
		return true;
	M_DROP(m, ips_wrongif);
	return false;
}

/* Runs of packets with the same destination look it up once. What is to be forwarded stays in b, what is for us goes to `local`. */
static void
ip_sort(struct ifnet *ifp, struct batch *b)
{
	struct rtentry *rt = &ip_noroute;
	be32_t dst = IP4_ANY;				/* is special, so never looked up */
	unsigned n = 0, end = b->b_n;
	uint64_t uses = 0;		/* of rt; several cores may add to it at once, and one of them be lost */
	struct batch local;

	local.b_n = 0;
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		const struct ip *ip = (const struct ip *)m->m_data;

		if (unlikely(!ip_plain(m))) {
			if (!ip_check(ifp, m))
				continue;
			ip = (const struct ip *)m->m_data;
			if (ip_special[(uint8_t)ip->ip_dst]) {
				if (ip_special_dst(ifp, m, ip))
					batch_add(&local, m);
				continue;
			}
		}
		if (ip->ip_dst != dst) {
			dst = ip->ip_dst;
			rt->rt_use += uses;
			uses = 0;
			if ((rt = rtable_match(ifp->if_rdomain, dst)) == NULL)
				rt = &ip_noroute;
		}
		uses++;
		m->m_rt = rt;
		if (unlikely(rt->rt_flags & (RTF_LOCAL | RTF_BROADCAST))) {
			if (ip_ours(ifp, m, rt))
				batch_add(&local, m);
			continue;
		}
		b->b_m[n++] = m;
	}
	rt->rt_use += uses;
	if (local.b_n > 0) {
		if (core_id() == 0)
			ip_deliver(ifp, &local);
		else
			handoff_batch(0, &handoff_ip_deliver, ifp->if_index, &local);
	}
	if ((b->b_n = n) > 0)
		ip_forward(b);
}
HANDOFF(ip_sort, ip_sort);

void
ip_input(struct ifnet *ifp, struct batch *b)
{
	STAGE_ENTER(ip_input, b->b_n);
	counter_add(ips_total, b->b_n);
	ip_sort(ifp, b);
}

/* What only core 0 can do with a packet that ip_input of another core has found good: there it is looked at anew. */
void
ip_to_core0(struct mbuf *m)
{
	handoff_packet(0, &handoff_ip_sort, m);
}
