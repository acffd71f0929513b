/* emfix.c - what tests of em(4) on its device model share: start and end, frames in and out. */
#include <string.h>

#include "kernel/log.h"
#include "net/core/handoff.h"
#include "tests/unit/emfix.h"

struct emm m;
struct batch got;		/* the last frames that the driver handed up, */
unsigned got_core[BATCH_MAX];	/* and where it did */
unsigned ngot, ngot_on[MAXCORES];

static void
free_on(unsigned core, struct mbuf *p)
{
	host_core(core);
	m_freem(p);
	host_core(0);
}

/* In place of ether_input: keeps the last batch's worth. */
static void
sink(struct ifnet *ifp __unused_arg, struct batch *b)
{
	unsigned self = core_id();

	for (unsigned i = 0; i < b->b_n; i++) {
		if (got.b_n == BATCH_MAX) {
			free_on(got_core[0], got.b_m[0]);
			memmove(&got.b_m[0], &got.b_m[1], (BATCH_MAX - 1) * sizeof(got.b_m[0]));
			memmove(&got_core[0], &got_core[1], (BATCH_MAX - 1) * sizeof(got_core[0]));
			got.b_n--;
		}
		got_core[got.b_n] = self;
		got.b_m[got.b_n++] = b->b_m[i];
		ngot++;
		ngot_on[self]++;
	}
	host_core(self);
}

void
drop_got(void)
{
	for (unsigned i = 0; i < got.b_n; i++)
		free_on(got_core[i], got.b_m[i]);
	got.b_n = 0;
}

void
run(void)
{
	while (host_passes())
		;
	host_passes();			/* mbufs that others get wake nobody */
}

void
pools(unsigned mbufs)
{
	mbuf_all = ncores * roundup2(mbufs, 256);
	if (ncores > 1)
		CHECK(mbuf_share_init(ncores) && handoff_init(ncores));
	for (unsigned i = 0; i < ncores; i++) {
		host_core(i);
		CHECK(mbuf_init(mbufs));
	}
	host_core(0);
}

struct ifnet *
start_with(unsigned mbufs)
{
	struct ifnet *ifp;

	if (percore(mbuf_pool.mp_total) == 0)
		pools(mbufs);
	emm_attach(&m);
	ifp = emm_if(&m);
	CHECK(ifp != NULL);
	ifp->if_input = sink;
	CHECK(if_setup(ifp, true));
	run();
	CHECK_EQ(m.nframes, 0);
	return ifp;
}

struct ifnet *start(void) { return start_with(2048); }

unsigned
posted(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < emm_sc(&m)->sc_nqueues; i++)
		n += emm_sc(&m)->sc_queues[i].eq_posted;
	return n;
}

void
pools_are_full(void)
{
	run();
	CHECK_EQ(mbuf_used(), 0);
}

void
stop(void)
{
	struct ifnet *ifp = emm_if(&m);

	drop_got();
	host_run(2500);
	CHECK_EQ(mbuf_used(), posted());
	CHECK(if_setup(ifp, false));
	pools_are_full();
	if_detach(ifp);
}

/* For this station; the rest depends on the seed. */
void
frame_make(uint8_t *f, unsigned len, unsigned seed)
{
	for (unsigned i = 0; i < len; i++)
		f[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
	memcpy(f, emm_if(&m)->if_lladdr, 6);
}

void
check_got(struct mbuf *p, unsigned len, unsigned seed)
{
	static uint8_t want[EMM_FRAME], have[EMM_FRAME];
	unsigned sum = 0;

	CHECK_EQ(p->m_pktlen, len);
	for (struct mbuf *n = p; n != NULL; n = n->m_next)
		sum += n->m_len;
	CHECK_EQ(sum, len);
	CHECK(p->m_data - p->m_buf >= MHEADROOM);
	frame_make(want, len, seed);
	m_copydata(p, 0, len, have);
	CHECK_MEM(have, want, len);
}

void
receive(unsigned n, unsigned len)
{
	static uint8_t f[EMM_FRAME];
	unsigned before = ngot;

	for (unsigned i = 0; i < n; i++) {
		frame_make(f, len, i);
		CHECK_EQ(emm_rx(&m, f, len), EMM_TAKEN);
		if (i % 7 == 6 || i + 1 == n)
			run();
		if (ngot - before == i + 1)
			check_got(got.b_m[got.b_n - 1], len, i);
	}
	CHECK_EQ(ngot - before, n);
	drop_got();
}

void
transmit(struct ifnet *ifp, unsigned n, unsigned len)
{
	static uint8_t f[EMM_FRAME], *out;
	unsigned outlen;
	struct batch b;

	for (unsigned i = 0; i < n; i++) {
		struct mbuf *p = m_get();

		CHECK(p != NULL);
		frame_make(f, len, i);
		CHECK(m_append(p, f, len));
		b.b_n = 0;
		batch_add(&b, p);
		ifp->if_enqueue(ifp, &b);
		if (i % 5 == 4 || i + 1 == n)
			run();
	}
	for (unsigned i = 0; i < n; i++) {
		CHECK((out = emm_tx(&m, &outlen)) != NULL);
		frame_make(f, len, i);
		CHECK_EQ(outlen, len);
		CHECK_MEM(out, f, len);
	}
	CHECK(emm_tx(&m, &outlen) == NULL);
}

/* n frames in, each checked; then as many out. */
void
traffic(struct ifnet *ifp, unsigned n, unsigned len)
{
	receive(n, len);
	transmit(ifp, n, len);
}

const char *
dmesg(void)
{
	static char buf[65536];
	uint64_t pos = 0;

	buf[log_read(&pos, buf, sizeof(buf) - 1)] = '\0';
	return buf;
}
