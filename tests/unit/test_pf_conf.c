/* test_pf_conf.c - the language of pf.conf(5): what a text means, as pfctl -nv prints it, and what is wrong with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "tests/unit/pffix.h"

/* ---- words, macros, files ---- */

TEST(pf_macros)
{
	PF_IS("if = em0\npass on $if\n", "if = \"em0\"\npass on em0 all flags S/SA\n");
	PF_IS("a = \"{\" em0 \"em1 }\"\npass on $a\n", "a = \"{ em0 em1 }\"\npass on em0 all flags S/SA\npass on em1 all flags S/SA\n");
	CHECK_STR(pf_text("net = em0\npass from $net:network\n"), "net = \"em0\"\n"
	    "pass inet from 192.0.2.0/24 to any flags S/SA\npass inet from 192.0.2.0/24 to any flags S/SA\n"
	    "pass inet6 from 2001:db8::/64 to any flags S/SA\n");
	CHECK_STR(pf_text("a = $\npass\n"), "t:1: macro '' not defined\nt:1: syntax error\n");		/* the next line goes with it, as in pfctl */
	CHECK_STR(pf_text("pass on $nothing\npass at\npass all at\n"), "t:1: macro 'nothing' not defined\nt:1: syntax error\nt:3: syntax error\n");
	CHECK_STR(pf_errors("a = \"$b\"\npass on $a\n"), "t:2: syntax error\n");	/* no macros in macros */
	CHECK_STR(pf_text("cmdline = em9\npass on $cmdline\n"), "cmdline = \"em9\"\npass on em0 all flags S/SA\n");
	CHECK_STR(pf_errors("\"a b\" = c\n"), "t:1: macro name cannot contain whitespace\n");
	CHECK_STR(pf_errors("pass = x\n"), "t:1: syntax error\n");
}

TEST(pf_words)
{
	PF_IS("pass in \\\n on em0 # all of it \\\nblock\npass out # no newline", "pass in on em0 all flags S/SA\npass out all flags S/SA\n");
	PF_IS("pass tag \"in\" label 'it\"s'\n", "pass all flags S/SA label \"it\\\"s\" tag \"in\"\n");
	CHECK_STR(pf_errors("pass label \"a\n\tb\"\nblock at\n"), "t:3: syntax error\n");
	CHECK_STR(pf_errors("pass label \"a"), "t:1: reached end of file while parsing quoted string\nt:1: syntax error\n");
	CHECK_STR(pf_errors("pass label 5\n"), "t:1: syntax error\n");
	CHECK_STR(pf_errors("pass on in\n"), "t:1: syntax error\n");
	CHECK_STR(pf_errors("set limit states 99999999999999999999\n"), "t:1: \"99999999999999999999\" invalid number: too large\nt:1: syntax error\n");
	CHECK_STR(pf_errors("pass prio -1\n"), "t:1: prio must be 0 - 7\n");
	CHECK_STR(pf_errors("pass prio -\n"), "t:1: syntax error\n");
	CHECK_STR(pf_errors("pass prio -1a\n"), "t:1: syntax error\n");
	PF_IS("", "");
	PF_IS("\n\n# nothing", "");
}

/* yacc says nothing of the three tokens after an error. */
TEST(pf_error_recovery)
{
	CHECK_STR(pf_errors("pass at\nat\nblock at all\npass all all\n"), "t:1: syntax error\nt:4: syntax error\n");
	CHECK_STR(pf_text("set limit states 5\npass at\nset limit frags 6\n"), "t:2: syntax error\nset limit states 5\nset limit frags 6\n");
	CHECK_STR(pf_errors("anchor a {\npass\nanchor { pass at\n}\n}\npass\n"), "t:3: syntax error\n");
}

TEST(pf_include)
{
	PF_IS("include \"rules\"\nblock\n", "pass in quick all flags S/SA\nblock drop all\n");
	CHECK_STR(pf_errors("include \"none\"\n"), "t:1: none: No such file or directory\nt:1: failed to include file none\n");
	CHECK_STR(pf_errors("include \"self\"\n"), "self:2: failed to include file self: too many files in files\n");
	CHECK_STR(pf_errors("include rules pass\n"), "t:1: syntax error\n");
}

/* ---- options ---- */

TEST(pf_set)
{
	PF_IS("set timeout { tcp.first 5, adaptive.end 0 }\nset limit anchors 7\nset optimization high-latency\nset block-policy return\nblock\n",
	    "set timeout tcp.first 5\nset timeout adaptive.end 0\nset limit anchors 7\nset optimization high-latency\nset block-policy return\n"
	    "block return all\n");
	PF_IS("set skip on { lo ! em0 }\nset loginterface none\nset hostid 0xff\nset debug debug\nset fingerprints \"/x\"\nset reassemble yes no-df\n",
	    "set skip on { lo ! em0 }\nset loginterface none\nset hostid 0x000000ff\nset debug debug\nset fingerprints \"/x\"\nset reassemble yes no-df\n");
	PF_IS("set syncookies adaptive (start 30%, end 20%)\nset syncookies always\nset state-policy floating\nset ruleset-optimization none\n",
	    "set syncookies adaptive (start 30%, end 20%)\nset syncookies always\nset state-policy floating\n");
	CHECK_STR(pf_errors("set timeout x 1\nset limit x 1\nset hostid 0\nset hostid 0x1ffffffff\nset debug loud\nset optimization x\nset timeout frag -1\n"),
	    "t:1: unknown timeout x\nt:2: unknown limit x\nt:3: hostid must be non-zero\nt:4: invalid hostid 0x1ffffffff\n"
	    "t:5: unknown debug level \"loud\"\nt:6: unknown optimization x\nt:7: only positive values permitted\n");
	CHECK_STR(pf_errors("set syncookies adaptive (start 10%, end 20%)\nset syncookies adaptive (start 101%, end 20%)\nset syncookies maybe\n"),
	    "t:1: start must be higher than end\nt:2: illegal syncookie percentage 101%\nt:3: illegal value for syncookies\n");
}

