/* pf_mem.h - the memory of a ruleset: many small objects that all go at once. Zeroed, 16-aligned. */
#ifndef NET_PF_PF_MEM_H
#define NET_PF_PF_MEM_H

#include "kernel/cdefs.h"

struct pf_chunk;
struct pf_arena {
	struct pf_chunk	*pa_chunk;
	size_t		 pa_size;		/* bytes taken from malloc */
	size_t		 pa_max;		/* their limit */
	bool		 pa_failed;		/* an allocation failed: said once, by who looks */
};
void	pf_arena_init(struct pf_arena *, size_t max);
void	pf_arena_free(struct pf_arena *);
/* NULL when the limit is reached or there is no memory. */
void	*pf_alloc(struct pf_arena *, size_t);
char	*pf_strndup(struct pf_arena *, const char *, size_t);
char	*pf_strdup(struct pf_arena *, const char *);
/* What was asked for last is not needed. */
void	pf_unalloc(struct pf_arena *, void *last);
/* Room for one more element of an array in the arena that doubles when it is full, in its place or, when something lies behind it, in another one;
 * the old one is left to the arena then. */
void	*pf_grow(struct pf_arena *, void *old, unsigned n, unsigned *cap, size_t size);

#endif
