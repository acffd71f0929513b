/* test_hostname.c - hostname.if(5) files: grammar, errors, what applying them changes and what it leaves alone, going back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/rt6fix.h"

/* What the parser says of the text of hostname.t0: "" or the errors. */
static char *
errors_of(const char *text)
{
	static char buf[4096];
	struct out o;
	struct config_err ce = { .ce_out = &o, .ce_file = "/etc/hostname.t0" };
	void *obj;

	out_init(&o, NULL, NULL);
	obj = hostname_parse(&ce, "hostname.t0", text, strlen(text));
	CHECK_EQ(obj == NULL, ce.ce_errors > 0);
	hostname_free(obj);
	snprintf(buf, sizeof(buf), "%.*s", (int)o.o_len, o.o_buf != NULL ? o.o_buf : "");
	out_free(&o);
	return buf;
}

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
	struct hostname *h, *again;

	out_init(&o, NULL, NULL);
	h = hostname_parse(&ce, "hostname.t0", text, strlen(text));
	if (h == NULL)
		unit_fail(__FILE__, __LINE__, "%.*s", (int)o.o_len, o.o_buf);
	key()->ck_print(&o, "hostname.t0", h);
	snprintf(buf, sizeof(buf), "%.*s", (int)o.o_len, o.o_buf != NULL ? o.o_buf : "");
	again = hostname_parse(&ce, "hostname.t0", buf, strlen(buf));
	CHECK(again != NULL && hostname_equal(h, again));
	hostname_free(h);
	hostname_free(again);
	out_free(&o);
	return buf;
}

TEST(hostname_forms_of_an_address)
{
	static const char *const forms[] = {
		"inet 10.0.0.1 255.255.255.0", "inet 10.0.0.1 0xffffff00", "inet 10.0.0.1/24", "10.0.0.1/24",
		"inet 10.0.0.1 255.255.255.0 10.0.0.255", "inet 10.0.0.1 255.255.255.0 NONE", "inet alias 10.0.0.1/24",
		"inet 10.0.0.1 netmask 255.255.255.0", "inet 10.0.0.1 prefixlen 24", "inet 10.0.0.1/24 broadcast 10.0.0.255",
		"  inet\t10.0.0.1/24   # a comment", "# comment\n\ninet 10.0.0.1/24", "inet 10.0.0.1/24\r",
		"\"inet\" '10.0.0.1/24'",
	};

	for (size_t i = 0; i < nitems(forms); i++)
		CHECK_STR(canonical(forms[i]), "inet 10.0.0.1 255.255.255.0\n");
	CHECK_STR(canonical("inet 10.0.0.1"), "inet 10.0.0.1 255.0.0.0\n");
	CHECK_STR(canonical("inet 192.168.1.1"), "inet 192.168.1.1 255.255.255.0\n");
	CHECK_STR(canonical("inet 10.0.0.1/24 broadcast 10.0.0.0"), "inet 10.0.0.1 255.255.255.0 10.0.0.0\n");
	CHECK_STR(canonical("inet 10.0.0.0/31"), "inet 10.0.0.0 255.255.255.254\n");
	CHECK_STR(canonical("inet alias 10.0.1.13 255.255.255.255 10.0.1.13"), "inet 10.0.1.13 255.255.255.255 10.0.1.13\n");
	CHECK_STR(canonical("inet 10.0.0.1 255.255.255.252 NONE dest 10.0.0.2"), "inet 10.0.0.1 255.255.255.252 NONE dest 10.0.0.2\n");
}

