/* mbuf.h - the packet, and the batch of packets that every stage takes.
 *
 * An mbuf is a header of two cache lines and one contiguous buffer of 2 KB. Only jumbo frames and merged receive buffers make chains
 * (m_next). A clone has its own header and shares the buffer by reference count. Each core gets from and frees to a pool of its own
 * without locks; what one has too many of goes to the others (mbuf_share.c). Clones and what they share stay on one core.
 *
 * Ownership: who is given an mbuf must pass it on, drop it with M_DROP, or free it. A stage owns all mbufs of the batch that it is given; the
 * struct batch itself stays the caller's and is undefined afterwards. */
#ifndef NET_CORE_MBUF_H
#define NET_CORE_MBUF_H

#include "kernel/percore.h"
#include "net/core/counter.h"
#include "net/inet6/in6.h"

#define MCLBYTES	2048		/* bytes of a buffer */
#define MHEADROOM	128		/* free bytes before a received frame, at least */
#define BATCH_MAX	64

struct ifnet;
struct nexthop;
struct rtentry;

struct mbuf {
	/* line 0: what every stage touches */
	uint8_t		*m_data;	/* first byte of the packet here */
	union {
		struct {
			uint32_t m_len;		/* bytes at m_data */
			uint32_t m_pktlen;	/* bytes of the whole chain; valid in its first mbuf */
		};
		uint64_t m_lens;	/* both, for one move */
	};
	struct mbuf	*m_next;	/* the rest of the chain */
	struct mbuf	*m_nextpkt;	/* the next packet of a queue */
	union {				/* within one pass of the loop only: */
		struct rtentry	*m_rt;	/* what ip_input found for the destination */
		struct nexthop	*m_nh;	/* where ether_output sends it; */
		uint64_t	 m_tag;	/* on the way to another core its number: nexthop_tag() */
	};
	uint16_t	 m_ifidx;	/* received on; 0: made here */
	uint16_t	 m_flags;	/* M_* */
	uint16_t	 m_csum;	/* M_CSUM_*: what the card has checked */
	uint8_t		 m_loops;	/* passes through ip_input or a virtual interface; bounded */
	uint8_t		 m_prio;	/* m_priority() of the packet, as the difference to M_PRIO_DEFAULT */
	uint32_t	 m_flowid;
	uint16_t	 m_rdomain;
	uint16_t	 m_pftag;	/* the packet filter's tag; 0: none */
	uint8_t		*m_buf;		/* the buffer that m_data is in, MCLBYTES long */

	/* line 1: what only clones, and packets that change cores, need */
	struct mbuf	*m_owner __aligned_to(CACHELINE);	/* whose buffer it is: its own, or a clone's original's */
	uint8_t		*m_own;		/* this header's own buffer; == m_buf unless a clone */
	uint32_t	 m_refs;	/* in the owner: headers that use the buffer */
	uint32_t	 m_size;	/* MCLBYTES */
	struct in6_addr	 m_route;	/* the packet filter's next hop, while it sends the packet there */
	uint32_t	 m_delay;	/* M_PF_DELAY; while it waits: until then, ms of uptime */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct mbuf) == 2 * CACHELINE, "mbuf is two cache lines");
_Static_assert(offsetof(struct mbuf, m_buf) == 56, "m_reset() zeroes what is between m_data and m_buf");

#define M_BCAST		0x0001		/* came as link-level broadcast */
#define M_MCAST		0x0002		/* came as link-level multicast */
#define M_FRAGMENT	0x0004		/* an IPv6 packet for us that came with a fragment header */
#define M_PF_IN		0x0008		/* the packet filter has tested it inwards */
#define M_PF_OUT	0x0010		/* and is not to test it outwards: it was, or says what the filter has to say */
#define M_PF_HOME	0x0040		/* a note of the packet filter has sent it to the core that has its state */
#define M_PF_ROUTED	0x0080		/* M_PF_IN: it is to go on along m_route */
#define M_PF_ASKED	0x0100		/* and core 0 has been asked for what it needs there */
#define M_REFRAG	0x0020		/* IPv6: came in fragments, and goes on in some */
#define M_PF_DELAY	0x0200		/* the packet filter has it wait for m_delay ms before it leaves */
#define M_SHARED	0x4000		/* a clone, or has clones: m_free takes the slow way, nobody writes into the buffer */
#define M_FREED		0x8000		/* stands in the pool (debug builds: double free) */

