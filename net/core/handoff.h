/* handoff.h - packets that go on on another core. A ring from each core to each other that nobody else writes or reads, so without locks;
 * what goes through it is a train: packets linked by m_nextpkt that go on at the same place, from the same interface. Trains are sent at the
 * end of a pass, with one fence, and keep their order.
 *
 * Nothing but the packet survives: m_rt and m_nh are gone, unless it is a next hop's number (nexthop_tag). */
#ifndef NET_CORE_HANDOFF_H
#define NET_CORE_HANDOFF_H

#include "net/core/mbuf.h"

/* A place to go on at: takes a batch, b_n from 1 to BATCH_MAX, all with the m_ifidx of ifp; NULL: made here. */
struct handoff {
	const char	*ho_name;
	void		(*ho_func)(struct ifnet *, struct batch *);
	uint8_t		*ho_id;		/* handoff.c's */
};
SET_DECLARE(const struct handoff, handoffs);
#define HANDOFF(name, fn)							\
	static uint8_t handoff_id_##name;					\
	static const struct handoff handoff_##name = { #name, fn, &handoff_id_##name };	\
	SET_ADD(handoffs, handoff_##name)

/* Hands over the batch, or drops what the other core has no room for, counted. All packets have the same m_ifidx, or those of
 * b_m[0] alone is looked at. `core` is another core. Any core. */
void	handoff_batch(unsigned core, const struct handoff *, struct batch *);
/* One packet, as it is: from where a batch is being worked off. */
void	handoff_packet(unsigned core, const struct handoff *, struct mbuf *);

/* For those who link the train themselves: n packets without M_SHARED, the last one's m_nextpkt NULL; each mbuf has M_AWAY. */
void	handoff_train(unsigned core, const struct handoff *, struct mbuf *first, struct mbuf *last, uint32_t n);

/* The rings, for so many cores. Boot. False: no memory. */
bool	handoff_init(unsigned cores);
/* All that has been sent to this core goes on: an interface is going. Core 0 lets each core do it (core_call). */
void	handoff_drain(void *);

#endif
