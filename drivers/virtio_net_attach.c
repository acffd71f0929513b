/* virtio_net_attach.c - attaches vio(4): features, queues, the interface. virtio 1.2, 5.1.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio_net.h"
#include "kernel/log.h"
#include "kernel/machine.h"

/* No checksum or segmentation offload: what the stack does not use is not asked for, so that no frame with half a
 * checksum comes in (5.1.6.4: without GUEST_CSUM the device completes it). */
#define VIO_FEATURES	(VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MRG_RXBUF |	\
	VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_SPEED_DUPLEX |	\
	VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1)

#define VIO_MINMTU	68	/* 5.1.4.1: the device must not offer less */
#define VIO_MINRING	8

static uint64_t
vio_features(struct virtio *v)
{
	uint64_t want = VIO_FEATURES & v->v_offered;
	uint16_t mtu;

	if (!(want & VIRTIO_NET_F_CTRL_VQ))		/* 5.1.3.1 */
		want &= ~(VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR);
	if ((want & VIRTIO_NET_F_MTU) &&
	    (!virtio_config_read(v, offsetof(struct virtio_net_config, mtu), &mtu, sizeof(mtu)) || mtu < VIO_MINMTU))
		want &= ~VIRTIO_NET_F_MTU;
	return want | vio_mq_features(v, v->v_offered);
}

/* What this driver cannot do without. NULL: all there. */
static const char *
vio_missing(const struct virtio *v)
{
	uint64_t f = v->v_features;

	if (!(f & (VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT)) && !(f & VIRTIO_F_INDIRECT_DESC))
		return "ANY_LAYOUT or INDIRECT_DESC";
	/* 5.1.6.3.2: then the header of a received frame needs a descriptor of its own. */
	if (!(f & (VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT | VIRTIO_NET_F_MRG_RXBUF)))
		return "ANY_LAYOUT or MRG_RXBUF";
	return NULL;
}

static bool
vio_read_config(struct vio *sc)
{
	struct ifnet *ifp = &sc->sc_if;
	struct virtio *v = sc->sc_virtio;
	uint64_t f = v->v_features;
	struct virtio_net_config c;

	memset(&c, 0, sizeof(c));
	if (!virtio_config_read(v, 0, &c, f & VIRTIO_NET_F_SPEED_DUPLEX ?
	    offsetof(struct virtio_net_config, rss_max_key_size) : f & VIRTIO_NET_F_MTU ?
	    offsetof(struct virtio_net_config, speed) : offsetof(struct virtio_net_config, status)))
		return false;
	if (!(f & VIRTIO_NET_F_MAC) || (c.mac[0] & 1)) {
		random_bytes(c.mac, sizeof(c.mac));
		c.mac[0] = (c.mac[0] & 0xfc) | 2;	/* one station, locally administered */
	}
	memcpy(sc->sc_mac, c.mac, 6);
	memcpy(ifp->if_lladdr, c.mac, 6);
	ifp->if_hardmtu = (f & VIRTIO_NET_F_MRG_RXBUF) && (f & VIRTIO_F_INDIRECT_DESC) ? VIO_MAXMTU : 1500;
	if (f & VIRTIO_NET_F_MTU)
		ifp->if_hardmtu = MIN(ifp->if_hardmtu, (uint32_t)c.mtu);
	ifp->if_fullduplex = true;
	if (f & VIRTIO_NET_F_SPEED_DUPLEX) {
		ifp->if_baudrate = c.speed <= INT32_MAX ? c.speed * 1000000ull : 0;
		ifp->if_fullduplex = c.duplex != 0;
	}
	return true;
}

/* Legacy rings have the device's size; of others we take as much as the pool can fill with ease. */
static uint16_t
vio_rx_size(struct virtio *v, uint16_t idx, unsigned core)
{
	uint16_t size = virtio_queue_size(v, idx);

	while (!v->v_legacy && size > VIO_MINRING && size > percore_of(mbuf_pool, core).mp_total / 4)
		size /= 2;
	return size;
}

