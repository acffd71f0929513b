/* netfix6.h - the router of netfix.h with IPv6 on its two wires.
 *
 *	ip6_start();				t0 fd00:a::1/64, t1 fd00:b::1/64 and their link-local addresses; hosts fd00:a::2 and fd00:b::2
 *						known for ever; fd00:c::/48 via fd00:b::2; duplicate address detection is over
 *	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);
 */
#ifndef TESTS_UNIT_NETFIX6_H
#define TESTS_UNIT_NETFIX6_H

#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"
#include "tests/unit/rt6fix.h"

static inline struct in6_addr addr6(const char *s) { return in6_of(s); }
void	ip6_start(void);
/* The same without hosts and routes. */
void	ip6_start_unknown(void);
const char *text6(const struct in6_addr *);	/* good until the fourth call from now */

/* From the host of t0 to the router's address on Ethernet, or the group's; `payload` bytes of pattern. */
void	pkt6(struct pkt *, const char *src, const char *dst, unsigned nxt, unsigned hlim, unsigned payload);
void	pkt6_udp(struct pkt *, const char *src, const char *dst, unsigned hlim, unsigned payload);
/* An ICMPv6 message of len bytes at msg, its checksum made right. */
void	pkt6_icmp(struct pkt *, const char *src, const char *dst, unsigned hlim, const void *msg, unsigned len);
void	pkt6_echo(struct pkt *, const char *src, const char *dst, unsigned payload);
/* off: 0: the solicited-node group is where it goes. ll: the option; NULL: none. */
void	pkt6_ns(struct pkt *, const char *src, const char *dst, const char *target, const uint8_t *ll);
void	pkt6_na(struct pkt *, const char *src, const char *dst, const char *target, be32_t flags, const uint8_t *ll);
/* Puts len bytes of extension header behind the IPv6 header; its first byte becomes what the header's nxt was. */
void	pkt6_insert(struct pkt *, unsigned nxt, const void *ext, unsigned len);
void	pkt6_sum(struct pkt *);			/* makes the ICMPv6 checksum right again; no extension headers */
static inline struct ip6_hdr *pkt_ip6(struct pkt *p) { return (struct ip6_hdr *)(p->p_b + 14); }
static inline struct icmp6 *pkt_icmp6(struct pkt *p) { return (struct icmp6 *)(p->p_b + 54); }
/* The next frame is ICMPv6 of this type with a good checksum; fails when there is none. */
struct pkt *wire_tx_icmp6(struct wire *, unsigned type);
void	wires_forget(void);			/* what has come out */

#endif
