/* ifconfig.c - ifconfig(8): prints interfaces; its settings go the way of the configuration, as lines of hostname.if(5)
 * do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/task.h"
#include "net/core/hostname.h"
#include "net/core/if_clone.h"
#include "net/core/if_group.h"
#include "net/ether/ether.h"
#include "net/inet6/in6_ifaddr.h"

static const struct if_flag { uint32_t f_bit; const char *f_name; } if_flags[] = {
	{ IFF_UP,		"UP" },
	{ IFF_BROADCAST,	"BROADCAST" },
	{ IFF_DEBUG,		"DEBUG" },
	{ IFF_LOOPBACK,		"LOOPBACK" },
	{ IFF_POINTOPOINT,	"POINTOPOINT" },
	{ IFF_STATICARP,	"STATICARP" },
	{ IFF_RUNNING,		"RUNNING" },
	{ IFF_NOARP,		"NOARP" },
	{ IFF_PROMISC,		"PROMISC" },
	{ IFF_ALLMULTI,		"ALLMULTI" },
	{ IFF_OACTIVE,		"OACTIVE" },
	{ IFF_SIMPLEX,		"SIMPLEX" },
	{ IFF_LINK0,		"LINK0" },
	{ IFF_LINK1,		"LINK1" },
	{ IFF_LINK2,		"LINK2" },
	{ IFF_MULTICAST,	"MULTICAST" },
	{ IFXF_AUTOCONF6TEMP << 16, "AUTOCONF6TEMP" },
	{ IFXF_AUTOCONF6 << 16,	"AUTOCONF6" },
	{ IFXF_INET6_NOSOII << 16, "INET6_NOSOII" },
};

/* RFC 4862's states, in ifconfig(8)'s order. */
static const struct if_flag addr6_flags[] = {
	{ IN6_IFF_ANYCAST,	"anycast" },
	{ IN6_IFF_TENTATIVE,	"tentative" },
	{ IN6_IFF_DUPLICATED,	"duplicated" },
	{ IN6_IFF_DETACHED,	"detached" },
	{ IN6_IFF_DEPRECATED,	"deprecated" },
	{ IN6_IFF_AUTOCONF,	"autoconf" },
	{ IN6_IFF_TEMPORARY,	"temporary" },
};

/* OACTIVE is a queue's, shown as the interface's. */
static uint32_t
shown_flags(const struct ifnet *ifp)
{
	uint32_t flags = (ifp->if_flags & ~IFF_OACTIVE) | ifp->if_xflags << 16;

	for (unsigned i = 0; i < ifp->if_nqueues; i++)
		if (ifp->if_ifqs[i].ifq_oactive)
			flags |= IFF_OACTIVE;
	return flags;
}

/* ifmedia(4): the type that an Ethernet of this speed has, "1000baseT". */
static void
media_type(char *buf, size_t len, uint64_t baud)
{
	unsigned mbit = (unsigned)(baud / 1000000);

	if (mbit >= 10000 && mbit % 1000 == 0)
		snprintf(buf, len, "%uGbaseT", mbit / 1000);
	else
		snprintf(buf, len, "%ubase%s", mbit, mbit == 100 ? "TX" : "T");
}

static const char *
link_status(const struct ifnet *ifp)
{
	return ifp->if_link_state == LINK_STATE_DOWN ? "no carrier" : "active";
}

static void
media_text(char *buf, size_t len, const struct ifnet *ifp)
{
	char type[24];

	if (ifp->if_baudrate == 0) {
		snprintf(buf, len, "%s", ifp->if_media);
	} else if (ifp->if_link_state == LINK_STATE_DOWN) {
		snprintf(buf, len, "%s (none)", ifp->if_media);
	} else {
		media_type(type, sizeof(type), ifp->if_baudrate);
		snprintf(buf, len, "%s (%s%s)", ifp->if_media, type, ifp->if_fullduplex ? " full-duplex" : "");
	}
}

static void
status_groups(struct out *o, const struct ifnet *ifp)
{
	const char *name, *before = "\tgroups:";

	for (unsigned i = 0; (name = if_group(ifp, &i)) != NULL; before = "")
		out_printf(o, "%s %s", before, name);
	if (before[0] == '\0')
		out_printf(o, "\n");
}

