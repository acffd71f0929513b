/* test_recurse.c - gateways that other gateway routes lead to: they follow those, wherever they go. */
#include <stdio.h>
#include <string.h>

#include "kernel/loop.h"
#include "net/ether/arp.h"
#include "net/route/rt_var.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/rt6fix.h"

static enum rt_error
rq(enum rt_error (*fn)(const struct rt_request *), const char *net, const char *gw)
{
	struct rt_request r = { .rq_flags = RTF_STATIC, .rq_recurse = true };

	CHECK(ip4_parsenet(net, &r.rq_dest, &r.rq_plen));
	if (gw != NULL) {
		r.rq_gateway = addr(gw);
		r.rq_flags |= RTF_GATEWAY;
	}
	return fn(&r);
}

static void
pass(void)
{
	while (loop_pass())
		continue;
}

/* "t1 10.0.1.2": by which interface and neighbour packets go; "down". */
static const char *
way(const char *dst)
{
	static char buf[80];
	char a[IP4_STRLEN];
	const struct rtentry *rt;

	pass();
	rt = rtable_match(0, addr(dst));
	if (rt == NULL || !RT_FORWARDS(rt))
		return rt == NULL ? "none" : "down";
	CHECK(rt->rt_nh->nh_ifp == rt_ifp(rt));
	snprintf(buf, sizeof(buf), "%s %s", rt_ifp(rt)->if_xname, ip4_print(a, rt->rt_nh->nh_addr));
	return buf;
}

TEST(recurse_follows)
{
	const struct rtentry *rt;
	struct pkt p, *out;

	net_start();
	CHECK_EQ(rq(rt_add, "10.6/16", "10.5.0.1"), RT_UNREACH);
	CHECK_EQ(rq(rt_add, "10.5/16", "10.0.1.2"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.6/16", "10.5.0.1"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.4/16", "10.5.0.1"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.4/16", "10.5.0.1"), RT_EXIST);
	CHECK((rt = rtable_lookup(0, addr("10.6.0.0"), 16)) != NULL);
	CHECK_EQ(rt->rt_via->v_gateway, addr("10.5.0.1"));
	CHECK_EQ(rt->rt_via->v_ifa, addr("10.0.1.1"));
	CHECK_STR(way("10.6.0.1"), "t1 10.0.1.2");
	pkt_udp(&p, "10.0.0.2", "10.6.0.1", 64, 20);
	wire_rx(&t0, &p);
	CHECK((out = wire_tx(&t1)) != NULL && memcmp(out->p_b, t1.w_host, 6) == 0);
	CHECK_EQ(rq(rt_change, "10.5/16", "10.0.0.9"), RT_OK);
	CHECK_STR(way("10.6.0.1"), "t0 10.0.0.9");
	CHECK_EQ(rt->rt_via->v_ifa, addr("10.0.0.1"));
	CHECK_EQ(rq(rt_add, "10.5.0/24", "10.0.1.7"), RT_OK);		/* a more specific one takes it */
	CHECK_STR(way("10.6.0.1"), "t1 10.0.1.7");
	CHECK_STR(way("10.4.0.1"), "t1 10.0.1.7");
	CHECK_EQ(rq(rt_delete, "10.5.0/24", NULL), RT_OK);
	CHECK_STR(way("10.6.0.1"), "t0 10.0.0.9");
	CHECK(nexthop_find(&t1.w_if, addr("10.0.1.7")) == NULL);
	CHECK_EQ(rq(rt_delete, "10.5/16", NULL), RT_OK);
	CHECK_STR(way("10.6.0.1"), "down");
	CHECK_EQ(rq(rt_add, "default", "10.0.1.2"), RT_OK);		/* does not lead there */
	CHECK_STR(way("10.6.0.1"), "down");
	CHECK_EQ(rq(rt_add, "10.5/16", "10.0.1.2"), RT_OK);
	CHECK_STR(way("10.6.0.1"), "t1 10.0.1.2");
	CHECK_EQ(rq(rt_delete, "10.6/16", NULL), RT_OK);
	CHECK_EQ(rq(rt_delete, "10.4/16", NULL), RT_OK);
	CHECK_EQ(rtable_lookup(0, addr("10.0.1.2"), 32)->rt_refs, 3);	/* of 10.1, 10.5, default */
	net_end();
}

/* The link, its address, and a network on which the gateway itself is. */
TEST(recurse_interfaces)
{
	net_start();
	CHECK_EQ(rq(rt_add, "10.5/16", "10.0.1.2"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.6/16", "10.5.0.1"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.7/16", "10.6.0.1"), RT_OK);		/* one more step */
	if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
	CHECK_STR(way("10.7.0.1"), "down");
	CHECK_EQ(rq(rt_add, "10.8/16", "10.5.0.1"), RT_OK);
	CHECK_STR(way("10.8.0.1"), "down");
	if_link_state_change(&t1.w_if, LINK_STATE_UP);
	CHECK_STR(way("10.7.0.1"), "t1 10.0.1.2");
	CHECK_STR(way("10.8.0.1"), "t1 10.0.1.2");
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	CHECK_STR(way("10.7.0.1"), "down");
	CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, 0) == NULL);
	CHECK_STR(way("10.7.0.1"), "t1 10.0.1.2");
	CHECK(if_addaddr(&t0.w_if, addr("10.5.0.9"), 24, 0) == NULL);
	CHECK_STR(way("10.7.0.1"), "t0 10.5.0.1");
	CHECK_STR(way("10.5.7.1"), "t1 10.0.1.2");
	CHECK(if_deladdr(&t0.w_if, addr("10.5.0.9")) == NULL);
	CHECK_STR(way("10.7.0.1"), "t1 10.0.1.2");
	CHECK(nexthop_find(&t0.w_if, addr("10.5.0.1")) == NULL);
	net_end();
}

