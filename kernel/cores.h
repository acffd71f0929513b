/* cores.h - the cores among themselves: who sleeps, and what each looks at because another has left it there. */
#ifndef KERNEL_CORES_H
#define KERNEL_CORES_H

#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/set.h"

/* A core's letter box: how often each other core has sent, modulo 65,536, so that one look tells whether any has. The receiver writes
 * nothing there: no flag that both write can be lost. A sender has fewer than 65,536 things under way to a core. */
struct core_box {
	volatile uint16_t cb_sent[MAXCORES] __aligned_to(CACHELINE);
	uint16_t	 cb_seen[MAXCORES] __aligned_to(CACHELINE);	/* the receiver's: what it was at the last look */
	bool		 cb_more;		/* and that look left something */
};

/* What other cores leave for this one, in rings of their own. ci_poll is called for core `from` when that has sent since, or when the
 * last look left something. True: there is more. */
struct core_inbox {
	const char	*ci_name;
	bool		(*ci_poll)(unsigned from);
	struct core_box	*ci_box;		/* PERCORE */
};
SET_DECLARE(const struct core_inbox, core_inboxes);
#define CORE_INBOX(name, poll)							\
	static PERCORE struct core_box core_box_##name;				\
	static const struct core_inbox core_inbox_##name = { #name, poll, &core_box_##name };	\
	SET_ADD(core_inboxes, core_inbox_##name)

extern volatile bool core_asleep;		/* PERCORE: it sleeps, or looks a last time before it does */
extern volatile bool core_in_task;		/* PERCORE: it runs a task and has not been poked since: its loop comes round late */

/* What was stored before is in that inbox of `core`. It looks at its next pass; who wants it to be soon fences and wakes it. Any core. */
static inline void
core_mail(const struct core_inbox *ci, unsigned core)
{
	unsigned self = core_id();

	barrier();
	percore_of(*ci->ci_box, core).cb_sent[self]++;
}
/* What was stored before can wait no longer: the loop of `core` runs, or is made to: out of sleep or a task. After core_fence(). Any core. */
static inline void
core_wake(unsigned core)
{
	if (percore_of(core_asleep, core) || percore_of(core_in_task, core))
		machine_poke(core);
}

/* Runs fn(arg) in another core's loop, between two of its passes, and waits until it has: core 0, in its loop or inside net_enter().
 * Its own number: a call. */
void	core_call(unsigned core, void (*fn)(void *), void *arg);

/* For the loop: true: there was mail. */
bool	core_mail_poll(void);
/* For the loop, before it lets a task run: mail that comes from now on interrupts that. True: some is there; then no task is to run. */
bool	core_task_begins(void);
static inline void core_task_ends(void) { percore(core_in_task) = false; }
/* Sleeps until `deadline` (cpu_idle), unless something has come meanwhile. */
void	core_idle(uint64_t deadline);

#endif
