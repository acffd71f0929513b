/* pf_ranges.c - the addresses that a table stands for, in order and each once: what a pool chooses from. */
#include <stdlib.h>

#include "net/pf/pf_engine.h"

/* A range's part in the choice: all of its addresses, or as many as let a million ranges be counted in 64 bits. */
#define WEIGHT_MAX	(1ull << 40)

__uint128_t
pf_addr_number(enum af af, const struct in6_addr *a)
{
	if (af == AF_IP4)
		return be32_host(a->s6_addr32[0]);
	return (__uint128_t)__builtin_bswap64(a->s6_addr64[0]) << 64 | __builtin_bswap64(a->s6_addr64[1]);
}

void
pf_addr_of_number(enum af af, __uint128_t n, struct in6_addr *a)
{
	if (af == AF_IP4) {
		*a = in6_of_ip4(host_be32((uint32_t)n));
		return;
	}
	a->s6_addr64[0] = __builtin_bswap64((uint64_t)(n >> 64));
	a->s6_addr64[1] = __builtin_bswap64((uint64_t)n);
}

static __uint128_t
last_of(enum af af, const struct in6_addr *a, unsigned plen)
{
	__uint128_t n = pf_addr_number(af, a);

	return plen == 0 ? (af == AF_IP4 ? UINT32_MAX : ~(__uint128_t)0) : n | (((__uint128_t)1 << (af_bits(af) - plen)) - 1);
}

struct pf_range
pf_range_of(enum af af, const struct in6_addr *a, unsigned plen)
{
	struct in6_addr net = in6_masked(a, plen);
	struct pf_range r = { .rg_first = pf_addr_number(af, &net), .rg_last = last_of(af, &net, plen) };

	r.rg_end = pf_range_weight(&r);
	return r;
}

uint64_t
pf_range_weight(const struct pf_range *r)
{
	__uint128_t last = r->rg_last - r->rg_first;

	return last >= WEIGHT_MAX ? WEIGHT_MAX : (uint64_t)last + 1;
}

/* ---- from a table ---- */

struct making { struct pf_range *m_range; unsigned m_n; };

/* What touches the one before is one with it. */
static void
emit(struct making *m, __uint128_t first, __uint128_t last)
{
	struct pf_range *r = &m->m_range[m->m_n];

	if (m->m_n > 0 && r[-1].rg_last + 1 == first) {
		r[-1].rg_last = last;
		return;
	}
	*r = (struct pf_range){ .rg_first = first, .rg_last = last };
	m->m_n++;
}

/* From one bound to the next what lies there is as the innermost prefix around it says. */
static void
sweep(struct making *m, enum af af, const struct pf_prefix *p, unsigned n)
{
	uint32_t in = PF_PREFIX_NONE;
	__uint128_t at = 0;

	for (uint32_t i = 0; i <= n; i++) {
		__uint128_t next = i < n ? pf_addr_number(af, &p[i].px_addr) : 0;

		for (; in != PF_PREFIX_NONE; in = p[in].px_up) {
			__uint128_t last = last_of(af, &p[in].px_addr, p[in].px_plen);
			bool ends = i == n || last < next;

			if (at <= last && (ends || at < next) && !p[in].px_not)
				emit(m, at, ends ? last : next - 1);
			if (!ends)
				break;
			if (last == ~(__uint128_t)0)
				return;
			at = last + 1;
		}
		in = i;
		at = next;
	}
}

static bool
ranges_fill(struct pf_ranges *rs, enum af af, const struct pf_prefix *p, unsigned n)
{
	struct making m = { .m_range = malloc((2 * (size_t)n + 1) * sizeof(*m.m_range)) };
	uint64_t end = 0;

	if ((rs->rs_range[af] = m.m_range) == NULL)
		return false;
	sweep(&m, af, p, n);
	rs->rs_n[af] = m.m_n;
	for (unsigned i = 0; i < m.m_n; i++)
		m.m_range[i].rg_end = end += pf_range_weight(&m.m_range[i]);
	return true;
}

struct pf_ranges *
pf_ranges_make(const struct pf_prefixes *ps)
{
	struct pf_ranges *rs = calloc(1, sizeof(*rs));

	for (unsigned af = 0; af < AF_COUNT && rs != NULL; af++)
		if (!ranges_fill(rs, af, ps->pf_p[af], ps->pf_n[af])) {
			pf_ranges_free(rs);
			return NULL;
		}
	return rs;
}

void
pf_ranges_free(struct pf_ranges *rs)
{
	for (unsigned af = 0; af < AF_COUNT && rs != NULL; af++)
		free(rs->rs_range[af]);
	free(rs);
}

const struct pf_range *
pf_ranges_at(const struct pf_ranges *rs, enum af af, uint64_t n)
{
	const struct pf_range *r = rs->rs_range[af];
	unsigned lo = 0, hi = rs->rs_n[af];

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (r[mid].rg_end <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < rs->rs_n[af] ? &r[lo] : NULL;
}
