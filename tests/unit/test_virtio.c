/* test_virtio.c - vio(4) against the device model, honest and lying. */
#include <stdio.h>
#include <string.h>

#include "kernel/log.h"
#include "kernel/loop.h"
#include "net/core/net_init.h"
#include "tests/unit/virtio_model.h"

static struct vm vm;
static struct batch got;		/* the last frames that the driver handed up */
static unsigned ngot;

/* In place of ether_input: keeps the last batch's worth. */
static void
sink(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		if (got.b_n == BATCH_MAX) {
			m_freem(got.b_m[0]);
			memmove(&got.b_m[0], &got.b_m[1], (BATCH_MAX - 1) * sizeof(got.b_m[0]));
			got.b_n--;
		}
		got.b_m[got.b_n++] = b->b_m[i];
		ngot++;
	}
}

static void
drop_got(void)
{
	for (unsigned i = 0; i < got.b_n; i++)
		m_freem(got.b_m[i]);
	got.b_n = 0;
}

static void
run(void)
{
	while (loop_pass())
		;
}

static struct ifnet *
start(void)
{
	struct ifnet *ifp;

	if (mbuf_used() == 0 && percore(mbuf_pool.mp_total) == 0)
		CHECK(mbuf_init(2048));
	vm_attach(&vm);
	ifp = vm_if(&vm);
	CHECK(ifp != NULL);
	ifp->if_input = sink;
	CHECK(if_setup(ifp, true));
	run();
	CHECK(vm_tx(&vm, &(unsigned){ 0 }) == NULL);
	return ifp;
}

static void
stop(void)
{
	struct ifnet *ifp = vm_if(&vm);
	uint32_t held;

	drop_got();
	host_run(500);
	CHECK_EQ(mbuf_used(), vm_sc(&vm)->sc_pairs[0].vp_posted);
	CHECK(if_setup(ifp, false));
	held = mbuf_used();
	CHECK_EQ(held, 0);
	if_detach(ifp);
}

static void
frame_make(uint8_t *f, unsigned len, unsigned seed)
{
	for (unsigned i = 0; i < len; i++)
		f[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

static void
check_got(struct mbuf *m, unsigned len, unsigned seed)
{
	static uint8_t want[VM_FRAME], have[VM_FRAME];
	unsigned sum = 0;

	CHECK_EQ(m->m_pktlen, len);
	for (struct mbuf *n = m; n != NULL; n = n->m_next)
		sum += n->m_len;
	CHECK_EQ(sum, len);
	CHECK(m->m_data - m->m_buf >= MHEADROOM);
	frame_make(want, len, seed);
	m_copydata(m, 0, len, have);
	CHECK_MEM(have, want, len);
}

/* n frames in, each checked; then the same out. */
static void
traffic(struct ifnet *ifp, unsigned n, unsigned len)
{
	static uint8_t f[VM_FRAME], *out;
	unsigned outlen, before = ngot;
	struct batch b;

	for (unsigned i = 0; i < n; i++) {
		frame_make(f, len, i);
		CHECK(vm_rx(&vm, f, len));
		if (i % 7 == 6 || i + 1 == n)
			run();
		if (ngot - before == i + 1)
			check_got(got.b_m[got.b_n - 1], len, i);
	}
	CHECK_EQ(ngot - before, n);
	drop_got();
	for (unsigned i = 0; i < n; i++) {
		struct mbuf *m = m_get();

		CHECK(m != NULL);
		frame_make(f, len, i);
		CHECK(m_append(m, f, len));
		b.b_n = 0;
		batch_add(&b, m);
		ifp->if_enqueue(ifp, &b);
		if (i % 5 == 4 || i + 1 == n)
			run();
	}
	for (unsigned i = 0; i < n; i++) {
		CHECK((out = vm_tx(&vm, &outlen)) != NULL);
		frame_make(f, len, i);
		CHECK_EQ(outlen, len);
		CHECK_MEM(out, f, len);
	}
	CHECK(vm_tx(&vm, &outlen) == NULL);
}

static const char *
dmesg(void)
{
	static char buf[65536];
	uint64_t pos = 0;

	buf[log_read(&pos, buf, sizeof(buf) - 1)] = '\0';
	return buf;
}

/* ---- honest devices ---- */

TEST(vio_modern)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	CHECK_IN(dmesg(), "virtio0 at pci0 dev 3 function 0 \"Qumranet Virtio Network\" rev 0x00\n"
	    "vio0 at virtio0: msix, 1 queue, address 52:54:00:00:00:0a\nvirtio0: msix per-VQ\n");
	CHECK_EQ(ifp->if_link_state, LINK_STATE_UP);
	CHECK(vm.features & VIRTIO_F_VERSION_1);
	CHECK(!vm.promisc && !vm.allmulti);
	traffic(ifp, 1000, 60);
	traffic(ifp, 100, 1514);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 0);
	CHECK(vm.interrupts > 0);
	stop();
}

