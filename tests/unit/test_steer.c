/* test_steer.c - which core a flow is on when the software steers: both ways of it, all fragments of a datagram, tags, IPv6; order; full rings. */
#include <stdio.h>
#include <string.h>

#include "kernel/loop.h"
#include "net/core/handoff.h"
#include "net/core/steer.h"
#include "net/ether/ether.h"
#include "tests/unit/corefix.h"

static struct ifnet card;
static struct { uint32_t number; unsigned core; } got[20000];
static unsigned ngot;

static void
card_input(struct ifnet *ifp, struct batch *b)
{
	CHECK(ifp == &card);
	for (unsigned i = 0; i < b->b_n; i++) {
		CHECK(ngot < nitems(got) && b->b_m[i]->m_ifidx == card.if_index);
		got[ngot].number = b->b_m[i]->m_flowid;
		got[ngot++].core = core_id();
		b->b_m[i]->m_pktlen = b->b_m[i]->m_len = 0;	/* it is no packet() any more */
		packet_done(b->b_m[i], b->b_m[i]->m_flowid);
	}
}

static void
nothing(struct ifqueue *ifq __unused_arg)
{
}

static const struct if_ops no_ops = { 0 };

static void
steer_start(void)
{
	cores_start();
	snprintf(card.if_xname, sizeof(card.if_xname), "t0");
	card.if_ops = &no_ops;
	card.if_nqueues = 1;
	CHECK(ether_ifattach(&card));
	card.if_ifqs[0].ifq_startfn = nothing;
	card.if_input = card_input;
	CHECK(card.if_steer);
}

static void
steer_end(void)
{
	while (host_passes())
		continue;
	cores_end();
}

struct flow { uint8_t src[16], dst[16]; uint16_t sport, dport; uint8_t proto; };

static struct flow
some_flow(void)
{
	struct flow f = { .sport = (uint16_t)unit_random(), .dport = (uint16_t)unit_random(), .proto = unit_below(2) ? 17 : 6 };

	for (unsigned i = 0; i < 16; i++) {
		f.src[i] = (uint8_t)unit_random();
		f.dst[i] = (uint8_t)unit_random();
	}
	return f;
}

static struct flow
back(struct flow f)
{
	struct flow b = f;

	memcpy(b.src, f.dst, 16);
	memcpy(b.dst, f.src, 16);
	b.sport = f.dport;
	b.dport = f.sport;
	return b;
}

enum kind { IP4, IP4_FIRST, IP4_LATER, IP4_OPTIONS, IP6 };

/* Of VLAN 5 when tagged. Its length. */
static unsigned
frame(uint8_t *p, const struct flow *f, enum kind k, bool tagged)
{
	uint8_t *ip = p + (tagged ? 18 : 14);
	unsigned hlen = k == IP6 ? 40 : k == IP4_OPTIONS ? 24 : 20;

	memset(p, 0, 100);
	if (tagged)
		memcpy(p + 12, (uint8_t[]){ 0x81, 0, 0, 5 }, 4);
	store16(ip - 2, k == IP6 ? BE16(0x86dd) : BE16(0x0800));
	if (k == IP6) {
		ip[0] = 0x60;
		ip[6] = f->proto;
		memcpy(ip + 8, f->src, 16);
		memcpy(ip + 24, f->dst, 16);
	} else {
		ip[0] = (uint8_t)(0x40 | hlen / 4);
		ip[9] = f->proto;
		store16(ip + 6, k == IP4_FIRST ? BE16(0x2000) : k == IP4_LATER ? BE16(0x00b9) : BE16(0x4000));
		memcpy(ip + 12, f->src, 4);
		memcpy(ip + 16, f->dst, 4);
	}
	store16(ip + hlen, host_be16(f->sport));
	store16(ip + hlen + 2, host_be16(f->dport));
	if (k == IP4_LATER)			/* there it is payload */
		store32(ip + hlen, unit_random());
	return (unsigned)(ip - p) + hlen + 20;
}

static uint32_t next_number;

/* As from the card. */
static struct mbuf *
received(uint32_t number, const uint8_t *p, unsigned len)
{
	struct mbuf *m = m_get();

	CHECK(m != NULL && m_append(m, p, len));
	m->m_flowid = number;
	return m;
}

/* The core that takes it, when it comes in on core 0. */
static unsigned
core_of_frame(const uint8_t *p, unsigned len)
{
	struct batch b = { 1, { received(next_number++, p, len) } };

	ngot = 0;
	ifiq_input(&card.if_ifiqs[0], &b);
	while (host_passes())
		continue;
	CHECK_EQ(ngot, 1);
	return got[0].core;
}

static unsigned
core_of(struct flow f, enum kind k, bool tagged)
{
	uint8_t p[100];
	unsigned len = frame(p, &f, k, tagged);

	return core_of_frame(p, len);
}

