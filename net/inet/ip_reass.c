/* ip_reass.c - datagrams that come in fragments: which belong together, for how long, and how much of it we keep.
 *
 * Memory is limited for all, and for each source a quarter of that. At the limit the oldest datagram goes (of the source, or of all): one that
 * will be complete is so within milliseconds, so what an attacker leaves behind gives way first (CVE-2018-5391). */
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/sysctl.h"
#include "kernel/timeout.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_reass.h"

#define REASS_SEC	30		/* from the first fragment that comes. RFC 1122 3.3.2: a fixed time, 60 to 120 s; others wait 30 */
#define REASS_MAX	1024u		/* datagrams */
#define REASS_BUCKETS	1024u		/* a power of two */
#define REASS_SHARE	4		/* a source may have this part of the memory */
#define REASS_MAXQUEUE	1024		/* mbufs that wait; never more than a quarter of the pool */
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
COUNTER(ips_fraggone, ip, 220, DROP, "fragment%s dropped with the interface");
COUNTER(ips_fragmany, ip, 221, DROP, "fragment%s of datagrams in too many pieces dropped");
COUNTER(ips_fragdead, ip, 224, DROP, "fragment%s of datagrams that had been given up dropped");
COUNTER(ips_fraghlen, ip, 225, DROP, "fragment%s of datagrams too long with their options dropped");
COUNTER(ips_fragshared, ip, 226, DROP, "fragment%s dropped for want of mbufs of their own");
COUNTER(ips_fragused, ip, 222, CONSUMED, "fragment%s that became part of another's packet");
COUNTER(ips_reassembled, ip, 223, INFO, "packet%s reassembled ok");

static int reass_maxqueue = REASS_MAXQUEUE;
SYSCTL_INT(net_inet_ip_maxqueue, "net.inet.ip.maxqueue", &reass_maxqueue, REASS_MAXQUEUE, 0, 65536);

/* A list of datagrams in the order of their beginnings. */
enum { AGE_ALL, AGE_SOURCE };
struct agelist { struct ipq *al_first, **al_last; };

struct ipq_source {
	struct ipq_source *qs_hashnext;
	be32_t		 qs_addr;
	uint16_t	 qs_rdomain;
	uint32_t	 qs_nmbufs;
	struct agelist	 qs_age;
};

struct ipq {
	struct ipq	*q_hashnext;
	struct { struct ipq *next, **prevp; } q_age[2];
	struct ipq_source *q_source;
	uint64_t	 q_expire;		/* uptime_ns */
	be32_t		 q_src, q_dst;
	be16_t		 q_id;
	uint16_t	 q_rdomain, q_ifidx;
	uint8_t		 q_p;
	bool		 q_dead;		/* RFC 5722: those of its fragments that come later are dropped, too */
	struct fragq	 q_frags;
};

static struct pool ipq_pool, ipq_source_pool;
static struct ipq *ipq_hash[REASS_BUCKETS];
static struct ipq_source *ipq_source_hash[REASS_BUCKETS];
static uint64_t reass_key[2];		/* nobody chooses his bucket */
static struct agelist reass_age = { NULL, &reass_age.al_first };
static uint32_t reass_nmbufs, reass_nfrags;
static struct timeout reass_timeout;

static void reass_timer(void *);

static void
reass_init(void)
{
	pool_init(&ipq_pool, "ipq", sizeof(struct ipq), 8, REASS_MAX);
	pool_init(&ipq_source_pool, "ipqsrc", sizeof(struct ipq_source), 8, REASS_MAX);
	random_bytes(reass_key, sizeof(reass_key));
	reass_key[0] |= 1;
	reass_key[1] |= 1;
	timeout_set(&reass_timeout, reass_timer, NULL);
}
NET_INIT(ip_reass, 10, reass_init);

static uint64_t
reass_held(void)
{
	return reass_nfrags;
}
COUNTER_HOLDER(ip_reass, reass_held);

