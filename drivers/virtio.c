/* virtio.c - a virtio device's life on the PCI transport: reset, features, queues, configuration. virtio 1.2, 3.1 and
 * 4.1. */
#include "drivers/virtio.h"
#include "drivers/virtio_pci.h"

#define RESET_US	1000000u

static uint8_t
status_read(struct virtio *v)
{
	return v->v_legacy ? reg_read8(&v->v_common, VL_STATUS) : reg_read8(&v->v_common, VC_STATUS);
}

static void
status_write(struct virtio *v, uint8_t status)
{
	reg_write8(&v->v_common, v->v_legacy ? VL_STATUS : VC_STATUS, status);
}

bool
virtio_reset(struct virtio *v)
{
	/* 4.1.4.3.2: it is reset when the status reads zero. */
	pci_enable(v->v_pd);
	status_write(v, 0);
	if (reg_wait8(&v->v_common, v->v_legacy ? VL_STATUS : VC_STATUS, 0xff, 0, RESET_US))
		return true;
	pci_disable(v->v_pd);
	return false;
}

void
virtio_acknowledge(struct virtio *v)
{
	status_write(v, VIRTIO_STATUS_ACK);
	status_write(v, VIRTIO_STATUS_ACK | VIRTIO_STATUS_DRIVER);
	if (v->v_legacy) {
		v->v_offered = reg_read32(&v->v_common, VL_DEV_FEATURES);
		return;
	}
	reg_write32(&v->v_common, VC_DEV_FEATURE_SEL, 1);
	v->v_offered = (uint64_t)reg_read32(&v->v_common, VC_DEV_FEATURE) << 32;
	reg_write32(&v->v_common, VC_DEV_FEATURE_SEL, 0);
	v->v_offered |= reg_read32(&v->v_common, VC_DEV_FEATURE);
}

bool
virtio_negotiate(struct virtio *v, uint64_t want)
{
	v->v_features = want & v->v_offered;
	if (v->v_legacy) {
		reg_write32(&v->v_common, VL_DRV_FEATURES, (uint32_t)v->v_features);
		return true;
	}
	/* 6.1: a driver of the modern interface accepts VERSION_1, and nothing works without it. */
	if (!(v->v_features & VIRTIO_F_VERSION_1))
		return false;
	reg_write32(&v->v_common, VC_DRV_FEATURE_SEL, 0);
	reg_write32(&v->v_common, VC_DRV_FEATURE, (uint32_t)v->v_features);
	reg_write32(&v->v_common, VC_DRV_FEATURE_SEL, 1);
	reg_write32(&v->v_common, VC_DRV_FEATURE, (uint32_t)(v->v_features >> 32));
	status_write(v, VIRTIO_STATUS_ACK | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
	/* 3.1.1, 6: read back, whether it agrees. */
	return (status_read(v) & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED)) == VIRTIO_STATUS_FEATURES_OK;
}

static uint16_t
queue_select(struct virtio *v, uint16_t idx)
{
	if (v->v_legacy) {
		reg_write16(&v->v_common, VL_QUEUE_SEL, idx);
		return reg_read16(&v->v_common, VL_QUEUE_SIZE);
	}
	reg_write16(&v->v_common, VC_QUEUE_SEL, idx);
	return reg_read16(&v->v_common, VC_QUEUE_SIZE);
}

uint16_t
virtio_queue_size(struct virtio *v, uint16_t idx)
{
	unsigned size, p2;

	if (!v->v_legacy && idx >= reg_read16(&v->v_common, VC_NUM_QUEUES))
		return 0;
	size = queue_select(v, idx);
	/* Legacy sizes are the device's alone, and it is bound to powers of two (2.7). */
	if (v->v_legacy)
		return size <= 32768 && (size & (size - 1)) == 0 ? (uint16_t)size : 0;
	for (p2 = VIRTQ_MAXSIZE; p2 > size; p2 >>= 1)
		continue;
	return (uint16_t)p2;
}

static uint16_t
queue_vector(const struct virtio *v, const struct virtq *vq)
{
	if (vq->vq_irq == NULL || (v->v_intr != VIRTIO_MSIX_PERVQ && v->v_intr != VIRTIO_MSIX_SHARED))
		return VIRTIO_NO_VECTOR;
	return (uint16_t)(vq->vq_irq - v->v_irqs);
}

