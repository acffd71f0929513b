/* timeout.c - hierarchical timing wheel: seven levels of 64 slots, 1 ms a tick, so 2^42 ms; each level has a bit per slot, so
 * that the next event is found without walking.
 *
 * A timeout stands at the level of the highest 6-bit digit in which its tick differs from the wheel's time, in the slot of
 * that digit. Time moves from event to event: where a slot of level 0 begins its timeouts are due; where one of a higher level
 * begins, they move down ("cascade"). Both lists are worked off in bounded steps. */
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/task.h"
#include "kernel/timeout.h"

#define WHEEL_BITS	6
#define WHEEL_SLOTS	(1u << WHEEL_BITS)
#define WHEEL_LEVELS	7
#define WHEEL_MAX	((1ULL << (WHEEL_BITS * WHEEL_LEVELS)) - 1)
#define TICK_NS		1000000u
#define CASCADE_STEP	256		/* timeouts moved down per turn, so that a full slot does not stop packets */

struct wheel {
	uint64_t	 wh_tick;	/* all that is due at or before it stands in wh_due or wh_cascade */
	struct timeout	*wh_due, *wh_cascade;
	unsigned	 wh_pending;
	bool		 wh_deleted;	/* so timeouts_due may be too early */
	uint64_t	 wh_used[WHEEL_LEVELS];	/* slots that are not empty; a bit may be stale, see wheel_next */
	struct timeout	*wh_slot[WHEEL_LEVELS][WHEEL_SLOTS];
};
static PERCORE struct wheel wheel;
PERCORE uint64_t timeouts_due;

static void
list_push(struct timeout **head, struct timeout *to)
{
	to->to_next = *head;
	to->to_prevp = head;
	if (*head != NULL)
		(*head)->to_prevp = &to->to_next;
	*head = to;
}

static void
list_unlink(struct timeout *to)
{
	*to->to_prevp = to->to_next;
	if (to->to_next != NULL)
		to->to_next->to_prevp = to->to_prevp;
	to->to_next = NULL;
	to->to_prevp = NULL;
}

static void
list_move(struct timeout **from, struct timeout **to)
{
	*to = *from;
	*from = NULL;
	if (*to != NULL)
		(*to)->to_prevp = to;
}

/* Something is to be done at `tick`, 0: at once. A task that runs was given time until what was due first until now. */
static void
wheel_event(uint64_t tick)
{
	if (tick * TICK_NS >= percore(timeouts_due))
		return;
	percore(timeouts_due) = tick * TICK_NS;
	if (task_self() != NULL)
		percore(loop_wake) = true;
}

static void
wheel_insert(struct wheel *wh, struct timeout *to)
{
	uint64_t diff = to->to_tick ^ wh->wh_tick;
	unsigned level, slot;

	if (to->to_tick <= wh->wh_tick) {
		list_push(&wh->wh_due, to);
		wheel_event(0);
		return;
	}
	level = (63 - (unsigned)__builtin_clzll(diff)) / WHEEL_BITS;
	slot = (to->to_tick >> (level * WHEEL_BITS)) % WHEEL_SLOTS;
	list_push(&wh->wh_slot[level][slot], to);
	wh->wh_used[level] |= 1ULL << slot;
	wheel_event(to->to_tick >> (level * WHEEL_BITS) << (level * WHEEL_BITS));
}

/* The next slot that begins after wh_tick, and when. False: all are empty. */
static bool
wheel_next(struct wheel *wh, unsigned *level, unsigned *slot, uint64_t *tick)
{
	for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
		while (wh->wh_used[l] != 0) {
			unsigned s = (unsigned)__builtin_ctzll(wh->wh_used[l]), shift = l * WHEEL_BITS;

			if (wh->wh_slot[l][s] == NULL) {	/* the last one there was deleted */
				wh->wh_used[l] &= ~(1ULL << s);
				continue;
			}
			*level = l;
			*slot = s;
			*tick = (wh->wh_tick >> (shift + WHEEL_BITS) << WHEEL_BITS | s) << shift;
			return true;
		}
	}
	return false;
}

