/* pf_prefix.c - a table's addresses: sorted once, looked up by an index of their first bits, and bisection among those that share them. What nobody
 * writes to can be read by every core, and takes little more room than the addresses do. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/pf/pf_engine.h"

int
pf_prefix_cmp(const struct pf_prefix *a, const struct pf_prefix *b)
{
	int c = in6_cmp(&a->px_addr, &b->px_addr);

	return c != 0 ? c : (int)a->px_plen - b->px_plen;
}

static int
prefix_cmp(const void *va, const void *vb)
{
	const struct pf_prefix *a = va, *b = vb;
	int c = pf_prefix_cmp(a, b);

	return c != 0 ? c : a->px_up < b->px_up ? -1 : 1;	/* px_up is the place in the list, until prefixes_link() */
}

static inline bool
prefix_holds(const struct pf_prefix *p, const struct in6_addr *a)
{
	return in6_covers(&p->px_addr, p->px_plen, a);
}

/* Of equal ones the last in the list stays. Returns how many are left. */
static unsigned
prefixes_unique(struct pf_prefix *p, unsigned n)
{
	unsigned to = 0;

	for (unsigned i = 0; i < n; i++) {
		if (to > 0 && p[to - 1].px_plen == p[i].px_plen && in6_equal(&p[to - 1].px_addr, &p[i].px_addr))
			to--;
		p[to++] = p[i];
	}
	return to;
}

/* Who holds whom: the one before, or one that holds that. */
static void
prefixes_link(struct pf_prefix *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t up = i > 0 ? i - 1 : PF_PREFIX_NONE;

		while (up != PF_PREFIX_NONE && !prefix_holds(&p[up], &p[i].px_addr))
			up = p[up].px_up;
		p[i].px_up = up;
	}
}

static inline uint64_t
first_bits(unsigned af, const struct in6_addr *a)
{
	return af == AF_IP4 ? be32_host(a->s6_addr32[0]) : __builtin_bswap64(a->s6_addr64[0]);
}

/* About as many places as addresses, over what lies between the first and the last. */
static bool
prefixes_index(struct pf_prefixes *ps, unsigned af)
{
	const struct pf_prefix *p = ps->pf_p[af];
	unsigned n = ps->pf_n[af], k = 0;
	uint64_t base = first_bits(af, &p[0].px_addr), span = first_bits(af, &p[n - 1].px_addr) - base;

	ps->pf_base[af] = base;
	while (span >> ps->pf_shift[af] > n)
		ps->pf_shift[af]++;
	ps->pf_last[af] = (uint32_t)(span >> ps->pf_shift[af]);
	if ((ps->pf_index[af] = malloc((ps->pf_last[af] + 2) * sizeof(uint32_t))) == NULL)
		return false;
	for (uint32_t i = 0; i <= ps->pf_last[af]; i++) {
		while ((first_bits(af, &p[k].px_addr) - base) >> ps->pf_shift[af] < i)
			k++;
		ps->pf_index[af][i] = k;
	}
	ps->pf_index[af][ps->pf_last[af] + 1] = n;
	return true;
}

static bool
prefixes_fill(struct pf_prefixes *ps, unsigned af, const struct pf_tentry *te, unsigned n)
{
	uint32_t now = (uint32_t)wall_s();
	unsigned mine = 0, k = 0;
	struct pf_prefix *p;

	for (unsigned i = 0; i < n; i++)
		mine += pf_af(te[i].te_af) == af;
	if (mine == 0)
		return true;
	if ((p = malloc(mine * sizeof(*p))) == NULL)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (pf_af(te[i].te_af) == af)
			p[k++] = (struct pf_prefix){ in6_masked(&te[i].te_addr, te[i].te_plen), i, 0, now, te[i].te_plen, te[i].te_not, false };
	qsort(p, mine, sizeof(*p), prefix_cmp);
	ps->pf_n[af] = prefixes_unique(p, mine);
	ps->pf_p[af] = p;
	prefixes_link(p, ps->pf_n[af]);
	return prefixes_index(ps, af);
}

