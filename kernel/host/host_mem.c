/* host_mem.c - pages. */
#include <stdlib.h>
#include <string.h>

#include "kernel/host/host.h"
#include "kernel/machine.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_ignore_object(p)	((void)(p))
#endif

static void *
host_arena_pages(size_t npages)
{
	char *p = host.arena + host.arena_used * PAGE_SIZE;

	if (npages > host.arena_pages - host.arena_used)
		return NULL;
	host.arena_used += npages;
	return p;
}

/* Zero where there is an arena. */
static void *
host_pages_raw(size_t npages)
{
	void *p;

	if (host.arena != NULL)
		return host_arena_pages(npages);
	if ((p = aligned_alloc(PAGE_SIZE, npages * PAGE_SIZE)) != NULL)
		__lsan_ignore_object(p);	/* pools keep their pages for ever */
	return p;
}

void *
host_pages(size_t npages)
{
	void *p = host_pages_raw(npages);

	if (p != NULL && host.arena == NULL)
		memset(p, 0, npages * PAGE_SIZE);
	return p;
}

/* The arena takes back what was taken last; what lies deeper stays taken until its owner throws all of it away. */
void
host_pages_free(void *p, size_t npages)
{
	if (host.arena == NULL)
		free(p);
	else if ((char *)p + npages * PAGE_SIZE == host.arena + host.arena_used * PAGE_SIZE) {
		memset(p, 0, npages * PAGE_SIZE);
		host.arena_used -= npages;
	}
}

/* Compared with host.pages_max; a test lowers that to see what happens without memory. */
void *
page_take(size_t npages)
{
	void *p;

	if (npages == 0 || npages > host.pages_max - host.pages)
		return NULL;
	p = host_pages_raw(npages);
	if (p != NULL)
		host.pages += npages;
	return p;
}

void *
page_alloc(size_t npages)
{
	void *p = page_take(npages);

	if (p != NULL && host.arena == NULL)
		memset(p, 0, npages * PAGE_SIZE);
	return p;
}

void
page_free(void *p, size_t npages)
{
	KASSERT((uintptr_t)p % PAGE_SIZE == 0 && host.pages >= npages);
	host.pages -= npages;
	host_pages_free(p, npages);
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
