/* ip.h - the IPv4 header (RFC 791) and the Internet checksum (RFC 1071). */
#ifndef NET_INET_IP_H
#define NET_INET_IP_H

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

/* Whether the checksum of a header of 20 bytes is good. Adding a number to itself turned by half its width leaves the folded sum, end-around
 * carry included, in the upper half. */
static inline bool
ip_hdrsum_ok(const struct ip *ip)
{
	const uint8_t *p = (const uint8_t *)ip;
	uint64_t s = (uint64_t)load32(p) + load32(p + 4) + load32(p + 8) + load32(p + 12) + load32(p + 16);
	uint32_t x;

	s += s << 32 | s >> 32;
	x = (uint32_t)(s >> 32);
	x += x << 16 | x >> 16;
	return x >= 0xffff0000;
}

#endif
