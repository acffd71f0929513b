/* case_pf.c - the packet filter: rules, states, windows, what is answered, what survives a reload. Each on one core and on three. */
#include <string.h>

#include "tests/sim/pflab.h"

/* checklist: pf/pass_block:v4, pf/pass_block:enable_disable */
CASE(pf_block_and_pass)
{
	lab_pf("block in on vio0\n");
	blocked(a, UDP(A, B));
	b_to_a(UDP(B, A, .sport = 1, .dport = 2));
	SAY("pfctl -d", "pf disabled");
	a_to_b(UDP(A, B));
	SAY("pfctl -e", "pf enabled");
	blocked(a, UDP(A, B));
	SAY("pfctl -s rules", "block drop in on vio0 all\n");
	SAY("pfctl -e", "pfctl: pf already enabled");
}

/* Nobody owns what is forwarded; ICMP is nobody's in any case. */
CASE(pf_owners)
{
	lab_pf("block\npass proto tcp user root\npass proto udp user > 5\npass proto udp to port 7 user unknown\npass proto udp to port 8 group != wheel\n");
	SAY("pfctl -s rules", "pass proto udp from any to any port = 7 user = unknown\n");
	blocked(a, TCP(A, B, TH_SYN_));
	blocked(a, UDP(A, B));
	a_to_b(UDP(A, B, .dport = 7));
	a_to_b(UDP(A, B, .dport = 8));
}

/* Whose route has the label, now. */
CASE(pf_route_labels)
{
	lab_custom(VIO0, VIO1 "!route add -label far 10.2/16 10.0.1.2\n", SYSCTL "# /etc/pf.conf\nblock\npass in on vio0 to route far\npass out\n");
	blocked(a, UDP(A, "10.1.0.1"));
	RX(a, UDP(A, "10.2.0.1"));
	TX(b, UDP(A, "10.2.0.1", .ttl = 63));
	SAY("route change -label near 10.2/16 10.0.1.2", "");
	blocked(a, UDP(A, "10.2.0.2"));
	SAY("route change -label far 10.1/16 10.0.1.2", "");
	RX(a, UDP(A, "10.1.0.1"));
	TX(b, UDP(A, "10.1.0.1", .ttl = 63));
}

/* A rule of a group is one of the interfaces that are in it when a packet comes. */
CASE(pf_groups)
{
	lab_custom("group lan\n" VIO0, VIO1, SYSCTL "# /etc/pf.conf\nset skip on dmz\nblock in on lan\nblock in on ! lan from lan:network\n");
	blocked(a, UDP(A, B));
	b_to_a(UDP(B, A, .sport = 1, .dport = 2));
	blocked(b, UDP("10.0.0.77", A));
	SAY("ifconfig vio0 -group lan", "");
	blocked(a, UDP(A, B));				/* lan:network is what it was when the rules were loaded */
	SAY("ifconfig vio1 group lan", "");
	blocked(b, UDP(B, A, .sport = 3, .dport = 4));
	SAY("ifconfig vio0 group dmz", "");
	a_to_b(UDP(A, B, .sport = 5));
	SAY("ifconfig vio0 -group dmz", "");
	blocked(a, UDP(A, B, .sport = 6));
}

/* What went by the flow path before there was a filter does not go past it. */
CASE(pf_known_flows_are_tested)
{
	lab_pf("block in on vio0\n");
	SAY("pfctl -d", "pf disabled");
	SAY("sysctl net.flow.least=1", "net.flow.least: 2 -> 1");
	a_to_b(UDP(A, B));
	a_to_b(UDP(A, B));
	COUNT(flows_hits, 1);
	SAY("pfctl -e", "pf enabled");
	blocked(a, UDP(A, B));
}

CASE(pf_last_match_wins_but_quick)
{
	lab_pf("block\npass in on vio0 proto udp to port 53\nblock in quick proto udp from 10.0.0.9 to port 53\npass in from 10.0.0.9\npass out\n");
	a_to_b(UDP(A, B, .dport = 53));
	blocked(a, UDP(A, B, .dport = 54));
	blocked(a, UDP("10.0.0.9", B, .dport = 53));
	a_to_b(UDP("10.0.0.9", B, .dport = 55));
}

CASE(pf_states_let_answers_in)
{
	lab_pf("block\npass in on vio0\npass out on vio1\n");
	blocked(b, UDP(B, A, .sport = 4001, .dport = 4000));
	a_to_b(UDP(A, B));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000));
	blocked(b, UDP(B, A, .sport = 4002, .dport = 4000));
	SAY("pfctl -s states", "all udp 10.0.1.2:4001 <- 10.0.0.2:4000       SINGLE:MULTIPLE\n",
	    "all udp 10.0.0.2:4000 -> 10.0.1.2:4001       MULTIPLE:SINGLE\n");
	COUNT(pfs_passed, 2);
	SAY("pfctl -s info", "Status: Enabled", "current entries                        2", "inserts                                2");
}

CASE(pf_states_end)
{
	lab_pf("block\npass in on vio0\npass out on vio1\n");
	a_to_b(UDP(A, B));
	AT(sec(59));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000));	/* udp.first: 60 s */
	AT(sec(59 + 59));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000));	/* udp.multiple: 60 s */
	AT(sec(59 + 59 + 61));
	blocked(b, UDP(B, A, .sport = 4001, .dport = 4000));
	AT(sec(59 + 59 + 61 + 12));				/* all that is over has gone by itself */
	SAY("pfctl -s info", "current entries                        0", "removals                               2");
}

