/* ip6.h - the IPv6 header and its extension headers (RFC 8200). */
#ifndef NET_INET6_IP6_H
#define NET_INET6_IP6_H

#include "net/inet/ip.h"
#include "net/inet6/in6.h"

struct ip6_hdr {
	be32_t		ip6_flow;	/* version, traffic class, flow label */
	be16_t		ip6_plen;	/* bytes behind this header */
	uint8_t		ip6_nxt, ip6_hlim;
	struct in6_addr	ip6_src, ip6_dst;
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct ip6_hdr) == 40, "RFC 8200 3");

#define IP6_VERSION	BE32(0x60000000)
#define IP6_MINMTU	1280
#define IP6_DEFHLIM	64
#define IP6_MAXPLEN	65535u


struct ip6_ext {			/* what hop-by-hop, routing and destination headers begin with */
	uint8_t	ip6e_nxt, ip6e_len;	/* len: 8-byte units behind the first */
} __attribute__((packed, aligned(2), may_alias));

struct ip6_rthdr {
	uint8_t	ip6r_nxt, ip6r_len, ip6r_type, ip6r_segleft;
} __attribute__((packed, aligned(2), may_alias));

struct ip6_frag {			/* RFC 8200 4.5 */
	uint8_t	ip6f_nxt, ip6f_reserved;
	be16_t	ip6f_offlg;		/* offset in bytes (its lower three bits are none of it), IP6F_MORE */
	be32_t	ip6f_ident;
} __attribute__((packed, aligned(2), may_alias));
#define IP6F_OFFMASK	0xfff8
#define IP6F_MORE	0x0001

#define IP6OPT_PAD1	0x00
#define IP6OPT_PADN	0x01
#define IP6OPT_ROUTER_ALERT 0x05	/* RFC 2711 */
#define IP6OPT_JUMBO	0xc2		/* RFC 2675 */

/* The value for the checksum of a packet's payload from offset off on, len bytes, that is zero now; over one that is filled in 0 when it is good.
 * Pseudo-header of RFC 8200 8.1 with these addresses (network order, without scope) and protocol. */
struct mbuf;
uint16_t in6_cksum(const struct mbuf *, const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, uint32_t off, uint32_t len);

#endif
