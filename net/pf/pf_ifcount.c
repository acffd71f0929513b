/* pf_ifcount.c - what the packet filter has passed and blocked on each interface: counts of each core, their sum. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "net/pf/pf_engine.h"
#include "net/pf/pf_ifcount.h"

bool
pf_if_attach(struct ifnet *ifp)
{
	void *mem = calloc(1, CACHELINE + sizeof(struct pf_ifstats) + ncores * sizeof(struct pf_ifcounts));

	if (mem == NULL)
		return false;
	ifp->if_pf = (struct pf_ifstats *)(((uintptr_t)mem + CACHELINE - 1) & ~((uintptr_t)CACHELINE - 1));
	ifp->if_pf->is_mem = mem;
	ifp->if_pf->is_since = (uint32_t)wall_s();
	return true;
}

void
pf_if_detach(struct ifnet *ifp)
{
	free(ifp->if_pf->is_mem);
	ifp->if_pf = NULL;
}

void
pf_if_count(const struct ifnet *ifp, unsigned af, unsigned dir, const struct pf_judged *pj)
{
	struct pf_ifcounts *ic = &ifp->if_pf->is_count[core_id()];
	uint64_t *packets = ic->ic_packets[af == PF_INET6][dir == PF_OUT], *bytes = ic->ic_bytes[af == PF_INET6][dir == PF_OUT];

	packets[PF_IFC_PASSED] += pj->pj_passed;
	bytes[PF_IFC_PASSED] += pj->pj_passedbytes;
	if (pj->pj_n == pj->pj_passed)
		return;
	packets[PF_IFC_BLOCKED] += pj->pj_n - pj->pj_passed;
	bytes[PF_IFC_BLOCKED] += pj->pj_bytes - pj->pj_passedbytes;
}

/* ---- the sum; nothing but words of 64 bits ---- */

#define WORDS	(sizeof(struct pf_ifcounts) / sizeof(uint64_t))

static void
add_times(struct pf_ifcounts *to, const struct pf_ifcounts *ic, uint64_t times)
{
	uint64_t w[WORDS], sum[WORDS];

	memcpy(w, ic, sizeof(w));
	memcpy(sum, to, sizeof(sum));
	for (unsigned i = 0; i < WORDS; i++)
		sum[i] += w[i] * times;
	memcpy(to, sum, sizeof(sum));
}

void
pf_ifcounts_add(struct pf_ifcounts *to, const struct pf_ifcounts *ic)
{
	add_times(to, ic, 1);
}

static void
add_all(const struct pf_ifstats *is, struct pf_ifcounts *sum)
{
	for (unsigned i = 0; i < ncores; i++)
		add_times(sum, &is->is_count[i], 1);
}

void
pf_if_sum(const struct ifnet *ifp, enum pf_ifsince since, struct pf_ifcounts *sum)
{
	add_all(ifp->if_pf, sum);
	add_times(sum, &ifp->if_pf->is_base[since], UINT64_MAX);	/* less that */
}

void
pf_if_sum_named(const char name[IFNAMSIZ], enum pf_ifsince since, struct pf_ifcounts *sum)
{
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (pf_if_matches(name, ifp))
			pf_if_sum(ifp, since, sum);
}

void
pf_if_clear(const char *name, enum pf_ifsince since)
{
	char padded[IFNAMSIZ] = { 0 };

	if (name != NULL)
		memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		struct pf_ifstats *is = ifp->if_pf;

		if (name != NULL && !pf_if_matches(padded, ifp))
			continue;
		is->is_base[since] = (struct pf_ifcounts){ 0 };
		add_all(is, &is->is_base[since]);
		if (since == PF_IFS_CLEARED)
			is->is_since = (uint32_t)wall_s();
	}
}
