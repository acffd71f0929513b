/* heap.c - malloc() and its kin in libsluice.so: the linker sends the calls here (--wrap). Each block stands in a list. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cdefs.h"
#include "kernel/host/lib/heap.h"

#define HEAP_MAGIC	0x534c5549434548ull

struct block {
	struct block	*b_next, **b_prevp;
	size_t		 b_size;
	uint64_t	 b_magic;
};
_Static_assert(sizeof(struct block) % 16 == 0, "what stands behind it is aligned as malloc() aligns");

static struct block *blocks;
static size_t nblocks;

void	*__real_malloc(size_t);
void	__real_free(void *);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);
void	__wrap_free(void *);

void *
__wrap_malloc(size_t n)
{
	struct block *b;

	if (n > PTRDIFF_MAX - sizeof(*b) || (b = __real_malloc(sizeof(*b) + n)) == NULL)
		return NULL;
	b->b_size = n;
	b->b_magic = HEAP_MAGIC;
	if ((b->b_next = blocks) != NULL)
		blocks->b_prevp = &b->b_next;
	blocks = b;
	b->b_prevp = &blocks;
	nblocks++;
	return b + 1;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all) || (p = __wrap_malloc(all)) == NULL)
		return NULL;
	return memset(p, 0, all);
}

void
__wrap_free(void *p)
{
	struct block *b = p;

	if (p == NULL)
		return;
	b--;
	KASSERT(b->b_magic == HEAP_MAGIC);
	b->b_magic = 0;
	if ((*b->b_prevp = b->b_next) != NULL)
		b->b_next->b_prevp = b->b_prevp;
	nblocks--;
	__real_free(b);
}

void *
__wrap_realloc(void *p, size_t n)
{
	struct block *b = p;
	void *q;

	if (p == NULL)
		return __wrap_malloc(n);
	b--;
	KASSERT(b->b_magic == HEAP_MAGIC);
	if ((q = __wrap_malloc(n)) == NULL)
		return NULL;
	memcpy(q, p, MIN(n, b->b_size));
	__wrap_free(p);
	return q;
}

size_t
heap_blocks(void)
{
	return nblocks;
}

void
heap_free_all(void)
{
	while (blocks != NULL)
		__wrap_free(blocks + 1);
}
