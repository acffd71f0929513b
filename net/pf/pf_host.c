/* pf_host.c - the text of an address, a network, an interface or a host name to addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_parse.h"

#define HOST_MAX	256

static bool
host_add(struct pf_parse *p, struct pn_host ***tail, const struct pf_addr *a)
{
	struct pn_host *h = pf_new(p, sizeof(*h));

	if (h == NULL)
		return false;
	h->addr = *a;
	**tail = h;
	*tail = &h->next;
	return true;
}

static struct pf_addr
net_of(unsigned af, const struct in6_addr *addr, unsigned plen)
{
	return (struct pf_addr){ .pa_type = PF_ADDR_NET, .pa_af = (uint8_t)af, .pa_plen = (uint8_t)plen, .pa_addr = in6_masked(addr, plen) };
}

/* ---- literals ---- */

static bool
literal4(const char *text, struct pf_addr *a)
{
	be32_t v4;
	uint8_t plen;
	struct in6_addr addr;

	if (*text < '0' || *text > '9' || !ip4_parsenet(text, &v4, &plen))
		return false;
	addr = in6_of_ip4(v4);
	*a = net_of(PF_INET, &addr, plen);
	return true;
}

static bool
literal6(struct pf_parse *p, const char *text, struct pf_addr *a)
{
	char zone[16];
	struct in6_addr addr;
	uint8_t plen;

	if (strchr(text, ':') == NULL || !in6_parsenet(text, &addr, &plen, zone))
		return false;
	*a = net_of(PF_INET6, &addr, plen);
	if (zone[0] != '\0')
		a->pa_zone = pf_strdup(&p->p_conf->pc_arena, zone);
	return true;
}

bool
pf_literal(struct pf_parse *p, const char *text, struct pf_addr *a)
{
	return literal4(text, a) || literal6(p, text, a);
}

/* "10.0.0.1-10.0.0.9": two addresses of a family, the first not above the second. */
static bool
literal_range(struct pf_parse *p, const char *text, struct pf_addr *a)
{
	char first[HOST_MAX];
	const char *dash = strchr(text, '-');
	struct pf_addr end;

	if (dash == NULL || strchr(text, '/') != NULL || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	if (!pf_literal(p, first, a) || !pf_literal(p, dash + 1, &end) || a->pa_af != end.pa_af || in6_cmp(&a->pa_addr, &end.pa_addr) > 0)
		return false;
	a->pa_type = PF_ADDR_RANGE;
	a->pa_end = end.pa_addr;
	return true;
}

/* ---- interfaces ---- */

/* An interface of that name, one of that group, or any for "self". */
static bool
if_matches(const struct pf_env *env, const char *ifname, const char *name)
{
	return strcmp(name, "self") == 0 || strcmp(ifname, name) == 0 || env->pe_in_group(env, ifname, name);
}

static bool
if_exists(const struct pf_env *env, const char *name)
{
	struct pf_ifaddr ia;

	if (env->pe_is_if(env, name))
		return true;
	for (unsigned i = 0; env->pe_ifaddr(env, i, &ia); i++)
		if (if_matches(env, ia.ia_ifname, name))
			return true;
	return false;
}

/* ":network:0" to flags; false: there is another word among them, or two that exclude each other. */
static bool
modifiers(const char *s, unsigned *flags)
{
	static const struct { const char *name; unsigned flag; } t[] = {
		{ "network", PF_DYN_NETWORK }, { "broadcast", PF_DYN_BROADCAST }, { "peer", PF_DYN_PEER }, { "0", PF_DYN_NOALIAS },
	};
	unsigned i, mods;

	for (*flags = 0; *s == ':';) {
		size_t len = strcspn(++s, ":");

		for (i = 0; i < nitems(t) && (strlen(t[i].name) != len || memcmp(t[i].name, s, len) != 0); i++)
			;
		if (i == nitems(t))
			return false;
		*flags |= t[i].flag;
		s += len;
	}
	mods = *flags & PF_DYN_MODS;
	return *s == '\0' && (mods & (mods - 1)) == 0;
}

/* What of one address of an interface is meant. False: nothing. */
static bool
if_address(const struct pf_ifaddr *ia, unsigned flags, int plen, struct pf_addr *a)
{
	const struct in6_addr *addr = &ia->ia_addr;
	unsigned bits = pf_af_bits(ia->ia_af), use = bits;
	bool local = ia->ia_af == PF_INET6 && IN6_IS_ADDR_LINKLOCAL(addr);

	if (ia->ia_af == PF_AF_ANY)
		return false;
	if (flags & PF_DYN_NETWORK) {
		if (local)
			return false;
		use = ia->ia_plen;
	} else if (flags & PF_DYN_BROADCAST) {
		if (ia->ia_af != PF_INET || !(ia->ia_flags & PF_IFA_BROADCAST))
			return false;
		addr = &ia->ia_broadcast;
	} else if (flags & PF_DYN_PEER) {
		if (!(ia->ia_flags & PF_IFA_POINTOPOINT))
			return false;
		addr = &ia->ia_peer;
	}
	if (plen >= 0)
		use = MIN((unsigned)plen, bits);
	*a = net_of(ia->ia_af, addr, use);
	return true;
}

/* :0: an interface's first address of each family, but no link-local one. */
struct if_firsts { const char *ifname; bool seen[PF_INET6 + 1]; };

static bool
is_alias(struct if_firsts *f, const struct pf_ifaddr *ia)
{
	bool alias;

	if (f->ifname == NULL || strcmp(f->ifname, ia->ia_ifname) != 0)
		*f = (struct if_firsts){ .ifname = ia->ia_ifname };
	if (ia->ia_af == PF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr))
		return true;
	alias = f->seen[ia->ia_af];
	f->seen[ia->ia_af] = true;
	return alias;
}