TEST(hostname_canonical_text)
{
	CHECK_STR(canonical("up\nmtu 9000\ninet 10.0.0.1/24 description \"Bob's uplink\"\ninet alias 10.0.9.1/24\n"
	    "!route add 10.2/16 10.0.0.3\n!route -q add -inet 10.1.0.0/16 10.0.0.2\n! route add -blackhole -mtu 1400 192.168/16 127.0.0.1\n"
	    "!/sbin/route -n add default 10.0.0.9\n!route add -priority 10 10.1/16 10.0.0.4\n"
	    "lladdr 2:0:0:0:0:1\ndebug\nmedia autoselect\nrdomain 0\n"
	    "!arp -s 10.0.0.9 00:11:22:33:44:55 permanent\n!arp -s 10.0.0.8 00:11:22:33:44:56 pub\n"),
	    "description \"Bob's uplink\"\nlladdr 02:00:00:00:00:01\nmtu 9000\nmedia autoselect\ndebug\n"
	    "inet 10.0.0.1 255.255.255.0\ninet alias 10.0.9.1 255.255.255.0\nup\n"
	    "!route add -inet default 10.0.0.9\n!route add -inet 10.1.0.0/16 10.0.0.2\n"
	    "!route add -inet -priority 10 10.1.0.0/16 10.0.0.4\n!route add -inet 10.2.0.0/16 10.0.0.3\n"
	    "!route add -inet -blackhole -mtu 1400 192.168.0.0/16 127.0.0.1\n"
	    "!arp -s 10.0.0.8 00:11:22:33:44:56 pub\n!arp -s 10.0.0.9 00:11:22:33:44:55\n");
	CHECK_STR(canonical("inet 10.0.0.1/24\ngroup wan group dmz\ngroup a-15-byte_name.\n"),
	    "group a-15-byte_name.\ngroup dmz\ngroup wan\ninet 10.0.0.1 255.255.255.0\n");
	CHECK_STR(canonical("description 'say \"hi\"'"), "description 'say \"hi\"'\n");
	CHECK_STR(canonical("inet 10.0.0.1/24\ndown"), "inet 10.0.0.1 255.255.255.0\ndown\n");
	CHECK_STR(canonical("down\ninet 10.0.0.1/24"), "inet 10.0.0.1 255.255.255.0\ndown\n");
	CHECK_STR(canonical(""), "");
}

