/* rt_expire.c - routes that were learned (RTF_DYNAMIC) and last for a time, or as long as their gateway answers. */
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/route/rt_var.h"

#define RT_DYNAMIC_PART	16		/* so many may be as this part of the neighbours, whom they may need for ever; then the one that ends first goes */

/* When a route with RTF_TIMED goes. */
struct rt_expiry {
	struct rtentry	*x_rt;
	uint64_t	 x_when;		/* uptime_ns */
	struct rt_expiry *x_next;
};
static struct rt_expiry *rt_expiring;	/* who ends first first */
static struct pool rt_expiry_pool;
static unsigned rt_nexpiring;
static struct timeout rt_expire_timeout;

static void
rt_expire_arm(void)
{
	uint64_t now = uptime_ns();

	if (rt_expiring == NULL)
		timeout_del(&rt_expire_timeout);
	else
		timeout_add_msec(&rt_expire_timeout, rt_expiring->x_when > now ? (rt_expiring->x_when - now + 999999) / 1000000 : 0);
}

static void
rt_expire_timer(void *arg __unused_arg)
{
	uint64_t now = uptime_ns();

	while (rt_expiring != NULL && rt_expiring->x_when <= now)
		rt_remove(rt_expiring->x_rt);
	rt_expire_arm();
}

static void
rt_expire_init(void)
{
	pool_init(&rt_expiry_pool, "rtexpiry", sizeof(struct rt_expiry), 8, 0);
	timeout_set(&rt_expire_timeout, rt_expire_timer, NULL);
}
NET_INIT(rt_expire, 10, rt_expire_init);

static struct rt_expiry **
rt_expiry_find(const struct rtentry *rt)
{
	struct rt_expiry **p = &rt_expiring;

	while ((*p)->x_rt != rt)
		p = &(*p)->x_next;
	return p;
}

uint64_t
rt_expires(const struct rtentry *rt)
{
	return rt->rt_flags & RTF_TIMED ? (*rt_expiry_find(rt))->x_when : 0;
}

void
rt_expire_clear(struct rtentry *rt)
{
	struct rt_expiry **p, *x;

	if (!(rt->rt_flags & RTF_TIMED))
		return;
	p = rt_expiry_find(rt);
	x = *p;
	*p = x->x_next;
	pool_put(&rt_expiry_pool, x);
	rt->rt_flags &= ~RTF_TIMED;
	rt_nexpiring--;
	rt_expire_arm();
}

bool
rt_expire_set(struct rtentry *rt, uint32_t seconds)
{
	struct rt_expiry **p = &rt_expiring, *x;

	OWNER(0);
	rt_expire_clear(rt);
	if (rt_nexpiring >= nexthop_limit() / RT_DYNAMIC_PART)
		rt_remove(rt_expiring->x_rt);
	if ((x = pool_get(&rt_expiry_pool)) == NULL)
		return false;
	x->x_rt = rt;
	x->x_when = uptime_ns() + seconds * 1000000000ull;
	while (*p != NULL && (*p)->x_when <= x->x_when)
		p = &(*p)->x_next;
	x->x_next = *p;
	*p = x;
	rt->rt_flags |= RTF_TIMED;
	rt_nexpiring++;
	rt_expire_arm();
	return true;
}

void
rt_gateway_down(const struct nexthop *nh)
{
	struct rtentry *host = rt_of_neighbour(nh), *next;

	for (struct rtentry *c = host != NULL ? rt_children(host) : NULL; c != NULL; c = next) {
		next = c->rt_sibling;
		if (c->rt_flags & RTF_TIMED)
			rt_destroy(c);
	}
}

void
rt_flush_dynamic(unsigned rdomain, unsigned af)
{
	struct rt_expiry *next;

	for (struct rt_expiry *x = rt_expiring; x != NULL; x = next) {
		next = x->x_next;
		if (x->x_rt->rt_rdomain == rdomain && x->x_rt->rt_af == af)
			rt_remove(x->x_rt);
	}
}

void
rt_expire_useless(void)
{
	struct rt_expiry *next;

	for (struct rt_expiry *x = rt_expiring; x != NULL; x = next) {
		next = x->x_next;
		if (!(x->x_rt->rt_flags & RTF_UP))
			rt_remove(x->x_rt);
	}
}