/* What would lead to its own gateway is passed over. */
TEST(recurse_loops)
{
	net_start();
	CHECK_EQ(rq(rt_add, "10.32/11", "10.0.1.2"), RT_OK);
	CHECK_EQ(rq(rt_add, "10.36/16", "10.37.0.1"), RT_OK);
	counter_mark();
	CHECK_EQ(rq(rt_add, "10.37/16", "10.36.0.1"), RT_OK);
	CHECK_STR(way("10.36.0.1"), "t1 10.0.1.2");
	CHECK_STR(way("10.37.0.1"), "t1 10.0.1.2");
	CHECK(counter_delta("nhs_loops") > 0);
	CHECK_EQ(rq(rt_add, "10.38/16", "10.38.0.1"), RT_OK);
	CHECK_STR(way("10.38.0.1"), "t1 10.0.1.2");
	CHECK_EQ(rq(rt_delete, "10.32/11", NULL), RT_OK);
	CHECK_STR(way("10.36.0.1"), "down");
	CHECK_STR(way("10.37.0.1"), "down");
	CHECK_STR(way("10.38.0.1"), "down");
	CHECK_EQ(rq(rt_add, "10.32/11", "10.0.0.9"), RT_OK);
	CHECK_STR(way("10.36.0.1"), "t0 10.0.0.9");
	CHECK_STR(way("10.37.0.1"), "t0 10.0.0.9");
	CHECK_STR(way("10.38.0.1"), "t0 10.0.0.9");
	net_end();
}

/* A gateway that several routes lead to takes the same of them in whichever order they came, and those that would lead to itself are none. */
TEST(recurse_over_several)
{
	static const char *const hops[] = { "10.0.1.2", "10.0.1.3", "10.0.0.2", "10.5.0.1" };
	char first[80];

	cmd_start();
	for (unsigned net = 0; net < 8; net++) {
		for (unsigned i = 0; i < nitems(hops); i++) {
			CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"), "");
			for (unsigned k = 0; k < nitems(hops); k++) {
				char line[100];

				snprintf(line, sizeof(line), "route -q add -mpath 10.5/16 %s", hops[(i + k) % nitems(hops)]);
				cmd(line);
				snprintf(line, sizeof(line), "route -q add 10.9/16 10.5.%u.1", net);
				CHECK_STR(k == 1 ? cmd(line) : "", "");
			}
			cmd("route -q add -mpath 10.5/16 10.5.0.1");		/* it was too early for that one */
			CHECK(strcmp(way("10.9.0.1"), "down") != 0);
			if (i == 0)
				snprintf(first, sizeof(first), "%s", way("10.9.0.1"));
			CHECK_STR(way("10.9.0.1"), first);
		}
	}
	cmd_end();
}

