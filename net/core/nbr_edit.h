/* nbr_edit.h - what arp(8) and ndp(8) share: they change neighbours (an admin's entries are lines of the configuration, the rest is what was
 * learned), and say how long one lasts. */
#ifndef NET_CORE_NBR_EDIT_H
#define NET_CORE_NBR_EDIT_H

#include "net/core/hostname.h"

/* "arp -s", "arp -d" or, by the family, "ndp ...", with the words behind it. The command's status; what is to be said has been. Task. */
int	nbr_cmd_set(struct out *, unsigned af, int argc, char **argv);
int	nbr_cmd_delete(struct out *, unsigned af, const char *host);
/* All entries of a family leave the configuration. False: said. Task. */
bool	nbr_delete_permanent(struct out *, unsigned af);

#define NBR_EXPIRY_STRLEN 32
/* "permanent", the time until expire (uptime_ns), or "expired". Returns buf. */
char	*nbr_expiry(char buf[NBR_EXPIRY_STRLEN], bool permanent, uint64_t expire);

#endif
