/* case_pf_route.c - route-to, reply-to, dup-to: a router with two ways out, by vio1 and by vio2. */
#include "tests/sim/pflab.h"

#define FAR	"10.1.0.5"		/* behind vio1, by the routing table */
#define MAC_C	"02:00:00:00:00:0c"
#define FILES(mtu2)												\
	"# /etc/hostname.vio0\ninet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n"				\
	"# /etc/hostname.vio1\ninet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\n!route add 10.1/16 10.0.1.2\n"	\
	"# /etc/hostname.vio2\ninet 10.0.2.1/24" mtu2 "\n!arp -s 10.0.2.2 " MAC_C "\n"			\
	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\nnet.flow.least=1\n# /etc/pf.conf\n"

static struct raw *c;

static void
lab(const char *files, const char *rules)
{
	struct wire *w[3] = { wire_new("a"), wire_new("b"), wire_new("c") };

	r = router_new("r");
	router_port(r, w[0]);
	a = raw_new(w[0], r, MAC_A);
	router_port(r, w[1]);
	b = raw_new(w[1], r, MAC_B);
	router_port(r, w[2]);
	c = raw_new(w[2], r, MAC_C);
	router_start(r, sim_print("%s%s", files, rules));
	raw_forget(a);
	raw_forget(b);
	raw_forget(c);
	router_mark(r);
	sim.strict = true;
	sim.start = sim.now;
}

/* checklist: pf/route_to:v4 */
CASE(pf_route_to)
{
	lab(FILES(""), "pass\npass in on vio0 inet proto udp to port 4001 route-to 10.0.2.2\n");
	through(a, c, UDP(A, FAR));
	through(a, b, UDP(A, FAR, .dport = 4002));
	through(c, a, UDP(FAR, A, .sport = 4001, .dport = 4000));
	through(a, c, UDP(A, FAR));
	COUNT(flows_hits, 0);
	through(c, a, UDP(FAR, A, .sport = 4001, .dport = 4000));
	COUNT(flows_hits, 1);
	through(a, c, UDP(A, FAR));
	COUNT(flows_hits, 1);
	SAY("pfctl -vvss", "   route-to: 10.0.2.2\n");
	SAY("pfctl -f - <<EOF\npass\nEOF");		/* the state keeps its way */
	through(a, c, UDP(A, FAR));
	SAY("pfctl -F states", "4 states cleared");
	through(a, b, UDP(A, FAR));
}

/* The next hop may be far, and it may change its own way. */
CASE(pf_route_to_gateways)
{
	lab(FILES("\n!route add 10.9.0.0/24 10.0.2.2"), "pass\npass in on vio0 inet route-to 10.9.0.7\n");
	for (unsigned i = 0; i < 3; i++)
		through(a, c, UDP(A, FAR));
	COUNT(flows_hits, 1);
	SAY("route change 10.9.0.0/24 10.0.1.2");
	for (unsigned i = 0; i < 3; i++)
		through(a, b, UDP(A, FAR));
	SAY("route delete 10.9.0.0/24");
	RX(a, UDP(A, FAR));
	COUNT(pfs_noroute, 1);
	SAY("pfctl -s info", "no-route                               1 ");
	SAY("route add -reject 10.9.0.7 127.0.0.1");
	RX(a, UDP(A, FAR));
	COUNT(pfs_noroute, 1);
}

/* Nobody has asked for the neighbour yet: the packet waits until it has answered. */
static void
unknown_neighbour(const char *rules)
{
	lab(FILES(""), rules);
	RX(a, UDP(A, FAR));
	TX(c, ARP_WHOHAS("10.0.2.1", "10.0.2.9"));
	RX(c, ARP_ISAT("10.0.2.9", "10.0.2.1"));
	TX(c, UDP(A, FAR, .ttl = 63));
	through(a, c, UDP(A, FAR));
}

CASE(pf_route_to_unknown_neighbour)
{
	unknown_neighbour("pass\npass in on vio0 inet route-to 10.0.2.9\n");
}

