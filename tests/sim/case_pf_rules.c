/* case_pf_rules.c - what other packet filters' tests try: criteria, counts, fragments, labels. Each on one core and on three. */
#include "tests/sim/pflab.h"

/* checklist: pf/counters:match_fail, pf/counters:nat_pass, pf/counters:nat_natonly */
CASE(pf_counts_of_nat)
{
	lab_pf("block\nmatch out on vio1 proto tcp nat-to 10.0.1.1\npass in\npass out on vio1 proto udp nat-to 10.0.1.1 static-port\nmatch out on vio0\n");
	for (unsigned i = 0; i < 2; i++) {
		RX(a, UDP(A, B));
		TX(b, UDP("10.0.1.1", B, .ttl = 63));
		RX(b, UDP(B, "10.0.1.1", .sport = 4001, .dport = 4000));
		TX(a, UDP(B, A, .sport = 4001, .dport = 4000, .ttl = 63));
	}
	/* evaluations depend on which core the translation's port belongs to */
	SAY("pfctl -vsr", "Packets: 0         Bytes: 0           States: 0     ]\n  [ Inserted: uid 0 pid 0 State Creations: 0     ]\npass in all",
	    "Packets: 4         Bytes: 192         States: 1     ]\n  [ Inserted: uid 0 pid 0 State Creations: 1     ]\npass out on vio1",
	    "Packets: 4         Bytes: 192         States: 1     ]\n  [ Inserted: uid 0 pid 0 State Creations: 1     ]\nmatch out on vio0");
}

/* checklist: pf/counters:rdr_match */
CASE(pf_counts_of_rdr)
{
	lab_pf("block\nmatch in on vio0 proto udp to 10.0.0.1 port 53 rdr-to " B " port 5353\npass\n");
	RX(a, UDP(A, "10.0.0.1", .dport = 53));
	TX(b, UDP(A, B, .dport = 5353, .ttl = 63));
	RX(b, UDP(B, A, .sport = 5353, .dport = 4000));
	TX(a, UDP("10.0.0.1", A, .sport = 53, .dport = 4000, .ttl = 63));
	SAY("pfctl -vsr", "rdr-to 10.0.1.2 port 5353\n  [ Evaluations: 2         Packets: 2         Bytes: 96          States: 1     ]\n",
	    "pass all flags S/SA\n  [ Evaluations: 2         Packets: 4         Bytes: 192         States: 2     ]\n");
}

/* checklist: pf/forward:v4 */
CASE(pf_forward_kept_apart)
{
	lab_pf("pass\nblock in proto icmp6\nblock in inet proto icmp icmp-type timereq\n");
	a_to_b(ECHO(A, B));
	SAY("pfctl -f - <<EOF\nblock in proto icmp\npass in proto udp\nEOF");
	SAY("pfctl -q -F states");
	blocked(a, ECHO(A, B));
	a_to_b(UDP(A, B));
}

/* checklist: pf/pass_block:received_on */
CASE(pf_received_on)
{
	lab_pf("block out\npass out received-on vio0\nblock out proto udp from any to any port 7 ! received-on vio1\n");
	a_to_b(UDP(A, B));
	blocked(b, UDP(B, A));
	blocked(a, UDP(A, B, .dport = 7, .sport = 9));
	SAY("ping -c 1 -w 1 10.0.1.2", "100.0% packet loss");
	COUNT(pfs_blocked, 1);
}

/* checklist: pf/pass_block:nested_inline */
CASE(pf_nested_inline)
{
	lab_pf("block\nanchor on vio0 {\n anchor in proto udp {\n  anchor from " A " {\n   pass proto udp to port 4001\n  }\n }\n}\npass out\n");
	a_to_b(UDP(A, B));
	blocked(a, UDP(A, B, .dport = 5));
	blocked(a, UDP("10.0.0.3", B));
	blocked(b, UDP(B, A));
}

/* checklist: pf/pass_block:noalias */
CASE(pf_noalias)
{
	lab_pf("block in\npass in from any to (vio0:0)\n");
	SAY("ifconfig vio0 inet alias 10.0.0.9/32");
	raw_forget(a);
	RX(a, ECHO(A, "10.0.0.1"));
	TX(a, ECHOREPLY("10.0.0.1", A));
	blocked(a, ECHO(A, "10.0.0.9"));
	SAY("pfctl -f - <<EOF\nblock in\npass in from any to (vio0)\nEOF");
	RX(a, ECHO(A, "10.0.0.9"));
	TX(a, ECHOREPLY("10.0.0.9", A));
}

