/* test_pf_scrub.c - max-mss wherever the option stands, in both families, and set tos and min-ttl with IPv6. */
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_tcp.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static struct pkt p;

/* The checksum of all of TCP; 0 when it is right. */
static uint16_t
tcp_sum(const struct pkt *k, bool six)
{
	unsigned hlen = six ? 40 : 20, len = k->p_len - 14 - hlen;
	const uint8_t *h = k->p_b + 14;
	struct { uint8_t addrs[32]; be32_t len; uint8_t zero[3], p; } pseudo = { { 0 }, host_be32(len), { 0 }, 6 };

	memcpy(pseudo.addrs, h + (six ? 8 : 12), six ? 32 : 8);
	return (uint16_t)~in_fold(in_sum(h + hlen, len, in_sum(&pseudo, sizeof(pseudo), 0)));
}

/* A SYN with these options, which fill words. */
static void
syn(bool six, const uint8_t *opt, unsigned n)
{
	uint8_t *h = p.p_b + (six ? 54 : 34);
	struct tcphdr th = { .th_sport = BE16(4), .th_dport = BE16(5), .th_seq = BE32(999), .th_off = (uint8_t)((20 + n) / 4 << 4), .th_flags = PF_TH_SYN,
	    .th_win = BE16(8192) };

	if (six)
		pkt6(&p, "fd00:a::2", "fd00:b::2", 6, 64, 20 + n);
	else
		pkt_ip(&p, "10.0.0.2", "10.0.1.2", 6, 64, 20, 20 + n);
	memcpy(h, &th, sizeof(th));
	if (n > 0)
		memcpy(h + 20, opt, n);
	store16(h + 16, tcp_sum(&p, six));
}

static void
passes_with(bool six, const uint8_t *opt, const uint8_t *want, unsigned n)
{
	const struct pkt *f;

	pf_states_kill(NULL, NULL);
	syn(six, opt, n);
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL);
	CHECK(memcmp(f->p_b + (six ? 74 : 54), want, n) == 0);
	CHECK_EQ(tcp_sum(f, six), 0);
}

static void
all_places(bool six)
{
	static const uint8_t even[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7 }, even_want[] = { 2, 4, 4, 0xb0, 1, 3, 3, 7 };
	static const uint8_t odd[] = { 1, 2, 4, 5, 0xb4, 3, 3, 7 }, odd_want[] = { 1, 2, 4, 4, 0xb0, 3, 3, 7 };
	static const uint8_t small[] = { 2, 4, 4, 0xb0 }, none[] = { 1, 1, 4, 2 }, bad[] = { 3, 9, 2, 4, 5, 0xb4, 0, 0 }, late[] = { 0, 2, 4, 5, 0xb4, 0, 0, 0 };

	passes_with(six, even, even_want, sizeof(even));
	passes_with(six, odd, odd_want, sizeof(odd));
	passes_with(six, small, small, sizeof(small));
	passes_with(six, none, none, sizeof(none));
	passes_with(six, bad, bad, sizeof(bad));
	passes_with(six, late, late, sizeof(late));
}

/* checklist: pf/scrub:unaligned */
TEST(pf_scrub_mss)
{
	net_start();
	pf_start("pass\nmatch in on t0 scrub (max-mss 1200)\n");
	all_places(false);
	pf_uninstall();
	net_end();
}

TEST(pf6_scrub_mss)
{
	ip6_start();
	pf_start("pass\nmatch out on t1 scrub (max-mss 1200)\n");
	all_places(true);
	pf_uninstall();
	net_end();
}

/* The header of a SYN in pieces. */
TEST(pf_scrub_mss_in_pieces)
{
	static const uint8_t opt[] = { 2, 4, 5, 0xb4 };
	const struct pkt *f;

	net_start();
	pf_start("pass\nmatch in on t0 scrub (max-mss 1200)\n");
	syn(false, opt, sizeof(opt));
	wire_rx_many(&t0, &p, 1, 40);
	f = wire_tx(&t1);
	CHECK(f != NULL && f->p_b[56] == 4 && f->p_b[57] == 0xb0);
	CHECK_EQ(tcp_sum(f, false), 0);
	pf_uninstall();
	net_end();
}

/* The traffic class but for congestion notification; the hop limit before it is looked at. With a state and without. */
TEST(pf6_scrub_header)
{
	const struct pkt *f;

	ip6_start();
	pf_start("pass\nmatch in on t0 scrub (min-ttl 9) set tos 0x28\npass in on t0 proto tcp to port 5 no state\n");
	for (uint8_t i = 0; i < 2; i++) {
		syn(true, NULL, 0);
		pkt_ip6(&p)->ip6_hlim = 1;
		pkt_ip6(&p)->ip6_flow = BE32(6u << 28 | 0x43u << 20 | 0x12345);
		p.p_b[54 + 3] = (uint8_t)(5 + i);
		store16(p.p_b + 54 + 16, 0);
		store16(p.p_b + 54 + 16, tcp_sum(&p, true));
		wire_rx(&t0, &p);
		f = wire_tx(&t1);
		CHECK(f != NULL);
		CHECK_EQ(((const struct ip6_hdr *)(f->p_b + 14))->ip6_hlim, 8);
		CHECK_EQ(be32_host(((const struct ip6_hdr *)(f->p_b + 14))->ip6_flow), 6u << 28 | 0x2bu << 20 | 0x12345);
		CHECK_EQ(tcp_sum(f, true), 0);
	}
	pf_uninstall();
	net_end();
}
