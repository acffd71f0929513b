/* test_em.c - em(4) against the device model, honest and lying. */
#include <string.h>

#include "net/core/net_init.h"
#include "tests/unit/emfix.h"

/* ---- honest devices ---- */

TEST(em_82540)
{
	struct ifnet *ifp;

	emm_init(&m, I82540);
	ifp = start();
	CHECK_IN(dmesg(), "em0 at pci0 dev 3 function 0 \"Intel 82540EM\" rev 0x03: irq 11, address 52:54:00:00:00:0a\n");
	CHECK_EQ(ifp->if_link_state, LINK_STATE_UP);
	CHECK_EQ(ifp->if_baudrate, 1000000000);
	CHECK_EQ(m.rctl_writes, 1);
	CHECK_EQ(m.reg[EM_ITR / 4], 0);
	traffic(ifp, 1000, 60);
	traffic(ifp, 100, 1514);
	traffic(ifp, 10, 1518);			/* a tag more */
	CHECK_EQ(m.rctl_writes, 1);
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	CHECK(m.interrupts > 0);
	CHECK_EQ(m.negotiations, 0);
	stop();
}

/* Interrupts that come now and then come at once; those that come thick keep a distance, until they are few again. */
static void
moderated(uint16_t device, unsigned reg)
{
	emm_init(&m, device);
	start();
	host_run(600);
	receive(3000, 60);
	host_run(300);
	CHECK_EQ(m.reg[reg / 4], 0);
	for (unsigned i = 0; i < 6000; i++)
		receive(1, 60);
	host_run(300);
	CHECK_EQ(m.reg[reg / 4] * 256 / 1000, 19);	/* microseconds between two */
	host_run(600);
	CHECK_EQ(m.reg[reg / 4], 0);
	stop();
}

TEST(em_moderates_itr)
{
	moderated(I82540, EM_ITR);
}

TEST(em_moderates_eitr)
{
	moderated(I82574, EM_EITR(1));
}

TEST(em_82574)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	CHECK_IN(dmesg(), "em0 at pci0 dev 3 function 0 \"Intel 82574L\" rev 0x03: "
	    "msix, 1 queue, address 52:54:00:00:00:0a\n");
	traffic(ifp, 1000, 60);
	traffic(ifp, 100, 1514);
	CHECK(m.irqs[1]->ir_count > 0);
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	stop();
}

TEST(em_82574_without_msix)
{
	emm_init(&m, I82574);
	m.nmsix = 0;
	traffic(start(), 300, 64);
	CHECK_IN(dmesg(), "\"Intel 82574L\" rev 0x03: irq 11, address");
	CHECK(m.intx->ir_count > 0);
	stop();
}

TEST(em_no_interrupt)
{
	uint8_t f[60];
	struct ifnet *ifp;

	emm_init(&m, I82540);
	m.no_line = true;
	ifp = start();
	CHECK_IN(dmesg(), "no interrupt, polling, address");
	frame_make(f, sizeof(f), 1);
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	host_run(300);
	CHECK_EQ(ngot, 1);
	drop_got();
	transmit(ifp, 300, 64);
	stop();
}

/* A batch is a doorbell, and a ring's worth of frames has one report for 64. */
TEST(em_doorbells)
{
	struct ifnet *ifp;
	uint8_t f[60];
	unsigned rdt, tdt;
	struct batch b = { 0 };

	emm_init(&m, I82540);
	ifp = start();
	rdt = m.rdt_writes;
	tdt = m.tdt_writes;
	for (unsigned i = 0; i < 64; i++) {
		struct mbuf *p = m_get();

		frame_make(f, sizeof(f), i);
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
		CHECK(m_append(p, f, sizeof(f)));
		batch_add(&b, p);
	}
	ifp->if_enqueue(ifp, &b);
	run();
	CHECK_EQ(m.rdt_writes - rdt, 1);
	CHECK_EQ(m.tdt_writes - tdt, 1);
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_rephead, 1);
	CHECK_EQ(m.nframes, 64);
	stop();
}

