/* rt_follow.c - routes follow what they stand on: whether it can be used, and where a gateway that another route leads to has gone. A hundred
 * thousand may stand on one: some follow at once, the others some each pass. Core 0.
 *
 * Who is followed, or has gone, stands in a queue, and knows the first who does not follow yet. Who comes to stand on it meanwhile is made as it is,
 * and stands in front of them; when it changes once more they begin anew at the end, so that nobody waits for ever. Those that wait stand on nothing:
 * each table knows the first of its own who has not looked for its way yet. */
#include "kernel/loop.h"
#include "net/core/counter.h"
#include "net/core/owner.h"
#include "net/route/rt_var.h"

COUNTER(nhs_followed, nexthop, 25, INFO, "route%s told of a change of what they lead to");

#define FOLLOW_STEP	64u		/* routes in one go: some 40,000 instructions, several times that with RECURSIONS_MAX gateways */

static struct rtentry *followed, **followed_end = &followed;
static struct rtentry *lost[AF_COUNT][RT_TABLEID_MAX + 1];	/* of rt_waiting, the first who has yet to look for its way, and all behind */
static bool any_lost;
static struct loop_end follow_end = { .le_func = rt_follow_some };

static void
told(void)
{
	counter_inc(nhs_followed);
}

static void
follow_soon(void)
{
	loop_at_end(&follow_end);
	percore(loop_wake) = true;
}

void
rt_follow(struct rtentry *rt)
{
	OWNER(0);
	if (rt_children(rt) == NULL)
		return;
	if (rt->rt_followprevp != NULL) {
		rt->rt_again = true;
		return;
	}
	rt->rt_behind = rt_children(rt);
	rt->rt_follownext = NULL;
	rt->rt_followprevp = followed_end;
	*followed_end = rt;
	followed_end = &rt->rt_follownext;
	follow_soon();
}

void
rt_follow_end(struct rtentry *rt)
{
	if (rt->rt_followprevp == NULL)
		return;
	if ((*rt->rt_followprevp = rt->rt_follownext) != NULL)
		rt->rt_follownext->rt_followprevp = rt->rt_followprevp;
	else
		followed_end = rt->rt_followprevp;
	rt->rt_followprevp = NULL;
	rt->rt_behind = NULL;
}

void
rt_follow_unhang(const struct rtentry *rt)
{
	struct rtentry *parent = rt_parent(rt);

	if (parent != NULL && parent->rt_behind == rt)
		parent->rt_behind = rt->rt_sibling;
	else if (parent == NULL && lost[rt->rt_af][rt->rt_rdomain] == rt)
		lost[rt->rt_af][rt->rt_rdomain] = rt->rt_sibling;
}

/* ---- those that wait ---- */

void
rt_retry(unsigned af, unsigned rdomain)
{
	OWNER(0);
	lost[af][rdomain] = rt_waiting[af][rdomain];
	any_lost = true;
	rt_follow_some();
	rt_recursion_renew();
}

static bool
retry_next_of(struct rtentry **next)
{
	struct rtentry *rt = *next;

	if (rt == NULL)
		return false;
	*next = rt->rt_sibling;
	if (!(rt->rt_flags & RTF_RECURSION)) {
		told();
		rt_find_way(rt);
	}
	return true;
}

/* One of them looks for its way. False: all have. */
static bool
retry_next(void)
{
	for (unsigned af = 0; af < AF_COUNT && any_lost; af++)
		for (unsigned i = 0; i <= RT_TABLEID_MAX; i++)
			if (retry_next_of(&lost[af][i]))
				return true;
	any_lost = false;
	return false;
}

/* ---- those that stand on something ---- */

void
rt_follow_gone(struct rtentry *rt)
{
	rt->rt_flags |= RTF_GONE;
	rt_follow(rt);
}

static void
follow_gone(struct rtentry *rt)
{
	if (rt->rt_flags & RTF_RECURSION) {
		rt_recursion_lost(rt);
		return;
	}
	rt_rehang(rt, NULL, NULL);
	if (!(rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)))
		rt_find_way(rt);
	if ((rt->rt_flags & (RTF_TIMED | RTF_UP)) == RTF_TIMED)
		rt_remove(rt);
}

/* A neighbour that nothing refers to is forgotten with the link. */
static bool
follow_forgotten(const struct rtentry *rt)
{
	return (rt->rt_flags & RTF_CLONED) && rt->rt_refs == 0 && (!nexthop_if_usable(rt_ifp(rt)) || rt->rt_nh->nh_state == NH_INCOMPLETE);
}

/* It may be gone then, and what it stood on, too. True: flows may go elsewhere. */
static bool
follow(struct rtentry *rt)
{
	const struct rtentry *parent = rt_parent(rt);
	bool changed = false;

	told();
	if (parent->rt_flags & RTF_GONE) {
		follow_gone(rt);
		return true;
	}
	if (follow_forgotten(rt)) {
		rt_destroy(rt);
		return true;
	}
	if (parent->rt_flags & RTF_RECURSION)
		changed = rt_recursion_pass_on(parent, rt);
	changed |= rt_refresh_one(rt);
	rt_follow(rt);
	if ((rt->rt_flags & (RTF_TIMED | RTF_UP)) == RTF_TIMED)		/* it would hide the shorter prefix that was asked before */
		rt_remove(rt);
	return changed;
}

/* The next of the first in the queue. True: flows may go elsewhere. */
static bool
follow_next(void)
{
	struct rtentry *parent = followed, *rt = parent->rt_behind;
	bool again = parent->rt_again;

	if (rt != NULL) {
		parent->rt_behind = rt->rt_sibling;
		return follow(rt);
	}
	rt_follow_end(parent);
	parent->rt_again = false;
	if (again || (parent->rt_flags & RTF_GONE))	/* a gateway may have been led to it meanwhile */
		rt_follow(parent);
	if ((parent->rt_flags & RTF_GONE) && rt_children(parent) == NULL)
		rt_free(parent);
	return false;
}

void
rt_follow_some(void)
{
	bool changed = false;

	OWNER(0);
	for (unsigned n = 0; n < FOLLOW_STEP; n++) {
		if (retry_next())
			continue;
		if (followed == NULL)
			break;
		changed |= follow_next();
	}
	if (changed)
		rt_changed();
	if (any_lost || followed != NULL)
		follow_soon();
}

void
rt_follow_all(void)
{
	while (any_lost || followed != NULL)
		rt_follow_some();
}
