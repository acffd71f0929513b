/* test_ip6_reass.c - HOSTILE: Fragments, for IPv6: what is put together, and what is not. */
#include <stdio.h>
#include <string.h>

#include "kernel/loop.h"
#include "tests/unit/netfix6.h"

static struct pkt p, whole, keep;

/* An echo request of so many bytes of data stands in whole; frag() sends a piece of it. */
static void
make(unsigned payload, const char *src)
{
	pkt6_echo(&whole, src, "fd00:a::1", payload);
}

static void
piece(unsigned from, unsigned len, bool more, uint32_t ident)
{
	struct ip6_frag fh = { .ip6f_nxt = IPPROTO_ICMPV6_, .ip6f_offlg = host_be16((uint16_t)(from | more)), .ip6f_ident = host_be32(ident) };

	memcpy(p.p_b, whole.p_b, 54);
	pkt_ip6(&p)->ip6_nxt = IPPROTO_FRAGMENT_;
	pkt_ip6(&p)->ip6_plen = host_be16((uint16_t)(8 + len));
	memcpy(p.p_b + 54, &fh, 8);
	memcpy(p.p_b + 62, whole.p_b + 54 + from, len);
	p.p_len = 62 + len;
}

static void
frag(unsigned from, unsigned len, bool more, uint32_t ident)
{
	piece(from, len, more, ident);
	wire_rx(&t0, &p);
}

static void
answered(unsigned payload)
{
	unsigned got = 0;
	struct pkt *f = wire_tx(&t0);

	CHECK(f != NULL);
	if (pkt_ip6(f)->ip6_nxt == IPPROTO_ICMPV6_) {
		CHECK_EQ(f->p_len, 62 + payload);
		CHECK_MEM(f->p_b + 62, whole.p_b + 62, payload);
		return;
	}
	for (; f != NULL; f = wire_tx(&t0)) {
		CHECK_EQ(pkt_ip6(f)->ip6_nxt, IPPROTO_FRAGMENT_);
		CHECK_EQ(be16_host(load16(f->p_b + 56)) & 0xfff8, got);
		if (got > 0)
			CHECK_MEM(f->p_b + 62, whole.p_b + 54 + got, f->p_len - 62);
		got += f->p_len - 62;
	}
	CHECK_EQ(got, 8 + payload);
}

TEST(ip6_reass_orders)
{
	static const unsigned order[4][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 }, { 2, 0, 1 } };

	ip6_start();
	make(1000, "fd00:a::2");
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned k = 0; k < 3; k++) {
			CHECK(wire_tx(&t0) == NULL);
			frag(order[i][k] * 400, order[i][k] == 2 ? 208 : 400, order[i][k] != 2, i);
		}
		answered(1000);
	}
	CHECK_EQ(counter_delta("ip6s_reassembled"), 4);
	CHECK_EQ(counter_delta("ip6s_fragused"), 8);
	net_end();
}

/* checklist: pingsize */
TEST(ip6_reass_longest)
{
	unsigned payload = 8992;			/* what a frame of this fixture holds */

	ip6_start();
	make(payload, "fd00:a::2");
	for (unsigned at = 0; at < payload + 8; at += 1000)
		frag(at, MIN(1000u, payload + 8 - at), at + 1000 < payload + 8, 7);
	answered(payload);
	net_end();
}

/* Headers before the fragment header stay, each fragment has them. */
TEST(ip6_reass_with_headers)
{
	ip6_start();
	make(100, "fd00:a::2");
	piece(48, 60, false, 3);
	pkt6_insert(&p, 60, (uint8_t[16]){ 0, 1, 1, 12 }, 16);
	wire_rx(&t0, &p);
	piece(0, 48, true, 3);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	wire_rx(&t0, &p);
	answered(100);
	net_end();
}

