/* loop.h - the run loop of a core: poll what is ready, run batches to completion, run due timers, then tasks, then sleep. */
#ifndef KERNEL_LOOP_H
#define KERNEL_LOOP_H

#include "kernel/cdefs.h"
#include "kernel/percore.h"
#include "kernel/set.h"

/* Something that may have work: a NIC's queue pair, the UART. Owned by its driver, lives for ever. */
struct poller {
	/* Does up to `budget` units of work, returns how many it did. */
	int	(*pl_poll)(struct poller *, int budget);
	/* Asks the device for an interrupt; called after a poll that found little or nothing. True: there is work, poll again (then
	 * nothing was armed, or it does not matter). NULL: it is polled until it finds nothing. */
	bool	(*pl_arm)(struct poller *);
	const char	*pl_name;
	uint16_t	 pl_core, pl_slot;	/* whose loop, and where in loop_ready; slot 0: not added yet */
	uint64_t	 pl_polls, pl_empty, pl_wakes;	/* turns; turns without work; interrupts */
};

#define POLLERS_MAX	256			/* of a core, less one */

/* Adds it to this core's loop, ready for a first poll. */
void	poller_add(struct poller *);
extern volatile bool loop_wake;			/* PERCORE: something may be ready, do not sleep */
/* PERCORE, by slot: set by poller_wake, cleared by the loop, which looks at eight of them at once. Bytes, so that nobody's store undoes another's. */
extern volatile bool loop_ready[POLLERS_MAX];
static inline bool poller_ready(const struct poller *pl) { return percore_of(loop_ready, pl->pl_core)[pl->pl_slot]; }
/* PERCORE: the cores that an interrupt wants to poke, and whether there are any; this core's next pass does it. */
struct loop_pokes { volatile bool lp_any, lp_core[MAXCORES]; };
extern struct loop_pokes loop_pokes;
/* It has work. From an interrupt handler on any core, or from the loop or a task of the poller's. */
static inline void
poller_wake(struct poller *pl)
{
	pl->pl_wakes++;
	percore(loop_wake) = true;
	if (likely(pl->pl_core == core_id())) {
		percore(loop_ready[pl->pl_slot]) = true;
		return;
	}
	percore_of(loop_ready, pl->pl_core)[pl->pl_slot] = true;
	percore(loop_pokes.lp_core[pl->pl_core]) = true;
	percore(loop_pokes.lp_any) = true;
}
/* The same from another core's interrupt handler, for what has time: it is not woken out of sleep. */
static inline void
poller_note(const struct poller *pl)
{
	percore_of(loop_ready, pl->pl_core)[pl->pl_slot] = true;
	percore_of(loop_wake, pl->pl_core) = true;
}

/* Runs at the end of each pass after pollers and timers, on every core: what a pass gathered goes out. */
struct loop_hook {
	const char	*lh_name;
	int		 lh_order;		/* lower first */
	bool		(*lh_func)(void);	/* true: there is more for it to do, so make another pass before sleeping */
};
SET_DECLARE(const struct loop_hook, loop_hooks);
#define LOOP_HOOK(name, order, fn) \
	static const struct loop_hook loop_hook_##name = { #name, order, fn }; SET_ADD(loop_hooks, loop_hook_##name)

/* What only some passes have to do at their end, behind the hooks: it costs the others nothing. Once for each loop_at_end(), or for several in a row;
 * from whatever runs on that core, an interrupt excepted. The caller's, and as long as le_queued not to be changed. */
struct loop_end {
	void		(*le_func)(void);
	struct loop_end	*le_next;
	bool		 le_queued;
};
void	loop_at_end(struct loop_end *);

void	loop_init(void);			/* each core, once */
/* One pass; true: another one is due. The simulator calls this, loop_run() for ever. */
bool	loop_pass(void);
void	loop_run(void) __noreturn_fn;

/* From now on this core's time is idle (true), or busy: loop_run() says so around its sleep, else whoever calls loop_pass(). */
void	loop_asleep(bool asleep);
struct loop_stat {
	uint64_t ls_passes, ls_idles;		/* idles: sleeps begun */
	uint64_t ls_busy, ls_idle;		/* ns; together the uptime, so what came before the loop is busy */
	uint64_t ls_longest;			/* ns that a pass took at most, tasks not counted: how long packets have waited for the loop itself */
};
void	loop_stat(unsigned core, struct loop_stat *);	/* of any core, on any core */

#define LOOP_BUDGET	64			/* a poller's units at a time: one batch */
#define LOOP_ROUNDS	4			/* at most so many of those a pass: the more there are, the less each costs, and other cores get more at once */

#endif
