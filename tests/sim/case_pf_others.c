/* case_pf_others.c - more of what other packet filters' tests try: translation, logs, anchors, fragments, limits. Each on one core and on three. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/pflab.h"

/* From a to b it is seen as `nat`, from b to that it comes to a; TCP and UDP, with their checksums. */
static void
nat_both_ways(const char *nat)
{
	RX(a, TCP(A, B, TH_SYN_, .seq = 999));
	TX(b, TCP(nat, B, TH_SYN_, .seq = 999, .ttl = 63));
	RX(b, TCP(B, nat, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000));
	TX(a, TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000, .ttl = 63));
	RX(a, UDP(A, B));
	TX(b, UDP(nat, B, .ttl = 63));
	RX(b, UDP(B, nat, .sport = 4001, .dport = 4000));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .ttl = 63));
}

/* checklist: pf/nat:nat_pass_out */
CASE(pf_nat_by_pass)
{
	lab_pf("block\npass in on vio0\npass out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1 static-port\n");
	nat_both_ways("10.0.1.1");
	blocked(b, UDP(B, "10.0.1.1", .sport = 4001, .dport = 4444));
}

/* checklist: pf/nat:binat_match */
CASE(pf_binat_by_match)
{
	lab_pf("match on vio1 inet from 10.0.0.2 to any binat-to 10.1.0.77\npass\n");
	SAY("pfctl -sr", "match out on vio1 inet from 10.0.0.2 to any nat-to 10.1.0.77 static-port\nmatch in on vio1 inet from any to 10.1.0.77 rdr-to 10.0.0.2\n");
	nat_both_ways("10.1.0.77");
	RX(b, UDP(B, "10.1.0.77", .sport = 9, .dport = 10));
	TX(a, UDP(B, A, .sport = 9, .dport = 10, .ttl = 63));
	RX(a, UDP(A, B, .sport = 10, .dport = 9));
	TX(b, UDP("10.1.0.77", B, .sport = 10, .dport = 9, .ttl = 63));
}

/* A rule that decides translates what a match rule has translated; both count all of it.
 * checklist: pf/counters:nat_nat */
CASE(pf_nat_of_two_rules)
{
	lab_pf("block\nmatch out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1 static-port\npass in\n"
	    "pass out on vio1 inet proto udp from 10.0.1.1 nat-to 10.1.0.77 static-port\n");
	for (unsigned i = 0; i < 2; i++) {
		RX(a, UDP(A, B));
		TX(b, UDP("10.1.0.77", B, .ttl = 63));
		RX(b, UDP(B, "10.1.0.77", .sport = 4001, .dport = 4000));
		TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .ttl = 63));
	}
	SAY("pfctl -vsr", "Packets: 4         Bytes: 192         States: 1     ]\n  [ Inserted: uid 0 pid 0 State Creations: 1     ]\npass in all",
	    "Packets: 4         Bytes: 192         States: 1     ]\n  [ Inserted: uid 0 pid 0 State Creations: 1     ]\npass out on vio1",
	    "nat-to 10.1.0.77 static-port\n  [ Evaluations: ", "Packets: 4         Bytes: 192         States: 1     ]\n  [ Inserted: uid 0 pid 0 State Creations: 1     ]\n");
}

/* ---- what is logged ---- */

static void
listen(void)
{
	router_type(r, "tcpdump -ntei pflog0 -c 1\r");
	sim_run(ms(500));
}

static void
heard(const char *line)
{
	sim_run(ms(500));
	SIM_CHECK(strstr(r->r_console, line) != NULL, "%s is not among:\n%s", line, r->r_console);
}

/* The rule's action is that of the rule, and the packet is as it came.
 * checklist: pf/pflog:rdr_action */
CASE(pf_log_of_rdr)
{
	lab_pf("block\npass in log on vio0 inet proto udp to 10.0.0.1 port 53 rdr-to " B " port 5353\npass out\n# /etc/hostname.pflog0\nup\n");
	listen();
	RX(a, UDP(A, "10.0.0.1", .dport = 53));
	TX(b, UDP(A, B, .dport = 5353, .ttl = 63));
	heard("rule 1/(match) pass in on vio0: 10.0.0.2.4000 > 10.0.0.1.53: ");
}

/* Who has no address yet. checklist: pf/pflog:unspecified_v4 */
CASE(pf_log_of_nobody)
{
	lab_pf("block log\n# /etc/hostname.pflog0\nup\n");
	listen();
	RX(a, UDP("0.0.0.0", "255.255.255.255", .edst = BROADCAST, .sport = 68, .dport = 67));
	COUNT(pfs_blocked, 1);
	heard("rule 0/(match) block in on vio0: 0.0.0.0.68 > 255.255.255.255.67: ");
}

