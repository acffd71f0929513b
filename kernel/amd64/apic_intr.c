/* apic_intr.c - the first C function of an interrupt: the APIC's own vectors end here, the devices' go on. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/irq.h"
#include "kernel/amd64/trap.h"
#include "kernel/cores.h"
#include "kernel/loop.h"
#include "kernel/task.h"

PERCORE uint64_t clock_armed;
PERCORE struct irq_counts irq_counts;

bool
interrupt(unsigned vector)
{
	if (vector == VECTOR_TIMER) {
		percore(irq_counts.ic_timer)++;
		percore(clock_armed) = 0;	/* it ends cpu_idle()'s sleep, or a task's slice */
		task_rang();
		apic_eoi();
	} else if (vector == VECTOR_POKE) {
		percore(irq_counts.ic_poke)++;
		percore(loop_wake) = true;
		core_task_ends();		/* it gives way as soon as it may: no more pokes */
		apic_eoi();
	} else if (vector == VECTOR_SPURIOUS)
		percore(irq_counts.ic_spurious)++;	/* SDM 3A 11.9: it takes no EOI */
	else
		irq_dispatch(vector);
	return task_preempt_due();
}
