/* host_mem.c - pages, and the failing malloc(): the linker sends the kernel's calls here (--wrap). */
#include <stdlib.h>
#include <string.h>

#include "kernel/host/host.h"
#include "kernel/machine.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_ignore_object(p)	((void)(p))
#endif

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);

/* Compared with host.pages_max; a test lowers that to see what happens without memory. */
void *
page_alloc(size_t npages)
{
	void *p;

	if (npages == 0 || npages > host.pages_max - host.pages)
		return NULL;
	p = aligned_alloc(PAGE_SIZE, npages * PAGE_SIZE);
	if (p == NULL)
		return NULL;
	__lsan_ignore_object(p);	/* pools keep their pages for ever */
	memset(p, 0, npages * PAGE_SIZE);
	host.pages += npages;
	return p;
}

void
page_free(void *p, size_t npages)
{
	KASSERT((uintptr_t)p % PAGE_SIZE == 0 && host.pages >= npages);
	host.pages -= npages;
	free(p);
}

size_t
page_total(void)
{
	return host.pages_max;
}

size_t
page_avail(void)
{
	return host.pages_max - host.pages;
}

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
