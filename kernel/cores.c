/* cores.c - sleep of a core that others may have left something for. */
#include "kernel/cores.h"
#include "kernel/loop.h"

PERCORE volatile bool core_asleep;

bool
core_inboxes_poll(void)
{
	bool work = false;

	SET_FOREACH(const struct core_inbox, ci, core_inboxes)
		work |= ci->ci_poll();
	return work;
}

static bool
core_inboxes_ready(void)
{
	SET_FOREACH(const struct core_inbox, ci, core_inboxes)
		if (ci->ci_ready())
			return true;
	return false;
}

/* Either this core sees what another has left, or the other sees that this one sleeps: each fences between its store and its load. The
 * fence behind the sleep: epochs count a sleeping core as one that holds no pointer. */
void
core_idle(uint64_t deadline)
{
	if (ncores == 1) {
		cpu_idle(deadline, &loop_wake);
		return;
	}
	percore(core_asleep) = true;
	core_fence();
	if (!core_inboxes_ready())
		cpu_idle(deadline, percore_ptr(loop_wake));
	percore(core_asleep) = false;
	core_fence();
}
