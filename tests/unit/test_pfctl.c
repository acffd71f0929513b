/* test_pfctl.c - pfctl on the console: its options, the running system's interfaces, here-documents. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "tests/unit/cmdfix.h"

static char text[8192];

/* Runs a line with a here-document (NULL: none). */
static const char *
pfctl(const char *line, const char *doc, int status)
{
	struct here_doc hd = { doc, doc != NULL ? strlen(doc) : 0 };
	struct out o;
	int got;

	out_init(&o, NULL, NULL);
	got = command_run_doc(&o, line, doc != NULL ? &hd : NULL);
	snprintf(text, sizeof(text), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	CHECK_EQ(got, status);
	return text;
}

TEST(pfctl_command)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8::1/64\n"), "");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "pass from t0 to t0:network\n", 0),
	    "pass inet from 10.0.0.1 to 10.0.0.0/24 flags S/SA\n"
	    "pass on t0 inet6 from fe80::5054:ff:fe00:a to 2001:db8::/64 flags S/SA\npass inet6 from 2001:db8::1 to 2001:db8::/64 flags S/SA\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "pass\n", 0), "");
	CHECK_STR(pfctl("pfctl -nqvf - <<X", "pass\n", 0), "");
	CHECK_STR(pfctl("pfctl -nf - <<X", "pass\npass synproxy state\n", 0),
	    "stdin:2: synproxy state is not supported\npfctl: the ruleset is right, but would not be loaded\n");
	CHECK_STR(pfctl("pfctl -nqf - <<X", "pass synproxy state\n", 0), "");
	CHECK_STR(pfctl("pfctl -n -vv -D if=t0 -a x/y -o none -f - <<X", "if = t1\npass on $if\nanchor {\nblock\n}\n", 0),
	    "if = \"t1\"\n@0 pass on t0 all flags S/SA\n@1 anchor all {\n  @0 block drop all\n}\n");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "queue a on t0 bandwidth 1M default\nantispoof for t1\n", 0), "queue a on t0 bandwidth 1M default\n");
	cmd_end();
}

TEST(pfctl_errors)
{
	cmd_start();
	CHECK_STR(pfctl("pfctl -nvf - <<X", "set limit states 5\npass at\n", 1), "set limit states 5\nstdin:2: syntax error\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "queue a on t0 bandwidth 1M\n", 1), "pfctl: no default queue specified on t0\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "\nload anchor x from \\\n\"/etc/none\"\n", 1), "stdin:2: cannot load \"/etc/none\": No such file or directory\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "pass from t9\n", 1), "no IP address found for t9\nstdin:1: could not parse host specification\n");
	CHECK_STR(pfctl("pfctl -nf -", NULL, 1), "pfctl: -: no input: pfctl ... -f - <<EOF\n");
	CHECK_STR(pfctl("pfctl -nf /etc/none", NULL, 1), "pfctl: /etc/none: No such file or directory\n");
	cmd_end();
}

