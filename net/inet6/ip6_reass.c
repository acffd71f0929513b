/* ip6_reass.c - datagrams for us that come in fragments (RFC 8200 4.5): which belong together, for how long, and how much of it we keep.
 *
 * One policy for overlap: the datagram is given up (RFC 5722), those of its fragments that come later with it; the same bytes at the same place
 * again are a duplicate and not needed. Memory is limited for all, and for each source (a /64, as a station may have all of its addresses) to a
 * quarter of that. At the limit the oldest goes: a datagram that will be complete is so within milliseconds. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/sysctl.h"
#include "kernel/timeout.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/ip6_reass.h"

#define REASS_SEC	60		/* from the first fragment that comes: RFC 8200 4.5 */
#define REASS_MAX	1024u		/* datagrams */
#define REASS_BUCKETS	1024u		/* a power of two */
#define SOURCES		256u		/* the same; those that share one share its memory */
#define REASS_SHARE	4		/* a source may have this part of the memory */
#define REASS_MAXQUEUE	1024		/* mbufs that wait; never more than a quarter of the pool */
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

/* A datagram. Its fragments by m_nextpkt, in the order of their place, which stands in m_flowid; each without its headers. No two touch each
 * other's bytes. The first one's headers still stand before its m_data. */
struct ip6q {
	struct ip6q	*q_hashnext;
	struct ip6q	*q_next, **q_prevp;	/* by age */
	uint64_t	 q_expire;		/* uptime_ns */
	struct in6_addr	 q_src, q_dst;
	be32_t		 q_ident;
	uint16_t	 q_ifidx;
	bool		 q_dead;
	struct mbuf	*q_frags;
	uint32_t	 q_len;			/* of the whole's data; UINT32_MAX: the last fragment is not here */
	uint32_t	 q_have;		/* bytes here */
	uint32_t	 q_nfrags, q_nmbufs;
	unsigned	 q_nxtoff, q_hlen;	/* the first one's: where the fragment header's number stands; bytes before that header */
};

static struct pool ip6q_pool;
static struct ip6q *ip6q_hash[REASS_BUCKETS];
static struct ip6q *ip6q_oldest, **ip6q_newestp = &ip6q_oldest;
static uint32_t reass_nmbufs, reass_nfrags, source_nmbufs[SOURCES];
static uint64_t reass_key[2];			/* nobody chooses his bucket */
static struct timeout reass_timeout;

static void reass_timer(void *);

static void
reass_init(void)
{
	pool_init(&ip6q_pool, "ip6q", sizeof(struct ip6q), 8, REASS_MAX);
	random_bytes(reass_key, sizeof(reass_key));
	reass_key[0] |= 1;
	reass_key[1] |= 1;
	timeout_set(&reass_timeout, reass_timer, NULL);
}
NET_INIT(ip6_reass, 10, reass_init);

static uint64_t
reass_held(void)
{
	return reass_nfrags;
}
COUNTER_HOLDER(ip6_reass, reass_held);

/* ---- tables ---- */

static uint64_t
reass_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v ^ reass_key[0] >> 1) * reass_key[1];
	return (h ^ h >> 31) * reass_key[0];
}

static uint32_t *
source_of(const struct in6_addr *src)
{
	uint64_t h = reass_mix(0, src->s6_addr64[0]);

	if (IN6_IS_ADDR_LINKLOCAL(src))
		h = reass_mix(h, src->s6_addr64[1]);
	return &source_nmbufs[h >> 40 & (SOURCES - 1)];
}

static struct ip6q **
ip6q_chain(const struct in6_addr *src, const struct in6_addr *dst, be32_t ident, uint16_t ifidx)
{
	uint64_t h = reass_mix(reass_mix(ident, src->s6_addr64[0]), src->s6_addr64[1]);

	h = reass_mix(reass_mix(h + ifidx, dst->s6_addr64[0]), dst->s6_addr64[1]);
	return &ip6q_hash[h >> 40 & (REASS_BUCKETS - 1)];
}

