/* test_task.c - tasks: turns, sleep, wake-up, end. */
#include <string.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "kernel/cores.h"
#include "kernel/loop.h"
#include "kernel/task.h"
#include "kernel/task_stat.h"
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/timeout.h"
#include "tests/unit/unit.h"

static char trace[256];

static void
note(char c)
{
	size_t n = strlen(trace);

	trace[n] = c;
}

static void
letter(void *arg)
{
	for (unsigned i = 0; i < 3; i++) {
		note(*(const char *)arg);
		task_yield();
	}
}

TEST(task_turns)
{
	CHECK(task_create("a", letter, "a") != NULL);
	CHECK(task_create("b", letter, "b") != NULL);
	host_run(1);
	CHECK_STR(trace, "ababab");
	CHECK(!tasks_runnable());
}

static int chan;
static bool woken;
static uint64_t when;

static void
sleeper(void *arg)
{
	woken = task_sleep(&chan, *(unsigned *)arg);
	when = uptime_ns();
}

TEST(task_sleep_times_out)
{
	unsigned ms = 100;

	woken = true;
	task_create("s", sleeper, &ms);
	host_run(99);
	CHECK_EQ(when, 0);
	host_run(2);
	CHECK(!woken);
	CHECK_EQ(when / 1000000, 100);
}

TEST(task_wakeup_reaches_its_channel_only)
{
	unsigned ms = 0;

	task_create("s", sleeper, &ms);
	host_run(1000);
	CHECK_EQ(when, 0);
	task_wakeup(&ms);
	host_run(1);
	CHECK_EQ(when, 0);
	task_wakeup(&chan);
	host_run(1);
	CHECK(woken && when != 0);
}

static char pair[2] __aligned_to(16);

static void
pair_sleeper(void *arg __unused_arg)
{
	woken = task_sleep(&pair[0], 0);
}

TEST(task_wakeup_of_a_neighbour)
{
	task_create("p", pair_sleeper, NULL);
	host_run(1);
	task_wakeup(&pair[1]);		/* so near that it hashes to the same bucket */
	host_run(1);
	CHECK(!woken);
	task_wakeup(&pair[0]);
	host_run(1);
	CHECK(woken);
}

static void
long_sleeper(void *arg __unused_arg)
{
	task_sleep_ms(2500);
	when = uptime_ns();
}

TEST(task_sleep_ms_sleeps_long_enough)
{
	host.now = 777;
	task_create("s", long_sleeper, NULL);
	host_run(5000);
	CHECK(when >= 777 + 2500000000ULL && when < 777 + 2502000000ULL);
}

static void
nester(void *arg __unused_arg)
{
	CHECK(!net_entered());
	net_enter();
	net_enter();
	net_leave();
	CHECK(net_entered());
	net_leave();
	CHECK(!net_entered());
	CHECK(task_self() != NULL);
	note('n');
}

TEST(task_net_enter_nests)
{
	CHECK(net_entered());
	CHECK(task_self() == NULL);
	task_create("n", nester, NULL);
	host_run(1);
	CHECK_STR(trace, "n");
}

static unsigned count;

static void
counter(void *arg)
{
	volatile char stack[8192];

	memset((char *)stack, *(char *)arg, sizeof(stack));
	for (unsigned i = 0; i < 5; i++) {
		task_sleep_ms(1 + unit_below(20));
		for (unsigned k = 0; k < sizeof(stack); k += 512)
			CHECK_EQ(stack[k], *(char *)arg);
	}
	count++;
}

TEST(task_many_with_own_stacks)
{
	static char letters[100];

	for (unsigned i = 0; i < nitems(letters); i++) {
		letters[i] = (char)i;
		CHECK(task_create("c", counter, &letters[i]) != NULL);
	}
	host_run(1000);
	CHECK_EQ(count, 100);
}

TEST(task_without_memory)
{
	host.malloc_limited = true;
	CHECK(task_create("x", letter, "x") == NULL);
	host.malloc_limited = false;
}

TEST(task_sleep_outside_a_task_panics)
{
	CHECK_PANIC(task_sleep(&chan, 1));
}