struct pf_prefixes *
pf_prefixes_make(const struct pf_tentry *te, unsigned n)
{
	struct pf_prefixes *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return NULL;
	for (unsigned af = 0; af < AF_COUNT; af++)
		if (!prefixes_fill(ps, af, te, n)) {
			pf_prefixes_free(ps);
			return NULL;
		}
	return ps;
}

static const struct pf_prefix *
there(const struct pf_prefix *p, const struct pf_prefix *end)
{
	while (p < end && p->px_gone)
		p++;
	return p;
}

/* One pass over all three. */
static unsigned
merge(struct pf_prefix *to, unsigned af, const struct pf_prefixes *ps, const struct pf_prefixes *but, const struct pf_prefixes *more)
{
	const struct pf_prefix *a = ps->pf_p[af], *b = but->pf_p[af], *m = more->pf_p[af];
	const struct pf_prefix *a_end = a + ps->pf_n[af], *b_end = b + but->pf_n[af], *m_end = m + more->pf_n[af];
	unsigned n = 0;

	for (;;) {
		int c;

		a = there(a, a_end);
		m = there(m, m_end);
		if (a == a_end && m == m_end)
			return n;
		if ((c = a == a_end ? 1 : m == m_end ? -1 : pf_prefix_cmp(a, m)) > 0) {
			to[n++] = *m++;
			continue;
		}
		while (b < b_end && pf_prefix_cmp(b, a) < 0)
			b++;
		if (b == b_end || pf_prefix_cmp(b, a) != 0)
			to[n++] = *a;
		a++;
		m += c == 0;
	}
}

static bool
prefixes_merge(struct pf_prefixes *new, unsigned af, const struct pf_prefixes *ps, const struct pf_prefixes *but, const struct pf_prefixes *more)
{
	unsigned cap = ps->pf_n[af] + more->pf_n[af];

	if (cap == 0)
		return true;
	if ((new->pf_p[af] = malloc(cap * sizeof(*new->pf_p[af]))) == NULL)
		return false;
	if ((new->pf_n[af] = merge(new->pf_p[af], af, ps, but, more)) > 0) {
		prefixes_link(new->pf_p[af], new->pf_n[af]);
		return prefixes_index(new, af);
	}
	free(new->pf_p[af]);
	new->pf_p[af] = NULL;
	return true;
}

