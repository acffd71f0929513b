/* test_hostname6.c - IPv6 in hostname.if(5), mygate(5), ifconfig(8) and route(8): grammar, what is applied and taken back, what is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname.h"
#include "net/inet6/in6_pmtu.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/rt6fix.h"

static const struct config_key *
key(void)
{
	SET_FOREACH(const struct config_key, ck, config_keys)
		if (strcmp(ck->ck_name, "hostname.*") == 0)
			return ck;
	CHECK(!"no key");
	return NULL;
}

/* The canonical text of a file; parsing that gives an equal object. */
static const char *
canonical(const char *text)
{
	static char buf[4096];
	struct out o;
	struct config_err ce = { .ce_out = &o, .ce_file = "f" };
	struct hostname *h, *again, *copy;

	out_init(&o, NULL, NULL);
	h = hostname_parse(&ce, "hostname.t0", text, strlen(text));
	if (h == NULL)
		unit_fail(__FILE__, __LINE__, "%.*s", (int)o.o_len, o.o_buf);
	key()->ck_print(&o, "hostname.t0", h);
	snprintf(buf, sizeof(buf), "%.*s", (int)o.o_len, o.o_buf != NULL ? o.o_buf : "");
	again = hostname_parse(&ce, "hostname.t0", buf, strlen(buf));
	CHECK(again != NULL && hostname_equal(h, again));
	CHECK((copy = hostname_copy(h)) != NULL && hostname_equal(copy, again));
	hostname_free(h);
	hostname_free(again);
	hostname_free(copy);
	out_free(&o);
	return buf;
}

TEST(hostname6_forms_of_an_address)
{
	static const char *const forms[] = {
		"inet6 2001:db8::1 64", "inet6 2001:db8::1/64", "2001:db8::1/64", "inet6 alias 2001:db8::1 64", "inet6 2001:db8::1 prefixlen 64",
		"inet6 2001:db8::1", "inet6 alias 2001:DB8:0:0::1 prefixlen 64", 
	};

	for (size_t i = 0; i < nitems(forms); i++)
		CHECK_STR(canonical(forms[i]), "inet6 2001:db8::1 64\n");
	CHECK_STR(canonical("inet6 fe80::5%t0 64"), "inet6 fe80::5 64\n");
	CHECK_STR(canonical("inet6 2001:db8:1:2:3:4:5:6 64 eui64"), "inet6 2001:db8:1:2:: 64 eui64\n");
	CHECK_STR(canonical("inet6 2001:db8::/64 anycast"), "inet6 2001:db8:: 64 anycast\n");
	CHECK_STR(canonical("!ndp -s 2001:db8::9 2:0:0:0:0:9 permanent\n!arp -s 10.0.0.9 2:0:0:0:0:a\n!ndp -s fe80::9%t0 2:0:0:0:0:b proxy\n"
	    "! /usr/sbin/ndp -s 2001:db8::8 2:0:0:0:0:c"),
	    "!arp -s 10.0.0.9 02:00:00:00:00:0a\n!ndp -s 2001:db8::8 02:00:00:00:00:0c\n!ndp -s 2001:db8::9 02:00:00:00:00:09\n"
	    "!ndp -s fe80::9%t0 02:00:00:00:00:0b proxy\n");
	CHECK_STR(canonical("!ndp -s fe80::9 2:0:0:0:0:9"), "!ndp -s fe80::9%t0 02:00:00:00:00:09\n");
	CHECK_STR(canonical("inet6 eui64"), "inet6 eui64\n");
	CHECK_STR(canonical("inet6 autoconf"), "inet6 autoconf\n");
	CHECK_STR(canonical("inet6 autoconf -temporary -soii"), "inet6 autoconf\ninet6 -temporary\ninet6 -soii\n");
	CHECK_STR(canonical("inet6 -soii\ninet6 soii\ninet6 eui64"), "inet6 eui64\n");
	CHECK_STR(canonical("inet6 autoconf\ninet6 -temporary\ninet6 temporary"), "inet6 autoconf\n");
	CHECK_STR(canonical("inet 10.0.0.1/24\ninet6 2001:db8::1\ninet alias 10.0.0.2/32\ninet6 2001:db8::2 128 up"),
	    "inet 10.0.0.1 255.255.255.0\ninet alias 10.0.0.2 255.255.255.255\ninet6 2001:db8::1 64\ninet6 alias 2001:db8::2 128\nup\n");
	CHECK_STR(canonical("!route add -inet6 default fe80::1%em7\n!route add 10/8 10.0.0.1\n!route add -mtu 1400 2001:db8::/32 2001:db8::1"),
	    "!route add -inet 10.0.0.0/8 10.0.0.1\n!route add -inet6 default fe80::1%em7\n"
	    "!route add -inet6 -mtu 1400 2001:db8::/32 2001:db8::1\n");
	/* The same key in two families is two routes; the same gateway in two zones is no equal route. */
	CHECK_STR(canonical("!route add default 10.0.0.1\n!route add -inet6 default 2001:db8::1"),
	    "!route add -inet default 10.0.0.1\n!route add -inet6 default 2001:db8::1\n");
}

