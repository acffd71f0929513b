/* test_behaviours6.c - what others' test suites ask of IPv6, one test a case and named like it (../shared/checklists; tests/README.md). */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

static struct pkt p;
static const uint8_t mac_a[6] = { 2, 0, 0, 0, 1, 1 };

#define TWO_NETS "# /etc/hostname.t0\ninet6 fd00:a::1 64\n# /etc/hostname.t1\ninet6 fd00:b::1 64\n"
#define SYSCTL "# /etc/sysctl.conf\nnet.inet6.ip6.forwarding=1\n"

static void
start(const char *conf)
{
	cmd_start();
	sysctl_defaults();
	CHECK_STR(cmd_load(conf), "");
	host_run(10000);
	wires_forget();
	counter_mark();
}

static void
end(void)
{
	wires_forget();
	cmd_end();
}

static struct nexthop *
entry(struct wire *w, const char *a)
{
	struct in6_addr x = addr6(a);

	return nexthop_find6(&w->w_if, &x);
}

/* The neighbour that has been asked for answers. */
static void
answers(struct wire *w, const char *who, const char *us)
{
	pkt6_na(&p, who, us, who, ND_NA_SOLICITED | ND_NA_OVERRIDE, mac_a);
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	wire_rx(w, &p);
}

static void
forward_to(const char *dst)
{
	pkt6_udp(&p, "fd00:a::2", dst, 64, 26);
	wire_rx(&t0, &p);
}

/* ---- ndp ---- */

/* As many questions as the setting says, a second apart; meanwhile the address is tentative. */
TEST(dad_count)
{
	static const unsigned counts[] = { 1, 8 };
	struct in6_addr a = addr6("fd00:a::55");
	char conf[200];

	start(TWO_NETS);
	for (unsigned i = 0; i < nitems(counts); i++) {
		snprintf(conf, sizeof(conf), TWO_NETS "# /etc/sysctl.conf\nnet.inet6.ip6.dad_count=%u\n", counts[i]);
		CHECK_STR(cmd_load(conf), "");
		counter_mark();
		cmd("ifconfig t0 inet6 fd00:a::55/64");
		host_run(counts[i] * 1000 - 100);
		CHECK(in6_ifaddr_find(&t0.w_if, &a)->ia_flags & IN6_IFF_TENTATIVE);
		host_run(1000);
		CHECK(!(in6_ifaddr_find(&t0.w_if, &a)->ia_flags & IN6_IFF_TENTATIVE));
		CHECK_EQ(counter_delta("nd6s_dadsent"), counts[i]);
	}
	end();
}

/* Another Ethernet address: all neighbours hear of it at once, for each of our addresses. */
TEST(ndp_link_activation)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct pkt *f;
	unsigned told = 0;

	start(TWO_NETS);
	CHECK_STR(cmd("ifconfig t0 lladdr 2:0:0:0:0:77"), "");
	while ((f = wire_tx(&t0)) != NULL)
		if (pkt_ip6(f)->ip6_nxt == IPPROTO_ICMPV6_ && pkt_icmp6(f)->icmp6_type == ICMP6_NA &&
		    strcmp(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1") == 0) {
			told++;
			CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1");
			CHECK(load32(f->p_b + 58) & ND_NA_OVERRIDE);
			CHECK_MEM(f->p_b + 80, mac, 6);
			CHECK_MEM(f->p_b + 6, mac, 6);
		}
	CHECK_EQ(told, 1);
	CHECK_STR(cmd("ifconfig t1 down"), "");
	wires_forget();
	counter_mark();
	CHECK_STR(cmd("ifconfig t1 lladdr 2:0:0:0:0:78"), "");		/* nobody to tell */
	CHECK_EQ(counter_delta("nd6s_nasent"), 0);
	end();
}

/* A more specific way appears: what was a neighbour is one no longer, and none is left behind on the wire that it was on. */
TEST(ndp_purge_on_route_change)
{
	start(TWO_NETS SYSCTL);
	forward_to("fd00:b::9");
	answers(&t1, "fd00:b::9", "fd00:b::1");
	CHECK(entry(&t1, "fd00:b::9") != NULL && entry(&t1, "fd00:b::9")->nh_valid);
	cmd("route -q add fd00:b::8/125 fd00:a::fe");
	CHECK(entry(&t1, "fd00:b::9") == NULL);
	forward_to("fd00:b::9");
	CHECK(entry(&t1, "fd00:b::9") == NULL && entry(&t0, "fd00:b::9") == NULL && entry(&t0, "fd00:a::fe") != NULL);
	cmd("route -q delete fd00:b::8/125");
	forward_to("fd00:b::9");					/* and back */
	CHECK(entry(&t1, "fd00:b::9") != NULL && entry(&t0, "fd00:b::9") == NULL);
	end();
}

