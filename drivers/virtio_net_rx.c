/* virtio_net_rx.c - receive queues of vio(4). virtio 1.2, 5.1.6.3 and .4. */
#include "drivers/virtio_net.h"
#include "net/core/owner.h"

/* The buffer begins with the header, so that the frame behind it has MHEADROOM. */
static inline uint64_t
rx_addr(const struct vio_pair *vp, const struct mbuf *m)
{
	return dma_addr(m->m_buf + MHEADROOM - vp->vp_hdrlen);
}

static inline void
rx_publish(struct vio_pair *vp, uint16_t head)
{
	uint64_t kicks = vp->vp_rx.vq_kicks;

	virtq_publish(&vp->vp_rx, head);
	if (unlikely(vp->vp_rx.vq_kicks != kicks) && vp->vp_sc->sc_rss)
		vio_mq_kick(vp);
}

void
vio_rxfill(struct vio_pair *vp)
{
	struct virtq *vq = &vp->vp_rx;
	uint16_t head = vq->vq_head;
	uint32_t share = MIN(nicq_share(), (uint32_t)vq->vq_size);

	OWNER(vp->vp_ifq->ifq_core);
	for (; vp->vp_posted < share && percore(mbuf_pool.mp_nfree) > NICQ_RESERVE; vp->vp_posted++) {
		struct vring_desc *d = &vq->vq_desc[vp->vp_posted];
		struct mbuf *m = m_get();

		if (m == NULL)
			break;
		vp->vp_rxm[vp->vp_posted] = m;
		d->addr = rx_addr(vp, m);
		d->len = vp->vp_rxmax + vp->vp_hdrlen;
		d->flags = VRING_DESC_WRITE;
		virtq_put(vq, head++, vp->vp_posted);
	}
	if (head != vq->vq_head)
		rx_publish(vp, head);
}

void
vio_rxfree(struct vio_pair *vp)
{
	OWNER(vp->vp_ifq->ifq_core);
	for (unsigned i = 0; i < vp->vp_posted; i++) {
		m_free(vp->vp_rxm[i]);
		vp->vp_rxm[i] = NULL;
	}
	vp->vp_posted = 0;
}

/* The ring is full and the device in order. */
static inline bool
rx_is_plain(const struct vio_pair *vp)
{
	return vp->vp_posted == vp->vp_rx.vq_size && virtq_in_order(&vp->vp_rx);
}

/* The common case: rx_is_plain(), a frame in each buffer, and there are mbufs to replace them. Puts up to
 * n frames at `to`, up to the end of the ring at most, and stops at the first that is otherwise. */
static __inline_fn unsigned
rx_fast(struct vio_pair *vp, struct mbuf **to, unsigned n)
{
	struct virtq *vq = &vp->vp_rx;
	const uint32_t slot = vq->vq_last & vq->vq_mask, hdrlen = vp->vp_hdrlen, max = vp->vp_rxmax;
	const volatile struct vring_used_elem *used = &vq->vq_used->ring[slot];
	struct vring_desc *d = &vq->vq_desc[slot];
	struct mbuf **rxm = &vp->vp_rxm[slot];
	struct m_freer pool;
	unsigned i;

	n = MIN(n, percore(mbuf_pool.mp_nfree));
	n = MIN(n, vq->vq_size - slot);
	m_freer_start(&pool);
	for (i = 0; i < n; i++, d++) {
		uint64_t e = ((const volatile struct unaligned64 *)&used[i])->v;
		uint32_t len = (uint32_t)(e >> 32) - hdrlen;
		struct mbuf *m = rxm[i], *fresh;

		if (unlikely((uint32_t)e != slot + i || len - 1 >= max))
			break;
		if (unlikely(load16(m->m_data - sizeof(uint16_t)) != 1))	/* num_buffers */
			break;
		m->m_lens = (uint64_t)len << 32 | len;
		to[i] = m;
		rxm[i] = fresh = m_freer_get(&pool);
		d->addr = dma_addr(fresh->m_data - hdrlen);
	}
	m_freer_end(&pool);
	vq->vq_last += i;
	return i;
}

enum rx_elem { RX_GOOD, RX_BADLEN, RX_NOMBUF, RX_BROKEN };	/* the worst last */

/* One element of the used ring, whatever it is like; `min` bytes must be in it. RX_GOOD: *mp is the buffer's mbuf and
 * another has taken its place. Else the buffer goes back to the device as it is; *mp shows it until the next
 * virtq_publish. */
static enum rx_elem
rx_elem(struct vio_pair *vp, uint32_t min, struct mbuf **mp, uint32_t *len)
{
	struct virtq *vq = &vp->vp_rx;
	uint64_t e = virtq_elem(vq, vq->vq_last);
	uint32_t id = (uint32_t)e;
	struct mbuf *fresh;

	*len = (uint32_t)(e >> 32);
	if (!virtq_claim(vq, id)) {
		vio_broken(vp, "receive ring: bad descriptor", id);
		return RX_BROKEN;
	}
	virtq_put(vq, (uint16_t)(vq->vq_last + vp->vp_posted), (uint16_t)id);
	vq->vq_last++;
	*mp = vp->vp_rxm[id];
	if (*len < min || *len > vp->vp_rxmax + vp->vp_hdrlen)
		return RX_BADLEN;
	if (percore(mbuf_pool.mp_nfree) == 0)
		nicq_reclaim();
	if ((fresh = m_get()) == NULL)
		return RX_NOMBUF;
	vp->vp_rxm[id] = fresh;
	vq->vq_desc[id].addr = rx_addr(vp, fresh);
	return RX_GOOD;
}

