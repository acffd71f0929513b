/* test_pf_pool.c - pools of addresses: what a table stands for against a walk through all addresses, and which of them each way to choose takes. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_nat.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static uint32_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

#define UNIVERSE	512u

/* The n-th of the addresses that the test looks at: the last ones of a family, so that the end of all numbers is among them. */
static struct in6_addr
nth(enum af af, unsigned n)
{
	struct in6_addr a;

	pf_addr_of_number(af, (af == AF_IP4 ? (__uint128_t)UINT32_MAX : ~(__uint128_t)0) - (UNIVERSE - 1) + n, &a);
	return a;
}

static void
check_ranges(const struct pf_prefixes *ps, const struct pf_ranges *rs, enum af af)
{
	bool in[UNIVERSE] = { false };
	__uint128_t first, last, base;
	struct in6_addr a = nth(af, 0);
	uint64_t end = 0;

	base = pf_addr_number(af, &a);
	for (unsigned i = 0; i < rs->rs_n[af]; i++) {
		const struct pf_range *r = &rs->rs_range[af][i];

		first = r->rg_first;
		last = r->rg_last;
		CHECK(first <= last && (i == 0 || first > r[-1].rg_last + 1));
		end += pf_range_weight(r);
		CHECK_EQ(r->rg_end, end);
		CHECK(pf_ranges_at(rs, af, end - 1) == r && pf_ranges_at(rs, af, end - pf_range_weight(r)) == r);
		for (unsigned n = 0; n < UNIVERSE; n++)
			in[n] |= base + n >= first && base + n <= last;
	}
	CHECK(pf_ranges_at(rs, af, end) == NULL);
	for (unsigned n = 0; n < UNIVERSE; n++) {
		a = nth(af, n);
		CHECK_EQ(in[n], prefixes_match(ps, af, &a));
	}
}

TEST(pf_ranges)
{
	static struct pf_tentry te[40];

	seed = 11;
	for (unsigned round = 0; round < 400; round++) {
		unsigned n = rnd(nitems(te));
		struct pf_prefixes *ps;
		struct pf_ranges *rs;

		for (unsigned i = 0; i < n; i++) {
			unsigned family = rnd(2) ? PF_INET : PF_INET6, plen = rnd(8) == 0 ? rnd(33) : pf_af_bits(family) - rnd(10);
			struct in6_addr a = nth(pf_af(family), rnd(UNIVERSE));

			te[i] = (struct pf_tentry){ in6_masked(&a, plen), (uint8_t)family, (uint8_t)plen, rnd(3) == 0, 0 };
		}
		CHECK((ps = pf_prefixes_make(te, n)) != NULL && (rs = pf_ranges_make(ps)) != NULL);
		check_ranges(ps, rs, AF_IP4);
		check_ranges(ps, rs, AF_IP6);
		pf_ranges_free(rs);
		pf_prefixes_free(ps);
	}
}

/* ---- which address ---- */

static struct pf_pdesc pd;
static struct pf_ruleset *rs;

static void
from(const char *src)
{
	be32_t v4;

	pd = (struct pf_pdesc){ .pd_dir = PF_OUT, .pd_af = strchr(src, ':') != NULL ? PF_INET6 : PF_INET };
	if (pd.pd_af == PF_INET6)
		pd.pd_src = addr6(src);
	else {
		CHECK(ip4_parse(src, &v4));
		pd.pd_src = in6_of_ip4(v4);
	}
	pd.pd_ksrc = pd.pd_src;
}

/* Of the only rule; "": none. */
static const char *
pick(void)
{
	static char text[IN6_STRLEN];
	struct in6_addr a;

	if (!pf_pool_address(&rs->rs_rule[0], PF_KPOOL_NAT, &pd, &a))
		return "";
	return af_print(text, pf_af(pd.pd_af), &a);
}

static void
rules(const char *text)
{
	if (rs != NULL)
		pf_ruleset_free(rs);
	rs = text != NULL ? pf_make(text) : NULL;
}

TEST(pf_pool_turns)
{
	net_start();
	rules("match out inet nat-to { 192.0.2.9, 192.0.2.4/31, 192.0.2.5, 198.51.100.7 }\n");
	from("10.0.0.2");
	for (unsigned i = 0; i < 3; i++) {
		CHECK_STR(pick(), "192.0.2.4");
		CHECK_STR(pick(), "192.0.2.5");
		CHECK_STR(pick(), "192.0.2.9");
		CHECK_STR(pick(), "198.51.100.7");
	}
	rules("match out inet nat-to 192.0.2.64/30 round-robin\n");
	CHECK_STR(pick(), "192.0.2.64");
	CHECK_STR(pick(), "192.0.2.65");
	rules("match out inet6 nat-to { 2001:db8::8/126, 2001:db8:1::/64 }\n");
	from("fd00:a::2");
	CHECK_STR(pick(), "2001:db8::8");
	CHECK_STR(pick(), "2001:db8::9");
	rules("table <t> { 2001:db8::1, 10.9.9.9, !10.9.9.8, 10.9.9.8/31 }\nmatch out nat-to <t>\n");
	CHECK_STR(pick(), "2001:db8::1");
	from("10.0.0.2");
	CHECK_STR(pick(), "10.9.9.9");
	CHECK_STR(pick(), "10.9.9.9");
	rules("match out inet nat-to 192.0.2.5 - 192.0.2.6 round-robin\n");
	CHECK_STR(pick(), "192.0.2.5");
	CHECK_STR(pick(), "192.0.2.6");
	CHECK_STR(pick(), "192.0.2.5");
	rules(NULL);
	net_end();
}

