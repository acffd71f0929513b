/* case_faults.c - wires that lose, double, delay and damage: not one wrong byte is accepted, and the books balance. */
#include "tests/sim/nets.h"

static void
check_flow(const struct shost *to, const struct shost *from, uint64_t least, uint64_t most)
{
	const struct flow_in *fi = host_from(to, from->h_ip);
	uint64_t n = fi != NULL ? fi->fi_received : 0;

	SIM_CHECK(n >= least && n <= most, "%s has %" PRIu64 " datagrams of %s, not %" PRIu64 " to %" PRIu64,
	    to->h_port.p_name, n, from->h_port.p_name, least, most);
}

CASE_SEEDS(loss, 10)
{
	struct pair p = pair_new();

	sim.jitter = true;
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));	/* a lost ARP request alone costs a second */
	p.wa->w_loss = p.wb->w_loss = 100;
	host_flow(p.x, p.y->h_ip, 1000, ms(1), 16, 1472);
	host_flow(p.y, p.x->h_ip, 1000, ms(1), 16, 1472);
	sim_run(sec(10));
	check_flow(p.y, p.x, 500, 900);
	check_flow(p.x, p.y, 500, 900);
	wires_calm();
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(10));
}

CASE_SEEDS(duplicates_and_reordering, 10)
{
	struct pair p = pair_new();

	sim.jitter = true;
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	p.wa->w_dup = p.wb->w_dup = 300;
	p.wa->w_jitter = p.wb->w_jitter = ms(20);
	host_flow(p.x, p.y->h_ip, 1000, ms(1), 16, 3000);	/* two or three fragments each */
	host_flow(p.y, p.x->h_ip, 1000, ms(1), 16, 3000);
	sim_run(sec(10));
	check_flow(p.y, p.x, 1000, 1000);
	check_flow(p.x, p.y, 1000, 1000);
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_reordered > 100, "nothing was reordered");
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_dups > 100, "nothing came twice");
}

/* One bit is turned: the IP header's checksum finds it in the router, UDP's in the host. */
CASE_SEEDS(corruption, 10)
{
	struct pair p = pair_new();

	sim.jitter = true;
	p.wa->w_corrupt = 200;		/* one wire: two bits in one packet could deceive any checksum */
	p.wa->w_keep_arp = sim.exact = true;
	host_flow(p.x, p.y->h_ip, 2000, ms(1), 16, 400);
	host_flow(p.y, p.x->h_ip, 2000, ms(1), 16, 400);
	sim_run(sec(10));
	check_flow(p.y, p.x, 1400, 1800);
	check_flow(p.x, p.y, 1400, 1800);
	SIM_CHECK(p.y->h_badsum + p.x->h_badsum > 100, "hosts saw no damage");
	SIM_CHECK(router_counter(p.r, "ips_badsum") > 10, "the router saw no damage");
	wires_calm();
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
}

/* ARP has no checksum: what a damaged frame teaches is wrong, until it is asked again. The router lives with all of it. */
CASE_SEEDS(corruption_of_everything, 20)
{
	struct pair p = pair_new();

	sim.jitter = true;
	p.wa->w_corrupt = p.wb->w_corrupt = 300;
	p.wa->w_loss = p.wb->w_loss = 50;
	p.wa->w_dup = p.wb->w_dup = 50;
	p.wa->w_jitter = p.wb->w_jitter = ms(3);
	for (unsigned i = 0; i < 10; i++) {
		host_flow(p.x, p.y->h_ip, 100, ms(1), 16, 2000);
		host_flow(p.y, p.x->h_ip, 100, ms(1), 16, 2000);
		host_ping(p.x, ip_of("10.0.0.1"), (uint16_t)i, 100);
		host_announce(p.x);
		host_announce(p.y);
		sim_run(sec(1));
	}
	wires_calm();
	host_announce(p.x);
	host_announce(p.y);
	sim_run(sec(30));		/* hosts of ours that learned wrong do not ask again: only the router must be right */
	host_ping(p.x, ip_of("10.0.0.1"), 100, 56);
	sim_run(sec(1));
	router_say(p.r, "ping -c 3 -w 1 10.0.0.2");
	SIM_CHECK(p.x->h_echoes > 0, "the router does not reach x");
}

/* Hours of a bad line. */
CASE_SEEDS(bad_line_for_hours, 2)
{
	struct pair p = pair_new();

	p.wa->w_loss = p.wb->w_loss = 200;
	for (unsigned i = 0; i < 6 * 60; i++) {
		host_send(p.x, p.y->h_ip, i, 100, 64, false);
		host_send(p.y, p.x->h_ip, i, 100, 64, false);
		sim_run(sec(60));
	}
	check_flow(p.y, p.x, 150, 300);
	check_flow(p.x, p.y, 150, 300);
}
