/* gen.h - the traffic generator: sends packets of UDP or TCP into one NIC of a guest router, takes them from the other, checks each, and measures
 * what the guest did for them. One thread. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define FRAME_MAX	1514u
#define RECORD_MAX	(4u + FRAME_MAX)	/* QEMU's stream sockets put a length, big-endian, before each frame */
#define BATCH		64u			/* packets that go into the socket at once */
#define FLOWS_MAX	(1u << 22)

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

struct options {
	const char	*path[2];	/* of the sockets of port A and B */
	const char	*count_file;	/* the plugin's page; NULL: nothing is counted */
	const char	*dsts;		/* a file of prefixes: destinations are drawn over all of them */
	const char	*drop_srcs;	/* the same for sources of what must be dropped */
	int		 qemu;		/* its process; 0: unknown, then what it does is guessed by waiting */
	bool		 ip6;
	bool		 tcp;		/* flows are connections; both ways */
	bool		 both;		/* every other packet is port B's answer */
	bool		 nat;		/* the guest must give each flow another source */
	bool		 new_flows;	/* each packet is a flow of its own */
	bool		 drops;		/* the guest must drop what bursts are of: each a flow of its own, to another port, from drop_srcs if given */
	bool		 neighbour;	/* port B's neighbour has another link address from each burst on, and says so in front of it */
	bool		 known;		/* the guest knows all flows from a run before: it is not shown them first */
	uint32_t	 flows, seed;
	unsigned	 size;		/* of frames, without FCS */
	unsigned	 window;	/* packets under way, at most; of a burst */
	uint64_t	 packets;	/* to be measured; bursts */
	bool		 lines;		/* distinct cache lines are counted, too */
	double		 patience;	/* seconds for the first packet to come through, and for the whole measurement */
	double		 t0;		/* CLOCK_MONOTONIC when QEMU was started */
};
extern struct options opt;

/* What has become of the packets. */
struct tally {
	uint64_t	sent, received;
	uint64_t	reordered;	/* overtaken within their flow */
	uint64_t	damaged;	/* a checksum, TTL, address, port or sequence number that is not what it ought to be */
	uint64_t	other;		/* frames that are none of ours */
	uint64_t	forgotten;	/* given up: they do not count as under way */
};
extern struct tally tally;
extern uint64_t first_ns;		/* when the first packet came through; 0: none has */
extern volatile struct count *count;	/* NULL: nothing is counted */

void	die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
uint64_t now_ns(void);
void	nap_us(unsigned);

/* ---- packet.c ---- */
void	packet_init(void);			/* reads opt.dsts */
/* A frame of flow k, `seq` in it, to be sent into the port of that side: 0 A, 1 B. Returns its length. */
size_t	packet_make(uint8_t *frame, unsigned side, uint32_t k, uint32_t seq);
/* From now on they are those that must be dropped; the number of a flow is any. */
extern bool packet_dropped;
/* A frame that came out of the port of that side: counts it in the tally. */
void	packet_check(unsigned side, const uint8_t *frame, size_t len);
void	packet_forget(void);			/* what was sent before now is none of ours any more */

/* Sums of 16-bit words in memory's order; checksum: what to store for a sum. */
uint32_t sum16(const void *, size_t, uint32_t sum);
uint16_t checksum(uint32_t sum);
void	put16(uint8_t *, unsigned);
void	put32(uint8_t *, uint32_t);
unsigned get16(const uint8_t *);
uint32_t get32(const uint8_t *);

/* ---- conn.c ---- */
struct tuple { uint8_t src[16], dst[16]; unsigned sport, dport; };	/* as port A has it */

void	conn_init(void);
/* The source with which flow k, t, came out of port B: it is as it must be. */
bool	conn_source(uint32_t k, const uint8_t *src, unsigned sport, const struct tuple *t);
/* t of flow k becomes what port B has seen. */
void	conn_tuple(uint32_t k, struct tuple *);

/* What is sent: each stage for all flows, then the next. */
extern enum tcp_stage { TCP_DATA, TCP_SYN, TCP_SYN_ACK, TCP_ACK } tcp_stage;
size_t	tcp_hlen(void);			/* of what is sent now */
/* The header, ports and checksum left out, of what side sends next in flow k, with so many bytes behind it. */
void	tcp_make(uint8_t *tcp, unsigned side, uint32_t k, size_t payload);
/* A segment without data, out of the port of that side: it is of the handshake's stage, and of flow *k. */
bool	tcp_shake(const uint8_t *tcp, unsigned side, uint32_t *k);
/* One with data is taken; false: its numbers have never been sent. */
bool	tcp_data(const uint8_t *tcp, unsigned side, uint32_t k, size_t payload);

/* ---- port.c ---- */
extern const uint8_t guest_mac[2][6];
extern uint8_t our_mac[2][6];
bool	port_is_ours(unsigned side, const uint8_t *mac);	/* the port's, or what B's was before the last change */
void	port_change(void);			/* IPv4: port B's neighbour gets another link address, and announces it */
void	ports_init(void);			/* connects */
/* Reads what there is on both ports, answers for neighbours, gives packets to packet_check(). Returns the bytes read. */
size_t	ports_serve(void);
extern bool ports_both;			/* packets are sent into both */
void	ports_restart(void);			/* the next packet is that of the first flow */
/* Sends up to n packets into port A, or by turns into both. Returns how many are in the sockets; 0: one is full, or something stands before them. */
unsigned port_send(unsigned n);
bool	port_busy(void);			/* records wait for room in a socket */

/* ---- pace.c ---- */
/* A moment's counters, all vCPUs together. */
struct moment { uint64_t ns, received, insns, locks, idles, mems, lines, all_lines; };
void	moment_take(struct moment *);
void	lines_reset(void);		/* lines that are touched from now on count as new */
void	pace_init(void);
/* Until QEMU's device side has done all it can: what we sent is in the guest's rings, what the guest sent is here. The guest stands
 * at the gate or sleeps meanwhile. False: that took seconds. */
bool	pace_settle(void);
uint64_t pace_flying(void);
/* Sends packets, a window of them under way, until `received` of them have come through since the call, or the time (now_ns) is over. */
void	pace_free(uint64_t received, uint64_t until);
/* The guest stands at the gate until n packets, no more than its ring holds, are in there; then it runs until it sleeps. From sleep to sleep,
 * so. False: not all have come through; of those that must be dropped: one has. */
bool	pace_burst(unsigned n);
void	pace_drain(void);			/* until nothing has come for a while; the rest is given up */

/* ---- modes.c ---- */
void	mode_run(const char *mode);

#endif
