/* steer.c - the flow's core by a symmetric hash, in software. Multiplication is what makes it symmetric and keyed at once: (a + k)(b + k) does not
 * change when a and b do, and who does not know k cannot choose the core. */
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
#define PORTS		4u
#define PROTO_TCP	6
#define PROTO_UDP	17

STAGE(steer);

static uint64_t steer_key[2];		/* of addresses, of ports */

static void
steer_init(void)
{
	random_bytes(steer_key, sizeof(steer_key));
}
NET_INIT(steer, 10, steer_init);

static inline uint64_t
steer_ports(const uint8_t *p)
{
	return (load16(p) + steer_key[1]) * (load16(p + 2) + steer_key[1]);
}

/* All fragments of a datagram go by addresses alone, as only the first has ports. */
static inline uint64_t
steer_ip4(const uint8_t *ip, unsigned len)
{
	uint64_t h;

	if (unlikely(len < IP4_HDR + PORTS))
		return 0;
	h = (load32(ip + 12) + steer_key[0]) * (load32(ip + 16) + steer_key[0]);
	if (likely(ip[0] == 0x45 && (ip[9] == PROTO_UDP || ip[9] == PROTO_TCP) && (load16(ip + 6) & BE16(0x3fff)) == 0))
		h += steer_ports(ip + IP4_HDR);
	return h;
}

static inline uint64_t
steer_ip6(const uint8_t *ip, unsigned len)
{
	uint64_t h;

	if (unlikely(len < IP6_HDR + PORTS))
		return 0;
	h = (load64(ip + 8) + steer_key[0]) * (load64(ip + 24) + steer_key[0]) +
	    (load64(ip + 16) + steer_key[1]) * (load64(ip + 32) + steer_key[1]);
	if (likely(ip[6] == PROTO_UDP || ip[6] == PROTO_TCP))
		h += steer_ports(ip + IP6_HDR);
	return h;
}

/* What is no IP stays where it came in. */
static unsigned
steer_other(const struct mbuf *m, unsigned self)
{
	const uint8_t *p = m->m_data;
	unsigned off = ETHER_HDR;
	uint64_t h;

	if (m->m_len < ETHER_HDR)
		return self;
	if (load16(p + 12) == BE16(0x8100) && m->m_len >= ETHER_HDR + 4)
		off += 4;
	if (load16(p + off - 2) == BE16(0x0800))
		h = steer_ip4(p + off, m->m_len - off);
	else if (load16(p + off - 2) == BE16(0x86dd))
		h = steer_ip6(p + off, m->m_len - off);
	else
		return self;
	return h == 0 ? self : (unsigned)((h >> 32) * ncores >> 32);
}

static void
steer_input(struct ifnet *ifp, struct batch *b)
{
	ifp->if_input(ifp, b);
}
HANDOFF(if_input, steer_input);

static inline void
steer_away(struct mbuf *m)
{
	m->m_flags |= M_AWAY;
	for (m = m->m_next; unlikely(m != NULL); m = m->m_next)
		m->m_flags |= M_AWAY;
}

void
steer(struct ifnet *ifp __unused_arg, struct batch *b)
{
	struct { struct mbuf *first, **link, *last; uint32_t n; } train[MAXCORES];
	unsigned self = core_id(), cores = ncores, n = 0, end = b->b_n;

	STAGE_ENTER(steer, end);
	for (unsigned i = 0; i < cores; i++) {
		train[i].link = &train[i].first;
		train[i].n = 0;
	}
	for (unsigned i = 0; i < end; i++) {
		struct mbuf *m = b->b_m[i];
		const uint8_t *p = m->m_data;
		unsigned core;

		if (likely(m->m_len >= ETHER_HDR + IP4_HDR + PORTS && load16(p + 12) == BE16(0x0800)))
			core = (unsigned)((steer_ip4(p + ETHER_HDR, IP4_HDR + PORTS) >> 32) * cores >> 32);
		else
			core = steer_other(m, self);
		if (core == self) {
			b->b_m[n++] = m;
			continue;
		}
		steer_away(m);
		*train[core].link = m;
		train[core].link = &m->m_nextpkt;
		train[core].last = m;
		train[core].n++;
	}
	b->b_n = n;
	for (unsigned i = 0; i < cores; i++)
		if (train[i].n > 0)
			handoff_train(i, &handoff_if_input, train[i].first, train[i].last, train[i].n);
}