static const char conf[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.9/16 10.0.0.254\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/sysctl.conf\n"
    "net.inet.ip.forwarding=1\n# /etc/pf.conf\nblock\nmatch in on t0 proto tcp to port 80 rdr-to 10.9.0.5 port 8080\nanchor \"web\" in on t0 {\n"
    "pass proto tcp to port 8080\n}\npass out on t1 from 10.0.0.0/24 nat-to 10.0.1.1\npass in on t0 proto udp to <none>\n";

/* The rule that decides, and why; none of the rules' figures moves. */
TEST(pfctl_test)
{
	static char before[sizeof(text)];

	cmd_start();
	CHECK_STR(cmd_load(conf), "");
	strcpy(before, pfctl("pfctl -vs rules", NULL, 0));
	CHECK_STR(pfctl("pfctl test in on t0 proto tcp from 10.0.0.2 port 4711 to 10.0.1.7 port 80", NULL, 0),
	    "web @0 pass proto tcp from any to any port = 8080 flags S/SA\n");
	CHECK_STR(pfctl("pfctl test in on t0 proto tcp from 10.0.0.2 port 4711 to 10.0.1.7 port http flags A", NULL, 0), "@0 block drop all\n");
	CHECK_STR(pfctl("pfctl test in on t1 proto icmp from 10.0.1.7 to 10.0.1.1", NULL, 0), "@0 block drop all\n");
	CHECK_STR(pfctl("pfctl -v test in on t0 proto tcp from 10.0.0.2 port 4711 to 10.0.1.7 port 80", NULL, 0),
	    "  matches  @0 block drop all\n"
	    "  matches  @1 match in on t0 inet proto tcp from any to any port = 80 rdr-to 10.9.0.5 port 8080\n"
	    "  matches  @2 anchor \"web\" in on t0 all\n"
	    "  matches  web @0 pass proto tcp from any to any port = 8080 flags S/SA\n"
	    "  no       @3 pass out on t1 inet from 10.0.0.0/24 to any flags S/SA nat-to 10.0.1.1\n"
	    "  no       @4 pass in on t0 proto udp from any to <none>\n"
	    "web @0 pass proto tcp from any to any port = 8080 flags S/SA\n"
	    "translation: of the destination, by @1 match in on t0 inet proto tcp from any to any port = 80 rdr-to 10.9.0.5 port 8080\n"
	    "route: 10.9/16, next hop 10.0.0.254 on t0\n"
	    "packet: tcp 10.0.0.2:4711 > 10.9.0.5:8080\n");
	CHECK_IN(pfctl("pfctl -v test out on t1 proto udp from 10.0.0.2 port 53 to 10.0.1.7 port 53", NULL, 0),
	    "packet: udp 10.0.1.1:53 > 10.0.1.7:53, with a source port of the pool's\n");
	CHECK_IN(pfctl("pfctl -v test out on t1 proto udp from 10.0.0.2 port 53 to 192.0.2.1 port 53", NULL, 0), "route: none\n");
	CHECK_IN(pfctl("pfctl -v test in on t0 proto icmp from 10.0.0.2 to 10.0.1.1 icmp-type echoreq", NULL, 0), "to this router\n");
	CHECK_STR(pfctl("pfctl test in on t0 proto udp from 10.0.0.2 port 7 to 10.0.1.7 port 0", NULL, 1), "block, before any rule: short\n");
	CHECK_STR(pfctl("pfctl test in on t0 proto udp from 2001:db8::1 port 7 to 2001:db8::2 port 9", NULL, 0), "@0 block drop all\n");
	CHECK_STR(pfctl("pfctl test in on t9 proto udp from 10.0.0.2 to 10.0.1.7", NULL, 1), "pfctl: t9: no such interface\n");
	CHECK_STR(pfctl("pfctl -vs rules", NULL, 0), before);
	CHECK_IN(pfctl("pfctl -s info", NULL, 0), "current entries                        0");
	CHECK_STR(pfctl("pfctl -d", NULL, 0), "pf disabled\n");
	CHECK_STR(pfctl("pfctl test in on t1 proto 47 from 10.0.1.7 to 10.0.1.1", NULL, 0),
	    "pf is disabled: everything passes. If it were not:\n@0 block drop all\n");
	cmd_end();
}

/* Each link has fe80::/64: it is nobody's network, whether an interface's is asked for now or when the ruleset loads. */
TEST(pfctl_network_without_linklocal)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1/64\n# /etc/pf.conf\nblock\npass in from (t0:network)\npass out from t0:network\n"), "");
	CHECK_STR(pfctl("pfctl test in on t0 proto udp from 2001:db8::9 port 7 to 2001:db8::1 port 9", NULL, 0), "@1 pass in from (t0:network) to any flags S/SA\n");
	CHECK_STR(pfctl("pfctl test in on t0 proto udp from fe80::9 port 7 to 2001:db8::1 port 9", NULL, 0), "@0 block drop all\n");
	CHECK_STR(pfctl("pfctl test out on t0 proto udp from fe80::9 port 7 to 2001:db8::9 port 9", NULL, 0), "@0 block drop all\n");
	cmd_end();
}