/* overlap of every kind (RFC 5722): the whole datagram goes, and what comes later of it; the same again is no overlap. */
TEST(ip6_reass_overlap)
{
	static const struct { unsigned from, len; bool more; } second[] = {
		{ 0, 808, true }, { 392, 100, false }, { 200, 96, true }, { 0, 400, true }, { 8, 392, true }, { 392, 16, true }, { 0, 8, true },
		{ 200, 8, false }, { 384, 16, false },
	};

	ip6_start();
	make(800, "fd00:a::2");
	for (unsigned i = 0; i < nitems(second); i++) {
		counter_mark();
		frag(0, 400, true, 100 + i);
		if (i == 3)
			whole.p_b[100] ^= 1;		/* the same place, other bytes */
		frag(second[i].from, second[i].len, second[i].more, 100 + i);
		if (i == 3)
			whole.p_b[100] ^= 1;
		CHECK_EQ(counter_delta("ip6s_fragoverlap"), 2);
		frag(400, 408, false, 100 + i);
		CHECK_EQ(counter_delta("ip6s_fragdead"), 1);
		CHECK(wire_tx(&t0) == NULL);
	}
	frag(0, 400, true, 1);
	frag(0, 400, true, 1);
	CHECK_EQ(counter_delta("ip6s_fragdup"), 1);
	frag(400, 408, false, 1);
	answered(800);
	host_run(61000);
	net_end();
}

/* two last fragments; an end that contradicts what is here */
TEST(ip6_reass_two_ends)
{
	ip6_start();
	make(800, "fd00:a::2");
	frag(400, 408, false, 1);
	frag(200, 80, false, 1);
	CHECK_EQ(counter_delta("ip6s_fragoverlap"), 2);
	frag(400, 104, false, 2);
	frag(600, 104, true, 2);
	CHECK_EQ(counter_delta("ip6s_fragoverlap"), 4);
	CHECK(wire_tx(&t0) == NULL);
	host_run(61000);
	net_end();
}

static void
problem(unsigned code, uint32_t at)
{
	struct pkt *f = wire_tx_icmp6(&t0, ICMP6_PARAMPROB);

	CHECK_EQ(pkt_icmp6(f)->icmp6_code, code);
	CHECK_EQ(be32_host(pkt_icmp6(f)->icmp6_param), at);
}

/* zero length, not a multiple of 8, beyond 65535 (ping of death). checklist: ping_of_death */
TEST(ip6_reass_malformed)
{
	ip6_start();
	make(1000, "fd00:a::2");
	frag(0, 401, true, 1);
	problem(ICMP6_PARAMPROB_HEADER, 4);
	CHECK_EQ(counter_delta("ip6s_fragmalformed"), 1);
	frag(0, 0, true, 1);
	frag(400, 0, false, 1);
	CHECK_EQ(counter_delta("ip6s_fragempty"), 2);
	piece(400, 100, false, 1);
	store16(p.p_b + 56, BE16(65528));
	p.p_b[54] = IPPROTO_UDP_;			/* of ICMPv6 it might be an error */
	wire_rx(&t0, &p);
	problem(ICMP6_PARAMPROB_HEADER, 42);
	CHECK_EQ(counter_delta("ip6s_fragtoolong"), 1);
	piece(0, 100, true, 1);
	p.p_len = 54 + 7;
	pkt_ip6(&p)->ip6_plen = BE16(7);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_fragshort"), 1);
	CHECK(wire_tx(&t0) == NULL);
	net_end();
}

/* incomplete header chain in the first fragment (RFC 7112); tiny first fragment */
TEST(ip6_reass_chain)
{
	ip6_start();
	make(1000, "fd00:a::2");
	piece(0, 24, true, 1);
	p.p_b[54] = 60;				/* destination options that say to go on beyond the fragment */
	p.p_b[63] = 5;
	wire_rx(&t0, &p);
	problem(ICMP6_PARAMPROB_CHAIN, 0);
	piece(0, 8, true, 2);
	p.p_b[54] = IPPROTO_TCP_;
	wire_rx(&t0, &p);
	problem(ICMP6_PARAMPROB_CHAIN, 0);
	CHECK_EQ(counter_delta("ip6s_fragchain"), 2);
	net_end();
}

/* IPv6 atomic fragments (RFC 6946): at once, whatever waits under the same name. */
TEST(ip6_reass_atomic)
{
	ip6_start();
	make(100, "fd00:a::2");
	frag(0, 48, true, 1);
	frag(0, 108, false, 1);
	answered(100);
	CHECK_EQ(counter_delta("ip6s_atomicfrags"), 1);
	frag(48, 60, false, 1);
	answered(100);				/* nor is what waits touched by it */
	net_end();
}

