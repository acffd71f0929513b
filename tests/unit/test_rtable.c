/* test_rtable.c - routing tables: preference, what routes stand on, interfaces that come and go. */
#include <stdio.h>
#include <string.h>

#include "net/ether/arp.h"
#include "net/route/rt_var.h"
#include "tests/unit/netfix.h"

static enum rt_error
route_rq(enum rt_error (*fn)(const struct rt_request *), const char *net, const char *gw, unsigned prio, uint32_t flags)
{
	struct rt_request rq = { .rq_priority = (uint8_t)prio, .rq_flags = flags | RTF_STATIC };

	CHECK(ip4_parsenet(net, &rq.rq_dest, &rq.rq_plen));
	if (gw != NULL) {
		rq.rq_gateway = addr(gw);
		rq.rq_flags |= RTF_GATEWAY;
	}
	return fn(&rq);
}

static struct rtentry *
match(const char *dst)
{
	return rtable_match(0, addr(dst));
}

/* The table as netstat -r would list it, a route a line. */
static const char *
table(void)
{
	static char text[8192];
	static const struct { uint32_t bit; char letter; } letters[] = {
		{ RTF_UP, 'U' }, { RTF_GATEWAY, 'G' }, { RTF_HOST, 'H' }, { RTF_REJECT, 'R' }, { RTF_CLONED, 'c' }, { RTF_CACHED, 'h' },
		{ RTF_CLONING, 'C' }, { RTF_LLINFO, 'L' }, { RTF_LOCAL, 'l' }, { RTF_BROADCAST, 'b' }, { RTF_STATIC, 'S' },
		{ RTF_CONNECTED, 'n' }, { RTF_MPATH, 'P' }, { RTF_BLACKHOLE, 'B' },
	};
	struct rt_cursor rc = { 0 };
	struct rtentry *rt;
	size_t n = 0;

	text[0] = '\0';
	while ((rt = rtable_next(0, &rc)) != NULL) {
		char net[IP4_NETSTRLEN], gw[IP4_STRLEN], fl[16], *f = fl;

		for (unsigned i = 0; i < nitems(letters); i++)
			if (rt->rt_flags & letters[i].bit)
				*f++ = letters[i].letter;
		*f = '\0';
		CHECK(n < sizeof(text) - 200);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s %s %u %u %s\n", ip4_printnet(net, rt->rt_dest, rt->rt_plen),
		    rt->rt_flags & RTF_GATEWAY ? ip4_print(gw, rt->rt_via->v_gateway) : "-", fl, rt_refcount(rt), rt->rt_priority, rt_ifp(rt)->if_xname);
	}
	return text;
}

TEST(rtable_of_addresses)
{
	net_start();
	CHECK_STR(table(),
	    "10.0.0/24 - UCn 1 4 t0\n"
	    "10.0.0.1 - UHLl 0 1 t0\n"
	    "10.0.0.2 - UHLS 0 3 t0\n"
	    "10.0.0.255 - UHb 0 1 t0\n"
	    "10.0.1/24 - UCn 1 4 t1\n"
	    "10.0.1.1 - UHLl 0 1 t1\n"
	    "10.0.1.2 - UHhLS 1 3 t1\n"
	    "10.0.1.255 - UHb 0 1 t1\n"
	    "10.1/16 10.0.1.2 UGS 0 8 t1\n"
	    "127/8 127.0.0.1 UGRS 0 8 lo0\n"
	    "127.0.0.1 - UHhl 1 1 lo0\n");
	CHECK(if_addaddr(&t0.w_if, addr("10.9.0.0"), 31, 0) == NULL);
	CHECK(if_addaddr(&t0.w_if, addr("10.9.1.1"), 32, 0) == NULL);
	CHECK(match("10.9.0.1")->rt_flags & RTF_CLONING);	/* RFC 3021 */
	CHECK(rtable_lookup(0, addr("10.9.0.1"), 32) == NULL);
	CHECK(match("10.9.1.1")->rt_flags & RTF_LOCAL);
	CHECK(match("10.9.1.2") == NULL);
	CHECK(if_addaddr(&t1.w_if, addr("10.9.1.1"), 24, 0) != NULL);
	net_end();
}

