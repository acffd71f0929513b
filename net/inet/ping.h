/* ping.h - one run of ping(8): what its parts share. */
#ifndef NET_INET_PING_H
#define NET_INET_PING_H

#include "kernel/out.h"
#include "net/inet/icmp.h"

#define PING_STAMP	16		/* bytes of the time and its signature in front of the data */
#define PING_EVENTS	128		/* replies that wait for the printer */

enum ping_kind { PING_REPLY, PING_FORGED, PING_ERROR };

struct ping_event {
	enum ping_kind	pe_kind;
	be32_t		pe_from;
	unsigned	pe_bytes;		/* of the ICMP message */
	uint16_t	pe_seq;
	uint8_t		pe_ttl, pe_type, pe_code;
	bool		pe_dup, pe_other;	/* other: -v, a message that is not about us */
	unsigned	pe_badat;		/* 0: the data are right, else the byte's number + 1 */
	uint8_t		pe_want, pe_got;
	uint16_t	pe_mtu;
	be32_t		pe_gateway;
	uint64_t	pe_us;			/* round trip, microseconds */
};

struct ping {
	struct out	*p_out;			/* also what the task sleeps on */
	struct icmp_listener p_il;
	/* options */
	const char	*p_host;
	be32_t		p_dst, p_src;
	unsigned	p_size;
	uint8_t		p_ttl;
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

/* ping_echo.c. The listener's function, in the loop: notes what is about this run in the ring and wakes the task. True:
 * an error about a request of this run. */
bool	ping_input(struct icmp_listener *, const struct ip *, unsigned hlen, unsigned len);
/* Sends the next request, or says why it cannot be. Task. */
void	ping_send(struct ping *);

/* ping_print.c. Prints and empties the ring; prints what was counted, also after ^C. Task, outside net_enter. */
void	ping_print_events(struct ping *);
void	ping_print_summary(struct ping *);

#endif
