/* test_rtable6.c - IPv6 routes: what an address brings, gateways and their zones, interfaces that come and go. */
#include <stdio.h>
#include <string.h>

#include "net/ether/ether.h"
#include "net/route/rt_var.h"
#include "tests/unit/rt6fix.h"

static enum rt_error
route_rq(enum rt_error (*fn)(const struct rt_request *), const char *net, const char *gw, unsigned prio, uint32_t flags)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_priority = (uint8_t)prio, .rq_flags = flags | RTF_STATIC };

	CHECK(in6_parsenet(net, &rq.rq_dest6, &rq.rq_plen, NULL));
	if (gw != NULL) {
		rq.rq_gateway6 = in6_of(gw);
		rq.rq_flags |= RTF_GATEWAY;
	}
	return fn(&rq);
}

static struct rtentry *
match(const char *dst)
{
	struct in6_addr a = in6_of(dst);

	return rtable_match6(0, &a);
}

static struct nexthop *
hop(struct wire *w, const char *a)
{
	struct in6_addr in6 = in6_of(a);

	return nexthop_find6(&w->w_if, &in6);
}

static struct rtentry *
clone(const char *dst)
{
	struct in6_addr a = in6_of(dst);
	struct rtentry *rt = rt_connected6(0, &a);

	CHECK(rt != NULL);
	return rt_clone6(rt, &a);
}

/* Routes that are not lo0's, a line each. */
static const char *
table(void)
{
	static char text[8192];
	static const struct { uint32_t bit; char letter; } letters[] = {
		{ RTF_UP, 'U' }, { RTF_GATEWAY, 'G' }, { RTF_HOST, 'H' }, { RTF_REJECT, 'R' }, { RTF_CLONED, 'c' }, { RTF_CACHED, 'h' },
		{ RTF_CLONING, 'C' }, { RTF_LLINFO, 'L' }, { RTF_LOCAL, 'l' }, { RTF_MULTICAST, 'm' }, { RTF_STATIC, 'S' },
		{ RTF_CONNECTED, 'n' }, { RTF_MPATH, 'P' }, { RTF_BLACKHOLE, 'B' },
	};
	struct rt_cursor rc = { .rc_af = AF_IP6 };
	struct rtentry *rt;
	size_t n = 0;

	text[0] = '\0';
	while ((rt = rtable_next(0, &rc)) != NULL) {
		char net[IN6_NETSTRLEN], gw[IN6_STRLEN], fl[16], *f = fl;

		if (rt_ifp(rt)->if_flags & IFF_LOOPBACK)
			continue;
		for (unsigned i = 0; i < nitems(letters); i++)
			if (rt->rt_flags & letters[i].bit)
				*f++ = letters[i].letter;
		*f = '\0';
		CHECK(n < sizeof(text) - 200);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s %s %u %u %s\n", in6_printnet(net, &rt->rt_dest6, rt->rt_plen),
		    rt->rt_flags & RTF_GATEWAY ? in6_print(gw, &rt->rt_via->v_gateway6) : "-", fl, rt_refcount(rt), rt->rt_priority, rt_ifp(rt)->if_xname);
	}
	return text;
}

