/* rt6fix.c - the router of rt6fix.h. */
#include "kernel/loop.h"
#include "net/route/route.h"
#include "tests/unit/rt6fix.h"

struct in6_addr
in6_of(const char *text)
{
	struct in6_addr a;

	if (!in6_parse_scoped(text, &a))
		unit_fail(__FILE__, __LINE__, "bad address in a test: %s", text);
	return a;
}

static void
nothing(struct nexthop *nh __unused_arg)
{
}

static void
forget(struct nexthop *nh)
{
	if (!rt_forget(nh))
		nexthop_invalidate(nh);
}

static void
lose(struct nexthop *nh __unused_arg, struct mbuf *m)
{
	m_freem(m);
}

void
rt6_resolver(void)
{
	static const struct nexthop_ops ops = { nothing, nothing, lose, nothing, forget };

	if (nexthop_ops[AF_IP6] == NULL)
		nexthop_ops[AF_IP6] = &ops;
}

static void
rt6_port(struct wire *w, const char *text)
{
	struct in6_addr a = in6_of(text);

	CHECK(if_addaddr6(&w->w_if, &a, 64, 0, NULL) == NULL);
	CHECK(in6_if_enable(&w->w_if, true));
}

void
rt6_start(void)
{
	net_start();
	rt6_resolver();
	rt6_port(&t0, "fd00:0:0:1::1");
	rt6_port(&t1, "fd00:0:0:2::1");
	while (loop_pass())
		;
	t0.w_next = t0.w_ntx;		/* announcements */
	t1.w_next = t1.w_ntx;
	counter_mark();
}
