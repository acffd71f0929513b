/* selftest_irq.c - an interrupt that does not stop, on the last core: it is masked, and the system goes on. */
#include <inttypes.h>
#include <stdlib.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/irq.h"
#include "kernel/machine.h"
#include "kernel/selftest.h"
#include "kernel/task.h"

#define STORM_MS	1000u		/* until the log has it, at most */
#define STORM_WAIT_NS	100000000u	/* for one interrupt: the other core may be one that a hypervisor has taken away */

/* The "device": it has no register but the one that masks it. */
struct storm {
	struct irq		st_irq;
	volatile uint32_t	st_mask;
};

/* Interrupt context. */
static __attribute__((target("general-regs-only"))) bool
storm_intr(void *arg __unused_arg)
{
	return true;
}

/* Another n interrupts, each of which has come before the next is raised. */
static void
storm_raise(struct storm *st, uint64_t n)
{
	const volatile uint64_t *count = &st->st_irq.ir_count;

	for (uint64_t i = 1, was = *count; i <= n; i++) {
		uint64_t end = uptime_ns() + STORM_WAIT_NS;

		net_enter();
		apic_ipi(core_apic(st->st_irq.ir_core), IPI_FIXED | st->st_irq.ir_vector);
		net_leave();
		while (*count < was + i && uptime_ns() < end)
			cpu_pause();
	}
}

/* n: after how many it is taken for a storm. */
static int
selftest_storm(struct out *o, uint64_t n)
{
	struct storm *st = calloc(1, sizeof(*st));
	bool ok;

	if (st == NULL)
		return 1;
	st->st_irq = (struct irq){ .ir_name = "storm", .ir_func = storm_intr, .ir_limit = (uint32_t)MAX(n, (uint64_t)1),
	    .ir_mask = { .rg_base = (uintptr_t)&st->st_mask, .rg_size = sizeof(st->st_mask) } };
	net_enter();
	ok = irq_vector(&st->st_irq, ncores - 1);
	net_leave();
	if (ok) {
		storm_raise(st, n);
		for (unsigned ms = 0; ms < STORM_MS && st->st_irq.ir_limit != 0; ms += 10)
			task_sleep_ms(10);
		net_enter();
		ok = st->st_mask == 1 && st->st_irq.ir_limit == 0;	/* masked, and in the log */
		irq_release(&st->st_irq);
		net_leave();
	}
	out_printf(o, "%" PRIu64 " interrupts on cpu%u, %s\n", st->st_irq.ir_count, ncores - 1, ok ? "masked" : "not masked");
	free(st);
	return !ok;
}
SELFTEST(storm, selftest_storm);
