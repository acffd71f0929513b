/* ping.h - one run of ping(8) or ping6(8): what its parts share. Where a field is a union, its IPv4 name is the first four bytes (in6.h). */
#ifndef NET_INET_PING_H
#define NET_INET_PING_H

#include "kernel/out.h"
#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"

#define PING_STAMP	16		/* bytes of the time and its signature in front of the data */
#define PING_EVENTS	128		/* replies that wait for the printer */

enum ping_kind { PING_REPLY, PING_FORGED, PING_ERROR };

struct ping_event {
	enum ping_kind	pe_kind;
	union { be32_t pe_from; struct in6_addr pe_from6; };
	unsigned	pe_bytes;		/* of the ICMP message */
	uint16_t	pe_seq;
	uint8_t		pe_ttl, pe_type, pe_code;
	bool		pe_dup, pe_other;	/* other: -v, a message that is not about us */
	unsigned	pe_badat;		/* 0: the data are right, else the byte's number + 1 */
	uint8_t		pe_want, pe_got;
	uint32_t	pe_mtu;
	be32_t		pe_gateway;
	uint64_t	pe_us;			/* round trip, microseconds */
};

struct ping {
	struct out	*p_out;			/* also what the task sleeps on */
	union { struct icmp_listener p_il; struct icmp6_listener p_il6; };
	/* options */
	const char	*p_name;		/* the command's */
	unsigned	p_af;			/* enum af */
	const char	*p_host;
	union { be32_t p_dst; struct in6_addr p_dst6; };	/* with its zone */
	union { be32_t p_src; struct in6_addr p_src6; };
	unsigned	p_size;
	uint8_t		p_ttl;			/* 0: what is usual where it leaves, IPv6 only */
	bool		p_df, p_quiet, p_verbose;
	uint64_t	p_count;		/* 0: for ever */
	uint64_t	p_interval, p_maxwait;	/* ns */
	/* this run */
	uint16_t	p_id;
	uint64_t	p_key[2];
	uint64_t	p_sent, p_received, p_dups, p_errors;
	uint64_t	p_min, p_max, p_sum;	/* microseconds */
	double		p_sumsq;
	uint64_t	p_timed;
	uint8_t		p_seen[65536 / 8];	/* sequence numbers answered since they were last sent */
	struct ping_event p_event[PING_EVENTS];
	unsigned	p_head, p_tail;		/* the loop writes at head, the task reads at tail */
	uint64_t	p_lost;			/* events for which the ring had no room */
};

/* ping.c. The command; af: enum af. */
int	ping_main(struct out *, int argc, char **argv, unsigned af);

/* ping_echo.c. The listener's function, in the loop: notes what is about this run in the ring and wakes the task. True:
 * an error about a request of this run. */
bool	ping_input(struct icmp_listener *, const struct ip *, unsigned hlen, unsigned len);
/* Sends the next request, or says why it cannot be. Task. */
void	ping_send(struct ping *);
/* Stamp, signature and pattern of a request: p_size bytes. */
void	ping_data(const struct ping *, uint8_t *, uint16_t seq);
/* The loop: data behind the header of a reply to this run, len bytes; notes what it says. An error or forgery to be shown. */
void	ping_reply(struct ping *, struct ping_event *, const uint8_t *data, unsigned len);
void	ping_note(struct ping *, const struct ping_event *);

/* net/inet6/ping6.c: the same for IPv6. Sends a request of this number; NULL, or why not. Inside net_enter. */
bool	ping6_input(struct icmp6_listener *, const struct ip6_hdr *, unsigned off, unsigned len);
const char *ping6_send(struct ping *, uint16_t seq);
void	ping6_print_error(struct out *, const struct ping_event *);

/* ping_print.c. Prints and empties the ring; prints what was counted, also after ^C. Task, outside net_enter. */
void	ping_print_events(struct ping *);
void	ping_print_summary(struct ping *);

#endif
