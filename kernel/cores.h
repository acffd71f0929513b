/* cores.h - the cores among themselves: who sleeps, and what each looks at because another has left it there. */
#ifndef KERNEL_CORES_H
#define KERNEL_CORES_H

#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/set.h"

/* What another core leaves for this one, in rings of its own. Called when core `from` has sent mail since, or the last call said so. */
struct core_inbox {
	const char	*ci_name;
	bool		(*ci_poll)(unsigned from);	/* true: there is more */
};
SET_DECLARE(const struct core_inbox, core_inboxes);
#define CORE_INBOX(name, poll)							\
	static const struct core_inbox core_inbox_##name = { #name, poll };	\
	SET_ADD(core_inboxes, core_inbox_##name)

/* A core's letter box: how often each other core has sent, modulo 256, so that one look tells whether any has. PERCORE. The receiver writes
 * nothing there: no flag that both write can be lost. A sender has fewer than 256 things under way to a core. */
struct core_box { volatile uint8_t cb_sent[MAXCORES]; } __aligned_to(CACHELINE);
extern struct core_box core_box;
extern volatile bool core_asleep;		/* PERCORE: it sleeps, or looks a last time before it does */

/* What was stored before is in an inbox of `core`. It looks at its next pass; who wants it to be soon fences and wakes it. Any core. */
static inline void
core_mail(unsigned core)
{
	unsigned self = core_id();

	barrier();
	percore_of(core_box, core).cb_sent[self]++;
}
/* What was stored before can wait no longer: `core` is awake, or is woken. After core_fence(). Any core. */
static inline void
core_wake(unsigned core)
{
	if (percore_of(core_asleep, core))
		machine_poke(core);
}

/* Runs fn(arg) in another core's loop, between two of its passes, and waits until it has: core 0, in its loop or inside net_enter().
 * Its own number: a call. */
void	core_call(unsigned core, void (*fn)(void *), void *arg);

/* For the loop: true: there was mail. */
bool	core_mail_poll(void);
/* Sleeps until `deadline` (cpu_idle), unless something has come meanwhile. */
void	core_idle(uint64_t deadline);

#endif
