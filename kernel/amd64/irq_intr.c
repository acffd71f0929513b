/* irq_intr.c - from the trap stub to the handlers. Interrupt context: interrupts off, general registers only. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/irq.h"

/* True: it came too often without the loop having caught up. Core 0's loop writes the log; a vector may be any core's. */
static __rare_fn bool
irq_storms(struct irq *ir)
{
	if (ir->ir_limit == 0 || ir->ir_masked)
		return false;
	ir->ir_masked = true;
	poller_note(&irq_poller);
	return true;
}

static inline bool
irq_storm(struct irq *ir)
{
	return unlikely(++ir->ir_burst >= ir->ir_limit) && irq_storms(ir);
}

/* It does not stop: masked; the loop writes the log. */
static __rare_fn void
irq_line_stuck(unsigned line)
{
	pic_mask(line);
	irq_stuck_lines |= 1u << line;
	poller_wake(&irq_poller);
}

static __rare_fn void
irq_line_unclaimed(unsigned line)
{
	percore(irq_counts.ic_spurious)++;
	if (++irq_unclaimed[line] == IRQ_UNCLAIMED)
		irq_line_stuck(line);
}

/* True: the request went away before we looked. */
static __rare_fn bool
irq_line_spurious(unsigned line)
{
	if (!pic_spurious(line))
		return false;
	percore(irq_counts.ic_spurious)++;
	return true;
}

static inline bool
irq_claims(struct irq *ir, unsigned line)
{
	if (!ir->ir_func(ir->ir_arg))
		return false;
	ir->ir_count++;
	if (irq_storm(ir))
		irq_line_stuck(line);
	return true;
}

/* Several devices on one line: any of them may have asked. */
static __rare_fn bool
irq_shared(struct irq *ir, unsigned line)
{
	bool claimed = false;

	for (; ir != NULL; ir = ir->ir_next)
		claimed |= irq_claims(ir, line);
	return claimed;
}

static __apart_fn void
irq_line(unsigned line)
{
	struct irq *ir = irq_table[VECTOR_PIC + line];
	bool claimed;

	if (unlikely((line & 7) == 7) && irq_line_spurious(line))
		return;
	if (likely(ir != NULL && ir->ir_next == NULL))
		claimed = irq_claims(ir, line);
	else
		claimed = irq_shared(ir, line);
	if (likely(claimed))
		irq_unclaimed[line] = 0;
	else
		irq_line_unclaimed(line);
	pic_eoi(line);
}

static __rare_fn void
irq_mask(struct irq *ir)
{
	reg_write32(&ir->ir_mask, 0, 1);	/* PCI 3.0, 6.8.2.9: mask bit */
}

void
irq_dispatch(unsigned vector)
{
	struct irq *ir;

	if (vector >= VECTOR_PIC && vector < VECTOR_PIC + IRQ_LINES) {
		irq_line(vector - VECTOR_PIC);
		return;
	}
	ir = irq_table[vector & 0xff];
	if (likely(ir != NULL)) {
		ir->ir_count++;
		ir->ir_func(ir->ir_arg);
		if (irq_storm(ir))
			irq_mask(ir);
	} else
		percore(irq_counts.ic_spurious)++;
	apic_eoi();
}