/* What is too short for its protocol is dropped before the rules, and before they log. checklist: pf/pflog:malformed */
CASE(pf_log_of_malformed)
{
	lab_pf("block log\n# /etc/hostname.pflog0\nup\n");
	listen();
	RX(a, UDP(A, B, .part = 4));
	COUNT(pfs_short, 1);
	RX(a, TCP(A, B, TH_SYN_, .part = 16));
	COUNT(pfs_short, 1);
	RX(a, ECHO(A, B, .part = 4));
	COUNT(pfs_short, 1);
	blocked(a, UDP(A, B));
	heard("rule 0/(match) block in on vio0: 10.0.0.2.4000 > 10.0.1.2.4001: udp 20\n");
	heard("\n1 packets received by filter\n");
}

/* ---- fragments ---- */

/* A datagram comes in many pieces, first those at odd places: none touches another one. It is put together; or all of it is given up, counted, when
 * there are more than may wait. checklist: pf/fragmentation:too_many_fragments */
CASE(pf_fragments_too_many)
{
	static const unsigned pieces[2] = { 32, 900 };
	unsigned many, dead;

	lab_pf("block\npass in on vio0 proto udp to port 4001\npass out on vio1\n");
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < pieces[k]; i++) {
			unsigned at = i < pieces[k] / 2 ? 2 * i + 1 : 2 * i - pieces[k];

			RX(a, UDP(A, B, .id = 7 + k, .len = pieces[k] * 8 - 8, .from = at * 8, .part = 8, .off = at < pieces[k] - 1 ? IP_MF_ : 0));
		}
		if (k == 0)
			TX(b, UDP(A, B, .id = 7, .len = pieces[k] * 8 - 8, .ttl = 63));
	}
	NONE(b);
	many = (unsigned)router_counter(r, "ips_fragmany");
	dead = (unsigned)router_counter(r, "ips_fragdead");
	SIM_CHECK(many >= 16 && many + dead == pieces[1], "%u pieces are given up, %u later", many, dead);
	COUNT(ips_fragmany, many);
	COUNT(ips_fragdead, dead);
	a_to_b(UDP(A, B));
}

/* The same by the flow path and without it. checklist: pf/fragmentation:reassemble_slowpath */
CASE(pf_fragments_without_flows)
{
	lab_pf("block\npass in on vio0 proto udp to port 4001\npass out on vio1\n");
	SAY("sysctl net.flow.least=1", "");
	for (unsigned slow = 0; slow < 2; slow++) {
		for (unsigned i = 0; i < 3; i++) {
			a_to_b(UDP(A, B));
			RX(a, UDP(A, B, .len = 100, .from = 64, .part = 44));
			NONE(b);
			RX(a, UDP(A, B, .len = 100, .off = IP_MF_, .part = 64));
			TX(b, UDP(A, B, .len = 100, .ttl = 63));
		}
		SAY("sysctl net.flow.enable=0", "");
	}
}

/* ---- limits ---- */

/* None may be, so none is: what needs no state passes. checklist: pf/limits:zero */
CASE(pf_limit_of_none)
{
	lab_pf("set limit states 0\npass\npass proto udp to port 7 no state\n");
	RX(a, UDP(A, B));
	NONE(b);
	COUNT(pfs_maxstates, 1);
	a_to_b(UDP(A, B, .dport = 7));
	SAY("pfctl -sm", "states        hard limit        0\n");
	SAY("pfctl -f - <<EOF\nset limit anchors 0\nanchor one\nEOF", "more anchors than set limit anchors allows");
	SAY("pfctl -f - <<EOF\nset limit table-entries 0\ntable <t> { 10.0.0.1 }\npass from <t>\nEOF", "more addresses in tables than set limit table-entries allows");
}

/* checklist: pf/limits:anchors */
CASE(pf_limit_of_anchors)
{
	lab_pf("set limit anchors 2\nanchor one\nanchor two {\n pass\n}\nblock\n");
	SAY("pfctl -a one -f - <<EOF\npass proto udp to port 7\nEOF");
	SAY("pfctl -a three -f - <<EOF\npass\nEOF", "more anchors than set limit anchors allows");
	SAY("pfctl -f - <<EOF\nset limit anchors 3\nanchor one\nanchor two {\n anchor inside {\n  pass\n }\n}\npass\nEOF");
	SAY("pfctl -f - <<EOF\nset limit anchors 2\nanchor one\nanchor two {\n anchor inside {\n  pass\n }\n}\npass\nEOF", "more anchors than set limit anchors allows");
	SAY("pfctl -a two -sr", "anchor \"inside\" all\n");
}

