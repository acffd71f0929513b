/* em.h - em(4), Intel's 82540/82545 (INTx) and 82574 (MSI-X) gigabit Ethernet: its parts among themselves. */
#ifndef DRIVERS_EM_H
#define DRIVERS_EM_H

#include "drivers/em_reg.h"
#include "drivers/nicq.h"
#include "drivers/pci.h"
#include "kernel/kstat.h"
#include "kernel/loop.h"
#include "kernel/timeout.h"
#include "net/core/if.h"

#define EM_RING		256u		/* descriptors; a power of two, and a multiple of 8 ([S] RDLEN) */
#define EM_QUEUES	2		/* as the 82574 has; one is used where one core runs, or without MSI-X */
#define EM_MAXMTU	9000u
#define EM_MAXSEGS	32u		/* mbufs of a packet to send */
#define EM_NSTATS	10

struct em;

struct em_model {
	uint16_t	 em_device;	/* PCI product of vendor Intel */
	bool		 em_82574;	/* PCI Express, MSI-X */
	const char	*em_name;
};

/* A receive and a transmit ring; the core that owns the queue (if_queue_core) uses both and all else here, nobody else. Positions are
 * free-running, descriptor = position % EM_RING. */
struct em_queue {
	/* Receive: descriptors [eq_rxhead, eq_rxhead + eq_posted) have mbufs; of these the card has all, but never EM_RING. */
	struct em_desc	*eq_rx;
	struct mbuf	*eq_rxm[EM_RING];
	uint16_t	 eq_rxhead;	/* the next that the card will fill */
	uint16_t	 eq_posted;	/* EM_RING, if mbufs sufficed */
	bool		 eq_ext;	/* extended descriptors; */
	uint64_t	 eq_rxdone;	/* where RXS_DD stands in their word */
	uint32_t	 eq_rxmax;	/* bytes of a frame that fit into one buffer */
	struct mbuf	*eq_chain, *eq_chaintail;	/* the begun frame, in several buffers */
	bool		 eq_skip;	/* the rest of the begun frame is thrown away */
	bool		 eq_stopped;	/* down, or something is broken: do not touch the rings */
	struct ifiqueue	*eq_ifiq;

	/* Transmit: [eq_txlast, eq_txhead) are the card's, one mbuf each. */
	struct em_desc	*eq_tx;
	struct mbuf	*eq_txm[EM_RING];
	uint16_t	 eq_txhead, eq_txlast;
	/* Positions behind the descriptors that report, [eq_replast, eq_rephead) of them outstanding. */
	uint16_t	 eq_reports[EM_RING];
	uint16_t	 eq_rephead, eq_replast;
	struct ifqueue	*eq_ifq;

	struct em	*eq_sc;
	unsigned	 eq_idx;
	struct reg	 eq_regs;	/* the device's window, nearer than through eq_sc */
	size_t		 eq_rdt, eq_tdt;	/* the doorbells */
	uint32_t	 eq_rxcauses, eq_txcauses;	/* its interrupt causes */
	struct poller	 eq_poller;
	struct irq	*eq_irq;	/* what wakes it; NULL: none */
	struct dma	 eq_dma;
	struct nicq	 eq_nicq;
	char		 eq_name[IFNAMSIZ + 12];

	/* em_queue_tick */
	struct timeout	 eq_tick;
	bool		 eq_polling;	/* its interrupts do not come: the tick polls, faster */
	bool		 eq_gap;	/* em_intr_gap */
	bool		 eq_hung;	/* nothing is sent any more: em_tick, on core 0, resets the device */
	uint16_t	 eq_ticklast;	/* eq_txlast at the last one */
	uint16_t	 eq_stuck;	/* milliseconds without a completion */
	bool		 eq_tickpending;
	uint64_t	 eq_tickintr;
	/* kstat */
	uint64_t	 eq_interrupts, eq_rxbells, eq_txbells, eq_chains, eq_badlens, eq_badframes, eq_lostintrs;
	struct kstat	 eq_kstat;
};

