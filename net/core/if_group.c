/* if_group.c - the groups that interfaces are in (ifconfig(8)): their kind's, those an admin has put them in, "egress", "all". */
#include <string.h>

#include "net/core/if_group.h"
#include "net/core/owner.h"
#include "net/route/route.h"

bool
if_group_name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < IFNAMSIZ && !(name[n - 1] >= '0' && name[n - 1] <= '9') && strcmp(name, "all") != 0 && strcmp(name, "any") != 0 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == n;
}

bool
if_is_egress(const struct ifnet *ifp)
{
	const struct rtentry *rt = rtable_match(ifp->if_rdomain, IP4_ANY), *rt6 = rtable_match6(ifp->if_rdomain, &in6_any);

	return (rt != NULL && rt->rt_plen == 0 && rt_path_leads(rt, ifp)) || (rt6 != NULL && rt6->rt_plen == 0 && rt_path_leads(rt6, ifp));
}

/* Other cores read meanwhile: each name is whole, or the empty one. */
void
if_set_groups(struct ifnet *ifp, const char (*names)[IFNAMSIZ], unsigned n)
{
	OWNER(0);
	for (unsigned i = 0; i < IF_GROUPS; i++) {
		char *to = ifp->if_ingroup[i];

		if (i < n && strcmp(to, names[i]) == 0)
			continue;
		*(volatile char *)to = '\0';
		barrier();
		for (unsigned k = 1; k < IFNAMSIZ; k++)
			to[k] = i < n ? names[i][k] : '\0';
		barrier();
		*(volatile char *)to = i < n ? names[i][0] : '\0';
	}
}

static bool
joined(const struct ifnet *ifp, const char *group)
{
	for (unsigned i = 0; i < IF_GROUPS; i++)
		if (strcmp(ifp->if_ingroup[i], group) == 0)
			return true;
	return false;
}

const char *
if_group(const struct ifnet *ifp, unsigned *i)
{
	for (; *i <= IF_GROUPS; (*i)++) {
		const char *name = *i == 0 ? ifp->if_group : ifp->if_ingroup[*i - 1];

		if (name[0] != '\0')
			return (*i)++, name;
	}
	if (*i > IF_GROUPS + 1 || joined(ifp, "egress") || !if_is_egress(ifp))
		return NULL;
	*i = IF_GROUPS + 2;
	return "egress";
}

bool
if_in_group(const struct ifnet *ifp, const char *group)
{
	const char *name;

	for (unsigned i = 0; (name = if_group(ifp, &i)) != NULL;)
		if (strcmp(name, group) == 0)
			return true;
	return strcmp(group, "all") == 0;
}
