/* case_epoch.c - what core 0 takes away while others look at it: interfaces are destroyed, configurations reloaded under traffic of all kinds, with
 * queues full, cores that stand still for long, and a show that the terminal has stopped half way. Small: they are run with very many seeds, with
 * the address sanitizer. */
#include "tests/sim/nets.h"

#define VIO0	"# /etc/hostname.vio0\n" PAIR_VIO0
#define VIO1	"# /etc/hostname.vio1\n" PAIR_VIO1
#define LO1	"# /etc/hostname.lo1\ninet 10.9.9.1/32\ninet alias 10.9.8.1/24\n"
#define ROUTES	"!route add 10.5/16 10.0.1.2\n!route add 10.5.128/17 10.0.1.3\n"
#define LOOPING	"!route add 10.6/16 10.9.9.1\n"		/* through lo1 until the TTL ends */

static const char *const bundles[] = {
	VIO0 VIO1 ROUTES LO1 FORWARDING,
	VIO0 LOOPING VIO1 ROUTES LO1 FORWARDING,
	VIO0 VIO1 FORWARDING,
	VIO0 "!route add 10.5/16 10.0.0.3\n" VIO1 "inet alias 10.0.2.1/24\n!arp -s 10.0.1.3 2:0:0:0:0:3\n" FORWARDING,
	VIO0 "down\n" VIO1 ROUTES LO1 FORWARDING,
	VIO0 LO1 FORWARDING,
	VIO1 ROUTES LO1 "# /etc/mygate\n10.0.1.2\n" FORWARDING,
	"# /etc/hostname.vio0\n" PAIR_VIO1 "# /etc/hostname.vio1\n" PAIR_VIO0 LO1 FORWARDING,	/* the wires change places */
	VIO0 VIO1 "mtu 600\n" ROUTES LO1 "# /etc/hostname.lo2\ninet 10.9.7.1/32\nmtu 1400\n" FORWARDING,
	"",
};

/* lo1 comes and goes under what goes through it. */
static const char *const lo1_bundles[] = {
	VIO0 LOOPING VIO1 ROUTES LO1 FORWARDING,
	VIO0 LOOPING VIO1 ROUTES LO1 FORWARDING,
	VIO0 VIO1 ROUTES FORWARDING,
	VIO0 VIO1 ROUTES FORWARDING,
	VIO0 VIO1 LOOPING "# /etc/hostname.lo2\ninet 10.9.9.1/32\n" FORWARDING,
};

static const char *const changes[] = {
	"ifconfig lo1 destroy", "ifconfig lo1 destroy", "ifconfig lo1 inet 10.9.9.1/32", "ifconfig lo1 inet 10.9.9.1/32",
	"ifconfig lo1 create", "ifconfig lo2 inet 10.9.8.1/24", "ifconfig lo2 destroy", "ifconfig lo1 down", "ifconfig lo1 up",
	"ifconfig vio1 down", "ifconfig vio1 up", "ifconfig vio1 inet 10.0.1.1 delete", "ifconfig vio1 inet 10.0.1.1/24",
	"ifconfig vio1 inet alias 10.0.2.1/24", "ifconfig vio1 lladdr 2:0:0:0:0:99", "route add 10.6/16 10.9.9.1", "route delete 10.6/16",
	"route add 10.5/16 10.0.1.2", "route delete 10.5/16", "route add 10.5.1/24 10.0.1.4", "arp -d 10.0.1.2", "arp -d 10.0.0.2",
	"arp -s 10.0.1.2 2:0:0:0:0:2", "sysctl net.inet.ip.forwarding=0", "sysctl net.inet.ip.forwarding=1",
};

static const char *const shows[] = {
	"netstat -rn", "show config", "arp -an", "ifconfig", "kstat", "netstat -in", "netstat -s", "vmstat -m", "netstat -rn -j",
};

/* ---- traffic ---- */

struct fire {
	struct pair	 p;
	unsigned	 left;			/* packets */
	bool		 lo1;			/* most of them through lo1 */
	uint64_t	 gap;			/* ns at most between two */
	int		 status;		/* of the session */
	unsigned	 refused;		/* changes that it could not make */
};

static const char *
some_target(bool from_x, bool lo1)
{
	switch (lo1 && sim_below(4) ? 2 : sim_below(10)) {
	case 0:
		return "10.9.9.1";
	case 1:
		return from_x ? "10.0.0.1" : "10.0.1.1";
	case 2:
		return sim_print("10.6.%u.1", sim_below(200));
	case 3:
		return sim_print("10.0.1.%u", 2 + sim_below(20));		/* nobody answers but .2 */
	case 4:
		return sim_print("10.%u.1.1", 6 + sim_below(30));
	case 5:
	case 6:
		return sim_print("10.5.%u.%u", sim_below(256), sim_below(256));
	default:
		return from_x ? "10.0.1.2" : "10.0.0.2";
	}
}

static void
fire_one(struct fire *f)
{
	bool from_x = sim_below(4) != 0;
	struct shost *h = from_x ? f->p.x : f->p.y;
	struct pkt p = {
		.kind = PK_UDP, .src = from_x ? "10.0.0.2" : "10.0.1.2", .dst = some_target(from_x, f->lo1),
		.ttl = sim_below(16) == 0 ? 1 : f->lo1 ? 2 + sim_below(6) : 64, .id = sim_below(65536), .sport = 6000 + sim_below(50), .dport = 7000 + sim_below(3),
		.len = sim_below(4) == 0 ? 1400 : sim_below(100), .off = sim_below(8) == 0 ? IP_DF_ : 0,
	};
	uint8_t b[FRAME_MAX];
	unsigned len;

	if (sim_below(4) == 0) {
		host_ping(h, ip_of(p.dst), (uint16_t)p.id, p.len);
		return;
	}
	len = pkt_build(&p, h->h_port.p_mac, f->p.r->r_port[from_x ? 0 : 1].rp_port.p_mac, b);
	port_send(&h->h_port, b, len);
}

