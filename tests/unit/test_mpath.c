/* test_mpath.c - several routes of one prefix and priority: who takes which, and what stays when one of them goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/flow.h"
#include "net/ether/arp.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/route/rt_var.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/rt6fix.h"

#define FLOWS	6000u
#define HOPS	6u

static struct rt_request
hop(unsigned af, unsigned n)
{
	struct rt_request rq = { .rq_af = (uint8_t)af, .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC | RTF_MPATH };
	char a[64];

	snprintf(a, sizeof(a), af == AF_IP4 ? "10.0.1.%u" : "fd00:0:0:2::%x", 20 + n);
	rq.rq_dest6 = af == AF_IP4 ? in6_of_ip4(addr("10.9.0.0")) : in6_of("fd09::");
	rq.rq_gateway6 = af == AF_IP4 ? in6_of_ip4(addr(a)) : in6_of(a);
	return rq;
}

static struct rtentry *
head(unsigned af)
{
	struct rt_request rq = hop(af, 0);

	return rtable_lookup_af(af, 0, &rq.rq_dest6, 16);
}

/* Flow i: addresses that count up, or that have nothing in common. Which hop it takes. */
static unsigned
taken(unsigned af, unsigned i)
{
	uint32_t far = i % 2 ? i * 2654435761u >> 8 : i, near = i % 3 ? 2 : i / 3;
	struct in6_addr s = in6_of("fd00:0:0:1::"), d = in6_of("fd09::");
	const struct rtentry *rt;

	if (af == AF_IP4) {
		rt = rt_path4(head(af), host_be32(0x0a000000u | (near & 0xff)), host_be32(0x0a090000u | (far & 0xffff)));
		return (be32_host(rt->rt_via->v_gateway) & 0xff) - 20;
	}
	s.s6_addr32[3] = host_be32(near);
	d.s6_addr32[i % 2 ? 3 : 2] = host_be32(far);
	rt = rt_path6(head(af), &s, &d);
	return rt->rt_via->v_gateway6.s6_addr[15] - 20u;
}

static void
all_taken(unsigned af, uint8_t *by)
{
	for (unsigned i = 0; i < FLOWS; i++)
		by[i] = (uint8_t)taken(af, i);
}

/* Each of those has n of the flows that `from` had (HOPS: of all), within a fifth. */
static void
check_shares(const uint8_t *was, unsigned from, const uint8_t *by, unsigned hops, unsigned n)
{
	unsigned share[HOPS] = { 0 };

	for (unsigned i = 0; i < FLOWS; i++)
		share[by[i]] += from == HOPS || was[i] == from;
	for (unsigned h = 0; h < hops; h++)
		if (h != from && (share[h] < n - n / 5 || share[h] > n + n / 5))
			unit_fail(__FILE__, __LINE__, "hop %u of %u: %u flows, not about %u", h, hops, share[h], n);
}

static void
shares(unsigned af)
{
	static uint8_t all[FLOWS], by[FLOWS], again[FLOWS];
	struct rt_request rq;

	for (unsigned n = 0; n < HOPS; n++) {
		rq = hop(af, n);
		CHECK_EQ(rt_add(&rq), RT_OK);
		all_taken(af, all);
		check_shares(NULL, HOPS, all, n + 1, FLOWS / (n + 1));
	}
	for (unsigned n = 0; n < HOPS; n++) {
		rq = hop(af, n);
		CHECK_EQ(rt_delete(&rq), RT_OK);
		all_taken(af, by);
		for (unsigned i = 0; i < FLOWS; i++)
			CHECK(all[i] == n ? by[i] != n : by[i] == all[i]);
		check_shares(all, n, by, HOPS, FLOWS / HOPS / (HOPS - 1));
		CHECK_EQ(rt_add(&rq), RT_OK);
		all_taken(af, again);
		CHECK(memcmp(all, again, sizeof(all)) == 0);
	}
}

TEST(mpath_shares)
{
	net_start();
	shares(AF_IP4);
	net_end();
}

TEST(mpath_shares6)
{
	rt6_start();
	shares(AF_IP6);
	net_end();
}

static void
hops_start(unsigned n)
{
	net_start();
	flow_least = 1;
	flow_choose();
	for (unsigned i = 0; i < n; i++) {
		uint8_t mac[6] = { 2, 0, 0, 0, 1, (uint8_t)i };
		struct rt_request rq = hop(AF_IP4, i);

		CHECK_EQ(rt_add(&rq), RT_OK);
		CHECK(arp_set(0, rq.rq_gateway, mac, NHF_STATIC) == NULL);
	}
}

