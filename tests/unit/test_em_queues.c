/* test_em_queues.c - em(4) with several cores: two queues of the 82574, what goes to which, and what happens to one while the other works;
 * checksums, which came with its descriptors. */
#include <string.h>

#include "kernel/endian.h"
#include "net/core/net_init.h"
#include "tests/unit/emfix.h"

#define IPH	14u
#define L4	34u

/* ---- frames that the card looks into ---- */

static uint16_t
checksum(const uint8_t *p, unsigned n, uint32_t sum)
{
	for (unsigned i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* IPv4 to this station, TCP or UDP, payload to fill it up to len; all checksums right. */
static void
ip_make(uint8_t *f, unsigned len, uint8_t proto, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	unsigned at = L4 + (proto == 6 ? 16 : 6);

	memset(f, 0, len);
	memcpy(f, emm_if(&m)->if_lladdr, 6);
	f[6] = 2;
	store16(f + 12, BE16(0x0800));
	f[IPH] = 0x45;
	store16(f + IPH + 2, host_be16((uint16_t)(len - IPH)));
	f[IPH + 8] = 64;
	f[IPH + 9] = proto;
	store32(f + IPH + 12, host_be32(src));
	store32(f + IPH + 16, host_be32(dst));
	store16(f + IPH + 10, host_be16(checksum(f + IPH, 20, 0)));
	store16(f + L4, host_be16(sport));
	store16(f + L4 + 2, host_be16(dport));
	if (proto == 6)
		f[L4 + 12] = 0x50;
	else
		store16(f + L4 + 4, host_be16((uint16_t)(len - L4)));
	for (unsigned i = L4 + 20; i < len; i++)
		f[i] = (uint8_t)i;
	store16(f + at, host_be16(checksum(f + L4, len - L4, proto + (len - L4) + (src >> 16) + (src & 0xffff) + (dst >> 16) +
	    (dst & 0xffff))));
}

/* In; returns the core that it was handed up on. */
static unsigned
in(const uint8_t *f, unsigned len)
{
	unsigned before = ngot, core;

	CHECK_EQ(emm_rx(&m, f, len), EMM_TAKEN);
	run();
	CHECK_EQ(ngot - before, 1);
	CHECK_EQ(got.b_m[got.b_n - 1]->m_pktlen, len);
	core = got_core[got.b_n - 1];
	drop_got();
	return core;
}

static unsigned
udp_in(uint32_t src, uint32_t dst)
{
	uint8_t f[60];

	ip_make(f, sizeof(f), 17, src, dst, 1000, 2000);
	return in(f, sizeof(f));
}

/* A frame out of a core's own work. */
static void
out_on(unsigned core, unsigned seed)
{
	struct ifnet *ifp = emm_if(&m);
	struct batch b = { 0 };
	uint8_t f[60];
	struct mbuf *p;

	frame_make(f, sizeof(f), seed);
	host_core(core);
	CHECK((p = m_get()) != NULL && m_append(p, f, sizeof(f)));
	batch_add(&b, p);
	ifp->if_enqueue(ifp, &b);
	host_core(0);
}

static void
check_out(unsigned ring, unsigned seed)
{
	unsigned at = m.next % EMM_FRAMES, len;
	uint8_t f[60], *out = emm_tx(&m, &len);

	CHECK(out != NULL);
	CHECK_EQ(len, sizeof(f));
	frame_make(f, sizeof(f), seed);
	CHECK_MEM(out, f, sizeof(f));
	CHECK_EQ(m.rings[at], ring);
}

/* With the stack behind it, of which the key of software's steering is wanted. */
static void
stack(void)
{
	CHECK(net_init());
	for (unsigned i = 1; i < ncores; i++) {
		host_core(i);
		CHECK(net_core_init());
	}
	host_core(0);
	unit_allow(UNIT_POOLS);
}

static struct ifnet *
start_queues(unsigned want)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	CHECK_EQ(ifp->if_nqueues, want);
	return ifp;
}

/* ---- the model tells the truth ---- */

/* Known answers: those that the definition of RSS lists for its own example key, IPv4 with and without ports. */
TEST_CORES(em_rss_known_answers, 2)
{
	static const uint8_t key[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
		0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
		0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	uint32_t hash;
	uint8_t f[60];

	start_queues(2);
	for (unsigned i = 0; i < EM_RSSRK_WORDS; i++)
		m.reg[EM_RSSRK(i) / 4] = load32(key + 4 * i);
	ip_make(f, sizeof(f), 6, 0x420995bb, 0xa18e6450, 2794, 1766);
	emm_rss(&m, f, sizeof(f), &hash);
	CHECK_EQ(hash, 0x51ccc178);
	ip_make(f, sizeof(f), 17, 0x420995bb, 0xa18e6450, 2794, 1766);
	emm_rss(&m, f, sizeof(f), &hash);
	CHECK_EQ(hash, 0x323e8fc2);
	stop();
}

/* ---- two queues, two cores ---- */

TEST_CORES(em_queues_attach, 2)
{
	struct ifnet *ifp = start_queues(2);

	CHECK_IN(dmesg(), "em0 at pci0 dev 3 function 0 \"Intel 82574L\" rev 0x03: msix, 2 queues, address 52:54:00:00:00:0a\n");
	CHECK(ifp->if_rss && !ifp->if_steer);
	CHECK_EQ(m.irqs[0]->ir_core, 0);
	CHECK_EQ(m.irqs[1]->ir_core, 0);
	CHECK_EQ(m.irqs[2]->ir_core, 1);
	CHECK_EQ(m.rctl_writes, 1);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(emm_sc(&m)->sc_queues[i].eq_posted, EM_RING);
		CHECK_EQ(m.reg[EM_EITR(i + 1) / 4], 0);
		CHECK_EQ(percore_of(mbuf_pool, i).mp_total - percore_of(mbuf_pool, i).mp_nfree, EM_RING);
	}
	traffic(ifp, 600, 60);
	stop();
}

/* Each flow has a core, both ways; flows are on both; and what is not IP is core 0's. */
TEST_CORES(em_queues_receive, 2)
{
	struct ifnet *ifp = start_queues(2);
	unsigned on[2] = { 0, 0 };
	uint8_t f[60];

	for (unsigned i = 0; i < 1000; i++) {
		uint32_t src = unit_random(), dst = unit_random();
		uint16_t sport = (uint16_t)unit_random(), dport = (uint16_t)unit_random();
		unsigned core = udp_in(src, dst);

		CHECK_EQ(udp_in(dst, src), core);
		on[core]++;
		ip_make(f, sizeof(f), 6, src, dst, sport, dport);
		core = in(f, sizeof(f));
		ip_make(f, sizeof(f), 6, dst, src, dport, sport);
		CHECK_EQ(in(f, sizeof(f)), core);
	}
	CHECK(on[0] > 350 && on[1] > 350);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_packets, ngot_on[0]);
	CHECK_EQ(ifp->if_ifiqs[1].ifiq_packets, ngot_on[1]);
	CHECK(m.irqs[2]->ir_count > 0);
	receive(100, 60);
	CHECK_EQ(ngot_on[1], ifp->if_ifiqs[1].ifiq_packets);
	stop();
}