#define M_CSUM_L4_OK	0x0001		/* the card found TCP's or UDP's checksum good */
#define M_CSUM_L4_NEEDED 0x0002		/* virtio NEEDS_CSUM: the L4 checksum field holds the pseudo-header sum only */

/* How urgent a packet is, from 0 to 7: who makes it may say so (a tag of IEEE 802.1Q, the packet filter's set prio); it goes where the packet goes. */
#define M_PRIO_DEFAULT	3u
#define M_PRIO_MAX	7u

/* PERCORE. Array stack of free mbufs; m_get takes from its top. */
struct mbuf_pool {
	struct mbuf	**mp_free;	/* mp_nfree are there */
	uint32_t	 mp_nfree, mp_total;	/* what it was given; others' may be among the free */
	uint64_t	 mp_fails;	/* asked for with none left */
};
extern struct mbuf_pool mbuf_pool;	/* PERCORE */

/* This core's pool of n mbufs, from pages, with room for all those of all cores. Boot, each core. False: no memory. */
bool	mbuf_init(unsigned n);
extern unsigned mbuf_all;	/* so many there will be on all cores; 0: on this one only */
/* mbufs of all cores that are out (rings hold some of them). Core 0. */
uint32_t mbuf_used(void);
/* mbuf_share.c. The rings, for `cores`; false: no memory. How many mbufs are in them. */
bool	mbuf_share_init(unsigned cores);
uint32_t mbuf_shared(void);

/* The slow ends of m_get and m_free. */
struct mbuf *m_get_slow(void);
void	m_free_slow(struct mbuf *);

static inline unsigned m_priority(const struct mbuf *m) { return m->m_prio ^ M_PRIO_DEFAULT; }
static inline void m_set_priority(struct mbuf *m, unsigned prio) { m->m_prio = (uint8_t)(prio ^ M_PRIO_DEFAULT); }

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
#ifdef SLUICE_DEBUG
	KASSERT(m->m_flags == M_FREED);
	m->m_flags = 0;
#endif
	return m;
}

/* Makes it as m_get() hands it out: m_data to the start, zero all that stands between m_data and m_buf. */
static inline void
m_reset(struct mbuf *m)
{
	__builtin_memset(&m->m_lens, 0, offsetof(struct mbuf, m_buf) - offsetof(struct mbuf, m_lens));
	m->m_data = m->m_buf + MHEADROOM;
#ifdef SLUICE_DEBUG
	m->m_flags = M_FREED;
#endif
}

/* Frees this one mbuf (not its chain). */
static inline void
m_free(struct mbuf *m)
{
	uint32_t n = percore(mbuf_pool.mp_nfree);

	if (unlikely(m->m_flags & (M_SHARED | M_FREED))) {
		m_free_slow(m);
		return;
	}
	m_reset(m);
	percore(mbuf_pool.mp_free)[n] = m;
	percore(mbuf_pool.mp_nfree) = n + 1;
}

/* Frees many packets one after the other with the pool's state in registers: m_freer_start, m_freer_add for each, m_freer_end;
 * in between nobody else may get or free. */