/* The rest of a merged frame (5.1.6.4): n buffers without headers, appended to the chain at head. head NULL: they are
 * thrown away. */
static enum rx_elem
rx_merge(struct vio_pair *vp, struct mbuf *head, unsigned n)
{
	enum rx_elem worst = RX_GOOD, r = RX_GOOD;
	struct mbuf *tail = head, *m;
	uint32_t len;

	for (; n > 0 && r != RX_BROKEN; n--) {
		r = rx_elem(vp, 1, &m, &len);
		worst = MAX(worst, r);
		if (r != RX_GOOD)
			continue;
		if (head == NULL) {
			m_free(m);
			continue;
		}
		m->m_data -= vp->vp_hdrlen;
		m->m_len = len;
		head->m_pktlen += len;
		tail->m_next = m;
		tail = m;
	}
	return worst;
}

static void
rx_count(struct vio_pair *vp, enum rx_elem r)
{
	if (r == RX_BADLEN) {
		vp->vp_badlens++;
		vp->vp_ifiq->ifiq_errors++;
	} else if (r == RX_NOMBUF)
		vp->vp_ifiq->ifiq_nombufs++;
}

/* One frame, whatever it is like. NULL: it was thrown away, and counted. `avail` elements are there, at least one. */
static struct mbuf *
rx_slow(struct vio_pair *vp, unsigned avail)
{
	struct mbuf *m, *head = NULL;
	unsigned nbufs = 1;
	uint32_t len;
	enum rx_elem r = rx_elem(vp, vp->vp_hdrlen + 1u, &m, &len), rest = RX_GOOD;

	if (vp->vp_merge && (r == RX_GOOD || r == RX_NOMBUF))
		nbufs = load16(m->m_data - sizeof(uint16_t));
	if (r == RX_GOOD) {
		head = m;
		head->m_len = head->m_pktlen = len - vp->vp_hdrlen;
	}
	if (nbufs == 0 || nbufs > avail || nbufs > VIO_MAXSEGS) {
		vio_broken(vp, "receive ring: impossible number of buffers", nbufs);
		rest = RX_BROKEN;
	} else if (nbufs > 1) {
		vp->vp_merged++;
		rest = rx_merge(vp, head, nbufs - 1);
	}
	r = MAX(r, rest);
	if (r == RX_GOOD)
		return head;
	m_freem(head);
	rx_count(vp, r);
	return NULL;
}

/* What the fast way has not taken of n frames, `done` buffers so far. Returns how many now; vp_stopped: the device is broken. */
static __apart_fn unsigned
rx_rest(struct vio_pair *vp, struct batch *b, unsigned done, unsigned n, unsigned avail)
{
	struct virtq *vq = &vp->vp_rx;
	uint16_t first = (uint16_t)(vq->vq_last - done);
	struct mbuf *m;

	if (avail > virtq_busy(vq) + done) {
		vio_broken(vp, "receive ring: more used than there were", avail);
		return 0;
	}
	for (; done < n && !vp->vp_stopped; done = (uint16_t)(vq->vq_last - first)) {
		unsigned taken = rx_is_plain(vp) ? rx_fast(vp, &b->b_m[b->b_n], n - done) : 0;

		b->b_n += taken;
		if (taken > 0)
			continue;
		if ((m = rx_slow(vp, avail - done)) != NULL)
			batch_add(b, m);
	}
	return done;
}

/* n frames of the `avail` that are there. */
static __inline_fn int
rx_turn(struct vio_pair *vp, unsigned n, unsigned avail)
{
	struct virtq *vq = &vp->vp_rx;
	unsigned done = 0;
	struct batch b;

	if (likely(rx_is_plain(vp) && avail <= virtq_busy(vq)))
		done = rx_fast(vp, b.b_m, n);
	b.b_n = done;
	if (unlikely(done < n))
		done = rx_rest(vp, &b, done, n, avail);
	if (likely(!vp->vp_stopped))
		rx_publish(vp, (uint16_t)(vq->vq_head + done));
	if (likely(b.b_n > 0))
		ifiq_input(vp->vp_ifiq, &b);
	return (int)done;
}

static __apart_fn int
rx_turn_many(struct vio_pair *vp, unsigned n, unsigned avail)
{
	return rx_turn(vp, n, avail);
}

int
vio_rxeof(struct vio_pair *vp, int budget)
{
	unsigned avail = virtq_used(&vp->vp_rx);

	if (avail == 1)
		return rx_turn(vp, 1, 1);
	if (avail == 0)
		return 0;
	return rx_turn_many(vp, MIN((unsigned)MIN(budget, BATCH_MAX), avail), avail);
}
