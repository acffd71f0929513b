/* test_route_cmd.c - route(8) and arp(8): words, answers, and what becomes of the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname.h"
#include "net/ether/arp.h"
#include "net/route/route_args.h"
#include "net/route/rt_msg.h"
#include "tests/unit/cmdfix.h"

static const char base[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n";

/* "DEST/PLEN" that the words say, or the error. */
static const char *
dest_of(const char *a, const char *b, const char *c)
{
	static char buf[200];
	char *argv[] = { (char *)a, (char *)b, (char *)c, NULL }, net[IN6_STRLEN];
	struct route_args ra;
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	if (route_args_parse(&ra, argc, argv, buf, sizeof(buf)))
		snprintf(buf, sizeof(buf), "%s/%u%s", af_print(net, ra.ra_route.sr_af, &ra.ra_route.sr_dest6), ra.ra_route.sr_plen, ra.ra_host ? " host" : "");
	return buf;
}

TEST(route_args_destinations)
{
	CHECK_STR(dest_of("default", NULL, NULL), "0.0.0.0/0");
	CHECK_STR(dest_of("10.1/16", NULL, NULL), "10.1.0.0/16");
	CHECK_STR(dest_of("10.1.0.2/24", NULL, NULL), "10.1.0.0/24");
	CHECK_STR(dest_of("10.1.2.3", NULL, NULL), "10.1.2.3/32 host");
	CHECK_STR(dest_of("10.0.0.0", NULL, NULL), "10.0.0.0/8");
	CHECK_STR(dest_of("192.168.7.0", NULL, NULL), "192.168.7.0/24");
	CHECK_STR(dest_of("-host", "10.0.0.0", NULL), "10.0.0.0/32 host");
	CHECK_STR(dest_of("-net", "10.1", NULL), "10.1.0.0/16");
	CHECK_STR(dest_of("10.1.0.0", "-netmask", "255.255.0.0"), "10.1.0.0/16");
	CHECK_STR(dest_of("-prefixlen", "12", "172.16"), "172.16.0.0/12");
	CHECK_STR(dest_of("10.1", NULL, NULL), "10.1: give a prefix length");
	CHECK_STR(dest_of("10.1.2.3.4", NULL, NULL), "10.1.2.3.4: bad address");
	CHECK_STR(dest_of("10.256.0.1", NULL, NULL), "10.256.0.1: bad address");
	CHECK_STR(dest_of("10/33", NULL, NULL), "10/33: bad address");
	CHECK_STR(dest_of("-netmask", "255.0.255.0", "10/8"), "-netmask: bad value \"255.0.255.0\"");
	CHECK_STR(dest_of("-prefixlen", "33", "10/8"), "-prefixlen: bad value \"33\" (0 to 32)");
	CHECK_STR(dest_of("-priority", "64", "10/8"), "-priority: bad value \"64\" (1 to 63)");
	CHECK_STR(dest_of("-prefixlen", "9", "10/8"), "10/8: contradicts the mask");
	CHECK_STR(dest_of("-host", "10/8", NULL), "10/8: not a host");
	CHECK_STR(dest_of("-mtu", NULL, NULL), "-mtu: missing argument");
	CHECK_STR(dest_of("10/8", "10.0.0.2", "x"), "x: too many arguments");
	CHECK_STR(dest_of("-reject", "-blackhole", "10/8"), "-reject and -blackhole exclude each other");
	CHECK_STR(dest_of("2001:db8:ffff::/32", NULL, NULL), "2001:db8::/32");
	CHECK_STR(dest_of("2001:DB8:0:0::1", NULL, NULL), "2001:db8::1/128 host");
	CHECK_STR(dest_of("-inet6", "default", NULL), "::/0");
	CHECK_STR(dest_of("-net", "2001:db8::", NULL), "2001:db8::/64");
	CHECK_STR(dest_of("2001:db8::", "-prefixlen", "48"), "2001:db8::/48");
	CHECK_STR(dest_of("-netmask", "ffff:fff8::", "2001:db8::"), "2001:db8::/29");
	CHECK_STR(dest_of("-netmask", "ffff:fff8::1", "2001:db8::"), "-netmask: bad value \"ffff:fff8::1\"");
	CHECK_STR(dest_of("default", "fe80::1%t0", NULL), "::/0");
	CHECK_STR(dest_of("fe80::/10", "::1", "-reject"), "fe80::/10");
	CHECK_STR(dest_of("fe80::/64", "::1", NULL), "fe80::/64: a link-local address needs its interface, \"fe80::/64%em0\"");
	CHECK_STR(dest_of("2001:db8::/32", "10.0.0.1", NULL), "10.0.0.1: not an address of IPv6");
	CHECK_STR(dest_of("-inet", "2001:db8::/32", NULL), "2001:db8::/32: not an address of IPv4");
	CHECK_STR(dest_of("-inet6", "10.0.0.1", NULL), "10.0.0.1: not an address of IPv6");
	CHECK_STR(dest_of("2001:db8::/129", NULL, NULL), "2001:db8::/129: bad address");
	CHECK_STR(dest_of("-prefixlen", "129", "2001:db8::"), "-prefixlen: bad value \"129\" (0 to 128)");
	CHECK_STR(dest_of("-prefixlen", "32", "2001:db8::/33"), "2001:db8::/33: contradicts the mask");
	CHECK_STR(dest_of("2001:db8::1", "ff02::1", NULL), "ff02::1: bad address");
	CHECK_STR(dest_of("2001:db8::1", "2001:db8::2%t0", NULL), "2001:db8::2%t0: bad address");
}

