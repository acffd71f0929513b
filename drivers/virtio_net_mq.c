/* virtio_net_mq.c - several queue pairs of vio(4), one a core: how many, and which pair a received frame comes to. virtio 1.2, 5.1.6.5.5
 * (VIRTIO_NET_F_MQ: the device chooses, a flow's frames come where its own were sent) and 5.1.6.5.7 (VIRTIO_NET_F_RSS: by a hash that we
 * choose). */
#include <string.h>

#include "drivers/virtio_net.h"
#include "kernel/log.h"

#define CTRL_MQ			4
#define  CTRL_MQ_VQ_PAIRS_SET	0
#define  CTRL_MQ_RSS_CONFIG	1
#define MQ_PAIRS_MAX		0x7fffu	/* 5.1.4.1 has one more, but then the control queue's number needs 17 bits */

#define HASH_IPV4		0x01u	/* 5.1.6.4.3.1 */
#define HASH_TCPV4		0x02u
#define HASH_UDPV4		0x04u
#define HASH_IPV6		0x08u
#define HASH_TCPV6		0x10u
#define HASH_UDPV6		0x20u
#define HASH_IP			(HASH_IPV4 | HASH_IPV6)
#define HASH_ALL		(HASH_IP | HASH_TCPV4 | HASH_UDPV4 | HASH_TCPV6 | HASH_UDPV6)
#define RSS_KEY			40u	/* bytes; 5.1.4.1: any device takes so many */
#define RSS_TABLE		128u	/* and so many entries */

/* Behind it the table, max_tx_vq (16 bits), the key's length (8 bits) and the key. */
struct rss_config {
	uint32_t	rc_types;
	uint16_t	rc_mask;	/* entries - 1 */
	uint16_t	rc_unclassified;	/* pair of what is no IP */
	uint16_t	rc_table[];
} __packed;

static bool
mq_read(struct virtio *v, struct virtio_net_config *c, bool rss)
{
	memset(c, 0, sizeof(*c));
	return virtio_config_read(v, 0, c, rss ? sizeof(*c) : offsetof(struct virtio_net_config, mtu));
}

/* The largest power of two, of what 5.1.4.1 promises, that the device takes; 0: less than there are pairs. */
static uint16_t
rss_table(const struct virtio_net_config *c, unsigned npairs)
{
	unsigned n = RSS_TABLE;

	while (n > c->rss_max_indirection_table_length)
		n /= 2;
	return n >= npairs ? (uint16_t)n : 0;
}

static unsigned
mq_npairs(const struct virtio_net_config *c)
{
	return MIN(MIN((unsigned)c->max_virtqueue_pairs, ncores), (unsigned)VIO_MAXPAIRS);
}

/* A device without a hash of addresses would leave most to one pair. */
static bool
rss_usable(const struct virtio_net_config *c)
{
	return c->rss_max_key_size >= RSS_KEY && (c->supported_hash_types & HASH_IP) == HASH_IP &&
	    rss_table(c, mq_npairs(c)) != 0;
}

uint64_t
vio_mq_features(struct virtio *v, uint64_t offered)
{
	uint64_t want = offered & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS);
	struct virtio_net_config c;

	/* A line's interrupt comes in on core 0 alone; 5.1.3.1: both need the control queue. */
	if (ncores == 1 || irq_msix_count(v->v_pd) < 2 || !(offered & VIRTIO_NET_F_CTRL_VQ))
		return 0;
	if ((want & VIRTIO_NET_F_RSS) && !(mq_read(v, &c, true) && rss_usable(&c)))
		want &= ~VIRTIO_NET_F_RSS;
	if (want == 0 || !mq_read(v, &c, false) || c.max_virtqueue_pairs < 2 || c.max_virtqueue_pairs > MQ_PAIRS_MAX)
		return 0;
	return want;
}

/* A hash of fewer protocols, or a smaller table, agrees with no other card. */
static void
mq_spreads(struct vio *sc, bool rss)
{
	bool whole = sc->sc_rsstypes == HASH_ALL && sc->sc_rsstable == RSS_TABLE;

	sc->sc_if.if_rss = sc->sc_npairs != ncores || sc->sc_npairs == 1 ? NULL : !rss ? "virtio MQ" : whole ? "virtio RSS" : NULL;
}