TEST(rtable6_of_addresses)
{
	struct in6_addr a;

	rt6_start();
	CHECK_STR(table(),
	    "fd00:0:0:1::/64 - UCn 0 4 t0\n"
	    "fd00:0:0:1::1 - UHLl 0 1 t0\n"
	    "fd00:0:0:2::/64 - UCn 0 4 t1\n"
	    "fd00:0:0:2::1 - UHLl 0 1 t1\n"
	    "fe80::%t0/64 - UCn 0 4 t0\n"
	    "fe80::5054:ff:fe00:a%t0 - UHLl 0 1 t0\n"
	    "fe80::%t1/64 - UCn 0 4 t1\n"
	    "fe80::5054:ff:fe00:b%t1 - UHLl 0 1 t1\n"
	    "ff01::%t0/32 - Um 0 4 t0\n"
	    "ff01::%t1/32 - Um 0 4 t1\n"
	    "ff02::%t0/32 - Um 0 4 t0\n"
	    "ff02::%t1/32 - Um 0 4 t1\n");
	CHECK(rt_ifp(match("fe80::5%t1")) == &t1.w_if && rt_ifp(match("fe80::5%t0")) == &t0.w_if);
	CHECK(match("fe80::5")->rt_flags & RTF_REJECT);		/* of no zone */
	CHECK(match("ff02::1%t0")->rt_flags & RTF_MULTICAST);
	CHECK(match("ff02::1")->rt_flags & RTF_REJECT);
	CHECK(match("::ffff:1.2.3.4")->rt_flags & RTF_REJECT);
	CHECK(match("::1")->rt_flags & RTF_LOCAL);
	CHECK(match("2001:db8::1") == NULL);
	/* an address is one interface's; a link-local one each one's */
	a = in6_of("fd00:0:0:1::1");
	CHECK_STR(if_addaddr6(&t1.w_if, &a, 64, 0, NULL), "address is in use");
	CHECK(in6_ifaddr_ours(0, &a)->ia_ifp == &t0.w_if);
	a = in6_of("fe80::77");
	CHECK(if_addaddr6(&t0.w_if, &a, 64, 0, NULL) == NULL && if_addaddr6(&t1.w_if, &a, 64, 0, NULL) == NULL);
	CHECK_STR(if_addaddr6(&t0.w_if, &a, 64, 0, NULL), "address is in use");
	CHECK(in6_ifaddr_ours(0, &a) == NULL);
	CHECK_IN(table(), "ff02::%t0/32 - UmP 0 4 t0\nff02::%t0/32 - UmP 0 4 t0\n");
	CHECK(if_deladdr6(&t0.w_if, &a) == NULL && if_deladdr6(&t1.w_if, &a) == NULL);
	CHECK(if_deladdr6(&t0.w_if, &a) != NULL);
	CHECK_IN(table(), "ff02::%t0/32 - Um 0 4 t0\nff02::%t1/32 - Um 0 4 t1\n");
	/* 10.0.0.1 and 10.0.0.2 are not the IPv6 addresses that begin so */
	a = in6_of("a00:1::");
	CHECK(if_addaddr6(&t0.w_if, &a, 16, 0, NULL) == NULL);
	CHECK(clone("a00:2::")->rt_nh == hop(&t0, "a00:2::") && hop(&t0, "a00:2::") != nexthop_find(&t0.w_if, addr("10.0.0.2")));
	CHECK(if_deladdr6(&t0.w_if, &a) == NULL);
	CHECK(rtable_match(0, addr("10.0.0.1"))->rt_flags & RTF_LOCAL);
	/* a host's address has no network */
	a = in6_of("fd00::9");
	CHECK(if_addaddr6(&t0.w_if, &a, 128, 0, NULL) == NULL);
	CHECK(match("fd00::9")->rt_flags & RTF_LOCAL);
	CHECK(match("fd00::8") == NULL);
	net_end();
}

static unsigned added, going, ups, downs, detached, changed;
static void on_added(struct in6_ifaddr *ia) { added += in6_ifaddr_find(ia->ia_ifp, &ia->ia_addr) == ia; }
static void on_going(struct in6_ifaddr *ia) { going += in6_ifaddr_find(ia->ia_ifp, &ia->ia_addr) == NULL; }
static void on_up(struct ifnet *ifp) { ups += nexthop_if_usable(ifp); }
static void on_down(struct ifnet *ifp) { downs += !nexthop_if_usable(ifp); }
static void on_detach(struct ifnet *ifp) { detached += ifp->if_addrs6 == NULL; }
static void on_changed(struct ifnet *ifp __unused_arg) { changed++; }
static const struct in6_watch test_watch = { .iw_addr_added = on_added, .iw_addr_going = on_going, .iw_if_up = on_up, .iw_if_down = on_down,
	.iw_if_detach = on_detach, .iw_if_changed = on_changed };
IN6_WATCH(test_watch);

