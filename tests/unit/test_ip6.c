/* test_ip6.c - IPv6 input and forwarding: one packet in, what comes out, which counter moved. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "tests/unit/netfix6.h"

static struct pkt p;

TEST(ip6_forwards)
{
	struct pkt *f;

	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL);
	CHECK_EQ(f->p_len, p.p_len);
	CHECK_MEM(f->p_b, t1.w_host, 6);
	CHECK_MEM(f->p_b + 6, t1.w_if.if_lladdr, 6);
	CHECK_EQ(load16(f->p_b + 12), BE16(0x86dd));
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 63);
	pkt_ip6(f)->ip6_hlim++;
	CHECK_MEM(f->p_b + 14, p.p_b + 14, 40 + 26);
	CHECK_EQ(counter_delta("ip6s_forward"), 1);
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	net_end();
}

TEST(ip6_batch_of_64_one_start)
{
	unsigned starts;

	ip6_start();
	starts = t1.w_starts;
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	wire_rx_many(&t0, &p, 64, PKT_MAX);
	CHECK_EQ(t1.w_ntx - t1.w_next, 64);
	CHECK_EQ(t1.w_starts - starts, 1);
	CHECK_EQ(counter_delta("ip6s_forward"), 64);
	net_end();
}

TEST(ip6_padding_is_cut)
{
	struct pkt *f;

	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 2);
	p.p_len = 60;
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL);
	CHECK_EQ(f->p_len, 14 + 42);
	net_end();
}

/* A packet whose header lies in pieces all over a chain is the same packet. */
TEST(ip6_chain_of_crumbs)
{
	struct pkt *f;

	ip6_start();
	for (unsigned seg = 14; seg < 60; seg++) {
		pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 200);
		wire_rx_many(&t0, &p, 1, seg);
		f = wire_tx(&t1);
		CHECK(f != NULL);
		CHECK_EQ(f->p_len, p.p_len);
		CHECK_MEM(f->p_b + 54, p.p_b + 54, 200);
	}
	net_end();
}

/* Sends p; it must be dropped, by this counter and no other, nothing answered. */
static void
refused(const char *counter)
{
	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta(counter), 1);
	SET_FOREACH(const struct counter, c, counters)
		if (c->c_kind == COUNTER_DROP && strcmp(c->c_name, counter) != 0)
			CHECK_EQ(counter_delta(c->c_name), 0);
}

/* HOSTILE: IPv6, lying payload length (CVE-2020-17441). */
TEST(ip6_bad_headers)
{
	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	p.p_len = 14 + 39;
	refused("ip6s_toosmall");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	p.p_b[14] = 0x50;
	refused("ip6s_badvers");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	pkt_ip6(&p)->ip6_plen = BE16(27);
	refused("ip6s_tooshort");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	pkt_ip6(&p)->ip6_plen = BE16(65535);
	refused("ip6s_tooshort");
	net_end();
}

TEST(ip6_bad_addresses)
{
	static const char *const sources[] = { "::1", "ff02::1", "ff0e::5", "::ffff:10.0.0.1", "::10.0.0.1" };

	ip6_start();
	for (unsigned i = 0; i < nitems(sources); i++) {
		pkt6_udp(&p, sources[i], "fd00:c::1", 64, 26);
		refused("ip6s_badsrc");
	}
	pkt6_udp(&p, "fd00:a::2", "::1", 64, 26);
	refused("ip6s_baddst");
	pkt6_udp(&p, "fd00:a::2", "::", 64, 26);
	refused("ip6s_baddst");
	pkt6_udp(&p, "fd00:a::2", "::ffff:10.1.0.1", 64, 26);
	refused("ip6s_baddst");
	pkt6_udp(&p, "fd00:a::2", "ff01::1", 64, 26);
	refused("ip6s_mcscope");
	pkt6_udp(&p, "fd00:a::2", "ff00::1", 64, 26);
	refused("ip6s_mcscope");
	pkt6_udp(&p, "fd00:a::1", "fd00:c::1", 64, 26);		/* ours, and it does not come from us */
	refused("ip6s_oursrc");
	pkt6_udp(&p, "fe80::5054:ff:fe00:a", "fe80::5054:ff:fe00:a", 64, 26);
	refused("ip6s_oursrc");
	pkt6_udp(&p, "fd00:a::2", "ff0e::1234", 64, 26);
	refused("ip6s_notmember");
	pkt6_udp(&p, "::", "fd00:c::1", 64, 26);		/* RFC 4291 2.5.2 */
	refused("ip6s_badscope");
	pkt6_udp(&p, "fd00:a::2", "fe80::77", 64, 26);		/* never to another link */
	refused("ip6s_badscope");
	net_end();
}

