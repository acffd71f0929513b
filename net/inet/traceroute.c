/* traceroute.c - traceroute(8): options, the run, and what it says. One probe is on its way at a time. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/if.h"
#include "net/inet/traceroute.h"

#define TRACE_MAX	64		/* hops */
#define TRACE_QUERIES	3
#define TRACE_WAIT	3		/* seconds */
#define TRACE_PORT	33434
#define TRACE_LEN	40

/* ---- what it says ---- */

/* OpenBSD's marks for who could not go on. */
static void
print_unreach(struct out *o, const struct trace *t)
{
	switch (t->t_code) {
	case ICMP_UNREACH_PORT:		/* not from the destination */
		break;
	case ICMP_UNREACH_NET:
		out_printf(o, " !N");
		break;
	case ICMP_UNREACH_HOST:
		out_printf(o, " !H");
		break;
	case ICMP_UNREACH_PROTOCOL:
		out_printf(o, " !P");
		break;
	case ICMP_UNREACH_NEEDFRAG:
		out_printf(o, " !F");
		if (t->t_mtu != 0)
			out_printf(o, "-%u", t->t_mtu);
		break;
	case ICMP_UNREACH_SRCFAIL:
		out_printf(o, " !S");
		break;
	case ICMP_UNREACH_FILTER_PROHIB:
		out_printf(o, " !X");
		break;
	default:
		out_printf(o, " !<%u>", t->t_code);
		break;
	}
}

/* One probe's answer, or that there was none. last: who answered before on this line; 0: nobody. */
static void
print_probe(struct out *o, const struct trace *t, be32_t *last)
{
	uint64_t us = (t->t_came - t->t_sent) / 1000;
	char a[IP4_STRLEN];

	if (o->o_json) {
		json_open(o, NULL, '{');
		if (t->t_answer != TRACE_NONE) {
			json_str(o, "from", ip4_print(a, t->t_from));
			json_u64(o, "us", us);
			if (t->t_answer == TRACE_UNREACH)
				json_u64(o, "unreachable", t->t_code);
		}
		json_close(o, '}');
		return;
	}
	if (t->t_answer == TRACE_NONE) {
		out_printf(o, " *");
		return;
	}
	if (t->t_from != *last)
		out_printf(o, " %s", ip4_print(a, t->t_from));
	*last = t->t_from;
	out_printf(o, "  %llu.%03llu ms", (unsigned long long)(us / 1000), (unsigned long long)(us % 1000));
	if (t->t_answer == TRACE_UNREACH)
		print_unreach(o, t);
}

/* ---- the run ---- */

static void
trace_wait(struct trace *t)
{
	uint64_t until = t->t_sent + t->t_wait * 1000000000ull;

	net_enter();			/* an answer that comes now must find us asleep */
	while (t->t_answer == TRACE_NONE && !t->t_out->o_stop) {
		uint64_t now = uptime_ns();

		if (now >= until)
			break;
		task_sleep(t->t_out, (until - now + 999999) / 1000000);
	}
	net_leave();
}

/* All probes of one distance. True: it is the last. */
static bool
trace_hop(struct trace *t, unsigned ttl, unsigned *unreach)
{
	struct out *o = t->t_out;
	be32_t last = IP4_ANY;
	bool arrived = false;

	*unreach = 0;
	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "%2u ", ttl);
	for (unsigned q = 0; q < t->t_queries && !o->o_stop; q++) {
		if (!trace_send(t, ttl)) {
			if (!o->o_json)
				out_printf(o, " (not sent)");
			*unreach = t->t_queries;
			break;
		}
		trace_wait(t);
		print_probe(o, t, &last);
		out_flush(o);
		arrived |= t->t_answer == TRACE_ARRIVED;
		*unreach += t->t_answer == TRACE_UNREACH;
	}
	if (o->o_json)
		json_close(o, ']');
	else
		out_printf(o, "\n");
	return arrived;
}

static int
trace_run(struct trace *t)
{
	struct out *o = t->t_out;
	bool arrived = false;
	char a[IP4_STRLEN];
	unsigned unreach;

	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "traceroute to %s (%s), %u hops max, %u byte packets\n", t->t_host, ip4_print(a, t->t_dst), t->t_max, t->t_len);
	for (unsigned ttl = t->t_first; ttl <= t->t_max && !arrived && !o->o_stop; ttl++) {
		arrived = trace_hop(t, ttl, &unreach);
		if (unreach >= t->t_queries)		/* nobody can go on from there */
			break;
	}
	if (o->o_json)
		json_close(o, ']');
	return arrived ? 0 : 1;
}

