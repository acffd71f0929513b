/* test_flow.c - flows: what makes an entry, what it may and may not do, age, limits, growth. */
#include <string.h>

#include "kernel/config.h"
#include "net/core/flow.h"
#include "net/ether/arp.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

static void
start(void)
{
	net_start();
	flow_least = 1;
	flow_choose();
}

/* A good UDP packet from t0's host. */
static void
udp(struct pkt *p, const char *src, const char *dst, unsigned sport, unsigned payload)
{
	pkt_udp(p, src, dst, 64, payload);
	store16(p->p_b + 34, host_be16((uint16_t)sport));
}

/* So many of them leave by t1, and so many of those by their entry. */
static void
through(const struct pkt *p, unsigned copies, unsigned seg, unsigned out, unsigned by_flow)
{
	unsigned n = 0;

	counter_mark();
	wire_rx_many(&t0, p, copies, seg);
	while (wire_tx(&t1) != NULL)
		n++;
	CHECK_EQ(n, out);
	CHECK_EQ(counter_delta("ips_total"), copies);
	CHECK_EQ(counter_delta("ips_forward"), out);
	CHECK_EQ(counter_delta("flows_hits"), by_flow);
}

TEST(flow_from_the_second_packet_on)
{
	struct pkt p, *f;
	uint64_t use;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 100);
	use = rtable_match(0, addr("10.1.0.1"))->rt_use;
	through(&p, 1, PKT_MAX, 1, 0);
	CHECK_EQ(counter_delta("flows_made"), 1);
	through(&p, 1, PKT_MAX, 1, 1);
	through(&p, 64, PKT_MAX, 64, 64);
	CHECK_EQ(counter_delta("flows_made"), 0);
	CHECK_EQ(rtable_match(0, addr("10.1.0.1"))->rt_use, use + 66);
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t1)) != NULL);
	CHECK_EQ(f->p_len, p.p_len);
	CHECK(memcmp(f->p_b, t1.w_host, 6) == 0 && memcmp(f->p_b + 6, t1.w_if.if_lladdr, 6) == 0);
	CHECK_EQ(pkt_iphdr(f)->ip_ttl, 63);
	CHECK_EQ(in_cksum(pkt_iphdr(f), 20), 0);
	CHECK(memcmp(f->p_b + 26, p.p_b + 26, p.p_len - 26) == 0);
	net_end();
}

/* The checksum's end-around carry: all values that a TTL and an identification bring. */
TEST(flow_checksum)
{
	struct pkt p, *f;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 20);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);
	for (unsigned id = 0; id < 65536; id += 5) {
		pkt_iphdr(&p)->ip_id = host_be16((uint16_t)id);
		pkt_iphdr(&p)->ip_ttl = (uint8_t)(2 + id % 254);
		pkt_ipsum(&p);
		if (pkt_iphdr(&p)->ip_sum == 0 && id % 2)
			pkt_iphdr(&p)->ip_sum = 0xffff;
		wire_rx(&t0, &p);
		CHECK((f = wire_tx(&t1)) != NULL);
		CHECK_EQ(in_cksum(pkt_iphdr(f), 20), 0);
		CHECK_EQ(pkt_iphdr(f)->ip_ttl, pkt_iphdr(&p)->ip_ttl - 1);
	}
	CHECK(counter_delta("flows_hits") > 13000);
	net_end();
}

/* What the ordinary stages look at is theirs, of a known flow too. */
TEST(flow_leaves_the_odd_ones)
{
	struct pkt p, q;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 1400);
	through(&p, 2, PKT_MAX, 2, 1);
	q = p;
	q.p_b[0] |= 1;
	through(&q, 1, PKT_MAX, 0, 0);			/* a group's */
	q = p;
	pkt_iphdr(&q)->ip_ttl = 1;
	pkt_ipsum(&q);
	through(&q, 1, PKT_MAX, 0, 0);
	CHECK_EQ(counter_delta("ips_ttl"), 1);
	CHECK(wire_tx(&t0) != NULL);
	q = p;
	pkt_iphdr(&q)->ip_sum ^= 1;
	through(&q, 1, PKT_MAX, 0, 0);
	CHECK_EQ(counter_delta("ips_badsum"), 1);
	q = p;
	pkt_iphdr(&q)->ip_off = BE16(IP_MF);
	pkt_ipsum(&q);
	through(&q, 1, PKT_MAX, 1, 0);
	q = p;
	q.p_len -= 10;
	through(&q, 1, PKT_MAX, 0, 0);
	CHECK_EQ(counter_delta("ips_tooshort"), 1);
	through(&p, 1, 700, 1, 0);			/* in two mbufs */
	through(&p, 1, PKT_MAX, 1, 1);
	CHECK(if_setmtu(&t1.w_if, 1000));
	counter_mark();
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("flows_hits"), 0);
	CHECK(wire_tx(&t1) != NULL && wire_tx(&t1) != NULL);	/* two pieces */
	net_end();
}

