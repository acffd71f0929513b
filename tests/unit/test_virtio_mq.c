/* test_virtio_mq.c - vio(4) with several cores: cards and queue pairs spread over them, multiqueue and RSS, honest and lying. */
#include <string.h>

#include "kernel/log.h"
#include "kernel/loop.h"
#include "net/core/net_init.h"
#include "tests/unit/virtio_model.h"

#define PAIRS_OF(n)	((1u << (n)) - 1)

static struct vm vm, other;
static unsigned ngot[MAXCORES];		/* frames that came up, by core */
static uint8_t last[MAXCORES];		/* byte 20 of the last of them */

static void
sink(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		ngot[core_id()]++;
		last[core_id()] = b->b_m[i]->m_data[20];
		m_freem(b->b_m[i]);
	}
}

static void
run(void)
{
	while (host_passes())
		continue;
}

static const char *
dmesg(void)
{
	static char buf[65536];
	uint64_t pos = 0;

	buf[log_read(&pos, buf, sizeof(buf) - 1)] = '\0';
	return buf;
}

static void
boot(void)
{
	unit_allow(UNIT_POOLS);
	CHECK(net_init());
	for (unsigned i = 1; i < ncores; i++) {
		host_core(i);
		CHECK(net_core_init());
	}
	host_core(0);
}

static struct ifnet *
attach(struct vm *v)
{
	struct ifnet *ifp;

	vm_attach(v);
	ifp = vm_if(v);
	CHECK(ifp != NULL);
	ifp->if_input = sink;
	CHECK(if_setup(ifp, true));
	run();
	return ifp;
}

static struct ifnet *
start(void)
{
	boot();
	return attach(&vm);
}

/* A frame that is no IP: it stays on the core of its queue. */
static bool
receive(struct vm *v, unsigned pair, uint8_t mark)
{
	uint8_t f[60] = { [12] = 0x12, [13] = 0x34, [20] = mark };

	return vm_rx_on(v, pair, f, sizeof(f));
}

static void
transmit(struct ifnet *ifp, unsigned core, uint8_t mark)
{
	uint8_t f[60] = { [20] = mark };
	struct batch b = { 0 };
	struct mbuf *m;

	host_core(core);
	CHECK((m = m_get()) != NULL);
	CHECK(m_append(m, f, sizeof(f)));
	batch_add(&b, m);
	ifp->if_enqueue(ifp, &b);
	percore(loop_wake) = true;
	host_core(0);
}

/* Each of n pairs receives, on its own core; and each core sends, by its own pair where it has one. */
static void
traffic(struct vm *v, unsigned n)
{
	struct ifnet *ifp = vm_if(v);
	static uint8_t mark;
	unsigned len;

	for (unsigned round = 0; round < 300; round++)
		for (unsigned i = 0; i < n; i++) {
			unsigned core = if_queue_core(ifp, i), before = ngot[core];

			CHECK(receive(v, i, ++mark));
			run();
			CHECK_EQ(ngot[core], before + 1);
			CHECK_EQ(last[core], mark);
		}
	for (unsigned round = 0; round < 300; round++)
		for (unsigned i = 0; i < ncores; i++) {
			uint8_t *f;

			transmit(ifp, i, ++mark);
			run();
			CHECK((f = vm_tx(v, &len)) != NULL);
			CHECK_EQ(f[20], mark);
			CHECK_EQ(vm_tx_pair(v), ifp->if_qmap[i]);
			if (n == ncores)
				CHECK_EQ(if_queue_core(ifp, vm_tx_pair(v)), i);
		}
	CHECK(vm_tx(v, &len) == NULL);
}

static void
stop(struct vm *v)
{
	struct ifnet *ifp = vm_if(v);

	host_run(500);
	CHECK(if_setup(ifp, false));
	if_detach(ifp);
}

static void
end(void)
{
	stop(&vm);
	CHECK_EQ(mbuf_used(), 0);
}

/* ---- honest devices ---- */

TEST_CORES(vio_mq, 4)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	ifp = start();
	CHECK_IN(dmesg(), "\nvio0 at virtio0: msix, 4 queues, address 52:54:00:00:00:0a\nvirtio0: msix per-VQ\n");
	CHECK_EQ(ifp->if_nqueues, 4);
	CHECK(ifp->if_rss && !ifp->if_steer);
	CHECK_EQ(vm.active, 4);
	for (unsigned i = 0; i < 8; i++) {
		CHECK_EQ(vm.q[i].vector, i + 1);
		CHECK_EQ(vm.irqs[i + 1]->ir_core, i / 2);
	}
	CHECK_EQ(vm.irqs[0]->ir_core, 0);
	traffic(&vm, 4);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(ifp->if_ifiqs[i].ifiq_packets, 300);
		CHECK(ifp->if_ifqs[i].ifq_packets >= 300);
	}
	end();
}