/* IPv6 likewise. */
TEST_CORES(em_queues_receive6, 2)
{
	unsigned on[2] = { 0, 0 };
	uint8_t f[80];

	start_queues(2);
	for (unsigned i = 0; i < 200; i++) {
		uint8_t a[32];
		unsigned core;

		for (unsigned k = 0; k < 32; k++)
			a[k] = (uint8_t)unit_random();
		memset(f, 0, sizeof(f));
		memcpy(f, emm_if(&m)->if_lladdr, 6);
		store16(f + 12, BE16(0x86dd));
		f[14] = 0x60;
		f[20] = i & 1 ? 6 : 17;
		memcpy(f + 22, a, 32);
		core = in(f, sizeof(f));
		memcpy(f + 22, a + 16, 16);
		memcpy(f + 38, a, 16);
		CHECK_EQ(in(f, sizeof(f)), core);
		on[core]++;
	}
	CHECK(on[0] > 60 && on[1] > 60);
	stop();
}

TEST_CORES(em_queues_transmit, 2)
{
	struct ifnet *ifp = start_queues(2);

	for (unsigned i = 0; i < 1000; i++) {
		out_on(i & 1, i);
		if (i % 8 == 7) {
			run();
			for (unsigned q = 0; q < 2; q++)
				for (unsigned k = i - 7 + q; k <= i; k += 2)
					check_out(q, k);
		}
	}
	CHECK_EQ(ifp->if_ifqs[0].ifq_packets, 500);
	CHECK_EQ(ifp->if_ifqs[1].ifq_packets, 500);
	stop();
}

