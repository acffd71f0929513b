/* hostname.c - the object of a hostname.if(5) file: make, compare, print; its place among the configuration's keys. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "net/core/hostname.h"
#include "net/ether/ether.h"

struct hostname *
hostname_new(const char *ifname)
{
	struct hostname *h = calloc(1, sizeof(*h));

	if (h != NULL)
		snprintf(h->hn_ifname, sizeof(h->hn_ifname), "%s", ifname);
	return h;
}

void
hostname_free(void *obj)
{
	struct hostname *h = obj;

	if (h == NULL)
		return;
	pending_remove(&h->hn_pending);
	pending_remove(&h->hn_nbr_watch);
	hostname_absentees -= h->hn_absent;
	free(h->hn_addrs);
	free(h->hn_addrs6);
	hn_routes_free(&h->hn_routes);
	free(h->hn_nbrs);
	free(h);
}

/* Room for one more element: arrays grow when their count is zero or a power of two, so that no capacity is kept. */
static bool
grow(void **array, unsigned n, size_t size)
{
	void *p;

	if ((n & (n - 1)) != 0)
		return true;
	if ((p = realloc(*array, (n == 0 ? 1 : (size_t)n * 2) * size)) == NULL)
		return false;
	*array = p;
	return true;
}

/* A copy with the capacity that grow() takes for granted. */
static bool
copy_array(void **dst, const void *src, unsigned n, size_t size)
{
	size_t cap = 1;

	if (n == 0)
		return true;
	while (cap < n)
		cap *= 2;
	if ((*dst = malloc(cap * size)) == NULL)
		return false;
	memcpy(*dst, src, n * size);
	return true;
}

struct hostname *
hostname_copy(const struct hostname *h)
{
	struct hostname *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = *h;
	c->hn_addrs = NULL;
	c->hn_addrs6 = NULL;
	c->hn_routes = (struct hn_routes){ 0 };
	c->hn_nbrs = NULL;
	c->hn_absent = false;
	if (!copy_array((void **)&c->hn_addrs, h->hn_addrs, h->hn_naddrs, sizeof(*h->hn_addrs)) ||
	    !copy_array((void **)&c->hn_addrs6, h->hn_addrs6, h->hn_naddrs6, sizeof(*h->hn_addrs6)) ||
	    !copy_array((void **)&c->hn_nbrs, h->hn_nbrs, h->hn_nnbrs, sizeof(*h->hn_nbrs)) ||
	    !hn_routes_copy(&c->hn_routes, &h->hn_routes)) {
		hostname_free(c);
		return NULL;
	}
	c->hn_mtu_line = c->hn_lladdr_line = 0;
	for (unsigned i = 0; i < c->hn_naddrs; i++)
		c->hn_addrs[i].ha_line = 0;
	for (unsigned i = 0; i < c->hn_naddrs6; i++)
		c->hn_addrs6[i].h6_line = 0;
	for (unsigned i = 0; i < c->hn_nnbrs; i++)
		c->hn_nbrs[i].hp_line = 0;
	return c;
}

static bool
addr_equal(const struct hn_addr *a, const struct hn_addr *b)
{
	return a->ha_addr == b->ha_addr && a->ha_plen == b->ha_plen && a->ha_broadcast == b->ha_broadcast &&
	    a->ha_dest == b->ha_dest;
}

static bool
addr6_equal(const struct hn_addr6 *a, const struct hn_addr6 *b)
{
	return in6_equal(&a->h6_addr, &b->h6_addr) && a->h6_plen == b->h6_plen && a->h6_eui64 == b->h6_eui64 &&
	    a->h6_anycast == b->h6_anycast;
}

static int
nbr_cmp(const struct hn_nbr *a, const struct hn_nbr *b)
{
	return a->hp_af != b->hp_af ? (a->hp_af < b->hp_af ? -1 : 1) : in6_cmp(&a->hp_addr6, &b->hp_addr6);
}

static bool
nbr_equal(const struct hn_nbr *a, const struct hn_nbr *b)
{
	return nbr_cmp(a, b) == 0 && a->hp_pub == b->hp_pub && memcmp(a->hp_lladdr, b->hp_lladdr, 6) == 0;
}

