/* test_radix.c - the tree of IPv6 prefixes against a plain list. */
#include <stdio.h>
#include <string.h>

#include "net/core/net_init.h"
#include "net/route/rt_var.h"
#include "tests/unit/unit.h"

#define N 400

static struct rtentry routes[2][N];	/* the second: replacements */
static struct rtentry *list[N];		/* what is in the tree; NULL: not */
static unsigned nlist;
static struct radix_node *top;

static void
start(void)
{
	SET_FOREACH(const struct net_init, ni, net_inits)
		if (ni->ni_order == 10)
			ni->ni_func();
}

/* Bit by bit, so that nothing is shared with the code under test. */
static bool
slow_covers(const struct in6_addr *a, unsigned plen, const struct in6_addr *b)
{
	for (unsigned i = 0; i < plen; i++)
		if ((a->s6_addr[i / 8] ^ b->s6_addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static struct rtentry *
slow_match(const struct in6_addr *dst, unsigned below)
{
	struct rtentry *best = NULL;

	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && list[i]->rt_plen < below && slow_covers(&list[i]->rt_dest6, list[i]->rt_plen, dst) &&
		    (best == NULL || list[i]->rt_plen > best->rt_plen))
			best = list[i];
	return best;
}

static struct rtentry *
slow_exact(const struct in6_addr *a, unsigned plen)
{
	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && memcmp(&list[i]->rt_dest6, a, 16) == 0 && list[i]->rt_plen == plen)
			return list[i];
	return NULL;
}

static int
order(const struct in6_addr *a, int aplen, const struct in6_addr *b, int bplen)
{
	int c = memcmp(a, b, 16);

	return c != 0 ? c : aplen - bplen;
}

static struct rtentry *
slow_next(const struct in6_addr *a, int plen)
{
	struct rtentry *best = NULL;

	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && (plen < 0 || order(&list[i]->rt_dest6, list[i]->rt_plen, a, plen) > 0) &&
		    (best == NULL || order(&list[i]->rt_dest6, list[i]->rt_plen, &best->rt_dest6, best->rt_plen) < 0))
			best = list[i];
	return best;
}

