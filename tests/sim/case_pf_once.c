/* case_pf_once.c - rules for one packet: who has them, on one core and on three, and what a reload does with them. */
#include "tests/sim/pflab.h"

/* The state that the one packet makes goes on. Whatever the tree cuts off behind a quick rule is there when that is over.
 * checklist: pf/once:basic */
CASE(pf_once)
{
	lab_pf("block\npass in quick on vio0 proto udp once\npass in quick on vio0 proto udp to port 4002\npass out on vio1\n");
	a_to_b(UDP(A, B, .sport = 1));
	for (unsigned port = 2; port < 10; port++) {
		blocked(a, UDP(A, B, .sport = port));
		a_to_b(UDP(A, B, .sport = port, .dport = 4002));
		a_to_b(UDP(A, B, .sport = 1));
	}
	RX(b, UDP(B, A, .sport = 4001, .dport = 1));
	TX(a, UDP(B, A, .sport = 4001, .dport = 1, .ttl = 63));
	SAY("pfctl -sr", "block drop all\npass in quick on vio0 proto udp from any to any port = 4002\npass out on vio1 all flags S/SA\n");
	SAY("pfctl -vsr", "pass in quick on vio0 proto udp all once # expired\n  [ Evaluations: 26        Packets: 10 ");
	SAY("pfctl -gsr", "pass in quick on vio0 proto udp all once # expired\n");
	SAY("pfctl -F states");
	blocked(a, UDP(A, B, .sport = 1));
}

/* A packet that another rule decides for does not have it, nor one that is refused all the same, nor one that is only asked about. */
CASE(pf_once_not_yet)
{
	lab_pf("set limit states 2\npass\nblock in on vio0 proto udp to port { 7, 8 } once\npass in on vio0 proto udp to port 8\n"
	    "pass in quick on vio0 proto udp from port 5 once\n");
	a_to_b(UDP(A, B, .dport = 8));
	SAY("pfctl -vsr", "port = 7 once\n", "port = 8 once\n", "port = 5 to any once\n");
	RX(a, UDP(A, B, .sport = 5));
	NONE(b);
	COUNT(pfs_maxstates, 1);
	SAY("pfctl -F states");
	SAY("pfctl test in on vio0 proto udp from 10.0.0.2 port 5 to 10.0.1.2 port 4001", "once");
	SAY("pfctl -vsr", "port = 7 once\n", "port = 8 once\n", "port = 5 to any once\n");
	a_to_b(UDP(A, B, .sport = 5));
	SAY("pfctl -F states");
	blocked(a, UDP(A, B, .dport = 7));
	SAY("pfctl -vsr", "port = 7 once # expired\n", "port = 8 once\n", "port = 5 to any once # expired\n");
	a_to_b(UDP(A, B, .dport = 7));
	SAY("pfctl -v test in on vio0 proto udp from 10.0.0.2 port 5 to 10.0.1.2 port 4001", "  no       @4 pass in quick on vio0 proto udp");
}

/* Without a state it is for a packet; and one of several matches is that of its own. */
CASE(pf_once_stateless)
{
	lab_pf("block\npass in on vio0 proto udp to port 1 no state once\npass in on vio0 proto udp to port 1 no state once\npass out on vio1\n");
	for (unsigned i = 0; i < 2; i++)
		a_to_b(UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 1));
	SAY("pfctl -vsr", "no state once # expired\n", "no state once # expired\n");
	SAY("pfctl -f - <<EOF\nmatch in once\nEOF", "stdin:1: once is supported for pass and block only");
}

/* Whichever core a source is asked for at, or a translation's port belongs to, the packet that comes back has its rule. */
CASE(pf_once_away)
{
	static const char rules[] = "block\nmatch out on vio1 inet proto udp nat-to 10.0.1.1 port %u\npass in on vio0 keep state (max-src-states 5) once\n"
	    "pass out on vio1 keep state (source-track rule) once\n";

	lab_pf(sim_print(rules, 5000));
	for (unsigned port = 5001; port < 5012; port++) {
		RX(a, UDP(A, B, .sport = port));
		TX(b, UDP("10.0.1.1", B, .sport = port - 1, .ttl = 63));
		blocked(a, UDP(A, B, .sport = port + 100));
		SAY("pfctl -vsr", "pass in on vio0 all flags S/SA keep state (source-track rule, max-src-states 5) once # expired\n",
		    "pass out on vio1 all flags S/SA keep state (source-track rule) once # expired\n");
		SAY("pfctl -F states");
		SAY(sim_print("pfctl -f - <<EOF\n%sEOF", sim_print(rules, port)));
	}
}

/* Rules that are loaded again are new; those of other anchors stay what they are.
 * checklist: pf/once:anchor */
CASE(pf_once_anchors)
{
	lab_pf("block\nanchor \"x\"\nanchor \"y\"\npass in on vio0 proto udp to port 1 once\npass out on vio1\n");
	SAY("pfctl -a x -f - <<EOF\npass in on vio0 proto udp to port 2 once\nEOF");
	a_to_b(UDP(A, B, .dport = 1));
	a_to_b(UDP(A, B, .dport = 2));
	SAY("pfctl -F states");
	SAY("pfctl -a y -f - <<EOF\npass in on vio0 proto udp to port 3 once\nEOF");
	blocked(a, UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 2));
	a_to_b(UDP(A, B, .dport = 3));
	blocked(a, UDP(A, B, .dport = 3, .sport = 1));
	SAY("pfctl -a x -vsr", "port = 2 once # expired\n");
	SAY("pfctl -a x -f - <<EOF\npass in on vio0 proto udp to port 2 once\nEOF");
	a_to_b(UDP(A, B, .dport = 2));
	blocked(a, UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 3, .sport = 1));
	SAY("pfctl -f - <<EOF\nblock\npass in on vio0 proto udp to port 1 once\npass out on vio1\nEOF");
	a_to_b(UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 1, .sport = 1));
}
