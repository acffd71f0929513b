/* hostname_apply.c - makes an interface what its hostname.if(5) object says, by difference: what is in both objects keeps its neighbours
 * and flows.
 *
 * Each element notes whether it is in force because of its object, so that every step may be repeated and taken back in any order: an address
 * that could not be had is not deleted from the interface that has it. The notes are the only thing written in objects that the
 * configuration's store owns. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "kernel/log.h"
#include "kernel/task.h"
#include "net/core/hostname.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"

/* What an interface had before a file changed it, by if_index. */
static struct {
	bool		od_mtu_saved, od_lladdr_saved;
	uint8_t		od_lladdr[6];
	uint32_t	od_mtu;
} own_defaults[IF_MAX];

/* ---- what goes ---- */

static void
withdraw_addrs(struct ifnet *ifp, struct hostname *old, struct hostname *new)
{
	for (unsigned i = 0; i < old->hn_naddrs; i++) {
		struct hn_addr *o = &old->hn_addrs[i], *n = new != NULL ? hostname_find_addr(new, o->ha_addr) : NULL;

		if (!o->ha_installed)
			continue;
		o->ha_installed = false;
		if (n != NULL && n->ha_plen == o->ha_plen && n->ha_broadcast == o->ha_broadcast)
			n->ha_installed = true;
		else
			if_deladdr(ifp, o->ha_addr);
	}
}

static void
withdraw_arps(struct hostname *old, struct hostname *new)
{
	for (unsigned i = 0; i < old->hn_narps; i++) {
		struct hn_arp *o = &old->hn_arps[i], *n = NULL;

		if (!o->hp_installed)
			continue;
		o->hp_installed = false;
		if (new != NULL)
			n = (struct hn_arp *)hostname_find_arp(new, o);
		if (n != NULL && n->hp_pub == o->hp_pub && memcmp(n->hp_lladdr, o->hp_lladdr, 6) == 0)
			n->hp_installed = true;
		else
			arp_delete(0, o->hp_addr);
	}
}

static void
withdraw_tables(struct hostname *old, struct hostname *new)
{
	for (unsigned i = 0; i < old->hn_nroutes; i++)
		static_route_withdraw(&old->hn_routes[i],
		    new != NULL ? hostname_find_route(new, &old->hn_routes[i]) : NULL);
	withdraw_arps(old, new);
}

/* ---- properties ---- */

static bool
set_mtu(struct config_err *ce, struct ifnet *ifp, uint32_t mtu)
{
	if (!own_defaults[ifp->if_index].od_mtu_saved) {
		own_defaults[ifp->if_index].od_mtu = ifp->if_mtu;
		own_defaults[ifp->if_index].od_mtu_saved = true;
	}
	if (mtu == 0)
		mtu = own_defaults[ifp->if_index].od_mtu;
	if (if_setmtu(ifp, mtu))
		return true;
	if (mtu > ifp->if_hardmtu)
		config_error(ce, 0, "mtu %u: %s can do no more than %u", (unsigned)mtu, ifp->if_xname,
		    (unsigned)ifp->if_hardmtu);
	else
		config_error(ce, 0, "mtu %u: refused by %s", (unsigned)mtu, ifp->if_xname);
	return false;
}

static bool
set_lladdr(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	bool *saved = &own_defaults[ifp->if_index].od_lladdr_saved;
	uint8_t *own = own_defaults[ifp->if_index].od_lladdr;
	char e[ETHER_STRLEN];

	if (!*saved && !h->hn_has_lladdr)
		return true;
	if (!ifp->if_ether) {
		config_error(ce, 0, "lladdr: %s is not an Ethernet interface", ifp->if_xname);
		return false;
	}
	if (!*saved) {
		memcpy(own, ifp->if_lladdr, 6);
		*saved = true;
	}
	if (if_setlladdr(ifp, h->hn_has_lladdr ? h->hn_lladdr : own))
		return true;
	config_error(ce, 0, "lladdr %s: refused by %s", ether_print(e, h->hn_lladdr), ifp->if_xname);
	return false;
}