TEST(em_jumbo)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	CHECK(if_setmtu(ifp, 9000));
	run();
	traffic(ifp, 100, 9014);
	traffic(ifp, 100, 9018);
	traffic(ifp, 100, 1024);
	traffic(ifp, 100, 1025);
	traffic(ifp, 100, 60);
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_chains, 300);
	CHECK(!if_setmtu(ifp, 9001));
	CHECK(if_setmtu(ifp, 1500));
	run();
	traffic(ifp, 100, 1514);
	{
		uint8_t f[1600];

		frame_make(f, sizeof(f), 1);
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_FILTERED);
	}
	host_run(500);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 1);	/* the card's own counter */
	stop();
}

/* Chains of many shapes, through the end of the ring. */
TEST(em_chains_out)
{
	struct ifnet *ifp;
	static uint8_t f[2000];

	emm_init(&m, I82540);
	ifp = start();
	for (unsigned round = 0; round < 500; round++) {
		struct mbuf *head = NULL, **tail = &head;
		unsigned total = 0, n = 1 + unit_below(32), len;
		struct batch b = { 0 };
		uint8_t *out;

		for (unsigned i = 0; i < n; i++, tail = &(*tail)->m_next) {
			unsigned part = i > 0 && unit_below(4) == 0 ? 0 : 1 + unit_below(60);

			CHECK((*tail = m_get()) != NULL);
			for (unsigned k = 0; k < part; k++)
				f[total + k] = (*tail)->m_data[k] = (uint8_t)unit_random();
			(*tail)->m_len = part;
			total += part;
		}
		head->m_pktlen = total;
		batch_add(&b, head);
		ifp->if_enqueue(ifp, &b);
		run();
		CHECK((out = emm_tx(&m, &len)) != NULL);
		CHECK_EQ(len, total);
		CHECK_MEM(out, f, total);
	}
	stop();
}

/* More pieces than the driver takes: counted, thrown away. */
TEST(em_chain_too_long)
{
	struct ifnet *ifp;
	struct mbuf *head = NULL, **tail = &head;
	struct batch b = { 0 };

	emm_init(&m, I82540);
	ifp = start();
	for (unsigned i = 0; i < EM_MAXSEGS + 1; i++, tail = &(*tail)->m_next) {
		CHECK((*tail = m_get()) != NULL);
		(*tail)->m_len = 10;
	}
	head->m_pktlen = 10 * (EM_MAXSEGS + 1);
	batch_add(&b, head);
	ifp->if_enqueue(ifp, &b);
	run();
	CHECK_EQ(m.nframes, 0);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 1);
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_clone)
{
	struct mbuf *p, *c;
	struct batch b = { 0 };
	struct ifnet *ifp;
	unsigned len;

	emm_init(&m, I82540);
	ifp = start();
	CHECK((p = m_get()) != NULL);
	CHECK(m_append(p, "abcdefghijklmnop", 16));
	CHECK((c = m_clone(p)) != NULL);
	batch_add(&b, c);
	ifp->if_enqueue(ifp, &b);
	run();
	CHECK_MEM(emm_tx(&m, &len), "abcdefghijklmnop", 16);
	CHECK_MEM(p->m_data, "abcdefghijklmnop", 16);
	m_freem(p);
	stop();
}

static void
link_changes(uint16_t device)
{
	static const unsigned mbit[] = { 10, 100, 1000, 1000 };
	struct ifnet *ifp;

	emm_init(&m, device);
	ifp = start();
	for (unsigned i = 0; i < 200; i++) {
		m.speed = i / 2 % 4;
		emm_link(&m, i & 1);
		run();
		CHECK_EQ(ifp->if_link_state, i & 1 ? LINK_STATE_UP : LINK_STATE_DOWN);
		if (i & 1)
			CHECK_EQ(ifp->if_baudrate, mbit[m.speed] * 1000000ull);
	}
	traffic(ifp, 10, 60);
	/* The interrupt gets lost. */
	m.mute = true;
	emm_link(&m, false);
	m.icr = 0;
	m.mute = false;
	host_run(300);
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	emm_link(&m, true);
	run();
	/* While it is down the link is watched as well. */
	CHECK(if_setup(ifp, false));
	emm_link(&m, false);
	run();
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	emm_link(&m, true);
	run();
	CHECK_EQ(ifp->if_link_state, LINK_STATE_UP);
	CHECK(if_setup(ifp, true));
	run();
	traffic(ifp, 10, 60);
	stop();
}