/* What comes in on core 0 leaves on core 1: core 0 does not run out of mbufs. */
TEST_CORES(em_queues_across, 2)
{
	struct ifnet *ifp = start_queues(2);
	uint8_t f[60];

	frame_make(f, sizeof(f), 1);
	for (unsigned i = 0; i < 3000; i++) {
		struct batch b = { 0 };

		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
		run();
		CHECK_EQ(got.b_n, 1);
		batch_add(&b, got.b_m[0]);
		got.b_n = 0;
		host_core(1);
		ifp->if_enqueue(ifp, &b);
		host_core(0);
		run();
	}
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 0);
	m.next = m.nframes;
	stop();
}

/* Flows on both queues, while the interface goes down and up, changes its MTU and what it lets in. */
TEST_CORES(em_queues_updown, 2)
{
	struct ifnet *ifp = start_queues(2);
	uint8_t f[60];

	for (unsigned i = 0; i < 400; i++) {
		for (unsigned j = 0; j < 20; j++) {
			ip_make(f, sizeof(f), 17, unit_random(), unit_random(), 1, 2);
			emm_rx(&m, f, sizeof(f));
			out_on(j & 1, j);
			if (unit_below(4) == 0)
				host_pass(unit_below(2));
		}
		switch (i % 4) {
		case 0:
			CHECK(if_setup(ifp, false));
			drop_got();
			pools_are_full();
			CHECK(if_setup(ifp, true));
			break;
		case 1:
			CHECK(if_setmtu(ifp, 9000));
			break;
		case 2:
			CHECK(if_setmtu(ifp, 1500));
			break;
		default:
			if_setpromisc(ifp, i & 4);
		}
		drop_got();
	}
	run();
	drop_got();
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	m.next = m.nframes;
	traffic(ifp, 300, 100);
	stop();
}

TEST_CORES(em_queues_jumbo, 2)
{
	static uint8_t f[9014];
	struct ifnet *ifp = start_queues(2);

	CHECK(if_setmtu(ifp, 9000));
	run();
	for (unsigned i = 0; i < 300; i++) {
		ip_make(f, sizeof(f), i & 1 ? 6 : 17, unit_random(), unit_random(), 1, 2);
		in(f, sizeof(f));
	}
	CHECK(emm_sc(&m)->sc_queues[0].eq_chains > 100 && emm_sc(&m)->sc_queues[1].eq_chains > 100);
	stop();
}

/* ---- one of them fails ---- */

static void
queue_full(unsigned q)
{
	struct ifnet *ifp = start_queues(2);
	struct ifqueue *ifq = &ifp->if_ifqs[q], *other = &ifp->if_ifqs[1 - q];

	m.stalled = 1u << q;
	for (unsigned i = 0; i < 400; i++)
		out_on(q, i);
	run();
	CHECK(ifq->ifq_oactive && !other->ifq_oactive);
	CHECK_EQ(ifq->ifq_len, 400 - 255);
	for (unsigned i = 0; i < 300; i++) {
		out_on(1 - q, i);
		run();
		check_out(1 - q, i);
	}
	m.stalled = 0;
	emm_run_tx(&m);			/* its interrupt restarts the queue */
	run();
	CHECK(!ifq->ifq_oactive);
	for (unsigned i = 0; i < 400; i++)
		check_out(q, i);
	CHECK_EQ(ifq->ifq_errors + other->ifq_errors, 0);
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	stop();
}

TEST_CORES(em_queue_0_full, 2)	{ queue_full(0); }
TEST_CORES(em_queue_1_full, 2)	{ queue_full(1); }

/* Nothing leaves one queue: the whole card is reset, on core 0, once; then both work. */
static void
queue_stuck(unsigned q)
{
	struct ifnet *ifp = start_queues(2);

	m.stalled = 1u << q;
	for (unsigned i = 0; i < 10; i++)
		out_on(q, i);
	for (unsigned s = 0; s < 24; s++) {
		out_on(1 - q, s);
		host_run(250);
		check_out(1 - q, s);
		if (s == 15)
			CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	}
	CHECK_EQ(emm_sc(&m)->sc_watchdogs, 1);
	CHECK_EQ(emm_sc(&m)->sc_resets, 1);
	CHECK_EQ(ifp->if_ifqs[q].ifq_errors, 10);
	CHECK_EQ(ifp->if_ifqs[1 - q].ifq_errors, 0);
	CHECK_IN(dmesg(), "em0: watchdog timeout; descriptors not sent: 0xa\n");
	m.stalled = 0;
	for (unsigned i = 0; i < 600; i++) {
		out_on(i & 1, i);
		run();
		check_out(i & 1, i);
	}
	stop();
}

