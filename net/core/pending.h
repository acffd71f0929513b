/* pending.h - parts of the configuration that could not be put in force in their turn: an address that another
 * interface still has, a route whose gateway's network is not back yet. They are tried again after each turn of a
 * change, forward or back. Core 0, inside net_enter. */
#ifndef NET_CORE_PENDING_H
#define NET_CORE_PENDING_H

#include "kernel/cdefs.h"

struct pending {
	struct pending	*pd_next;
	/* Puts in force what can be; no errors. True: all is, it leaves the list. */
	bool		(*pd_retry)(struct pending *);
};

void	pending_add(struct pending *);		/* if it is not on the list already */
void	pending_remove(struct pending *);	/* if it is */
void	pending_retry(void);
/* A bounded part of that. True: there is more to do at once. */
bool	pending_retry_some(void);
extern bool pending_more;			/* for a pd_retry that has done its part for this time */

#endif
