/* pf_src_var.h - the table of sources, inside: pf_src.c looks things up in it, pf_src_table.c keeps it. */
#ifndef NET_PF_PF_SRC_VAR_H
#define NET_PF_PF_SRC_VAR_H

#include "net/pf/pf_src.h"

#define PF_SRC_BUCKETS	16384u
extern struct pf_src *volatile *pf_src_bucket;	/* NULL: no rule has ever tracked sources */
extern uint64_t pf_src_key[2];			/* nobody chooses his bucket */
extern uint64_t pf_src_searches;		/* PERCORE */
extern volatile uint32_t pf_src_nodes;		/* that there are */

static inline struct pf_src *volatile *
pf_src_place(const struct in6_addr *a)
{
	__uint128_t p = (__uint128_t)(load64(a) ^ pf_src_key[0]) * (load64(&a->s6_addr[8]) ^ pf_src_key[1]);

	return &pf_src_bucket[((uint64_t)p ^ (uint64_t)(p >> 64)) >> 20 & (PF_SRC_BUCKETS - 1)];
}

/* That count for it, on all cores. */
static inline uint32_t
pf_src_states(const struct pf_src *ss)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += ss->ss_core[i].sc_states;
	return n;
}

/* What is wanted and not there, as far as limits and memory allow. Core 0. True: all of it is there. */
bool	pf_src_make(const struct pf_src_want *);
/* A core's rate as of now, thousandths of a connection. */
uint32_t pf_src_rate(const struct pf_src_core *, uint32_t seconds, uint32_t now_ms);

#endif