/* As deep as they may be: the packet goes through all of them, and tests say which decides. */
CASE(pf_anchors_nested_to_the_limit)
{
	static char rules[4096];
	unsigned n = 0;

	for (unsigned deep = 24; deep <= 25; deep++) {
		n = (unsigned)sprintf(rules, "block\n");
		for (unsigned i = 0; i < deep; i++)
			n += (unsigned)sprintf(rules + n, "anchor \"n%u\" in on vio0 {\nblock in proto udp to port %u\n", i, 5000 + i);
		n += (unsigned)sprintf(rules + n, "pass in proto udp to port 4001\n");
		for (unsigned i = 0; i < deep; i++)
			n += (unsigned)sprintf(rules + n, "pass in proto udp to port %u\n}\n", 6000 + i);
		sprintf(rules + n, "pass out\n");
		if (deep == 24)
			lab_pf(rules);
		else
			SAY(sim_print("pfctl -f - <<EOF\n%sEOF", rules), "stdin:50: too many anchors in anchors");
		a_to_b(UDP(A, B));
		a_to_b(UDP(A, B, .dport = 6000 + 23, .sport = deep));
		blocked(a, UDP(A, B, .dport = 5000 + 23));
		blocked(a, UDP(A, B, .dport = 4002));
	}
}

/* ---- tables ---- */

/* checklist: pf/table:replace, pf/table:large, pf/table:load */
CASE(pf_table_large)
{
	static char words[64 * 1024];
	unsigned n = 0;

	for (unsigned i = 0; i < 3000; i++)
		n += (unsigned)sprintf(words + n, "10.%u.%u.7\n", 100 + i / 250, i % 250);
	lab_pf("table <t> persist { 10.0.0.2 }\nblock\npass in on vio0 from <t>\npass out\n");
	a_to_b(UDP(A, B));
	SAY(sim_print("pfctl -t t -T replace -f - <<EOF\n%sEOF", words), "3000 addresses added.\n1 addresses deleted.\n");
	a_to_b(UDP("10.111.249.7", B));
	a_to_b(UDP("10.100.0.7", B));
	blocked(a, UDP("10.100.0.8", B));
	blocked(a, UDP(A, B, .sport = 1));
	SAY("pfctl -f - <<EOF\ntable <t> persist\nblock\npass in on vio0 from <t>\npass out\nEOF");
	a_to_b(UDP("10.111.249.7", B, .sport = 2));		/* a ruleset that says nothing of them leaves them */
	SAY("pfctl -f - <<EOF\ntable <t> persist { 10.0.0.2 }\nblock\npass in on vio0 from <t>\npass out\nEOF");
	blocked(a, UDP("10.111.249.7", B, .sport = 3));
	a_to_b(UDP(A, B, .sport = 1));
	SAY("pfctl -t t -T flush", "1 addresses deleted.\n");
	blocked(a, UDP(A, B, .sport = 4));
}

/* What a rule names and nobody has defined comes when it is filled. checklist: pf/table:pr259689 */
CASE(pf_table_by_name_only)
{
	lab_pf("pass\nblock in on vio0 from <bad>\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -t bad -T add 10.0.0.2", "1/1 addresses added.\n");
	SAY("pfctl -F states", "");
	blocked(a, UDP(A, B));
	SAY("pfctl -t bad -T delete 10.0.0.2", "1/1 addresses deleted.\n");
	a_to_b(UDP(A, B));
}

#define LAB_FILES	"# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL
#define BAD_TABLE	"# /etc/pf.conf\ntable <bad> persist file \"/etc/pf.tables/bad\"\npass\nblock in quick from <bad>\n# /etc/pf.tables/bad\n"

/* A table's addresses in a file of the bundle: it is part of the configuration, and a change of it is one of the ruleset.
 * checklist: pf/table:pr251414 */
CASE(pf_table_of_a_file)
{
	lab_custom(VIO0, VIO1, SYSCTL BAD_TABLE "# who is not wanted\n10.0.0.2 10.9/16\n!10.9.0.7\n");
	blocked(a, UDP(A, B));
	a_to_b(UDP("10.0.0.3", B));
	SAY("pfctl -t bad -T show", "   10.0.0.2\n   10.9.0.0/16\n  !10.9.0.7\n");
	SAY("show config", "# /etc/pf.tables/bad\n# who is not wanted\n10.0.0.2 10.9/16\n!10.9.0.7\n");
	SAY("load <<EOF\n" LAB_FILES BAD_TABLE "10.0.0.3\nEOF");
	a_to_b(UDP(A, B, .sport = 1));
	blocked(a, UDP("10.0.0.3", B, .sport = 1));
	SAY("load <<EOF\n" LAB_FILES BAD_TABLE "10.0.0.300\nEOF", "cannot load \"/etc/pf.tables/bad\"");
	blocked(a, UDP("10.0.0.3", B, .sport = 2));
	a_to_b(UDP(A, B, .sport = 2));
	SAY("load <<EOF\n" LAB_FILES "# /etc/pf.conf\ntable <bad> persist file \"/etc/pf.tables/bad\"\npass\nEOF", "cannot load \"/etc/pf.tables/bad\": No such file or directory");
	SAY("load <<EOF\n" LAB_FILES BAD_TABLE "10.0.0.3\nEOF");
	blocked(a, UDP("10.0.0.3", B, .sport = 3));
}
