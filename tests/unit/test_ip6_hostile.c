/* test_ip6_hostile.c - HOSTILE: extension headers and ICMPv6 that nobody honest sends, each with what the RFC wants of us. */
#include <stdio.h>
#include <string.h>

#include "kernel/loop.h"
#include "tests/unit/netfix6.h"

static struct pkt p;

static void
refused(const char *counter)
{
	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta(counter), 1);
}

/* A parameter problem of this code that points there, and the drop counted. */
static void
problem(const char *counter, unsigned code, uint32_t at)
{
	struct pkt *f;

	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	f = wire_tx_icmp6(&t0, ICMP6_PARAMPROB);
	CHECK_EQ(pkt_icmp6(f)->icmp6_code, code);
	CHECK_EQ(be32_host(pkt_icmp6(f)->icmp6_param), at);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta(counter), 1);
}

static void
delivered(void)
{
	wire_rx(&t0, &p);
	wire_tx_icmp6(&t0, ICMP6_ECHOREPLY);
	CHECK(wire_tx(&t0) == NULL);
}

static void
forwarded(void)
{
	CHECK(wire_tx(&t1) == NULL);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);
	CHECK(wire_tx(&t0) == NULL);
}

/* Well-formed headers are walked: hop-by-hop, destination options, routing header that has done its work. */
TEST(ip6_ext_good)
{
	ip6_start();
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	pkt6_insert(&p, 43, (uint8_t[24]){ 0, 2, 0, 0 }, 24);
	pkt6_insert(&p, 0, (uint8_t[16]){ 0, 1, 0x05, 2, 0, 0, 0x1e, 4, 1, 2, 3, 4, 0, 0, 1, 0 }, 16);
	delivered();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0x1e, 4 }, 8);		/* an unknown option that may be skipped */
	forwarded();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);
	pkt6_insert(&p, 43, (uint8_t[24]){ 0, 2, 0, 1 }, 24);		/* not for us to look at */
	forwarded();
	pkt6(&p, "fd00:a::2", "fd00:a::1", IPPROTO_NONE_, 64, 30);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ip6s_nonext"), 1);
	net_end();
}

/* extension-header length that wraps or loops (CVE-2020-17444, -13986); destination options overrun (-17445) */
TEST(ip6_ext_lengths)
{
	ip6_start();
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 255, 1, 4 }, 8);
	refused("ip6s_exthdrtoolong");
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 255, 1, 4 }, 8);
	refused("ip6s_exthdrtoolong");
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 9, 1, 4 }, 8);
	refused("ip6s_exthdrtoolong");
	pkt6(&p, "fd00:a::2", "fd00:a::1", 60, 64, 1);			/* not even a header's beginning */
	refused("ip6s_exthdrtoolong");
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 5 }, 8);		/* an option beyond the header */
	problem("ip6s_badoptions", ICMP6_PARAMPROB_HEADER, 43);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 3, 0, 0, 0, 1 }, 8);	/* one without a length */
	problem("ip6s_badoptions", ICMP6_PARAMPROB_HEADER, 48);
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 200 }, 8);
	problem("ip6s_badoptions", ICMP6_PARAMPROB_HEADER, 43);
	net_end();
}

/* Unknown options say themselves what is to be done (RFC 8200 4.2). */
TEST(ip6_ext_unknown_options)
{
	struct pkt *f;

	ip6_start();
	for (unsigned i = 0; i < 2; i++) {
		const char *dst = i == 0 ? "fd00:a::1" : "fd00:c::1";

		pkt6_echo(&p, "fd00:a::2", dst, 20);
		pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0x5e, 4 }, 8);
		refused("ip6s_unknownopt");
		pkt6_echo(&p, "fd00:a::2", dst, 20);
		pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0x9e, 4 }, 8);
		problem("ip6s_unknownopt", ICMP6_PARAMPROB_OPTION, 42);
		pkt6_echo(&p, "fd00:a::2", dst, 20);
		pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0xde, 4 }, 8);
		problem("ip6s_unknownopt", ICMP6_PARAMPROB_OPTION, 42);
	}
	pkt6_echo(&p, "fd00:a::2", "ff02::1", 20);			/* to a group: 10 is answered (RFC 4443 2.4 (e.3)), */
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0x9e, 4 }, 8);
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_PARAMPROB);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	pkt6_echo(&p, "fd00:a::2", "ff02::1", 20);			/* 11 is not */
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0xde, 4 }, 8);
	refused("ip6s_unknownopt");
	net_end();
}

