/* loop.c - the run loop. An interrupt only sets loop_ready and loop_wake; everything else happens here. */
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/kstat.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/timeout.h"

#define HOOKS_MAX	16
#define TIMEOUTS_A_PASS	64
#define LIGHT_LOAD	4		/* units of a poll; after so few or less we do not wait for more, but for an interrupt */
#define TASK_STARVED_NS	10000000	/* a runnable task waits no longer than this for packets */

struct loop {
	struct poller	*lp_pollers[POLLERS_MAX];	/* by slot */
	size_t		 lp_last;		/* the last slot in use */
	uint64_t	 lp_passes, lp_idles;
	uint64_t	 lp_time;		/* awake: ns idle so far, << 1; asleep: ns busy so far, << 1 | 1. So one load tells both */
	uint64_t	 lp_task_ns;		/* uptime when a task last had a turn */
	uint64_t	 lp_longest_end;	/* ns that what only some passes do at their end took in one of them */
	uint64_t	 lp_began, lp_longest;	/* uptime when the pass, or what is left of it behind a task, began; ns that one took at most */
};
static PERCORE struct loop loop;
static PERCORE struct loop_end *loop_ends;
PERCORE volatile bool loop_wake;
PERCORE volatile bool loop_ready[POLLERS_MAX] __aligned_to(8);
_Static_assert(sizeof(bool) == 1, "eight in a word");

/* The hooks in their order; the same for all cores. */
static const struct loop_hook *hooks[HOOKS_MAX], *const *hooks_end;

static void
hooks_sort(void)
{
	unsigned n = 0, i;

	KASSERT(SET_COUNT(loop_hooks) <= HOOKS_MAX);
	SET_FOREACH(const struct loop_hook, lh, loop_hooks) {
		for (i = n++; i > 0 && hooks[i - 1]->lh_order > lh->lh_order; i--)
			hooks[i] = hooks[i - 1];
		hooks[i] = lh;
	}
	hooks_end = &hooks[n];
}

/* It was not so before. */
static inline void
loop_turns(struct loop *lp, bool asleep, uint64_t now)
{
	lp->lp_time = (now - (lp->lp_time >> 1)) << 1 | asleep;
}

void
loop_asleep(bool asleep)
{
	struct loop *lp = percore_ptr(loop);

	if ((lp->lp_time & 1) != asleep)
		loop_turns(lp, asleep, uptime_ns());
}

void
loop_stat(unsigned core, struct loop_stat *ls)
{
	const struct loop *lp = &percore_of(loop, core);
	uint64_t t = *(const volatile uint64_t *)&lp->lp_time, now = uptime_ns(), part = MIN(t >> 1, now);

	*ls = (struct loop_stat){ .ls_passes = lp->lp_passes, .ls_idles = lp->lp_idles, .ls_longest = lp->lp_longest,
	    .ls_busy = t & 1 ? part : now - part, .ls_idle = t & 1 ? now - part : part };
}

static void
loop_kstat_read(struct kstat *ks, struct out *o)
{
	struct loop_stat ls;

	loop_stat(ks->ks_unit, &ls);
	kstat_u64(o, "passes", ls.ls_passes, NULL);
	kstat_u64(o, "idles", ls.ls_idles, NULL);
	kstat_u64(o, "busy", ls.ls_busy, "ns");
	kstat_u64(o, "idle", ls.ls_idle, "ns");
	kstat_u64(o, "longest end", percore_of(loop, ks->ks_unit).lp_longest_end, "ns");
	kstat_u64(o, "longest pass", ls.ls_longest, "ns");
}

static struct kstat loop_kstat[MAXCORES];

/* In slot 0: one was woken before it was added. */
static int
poller_none_poll(struct poller *pl __unused_arg, int budget __unused_arg)
{
	return 0;
}
static struct poller poller_none = { .pl_poll = poller_none_poll, .pl_name = "none" };

void
loop_init(void)
{
	struct kstat *ks = &loop_kstat[core_id()];

	if (core_id() == 0)
		hooks_sort();
	ks->ks_provider = "loop";
	ks->ks_name = "core";
	ks->ks_unit = core_id();
	ks->ks_read = loop_kstat_read;
	kstat_add(ks);
	percore(loop.lp_pollers[0]) = &poller_none;
	tasks_init();
}

void
poller_add(struct poller *pl)
{
	struct loop *lp = percore_ptr(loop);

	KASSERT(lp->lp_last < POLLERS_MAX - 1);
	lp->lp_pollers[++lp->lp_last] = pl;
	pl->pl_core = (uint16_t)core_id();
	pl->pl_slot = (uint16_t)lp->lp_last;
	percore(loop_ready[pl->pl_slot]) = true;
	percore(loop_wake) = true;
}

