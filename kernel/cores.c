/* cores.c - mail from other cores, what core 0 lets them do, and sleep of a core that may get mail. */
#include "kernel/cores.h"
#include "kernel/loop.h"

PERCORE volatile bool core_asleep, core_in_task;
#define CORES_A_WORD	(sizeof(uint64_t) / sizeof(((struct core_box *)0)->cb_seen[0]))
_Static_assert(MAXCORES % CORES_A_WORD == 0, "compared by words");
PERCORE struct loop_pokes loop_pokes;

/* Interrupts have found work of other cores' pollers, and may not poke them themselves. */
static void
core_pokes(void)
{
	struct loop_pokes *p = percore_ptr(loop_pokes);

	p->lp_any = false;
	barrier();
	for (unsigned i = 0; i < ncores; i++)
		if (p->lp_core[i]) {
			p->lp_core[i] = false;
			barrier();
			machine_poke(i);
		}
}

static inline bool
core_box_full(const struct core_box *box)
{
	const volatile uint64_t *sent = (const volatile uint64_t *)box->cb_sent;
	const uint64_t *seen = (const uint64_t *)box->cb_seen;
	unsigned words = (unsigned)((ncores + CORES_A_WORD - 1) / CORES_A_WORD);

	for (unsigned i = 0; i < words; i++)
		if (sent[i] != seen[i])
			return true;
	return box->cb_more;
}

static void
core_box_open(const struct core_inbox *ci, struct core_box *box)
{
	bool all = box->cb_more, more = false;

	for (unsigned i = 0; i < ncores; i++) {
		uint16_t sent = box->cb_sent[i];

		if (sent == box->cb_seen[i] && !all)
			continue;
		box->cb_seen[i] = sent;
		barrier();
		more |= ci->ci_poll(i);
	}
	box->cb_more = more;
}

bool
core_mail_poll(void)
{
	bool work = false;

	if (unlikely(percore(loop_pokes.lp_any)))
		core_pokes();
	SET_FOREACH(const struct core_inbox, ci, core_inboxes) {
		struct core_box *box = percore_ptr(*ci->ci_box);

		if (likely(!core_box_full(box)))
			continue;
		core_box_open(ci, box);
		work = true;
	}
	return work;
}

static bool
core_mail_ready(void)
{
	SET_FOREACH(const struct core_inbox, ci, core_inboxes)
		if (core_box_full(percore_ptr(*ci->ci_box)))
			return true;
	return false;
}

/* ---- core 0 lets another do something ---- */

static struct { void (*fn)(void *); void *arg; volatile bool posted; } core_calls[MAXCORES];

static bool
core_call_poll(unsigned from __unused_arg)
{
	unsigned self = core_id();

	if (likely(!core_calls[self].posted))
		return false;
	core_calls[self].fn(core_calls[self].arg);
	barrier();
	core_calls[self].posted = false;
	return false;
}
CORE_INBOX(core_call, core_call_poll);

void
core_call(unsigned core, void (*fn)(void *), void *arg)
{
	if (core == core_id()) {
		fn(arg);
		return;
	}
	KASSERT(core_id() == 0 && core < ncores && !core_calls[core].posted);
	core_calls[core].fn = fn;
	core_calls[core].arg = arg;
	barrier();
	core_calls[core].posted = true;
	core_mail(&core_inbox_core_call, core);
	core_fence();
	core_wake(core);
	machine_wait(core, &core_calls[core].posted);
}

/* ---- tasks and sleep ---- */

bool
core_task_begins(void)
{
	percore(core_in_task) = true;
	core_fence();
	if (likely(!core_mail_ready()))
		return false;
	core_task_ends();
	return true;
}

/* Either this core sees what another has left, or the other sees that this one sleeps: each fences between its store and its load. The
 * fence behind the sleep: epochs count a sleeping core as one that holds no pointer. */
static __apart_fn void
core_idle_several(uint64_t deadline)
{
	percore(core_asleep) = true;
	core_fence();
	if (!core_mail_ready())
		cpu_idle(deadline, percore_ptr(loop_wake));
	percore(core_asleep) = false;
	core_fence();
}

void
core_idle(uint64_t deadline)
{
	if (ncores == 1)
		cpu_idle(deadline, &loop_wake);
	else
		core_idle_several(deadline);
}
