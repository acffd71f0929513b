/* case_pf_scale.c - the packet filter when much changes under traffic: rulesets that replace each other, with packets and flows under way. */
#include "tests/sim/timeline.h"

#define VIO0	"inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n"
#define VIO1	"inet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\n!route add 10.1/16 10.0.1.2\n"
#define SYSCTL	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n"
#define A	"10.0.0.2"
#define B	"10.0.1.2"

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
