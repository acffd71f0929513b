/* icmp6_input.c - ICMPv6 for us: echo, messages for those who listen, and to whoever serves the type (RFC 4443). */
#include <string.h>

#include "net/core/net_init.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/in6_pmtu.h"
#include "net/route/route.h"

#define LISTEN_MAX	(MCLBYTES - MHEADROOM)	/* bytes of a datagram that stand in one mbuf */

COUNTER_GROUP(icmp6, 60);
COUNTER(icmp6s_badcode, icmp6, 30, DROP, "message%s with bad code fields");
COUNTER(icmp6s_tooshort, icmp6, 31, DROP, "message%s < minimum length");
COUNTER(icmp6s_checksum, icmp6, 32, DROP, "bad checksum%s");
COUNTER(icmp6s_badlen, icmp6, 33, DROP, "message%s with bad length");
COUNTER(icmp6s_ndfrag, icmp6, 41, DROP, "neighbour discovery message%s that came in fragments");
COUNTER(icmp6s_hoplimit, icmp6, 34, DROP, "neighbour discovery message%s from beyond the link");
COUNTER(icmp6s_noreply, icmp6, 35, DROP, "echo request%s that could not be answered");
COUNTER(icmp6s_unknown, icmp6, 36, DROP, "message%s of a type that we do not serve");
COUNTER(icmp6s_pullup, icmp6, 37, DROP, "message%s in too many pieces");
COUNTER(icmp6s_noownbuf, icmp6, 38, DROP, "echo request%s not answered for want of an mbuf");
COUNTER(icmp6s_badmin, icmp6, 39, DROP, "neighbour discovery or MLD message%s < minimum length");
COUNTER(icmp6s_crumbs, icmp6, 40, DROP, "neighbour discovery or MLD message%s too long");
COUNTER(icmp6s_inecho, icmp6, 50, INFO, "echo request%s received");
COUNTER(icmp6s_inechoreply, icmp6, 51, CONSUMED, "echo repl%y received");
COUNTER(icmp6s_inunreach, icmp6, 52, CONSUMED, "destination unreachable message%s received");
COUNTER(icmp6s_intoobig, icmp6, 53, CONSUMED, "packet too big message%s received");
COUNTER(icmp6s_intimxceed, icmp6, 54, CONSUMED, "time exceeded message%s received");
COUNTER(icmp6s_inparamprob, icmp6, 55, CONSUMED, "parameter problem message%s received");
COUNTER(icmp6s_reflect, icmp6, 60, INFO, "message response%s generated");

static const struct icmp6_type *icmp6_type_table[256];
static struct icmp6_listener *icmp6_listeners;

static void
icmp6_type_init(void)
{
	SET_FOREACH(const struct icmp6_type, t, icmp6_types)
		icmp6_type_table[t->icmp6m_type] = t;
}
NET_INIT(icmp6_type, 20, icmp6_type_init);

void
icmp6_listen(struct icmp6_listener *il)
{
	il->il6_next = icmp6_listeners;
	icmp6_listeners = il;
}

void
icmp6_unlisten(struct icmp6_listener *il)
{
	struct icmp6_listener **p = &icmp6_listeners;

	while (*p != NULL && *p != il)
		p = &(*p)->il6_next;
	if (*p != NULL)
		*p = il->il6_next;
}

/* ---- echo ---- */

/* RFC 4443 2.2 (a), (b): an answer comes from where the question went unless that was a group or an anycast address. */
static bool
icmp6_unicast_ours(const struct ifnet *ifp, const struct in6_addr *dst)
{
	const struct in6_ifaddr *ia = in6_ifaddr_ours(ifp->if_rdomain, dst);

	return IN6_IS_ADDR_LINKLOCAL(dst) || (ia != NULL && !(ia->ia_flags & IN6_IFF_ANYCAST));
}

