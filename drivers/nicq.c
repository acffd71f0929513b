/* nicq.c - the list of a core's queue pairs. */
#include "drivers/nicq.h"
#include "net/core/mbuf.h"

static PERCORE struct nicq *nicq_list;
static PERCORE uint32_t nicq_n;

void
nicq_add(struct nicq *nq)
{
	nq->nq_next = percore(nicq_list);
	percore(nicq_list) = nq;
	percore(nicq_n)++;
}

uint32_t
nicq_share(void)
{
	return MAX(percore_ptr(mbuf_pool)->mp_total / 2 / MAX(percore(nicq_n), 1u), 1u);
}

void
nicq_reclaim(void)
{
	for (struct nicq *nq = percore(nicq_list); nq != NULL; nq = nq->nq_next)
		nq->nq_reclaim(nq);
}