CASE(pf_icmp)
{
	lab_pf("block\npass in on vio0 inet proto icmp icmp-type echoreq\npass out on vio1\n");
	blocked(b, ECHOREPLY(B, A));
	a_to_b(ECHO(A, B));
	b_to_a(PKT(PK_ECHOREPLY, .src = B, .dst = A));
	blocked(b, PKT(PK_ECHOREPLY, .src = B, .dst = A, .sport = 4444));
	SAY("pfctl -s states", "all icmp 10.0.1.2:8 <- 10.0.0.2:4000       0:0\n");
	RX(a, ECHO(A, "10.0.0.1"));			/* the router itself, whose answer belongs to the state */
	TX(a, ECHOREPLY("10.0.0.1", A));
}

/* checklist: pf/icmp:ttl_exceeded, pf/icmp:cve_2019_5598 */
CASE(pf_icmp_errors)
{
	static const struct pkt sent = { .kind = PK_UDP, .src = A, .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };

	lab_pf("block\npass in on vio0 proto udp\npass out on vio1 proto udp\n");
	blocked(b, PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = &sent));
	a_to_b(UDP(A, B));
	b_to_a(PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = &sent));
	b_to_a(PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = A, .type = 11, .code = 0, .quote = &sent));	/* a router on the way */
	blocked(b, PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = UDP(A, B, .sport = 4444)));
	misfits(b, PKT(PK_ICMPERR, .src = B, .dst = "10.0.0.9", .type = 3, .code = 3, .quote = &sent));	/* it quotes another's */
	RX(a, UDP(A, B, .ttl = 1));			/* our own error goes out with the state */
	TX(a, ICMPERR("10.0.0.1", A, 11, 0, UDP(A, B, .ttl = 1)));
	COUNT(ips_ttl, 1);
}

CASE(pf_tcp_connection)
{
	lab_pf("block\npass in on vio0 proto tcp to port 4001\npass out on vio1\n");
	blocked(a, TCP(A, B, TH_ACK_, .seq = 1, .ack = 1));	/* flags S/SA */
	a_to_b(TCP(A, B, TH_SYN_, .seq = 999));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       CLOSED:SYN_SENT\n");
	b_to_a(TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       ESTABLISHED:ESTABLISHED\n",
	    "all tcp 10.0.0.2:4000 -> 10.0.1.2:4001       ESTABLISHED:ESTABLISHED\n");
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .len = 1400));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 2400, .len = 1400));
	a_to_b(TCP(A, B, TH_ACK_ | TH_FIN_, .seq = 2400, .ack = 6400));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       ESTABLISHED:CLOSING\n");
	b_to_a(TCP(B, A, TH_ACK_ | TH_FIN_, .sport = 4001, .dport = 4000, .seq = 6400, .ack = 2401));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 2401, .ack = 6401));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       FIN_WAIT_2:FIN_WAIT_2\n");
	a_to_b(TCP(A, B, TH_SYN_, .seq = 70000));		/* the same ports once more */
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       CLOSED:SYN_SENT\n");
	b_to_a(TCP(B, A, TH_RST_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 0, .ack = 70001));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       TIME_WAIT:TIME_WAIT\n");
}

/* A connection of which both ends have sent nothing yet; windows of 8192 bytes. */
static void
connected(void)
{
	lab_pf("block\npass in on vio0 proto tcp to port 4001\npass out on vio1\n");
	a_to_b(TCP(A, B, TH_SYN_, .seq = 999));
	b_to_a(TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000));
}

CASE(pf_tcp_windows)
{
	connected();
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000 + 8192 - 100, .ack = 5000, .len = 100));	/* the last that the window takes */
	misfits(a, TCP(A, B, TH_ACK_, .seq = 1000 + 8192 - 99, .ack = 5000, .len = 100));
	misfits(a, TCP(A, B, TH_ACK_, .seq = 1000u - 66000, .ack = 5000, .len = 1));	/* older than any retransmission */
	misfits(a, TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5001));			/* what was never sent */
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 1100, .win = 9000));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1100 + 9000 - 100, .ack = 5000, .len = 100));	/* it has moved */
	misfits(a, TCP(A, B, TH_ACK_, .seq = 1100 + 9000, .ack = 5000, .len = 1));
}

CASE(pf_tcp_window_scale)
{
	lab_pf("block\npass in on vio0 proto tcp to port 4001\npass out on vio1\n");
	a_to_b(TCP(A, B, TH_SYN_, .seq = 999, .wscale = 7));
	b_to_a(TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000, .wscale = 3));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .win = 100));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 1000, .win = 2000));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000 + 16000 - 1, .ack = 5000, .len = 1, .win = 100));	/* 2000 << 3 */
	misfits(a, TCP(A, B, TH_ACK_, .seq = 1000 + 16000, .ack = 5000, .len = 1, .win = 100));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000 + 12800 - 1, .ack = 1000, .len = 1, .win = 2000));	/* 100 << 7 */
	misfits(b, TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000 + 12800, .ack = 1000, .len = 1, .win = 2000));
	SAY("pfctl -vs states", "wscale 3", "wscale 7", "age 00:00:00, expires in 24:00:00", " pkts, ", " bytes, rule 1\n");
}

/* checklist: pf/tcp:rst */
CASE(pf_tcp_reset)
{
	connected();
	misfits(b, TCP(B, A, TH_RST_, .sport = 4001, .dport = 4000, .seq = 5100));	/* within the window, but not the next byte */
	misfits(b, TCP(B, A, TH_RST_, .sport = 4001, .dport = 4000, .seq = 0));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .len = 10));
	b_to_a(TCP(B, A, TH_RST_, .sport = 4001, .dport = 4000, .seq = 5000));
	SAY("pfctl -s states", "TIME_WAIT:TIME_WAIT\n");
}