TEST(hostname_errors_name_line_and_reason)
{
	static const struct { const char *text, *error; } t[] = {
		{ "up\n\ninet 10.0.0.1 netmask x", "/etc/hostname.t0:3: netmask: bad value \"x\"\n" },
		{ "inet 10.0.0.1 255.0.255.0", "/etc/hostname.t0:1: netmask: bad value \"255.0.255.0\"\n" },
		{ "inet 10.0.0.1 0x0", "/etc/hostname.t0:1: netmask: bad value \"0x0\"\n" },
		{ "inet 10.0.0.1/24 netmask 255.0.0.0", "/etc/hostname.t0:1: netmask: \"255.0.0.0\" contradicts the prefix length 24\n" },
		{ "inet 10.0.0.1/33", "/etc/hostname.t0:1: inet: bad address \"10.0.0.1/33\"\n" },
		{ "inet 10.0.0", "/etc/hostname.t0:1: inet: bad address \"10.0.0\"\n" },
		{ "inet fish", "/etc/hostname.t0:1: inet: bad address \"fish\"\n" },
		{ "inet", "/etc/hostname.t0:1: inet: missing argument\n" },
		{ "inet 10.0.0.0/24", "/etc/hostname.t0:1: inet 10.0.0.0: address of the network itself\n" },
		{ "inet 10.0.0.255/24", "/etc/hostname.t0:1: inet 10.0.0.255: broadcast address of the network\n" },
		{ "inet 224.0.0.1/24", "/etc/hostname.t0:1: inet 224.0.0.1: multicast address\n" },
		{ "inet 127.0.0.1/8", "/etc/hostname.t0:1: inet 127.0.0.1: loopback address\n" },
		{ "inet 0.0.0.1/24", "/etc/hostname.t0:1: inet 0.0.0.1: address of \"this network\"\n" },
		{ "inet 255.255.255.255/32", "/etc/hostname.t0:1: inet 255.255.255.255: reserved address\n" },
		{ "inet 10.0.0.1/24 broadcast 10.0.1.255", "/etc/hostname.t0:1: broadcast 10.0.1.255: not in the network\n" },
		{ "inet 10.0.0.1/24\ninet 10.0.0.2/24", "/etc/hostname.t0:2: inet 10.0.0.2: a second address needs \"alias\"\n" },
		{ "inet 10.0.0.1/24\ninet alias 10.0.0.1/32", "/etc/hostname.t0:2: inet 10.0.0.1: duplicate address\n" },
		{ "inet 10.0.0.1/24 delete", "/etc/hostname.t0:1: delete: a file says what is to be, it deletes nothing\n" },
		{ "-inet", "/etc/hostname.t0:1: -inet: a file says what is to be, it deletes nothing\n" },
		{ "netmask 255.255.255.0", "/etc/hostname.t0:1: missing address\n" },
		{ "mtu", "/etc/hostname.t0:1: mtu: missing argument\n" },
		{ "mtu big", "/etc/hostname.t0:1: mtu: bad value \"big\"\n" },
		{ "mtu 67", "/etc/hostname.t0:1: mtu: 67 is out of range (68 to 65535)\n" },
		{ "mtu 65536", "/etc/hostname.t0:1: mtu: 65536 is out of range (68 to 65535)\n" },
		{ "description 0123456789012345678901234567890123456789012345678901234567890123",
		    "/etc/hostname.t0:1: description: longer than 63 bytes\n" },
		{ "description \"open", "/etc/hostname.t0:1: unterminated quote\n" },
		{ "lladdr 1:2:3", "/etc/hostname.t0:1: lladdr: bad address \"1:2:3\"\n" },
		{ "lladdr 01:00:5e:00:00:01", "/etc/hostname.t0:1: lladdr: 01:00:5e:00:00:01 is a group address\n" },
		{ "group wan0", "/etc/hostname.t0:1: group wan0: a name of up to 15 letters and digits without a digit at its end is wanted\n" },
		{ "group wan\ngroup wan", "/etc/hostname.t0:2: group wan: duplicate\n" },
		{ "group all", "/etc/hostname.t0:1: group all: a name of up to 15 letters and digits without a digit at its end is wanted\n" },
		{ "group sixteen-letters.", "/etc/hostname.t0:1: group sixteen-letters.: a name of up to 15 letters and digits without a digit at its end is "
		    "wanted\n" },
		{ "group a group b group c group d group e group f group g group h group i", "/etc/hostname.t0:1: group i: more than 8\n" },
		{ "group", "/etc/hostname.t0:1: group: missing argument\n" },
		{ "-group wan", "/etc/hostname.t0:1: -group: a file says what is to be, it deletes nothing\n" },
		{ "rdomain 3", "/etc/hostname.t0:1: rdomain 3: not supported yet\n" },
		{ "media 100baseTX", "/etc/hostname.t0:1: media 100baseTX: not supported yet\n" },
		{ "inet6", "/etc/hostname.t0:1: inet6: missing argument\n" },
		{ "inet6 fish", "/etc/hostname.t0:1: fish: unknown word\n" },
		{ "inet6 ::/64", "/etc/hostname.t0:1: inet6 ::: unspecified address\n" },
		{ "inet6 fe80::1 16", "/etc/hostname.t0:1: inet6 fe80::1: a link-local address needs a prefix length of 32 or more\n" },
		{ "inet6 2001:db8::1 64 netmask 255.0.0.0", "/etc/hostname.t0:1: netmask: \"255.0.0.0\" contradicts the prefix length 64\n" },
		{ "inet6 2001:db8::1 64\ninet6 2001:db8:0::1 48", "/etc/hostname.t0:2: inet6 2001:db8::1: duplicate address\n" },
		{ "inet6 2001:db8::1 delete", "/etc/hostname.t0:1: delete: a file says what is to be, it deletes nothing\n" },
		{ "-inet6", "/etc/hostname.t0:1: -inet6: a file says what is to be, it deletes nothing\n" },
		{ "inet6 -autoconf", "/etc/hostname.t0:1: -autoconf: a file says what is to be, it deletes nothing\n" },
		{ "inet6 2001:db8::1 broadcast 10.0.0.1", "/etc/hostname.t0:1: inet6: there is no broadcast, and no dest yet\n" },
		{ "dhcp", "/etc/hostname.t0:1: dhcp: not supported yet\n" },
		{ "inet autoconf", "/etc/hostname.t0:1: inet autoconf: not supported yet\n" },
		{ "frobnicate", "/etc/hostname.t0:1: frobnicate: unknown word\n" },
		{ "!reboot", "/etc/hostname.t0:1: !reboot: only \"!route add\", \"!arp -s\" and \"!ndp -s\" are supported\n" },
		{ "!route delete 10/8", "/etc/hostname.t0:1: !route delete: only \"!route add\" stands in a file\n" },
		{ "!route add 10.1/16", "/etc/hostname.t0:1: route: missing gateway\n" },
		{ "!route add 10.1/16 fish", "/etc/hostname.t0:1: route: fish: bad address\n" },
		{ "!route add -fast 10.1/16 10.0.0.2", "/etc/hostname.t0:1: route: -fast: unknown modifier\n" },
		{ "!route add 10.1/16 10.0.0.2\n!route add 10.1.9.9/16 10.0.0.3", "/etc/hostname.t0:2: route 10.1/16: duplicate\n" },
		{ "!route add -inet6 default fe80::1",
		    "/etc/hostname.t0:1: route: fe80::1: a link-local address needs its interface, \"fe80::1%em0\"\n" },
		{ "!route add -inet6 fe80::9%t0 fe80::1%t0",
		    "/etc/hostname.t0:1: route: fe80::9%t0: a link-local network has no routes but its interface's\n" },
		{ "!route add -inet6 default 10.0.0.1", "/etc/hostname.t0:1: route: 10.0.0.1: not an address of IPv6\n" },
		{ "!route add -inet 2001:db8::/32 10.0.0.1", "/etc/hostname.t0:1: route: 2001:db8::/32: not an address of IPv4\n" },
		{ "!route add -mtu 1279 2001:db8::/32 2001:db8::1", "/etc/hostname.t0:1: route: -mtu: bad value \"1279\" (1280 to 65535)\n" },
		{ "!arp -s 10.0.0.2", "/etc/hostname.t0:1: arp: missing Ethernet address\n" },
		{ "!arp -s 10.0.0.2 x", "/etc/hostname.t0:1: arp: x: invalid Ethernet address\n" },
		{ "!arp -s 10.0.0.2 2:0:0:0:0:1 temp", "/etc/hostname.t0:1: arp: a \"temp\" entry is not configuration\n" },
		{ "!arp -a", "/etc/hostname.t0:1: !arp: only \"!arp -s\" stands in a file\n" },
		/* all errors of a file are reported */
		{ "mtu 1\nfrobnicate\nup\ndhcp", "/etc/hostname.t0:1: mtu: 1 is out of range (68 to 65535)\n"
		    "/etc/hostname.t0:2: frobnicate: unknown word\n/etc/hostname.t0:4: dhcp: not supported yet\n" },
	};

	for (size_t i = 0; i < nitems(t); i++)
		CHECK_STR(errors_of(t[i].text), t[i].error);
}

