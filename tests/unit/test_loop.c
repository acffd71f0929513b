/* test_loop.c - the run loop: budgets, arming, wake-ups that must not be lost, order. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/timeout.h"
#include "tests/unit/unit.h"

/* A device with a queue of work. */
struct dev {
	struct poller	pl;
	unsigned	work, done, biggest;
	bool		armed;
	unsigned	late;		/* units that arrive while we arm */
	unsigned	in_poll;	/* units that arrive, with an interrupt, at the end of an empty poll */
	unsigned	refused;
};

static void
dev_interrupt(struct dev *d)
{
	d->armed = false;
	poller_wake(&d->pl);
}

static int
dev_poll(struct poller *pl, int budget)
{
	struct dev *d = container_of(pl, struct dev, pl);
	unsigned n = MIN((unsigned)budget, d->work);

	d->work -= n;
	d->done += n;
	d->biggest = MAX(d->biggest, n);
	if (n == 0 && d->in_poll > 0) {
		d->work += d->in_poll;
		d->in_poll = 0;
		poller_wake(pl);
	}
	return (int)n;
}

static bool
dev_arm(struct poller *pl)
{
	struct dev *d = container_of(pl, struct dev, pl);

	d->work += d->late;
	d->late = 0;
	if (d->work > 0) {
		d->refused++;
		return true;
	}
	d->armed = true;
	return false;
}

static void
dev_init(struct dev *d)
{
	memset(d, 0, sizeof(*d));
	d->pl.pl_poll = dev_poll;
	d->pl.pl_arm = dev_arm;
	d->pl.pl_name = "dev";
	poller_add(&d->pl);
}

TEST(loop_polls_in_batches_then_arms)
{
	static struct dev d;

	dev_init(&d);
	d.work = 1000;
	host_run(1);
	CHECK_EQ(d.done, 1000);
	CHECK_EQ(d.biggest, LOOP_BUDGET);
	CHECK(d.armed && !poller_ready(&d.pl));
	CHECK(!percore(loop_wake));
}

TEST(loop_work_that_comes_while_arming)
{
	static struct dev d;

	dev_init(&d);
	d.work = 3;
	d.late = 5;
	host_run(1);
	CHECK_EQ(d.done, 8);
	CHECK_EQ(d.refused, 1);
	CHECK(d.armed);
}

TEST(loop_interrupt_during_an_empty_poll)
{
	static struct dev d;

	dev_init(&d);
	d.pl.pl_arm = NULL;		/* nothing but the wake-up tells of the work */
	d.in_poll = 7;
	host_run(1);
	CHECK_EQ(d.done, 7);
}

TEST(loop_interrupt_wakes)
{
	static struct dev d;

	dev_init(&d);
	host_run(1);
	CHECK(d.armed);
	d.work = 2;
	dev_interrupt(&d);
	CHECK(percore(loop_wake));
	/* The machine must not sleep now. */
	host.now = 5;
	cpu_idle(1000000, percore_ptr(loop_wake));
	CHECK_EQ(host.now, 5);
	host_run(1);
	CHECK_EQ(d.done, 2);
	CHECK_EQ(d.pl.pl_wakes, 1);
}

TEST(loop_is_fair)
{
	static struct dev a, b;

	dev_init(&a);
	dev_init(&b);
	a.work = b.work = 100000;
	for (unsigned i = 0; i < 10; i++)
		loop_pass();
	CHECK_EQ(a.done, b.done);
	CHECK_EQ(a.done, 10 * LOOP_ROUNDS * LOOP_BUDGET);
	a.work = b.work = 0;
	host_run(1);
}

static char trace[64];

static void
note(char c)
{
	size_t n = strlen(trace);

	if (n < sizeof(trace) - 1)
		trace[n] = c;
}

static bool hook_active;
static bool hook_a(void) { if (hook_active) note('1'); return false; }
static bool hook_b(void) { if (hook_active) note('2'); return false; }
LOOP_HOOK(test_second, 1000002, hook_b);
LOOP_HOOK(test_first, 1000001, hook_a);

static struct timeout to;
static void timer(void *arg __unused_arg) { note('t'); }
static void task(void *arg __unused_arg) { note('x'); }

static int
noting_poll(struct poller *pl, int budget __unused_arg)
{
	note('p');
	pl->pl_arm = NULL;
	return 0;
}

/* The loop looks at eight of them at once. */
TEST(loop_many_pollers)
{
	static struct dev d[20];
	static struct poller early = { .pl_poll = dev_poll, .pl_name = "early" };

	poller_wake(&early);		/* not added: that does nothing */
	CHECK(!loop_pass());
	for (unsigned i = 0; i < nitems(d); i++)
		dev_init(&d[i]);
	host_run(1);
	for (unsigned i = 0; i < nitems(d); i++) {
		d[i].work = 1;
		poller_wake(&d[i].pl);
		CHECK(poller_ready(&d[i].pl));
		host_run(1);
		CHECK_EQ(d[i].done, 1);
	}
	for (unsigned i = 0; i < nitems(d); i++)
		CHECK(d[i].done == 1 && d[i].pl.pl_polls == 2 && !poller_ready(&d[i].pl));
}

