/* irq_stat.c - shows the devices' interrupts to vmstat -i. */
#include "drivers/bus.h"
#include "kernel/vmstat.h"

static void
irq_stat_walk(intr_fn *fn, void *arg)
{
	for (const struct irq *ir = irq_list; ir != NULL; ir = ir->ir_link)
		fn(arg, &(struct intr_stat){ .in_name = ir->ir_name, .in_core = ir->ir_core, .in_number = ir->ir_number,
		    .in_count = ir->ir_count });
}
INTR_SOURCE(devices, irq_stat_walk);
