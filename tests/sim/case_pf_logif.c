/* case_pf_logif.c - what is passed and blocked on interfaces, by rules, by states and by the flow path: pfctl -vvs Interfaces, of one or of a group set
 * loginterface. */
#include <string.h>

#include "tests/sim/pflab.h"

#define LINE(name, four, six)	sim_print("  %-25s %14u %16u\n", name, four, six)

static void
there_and_back(void)
{
	a_to_b(UDP(A, B, .len = 100));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000, .len = 60));
}

/* Bytes: of IP, 28 more than of data. */
static const char *
in_and_out(unsigned in, unsigned in_blocked, unsigned out, unsigned out_blocked)
{
	return sim_print("  Packets In\n%s%s  Packets Out\n%s%s\nState Table", LINE("  Passed", in, 0u), LINE("  Blocked", in_blocked, 0u),
	    LINE("  Passed", out, 0u), LINE("  Blocked", out_blocked, 0u));
}

CASE(pf_loginterface)
{
	lab_pf("set loginterface vio0\npass\nblock in on vio0 inet proto udp to port 7\nblock out on vio0 inet proto udp to port 9\nblock out on vio1 inet proto udp to port 8\n");
	SAY("pfctl -F info", "");
	for (unsigned i = 0; i < 10; i++)
		there_and_back();
	SIM_CHECK(router_counter(r, "flows_hits") >= 8, "not by the flow path");
	SAY("pfctl -si", "Interface Stats for vio0              IPv4             IPv6\n", LINE("Bytes In", 1280u, 0u), LINE("Bytes Out", 880u, 0u),
	    in_and_out(10, 0, 10, 0));
	RX(a, UDP(A, B, .dport = 7, .len = 10));
	RX(a, UDP(A, B, .dport = 8, .len = 20));			/* blocked where it is not counted */
	RX(b, UDP(B, A, .dport = 9, .len = 30));
	COUNT(pfs_blocked, 3);
	SAY("pfctl -si", LINE("Bytes In", 1280u + 38 + 48, 0u), LINE("Bytes Out", 880u + 58, 0u), in_and_out(11, 1, 10, 1));
	SAY("pfctl -F info", "pf: statistics cleared");
	SAY("pfctl -si", LINE("Bytes In", 0u, 0u), LINE("Bytes Out", 0u, 0u), in_and_out(0, 0, 0, 0));
}

/* A group; another ruleset with the same interface goes on counting, one with another begins; none is not shown. */
CASE(pf_loginterface_changes)
{
	lab_pf("set loginterface egress\npass\n");
	SAY("ifconfig vio1 group egress", "");
	SAY("pfctl -F info", "");
	there_and_back();
	SAY("pfctl -si", "Interface Stats for egress ", LINE("Bytes In", 88u, 0u), LINE("Bytes Out", 128u, 0u), in_and_out(1, 0, 1, 0));
	SAY("pfctl -f - <<EOF\nset loginterface egress\npass no state\nEOF", "");
	SAY("pfctl -si", in_and_out(1, 0, 1, 0));
	SAY("pfctl -f - <<EOF\nset loginterface vio0\nset skip on vio0\npass\nEOF", "");
	there_and_back();
	SAY("pfctl -si", "Interface Stats for vio0 ", in_and_out(0, 0, 0, 0));
	SAY("pfctl -f - <<EOF\nset loginterface none\npass\nEOF", "");
	SIM_CHECK(strstr(router_say(r, "pfctl -si"), "Interface Stats") == NULL, "there is none");
}