TEST(hostname_hostile_text)
{
	char big[3000];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK_STR(errors_of(big), "/etc/hostname.t0:1: line too long\n");
	for (size_t i = 0; i < 900; i++)
		big[i] = i % 2 ? ' ' : 'x';
	big[900] = '\0';
	CHECK_STR(errors_of(big), "/etc/hostname.t0:1: more than 64 words\n");
	/* Any bytes: no crash; what is accepted prints to something that is accepted. */
	for (int n = 0; n < 20000; n++) {
		static const char *const words[] = { "inet", "alias", "10.0.0.1", "/24", "!route", "add", "\"", "'", "#", "\n", " ",
		    "mtu", "1500", "!arp", "-s", "2:0:0:0:0:1", "default", "255.255.255.0", "description", "\x80", "NONE", "up", "dest" };
		size_t len = 0;

		for (unsigned w = unit_below(12); w > 0; w--)
			len += (size_t)snprintf(big + len, sizeof(big) - len, "%s%s", words[unit_below(nitems(words))],
			    unit_below(3) ? " " : "");
		big[len] = '\0';
		if (errors_of(big)[0] == '\0')
			canonical(big);
	}
}

TEST(hostname_apply_and_go)
{
	struct ifnet *ifp = &t0.w_if;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.0.9.1/24\nmtu 9000\ndescription uplink\n"
	    "lladdr 02:00:00:00:00:77\n!route add 10.1/16 10.0.0.2\n!arp -s 10.0.0.5 00:11:22:33:44:55\n"), "");
	CHECK(ifp->if_flags & IFF_UP);
	CHECK_EQ(ifp->if_mtu, 9000);
	CHECK_STR(ifp->if_description, "uplink");
	CHECK_MEM(ifp->if_lladdr, "\2\0\0\0\0\x77", 6);
	CHECK(ifp->if_addrs != NULL && ifp->if_addrs->ifa_addr == addr("10.0.0.1"));
	CHECK_EQ(ifp->if_addrs->ifa_broadcast, addr("10.0.0.255"));
	CHECK(rtable_lookup(0, addr("10.1.0.0"), 16) != NULL);
	CHECK(nexthop_find(ifp, addr("10.0.0.5")) != NULL);

	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.9.1/24\n"), "");
	CHECK_EQ(ifp->if_mtu, 1500);
	CHECK_STR(ifp->if_description, "");
	CHECK_MEM(ifp->if_lladdr, "\x52\x54\0\0\0\x0a", 6);
	CHECK(ifp->if_addrs->ifa_addr == addr("10.0.9.1") && ifp->if_addrs->ifa_next == NULL);
	CHECK(rtable_lookup(0, addr("10.1.0.0"), 16) == NULL);

	CHECK_STR(cmd_load(""), "");
	CHECK(!(ifp->if_flags & IFF_UP));
	CHECK(ifp->if_addrs == NULL);
	cmd_end();
}

