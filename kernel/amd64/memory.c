/* memory.c - divides RAM at boot: what is taken (kernel, modules, log), the page allocator, newlib's heap. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/bootinfo.h"
#include "kernel/amd64/memory.h"
#include "kernel/log.h"
#include "kernel/machine.h"

/* Just below the kernel. SeaBIOS, QEMU's loader, GRUB (which allocates from the top) and iPXE were seen to leave it
 * alone. */
#define LOG_START	0x1f0000ul
#define LOG_SIZE	0x10000ul
#define LOW_KEEP	0x10000ul	/* real mode's vectors, BIOS data, and a place for the other cores' trampoline */
#define EARLY_TOP	(4ull << 30)	/* entry.S maps so much */

static bool memory_log_kept;
static char memory_log_spare[4096];	/* where LOG_START is no RAM, or not free */

void *
memory_log(size_t *len)
{
	*len = memory_log_kept ? LOG_SIZE : sizeof(memory_log_spare);
	return memory_log_kept ? (void *)LOG_START : memory_log_spare;
}

/* The log's place is RAM that no module of the loader's stands in. */
static bool
memory_log_free(void)
{
	for (unsigned i = 0; i < bootinfo.bi_nmodules; i++)
		if (bootinfo.bi_modules[i].bm_start < LOG_START + LOG_SIZE && bootinfo.bi_modules[i].bm_end > LOG_START)
			return false;
	return ranges_cover(&bootinfo.bi_ram, LOG_START, LOG_START + LOG_SIZE);
}

static void
memory_add(const struct ranges *rs, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < rs->rs_n; i++)
		page_add(MAX(rs->rs_r[i].r_start, from), MIN(rs->rs_r[i].r_end, to));
}

/* A sixteenth of RAM, 1 MB to 256 MB; less where no run is so long. Large blocks are not in it (libc/alloc.c). */
static void
memory_heap(void)
{
	size_t n = MIN(MAX(page_total() / 16, (size_t)256), (size_t)65536);
	void *p;

	while ((p = page_take(n)) == NULL && n > 64)
		n /= 2;
	if (p == NULL)
		panic("no memory for the heap");
	heap_init(p, n * PAGE_SIZE);
}

void
memory_init(void)
{
	static struct ranges free;

	free = bootinfo.bi_ram;
	memory_log_kept = memory_log_free();
	ranges_sub(&free, 0, LOW_KEEP);
	ranges_sub(&free, LOG_START, LOG_START + LOG_SIZE);
	ranges_sub(&free, (uintptr_t)kernel_start, (uintptr_t)kernel_end);
	for (unsigned i = 0; i < bootinfo.bi_nmodules; i++)
		ranges_sub(&free, bootinfo.bi_modules[i].bm_start & ~(uint64_t)(PAGE_SIZE - 1),
		    roundup2(bootinfo.bi_modules[i].bm_end, (uint64_t)PAGE_SIZE));
	memory_add(&free, 0, EARLY_TOP);
	pmap_init();
	memory_add(&free, EARLY_TOP, ~0ull);
	memory_heap();
}
