/* flow.h - what a packet does is decided once per flow: a core's table of the flows that it forwards. The ordinary stages decide, an entry repeats
 * what they said, and flow_forward.c does it for all packets of a batch that are known.
 *
 * An entry holds no reference: it points to its route, which is good as long as the generation is the entry's. Who changes what entries were made of
 * changes it first and the generation then; freed things stay until the epoch is over, so what a pass finds is good until its end. An entry of
 * another generation is worth a look-up (ff_mend), no more. Of TCP and UDP only, with pf of echoes, too, without options, extension headers or
 * fragments.
 *
 * The table is of lines: an entry is one, a bucket sixteen in a row. A flow's home is a line of its bucket, where it mostly is; else it is as near as
 * there was room, near meaning few bits of its place that differ. */
#ifndef NET_CORE_FLOW_H
#define NET_CORE_FLOW_H

#include "kernel/endian.h"
#include "net/core/if.h"

struct rtentry;

/* IPv4: what pf makes of addresses and ports, as they stand there; what is added to the header's and the protocol's checksum with end-around carry. */
struct flow_nat { uint64_t fn_addrs; uint32_t fn_ports; uint16_t fn_ip, fn_proto; };	/* fn_addrs 0: they stay */

struct flow {
	uint64_t	 fl_key;		/* ports (flow_echo_ports()), protocol, family, interface; 0: free */
	union {
		uint64_t fl_addr[4];		/* IPv6: source, destination. IPv4: [0] both as in the header, [1] their sum, and behind */
		struct { uint64_t fl_addrs[2]; struct flow_nat fl_nat; };
	};
	struct rtentry	*fl_rt;
	uint32_t	 fl_generation;
	uint16_t	 fl_most;		/* the longest that the way out takes: bytes behind the ports (IPv4: of the packet; IPv6: of the payload) */
	uint16_t	 fl_seen;		/* when a packet passed last: flow_clock() */
	uint32_t	 fl_peer, fl_id;	/* the states that its packets belong to: pf_flow.h; 0, 0: none */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct flow) == CACHELINE, "an entry is a line");
#define FLOW_BUCKET	16u			/* entries */

/* What identifies a flow: fl_key and fl_addr; of IPv4's only the first two. */
struct flow_id { uint64_t id_key, id_addr[4]; };
/* By where the key has its interface: flow_ip4.c, flow_ip6.c. */
static inline bool flow_key_is6(uint64_t key) { return (key & 0x0000ff0300000000u) != 0; }

struct flow_table {
	uint8_t		*ft_base;		/* NULL: no memory for one */
	uint64_t	 ft_mask;		/* of a hash: where the flow's home is, bytes behind ft_base */
	uint64_t	 ft_secret[6];
	size_t		 ft_ready, ft_size;	/* bytes that are initialised, and that there are; a power of two */
	size_t		 ft_moved;		/* so much of the lower half has been looked at since the table grew: what belongs into the upper one is there */
	size_t		 ft_hand;		/* where flow_tend() goes on, bytes */
	uint32_t	 ft_n;			/* entries */
	uint32_t	 ft_passes;
};
extern struct flow_table flow_table;		/* PERCORE */
extern int flow_enable, flow_limit, flow_least;	/* net.flow.enable, net.flow.limit, net.flow.least: packets of a batch */
/* Smaller batches go by the ordinary stages, which cost less then: net.flow.least; none with a packet filter, of whose stages that is not true; all
 * without net.flow.enable. flow_choose() after a change of one of them. Core 0. */
extern unsigned flow_batch_min;
void	flow_choose(void);

/* Grows with each change of routes, of interfaces and their addresses, or of pf's rules or whether they are in force. Core 0 writes. */
extern uint32_t rt_generation, if_generation, pf_generation;
static inline uint32_t
flow_generation(void)
{
	return __atomic_load_n(&rt_generation, __ATOMIC_ACQUIRE) + __atomic_load_n(&if_generation, __ATOMIC_ACQUIRE) +
	    __atomic_load_n(&pf_generation, __ATOMIC_ACQUIRE);
}
/* Something has changed, and is so already. Core 0. */
static inline void
flow_changed(uint32_t *generation)
{
	__atomic_store_n(generation, *generation + 1, __ATOMIC_RELEASE);
}

/* In units of 268 ms, modulo 65536. */
#define FLOW_CLOCK_SHIFT 28
uint16_t flow_clock(void);

/* Nobody outside can choose the bucket: both factors have a secret in them. */
static inline uint64_t
flow_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 x = (unsigned __int128)a * b;

	return (uint64_t)x ^ (uint64_t)(x >> 64);
}
/* Addresses that count up move but a few bits of the product: another one spreads them. Where a product goes into the next that is so already. */
static inline uint64_t
flow_hash4(const uint64_t *secret, uint64_t addrs, uint64_t key)
{
	return flow_mix(key + secret[1], addrs + secret[0]) * 0x9e3779b97f4a7c15u >> 32;
}
static inline uint64_t
flow_hash6(const uint64_t *secret, uint64_t s0, uint64_t s1, uint64_t d0, uint64_t d1, uint64_t key)
{
	return flow_mix(flow_mix(s0 + secret[2], s1 + secret[3]) + flow_mix(d0 + secret[4], d1 + secret[5]) + secret[0], key + secret[1]);
}
static inline struct flow *
flow_home(const struct flow_table *ft, uint64_t hash)
{
	return (struct flow *)(ft->ft_base + (hash & ft->ft_mask));
}

/* The bucket's place that is the i-th from home, 0 to 15; the 0th is home. */
static inline struct flow *
flow_near(struct flow *home, unsigned i)
{
	return (struct flow *)((uintptr_t)home ^ i * sizeof(*home));
}

/* The entry of a flow whose home is that; NULL: none. */
struct flow *flow_find(struct flow_table *, struct flow *home, const struct flow_id *);
/* A new one for a flow that has none, without states; fl_rt, fl_generation and fl_most are the caller's to fill in. It goes soon, unless it is seen
 * again. NULL: no room, counted. */
struct flow *flow_insert(struct flow_table *, struct flow *home, const struct flow_id *);
void	flow_remove(struct flow_table *, struct flow *);	/* what it said is true no more */
void	flow_count_renewed(void);
/* Entries made, and refused, on all cores. Core 0. */
void	flow_made(uint64_t *made, uint64_t *refused);
/* Now and then, when packets come: lets a bucket's worth of idle entries go, makes a full table larger. */
void	flow_tend(struct flow_table *);

/* This core's table: its memory is taken, not touched. Boot, each core; without memory there are no flows. */
void	flow_core_init(void);

/* flow_forward.c: the stage. Frames that ether_input has counted: those of known flows leave, the others go on as they came (ether_input_rest), all
 * of them in their order. Takes the mbufs. Any core. */
void	flow_input(struct ifnet *, struct batch *);

#endif
