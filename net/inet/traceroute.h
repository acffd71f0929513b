/* traceroute.h - one run of traceroute(8) or traceroute6(8): what its parts share. Where a field is a union, its IPv4 name is the first four
 * bytes (in6.h). */
#ifndef NET_INET_TRACEROUTE_H
#define NET_INET_TRACEROUTE_H

#include "kernel/out.h"
#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"

enum trace_answer { TRACE_NONE, TRACE_HOP, TRACE_UNREACH, TRACE_ARRIVED };

struct trace {
	struct out	*t_out;			/* also what the task sleeps on */
	union { struct icmp_listener t_il; struct icmp6_listener t_il6; };
	/* options */
	const char	*t_name, *t_host;	/* the command's */
	unsigned	t_af;			/* enum af */
	union { struct in6_addr t_dst6; be32_t t_dst; };	/* with its zone */
	union { struct in6_addr t_src6; be32_t t_src; };	/* zero: to be chosen */
	const char	*t_source;		/* NULL: not said */
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
	struct in6_addr	t_from;			/* of either family */
	uint8_t		t_type, t_code;		/* of an unreachable message, or one that says that the packet is too big */
	uint32_t	t_mtu;
};
#define TRACE_HEAD	8u			/* bytes of a UDP header, or an echo request's */

struct udp_head { be16_t sport, dport, len; uint16_t sum; } __attribute__((packed, aligned(2), may_alias));

/* traceroute_probe.c. Sends the next probe; false: it could not be sent. Task. */
bool	trace_send(struct trace *, unsigned ttl);
/* The listener's function, in the loop: notes the answer and wakes the task. */
bool	trace_input(struct icmp_listener *, const struct ip *, unsigned hlen, unsigned len);
/* For both families: the answer, unless there has been one; from with its zone. */
void	trace_note(struct trace *, enum trace_answer, const struct in6_addr *from, uint8_t type, uint8_t code, uint32_t mtu);
/* What stands behind the IP header, len bytes: header and pattern. UDP's checksum is left to be filled in. */
void	trace_fill(const struct trace *, uint8_t *data, unsigned len);
/* An error quotes a UDP or echo header: it is one of ours; *last: the one that waits for an answer. */
bool	trace_quotes_ours(const struct trace *, const void *head, uint8_t echo, bool *last);

/* net/inet6/traceroute6.c: the same for IPv6. */
bool	trace6_input(struct icmp6_listener *, const struct ip6_hdr *, unsigned off, unsigned len);
/* The next probe; *ifp: for ip6_send. NULL: no memory. Inside net_enter. */
struct mbuf *trace6_make(const struct trace *, unsigned hlim, struct ifnet **ifp);
void	trace6_print_unreach(struct out *, const struct trace *);

#endif
