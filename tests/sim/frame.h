/* frame.h - packets as a case writes them: what is not said has a plain value. The simulator's own arithmetic, not the product's. */
#ifndef TESTS_SIM_FRAME_H
#define TESTS_SIM_FRAME_H

#include "tests/sim/sim.h"

enum pkt_kind { PK_UDP, PK_TCP, PK_ECHO, PK_ECHOREPLY, PK_ICMPERR, PK_ARP, PK_RAW };

struct pkt {
	enum pkt_kind	 kind;
	const char	*src, *dst;		/* IP; ARP: sender's and target's */
	const char	*esrc, *edst;		/* Ethernet, "02:00:00:00:00:01"; NULL: the two ends of the wire */
	unsigned	 ttl, tos, id;
	unsigned	 off;			/* IP_DF, IP_MF, offset / 8: as in the header */
	unsigned	 sport, dport;		/* echo: identifier, sequence number */
	unsigned	 len;			/* bytes behind UDP's, TCP's or ICMP's header */
	uint32_t	 seq, ack;		/* TCP */
	unsigned	 flags, win;		/* TCP: TH_*_ */
	int		 wscale;		/* TCP: the option; 0: none */
	unsigned	 from;			/* a fragment: where in the datagram's payload (headers included) it begins */
	unsigned	 part;			/* and how many bytes of it it has; 0: it is whole */
	unsigned	 type, code;		/* ICMP error */
	const char	*gw;			/* redirect */
	unsigned	 mtu;			/* fragmentation needed */
	const struct pkt *quote;		/* the packet that the error is about, as it was when it was refused */
	unsigned	 op;			/* ARP */
	const char	*sha, *tha;		/* ARP; NULL: sha: the Ethernet source, tha: zero */
	unsigned	 ethertype;		/* PK_RAW: len bytes of pattern behind it */
	bool		 anyid;			/* expected: any IP id will do */
	bool		 badsum, badl4sum;	/* IP header checksum wrong; that of UDP, TCP or ICMP */
	unsigned	 cut;			/* bytes that are missing at the end */
};
#define IP_DF_	0x4000u
#define IP_MF_	0x2000u
#define TH_FIN_	0x01u
#define TH_SYN_	0x02u
#define TH_RST_	0x04u
#define TH_ACK_	0x10u
#define BROADCAST "ff:ff:ff:ff:ff:ff"

#define PKT(k, ...)	(&(const struct pkt){ .kind = k, .ttl = 64, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20, __VA_ARGS__ })
#define UDP(s, d, ...)	PKT(PK_UDP, .src = s, .dst = d, ##__VA_ARGS__)
#define TCP(s, d, f, ...) PKT(PK_TCP, .src = s, .dst = d, .flags = f, .len = 0, .win = 8192, ##__VA_ARGS__)
#define ECHO(s, d, ...)	PKT(PK_ECHO, .src = s, .dst = d, ##__VA_ARGS__)
/* The router's own answers: any IP id. */
#define ECHOREPLY(s, d, ...) PKT(PK_ECHOREPLY, .src = s, .dst = d, .anyid = true, ##__VA_ARGS__)
#define ICMPERR(s, d, t, c, q, ...) PKT(PK_ICMPERR, .src = s, .dst = d, .type = t, .code = c, .quote = q, .anyid = true, \
	.tos = 0xc0, ##__VA_ARGS__)
#define ARP_WHOHAS(s, t, ...) PKT(PK_ARP, .op = 1, .src = s, .dst = t, .edst = BROADCAST, ##__VA_ARGS__)
#define ARP_ISAT(s, t, ...) PKT(PK_ARP, .op = 2, .src = s, .dst = t, ##__VA_ARGS__)

/* Builds it into b[FRAME_MAX]; the MACs stand in where p names none. Returns its length. */
unsigned pkt_build(const struct pkt *p, const uint8_t *esrc, const uint8_t *edst, uint8_t *b);
/* The frame is this packet. NULL, or why not (valid until the next call). */
const char *pkt_match(const struct pkt *p, const uint8_t *esrc, const uint8_t *edst, const struct frame *);

/* ---- pieces that hosts use ---- */
uint32_t ip_of(const char *dotted);		/* network order */
void	mac_of(const char *text, uint8_t *mac);
uint16_t cksum(const void *, size_t, uint32_t start);	/* as stored; start: words already summed */
void	pattern(uint8_t *, unsigned from, unsigned len);	/* the payload's bytes from..from+len */
/* Pseudo-header and all of a UDP datagram; 0 when the checksum in it is good. */
uint16_t udp_cksum(uint32_t src, uint32_t dst, const uint8_t *udp, unsigned len);

#endif