TEST_CORES(vio_mq_legacy, 2)
{
	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm.legacy = true;
	vm.offered &= 0xffffffff;
	start();
	CHECK_EQ(vm.active, 2);
	traffic(&vm, 2);
	end();
}

TEST_CORES(vio_mq_more_pairs_than_cores, 2)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 8);
	ifp = start();
	CHECK_EQ(ifp->if_nqueues, 2);
	CHECK(!ifp->if_steer);
	CHECK_EQ(vm.active, 2);
	traffic(&vm, 2);
	end();
}

/* Two cards with two pairs each: four cores receive, and software spreads the flows. */
TEST_CORES(vio_mq_fewer_pairs_than_cores, 4)
{
	struct ifnet *ifp, *ifp2;

	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm_init(&other);
	vm_pairs(&other, 2);
	ifp = start();
	ifp2 = attach(&other);
	CHECK(ifp->if_steer && ifp2->if_steer);
	CHECK_EQ(ifp->if_core, 0);
	CHECK_EQ(ifp2->if_core, 2);
	traffic(&vm, 2);
	traffic(&other, 2);
	CHECK_EQ(other.irqs[3]->ir_core, 3);
	stop(&other);
	end();
}

TEST_CORES(vio_spread, 2)
{
	struct ifnet *ifp, *ifp2;

	vm_init(&vm);
	vm_init(&other);
	ifp = start();
	ifp2 = attach(&other);
	CHECK(ifp->if_steer);
	CHECK_EQ(if_queue_core(ifp, 0), 0);
	CHECK_EQ(if_queue_core(ifp2, 0), 1);
	CHECK_EQ(other.irqs[1]->ir_core, 1);
	CHECK_EQ(other.irqs[0]->ir_core, 0);
	traffic(&vm, 1);
	traffic(&other, 1);
	stop(&other);
	end();
}

/* A line's interrupt comes in on core 0. */
TEST_CORES(vio_mq_intx, 2)
{
	struct ifnet *ifp2;

	vm_init(&vm);
	vm_init(&other);
	vm_pairs(&other, 2);
	vm.nmsix = other.nmsix = 0;
	start();
	ifp2 = attach(&other);
	CHECK_EQ(ifp2->if_nqueues, 1);
	CHECK_EQ(if_queue_core(ifp2, 0), 0);
	CHECK(!(other.features & VIRTIO_NET_F_MQ));
	traffic(&vm, 1);
	traffic(&other, 1);
	stop(&other);
	end();
}

TEST_CORES(vio_mq_one_core, 1)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	CHECK_EQ(start()->if_nqueues, 1);
	CHECK(!(vm.features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)));
	traffic(&vm, 1);
	end();
}

/* ---- RSS ---- */

/* The same pair both ways, and each pair its share. */
static void
check_symmetric(unsigned npairs, bool ports)
{
	unsigned share[VM_PAIRS] = { 0 };

	for (unsigned i = 0; i < 4000; i++) {
		uint8_t f[64], back[64];
		unsigned pair;

		for (unsigned j = 0; j < sizeof(f); j++)
			f[j] = (uint8_t)unit_random();
		memcpy(back, f, sizeof(f));
		memcpy(back + 26, f + 30, 4);
		memcpy(back + 30, f + 26, 4);
		memcpy(back + 34, f + 36, 2);
		memcpy(back + 36, f + 34, 2);
		pair = vm_rss(&vm, f, ports);
		CHECK_EQ(vm_rss(&vm, back, ports), pair);
		CHECK(pair < npairs);
		share[pair]++;
	}
	for (unsigned i = 0; i < npairs; i++)
		CHECK(share[i] > 4000 / npairs * 3 / 4);
}

TEST_CORES(vio_rss, 4)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	ifp = start();
	CHECK(vm.rss && ifp->if_rss && !ifp->if_steer);
	CHECK_EQ(vm.active, 4);
	CHECK_EQ(vm.rss_types, 0x3f);
	check_symmetric(4, true);
	check_symmetric(4, false);
	traffic(&vm, 4);
	end();
}