TEST(ip6_not_ours_on_the_link)
{
	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	p.p_b[5] ^= 1;
	refused("eths_notours");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	memset(p.p_b, 0xff, 6);
	refused("ip6s_linkcast");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	memcpy(p.p_b, (uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	refused("ip6s_linkcast");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	p.p_b[6] |= 1;
	refused("eths_srcmulti");
	net_end();
}

TEST(ip6_closed_until_configured)
{
	ip6_start();
	config_loaded = false;
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	refused("ip6s_cantforward");
	config_loaded = true;
	ip6_forwarding = 0;
	refused("ip6s_cantforward");
	pkt6_echo(&p, "fd00:a::2", "fd00:b::1", 20);		/* a host takes only what came in where the address is */
	refused("ip6s_wrongif");
	net_end();
}

/* Answered on t0 by an ICMPv6 error of this type, code and parameter about p, and dropped by this counter. */
static void
answered(const char *counter, unsigned type, unsigned code, uint32_t param)
{
	struct pkt *f;

	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	f = wire_tx_icmp6(&t0, type);
	CHECK_EQ(pkt_icmp6(f)->icmp6_code, code);
	CHECK_EQ(be32_host(pkt_icmp6(f)->icmp6_param), param);
	CHECK(in6_equal(&pkt_ip6(f)->ip6_dst, &pkt_ip6(&p)->ip6_src));
	CHECK(in6_ifaddr_find(&t0.w_if, &pkt_ip6(f)->ip6_src) != NULL);
	CHECK_EQ(f->p_len, MIN(p.p_len + 48, 14u + 1280));
	CHECK_MEM(f->p_b + 62, p.p_b + 14, f->p_len - 62);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta(counter), 1);
}

TEST(ip6_answers)
{
	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 1, 26);
	answered("ip6s_hlim", 3, 0, 0);
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 0, 26);
	answered("ip6s_hlim", 3, 0, 0);
	pkt6_udp(&p, "fd00:a::2", "2001:db8::1", 64, 26);
	answered("ip6s_noroutes", 1, 0, 0);
	pkt6(&p, "fd00:a::2", "fd00:a::1", 99, 64, 26);
	answered("ip6s_noproto", 4, 1, 6);
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 1461);
	answered("ip6s_toobig", 2, 0, 1500);
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 4000);
	answered("ip6s_toobig", 2, 0, 1500);
	net_end();
}

/* Link-local sources do not leave their link (RFC 4007 9): told, by an answer that stays there. */
TEST(ip6_beyond_scope)
{
	struct pkt *f;

	ip6_start_unknown();
	pkt6_ns(&p, "fe80::2", "fe80::5054:ff:fe00:a", "fe80::5054:ff:fe00:a", t0.w_host);
	wire_rx(&t0, &p);
	wire_tx_icmp6(&t0, ICMP6_NA);
	pkt6_udp(&p, "fe80::2", "fd00:b::77", 64, 26);
	counter_mark();
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_UNREACH);
	CHECK_EQ(pkt_icmp6(f)->icmp6_code, ICMP6_UNREACH_SCOPE);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_EQ(counter_delta("ip6s_badscope"), 1);
	CHECK(wire_tx(&t1) == NULL);
	net_end();
}

TEST(ip6_echo)
{
	static const unsigned sizes[] = { 0, 1, 8, 56, 1000, 1452 };
	struct pkt *f;

	ip6_start();
	for (unsigned i = 0; i < nitems(sizes); i++) {
		pkt6_echo(&p, "fd00:a::2", "fd00:a::1", sizes[i]);
		wire_rx(&t0, &p);
		f = wire_tx_icmp6(&t0, ICMP6_ECHOREPLY);
		CHECK_EQ(f->p_len, p.p_len);
		CHECK_MEM(f->p_b + 58, p.p_b + 58, p.p_len - 58);
		CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
		CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "fd00:a::2");
		CHECK_EQ(pkt_ip6(f)->ip6_hlim, 64);
	}
	pkt6_echo(&p, "fd00:a::2", "ff02::1", 20);		/* all nodes: from an address of ours */
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_ECHOREPLY);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_EQ(counter_delta("icmp6s_reflect"), nitems(sizes) + 1);
	net_end();
}

/* IPv4 and IPv6 mixed in one batch: each gets through. */
TEST(ip6_and_ip4_mixed)
{
	static struct pkt q;

	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 26);
	pkt_udp(&q, "10.0.0.2", "10.1.0.1", 64, 26);
	for (unsigned i = 0; i < 10; i++) {
		wire_rx(&t0, i & 1 ? &p : &q);
		CHECK(wire_tx(&t1) != NULL);
	}
	CHECK_EQ(counter_delta("ips_forward"), 5);
	CHECK_EQ(counter_delta("ip6s_forward"), 5);
	net_end();
}
