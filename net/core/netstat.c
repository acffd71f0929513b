/* netstat.c - netstat(1): options, and which table they ask for. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/task.h"
#include "net/core/netstat.h"
#include "net/route/rt_show.h"

/* Sockets come with the protocols that have them; until then the table has its heading only. */
static int
netstat_sockets(struct out *o, const struct netstat_opts *no)
{
	if (o->o_json) {
		json_open(o, NULL, '[');
		json_close(o, ']');
		return 0;
	}
	out_printf(o, "Active Internet connections%s\n%-7s %6s %6s  %-22s %-22s %s\n", no->no_all ? " (including servers)" : "",
	    "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "TCP-State");
	return 0;
}

static int
netstat_routes(struct out *o, const struct netstat_opts *no)
{
	static const struct rt_show_only all;
	bool exists;

	net_enter();
	exists = no->no_rdomain == 0 || rtable_exists(no->no_rdomain);
	net_leave();
	if (!exists) {
		out_printf(o, "netstat: %u: no such routing table\n", no->no_rdomain);
		return 1;
	}
	rt_show(o, no->no_rdomain, (no->no_inet ? RT_SHOW_INET : 0) | (no->no_inet6 ? RT_SHOW_INET6 : 0), &all);
	return 0;
}

/* One letter without an argument. */
static bool
flag(struct netstat_opts *no, char c)
{
	switch (c) {
	case 'a':
		return no->no_all = true;
	case 'b':
		return no->no_bytes = true;
	case 'd':
		return no->no_drops = true;
	case 'e':
		return no->no_errors = true;
	case 'g':
		return no->no_groups = true;
	case 'i':
		return no->no_interfaces = true;
	case 'n':
		return true;		/* addresses are always numbers here */
	case 'r':
		return no->no_routes = true;
	case 's':
		return ++no->no_stats;
	case 'v':
		return no->no_verbose = true;
	}
	return false;
}

static bool
table_number(struct out *o, struct netstat_opts *no, const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || v > RT_TABLEID_MAX) {
		out_printf(o, "netstat: %s: no such routing table\n", s);
		return false;
	}
	no->no_rdomain = (unsigned)v;
	return true;
}

/* One letter with an argument. 0, or the command's status. */
static int
option(struct out *o, struct netstat_opts *no, char c, const char *arg)
{
	switch (c) {
	case 'f':
		no->no_inet = strcmp(arg, "inet") == 0;
		no->no_inet6 = strcmp(arg, "inet6") == 0;
		if (!no->no_inet && !no->no_inet6) {
			out_printf(o, "netstat: %s: unknown address family\n", arg);
			return 1;
		}
		return 0;
	case 'p':
		no->no_proto = arg;
		return 0;
	case 'I':
		no->no_interface = arg;
		no->no_interfaces = true;
		return 0;
	case 'T':
		return table_number(o, no, arg) ? 0 : 1;
	}
	return command_usage(o, "netstat");
}

static int
parse_options(struct out *o, struct netstat_opts *no, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return command_usage(o, "netstat");
		for (const char *p = argv[i] + 1; *p != '\0'; p++) {
			const char *arg = p[1] != '\0' ? p + 1 : argv[i + 1];
			int status;

			if (flag(no, *p))
				continue;
			if (arg == NULL)
				return command_usage(o, "netstat");
			if ((status = option(o, no, *p, arg)) != 0)
				return status;
			if (p[1] == '\0')
				i++;
			break;
		}
	}
	return 0;
}

static int
cmd_netstat(struct out *o, int argc, char **argv)
{
	struct netstat_opts no = { .no_inet = true, .no_inet6 = true };
	int status = parse_options(o, &no, argc, argv);

	if (status != 0)
		return status;
	if (no.no_routes)
		return netstat_routes(o, &no);
	if (no.no_groups)
		return netstat_groups(o, &no);
	if (no.no_interfaces)
		return netstat_interfaces(o, &no);
	if (no.no_stats > 0 || no.no_proto != NULL)
		return netstat_stats(o, &no);
	return netstat_sockets(o, &no);
}
COMMAND(netstat, cmd_netstat,
    "netstat [-j] -r [-n] [-f inet | inet6] [-T rtable]\n"
    "netstat [-j] -i [-bden] [-I interface]\n"
    "netstat [-j] -g [-n] [-f inet | inet6] [-I interface]\n"
    "netstat [-j] -s[s] [-v] [-p protocol]\n"
    "netstat [-j] [-an]",
    "show network status",
    "-r   the routing tables\n"
    "-i   the interfaces with their packets; -b: bytes, -e: errors only, -d: drops only\n"
    "-g   the multicast groups that we have joined\n"
    "-s   all counters, -ss only those that are not zero; -p: of one protocol (ip, icmp, arp, ...)\n"
    "     -v: then the balance: received and created must be sent, dropped, consumed and queued\n"
    "-a   sockets\n");
