/* virtio.h - the virtio transport over PCI, modern (virtio 1.2, 4.1) and legacy (4.1.5.1.1, 2.7.2...), and the device
 * types' drivers. */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include "drivers/pci.h"
#include "drivers/virtq.h"
#include "kernel/loop.h"

#define VIRTIO_F_ANY_LAYOUT	(1ull << 27)	/* legacy: headers need no descriptor of their own */
#define VIRTIO_F_INDIRECT_DESC	(1ull << 28)
#define VIRTIO_F_EVENT_IDX	(1ull << 29)
#define VIRTIO_F_VERSION_1	(1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)	/* bus addresses are not ours: we cannot */

#define VIRTIO_STATUS_ACK	1	/* 2.1 */
#define VIRTIO_STATUS_DRIVER	2
#define VIRTIO_STATUS_DRIVER_OK	4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED	128

#define VIRTIO_MAXVQS		(2 * 16 + 1)	/* sixteen queue pairs and a control queue */

enum virtio_intr { VIRTIO_NOINTR, VIRTIO_INTX, VIRTIO_MSIX_SHARED, VIRTIO_MSIX_PERVQ };

struct virtio {
	char		 v_xname[20];
	unsigned	 v_unit;
	struct pci_dev	*v_pd;
	uint16_t	 v_type;		/* 1: network */
	bool		 v_legacy;
	uint64_t	 v_offered, v_features;	/* what the device has; what we agreed on */
	struct reg	 v_common;		/* legacy: the whole BAR 0 */
	struct reg	 v_notify, v_isr, v_config;
	uint32_t	 v_notify_mult;

	/* Interrupts. v_irqs[0] is the configuration's with MSI-X, everything's with INTx. */
	enum virtio_intr v_intr;
	struct irq	 v_irqs[1 + VIRTIO_MAXVQS];
	char		 v_irqnames[1 + VIRTIO_MAXVQS][24];
	unsigned	 v_nirqs;
	struct virtq	*v_vqs[VIRTIO_MAXVQS];	/* those with a poller have interrupts */
	unsigned	 v_nvqs;
	struct virtq	*v_lineq;		/* the first that the line wakes; the others by vq_share */
	struct poller	*v_confpoller;		/* woken when the configuration changed */
};

struct virtio_driver {
	uint16_t	 vd_type;
	bool		(*vd_attach)(struct virtio *);	/* prints its own line; false: it said why not */
};
SET_DECLARE(const struct virtio_driver, virtio_drivers);
#define VIRTIO_DRIVER(id) SET_ADD(virtio_drivers, id)

/* ---- life of the device (3.1.1) ---- */
/* Resets it: it touches no memory any more, in any case. False: it did not come back in time (then it is cut off from
 * the bus). */
bool	virtio_reset(struct virtio *);
/* After a reset: acknowledges the device and reads v_offered. */
void	virtio_acknowledge(struct virtio *);
/* Agrees on `want` out of v_offered, into v_features. False: the device refuses that. */
bool	virtio_negotiate(struct virtio *, uint64_t want);
/* Size of queue idx as the device has it, brought down to a power of two of at most VIRTQ_MAXSIZE; 0: no such queue,
 * or none that fits. */
uint16_t virtio_queue_size(struct virtio *, uint16_t idx);
/* Gives the device the (empty) queue and its interrupt, finds its doorbell. False: refused. */
bool	virtio_queue_enable(struct virtio *, struct virtq *);
/* The configuration's interrupt, then DRIVER_OK: the device lives. False: it has failed. */
bool	virtio_driver_ok(struct virtio *);
/* It wants to be reset, or it is not there any more. */
bool	virtio_failed(struct virtio *);
void	virtio_set_failed(struct virtio *);	/* gives up on it (2.1) */

/* ---- device-specific configuration (2.5) ---- */
/* The whole of [off, off + len) from one generation of it. False: the device has less. */
bool	virtio_config_read(struct virtio *, size_t off, void *, size_t len);
void	virtio_config_write8(struct virtio *, size_t off, uint8_t);

/* ---- interrupts ---- */
/* Once, after v_vqs is set and the queues' pollers are in their loops: takes MSI-X vectors, on the poller's core, one for each queue that has
 * a poller; or as many as there are, which pollers share; or the line. False: there is none to be had; the driver polls. */
bool	virtio_intr_establish(struct virtio *);
/* "msix per-VQ", "msix shared", "irq 11", for the log. */
void	virtio_intr_string(const struct virtio *, char *buf, size_t len);
/* The loop has caught up with this queue. */
static inline void
virtio_quiet(struct virtq *vq)
{
	if (vq->vq_irq != NULL)
		irq_quiet(vq->vq_irq);
}

/* virtio_intr.c */
irq_handler virtio_intr_queue;		/* arg: struct virtq, the first that shares it; NULL: none */
irq_handler virtio_intr_config;		/* arg: struct virtio */
irq_handler virtio_intr_intx;		/* arg: struct virtio; reads and so clears the ISR */

#endif
