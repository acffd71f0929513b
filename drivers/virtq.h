/* virtq.h - a split virtqueue (virtio 1.2, 2.7), used in one way only: a packet or a command takes exactly one position.
 *
 * The available ring is then always a permutation of the descriptor numbers, in two runs by free-running 16-bit indices:
 *	[vq_last, vq_head)		the device has them; the ring's entry says which descriptor
 *	[vq_head, vq_last + vq_size)	free
 * With a device that uses buffers in order it stays the identity: nobody writes the ring, only its index, and drivers
 * work in runs (virtq_in_order). One out of order costs a search and a swap (virtq_claim); a descriptor that the device
 * does not have is found out. */
#ifndef DRIVERS_VIRTQ_H
#define DRIVERS_VIRTQ_H

#include "drivers/bus.h"
#include "kernel/endian.h"

struct vring_desc {			/* 2.7.5 */
	uint64_t	addr;
	uint32_t	len;
	uint16_t	flags;
	uint16_t	next;
};
#define VRING_DESC_NEXT		1
#define VRING_DESC_WRITE	2	/* the device writes */
#define VRING_DESC_INDIRECT	4

struct vring_avail {			/* 2.7.6; behind ring[size]: used_event */
	uint16_t	flags;
	uint16_t	idx;
	uint16_t	ring[];
};
#define VRING_AVAIL_NO_INTERRUPT 1

struct vring_used_elem { uint32_t id, len; };
struct vring_used {			/* 2.7.8; behind ring[size]: avail_event */
	uint16_t	flags;
	uint16_t	idx;
	struct vring_used_elem ring[];
};
#define VRING_USED_NO_NOTIFY	1

#define VIRTQ_MAXSIZE	1024u		/* descriptors that we take when the device has more */

struct poller;
struct virtq {
	struct vring_desc	*vq_desc;
	struct vring_avail	*vq_avail;
	struct vring_used	*vq_used;
	volatile uint16_t	*vq_used_event;		/* we write: interrupt when idx passes this */
	volatile uint16_t	*vq_avail_event;	/* the device writes: notify when idx passes this */
	uint16_t		 vq_size, vq_mask;	/* a power of two; size - 1 */
	uint16_t		 vq_head;		/* next position to make available */
	uint16_t		 vq_last;		/* next position of the used ring to look at */
	uint16_t		 vq_moved;		/* positions where the ring is not the identity */
	uint16_t		 vq_idx;		/* number of the queue */
	bool			 vq_event_idx;
	struct reg		 vq_notify;		/* the doorbell */
	uint64_t		 vq_kicks, vq_interrupts;
	struct dma		 vq_dma;
	struct poller		*vq_poller;		/* who is woken by its interrupt; may be NULL */
	struct irq		*vq_irq;		/* the one that wakes it; NULL: none */
	struct virtq		*vq_share;		/* the next that the same interrupt wakes */
};

/* How many elements the device has put into the used ring that we have not taken. More than it had: it lies. */
static inline uint16_t
virtq_used(const struct virtq *vq)
{
	uint16_t n = (uint16_t)(*(volatile uint16_t *)&vq->vq_used->idx - vq->vq_last);

	dma_rmb();
	return n;
}
/* Buffers that the device has. */
static inline uint16_t virtq_busy(const struct virtq *vq) { return (uint16_t)(vq->vq_head - vq->vq_last); }
/* The used element at a position, read once: id in the low half, length in the high. */
static inline uint64_t
virtq_elem(const struct virtq *vq, uint16_t pos)
{
	return ((const volatile struct unaligned64 *)&vq->vq_used->ring[pos & vq->vq_mask])->v;
}

/* Descriptor numbers are positions (modulo the size). */
static inline bool virtq_in_order(const struct virtq *vq) { return vq->vq_moved == 0; }
/* Which descriptor stands at a position. */
static inline uint16_t virtq_at(const struct virtq *vq, uint16_t pos) { return vq->vq_avail->ring[pos & vq->vq_mask]; }
void	virtq_put(struct virtq *, uint16_t pos, uint16_t id);
/* Makes the descriptor `id` the one at position vq_last. False: the device does not have it. */
bool	virtq_claim(struct virtq *, uint32_t id);

/* Shows the device what stands before `head` (its descriptors are written) and rings the doorbell if it wants that
 * (2.7.13). */
static inline void
virtq_publish(struct virtq *vq, uint16_t head)
{
	uint16_t old = vq->vq_head;
	bool kick;

	vq->vq_head = head;
	dma_wmb();
	*(volatile uint16_t *)&vq->vq_avail->idx = head;
	dma_mb();
	if (vq->vq_event_idx)
		kick = (uint16_t)(head - *vq->vq_avail_event - 1) < (uint16_t)(head - old);
	else
		kick = !(*(volatile uint16_t *)&vq->vq_used->flags & VRING_USED_NO_NOTIFY);
	if (kick) {
		vq->vq_kicks++;
		reg_write16(&vq->vq_notify, 0, vq->vq_idx);
	}
}

/* No interrupt for a long time (2.7.7): the event index stays far from where the device is, as long as this is called
 * now and then. */
static inline void
virtq_intr_off(struct virtq *vq)
{
	if (vq->vq_event_idx)
		*vq->vq_used_event = (uint16_t)(vq->vq_last + 0x8000);
	else
		*(volatile uint16_t *)&vq->vq_avail->flags = VRING_AVAIL_NO_INTERRUPT;
}
/* An interrupt once `n` more buffers are used (1: the next). True: that has happened already. */
static inline bool
virtq_intr_after(struct virtq *vq, uint16_t n)
{
	if (vq->vq_event_idx)
		*vq->vq_used_event = (uint16_t)(vq->vq_last + n - 1);
	else
		*(volatile uint16_t *)&vq->vq_avail->flags = 0;
	dma_mb();
	return virtq_used(vq) >= n;
}

/* Memory for `size` (a power of two) descriptors in the layout that legacy devices want (2.7.2); modern ones take
 * any. False: no memory. */
bool	virtq_alloc(struct virtq *, uint16_t idx, uint16_t size);
void	virtq_free(struct virtq *);
/* As after virtq_alloc: indices zero, identity in the available ring. The device must be reset. */
void	virtq_clear(struct virtq *);

#endif