TEST(vio_legacy_intx)
{
	vm_init(&vm);
	vm.legacy = true;
	vm.nmsix = 0;
	vm.offered &= 0xffffffff & ~(VIRTIO_F_EVENT_IDX | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_F_INDIRECT_DESC);
	traffic(start(), 600, 64);
	CHECK_IN(dmesg(), "virtio0: legacy, irq 11\n");
	CHECK(vm.interrupts > 0);
	stop();
}

TEST(vio_legacy_header_apart)
{
	vm_init(&vm);
	vm.legacy = true;
	vm.offered &= 0xffffffff & ~VIRTIO_F_ANY_LAYOUT;
	traffic(start(), 600, 64);
	CHECK(vm_sc(&vm)->sc_pairs[0].vp_indirects >= 600);
	stop();
}

TEST(vio_too_old)
{
	CHECK(mbuf_init(2048));
	vm_init(&vm);
	vm.legacy = true;
	vm.offered &= 0xffffffff & ~(VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC);
	vm_attach(&vm);
	CHECK(vm_if(&vm) == NULL);
	CHECK_IN(dmesg(), "virtio0: the device is too old: it has not ANY_LAYOUT or INDIRECT_DESC\n");
}

TEST(vio_shared_vector)
{
	vm_init(&vm);
	vm.nmsix = 2;
	traffic(start(), 300, 64);
	CHECK_IN(dmesg(), "virtio0: msix shared\n");
	stop();
}

TEST(vio_jumbo)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	CHECK(if_setmtu(ifp, 9000));
	traffic(ifp, 100, 9014);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_merged, 100);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_indirects, 100);
	stop();
}

TEST(vio_mtu_of_device)
{
	vm_init(&vm);
	vm.offered |= VIRTIO_NET_F_MTU;
	vm.config.mtu = 1400;
	CHECK_EQ(start()->if_mtu, 1400);
	CHECK(!if_setmtu(vm_if(&vm), 1401));
	stop();
}

/* Clones share their buffer: the header must not be written into it. */
static void
send_clone(struct ifnet *ifp)
{
	struct mbuf *m = m_get(), *c;
	struct batch b = { 0 };
	uint8_t *out, mark[MHEADROOM];
	unsigned len;

	CHECK(m != NULL);
	memset(m->m_buf, 0x5a, MHEADROOM);
	memset(mark, 0x5a, sizeof(mark));
	CHECK(m_append(m, "abcdefghijklmnop", 16));
	CHECK((c = m_clone(m)) != NULL);
	batch_add(&b, c);
	ifp->if_enqueue(ifp, &b);
	run();
	CHECK((out = vm_tx(&vm, &len)) != NULL);
	CHECK_EQ(len, 16);
	CHECK_MEM(out, "abcdefghijklmnop", 16);
	CHECK_MEM(m->m_buf, mark, sizeof(mark));
	m_freem(m);
}

TEST(vio_clone)
{
	vm_init(&vm);
	send_clone(start());
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_indirects, 1);
	stop();
}

TEST(vio_clone_without_indirect)
{
	vm_init(&vm);
	vm.offered &= ~VIRTIO_F_INDIRECT_DESC;
	send_clone(start());
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_copies, 1);
	stop();
}

TEST(vio_transmit_out_of_order)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm.q[1].reverse = 5;
	ifp = start();
	for (int i = 0; i < 20; i++)
		traffic(ifp, 100, 64);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 0);
	stop();
}