/* ---- tables ---- */

static unsigned
reass_bucket(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ reass_key[0] >> 1) * reass_key[0];

	h = (h ^ h >> 32 ^ b) * reass_key[1];
	return (unsigned)((h ^ h >> 29) * reass_key[0] >> 54) & (REASS_BUCKETS - 1);
}

static void
age_append(struct agelist *al, struct ipq *q, int which)
{
	q->q_age[which].next = NULL;
	q->q_age[which].prevp = al->al_last;
	*al->al_last = q;
	al->al_last = &q->q_age[which].next;
}

static void
age_remove(struct agelist *al, struct ipq *q, int which)
{
	if ((*q->q_age[which].prevp = q->q_age[which].next) != NULL)
		q->q_age[which].next->q_age[which].prevp = q->q_age[which].prevp;
	else
		al->al_last = q->q_age[which].prevp;
}

static struct ipq **
ipq_chain(be32_t src, be32_t dst, be16_t id, uint8_t p, uint16_t rdomain)
{
	return &ipq_hash[reass_bucket((uint64_t)src << 32 | dst, (uint64_t)rdomain << 32 | (uint64_t)id << 8 | p)];
}

static struct ipq *
ipq_find(const struct ip *ip, uint16_t rdomain)
{
	struct ipq *q = *ipq_chain(ip->ip_src, ip->ip_dst, ip->ip_id, ip->ip_p, rdomain);

	while (q != NULL && !(q->q_src == ip->ip_src && q->q_dst == ip->ip_dst && q->q_id == ip->ip_id && q->q_p == ip->ip_p &&
	    q->q_rdomain == rdomain))
		q = q->q_hashnext;
	return q;
}

static struct ipq_source **
ipq_source_chain(be32_t src, uint16_t rdomain)
{
	return &ipq_source_hash[reass_bucket(src, (uint64_t)rdomain << 32 | 0xffffffff)];
}

static struct ipq_source *
ipq_source_get(be32_t src, uint16_t rdomain)
{
	struct ipq_source **chain = ipq_source_chain(src, rdomain), *qs = *chain;

	while (qs != NULL && !(qs->qs_addr == src && qs->qs_rdomain == rdomain))
		qs = qs->qs_hashnext;
	if (qs == NULL && (qs = pool_get(&ipq_source_pool)) != NULL) {
		qs->qs_addr = src;
		qs->qs_rdomain = rdomain;
		qs->qs_age.al_last = &qs->qs_age.al_first;
		qs->qs_hashnext = *chain;
		*chain = qs;
	}
	return qs;
}

static void
ipq_source_put(struct ipq_source *qs)
{
	struct ipq_source **p = ipq_source_chain(qs->qs_addr, qs->qs_rdomain);

	if (qs->qs_age.al_first != NULL)
		return;
	while (*p != qs)
		p = &(*p)->qs_hashnext;
	*p = qs->qs_hashnext;
	pool_put(&ipq_source_pool, qs);
}

/* ---- a datagram's life ---- */

/* Its fragments are freed; how many they were, for the counter. */
static unsigned
ipq_empty(struct ipq *q)
{
	q->q_source->qs_nmbufs -= q->q_frags.fq_nmbufs;
	reass_nmbufs -= q->q_frags.fq_nmbufs;
	reass_nfrags -= q->q_frags.fq_nfrags;
	return fragq_free(&q->q_frags);
}

/* Without fragments. */
static void
ipq_destroy(struct ipq *q)
{
	struct ipq **p = ipq_chain(q->q_src, q->q_dst, q->q_id, q->q_p, q->q_rdomain);

	while (*p != q)
		p = &(*p)->q_hashnext;
	*p = q->q_hashnext;
	age_remove(&reass_age, q, AGE_ALL);
	age_remove(&q->q_source->qs_age, q, AGE_SOURCE);
	ipq_source_put(q->q_source);
	pool_put(&ipq_pool, q);
	if (reass_age.al_first == NULL)
		timeout_del(&reass_timeout);
}