TEST(loop_order_of_a_pass)
{
	static struct poller pl = { .pl_poll = noting_poll, .pl_name = "p" };

	poller_add(&pl);
	timeout_set(&to, timer, NULL);
	timeout_add_msec(&to, 0);
	task_create("x", task, NULL);
	hook_active = true;
	host.now += 2000000;
	CHECK(loop_pass());		/* poller, timer, hooks: there was work, so no task yet */
	CHECK_STR(trace, "pt12");
	CHECK(loop_pass());		/* the hooks have their turn after the task as well */
	CHECK_STR(trace, "pt1212x12");
	CHECK(!loop_pass());
	hook_active = false;
}

static unsigned slices;

static void
hungry(void *arg __unused_arg)
{
	for (; slices < 5; slices++)
		task_yield();
}

TEST(loop_tasks_do_not_starve)
{
	static struct dev d;

	dev_init(&d);
	task_create("hungry", hungry, NULL);
	for (unsigned i = 0; i < 200; i++) {
		d.work = 1000;
		host.now += 1000000;
		loop_pass();
	}
	CHECK_EQ(slices, 5);
	d.work = 0;
	host_run(1);
}

static struct timeout work_due, the_end;

/* 3 ms of work every 10 ms, 10 times. */
static void
work(void *arg)
{
	unsigned *left = arg;

	host.now += 3000000;
	if (--*left > 0)
		timeout_add_msec(&work_due, 7);
}

static void
end(void *arg __unused_arg)
{
	machine_halt();
}

TEST(loop_accounts_busy_and_idle_time)
{
	unsigned left = 10;
	struct loop_stat ls;

	loop_stat(0, &ls);
	CHECK_EQ(ls.ls_busy, 0);
	CHECK_EQ(ls.ls_idle, 0);
	host.now = 5000000;		/* before the loop runs */
	timeout_set(&work_due, work, &left);
	timeout_add_msec(&work_due, 7);
	timeout_set(&the_end, end, NULL);
	timeout_add_msec(&the_end, 1000);
	CHECK_ENDS(HOST_HALT, loop_run());
	loop_stat(0, &ls);
	CHECK_EQ(ls.ls_busy, 35000000);
	CHECK_EQ(ls.ls_busy + ls.ls_idle, host.now);
	CHECK(ls.ls_idles >= 11 && ls.ls_idles < 20);	/* far timers move down the wheel */
	CHECK_EQ(ls.ls_longest, 3000000);
}

static void
computes(void *arg __unused_arg)
{
	host.now += 50000000;
}

/* Tasks give way, so what they take is none of it. */
TEST(loop_longest_pass)
{
	struct loop_stat ls;
	unsigned left = 1;

	task_create("computes", computes, NULL);
	host.now += 1000;
	host_run(1);
	CHECK(host.now >= 50000000);
	loop_stat(0, &ls);
	CHECK_EQ(ls.ls_longest, 0);
	timeout_set(&work_due, work, &left);
	timeout_add_msec(&work_due, 0);
	host.now += 2000000;
	task_create("computes", computes, NULL);
	host_run(1);
	loop_stat(0, &ls);
	CHECK_EQ(ls.ls_longest, 3000000);
}

/* Another core's figures are whole while it sleeps: its sleep counts up to now. */
TEST_CORES(loop_time_of_a_core_that_sleeps, 2)
{
	struct loop_stat ls;

	host_core(1);
	host.now = 1000;
	loop_asleep(true);
	loop_asleep(true);
	host_core(0);
	host.now = 9000;
	loop_stat(1, &ls);
	CHECK_EQ(ls.ls_busy, 1000);
	CHECK_EQ(ls.ls_idle, 8000);
	host_core(1);
	loop_asleep(false);
	host.now = 9500;
	host_core(0);
	loop_stat(1, &ls);
	CHECK_EQ(ls.ls_busy, 1500);
	CHECK_EQ(ls.ls_idle, 8000);
	loop_stat(0, &ls);
	CHECK_EQ(ls.ls_busy, 9500);
}

/* The device's interrupt comes in on another core than its poller's, which sleeps. */
TEST_CORES(loop_interrupt_on_another_core, 3)
{
	static struct dev d;

	host_core(1);
	dev_init(&d);
	host_core(0);
	CHECK_EQ(d.pl.pl_core, 1);
	host_run(1);
	CHECK(d.armed && percore_of(core_asleep, 1));
	d.work = 5;
	host_core(2);
	dev_interrupt(&d);
	host_core(0);
	CHECK(!percore_of(loop_wake, 1));
	host_pass(2);
	CHECK(percore_of(loop_wake, 1));
	host_pass(1);
	CHECK_EQ(d.done, 5);
	CHECK(!percore_of(loop_pokes, 2).lp_any);
}
