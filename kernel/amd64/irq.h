/* irq.h - what irq.c (set-up) and irq_intr.c (dispatch) share. */
#ifndef KERNEL_AMD64_IRQ_H
#define KERNEL_AMD64_IRQ_H

#include "drivers/bus.h"
#include "kernel/loop.h"

#define IRQ_LINES	16		/* of the two 8259s */
#define IRQ_UNCLAIMED	1000		/* interrupts in a row that no handler of the line wanted: then it is masked */

extern struct irq	*irq_table[256];	/* by vector; lines have a chain */
extern struct irq	 irq_spurious;		/* nobody's, or gone before we looked */
extern uint32_t		 irq_unclaimed[IRQ_LINES];	/* in a row */
extern volatile uint32_t irq_stuck_lines;	/* masked by dispatch, not logged yet: bit per line */
extern struct poller	 irq_poller;		/* woken when something was masked: writes the log */

#endif