static bool
set_properties(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	if (!set_mtu(ce, ifp, h->hn_mtu) || !set_lladdr(ce, ifp, h))
		return false;
	snprintf(ifp->if_description, sizeof(ifp->if_description), "%s", h->hn_description);
	if (h->hn_debug)
		ifp->if_flags |= IFF_DEBUG;
	else
		ifp->if_flags &= ~IFF_DEBUG;
	return true;
}

/* ---- addresses ---- */

static const struct ifaddr *
find_ifaddr(const struct ifnet *ifp, be32_t addr)
{
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		if (ifa->ifa_addr == addr)
			return ifa;
	return NULL;
}

/* Another interface has it. */
static bool
addr_taken(const struct ifnet *but, be32_t addr)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp != but && ifp->if_rdomain == but->if_rdomain && find_ifaddr(ifp, addr) != NULL)
			return true;
	return false;
}

static bool
add_addr(struct config_err *ce, struct ifnet *ifp, struct hn_addr *ha)
{
	bool p2p = ifp->if_flags & IFF_POINTOPOINT;
	char a[IP4_STRLEN];
	const char *why;

	if (ha->ha_dest && !p2p) {
		config_error(ce, 0, "inet %s: dest: %s is not a point-to-point interface", ip4_print(a, ha->ha_addr),
		    ifp->if_xname);
		return false;
	}
	why = if_addaddr(ifp, ha->ha_addr, ha->ha_plen, p2p == ha->ha_dest && (p2p || (ifp->if_flags & IFF_BROADCAST)) ?
	    ha->ha_broadcast : 0);
	if (why != NULL)
		config_error(ce, 0, "inet %s: %s", ip4_print(a, ha->ha_addr), why);
	return ha->ha_installed = why == NULL;
}

/* The interface's list in the order of the file; addresses that are not from the file stay behind. */
static void
order_addrs(struct ifnet *ifp, const struct hostname *h)
{
	struct ifaddr **head = &ifp->if_addrs;

	for (unsigned i = 0; i < h->hn_naddrs; i++)
		for (struct ifaddr **p = head; *p != NULL; p = &(*p)->ifa_next) {
			struct ifaddr *ifa = *p;

			if (ifa->ifa_addr != h->hn_addrs[i].ha_addr)
				continue;
			*p = ifa->ifa_next;
			ifa->ifa_next = *head;
			*head = ifa;
			head = &ifa->ifa_next;
			break;
		}
}

/* Objects with addresses that another interface had when their turn came. An address that moves from one interface to another is deleted
 * and added in the turns of two files, in either order: what could not be added is tried again after each turn. */
static struct hostname *deferred;

static void
undefer(struct hostname *h)
{
	for (struct hostname **p = &deferred; *p != NULL; p = &(*p)->hn_deferred)
		if (*p == h) {
			*p = h->hn_deferred;
			return;
		}
}

static bool
add_addrs(struct config_err *ce, struct ifnet *ifp, struct hostname *h)
{
	bool all = true;

	undefer(h);
	for (unsigned i = 0; i < h->hn_naddrs; i++) {
		struct hn_addr *ha = &h->hn_addrs[i];
		const struct ifaddr *there = find_ifaddr(ifp, ha->ha_addr);

		if (there != NULL && there->ifa_plen == ha->ha_plen)	/* ours already, or lo0's own */
			continue;
		if (addr_taken(ifp, ha->ha_addr))
			all = false;
		else if (!add_addr(ce, ifp, ha))
			return false;
	}
	if (!all) {
		h->hn_deferred = deferred;
		deferred = h;
	}
	order_addrs(ifp, h);
	return true;
}

static void
retry_deferred(struct config_err *quiet)
{
	struct hostname *list = deferred, *next;

	deferred = NULL;
	for (struct hostname *h = list; h != NULL; h = next) {
		struct ifnet *ifp = ifunit(h->hn_ifname);

		next = h->hn_deferred;
		if (ifp != NULL)
			add_addrs(quiet, ifp, h);
	}
}

/* After the first turn of all files: an address that still is not there belongs to somebody else. */
static bool
check_addrs(struct config_err *ce, const struct ifnet *ifp, const struct hostname *h)
{
	char a[IP4_STRLEN];

	for (unsigned i = 0; i < h->hn_naddrs; i++)
		if (find_ifaddr(ifp, h->hn_addrs[i].ha_addr) == NULL) {
			config_error(ce, 0, "inet %s: address is in use", ip4_print(a, h->hn_addrs[i].ha_addr));
			return false;
		}
	return true;
}

