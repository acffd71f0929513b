/* em.c - em(4), Intel's 82540, 82545 and 82574 Ethernet: up, down, link, and what keeps it alive. Core 0 has the device; what has to do
 * with a queue is done on the core that owns it. */
#include <string.h>

#include "drivers/em.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define TICK_MS		250
#define TICK_POLLING_MS	10		/* when interrupts do not come */
#define TICK_DEAD_MS	1000		/* when it does not answer: each reset is tried for a while */
#define WATCHDOG_MS	5000
#define INTR_OFTEN	20000u		/* interrupts a second. Fewer come at once: the loop polls under load, and waiting costs time only */

/* Something cannot be: the next tick resets the device. */
static void
em_broken(struct em *sc, const char *what, uint64_t value)
{
	static struct lograte rate;

	sc->sc_alive = false;
	log_ratelimited(&rate, "%s: %s 0x%llx\n", sc->sc_if.if_xname, what, (unsigned long long)value);
}

static void
em_link(struct em *sc)
{
	static const uint16_t mbit[] = { 10, 100, 1000, 1000 };
	uint32_t s = em_read(sc, EM_STATUS);

	if (s == ~0u) {
		em_broken(sc, "the device is gone, status", s);
		return;
	}
	if (s & STATUS_LU) {
		sc->sc_if.if_baudrate = mbit[STATUS_SPEED(s)] * 1000000ull;
		sc->sc_if.if_fullduplex = s & STATUS_FD;
	}
	if_link_state_change(&sc->sc_if, s & STATUS_LU ? LINK_STATE_UP : LINK_STATE_DOWN);
}

/* After a reset: all but rings and receiver, so that the link is watched while the interface is down. */
static void
em_prepare(struct em *sc)
{
	sc->sc_alive = true;
	em_intr_setup(sc);
	em_link_setup(sc);
	em_link(sc);
	em_linkarm(&sc->sc_linkpoller);
}

bool
em_init(struct em *sc)
{
	if (!em_reset(sc))
		return false;
	em_prepare(sc);
	return sc->sc_alive;
}

/* ---- queues: each of these runs on its owner ---- */

static void
em_queues_call(struct em *sc, void (*fn)(void *))
{
	for (unsigned i = 0; i < sc->sc_nqueues; i++)
		if_queue_call(&sc->sc_if, i, fn, &sc->sc_queues[i]);
}

static unsigned
em_queue_tick_ms(const struct em_queue *eq)
{
	return eq->eq_polling ? TICK_POLLING_MS : TICK_MS;
}

static void
queue_go(void *arg)
{
	struct em_queue *eq = arg;

	eq->eq_rxmax = eq->eq_sc->sc_jumbo ? 1024 : MCLBYTES - MHEADROOM;
	eq->eq_stopped = eq->eq_hung = false;
	eq->eq_stuck = 0;
	em_rxfill(eq);
	ifq_restart(eq->eq_ifq);
	poller_wake(&eq->eq_poller);
	timeout_add_msec(&eq->eq_tick, em_queue_tick_ms(eq));
}

static void
queue_stop(void *arg)
{
	struct em_queue *eq = arg;

	if (!eq->eq_stopped)
		em_txeof(eq);
	eq->eq_stopped = true;
	timeout_del(&eq->eq_tick);
	if (eq->eq_idx == 0)
		em_stats(eq->eq_sc);
}

/* The device is reset. */
static void
queue_empty(void *arg)
{
	struct em_queue *eq = arg;

	em_rxfree(eq);
	em_txfree(eq);
}

static void
queue_purge(void *arg)
{
	struct em_queue *eq = arg;

	ifq_purge(eq->eq_ifq);
}

/* Rings and filter set, buffers in, pollers on. The device is alive and its rings are empty. */
static void
em_go(struct em *sc)
{
	em_rings_setup(sc);
	em_station(sc, sc->sc_if.if_lladdr);
	em_rxfilter(&sc->sc_if);
	em_queues_call(sc, queue_go);
}

/* The device forgets its rings, then their mbufs are freed. False: it does not answer any more. */
static bool
em_halt(struct em *sc)
{
	bool ok;

	em_queues_call(sc, queue_stop);
	sc->sc_alive = false;
	ok = em_reset(sc);
	em_queues_call(sc, queue_empty);
	return ok;
}

static bool
em_up(struct ifnet *ifp)
{
	struct em *sc = ifp->if_softc;

	if (!sc->sc_alive && !em_init(sc)) {
		log_printf("%s: the device does not start\n", ifp->if_xname);
		return false;
	}
	ifp->if_flags |= IFF_RUNNING;
	em_go(sc);
	em_link(sc);
	timeout_add_msec(&sc->sc_tick, TICK_MS);
	return true;
}

static void
em_down(struct ifnet *ifp)
{
	struct em *sc = ifp->if_softc;

	timeout_del(&sc->sc_tick);
	ifp->if_flags &= ~IFF_RUNNING;
	if (em_halt(sc))
		em_prepare(sc);
}

static bool
em_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	struct em *sc = ifp->if_softc;
	bool jumbo = mtu > 1500;

	if (jumbo == sc->sc_jumbo)
		return true;
	sc->sc_jumbo = jumbo;
	if (!(ifp->if_flags & IFF_RUNNING))
		return true;
	if (em_halt(sc)) {			/* if not, the next tick tries */
		em_prepare(sc);
		em_go(sc);
	}
	return true;
}

static bool
em_setlladdr(struct ifnet *ifp, const uint8_t *mac)
{
	struct em *sc = ifp->if_softc;

	if (sc->sc_alive && (ifp->if_flags & IFF_RUNNING))
		em_station(sc, mac);
	return true;				/* else em_go() does it */
}