TEST(vio_receive_out_of_order)
{
	struct ifnet *ifp;
	uint8_t f[VIO_HDR + 60] = { 0 };
	int ids[3];

	vm_init(&vm);
	ifp = start();
	store16(f + VIO_HDR_SHORT, 1);
	for (unsigned round = 0; round < 400; round++) {
		for (int i = 0; i < 3; i++)
			CHECK((ids[i] = vm_take(&vm, 0)) >= 0);
		for (int i = 2; i >= 0; i--) {
			f[VIO_HDR] = (uint8_t)(round + (unsigned)i);
			memcpy(vm_buffer(&vm, 0, ids[i]), f, sizeof(f));
			vm_use(&vm, 0, (uint32_t)ids[i], sizeof(f));
		}
		run();
		CHECK_EQ(ngot, (round + 1) * 3);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(got.b_m[got.b_n - 1 - (unsigned)i]->m_data[0], (uint8_t)(round + (unsigned)i));
	}
	CHECK_EQ(vm_sc(&vm)->sc_resets, 0);
	traffic(ifp, 300, 200);
	stop();
}

TEST(vio_link)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	for (int i = 0; i < 200; i++) {
		vm_link(&vm, i & 1);
		run();
		CHECK_EQ(ifp->if_link_state, i & 1 ? LINK_STATE_UP : LINK_STATE_DOWN);
	}
	traffic(ifp, 10, 60);
	stop();
}

TEST(vio_link_legacy)
{
	struct ifnet *ifp;

	vm_init(&vm);
	vm.legacy = true;
	vm.offered &= 0xffffffff;
	ifp = start();
	vm_link(&vm, false);
	run();
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	CHECK(if_setup(ifp, false));
	vm.mute = true;
	vm_link(&vm, true);			/* nobody hears it */
	vm.mute = false;
	CHECK(if_setup(ifp, true));
	CHECK_EQ(ifp->if_link_state, LINK_STATE_UP);
	vm.mute = true;
	vm_link(&vm, false);
	vm.mute = false;
	CHECK(if_setup(ifp, false));		/* it starts anew, and looks */
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	vm_link(&vm, true);
	run();
	CHECK(if_setup(ifp, true));
	traffic(ifp, 10, 60);
	stop();
}

TEST(vio_updown)
{
	struct ifnet *ifp;
	uint8_t f[60] = { 0 };

	vm_init(&vm);
	ifp = start();
	for (int i = 0; i < 300; i++) {
		for (int j = 0; j < i % 9; j++)
			CHECK(vm_rx(&vm, f, sizeof(f)));
		CHECK(if_setup(ifp, false));
		drop_got();
		CHECK_EQ(mbuf_used(), 0);
		run();
		CHECK(!vm_rx(&vm, f, sizeof(f)));
		vm_link(&vm, false);
		run();
		CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
		vm_link(&vm, true);
		run();
		CHECK(if_setup(ifp, true));
		run();
	}
	traffic(ifp, 300, 100);
	stop();
}

TEST(vio_filter)
{
	struct ifnet *ifp;
	uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 0 }, mac[6] = { 2, 1, 2, 3, 4, 5 };

	CHECK(net_init());		/* groups come from a pool of the stack */
	unit_allow(UNIT_POOLS);
	vm_init(&vm);
	ifp = start();
	CHECK(if_addmulti(ifp, group));
	CHECK_EQ(vm.nmulti, 1);
	if_setpromisc(ifp, true);
	CHECK(vm.promisc);
	if_setpromisc(ifp, false);
	CHECK(!vm.promisc);
	for (uint8_t i = 1; i <= 64; i++) {
		group[5] = i;
		CHECK(if_addmulti(ifp, group));
	}
	CHECK(vm.allmulti);			/* more than the table takes */
	for (uint8_t i = 0; i <= 64; i++) {
		group[5] = i;
		if_delmulti(ifp, group);
	}
	CHECK(!vm.allmulti && vm.nmulti == 0);
	CHECK(if_setlladdr(ifp, mac));
	CHECK_MEM(vm.mac, mac, 6);
	memset(vm.mac, 0, 6);
	CHECK(if_setup(ifp, false) && if_setup(ifp, true));
	CHECK_MEM(vm.mac, mac, 6);		/* set again after the reset */
	stop();
}

