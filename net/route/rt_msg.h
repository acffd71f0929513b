/* rt_msg.h - what happens to routes, neighbours and interfaces, for those who watch (route monitor), as the messages of route(4). Core 0. */
#ifndef NET_ROUTE_RT_MSG_H
#define NET_ROUTE_RT_MSG_H

#include "kernel/out.h"
#include "net/route/route.h"

enum rt_msg_type { RTM_ADD, RTM_DELETE, RTM_CHANGE, RTM_RESOLVE, RTM_IFINFO, RTM_NEWADDR, RTM_DELADDR };

struct rt_msg {
	enum rt_msg_type rm_type;
	uint64_t	rm_time;		/* wall_s() */
	struct in6_addr	rm_dest, rm_gateway;	/* NEWADDR, DELADDR: rm_dest is the address */
	uint8_t		rm_af;
	uint8_t		rm_plen, rm_priority;
	bool		rm_has_lladdr;		/* the gateway is a neighbour's link address: */
	uint8_t		rm_lladdr[6];
	uint16_t	rm_rdomain, rm_ifidx;
	uint32_t	rm_flags;		/* RTF_*; IFINFO: IFF_* */
	enum link_state	rm_link;
};

/* Each notes a message when somebody watches, and wakes him. */
void	rt_msg_route(enum rt_msg_type, const struct rtentry *);
void	rt_msg_neighbour(const struct nexthop *);	/* its link address is known now, or another one */
void	rt_msg_if(const struct ifnet *);
void	rt_msg_addr(enum rt_msg_type, const struct ifnet *, unsigned af, const struct in6_addr *, unsigned plen);

/* Somebody watches from now on; *pos is where he stands. Between the two calls messages are kept, the latest RT_MSG_MAX of them. */
#define RT_MSG_MAX	256
void	rt_msg_watch(uint64_t *pos);
void	rt_msg_unwatch(void);
/* The next one behind *pos, which moves on. False: none. *lost: how many were overwritten before they were read. */
bool	rt_msg_next(uint64_t *pos, struct rt_msg *, uint64_t *lost);
extern const char rt_msg_chan;		/* task_sleep() on its address */

/* rt_monitor.c: `route monitor` of the families RT_SHOW_* (rt_show.h), until ^C. Task. */
int	rt_monitor(struct out *, unsigned rdomain, unsigned families);

#endif