/* RFC 8200 4.5: source, destination, identification; and the interface, as sources of link scope and routing domains want it. */
static struct ip6q *
ip6q_find(const struct ip6_hdr *ip6, be32_t ident, uint16_t ifidx)
{
	struct ip6q *q = *ip6q_chain(&ip6->ip6_src, &ip6->ip6_dst, ident, ifidx);

	while (q != NULL && !(q->q_ident == ident && q->q_ifidx == ifidx && in6_equal(&q->q_src, &ip6->ip6_src) &&
	    in6_equal(&q->q_dst, &ip6->ip6_dst)))
		q = q->q_hashnext;
	return q;
}

/* ---- a datagram's life ---- */

static uint32_t
count_mbufs(const struct mbuf *m)
{
	uint32_t n = 0;

	for (; m != NULL; m = m->m_next)
		n++;
	return n;
}

static void
ip6q_account(const struct ip6q *q, int sign)
{
	*source_of(&q->q_src) += (uint32_t)sign * q->q_nmbufs;
	reass_nmbufs += (uint32_t)sign * q->q_nmbufs;
	reass_nfrags += (uint32_t)sign * q->q_nfrags;
}

/* Its fragments are freed; how many they were, for the counter. */
static unsigned
ip6q_empty(struct ip6q *q)
{
	unsigned n = q->q_nfrags;
	struct mbuf *m;

	ip6q_account(q, -1);
	while ((m = q->q_frags) != NULL) {
		q->q_frags = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m_freem(m);
	}
	q->q_nfrags = q->q_nmbufs = q->q_have = 0;
	return n;
}

/* Without fragments. */
static void
ip6q_destroy(struct ip6q *q)
{
	struct ip6q **p = ip6q_chain(&q->q_src, &q->q_dst, q->q_ident, q->q_ifidx);

	while (*p != q)
		p = &(*p)->q_hashnext;
	*p = q->q_hashnext;
	if ((*q->q_prevp = q->q_next) != NULL)
		q->q_next->q_prevp = q->q_prevp;
	else
		ip6q_newestp = q->q_prevp;
	pool_put(&ip6q_pool, q);
	if (ip6q_oldest == NULL)
		timeout_del(&reass_timeout);
}

static void
ip6q_evict(struct ip6q *q)
{
	counter_add(ip6s_fragevict, ip6q_empty(q));
	ip6q_destroy(q);
}

static struct ip6q *
ip6q_create(const struct ip6_hdr *ip6, be32_t ident, uint16_t ifidx)
{
	struct ip6q **chain, *q;

	if (ip6q_pool.pr_nout >= REASS_MAX)
		ip6q_evict(ip6q_oldest);
	if ((q = pool_get(&ip6q_pool)) == NULL)
		return NULL;
	q->q_src = ip6->ip6_src;
	q->q_dst = ip6->ip6_dst;
	q->q_ident = ident;
	q->q_ifidx = ifidx;
	q->q_len = UINT32_MAX;
	q->q_expire = uptime_ns() + REASS_SEC * 1000000000ull;
	if (ip6q_oldest == NULL)
		timeout_add_sec(&reass_timeout, REASS_SEC);
	q->q_prevp = ip6q_newestp;
	*ip6q_newestp = q;
	ip6q_newestp = &q->q_next;
	chain = ip6q_chain(&q->q_src, &q->q_dst, ident, ifidx);
	q->q_hashnext = *chain;
	*chain = q;
	return q;
}

/* RFC 8200 4.5: time exceeded, about the first fragment as it came; without it none. */
static void
ip6q_expire(struct ip6q *q)
{
	struct mbuf *m = q->q_frags;
	unsigned hlen = q->q_hlen + (unsigned)sizeof(struct ip6_frag);

	if (m != NULL && m->m_flowid == 0) {
		m->m_data -= hlen;
		m->m_len += hlen;
		m->m_pktlen += hlen;
		icmp6_error(m, ICMP6_TIMXCEED, ICMP6_TIMXCEED_REASS, 0);
	}
	counter_add(ip6s_fragtimeout, ip6q_empty(q));
	ip6q_destroy(q);
}

static void
reass_timer(void *arg __unused_arg)
{
	uint64_t now = uptime_ns();

	while (ip6q_oldest != NULL && ip6q_oldest->q_expire <= now)
		ip6q_expire(ip6q_oldest);
	if (ip6q_oldest != NULL)
		timeout_add_msec(&reass_timeout, (ip6q_oldest->q_expire - now + 999999) / 1000000);
}

