/* ip_reass.h - putting together again what was sent to us in pieces (RFC 791 3.2, RFC 815). Core 0. */
#ifndef NET_INET_IP_REASS_H
#define NET_INET_IP_REASS_H

#include "net/core/if.h"
#include "net/inet/ip.h"

/* One fragment for us, its header checked and contiguous. Takes the mbuf. The whole datagram when this was the last that it wanted, header
 * checked, its checksum right; else NULL. */
struct mbuf *ip_reass(struct ifnet *, struct mbuf *);
void	ip_reass_purge(uint16_t ifidx);		/* drops what began on this interface: it goes */

/* ---- between ip_reass.c and ip_fragq.c: one datagram's fragments ---- */

#define FRAGQ_UNKNOWN	UINT32_MAX

/* The fragments, by m_nextpkt, in the order of their place in the data: each without its header (the first's still stands before its
 * m_data), its place in m_flowid. No two touch each other's bytes. */
struct fragq {
	struct mbuf	*fq_first, *fq_last;
	uint32_t	 fq_len;		/* bytes of data of the whole; FRAGQ_UNKNOWN: the last fragment is not here */
	uint32_t	 fq_have;		/* bytes here */
	uint32_t	 fq_nfrags, fq_nmbufs;	/* packets, and the mbufs that they take */
	uint8_t		 fq_hlen;		/* of the first one's header */
};
enum fragq_result { FRAGQ_KEPT, FRAGQ_DUPLICATE, FRAGQ_OVERLAP };
/* Data of m from `start` on; `more`: it is not the end. Kept: m is the queue's, or has been freed, its bytes being taken over. Else m stays the
 * caller's, and nothing has changed. */
enum fragq_result fragq_add(struct fragq *, struct mbuf *m, uint32_t start, bool more);
/* The datagram's data with the first fragment's header in front; the queue is empty afterwards. All of it must be here. */
struct mbuf *fragq_take(struct fragq *);
unsigned fragq_free(struct fragq *);		/* all fragments; how many packets they were */
uint32_t fragq_mbufs(const struct mbuf *);	/* of one packet */

#endif