/* checklist: pf/route_to:ttl */
CASE(pf_route_to_ttl)
{
	lab(FILES(""), "pass\npass in on vio0 inet route-to 10.0.2.2\n");
	RX(a, UDP(A, FAR, .ttl = 1));
	TX(a, ICMPERR("10.0.0.1", A, 11, 0, UDP(A, FAR, .ttl = 1)));
	COUNT(ips_ttl, 1);
	through(a, c, UDP(A, FAR, .ttl = 2));
}

/* What is for ourselves goes there, too; broadcasts do not, and nobody is told of a better way. */
CASE(pf_route_to_what)
{
	lab(FILES(""), "pass\npass in on vio0 inet route-to 10.0.2.2\n");
	through(a, c, ECHO(A, "10.0.0.1"));
	RX(a, UDP(A, "255.255.255.255", .edst = BROADCAST));
	COUNT(ips_noproto, 1);
	SAY("pfctl -f - <<EOF\npass\npass in on vio0 inet route-to 10.0.0.2\nEOF");
	for (unsigned i = 0; i < 3; i++) {
		through(a, a, UDP(A, FAR));
		through(a, a, UDP(A, "10.0.0.9"));
	}
	COUNT(flows_hits, 0);
	SAY("pfctl -f - <<EOF\npass\npass in on vio0 inet route-to 10.0.1.1\nEOF");
	RX(a, UDP(A, FAR, .dport = 5));			/* to ourselves, that is nowhere */
	COUNT(pfs_noroute, 1);
}

/* The way out is tested as any other. */
CASE(pf_route_to_is_tested)
{
	lab(FILES(""), "block\npass in on vio0 inet route-to 10.0.2.2\npass out on vio1\n");
	RX(a, UDP(A, FAR));
	COUNT(pfs_blocked, 1);
	SAY("pfctl -f - <<EOF\nblock\npass in on vio0 inet route-to 10.0.2.2\npass out on vio2 nat-to (vio2) static-port\nEOF");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR));
		TX(c, UDP("10.0.2.1", FAR, .ttl = 63));
		RX(c, UDP(FAR, "10.0.2.1", .sport = 4001, .dport = 4000));
		TX(a, UDP(FAR, A, .sport = 4001, .dport = 4000, .ttl = 63));
	}
	SIM_CHECK(sim.cores > 1 || router_counter(r, "flows_hits") == 3, "the flow path takes part");
}

CASE(pf_route_to_mtu)
{
	lab(FILES(" mtu 1280"), "pass\npass in on vio0 inet route-to 10.0.2.2\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR, .len = 1253, .off = IP_DF_));
		TX(a, ICMPERR("10.0.0.1", A, 3, 4, UDP(A, FAR, .len = 1253, .off = IP_DF_, .ttl = 63), .mtu = 1280));
		COUNT(ips_mtu, 1);
		RX(a, UDP(A, FAR, .len = 1472));
		TX(c, UDP(A, FAR, .len = 1472, .ttl = 63, .part = 1256, .off = IP_MF_));
		TX(c, UDP(A, FAR, .len = 1472, .ttl = 63, .from = 1256, .part = 224));
		through(a, c, UDP(A, FAR, .len = 1252, .off = IP_DF_));
	}
}

CASE(pf_route_to_outwards)
{
	lab(FILES(""), "pass\npass out on vio1 inet route-to 10.0.2.2 nat-to 10.0.2.1 static-port\nblock out on vio2\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR));
		TX(c, UDP("10.0.2.1", FAR, .ttl = 63));
		RX(c, UDP(FAR, "10.0.2.1", .sport = 4001, .dport = 4000));
		TX(a, UDP(FAR, A, .sport = 4001, .dport = 4000, .ttl = 63));
	}
	SIM_CHECK(sim.cores > 1 || router_counter(r, "flows_hits") == 3, "the flow path takes part");
	SAY("pfctl -vvsI -i vio1", "Out4/Pass:   [ Packets: 3 ", "In4/Pass:    [ Packets: 0 ");	/* judged there, and sent by the other */
	SAY("pfctl -vvsI -i vio2", "Out4/Pass:   [ Packets: 0 ", "In4/Pass:    [ Packets: 3 ");
	SAY("ifconfig vio2 down");
	RX(a, UDP(A, FAR));
	COUNT(pfs_noroute, 1);
}

