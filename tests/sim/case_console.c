/* case_console.c - commands while packets flow. */
#include <string.h>

#include "tests/sim/nets.h"

static const char *const commands[] = {
	"ifconfig", "ifconfig vio0", "netstat -rn", "netstat -in", "netstat -s", "netstat -ss", "netstat -s -v", "arp -an", "kstat",
	"route -n show", "route -n get 10.0.1.2", "sysctl", "dmesg", "help", "uptime", "vmstat -m", "show config",
	"vmstat -zi", "systat -b -s 0.2", "systat -B -d 3 -s 0.05 cpu", "systat -j -s 0.1", "systat -d 2 -s 0.1 ifqs",
	"ping -c 2 10.0.0.2", "netstat -rn -j", "ifconfig -j", "kstat -j", "nonsense",
};

CASE_SEEDS(commands_under_traffic, 3)
{
	struct pair p = pair_new();

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim.jitter = true;
	host_flow(p.x, p.y->h_ip, 4000, ms(1), 16, 1400);
	for (unsigned i = 0; i < 60; i++)
		router_say(p.r, commands[sim_below(nitems(commands))]);
	sim_run(sec(8));
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received == 4000, "%" PRIu64 " of 4000 arrived",
	    host_from(p.y, p.x->h_ip)->fi_received);
}

/* Room again: the output goes on at once. */
CASE(paused_output_resumes)
{
	struct pair p = pair_new();
	size_t had;

	router_cons_room(p.r, 100);
	router_type(p.r, "netstat -s -v\r");
	sim_run(ms(333));
	had = p.r->r_console_len;
	router_cons_room(p.r, 100);
	sim_run(0);
	SIM_CHECK(p.r->r_console_len > had, "nothing comes");
	sim_run(ms(7));
	router_cons_room(p.r, SIZE_MAX);
	sim_run(0);
	SIM_CHECK(memcmp(p.r->r_console + p.r->r_console_len - 3, "~$ ", 3) == 0, "the rest does not come");
}

/* A terminal that takes nothing holds the command, not the packets; its table may change meanwhile. */
CASE_SEEDS(paused_output, 10)
{
	struct pair p = pair_new();
	size_t had;

	all_ping((struct shost *const []){ p.x, p.y }, 2, sec(5));
	sim.jitter = true;
	for (unsigned i = 0; i < 100; i++)
		router_say(p.r, sim_print("route add 10.200.%u.0/24 10.0.1.2", i));
	host_flow(p.x, p.y->h_ip, 3000, ms(1), 16, 1400);
	router_cons_room(p.r, 500);
	router_type(p.r, "netstat -rn\r");
	sim_run(ms(500));
	had = p.r->r_console_len;
	for (unsigned i = 0; i < 20; i++) {
		sim_run(ms(sim_below(20)));
		wire_up(p.wb, false);			/* all these routes go down and up again while they are shown */
		sim_run(ms(1));
		wire_up(p.wb, true);
		router_cons_room(p.r, sim_below(300));
	}
	router_cons_room(p.r, SIZE_MAX);
	sim_run(sec(10));
	SIM_CHECK(p.r->r_console_len > had + 500, "the output does not go on");
	SIM_CHECK(strstr(p.r->r_console, "10.200.99/24") != NULL, "the last route was not shown");
	SIM_CHECK(strstr(router_say(p.r, "uptime"), "up") != NULL, "the shell does not answer");
	SIM_CHECK(host_from(p.y, p.x->h_ip)->fi_received > 2000, "%" PRIu64 " of 3000 arrived",
	    host_from(p.y, p.x->h_ip)->fi_received);
}

CASE(interrupt_a_command)
{
	struct pair p = pair_new();

	router_type(p.r, "ping 10.0.0.2\r");
	sim_run(sec(10));
	router_type(p.r, "\003");
	sim_run(ms(10));
	SIM_CHECK(strstr(p.r->r_console, "packets transmitted") != NULL, "ping does not sum up:\n%s", p.r->r_console);
	SIM_CHECK(strstr(router_say(p.r, "uptime"), "up") != NULL, "the shell does not answer");
}

CASE(halt_and_reboot)
{
	struct pair p = pair_new();
	struct router *other = router_new("other");

	router_start(other, NULL);
	router_type(p.r, "halt\r");
	router_type(other, "reboot\r");
	sim_run(sec(1));
	SIM_CHECK(p.r->r_ended == HOST_HALT, "halt: ended %d", p.r->r_ended);
	SIM_CHECK(other->r_ended == HOST_REBOOT, "reboot: ended %d", other->r_ended);
}
