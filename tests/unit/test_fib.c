/* test_fib.c - the trie of a routing table against a plain list of prefixes, of either family. */
#include <stdio.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/core/net_init.h"
#include "net/route/rt_var.h"
#include "tests/unit/unit.h"

#define N 400

static struct rtentry routes[2][N];	/* the second: replacements */
static struct rtentry *list[N];		/* what is in the trie; NULL: not */
static unsigned nlist, family;
static uintptr_t top;

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

/* A few stems with bits flipped anywhere, so that prefixes nest and neighbour one another at every depth; or octets of few values, so that nodes
 * fill with runs. */
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
	if (unit_below(3) == 0)
		a.s6_addr[unit_below(8)] = (uint8_t)unit_below(256);
	if (family == AF_IP4)
		memset(&a.s6_addr[4], 0, 12);
	return a;
}

static unsigned
random_plen(void)
{
	unsigned plen = unit_below(3) == 0 ? unit_below(129) :
	    (unsigned[]){ 0, 1, 7, 8, 9, 10, 15, 16, 17, 24, 25, 31, 32, 32, 48, 55, 56, 57, 63, 64, 65, 72, 112, 126, 127, 128, 128 }[unit_below(27)];

	return family == AF_IP4 ? plen % 33 : plen;
}

static struct rtentry *
match(const struct in6_addr *a)
{
	uintptr_t root = top != 0 ? top : FIB_EMPTY;

	return family == AF_IP4 ? fib_match4(root, a->s6_addr32[0]) : fib_match6(root, a);
}

static void
check_some(void)
{
	for (int i = 0; i < 12; i++) {
		struct in6_addr a = random_addr();
		unsigned plen = random_plen();

		CHECK(match(&a) == slow_match(&a, 129));
		CHECK(fib_shorter(top, &a, plen) == slow_match(&a, plen));
		a = in6_masked(&a, plen);
		CHECK(fib_exact(top, &a, plen) == slow_exact(&a, plen));
		CHECK(fib_next(top, &a, (int)plen) == slow_next(&a, (int)plen));
	}
}

/* What the shape promises: a node ends a prefix or divides (octet 7 and the first ones may lead on alone); what hangs in it continues its key; no
 * two runs side by side are the same, where memory was there. Returns how many nodes there are. */
static unsigned
check_shape(uintptr_t e, unsigned above, const struct fib_key *key)
{
	const struct fib_node *n = fib_node(e);
	uintptr_t before = 0, v;
	unsigned count = 1, children = 0;

	if (!(e & FIB_NODE))
		return 0;
	CHECK(n->n_byte >= above && n->n_shift == 56 - n->n_byte % 8 * 8 && !!(e & FIB_LOW) == (n->n_byte >= 8));
	CHECK(above >= 8 || n->n_byte < 8);
	CHECK(above >= FIB_WHOLE(family) || n->n_byte == above);
	CHECK(above % 8 == 0 || (n->n_key ^ key->k[n->n_byte / 8]) >> (64 - above % 8 * 8) == 0);
	for (unsigned t = 0; t < 256; t++, before = v) {
		struct fib_key k = *key;

		v = n->n_value[e & FIB_DIRECT ? t : fib_run(n, t, false)];
		if (!(e & FIB_DIRECT) && t > 0 && (n->n_start[t / 64] >> t % 64 & 1))
			CHECK(host.pages_max != 0 || v != before);
		k.k[n->n_byte / 8] = n->n_key | (uint64_t)t << n->n_shift;
		if (v & FIB_NODE) {
			children++;
			CHECK((v & FIB_LOW) == (e & FIB_LOW) || n->n_byte == 7);
			count += check_shape(v, n->n_byte + 1u, &k);
		}
	}
	CHECK(n->n_own != NULL || children > 1 || (children == 1 && (n->n_byte == 7 || n->n_byte < FIB_WHOLE(family))));
	return count;
}

static void
check_walk(void)
{
	struct rtentry *rt = NULL;
	struct fib_key key = { { 0, 0 } };
	unsigned n = 0, want = 0;

	for (unsigned i = 0; i < nlist; i++)
		want += list[i] != NULL;
	while ((rt = rt == NULL ? fib_next(top, &in6_any, -1) : fib_next(top, &rt->rt_dest6, rt->rt_plen)) != NULL) {
		CHECK(rt == slow_exact(&rt->rt_dest6, rt->rt_plen));
		n++;
	}
	CHECK_EQ(n, want);
	CHECK(check_shape(top, 0, &key) <= 4 * want + 1);
	CHECK_EQ(top == 0, want == 0);
}

static void
change(unsigned i)
{
	struct rtentry *rt = &routes[0][i];

	if (list[i] != NULL && unit_below(3) == 0) {
		struct rtentry *other = list[i] == rt ? &routes[1][i] : rt;

		fib_replace(&top, &rt->rt_dest6, rt->rt_plen, other);
		list[i] = other;
	} else if (list[i] != NULL) {
		fib_remove(family, &top, &rt->rt_dest6, rt->rt_plen);
		list[i] = NULL;
	} else {
		rt->rt_dest6 = random_addr();
		rt->rt_plen = (uint8_t)random_plen();
		rt->rt_dest6 = in6_masked(&rt->rt_dest6, rt->rt_plen);
		if (slow_exact(&rt->rt_dest6, rt->rt_plen) != NULL)
			return;
		routes[1][i] = *rt;
		CHECK(fib_insert(family, &top, &rt->rt_dest6, rt->rt_plen, rt));
		list[i] = rt;
	}
}