TEST(em_link_82540)	{ link_changes(I82540); }
TEST(em_link_82574)	{ link_changes(I82574); }

/* Until the loop has looked, a link that shakes interrupts once. */
TEST(em_link_shakes)
{
	unsigned before;

	emm_init(&m, I82574);
	start();
	before = m.interrupts;
	for (int i = 0; i < 100; i++)
		emm_link(&m, i & 1);
	CHECK_EQ(m.interrupts - before, 1);
	run();
	CHECK_EQ(emm_if(&m)->if_link_state, LINK_STATE_UP);
	stop();
}

TEST(em_updown)
{
	struct ifnet *ifp;
	uint8_t f[60];

	emm_init(&m, I82574);
	ifp = start();
	frame_make(f, sizeof(f), 1);
	for (int i = 0; i < 300; i++) {
		for (int j = 0; j < i % 9; j++)
			CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
		CHECK(if_setup(ifp, false));
		drop_got();
		CHECK_EQ(mbuf_used(), 0);
		run();
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_FILTERED);
		CHECK(if_setup(ifp, true));
		run();
	}
	traffic(ifp, 300, 100);
	stop();
}

static enum emm_rx
rx_to(const uint8_t *dst)
{
	uint8_t f[60] = { 0 };
	enum emm_rx r;

	memcpy(f, dst, 6);
	r = emm_rx(&m, f, sizeof(f));
	run();
	drop_got();
	return r;
}

TEST(em_filter)
{
	struct ifnet *ifp;
	uint8_t group[6] = { 1, 0, 0x5e, 0x12, 0x34, 0x56 }, other[6] = { 1, 0, 0x5e, 0x12, 0x35, 0x57 };
	uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 }, alien[6];
	unsigned rctl;

	CHECK(net_init());		/* groups come from a pool of the stack */
	unit_allow(UNIT_POOLS);
	emm_init(&m, I82540);
	memcpy(alien, emm_stale, 6);
	ifp = start();
	rctl = m.rctl_writes;
	CHECK_EQ(rx_to(alien), EMM_FILTERED);
	CHECK_EQ(rx_to(group), EMM_FILTERED);
	CHECK(if_addmulti(ifp, group));
	CHECK_EQ(rx_to(group), EMM_TAKEN);
	CHECK_EQ(rx_to(other), EMM_FILTERED);
	if_delmulti(ifp, group);
	CHECK_EQ(rx_to(group), EMM_FILTERED);
	CHECK_EQ(m.rctl_writes, rctl);			/* groups do not need it */
	if_setpromisc(ifp, true);
	CHECK_EQ(rx_to(alien), EMM_TAKEN);
	CHECK_EQ(rx_to(group), EMM_TAKEN);
	if_setpromisc(ifp, false);
	CHECK_EQ(rx_to(alien), EMM_FILTERED);
	CHECK_EQ(m.rctl_writes, rctl + 2);
	ifp->if_flags |= IFF_ALLMULTI;
	em_rxfilter(ifp);
	CHECK_EQ(rx_to(group), EMM_TAKEN);
	CHECK_EQ(rx_to(alien), EMM_FILTERED);
	em_rxfilter(ifp);
	CHECK_EQ(m.rctl_writes, rctl + 3);
	ifp->if_flags &= ~IFF_ALLMULTI;
	em_rxfilter(ifp);
	CHECK_EQ(rx_to(group), EMM_FILTERED);
	CHECK(if_setlladdr(ifp, mac));
	CHECK_EQ(rx_to(mac), EMM_TAKEN);
	CHECK_EQ(rx_to(emm_sc(&m)->sc_mac), EMM_FILTERED);
	CHECK(if_setup(ifp, false) && if_setlladdr(ifp, alien) && if_setup(ifp, true));
	run();
	CHECK_EQ(rx_to(alien), EMM_TAKEN);
	stop();
}

/* ---- its address ---- */

