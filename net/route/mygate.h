/* mygate.h - the default gateway, mygate(5). */
#ifndef NET_ROUTE_MYGATE_H
#define NET_ROUTE_MYGATE_H

#include "net/core/pending.h"
#include "net/route/static_route.h"

#define MYGATE_NAME	"mygate"

/* The object of /etc/mygate: for each address family a default route of the usual priority, or none. */
struct mygate {
	bool			mg_present[AF_COUNT];
	struct static_route	mg_route[AF_COUNT];
	struct pending		mg_pending;	/* mygate.c's */
	bool			mg_stood[AF_COUNT];	/* it was in the table when another file took its place: that goes back */
};

#endif