TEST(hostname_unchanged_addresses_keep_neighbours)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.0.9.1/24\nmtu 1400\n"
	    "!route add 10.1/16 10.0.0.2\n"), "");
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.2")) != NULL && nexthop_find(&t0.w_if, addr("10.0.0.2"))->nh_valid);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.9.1/24\ninet alias 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n"), "");
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.2")) != NULL && nexthop_find(&t0.w_if, addr("10.0.0.2"))->nh_valid);
	CHECK_EQ(t0.w_if.if_addrs->ifa_addr, addr("10.0.9.1"));		/* the order is the file's */
	cmd_end();
}

/* An address and a route that move between interfaces, whichever file comes first. */
TEST(hostname_addresses_move)
{
	static const char a[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n";
	static const char b[] = "# /etc/hostname.t0\ninet 10.0.1.1/24\n# /etc/hostname.t1\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n";

	cmd_start();
	for (int i = 0; i < 3; i++) {
		CHECK_STR(cmd_load(a), "");
		CHECK_EQ(t0.w_if.if_addrs->ifa_addr, addr("10.0.0.1"));
		CHECK_EQ(t1.w_if.if_addrs->ifa_addr, addr("10.0.1.1"));
		CHECK(rt_ifp(rtable_lookup(0, addr("10.1.0.0"), 16)) == &t0.w_if);
		CHECK_STR(cmd_load(b), "");
		CHECK_EQ(t0.w_if.if_addrs->ifa_addr, addr("10.0.1.1"));
		CHECK_EQ(t1.w_if.if_addrs->ifa_addr, addr("10.0.0.1"));
		CHECK(rt_ifp(rtable_lookup(0, addr("10.1.0.0"), 16)) == &t1.w_if);
	}
	cmd_end();
}

/* A closer network takes a permanent entry over, as it would from scratch. */
TEST(hostname_arp_follows_its_network)
{
	struct nexthop *nh;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.2.1/16\n!arp -s 10.0.0.5 2:0:0:0:0:5\n"), "");
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.5")) != NULL);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.2.1/16\nmtu 1400\n!arp -s 10.0.0.5 2:0:0:0:0:5\n"
	    "# /etc/hostname.t1\ninet 10.0.0.1/24\n"), "");
	nh = nexthop_find(&t1.w_if, addr("10.0.0.5"));
	CHECK(nh != NULL && (nh->nh_flags & NHF_STATIC));
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.5")) == NULL);
	cmd_end();
}

/* Two interfaces in one network: an entry is where the older one has put it, whichever is first in the list. */
TEST(hostname_arp_in_a_network_of_two)
{
	static const char both[] = "# /etc/hostname.t0\ninet 10.0.0.2/24\ninet6 fd00::2 64\n# /etc/hostname.t1\ninet 10.0.0.1/24\ninet6 fd00::1 64\n"
	    "!arp -s 10.0.0.5 2:0:0:0:0:5\n!ndp -s fd00::5 2:0:0:0:0:5\n";
	static const char *const first[] = { "", "# /etc/hostname.t0\ninet 10.0.0.2/24\ninet6 fd00::2 64\n",
	    "# /etc/hostname.t1\ninet 10.0.0.1/24\ninet6 fd00::1 64\n" };
	struct in6_addr a;

	cmd_start();
	CHECK(in6_parse("fd00::5", &a));
	for (unsigned i = 0; i < nitems(first); i++) {
		CHECK_STR(cmd_load(first[i]), "");
		CHECK_STR(cmd_load(both), "");
		CHECK_EQ((nexthop_find(&t0.w_if, addr("10.0.0.5")) != NULL) + (nexthop_find(&t1.w_if, addr("10.0.0.5")) != NULL), 1);
		CHECK_EQ((nexthop_find6(&t0.w_if, &a) != NULL) + (nexthop_find6(&t1.w_if, &a) != NULL), 1);
		CHECK_STR(cmd_load(both), "");
		CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.2/24\ninet6 fd00::2 64\n!arp -s 10.0.0.5 2:0:0:0:0:5\n!ndp -s fd00::5 2:0:0:0:0:5\n"), "");
		CHECK(nexthop_find(&t0.w_if, addr("10.0.0.5")) != NULL && nexthop_find6(&t0.w_if, &a) != NULL);
		CHECK_STR(cmd_load(both), "");
		CHECK_STR(cmd_load(""), "");
	}
	cmd_end();
}

