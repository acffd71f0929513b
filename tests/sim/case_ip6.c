/* case_ip6.c - IPv6 among routers: neighbours, way there and back, path MTU, autoconfiguration, duplicates. */
#include <string.h>

#include "tests/sim/nets.h"

#define FORWARDING6	"# /etc/sysctl.conf\nnet.inet6.ip6.forwarding=1\n"
#define ROUTERS6	4

/* ROUTERS6 in a row: on net i (fd00:0:0:i::/64) router i has ::2, router i - 1 has ::1. */
static void
row_new(struct router **r, const unsigned *mtus)
{
	struct wire *w[ROUTERS6 + 1];

	for (unsigned i = 0; i <= ROUTERS6; i++) {
		w[i] = wire_new(sim_print("net%u", i));
		w[i]->w_delay = us(200);
	}
	for (unsigned i = 0; i < ROUTERS6; i++) {
		char *back = sim_print("%s", "");

		for (unsigned k = 0; k < i; k++)
			back = sim_print("%s!route add -inet6 fd00:0:0:%u::/64 fd00:0:0:%u::1\n", back, k, i);
		r[i] = router_new(sim_print("r%u", i));
		router_port(r[i], w[i]);
		router_port(r[i], w[i + 1]);
		router_start(r[i], sim_print("# /etc/hostname.vio0\ninet6 fd00:0:0:%u::2 64\nmtu %u\n%s# /etc/hostname.vio1\ninet6 fd00:0:0:%u::1 64\n"
		    "mtu %u\n%s" FORWARDING6, i, mtus != NULL ? mtus[i] : 1500, back, i + 1, mtus != NULL ? mtus[i + 1] : 1500,
		    i + 1 < ROUTERS6 ? sim_print("# /etc/mygate\nfd00:0:0:%u::2\n", i + 1) : ""));
	}
	sim.start = sim.now;
	sim_run(sec(3));			/* duplicate address detection is over */
}

static void
says(const char *file, int line, struct router *r, const char *command, const char *part)
{
	const char *text = router_say(r, command);

	if (strstr(text, part) == NULL)
		sim_fail(file, line, "%s: %s: no \"%s\" in: %s", r->r_name, command, part, text);
}
#define SAYS(r, command, part) says(__FILE__, __LINE__, r, command, part)

CASE_SEEDS(ip6_row, 3)
{
	struct router *r[ROUTERS6];

	row_new(r, NULL);
	sim.jitter = true;
	SAYS(r[0], "ping6 -c 3 -i 0.2 fd00:0:0:4::1", "3 packets received, 0.0% packet loss");
	SAYS(r[3], "ping6 -c 3 -i 0.2 -s 5000 fd00::2", "3 packets received, 0.0% packet loss");
	SAYS(r[0], "ping6 -c 1 -h 2 fd00:0:0:4::1", "Time to live exceeded");
	SAYS(r[0], "ping6 -c 1 2001:db8::1", "No Route to Destination");
	SAYS(r[1], "ndp -an", "fd00:0:0:2::2 ");
}

/* checklist: pingsize */
CASE(ip6_path_mtu)
{
	const unsigned mtus[] = { 1500, 1500, 1400, 1280, 1500 };
	struct router *r[ROUTERS6];

	row_new(r, mtus);
	SAYS(r[0], "ping6 -c 3 -i 0.3 -w 1 -s 1400 fd00:0:0:4::1", "1 packets received");	/* each narrow hop costs one */
	SAYS(r[0], "ping6 -c 3 -i 0.3 -w 1 -s 1400 fd00:0:0:4::1", "3 packets received");
	SAYS(r[0], "netstat -s -p icmp6", "\t2 path MTU changes\n");
	SAYS(r[0], "ping6 -c 2 -i 0.3 -w 1 -s 60000 fd00:0:0:4::1", "2 packets received");
}

/* A neighbour that is used is never lost, hour after hour; one that has gone is found out. */
CASE(ip6_neighbour_for_hours)
{
	struct router *r[ROUTERS6];

	row_new(r, NULL);
	for (unsigned i = 0; i < 60; i++) {
		SAYS(r[0], "ping6 -c 1 -w 1 fd00:0:0:1::2", "1 packets received");
		sim_run(sec(i * 7));
	}
	router_count(__FILE__, __LINE__, r[0], "nd6s_timeout", 0);
	router_say(r[1], "ifconfig vio0 down");
	sim_run(sec(60));
	SAYS(r[0], "ping6 -c 15 -w 5 fd00:0:0:1::2", "Destination Host Unreachable");
	router_say(r[1], "ifconfig vio0 up");
	sim_run(sec(2));
	SAYS(r[0], "ping6 -c 2 -w 5 fd00:0:0:1::2", "2 packets received");
}

/* checklist: ra_basic, ra_flush_prefix_entries */
CASE(ip6_autoconf)
{
	struct wire *w = wire_new("w");
	struct router *r = router_new("r"), *h = router_new("h");

	router_port(r, w);
	router_port(h, w);
	router_start(r, "# /etc/hostname.vio0\ninet6 2001:db8:1::1 64\n# /etc/rad.conf\nhop limit 33\ndns {\n\tnameserver 2001:db8:1::53\n"
	    "\tsearch { example.org lab.example }\n}\ninterface vio0\n" FORWARDING6);
	router_start(h, "# /etc/hostname.vio0\ninet6 autoconf\n");
	sim.start = sim.now;
	sim_run(sec(6));
	SAYS(h, "ifconfig vio0", "inet6 2001:db8:1:0:");
	SAYS(h, "ifconfig vio0", " autoconf temporary ");
	SAYS(h, "netstat -rn", "default                            fe80::");
	SAYS(h, "ping6 -c 2 2001:db8:1::1", "2 packets received");
	SAYS(h, "ping6 -c 1 2001:db8:2::1", "No Route to Destination");
	SAYS(h, "cat /etc/resolv.conf", "nameserver 2001:db8:1::53 # resolvd: vio0\nsearch example.org lab.example\n");
	SAYS(h, "ndp -i vio0", "curhlim=33, ");
	router_say(h, "ifconfig vio0 inet6 -autoconf");
	SIM_CHECK(strstr(router_say(h, "ifconfig vio0"), "2001:db8") == NULL, "what was learned stays");
	SAYS(h, "cat /etc/resolv.conf", "No such file");
	SAYS(h, "ndp -i vio0", "curhlim=64, ");
}

/* checklist: ndp:dad_duplicated */
CASE(ip6_duplicate)
{
	struct wire *w = wire_new("w");
	struct router *a = router_new("a"), *b = router_new("b");

	router_port(a, w);
	router_port(b, w);
	router_start(a, "# /etc/hostname.vio0\ninet6 fd00::1 64\n");
	sim_run(sec(3));
	router_start(b, "# /etc/hostname.vio0\ninet6 fd00::1 64\n");
	sim.start = sim.now;
	sim_run(sec(3));
	SAYS(b, "ifconfig vio0", "inet6 fd00::1 prefixlen 64 duplicated");
	SIM_CHECK(strstr(router_say(a, "ifconfig vio0"), "duplicated") == NULL, "the first one keeps it");
}