/* The machine preempts by interrupts; a preemption that is held off is made up for in net_leave(), on every machine. */
static void
held(void *arg __unused_arg)
{
	net_enter();
	percore(loop_wake) = true;		/* as an interrupt does */
	CHECK(!task_preempt_due());
	note('h');
	net_leave();
	note('r');
}

static int
packets(struct poller *pl __unused_arg, int budget __unused_arg)
{
	note('p');
	return 0;
}

TEST(task_gives_way_in_net_leave)
{
	static struct poller pl = { .pl_poll = packets, .pl_name = "p" };

	poller_add(&pl);
	loop_pass();
	task_create("held", held, NULL);
	task_create("later", letter, "l");
	percore(loop_ready[pl.pl_slot]) = false;
	loop_pass();
	CHECK_STR(trace, "ph");
	CHECK(percore(loop_wake) && task_self() == NULL && task_preemptions() == 1);
	loop_pass();			/* the one that was preempted is the next */
	CHECK_STR(trace, "phr");
	host_run(1);
	CHECK_STR(trace, "phrlll");
}

static bool ready;

static void
careful(void *arg __unused_arg)
{
	net_enter();
	while (!ready)
		task_sleep(&chan, 0);
	CHECK(net_entered());
	net_leave();
	note('c');
}

TEST(task_sleeps_within_net_enter)
{
	task_create("careful", careful, NULL);
	host_run(1);
	CHECK_STR(trace, "");
	net_enter();			/* the loop's is harmless */
	net_leave();
	task_wakeup(&chan);
	host_run(1);
	CHECK_STR(trace, "");
	ready = true;
	task_wakeup(&chan);
	host_run(1);
	CHECK_STR(trace, "c");
}

static void
deep_sleeper(void *arg __unused_arg)
{
	net_enter();
	net_enter();
	task_sleep(&chan, 1);
}

TEST(task_sleep_within_two_sections_panics)
{
	task_create("deep", deep_sleeper, NULL);
	CHECK_PANIC(host_run(1));
}

static void note_timeout(void *arg __unused_arg) { note('t'); }
static uint64_t rings_at;
static void ring_later(uint64_t deadline) { rings_at = deadline; }
static void quick(void *arg __unused_arg) { note('q'); }

TEST(task_slice_ends_by_the_alarm)
{
	static struct timeout to;

	task_alarm = ring_later;
	host.now = 50000000;
	loop_pass();
	task_create("q", quick, NULL);
	CHECK(tasks_run());
	CHECK_EQ(rings_at, host.now + task_quantum_ns);
	timeout_set(&to, note_timeout, NULL);
	timeout_add_msec(&to, 2);
	task_create("q", quick, NULL);
	CHECK(tasks_run());
	CHECK_EQ(rings_at, timeouts_next());
	task_create("q", quick, NULL);
	CHECK(tasks_run_forced());
	CHECK_EQ(rings_at, host.now + TASK_SLICE_NS);
	timeout_del(&to);
	task_alarm = NULL;
}

static void
worker(void *arg)
{
	unsigned ms = *(unsigned *)arg;

	for (unsigned i = 0; i < 3; i++) {
		host.now += ms * 1000000;
		task_sleep(&chan, 10);
	}
}

/* The row of that name on this core; fails the test when there is none. */
static struct task_stat
row(const char *name)
{
	struct task_stat tt;

	for (unsigned n = 0; task_stat(core_id(), n, &tt); n++)
		if (tt.tt_name != NULL && strcmp(tt.tt_name, name) == 0)
			return tt;
	unit_fail(__FILE__, __LINE__, "no task %s", name);
}

TEST(task_figures)
{
	static unsigned ms[] = { 2, 5 };
	struct task_stat sum;

	task_create("two", worker, &ms[0]);
	task_create("five", worker, &ms[1]);
	CHECK_STR(task_state_name(row("two").tt_state), "ready");
	CHECK_EQ(row("two").tt_turns, 0);
	while (loop_pass())
		continue;
	CHECK_EQ(row("two").tt_ns, 2000000);
	CHECK_EQ(row("five").tt_ns, 5000000);
	CHECK_EQ(row("five").tt_turns, 1);
	CHECK_STR(task_state_name(row("five").tt_state), "sleep");
	host_run(100);
	CHECK(task_stat(0, 0, &sum));		/* they have ended; what they used is not forgotten */
	CHECK_EQ(sum.tt_ns, 21000000);
	CHECK_EQ(sum.tt_turns, 8);
	CHECK_EQ(tasks_ns(0), 21000000);
	task_create("later", worker, &ms[0]);
	CHECK_EQ(row("later").tt_ns, 0);
	host_run(100);
}