/* An end that has closed gets what was on its way, and answers each with a reset whose number is what that acknowledges. */
CASE(pf_tcp_reset_of_late_data)
{
	connected();
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .len = 10));
	a_to_b(TCP(A, B, TH_ACK_ | TH_FIN_, .seq = 1010, .ack = 5000));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 1000, .len = 100));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5100, .ack = 1010, .len = 100));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5200, .ack = 1011, .len = 100));
	a_to_b(TCP(A, B, TH_RST_, .seq = 1000));
	SAY("pfctl -s states", "all tcp 10.0.1.2:4001 <- 10.0.0.2:4000       ESTABLISHED:FIN_WAIT_2\n");
	misfits(a, TCP(A, B, TH_RST_, .seq = 1012));
	misfits(a, TCP(A, B, TH_RST_, .seq = 1011u - 66001));
	misfits(b, TCP(B, A, TH_RST_, .sport = 4001, .dport = 4000, .seq = 5100));	/* it has not closed */
	a_to_b(TCP(A, B, TH_RST_, .seq = 1011));
	SAY("pfctl -s states", "TIME_WAIT:TIME_WAIT\n");
	a_to_b(TCP(A, B, TH_RST_, .seq = 1010));
}

CASE(pf_block_return)
{
	lab_pf("block return\npass out\n");
	RX(a, TCP(A, B, TH_SYN_, .seq = 999));
	TX(a, TCP(B, A, TH_RST_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 0, .ack = 1000, .win = 0, .anyid = true, .off = IP_DF_));
	COUNT(pfs_blocked, 1);
	RX(a, TCP(A, B, TH_ACK_, .seq = 999, .ack = 77, .len = 5));
	TX(a, TCP(B, A, TH_RST_, .sport = 4001, .dport = 4000, .seq = 77, .win = 0, .anyid = true, .off = IP_DF_));
	COUNT(pfs_blocked, 1);
	blocked(a, TCP(A, B, TH_RST_, .seq = 999));
	RX(a, UDP(A, B));
	TX(a, ICMPERR("10.0.0.1", A, 3, 3, UDP(A, B)));
	COUNT(pfs_blocked, 1);
	blocked(a, ECHO(A, B));
	COUNT(pfs_rstout, 2);
}

/* Who has asked for the router's address hears from that, not from whom rdr-to names. */
CASE(pf_block_return_of_rdr)
{
	lab_pf("block return\npass in on vio0 inet proto { tcp udp } to 10.0.0.1 port 2000 rdr-to 10.0.1.2 port 53\n");
	for (unsigned port = 4000; port < 4008; port++) {
		RX(a, TCP(A, "10.0.0.1", TH_SYN_, .sport = port, .dport = 2000, .seq = 999));
		TX(a, TCP("10.0.0.1", A, TH_RST_ | TH_ACK_, .sport = 2000, .dport = port, .seq = 0, .ack = 1000, .win = 0, .anyid = true, .off = IP_DF_));
		RX(a, UDP(A, "10.0.0.1", .sport = port, .dport = 2000));
		TX(a, ICMPERR("10.0.0.1", A, 3, 3, UDP(A, "10.0.0.1", .sport = port, .dport = 2000, .ttl = 63)));
		COUNT(pfs_blocked, 2);
	}
	COUNT(pfs_rstout, 8);
}

/* A segment that is damaged is nobody's: RFC 9293 3.1. */
CASE(pf_block_return_checksum)
{
	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1\nblock return out\n");
	RX(a, TCP(A, B, TH_SYN_, .seq = 999, .len = 5, .badl4sum = true));
	NONE(a);
	COUNT(pfs_protcksum, 1);
	SAY("pfctl -s info", "  proto-cksum                            1");
	RX(a, TCP(A, B, TH_SYN_, .seq = 999, .len = 5));
	TX(a, TCP(B, A, TH_RST_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 0, .ack = 1005, .win = 0, .anyid = true, .off = IP_DF_));
	COUNT(pfs_blocked, 1);
	RX(a, UDP(A, B, .badl4sum = true));
	TX(a, ICMPERR("10.0.0.1", A, 3, 3, UDP(A, B, .badl4sum = true, .ttl = 63)));
	COUNT(pfs_blocked, 1);
}

/* States are those of the rules that made them, until they end. */
CASE(pf_reload_keeps_states)
{
	connected();
	SAY("pfctl -f - <<EOF\nblock\nEOF");
	SAY("pfctl -s rules", "block drop all\n");
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .len = 10));
	b_to_a(TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 1010));
	blocked(a, TCP(A, B, TH_SYN_, .seq = 1, .sport = 5000));
	SAY("show config", "# /etc/pf.conf\nblock\n");
	SAY("pfctl -f - <<EOF\nblock\npass at dawn\nEOF", "stdin:2: syntax error", "pf rules not loaded");
	SAY("pfctl -f - <<EOF\npass out inet proto tcp synproxy state\nEOF", "stdin:1: ", "not supported");
	SAY("pfctl -s rules", "block drop all\n");
	SAY("pfctl -F states", "2 states cleared");
	blocked(a, TCP(A, B, TH_ACK_, .seq = 1010, .ack = 5000, .len = 10));
}

/* checklist: pf/killstate:v4 */
CASE(pf_kill_states)
{
	lab_pf("pass\n");
	a_to_b(UDP(A, B));
	a_to_b(UDP(A, B, .sport = 4002));
	b_to_a(UDP(B, A, .sport = 7, .dport = 8));
	SAY("pfctl -k 10.0.0.0/24 -k 10.0.1.9", "killed 0 states");
	SAY("pfctl -k 10.0.0.0/24 -k 10.0.1.2", "killed 4 states");
	SAY("pfctl -s states", "10.0.1.2:7");
	SAY("pfctl -k 0.0.0.0/0", "killed 2 states");
}

static void
table_says(const char *line, const char *dir, const char *op, unsigned packets, unsigned bytes)
{
	SAY(line, sim_print("\t%s/%-*s [ Packets: %-18u Bytes: %-18u ]\n", dir, strcmp(dir, "In") == 0 ? 9 : 8, op, packets, bytes));
}