/* ---- shortage ---- */

TEST(vio_no_mbufs)
{
	struct mbuf *hoard = NULL, *m;
	uint8_t f[60] = { 0 };
	struct ifnet *ifp;
	uint64_t in;

	vm_init(&vm);
	ifp = start();
	while ((m = m_get()) != NULL) {
		m->m_nextpkt = hoard;
		hoard = m;
	}
	in = ifp->if_ifiqs[0].ifiq_packets;
	for (int i = 0; i < 1000; i++) {
		CHECK(vm_rx(&vm, f, sizeof(f)));	/* the ring never runs dry */
		run();
	}
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 1000);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_packets, in);
	while ((m = hoard) != NULL) {
		hoard = m->m_nextpkt;
		m_free(m);
	}
	traffic(ifp, 300, 60);
	stop();
}

/* What has been sent comes back when receiving needs it, without waiting for the clock. */
TEST(vio_reclaim)
{
	struct mbuf *m;
	struct batch b = { 0 };
	struct ifnet *ifp;
	uint8_t f[60] = { 0 };
	struct mbuf *hoard = NULL;

	vm_init(&vm);
	ifp = start();
	for (int i = 0; i < 8; i++) {
		CHECK((m = m_get()) != NULL);
		CHECK(m_append(m, f, sizeof(f)));
		batch_add(&b, m);
	}
	ifp->if_enqueue(ifp, &b);
	loop_pass();				/* sent and completed, not yet freed */
	while ((m = m_get()) != NULL) {
		m->m_nextpkt = hoard;
		hoard = m;
	}
	for (int i = 0; i < 8; i++)
		CHECK(vm_rx(&vm, f, sizeof(f)));
	run();
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 0);
	CHECK_EQ(ngot, 8);
	while ((m = hoard) != NULL) {
		hoard = m->m_nextpkt;
		m_free(m);
	}
	stop();
}

static void
send_many(struct ifnet *ifp, unsigned n)
{
	struct batch b = { 0 };

	while (n-- > 0) {
		struct mbuf *m = m_get();

		CHECK(m != NULL);
		CHECK(m_append(m, "0123456789abcdef", 16));
		batch_add(&b, m);
		if (b.b_n == BATCH_MAX || n == 0) {
			ifp->if_enqueue(ifp, &b);
			b.b_n = 0;
		}
	}
}

TEST(vio_ring_full)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	vm.stalled = true;
	send_many(ifp, 400);
	run();
	CHECK(ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(ifp->if_ifqs[0].ifq_len, 400 - 256);
	vm.stalled = false;
	vm_run_tx(&vm);				/* its interrupt restarts the queue */
	run();
	CHECK(!ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(vm.nframes, 400);
	stop();
}

/* What is left of the ring is less than what is left up to its end. */
TEST(vio_ring_filled_in_two_steps)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	send_many(ifp, 100);
	run();
	CHECK_EQ(vm.nframes, 100);
	vm.stalled = true;
	send_many(ifp, 200);
	run();
	CHECK(!ifp->if_ifqs[0].ifq_oactive);
	send_many(ifp, 100);
	run();
	CHECK(ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(ifp->if_ifqs[0].ifq_len, 200 + 100 - 256);
	vm.stalled = false;
	vm_run_tx(&vm);
	run();
	CHECK(!ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(vm.nframes, 400);
	stop();
}

TEST(vio_watchdog)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	vm.stalled = true;
	send_many(ifp, 10);
	run();
	host_run(4000);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_watchdogs, 0);
	host_run(2000);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_watchdogs, 1);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 10);
	CHECK_EQ(mbuf_used(), 256);
	vm.stalled = false;
	traffic(ifp, 300, 60);
	stop();
}

/* ---- broken devices ---- */

