/* test_pf_state.c - the table of states as a whole: it grows while packets and walks look for what is in it, and what is over goes in small parts. */
#include <string.h>

#include "kernel/loop.h"
#include "kernel/task.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "tests/unit/netfix.h"
#include "tests/unit/pffix.h"

#define FLOWS	900u			/* two states each */

static struct pkt p;

/* One datagram of that flow; true: it came through. */
static bool
send(unsigned flow)
{
	bool came;

	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 64, 20);
	store16(p.p_b + 34, host_be16((uint16_t)(1000 + flow)));
	store16(p.p_b + 38, BE16(20));
	store16(p.p_b + 40, 0);
	memcpy(p.p_b, t0.w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, t0.w_host, 6);
	wire_rx(&t0, &p);
	came = t1.w_ntx > 0;
	t1.w_ntx = t1.w_next = t0.w_ntx = t0.w_next = 0;
	return came;
}

static void
start(void)
{
	net_start();
	pf_start("set limit states 2000\npass\n");
	for (unsigned i = 0; i < FLOWS; i++)
		CHECK(send(i));
	CHECK_EQ(pf_states_count(), 2 * FLOWS);
}

static void
stop(void)
{
	pf_uninstall();
	CHECK_EQ(pf_states_count(), 0);
	net_end();
}

/* ---- growth ---- */

static struct { struct pf_key key; unsigned dir; } known[2 * FLOWS];
static unsigned nknown, steps;
static void (*watch_before)(bool);

static void
know(struct pf_state *s, void *arg __unused_arg)
{
	known[nknown].key = s->s_sk[0].sk_key;
	known[nknown++].dir = s->s_dir;
}

/* Between any two steps each state is found where it is looked for, one goes, and a flow comes. */
static void
look(bool inside)
{
	struct pf_states *ps = percore_ptr(pf_states);
	uint32_t at = 0;

	if (watch_before != NULL)
		watch_before(inside);
	if (!inside || ps->ps_bucket != NULL || ps->ps_mask == 0)
		return;
	steps++;
	for (unsigned i = 0; i < nknown; i++)
		CHECK(pf_state_find(&known[i].key, known[i].dir, known[i].dir == PF_IN ? &t0.w_if : &t1.w_if) != NULL);
	pf_state_remove(pf_state_find(&known[nknown - 1].key, known[nknown - 1].dir, &t0.w_if));
	nknown--;
	CHECK(pf_state_find(&known[nknown].key, known[nknown].dir, &t0.w_if) == NULL);
	CHECK(pf_states_walk(&at, 64, know, NULL) && at == 0);
}

static void
grow(void *arg __unused_arg)
{
	CHECK(pf_states_grow(0, 65536));
}

TEST(pf_states_are_found_while_the_table_grows)
{
	uint32_t at = 0;

	start();
	while (pf_states_walk(&at, 64, know, NULL))
		continue;
	CHECK_EQ(nknown, 2 * FLOWS);
	watch_before = task_watch;
	task_watch = look;
	task_create("grow", grow, NULL);
	host_run(1);
	task_watch = watch_before;
	CHECK(steps >= 8);
	CHECK_EQ(percore(pf_states).ps_mask, 65535);
	CHECK_EQ(pf_states_count(), nknown);
	for (unsigned i = 0; i < nknown; i++)
		CHECK(pf_state_find(&known[i].key, known[i].dir, known[i].dir == PF_IN ? &t0.w_if : &t1.w_if) != NULL);
	for (unsigned i = 0; i < FLOWS; i++)
		CHECK(send(i));
	stop();
}

/* What a walk sees while the table becomes larger, twice: each state once. */
TEST(pf_states_walk_over_tables_that_grow)
{
	uint32_t at = 0;

	start();
	for (unsigned round = 0; pf_states_walk(&at, 16, know, NULL); round++)
		if (round == 20 || round == 50)
			CHECK(pf_states_grow(0, round == 20 ? 8192 : 65536));
	CHECK_EQ(nknown, 2 * FLOWS);
	for (unsigned i = 0; i < nknown; i++)
		for (unsigned k = 0; k < i; k++)
			CHECK(known[i].dir != known[k].dir || memcmp(&known[i].key, &known[k].key, sizeof(known[i].key)) != 0);
	stop();
}

/* ---- ends ---- */

/* However many are over at the same time, a pass removes few; all are gone soon after their time. */
TEST(pf_states_go_in_small_parts)
{
	uint32_t n, before;
	uint64_t end;

	start();
	host.now += 61000000000;
	end = host.now + 12000000000;
	for (before = n = pf_states_count(); n > 0 && host.now < end; before = n) {
		host.now += 1000000;
		loop_pass();
		n = pf_states_count();
		CHECK(before - n <= 160);
	}
	CHECK_EQ(n, 0);
	stop();
}

/* Timeouts are those that are set now, but for a rule's own. */
TEST(pf_states_have_the_timeouts_of_now)
{
	start();
	CHECK(pf_install(pf_make("set limit states 2000\nset timeout udp.first 5\npass keep state (udp.first 100)\n")));
	CHECK(send(FLOWS));
	host.now += 20000000000;
	host_run(12000);
	CHECK_EQ(pf_states_count(), 2);
	stop();
}
