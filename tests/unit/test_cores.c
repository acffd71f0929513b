/* test_cores.c - cores among themselves: letter boxes, what core 0 lets others do, epochs, mbufs that end elsewhere. */
#include <string.h>

#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/loop.h"
#include "kernel/pool.h"
#include "tests/unit/corefix.h"

/* ---- letter boxes ---- */

static struct { unsigned polls[MAXCORES], more; } box;

static bool
box_poll(unsigned from)
{
	CHECK_EQ(core_id(), 2);
	box.polls[from]++;
	return box.more > 0 && box.more-- > 0;
}
CORE_INBOX(test, box_poll);

static void
mail(unsigned from, unsigned to)
{
	host_core(from);
	core_mail(&core_inbox_test, to);
	host_core(0);
}

TEST_CORES(core_mail_wraps, 3)
{
	for (unsigned i = 1; i <= 600; i++) {
		mail(1, 2);
		host_pass(2);
		CHECK_EQ(box.polls[1], i);
	}
	host_pass(2);
	CHECK_EQ(box.polls[1], 600);
	for (unsigned i = 0; i < 255; i++)		/* as many as may be under way: one look tells */
		mail(1, 2);
	host_pass(2);
	CHECK_EQ(box.polls[1], 601);
	CHECK_EQ(box.polls[0] + box.polls[2], 0);
	mail(0, 2);
	host_pass(2);
	CHECK_EQ(box.polls[0], 1);
	CHECK_EQ(box.polls[1], 601);
}

/* What was left is asked for again, without new mail. */
TEST_CORES(core_mail_more, 3)
{
	box.more = 3;
	mail(1, 2);
	host_pass(2);
	CHECK_EQ(box.polls[1], 1);
	host_pass(2);
	host_pass(2);
	CHECK(box.polls[1] >= 3);
	while (box.more > 0)
		host_pass(2);
	host_pass(2);
	box.polls[1] = 0;
	host_pass(2);
	CHECK_EQ(box.polls[1], 0);
}

/* ---- core_call ---- */

static struct { unsigned n, core; } called;

static void
call_me(void *arg)
{
	CHECK(arg == &called);
	called.n++;
	called.core = core_id();
}

TEST_CORES(core_call_runs_there, 3)
{
	struct loop_stat before, after;

	loop_stat(2, &before);
	for (unsigned i = 0; i < 300; i++) {		/* past a letter box's 256 */
		unsigned core = i % ncores;

		core_call(core, call_me, &called);
		CHECK_EQ(called.n, i + 1);
		CHECK_EQ(called.core, core);
		CHECK_EQ(core_id(), 0);
	}
	loop_stat(2, &after);
	CHECK_EQ(after.ls_passes - before.ls_passes, 100);	/* in its loop */
}

TEST_CORES(core_call_is_core_0s, 3)
{
	host_core(1);
	CHECK_PANIC(core_call(2, call_me, &called));
	host_core(0);
	CHECK_PANIC(core_call(3, call_me, &called));
	CHECK_EQ(called.n, 0);
}

/* ---- epochs ---- */

static struct pool late_pool;

static void
awake(unsigned core, bool yes)
{
	percore_of(core_asleep, core) = !yes;
}

static void
epochs_start(void)
{
	pool_init_epoch(&late_pool, "late", 40, 8, 0);
	while (host_passes())
		continue;
	for (unsigned i = 0; i < ncores; i++)
		awake(i, true);
}

TEST_CORES(epoch_waits_for_every_core, 3)
{
	char *obj;

	epochs_start();
	obj = pool_get(&late_pool);
	memset(obj, 7, 40);
	pool_put(&late_pool, obj);
	for (unsigned i = 0; i < 10; i++)
		CHECK(host_pass(0));		/* it looks again and again */
	CHECK_EQ(late_pool.pr_nout, 1);
	host_pass(1);
	awake(1, true);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 1);
	for (unsigned i = 0; i < 40; i++)
		CHECK_EQ(obj[i], 7);		/* whoever looks at it finds what was there */
	host_pass(2);
	awake(2, true);
	CHECK(!host_pass(0));
	CHECK_EQ(late_pool.pr_nout, 0);
}

/* A pass that was over before core 0's does not count: its core may have looked at the object since. */
TEST_CORES(epoch_needs_a_pass_that_ends_later, 2)
{
	epochs_start();
	pool_put(&late_pool, pool_get(&late_pool));
	host_pass(1);
	awake(1, true);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 1);
	host_pass(1);
	awake(1, true);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 0);
}

TEST_CORES(epoch_of_a_sleeping_core, 3)
{
	epochs_start();
	pool_put(&late_pool, pool_get(&late_pool));
	awake(1, false);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 1);
	awake(2, false);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 0);
}

/* So many in a pass that packets do not wait; in the order in which they went. */
TEST_CORES(epoch_a_bounded_number_a_pass, 2)
{
	static void *obj[1300];

	epochs_start();
	awake(1, false);
	for (unsigned i = 0; i < nitems(obj); i++)
		obj[i] = pool_get(&late_pool);
	for (unsigned i = 0; i < nitems(obj); i++)
		pool_put(&late_pool, obj[i]);
	CHECK(host_pass(0));
	CHECK_EQ(late_pool.pr_nout, 1300 - 512);
	CHECK(pool_get(&late_pool) == obj[511]);
	CHECK(host_pass(0));
	CHECK_EQ(late_pool.pr_nout, 1300 - 1024 + 1);
	CHECK(!host_pass(0));
	CHECK_EQ(late_pool.pr_nout, 1);
	pool_put(&late_pool, obj[511]);
}

