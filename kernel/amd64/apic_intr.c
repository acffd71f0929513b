/* apic_intr.c - the first C function of an interrupt: the APIC's own vectors end here, the devices' go on. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/trap.h"

PERCORE uint64_t clock_armed;

void
interrupt(unsigned vector)
{
	if (vector == VECTOR_TIMER) {
		percore(clock_armed) = 0;	/* its only purpose: to end cpu_idle()'s sleep */
		apic_eoi();
	} else if (vector != VECTOR_SPURIOUS)
		irq_dispatch(vector);	/* SDM 3A 11.9: a spurious one takes no EOI */
}
