/* ether_input.c - Ethernet frames in: whose is it, what is in it. */
#include <string.h>

#include "net/core/flow.h"
#include "net/core/handoff.h"
#include "net/core/stage.h"
#include "net/ether/ether.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6_var.h"

STAGE(ether_input);
COUNTER_GROUP(ether, 10);
COUNTER(eths_runt, ether, 10, DROP, "frame%s too short for an Ethernet header");
COUNTER(eths_notours, ether, 20, DROP, "frame%s for another station");
COUNTER(eths_srcmulti, ether, 30, DROP, "frame%s with a multicast source address");
COUNTER(eths_noproto, ether, 40, DROP, "frame%s of an unsupported type");
COUNTER(eths_ifdown, ether, 50, DROP, "frame%s received while the interface was down");

HANDOFF(ether_input, ether_input);

const uint8_t etherbroadcastaddr[ETHER_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* Types other than IPv4, which has a short way, and but for groups IPv6. */
static const struct ether_proto *
ether_proto_find(uint16_t type)
{
	SET_FOREACH(const struct ether_proto, ep, ether_protos)
		if (ep->ep_type == type)
			return ep;
	return NULL;
}

/* Anything but an IPv4 frame to our own address: true when it turned out to be IPv4 all the same, flags set. */
static __rare_fn bool
ether_input_other(struct ifnet *ifp, struct mbuf *m)
{
	const struct ether_header *eh = (const void *)m->m_data;
	const struct ether_proto *ep;
	struct batch one;

	if (eh->ether_dhost[0] & 1)
		m->m_flags |= memcmp(eh->ether_dhost, etherbroadcastaddr, 6) == 0 ? M_BCAST : M_MCAST;
	else if (memcmp(eh->ether_dhost, ifp->if_lladdr, 6) != 0) {
		M_DROP(m, eths_notours);
		return false;
	}
	if (eh->ether_shost[0] & 1) {		/* IEEE 802.3 3.2.3: a source is an individual address */
		M_DROP(m, eths_srcmulti);
		return false;
	}
	if (eh->ether_type == BE16(ETHERTYPE_IP))
		return true;
	if ((ep = ether_proto_find(be16_host(eh->ether_type))) == NULL) {
		M_DROP(m, eths_noproto);
		return false;
	}
	if (core_id() != 0 && !ep->ep_any_core) {
		handoff_packet(0, &handoff_ether_input, m);
		return false;
	}
	m_adj(m, ETHER_HDR_LEN);
	one.b_n = 1;
	one.b_m[0] = m;
	ep->ep_input(ifp, &one);
	return false;
}

static __rare_fn void
ether_input_down(struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		M_DROP(b->b_m[i], eths_ifdown);
}

static void ether_input_odd(struct ifnet *, struct batch *, unsigned i, unsigned end);

/* Frames i to end - 1 of the batch; b_n are kept so far, IPv4 all of them, in order. */
static __inline_fn void
ether_input_from(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	uint32_t our4 = load32(ifp->if_lladdr);
	uint16_t our2 = load16(ifp->if_lladdr + 4);
	struct mbuf *const *from = &b->b_m[i - b->b_n];	/* b_m[n] = from[n]: the loop keeps all that it looks at */
	unsigned n = b->b_n, stop = n + end - i;

	for (; n < stop; n++) {
		struct mbuf *m = from[n];
		const uint8_t *eh = m->m_data;

		if (unlikely(m->m_len < ETHER_HDR_LEN || load32(eh) != our4 || load16(eh + 4) != our2 || (eh[6] & 1) ||
		    load16(eh + 12) != BE16(ETHERTYPE_IP))) {
			b->b_n = n;
			ether_input_odd(ifp, b, batch_pos(b, &from[n]), end);
			return;
		}
		m_adj(m, ETHER_HDR_LEN);
		b->b_m[n] = m;
	}
	if ((b->b_n = n) > 0)
		ip_input(ifp, b);
}

static __apart_fn void
ether_input_many(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	ether_input_from(ifp, b, i, end);
}

static inline bool
ether_plain_ip6(const struct mbuf *m, uint32_t our4, uint16_t our2)
{
	const uint8_t *eh = m->m_data;

	return m->m_len >= ETHER_HDR_LEN && load32(eh) == our4 && load16(eh + 4) == our2 && !(eh[6] & 1) &&
	    load16(eh + 12) == BE16(ETHERTYPE_IPV6);
}

/* The run of IPv6 frames to our own address that begins at i goes on. Returns the position behind: i where there is none. */
static __apart_fn unsigned
ether_input_ip6(struct ifnet *ifp, const struct batch *b, unsigned i, unsigned end)
{
	uint32_t our4 = load32(ifp->if_lladdr);
	uint16_t our2 = load16(ifp->if_lladdr + 4);
	struct batch six;
	unsigned n = 0;

	for (; i < end && ether_plain_ip6(b->b_m[i], our4, our2); i++) {
		m_adj(b->b_m[i], ETHER_HDR_LEN);
		six.b_m[n++] = b->b_m[i];
	}
	if ((six.b_n = n) > 0)
		ip6_input(ifp, &six);
	return i;
}

/* Frame i is anything but an IPv4 frame to our own address; then the rest. */
static __rare_fn void
ether_input_odd(struct ifnet *ifp, struct batch *b, unsigned i, unsigned end)
{
	unsigned next = ether_input_ip6(ifp, b, i, end);
	struct mbuf *m = b->b_m[i];

	if (next == i) {
		next++;
		if (m->m_len < ETHER_HDR_LEN)
			M_DROP(m, eths_runt);
		else if (ether_input_other(ifp, m)) {
			m_adj(m, ETHER_HDR_LEN);
			batch_add(b, m);
		}
	}
	ether_input_many(ifp, b, next, end);
}

void
ether_input(struct ifnet *ifp, struct batch *b)
{
	STAGE_ENTER(ether_input, b->b_n);
	if (unlikely(!(ifp->if_flags & IFF_UP)))
		ether_input_down(b);
	else if (b->b_n >= flow_batch_min)
		flow_input(ifp, b);
	else
		ether_input_rest(ifp, b);
}

void
ether_input_rest(struct ifnet *ifp, struct batch *b)
{
	unsigned end = b->b_n;

	b->b_n = 0;
	if (end == 1)
		ether_input_from(ifp, b, 0, 1);
	else
		ether_input_many(ifp, b, 0, end);
}

static const struct ether_proto ip6_ether_proto = { ETHERTYPE_IPV6, ip6_input, true };	/* to groups */
ETHER_PROTO(ip6_ether_proto);