static const struct in6_ifaddr *
find(const struct wire *w, const char *a)
{
	struct in6_addr in6 = in6_of(a);

	return in6_ifaddr_find(&w->w_if, &in6);
}

static const struct rtentry *
route(const char *net)
{
	struct in6_addr a;
	uint8_t plen;

	CHECK(in6_parsenet(net, &a, &plen, NULL));
	return rtable_lookup6(0, &a, plen);
}

/* checklist: ipaddr_auto_linklocal */
TEST(hostname6_apply_and_go)
{
	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8:1::1 64\ninet6 alias 2001:db8:2:: 64 eui64\n!route add -inet6 2001:db8:9::/48 fe80::9%t0\n"
	    "# /etc/hostname.t1\ninet6 eui64\n# /etc/mygate\n2001:db8:1::9\n"), "");
	CHECK(t0.w_if.if_flags & t1.w_if.if_flags & IFF_UP);
	CHECK(find(&t0, "2001:db8:1::1") != NULL && find(&t0, "2001:db8:2::5054:ff:fe00:a") != NULL);
	CHECK(find(&t0, "fe80::5054:ff:fe00:a") == t0.w_if.if_addrs6);			/* the first */
	CHECK(find(&t1, "fe80::5054:ff:fe00:b")->ia_next == NULL);
	CHECK(route("2001:db8:9::/48")->rt_nh == nexthop_find6(&t0.w_if, &(struct in6_addr){ { { 0xfe, 0x80, [15] = 9 } } }));
	CHECK(route("default")->rt_flags & RTF_UP);

	/* another link address: what is made of it follows */
	CHECK_STR(cmd_load("# /etc/hostname.t0\nlladdr 02:00:00:00:00:77\ninet6 2001:db8:2:: 64 eui64\n"), "");
	CHECK(find(&t0, "2001:db8:1::1") == NULL && find(&t0, "2001:db8:2::5054:ff:fe00:a") == NULL);
	CHECK(find(&t0, "2001:db8:2::ff:fe00:77") != NULL && find(&t0, "fe80::ff:fe00:77") != NULL);
	CHECK(find(&t0, "fe80::5054:ff:fe00:a") == NULL);
	CHECK(route("default") == NULL && route("2001:db8:9::/48") == NULL);
	CHECK(t1.w_if.if_addrs6 == NULL);

	/* a link-local address of the file is the only one; it may be the very one that the interface would make */
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 fe80::5 64\n# /etc/hostname.t1\ninet6 fe80::5054:ff:fe00:b 64\n"), "");
	CHECK(find(&t0, "fe80::5") == t0.w_if.if_addrs6 && t0.w_if.if_addrs6->ia_next == NULL);
	CHECK(!(find(&t1, "fe80::5054:ff:fe00:b")->ia_flags & IN6_IFF_AUTOLL));
	CHECK_STR(cmd_load("# /etc/hostname.t1\ninet6 eui64\n"), "");
	CHECK(find(&t1, "fe80::5054:ff:fe00:b")->ia_flags & IN6_IFF_AUTOLL);

	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 autoconf\n"), "");
	CHECK_EQ(t0.w_if.if_xflags, IFXF_AUTOCONF6 | IFXF_AUTOCONF6TEMP);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 autoconf -temporary\n"), "");
	CHECK_EQ(t0.w_if.if_xflags, IFXF_AUTOCONF6);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK_EQ(t0.w_if.if_xflags, 0);
	CHECK(t0.w_if.if_addrs6 == NULL);
	cmd_end();
}

