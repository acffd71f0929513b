/* test_mbuf_share.c - mbufs that end on other cores than they began on, and the core that runs out of them. */
#include "kernel/loop.h"
#include "net/core/mbuf.h"
#include "tests/unit/netfix.h"

#define MBUFS	512u

static void
start_cores(void)
{
	mbuf_all = ncores * MBUFS;
	CHECK(mbuf_share_init(ncores));
	for (unsigned i = 0; i < ncores; i++) {
		host_core(i);
		CHECK(mbuf_init(MBUFS));
	}
	host_core(0);
	while (host_passes())			/* now they sleep */
		;
}

static uint32_t
free_of(unsigned core)
{
	return percore_of(mbuf_pool, core).mp_nfree;
}

/* All of core 1's end on the others in turn, as packets do that are handed over and dropped there. */
static void
spend_all_of_core_1(void)
{
	for (unsigned to = 0; free_of(1) > 0; to++) {
		struct mbuf *m;

		host_core(1);
		CHECK((m = m_get()) != NULL);
		host_core(to % (ncores - 1) + (to % (ncores - 1) >= 1));
		m_free(m);
	}
	host_core(0);
}

/* No core has a magazine more than is its own, so none gives of itself; and the others sleep. Core 1, with a pass for each packet that it has
 * no mbuf for, gets some all the same. */
TEST_CORES(mbuf_share_asks_sleepers, 12)
{
	unsigned passes = 0;

	start_cores();
	spend_all_of_core_1();
	for (unsigned i = 0; i < ncores; i++)
		CHECK(i == 1 || free_of(i) < MBUFS + 64);
	while (free_of(1) < 128) {
		CHECK(++passes <= 20);
		host_pass(1);
		for (unsigned i = 0; i < ncores; i++)
			if (percore_of(loop_wake, i))		/* poked; the others sleep on */
				host_pass(i);
	}
	while (host_passes())
		;
	host_passes();
	CHECK_EQ(mbuf_used(), 0);
	for (unsigned i = 0; i < ncores; i++)
		CHECK(free_of(i) >= 128);
}
