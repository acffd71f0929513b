/* pf_tcp.h - the TCP header (RFC 9293 3.1) as the packet filter needs it. */
#ifndef NET_PF_PF_TCP_H
#define NET_PF_PF_TCP_H

#include "kernel/cdefs.h"
#include "kernel/endian.h"

struct tcphdr {
	be16_t		th_sport, th_dport;
	be32_t		th_seq, th_ack;
	uint8_t		th_off;		/* header length in 32-bit words, in the upper four bits */
	uint8_t		th_flags;	/* PF_TH_* (pf_rule.h) */
	be16_t		th_win;
	uint16_t	th_sum;		/* as stored */
	be16_t		th_urp;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct tcphdr) == 20, "RFC 9293");

#define TCPOPT_EOL	0
#define TCPOPT_NOP	1
#define TCPOPT_MAXSEG	2
#define TCPOPT_WINDOW	3		/* RFC 7323 2.2 */
#define TCPOPT_SACK	5		/* RFC 2018 3 */
#define TCPOPT_TIMESTAMP 8		/* RFC 7323 3.2: of TCPOLEN_TIMESTAMP bytes, the sender's and the echo of the other's */
#define TCPOLEN_TIMESTAMP 10
#define TCP_MAXSCALE	14		/* RFC 7323 2.3 */
#define TCP_MAXHLEN	60u

static inline unsigned pf_tcp_hlen(const struct tcphdr *th) { return (th->th_off >> 4) * 4u; }
/* The first option at `at` or behind it in a header of hlen bytes, by its place: its kind is there, its length, which is good, in the next byte. 0: no
 * more, or what is no option. */
unsigned pf_tcp_option(const uint8_t *th, unsigned hlen, unsigned at);
/* Where the value of the first one of that kind and length (with these two bytes) stands; 0: there is none. */
unsigned pf_tcp_find(const uint8_t *th, unsigned hlen, uint8_t kind, uint8_t len);

/* Sequence numbers wrap: RFC 9293 3.4. */
static inline bool seq_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_leq(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }

#endif