/* jumbo option; hop-by-hop not first; routing header type 0 (RFC 5095) */
TEST(ip6_ext_refused)
{
	ip6_start();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 100);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 0xc2, 4, 0, 1, 0, 0 }, 8);
	problem("ip6s_jumbo", ICMP6_PARAMPROB_HEADER, 42);
	pkt_ip6(&p)->ip6_plen = 0;					/* as RFC 2675 has it */
	problem("ip6s_jumbo", ICMP6_PARAMPROB_HEADER, 42);
	p.p_b[56] = 0x1e;						/* no such option: where does it end? */
	problem("ip6s_nolength", ICMP6_PARAMPROB_HEADER, 4);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	pkt_ip6(&p)->ip6_plen = 0;
	problem("ip6s_nolength", ICMP6_PARAMPROB_HEADER, 4);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	problem("ip6s_hopopts", ICMP6_PARAMPROB_NXT, 40);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	pkt6_insert(&p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	problem("ip6s_hopopts", ICMP6_PARAMPROB_NXT, 40);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 43, (uint8_t[24]){ 0, 2, 0, 1, [8] = 0xfd, [10] = 0, [11] = 0x0c, [23] = 1 }, 24);
	problem("ip6s_route0", ICMP6_PARAMPROB_HEADER, 42);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	pkt6_insert(&p, 43, (uint8_t[8]){ 0, 0, 77, 3 }, 8);
	problem("ip6s_route0", ICMP6_PARAMPROB_HEADER, 42);
	net_end();
}

/* 100 nested extension headers */
TEST(ip6_ext_nested)
{
	ip6_start();
	for (unsigned n = 1; n <= 120; n++) {
		pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 4);
		for (unsigned i = 0; i < n; i++)
			pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
		if (n <= 10)
			delivered();
		else
			refused("ip6s_toomanyhdr");
	}
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 64, 20);			/* whoever only passes is not looked at */
	for (unsigned i = 0; i < 100; i++)
		pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	forwarded();
	pkt_ip6(&p)->ip6_hlim = 1;					/* nor is anything said about it: who knows what it is */
	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("icmp6s_oldchain"), 1);
	net_end();
}

/* Byte 3 of an address of the frame becomes 5. */
static void
stray(struct in6_addr *a, const char *counter)
{
	a->s6_addr[3] = 5;
	pkt6_sum(&p);
	refused(counter);
}

/* fe80:5::1 is not fe80::1, though tables keep a zone there: nobody is spoken to, learned or redirected under such a name. */
TEST(ip6_stray_zone)
{
	struct nd_redirect rd = { .rd_type = ICMP6_REDIRECT, .rd_target = addr6("fe80::9"), .rd_dst = addr6("fd00:c::9") };
	struct nd_neighbor *nd = (struct nd_neighbor *)(p.p_b + 54);
	struct in6_addr a;
	const char *ll;

	ip6_start();
	a = in6_unembed(&in6_ifaddr_linklocal(&t0.w_if)->ia_addr);
	ll = text6(&a);
	pkt6_echo(&p, "fe80::9", ll, 8);
	stray(&pkt_ip6(&p)->ip6_dst, "ip6s_strayzone");
	pkt6_echo(&p, "fe80::9", ll, 8);
	stray(&pkt_ip6(&p)->ip6_src, "ip6s_strayzone");
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", ll, t0.w_host);
	stray(&nd->nd_target, "nd6s_badns");
	pkt6_na(&p, "fd00:a::2", "fd00:a::1", "fe80::9", ND_NA_OVERRIDE, t0.w_host);
	stray(&nd->nd_target, "nd6s_badna");
	ip6_forwarding = 0;
	pkt6_icmp(&p, "fe80::9", "fd00:a::1", 255, &rd, sizeof(rd));
	stray(&((struct nd_redirect *)nd)->rd_target, "nd6s_badrd");
	net_end();
}

/* fragments carrying tunnels (CVE-2020-11896), the inner header lying about its length: we end none; put together, refused, told */
TEST(ip6_tunnels_in_fragments)
{
	static const uint8_t tunnels[] = { 4, 41, 47, 94, 97, 137 };

	ip6_start();
	for (unsigned i = 0; i < nitems(tunnels); i++) {
		counter_mark();
		for (unsigned part = 0; part < 2; part++) {
			pkt6(&p, "fd00:a::2", "fd00:a::1", tunnels[i], 64, 64);
			if (part == 0)
				memcpy(p.p_b + 54, (uint8_t[]){ 0x60, 0, 0, 0, 0xff, 0xff, 44, 64 }, 8);
			pkt6_insert(&p, 44, (uint8_t[8]){ 0, 0, 0, part == 0 ? 1 : 64, 0, 0, 1, (uint8_t)i }, 8);
			CHECK(wire_tx(&t0) == NULL);
			wire_rx(&t0, &p);
		}
		CHECK_EQ(counter_delta("ip6s_reassembled"), 1);
		CHECK_EQ(counter_delta("ip6s_noproto"), 1);
		CHECK_EQ(counter_delta("ip6s_fragused"), 1);
		CHECK_EQ(counter_delta("ip6s_forward"), 0);
		CHECK_EQ(pkt_icmp6(wire_tx_icmp6(&t0, ICMP6_PARAMPROB))->icmp6_code, ICMP6_PARAMPROB_NXT);
		CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
	}
	net_end();
}

