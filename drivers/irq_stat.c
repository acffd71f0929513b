/* irq_stat.c - shows the devices' interrupts to vmstat -i. */
#include "drivers/bus.h"
#include "kernel/vmstat.h"

static bool
irq_stat_get(unsigned n, const char **name, uint64_t *count)
{
	const struct irq *ir = irq_list;

	while (ir != NULL && n-- > 0)
		ir = ir->ir_link;
	if (ir == NULL)
		return false;
	*name = ir->ir_name;
	*count = ir->ir_count;
	return true;
}
INTR_SOURCE(devices, irq_stat_get);