/* Who watches is told of everything when it is true; of what is down already, again. */
TEST(in6_watchers_are_told)
{
	struct in6_addr a = in6_of("fd00::9");

	rt6_start();
	added = going = ups = downs = detached = changed = 0;
	CHECK(if_addaddr6(&t0.w_if, &a, 64, 0, NULL) == NULL);
	CHECK_EQ(added, 1);
	CHECK(if_deladdr6(&t0.w_if, &a) == NULL);
	CHECK_EQ(going, 1);
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK(if_setup(&t0.w_if, false));
	CHECK_EQ(downs, 2);
	CHECK(if_setup(&t0.w_if, true));
	CHECK_EQ(ups, 0);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	CHECK_EQ(ups, 1);
	CHECK(if_setmtu(&t0.w_if, 1400) && if_setmtu(&t0.w_if, 1400));
	CHECK_EQ(changed, 1);
	net_end();
	CHECK_EQ(detached, 3);		/* lo0 too */
}

/* A table of IPv6 alone is a table. */
TEST(rtable6_of_a_routing_domain)
{
	static const struct if_ops ops = { 0 };
	static struct ifnet lo5 = { .if_xname = "lo5", .if_flags = IFF_LOOPBACK, .if_ops = &ops, .if_nqueues = 1, .if_rdomain = 5 };
	struct in6_addr a = in6_of("fd00::5");

	rt6_start();
	CHECK(if_attach(&lo5) && if_setup(&lo5, true));
	CHECK(!rtable_exists(5));
	CHECK(if_addaddr6(&lo5, &a, 128, 0, NULL) == NULL);
	CHECK(rtable_exists(5) && rtable_match6(5, &a) != NULL && rtable_match6(0, &a) == NULL);
	CHECK(in6_ifaddr_ours(5, &a) != NULL && in6_ifaddr_ours(0, &a) == NULL);
	CHECK(if_deladdr6(&lo5, &a) == NULL);
	CHECK(!rtable_exists(5));
	net_end();
}

TEST(rtable6_requests)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_plen = 129, .rq_flags = RTF_GATEWAY };

	rt6_start();
	CHECK_EQ(rt_add(&rq), RT_INVAL);
	rq.rq_af = AF_COUNT;
	rq.rq_plen = 0;
	CHECK_EQ(rt_add(&rq), RT_INVAL);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_add, "2001:db8::1/32", "fd00:0:0:1::9", 0, 0), RT_OK);
	CHECK(in6_is_any(&match("2001:db8:ffff::1")->rt_via->v_ifa6) == false);
	CHECK_EQ(match("2001:db8:ffff::1")->rt_plen, 32);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fd00:0:0:1::8", 0, 0), RT_EXIST);
	CHECK(hop(&t0, "fd00:0:0:1::8") == NULL);		/* nothing stays of what failed */
	CHECK_EQ(route_rq(rt_add, "2001:db9::/32", "2001:db8::1", 0, 0), RT_UNREACH);		/* reachable, but not directly */
	CHECK_EQ(route_rq(rt_add, "2001:db9::/32", "fd00:0:0:1::1", 0, 0), RT_UNREACH);	/* ourselves */
	CHECK_EQ(route_rq(rt_add, "2001:db9::/32", "fe80::9", 0, 0), RT_UNREACH);		/* of no zone */
	CHECK_EQ(route_rq(rt_add, "2001:db9::/32", "ff02::1%t0", 0, 0), RT_UNREACH);
	CHECK_EQ(route_rq(rt_delete, "2001:db9::/32", NULL, 0, 0), RT_NOTFOUND);
	CHECK_EQ(route_rq(rt_delete, "2001:db8::/32", "fd00:0:0:1::8", 0, 0), RT_NOTFOUND);
	CHECK_EQ(route_rq(rt_delete, "fd00:0:0:1::/64", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_delete, "fd00:0:0:1::1", NULL, 0, 0), RT_INVAL);
	CHECK_EQ(route_rq(rt_change, "2001:db8::/32", "fe80::9%t1", 0, 0), RT_OK);
	CHECK(rt_ifp(match("2001:db8::1")) == &t1.w_if && match("2001:db8::1")->rt_nh == hop(&t1, "fe80::9"));
	CHECK(hop(&t0, "fd00:0:0:1::9") == NULL);
	CHECK_IN(table(), "2001:db8::/32 fe80::9%t1 UGS 0 8 t1\n");
	CHECK_IN(table(), "fe80::9%t1 - UHchL 1 3 t1\n");
	CHECK_EQ(route_rq(rt_delete, "2001:db8::/32", "fe80::9%t1", 0, 0), RT_OK);
	CHECK(match("2001:db8::1") == NULL && hop(&t1, "fe80::9") == NULL);
	/* both families side by side: the container of 10.1/16 is no IPv6 prefix */
	CHECK_EQ(route_rq(rt_add, "a01::/16", "fe80::9%t0", 0, 0), RT_OK);
	CHECK(rtable_match(0, addr("10.1.2.3"))->rt_af == AF_IP4);
	CHECK_EQ(route_rq(rt_delete, "a01::/16", NULL, 0, 0), RT_OK);
	net_end();
}