static void
status_addr(struct out *o, const struct ifnet *ifp, const struct ifaddr *ifa)
{
	char a[IP4_STRLEN], b[IP4_STRLEN];

	out_printf(o, "\tinet %s", ip4_print(a, ifa->ifa_addr));
	if (ifp->if_flags & IFF_POINTOPOINT)
		out_printf(o, " --> %s", ip4_print(b, ifa->ifa_broadcast));
	out_printf(o, " netmask 0x%08x", (unsigned)be32_host(ifa->ifa_mask));
	if ((ifp->if_flags & IFF_BROADCAST) && ifa->ifa_broadcast != 0)
		out_printf(o, " broadcast %s", ip4_print(b, ifa->ifa_broadcast));
	out_printf(o, "%s\n", ifa->ifa_duplicated ? " duplicated" : "");
}

/* Seconds that are left, in text; "infty". */
static const char *
lifetime(char buf[24], uint64_t end)
{
	uint64_t now = uptime_ns();

	if (end == IN6_LIFETIME_INFINITE)
		return "infty";
	snprintf(buf, 24, "%llu", (unsigned long long)(end > now ? (end - now) / 1000000000u : 0));
	return buf;
}

static void
status_addr6(struct out *o, const struct ifnet *ifp, const struct in6_ifaddr *ia)
{
	char a[IN6_STRLEN], t[24];

	out_printf(o, "\tinet6 %s prefixlen %u", in6_print(a, &ia->ia_addr), ia->ia_plen);
	for (size_t i = 0; i < nitems(addr6_flags); i++)
		if (ia->ia_flags & addr6_flags[i].f_bit)
			out_printf(o, " %s", addr6_flags[i].f_name);
	if (in6_is_scoped(&ia->ia_addr))
		out_printf(o, " scopeid 0x%x", ifp->if_index);
	if (ia->ia_preferred != IN6_LIFETIME_INFINITE || ia->ia_valid != IN6_LIFETIME_INFINITE) {
		out_printf(o, " pltime %s", lifetime(t, ia->ia_preferred));
		out_printf(o, " vltime %s", lifetime(t, ia->ia_valid));
	}
	out_printf(o, "\n");
}

/* In the order in which they come to be: lo0 has ::1 first. */
static void
status_addrs(struct out *o, const struct ifnet *ifp, unsigned families)
{
	for (unsigned turn = 0; turn < AF_COUNT; turn++) {
		unsigned af = ifp->if_flags & IFF_LOOPBACK ? AF_COUNT - 1 - turn : turn;

		if (!(families & 1u << af))
			continue;
		for (const struct ifaddr *ifa = ifp->if_addrs; af == AF_IP4 && ifa != NULL; ifa = ifa->ifa_next)
			status_addr(o, ifp, ifa);
		for (const struct in6_ifaddr *ia = ifp->if_addrs6; af == AF_IP6 && ia != NULL; ia = ia->ia_next)
			status_addr6(o, ifp, ia);
	}
}

static void
status_text(struct out *o, const struct ifnet *ifp, unsigned families)
{
	uint32_t flags = shown_flags(ifp);
	const char *comma = "";
	char e[ETHER_STRLEN], media[80];

	out_printf(o, "%s: flags=%x<", ifp->if_xname, (unsigned)flags);
	for (size_t i = 0; i < nitems(if_flags); i++)
		if (flags & if_flags[i].f_bit) {
			out_printf(o, "%s%s", comma, if_flags[i].f_name);
			comma = ",";
		}
	out_printf(o, "> mtu %u\n", (unsigned)ifp->if_mtu);
	if (ifp->if_ether)
		out_printf(o, "\tlladdr %s\n", ether_print(e, ifp->if_lladdr));
	if (ifp->if_description[0] != '\0')
		out_printf(o, "\tdescription: %s\n", ifp->if_description);
	out_printf(o, "\tindex %u priority %u llprio 3\n", ifp->if_index, ifp->if_priority);
	status_groups(o, ifp);
	if (ifp->if_media != NULL) {
		media_text(media, sizeof(media), ifp);
		out_printf(o, "\tmedia: %s\n\tstatus: %s\n", media, link_status(ifp));
	}
	status_addrs(o, ifp, families);
}

