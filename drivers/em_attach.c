/* em_attach.c - attaches em(4): memory, interrupts, the interface. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/em.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define PCI_VENDOR_INTEL	0x8086
#define EM_IRQ_LIMIT		10000	/* interrupts without the loop having caught up once */

static const struct em_model models[] = {
	{ 0x100e, false, "82540EM" },
	{ 0x1015, false, "82540EM" },
	{ 0x1016, false, "82540EP" },
	{ 0x1017, false, "82540EP" },
	{ 0x101e, false, "82540EP" },
	{ 0x100f, false, "82545EM" },
	{ 0x1026, false, "82545GM" },
	{ 0x10d3, true, "82574L" },
	{ 0x10f6, true, "82574LA" },
};

static const struct em_model *
em_find(const struct pci_dev *pd)
{
	for (size_t i = 0; i < nitems(models) && pd->pd_vendor == PCI_VENDOR_INTEL; i++)
		if (models[i].em_device == pd->pd_device)
			return &models[i];
	return NULL;
}

static void
em_reclaim(struct nicq *nq)
{
	struct em_queue *eq = container_of(nq, struct em_queue, eq_nicq);

	if (!eq->eq_stopped)
		em_txeof(eq);
}

/* A ring of 256 descriptors is a page. */
static bool
em_alloc_queue(struct em *sc, unsigned n)
{
	struct em_queue *eq = &sc->sc_queues[n];
	const size_t bytes = EM_RING * sizeof(struct em_desc);

	if (!dma_alloc(&eq->eq_dma, 2 * bytes))
		return false;
	eq->eq_rx = eq->eq_dma.d_va;
	eq->eq_tx = eq->eq_rx + EM_RING;
	eq->eq_sc = sc;
	eq->eq_idx = n;
	eq->eq_ext = sc->sc_model->em_82574;
	eq->eq_rxdone = (uint64_t)RXS_DD << RXD_STATUS(eq->eq_ext);
	eq->eq_regs = sc->sc_regs;
	eq->eq_rdt = EM_RDT(n);
	eq->eq_tdt = EM_TDT(n);
	eq->eq_stopped = true;
	eq->eq_nicq.nq_reclaim = em_reclaim;
	snprintf(eq->eq_name, sizeof(eq->eq_name), "%s:%u", sc->sc_if.if_xname, n);
	eq->eq_poller = (struct poller){ .pl_poll = em_poll, .pl_arm = em_arm, .pl_name = eq->eq_name };
	timeout_set(&eq->eq_tick, em_queue_tick, eq);
	return true;
}

static bool
em_alloc(struct em *sc)
{
	const struct em_model *em = sc->sc_model;

	sc->sc_nqueues = em->em_82574 && ncores > 1 && irq_msix_count(sc->sc_pd) > EM_QUEUES ? EM_QUEUES : 1;
	for (unsigned i = 0; i < sc->sc_nqueues; i++)
		if (!em_alloc_queue(sc, i))
			return false;
	snprintf(sc->sc_linkname, sizeof(sc->sc_linkname), "%s:link", sc->sc_if.if_xname);
	sc->sc_linkpoller = (struct poller){ .pl_poll = em_linkpoll, .pl_arm = em_linkarm, .pl_name = sc->sc_linkname };
	timeout_set(&sc->sc_tick, em_tick, sc);
	return true;
}

static void
em_free(struct em *sc)
{
	for (unsigned i = 0; i < sc->sc_nqueues; i++)
		dma_free(&sc->sc_queues[i].eq_dma);
	free(sc);
}

/* On the queue's core. */
static void
queue_attach(void *arg)
{
	struct em_queue *eq = arg;

	nicq_add(&eq->eq_nicq);
	poller_add(&eq->eq_poller);
}

static bool
em_ifattach(struct em *sc)
{
	struct ifnet *ifp = &sc->sc_if;

	ifp->if_softc = sc;
	ifp->if_ops = &em_ops;
	ifp->if_hardmtu = EM_MAXMTU;
	ifp->if_mtu = 1500;
	ifp->if_baudrate = 1000000000;
	ifp->if_fullduplex = true;
	if (!ether_ifattach(ifp))
		return false;
	for (unsigned i = 0; i < sc->sc_nqueues; i++) {
		struct em_queue *eq = &sc->sc_queues[i];

		eq->eq_ifq = &ifp->if_ifqs[i];
		eq->eq_ifiq = &ifp->if_ifiqs[i];
		eq->eq_ifq->ifq_startfn = em_start;
		eq->eq_ifq->ifq_softc = eq;
		if_queue_call(ifp, i, queue_attach, eq);
	}
	poller_add(&sc->sc_linkpoller);
	em_kstat_attach(sc);
	return true;
}

/* ---- interrupts ---- */

static struct irq *
em_irq(struct em *sc, unsigned n, irq_handler *fn, void *arg)
{
	struct irq *ir = &sc->sc_irqs[n];

	snprintf(sc->sc_irqnames[n], sizeof(sc->sc_irqnames[n]), sc->sc_msix ? "%s:%u" : "%s", sc->sc_if.if_xname, n);
	ir->ir_name = sc->sc_irqnames[n];
	ir->ir_func = fn;
	ir->ir_arg = arg;
	ir->ir_limit = EM_IRQ_LIMIT;
	return ir;
}

static void
em_release(struct em *sc, unsigned nirqs)
{
	while (nirqs > 0)
		irq_release(&sc->sc_irqs[--nirqs]);
}

