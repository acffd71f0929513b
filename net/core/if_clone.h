/* if_clone.h - interfaces that are made and destroyed while the system runs: who can make which. A file hostname.NAME in the configuration makes
 * one, and when the file goes, it goes (hostname_apply.c); `ifconfig NAME create` and `destroy` are changes of that file. Core 0, inside
 * net_enter, as all that they call. */
#ifndef NET_CORE_IF_CLONE_H
#define NET_CORE_IF_CLONE_H

#include "kernel/set.h"
#include "net/core/if.h"

struct if_clone {
	const char	*ifc_name;		/* "lo": makes lo0, lo1, ... */
	/* A new interface, attached, down, named after cloner and unit. NULL: no memory, or as many as it makes are there. */
	struct ifnet	*(*ifc_create)(const struct if_clone *, unsigned unit);
	/* Detaches it and gives its memory back, by epochs: other cores may be looking at it. */
	void		(*ifc_destroy)(struct ifnet *);
};
SET_DECLARE(const struct if_clone, if_cloners);
#define IF_CLONER(name, create, destroy)						\
	static const struct if_clone if_clone_##name = { #name, create, destroy };	\
	SET_ADD(if_cloners, if_clone_##name)

/* An interface of that name can be made: a cloner's name and a number without leading zeros. Any core. */
bool	if_clone_known(const char *ifname);
/* Makes it; it has if_clone then. NULL: the reason is in *why. */
struct ifnet *if_clone_create(const char *ifname, const char **why);
void	if_clone_destroy(struct ifnet *);	/* one that has if_clone */
/* The n-th cloner by name, from 0; NULL: no more. */
const struct if_clone *if_clone_nth(unsigned n);

#endif