TEST(route_adds_to_the_configuration)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	CHECK_STR(cmd("route add 10.1/16 10.0.1.2"), "add net 10.1/16: gateway 10.0.1.2\n");
	CHECK_STR(cmd("route -n add -inet -host 10.2.0.5 10.0.0.2"), "add host 10.2.0.5: gateway 10.0.0.2\n");
	CHECK_STR(cmd("route -q add default 10.0.0.254"), "");
	CHECK_STR(cmd("route add -priority 20 -mtu 1300 default 10.0.1.254"), "add net default: gateway 10.0.1.254\n");
	CHECK_STR(cmd("route add -blackhole 192.168/16 127.0.0.1"), "add net 192.168/16: gateway 127.0.0.1\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n!route add -inet 10.2.0.5/32 10.0.0.2\n"
	    "# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n!route add -inet -priority 20 -mtu 1300 default 10.0.1.254\n"
	    "!route add -inet 10.1.0.0/16 10.0.1.2\n# /etc/mygate\n10.0.0.254\n"
	    "# /etc/hostname.lo0\n!route add -inet -blackhole 192.168.0.0/16 127.0.0.1\n");
	CHECK_STR(cmd("route -n show -gateway -inet"), "Routing tables\n\nInternet:\n"
	    "Destination        Gateway            Flags   Refs      Use   Mtu  Prio Iface\n"
	    "default            10.0.0.254         UGS        0        0     -     8 t0   \n"
	    "default            10.0.1.254         UGS        0        0  1300    20 t1   \n"
	    "10.1/16            10.0.1.2           UGS        0        0     -     8 t1   \n"
	    "10.2.0.5           10.0.0.2           UGHS       0        0     -     8 t0   \n"
	    "127/8              127.0.0.1          UGRS       0        0 32768     8 lo0  \n"
	    "192.168/16         127.0.0.1          UGSB       0        0 32768     8 lo0  \n");
	rtable_lookup(0, addr("10.1.0.0"), 16)->rt_use = 7;
	CHECK_STR(cmd("route change 10.1/16 10.0.0.7"), "change net 10.1/16: gateway 10.0.0.7\n");
	CHECK_EQ(rtable_lookup(0, addr("10.1.0.0"), 16)->rt_use, 7);		/* edited in place */
	CHECK_STR(cmd("route change default 10.0.0.253"), "change net default: gateway 10.0.0.253\n");
	CHECK_IN(cmd("route -n show -gateway"), "default            10.0.0.253         UGS        0        0     -     8 t0   \n");
	CHECK_IN(cmd_config(), "!route add -inet 10.1.0.0/16 10.0.0.7\n# /etc/mygate\n10.0.0.253\n");
	CHECK_STR(cmd("route delete 10.1/16"), "delete net 10.1/16\n");
	CHECK_STR(cmd("route delete 10.2.0.5 10.0.0.2"), "delete host 10.2.0.5: gateway 10.0.0.2\n");
	CHECK_STR(cmd("route delete default"), "delete net default\n");
	CHECK_STR(cmd("route delete -priority 20 default"), "delete net default\n");
	CHECK_STR(cmd("route delete 192.168/16"), "delete net 192.168/16\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n"
	    "# /etc/hostname.lo0\n");
	cmd_end();
}

