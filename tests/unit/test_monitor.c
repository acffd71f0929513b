/* test_monitor.c - route monitor: each change of routes, neighbours and interfaces is told. */
#include <stdio.h>
#include <string.h>

#include "net/ether/arp.h"
#include "net/route/rt_msg.h"
#include "tests/unit/cmdfix.h"

static const uint8_t mac_a[6] = { 2, 0, 0, 0, 1, 1 };

static const char *
seen(void)
{
	cmd_wait(2);
	return cmd_output();
}

/* checklist: arp_rtm */
TEST(route_monitor)
{
	struct rt_request rq = { .rq_dest = addr("10.7.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway = addr("10.0.0.9") };
	char text[80];

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_begin("route -n monitor");
	CHECK(!cmd_wait(1));
	CHECK_EQ(rt_add(&rq), RT_OK);
	snprintf(text, sizeof(text), "got message of size %zu on Mon Jan  1 00:00:10 2024\n", sizeof(struct rt_msg));	/* the tests' clock */
	CHECK_IN(seen(), text);
	CHECK_IN(cmd_output(), "RTM_ADD: Add Route: priority 3, table 0, if# 2\nflags:<UP,HOST,LLINFO,CLONED>\n"
	    "sockaddrs: <DST,GATEWAY,NETMASK>\n 10.0.0.9 10.0.0.1 255.255.255.255\ngot message of size ");
	CHECK_IN(cmd_output(), "RTM_ADD: Add Route: priority 8, table 0, if# 2\nflags:<UP,GATEWAY,STATIC>\n"
	    "sockaddrs: <DST,GATEWAY,NETMASK>\n 10.7.0.0 10.0.0.9 255.255.0.0\n");
	CHECK(arp_set(0, addr("10.0.0.9"), mac_a, 0) == NULL);
	CHECK_IN(seen(), "RTM_RESOLVE: Route created by cloning: priority 3, table 0, if# 2\nflags:<UP,HOST,LLINFO,CLONED,CACHED>\n"
	    "sockaddrs: <DST,GATEWAY,NETMASK>\n 10.0.0.9 02:00:00:00:01:01 255.255.255.255\n");
	rq.rq_mtu = 1400;
	CHECK_EQ(rt_change(&rq), RT_OK);
	CHECK_IN(seen(), "RTM_CHANGE: Change Metrics, Flags or Gateway: priority 8, ");
	CHECK_EQ(rt_delete(&rq), RT_OK);
	CHECK_IN(seen(), "RTM_DELETE: Delete Route: priority 8, ");
	CHECK(arp_delete(0, addr("10.0.0.9")) == NULL);
	CHECK_IN(seen(), "RTM_DELETE: Delete Route: priority 3, ");
	CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, 0) == NULL);
	CHECK_IN(seen(), "RTM_NEWADDR: address being added to iface: if# 3\nsockaddrs: <NETMASK,IFA>\n 255.255.255.0 10.0.1.1\n");
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	CHECK_IN(seen(), "RTM_DELADDR: address being removed from iface: if# 3\n");
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK_IN(seen(), "RTM_IFINFO: iface status change: if# 2, link: no carrier, up\n");
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	CHECK_IN(seen(), "RTM_IFINFO: iface status change: if# 2, link: active, up\n");
	cmd_stop();
	CHECK(cmd_wait(600));
	host_run(10000);
	cmd_end();
}

TEST(route_monitor_overflow)
{
	struct rt_request rq = { .rq_dest = addr("10.7.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway = addr("10.0.0.9") };

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_begin("route -j monitor");
	CHECK(!cmd_wait(1));
	CHECK_EQ(rt_add(&rq), RT_OK);
	CHECK_IN(seen(), "[{\"type\":\"RTM_ADD\",\"time\":1704067210,\"table\":0,\"if\":2,\"destination\":\"10.0.0.9\",\"gateway\":\"10.0.0.1\",\"priority\":3,\"flags\":\"UHLc\"},"
	    "{\"type\":\"RTM_ADD\",\"time\":1704067210,\"table\":0,\"if\":2,\"destination\":\"10.7/16\",\"gateway\":\"10.0.0.9\",\"priority\":8,\"flags\":\"UGS\"}");
	cmd_stop();
	CHECK(cmd_wait(600));
	cmd_begin("route monitor");
	CHECK(!cmd_wait(1));
	for (unsigned i = 0; i < 300; i++) {
		rq.rq_mtu = 1000 + i;
		CHECK_EQ(rt_change(&rq), RT_OK);
	}
	CHECK_IN(seen(), "44 messages lost\ngot message of size ");
	cmd_stop();
	CHECK(cmd_wait(600));
	CHECK_IN(cmd("route monitor fish"), "usage: route");
	CHECK_EQ(rt_delete(&rq), RT_OK);
	cmd_end();
}
