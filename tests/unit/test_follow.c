/* test_follow.c - what a hundred thousand routes stand on changes: they follow some at a time, and packets go on meanwhile. */
#include <string.h>

#include "kernel/loop.h"
#include "net/ether/arp.h"
#include "net/route/rt_var.h"
#include "tests/unit/netfix.h"

#define ROUTES	100000u
#define STEP	64u			/* at most so many in one go */
#define RX_PASSES 4u			/* of wire_rx() */

static enum rt_error
rq(enum rt_error (*fn)(const struct rt_request *), const char *net, const char *gw, unsigned priority)
{
	struct rt_request r = { .rq_flags = RTF_STATIC | RTF_GATEWAY, .rq_recurse = true, .rq_priority = (uint8_t)priority, .rq_gateway = addr(gw) };

	CHECK(ip4_parsenet(net, &r.rq_dest, &r.rq_plen));
	return fn(&r);
}

/* The i-th of many: 20.0.0.0/24 and so on. */
static be32_t
dest(unsigned i)
{
	return host_be32(0x14000000u + (i << 8));
}

static bool recurse = true;	/* the gateways of the many may be reached by other routes */

static enum rt_error
one(enum rt_error (*fn)(const struct rt_request *), unsigned i, const char *gw)
{
	struct rt_request r = { .rq_dest = dest(i), .rq_plen = 24, .rq_flags = RTF_STATIC | RTF_GATEWAY, .rq_recurse = recurse, .rq_gateway = addr(gw) };

	return fn(&r);
}

static const struct rtentry *
route(unsigned i)
{
	return rtable_lookup(0, dest(i), 24);
}

static uint64_t told_before;

static void
mark(void)
{
	counter_mark();
	told_before = 0;
}

/* t1 has two neighbours, whose link addresses end in 1 and 2; there are n routes to gw. */
static void
many(unsigned n, const char *gw)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 };

	net_start();
	CHECK(arp_set(0, addr("10.0.1.11"), mac, NHF_STATIC) == NULL);
	mac[5] = 2;
	CHECK(arp_set(0, addr("10.0.1.12"), mac, NHF_STATIC) == NULL);
	CHECK_EQ(rq(rt_add, "10.5/16", "10.0.1.11", 0), RT_OK);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(one(rt_add, i, gw), RT_OK);
	while (loop_pass())
		continue;
	mark();
}

/* A packet to the i-th: to which of the two it went, 0: nowhere. Takes a pass. */
static unsigned
went(unsigned i)
{
	struct pkt p, *out;
	unsigned way = 0;

	pkt_udp(&p, "10.0.0.2", "20.0.0.1", 64, 20);
	pkt_iphdr(&p)->ip_dst = dest(i) | host_be32(1);
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
	while ((out = wire_tx(&t1)) != NULL)
		if (load16(out->p_b + 12) == BE16(ETHERTYPE_IP)) {	/* and nothing that the router says itself */
			CHECK_EQ(way, 0);
			way = out->p_b[5];
		}
	return way;
}

/* How many were told since the last call, in so many passes: a step each, or one in what set them going. */
static unsigned
told(unsigned passes)
{
	uint64_t now = counter_delta("nhs_followed");
	unsigned n = (unsigned)(now - told_before);

	told_before = now;
	CHECK(n <= passes * STEP);
	return n;
}

/* Lets all of them follow, a packet to one of them in each pass, which must go to either; how many passes it took. */
static unsigned
settle(unsigned from, unsigned to)
{
	unsigned passes = 0, at = 0, n, way, turned = 0;

	do {
		way = went(at = (at + 7919) % ROUTES);
		CHECK(way == to || way == from);
		turned += way == to;
		n = told(RX_PASSES);
		CHECK(++passes <= 3 * ROUTES / STEP / RX_PASSES);
	} while (n > 0);
	CHECK(turned > 0);
	for (unsigned i = 0; i < ROUTES; i += 997)
		CHECK_EQ(went(i), to);
	return passes;
}