/* The gateway of /etc/mygate gets what that file cannot say: its route moves to the interface's file, and a reload makes what the bundle says. */
TEST(route_change_of_mygate)
{
	static const char before[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 fd00:a::1 64\n# /etc/mygate\n10.0.0.254\nfd00:a::fe\n";
	static const char after[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 fd00:a::1 64\n!route add -inet -mtu 1300 default 10.0.0.254\n"
	    "# /etc/mygate\nfd00:a::fe\n";
	static const char both[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 fd00:a::1 64\n!route add -inet -mtu 1300 default 10.0.0.254\n"
	    "!route add -inet6 -mtu 1400 default fd00:a::fd\n";
	const struct rtentry *rt;

	cmd_start();
	CHECK_STR(cmd_load(before), "");
	CHECK_STR(cmd("route change -mtu 1300 default"), "change net default\n");
	CHECK((rt = rtable_lookup(0, IP4_ANY, 0)) != NULL && rt->rt_next == NULL);
	CHECK_EQ(rt->rt_mtu, 1300);
	CHECK_EQ(rt->rt_priority, RTP_STATIC);
	CHECK_STR(cmd_config(), after);
	CHECK_IN(cmd("route -n get default"), "gateway: 10.0.0.254\n");
	CHECK_STR(cmd_load(before), "");
	CHECK((rt = rtable_lookup(0, IP4_ANY, 0)) != NULL && rt->rt_next == NULL && rt->rt_mtu == 0);
	CHECK_STR(cmd_config(), before);
	CHECK_STR(cmd_load(after), "");
	CHECK_STR(cmd_config(), after);
	CHECK_STR(cmd("route change -inet6 -mtu 1400 default fd00:a::fd"), "change net default: gateway fd00:a::fd\n");
	CHECK((rt = rtable_lookup6(0, &in6_any, 0)) != NULL && rt->rt_next == NULL && rt->rt_mtu == 1400);
	CHECK_STR(cmd_config(), both);
	CHECK_STR(cmd("route change -inet6 -mtu 1350 default"), "change net default\n");	/* from now on as any other */
	CHECK_EQ(rtable_lookup6(0, &in6_any, 0)->rt_mtu, 1350);
	CHECK_STR(cmd_load(before), "");
	CHECK_STR(cmd("route change -mtu 1300 default 10.9.9.9"), "change net default: gateway 10.9.9.9: Network is unreachable\n");
	CHECK_STR(cmd("route change -mtu 1300 -ifa 10.0.0.99 default"), "change net default: Invalid argument\n");
	CHECK_EQ(cmd_status, 1);
	CHECK((rt = rtable_lookup(0, IP4_ANY, 0)) != NULL && rt->rt_next == NULL && rt->rt_mtu == 0);
	CHECK_STR(cmd_config(), before);
	cmd_end();
}

/* At no moment there is no way out. */
TEST(route_change_of_mygate_without_a_gap)
{
	unsigned ways = 1, least = 1, seen = 0;
	struct rt_msg m;
	uint64_t at, lost = 0;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\n10.0.0.254\n"), "");
	rt_msg_watch(&at);
	CHECK_STR(cmd("route -q change -mtu 1300 default"), "");
	for (; rt_msg_next(&at, &m, &lost); least = MIN(least, ways))
		if (m.rm_af == AF_IP4 && m.rm_plen == 0 && (m.rm_type == RTM_ADD || m.rm_type == RTM_DELETE)) {
			ways += m.rm_type == RTM_ADD ? 1u : ~0u;
			seen++;
		}
	rt_msg_unwatch();
	CHECK_EQ(seen, 4);
	CHECK_EQ(ways, 1);
	CHECK_EQ(least, 1);
	cmd_end();
}

/* Each of a route's properties by itself; the others stay, in the table and in the file. */
TEST(route_changes_properties)
{
	const struct rtentry *rt;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.0.0.9/24\n"), "");
	CHECK_STR(cmd("route -q add 10.1/16 10.0.0.2"), "");
	CHECK_STR(cmd("route change -mtu 1300 10.1/16"), "change net 10.1/16\n");
	CHECK((rt = rtable_lookup(0, addr("10.1.0.0"), 16)) != NULL);
	CHECK_EQ(rt->rt_mtu, 1300);
	CHECK_EQ(rt->rt_via->v_gateway, addr("10.0.0.2"));
	CHECK_STR(cmd("route change -ifa 10.0.0.9 10.1/16"), "change net 10.1/16\n");
	CHECK((rt = rtable_lookup(0, addr("10.1.0.0"), 16)) != NULL);
	CHECK_EQ(rt->rt_via->v_ifa, addr("10.0.0.9"));
	CHECK_EQ(rt->rt_mtu, 1300);
	CHECK_IN(cmd_config(), "!route add -inet -mtu 1300 -ifa 10.0.0.9 10.1.0.0/16 10.0.0.2\n");
	CHECK_STR(cmd("route change -blackhole 10.1/16"), "change net 10.1/16\n");
	CHECK((rt = rtable_lookup(0, addr("10.1.0.0"), 16)) != NULL);
	CHECK(rt->rt_flags & RTF_BLACKHOLE);
	CHECK_EQ(rt->rt_mtu, 1300);
	CHECK_IN(cmd_config(), "!route add -inet -blackhole -mtu 1300 -ifa 10.0.0.9 10.1.0.0/16 10.0.0.2\n");
	CHECK_STR(cmd("route -q delete 10.1/16"), "");
	CHECK_STR(cmd("route -q add default 10.0.0.254"), "");
	CHECK_IN(cmd("route -n show -static"), "default            10.0.0.254         UGS ");
	CHECK(strstr(cmd("route -n show -static"), "10.0.0/24") == NULL);	/* connected */
	cmd_end();
}

/* Routes to a loopback address with the source address of another interface show that one: not longer than it is there. */
TEST(route_ifa_of_an_interface_that_goes)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	CHECK_STR(cmd("ifconfig lo1 create"), "");
	CHECK_STR(cmd("ifconfig lo1 inet 10.99.0.1/32"), "");
	CHECK_STR(cmd("route -q add -blackhole -ifa 10.99.0.1 10.7/16 127.0.0.1"), "");
	CHECK_STR(cmd("route -q add -ifa 10.99.0.1 10.8/16 127.0.0.1"), "");
	CHECK_IN(cmd("netstat -rn"), "10.7/16            127.0.0.1          UGSB       0        0 32768     8 lo1  \n");
	cmd("ifconfig lo1 destroy");
	CHECK_IN(cmd("netstat -rn"), "10.7/16            127.0.0.1          UGSB       0        0 32768     8 lo0  \n"
	    "10.8/16            127.0.0.1          UGS        0        0 32768     8 lo0  \n");
	CHECK_IN(cmd("route -n get 10.7.0.1"), "  interface: lo0\n");
	cmd_end();
}

/* Several ways to one destination: in the table, in the files, and from one configuration to another. */
/* The source address that was asked for is the route's, whatever happens to its way. */
TEST(route_ifa_stays)
{
	static const char file[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/%u\n!route add 10.5/16 10.0.1.2\n"
	    "!route add -ifa 10.0.0.1 10.9/16 10.0.1.3\n!route add -ifa 10.0.0.1 10.8/16 10.5.0.1\n";
	char text[400];

	cmd_start();
	for (unsigned i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), file, i % 2 ? 24 : 25);
		CHECK_STR(cmd_load(text), "");
		CHECK_IN(cmd("route -n get 10.9.0.1"), "  interface: t1\n if address: 10.0.0.1\n");
		CHECK_IN(cmd("route -n get 10.8.0.1"), "  interface: t1\n if address: 10.0.0.1\n");
		CHECK_STR(cmd("route -q change 10.5/16 10.0.1.4"), "");
		CHECK_STR(cmd("route -q change 10.9/16 10.0.1.4"), "");
		CHECK_IN(cmd("route -n get 10.8.0.1"), "  interface: t1\n if address: 10.0.0.1\n");
		CHECK_IN(cmd("route -n get 10.9.0.1"), "  interface: t1\n if address: 10.0.0.1\n");
	}
	cmd_end();
}

/* What leads nowhere has another gateway, too. */
TEST(route_nowhere_changes)
{
	static const char *const gws[] = { "127.0.0.1", "10.0.1.2", "10.0.1.3" };
	char text[300], want[100];

	cmd_start();
	for (unsigned i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "%s!route add -inet -%s 10.7.0.0/16 %s\n", base, i % 2 ? "reject" : "blackhole", gws[i % 3]);
		CHECK_STR(cmd_load(text), "");
		CHECK_STR(cmd_config(), text);
		snprintf(want, sizeof(want), "10.7/16            %-18s UGS%c ", gws[i % 3], i % 2 ? 'R' : 'B');
		for (char *c = want; i % 2 && (c = strstr(c, "UGSR")) != NULL;)
			memcpy(c, "UGRS", 4);
		CHECK_IN(cmd("netstat -rn"), want);
		snprintf(text, sizeof(text), "%s!route add -inet -%s 10.7.0.0/16 %s\n", base, i % 2 ? "reject" : "blackhole", gws[(i + 1) % 3]);
		CHECK_STR(cmd_load(text), "");
		CHECK_STR(cmd_config(), text);
	}
	cmd_end();
}