/* The same mbuf goes back, so it is neither dropped nor consumed. The answer has no extension headers. RFC 4443 4.2. */
static void
icmp6_echo(struct ifnet *ifp, struct mbuf *m, unsigned off)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)m->m_data, old = *ip6;
	struct icmp6 *icp;

	counter_inc(icmp6s_inecho);
	if (IN6_IS_ADDR_UNSPECIFIED(&old.ip6_src)) {		/* nobody to answer */
		M_DROP(m, icmp6s_noreply);
		return;
	}
	if ((m = m_unshare(m)) == NULL) {
		counter_inc(icmp6s_noownbuf);
		return;
	}
	m_adj(m, off - (unsigned)sizeof(*ip6));
	ip6 = (struct ip6_hdr *)m->m_data;
	icp = (struct icmp6 *)(ip6 + 1);
	*ip6 = (struct ip6_hdr){ .ip6_flow = old.ip6_flow & BE32(0x0ff00000), .ip6_nxt = IPPROTO_ICMPV6_,
	    .ip6_dst = old.ip6_src };
	if (icmp6_unicast_ours(ifp, &old.ip6_dst))		/* else one of ours is chosen */
		ip6->ip6_src = old.ip6_dst;
	icp->icmp6_type = ICMP6_ECHOREPLY;
	m->m_rdomain = ifp->if_rdomain;
	m->m_ifidx = 0;
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST);
	m->m_csum = 0;
	m->m_rt = NULL;
	counter_inc(icmp6s_reflect);
	ip6_send(m, ifp);
}

/* ---- messages to listeners ---- */

/* The datagram in one piece; in core 0's loop only, so one place to copy to will do. NULL: too long. */
static const struct ip6_hdr *
icmp6_contiguous(struct mbuf *m)
{
	static uint8_t jumbo[sizeof(struct ip6_hdr) + IP6_MAXPLEN];

	if (m->m_len == m->m_pktlen || (m->m_pktlen <= LISTEN_MAX && m_pullup(m, m->m_pktlen)))
		return (const struct ip6_hdr *)m->m_data;
	if (m->m_pktlen > sizeof(jumbo))
		return NULL;
	m_copydata(m, 0, m->m_pktlen, jumbo);
	return (const struct ip6_hdr *)jumbo;
}

/* True: it is an error about what one of them has sent. */
static bool
icmp6_tell(const struct ip6_hdr *ip6, unsigned off, unsigned len)
{
	struct icmp6_listener *next;
	bool ours = false;

	for (struct icmp6_listener *il = icmp6_listeners; il != NULL; il = next) {
		next = il->il6_next;		/* it may stop listening */
		ours |= il->il6_input(il, ip6, off, len);
	}
	return ours;
}

const void *
icmp6_quoted(const struct ip6_hdr *oip6, unsigned len, uint8_t proto)
{
	const uint8_t *p = (const uint8_t *)oip6;
	unsigned off = sizeof(*oip6);
	uint8_t nxt = oip6->ip6_nxt;

	if (nxt == IPPROTO_FRAGMENT_ && len >= off + sizeof(struct ip6_frag)) {
		const struct ip6_frag *f = (const struct ip6_frag *)(p + off);

		if (f->ip6f_offlg & BE16(IP6F_OFFMASK))
			return NULL;
		nxt = f->ip6f_nxt;
		off += (unsigned)sizeof(*f);
	}
	return nxt == proto && len >= off + 8 ? p + off : NULL;
}

static void
icmp6_count_in(uint8_t type)
{
	switch (type) {
	case ICMP6_ECHOREPLY:
		counter_inc(icmp6s_inechoreply);
		break;
	case ICMP6_UNREACH:
		counter_inc(icmp6s_inunreach);
		break;
	case ICMP6_TOOBIG:
		counter_inc(icmp6s_intoobig);
		break;
	case ICMP6_TIMXCEED:
		counter_inc(icmp6s_intimxceed);
		break;
	default:
		counter_inc(icmp6s_inparamprob);
		break;
	}
}

