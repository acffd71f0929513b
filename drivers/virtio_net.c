/* virtio_net.c - vio(4), the virtio network card: up, down, link, and what keeps it alive. virtio 1.2, 5.1. */
#include <string.h>

#include "drivers/virtio_net.h"
#include "kernel/log.h"

#define TICK_MS		250
#define TICK_POLLING_MS	10		/* when interrupts do not come */
#define WATCHDOG_MS	5000

void
vio_broken(struct vio_pair *vp, const char *what, uint64_t value)
{
	static struct lograte rate;

	vp->vp_badrings++;
	vp->vp_stopped = true;
	vp->vp_broken = true;
	log_ratelimited(&rate, "%s: %s %llu\n", vp->vp_name, what, (unsigned long long)value);
}

void
vio_each(struct vio *sc, void (*fn)(void *))
{
	for (unsigned i = 0; i < sc->sc_npairs; i++)
		if_queue_call(&sc->sc_if, i, fn, &sc->sc_pairs[i]);
}

static void
vio_link(struct vio *sc)
{
	struct virtio *v = sc->sc_virtio;
	uint16_t status = VIRTIO_NET_S_LINK_UP;

	if ((v->v_features & VIRTIO_NET_F_STATUS) &&
	    !virtio_config_read(v, offsetof(struct virtio_net_config, status), &status, sizeof(status)))
		return;
	if_link_state_change(&sc->sc_if, status & VIRTIO_NET_S_LINK_UP ? LINK_STATE_UP : LINK_STATE_DOWN);
}

/* From reset to DRIVER_OK with empty rings. */
static bool
vio_init(struct vio *sc)
{
	struct virtio *v = sc->sc_virtio;
	uint64_t features = v->v_features;

	if (!virtio_reset(v))
		return false;
	virtio_acknowledge(v);
	if (!virtio_negotiate(v, features) || v->v_features != features) {
		v->v_features = features;
		return false;
	}
	return vio_enable(sc);
}

bool
vio_enable(struct vio *sc)
{
	for (unsigned i = 0; i < sc->sc_virtio->v_nvqs; i++)
		if (!virtio_queue_enable(sc->sc_virtio, sc->sc_virtio->v_vqs[i]))
			return false;
	sc->sc_alive = virtio_driver_ok(sc->sc_virtio);
	if (sc->sc_alive)
		vio_link(sc);
	return sc->sc_alive;
}

/* Its rings are empty, the device lives. */
static void
vio_pair_go(void *arg)
{
	struct vio_pair *vp = arg;

	vp->vp_stopped = false;
	vp->vp_stuck = 0;
	virtq_intr_off(&vp->vp_tx);
	vio_rxfill(vp);
	ifq_restart(vp->vp_ifq);
	poller_wake(&vp->vp_poller);
	timeout_add_msec(&vp->vp_tick, TICK_MS);
}

static void
vio_pair_halt(void *arg)
{
	struct vio_pair *vp = arg;

	timeout_del(&vp->vp_tick);
	if (!vp->vp_stopped)
		vio_txeof(vp);
	vp->vp_stopped = true;
}

/* The device has forgotten the rings. What was not yet sent counts as an error of the queue. */
static void
vio_pair_clear(void *arg)
{
	struct vio_pair *vp = arg;

	vio_rxfree(vp);
	vio_txfree(vp);
	virtq_clear(&vp->vp_rx);
	virtq_clear(&vp->vp_tx);
	vp->vp_broken = false;
}

/* Filter set, buffers in, pollers on. The device is alive and its rings are empty. */
static void
vio_go(struct vio *sc)
{
	unsigned npairs;

	if (memcmp(sc->sc_if.if_lladdr, sc->sc_mac, 6) != 0)
		vio_ctrl_mac(sc, sc->sc_if.if_lladdr);
	vio_rxfilter(&sc->sc_if);
	npairs = vio_mq_enable(sc);
	if_use_queues(&sc->sc_if, npairs);
	for (unsigned i = 0; i < npairs; i++)
		if_queue_call(&sc->sc_if, i, vio_pair_go, &sc->sc_pairs[i]);
}

/* No pair touches its rings any more, then the device forgets them, then their mbufs are freed. */
static void
vio_halt(struct vio *sc)
{
	vio_each(sc, vio_pair_halt);
	sc->sc_alive = sc->sc_broken = false;
	virtio_reset(sc->sc_virtio);
	vio_each(sc, vio_pair_clear);
	if (sc->sc_ctrl.vq_size != 0)
		virtq_clear(&sc->sc_ctrl);
}

static bool
vio_up(struct ifnet *ifp)
{
	struct vio *sc = ifp->if_softc;

	if (!sc->sc_alive && !vio_init(sc)) {
		log_printf("%s: the device does not start\n", ifp->if_xname);
		return false;
	}
	ifp->if_flags |= IFF_RUNNING;
	vio_link(sc);
	vio_go(sc);
	timeout_add_msec(&sc->sc_tick, TICK_MS);
	return true;
}

static void
vio_down(struct ifnet *ifp)
{
	struct vio *sc = ifp->if_softc;

	timeout_del(&sc->sc_tick);
	ifp->if_flags &= ~IFF_RUNNING;
	vio_halt(sc);
	vio_init(sc);			/* so that the link's state is known while it is down */
}

