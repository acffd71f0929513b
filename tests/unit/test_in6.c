/* test_in6.c - IPv6 addresses: text both ways (RFC 4291 2.2, RFC 5952), classes, zones, prefixes. */
#include <stdio.h>
#include <string.h>

#include "net/inet6/in6.h"
#include "tests/unit/netfix.h"

/* What text comes out of text; "bad" when it is no address. */
static const char *
again(const char *text)
{
	static char buf[IN6_STRLEN];
	struct in6_addr a;

	if (!in6_parse(text, &a))
		return "bad";
	return in6_print(buf, &a);
}

static struct in6_addr
a6(const char *text)
{
	struct in6_addr a;

	if (!in6_parse(text, &a))
		unit_fail(__FILE__, __LINE__, "%s", text);
	return a;
}

TEST(in6_text)
{
	static const struct { const char *in, *out; } t[] = {
		{ "::", "::" }, { "::1", "::1" }, { "1::", "1::" }, { "0:0:0:0:0:0:0:0", "::" },
		{ "2001:db8::1", "2001:db8::1" }, { "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
		{ "2001:DB8::ABCD", "2001:db8::abcd" },				/* RFC 5952 4.3 */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },		/* 4.2.2: one group is not shortened */
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },			/* 4.2.3: the longest */
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },		/* the first of equals */
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" }, { "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" }, { "1:0:0:4:5:6:0:0", "1::4:5:6:0:0" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" }, { "::ffff:c000:201", "::ffff:192.0.2.1" },	/* 5 */
		{ "::192.0.2.1", "::192.0.2.1" }, { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" }, { "::ffff:0.0.0.0", "::ffff:0.0.0.0" },
		{ "fe80::1", "fe80::1" }, { "ff02::1:ff00:1", "ff02::1:ff00:1" },
	};
	static const char *const bad[] = {
		"", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8",
		"1::2::3", "::1::", "1:::2", "12345::", "g::", "1:2:3:4:5:6:7::8", "::1:2:3:4:5:6:7:8", "1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3", "::1.2.3.256", "::1.2.3.4:5", "::01.2.3.4", "::1 ", " ::1", "::1%lo0", "::1/128", "-1::", "0x1::", "::1.2.3.4.5",
	};

	for (size_t i = 0; i < nitems(t); i++)
		CHECK_STR(again(t[i].in), t[i].out);
	for (size_t i = 0; i < nitems(bad); i++)
		if (strcmp(again(bad[i]), "bad") != 0)
			unit_fail(__FILE__, __LINE__, "\"%s\" is taken for %s", bad[i], again(bad[i]));
}

/* Any address prints to text that is the same address, and the shortest: no other text of RFC 5952 for it. */
TEST(in6_text_random)
{
	char buf[IN6_STRLEN], net[IN6_NETSTRLEN];

	for (int n = 0; n < 20000; n++) {
		struct in6_addr a, b;
		uint8_t plen;

		for (int i = 0; i < 8; i++)
			a.s6_addr16[i] = unit_below(2) ? 0 : host_be16((uint16_t)(unit_random() >> unit_below(16)));
		if (in6_is_scoped(&a))
			a.s6_addr16[1] = 0;
		CHECK(in6_parse(in6_print(buf, &a), &b) && in6_equal(&a, &b));
		CHECK(strstr(buf, "::") == NULL || strstr(strstr(buf, "::") + 1, "::") == NULL);
		plen = (uint8_t)unit_below(129);
		a = in6_masked(&a, plen);
		CHECK(in6_parsenet(in6_printnet(net, &a, plen), &b, &plen, NULL) && in6_equal(&a, &b));
	}
}

