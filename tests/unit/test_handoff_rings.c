/* test_handoff_rings.c - packets that go on on another core: order, trains, rings that wrap and are full, shared buffers. */
#include "kernel/cores.h"
#include "kernel/loop.h"
#include "net/core/handoff.h"
#include "tests/unit/corefix.h"

/* What the receiver got: batch by batch, packet by packet. */
static struct {
	unsigned	 n, nbatches;
	uint32_t	 number[40000];
	struct { unsigned n, place; struct ifnet *ifp; } batch[4000];
} got;

static void
take(struct ifnet *ifp, struct batch *b, unsigned place)
{
	CHECK(b->b_n >= 1 && b->b_n <= BATCH_MAX && got.nbatches < nitems(got.batch));
	CHECK_EQ(core_id(), 2);
	got.batch[got.nbatches].n = b->b_n;
	got.batch[got.nbatches].place = place;
	got.batch[got.nbatches++].ifp = ifp;
	for (unsigned i = 0; i < b->b_n; i++) {
		CHECK(got.n < nitems(got.number) && !(b->b_m[i]->m_flags & M_SHARED));
		got.number[got.n++] = b->b_m[i]->m_flowid;
		packet_done(b->b_m[i], b->b_m[i]->m_flowid);
	}
}

static void take_a(struct ifnet *ifp, struct batch *b)	{ take(ifp, b, 'a'); }
static void take_b(struct ifnet *ifp, struct batch *b)	{ take(ifp, b, 'b'); }
HANDOFF(test_a, take_a);
HANDOFF(test_b, take_b);

static const struct handoff *
place(unsigned p)
{
	return p == 'a' ? &handoff_test_a : &handoff_test_b;
}

static uint32_t next_number;

/* Core 1 gives core 2 n more packets. */
static void
send(unsigned p, uint16_t ifidx, unsigned n)
{
	struct batch b = { 0 };

	host_core(1);
	while (n-- > 0)
		batch_add(&b, packet(next_number++, 40));
	handoff_batch(2, place(p), ifidx, &b);
	host_core(0);
}

static void
send_one(unsigned p)
{
	host_core(1);
	handoff_packet(2, place(p), packet(next_number++, 40));
	host_core(0);
}

/* The receiver's passes, none of which takes much more than a batch holds, give these batches. */
static void
expect(unsigned n, const unsigned *sizes, const char *places)
{
	unsigned before = got.nbatches, was;
	bool more;

	do {
		was = got.n;
		more = host_pass(2);
		CHECK(got.n - was < 2 * BATCH_MAX);
	} while (more);
	CHECK_EQ(got.nbatches, before + n);
	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ(got.batch[before + i].n, sizes[i]);
		CHECK_EQ(got.batch[before + i].place, places[i]);
	}
}
#define EXPECT(places, ...) expect(nitems(((const unsigned[]){ __VA_ARGS__ })), (const unsigned[]){ __VA_ARGS__ }, places)

/* All that were sent have come, one after the other, but for those dropped. */
static void
all_came(void)
{
	for (unsigned i = 0; i < got.n; i++)
		CHECK_EQ(got.number[i], i);
	CHECK_EQ(got.n, next_number);
	CHECK_EQ(counter_delta("hos_sent"), next_number);
	CHECK_EQ(counter_delta("hos_full"), 0);
}

TEST_CORES(handoff_trains_merge_and_split, 3)
{
	cores_start();
	for (unsigned i = 0; i < 10; i++) {		/* ten trains to the same place: two batches */
		send('a', 0, 10);
		host_pass(1);
	}
	EXPECT("aa", 64, 36);
	for (unsigned i = 0; i < 4; i++)		/* one train of 200 */
		send('a', 0, 50);
	host_pass(1);
	EXPECT("aaaa", 64, 64, 64, 8);
	send('a', 0, 5);				/* another place, another interface: a train of its own */
	send('b', 0, 6);
	send('b', 0, 7);
	send('a', 0, 8);
	send('a', 1, 9);
	host_pass(1);
	EXPECT("abaa", 5, 13, 8, 9);
	CHECK(got.batch[got.nbatches - 1].ifp == if_get(1) && got.batch[got.nbatches - 2].ifp == NULL);
	send('a', 0, 60);				/* the end of one train and the beginning of the next; exactly full */
	host_pass(1);
	send('a', 0, 4);
	host_pass(1);
	send('a', 0, 64);
	host_pass(1);
	EXPECT("aa", 64, 64);
	all_came();
	cores_end();
}

/* Nothing goes before the end of the sender's pass; then who sleeps is woken, who is awake is not. */
TEST_CORES(handoff_is_sent_at_the_end_of_a_pass, 3)
{
	cores_start();
	CHECK(percore_of(core_asleep, 2) && !percore_of(loop_wake, 2));
	send_one('a');
	host_pass(2);
	CHECK_EQ(got.n, 0);
	CHECK(!percore_of(loop_wake, 2));
	host_pass(1);
	CHECK(percore_of(loop_wake, 2));
	EXPECT("a", 1);
	percore_of(core_asleep, 2) = false;
	send_one('a');
	host_pass(1);
	CHECK(!percore_of(loop_wake, 2));
	EXPECT("a", 1);
	all_came();
	cores_end();
}