/* A few stems with bits flipped anywhere, so that prefixes nest and neighbour one another at every depth. */
static struct in6_addr
random_addr(void)
{
	static const uint8_t stems[4][16] = {
		{ 0 }, { 0x20, 0x01, 0x0d, 0xb8 }, { 0xfe, 0x80, 0, 3, [15] = 1 }, { 0xff, 0x02, [13] = 0xff },
	};
	struct in6_addr a;

	memcpy(&a, stems[unit_below(4)], 16);
	for (unsigned n = unit_below(4); n > 0; n--) {
		unsigned bit = unit_below(3) == 0 ? 64 + unit_below(8) : unit_below(128);

		a.s6_addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return a;
}

static unsigned
random_plen(void)
{
	return unit_below(3) == 0 ? unit_below(129) : (unsigned[]){ 0, 1, 10, 32, 48, 63, 64, 65, 112, 126, 127, 128, 128 }[unit_below(13)];
}

static void
check_some(void)
{
	for (int i = 0; i < 12; i++) {
		struct in6_addr a = random_addr();
		unsigned plen = random_plen();

		CHECK(radix_match(top, &a) == slow_match(&a, 129));
		CHECK(radix_shorter(top, &a, plen) == slow_match(&a, plen));
		a = in6_masked(&a, plen);
		CHECK(radix_exact(top, &a, plen) == slow_exact(&a, plen));
		CHECK(radix_next(top, &a, (int)plen) == slow_next(&a, (int)plen));
	}
}

/* What the shape promises: each node has a route or forks, lies within the one above, and children differ in the bit that chooses. */
static unsigned
check_shape(const struct radix_node *rn)
{
	unsigned n = 1;

	if (rn == NULL)
		return 0;
	CHECK(rn->rn_route != NULL || (rn->rn_child[0] != NULL && rn->rn_child[1] != NULL));
	for (unsigned side = 0; side < 2; side++) {
		const struct radix_node *c = rn->rn_child[side];

		if (c == NULL)
			continue;
		CHECK(c->rn_plen > rn->rn_plen && slow_covers(&rn->rn_key, rn->rn_plen, &c->rn_key));
		CHECK_EQ((c->rn_key.s6_addr[rn->rn_plen / 8] >> (7 - rn->rn_plen % 8)) & 1, side);
		n += check_shape(c);
	}
	return n;
}

static void
check_walk(void)
{
	struct rtentry *rt = NULL;
	unsigned n = 0, want = 0;

	for (unsigned i = 0; i < nlist; i++)
		want += list[i] != NULL;
	while ((rt = rt == NULL ? radix_next(top, &in6_any, -1) : radix_next(top, &rt->rt_dest6, rt->rt_plen)) != NULL) {
		CHECK(rt == slow_exact(&rt->rt_dest6, rt->rt_plen));
		n++;
	}
	CHECK_EQ(n, want);
	CHECK(check_shape(top) <= 2 * want);
	CHECK_EQ(top == NULL, want == 0);
}

static void
change(unsigned i)
{
	struct rtentry *rt = &routes[0][i];

	if (list[i] != NULL && unit_below(3) == 0) {
		struct rtentry *other = list[i] == rt ? &routes[1][i] : rt;

		radix_replace(&top, &rt->rt_dest6, rt->rt_plen, other);
		list[i] = other;
	} else if (list[i] != NULL) {
		radix_remove(&top, &rt->rt_dest6, rt->rt_plen);
		list[i] = NULL;
	} else {
		rt->rt_dest6 = random_addr();
		rt->rt_plen = (uint8_t)random_plen();
		rt->rt_dest6 = in6_masked(&rt->rt_dest6, rt->rt_plen);
		if (slow_exact(&rt->rt_dest6, rt->rt_plen) != NULL)
			return;
		routes[1][i] = *rt;
		CHECK(radix_insert(&top, &rt->rt_dest6, rt->rt_plen, rt));
		list[i] = rt;
	}
}

TEST(radix_random)
{
	start();
	for (unsigned round = 0; round < 12; round++) {
		nlist = 1 + unit_below(N);
		for (unsigned step = 0; step < 1200; step++) {
			change(unit_below(nlist));
			check_some();
		}
		check_walk();
		for (unsigned i = 0; i < nlist; i++)
			if (list[i] != NULL) {
				radix_remove(&top, &list[i]->rt_dest6, list[i]->rt_plen);
				list[i] = NULL;
			}
		check_walk();
	}
}

/* Without memory an insert leaves the tree as it was. */
TEST(radix_nomem)
{
	unsigned failed = 0;

	start();
	nlist = 200;
	for (unsigned step = 0; step < 4000; step++) {
		struct rtentry *rt = &routes[0][step % nlist];

		host.pages_max = host.pages;
		if (list[step % nlist] != NULL && unit_below(2)) {
			radix_remove(&top, &rt->rt_dest6, rt->rt_plen);
			list[step % nlist] = NULL;
		}
		if (list[step % nlist] == NULL) {
			rt->rt_plen = (uint8_t)random_plen();
			rt->rt_dest6 = random_addr();
			rt->rt_dest6 = in6_masked(&rt->rt_dest6, rt->rt_plen);
			if (slow_exact(&rt->rt_dest6, rt->rt_plen) == NULL) {
				host.pages_max = host.pages + (unit_below(100) == 0);
				if (radix_insert(&top, &rt->rt_dest6, rt->rt_plen, rt))
					list[step % nlist] = rt;
				else
					failed++;
			}
		}
		check_some();
	}
	CHECK(failed > 0);
	check_walk();
	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL)
			radix_remove(&top, &list[i]->rt_dest6, list[i]->rt_plen);
	CHECK(top == NULL);
}

/* What another core holds of the tree while it changes still leads somewhere: a node that has been taken out keeps its children. */
TEST(radix_readers_pass_removed_nodes)
{
	struct in6_addr a = { { { 0x20, 0x01 } } }, b = { { { 0x20, 0x01, 0x80 } } };
	const struct radix_node *held;

	start();
	CHECK(radix_insert(&top, &a, 16, &routes[0][0]));
	CHECK(radix_insert(&top, &b, 32, &routes[0][1]));
	held = top;
	radix_remove(&top, &a, 16);
	CHECK(radix_match(top, &b) == &routes[0][1]);
	CHECK(radix_match(held, &b) == &routes[0][1]);		/* as it stands until the epoch is over */
	radix_remove(&top, &b, 32);
	CHECK(top == NULL);
}
