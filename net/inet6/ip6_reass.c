/* ip6_reass.c - IPv6's fragments (RFC 8200 4.5): what is none, whose memory it takes, and the datagram that becomes of them.
 *
 * One policy for overlap: the datagram is given up (RFC 5722), those of its fragments that come later with it; the same bytes at the same place
 * again are a duplicate and not needed. A source is a /64, as a station may have all of its addresses. */
#include <string.h>

#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet/fragq.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/ip6_reass.h"

#define REASS_SEC	60		/* RFC 8200 4.5 */
#define REASS_MAXQUEUE	1024		/* mbufs that wait */
#define PLEN_MAX	65535u

COUNTER(ip6s_fragments, ip6, 70, INFO, "fragment%s received");
COUNTER(ip6s_fragmalformed, ip6, 71, DROP, "malformed fragment%s dropped");
COUNTER(ip6s_fragtoolong, ip6, 72, DROP, "fragment%s beyond the longest datagram dropped");
COUNTER(ip6s_fragshort, ip6, 87, DROP, "fragment%s cut off in their header dropped");
COUNTER(ip6s_fragempty, ip6, 88, DROP, "fragment%s without data dropped");
COUNTER(ip6s_fragchain, ip6, 73, DROP, "first fragment%s without all headers dropped");
COUNTER(ip6s_fragdup, ip6, 74, DROP, "duplicate fragment%s dropped");
COUNTER(ip6s_fragoverlap, ip6, 75, DROP, "fragment%s of datagrams whose fragments overlap dropped");
COUNTER(ip6s_fragtimeout, ip6, 76, DROP, "fragment%s dropped after timeout");
COUNTER(ip6s_fragevict, ip6, 77, DROP, "fragment%s that exceeded limit");
COUNTER(ip6s_fragnomem, ip6, 78, DROP, "fragment%s dropped for want of memory");
COUNTER(ip6s_fragown, ip6, 79, DROP, "fragment%s dropped for want of mbufs of their own");
COUNTER(ip6s_fraggone, ip6, 80, DROP, "fragment%s dropped with the interface");
COUNTER(ip6s_fragmany, ip6, 81, DROP, "fragment%s of datagrams in too many pieces dropped");
COUNTER(ip6s_fragdead, ip6, 82, DROP, "fragment%s of datagrams that had been given up dropped");
COUNTER(ip6s_fragwhole, ip6, 83, DROP, "fragment%s of datagrams too long with their headers dropped");
COUNTER(ip6s_fragused, ip6, 84, CONSUMED, "fragment%s that became part of another's packet");
COUNTER(ip6s_atomicfrags, ip6, 85, INFO, "atomic fragment%s received");
COUNTER(ip6s_reassembled, ip6, 86, INFO, "packet%s reassembled ok");

static int reass_maxqueue = REASS_MAXQUEUE;
SYSCTL_INT(net_inet6_ip6_maxfrags, "net.inet6.ip6.maxfrags", &reass_maxqueue, REASS_MAXQUEUE, 0, 65536);

static struct fragq_table ip6_fragments;

static void
reass_count(enum fragq_count what, unsigned n)
{
	switch (what) {
	case FRAGQ_N_DUP:
		counter_add(ip6s_fragdup, n);
		break;
	case FRAGQ_N_OVERLAP:
		counter_add(ip6s_fragoverlap, n);
		break;
	case FRAGQ_N_TIMEOUT:
		counter_add(ip6s_fragtimeout, n);
		break;
	case FRAGQ_N_EVICT:
		counter_add(ip6s_fragevict, n);
		break;
	case FRAGQ_N_NOMEM:
		counter_add(ip6s_fragnomem, n);
		break;
	case FRAGQ_N_GONE:
		counter_add(ip6s_fraggone, n);
		break;
	case FRAGQ_N_MANY:
		counter_add(ip6s_fragmany, n);
		break;
	case FRAGQ_N_DEAD:
		counter_add(ip6s_fragdead, n);
		break;
	case FRAGQ_N_LONG:
		counter_add(ip6s_fragwhole, n);
		break;
	case FRAGQ_N_MERGED:				/* ff_exact: there are none */
		break;
	case FRAGQ_N_USED:
		counter_add(ip6s_fragused, n);
		break;
	case FRAGQ_N_WHOLE:
		counter_add(ip6s_reassembled, n);
		break;
	}
}

static void
reass_expired(struct mbuf *m)
{
	icmp6_error(m, ICMP6_TIMXCEED, ICMP6_TIMXCEED_REASS, 0);
}

static const struct fragq_family ip6_family = { .ff_name = "ip6q", .ff_sourcename = "ip6qsrc", .ff_keywords = 5, .ff_seconds = REASS_SEC,
	.ff_longest = PLEN_MAX + sizeof(struct ip6_hdr) + sizeof(struct ip6_frag), .ff_exact = true, .ff_maxqueue = &reass_maxqueue,
	.ff_expired = reass_expired, .ff_count = reass_count };

static void
reass_init(void)
{
	fragq_init(&ip6_fragments, &ip6_family);
}
NET_INIT(ip6_reass, 10, reass_init);

static uint64_t
reass_held(void)
{
	return ip6_fragments.ft_nfrags;
}
COUNTER_HOLDER(ip6_reass, reass_held);

void
ip6_reass_purge(uint16_t ifidx)
{
	fragq_purge(&ip6_fragments, ifidx);
}