TEST_CORES(em_queue_0_stuck, 2)	{ queue_stuck(0); }
TEST_CORES(em_queue_1_stuck, 2)	{ queue_stuck(1); }

/* One vector does not come: that queue is polled, the other is not. */
TEST_CORES(em_queue_interrupt_lost, 2)
{
	struct em *sc;
	uint32_t src = 1;

	start_queues(2);
	sc = emm_sc(&m);
	while (udp_in(src, 9) != 1)
		src++;
	m.muted = 1u << 2;
	for (unsigned i = 0; i < 10; i++) {
		uint8_t f[60];

		ip_make(f, sizeof(f), 17, src, 9, 1, 2);
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
		host_run(250);
	}
	CHECK_IN(dmesg(), "em0:1: interrupts do not come, polling\n");
	CHECK(sc->sc_queues[1].eq_polling && !sc->sc_queues[0].eq_polling);
	CHECK_EQ(got_core[0], 1);
	drop_got();
	m.muted = 0;
	CHECK_EQ(udp_in(src, 9), 1);
	host_run(30);
	CHECK(!sc->sc_queues[1].eq_polling);
	stop();
}

#define LENDS_NONE	200u		/* free mbufs of a core that has none to spare for another, and none to ask for */
static struct mbuf *hoard[2];		/* by core */

static void
hoarded(unsigned core, struct mbuf *p)
{
	p->m_nextpkt = hoard[core];
	hoard[core] = p;
}

/* One queue has no mbufs: it loses frames, and counts them; the other loses none. */
TEST_CORES(em_queue_no_mbufs, 2)
{
	struct ifnet *ifp = start_queues(2);
	struct mbuf *p;
	uint8_t f[60];
	uint32_t src[2] = { 1, 1 };

	for (unsigned i = 0; i < 2; i++)
		while (udp_in(src[i], 9) != i)
			src[i]++;
	while (percore(mbuf_pool.mp_nfree) > LENDS_NONE)
		hoarded(0, m_get());
	host_core(1);
	while ((p = m_get()) != NULL)
		hoarded(1, p);
	host_core(0);
	for (unsigned i = 0; i < 500; i++) {
		ip_make(f, sizeof(f), 17, src[1], 9, 1, 2);
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
		CHECK_EQ(udp_in(src[0], 9), 0);
	}
	CHECK_EQ(ifp->if_ifiqs[1].ifiq_nombufs, 500);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 0);
	for (unsigned i = 0; i < 2; i++) {
		host_core(i);
		while ((p = hoard[i]) != NULL) {
			hoard[i] = p->m_nextpkt;
			m_free(p);
		}
	}
	host_core(0);
	CHECK_EQ(udp_in(src[1], 9), 1);
	stop();
}

/* The card counts for all; that counts once, whatever core asks. */
TEST_CORES(em_queues_card_counts, 3)
{
	struct ifnet *ifp = start_queues(2);
	struct out o;

	emm_count(&m, EM_CRCERRS, 3);
	host_run(500);
	emm_count(&m, EM_CRCERRS, 4);
	out_init(&o, NULL, NULL);
	emm_sc(&m)->sc_kstat.ks_read(&emm_sc(&m)->sc_kstat, &o);
	out_free(&o);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 7);
	CHECK_EQ(emm_sc(&m)->sc_stats[0], 7);
	stop();
}

/* ---- more cores than queues, fewer vectors ---- */