/* By which hop the packet leaves. */
static unsigned
leaves(const struct pkt *p)
{
	struct pkt *out;

	wire_rx(&t0, p);
	CHECK((out = wire_tx(&t1)) != NULL);
	CHECK(out->p_b[4] == 1);
	return out->p_b[5];
}

/* Flows and what has no ports, of the ordinary stages and of the flow path, by the same hop; it alone is said to be used. */
TEST(mpath_packets_of_a_pair)
{
	unsigned used[3] = { 0 }, ways = 0;
	struct rtentry *rt;

	hops_start(3);
	for (unsigned i = 0; i < 32; i++) {
		struct pkt p;
		char dst[32];
		unsigned way;

		snprintf(dst, sizeof(dst), "10.9.7.%u", i);
		pkt_udp(&p, "10.0.0.2", dst, 64, 40);
		flow_enable = i % 2;
		flow_choose();
		way = leaves(&p);
		ways |= 1u << way;
		used[way] += 5;
		CHECK_EQ(leaves(&p), way);
		store16(p.p_b + 34, BE16(i));			/* another port */
		CHECK_EQ(leaves(&p), way);
		pkt_iphdr(&p)->ip_off = BE16(IP_MF);
		pkt_ipsum(&p);
		CHECK_EQ(leaves(&p), way);
		pkt_iphdr(&p)->ip_off = BE16(100);
		pkt_iphdr(&p)->ip_p = 6;
		pkt_ipsum(&p);
		CHECK_EQ(leaves(&p), way);
	}
	CHECK_EQ(ways, 7);
	for (rt = head(AF_IP4); rt != NULL; rt = rt->rt_next)
		CHECK_EQ(rt->rt_use, used[(be32_host(rt->rt_via->v_gateway) & 0xff) - 20]);
	flow_enable = 1;
	flow_choose();
	net_end();
}

/* Entries of the hop that goes are decided anew, and no others are by another. */
TEST(mpath_flow_entries)
{
	unsigned way[32];
	struct pkt p[32];
	struct rt_request rq = hop(AF_IP4, 1);

	hops_start(3);
	for (unsigned i = 0; i < 32; i++) {
		char dst[32];

		snprintf(dst, sizeof(dst), "10.9.7.%u", i);
		pkt_udp(&p[i], "10.0.0.2", dst, 64, 40);
		way[i] = leaves(&p[i]);
		CHECK_EQ(leaves(&p[i]), way[i]);
	}
	counter_mark();
	CHECK_EQ(rt_delete(&rq), RT_OK);
	for (unsigned i = 0; i < 32; i++)
		CHECK(way[i] == 1 ? leaves(&p[i]) != 1 : leaves(&p[i]) == way[i]);
	CHECK_EQ(rt_add(&rq), RT_OK);
	for (unsigned i = 0; i < 32; i++)
		CHECK_EQ(leaves(&p[i]), way[i]);
	CHECK_EQ(counter_delta("flows_hits"), 64);
	CHECK_EQ(counter_delta("flows_renewed"), 64);	/* one look-up each time */
	net_end();
}

/* Switched off, the oldest takes all; so it is with those that lead nowhere, and what is down has no share. */
TEST(mpath_heads)
{
	static uint8_t by[FLOWS];
	struct rt_request rq = hop(AF_IP4, 7);

	hops_start(2);
	rq.rq_gateway = addr("10.0.0.9");
	CHECK_EQ(rt_add(&rq), RT_OK);
	if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
	CHECK(rt_ifp(rt_path4(head(AF_IP4), addr("10.0.0.2"), addr("10.9.0.1"))) == &t0.w_if);
	if_link_state_change(&t1.w_if, LINK_STATE_UP);
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	all_taken(AF_IP4, by);
	check_shares(NULL, HOPS, by, 2, FLOWS / 2);
	if_link_state_change(&t1.w_if, LINK_STATE_DOWN);
	CHECK(!RT_FORWARDS(rt_path4(head(AF_IP4), addr("10.0.0.2"), addr("10.9.0.1"))));
	net_end();
}