CASE(pf_route_to_outwards_unknown_neighbour)
{
	unknown_neighbour("pass\npass out on vio1 inet route-to 10.0.2.9\n");
}

CASE(pf_route_to_outwards_mtu)
{
	lab(FILES(" mtu 1280"), "pass\npass out on vio1 inet route-to 10.0.2.2\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR, .len = 1253, .off = IP_DF_));
		TX(a, ICMPERR("10.0.0.1", A, 3, 4, UDP(A, FAR, .len = 1253, .off = IP_DF_, .ttl = 63), .mtu = 1280));
		COUNT(pfs_toobig, 1);
		RX(a, UDP(A, FAR, .len = 1472));
		TX(c, UDP(A, FAR, .len = 1472, .ttl = 63, .part = 1256, .off = IP_MF_));
		TX(c, UDP(A, FAR, .len = 1472, .ttl = 63, .from = 1256, .part = 224));
		through(a, c, UDP(A, FAR, .len = 1252, .off = IP_DF_));
	}
	RX(a, UDP(A, FAR, .len = 2000, .off = IP_MF_, .part = 1480));		/* it is cut for a way that it does not go */
	RX(a, UDP(A, FAR, .len = 2000, .from = 1480, .part = 528));
	TX(c, UDP(A, FAR, .len = 2000, .ttl = 63, .part = 1256, .off = IP_MF_));
	TX(c, UDP(A, FAR, .len = 2000, .ttl = 63, .from = 1256, .part = 752));
}

/* checklist: pf/route_to:icmp_nat */
/* The way by the table is the narrower one: a packet has to fit it, too. */
CASE(pf_route_to_outwards_narrow)
{
	lab(FILES(""), "pass\npass out on vio1 inet route-to 10.0.2.2\n");
	SAY("ifconfig vio1 mtu 1280");
	for (unsigned i = 0; i < 3; i++) {
		through(a, c, UDP(A, FAR, .len = 1252, .off = IP_DF_));
		RX(a, UDP(A, FAR, .len = 1253, .off = IP_DF_));
		TX(a, ICMPERR("10.0.0.1", A, 3, 4, UDP(A, FAR, .len = 1253, .off = IP_DF_, .ttl = 63), .mtu = 1280));
		COUNT(ips_mtu, 1);
	}
}

/* What is translated, too: its sender is told, with the addresses that he knows. */
CASE(pf_route_to_outwards_translated)
{
	lab(FILES(" mtu 1280"), "set skip on lo\npass\npass out on vio1 inet route-to 10.0.2.2 nat-to 10.0.2.1 static-port\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR, .len = 1253, .off = IP_DF_));
		TX(a, ICMPERR("10.0.0.1", A, 3, 4, UDP(A, FAR, .len = 1253, .off = IP_DF_, .ttl = 63), .mtu = 1280));
		COUNT(pfs_toobig, 1);
		RX(a, UDP(A, FAR, .len = 1252, .off = IP_DF_));
		TX(c, UDP("10.0.2.1", FAR, .len = 1252, .off = IP_DF_, .ttl = 63));
		RX(a, UDP(A, FAR, .len = 1472));
		TX(c, UDP("10.0.2.1", FAR, .len = 1472, .ttl = 63, .part = 1256, .off = IP_MF_));
		TX(c, UDP("10.0.2.1", FAR, .len = 1472, .ttl = 63, .from = 1256, .part = 224));
	}
}

/* An error about what went that way comes back to who sent it. */
CASE(pf_route_to_errors)
{
	static const struct pkt out = { .kind = PK_UDP, .src = "10.0.2.1", .dst = FAR, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };
	static const struct pkt orig = { .kind = PK_UDP, .src = A, .dst = FAR, .ttl = 63, .id = 0x1234, .sport = 4000, .dport = 4001, .len = 20 };

	lab(FILES(""), "block\npass in on vio0 inet route-to 10.0.2.2\npass out on vio2 inet nat-to 10.0.2.1 static-port\n");
	RX(a, UDP(A, FAR));
	TX(c, &out);
	RX(c, PKT(PK_ICMPERR, .src = "10.0.2.2", .dst = "10.0.2.1", .type = 11, .code = 0, .quote = &out));
	TX(a, PKT(PK_ICMPERR, .src = "10.0.2.2", .dst = A, .type = 11, .code = 0, .quote = &orig, .ttl = 63));
}