void
ip6_reass_purge(uint16_t ifidx)
{
	struct ip6q *next;

	for (struct ip6q *q = ip6q_oldest; q != NULL; q = next) {
		next = q->q_next;
		if (q->q_ifidx == ifidx) {
			counter_add(ip6s_fraggone, ip6q_empty(q));
			ip6q_destroy(q);
		}
	}
}

static void
reass_if_detach(struct ifnet *ifp)
{
	ip6_reass_purge(ifp->if_index);
}
static const struct in6_watch ip6_reass_watch = { .iw_if_detach = reass_if_detach };
IN6_WATCH(ip6_reass_watch);

/* ---- a fragment comes ---- */

static uint32_t
reass_limit(void)
{
	return MIN((uint32_t)reass_maxqueue, percore(mbuf_pool).mp_total / 4);
}

/* Room for n mbufs more of q's: others give way, first those of the same source. False: it would be too much for one source. */
static bool
reass_room(struct ip6q *q, uint32_t n)
{
	uint32_t all = reass_limit(), *source = source_of(&q->q_src);
	struct ip6q *old, *next;

	if (q->q_nmbufs + n > all / REASS_SHARE)
		return false;
	for (old = ip6q_oldest; old != NULL && *source + n > all / REASS_SHARE; old = next) {
		next = old->q_next;
		if (old != q && source_of(&old->q_src) == source)
			ip6q_evict(old);
	}
	for (old = ip6q_oldest; old != NULL && reass_nmbufs + n > all; old = next) {
		next = old->q_next;
		if (old != q)
			ip6q_evict(old);
	}
	return true;
}

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

/* The bytes of m, which belong to `start`, are f's, all of them. */
static bool
frag_same(const struct mbuf *f, const struct mbuf *m, uint32_t start)
{
	uint8_t a[256], b[256];

	if (f->m_flowid != start || f->m_pktlen != m->m_pktlen)
		return false;
	for (uint32_t done = 0, n; done < m->m_pktlen; done += n) {
		n = MIN(m->m_pktlen - done, (uint32_t)sizeof(a));
		m_copydata(f, done, n, a);
		m_copydata(m, done, n, b);
		if (memcmp(a, b, n) != 0)
			return false;
	}
	return true;
}

enum frag_result { FRAG_KEPT, FRAG_DUPLICATE, FRAG_OVERLAP };