TEST(rtable_requests)
{
	struct rt_request rq = { .rq_dest = addr("10.5.0.0"), .rq_plen = 33, .rq_flags = RTF_GATEWAY, .rq_gateway = addr("10.0.0.9") };

	net_start();
	CHECK_EQ(rt_add(&rq), RT_INVAL);
	rq.rq_plen = 16;
	rq.rq_rdomain = 256;
	CHECK_EQ(rt_add(&rq), RT_INVAL);
	CHECK_EQ(route_rq(rt_add, "10.5.6.7/16", "10.0.0.9", 64, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_add, "10.5/16", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_add, "10.5.6.7/16", "10.0.0.9", 0, 0), RT_OK);
	CHECK_EQ(match("10.5.255.1")->rt_dest, addr("10.5.0.0"));
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.8", 0, 0), RT_EXIST);
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.8")) == NULL);	/* nothing stays of what failed */
	CHECK_EQ(route_rq(rt_add, "10.6/16", "192.0.2.1", 0, 0), RT_UNREACH);
	CHECK_EQ(route_rq(rt_add, "10.6/16", "10.5.0.1", 0, 0), RT_UNREACH);	/* reachable, but not directly */
	CHECK_EQ(route_rq(rt_add, "10.6/16", "10.0.0.1", 0, 0), RT_UNREACH);	/* ourselves */
	CHECK_EQ(route_rq(rt_add, "10.6/16", "10.0.0.255", 0, 0), RT_UNREACH);
	CHECK_EQ(route_rq(rt_delete, "10.6/16", NULL, 0, 0), RT_NOTFOUND);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", "10.0.0.8", 0, 0), RT_NOTFOUND);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 9, 0), RT_NOTFOUND);
	CHECK_EQ(route_rq(rt_delete, "10.0.0/24", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_delete, "10.0.0.1", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_change, "10.5/16", "192.0.2.1", 0, 0), RT_UNREACH);
	CHECK_EQ(route_rq(rt_change, "10.5/16", "10.0.1.9", 0, 0), RT_OK);
	CHECK(rt_ifp(match("10.5.0.1")) == &t1.w_if && match("10.5.0.1")->rt_nh == nexthop_find(&t1.w_if, addr("10.0.1.9")));
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.9")) == NULL);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", "10.0.1.9", 0, 0), RT_OK);
	CHECK(match("10.5.0.1") == NULL);
	CHECK(nexthop_find(&t1.w_if, addr("10.0.1.9")) == NULL);
	CHECK_STR(rt_strerror(RT_UNREACH), "Network is unreachable");
	net_end();
}

TEST(rtable_priorities)
{
	net_start();
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.9", 16, 0), RT_OK);
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.1.9", 12, 0), RT_OK);
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.1.8", 14, 0), RT_OK);
	CHECK_EQ(match("10.5.0.1")->rt_priority, 12);
	CHECK(if_setup(&t1.w_if, false));
	CHECK_EQ(match("10.5.0.1")->rt_priority, 16);
	CHECK_IN(table(), "10.5/16 10.0.0.9 UGS 0 16 t0\n10.5/16 10.0.1.9 GS 0 12 t1\n10.5/16 10.0.1.8 GS 0 14 t1\n");
	CHECK(!RT_FORWARDS(match("10.1.0.1")));
	CHECK(if_setup(&t1.w_if, true));
	CHECK_EQ(match("10.5.0.1")->rt_priority, 12);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 12, 0), RT_OK);
	CHECK_EQ(match("10.5.0.1")->rt_priority, 14);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 0, 0), RT_OK);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 0, 0), RT_OK);
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 0, 0), RT_NOTFOUND);
	net_end();
}

TEST(rtable_mpath)
{
	net_start();
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.9", 0, RTF_MPATH), RT_OK);
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.9", 0, RTF_MPATH), RT_EXIST);
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.8", 0, 0), RT_EXIST);
	CHECK(!(match("10.5.0.1")->rt_flags & RTF_MPATH));
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.8", 0, RTF_MPATH), RT_OK);
	CHECK_IN(table(), "10.5/16 10.0.0.9 UGSP 0 8 t0\n10.5/16 10.0.0.8 UGSP 0 8 t0\n");
	CHECK_EQ(route_rq(rt_delete, "10.5/16", "10.0.0.9", 0, RTF_MPATH), RT_OK);
	CHECK_IN(table(), "10.5/16 10.0.0.8 UGS 0 8 t0\n");
	net_end();
}

