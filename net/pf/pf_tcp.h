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
#define TCP_MAXSCALE	14		/* RFC 7323 2.3 */

/* Sequence numbers wrap: RFC 9293 3.4. */
static inline bool seq_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_leq(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }

#endif
