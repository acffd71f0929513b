/* rt_expire.c - routes that were learned (RTF_DYNAMIC) and last for a time, or as long as their gateway answers. */
#include "kernel/machine.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/route/rt_var.h"

#define RT_DYNAMIC_PART	16		/* so many may be as this part of the neighbours, whom they may need for ever; then the one that ends first goes */

static struct rtentry *rt_expiring;	/* who ends first first */
static unsigned rt_nexpiring;
static struct timeout rt_expire_timeout;

static void
rt_expire_arm(void)
{
	uint64_t now = uptime_ns();

	if (rt_expiring == NULL)
		timeout_del(&rt_expire_timeout);
	else
		timeout_add_msec(&rt_expire_timeout, rt_expiring->rt_expire > now ?
		    (rt_expiring->rt_expire - now + 999999) / 1000000 : 0);
}

static void
rt_expire_timer(void *arg __unused_arg)
{
	uint64_t now = uptime_ns();

	while (rt_expiring != NULL && rt_expiring->rt_expire <= now)
		rt_remove(rt_expiring);
	rt_expire_arm();
}

static void
rt_expire_init(void)
{
	timeout_set(&rt_expire_timeout, rt_expire_timer, NULL);
}
NET_INIT(rt_expire, 10, rt_expire_init);

void
rt_expire_clear(struct rtentry *rt)
{
	if (rt->rt_expire == 0)
		return;
	if ((*rt->rt_expprevp = rt->rt_expnext) != NULL)
		rt->rt_expnext->rt_expprevp = rt->rt_expprevp;
	rt->rt_expire = 0;
	rt_nexpiring--;
	rt_expire_arm();
}

void
rt_expire_set(struct rtentry *rt, uint32_t seconds)
{
	struct rtentry **p = &rt_expiring;

	OWNER(0);
	rt_expire_clear(rt);
	if (rt_nexpiring >= nexthop_limit() / RT_DYNAMIC_PART)
		rt_remove(rt_expiring);
	rt->rt_expire = uptime_ns() + seconds * 1000000000ull;
	while (*p != NULL && (*p)->rt_expire <= rt->rt_expire)
		p = &(*p)->rt_expnext;
	if ((rt->rt_expnext = *p) != NULL)
		rt->rt_expnext->rt_expprevp = &rt->rt_expnext;
	*p = rt;
	rt->rt_expprevp = p;
	rt_nexpiring++;
	rt_expire_arm();
}

void
rt_gateway_down(const struct nexthop *nh)
{
	struct rtentry *host = rt_of_neighbour(nh), *next;

	for (struct rtentry *c = host != NULL ? host->rt_children : NULL; c != NULL; c = next) {
		next = c->rt_sibling;
		if (c->rt_flags & RTF_DYNAMIC)
			rt_destroy(c);
	}
}

void
rt_flush_dynamic(unsigned rdomain)
{
	struct rtentry *next;

	for (struct rtentry *rt = rt_expiring; rt != NULL; rt = next) {
		next = rt->rt_expnext;
		if (rt->rt_rdomain == rdomain)
			rt_remove(rt);
	}
}
