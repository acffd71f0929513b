/* case_random.c - networks that the seed makes: routers in a tree with some links more, static routes by the shortest ways, hosts, bad
 * wires. However it went: when the wires are good again, everybody reaches everybody. */
#include "tests/sim/nets.h"

#define NETS	10
#define ROUTERS	6

struct topology {
	unsigned	 nnets, nrouters, nhosts;
	struct wire	*wire[NETS];
	struct router	*router[ROUTERS];
	struct shost	*host[NETS];
	bool		 at[ROUTERS][NETS];	/* router stands on net */
	unsigned	 via[ROUTERS][NETS];	/* the next router on its way to net; itself: connected */
	unsigned	 dist[ROUTERS][NETS];
};

/* On net n router i has 10.0.n.(i + 1); the host has 10.0.n.100. */

static unsigned
shared_net(const struct topology *t, unsigned i, unsigned k)
{
	for (unsigned n = 0; n < t->nnets; n++)
		if (t->at[i][n] && t->at[k][n])
			return n;
	return NETS;
}

/* Each router on one net of those before it and one new net of its own; then some ports more. */
static void
make_graph(struct topology *t)
{
	t->nrouters = 2 + sim_below(ROUTERS - 1);
	t->nnets = t->nrouters + 1;
	for (unsigned i = 0; i < t->nrouters; i++) {
		t->at[i][i == 0 ? 0 : sim_below(i + 1)] = true;
		t->at[i][i + 1] = true;
	}
	for (unsigned more = sim_below(4); more > 0; more--)
		t->at[sim_below(t->nrouters)][sim_below(t->nnets)] = true;
}

static void
find_ways(struct topology *t)
{
	for (unsigned i = 0; i < t->nrouters; i++)
		for (unsigned n = 0; n < t->nnets; n++) {
			t->dist[i][n] = t->at[i][n] ? 0 : 1000;
			t->via[i][n] = i;
		}
	for (unsigned round = 0; round < t->nrouters; round++)
		for (unsigned i = 0; i < t->nrouters; i++)
			for (unsigned k = 0; k < t->nrouters; k++)
				for (unsigned n = 0; n < t->nnets; n++)
					if (shared_net(t, i, k) != NETS && t->dist[k][n] + 1 < t->dist[i][n]) {
						t->dist[i][n] = t->dist[k][n] + 1;
						t->via[i][n] = k;
					}
}

static char *
make_conf(const struct topology *t, unsigned i)
{
	char *conf = sim_print("# /etc/myname\nr%u\n", i), *routes = sim_print("%s", "");
	unsigned unit = 0;

	for (unsigned n = 0; n < t->nnets; n++)
		if (!t->at[i][n])
			routes = sim_print("%s!route add 10.0.%u.0/24 10.0.%u.%u\n", routes, n, shared_net(t, i, t->via[i][n]),
			    t->via[i][n] + 1);
	for (unsigned n = 0; n < t->nnets; n++)
		if (t->at[i][n]) {
			conf = sim_print("%s# /etc/hostname.vio%u\ninet 10.0.%u.%u/24\n%s", conf, unit++, n, i + 1, routes);
			routes = "";
		}
	return sim_print("%s" FORWARDING, conf);
}

static void
build(struct topology *t)
{
	make_graph(t);
	find_ways(t);
	for (unsigned n = 0; n < t->nnets; n++) {
		t->wire[n] = wire_new(sim_print("net%u", n));
		t->wire[n]->w_delay = us(sim_below(2000));
		t->wire[n]->w_keep_arp = true;
	}
	for (unsigned n = 0; n < t->nnets; n++)
		for (unsigned i = 0; i < t->nrouters; i++)
			if (t->at[i][n]) {
				t->host[t->nhosts++] = host_new(sim_print("h%u", n), t->wire[n], sim_print("10.0.%u.100/24", n),
				    sim_print("10.0.%u.%u", n, i + 1));
				break;
			}
	for (unsigned i = 0; i < t->nrouters; i++) {
		t->router[i] = router_new(sim_print("r%u", i));
		for (unsigned n = 0; n < t->nnets; n++)
			if (t->at[i][n])
				router_port(t->router[i], t->wire[n]);
		router_start(t->router[i], make_conf(t, i));
	}
	sim.start = sim.now;
}

static void
make_trouble(struct topology *t)
{
	for (unsigned n = 0; n < t->nnets; n++) {
		struct wire *w = t->wire[n];

		w->w_loss = sim_below(3) == 0 ? sim_below(200) : 0;
		w->w_dup = sim_below(3) == 0 ? sim_below(200) : 0;
		w->w_corrupt = sim_below(3) == 0 ? sim_below(100) : 0;
		w->w_jitter = sim_below(2) ? us(sim_below(10000)) : 0;
		w->w_rate = sim_below(4) == 0 ? 1000000 + sim_below(50000000) : 0;
		w->w_ring = 1 + sim_below(256);
	}
}

CASE_SEEDS(random_topology, 200)
{
	struct topology *t = sim_alloc(sizeof(*t));
	unsigned flows;

	build(t);
	sim.jitter = sim_below(2);
	if (sim_below(2))
		all_ping(t->host, t->nhosts, sec(120));
	make_trouble(t);
	for (flows = 3 + sim_below(6); flows > 0; flows--) {
		unsigned i = sim_below(t->nhosts), k = sim_below(t->nhosts);

		if (i != k)
			host_flow(t->host[i], t->host[k]->h_ip, sim_below(200), us(sim_below(5000)), 16, 16 + sim_below(2500));
		if (sim_below(4) == 0)
			wire_up(t->wire[sim_below(t->nnets)], sim_below(2));
		sim_run(ms(sim_below(100)));
	}
	wires_calm();
	sim_run(sec(5));
	all_ping(t->host, t->nhosts, sec(300));
}