TEST(pf_state_defaults)
{
	PF_IS("set state-policy if-bound\npass\npass keep state (floating)\npass no state\n",
	    "set state-policy if-bound\npass all flags S/SA keep state (if-bound)\npass all flags S/SA keep state (floating)\npass all no state\n");
	PF_IS("set state-defaults pflow, tcp.first 7\npass\npass keep state\nblock\n",
	    "set state-defaults pflow, tcp.first 7\npass all flags S/SA keep state (pflow, tcp.first 7)\npass all flags S/SA keep state\nblock drop all\n");
	CHECK_STR(pf_errors("set state-defaults pflow\nset state-defaults pflow\n"), "t:2: cannot redefine state-defaults\n");
}

/* ---- tables ---- */

TEST(pf_table)
{
	PF_IS("table <a> counters persist const { 10/8, ! 10.1/16 2001:db8::/32\n lo0 }\n",
	    "table <a> const persist counters { 10.0.0.0/8 !10.1.0.0/16 2001:db8::/32 ::1 fe80::1 127.0.0.1 }\n");
	PF_IS("table <a> { }\ntable <b>\ntable <444> { 1.2.3.4 weight 5 0/0 }\n", "table <a> { }\ntable <b>\ntable <444> { 1.2.3.4 weight 5 0.0.0.0/0 }\n");
	PF_IS("table <a> file \"addrs\" { 1.1.1.1 } timeout (60)\n", "table <a> timeout (60) file \"addrs\" { 1.1.1.1 }\n");
	CHECK_STR(pf_errors("table <a> file \"none\"\ntable <a> file \"bad\"\n"),
	    "t:1: cannot load \"none\": No such file or directory\nno IP address found for 10.0.0.256\nt:2: cannot load \"bad\": line 1: Invalid argument\n");
	CHECK_STR(pf_errors("table <a> { <b> }\ntable <a> { (em0) }\ntable <a> { urpf-failed }\ntable <a> { any }\ntable <a> { 1.1.1.1 - 1.1.1.2 }\n"),
	    "t:1: tables cannot contain tables\nt:2: dynamic addresses are not permitted inside tables\nt:3: \"urpf-failed\" is not permitted inside tables\n"
	    "t:4: syntax error\nt:5: address ranges are not permitted inside tables\n");
	CHECK_STR(pf_errors("table <a12345678901234567890123456789012>\n\n\ntable a\n"), "t:1: table name too long, max 31 chars\nt:4: syntax error\n");
}

TEST(pf_table_contents)
{
	static const char *const want[] = { "10.0.0.0/8", "10.1.2.3/32", "192.0.2.0/24", "192.0.2.0/24", "2001:db8::/64", "2001:db8:1::/48" };
	struct pf_conf pc;
	struct pf_table *t;
	char buf[IN6_STRLEN], text[80];

	CHECK(pf_load(&pc, "anchor x {\n table <a> persist file \"addrs\"\n}\n"));
	t = pc.pc_tables;
	CHECK(t != NULL && t->t_next == NULL);
	CHECK_STR(t->t_anchor->an_path, "x");
	CHECK_EQ(t->t_flags, PF_TABLE_PERSIST | PF_TABLE_INIT);
	CHECK_EQ(t->t_n, nitems(want));
	for (unsigned i = 0; i < t->t_n; i++) {
		const struct pf_tentry *e = &t->t_entry[i];

		snprintf(text, sizeof(text), "%s/%u", af_print(buf, pf_af(e->te_af), &e->te_addr), e->te_plen);
		CHECK_STR(text, want[i]);
		CHECK_EQ(e->te_not, i == 1);
		CHECK_EQ(e->te_weight, i == 1 ? 7 : 0);
	}
	pf_conf_free(&pc);
}

/* What a list of addresses leaves in memory is the addresses, hardly more. */
TEST(pf_table_of_many)
{
	enum { MANY = 20000 };
	char *text = malloc(MANY * 24 + 32), *at = text;
	struct pf_conf pc;

	at += sprintf(at, "table <a> {");
	for (unsigned i = 0; i < MANY; i++)
		at += sprintf(at, i % 100 == 99 ? " !10.%u.%u.0/24\n" : " 10.%u.%u.7,", i / 250, i % 250);
	sprintf(at, " }\n");
	pf_mem_max = 1200 * 1024;
	CHECK(pf_load(&pc, text));
	CHECK_EQ(pc.pc_tables->t_n, MANY);
	for (unsigned i = 0; i < MANY; i++)
		CHECK(pc.pc_tables->t_entry[i].te_not == (i % 100 == 99) && pc.pc_tables->t_entry[i].te_addr.s6_addr[2] == i % 250);
	pf_conf_free(&pc);
	pf_mem_max = 0;
	free(text);
}

/* ---- hosts ---- */

