/* test_vmstat.c - vmstat -i: every interrupt with its core, sums for each core, rates. */

#include "drivers/bus.h"
#include "kernel/vmstat.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

static bool own_active;

static void
own_walk(intr_fn *fn, void *arg)
{
	for (unsigned i = 0; own_active && i < 2; i++)
		fn(arg, &(struct intr_stat){ "timer", i, -1, i * 1000 });
}
INTR_SOURCE(test, own_walk);

#define HEAD	"interrupt                       total     rate\n"

TEST_CORES(vmstat_interrupts, 2)
{
	struct irq b = { .ir_name = "dev1:0", .ir_count = 50, .ir_core = 1, .ir_number = 50 };
	struct irq a = { .ir_name = "dev0:0", .ir_count = 1234567, .ir_core = 0, .ir_number = 4, .ir_link = &b };

	CHECK_EQ(run_line("vmstat -i"), 0);
	CHECK_STR(run_text, HEAD "cpu0                                0        0\n" "cpu1                                0        0\n"
	    "Total                               0        0\n");
	irq_list = &a;
	own_active = true;
	host.now = 10 * 1000000000ull;
	CHECK_EQ(run_line("vmstat -i"), 0);
	CHECK_STR(run_text, HEAD
	    "irq4/dev0:0                   1234567   123456\n"
	    "cpu0                          1234567   123456\n"
	    "irq50/dev1:0                       50        5\n"
	    "cpu1/timer                       1000      100\n"
	    "cpu1                             1050      105\n"
	    "Total                         1235617   123561\n");
	CHECK_EQ(run_line("vmstat -zi"), 0);
	CHECK_IN(run_text, "cpu0/timer                          0        0\n");
	CHECK_EQ(run_line("vmstat -i -j"), 0);
	CHECK_IN(run_text, "{\"interrupt\":\"irq50/dev1:0\",\"core\":1,\"total\":50,\"rate\":5},");
	CHECK_IN(run_text, "{\"interrupt\":\"Total\",\"total\":1235617,\"rate\":123561}]\n");
	irq_list = NULL;
	CHECK_EQ(run_line("vmstat -x"), 2);
	CHECK_EQ(run_line("vmstat i"), 2);
}
