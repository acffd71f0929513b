/* mygate.h - the default gateway, mygate(5). */
#ifndef NET_ROUTE_MYGATE_H
#define NET_ROUTE_MYGATE_H

#include "net/core/pending.h"
#include "net/route/static_route.h"

#define MYGATE_NAME	"mygate"

/* The object of /etc/mygate: a default route of the usual priority, or none. */
struct mygate {
	bool			mg_present;
	struct static_route	mg_route;
	struct pending		mg_pending;	/* mygate.c's */
};

#endif
