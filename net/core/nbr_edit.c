/* nbr_edit.c - what arp(8) and ndp(8) share: neighbours of either family changed (an admin's entries are lines of the configuration), how long one
 * lasts. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/core/config_edit.h"
#include "net/core/nbr_edit.h"
#include "net/ether/arp.h"
#include "net/inet6/nd6.h"
#include "net/route/route.h"

static const char *
command_of(unsigned af)
{
	return af == AF_IP4 ? "arp" : "ndp";
}

/* ---- whose file ---- */

struct nbr_search {
	struct hn_nbr	s_key;
	char		s_zone[IFNAMSIZ];	/* of link scope: the interface; else "" */
	char		s_ifname[IFNAMSIZ];	/* "": in no file */
};

static void
search_file(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct nbr_search *s = arg;

	if (s->s_ifname[0] == '\0' && strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) == 0 &&
	    (s->s_zone[0] == '\0' || strcmp(s->s_zone, h->hn_ifname) == 0) && hostname_find_nbr(h, &s->s_key) != NULL)
		snprintf(s->s_ifname, sizeof(s->s_ifname), "%s", h->hn_ifname);
}

static bool
edit_file(const char *ifname, const struct hn_nbr *old, const struct hn_nbr *new, char *why, size_t len)
{
	const struct hostname *running = hostname_running(ifname);
	struct hostname *h = running != NULL ? hostname_copy(running) : hostname_new(ifname);
	char key[HOSTNAME_KEYSIZE];

	if (h == NULL || (old != NULL && !hostname_remove_nbr(h, old)) || (new != NULL && !hostname_add_nbr(h, new))) {
		hostname_free(h);
		snprintf(why, len, "no memory");
		return false;
	}
	return config_edit(hostname_key(key, ifname), h, why, len);
}

/* The interface whose file is to hold the entry: for a proxy's the one that has the Ethernet address, else the one that faces the host. */
static bool
home_of(struct nbr_search *s, const struct in6_addr *a)
{
	const struct hn_nbr *n = &s->s_key;
	struct ifnet *ifp;

	net_enter();
	ifp = n->hp_af == AF_IP4 ? if_facing(0, n->hp_addr) : if_facing6(0, a);
	for (struct ifnet *i = ifnet_list; n->hp_pub && s->s_zone[0] == '\0' && i != NULL; i = i->if_next)
		if (i->if_ether && memcmp(i->if_lladdr, n->hp_lladdr, 6) == 0)
			ifp = i;
	snprintf(s->s_ifname, sizeof(s->s_ifname), "%s", ifp != NULL ? ifp->if_xname : "");
	net_leave();
	return s->s_ifname[0] != '\0';
}

/* The interface's name, and the address with its zone. False: there is no such interface, or none was named. */
static bool
find_zone(struct nbr_search *s, const char *text, struct in6_addr *a)
{
	bool ok;

	*a = s->s_key.hp_addr6;
	s->s_zone[0] = '\0';
	if (s->s_key.hp_af == AF_IP4 || !in6_is_scoped(a))
		return true;
	net_enter();
	if ((ok = in6_parse_scoped(text, a) && in6_zone(a) != 0))
		snprintf(s->s_zone, sizeof(s->s_zone), "%s", if_get(in6_zone(a))->if_xname);
	net_leave();
	return ok;
}

/* ---- setting ---- */

static bool
set_permanent(struct nbr_search *s, const struct in6_addr *a, char *why, size_t len)
{
	config_foreach(search_file, s);
	if (s->s_ifname[0] != '\0')
		return edit_file(s->s_ifname, &s->s_key, &s->s_key, why, len);
	if (home_of(s, a))
		return edit_file(s->s_ifname, NULL, &s->s_key, why, len);
	snprintf(why, len, "%s", rt_strerror(RT_UNREACH));
	return false;
}

static bool
set_temporary(struct nbr_search *s, const struct in6_addr *a, char *why, size_t len)
{
	const struct hn_nbr *n = &s->s_key;
	const char *reason;

	if (n->hp_pub) {
		snprintf(why, len, "a published entry is permanent");
		return false;
	}
	config_foreach(search_file, s);
	if (s->s_ifname[0] != '\0' && !edit_file(s->s_ifname, n, NULL, why, len))	/* it is permanent no longer */
		return false;
	net_enter();
	reason = n->hp_af == AF_IP4 ? arp_set(0, n->hp_addr, n->hp_lladdr, 0) : nd6_set(0, a, n->hp_lladdr, 0);
	net_leave();
	if (reason != NULL)
		snprintf(why, len, "%s", reason);
	return reason == NULL;
}