static void
address(const char *want)
{
	pools(256);
	emm_attach(&m);
	CHECK(emm_if(&m) != NULL);
	CHECK_IN(dmesg(), want);
	if_detach(emm_if(&m));
}

TEST(em_address_of_registers)
{
	emm_init(&m, I82540);
	m.eeprom[5]++;				/* the sum is wrong */
	m.eeprom[0] = 0x1112;
	m.ral = 0x04030202;
	m.rah = 0x0605 | RAH_AV;
	address("address 02:02:03:04:05:06\n");
}

TEST(em_address_without_eeprom)
{
	emm_init(&m, I82574);
	m.no_eeprom = true;
	address("address 52:54:00:00:00:0a\n");
}

TEST(em_address_none)
{
	emm_init(&m, I82540);
	m.no_eeprom = true;
	m.ral = m.rah = 0;
	address("em0: no valid address in EEPROM or registers, a random one instead\n");
}

TEST(em_address_of_a_group)
{
	emm_init(&m, I82540);
	m.eeprom[0] |= 1;
	emm_eeprom_sum(&m);
	address("a random one instead\n");
}

TEST(em_phy_asleep)
{
	emm_init(&m, I82540);
	m.phy[PHY_CONTROL] = PHY_POWER_DOWN | PHY_ISOLATE | 0x2000;
	address("em0 at");
	CHECK_EQ(m.phy[PHY_CONTROL] & ~0x2000, PHY_AUTONEG | PHY_RESTART);
	CHECK_EQ(m.negotiations, 1);
}

TEST(em_phy_silent)
{
	emm_init(&m, I82574);
	m.no_phy = true;
	traffic(start(), 100, 60);
	stop();
}

/* ---- shortage ---- */

static struct mbuf *
hoard_all(void)
{
	struct mbuf *hoard = NULL, *p;

	while ((p = m_get()) != NULL) {
		p->m_nextpkt = hoard;
		hoard = p;
	}
	return hoard;
}

static void
give_back(struct mbuf *hoard)
{
	struct mbuf *p;

	while ((p = hoard) != NULL) {
		hoard = p->m_nextpkt;
		m_free(p);
	}
}

TEST(em_no_mbufs)
{
	struct mbuf *hoard;
	uint8_t f[60];
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	frame_make(f, sizeof(f), 1);
	hoard = hoard_all();
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);	/* the ring never runs dry */
		run();
	}
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 1000);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_packets, 0);
	give_back(hoard);
	traffic(ifp, 300, 60);
	stop();
}

/* No mbuf for the middle of a jumbo frame: the frame is lost as a whole, once. */
TEST(em_no_mbufs_in_chain)
{
	struct mbuf *hoard, *keep;
	uint8_t f[9014];
	struct ifnet *ifp;

	emm_init(&m, I82540);
	ifp = start();
	CHECK(if_setmtu(ifp, 9000));
	run();
	frame_make(f, sizeof(f), 1);
	hoard = hoard_all();
	keep = hoard->m_nextpkt->m_nextpkt;
	hoard->m_nextpkt->m_nextpkt = NULL;
	give_back(hoard);			/* two are there */
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	run();
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 1);
	CHECK_EQ(ngot, 0);
	give_back(keep);
	traffic(ifp, 100, 9014);
	stop();
}

/* The ring has no mbufs at all when it comes up, then gets them. */
TEST(em_ring_fills_later)
{
	struct mbuf *hoard;
	struct ifnet *ifp;

	emm_init(&m, I82540);
	ifp = start();
	CHECK(if_setup(ifp, false));
	hoard = hoard_all();
	CHECK(if_setup(ifp, true));
	run();
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_posted, 0);
	give_back(hoard);
	host_run(300);
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_posted, EM_RING);
	traffic(ifp, 300, 60);
	stop();
}

/* A small pool fills the ring partly: everything works, more slowly. */
TEST(em_small_pool)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start_with(256);
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_posted, 128);
	traffic(ifp, 1000, 60);
	CHECK(if_setmtu(ifp, 9000));
	run();
	for (int i = 0; i < 100; i++)
		traffic(ifp, 4, 9014);
	stop();
}