static void
json_addrs(struct out *o, const struct ifnet *ifp)
{
	char a[IP4_STRLEN], mask[16];

	json_open(o, "inet", '[');
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		json_open(o, NULL, '{');
		json_str(o, "address", ip4_print(a, ifa->ifa_addr));
		snprintf(mask, sizeof(mask), "0x%08x", (unsigned)be32_host(ifa->ifa_mask));
		json_str(o, "netmask", mask);
		json_u64(o, "prefixlen", ifa->ifa_plen);
		if (ifa->ifa_broadcast != 0)
			json_str(o, ifp->if_flags & IFF_POINTOPOINT ? "dest" : "broadcast", ip4_print(a, ifa->ifa_broadcast));
		if (ifa->ifa_duplicated)
			json_bool(o, "duplicated", true);
		json_close(o, '}');
	}
	json_close(o, ']');
}

static void
json_addrs6(struct out *o, const struct ifnet *ifp)
{
	char a[IN6_STRLEN], t[24];

	json_open(o, "inet6", '[');
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		json_open(o, NULL, '{');
		json_str(o, "address", in6_print(a, &ia->ia_addr));
		json_u64(o, "prefixlen", ia->ia_plen);
		json_open(o, "flags", '[');
		for (size_t i = 0; i < nitems(addr6_flags); i++)
			if (ia->ia_flags & addr6_flags[i].f_bit)
				json_str(o, NULL, addr6_flags[i].f_name);
		json_close(o, ']');
		json_str(o, "pltime", lifetime(t, ia->ia_preferred));
		json_str(o, "vltime", lifetime(t, ia->ia_valid));
		json_close(o, '}');
	}
	json_close(o, ']');
}

static void
status_json(struct out *o, const struct ifnet *ifp, unsigned families)
{
	uint32_t flags = shown_flags(ifp);
	const char *name;
	char text[80];

	json_open(o, NULL, '{');
	json_str(o, "name", ifp->if_xname);
	json_open(o, "flags", '[');
	for (size_t i = 0; i < nitems(if_flags); i++)
		if (flags & if_flags[i].f_bit)
			json_str(o, NULL, if_flags[i].f_name);
	json_close(o, ']');
	json_u64(o, "mtu", ifp->if_mtu);
	if (ifp->if_ether)
		json_str(o, "lladdr", ether_print(text, ifp->if_lladdr));
	if (ifp->if_description[0] != '\0')
		json_str(o, "description", ifp->if_description);
	json_u64(o, "index", ifp->if_index);
	json_u64(o, "priority", ifp->if_priority);
	json_u64(o, "llprio", 3);
	json_open(o, "groups", '[');
	for (unsigned i = 0; (name = if_group(ifp, &i)) != NULL;)
		json_str(o, NULL, name);
	json_close(o, ']');
	if (ifp->if_media != NULL) {
		media_text(text, sizeof(text), ifp);
		json_str(o, "media", text);
		json_str(o, "status", link_status(ifp));
	}
	if (families & 1u << AF_IP4)
		json_addrs(o, ifp);
	if (families & 1u << AF_IP6)
		json_addrs6(o, ifp);
	json_close(o, '}');
}

/* which: NULL: all; an interface; or a group, a word without a number at its end. */
static bool
selected(const struct ifnet *ifp, const char *which)
{
	size_t n;

	if (which == NULL || strcmp(ifp->if_xname, which) == 0)
		return true;
	n = strlen(which);
	if (n == 0 || (which[n - 1] >= '0' && which[n - 1] <= '9'))
		return false;
	return if_in_group(ifp, which);
}

/* The next interface that is meant, behind index *idx; printed inside one net_enter. */
static bool
print_next(struct out *o, const char *which, unsigned families, unsigned *idx)
{
	struct ifnet *ifp;

	net_enter();
	for (ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_index > *idx && selected(ifp, which))
			break;
	if (ifp != NULL) {
		*idx = ifp->if_index;
		if (o->o_json)
			status_json(o, ifp, families);
		else
			status_text(o, ifp, families);
	}
	net_leave();
	return ifp != NULL;
}

