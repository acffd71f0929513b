/* task.h - what is not packet work: the shell, services, key exchange. Each has a stack of its own and runs when its core's loop has
 * nothing to do. A task touches the network stack only between net_enter() and net_leave(): short, bounded, never
 * sleeping; no pointer into the stack outlives it. */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/cdefs.h"

struct task;

/* Starts fn(arg) on this core. name: a literal. NULL without memory. When fn returns the task is gone. */
struct task *task_create(const char *name, void (*fn)(void *), void *arg);
struct task *task_self(void);			/* NULL: in the loop */
void	task_yield(void);			/* lets the loop have a turn */
/* Sleeps until task_wakeup(chan), or for at most `ms` milliseconds (0: no limit). True: woken, false: time is up.
 * Spurious wake-ups happen: callers test their condition in a loop. */
bool	task_sleep(const void *chan, uint64_t ms);
void	task_wakeup(const void *chan);		/* loop or task; this core */
void	task_sleep_ms(uint64_t ms);

/* Nests. Loop context needs neither. */
void	net_enter(void);
void	net_leave(void);
bool	net_entered(void);			/* for assertions: true in the loop as well */

/* For the loop: runs the next runnable task until it sleeps or yields; false: none was runnable. */
bool	tasks_run(void);
bool	tasks_runnable(void);

#endif
