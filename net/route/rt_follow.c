/* rt_follow.c - routes follow what they stand on: whether it can be used, and where a gateway that another route leads to has gone. A hundred thousand
 * may stand on one: some follow at once, the others some each pass. Core 0.
 *
 * Who is followed stands in a queue, and knows the first who does not follow yet. Who comes to stand on it meanwhile is made as it is, and stands in
 * front of them; when it changes once more they begin anew at the end, so that nobody waits for ever. */
#include "kernel/loop.h"
#include "net/core/counter.h"
#include "net/core/owner.h"
#include "net/route/rt_var.h"

COUNTER(nhs_followed, nexthop, 25, INFO, "route%s told of a change of what they lead to");

#define FOLLOW_STEP	64u		/* routes in one go: some 40,000 instructions, several times that with RECURSIONS_MAX gateways */

static struct rtentry *followed, **followed_end = &followed;
static struct loop_end follow_end = { .le_func = rt_follow_some };

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

	counter_inc(nhs_followed);
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
	if (again)
		rt_follow(parent);
	return false;
}

void
rt_follow_some(void)
{
	bool changed = false;

	OWNER(0);
	for (unsigned n = 0; n < FOLLOW_STEP && followed != NULL; n++)
		changed |= follow_next();
	if (changed)
		rt_changed();
	if (followed != NULL)
		follow_soon();
}

void
rt_follow_all(void)
{
	while (followed != NULL)
		rt_follow_some();
}
