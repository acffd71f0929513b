/* test_timeout.c - the timer wheel against a plain list. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/timeout.h"
#include "tests/unit/unit.h"

#define MS	1000000ULL

struct probe {
	struct timeout	to;
	uint64_t	armed, ms;	/* when (ns) and for how long */
	unsigned	runs;
	uint64_t	ran;		/* ns */
	unsigned	core;		/* on which */
};

static void
probe_run(void *arg)
{
	struct probe *p = arg;

	p->runs++;
	p->ran = uptime_ns();
	p->core = core_id();
}

static void
probe_arm(struct probe *p, uint64_t ms)
{
	p->armed = host.now;
	p->ms = ms;
	timeout_add_msec(&p->to, ms);
}

TEST(timeout_never_early_and_at_most_a_tick_late)
{
	static const uint64_t ms[] = { 0, 1, 2, 62, 63, 64, 65, 127, 4095, 4096, 4097, 262143, 262144, 16777216,
	    1073741824ULL, 100000000000ULL };
	static const uint64_t offset[] = { 0, 1, 999999, 63 * MS, 64 * MS - 1, 4095 * MS + 5, 123456789012345ULL };
	struct probe p;

	for (unsigned k = 0; k < nitems(offset); k++) {
		host.now += offset[k];
		for (unsigned i = 0; i < nitems(ms); i++) {
			memset(&p, 0, sizeof(p));
			timeout_set(&p.to, probe_run, &p);
			probe_arm(&p, ms[i]);
			CHECK(timeout_pending(&p.to));
			host_run(ms[i] + 2);
			CHECK_EQ(p.runs, 1);
			CHECK(p.ran >= p.armed + ms[i] * MS);
			CHECK(p.ran <= p.armed + ms[i] * MS + 2 * MS);
		}
	}
}

TEST(timeout_del_and_rearm)
{
	struct probe a = { 0 };

	timeout_set(&a.to, probe_run, &a);
	CHECK(!timeout_del(&a.to));
	CHECK(timeout_add_msec(&a.to, 10));
	CHECK(!timeout_add_msec(&a.to, 500));
	CHECK_EQ(timeouts_pending(), 1);
	host_run(400);
	CHECK_EQ(a.runs, 0);
	CHECK(timeout_del(&a.to));
	CHECK_EQ(timeouts_pending(), 0);
	CHECK_EQ(timeouts_next(), 0);
	host_run(400);
	CHECK_EQ(a.runs, 0);
}

/* Random adds, deletes and steps in time; each one runs exactly when a list would have it run. */
TEST(timeout_against_a_list)
{
	enum { N = 300 };
	static struct probe p[N];

	for (unsigned i = 0; i < N; i++)
		timeout_set(&p[i].to, probe_run, &p[i]);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = unit_below(N);

		if (unit_below(3) > 0) {
			if (timeout_pending(&p[i].to))
				CHECK(host.now < p[i].armed + (p[i].ms + 2) * MS);
			probe_arm(&p[i], unit_random() >> unit_below(32));
			p[i].runs = 0;
		} else if (timeout_pending(&p[i].to)) {
			CHECK_EQ(p[i].runs, 0);
			timeout_del(&p[i].to);
			p[i].runs = ~0u;
		}
		host_run_ns((uint64_t)unit_random() >> unit_below(30));
		if (step % 64 == 0)
			for (unsigned k = 0; k < N; k++)
				if (p[k].runs == 1)
					CHECK(p[k].ran >= p[k].armed + p[k].ms * MS &&
					    p[k].ran <= p[k].armed + (p[k].ms + 2) * MS);
	}
	for (unsigned i = 0; i < N; i++)
		timeout_del(&p[i].to);
}

/* Idle must sleep no longer than to the next one, and not wake much more often than once a level. */
TEST(timeout_next_neither_late_nor_busy)
{
	struct probe p = { 0 };
	unsigned wakes = 0;
	uint64_t next;

	timeout_set(&p.to, probe_run, &p);
	host.now = 12345678901ULL;
	probe_arm(&p, 50000000);
	while (p.runs == 0) {
		next = timeouts_next();
		CHECK(next > host.now && next <= p.armed + (p.ms + 1) * MS);
		host.now = next;
		timeouts_run(64);
		wakes++;
	}
	CHECK(wakes <= 8);
	CHECK_EQ(p.ran / MS, (p.armed + 999999) / MS + p.ms);
}

static struct timeout ring_a, ring_b, victim;
static unsigned again_runs;

static void
again(void *arg __unused_arg)
{
	again_runs++;
	timeout_add_msec(&ring_a, 0);
}

TEST(timeout_that_arms_itself_for_now)
{
	timeout_set(&ring_a, again, NULL);
	timeout_add_msec(&ring_a, 0);
	host_run(10);
	CHECK(again_runs >= 5 && again_runs <= 11);
	timeout_del(&ring_a);
}

static void
kill_victim(void *arg __unused_arg)
{
	timeout_del(&victim);
	timeout_del(&ring_b);
	again_runs++;
}

TEST(timeout_that_deletes_others_of_its_tick)
{
	timeout_set(&ring_a, kill_victim, NULL);
	timeout_set(&ring_b, kill_victim, NULL);
	timeout_set(&victim, again, NULL);
	/* Whichever of a and b runs first deletes all others; victim may come before both only if armed last. */
	timeout_add_msec(&victim, 70);
	timeout_add_msec(&ring_a, 69);
	timeout_add_msec(&ring_b, 70);
	host_run(100);
	CHECK_EQ(again_runs, 1);
}

/* With time behind the slot, or exactly at it. */
static void
bounded(uint64_t at_ms)
{
	enum { N = 1000 };
	static struct probe p[N];
	unsigned n = 0, turns = 0;

	for (unsigned i = 0; i < N; i++) {
		timeout_set(&p[i].to, probe_run, &p[i]);
		probe_arm(&p[i], 5000);		/* all in one slot of a higher level */
	}
	host.now += at_ms * MS;
	while (n < N) {
		unsigned k = timeouts_run(64);

		CHECK(k <= 64);
		CHECK(n + k == N || timeouts_next() <= host.now);
		n += k;
		CHECK(++turns < 100);
	}
	CHECK_EQ(timeouts_pending(), 0);
}

TEST(timeout_run_is_bounded)
{
	bounded(6000);
	bounded(5000);
}

TEST_CORES(timeout_belongs_to_its_core, 3)
{
	struct probe a = { 0 }, b = { 0 };

	timeout_set(&a.to, probe_run, &a);
	timeout_set(&b.to, probe_run, &b);
	host_core(1);
	probe_arm(&a, 10);
	host_core(2);
	probe_arm(&b, 10);
	CHECK_EQ(timeouts_pending(), 1);
	host_core(0);
	CHECK_EQ(timeouts_pending(), 0);
	host_run(20);
	CHECK_EQ(a.runs, 1);
	CHECK_EQ(a.core, 1);
	CHECK_EQ(b.runs, 1);
	CHECK_EQ(b.core, 2);
}