static void
reass_if_detach(struct ifnet *ifp)
{
	ip6_reass_purge(ifp->if_index);
}
static const struct in6_watch ip6_reass_watch = { .iw_if_detach = reass_if_detach };
IN6_WATCH(ip6_reass_watch);

/* RFC 7112 5: all headers, with that of the protocol above, stand in the first fragment. */
static bool
reass_chain_whole(const struct mbuf *m)
{
	uint8_t proto;
	unsigned off;

	if (!ip6_lasthdr(m, &proto, &off))
		return false;
	return m->m_pktlen >= off + (proto == IPPROTO_TCP_ ? 20 : proto == IPPROTO_UDP_ || proto == IPPROTO_ICMPV6_ ? 8 : 0);
}

/* What no honest sender makes. off: of the fragment header; len: of the data. False: dropped. */
static bool
reass_check(struct mbuf *m, unsigned off, uint32_t start, uint32_t len, bool more)
{
	if (more && (len & 7) != 0) {
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_HEADER, offsetof(struct ip6_hdr, ip6_plen));
		M_DROP(m, ip6s_fragmalformed);
	} else if (len == 0)
		M_DROP(m, ip6s_fragempty);
	else if (start + len > PLEN_MAX) {
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_HEADER, off + (unsigned)offsetof(struct ip6_frag, ip6f_offlg));
		M_DROP(m, ip6s_fragtoolong);
	} else if (start == 0 && !reass_chain_whole(m)) {
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_CHAIN, 0);
		M_DROP(m, ip6s_fragchain);
	} else
		return true;
	return false;
}

/* The datagram's headers move over the fragment header. */
static void
frag_unhead(struct mbuf *m, unsigned nxtoff, unsigned hlen, uint8_t nxt)
{
	uint8_t *head = m->m_data - hlen - sizeof(struct ip6_frag);

	memmove(m->m_data - hlen, head, hlen);
	m->m_data -= hlen;
	m->m_len += hlen;
	m->m_data[nxtoff] = nxt;
}

/* The whole, its length being m_pktlen. */
static void
reass_plen(struct mbuf *m)
{
	((struct ip6_hdr *)m->m_data)->ip6_plen = host_be16((uint16_t)(m->m_pktlen - sizeof(struct ip6_hdr)));
}

/* RFC 6946: a fragment that is all of its datagram has nothing to do with others. */
static struct mbuf *
reass_atomic(struct mbuf *m, unsigned nxtoff, unsigned off, uint8_t nxt)
{
	counter_inc(ip6s_atomicfrags);
	m_adj(m, off + (unsigned)sizeof(struct ip6_frag));
	frag_unhead(m, nxtoff, off, nxt);
	m->m_pktlen += off;
	reass_plen(m);
	return m;
}

/* RFC 8200 4.5: source, destination, identification; and the interface, as sources of link scope and routing domains want it. */
static void
reass_key(struct fragq_in *fi, const struct ip6_hdr *ip6, be32_t ident)
{
	uint64_t ifidx = fi->fi_ifidx;

	fi->fi_key[0] = ip6->ip6_src.s6_addr64[0];
	fi->fi_key[1] = ip6->ip6_src.s6_addr64[1];
	fi->fi_key[2] = ip6->ip6_dst.s6_addr64[0];
	fi->fi_key[3] = ip6->ip6_dst.s6_addr64[1];
	fi->fi_key[4] = ifidx << 32 | ident;
	fi->fi_source[0] = fi->fi_key[0];
	fi->fi_source[1] = IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_src) ? fi->fi_key[1] : 0;
}

struct mbuf *
ip6_reass(struct ifnet *ifp, struct mbuf *m, unsigned *nxtoff, unsigned *off)
{
	unsigned hlen = *off + (unsigned)sizeof(struct ip6_frag);
	struct fragq_in fi;
	struct ip6_frag fh;

	OWNER(0);
	counter_inc(ip6s_fragments);
	if (m->m_pktlen < hlen || !m_pullup(m, hlen)) {
		M_DROP(m, ip6s_fragshort);
		return NULL;
	}
	memcpy(&fh, m->m_data + *off, sizeof(fh));
	fi.fi_ifidx = ifp->if_index;
	fi.fi_hlen = (uint16_t)hlen;
	fi.fi_note = (uint16_t)*nxtoff;
	fi.fi_start = be16_host(fh.ip6f_offlg) & IP6F_OFFMASK;
	fi.fi_more = be16_host(fh.ip6f_offlg) & IP6F_MORE;
	if (!reass_check(m, *off, fi.fi_start, m->m_pktlen - hlen, fi.fi_more))
		return NULL;
	if ((m = m_unshare(m)) == NULL) {
		counter_inc(ip6s_fragown);
		return NULL;
	}
	m->m_rdomain = ifp->if_rdomain;
	if (fi.fi_start == 0 && !fi.fi_more)
		return reass_atomic(m, *nxtoff, *off, fh.ip6f_nxt);
	reass_key(&fi, (const struct ip6_hdr *)m->m_data, fh.ip6f_ident);
	if ((m = fragq_input(&ip6_fragments, m, &fi)) == NULL)
		return NULL;
	*nxtoff = fi.fi_note;
	*off = fi.fi_hlen - (unsigned)sizeof(fh);
	memcpy(&fh, m->m_data + *off, sizeof(fh));		/* the first one's: RFC 8200 4.5 takes its next header */
	m_adj(m, fi.fi_hlen);
	frag_unhead(m, *nxtoff, *off, fh.ip6f_nxt);
	m->m_pktlen += *off;
	reass_plen(m);
	return m;
}
