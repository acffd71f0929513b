/* pool.c - objects of one size from pages. */
#include <string.h>

#include "kernel/epoch.h"
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
#define LATE_A_PASS	512	/* objects that go back to their pools in one pass of the loop, so that packets do not wait */

struct pool *pool_list;
#ifdef SLUICE_DEBUG
void (*pool_watch)(void *, size_t);
#endif

/* In each object of a pool with epochs, at pr_lateoff: at the end of its pr_size bytes, or where the caller has room for it. */
struct pool_late {
	struct pool_late *pl_next;
	uint64_t	 pl_stamp;
};

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

void
pool_init_epoch(struct pool *pr, const char *name, size_t size, size_t align, unsigned limit)
{
	pool_init(pr, name, roundup2(size, _Alignof(struct pool_late)) + sizeof(struct pool_late), align, limit);
	pr->pr_epoch = true;
	pr->pr_lateoff = (uint32_t)(pr->pr_size - sizeof(struct pool_late));
	pr->pr_latep = &pr->pr_late;
}

void
pool_init_epoch_at(struct pool *pr, const char *name, size_t size, size_t align, unsigned limit, size_t offset)
{
	KASSERT(offset % _Alignof(struct pool_late) == 0 && offset + sizeof(struct pool_late) <= size);
	pool_init(pr, name, size, align, limit);
	pr->pr_epoch = true;
	pr->pr_lateoff = (uint32_t)offset;
	pr->pr_latep = &pr->pr_late;
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
#ifdef SLUICE_DEBUG
	if (pool_watch != NULL)
		pool_watch(slab, npages * PAGE_SIZE);
#endif
	/* Linked from the last on, so that they are handed out in the order of their addresses. */
	for (n = npages * PAGE_SIZE / pr->pr_size; n-- > 0;) {
		pool_link(pr, slab + n * pr->pr_size);
		POOL_HIDE(slab + n * pr->pr_size, pr->pr_size);
	}
	return true;
}

/* ---- pages that pools share ---- */

static struct pool_page *pool_spare;	/* by pp_next */
static size_t pool_nspare;

static size_t
page_first(const struct pool *pr)
{
	return roundup2(sizeof(struct pool_page), MIN((size_t)CACHELINE, (size_t)1 << __builtin_ctz(pr->pr_size)));
}

static uint32_t
page_holds(const struct pool *pr)
{
	return (uint32_t)((PAGE_SIZE - page_first(pr)) / pr->pr_size);
}

void
pool_share_pages(struct pool *pr)
{
	KASSERT(pr->pr_npages == 0 && page_holds(pr) >= 2);
	pr->pr_shares = true;
}

static void
page_link(struct pool *pr, struct pool_page *pp)
{
	if ((pp->pp_next = pr->pr_room) != NULL)
		pp->pp_next->pp_prevp = &pp->pp_next;
	pp->pp_prevp = &pr->pr_room;
	pr->pr_room = pp;
}

static void
page_unlink(struct pool_page *pp)
{
	if ((*pp->pp_prevp = pp->pp_next) != NULL)
		pp->pp_next->pp_prevp = pp->pp_prevp;
}

static struct pool_page *
page_new(void)
{
	struct pool_page *pp = pool_spare;

	if (pp != NULL) {
		pool_spare = pp->pp_next;
		pool_nspare--;
		return pp;
	}
	pp = page_alloc(1);
#ifdef SLUICE_DEBUG
	if (pp != NULL && pool_watch != NULL)
		pool_watch(pp, PAGE_SIZE);
#endif
	return pp;
}

/* A page with nothing in it. */
static struct pool_page *
page_add_room(struct pool *pr)
{
	struct pool_page *pp = page_new();
	char *first = (char *)pp + page_first(pr);

	if (pp == NULL)
		return NULL;
	pp->pp_free = NULL;
	pp->pp_nfree = page_holds(pr);
	for (size_t n = pp->pp_nfree; n-- > 0;) {
		POOL_SHOW(first + n * pr->pr_size, pr->pr_size);
		*(void **)(first + n * pr->pr_size) = pp->pp_free;
		pp->pp_free = first + n * pr->pr_size;
		POOL_HIDE(first + n * pr->pr_size, pr->pr_size);
	}
	pr->pr_npages++;
	page_link(pr, pp);
	return pp;
}