/* checklist: pf/table:v4_counters, pf/table:zero_one, pf/table:zero_all, pf/table:reset_nonzero */
/* Each address and the table count what rules that name it have done, states' packets too; behind a new ruleset as before. */
CASE(pf_table_counters)
{
	static const char rules[] = "table <t> persist counters { 10.0.0.2 10.0.7.0/24 }\npass out\npass in on vio1\nblock in quick on vio0 proto udp from <t> to port 7\n"
	    "match in on vio0 proto udp from <t> to port 9\npass in on vio0 proto udp from <t>\n", show[] = "pfctl -vt t -T show", all[] = "pfctl -vvsTables";

	lab_pf(rules);
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(show, "In", "Pass:", 1, 48);
	b_to_a(UDP(B, A, .sport = 8, .dport = 1000));
	table_says(show, "Out", "Pass:", 1, 48);
	RX(a, UDP(A, B, .sport = 1000, .dport = 7));
	NONE(b);
	COUNT(pfs_blocked, 1);
	table_says(show, "In", "Block:", 1, 48);
	a_to_b(UDP(A, B, .sport = 1000, .dport = 9));
	a_to_b(UDP(A, B, .sport = 1000, .dport = 9));
	table_says(show, "In", "Match:", 2, 96);
	table_says(show, "In", "Pass:", 3, 144);
	table_says(all, "In", "Pass:", 3, 144);
	SAY(all, "-pa-r-C\tt\n\tAddresses:   2\n\tCleared:     ");
	SAY(sim_print("pfctl -f - <<EOF\n%sEOF", rules));
	table_says(show, "In", "Pass:", 3, 144);
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(show, "In", "Pass:", 4, 192);
	SAY("pfctl -t t -T delete 10.0.0.2", "1/1 addresses deleted.");
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(all, "In", "Pass:", 4, 192);
	table_says(all, "In", "XPass:", 1, 48);
	SAY("pfctl -t t -T add 10.0.0.2 10.0.0.3", "2/2 addresses added.");
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(show, "In", "Pass:", 1, 48);
	SAY("pfctl -t t -T replace 10.0.0.2 10.0.9.0/24", "1 addresses added.\n2 addresses deleted.\n");
	table_says(show, "In", "Pass:", 1, 48);
	SAY("pfctl -vt t -T zero 10.0.9.0/24 10.0.9.9", "1/2 addresses cleared.\nZ  10.0.9.0/24\n");
	table_says(show, "In", "Pass:", 1, 48);
	SAY("pfctl -t t -T zero 10.0.0.2", "1/1 addresses cleared.");
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(show, "In", "Pass:", 1, 48);
	table_says(all, "In", "Pass:", 6, 288);
	SAY("pfctl -t t -T zero", "1 table/stats cleared.");
	table_says(all, "In", "Pass:", 0, 0);
	a_to_b(UDP(A, B, .sport = 1000, .dport = 8));
	table_says(show, "In", "Pass:", 1, 48);
	table_says(all, "In", "Pass:", 1, 48);
}

/* What a rule translates it has matched as it came; and what is only logged has no part in what becomes of the packet. */
CASE(pf_table_counters_translated)
{
	static const char show[] = "pfctl -vt t -T show", all[] = "pfctl -vvsTables";

	lab_pf("table <t> counters { 10.0.0.2 }\npass\nmatch log (matches)\nblock out on vio1 proto udp from <t>\npass out on vio1 proto udp from <t> nat-to 10.0.1.1 static-port\n");
	for (unsigned i = 1; i < 4; i++) {
		RX(a, UDP(A, B, .sport = 1000, .dport = 8));
		TX(b, UDP("10.0.1.1", B, .sport = 1000, .dport = 8, .ttl = 63));
		table_says(show, "Out", "Pass:", i, 48 * i);
		table_says(all, "Out", "XPass:", 0, 0);
		table_says(all, "Out", "Block:", 0, 0);
	}
	SAY("pfctl -F states");
	SAY("pfctl -f - <<EOF\ntable <t> counters { 10.0.1.2 }\npass\nmatch in on vio0 inet proto udp rdr-to " B "\npass in on vio0 proto udp to <t>\nEOF");
	for (unsigned i = 1; i < 4; i++) {
		RX(a, UDP(A, "10.0.9.9", .sport = 1000, .dport = 8));
		TX(b, UDP(A, B, .sport = 1000, .dport = 8, .ttl = 63));
		table_says(show, "In", "Pass:", i, 48 * i);
		table_says(all, "In", "XPass:", 0, 0);
	}
}

/* checklist: pf/table:network, pf/table:match_counters */
CASE(pf_tables)
{
	lab_pf("table <good> const { 10.0.0.0/24 !10.0.0.8/29 10.0.0.9 }\nblock in on vio0\npass in on vio0 from <good>\n");
	a_to_b(UDP(A, B));
	blocked(a, UDP("10.0.0.10", B));
	a_to_b(UDP("10.0.0.9", B));
	blocked(a, UDP("10.0.2.1", B));
	SAY("pfctl -s Tables", "good\n");
}

CASE(pf_limits)
{
	lab_pf("set limit states 4\npass\n");
	a_to_b(UDP(A, B, .sport = 1));
	a_to_b(UDP(A, B, .sport = 2));
	RX(a, UDP(A, B, .sport = 3));
	NONE(b);
	COUNT(pfs_maxstates, 1);
	a_to_b(UDP(A, B, .sport = 1));
	SAY("pfctl -s info", "state-limit                            1");
	SAY("pfctl -f - <<EOF\npass in no state\npass out keep state (max 1)\nEOF");
	SAY("pfctl -F states");
	a_to_b(UDP(A, B, .sport = 1));
	RX(a, UDP(A, B, .sport = 3));
	NONE(b);
	COUNT(pfs_maxstates, 1);
}