/* Padding is taken off as ip_input does, and the packet goes by its entry. */
TEST(flow_padding)
{
	struct pkt p, *f;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	memset(p.p_b + p.p_len, 0, 60 - p.p_len);
	p.p_len = 60;
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t1)) != NULL);
	CHECK_EQ(f->p_len, 42);
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t1)) != NULL);
	CHECK_EQ(f->p_len, 42);
	CHECK_EQ(counter_delta("flows_hits"), 1);
	net_end();
}

/* A packet that ends within its ports is nobody's, whatever the memory behind it holds. */
TEST(flow_without_ports)
{
	struct pkt p;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	through(&p, 2, PKT_MAX, 2, 1);
	pkt_iphdr(&p)->ip_len = BE16(22);
	pkt_ipsum(&p);
	p.p_len = 36;
	through(&p, 8, PKT_MAX, 8, 0);
	net_end();
}

TEST(flow_least)
{
	struct pkt p;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	flow_least = 2;
	flow_choose();
	through(&p, 1, PKT_MAX, 1, 0);
	CHECK_EQ(counter_delta("flows_made"), 0);
	through(&p, 2, PKT_MAX, 2, 1);
	through(&p, 1, PKT_MAX, 1, 0);
	net_end();
}

TEST(flow_off)
{
	struct pkt p;

	start();
	flow_enable = 0;
	flow_choose();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	through(&p, 10, PKT_MAX, 10, 0);
	flow_enable = 1;
	flow_choose();
	through(&p, 10, PKT_MAX, 10, 9);
	ip_forwarding = 0;
	through(&p, 10, PKT_MAX, 0, 0);
	ip_forwarding = 1;
	config_loaded = false;
	through(&p, 10, PKT_MAX, 0, 0);
	net_end();
}

/* Each change of what an entry was made of costs its flow one look-up. */
TEST(flow_follows_the_routes)
{
	struct rt_request rq = { .rq_dest = addr("10.1.0.0"), .rq_plen = 24, .rq_flags = RTF_BLACKHOLE | RTF_STATIC };
	struct pkt p;

	start();
	rq.rq_ifp = &t1.w_if;
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	through(&p, 5, PKT_MAX, 5, 4);
	CHECK_EQ(rt_add(&rq), RT_OK);
	through(&p, 5, PKT_MAX, 0, 0);
	CHECK_EQ(counter_delta("flows_gone"), 1);
	CHECK_EQ(counter_delta("ips_blackhole"), 5);
	CHECK_EQ(rt_delete(&rq), RT_OK);
	through(&p, 5, PKT_MAX, 5, 4);			/* made anew */
	CHECK(arp_set(0, addr("10.0.1.2"), (const uint8_t[]){ 2, 0, 0, 0, 0, 9 }, NHF_STATIC) == NULL);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1)->p_b[5] == 9);		/* edited in place: */
	CHECK_EQ(counter_delta("flows_renewed"), 0);
	rq.rq_dest = addr("10.7.0.0");
	CHECK_EQ(rt_add(&rq), RT_OK);
	through(&p, 5, PKT_MAX, 5, 5);
	CHECK_EQ(counter_delta("flows_renewed"), 1);
	net_end();
}

/* An address that becomes ours is nobody's source from then on. */
TEST(flow_source_becomes_ours)
{
	struct pkt p;

	start();
	udp(&p, "10.0.0.99", "10.1.0.1", 4000, 8);
	through(&p, 5, PKT_MAX, 5, 4);
	CHECK(if_addaddr(&t1.w_if, addr("10.0.0.99"), 32, 0) == NULL);
	host_run(10000);
	while (wire_tx(&t1) != NULL)			/* announcements */
		continue;
	through(&p, 5, PKT_MAX, 0, 0);
	CHECK_EQ(counter_delta("ips_ownsrc"), 5);
	CHECK(if_deladdr(&t1.w_if, addr("10.0.0.99")) == NULL);
	through(&p, 5, PKT_MAX, 5, 4);
	net_end();
}

