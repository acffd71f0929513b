/* if.c - interfaces: attach and detach, up and down, link state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/moment.h"
#include "net/core/flow.h"
#include "net/core/handoff.h"
#include "net/core/if.h"
#include "net/core/owner.h"
#include "net/core/steer.h"
#include "net/core/ifq_kstat.h"
#include "net/ether/arp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_reass.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/nd6.h"
#include "net/pf/pf_ifcount.h"
#include "net/route/route.h"

struct ifnet *ifnet_list;
struct ifnet *if_table[IF_MAX];

struct ifnet *
ifunit(const char *xname)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (strcmp(ifp->if_xname, xname) == 0)
			return ifp;
	return NULL;
}

unsigned
if_newunit(const char *driver)
{
	char name[IFNAMSIZ];

	for (unsigned unit = 0; ; unit++) {
		snprintf(name, sizeof(name), "%s%u", driver, unit);
		if (ifunit(name) == NULL)
			return unit;
	}
}

/* ---- queues and their cores ---- */

static void if_enqueue_ifq(struct ifnet *, struct batch *);
HANDOFF(if_enqueue, if_enqueue_ifq);

/* Also where it is handed over to: the queue that a core sends by may be another by then (if_use_queues). */
static void
if_enqueue_ifq(struct ifnet *ifp, struct batch *b)
{
	struct ifqueue *ifq = &ifp->if_ifqs[ifp->if_qmap[core_id()]];

	MOMENT();
	if (likely(ifq->ifq_core == core_id())) {
		ifq_enqueue(ifq, b);
		return;
	}
	handoff_batch(ifq->ifq_core, &handoff_if_enqueue, ifp->if_index, b);
}

void
if_spread(struct ifnet *ifp)
{
	static unsigned next;

	if (ifp->if_nqueues >= ncores)
		return;
	ifp->if_core = (uint8_t)(next % ncores);
	next += ifp->if_nqueues;
}

/* A core without a queue of its own shares one of the first n. */
static void
if_map_queues(struct ifnet *ifp, unsigned n)
{
	ifp->if_nused = (uint8_t)n;
	for (unsigned i = 0; i < ncores; i++)
		ifp->if_qmap[i] = (uint8_t)((i + ncores - ifp->if_core) % ncores % n);
}

/* Cards spread flows themselves when all do and agree; where one does not, both directions of a flow through two of them would come to two
 * cores. */
static bool steer_required;

static void
if_steer_all(void)
{
	const char *how = NULL;
	bool agree = true;

	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		if (!ifp->if_ether)
			continue;
		if (how == NULL)
			how = ifp->if_rss;
		agree = agree && how != NULL && ifp->if_rss != NULL && strcmp(how, ifp->if_rss) == 0 && ifp->if_nused == ncores;
	}
	steer_spread();
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		ifp->if_steer = ncores > 1 && ifp->if_ether && (!agree || steer_required);
}

void
if_steer_require(bool required)
{
	if (steer_required == required)
		return;
	steer_required = required;
	if_steer_all();
}

static bool
if_alloc_queues(struct ifnet *ifp)
{
	unsigned n = ifp->if_nqueues;

	KASSERT(n >= 1 && n <= IF_MAXQUEUES);
	ifp->if_ifqs = calloc(n, sizeof(*ifp->if_ifqs));
	ifp->if_ifiqs = calloc(n, sizeof(*ifp->if_ifiqs));
	if (ifp->if_ifqs == NULL || ifp->if_ifiqs == NULL || !pf_if_attach(ifp)) {
		free(ifp->if_ifqs);
		free(ifp->if_ifiqs);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		ifp->if_ifqs[i].ifq_if = ifp;
		ifp->if_ifqs[i].ifq_idx = i;
		ifp->if_ifqs[i].ifq_core = ifp->if_ifiqs[i].ifiq_core = if_queue_core(ifp, i);
		ifp->if_ifqs[i].ifq_maxlen = 512;
		ifp->if_ifiqs[i].ifiq_if = ifp;
		ifp->if_ifiqs[i].ifiq_idx = i;
		ifq_kstat_attach(ifp, i);
	}
	return true;
}

static void
if_link(struct ifnet *ifp)
{
	struct ifnet **p = &ifnet_list;

	while (*p != NULL && (*p)->if_index < ifp->if_index)
		p = &(*p)->if_next;
	ifp->if_next = *p;
	*p = ifp;
	if_table[ifp->if_index] = ifp;
}

static uint16_t if_lastindex;

/* The next one that is free, so that a number comes back late: packets that wait somewhere have it in m_ifidx. 0: there is none. */
static unsigned
if_newindex(void)
{
	unsigned idx = if_lastindex;

	for (unsigned i = 1; i < IF_MAX; i++) {
		idx = idx % (IF_MAX - 1) + 1;
		if (if_table[idx] == NULL)
			return idx;
	}
	return 0;
}

bool
if_attach(struct ifnet *ifp)
{
	unsigned idx;

	OWNER(0);
	if ((idx = if_newindex()) == 0 || ifunit(ifp->if_xname) != NULL || !if_alloc_queues(ifp))
		return false;
	ifp->if_index = if_lastindex = (uint16_t)idx;
	ifp->if_lastchange = uptime_ns();
	if (ifp->if_enqueue == NULL)
		ifp->if_enqueue = if_enqueue_ifq;
	if_map_queues(ifp, ifp->if_nqueues);
	if_link(ifp);
	flow_changed(&if_generation);
	if_steer_all();
	return true;
}