/* route monitor tells of neighbours: asked for, known, gone. */
TEST(ndp_rtm)
{
	start(TWO_NETS SYSCTL);
	cmd_begin("route -n monitor -inet6");
	CHECK(!cmd_wait(1));
	forward_to("fd00:b::9");
	CHECK(!cmd_wait(2));
	CHECK_IN(cmd_output(), "RTM_ADD: Add Route: priority 3, table 0, if# 3\nflags:<UP,HOST,LLINFO,CLONED>\n"
	    "sockaddrs: <DST,GATEWAY,NETMASK>\n fd00:b::9 fd00:b::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n");
	answers(&t1, "fd00:b::9", "fd00:b::1");
	CHECK(!cmd_wait(2));
	CHECK_IN(cmd_output(), "RTM_RESOLVE: Route created by cloning: priority 3, table 0, if# 3\nflags:<UP,HOST,LLINFO,CLONED>\n"
	    "sockaddrs: <DST,GATEWAY,NETMASK>\n fd00:b::9 02:00:00:00:01:01 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n");
	nd6_forget(entry(&t1, "fd00:b::9"));
	CHECK(!cmd_wait(2));
	CHECK_IN(cmd_output(), "RTM_DELETE: Delete Route: priority 3, table 0, if# 3\n");
	cmd_stop();
	CHECK(cmd_wait(600));
	end();
}

/* ---- net ---- */

TEST(ipaddr_same_address6)
{
	struct in6_addr a = addr6("fd00:a::1");

	start(TWO_NETS);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::1/64"), "");		/* it has it */
	CHECK_STR(cmd_config(), TWO_NETS);
	CHECK_IN(cmd("ifconfig t1 inet6 alias fd00:a::1/64"), "address is in use");
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::1 delete"), "");
	CHECK(in6_ifaddr_find(&t0.w_if, &a) == NULL);
	CHECK_IN(cmd("ifconfig t0 inet6 fd00:a::1 delete"), "Can't assign requested address");
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::1/64"), "");
	CHECK(in6_ifaddr_find(&t0.w_if, &a) != NULL);
	end();
}