static int
trace_start(struct trace *t)
{
	int status;

	random_bytes(&t->t_id, sizeof(t->t_id));
	t->t_id |= 0x8000;
	t->t_il.il_input = trace_input;
	t->t_il.il_arg = t;
	net_enter();
	icmp_listen(&t->t_il);
	net_leave();
	status = trace_run(t);
	net_enter();
	icmp_unlisten(&t->t_il);
	net_leave();
	return status;
}

/* ---- options ---- */

static bool
trace_number(struct out *o, const char *what, const char *s, unsigned lo, unsigned hi, unsigned *v)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	*v = (unsigned)n;
	if (*s >= '0' && *s <= '9' && *end == '\0' && n >= lo && n <= hi)
		return true;
	out_printf(o, "traceroute: %s must be %u to %u: %s\n", what, lo, hi, s);
	return false;
}

static bool
trace_source(struct trace *t, const char *s)
{
	bool ours = false;

	if (ip4_parse(s, &t->t_src)) {
		net_enter();
		for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
			for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
				ours |= ifa->ifa_addr == t->t_src && ifp->if_rdomain == 0;
		net_leave();
	}
	if (!ours)
		out_printf(t->t_out, "traceroute: -s %s: not an address of ours\n", s);
	return ours;
}

/* One letter with its argument. 0, or the command's status. */
static int
trace_option(struct trace *t, char c, const char *arg)
{
	struct out *o = t->t_out;
	unsigned v;
	bool ok;

	switch (c) {
	case 'f':
		ok = trace_number(o, "first ttl", arg, 1, 255, &t->t_first);
		break;
	case 'm':
		ok = trace_number(o, "max ttl", arg, 1, 255, &t->t_max);
		break;
	case 'p':
		if ((ok = trace_number(o, "port", arg, 1, 65535, &v)))
			t->t_port = (uint16_t)v;
		break;
	case 'q':
		ok = trace_number(o, "nprobes", arg, 1, 16, &t->t_queries);
		break;
	case 's':
		ok = trace_source(t, arg);
		break;
	case 'w':
		ok = trace_number(o, "wait", arg, 1, 60, &t->t_wait);
		break;
	default:
		return command_usage(o, "traceroute");
	}
	return ok ? 0 : 1;
}

static int
trace_options(struct trace *t, int argc, char **argv)
{
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *c = argv[i] + 1; *c != '\0'; c++) {
			const char *arg = c[1] != '\0' ? c + 1 : argv[i + 1];

			if (*c == 'n')
				continue;
			if (*c == 'I') {
				t->t_icmp = true;
				continue;
			}
			if (arg == NULL)
				return command_usage(t->t_out, argv[0]);
			if ((status = trace_option(t, *c, arg)) != 0)
				return status;
			i += c[1] == '\0';
			break;
		}
	if (argc - i < 1 || argc - i > 2)
		return command_usage(t->t_out, argv[0]);
	t->t_host = argv[i];
	if (!ip4_parse(t->t_host, &t->t_dst)) {
		out_printf(t->t_out, "traceroute: %s: no address associated with name\n", t->t_host);
		return 1;
	}
	if (t->t_first > t->t_max) {
		out_printf(t->t_out, "traceroute: first ttl (%u) may not be greater than max ttl (%u)\n", t->t_first, t->t_max);
		return 1;
	}
	return argc - i == 1 || trace_number(t->t_out, "packet size", argv[i + 1], TRACE_MINLEN, IP_MAXPACKET, &t->t_len) ? 0 : 1;
}

static int
cmd_traceroute(struct out *o, int argc, char **argv)
{
	struct trace t = {
		.t_out = o, .t_first = 1, .t_max = TRACE_MAX, .t_queries = TRACE_QUERIES, .t_wait = TRACE_WAIT, .t_len = TRACE_LEN,
		.t_port = TRACE_PORT,
	};
	int status = trace_options(&t, argc, argv);

	return status == 0 ? trace_start(&t) : status;
}
COMMAND(traceroute, cmd_traceroute,
    "traceroute [-j] [-In] [-f first_ttl] [-m max_ttl] [-p port] [-q nqueries]\n"
    "           [-s sourceaddr] [-w waittime] host [packetsize]",
    "print the route packets take to a host",
    "-f ttl        begin so far away (1)\n"
    "-I            ICMP echo requests instead of UDP\n"
    "-m ttl        so far at most (64)\n"
    "-p port       the first probe's UDP port is the next one (33434)\n"
    "-q n          probes for each distance (3)\n"
    "-s address    our address to send from\n"
    "-w seconds    wait for an answer (3)\n"
    "\n"
    "Each line is a distance: who answered, and after what time. * no answer, !H host, !N network,\n"
    "!P protocol unreachable, !F fragmentation needed, !X prohibited. Status 0: the host answered.\n");
