/* corefix.c - the cores and packets of corefix.h. */
#include "net/core/net_init.h"
#include "tests/unit/corefix.h"

COUNTER_GROUP(corefix, 90);
COUNTER(cfs_created, corefix, 10, CREATED, "packet%s made by a test");
COUNTER(cfs_done, corefix, 20, CONSUMED, "packet%s that a test got back");

void
cores_start(void)
{
	CHECK(net_init());
	for (unsigned i = 1; i < ncores; i++) {
		host_core(i);
		CHECK(net_core_init());
	}
	host_core(0);
	while (host_passes())
		continue;
	counter_mark();
}

/* Each mbuf is in one pool, once. */
static void
mbufs_check(void)
{
	uint32_t total = 0, n = 0;

	for (unsigned i = 0; i < ncores; i++) {
		const struct mbuf_pool *mp = &percore_of(mbuf_pool, i);

		total += mp->mp_total;
		for (uint32_t k = 0; k < mp->mp_nfree; k++, n++) {
			CHECK(mp->mp_free[k] != NULL && mp->mp_free[k]->m_prio == 0);
			mp->mp_free[k]->m_prio = 1;
		}
	}
	CHECK_EQ(n, total - mbuf_shared());
}

void
cores_end(void)
{
	host_core(0);
	net_end();
	CHECK_EQ(mbuf_used(), 0);
	mbufs_check();
}

static uint8_t
packet_byte(uint32_t number, uint32_t i)
{
	return (uint8_t)(number * 31 + i * 7);
}

struct mbuf *
packet(uint32_t number, uint32_t len)
{
	struct mbuf *m = m_get();

	CHECK(m != NULL);
	counter_inc(cfs_created);
	m->m_flowid = number;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t b = packet_byte(number, i);

		CHECK(m_append(m, &b, 1));
	}
	return m;
}

struct mbuf *
packet_clone(struct mbuf *m)
{
	struct mbuf *c = m_clone(m);

	CHECK(c != NULL);
	counter_inc(cfs_created);
	return c;
}

void
packet_done(struct mbuf *m, uint32_t number)
{
	uint8_t b;

	CHECK_EQ(m->m_flowid, number);
	for (uint32_t i = 0; i < m->m_pktlen; i++) {
		m_copydata(m, i, 1, &b);
		CHECK_EQ(b, packet_byte(number, i));
	}
	counter_inc(cfs_done);
	m_freem(m);
}
