/* ip_reass.c - IPv4's fragments: what is none (RFC 791 3.2, RFC 1858), whose memory it takes, and the datagram that becomes of them. */
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet/fragq.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_reass.h"

#define REASS_SEC	30		/* RFC 1122 3.3.2: a fixed time, 60 to 120 s; others wait 30 */
#define REASS_MAXQUEUE	1024		/* mbufs that wait */
#define TCP_MINDATA	16		/* RFC 1858 3.2.1: less in a first fragment hides the flags */

COUNTER(ips_fragments, ip, 210, INFO, "fragment%s received");
COUNTER(ips_badfrags, ip, 211, DROP, "malformed fragment%s dropped");
COUNTER(ips_toolong, ip, 212, DROP, "fragment%s beyond the longest datagram dropped");
COUNTER(ips_fragtiny, ip, 213, DROP, "fragment%s that hide a TCP header dropped");
COUNTER(ips_fragdup, ip, 214, DROP, "duplicate fragment%s dropped");
COUNTER(ips_fragoverlap, ip, 215, DROP, "fragment%s of datagrams whose fragments overlap dropped");
COUNTER(ips_fragtimeout, ip, 216, DROP, "fragment%s dropped after timeout");
COUNTER(ips_fragevict, ip, 217, DROP, "fragment%s dropped to make room for others");
COUNTER(ips_fragnomem, ip, 218, DROP, "fragment%s dropped for want of memory");
COUNTER(ips_fragmerged, ip, 219, CONSUMED, "fragment%s taken into the buffer of another");
COUNTER(ips_fraggone, ip, 220, DROP, "fragment%s dropped with the interface");
COUNTER(ips_fragmany, ip, 221, DROP, "fragment%s of datagrams in too many pieces dropped");
COUNTER(ips_fragdead, ip, 224, DROP, "fragment%s of datagrams that had been given up dropped");
COUNTER(ips_fraghlen, ip, 225, DROP, "fragment%s of datagrams too long with their options dropped");
COUNTER(ips_fragshared, ip, 226, DROP, "fragment%s dropped for want of mbufs of their own");
COUNTER(ips_fragused, ip, 222, CONSUMED, "fragment%s that became part of another's packet");
COUNTER(ips_reassembled, ip, 223, INFO, "packet%s reassembled ok");

static int reass_maxqueue = REASS_MAXQUEUE;
SYSCTL_INT(net_inet_ip_maxqueue, "net.inet.ip.maxqueue", &reass_maxqueue, REASS_MAXQUEUE, 0, 65536);

static struct fragq_table ip_fragments;

static void
reass_count(enum fragq_count what, unsigned n)
{
	switch (what) {
	case FRAGQ_N_DUP:
		counter_add(ips_fragdup, n);
		break;
	case FRAGQ_N_OVERLAP:
		counter_add(ips_fragoverlap, n);
		break;
	case FRAGQ_N_TIMEOUT:
		counter_add(ips_fragtimeout, n);
		break;
	case FRAGQ_N_EVICT:
		counter_add(ips_fragevict, n);
		break;
	case FRAGQ_N_NOMEM:
		counter_add(ips_fragnomem, n);
		break;
	case FRAGQ_N_GONE:
		counter_add(ips_fraggone, n);
		break;
	case FRAGQ_N_MANY:
		counter_add(ips_fragmany, n);
		break;
	case FRAGQ_N_DEAD:
		counter_add(ips_fragdead, n);
		break;
	case FRAGQ_N_LONG:
		counter_add(ips_fraghlen, n);
		break;
	case FRAGQ_N_MERGED:
		counter_add(ips_fragmerged, n);
		break;
	case FRAGQ_N_USED:
		counter_add(ips_fragused, n);
		break;
	case FRAGQ_N_WHOLE:
		counter_add(ips_reassembled, n);
		break;
	}
}

static void
reass_expired(struct mbuf *m)
{
	m_trim(m, MIN(m->m_pktlen, (uint32_t)be16_host(((const struct ip *)m->m_data)->ip_len)));	/* not what follows it */
	icmp_error(m, ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0, 0);
}

static const struct fragq_family ip_family = { .ff_name = "ipq", .ff_sourcename = "ipqsrc", .ff_keywords = 2, .ff_seconds = REASS_SEC,
	.ff_longest = IP_MAXPACKET, .ff_maxqueue = &reass_maxqueue, .ff_expired = reass_expired, .ff_count = reass_count };

static void
reass_init(void)
{
	fragq_init(&ip_fragments, &ip_family);
}
NET_INIT(ip_reass, 10, reass_init);

static uint64_t
reass_held(void)
{
	return ip_fragments.ft_nfrags;
}
COUNTER_HOLDER(ip_reass, reass_held);

void
ip_reass_purge(uint16_t ifidx)
{
	fragq_purge(&ip_fragments, ifidx);
}

/* What no honest sender makes. len: of the data. False: dropped. */
static bool
reass_check(struct mbuf *m, const struct ip *ip, uint32_t start, uint32_t len, bool more)
{
	if (len == 0 || (more && (len & 7) != 0))		/* RFC 791 3.2 */
		M_DROP(m, ips_badfrags);
	else if (start + len > IP_MAXPACKET - sizeof(*ip))	/* the ping of death */
		M_DROP(m, ips_toolong);
	else if (ip->ip_p == IPPROTO_TCP_ && (start == 8 || (start == 0 && len < TCP_MINDATA)))	/* RFC 1858, 3128 */
		M_DROP(m, ips_fragtiny);
	else
		return true;
	return false;
}

struct mbuf *
ip_reass(struct ifnet *ifp, struct mbuf *m)
{
	struct ip *ip = (struct ip *)m->m_data;
	unsigned hlen = (ip->ip_vhl & 15) * 4u, off = be16_host(ip->ip_off);
	struct fragq_in fi;

	OWNER(0);
	counter_inc(ips_fragments);
	fi.fi_ifidx = m->m_ifidx;
	fi.fi_hlen = (uint16_t)hlen;
	fi.fi_note = 0;
	fi.fi_start = (off & IP_OFFMASK) * 8u;
	fi.fi_more = off & IP_MF;
	if (!reass_check(m, ip, fi.fi_start, m->m_pktlen - hlen, fi.fi_more))
		return NULL;
	m->m_rdomain = ifp->if_rdomain;
	if ((m = m_unshare(m)) == NULL) {		/* neighbours' bytes are written behind its own */
		counter_inc(ips_fragshared);
		return NULL;
	}
	ip = (struct ip *)m->m_data;
	fi.fi_source[0] = ip->ip_src;
	fi.fi_source[1] = m->m_rdomain;
	fi.fi_key[0] = (uint64_t)ip->ip_src << 32 | ip->ip_dst;
	fi.fi_key[1] = (uint64_t)m->m_rdomain << 32 | (uint64_t)ip->ip_id << 8 | ip->ip_p;
	if ((m = fragq_input(&ip_fragments, m, &fi)) == NULL)
		return NULL;
	ip = (struct ip *)m->m_data;
	ip->ip_len = host_be16((uint16_t)m->m_pktlen);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, (ip->ip_vhl & 15) * 4u);
	return m;
}
