/* task.c - tasks, each on its own core's list, and when they give way to the loop. An interrupt preempts a task (task_preempt_due) when
 * it has found work, task_current is set and task_hold is 0. All of this file's own changes are made with task_hold taken: a switch
 * starts and ends with it, so that the moment of the switch itself is no moment for a preemption. */
#include <stdlib.h>

#include "kernel/epoch.h"
#include "kernel/kstat.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/sysctl.h"
#include "kernel/task.h"
#include "kernel/task_stat.h"
#include "kernel/timeout.h"

#define TASK_STACK	(32 * 1024)
#define TASK_BUCKETS	32
#define TASK_LEAST_NS	10000u		/* a turn that was preempted sooner does not count as one */

struct task {
	struct context	 tk_ctx;
	const char	*tk_name;
	void		(*tk_func)(void *);
	void		*tk_arg;
	void		*tk_stack;
	enum task_state	 tk_state;
	struct task_stat *tk_stat;
	uint64_t	 tk_left;		/* ns of its quantum; 0: a fresh one next time */
	const void	*tk_chan;
	bool		 tk_woken;		/* by task_wakeup(), not by time */
	struct timeout	 tk_timeout;
	struct task	*tk_next, **tk_prevp;	/* in the ready queue or a sleep bucket */
};

struct tasks {
	struct context	 ts_loop;		/* where a task goes back to */
	bool		 ts_forced;		/* this slice ends by the alarm alone */
	uint64_t	 ts_wait;		/* uptime since when the loop wants to run; 0: it does not */
	uint64_t	 ts_wait_max;		/* ns that it has waited at most */
	uint64_t	 ts_preempts;
	struct task	*ts_last;		/* of the queue at task_first, when that is not NULL */
	struct task	*ts_asleep[TASK_BUCKETS];
};
static PERCORE struct tasks tasks;
PERCORE struct task *task_current;		/* NULL: the loop runs */
PERCORE struct task *task_first;		/* the queue of those that are ready */
PERCORE unsigned task_hold;
uint64_t task_quantum_ns = 5000000;
void (*task_alarm)(uint64_t deadline);

static struct task **
task_bucket(struct tasks *ts, const void *chan)
{
	return &ts->ts_asleep[((uintptr_t)chan >> 4 ^ (uintptr_t)chan >> 12) % TASK_BUCKETS];
}

static void
task_set(struct task *tk, enum task_state state)
{
	tk->tk_state = state;
	tk->tk_stat->tt_state = state;
}

static void
task_ready_first(struct tasks *ts, struct task *tk)
{
	task_set(tk, TASK_READY);
	if (percore(task_first) == NULL)
		ts->ts_last = tk;
	tk->tk_next = percore(task_first);
	percore(task_first) = tk;
}