struct pf_prefix *
pf_prefixes_exact(const struct pf_prefixes *ps, unsigned af, const struct pf_prefix *e)
{
	unsigned lo = 0, hi = ps->pf_n[af];

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = pf_prefix_cmp(&ps->pf_p[af][mid], e);

		if (c == 0)
			return &ps->pf_p[af][mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct pf_prefixes *
pf_prefixes_change(const struct pf_prefixes *ps, const struct pf_prefixes *but, const struct pf_prefixes *more)
{
	static const struct pf_prefixes none;
	struct pf_prefixes *new = calloc(1, sizeof(*new));

	for (unsigned af = 0; af < AF_COUNT && new != NULL; af++)
		if (!prefixes_merge(new, af, ps != NULL ? ps : &none, but != NULL ? but : &none, more != NULL ? more : &none)) {
			pf_prefixes_free(new);
			return NULL;
		}
	return new;
}

void
pf_prefixes_free(struct pf_prefixes *ps)
{
	if (ps == NULL || ps->pf_shares-- > 0)
		return;
	for (unsigned af = 0; af < AF_COUNT; af++) {
		free(ps->pf_p[af]);
		free(ps->pf_index[af]);
	}
	free(ps);
}

static inline bool
not_above(const struct in6_addr *p, const struct in6_addr *a)
{
	uint64_t x = first_bits(AF_IP6, p), y = first_bits(AF_IP6, a);

	return x != y ? x < y : __builtin_bswap64(p->s6_addr64[1]) <= __builtin_bswap64(a->s6_addr64[1]);
}

static __inline_fn const struct pf_prefix *
find4(const struct pf_prefixes *ps, be32_t addr)
{
	const struct pf_prefix *p = ps->pf_p[AF_IP4];
	uint32_t a = be32_host(addr), place, lo, hi;

	if (p == NULL || a < ps->pf_base[AF_IP4])
		return NULL;
	place = (a - (uint32_t)ps->pf_base[AF_IP4]) >> ps->pf_shift[AF_IP4];
	if (place > ps->pf_last[AF_IP4])
		lo = hi = ps->pf_n[AF_IP4];
	else {
		lo = ps->pf_index[AF_IP4][place];
		hi = ps->pf_index[AF_IP4][place + 1];
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (be32_host(p[mid].px_addr.s6_addr32[0]) <= a)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (--lo != PF_PREFIX_NONE) {	/* of 0 */
		p = &ps->pf_p[AF_IP4][lo];
		if ((uint64_t)(be32_host(p->px_addr.s6_addr32[0]) ^ a) >> (32 - p->px_plen) == 0 && !p->px_gone)
			return p;
		lo = p->px_up + 1;
	}
	return NULL;
}

static const struct pf_prefix *
find6(const struct pf_prefixes *ps, const struct in6_addr *a)
{
	const struct pf_prefix *p = ps->pf_p[AF_IP6];
	uint64_t bits = first_bits(AF_IP6, a), place = (bits - ps->pf_base[AF_IP6]) >> ps->pf_shift[AF_IP6];
	uint32_t lo, hi;

	if (p == NULL || bits < ps->pf_base[AF_IP6])
		return NULL;
	place = MIN(place, (uint64_t)ps->pf_last[AF_IP6] + 1);
	lo = ps->pf_index[AF_IP6][place];
	hi = place <= ps->pf_last[AF_IP6] ? ps->pf_index[AF_IP6][place + 1] : lo;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (not_above(&p[mid].px_addr, a))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (lo = lo > 0 ? lo - 1 : PF_PREFIX_NONE; lo != PF_PREFIX_NONE; lo = p[lo].px_up)
		if (prefix_holds(&p[lo], a) && !p[lo].px_gone)
			return &p[lo];
	return NULL;
}

/* The last one whose address is not above a. What holds a comes before a, and holds all that lies between: so it is that one, or holds it. */
const struct pf_prefix *
pf_prefixes_find(const struct pf_prefixes *ps, unsigned af, const struct in6_addr *a)
{
	return af == AF_IP4 ? find4(ps, a->s6_addr32[0]) : find6(ps, a);
}

static inline bool
verdict(const struct pf_prefix *p)
{
	return p != NULL && !p->px_not;
}

/* In this order: what was new is in kt_now before it goes from kt_new. */
const struct pf_prefix *
pf_table_longest(const struct pf_ktable *kt, unsigned af, const struct in6_addr *a)
{
	const struct pf_prefixes *new = __atomic_load_n(&kt->kt_new, __ATOMIC_ACQUIRE);
	const struct pf_prefix *q = new != NULL ? pf_prefixes_find(new, af, a) : NULL, *p = pf_prefixes_find(kt->kt_now, af, a);

	return q != NULL && (p == NULL || q->px_plen > p->px_plen) ? q : p;
}

static __apart_fn bool
match_both(const struct pf_ktable *kt, unsigned af, const struct in6_addr *a)
{
	return verdict(pf_table_longest(kt, af, a));
}

static __apart_fn bool
match6(const struct pf_prefixes *ps, const struct in6_addr *a)
{
	return verdict(find6(ps, a));
}

bool
pf_table_match(const struct pf_ktable *kt, unsigned af, const struct in6_addr *a)
{
	if (unlikely(__atomic_load_n(&kt->kt_new, __ATOMIC_ACQUIRE) != NULL))
		return match_both(kt, af, a);
	return af == AF_IP4 ? verdict(find4(kt->kt_now, a->s6_addr32[0])) : match6(kt->kt_now, a);
}
