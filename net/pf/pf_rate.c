/* pf_rate.c - how many packets rules with max-pkt-rate have had of late (pf_rate.h). */
#include <stdlib.h>

#include "kernel/machine.h"
#include "net/pf/pf_rate.h"

static struct pf_rate *
rate_of(const struct pf_krule *kr, unsigned core)
{
	return (struct pf_rate *)(kr->kr_set->rs_rates + core * kr->kr_set->rs_ratesize) + kr->kr_rate - 1;
}

bool
pf_rates_make(struct pf_ruleset *rs, bool *many)
{
	unsigned n = 0;

	*many = false;
	for (unsigned i = 0; i < rs->rs_nrules; i++) {
		if (rs->rs_rule[i].kr_rule->r_pktrate == 0)
			continue;
		if (n == UINT16_MAX) {
			*many = true;
			return false;
		}
		rs->rs_rule[i].kr_rate = (uint16_t)++n;
	}
	if (n == 0)
		return true;
	rs->rs_ratesize = roundup2(n * sizeof(struct pf_rate), (size_t)CACHELINE);
	if ((rs->rs_ratemem = calloc(1, ncores * rs->rs_ratesize + CACHELINE)) == NULL)
		return false;
	rs->rs_rates = (char *)roundup2((uintptr_t)rs->rs_ratemem, (uintptr_t)CACHELINE);
	return true;
}

void
pf_rates_free(struct pf_ruleset *rs)
{
	free(rs->rs_ratemem);
}

static uint64_t
rate_left(const struct pf_rate *ra, uint32_t seconds, uint32_t now_ms)
{
	return pf_rate_fallen(ra->ra_packets, seconds, ra->ra_when, now_ms);
}

bool
pf_rate_exceeded(const struct pf_krule *kr, enum pf_rate_packet what)
{
	const struct pf_rule *r = kr->kr_rule;
	uint32_t now = (uint32_t)(uptime_ns() / 1000000);
	struct pf_rate *mine = rate_of(kr, core_id());
	uint64_t all = what == PF_RATE_ASKED ? PF_RATE_ONE : 0;

	if (what == PF_RATE_NEW)
		pf_rate_add(&mine->ra_packets, r->r_pktrate_seconds, &mine->ra_when, now);
	for (unsigned i = 0; i < ncores; i++)
		all += rate_left(rate_of(kr, i), r->r_pktrate_seconds, now);
	return all > r->r_pktrate * (uint64_t)PF_RATE_ONE;
}

void
pf_rate_return(const struct pf_krule *kr)
{
	rate_of(kr, core_id())->ra_packets -= PF_RATE_ONE;
}
