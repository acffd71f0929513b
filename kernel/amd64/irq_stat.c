/* irq_stat.c - shows the cores' own interrupts to vmstat -i. */
#include "kernel/amd64/irq.h"
#include "kernel/vmstat.h"

static void
irq_counts_walk(intr_fn *fn, void *arg)
{
	for (unsigned i = 0; i < ncores; i++) {
		const struct irq_counts *ic = &percore_of(irq_counts, i);

		fn(arg, &(struct intr_stat){ "timer", i, -1, ic->ic_timer });
		fn(arg, &(struct intr_stat){ "poke", i, -1, ic->ic_poke });
		fn(arg, &(struct intr_stat){ "spurious", i, -1, ic->ic_spurious });
	}
}
INTR_SOURCE(cores, irq_counts_walk);
