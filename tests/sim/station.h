/* station.h - both families' frames, byte by byte, for cases about attacks; and two stations at a router's wires that answer who asks for them,
 * send honest traffic, and count which of it got through. */
#ifndef TESTS_SIM_STATION_H
#define TESTS_SIM_STATION_H

#include "tests/sim/frame.h"

/* ---- frames ---- */

struct bytes { uint8_t b[FRAME_MAX]; unsigned len; };
typedef struct { uint8_t a[16]; } addr6_t;

/* 10.NET.HI.LO */
static inline uint32_t ip4_host(unsigned net, unsigned n) { return host_be32(10u << 24 | net << 16 | (n & 0xffff)); }
/* fd00:NET::HI:LO */
addr6_t	ip6_host(unsigned net, uint32_t n);
addr6_t	ip6_text(const char *groups);		/* "ff02::1": hexadecimal groups and at most one "::" */

void	ether_put(struct bytes *, const uint8_t *dst, const uint8_t *src, unsigned type);	/* len: 14 */
void	arp_put(struct bytes *, unsigned op, const uint8_t *mac, uint32_t spa, uint32_t tpa);
/* Behind the Ethernet header; `payload` bytes of zero follow, for the caller to fill. Returns where they are. */
uint8_t	*ip4_put(struct bytes *, uint32_t src, uint32_t dst, unsigned proto, unsigned ttl, unsigned payload);
void	ip4_off(struct bytes *, unsigned id, unsigned off);	/* as in the header; the sum is made right */
uint8_t	*ip6_put(struct bytes *, addr6_t src, addr6_t dst, unsigned nxt, unsigned hlim, unsigned payload);
/* An extension header of len bytes between the IPv6 header and what follows; its first byte becomes what the header's number was. */
void	ip6_insert(struct bytes *, unsigned nxt, const uint8_t *ext, unsigned len);
/* The ICMP or ICMPv6 checksum of what the IP header is followed by; `whole`: bytes of the message, of which these are the first. */
void	icmp_sum(struct bytes *, unsigned whole);

/* ---- stations ---- */

struct station {
	struct port	 s_port;
	struct port	*s_peer;		/* the router's end */
	unsigned	 s_net;			/* hosts 10.NET.x.y, fd00:NET::x */
	uint64_t	 s_answered;		/* questions of the router for its hosts */
};
struct station *station_new(struct wire *, struct port *peer, unsigned net, const char *mac);
/* Ethernet's addresses are the station's and the router's, but for groups' destinations; the wire's next frame. */
void	station_send(struct station *, struct bytes *);

/* What is sent and must come back: answered by the router, or out at the other station. */
enum honest { HO_FORWARD4, HO_FORWARD6, HO_NEW4, HO_NEW6, HO_PEER4, HO_PEER6, HO_ECHO4, HO_ECHO6, HO_FRAGMENTS4, HO_FRAGMENTS6, HO_COUNT };
extern const char *const honest_names[HO_COUNT];
/* From `from`, number n of its kind: through the router to a host that is known, or has never been heard of (HO_NEW), or to the router: an echo from a
 * host that it does not know (HO_PEER), that it does, in two fragments. */
void	honest_send(struct station *from, enum honest, unsigned n);
uint64_t honest_got(enum honest);		/* different ones that got through, since honest_begin() */
void	honest_begin(void);

#endif