CASE(pf_anchors_and_tags)
{
	lab_pf("match in on vio0 tag FROM_A\nblock\nanchor on vio0 proto udp {\n pass in proto udp to port 53\n anchor \"deep\" {\n  pass in quick proto udp to port 54\n }\n}\n"
	    "block in proto udp to port 54\npass out tagged FROM_A\n");
	a_to_b(UDP(A, B, .dport = 53));
	a_to_b(UDP(A, B, .dport = 54));
	blocked(a, UDP(A, B, .dport = 55));
	SAY("pfctl -f - <<EOF\npass in\nblock out\npass out tagged FROM_A\nEOF");
	blocked(a, UDP(A, B, .dport = 80));
}

CASE(pf_skip_and_dynamic)
{
	lab_pf("set skip on vio1\nblock return-icmp in\npass in from any to (vio1) \npass in from (vio0:network) to 10.1.0.0/16\n");
	RX(a, ECHO(A, "10.0.1.1"));
	TX(a, ECHOREPLY("10.0.1.1", A));
	RX(a, UDP(A, B));
	TX(a, ICMPERR("10.0.0.1", A, 3, 3, UDP(A, B)));
	COUNT(pfs_blocked, 1);
	b_to_a(UDP(B, A));
	SAY("ifconfig vio1 inet alias 10.1.0.9/32");
	raw_forget(b);				/* it is announced */
	RX(a, ECHO(A, "10.1.0.9"));
	TX(a, ECHOREPLY("10.1.0.9", A));
}

/* checklist: pf/fragmentation:reassemble */
CASE(pf_fragments)
{
	lab_pf("block\npass in on vio0 proto udp to port 4001\npass out on vio1\n");
	RX(a, UDP(A, B, .len = 100, .off = IP_MF_, .part = 64));
	NONE(b);
	RX(a, UDP(A, B, .len = 100, .from = 64, .part = 44));
	TX(b, UDP(A, B, .len = 100, .ttl = 63));
	RX(b, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .from = 1600, .part = 1408));
	RX(b, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .off = IP_MF_, .part = 1600 - 1480 + 1360));
	RX(b, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .off = IP_MF_, .from = 1480, .part = 120));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .off = IP_MF_, .part = 1480, .ttl = 63));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .off = IP_MF_, .from = 1480, .part = 1480, .ttl = 63));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .len = 3000, .from = 2960, .part = 48, .ttl = 63));
	RX(a, UDP(A, B, .dport = 5000, .len = 100, .off = IP_MF_, .part = 64));
	RX(a, UDP(A, B, .dport = 5000, .len = 100, .from = 64, .part = 44));
	COUNT(pfs_blocked, 1);
	RX(a, UDP(A, B, .len = 100, .off = IP_MF_ | IP_DF_, .part = 64));
	COUNT(pfs_frag, 1);
}

/* The oldest give way, whoever sent them; what needs more than all is given up. */
CASE(pf_limit_frags)
{
	lab_pf("set limit frags 2\npass\n");
	SAY("pfctl -sm", "frags         hard limit        2\n");
	for (unsigned i = 0; i < 3; i++)
		RX(a, UDP(sim_print("10.0.0.%u", 20 + i), B, .id = i, .len = 2000, .part = 1480, .off = IP_MF_));
	COUNT(ips_fragevict, 1);
	for (unsigned i = 1; i < 3; i++) {
		RX(a, UDP(sim_print("10.0.0.%u", 20 + i), B, .id = i, .len = 2000, .from = 1480, .part = 528));
		TX(b, UDP(sim_print("10.0.0.%u", 20 + i), B, .id = i, .len = 2000, .part = 1480, .off = IP_MF_, .ttl = 63));
		TX(b, UDP(sim_print("10.0.0.%u", 20 + i), B, .id = i, .len = 2000, .from = 1480, .part = 528, .ttl = 63));
		COUNT(ips_fragevict, i == 1);			/* the other's first part, for this one's second */
		if (i == 1)
			RX(a, UDP(sim_print("10.0.0.%u", 22u), B, .id = 2, .len = 2000, .part = 1480, .off = IP_MF_));
	}
	for (unsigned i = 0; i < 3; i++)
		RX(a, UDP(A, B, .id = 9, .len = 4000, .from = i * 1480, .part = i < 2 ? 1480 : 1048, .off = i < 2 ? IP_MF_ : 0));
	COUNT(ips_fragmany, 3);
	SAY("pfctl -f - <<EOF\nset limit frags 3\npass\nEOF", "");
	for (unsigned i = 0; i < 3; i++)
		RX(a, UDP(A, B, .id = 10, .len = 4000, .from = i * 1480, .part = i < 2 ? 1480 : 1048, .off = i < 2 ? IP_MF_ : 0));
	for (unsigned i = 0; i < 3; i++)
		TX(b, UDP(A, B, .id = 10, .len = 4000, .from = i * 1480, .part = i < 2 ? 1480 : 1048, .off = i < 2 ? IP_MF_ : 0, .ttl = 63));
}

/* checklist: pf/fragmentation:no_df */
CASE(pf_fragments_as_they_are)
{
	lab_pf("set reassemble no\nblock\npass in on vio0 proto udp from 10.0.0.2 to port 4001\npass out on vio1\npass fragment\n");
	a_to_b(UDP(A, B, .len = 100, .off = IP_MF_, .part = 64));
	a_to_b(UDP(A, B, .len = 100, .from = 64, .part = 44));
	SAY("pfctl -s info", "current entries                        0");
	SAY("pfctl -f - <<EOF\nset reassemble no\nblock\npass in on vio0 proto udp to port 4001\npass out\nEOF");
	blocked(a, UDP(A, B, .len = 100, .from = 64, .part = 44));	/* it has no port */
	SAY("pfctl -f - <<EOF\nset reassemble yes no-df\npass\nEOF");
	RX(a, UDP(A, B, .len = 100, .off = IP_MF_ | IP_DF_, .part = 64));
	RX(a, UDP(A, B, .len = 100, .off = IP_DF_, .from = 64, .part = 44));
	TX(b, UDP(A, B, .len = 100, .ttl = 63));
}

