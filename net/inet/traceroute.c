/* traceroute.c - traceroute(8) and traceroute6(8): options, the run, and what it says. One probe is on its way at a time. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/inet/host_arg.h"
#include "net/inet/traceroute.h"

#define TRACE_MAX	64		/* hops */
#define TRACE_QUERIES	3
#define TRACE_WAIT	3		/* seconds */
#define TRACE_PORT	33434
#define TRACE_LEN	40		/* bytes of a packet, of either family */
#define TRACE6_LEN	60

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
			out_printf(o, "-%u", (unsigned)t->t_mtu);
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

static const char *
trace_addr(char buf[IN6_STRLEN], const struct trace *t, const struct in6_addr *a)
{
	net_enter();			/* a zone's name is an interface's */
	af_print(buf, t->t_af, a);
	net_leave();
	return buf;
}

/* One probe's answer, or that there was none. last: who answered before on this line; ::: nobody. */
static void
print_probe(struct out *o, const struct trace *t, struct in6_addr *last)
{
	uint64_t us = (t->t_came - t->t_sent) / 1000;
	char a[IN6_STRLEN];

	if (o->o_json) {
		json_open(o, NULL, '{');
		if (t->t_answer != TRACE_NONE) {
			json_str(o, "from", trace_addr(a, t, &t->t_from));
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
	if (!in6_equal(&t->t_from, last))
		out_printf(o, " %s", trace_addr(a, t, &t->t_from));
	*last = t->t_from;
	out_printf(o, "  %llu.%03llu ms", (unsigned long long)(us / 1000), (unsigned long long)(us % 1000));
	if (t->t_answer == TRACE_UNREACH && t->t_af == AF_IP4)
		print_unreach(o, t);
	else if (t->t_answer == TRACE_UNREACH)
		trace6_print_unreach(o, t);
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
	struct in6_addr last = in6_any;
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
	char a[IN6_STRLEN];
	unsigned unreach;

	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "%s to %s (%s), %u hops max, %u byte packets\n", t->t_name, t->t_host, trace_addr(a, t, &t->t_dst6), t->t_max,
		    t->t_len);
	for (unsigned ttl = t->t_first; ttl <= t->t_max && !arrived && !o->o_stop; ttl++) {
		arrived = trace_hop(t, ttl, &unreach);
		if (unreach >= t->t_queries)		/* nobody can go on from there */
			break;
	}
	if (o->o_json)
		json_close(o, ']');
	return arrived ? 0 : 1;
}

static void
trace_listen(struct trace *t, bool on)
{
	net_enter();
	if (!on && t->t_af == AF_IP4) {
		icmp_unlisten(&t->t_il);
	} else if (!on) {
		icmp6_unlisten(&t->t_il6);
	} else if (t->t_af == AF_IP4) {
		t->t_il = (struct icmp_listener){ .il_input = trace_input, .il_arg = t };
		icmp_listen(&t->t_il);
	} else {
		t->t_il6 = (struct icmp6_listener){ .il6_input = trace6_input, .il6_arg = t };
		icmp6_listen(&t->t_il6);
	}
	net_leave();
}

static int
trace_start(struct trace *t)
{
	int status;

	random_bytes(&t->t_id, sizeof(t->t_id));
	t->t_id |= 0x8000;
	trace_listen(t, true);
	status = trace_run(t);
	trace_listen(t, false);
	return status;
}

/* ---- options ---- */

static bool
trace_number(const struct trace *t, const char *what, const char *s, unsigned lo, unsigned hi, unsigned *v)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	*v = (unsigned)n;
	if (*s >= '0' && *s <= '9' && *end == '\0' && n >= lo && n <= hi)
		return true;
	out_printf(t->t_out, "%s: %s must be %u to %u: %s\n", t->t_name, what, lo, hi, s);
	return false;
}

