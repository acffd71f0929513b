/* memory.h - RAM at boot: who gets what. */
#ifndef KERNEL_AMD64_MEMORY_H
#define KERNEL_AMD64_MEMORY_H

#include "kernel/cdefs.h"

/* linker.ld */
extern char kernel_start[], kernel_rodata[], kernel_data[], kernel_end[], boot_stack_guard[];
extern char percore_start[], percore_end[];

/* Divides the loader's RAM: final page tables, page allocator, heap, log. Needs bootinfo. */
void	memory_init(void);
/* The log's memory, kept by a warm reboot where the machine's map has it as RAM. Its length is a power of two. */
void	*memory_log(size_t *len);

/* page.c: gives [start, end), whole pages, mapped, to the allocator. */
void	page_add(uint64_t start, uint64_t end);

/* pmap.c */
#define PMAP_W	0x002ul			/* writable */
#define PMAP_UC	0x018ul			/* uncached: PCD and PWT */
#define PMAP_X	0x001ul			/* executable (not the hardware's bit) */
/* The final tables: the kernel's sections, and RAM (bootinfo.bi_ram). */
void	pmap_init(void);
/* Maps whole pages, replacing what was there; large pages where the addresses allow. False: no memory for tables. */
bool	pmap_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
bool	pmap_present(uint64_t va);		/* something is mapped there: may be read */

/* heap.c: newlib's heap is [start, start + size). */
void	heap_init(void *start, size_t size);
bool	heap_holds(const void *);	/* it lies there */

#endif