void
vio_spreads(struct vio *sc)
{
	mq_spreads(sc, sc->sc_rsstable != 0);
}

void
vio_mq_init(struct vio *sc)
{
	struct virtio *v = sc->sc_virtio;
	struct ifnet *ifp = &sc->sc_if;
	struct virtio_net_config c;

	sc->sc_maxpairs = sc->sc_npairs = 1;
	if ((v->v_features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)) && mq_read(v, &c, v->v_features & VIRTIO_NET_F_RSS)) {
		sc->sc_maxpairs = MIN(MAX((unsigned)c.max_virtqueue_pairs, 1u), MQ_PAIRS_MAX);
		sc->sc_npairs = MAX(mq_npairs(&c), 1u);
		if ((v->v_features & VIRTIO_NET_F_RSS) && rss_usable(&c)) {
			sc->sc_rsstable = rss_table(&c, sc->sc_npairs);
			sc->sc_rsstypes = c.supported_hash_types & HASH_ALL;
		}
	}
	ifp->if_nqueues = sc->sc_npairs;
	vio_spreads(sc);
	if (irq_msix_count(v->v_pd) >= 2)
		if_spread(ifp);
}

/* Both directions of a flow have the same hash when the key repeats every 16 bits. */
static bool
rss_enable(struct vio *sc)
{
	uint8_t *p = vio_ctrl_data(sc);
	struct rss_config *rc = (struct rss_config *)(void *)p;

	rc->rc_types = sc->sc_rsstypes;
	rc->rc_mask = sc->sc_rsstable - 1;
	rc->rc_unclassified = 0;
	for (unsigned i = 0; i < sc->sc_rsstable; i++)
		rc->rc_table[i] = (uint16_t)(i % sc->sc_npairs);
	p += sizeof(*rc) + sc->sc_rsstable * sizeof(rc->rc_table[0]);
	store16(p, (uint16_t)sc->sc_npairs);
	p[2] = RSS_KEY;
	for (unsigned i = 0; i < RSS_KEY; i++)
		p[3 + i] = i % 2 == 0 ? 0x6d : 0x5a;
	return vio_ctrl(sc, CTRL_MQ, CTRL_MQ_RSS_CONFIG, (uint32_t)(p + 3 + RSS_KEY - vio_ctrl_data(sc)));
}

unsigned
vio_mq_enable(struct vio *sc)
{
	static struct lograte rate;

	sc->sc_rss = false;
	if (sc->sc_npairs == 1)
		return 1;			/* as after a reset */
	if (sc->sc_rsstable != 0 && rss_enable(sc)) {
		sc->sc_rss = true;
		mq_spreads(sc, true);
		return sc->sc_npairs;
	}
	mq_spreads(sc, false);
	store16(vio_ctrl_data(sc), (uint16_t)sc->sc_npairs);
	if ((sc->sc_virtio->v_features & VIRTIO_NET_F_MQ) && vio_ctrl(sc, CTRL_MQ, CTRL_MQ_VQ_PAIRS_SET, sizeof(uint16_t)))
		return sc->sc_npairs;
	log_ratelimited(&rate, "%s: the device refuses %u queues, one is used\n", sc->sc_if.if_xname, sc->sc_npairs);
	return 1;
}

/* QEMU's own hash (where it cannot load one into the kernel) works on frames that it has from any queue of its backend. When there is no buffer
 * for one, that queue waits, for a doorbell of the pair with the queue's own number: ours alone would not start it again. */
void
vio_mq_kick(struct vio_pair *vp)
{
	const struct vio *sc = vp->vp_sc;

	for (unsigned i = 0; i < sc->sc_npairs; i++) {
		const struct virtq *vq = &sc->sc_pairs[i].vp_rx;

		if (&sc->sc_pairs[i] != vp)
			reg_write16(&vq->vq_notify, 0, vq->vq_idx);
	}
}
