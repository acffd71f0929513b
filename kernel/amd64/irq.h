/* irq.h - what irq.c (set-up) and irq_intr.c (dispatch) share. */
#ifndef KERNEL_AMD64_IRQ_H
#define KERNEL_AMD64_IRQ_H

#include "drivers/bus.h"
#include "kernel/loop.h"

#define IRQ_LINES	16		/* of the two 8259s */
#define IRQ_UNCLAIMED	1000		/* interrupts in a row that no handler of the line wanted: then it is masked */

extern struct irq	*irq_table[256];	/* by vector; lines have a chain */
/* PERCORE: how often the core's own interrupts came. */
struct irq_counts {
	uint64_t	ic_timer;
	uint64_t	ic_poke;		/* from another core: machine_poke() */
	uint64_t	ic_spurious;		/* nobody's, or gone before we looked */
};
extern struct irq_counts irq_counts;
extern uint32_t		 irq_unclaimed[IRQ_LINES];	/* in a row */
extern volatile uint32_t irq_stuck_lines;	/* masked by dispatch, not logged yet: bit per line */
extern struct poller	 irq_poller;		/* woken when something was masked: writes the log */

/* A vector of that core's for ir, whose ir_mask the caller sets: what silences it, a register of 32 bits. False: none is left. Core 0. */
bool	irq_vector(struct irq *ir, unsigned core);

#endif