/* The same link-local address on two wires is two neighbours. */
TEST(rtable6_zones_of_gateways)
{
	struct rtentry *a, *b;

	rt6_start();
	CHECK_EQ(route_rq(rt_add, "2001:db8:1::/48", "fe80::1%t0", 0, 0), RT_OK);
	CHECK_EQ(route_rq(rt_add, "2001:db8:2::/48", "fe80::1%t1", 0, 0), RT_OK);
	a = match("2001:db8:1::1");
	b = match("2001:db8:2::1");
	CHECK(a->rt_nh != b->rt_nh && a->rt_nh->nh_ifp == &t0.w_if && b->rt_nh->nh_ifp == &t1.w_if);
	CHECK(in6_equal(&a->rt_nh->nh_addr6, &b->rt_nh->nh_addr6) && in6_zone(&a->rt_nh->nh_addr6) == 0);
	CHECK(rt_of_neighbour(a->rt_nh) == match("fe80::1%t0") && rt_of_neighbour(b->rt_nh) == match("fe80::1%t1"));
	CHECK(!rt_forget(a->rt_nh));				/* a gateway is of interest */
	CHECK_EQ(route_rq(rt_delete, "2001:db8:1::/48", NULL, 0, 0), RT_OK);
	CHECK_EQ(route_rq(rt_delete, "2001:db8:2::/48", NULL, 0, 0), RT_OK);
	CHECK(hop(&t0, "fe80::1") == NULL && hop(&t1, "fe80::1") == NULL);
	net_end();
}

TEST(rtable6_neighbours)
{
	struct rtentry *rt;

	rt6_start();
	CHECK((rt = clone("fd00:0:0:1::77")) != NULL && rt == clone("fd00:0:0:1::77"));
	CHECK(RT_FORWARDS(match("fd00:0:0:1::77")));
	nexthop_set_lladdr(rt->rt_nh, t0.w_host);
	CHECK(rt->rt_nh->nh_valid);
	CHECK_MEM(rt->rt_nh->nh_hdr + 2, t0.w_host, 6);
	CHECK_MEM(rt->rt_nh->nh_hdr + 8, t0.w_if.if_lladdr, 6);
	CHECK_MEM(rt->rt_nh->nh_hdr + 14, "\x86\xdd", 2);
	CHECK(clone("fe80::77%t0")->rt_nh != rt->rt_nh);
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK(hop(&t0, "fd00:0:0:1::77") == NULL && hop(&t0, "fe80::77") == NULL);
	CHECK(!(match("fd00:0:0:1::5")->rt_flags & RTF_UP) && (match("fd00:0:0:1::1")->rt_flags & RTF_UP));
	CHECK(!(match("ff02::1%t0")->rt_flags & RTF_UP));
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	CHECK(match("fd00:0:0:1::5")->rt_flags & RTF_UP);
	/* a more specific route decides about neighbours that were made before it */
	CHECK(clone("fd00:0:0:1:8000::1") != NULL && clone("fd00:0:0:1::1:1") != NULL);
	CHECK_EQ(route_rq(rt_add, "fd00:0:0:1:8000::/65", "fd00:0:0:2::9", 0, 0), RT_OK);
	CHECK(rt_ifp(match("fd00:0:0:1:8000::1")) == &t1.w_if);
	CHECK(match("fd00:0:0:1::1:1")->rt_flags & RTF_CLONED);
	net_end();
}