static bool
vio_alloc_pair(struct vio *sc, unsigned n)
{
	struct vio_pair *vp = &sc->sc_pairs[n];
	struct virtio *v = sc->sc_virtio;
	uint16_t rx = vio_rx_size(v, (uint16_t)(2 * n), if_queue_core(&sc->sc_if, n));
	uint16_t tx = virtio_queue_size(v, (uint16_t)(2 * n + 1));
	bool modern = v->v_features & VIRTIO_F_VERSION_1;

	vp->vp_sc = sc;
	vp->vp_stopped = true;
	snprintf(vp->vp_name, sizeof(vp->vp_name), "%s:%u", sc->sc_if.if_xname, n);
	timeout_set(&vp->vp_tick, vio_pair_tick, vp);
	vp->vp_poller = (struct poller){ .pl_poll = vio_poll, .pl_arm = vio_arm, .pl_name = vp->vp_name };
	vp->vp_merge = v->v_features & VIRTIO_NET_F_MRG_RXBUF;
	vp->vp_hdrlen = modern || vp->vp_merge ? VIO_HDR : VIO_HDR_SHORT;
	vp->vp_rxmax = MCLBYTES - MHEADROOM;
	vp->vp_indirect = v->v_features & VIRTIO_F_INDIRECT_DESC;
	vp->vp_txroom = modern || (v->v_features & VIRTIO_F_ANY_LAYOUT) ? VIO_HDR : ~0u;
	if (rx < VIO_MINRING || tx < VIO_MINRING)
		return false;
	vp->vp_rxm = calloc(rx, sizeof(*vp->vp_rxm));
	vp->vp_txm = calloc(tx, sizeof(*vp->vp_txm));
	if (vp->vp_rxm == NULL || vp->vp_txm == NULL || !virtq_alloc(&vp->vp_rx, (uint16_t)(2 * n), rx) ||
	    !virtq_alloc(&vp->vp_tx, (uint16_t)(2 * n + 1), tx))
		return false;
	vp->vp_rx.vq_poller = vp->vp_tx.vq_poller = &vp->vp_poller;
	v->v_vqs[v->v_nvqs++] = &vp->vp_rx;
	v->v_vqs[v->v_nvqs++] = &vp->vp_tx;
	return true;
}

static void
vio_free_pair(struct vio_pair *vp)
{
	virtq_free(&vp->vp_rx);
	virtq_free(&vp->vp_tx);
	free(vp->vp_rxm);
	free(vp->vp_txm);
}

/* A device that has fewer pairs than it says has a use for those all the same. */
static bool
vio_alloc_pairs(struct vio *sc)
{
	unsigned n = 0;

	if ((sc->sc_pairs = calloc(sc->sc_npairs, sizeof(*sc->sc_pairs))) == NULL)
		return false;
	while (n < sc->sc_npairs && vio_alloc_pair(sc, n))
		n++;
	if (n < sc->sc_npairs) {
		vio_free_pair(&sc->sc_pairs[n]);
		memset(&sc->sc_pairs[n], 0, sizeof(sc->sc_pairs[n]));
	}
	if (n > 0 && n < sc->sc_npairs)
		log_printf("%s: only %u of %u queue pairs can be had\n", sc->sc_if.if_xname, n, sc->sc_npairs);
	sc->sc_npairs = n;
	return n > 0;
}

static bool
vio_alloc(struct vio *sc)
{
	struct virtio *v = sc->sc_virtio;

	vio_mq_init(sc);
	/* 5.1.2: it stands behind all pairs that the device has. */
	if ((v->v_features & VIRTIO_NET_F_CTRL_VQ) && vio_ctrl_init(sc, (uint16_t)(2 * sc->sc_maxpairs)))
		v->v_vqs[v->v_nvqs++] = &sc->sc_ctrl;
	else
		sc->sc_npairs = 1;	/* nobody could ask for more */
	if (!vio_alloc_pairs(sc))
		return false;
	sc->sc_if.if_nqueues = sc->sc_npairs;
	vio_spreads(sc);
	return true;
}

/* The device is reset or was given up: it reads none of this any more. */
static void
vio_free(struct vio *sc)
{
	for (unsigned i = 0; sc->sc_pairs != NULL && i < sc->sc_npairs; i++)
		vio_free_pair(&sc->sc_pairs[i]);
	virtq_free(&sc->sc_ctrl);
	dma_free(&sc->sc_ctrlbuf);
	sc->sc_virtio->v_nvqs = 0;
	free(sc->sc_pairs);
	free(sc);
}