TEST(vio_interrupts_never_come)
{
	struct ifnet *ifp;
	uint8_t f[60] = { 0 };
	unsigned before;

	vm_init(&vm);
	ifp = start();
	vm.mute = true;
	CHECK(vm_rx(&vm, f, sizeof(f)));
	host_run(1000);
	CHECK_EQ(ngot, 1);
	CHECK_IN(dmesg(), "vio0:0: interrupts do not come, polling\n");
	before = ngot;
	CHECK(vm_rx(&vm, f, sizeof(f)));
	host_run(30);				/* now sooner */
	CHECK_EQ(ngot - before, 1);
	vm_link(&vm, false);
	host_run(30);
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	vm_link(&vm, true);
	vm.mute = false;
	CHECK(vm_rx(&vm, f, sizeof(f)));
	host_run(30);
	CHECK(!vm_sc(&vm)->sc_pairs[0].vp_polling);
	drop_got();
	traffic(ifp, 100, 60);
	stop();
}

/* More than anybody asked for, with and without a cause. The loop catches up each time, which it tells the machine: that masks the vector of a
 * device for which this never happens. */
static void
interrupts_never_stop(unsigned nmsix)
{
	struct virtio *v;
	struct ifnet *ifp;

	vm_init(&vm);
	vm.nmsix = nmsix;
	ifp = start();
	v = vm_sc(&vm)->sc_virtio;
	for (unsigned i = 0; i < 20000; i++) {
		vm_interrupt(&vm, i & 1);
		if (i % 100 == 0)
			vm_link(&vm, i % 200 == 0);
		if (nmsix == 0)
			vm.intx->ir_func(vm.intx->ir_arg);	/* nothing in the status register */
		if (i % 64 == 0)
			run();
	}
	vm_link(&vm, true);
	for (unsigned i = 0; i < nitems(v->v_irqs); i++)
		v->v_irqs[i].ir_burst = 1000;
	vm_interrupt(&vm, 0);
	vm_link(&vm, true);
	run();
	CHECK(v->v_nirqs > 0);
	for (unsigned i = 0; i < v->v_nirqs; i++) {
		CHECK(v->v_irqs[i].ir_limit > 0);
		CHECK_EQ(v->v_irqs[i].ir_burst, 0);
	}
	CHECK_EQ(ngot, 0);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 0);
	traffic(ifp, 300, 60);
	stop();
}

TEST(vio_interrupts_never_stop_msix)	{ interrupts_never_stop(4); }
TEST(vio_interrupts_never_stop_intx)	{ interrupts_never_stop(0); }

/* virtio 1.2, 2.1.2: the device has lost its way, says so, and has frames of both directions. */
TEST(vio_wants_a_reset)
{
	struct ifnet *ifp;
	uint8_t f[60] = { 0 };

	vm_init(&vm);
	ifp = start();
	traffic(ifp, 100, 60);
	vm.stalled = true;
	send_many(ifp, 10);
	run();
	CHECK(vm_rx(&vm, f, sizeof(f)));
	vm.status |= VIRTIO_STATUS_NEEDS_RESET;
	vm_link(&vm, true);			/* a configuration change notification */
	run();
	CHECK(vm_sc(&vm)->sc_broken);
	CHECK_IN(dmesg(), "vio0: the device wants to be reset\n");
	vm.stalled = false;
	host_run(300);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 1);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 10);	/* not sent, and counted */
	CHECK(!(vm.status & VIRTIO_STATUS_NEEDS_RESET));
	drop_got();
	traffic(ifp, 300, 60);
	stop();
}

/* A lie in the used ring of queue q: found out, counted, the device reset, and everything works again. */
static void
lie(unsigned q, uint32_t id, uint32_t len)
{
	struct ifnet *ifp = start();
	uint64_t resets = vm_sc(&vm)->sc_resets;
	char said[100];

	traffic(ifp, 100, 60);
	vm.stalled = true;
	send_many(ifp, 10);			/* so that the transmit ring's index may move */
	run();
	vm_use(&vm, q, id, len);
	host_run(5);
	vm_interrupt(&vm, q);
	run();
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badrings, 1);
	vm.stalled = false;
	snprintf(said, sizeof(said), "vio0:0: %s ring: bad descriptor %u\n", q == 0 ? "receive" : "transmit", (unsigned)id);
	CHECK_IN(dmesg(), said);
	host_run(300);
	CHECK_EQ(vm_sc(&vm)->sc_resets, resets + 1);
	traffic(ifp, 300, 60);
	stop();
}

