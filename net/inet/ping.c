/* ping.c - ping(8) and ping6(8): options and the run. Replies arrive in the loop, which notes them in a ring; the command's task
 * prints. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/inet/host_arg.h"
#include "net/inet/ping.h"

#define PING_SIZE	56		/* bytes of data */
#define PING_SIZE_MAX	(IP_MAXPACKET - 20 - 8)
#define PING6_SIZE_MAX	(IP6_MAXPLEN - 8)
#define PING_MAXWAIT	10		/* seconds for the last reply */

static bool
all_sent(const struct ping *p)
{
	return p->p_count != 0 && p->p_sent >= p->p_count;
}

/* Until all is answered, the last reply is overdue, or ^C. */
static void
ping_run(struct ping *p)
{
	uint64_t next = uptime_ns(), last = next;

	while (!p->p_out->o_stop) {
		uint64_t now = uptime_ns(), until;

		if (!all_sent(p) && now >= next) {
			ping_send(p);
			last = now;
			next = MAX(next + p->p_interval, now);
		}
		ping_print_events(p);
		if (all_sent(p) && (p->p_received + p->p_errors >= p->p_count || now >= last + p->p_maxwait))
			break;
		until = all_sent(p) ? last + p->p_maxwait : next;
		net_enter();		/* a reply that comes now must find us asleep */
		if (p->p_head == p->p_tail && until > now && !p->p_out->o_stop)
			task_sleep(p->p_out, (until - now + 999999) / 1000000);
		net_leave();
		if (until <= now)
			task_yield();
	}
}

static void
ping_listen(struct ping *p, bool on)
{
	net_enter();
	if (!on && p->p_af == AF_IP4) {
		icmp_unlisten(&p->p_il);
	} else if (!on) {
		icmp6_unlisten(&p->p_il6);
	} else if (p->p_af == AF_IP4) {
		p->p_il = (struct icmp_listener){ .il_input = ping_input, .il_arg = p };
		icmp_listen(&p->p_il);
	} else {
		p->p_il6 = (struct icmp6_listener){ .il6_input = ping6_input, .il6_arg = p };
		icmp6_listen(&p->p_il6);
	}
	net_leave();
}

static int
ping_start(struct ping *p)
{
	char a[IN6_STRLEN];

	random_bytes(p->p_key, sizeof(p->p_key));
	random_bytes(&p->p_id, sizeof(p->p_id));
	if (!p->p_out->o_json)
		out_printf(p->p_out, "PING %s (%s): %u data bytes\n", p->p_host, af_print(a, p->p_af, &p->p_dst6), p->p_size);
	out_flush(p->p_out);
	ping_listen(p, true);
	ping_run(p);
	ping_listen(p, false);
	ping_print_summary(p);
	return p->p_received > 0 ? 0 : 1;
}

/* ---- options ---- */

static bool
ping_number(const struct ping *p, const char *what, const char *s, uint64_t lo, uint64_t hi, uint64_t *v)
{
	char *end;

	*v = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && *end == '\0' && *v >= lo && *v <= hi)
		return true;
	out_printf(p->p_out, "%s: bad %s: %s\n", p->p_name, what, s);
	return false;
}

static bool
ping_seconds(const struct ping *p, const char *what, const char *s, uint64_t *ns)
{
	uint64_t ms;

	if (!text_seconds(s, &ms)) {
		out_printf(p->p_out, "%s: bad %s: %s\n", p->p_name, what, s);
		return false;
	}
	*ns = ms * 1000000;
	return true;
}

static bool
ping_source(struct ping *p, const char *s)
{
	if (!host_arg(p->p_out, p->p_name, p->p_af, s, &p->p_src6))
		return false;
	if (host_is_ours(p->p_af, &p->p_src6))
		return true;
	out_printf(p->p_out, "%s: bind: Can't assign requested address\n", p->p_name);
	return false;
}

