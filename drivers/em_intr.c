/* em_intr.c - em(4)'s interrupt handlers: they mask what the loop will look at, and wake it. Interrupt context. */
#include "drivers/em.h"

#define NO_DEVICE	0xffffffffu

static void
wake_queue(struct em_queue *eq)
{
	eq->eq_interrupts++;
	poller_wake(&eq->eq_poller);
}

bool
em_intr_line(void *arg)
{
	struct em *sc = arg;
	struct em_queue *eq = &sc->sc_queues[0];
	uint32_t icr = em_read(sc, EM_ICR), causes = eq->eq_rxcauses | eq->eq_txcauses;

	if (icr == NO_DEVICE)
		return false;
	if (unlikely(icr & ICR_LSC))
		poller_wake(&sc->sc_linkpoller);
	if (!(icr & causes))
		return icr & ICR_LSC;
	em_write(sc, EM_IMC, causes);
	wake_queue(eq);
	return true;
}

bool
em_intr_queue(void *arg)
{
	struct em_queue *eq = arg;

	reg_write32(&eq->eq_regs, EM_IMC, eq->eq_rxcauses | eq->eq_txcauses);
	wake_queue(eq);
	return true;
}

bool
em_intr_other(void *arg)
{
	struct em *sc = arg;

	em_write(sc, EM_IMC, ICR_OTHER | ICR_LSC);
	poller_wake(&sc->sc_linkpoller);
	return true;
}
