/* case_pf_rate.c - max-pkt-rate: a rule matches so many packets in so many seconds; on one core and on three, of both families. */
#include "tests/sim/pflab.h"

/* Connections of many ports are on all cores; the rule is one. What is too much counts, too. */
CASE(pf_rate)
{
	lab_pf("block in on vio0\npass in on vio0 proto udp no state max-pkt-rate 10/10\npass out\n");
	for (unsigned i = 0; i < 10; i++)
		a_to_b(UDP(A, B, .sport = 1 + i));
	blocked(a, UDP(A, B, .sport = 11));
	AT(sec(3));				/* 3.3 less */
	for (unsigned i = 0; i < 2; i++)
		a_to_b(UDP(A, B, .sport = 20 + i));
	blocked(a, UDP(A, B, .sport = 22));
	AT(sec(20));
	for (unsigned i = 0; i < 10; i++)
		a_to_b(UDP(A, B, .sport = 30 + i));
	blocked(a, UDP(A, B, .sport = 40));
	blocked(a, ECHO(A, B));			/* is nothing that it counts */
	for (unsigned i = 0; i < 20; i++) {
		AFTER(sec(1) / 2);		/* too many, for ever */
		blocked(a, UDP(A, B, .sport = 50 + i));
	}
	AFTER(sec(6));
	a_to_b(UDP(A, B, .sport = 90));
}

/* The manual page's example: a state's packets count that go as the first one went, and are too many, too. */
CASE(pf_rate_states)
{
	lab_pf("block in proto udp\npass in proto udp max-pkt-rate 5/10\npass out\n");
	SAY("sysctl net.flow.least=1");
	for (unsigned i = 0; i < 4; i++) {
		a_to_b(UDP(A, B, .sport = 1));
		for (unsigned k = 0; k < 3; k++)
			b_to_a(UDP(B, A, .sport = 4001, .dport = 1));
	}
	a_to_b(UDP(A, B, .sport = 2));
	blocked(a, UDP(A, B, .sport = 3));
	for (unsigned i = 0; i < 2; i++) {
		RX(a, UDP(A, B, .sport = 1 + i));
		NONE(b);
		COUNT(pfs_pktrate, 1);
	}
	b_to_a(UDP(B, A, .sport = 4001, .dport = 1));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 2));
	COUNT(flows_hits, 0);
	AT(sec(11));
	a_to_b(UDP(A, B, .sport = 1));
	a_to_b(UDP(A, B, .sport = 3));
}

/* A rule that overrules it does not keep it from counting, and it overrules none when it does not match. */
CASE(pf_rate_overruled)
{
	lab_pf("pass\nblock in proto udp max-pkt-rate 3/60\npass in proto udp to port 4001 no state\n");
	for (unsigned i = 0; i < 2; i++)
		a_to_b(UDP(A, B, .sport = 1 + i));
	blocked(a, UDP(A, B, .dport = 5));
	a_to_b(UDP(A, B, .dport = 6));
	AT(sec(60));
	blocked(a, UDP(A, B, .dport = 7));
}

/* In an anchor, quick, with a translation, as a match rule. */
CASE(pf_rate_rules)
{
	lab_pf("pass\nmatch out on vio1 inet proto udp from 10.0.0.2 port 7 to 10.0.1.2 max-pkt-rate 2/60 nat-to 10.0.1.1 static-port\n"
	    "anchor in {\nblock in quick proto udp to port 5 max-pkt-rate 3/60\n}\npass in proto udp to port 5 no state\n");
	for (unsigned i = 0; i < 3; i++)
		blocked(a, UDP(A, B, .sport = 10 + i, .dport = 5));
	for (unsigned i = 0; i < 3; i++)
		a_to_b(UDP(A, B, .sport = 10 + i, .dport = 5));
	for (unsigned i = 0; i < 2; i++) {
		RX(a, UDP(A, B, .sport = 7, .dport = 60 + i));
		TX(b, UDP("10.0.1.1", B, .sport = 7, .dport = 60 + i, .ttl = 63));
	}
	for (unsigned i = 0; i < 3; i++) {
		a_to_b(UDP(A, B, .sport = 7, .dport = 62));
		RX(a, UDP(A, B, .sport = 7, .dport = 60));	/* what it has made is not limited by it */
		TX(b, UDP("10.0.1.1", B, .sport = 7, .dport = 60, .ttl = 63));
	}
}

/* What is only asked about is not counted; what waits for core 0, or goes to another core, once. */
CASE(pf_rate_once)
{
	lab_pf("block\npass in on vio0 proto udp max-pkt-rate 6/60 keep state (max-src-states 9)\n"
	    "pass out on vio1 inet proto udp max-pkt-rate 6/60 nat-to 10.0.1.1 port 5000 keep state (source-track rule)\n");
	for (unsigned i = 0; i < 6; i++)
		SAY("pfctl test in on vio0 proto udp from 10.0.0.2 port 5 to 10.0.1.2 port 4001", "pass in on vio0");
	for (unsigned i = 0; i < 6; i++) {
		RX(a, UDP(A, B, .sport = 1 + i, .dport = 100 + i));
		TX(b, UDP("10.0.1.1", B, .sport = 5000, .dport = 100 + i, .ttl = 63));
	}
	SAY("pfctl test in on vio0 proto udp from 10.0.0.2 port 5 to 10.0.1.2 port 4001", "block");
	blocked(a, UDP(A, B, .sport = 7, .dport = 107));
}

/* States of a ruleset that has been replaced keep their rule's rate. */
CASE(pf_rate_reload)
{
	lab_pf("block in\npass in on vio0 proto udp max-pkt-rate 3/60\npass out\n");
	a_to_b(UDP(A, B, .sport = 1));
	SAY("pfctl -f - <<EOF\nblock in\npass out\nEOF");
	for (unsigned i = 0; i < 3; i++)
		a_to_b(UDP(A, B, .sport = 1));
	RX(a, UDP(A, B, .sport = 1));
	NONE(b);
	COUNT(pfs_pktrate, 1);
	blocked(a, UDP(A, B, .sport = 2));
}
