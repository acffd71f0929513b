/* pmap.c - page tables: RAM at its own address in large pages, the kernel's sections with their permissions in small
 * ones, device memory on demand, stacks with guard pages in the upper half. Intel SDM 3A, 4.5. Core 0 changes them.
 * */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/bootinfo.h"
#include "kernel/amd64/memory.h"
#include "kernel/machine.h"

#define PTE_P		0x001ul
#define PTE_PS		0x080ul		/* a large page, above level 0 */
#define PTE_NX		(1ul << 63)
#define PTE_ADDR	0x000ffffffffff000ul
#define PTE_FLAGS	(~PTE_ADDR & ~PTE_PS)

#define MSR_EFER	0xc0000080u
#define EFER_NXE	(1u << 11)
#define PMAP_TOP	(1ull << 47)	/* identity-mapped addresses lie below */

static uint64_t *pmap_root;		/* level 3 */
static uint64_t pmap_nx;		/* PTE_NX, or 0 where the processor has none */
static unsigned pmap_maxlevel = 1;	/* of large pages: 2 MB, or 1 GB */

static inline uint64_t level_size(unsigned level) { return 1ul << (12 + 9 * level); }
static inline unsigned level_index(uint64_t va, unsigned level) { return va >> (12 + 9 * level) & 511; }

static inline void
tlb_flush(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* The table below an entry of `level`; makes it, and splits a large page into it. NULL: no memory. */
static uint64_t *
pmap_table(uint64_t *e, unsigned level)
{
	uint64_t old = *e, *t;

	if ((old & PTE_P) && !(old & PTE_PS))
		return (uint64_t *)(old & PTE_ADDR);
	if ((t = page_alloc(1)) == NULL)
		return NULL;
	if (old & PTE_P)
		for (unsigned i = 0; i < 512; i++)
			t[i] = (old & PTE_FLAGS) | ((old & PTE_ADDR) + i * level_size(level - 1)) |
			    (level > 1 ? PTE_PS : 0);
	*e = (uintptr_t)t | PTE_P | PMAP_W;
	return t;
}

/* The entry of `level` for va; NULL: no memory for the tables above it. */
static uint64_t *
pmap_entry(uint64_t va, unsigned level)
{
	uint64_t *t = pmap_root;

	for (unsigned l = 3; l > level; l--)
		if ((t = pmap_table(&t[level_index(va, l)], l)) == NULL)
			return NULL;
	return &t[level_index(va, level)];
}

bool
pmap_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	uint64_t pte = PTE_P | (flags & (PMAP_W | PMAP_UC)) | (flags & PMAP_X ? 0 : pmap_nx), *e, old;
	unsigned level;

	for (; size > 0; va += level_size(level), pa += level_size(level), size -= level_size(level)) {
		for (level = pmap_maxlevel; level > 0; level--)
			if (size >= level_size(level) && ((va | pa) & (level_size(level) - 1)) == 0)
				break;
		if ((e = pmap_entry(va, level)) == NULL)
			return false;
		old = *e;
		if (level > 0 && (old & PTE_P) && !(old & PTE_PS))
			level = 0, e = pmap_entry(va, 0);	/* a table stands there: it is filled page by page */
		if (e == NULL)
			return false;
		old = *e;
		*e = pa | pte | (level > 0 ? PTE_PS : 0);
		if (old & PTE_P)
			tlb_flush(va);
	}
	return true;
}

bool
pmap_present(uint64_t va)
{
	const uint64_t *t = pmap_root;
	uint64_t e;

	if (t == NULL)
		return va >= PAGE_SIZE && va < 1ull << 32;	/* the boot's tables */
	if (va + PMAP_TOP >= 2 * PMAP_TOP)
		return false;					/* not canonical */
	for (unsigned l = 3;; l--) {
		e = t[level_index(va, l)];
		if (!(e & PTE_P) || l == 0 || (e & PTE_PS))
			return e & PTE_P;
		t = (const uint64_t *)(e & PTE_ADDR);
	}
}

/* Takes one page away. */
static void
pmap_unmap(uint64_t va)
{
	uint64_t *e = pmap_entry(va, 0);

	KASSERT(e != NULL);
	*e = 0;
	tlb_flush(va);
}

static void
pmap_features(void)
{
	struct cpuid ext = cpuid(0x80000001, 0);

	if (ext.d & 1u << 20) {
		pmap_nx = PTE_NX;
		msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
	}
	if (ext.d & 1u << 26)
		pmap_maxlevel = 2;
}

void
pmap_init(void)
{
	uint64_t text = (uintptr_t)kernel_start, ro = (uintptr_t)kernel_rodata, data = (uintptr_t)kernel_data;
	bool ok = true;

	pmap_features();
	if ((pmap_root = page_alloc(1)) == NULL)
		panic("no memory for page tables");
	for (unsigned i = 0; i < bootinfo.bi_ram.rs_n; i++) {
		const struct range *r = &bootinfo.bi_ram.rs_r[i];

		ok = ok && pmap_map(r->r_start, r->r_start, r->r_end - r->r_start, PMAP_W);
	}
	ok = ok && pmap_map(text, text, ro - text, PMAP_X) && pmap_map(ro, ro, data - ro, 0) &&
	    pmap_map(data, data, (uintptr_t)kernel_end - data, PMAP_W);
	if (!ok)
		panic("no memory for page tables");
	pmap_unmap(0);
	pmap_unmap((uintptr_t)boot_stack_guard);
	cr3_write((uintptr_t)pmap_root);
}

/* Identity-maps what lies outside RAM. */
static void *
pmap_outside(uint64_t pa, size_t size, uint64_t flags)
{
	uint64_t start = pa & ~(uint64_t)(PAGE_SIZE - 1), end = roundup2(pa + size, (uint64_t)PAGE_SIZE);

	if (size == 0 || pa == 0 || end <= start || end > PMAP_TOP || ranges_touch(&bootinfo.bi_ram, start, end))
		return NULL;
	return pmap_map(start, start, end - start, flags) ? (void *)pa : NULL;
}

void *
mmio_map(uint64_t pa, size_t size)
{
	return pmap_outside(pa, size, PMAP_W | PMAP_UC);
}

const void *
table_map(uint64_t pa, size_t size)
{
	if (pa >= PAGE_SIZE && pa + size >= pa && ranges_cover(&bootinfo.bi_ram, pa, pa + size))
		return (const void *)pa;
	return pmap_outside(pa, size, 0);
}
