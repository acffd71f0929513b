/* hostname_routes.c - a million static routes in little memory: sorted, each with the number of its way. */
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_routes.h"

_Static_assert(sizeof(struct hn_route) == 28, "a million times");

void
hn_routes_free(struct hn_routes *rs)
{
	for (unsigned i = 0; i < rs->rs_nways; i++)
		static_route_drop(&rs->rs_way[i]);
	free(rs->rs_way);
	free(rs->rs_find);
	free(rs->rs_route);
	memset(rs, 0, sizeof(*rs));
}

/* ---- ways ---- */

/* What is left of a route when its own is taken away. The label is the caller's. */
static struct static_route
way_of(const struct static_route *sr)
{
	struct static_route way = *sr;

	way.sr_dest6 = in6_any;
	way.sr_plen = 0;
	way.sr_line = 0;
	way.sr_late = way.sr_installed = false;
	return way;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* Zones, of which there are few, are compared alone. */
static size_t
way_hash(const struct hn_routes *rs, const struct static_route *sr)
{
	uint64_t h = mix(sr->sr_af | (uint64_t)sr->sr_priority << 8 | (uint64_t)sr->sr_mtu << 16, sr->sr_flags);

	h = mix(mix(h, sr->sr_gateway6.s6_addr64[0]), sr->sr_gateway6.s6_addr64[1]);
	h = mix(h, sr->sr_ifa6.s6_addr64[0] ^ sr->sr_ifa6.s6_addr64[1]);
	for (const char *c = sr->sr_label; c != NULL && *c != '\0'; c++)
		h = mix(h, (uint8_t)*c);
	return (size_t)(h >> 32) & (rs->rs_findsize - 1);
}

/* static_route_equal(), but for the destination. */
static bool
same_way(const struct static_route *a, const struct static_route *b)
{
	return in6_equal(&a->sr_gateway6, &b->sr_gateway6) && a->sr_af == b->sr_af && a->sr_priority == b->sr_priority && a->sr_flags == b->sr_flags &&
	    a->sr_mtu == b->sr_mtu && in6_equal(&a->sr_ifa6, &b->sr_ifa6) && strcmp(a->sr_zone, b->sr_zone) == 0 &&
	    (a->sr_label == b->sr_label || (a->sr_label != NULL && b->sr_label != NULL && strcmp(a->sr_label, b->sr_label) == 0));
}

/* Where a route's way stands in rs_find, or could. */
static uint32_t *
way_place(const struct hn_routes *rs, const struct static_route *sr)
{
	size_t i = way_hash(rs, sr);

	while (rs->rs_find[i] != 0 && !same_way(&rs->rs_way[rs->rs_find[i] - 1], sr))
		i = (i + 1) & (rs->rs_findsize - 1);
	return &rs->rs_find[i];
}

/* Twice the room. */
static bool
ways_grow(struct hn_routes *rs)
{
	unsigned n = rs->rs_wayroom == 0 ? 4 : 2 * rs->rs_wayroom;
	struct static_route *way = realloc(rs->rs_way, n * sizeof(*way));
	uint32_t *find;

	if (way == NULL)
		return false;
	rs->rs_way = way;
	find = calloc(2 * (size_t)n, sizeof(*find));
	if (find == NULL)
		return false;
	free(rs->rs_find);
	rs->rs_find = find;
	rs->rs_findsize = 2 * n;
	rs->rs_wayroom = n;
	for (unsigned i = 0; i < rs->rs_nways; i++)
		*way_place(rs, &rs->rs_way[i]) = i + 1;
	return true;
}

/* The number of the way of a route, which may be new. False: no memory. */
static bool
way_get(struct hn_routes *rs, const struct static_route *sr, uint32_t *n)
{
	uint32_t *place;

	if (rs->rs_nways == rs->rs_wayroom && !ways_grow(rs))
		return false;
	place = way_place(rs, sr);
	if (*place == 0) {
		struct static_route way = way_of(sr);

		if (!static_route_keep(&way))
			return false;
		rs->rs_way[rs->rs_nways] = way;
		*place = ++rs->rs_nways;
	}
	*n = *place - 1;
	return true;
}

static const struct static_route *
route_way(const struct hn_routes *rs, unsigned i)
{
	return &rs->rs_way[rs->rs_route[i].r_way];
}

/* ---- one route ---- */

struct static_route
hn_routes_get(const struct hn_routes *rs, unsigned i)
{
	const struct hn_route *r = &rs->rs_route[i];
	struct static_route sr = *route_way(rs, i);

	sr.sr_dest6 = r->r_dest6;
	sr.sr_plen = r->r_plen;
	sr.sr_line = r->r_line;
	sr.sr_late = r->r_late;
	sr.sr_installed = r->r_installed;
	return sr;
}

void
hn_routes_note(struct hn_routes *rs, unsigned i, const struct static_route *sr)
{
	rs->rs_route[i].r_late = sr->sr_late;
	rs->rs_route[i].r_installed = sr->sr_installed;
}

static bool
route_make(struct hn_routes *rs, const struct static_route *sr, struct hn_route *r)
{
	*r = (struct hn_route){ .r_dest6 = sr->sr_dest6, .r_plen = sr->sr_plen, .r_line = sr->sr_line, .r_late = sr->sr_late,
	    .r_installed = sr->sr_installed };
	return way_get(rs, sr, &r->r_way);
}

/* static_route_cmp() of two routes that are in pieces: a way is like a route to everywhere. */
static inline int
route_cmp(const struct hn_route *a, const struct static_route *away, const struct hn_route *b, const struct static_route *bway)
{
	for (unsigned i = 0; away->sr_af == bway->sr_af && i < 2; i++) {
		uint64_t x = __builtin_bswap64(a->r_dest6.s6_addr64[i]), y = __builtin_bswap64(b->r_dest6.s6_addr64[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	if (away->sr_af == bway->sr_af && a->r_plen != b->r_plen)
		return a->r_plen < b->r_plen ? -1 : 1;
	return away == bway ? 0 : static_route_cmp(away, bway);
}

/* The place of r, not before lo, or where it would stand. */
static unsigned
search(const struct hn_routes *rs, unsigned lo, const struct hn_route *r, const struct static_route *way, bool *found)
{
	unsigned hi = rs->rs_n;

	*found = false;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		int c = route_cmp(&rs->rs_route[mid], route_way(rs, mid), r, way);

		if (c == 0)
			*found = true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The place of key, or where it would stand. */
static unsigned
route_index(const struct hn_routes *rs, const struct static_route *key, bool *found)
{
	struct static_route way = way_of(key);
	struct hn_route r = { .r_dest6 = key->sr_dest6, .r_plen = key->sr_plen };

	return search(rs, 0, &r, &way, found);
}

int
hn_routes_find(const struct hn_routes *rs, const struct static_route *key)
{
	bool found;
	unsigned i = route_index(rs, key, &found);

	return found ? (int)i : -1;
}

#define BESIDE_STEPS	8u		/* then it is searched: thousands in a row may be missing in the other */

int
hn_routes_beside(const struct hn_routes *in, unsigned *cursor, const struct hn_routes *rs, unsigned i)
{
	bool found = false;
	int c = -1;

	for (unsigned n = 0; *cursor < in->rs_n && n < BESIDE_STEPS; n++, ++*cursor)
		if ((c = route_cmp(&in->rs_route[*cursor], route_way(in, *cursor), &rs->rs_route[i], route_way(rs, i))) >= 0)
			return c == 0 ? (int)*cursor : -1;
	*cursor = search(in, *cursor, &rs->rs_route[i], route_way(rs, i), &found);
	return found ? (int)*cursor : -1;
}

bool
hn_routes_same(const struct hn_routes *a, unsigned i, const struct hn_routes *b, unsigned k)
{
	return same_way(route_way(a, i), route_way(b, k));
}

/* ---- all of them ---- */

bool
hn_routes_reserve(struct hn_routes *rs, unsigned n)
{
	struct hn_route *p;

	if (n <= rs->rs_size)
		return true;
	if ((p = realloc(rs->rs_route, n * sizeof(*p))) == NULL)
		return false;
	rs->rs_route = p;
	rs->rs_size = n;
	return true;
}

static bool
routes_grow(struct hn_routes *rs)
{
	return rs->rs_n < rs->rs_size || hn_routes_reserve(rs, rs->rs_n == 0 ? 1 : 2 * rs->rs_n);
}

bool
hn_routes_copy(struct hn_routes *dst, const struct hn_routes *src)
{
	if (!hn_routes_reserve(dst, src->rs_n))
		return false;
	for (unsigned i = 0; i < src->rs_n; i++) {
		struct static_route sr = hn_routes_get(src, i);

		sr.sr_line = 0;
		if (!hn_routes_append(dst, &sr))
			return false;
	}
	return true;
}

bool
hn_routes_equal(const struct hn_routes *a, const struct hn_routes *b)
{
	if (a->rs_n != b->rs_n)
		return false;
	for (unsigned i = 0; i < a->rs_n; i++)
		if (route_cmp(&a->rs_route[i], route_way(a, i), &b->rs_route[i], route_way(b, i)) != 0 ||
		    !hn_routes_same(a, i, b, i))
			return false;
	return true;
}

bool
hn_routes_add(struct hn_routes *rs, const struct static_route *sr)
{
	struct hn_route r;
	bool found;
	unsigned i = route_index(rs, sr, &found);

	if (found || !routes_grow(rs) || !route_make(rs, sr, &r))
		return false;
	memmove(&rs->rs_route[i + 1], &rs->rs_route[i], (rs->rs_n - i) * sizeof(r));
	rs->rs_route[i] = r;
	rs->rs_n++;
	return true;
}

bool
hn_routes_append(struct hn_routes *rs, const struct static_route *sr)
{
	if (!routes_grow(rs) || !route_make(rs, sr, &rs->rs_route[rs->rs_n]))
		return false;
	rs->rs_n++;
	return true;
}

/* By key, then line. */
static bool
route_before(const struct hn_routes *rs, const struct hn_route *a, const struct hn_route *b)
{
	int c = route_cmp(a, &rs->rs_way[a->r_way], b, &rs->rs_way[b->r_way]);

	return c != 0 ? c < 0 : a->r_line < b->r_line;
}

/* r sinks from place i of a heap of n, whose top is the last of them. */
static void
heap_sink(const struct hn_routes *rs, struct hn_route *heap, unsigned i, unsigned n, struct hn_route r)
{
	for (unsigned c; (c = 2 * i + 1) < n; i = c) {
		if (c + 1 < n && route_before(rs, &heap[c], &heap[c + 1]))
			c++;
		if (!route_before(rs, &r, &heap[c]))
			break;
		heap[i] = heap[c];
	}
	heap[i] = r;
}

static void
heap_sort(const struct hn_routes *rs, struct hn_route *r, unsigned n)
{
	for (unsigned i = n / 2; i-- > 0;)
		heap_sink(rs, r, i, n, r[i]);
	while (n-- > 1) {
		struct hn_route last = r[n];

		r[n] = r[0];
		heap_sink(rs, r, 0, n, last);
	}
}

#define SORT_BITS	129u		/* family and destination */
#define SORT_FEW	12u

static bool
sort_bit(const struct hn_routes *rs, const struct hn_route *r, unsigned bit)
{
	if (bit == 0)
		return rs->rs_way[r->r_way].sr_af != AF_IP4;
	bit--;
	return r->r_dest6.s6_addr[bit / 8] & 0x80 >> bit % 8;
}

/* How many of n have that bit clear: those are in front from now on. */
static unsigned
sort_divide(const struct hn_routes *rs, struct hn_route *r, unsigned n, unsigned bit)
{
	unsigned lo = 0, hi = n;

	for (;;) {
		struct hn_route t;

		while (lo < hi && !sort_bit(rs, &r[lo], bit))
			lo++;
		while (lo < hi && sort_bit(rs, &r[hi - 1], bit))
			hi--;
		if (lo >= hi)
			return lo;
		t = r[lo];
		r[lo] = r[hi - 1];
		r[hi - 1] = t;
	}
}

/* By bit after bit, which is much quicker than by comparing; few, and what differs in the rest alone, by comparing. In place. Calls itself for the
 * smaller part only. */
static void
sort_some(const struct hn_routes *rs, struct hn_route *r, unsigned n, unsigned bit)
{
	for (; n > SORT_FEW && bit < SORT_BITS; bit++) {
		unsigned zeros = sort_divide(rs, r, n, bit);

		if (zeros < n - zeros) {
			sort_some(rs, r, zeros, bit + 1);
			r += zeros;
			n -= zeros;
		} else {
			sort_some(rs, r + zeros, n - zeros, bit + 1);
			n = zeros;
		}
	}
	heap_sort(rs, r, n);
}

void
hn_routes_sort(struct hn_routes *rs)
{
	unsigned n = 1;

	while (n < rs->rs_n && route_before(rs, &rs->rs_route[n - 1], &rs->rs_route[n]))
		n++;
	if (n < rs->rs_n)
		sort_some(rs, rs->rs_route, rs->rs_n, 0);
}

bool
hn_routes_twice(const struct hn_routes *rs, unsigned i)
{
	return route_cmp(&rs->rs_route[i - 1], route_way(rs, i - 1), &rs->rs_route[i], route_way(rs, i)) == 0;
}

bool
hn_routes_remove(struct hn_routes *rs, const struct static_route *key)
{
	bool found;
	unsigned i = route_index(rs, key, &found);

	if (!found)
		return false;
	rs->rs_n--;
	memmove(&rs->rs_route[i], &rs->rs_route[i + 1], (rs->rs_n - i) * sizeof(*rs->rs_route));
	return true;
}

void
hn_routes_remove_families(struct hn_routes *rs, unsigned families)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rs->rs_n; i++)
		if (!(families & 1u << route_way(rs, i)->sr_af))
			rs->rs_route[kept++] = rs->rs_route[i];
	rs->rs_n = kept;
}
