/* case_chain.c - several routers in a row. */
#include "tests/sim/nets.h"

CASE(chain_traceroute)
{
	struct chain c = chain_new(5, NULL);

	for (unsigned ttl = 1; ttl <= 6; ttl++) {
		c.x->h_error.n = 0;
		host_send(c.x, c.y->h_ip, ttl, 32, ttl, false);
		sim_run(sec(1));
		if (ttl <= 5) {
			SIM_CHECK(c.x->h_error.n == 1 && c.x->h_error.type == 11, "ttl %u: no time exceeded", ttl);
			SIM_CHECK(c.x->h_error.from == BE32(0x0a000002 + ((ttl - 1) << 8)), "ttl %u: from 0x%x", ttl,
			    be32_host(c.x->h_error.from));
		} else
			SIM_CHECK(c.x->h_error.n == 0 && host_from(c.y, c.x->h_ip) != NULL, "ttl %u does not arrive", ttl);
	}
}

CASE_SEEDS(chain_traffic, 5)
{
	struct chain c = chain_new(5, NULL);

	sim.jitter = true;
	host_flow(c.x, c.y->h_ip, 500, us(700), 16, 3000);
	host_flow(c.y, c.x->h_ip, 500, us(700), 16, 3000);
	sim_run(sec(10));
	SIM_CHECK(host_from(c.y, c.x->h_ip)->fi_received == 500, "%" PRIu64 " arrived", host_from(c.y, c.x->h_ip)->fi_received);
	SIM_CHECK(host_from(c.x, c.y->h_ip)->fi_received == 500, "%" PRIu64 " came back",
	    host_from(c.x, c.y->h_ip)->fi_received);
}

/* As many routers as a TTL reaches over, in one process: there is no limit of the loader's. */
CASE(chain_of_sixty)
{
	struct chain c = chain_new(60, NULL);
	uint64_t forwarded = 0;

	host_send(c.x, c.y->h_ip, 1, 32, 61, false);
	host_send(c.x, c.y->h_ip, 2, 32, 60, false);
	sim_run(sec(5));
	SIM_CHECK(host_from(c.y, c.x->h_ip) != NULL && host_from(c.y, c.x->h_ip)->fi_received == 1, "not one of two arrived");
	SIM_CHECK(c.x->h_error.n == 1 && c.x->h_error.from == BE32(0x0a000002 + (59 << 8)), "%" PRIu64 " errors, from 0x%x",
	    c.x->h_error.n, be32_host(c.x->h_error.from));
	for (unsigned i = 0; i < c.n; i++)
		forwarded += router_counter(c.r[i], "ips_forward");
	/* the datagram by 60, the other by 59, the error by 59 */
	SIM_CHECK(forwarded == 60 + 59 + 59, "%" PRIu64 " times forwarded", forwarded);
}

/* Two routers that take each other for the way: the TTL ends it, and each packet is answered once. */
CASE(routing_loop)
{
	struct wire *w[3] = { wire_new("net0"), wire_new("net1"), wire_new("net2") };
	struct router *one = router_new("one"), *two = router_new("two");
	struct shost *x = host_new("x", w[0], "10.0.0.9/24", "10.0.0.2");

	router_port(one, w[0]);
	router_port(one, w[1]);
	router_port(two, w[1]);
	router_port(two, w[2]);
	router_start(one, "# /etc/hostname.vio0\ninet 10.0.0.2/24\n# /etc/hostname.vio1\ninet 10.0.1.1/24\n"
	    "# /etc/mygate\n10.0.1.2\n" FORWARDING);
	router_start(two, "# /etc/hostname.vio0\ninet 10.0.1.2/24\n# /etc/hostname.vio1\ninet 10.0.2.1/24\n"
	    "# /etc/mygate\n10.0.1.1\n" FORWARDING);
	for (unsigned i = 0; i < 20; i++) {
		host_send(x, ip_of("10.9.9.9"), i, 32, 64, false);
		sim_run(ms(50));
	}
	sim_run(sec(5));
	SIM_CHECK(router_counter(one, "ips_ttl") + router_counter(two, "ips_ttl") == 20, "not every packet ended by its TTL");
	SIM_CHECK(router_counter(one, "ips_forward") > 20 * 30, "they did not loop");
}