/* An own packet's source address belongs to the way that it takes. */
TEST(mpath_own_packets)
{
	struct rt_request rq = hop(AF_IP4, 0);
	unsigned seen = 0;

	hops_start(1);
	rq.rq_gateway = addr("10.0.0.2");
	CHECK_EQ(rt_add(&rq), RT_OK);
	for (unsigned i = 0; i < 32; i++) {
		be32_t dst = host_be32(0x0a090000u | i);
		const struct rtentry *rt = rtable_own(0, dst);

		CHECK(rt == rt_path4(head(AF_IP4), IP4_ANY, dst));
		CHECK_EQ(rt->rt_via->v_ifa, rt_ifp(rt) == &t0.w_if ? addr("10.0.0.1") : addr("10.0.1.1"));
		seen |= rt_ifp(rt) == &t0.w_if ? 1 : 2;
	}
	CHECK_EQ(seen, 3);
	net_end();
}

TEST(mpath_limit)
{
	struct rt_request rq;

	net_start();
	for (unsigned n = 0; n < RT_PATHS_MAX; n++) {
		rq = hop(AF_IP4, n);
		CHECK_EQ(rt_add(&rq), RT_OK);
	}
	rq = hop(AF_IP4, RT_PATHS_MAX);
	CHECK_EQ(rt_add(&rq), RT_TOOMANY);
	CHECK(nexthop_find(&t1.w_if, rq.rq_gateway) == NULL);
	rq.rq_priority = 9;
	CHECK_EQ(rt_add(&rq), RT_OK);
	CHECK(!(rtable_lookup(0, rq.rq_dest, 16)->rt_next == NULL));
	net_end();
}

/* A route of the configuration may stand beside those with the flag, whichever comes first; another may not. */
TEST(mpath_beside_plain)
{
	struct rt_request rq = hop(AF_IP4, 0), plain = hop(AF_IP4, 1);

	net_start();
	plain.rq_flags &= ~RTF_MPATH;
	CHECK_EQ(rt_add(&rq), RT_OK);
	CHECK_EQ(rt_add(&plain), RT_EXIST);
	plain.rq_exact = true;
	CHECK_EQ(rt_add(&plain), RT_OK);
	plain.rq_gateway = addr("10.0.1.30");
	CHECK_EQ(rt_add(&plain), RT_EXIST);
	CHECK_EQ(rt_change(&plain), RT_OK);			/* the one without the flag */
	CHECK_EQ(head(AF_IP4)->rt_via->v_gateway, rq.rq_gateway);
	CHECK_EQ(head(AF_IP4)->rt_next->rt_via->v_gateway, addr("10.0.1.30"));
	plain.rq_gateway = rq.rq_gateway;
	CHECK_EQ(rt_change(&plain), RT_EXIST);
	CHECK_EQ(rt_delete(&plain), RT_NOTFOUND);
	rq.rq_exact = true;
	CHECK_EQ(rt_delete(&rq), RT_OK);
	CHECK(!(head(AF_IP4)->rt_flags & RTF_MPATH));
	net_end();
}

/* One more route to a network, that shares it. */
static enum rt_error
another(be32_t dest, unsigned plen, const char *gateway)
{
	struct rt_request rq = { .rq_dest = dest, .rq_plen = (uint8_t)plen, .rq_flags = RTF_GATEWAY | RTF_STATIC | RTF_MPATH, .rq_exact = true,
	    .rq_gateway = addr(gateway) };

	return rt_add(&rq);
}