/* A gateway that another route leads to goes to the other neighbour, and back half-way. */
TEST(follow_gateway)
{
	unsigned n = 0;

	many(ROUTES, "10.5.0.1");
	CHECK_EQ(rq(rt_change, "10.5/16", "10.0.1.12", 0), RT_OK);
	CHECK_EQ(counter_delta("nhs_followed"), 0);
	CHECK(settle(1, 2) >= ROUTES / STEP / RX_PASSES);
	CHECK_EQ(counter_delta("nhs_followed"), ROUTES);
	CHECK_EQ(rq(rt_change, "10.5/16", "10.0.1.11", 0), RT_OK);
	for (unsigned i = 0; i < ROUTES / STEP / 2; i++) {
		loop_pass();
		n += told(1);
	}
	CHECK(n > ROUTES / 2 - 3 * STEP);
	CHECK_EQ(rq(rt_change, "10.5/16", "10.0.1.12", 0), RT_OK);
	settle(1, 2);
	for (unsigned i = 0; i < ROUTES; i++)
		CHECK(RT_FORWARDS(route(i)) && route(i)->rt_nh->nh_addr == addr("10.0.1.12") && route(i)->rt_via->v_ifa == addr("10.0.1.1"));
	net_end();
}

/* The neighbour itself changes: nothing follows, all have it. */
TEST(follow_neighbour)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 1, 9 };

	many(ROUTES, "10.0.1.11");
	CHECK(arp_set(0, addr("10.0.1.11"), mac, NHF_STATIC) == NULL);
	for (unsigned i = 0; i < ROUTES; i += 997)
		CHECK_EQ(went(i), 9);
	CHECK_EQ(counter_delta("nhs_followed"), 0);
	net_end();
}

/* Routes come, go and are changed while the others follow; the next that would have as well. */
TEST(follow_while_routes_change)
{
	static const char *const gws[] = { "10.5.0.1", "10.5.0.2", "10.0.1.11", "10.5.7.7" };

	many(3000, "10.5.0.1");
	for (unsigned round = 0; round < 60; round++) {
		CHECK_EQ(rq(rt_change, "10.5/16", round % 2 ? "10.0.1.11" : "10.0.1.12", 0), RT_OK);
		for (unsigned k = unit_below(40); k-- > 0;) {
			const struct rtentry *parent = rt_parent(route(0)), *next = parent->rt_behind;
			unsigned i = next != NULL && unit_below(2) ? (be32_host(next->rt_dest) - 0x14000000u) >> 8 : 1 + unit_below(2999);

			if (i != 0 && one(rt_delete, i, "0.0.0.0") == RT_OK)
				CHECK_EQ(one(rt_add, i, gws[unit_below(4)]), RT_OK);
			if (i != 0)
				(void)one(rt_change, i, gws[unit_below(4)]);
			if (unit_below(3) == 0)
				loop_pass();
		}
		for (unsigned i = 0; i < 3000; i++)
			CHECK(RT_FORWARDS(route(i)) && route(i)->rt_nh != NULL);
		if (unit_below(2))
			continue;
		while (loop_pass())
			continue;
		for (unsigned i = 0; i < 3000; i++)
			CHECK_EQ(route(i)->rt_nh->nh_addr, addr(route(i)->rt_via->v_gateway == addr("10.0.1.11") || round % 2 ? "10.0.1.11" : "10.0.1.12"));
	}
	net_end();
}

/* A gateway behind that gateway, whose way goes and comes back: who is up has a next hop at any moment. */
TEST(follow_gateway_of_gateways)
{
	unsigned n = 2000;

	many(n, "10.5.0.1");
	CHECK_EQ(rq(rt_add, "10.6/16", "10.5.0.1", 0), RT_OK);
	for (unsigned round = 0; round < 40; round++) {
		if (round % 2 == 0)
			CHECK_EQ(rq(rt_delete, "10.5/16", "0.0.0.0", 0), RT_OK);
		else
			CHECK_EQ(rq(rt_add, "10.5/16", round % 4 == 1 ? "10.0.1.12" : "10.0.0.2", 0), RT_OK);
		for (unsigned k = unit_below(60); k > 0; k--) {
			loop_pass();
			told(1);
		}
		while (n < 2000 + 10 * round && one(rt_add, n, "10.6.0.1") == RT_OK)
			n++;
		for (unsigned i = 0; i < n; i++)
			CHECK(!RT_FORWARDS(route(i)) || (route(i)->rt_nh != NULL && route(i)->rt_nh->nh_ifp == rt_ifp(route(i))));
	}
	while (loop_pass())
		continue;
	CHECK(n > 2100);
	for (unsigned i = 0; i < n; i++)
		CHECK(RT_FORWARDS(route(i)) && rt_ifp(route(i)) == &t0.w_if);
	net_end();
}

