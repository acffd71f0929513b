/* pf_via.h - the way on which packets have come to a rule that made a state of them: the match rules and anchors before it. pf_via.c says what for. */
#ifndef NET_PF_PF_VIA_H
#define NET_PF_PF_VIA_H

#include "net/pf/pf_engine.h"

struct pf_via {
	struct pf_krule	 vi_krule;		/* the rule once more, for states that came by here; its kr_via is this */
	struct pf_via	*vi_next;
	uint32_t	 vi_hash, vi_n;
	uint32_t	 vi_rule[PF_WAY_MAX];	/* kr_index of those on the way */
	/* Of states that are gone, less the first packet of each that there was, which the rules on the way have counted themselves. rc_states: of
	 * those that there are, rc_created: of all. */
	struct pf_rcount vi_count __aligned_to(CACHELINE);
};

/* Room for the ways of a ruleset, on each core. False: no memory. */
bool	pf_vias_make(struct pf_ruleset *);
void	pf_vias_free(struct pf_ruleset *);
/* What a state that the verdict makes is to point to: v_rule, or its copy for the way; v_rule itself also when there is no room (counted). */
const struct pf_krule *pf_via(const struct pf_verdict *);
/* The packet has made a state that came by there. */
static inline void
pf_via_begin(struct pf_via *vi, const struct pf_pdesc *pd)
{
	unsigned out = pd->pd_dir == PF_OUT;

	vi->vi_count.rc_states++;
	vi->vi_count.rc_created++;
	vi->vi_count.rc_packets[out]--;
	vi->vi_count.rc_bytes[out] -= pd->pd_m->m_pktlen;
}
/* Adds that to the counts, by kr_index, of the rules on the way. */
void	pf_via_add(const struct pf_via *, const struct pf_rcount *, struct pf_rcount *count);
/* The same of all ways' own counts. Core 0. */
void	pf_vias_sum(const struct pf_ruleset *, struct pf_rcount *count);

#endif