TEST(pf_hosts)
{
	PF_IS("pass from { 10/8 ! 10.1.2.3 { 10.2/16 } } to any\n", "pass inet from 10.0.0.0/8 to any flags S/SA\n"
	    "pass inet from ! 10.1.2.3 to any flags S/SA\npass inet from 10.2.0.0/16 to any flags S/SA\n");
	CHECK_STR(pf_errors("pass from 10.1.1.10 - 10.1.1.12 to 2001:db8::1-2001:db8::5\n"), "t:1: rule expands to no valid combination\n");
	PF_IS("pass from { 10.0.0.1 { any <a> } } to !10.2/16\npass inet from { any }\n", "pass inet from any to ! 10.2.0.0/16 flags S/SA\npass inet all flags S/SA\n");
	PF_IS("pass from 10.1.1.10 - 10.1.1.12\npass to ::1-::5\n",
	    "pass inet from 10.1.1.10 - 10.1.1.12 to any flags S/SA\npass inet6 from any to ::1 - ::5 flags S/SA\n");
	PF_IS("pass from em0:0 to em0:broadcast\n", "pass inet from 192.0.2.1 to 192.0.2.255 flags S/SA\n"
	    "pass inet from 192.0.2.1 to 192.0.2.255 flags S/SA\n");
	PF_IS("pass from pppoe0:peer to wan:network:0\n", "pass inet from 10.9.0.2 to 192.0.2.0/24 flags S/SA\n");
	PF_IS("pass in inet6 from em0\n", "pass in on em0 inet6 from fe80::2 to any flags S/SA\npass in inet6 from 2001:db8::1 to any flags S/SA\n");
	PF_IS("pass on em1 inet6 from em0\npass from fe80::9%em1\n",
	    "pass on em1 inet6 from 2001:db8::1 to any flags S/SA\npass on em1 inet6 from fe80::9 to any flags S/SA\n");
	PF_IS("pass from (em0:network:0)/28 to ! (wan)\n", "pass from (em0:network:0)/28 to ! (wan) flags S/SA\n");
	PF_IS("pass from <a> to ! <b>\npass from no-route to route \"x y\"\npass from urpf-failed\npass from localhost:0\n",
	    "pass from <a> to ! <b> flags S/SA\npass from no-route to route \"x y\" flags S/SA\npass from urpf-failed to any flags S/SA\n"
	    "pass inet from 127.0.0.1 to any flags S/SA\npass inet6 from ::1 to any flags S/SA\n");
	CHECK_STR(pf_errors("pass from 0/0 to ::/0\n"), "t:1: rule expands to no valid combination\n");
	PF_IS("pass inet6 to ::/0\n", "pass inet6 all flags S/SA\n");
}

TEST(pf_hosts_bad)
{
	CHECK_STR(pf_errors("pass from 10.0.0.256\npass from em1\npass from nowhere.example\n"),
	    "no IP address found for 10.0.0.256\nt:1: could not parse host specification\nno IP address found for em1\n"
	    "t:2: could not parse host specification\nno IP address found for nowhere.example\nt:3: could not parse host specification\n");
	CHECK_STR(pf_errors("pass from 10\npass from 10.0.0.0/33\npass from (5)\npass from (em0:bad)\npass from (em0)/129\npass from { }\n"),
	    "t:1: syntax error\nno IP address found for 10.0.0.0/33\nt:2: could not parse host specification\nt:3: syntax error\n"
	    "t:4: illegal interface modifier in 'em0:bad'\nt:5: bit number too big\nt:6: syntax error\n");
	CHECK_STR(pf_errors("pass from 1.1.1.9 - 1.1.1.1\npass from em0:network:peer\n"),
	    "no IP address found for 1.1.1.9-1.1.1.1\nt:1: could not parse host specification\nno IP address found for em0:network:peer\n"
	    "t:2: could not parse host specification\n");
}

TEST(pf_ports)
{
	PF_IS("pass proto tcp from port ssh to port { 80:90 >= 1024, != 5 6000 >< 7000 1 <> 2 0x50 }\n",
	    "pass proto tcp from any port = 22 to any port 80:90 flags S/SA\npass proto tcp from any port = 22 to any port >= 1024 flags S/SA\n"
	    "pass proto tcp from any port = 22 to any port != 5 flags S/SA\npass proto tcp from any port = 22 to any port 6000 >< 7000 flags S/SA\n"
	    "pass proto tcp from any port = 22 to any port 1 <> 2 flags S/SA\npass proto tcp from any port = 22 to any port = 80 flags S/SA\n");
	CHECK_STR(pf_errors("pass proto tcp to port 65536\npass proto tcp to port nosuch\npass proto tcp to port :5\npass to port 5\n"),
	    "t:1: illegal port value 65536\nt:2: unknown port nosuch\nt:3: unknown port \nt:4: port only applies to tcp/udp\n"
	    "t:4: skipping rule due to errors\nt:4: rule expands to no valid combination\n");
	CHECK_STR(pf_errors("pass proto { tcp udp icmp } to port 5\n"), "t:1: port only applies to tcp/udp\nt:1: skipping rule due to errors\n");
	PF_IS("pass proto tcp user { root > 5 } user = unknown group { wheel 1 <> 9 }\n",
	    "pass proto tcp all user = unknown group = 0 flags S/SA\npass proto tcp all user = unknown group 1 <> 9 flags S/SA\n"
	    "pass proto tcp all user = 0 group = 0 flags S/SA\npass proto tcp all user = 0 group 1 <> 9 flags S/SA\n"
	    "pass proto tcp all user > 5 group = 0 flags S/SA\npass proto tcp all user > 5 group 1 <> 9 flags S/SA\n");
	CHECK_STR(pf_errors("pass user > unknown\npass user nosuch\npass group -1\n"),
	    "t:1: user unknown requires operator = or !=\nt:2: unknown user nosuch\nt:3: illegal group value -1\n");
}

/* ---- rules ---- */

TEST(pf_block)
{
	PF_IS("block return-rst (ttl 9) proto tcp\nblock return-icmp (host-unr)\nblock return-icmp (3, addr-unr) inet\nblock return-icmp6 (9) inet6\n",
	    "block return-rst(ttl 9) proto tcp all\nblock return-icmp(host-unr, port-unr) all\nblock return-icmp(port-unr) inet all\n"
	    "block return-icmp6(9) inet6 all\n");
	CHECK_STR(pf_errors("block return-rst proto udp\nblock return-icmp (x)\nblock return-rst (ttl 256) proto tcp\nblock keep state\n"),
	    "t:1: return-rst can only be applied to TCP packets\nt:1: skipping rule due to errors\nt:1: rule expands to no valid combination\n"
	    "t:2: unknown icmp code x\nt:3: illegal ttl value 256\nt:4: keep state on block rules doesn't make sense\n");
}