/* Down, up, address away and back: gateway routes wait and come back; nothing else of the network stays. */
TEST(rtable_network_goes_and_returns)
{
	struct rtentry *rt, *c;

	net_start();
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.9", 0, 0), RT_OK);
	rt = match("10.5.0.1");
	CHECK(rt->rt_nh == nexthop_find(&t0.w_if, addr("10.0.0.9")) && rt->rt_nh->nh_refs == 2);
	CHECK(rt_clone(match("10.0.0.77"), addr("10.0.0.77")) != NULL);
	CHECK(rt_clone(rtable_lookup(0, addr("10.0.0.0"), 24), addr("10.0.0.77")) == match("10.0.0.77"));
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK(!(rt->rt_flags & RTF_UP) && !(match("10.0.0.200")->rt_flags & RTF_UP));
	CHECK(match("10.0.0.1")->rt_flags & RTF_UP);
	CHECK(match("10.0.0.77")->rt_flags & RTF_CLONING);	/* forgotten */
	CHECK(!nexthop_find(&t0.w_if, addr("10.0.0.2"))->nh_valid);
	CHECK_EQ(route_rq(rt_add, "10.7/16", "10.0.0.9", 0, 0), RT_OK);		/* the cable may be plugged in later */
	CHECK(!(match("10.7.0.1")->rt_flags & RTF_UP));
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	CHECK(RT_FORWARDS(rt) && RT_FORWARDS(match("10.7.0.1")));
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.2"))->nh_valid);	/* permanent */
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.1")) == NULL);
	CHECK(rt->rt_nh == NULL && rt_parent(rt) == NULL && !(rt->rt_flags & RTF_UP));
	CHECK_STR(table(),
	    "10.0.1/24 - UCn 1 4 t1\n"
	    "10.0.1.1 - UHLl 0 1 t1\n"
	    "10.0.1.2 - UHhLS 1 3 t1\n"
	    "10.0.1.255 - UHb 0 1 t1\n"
	    "10.1/16 10.0.1.2 UGS 0 8 t1\n"
	    "10.5/16 10.0.0.9 GS 0 8 t0\n"
	    "10.7/16 10.0.0.9 GS 0 8 t0\n"
	    "127/8 127.0.0.1 UGRS 0 8 lo0\n"
	    "127.0.0.1 - UHhl 1 1 lo0\n");
	CHECK(if_addaddr(&t1.w_if, addr("10.0.0.3"), 28, addr("10.0.0.15")) == NULL);	/* by another way */
	CHECK(RT_FORWARDS(rt) && rt_ifp(rt) == &t1.w_if && rt->rt_via->v_ifa == addr("10.0.0.3"));
	CHECK(RT_FORWARDS(match("10.7.0.1")) && rt_parent(rt)->rt_refs == 2);
	CHECK(if_deladdr(&t1.w_if, addr("10.0.0.3")) == NULL);
	CHECK(if_addaddr(&t0.w_if, addr("10.0.0.1"), 24, 0) == NULL);
	c = rt_clone(match("10.0.0.2"), addr("10.0.0.2"));
	CHECK(c != NULL && (c->rt_flags & RTF_STATIC) && c->rt_nh->nh_valid);		/* the permanent entry serves again */
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 0, 0), RT_OK);
	net_end();
}

/* Two addresses in one network; each alone carries it. */
TEST(rtable_two_addresses_in_a_network)
{
	net_start();
	CHECK_EQ(route_rq(rt_add, "10.5/16", "10.0.0.9", 0, 0), RT_OK);
	CHECK(if_addaddr(&t0.w_if, addr("10.0.0.5"), 24, addr("10.0.0.255")) == NULL);
	CHECK_EQ(match("10.5.0.1")->rt_via->v_ifa, addr("10.0.0.1"));
	CHECK_IN(table(), "10.0.0/24 - UCnP 2 4 t0\n10.0.0/24 - UCnP 0 4 t0\n");
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.1")) == NULL);
	CHECK_EQ(match("10.5.0.1")->rt_via->v_ifa, addr("10.0.0.5"));
	CHECK(RT_FORWARDS(match("10.5.0.1")));
	CHECK(match("10.0.0.255")->rt_flags & RTF_BROADCAST);
	CHECK(match("10.0.0.200")->rt_flags & RTF_CLONING);
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.5")) == NULL);
	CHECK(match("10.0.0.200") == NULL && match("10.0.0.255") == NULL);
	net_end();
}

