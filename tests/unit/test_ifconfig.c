/* test_ifconfig.c - ifconfig(8): its output to the letter, and settings that become configuration. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"

static const char lo0[] = "lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 32768\n"
    "\tindex 1 priority 0 llprio 3\n\tgroups: lo\n\tinet6 ::1 prefixlen 128\n\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1\n"
    "\tinet 127.0.0.1 netmask 0xff000000\n";

TEST(ifconfig_prints)
{
	char *all;

	cmd_start();
	CHECK_STR(cmd("ifconfig lo0"), lo0);
	CHECK_STR(cmd("ifconfig lo"), lo0);
	CHECK_STR(cmd("ifconfig t0"), "t0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500\n\tlladdr 52:54:00:00:00:0a\n"
	    "\tindex 2 priority 0 llprio 3\n\tmedia: Ethernet autoselect\n\tstatus: active\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.10.12.3/24\ninet alias 10.9.0.1/31\ndescription \"Intel I210\"\n"
	    "# /etc/mygate\n10.10.12.1\n"), "");
	t0.w_if.if_baudrate = 1000000000;
	t0.w_if.if_fullduplex = true;
	t0.w_if.if_ifqs[0].ifq_oactive = true;
	CHECK_STR(cmd("ifconfig egress"), "t0: flags=8c43<UP,BROADCAST,RUNNING,OACTIVE,SIMPLEX,MULTICAST> mtu 1500\n"
	    "\tlladdr 52:54:00:00:00:0a\n\tdescription: Intel I210\n\tindex 2 priority 0 llprio 3\n\tgroups: egress\n"
	    "\tmedia: Ethernet autoselect (1000baseT full-duplex)\n\tstatus: active\n"
	    "\tinet 10.10.12.3 netmask 0xffffff00 broadcast 10.10.12.255\n\tinet 10.9.0.1 netmask 0xfffffffe\n");
	t0.w_if.if_ifqs[0].ifq_oactive = false;
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK_IN(cmd("ifconfig t0"), "\tmedia: Ethernet autoselect (none)\n\tstatus: no carrier\n");
	all = strdup(cmd("ifconfig"));
	CHECK(strncmp(all, lo0, strlen(lo0)) == 0);
	CHECK_STR(cmd("ifconfig -a"), all);
	CHECK_STR(cmd("ifconfig -A"), all);
	free(all);
	CHECK_STR(cmd("ifconfig vio9"), "ifconfig: vio9: no such interface\n");
	CHECK_EQ(cmd_status, 1);
	CHECK_IN(cmd("ifconfig -x"), "usage: ifconfig");
	CHECK_EQ(cmd_status, 2);
	cmd_end();
}

TEST(ifconfig_groups)
{
	cmd_start();
	CHECK_STR(cmd("ifconfig t0 group wan group dmz"), "");
	CHECK_STR(cmd("ifconfig t1 group dmz"), "");
	CHECK_IN(cmd("ifconfig t0"), "\tgroups: dmz wan\n");
	CHECK_IN(cmd("ifconfig -j t0"), "\"groups\":[\"dmz\",\"wan\"]");
	CHECK_IN(cmd("ifconfig wan"), "t0: ");
	CHECK(strstr(cmd("ifconfig wan"), "t1: ") == NULL);
	CHECK_IN(cmd("ifconfig dmz"), "t1: ");
	CHECK_IN(cmd("ifconfig all"), "lo0: ");
	CHECK_STR(cmd("ifconfig t0 group wan"), "ifconfig: group wan: it is in it already\n");
	CHECK_STR(cmd("ifconfig t1 -group wan"), "ifconfig: -group wan: it is not in it\n");
	CHECK_STR(cmd("ifconfig t0 -group dmz"), "");
	CHECK_IN(cmd("ifconfig t0"), "\tgroups: wan\n");
	CHECK_IN(cmd("show config"), "# /etc/hostname.t0\ngroup wan\n");
	CHECK_STR(cmd_load("# /etc/hostname.t1\ngroup lan\n"), "");
	CHECK_STR(cmd("ifconfig wan"), "ifconfig: wan: no such interface\n");
	CHECK_IN(cmd("ifconfig lan"), "t1: ");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ngroup egress\n# /etc/mygate\n10.0.0.9\n"), "");
	CHECK_IN(cmd("ifconfig t0"), "\tgroups: egress\n");
	cmd_end();
}

TEST(ifconfig_json)
{
	cmd_start();
	CHECK_STR(cmd("ifconfig -j lo0"), "[{\"name\":\"lo0\",\"flags\":[\"UP\",\"LOOPBACK\",\"RUNNING\",\"MULTICAST\"],"
	    "\"mtu\":32768,\"index\":1,\"priority\":0,\"llprio\":3,\"groups\":[\"lo\"],"
	    "\"inet\":[{\"address\":\"127.0.0.1\",\"netmask\":\"0xff000000\",\"prefixlen\":8}],"
	    "\"inet6\":[{\"address\":\"::1\",\"prefixlen\":128,\"flags\":[],\"pltime\":\"infty\",\"vltime\":\"infty\"},"
	    "{\"address\":\"fe80::1%lo0\",\"prefixlen\":64,\"flags\":[],\"pltime\":\"infty\",\"vltime\":\"infty\"}]}]\n");
	cmd_end();
}

/* A command's line and the file that comes of it. */
TEST(ifconfig_sets)
{
	static const struct { const char *line, *file; } t[] = {
		{ "ifconfig t0 up", "up\n" },
		{ "ifconfig t0 inet 10.0.0.1/24", "inet 10.0.0.1 255.255.255.0\nup\n" },
		{ "ifconfig t0 10.0.0.2 netmask 255.255.0.0", "inet 10.0.0.2 255.255.0.0\nup\n" },
		{ "ifconfig t0 inet alias 10.9.0.1/24", "inet 10.0.0.2 255.255.0.0\ninet alias 10.9.0.1 255.255.255.0\nup\n" },
		{ "ifconfig t0 mtu 1400 description \"to the lab\"",
		    "description \"to the lab\"\nmtu 1400\ninet 10.0.0.2 255.255.0.0\ninet alias 10.9.0.1 255.255.255.0\nup\n" },
		{ "ifconfig t0 inet 10.0.0.2 delete", "description \"to the lab\"\nmtu 1400\ninet 10.9.0.1 255.255.255.0\nup\n" },
		{ "ifconfig t0 down -description", "mtu 1400\ninet 10.9.0.1 255.255.255.0\ndown\n" },
		{ "ifconfig t0 inet 10.9.0.2/24", "mtu 1400\ninet 10.9.0.2 255.255.255.0\n" },
		{ "ifconfig t0 -inet", "mtu 1400\n" },
		{ "ifconfig t0 debug", "mtu 1400\ndebug\n" },
		{ "ifconfig t0 -debug lladdr 2:0:0:0:0:9", "lladdr 02:00:00:00:00:09\nmtu 1400\n" },
	};
	char want[400] = "# /etc/hostname.t0\n";

	cmd_start();
	for (size_t i = 0; i < nitems(t); i++) {
		CHECK_STR(cmd(t[i].line), "");
		CHECK_EQ(cmd_status, 0);
		strcpy(strchr(want, '\n') + 1, t[i].file);
		CHECK_STR(cmd_config(), want);
	}
	cmd_end();
}