/* Two addresses in a network, one goes; then the other: gateway routes wait, and come back by another way. */
TEST(rtable6_network_goes_and_returns)
{
	struct in6_addr one = in6_of("fd00:0:0:1::1"), two = in6_of("fd00:0:0:1::2"), there = in6_of("fd00:0:0:1::3");
	struct rtentry *rt;

	rt6_start();
	CHECK(if_addaddr6(&t0.w_if, &two, 64, 0, NULL) == NULL);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fd00:0:0:1::9", 0, 0), RT_OK);
	rt = match("2001:db8::1");
	CHECK(if_deladdr6(&t0.w_if, &one) == NULL);
	CHECK(RT_FORWARDS(rt) && in6_equal(&rt->rt_via->v_ifa6, &two));
	CHECK(if_deladdr6(&t0.w_if, &two) == NULL);
	CHECK(rt->rt_nh == NULL && rt_parent(rt) == NULL && !(rt->rt_flags & RTF_UP));
	CHECK(match("fd00:0:0:1::9") == NULL);
	CHECK(if_addaddr6(&t1.w_if, &there, 60, 0, NULL) == NULL);
	CHECK(RT_FORWARDS(rt) && rt_ifp(rt) == &t1.w_if);
	CHECK(if_setup(&t1.w_if, false));
	CHECK(!RT_FORWARDS(rt));
	CHECK(if_setup(&t1.w_if, true));
	CHECK(RT_FORWARDS(rt));
	CHECK_EQ(route_rq(rt_delete, "2001:db8::/32", NULL, 0, 0), RT_OK);
	net_end();
}

TEST(rtable6_priorities_and_paths)
{
	rt6_start();
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fe80::9%t0", 16, 0), RT_OK);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fe80::9%t1", 12, 0), RT_OK);
	CHECK_EQ(match("2001:db8::1")->rt_priority, 12);
	CHECK(if_setup(&t1.w_if, false));
	CHECK_EQ(match("2001:db8::1")->rt_priority, 16);
	CHECK(if_setup(&t1.w_if, true));
	CHECK_EQ(match("2001:db8::1")->rt_priority, 12);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fe80::9%t0", 12, RTF_MPATH), RT_OK);
	CHECK_EQ(route_rq(rt_add, "2001:db8::/32", "fe80::9%t0", 12, RTF_MPATH), RT_EXIST);
	CHECK_IN(table(), "2001:db8::/32 fe80::9%t1 UGSP 0 12 t1\n2001:db8::/32 fe80::9%t0 UGSP 0 12 t0\n"
	    "2001:db8::/32 fe80::9%t0 UGS 0 16 t0\n");
	net_end();
}

/* The interface makes itself a link-local address while it speaks IPv6, and none beside another. */
TEST(in6_link_local_of_its_own)
{
	struct ifnet *ifp = &t0.w_if;
	struct in6_addr eui = in6_of("fe80::5054:ff:fe00:a"), own = in6_of("fe80::7"), other = in6_of("fe80::ff:fe00:99");
	static const struct if_ops ops = { .ifo_setlladdr = NULL };

	rt6_start();
	CHECK(in6_ifaddr_find(ifp, &eui)->ia_flags & IN6_IFF_AUTOLL);
	CHECK(in6_ifaddr_linklocal(ifp) == in6_ifaddr_find(ifp, &eui));
	CHECK(if_addaddr6(ifp, &own, 64, 0, NULL) == NULL && in6_if_enable(ifp, true));
	CHECK(in6_ifaddr_find(ifp, &eui) == NULL && in6_ifaddr_linklocal(ifp) == in6_ifaddr_find(ifp, &own));
	CHECK(if_deladdr6(ifp, &own) == NULL && in6_if_enable(ifp, true));
	CHECK(in6_ifaddr_find(ifp, &eui) != NULL);
	memcpy(ifp->if_lladdr, "\2\0\0\0\0\x99", 6);
	ifp->if_ops = &ops;
	in6_if_changed(ifp);
	CHECK(in6_ifaddr_find(ifp, &eui) == NULL && in6_ifaddr_find(ifp, &other) != NULL);
	CHECK(in6_if_enable(ifp, false));
	CHECK(in6_ifaddr_linklocal(ifp) == NULL);
	net_end();
}

