/* host_malloc.c - the failing malloc() of unit tests: the linker sends the kernel's calls here (--wrap). */
#include <stdlib.h>

#include "kernel/host/host.h"

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);

static bool
host_malloc_fails(void)
{
	if (!host.malloc_limited)
		return false;
	if (host.malloc_left == 0)
		return true;
	host.malloc_left--;
	return false;
}

void *
__wrap_malloc(size_t n)
{
	return host_malloc_fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return host_malloc_fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return host_malloc_fails() ? NULL : __real_realloc(p, n);
}