static const char good[] =
    "# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.0.9.1/24\nmtu 1400\n!route add 10.1/16 10.0.0.2\n"
    "!arp -s 10.0.0.5 00:11:22:33:44:55\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/mygate\n10.0.1.2\n";

/* The state of `good`, to the letter. */
static void
check_good(void)
{
	const struct ifaddr *ifa = t0.w_if.if_addrs;

	CHECK(ifa != NULL && ifa->ifa_addr == addr("10.0.0.1"));
	CHECK(ifa->ifa_next != NULL && ifa->ifa_next->ifa_addr == addr("10.0.9.1") && ifa->ifa_next->ifa_next == NULL);
	CHECK_EQ(t0.w_if.if_mtu, 1400);
	CHECK(t0.w_if.if_flags & IFF_UP);
	CHECK_EQ(t1.w_if.if_addrs->ifa_addr, addr("10.0.1.1"));
	CHECK(t1.w_if.if_addrs->ifa_next == NULL);
	CHECK(t1.w_if.if_flags & IFF_UP);
	CHECK_EQ(rtable_lookup(0, addr("10.1.0.0"), 16)->rt_via->v_gateway, addr("10.0.0.2"));
	CHECK(rtable_lookup(0, addr("10.2.0.0"), 16) == NULL);
	CHECK_EQ(rtable_lookup(0, IP4_ANY, 0)->rt_via->v_gateway, addr("10.0.1.2"));
	CHECK(nexthop_find(&t0.w_if, addr("10.0.0.5"))->nh_flags & NHF_STATIC);
	CHECK_STR(cmd_config(), good);
}

TEST(hostname_failures_go_back)
{
	static const struct { const char *bundle, *error; } t[] = {
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\nmtu 9001\n", "/etc/hostname.t0:2: mtu 9001: t0 can do no more than 9000\n" },
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.0.1/24\n",
		    "/etc/hostname.t1:1: inet 10.0.0.1: address is in use\n" },
		{ "# /etc/hostname.t0\ninet 10.0.7.1/24\n!route add 10.2/16 10.0.7.2\n!route add 10.3/16 10.77.0.2\n",
		    "/etc/hostname.t0:3: route 10.3/16: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet 10.0.1.1/24\n# /etc/hostname.t1\ninet 10.0.0.1/24\n# /etc/mygate\n10.9.9.9\n",
		    "/etc/mygate:1: gateway 10.9.9.9: Network is unreachable\n" },
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.2/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"
		    "!route add 10.2/16 10.0.1.2\n", "/etc/hostname.t1:2: route 10.2/16: File exists\n" },
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n!arp -s 10.77.0.1 2:0:0:0:0:1\n",
		    "/etc/hostname.t0:2: arp 10.77.0.1: Network is unreachable\n" },
		{ "# /etc/hostname.t1\ninet 10.0.1.1/24 dest 10.0.1.2\n",
		    "/etc/hostname.t1:1: inet 10.0.1.1: dest: t1 is not a point-to-point interface\n" },
		/* the network that a route needs goes */
		{ "# /etc/hostname.t0\ninet 10.0.9.1/24\n!route add 10.1/16 10.0.0.2\n",
		    "/etc/hostname.t0:2: route 10.1/16: Network is unreachable\n" },
		/* routes that had changed already: their old gateways come back */
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.3\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"
		    "!route add 10.3/16 10.77.0.2\n# /etc/mygate\n10.0.1.3\n", "/etc/hostname.t1:2: route 10.3/16: Network is unreachable\n" },
		/* one entry, two files */
		{ "# /etc/hostname.t0\ninet 10.0.0.1/24\n!arp -s 10.0.0.9 2:0:0:0:0:1\n# /etc/hostname.t1\n!arp -s 10.0.0.9 2:0:0:0:0:2\n",
		    "/etc/hostname.t1:1: arp 10.0.0.9: File exists\n" },
	};

	cmd_start();
	CHECK_STR(cmd_load(good), "");
	for (size_t i = 0; i < nitems(t); i++) {
		CHECK_STR(cmd_load(t[i].bundle), t[i].error);
		check_good();
	}
	cmd_mtu_fails = true;
	CHECK_STR(cmd_load("# /etc/hostname.t1\nmtu 1300\n"), "/etc/hostname.t1:1: mtu 1300: refused by t1\n");
	cmd_mtu_fails = false;
	check_good();
	cmd_end();
	CHECK(ifnet_list == NULL);
}

TEST(hostname_driver_that_does_not_start)
{
	cmd_start();
	cmd_up_fails = true;
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "/etc/hostname.t0: t0: the driver could not start it\n");
	CHECK(t0.w_if.if_addrs == NULL);
	cmd_up_fails = false;
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_end();
}

