/* hostname_apply.c - makes an interface what its hostname.if(5) object says, by difference: what is in both objects
 * keeps its neighbours and flows.
 *
 * Each element notes whether it is in force because of its object, so that every step may be repeated and taken back in
 * any order: an address that could not be had is not deleted from the interface that has it. The notes are the only
 * thing written in objects that the configuration's store owns. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "kernel/log.h"
#include "kernel/task.h"
#include "net/core/hostname_var.h"
#include "net/core/if_clone.h"
#include "net/core/if_group.h"
#include "net/ether/ether.h"

unsigned hostname_absentees;

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

/* withdraw: static_route_withdraw, or static_route_revert where changed routes may have been applied. */
static void
withdraw_tables(struct hostname *old, struct hostname *new, void (*withdraw)(struct static_route *, struct static_route *))
{
	withdraw_routes(old, new, withdraw);
	withdraw_nbrs(old, new);
}

/* ---- properties ---- */

static bool
set_mtu(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	uint32_t mtu = h->hn_mtu;

	if (!ifp->if_own.io_mtu_saved) {
		ifp->if_own.io_mtu = ifp->if_mtu;
		ifp->if_own.io_mtu_saved = true;
	}
	if (mtu == 0)
		mtu = ifp->if_own.io_mtu;
	if (if_setmtu(ifp, mtu))
		return true;
	if (mtu > ifp->if_hardmtu)
		config_error(ce, h->hn_mtu_line, "mtu %u: %s can do no more than %u", (unsigned)mtu, ifp->if_xname,
		    (unsigned)ifp->if_hardmtu);
	else
		config_error(ce, h->hn_mtu_line, "mtu %u: refused by %s", (unsigned)mtu, ifp->if_xname);
	return false;
}

static bool
set_lladdr(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	bool *saved = &ifp->if_own.io_lladdr_saved;
	uint8_t *own = ifp->if_own.io_lladdr;
	char e[ETHER_STRLEN];

	if (!*saved && !h->hn_has_lladdr)
		return true;
	if (!ifp->if_ether) {
		config_error(ce, h->hn_lladdr_line, "lladdr: %s is not an Ethernet interface", ifp->if_xname);
		return false;
	}
	if (!*saved) {
		memcpy(own, ifp->if_lladdr, 6);
		*saved = true;
	}
	if (if_setlladdr(ifp, h->hn_has_lladdr ? h->hn_lladdr : own))
		return true;
	config_error(ce, h->hn_lladdr_line, "lladdr %s: refused by %s", ether_print(e, h->hn_lladdr), ifp->if_xname);
	return false;
}

static bool
set_properties(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	if (!set_mtu(ce, ifp, h) || !set_lladdr(ce, ifp, h))
		return false;
	snprintf(ifp->if_description, sizeof(ifp->if_description), "%s", h->hn_description);
	if_set_groups(ifp, h->hn_group, h->hn_ngroups);
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
		config_error(ce, ha->ha_line, "inet %s: dest: %s is not a point-to-point interface", ip4_print(a, ha->ha_addr),
		    ifp->if_xname);
		return false;
	}
	why = if_addaddr(ifp, ha->ha_addr, ha->ha_plen, p2p == ha->ha_dest && (p2p || (ifp->if_flags & IFF_BROADCAST)) ?
	    ha->ha_broadcast : 0);
	if (why != NULL)
		config_error(ce, ha->ha_line, "inet %s: %s", ip4_print(a, ha->ha_addr), why);
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

/* What another interface still has waits: an address that moves from one interface to another is deleted and added in
 * the turns of two files, in either order. */
static bool
add_addrs(struct config_err *ce, struct ifnet *ifp, struct hostname *h)
{
	for (unsigned i = 0; i < h->hn_naddrs; i++) {
		struct hn_addr *ha = &h->hn_addrs[i];
		const struct ifaddr *there = find_ifaddr(ifp, ha->ha_addr);

		if (there != NULL && there->ifa_plen == ha->ha_plen)	/* ours already, or lo0's own */
			continue;
		if (!addr_taken(ifp, ha->ha_addr) && !add_addr(ce, ifp, ha))
			return false;
	}
	order_addrs(ifp, h);
	return true;
}

/* After the first turn of all files: an address that still is not there belongs to somebody else. */
static bool
check_addrs(struct config_err *ce, const struct ifnet *ifp, const struct hostname *h)
{
	char a[IP4_STRLEN];

	for (unsigned i = 0; i < h->hn_naddrs; i++)
		if (find_ifaddr(ifp, h->hn_addrs[i].ha_addr) == NULL) {
			config_error(ce, h->hn_addrs[i].ha_line, "inet %s: address is in use",
			    ip4_print(a, h->hn_addrs[i].ha_addr));
			return false;
		}
	return true;
}

/* ---- the two turns ---- */

/* The interface as if it had no file. Nobody can help it when the driver refuses. */
static void
reset(struct ifnet *ifp)
{
	struct hostname none = { 0 };
	struct out sink;
	struct config_err quiet = { .ce_out = &sink, .ce_file = ifp->if_xname };

	out_init(&sink, NULL, NULL);
	snprintf(none.hn_ifname, sizeof(none.hn_ifname), "%s", ifp->if_xname);
	if (!set_properties(&quiet, ifp, &none) || !set_inet6(&quiet, ifp, NULL) || !if_setup(ifp, hostname_up(&none)))
		log_printf("%s: could not be reset\n", ifp->if_xname);
	out_free(&sink);
}