/* A more specific route decides about neighbours that were made before it. */
TEST(rtable_specific_route_over_clones)
{
	net_start();
	CHECK(rt_clone(match("10.0.0.130"), addr("10.0.0.130")) != NULL);
	CHECK(rt_clone(match("10.0.0.30"), addr("10.0.0.30")) != NULL);
	CHECK_EQ(route_rq(rt_add, "10.0.0.128/25", "10.0.1.9", 0, 0), RT_OK);
	CHECK(rt_ifp(match("10.0.0.130")) == &t1.w_if);
	CHECK(match("10.0.0.30")->rt_flags & RTF_CLONED);
	/* A route that covers its own gateway does not lose it. */
	CHECK_EQ(route_rq(rt_add, "10.0.1.0/25", "10.0.1.7", 0, 0), RT_OK);
	if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
	if_link_state_change(&t1.w_if, LINK_STATE_UP);
	CHECK(RT_FORWARDS(match("10.0.1.50")));
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, 0) == NULL);
	CHECK(RT_FORWARDS(match("10.0.1.50")) && RT_FORWARDS(match("10.1.0.1")));
	net_end();
}

/* Gateways that are addresses of loopback interfaces, as OpenBSD's own tests have them: what goes there is looped. */
TEST(rtable_loopback_gateways)
{
	static const struct if_ops ops = { 0 };
	static struct ifnet lo[2];
	struct rt_request rq = { .rq_dest = addr("10.5.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC };

	net_start();
	for (int i = 0; i < 2; i++) {
		snprintf(lo[i].if_xname, sizeof(lo[i].if_xname), "lo%d", i + 1);
		lo[i].if_flags = IFF_LOOPBACK;
		lo[i].if_ops = &ops;
		lo[i].if_nqueues = 1;
		CHECK(if_attach(&lo[i]) && if_setup(&lo[i], true));
		CHECK(if_addaddr(&lo[i], addr(i == 0 ? "192.0.2.1" : "192.0.2.2"), 32, 0) == NULL);
	}
	CHECK_EQ(route_rq(rt_add, "10.5/16", "192.0.2.1", 17, 0), RT_OK);
	CHECK_EQ(route_rq(rt_add, "10.5/16", "192.0.2.2", 16, 0), RT_OK);
	CHECK_IN(table(), "10.5/16 192.0.2.2 UGS 0 16 lo2\n10.5/16 192.0.2.1 UGS 0 17 lo1\n");
	CHECK_IN(table(), "192.0.2.1 - UHhl 1 1 lo1\n192.0.2.2 - UHhl 1 1 lo2\n");
	CHECK(if_setup(&lo[1], false));
	CHECK_IN(table(), "10.5/16 192.0.2.1 UGS 0 17 lo1\n10.5/16 192.0.2.2 GS 0 16 lo2\n");
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 16, 0), RT_OK);
	rq.rq_ifa = addr("192.0.2.2");
	CHECK_EQ(rt_change(&rq), RT_OK);
	CHECK_IN(table(), "10.5/16 192.0.2.1 UGS 0 17 lo2\n");
	CHECK_IN(table(), "192.0.2.1 - UHhl 1 1 lo1\n192.0.2.2 - UHl 0 1 lo2\n");
	CHECK_EQ(route_rq(rt_delete, "10.5/16", NULL, 0, 0), RT_OK);
	CHECK_IN(table(), "192.0.2.1 - UHl 0 1 lo1\n");
	net_end();
}

/* A walk that pauses gives each route once that is there all the time, whatever comes and goes meanwhile. */
TEST(rtable_cursor)
{
	struct rt_cursor rc = { 0 };
	struct rtentry *rt;
	unsigned seen = 0;
	char net[32];

	net_start();
	for (unsigned i = 0; i < 64; i++) {
		snprintf(net, sizeof(net), "10.16.%u/24", i * 4);
		CHECK_EQ(route_rq(rt_add, net, "10.0.0.9", 8 + i % 3, 0), RT_OK);
	}
	while ((rt = rtable_next(0, &rc)) != NULL) {
		if ((rt->rt_dest & BE32(0xffff0000)) == addr("10.16.0.0") && !(rt->rt_dest & BE32(0x300)))
			seen++;
		snprintf(net, sizeof(net), "10.16.%u/24", unit_below(64) * 4 + 1);
		if (route_rq(rt_add, net, "10.0.0.9", 0, 0) == RT_EXIST)
			CHECK_EQ(route_rq(rt_delete, net, NULL, 0, 0), RT_OK);
	}
	CHECK_EQ(seen, 64);
	net_end();
}