/* The pass has found work, so there is to be another one before sleep. */
static inline void
loop_again(void)
{
	percore(loop_wake) = true;
}

/* A batch was full: there is more. Returns what the last one held. */
static __apart_fn int
poller_rounds(struct poller *pl)
{
	int n = LOOP_BUDGET;

	for (unsigned i = 1; i < LOOP_ROUNDS && n == LOOP_BUDGET; i++)
		n = pl->pl_poll(pl, LOOP_BUDGET);
	return n;
}

/* It is ready no more before we look, so that an interrupt that comes afterwards is not lost. */
static inline void
poller_turn(struct poller *pl)
{
	int n;

	percore(loop_ready[pl->pl_slot]) = false;
	barrier();
	n = pl->pl_poll(pl, LOOP_BUDGET);
	if (n == LOOP_BUDGET)
		n = poller_rounds(pl);
	pl->pl_polls++;
	if (n == 0)
		pl->pl_empty++;
	if (n > LIGHT_LOAD || (pl->pl_arm != NULL ? pl->pl_arm(pl) : n > 0)) {
		percore(loop_ready[pl->pl_slot]) = true;
		loop_again();
	}
}

static inline void
pollers_run(struct loop *lp)
{
	for (size_t i = 0; i <= lp->lp_last; i += 8)
		for (uint64_t bits = *(const volatile uint64_t *)percore_ptr(loop_ready[i]); bits != 0; bits &= bits - 1)
			poller_turn(lp->lp_pollers[i + (size_t)__builtin_ctzll(bits) / 8]);
}

void
loop_at_end(struct loop_end *le)
{
	if (le->le_queued)
		return;
	le->le_queued = true;
	le->le_next = percore(loop_ends);
	percore(loop_ends) = le;
}

static __apart_fn void
ends_run(void)
{
	struct loop_end *le = percore(loop_ends), *next;
	struct loop *lp = percore_ptr(loop);
	uint64_t began = uptime_ns();

	percore(loop_ends) = NULL;
	for (; le != NULL; le = next) {
		next = le->le_next;
		le->le_queued = false;
		le->le_func();
	}
	if (percore(loop_ends) != NULL)		/* what has come meanwhile has its turn at the end of another */
		loop_again();
	lp->lp_longest_end = MAX(lp->lp_longest_end, uptime_ns() - began);
}

static inline void
hooks_run(void)
{
	for (const struct loop_hook *const *lh = hooks; lh < hooks_end; lh++)
		if ((*lh)->lh_func())
			loop_again();
	if (unlikely(percore(loop_ends) != NULL))
		ends_run();
}

/* A pass, or a part of it without tasks, ends: what comes in waits no longer than that for the next one, and for the task (task.c). */
static inline void
loop_took(struct loop *lp, uint64_t now)
{
	uint64_t ns = now - lp->lp_began;

	lp->lp_began = now;
	if (unlikely(ns > lp->lp_longest))
		lp->lp_longest = ns;
}

/* A turn for the next task when there is no packet work, or a bounded slice when there has been nothing else for too long. */
static void
loop_task(struct loop *lp)
{
	if (!percore(loop_wake) && ncores > 1 && core_task_begins())
		loop_again();
	loop_took(lp, uptime_ns());
	if (!percore(loop_wake)) {
		tasks_run();
		core_task_ends();
	} else if (lp->lp_began - lp->lp_task_ns < TASK_STARVED_NS || !tasks_run_forced())
		return;
	lp->lp_task_ns = lp->lp_began = uptime_ns();
	loop_again();
	hooks_run();
}

/* From lp_began on. A timer that becomes due meanwhile waits for the next one. */
static __inline_fn bool
pass(struct loop *lp)
{
	percore(loop_wake) = false;
	barrier();
	lp->lp_passes++;
	if (ncores > 1 && core_mail_poll())
		loop_again();
	pollers_run(lp);
	if (lp->lp_began >= percore(timeouts_due) && timeouts_run(TIMEOUTS_A_PASS) > 0)
		loop_again();
	hooks_run();
	if (tasks_runnable())
		loop_task(lp);
	epoch_pass();
	loop_took(lp, uptime_ns());
	return percore(loop_wake);
}

bool
loop_pass(void)
{
	struct loop *lp = percore_ptr(loop);

	lp->lp_began = uptime_ns();
	return pass(lp);
}

void
loop_run(void)
{
	struct loop *lp = percore_ptr(loop);

	lp->lp_began = uptime_ns();
	for (;;) {
		if (pass(lp))
			continue;
		/* Whatever becomes ready from now on sets loop_wake, and there is no sleep. */
		lp->lp_idles++;
		loop_turns(lp, true, lp->lp_began);
		core_idle(timeouts_next());
		lp->lp_began = uptime_ns();
		loop_turns(lp, false, lp->lp_began);
	}
}