/* Fragments count as what becomes of them; one that is refused counts itself. */
CASE(pf_loginterface_fragments)
{
	lab_pf("set loginterface vio0\npass\n");
	SAY("pfctl -F info", "");
	RX(a, UDP(A, B, .len = 2000, .part = 1480, .off = IP_MF_));
	SAY("pfctl -si", LINE("Bytes In", 0u, 0u), in_and_out(0, 0, 0, 0));
	RX(a, UDP(A, B, .len = 2000, .from = 1480, .part = 528));
	TX(b, UDP(A, B, .len = 2000, .part = 1480, .off = IP_MF_, .ttl = 63));
	TX(b, UDP(A, B, .len = 2000, .from = 1480, .part = 528, .ttl = 63));
	SAY("pfctl -si", LINE("Bytes In", 2028u, 0u), in_and_out(1, 0, 0, 0));
	RX(a, UDP(A, B, .len = 2000, .part = 1480, .off = IP_MF_ | IP_DF_));
	COUNT(pfs_frag, 1);
	SAY("pfctl -si", LINE("Bytes In", 2028u + 1500, 0u), in_and_out(1, 1, 0, 0));
}

#define COUNTS(name, packets, bytes)	sim_print("\t%-12s [ Packets: %-18u Bytes: %-18u ]\n", name, packets, bytes)
struct io { unsigned packets, bytes; };		/* in passed, blocked; out passed, blocked */

static const char *
family(const char *digit, const struct io io[4])
{
	static const char *const names[] = { "In%s/Pass:", "In%s/Block:", "Out%s/Pass:", "Out%s/Block:" };
	const char *text = "";

	for (unsigned i = 0; i < 4; i++)
		text = sim_print("%s%s", text, COUNTS(sim_print(names[i], digit), io[i].packets, io[i].bytes));
	return text;
}

/* What -vvs Interfaces says of it; without the date. */
static void
counts_are(const char *name, const struct io four[4], const struct io six[4])
{
	const char *text = router_say(r, sim_print("pfctl -vvs Interfaces -i %s", name));
	const char *want = sim_print("%s%s", family("4", four), family("6", six)), *at;

	at = strstr(sim_print("\n%s", text), sim_print("\n%s\n\tCleared:     ", name));
	SIM_CHECK(at != NULL && strstr(at, "\tReferences:  [ States:  ") != NULL, "%s", text);
	SIM_CHECK(at != NULL && strncmp(strstr(at, "\tIn4/Pass:"), want, strlen(want)) == 0, "%s\nand not\n%s", text, want);
}

static const struct io none[4];

static void
counted(bool flows)
{
	static const struct io in1[4] = { { 51, 50 * 88 + 58 }, { 0, 0 }, { 50, 50 * 128 }, { 1, 48 } };
	static const struct io all[4] = { { 102, 50 * (88 + 128) + 58 + 48 }, { 1, 38 }, { 100, 50 * (88 + 128) }, { 2, 58 + 48 } };
	static const struct io now[4] = { { 51, 50 * 128 + 48 }, { 1, 38 }, { 50, 50 * 88 }, { 1, 58 } };

	lab_pf("pass\nblock in on vio0 inet proto udp to port 7\nblock out on vio0 inet proto udp to port 9\nblock out on vio1 inet proto udp to port 8\n");
	SAY(flows ? "sysctl net.flow.enable=1" : "sysctl net.flow.enable=0");
	SAY("pfctl -F info", "");
	for (unsigned i = 0; i < 50; i++)
		there_and_back();
	RX(a, UDP(A, B, .dport = 7, .len = 10));
	RX(a, UDP(A, B, .dport = 8, .len = 20));
	RX(b, UDP(B, A, .dport = 9, .len = 30));
	COUNT(pfs_blocked, 3);
	SIM_CHECK((router_counter(r, "flows_hits") >= 90) == flows, "the flow path");
	counts_are("vio0", now, none);
	counts_are("vio1", in1, none);
	counts_are("all", all, none);
	SAY("ifconfig vio0 group inner");
	SAY("ifconfig vio1 group inner");
	counts_are("inner", all, none);
	SAY("pfctl -i vio0 -F info", "");
	counts_are("vio0", none, none);
	counts_are("all", in1, none);
	SAY("pfctl -F info", "");
	counts_are("all", none, none);
}

CASE(pf_interfaces_count)
{
	counted(true);
}

CASE(pf_interfaces_count_without_flows)
{
	counted(false);
}