bool
hostname_equal(const struct hostname *a, const struct hostname *b)
{
	if (a->hn_updown != b->hn_updown || a->hn_debug != b->hn_debug || a->hn_media != b->hn_media ||
	    a->hn_has_lladdr != b->hn_has_lladdr || memcmp(a->hn_lladdr, b->hn_lladdr, 6) != 0 ||
	    a->hn_mtu != b->hn_mtu || strcmp(a->hn_description, b->hn_description) != 0 ||
	    a->hn_linklocal != b->hn_linklocal || a->hn_autoconf6 != b->hn_autoconf6 || a->hn_no_temporary != b->hn_no_temporary ||
	    a->hn_no_soii != b->hn_no_soii || a->hn_ngroups != b->hn_ngroups || memcmp(a->hn_group, b->hn_group, sizeof(a->hn_group)) != 0 ||
	    a->hn_naddrs != b->hn_naddrs || a->hn_naddrs6 != b->hn_naddrs6 || a->hn_nnbrs != b->hn_nnbrs)
		return false;
	for (unsigned i = 0; i < a->hn_naddrs; i++)
		if (!addr_equal(&a->hn_addrs[i], &b->hn_addrs[i]))
			return false;
	for (unsigned i = 0; i < a->hn_naddrs6; i++)
		if (!addr6_equal(&a->hn_addrs6[i], &b->hn_addrs6[i]))
			return false;
	for (unsigned i = 0; i < a->hn_nnbrs; i++)
		if (!nbr_equal(&a->hn_nbrs[i], &b->hn_nbrs[i]))
			return false;
	return hn_routes_equal(&a->hn_routes, &b->hn_routes);
}

bool
hostname_loopback(const char *ifname)
{
	return strncmp(ifname, "lo", 2) == 0 && ifname[2] >= '0' && ifname[2] <= '9';
}

bool
hostname_inet6(const struct hostname *h)
{
	return h->hn_naddrs6 > 0 || h->hn_linklocal || h->hn_autoconf6;
}

bool
hostname_up(const struct hostname *h)
{
	if (h == NULL)
		return false;
	if (h->hn_updown != HN_DEFAULT)
		return h->hn_updown == HN_UP;
	return h->hn_naddrs > 0 || hostname_inet6(h) || strcmp(h->hn_ifname, "lo0") == 0;
}

const char *
hostname_key(char buf[HOSTNAME_KEYSIZE], const char *ifname)
{
	snprintf(buf, HOSTNAME_KEYSIZE, HOSTNAME_PREFIX "%s", ifname);
	return buf;
}

const struct hostname *
hostname_running(const char *ifname)
{
	char key[HOSTNAME_KEYSIZE];

	return config_running(hostname_key(key, ifname));
}

