/* test_pf_state.c - the table of states as a whole: it grows while packets and walks look for what is in it, and what is over goes in small parts. */
#include <stdio.h>
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

/* ---- rulesets that have been replaced ---- */

static char first[400];
static const struct pf_ruleset *first_set;

static void
print_rule_of(struct pf_state *s, void *arg)
{
	char *text = arg;
	struct out o;

	if (s->s_dir != PF_IN)
		return;
	first_set = s->s_rule->kr_set;
	out_init(&o, NULL, NULL);
	pf_print_rule(&o, s->s_rule->kr_rule, 0);
	snprintf(text, sizeof(first), "%.*s", (int)o.o_len, o.o_buf);
	out_free(&o);
}

static void
rule_of_flow(char text[sizeof(first)])
{
	uint32_t at = 0;

	while (pf_states_walk(&at, 64, print_rule_of, text))
		continue;
}

/* What a ruleset of many rules leaves behind is the one that has states, as it was written; it goes with the last of these. */
TEST(pf_rules_with_states_stay_alone)
{
	static char now[sizeof(first)], rules[40000];
	const struct pf_ruleset *set;
	size_t n = 0;

	net_start();
	for (unsigned i = 0; i < 500; i++)
		n += (size_t)snprintf(rules + n, sizeof(rules) - n, "block in quick on t0 proto udp to port %u\n", 10 + i);
	snprintf(rules + n, sizeof(rules) - n, "table <here> { 10.0.0.0/24 }\npass in on t0 inet proto udp from <here> to 10.0.1.2 port 1000:5000 keep state (max 100, udp.first 100) "
	    "label \"$nr of $if\" tag MARK\npass out on t1 from (t0:network) tagged MARK\n");
	pf_start(rules);
	CHECK(send(1));
	rule_of_flow(first);
	CHECK_IN(first, "from <here> to 10.0.1.2 port 1000:5000 keep state (max 100, udp.first 100) label \"500 of t0\" tag MARK");
	CHECK_EQ(first_set->rs_nrules, 502);
	for (unsigned i = 0; i < 3; i++) {
		set = first_set;
		CHECK(pf_install(pf_make("block\n")));
		rule_of_flow(now);
		CHECK_STR(now, first);
		CHECK(i > 0 ? first_set == set : first_set->rs_nrules == 2 && first_set != pf_rules);
		CHECK(send(1));
		CHECK(!send(2));
	}
	host.now += 101000000000;
	CHECK(!send(1));
	pf_states_kill(NULL, NULL);
	CHECK_EQ(pf_states_count(), 0);
	stop();
}

/* Who looks at one keeps all of it, until he has done. */
TEST(pf_ruleset_that_is_held_stays_whole)
{
	struct pf_ruleset *rs;

	start();
	rs = pf_rules_hold();
	CHECK(pf_install(pf_make("block\n")));
	CHECK_EQ(rs->rs_refs[0].n, 2 * FLOWS);
	CHECK_STR(rs->rs_rule[0].kr_rule->r_ifname, "");
	pf_rules_put(rs);
	rule_of_flow(first);
	CHECK(first_set != rs && first_set != pf_rules);
	CHECK_EQ(first_set->rs_refs[0].n, 2 * FLOWS);
	CHECK_EQ(first_set->rs_count[0].rc_states, 2 * FLOWS);
	stop();
}
