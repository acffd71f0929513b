/* task_stat.h - what tasks have used: figures of their own, apart from the tasks, so that any core may read them at any time. */
#ifndef KERNEL_TASK_STAT_H
#define KERNEL_TASK_STAT_H

#include "kernel/cdefs.h"

enum task_state { TASK_READY, TASK_RUNNING, TASK_PREEMPTED, TASK_SLEEPING, TASK_DEAD };

struct task_stat {
	const char	*tt_name;		/* NULL: no task's at present */
	enum task_state	 tt_state;
	uint64_t	 tt_ns;			/* of processor time, up to the end of the last turn */
	uint64_t	 tt_turns, tt_preempts;
};

/* The n-th row of a core. Row 0 is no task's: it sums up those that have ended, or found no row free. False: there are no more
 * rows. Another core's may be halfway between two states. */
bool	task_stat(unsigned core, unsigned n, struct task_stat *);
/* All tasks of a core together, since boot. */
uint64_t tasks_ns(unsigned core);
const char *task_state_name(enum task_state);

/* For task.c: a row of this core, and its end. Inside net_enter. */
struct task_stat *task_stat_get(const char *name);
void	task_stat_put(struct task_stat *);

#endif