/* checklist: pf/nat:empty_table_random, pf/nat:empty_table_source_hash */
TEST(pf_pool_empty)
{
	net_start();
	from("10.0.0.2");
	rules("table <t> persist\nmatch out nat-to <t> random\n");
	CHECK_STR(pick(), "");
	rules("table <t> { 2001:db8::1 }\nmatch out nat-to <t> source-hash\n");
	CHECK_STR(pick(), "");
	rules("match out nat-to <nobody>\n");
	CHECK_STR(pick(), "");
	rules("match out nat-to (t7) random\n");
	CHECK_STR(pick(), "");
	rules("match out nat-to (t7:network) source-hash\n");
	CHECK_STR(pick(), "");
	rules(NULL);
	net_end();
}

/* So many different ones of the pool, which begin so, in so many choices. */
static unsigned
different(unsigned n, const char *begin)
{
	static char seen[256][IN6_STRLEN];
	unsigned k = 0, i;

	while (n-- > 0) {
		const char *p = pick();

		CHECK_IN(p, begin);
		for (i = 0; i < k && strcmp(seen[i], p) != 0; i++)
			continue;
		if (i == k && k < nitems(seen))
			strcpy(seen[k++], p);
	}
	return k;
}

TEST(pf_pool_chances)
{
	char src[24];
	unsigned k;

	net_start();
	from("10.0.0.2");
	rules("match out inet nat-to 192.0.2.8/29 random\n");
	CHECK_EQ(different(400, "192.0.2."), 8);
	rules("match out inet nat-to { 192.0.2.1, 192.0.2.3, 192.0.2.200 } random\n");
	CHECK_EQ(different(200, "192.0.2."), 3);
	from("fd00:a::2");
	rules("match out inet6 nat-to 2001:db8::/32 random\n");
	CHECK(different(200, "2001:db8:") == 200);
	rules("table <t> { 2001:db8:7::/48, !2001:db8:7:1::/64 }\nmatch out inet6 nat-to <t> random\n");
	CHECK(different(200, "2001:db8:7") == 200);
	rules("match out inet6 nat-to 2001:db8::/64 source-hash\n");
	CHECK_EQ(different(50, "2001:db8:"), 1);
	rules("match out inet nat-to { 192.0.2.1, 192.0.2.3, 192.0.2.200 } source-hash 0x00112233445566778899aabbccddeeff\n");
	for (unsigned i = k = 0; i < 64; i++) {
		snprintf(src, sizeof(src), "10.0.0.%u", i);
		from(src);
		CHECK_EQ(different(3, "192.0.2."), 1);
		k += strcmp(pick(), "192.0.2.3") == 0;
	}
	CHECK(k > 8 && k < 40);			/* a third of 64 */
	rules(NULL);
	net_end();
}

TEST(pf_pool_bitmask)
{
	net_start();
	from("10.1.2.3");
	rules("match out inet nat-to 192.0.2.128/25 bitmask\n");
	CHECK_STR(pick(), "192.0.2.131");
	rules("match out inet nat-to (t0)/16 bitmask\n");
	CHECK_STR(pick(), "10.0.2.3");
	from("fd00:a::2:3:4");
	rules("match out inet6 nat-to 2001:db8:5::/48 bitmask\n");
	CHECK_STR(pick(), "2001:db8:5::2:3:4");
	rules(NULL);
	net_end();
}

/* What interfaces have at the time, without what is good on their own link only. */
/* checklist: pf/nat:nat6_nolinklocal, pf/nat:no_addrs_random, pf/nat:no_addrs_source_hash */
TEST(pf_pool_of_interfaces)
{
	ip6_start();
	from("fd00:1::1");
	rules("match out inet6 nat-to (t1)\n");
	CHECK_STR(pick(), "fd00:b::1");
	CHECK_STR(pick(), "fd00:b::1");
	rules("match out inet6 nat-to (t1:network) random\n");
	CHECK(different(100, "fd00:b::") == 100);
	rules("match out inet6 nat-to (t1:0)\n");
	CHECK_STR(pick(), "fd00:b::1");
	from("10.1.0.9");
	rules("match out inet nat-to (t1) random\n");
	CHECK_STR(pick(), "10.0.1.1");
	rules("match out inet nat-to (t1:broadcast)\n");
	CHECK_STR(pick(), "10.0.1.255");
	rules("match out inet nat-to (lo) source-hash\n");
	CHECK_STR(pick(), "127.0.0.1");
	rules(NULL);
	net_end();
}