/* What is put while others wait has an epoch of its own. */
TEST_CORES(epoch_each_has_its_own, 2)
{
	void *a, *b;

	epochs_start();
	a = pool_get(&late_pool);
	b = pool_get(&late_pool);
	pool_put(&late_pool, a);
	host_pass(0);
	host_pass(1);
	awake(1, true);
	pool_put(&late_pool, b);
	host_pass(0);
	CHECK_EQ(late_pool.pr_nout, 1);
	CHECK(pool_get(&late_pool) == a);
	pool_put(&late_pool, a);
	host_epochs_end();
}

/* ---- mbufs ---- */

static struct mbuf_pool *
mbufs(unsigned core)
{
	return &percore_of(mbuf_pool, core);
}

/* n that `from` has got end on `to`. */
static void
move(unsigned n, unsigned from, unsigned to)
{
	static struct mbuf *m[16384];

	host_core(from);
	for (unsigned i = 0; i < n; i++)
		CHECK((m[i] = m_get()) != NULL);
	host_core(to);
	for (unsigned i = 0; i < n; i++)
		m_free(m[i]);
	host_core(0);
}

TEST_CORES(mbuf_magazines, 3)
{
	cores_start();
	move(300, 0, 1);
	CHECK_EQ(mbuf_used(), 0);
	percore_of(loop_wake, 0) = false;
	host_pass(1);
	CHECK_EQ(mbuf_shared(), 256);
	CHECK_EQ(mbuf_used(), 0);
	CHECK(!percore_of(loop_wake, 0));		/* nobody is woken for it */
	CHECK_EQ(mbufs(1)->mp_nfree, mbufs(1)->mp_total + 44);
	host_pass(0);
	CHECK_EQ(mbuf_shared(), 0);
	CHECK_EQ(mbufs(0)->mp_nfree, mbufs(0)->mp_total - 44);
	host_pass(1);					/* less than a magazine stays */
	CHECK_EQ(mbufs(1)->mp_nfree, mbufs(1)->mp_total + 44);
	move(44, 1, 0);
	cores_end();
}

/* The poorest gets them. */
TEST_CORES(mbuf_magazines_for_the_poorest, 3)
{
	cores_start();
	move(100, 0, 1);
	move(200, 2, 1);
	host_pass(1);
	CHECK_EQ(mbuf_shared(), 256);
	host_pass(0);
	CHECK_EQ(mbuf_shared(), 256);
	host_pass(2);
	CHECK_EQ(mbuf_shared(), 0);
	CHECK_EQ(mbufs(2)->mp_nfree, mbufs(2)->mp_total + 56);
	move(44, 1, 0);
	move(56, 2, 0);
	move(200, 0, 1);
	move(100, 2, 1);
	host_pass(1);
	host_pass(2);
	CHECK_EQ(mbuf_shared(), 256);
	host_pass(0);
	CHECK_EQ(mbufs(0)->mp_nfree, mbufs(0)->mp_total + 56);
	move(44, 1, 2);
	move(56, 0, 2);
	cores_end();
}

/* A ring has eight; the rest waits for its next turn. */
TEST_CORES(mbuf_magazines_ring_full, 3)
{
	cores_start();
	move(1000, 0, 1);
	host_pass(1);
	CHECK_EQ(mbuf_shared(), 512);
	host_pass(1);
	CHECK_EQ(mbuf_shared(), 512);
	CHECK_EQ(mbuf_used(), 0);
	host_pass(0);
	host_pass(1);
	CHECK_EQ(mbuf_shared(), 448);
	host_pass(0);
	CHECK_EQ(mbufs(0)->mp_nfree, mbufs(0)->mp_total - 40);
	move(40, 1, 0);
	cores_end();
}

/* A core whose packets all end elsewhere has mbufs again. */
TEST_CORES(mbuf_magazines_refill, 2)
{
	unsigned n;

	cores_start();
	n = mbufs(0)->mp_nfree;
	move(n, 0, 1);
	CHECK(m_get() == NULL);
	CHECK_EQ(mbufs(0)->mp_fails, 1);
	for (unsigned i = 0; i < n / 512 + 1; i++) {
		host_pass(1);
		host_pass(0);
	}
	CHECK(mbufs(0)->mp_nfree > n - 64);
	move(n - mbufs(0)->mp_nfree, 1, 0);
	cores_end();
}

/* Got and freed anywhere, with passes in any order, past the ends of all counts: none is lost and none is there twice. */
TEST_CORES(mbuf_magazines_random, 3)
{
	static struct mbuf *out[1024];
	unsigned nout = 0;

	cores_start();
	for (unsigned i = 0; i < 60000; i++) {
		unsigned core = i / 5000 % 3;		/* one gets, others free */

		host_core(unit_below(8) ? core : unit_below(3));
		if (nout < nitems(out) && unit_below(2) && (out[nout] = m_get()) != NULL)
			nout++;
		host_core(unit_below(8) ? (core + 1) % 3 : unit_below(3));
		if (nout > 0 && unit_below(2))
			m_free(out[--nout]);
		host_core(0);
		if (unit_below(16) == 0)
			host_pass(unit_below(3));
		if (i % 1000 == 0)
			CHECK_EQ(mbuf_used(), nout);
	}
	while (nout > 0)
		m_free(out[--nout]);
	cores_end();
}