TEST(pf_rule_head)
{
	PF_IS("pass in quick log (all, to pflog1) on { em0 ! em1 } inet proto 6\n",
	    "pass in log (all, to pflog1) quick on em0 inet proto tcp all flags S/SA\npass in log (all, to pflog1) quick on ! em1 inet proto tcp all flags S/SA\n");
	PF_IS("block log (user matches) on any\npass on rdomain 3\npass on ! rdomain 4\nmatch out on em0 received-on any\n",
	    "block drop log (matches, user) on any all\npass on rdomain 3 all flags S/SA\npass on ! rdomain 4 all flags S/SA\n"
	    "match out on em0 all received-on any\n");
	CHECK_STR(pf_errors("pass on abcdefghijklmnop\npass proto nosuch\npass proto 256\npass proto 0\npass on rdomain 256\npass log (to 5)\n"),
	    "t:1: interface name 'abcdefghijklmnop' too long\nt:2: unknown protocol nosuch\nt:3: protocol outside range\nt:4: proto 0 cannot be used\n"
	    "t:5: rdomain 256 outside range\nt:6: syntax error\n");
}

TEST(pf_flags)
{
	PF_IS("pass flags any\npass flags /SFRA no state\nblock proto tcp flags FUPEW/FSRPAUEW\nmatch proto tcp\nblock fragment\n",
	    "pass all flags any\npass all flags /FSRA no state\nblock drop proto tcp all flags FPUEW/FSRPAUEW\nmatch proto tcp all\nblock drop all fragment\n");
	CHECK_STR(pf_errors("pass flags X/S\npass flags S\npass proto udp flags S/SA\npass flags S/SA flags S/SA\n"),
	    "t:1: bad flags X\nt:2: syntax error\nt:3: flags only apply to tcp\nt:4: flags cannot be redefined\n");
}

TEST(pf_icmp)
{
	PF_IS("pass inet proto icmp icmp-type { 8 code 0, unreach code needfrag 200 skip }\npass inet6 proto icmp6 icmp6-type { toobig 1 code 1 }\n",
	    "pass inet proto icmp all icmp-type echoreq code 0\npass inet proto icmp all icmp-type unreach code needfrag\n"
	    "pass inet proto icmp all icmp-type 200\npass inet proto icmp all icmp-type skip\n"
	    "pass inet6 proto ipv6-icmp all icmp6-type toobig\npass inet6 proto ipv6-icmp all icmp6-type unreach code admin-unr\n");
	CHECK_STR(pf_errors("pass inet proto icmp icmp-type x\npass inet proto icmp icmp-type 8 code 256\npass inet6 proto icmp\npass proto icmp icmp-type 8\n"),
	    "t:1: unknown icmp-type x\nt:2: illegal icmp-code 256\nt:3: proto icmp doesn't match address family inet6\nt:3: skipping rule due to errors\n"
	    "t:3: rule expands to no valid combination\nt:4: must indicate address family with icmp-type/code\nt:4: skipping rule due to errors\n"
	    "t:4: rule expands to no valid combination\n");
}

TEST(pf_options)
{
	PF_IS("pass probability 20% probability 0.5%\npass probability 0.25\npass max-pkt-rate 100/10 once allow-opts rtable 3\n",
	    "pass all flags S/SA probability 0.5%\npass all flags S/SA probability 25%\n"
	    "pass all flags S/SA max-pkt-rate 100/10 allow-opts once rtable 3\n");
	PF_IS("pass tos ef prio 3 set (prio (5, 2), queue (a b)) set tos 0x04 set delay 9\n",
	    "pass all flags S/SA tos 0xb8 prio 3 set (prio(5, 2), queue(a, b), tos 0x04, delay 9)\n");
	PF_IS("match scrub (no-df, random-id min-ttl 3 max-mss 5 reassemble tcp)\n", "match all scrub (no-df random-id min-ttl 3 reassemble tcp max-mss 5)\n");
	PF_IS("pass ! tagged a ! received-on em0 tag b\n", "pass all ! received-on em0 flags S/SA tag b ! tagged a\n");
	PF_IS("pass proto tcp from any os \"Windows 95\"\n", "pass proto tcp from any os \"Windows 95\" to any flags S/SA\n");
	CHECK_STR(pf_errors("pass probability 101%\npass probability 0%\npass probability x\npass rtable 256\npass tos 256\npass max-pkt-rate 0/1\npass set x\n"),
	    "t:1: invalid probability: 101%\nt:2: invalid probability: 0%\nt:3: invalid probability: x\nt:4: invalid rtable id\nt:5: illegal tos value 256\n"
	    "t:6: only positive values permitted\nt:7: syntax error\n");
	CHECK_STR(pf_errors("match scrub (no-df no-df)\nmatch scrub (min-ttl 256)\nmatch scrub (reassemble udp)\nmatch scrub ()\n"),
	    "t:1: no-df cannot be respecified\nt:2: illegal min-ttl value 256\nt:3: scrub reassemble supports only tcp, not 'udp'\nt:4: syntax error\n");
}