/* One letter with its argument. 0, or the command's status. */
static int
trace_option(struct trace *t, char c, const char *arg)
{
	unsigned v;
	bool ok;

	switch (c) {
	case 'f':
		ok = trace_number(t, "first ttl", arg, 1, 255, &t->t_first);
		break;
	case 'm':
		ok = trace_number(t, "max ttl", arg, 1, 255, &t->t_max);
		break;
	case 'p':
		if ((ok = trace_number(t, "port", arg, 1, 65535, &v)))
			t->t_port = (uint16_t)v;
		break;
	case 'q':
		ok = trace_number(t, "nprobes", arg, 1, 16, &t->t_queries);
		break;
	case 's':
		t->t_source = arg;
		return 0;
	case 'w':
		ok = trace_number(t, "wait", arg, 1, 60, &t->t_wait);
		break;
	default:
		return command_usage(t->t_out, t->t_name);
	}
	return ok ? 0 : 1;
}

/* What is known when the host is: its family, and what depends on it. size: NULL: not said. */
static bool
trace_host(struct trace *t, const char *size)
{
	unsigned head;

	if (strchr(t->t_host, ':') != NULL)
		t->t_af = AF_IP6;
	head = TRACE_HEAD + (unsigned)(t->t_af == AF_IP4 ? sizeof(struct ip) : sizeof(struct ip6_hdr));
	t->t_len = t->t_af == AF_IP4 ? TRACE_LEN : TRACE6_LEN;
	if (!host_arg(t->t_out, t->t_name, t->t_af, t->t_host, &t->t_dst6))
		return false;
	if (t->t_source != NULL && !host_arg(t->t_out, t->t_name, t->t_af, t->t_source, &t->t_src6))
		return false;
	if (t->t_source != NULL && !host_is_ours(t->t_af, &t->t_src6)) {
		out_printf(t->t_out, "%s: -s %s: not an address of ours\n", t->t_name, t->t_source);
		return false;
	}
	if (t->t_first > t->t_max) {
		out_printf(t->t_out, "%s: first ttl (%u) may not be greater than max ttl (%u)\n", t->t_name, t->t_first, t->t_max);
		return false;
	}
	return size == NULL || trace_number(t, "packet size", size, head, IP_MAXPACKET, &t->t_len);
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
	return trace_host(t, argv[i + 1]) ? 0 : 1;
}

static int
trace_main(struct out *o, int argc, char **argv, unsigned af)
{
	struct trace t = {
		.t_out = o, .t_name = argv[0], .t_af = af, .t_first = 1, .t_max = TRACE_MAX, .t_queries = TRACE_QUERIES, .t_wait = TRACE_WAIT,
		.t_port = TRACE_PORT,
	};
	int status = trace_options(&t, argc, argv);

	return status == 0 ? trace_start(&t) : status;
}

static int
cmd_traceroute(struct out *o, int argc, char **argv)
{
	return trace_main(o, argc, argv, AF_IP4);
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
    "The host is an address of either family. Each line is a distance: who answered, and after what time.\n"
    "* no answer, !H host, !N network, !P protocol unreachable, !F fragmentation needed, !X prohibited; with\n"
    "IPv6 as traceroute6 has them. Status 0: the host answered.\n");

static int
cmd_traceroute6(struct out *o, int argc, char **argv)
{
	return trace_main(o, argc, argv, AF_IP6);
}
COMMAND(traceroute6, cmd_traceroute6,
    "traceroute6 [-j] [-In] [-f first_hop] [-m max_hop] [-p port] [-q nqueries]\n"
    "            [-s sourceaddr] [-w waittime] host [packetsize]",
    "print the route IPv6 packets take to a host",
    "The options are those of traceroute. A link-local address needs its interface: fe80::1%vio0.\n"
    "\n"
    "Each line is a distance: who answered, and after what time. * no answer, !N no route, !P prohibited,\n"
    "!S beyond the scope of the source, !A address unreachable, !F too big for a link (and its MTU).\n"
    "Status 0: the host answered.\n");
