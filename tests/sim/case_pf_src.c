/* case_pf_src.c - what is tracked of sources: limits of what one may open, who goes over them, addresses of pools that stick. Each on one core and on three. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/pflab.h"

#define VIO0_MANY "inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n!arp -s 10.0.0.3 " MAC_A "\n!arp -s 10.0.0.4 " MAC_A "\n"
#define A3	"10.0.0.3"
#define A4	"10.0.0.4"

static void
lab_src(const char *rules)
{
	lab_custom(VIO0_MANY, VIO1, sim_print(SYSCTL "# /etc/pf.conf\n%s", rules));
}

static void
limited(const struct pkt *p)
{
	RX(a, p);
	NONE(b);
	COUNT(pfs_srclimit, 1);
}

/* checklist: pf/src_track:source_track, pf/src_track:max_src_states_rule */
CASE(pf_src_states)
{
	lab_src("block\npass in on vio0 proto udp keep state (max-src-states 3)\npass out on vio1\n");
	for (unsigned port = 1; port <= 3; port++)
		a_to_b(UDP(A, B, .sport = port));
	for (unsigned port = 4; port <= 8; port++)
		limited(UDP(A, B, .sport = port));
	a_to_b(UDP(A, B, .sport = 2));			/* it has one */
	a_to_b(UDP(A3, B, .sport = 9));
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 3, connections 0, rate 0.0/0s )\n", "10.0.0.3 -> 0.0.0.0 ( states 1, ");
	SAY("pfctl -vsS", "   age 00:00:00, 4 pkts, 192 bytes, filter rule 1\n", "   age 00:00:00, 1 pkts, 48 bytes, filter rule 1\n");
	SAY("pfctl -vsi", "Source Tracking Table", "current entries                        2", "  inserts                                2 ");
	SAY("pfctl -si", "src-limit                              5");
	AT(sec(75));
	a_to_b(UDP(A, B, .sport = 8));			/* the others are gone */
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 1, ");
	AT(sec(200));
	SAY("pfctl -vsi", "current entries                        0", "  removals                               3 ");
}

CASE(pf_src_nodes)
{
	lab_src("set timeout src.track 100\nblock\npass in on vio0 proto udp keep state (max-src-nodes 2)\npass out on vio1\n");
	a_to_b(UDP(A, B));
	a_to_b(UDP(A3, B));
	limited(UDP(A4, B));
	a_to_b(UDP(A3, B, .sport = 1));
	SAY("pfctl -F states", "6 states cleared");
	limited(UDP(A4, B));				/* it is remembered who was there */
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 0, ");
	AT(sec(95));
	limited(UDP(A4, B));
	AT(sec(105));
	a_to_b(UDP(A4, B));
}

/* checklist: pf/limits:basic */
CASE(pf_src_limit)
{
	lab_src("set limit src-nodes 1\nblock\npass in on vio0 proto udp keep state (source-track rule)\npass out on vio1\n");
	a_to_b(UDP(A, B));
	limited(UDP(A3, B));
	a_to_b(UDP(A, B, .sport = 1));
	SAY("pfctl -sm", "src-nodes     hard limit        1\n");
}

/* checklist: pf/src_track:max_src_states_global */
CASE(pf_src_global)
{
	lab_src("block\npass in on vio0 proto udp to port 1000 keep state (source-track global, max-src-states 2)\n"
	    "pass in on vio0 proto udp to port 2000 keep state (source-track global, max-src-states 3)\npass out on vio1\n");
	a_to_b(UDP(A, B, .sport = 1, .dport = 1000));
	a_to_b(UDP(A, B, .sport = 2, .dport = 2000));
	limited(UDP(A, B, .sport = 3, .dport = 1000));	/* two in all */
	a_to_b(UDP(A, B, .sport = 4, .dport = 2000));
	limited(UDP(A, B, .sport = 5, .dport = 2000));
	SAY("pfctl -vsS", "10.0.0.2 -> 0.0.0.0 ( states 3, ", " bytes\n");
}

/* ---- connections ---- */

static void
syn(const char *from, unsigned port)
{
	a_to_b(TCP(from, B, TH_SYN_, .sport = port, .seq = 999));
	b_to_a(TCP(B, from, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = port, .seq = 4999, .ack = 1000));
}

static void
connects(const char *from, unsigned port)
{
	syn(from, port);
	a_to_b(TCP(from, B, TH_ACK_, .sport = port, .seq = 1000, .ack = 5000));
}