TEST(pf_labels)
{
	PF_IS("pass on em0 proto tcp from ! 10/8 port > 5 to <t> port 1:2 label \"$if:$proto:$srcaddr:$srcport:$dstaddr:$dstport:$nr:$$x\"\n",
	    "pass on em0 inet proto tcp from ! 10.0.0.0/8 port > 5 to <t> port 1:2 flags S/SA "
	    "label \"em0:tcp:! 10.0.0.0/8:>5:<t>::0:$$x\"\n");
	CHECK_STR(pf_errors("pass label \"0123456789012345678901234567890123456789012345678901234567890123\"\n"), "t:1: rule label too long (max 63 chars)\n");
	CHECK_STR(pf_errors("pass on em0 label \"$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if\"\n"), "");
	CHECK_STR(pf_errors("pass on pppoe0 label \"$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if$if\"\n"),
	    "t:1: label too long after expansion (max 63 chars)\n");
	CHECK_STR(pf_errors("pass tag \"\"\npass label a label b\n"), "t:1: a tag cannot be empty\nt:2: label cannot be redefined\n");
}

TEST(pf_state_options)
{
	PF_IS("pass keep state (max 5, no-sync, source-track global, max-src-states 3, sloppy pflow if-bound tcp.closing 0)\n",
	    "pass all flags S/SA keep state (max 5, no-sync, source-track global, max-src-states 3, if-bound, sloppy, pflow, tcp.closing 0)\n");
	PF_IS("pass proto tcp modulate state (max-src-conn-rate 100/10, overload <bad> flush global)\npass proto udp synproxy state\n",
	    "pass proto tcp all flags S/SA modulate state (source-track rule, max-src-conn-rate 100/10, overload <bad> flush global, src.track 10)\n"
	    "pass proto udp all\n");
	CHECK_STR(pf_errors("pass keep state (max 5 max 5)\npass keep state (overload <a>)\npass keep state (source-track global, max-src-nodes 5)\n"
	    "pass synproxy state (sloppy)\npass keep state keep state\npass keep state (max 0)\npass keep state (frag 5)\npass keep state ()\n"),
	    "t:1: state option 'max' multiple definitions\nt:2: 'overload' requires 'max-src-conn' or 'max-src-conn-rate'\n"
	    "t:3: 'max-src-nodes' is incompatible with 'source-track global'\nt:4: sloppy state matching cannot be used with synproxy state\n"
	    "t:5: modulate or keep cannot be redefined\nt:6: only positive values permitted\nt:7: timeout frag is not allowed in a rule\nt:8: syntax error\n");
}

/* ---- translation, routing, diversion ---- */

TEST(pf_pools)
{
	PF_IS("pass out inet nat-to { 10.0.0.1, 10.0.0.2 weight 3 } sticky-address\n",
	    "pass out inet all flags S/SA nat-to <__automatic_> round-robin sticky-address\n");
	PF_IS("match out inet nat-to 10.0.0.0/24 bitmask\nmatch out nat-to (em0:0) static-port\nmatch out nat-to (wan:0)\nmatch out nat-to <t> least-states\n",
	    "match out inet all nat-to 10.0.0.0/24 bitmask\nmatch out all nat-to (em0:0) static-port\nmatch out all nat-to (wan:0) round-robin\n"
	    "match out all nat-to <t> least-states\n");
	CHECK_STR(pf_errors("match out inet nat-to 10.0.0.0/24 source-hash hello port 1024:65535\n"), "t:1: syntax error\n");
	PF_IS("match out inet nat-to 10.0.0.0/24 port 1024:65535 source-hash hello\nmatch out inet nat-to 10.0.0.0/24 source-hash\n",
	    "match out inet all nat-to 10.0.0.0/24 port 1024:65535 source-hash 0x5d41402abc4b2a76b9719d911017c592\n"
	    "match out inet all nat-to 10.0.0.0/24 source-hash\n");
	PF_IS("match in proto tcp to port 10:20 rdr-to 1.1.1.1 port 110:*\nmatch in proto tcp to port 10 rdr-to 1.1.1.1 port 110:*\n",
	    "match in inet proto tcp from any to any port 10:20 rdr-to 1.1.1.1 port 110:120\n"
	    "match in inet proto tcp from any to any port = 10 rdr-to 1.1.1.1 port 110\n");
	PF_IS("pass in on em0 route-to fe80::9%em1\npass in reply-to (em1)\npass out dup-to 10.0.0.1 - 10.0.0.3 random\n",
	    "pass in on em0 inet6 all flags S/SA route-to fe80::9%em1\npass in all flags S/SA reply-to (em1) round-robin\n"
	    "pass out inet all flags S/SA dup-to 10.0.0.1 - 10.0.0.3 random\n");
}

TEST(pf_pools_bad)
{
	CHECK_STR(pf_errors("match nat-to 1.1.1.1\nmatch out inet6 nat-to 1.1.1.1\nmatch out nat-to { 1.1.1.1 ::1 }\nmatch out nat-to <t> bitmask\n"),
	    "t:1: nat-to and rdr-to require a direction\nt:2: af mismatch in translation spec\nt:2: skipping rule due to errors\n"
	    "t:2: rule expands to no valid combination\nt:3: translation spec contains addresses with different address families\n"
	    "t:3: skipping rule due to errors\nt:3: rule expands to no valid combination\nt:4: bitmask cannot be used with more than one address or a table\n"
	    "t:4: skipping rule due to errors\nt:4: rule expands to no valid combination\n");
	CHECK_STR(pf_errors("match out nat-to { <a> <b> }\nmatch out nat-to ! 1.1.1.1\nmatch out nat-to no-route\nmatch in rdr-to 1.1.1.1 port 5:4\n"
	    "match out nat-to 1.1.1.1 random random\nmatch out nat-to 1.1.1.1 source-hash 0x1\nmatch in rdr-to 1.1.1.1 static-port\n"),
	    "t:1: tables cannot contain tables\nt:1: skipping rule due to errors\nt:1: rule expands to no valid combination\n"
	    "t:2: an address of a pool cannot be negated\nt:3: syntax error\nt:4: invalid port range\nt:5: pool type cannot be redefined\n"
	    "t:6: hex key must be 128 bits (32 hex digits) long\nt:7: the 'static-port' option is only valid with nat rules\n");
	CHECK_STR(pf_errors("pass route-to 1.1.1.1\nmatch in route-to 1.1.1.1\nblock in rdr-to 1.1.1.1\nmatch in proto tcp to port 60000:65000 rdr-to 1.1.1.1 port 65000:*\n"),
	    "t:1: direction must be explicit with rules that specify routing\nt:2: route-to, reply-to and dup-to are not supported on match rules\n"
	    "t:3: nat-to, rdr-to and binat-to cannot be used on block rules\nt:4: the port range does not fit behind port 65000\n"
	    "t:4: skipping rule due to errors\nt:4: rule expands to no valid combination\n");
}

