/* mbuf.h - the packet, and the batch of packets that every stage takes.
 *
 * An mbuf is a header of two cache lines and one contiguous buffer of 2 KB. Only jumbo frames and merged receive buffers make chains
 * (m_next). A clone has its own header and shares the buffer by reference count. An mbuf belongs to a core's pool; core 0..n-1 get and
 * free theirs without locks; freed elsewhere it goes home by a return ring.
 *
 * Ownership: who is given an mbuf must pass it on, drop it with M_DROP, or free it. A stage owns all mbufs of the batch that it is given; the
 * struct batch itself stays the caller's and is undefined afterwards. */
#ifndef NET_CORE_MBUF_H
#define NET_CORE_MBUF_H

#include "kernel/percore.h"
#include "net/core/counter.h"

#define MCLBYTES	2048		/* bytes of a buffer */
#define MHEADROOM	128		/* free bytes before a received frame, at least */
#define BATCH_MAX	64

struct ifnet;
struct nexthop;
struct rtentry;

struct mbuf {
	/* line 0: what every stage touches */
	uint8_t		*m_data;	/* first byte here */
	uint32_t	 m_len;		/* bytes at m_data */
	uint32_t	 m_pktlen;	/* bytes of the whole chain; valid in its first mbuf */
	struct mbuf	*m_next;	/* the rest of the chain */
	struct mbuf	*m_nextpkt;	/* the next packet of a queue */
	union {				/* within one pass of the loop only: */
		struct rtentry	*m_rt;	/* what ip_input found for the destination */
		struct nexthop	*m_nh;	/* where ether_output sends it */
	};
	uint16_t	 m_ifidx;	/* received on; 0: made here */
	uint16_t	 m_flags;	/* M_* */
	uint16_t	 m_csum;	/* M_CSUM_*: what the card has checked */
	uint8_t		 m_loops;	/* passes through ip_input or a virtual interface; bounded */
	uint8_t		 m_home;	/* core whose pool it is from */
	uint32_t	 m_flowid;
	uint16_t	 m_rdomain;
	uint16_t	 m_spare;

	/* line 1 */
	uint8_t		*m_buf __aligned_to(CACHELINE);	/* the buffer, MCLBYTES long */
	struct mbuf	*m_owner;	/* whose buffer it is: its own, or a clone's original's */
	uint8_t		*m_own;		/* this header's own buffer; == m_buf unless a clone */
	uint32_t	 m_refs;	/* in the owner: headers that use the buffer */
	uint32_t	 m_size;	/* MCLBYTES */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct mbuf) == 2 * CACHELINE, "mbuf is two cache lines");

#define M_BCAST		0x0001		/* came as link-level broadcast */
#define M_MCAST		0x0002		/* came as link-level multicast */
#define M_FREED		0x8000		/* stands in the pool; checks for double free */

#define M_CSUM_L4_OK	0x0001		/* the card found TCP's or UDP's checksum good */
#define M_CSUM_L4_NEEDED 0x0002		/* virtio NEEDS_CSUM: the L4 checksum field holds the pseudo-header sum only */

/* PERCORE. Array stack of free mbufs; m_get takes from its top. */
struct mbuf_pool {
	struct mbuf	**mp_free;	/* mp_nfree are there */
	uint32_t	 mp_nfree, mp_total, mp_low;	/* total owned; fewest free ever */
	uint64_t	 mp_fails;	/* asked for with none left */
};
extern struct mbuf_pool mbuf_pool;	/* PERCORE */

/* This core's pool of n mbufs, from pages. Boot, each core. False: no memory. */
bool	mbuf_init(unsigned n);
/* mbufs of this core that are out (rings hold some of them). */
uint32_t mbuf_used(void);

/* The slow ends of m_get and m_free. */
struct mbuf *m_get_slow(void);
void	m_free_slow(struct mbuf *);

/* One mbuf, empty, m_data at MHEADROOM, all other fields zero. NULL: pool empty (counted). */
static inline struct mbuf *
m_get(void)
{
	struct mbuf *m;
	uint32_t n = percore(mbuf_pool.mp_nfree);

	if (unlikely(n == 0))
		return m_get_slow();
	percore(mbuf_pool.mp_nfree) = --n;
	m = percore(mbuf_pool.mp_free)[n];
	m->m_flags = 0;
	return m;
}

/* Frees this one mbuf (not its chain). */
static inline void
m_free(struct mbuf *m)
{
	uint32_t n;

	if (unlikely(m->m_owner != m || m->m_refs != 1 || m->m_home != core_id() || (m->m_flags & M_FREED))) {
		m_free_slow(m);
		return;
	}
	m->m_data = m->m_buf + MHEADROOM;
	m->m_len = m->m_pktlen = 0;
	m->m_next = m->m_nextpkt = NULL;
	m->m_rt = NULL;
	m->m_ifidx = 0;
	m->m_flags = M_FREED;
	m->m_csum = 0;
	m->m_loops = 0;
	m->m_flowid = 0;
	m->m_rdomain = 0;
	n = percore(mbuf_pool.mp_nfree);
	percore(mbuf_pool.mp_free)[n] = m;
	percore(mbuf_pool.mp_nfree) = n + 1;
}

/* Frees the chain. */
static inline void
m_freem(struct mbuf *m)
{
	while (m != NULL) {
		struct mbuf *n = m->m_next;
		m_free(m);
		m = n;
	}
}

/* The one way to refuse a packet. */
#define M_DROP(m, counter)	do { counter_inc(counter); m_freem(m); } while (0)

/* Makes the first mbuf hold at least len bytes (len <= MCLBYTES - MHEADROOM), taking from those behind. False: the packet is shorter, or no
 * room; the mbuf stays the caller's. */
bool	m_pullup(struct mbuf *, uint32_t len);
/* Removes n bytes (n <= m_len) from the front. */
static inline void
m_adj(struct mbuf *m, uint32_t n)
{
	m->m_data += n;
	m->m_len -= n;
	m->m_pktlen -= n;
}
/* Cuts the packet to len bytes (len <= m_pktlen); mbufs behind are freed. */
void	m_trim(struct mbuf *, uint32_t len);
/* n more bytes in front (contents undefined); false: no headroom, nothing changed. */
static inline bool
m_prepend(struct mbuf *m, uint32_t n)
{
	if (unlikely((size_t)(m->m_data - m->m_buf) < n))
		return false;
	m->m_data -= n;
	m->m_len += n;
	m->m_pktlen += n;
	return true;
}
/* Copies len bytes from offset off of the chain to dst; off + len <= m_pktlen (asserted). */
void	m_copydata(const struct mbuf *, uint32_t off, uint32_t len, void *dst);
/* Appends len bytes, taking more mbufs where needed. False: pool empty; what was appended stays. */
bool	m_append(struct mbuf *, const void *, uint32_t len);
/* Room behind the data of this mbuf. */
static inline uint32_t m_tailroom(const struct mbuf *m) { return m->m_size - (uint32_t)(m->m_data - m->m_buf) - m->m_len; }
/* A second packet with the same bytes (shared buffers); headers may be changed only after m_unshare. NULL: pool empty. */
struct mbuf *m_clone(const struct mbuf *);

struct batch {
	unsigned	 b_n;
	struct mbuf	*b_m[BATCH_MAX];
};
static inline void batch_add(struct batch *b, struct mbuf *m) { b->b_m[b->b_n++] = m; }

#endif