struct em {
	struct ifnet	 sc_if;
	struct pci_dev	*sc_pd;
	const struct em_model *sc_model;
	struct reg	 sc_regs;
	struct em_queue	 sc_queues[EM_QUEUES];
	unsigned	 sc_nqueues;
	bool		 sc_alive;	/* reset and programmed, and nothing went wrong since; core 0 */
	bool		 sc_msix;
	bool		 sc_jumbo;	/* frames over 1522 bytes, in buffers of 1 KB */
	uint32_t	 sc_rctl;	/* what stands in RCTL */
	uint8_t		 sc_mac[6];	/* the card's own */
	struct irq	 sc_irqs[1 + EM_QUEUES];
	char		 sc_irqnames[1 + EM_QUEUES][IFNAMSIZ + 8];
	struct poller	 sc_linkpoller;
	char		 sc_linkname[IFNAMSIZ + 8];
	struct timeout	 sc_tick;
	uint64_t	 sc_statsdue;	/* uptime_ns; the statistics are queue 0's core's */
	uint64_t	 sc_stats[EM_NSTATS];
	uint64_t	 sc_resets, sc_watchdogs;
	struct kstat	 sc_kstat;
};

static inline uint32_t em_read(const struct em *sc, size_t off) { return reg_read32(&sc->sc_regs, off); }
static inline void em_write(const struct em *sc, size_t off, uint32_t v) { reg_write32(&sc->sc_regs, off, v); }

/* em.c */
extern const struct if_ops em_ops;
/* Reset and programmed but for the rings: link and its interrupt work. False: the device does not answer. */
bool	em_init(struct em *);
void	em_tick(void *sc);		/* core 0 */
void	em_queue_tick(void *queue);	/* the queue's core, as what follows */
int	em_poll(struct poller *, int budget);
bool	em_arm(struct poller *);
int	em_linkpoll(struct poller *, int budget);
bool	em_linkarm(struct poller *);

/* em_hw.c; waits are bounded, core 0 */
/* It touches no memory any more, in any case. False: it did not come back (then it is cut off from the bus). */
bool	em_reset(struct em *);
/* The station address that the card was given. False: none that could be one. */
bool	em_read_mac(struct em *, uint8_t *mac);
/* PHY and MAC set to take the link as it is negotiated. */
void	em_link_setup(struct em *);
/* Interrupt vectors and moderation; all causes are masked. */
void	em_intr_setup(struct em *);
/* A queue's interrupts keep a distance from each other, or come at once. */
void	em_intr_gap(struct em_queue *, bool gap);
/* Tells it where the (empty) rings are and switches the transmitter on. */
void	em_rings_setup(struct em *);

/* em_rss.c */
/* Which ring a frame goes to. Both directions of a flow have the same hash. */
void	em_rss_setup(struct em *);

/* em_filter.c */
void	em_rxfilter(struct ifnet *);	/* groups and promiscuous mode; writes RCTL only when it changes */
void	em_station(struct em *, const uint8_t *mac);	/* the one address that it listens to */

/* em_rx.c; the queue's core */
/* Gives the card mbufs for descriptors that have none, as far as the pool allows. */
void	em_rxfill(struct em_queue *);
/* Takes up to budget (at most BATCH_MAX) descriptors and runs their frames through the stack. Returns how many. */
int	em_rxeof(struct em_queue *, int budget);
void	em_rxfree(struct em_queue *);	/* the device is reset */
static inline uint64_t em_rxword(const struct em_desc *d) { return ((const volatile struct em_desc *)d)->word; }
/* The card has filled the n-th descriptor (from 0) of those that we have not taken. */
static inline bool
em_rxpending(const struct em_queue *eq, unsigned n)
{
	return n < eq->eq_posted && (em_rxword(&eq->eq_rx[(eq->eq_rxhead + n) % EM_RING]) & eq->eq_rxdone);
}

/* em_tx.c; likewise */
void	em_start(struct ifqueue *);
void	em_txeof_some(struct em_queue *);	/* something is under way */
/* Frees what has been sent; restarts the queue when there is room again. */
static inline void
em_txeof(struct em_queue *eq)
{
	if (eq->eq_txlast != eq->eq_txhead)
		em_txeof_some(eq);
}
void	em_txfree(struct em_queue *);	/* the device is reset; what was not sent counts as an error of the queue */
static inline uint16_t em_txbusy(const struct em_queue *eq) { return (uint16_t)(eq->eq_txhead - eq->eq_txlast); }

/* em_intr.c: interrupt context; on the core of what they wake */
bool	em_intr_line(void *sc);		/* INTx: everything */
bool	em_intr_queue(void *queue);	/* MSI-X */
bool	em_intr_other(void *sc);

/* em_kstat.c */
void	em_kstat_attach(struct em *);
void	em_stats(struct em *);		/* adds the card's own counters to ours; queue 0's core */

#endif