TEST(vio_lie_rx_id)		{ vm_init(&vm); lie(0, 256, 72); }
TEST(vio_lie_rx_id_huge)	{ vm_init(&vm); lie(0, 0xffffffff, 72); }
TEST(vio_lie_tx_id)		{ vm_init(&vm); lie(1, 7, 0); }
TEST(vio_lie_tx_id_huge)	{ vm_init(&vm); lie(1, 0x80000000, 0); }

TEST(vio_lie_rx_twice)
{
	struct ifnet *ifp;
	int id;

	vm_init(&vm);
	ifp = start();
	CHECK((id = vm_take(&vm, 0)) >= 0);
	memset(vm_buffer(&vm, 0, id), 0, 100);
	store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, 1);
	vm_use(&vm, 0, (uint32_t)id, 100);
	vm_use(&vm, 0, (uint32_t)id, 100);
	run();
	CHECK_EQ(ngot, 1);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badrings, 1);
	host_run(300);
	drop_got();
	traffic(ifp, 300, 60);
	stop();
}

static void
lie_index(unsigned q)
{
	struct ifnet *ifp;
	unsigned before;

	vm_init(&vm);
	ifp = start();
	traffic(ifp, 300, 60);
	before = ngot;
	for (int id = 0; q == 0 && id < 256; id++)
		store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, 1);	/* each would pass for a frame */
	vm.q[q].used_idx += 300;
	vm_use(&vm, q, 0, 60);
	run();
	CHECK_EQ(ngot, before);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badrings, 1);
	host_run(300);
	traffic(ifp, 300, 60);
	stop();
}

/* Sent, it says, is what it never had, while other frames are on their way. */
TEST(vio_lie_tx_not_outstanding)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	vm.stalled = true;
	send_many(ifp, 10);
	run();
	vm_use(&vm, 1, 200, 0);
	host_run(5);
	vm_interrupt(&vm, 1);
	run();
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badrings, 1);
	host_run(300);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 10);
	vm.stalled = false;
	traffic(ifp, 300, 60);
	stop();
}

TEST(vio_lie_rx_index)		{ lie_index(0); }
TEST(vio_lie_tx_index)		{ lie_index(1); }

/* Lengths are wrong, the descriptor is right: the frame is thrown away, nothing is reset. */
static void
bad_length(uint32_t len)
{
	struct ifnet *ifp = vm_if(&vm);
	uint64_t errors = ifp->if_ifiqs[0].ifiq_errors;
	int id;

	CHECK((id = vm_take(&vm, 0)) >= 0);
	store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, 1);
	vm_use(&vm, 0, (uint32_t)id, len);
	run();
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, errors + 1);
	CHECK_EQ(ngot, 0);
}

TEST(vio_lie_length)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	bad_length(0);
	bad_length(11);
	bad_length(12);
	bad_length(1933);
	bad_length(0xffffffff);
	bad_length(0x80000000);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badlens, 6);
	traffic(ifp, 300, 60);
	CHECK_EQ(vm_sc(&vm)->sc_resets, 0);
	stop();
}

static void
bad_numbufs(uint16_t n)
{
	struct ifnet *ifp = start();
	unsigned before;
	int id;

	traffic(ifp, 300, 60);		/* the used ring is full of good old entries */
	before = ngot;
	CHECK((id = vm_take(&vm, 0)) >= 0);
	memset(vm_buffer(&vm, 0, id), 0, 200);
	store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, n);
	vm_use(&vm, 0, (uint32_t)id, 200);
	run();
	CHECK_EQ(ngot, before);
	CHECK_EQ(vm_sc(&vm)->sc_pairs[0].vp_badrings, 1);
	host_run(300);
	traffic(ifp, 300, 60);
	stop();
}

TEST(vio_lie_numbufs_0)		{ vm_init(&vm); bad_numbufs(0); }
TEST(vio_lie_numbufs_2)		{ vm_init(&vm); bad_numbufs(2); }
TEST(vio_lie_numbufs_huge)	{ vm_init(&vm); bad_numbufs(65535); }

