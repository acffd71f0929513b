/* icmp6_error.c - ICMPv6 errors that we send: when one may be (RFC 4443 2.4), and what it says. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/route/route.h"

#define ERROR_MAX	IP6_MINMTU	/* bytes of an error, IPv6 header and all: RFC 4443 2.4 (c) */
#define ERROR_PPS	1000		/* a second */
#define ERROR_PPS_HOST	100
#define RATE_BUCKETS	1024u		/* a power of two */

COUNTER(icmp6s_error, icmp6, 10, INFO, "call%s to icmp6_error");
COUNTER(icmp6s_oldicmp, icmp6, 20, INFO, "error%s not generated because old message was icmp6 error or so");
COUNTER(icmp6s_oldcast, icmp6, 21, INFO, "error%s not generated because old message was multicast");
COUNTER(icmp6s_oldsrc, icmp6, 22, INFO, "error%s not generated because old message came from no single host");
COUNTER(icmp6s_oldchain, icmp6, 23, INFO, "error%s not generated because old message's headers were not all there");
COUNTER(icmp6s_toofreq, icmp6, 24, INFO, "error%s not generated because of rate limitation");
COUNTER(icmp6s_nombuf, icmp6, 25, INFO, "error%s not generated for want of an mbuf");
COUNTER(icmp6s_outunreach, icmp6, 100, CREATED, "destination unreachable message%s sent");
COUNTER(icmp6s_outtoobig, icmp6, 101, CREATED, "packet too big message%s sent");
COUNTER(icmp6s_outtimxceed, icmp6, 102, CREATED, "time exceeded message%s sent");
COUNTER(icmp6s_outparamprob, icmp6, 103, CREATED, "parameter problem message%s sent");

static int icmp6_errppslimit = ERROR_PPS;
SYSCTL_INT(net_inet6_icmp6_errppslimit, "net.inet6.icmp6.errppslimit", &icmp6_errppslimit, ERROR_PPS, -1, 1000000);
static int icmp6_errppshost = ERROR_PPS_HOST;
SYSCTL_INT(net_inet6_icmp6_errppshost, "net.inet6.icmp6.errppshost", &icmp6_errppshost, ERROR_PPS_HOST, -1, 1000000);

/* ---- limits (RFC 4443 2.4 (f)) ---- */

/* What may still go this second, in all and to those who share a bucket. Each second a random part less is allowed, so that who watches a limit
 * learns nothing of what others were told (CVE-2020-25705). */
struct allowance { uint32_t al_second; int al_left; };
static struct allowance error_all, error_hosts[RATE_BUCKETS];
static uint64_t rate_key[2];		/* nobody chooses his bucket */

static void
icmp6_rate_init(void)
{
	random_bytes(rate_key, sizeof(rate_key));
	rate_key[1] |= 1;
	memset(error_hosts, 0, sizeof(error_hosts));
	memset(&error_all, 0, sizeof(error_all));
}
NET_INIT(icmp6_rate, 10, icmp6_rate_init);

static bool
allowance_take(struct allowance *al, uint32_t second, int limit)
{
	uint32_t r;

	if (limit < 0)
		return true;
	if (al->al_second != second) {
		random_bytes(&r, sizeof(r));
		al->al_second = second;
		al->al_left = limit - (int)(r % ((unsigned)limit / 8 + 1));
	}
	return al->al_left > 0 && al->al_left-- > 0;
}

/* A single station may have all addresses of a /64. */
static struct allowance *
host_allowance(const struct in6_addr *dst)
{
	uint64_t h = (dst->s6_addr64[0] ^ rate_key[0]) * rate_key[1];

	if (IN6_IS_ADDR_LINKLOCAL(dst))
		h += dst->s6_addr64[1];
	return &error_hosts[(h ^ h >> 29) * rate_key[1] >> 50 & (RATE_BUCKETS - 1)];
}

bool
icmp6_ratelimit(const struct in6_addr *dst)
{
	uint32_t second = (uint32_t)(uptime_ns() / 1000000000) + 1;

	return allowance_take(host_allowance(dst), second, icmp6_errppshost) &&
	    allowance_take(&error_all, second, icmp6_errppslimit);
}

/* ---- whether ---- */

/* RFC 4443 2.4 (e.1, e.2): no errors about errors and redirects. True: it is none, as far as one can see. */
static bool
icmp6_quotable(const struct mbuf *m)
{
	uint8_t proto, type;
	unsigned off;

	if (!ip6_lasthdr(m, &proto, &off)) {
		counter_inc(icmp6s_oldchain);
		return false;
	}
	if (proto == IPPROTO_FRAGMENT_) {			/* a later one: what it is of is said by the header alone */
		m_copydata(m, off, 1, &proto);
		type = 0;
	} else if (proto != IPPROTO_ICMPV6_)
		return true;
	else if (off >= m->m_pktlen)
		type = 0;
	else
		m_copydata(m, off, 1, &type);
	if (proto != IPPROTO_ICMPV6_ || (type >= ICMP6_INFO && type != ICMP6_REDIRECT))
		return true;
	counter_inc(icmp6s_oldicmp);
	return false;
}