/* What a cloner can make is there because of its file. False: it cannot be made. *ifp NULL: nobody makes such. */
static bool
make_clone(struct config_err *ce, const struct hostname *h, struct ifnet **ifp)
{
	const char *why;

	if (!if_clone_known(h->hn_ifname) || (*ifp = if_clone_create(h->hn_ifname, &why)) != NULL)
		return true;
	config_error(ce, 0, "%s cannot be created: %s", h->hn_ifname, why);
	return false;
}

static void
unmake_clone(struct ifnet *ifp)
{
	if_clone_destroy(ifp);
}

static bool
bring_up(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	if (if_setup(ifp, hostname_up(h)))
		return true;
	config_error(ce, 0, "%s: the driver could not start it", ifp->if_xname);
	return false;
}

/* On the way back everything waits for its turn here, and there are no errors. */
static bool
hostname_retry(struct pending *pd)
{
	struct hostname *h = container_of(pd, struct hostname, hn_pending);
	struct ifnet *ifp = ifunit(h->hn_ifname);
	struct out sink;
	struct config_err quiet = { .ce_out = &sink, .ce_file = h->hn_ifname };
	bool all;

	if (ifp == NULL)
		return true;
	out_init(&sink, NULL, NULL);
	all = add_addrs(&quiet, ifp, h) && add_addrs6(&quiet, ifp, h) && check_addrs(&quiet, ifp, h) && check_addrs6(&quiet, ifp, h);
	if (hostname_running(h->hn_ifname) != h)	/* on the way forth: the late turn does the rest */
		all = false;
	all = all && retry_routes(h) && install_nbrs(&quiet, h);
	out_free(&sink);
	return all;
}

static void
wait_for_it(struct hostname *h)
{
	h->hn_pending.pd_retry = hostname_retry;
	h->hn_retry = (struct hn_retry){ 0 };
	pending_add(&h->hn_pending);
	watch_nbrs(h);
}

static void
wait_no_more(struct hostname *h)
{
	pending_remove(&h->hn_pending);
	pending_remove(&h->hn_nbr_watch);
}

static void
note_absence(struct hostname *h, bool absent)
{
	if (absent && !h->hn_absent)
		log_printf("%s: no such interface\n", h->hn_ifname);
	hostname_absentees += (unsigned)absent - h->hn_absent;
	h->hn_absent = absent;
}

static bool
apply(struct config_err *ce, struct ifnet *ifp, struct hostname *old, struct hostname *new)
{
	if (old != NULL) {
		wait_no_more(old);
		note_absence(old, false);
		withdraw_tables(old, new, static_route_withdraw);
		if (ifp != NULL) {
			withdraw_addrs(ifp, old, new);
			withdraw_addrs6(ifp, old, new);
		}
	}
	if (new != NULL && ifp == NULL && !make_clone(ce, new, &ifp))
		return false;
	if (new != NULL)
		note_absence(new, ifp == NULL);
	if (ifp == NULL)
		return true;
	if (new == NULL) {
		if (ifp->if_clone != NULL)
			unmake_clone(ifp);
		else
			reset(ifp);
		return true;
	}
	wait_for_it(new);
	return set_properties(ce, ifp, new) && add_addrs(ce, ifp, new) && add_addrs6(ce, ifp, new) && bring_up(ce, ifp, new);
}

/* back: `new` is what was in force before a change that failed. */
static bool
apply_late(struct config_err *ce, const struct ifnet *ifp, struct hostname *old, struct hostname *new, bool back)
{
	if (old != NULL) {
		wait_no_more(old);
		withdraw_tables(old, new, back ? static_route_revert : static_route_withdraw);
	}
	if (new == NULL || ifp == NULL)
		return true;
	if (back) {
		wait_for_it(new);
		return true;
	}
	if (!check_addrs(ce, ifp, new) || !check_addrs6(ce, ifp, new))
		return false;
	pending_remove(&new->hn_pending);	/* here it ends, one way or the other */
	return install_routes(ce, old, new) && install_nbrs(ce, new);
}

/* Runs a turn; when it fails, its opposite in silence. */
static bool
turn(struct config_err *ce, const char *name, const void *oldobj, const void *newobj, bool late)
{
	struct hostname *old = (struct hostname *)oldobj, *new = (struct hostname *)newobj;
	struct out sink;
	struct config_err quiet = { .ce_out = &sink, .ce_file = name };
	struct ifnet *ifp;
	bool ok;

	out_init(&sink, NULL, NULL);
	net_enter();
	ifp = ifunit(name + strlen(HOSTNAME_PREFIX));
	ok = late ? apply_late(ce, ifp, old, new, new == config_running(name)) : apply(ce, ifp, old, new);
	if (!ok && late)
		apply_late(&quiet, ifp, new, old, true);
	else if (!ok)
		apply(&quiet, ifunit(name + strlen(HOSTNAME_PREFIX)), new, old);
	while (pending_retry_some())
		net_pause();
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

bool
hostname_check(struct config_err *ce, const char *name __unused_arg, const void *obj)
{
	const struct hostname *h = obj;
	bool ok;

	net_enter();
	ok = check_routes(ce, h);
	ok = check_nbrs(ce, h) && ok;
	net_leave();
	return ok;
}