static void *
page_get(struct pool *pr)
{
	struct pool_page *pp = pr->pr_room != NULL ? pr->pr_room : page_add_room(pr);
	void *obj;

	if (pp == NULL)
		return NULL;
	obj = pp->pp_free;
	POOL_SHOW(obj, pr->pr_size);
	pp->pp_free = *(void **)obj;
	if (--pp->pp_nfree == 0)
		page_unlink(pp);
	return obj;
}

static void
page_put(struct pool *pr, void *obj)
{
	struct pool_page *pp = (struct pool_page *)((uintptr_t)obj & ~(uintptr_t)(PAGE_SIZE - 1));

	*(void **)obj = pp->pp_free;
	pp->pp_free = obj;
	if (pp->pp_nfree++ == 0)
		page_link(pr, pp);
	if (pp->pp_nfree < page_holds(pr))
		return;
	page_unlink(pp);
	pp->pp_next = pool_spare;
	pool_spare = pp;
	pool_nspare++;
	pr->pr_npages--;
}

static void
pool_spare_read(struct pool *pr)
{
	pr->pr_name = "sparepage";
	pr->pr_size = PAGE_SIZE;
	pr->pr_npages = pool_nspare;
}
POOL_SOURCE(pool_spare, pool_spare_read);

/* ---- all pools ---- */

static void *
pool_list_get(struct pool *pr)
{
	void *obj;

	if (pr->pr_free == NULL && !pool_grow(pr))
		return NULL;
	obj = pr->pr_free;
	POOL_SHOW(obj, pr->pr_size);
	pr->pr_free = *(void **)obj;
	return obj;
}

void *
pool_get(struct pool *pr)
{
	void *obj = NULL;

	if (pr->pr_limit == 0 || pr->pr_nout < pr->pr_limit)
		obj = pr->pr_shares ? page_get(pr) : pool_list_get(pr);
	if (obj == NULL) {
		pr->pr_nfail++;
		return NULL;
	}
	pr->pr_nget++;
	if (++pr->pr_nout > pr->pr_hiwat)
		pr->pr_hiwat = pr->pr_nout;
	memset(obj, 0, pr->pr_size);
	return obj;
}

static void
pool_take_back(struct pool *pr, void *obj)
{
#ifdef SLUICE_DEBUG
	memset(obj, POOL_POISON, pr->pr_size);
#endif
	if (pr->pr_shares)
		page_put(pr, obj);
	else
		pool_link(pr, obj);
	POOL_HIDE(obj, pr->pr_size);
	pr->pr_nout--;
	pr->pr_nput++;
}

void
pool_put(struct pool *pr, void *obj)
{
	struct pool_late *pl;

	KASSERT(obj != NULL && pr->pr_nout > 0);
	if (!pr->pr_epoch) {
		pool_take_back(pr, obj);
		return;
	}
	pl = (struct pool_late *)((char *)obj + pr->pr_lateoff);
	pl->pl_stamp = epoch_stamp();
	pl->pl_next = NULL;
	*pr->pr_latep = pl;
	pr->pr_latep = &pl->pl_next;
}

bool
pools_collect(uint64_t epoch)
{
	unsigned left = LATE_A_PASS;
	bool wait = false;

	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next) {
		struct pool_late *pl;

		for (; left > 0 && (pl = pr->pr_late) != NULL && pl->pl_stamp < epoch; left--) {
			if ((pr->pr_late = pl->pl_next) == NULL)
				pr->pr_latep = &pr->pr_late;
			pool_take_back(pr, (char *)pl - pr->pr_lateoff);
		}
		wait |= pr->pr_late != NULL;
	}
	return wait;
}
