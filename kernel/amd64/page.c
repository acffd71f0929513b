/* page.c - the page allocator: free runs of pages as a list sorted by address, kept in the free memory itself. First
 * fit; few runs, few calls, none of them on the packet path. */
#include "kernel/amd64/memory.h"
#include "kernel/machine.h"

struct run { struct run *r_next; size_t r_pages; };

static struct run *page_runs;
static size_t page_ntotal, page_nfree;

static uintptr_t
run_end(const struct run *r)
{
	return (uintptr_t)r + r->r_pages * PAGE_SIZE;
}

/* Puts [p, p + n pages) back between its neighbours. What overlaps free memory was freed twice or never ours. */
static void
page_insert(uintptr_t p, size_t n)
{
	struct run **rp = &page_runs, *prev = NULL, *r = (struct run *)p, *next;

	while (*rp != NULL && (uintptr_t)*rp < p) {
		prev = *rp;
		rp = &prev->r_next;
	}
	next = *rp;
	KASSERT(p % PAGE_SIZE == 0 && n > 0);
	KASSERT(prev == NULL || run_end(prev) <= p);
	KASSERT(next == NULL || p + n * PAGE_SIZE <= (uintptr_t)next);
	r->r_pages = n;
	r->r_next = next;
	if (next != NULL && run_end(r) == (uintptr_t)next) {
		r->r_pages += next->r_pages;
		r->r_next = next->r_next;
	}
	if (prev != NULL && run_end(prev) == p) {
		prev->r_pages += r->r_pages;
		prev->r_next = r->r_next;
	} else {
		*rp = r;
	}
	page_nfree += n;
}

void
page_add(uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	page_insert(start, (end - start) / PAGE_SIZE);
	page_ntotal += (end - start) / PAGE_SIZE;
}

/* From the end of the first run that is long enough: the run itself stays where it is. */
void *
page_take(size_t npages)
{
	struct run **rp, *r;

	if (npages == 0)
		return NULL;
	for (rp = &page_runs; (r = *rp) != NULL; rp = &r->r_next) {
		if (r->r_pages < npages)
			continue;
		r->r_pages -= npages;
		page_nfree -= npages;
		if (r->r_pages == 0)
			*rp = r->r_next;
		return (void *)run_end(r);
	}
	return NULL;
}

void *
page_alloc(size_t npages)
{
	typedef long long vec __attribute__((vector_size(16)));
	vec *p = page_take(npages);

	if (p == NULL)
		return NULL;
	for (vec *v = p, *e = p + npages * (PAGE_SIZE / sizeof(vec)); v < e; v += 4)
		v[0] = v[1] = v[2] = v[3] = (vec){ 0, 0 };
	return p;
}

void
page_free(void *p, size_t npages)
{
	page_insert((uintptr_t)p, npages);
}

size_t
page_total(void)
{
	return page_ntotal;
}

size_t
page_avail(void)
{
	return page_nfree;
}
