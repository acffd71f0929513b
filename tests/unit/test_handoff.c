/* test_handoff.c - packets that go on on another core: rings and trains that fill up, and what wakes the receiver. */
#include "kernel/task.h"
#include "net/core/handoff.h"
#include "tests/unit/netfix.h"

#define PACKETS	600u		/* more than a ring has room for */
#define PASSES	20u		/* a batch of them each, and a few */
#define MBUFS	1024u

static unsigned arrived;

static void
arrive(struct ifnet *ifp __unused_arg, struct batch *b)
{
	CHECK_EQ(core_id(), 0);
	arrived += b->b_n;
	for (unsigned i = 0; i < b->b_n; i++)
		m_free(b->b_m[i]);
}
static void arrive_too(struct ifnet *ifp, struct batch *b) { arrive(ifp, b); }
HANDOFF(test_one, arrive);
HANDOFF(test_other, arrive_too);

static void
start_cores(void)
{
	mbuf_all = ncores * MBUFS;
	CHECK(mbuf_share_init(ncores) && handoff_init(ncores));
	for (unsigned i = 0; i < ncores; i++) {
		host_core(i);
		CHECK(mbuf_init(MBUFS));
	}
	host_core(0);
	while (host_passes())
		;
}

static void
settle(void)
{
	unsigned n = 0;

	while (host_passes())
		CHECK(++n < PASSES);
	host_passes();			/* mbufs that others get wake nobody */
	CHECK_EQ(mbuf_used(), 0);
}

/* From core 1 to core 0, within one pass. */
static void
send_in_turn(unsigned n)
{
	host_core(1);
	for (unsigned i = 0; i < n; i++) {
		struct batch b = { .b_n = 1, .b_m = { m_get() } };

		CHECK(b.b_m[0] != NULL);
		handoff_batch(0, i & 1 ? &handoff_test_one : &handoff_test_other, 0, &b);
	}
	host_core(0);
}

/* Packets of one pass that go on at two places in turn, as those that leave by two interfaces of another core: all that the ring has room
 * for go, the receiver sees them, and the ring takes others afterwards. */
TEST_CORES(handoff_in_turn_to_two_places, 2)
{
	start_cores();
	for (unsigned round = 1; round <= 3; round++) {
		send_in_turn(PACKETS);
		settle();
		CHECK_EQ(arrived, round * HANDOFF_SLOTS);
		CHECK_EQ(counter_delta("hos_full"), round * (PACKETS - HANDOFF_SLOTS));
	}
}

static unsigned arrived_there;

static void
arrive_there(struct ifnet *ifp __unused_arg, struct batch *b)
{
	CHECK_EQ(core_id(), 1);
	arrived_there += b->b_n;
	for (unsigned i = 0; i < b->b_n; i++)
		m_free(b->b_m[i]);
}
HANDOFF(test_there, arrive_there);

static void
sends_and_computes(void *arg __unused_arg)
{
	struct mbuf *m;

	net_enter();
	CHECK((m = m_get()) != NULL);
	handoff_packet(1, &handoff_test_there, m);
	net_leave();
	host_pass(1);
	CHECK_EQ(arrived_there, 1);
}

/* What a task sends by another core's queue goes when it leaves the stack, though it does not end its turn. */
TEST_CORES(handoff_from_a_task, 2)
{
	start_cores();
	CHECK(task_create("t", sends_and_computes, NULL) != NULL);
	settle();
	CHECK_EQ(arrived_there, 1);
}
