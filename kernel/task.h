/* task.h - what is not packet work: the shell, services, key exchange. Each has a stack of its own and runs when its core's loop has
 * nothing to do. The loop preempts tasks at any instruction, another task of the core after a quantum. A task touches the network stack,
 * and whatever else the loop or another task touches, only between net_enter() and net_leave(): short, bounded (100,000
 * instructions), never sleeping; no pointer into the stack outlives it. */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/cdefs.h"
#include "kernel/percore.h"

struct task;

/* Starts fn(arg) on this core. name: a literal. NULL without memory. When fn returns the task is gone. */
struct task *task_create(const char *name, void (*fn)(void *), void *arg);
extern struct task *task_current;		/* PERCORE; task.c's */
static inline struct task *task_self(void) { return percore(task_current); }	/* NULL: in the loop */
void	task_yield(void);			/* lets the loop have a turn */
/* Sleeps until task_wakeup(chan), or for at most `ms` milliseconds (0: no limit). True: woken, false: time is up.
 * Spurious wake-ups happen: callers test their condition in a loop. Within one net_enter() it lets go of that while it sleeps, so that no
 * wake-up is lost between the test and the sleep. */
bool	task_sleep(const void *chan, uint64_t ms);
void	task_wakeup(const void *chan);		/* loop or task; this core */
void	task_sleep_ms(uint64_t ms);

/* Hold preemption off. Nests. net_leave() gives the loop its turn when one is due. Loop context needs neither; harmless there. */
void	net_enter(void);
void	net_leave(void);
/* In the middle of something long within one net_enter(): as if it were left and entered anew, so the loop has a turn when one is due, and what was put
 * back with an epoch can be used again. At boot, and where there are no tasks, the latter alone. */
void	net_pause(void);
bool	net_entered(void);			/* for assertions: true in the loop as well */

/* For the loop: runs the next runnable task until it sleeps, yields or is preempted; false: none was runnable. */
bool	tasks_run(void);
extern struct task *task_first;			/* PERCORE; task.c's */
static inline bool tasks_runnable(void) { return percore(task_first) != NULL; }
void	tasks_init(void);			/* each core, once */
/* The same when packets wait and a task has waited too long: a slice that only TASK_SLICE_NS ends. False: the slice was so short that
 * it does not count. */
bool	tasks_run_forced(void);
#define TASK_SLICE_NS	250000u

extern uint64_t task_quantum_ns;		/* a task's before another of its core has its turn */
uint64_t task_preemptions(void);		/* on this core, since boot */

#ifdef SLUICE_DEBUG
/* When a task enters its section, or leaves it. */
extern void (*task_watch)(bool inside);
#endif

/* ---- for the machine ---- */
/* PERCORE. Depth of net_enter() and of the library's locks. */
extern unsigned task_hold;
/* At the end of an interrupt, and where preemption is let in again: true: the task that runs must give way to the loop; task_hold has
 * then been taken. Interrupt context too, general registers only. */
bool	task_preempt_look(void);			/* when a task runs */
static inline bool task_preempt_due(void) { return task_self() != NULL && task_preempt_look(); }
/* After that, on the task's stack, interrupts on, the interrupted state saved: switches to the loop; returns when the task has its
 * next turn, task_hold still taken. */
void	task_preempted(void);
/* From the timer's interrupt: the time set by task_alarm is there. General registers only. */
void	task_rang(void);
/* Set by a machine that preempts: calls task_rang() from an interrupt of this core at uptime `deadline`, or earlier. */
extern void (*task_alarm)(uint64_t deadline);

#endif
