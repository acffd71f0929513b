/* case_link.c - links that go and come back. */
#include "tests/sim/nets.h"
#include "tests/sim/timeline.h"

CASE(link_down_and_up)
{
	lab_two_nets();
	wire_up(b->rw_port.p_wire, false);
	SAY("ifconfig vio1", "status: no carrier");
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 0, UDP("10.0.0.2", "10.0.1.2")));
	COUNT(ips_noroutes, 1);
	wire_up(b->rw_port.p_wire, true);
	SAY("ifconfig vio1", "status: active");
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	raw_forget(b);
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
}

/* Learned neighbours are forgotten with the link, waiting packets dropped and counted. */
CASE(link_down_while_waiting)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.9"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	wire_up(b->rw_port.p_wire, false);
	COUNT(arps_holdgone, 1);
	AFTER(sec(5));
	NONE(b);
	wire_up(b->rw_port.p_wire, true);
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.1"));
}

/* Two hosts talk while links flap: nothing is accepted that was not sent, and afterwards all is as before. */
CASE_SEEDS(link_flaps, 10)
{
	struct pair p = pair_new();
	const struct flow_in *fi;

	sim.jitter = true;
	host_flow(p.x, p.y->h_ip, 2000, ms(5), 16, 1400);
	host_flow(p.y, p.x->h_ip, 2000, ms(5), 16, 1400);
	for (unsigned i = 0; i < 20; i++) {
		sim_run(ms(1 + sim_below(800)));
		wire_up(sim_below(2) ? p.wa : p.wb, false);
		sim_run(ms(1 + sim_below(50)));
		wires_calm();
	}
	sim_run(sec(15));
	fi = host_from(p.y, p.x->h_ip);
	SIM_CHECK(fi != NULL && fi->fi_received > 1000, "%" PRIu64 " of 2000 arrived", fi != NULL ? fi->fi_received : 0);
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
}