const struct if_ops em_ops = {
	.ifo_up = em_up,
	.ifo_down = em_down,
	.ifo_rxfilter = em_rxfilter,
	.ifo_setmtu = em_setmtu,
	.ifo_setlladdr = em_setlladdr,
};

/* ---- a pair's turn in the loop ---- */

int
em_poll(struct poller *pl, int budget)
{
	struct em_queue *eq = container_of(pl, struct em_queue, eq_poller);

	if (eq->eq_stopped)
		return 0;
	em_txeof(eq);
	return em_rxeof(eq, budget);
}

bool
em_arm(struct poller *pl)
{
	struct em_queue *eq = container_of(pl, struct em_queue, eq_poller);

	if (eq->eq_irq != NULL)
		irq_quiet(eq->eq_irq);
	if (eq->eq_stopped)
		return false;
	/* What came since the causes were cleared interrupts at once. */
	reg_write32(&eq->eq_regs, EM_IMS, eq->eq_rxcauses | (eq->eq_ifq->ifq_oactive ? eq->eq_txcauses : 0));
	return em_rxpending(eq, 0);
}

int
em_linkpoll(struct poller *pl, int budget __unused_arg)
{
	struct em *sc = container_of(pl, struct em, sc_linkpoller);

	irq_quiet(&sc->sc_irqs[0]);
	if (!sc->sc_alive)
		return 0;
	if (sc->sc_msix)
		em_write(sc, EM_ICR, ICR_OTHER | ICR_LSC);
	em_link(sc);
	return 0;
}

bool
em_linkarm(struct poller *pl)
{
	struct em *sc = container_of(pl, struct em, sc_linkpoller);

	if (sc->sc_alive)
		em_write(sc, EM_IMS, ICR_LSC | (sc->sc_msix ? ICR_OTHER : 0));
	return false;
}

/* ---- the clock's turn: what no interrupt announces ---- */

static void
em_recover(struct em *sc)
{
	static struct lograte rate;

	sc->sc_resets++;
	if (em_halt(sc)) {
		em_prepare(sc);
		em_go(sc);
		return;
	}
	log_ratelimited(&rate, "%s: reset failed\n", sc->sc_if.if_xname);
	em_queues_call(sc, queue_purge);	/* nothing waits for it */
}

/* A ring of which nothing is sent for seconds must not keep its mbufs. Without a link that is nobody's fault. */
static void
em_hung(struct em *sc, const struct em_queue *eq)
{
	if (sc->sc_if.if_link_state == LINK_STATE_DOWN) {
		sc->sc_alive = false;
		return;
	}
	sc->sc_watchdogs++;
	em_broken(sc, "watchdog timeout; descriptors not sent:", em_txbusy(eq));
}

void
em_tick(void *arg)
{
	struct em *sc = arg;
	unsigned ms = TICK_MS;

	for (unsigned i = 0; i < sc->sc_nqueues && sc->sc_alive; i++) {
		const struct em_queue *eq = &sc->sc_queues[i];

		if (eq->eq_hung)
			em_hung(sc, eq);
		ms = MIN(ms, em_queue_tick_ms(eq));
	}
	if (sc->sc_alive)
		em_link(sc);
	if (!sc->sc_alive)
		em_recover(sc);
	timeout_add_msec(&sc->sc_tick, sc->sc_alive ? ms : TICK_DEAD_MS);
}

static void
em_moderate(struct em_queue *eq)
{
	bool often = eq->eq_interrupts - eq->eq_tickintr > INTR_OFTEN * em_queue_tick_ms(eq) / 1000;

	if (often != eq->eq_gap)
		em_intr_gap(eq, often);
}

/* Something has been in the receive ring for a whole tick and no interrupt has come: none will. Polls until one
 * does. */
static void
em_check_interrupts(struct em_queue *eq, bool pending)
{
	bool came = eq->eq_interrupts != eq->eq_tickintr;

	eq->eq_tickintr = eq->eq_interrupts;
	if (came)
		eq->eq_polling = false;
	else if (pending && eq->eq_tickpending) {
		if (!eq->eq_polling)
			log_printf("%s: interrupts do not come, polling\n", eq->eq_name);
		eq->eq_polling = true;
	}
	eq->eq_tickpending = pending;
	if (eq->eq_polling && pending) {
		eq->eq_lostintrs++;
		poller_wake(&eq->eq_poller);
		eq->eq_poller.pl_wakes--;	/* no interrupt */
	}
}

static void
em_watchdog(struct em_queue *eq)
{
	if (em_txbusy(eq) == 0 || eq->eq_txlast != eq->eq_ticklast)
		eq->eq_stuck = 0;
	else
		eq->eq_stuck += em_queue_tick_ms(eq);
	eq->eq_ticklast = eq->eq_txlast;
	if (eq->eq_stuck >= WATCHDOG_MS)
		eq->eq_hung = eq->eq_stopped = true;
}

void
em_queue_tick(void *arg)
{
	struct em_queue *eq = arg;
	struct em *sc = eq->eq_sc;

	em_txeof(eq);
	em_rxfill(eq);
	em_moderate(eq);
	em_check_interrupts(eq, em_rxpending(eq, 0) && !poller_ready(&eq->eq_poller));
	if (eq->eq_idx == 0 && uptime_ns() >= sc->sc_statsdue) {
		sc->sc_statsdue = uptime_ns() + TICK_MS * 1000000ull;
		em_stats(sc);
	}
	em_watchdog(eq);
	if (!eq->eq_stopped)
		timeout_add_msec(&eq->eq_tick, em_queue_tick_ms(eq));
}