/* Strangers that a scan makes routes for change nothing for the flows. */
TEST(flow_and_a_scan)
{
	struct pkt p, scan;

	start();
	udp(&p, "10.0.0.2", "10.1.0.1", 4000, 8);
	through(&p, 5, PKT_MAX, 5, 4);
	for (unsigned i = 10; i < 200; i++) {
		pkt_udp(&scan, "10.0.0.2", "10.0.1.9", 64, 8);
		pkt_iphdr(&scan)->ip_dst = addr("10.0.1.0") | BE32(i);
		pkt_ipsum(&scan);
		wire_rx(&t0, &scan);
	}
	while (wire_tx(&t1) != NULL)
		continue;
	through(&p, 5, PKT_MAX, 5, 5);
	CHECK_EQ(counter_delta("flows_renewed"), 0);
	host_run(10000);		/* they are given up */
	while (wire_tx(&t0) != NULL || wire_tx(&t1) != NULL)
		continue;
	net_end();
}

static const struct flow_table *
table(void)
{
	return percore_ptr(flow_table);
}

/* n strangers, one packet each. */
static void
strangers(unsigned from, unsigned n)
{
	struct pkt p;

	for (unsigned i = from; i < from + n; i++) {
		pkt_udp(&p, "10.2.0.0", "10.1.0.1", 64, 8);
		pkt_iphdr(&p)->ip_src |= host_be32(i);
		pkt_ipsum(&p);
		wire_rx(&t0, &p);
		while (wire_tx(&t1) != NULL)
			continue;
	}
}

/* A flood takes what is free, for two seconds each, and nothing from those who are known. */
TEST(flow_flood)
{
	struct pkt known[50];

	start();
	for (unsigned i = 0; i < nitems(known); i++) {
		udp(&known[i], "10.0.0.2", "10.1.0.1", 5000 + i, 8);
		through(&known[i], 3, PKT_MAX, 3, 2);
	}
	flow_limit = 200;
	counter_mark();
	strangers(1000, 3000);		/* none has the last octets of an address of ours */
	CHECK_EQ(table()->ft_n, 200);
	CHECK_EQ(counter_delta("flows_made"), 150);
	CHECK_EQ(counter_delta("flows_full"), 2850);
	for (unsigned i = 0; i < nitems(known); i++)
		through(&known[i], 3, PKT_MAX, 3, 3);
	host_run(4000);
	for (unsigned i = 0; i < nitems(known); i++)
		through(&known[i], 3, PKT_MAX, 3, 3);
	counter_mark();
	strangers(5000, 60000);		/* the hand comes by each */
	CHECK_EQ(counter_delta("flows_idle"), 150);
	CHECK(counter_delta("flows_made") >= 150);
	for (unsigned i = 0; i < nitems(known); i++)
		through(&known[i], 3, PKT_MAX, 3, 3);
	net_end();
}

/* n flows by their ports, a packet each. */
static void
ports(unsigned n)
{
	struct pkt p;

	udp(&p, "10.0.0.2", "10.1.0.1", 1, 8);
	counter_mark();
	for (unsigned i = 0; i < n; i++) {
		store16(p.p_b + 34, host_be16((uint16_t)i));
		wire_rx(&t0, &p);
		CHECK(wire_tx(&t1) != NULL);
	}
}

/* The table grows under its flows: they keep their entries, but for the one in thousands whose bucket is full. */
TEST(flow_growth)
{
	uint64_t mask, n;

	start();
	mask = table()->ft_mask;
	ports(50000);
	n = table()->ft_n;
	CHECK(table()->ft_mask >= 4 * mask);
	CHECK(n >= 49950);
	CHECK_EQ(counter_delta("flows_made"), n);
	CHECK_EQ(counter_delta("flows_full"), 50000 - n);
	ports(50000);
	CHECK_EQ(counter_delta("flows_hits"), n);
	CHECK_EQ(counter_delta("flows_idle"), 0);
	net_end();
}

/* Homes are spread whatever the flows have in common. */
TEST(flow_spread)
{
	static unsigned n[256];
	uint64_t secret[6] = { 0x9d1f3b5a7c2e4f60, 0x1b2c3d4e5f607182, 0x8f7e6d5c4b3a2918, 0x0123456789abcdef, 0xfedcba9876543210, 0x5a5aa5a51337c0de };

	for (unsigned way = 0; way < 4; way++) {
		memset(n, 0, sizeof(n));
		for (uint64_t i = 0; i < 65536; i++) {
			uint64_t addrs = way == 0 ? i << 48 : way == 1 ? i << 16 : 77, key = way == 2 ? i : way == 3 ? i << 16 : 5;

			n[flow_hash4(secret, addrs, key) >> 6 & 255]++;
		}
		for (unsigned i = 0; i < nitems(n); i++)
			CHECK(n[i] > 128 && n[i] < 512);
	}
}