TEST(route_mpath)
{
	static const char three[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n!route add -inet 10.1.0.0/16 10.0.0.3\n"
	    "!route add -inet -mpath 10.1.0.0/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n"
	    "!route add -inet -mpath 10.1.0.0/16 10.0.1.2\n";
	static const char others[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n!route add -inet -mpath 10.1.0.0/16 10.0.0.2\n"
	    "!route add -inet -mpath 10.1.0.0/16 10.0.0.4\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n"
	    "!route add -inet 10.1.0.0/16 10.0.1.2\n";
	const struct rtentry *rt;
	char want[200];

	cmd_start();
	CHECK_STR(cmd_load(base), "");
	CHECK_STR(cmd("route add 10.1/16 10.0.0.3"), "add net 10.1/16: gateway 10.0.0.3\n");
	CHECK_STR(cmd("route add -mpath 10.1/16 10.0.0.3"), "add net 10.1/16: gateway 10.0.0.3: File exists\n");
	CHECK_STR(cmd("route add -mpath 10.1/16 10.0.1.2"), "add net 10.1/16: gateway 10.0.1.2\n");
	CHECK_STR(cmd("route add -mpath 10.1/16 10.0.1.2"), "add net 10.1/16: gateway 10.0.1.2: File exists\n");
	CHECK_STR(cmd("route add 10.1/16 10.0.1.3"), "add net 10.1/16: gateway 10.0.1.3: File exists\n");
	CHECK_STR(cmd("route add -mpath 10.1/16 10.0.0.2"), "add net 10.1/16: gateway 10.0.0.2\n");
	CHECK_STR(cmd_config(), three);
	CHECK_IN(cmd("route -n show -static"), "10.1/16            10.0.0.3           UGSP       0        0     -     8 t0   \n"
	    "10.1/16            10.0.1.2           UGSP       0        0     -     8 t1   \n"
	    "10.1/16            10.0.0.2           UGSP       0        0     -     8 t0   \n");
	CHECK((rt = rtable_own(0, addr("10.1.2.3"))) != NULL);
	snprintf(want, sizeof(want), "    gateway: 10.0.%u.%u\n  interface: %s\n if address: 10.0.%u.1\n",
	    be32_host(rt->rt_via->v_gateway) >> 8 & 0xff, be32_host(rt->rt_via->v_gateway) & 0xff, rt_ifp(rt)->if_xname, rt_ifp(rt) == &t1.w_if);
	CHECK_IN(cmd("route -n get 10.1.2.3"), want);
	CHECK_IN(cmd("route -n get 10.1.2.3"), "flags: <UP,GATEWAY,DONE,STATIC,MPATH>");
	CHECK_STR(cmd("route change -mtu 1300 10.1/16 10.0.1.2"), "change net 10.1/16: gateway 10.0.1.2\n");
	CHECK_IN(cmd_config(), "!route add -inet -mpath -mtu 1300 10.1.0.0/16 10.0.1.2\n");
	CHECK_STR(cmd_load(others), "");
	CHECK_STR(cmd_config(), others);
	CHECK_IN(cmd("route -n show -static"), "10.0.0.2           UGSP       0        0     -     8 t0   \n");
	CHECK_IN(cmd("route -n show -static"), "10.0.0.4           UGSP       0        0     -     8 t0   \n");
	CHECK_IN(cmd("route -n show -static"), "10.0.1.2           UGSP       0        0     -     8 t1   \n");
	CHECK(strstr(cmd("route -n show -static"), "10.0.0.3 ") == NULL);
	CHECK_STR(cmd_load(three), "");
	CHECK_STR(cmd_config(), three);
	CHECK_STR(cmd("route delete 10.1/16 10.0.0.2"), "delete net 10.1/16: gateway 10.0.0.2\n");
	CHECK_STR(cmd("route delete 10.1/16 10.0.0.3"), "delete net 10.1/16: gateway 10.0.0.3\n");
	CHECK_IN(cmd("route -n show -static"), "10.1/16            10.0.1.2           UGS        0        0     -     8 t1   \n");
	CHECK_IN(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n!route add 10.1/16 10.0.0.3\n"), "duplicate");
	CHECK_IN(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add -mpath 10.1/16 10.0.0.2\n!route add -mpath 10.1/16 10.0.0.2\n"), "duplicate");
	CHECK_IN(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n!route add -mpath 10.1/16 10.0.0.2\n"), "File exists");
	CHECK_IN(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add -blackhole 10.1/16 127.0.0.1\n!route add -mpath 10.1/16 10.0.0.2\n"), "File exists");
	CHECK_IN(cmd("route add -reject 10.1/16 127.0.0.1"), "File exists");
	CHECK_STR(cmd("route -q add -mpath 10.1/16 10.0.1.3"), "");
	CHECK_IN(cmd("route change -blackhole 10.1/16 10.0.1.2"), "File exists");
	CHECK_IN(cmd("route -n show -static"), "10.1/16            10.0.1.2           UGSP       0        0     -     8 t1   \n");
	CHECK_STR(cmd_load("# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -blackhole 10.1/16 127.0.0.1\n"), "");
	CHECK_STR(cmd_load("# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -mpath 10.1/16 10.0.1.3\n!route add -mpath 10.1/16 10.0.1.2\n"), "");
	CHECK_STR(cmd_load("# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -blackhole 10.1/16 127.0.0.1\n"), "");
	CHECK_IN(cmd("route add -mpath -reject 10.5/16 127.0.0.1"), "-mpath: a route that leads nowhere is no way beside others");
	cmd_end();
}

TEST(route_labels)
{
	static const char file[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n!route add -inet -label west 10.1.0.0/16 10.0.0.2\n"
	    "!route add -inet -label \"to the north #1\" -priority 20 10.2.0.0/16 10.0.0.2\n";

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n"), "");
	CHECK_STR(cmd("route add -label west 10.1/16 10.0.0.2"), "add net 10.1/16: gateway 10.0.0.2\n");
	CHECK_STR(cmd("route -q add -priority 20 -label \"to the north #1\" 10.2/16 10.0.0.2"), "");
	CHECK_STR(cmd_config(), file);
	CHECK_IN(cmd("netstat -rn -f inet"), "10.1/16            10.0.0.2           UGS        0        0     -     8 t0    \"west\"\n"
	    "10.2/16            10.0.0.2           UGS        0        0     -    20 t0    \"to the north #1\"\n");
	CHECK_STR(cmd("route -n show -inet -label west"), "Routing tables\n\nInternet:\n"
	    "Destination        Gateway            Flags   Refs      Use   Mtu  Prio Iface\n"
	    "10.1/16            10.0.0.2           UGS        0        0     -     8 t0    \"west\"\n");
	CHECK_STR(cmd("route -n show -label east"), "Routing tables\n");
	CHECK_IN(cmd("route -n get 10.2.0.1"), "<UP,GATEWAY,DONE,STATIC>\n      label: to the north #1\n     use  ");
	CHECK_IN(cmd("route -j -n get 10.1.0.1"), "\"label\":\"west\"");
	CHECK_STR(cmd("route change -label east 10.1/16"), "change net 10.1/16\n");
	CHECK_STR(cmd("route change 10.1/16 10.0.0.7"), "change net 10.1/16: gateway 10.0.0.7\n");
	CHECK_IN(cmd("route -n show -label east"), "10.1/16            10.0.0.7           UGS        0        0     -     8 t0    \"east\"\n");
	CHECK_IN(cmd_config(), "!route add -inet -label east 10.1.0.0/16 10.0.0.7\n");
	CHECK_STR(cmd_load(file), "");
	CHECK_STR(cmd_config(), file);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n!route add -inet 10.1.0.0/16 10.0.0.2\n"), "");
	CHECK_IN(cmd("netstat -rn -f inet"), "10.1/16            10.0.0.2           UGS        0        0     -     8 t0   \n");
	CHECK_STR(cmd("route -q add -label gone default 10.0.0.2"), "");	/* more than /etc/mygate can say */
	CHECK_IN(cmd_config(), "!route add -inet -label gone default 10.0.0.2\n");
	CHECK_STR(cmd("route -q flush"), "");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n");
	CHECK_IN(cmd("route add -label 12345678901234567890123456789012 10.1/16 10.0.0.2"), "-label: longer than 31 bytes");
	CHECK_IN(cmd("route add -label 'a\"b' 10.1/16 10.0.0.2"), "-label: bad character");
	CHECK_IN(cmd("route add -label '' 10.1/16 10.0.0.2"), "-label: empty");
	cmd_end();
}

/* A copy without memory for a label is none; what was made of it goes. */
TEST(route_label_nomem)
{
	struct static_route sr = { .sr_dest = addr("10.1.0.0"), .sr_plen = 16, .sr_label = "west" }, other = sr;
	struct hostname *h = hostname_new("t0"), *c = NULL;
	unsigned left;

	CHECK(h != NULL && hn_routes_add(&h->hn_routes, &sr));
	other.sr_dest = addr("10.2.0.0");
	other.sr_label = "east";
	CHECK(hn_routes_add(&h->hn_routes, &other));
	for (left = 0; c == NULL; left++) {
		CHECK(left < 20);
		host.malloc_limited = true;
		host.malloc_left = left;
		c = hostname_copy(h);
		host.malloc_limited = false;
	}
	CHECK(left > 3 && hostname_equal(h, c));
	hostname_free(h);
	CHECK_STR(hn_routes_get(&c->hn_routes, (unsigned)hn_routes_find(&c->hn_routes, &sr)).sr_label, "west");
	CHECK(hn_routes_remove(&c->hn_routes, &sr));
	CHECK_STR(hn_routes_get(&c->hn_routes, 0).sr_label, "east");
	hostname_free(c);
}

TEST(route_errors)
{
	static const struct { const char *line, *text; int status; } t[] = {
		{ "route add 10.1/16 10.0.0.3", "add net 10.1/16: gateway 10.0.0.3: File exists\n", 1 },
		{ "route add 10.3/16 10.77.0.1", "add net 10.3/16: gateway 10.77.0.1: Network is unreachable\n", 1 },
		{ "route delete 10.9/16", "delete net 10.9/16: not in table\n", 1 },
		{ "route delete 10.1/16 10.0.0.9", "delete net 10.1/16: gateway 10.0.0.9: not in table\n", 1 },
		{ "route change 10.9/16 10.0.0.2", "change net 10.9/16: gateway 10.0.0.2: not in table\n", 1 },
		{ "route change 10.1/16 10.77.0.1", "change net 10.1/16: gateway 10.77.0.1: Network is unreachable\n", 1 },
		{ "route -n get 8.8.8.8", "route: writing to routing socket: No such process\n", 1 },
		{ "route -T 5 show", "route: 5: no such routing table\n", 1 },
		{ "route add fish 10.0.0.2", "route: fish: bad address\n", 1 },
		{ "route add -inet6 default 2001:db8::1", "add net default: gateway 2001:db8::1: Network is unreachable\n", 1 },
		{ "route add default fe80::1%t0", "add net default: gateway fe80::1%t0: Network is unreachable\n", 1 },
		{ "route add default fe80::1%t7", "add net default: gateway fe80::1%t7: Network is unreachable\n", 1 },
		{ "route -n get 2001:db8::1", "route: writing to routing socket: No such process\n", 1 },
	};

	cmd_start();
	CHECK_STR(cmd_load(base), "");
	CHECK_STR(cmd("route add 10.1/16 10.0.0.2"), "add net 10.1/16: gateway 10.0.0.2\n");
	for (size_t i = 0; i < nitems(t); i++) {
		CHECK_STR(cmd(t[i].line), t[i].text);
		CHECK_EQ(cmd_status, t[i].status);
	}
	CHECK_IN(cmd("route add 10.1/16"), "usage: route [-nq] add");
	CHECK_EQ(cmd_status, 2);
	CHECK_IN(cmd("route"), "usage: route");
	CHECK_IN(cmd("route frob"), "usage: route");
	cmd_end();
}

TEST(route_get)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	cmd("route -q add default 10.0.0.254");
	cmd("route -q add 10.1/16 10.0.1.2");
	CHECK_STR(cmd("route -n get 8.8.8.8"), "   route to: 8.8.8.8\ndestination: default\n       mask: default\n"
	    "    gateway: 10.0.0.254\n  interface: t0\n if address: 10.0.0.1\n   priority: 8 (static)\n"
	    "      flags: <UP,GATEWAY,DONE,STATIC>\n     use       mtu    expire\n       0         0         0 \n");
	CHECK_STR(cmd("route get default"), "   route to: default\ndestination: default\n       mask: default\n"
	    "    gateway: 10.0.0.254\n  interface: t0\n if address: 10.0.0.1\n   priority: 8 (static)\n"
	    "      flags: <UP,GATEWAY,DONE,STATIC>\n     use       mtu    expire\n       0         0         0 \n");
	CHECK_IN(cmd("route get 10.1.2.3"), "destination: 10.1.0.0\n       mask: 255.255.0.0\n    gateway: 10.0.1.2\n  interface: t1\n");
	CHECK_IN(cmd("route get 10.0.0.77"), "       mask: 255.255.255.0\n  interface: t0\n if address: 10.0.0.1\n   priority: 4 (connected)\n"
	    "      flags: <UP,DONE,CLONING,CONNECTED>\n");
	CHECK_IN(cmd("route -j get 8.8.8.8"), "{\"route to\":\"8.8.8.8\",\"destination\":\"default\",\"mask\":\"default\",\"gateway\":\"10.0.0.254\"");
	cmd_end();
}

TEST(route_flush)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	cmd("route -q add default 10.0.0.254");
	cmd("route -q add 10.1/16 10.0.1.2");
	CHECK_STR(cmd("route flush"), "default              10.0.0.254           done\n10.1/16              10.0.1.2             done\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n");
	CHECK(rtable_lookup(0, IP4_ANY, 0) == NULL);
	cmd_end();
}

TEST(route_show_pauses)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	for (int i = 0; i < 300; i++) {
		char line[80];

		snprintf(line, sizeof(line), "route -q add 10.8.%d.%d/32 10.0.0.2", i / 200, i % 200);
		CHECK_STR(cmd(line), "");
	}
	cmd_begin("route -n show");
	CHECK(cmd_wait(1000));
	CHECK_IN(cmd_output(), "10.8.0.0           10.0.0.2           UGHS");
	CHECK_IN(cmd_output(), "10.8.1.99          10.0.0.2           UGHS");
	CHECK_STR(cmd_load(base), "");
	cmd_end();
}

TEST(mygate_file)
{
	static const struct { const char *text, *error; } t[] = {
		{ "fish\n", "/etc/mygate:1: bad address \"fish\"\n" },
		{ "# c\n\n10.0.0.2\n10.0.0.3\n", "/etc/mygate:4: a second IPv4 gateway\n" },
		{ "fe80::1%t0\n", "/etc/mygate:1: gateway fe80::1%t0: Network is unreachable\n" },
		{ "fe80::1\n", "/etc/mygate:1: fe80::1: a link-local address needs its interface, \"fe80::1%em0\"\n" },
		{ "2001:db8::2\n10.0.0.2\n2001:db8::3\n", "/etc/mygate:3: a second IPv6 gateway\n" },
		{ "ff02::2\n::\n", "/etc/mygate:1: bad address \"ff02::2\"\n/etc/mygate:2: bad address \"::\"\n" },
		{ "0.0.0.0\n", "/etc/mygate:1: bad address \"0.0.0.0\"\n" },
		{ "224.0.0.1\n10.0.0\n", "/etc/mygate:1: bad address \"224.0.0.1\"\n/etc/mygate:2: bad address \"10.0.0\"\n" },
	};
	char bundle[300];

	cmd_start();
	for (size_t i = 0; i < nitems(t); i++) {
		snprintf(bundle, sizeof(bundle), "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\n%s", t[i].text);
		CHECK_STR(cmd_load(bundle), t[i].error);
	}
	CHECK_STR(cmd_load("# /etc/mygate\n10.0.0.2   # the provider\r\n\n# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK_EQ(rtable_lookup(0, IP4_ANY, 0)->rt_via->v_gateway, addr("10.0.0.2"));
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\n"), "");
	CHECK(rtable_lookup(0, IP4_ANY, 0) == NULL);
	/* its network goes while it stays: as from scratch, that is an error */
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\n10.0.0.2\n"), "");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.7.1/24\n# /etc/mygate\n10.0.0.2\n"),
	    "/etc/mygate:1: gateway 10.0.0.2: Network is unreachable\n");
	CHECK_STR(cmd_load("# /etc/mygate\n10.0.0.2\n"), "/etc/mygate:1: gateway 10.0.0.2: Network is unreachable\n");
	CHECK(rtable_lookup(0, IP4_ANY, 0)->rt_flags & RTF_UP);
	/* unless an interface is missing through which it might be reached */
	CHECK_STR(cmd_load("# /etc/hostname.vio5\ninet 10.5.0.1/24\n# /etc/mygate\n10.5.0.2\n"), "");
	CHECK_IN(cmd("dmesg"), "mygate: gateway 10.5.0.2: Network is unreachable: an interface is missing\n");
	cmd_end();
}

/* checklist: arp_command */
TEST(arp_shows_and_sets)
{
	cmd_start();
	CHECK_STR(cmd_load(base), "");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	CHECK_STR(cmd("arp -s 10.0.1.9 0:1:2:3:4:5"), "");
	CHECK_STR(cmd("arp -s 10.0.1.10 0:1:2:3:4:6 permanent pub"), "");
	CHECK_STR(cmd("arp -s 10.0.0.66 52:54:00:00:00:0b pub"), "");		/* proxy ARP on t1 */
	CHECK_STR(cmd("arp -s 10.0.1.11 0:1:2:3:4:7 temp"), "");
	CHECK_STR(cmd("arp -an"), "Host                                 Ethernet Address    Netif Expire    Flags\n"
	    "10.0.0.1                             52:54:00:00:00:0a      t0 permanent l\n"
	    "10.0.0.2                             02:00:00:00:00:aa      t0 19m59s    \n"
	    "10.0.1.1                             52:54:00:00:00:0b      t1 permanent l\n"
	    "10.0.1.9                             00:01:02:03:04:05      t1 permanent \n"
	    "10.0.1.10                            00:01:02:03:04:06      t1 permanent p\n"
	    "10.0.1.11                            00:01:02:03:04:07      t1 19m59s    \n"
	    "10.0.0.66                            52:54:00:00:00:0b      t1 permanent p\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1 255.255.255.0\n"
	    "!arp -s 10.0.0.66 52:54:00:00:00:0b pub\n!arp -s 10.0.1.9 00:01:02:03:04:05\n!arp -s 10.0.1.10 00:01:02:03:04:06 pub\n");
	CHECK_STR(cmd("arp 10.0.1.9"), "Host                                 Ethernet Address    Netif Expire    Flags\n"
	    "10.0.1.9                             00:01:02:03:04:05      t1 permanent \n");
	CHECK_STR(cmd("arp -j 10.0.1.9"), "[{\"host\":\"10.0.1.9\",\"ethernet address\":\"00:01:02:03:04:05\",\"netif\":\"t1\","
	    "\"expire\":\"permanent\",\"flags\":\"\"}]\n");
	CHECK_STR(cmd("arp -s 10.0.1.9 0:1:2:3:4:ff"), "");
	CHECK_IN(cmd("arp 10.0.1.9"), "00:01:02:03:04:ff");
	CHECK_STR(cmd("arp 10.0.1.77"), "10.0.1.77 (10.0.1.77) -- no entry\n");
	CHECK_EQ(cmd_status, 1);
	CHECK_STR(cmd("arp -d 10.0.1.9"), "10.0.1.9 (10.0.1.9) deleted\n");
	CHECK_STR(cmd("arp -d 10.0.0.2"), "10.0.0.2 (10.0.0.2) deleted\n");
	CHECK_STR(cmd("arp -d 10.0.0.2"), "arp: delete 10.0.0.2: no entry\n");
	CHECK_STR(cmd("arp -d 10.0.0.1"), "arp: delete 10.0.0.1: is our own address\n");
	CHECK_STR(cmd("arp -s 10.77.0.1 0:1:2:3:4:5"), "arp: set 10.77.0.1: Network is unreachable\n");
	CHECK_STR(cmd("arp -s 10.0.0.1 0:1:2:3:4:5"), "arp: set 10.0.0.1: is our own address\n");
	CHECK_STR(cmd("arp -s 10.0.0.9 1:1:2:3:4:5"), "arp: 1:1:2:3:4:5: invalid Ethernet address\n");
	CHECK_IN(cmd("arp"), "usage: arp");
	/* a temporary entry takes the place of a permanent one, in the configuration too */
	CHECK_STR(cmd("arp -s 10.0.1.10 0:1:2:3:4:8 temp"), "");
	CHECK_STR(cmd("cat /etc/hostname.t1"), "inet 10.0.1.1 255.255.255.0\n!arp -s 10.0.0.66 52:54:00:00:00:0b pub\n");
	CHECK_IN(cmd("arp 10.0.1.10"), "00:01:02:03:04:08      t1 19m59s    \n");
	/* what is forgotten has no time left */
	CHECK_STR(cmd("route add 10.8/16 10.0.1.10; arp -d 10.0.1.10"),
	    "add net 10.8/16: gateway 10.0.1.10\n10.0.1.10 (10.0.1.10) deleted\n");
	CHECK_IN(cmd("arp 10.0.1.10"), "10.0.1.10                            (incomplete)           t1 expired   \n");
	CHECK_STR(cmd("route delete 10.8/16"), "delete net 10.8/16\n");
	CHECK_STR(cmd("arp -da"), "");
	CHECK_STR(cmd("arp -an"), "Host                                 Ethernet Address    Netif Expire    Flags\n"
	    "10.0.0.1                             52:54:00:00:00:0a      t0 permanent l\n"
	    "10.0.1.1                             52:54:00:00:00:0b      t1 permanent l\n");
	cmd_end();
}
