/* test_if_cores.c - who brings flows to their cores: the cards when they agree, else the steering in software. */
#include <stdio.h>

#include "kernel/loop.h"
#include "net/core/net_init.h"
#include "net/ether/ether.h"
#include "tests/unit/unit.h"

static void
nothing(struct ifqueue *ifq __unused_arg)
{
}

static const struct if_ops no_ops = { 0 };

static void
card(struct ifnet *ifp, unsigned n, unsigned queues, const char *rss)
{
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "t%u", n);
	ifp->if_ops = &no_ops;
	ifp->if_nqueues = queues;
	ifp->if_rss = rss;
	CHECK(ether_ifattach(ifp));
	for (unsigned i = 0; i < queues; i++)
		ifp->if_ifqs[i].ifq_startfn = nothing;
}

TEST_CORES(if_cards_spread_flows_when_they_agree, 2)
{
	static struct ifnet a, b, c;

	unit_allow(UNIT_POOLS);
	CHECK(net_init());
	card(&a, 0, 2, "one way");
	CHECK(!a.if_steer);
	card(&b, 1, 2, "one way");
	CHECK(!a.if_steer && !b.if_steer);
	card(&c, 2, 2, "another way");
	CHECK(a.if_steer && b.if_steer && c.if_steer);
	if_detach(&c);
	CHECK(!a.if_steer && !b.if_steer);
	card(&c, 2, 1, NULL);
	CHECK(a.if_steer && b.if_steer && c.if_steer);
	if_detach(&c);
	if_use_queues(&b, 1);
	CHECK(a.if_steer && b.if_steer);
	if_use_queues(&b, 2);
	CHECK(!a.if_steer && !b.if_steer);
	if_detach(&b);
	if_detach(&a);
}

TEST(if_one_core_needs_no_steering)
{
	static struct ifnet a;

	unit_allow(UNIT_POOLS);
	CHECK(net_init());
	card(&a, 0, 1, NULL);
	CHECK(!a.if_steer);
	if_detach(&a);
}