static bool
any_selected(const char *which)
{
	bool any = false;

	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		any |= selected(ifp, which);
	net_leave();
	return any;
}

static int
ifconfig_print(struct out *o, const char *which, unsigned families)
{
	unsigned idx = 0;

	if (which != NULL && !any_selected(which)) {
		out_printf(o, "ifconfig: %s: no such interface\n", which);
		return 1;
	}
	if (o->o_json)
		json_open(o, NULL, '[');
	while (!o->o_stop && print_next(o, which, families, &idx))
		out_flush(o);
	if (o->o_json)
		json_close(o, ']');
	return 0;
}

/* Whether there is such an interface, and whether it can be destroyed. */
static bool
exists(const char *ifname, bool *clone)
{
	const struct ifnet *ifp;

	net_enter();
	ifp = ifunit(ifname);
	*clone = ifp != NULL && ifp->if_clone != NULL;
	net_leave();
	return ifp != NULL;
}

static int
ifconfig_cloners(struct out *o)
{
	const struct if_clone *ifc;

	for (unsigned i = 0; (ifc = if_clone_nth(i)) != NULL; i++)
		out_printf(o, "%s%s", i > 0 ? " " : "", ifc->ifc_name);
	out_printf(o, "\n");
	return 0;
}

static int
ifconfig_destroy(struct out *o, const char *ifname)
{
	struct config_err ce = { .ce_out = o };
	char key[HOSTNAME_KEYSIZE];
	bool clone;

	if (!exists(ifname, &clone)) {
		out_printf(o, "ifconfig: %s: no such interface\n", ifname);
		return 1;
	}
	if (!clone) {
		out_printf(o, "ifconfig: SIOCIFDESTROY: %s\n", if_clone_known(ifname) ? "Operation not permitted" : "Invalid argument");
		return 1;
	}
	return config_replace(&ce, hostname_key(key, ifname), NULL) ? 0 : 1;
}

/* Before the words of ifconfig_set: *there, or it can be made. False after a message. */
static bool
ifconfig_may_set(struct out *o, const char *ifname, bool create, bool *there)
{
	bool clone;

	*there = exists(ifname, &clone);
	if (create && *there)
		out_printf(o, "ifconfig: SIOCIFCREATE: File exists\n");
	else if (create && !if_clone_known(ifname))
		out_printf(o, "ifconfig: SIOCIFCREATE: Invalid argument\n");
	else if (!*there && !if_clone_known(ifname))
		out_printf(o, "ifconfig: %s: no such interface\n", ifname);
	else
		return true;
	return false;
}

/* Puts the words into a copy of the interface's object and lets the configuration change to it. Pseudo-interfaces come into being by that. */
static int
ifconfig_set(struct out *o, const char *ifname, int argc, char **argv)
{
	const struct hostname *running = hostname_running(ifname);
	struct config_err ce = { .ce_out = o, .ce_file = "ifconfig" };
	bool create = strcmp(argv[0], "create") == 0, there, ok = true;
	struct hostname *h, *before;
	char key[HOSTNAME_KEYSIZE];

	if (!ifconfig_may_set(o, ifname, create, &there))
		return 1;
	before = running != NULL ? hostname_copy(running) : hostname_new(ifname);
	h = before != NULL ? hostname_copy(before) : NULL;
	if (h == NULL) {
		out_printf(o, "ifconfig: no memory\n");
		ok = false;
	} else if (argc > create && !hostname_words(h, &ce, 0, false, argc - create, argv + create)) {
		ok = false;
	} else if (!there || !hostname_equal(before, h)) {
		ok = config_replace(&ce, hostname_key(key, ifname), h);
		h = NULL;
	}
	hostname_free(before);
	hostname_free(h);
	return ok ? 0 : 1;
}