TEST(in6_any_bytes)
{
	for (int n = 0; n < 50000; n++) {
		static const char chars[] = "0123459abcdefF::::.%/t0 g";
		char text[48], buf[IN6_STRLEN], zone[IFNAMSIZ];
		struct in6_addr a, b;
		uint8_t plen;
		size_t len = unit_below(sizeof(text));

		for (size_t i = 0; i < len; i++)
			text[i] = chars[unit_below(sizeof(chars) - 1)];
		text[len] = '\0';
		if (in6_parse(text, &a) && (!in6_is_scoped(&a) || a.s6_addr16[1] == 0))
			CHECK(in6_parse(in6_print(buf, &a), &b) && in6_equal(&a, &b));
		in6_parse_zone(text, &a, zone);
		if (in6_parsenet(text, &a, &plen, zone))
			CHECK(plen <= 128 && strlen(zone) < sizeof(zone));
	}
}

TEST(in6_networks)
{
	static const struct { const char *in, *out; } t[] = {
		{ "default", "default" }, { "::/0", "default" }, { "2001:db8::/32", "2001:db8::/32" }, { "::1", "::1" },
		{ "2001:db8::1/128", "2001:db8::1" }, { "::/96", "::/96" }, { "2001:db8:8000::/33", "2001:db8:8000::/33" },
	};
	static const char *const bad[] = { "", "/", "::/", "::/129", "::/-1", "::/01", "::/0x10", "::/64/", "1/64", "::/ 4", "fe80::1%t0/64%t0" };
	char buf[IN6_NETSTRLEN], zone[IFNAMSIZ];
	struct in6_addr a;
	uint8_t plen;

	for (size_t i = 0; i < nitems(t); i++) {
		CHECK(in6_parsenet(t[i].in, &a, &plen, NULL));
		CHECK_STR(in6_printnet(buf, &a, plen), t[i].out);
	}
	for (size_t i = 0; i < nitems(bad); i++)
		CHECK(!in6_parsenet(bad[i], &a, &plen, zone));
	CHECK(in6_parsenet("fe80::%em0/64", &a, &plen, zone));
	CHECK_STR(zone, "em0");
	CHECK(!in6_parsenet("fe80::%em0/64", &a, &plen, NULL));
}

TEST(in6_zones)
{
	struct in6_addr a, b;
	char buf[IN6_STRLEN], zone[IFNAMSIZ];
	uint16_t idx;

	net_start();
	idx = t1.w_if.if_index;
	CHECK(in6_parse_scoped("fe80::1%t1", &a));
	CHECK_EQ(in6_zone(&a), idx);
	CHECK_STR(in6_print(buf, &a), "fe80::1%t1");
	b = in6_unembed(&a);
	CHECK_STR(in6_print(buf, &b), "fe80::1");
	b = in6_embed(&b, idx);
	CHECK(in6_equal(&a, &b));
	snprintf(buf, sizeof(buf), "fe80::1%%%u", idx);
	CHECK(in6_parse_scoped(buf, &b) && in6_equal(&a, &b));
	b = in6_embed(&a, 999);
	CHECK_STR(in6_print(buf, &b), "fe80::1%999");
	CHECK(!in6_parse_scoped("fe80::1%t9", &a) && !in6_parse_scoped("fe80::1%0", &a) && !in6_parse_scoped("fe80::1%1024", &a));
	CHECK(!in6_parse_scoped("fe80::1%", &a) && !in6_parse_scoped("2001:db8::1%t1", &a) && !in6_parse_scoped("::1%lo0", &a));
	CHECK(!in6_parse_zone("fe80::1%averyveryverylongname", &a, zone));
	CHECK(!in6_parse_zone("fe80:2::1", &a, zone));		/* not a zone by the back door */
	CHECK(!in6_parse_zone("fe80:2::1%t0", &a, zone));
	CHECK(in6_parse_scoped("ff02::1%t0", &a) && in6_zone(&a) == t0.w_if.if_index);
	CHECK(in6_parse_scoped("ff05::1", &a) && in6_zone(&a) == 0);
	a = a6("2001:db8::1");
	b = in6_embed(&a, idx);
	CHECK(in6_equal(&a, &b));
	net_end();
}

