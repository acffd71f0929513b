/* prefixes.c - the list that all structures are made from. */
#include "tests/bench/fibs/fibs.h"

struct prefix *prefixes;
unsigned nprefixes;

unsigned
prefixes_from(uint32_t addr)
{
	unsigned lo = 0, hi = nprefixes;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (prefixes[mid].p_addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct prefix *
prefixes_shorter(uint32_t addr, unsigned plen)
{
	while (plen-- > 0) {
		uint32_t a = plen == 0 ? 0 : addr & ~0u << (32 - plen);

		for (unsigned i = prefixes_from(a); i < nprefixes && prefixes[i].p_addr == a; i++)
			if (prefixes[i].p_plen == plen && prefixes[i].p_nh != 0)
				return &prefixes[i];
	}
	return NULL;
}
