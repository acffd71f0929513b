/* if_clone.c - the cloners by name. */
#include <stdlib.h>
#include <string.h>

#include "net/core/if_clone.h"

#define UNIT_DIGITS	5

/* NULL: nobody makes interfaces of such names. */
static const struct if_clone *
if_clone_find(const char *ifname, unsigned *unit)
{
	size_t n = strcspn(ifname, "0123456789"), digits = strlen(ifname + n);

	if (digits == 0 || digits > UNIT_DIGITS || strspn(ifname + n, "0123456789") != digits || (ifname[n] == '0' && digits > 1))
		return NULL;
	*unit = (unsigned)strtoul(ifname + n, NULL, 10);
	SET_FOREACH(const struct if_clone, ifc, if_cloners)
		if (strlen(ifc->ifc_name) == n && strncmp(ifc->ifc_name, ifname, n) == 0)
			return ifc;
	return NULL;
}

bool
if_clone_known(const char *ifname)
{
	unsigned unit;

	return if_clone_find(ifname, &unit) != NULL;
}

struct ifnet *
if_clone_create(const char *ifname, const char **why)
{
	unsigned unit;
	const struct if_clone *ifc = if_clone_find(ifname, &unit);
	struct ifnet *ifp = NULL;

	if (ifc == NULL)
		*why = "Invalid argument";
	else if (ifunit(ifname) != NULL)
		*why = "File exists";
	else if ((ifp = ifc->ifc_create(ifc, unit)) == NULL)
		*why = "Cannot allocate memory";
	else
		ifp->if_clone = ifc;
	return ifp;
}

void
if_clone_destroy(struct ifnet *ifp)
{
	ifp->if_clone->ifc_destroy(ifp);
}

/* The least name that is greater than `last`. */
static const struct if_clone *
if_clone_after(const char *last)
{
	const struct if_clone *next = NULL;

	SET_FOREACH(const struct if_clone, ifc, if_cloners)
		if (strcmp(ifc->ifc_name, last) > 0 && (next == NULL || strcmp(ifc->ifc_name, next->ifc_name) < 0))
			next = ifc;
	return next;
}

const struct if_clone *
if_clone_nth(unsigned n)
{
	const struct if_clone *ifc = if_clone_after("");

	while (ifc != NULL && n-- > 0)
		ifc = if_clone_after(ifc->ifc_name);
	return ifc;
}