/* Answers may come home to another core than what they answer, which then has a note. */
CASE(pf_nat_static_port)
{
	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to (vio1) static-port\nblock\npass in on vio0\npass out on vio1 from 10.0.1.1\n");
	for (unsigned port = 4000; port < 4008; port++) {
		RX(a, UDP(A, B, .sport = port));
		TX(b, UDP("10.0.1.1", B, .sport = port, .ttl = 63));
		RX(b, UDP(B, "10.0.1.1", .sport = 4001, .dport = port));
		TX(a, UDP(B, A, .sport = 4001, .dport = port, .ttl = 63));
		RX(a, UDP(A, B, .sport = port, .len = 0));
		TX(b, UDP("10.0.1.1", B, .sport = port, .ttl = 63, .len = 0));
	}
	SAY("pfctl -s states", "all udp 10.0.1.1:4000 (10.0.0.2:4000) -> 10.0.1.2:4001       MULTIPLE:MULTIPLE\n",
	    "all udp 10.0.1.2:4001 <- 10.0.0.2:4000       MULTIPLE:MULTIPLE\n");
	RX(a, UDP("10.0.0.9", B, .sport = 4000));		/* the port is taken: by rules behind the match, what is translated is seen so */
	NONE(b);
	COUNT(pfs_translate, 1);
	SAY("pfctl -k 10.0.0.0/24", "killed 17 states");
	RX(b, UDP(B, "10.0.1.1", .sport = 4001, .dport = 4000));
	NONE(a);
	COUNT(pfs_blocked, 1);
}

/* checklist: pf/icmp:ttl_exceeded */
CASE(pf_nat_icmp_errors)
{
	static const struct pkt out = { .kind = PK_UDP, .src = "10.0.1.1", .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };
	static const struct pkt orig = { .kind = PK_UDP, .src = A, .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };

	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1 static-port\nblock\npass in on vio0\npass out on vio1\n");
	RX(a, UDP(A, B));
	TX(b, &out);
	RX(b, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = "10.0.1.1", .type = 11, .code = 0, .quote = &out));
	TX(a, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = A, .type = 11, .code = 0, .quote = &orig, .ttl = 63));
	RX(b, PKT(PK_ICMPERR, .src = B, .dst = "10.0.1.1", .type = 3, .code = 3, .quote = &out));
	TX(a, PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = &orig, .ttl = 63));
}

/* checklist: pf/rdr:basic */
CASE(pf_rdr)
{
	static const struct pkt in = { .kind = PK_UDP, .src = A, .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 53, .len = 20 };

	lab_pf("block\npass in on vio0 inet proto { tcp udp } to 10.0.0.1 port 2000:2009 rdr-to 10.0.1.2 port 53:*\npass out on vio1\n");
	for (unsigned port = 4000; port < 4008; port++) {
		RX(a, UDP(A, "10.0.0.1", .sport = port, .dport = 2000));
		TX(b, UDP(A, B, .sport = port, .dport = 53, .ttl = 63));
		RX(b, UDP(B, A, .sport = 53, .dport = port));
		TX(a, UDP("10.0.0.1", A, .sport = 2000, .dport = port, .ttl = 63));
	}
	RX(a, UDP(A, "10.0.0.1", .sport = 5000, .dport = 2003));
	TX(b, UDP(A, B, .sport = 5000, .dport = 56, .ttl = 63));
	SAY("pfctl -s states", "all udp 10.0.1.2:53 (10.0.0.1:2000) <- 10.0.0.2:4000       SINGLE:MULTIPLE\n");
	RX(b, PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = &in));
	TX(a, PKT(PK_ICMPERR, .src = "10.0.0.1", .dst = A, .type = 3, .code = 3, .ttl = 63,
	    .quote = UDP(A, "10.0.0.1", .ttl = 63, .dport = 2000)));
	RX(a, TCP(A, "10.0.0.1", TH_SYN_, .dport = 2000, .seq = 999));
	TX(b, TCP(A, B, TH_SYN_, .dport = 53, .seq = 999, .ttl = 63));
	RX(b, TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 53, .dport = 4000, .seq = 4999, .ack = 1000));
	TX(a, TCP("10.0.0.1", A, TH_SYN_ | TH_ACK_, .sport = 2000, .dport = 4000, .seq = 4999, .ack = 1000, .ttl = 63));
}

CASE(pf_binat)
{
	lab_pf("pass\npass on vio1 inet from 10.0.0.2 to any binat-to 10.1.0.77\n");
	RX(a, UDP(A, B));
	TX(b, UDP("10.1.0.77", B, .ttl = 63));
	RX(b, UDP(B, "10.1.0.77", .sport = 4001, .dport = 4000));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .ttl = 63));
	RX(b, UDP(B, "10.1.0.77", .sport = 9, .dport = 10));
	TX(a, UDP(B, A, .sport = 9, .dport = 10, .ttl = 63));
	RX(a, UDP(A, B, .sport = 10, .dport = 9));
	TX(b, UDP("10.1.0.77", B, .sport = 10, .dport = 9, .ttl = 63));
}

/* Ports and identifiers are chosen, so that all answers find their way; two flows that ask for the same one get two. */
CASE(pf_nat_chosen_ports)
{
	unsigned n;

	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to (vio1)\npass\n");
	for (unsigned i = 0; i < 50; i++) {
		RX(a, UDP(A, B, .sport = 1000 + i));
		RX(a, ECHO(A, B, .sport = i));
	}
	SIM_CHECK(raw_forget(b) == 100, "not all are translated");
	SAY("pfctl -s info", "current entries                      200");
	SAY("pfctl -f - <<EOF\npass\nmatch out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1 port 6000:6001\nEOF");
	for (unsigned i = 0; i < 50; i++)
		RX(a, UDP(A, B, .sport = 3000 + i));	/* checklist: pf/nat:exhaust */
	n = raw_forget(b);
	SIM_CHECK(n > 0 && n <= 2, "two ports are for two flows, not for %u", n);
	COUNT(pfs_translate, 50 - n);
}