int
nbr_cmd_set(struct out *o, unsigned af, int argc, char **argv)
{
	const char *command = command_of(af);
	struct nbr_search s = { 0 };
	struct in6_addr a;
	bool temp;
	char why[160];

	if (argc < 2)
		return command_usage(o, command);
	if (!nbr_args_parse(&s.s_key, af, s.s_zone, &temp, argc, argv, why, sizeof(why))) {
		out_printf(o, "%s: %s\n", command, why);
		return 1;
	}
	if (!find_zone(&s, argv[0], &a)) {
		out_printf(o, "%s: %s: bad address\n", command, argv[0]);
		return 1;
	}
	if (temp ? set_temporary(&s, &a, why, sizeof(why)) : set_permanent(&s, &a, why, sizeof(why)))
		return 0;
	out_printf(o, "%s: set %s: %s\n", command, argv[0], why);
	return 1;
}

/* ---- deleting ---- */

/* What was learned. */
static bool
delete_learned(unsigned af, const struct in6_addr *a, char *why, size_t len)
{
	const struct rtentry *rt;
	const char *reason;

	net_enter();
	for (rt = rtable_lookup_af(af, 0, a, af_bits(af)); rt != NULL && !(rt->rt_flags & RTF_LOCAL); rt = rt->rt_next)
		;
	if (rt != NULL)
		reason = "is our own address";
	else
		reason = af == AF_IP4 ? arp_delete(0, a->s6_addr32[0]) : nd6_delete(0, a);
	net_leave();
	if (reason != NULL)
		snprintf(why, len, "%s", reason);
	return reason == NULL;
}

static bool
parse_host(struct nbr_search *s, unsigned af, const char *host, struct in6_addr *a)
{
	s->s_key.hp_af = (uint8_t)af;
	if (af == AF_IP4 ? !ip4_parse(host, &s->s_key.hp_addr) : !in6_parse_zone(host, &s->s_key.hp_addr6, s->s_zone))
		return false;
	return find_zone(s, host, a);
}

int
nbr_cmd_delete(struct out *o, unsigned af, const char *host)
{
	const char *command = command_of(af);
	struct nbr_search s = { 0 };
	struct in6_addr a;
	char why[160];
	bool ok;

	if (!parse_host(&s, af, host, &a)) {
		out_printf(o, "%s: %s: bad address\n", command, host);
		return 1;
	}
	config_foreach(search_file, &s);
	ok = s.s_ifname[0] != '\0' ? edit_file(s.s_ifname, &s.s_key, NULL, why, sizeof(why)) : delete_learned(af, &a, why, sizeof(why));
	if (ok)
		out_printf(o, "%s (%s) deleted\n", host, host);
	else
		out_printf(o, "%s: delete %s: %s\n", command, host, why);
	return ok ? 0 : 1;
}

struct nbr_family { unsigned nf_af; char nf_ifname[IFNAMSIZ]; };

static void
first_with_entries(const char *name, const void *obj, void *arg)
{
	const struct hostname *h = obj;
	struct nbr_family *nf = arg;

	if (nf->nf_ifname[0] != '\0' || strncmp(name, HOSTNAME_PREFIX, strlen(HOSTNAME_PREFIX)) != 0)
		return;
	for (unsigned i = 0; i < h->hn_nnbrs; i++)
		if (h->hn_nbrs[i].hp_af == nf->nf_af)
			snprintf(nf->nf_ifname, sizeof(nf->nf_ifname), "%s", h->hn_ifname);
}

static void
remove_family(struct hostname *h, unsigned af)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->hn_nnbrs; i++)
		if (h->hn_nbrs[i].hp_af != af)
			h->hn_nbrs[n++] = h->hn_nbrs[i];
	h->hn_nnbrs = n;
}

bool
nbr_delete_permanent(struct out *o, unsigned af)
{
	for (;;) {
		struct nbr_family nf = { .nf_af = af };
		char key[HOSTNAME_KEYSIZE], why[160] = "no memory";
		struct hostname *h;

		config_foreach(first_with_entries, &nf);
		if (nf.nf_ifname[0] == '\0')
			return true;
		if ((h = hostname_copy(hostname_running(nf.nf_ifname))) != NULL)
			remove_family(h, af);
		if (h == NULL || !config_edit(hostname_key(key, nf.nf_ifname), h, why, sizeof(why))) {
			out_printf(o, "%s: %s\n", command_of(af), why);
			return false;
		}
	}
}

char *
nbr_expiry(char buf[NBR_EXPIRY_STRLEN], bool permanent, uint64_t expire)
{
	uint64_t now = uptime_ns();

	if (!permanent && expire > now)
		return text_duration(buf, NBR_EXPIRY_STRLEN, (expire - now) / 1000000000u);
	snprintf(buf, NBR_EXPIRY_STRLEN, permanent ? "permanent" : "expired");
	return buf;
}