static void
remove_all(void)
{
	for (unsigned i = 0; i < nlist; i++)
		if (list[i] != NULL) {
			fib_remove(family, &top, &list[i]->rt_dest6, list[i]->rt_plen);
			list[i] = NULL;
		}
}

static void
random_changes(unsigned af)
{
	family = af;
	for (unsigned round = 0; round < 10; round++) {
		fib_match_choose(round % 2 && machine_popcnt());
		nlist = 1 + unit_below(N);
		for (unsigned step = 0; step < 1200; step++) {
			change(unit_below(nlist));
			check_some();
		}
		check_walk();
		remove_all();
		check_walk();
	}
}

TEST(fib_random_ip4)
{
	start();
	random_changes(AF_IP4);
}

TEST(fib_random_ip6)
{
	start();
	random_changes(AF_IP6);
}

/* Without memory an insert leaves the trie as it was, and all else works. */
static void
changes_without_memory(unsigned af)
{
	unsigned failed = 0;

	family = af;
	nlist = 300;
	for (unsigned step = 0; step < 6000; step++) {
		struct rtentry *rt = &routes[0][step % nlist];

		host.pages_max = host.pages;
		if (list[step % nlist] != NULL && unit_below(2)) {
			fib_remove(family, &top, &rt->rt_dest6, rt->rt_plen);
			list[step % nlist] = NULL;
		}
		if (list[step % nlist] == NULL) {
			rt->rt_plen = (uint8_t)random_plen();
			rt->rt_dest6 = random_addr();
			rt->rt_dest6 = in6_masked(&rt->rt_dest6, rt->rt_plen);
			if (slow_exact(&rt->rt_dest6, rt->rt_plen) == NULL) {
				host.pages_max = host.pages + (unit_below(100) == 0);
				if (fib_insert(family, &top, &rt->rt_dest6, rt->rt_plen, rt))
					list[step % nlist] = rt;
				else
					failed++;
			}
		}
		check_some();
	}
	CHECK(failed > 0);
	check_walk();
	remove_all();
	CHECK(top == 0);
}

TEST(fib_nomem_ip4)
{
	start();
	changes_without_memory(AF_IP4);
}

TEST(fib_nomem_ip6)
{
	start();
	changes_without_memory(AF_IP6);
}

/* All slots of nodes of the kind without runs, with what lies shorter and longer. */
TEST(fib_full_node)
{
	static struct rtentry rt[256], all, half;
	struct in6_addr a = in6_of_ip4(BE32(0x0a000000));

	start();
	family = AF_IP4;
	CHECK(fib_insert(family, &top, &a, 8, &all));
	CHECK(fib_insert(family, &top, &a, 17, &half));
	for (unsigned i = 0; i < 256; i++) {
		a = in6_of_ip4(host_be32(0x0a000000 | (i * 167 % 256) << 8));
		CHECK(fib_insert(family, &top, &a, 24, &rt[i * 167 % 256]));
	}
	for (unsigned i = 0; i < 256; i++)
		CHECK(fib_match4(top, host_be32(0x0a0000ff | i << 8)) == &rt[i]);
	CHECK(fib_match4(top, BE32(0x0a010000)) == &all);
	for (unsigned i = 0; i < 256; i += 2) {
		a = in6_of_ip4(host_be32(0x0a000000 | i << 8));
		fib_remove(family, &top, &a, 24);
	}
	for (unsigned i = 0; i < 256; i++)
		CHECK(fib_match4(top, host_be32(0x0a000001 | i << 8)) == (i % 2 ? &rt[i] : i < 128 ? &half : &all));
	for (struct rtentry *left; (left = fib_next(top, &in6_any, -1)) != NULL;) {
		a = in6_of_ip4(BE32(0x0a000000));
		if (left == &all || left == &half) {
			fib_remove(family, &top, &a, left == &all ? 8 : 17);
		} else {
			a = in6_of_ip4(host_be32(0x0a000000 | (unsigned)(left - rt) << 8));
			fib_remove(family, &top, &a, 24);
		}
	}
	CHECK(top == 0);
}

/* What another core holds of the trie while it changes still leads somewhere: a node that has been taken out keeps what hangs in it. */
TEST(fib_readers_pass_removed_nodes)
{
	struct in6_addr a = { { { 0x20, 0x01 } } }, b = { { { 0x20, 0x01, 0x80 } } }, c = { { { 0x20, 0x02 } } };
	uintptr_t held;

	start();
	family = AF_IP6;
	CHECK(fib_insert(family, &top, &a, 16, &routes[0][0]));
	CHECK(fib_insert(family, &top, &b, 32, &routes[0][1]));
	held = top;
	fib_remove(family, &top, &a, 16);
	CHECK(fib_match6(top, &b) == &routes[0][1]);
	CHECK(fib_match6(held, &b) == &routes[0][1]);		/* as it stands until the epoch is over */
	held = top;
	CHECK(fib_insert(family, &top, &c, 16, &routes[0][2]));		/* divides in front of b */
	CHECK(fib_match6(held, &b) == &routes[0][1]);
	fib_remove(family, &top, &c, 16);
	fib_remove(family, &top, &b, 32);
	CHECK(top == 0);
}