/* The handshake that would be one connection too many does not end. */
static void
too_many(const char *from, unsigned port)
{
	syn(from, port);
	limited(TCP(from, B, TH_ACK_, .sport = port, .seq = 1000, .ack = 5000));
}

/* checklist: pf/src_track:max_src_conn_rule */
CASE(pf_src_connections)
{
	lab_src("block\npass in on vio0 proto tcp keep state (max-src-conn 2)\npass out on vio1\n");
	for (unsigned port = 1; port <= 5; port++)
		syn(A, port);				/* none is one yet */
	SAY("pfctl -s Sources", "( states 5, connections 0, ");
	a_to_b(TCP(A, B, TH_ACK_, .sport = 1, .seq = 1000, .ack = 5000));
	a_to_b(TCP(A, B, TH_ACK_, .sport = 2, .seq = 1000, .ack = 5000));
	limited(TCP(A, B, TH_ACK_, .sport = 3, .seq = 1000, .ack = 5000));
	SAY("pfctl -s Sources", "( states 4, connections 2, ");
	connects(A3, 1);
	b_to_a(TCP(B, A, TH_RST_ | TH_ACK_, .sport = 4001, .dport = 1, .seq = 5000, .ack = 1000));
	SAY("pfctl -s Sources", "( states 4, connections 2, ");	/* until the state is gone */
	SAY("pfctl -k 10.0.0.2", "killed 9 states");
	connects(A, 6);
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 1, connections 1, ");
	a_to_b(TCP(A, B, TH_SYN_, .sport = 7, .seq = 999));
	b_to_a(TCP(B, A, TH_RST_ | TH_ACK_, .sport = 4001, .dport = 7, .seq = 0, .ack = 1000));	/* never a connection */
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 2, connections 1, ");
}

CASE(pf_src_rate)
{
	lab_src("block\npass in on vio0 proto tcp keep state (max-src-conn-rate 3/10)\npass out on vio1\n");
	for (unsigned port = 1; port <= 3; port++)
		connects(A, port);
	SAY("pfctl -s Sources", "( states 3, connections 3, rate 3.0/10s )");
	too_many(A, 4);
	connects(A3, 4);
	AT(sec(5));
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 3, connections 3, rate 2.0/10s )");
	connects(A, 5);
	too_many(A, 6);
	AT(sec(30));
	SAY("pfctl -s Sources", "10.0.0.2 -> 0.0.0.0 ( states 4, connections 4, rate 0.0/10s )");
	connects(A, 7);
}

CASE(pf_src_overload)
{
	lab_src("table <bad> persist\nblock in quick from <bad>\npass in on vio0 proto tcp to port 4001 keep state (max-src-conn 2, overload <bad>)\n"
	    "pass in on vio0 proto udp\npass out on vio1\n");
	connects(A, 1);
	connects(A, 2);
	a_to_b(UDP(A, B, .sport = 1));
	too_many(A, 3);
	AFTER(ms(50));
	SAY("pfctl -t bad -T show", "   10.0.0.2\n");
	RX(a, UDP(A, B, .sport = 2));
	NONE(b);
	COUNT(pfs_blocked, 1);
	a_to_b(TCP(A, B, TH_ACK_, .sport = 1, .seq = 1000, .ack = 5000, .len = 10));	/* what there is goes on */
	a_to_b(UDP(A, B, .sport = 1));
	a_to_b(UDP(A3, B, .sport = 2));
	SAY("pfctl -f - <<EOF\npass keep state (max-src-conn 1, overload <none>)\nEOF", "stdin:1: the table of overload is not defined");
}