/* An echo reply, or an error: that quotes at least an IPv6 header and eight bytes (RFC 4443 2.1: as much as fits). */
static void
icmp6_listened(struct ifnet *ifp, struct mbuf *m, unsigned off, uint8_t type)
{
	const struct ip6_hdr *ip6 = icmp6_contiguous(m), *oip6;
	unsigned len = m->m_pktlen - off;
	const struct icmp6 *icp;

	if (ip6 == NULL) {
		M_DROP(m, icmp6s_pullup);
		return;
	}
	icp = (const struct icmp6 *)((const uint8_t *)ip6 + off);
	oip6 = (const struct ip6_hdr *)(icp + 1);
	if (type != ICMP6_ECHOREPLY && (len < sizeof(*icp) + sizeof(*oip6) + 8 || *(const uint8_t *)oip6 >> 4 != 6)) {
		M_DROP(m, icmp6s_badlen);
		return;
	}
	if (icmp6_tell(ip6, off, len) && type == ICMP6_TOOBIG)
		in6_pmtu_learn(ifp, oip6, be32_host(icp->icmp6_param));
	icmp6_count_in(type);
	m_freem(m);
}

/* ---- input ---- */

static bool
icmp6_code_good(const struct icmp6 *icp)
{
	switch (icp->icmp6_type) {
	case ICMP6_UNREACH:
		return icp->icmp6_code <= 8;		/* RFC 9007 is the latest */
	case ICMP6_TIMXCEED:
		return icp->icmp6_code <= ICMP6_TIMXCEED_REASS;
	case ICMP6_PARAMPROB:
		return icp->icmp6_code <= 10;		/* RFC 8883 */
	case ICMP6_TOOBIG:				/* RFC 4443 3.2: whatever it is */
		return true;
	default:
		return icp->icmp6_code == 0 || !(icp->icmp6_type >= ICMP6_RS && icp->icmp6_type <= ICMP6_REDIRECT);
	}
}

/* Those of other files' types. */
static void
icmp6_dispatch(struct ifnet *ifp, struct mbuf *m, unsigned off, uint8_t type)
{
	const struct icmp6_type *t = icmp6_type_table[type];
	unsigned len = m->m_pktlen - off;

	if (t == NULL)
		M_DROP(m, icmp6s_unknown);		/* RFC 4443 2.4 (b): silently */
	else if (t->icmp6m_nd && ((const struct ip6_hdr *)m->m_data)->ip6_hlim != 255)	/* RFC 4861 7.1 */
		M_DROP(m, icmp6s_hoplimit);
	else if (t->icmp6m_nd && (m->m_flags & M_FRAGMENT))	/* RFC 6980 5: silently */
		M_DROP(m, icmp6s_ndfrag);
	else if (len < t->icmp6m_min)
		M_DROP(m, icmp6s_badmin);
	else if (!m_pullup(m, m->m_pktlen))
		M_DROP(m, icmp6s_crumbs);
	else
		t->icmp6m_input(ifp, m, off, len);
}

static void
icmp6_input(struct ifnet *ifp, struct mbuf *m, unsigned off)
{
	const struct ip6_hdr *ip6;
	const struct icmp6 *icp;

	if (m->m_pktlen < off + sizeof(*icp) || !m_pullup(m, off + (unsigned)sizeof(*icp))) {
		M_DROP(m, icmp6s_tooshort);
		return;
	}
	ip6 = (const struct ip6_hdr *)m->m_data;
	icp = (const struct icmp6 *)(m->m_data + off);
	if (in6_cksum(m, &ip6->ip6_src, &ip6->ip6_dst, IPPROTO_ICMPV6_, off, m->m_pktlen - off) != 0) {
		M_DROP(m, icmp6s_checksum);
		return;
	}
	if (!icmp6_code_good(icp)) {
		M_DROP(m, icmp6s_badcode);
		return;
	}
	switch (icp->icmp6_type) {
	case ICMP6_ECHO:
		icmp6_echo(ifp, m, off);
		break;
	case ICMP6_ECHOREPLY:
	case ICMP6_UNREACH:
	case ICMP6_TOOBIG:
	case ICMP6_TIMXCEED:
	case ICMP6_PARAMPROB:
		icmp6_listened(ifp, m, off, icp->icmp6_type);
		break;
	default:
		icmp6_dispatch(ifp, m, off, icp->icmp6_type);
		break;
	}
}

static const struct ip6_proto icmp6_proto = { IPPROTO_ICMPV6_, "icmp6", icmp6_input };
IP6_PROTO(icmp6_proto);