/* What leads to a gateway, or stands beside, led nowhere in the configuration before. */
TEST(recurse_way_from_nowhere)
{
	static const char none[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -reject 10.6.0.1 127.0.0.1\n"
	    "!route add -blackhole 10.5/16 127.0.0.1\n";
	static const char some[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.6/16 10.0.0.2\n!route add 10.9/16 10.6.0.1\n"
	    "!route add -mpath 10.5/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.6.0.1 10.0.1.2\n!route add 10.5/16 10.0.1.2\n";

	cmd_start();
	for (unsigned i = 0; i < 3; i++) {
		CHECK_STR(cmd_load(none), "");
		CHECK_STR(cmd_config(), none);
		CHECK_IN(cmd("netstat -rn"), "10.5/16            127.0.0.1          UGSB ");
		CHECK_STR(cmd_load(some), "");
		CHECK_STR(cmd_config(), some);
		CHECK_STR(way("10.9.0.1"), "t1 10.0.1.2");
		CHECK_IN(cmd("netstat -rn"), "10.5/16            10.0.1.2           UGSP ");
		CHECK(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -reject 10.6.0.1 127.0.0.1\n"
		    "!route add -blackhole 10.5/16 127.0.0.1\n!route add 10.4/16 10.3.0.1\n")[0] != '\0');
		CHECK_STR(cmd_config(), some);			/* nothing of it stays */
		CHECK_STR(way("10.9.0.1"), "t1 10.0.1.2");
		CHECK_IN(cmd("netstat -rn"), "10.5/16            10.0.1.2           UGSP ");
	}
	cmd_end();
}

/* One of several gateways is reached by another interface: each keeps its flows. */
TEST(recurse_moves_beside_others)
{
	be32_t by[300];

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.5/16 10.0.1.2\n"
	    "!route add -mpath 10.9/16 10.5.0.1\n!route add -mpath 10.9/16 10.0.1.3\n"), "");
	for (unsigned i = 0; i < nitems(by); i++)
		by[i] = rt_path4(rtable_match(0, addr("10.9.0.1")), host_be32(i), addr("10.9.0.1"))->rt_via->v_gateway;
	CHECK_STR(cmd("route -q change 10.5/16 10.0.0.2"), "");
	CHECK_STR(way("10.5.0.1"), "t0 10.0.0.2");
	for (unsigned i = 0; i < nitems(by); i++) {
		const struct rtentry *rt = rt_path4(rtable_match(0, addr("10.9.0.1")), host_be32(i), addr("10.9.0.1"));

		CHECK_EQ(rt->rt_via->v_gateway, by[i]);
		CHECK(rt_ifp(rt) == (by[i] == addr("10.0.1.3") ? &t1.w_if : &t0.w_if));
	}
	cmd_end();
}