TEST_CORES(handoff_ring_full, 3)
{
	cores_start();
	for (unsigned i = 0; i < HANDOFF_SLOTS / 64; i++)
		send('a', 0, 64);
	CHECK_EQ(handoff_room(handoff_ring(1, 2)), 0);
	send('a', 0, 64);
	send_one('a');
	CHECK_EQ(counter_delta("hos_full"), 65);
	next_number -= 65;
	host_pass(1);
	host_pass(2);				/* 64 go on */
	send_one('a');
	send('a', 0, 64);			/* a batch goes whole or not at all */
	CHECK_EQ(counter_delta("hos_full"), 65 + 64);
	next_number -= 64;
	send('a', 0, 63);
	CHECK_EQ(handoff_room(handoff_ring(1, 2)), 0);
	while (host_passes())
		continue;
	CHECK_EQ(got.n, HANDOFF_SLOTS + 64);
	for (unsigned i = 0; i < got.n; i++)
		CHECK_EQ(got.number[i], i);
	CHECK_EQ(counter_delta("hos_sent"), got.n);
	cores_end();
}

/* Each packet a train of its own: there is room for as many as there are slots. */
TEST_CORES(handoff_a_train_for_each_packet, 3)
{
	unsigned was;

	cores_start();
	for (unsigned i = 0; i < HANDOFF_SLOTS; i++) {
		send_one(i % 2 ? 'b' : 'a');
		if (i % 3 == 0)
			CHECK(!host_pass(1));
	}
	CHECK_EQ(counter_delta("hos_full"), 0);
	send_one('a');
	CHECK_EQ(counter_delta("hos_full"), 1);
	host_pass(1);
	for (bool more = true; more; ) {
		was = got.n;
		more = host_pass(2);
		CHECK(got.n - was < 2 * BATCH_MAX);
	}
	CHECK_EQ(got.n, HANDOFF_SLOTS);
	for (unsigned i = 0; i < got.n; i++) {
		CHECK_EQ(got.number[i], i);
		CHECK(got.batch[i].n == 1 && got.batch[i].place == (i % 2 ? 'b' : 'a'));
	}
	cores_end();
}

/* Slots, trains and their counts wrap again and again; whatever the two cores' turns, the order stays. */
TEST_CORES(handoff_random_turns, 3)
{
	struct handoff_ring *hr;
	uint64_t dropped;

	cores_start();
	hr = handoff_ring(1, 2);
	hr->hr_in = hr->hr_out = (uint32_t)-1000;
	hr->hr_head = hr->hr_tail = (uint32_t)-100;
	for (unsigned i = 0; i < 3000 && next_number < nitems(got.number) - 100; i++) {
		if (unit_below(3) == 0)
			send_one(unit_below(4) ? 'a' : 'b');
		else
			send(unit_below(4) ? 'a' : 'b', (uint16_t)unit_below(2), 1 + unit_below(BATCH_MAX));
		if (unit_below(2))
			host_pass(1);
		for (unsigned n = unit_below(16) == 0 ? unit_below(40) : 0; n > 0; n--)
			host_pass(2);
		host_pass(0);
	}
	while (host_passes())
		continue;
	dropped = counter_delta("hos_full");
	CHECK(dropped > 0 && dropped < next_number / 2);
	CHECK_EQ(got.n + dropped, next_number);
	for (unsigned i = 1; i < got.n; i++)
		CHECK(got.number[i] > got.number[i - 1]);
	CHECK(hr->hr_in < 100000 && hr->hr_head < 10000);	/* past zero */
	cores_end();
}

TEST_CORES(handoff_interface_is_gone, 3)
{
	cores_start();
	send('a', 77, 3);
	send('a', 0, 2);
	host_pass(1);
	host_pass(2);
	CHECK_EQ(counter_delta("hos_noif"), 3);
	CHECK_EQ(got.n, 2);
	cores_end();
}

/* An interface goes: what is on its way goes on at once, all of it. */
TEST_CORES(handoff_drains, 3)
{
	cores_start();
	for (unsigned i = 0; i < 40; i++) {
		send(i % 2 ? 'a' : 'b', 1, 5);
		host_pass(1);
	}
	host_core(0);
	core_call(2, handoff_drain, NULL);
	CHECK_EQ(got.n, 200);
	all_came();
	cores_end();
}

/* Clones and what they share stay on their core: a copy goes. Chains that nobody shares go as they are. */
TEST_CORES(handoff_shared_packets, 3)
{
	struct mbuf *m, *c, *chain;
	struct batch b = { 0 };

	cores_start();
	host_core(1);
	m = packet(1, 3000);			/* a chain */
	CHECK(m->m_next != NULL);
	c = packet_clone(m);
	chain = packet(2, 3000);
	batch_add(&b, packet(0, 10));
	batch_add(&b, c);
	batch_add(&b, chain);
	handoff_batch(2, &handoff_test_a, 0, &b);
	CHECK(!m->m_next->m_next && m->m_owner->m_refs == 1);	/* the clone has been freed */
	host_pass(1);
	host_pass(2);
	CHECK_EQ(got.n, 3);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(got.number[i], i);
	/* The original's first turn is over, too. */
	handoff_packet(2, &handoff_test_a, m);
	host_pass(1);
	host_pass(2);
	CHECK_EQ(got.n, 4);
	CHECK_EQ(counter_delta("hos_nombuf"), 0);
	CHECK_EQ(counter_delta("cfs_done"), 4);
	CHECK_EQ(counter_delta("cfs_created"), 4);
	cores_end();
}

TEST_CORES(handoff_shared_without_mbufs, 3)
{
	struct mbuf *m, *c, *all = NULL, *x;

	cores_start();
	host_core(1);
	m = packet(0, 100);
	c = packet_clone(m);
	while ((x = m_get()) != NULL) {
		x->m_nextpkt = all;
		all = x;
	}
	handoff_packet(2, &handoff_test_a, c);
	CHECK_EQ(counter_delta("hos_nombuf"), 1);
	CHECK_EQ(handoff_ring(1, 2)->hr_in, handoff_ring(1, 2)->hr_out);
	while ((x = all) != NULL) {
		all = x->m_nextpkt;
		m_free(x);
	}
	packet_done(m, 0);
	cores_end();
}
