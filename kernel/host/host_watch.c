/* host_watch.c - finds the task that looks at an object of the stack outside net_enter() and net_leave(): by the time of its next section another
 * core, or the loop, may have freed it, even when it is still there today. While a task runs outside, all of the pools' memory is poisoned. */
#include <stdlib.h>

#include "kernel/host/host.h"
#include "kernel/pool.h"
#include "kernel/task.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static struct slab { char *base; size_t size; } *slabs;
static size_t nslabs, slabs_cap;

static void
host_watch_slab(void *base, size_t size)
{
	bool limited = host.malloc_limited;

	host.malloc_limited = false;		/* that limit is for the kernel, not for us */
	if (nslabs == slabs_cap) {
		slabs_cap = slabs_cap != 0 ? slabs_cap * 2 : 64;
		slabs = realloc(slabs, slabs_cap * sizeof(*slabs));
	}
	host.malloc_limited = limited;
	if (slabs == NULL)
		abort();
	slabs[nslabs++] = (struct slab){ base, size };
}

static void
host_hide_free(const struct pool *pr, void *obj)
{
	for (void *next; obj != NULL; obj = next) {
		next = *(void **)obj;
		__asan_poison_memory_region(obj, pr->pr_size);
	}
}

/* What is free stays hidden in any case. */
static void
host_watch_section(bool inside)
{
	for (size_t i = 0; i < nslabs; i++)
		if (inside)
			__asan_unpoison_memory_region(slabs[i].base, slabs[i].size);
		else
			__asan_poison_memory_region(slabs[i].base, slabs[i].size);
	for (struct pool *pr = pool_list; pr != NULL && inside; pr = pr->pr_next) {
		host_hide_free(pr, pr->pr_free);
		for (struct pool_page *pp = pr->pr_room; pp != NULL; pp = pp->pp_next)
			host_hide_free(pr, pp->pp_free);
	}
}

void
host_watch(void)
{
	task_watch = host_watch_section;
	pool_watch = host_watch_slab;
}
#else
void
host_watch(void)
{
}
#endif