/* What has been sent comes back when receiving needs it, without waiting for the clock. */
TEST(em_reclaim)
{
	struct mbuf *p, *hoard;
	struct batch b = { 0 };
	struct ifnet *ifp;
	uint8_t f[60];

	emm_init(&m, I82540);
	ifp = start();
	frame_make(f, sizeof(f), 1);
	for (int i = 0; i < 8; i++) {
		CHECK((p = m_get()) != NULL);
		CHECK(m_append(p, f, sizeof(f)));
		batch_add(&b, p);
	}
	ifp->if_enqueue(ifp, &b);
	loop_pass();				/* sent and reported, not yet freed */
	hoard = hoard_all();
	for (int i = 0; i < 8; i++)
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	run();
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_nombufs, 0);
	CHECK_EQ(ngot, 8);
	give_back(hoard);
	stop();
}

static void
send_many(struct ifnet *ifp, unsigned n)
{
	struct batch b = { 0 };

	while (n-- > 0) {
		struct mbuf *p = m_get();

		CHECK(p != NULL);
		CHECK(m_append(p, "0123456789abcdef", 16));
		batch_add(&b, p);
		if (b.b_n == BATCH_MAX || n == 0) {
			ifp->if_enqueue(ifp, &b);
			b.b_n = 0;
		}
	}
}

/* A packet in three mbufs. */
static void
send_chain(struct ifnet *ifp)
{
	struct batch b = { 0 };
	struct mbuf *p = m_get(), *n = p;

	for (int i = 0; i < 3; i++) {
		n->m_len = 100;
		n->m_pktlen = 300;
		n = n->m_next = i < 2 ? m_get() : NULL;
	}
	batch_add(&b, p);
	ifp->if_enqueue(ifp, &b);
}

static void
ring_full(uint16_t device)
{
	struct ifnet *ifp;

	emm_init(&m, device);
	ifp = start();
	transmit(ifp, 100, 60);			/* a report that is old does not count */
	m.stalled = true;
	send_many(ifp, 400);
	run();
	CHECK(ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(ifp->if_ifqs[0].ifq_len, 400 - 255);
	m.stalled = false;
	emm_run_tx(&m);				/* its interrupt restarts the queue */
	run();
	CHECK(!ifp->if_ifqs[0].ifq_oactive);
	CHECK_EQ(m.nframes, 500);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 0);
	m.next = m.nframes;
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_ring_full_82540)	{ ring_full(I82540); }
TEST(em_ring_full_82574)	{ ring_full(I82574); }

static void
watchdog(bool link)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	if (!link) {
		emm_link(&m, false);
		run();
	}
	m.stalled = true;
	send_many(ifp, 9);
	send_chain(ifp);
	run();
	host_run(4000);
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	host_run(2000);
	CHECK_EQ(emm_sc(&m)->sc_watchdogs, link);
	CHECK_EQ(emm_sc(&m)->sc_resets, 1);
	CHECK_EQ(ifp->if_ifqs[0].ifq_errors, 10);
	CHECK_EQ(mbuf_used(), 256);
	if (link)
		CHECK_IN(dmesg(), "em0: watchdog timeout; descriptors not sent: 0xc\n");
	m.stalled = false;
	emm_link(&m, true);
	run();
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_watchdog)		{ watchdog(true); }
TEST(em_watchdog_without_link)	{ watchdog(false); }	/* nobody's fault, but the mbufs come back */

/* Sends everything and reports nothing. */
TEST(em_reports_never)
{
	struct ifnet *ifp;

	emm_init(&m, I82540);
	ifp = start();
	m.silent = true;
	send_many(ifp, 100);
	run();
	CHECK_EQ(m.nframes, 100);
	host_run(6000);
	CHECK_EQ(emm_sc(&m)->sc_watchdogs, 1);
	m.silent = false;
	m.next = m.nframes;
	traffic(ifp, 300, 60);
	stop();
}

