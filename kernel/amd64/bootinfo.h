/* bootinfo.h - what the loader told us, the same for multiboot 1, multiboot 2 and PVH. */
#ifndef KERNEL_AMD64_BOOTINFO_H
#define KERNEL_AMD64_BOOTINFO_H

#include "kernel/amd64/range.h"

#define BOOT_MB1_MAGIC	0x2badb002u
#define BOOT_MB2_MAGIC	0x36d76289u
#define BOOT_PVH_MAGIC	0x336ec578u
#define BOOT_CMDLINE	1024
#define BOOT_MODULES	16
#define BOOT_STRINGS	2048		/* of all modules together */

struct bootmodule { uint64_t bm_start, bm_end; const char *bm_string; };
struct bootinfo {
	const char	*bi_loader;		/* "multiboot2"; NULL: unknown magic */
	char		 bi_cmdline[BOOT_CMDLINE];
	struct ranges	 bi_ram;		/* usable RAM, whole pages */
	unsigned	 bi_nmodules, bi_lost;	/* lost: modules that did not fit or lay outside RAM */
	struct bootmodule bi_modules[BOOT_MODULES];
	char		 bi_strings[BOOT_STRINGS];
	size_t		 bi_nstrings;
	uint64_t	 bi_rsdp;		/* physical address; 0: not told */
	uint8_t		 bi_rsdp_copy[36];	/* multiboot 2 hands over a copy instead; its length */
	unsigned	 bi_rsdp_len;
};

/* Gives a pointer to len bytes at pa, NULL where that cannot be read. */
typedef const void *bootinfo_at(uint64_t pa, size_t len);

/* Reads everything; copies all but the modules' bytes. Lengths and counts of the loader are bounded, bad parts left
 * out. `bi` is zero. */
void	bootinfo_parse(struct bootinfo *bi, uint32_t magic, uint64_t pa, bootinfo_at *at);

extern struct bootinfo bootinfo;

#endif