static bool
vio_setlladdr(struct ifnet *ifp, const uint8_t *mac)
{
	return vio_ctrl_mac(ifp->if_softc, mac);
}

const struct if_ops vio_ops = {
	.ifo_up = vio_up,
	.ifo_down = vio_down,
	.ifo_rxfilter = vio_rxfilter,
	.ifo_setlladdr = vio_setlladdr,
};

/* ---- a pair's turn in the loop ---- */

static __apart_fn int
vio_poll_both(struct vio_pair *vp, int budget)
{
	vio_txeof(vp);
	return vp->vp_stopped ? 0 : vio_rxeof(vp, budget);
}

int
vio_poll(struct poller *pl, int budget)
{
	struct vio_pair *vp = container_of(pl, struct vio_pair, vp_poller);

	if (vp->vp_stopped)
		return 0;
	if (!vp->vp_rx.vq_event_idx)
		virtq_intr_off(&vp->vp_rx);
	if (virtq_used(&vp->vp_tx) > 0)
		return vio_poll_both(vp, budget);
	return vio_rxeof(vp, budget);
}

bool
vio_arm(struct poller *pl)
{
	struct vio_pair *vp = container_of(pl, struct vio_pair, vp_poller);

	if (vp->vp_stopped)
		return false;
	virtio_quiet(&vp->vp_rx);
	virtio_quiet(&vp->vp_tx);
	return virtq_intr_after(&vp->vp_rx, 1);
}

static void
vio_wants_reset(struct vio *sc)
{
	static struct lograte rate;

	sc->sc_broken = true;
	log_ratelimited(&rate, "%s: the device wants to be reset\n", sc->sc_if.if_xname);
}

int
vio_confpoll(struct poller *pl, int budget __unused_arg)
{
	struct vio *sc = container_of(pl, struct vio, sc_confpoller);

	irq_quiet(&sc->sc_virtio->v_irqs[0]);
	if (!sc->sc_alive)
		return 0;
	if (virtio_failed(sc->sc_virtio))
		vio_wants_reset(sc);
	else
		vio_link(sc);
	return 0;
}

bool
vio_confarm(struct poller *pl __unused_arg)
{
	return false;
}

/* ---- the clock's turn: what no interrupt announces ---- */

static void
vio_recover(struct vio *sc)
{
	static struct lograte rate;

	sc->sc_resets++;
	vio_halt(sc);
	if (vio_init(sc))
		vio_go(sc);
	else
		log_ratelimited(&rate, "%s: reset failed\n", sc->sc_if.if_xname);
}

/* Something has been in the receive ring for a whole tick and no interrupt has come: none will. Polls until one does. */
static void
vio_check_interrupts(struct vio_pair *vp, bool pending)
{
	bool came = vp->vp_rx.vq_interrupts != vp->vp_tickintr;

	vp->vp_tickintr = vp->vp_rx.vq_interrupts;
	if (came)
		vp->vp_polling = false;
	else if (pending && vp->vp_tickpending) {
		if (!vp->vp_polling)
			log_printf("%s: interrupts do not come, polling\n", vp->vp_name);
		vp->vp_polling = true;
	}
	vp->vp_tickpending = pending;
	if (vp->vp_polling && pending) {
		vp->vp_lostintrs++;
		poller_wake(&vp->vp_poller);
		vp->vp_poller.pl_wakes--;	/* no interrupt */
	}
}

static unsigned
vio_tick_ms(bool polling)
{
	return polling ? TICK_POLLING_MS : TICK_MS;
}

/* A ring of which nothing is sent for seconds must not keep its mbufs. */
static void
vio_watchdog(struct vio_pair *vp)
{
	if (virtq_busy(&vp->vp_tx) == 0 || vp->vp_tx.vq_last != vp->vp_ticklast)
		vp->vp_stuck = 0;
	else
		vp->vp_stuck += vio_tick_ms(vp->vp_polling);
	vp->vp_ticklast = vp->vp_tx.vq_last;
	if (vp->vp_stuck < WATCHDOG_MS)
		return;
	vp->vp_watchdogs++;
	vio_broken(vp, "watchdog timeout; frames not sent:", virtq_busy(&vp->vp_tx));
}

void
vio_pair_tick(void *arg)
{
	struct vio_pair *vp = arg;

	if (!vp->vp_stopped)
		vio_txeof(vp);
	if (vp->vp_stopped)
		return;
	vio_rxfill(vp);
	vio_check_interrupts(vp, virtq_used(&vp->vp_rx) > 0 && !poller_ready(&vp->vp_poller));
	vio_watchdog(vp);
	timeout_add_msec(&vp->vp_tick, vio_tick_ms(vp->vp_polling));
}

void
vio_tick(void *arg)
{
	struct vio *sc = arg;
	bool broken = !sc->sc_alive || sc->sc_broken, polling = false;

	for (unsigned i = 0; i < sc->sc_npairs; i++) {
		broken |= sc->sc_pairs[i].vp_broken;
		polling |= sc->sc_pairs[i].vp_polling;
	}
	if (broken)
		vio_recover(sc);
	else if (polling)
		vio_link(sc);
	timeout_add_msec(&sc->sc_tick, vio_tick_ms(polling));
}