/* Unchanged addresses keep their neighbours; the order is the file's. */
TEST(hostname6_unchanged_addresses_keep_neighbours)
{
	struct in6_addr a = in6_of("2001:db8::9");
	struct nexthop *nh;

	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1\n"), "");
	CHECK((nh = rt_clone6(rt_connected6(0, &a), &a)->rt_nh) != NULL);
	nexthop_set_lladdr(nh, t0.w_host);
	CHECK_STR(cmd_load("# /etc/hostname.t0\nmtu 1400\ninet6 2001:db8:1::1\ninet6 2001:db8::1\n"), "");
	CHECK(nexthop_find6(&t0.w_if, &a) == nh && nh->nh_valid);
	CHECK(find(&t0, "2001:db8:1::1")->ia_next == find(&t0, "2001:db8::1"));
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1 72\n"), "");
	CHECK(nexthop_find6(&t0.w_if, &a) == NULL);
	cmd_end();
}

/* Addresses, a network with its routes, and link-local addresses move between interfaces, whichever file comes first. */
TEST(hostname6_addresses_move)
{
	static const char a[] = "# /etc/hostname.t0\ninet6 2001:db8::1\n!route add 2001:db8:9::/48 2001:db8::9\n# /etc/hostname.t1\ninet6 fd00::1\n"
	    "!route add 2001:db8:a::/48 fe80::9%t0\n# /etc/mygate\nfe80::1%t1\n";
	static const char b[] = "# /etc/hostname.t0\ninet6 fd00::1\n# /etc/hostname.t1\ninet6 2001:db8::1\n!route add 2001:db8:9::/48 2001:db8::9\n"
	    "!route add 2001:db8:a::/48 fe80::9%t1\n# /etc/mygate\nfe80::1%t0\n";

	cmd_start();
	rt6_resolver();
	for (int i = 0; i < 3; i++) {
		CHECK_STR(cmd_load(a), "");
		CHECK(rt_ifp(route("2001:db8:9::/48")) == &t0.w_if && rt_ifp(route("2001:db8:a::/48")) == &t0.w_if);
		CHECK(rt_ifp(route("default")) == &t1.w_if);
		CHECK_STR(cmd_load(b), "");
		CHECK(rt_ifp(route("2001:db8:9::/48")) == &t1.w_if && rt_ifp(route("2001:db8:a::/48")) == &t1.w_if);
		CHECK(rt_ifp(route("default")) == &t0.w_if);
		CHECK_STR(cmd_config(), b);
	}
	cmd_end();
}

static const char good[] =
    "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8::1\n!route add -inet6 2001:db8:9::/48 2001:db8::9\n"
    "# /etc/hostname.t1\ninet6 fe80::1 64\n# /etc/mygate\n10.0.0.9\nfe80::9%t1\n";

static void
check_good(void)
{
	CHECK(find(&t0, "2001:db8::1") != NULL && find(&t0, "2001:db8::1")->ia_next == NULL);
	CHECK(find(&t1, "fe80::1") == t1.w_if.if_addrs6 && t1.w_if.if_addrs6->ia_next == NULL);
	CHECK(route("2001:db8:9::/48")->rt_flags & RTF_UP);
	CHECK(route("2001:db8:b::/48") == NULL);
	CHECK(rt_ifp(route("default")) == &t1.w_if && route("default")->rt_via->v_gateway6.s6_addr[15] == 9);
	CHECK_EQ(rtable_lookup(0, IP4_ANY, 0)->rt_via->v_gateway, addr("10.0.0.9"));
	CHECK_STR(cmd_config(), good);
}