TEST(ifconfig_refuses)
{
	static const struct { const char *line, *error; } t[] = {
		{ "ifconfig t0 inet 10.9.9.9 delete", "ifconfig: inet 10.9.9.9: Can't assign requested address\n" },
		{ "ifconfig t0 netmask x", "ifconfig: netmask: bad value \"x\"\n" },
		{ "ifconfig t0 inet 10.0.0.0/24", "ifconfig: inet 10.0.0.0: address of the network itself\n" },
		{ "ifconfig t0 mtu 9001", "/etc/hostname.t0: mtu 9001: t0 can do no more than 9000\n" },
		{ "ifconfig t0 alias 10.0.1.1/24", "/etc/hostname.t0: inet 10.0.1.1: address is in use\n" },
		{ "ifconfig t0 -inet", "/etc/hostname.t0: route 10.1/16: Network is unreachable\n" },
		{ "ifconfig t1 -inet", "/etc/mygate:1: gateway 10.0.1.2: Network is unreachable\n" },
		{ "ifconfig t0 frob", "ifconfig: frob: unknown word\n" },
		{ "ifconfig vio9 up", "ifconfig: vio9: no such interface\n" },
		{ "ifconfig t0 inet6 ::1", "ifconfig: inet6 ::1: loopback address\n" },
		{ "ifconfig t0 inet6 2001:db8::1 delete", "ifconfig: inet6 2001:db8::1: Can't assign requested address\n" },
		{ "ifconfig t0 inet6 ff02::1", "ifconfig: inet6 ff02::1: multicast address\n" },
		{ "ifconfig t0 inet6 fe80::1%t1", "ifconfig: inet6 fe80::1%t1: an address of t0\n" },
		{ "ifconfig t0 inet6 2001:db8::1/129", "ifconfig: inet6: bad address \"2001:db8::1/129\"\n" },
		{ "ifconfig t0 inet6 2001:db8:::1", "ifconfig: inet6: bad address \"2001:db8:::1\"\n" },
		{ "ifconfig t0 inet6 2001:db8::1 prefixlen 129", "ifconfig: prefixlen: bad value \"129\"\n" },
		{ "ifconfig t0 inet6 2001:db8::1/48 eui64", "ifconfig: inet6 2001:db8::: eui64: the prefix length must be 64\n" },
		{ "ifconfig t0 inet6 alias", "ifconfig: inet6: missing argument\n" },
		{ "ifconfig t0 inet6 delete", "ifconfig: inet6: missing address\n" },
		{ "ifconfig t0 inet6 ::ffff:1.2.3.4", "ifconfig: inet6 ::ffff:1.2.3.4: IPv4-mapped address\n" },
		{ "ifconfig t0 2001:db8::1 10.0.0.9", "ifconfig: 10.0.0.9: a second address on the line\n" },
	};
	static const char bundle[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.0.0.2\n"
	    "# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/mygate\n10.0.1.2\n";
	char *before;

	cmd_start();
	CHECK_STR(cmd_load(bundle), "");
	before = strdup(cmd("ifconfig; netstat -rn"));
	for (size_t i = 0; i < nitems(t); i++) {
		CHECK_STR(cmd(t[i].line), t[i].error);
		CHECK_EQ(cmd_status, 1);
		CHECK_STR(cmd_config(), bundle);
		CHECK_STR(cmd("ifconfig; netstat -rn"), before);
	}
	free(before);
	cmd_end();
}

/* The loopback's own address is nobody's configuration. */
TEST(ifconfig_loopback)
{
	cmd_start();
	CHECK_STR(cmd("ifconfig lo0 alias 10.255.0.1/32"), "");
	CHECK_IN(cmd("ifconfig lo0"), "\tinet 10.255.0.1 netmask 0xffffffff\n\tinet 127.0.0.1 netmask 0xff000000\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.lo0\ninet 10.255.0.1 255.255.255.255\n");
	CHECK_STR(cmd("ifconfig lo0 10.255.0.1 delete"), "");
	CHECK_STR(cmd("ifconfig lo0"), lo0);
	cmd_end();
}
