/* systat_cpu.c - systat's views of cores and tasks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/loop.h"
#include "kernel/systat.h"
#include "kernel/task_stat.h"
#include "kernel/vmstat.h"

/* ---- cores ---- */

struct core_use {			/* ns, and numbers, since the last update; rates */
	uint64_t cu_busy, cu_idle, cu_task, cu_passes, cu_sleeps, cu_intrs;
};

static const struct systat_col cpu_cols[] = {
	{ "core", "CORE", -6 }, { "busy", "BUSY%", 7 }, { "packets", "LOOP%", 7 }, { "tasks", "TASK%", 7 }, { "idle", "IDLE%", 7 },
	{ "passes", "PASSES", 10 }, { "sleeps", "SLEEPS", 10 }, { "interrupts", "INTRS", 10 },
};

static void
core_use(struct systat *sy, unsigned core, uint64_t intrs, struct core_use *cu)
{
	uint64_t id = (uint64_t)core << 8;
	struct loop_stat ls;

	loop_stat(core, &ls);
	cu->cu_busy = systat_delta(sy, SYSTAT_CORE, id, ls.ls_busy);
	cu->cu_idle = systat_delta(sy, SYSTAT_CORE, id | 1, ls.ls_idle);
	cu->cu_task = MIN(systat_delta(sy, SYSTAT_CORE, id | 2, tasks_ns(core)), cu->cu_busy);
	cu->cu_passes = systat_rate(sy, SYSTAT_CORE, id | 3, ls.ls_passes);
	cu->cu_sleeps = systat_rate(sy, SYSTAT_CORE, id | 4, ls.ls_idles);
	cu->cu_intrs = systat_rate(sy, SYSTAT_CORE, id | 5, intrs);
}

static void
core_row(struct systat *sy, const char *name, const struct core_use *cu)
{
	uint64_t all = cu->cu_busy + cu->cu_idle, busy = systat_share(cu->cu_busy, all), task = systat_share(cu->cu_task, all);

	systat_str(sy, name);
	systat_tenths(sy, busy);
	systat_tenths(sy, busy - MIN(task, busy));
	systat_tenths(sy, task);
	systat_tenths(sy, all > 0 ? 1000 - busy : 0);
	systat_u64(sy, cu->cu_passes);
	systat_u64(sy, cu->cu_sleeps);
	systat_u64(sy, cu->cu_intrs);
}

/* All interrupts of each core. */
static void
interrupts_by_core(uint64_t sum[MAXCORES])
{
	unsigned n;
	struct intr_stat *t = intr_table(&n);

	for (unsigned i = 0; i < MAXCORES; i++)
		sum[i] = 0;
	for (unsigned i = 0; t != NULL && i < n; i++)
		if (t[i].in_core < MAXCORES)
			sum[t[i].in_core] += t[i].in_count;
	free(t);
}

static void
view_cpu(struct systat *sy)
{
	struct core_use cu, all = { 0 };
	uint64_t intrs[MAXCORES];
	char name[16];

	interrupts_by_core(intrs);
	SYSTAT_TABLE(sy, "cores", cpu_cols);
	for (unsigned i = 0; i < ncores; i++) {
		core_use(sy, i, intrs[i], &cu);
		snprintf(name, sizeof(name), "cpu%u", i);
		core_row(sy, name, &cu);
		all.cu_busy += cu.cu_busy;
		all.cu_idle += cu.cu_idle;
		all.cu_task += cu.cu_task;
		all.cu_passes += cu.cu_passes;
		all.cu_sleeps += cu.cu_sleeps;
		all.cu_intrs += cu.cu_intrs;
	}
	if (ncores > 1)
		core_row(sy, "all", &all);
	systat_table_end(sy);
}
SYSTAT_VIEW(cpu, 10, true, view_cpu, "cores");

/* ---- tasks ---- */

struct task_use {
	struct task_stat tu_stat;
	unsigned	 tu_core, tu_row;
	uint64_t	 tu_ns, tu_turns, tu_preempts;	/* since the last update; the last two a second */
};

static const struct systat_col pigs_cols[] = {
	{ "task", "TASK", -16 }, { "core", "CORE", 4 }, { "state", "STATE", -6 }, { "cpu", "CPU%", 6 }, { "time", "TIME", 12 },
	{ "turns", "TURNS", 9 }, { "preemptions", "PREEMPTS", 9 },
};

/* The busiest first, then cores and rows. */
static int
task_cmp(const void *a, const void *b)
{
	const struct task_use *x = a, *y = b;

	if (x->tu_ns != y->tu_ns)
		return x->tu_ns > y->tu_ns ? -1 : 1;
	if (x->tu_core != y->tu_core)
		return x->tu_core < y->tu_core ? -1 : 1;
	return x->tu_row < y->tu_row ? -1 : 1;
}

/* Rows in use, into t as far as room goes; how many there are. */
static unsigned
tasks_gather(struct task_use *t, unsigned room)
{
	struct task_stat tt;
	unsigned n = 0;

	for (unsigned core = 0; core < ncores; core++)
		for (unsigned row = 0; task_stat(core, row, &tt); row++) {
			if (row == 0 ? tt.tt_turns == 0 : tt.tt_name == NULL)
				continue;
			if (row == 0)
				tt.tt_name = "(ended)";
			if (n < room)
				t[n] = (struct task_use){ .tu_stat = tt, .tu_core = core, .tu_row = row };
			n++;
		}
	return n;
}

static void
task_use(struct systat *sy, struct task_use *tu)
{
	uint64_t id = (uint64_t)tu->tu_core << 16 | tu->tu_row << 8;

	tu->tu_ns = systat_delta(sy, SYSTAT_TASK, id, tu->tu_stat.tt_ns);
	tu->tu_turns = systat_rate(sy, SYSTAT_TASK, id | 1, tu->tu_stat.tt_turns);
	tu->tu_preempts = systat_rate(sy, SYSTAT_TASK, id | 2, tu->tu_stat.tt_preempts);
}

/* As top(1): minutes, seconds, hundredths. */
static void
task_row(struct systat *sy, const struct task_use *tu, uint64_t ns)
{
	uint64_t cs = tu->tu_stat.tt_ns / 10000000;
	char time[32];

	snprintf(time, sizeof(time), "%" PRIu64 ":%02u.%02u", cs / 6000, (unsigned)(cs / 100 % 60), (unsigned)(cs % 100));
	systat_str(sy, tu->tu_stat.tt_name);
	systat_u64(sy, tu->tu_core);
	systat_str(sy, tu->tu_row == 0 ? "-" : task_state_name(tu->tu_stat.tt_state));
	systat_tenths(sy, systat_share(tu->tu_ns, ns));
	systat_str(sy, time);
	systat_u64(sy, tu->tu_turns);
	systat_u64(sy, tu->tu_preempts);
}

static void
view_pigs(struct systat *sy)
{
	unsigned room = tasks_gather(NULL, 0), n = 0;
	struct task_use *t = calloc(MAX(room, 1u), sizeof(*t));

	if (t != NULL)
		n = MIN(tasks_gather(t, room), room);
	for (unsigned i = 0; i < n; i++)
		task_use(sy, &t[i]);
	if (n > 1)
		qsort(t, n, sizeof(*t), task_cmp);
	SYSTAT_TABLE(sy, "tasks", pigs_cols);
	for (unsigned i = 0; i < n && systat_goes_on(sy); i++)
		task_row(sy, &t[i], systat_interval(sy));
	systat_table_end(sy);
	free(t);
}
SYSTAT_VIEW(pigs, 40, true, view_pigs, "tasks");