/* ---- the two turns ---- */

/* The interface as if it had no file. */
static void
reset(struct config_err *ce, struct ifnet *ifp)
{
	struct hostname none = { 0 };

	snprintf(none.hn_ifname, sizeof(none.hn_ifname), "%s", ifp->if_xname);
	set_properties(ce, ifp, &none);
	if_setup(ifp, hostname_up(&none));
}

static bool
bring_up(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	if (if_setup(ifp, hostname_up(h)))
		return true;
	config_error(ce, 0, "%s: the driver could not start it", ifp->if_xname);
	return false;
}

static bool
apply(struct config_err *ce, struct ifnet *ifp, struct hostname *old, struct hostname *new)
{
	if (old != NULL) {
		undefer(old);
		withdraw_tables(old, new);
		if (ifp != NULL)
			withdraw_addrs(ifp, old, new);
	}
	if (ifp == NULL)
		return true;
	if (new == NULL) {
		reset(ce, ifp);
		return true;
	}
	if (!set_properties(ce, ifp, new))
		return false;
	return add_addrs(ce, ifp, new) && bring_up(ce, ifp, new);
}

static bool
apply_routes(struct config_err *ce, const struct hostname *old, struct hostname *new)
{
	char net[IP4_NETSTRLEN];

	for (unsigned i = 0; i < new->hn_nroutes; i++) {
		struct static_route *n = &new->hn_routes[i];
		enum rt_error e = static_route_apply(old != NULL ? hostname_find_route(old, n) : NULL, n);

		if (e != RT_OK) {
			config_error(ce, 0, "route %s: %s", ip4_printnet(net, n->sr_dest, n->sr_plen), rt_strerror(e));
			return false;
		}
	}
	return true;
}

static bool
apply_arps(struct config_err *ce, struct hostname *new)
{
	char a[IP4_STRLEN];

	for (unsigned i = 0; i < new->hn_narps; i++) {
		struct hn_arp *n = &new->hn_arps[i];
		const char *why;

		if (n->hp_installed)
			continue;
		if ((why = arp_set(0, n->hp_addr, n->hp_lladdr, NHF_STATIC | (n->hp_pub ? NHF_PUBLISH : 0))) != NULL) {
			config_error(ce, 0, "arp %s: %s", ip4_print(a, n->hp_addr), why);
			return false;
		}
		n->hp_installed = true;
	}
	return true;
}

static bool
apply_late(struct config_err *ce, const struct ifnet *ifp, struct hostname *old, struct hostname *new)
{
	if (old != NULL)
		withdraw_tables(old, new);
	return new == NULL || (check_addrs(ce, ifp, new) && apply_routes(ce, old, new) && apply_arps(ce, new));
}

/* Runs a turn; when it fails, its opposite in silence. */
static bool
turn(struct config_err *ce, const char *name, const void *oldobj, const void *newobj, bool late)
{
	struct hostname *old = (struct hostname *)oldobj, *new = (struct hostname *)newobj;
	struct config_err quiet = { .ce_file = name };
	struct out sink;
	struct ifnet *ifp;
	bool ok;

	out_init(&sink, NULL, NULL);
	quiet.ce_out = &sink;
	net_enter();
	ifp = ifunit(name + strlen(HOSTNAME_PREFIX));
	if (ifp == NULL && new != NULL && !late)
		log_printf("%s: no such interface\n", new->hn_ifname);
	if (late)
		retry_deferred(&quiet);
	ok = late ? ifp == NULL || apply_late(ce, ifp, old, new) : apply(ce, ifp, old, new);
	if (!ok && late)
		apply_late(&quiet, ifp, new, old);
	else if (!ok)
		apply(&quiet, ifp, new, old);
	retry_deferred(&quiet);
	net_leave();
	out_free(&sink);
	return ok;
}

bool
hostname_apply(struct config_err *ce, const char *name, const void *old, const void *new)
{
	return turn(ce, name, old, new, false);
}

bool
hostname_apply_late(struct config_err *ce, const char *name, const void *old, const void *new)
{
	return turn(ce, name, old, new, true);
}