/* The table is the anchor's own, where it has one; also for a state from before a ruleset was loaded. */
CASE(pf_src_overload_anchor)
{
	static const char rules[] = "table <bad> persist\ntable <worse> persist\nanchor x {\n table <bad> persist\n pass in on vio0 proto tcp to port 4001 keep state (max-src-conn 2, "
	    "overload <bad>)\n pass in on vio0 proto tcp to port 4002 keep state (max-src-conn 1, overload <worse>)\n}\npass out on vio1\n";

	lab_src(rules);
	connects(A, 1);
	connects(A, 2);
	syn(A, 3);
	SAY(sim_print("pfctl -f - <<EOF\n%sEOF", rules));
	limited(TCP(A, B, TH_ACK_, .sport = 3, .seq = 1000, .ack = 5000));
	AFTER(ms(50));
	SAY("pfctl -t bad -T flush", "0 addresses deleted.");
	SAY("pfctl -a x -t bad -T flush", "1 addresses deleted.");
	SAY("pfctl -t worse -T flush", "0 addresses deleted.");
	a_to_b(TCP(A3, B, TH_SYN_, .sport = 1, .dport = 4002, .seq = 999));
	b_to_a(TCP(B, A3, TH_SYN_ | TH_ACK_, .sport = 4002, .dport = 1, .seq = 4999, .ack = 1000));
	a_to_b(TCP(A3, B, TH_ACK_, .sport = 1, .dport = 4002, .seq = 1000, .ack = 5000));
	a_to_b(TCP(A3, B, TH_SYN_, .sport = 2, .dport = 4002, .seq = 999));
	b_to_a(TCP(B, A3, TH_SYN_ | TH_ACK_, .sport = 4002, .dport = 2, .seq = 4999, .ack = 1000));
	limited(TCP(A3, B, TH_ACK_, .sport = 2, .dport = 4002, .seq = 1000, .ack = 5000));
	AFTER(ms(50));
	SAY("pfctl -t worse -T show", "   10.0.0.3\n");
}

/* flush ends the rule's states of the source, flush global all. */
CASE(pf_src_flush)
{
	static const char rules[] = "table <bad> persist\nblock in quick from <bad>\npass in on vio0 proto tcp keep state (max-src-conn 1, overload <bad> flush%s)\n"
	    "pass in on vio0 proto udp\npass out on vio1 proto tcp\npass out on vio1 proto udp\n";

	lab_src(sim_print(rules, ""));
	connects(A, 1);
	connects(A3, 1);
	a_to_b(UDP(A, B, .sport = 1));
	too_many(A, 2);
	AFTER(ms(50));
	RX(a, TCP(A, B, TH_ACK_, .sport = 1, .seq = 1000, .ack = 5000, .len = 10));
	NONE(b);
	COUNT(pfs_blocked, 1);
	a_to_b(UDP(A, B, .sport = 1));
	a_to_b(TCP(A3, B, TH_ACK_, .sport = 1, .seq = 1000, .ack = 5000, .len = 10));
	SAY("pfctl -F states");
	SAY("pfctl -t bad -T flush", "1 addresses deleted.");
	SAY(sim_print("pfctl -f - <<EOF\n%sEOF", sim_print(rules, " global")));
	connects(A, 1);
	a_to_b(UDP(A, B, .sport = 1));
	a_to_b(UDP(A3, B, .sport = 1));
	too_many(A, 2);
	AFTER(ms(50));
	RX(a, UDP(A, B, .sport = 1));
	NONE(b);
	COUNT(pfs_blocked, 1);
	a_to_b(UDP(A3, B, .sport = 1));
	SAY("pfctl -s states", "10.0.0.3");
}

/* ---- addresses that stick ---- */

static const char *
nat_of(const char *src, unsigned port)
{
	static struct raw_seen rs;

	RX(a, UDP(src, B, .sport = port));
	SIM_CHECK(raw_see(b, &rs), "%s:%u does not come out", src, port);
	return sim_print("%s", rs.rs_src);
}

/* checklist: pf/src_track:sn_types_pass */
CASE(pf_src_sticky)
{
	const char *first, *other;

	lab_src("set timeout src.track 20\nmatch out on vio1 inet proto udp from 10.0.0.0/24 nat-to { 10.1.0.4, 10.1.0.5, 10.1.0.6 } random sticky-address\n"
	    "pass in on vio0\npass out on vio1 keep state (source-track rule)\n");
	first = nat_of(A, 1);
	for (unsigned port = 2; port < 20; port++)
		SIM_CHECK(strcmp(nat_of(A, port), first) == 0, "not the same address again");
	SAY("pfctl -vsS", sim_print("10.0.0.2 -> %s ( states 19, connections 0, rate 0.0/0s )", first), ", nat rule 0\n", "10.0.0.2 -> 0.0.0.0 ( states 19, ",
	    ", filter rule 2\n");
	for (unsigned i = 0; i < 20; i++) {			/* others have others */
		other = nat_of(sim_print("10.0.0.%u", 100 + i), 1);
		if (strcmp(other, first) != 0)
			break;
	}
	SIM_CHECK(strcmp(other, first) != 0, "all sources have the same address");
	SAY("pfctl -F states");
	AT(sec(15));
	SIM_CHECK(strcmp(nat_of(A, 1), first) == 0, "it is forgotten too soon");
	SAY("pfctl -F states");
	AT(sec(45));
	SAY("pfctl -s Sources", "");
	SAY("pfctl -vsi", "current entries                        0");
}