/* checklist: pf/route_to:multiwan */
/* Answers go back the way that the connection came. */
CASE(pf_reply_to)
{
	lab(FILES(""), "block\npass in on vio1 inet proto udp to 10.0.0.2 reply-to 10.0.1.2\npass in on vio2 inet proto udp to 10.0.0.2 reply-to 10.0.2.2\n"
	    "pass out on vio0\n");
	for (unsigned i = 0; i < 3; i++) {
		through(c, a, UDP("10.1.0.9", A, .sport = 7, .dport = 8));
		through(a, c, UDP(A, "10.1.0.9", .sport = 8, .dport = 7));
		through(b, a, UDP("10.1.0.9", A, .sport = 9, .dport = 8));
		through(a, b, UDP(A, "10.1.0.9", .sport = 8, .dport = 9));
	}
	SAY("pfctl -vvss", "   reply-to: 10.0.2.2\n", "   reply-to: 10.0.1.2\n");
	SAY("pfctl -F states", "4 states cleared");
	RX(a, UDP(A, "10.1.0.9", .sport = 8, .dport = 7));
	COUNT(pfs_blocked, 1);
}

/* checklist: pf/route_to:ifbound, pf/route_to:ifbound_reply_to */
CASE(pf_route_to_if_bound)
{
	lab(FILES(""), "set state-policy if-bound\nblock\npass in on vio0 inet proto udp route-to 10.0.2.2\npass in on vio2 inet proto udp to 10.0.0.2 reply-to 10.0.2.2\n"
	    "pass out on vio0\npass out on vio2\n");
	for (unsigned i = 0; i < 3; i++) {
		through(a, c, UDP(A, FAR));
		through(c, a, UDP(FAR, A, .sport = 4001, .dport = 4000));
		through(c, a, UDP("10.1.0.9", A, .sport = 7, .dport = 8));
		through(a, c, UDP(A, "10.1.0.9", .sport = 8, .dport = 7));
	}
	SAY("pfctl -ss", "vio0 udp 10.1.0.5:4001 <- 10.0.0.2:4000 ", "vio2 udp 10.0.0.2:4000 -> 10.1.0.5:4001 ", "all udp 10.0.0.2:8 <- 10.1.0.9:7 ");
	RX(b, UDP(FAR, A, .sport = 4001, .dport = 4000));
	COUNT(pfs_blocked, 1);
}

/* TCP with a server on our side: the handshake and what follows. */
CASE(pf_reply_to_tcp)
{
	lab(FILES(""), "block\npass in on vio2 inet proto tcp to 10.0.0.2 port 80 reply-to 10.0.2.2\npass out on vio0\n");
	through(c, a, TCP("10.1.0.9", A, TH_SYN_, .sport = 7, .dport = 80, .seq = 999));
	through(a, c, TCP(A, "10.1.0.9", TH_SYN_ | TH_ACK_, .sport = 80, .dport = 7, .seq = 4999, .ack = 1000));
	through(c, a, TCP("10.1.0.9", A, TH_ACK_, .sport = 7, .dport = 80, .seq = 1000, .ack = 5000));
	for (unsigned i = 0; i < 3; i++)
		through(a, c, TCP(A, "10.1.0.9", TH_ACK_, .sport = 80, .dport = 7, .seq = 5000 + 100 * i, .ack = 1000, .len = 100));
}

