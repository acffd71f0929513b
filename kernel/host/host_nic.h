/* host_nic.h - a network card of which the other side are callbacks: the process's taps and sockets, the simulator's
 * wires. An ordinary driver otherwise. Core 0; each queue's callbacks are called on the queue's core. */
#ifndef KERNEL_HOST_HOST_NIC_H
#define KERNEL_HOST_HOST_NIC_H

#include "kernel/cdefs.h"

#define HOST_NIC_FRAME	9240		/* the longest frame that it takes: 9216 bytes of packet and headers */

struct host_nic_ops {
	/* The next frame that has arrived on a queue, without FCS, into buf; returns its length, or more than size when it was cut. 0:
	 * none at present. */
	size_t	(*hno_recv)(void *arg, unsigned queue, void *buf, size_t size);
	/* Sends one frame; the bytes are the caller's. False: no room, nothing was taken; host_nic_wake() when there is. */
	bool	(*hno_send)(void *arg, unsigned queue, const void *frame, size_t len);
};

struct host_nic_conf {
	const char	*hnc_name;		/* "vio0" */
	uint8_t		 hnc_lladdr[6];
	unsigned	 hnc_nqueues;		/* pairs; 0: one. Of several each gets the flows, both ways of one, that a hash gives
						 * it; the same one for all cards */
	const struct host_nic_ops *hnc_ops;
	void		*hnc_arg;
};

struct host_nic;
/* NULL: no memory, or there is an interface of that name. The link is down at first. */
struct host_nic *host_nic_attach(const struct host_nic_conf *);
void	host_nic_link(struct host_nic *, bool up);
/* What has become of the frames so far: all that hno_recv gave, by fate; those that hno_send took, as the interface counts them. */
struct host_nic_stats {
	uint64_t	hns_in, hns_errors, hns_nombufs;	/* to the stack; too long; for want of an mbuf */
	uint64_t	hns_filtered, hns_off;			/* for other stations; while the card was off */
	uint64_t	hns_out;
};
void	host_nic_stats(const struct host_nic *, struct host_nic_stats *);
/* A queue's interrupt: frames have arrived, or there is room to send again. Any core. */
void	host_nic_wake(struct host_nic *, unsigned queue);

#endif
