/* timeout.h - timers, as timeout(9): a hierarchical wheel per core, 1 ms a tick.
 * A timeout belongs to the core that armed it; its function runs in that core's loop and may touch the stack. */
#ifndef KERNEL_TIMEOUT_H
#define KERNEL_TIMEOUT_H

#include "kernel/cdefs.h"

struct timeout {
	struct timeout	*to_next, **to_prevp;	/* in a slot; to_prevp NULL: not pending */
	uint64_t	 to_tick;		/* when, in ticks (ms) of uptime */
	void		(*to_func)(void *);
	void		*to_arg;
};

void	timeout_set(struct timeout *, void (*fn)(void *), void *arg);
/* (Re)arms it: fn(arg) once, no earlier than ms milliseconds from now. Returns true if it was not pending. O(1). */
bool	timeout_add_msec(struct timeout *, uint64_t ms);
bool	timeout_add_sec(struct timeout *, uint64_t s);
/* Returns true if it was pending. After it, fn will not run (until armed again). O(1). */
bool	timeout_del(struct timeout *);
static inline bool timeout_pending(const struct timeout *to) { return to->to_prevp != NULL; }

/* PERCORE. uptime_ns() from which timeouts_run() may have something to do; before it, calling it is of no use. */
extern uint64_t timeouts_due;
/* For the loop: runs what is due on this core, at most `max`; returns how many ran. */
unsigned timeouts_run(unsigned max);
/* uptime_ns() of this core's next due timeout, 0 when there is none. */
uint64_t timeouts_next(void);
unsigned timeouts_pending(void);	/* of this core; a test's end */

#endif
