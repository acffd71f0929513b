/* rtable.c - routing tables: a tree of prefixes per rdomain, each with its routes in the order of preference. */
#include "net/core/owner.h"
#include "net/route/rt_var.h"

#define RTABLE_DOWN	0x80		/* added to the priority of a route without RTF_UP */

uintptr_t rtable_fib[AF_COUNT][RT_TABLEID_MAX + 1];

bool
rtable_exists(unsigned rdomain)
{
	return rdomain == 0 || (rdomain <= RT_TABLEID_MAX && (rtable_fib[AF_IP4][rdomain] | rtable_fib[AF_IP6][rdomain]) != 0);
}

struct rtentry *
rtable_lookup_af(unsigned af, unsigned rdomain, const struct in6_addr *dest, unsigned plen)
{
	return fib_exact(rtable_fib[af][(uint8_t)rdomain], dest, plen);
}

struct rtentry *
rtable_lookup(unsigned rdomain, be32_t dest, unsigned plen)
{
	struct in6_addr a = in6_of_ip4(dest);

	return rtable_lookup_af(AF_IP4, rdomain, &a, plen);
}

struct rtentry *
rtable_lookup6(unsigned rdomain, const struct in6_addr *dest, unsigned plen)
{
	return rtable_lookup_af(AF_IP6, rdomain, dest, plen);
}

struct rtentry *
rtable_shorter(unsigned af, unsigned rdomain, const struct in6_addr *addr, unsigned plen)
{
	return fib_shorter(rtable_fib[af][(uint8_t)rdomain], addr, plen);
}

static int
rtable_order(const struct rtentry *rt)
{
	return rt->rt_priority + (rt->rt_flags & RTF_UP ? 0 : RTABLE_DOWN);
}

/* Routes of one prefix and priority share the flag. Others read it: it changes only where it must. */
static void
rtable_mpath(struct rtentry *head)
{
	for (struct rtentry *a = head; a != NULL; a = a->rt_next) {
		uint32_t flag = 0;

		for (struct rtentry *b = head; b != NULL && flag == 0; b = b->rt_next)
			flag = a != b && a->rt_priority == b->rt_priority ? RTF_MPATH : 0;
		if ((a->rt_flags & RTF_MPATH) != flag)
			a->rt_flags ^= RTF_MPATH;
	}
}

/* a stands before b: it is better, or as good and older. */
static bool
rtable_before(const struct rtentry *a, const struct rtentry *b)
{
	int oa = rtable_order(a), ob = rtable_order(b);

	return oa < ob || (oa == ob && a->rt_serial < b->rt_serial);
}

/* Puts rt in its place; returns the new head. */
static struct rtentry *
rtable_splice(struct rtentry *head, struct rtentry *rt)
{
	struct rtentry **p = &head;

	while (*p != NULL && rtable_before(*p, rt))
		p = &(*p)->rt_next;
	rt->rt_next = *p;
	__atomic_store_n(p, rt, __ATOMIC_RELEASE);	/* other cores may be walking */
	return head;
}

static struct rtentry *
rtable_unsplice(struct rtentry *head, struct rtentry *rt)
{
	struct rtentry **p = &head;

	while (*p != rt)
		p = &(*p)->rt_next;
	*p = rt->rt_next;
	return head;
}

static inline uintptr_t *
rtable_top(const struct rtentry *rt)
{
	return &rtable_fib[rt->rt_af][rt->rt_rdomain];
}

/* The list of rt's prefix begins with it. */
static void
rtable_replace(struct rtentry *rt)
{
	fib_replace(rtable_top(rt), &rt->rt_dest6, rt->rt_plen, rt);
}

static struct rtentry *
rtable_head(const struct rtentry *rt)
{
	return rtable_lookup_af(rt->rt_af, rt->rt_rdomain, &rt->rt_dest6, rt->rt_plen);
}

/* It is the youngest of its prefix. When the numbers are used up they begin anew, in the same order. */
static void
rtable_number(struct rtentry *head, struct rtentry *rt)
{
	unsigned last = 0, before, least;

	for (struct rtentry *o = head; o != NULL; o = o->rt_next)
		last = MAX(last, (unsigned)o->rt_serial);
	if (last == UINT16_MAX)
		for (last = 0, before = 0; before < UINT16_MAX; before = least) {
			struct rtentry *next = NULL;

			least = UINT16_MAX;
			for (struct rtentry *o = head; o != NULL; o = o->rt_next)
				if (o->rt_serial > before && o->rt_serial <= least) {
					least = o->rt_serial;
					next = o;
				}
			if (next != NULL)
				next->rt_serial = (uint16_t)++last;
		}
	rt->rt_serial = (uint16_t)(last + 1);
}

bool
rtable_insert(struct rtentry *rt)
{
	struct rtentry *head = rtable_head(rt), *first;

	OWNER(0);
	if (head == NULL) {
		rt->rt_next = NULL;
		rtable_number(NULL, rt);
		return fib_insert(rt->rt_af, rtable_top(rt), &rt->rt_dest6, rt->rt_plen, rt);
	}
	rtable_number(head, rt);
	first = rtable_splice(head, rt);
	if (first != head)
		rtable_replace(first);
	rtable_mpath(first);
	return true;
}

void
rtable_remove(struct rtentry *rt)
{
	struct rtentry *head = rtable_head(rt), *first;

	OWNER(0);
	first = rtable_unsplice(head, rt);
	if (first == NULL)
		fib_remove(rt->rt_af, rtable_top(rt), &rt->rt_dest6, rt->rt_plen);
	else if (first != head)
		rtable_replace(first);
	rtable_mpath(first);
}

void
rtable_reorder(struct rtentry *rt)
{
	struct rtentry *head = rtable_head(rt), *first;

	if (head == rt && rt->rt_next == NULL)
		return;
	first = rtable_splice(rtable_unsplice(head, rt), rt);
	if (first != head)
		rtable_replace(first);
}

/* The first of a prefix's routes that comes behind the cursor: rc_nth counts those of its order that were given
 * already. */
static struct rtentry *
rtable_next_here(struct rtentry *head, struct rt_cursor *rc)
{
	int nth = 0;

	for (struct rtentry *rt = head; rt != NULL; rt = rt->rt_next) {
		int order = rtable_order(rt);

		if (order < rc->rc_priority || (order == rc->rc_priority && nth++ < rc->rc_nth))
			continue;
		rc->rc_nth = order == rc->rc_priority ? rc->rc_nth + 1 : 1;
		rc->rc_priority = order;
		return rt;
	}
	return NULL;
}

struct rtentry *
rtable_next(unsigned rdomain, struct rt_cursor *rc)
{
	int after = rc->rc_started ? rc->rc_plen : -1;
	struct rtentry *rt;

	if (rc->rc_started && (rt = rtable_lookup_af(rc->rc_af, rdomain, &rc->rc_dest6, (unsigned)rc->rc_plen)) != NULL &&
	    (rt = rtable_next_here(rt, rc)) != NULL)
		return rt;
	if ((rt = fib_next(rtable_fib[rc->rc_af][(uint8_t)rdomain], &rc->rc_dest6, after)) == NULL)
		return NULL;
	rc->rc_started = true;
	rc->rc_dest6 = rt->rt_dest6;
	rc->rc_plen = rt->rt_plen;
	rc->rc_priority = rc->rc_nth = 0;
	return rtable_next_here(rt, rc);
}
