/* ifq.h - output queues (ifq) and input queues (ifiq) of interfaces, as ifq(9). One of each per queue pair of the card; a pair is owned
 * by one core, which alone touches it: packets from others are handed over (if_enqueue). */
#ifndef NET_CORE_IFQ_H
#define NET_CORE_IFQ_H

#include "kernel/kstat.h"
#include "net/core/mbuf.h"

struct ifqueue {
	struct ifnet	*ifq_if;
	unsigned	 ifq_idx;
	unsigned	 ifq_core;		/* its owner: the queue, and the driver's ring behind it */
	struct mbuf	*ifq_head, *ifq_tail;	/* linked by m_nextpkt */
	uint32_t	 ifq_len, ifq_maxlen;
	bool		 ifq_oactive;		/* the ring is full: the driver restarts it when there is room */
	bool		 ifq_pending;		/* on this core's list for ifq_flush */
	struct ifqueue	*ifq_nextpending;
	/* Sends what it can: ifq_dequeue() until the ring is full (then ifq_set_oactive) or the queue is empty, and rings the doorbell once. */
	void		(*ifq_startfn)(struct ifqueue *);
	void		*ifq_softc;		/* the driver's */

	uint64_t	 ifq_packets, ifq_bytes;	/* taken into the queue */
	uint64_t	 ifq_mcasts;
	uint64_t	 ifq_qdrops;		/* refused: queue full, or interface not running */
	uint64_t	 ifq_purged;		/* taken and then thrown away: interface went down */
	uint64_t	 ifq_errors;		/* the driver could not send it */
	uint64_t	 ifq_oactives;		/* times the ring was full */
	uint64_t	 ifq_starts;
	struct kstat	 ifq_kstat;
};

struct ifiqueue {
	struct ifnet	*ifiq_if;
	unsigned	 ifiq_idx;
	unsigned	 ifiq_core;		/* its owner, the same as the ifq's */
	uint32_t	 ifiq_len;		/* waiting; none do: a batch is worked off or handed over at once */
	uint64_t	 ifiq_packets, ifiq_bytes;	/* from the card */
	uint64_t	 ifiq_qdrops;
	uint64_t	 ifiq_errors;		/* damaged frames, as the card or driver found; not in ifiq_packets */
	uint64_t	 ifiq_nombufs;		/* received, and thrown away for want of an mbuf; not in ifiq_packets */
	uint64_t	 ifiq_enqueues, ifiq_dequeues;	/* batches */
	struct kstat	 ifiq_kstat;
};

/* From the driver: frames as they came, without FCS, m_data at the Ethernet header, m_pktlen set in the first mbuf. Takes the
 * batch (b_n from 1 to BATCH_MAX), counts it and runs it to completion. */
void	ifiq_input(struct ifiqueue *, struct batch *);

/* From the stack, on the queue's core: complete frames for this interface. Takes them all; what does not fit is dropped and counted. The driver starts at the end
 * of the loop's pass. */
void	ifq_enqueue(struct ifqueue *, struct batch *);
/* From the driver's start: the next frame or NULL. */
static inline struct mbuf *
ifq_dequeue(struct ifqueue *ifq)
{
	struct mbuf *m = ifq->ifq_head;

	if (m != NULL) {
		ifq->ifq_head = m->m_nextpkt;
		m->m_nextpkt = NULL;
		ifq->ifq_len--;
	}
	return m;
}
/* The same for many: the driver has walked from ifq_head along m_nextpkt and taken n frames, all before `next`. */
static inline void
ifq_taken(struct ifqueue *ifq, struct mbuf *next, uint32_t n)
{
	ifq->ifq_head = next;
	ifq->ifq_len -= n;
}
void	ifq_set_oactive(struct ifqueue *);	/* in start: no room left */
void	ifq_restart(struct ifqueue *);		/* room again: clears oactive, start at the end of the pass */
void	ifq_purge(struct ifqueue *);		/* interface down: drops all, counted as purged. Its core */

#endif
