/* nets.c - the networks of nets.h. */
#include "tests/sim/nets.h"

struct pair
pair_new(void)
{
	struct pair p = { .wa = wire_new("a"), .wb = wire_new("b"), .r = router_new("r") };

	p.wa->w_delay = p.wb->w_delay = us(20);
	router_port(p.r, p.wa);
	router_port(p.r, p.wb);
	p.x = host_new("x", p.wa, "10.0.0.2/24", "10.0.0.1");
	p.y = host_new("y", p.wb, "10.0.1.2/24", "10.0.1.1");
	router_start(p.r, "# /etc/hostname.vio0\n" PAIR_VIO0 "# /etc/hostname.vio1\n" PAIR_VIO1 FORWARDING);
	sim.start = sim.now;
	return p;
}

/* Towards net 0 by hand, everything else by the default route. */
static char *
chain_conf(unsigned i, unsigned n, const unsigned *mtus)
{
	char *back = sim_print("%s", ""), *fore = i + 1 < n ? sim_print("# /etc/mygate\n10.0.%u.2\n", i + 1) : "";

	for (unsigned k = 0; k < i; k++)
		back = sim_print("%s!route add 10.0.%u.0/24 10.0.%u.1\n", back, k, i);
	return sim_print("# /etc/myname\nr%u\n# /etc/hostname.vio0\ninet 10.0.%u.2/24 mtu %u\n%s"
	    "# /etc/hostname.vio1\ninet 10.0.%u.1/24 mtu %u\n%s" FORWARDING, i, i, mtus != NULL ? mtus[i] : 1500, back, i + 1,
	    mtus != NULL ? mtus[i + 1] : 1500, fore);
}

struct chain
chain_new(unsigned n, const unsigned *mtus)
{
	struct chain c = { .n = n };

	for (unsigned i = 0; i <= n; i++) {
		c.w[i] = wire_new(sim_print("net%u", i));
		c.w[i]->w_mtu = mtus != NULL ? mtus[i] : 1500;
		c.w[i]->w_delay = us(200);
	}
	c.x = host_new("x", c.w[0], "10.0.0.9/24", "10.0.0.2");
	c.y = host_new("y", c.w[n], sim_print("10.0.%u.9/24", n), sim_print("10.0.%u.1", n));
	for (unsigned i = 0; i < n; i++) {
		c.r[i] = router_new(sim_print("r%u", i));
		router_port(c.r[i], c.w[i]);
		router_port(c.r[i], c.w[i + 1]);
		router_start(c.r[i], chain_conf(i, n, mtus));
	}
	sim.start = sim.now;
	return c;
}

void
all_ping(struct shost *const *h, unsigned n, uint64_t limit)
{
	uint64_t end = sim.now + limit;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++) {
			uint64_t had = h[i]->h_replies;

			for (uint16_t seq = 1; i != k && h[i]->h_replies == had; seq++) {
				SIM_CHECK(sim.now < end, "%s does not reach %s", h[i]->h_port.p_name, h[k]->h_port.p_name);
				host_ping(h[i], h[k]->h_ip, seq, 56);
				for (unsigned t = 0; t < 100 && h[i]->h_replies == had; t++)
					sim_run(ms(10));
			}
		}
}