TEST(pf_binat)
{
	CHECK_STR(pf_text("pass on em0 from 10.1.2.120 to any binat-to 192.0.2.17 label \"$nr\"\n"),
	    "pass out on em0 inet from 10.1.2.120 to any flags S/SA label \"0\" nat-to 192.0.2.17 static-port\n"
	    "pass in on em0 inet from any to 192.0.2.17 flags S/SA label \"1\" rdr-to 10.1.2.120\n");
	CHECK_STR(pf_errors("match from any binat-to 1.1.1.1\nmatch from 10/8 binat-to 1.1.1.1\nmatch in from 10.0.0.1 binat-to 1.1.1.1\n"),
	    "t:1: binat-to requires a specified source and redirect address\nt:1: source and redir addresess must have a matching network mask in binat-rule\n"
	    "t:1: skipping rule due to errors\nt:1: rule expands to no valid combination\n"
	    "t:2: source and redir addresess must have a matching network mask in binat-rule\nt:2: skipping rule due to errors\n"
	    "t:2: rule expands to no valid combination\nt:3: binat-to cannot be used with a direction\n");
}

TEST(pf_af_to)
{
	PF_IS("pass in inet af-to inet6 from 2001:db8::1 to 2001:db8::/96\npass in inet6 to 64:ff9b::/96 af-to inet from (em0)\n",
	    "pass in inet all flags S/SA af-to inet6 from 2001:db8::1 to 2001:db8::/96\n"
	    "pass in inet6 from any to 64:ff9b::/96 flags S/SA af-to inet from (em0) round-robin\n");
	CHECK_STR(pf_errors("pass out inet af-to inet6 from ::1\npass in inet af-to inet from 1.1.1.1\npass in inet af-to inet6 from ::1 route-to 1.1.1.1\n"),
	    "t:1: af-to can only be used on inbound rules\nt:2: af-to cannot translate to the same address family\nt:2: skipping rule due to errors\n"
	    "t:2: rule expands to no valid combination\nt:3: af-to cannot be used together with route-to, reply-to, dup-to\n");
	CHECK_STR(pf_errors("pass in af-to inet6 from ::1\npass in from 10/8 af-to inet6 from ::1\n"), "t:1: must indicate address family with af-to\n"
	    "t:1: skipping rule due to errors\nt:1: rule expands to no valid combination\n");
}

TEST(pf_divert)
{
	PF_IS("pass in divert-to 127.0.0.1 port 8080\npass out divert-reply\npass divert-packet port 700\n",
	    "pass in inet all flags S/SA divert-to 127.0.0.1 port 8080\npass out all flags S/SA divert-reply\npass all flags S/SA divert-packet port 700\n");
	CHECK_STR(pf_errors("pass in inet6 divert-to 127.0.0.1 port 1\npass in divert-reply\npass divert-reply divert-reply\npass divert-to 10/8 port 1\n"
	    "pass divert-packet port 0\nmatch divert-packet port 1\n"),
	    "t:1: divert-to address family mismatch\nt:2: divert-reply used with incoming rule\nt:3: more than one divert option\nt:4: invalid divert address\n"
	    "t:5: invalid divert port: 0\nt:6: divert is not supported on match rules\n");
}

TEST(pf_antispoof)
{
	PF_IS("antispoof log quick for em0 inet label x\n", "block drop in log quick on ! em0 inet from 192.0.2.0/24 to any label \"x\"\n"
	    "block drop in log quick on ! em0 inet from 192.0.2.0/24 to any label \"x\"\n"
	    "block drop in log quick inet from 192.0.2.1 to any label \"x\"\nblock drop in log quick inet from 192.0.2.9 to any label \"x\"\n");
	PF_IS("antispoof for { lo0 (em1) em1 }\n", "block drop in on ! lo0 inet6 from ::1 to any\nblock drop in on ! lo0 inet from 127.0.0.0/8 to any\n"
	    "block drop in on ! em1 from (em1:network) to any\nblock drop in from (em1) to any\n");
	CHECK_STR(pf_errors("antispoof for nosuch0\n\n\nantispoof em0\n"),
	    "no IP address found for nosuch0:network\nt:1: could not parse host specification\nt:4: syntax error\n");
}

/* ---- anchors ---- */

