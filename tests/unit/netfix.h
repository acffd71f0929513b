/* netfix.h - a router with two Ethernet wires for unit tests: frames in, frames out, counters' deltas.
 *
 *	net_start();					t0 10.0.0.1/24, t1 10.0.1.1/24; hosts 10.0.0.2, 10.0.1.2 known; route 10.1/16 via 10.0.1.2
 *	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 20);
 *	wire_rx(&t0, &p);
 *	f = wire_tx(&t1);				NULL: nothing came out
 *	CHECK_EQ(counter_delta("ips_forward"), 1);	since net_start() or the last counter_mark()
 *	net_balance();					the books balance, all mbufs that are out stand in queues
 *	net_end();					the same, then everything goes: no pool may keep anything */
#ifndef TESTS_UNIT_NETFIX_H
#define TESTS_UNIT_NETFIX_H

#include "net/core/if.h"
#include "net/inet/ip.h"
#include "tests/unit/unit.h"

#define PKT_MAX	9100

struct pkt {			/* a frame under construction, or one that came out */
	uint8_t		p_b[PKT_MAX];
	unsigned	p_len;
};
struct wire {
	struct ifnet	w_if;
	uint8_t		w_host[6];	/* the MAC of the host there */
	struct pkt	w_tx[256];	/* what came out */
	unsigned	w_ntx, w_next;
	bool		w_full;		/* the ring takes nothing */
	unsigned	w_starts;
};
extern struct wire t0, t1;

void	net_start(void);
void	net_balance(void);
void	net_end(void);
be32_t	addr(const char *dotted);

/* A good UDP-like packet of `payload` bytes from the host of t0 to the router, header checksums right. */
void	pkt_udp(struct pkt *, const char *src, const char *dst, unsigned ttl, unsigned payload);
/* The same for any protocol; options: hlen - 20 bytes of NOP behind the header. */
void	pkt_ip(struct pkt *, const char *src, const char *dst, unsigned proto, unsigned ttl, unsigned hlen, unsigned payload);
void	pkt_ipsum(struct pkt *);	/* recomputes the IP header checksum */
static inline struct ip *pkt_iphdr(struct pkt *p) { return (struct ip *)(p->p_b + 14); }

/* The frame in mbufs of at most seg bytes. */
struct mbuf *pkt_mbuf(const struct pkt *, unsigned seg);
void	wire_rx(struct wire *, const struct pkt *);		/* one frame in, and a pass of the loop */
/* The same frame split over mbufs of at most seg bytes, `copies` times in one batch. */
void	wire_rx_many(struct wire *, const struct pkt *, unsigned copies, unsigned seg);
struct pkt *wire_tx(struct wire *);			/* the next frame that came out; NULL: no more */

void	counter_mark(void);
uint64_t counter_delta(const char *name);		/* fails the test when no counter has that name */

#endif