/* "inet6 address delete" of what was learned from a router, which is no configuration: it goes until it is told again. False: it is none such. */
static bool
ifconfig_unlearn(const char *ifname, int argc, char **argv)
{
	struct in6_ifaddr *ia;
	struct in6_addr a;
	bool found;

	if (argc != 3 || strcmp(argv[0], "inet6") != 0 || (strcmp(argv[2], "delete") != 0 && strcmp(argv[2], "-alias") != 0) ||
	    !in6_parse(argv[1], &a))
		return false;
	net_enter();
	ia = ifunit(ifname) != NULL ? in6_ifaddr_find(ifunit(ifname), &a) : NULL;
	found = ia != NULL && (ia->ia_flags & IN6_IFF_AUTOCONF);
	if (found)
		in6_ifaddr_delete(ia);
	net_leave();
	return found;
}

/* The families whose addresses are to be shown; 0: the words ask for something else. */
static unsigned
shown_families(int argc, char **argv)
{
	if (argc <= 2)
		return 1u << AF_IP4 | 1u << AF_IP6;
	if (argc > 3)
		return 0;
	return strcmp(argv[2], "inet") == 0 ? 1u << AF_IP4 : strcmp(argv[2], "inet6") == 0 ? 1u << AF_IP6 : 0;
}

static int
cmd_ifconfig(struct out *o, int argc, char **argv)
{
	bool all = argc > 1 && (strcmp(argv[1], "-a") == 0 || strcmp(argv[1], "-A") == 0);
	unsigned families = shown_families(argc, argv);

	if (argc == 1 || (all && families != 0))
		return ifconfig_print(o, NULL, families);
	if (argc == 2 && strcmp(argv[1], "-C") == 0)
		return ifconfig_cloners(o);
	if (all || argv[1][0] == '-')
		return command_usage(o, argv[0]);
	if (families != 0)
		return ifconfig_print(o, argv[1], families);
	if (argc == 3 && strcmp(argv[2], "destroy") == 0)
		return ifconfig_destroy(o, argv[1]);
	return ifconfig_unlearn(argv[1], argc - 2, argv + 2) ? 0 : ifconfig_set(o, argv[1], argc - 2, argv + 2);
}
COMMAND(ifconfig, cmd_ifconfig,
    "ifconfig [-j] [-aA] [interface] [inet | inet6]\n"
    "ifconfig -C\n"
    "ifconfig interface create | destroy\n"
    "ifconfig interface [inet] [alias] address[/length] [netmask mask] [broadcast address]\n"
    "ifconfig interface [inet] [address] delete | -alias | -inet\n"
    "ifconfig interface inet6 [alias] address[/length] [prefixlen n] [eui64] [anycast]\n"
    "ifconfig interface inet6 address delete | -alias | -inet6\n"
    "ifconfig interface inet6 eui64 | autoconf | -autoconf | temporary | -temporary | soii | -soii\n"
    "ifconfig interface [up | down] [mtu n] [description text | -description]\n"
    "         [group name | -group name] [lladdr address] [debug | -debug]",
    "show and configure network interfaces",
    "Without settings the interface, the group's (egress: where a default route leads) or all are shown.\n"
    "An IPv4 address without alias takes the place of the first one and brings the interface up.\n"
    "With its first IPv6 address an interface makes itself a link-local one, as \"inet6 eui64\"\n"
    "does without any other; \"inet6 autoconf\" learns addresses from routers. With a key in sysctl\n"
    "net.inet6.ip6.soiikey these addresses do not tell the Ethernet address, unless \"inet6 -soii\".\n"
    "\n"
    "The words are those of a line in /etc/hostname.if, and what they change becomes part of\n"
    "that file in the running configuration: \"show config\" prints it.\n"
    "\n"
    "Pseudo-interfaces, of the kinds that -C lists, come with create, with their first setting or\n"
    "with their file, and go with destroy or with their file. lo0 stays.\n"
    "\n"
    "     ifconfig vio0 inet 10.0.0.1/24\n"
    "     ifconfig vio0 inet alias 10.0.9.1 netmask 255.255.255.0\n"
    "     ifconfig vio0 mtu 9000 description \"uplink\"\n"
    "     ifconfig vio0 inet 10.0.9.1 delete\n"
    "     ifconfig vio0 inet6 2001:db8::1/64\n");
