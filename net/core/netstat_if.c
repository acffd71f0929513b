/* netstat_if.c - netstat -i: interfaces, their addresses and totals. */
#include <stdio.h>
#include <string.h>

#include "kernel/task.h"
#include "net/core/netstat.h"
#include "net/ether/ether.h"
#include "net/inet6/in6_ifaddr.h"

static uint64_t
shown_ifail(const struct netstat_opts *no, const struct if_totals *t)
{
	return (no->no_drops && !no->no_errors ? 0 : t->it_ierrors) + (no->no_errors && !no->no_drops ? 0 : t->it_iqdrops);
}

static uint64_t
shown_ofail(const struct netstat_opts *no, const struct if_totals *t)
{
	return (no->no_drops && !no->no_errors ? 0 : t->it_oerrors) + (no->no_errors && !no->no_drops ? 0 : t->it_oqdrops);
}

static void
head(struct out *o, const struct netstat_opts *no)
{
	const char *what = no->no_errors == no->no_drops ? "fail" : no->no_errors ? "errs" : "drop";

	out_printf(o, "%-7s %-5s %-11s %-17s ", "Name", "Mtu", "Network", "Address");
	if (no->no_bytes)
		out_printf(o, "%10s %10s\n", "Ibytes", "Obytes");
	else
		out_printf(o, "%8s I%s %8s O%s %5s\n", "Ipkts", what, "Opkts", what, "Colls");
}

static void
row(struct out *o, const struct netstat_opts *no, const struct ifnet *ifp, const char *net, const char *address,
    const struct if_totals *t)
{
	char name[IFNAMSIZ + 1];

	snprintf(name, sizeof(name), "%s%s", ifp->if_xname, ifp->if_flags & IFF_UP ? "" : "*");
	out_printf(o, "%-7s %-5u %-11.11s %-17.17s ", name, (unsigned)ifp->if_mtu, net, address);
	if (no->no_bytes)
		out_printf(o, "%10llu %10llu\n", (unsigned long long)t->it_ibytes, (unsigned long long)t->it_obytes);
	else
		out_printf(o, "%8llu %5llu %8llu %5llu %5llu\n", (unsigned long long)t->it_ipackets,
		    (unsigned long long)shown_ifail(no, t), (unsigned long long)t->it_opackets,
		    (unsigned long long)shown_ofail(no, t), (unsigned long long)t->it_collisions);
}

static const char *
in6_net(char net[IN6_NETSTRLEN], const struct in6_ifaddr *ia)
{
	struct in6_addr masked = in6_masked(&ia->ia_addr, ia->ia_plen);

	return in6_printnet(net, &masked, ia->ia_plen);
}

static void
rows(struct out *o, const struct netstat_opts *no, const struct ifnet *ifp)
{
	struct if_totals t;
	char e[ETHER_STRLEN], net[IN6_NETSTRLEN], a[IN6_STRLEN];

	if_totals(ifp, &t);
	row(o, no, ifp, "<Link>", ifp->if_ether ? ether_print(e, ifp->if_lladdr) : "", &t);
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		row(o, no, ifp, ip4_printnet(net, ifa->ifa_addr & ifa->ifa_mask, ifa->ifa_plen), ip4_print(a, ifa->ifa_addr), &t);
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		row(o, no, ifp, in6_net(net, ia), in6_print(a, &ia->ia_addr), &t);
}

static void
rows_json(struct out *o, const struct ifnet *ifp)
{
	struct if_totals t;
	char e[ETHER_STRLEN], net[IN6_NETSTRLEN], a[IN6_STRLEN];

	if_totals(ifp, &t);
	json_open(o, NULL, '{');
	json_str(o, "name", ifp->if_xname);
	json_bool(o, "up", ifp->if_flags & IFF_UP);
	json_u64(o, "mtu", ifp->if_mtu);
	if (ifp->if_ether)
		json_str(o, "lladdr", ether_print(e, ifp->if_lladdr));
	json_open(o, "addresses", '[');
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		json_open(o, NULL, '{');
		json_str(o, "network", ip4_printnet(net, ifa->ifa_addr & ifa->ifa_mask, ifa->ifa_plen));
		json_str(o, "address", ip4_print(a, ifa->ifa_addr));
		json_close(o, '}');
	}
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		json_open(o, NULL, '{');
		json_str(o, "network", in6_net(net, ia));
		json_str(o, "address", in6_print(a, &ia->ia_addr));
		json_close(o, '}');
	}
	json_close(o, ']');
	json_u64(o, "ipkts", t.it_ipackets);
	json_u64(o, "ibytes", t.it_ibytes);
	json_u64(o, "ierrs", t.it_ierrors);
	json_u64(o, "iqdrops", t.it_iqdrops);
	json_u64(o, "opkts", t.it_opackets);
	json_u64(o, "obytes", t.it_obytes);
	json_u64(o, "oerrs", t.it_oerrors);
	json_u64(o, "oqdrops", t.it_oqdrops);
	json_u64(o, "colls", t.it_collisions);
	json_close(o, '}');
}

/* One interface inside one net_enter; false: no more. */
static bool
next_interface(struct out *o, const struct netstat_opts *no, unsigned *idx)
{
	struct ifnet *ifp;

	net_enter();
	for (ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_index > *idx && (no->no_interface == NULL || strcmp(ifp->if_xname, no->no_interface) == 0))
			break;
	if (ifp != NULL) {
		if (o->o_json)
			rows_json(o, ifp);
		else
			rows(o, no, ifp);
		*idx = ifp->if_index;
	}
	net_leave();
	return ifp != NULL;
}

int
netstat_interfaces(struct out *o, const struct netstat_opts *no)
{
	unsigned idx = 0;
	bool exists;

	net_enter();
	exists = no->no_interface == NULL || ifunit(no->no_interface) != NULL;
	net_leave();
	if (!exists) {
		out_printf(o, "netstat: %s: no such interface\n", no->no_interface);
		return 1;
	}
	if (o->o_json)
		json_open(o, NULL, '[');
	else
		head(o, no);
	while (!o->o_stop && next_interface(o, no, &idx))
		out_flush(o);
	if (o->o_json)
		json_close(o, ']');
	return 0;
}