/* What a file that stays relies on and another takes away is an error, as it would be from scratch; the gateways of before are
 * back then. */
TEST(hostname_change_under_a_file_that_stays)
{
	static const char stays[] = "# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -ifa 10.0.0.1 10.9/16 10.0.1.2\n"
	    "!arp -s 10.0.0.5 2:0:0:0:0:5\n";
	char bundle[400];

	cmd_start();
	snprintf(bundle, sizeof(bundle), "# /etc/hostname.t0\ninet 10.0.0.1/24\n%s# /etc/mygate\n10.0.1.2\n", stays);
	CHECK_STR(cmd_load(bundle), "");
	snprintf(bundle, sizeof(bundle), "# /etc/hostname.t0\ninet 10.0.7.1/24\n%s# /etc/mygate\n10.0.1.3\n", stays);
	CHECK_STR(cmd_load(bundle), "/etc/hostname.t1:2: route 10.9/16: Invalid argument\n"
	    "/etc/hostname.t1:3: arp 10.0.0.5: Network is unreachable\n");
	CHECK_EQ(rtable_lookup(0, IP4_ANY, 0)->rt_via->v_gateway, addr("10.0.1.2"));
	CHECK_IN(cmd("arp -an"), "10.0.0.5                             02:00:00:00:00:05      t0 permanent \n");
	/* A network that goes and comes back, with another address of ours: its permanent neighbours are back. */
	snprintf(bundle, sizeof(bundle), "# /etc/hostname.t0\ninet 10.0.0.9/24\ninet alias 10.0.0.1/32\n%s", stays);
	CHECK_STR(cmd_load(bundle), "");
	CHECK_IN(cmd("arp -an"), "10.0.0.5                             02:00:00:00:00:05      t0 permanent \n");
	cmd_end();
}

/* An interface that is not there: the file is kept, the rest goes on. */
TEST(hostname_without_interface)
{
	static const char b[] = "# /etc/hostname.vio7\ninet 10.7.0.1/24\n!route add 10.8/16 10.7.0.2\n# /etc/hostname.t0\ninet 10.0.0.1/24\n";

	cmd_start();
	CHECK_STR(cmd_load(b), "");
	CHECK_STR(cmd_config(), b);
	CHECK(t0.w_if.if_addrs != NULL);
	CHECK_IN(cmd("dmesg"), "vio7: no such interface\n");
	CHECK_IN(cmd_load("# /etc/hostname.7\nup\n"), "/etc/hostname.7: \"7\" is not the name of an interface");
	cmd_end();
}

/* All that an admin sees. How many clones a network has and whether an address is still being looked for, which does not last, is left out. */
static char *
random_state(void)
{
	static const char passing[] = " tentative";
	char *s = strdup(cmd("ifconfig; netstat -rn; arp -an; ndp -an; sysctl net.inet.ip.ttl")), *line, *nl;

	while ((line = strstr(s, passing)) != NULL)
		memmove(line, line + strlen(passing), strlen(line + strlen(passing)) + 1);
	for (line = strstr(s, "Routing tables"); (nl = strchr(line, '\n')) != NULL && strncmp(line, "Host ", 5) != 0; line = nl + 1)
		if (nl - line > 70 && nl[-9] == ' ')
			memset(line + (nl - line > 100 ? 73 : 45), ' ', 5);
	return s;
}

