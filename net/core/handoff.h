/* handoff.h - packets that go on on another core. A ring from each core to each other that nobody else writes or reads, so without locks: slots
 * with packets, and trains, runs of slots whose packets go on at the same place from the same interface. Trains are sent at the end of a pass, with
 * one fence, and keep their order.
 *
 * Nothing but the packet survives: m_rt and m_nh are gone, unless it is a next hop's number (nexthop_tag). */
#ifndef NET_CORE_HANDOFF_H
#define NET_CORE_HANDOFF_H

#include "net/core/mbuf.h"

/* A place to go on at: takes a batch, b_n from 1 to BATCH_MAX; ifp as the sender named it; NULL: made here. */
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

/* Hands over the batch with the number of an interface, or drops all of it, counted, when the other core has no room. `core` is another
 * core. Any core. */
void	handoff_batch(unsigned core, const struct handoff *, uint16_t ifidx, struct batch *);
/* One packet, with its m_ifidx: from where a batch is being worked off. */
void	handoff_packet(unsigned core, const struct handoff *, struct mbuf *);

/* The rings, for so many cores. Boot. False: no memory. */
bool	handoff_init(unsigned cores);
/* All that has been sent to this core goes on: an interface is going. Core 0 lets each core do it (core_call). */
void	handoff_drain(void *);

/* ---- for steer.c, which fills slots itself ---- */
#define HANDOFF_SLOTS	512u		/* a ring's; a power of two */
struct handoff_train { uint16_t tr_n, tr_ifidx; uint8_t tr_place; };
struct handoff_ring {
	/* the sender's */
	uint32_t	 hr_in;		/* packets ever given: the next slot, modulo HANDOFF_SLOTS */
	uint32_t	 hr_head;	/* trains that the receiver may see; the next is being gathered */
	bool		 hr_gathering;
	/* the receiver's */
	uint32_t	 hr_out __aligned_to(CACHELINE);	/* packets ever taken */
	uint32_t	 hr_tail;	/* trains that are done with */
	uint32_t	 hr_taken;	/* packets of the train at hr_tail */
	uint16_t	 hr_ifidx;	/* of the batch that goes on */
	uint8_t		 hr_place;
	struct handoff_train hr_train[HANDOFF_SLOTS] __aligned_to(CACHELINE);	/* as many as packets: those of a pass may all differ */
	struct mbuf	*hr_slot[HANDOFF_SLOTS + BATCH_MAX] __aligned_to(CACHELINE);	/* steer.c writes in a row, and then folds */
};
extern struct handoff_ring *handoff_rings;
extern unsigned handoff_cores;

static inline struct handoff_ring *
handoff_ring(unsigned from, unsigned to)
{
	return &handoff_rings[from * handoff_cores + to];
}
/* Slots that the sender may fill. */
static inline uint32_t
handoff_room(const struct handoff_ring *hr)
{
	return HANDOFF_SLOTS - (hr->hr_in - __atomic_load_n(&hr->hr_out, __ATOMIC_ACQUIRE));
}
/* The next n slots are filled with packets without M_SHARED: they go. */
void	handoff_commit(unsigned core, const struct handoff *, uint16_t ifidx, uint32_t n);
/* n packets that have no room. */
void	handoff_refuse(struct mbuf *const *, uint32_t n);

#endif
