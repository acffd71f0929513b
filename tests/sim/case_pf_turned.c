/* case_pf_turned.c - translation against its usual direction: nat-to on the way in, rdr-to on the way out, both at once. On one core and on three. */
#include <string.h>

#include "tests/sim/pflab.h"

#define NAT	"10.9.9.9"		/* behind a, says the routing table */
#define D	"10.0.1.3"		/* a third host, b's neighbour */
#define MAC_D	"02:00:00:00:00:0d"
#define VIP	"10.1.0.7"		/* leads to b */

static void
lab(const char *rules)
{
	lab_custom(VIO0 "!route add 10.9/16 10.0.0.2\n", VIO1 "!arp -s " D " " MAC_D "\n", sim_print(SYSCTL "net.flow.least=1\n# /etc/pf.conf\n%s", rules));
}

CASE(pf_nat_in)
{
	lab("block\npass in on vio0 inet from 10.0.0.0/24 nat-to " NAT " static-port\npass out on vio1 from " NAT "\n");
	for (unsigned i = 0; i < 3; i++)
		for (unsigned port = 4000; port < 4008; port++) {
			RX(a, UDP(A, B, .sport = port));
			TX(b, UDP(NAT, B, .sport = port, .ttl = 63));
			RX(b, UDP(B, NAT, .sport = 4001, .dport = port));
			TX(a, UDP(B, A, .sport = 4001, .dport = port, .ttl = 63));
		}
	SAY("pfctl -s states", "all udp 10.0.1.2:4001 <- 10.9.9.9:4000 (10.0.0.2:4000)       MULTIPLE:MULTIPLE\n",
	    "all udp 10.9.9.9:4000 -> 10.0.1.2:4001       MULTIPLE:MULTIPLE\n");
	RX(a, TCP(A, B, TH_SYN_, .seq = 999));
	TX(b, TCP(NAT, B, TH_SYN_, .seq = 999, .ttl = 63));
	RX(b, TCP(B, NAT, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000));
	TX(a, TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000, .ttl = 63));
	RX(a, ECHO(A, B, .sport = 77));
	RX(a, UDP("10.0.0.9", B, .sport = 4000));		/* the port is taken */
	SIM_CHECK(raw_forget(b) == 1, "the question does not come out");
	COUNT(pfs_translate, 1);
	COUNT(flows_hits, 0);
	SAY("pfctl -v test in on vio0 proto udp from 10.0.0.2 port 1 to 10.0.1.2 port 4001", "translation: of the source, by @1 pass in on vio0", "udp 10.9.9.9:1 > 10.0.1.2:4001\n");
}

/* The addresses that answers come to need be nobody's: they are translated before anybody is asked for. Ports are chosen so that nothing is lost. */
CASE(pf_nat_in_on_link)
{
	struct raw_seen rs;

	lab("pass\npass in on vio0 inet nat-to { 10.0.0.77, 10.0.0.78 }\n");
	for (unsigned i = 0; i < 30; i++) {
		RX(a, UDP(A, B, .sport = 1000 + i));
		SIM_CHECK(raw_see(b, &rs) && strncmp(rs.rs_src, "10.0.0.7", 8) == 0 && rs.rs_sport > 50000, "flow %u comes from %s", i, rs.rs_src);
		RX(b, UDP(B, rs.rs_src, .sport = 4001, .dport = rs.rs_sport));
		TX(a, UDP(B, A, .sport = 4001, .dport = 1000 + i, .ttl = 63));
	}
	for (unsigned i = 0; i < 30; i++)
		RX(a, ECHO(A, B, .sport = i));
	SIM_CHECK(raw_forget(b) == 30, "not all questions come out");
	SAY("pfctl -F states", "120 states cleared");
	RX(a, UDP(A, "10.1.1.1", .sport = 7, .ttl = 1));		/* what is refused behind the translation */
	TX(a, ICMPERR("10.0.0.1", A, 11, 0, UDP(A, "10.1.1.1", .sport = 7, .ttl = 1)));
	COUNT(ips_ttl, 1);
}

