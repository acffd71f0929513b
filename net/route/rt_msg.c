/* rt_msg.c - the ring of messages about routes, neighbours and interfaces; each who watches has a place of his own in it. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/owner.h"
#include "net/route/rt_msg.h"

const char rt_msg_chan;
static struct rt_msg ring[RT_MSG_MAX];
static uint64_t ring_end;		/* messages so far */
static unsigned watchers;

/* Where the next one is to be written; NULL: nobody watches. */
static struct rt_msg *
rt_msg_new(enum rt_msg_type type)
{
	struct rt_msg *rm;

	OWNER(0);
	if (watchers == 0)
		return NULL;
	rm = &ring[ring_end++ % RT_MSG_MAX];
	*rm = (struct rt_msg){ .rm_type = type, .rm_time = wall_s() };
	task_wakeup(&rt_msg_chan);
	return rm;
}

void
rt_msg_route(enum rt_msg_type type, const struct rtentry *rt)
{
	struct rt_msg *rm = rt_msg_new(type);
	const struct nexthop *nh = rt->rt_nh;

	if (rm == NULL)
		return;
	rm->rm_af = rt->rt_af;
	rm->rm_dest = rt->rt_dest6;
	rm->rm_plen = rt->rt_plen;
	rm->rm_gateway = rt->rt_via->v_gateway6;
	rm->rm_priority = rt->rt_priority;
	rm->rm_rdomain = rt->rt_rdomain;
	rm->rm_ifidx = rt->rt_ifidx;
	rm->rm_flags = rt->rt_flags;
	if ((rt->rt_flags & RTF_LLINFO) && nh != NULL && NH_RESOLVED(nh) && !(nh->nh_flags & NHF_P2P)) {
		rm->rm_has_lladdr = true;
		memcpy(rm->rm_lladdr, nexthop_lladdr(nh), 6);
	}
}

void
rt_msg_neighbour(const struct nexthop *nh)
{
	const struct rtentry *rt;

	if (watchers == 0)
		return;
	if ((rt = rt_of_neighbour(nh)) != NULL)
		rt_msg_route(RTM_RESOLVE, rt);
}

void
rt_msg_if(const struct ifnet *ifp)
{
	struct rt_msg *rm = rt_msg_new(RTM_IFINFO);

	if (rm == NULL)
		return;
	rm->rm_ifidx = ifp->if_index;
	rm->rm_rdomain = ifp->if_rdomain;
	rm->rm_flags = ifp->if_flags;
	rm->rm_link = ifp->if_link_state;
}

void
rt_msg_addr(enum rt_msg_type type, const struct ifnet *ifp, unsigned af, const struct in6_addr *addr, unsigned plen)
{
	struct rt_msg *rm = rt_msg_new(type);

	if (rm == NULL)
		return;
	rm->rm_ifidx = ifp->if_index;
	rm->rm_rdomain = ifp->if_rdomain;
	rm->rm_af = (uint8_t)af;
	rm->rm_dest = *addr;
	rm->rm_plen = (uint8_t)plen;
}

void
rt_msg_watch(uint64_t *pos)
{
	watchers++;
	*pos = ring_end;
}

void
rt_msg_unwatch(void)
{
	KASSERT(watchers > 0);
	watchers--;
}

bool
rt_msg_next(uint64_t *pos, struct rt_msg *rm, uint64_t *lost)
{
	*lost = 0;
	if (ring_end - *pos > RT_MSG_MAX) {
		*lost = ring_end - *pos - RT_MSG_MAX;
		*pos += *lost;
	}
	if (*pos == ring_end)
		return false;
	*rm = ring[(*pos)++ % RT_MSG_MAX];
	return true;
}
