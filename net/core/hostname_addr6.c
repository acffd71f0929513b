/* hostname_addr6.c - applies the IPv6 part of a hostname.if(5) object: addresses, link-local address, autoconf. As in hostname_apply.c each
 * address notes whether it is in force because of its object. */
#include "net/core/hostname_var.h"
#include "net/inet6/in6_ifaddr.h"

/* The address itself: what eui64 leaves open is the interface's. */
static struct in6_addr
effective(const struct ifnet *ifp, const struct hn_addr6 *ha)
{
	struct in6_addr a = ha->h6_addr;

	if (ha->h6_eui64 && ifp->if_ether)
		in6_eui64(&a, ifp->if_lladdr);
	return a;
}

static bool
same(const struct hn_addr6 *a, const struct hn_addr6 *b)
{
	return a->h6_plen == b->h6_plen && a->h6_eui64 == b->h6_eui64 && a->h6_anycast == b->h6_anycast;
}

void
withdraw_addrs6(struct ifnet *ifp, struct hostname *old, struct hostname *new)
{
	for (unsigned i = 0; i < old->hn_naddrs6; i++) {
		struct hn_addr6 *o = &old->hn_addrs6[i], *n = new != NULL ? hostname_find_addr6(new, &o->h6_addr) : NULL;

		if (!o->h6_installed)
			continue;
		o->h6_installed = false;
		if (n != NULL && same(n, o)) {
			n->h6_installed = true;
			n->h6_effective = o->h6_effective;
		} else
			if_deladdr6(ifp, &o->h6_effective);
	}
}

static bool
add_addr6(struct config_err *ce, struct ifnet *ifp, struct hn_addr6 *ha, const struct in6_addr *a)
{
	const char *why;
	char text[IN6_STRLEN];

	if (ha->h6_eui64 && !ifp->if_ether)
		why = "eui64: not an Ethernet interface";
	else
		why = if_addaddr6(ifp, a, ha->h6_plen, ha->h6_anycast ? IN6_IFF_ANYCAST : 0, NULL);
	if (why != NULL)
		config_error(ce, ha->h6_line, "inet6 %s: %s", in6_print(text, a), why);
	ha->h6_effective = *a;
	return ha->h6_installed = why == NULL;
}

/* ia, which is at *head or behind it, stands there. Where the next one is to stand. */
static struct in6_ifaddr **
move_up(struct in6_ifaddr **head, struct in6_ifaddr *ia)
{
	struct in6_ifaddr **p = head;

	if (ia == NULL)
		return head;
	while (*p != ia)
		p = &(*p)->ia_next;
	*p = ia->ia_next;
	ia->ia_next = *head;
	*head = ia;
	return &ia->ia_next;
}

/* ::1 of lo0, the link-local address that the interface made itself, then those of the file in its order; what was learned stays behind. */
static void
order_addrs6(struct ifnet *ifp, const struct hostname *h)
{
	struct in6_ifaddr *ia = ifp->if_addrs6, **head;

	while (ia != NULL && !(ia->ia_flags & IN6_IFF_AUTOLL))
		ia = ia->ia_next;
	head = move_up(&ifp->if_addrs6, in6_ifaddr_find(ifp, &in6_loopback));
	head = move_up(head, ia);
	for (unsigned i = 0; i < h->hn_naddrs6; i++)
		if (h->hn_addrs6[i].h6_installed)
			head = move_up(head, in6_ifaddr_find(ifp, &h->hn_addrs6[i].h6_effective));
}

/* Another interface has it, or this one otherwise: learned from a router, made itself. */
static bool
taken(const struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);

	return in6_ifaddr_ours(ifp->if_rdomain, &a) != NULL;
}

/* What the interface has by itself, or has learned, becomes the admin's. */
static void
take_over(struct ifnet *ifp, const struct in6_addr *a)
{
	struct in6_ifaddr *ia = in6_ifaddr_find(ifp, a);

	if (ia != NULL && (ia->ia_flags & (IN6_IFF_AUTOCONF | IN6_IFF_AUTOLL)))
		in6_ifaddr_delete(ia);
}

bool
add_addrs6(struct config_err *ce, struct ifnet *ifp, struct hostname *h)
{
	for (unsigned i = 0; i < h->hn_naddrs6; i++) {
		struct hn_addr6 *ha = &h->hn_addrs6[i];
		struct in6_addr a = effective(ifp, ha);

		if (ha->h6_installed && !in6_equal(&ha->h6_effective, &a)) {	/* lladdr has changed */
			if_deladdr6(ifp, &ha->h6_effective);
			ha->h6_installed = false;
		}
		if (ha->h6_installed)
			continue;
		take_over(ifp, &a);
		if (!taken(ifp, &a) && !add_addr6(ce, ifp, ha, &a))
			return false;
	}
	if (!set_inet6(ce, ifp, h))
		return false;
	order_addrs6(ifp, h);
	return true;
}

bool
check_addrs6(struct config_err *ce, const struct ifnet *ifp, const struct hostname *h)
{
	for (unsigned i = 0; i < h->hn_naddrs6; i++) {
		struct in6_addr a = effective(ifp, &h->hn_addrs6[i]);
		char text[IN6_STRLEN];

		if (in6_ifaddr_find(ifp, &a) == NULL) {
			config_error(ce, h->hn_addrs6[i].h6_line, "inet6 %s: address is in use", in6_print(text, &a));
			return false;
		}
	}
	return true;
}

bool
set_inet6(struct config_err *ce, struct ifnet *ifp, const struct hostname *h)
{
	uint32_t xflags = h != NULL && h->hn_no_soii ? IFXF_INET6_NOSOII : 0, old = ifp->if_xflags;

	if (h != NULL && h->hn_autoconf6)
		xflags |= IFXF_AUTOCONF6 | (h->hn_no_temporary ? 0 : IFXF_AUTOCONF6TEMP);
	ifp->if_xflags = (old & ~(uint32_t)(IFXF_AUTOCONF6 | IFXF_AUTOCONF6TEMP | IFXF_INET6_NOSOII)) | xflags;
	if (!in6_if_enable(ifp, (h != NULL && hostname_inet6(h)) ||
	    ((ifp->if_flags & IFF_LOOPBACK) && ifp->if_clone == NULL))) {
		config_error(ce, 0, "%s: no room for a link-local address", ifp->if_xname);
		ifp->if_xflags = old;			/* nobody has been told */
		return false;
	}
	if (ifp->if_xflags != old)
		in6_if_changed(ifp);
	return true;
}