static void
random_file(char *text, const char *head, unsigned most)
{
	static const char *const lines[] = {
		"inet 10.0.0.1/24\n", "inet 10.0.1.1/24\n", "inet 10.0.7.1/24\n", "inet 10.0.0.9/24\n", "inet 10.0.0.1/24 broadcast 10.0.0.0\n",
		"inet alias 10.0.0.1/24\n", "inet alias 10.0.1.1/24\n", "inet alias 10.0.0.7/32\n",
		"mtu 1400\n", "mtu 1300\n", "up\n", "down\n", "debug\n", "description x\n", "lladdr 2:0:0:0:0:77\n", "lladdr 2:0:0:0:0:78\n",
		"!route add 10.1/16 10.0.0.2\n", "!route add 10.1/16 10.0.1.2\n", "!route add -mtu 1000 10.1/16 10.0.1.2\n",
		"!route add -ifa 10.0.0.1 10.1/16 10.0.0.2\n", "!route add -reject 10.1/16 127.0.0.1\n",
		"!route add -priority 12 10.1/16 10.0.1.2\n", "!route add 10.2/16 10.0.0.3\n", "!route add -blackhole 10.2/16 127.0.0.1\n",
		"!route add 10.0.0.128/25 10.0.1.2\n", "!route add 10.0.0.2 10.0.1.2\n", "!route add default 10.0.1.9\n",
		"!arp -s 10.0.0.5 2:0:0:0:0:5\n", "!arp -s 10.0.0.5 2:0:0:0:0:6\n", "!arp -s 10.0.1.5 2:0:0:0:0:6 pub\n",
		"!arp -s 10.0.1.6 2:0:0:0:0:77 pub\n", "!arp -s 10.0.0.6 2:0:0:0:0:77 pub\n",
		"!ndp -s 2001:db8::5 2:0:0:0:0:5\n", "!ndp -s 2001:db8::5 2:0:0:0:0:6\n", "!ndp -s 2001:db8:1::5 2:0:0:0:0:6 proxy\n",
		"!ndp -s 2001:db8:1::6 2:0:0:0:0:77 proxy\n", "!ndp -s 2001:db8::6 2:0:0:0:0:77 proxy\n", "!ndp -s fe80::2 2:0:0:0:0:7\n",
		"!ndp -s fe80::2 2:0:0:0:0:8 proxy\n", "!ndp -s fe80::3 2:0:0:0:0:77 proxy\n",
		"inet6 2001:db8::1\n", "inet6 2001:db8:1::1 64\n", "inet6 2001:db8::9 60\n", "inet6 2001:db8:1:: 64 eui64\n", "inet6 fe80::5 64\n",
		"inet6 eui64\n", "inet6 -soii\n", "inet6 autoconf\n", "inet6 fe80::5054:ff:fe00:a\n", "inet6 alias 2001:db8::5054:ff:fe00:b 128\n",
		"!route add 2001:db8:5::/48 2001:db8::2\n", "!route add 2001:db8:5::/48 fe80::2%t0\n", "!route add 2001:db8:5::/48 fe80::2%t1\n",
		"!route add -inet6 default fe80::2%t0\n", "!route add -ifa 2001:db8::1 2001:db8:6::/48 2001:db8::3\n",
		"!route add -reject 2001:db8:6::/48 ::1\n", "!route add 2001:db8::8000:0:0:0/65 fe80::2%t1\n",
	};

	text += sprintf(text, "# /etc/%s\n", head);
	for (unsigned n = unit_below(most); n > 0; n--)
		text += sprintf(text, "%s", lines[unit_below(nitems(lines))]);
}

/* Load A, load B: the system is B's, as from scratch, for pairs of random bundles; those that cannot be leave A. */
TEST(hostname_random_bundles)
{
	char file[3][1024] = { "", "", "" }, bundle[4000], before[4000] = "", *was, *now;
	unsigned loaded = 0;

	cmd_start();
	rt6_resolver();
	for (int n = 0; n < 3000; n++) {
		size_t len = 0;

		for (int i = 0; i < 3; i++) {
			static const char *const head[] = { "hostname.t0", "hostname.t1", "hostname.lo0" };

			if (unit_below(10) == 0)
				file[i][0] = '\0';
			else if (unit_below(2) == 0)		/* else it stays */
				random_file(file[i], head[i], i == 2 ? 2 : 6);
			len += (size_t)sprintf(bundle + len, "%s", file[i]);
		}
		if (unit_below(3) == 0)
			len += (size_t)sprintf(bundle + len, "# /etc/mygate\n10.0.%u.2\n%s", unit_below(2),
			    ((const char *[]){ "", "", "2001:db8::7\n", "fe80::7%t0\n", "fe80::7%t1\n" })[unit_below(5)]);
		if (unit_below(3) == 0)
			sprintf(bundle + len, "# /etc/sysctl.conf\nnet.inet.ip.ttl=%u\n%s", 60 + unit_below(2),
			    unit_below(2) == 0 ? "" : "net.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0f\n");
		was = random_state();
		if (cmd_load(bundle)[0] == '\0') {
			strcpy(before, bundle);
			loaded++;
			free(was);
			was = random_state();
			CHECK_STR(cmd_load(""), "");
			CHECK_STR(cmd_load(before), "");
		}
		CHECK_STR(cmd_config(), before);
		now = random_state();
		/* Which of two interfaces in one network comes first is a matter of their history. */
		if (strstr(now, " UCP") == NULL)
			CHECK_STR(now, was);
		free(was);
		free(now);
	}
	CHECK(loaded > 200);
	cmd_end();
}