/* several fragment headers (CVE-2023-4809) */
TEST(ip6_reass_nested)
{
	ip6_start();
	make(100, "fd00:a::2");
	piece(0, 108, false, 1);
	pkt6_insert(&p, IPPROTO_FRAGMENT_, (uint8_t[8]){ 0 }, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_fragtwice"), 1);
	CHECK(wire_tx(&t0) == NULL);
	net_end();
}

/* flood of first fragments (CVE-2018-5391): memory is bounded, a source has its share, others get through, all is returned. */
TEST(ip6_reass_flood)
{
	char src[64];
	uint32_t used = mbuf_used();

	ip6_start();
	used = mbuf_used();
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(src, sizeof(src), "2001:db8::%x", i);
		make(1000, src);
		frag(0, 400, true, i);
		if (i % 500 == 100) {
			make(1000, "fd00:a::2");
			frag(400, 608, false, 70000);
			for (unsigned k = 0; k < 50; k++) {
				snprintf(src, sizeof(src), "2001:db8::%x", k);
				make(1000, src);
				frag(0, 400, true, 80000 + i);
			}
			make(1000, "fd00:a::2");
			frag(0, 400, true, 70000);
			answered(1000);
		}
	}
	CHECK(mbuf_used() - used <= 256);
	CHECK(counter_delta("ip6s_fragevict") > 2000);
	wires_forget();
	host_run(61000);
	CHECK_EQ(mbuf_used(), used);
	net_end();
}

/* Time is up: who sent the first fragment is told (RFC 8200 4.5), about the fragment as it came. */
TEST(ip6_reass_timeout)
{
	struct pkt *f;

	ip6_start();
	make(1000, "fd00:a::2");
	frag(400, 400, true, 1);
	frag(0, 400, true, 2);
	keep = p;
	host_run(59000);
	CHECK(wire_tx(&t0) == NULL);
	host_run(1100);
	f = wire_tx_icmp6(&t0, ICMP6_TIMXCEED);
	CHECK_EQ(pkt_icmp6(f)->icmp6_code, ICMP6_TIMXCEED_REASS);
	CHECK_MEM(f->p_b + 62, keep.p_b + 14, keep.p_len - 14);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ip6s_fragtimeout"), 2);
	net_end();
}

/* Headers in pieces over a chain of mbufs. */
TEST(ip6_reass_crumbs)
{
	ip6_start();
	make(1000, "fd00:a::2");
	for (unsigned seg = 14; seg < 80; seg += 6) {
		piece(400, 608, false, seg);
		wire_rx_many(&t0, &p, 1, seg);
		piece(0, 400, true, seg);
		wire_rx_many(&t0, &p, 1, seg);
		answered(1000);
	}
	net_end();
}

/* `len` bytes of zeros that stand at `from`; behind a hop-by-hop header, if wanted. */
static void
zeros(unsigned from, unsigned len, bool more, uint32_t ident, bool hopopts)
{
	piece(0, 8, more, ident);
	memset(p.p_b + 62, 0, len);
	store16(p.p_b + 56, host_be16((uint16_t)(from | more)));
	pkt_ip6(&p)->ip6_plen = host_be16((uint16_t)(8 + len));
	p.p_len = 62 + len;
	if (hopopts)
		pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	wire_rx(&t0, &p);
}

/* beyond 65535: no fragment is, but the whole would be, with the headers that stand before the fragment header */
TEST(ip6_reass_long_with_headers)
{
	ip6_start();
	make(64, "fd00:a::2");
	for (unsigned hopopts = 0; hopopts < 2; hopopts++) {
		counter_mark();
		for (unsigned i = 0; i < 8; i++)
			zeros(i * 8192, i < 7 ? 8192 : 8191, i < 7, 1 + hopopts, hopopts);
		CHECK_EQ(counter_delta("ip6s_fragwhole"), hopopts ? 8 : 0);
		CHECK_EQ(counter_delta("ip6s_reassembled"), hopopts ? 0 : 1);
		wires_forget();
		net_balance();
	}
	CHECK_EQ(mbuf_used(), 0);
	net_end();
}

/* One datagram in more pieces than a source may have wait: given up, and what comes of it later, too; another of that source is put together. */
TEST(ip6_reass_too_many_pieces)
{
	unsigned sent = 0;

	ip6_start();
	make(2000, "fd00:a::2");
	while (counter_delta("ip6s_fragmany") == 0) {
		CHECK(sent < 4000);
		zeros(sent++ * 16, 8, true, 5, false);
	}
	CHECK_EQ(counter_delta("ip6s_fragmany"), sent);
	CHECK_EQ(mbuf_used(), 0);
	zeros(sent * 16, 8, true, 5, false);
	CHECK_EQ(counter_delta("ip6s_fragdead"), 1);
	frag(0, 1200, true, 6);
	frag(1200, 808, false, 6);
	answered(2000);
	net_end();
}
