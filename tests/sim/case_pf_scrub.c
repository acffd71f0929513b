/* case_pf_scrub.c - scrub and set tos on packets that pass, with states and without. */
#include "tests/sim/timeline.h"

#define A	"10.0.0.2"
#define B	"10.0.1.2"

static void
lab_pf(const char *rules)
{
	lab_custom("inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n", "inet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\n",
	    sim_print("# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\nnet.flow.least=1\n# /etc/pf.conf\n%s", rules));
}

CASE(pf_set_tos)
{
	lab_pf("pass\nmatch in on vio0 proto udp set tos 0x10\nmatch out on vio1 proto udp to port 4002 set tos lowdelay\n"
	    "pass in on vio0 proto tcp flags any no state set tos 0xb8\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, B, .tos = 0x43));
		TX(b, UDP(A, B, .tos = 0x13, .ttl = 63));		/* congestion notification stays */
		RX(b, UDP(B, A, .sport = 4001, .dport = 4000));
		TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .tos = 0x10, .ttl = 63));	/* the state's other packets, too */
		RX(a, TCP(A, B, TH_SYN_, .seq = 999));
		TX(b, TCP(A, B, TH_SYN_, .seq = 999, .tos = 0xb8, .ttl = 63));
	}
	COUNT(flows_hits, 0);
}

CASE(pf_scrub_no_df)
{
	lab_pf("pass\nmatch in on vio0 proto udp scrub (no-df)\nmatch in on vio0 proto udp to port 4002 scrub (random-id)\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, B, .off = IP_DF_));
		TX(b, UDP(A, B, .ttl = 63));
		RX(a, UDP(A, B, .off = IP_DF_, .dport = 4002, .id = 0));
		TX(b, UDP(A, B, .dport = 4002, .anyid = true, .ttl = 63));
		RX(b, UDP(B, A, .off = IP_DF_, .sport = 7, .dport = 8));
		TX(a, UDP(B, A, .off = IP_DF_, .sport = 7, .dport = 8, .ttl = 63));
	}
	SAY("ifconfig vio1 mtu 576");				/* it may be cut now */
	RX(a, UDP(A, B, .len = 600, .off = IP_DF_));
	TX(b, UDP(A, B, .len = 600, .ttl = 63, .part = 552, .off = IP_MF_));
	TX(b, UDP(A, B, .len = 600, .ttl = 63, .from = 552, .part = 56));
}

/* What is below is raised before anybody looks whether it has expired. */
CASE(pf_scrub_min_ttl)
{
	lab_pf("pass\nmatch in on vio0 proto udp scrub (min-ttl 20)\npass in on vio0 proto icmp no state scrub (min-ttl 30)\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, B, .ttl = 1));
		TX(b, UDP(A, B, .ttl = 19));
		RX(a, UDP(A, B, .ttl = 21));
		TX(b, UDP(A, B, .ttl = 20));
		RX(a, ECHO(A, B, .ttl = 2));
		TX(b, ECHO(A, B, .ttl = 29));
	}
}

/* What only a SYN has, and TCP, does not keep others from the flow path. */
CASE(pf_scrub_mss_and_flows)
{
	lab_pf("match scrub (max-mss 1000 reassemble tcp)\npass modulate state\n");
	for (unsigned i = 0; i < 4; i++) {
		RX(a, UDP(A, B));
		TX(b, UDP(A, B, .ttl = 63));
	}
	SIM_CHECK(router_counter(r, "flows_hits") > 0, "no packet by the flow path");
	SAY("pfctl -sr", "match all scrub (reassemble tcp max-mss 1000)\n");
}