static void
wheel_cascade(struct wheel *wh)
{
	struct timeout *to;

	for (unsigned n = 0; n < CASCADE_STEP && (to = wh->wh_cascade) != NULL; n++) {
		list_unlink(to);
		wheel_insert(wh, to);
	}
}

/* Finds out when something is due next; wh_due and wh_cascade are empty. */
static void
wheel_plan(struct wheel *wh)
{
	unsigned level, slot;
	uint64_t tick;

	wh->wh_deleted = false;
	percore(timeouts_due) = wheel_next(wh, &level, &slot, &tick) ? tick * TICK_NS : UINT64_MAX;
}

/* Moves time on by one event, not beyond `now`. False: nothing more is due. */
static bool
wheel_advance(struct wheel *wh, uint64_t now)
{
	unsigned level, slot;
	uint64_t tick;

	if (!wheel_next(wh, &level, &slot, &tick) || tick > now) {
		wh->wh_tick = MAX(wh->wh_tick, now);
		return false;
	}
	wh->wh_tick = tick;
	wh->wh_used[level] &= ~(1ULL << slot);
	list_move(&wh->wh_slot[level][slot], level == 0 ? &wh->wh_due : &wh->wh_cascade);
	return true;
}

unsigned
timeouts_run(unsigned max)
{
	struct wheel *wh = percore_ptr(wheel);
	uint64_t now = uptime_ns() / TICK_NS;
	struct timeout *to;
	unsigned n = 0;

	percore(timeouts_due) = 0;
	for (;;) {
		if (wh->wh_cascade != NULL) {
			wheel_cascade(wh);
			if (wh->wh_cascade != NULL)
				return n;
		}
		while ((to = wh->wh_due) != NULL) {
			if (n == max)
				return n;
			list_unlink(to);
			wh->wh_pending--;
			n++;
			to->to_func(to->to_arg);
		}
		if (!wheel_advance(wh, now)) {
			wheel_plan(wh);
			return n;
		}
	}
}

static __apart_fn uint64_t
wheel_replan(void)
{
	struct wheel *wh = percore_ptr(wheel);
	uint64_t due;

	if (wh->wh_due == NULL && wh->wh_cascade == NULL)
		wheel_plan(wh);
	due = percore(timeouts_due);
	return due == UINT64_MAX ? 0 : MAX(due, (uint64_t)1);
}

uint64_t
timeouts_next(void)
{
	uint64_t due = percore(timeouts_due);

	if (unlikely(due == 0 || percore(wheel.wh_deleted)))
		return wheel_replan();
	return due == UINT64_MAX ? 0 : due;
}

unsigned
timeouts_pending(void)
{
	return percore_ptr(wheel)->wh_pending;
}

void
timeout_set(struct timeout *to, void (*fn)(void *), void *arg)
{
	to->to_next = NULL;
	to->to_prevp = NULL;
	to->to_tick = 0;
	to->to_func = fn;
	to->to_arg = arg;
}

bool
timeout_add_msec(struct timeout *to, uint64_t ms)
{
	struct wheel *wh = percore_ptr(wheel);
	uint64_t now = uptime_ns(), tick = (now + TICK_NS - 1) / TICK_NS;
	bool fresh = !timeout_del(to);

	KASSERT(to->to_func != NULL);
	if (now < percore(timeouts_due))
		wh->wh_tick = MAX(wh->wh_tick, now / TICK_NS);
	/* Not in the tick that runs now, even for 0 ms: a function that arms itself again must not run for ever. */
	tick += MIN(ms, WHEEL_MAX / 2);
	tick = MAX(tick, wh->wh_tick + 1);
	to->to_tick = MIN(tick, WHEEL_MAX);
	wheel_insert(wh, to);
	wh->wh_pending++;
	return fresh;
}

bool
timeout_add_sec(struct timeout *to, uint64_t s)
{
	return timeout_add_msec(to, MIN(s, WHEEL_MAX) * 1000);
}

bool
timeout_del(struct timeout *to)
{
	if (to->to_prevp == NULL)
		return false;
	list_unlink(to);
	percore(wheel.wh_pending)--;
	percore(wheel.wh_deleted) = true;
	return true;
}