/* More tasks than rows: nothing is lost, and rows are used again. */
TEST(task_figures_of_many)
{
	static unsigned one = 1;
	struct task_stat tt;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 100; i++)
			CHECK(task_create("many", worker, &one) != NULL);
		host_run(1000);
		CHECK(task_stat(0, 0, &tt));
		CHECK_EQ(tt.tt_ns, 300000000 * (round + 1));
		for (unsigned n = 1; task_stat(0, n, &tt); n++)
			CHECK(tt.tt_name == NULL);
	}
	CHECK_EQ(tasks_ns(0), 600000000);
}

#ifdef __SANITIZE_ADDRESS__
static struct pool watched_pool;
static void *watched, *watched_free;
static unsigned watched_looks;

static void
watched_look(bool hidden)
{
	CHECK_EQ(__asan_address_is_poisoned(watched), hidden);
	CHECK(__asan_address_is_poisoned(watched_free));
	watched_looks++;
}

static void
watched_task(void *arg __unused_arg)
{
	watched_look(true);
	net_enter();
	watched_look(false);
	net_enter();
	net_leave();
	watched_look(false);
	task_sleep(&watched, 5);		/* within a section: hidden to nobody else meanwhile */
	watched_look(false);
	net_leave();
	watched_look(true);
	task_yield();
	watched_look(true);
}

static void
watched_timer(void *arg __unused_arg)
{
	watched_look(false);
}

/* What is in a pool can be touched in sections and by the loop, nowhere else. */
TEST(task_outside_a_section_sees_no_object)
{
	struct timeout to;

	pool_init(&watched_pool, "watched", 64, 16, 0);
	watched = pool_get(&watched_pool);
	watched_free = pool_get(&watched_pool);
	pool_put(&watched_pool, watched_free);
	timeout_set(&to, watched_timer, NULL);
	timeout_add_msec(&to, 2);
	CHECK(task_create("watched", watched_task, NULL) != NULL);
	host_run(20);
	watched_look(false);
	CHECK_EQ(watched_looks, 8);
	pool_put(&watched_pool, watched);
}
#endif

/* ---- mail from another core while a task runs ---- */

static bool mail_polled;

static bool
mail_poll(unsigned from)
{
	mail_polled |= from == 1;
	return false;
}
CORE_INBOX(test_mail, mail_poll);

/* As core 1's loop does at the end of a pass. */
static void
mail_from_core_1(void)
{
	host_core(1);
	core_mail(&core_inbox_test_mail, 0);
	core_fence();
	core_wake(0);
	host_core(0);
}

static bool mail_seen_at_once;

static void
computes_meanwhile(void *arg __unused_arg)
{
	net_enter();
	mail_from_core_1();
	net_leave();			/* where preemption is let in again */
	mail_seen_at_once = mail_polled;
}

/* A core whose task computes is not awake for the others: a packet that is handed over does not wait until the task's time is up. */
TEST_CORES(task_gives_way_to_mail, 2)
{
	CHECK(task_create("t", computes_meanwhile, NULL) != NULL);
	host_run(1);
	CHECK(mail_polled);
	CHECK(mail_seen_at_once);
}

/* The same when it comes between the loop's look and the task's turn. */
static bool mail_due;

static bool
mail_late(void)
{
	if (mail_due && core_id() == 0 && tasks_runnable()) {
		mail_due = false;
		mail_from_core_1();
	}
	return false;
}
LOOP_HOOK(test_mail_late, 90, mail_late);

static void
looks(void *arg __unused_arg)
{
	mail_seen_at_once = mail_polled;
}

TEST_CORES(task_begins_after_mail, 2)
{
	mail_due = true;
	CHECK(task_create("t", looks, NULL) != NULL);
	host_run(1);
	CHECK(mail_seen_at_once);
}