static void
task_ready(struct tasks *ts, struct task *tk)
{
	task_set(tk, TASK_READY);
	tk->tk_next = NULL;
	if (percore(task_first) == NULL)
		percore(task_first) = tk;
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

/* ---- switches ---- */

#ifdef SLUICE_DEBUG
void (*task_watch)(bool inside);

static inline void
hold_watch(bool inside)
{
	if (unlikely(task_watch != NULL) && task_self() != NULL && percore(task_hold) == 1)
		task_watch(inside);
}
#else
static inline void hold_watch(bool inside __unused_arg) { }
#endif

/* The barriers keep what the section is about within it. */
static inline void
hold_take(void)
{
	percore(task_hold)++;
	barrier();
	hold_watch(true);
}
static inline void
hold_drop(void)
{
	hold_watch(false);
	barrier();
	percore(task_hold)--;
	barrier();
}

/* Back to the loop; returns when the task has its next turn. task_hold is taken before and after. */
static void
task_leave(struct tasks *ts, struct task *tk)
{
	percore(task_current) = NULL;
	context_switch(&tk->tk_ctx, &ts->ts_loop);
}

bool
task_preempt_look(void)
{
	if (!percore(loop_wake))
		return false;
	if (percore(tasks.ts_wait) == 0)
		percore(tasks.ts_wait) = uptime_ns();
	if (percore(task_hold) > 0 || percore(tasks.ts_forced))
		return false;
	percore(task_hold) = 1;
	barrier();
	return true;
}

void
task_rang(void)
{
	if (task_self() == NULL)
		return;
	percore(tasks.ts_forced) = false;
	percore(loop_wake) = true;
}

void
task_preempted(void)
{
	struct task *tk = task_self();

	task_set(tk, TASK_PREEMPTED);
	task_leave(percore_ptr(tasks), tk);
}

/* Lets preemption in again, and makes up for one that was held off. */
static void
task_release(void)
{
	hold_drop();
	while (task_preempt_due()) {
		hold_watch(true);
		task_preempted();
		hold_drop();
	}
}

/* When its slice is to end: the quantum, or what makes the loop wait no longer. */
static uint64_t
task_deadline(const struct task *tk, uint64_t now, bool forced)
{
	uint64_t end = now + (forced ? MIN(tk->tk_left, (uint64_t)TASK_SLICE_NS) : tk->tk_left), next = timeouts_next();

	return next != 0 && next < end ? next : end;
}

/* After its turn of `ran` ns: back into the queue, or away. */
static void
task_return(struct tasks *ts, struct task *tk, uint64_t ran)
{
	tk->tk_stat->tt_ns += ran;
	tk->tk_stat->tt_turns++;
	if (tk->tk_state == TASK_DEAD) {
		task_stat_put(tk->tk_stat);
		stack_free(tk->tk_stack, TASK_STACK);
		free(tk);
	} else if (tk->tk_state == TASK_PREEMPTED) {
		ts->ts_preempts++;
		tk->tk_stat->tt_preempts++;
		tk->tk_left -= MIN(ran, tk->tk_left);
		if (tk->tk_left > 0)
			task_ready_first(ts, tk);
		else
			task_ready(ts, tk);
	} else
		tk->tk_left = 0;
}

static bool
task_turn(struct tasks *ts, bool forced)
{
	struct task *tk = percore(task_first);
	uint64_t start = uptime_ns(), now;
	bool preempted;

	KASSERT(task_self() == NULL && percore(task_hold) == 0);
	percore(task_first) = tk->tk_next;
	task_set(tk, TASK_RUNNING);
	if (tk->tk_left == 0)
		tk->tk_left = task_quantum_ns;
	hold_take();
	ts->ts_forced = forced;
	ts->ts_wait = forced ? start : 0;
	percore(task_current) = tk;
	if (task_alarm != NULL)		/* it may ring before the switch: task_current is set */
		task_alarm(task_deadline(tk, start, forced));
	context_switch(&ts->ts_loop, &tk->tk_ctx);
	barrier();
	percore(task_hold) = 0;
	now = uptime_ns();
	if (ts->ts_wait != 0)
		ts->ts_wait_max = MAX(ts->ts_wait_max, now - ts->ts_wait);
	preempted = tk->tk_state == TASK_PREEMPTED;
	task_return(ts, tk, now - start);
	return !preempted || now - start >= TASK_LEAST_NS;
}

bool
tasks_run(void)
{
	struct tasks *ts = percore_ptr(tasks);

	if (percore(task_first) == NULL)
		return false;
	task_turn(ts, false);
	return true;
}

bool
tasks_run_forced(void)
{
	struct tasks *ts = percore_ptr(tasks);

	return percore(task_first) != NULL && task_turn(ts, true);
}

/* ---- sections that are not preempted ---- */

#ifdef SLUICE_DEBUG
/* ns that a section may last; 0: any time. One ns is one instruction where the clock counts those (QEMU's -icount shift=0). */
static int task_limit;
SYSCTL_INT(debug_netlimit, "debug.netlimit", &task_limit, 0, 0, 1000000000);
static PERCORE uint64_t task_held;		/* since when; 0: not watched */

static void
hold_begins(void)
{
	percore(task_held) = task_limit != 0 && task_self() != NULL ? uptime_ns() : 0;
}

static void
hold_ends(void)
{
	uint64_t since = percore(task_held);

	if (since != 0 && task_limit != 0 && uptime_ns() - since > (uint64_t)task_limit)
		panic("task %s held the loop off for %llu ns", task_self()->tk_name,
		    (unsigned long long)(uptime_ns() - since));
}
#else
static inline void hold_begins(void) { }
static inline void hold_ends(void) { }
#endif

void
net_enter(void)
{
	hold_take();
	if (percore(task_hold) == 1)
		hold_begins();
}

void
net_leave(void)
{
	KASSERT(percore(task_hold) > 0);
	if (percore(task_hold) == 1)
		hold_ends();
	task_release();
}

void
net_pause(void)
{
	if (task_self() != NULL) {
		KASSERT(percore(task_hold) == 1);
		net_leave();
		net_enter();
	}
	epoch_pass();		/* between two sections no pointer is kept, as at the end of a pass */
}

bool
net_entered(void)
{
	return task_self() == NULL || percore(task_hold) > 0;
}

/* ---- the beginning and the end ---- */

static void
task_entry(void *arg)
{
	struct task *tk = arg;

	task_release();
	tk->tk_func(tk->tk_arg);
	KASSERT(percore(task_hold) == 0);
	hold_take();
	task_set(tk, TASK_DEAD);
	task_leave(percore_ptr(tasks), tk);
	panic("task %s runs after its end", tk->tk_name);
}

static struct task *
task_alloc(void)
{
	struct task *tk = calloc(1, sizeof(*tk));

	if (tk == NULL)
		return NULL;
	net_enter();
	tk->tk_stack = stack_alloc(TASK_STACK);
	net_leave();
	if (tk->tk_stack != NULL)
		return tk;
	free(tk);
	return NULL;
}

struct task *
task_create(const char *name, void (*fn)(void *), void *arg)
{
	struct task *tk = task_alloc();

	if (tk == NULL)
		return NULL;
	tk->tk_name = name;
	tk->tk_func = fn;
	tk->tk_arg = arg;
	timeout_set(&tk->tk_timeout, task_timeup, tk);
	context_init(&tk->tk_ctx, tk->tk_stack, TASK_STACK, task_entry, tk);
	net_enter();
	tk->tk_stat = task_stat_get(name);
	task_ready(percore_ptr(tasks), tk);
	net_leave();
	return tk;
}

/* ---- sleep ---- */

void
task_yield(void)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk = task_self();

	KASSERT(tk != NULL && percore(task_hold) == 0);
	hold_take();
	task_ready(ts, tk);
	task_leave(ts, tk);
	task_release();
}

