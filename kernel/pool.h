/* pool.h - objects of one size, as pool(9): with a limit, a drop and a count. Core 0's objects; what each core needs of its own
 * is a PERCORE pool. Memory comes from pages as it is needed and stays; get and put are a few instructions. */
#ifndef KERNEL_POOL_H
#define KERNEL_POOL_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

struct pool {
	const char	*pr_name;
	uint32_t	 pr_size;		/* bytes of an object, rounded up to its alignment */
	uint32_t	 pr_limit;		/* at most so many out; 0: as memory allows */
	uint32_t	 pr_nout, pr_hiwat;	/* out now; most ever */
	uint64_t	 pr_nget, pr_nput, pr_nfail;
	size_t		 pr_npages;
	void		*pr_free;		/* the list, linked through the objects' first word */
	bool		 pr_shares;		/* then it has none, but */
	struct pool_page *pr_room;		/* pages with free objects, which go when all of theirs are */
	bool		 pr_epoch;		/* what is put waits until no core can look at it any more; */
	uint32_t	 pr_lateoff;		/* its struct pool_late; */
	struct pool_late *pr_late, **pr_latep;	/* here, in the order of time */
	struct pool	*pr_next;		/* all pools */
};

/* name stays the caller's and must live as long. align: a power of two up to PAGE_SIZE. Core 0. */
void	 pool_init(struct pool *, const char *name, size_t size, size_t align, unsigned limit);
/* The same for objects that other cores may still read when core 0 puts them: they are left as they are until the epoch is over
 * (epoch.h), and count as out. */
void	 pool_init_epoch(struct pool *, const char *name, size_t size, size_t align, unsigned limit);
/* The same where objects themselves have 16 bytes, aligned to 8 at that offset, that no other core reads. */
void	 pool_init_epoch_at(struct pool *, const char *name, size_t size, size_t align, unsigned limit, size_t offset);
/* Behind one of them, for objects of which at least two fit into a page: memory in which nothing is any more goes to the other pools that share. So
 * pools between which many objects move need no more than what is in them together. */
void	 pool_share_pages(struct pool *);
/* The first word of each page of a pool that shares. */
struct pool_page {
	struct pool_page *pp_next, **pp_prevp;	/* those with room */
	void		*pp_free;
	uint32_t	 pp_nfree;
};
/* NULL at the limit or without memory (counted). The object is zeroed. */
void	*pool_get(struct pool *) __must_check;
/* Debug builds poison it. NULL is not allowed. */
void	 pool_put(struct pool *, void *);
/* epoch.c's: takes back what was put before that epoch. True: some must still wait. */
bool	 pools_collect(uint64_t epoch);
extern struct pool *pool_list;		/* for vmstat -m, kstat, and the tests' end */

/* Objects of one size that are in no pool: fills in, from zero, what vmstat -m shows of a pool. Core 0, inside net_enter. */
struct pool_source { void (*ps_read)(struct pool *); };
SET_DECLARE(const struct pool_source, pool_sources);
#define POOL_SOURCE(name, fn)							\
	static const struct pool_source pool_source_##name = { fn };		\
	SET_ADD(pool_sources, pool_source_##name)

#ifdef SLUICE_DEBUG
extern void (*pool_watch)(void *slab, size_t size);	/* a pool has got this memory */
#endif

#endif