TEST(pf_anchors)
{
	PF_IS("anchor foo\nanchor \"a/*\" in on em0 proto tcp to port 25 label x tag y\nanchor on em0 {\n pass # one\n anchor x { block\n }\n}\n",
	    "anchor \"foo\" all\nanchor \"a/*\" in on em0 proto tcp from any to any port = 25 label \"x\" tag y\n"
	    "anchor on em0 all {\n  pass all flags S/SA\n  anchor \"x\" all {\n    block drop all\n  }\n}\n");
	PF_IS("anchor \"x\" on { em0 em1 } {\n pass\n}\nanchor on { em0 em1 } {\n anchor y { pass\n }\n}\n",
	    "anchor \"x\" on em0 all {\n  pass all flags S/SA\n}\nanchor \"x\" on em1 all\n"
	    "anchor on em0 all {\n  anchor \"y\" all {\n    pass all flags S/SA\n  }\n}\nanchor on em1 all {\n  anchor \"y\" all {\n    pass all flags S/SA\n  }\n}\n");
	PF_IS("anchor x {\n anchor \"../x\"\n anchor \"/\" {\n block\n }\n}\n", "block drop all\nanchor \"x\" all {\n  anchor \"../x\" all\n  anchor \"/\" all\n}\n");
	CHECK_STR(pf_errors("anchor \"_x\"\nanchor\nanchor x keep state\nanchor x nat-to 1.1.1.1\nanchor x set prio 1\nanchor \"a/*\" {\n"),
	    "t:1: anchor names beginning with '_' are reserved for internal use\nt:2: anchors without explicit rules must specify a name\n"
	    "t:3: cannot specify state handling on anchors\nt:4: cannot specify translation, routing or divert on anchors\n"
	    "t:5: cannot specify set or scrub on anchors\nt:6: an anchor with a wildcard cannot have rules of its own\n");
	CHECK_STR(pf_errors("anchor x {\nset limit states 5\n"), "t:2: syntax error\n");
	CHECK_STR(pf_errors("anchor x {\n pass\n"), "t:3: syntax error\n");
}

TEST(pf_load_anchor)
{
	CHECK_STR(pf_text("cmd = em1\nanchor \"x\"\npass\nload anchor \"x\" from \"rules\"\n"),
	    "cmd = \"em1\"\nanchor \"x\" all {\n  pass in quick all flags S/SA\n}\npass all flags S/SA\n");
	CHECK_STR(pf_text("load anchor \"y\" from \"rules\"\nblock\n"), "block drop all\npass in quick all flags S/SA\n");
	CHECK_STR(pf_text("anchor a\nload anchor a from loads\n"),
	    "anchor \"a\" all {\n  anchor \"in\" all {\n    pass out all flags S/SA\n  }\n}\npass in quick all flags S/SA\n");
	CHECK_STR(pf_errors("load anchor x from none\n"), "t:1: cannot load \"none\": No such file or directory\n");
	CHECK_IN(pf_errors("load anchor x from round\n"), "round:1: anchor name too long\n");
	CHECK_STR(pf_errors("load anchor \"_x\" from rules\n"), "t:1: invalid anchor name '_x'\n");
}

TEST(pf_into_an_anchor)
{
	struct pf_conf pc;

	pf_anchor = "one/two";
	CHECK_STR(pf_text("pass\nanchor x { block\n }\n"), "pass all flags S/SA\nanchor \"x\" all {\n  block drop all\n}\n");
	CHECK(pf_load(&pc, "anchor \"../x\"\nanchor \"/y\"\n"));
	CHECK_STR(pc.pc_main->an_path, "one/two");
	CHECK_STR(pc.pc_main->an_rules->r_anchor_call->an_path, "one/x");
	CHECK_STR(pc.pc_main->an_rules->r_next->r_anchor_call->an_path, "y");
	pf_conf_free(&pc);
}

/* ---- queues ---- */

TEST(pf_queues)
{
	PF_IS("queue std on em0 bandwidth 100M burst 1500K for 100ms min 5Mb max 2500 default qlimit 50\npass set queue std\n",
	    "queue std on em0 bandwidth 100M burst 1500K for 100ms min 5M max 2500 default qlimit 50\npass all flags S/SA set (queue std)\n");
	PF_IS("queue a on em0 flows 10 quantum 300\n", "queue a on em0 flows 10 quantum 300\n");
	CHECK_STR(pf_errors("queue a on em0 bandwidth 1M\nqueue b parent a flows 5 default\n"), ": queue b: no bandwidth was specified\n");
	CHECK_STR(pf_errors("queue a on em0 bandwidth 1M default\nqueue b parent a bandwidth 1M\n"), ": default queue a is not a leaf queue\n");
	CHECK_STR(pf_errors("queue a on em0 bandwidth 1M default\nqueue b parent c bandwidth 1M\n"), ": queue b: parent c not found\n");
	CHECK_STR(pf_errors("queue a parent b bandwidth 1M\nqueue b parent a bandwidth 1M\n"),
	    ": queue a: its parents are too deep or a circle\n: queue b: its parents are too deep or a circle\n");
	CHECK_STR(pf_errors("queue a on em0 bandwidth 1M\n"), ": no default queue specified on em0\n");
	CHECK_STR(pf_errors("queue a on em0 bandwidth 1M\nqueue b parent a bandwidth 1K default\nqueue c parent a bandwidth 1K default\n"),
	    ": more than one default queue on em0\n");
	CHECK_STR(pf_errors("queue a bandwidth 1M\nqueue a on em0\nqueue a on em0 bandwidth 5X\nqueue a on em0 flows 5 min 1M\nqueue a on em0 qlimit 0\n"),
	    "t:1: root queue without interface\nt:2: syntax error\nt:3: invalid bandwidth 5X\nt:4: flows cannot be used with a minimum bandwidth\n"
	    "t:5: qlimit out of range: max 65535\n");
}

/* ---- limits ---- */

static char *
repeated(const char *head, const char *part, unsigned n, const char *end)
{
	size_t len = strlen(part), at = strlen(head);
	char *s = malloc(at + len * n + strlen(end) + 1);

	CHECK(s != NULL);
	strcpy(s, head);
	for (unsigned i = 0; i < n; i++, at += len)
		memcpy(s + at, part, len);
	strcpy(s + at, end);
	return s;
}

static void
check_repeated(const char *head, const char *part, unsigned n, const char *end, const char *error)
{
	char *s = repeated(head, part, n, end);

	CHECK_STR(pf_errors(s), error);
	free(s);
}