/* error about an error; about groups; about nobody's packets: RFC 4443 2.4 (e) */
TEST(icmp6_error_never)
{
	ip6_start();
	pkt6_icmp(&p, "fd00:a::2", "fd00:c::1", 1, (uint8_t[60]){ ICMP6_UNREACH }, 60);
	refused("ip6s_hlim");
	CHECK_EQ(counter_delta("icmp6s_oldicmp"), 1);
	pkt6_icmp(&p, "fd00:a::2", "fd00:c::1", 1, (uint8_t[60]){ ICMP6_REDIRECT }, 60);
	refused("ip6s_hlim");
	pkt6_icmp(&p, "fd00:a::2", "fd00:c::1", 1, (uint8_t[60]){ 100 }, 60);	/* unknown, and an error by its number */
	refused("ip6s_hlim");
	pkt6_icmp(&p, "fd00:a::2", "fd00:c::1", 1, (uint8_t[60]){ ICMP6_UNREACH }, 60);
	pkt6_insert(&p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);		/* behind another header, too */
	refused("ip6s_hlim");
	CHECK_EQ(counter_delta("icmp6s_oldicmp"), 1);
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 1, 60);
	pkt6_insert(&p, 44, (uint8_t[8]){ 0, 0, 0x01, 0x00, 0, 0, 0, 1 }, 8);	/* a later fragment: of UDP it may be */
	counter_mark();
	wire_rx(&t0, &p);
	wire_tx_icmp6(&t0, ICMP6_TIMXCEED);
	p.p_b[54] = IPPROTO_ICMPV6_;					/* of ICMPv6: who knows */
	refused("ip6s_hlim");
	CHECK_EQ(counter_delta("icmp6s_oldicmp"), 1);
	pkt6(&p, "fd00:a::2", "ff02::1", 99, 64, 26);
	refused("ip6s_noproto");
	CHECK_EQ(counter_delta("icmp6s_oldcast"), 1);
	pkt6(&p, "fd00:a::2", "fd00:a::1", 99, 64, 26);
	memcpy(p.p_b, (uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	refused("ip6s_noproto");
	CHECK_EQ(counter_delta("icmp6s_oldcast"), 1);
	pkt6(&p, "::", "fd00:a::1", 99, 64, 26);
	refused("ip6s_noproto");
	CHECK_EQ(counter_delta("icmp6s_oldsrc"), 1);
	net_end();
}

/* undersized echo (CVE-2020-17443); messages that are none */
TEST(icmp6_bad_messages)
{
	ip6_start();
	pkt6(&p, "fd00:a::2", "fd00:a::1", IPPROTO_ICMPV6_, 64, 7);
	refused("icmp6s_tooshort");
	pkt6(&p, "fd00:a::2", "fd00:a::1", IPPROTO_ICMPV6_, 64, 0);
	refused("icmp6s_tooshort");
	pkt6_echo(&p, "fd00:a::2", "fd00:a::1", 20);
	p.p_b[57] ^= 1;
	refused("icmp6s_checksum");
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 64, (uint8_t[60]){ ICMP6_UNREACH, 9 }, 60);
	refused("icmp6s_badcode");
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 64, (uint8_t[60]){ ICMP6_TIMXCEED, 2 }, 60);
	refused("icmp6s_badcode");
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 64, (uint8_t[60]){ ICMP6_UNREACH }, 40);	/* quotes too little */
	refused("icmp6s_badlen");
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 64, (uint8_t[60]){ ICMP6_UNREACH }, 60);	/* quotes no IPv6 */
	refused("icmp6s_badlen");
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 64, (uint8_t[60]){ 200 }, 60);
	refused("icmp6s_unknown");
	pkt6_echo(&p, "::", "fd00:a::1", 20);
	refused("icmp6s_noreply");
	net_end();
}

/* error flood out (rate limit, RFC 4443 2.4 (f)): so many to one host, so many in all, and each second anew. */
TEST(icmp6_error_rate)
{
	char src[64];
	unsigned n = 0;

	ip6_start();
	counter_mark();
	pkt6_udp(&p, "fd00:a::2", "fd00:c::1", 1, 26);
	for (unsigned i = 0; i < 20; i++)
		wire_rx_many(&t0, &p, 10, PKT_MAX);
	CHECK(counter_delta("icmp6s_outtimxceed") >= 87 && counter_delta("icmp6s_outtimxceed") <= 100);
	CHECK_EQ(counter_delta("icmp6s_outtimxceed") + counter_delta("icmp6s_toofreq"), 200);
	host_run(1000);
	counter_mark();
	for (unsigned i = 0; i < 5000; i++) {				/* from everywhere */
		snprintf(src, sizeof(src), "2001:db8:%x::1", i);
		pkt6_udp(&p, src, "fd00:c::1", 1, 26);
		wire_rx(&t0, &p);
		n++;
	}
	CHECK(counter_delta("icmp6s_toofreq") >= n - 1000 && counter_delta("icmp6s_toofreq") <= n - 875);
	net_end();
}
