/* tcpfix.h - TCP segments with options, of both families, through the router of netfix.h or netfix6.h. */
#ifndef TESTS_UNIT_TCPFIX_H
#define TESTS_UNIT_TCPFIX_H

#include "net/pf/pf_tcp.h"
#include "tests/unit/netfix6.h"

extern struct pkt p;			/* what is sent */
extern bool six;			/* of which family */

/* net_start() or ip6_start(). */
void	world(bool is_six);
/* Where the header above IP is in a frame. */
static inline unsigned l4(void) { return six ? 54 : 34; }
/* The checksum of what is above IP; 0 when it is right. */
uint16_t l4_sum(const struct pkt *, uint8_t proto);
/* A packet from the host of t0 (0) or t1 (1) to the other, with len bytes above IP. */
void	packet_from(unsigned from, uint8_t proto, unsigned len);
/* It is received; what comes out at the other side, NULL: nothing. */
struct pkt *through(unsigned from);
/* Ports 4 at t0's, 5 at t1's; n bytes of options, which fill words. */
void	tcp_from(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, const void *opt, unsigned n, unsigned data);
static inline uint32_t seq_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 4)); }
static inline uint32_t ack_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 8)); }
/* The packet becomes an error from that end about what it was, which the other end has sent, with so many bytes of TCP in it. */
void	error_from(unsigned from, unsigned quoted);
/* Where the quoted TCP header is in the error's frame. */
static inline unsigned quoted_at(void) { return 2 * l4() - 14 + 8; }
/* The quoted packet, all of which is there, as a frame. */
struct pkt *quoted(const struct pkt *);

#endif
