/* case_pf_delay.c - set delay: packets leave that much later, in their order, whatever becomes of rules meanwhile. On one core and on three. */
#include "tests/sim/pflab.h"

#define MS(n)	((n) * sec(1) / 1000)

/* In either direction; what another rule says is later than what comes after it. */
CASE(pf_delay)
{
	lab_pf("pass\nmatch in on vio0 proto udp to port 4001:4002 set delay 100\nmatch out on vio1 proto udp to port 4002 set delay 250\n");
	RX(a, UDP(A, B, .dport = 4002));
	for (unsigned i = 0; i < 3; i++)
		RX(a, UDP(A, B, .id = i));
	a_to_b(UDP(A, B, .dport = 4003));
	COUNT(pfs_delayed, 4);
	AT(MS(50));
	RX(a, UDP(A, B, .id = 3));
	AT(MS(100));
	for (unsigned i = 0; i < 3; i++)
		TX(b, UDP(A, B, .id = i, .ttl = 63));
	RX(b, UDP(B, A, .sport = 4001, .dport = 4000));		/* the state's, but not yet on its way out at vio0 */
	AT(MS(150));
	TX(b, UDP(A, B, .id = 3, .ttl = 63));
	AT(MS(200));
	TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .ttl = 63));
	AT(MS(250));
	TX(b, UDP(A, B, .dport = 4002, .ttl = 63));
	COUNT(flows_hits, 0);
	COUNT(pfs_delayed, 2);
}

/* Many of several delays: each core's leave as they came. */
CASE(pf_delay_order)
{
	lab_pf("pass\nmatch out on vio1 proto udp to port 1 set delay 700\nmatch out on vio1 proto udp to port 2 set delay 1300\n");
	for (unsigned i = 0; i < 60; i++) {
		AT(MS(10 * i));
		RX(a, UDP(A, B, .dport = 1, .id = i));
		RX(a, UDP(A, B, .dport = 2, .id = 100 + i));
	}
	for (unsigned i = 0; i < 60; i++) {
		AT(MS(700 + 10 * i));
		TX(b, UDP(A, B, .dport = 1, .id = i, .ttl = 63));
	}
	for (unsigned i = 0; i < 60; i++) {
		AT(MS(1300 + 10 * i));
		TX(b, UDP(A, B, .dport = 2, .id = 100 + i, .ttl = 63));
	}
}

/* A burst leaves in parts, and in its order; it is not more than a quarter of a core's mbufs. */
CASE(pf_delay_burst)
{
	unsigned n = sim.cores == 1 ? 300 : 100;

	lab_pf("pass\nmatch out on vio1 proto udp set delay 5\n");
	for (unsigned i = 0; i < n; i++)
		RX(a, UDP(A, B, .id = i));
	COUNT(pfs_delayed, n);
	for (unsigned i = 0; i < n; i++) {
		AT(MS(5 + i / 256));
		TX(b, UDP(A, B, .id = i, .ttl = 63));
	}
}

/* Too many; -F, -d and another ruleset, which those that wait have passed already; pieces. */
CASE(pf_delay_ends)
{
	lab_pf("set limit pktdelay-pkts 3\npass\nmatch out on vio1 proto udp set delay 100\n");
	for (unsigned i = 0; i < 5; i++)
		RX(a, UDP(A, B, .id = i));
	COUNT(pfs_delayfull, 2);
	SAY("pfctl -s memory", "pktdelay-pkts hard limit        3\n");
	SAY("pfctl -F all");
	SAY("pfctl -f - <<EOF\nblock\nEOF");
	AT(MS(100));
	for (unsigned i = 0; i < 3; i++)
		TX(b, UDP(A, B, .id = i, .ttl = 63));
	SAY("pfctl -f - <<EOF\npass\nmatch in on vio0 proto udp set delay 100\nEOF");
	SAY("ifconfig vio1 mtu 576");
	RX(a, UDP(A, B, .len = 600));
	RX(a, UDP(A, B));
	SAY("pfctl -d");
	a_to_b(UDP(A, B, .id = 7));
	AT(MS(200));
	TX(b, UDP(A, B, .len = 600, .ttl = 63, .part = 552, .off = IP_MF_));
	TX(b, UDP(A, B, .len = 600, .ttl = 63, .from = 552, .part = 56));
	TX(b, UDP(A, B, .ttl = 63));
}

/* Where the next hop has gone, or its interface is down, nothing leaves; where all ends, nothing stays. */
CASE(pf_delay_gone)
{
	lab_pf("pass\nmatch out on vio1 proto udp set delay 100\nmatch out on vio1 proto udp to port 5 set delay 60000\n");
	RX(a, UDP(A, B));
	SAY("ifconfig vio1 inet 10.0.1.1 delete");
	AT(MS(100));
	COUNT(pfs_nexthop, 1);
	SAY("ifconfig vio1 inet 10.0.1.1/24");
	SAY("arp -s 10.0.1.2 " MAC_B);
	raw_forget(b);
	RX(a, UDP(A, B));
	SAY("ifconfig vio1 down");
	AT(MS(300));
	SAY("ifconfig vio1 up");
	raw_forget(b);
	sim.strict = false;
	for (unsigned i = 0; i < 20; i++)
		RX(a, UDP(A, B, .sport = i + 1, .dport = 5));
	SAY("netstat -s -p pf", "packets that waited as long as a rule said");
}
