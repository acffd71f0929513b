/* test_pf_hostile.c - rulesets that are wrong, or too much: each is refused by name, and what is in force stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/pffix.h"

static const char *const statements[] = {
	"a = \"em0\"", "set skip on lo", "set timeout { tcp.first 5, udp.first 6 }", "set limit { states 5 frags 6 }", "set state-defaults pflow, no-sync",
	"set reassemble yes no-df", "set syncookies adaptive (start 25%, end 12%)", "table <t> persist { 10/8 !10.1/16 em0 }", "queue q on em0 bandwidth 1M max 2M default",
	"antispoof log quick for lo0 inet label x", "match in on em0 all scrub (no-df max-mss 1400)", "block return-icmp(host-unk, noroute-unr) in",
	"block return-rst(ttl 5) in proto tcp", "anchor \"x\" out on em0 proto tcp from any to 10/8 port 80", "load anchor y from \"rules\"",
	"pass in log (all, to pflog1) quick on em0 inet proto tcp from { 10.0.0.1 ! 10.0.0.2 } port > 1023 to <t> port { 22 80:90 } user { root, bin } flags S/SA modulate state",
	"pass proto tcp keep state (max 5, source-track rule, max-src-conn-rate 3/9, overload <t> flush global, tcp.first 5)",
	"pass inet proto icmp icmp-type unreach code needfrag", "pass inet6 proto icmp6 icmp6-type { echoreq neighbrsol }",
	"pass out inet nat-to { 1.1.1.1 2.2.2.2 } port 1024:2047 round-robin sticky-address", "pass in inet proto tcp to port 80 rdr-to 10.0.0.0/24 port 8080 source-hash",
	"match on em0 inet from 10.0.0.1 binat-to 1.1.1.1", "pass in inet6 from any to 64:ff9b::/96 af-to inet from 192.0.2.1", "pass in proto tcp divert-to 127.0.0.1 port 80",
	"pass in on em0 route-to 10.0.0.1 tag a ! tagged b set (prio 5, tos 0x10) rtable 1 label \"$nr\" probability 50% once received-on em0 allow-opts",
	"pass from no-route to route \"x\"", "include \"rules\"",
};
/* What no statement has a place for. */
static const char *const misplaced[] = { " ) ", " @@ ", " = = " };

static const char *
error_of(const char *line, unsigned at, const char *bad)
{
	static char text[1024];

	snprintf(text, sizeof(text), "pass\n\n%.*s%s%s\npass\n", (int)at, line, bad, line + at);
	return pf_errors(text);
}

/* A misplaced word at each place of each statement: the first error that is said names its line, and statements around it are none. */
TEST(pf_hostile_syntax)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nitems(statements); i++) {
		CHECK_STR(error_of(statements[i], 0, ""), "");
		for (unsigned k = 0; k < nitems(misplaced); k++)
			for (const char *p = strchr(statements[i], ' '); p != NULL; p = strchr(p + 1, ' '), n++) {
				const char *error = error_of(statements[i], (unsigned)(p - statements[i]), misplaced[k]);

				CHECK_IN(error, "t:3: ");
				CHECK(strstr(error, "t:1: ") == NULL && strstr(error, "t:5: ") == NULL);
			}
	}
	CHECK(n > 500);
}

/* n lines by fn, as a text. */
static char *
many(const char *head, unsigned n, int (*fn)(char *, unsigned), const char *tail)
{
	char *text = malloc(strlen(head) + n * 64ul + strlen(tail) + 1), *p = text;

	p += sprintf(p, "%s", head);
	for (unsigned i = 0; i < n; i++)
		p += fn(p, i);
	strcpy(p, tail);
	return text;
}

static int
rule_line(char *p, unsigned i)
{
	return sprintf(p, "block in quick proto udp from 10.%u.%u.%u to port %u\n", i >> 16, i >> 8 & 255, i & 255, i % 60000 + 1);
}

static int
address_line(char *p, unsigned i)
{
	return sprintf(p, "%u.%u.%u.%u\n", 11 + (i >> 16), i >> 8 & 255, i & 255, i * 7 & 255);
}

#define NET	"# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"
#define ASK	"pfctl test in on t0 proto udp from 10.0.0.7 port 1 to 10.0.1.2 port 8"

static const char *
loads(char *text)
{
	static char said[256];

	snprintf(said, sizeof(said), "%s", cmd_load(text));
	free(text);
	return said;
}

/* 100,000 rules are more than a ruleset may be; 20,000 load, and the last of them decides. */
TEST(pf_hostile_many_rules)
{
	cmd_start();
	CHECK_STR(loads(many(NET "# /etc/pf.conf\nblock\n", 0, rule_line, "")), "");
	CHECK_IN(loads(many(NET "# /etc/pf.conf\npass\n", 100000, rule_line, "")), ": the ruleset is too big\n");
	CHECK_IN(cmd(ASK), "@0 block drop all");
	CHECK_STR(loads(many(NET "# /etc/pf.conf\nblock\n", 20000, rule_line, "pass in quick on t0 proto udp to port 8\n")), "");
	CHECK_IN(cmd(ASK), "@8 block drop in quick inet proto udp from 10.0.0.7 to any port = 8");
	CHECK_IN(cmd("pfctl test in on t0 proto udp from 10.200.0.7 port 1 to 10.0.1.2 port 8"), "@20001 pass in quick on t0 proto udp from any to any port = 8");
	CHECK_STR(loads(many(NET, 0, rule_line, "")), "");
	cmd_end();
}

/* A million addresses, in a table's braces and in a file: more than the limit, unless that is raised, and then each is found. */
TEST(pf_hostile_large_table)
{
#define TABLE "# /etc/pf.conf\n%spass\nblock in from <t>\ntable <t> persist {\n"
	char head[512];

	cmd_start();
	snprintf(head, sizeof(head), NET TABLE, "");
	CHECK_IN(loads(many(head, 1000000, address_line, "}\n")), "more addresses in tables than set limit table-entries allows");
	snprintf(head, sizeof(head), NET TABLE, "set limit table-entries 250000\n");
	CHECK_IN(loads(many(head, 250000, address_line, "10.0.0.300\n}\n")), "/etc/pf.conf:250005: ");
	CHECK_STR(loads(many(head, 250000, address_line, "}\n")), "");
	CHECK_STR(cmd("pfctl -t t -T test 11.0.0.0 11.0.1.7 14.208.143.233"), "3/3 addresses match.\n");
	CHECK_STR(cmd("pfctl -t t -T test 11.0.0.1 14.208.144.240"), "0/2 addresses match.\n");
	snprintf(head, sizeof(head), NET "# /etc/pf.conf\nset limit table-entries 1000000\npass\ntable <t> persist file \"/etc/pf.tables/t\"\n# /etc/pf.tables/t\n");
	CHECK_IN(loads(many(head, 1000000, address_line, "1.2.3.4\n")), "more addresses in tables than set limit table-entries allows");
	CHECK_IN(loads(many(head, 999999, address_line, "1.2.3.400\n")), "/etc/pf.conf:3: cannot load \"/etc/pf.tables/t\": line 1000000: Invalid argument");
	CHECK_STR(loads(many(head, 999999, address_line, "1.2.3.4")), "");
	CHECK_STR(cmd("pfctl -t t -T test 11.0.0.0 1.2.3.4 26.66.62.178"), "3/3 addresses match.\n");
	CHECK_STR(loads(many(NET, 0, address_line, "")), "");
	cmd_end();
}
