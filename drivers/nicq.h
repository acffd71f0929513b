/* nicq.h - what the queue pairs of a core's network cards share: its mbufs. */
#ifndef DRIVERS_NICQ_H
#define DRIVERS_NICQ_H

#include "kernel/cdefs.h"

#define NICQ_RESERVE	64		/* mbufs that filling a receive ring leaves to the others in any case */

struct nicq {
	/* Frees what the card has sent. */
	void		(*nq_reclaim)(struct nicq *);
	struct nicq	*nq_next;
};

/* On its core, once; for ever. */
void	nicq_add(struct nicq *);
/* mbufs that one receive ring may hold: all rings of a core have half of its mbufs at most. At least 1. */
uint32_t nicq_share(void);
/* The pool is empty: gives back what this core's cards have sent already. */
void	nicq_reclaim(void);

#endif