TEST_CORES(vio_rss_small_table, 3)
{
	vm_init(&vm);
	vm_pairs(&vm, 3);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm.config.rss_max_indirection_table_length = 100;	/* less than 5.1.4.1 promises */
	start();
	CHECK(vm.rss);
	CHECK_EQ(vm.rss_mask, 63);
	CHECK(vm_if(&vm)->if_rss == NULL && vm_if(&vm)->if_steer);	/* other cards have more */
	check_symmetric(3, true);
	traffic(&vm, 3);
	end();
}

/* What it offers is of no use: then it chooses itself. */
static void
rss_useless(void)
{
	start();
	CHECK(!(vm.features & VIRTIO_NET_F_RSS) && !vm.rss);
	CHECK_EQ(vm.active, 4);
	traffic(&vm, 4);
	end();
}

TEST_CORES(vio_rss_short_key, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm.config.rss_max_key_size = 39;
	rss_useless();
}

TEST_CORES(vio_rss_tiny_table, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm.config.rss_max_indirection_table_length = 3;
	rss_useless();
}

TEST_CORES(vio_rss_no_addresses, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm.config.supported_hash_types = 0x36;
	rss_useless();
}

TEST_CORES(vio_rss_refused, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm.refuse_rss = true;
	start();
	CHECK(!vm.rss);
	CHECK_STR(vm_if(&vm)->if_rss, "virtio MQ");
	CHECK(!vm_if(&vm)->if_steer);
	CHECK_EQ(vm.active, 4);
	traffic(&vm, 4);
	end();
}

/* One card hashes as it is told, the other as it likes: software decides for both, until they agree. */
TEST_CORES(vio_rss_beside_mq, 2)
{
	struct ifnet *ifp, *ifp2;

	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm.offered |= VIRTIO_NET_F_RSS;
	vm_init(&other);
	vm_pairs(&other, 2);
	other.offered |= VIRTIO_NET_F_RSS;
	other.refuse_rss = true;
	ifp = start();
	ifp2 = attach(&other);
	CHECK_STR(ifp->if_rss, "virtio RSS");
	CHECK(ifp->if_steer && ifp2->if_steer);
	traffic(&vm, 2);
	traffic(&other, 2);
	other.refuse_rss = false;
	CHECK(if_setup(ifp2, false) && if_setup(ifp2, true));
	CHECK(!ifp->if_steer && !ifp2->if_steer);
	stop(&other);
	end();
}

/* A ring that has run dry: the doorbells of all pairs ring, as frames may wait behind any. */
TEST_CORES(vio_rss_dry, 2)
{
	unsigned before;

	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm.offered |= VIRTIO_NET_F_RSS;
	start();
	traffic(&vm, 2);
	before = vm.q[2].notified;
	while (receive(&vm, 0, 1))
		continue;
	run();
	CHECK(vm.q[2].notified > before);
	traffic(&vm, 2);
	end();
}

/* ---- the device refuses, or has less than it says ---- */

static void
one_queue(void)
{
	struct ifnet *ifp = vm_if(&vm);

	CHECK_EQ(vm.active, 1);
	CHECK(ifp->if_steer);
	traffic(&vm, 1);
}

TEST_CORES(vio_mq_refused, 4)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.refuse_pairs = true;
	ifp = start();
	CHECK_IN(dmesg(), "vio0: the device refuses 4 queues, one is used\n");
	one_queue();
	vm.refuse_pairs = false;
	CHECK(if_setup(ifp, false) && if_setup(ifp, true));
	CHECK_EQ(vm.active, 4);
	CHECK(!ifp->if_steer);
	traffic(&vm, 4);
	/* What waits in queues that are in use no more is counted. */
	vm.stalled = true;
	for (unsigned i = 0; i < 300; i++)
		transmit(ifp, 2, 1);
	run();
	CHECK_EQ(ifp->if_ifqs[2].ifq_len, 300 - 256);
	vm.refuse_pairs = true;
	vm.config.status = 0;
	vm.status |= VIRTIO_STATUS_NEEDS_RESET;
	vm_link(&vm, false);
	host_run(300);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 1);
	CHECK_EQ(ifp->if_ifqs[2].ifq_purged, 300 - 256);
	CHECK_EQ(ifp->if_ifqs[2].ifq_errors, 256);
	vm.stalled = false;
	vm_link(&vm, true);
	run();
	one_queue();
	end();
}

TEST_CORES(vio_mq_control_silent, 2)
{
	uint64_t t;

	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm.silent_ctrl = true;
	boot();
	t = host.now;
	attach(&vm);
	CHECK(host.now - t < 1000000000);
	one_queue();
	end();
}

