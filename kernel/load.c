/* load.c - the load averages. What is averaged is the share of time in which the cores did not sleep: tasks and packets alike. */
#include <stdio.h>

#include "kernel/load.h"
#include "kernel/loop.h"
#include "kernel/out.h"
#include "kernel/sysctl.h"
#include "kernel/timeout.h"

#define LOAD_SECONDS	5
#define LOAD_ONE	65536u		/* 1.00, within */

/* exp(-5/60), exp(-5/300), exp(-5/900): what is left of an average after one sample. */
static const uint64_t load_decay[3] = { 60296, 64453, 65173 };

static uint64_t		load_exact[3];	/* in LOAD_ONE-ths */
static uint64_t		load_seen[MAXCORES][2];	/* busy and idle ns at the last sample */
static struct timeout	load_timer;
static unsigned	load_average[3];	/* in hundredths */

/* The share of the time since the last sample in which a core was busy. */
static uint64_t
load_core(unsigned core)
{
	struct loop_stat ls;
	uint64_t busy, idle;

	loop_stat(core, &ls);
	busy = ls.ls_busy - MIN(load_seen[core][0], ls.ls_busy);
	idle = ls.ls_idle - MIN(load_seen[core][1], ls.ls_idle);
	load_seen[core][0] = ls.ls_busy;
	load_seen[core][1] = ls.ls_idle;
	return busy + idle > 0 ? busy * LOAD_ONE / (busy + idle) : 0;
}

static void
load_sample(void *arg __unused_arg)
{
	uint64_t now = 0;

	for (unsigned i = 0; i < ncores; i++)
		now += load_core(i);
	for (unsigned i = 0; i < nitems(load_exact); i++) {
		load_exact[i] = (load_exact[i] * load_decay[i] + now * (LOAD_ONE - load_decay[i]) + LOAD_ONE / 2) / LOAD_ONE;
		load_average[i] = (unsigned)((load_exact[i] * 100 + LOAD_ONE / 2) / LOAD_ONE);
	}
	timeout_add_sec(&load_timer, LOAD_SECONDS);
}

void
load_start(void)
{
	for (unsigned i = 0; i < ncores; i++)	/* what the boot needed is no load */
		load_core(i);
	timeout_set(&load_timer, load_sample, NULL);
	timeout_add_sec(&load_timer, LOAD_SECONDS);
}

void
load_stop(void)
{
	timeout_del(&load_timer);
}

void
load_print(struct out *o, const char *between)
{
	for (unsigned i = 0; i < nitems(load_average); i++)
		out_printf(o, "%s%u.%02u", i > 0 ? between : "", load_average[i] / 100, load_average[i] % 100);
}

void
load_json(struct out *o)
{
	json_open(o, "load averages", '[');
	for (unsigned i = 0; i < nitems(load_average); i++)
		json_fixed(o, NULL, load_average[i], 2);
	json_close(o, ']');
}

static void
vm_loadavg(char *buf, size_t len)
{
	const unsigned *a = load_average;

	snprintf(buf, len, "%u.%02u %u.%02u %u.%02u", a[0] / 100, a[0] % 100, a[1] / 100, a[1] % 100, a[2] / 100, a[2] % 100);
}
SYSCTL_STRING_RO(vm_loadavg, "vm.loadavg", vm_loadavg);
