/* if_group.h - groups of interfaces: names for several at once, in ifconfig(8), pf.conf(5). Of each: that of its kind ("lo", "vlan"), up to IF_GROUPS
 * that an admin has put it in, and "egress" while a default route leads there. Core 0 changes, every core reads. */
#ifndef NET_CORE_IF_GROUP_H
#define NET_CORE_IF_GROUP_H

#include "net/core/if.h"

/* What an admin may call one: ifconfig(8), no digit at its end. */
bool	if_group_name_ok(const char *);
/* A default route of its rdomain leads there. Any core. */
bool	if_is_egress(const struct ifnet *);
/* The admin's, instead of those that there were; at most IF_GROUPS. Core 0. */
void	if_set_groups(struct ifnet *, const char (*names)[IFNAMSIZ], unsigned n);
/* The next of its groups, from *i == 0 on; NULL: that was the last. */
const char *if_group(const struct ifnet *, unsigned *i);
bool	if_in_group(const struct ifnet *, const char *group);		/* "all": every one is */

#endif