static bool
resolve_if(struct pf_parse *p, const char *name, unsigned flags, int plen, struct pn_host ***tail, bool *found)
{
	const struct pf_env *env = p->p_env;
	struct if_firsts firsts = { 0 };
	struct pf_ifaddr ia;
	struct pf_addr a;

	for (unsigned i = 0; env->pe_ifaddr(env, i, &ia); i++) {
		if (!if_matches(env, ia.ia_ifname, name) || ((flags & PF_DYN_NOALIAS) && is_alias(&firsts, &ia)) ||
		    !if_address(&ia, flags, plen, &a))
			continue;
		if (ia.ia_af == PF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ia.ia_addr) &&
		    (a.pa_zone = pf_strdup(&p->p_conf->pc_arena, ia.ia_ifname)) == NULL)
			return false;
		*found = true;
		if (!host_add(p, tail, &a))
			return false;
	}
	return true;
}

bool
pf_dynaddr(struct pf_parse *p, const char *text, struct pf_addr *a)
{
	size_t len = strcspn(text, ":");
	unsigned flags;

	if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
		return pf_bad(p, "invalid interface name '%s'", text);
	if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len)
		return pf_bad(p, "invalid interface name '%s'", text);
	if (len >= PF_IFNAME)
		return pf_bad(p, "interface name too long");
	if (!modifiers(text + len, &flags))
		return pf_bad(p, "illegal interface modifier in '%s'", text);
	*a = (struct pf_addr){ .pa_type = PF_ADDR_DYN, .pa_dyn = (uint8_t)flags, .pa_plen = PF_PLEN_NONE };
	return (a->pa_name = pf_strndup(&p->p_conf->pc_arena, text, len)) != NULL;
}

/* ---- host names ---- */

/* The i-th address; of localhost they are known. */
static bool
name_address(const struct pf_env *env, const char *name, unsigned i, unsigned *af, struct in6_addr *addr)
{
	if (strcmp(name, "localhost") != 0)
		return env->pe_resolve != NULL && env->pe_resolve(env, name, i, af, addr);
	*af = i == 0 ? PF_INET : PF_INET6;
	*addr = i == 0 ? in6_of_ip4(IP4_LOOPBACK) : in6_loopback;
	return i < 2;
}

static bool
resolve_name(struct pf_parse *p, char *name, int plen, struct pn_host ***tail, bool *found)
{
	size_t len = strlen(name);
	bool first = len > 2 && strcmp(name + len - 2, ":0") == 0, seen[PF_INET6 + 1] = { false };
	struct in6_addr addr;
	struct pf_addr a;
	unsigned af;

	if (first)
		name[len - 2] = '\0';
	for (unsigned i = 0; name_address(p->p_env, name, i, &af, &addr); i++) {
		if (first && seen[af])
			continue;
		seen[af] = *found = true;
		a = net_of(af, &addr, plen < 0 ? pf_af_bits(af) : MIN((unsigned)plen, pf_af_bits(af)));
		if (!host_add(p, tail, &a))
			return false;
	}
	return true;
}

/* ---- all of it ---- */

/* Cuts "/N" off. False: what follows the slash is no prefix length. */
static bool
cut_plen(char *name, int *plen)
{
	char *slash = strchr(name, '/'), *end;
	long n;

	*plen = -1;
	if (slash == NULL)
		return true;
	*slash = '\0';
	n = strtol(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || n > 128)
		return false;
	*plen = (int)n;
	return true;
}

static bool
resolve_names(struct pf_parse *p, const char *text, struct pn_host ***tail, bool *found)
{
	char name[HOST_MAX], modified[HOST_MAX];
	unsigned flags;
	size_t len;
	int plen;

	if (strlen(text) >= sizeof(name))
		return true;
	strcpy(name, text);
	if (!cut_plen(name, &plen))
		return true;
	strcpy(modified, name);
	len = strcspn(name, ":");
	name[len] = '\0';
	if (len > 0 && if_exists(p->p_env, name))
		return !modifiers(modified + len, &flags) || resolve_if(p, name, flags, plen, tail, found);
	return resolve_name(p, modified, plen, tail, found);
}

bool
pf_resolve(struct pf_parse *p, const char *text, struct pn_host ***tail)
{
	struct pf_addr a;
	bool found = false;
	char why[HOST_MAX + 32];

	if (pf_literal(p, text, &a) || literal_range(p, text, &a))
		return host_add(p, tail, &a);
	if (!resolve_names(p, text, tail, &found))
		return false;
	if (!found) {
		snprintf(why, sizeof(why), "no IP address found for %.*s", HOST_MAX, text);
		p->p_lex.lx_errors++;
		p->p_env->pe_error(p->p_env, NULL, 0, why);
	}
	return found;
}