/* RFC 4007 9: a link-local address is on one link, and what has one is not forwarded. */
TEST(linklocal)
{
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK_IN(cmd("ping6 -c 1 -w 1 fe80::9"), "No route to host");	/* on which? */
	forward_to("fd00:b::9");
	answers(&t1, "fd00:b::9", "fd00:b::1");
	wires_forget();
	counter_mark();
	pkt6_udp(&p, "fe80::2", "fd00:b::9", 64, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_forward"), 0);
	wires_forget();
	CHECK(nd6_set(0, &(struct in6_addr){ { { 0xfd, 0, 0, 0x0a, [15] = 2 } } }, t0.w_host, 0) == NULL);
	pkt6_udp(&p, "fd00:a::2", "fe80::5054:ff:fe00:b", 64, 26);	/* t1's, from t0 */
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_forward"), 0);
	CHECK_EQ(counter_delta("ip6s_delivered"), 0);
	while ((f = wire_tx(&t0)) != NULL)
		CHECK(pkt_ip6(f)->ip6_nxt == IPPROTO_ICMPV6_);
	end();
}

TEST(ipforwarding_v6)
{
	struct in6_addr a = { { .s6_addr = { 0xfd, 0, 0, 0x0b, [15] = 2 } } };

	start(TWO_NETS);
	CHECK(nd6_set(0, &a, t1.w_host, 0) == NULL);
	wires_forget();
	counter_mark();
	forward_to("fd00:b::2");
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_cantforward"), 1);			/* off, as it comes */
	cmd("sysctl net.inet6.ip6.forwarding=1");
	wires_forget();
	forward_to("fd00:b::2");
	CHECK(wire_tx(&t1) != NULL);
	cmd("sysctl net.inet6.ip6.forwarding=0");
	wires_forget();
	forward_to("fd00:b::2");
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_cantforward"), 2);
	end();
}

/* A gateway or neighbour of link scope is one of a link, which must be named; the same address may be on each. */
TEST(linklocal_ops)
{
	start(TWO_NETS SYSCTL);
	CHECK_STR(cmd("route add -inet6 2001:db8::/32 fe80::9"), "route: fe80::9: a link-local address needs its interface, \"fe80::9%em0\"\n");
	CHECK_STR(cmd("route -q add -inet6 2001:db8::/32 fe80::9%t0"), "");
	CHECK_STR(cmd("route -q add -inet6 2001:db9::/32 fe80::9%t1"), "");
	CHECK_IN(cmd("route -n get -inet6 2001:db8::1"), "gateway: fe80::9%t0\n  interface: t0\n");
	CHECK_IN(cmd("route -n get -inet6 2001:db9::1"), "gateway: fe80::9%t1\n  interface: t1\n");
	CHECK_STR(cmd("ndp -s fe80::9%t0 02:00:00:00:00:08"), "");
	CHECK_STR(cmd("ndp -s fe80::9%t1 02:00:00:00:00:09"), "");
	CHECK_STR(cmd("ndp -s fe80::9 02:00:00:00:00:09"), "ndp: fe80::9: bad address\n");
	CHECK_IN(cmd("ndp -n fe80::9%t1"), "02:00:00:00:00:09      t1 permanent");
	CHECK_STR(cmd("ndp -d fe80::9%t0"), "fe80::9%t0 (fe80::9%t0) deleted\n");
	CHECK_IN(cmd("ndp -n fe80::9%t1"), "02:00:00:00:00:09      t1 permanent");
	CHECK_STR(cmd("ndp -d fe80::9%t1"), "fe80::9%t1 (fe80::9%t1) deleted\n");
	CHECK_STR(cmd("route -q delete -inet6 2001:db8::/32 fe80::9%t0"), "");
	CHECK_STR(cmd("route -q delete -inet6 2001:db9::/32"), "");
	end();
}

TEST(ping6_opts_hops)
{
	struct pkt *f;

	start(TWO_NETS);
	CHECK(nd6_set(0, &(struct in6_addr){ { { 0xfd, 0, 0, 0x0a, [15] = 2 } } }, t0.w_host, 0) == NULL);
	cmd_begin("ping6 -c 1 -w 1 -h 5 fd00:a::2");
	CHECK(!cmd_wait(10));
	f = wire_tx_icmp6(&t0, ICMP6_ECHO);
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 5);
	CHECK(cmd_wait(1100));
	CHECK_STR(cmd("ping6 -h 256 fd00:a::2"), "ping6: bad hoplimit: 256\n");
	end();
}

TEST(ping6_opts_sourceaddr)
{
	struct pkt *f;

	start(TWO_NETS);
	CHECK(nd6_set(0, &(struct in6_addr){ { { 0xfd, 0, 0, 0x0a, [15] = 2 } } }, t0.w_host, 0) == NULL);
	cmd_begin("ping6 -c 1 -w 1 -I fd00:b::1 fd00:a::2");
	CHECK(!cmd_wait(10));
	f = wire_tx_icmp6(&t0, ICMP6_ECHO);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:b::1");
	CHECK(cmd_wait(1100));
	end();
}

/* netstat -g: each address brings the group of those who ask for it, all of them all nodes. */
TEST(netstat_groups6)
{
	start(TWO_NETS);
	CHECK_STR(cmd("netstat -gn -f inet6 -I t0"), "IPv6 multicast group memberships\nNetif   Group                                    Refs\n"
	    "t0      ff02::1:ff00:a                              1\n"
	    "t0      ff02::1                                     2\n"
	    "t0      ff02::1:ff00:1                              1\n");
	CHECK_IN(cmd("netstat -j -g -I t1"), "{\"interface\":\"t1\",\"group\":\"ff02::1:ff00:b\",\"refs\":1}");
	CHECK_STR(cmd("ifconfig t0 -inet6"), "");
	host_run(20000);
	CHECK_STR(cmd("netstat -gn -f inet6 -I t0"), "IPv6 multicast group memberships\nNetif   Group                                    Refs\n");
	end();
}

/* ---- route ---- */

