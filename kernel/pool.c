/* pool.c - objects of one size from pages. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#if defined(SLUICE_HOST) && defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POOL_HIDE(p, n)		__asan_poison_memory_region(p, n)
#define POOL_SHOW(p, n)		__asan_unpoison_memory_region(p, n)
#else
#define POOL_HIDE(p, n)		((void)(p), (void)(n))
#define POOL_SHOW(p, n)		((void)(p), (void)(n))
#endif

#define POOL_PAGES_MAX	8	/* pages taken at once for small objects */
#define POOL_POISON	0xdb

struct pool *pool_list;

void
pool_init(struct pool *pr, const char *name, size_t size, size_t align, unsigned limit)
{
	struct pool **prp;

	KASSERT(size > 0 && size <= UINT32_MAX / 2);
	KASSERT(align > 0 && align <= PAGE_SIZE && (align & (align - 1)) == 0);
	align = MAX(align, sizeof(void *));
	memset(pr, 0, sizeof(*pr));
	pr->pr_name = name;
	pr->pr_size = (uint32_t)roundup2(size, align);
	pr->pr_limit = limit;
	for (prp = &pool_list; *prp != NULL; prp = &(*prp)->pr_next)
		KASSERT(*prp != pr);
	*prp = pr;
}

/* The fewest pages of which at most an eighth is lost; POOL_PAGES_MAX or what one object needs at the worst. */
static size_t
pool_slab_pages(const struct pool *pr)
{
	size_t least = roundup2((size_t)pr->pr_size, (size_t)PAGE_SIZE) / PAGE_SIZE;

	for (size_t n = least; n <= POOL_PAGES_MAX; n++)
		if (n * PAGE_SIZE % pr->pr_size <= n * PAGE_SIZE / 8)
			return n;
	return least;
}

static void
pool_link(struct pool *pr, void *obj)
{
	*(void **)obj = pr->pr_free;
	pr->pr_free = obj;
}

static bool
pool_grow(struct pool *pr)
{
	size_t npages = pool_slab_pages(pr), n;
	char *slab = page_alloc(npages);

	if (slab == NULL)
		return false;
	pr->pr_npages += npages;
	/* Linked from the last on, so that they are handed out in the order of their addresses. */
	for (n = npages * PAGE_SIZE / pr->pr_size; n-- > 0;) {
		pool_link(pr, slab + n * pr->pr_size);
		POOL_HIDE(slab + n * pr->pr_size, pr->pr_size);
	}
	return true;
}

void *
pool_get(struct pool *pr)
{
	void *obj;

	if ((pr->pr_limit != 0 && pr->pr_nout >= pr->pr_limit) || (pr->pr_free == NULL && !pool_grow(pr))) {
		pr->pr_nfail++;
		return NULL;
	}
	obj = pr->pr_free;
	POOL_SHOW(obj, pr->pr_size);
	pr->pr_free = *(void **)obj;
	pr->pr_nget++;
	if (++pr->pr_nout > pr->pr_hiwat)
		pr->pr_hiwat = pr->pr_nout;
	memset(obj, 0, pr->pr_size);
	return obj;
}

void
pool_put(struct pool *pr, void *obj)
{
	KASSERT(obj != NULL && pr->pr_nout > 0);
#ifdef SLUICE_DEBUG
	memset(obj, POOL_POISON, pr->pr_size);
#endif
	pool_link(pr, obj);
	POOL_HIDE(obj, pr->pr_size);
	pr->pr_nout--;
	pr->pr_nput++;
}
