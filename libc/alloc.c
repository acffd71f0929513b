/* alloc.c - calloc and realloc of large blocks in place of newlib's, which copy and zero with malloc's lock held: packets would
 * wait for that. Small ones are newlib's own. */
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cdefs.h"

#define ALLOC_LARGE	16384u		/* bytes: a copy of less takes some 3,000 instructions */

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

/* Where there is no room for both the old and the new block newlib tries to extend or move the old one. */
void *
realloc(void *old, size_t size)
{
	size_t have = old != NULL ? malloc_usable_size(old) : 0;
	void *p;

	if (size != 0 && have >= ALLOC_LARGE && size <= have && size >= have / 2)
		return old;
	if (have < ALLOC_LARGE || size < ALLOC_LARGE || (p = malloc(size)) == NULL)
		return _realloc_r(__getreent(), old, size);
	memcpy(p, old, MIN(have, size));
	free(old);
	return p;
}
