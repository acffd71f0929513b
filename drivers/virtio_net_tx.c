/* virtio_net_tx.c - transmit queues of vio(4). virtio 1.2, 5.1.6.2.
 *
 * A packet takes one descriptor: its header is written into the mbuf's headroom. Where that cannot be (a chain, a shared buffer, no
 * headroom, a legacy device that wants the header apart) an mbuf is put in front of the chain that holds header and a table
 * of indirect descriptors (2.7.5.3); or, without that feature, the packet is copied into one mbuf. */
#include <string.h>

#include "drivers/virtio_net.h"

static PERCORE struct vio_pair *vio_pairs;	/* this core's */

void
vio_pair_link(struct vio_pair *vp)
{
	vp->vp_next = percore(vio_pairs);
	percore(vio_pairs) = vp;
}

void
vio_reclaim(void)
{
	for (struct vio_pair *vp = percore(vio_pairs); vp != NULL; vp = vp->vp_next)
		if (!vp->vp_stopped)
			vio_txeof(vp);
}

/* Called before the device sees the descriptors: 0 bytes of header mean no offload. */
static inline void
tx_header(uint8_t *hdr)
{
	store64(hdr, 0);
	store32(hdr + 8, 0);
}

static bool
tx_indirect(struct vio_pair *vp, struct mbuf *m, uint16_t id)
{
	struct mbuf *t = m_get();
	struct vring_desc *d, *table;
	unsigned n = 0;

	if (t == NULL)
		return false;
	/* The table behind the header, 16 bytes aligned as descriptors are. */
	tx_header(t->m_buf);
	table = (struct vring_desc *)(void *)(t->m_buf + roundup2(VIO_HDR, sizeof(struct vring_desc)));
	table[n++] = (struct vring_desc){ .addr = dma_addr(t->m_buf), .len = vp->vp_hdrlen };
	t->m_next = m;
	for (; m != NULL; m = m->m_next) {
		if (m->m_len == 0)
			continue;		/* 2.7.5: a length of zero is not allowed for */
		if (n > VIO_MAXSEGS) {
			t->m_next = NULL;
			m_free(t);
			return false;
		}
		table[n - 1].flags = VRING_DESC_NEXT;
		table[n - 1].next = (uint16_t)n;
		table[n++] = (struct vring_desc){ .addr = dma_addr(m->m_data), .len = m->m_len };
	}
	d = &vp->vp_tx.vq_desc[id];
	d->addr = dma_addr(table);
	d->len = n * (uint32_t)sizeof(*table);
	d->flags = VRING_DESC_INDIRECT;
	vp->vp_txm[id] = t;
	vp->vp_indirects++;
	return true;
}

static bool
tx_copy(struct vio_pair *vp, struct mbuf *m, uint16_t id)
{
	struct mbuf *c;
	struct vring_desc *d = &vp->vp_tx.vq_desc[id];

	if (m->m_pktlen > MCLBYTES - MHEADROOM || (c = m_get()) == NULL)
		return false;
	m_copydata(m, 0, m->m_pktlen, c->m_data);
	tx_header(c->m_data - VIO_HDR);
	d->addr = dma_addr(c->m_data - vp->vp_hdrlen);
	d->len = m->m_pktlen + vp->vp_hdrlen;
	d->flags = 0;
	vp->vp_txm[id] = c;
	vp->vp_copies++;
	m_freem(m);
	return true;
}

/* The number of the free descriptors, after freeing what was sent. */
static inline uint16_t
tx_room(struct vio_pair *vp)
{
	vio_txeof(vp);
	return vp->vp_tx.vq_size - virtq_busy(&vp->vp_tx);
}

/* The ring is full: an interrupt when most of it has been sent. True: there is room again. */
static bool
tx_full(struct vio_pair *vp)
{
	ifq_set_oactive(vp->vp_ifq);
	if (!virtq_intr_after(&vp->vp_tx, virtq_busy(&vp->vp_tx) * 3 / 4))
		return false;
	vio_txeof(vp);			/* clears oactive */
	return true;
}

void
vio_start(struct ifqueue *ifq)
{
	struct vio_pair *vp = ifq->ifq_softc;
	struct virtq *vq = &vp->vp_tx;
	uint16_t head = vq->vq_head, room;
	struct mbuf *m;

	if (unlikely(vp->vp_stopped))
		return;
	for (room = tx_room(vp); room > 0 && (m = ifq_dequeue(ifq)) != NULL; ) {
		uint16_t id = vq->vq_avail->ring[head & vq->vq_mask];

		if (likely(m->m_next == NULL && m->m_owner == m && m->m_refs == 1 &&
		    (size_t)(m->m_data - m->m_buf) >= vp->vp_txroom)) {
			struct vring_desc *d = &vq->vq_desc[id];

			tx_header(m->m_data - VIO_HDR);
			d->addr = dma_addr(m->m_data - vp->vp_hdrlen);
			store64(&d->len, m->m_len + vp->vp_hdrlen);	/* flags and next: zero */
			vp->vp_txm[id] = m;
		} else if (!(vp->vp_indirect ? tx_indirect : tx_copy)(vp, m, id)) {
			ifq->ifq_errors++;
			m_freem(m);
			continue;
		}
		head++;
		room--;
	}
	if (head != vq->vq_head)
		virtq_publish(vq, head);
	if (unlikely(room == 0 && ifq->ifq_head != NULL))
		tx_full(vp);
}

void
vio_txeof(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;
	uint16_t n = virtq_used(vq);

	if (n == 0)
		return;
	if (unlikely(n > virtq_busy(vq))) {
		vio_broken(vp, "transmit ring: more used than there were", n);
		return;
	}
	for (; n > 0; n--) {
		uint32_t id = (uint32_t)virtq_elem(vq, vq->vq_last);

		if (unlikely(id != vq->vq_avail->ring[vq->vq_last & vq->vq_mask]) && !virtq_claim(vq, id)) {
			vio_broken(vp, "transmit ring: bad descriptor", id);
			return;
		}
		vq->vq_last++;
		m_freem(vp->vp_txm[id]);
	}
	if (unlikely(vp->vp_ifq->ifq_oactive))
		ifq_restart(vp->vp_ifq);
	else
		virtq_intr_off(vq);
}

void
vio_txfree(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;

	for (; vq->vq_last != vq->vq_head; vq->vq_last++) {
		m_freem(vp->vp_txm[vq->vq_avail->ring[vq->vq_last & vq->vq_mask]]);
		vp->vp_ifq->ifq_errors++;
	}
}