TEST_CORES(steer_both_ways_of_a_flow, 3)
{
	unsigned on[3][2] = { { 0 } };

	steer_start();
	for (unsigned i = 0; i < 600; i++) {
		struct flow f = some_flow();
		unsigned four = core_of(f, IP4, false), six = core_of(f, IP6, false);

		CHECK_EQ(core_of(back(f), IP4, false), four);
		CHECK_EQ(core_of(f, IP4, true), four);
		CHECK_EQ(core_of(back(f), IP4, true), four);
		CHECK_EQ(core_of(back(f), IP6, false), six);
		CHECK_EQ(core_of(back(f), IP6, true), six);
		CHECK_EQ(core_of(f, IP4_OPTIONS, false), core_of(back(f), IP4_OPTIONS, true));
		on[four][0]++;
		on[six][1]++;
	}
	for (unsigned i = 0; i < 3; i++)		/* 200 each, more or less */
		CHECK(on[i][0] > 130 && on[i][0] < 270 && on[i][1] > 130 && on[i][1] < 270);
	steer_end();
}

/* Ports are in the first fragment only: none counts. */
TEST_CORES(steer_fragments_of_a_datagram, 3)
{
	unsigned apart = 0;

	steer_start();
	for (unsigned i = 0; i < 200; i++) {
		struct flow f = some_flow(), g = f;
		unsigned core = core_of(f, IP4_FIRST, false);

		g.sport++;
		CHECK_EQ(core_of(f, IP4_LATER, false), core);
		CHECK_EQ(core_of(back(f), IP4_LATER, true), core);
		CHECK_EQ(core_of(g, IP4_FIRST, false), core);
		apart += core_of(f, IP4, false) != core;
	}
	CHECK(apart > 80);		/* whole packets have ports as well */
	steer_end();
}

/* What is no IP stays; what is cut short goes anywhere, and nothing is read behind its buffer. */
TEST_CORES(steer_other_frames, 3)
{
	uint8_t p[200];

	steer_start();
	for (unsigned i = 0; i < 300; i++) {
		for (unsigned k = 0; k < sizeof(p); k++)
			p[k] = (uint8_t)unit_random();
		store16(p + 12, BE16(0x0806));
		CHECK_EQ(core_of_frame(p, 60), 0);
		store16(p + 12, (const uint16_t[]){ BE16(0x0800), BE16(0x86dd), BE16(0x8100) }[i % 3]);
		CHECK(core_of_frame(p, 14 + unit_below(60)) < ncores);
	}
	steer_end();
}

/* A number of flows from two queues' cores, in batches of any size: each flow on one core, in its order. */
TEST_CORES(steer_order_of_flows, 4)
{
	static uint8_t p[40][100];
	unsigned len[40], core[40], sent = 0;
	uint32_t seen[40] = { 0 }, of[40] = { 0 };

	steer_start();
	for (unsigned i = 0; i < 40; i++) {
		struct flow f = some_flow();

		len[i] = frame(p[i], &f, unit_below(2) ? IP4 : IP6, unit_below(4) == 0);
		core[i] = core_of_frame(p[i], len[i]);
	}
	ngot = 0;
	while (sent < 15000) {
		struct batch b = { 0 };

		for (unsigned n = 1 + unit_below(BATCH_MAX); n > 0; n--, sent++) {
			unsigned i = unit_below(40);

			batch_add(&b, received(i << 20 | of[i]++, p[i], len[i]));
		}
		ifiq_input(&card.if_ifiqs[0], &b);
		for (unsigned n = 1 + unit_below(8); n > 0; n--)
			host_pass(unit_below(ncores));
		host_pass(0);
	}
	while (host_passes())
		continue;
	CHECK_EQ(ngot + counter_delta("hos_full"), sent);
	for (unsigned i = 0; i < ngot; i++) {
		unsigned flow = got[i].number >> 20;

		CHECK_EQ(got[i].core, core[flow]);
		CHECK((got[i].number & 0xfffff) >= seen[flow]);
		seen[flow] = (got[i].number & 0xfffff) + 1;
	}
	steer_end();
}

/* A core does not keep up: what is for it is dropped and counted, what is for others goes on. */
TEST_CORES(steer_a_full_ring, 3)
{
	uint8_t p[3][100];
	unsigned len[3] = { 0 }, on[3] = { 0 };
	struct batch b;

	steer_start();
	while (len[0] == 0 || len[1] == 0 || len[2] == 0) {		/* a flow for each core */
		struct flow f = some_flow();
		unsigned core = core_of(f, IP4, false);

		len[core] = frame(p[core], &f, IP4, false);
	}
	ngot = 0;
	for (unsigned n = 0; n < 600; ) {
		b.b_n = 0;
		for (unsigned i = 0; i < 60; i++, n++) {
			unsigned core = MIN(n % 10, 2u);

			batch_add(&b, received(n, p[core], len[core]));
		}
		ifiq_input(&card.if_ifiqs[0], &b);
		host_pass(0);
		host_pass(1);
	}
	CHECK_EQ(counter_delta("hos_full"), 0);
	for (unsigned n = 0; n < 200; n += 50) {
		b.b_n = 0;
		for (unsigned i = 0; i < 50; i++)
			batch_add(&b, received(600 + n + i, p[1 + i % 2], len[1 + i % 2]));
		ifiq_input(&card.if_ifiqs[0], &b);
		host_pass(0);
		host_pass(1);
	}
	CHECK_EQ(counter_delta("hos_full"), 480 + 100 - HANDOFF_SLOTS);
	while (host_passes())
		continue;
	for (unsigned i = 0; i < ngot; i++)
		on[got[i].core]++;
	CHECK_EQ(on[0], 60);
	CHECK_EQ(on[1], 60 + 100);
	CHECK_EQ(on[2], HANDOFF_SLOTS);
	steer_end();
}