/* One letter with its argument. 0, or the command's status. */
static int
ping_option(struct ping *p, char c, const char *arg)
{
	uint64_t v;
	bool ok;

	switch (c) {
	case 'c':
		ok = ping_number(p, "number of packets to transmit", arg, 1, UINT32_MAX, &p->p_count);
		break;
	case 'i':
		ok = ping_seconds(p, "timing interval", arg, &p->p_interval);
		break;
	case 'w':
		ok = ping_seconds(p, "maxwait value", arg, &p->p_maxwait);
		break;
	case 's':
		if ((ok = ping_number(p, "packet size", arg, 0, p->p_af == AF_IP4 ? PING_SIZE_MAX : PING6_SIZE_MAX, &v)))
			p->p_size = (unsigned)v;
		break;
	case 't':
	case 'h':
		if ((ok = ping_number(p, p->p_af == AF_IP4 ? "ttl value" : "hoplimit", arg, 1, 255, &v)))
			p->p_ttl = (uint8_t)v;
		break;
	case 'I':
		ok = ping_source(p, arg);
		break;
	default:
		return command_usage(p->p_out, p->p_name);
	}
	return ok ? 0 : 1;
}

static bool
ping_flag(struct ping *p, char c)
{
	switch (c) {
	case 'D':
		return p->p_df = true;
	case 'q':
		return p->p_quiet = true;
	case 'v':
		return p->p_verbose = true;
	case 'n':
		return true;
	}
	return false;
}

static int
ping_options(struct ping *p, int argc, char **argv)
{
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *c = argv[i] + 1; *c != '\0'; c++) {
			const char *arg;

			if (ping_flag(p, *c))
				continue;
			arg = c[1] != '\0' ? c + 1 : argv[++i];
			if (arg == NULL)
				return command_usage(p->p_out, argv[0]);
			if ((status = ping_option(p, *c, arg)) != 0)
				return status;
			break;
		}
	if (argc - i != 1)
		return command_usage(p->p_out, argv[0]);
	p->p_host = argv[i];
	return host_arg(p->p_out, p->p_name, p->p_af, p->p_host, &p->p_dst6) ? 0 : 1;
}

int
ping_main(struct out *o, int argc, char **argv, unsigned af)
{
	struct ping *p = calloc(1, sizeof(*p));
	int status;

	if (p == NULL) {
		out_printf(o, "%s: no memory\n", argv[0]);
		return 1;
	}
	p->p_out = o;
	p->p_name = af == AF_IP4 ? "ping" : "ping6";
	p->p_af = af;
	p->p_size = PING_SIZE;
	p->p_ttl = (uint8_t)(af == AF_IP4 ? ip_defttl : 0);
	p->p_interval = 1000000000u;
	p->p_maxwait = PING_MAXWAIT * 1000000000ull;
	status = ping_options(p, argc, argv);
	if (status == 0)
		status = ping_start(p);
	free(p);
	return status;
}

static int
cmd_ping(struct out *o, int argc, char **argv)
{
	return ping_main(o, argc, argv, AF_IP4);
}
COMMAND(ping, cmd_ping,
    "ping [-j] [-Dnqv] [-c count] [-I sourceaddr] [-i interval] [-s packetsize]\n"
    "     [-t ttl] [-w maxwait] host",
    "send ICMP ECHO_REQUEST packets to a host",
    "-c count      stop after so many; without it, ^C stops\n"
    "-D            do not fragment\n"
    "-I address    our address to send from\n"
    "-i interval   seconds between packets (1); 0.2 is possible\n"
    "-q            only the summary\n"
    "-s size       bytes of data (56)\n"
    "-t ttl        time to live\n"
    "-v            show other ICMP messages that arrive, too\n"
    "-w maxwait    seconds to wait for the last reply (10)\n"
    "\n"
    "Requests carry the time and a keyed signature; duplicates, wrong data and errors that are\n"
    "about our requests are shown. Status 0: at least one reply came.\n");
