/* steer.c - the flow's core by a symmetric hash, in software. Multiplication is what makes it symmetric and keyed at once: (a + k)(b + k) does not
 * change when a and b do, and who does not know k cannot choose the core. */
#include <string.h>

#include "kernel/endian.h"
#include "kernel/machine.h"
#include "net/core/handoff.h"
#include "net/core/if.h"
#include "net/core/net_init.h"
#include "net/core/steer.h"
#include "net/core/stage.h"

#define ETHER_HDR	14u
#define IP4_HDR		20u
#define IP6_HDR		40u
#define PROTO_TCP	6
#define PROTO_UDP	17

STAGE(steer);

static uint64_t steer_key[2];		/* of addresses, of ports */
static uint8_t steer_core[256];		/* by the hash's first octet, as a card's indirection table */

static void
steer_init(void)
{
	random_bytes(steer_key, sizeof(steer_key));
}
NET_INIT(steer, 10, steer_init);

void
steer_spread(void)
{
	for (unsigned i = 0; i < nitems(steer_core); i++)
		steer_core[i] = (uint8_t)(i * ncores / nitems(steer_core));
}

/* Bytes behind a short frame's end are read as they are: they stand in the same buffer, and any core will do for such a frame. */
static inline uint64_t
steer_mix(uint64_t a, uint64_t b, uint64_t key)
{
	return (a + key) * (b + key);
}

/* What counts up in ports or addresses makes the products count up, too: only after another multiplication of what has been folded are
 * such flows spread as others are. */
static inline uint64_t
steer_pick(uint64_t h)
{
	return steer_core[(h ^ h >> 32) * 0x9e3779b97f4a7c15u >> 56];
}

/* A hash of the addresses, and of the ports where there are some and all packets of the flow have them: not in fragments. */
static inline uint64_t
steer_ip4(const uint8_t *ip, uint64_t key0, uint64_t key1)
{
	uint64_t h = steer_mix(load32(ip + 12), load32(ip + 16), key0);
	uint32_t frag_proto = load32(ip + 6) & BE32(0x3fff00ff);

	if (likely(frag_proto == BE32(PROTO_UDP) || frag_proto == BE32(PROTO_TCP)))
		h += steer_mix(load16(ip + IP4_HDR), load16(ip + IP4_HDR + 2), key1);
	return h;
}

static inline uint64_t
steer_ip6(const uint8_t *ip)
{
	uint64_t h = steer_mix(load64(ip + 8), load64(ip + 24), steer_key[0]) + steer_mix(load64(ip + 16), load64(ip + 32), steer_key[1]);

	if (likely(ip[6] == PROTO_UDP || ip[6] == PROTO_TCP))
		h += steer_mix(load16(ip + IP6_HDR), load16(ip + IP6_HDR + 2), steer_key[1]);
	return h;
}

/* What is no IP stays where it came in. */
static uint64_t
steer_other(const uint8_t *frame, uint64_t self)
{
	const uint8_t *type = frame + 12, *ip;
	uint64_t h;

	if (load16(type) == BE16(0x8100))
		type += 4;
	ip = type + 2;
	if (load16(type) == BE16(0x0800))
		h = ip[0] == 0x45 ? steer_ip4(ip, steer_key[0], steer_key[1]) :
		    steer_mix(load32(ip + 12), load32(ip + 16), steer_key[0]);
	else if (load16(type) == BE16(0x86dd))
		h = steer_ip6(ip);
	else
		return self;
	return steer_pick(h);
}

static void
steer_input(struct ifnet *ifp, struct batch *b)
{
	ifp->if_input(ifp, b);
}
HANDOFF(if_input, steer_input);

static inline uint64_t
steer_frame(const uint8_t *p, uint64_t self, uint64_t key0, uint64_t key1)
{
	if (likely((load32(p + 12) & BE32(0xffffff00)) == BE32(0x08004500)))
		return steer_pick(steer_ip4(p + ETHER_HDR, key0, key1));
	return steer_other(p, self);
}

unsigned
steer_tuple(unsigned af, const struct in6_addr *src, const struct in6_addr *dst, be16_t sport, be16_t dport, bool ports)
{
	uint64_t h;

	if (af == AF_IP4)
		h = steer_mix(src->s6_addr32[0], dst->s6_addr32[0], steer_key[0]);
	else
		h = steer_mix(src->s6_addr64[0], dst->s6_addr64[0], steer_key[0]) + steer_mix(src->s6_addr64[1], dst->s6_addr64[1], steer_key[1]);
	if (ports)
		h += steer_mix(sport, dport, steer_key[1]);
	return (unsigned)steer_pick(h);
}

/* Where a core's next packet is put: in a row from the first free slot on, at most a batch. */
struct steer_way { struct mbuf **next; };

/* False: a ring has too little room for the whole batch. */
static bool
steer_ways(struct steer_way *way, unsigned self, uint32_t n)
{
	for (unsigned i = 0; i < ncores; i++) {
		struct handoff_ring *hr = handoff_ring(self, i);

		if (unlikely(handoff_room(hr) < n))
			return false;
		way[i].next = &hr->hr_slot[hr->hr_in % HANDOFF_SLOTS];
	}
	return true;
}

/* What stands behind the ring's end belongs to its beginning. */
static void
steer_send(const struct steer_way *way, unsigned self, uint16_t ifidx)
{
	for (unsigned i = 0; i < ncores; i++) {
		struct handoff_ring *hr = handoff_ring(self, i);
		uint32_t at = hr->hr_in % HANDOFF_SLOTS, n = (uint32_t)(way[i].next - &hr->hr_slot[at]);

		if (n == 0)
			continue;
		if (unlikely(at + n > HANDOFF_SLOTS))
			memcpy(hr->hr_slot, &hr->hr_slot[HANDOFF_SLOTS], (at + n - HANDOFF_SLOTS) * sizeof(hr->hr_slot[0]));
		handoff_commit(i, &handoff_if_input, ifidx, n);
	}
}

/* One by one: each finds room or is dropped. */
static void
steer_full(struct batch *b, uint64_t self)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->b_n; i++) {
		uint64_t core = steer_frame(b->b_m[i]->m_data, self, steer_key[0], steer_key[1]);

		if (core == self)
			b->b_m[n++] = b->b_m[i];
		else
			handoff_packet((unsigned)core, &handoff_if_input, b->b_m[i]);
	}
	b->b_n = n;
}

/* One loop for all, batch_received() too: each of its own would load the packets anew. */
uint64_t
steer(uint16_t ifidx, struct batch *b)
{
	struct steer_way way[MAXCORES];
	uint64_t key0 = steer_key[0], key1 = steer_key[1], self = core_id(), bytes = 0;
	struct mbuf **ours = b->b_m, **mp = b->b_m, **end = b->b_m + b->b_n;

	STAGE_ENTER(steer, b->b_n);
	if (unlikely(!steer_ways(way, (unsigned)self, b->b_n))) {
		bytes = batch_received(b, ifidx);
		steer_full(b, self);
		return bytes;
	}
	for (; mp < end; mp++) {
		struct mbuf *m = *mp;
		uint64_t core = steer_frame(m->m_data, self, key0, key1);

		bytes += m->m_pktlen;
		m->m_ifidx = ifidx;
		if (core == self)
			*ours++ = m;
		else
			*way[core].next++ = m;
	}
	b->b_n = (unsigned)(ours - b->b_m);
	steer_send(way, (unsigned)self, ifidx);
	return bytes;
}