CASE(pf_dup_to)
{
	lab(FILES(" mtu 1280"), "pass\npass in on vio0 inet dup-to 10.0.2.2\nblock out on vio2\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR));
		TX(b, UDP(A, FAR, .ttl = 63));
		TX(c, UDP(A, FAR, .ttl = 63));
		through(b, a, UDP(FAR, A, .sport = 4001, .dport = 4000));
		COUNT(pfs_dup, 1);
	}
	RX(a, UDP(A, FAR, .len = 1253, .off = IP_DF_));
	TX(b, UDP(A, FAR, .len = 1253, .off = IP_DF_, .ttl = 63));
	COUNT(pfs_dup, 1);
	COUNT(pfs_toobig, 1);			/* nobody is told */
	RX(a, UDP(A, FAR, .len = 1472));
	TX(b, UDP(A, FAR, .len = 1472, .ttl = 63));
	TX(c, UDP(A, FAR, .len = 1472, .part = 1256, .off = IP_MF_, .ttl = 63));
	TX(c, UDP(A, FAR, .len = 1472, .from = 1256, .part = 224, .ttl = 63));
	COUNT(pfs_dup, 1);
	SAY("ifconfig vio2 down");
	through(a, b, UDP(A, FAR));
	COUNT(pfs_dup, 1);
	COUNT(pfs_noroute, 1);
}

/* Two routers that send each other what they get do so as long as it lives, not for ever. */
CASE(pf_dup_to_ttl)
{
	lab(FILES(""), "pass\npass in on vio0 inet dup-to 10.0.2.2\n");
	RX(a, UDP(A, FAR, .ttl = 2));
	TX(b, UDP(A, FAR, .ttl = 1));
	TX(c, UDP(A, FAR, .ttl = 1));
	COUNT(pfs_dup, 1);
	RX(a, UDP(A, FAR, .ttl = 1));
	TX(a, ICMPERR("10.0.0.1", A, 11, 0, UDP(A, FAR, .ttl = 1)));
	COUNT(ips_ttl, 1);
	COUNT(pfs_dup, 0);
	COUNT(pfs_dupttl, 1);
}

CASE(pf_dup_to_outwards)
{
	lab(FILES(""), "pass\npass out on vio1 inet dup-to 10.0.2.2 nat-to 10.0.1.1 static-port\nblock out on vio2\n");
	for (unsigned i = 0; i < 3; i++) {
		RX(a, UDP(A, FAR));
		TX(b, UDP("10.0.1.1", FAR, .ttl = 63));
		TX(c, UDP("10.0.1.1", FAR, .ttl = 63));
	}
	COUNT(pfs_dup, 3);
}

CASE(pf_route_to_without_states)
{
	lab(FILES(""), "pass no state\npass in on vio0 inet proto udp route-to 10.0.2.2 no state\npass in on vio0 inet proto icmp dup-to 10.0.2.2 no state\n");
	through(a, c, UDP(A, FAR));
	through(b, a, UDP(FAR, A, .sport = 4001, .dport = 4000));
	RX(a, ECHO(A, FAR));
	TX(b, ECHO(A, FAR, .ttl = 63));
	TX(c, ECHO(A, FAR, .ttl = 63));
	COUNT(pfs_dup, 1);
	SAY("pfctl -s info", "current entries                        0");
}

CASE(pf_route_to_asked)
{
	lab(FILES(""), "pass\npass in on vio0 inet route-to 10.0.2.2\n");
	SAY("pfctl -v test in on vio0 proto udp from " A " port 4000 to " FAR " port 4001", "route-to: route: 10.0.2.2, next hop 10.0.2.2 on vio2\n");
	SAY("pfctl -sr", "pass in on vio0 inet all flags S/SA route-to 10.0.2.2\n");
	SAY("pfctl -f - <<EOF\npass in inet route-to 10.0.2.0/24\nEOF", "stdin:1: ", "a way to choose one");
}

/* n flows: how many leave by b, the others by c. */
static unsigned
by_b(unsigned port, unsigned n)
{
	unsigned k = 0;
	struct raw_seen rs;

	for (unsigned i = 0; i < n; i++) {
		bool there;

		RX(a, UDP(A, FAR, .sport = port + i));
		k += there = raw_see(b, &rs);
		SIM_CHECK(there || raw_see(c, &rs), "flow %u leaves nowhere", i);
	}
	return k;
}

