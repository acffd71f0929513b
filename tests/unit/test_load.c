/* test_load.c - load averages, and uptime that shows them. */
#include <string.h>

#include "kernel/load.h"
#include "kernel/loop.h"
#include "kernel/shell.h"
#include "kernel/timeout.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

static const char *
ran(const char *line)
{
	CHECK_EQ(run_line(line), 0);
	return run_text;
}

static struct timeout burn_due;
static uint64_t burn_ms;		/* of each second */

static void
burn(void *arg __unused_arg)
{
	host.now += burn_ms * 1000000;
	timeout_add_msec(&burn_due, 1000 - burn_ms);
}

TEST(load_averages)
{
	load_start();
	timeout_set(&burn_due, burn, NULL);
	burn_ms = 500;
	timeout_add_msec(&burn_due, 1);
	host_run(61000);		/* 0.5 (1 - e^-1), 0.5 (1 - e^-1/5), 0.5 (1 - e^-1/15) */
	CHECK_STR(ran("sysctl -n vm.loadavg"), "0.32 0.09 0.03\n");
	CHECK_STR(ran("uptime"), "12:01AM  up 1 min, 0 users, load averages: 0.32, 0.09, 0.03\n");
	host_run(3600000);
	CHECK_STR(ran("sysctl vm.loadavg"), "vm.loadavg=0.50 0.50 0.49\n");
	timeout_del(&burn_due);
	host_run(60000);		/* 0.5 e^-1, ..., and the rest of a sample */
	CHECK_STR(ran("sysctl -n vm.loadavg"), "0.19 0.41 0.46\n");
	CHECK_IN(ran("uptime -j"), ",\"uptime\":3721,\"users\":0,\"load averages\":[0.19,0.41,0.46]}\n");
	host_run(7200000);
	CHECK_STR(ran("sysctl -n vm.loadavg"), "0.00 0.00 0.00\n");
	load_stop();
}

/* Two cores that never sleep, one that always does. */
TEST_CORES(load_of_cores, 3)
{
	load_start();
	for (unsigned i = 0; i < 3; i++) {
		host_core(i);
		loop_asleep(i == 1);
	}
	host_core(0);
	for (unsigned i = 0; i < 4000; i++) {
		host.now += 1000000000;
		loop_pass();
	}
	CHECK_STR(ran("sysctl -n vm.loadavg"), "2.00 2.00 1.98\n");
	load_stop();
}

TEST(load_users)
{
	unit_allow(UNIT_LEAKS | UNIT_TIMEOUTS);
	CHECK_IN(ran("uptime"), " 0 users,");
	shell_start();
	host_run(1);
	CHECK_IN(ran("uptime"), " 1 user,");
}