static enum frag_result
ip6q_add(struct ip6q *q, struct mbuf *m, uint32_t start, bool more)
{
	struct mbuf **p = &q->q_frags;
	uint32_t end = start + m->m_pktlen;

	while (*p != NULL && (*p)->m_flowid + (*p)->m_pktlen <= start)
		p = &(*p)->m_nextpkt;
	if (*p != NULL && frag_same(*p, m, start))
		return FRAG_DUPLICATE;
	if (*p != NULL && (*p)->m_flowid < end)
		return FRAG_OVERLAP;
	if (q->q_len != UINT32_MAX && (end > q->q_len || (!more && end != q->q_len) || (more && end == q->q_len)))
		return FRAG_OVERLAP;			/* it contradicts what is known of the end */
	if (!more && *p != NULL)
		return FRAG_OVERLAP;
	m->m_flowid = start;
	m->m_nextpkt = *p;
	*p = m;
	if (!more)
		q->q_len = end;
	ip6q_account(q, -1);
	q->q_have += m->m_pktlen;
	q->q_nfrags++;
	q->q_nmbufs += count_mbufs(m);
	ip6q_account(q, 1);
	return FRAG_KEPT;
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

/* It is complete. NULL: with its headers it is too long. */
static struct mbuf *
ip6q_finish(struct ip6q *q, unsigned *nxtoff, unsigned *off)
{
	struct mbuf *m = q->q_frags, *tail = m, *f, *next;
	unsigned hlen = *off = q->q_hlen;
	uint32_t len = q->q_len;

	*nxtoff = q->q_nxtoff;
	if (len + hlen - sizeof(struct ip6_hdr) > PLEN_MAX) {
		counter_add(ip6s_fragwhole, ip6q_empty(q));
		ip6q_destroy(q);
		return NULL;
	}
	counter_add(ip6s_fragused, q->q_nfrags - 1);
	counter_inc(ip6s_reassembled);
	for (f = m->m_nextpkt; f != NULL; f = next) {
		next = f->m_nextpkt;
		f->m_nextpkt = NULL;
		while (tail->m_next != NULL)
			tail = tail->m_next;
		tail->m_next = f;
	}
	m->m_nextpkt = NULL;
	ip6q_account(q, -1);
	q->q_frags = NULL;
	ip6q_destroy(q);
	frag_unhead(m, *nxtoff, hlen, ((const struct ip6_frag *)(m->m_data - sizeof(struct ip6_frag)))->ip6f_nxt);
	m->m_pktlen = hlen + len;
	m->m_flowid = 0;
	m->m_csum = 0;
	((struct ip6_hdr *)m->m_data)->ip6_plen = host_be16((uint16_t)(m->m_pktlen - sizeof(struct ip6_hdr)));
	return m;
}

/* RFC 6946: a fragment that is all of its datagram has nothing to do with others. */
static struct mbuf *
reass_atomic(struct mbuf *m, unsigned nxtoff, unsigned off, uint8_t nxt)
{
	counter_inc(ip6s_atomicfrags);
	m_adj(m, off + (unsigned)sizeof(struct ip6_frag));
	frag_unhead(m, nxtoff, off, nxt);
	m->m_pktlen += off;
	((struct ip6_hdr *)m->m_data)->ip6_plen = host_be16((uint16_t)(m->m_pktlen - sizeof(struct ip6_hdr)));
	return m;
}

static struct mbuf *
reass_put(struct ip6q *q, struct mbuf *m, unsigned *nxtoff, unsigned *off, uint32_t start, bool more)
{
	m_adj(m, *off + (unsigned)sizeof(struct ip6_frag));
	switch (ip6q_add(q, m, start, more)) {
	case FRAG_DUPLICATE:
		M_DROP(m, ip6s_fragdup);
		return NULL;
	case FRAG_OVERLAP:
		q->q_dead = true;
		m_freem(m);
		counter_add(ip6s_fragoverlap, ip6q_empty(q) + 1);
		return NULL;
	case FRAG_KEPT:
		break;
	}
	if (start == 0) {
		q->q_nxtoff = *nxtoff;
		q->q_hlen = *off;
	}
	return q->q_have == q->q_len ? ip6q_finish(q, nxtoff, off) : NULL;
}

struct mbuf *
ip6_reass(struct ifnet *ifp, struct mbuf *m, unsigned *nxtoff, unsigned *off)
{
	unsigned hlen = *off;
	struct ip6_frag fh;
	struct ip6q *q;
	uint32_t start;
	bool more;

	OWNER(0);
	counter_inc(ip6s_fragments);
	if (m->m_pktlen < hlen + sizeof(fh) || !m_pullup(m, hlen + (unsigned)sizeof(fh))) {
		M_DROP(m, ip6s_fragshort);
		return NULL;
	}
	memcpy(&fh, m->m_data + hlen, sizeof(fh));
	start = be16_host(fh.ip6f_offlg) & IP6F_OFFMASK;
	more = be16_host(fh.ip6f_offlg) & IP6F_MORE;
	if (!reass_check(m, hlen, start, m->m_pktlen - hlen - (uint32_t)sizeof(fh), more))
		return NULL;
	if ((m = m_unshare(m)) == NULL) {
		counter_inc(ip6s_fragown);
		return NULL;
	}
	m->m_rdomain = ifp->if_rdomain;
	if (start == 0 && !more)
		return reass_atomic(m, *nxtoff, hlen, fh.ip6f_nxt);
	if ((q = ip6q_find((const struct ip6_hdr *)m->m_data, fh.ip6f_ident, ifp->if_index)) == NULL &&
	    (q = ip6q_create((const struct ip6_hdr *)m->m_data, fh.ip6f_ident, ifp->if_index)) == NULL) {
		M_DROP(m, ip6s_fragnomem);
		return NULL;
	}
	if (q->q_dead) {
		M_DROP(m, ip6s_fragdead);
		return NULL;
	}
	if (!reass_room(q, count_mbufs(m))) {
		q->q_dead = true;
		counter_add(ip6s_fragmany, ip6q_empty(q) + 1);
		m_freem(m);
		return NULL;
	}
	return reass_put(q, m, nxtoff, off, start, more);
}