/* May there be an error about this packet at all? The reason why not is counted. */
static bool
icmp6_error_allowed(const struct mbuf *m, uint8_t type, uint8_t code)
{
	const struct ip6_hdr *oip6 = (const struct ip6_hdr *)m->m_data;
	bool cast = IN6_IS_ADDR_MULTICAST(&oip6->ip6_dst) || (m->m_flags & (M_BCAST | M_MCAST));

	if ((IN6_IS_ADDR_LOOPBACK(&oip6->ip6_src) && m->m_ifidx != 0 && !(if_get(m->m_ifidx)->if_flags & IFF_LOOPBACK)) ||
	    IN6_IS_ADDR_UNSPECIFIED(&oip6->ip6_src) || IN6_IS_ADDR_MULTICAST(&oip6->ip6_src)) {	/* (e.6) */
		counter_inc(icmp6s_oldsrc);
		return false;
	}
	if (cast && type != ICMP6_TOOBIG && !(type == ICMP6_PARAMPROB && code == ICMP6_PARAMPROB_OPTION)) {	/* (e.3) to (e.5) */
		counter_inc(icmp6s_oldcast);
		return false;
	}
	if (!icmp6_quotable(m))
		return false;
	if (!icmp6_ratelimit(&oip6->ip6_src)) {
		counter_inc(icmp6s_toofreq);
		return false;
	}
	return true;
}

/* ---- what ---- */

static void
icmp6_error_count(uint8_t type)
{
	switch (type) {
	case ICMP6_UNREACH:
		counter_inc(icmp6s_outunreach);
		break;
	case ICMP6_TOOBIG:
		counter_inc(icmp6s_outtoobig);
		break;
	case ICMP6_TIMXCEED:
		counter_inc(icmp6s_outtimxceed);
		break;
	default:
		counter_inc(icmp6s_outparamprob);
		break;
	}
}

/* RFC 4443 2.2: the address that was spoken to when it is ours and nobody else's, else ::, and ip6_send chooses. */
static struct in6_addr
icmp6_error_src(const struct ip6_hdr *oip6, uint16_t ifidx, unsigned rdomain)
{
	struct in6_addr dst = in6_embed(&oip6->ip6_dst, ifidx);
	const struct in6_ifaddr *ia = in6_ifaddr_ours(rdomain, &dst);

	return ia != NULL && !(ia->ia_flags & IN6_IFF_ANYCAST) ? oip6->ip6_dst : in6_any;
}

bool
icmp6_error(const struct mbuf *m, uint8_t type, uint8_t code, uint32_t param)
{
	const struct ip6_hdr *oip6 = (const struct ip6_hdr *)m->m_data;
	struct ifnet *ifp = if_get(m->m_ifidx), *zone;
	uint16_t rdomain = ifp != NULL ? ifp->if_rdomain : m->m_rdomain;
	uint32_t quote = MIN(m->m_pktlen, (uint32_t)(ERROR_MAX - sizeof(*oip6) - sizeof(struct icmp6)));
	struct ip6_hdr *ip6;
	struct icmp6 *icp;
	struct mbuf *e;

	KASSERT(core_id() == 0);
	KASSERT(m->m_len >= sizeof(*oip6));
	if (ifp != NULL && (ifp->if_flags & IFF_LOOPBACK) && (zone = in6_ifaddr_zone(&oip6->ip6_src)) != NULL)
		ifp = zone;			/* one of our own to ourselves */
	counter_inc(icmp6s_error);
	if (!icmp6_error_allowed(m, type, code))
		return false;
	if ((e = m_get()) == NULL) {
		counter_inc(icmp6s_nombuf);
		return false;
	}
	ip6 = (struct ip6_hdr *)e->m_data;
	icp = (struct icmp6 *)(ip6 + 1);
	e->m_rdomain = rdomain;
	e->m_flags = m->m_flags & M_PF_OUT;
	e->m_len = e->m_pktlen = (uint32_t)(sizeof(*ip6) + sizeof(*icp)) + quote;
	*ip6 = (struct ip6_hdr){ .ip6_nxt = IPPROTO_ICMPV6_, .ip6_dst = oip6->ip6_src,
	    .ip6_src = icmp6_error_src(oip6, m->m_ifidx, rdomain) };
	*icp = (struct icmp6){ .icmp6_type = type, .icmp6_code = code, .icmp6_param = host_be32(param) };
	m_copydata(m, 0, quote, icp + 1);
	icmp6_error_count(type);
	return ip6_send(e, ifp);
}