/* Two cores receive, and software takes the flows where they belong. */
TEST_CORES(em_queues_steered, 4)
{
	struct ifnet *ifp;
	unsigned on[4] = { 0 };

	stack();
	ifp = start_queues(2);
	CHECK(ifp->if_steer && !ifp->if_rss);
	for (unsigned i = 0; i < 500; i++) {
		uint32_t src = unit_random(), dst = unit_random();
		unsigned core = udp_in(src, dst);

		CHECK_EQ(udp_in(dst, src), core);
		on[core]++;
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK(on[i] > 70);
	CHECK(ifp->if_ifiqs[0].ifiq_packets > 300 && ifp->if_ifiqs[1].ifiq_packets > 300);
	for (unsigned i = 0; i < 400; i++) {
		out_on(i % 4, i);
		run();
		check_out(ifp->if_qmap[i % 4], i);
	}
	stop();
}

/* Cards take turns. */
TEST_CORES(em_queues_spread, 4)
{
	static struct emm cards[2];
	struct out o;

	pools(1024);
	for (unsigned i = 0; i < 2; i++) {
		emm_init(&cards[i], I82574);
		emm_attach(&cards[i]);
		CHECK_EQ(emm_if(&cards[i])->if_core, 2 * i);
		CHECK_EQ(cards[i].irqs[0]->ir_core, 0);
		CHECK_EQ(cards[i].irqs[1]->ir_core, 2 * i);
		CHECK_EQ(cards[i].irqs[2]->ir_core, 2 * i + 1);
		CHECK(if_setup(emm_if(&cards[i]), true));
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(percore_of(mbuf_pool, i).mp_total - percore_of(mbuf_pool, i).mp_nfree, EM_RING);
	/* The card's own counters are read on the core that adds them up. */
	emm_count(&cards[1], EM_CRCERRS, 5);
	out_init(&o, NULL, NULL);
	emm_sc(&cards[1])->sc_kstat.ks_read(&emm_sc(&cards[1])->sc_kstat, &o);
	out_free(&o);
	CHECK_EQ(emm_if(&cards[1])->if_ifiqs[0].ifiq_errors, 5);
	for (unsigned i = 0; i < 2; i++) {
		CHECK(if_setup(emm_if(&cards[i]), false));
		if_detach(emm_if(&cards[i]));
	}
	pools_are_full();
}

/* Not enough vectors for two: one queue, on any core. */
TEST_CORES(em_queues_two_vectors, 2)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	m.nmsix = 2;
	ifp = start();
	CHECK_IN(dmesg(), "msix, 1 queue, address");
	CHECK_EQ(ifp->if_nqueues, 1);
	CHECK(ifp->if_steer);
	traffic(ifp, 600, 60);
	stop();
}

/* No vector is left for the second: one queue, on core 0, by the line. */
TEST_CORES(em_queues_no_vector, 2)
{
	struct ifnet *ifp;
	unsigned n = 0;

	emm_init(&m, I82574);
	m.no_vector = 2;
	ifp = start();
	CHECK_IN(dmesg(), "\"Intel 82574L\" rev 0x03: irq 11, address");
	CHECK_EQ(ifp->if_nqueues, 1);
	CHECK(ifp->if_steer && !ifp->if_rss);
	CHECK_EQ(if_queue_core(ifp, 0), 0);
	for (const struct irq *ir = irq_list; ir != NULL && n < 5; ir = ir->ir_link)
		n++;
	CHECK_EQ(n, 1);				/* the vectors that there were are released */
	m.irqs[0] = m.irqs[1] = NULL;
	traffic(ifp, 600, 60);
	CHECK(m.intx->ir_count > 0);
	stop();
}

/* The line is core 0's, so is the queue; the other cores get their flows from it. */
TEST_CORES(em_82540_on_core_0, 3)
{
	struct ifnet *ifp;
	unsigned on[3] = { 0 };

	stack();
	emm_init(&m, I82540);
	ifp = start();
	CHECK_EQ(if_queue_core(ifp, 0), 0);
	for (unsigned i = 0; i < 300; i++) {
		uint32_t src = unit_random(), dst = unit_random();
		unsigned core = udp_in(src, dst);

		CHECK_EQ(udp_in(dst, src), core);
		on[core]++;
		out_on(i % 3, i);
		run();
		check_out(0, i);
	}
	CHECK(on[0] > 50 && on[1] > 50 && on[2] > 50);
	stop();
}

/* ---- lies ---- */

/* Frames come to the wrong ring: they are taken all the same. */
TEST_CORES(em_queues_rss_lies, 2)
{
	struct ifnet *ifp = start_queues(2);

	m.rss_lies = true;
	for (unsigned i = 0; i < 500; i++)
		udp_in(unit_random(), unit_random());
	receive(500, 60);
	CHECK(ngot_on[1] >= 500);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors + ifp->if_ifiqs[1].ifiq_errors, 0);
	stop();
}

