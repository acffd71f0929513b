/* pf_names.c - names and numbers: users, groups, tos, timeouts, limits, log levels. Protocols and services: pf_services.c; ICMP: pf_icmp_names.c. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"

struct name { const char *n_name; long n_value; };

/* Services of Sluice run as named ids; the numbers are OpenBSD's, so that rulesets mean the same. */
static const struct name users[] = {
	{ "root", 0 }, { "daemon", 1 }, { "operator", 2 }, { "bin", 3 }, { "sshd", 27 }, { "_portmap", 28 }, { "www", 67 }, { "_isakmpd", 68 },
	{ "named", 70 }, { "_pflogd", 74 }, { "_bgpd", 75 }, { "_tcpdump", 76 }, { "_dhcp", 77 }, { "_ntp", 83 }, { "_ospfd", 85 }, { "_ripd", 88 },
	{ "_relayd", 89 }, { "_ospf6d", 90 }, { "_snmpd", 91 }, { "_ldpd", 97 }, { "_iked", 101 }, { "_rad", 106 }, { "_slaacd", 107 },
	{ "_unwind", 115 }, { "_syslogd", 73 }, { "_ping", 51 }, { "_traceroute", 52 }, { "_unbound", 53 }, { "_pbuild", 55 }, { "_pfetch", 56 }, { "_pkgfetch", 57 }, { "nobody", 32767 },
};
static const struct name groups[] = {
	{ "wheel", 0 }, { "daemon", 1 }, { "kmem", 2 }, { "sys", 3 }, { "tty", 4 }, { "operator", 5 }, { "bin", 7 }, { "wsrc", 9 }, { "users", 10 },
	{ "auth", 11 }, { "games", 13 }, { "staff", 20 }, { "sshd", 27 }, { "_portmap", 28 }, { "guest", 31 }, { "network", 69 }, { "www", 67 },
	{ "_isakmpd", 68 }, { "named", 70 }, { "_syslogd", 73 }, { "_pflogd", 74 }, { "_bgpd", 75 }, { "_tcpdump", 76 }, { "_dhcp", 77 },
	{ "_ntp", 83 }, { "_iked", 101 }, { "_rad", 106 }, { "_slaacd", 107 }, { "_unwind", 115 }, { "nogroup", 32766 }, { "nobody", 32767 },
};
/* RFC 1349 and the DiffServ code points of RFC 2474, 2597, 3246, in place in the octet. */
static const struct name tos[] = {
	{ "lowdelay", 0x10 }, { "throughput", 0x08 }, { "reliability", 0x04 }, { "critical", 0xa0 }, { "inetcontrol", 0xc0 }, { "netcontrol", 0xe0 },
	{ "ef", 0xb8 }, { "af11", 0x28 }, { "af12", 0x30 }, { "af13", 0x38 }, { "af21", 0x48 }, { "af22", 0x50 }, { "af23", 0x58 }, { "af31", 0x68 },
	{ "af32", 0x70 }, { "af33", 0x78 }, { "af41", 0x88 }, { "af42", 0x90 }, { "af43", 0x98 }, { "cs0", 0x00 }, { "cs1", 0x20 }, { "cs2", 0x40 },
	{ "cs3", 0x60 }, { "cs4", 0x80 }, { "cs5", 0xa0 }, { "cs6", 0xc0 }, { "cs7", 0xe0 },
};
static const char *const timeouts[PF_TM_COUNT] = {
	"tcp.first", "tcp.opening", "tcp.established", "tcp.closing", "tcp.finwait", "tcp.closed", "tcp.tsdiff", "udp.first", "udp.single",
	"udp.multiple", "icmp.first", "icmp.error", "other.first", "other.single", "other.multiple", "frag", "interval", "adaptive.start",
	"adaptive.end", "src.track",
};
static const char *const limits[PF_LIMIT_COUNT] = {
	"states", "src-nodes", "frags", "tables", "table-entries", "pktdelay-pkts", "anchors",
};
static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

static long
find(const struct name *n, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(n[i].n_name, name) == 0)
			return n[i].n_value;
	return -1;
}

static int
index_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

long
pf_user_id(const char *name)
{
	return find(users, nitems(users), name);
}

long
pf_group_id(const char *name)
{
	return find(groups, nitems(groups), name);
}

int
pf_tos_value(const char *name)
{
	return (int)find(tos, nitems(tos), name);
}

int
pf_timeout_index(const char *name)
{
	return index_of(timeouts, nitems(timeouts), name);
}

int
pf_limit_index(const char *name)
{
	if (strcmp(name, "pktdelay_pkts") == 0)		/* as pf.conf(5) has it, too */
		return PF_LIMIT_PKTDELAY;
	return index_of(limits, nitems(limits), name);
}

int
pf_debug_level(const char *name)
{
	return index_of(levels, nitems(levels), name);
}

const char *
pf_timeout_name(unsigned i)
{
	return i < nitems(timeouts) ? timeouts[i] : NULL;
}

const char *
pf_limit_name(unsigned i)
{
	return i < nitems(limits) ? limits[i] : NULL;
}

const char *
pf_debug_name(int level)
{
	return level >= 0 && (size_t)level < nitems(levels) ? levels[level] : NULL;
}