/* checklist: pf/route_to:roundrobin, pf/route_to:random_table, pf/route_to:empty_pool */
CASE(pf_route_to_pool)
{
	unsigned n;

	lab(FILES(""), "pass\npass in on vio0 inet route-to { 10.0.1.2, 10.0.2.2 } round-robin\n");
	n = by_b(100, 40);
	SIM_CHECK(sim.cores == 1 ? n == 20 : n > 5 && n < 35, "%u of 40", n);
	SAY("pfctl -f - <<EOF\ntable <ways> persist { 10.0.1.2 10.0.2.2 }\npass\npass in on vio0 inet route-to <ways> random\nEOF");
	n = by_b(200, 60);
	SIM_CHECK(n > 5 && n < 55, "%u of 60", n);
	SAY("pfctl -t ways -T delete 10.0.2.2");
	SIM_CHECK(by_b(300, 10) == 10, "one that is no more is taken");
	SAY("pfctl -f - <<EOF\npass\npass in on vio0 inet route-to <none> random\nEOF");
	RX(a, UDP(A, FAR, .sport = 400));
	COUNT(pfs_noroute, 1);
}

/* checklist: pf/route_to:sticky */
CASE(pf_route_to_sticky)
{
	unsigned n, seen = 0;

	lab(FILES(""), "pass\npass in on vio0 inet route-to { 10.0.1.2, 10.0.2.2 } random sticky-address\n");
	for (unsigned round = 0; round < 20 && seen != 3; round++) {
		n = by_b(100, 12);
		SIM_CHECK(n == 0 || n == 12, "%u of 12 leave by the other way", n);
		SAY("pfctl -vsS", n == 0 ? "10.0.0.2 -> 10.0.2.2 ( states 12, " : "10.0.0.2 -> 10.0.1.2 ( states 12, ", "route rule 1");
		seen |= n == 0 ? 1 : 2;
		SAY("pfctl -F states");
		SAY("pfctl -F Sources");
	}
	SIM_CHECK(seen == 3, "it is always the same way");
}

/* Any address of a prefix, each a neighbour. checklist: pf/route_to:random_prefix */
CASE(pf_route_to_random_prefix)
{
	unsigned n;

	lab(FILES("\n!arp -s 10.0.2.3 " MAC_B), "pass\npass in on vio0 inet route-to 10.0.2.2/31 random\n");
	n = by_b(100, 40);
	SIM_CHECK(n == 0, "%u of 40 leave by the routing table's way", n);
	SAY("pfctl -vvss", "   route-to: 10.0.2.2\n", "   route-to: 10.0.2.3\n");
}

/* A table that has addresses of the other family only: looking for one ends. checklist: pf/route_to:table_loop */
CASE(pf_route_to_table_of_the_other_family)
{
	static const char *const ways[] = { "round-robin", "random", "source-hash", "round-robin sticky-address" };

	lab(FILES(""), "pass\n");
	for (unsigned i = 0; i < 4; i++) {
		SAY(sim_print("pfctl -f - <<EOF\ntable <ways> persist { 2001:db8::1 2001:db8::/64 ::/0 }\npass\npass in on vio0 inet route-to <ways> %s\nEOF", ways[i]), "");
		RX(a, UDP(A, FAR, .sport = 400 + i));
		NONE(b);
		NONE(c);
		COUNT(pfs_noroute, 1);
		SAY("pfctl -t ways -T add 0.0.0.0/0; pfctl -t ways -T delete 0.0.0.0/0 ::/0", "1/1 addresses added.\n", "2/2 addresses deleted.\n");
		RX(a, UDP(A, FAR, .sport = 500 + i));
		COUNT(pfs_noroute, 1);
	}
}

/* What the router sends itself from the other way's address leaves by that, and the answer is let in there.
 * checklist: pf/route_to:multiwanlocal */
CASE(pf_route_to_own_packets)
{
	lab(FILES(""), "block\npass out on vio1\npass out on vio1 inet from 10.0.2.1 route-to 10.0.2.2\npass out on vio2\n");
	router_type(r, "ping -c 1 -I 10.0.2.1 " FAR "\r");
	sim_run(ms(100));
	NONE(b);
	SIM_CHECK(raw_forget(c) == 1, "it leaves by vio2");
	sim_run(sec(20));
	router_type(r, "ping -c 1 -I 10.0.1.1 " FAR "\r");
	sim_run(ms(100));
	NONE(c);
	SIM_CHECK(raw_forget(b) == 1, "it leaves by vio1");
	sim_run(sec(20));
}