/* Whether it is on follows from what is loaded, whatever was switched by hand before. */
TEST(pfctl_switched_until_load)
{
	static const char none[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n";

	cmd_start();
	CHECK_STR(cmd_load(none), "");
	CHECK_STR(pfctl("pfctl -e", NULL, 0), "pf enabled\n");
	CHECK_IN(pfctl("pfctl -si", NULL, 0), "Status: Enabled");
	CHECK_STR(cmd_load(none), "");
	CHECK_IN(pfctl("pfctl -si", NULL, 0), "Status: Disabled");
	CHECK_STR(cmd_load(conf), "");
	CHECK_STR(pfctl("pfctl -d", NULL, 0), "pf disabled\n");
	CHECK_IN(pfctl("pfctl -si", NULL, 0), "Status: Disabled");
	CHECK_STR(cmd_load(conf), "");
	CHECK_IN(pfctl("pfctl -si", NULL, 0), "Status: Enabled");
	CHECK_STR(cmd_load(none), "");
	CHECK_IN(pfctl("pfctl -si", NULL, 0), "Status: Disabled");
	cmd_end();
}

/* A table in use is shown, tried and changed; until it is loaded anew. */
TEST(pfctl_table)
{
	static const char bundle[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/pf.conf\n"
	    "table <bad> persist { 198.51.100.0/24, !198.51.100.7, 2001:db8::/32 }\ntable <fixed> const { 10.0.0.7 }\npass\nblock in quick from <bad>\n";
	static const char ask[] = "pfctl test in on t0 proto udp from 203.0.113.9 port 1 to 10.0.0.1 port 2";

	cmd_start();
	CHECK_STR(cmd_load(bundle), "");
	CHECK_STR(pfctl("pfctl -t bad -T show", NULL, 0), "   198.51.100.0/24\n  !198.51.100.7\n   2001:db8::/32\n");
	CHECK_STR(pfctl("pfctl -t bad -T test 198.51.100.8 2001:db8:1::1", NULL, 0), "2/2 addresses match.\n");
	CHECK_STR(pfctl("pfctl -t bad -T test 198.51.100.7 198.51.100.8", NULL, 2), "1/2 addresses match.\n");
	CHECK_IN(pfctl(ask, NULL, 0), "@0 pass all");
	CHECK_STR(pfctl("pfctl -t bad -T add 203.0.113.9 198.51.100.0/24 203.0.113.9", NULL, 0), "1/3 addresses added.\n");
	CHECK_IN(pfctl(ask, NULL, 0), "@1 block drop in quick from <bad> to any");
	CHECK_STR(pfctl("pfctl -t bad -Td 198.51.100.0/24 1.2.3.4", NULL, 0), "1/2 addresses deleted.\n");
	CHECK_STR(pfctl("pfctl -t bad -T show", NULL, 0), "  !198.51.100.7\n   203.0.113.9\n   2001:db8::/32\n");
	CHECK_STR(pfctl("pfctl -t bad -T replace 203.0.113.9 10.1/16", NULL, 0), "1 addresses added.\n2 addresses deleted.\n");
	CHECK_STR(pfctl("pfctl -t bad -T replace 10.1.0.0/16 203.0.113.9", NULL, 0), "no changes.\n");
	CHECK_STR(pfctl("pfctl -qt bad -T flush", NULL, 0), "");
	CHECK_STR(pfctl("pfctl -t bad -T show", NULL, 0), "");
	CHECK_IN(pfctl(ask, NULL, 0), "@0 pass all");
	CHECK_STR(pfctl("pfctl -t fixed -T add 10.0.0.8", NULL, 1), "pfctl: Operation not permitted\n");
	CHECK_STR(pfctl("pfctl -t none -T show", NULL, 1), "pfctl: Table does not exist.\n");
	CHECK_STR(pfctl("pfctl -t none -T delete 10.0.0.1", NULL, 1), "pfctl: Table does not exist.\n");
	CHECK_STR(pfctl("pfctl -t bad -T add 10.0.0.300", NULL, 1), "no IP address found for 10.0.0.300\n");
	CHECK_IN(pfctl("pfctl -t bad", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -t bad -T add", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -t bad -T show 10.0.0.1", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -T nothing -t bad", NULL, 2), "usage: pfctl");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_end();
}

/* What becomes of each address, by its letter. */
TEST(pfctl_table_letters)
{
	static const char bundle[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/pf.conf\n"
	    "table <bad> persist\ntable <fixed> const { 10.0.0.7 }\nblock in quick from <bad>\nanchor x {\n table <fixed> { 10.0.0.8 }\n pass to <fixed>\n}\n";

	cmd_start();
	CHECK_STR(cmd_load(bundle), "");
	CHECK_STR(pfctl("pfctl -v -t bad -T add 10.0.0.2 !10.0.1.0/24 10.0.0.2 2001:db8::1", NULL, 0),
	    "3/4 addresses added.\nA  10.0.0.2\nA !10.0.1.0/24\nX  10.0.0.2\nA  2001:db8::1\n");
	CHECK_STR(pfctl("pfctl -v -t bad -T add 10.0.0.2 10.0.1.0/24 10.0.0.3", NULL, 0), "1/3 addresses added.\nY  10.0.1.0/24\nA  10.0.0.3\n");
	CHECK_STR(pfctl("pfctl -vv -t bad -T test 10.0.0.2 10.0.0.9", NULL, 2), "1/2 addresses match.\nM  10.0.0.2\n   10.0.0.9\n");
	CHECK_STR(pfctl("pfctl -v -t bad -T delete 10.0.1.0/24 10.0.0.3 10.0.0.4", NULL, 0), "1/3 addresses deleted.\nY  10.0.1.0/24\nD  10.0.0.3\n");
	CHECK_STR(pfctl("pfctl -v -t bad -T replace 10.0.1.0/24 10.0.0.5 10.0.0.2", NULL, 0),
	    "1 addresses added.\n1 addresses deleted.\n1 addresses changed.\nC  10.0.1.0/24\nA  10.0.0.5\nD  2001:db8::1\n");
	CHECK_STR(pfctl("pfctl -t bad -T show", NULL, 0), "   10.0.0.2\n   10.0.0.5\n   10.0.1.0/24\n");
	CHECK_STR(pfctl("pfctl -v -t bad -T replace 10.0.1.0/24 10.0.0.5 10.0.0.2", NULL, 0), "no changes.\n");
	CHECK_STR(pfctl("pfctl -s Tables", NULL, 0), "bad\nfixed\n");
	CHECK_STR(pfctl("pfctl -vsTables", NULL, 0), "-pa-r--\tbad\nc-a--h-\tfixed\n");
	CHECK_STR(pfctl("pfctl -a x -vvsTables", NULL, 0), "--a-r--\tfixed\tx\n\tAddresses:   1\n"
	    "\tReferences:  [ Anchors: 0                  Rules: 1                  ]\n");
	CHECK_IN(pfctl("pfctl -vvsTables", NULL, 0), "fixed\n\tAddresses:   1\n\tReferences:  [ Anchors: 1                  Rules: 0 ");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_end();
}

/* Addresses go when they have been there for long, or for long since they were cleared; one that stays in what replaces them keeps its time. */
/* Of a file only its tables count: those of their names give way, rules and other tables stay. */
TEST(pfctl_table_load)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/pf.conf\ntable <a> persist { 10.0.0.1 }\ntable <ab> {\n10.0.0.2\n}\npass from <a> to <ab>\n"), "");
	CHECK_STR(pfctl("pfctl -T load -f - <<X", "n = \"192.0.2.0/24\"\nblock\ntable <a> { $n, \\\n !192.0.2.1 }\ntable <new> const { 10.3/16 }\npass on t1\n", 0), "");
	CHECK_STR(pfctl("pfctl -t a -T show", NULL, 0), "   192.0.2.0/24\n  !192.0.2.1\n");
	CHECK_STR(pfctl("pfctl -t ab -T show", NULL, 0), "   10.0.0.2\n");
	CHECK_STR(pfctl("pfctl -s rules", NULL, 0), "pass from <a> to <ab> flags S/SA\n");
	CHECK_STR(cmd("show config pf.conf"), "table <ab> {\n10.0.0.2\n}\npass from <a> to <ab>\ntable <a> { 192.0.2.0/24 !192.0.2.1 }\n"
	    "table <new> const { 10.3.0.0/16 }\n");
	CHECK_STR(pfctl("pfctl -a x/y -T load -f - <<X", "table <own> persist { 10.4.4.4 }\n", 0), "");
	CHECK_STR(pfctl("pfctl -a x/y -t own -T show", NULL, 0), "   10.4.4.4\n");
	CHECK_STR(pfctl("pfctl -T load -f - <<X", "table <a> { 1.2.3.400 }\n", 1),
	    "no IP address found for 1.2.3.400\nstdin:1: could not parse host specification\npfctl: Syntax error in config file: tables not loaded\n");
	CHECK_STR(pfctl("pfctl -nT load -f - <<X", "table <a> { 1.2.3.4 }\n", 0), "");
	CHECK_STR(pfctl("pfctl -t a -T show", NULL, 0), "   192.0.2.0/24\n  !192.0.2.1\n");
	CHECK_IN(pfctl("pfctl -T load", NULL, 2), "usage: pfctl ");
	cmd_end();
}

TEST(pfctl_table_expire)
{
	static const char bundle[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/pf.conf\ntable <bad> persist\ntable <fixed> const { 10.0.0.7 }\n";

	cmd_start();
	CHECK_STR(cmd_load(bundle), "");
	CHECK_STR(pfctl("pfctl -qt bad -T add 10.0.0.2 10.0.0.3", NULL, 0), "");
	host_run(100000);
	CHECK_STR(pfctl("pfctl -qt bad -T add 10.0.0.2 2001:db8::1", NULL, 0), "");
	CHECK_STR(pfctl("pfctl -qt bad -T replace 10.0.0.2 2001:db8::1 10.0.0.4", NULL, 0), "");
	CHECK_STR(pfctl("pfctl -t bad -T expire 100", NULL, 0), "0/3 addresses expired.\n");
	CHECK_STR(pfctl("pfctl -t bad -T expire 18446744073709551615", NULL, 0), "0/3 addresses expired.\n");
	CHECK_STR(pfctl("pfctl -vt bad -T expire 99", NULL, 0), "1/3 addresses expired.\nD  10.0.0.2\n");
	CHECK_IN(pfctl("pfctl -vt bad -T show", NULL, 0), "   10.0.0.4\n\tCleared:     ");
	host_run(50000);
	CHECK_STR(pfctl("pfctl -t bad -T zero", NULL, 0), "1 table/stats cleared.\n");
	host_run(10000);
	CHECK_STR(pfctl("pfctl -t bad -T expire 10", NULL, 0), "0/2 addresses expired.\n");
	host_run(1000);
	CHECK_STR(pfctl("pfctl -t bad -T expire 10", NULL, 0), "2/2 addresses expired.\n");
	CHECK_STR(pfctl("pfctl -t bad -T expire x", NULL, 1), "pfctl: expire needs a number of seconds\n");
	CHECK_STR(pfctl("pfctl -t fixed -T expire 1", NULL, 1), "pfctl: Operation not permitted\n");
	CHECK_IN(pfctl("pfctl -t bad -T expire", NULL, 2), "usage: pfctl");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_end();
}

TEST(pfctl_test_usage)
{
	static const struct { const char *words, *wrong; } bad[] = { { "test", "" }, { "test in", "" }, { "test in on t0", "" },
	    { "test both on t0 proto udp from 10.0.0.1 to 10.0.0.2", "" }, { "test in proto udp from 10.0.0.1 to 10.0.0.2", "" },
	    { "test in on t0 from 10.0.0.1 to 10.0.0.2", "" }, { "test in on t0 proto udp from 10.0.0.1", "" },
	    { "test in on t0 proto udp from 10.0.0.1 to ::1", "to ::1" }, { "test in on t0 proto udp from 10.0.0.1 to 10.0.0.2 port", "" },
	    { "test in on t0 proto none from 10.0.0.1 to 10.0.0.2", "proto none" },
	    { "test in on t0 proto udp from 10.0.0.1 to 10.0.0.2 port 65536", "port 65536" },
	    { "test in on t0 proto tcp from 10.0.0.1 to 10.0.0.2 flags X", "flags X" },
	    { "test in on t0 proto icmp from 10.0.0.1 to 10.0.0.2 icmp-type 256", "icmp-type 256" } };
	char line[200], what[100];

	cmd_start();
	for (unsigned i = 0; i < nitems(bad); i++) {
		snprintf(line, sizeof(line), "pfctl %s", bad[i].words);
		snprintf(what, sizeof(what), "pfctl: test: invalid here: %s\n", bad[i].wrong);
		CHECK_IN(pfctl(line, NULL, 2), "usage: pfctl [-degNPqrvz]");
		if (bad[i].wrong[0] != '\0')
			CHECK(strncmp(text, what, strlen(what)) == 0);
		else
			CHECK(strncmp(text, "usage: ", 7) == 0);
	}
	CHECK_STR(pfctl("pfctl test in on t0 proto udp from 10.0.0.1 to 10.0.0.2", NULL, 0), "pf has no rules: everything passes\n");
	cmd_end();
}

TEST(pfctl_usage)
{
	static const char *const bad[] = { "pfctl", "pfctl -n", "pfctl -n -s rules", "pfctl -k", "pfctl -q", "pfctl -nX -f x", "pfctl -n -f", "pfctl -n -D x -f x", "pfctl -n -o all -f x",
		"pfctl -n -f x y", "pfctl -n -a '' -f x" };
	static const char *const said[][2] = { { "pfctl -nX -f x", "pfctl: unknown option -- X\nusage: " }, { "pfctl -sr -f", "pfctl: option requires an argument -- f\nusage: " },
		{ "pfctl -n -D x -f x", "pfctl: could not parse macro definition x\nusage: " }, { "pfctl -n -o all -f x", "pfctl: unknown optimization level all\nusage: " },
		{ "pfctl -V 256 -F states", "pfctl: not a routing domain: 256\nusage: " }, { "pfctl -t bad -T shew", "pfctl: Unknown table command 'shew'\nusage: " },
		{ "pfctl -h", "usage: " } };

	cmd_start();
	for (unsigned i = 0; i < nitems(bad); i++)
		CHECK_IN(pfctl(bad[i], NULL, 2), "usage: pfctl [-degNPqrvz]");
	for (unsigned i = 0; i < nitems(said); i++)
		CHECK(strncmp(pfctl(said[i][0], NULL, 2), said[i][1], strlen(said[i][1])) == 0);
	cmd_end();
}

/* Files are those of the configuration. */
TEST(pfctl_files)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/mygate\n10.0.0.2\n# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "table <gates> file \"/etc/mygate\"\n", 0), "table <gates> file \"/etc/mygate\"\n");
	CHECK_IN(pfctl("pfctl -nvf /etc/mygate", NULL, 1), "/etc/mygate:1: syntax error\n");
	cmd_end();
}

/* -P with -n, too; words that are refused. */
TEST(pfctl_options)
{
	cmd_start();
	CHECK_STR(pfctl("pfctl -nPvf - <<X", "pass proto tcp from any port 80 to any port { 21:25 5999 }\npass proto udp to port domain user root\n", 0),
	    "pass proto tcp from any port = www to any port ftp:smtp flags S/SA\npass proto tcp from any port = www to any port = 5999 flags S/SA\n"
	    "pass proto udp from any to any port = domain user = 0\n");
	CHECK_IN(pfctl("pfctl -N -r -s rules", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -V 256 -F states", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -V x -F states", NULL, 2), "usage: pfctl");
	CHECK_IN(pfctl("pfctl -s ''", NULL, 2), "usage: pfctl");
	CHECK_STR(pfctl("pfctl -F rules", NULL, 0), "rules cleared\n");
	CHECK_STR(pfctl("pfctl -s Running", NULL, 1), "Disabled\n");
	CHECK_STR(pfctl("pfctl -a '*' -s rules", NULL, 0), "");
	CHECK_STR(pfctl("pfctl -a x -s rules", NULL, 1), "pfctl: Anchor 'x' not found.\n");
	CHECK_STR(pfctl("pfctl -s rules", NULL, 0), "");
	CHECK_IN(pfctl("pfctl -s timeouts", NULL, 0), "tcp.established           86400s\n");	/* no ruleset: defaults */
	CHECK_IN(pfctl("pfctl -s memory", NULL, 0), "states        hard limit   100000\n");
	cmd_end();
}

/* What stands in an included file is not pf.conf's to give up. */
TEST(pfctl_reset_of_included)
{
	static const char bundle[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\nset limit states 5\n";

	cmd_start();
	CHECK_IN(cmd_load(bundle), "/etc/mygate:1: ");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/pf.conf\nset limit states 7\npass\n"), "");
	CHECK_STR(pfctl("pfctl -q -F Reset", NULL, 0), "");
	CHECK_STR(pfctl("cat /etc/pf.conf", NULL, 0), "pass\n");
	cmd_end();
}
