/* test_hostname_routes.c - the static routes that an object keeps in pieces: each comes back whole, in the order of plain ones. */
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_routes.h"
#include "tests/unit/unit.h"

#define MANY	700u

static const char *const labels[] = { NULL, "west", "east" };
static const char *const zones[] = { "", "em0", "em1" };

/* Of few values each, so that many share something. */
static struct static_route
some_route(void)
{
	struct static_route sr = { .sr_af = (uint8_t)unit_below(2), .sr_label = labels[unit_below(3)], .sr_priority = (uint8_t)(8 + unit_below(2)),
	    .sr_flags = unit_below(2) ? RTF_MPATH : 0, .sr_mtu = unit_below(2) * 1400, .sr_late = unit_below(2), .sr_installed = unit_below(2) };
	unsigned bytes = sr.sr_af == AF_IP4 ? 4 : 16;

	sr.sr_dest6.s6_addr[unit_below(bytes)] = (uint8_t)unit_random();
	sr.sr_plen = (uint8_t)(8 * bytes - unit_below(2));
	sr.sr_dest6.s6_addr[bytes - 1] &= 0xfe;
	sr.sr_gateway6.s6_addr[bytes - 1] = (uint8_t)(1 + unit_below(5));
	if (unit_below(4) == 0)
		sr.sr_ifa6.s6_addr[0] = 10;
	if (sr.sr_af == AF_IP6)
		strcpy(sr.sr_zone, zones[unit_below(3)]);
	return sr;
}

static int
plain_order(const void *a, const void *b)
{
	const struct static_route *x = a, *y = b;
	int c = static_route_cmp(x, y);

	return c != 0 ? c : (x->sr_line > y->sr_line) - (x->sr_line < y->sr_line);
}

static void
check_route(const struct hn_routes *rs, unsigned i, const struct static_route *want)
{
	struct static_route sr = hn_routes_get(rs, i);

	CHECK(static_route_equal(&sr, want) && sr.sr_line == want->sr_line);
	CHECK(sr.sr_late == want->sr_late && sr.sr_installed == want->sr_installed);
}

/* Appended in any order and sorted: as plain ones are. Also those that are many in one place, and those that are in order already. */
TEST(hostname_routes_sort)
{
	static struct static_route want[MANY];

	for (unsigned turn = 0; turn < 30; turn++) {
		struct hn_routes rs = { 0 };
		unsigned n = 1 + unit_below(MANY), twice = 0;

		for (unsigned i = 0; i < n; i++) {
			want[i] = some_route();
			if (turn % 3 == 1)
				want[i].sr_dest6 = want[0].sr_dest6;
			want[i].sr_line = i + 1;
		}
		if (turn % 3 == 2)
			qsort(want, n, sizeof(want[0]), plain_order);
		for (unsigned i = 0; i < n; i++)
			CHECK(hn_routes_append(&rs, &want[i]));
		hn_routes_sort(&rs);
		qsort(want, n, sizeof(want[0]), plain_order);
		CHECK(rs.rs_n == n && rs.rs_nways < 720);
		for (unsigned i = 0; i < n; i++) {
			check_route(&rs, i, &want[i]);
			CHECK(i == 0 || hn_routes_twice(&rs, i) == (static_route_cmp(&want[i - 1], &want[i]) == 0));
			twice += i > 0 && hn_routes_twice(&rs, i);
		}
		CHECK(turn % 3 != 1 || n < 300 || twice > 0);
		hn_routes_free(&rs);
	}
}

/* Added, found and removed one by one beside a plain array; a copy has the ways that are in use, and no lines. */
TEST(hostname_routes_edit)
{
	static struct static_route want[MANY];
	struct hn_routes rs = { 0 }, copy = { 0 };
	unsigned n = 0, at;

	for (unsigned i = 0; i < 3000; i++) {
		struct static_route sr = some_route();

		for (at = 0; at < n && static_route_cmp(&want[at], &sr) < 0; at++)
			continue;
		if (at < n && static_route_cmp(&want[at], &sr) == 0) {
			CHECK(hn_routes_find(&rs, &sr) == (int)at && !hn_routes_add(&rs, &sr));
			CHECK(hn_routes_remove(&rs, &sr));
			memmove(&want[at], &want[at + 1], (--n - at) * sizeof(sr));
		} else if (n < MANY) {
			CHECK(hn_routes_find(&rs, &sr) == -1 && !hn_routes_remove(&rs, &sr));
			CHECK(hn_routes_add(&rs, &sr));
			memmove(&want[at + 1], &want[at], (n++ - at) * sizeof(sr));
			want[at] = sr;
		}
	}
	CHECK(rs.rs_n == n && n > 400);
	for (unsigned i = 0; i < n; i++)
		check_route(&rs, i, &want[i]);
	hn_routes_remove_families(&rs, 1u << AF_IP6);
	CHECK(hn_routes_copy(&copy, &rs) && hn_routes_equal(&copy, &rs));
	CHECK(copy.rs_nways < rs.rs_nways);
	hn_routes_free(&rs);
	for (unsigned i = 0, k = 0; i < n; i++)
		if (want[i].sr_af == AF_IP4)
			check_route(&copy, k++, &want[i]);
	hn_routes_free(&copy);
}

/* A walk over two objects side by side finds what a search finds. */
TEST(hostname_routes_beside)
{
	struct hn_routes a = { 0 }, b = { 0 };
	unsigned cursor = 0, both = 0;

	for (unsigned i = 0; i < MANY; i++) {
		struct static_route x = some_route(), y = x;

		if (unit_below(2))
			y.sr_gateway6.s6_addr[3] ^= 1;
		if (hn_routes_find(&a, &x) < 0)
			CHECK(hn_routes_add(&a, &x));
		if (unit_below(2) && hn_routes_find(&b, &y) < 0)
			CHECK(hn_routes_add(&b, &y));
	}
	for (unsigned i = 0; i < a.rs_n; i++) {
		struct static_route x = hn_routes_get(&a, i), y;
		int k = hn_routes_beside(&b, &cursor, &a, i);

		CHECK(k == hn_routes_find(&b, &x));
		if (k < 0)
			continue;
		y = hn_routes_get(&b, (unsigned)k);
		CHECK(hn_routes_same(&a, i, &b, (unsigned)k) == static_route_equal(&x, &y));
		both++;
	}
	CHECK(both > 100 && both < a.rs_n);
	hn_routes_free(&a);
	hn_routes_free(&b);
}