/* Gone for a while with frames in both rings, then back. */
TEST_CORES(em_queues_absent, 2)
{
	struct ifnet *ifp = start_queues(2);

	for (unsigned i = 0; i < 20; i++)
		out_on(i & 1, i);
	m.dead = true;
	run();
	host_run(3000);
	CHECK(!emm_sc(&m)->sc_alive);
	drop_got();
	CHECK_EQ(mbuf_used(), 0);
	pools_are_full();
	m.dead = false;
	host_run(1500);
	m.next = m.nframes;
	for (unsigned i = 0; i < 100; i++)
		udp_in(unit_random(), unit_random());
	traffic(ifp, 300, 60);
	stop();
}

/* The second ring says what cannot be; the first goes on. */
TEST_CORES(em_queues_lie_descriptors, 2)
{
	struct ifnet *ifp = start_queues(2);
	struct em_queue *eq = &emm_sc(&m)->sc_queues[1];
	static const unsigned lens[] = { 0, MCLBYTES - MHEADROOM + 1, 2048, 65535 };

	for (unsigned i = 0; i < nitems(lens); i++) {
		CHECK(emm_word_of(&m, 1, emm_make(&m, lens[i], RXS_DD | RXS_EOP, 0)));
		run();
		CHECK_EQ(eq->eq_badlens, i + 1);
	}
	CHECK(emm_word_of(&m, 1, ~0ull));
	run();
	CHECK_EQ(ifp->if_ifiqs[1].ifiq_errors, nitems(lens) + 1);
	CHECK_EQ(ngot, 0);
	for (unsigned i = 0; i < 600; i++)
		udp_in(unit_random(), unit_random());
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	stop();
}

/* A field that should be nought (VLAN tags are not taken off) costs nothing but time. */
TEST_CORES(em_queues_tag, 2)
{
	start_queues(2);
	CHECK(emm_word_of(&m, 1, emm_make(&m, 60, RXS_DD | RXS_EOP, 0) | 0x1234ull << 48));
	run();
	CHECK_EQ(ngot, 1);
	CHECK_EQ(got.b_m[0]->m_pktlen, 60);
	stop();
}

/* ---- checksums ---- */

static unsigned
csum_in(const uint8_t *f, unsigned len)
{
	unsigned before = ngot, csum;

	CHECK_EQ(emm_rx(&m, f, len), EMM_TAKEN);
	run();
	CHECK_EQ(ngot - before, 1);
	csum = got.b_m[0]->m_csum;
	drop_got();
	return csum;
}

static void
checksums(uint16_t device)
{
	static uint8_t f[9014];
	struct ifnet *ifp;

	emm_init(&m, device);
	ifp = start();
	for (unsigned proto = 6; proto <= 17; proto += 11)
		for (unsigned len = 60; len < 1500; len += 97) {
			ip_make(f, len, (uint8_t)proto, unit_random(), unit_random(), 1, 2);
			CHECK_EQ(csum_in(f, len), M_CSUM_L4_OK);
			f[len - 1] ^= 1;
			CHECK_EQ(csum_in(f, len), 0);		/* handed up: who looks, counts it */
			f[len - 1] ^= 1;
			f[IPH + 8]--;				/* IP's is wrong */
			CHECK_EQ(csum_in(f, len), 0);
		}
	ip_make(f, 60, 1, 1, 2, 3, 4);
	CHECK_EQ(csum_in(f, 60), 0);
	frame_make(f, 60, 1);
	CHECK_EQ(csum_in(f, 60), 0);
	CHECK(if_setmtu(ifp, 9000));
	run();
	ip_make(f, 9014, 17, 1, 2, 3, 4);
	CHECK_EQ(csum_in(f, 9014), M_CSUM_L4_OK);
	f[5000]++;
	CHECK_EQ(csum_in(f, 9014), 0);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 0);
	stop();
}

TEST(em_checksums_82540)	{ checksums(I82540); }
TEST(em_checksums_82574)	{ checksums(I82574); }

/* [S] 3.2.3.1: with "ignore checksum" the rest of the flags say nothing. */
TEST(em_checksums_ignored)
{
	emm_init(&m, I82540);
	start();
	CHECK(emm_word(&m, emm_make(&m, 60, RXS_DD | RXS_EOP | RXS_IXSM | RXS_L4CS, 0)));
	run();
	CHECK_EQ(ngot, 1);
	CHECK_EQ(got.b_m[0]->m_csum, 0);
	stop();
}