/* Vector 0 for the link, to core 0; one for each queue, to its core. */
static bool
em_establish_msix(struct em *sc)
{
	struct ifnet *ifp = &sc->sc_if;

	if (!sc->sc_model->em_82574 || irq_msix_count(sc->sc_pd) < 1 + sc->sc_nqueues)
		return false;
	sc->sc_msix = true;
	ifp->if_nqueues = sc->sc_nqueues;
	if_spread(ifp);
	if (!irq_msix(sc->sc_pd, 0, em_irq(sc, 0, em_intr_other, sc), 0))
		return false;
	for (unsigned i = 0; i < sc->sc_nqueues; i++) {
		struct em_queue *eq = &sc->sc_queues[i];

		eq->eq_irq = em_irq(sc, i + 1, em_intr_queue, eq);
		eq->eq_rxcauses = ICR_RXQ0 << i;
		eq->eq_txcauses = ICR_TXQ0 << i;
		if (!irq_msix(sc->sc_pd, i + 1, eq->eq_irq, if_queue_core(ifp, i))) {
			em_release(sc, i + 1);
			return false;
		}
	}
	ifp->if_rss = sc->sc_nqueues > 1 && sc->sc_nqueues == ncores ? "82574 RSS" : NULL;
	return true;
}

/* Without vectors: one queue, on core 0, as that has the lines. */
static bool
em_establish_line(struct em *sc)
{
	struct em_queue *eq = &sc->sc_queues[0];

	while (sc->sc_nqueues > 1)
		dma_free(&sc->sc_queues[--sc->sc_nqueues].eq_dma);
	sc->sc_msix = false;
	sc->sc_if.if_nqueues = 1;
	sc->sc_if.if_core = 0;
	eq->eq_irq = NULL;
	eq->eq_rxcauses = ICR_RXT0 | ICR_RXDMT0 | ICR_RXO;
	eq->eq_txcauses = ICR_TXDW;
	if (!irq_intx(sc->sc_pd, em_irq(sc, 0, em_intr_line, sc)))
		return false;
	eq->eq_irq = &sc->sc_irqs[0];
	return true;
}

/* `how` tells the log. All causes are masked. */
static void
em_establish(struct em *sc, char *how, size_t len)
{
	if (em_establish_msix(sc))
		snprintf(how, len, "msix, %u queue%s", sc->sc_nqueues, sc->sc_nqueues == 1 ? "" : "s");
	else if (em_establish_line(sc))
		snprintf(how, len, "irq %u", sc->sc_pd->pd_intline);
	else {
		snprintf(how, len, "no interrupt, polling");
		sc->sc_queues[0].eq_polling = true;
	}
}

/* An address of our own making, which the log tells; it changes with each boot. */
static void
em_random_mac(struct em *sc)
{
	random_bytes(sc->sc_mac, sizeof(sc->sc_mac));
	sc->sc_mac[0] = (sc->sc_mac[0] & 0xfc) | 2;	/* one station, locally administered */
}

/* NULL: attached; `how` tells its interrupts. Else what failed. */
static const char *
em_bring_up(struct em *sc, char *how, size_t len)
{
	if (!pci_map_window(sc->sc_pd, 0, 0, EM_REGS, &sc->sc_regs))
		return "no registers";
	if (!em_reset(sc))
		return "reset failed";
	if (!em_read_mac(sc, sc->sc_mac)) {
		log_printf("%s: no valid address in EEPROM or registers, a random one instead\n", sc->sc_if.if_xname);
		em_random_mac(sc);
	}
	memcpy(sc->sc_if.if_lladdr, sc->sc_mac, 6);
	if (!em_alloc(sc))
		return "out of memory";
	em_establish(sc, how, len);
	if (em_ifattach(sc))
		return NULL;
	if (sc->sc_queues[0].eq_irq != NULL)
		em_release(sc, sc->sc_msix ? 1 + sc->sc_nqueues : 1);
	return "out of memory";
}

static bool
em_attach(struct pci_dev *pd)
{
	const struct em_model *model = em_find(pd);
	struct em *sc;
	const char *why;
	char product[32], line[128], how[32];

	if (model == NULL)
		return false;
	if ((sc = calloc(1, sizeof(*sc))) == NULL) {
		log_printf("em: out of memory\n");
		return true;
	}
	sc->sc_pd = pd;
	sc->sc_model = model;
	snprintf(sc->sc_if.if_xname, sizeof(sc->sc_if.if_xname), "em%u", if_newunit("em"));
	snprintf(product, sizeof(product), "Intel %s", model->em_name);
	pci_attach_line(pd, sc->sc_if.if_xname, product, line, sizeof(line));
	pci_enable(pd);
	if ((why = em_bring_up(sc, how, sizeof(how))) != NULL) {
		log_printf("%s: %s\n", line, why);
		pci_disable(pd);
		em_free(sc);
		return true;		/* ours, though it does not work */
	}
	pd->pd_softc = sc;
	log_printf("%s: %s, address %02x:%02x:%02x:%02x:%02x:%02x\n", line, how, sc->sc_mac[0], sc->sc_mac[1],
	    sc->sc_mac[2], sc->sc_mac[3], sc->sc_mac[4], sc->sc_mac[5]);
	if (!em_init(sc))
		log_printf("%s: the device does not start\n", sc->sc_if.if_xname);
	return true;
}
static const struct pci_driver em_pci = { "em", em_attach };
PCI_DRIVER(em_pci);
