/* pf_via.c - the match rules and anchors by which a state's first packet came count all of its packets, as the rule that made the state does.
 *
 * Few ways lead to a rule, and many states come by each. So a state points not to its rule but to a copy of it for that way, and what such a state
 * has counted is added up there when it ends; what that means for the rules on the way is reckoned when somebody asks (pf_rcounts()). A packet pays
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/core/counter.h"
#include "net/pf/pf_via.h"

#define VIAS_MIN	32u
#define VIAS_MAX	512u
#define BUCKETS		256u

COUNTER(pfs_viafull, pf, 150, INFO, "state%s whose match rules count the first packet only");

/* A core's ways. */
struct pf_vias {
	struct pf_via	*vs_bucket[BUCKETS];
	unsigned	 vs_n, vs_max;
	struct pf_via	 vs_via[] __aligned_to(CACHELINE);
};

static struct pf_vias *
vias_of(const struct pf_ruleset *rs, unsigned core)
{
	return (struct pf_vias *)(rs->rs_vias + core * rs->rs_viasize);
}

bool
pf_vias_make(struct pf_ruleset *rs)
{
	unsigned max = MIN(VIAS_MAX, VIAS_MIN + rs->rs_nrules);
	bool any = false;

	for (unsigned i = 0; i < rs->rs_nrules && !any; i++)
		any = rs->rs_rule[i].kr_rule->r_action == PF_MATCH || rs->rs_rule[i].kr_rule->r_action == PF_ANCHOR;
	if (!any)
		return true;
	rs->rs_viasize = roundup2(sizeof(struct pf_vias) + max * sizeof(struct pf_via), (size_t)CACHELINE);
	if ((rs->rs_viamem = calloc(1, ncores * rs->rs_viasize + CACHELINE)) == NULL)
		return false;
	rs->rs_vias = (char *)roundup2((uintptr_t)rs->rs_viamem, (uintptr_t)CACHELINE);
	for (unsigned i = 0; i < ncores; i++)
		vias_of(rs, i)->vs_max = max;
	return true;
}

void
pf_vias_free(struct pf_ruleset *rs)
{
	free(rs->rs_viamem);
}

static bool
is_way(const struct pf_via *vi, const struct pf_verdict *v, uint32_t hash)
{
	if (vi->vi_hash != hash || vi->vi_krule.kr_index != v->v_rule->kr_index || vi->vi_n != v->v_nmatch)
		return false;
	for (unsigned i = 0; i < vi->vi_n; i++)
		if (vi->vi_rule[i] != v->v_match[i]->kr_index)
			return false;
	return true;
}

const struct pf_krule *
pf_via(const struct pf_verdict *v)
{
	struct pf_vias *vs;
	struct pf_via *vi;
	uint32_t hash = v->v_rule->kr_index;

	if (v->v_nmatch == 0)
		return v->v_rule;
	vs = vias_of(v->v_rule->kr_set, core_id());
	for (unsigned i = 0; i < v->v_nmatch; i++)
		hash = (hash ^ v->v_match[i]->kr_index) * 0x9e3779b1u;
	hash ^= hash >> 16;
	for (vi = vs->vs_bucket[hash % BUCKETS]; vi != NULL; vi = vi->vi_next)
		if (is_way(vi, v, hash))
			return &vi->vi_krule;
	if (vs->vs_n == vs->vs_max) {
		counter_inc(pfs_viafull);
		return v->v_rule;
	}
	vi = &vs->vs_via[vs->vs_n];
	vi->vi_krule = *v->v_rule;
	vi->vi_krule.kr_via = vi;
	vi->vi_hash = hash;
	vi->vi_n = v->v_nmatch;
	for (unsigned i = 0; i < v->v_nmatch; i++)
		vi->vi_rule[i] = v->v_match[i]->kr_index;
	vi->vi_next = vs->vs_bucket[hash % BUCKETS];
	vs->vs_bucket[hash % BUCKETS] = vi;
	__atomic_store_n(&vs->vs_n, vs->vs_n + 1, __ATOMIC_RELEASE);		/* core 0 reads those below */
	return &vi->vi_krule;
}

void
pf_via_add(const struct pf_via *vi, const struct pf_rcount *rc, struct pf_rcount *count)
{
	for (unsigned i = 0; i < vi->vi_n; i++) {
		struct pf_rcount *c = &count[vi->vi_rule[i]];

		c->rc_states += rc->rc_states;
		c->rc_created += rc->rc_created;
		for (unsigned d = 0; d < 2; d++) {
			c->rc_packets[d] += rc->rc_packets[d];
			c->rc_bytes[d] += rc->rc_bytes[d];
		}
	}
}

void
pf_vias_sum(const struct pf_ruleset *rs, struct pf_rcount *count)
{
	for (unsigned core = 0; core < ncores && rs->rs_vias != NULL; core++) {
		const struct pf_vias *vs = vias_of(rs, core);
		unsigned n = __atomic_load_n(&vs->vs_n, __ATOMIC_ACQUIRE);

		for (unsigned i = 0; i < n; i++)
			pf_via_add(&vs->vs_via[i], &vs->vs_via[i].vi_count, count);
	}
}