static const char *
long_anchor(void)
{
	char *s = repeated("anchor \"", "012345678/", 110, "\"\n");
	const char *error = pf_errors(s);

	free(s);
	return error;
}

TEST(pf_limits)
{
	check_repeated("pass from ", "{ ", 16, "10/8 } } } } } } } } } } } } } } } }\n", "");
	check_repeated("pass from ", "{ ", 17, "10/8\n", "t:1: too many lists in lists\n");
	check_repeated("", "anchor { ", 24, "pass\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n", "");
	check_repeated("", "anchor { ", 25, "pass\n", "t:1: too many anchors in anchors\n");
	check_repeated("anchor \"", "0123456789", 7, "\"\n", "t:1: anchor name too long\n");
	CHECK_IN(long_anchor(), "t:1: invalid anchor name '");
}

TEST(pf_limit_combinations)
{
	char *ports = repeated("p = \"", "1 ", 2000, "\"\npass proto tcp from port { $p } to ! 10/8 port { $p } user { $p }\n");

	pf_mem_max = 1 << 20;
	CHECK_STR(pf_errors(ports), ": the ruleset is too big\n");
	free(ports);
	/* Combinations that come to nothing need no memory, but time. */
	ports = repeated("p = \"", "1 ", 2000, "\"\npass inet6 proto tcp from 10/8 port { $p } to port { $p } user { $p }\n");
	CHECK_STR(pf_errors(ports), "t:2: the lists have too many combinations\n");
	free(ports);
	pf_mem_max = 0;
}

static const char everything[] = "a = \"em0\"\nset skip on lo\nset timeout { tcp.first 5 }\ntable <t> { 10/8 em0 } file \"addrs\"\n"
    "queue q on em0 bandwidth 1M default\nantispoof for lo0\nmatch in scrub (no-df)\nblock return label \"$nr\"\n"
    "anchor x on $a {\n pass in proto tcp from <t> to port { 22 80 } keep state (max 5)\n}\n"
    "pass out inet nat-to { 1.1.1.1 2.2.2.2 }\nload anchor y from rules\nmatch from 10.0.0.1 binat-to 1.1.1.1\n";

/* Wherever memory runs out: an error, nothing lost. */
TEST(pf_no_memory)
{
	unsigned failed = 0;

	CHECK_STR(pf_errors(everything), "");
	for (unsigned long n = 0; n < 40; n++) {
		struct pf_conf pc;

		host.malloc_left = n;
		host.malloc_limited = true;
		failed += !pf_load(&pc, everything);
		host.malloc_limited = false;
		pf_conf_free(&pc);
	}
	CHECK(failed >= 5 && failed < 40);
	failed = 0;
	for (pf_mem_max = 4096; pf_mem_max < 65536; pf_mem_max += 512) {
		struct pf_conf pc;

		failed += !pf_load(&pc, everything);
		pf_conf_free(&pc);
	}
	pf_mem_max = 0;
	CHECK(failed >= 5 && failed < 100);
}

/* ---- what the engine lacks ---- */

static const char *
lacks(const struct pf_conf *pc __unused_arg, const struct pf_rule *r, const struct pf_queue *q)
{
	if (q != NULL)
		return "queueing is not supported yet";
	return r != NULL && r->r_os[0] != '\0' ? "os is not supported yet" : NULL;
}

struct lacking { struct pf_env env; char text[256]; };

static void
lacking_error(const struct pf_env *env, const char *file, unsigned line, const char *text)
{
	struct lacking *l = container_of(env, struct lacking, env);
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof(l->text) - n, "%s:%u: %s\n", file, line, text);
}

TEST(pf_conf_check)
{
	struct lacking l = { .env = { .pe_error = lacking_error } };
	struct pf_conf pc;

	CHECK(pf_load(&pc, everything));
	CHECK(!pf_conf_check(&pc, &l.env, lacks));
	CHECK_STR(l.text, "t:5: queueing is not supported yet\n");
	pf_conf_free(&pc);
	l.text[0] = '\0';
	CHECK(pf_load(&pc, "pass\nanchor x {\n block\n block proto tcp from any os x\n}\n"));
	CHECK(!pf_conf_check(&pc, &l.env, lacks));
	CHECK_STR(l.text, "t:4: os is not supported yet\n");
	pf_conf_free(&pc);
	CHECK(pf_load(&pc, "pass\n"));
	CHECK(pf_conf_check(&pc, &l.env, lacks));
	pf_conf_free(&pc);
}

/* ---- names ---- */

TEST(pf_names)
{
	CHECK_EQ(pf_proto_number("icmp6"), 58);
	CHECK_STR(pf_proto_name(58), "ipv6-icmp");
	CHECK(pf_proto_name(166) == NULL);
	CHECK_EQ(pf_service_port("domain"), 53);
	CHECK_EQ(pf_service_port("nosuch"), -1);
	CHECK_EQ(pf_user_id("_dhcp"), 77);
	CHECK_EQ(pf_group_id("nobody"), 32767);
	for (unsigned i = 0; i < PF_TM_COUNT; i++)
		CHECK_EQ(pf_timeout_index(pf_timeout_name(i)), (int)i);
	for (unsigned i = 0; i < PF_LIMIT_COUNT; i++)
		CHECK_EQ(pf_limit_index(pf_limit_name(i)), (int)i);
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned i = 0; i < 256; i++) {
			const char *name = pf_icmp_type_name(i, v6);

			CHECK(name == NULL || pf_icmp_type(name, v6) == (int)i);
			for (unsigned code = 0; code < 256; code++) {
				const char *c = pf_icmp_code_name(i, code, v6);

				CHECK(c == NULL || pf_icmp_code(c, i, v6) == (int)code);
			}
		}
}
