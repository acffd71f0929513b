/* virtq.c - split virtqueues: memory, and devices that use buffers out of order. */
#include <string.h>

#include "drivers/virtq.h"

#define VRING_ALIGN	4096u		/* legacy: of the used ring (virtio 1.2, 2.7.2) */

void
virtq_put(struct virtq *vq, uint16_t pos, uint16_t id)
{
	uint16_t slot = pos & vq->vq_mask, *at = &vq->vq_avail->ring[slot];

	vq->vq_moved -= *at != slot;
	vq->vq_moved += id != slot;
	*at = id;
}

bool
virtq_claim(struct virtq *vq, uint32_t id)
{
	for (uint16_t pos = vq->vq_last; pos != vq->vq_head; pos++) {
		if (virtq_at(vq, pos) != id)
			continue;
		/* The device has read both entries: it uses what it has read only. */
		if (pos != vq->vq_last) {
			virtq_put(vq, pos, virtq_at(vq, vq->vq_last));
			virtq_put(vq, vq->vq_last, (uint16_t)id);
		}
		return true;
	}
	return false;
}

static size_t
virtq_used_offset(size_t size)
{
	return roundup2(size * sizeof(struct vring_desc) + (3 + size) * sizeof(uint16_t), (size_t)VRING_ALIGN);
}

bool
virtq_alloc(struct virtq *vq, uint16_t idx, uint16_t size)
{
	size_t used = virtq_used_offset(size);
	char *va;

	if (!dma_alloc(&vq->vq_dma, used + 3 * sizeof(uint16_t) + size * sizeof(struct vring_used_elem)))
		return false;
	va = vq->vq_dma.d_va;
	vq->vq_idx = idx;
	vq->vq_size = size;
	vq->vq_mask = (uint16_t)(size - 1);
	vq->vq_desc = (struct vring_desc *)va;
	vq->vq_avail = (struct vring_avail *)(va + size * sizeof(struct vring_desc));
	vq->vq_used = (struct vring_used *)(va + used);
	vq->vq_used_event = &vq->vq_avail->ring[size];
	vq->vq_avail_event = (uint16_t *)&vq->vq_used->ring[size];
	virtq_clear(vq);
	return true;
}

void
virtq_free(struct virtq *vq)
{
	dma_free(&vq->vq_dma);
}

void
virtq_clear(struct virtq *vq)
{
	memset(vq->vq_dma.d_va, 0, vq->vq_dma.d_size);
	for (uint16_t i = 0; i < vq->vq_size; i++)
		vq->vq_avail->ring[i] = i;
	vq->vq_head = vq->vq_last = vq->vq_moved = 0;
}