/* A configuration does not depend on the one before: the gateway's own network goes, and a route to it is left; and it comes back. */
TEST(recurse_gateway_was_direct)
{
	static const char direct[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.5.0.9/24\n!route add 10.9/16 10.5.0.1\n"
	    "# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.5/16 10.0.1.2\n";
	static const char alone[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.5.0.9/24\n!route add 10.9/16 10.5.0.1\n"
	    "# /etc/hostname.t1\ninet 10.0.1.1/24\n";
	static const char led[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.9/16 10.5.0.1\n"
	    "# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.5/16 10.0.1.2\n";

	cmd_start();
	for (unsigned i = 0; i < 3; i++) {
		CHECK_STR(cmd_load(i % 2 ? alone : direct), "");
		CHECK_STR(way("10.9.0.1"), "t0 10.5.0.1");
		CHECK_STR(cmd_load(led), "");
		CHECK_STR(way("10.9.0.1"), "t1 10.0.1.2");
		CHECK_STR(cmd_config(), led);
	}
	CHECK_STR(cmd("ifconfig t1 down"), "");
	CHECK_STR(way("10.9.0.1"), "down");
	CHECK_STR(cmd("ifconfig t1 up"), "");
	CHECK_STR(way("10.9.0.1"), "t1 10.0.1.2");
	cmd_end();
}

TEST(recurse_ip6)
{
	struct rt_request r = { .rq_af = AF_IP6, .rq_plen = 32, .rq_flags = RTF_GATEWAY, .rq_recurse = true };
	struct rtentry *rt;

	rt6_start();
	r.rq_dest6 = in6_of("fd05::");
	r.rq_gateway6 = in6_of("fd00:0:0:2::9");
	CHECK_EQ(rt_add(&r), RT_OK);
	r.rq_dest6 = in6_of("fd06::");
	r.rq_gateway6 = in6_of("fd05::1");
	CHECK_EQ(rt_add(&r), RT_OK);
	CHECK((rt = rtable_lookup6(0, &r.rq_dest6, 32)) != NULL);
	CHECK(RT_FORWARDS(rt) && rt->rt_nh->nh_addr6.s6_addr[15] == 9 && rt_ifp(rt) == &t1.w_if);
	net_end();
}

/* Anything at random, in small space: each route that is up has its next hop and no way is a circle; nothing is left. */
TEST(recurse_random)
{
	struct rt_cursor rc;
	struct rtentry *rt;
	char net[32], gw[32];
	unsigned ups = 0;

	net_start();
	for (unsigned step = 0; step < 3000; step++) {
		struct wire *w = unit_below(2) ? &t0 : &t1;

		snprintf(net, sizeof(net), "10.%u.%u.0/%u", 4 + unit_below(4), unit_below(2), 14 + unit_below(11));
		snprintf(gw, sizeof(gw), unit_below(3) ? "10.%u.%u.1" : "10.0.%u.%u", unit_below(3) ? 4 + unit_below(4) : unit_below(2), 3 + unit_below(3));
		switch (unit_below(8)) {
		case 0: case 1: case 2: case 3:
			rq(rt_add, net, gw);
			break;
		case 4: case 5:
			rq(unit_below(2) ? rt_delete : rt_change, net, unit_below(2) ? gw : NULL);
			break;
		case 6:
			if_link_state_change(&w->w_if, unit_below(3) ? LINK_STATE_UP : LINK_STATE_DOWN);
			break;
		case 7:
			if (if_deladdr(&w->w_if, addr(w == &t0 ? "10.0.0.1" : "10.0.1.1")) == NULL && unit_below(2))
				pass();
			CHECK(if_addaddr(&w->w_if, addr(w == &t0 ? "10.0.0.1" : "10.0.1.1"), 24, 0) == NULL);
			break;
		}
		if (unit_below(2))
			pass();
		memset(&rc, 0, sizeof(rc));
		while ((rt = rtable_next(0, &rc)) != NULL) {
			unsigned depth = 0;

			for (const struct rtentry *p = rt; p != NULL; p = rt_parent(p))
				CHECK(depth++ < 12);
			if (!(rt->rt_flags & RTF_GATEWAY) || !RT_FORWARDS(rt))
				continue;
			CHECK(rt->rt_nh != NULL && rt->rt_nh->nh_ifp == rt_ifp(rt));
			ups++;
		}
	}
	CHECK(ups > 1000);
	net_end();
}

/* In files the order does not matter, and what leads to a gateway cannot go before it. */
TEST(recurse_configuration)
{
	static const char file[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n"
	    "!route add -inet 10.4.0.0/16 10.5.0.1\n!route add -inet 10.5.0.0/16 10.0.1.2\n!route add -inet 10.6.0.0/16 10.4.0.1\n";

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.4/16 10.0.1.9\n"), "");
	CHECK_STR(cmd_load(file), "");
	CHECK_STR(cmd_config(), file);
	CHECK_STR(way("10.4.0.1"), "t1 10.0.1.2");
	CHECK_STR(way("10.6.0.1"), "t1 10.0.1.2");
	CHECK_IN(cmd("netstat -rn -f inet"), "10.4/16            10.5.0.1           UGS        0        0     -     8 t1   \n");
	CHECK_STR(cmd("route delete 10.5/16"), "delete net 10.5/16: Network is unreachable\n");
	CHECK_STR(cmd_config(), file);
	CHECK_STR(way("10.6.0.1"), "t1 10.0.1.2");
	CHECK_STR(cmd("route -q delete 10.6/16"), "");
	CHECK_STR(cmd("route -q delete 10.4/16"), "");
	CHECK_STR(cmd("route -q delete 10.5/16"), "");
	CHECK_STR(cmd("route add 10.4/16 10.5.0.1"), "add net 10.4/16: gateway 10.5.0.1: Network is unreachable\n");
	CHECK_STR(cmd("route -q add 10.5/16 10.0.1.2"), "");
	CHECK_STR(cmd("route -q add 10.4/16 10.5.0.1"), "");
	CHECK_STR(cmd("route -q add 10.6/16 10.4.0.1"), "");
	CHECK_STR(cmd_config(), file);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n"), "");
	CHECK_STR(way("10.6.0.1"), "none");
	cmd_end();
}

/* The source address that the route to dst shows. */
static const char *
source(const char *dst)
{
	static char buf[IP4_STRLEN];

	pass();
	return ip4_print(buf, rtable_match(0, addr(dst))->rt_via->v_ifa);
}

#define TWO	"# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"

/* A source address that was asked for: those whose gateway the route leads to have it, too, whether it was asked for first or later. */
TEST(recurse_source)
{
	struct rt_request r = { .rq_flags = RTF_STATIC | RTF_GATEWAY, .rq_dest = addr("10.5.0.0"), .rq_plen = 16, .rq_ifa = addr("10.0.0.1") };

	cmd_start();
	CHECK_STR(cmd_load(TWO "!route add 10.5/16 10.0.1.2\n!route add 20/8 10.5.0.1\n"), "");
	CHECK_STR(source("20.0.0.1"), "10.0.1.1");
	CHECK_EQ(rt_change(&r), RT_OK);
	CHECK_STR(source("20.0.0.1"), "10.0.0.1");
	CHECK_STR(cmd_load(TWO "!route add -ifa 10.0.0.1 10.5/16 10.0.1.2\n!route add 20/8 10.5.0.1\n"), "");
	CHECK_STR(source("20.0.0.1"), "10.0.0.1");
	CHECK_STR(cmd_load(TWO "!route add 10.5/16 10.0.1.2\n!route add 20/8 10.5.0.1\n"), "");
	CHECK_STR(source("20.0.0.1"), "10.0.1.1");
	cmd_end();
}

/* The same when what that route stands on moves. */
TEST(recurse_source_behind_a_gateway)
{
	cmd_start();
	CHECK_STR(cmd_load(TWO "!route add 10.5/16 10.0.1.2\n!route add -ifa 10.0.0.1 10.6/16 10.5.0.1\n!route add 20/8 10.6.0.1\n"), "");
	CHECK_STR(source("20.0.0.1"), "10.0.0.1");
	CHECK_STR(cmd_load(TWO "!route add 10.5/16 10.0.1.9\n!route add -ifa 10.0.0.1 10.6/16 10.5.0.1\n!route add 20/8 10.6.0.1\n"), "");
	CHECK_STR(way("20.0.0.1"), "t1 10.0.1.9");
	CHECK_STR(source("20.0.0.1"), "10.0.0.1");
	CHECK_STR(source("10.5.0.1"), "10.0.1.1");
	cmd_end();
}
