/* case_pf_scale.c - the packet filter when much changes under traffic: rulesets that replace each other, with packets and flows under way. */
#include "tests/sim/pflab.h"

/* Two that let the same through, each by a mark of its own: a packet that has come in by one would not go out by the other. */
static const char *
marks(unsigned which)
{
	return sim_print("block\npass in on vio0 proto udp tag MARK%u\npass out on vio1 proto udp tagged MARK%u\n", which, which);
}

/* Twelve new flows, of which the packets lie in the router's ring when it is told to load. */
static unsigned
reload_under_traffic(unsigned which, unsigned sport)
{
	uint8_t f[FRAME_MAX];

	router_type(r, sim_print("pfctl -f - <<EOF\r%sEOF", marks(which)));
	AFTER(ms(100));
	for (unsigned i = 0; i < 12; i++)
		port_send(&a->rw_port, f, pkt_build(UDP(A, B, .sport = (uint16_t)(sport + i)), a->rw_port.p_mac, a->rw_peer->p_mac, f));
	router_type(r, "\r");
	AFTER(ms(100));
	SAY("pfctl -s rules", sim_print("tag MARK%u", which));
	return raw_forget(b);
}

/* Each packet of a new flow is judged by one ruleset or the other, while they replace each other; flows of all of them go on. */
CASE_SEEDS(pf_rulesets_are_not_mixed, 10)
{
	unsigned sport = 1000, came;

	lab_custom(VIO0, VIO1, sim_print(SYSCTL "# /etc/pf.conf\n%s", marks(0)));
	for (unsigned round = 1; round <= 20; round++, sport += 12) {
		came = reload_under_traffic(round % 2, sport);
		SIM_CHECK(came == 12, "%u of 12 came, in round %u", came, round);
	}
	COUNT(pfs_blocked, 0);
	for (unsigned s = 1000; s < sport; s++)
		RX(b, UDP(B, A, .sport = 4001, .dport = (uint16_t)s));
	came = raw_forget(a);
	SIM_CHECK(came == 20 * 12, "%u of 240 answers came", came);
}

/* ---- limits: HOSTILE, pf ---- */

/* From a to b, both ends have acknowledged. */
static void
connect_tcp(void)
{
	through(a, b, TCP(A, B, TH_SYN_, .seq = 999));
	through(b, a, TCP(B, A, TH_SYN_ | TH_ACK_, .sport = 4001, .dport = 4000, .seq = 4999, .ack = 1000));
	through(a, b, TCP(A, B, TH_ACK_, .seq = 1000, .ack = 5000));
}

static void
both_ways(uint32_t sent)
{
	through(a, b, TCP(A, B, TH_ACK_, .seq = 1000 + sent, .ack = 5000 + sent, .len = 100));
	through(b, a, TCP(B, A, TH_ACK_, .sport = 4001, .dport = 4000, .seq = 5000 + sent, .ack = 1100 + sent, .len = 100));
}

static unsigned
syns(unsigned sport, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		RX(a, TCP(A, B, TH_SYN_, .sport = sport + i, .seq = 7));
	return raw_forget(b);
}

/* A flood of SYNs fills the table: what does not fit is refused and counted. Adaptive timeouts make room by what has never been answered, for new ones;
 * what is established loses nothing. */
CASE(pf_flood_of_syns_at_the_limit)
{
	unsigned came, refused = 0;

	lab_custom(VIO0, VIO1, SYSCTL "# /etc/pf.conf\nset limit states 100\npass\n");
	connect_tcp();
	came = syns(10000, 200);
	SIM_CHECK(came == 49, "%u SYNs came through", came);
	COUNT(pfs_maxstates, 200 - 49);
	SAY("pfctl -s info", "current entries                      100");
	both_ways(0);
	AT(sec(60));			/* tcp.first: 120 s, a third of that with 100 states of 60 to 120 */
	came = syns(20000, 3);
	SIM_CHECK(came == 3, "%u SYNs came through", came);
	both_ways(100);
	for (unsigned t = 61; t < 90; t++) {
		AT(sec(t));
		refused += 100 - syns(30000 + 100 * t, 100);
		both_ways(100 * (t - 59));
	}
	COUNT(pfs_maxstates, refused);
	SIM_CHECK(refused > 2000, "only %u SYNs were refused", refused);
	AT(sec(300));			/* all that was never answered has gone */
	SAY("pfctl -s info", "current entries                        2");
	both_ways(3100);
	COUNT(pfs_badstate, 0);
}

/* States, a pool's ports, fragments, tables' addresses: all at their limits at the same time. Each refuses by a counter or a message of its own. */
CASE(pf_all_limits_at_once)
{
	unsigned came, evicted, refused;

	lab_custom(VIO0, VIO1, SYSCTL "# /etc/pf.conf\nset limit { states 60, tables 2, table-entries 3, anchors 2 }\ntable <t> persist { 10.9.0.1 10.9.0.2 }\n"
	    "match out on vio1 inet proto udp to port 53 nat-to 10.0.1.1 port 6000:6001\nblock in quick from <t>\npass\n");
	connect_tcp();
	for (unsigned i = 0; i < 10; i++)
		RX(a, UDP(A, B, .sport = 5000 + i, .dport = 53));
	came = raw_forget(b);
	SIM_CHECK(came > 0 && came <= 2, "two ports are for two flows, not for %u", came);
	COUNT(pfs_translate, 10 - came);
	refused = 100 - syns(10000, 100);
	SIM_CHECK(refused > 70 && refused <= 80, "%u SYNs were refused", refused);
	COUNT(pfs_maxstates, refused);
	SAY("pfctl -s info", "current entries                       60");
	for (unsigned i = 0; i < 1100; i++)
		RX(a, UDP(A, B, .id = 1 + i, .sport = 6000, .dport = 6001, .len = 100, .off = IP_MF_, .part = 64));
	NONE(b);
	evicted = (unsigned)router_counter(r, "ips_fragevict");
	SIM_CHECK(evicted >= 1100 - 1024, "more fragments wait than may");
	COUNT(ips_fragevict, evicted);
	SAY("pfctl -t t -T add 10.9.0.3", "1/1 addresses added.\n");
	SAY("pfctl -t t -T add 10.9.0.4; echo $?", "pfctl: more addresses in tables than set limit table-entries allows\n1\n");
	SAY("pfctl -t t -T replace 10.9.1.1 10.9.1.2 10.9.1.3", "3 addresses added.\n3 addresses deleted.\n");
	SAY("pfctl -f - <<EOF\nset limit tables 1\ntable <x> { 10.9.0.1 }\ntable <y> { 10.9.0.1 }\npass from <x> to <y>\nEOF", "more tables than set limit tables allows");
	SAY("pfctl -f - <<EOF\nset limit anchors 1\nanchor one\nanchor two\nanchor three\nEOF", "more anchors than set limit anchors allows");
	SAY("pfctl -s rules", "nat-to 10.0.1.1 port 6000:6001");
	both_ways(0);
	SAY("pfctl -F states", "60 states cleared");
	RX(a, UDP(A, B, .id = 2000, .sport = 7000, .len = 100, .off = IP_MF_, .part = 64));
	RX(a, UDP(A, B, .id = 2000, .sport = 7000, .len = 100, .from = 64, .part = 44));
	came = raw_forget(b);
	SIM_CHECK(came == 1, "a datagram in two pieces does not come through");
	COUNT(ips_fragevict, 2);		/* for these */
}
