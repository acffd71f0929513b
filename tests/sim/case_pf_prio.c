/* case_pf_prio.c - prio and set prio: the priority that a packet gets on the way in is what rules on the way out see. On one core and on three. */
#include "tests/sim/pflab.h"

/* Out goes what has that priority. */
#define ONLY(prio)	"block out on vio1\npass out on vio1 prio " prio " no state\npass out on vio0\n"

CASE(pf_prio)
{
	lab_pf("pass in\nmatch in on vio0 proto udp to port 6 set prio 6\nmatch in on vio0 proto udp to port 0:9 set prio 5\n"
	    "pass in on vio0 proto udp to port 0 set prio 0\n" ONLY("5"));
	for (unsigned i = 0; i < 3; i++) {		/* what the state says of the others, too */
		blocked(a, UDP(A, B));
		a_to_b(UDP(A, B, .dport = 6));
		a_to_b(UDP(A, B, .dport = 7));
	}
	SAY("pfctl -f - <<EOF\npass in\nmatch in on vio0 proto udp to port 1 set prio 7\n" ONLY("3") "EOF");
	a_to_b(UDP(A, B, .dport = 8));
	blocked(a, UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 7));		/* its state is what it was */
	SAY("pfctl -f - <<EOF\npass in no state\nmatch in on vio0 proto udp to port 1 set prio 0\n" ONLY("0") "EOF");
	SAY("pfctl -F states");
	a_to_b(UDP(A, B, .dport = 1));
	blocked(a, UDP(A, B, .dport = 2));
	SAY("pfctl -sr", "match in on vio0 proto udp from any to any port = 1 set (prio 0)\n", "pass out on vio1 all prio 0 no state\n");
}

/* Answers of the same state, acknowledgements and what is of low delay. */
CASE(pf_prio_two)
{
	lab_pf("pass in on vio0 flags any set prio (2, 5)\nblock out\npass out on vio1 prio 5 no state\npass out on vio0 prio 3\n");
	a_to_b(UDP(A, B, .tos = 0x10));
	blocked(a, UDP(A, B, .tos = 0x0c));
	blocked(a, TCP(A, B, TH_SYN_, .seq = 999));
	a_to_b(TCP(A, B, TH_ACK_, .sport = 7, .seq = 1000, .ack = 5000));
	blocked(a, TCP(A, B, TH_ACK_, .sport = 7, .seq = 1000, .ack = 5000, .len = 10));
	a_to_b(TCP(A, B, TH_ACK_, .sport = 7, .seq = 1010, .ack = 5000, .len = 10, .tos = 0x10));
}

/* A datagram in pieces has it as a whole, and so has each of the pieces in which it leaves. */
CASE(pf_prio_fragments)
{
	lab_pf("pass\nmatch in on vio0 set prio 1\nblock out on vio1\npass out on vio1 prio 1\n");
	SAY("ifconfig vio1 mtu 576");
	for (unsigned i = 0; i < 2; i++) {
		RX(a, UDP(A, B, .len = 600, .part = 304, .off = IP_MF_));
		RX(a, UDP(A, B, .len = 600, .from = 304, .part = 304));
		TX(b, UDP(A, B, .len = 600, .ttl = 63, .part = 552, .off = IP_MF_));
		TX(b, UDP(A, B, .len = 600, .ttl = 63, .from = 552, .part = 56));
	}
}
