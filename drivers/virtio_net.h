/* virtio_net.h - vio(4), the virtio network driver: its parts among themselves. virtio 1.2, 5.1. */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include "drivers/nicq.h"
#include "drivers/virtio.h"
#include "kernel/kstat.h"
#include "kernel/timeout.h"
#include "net/core/if.h"

#define VIRTIO_NET_F_MTU		(1ull << 3)	/* 5.1.3 */
#define VIRTIO_NET_F_MAC		(1ull << 5)
#define VIRTIO_NET_F_MRG_RXBUF		(1ull << 15)
#define VIRTIO_NET_F_STATUS		(1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ		(1ull << 17)
#define VIRTIO_NET_F_CTRL_RX		(1ull << 18)
#define VIRTIO_NET_F_MQ			(1ull << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR	(1ull << 23)
#define VIRTIO_NET_F_RSS		(1ull << 60)
#define VIRTIO_NET_F_SPEED_DUPLEX	(1ull << 63)

struct virtio_net_config {		/* 5.1.4, little-endian */
	uint8_t		mac[6];
	uint16_t	status;
	uint16_t	max_virtqueue_pairs;
	uint16_t	mtu;
	uint32_t	speed;		/* Mbit/s; ~0: not known */
	uint8_t		duplex;		/* 1: full */
	uint8_t		rss_max_key_size;
	uint16_t	rss_max_indirection_table_length;
	uint32_t	supported_hash_types;
} __packed;
#define VIRTIO_NET_S_LINK_UP	1

struct virtio_net_hdr {			/* 5.1.6 */
	uint8_t		flags;
	uint8_t		gso_type;
	uint16_t	hdr_len;
	uint16_t	gso_size;
	uint16_t	csum_start;
	uint16_t	csum_offset;
	uint16_t	num_buffers;	/* not in legacy without MRG_RXBUF */
} __packed;
#define VIO_HDR		sizeof(struct virtio_net_hdr)
#define VIO_HDR_SHORT	offsetof(struct virtio_net_hdr, num_buffers)

#define VIO_MAXMTU	16110		/* where merged buffers and indirect descriptors make chains possible */
#define VIO_MAXSEGS	32		/* mbufs of a packet to send */
#define VIO_MAXPAIRS	((VIRTIO_MAXVQS - 1) / 2)

struct vio;

/* A receive and a transmit queue. All of it belongs to one core, if_queue_core(), whose loop has vp_poller and vp_tick; core 0 gets at it by
 * if_queue_call() alone, and reads vp_broken, vp_polling and counters. */
struct vio_pair {
	struct virtq	 vp_rx;
	struct mbuf	**vp_rxm;	/* by descriptor: what the device fills */
	uint16_t	 vp_posted;	/* descriptors 0 to vp_posted - 1 are in use: all, if mbufs sufficed */
	uint16_t	 vp_hdrlen;	/* VIO_HDR or VIO_HDR_SHORT */
	uint32_t	 vp_rxmax;	/* bytes of a frame that fit into one buffer */
	bool		 vp_merge;	/* num_buffers is there */
	bool		 vp_stopped;	/* down, or a ring is broken: do not touch them */
	volatile bool	 vp_broken;	/* core 0 is to reset the device */
	volatile bool	 vp_polling;	/* its interrupts do not come: vio_pair_tick polls, more often */
	struct ifiqueue	*vp_ifiq;

	struct virtq	 vp_tx;
	struct mbuf	**vp_txm;	/* by descriptor: what it sends */
	uint32_t	 vp_txroom;	/* headroom for the header; ~0: it must stand apart (no ANY_LAYOUT) */
	bool		 vp_indirect;
	struct ifqueue	*vp_ifq;

	struct vio	*vp_sc;
	struct poller	 vp_poller;
	char		 vp_name[IFNAMSIZ + 12];
	struct nicq	 vp_nicq;

	struct timeout	 vp_tick;
	uint16_t	 vp_ticklast;	/* vp_tx.vq_last at the last one */
	uint16_t	 vp_stuck;	/* milliseconds without a completion */
	bool		 vp_tickpending;
	uint64_t	 vp_tickintr;
	/* kstat */
	uint64_t	 vp_badrings, vp_badlens, vp_merged, vp_indirects, vp_copies, vp_lostintrs, vp_watchdogs;
	struct kstat	 vp_kstat;
};