/* Of rules that translate one after the other each changes what it says, and the rest stays as the one before has made it. */
CASE(pf_rdr_twice)
{
	lab_pf("match in on vio0 inet proto udp to 10.0.0.1 port 53 rdr-to 10.1.0.5 port 5353\nmatch in on vio0 inet proto udp to 10.1.0.5 port 5353 rdr-to 10.1.0.6\n"
	    "block\npass in proto udp to 10.1.0.6 port 5353\npass out\n");
	RX(a, UDP(A, "10.0.0.1", .dport = 53));
	TX(b, UDP(A, "10.1.0.6", .dport = 5353, .ttl = 63));
	RX(b, UDP("10.1.0.6", A, .sport = 5353, .dport = 4000));
	TX(a, UDP("10.0.0.1", A, .sport = 53, .dport = 4000, .ttl = 63));
}

/* No end of a connection sends it (RFC 9293 3.10.7): no rule lets it pass, no state knows it. */
CASE(pf_tcp_odd_flags)
{
	static const unsigned odd[] = { 0, TH_FIN_, TH_SYN_ | TH_FIN_, TH_SYN_ | TH_RST_, 0x29, TH_SYN_ | TH_FIN_ | TH_ACK_ };

	lab_pf("pass no state\n");
	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		RX(a, TCP(A, B, odd[i]));
		COUNT(pfs_norm, 1);
	}
	SAY("pfctl -s info", "normalize                              6 ");
	a_to_b(TCP(A, B, TH_SYN_));
	a_to_b(TCP(A, B, TH_RST_));
	a_to_b(TCP(A, B, TH_FIN_ | TH_ACK_));
	a_to_b(TCP(A, B, TH_SYN_ | TH_ACK_));
	a_to_b(TCP(A, B, TH_ACK_, .len = 10));
}

/* A packet that is only asked about belongs to the state of one that has gone, the answer too; it makes none itself. */
CASE(pf_test_knows_states)
{
	lab_pf("block\npass in on vio0 proto udp\npass out on vio1\n");
	SAY("pfctl test in on vio0 proto udp from " A " port 4000 to " B " port 4001", "@1 pass in on vio0 proto udp all\n");
	SAY("pfctl -s info", "current entries                        0");
	a_to_b(UDP(A, B));
	SAY("pfctl test in on vio0 proto udp from " A " port 4000 to " B " port 4001", "it belongs to a state, whatever rules say: all udp " B ":4001 <- " A ":4000");
	SAY("pfctl test in on vio1 proto udp from " B " port 4001 to " A " port 4000", "@0 block drop all\nit belongs to a state");
	SAY("pfctl -s info", "current entries                        2");
}

/* What interfaces say of themselves when they get their addresses. */
static void
announced(void)
{
	raw_forget(a);
	raw_forget(b);
}

/* A router that is to have a filter and has none yet, as its first configuration was refused, is closed, also when it is set up by hand. */
CASE(pf_closed_until_it_loads)
{
	lab_pf("pass\nblock on\n");
	SAY("dmesg", "/etc/pf.conf:2: syntax error");
	SAY("ifconfig vio0 inet 10.0.0.1/24 up");
	SAY("arp -s 10.0.0.2 " MAC_A);
	SAY("sysctl net.inet.ip.forwarding=1");
	announced();
	RX(a, ECHO(A, "10.0.0.1"));
	NONE(a);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -s rules", "block drop all\n");
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "# /etc/pf.conf\npass in on nowhere from\nEOF", "syntax error");
	announced();
	blocked(a, UDP(A, "10.0.0.1"));
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "# /etc/pf.conf\npass\nEOF");
	announced();
	a_to_b(UDP(A, B));
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "EOF");
	a_to_b(UDP(A, B));
	announced();
}

/* Addresses come before the rules: whether they are somebody else's is asked all the same. */
CASE(pf_closed_but_for_dad)
{
	lab_custom("inet6 fd00::1/64\n", "inet6 fd00:1::1/64\n", "# /etc/pf.conf\npass\n");
	SAY("netstat -s -p pf", "\t0 packets blocked by rules\n");
	SAY("netstat -s -p nd6", "\t4 neighbor solicitations for addresses of ours sent\n");
	raw_forget(a);
	raw_forget(b);
}

/* The same, but what loads then has no filter: it is open, as a router without pf.conf is. */
CASE(pf_closed_until_another_loads)
{
	lab_pf("block on\n");
	SAY("dmesg", "/etc/pf.conf:1: syntax error");
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "EOF");
	announced();
	a_to_b(UDP(A, B));
	SAY("pfctl -s info", "Status: Disabled");
}

/* A bad pf.conf takes the whole configuration back; one that is gone takes its states with it. */
CASE(pf_in_the_configuration)
{
	lab_pf("block in on vio0\n");
	blocked(a, UDP(A, B));
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "# /etc/pf.conf\npass\nblock on\nEOF", "/etc/pf.conf:2: syntax error");
	blocked(a, UDP(A, B));
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "# /etc/pf.conf\npass\nEOF");
	a_to_b(UDP(A, B));
	SAY("show config", "# /etc/pf.conf\npass\n");
	SAY("load <<EOF\n# /etc/hostname.vio0\n" VIO0 "# /etc/hostname.vio1\n" VIO1 SYSCTL "EOF");
	a_to_b(UDP(A, B));
	SAY("pfctl -s info", "Status: Disabled", "current entries                        0");
	raw_forget(a);
	raw_forget(b);
}

/* ---- the flow path ---- */

/* It went by the flow path; or did not. */
static void
by_flow(void (*way)(const struct pkt *), const struct pkt *p, bool flow)
{
	way(p);
	COUNT(flows_hits, flow);
}

