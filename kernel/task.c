/* task.c - tasks, each on its own core's list. Cooperative now; what a preemption needs is here already: the state is whole
 * whenever net_depth is 0 and a task runs, so the loop may then switch away from it. */
#include <stdlib.h>

#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/task.h"
#include "kernel/timeout.h"

#define TASK_STACK	(32 * 1024)
#define TASK_BUCKETS	32

enum task_state { TASK_READY, TASK_RUNNING, TASK_SLEEPING, TASK_DEAD };

struct task {
	struct context	 tk_ctx;
	const char	*tk_name;
	void		(*tk_func)(void *);
	void		*tk_arg;
	void		*tk_stack;
	enum task_state	 tk_state;
	unsigned	 tk_net;		/* depth of net_enter() */
	const void	*tk_chan;
	bool		 tk_woken;		/* by task_wakeup(), not by time */
	struct timeout	 tk_timeout;
	struct task	*tk_next, **tk_prevp;	/* in the ready queue or a sleep bucket */
};

struct tasks {
	struct context	 ts_loop;		/* where a task goes back to */
	struct task	*ts_self;
	struct task	*ts_ready, *ts_last;	/* queue; ts_last is valid while ts_ready is not NULL */
	struct task	*ts_asleep[TASK_BUCKETS];
};
static PERCORE struct tasks tasks;

static struct task **
task_bucket(struct tasks *ts, const void *chan)
{
	return &ts->ts_asleep[((uintptr_t)chan >> 4 ^ (uintptr_t)chan >> 12) % TASK_BUCKETS];
}

static void
task_ready(struct tasks *ts, struct task *tk)
{
	tk->tk_state = TASK_READY;
	tk->tk_next = NULL;
	if (ts->ts_ready == NULL)
		ts->ts_ready = tk;
	else
		ts->ts_last->tk_next = tk;
	ts->ts_last = tk;
}

/* From its sleep bucket to the ready queue. */
static void
task_unsleep(struct tasks *ts, struct task *tk, bool woken)
{
	*tk->tk_prevp = tk->tk_next;
	if (tk->tk_next != NULL)
		tk->tk_next->tk_prevp = tk->tk_prevp;
	timeout_del(&tk->tk_timeout);
	tk->tk_woken = woken;
	task_ready(ts, tk);
}

static void
task_timeup(void *arg)
{
	task_unsleep(percore_ptr(tasks), arg, false);
}

/* Back to the loop; returns when the task has its next turn. */
static void
task_leave(struct tasks *ts, struct task *tk)
{
	context_switch(&tk->tk_ctx, &ts->ts_loop);
}

static void
task_entry(void *arg)
{
	struct task *tk = arg;

	tk->tk_func(tk->tk_arg);
	KASSERT(tk->tk_net == 0);
	tk->tk_state = TASK_DEAD;
	task_leave(percore_ptr(tasks), tk);
	panic("task %s runs after its end", tk->tk_name);
}

struct task *
task_create(const char *name, void (*fn)(void *), void *arg)
{
	struct task *tk = calloc(1, sizeof(*tk));

	if (tk == NULL)
		return NULL;
	tk->tk_stack = stack_alloc(TASK_STACK);
	if (tk->tk_stack == NULL) {
		free(tk);
		return NULL;
	}
	tk->tk_name = name;
	tk->tk_func = fn;
	tk->tk_arg = arg;
	timeout_set(&tk->tk_timeout, task_timeup, tk);
	context_init(&tk->tk_ctx, tk->tk_stack, TASK_STACK, task_entry, tk);
	task_ready(percore_ptr(tasks), tk);
	return tk;
}

struct task *
task_self(void)
{
	return percore_ptr(tasks)->ts_self;
}

bool
tasks_runnable(void)
{
	return percore_ptr(tasks)->ts_ready != NULL;
}

bool
tasks_run(void)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk = ts->ts_ready;

	KASSERT(ts->ts_self == NULL);
	if (tk == NULL)
		return false;
	ts->ts_ready = tk->tk_next;
	tk->tk_state = TASK_RUNNING;
	ts->ts_self = tk;
	context_switch(&ts->ts_loop, &tk->tk_ctx);
	ts->ts_self = NULL;
	if (tk->tk_state == TASK_DEAD) {
		stack_free(tk->tk_stack, TASK_STACK);
		free(tk);
	}
	return true;
}

void
task_yield(void)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk = ts->ts_self;

	KASSERT(tk != NULL && tk->tk_net == 0);
	task_ready(ts, tk);
	task_leave(ts, tk);
}

bool
task_sleep(const void *chan, uint64_t ms)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk = ts->ts_self, **bucket = task_bucket(ts, chan);

	KASSERT(tk != NULL && tk->tk_net == 0);
	tk->tk_state = TASK_SLEEPING;
	tk->tk_chan = chan;
	tk->tk_next = *bucket;
	tk->tk_prevp = bucket;
	if (*bucket != NULL)
		(*bucket)->tk_prevp = &tk->tk_next;
	*bucket = tk;
	if (ms > 0)
		timeout_add_msec(&tk->tk_timeout, ms);
	task_leave(ts, tk);
	return tk->tk_woken;
}

void
task_wakeup(const void *chan)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk, *next;

	for (tk = *task_bucket(ts, chan); tk != NULL; tk = next) {
		next = tk->tk_next;
		if (tk->tk_chan == chan)
			task_unsleep(ts, tk, true);
	}
}

void
task_sleep_ms(uint64_t ms)
{
	uint64_t until = uptime_ns() + ms * 1000000, now;

	/* Nobody wakes this channel: it is on our own stack. */
	while ((now = uptime_ns()) < until)
		task_sleep(&until, (until - now + 999999) / 1000000);
}

void
net_enter(void)
{
	struct task *tk = task_self();

	if (tk != NULL)
		tk->tk_net++;
}

void
net_leave(void)
{
	struct task *tk = task_self();

	if (tk == NULL)
		return;
	KASSERT(tk->tk_net > 0);
	tk->tk_net--;
}

bool
net_entered(void)
{
	struct task *tk = task_self();

	return tk == NULL || tk->tk_net > 0;
}
