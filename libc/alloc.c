/* alloc.c - malloc and its like. Large blocks are pages of their own, which go back to all others when they are freed: newlib's heap is a small part of
 * memory, for small blocks. And its calloc and realloc copy and zero with malloc's lock held: packets would wait for that. */
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/memory.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/pool.h"
#include "kernel/task.h"

#undef _malloc_r
#undef _free_r
#undef _calloc_r
#undef _realloc_r
#undef _malloc_usable_size_r

#define ALLOC_LARGE	16384u		/* bytes: a copy of less takes some 3,000 instructions */
#define ALLOC_PAGES	65536u		/* so many and more are pages */
#define ALLOC_SPARE	16u		/* this part of all pages is not for them, but for what is smaller */

/* In front of such a block. */
struct block { size_t bl_pages; uint64_t bl_magic; };
#define BLOCK_MAGIC	0x626c6f636b6f6673ull
_Static_assert(sizeof(struct block) == 16, "malloc's alignment");

static struct { size_t out, most; uint64_t got, refused; } block_pages;	/* refused: how often */

/* NULL: no memory, or (pages are core 0's) not here. */
static void *
block_get(size_t n)
{
	size_t pages = (n + sizeof(struct block) + PAGE_SIZE - 1) / PAGE_SIZE;
	struct block *bl = NULL;

	if (core_id() != 0 || n > SIZE_MAX / 2)
		return NULL;
	net_enter();
	if (page_avail() >= pages + page_total() / ALLOC_SPARE)
		bl = page_take(pages);
	if (bl != NULL) {
		*bl = (struct block){ pages, BLOCK_MAGIC };
		block_pages.got += pages;
		block_pages.out += pages;
		block_pages.most = MAX(block_pages.most, block_pages.out);
	} else
		block_pages.refused++;
	net_leave();
	return bl != NULL ? bl + 1 : NULL;
}

/* The block that p is; NULL: it is of newlib's heap. */
static struct block *
block_of(void *p)
{
	struct block *bl = (struct block *)p - 1;

	if (p == NULL || heap_holds(p))
		return NULL;
	KASSERT(((uintptr_t)bl & (PAGE_SIZE - 1)) == 0 && bl->bl_magic == BLOCK_MAGIC);
	return bl;
}

static void
block_put(struct block *bl)
{
	KASSERT(core_id() == 0);
	net_enter();
	block_pages.out -= bl->bl_pages;
	bl->bl_magic = 0;
	page_free(bl, bl->bl_pages);
	net_leave();
}

/* vmstat -m: a row for them all, whose objects are pages. */
static void
block_read(struct pool *pr)
{
	pr->pr_name = "malloc";
	pr->pr_size = PAGE_SIZE;
	pr->pr_nout = (uint32_t)block_pages.out;
	pr->pr_hiwat = (uint32_t)block_pages.most;
	pr->pr_nget = block_pages.got;
	pr->pr_nput = block_pages.got - block_pages.out;
	pr->pr_nfail = block_pages.refused;
	pr->pr_npages = block_pages.out;
}
POOL_SOURCE(malloc_block, block_read);

void *
malloc(size_t n)
{
	void *p = n >= ALLOC_PAGES ? block_get(n) : NULL;

	return p != NULL ? p : _malloc_r(__getreent(), n);
}

void
free(void *p)
{
	struct block *bl = block_of(p);

	if (bl != NULL)
		block_put(bl);
	else
		_free_r(__getreent(), p);
}

void *
calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all) || all < ALLOC_LARGE)
		return _calloc_r(__getreent(), n, size);
	p = malloc(all);
	__asm__("" : "+r"(p));		/* or the compiler makes a call of calloc() of these two lines */
	if (p != NULL)
		memset(p, 0, all);
	return p;
}

static size_t
usable(void *p)
{
	const struct block *bl = block_of(p);

	if (bl != NULL)
		return bl->bl_pages * PAGE_SIZE - sizeof(*bl);
	return p != NULL ? malloc_usable_size(p) : 0;
}

/* Where there is no room for both the old and the new block newlib tries to extend or move the old one, if it is newlib's. */
void *
realloc(void *old, size_t size)
{
	size_t have = usable(old);
	bool block = block_of(old) != NULL;
	void *p = NULL;

	if (size != 0 && have >= ALLOC_LARGE && size <= have && size >= have / 2)
		return old;
	if (block ? size != 0 : size >= (have >= ALLOC_LARGE ? ALLOC_LARGE : ALLOC_PAGES))
		p = malloc(size);
	if (p == NULL && !block)
		return _realloc_r(__getreent(), old, size);
	if (p != NULL)
		memcpy(p, old, MIN(have, size));
	if (p != NULL || size == 0)
		free(old);
	return p;
}