/* rt_add without memory changes nothing and loses nothing. */
TEST(rtable_nomem)
{
	char before[4096], net[32];
	enum rt_error e;
	unsigned i;

	net_start();
	snprintf(before, sizeof(before), "%s", table());
	host.pages_max = host.pages + 1;
	for (i = 0; i < 400; i++) {
		snprintf(net, sizeof(net), "10.%u.%u/24", 100 + i / 200, i % 200);
		if ((e = route_rq(rt_add, net, "10.0.0.9", 0, 0)) != RT_OK)
			break;
	}
	CHECK(i > 0 && i < 400);
	CHECK_EQ(e, RT_NOMEM);
	while (i-- > 0) {
		snprintf(net, sizeof(net), "10.%u.%u/24", 100 + i / 200, i % 200);
		CHECK_EQ(route_rq(rt_delete, net, NULL, 0, 0), RT_OK);
	}
	CHECK_STR(table(), before);
	net_end();
}

/* settled: nobody has yet to follow what it stands on. */
static void
check_all(bool settled)
{
	struct rt_cursor rc = { 0 };
	struct rtentry *rt;

	while ((rt = rtable_next(0, &rc)) != NULL) {
		bool way = rt->rt_flags & RTF_GATEWAY ? rt_parent(rt) != NULL : true;

		if (settled && (rt->rt_flags & (RTF_REJECT | RTF_LOCAL)) == 0)
			CHECK_EQ(!!(rt->rt_flags & RTF_UP), way && nexthop_if_usable(rt_ifp(rt)));
		if (RT_FORWARDS(rt))
			CHECK(rt->rt_nh != NULL && rt->rt_nh->nh_ifp == rt_ifp(rt));
		if (rt->rt_next != NULL && (rt->rt_flags & RTF_UP) == (rt->rt_next->rt_flags & RTF_UP))
			CHECK(rt->rt_priority <= rt->rt_next->rt_priority);
	}
}

/* Everything at random: at the end nothing is left, and every route with RTF_UP has its way. */
TEST(rtable_random)
{
	struct rtentry *rt;
	char net[32], gw[32];

	net_start();
	for (unsigned step = 0; step < 4000; step++) {
		struct wire *w = unit_below(2) ? &t0 : &t1;
		unsigned n = w == &t0 ? 0 : 1;

		snprintf(net, sizeof(net), "10.%u.0.0/%u", unit_below(3), 8 + unit_below(25));
		snprintf(gw, sizeof(gw), "10.0.%u.%u", unit_below(2), 3 + unit_below(5));
		switch (unit_below(7)) {
		case 0: case 1:
			(void)route_rq(rt_add, net, gw, unit_below(3) ? 0 : 5 + unit_below(20), unit_below(4) ? 0 : RTF_MPATH);
			break;
		case 2:
			(void)route_rq(rt_delete, net, NULL, 0, 0);
			break;
		case 3:
			(void)route_rq(rt_change, net, gw, 0, 0);
			break;
		case 4:
			if_link_state_change(&w->w_if, unit_below(2) ? LINK_STATE_UP : LINK_STATE_DOWN);
			break;
		case 5:
			snprintf(gw, sizeof(gw), "10.0.%u.1", n);
			if (if_deladdr(&w->w_if, addr(gw)) != NULL)
				CHECK(if_addaddr(&w->w_if, addr(gw), (uint8_t)(24 + unit_below(6)), 0) == NULL);
			break;
		case 6:
			if ((rt = match(gw)) != NULL && (rt->rt_flags & RTF_CLONING))
				CHECK(rt_clone(rt, addr(gw)) != NULL);
			break;
		}
		check_all(false);
		rt_follow_all();
		check_all(true);
	}
	net_end();
}

/* An admin's ARP entry outlives its network, not its interface. */
TEST(rtable_detach_forgets_static_entries)
{
	net_start();
	CHECK(arp_set(0, addr("10.9.9.9"), t1.w_if.if_lladdr, NHF_PUBLISH) == NULL);
	if_detach(&t1.w_if);
	for (const struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		CHECK(nh->nh_ifp != &t1.w_if);
	unit_allow(UNIT_ENDS | UNIT_POOLS | UNIT_LEAKS | UNIT_TIMEOUTS);	/* its counters went with it: no books */
}
