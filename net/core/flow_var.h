/* flow_var.h - what the files of the fused stage share among themselves: a batch on its way through it. */
#ifndef NET_CORE_FLOW_VAR_H
#define NET_CORE_FLOW_VAR_H

#include "net/core/flow.h"
#include "net/ether/ether.h"
#include "net/route/route.h"

struct pf_peer;

struct flow_pass {
	struct ifnet	*fs_ifp;
	struct batch	*fs_b;
	struct flow_table *fs_table;
	uint64_t	 fs_our;		/* flow_station() of a frame to us from one station */
	uint32_t	 fs_generation;
	uint16_t	 fs_now;
	const struct rtentry *fs_rt;		/* of the run, and its end: with pf */
	size_t		 fs_end;
	uint64_t	 fs_stamp;		/* of pf: pf_flow.h; 32 bits */
	const char	*fs_states;		/* NULL: packets are not tested */
	uint64_t	 fs_bytes;		/* of IP, of the run: pf_flow_count() */
	const struct ifnet *fs_judged;		/* with PF_STAMP_ELSEWHERE: who judges the packet on its way out, and does not send it */
	struct pf_peer	*fs_fresh;		/* what has been looked at for a packet that has not gone by it yet; NULL: nothing */
	uint32_t	 fs_was[2];		/* its states' s_last before */
	/* x is a multiple of 65535 when x times 1/65535 modulo 2^64 is one of the quotients that there are. Here, as the loop has no registers left. */
	uint64_t	 fs_inverse, fs_quotients;
	struct ifnet	*fs_out;		/* frames from fs_from to fs_to wait to go out by it; NULL: to go the ordinary way */
	size_t		 fs_from, fs_to;
	uint64_t	 fs_key[BATCH_MAX];
	struct flow	*fs_flow[BATCH_MAX];	/* a frame's entry, or where that would be */
};

/* The destination, and whether the source is a group, without the rest of the source: 49 bits. */
#define FLOW_STATION_SHIFT 15
static inline uint64_t flow_station(const uint8_t *eh) { return load64(eh) << FLOW_STATION_SHIFT; }

/* Length of a frame in one mbuf, as m_lens has it. */
static inline uint64_t flow_lens(uint64_t len) { return len << 32 | len; }

/* The link header of a run of packets with the same route. */
struct flow_hop {
	struct rtentry	*fh_rt;
	uint64_t	 fh_hdr[2];		/* bytes 0 to 7 and 6 to 13 */
	struct ifnet	*fh_out;
};
struct flow_family {
	/* Keys and homes for the frames from i on that are of the family; where they end. */
	size_t	(*ff_pick)(struct flow_pass *, size_t i, size_t end);
	/* Rewrites picked frames from i on, as long as they are plain, of known flows, and follow that route. Where that ends. */
	size_t	(*ff_run)(struct flow_pass *, size_t i, size_t end, const struct flow_hop *);
	/* A frame that is not simply that of a known flow might be passed over for its padding, for an entry that is not at home or of another time.
	 * True: it is one now, if its neighbour can be sent to. */
	bool	(*ff_mend)(struct flow_pass *, size_t i);
	/* With pf: frames from i on that have no entry at home, of protocols that flows are of, and for which there is no state either: they go the
	 * ordinary way, and pf is told (pf_stranger_tag). Where that ends. */
	size_t	(*ff_strangers)(struct flow_pass *, size_t i, size_t end);
};
extern const struct flow_family flow_ip4, flow_ip6, flow_ip4_pf, flow_ip6_pf;	/* with pf: as pf_flow.h says, too */

/* For ff_mend: the entry, of this generation. NULL: the ordinary way; what is
 * made now is for those that follow. fl_most is an MTU less `less`. */
typedef struct rtentry *flow_route_fn(const struct ifnet *, const struct flow_id *);
struct flow *flow_entry(struct flow_pass *, struct flow *home, const struct flow_id *, flow_route_fn *, uint32_t less);

/* Of a route, for an entry. False: packets that follow it are looked at each. */
bool	flow_fill(const struct flow_pass *, struct flow *, struct rtentry *, uint32_t less);
/* Entries are made only for neighbours that have been heard of: a route that none has is nobody's, and takes no entry with it (rt_followed). */
bool	flow_has_hop(const struct rtentry *);

#define FLOW_INVERSE	0xfffefffefffeffffu
#define FLOW_QUOTIENTS	(UINT64_MAX / 65535)
_Static_assert(65535 * FLOW_INVERSE == 1, "1/65535");

#define PROTO_ICMP	1
#define PROTO_TCP	6
#define PROTO_UDP	17
#define PROTO_ICMPV6	58
static inline bool flow_proto(unsigned proto) { return proto == PROTO_TCP || proto == PROTO_UDP; }
/* With pf, echoes are flows, too; in place of ports they have type and code, and the identifier. h: ICMP's header. */
static inline uint32_t flow_echo_ports(const uint8_t *h) { return load16(h) | (uint32_t)load16(h + 4) << 16; }

/* RFC 1624: by is the complement of what the sum grows by. Of the two zeros the result is 0xffff. */
static inline void
flow_change_sum(uint8_t *at, uint32_t by)
{
	uint16_t s;
	bool carry = __builtin_add_overflow(load16(at), (uint16_t)by, &s);

	store16(at, (uint16_t)(s + carry));
}
/* The same where the other zero is what pf_translate() has. */
static inline void
flow_change_sum0(uint8_t *at, uint32_t by)
{
	flow_change_sum(at, by);
	if (unlikely(load16(at) == 0xffff))
		store16(at, 0);
}

#endif