void
if_detach(struct ifnet *ifp)
{
	struct ifnet **p = &ifnet_list;

	OWNER(0);
	if_setup(ifp, false);
	while (ifp->if_addrs != NULL)
		if_deladdr(ifp, ifp->if_addrs->ifa_addr);
	in6_if_detach(ifp);
	rt_if_detach(ifp);
	ip_reass_purge(ifp->if_index);
	in_multi_purge(ifp);
	for (unsigned i = 0; i < ifp->if_nqueues; i++)
		ifq_kstat_detach(ifp, i);
	while (*p != ifp)
		p = &(*p)->if_next;
	*p = ifp->if_next;
	if_table[ifp->if_index] = NULL;
	flow_changed(&if_generation);
	if_steer_all();
	/* Each core comes to the end of a pass, and what was on its way from one to another is gone. */
	for (unsigned i = 1; i < ncores; i++)
		core_call(i, handoff_drain, NULL);
	handoff_drain(NULL);
	counter_retire(ifp);
	free(ifp->if_ifqs);
	free(ifp->if_ifiqs);
	pf_if_detach(ifp);
}

/* Usable: packets may be sent now. */
static bool
if_working(const struct ifnet *ifp)
{
	return (ifp->if_flags & IFF_UP) && (ifp->if_flags & IFF_RUNNING) && ifp->if_link_state != LINK_STATE_DOWN;
}

static void
if_came_up(struct ifnet *ifp)
{
	rt_if_up(ifp);
	igmp_if_up(ifp);
	if (ifp->if_ether)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			arp_dad_start(ifa);
	in6_if_up(ifp);
}

static void
if_went_down(struct ifnet *ifp)
{
	rt_if_down(ifp);
	in6_if_down(ifp);
}

void
if_link_state_change(struct ifnet *ifp, enum link_state state)
{
	bool was = if_working(ifp);

	OWNER(0);
	if (ifp->if_link_state == state)
		return;
	ifp->if_link_state = state;
	ifp->if_lastchange = uptime_ns();
	if (!was && if_working(ifp))
		if_came_up(ifp);
	else if (was && !if_working(ifp))
		if_went_down(ifp);
}

static bool
if_up(struct ifnet *ifp)
{
	ifp->if_flags |= IFF_UP;
	if (ifp->if_ops->ifo_up != NULL && !ifp->if_ops->ifo_up(ifp)) {
		ifp->if_flags &= ~IFF_UP;
		return false;
	}
	ifp->if_flags |= IFF_RUNNING;
	if (if_working(ifp))
		if_came_up(ifp);
	return true;
}

static void
if_purge(void *ifq)
{
	ifq_purge(ifq);
}

void
if_use_queues(struct ifnet *ifp, unsigned n)
{
	KASSERT(n >= 1 && n <= ifp->if_nqueues);
	if_map_queues(ifp, n);
	if_steer_all();
	for (unsigned i = n; i < ifp->if_nqueues; i++)
		if_queue_call(ifp, i, if_purge, &ifp->if_ifqs[i]);
}

bool
if_setup(struct ifnet *ifp, bool up)
{
	OWNER(0);
	if (up == !!(ifp->if_flags & IFF_UP))
		return true;
	if (up)
		return if_up(ifp);
	ifp->if_flags &= ~IFF_UP;
	if_went_down(ifp);
	if (ifp->if_ops->ifo_down != NULL)
		ifp->if_ops->ifo_down(ifp);
	ifp->if_flags &= ~IFF_RUNNING;
	for (unsigned i = 0; i < ifp->if_nqueues; i++)
		if_queue_call(ifp, i, if_purge, &ifp->if_ifqs[i]);
	return true;
}

bool
if_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	if (mtu == ifp->if_mtu)
		return true;
	if (mtu > ifp->if_hardmtu)
		return false;
	if (ifp->if_ops->ifo_setmtu != NULL && !ifp->if_ops->ifo_setmtu(ifp, mtu))
		return false;
	ifp->if_mtu = mtu;
	flow_changed(&if_generation);
	in6_if_changed(ifp);
	return true;
}

bool
if_setlladdr(struct ifnet *ifp, const uint8_t *lladdr)
{
	if (memcmp(ifp->if_lladdr, lladdr, 6) == 0)
		return true;
	if (ifp->if_ops->ifo_setlladdr == NULL || !ifp->if_ops->ifo_setlladdr(ifp, lladdr))
		return false;
	memcpy(ifp->if_lladdr, lladdr, 6);
	nexthop_if_lladdr_changed(ifp);
	if (if_working(ifp))
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			arp_dad_start(ifa);
	in6_if_changed(ifp);
	if (if_working(ifp))
		nd6_announce(ifp);
	return true;
}

void
if_totals(const struct ifnet *ifp, struct if_totals *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < ifp->if_nqueues; i++) {
		const struct ifiqueue *iq = &ifp->if_ifiqs[i];
		const struct ifqueue *oq = &ifp->if_ifqs[i];

		t->it_ipackets += iq->ifiq_packets;
		t->it_ibytes += iq->ifiq_bytes;
		t->it_ierrors += iq->ifiq_errors;
		t->it_iqdrops += iq->ifiq_qdrops + iq->ifiq_nombufs;
		t->it_opackets += oq->ifq_packets;
		t->it_obytes += oq->ifq_bytes;
		t->it_oerrors += oq->ifq_errors;
		t->it_oqdrops += oq->ifq_qdrops + oq->ifq_purged;
	}
}