struct vio {				/* core 0's */
	struct ifnet	 sc_if;
	struct virtio	*sc_virtio;
	struct vio_pair	*sc_pairs;
	unsigned	 sc_npairs;
	unsigned	 sc_maxpairs;	/* that the device has, or says it has */
	uint16_t	 sc_rsstable;	/* entries of its indirection table; 0: no RSS */
	uint32_t	 sc_rsstypes;	/* what of a packet it hashes */
	bool		 sc_rss;	/* it does; set while all pairs are halted */
	bool		 sc_alive;	/* DRIVER_OK */
	bool		 sc_broken;	/* it wants to be reset */
	uint8_t		 sc_mac[6];	/* the device's own */
	struct virtq	 sc_ctrl;	/* vq_size 0: none */
	bool		 sc_ctrldead;	/* a command was never answered */
	struct dma	 sc_ctrlbuf;
	struct timeout	 sc_tick;
	struct poller	 sc_confpoller;
	char		 sc_confname[IFNAMSIZ + 8];
	uint64_t	 sc_resets;
};

/* virtio_net.c */
/* Something in a ring cannot be: stops the pair; core 0's next tick resets the device. The pair's core. */
void	vio_broken(struct vio_pair *, const char *what, uint64_t value);
/* Queues, interrupts, DRIVER_OK, after the features have been negotiated. False: the device refused. */
bool	vio_enable(struct vio *);
/* fn(pair) for each, on its core. Core 0. */
void	vio_each(struct vio *, void (*fn)(void *));
void	vio_tick(void *sc);
void	vio_pair_tick(void *pair);
extern const struct if_ops vio_ops;
int	vio_poll(struct poller *, int budget);
bool	vio_arm(struct poller *);
int	vio_confpoll(struct poller *, int budget);	/* the configuration changed */
bool	vio_confarm(struct poller *);

/* virtio_net_rx.c */
/* Gives the device mbufs for descriptors that have none, as far as the pool allows (nicq_share). */
void	vio_rxfill(struct vio_pair *);
/* Takes up to budget (at most BATCH_MAX) frames and runs them through the stack. Returns how many. */
int	vio_rxeof(struct vio_pair *, int budget);
void	vio_rxfree(struct vio_pair *);	/* the device is reset */

/* virtio_net_tx.c */
void	vio_start(struct ifqueue *);
void	vio_txeof_some(struct vio_pair *);	/* there is something */
/* Frees what has been sent; restarts the queue when there is room again. */
static inline void
vio_txeof(struct vio_pair *vp)
{
	if (virtq_used(&vp->vp_tx) > 0)
		vio_txeof_some(vp);
}
void	vio_txfree(struct vio_pair *);	/* the device is reset */
void	vio_reclaim(struct nicq *);

/* virtio_net_ctrl.c; false: no such command, refused, or no answer. Core 0 */
bool	vio_ctrl_init(struct vio *, uint16_t idx);	/* memory */
/* Sends a command whose `len` bytes of data stand at vio_ctrl_data(), at most VIO_CTRL_DATA, and waits. */
bool	vio_ctrl(struct vio *, uint8_t class, uint8_t cmd, uint32_t len);
uint8_t	*vio_ctrl_data(struct vio *);
#define VIO_CTRL_DATA	4000
void	vio_rxfilter(struct ifnet *);
bool	vio_ctrl_mac(struct vio *, const uint8_t *);

/* virtio_net_mq.c */
/* Which of MQ and RSS, out of `offered`, are of use to us. Before the features are negotiated. */
uint64_t vio_mq_features(struct virtio *, uint64_t offered);
/* sc_npairs, sc_maxpairs, sc_rss*, if_core and if_rss, as agreed on. */
void	vio_mq_init(struct vio *);
void	vio_spreads(struct vio *);		/* if_rss, by sc_npairs */
/* Lets the live device use all pairs. Returns how many it does use: all, or one. Core 0. */
unsigned vio_mq_enable(struct vio *);
/* This pair's receive ring had run dry, and with RSS frames for it may wait elsewhere. The pair's core. */
void	vio_mq_kick(struct vio_pair *);

/* virtio_net_kstat.c */
void	vio_kstat_attach(struct vio_pair *);

#endif
