/* rt_show.h - routes as text: for route(8) and netstat(1). */
#ifndef NET_ROUTE_RT_SHOW_H
#define NET_ROUTE_RT_SHOW_H

#include "kernel/out.h"
#include "net/route/route.h"

/* "UGS", netstat(1); into buf[RT_FLAGSTRLEN]. */
#define RT_FLAGSTRLEN	32
char	*rt_flagletters(char *buf, uint32_t flags);
/* "UP,GATEWAY,STATIC" */
void	rt_flagnames(struct out *, uint32_t flags);
/* What stands in the column Gateway: an address, a link address, "link#1"; into buf[RT_GWSTRLEN]. Inside net_enter. */
#define RT_GWSTRLEN	IN6_STRLEN
char	*rt_gatewaytext(char *buf, const struct rtentry *);

/* The tables of a routing domain with their headings, or JSON. families: RT_SHOW_*. Task context, outside net_enter: the walk pauses. */
#define RT_SHOW_INET	(1u << AF_IP4)
#define RT_SHOW_INET6	(1u << AF_IP6)
#define RT_SHOW_ALL	(RT_SHOW_INET | RT_SHOW_INET6)
struct rt_show_only {		/* what a route must have to be shown; zero: all are */
	uint32_t	so_flags;
	const char	*so_label;
};
void	rt_show(struct out *, unsigned rdomain, unsigned families, const struct rt_show_only *);
/* What `route get` prints of the route that leads to dst. False: there is none. Task context. */
bool	rt_show_get(struct out *, unsigned rdomain, unsigned af, const struct in6_addr *dst, unsigned plen);

#endif