static void
ipq_evict(struct ipq *q)
{
	counter_add(ips_fragevict, ipq_empty(q));
	ipq_destroy(q);
}

static struct ipq *
ipq_create(const struct mbuf *m, const struct ip *ip)
{
	struct ipq **chain, *q;
	struct ipq_source *qs;

	if (ipq_pool.pr_nout >= REASS_MAX)
		ipq_evict(reass_age.al_first);
	if ((q = pool_get(&ipq_pool)) == NULL)
		return NULL;
	if ((qs = ipq_source_get(ip->ip_src, m->m_rdomain)) == NULL) {
		pool_put(&ipq_pool, q);
		return NULL;
	}
	q->q_src = ip->ip_src;
	q->q_dst = ip->ip_dst;
	q->q_id = ip->ip_id;
	q->q_p = ip->ip_p;
	q->q_rdomain = m->m_rdomain;
	q->q_ifidx = m->m_ifidx;
	q->q_source = qs;
	q->q_frags.fq_len = FRAGQ_UNKNOWN;
	q->q_expire = uptime_ns() + REASS_SEC * 1000000000ull;
	if (reass_age.al_first == NULL)
		timeout_add_sec(&reass_timeout, REASS_SEC);
	age_append(&reass_age, q, AGE_ALL);
	age_append(&qs->qs_age, q, AGE_SOURCE);
	chain = ipq_chain(q->q_src, q->q_dst, q->q_id, q->q_p, q->q_rdomain);
	q->q_hashnext = *chain;
	*chain = q;
	return q;
}

/* RFC 792: time exceeded, about the first fragment; without it none. */
static void
ipq_expire(struct ipq *q)
{
	struct mbuf *m = q->q_frags.fq_first;

	if (m != NULL && m->m_flowid == 0) {
		m->m_data -= q->q_frags.fq_hlen;
		m->m_len += q->q_frags.fq_hlen;
		m->m_pktlen += q->q_frags.fq_hlen;
		m_trim(m, MIN(m->m_pktlen, (uint32_t)be16_host(((const struct ip *)m->m_data)->ip_len)));	/* not what follows it */
		icmp_error(m, ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0, 0);
	}
	counter_add(ips_fragtimeout, ipq_empty(q));
	ipq_destroy(q);
}

static void
reass_timer(void *arg __unused_arg)
{
	uint64_t now = uptime_ns();
	struct ipq *q;

	while ((q = reass_age.al_first) != NULL && q->q_expire <= now)
		ipq_expire(q);
	if (q != NULL)
		timeout_add_msec(&reass_timeout, (q->q_expire - now + 999999) / 1000000);
}

void
ip_reass_purge(uint16_t ifidx)
{
	struct ipq *next;

	for (struct ipq *q = reass_age.al_first; q != NULL; q = next) {
		next = q->q_age[AGE_ALL].next;
		if (q->q_ifidx == ifidx) {
			counter_add(ips_fraggone, ipq_empty(q));
			ipq_destroy(q);
		}
	}
}

/* ---- a fragment comes ---- */

static uint32_t
reass_limit(void)
{
	return MIN((uint32_t)reass_maxqueue, percore(mbuf_pool).mp_total / 4);
}