CASE(pf_flow_tcp)
{
	lab_pf("pass\n");
	a_to_b(TCP(A, B, TH_SYN_, .seq = 999, .wscale = 7));
	b_to_a(TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000, .wscale = 3));
	a_to_b(TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .win = 100));
	by_flow(a_to_b, TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000, .win = 100, .len = 1400), true);
	by_flow(b_to_a, TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000, .ack = 2400, .win = 1000, .len = 1400), true);
	by_flow(a_to_b, TCP(A, B, TH_ACK_, .seq = 2400, .ack = 6400, .win = 101, .len = 10), false);	/* opens the window wider than ever */
	by_flow(a_to_b, TCP(A, B, TH_ACK_, .seq = 2410, .ack = 6400, .win = 101, .len = 10), true);
	by_flow(a_to_b, TCP(A, B, TH_ACK_, .seq = 2410, .ack = 6400, .win = 0), false);
	by_flow(a_to_b, TCP(A, B, TH_ACK_ | TH_FIN_, .seq = 2420, .ack = 6400, .win = 101), false);
	by_flow(b_to_a, TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 6400, .ack = 2421, .win = 1000), false);
}

/* The server of a redirected connection calls from the port that was redirected: its packet would be found by the state of the other one. */
CASE(pf_state_key_taken)
{
	lab_pf("match in on vio0 inet proto udp to port 4001 rdr-to 10.1.0.9\npass\n");
	RX(a, UDP(A, B));
	TX(b, UDP(A, "10.1.0.9", .ttl = 63));
	if (sim.cores > 1)		/* on another core it is a note that has the key, and the packet goes to the state */
		return;
	RX(b, UDP(B, A, .sport = 4001, .dport = 4000));
	NONE(a);
	COUNT(pfs_stateins, 1);
}

/* checklist: pf/rules_counter:get_clear */
CASE(pf_zero_counters)
{
	lab_pf("pass\n");
	a_to_b(UDP(A, B));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000));
	a_to_b(UDP(A, B));
	SAY("pfctl -vs rules", "Evaluations: 2 ", "Packets: 6 ", "Bytes: 288 ", "States: 2 ", "State Creations: 2 ");
	SAY("pfctl -zvs rules", "Packets: 6 ", "pf: rule counters cleared");	/* shown as they were */
	SAY("pfctl -vs rules", "Evaluations: 0 ", "Packets: 0 ", "Bytes: 0 ", "States: 2 ", "State Creations: 0 ");
	a_to_b(UDP(A, B));
	SAY("pfctl -vs rules", "Packets: 2 ", "Bytes: 96 ");
	SAY("pfctl -F states", "2 states cleared");
	SAY("pfctl -vs rules", "Packets: 2 ", "Bytes: 96 ", "States: 0 ");
	SAY("pfctl -s states", "");
}

/* Packets that several cores log come in the order of their time. */
CASE(pf_log)
{
	const char *line;

	lab_pf("pass in log on vio0 proto udp\npass out\nblock in log (all) on vio1\n# /etc/hostname.pflog0\nup\n");
	router_type(r, "tcpdump -ntei pflog0 -c 40\r");
	sim_run(ms(500));
	for (unsigned i = 0; i < 20; i++) {
		a_to_b(UDP(A, B, .sport = 4000 + i));
		sim_run(ms(1));
		blocked(b, UDP(B, A, .sport = 7000 + i));
		sim_run(ms(1));
	}
	sim_run(ms(500));
	SIM_CHECK(strstr(r->r_console, "40 packets received by filter\n0 packets dropped by kernel\n") != NULL, "all are there:\n%s", r->r_console);
	line = strstr(r->r_console, "link-type PFLOG");
	for (unsigned i = 0; i < 20; i++) {
		line = strstr(line, sim_print("rule 0/(match) pass in on vio0: 10.0.0.2.%u > 10.0.1.2.4001: udp 20\n", 4000 + i));
		SIM_CHECK(line != NULL, "in order");
		line = strstr(line, sim_print("rule 2/(match) block in on vio1: 10.0.1.2.%u > 10.0.0.2.4001: udp 20\n", 7000 + i));
		SIM_CHECK(line != NULL, "in order");
	}
}

/* The rules that log a state's packets stay with it, whatever is loaded. */
CASE(pf_log_of_replaced_rules)
{
	lab_pf("block in on vio0 proto tcp\nblock in on vio1\nmatch in log (all) on vio0 proto udp\npass in on vio0\npass out\n# /etc/hostname.pflog0\nup\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -f - <<EOF\nblock\nEOF");
	router_type(r, "tcpdump -ntei pflog0 -c 3\r");
	sim_run(ms(500));
	for (unsigned i = 0; i < 3; i++)
		a_to_b(UDP(A, B));
	sim_run(ms(500));
	SIM_CHECK(strstr(r->r_console, "3 packets received by filter\n0 packets dropped by kernel\n") != NULL, "all are there:\n%s", r->r_console);
	SIM_CHECK(strstr(r->r_console, "(match) match in on vio0: 10.0.0.2.4000 > 10.0.1.2.4001: udp 20\n") != NULL, "by the rule:\n%s", r->r_console);
}

/* The tag of a state stays its own: a ruleset that is loaded later does not give its number to another. */
CASE(pf_tag_of_replaced_rules)
{
	lab_pf("pass in on vio0 tag OLD\npass out\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -f - <<EOF\nblock\nEOF");
	SAY("pfctl -f - <<EOF\nblock\npass out tagged NEW\nEOF");
	SAY("pfctl -k key -k 'udp 10.0.0.2:4000 -> 10.0.1.2:4001'", "killed 1 states");
	blocked(a, UDP(A, B));
	SAY("pfctl -f - <<EOF\nblock\npass out tagged OLD\nEOF");
	a_to_b(UDP(A, B));
}