CASE(pf_src_sticky_rdr)
{
	struct raw_seen rs;
	char first[16];

	lab_src("match in on vio0 inet proto udp to 10.0.0.1 port 53 rdr-to { 10.1.0.4, 10.1.0.5, 10.1.0.6 } sticky-address\npass\n");
	for (unsigned port = 1; port < 20; port++) {
		RX(a, UDP(A, "10.0.0.1", .sport = port, .dport = 53));
		SIM_CHECK(raw_see(b, &rs), "it does not come out");
		if (port == 1)
			strcpy(first, rs.rs_dst);
		SIM_CHECK(strcmp(rs.rs_dst, first) == 0, "not the same address again");
	}
	SAY("pfctl -sS", sim_print("10.0.0.2 -> %s ( states 19,", first));
}

/* checklist: pf/src_track:kill, pf/src_track:sn_types_compat */
CASE(pf_src_kill)
{
	lab_src("block\npass in on vio0 proto udp keep state (max-src-states 2)\npass out on vio1\n");
	for (unsigned port = 1; port <= 2; port++) {
		a_to_b(UDP(A, B, .sport = port));
		a_to_b(UDP(A3, B, .sport = port));
	}
	limited(UDP(A, B, .sport = 3));
	limited(UDP(A3, B, .sport = 3));
	SAY("pfctl -K 10.0.0.9", "killed 0 src nodes from 1 sources and 0 destinations");
	SAY("pfctl -K 10.0.0.2 -K 10.1.0.0/16", "killed 0 src nodes from 1 sources and 1 destinations");
	SAY("pfctl -K ::/0", "killed 0 src nodes from 1 sources and 0 destinations");
	SAY("pfctl -K 10.0.0.2", "killed 1 src nodes from 1 sources and 0 destinations");
	a_to_b(UDP(A, B, .sport = 1));			/* its states live */
	a_to_b(UDP(A, B, .sport = 3));			/* and are not counted any more */
	a_to_b(UDP(A, B, .sport = 4));
	limited(UDP(A, B, .sport = 5));
	limited(UDP(A3, B, .sport = 4));
	SAY("pfctl -F Sources", "source tracking entries cleared");
	SAY("pfctl -vsi", "current entries                        0");
	a_to_b(UDP(A3, B, .sport = 4));
	SAY("pfctl -F states", "14 states cleared");
	SAY("pfctl -K nobody", "pfctl: no IP address found for nobody");
}

/* Rules that are gone stay for as long as sources count for them. */
CASE(pf_src_reload)
{
	lab_src("block\npass in on vio0 proto udp keep state (max-src-states 1)\npass out on vio1\n");
	a_to_b(UDP(A, B, .sport = 1));
	limited(UDP(A, B, .sport = 2));
	SAY("pfctl -f - <<EOF\npass in on vio0 proto udp keep state (max-src-states 1)\npass out\nEOF");
	a_to_b(UDP(A, B, .sport = 2));
	limited(UDP(A, B, .sport = 3));
	SAY("pfctl -vsS", "filter rule 0\n", "filter rule 1\n");
	SAY("pfctl -F states", "4 states cleared");
	AFTER(sec(10));
	SAY("pfctl -vsi", "current entries                        0");
}

/* Sources come and go, on all cores; none has more than it may but for what cores do at the same moment, and none is left. */
CASE(pf_src_churn)
{
	unsigned out = 0;

	lab_src("set timeout { udp.first 2, udp.single 2, udp.multiple 2, interval 1 }\nblock\n"
	    "pass in on vio0 proto udp keep state (max-src-states 2, max-src-nodes 50)\npass out on vio1 no state\n");
	sim.strict = false;
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned i = 0; i < 200; i++)
			RX(a, UDP(sim_print("10.0.0.%u", 10 + (unsigned)(sim_random() % 100)), B, .sport = 1 + (unsigned)(sim_random() % 5)));
		AFTER(ms((unsigned)(sim_random() % 900)));
		out += raw_forget(b);
	}
	SIM_CHECK(out > 1000, "only %u have come out", out);
	AFTER(sec(10));
	SAY("pfctl -vsi", "current entries                        0");
}