/* The link goes and comes back. Packets to those who do not know yet are dropped at the dead neighbour, to the others for want of a route; each counted
 * once. Where there is another way it is taken. */
TEST(follow_link)
{
	unsigned passes = 0, n, at = 0, dead = 0, none = 0;

	many(ROUTES, "10.0.1.11");
	CHECK_EQ(rq(rt_add, "20.0.0/24", "10.0.0.2", 20), RT_OK);
	if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
	n = told(1);
	CHECK(n > STEP / 2);
	for (; n > 0; passes++) {
		uint64_t was = counter_delta("arps_outdown") + counter_delta("ips_noroutes");

		CHECK_EQ(went(1 + (at = (at + 7919) % (ROUTES - 1))), 0);
		CHECK_EQ(counter_delta("arps_outdown") + counter_delta("ips_noroutes"), was + 1);
		n = told(RX_PASSES);
	}
	dead = (unsigned)counter_delta("arps_outdown");
	none = (unsigned)counter_delta("ips_noroutes");
	CHECK(passes >= ROUTES / STEP / RX_PASSES && dead > 100 && none > 100);
	for (unsigned i = 1; i < ROUTES; i++)
		CHECK(!(route(i)->rt_flags & RTF_UP));
	CHECK(RT_FORWARDS(route(0)) && rt_ifp(route(0)) == &t0.w_if);
	if_link_state_change(&t1.w_if, LINK_STATE_UP);
	mark();
	settle(0, 1);
	for (unsigned i = 0; i < ROUTES; i++)
		CHECK(RT_FORWARDS(route(i)) && rt_ifp(route(i)) == &t1.w_if);
	net_end();
}

/* Up again before all know that it was down, several times. */
TEST(follow_link_flaps)
{
	many(5000, "10.5.0.1");
	for (unsigned round = 0; round < 40; round++) {
		if_link_state_change(&t1.w_if, round % 2 ? LINK_STATE_UP : LINK_STATE_DOWN);
		told(1);
		for (unsigned k = unit_below(100); k-- > 0;) {
			loop_pass();
			told(1);
		}
	}
	CHECK(if_setup(&t1.w_if, false));
	while (loop_pass())
		continue;
	for (unsigned i = 0; i < 5000; i++)
		CHECK(!(route(i)->rt_flags & RTF_UP));
	CHECK(if_setup(&t1.w_if, true));
	mark();
	while (loop_pass())
		told(1);
	for (unsigned i = 0; i < 5000; i++)
		CHECK(RT_FORWARDS(route(i)) && route(i)->rt_nh->nh_addr == addr("10.0.1.11"));
	net_end();
}

/* The interface goes for ever while routes follow their gateway away from it. */
TEST(follow_detach)
{
	many(5000, "10.5.0.1");
	CHECK_EQ(rq(rt_change, "10.5/16", "10.0.0.2", 0), RT_OK);
	loop_pass();
	if_detach(&t1.w_if);
	for (unsigned i = 0; i < 5000; i++)
		CHECK(rt_ifp(route(i)) != &t1.w_if && (route(i)->rt_nh == NULL || route(i)->rt_nh->nh_ifp != &t1.w_if));
	while (loop_pass())
		continue;
	for (unsigned i = 0; i < 5000; i++)
		CHECK(RT_FORWARDS(route(i)) && rt_ifp(route(i)) == &t0.w_if);
	CHECK(if_attach(&t1.w_if));
	net_end();
}

/* Lets all follow while packets to them go to the neighbour or nowhere. */
static void
settle_to(unsigned way)
{
	unsigned at = 0, passes = 0, n;

	do {
		unsigned now = went(at = (at + 7919) % ROUTES);

		CHECK(now == 0 || now == 1);
		n = told(RX_PASSES);
		CHECK(++passes <= 3 * ROUTES / STEP / RX_PASSES);
	} while (n > 0);
	for (unsigned i = 0; i < ROUTES; i++)
		CHECK(way != 0 ? RT_FORWARDS(route(i)) && rt_ifp(route(i)) == &t1.w_if : !(route(i)->rt_flags & RTF_UP) && route(i)->rt_nh == NULL);
	CHECK_EQ(went(5), way);
}

