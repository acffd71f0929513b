/* case_owner.c - what net/core/owner.h says of what cannot be split among the cores: as exact with three cores as with one. */
#include "tests/sim/nets.h"
#include "tests/sim/timeline.h"

/* Of several cores all have had packets: so what is exact is so across cores. */
static void
check_spread(void)
{
	SIM_CHECK(sim.cores == 1 || router_counter(r, "hos_sent") > 0, "no packet changed cores");
}

/* "ICMP errors and their limits: core 0, so the limit is exact". A second's limit is up to an eighth lower than what is set. */
CASE_SEEDS(owner_icmp_limit, 5)
{
	unsigned n;

	lab_two_nets();
	SAY("sysctl net.inet.icmp.errppslimit=80");
	SAY("sysctl net.inet.icmp.errppshost=-1");
	for (unsigned i = 0; i < 400; i++)
		RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 1, .sport = 6000 + i % 60, .dport = 7000 + i % 7));
	n = raw_forget(a);
	SIM_CHECK(n >= 70 && n <= 80, "%u errors", n);
	COUNT(ips_ttl, 400);			/* on whatever core it ended, it was counted */
	COUNT(icps_outtimxceed, n);
	COUNT(icps_toofreq, 400 - (int64_t)n);
	check_spread();
}

/* "neighbours: states, wait lists: core 0": sixteen packets wait for one neighbour, whatever cores they are on, the newest; one question is asked. */
CASE_SEEDS(owner_arp_wait_list, 5)
{
	unsigned n;

	lab_two_nets_unknown();
	RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.1"));
	raw_forget(a);
	for (unsigned i = 0; i < 100; i++)
		RX(a, UDP("10.0.0.2", "10.0.1.9", .sport = 6000 + i % 60));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	NONE(b);
	COUNT(arps_held, 100);
	COUNT(arps_holdfull, 84);
	RX(b, ARP_ISAT("10.0.1.9", "10.0.1.1"));
	n = raw_forget(b);
	SIM_CHECK(n == 16, "%u packets had waited", n);
	check_spread();
}

/* "packets to ourselves: core 0": each is answered, once. */
CASE_SEEDS(owner_local_delivery, 5)
{
	unsigned n;

	lab_two_nets();
	for (unsigned i = 0; i < 200; i++) {
		RX(a, ECHO("10.0.0.2", i % 2 ? "10.0.0.1" : "10.0.1.1", .sport = i, .dport = i));
		RX(b, ECHO("10.0.1.2", i % 2 ? "10.0.0.1" : "10.0.1.1", .sport = i, .dport = i));
	}
	n = raw_forget(a);
	SIM_CHECK(n == 200, "%u answers at a", n);
	n = raw_forget(b);
	SIM_CHECK(n == 200, "%u answers at b", n);
}

/* "which core a flow is on": always the same, so that a flow keeps its order, whatever the cores' turns. */
CASE_SEEDS(owner_flows_keep_their_order, 20)
{
	struct pair p = pair_new();
	const struct flow_in *x, *y;

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim.jitter = true;
	sim.stall = us(sim_below(200));
	host_flow(p.x, p.y->h_ip, 1500, us(10), 16, 400);
	host_flow(p.y, p.x->h_ip, 1500, us(7), 16, 400);
	sim_run(sec(2));
	x = host_from(p.x, p.y->h_ip);
	y = host_from(p.y, p.x->h_ip);
	SIM_CHECK(x->fi_received > 500 && y->fi_received > 500, "%" PRIu64 " and %" PRIu64 " of 1500 arrived", x->fi_received, y->fi_received);
	SIM_CHECK(x->fi_reordered == 0 && y->fi_reordered == 0, "%" PRIu64 " and %" PRIu64 " overtook others", x->fi_reordered, y->fi_reordered);
	SIM_CHECK(x->fi_dups == 0 && y->fi_dups == 0, "some came twice");
}