/* 4.1.5.1.2: the device may be short of resources for a vector; then it says NO_VECTOR. */
static bool
vector_write(struct virtio *v, size_t off, uint16_t vector)
{
	reg_write16(&v->v_common, off, vector);
	return reg_read16(&v->v_common, off) == vector;
}

static bool
queue_enable_legacy(struct virtio *v, struct virtq *vq)
{
	uint64_t pfn = vq->vq_dma.d_pa >> 12;

	if (pfn > UINT32_MAX || !reg_sub(&v->v_common, VL_QUEUE_NOTIFY, 2, &vq->vq_notify))
		return false;
	reg_write32(&v->v_common, VL_QUEUE_PFN, (uint32_t)pfn);
	return v->v_intr < VIRTIO_MSIX_SHARED || vector_write(v, VL_QUEUE_VECTOR, queue_vector(v, vq));
}

bool
virtio_queue_enable(struct virtio *v, struct virtq *vq)
{
	uint16_t size = queue_select(v, vq->vq_idx);
	uint64_t off;

	vq->vq_event_idx = v->v_features & VIRTIO_F_EVENT_IDX;
	/* A legacy device lays the queue out by its own size (2.7.2): another than at attach would reach beyond it. */
	if (v->v_legacy ? size != vq->vq_size : size < vq->vq_size)
		return false;
	if (v->v_legacy)
		return queue_enable_legacy(v, vq);
	reg_write16(&v->v_common, VC_QUEUE_SIZE, vq->vq_size);
	reg_write64(&v->v_common, VC_QUEUE_DESC, dma_addr(vq->vq_desc));
	reg_write64(&v->v_common, VC_QUEUE_DRIVER, dma_addr(vq->vq_avail));
	reg_write64(&v->v_common, VC_QUEUE_DEVICE, dma_addr(vq->vq_used));
	if (v->v_intr >= VIRTIO_MSIX_SHARED && !vector_write(v, VC_QUEUE_VECTOR, queue_vector(v, vq)))
		return false;
	off = (uint64_t)reg_read16(&v->v_common, VC_QUEUE_NOTIFY_OFF) * v->v_notify_mult;	/* 4.1.4.4 */
	if (!reg_sub(&v->v_notify, off, 2, &vq->vq_notify))
		return false;
	reg_write16(&v->v_common, VC_QUEUE_ENABLE, 1);
	return true;
}

bool
virtio_driver_ok(struct virtio *v)
{
	uint8_t status = VIRTIO_STATUS_ACK | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK;

	if (v->v_intr >= VIRTIO_MSIX_SHARED && !vector_write(v, v->v_legacy ? VL_CONFIG_VECTOR : VC_CONFIG_VECTOR, 0))
		return false;
	status_write(v, v->v_legacy ? status : status | VIRTIO_STATUS_FEATURES_OK);
	return !virtio_failed(v);
}

bool
virtio_failed(struct virtio *v)
{
	/* An absent device reads as all ones, which has NEEDS_RESET set. */
	return status_read(v) & (VIRTIO_STATUS_NEEDS_RESET | VIRTIO_STATUS_FAILED);
}

void
virtio_set_failed(struct virtio *v)
{
	status_write(v, VIRTIO_STATUS_FAILED);
}

static size_t
config_base(const struct virtio *v)
{
	return v->v_legacy ? (v->v_intr >= VIRTIO_MSIX_SHARED ? VL_CONFIG_MSIX : VL_CONFIG) : 0;
}

bool
virtio_config_read(struct virtio *v, size_t off, void *buf, size_t len)
{
	const struct reg *r = v->v_legacy ? &v->v_common : &v->v_config;
	uint8_t gen = 0, *p = buf;

	off += config_base(v);
	if (off + len > r->rg_size)
		return false;
	/* 2.5.1: the generation changes when the configuration does; legacy has none. */
	for (int tries = 0; tries < 100; tries++) {
		if (!v->v_legacy)
			gen = reg_read8(&v->v_common, VC_GENERATION);
		for (size_t i = 0; i < len; i++)
			p[i] = reg_read8(r, off + i);
		if (v->v_legacy || reg_read8(&v->v_common, VC_GENERATION) == gen)
			return true;
	}
	return false;
}

void
virtio_config_write8(struct virtio *v, size_t off, uint8_t val)
{
	const struct reg *r = v->v_legacy ? &v->v_common : &v->v_config;

	off += config_base(v);
	if (off < r->rg_size)
		reg_write8(r, off, val);
}
