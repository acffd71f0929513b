/* test_art.c - the tree of a routing table against a plain list of prefixes. */
#include <stdio.h>

#include "net/core/net_init.h"
#include "net/route/rt_var.h"
#include "tests/unit/unit.h"

#define N 400

static struct rtentry routes[2][N];	/* the second: replacements */
static struct rtentry *list[N];		/* what is in the tree; NULL: not */
static unsigned nlist;
static struct art *art;

static void
start(void)
{
	SET_FOREACH(const struct net_init, ni, net_inits)
		if (ni->ni_order == 10)
			ni->ni_func();
	art = art_create();
	CHECK(art != NULL);
}

static struct rtentry *
slow_match(be32_t dst)
{
	struct rtentry *best = NULL;

	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && ((list[i]->rt_dest ^ dst) & ip4_mask(list[i]->rt_plen)) == 0 &&
		    (best == NULL || list[i]->rt_plen > best->rt_plen))
			best = list[i];
	return best;
}

static struct rtentry *
slow_exact(be32_t dest, unsigned plen)
{
	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && list[i]->rt_dest == dest && list[i]->rt_plen == plen)
			return list[i];
	return NULL;
}

/* The smallest key above. */
static uint64_t
key(be32_t dest, int plen)
{
	return (uint64_t)be32_host(dest) << 8 | (unsigned)(plen + 1);
}

static struct rtentry *
slow_next(be32_t dest, int plen)
{
	uint64_t after = plen < 0 ? 0 : key(dest, plen);
	struct rtentry *best = NULL;

	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL && key(list[i]->rt_dest, list[i]->rt_plen) > after &&
		    (best == NULL || key(list[i]->rt_dest, list[i]->rt_plen) < key(best->rt_dest, best->rt_plen)))
			best = list[i];
	return best;
}

/* Few different bits at every level, so that prefixes nest and neighbour one another. */
static be32_t
random_addr(void)
{
	uint32_t a = 0;

	for (int i = 0; i < 4; i++)
		a = a << 8 | (uint8_t[]){ 0, 1, 10, 127, 128, 192, 254, 255 }[unit_below(i == 0 ? 8 : 5)];
	return host_be32(a ^ (unit_below(4) == 0 ? 1u << unit_below(32) : 0));
}

static unsigned
random_plen(void)
{
	return unit_below(3) == 0 ? unit_below(33) : (unsigned[]){ 0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32 }[unit_below(13)];
}

static void
check_some(void)
{
	for (int i = 0; i < 12; i++) {
		be32_t a = random_addr();
		unsigned plen = random_plen();

		CHECK(art_match(art, a) == slow_match(a));
		a &= ip4_mask(plen);
		CHECK(art_exact(art, a, plen) == slow_exact(a, plen));
		CHECK(art_next(art, a, (int)plen) == slow_next(a, (int)plen));
	}
}

static void
check_walk(void)
{
	struct rtentry *rt = NULL;
	unsigned n = 0, want = 0;

	for (unsigned i = 0; i < nlist; i++)
		want += list[i] != NULL;
	while ((rt = rt == NULL ? art_next(art, 0, -1) : art_next(art, rt->rt_dest, rt->rt_plen)) != NULL) {
		CHECK(rt == slow_exact(rt->rt_dest, rt->rt_plen));
		n++;
	}
	CHECK_EQ(n, want);
	CHECK_EQ(art_is_empty(art), want == 0);
}

static void
change(unsigned i)
{
	struct rtentry *rt = &routes[0][i];

	if (list[i] != NULL && unit_below(3) == 0) {
		struct rtentry *other = list[i] == rt ? &routes[1][i] : rt;

		art_replace(art, rt->rt_dest, rt->rt_plen, other);
		list[i] = other;
	} else if (list[i] != NULL) {
		art_remove(art, rt->rt_dest, rt->rt_plen);
		list[i] = NULL;
	} else {
		rt->rt_dest = random_addr();
		rt->rt_plen = (uint8_t)random_plen();
		rt->rt_dest &= ip4_mask(rt->rt_plen);
		if (slow_exact(rt->rt_dest, rt->rt_plen) != NULL)
			return;
		routes[1][i] = *rt;
		CHECK(art_insert(art, rt->rt_dest, rt->rt_plen, rt));
		list[i] = rt;
	}
}

TEST(art_random)
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
				art_remove(art, list[i]->rt_dest, list[i]->rt_plen);
				list[i] = NULL;
			}
		check_walk();
	}
	art_destroy(art);
}

/* Without memory an insert leaves the tree as it was. */
TEST(art_nomem)
{
	start();
	nlist = 200;
	for (unsigned step = 0; step < 2000; step++) {
		struct rtentry *rt = &routes[0][step % nlist];

		host.pages_max = host.pages + unit_below(3);
		if (list[step % nlist] != NULL) {
			art_remove(art, rt->rt_dest, rt->rt_plen);
			list[step % nlist] = NULL;
		}
		rt->rt_plen = (uint8_t)random_plen();
		rt->rt_dest = random_addr() & ip4_mask(rt->rt_plen);
		if (slow_exact(rt->rt_dest, rt->rt_plen) == NULL && art_insert(art, rt->rt_dest, rt->rt_plen, rt))
			list[step % nlist] = rt;
		check_some();
	}
	check_walk();
	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL)
			art_remove(art, list[i]->rt_dest, list[i]->rt_plen);
	CHECK(art_is_empty(art));
	art_destroy(art);
}