/* The control queue stands behind all pairs, or is not there at all. */
static void
says(unsigned pairs, unsigned nqueues, bool agreed)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.config.max_virtqueue_pairs = (uint16_t)pairs;
	vm.nqueues = nqueues;
	CHECK_EQ(start()->if_nqueues, 1);
	CHECK_EQ(!!(vm.features & VIRTIO_NET_F_MQ), agreed);
	one_queue();
	end();
}

TEST_CORES(vio_mq_says_more, 4)		{ says(4, 5, true); }
TEST_CORES(vio_mq_says_many, 4)		{ says(0x7fff, 9, true); }
TEST_CORES(vio_mq_says_too_many, 4)	{ says(0x8000, 9, false); }
TEST_CORES(vio_mq_says_all_ones, 4)	{ says(0xffff, 9, false); }
TEST_CORES(vio_mq_says_one, 4)		{ says(1, 3, false); }
TEST_CORES(vio_mq_says_none, 4)		{ says(0, 3, false); }

/* It has a control queue, but not all pairs before that. */
TEST_CORES(vio_mq_missing_pair, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.q[5].max = 0;
	CHECK_EQ(start()->if_nqueues, 2);
	CHECK_IN(dmesg(), "vio0: only 2 of 4 queue pairs can be had\n");
	CHECK_EQ(vm.active, 2);
	CHECK(vm_if(&vm)->if_steer);
	traffic(&vm, 2);
	end();
}

TEST_CORES(vio_mq_without_control_queue, 2)
{
	vm_init(&vm);
	vm_pairs(&vm, 2);
	vm.offered &= ~VIRTIO_NET_F_CTRL_VQ;
	CHECK_EQ(start()->if_nqueues, 1);
	CHECK(!(vm.features & VIRTIO_NET_F_MQ));
	one_queue();
	end();
}

/* ---- fewer vectors than queues ---- */

static void
vectors(unsigned of_device, unsigned of_machine, const char *how)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.nmsix = of_device;
	vm.no_vectors = of_machine;
	start();
	CHECK_IN(dmesg(), how);
	traffic(&vm, 4);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(vm_sc(&vm)->sc_pairs[i].vp_lostintrs, 0);
	CHECK(vm.interrupts > 0);
	end();
}

TEST_CORES(vio_mq_9_vectors, 4)		{ vectors(9, 0, "virtio0: msix per-VQ\n"); }
TEST_CORES(vio_mq_8_vectors, 4)		{ vectors(8, 0, "virtio0: msix shared\n"); }
TEST_CORES(vio_mq_5_vectors, 4)		{ vectors(5, 0, "virtio0: msix shared\n"); }
TEST_CORES(vio_mq_4_vectors, 4)		{ vectors(4, 0, "virtio0: msix shared\n"); }
TEST_CORES(vio_mq_2_vectors, 4)		{ vectors(2, 0, "virtio0: msix shared\n"); }
TEST_CORES(vio_mq_machine_short, 4)	{ vectors(10, 4, "virtio0: msix shared\n"); }
TEST_CORES(vio_mq_machine_none, 4)	{ vectors(10, 1, "virtio0: irq 11\n"); }

/* A vector for each pair, on its core, where there are as many. */
TEST_CORES(vio_mq_vector_per_pair, 4)
{
	vm_init(&vm);
	vm_pairs(&vm, 4);
	vm.nmsix = 5;
	start();
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(vm.irqs[vm.q[i].vector]->ir_core, i / 2);
	traffic(&vm, 4);
	end();
}

/* ---- one pair breaks ---- */

TEST_CORES(vio_mq_broken_pair, 4)
{
	struct vio *sc;
	unsigned before;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	start();
	sc = vm_sc(&vm);
	traffic(&vm, 4);
	for (unsigned round = 0; round < 20; round++)
		for (unsigned pair = 0; pair < 4; pair++) {
			unsigned good = (pair + 1 + unit_below(3)) % 4;

			vm_use(&vm, 2 * pair, 999, 72);
			run();
			CHECK_EQ(sc->sc_pairs[pair].vp_badrings, round + 1);
			/* The others go on until core 0 resets the device, */
			before = ngot[good];
			CHECK(receive(&vm, good, 1));
			run();
			CHECK_EQ(ngot[good], before + 1);
			/* and what they have then is not lost without a count. */
			for (unsigned i = 0; i < 5; i++)
				CHECK(receive(&vm, good, 1));
			host_run(300);
			CHECK_EQ(ngot[good], before + 6);
			CHECK_EQ(sc->sc_resets, round * 4 + pair + 1);
			CHECK(receive(&vm, pair, 1));
			run();
		}
	traffic(&vm, 4);
	end();
}