/* What the last of them changes others follow, though nothing else wakes the loop: a gateway that another route leads to from now on. */
TEST(follow_wakes)
{
	many(60, "10.0.1.11");
	CHECK_EQ(rq(rt_add, "10.5/16", "10.0.0.2", 20), RT_OK);
	CHECK_EQ(rq(rt_add, "10.9/16", "10.5.0.1", 0), RT_OK);
	for (unsigned n = 60; n < 70; n++) {
		CHECK_EQ(one(rt_add, n, "10.0.1.11"), RT_OK);
		while (loop_pass())
			continue;
		CHECK(rt_ifp(rtable_lookup(0, addr("10.9.0.0"), 16)) == &t1.w_if);
		if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
		while (loop_pass())
			continue;
		CHECK(RT_FORWARDS(rtable_match(0, addr("10.9.0.1"))) && rt_ifp(rtable_match(0, addr("10.9.0.1"))) == &t0.w_if);
		if_link_state_change(&t1.w_if, LINK_STATE_UP);
		while (loop_pass())
			continue;
		CHECK(rt_ifp(rtable_match(0, addr("10.9.0.1"))) == &t1.w_if);
	}
	net_end();
}

/* Their gateway's network goes, and comes back: before all know that it has gone, or after. */
static void
address_goes(bool recurses, bool all)
{
	recurse = recurses;
	many(ROUTES, "10.0.1.11");
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	CHECK(told(1) > 0);
	CHECK(rtable_lookup(0, addr("10.0.1.11"), 32) == NULL);
	if (all)
		settle_to(0);
	else
		for (unsigned i = 0; i < 100; i++)
			loop_pass();
	mark();
	CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, 0) == NULL);
	CHECK(told(1) > 0);
	settle_to(1);
	net_end();
}

TEST(follow_address)
{
	address_goes(false, true);
}

TEST(follow_address_and_back)
{
	address_goes(false, false);
}

/* Those whose gateway another route may lead to meanwhile. */
TEST(follow_address_of_recursive_routes)
{
	address_goes(true, true);
}

TEST(follow_address_of_recursive_routes_and_back)
{
	address_goes(true, false);
}

/* The address goes to the other interface and back, routes and interfaces come and go, while others have yet to be told. */
TEST(follow_address_while_routes_change)
{
	static const char *const gws[] = { "10.5.0.1", "10.0.1.12", "10.0.1.11", "10.0.1.11" };
	bool there = true;

	many(3000, "10.0.1.11");
	for (unsigned round = 0; round < 80; round++) {
		if (there)
			CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
		else
			CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, 0) == NULL);
		there = !there;
		for (unsigned k = unit_below(40); k-- > 0;) {
			unsigned i = unit_below(3000);

			recurse = unit_below(2);
			if (one(rt_delete, i, "0.0.0.0") == RT_OK || route(i) == NULL)
				(void)one(rt_add, i, gws[unit_below(4)]);
			if (route(i) != NULL)
				(void)one(rt_change, unit_below(3000), gws[unit_below(4)]);
			if (unit_below(3) == 0)
				loop_pass();
		}
		for (unsigned i = 0; i < 3000; i++)
			CHECK(route(i) == NULL || !RT_FORWARDS(route(i)) || (route(i)->rt_nh != NULL && route(i)->rt_nh->nh_ifp == rt_ifp(route(i))));
		if (unit_below(2))
			continue;
		while (loop_pass())
			continue;
		for (unsigned i = 0; i < 3000; i++)
			CHECK(route(i) == NULL || !(route(i)->rt_flags & RTF_UP) == !there);
	}
	if (there)
		CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	if_detach(&t1.w_if);
	for (unsigned i = 0; i < 3000; i++)
		CHECK(route(i) == NULL || (rt_ifp(route(i)) != &t1.w_if && (route(i)->rt_nh == NULL || route(i)->rt_nh->nh_ifp != &t1.w_if)));
	CHECK(if_attach(&t1.w_if));
	net_end();
}

/* The interface goes for ever while those that its address had have yet to be told. */
static void
address_and_interface_go(bool recurses)
{
	recurse = recurses;
	many(5000, "10.0.1.11");
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	loop_pass();
	if_detach(&t1.w_if);
	for (unsigned i = 0; i < 5000; i++)
		CHECK(rt_ifp(route(i)) != &t1.w_if && route(i)->rt_nh == NULL && !(route(i)->rt_flags & RTF_UP));
	CHECK(if_attach(&t1.w_if));
	net_end();
}

TEST(follow_address_detach)
{
	address_and_interface_go(false);
}

TEST(follow_address_detach_of_recursive_routes)
{
	address_and_interface_go(true);
}