/* On its core, which has it from now on. */
static void
vio_pair_attach(void *arg)
{
	struct vio_pair *vp = arg;

	vp->vp_nicq.nq_reclaim = vio_reclaim;
	nicq_add(&vp->vp_nicq);
	poller_add(&vp->vp_poller);
}

static bool
vio_ifattach(struct vio *sc)
{
	struct ifnet *ifp = &sc->sc_if;

	ifp->if_softc = sc;
	ifp->if_ops = &vio_ops;
	ifp->if_mtu = MIN(ifp->if_hardmtu, 1500u);
	if (!ether_ifattach(ifp))
		return false;
	for (unsigned i = 0; i < sc->sc_npairs; i++) {
		struct vio_pair *vp = &sc->sc_pairs[i];

		vp->vp_ifq = &ifp->if_ifqs[i];
		vp->vp_ifiq = &ifp->if_ifiqs[i];
		vp->vp_ifq->ifq_startfn = vio_start;
		vp->vp_ifq->ifq_softc = vp;
		vio_kstat_attach(vp);
	}
	vio_each(sc, vio_pair_attach);
	return true;
}

/* Interrupts come last, when everything that they wake is there. */
static void
vio_interrupts(struct vio *sc)
{
	struct virtio *v = sc->sc_virtio;
	bool polling;

	snprintf(sc->sc_confname, sizeof(sc->sc_confname), "%s:config", sc->sc_if.if_xname);
	sc->sc_confpoller = (struct poller){ .pl_poll = vio_confpoll, .pl_arm = vio_confarm, .pl_name = sc->sc_confname };
	v->v_confpoller = &sc->sc_confpoller;
	poller_add(&sc->sc_confpoller);
	polling = !virtio_intr_establish(v);
	for (unsigned i = 0; i < sc->sc_npairs; i++)
		sc->sc_pairs[i].vp_polling = polling;
}

static void
vio_start_up(struct vio *sc)
{
	const struct virtio *v = sc->sc_virtio;
	const uint8_t *a = sc->sc_if.if_lladdr;
	char intr[32];

	timeout_set(&sc->sc_tick, vio_tick, sc);
	vio_interrupts(sc);
	log_printf("%s at %s: %s%u queue%s, address %02x:%02x:%02x:%02x:%02x:%02x\n", sc->sc_if.if_xname, v->v_xname,
	    v->v_intr >= VIRTIO_MSIX_SHARED ? "msix, " : "", sc->sc_npairs, sc->sc_npairs == 1 ? "" : "s",
	    a[0], a[1], a[2], a[3], a[4], a[5]);
	virtio_intr_string(v, intr, sizeof(intr));
	log_printf("%s: %s%s\n", v->v_xname, v->v_legacy ? "legacy, " : "", intr);
	if (!vio_enable(sc))
		log_printf("%s: the device does not start\n", sc->sc_if.if_xname);
}

static bool
vio_attach(struct virtio *v)
{
	struct vio *sc = calloc(1, sizeof(*sc));
	const char *why = "out of memory", *missing;

	if (sc == NULL)
		goto fail;
	sc->sc_virtio = v;
	snprintf(sc->sc_if.if_xname, sizeof(sc->sc_if.if_xname), "vio%u", if_newunit("vio"));
	virtio_acknowledge(v);
	why = "features refused";
	if (!virtio_negotiate(v, vio_features(v)))
		goto fail;
	why = "the device is too old: it has not";
	if ((missing = vio_missing(v)) != NULL)
		goto fail_missing;
	why = "its configuration cannot be read";
	if (!vio_read_config(sc))
		goto fail;
	why = "no memory, or rings of an impossible size";
	if (!vio_alloc(sc) || !vio_ifattach(sc))
		goto fail;
	vio_start_up(sc);
	return true;

fail_missing:
	log_printf("%s: %s %s\n", v->v_xname, why, missing);
	vio_free(sc);
	return false;
fail:
	log_printf("%s: %s\n", v->v_xname, why);
	if (sc != NULL)
		vio_free(sc);
	return false;
}
static const struct virtio_driver vio_driver = { 1, vio_attach };
VIRTIO_DRIVER(vio_driver);
