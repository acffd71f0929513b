/* em_kstat.c - what em(4) counts beyond its queues: kstat emN:0:em:0, emN:0:em-ring:PAIR. */
#include "drivers/em.h"
#include "net/core/owner.h"

/* The card's own counters. error: the frame was lost in the card. */
static const struct em_stat { uint16_t off; bool error; const char *name; } stats[] = {
	{ EM_CRCERRS,	true,	"crc errs" },
	{ EM_ALGNERRC,	true,	"align errs" },
	{ EM_RXERRC,	true,	"rx errs" },
	{ EM_RUC,	true,	"rx undersize" },
	{ EM_RFC,	true,	"rx fragments" },
	{ EM_ROC,	true,	"rx oversize" },
	{ EM_RJC,	true,	"rx jabbers" },
	{ EM_MPC,	true,	"rx missed" },
	{ EM_RNBC,	false,	"rx no buffers" },
	{ EM_COLC,	false,	"collisions" },
};
_Static_assert(nitems(stats) == EM_NSTATS, "sc_stats");

void
em_stats(struct em *sc)
{
	OWNER(if_queue_core(&sc->sc_if, 0));
	for (unsigned i = 0; i < EM_NSTATS && sc->sc_alive; i++) {
		uint32_t v = em_read(sc, stats[i].off);

		if (v == ~0u)			/* nobody answers; em_tick() finds out */
			return;
		sc->sc_stats[i] += v;
		if (stats[i].error)
			sc->sc_if.if_ifiqs[0].ifiq_errors += v;
	}
}

static void
stats_call(void *sc)
{
	em_stats(sc);
}

static void
em_kstat_read(struct kstat *ks, struct out *o)
{
	struct em *sc = ks->ks_arg;

	if_queue_call(&sc->sc_if, 0, stats_call, sc);
	for (unsigned i = 0; i < EM_NSTATS; i++)
		kstat_u64(o, stats[i].name, sc->sc_stats[i], NULL);
	kstat_u64(o, "resets", sc->sc_resets, NULL);
	kstat_u64(o, "watchdogs", sc->sc_watchdogs, NULL);
}

static void
em_kstat_ring(struct kstat *ks, struct out *o)
{
	const struct em_queue *eq = ks->ks_arg;

	kstat_u64(o, "interrupts", eq->eq_interrupts, NULL);
	kstat_u64(o, "lost interrupts", eq->eq_lostintrs, NULL);
	kstat_u64(o, "rx doorbells", eq->eq_rxbells, NULL);
	kstat_u64(o, "tx doorbells", eq->eq_txbells, NULL);
	kstat_u64(o, "rx ring", EM_RING, NULL);
	kstat_u64(o, "rx posted", eq->eq_posted, NULL);
	kstat_u64(o, "tx ring", EM_RING, NULL);
	kstat_u64(o, "tx busy", em_txbusy(eq), NULL);
	kstat_u64(o, "rx chains", eq->eq_chains, "packets");
	kstat_u64(o, "bad lengths", eq->eq_badlens, NULL);
	kstat_u64(o, "bad frames", eq->eq_badframes, NULL);
}

void
em_kstat_attach(struct em *sc)
{
	sc->sc_kstat = (struct kstat){ .ks_provider = sc->sc_if.if_xname, .ks_name = "em", .ks_read = em_kstat_read,
	    .ks_arg = sc };
	kstat_add(&sc->sc_kstat);
	for (unsigned i = 0; i < sc->sc_nqueues; i++) {
		struct em_queue *eq = &sc->sc_queues[i];

		eq->eq_kstat = (struct kstat){ .ks_provider = sc->sc_if.if_xname, .ks_name = "em-ring", .ks_unit = i,
		    .ks_read = em_kstat_ring, .ks_arg = eq };
		kstat_add(&eq->eq_kstat);
	}
}
