/* fragq.h - putting together again what was sent in pieces, for both families: which fragments belong together, for how long, how much of it we
 * keep. Core 0. */
#ifndef NET_INET_FRAGQ_H
#define NET_INET_FRAGQ_H

#include "kernel/pool.h"
#include "kernel/timeout.h"
#include "net/core/if.h"

#define FRAGQ_BUCKETS	1024u		/* powers of two */
#define FRAGQ_SOURCES	256u
#define FRAGQ_KEY	5		/* words that tell a datagram, at most */

/* What a family counts, each with its own sentence. */
enum fragq_count { FRAGQ_N_DUP, FRAGQ_N_OVERLAP, FRAGQ_N_TIMEOUT, FRAGQ_N_EVICT, FRAGQ_N_NOMEM, FRAGQ_N_GONE, FRAGQ_N_MANY, FRAGQ_N_DEAD, FRAGQ_N_LONG,
	FRAGQ_N_MERGED, FRAGQ_N_USED, FRAGQ_N_WHOLE };

struct fragq_family {
	const char	*ff_name, *ff_sourcename;	/* of its pools */
	unsigned	 ff_keywords;		/* of FRAGQ_KEY */
	unsigned	 ff_seconds;		/* a datagram's time, from the first fragment that comes */
	uint32_t	 ff_longest;		/* bytes of a whole one with the headers of its first fragment */
	bool		 ff_exact;		/* only the same fragment again is a duplicate: none is put into the buffer of another */
	const int	*ff_maxqueue;		/* mbufs that may wait; never more than a quarter of the pool */
	void		(*ff_expired)(struct mbuf *);	/* time is up: the first fragment as it came, maybe with more data behind it; is not given away */
	void		(*ff_count)(enum fragq_count, unsigned);
};

struct fragq_dgram;
struct fragq_source;
/* By age. Two of them link a datagram: all of a family, those of its source. */
enum { FRAGQ_AGE_ALL, FRAGQ_AGE_SOURCE };
struct fragq_ages { struct fragq_dgram *a_first, **a_last; };

struct fragq_table {
	const struct fragq_family *ft_family;
	struct fragq_table *ft_next;		/* all families' */
	struct pool	 ft_dgrams, ft_sources;
	struct fragq_dgram *ft_hash[FRAGQ_BUCKETS];
	struct fragq_source *ft_sourcehash[FRAGQ_SOURCES];
	uint64_t	 ft_secret[2];		/* nobody chooses his bucket */
	struct fragq_ages ft_ages;
	uint32_t	 ft_nmbufs, ft_nfrags;
	struct timeout	 ft_timeout;
};

/* A fragment. */
struct fragq_in {
	uint64_t	 fi_key[FRAGQ_KEY];	/* its datagram */
	uint64_t	 fi_source[2];		/* who shares memory */
	uint16_t	 fi_ifidx;		/* where it came in */
	uint16_t	 fi_hlen;		/* bytes of headers in front of the data */
	uint16_t	 fi_note;		/* the family's; given back is the first fragment's */
	bool		 fi_more;		/* it is not the end */
	uint32_t	 fi_start;		/* of the data in the datagram */
};

/* Fragments that may wait in all tables together, beside what each family allows; the oldest datagrams give way when the next one comes. */
extern uint32_t fragq_limit;

void	fragq_init(struct fragq_table *, const struct fragq_family *);
/* Takes m, whose bytes nobody shares, its headers contiguous. When nothing is missing any more: the data with the first fragment's headers in front,
 * as they came (fi_hlen and fi_note are theirs). Else NULL. */
struct mbuf *fragq_input(struct fragq_table *, struct mbuf *m, struct fragq_in *);
void	fragq_purge(struct fragq_table *, uint16_t ifidx);	/* drops what began on this interface: it goes */

/* ---- fragq.c, for fragq_table.c: one datagram's fragments ---- */

#define FRAGQ_UNKNOWN	UINT32_MAX

/* The fragments, by m_nextpkt, in the order of their place in the data: each without its headers (the first's still stand before its
 * m_data), its place in m_flowid. No two touch each other's bytes. */
struct fragq {
	struct mbuf	*fq_first, *fq_last;
	uint32_t	 fq_len;		/* bytes of data of the whole; FRAGQ_UNKNOWN: the last fragment is not here */
	uint32_t	 fq_have;		/* bytes here */
	uint32_t	 fq_nfrags, fq_nmbufs;	/* packets, and the mbufs that they take */
	uint16_t	 fq_hlen, fq_note;	/* of the first one */
};
enum fragq_result { FRAGQ_KEPT, FRAGQ_DUPLICATE, FRAGQ_OVERLAP };
/* Data of m from `start` on; `more`: it is not the end; `exact`: as ff_exact. Kept: m is the queue's, or has been freed, its bytes being taken
 * over. Else m stays the caller's, and nothing has changed. */
enum fragq_result fragq_add(struct fragq *, struct mbuf *m, uint32_t start, bool more, bool exact);
/* The datagram's data with the first fragment's headers in front; the queue is empty afterwards. All of it must be here. */
struct mbuf *fragq_take(struct fragq *);
unsigned fragq_free(struct fragq *);		/* all fragments; how many packets they were */
uint32_t fragq_mbufs(const struct mbuf *);	/* of one packet */

#endif
