/* files.c - what the loader brought: command line and files, the modules first, then fw_cfg's. */
#include <stdlib.h>
#include <string.h>

#include "drivers/fw_cfg.h"
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/bootinfo.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define EARLY_TOP	(4ull << 30)	/* entry.S maps so much */

/* While the boot's page tables stand. */
static const void *
bootinfo_early(uint64_t pa, size_t len)
{
	return pa != 0 && pa < EARLY_TOP && len <= EARLY_TOP - pa ? (const void *)pa : NULL;
}

/* Modules outside RAM, or over the kernel, are the loader's mistake: not used. */
static void
bootinfo_check(struct bootinfo *bi)
{
	unsigned n = 0;

	for (unsigned i = 0; i < bi->bi_nmodules; i++) {
		const struct bootmodule *bm = &bi->bi_modules[i];

		if ((ranges_cover(&bi->bi_ram, bm->bm_start, bm->bm_end) || bm->bm_start == bm->bm_end) &&
		    (bm->bm_start >= (uintptr_t)kernel_end || bm->bm_end <= (uintptr_t)kernel_start))
			bi->bi_modules[n++] = *bm;
		else
			bi->bi_lost++;
	}
	bi->bi_nmodules = n;
}

void
bootinfo_init(uint32_t magic, uint32_t pa)
{
	bootinfo_parse(&bootinfo, magic, pa, bootinfo_early);
	bootinfo_check(&bootinfo);
	if (!ranges_cover(&bootinfo.bi_ram, (uintptr_t)kernel_start, (uintptr_t)kernel_end))
		panic("the loader (%s) gave no memory map with the kernel in it",
		    bootinfo.bi_loader != NULL ? bootinfo.bi_loader : "unknown");
}

void
bootinfo_log(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < bootinfo.bi_ram.rs_n; i++)
		bytes += bootinfo.bi_ram.rs_r[i].r_end - bootinfo.bi_ram.rs_r[i].r_start;
	log_printf("real mem  = %llu (%lluMB)\n", (unsigned long long)bytes, (unsigned long long)(bytes >> 20));
	log_printf("avail mem = %llu (%lluMB)\n", (unsigned long long)page_avail() * PAGE_SIZE,
	    (unsigned long long)page_avail() * PAGE_SIZE >> 20);
	log_printf("boot: %s, %u module%s\n", bootinfo.bi_loader, bootinfo.bi_nmodules,
	    bootinfo.bi_nmodules == 1 ? "" : "s");
	if (bootinfo.bi_lost > 0)
		log_printf("boot: %u module%s not usable\n", bootinfo.bi_lost, bootinfo.bi_lost == 1 ? "" : "s");
	if (bootinfo.bi_ram.rs_lost > 0)
		log_printf("boot: the memory map has more than %u parts, %u not used\n", RANGES_MAX,
		    bootinfo.bi_ram.rs_lost);
}

const char *
machine_cmdline(void)
{
	return bootinfo.bi_cmdline;
}

unsigned
cmdline_number(const char *name, unsigned def)
{
	size_t len = strlen(name);

	for (const char *s = bootinfo.bi_cmdline; *s != '\0'; s++)
		if ((s == bootinfo.bi_cmdline || s[-1] == ' ') && strncmp(s, name, len) == 0 && s[len] == '=' &&
		    s[len + 1] >= '0' && s[len + 1] <= '9')
			return (unsigned)MIN(strtoul(s + len + 1, NULL, 10), 1000000ul);
	return def;
}

bool
machine_file(unsigned n, const char **name, const char **data, size_t *len)
{
	if (n < bootinfo.bi_nmodules) {
		const struct bootmodule *bm = &bootinfo.bi_modules[n];

		*name = bm->bm_string;
		*data = (const char *)bm->bm_start;
		*len = bm->bm_end - bm->bm_start;
		return true;
	}
	n -= bootinfo.bi_nmodules;
	return n < fw_cfg_files() && fw_cfg_file(n, name, data, len);
}