TEST(vio_control_silent)
{
	struct ifnet *ifp;
	uint64_t t;

	vm_init(&vm);
	vm.silent_ctrl = true;
	t = host.now;
	ifp = start();
	CHECK(host.now - t < 1000000000);
	CHECK_IN(dmesg(), "vio0: no answer to control command");
	t = host.now;
	if_setpromisc(ifp, true);
	CHECK_EQ(host.now, t);			/* not again */
	traffic(ifp, 100, 60);
	stop();
}

/* Gone for a while (all ones), then back. */
TEST(vio_absent)
{
	struct ifnet *ifp;
	uint8_t f[60] = { 0 };

	vm_init(&vm);
	ifp = start();
	CHECK(vm_rx(&vm, f, sizeof(f)));
	vm.dead = true;
	vm_interrupt(&vm, 0);
	vm_link(&vm, true);
	run();
	host_run(10000);
	CHECK(!vm_sc(&vm)->sc_alive);
	drop_got();
	CHECK_EQ(mbuf_used(), 0);
	vm.dead = false;
	host_run(1000);
	traffic(ifp, 300, 60);
	stop();
}

TEST(vio_absent_at_attach)
{
	CHECK(mbuf_init(2048));
	vm_init(&vm);
	vm.dead = true;
	vm_attach(&vm);
	CHECK(vm_if(&vm) == NULL);
	CHECK_IN(dmesg(), "virtio0: reset failed\n");
}

TEST(vio_reset_never_ends)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	vm.no_reset = true;
	CHECK(if_setup(ifp, false));
	CHECK_EQ(mbuf_used(), 0);
	CHECK(!(vm.conf[4] & 4));		/* no bus master: it reaches nothing */
	CHECK(!if_setup(ifp, true));
	vm.no_reset = false;
	CHECK(if_setup(ifp, true));
	traffic(ifp, 100, 60);
	stop();
}

TEST(vio_features_refused)
{
	CHECK(mbuf_init(2048));
	vm_init(&vm);
	vm.refuse_features = true;
	vm_attach(&vm);
	CHECK(vm_if(&vm) == NULL);
	CHECK_IN(dmesg(), "virtio0: features refused\n");
}

TEST(vio_impossible_rings)
{
	static const uint16_t sizes[] = { 0, 1, 7 };

	CHECK(mbuf_init(2048));
	for (size_t i = 0; i < nitems(sizes); i++) {
		vm_init(&vm);
		vm.q[0].max = sizes[i];
		vm_attach(&vm);
		CHECK(vm_if(&vm) == NULL);
		pci_list = NULL;		/* the same struct again */
	}
	vm_init(&vm);
	vm.legacy = true;
	vm.offered &= 0xffffffff;
	vm.q[1].max = 100;
	vm_attach(&vm);
	CHECK(vm_if(&vm) == NULL);
}

/* Anything at all in the rings, for a long time: nothing beyond the buffers is touched (the sanitizers watch), and
 * good traffic goes on afterwards. */
TEST(vio_fuzz_rings)
{
	struct ifnet *ifp;

	vm_init(&vm);
	ifp = start();
	for (unsigned i = 0; i < 20000; i++) {
		unsigned q = unit_below(2);
		int id = unit_below(4) != 0 && vm.q[q].enabled ? vm_take(&vm, q) : (int)unit_below(600);

		if (q == 1 && unit_below(2))
			send_many(ifp, unit_below(20));
		if (id >= 0 && id < 256 && q == 0 && unit_below(2) && vm.q[0].enabled)
			store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, (uint16_t)unit_below(4));
		if (vm.q[q].enabled && id >= 0)
			vm_use(&vm, q, (uint32_t)id, unit_below(8) ? unit_below(2100) : unit_random());
		if (unit_below(50) == 0)
			vm.q[q].used_idx += (uint16_t)unit_below(300);
		vm.stalled = unit_below(2);
		if (unit_below(3) == 0)
			run();
		if (unit_below(10) == 0)
			host_run(260);
	}
	vm.stalled = false;
	vm_use(&vm, 0, 9999, 1);
	run();
	host_run(1000);
	drop_got();
	vm.next = vm.nframes;
	traffic(ifp, 600, 60);
	CHECK(vm_sc(&vm)->sc_resets > 10);
	stop();
}
