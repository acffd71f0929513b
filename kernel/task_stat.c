/* task_stat.c - each core's rows of task_stat.h. */
#include "kernel/percore.h"
#include "kernel/task_stat.h"

#define TASK_ROWS	32

static PERCORE struct task_stat task_rows[TASK_ROWS];

struct task_stat *
task_stat_get(const char *name)
{
	struct task_stat *rows = *percore_ptr(task_rows);

	for (unsigned n = 1; n < TASK_ROWS; n++)
		if (rows[n].tt_name == NULL) {
			rows[n] = (struct task_stat){ .tt_name = name };
			return &rows[n];
		}
	return rows;
}

void
task_stat_put(struct task_stat *tt)
{
	struct task_stat *sum = *percore_ptr(task_rows);

	if (tt == sum)
		return;
	sum->tt_ns += tt->tt_ns;
	sum->tt_turns += tt->tt_turns;
	sum->tt_preempts += tt->tt_preempts;
	*tt = (struct task_stat){ .tt_name = NULL };
}

bool
task_stat(unsigned core, unsigned n, struct task_stat *tt)
{
	if (n >= TASK_ROWS)
		return false;
	*tt = percore_of(task_rows, core)[n];
	return true;
}

uint64_t
tasks_ns(unsigned core)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < TASK_ROWS; n++)
		sum += percore_of(task_rows, core)[n].tt_ns;
	return sum;
}

const char *
task_state_name(enum task_state s)
{
	static const char *const name[] = { [TASK_READY] = "ready", [TASK_RUNNING] = "run", [TASK_PREEMPTED] = "ready",
	    [TASK_SLEEPING] = "sleep", [TASK_DEAD] = "dead" };

	return s < nitems(name) ? name[s] : "?";
}