static unsigned
nbr_index(const struct hostname *h, const struct hn_nbr *key, bool *found)
{
	unsigned lo = 0, hi = h->hn_nnbrs;

	*found = false;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		int c = nbr_cmp(&h->hn_nbrs[mid], key);

		if (c == 0)
			*found = true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct hn_nbr *
hostname_find_nbr(const struct hostname *h, const struct hn_nbr *key)
{
	bool found;
	unsigned i = nbr_index(h, key, &found);

	return found ? &h->hn_nbrs[i] : NULL;
}

bool
hostname_add_nbr(struct hostname *h, const struct hn_nbr *ha)
{
	bool found;
	unsigned i = nbr_index(h, ha, &found);

	if (found || !grow((void **)&h->hn_nbrs, h->hn_nnbrs, sizeof(*ha)))
		return false;
	memmove(&h->hn_nbrs[i + 1], &h->hn_nbrs[i], (h->hn_nnbrs - i) * sizeof(*ha));
	h->hn_nbrs[i] = *ha;
	h->hn_nnbrs++;
	return true;
}

bool
hostname_remove_nbr(struct hostname *h, const struct hn_nbr *key)
{
	bool found;
	unsigned i = nbr_index(h, key, &found);

	if (!found)
		return false;
	h->hn_nnbrs--;
	memmove(&h->hn_nbrs[i], &h->hn_nbrs[i + 1], (h->hn_nnbrs - i) * sizeof(*key));
	return true;
}

struct hn_addr *
hostname_find_addr(const struct hostname *h, be32_t addr)
{
	for (unsigned i = 0; i < h->hn_naddrs; i++)
		if (h->hn_addrs[i].ha_addr == addr)
			return &h->hn_addrs[i];
	return NULL;
}

bool
hostname_add_addr(struct hostname *h, const struct hn_addr *ha)
{
	if (!grow((void **)&h->hn_addrs, h->hn_naddrs, sizeof(*ha)))
		return false;
	h->hn_addrs[h->hn_naddrs++] = *ha;
	return true;
}

void
hostname_remove_addr(struct hostname *h, struct hn_addr *ha)
{
	size_t i = (size_t)(ha - h->hn_addrs);

	h->hn_naddrs--;
	memmove(ha, ha + 1, (h->hn_naddrs - i) * sizeof(*ha));
}

struct hn_addr6 *
hostname_find_addr6(const struct hostname *h, const struct in6_addr *addr)
{
	for (unsigned i = 0; i < h->hn_naddrs6; i++)
		if (in6_equal(&h->hn_addrs6[i].h6_addr, addr))
			return &h->hn_addrs6[i];
	return NULL;
}

bool
hostname_add_addr6(struct hostname *h, const struct hn_addr6 *ha)
{
	if (!grow((void **)&h->hn_addrs6, h->hn_naddrs6, sizeof(*ha)))
		return false;
	h->hn_addrs6[h->hn_naddrs6++] = *ha;
	return true;
}

void
hostname_remove_addr6(struct hostname *h, struct hn_addr6 *ha)
{
	size_t i = (size_t)(ha - h->hn_addrs6);

	h->hn_naddrs6--;
	memmove(ha, ha + 1, (h->hn_naddrs6 - i) * sizeof(*ha));
}

static void
print_addr(struct out *o, const struct hn_addr *ha, bool alias)
{
	char a[IP4_STRLEN], m[IP4_STRLEN], b[IP4_STRLEN];

	out_printf(o, "inet %s%s %s", alias ? "alias " : "", ip4_print(a, ha->ha_addr), ip4_print(m, ip4_mask(ha->ha_plen)));
	if (ha->ha_dest)
		out_printf(o, " NONE dest %s", ip4_print(b, ha->ha_broadcast));
	else if (ha->ha_plen < 31 ? ha->ha_broadcast != (ha->ha_addr | ~ip4_mask(ha->ha_plen)) : ha->ha_broadcast != 0)
		out_printf(o, " %s", ip4_print(b, ha->ha_broadcast));
	out_printf(o, "\n");
}

static void
print_inet6(struct out *o, const struct hostname *h)
{
	char a[IN6_STRLEN];

	if (h->hn_linklocal)
		out_printf(o, "inet6 eui64\n");
	if (h->hn_autoconf6)
		out_printf(o, "inet6 autoconf\n");
	if (h->hn_no_temporary)
		out_printf(o, "inet6 -temporary\n");
	if (h->hn_no_soii)
		out_printf(o, "inet6 -soii\n");
	for (unsigned i = 0; i < h->hn_naddrs6; i++) {
		const struct hn_addr6 *ha = &h->hn_addrs6[i];

		out_printf(o, "inet6 %s%s %u%s%s\n", i > 0 ? "alias " : "", in6_print(a, &ha->h6_addr), ha->h6_plen,
		    ha->h6_eui64 ? " eui64" : "", ha->h6_anycast ? " anycast" : "");
	}
}

static void
print_nbr(struct out *o, const struct hostname *h, const struct hn_nbr *n)
{
	bool scoped = n->hp_af == AF_IP6 && in6_is_scoped(&n->hp_addr6);
	char a[IN6_STRLEN], e[ETHER_STRLEN];

	out_printf(o, "!%s -s %s%s%s %s%s\n", n->hp_af == AF_IP4 ? "arp" : "ndp", af_print(a, n->hp_af, &n->hp_addr6), scoped ? "%" : "",
	    scoped ? h->hn_ifname : "", ether_print(e, n->hp_lladdr), !n->hp_pub ? "" : n->hp_af == AF_IP4 ? " pub" : " proxy");
}

/* hostname.if(5): an argument with spaces is quoted. The parser refuses text that holds both kinds of quotes. */
static void
print_description(struct out *o, const char *d)
{
	const char *quote = strchr(d, '"') != NULL ? "'" : "\"";

	out_printf(o, "description %s%s%s\n", quote, d, quote);
}

static void
hostname_print(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct hostname *h = obj;
	char e[ETHER_STRLEN];

	if (h->hn_description[0] != '\0')
		print_description(o, h->hn_description);
	for (unsigned i = 0; i < h->hn_ngroups; i++)
		out_printf(o, "group %s\n", h->hn_group[i]);
	if (h->hn_has_lladdr)
		out_printf(o, "lladdr %s\n", ether_print(e, h->hn_lladdr));
	if (h->hn_mtu != 0)
		out_printf(o, "mtu %u\n", (unsigned)h->hn_mtu);
	if (h->hn_media)
		out_printf(o, "media autoselect\n");
	if (h->hn_debug)
		out_printf(o, "debug\n");
	for (unsigned i = 0; i < h->hn_naddrs; i++)
		print_addr(o, &h->hn_addrs[i], i > 0);
	print_inet6(o, h);
	if (h->hn_updown != HN_DEFAULT)
		out_printf(o, "%s\n", h->hn_updown == HN_UP ? "up" : "down");
	for (unsigned i = 0; i < h->hn_routes.rs_n; i++) {
		struct static_route sr = hn_routes_get(&h->hn_routes, i);

		out_printf(o, "!route add ");
		static_route_print(o, &sr);
		out_printf(o, "\n");
	}
	for (unsigned i = 0; i < h->hn_nnbrs; i++)
		print_nbr(o, h, &h->hn_nbrs[i]);
}

static const struct config_key hostname_config = {
	.ck_name = HOSTNAME_PREFIX "*",
	.ck_order = 100,
	.ck_parse = hostname_parse,
	.ck_apply = hostname_apply,
	.ck_apply_late = hostname_apply_late,
	.ck_check = hostname_check,
	.ck_print = hostname_print,
	.ck_free = hostname_free,
};
CONFIG_KEY(hostname_config);
