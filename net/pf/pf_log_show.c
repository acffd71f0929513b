/* pf_log_show.c - tcpdump(8), as far as there is something to listen to: pflog interfaces. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/inet/ip_print.h"
#include "net/pf/pf_log.h"

#define LOOK_MS		100u		/* the rings are looked at so often */

struct listen {
	const char	*l_ifname;
	uint64_t	 l_count, l_seen;	/* l_count 0: no end */
	uint64_t	 l_epoch;		/* of uptime, nanoseconds since 1970 */
	unsigned	 l_time;		/* how many t */
	bool		 l_link, l_verbose;
};

static void
print_time(struct out *o, const struct listen *l, uint64_t uptime)
{
	uint64_t us = (l->l_epoch + uptime) / 1000, s = us / 1000000;
	char date[TEXT_DATE];

	us %= 1000000;
	if (l->l_time == 2)
		out_printf(o, "%llu.%06u ", (unsigned long long)s, (unsigned)us);
	else if (l->l_time == 3)		/* "Sun Sep  6 01:03:52 1973" */
		out_printf(o, "%.15s.%06u ", text_date(date, (int64_t)s) + 4, (unsigned)us);
	else if (l->l_time == 0)
		out_printf(o, "%.8s.%06u ", text_date(date, (int64_t)s) + 11, (unsigned)us);
}

/* "rule 3/(match) block in on em0: ", inside an anchor "rule 3.name.0/..." */
static void
print_link(struct out *o, const struct pflog_hdr *h)
{
	out_printf(o, "rule ");
	if (h->pl_rulenr == BE32(PFLOG_NOBODY))
		out_printf(o, "def");
	else
		out_printf(o, "%u", be32_host(h->pl_rulenr));
	if (h->pl_subrulenr != BE32(PFLOG_NOBODY))
		out_printf(o, ".%.*s.%u", PFLOG_RULESET, h->pl_ruleset, be32_host(h->pl_subrulenr));
	out_printf(o, "/(%s) %s %s on %.*s: ", h->pl_reason < PFR_COUNT ? pf_reason_name[h->pl_reason] : "unknown",
	    h->pl_action == PFLOG_PASS ? "pass" : h->pl_action == PFLOG_BLOCK ? "block" : "match",
	    h->pl_dir == PFLOG_DIR_IN ? "in" : "out", IFNAMSIZ, h->pl_ifname);
}

static void
print_packet(struct out *o, const struct listen *l, const struct tap_packet *tp)
{
	struct pflog_hdr h;

	memcpy(&h, tp->tp_data, sizeof(h));
	print_time(o, l, tp->tp_time);
	if (l->l_link)
		print_link(o, &h);
	ip_print(o, tp->tp_data + sizeof(h), tp->tp_caplen - (unsigned)sizeof(h), l->l_verbose);
	out_printf(o, "\n");
}

static void
listen_until(struct out *o, struct listen *l)
{
	struct tap_packet tp;

	while (!o->o_stop) {
		while (!o->o_stop && tap_next(&tp)) {
			print_packet(o, l, &tp);
			out_flush(o);
			if (++l->l_seen == l->l_count)
				return;
		}
		if (!o->o_stop)
			task_sleep(o, LOOK_MS);
	}
}

/* Also after ^C. */
static void
print_end(struct out *o, const struct listen *l)
{
	bool stopped = o->o_stop;

	o->o_stop = false;
	out_printf(o, "%llu packets received by filter\n%llu packets dropped by kernel\n", (unsigned long long)l->l_seen, (unsigned long long)tap_lost());
	out_flush(o);
	o->o_stop |= stopped;
}

static int
run(struct out *o, struct listen *l)
{
	const struct ifnet *ifp;
	const char *why;

	net_enter();
	ifp = ifunit(l->l_ifname);
	why = ifp == NULL ? "no such interface" : strcmp(ifp->if_group, "pflog") != 0 ? "only pflog interfaces can be listened to" : tap_open(ifp);
	net_leave();
	if (why != NULL) {
		out_printf(o, "tcpdump: %s: %s%s\n", l->l_ifname, why, ifp == NULL ? " (ifconfig pflog0 create)" : "");
		return 1;
	}
	l->l_epoch = wall_s() * 1000000000 - uptime_ns();
	out_printf(o, "tcpdump: listening on %s, link-type PFLOG\n", l->l_ifname);
	out_flush(o);
	listen_until(o, l);
	print_end(o, l);
	tap_close();
	return 0;
}

static bool
take_argument(struct listen *l, char letter, const char *arg)
{
	int64_t count;

	if (letter == 'i') {
		l->l_ifname = arg;
		return true;
	}
	if (!text_int(arg, 1, INT64_MAX, &count))
		return false;
	l->l_count = (uint64_t)count;
	return true;
}

/* A word of options at argv[*i], and the argument of its last one, there or in the next word. False: it makes no sense. */
static bool
take_options(struct listen *l, int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p != '\0'; p++)
		switch (*p) {
		case 'e':
			l->l_link = true;
			break;
		case 't':
			l->l_time++;
			break;
		case 'v':
			l->l_verbose = true;
			break;
		case 'l':			/* lines are always whole, numbers never names */
		case 'n':
			break;
		case 'c':
		case 'i':
			if (p[1] != '\0')
				return take_argument(l, *p, p + 1);
			return ++*i < argc && take_argument(l, *p, argv[*i]);
		default:
			return false;
		}
	return true;
}

static int
cmd_tcpdump(struct out *o, int argc, char **argv)
{
	struct listen l = { .l_ifname = "pflog0" };

	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' || argv[i][1] == '\0' || !take_options(&l, argc, argv, &i))
			return command_usage(o, argv[0]);
	return l.l_time <= 3 ? run(o, &l) : command_usage(o, argv[0]);
}
COMMAND(tcpdump, cmd_tcpdump, "tcpdump [-elntv] [-c count] [-i interface]", "print the packets that rules of the packet filter log",
	"Prints what rules with \"log\" in pf.conf have logged, as it happens, until ^C.\n\n"
	"-c count      ends after so many packets\n"
	"-e            also prints the rule, why, what became of the packet, direction and interface\n"
	"-i interface  pflog0, or another one that rules log to (\"log (to pflog1)\"); `ifconfig pflog0 create` makes it\n"
	"-l, -n        as it is always: lines are whole, addresses and ports are numbers\n"
	"-t            no time; -tt: seconds since 1970; -ttt: with day and month\n"
	"-v            also time to live, identification and length\n\n"
	"Packets that come faster than they can be printed are counted as dropped by kernel. 156 bytes of a packet are looked at.\n"
	"Nothing is logged while nobody listens, and one listens at a time.\n\n"
	"    tcpdump -n -e -ttt -i pflog0\n"
	"    Nov 21 17:20:01.123456 rule 3/(match) block in on em0: 10.0.0.2.4000 > 10.0.1.2.80: S 1:1(0) win 8192\n");
