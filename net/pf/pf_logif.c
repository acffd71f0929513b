/* pf_logif.c - set loginterface: counts of each core, their sum. The flow path's are counted when its frames go. */
#include <string.h>

#include "net/ether/ether.h"
#include "net/pf/pf_flow.h"
#include "net/pf/pf_logif.h"

static PERCORE struct pf_logif_counts counts;
static struct pf_logif_counts base;		/* the sum as of pf_logif_clear() */

bool
pf_logif_matches(const struct pf_ruleset *rs, const struct ifnet *ifp)
{
	return pf_if_matches(rs->rs_logif, ifp);
}

void
pf_logged_begin(struct pf_logged *lg, const struct batch *b, unsigned judged)
{
	*lg = (struct pf_logged){ 0 };
	for (unsigned i = 0; i < b->b_n; i++) {
		if (b->b_m[i]->m_flags & judged) {
			lg->lg_was++;
			continue;
		}
		lg->lg_n++;
		lg->lg_bytes += b->b_m[i]->m_pktlen;
	}
}

void
pf_logged_end(const struct pf_logged *lg, unsigned af, unsigned dir, unsigned on)
{
	struct pf_logif_counts *lc = percore_ptr(counts);
	unsigned six = af == PF_INET6, out = dir == PF_OUT, passed = on - lg->lg_was;

	lc->lc_bytes[six][out] += lg->lg_bytes;
	lc->lc_packets[six][out][0] += passed;
	lc->lc_packets[six][out][1] += lg->lg_n - passed;
}

/* Frames have been rewritten already, but for their length. */
void
pf_flow_log(const struct flow_pass *fs, const struct batch *b)
{
	const struct pf_ruleset *rs = percore(pf_rules_here);
	bool is[2] = { pf_logif_is(rs, fs->fs_ifp), pf_logif_is(rs, fs->fs_out) };
	struct pf_logif_counts *lc = percore_ptr(counts);

	for (unsigned i = 0; (is[0] || is[1]) && i < b->b_n; i++) {
		const struct mbuf *m = b->b_m[i];
		unsigned six = m->m_data[ETHER_HDR_LEN] >> 4 == 6;

		for (unsigned out = 0; out < 2; out++) {
			lc->lc_bytes[six][out] += is[out] ? m->m_pktlen - ETHER_HDR_LEN : 0;
			lc->lc_packets[six][out][0] += is[out];
		}
	}
}

/* ---- the sum; nothing but words of 64 bits ---- */

#define WORDS	(sizeof(struct pf_logif_counts) / sizeof(uint64_t))

static void
add(struct pf_logif_counts *to, const struct pf_logif_counts *lc, uint64_t times)
{
	uint64_t w[WORDS], sum[WORDS];

	memcpy(w, lc, sizeof(w));
	memcpy(sum, to, sizeof(sum));
	for (unsigned i = 0; i < WORDS; i++)
		sum[i] += w[i] * times;
	memcpy(to, sum, sizeof(sum));
}

static void
sum_all(struct pf_logif_counts *lc)
{
	*lc = (struct pf_logif_counts){ 0 };
	for (unsigned i = 0; i < ncores; i++)
		add(lc, &percore_of(counts, i), 1);
}

void
pf_logif_sum(struct pf_logif_counts *lc)
{
	sum_all(lc);
	add(lc, &base, UINT64_MAX);		/* less the base */
}

void
pf_logif_clear(void)
{
	sum_all(&base);
}
