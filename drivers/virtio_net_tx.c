/* virtio_net_tx.c - transmit queues of vio(4). virtio 1.2, 5.1.6.2.
 *
 * A packet takes one descriptor: its header is written into the mbuf's headroom. Where that cannot be (a chain, a shared
 * buffer, no headroom, a legacy device that wants the header apart) an mbuf is put in front of the chain that holds header
 * and a table of indirect descriptors (2.7.5.3); or, without that feature, the packet is copied into one mbuf. */
#include <string.h>

#include "drivers/virtio_net.h"
#include "net/core/owner.h"

void
vio_reclaim(struct nicq *nq)
{
	struct vio_pair *vp = container_of(nq, struct vio_pair, vp_nicq);

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

/* The common case: the device is in order, each packet one mbuf of its own with headroom. Fills up to n descriptors
 * from `slot` on, not beyond the end of the ring, from the list that *mp is the head of, and stops at the first that
 * is otherwise. */
static __inline_fn unsigned
tx_fast(struct vio_pair *vp, uint16_t slot, unsigned n, struct mbuf **mp)
{
	struct vring_desc *d = &vp->vp_tx.vq_desc[slot];
	struct mbuf **txm = &vp->vp_txm[slot], *m = *mp;
	const uint32_t hdrlen = vp->vp_hdrlen, room = vp->vp_txroom;
	unsigned i;

	for (i = 0; i < n && m != NULL; i++, d++) {
		uint8_t *data = m->m_data;

		if (unlikely(m->m_next != NULL || (m->m_flags & M_SHARED) || (size_t)(data - m->m_buf) < room))
			break;
		tx_header(data - VIO_HDR);
		d->addr = dma_addr(data - hdrlen);
		store64(&d->len, m->m_len + hdrlen);	/* flags and next: zero */
		txm[i] = m;
		m = m->m_nextpkt;
	}
	*mp = m;
	return i;
}

static bool
tx_slow(struct vio_pair *vp, uint16_t id, struct mbuf *m)
{
	m->m_nextpkt = NULL;
	if (vp->vp_indirect ? tx_indirect(vp, m, id) : tx_copy(vp, m, id))
		return true;
	vp->vp_ifq->ifq_errors++;
	m_freem(m);
	return false;
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

/* Moves what it can from the list at m to the ring, whatever it is like; `taken` packets have been moved already. */
static __apart_fn void
tx_rest(struct vio_pair *vp, struct mbuf *m, unsigned taken)
{
	struct virtq *vq = &vp->vp_tx;
	uint16_t head = (uint16_t)(vq->vq_head + taken);
	unsigned room = vq->vq_size - virtq_busy(vq) - taken;

	while (room > 0 && m != NULL) {
		uint16_t slot = head & vq->vq_mask;
		unsigned n = vq->vq_size - slot, done = 0;
		struct mbuf *one;

		if (likely(virtq_in_order(vq)))
			done = tx_fast(vp, slot, MIN(n, room), &m);
		taken += done;
		if (unlikely(done == 0)) {
			one = m;
			m = m->m_nextpkt;
			done = tx_slow(vp, virtq_at(vq, head), one);
			taken++;
		}
		head = (uint16_t)(head + done);
		room -= done;
	}
	ifq_taken(vp->vp_ifq, m, taken);
	if (head != vq->vq_head)
		virtq_publish(vq, head);
	if (room == 0 && m != NULL)
		tx_full(vp);
}

void
vio_start(struct ifqueue *ifq)
{
	struct vio_pair *vp = ifq->ifq_softc;
	struct virtq *vq = &vp->vp_tx;
	uint16_t slot = vq->vq_head & vq->vq_mask;
	struct mbuf *m = ifq->ifq_head;
	unsigned room, taken = 0;

	if (unlikely(vp->vp_stopped))
		return;
	vio_txeof(vp);
	room = vq->vq_size - virtq_busy(vq);
	if (likely(virtq_in_order(vq)))
		taken = ifq->ifq_len == 1 && room > 0 ? tx_fast(vp, slot, 1, &m) :
		    tx_fast(vp, slot, MIN((unsigned)vq->vq_size - slot, room), &m);
	if (unlikely(m != NULL)) {
		tx_rest(vp, m, taken);
		return;
	}
	ifq_taken(ifq, NULL, taken);
	if (likely(taken > 0))
		virtq_publish(vq, (uint16_t)(vq->vq_head + taken));
}

/* Frees what a device in order has sent, up to n and to the end of the ring; stops at the first that is out of order, and
 * unless `any` at the first that is not simply freed. */
static inline unsigned
txeof_fast(struct vio_pair *vp, unsigned n, bool any)
{
	struct virtq *vq = &vp->vp_tx;
	const uint32_t slot = vq->vq_last & vq->vq_mask;
	const volatile struct vring_used_elem *used = &vq->vq_used->ring[slot];
	struct mbuf **txm = &vp->vp_txm[slot];
	struct m_freer pool;
	unsigned i;

	n = MIN(n, vq->vq_size - slot);
	m_freer_start(&pool);
	for (i = 0; i < n && used[i].id == slot + i; i++)
		if (any)
			m_freer_add(&pool, txm[i]);
		else if (!m_freer_try(&pool, txm[i]))
			break;
	m_freer_end(&pool);
	vq->vq_last += i;
	return i;
}

/* The same for one; false: the device does not have what it says it has sent. */
static bool
txeof_slow(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;
	uint32_t id = (uint32_t)virtq_elem(vq, vq->vq_last);

	if (!virtq_claim(vq, id)) {
		vio_broken(vp, "transmit ring: bad descriptor", id);
		return false;
	}
	vq->vq_last++;
	m_freem(vp->vp_txm[id]);
	return true;
}

/* n that the fast way has not taken. False: the device is broken. */
static __apart_fn bool
txeof_rest(struct vio_pair *vp, unsigned n)
{
	struct virtq *vq = &vp->vp_tx;
	unsigned done;

	if (n > virtq_busy(vq)) {
		vio_broken(vp, "transmit ring: more used than there were", n);
		return false;
	}
	for (; n > 0; n -= done) {
		done = virtq_in_order(vq) ? txeof_fast(vp, n, true) : 0;
		if (done > 0)
			continue;
		if (!txeof_slow(vp))
			return false;
		done = 1;
	}
	return true;
}

/* The first alone, whatever its mbuf is like. */
static inline unsigned
txeof_one(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;
	uint16_t slot = vq->vq_last & vq->vq_mask;

	if (unlikely((uint32_t)virtq_elem(vq, vq->vq_last) != slot))
		return 0;
	vq->vq_last++;
	m_freem(vp->vp_txm[slot]);
	return 1;
}

void
vio_txeof_some(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;
	unsigned n = virtq_used(vq), done = 0;

	OWNER(vp->vp_ifq->ifq_core);
	if (likely(n <= virtq_busy(vq) && virtq_in_order(vq)))
		done = n == 1 ? txeof_one(vp) : txeof_fast(vp, n, false);
	if (unlikely(done < n) && !txeof_rest(vp, n - done))
		return;
	if (unlikely(vp->vp_ifq->ifq_oactive))
		ifq_restart(vp->vp_ifq);
	else
		virtq_intr_off(vq);
}

void
vio_txfree(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_tx;

	OWNER(vp->vp_ifq->ifq_core);
	for (; vq->vq_last != vq->vq_head; vq->vq_last++) {
		m_freem(vp->vp_txm[virtq_at(vq, vq->vq_last)]);
		vp->vp_ifq->ifq_errors++;
	}
}
