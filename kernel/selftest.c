/* selftest.c - loads that the system puts on itself, to see that packets do not wait for tasks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/selftest.h"
#include "kernel/task.h"

#define PRINT_STEP	64	/* lines between two flushes */

/* Computes for n milliseconds without ever giving way. */
static int
selftest_compute(struct out *o, uint64_t n)
{
	uint64_t end = uptime_ns() + n * 1000000, rounds = 0, x = 88172645463325252ull;
	const volatile bool *stop = &o->o_stop;

	while (uptime_ns() < end && !*stop) {
		for (unsigned i = 0; i < 64; i++) {	/* xorshift64 */
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		rounds++;
	}
	out_printf(o, "%" PRIu64 " rounds, last %016" PRIx64 "\n", rounds, x);
	return 0;
}
SELFTEST(compute, selftest_compute);

static int
selftest_print(struct out *o, uint64_t n)
{
	for (uint64_t i = 1; i <= n && !o->o_stop; i++) {
		out_printf(o, "%" PRIu64 "\n", i);
		if (i % PRINT_STEP == 0)
			out_flush(o);
	}
	return 0;
}
SELFTEST(print, selftest_print);

/* Does for n milliseconds what no task may: the loop waits, and a debug build that watches (debug.netlimit) panics. */
static int
selftest_hold(struct out *o __unused_arg, uint64_t n)
{
	uint64_t end = uptime_ns() + n * 1000000;

	net_enter();
	while (uptime_ns() < end)
		continue;
	net_leave();
	return 0;
}
SELFTEST(hold, selftest_hold);

static int
cmd_selftest(struct out *o, int argc, char **argv)
{
	char *end;
	uint64_t n;

	if (argc != 3 || *argv[2] < '0' || *argv[2] > '9')
		return command_usage(o, argv[0]);
	n = strtoull(argv[2], &end, 10);
	if (*end != '\0')
		return command_usage(o, argv[0]);
	SET_FOREACH(const struct selftest, st, selftests)
		if (strcmp(st->st_name, argv[1]) == 0)
			return st->st_func(o, n);
	return command_usage(o, argv[0]);
}
COMMAND(selftest, cmd_selftest,
    "selftest compute milliseconds\nselftest print lines\nselftest hold milliseconds\nselftest storm interrupts\n"
    "selftest vectors preemptions",
    "load the system, as a test",
    "Puts a load on the system that must not delay a packet; kstat task::: shows the longest that\n"
    "the loop had to wait for a task.\n\n"
    "    compute  computes for so long without giving way\n"
    "    print    prints so many lines\n"
    "    hold     holds packets up for so long, to see that this is noticed\n"
    "    storm    the last processor gets so many interrupts that nobody quiets: they are masked\n"
    "    vectors  two tasks compute with all registers of the processor until they have been\n"
    "             preempted so often, and see whether a register has changed\n");