TEST(hostname6_failures_go_back)
{
	static const struct { const char *bundle, *error; } t[] = {
		{ "# /etc/hostname.t0\ninet6 2001:db8::1\n# /etc/hostname.t1\ninet6 2001:db8::1\n",
		    "/etc/hostname.t1:1: inet6 2001:db8::1: address is in use\n" },
		{ "# /etc/hostname.t0\ninet6 2001:db8:7::1\n!route add 2001:db8:b::/48 2001:db8:7::2\n!route add 2001:db8:c::/48 fd00::2\n",
		    "/etc/hostname.t0:3: route 2001:db8:c::/48: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet6 2001:db8::1\n!route add 2001:db8:b::/48 fe80::1%t1\n",
		    "/etc/hostname.t0:2: route 2001:db8:b::/48: Network is unreachable\n" },
		/* one family's gateway has been put in force already when the other's cannot */
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8::1\n# /etc/mygate\n10.0.0.7\n2001:db8:1::1\n",
		    "/etc/mygate:2: gateway 2001:db8:1::1: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8::1\n# /etc/mygate\n10.7.0.7\n2001:db8::1:1\n",
		    "/etc/mygate:1: gateway 10.7.0.7: Network is unreachable\n" },
		{ "# /etc/hostname.lo0\ninet6 2001:db8:5:: 64 eui64\n",
		    "/etc/hostname.lo0:1: inet6 2001:db8:5::: eui64: not an Ethernet interface\n" },
		/* the network that a route and a gateway need goes */
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8:5::1\n!route add -inet6 2001:db8:9::/48 2001:db8::9\n",
		    "/etc/hostname.t0:3: route 2001:db8:9::/48: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/mygate\n10.0.0.9\nfe80::9%t1\n",
		    "/etc/mygate:2: gateway fe80::9%t1: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet6 2001:db8::1\nmtu 9001\n", "/etc/hostname.t0:2: mtu 9001: t0 can do no more than 9000\n" },
	};

	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load(good), "");
	check_good();
	for (size_t i = 0; i < nitems(t); i++) {
		CHECK_STR(cmd_load(t[i].bundle), t[i].error);
		check_good();
	}
	cmd_end();
}

/* A gateway on an interface that is not there yet: kept, and told. */
TEST(hostname6_without_interface)
{
	static const char b[] = "# /etc/hostname.t0\ninet6 2001:db8::1\n!route add -inet6 2001:db8:9::/48 fe80::9%vio7\n"
	    "# /etc/hostname.vio7\ninet6 eui64\n# /etc/mygate\nfe80::1%vio7\n";

	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load(b), "");
	CHECK_STR(cmd_config(), b);
	CHECK_IN(cmd("dmesg"), "mygate: gateway fe80::1%vio7: Network is unreachable: an interface is missing\n");
	CHECK(route("default") == NULL && route("2001:db8:9::/48") == NULL);
	cmd_end();
}

static unsigned changed;
static void on_changed(struct ifnet *ifp __unused_arg) { changed++; }
static const struct in6_watch h6_watch = { .iw_if_changed = on_changed };
IN6_WATCH(h6_watch);

/* Who learns from routers is told when that is asked for, and when no longer. */
TEST(ifconfig6_autoconf_is_told)
{
	cmd_start();
	changed = 0;
	CHECK_STR(cmd("ifconfig t0 inet6 autoconf"), "");
	CHECK_EQ(changed, 1);
	CHECK_STR(cmd("ifconfig t0 inet6 autoconf description x"), "");
	CHECK_EQ(changed, 1);
	CHECK_STR(cmd("ifconfig t0 inet6 -temporary"), "");
	CHECK_EQ(changed, 2);
	CHECK_STR(cmd("ifconfig t0 inet6 -autoconf"), "");
	CHECK_EQ(changed, 3);
	cmd_end();
}