TEST(in6_classes)
{
	struct in6_addr any = a6("::"), lo = a6("::1"), ll = a6("febf::1"), sl = a6("fec0::1"), ula = a6("fd00::1"), g = a6("2001:db8::1"),
	    mapped = a6("::ffff:1.2.3.4"), compat = a6("::1.2.3.4"), mc = a6("ff02::1"), mcif = a6("ff11::1"), mcg = a6("ff0e::1"), s;
	uint8_t e[6];

	CHECK(IN6_IS_ADDR_UNSPECIFIED(&any) && !IN6_IS_ADDR_UNSPECIFIED(&lo));
	CHECK(IN6_IS_ADDR_LOOPBACK(&lo) && !IN6_IS_ADDR_LOOPBACK(&any));
	CHECK(IN6_IS_ADDR_LINKLOCAL(&ll) && !IN6_IS_ADDR_LINKLOCAL(&sl) && IN6_IS_ADDR_SITELOCAL(&sl) && !IN6_IS_ADDR_SITELOCAL(&ll));
	CHECK(IN6_IS_ADDR_ULA(&ula) && !IN6_IS_ADDR_ULA(&ll) && !IN6_IS_ADDR_ULA(&g));
	CHECK(IN6_IS_ADDR_V4MAPPED(&mapped) && !IN6_IS_ADDR_V4MAPPED(&compat));
	CHECK(IN6_IS_ADDR_V4COMPAT(&compat) && !IN6_IS_ADDR_V4COMPAT(&mapped) && !IN6_IS_ADDR_V4COMPAT(&lo) && !IN6_IS_ADDR_V4COMPAT(&any));
	CHECK(IN6_IS_ADDR_MULTICAST(&mc) && IN6_IS_ADDR_MC_LINKLOCAL(&mc) && !IN6_IS_ADDR_MC_GLOBAL(&mc) && !IN6_IS_ADDR_MULTICAST(&ll));
	CHECK(IN6_IS_ADDR_MC_INTFACELOCAL(&mcif) && IN6_IS_ADDR_MC_GLOBAL(&mcg) && !IN6_IS_ADDR_MC_GLOBAL(&g));
	CHECK(in6_is_scoped(&ll) && in6_is_scoped(&mc) && in6_is_scoped(&mcif) && !in6_is_scoped(&mcg) && !in6_is_scoped(&g));
	s = a6("2001:db8::12:3456");
	s = in6_solicited_node(&s);
	mc = a6("ff02::1:ff12:3456");
	CHECK(in6_equal(&s, &mc));
	in6_multi_lladdr(&s, e);
	CHECK_MEM(e, "\x33\x33\xff\x12\x34\x56", 6);
	s = a6("fe80::");
	in6_eui64(&s, (const uint8_t *)"\x52\x54\x00\x12\x34\x56");
	mc = a6("fe80::5054:ff:fe12:3456");
	CHECK(in6_equal(&s, &mc));
}

TEST(in6_prefixes)
{
	struct in6_addr ones = a6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), m;

	for (unsigned plen = 0; plen <= 128; plen++) {
		m = in6_mask(plen);
		CHECK_EQ(in6_masklen(&m), plen);
		for (unsigned bit = 0; bit < 128; bit++) {
			struct in6_addr a = ones;

			CHECK_EQ((m.s6_addr[bit / 8] >> (7 - bit % 8)) & 1, bit < plen);
			a.s6_addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			CHECK_EQ(in6_common(&a, &ones), bit);
			CHECK_EQ(in6_covers(&a, plen, &ones), bit >= plen);
		}
	}
	CHECK_EQ(in6_common(&ones, &ones), 128);
	m = a6("ffff:0:ffff::");
	CHECK_EQ(in6_masklen(&m), -1);
	/* IPv4 in the same container */
	m = in6_of_ip4(addr("10.1.2.3"));
	m = in6_masked(&m, 16);
	CHECK_EQ(m.s6_addr32[0], addr("10.1.0.0"));
}