/* What the card itself loses shows as input errors. */
TEST(em_card_counts)
{
	struct ifnet *ifp;
	uint8_t f[60];

	emm_init(&m, I82540);
	ifp = start();
	emm_count(&m, EM_CRCERRS, 3);
	emm_count(&m, EM_RNBC, 100);
	frame_make(f, sizeof(f), 1);
	for (int i = 0; i < 300; i++)
		CHECK_EQ(emm_rx(&m, f, sizeof(f)), i < 255 ? EMM_TAKEN : EMM_NO_ROOM);
	run();
	host_run(500);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_packets, 255);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 3 + 45);
	emm_count(&m, EM_MPC, 7);
	CHECK(if_setup(ifp, false));		/* not lost with the reset */
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 3 + 45 + 7);
	CHECK(if_setup(ifp, true));
	run();
	stop();
}

/* ---- broken devices ---- */

static void
interrupts_never_come(uint16_t device)
{
	struct ifnet *ifp;
	uint8_t f[60];
	unsigned before;

	emm_init(&m, device);
	ifp = start();
	frame_make(f, sizeof(f), 1);
	m.mute = true;
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	host_run(1000);
	CHECK_EQ(ngot, 1);
	CHECK_IN(dmesg(), "em0:0: interrupts do not come, polling\n");
	before = ngot;
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	host_run(30);				/* now sooner */
	CHECK_EQ(ngot - before, 1);
	emm_link(&m, false);
	host_run(30);
	CHECK_EQ(ifp->if_link_state, LINK_STATE_DOWN);
	emm_link(&m, true);
	m.mute = false;
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	host_run(30);
	CHECK(!emm_sc(&m)->sc_queues[0].eq_polling);
	drop_got();
	traffic(ifp, 100, 60);
	stop();
}

TEST(em_interrupts_never_come_82540)	{ interrupts_never_come(I82540); }
TEST(em_interrupts_never_come_82574)	{ interrupts_never_come(I82574); }

/* More than anybody asked for, with and without a cause. */
static void
interrupts_never_stop(uint16_t device)
{
	struct ifnet *ifp;

	emm_init(&m, device);
	ifp = start();
	for (unsigned i = 0; i < 20000; i++) {
		m.ims = ~0u;
		emm_cause(&m, i & 1);
		if (i % 100 == 0)
			emm_link(&m, i % 200 == 0);
		if (m.intx != NULL)
			m.intx->ir_func(m.intx->ir_arg);
		if (i % 64 == 0)
			run();
	}
	emm_link(&m, true);
	run();
	CHECK(emm_sc(&m)->sc_irqs[0].ir_limit > 0 && emm_sc(&m)->sc_queues[0].eq_irq->ir_limit > 0);
	CHECK_EQ(ngot, 0);
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_interrupts_never_stop_82540)	{ interrupts_never_stop(I82540); }
TEST(em_interrupts_never_stop_82574)	{ interrupts_never_stop(I82574); }

/* The line is shared: what is not ours is not claimed. */
TEST(em_not_my_interrupt)
{
	emm_init(&m, I82540);
	start();
	CHECK(!m.intx->ir_func(m.intx->ir_arg));
	m.dead = true;
	CHECK(!m.intx->ir_func(m.intx->ir_arg));
	m.dead = false;
	stop();
}

/* A descriptor's word. */
static uint64_t
word(unsigned len, bool eop, unsigned errors)
{
	return emm_make(&m, len, RXS_DD | (eop ? RXS_EOP : 0), errors);
}

/* A descriptor that cannot be: its frame is thrown away and counted, nothing else happens. */
static void
bad_word(uint64_t word, uint64_t *counter)
{
	struct ifnet *ifp = emm_if(&m);
	uint64_t errors = ifp->if_ifiqs[0].ifiq_errors, c = *counter;
	unsigned before = ngot;

	CHECK(emm_word(&m, word));
	run();
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, errors + 1);
	CHECK_EQ(*counter, c + 1);
	CHECK_EQ(ngot, before);
}