TEST(ifconfig6_sets_and_shows)
{
	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::1"), "");
	CHECK_STR(cmd("ifconfig t0 inet6 alias 2001:db8:1::/64 anycast"), "");
	CHECK_STR(cmd("ifconfig t0 2001:db8:2::1/48"), "");
	CHECK_STR(cmd("ifconfig t0 10.0.0.1/24"), "");
	CHECK_STR(cmd("ifconfig t0 inet6 autoconf -temporary"), "");
	host_run(10000);		/* nobody else has them */
	CHECK_STR(cmd("ifconfig t0"), "t0: flags=208843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,AUTOCONF6> mtu 1500\n\tlladdr 52:54:00:00:00:0a\n"
	    "\tindex 2 priority 0 llprio 3\n\tmedia: Ethernet autoselect\n\tstatus: active\n"
	    "\tinet 10.0.0.1 netmask 0xffffff00 broadcast 10.0.0.255\n"
	    "\tinet6 fe80::5054:ff:fe00:a%t0 prefixlen 64 scopeid 0x2\n\tinet6 2001:db8::1 prefixlen 64\n"
	    "\tinet6 2001:db8:1:: prefixlen 64 anycast\n\tinet6 2001:db8:2::1 prefixlen 48\n");
	CHECK(strstr(cmd("ifconfig t0 inet6"), "\tinet 10") == NULL);
	CHECK(strstr(cmd("ifconfig -a inet"), "inet6") == NULL);
	CHECK_IN(cmd("ifconfig -j t0 inet6"), "\"inet6\":[{\"address\":\"fe80::5054:ff:fe00:a%t0\",\"prefixlen\":64,\"flags\":[],\"pltime\":\"infty\",");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 autoconf\ninet6 -temporary\ninet6 2001:db8::1 64\n"
	    "inet6 alias 2001:db8:1:: 64 anycast\ninet6 alias 2001:db8:2::1 48\n");
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::1 prefixlen 65"), "");		/* the same address is changed */
	host_run(10000);
	CHECK_IN(cmd("ifconfig t0"), "\tinet6 2001:db8::1 prefixlen 65\n");
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::1 delete; ifconfig t0 2001:db8:1:: -alias; ifconfig t0 inet6 -autoconf"), "");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 2001:db8:2::1 48\n");
	CHECK_STR(cmd("ifconfig t0 -inet6"), "");
	CHECK(t0.w_if.if_addrs6 == NULL);
	CHECK_STR(cmd("ifconfig t1 down; ifconfig t1 inet6 eui64"), "");
	CHECK(t1.w_if.if_flags & IFF_UP);
	host_run(10000);
	CHECK_IN(cmd("ifconfig t1"), "\tinet6 fe80::5054:ff:fe00:b%t1 prefixlen 64 scopeid 0x3\n");
	CHECK_STR(cmd("ifconfig t1 -inet6"), "");
	CHECK(t1.w_if.if_addrs6 == NULL);
	CHECK_STR(cmd("ifconfig lo0 inet6 fd00::1/128"), "");
	CHECK_IN(cmd("ifconfig lo0"), "\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1\n\tinet6 fd00::1 prefixlen 128\n\tinet 127.0.0.1");
	cmd_end();
}

/* What was learned from a router is shown with its state and lifetimes, and is no configuration. */
TEST(ifconfig6_learned_addresses)
{
	struct in6_addr a = in6_of("2001:db8::5");
	struct in6_ifaddr *ia;

	cmd_start();
	CHECK_STR(cmd("ifconfig t0 inet6 autoconf"), "");
	CHECK(if_addaddr6(&t0.w_if, &a, 64, IN6_IFF_AUTOCONF | IN6_IFF_TEMPORARY | IN6_IFF_DEPRECATED, &ia) == NULL);
	host_run(10000);
	ia->ia_preferred = uptime_ns();
	ia->ia_valid = uptime_ns() + 3600500000000ull;
	CHECK_IN(cmd("ifconfig t0"), "\tinet6 2001:db8::5 prefixlen 64 deprecated autoconf temporary pltime 0 vltime 3600\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 autoconf\n");
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::5"), "");			/* the admin's from now on */
	host_run(10000);
	CHECK_IN(cmd("ifconfig t0"), "\tinet6 2001:db8::5 prefixlen 64\n");
	CHECK_STR(cmd("ifconfig t0 -inet6"), "");
	CHECK(t0.w_if.if_addrs6 == NULL);
	cmd_end();
}