bool
task_sleep(const void *chan, uint64_t ms)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk = task_self(), **bucket = task_bucket(ts, chan);
	unsigned held;

	KASSERT(tk != NULL && percore(task_hold) <= 1);
	net_enter();
	task_set(tk, TASK_SLEEPING);
	tk->tk_chan = chan;
	tk->tk_next = *bucket;
	tk->tk_prevp = bucket;
	if (*bucket != NULL)
		(*bucket)->tk_prevp = &tk->tk_next;
	*bucket = tk;
	if (ms > 0)
		timeout_add_msec(&tk->tk_timeout, ms);
	held = percore(task_hold);
	hold_ends();
	task_leave(ts, tk);
	percore(task_hold) = held;
	hold_begins();
	net_leave();
	return tk->tk_woken;
}

void
task_wakeup(const void *chan)
{
	struct tasks *ts = percore_ptr(tasks);
	struct task *tk, *next;

	net_enter();
	for (tk = *task_bucket(ts, chan); tk != NULL; tk = next) {
		next = tk->tk_next;
		if (tk->tk_chan == chan)
			task_unsleep(ts, tk, true);
	}
	net_leave();
}

void
task_sleep_ms(uint64_t ms)
{
	uint64_t until = uptime_ns() + ms * 1000000, now;

	/* Nobody wakes this channel: it is on our own stack. */
	while ((now = uptime_ns()) < until)
		task_sleep(&until, (until - now + 999999) / 1000000);
}

/* ---- counters ---- */

uint64_t
task_preemptions(void)
{
	return percore_ptr(tasks)->ts_preempts;
}

static void
tasks_kstat_read(struct kstat *ks, struct out *o)
{
	struct tasks *ts = &percore_of(tasks, ks->ks_unit);

	kstat_u64(o, "busy", tasks_ns(ks->ks_unit), "ns");
	kstat_u64(o, "preemptions", ts->ts_preempts, NULL);
	kstat_u64(o, "longest wait", ts->ts_wait_max, "ns");
}

static struct kstat tasks_kstat[MAXCORES];

void
tasks_init(void)
{
	struct kstat *ks = &tasks_kstat[core_id()];

	*ks = (struct kstat){ .ks_provider = "task", .ks_name = "core", .ks_unit = core_id(), .ks_read = tasks_kstat_read };
	kstat_add(ks);
}
