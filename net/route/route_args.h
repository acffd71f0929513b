/* route_args.h - the words of route(8). */
#ifndef NET_ROUTE_ROUTE_ARGS_H
#define NET_ROUTE_ROUTE_ARGS_H

#include "net/route/static_route.h"

struct route_args {
	struct static_route ra_route;
	bool		ra_has_dest, ra_has_gateway, ra_has_priority, ra_has_mtu, ra_has_ifa;
	bool		ra_has_af;	/* -inet or -inet6 was said, or an address says it */
	bool		ra_host;	/* the reply says "host", not "net" */
	char		ra_destzone[IFNAMSIZ];	/* of a link-local destination, not looked at; "": it has none */
	const char	*ra_desttext, *ra_gwtext;	/* the caller's words */
};

/* Parses the words behind add, delete, change, get. The family is that of -inet, -inet6, or of the addresses. False: the reason is in err.
 * Destination and gateway may be missing: the caller checks ra_has_*. */
bool	route_args_parse(struct route_args *, int argc, char **argv, char *err, size_t errlen);
/* The same for what becomes configuration: no destination with a zone, whose routes are its interface's. */
bool	route_args_parse_static(struct route_args *, int argc, char **argv, char *err, size_t errlen);

#endif