struct m_freer { struct mbuf **mf_top; };
static inline void
m_freer_start(struct m_freer *f)
{
	f->mf_top = percore(mbuf_pool.mp_free) + percore(mbuf_pool.mp_nfree);
}
static inline void
m_freer_end(const struct m_freer *f)
{
	percore(mbuf_pool.mp_nfree) = (uint32_t)(f->mf_top - percore(mbuf_pool.mp_free));
}
/* m_get() in between; the caller knows that there is one (mp_nfree at the start). */
static inline struct mbuf *
m_freer_get(struct m_freer *f)
{
	struct mbuf *m = *--f->mf_top;

#ifdef SLUICE_DEBUG
	KASSERT(m->m_flags == M_FREED);
	m->m_flags = 0;
#endif
	return m;
}
/* False: it is shared; then m_freer_add_one() takes it. For one that is no chain. */
static inline bool
m_freer_try_one(struct m_freer *f, struct mbuf *m)
{
	if (unlikely(m->m_flags & (M_SHARED | M_FREED)))
		return false;
	m_reset(m);
	*f->mf_top++ = m;
	return true;
}
static inline bool
m_freer_try(struct m_freer *f, struct mbuf *m)
{
	return likely(m->m_next == NULL) && m_freer_try_one(f, m);
}
struct m_freer m_freer_slow(struct m_freer, struct mbuf *);	/* by value: it stays in a register */
/* One that is no chain. */
static inline void
m_freer_add_one(struct m_freer *f, struct mbuf *m)
{
	if (!m_freer_try_one(f, m))
		*f = m_freer_slow(*f, m);
}
static inline void
m_freer_add(struct m_freer *f, struct mbuf *m)
{
	if (!m_freer_try(f, m))
		*f = m_freer_slow(*f, m);
}

/* The same for getting many: m_getter_start, m_getter_next at most as often as mp_nfree says, m_getter_end. */
struct m_getter { struct mbuf **mg_top; };
static inline void
m_getter_start(struct m_getter *g)
{
	g->mg_top = percore(mbuf_pool.mp_free) + percore(mbuf_pool.mp_nfree);
}
static inline void
m_getter_end(const struct m_getter *g)
{
	percore(mbuf_pool.mp_nfree) = (uint32_t)(g->mg_top - percore(mbuf_pool.mp_free));
}
static inline struct mbuf *
m_getter_next(struct m_getter *g)
{
	struct mbuf *m = *--g->mg_top;

#ifdef SLUICE_DEBUG
	KASSERT(m->m_flags == M_FREED);
	m->m_flags = 0;
#endif
	return m;
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
	m->m_lens -= (uint64_t)n << 32 | n;
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
	m->m_lens += (uint64_t)n << 32 | n;
	return true;
}
/* Copies len bytes from offset off of the chain to dst; off + len <= m_pktlen (asserted). */
void	m_copydata(const struct mbuf *, uint32_t off, uint32_t len, void *dst);
/* Appends len bytes, taking more mbufs where needed. False: pool empty; what was appended stays. */
bool	m_append(struct mbuf *, const void *, uint32_t len);
/* Room behind the data of this mbuf. */
static inline uint32_t m_tailroom(const struct mbuf *m) { return m->m_size - (uint32_t)(m->m_data - m->m_buf) - m->m_len; }
/* A second packet with the same bytes (shared buffers); both have M_SHARED. NULL: pool empty. */
struct mbuf *m_clone(struct mbuf *);
/* The same packet in buffers of its own. NULL: pool empty. */
struct mbuf *m_copy(const struct mbuf *);
/* The same packet in buffers that nobody shares, at the same place within the first: m itself, or a copy, then m is freed. NULL: pool
 * empty, m is freed. */
struct mbuf *m_unshare(struct mbuf *);

struct batch {
	unsigned	 b_n;
	struct mbuf	*b_m[BATCH_MAX];
};
/* All of them were received on that interface; the sum of their lengths. */
static inline uint64_t
batch_received(struct batch *b, uint16_t ifidx)
{
	uint64_t bytes = 0;
	unsigned n = b->b_n;

	for (unsigned i = 0; i < n; i++) {
		struct mbuf *m = b->b_m[i];

		bytes += m->m_pktlen;
		m->m_ifidx = ifidx;
	}
	return bytes;
}
static inline void batch_add(struct batch *b, struct mbuf *m) { b->b_m[b->b_n++] = m; }
static inline unsigned batch_pos(const struct batch *b, struct mbuf *const *p) { return (unsigned)(p - b->b_m); }

#endif
