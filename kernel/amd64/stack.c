/* stack.c - stacks in the upper half of the address space, an unmapped page below each. A freed one keeps its pages
 * and is used again for the same size. Core 0. */
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/machine.h"

#define STACK_BASE	0xffff800000000000ul
#define STACK_SLOTS	0x100000000ul		/* bytes of address space for all */

struct free_stack { struct free_stack *fs_next; size_t fs_size; };

static struct free_stack *stack_list;
static uint64_t stack_next = STACK_BASE;

static void *
stack_reuse(size_t size)
{
	for (struct free_stack **p = &stack_list, *fs; (fs = *p) != NULL; p = &fs->fs_next)
		if (fs->fs_size == size) {
			*p = fs->fs_next;
			return fs;
		}
	return NULL;
}

void *
stack_alloc(size_t size)
{
	uint64_t va;
	void *page;

	size = roundup2(size, (size_t)PAGE_SIZE);
	if ((page = stack_reuse(size)) != NULL)
		return page;
	if (size == 0 || size > STACK_BASE + STACK_SLOTS - stack_next || page_avail() < size / PAGE_SIZE + 4)
		return NULL;		/* 4: page tables */
	va = stack_next + PAGE_SIZE;
	stack_next = va + size;
	for (size_t off = 0; off < size; off += PAGE_SIZE)
		if ((page = page_alloc(1)) == NULL || !pmap_map(va + off, (uintptr_t)page, PAGE_SIZE, PMAP_W))
			panic("stack_alloc: pages were there and are not");
	return (void *)va;
}

void
stack_free(void *base, size_t size)
{
	struct free_stack *fs = base;

	context_free(base, size);
	fs->fs_size = roundup2(size, (size_t)PAGE_SIZE);
	fs->fs_next = stack_list;
	stack_list = fs;
}
