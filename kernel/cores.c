/* cores.c - mail from other cores, and sleep of a core that may get some. */
#include "kernel/cores.h"
#include "kernel/loop.h"

PERCORE struct core_box core_box;
PERCORE volatile bool core_asleep;
static PERCORE struct { uint8_t sent[MAXCORES]; } core_read;	/* what cb_sent was when we looked */
static PERCORE bool core_more;			/* an inbox was left with something in it */
_Static_assert(MAXCORES % sizeof(uint64_t) == 0, "compared by words");

/* Eight cores a step. */
static inline bool
core_mail_ready(void)
{
	const volatile uint64_t *sent = (volatile uint64_t *)percore_ptr(core_box)->cb_sent;
	const uint64_t *seen = (uint64_t *)percore_ptr(core_read)->sent;
	unsigned words = (ncores + 7) / 8;

	for (unsigned i = 0; i < words; i++)
		if (sent[i] != seen[i])
			return true;
	return percore(core_more);
}

static bool
core_mail_open(void)
{
	struct core_box *box = percore_ptr(core_box);
	uint8_t *seen = percore_ptr(core_read)->sent;
	bool all = percore(core_more), more = false;

	for (unsigned i = 0; i < ncores; i++) {
		uint8_t sent = box->cb_sent[i];

		if (sent == seen[i] && !all)
			continue;
		seen[i] = sent;
		barrier();
		SET_FOREACH(const struct core_inbox, ci, core_inboxes)
			more |= ci->ci_poll(i);
	}
	percore(core_more) = more;
	return true;
}

bool
core_mail_poll(void)
{
	return core_mail_ready() && core_mail_open();
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
	if (!core_mail_ready())
		cpu_idle(deadline, percore_ptr(loop_wake));
	percore(core_asleep) = false;
	core_fence();
}
