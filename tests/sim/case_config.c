/* case_config.c - the configuration changes while packets flow. */
#include <string.h>

#include "tests/sim/nets.h"

#define CONF_A	"# /etc/hostname.vio0\n" PAIR_VIO0 "# /etc/hostname.vio1\n" PAIR_VIO1 FORWARDING
#define CONF_B	"# /etc/myname\nother\n# /etc/hostname.vio0\n" PAIR_VIO0 "description \"to x\"\n!route add 10.7/16 10.0.0.2\n"	\
	"# /etc/hostname.vio1\n" PAIR_VIO1 "inet alias 10.0.9.1/24\n" FORWARDING

static void
load(struct router *r, const char *conf)
{
	const char *out = router_say(r, sim_print("load <<EOF\r%sEOF", conf));
	const char *shown = router_say(r, "show config");

	SIM_CHECK(strstr(out, "/etc/") == NULL || strstr(out, "error") == NULL, "load: %s", out);
	SIM_CHECK(strcmp(shown, conf) == 0, "show config after load:\n%s\n--- not\n%s", shown, conf);
}

/* What is in both is not touched: not a packet is lost over many reloads. */
CASE_SEEDS(reload_under_traffic, 3)
{
	struct pair p = pair_new();
	uint64_t asked, announced;

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim_run(sec(10));		/* the addresses are found to be ours alone */
	asked = router_counter(p.r, "arps_reqsent");
	announced = router_counter(p.r, "arps_annsent");
	sim.jitter = true;
	host_flow(p.x, p.y->h_ip, 3000, ms(1), 16, 1400);
	host_flow(p.y, p.x->h_ip, 3000, ms(1), 16, 1400);
	for (unsigned i = 0; i < 20; i++) {
		load(p.r, CONF_B);
		sim_run(ms(sim_below(30)));
		load(p.r, CONF_A);
		sim_run(ms(sim_below(30)));
	}
	sim_run(sec(5));
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received == 3000, "%" PRIu64 " of 3000 arrived",
	    host_from(p.y, p.x->h_ip)->fi_received);
	SIM_CHECK(host_from(p.x, p.y->h_ip)->fi_received == 3000, "%" PRIu64 " of 3000 came back",
	    host_from(p.x, p.y->h_ip)->fi_received);
	/* Neighbours were not forgotten; only the address that comes with B was announced. */
	SIM_CHECK(router_counter(p.r, "arps_reqsent") == asked, "neighbours were asked for again");
	SIM_CHECK(router_counter(p.r, "arps_annsent") == announced + 20, "%" PRIu64 " announcements",
	    router_counter(p.r, "arps_annsent") - announced);
}

/* A network goes and comes back: flows stop and resume, and nothing is left behind. */
CASE_SEEDS(reload_without_a_network, 3)
{
	static const char without[] = "# /etc/hostname.vio0\n" PAIR_VIO0 FORWARDING;
	struct pair p = pair_new();
	uint64_t before;

	sim.jitter = true;
	host_flow(p.x, p.y->h_ip, 5000, ms(1), 16, 1400);
	for (unsigned i = 0; i < 5; i++) {
		sim_run(ms(200 + sim_below(50)));
		load(p.r, without);
		sim_run(ms(50));
		before = host_from(p.y, p.x->h_ip)->fi_received;
		sim_run(ms(100));
		SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received == before, "packets to a network that has gone");
		load(p.r, CONF_A);
	}
	before = host_from(p.y, p.x->h_ip)->fi_received;
	sim_run(sec(1));
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received > before, "nothing flows after the last reload");
	sim_run(sec(10));
}

CASE(bad_config_changes_nothing)
{
	struct pair p = pair_new();
	const char *out;

	out = router_say(p.r, "load <<EOF\r# /etc/hostname.vio0\ninet 10.0.0.1/33\n# /etc/nonsense\nx\nEOF");
	SIM_CHECK(strstr(out, "/etc/hostname.vio0:1:") != NULL, "no file, line and reason in: %s", out);
	SIM_CHECK(strcmp(router_say(p.r, "show config"), CONF_A) == 0, "the configuration has changed");
	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
}

/* Fail closed: without its configuration a router forwards nothing. */
CASE(no_config_no_forwarding)
{
	struct wire *w = wire_new("a");
	struct router *r = router_new("r");
	struct shost *x = host_new("x", w, "10.0.0.2/24", "10.0.0.1");

	router_port(r, w);
	router_start(r, "# /etc/hostname.vio0\ninet 10.0.0.1/24\nnonsense\n" FORWARDING);
	SIM_CHECK(strstr(r->r_console, "nothing is forwarded") != NULL, "no word about it:\n%s", r->r_console);
	host_ping(x, ip_of("10.0.0.1"), 1, 56);
	sim_run(sec(1));
	SIM_CHECK(x->h_replies == 0, "it answers");
	/* Not even when somebody sets all that it needs at the console. */
	router_say(r, "ifconfig vio0 inet 10.0.0.1/24");
	router_say(r, "route add 10.1/16 10.0.0.3");
	router_say(r, "sysctl net.inet.ip.forwarding=1");
	host_send(x, ip_of("10.1.0.1"), 1, 32, 64, false);
	host_ping(x, ip_of("10.0.0.1"), 2, 56);
	sim_run(sec(5));
	SIM_CHECK(x->h_replies > 0, "it does not answer for itself");
	SIM_CHECK(router_counter(r, "ips_cantforward") == 1 && router_counter(r, "ips_forward") == 0, "it forwards");
}