CASE(pf_nat_in_icmp_errors)
{
	static const struct pkt out = { .kind = PK_UDP, .src = NAT, .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };
	static const struct pkt orig = { .kind = PK_UDP, .src = A, .dst = B, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };
	static const struct pkt back = { .kind = PK_UDP, .src = B, .dst = A, .ttl = 63, .id = 0x1234, .sport = 4001, .dport = 4000, .len = 20 };
	static const struct pkt sent = { .kind = PK_UDP, .src = B, .dst = NAT, .ttl = 63, .id = 0x1234, .sport = 4001, .dport = 4000, .len = 20 };

	lab("block\npass in on vio0 inet nat-to " NAT " static-port\npass out on vio1\n");
	RX(a, UDP(A, B));
	TX(b, &out);
	RX(b, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = NAT, .type = 11, .code = 0, .quote = &out));
	TX(a, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = A, .type = 11, .code = 0, .quote = &orig, .ttl = 63));
	RX(b, PKT(PK_ICMPERR, .src = B, .dst = NAT, .type = 3, .code = 3, .quote = &out));
	TX(a, PKT(PK_ICMPERR, .src = B, .dst = A, .type = 3, .code = 3, .quote = &orig, .ttl = 63));
	RX(b, UDP(B, NAT, .sport = 4001, .dport = 4000));
	TX(a, &back);
	RX(a, PKT(PK_ICMPERR, .src = A, .dst = B, .type = 3, .code = 3, .quote = &back));
	TX(b, PKT(PK_ICMPERR, .src = NAT, .dst = B, .type = 3, .code = 3, .quote = &sent, .ttl = 63));
}

/* What goes out to one goes to another, which is elsewhere; its answers come from the one. */
CASE(pf_rdr_out)
{
	static const struct pkt in = { .kind = PK_UDP, .src = A, .dst = D, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 5353, .len = 20 };
	static const struct pkt orig = { .kind = PK_UDP, .src = A, .dst = VIP, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 53, .len = 20 };
	static const struct pkt answer = { .kind = PK_UDP, .src = VIP, .dst = A, .ttl = 63, .id = 0x1234, .sport = 53, .dport = 4000, .len = 20 };
	static const struct pkt theirs = { .kind = PK_UDP, .src = D, .dst = A, .ttl = 63, .id = 0x1234, .sport = 5353, .dport = 4000, .len = 20 };

	lab("block\npass in on vio0\npass out on vio1 inet proto { tcp udp } to " VIP " port 53 rdr-to " D " port 5353\n");
	for (unsigned i = 0; i < 3; i++)
		for (unsigned port = 4000; port < 4008; port++) {
			RX(a, UDP(A, VIP, .sport = port, .dport = 53));
			TX(b, UDP(A, D, .sport = port, .dport = 5353, .ttl = 63, .edst = MAC_D));
			RX(b, UDP(D, A, .sport = 5353, .dport = port, .esrc = MAC_D));
			TX(a, UDP(VIP, A, .sport = 53, .dport = port, .ttl = 63));
		}
	COUNT(flows_hits, 0);
	SAY("pfctl -s states", "all udp 10.0.0.2:4000 -> 10.0.1.3:5353 (10.1.0.7:53)       MULTIPLE:MULTIPLE\n");
	RX(b, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = A, .type = 11, .code = 0, .quote = &in, .esrc = MAC_D));
	TX(a, PKT(PK_ICMPERR, .src = "10.1.0.1", .dst = A, .type = 11, .code = 0, .quote = &orig, .ttl = 63));
	RX(b, PKT(PK_ICMPERR, .src = D, .dst = A, .type = 3, .code = 3, .quote = &in, .esrc = MAC_D));
	TX(a, PKT(PK_ICMPERR, .src = VIP, .dst = A, .type = 3, .code = 3, .quote = &orig, .ttl = 63));
	RX(a, PKT(PK_ICMPERR, .src = A, .dst = VIP, .type = 3, .code = 3, .quote = &answer));
	TX(b, PKT(PK_ICMPERR, .src = A, .dst = D, .type = 3, .code = 3, .quote = &theirs, .ttl = 63, .edst = MAC_D));
	RX(a, TCP(A, VIP, TH_SYN_, .dport = 53, .seq = 999));
	TX(b, TCP(A, D, TH_SYN_, .dport = 5353, .seq = 999, .ttl = 63, .edst = MAC_D));
	RX(a, UDP(A, VIP, .dport = 54));
	COUNT(pfs_blocked, 1);
}