TEST(route6_adds_to_the_configuration)
{
	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1\n# /etc/hostname.t1\ninet6 eui64\n# /etc/mygate\n2001:db8::9\n"), "");
	CHECK_STR(cmd("route add -inet6 2001:db8:5::/48 fe80::5%t1"), "add net 2001:db8:5::/48: gateway fe80::5%t1\n");
	CHECK_STR(cmd("route add 2001:db8:6::7 2001:db8::5"), "add host 2001:db8:6::7: gateway 2001:db8::5\n");
	CHECK_STR(cmd("route add -inet6 -priority 20 default fe80::7%t1"), "add net default: gateway fe80::7%t1\n");
	CHECK_STR(cmd("route add -inet6 -reject 2001:db8:8::/48 ::1"), "add net 2001:db8:8::/48: gateway ::1\n");
	CHECK_STR(cmd("route change -inet6 default fe80::8%t1"), "change net default: gateway fe80::8%t1\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 2001:db8::1 64\n!route add -inet6 2001:db8:6::7/128 2001:db8::5\n"
	    "# /etc/hostname.t1\ninet6 eui64\n!route add -inet6 -priority 20 default fe80::7%t1\n!route add -inet6 2001:db8:5::/48 fe80::5%t1\n"
	    "# /etc/mygate\nfe80::8%t1\n# /etc/hostname.lo0\n!route add -inet6 -reject 2001:db8:8::/48 ::1\n");
	CHECK_IN(cmd("netstat -rnf inet6"),
	    "default                            fe80::8%t1                     UGS        0        0     -     8 t1   \n"
	    "default                            fe80::7%t1                     UGS        0        0     -    20 t1   \n");
	CHECK_IN(cmd_output(), "2001:db8:5::/48                    fe80::5%t1                     UGS        0        0     -     8 t1   \n");
	CHECK_IN(cmd_output(), "2001:db8:6::7                      2001:db8::5                    UGHS       0        0     -     8 t0   \n");
	CHECK_IN(cmd_output(), "2001:db8::1                        52:54:00:00:00:0a              UHLl       0        0     -     1 t0   \n");
	CHECK_IN(cmd_output(), "fe80::5%t1                         link#3                         UHLch      1        0     -     3 t1   \n");
	/* a default route of the other family, which /etc/mygate holds as well */
	CHECK_STR(cmd("ifconfig t0 10.0.0.1/24; route add default 10.0.0.9"), "add net default: gateway 10.0.0.9\n");
	CHECK_STR(cmd("cat /etc/mygate"), "10.0.0.9\nfe80::8%t1\n");
	CHECK_STR(cmd("route delete -inet6 default fe80::8%t1"), "delete net default: gateway fe80::8%t1\n");
	CHECK_STR(cmd("cat /etc/mygate"), "10.0.0.9\n");
	CHECK_STR(cmd("route -q add 10.1/16 10.0.0.2"), "");
	CHECK_STR(cmd("route flush -inet6"), "2001:db8:6::7        2001:db8::5          done\ndefault              fe80::7%t1           done\n"
	    "2001:db8:5::/48      fe80::5%t1           done\n2001:db8:8::/48      ::1                  done\n");
	CHECK_STR(cmd("route delete default"), "delete net default\n");
	CHECK_STR(cmd("route delete 10.1/16"), "delete net 10.1/16\n");
	CHECK(config_running("mygate") == NULL);
	CHECK_STR(cmd("route delete 2001:db8:6::7"), "delete host 2001:db8:6::7: not in table\n");
	cmd_end();
}

TEST(route6_get)
{
	struct in6_addr a;

	cmd_start();
	rt6_resolver();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1\n# /etc/mygate\nfe80::9%t0\n"), "");
	CHECK_STR(cmd("route -n get 2001:db8:5::5"), "   route to: 2001:db8:5::5\ndestination: default\n       mask: default\n"
	    "    gateway: fe80::9%t0\n  interface: t0\n if address: fe80::5054:ff:fe00:a%t0\n   priority: 8 (static)\n"
	    "      flags: <UP,GATEWAY,DONE,STATIC>\n     use       mtu    expire\n       0         0         0 \n");
	CHECK_IN(cmd("route -n get 2001:db8::7"), "destination: 2001:db8::\n       mask: ffff:ffff:ffff:ffff::\n  interface: t0\n if address: 2001:db8::1\n");
	CHECK_IN(cmd("route -n get fe80::7%t0"), "   route to: fe80::7%t0\ndestination: fe80::%t0\n");
	CHECK_IN(cmd("route -n get -inet6 default"), "   route to: default\ndestination: default\n");
	CHECK_IN(cmd("route -j get 2001:db8:5::5"), "\"gateway\":\"fe80::9%t0\"");
	in6_pmtu_learn(&t0.w_if, &(struct ip6_hdr){ .ip6_dst = in6_of("2001:db8:5::5") }, 1300);
	CHECK_IN(cmd("route -n get 2001:db8:5::5"), "mtu    expire\n       0      1300         0 \n");
	CHECK_IN(cmd("route -n get 2001:db8:5::6"), "mtu    expire\n       0         0         0 \n");
	CHECK_STR(cmd("route get fe80::7"), "route: fe80::7: a link-local address needs its interface, \"fe80::7%em0\"\n");
	a = in6_of("fe80::7%t0");
	CHECK(rt_clone6(rt_connected6(0, &a), &a) != NULL);
	CHECK_STR(cmd("route delete fe80::7%t0"), "delete host fe80::7%t0\n");		/* a neighbour: learned, not configured */
	CHECK(nexthop_find6(&t0.w_if, &a) == NULL);
	cmd_end();
}