/* rt_add without memory changes nothing and loses nothing. */
TEST(rtable6_nomem)
{
	char before[4096], net[48];
	enum rt_error e;
	unsigned i;

	rt6_start();
	snprintf(before, sizeof(before), "%s", table());
	host.pages_max = host.pages + 12;	/* a few pools grow */
	for (i = 0; i < 2000; i++) {
		snprintf(net, sizeof(net), "2001:db8:%x::/48", i * 7);
		if ((e = route_rq(rt_add, net, "fd00:0:0:1::9", 0, 0)) != RT_OK)
			break;
	}
	CHECK(i > 0 && i < 2000);
	CHECK_EQ(e, RT_NOMEM);
	while (i-- > 0) {
		snprintf(net, sizeof(net), "2001:db8:%x::/48", i * 7);
		CHECK_EQ(route_rq(rt_delete, net, NULL, 0, 0), RT_OK);
	}
	CHECK_STR(table(), before);
	net_end();
}

/* settled: nobody has yet to follow what it stands on. */
static void
check_all(bool settled)
{
	struct rt_cursor rc = { .rc_af = AF_IP6 };
	struct rtentry *rt;

	while ((rt = rtable_next(0, &rc)) != NULL) {
		bool way = rt->rt_flags & RTF_GATEWAY ? rt_parent(rt) != NULL : true;

		if (settled && (rt->rt_flags & (RTF_REJECT | RTF_LOCAL)) == 0)
			CHECK_EQ(!!(rt->rt_flags & RTF_UP), way && nexthop_if_usable(rt_ifp(rt)));
		if (RT_FORWARDS(rt))
			CHECK(rt->rt_nh != NULL && rt->rt_nh->nh_ifp == rt_ifp(rt) && rt->rt_nh->nh_af == AF_IP6);
		if (rt->rt_next != NULL && (rt->rt_flags & RTF_UP) == (rt->rt_next->rt_flags & RTF_UP))
			CHECK(rt->rt_priority <= rt->rt_next->rt_priority);
	}
}

/* Everything at random: at the end nothing is left, and every route with RTF_UP has its way. */
TEST(rtable6_random)
{
	struct rtentry *rt;
	char net[48], gw[48];

	rt6_start();
	for (unsigned step = 0; step < 4000; step++) {
		struct wire *w = unit_below(2) ? &t0 : &t1;
		unsigned n = w == &t0 ? 1 : 2;
		struct in6_addr a;

		snprintf(net, sizeof(net), "fd00:0:0:%x:%x::/%u", unit_below(4), unit_below(2) << 15, 32 + unit_below(97));
		if (unit_below(2))
			snprintf(gw, sizeof(gw), "fd00:0:0:%u::%x", 1 + unit_below(2), 3 + unit_below(5));
		else
			snprintf(gw, sizeof(gw), "fe80::%x%%t%u", 3 + unit_below(5), unit_below(2));
		switch (unit_below(7)) {
		case 0: case 1:
			(void)route_rq(rt_add, net, gw, unit_below(3) ? 0 : 5 + unit_below(20), unit_below(4) ? 0 : RTF_MPATH);
			break;
		case 2:
			(void)route_rq(rt_delete, net, NULL, 0, 0);
			break;
		case 3:
			(void)route_rq(rt_change, net, gw, 0, 0);
			break;
		case 4:
			if_link_state_change(&w->w_if, unit_below(2) ? LINK_STATE_UP : LINK_STATE_DOWN);
			break;
		case 5:
			snprintf(net, sizeof(net), "fd00:0:0:%u::1", n);
			a = in6_of(net);
			if (unit_below(3) == 0)
				CHECK(in6_if_enable(&w->w_if, unit_below(2)));
			else if (if_deladdr6(&w->w_if, &a) != NULL)
				CHECK(if_addaddr6(&w->w_if, &a, (uint8_t)(62 + unit_below(6)), 0, NULL) == NULL);
			break;
		case 6:
			if ((rt = match(gw)) != NULL && (rt->rt_flags & RTF_CLONING))
				CHECK(clone(gw) != NULL);
			break;
		}
		check_all(false);
		rt_follow_all();
		check_all(true);
	}
	net_end();
}
