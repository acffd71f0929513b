/* apic_intr.c - the first C function of an interrupt: the APIC's own vectors end here, the devices' go on. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/trap.h"
#include "kernel/loop.h"
#include "kernel/task.h"

PERCORE uint64_t clock_armed;
PERCORE uint64_t core_pokes;

bool
interrupt(unsigned vector)
{
	if (vector == VECTOR_TIMER) {
		percore(clock_armed) = 0;	/* it ends cpu_idle()'s sleep, or a task's slice */
		task_rang();
		apic_eoi();
	} else if (vector == VECTOR_POKE) {
		percore(loop_wake) = true;
		percore(core_pokes)++;
		apic_eoi();
	} else if (vector != VECTOR_SPURIOUS)
		irq_dispatch(vector);	/* SDM 3A 11.9: a spurious one takes no EOI */
	return task_preempt_due();
}