/* To nobody, to somebody whom nobody has asked for yet, to the router itself (pf.conf(5): not supported), and where it must be cut or does not fit. */
CASE(pf_rdr_out_ways)
{
	lab("pass\npass out on vio1 inet proto udp to " VIP " port 1 rdr-to 10.77.0.1\npass out on vio1 inet proto udp to " VIP " port 2 rdr-to 10.0.1.9\n"
	    "pass out on vio1 inet proto udp to " VIP " port 3 rdr-to 10.0.0.1\npass out on vio1 inet proto udp to " VIP " port 4 rdr-to 10.0.0.5\n");
	RX(a, UDP(A, VIP, .dport = 1));
	COUNT(pfs_noroute, 1);
	RX(a, UDP(A, VIP, .dport = 3));
	COUNT(pfs_noroute, 1);
	RX(a, UDP(A, VIP, .dport = 2));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	RX(b, ARP_ISAT("10.0.1.9", "10.0.1.1"));
	TX(b, UDP(A, "10.0.1.9", .dport = 2, .ttl = 63));
	SAY("arp -s 10.0.0.5 " MAC_A);
	RX(a, UDP("10.8.0.1", VIP, .dport = 4));
	TX(a, UDP("10.8.0.1", "10.0.0.5", .dport = 4, .ttl = 63));
	SAY("ifconfig vio0 mtu 576");
	RX(a, UDP("10.8.0.1", VIP, .dport = 4, .len = 600));
	TX(a, UDP("10.8.0.1", "10.0.0.5", .dport = 4, .len = 600, .ttl = 63, .part = 552, .off = IP_MF_));
	TX(a, UDP("10.8.0.1", "10.0.0.5", .dport = 4, .len = 600, .ttl = 63, .from = 552, .part = 56));
	SAY("route add 10.8/16 10.0.0.2");
	RX(a, UDP("10.8.0.1", VIP, .dport = 4, .len = 600, .off = IP_DF_));
	TX(a, ICMPERR("10.0.0.1", "10.8.0.1", 3, 4, UDP("10.8.0.1", VIP, .dport = 4, .len = 600, .off = IP_DF_, .ttl = 63), .mtu = 576));
	COUNT(pfs_toobig, 1);
}

/* Both ends in one rule, and in two; a host that asks its neighbour by the router's address. */
CASE(pf_nat_and_rdr)
{
	struct raw_seen rs;

	lab("pass\nmatch in on vio0 inet proto udp to 10.0.0.1 port 1:9 rdr-to 10.0.0.5\npass in on vio0 inet proto udp to 10.0.0.5 nat-to " NAT "\n"
	    "pass out on vio1 inet proto udp to " VIP " nat-to 10.0.1.1 rdr-to " D "\n");
	SAY("arp -s 10.0.0.5 02:00:00:00:00:05");
	SAY("sysctl net.inet.ip.redirect=0");
	for (unsigned i = 0; i < 20; i++) {
		RX(a, UDP(A, "10.0.0.1", .sport = 2000 + i, .dport = 1 + i % 9));
		SIM_CHECK(raw_see(a, &rs) && strcmp(rs.rs_src, NAT) == 0 && strcmp(rs.rs_dst, "10.0.0.5") == 0 && rs.rs_dport == 1 + i % 9, "%s > %s", rs.rs_src, rs.rs_dst);
		RX(a, UDP("10.0.0.5", NAT, .sport = 1 + i % 9, .dport = rs.rs_sport));
		TX(a, UDP("10.0.0.1", A, .sport = 1 + i % 9, .dport = 2000 + i, .ttl = 63));
		RX(a, UDP(A, VIP, .sport = 3000 + i));
		SIM_CHECK(raw_see(b, &rs) && strcmp(rs.rs_src, "10.0.1.1") == 0 && strcmp(rs.rs_dst, D) == 0, "%s > %s", rs.rs_src, rs.rs_dst);
		RX(b, UDP(D, "10.0.1.1", .sport = 4001, .dport = rs.rs_sport));
		TX(a, UDP(VIP, A, .sport = 4001, .dport = 3000 + i, .ttl = 63));
	}
	SAY("pfctl -v test out on vio1 proto udp from 10.0.0.2 port 1 to " VIP " port 4001", "translation: of the source, by @3", "translation: of the destination, by @3");
	SAY("pfctl -f - <<EOF\npass in on vio0 inet nat-to { 10.9.9.9, 10.9.9.8 } sticky-address\nEOF", "stdin:1: sticky-address is supported for nat-to with \"out\"");
	SAY("pfctl -f - <<EOF\npass in on vio0 inet no state nat-to 10.9.9.9\nEOF", "stdin:1: ");
}
