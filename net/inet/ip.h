/* ip.h - the IPv4 header (RFC 791) and the Internet checksum (RFC 1071). */
#ifndef NET_INET_IP_H
#define NET_INET_IP_H

#include "kernel/bits.h"
#include "net/inet/in.h"

struct ip {
	uint8_t		ip_vhl;		/* version 4, header length in 32-bit words */
	uint8_t		ip_tos;
	be16_t		ip_len;		/* header and data, bytes */
	be16_t		ip_id;
	be16_t		ip_off;		/* IP_DF, IP_MF, offset in 8 bytes */
	uint8_t		ip_ttl;
	uint8_t		ip_p;
	uint16_t	ip_sum;		/* as stored: checksums are computed in memory order */
	be32_t		ip_src;
	be32_t		ip_dst;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct ip) == 20, "RFC 791");

#define IP_DF		0x4000
#define IP_MF		0x2000
#define IP_OFFMASK	0x1fff
#define IP_MAXPACKET	65535
#define IP_DEFTTL	64

/* Sum of 16-bit words in memory order, not yet folded; `sum` is added. len: any. */
uint64_t in_sum(const void *, size_t len, uint64_t sum);
static inline uint16_t
in_fold(uint64_t s)
{
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}
/* The value for a checksum field that is zero now; over data whose field is filled in it gives 0 when good. */
static inline uint16_t in_cksum(const void *p, size_t len) { return (uint16_t)~in_fold(in_sum(p, len, 0)); }

/* Whether the checksum of a header of 20 bytes is good, that is, its 16-bit words' sum a multiple of 0xffff. ip_vhl must not be 0: no sum is 0 then.
 * 2^64 is 1 modulo 0xffff, so eight bytes are added at a time, with their carry; and of all numbers those that an odd number divides, times its
 * inverse modulo 2^64, are the quotients: no other gives one so small. */
static inline bool
ip_hdrsum_ok(const struct ip *ip)
{
	const uint8_t *p = (const uint8_t *)ip;
	uint64_t inverse = 0xfffefffefffeffff, largest = UINT64_MAX / 0xffff;

	return add_around64(load64(p), load64(p + 8), load32(p + 16)) * inverse <= largest;
}

#endif
