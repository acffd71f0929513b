/* case_overload.c - more than the way out takes. */
#include "tests/sim/nets.h"

/* Queues fill, the rest is dropped and counted, and afterwards all is well. */
CASE_SEEDS(overload, 3)
{
	struct pair p = pair_new();
	uint64_t got;

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim.jitter = true;
	p.wb->w_rate = 10000000;		/* 10 Mbit/s; what comes is 48 */
	host_flow(p.x, p.y->h_ip, 10000, us(250), 1472, 1472);
	sim_run(sec(2));
	host_ping(p.x, ip_of("10.0.0.1"), 1, 56);	/* the other side is served meanwhile */
	sim_run(ms(10));
	SIM_CHECK(p.x->h_last_reply == 1, "no answer under load");
	sim_run(sec(10));
	got = host_from(p.y, p.x->h_ip)->fi_received;
	/* 2.5 s at 10 Mbit/s are 2042 frames, and what queue (512) and ring (256) held. */
	SIM_CHECK(got > 2600 && got < 3000, "%" PRIu64 " of 10000 arrived", got);
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
}

/* The way out is dead slow and its link goes: what stands in the queue is accounted for. */
CASE_SEEDS(overload_and_link_loss, 5)
{
	struct pair p = pair_new();

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim.jitter = true;
	p.wb->w_rate = 1000000;
	p.wb->w_ring = 1 + sim_below(64);
	host_flow(p.x, p.y->h_ip, 2000, us(250), 16, 1472);
	for (unsigned i = 0; i < 5; i++) {
		sim_run(ms(sim_below(200)));
		wire_up(p.wb, false);
		sim_run(ms(sim_below(20)));
		wire_up(p.wb, true);
	}
	router_say(p.r, "ifconfig vio1 down");
	sim_run(ms(100));
	router_say(p.r, "ifconfig vio1 up");
	sim_run(sec(30));
	p.wb->w_rate = 0;
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
}

/* More frames at once than the card's ring holds. */
CASE(burst)
{
	struct pair p = pair_new();

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	host_flow(p.x, p.y->h_ip, 1000, 0, 64, 64);
	sim_run(sec(1));
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received + p.r->r_port[0].rp_overruns == 1000, "%" PRIu64 " arrived, %" PRIu64
	    " overran the ring", host_from(p.y, p.x->h_ip)->fi_received, p.r->r_port[0].rp_overruns);
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received >= 256, "%" PRIu64 " arrived", host_from(p.y, p.x->h_ip)->fi_received);
}