static void
lie_descriptors(uint16_t device)
{
	struct ifnet *ifp;
	struct em_queue *eq;

	emm_init(&m, device);
	ifp = start();
	eq = &emm_sc(&m)->sc_queues[0];
	bad_word(word(0, true, 0), &eq->eq_badlens);
	bad_word(word(MCLBYTES - MHEADROOM + 1, true, 0), &eq->eq_badlens);
	bad_word(word(2048, true, 0), &eq->eq_badlens);
	bad_word(word(65535, true, 0), &eq->eq_badlens);
	bad_word(~0ull, &eq->eq_badlens);
	for (int bit = 0; bit < 8; bit++)
		if (RXE_FRAME & 1u << bit)
			bad_word(word(60, true, 1u << bit), &eq->eq_badframes);
	traffic(ifp, 300, 60);
	CHECK_EQ(emm_sc(&m)->sc_resets, 0);
	stop();
}

TEST(em_lie_descriptors_82540)	{ lie_descriptors(I82540); }
TEST(em_lie_descriptors_82574)	{ lie_descriptors(I82574); }

/* A frame without an end: thrown away once, and what follows its end is good again. */
TEST(em_lie_endless_frame)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	CHECK(if_setmtu(ifp, 9000));
	run();
	for (int i = 0; i < 1000; i++) {
		CHECK(emm_word(&m, word(1024, false, 0)));
		if (i % 50 == 0)
			run();
	}
	run();
	CHECK_EQ(emm_sc(&m)->sc_queues[0].eq_badlens, 1);
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 1);
	CHECK_EQ(mbuf_used(), 256);
	CHECK(emm_word(&m, word(1, true, 0)));
	run();
	CHECK_EQ(ngot, 0);
	traffic(ifp, 300, 9014);
	/* And one that is begun when the interface goes down. */
	CHECK(emm_word(&m, word(1024, false, 0)));
	run();
	CHECK(if_setup(ifp, false));
	CHECK_EQ(mbuf_used(), 0);
	CHECK(if_setup(ifp, true));
	run();
	traffic(ifp, 300, 9014);
	stop();
}

/* Everything is used at once, also the descriptor that the card does not have: each buffer is handed up once. */
static void
lie_whole_ring(uint16_t device)
{
	struct ifnet *ifp;
	struct em_queue *eq;

	emm_init(&m, device);
	ifp = start();
	eq = &emm_sc(&m)->sc_queues[0];
	for (unsigned i = 0; i < EM_RING; i++)
		eq->eq_rx[i].word = word(60, true, 0);
	emm_cause(&m, true);
	run();
	CHECK_EQ(ngot, EM_RING);
	drop_got();
	CHECK_EQ(mbuf_used(), EM_RING);
	CHECK(if_setup(ifp, false) && if_setup(ifp, true));
	run();
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_lie_whole_ring_82540)	{ lie_whole_ring(I82540); }
TEST(em_lie_whole_ring_82574)	{ lie_whole_ring(I82574); }

/* Gone for a while (all ones), then back. */
static void
absent(uint16_t device)
{
	struct ifnet *ifp;
	uint8_t f[60];
	uint64_t t;

	emm_init(&m, device);
	ifp = start();
	frame_make(f, sizeof(f), 1);
	CHECK_EQ(emm_rx(&m, f, sizeof(f)), EMM_TAKEN);
	m.dead = true;
	emm_cause(&m, true);
	emm_link(&m, true);
	send_many(ifp, 5);
	run();
	t = host.now;
	host_run(10000);
	CHECK(host.now - t < 11000000000ull);	/* it does not wait for what is not there */
	CHECK(!emm_sc(&m)->sc_alive);
	CHECK(!(m.conf[4] & 4));		/* no bus master */
	CHECK_IN(dmesg(), "em0: the device is gone, status 0xffffffff\n");
	CHECK_IN(dmesg(), "em0: reset failed\n");
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 0);	/* ones are no count */
	drop_got();
	CHECK_EQ(mbuf_used(), 0);
	m.dead = false;
	host_run(1500);
	traffic(ifp, 300, 60);
	stop();
}

TEST(em_absent_82540)	{ absent(I82540); }
TEST(em_absent_82574)	{ absent(I82574); }

/* Gone, and taken down before anybody has noticed. */
TEST(em_absent_and_down)
{
	struct ifnet *ifp;

	emm_init(&m, I82540);
	ifp = start();
	m.dead = true;
	CHECK(if_setup(ifp, false));
	CHECK_EQ(ifp->if_ifiqs[0].ifiq_errors, 0);
	CHECK_EQ(mbuf_used(), 0);
	CHECK(!if_setup(ifp, true));
	m.dead = false;
	CHECK(if_setup(ifp, true));
	run();
	traffic(ifp, 100, 60);
	stop();
}