/* Room for n mbufs more of q's: others give way, first those of the same source. False: it would be too much for one source. */
static bool
reass_room(struct ipq *q, uint32_t n)
{
	struct ipq_source *qs = q->q_source;
	uint32_t all = reass_limit();

	if (q->q_frags.fq_nmbufs + n > all / REASS_SHARE)
		return false;
	while (qs->qs_nmbufs + n > all / REASS_SHARE) {
		struct ipq *old = qs->qs_age.al_first;

		ipq_evict(old != q ? old : q->q_age[AGE_SOURCE].next);
	}
	while (reass_nmbufs + n > all) {
		struct ipq *old = reass_age.al_first;

		ipq_evict(old != q ? old : q->q_age[AGE_ALL].next);
	}
	return true;
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

/* The datagram is complete. NULL: with its options it is too long. */
static struct mbuf *
reass_finish(struct ipq *q)
{
	uint32_t nfrags = q->q_frags.fq_nfrags;
	struct mbuf *m;
	struct ip *ip;

	if (q->q_frags.fq_len + q->q_frags.fq_hlen > IP_MAXPACKET) {
		counter_add(ips_fraghlen, ipq_empty(q));
		ipq_destroy(q);
		return NULL;
	}
	reass_nmbufs -= q->q_frags.fq_nmbufs;
	reass_nfrags -= nfrags;
	q->q_source->qs_nmbufs -= q->q_frags.fq_nmbufs;
	m = fragq_take(&q->q_frags);
	ipq_destroy(q);
	ip = (struct ip *)m->m_data;
	ip->ip_len = host_be16((uint16_t)m->m_pktlen);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, (ip->ip_vhl & 15) * 4u);
	m->m_csum = 0;
	counter_add(ips_fragused, nfrags - 1);
	counter_inc(ips_reassembled);
	return m;
}

/* Adds it to its datagram; true: that is complete. */
static bool
reass_add(struct ipq *q, struct mbuf *m, unsigned hlen, uint32_t start, bool more)
{
	struct fragq *fq = &q->q_frags;
	uint32_t nmbufs = fq->fq_nmbufs, nfrags = fq->fq_nfrags;

	m_adj(m, hlen);
	switch (fragq_add(fq, m, start, more)) {
	case FRAGQ_DUPLICATE:
		M_DROP(m, ips_fragdup);
		return false;
	case FRAGQ_OVERLAP:
		q->q_dead = true;
		m_freem(m);
		counter_add(ips_fragoverlap, ipq_empty(q) + 1);
		return false;
	case FRAGQ_KEPT:
		break;
	}
	if (start == 0)
		fq->fq_hlen = (uint8_t)hlen;
	q->q_source->qs_nmbufs += fq->fq_nmbufs - nmbufs;	/* less than before is possible */
	reass_nmbufs += fq->fq_nmbufs - nmbufs;
	reass_nfrags += fq->fq_nfrags - nfrags;
	return fq->fq_have == fq->fq_len;
}

struct mbuf *
ip_reass(struct ifnet *ifp, struct mbuf *m)
{
	const struct ip *ip = (const struct ip *)m->m_data;
	unsigned hlen = (ip->ip_vhl & 15) * 4u, off = be16_host(ip->ip_off);
	uint32_t start = (off & IP_OFFMASK) * 8u;
	bool more = off & IP_MF;
	struct ipq *q;

	OWNER(0);
	counter_inc(ips_fragments);
	if (!reass_check(m, ip, start, m->m_pktlen - hlen, more))
		return NULL;
	m->m_rdomain = ifp->if_rdomain;
	if ((m = m_unshare(m)) == NULL) {		/* neighbours' bytes are written behind its own */
		counter_inc(ips_fragshared);
		return NULL;
	}
	ip = (const struct ip *)m->m_data;
	if ((q = ipq_find(ip, m->m_rdomain)) == NULL && (q = ipq_create(m, ip)) == NULL) {
		M_DROP(m, ips_fragnomem);
		return NULL;
	}
	if (q->q_dead) {
		M_DROP(m, ips_fragdead);
		return NULL;
	}
	if (!reass_room(q, fragq_mbufs(m))) {
		q->q_dead = true;
		counter_add(ips_fragmany, ipq_empty(q) + 1);
		m_freem(m);
		return NULL;
	}
	return reass_add(q, m, hlen, start, more) ? reass_finish(q) : NULL;
}