/* A plain route gets another gateway, and its old one is another file's now, whichever of the two comes first. */
TEST(mpath_gateway_passes_to_another_file)
{
	static const char *const a[] = {
		"# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.9/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n",
		"# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.9/16 10.0.0.2\n# /etc/hostname.t0\ninet 10.0.0.1/24\n",
		"# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/mygate\n10.0.0.2\n",
	};
	static const char *const b[] = {
		"# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add -mpath 10.9/16 10.0.0.2\n# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.9/16 10.0.0.3\n",
		"# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add -mpath 10.9/16 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.9/16 10.0.1.3\n",
		"# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add -mpath default 10.0.0.2\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/mygate\n10.0.1.2\n",
	};
	static const char *const now[] = { "10.0.0.3", "10.0.1.3", "10.0.1.2" };
	const unsigned plen[] = { 16, 16, 0 };
	char bad[400];

	cmd_start();
	for (unsigned i = 0; i < nitems(a); i++) {
		be32_t dest = plen[i] != 0 ? addr("10.9.0.0") : IP4_ANY;
		const struct rtentry *rt;

		CHECK_STR(cmd_load(a[i]), "");
		snprintf(bad, sizeof(bad), "%s# /etc/hostname.lo0\n!route add 10.7/16 10.77.0.1\n", b[i]);
		CHECK_IN(cmd_load(bad), "route 10.7/16: Network is unreachable");	/* nothing of it stays */
		CHECK_STR(cmd_config(), a[i]);
		CHECK((rt = rtable_lookup(0, dest, plen[i])) != NULL && rt->rt_next == NULL);
		CHECK_EQ(rt->rt_via->v_gateway, addr("10.0.0.2"));
		CHECK_EQ(another(dest, plen[i], "10.0.0.2"), RT_EXIST);
		CHECK_STR(cmd_load(b[i]), "");
		CHECK_STR(cmd_config(), b[i]);
		CHECK((rt = rtable_lookup(0, dest, plen[i])) != NULL && rt->rt_next != NULL && rt->rt_next->rt_next == NULL);
		CHECK(rt->rt_via->v_gateway != rt->rt_next->rt_via->v_gateway);
		CHECK_EQ(another(dest, plen[i], now[i]), RT_EXIST);
		CHECK_STR(cmd_load(a[i]), "");
		CHECK_STR(cmd_config(), a[i]);
	}
	cmd_end();
}

static int
line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The routes, in an order of their own: which of several is older is a matter of their history. */
static char *
routes_sorted(void)
{
	char *text = strdup(cmd("netstat -rn -f inet")), *line[200], *next = text, *all = calloc(1, strlen(text) + 1);
	unsigned n = 0;

	while (n < nitems(line) && (line[n] = strsep(&next, "\n")) != NULL)
		n++;
	CHECK(n < nitems(line));
	qsort(line, n, sizeof(*line), line_order);
	for (unsigned i = 0; i < n; i++)
		sprintf(all + strlen(all), "%s%s", i > 0 ? "\n" : "", line[i]);
	free(text);
	return all;
}

/* A file with any of few routes, so that they meet those of others. */
static size_t
random_paths(char *text, const char *name, const char *address)
{
	static const char *const routes[] = { "10.9/16 10.0.0.2", "10.9/16 10.0.0.3", "10.9/16 10.0.1.2", "default 10.0.0.2", "default 10.0.1.2" };
	size_t n = (size_t)sprintf(text, "# /etc/hostname.%s\n%s", name, address);
	unsigned had = 0;

	for (unsigned i = unit_below(4); i > 0; i--) {
		unsigned k = unit_below(nitems(routes)), kind = unit_below(8);

		if (had & 1u << k)
			continue;
		had |= 1u << k;
		n += (size_t)sprintf(text + n, "!route add %s%s\n", kind < 5 ? "-mpath " : kind == 5 ? "-blackhole " : "", routes[k]);
	}
	return n;
}

/* Load A, load B: the routes are B's, as from scratch; what is refused is refused from scratch as well. Routes of several files share networks, and
 * gateways go from one file to another. */
TEST(mpath_random_bundles)
{
	static const char *const name[] = { "t0", "t1", "lo0" }, *const address[] = { "inet 10.0.0.1/24\n", "inet 10.0.1.1/24\n", "" };
	unsigned loaded = 0, refused = 0;
	char before[2000] = "", b[2000];

	cmd_start();
	for (unsigned round = 0; round < 1500; round++) {
		unsigned first = unit_below(3), step = 1 + unit_below(2);
		char *was, *now;
		size_t n = 0;
		bool ok;

		for (unsigned i = 0; i < 3; i++)
			n += random_paths(b + n, name[(first + i * step) % 3], address[(first + i * step) % 3]);
		if (unit_below(3) == 0)
			sprintf(b + n, "# /etc/mygate\n10.0.%u.2\n", unit_below(2));
		ok = cmd_load(b)[0] == '\0';
		was = routes_sorted();
		CHECK_STR(cmd_load(""), "");
		if (ok != (cmd_load(b)[0] == '\0'))
			unit_fail(__FILE__, __LINE__, "over nothing it is%s refused, not so over this:\n%s----\n%s", ok ? "" : " not", before, b);
		if (ok) {
			strcpy(before, b);
			loaded++;
		} else {
			CHECK_STR(cmd_load(before), "");
			refused++;
		}
		now = routes_sorted();
		CHECK_STR(cmd_config(), before);
		CHECK_STR(was, now);
		free(was);
		free(now);
	}
	CHECK(loaded > 300 && refused > 100);
	cmd_end();
}
