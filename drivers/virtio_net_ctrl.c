/* virtio_net_ctrl.c - vio(4)'s control queue: receive filter and address. virtio 1.2, 5.1.6.5. */
#include <string.h>

#include "drivers/virtio_net.h"
#include "kernel/log.h"

#define CTRL_RX			0	/* 5.1.6.5.1 */
#define  CTRL_RX_PROMISC	0
#define  CTRL_RX_ALLMULTI	1
#define CTRL_MAC		1	/* 5.1.6.5.2 */
#define  CTRL_MAC_TABLE_SET	0
#define  CTRL_MAC_ADDR_SET	1
#define CTRL_OK			0

#define CTRL_US			200000u	/* a device that needs longer for a command is broken */
#define CTRL_MAXMULTI		64	/* more groups: all of them */

/* One command in device memory, in the page sc_ctrlbuf. */
struct ctrl_cmd {
	uint8_t	cc_class, cc_cmd;
	uint8_t	cc_ack;			/* the device writes */
	uint8_t	cc_spare;
	uint8_t	cc_data[VIO_CTRL_DATA];
};
_Static_assert(sizeof(struct ctrl_cmd) <= 4096, "a command is one page");

struct mac_table {			/* two of these follow each other: unicast, multicast */
	uint32_t	mt_n;		/* little-endian */
	uint8_t		mt_mac[][6];
} __packed;

bool
vio_ctrl_init(struct vio *sc, uint16_t idx)
{
	uint16_t size = virtio_queue_size(sc->sc_virtio, idx);

	/* A command takes three descriptors, always the same ones. */
	if (size < 4 || !dma_alloc(&sc->sc_ctrlbuf, 4096))
		return false;
	if (virtq_alloc(&sc->sc_ctrl, idx, size))
		return true;
	dma_free(&sc->sc_ctrlbuf);
	sc->sc_ctrl.vq_size = 0;
	return false;
}

bool
vio_ctrl(struct vio *sc, uint8_t class, uint8_t cmd, uint32_t len)
{
	struct virtq *vq = &sc->sc_ctrl;
	struct ctrl_cmd *cc = sc->sc_ctrlbuf.d_va;
	struct vring_desc *d = vq->vq_desc;

	if (!sc->sc_alive || sc->sc_ctrldead)
		return false;
	cc->cc_class = class;
	cc->cc_cmd = cmd;
	cc->cc_ack = 0xff;
	d[0] = (struct vring_desc){ dma_addr(cc), 2, VRING_DESC_NEXT, 1 };
	d[1] = (struct vring_desc){ dma_addr(cc->cc_data), len, VRING_DESC_NEXT, 2 };
	d[2] = (struct vring_desc){ dma_addr(&cc->cc_ack), 1, VRING_DESC_WRITE, 0 };
	vq->vq_avail->ring[vq->vq_head & vq->vq_mask] = 0;
	virtq_intr_off(vq);
	virtq_publish(vq, (uint16_t)(vq->vq_head + 1));
	for (unsigned us = 0; virtq_used(vq) == 0; us++) {
		if (us == CTRL_US) {
			/* It may still write there, and each try costs a long wait: never again. */
			sc->sc_ctrldead = true;
			log_printf("%s: no answer to control command %u/%u; no more are sent\n", sc->sc_if.if_xname,
			    class, cmd);
			return false;
		}
		delay_us(1);
	}
	vq->vq_last++;
	return *(volatile uint8_t *)&cc->cc_ack == CTRL_OK;
}

uint8_t *
vio_ctrl_data(struct vio *sc)
{
	return ((struct ctrl_cmd *)sc->sc_ctrlbuf.d_va)->cc_data;
}

static bool
ctrl_rx(struct vio *sc, uint8_t cmd, bool on)
{
	*vio_ctrl_data(sc) = on;
	return vio_ctrl(sc, CTRL_RX, cmd, 1);
}

/* The multicast groups, no unicast address but the card's own. False: too many, or refused. */
static bool
ctrl_mac_table(struct vio *sc)
{
	struct mac_table *uni = (struct mac_table *)(void *)vio_ctrl_data(sc), *multi = uni + 1;
	uint32_t n = 0;

	for (const struct ifmulti *ifm = sc->sc_if.if_multi; ifm != NULL; ifm = ifm->ifm_next) {
		if (n == CTRL_MAXMULTI)
			return false;
		memcpy(multi->mt_mac[n++], ifm->ifm_lladdr, 6);
	}
	uni->mt_n = 0;
	multi->mt_n = n;
	return vio_ctrl(sc, CTRL_MAC, CTRL_MAC_TABLE_SET, 2 * sizeof(*uni) + n * 6);
}

void
vio_rxfilter(struct ifnet *ifp)
{
	struct vio *sc = ifp->if_softc;
	bool promisc = ifp->if_flags & IFF_PROMISC, allmulti = promisc || (ifp->if_flags & IFF_ALLMULTI);

	/* Without CTRL_RX the device passes on whatever it likes; the stack looks at the address anyway. */
	if (!sc->sc_alive || sc->sc_ctrl.vq_size == 0 || !(sc->sc_virtio->v_features & VIRTIO_NET_F_CTRL_RX))
		return;
	if (!ctrl_mac_table(sc))
		allmulti = true;
	if (!ctrl_rx(sc, CTRL_RX_ALLMULTI, allmulti) && allmulti)
		promisc = true;
	ctrl_rx(sc, CTRL_RX_PROMISC, promisc);
}

bool
vio_ctrl_mac(struct vio *sc, const uint8_t *mac)
{
	if ((sc->sc_virtio->v_features & VIRTIO_NET_F_CTRL_MAC_ADDR) && sc->sc_ctrl.vq_size != 0) {
		memcpy(vio_ctrl_data(sc), mac, 6);
		return vio_ctrl(sc, CTRL_MAC, CTRL_MAC_ADDR_SET, 6);
	}
	/* 5.1.4.3: the configuration's field is writable on legacy devices only. */
	if (!sc->sc_alive || !sc->sc_virtio->v_legacy || !(sc->sc_virtio->v_features & VIRTIO_NET_F_MAC))
		return false;
	for (size_t i = 0; i < 6; i++)
		virtio_config_write8(sc->sc_virtio, offsetof(struct virtio_net_config, mac) + i, mac[i]);
	return true;
}