/* "any" among addresses is any.
 * checklist: pf/pass_block:optimize_any */
CASE(pf_any_in_a_list)
{
	lab_pf("block\npass in proto udp from { 192.0.2.0/24, any } to { 10.0.1.2 0/0 } port 4001\npass out\n");
	SAY("pfctl -s rules", "pass in inet proto udp from any to 10.0.1.2 port = 4001\n");
	a_to_b(UDP(A, B));
	a_to_b(UDP("10.0.0.77", "10.1.0.7"));
	blocked(a, UDP(A, B, .dport = 5));
}

/* checklist: pf/macro:nr */
CASE(pf_label_of_number)
{
	lab_pf("pass in proto { tcp udp } to port 4001 label \"$nr:$proto:$dstport\"\npass out label \"out $nr\"\npass out label \"out $nr\"\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -sl", "0:tcp:4001 2 0 ", "1:udp:4001 2 1 48 1 48 0 0 1\n", "out 2 ", "out 3 2 1 48 0 0 1 48 1\n");
	SAY("pfctl -vvsr", "@1 pass in proto udp from any to any port = 4001 label \"1:udp:4001\"\n");
}

/* checklist: pf/set_skip:set_skip_group_lo */
CASE(pf_skip_of_lo)
{
	lab_pf("set skip on lo\nblock\n");
	SAY("ping -c 1 127.0.0.1", "1 packets received");
	SAY("ping -c 1 10.0.0.1", "1 packets received");
	blocked(a, ECHO(A, "10.0.0.1"));
	SAY("pfctl -f - <<EOF\nblock\nEOF");
	SAY("ping -c 1 -w 1 127.0.0.1", "100.0% packet loss");
	COUNT(pfs_blocked, 1);
}

/* checklist: pf/tos:v4 */
CASE(pf_tos)
{
	lab_pf("block\npass in proto udp tos lowdelay\npass in proto udp tos 0x28\npass in proto udp tos af11\npass out\n");
	a_to_b(UDP(A, B, .tos = 0x10));
	a_to_b(UDP(A, B, .tos = 0x28, .sport = 2));
	blocked(a, UDP(A, B, .tos = 0x20, .sport = 3));
	a_to_b(UDP(A, B, .sport = 2));		/* the state does not ask */
}

/* Pieces that overlap, or would reach too far, end their datagram; nothing of it passes.
 * checklist: pf/fragmentation:overreplace, pf/fragmentation:overindex, pf/fragmentation:overlimit */
CASE(pf_fragments_overlap)
{
	lab_pf("pass\n");
	RX(a, UDP(A, B, .len = 400, .off = IP_MF_, .part = 256));
	RX(a, UDP(A, B, .len = 400, .off = IP_MF_, .from = 128, .part = 256));
	RX(a, UDP(A, B, .len = 400, .from = 256, .part = 152));
	NONE(b);
	COUNT(ips_fragoverlap, 2);
	COUNT(ips_fragdead, 1);
	RX(a, UDP(A, B, .id = 2, .len = 400, .off = IP_MF_, .part = 256));
	RX(a, UDP(A, B, .id = 2, .len = 400, .from = 256, .part = 152));
	TX(b, UDP(A, B, .id = 2, .len = 400, .ttl = 63));
}

/* The other way is narrower than what was put together: it is cut again; and what may not be cut is refused to its sender.
 * checklist: pf/fragmentation:mtu_diff */
CASE(pf_fragments_and_mtu)
{
	lab_pf("pass\n");
	SAY("ifconfig vio1 mtu 600");
	RX(a, UDP(A, B, .len = 1000, .off = IP_MF_, .part = 800));
	NONE(b);
	RX(a, UDP(A, B, .len = 1000, .from = 800, .part = 208));
	TX(b, UDP(A, B, .len = 1000, .off = IP_MF_, .part = 576, .ttl = 63));
	TX(b, UDP(A, B, .len = 1000, .from = 576, .part = 432, .ttl = 63));
	RX(a, UDP(A, B, .len = 1000, .off = IP_DF_));
	TX(a, ICMPERR("10.0.0.1", A, 3, 4, UDP(A, B, .len = 1000, .off = IP_DF_, .ttl = 63), .mtu = 600));
	COUNT(ips_mtu, 1);
}
