/* test_pf_src.c - what is tracked of sources, of both families: whom a node is of, addresses that stick, what has gone leaves nothing. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_rate.h"
#include "net/pf/pf_src.h"
#include "tests/unit/corefix.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static struct pkt p;

/* From that host by t0; true: it comes out of t1, sent by *src. */
static bool
passes(const char *from, uint16_t sport, struct in6_addr *src)
{
	bool six = strchr(from, ':') != NULL;
	uint8_t *h;
	struct pkt *f;

	if (six)
		pkt6_udp(&p, from, "fd00:b::2", 64, 28);
	else
		pkt_ip(&p, from, "10.0.1.2", IPPROTO_UDP_, 64, 20, 28);
	h = p.p_b + (six ? 54 : 34);
	memset(h, 0, 8);
	store16(h, host_be16(sport));
	store16(h + 2, BE16(7));
	store16(h + 4, BE16(28));
	if (six)
		store16(h + 6, BE16(1));		/* IPv6's must have one; nobody looks whether it is right */
	memcpy(p.p_b, t0.w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, t0.w_host, 6);
	wire_rx(&t0, &p);
	if ((f = wire_tx(&t1)) == NULL)
		return false;
	if (src != NULL)
		*src = six ? pkt_ip6(f)->ip6_src : in6_of_ip4(pkt_iphdr(f)->ip_src);
	return true;
}

static unsigned
nodes(void)
{
	struct pf_src_totals t;

	pf_src_totals(&t);
	return (unsigned)t.st_nodes;
}

static unsigned sum_states, sum_packets;

static bool
add(const struct pf_src_copy *sp, void *arg __unused_arg)
{
	sum_states += sp->sp_states;
	sum_packets += (unsigned)sp->sp_packets;
	return true;
}

/* checklist: pf/src_track:mixed_af, pf/src_track:check_valid */
TEST(pf_src_families)
{
	ip6_start();
	pf_start("block\npass in on t0 proto udp keep state (max-src-states 2)\npass out on t1\n");
	for (unsigned port = 1; port <= 2; port++) {
		CHECK(passes("fd00:a::2", (uint16_t)port, NULL));
		CHECK(passes("10.0.0.2", (uint16_t)port, NULL));
	}
	CHECK(!passes("fd00:a::2", 3, NULL));
	CHECK(!passes("10.0.0.2", 3, NULL));
	CHECK(passes("fd00:a::2", 1, NULL));
	CHECK(passes("fd00:a::3", 3, NULL));
	CHECK_EQ(counter_delta("pfs_srclimit"), 2);
	CHECK_EQ(nodes(), 3);
	sum_states = sum_packets = 0;
	pf_srcs_foreach(add, NULL);
	CHECK_EQ(sum_states, 5);
	CHECK_EQ(sum_packets, 6);
	pf_uninstall();
	CHECK_EQ(nodes(), 0);
	net_end();
}

TEST(pf_src_sticky6)
{
	struct in6_addr first, src, net = addr6("2001:db8::");

	ip6_start();
	pf_start("pass\nmatch out on t1 inet6 from fd00:a::/64 nat-to 2001:db8::/64 random sticky-address\n");
	CHECK(passes("fd00:a::2", 1, &first));
	CHECK(in6_covers(&net, 64, &first));
	for (unsigned port = 2; port < 9; port++) {
		CHECK(passes("fd00:a::2", (uint16_t)port, &src));
		CHECK(in6_equal(&src, &first));
	}
	CHECK(passes("fd00:a::3", 1, &src));
	CHECK(!in6_equal(&src, &first));
	CHECK_EQ(nodes(), 2);
	CHECK_EQ(pf_srcs_kill(NULL, NULL), 2);
	CHECK_EQ(nodes(), 0);
	CHECK(passes("fd00:a::2", 1, &src));
	CHECK(in6_equal(&src, &first));		/* its state lives */
	CHECK(passes("fd00:a::2", 99, &src));
	CHECK(!in6_equal(&src, &first));
	pf_uninstall();
	CHECK_EQ(nodes(), 0);
	net_end();
}

/* As many as set limit src-nodes says; a network of sources finds no more memory than that. */
TEST(pf_src_full)
{
	char from[32];
	unsigned n = 0;

	ip6_start();
	pf_start("set limit { src-nodes 50 }\nblock\npass in on t0 proto udp keep state (source-track rule)\npass out on t1 no state\n");
	for (unsigned i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "fd00:a::1:%x", i);
		n += passes(from, 1, NULL);
	}
	CHECK_EQ(n, 50);
	CHECK_EQ(nodes(), 50);
	CHECK_EQ(counter_delta("pfs_srclimit"), 150);
	pf_uninstall();
	CHECK_EQ(nodes(), 0);
	net_end();
}

/* ---- max-pkt-rate ---- */

/* Who has read the clock a moment before another core counted sees what that one has counted. */
TEST_CORES(pf_rate_of_cores_at_once, 2)
{
	struct pf_ruleset *rs;

	cores_start();
	host.now += 1000000000;
	rs = pf_make("pass in proto udp max-pkt-rate 3/10\n");
	host_core(1);
	for (unsigned i = 0; i < 3; i++)
		CHECK(!pf_rate_exceeded(&rs->rs_rule[0], PF_RATE_NEW));
	host_core(0);
	host.now -= 1000000;
	CHECK(pf_rate_exceeded(&rs->rs_rule[0], PF_RATE_NEW));
	host.now += 1000000 + 10000000000;
	CHECK(!pf_rate_exceeded(&rs->rs_rule[0], PF_RATE_NEW));
	pf_ruleset_free(rs);
	cores_end();
}