TEST_CORES(vio_mq_watchdog_of_a_pair, 4)
{
	struct ifnet *ifp;
	struct vio *sc;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	ifp = start();
	sc = vm_sc(&vm);
	vm.stalled_pairs = 1 << 2;
	for (unsigned i = 0; i < 10; i++)
		transmit(ifp, 2, 1);
	run();
	host_run(4000);
	CHECK_EQ(sc->sc_resets, 0);
	host_run(2000);
	CHECK_EQ(sc->sc_pairs[2].vp_watchdogs, 1);
	CHECK_EQ(sc->sc_resets, 1);
	CHECK_EQ(ifp->if_ifqs[2].ifq_errors, 10);
	vm.stalled_pairs = 0;
	traffic(&vm, 4);
	end();
}

TEST_CORES(vio_mq_interrupts_never_come, 3)
{
	unsigned before[3];

	vm_init(&vm);
	vm_pairs(&vm, 3);
	start();
	vm.mute = true;
	memcpy(before, ngot, sizeof(before));
	for (unsigned i = 0; i < 3; i++)
		CHECK(receive(&vm, i, 1));
	host_run(1000);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(ngot[i], before[i] + 1);
		CHECK(vm_sc(&vm)->sc_pairs[i].vp_polling);
	}
	vm_link(&vm, false);
	host_run(30);				/* core 0 looks as often as they */
	CHECK_EQ(vm_if(&vm)->if_link_state, LINK_STATE_DOWN);
	vm.mute = false;
	vm_link(&vm, true);
	for (unsigned i = 0; i < 3; i++)
		CHECK(receive(&vm, i, 1));
	host_run(30);
	for (unsigned i = 0; i < 3; i++)
		CHECK(!vm_sc(&vm)->sc_pairs[i].vp_polling);
	traffic(&vm, 3);
	end();
}

TEST_CORES(vio_mq_updown, 4)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	ifp = start();
	for (unsigned i = 0; i < 200; i++) {
		vm.stalled = unit_below(2);
		for (unsigned j = unit_below(40); j > 0; j--) {
			CHECK(receive(&vm, unit_below(4), 1));
			transmit(ifp, unit_below(4), 1);
			if (unit_below(4) == 0)
				host_pass(unit_below(4));
		}
		CHECK(if_setup(ifp, false));
		CHECK_EQ(mbuf_used(), 0);
		run();
		CHECK(!receive(&vm, unit_below(4), 1));
		CHECK(if_setup(ifp, true));
	}
	vm.stalled = false;
	run();
	vm.next = vm.nframes;
	traffic(&vm, 4);
	end();
}

/* Anything at all in the rings of all pairs, in any order of the cores. */
TEST_CORES(vio_mq_fuzz_rings, 4)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm_pairs(&vm, 4);
	ifp = start();
	for (unsigned i = 0; i < 20000; i++) {
		unsigned q = unit_below(8);
		int id = unit_below(4) != 0 && vm.q[q].enabled ? vm_take(&vm, q) : (int)unit_below(600);

		if (unit_below(4) == 0)
			transmit(ifp, unit_below(4), 1);
		if (id >= 0 && id < 256 && (q & 1) == 0 && unit_below(2) && vm.q[q].enabled && vm_buffer(&vm, q, id) != NULL)
			store16(vm_buffer(&vm, q, id) + VIO_HDR_SHORT, (uint16_t)unit_below(4));
		if (vm.q[q].enabled && id >= 0)
			vm_use(&vm, q, (uint32_t)id, unit_below(8) ? unit_below(2100) : unit_random());
		if (unit_below(50) == 0)
			vm.q[q].used_idx += (uint16_t)unit_below(300);
		vm.stalled_pairs = unit_random() & PAIRS_OF(4);
		vm.refuse_pairs = unit_below(8) == 0;
		if (unit_below(2) == 0)
			host_pass(unit_below(4));
		if (unit_below(10) == 0)
			host_run(260);
	}
	vm.stalled_pairs = 0;
	vm.refuse_pairs = false;
	vm_use(&vm, 4, 9999, 1);
	run();
	host_run(1000);
	vm.next = vm.nframes;
	traffic(&vm, 4);
	CHECK(vm_sc(&vm)->sc_resets > 10);
	end();
}