TEST(em_absent_at_attach)
{
	pools(2048);
	emm_init(&m, I82540);
	m.dead = true;
	emm_attach(&m);
	CHECK(emm_if(&m) == NULL);
	CHECK_IN(dmesg(), "\"Intel 82540EM\" rev 0x03: reset failed\n");
	CHECK(!(m.conf[4] & 4));
}

TEST(em_reset_never_ends)
{
	struct ifnet *ifp;

	emm_init(&m, I82574);
	ifp = start();
	m.no_reset = true;
	CHECK(if_setup(ifp, false));
	CHECK_EQ(mbuf_used(), 0);
	CHECK(!(m.conf[4] & 4));		/* no bus master: it reaches nothing */
	CHECK(!if_setup(ifp, true));
	CHECK_IN(dmesg(), "em0: the device does not start\n");
	m.no_reset = false;
	CHECK(if_setup(ifp, true));
	CHECK(m.conf[4] & 4);
	run();
	traffic(ifp, 100, 60);
	stop();
}

/* No page for the rings. */
TEST(em_no_memory)
{
	emm_init(&m, I82540);
	pools(256);
	host.pages_max = host.pages;
	emm_attach(&m);
	host.pages_max = SIZE_MAX;
	CHECK(emm_if(&m) == NULL);
	CHECK_IN(dmesg(), "out of memory\n");
}

/* One step of what no card would do. */
static void
nonsense(struct ifnet *ifp, struct em_queue *eq)
{
	uint64_t w = unit_below(4) ? word(unit_below(2200), unit_below(3), 0) : (uint64_t)unit_random() << 32 | unit_random();

	switch (unit_below(8)) {
	case 0:
		send_many(ifp, unit_below(20));
		break;
	case 1:
		eq->eq_tx[unit_below(EM_RING)].word ^= TXD_DD;
		emm_cause_of(&m, eq->eq_idx, false);
		break;
	case 2:
		eq->eq_rx[unit_below(EM_RING)].word = w;
		emm_cause_of(&m, eq->eq_idx, true);
		break;
	case 3:
		m.mute = unit_below(2);
		emm_link(&m, unit_below(2));
		break;
	default:
		emm_word_of(&m, eq->eq_idx, w);
	}
}

/* Anything at all in the rings, for a long time: nothing beyond the buffers is touched (the sanitizers watch), and
 * good traffic goes on afterwards. */
static void
fuzz(uint16_t device)
{
	struct ifnet *ifp;
	struct em *sc;

	emm_init(&m, device);
	ifp = start();
	sc = emm_sc(&m);
	for (unsigned i = 0; i < 20000; i++) {
		m.stalled = 3;			/* its descriptors are not to be believed any more */
		m.muted = unit_below(100) ? 0 : 1u << unit_below(3);
		nonsense(ifp, &sc->sc_queues[unit_below(sc->sc_nqueues)]);
		if (unit_below(3) == 0)
			run();
		if (unit_below(10) == 0)
			host_run(260);
		if (unit_below(2000) == 0)
			CHECK(if_setmtu(ifp, unit_below(2) ? 9000 : 1500));
		m.dead = unit_below(1000) == 0;
	}
	m.dead = m.mute = false;
	m.muted = 0;
	CHECK(if_setmtu(ifp, 1500));
	CHECK(if_setup(ifp, false) && if_setup(ifp, true));
	m.stalled = 0;
	emm_link(&m, true);
	host_run(2500);
	drop_got();
	m.next = m.nframes;
	traffic(ifp, 600, 60);
	stop();
}

TEST(em_fuzz_82540)	{ fuzz(I82540); }
TEST(em_fuzz_82574)	{ fuzz(I82574); }
TEST_CORES(em_fuzz_queues, 2)	{ fuzz(I82574); }
TEST_CORES(em_fuzz_steered, 3)	{ fuzz(I82574); }