static void
fire_next(void *arg, void *arg2 __unused_arg)
{
	struct fire *f = arg;

	for (unsigned n = 1 + sim_below(8); n > 0 && f->left > 0; n--, f->left--)
		fire_one(f);
	if (f->left > 0)
		sim_at(sim.now + sim_random() % f->gap, fire_next, f, NULL);
}

static void
fire_begin(struct fire *f)
{
	sim.jitter = true;
	sim.stall = us(20 + sim_below(500));
	if (sim.cores > 1)
		sim.stand = 20 + sim_below(300);
	*f = (struct fire){ .p = pair_new(), .left = 50 + sim_below(sim_below(4) == 0 ? 900 : 200), .gap = us(1 + sim_below(60)), .status = 1 };
	if (sim_below(2))
		all_ping((struct shost *const []){ f->p.x, f->p.y }, 2, sec(5));
	f->p.wb->w_rate = 1000000 * (1 + sim_below(200));	/* the way out is slow: queues fill */
	f->p.wb->w_ring = 1 + sim_below(16);
	sim_at(sim.now, fire_next, f, NULL);
}

/* ---- what happens meanwhile ---- */

static void
some_trouble(struct fire *f)
{
	switch (sim_below(8)) {
	case 0:					/* the terminal stops in the middle of it */
		router_cons_room(f->p.r, sim_below(600));
		router_type(f->p.r, sim_print("%s\r", shows[sim_below(nitems(shows))]));
		break;
	case 1:
		router_cons_room(f->p.r, sim_below(400));
		break;
	case 2:
		wire_up(sim_below(2) ? f->p.wa : f->p.wb, sim_below(2));
		break;
	default:
		break;
	}
}

/* One change after the other, as of one admin. */
static void
fire_change(struct fire *f, const char *const *texts, unsigned n)
{
	for (unsigned i = 4 + sim_below(6); i > 0; i--) {
		some_trouble(f);
		f->refused += f->status == -1;
		if (f->status != 0)
			router_session(f->p.r, texts[sim_below(n)], &f->status);
		sim_run(us(sim_below(sim_below(4) == 0 ? 1500 : 200)));
	}
}

static void
wait_for_session(struct fire *f)
{
	for (unsigned i = 0; i < 100 && f->status == 0; i++)
		sim_run(ms(1));
	SIM_CHECK(f->status != 0, "the session does not end");
	f->refused += f->status == -1;
}

static void
forget_neighbours(struct shost *h)
{
	for (unsigned i = 0; i < h->h_narp; i++)
		h->h_arp[i].n_known = false;
}

/* The trouble is over: the router is as if it had not been. */
static void
fire_end(struct fire *f)
{
	uint64_t x, y;

	wait_for_session(f);
	router_cons_room(f->p.r, SIZE_MAX);
	wires_calm();
	f->p.wb->w_rate = 0;
	router_session(f->p.r, bundles[0], &f->status);
	wait_for_session(f);
	SIM_CHECK(f->status == 1, "the first configuration does not load");
	for (unsigned i = 0; i < 100 && f->left > 0; i++)
		sim_run(ms(1));
	forget_neighbours(f->p.x);	/* addresses of the router that are no more */
	forget_neighbours(f->p.y);
	host_announce(f->p.x);
	host_announce(f->p.y);
	sim_run(ms(300));		/* what stood in slow rings, and answers that waited for the two, have come */
	forget_neighbours(f->p.x);
	forget_neighbours(f->p.y);
	x = f->p.x->h_replies;
	y = f->p.y->h_replies;
	host_ping(f->p.x, ip_of("10.9.9.1"), 1, 56);
	host_ping(f->p.y, ip_of("10.9.8.1"), 1, 56);
	sim_run(ms(20));
	SIM_CHECK(f->p.x->h_replies == x + 1 && f->p.y->h_replies == y + 1, "no answer from lo1");
	all_ping((struct shost *const []){ f->p.x, f->p.y }, 2, sec(10));
}

CASE_SEEDS(epoch_interfaces, 100)
{
	struct fire *f = sim_alloc(sizeof(*f));

	fire_begin(f);
	router_session(f->p.r, bundles[sim_below(2)], &f->status);
	sim_run(us(200));
	fire_change(f, changes, nitems(changes));
	fire_end(f);
}

CASE_SEEDS(epoch_reload, 100)
{
	struct fire *f = sim_alloc(sizeof(*f));

	fire_begin(f);
	fire_change(f, bundles, nitems(bundles));
	fire_end(f);
	SIM_CHECK(f->refused == 0, "%u bundles did not load", f->refused);
}

CASE_SEEDS(epoch_under_way, 100)
{
	struct fire *f = sim_alloc(sizeof(*f));

	fire_begin(f);
	f->lo1 = true;
	f->gap *= 1 + sim_below(8);		/* not so many that core 0 does nothing else */
	fire_change(f, lo1_bundles, nitems(lo1_bundles));
	fire_end(f);
	SIM_CHECK(f->refused == 0, "%u bundles did not load", f->refused);
}
