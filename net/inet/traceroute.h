/* traceroute.h - one run of traceroute(8): what its parts share. */
#ifndef NET_INET_TRACEROUTE_H
#define NET_INET_TRACEROUTE_H

#include "kernel/out.h"
#include "net/inet/icmp.h"

enum trace_answer { TRACE_NONE, TRACE_HOP, TRACE_UNREACH, TRACE_ARRIVED };

struct trace {
	struct out	*t_out;			/* also what the task sleeps on */
	struct icmp_listener t_il;
	/* options */
	const char	*t_host;
	be32_t		t_dst, t_src;
	bool		t_icmp;			/* echo requests instead of UDP */
	unsigned	t_first, t_max, t_queries, t_wait, t_len;	/* wait: s; len: bytes of the whole packet */
	uint16_t	t_port;
	/* this run */
	uint16_t	t_id;			/* the source port, or the requests' number */
	uint16_t	t_seq;			/* of the last probe */
	uint64_t	t_sent;			/* uptime_ns */
	/* the answer to the last probe; the loop writes, once */
	volatile enum trace_answer t_answer;
	uint64_t	t_came;
	be32_t		t_from;
	uint8_t		t_code;			/* of an unreachable message */
	uint16_t	t_mtu;
};
#define TRACE_MINLEN	28u			/* headers only */

/* traceroute_probe.c. Sends the next probe; false: it could not be sent. Task. */
bool	trace_send(struct trace *, unsigned ttl);
/* The listener's function, in the loop: notes the answer and wakes the task. */
bool	trace_input(struct icmp_listener *, const struct ip *, unsigned hlen, unsigned len);

#endif
