/* virtio_intr.c - virtio's interrupt handlers: they wake pollers, nothing else. Interrupt context. */
#include "drivers/virtio.h"

#define ISR_QUEUE	1		/* virtio 1.2, 4.1.4.5 */
#define ISR_CONFIG	2

bool
virtio_intr_queue(void *arg)
{
	for (struct virtq *vq = arg; vq != NULL; vq = vq->vq_share) {
		vq->vq_interrupts++;
		poller_wake(vq->vq_poller);
	}
	return true;
}

bool
virtio_intr_config(void *arg)
{
	struct virtio *v = arg;

	if (v->v_confpoller != NULL)
		poller_wake(v->v_confpoller);
	return true;
}

bool
virtio_intr_intx(void *arg)
{
	struct virtio *v = arg;
	uint8_t isr = reg_read8(&v->v_isr, 0);

	if (isr & ISR_QUEUE)
		virtio_intr_queue(v->v_lineq);
	if (isr & ISR_CONFIG)
		virtio_intr_config(v);
	return isr != 0;
}