TEST(route_command_get6)
{
	start(TWO_NETS);
	cmd("route -q add -inet6 default fd00:a::fe");
	CHECK_IN(cmd("route -n get fd00:a::1"), "   route to: fd00:a::1\ndestination: fd00:a::1\n       mask: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n");
	CHECK_IN(cmd_output(), "flags: <UP,HOST,DONE,LLINFO,LOCAL>\n");
	CHECK_IN(cmd("route -n get fd00:a::77"), "destination: fd00:a::\n       mask: ffff:ffff:ffff:ffff::\n");
	CHECK_IN(cmd("route -n get 2001:db8::1"), "destination: default\n       mask: default\n    gateway: fd00:a::fe\n");
	CHECK_IN(cmd("route -n get fe80::1"), "fe80::");
	CHECK(nd6_set(0, &(struct in6_addr){ { { 0xfd, 0, 0, 0x0a, [15] = 7 } } }, mac_a, 0) == NULL);
	CHECK_IN(cmd("route -n get fd00:a::7"), "destination: fd00:a::7\n");
	CHECK_IN(cmd_output(), "flags: <UP,HOST,DONE,LLINFO,CLONED>\n");
	cmd("route -q add 2001:db8:7::/48 fd00:a::2");
	CHECK_STR(cmd("route change -mtu 1400 2001:db8:7::/48 fd00:a::3"), "change net 2001:db8:7::/48: gateway fd00:a::3\n");
	CHECK_IN(cmd("route -n get 2001:db8:7::1"), "gateway: fd00:a::3\n");
	CHECK_IN(cmd_output(), "1400");
	CHECK_STR(cmd("route flush -inet6"), "default              fd00:a::fe           done\n2001:db8:7::/48      fd00:a::3            done\n");
	CHECK_STR(cmd("route -n get 2001:db8::1"), "route: writing to routing socket: No such process\n");
	end();
}

/* netstat -rn shows a route with these flags. */
static void
flags(const char *dest, const char *want)
{
	const char *all = cmd("netstat -rn -f inet6"), *line;
	char start_of[80], got[32], gw[80];

	snprintf(start_of, sizeof(start_of), "\n%s ", dest);
	line = strstr(all, start_of);
	CHECK(line != NULL);
	CHECK_EQ(sscanf(line, " %*s %79s %31s", gw, got), 2);
	CHECK_STR(got, want);
}

TEST(route_flags_lo6)
{
	start(TWO_NETS);
	flags("::1", "UHhl");
	flags("fe80::1%lo0", "UHl");
	CHECK_IN(cmd("ping6 -c 1 ::1"), "1 packets received");
	end();
}

TEST(route_flags_connected6)
{
	start(TWO_NETS);
	flags("fd00:a::/64", "UCn");
	flags("fd00:a::1", "UHLl");
	flags("fe80::%t0/64", "UCn");
	flags("ff02::%t0/32", "Um");
	end();
}

TEST(route_flags_default_gateway6)
{
	start(TWO_NETS "# /etc/mygate\nfd00:a::fe\n");
	flags("default", "UGS");
	end();
}

TEST(route_flags_static6)
{
	start(TWO_NETS);
	cmd("route -q add 2001:db8:7::/48 fd00:a::2");
	cmd("route -q add 2001:db8:8::1 fe80::2%t0");
	flags("2001:db8:7::/48", "UGS");
	flags("2001:db8:8::1", "UGHS");
	cmd("route -q flush -inet6");
	end();
}

TEST(route_flags_blackhole6)
{
	start(TWO_NETS SYSCTL);
	cmd("route -q add -blackhole 2001:db8:7::/48 ::1");
	flags("2001:db8:7::/48", "UGSB");
	forward_to("2001:db8:7::1");
	CHECK_EQ(counter_delta("ip6s_blackhole"), 1);
	CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
	cmd("route -q flush -inet6");
	end();
}

TEST(route_flags_reject6)
{
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK(nd6_set(0, &(struct in6_addr){ { { 0xfd, 0, 0, 0x0a, [15] = 2 } } }, t0.w_host, 0) == NULL);
	cmd("route -q add -reject 2001:db8:7::/48 ::1");
	flags("2001:db8:7::/48", "UGRS");
	forward_to("2001:db8:7::1");
	f = wire_tx_icmp6(&t0, ICMP6_UNREACH);
	CHECK_EQ(pkt_icmp6(f)->icmp6_code, ICMP6_UNREACH_REJECT);
	CHECK(wire_tx(&t1) == NULL);
	cmd("route -q flush -inet6");
	end();
}
