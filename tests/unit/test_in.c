/* test_in.c - IPv4 addresses as text and the Internet checksum's sum. */
#include <string.h>

#include "net/inet/ip.h"
#include "tests/unit/unit.h"

TEST(in_masklen)
{
	for (unsigned i = 0; i <= 32; i++)
		CHECK_EQ(ip4_masklen(ip4_mask(i)), i);
	CHECK_EQ(ip4_masklen(BE32(0xff00ff00)), -1);
	CHECK_EQ(ip4_masklen(BE32(0x7fffffff)), -1);
	CHECK_EQ(ip4_masklen(BE32(0x00000001)), -1);
}

TEST(in_print)
{
	static const struct { uint32_t a; unsigned plen; const char *text; } t[] = {
		{ 0, 0, "default" }, { 0x0a000000, 8, "10/8" }, { 0x0a000000, 10, "10.0/10" }, { 0x0a010000, 16, "10.1/16" },
		{ 0x0a080100, 25, "10.8.1.0/25" }, { 0x0a080100, 24, "10.8.1/24" }, { 0xac100000, 12, "172.16/12" }, { 0, 1, "0/1" },
		{ 0xe0000000, 4, "224/4" }, { 0xfffffffe, 31, "255.255.255.254/31" }, { 0xffffffff, 32, "255.255.255.255" },
	};
	char buf[IP4_NETSTRLEN];

	for (unsigned i = 0; i < nitems(t); i++)
		CHECK_STR(ip4_printnet(buf, host_be32(t[i].a), t[i].plen), t[i].text);
	CHECK_STR(ip4_print(buf, IP4_BROADCAST), "255.255.255.255");
	CHECK_STR(ip4_print(buf, IP4_LOOPBACK), "127.0.0.1");
}

TEST(in_parse)
{
	static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1..3.4", "1.2.3.", ".1.2.3",
		"01.2.3.4", "1.2.3.04", "+1.2.3.4", "1.2.3.-4", "1.2.3.4/24", "0x1.2.3.4", "99999999999.1.1.1", "1.2.3.4294967297" };
	be32_t a = 7;

	for (unsigned i = 0; i < nitems(bad); i++)
		CHECK(!ip4_parse(bad[i], &a));
	CHECK_EQ(a, 7);
	CHECK(ip4_parse("10.0.255.1", &a) && a == BE32(0x0a00ff01));
	CHECK(ip4_parse("0.0.0.0", &a) && a == 0);
}

TEST(in_parsenet)
{
	static const char *const bad[] = { "", "10", "10.1", "10.1.2", "10/33", "10/", "/8", "10/8 ", "10./8", "10/08", "10.1.2.3.4/8", "Default", "10/-1",
		"10/256", "10/4294967304" };
	static const struct { const char *s; uint32_t a; unsigned plen; } good[] = {
		{ "default", 0, 0 }, { "10/8", 0x0a000000, 8 }, { "10.1/16", 0x0a010000, 16 }, { "10.1.2.3", 0x0a010203, 32 },
		{ "10.1.2.3/8", 0x0a010203, 8 }, { "0/0", 0, 0 }, { "172.16.1/24", 0xac100100, 24 },
	};
	uint8_t plen = 99;
	be32_t a = 7;

	for (unsigned i = 0; i < nitems(bad); i++)
		CHECK(!ip4_parsenet(bad[i], &a, &plen));
	CHECK_EQ(a, 7);
	CHECK_EQ(plen, 99);
	for (unsigned i = 0; i < nitems(good); i++) {
		CHECK(ip4_parsenet(good[i].s, &a, &plen));
		CHECK_EQ(be32_host(a), good[i].a);
		CHECK_EQ(plen, good[i].plen);
	}
}

/* As RFC 1071 1 defines it, word by word. */
static uint16_t
slow_sum(const uint8_t *p, size_t len, uint16_t start)
{
	uint32_t s = start;

	for (size_t i = 0; i < len; i++) {
		s += i & 1 ? (uint32_t)p[i] << 8 : p[i];
		s = (s & 0xffff) + (s >> 16);
	}
	return (uint16_t)s;
}

/* 0 and 0xffff are the same number in one's complement. */
static unsigned
canonical(uint16_t v)
{
	return v == 0xffff ? 0 : v;
}

TEST(in_sum_random)
{
	uint8_t buf[2048 + 16];

	for (unsigned round = 0; round < 5000; round++) {
		unsigned len = round < 300 ? round : unit_below(2048), off = unit_below(16);
		uint16_t start = (uint16_t)unit_random();
		bool ones = round % 3 == 0;

		for (unsigned i = 0; i < sizeof(buf); i++)
			buf[i] = ones ? 0xff : (uint8_t)unit_random();
		CHECK_EQ(canonical(in_fold(in_sum(buf + off, len, start))), canonical(slow_sum(buf + off, len, start)));
		CHECK(in_sum(buf + off, len, start) < 1ull << 33);
	}
}

TEST(in_sum_chained)
{
	uint8_t buf[512];

	memset(buf, 0xff, sizeof(buf));
	buf[3] = 0x12;
	for (unsigned cut = 0; cut <= sizeof(buf); cut += 2)
		CHECK_EQ(canonical(in_fold(in_sum(buf + cut, sizeof(buf) - cut, in_sum(buf, cut, ~0ull)))),
		    canonical(slow_sum(buf, sizeof(buf), 0)));
	CHECK_EQ(in_cksum("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8), (uint16_t)~BE16(0xddf2));	/* the example of RFC 1071 3 */
}
