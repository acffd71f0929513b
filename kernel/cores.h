/* cores.h - the cores among themselves: who sleeps, and what each looks at because another has left it there. */
#ifndef KERNEL_CORES_H
#define KERNEL_CORES_H

#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/set.h"

/* What other cores leave for this one. With several cores every pass of every core looks at each. */
struct core_inbox {
	const char	*ci_name;
	bool		(*ci_poll)(void);	/* true: it did something, or there is more */
	bool		(*ci_ready)(void);	/* there is something; before sleep */
};
SET_DECLARE(const struct core_inbox, core_inboxes);
#define CORE_INBOX(name, poll, ready)						\
	static const struct core_inbox core_inbox_##name = { #name, poll, ready };	\
	SET_ADD(core_inboxes, core_inbox_##name)

extern volatile bool core_asleep;		/* PERCORE: it sleeps, or looks a last time before it does */

/* What was stored before can wait no longer: `core` is awake, or is woken. After core_fence(). Any core. */
static inline void
core_wake(unsigned core)
{
	if (percore_of(core_asleep, core))
		machine_poke(core);
}

/* For the loop: */
bool	core_inboxes_poll(void);
/* Sleeps until `deadline` (cpu_idle), unless something has come meanwhile. */
void	core_idle(uint64_t deadline);

#endif
