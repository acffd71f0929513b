/* boot.c - target boot: what a loader hands over (multiboot 1 and 2, PVH). The input: which loader, where its information stands,
 * then the memory around it; addresses outside are refused as on the metal. */
#include <string.h>

#include "kernel/amd64/bootinfo.c"
#include "kernel/amd64/range.c"
#include "tests/fuzz/fuzz.h"

#define MEM_BASE	4096u
#define MEM_SIZE	4096u

static uint8_t mem[MEM_SIZE];
static struct bootinfo bi;

static const void *
mem_at(uint64_t pa, size_t len)
{
	if (pa < MEM_BASE || pa > MEM_BASE + MEM_SIZE || len > MEM_BASE + MEM_SIZE - pa)
		return NULL;
	return mem + (pa - MEM_BASE);
}

static void
check_ranges(const struct ranges *rs)
{
	CHECK(rs->rs_n <= RANGES_MAX);
	for (unsigned i = 0; i < rs->rs_n; i++) {
		CHECK(rs->rs_r[i].r_start < rs->rs_r[i].r_end);
		CHECK(i == 0 || rs->rs_r[i - 1].r_end < rs->rs_r[i].r_start);
		CHECK(rs->rs_r[i].r_start % 4096 == 0 && rs->rs_r[i].r_end % 4096 == 0);
	}
}

static void
boot_run(struct fuzz_in *in)
{
	static const uint32_t magic[] = { BOOT_MB1_MAGIC, BOOT_MB2_MAGIC, BOOT_PVH_MAGIC, 0 };
	uint32_t m = magic[fuzz_u8(in) % nitems(magic)];
	uint64_t pa = MEM_BASE + fuzz_u8(in) * 8u;
	size_t n;
	const uint8_t *bytes = fuzz_take(in, MEM_SIZE, &n);

	memset(mem, 0, sizeof(mem));
	memcpy(mem, bytes, n);
	if (m == BOOT_PVH_MAGIC && pa < MEM_BASE + MEM_SIZE - 4)
		store32(mem + (pa - MEM_BASE), BOOT_PVH_MAGIC);
	memset(&bi, 0, sizeof(bi));
	bootinfo_parse(&bi, m, pa, mem_at);
	CHECK(memchr(bi.bi_cmdline, '\0', BOOT_CMDLINE) != NULL);
	CHECK(bi.bi_nmodules <= BOOT_MODULES && bi.bi_nstrings <= BOOT_STRINGS);
	CHECK(bi.bi_rsdp_len <= sizeof(bi.bi_rsdp_copy));
	check_ranges(&bi.bi_ram);
	for (unsigned i = 0; i < bi.bi_nmodules; i++) {
		CHECK(strlen(bi.bi_modules[i].bm_string) < BOOT_STRINGS);
		CHECK(bi.bi_modules[i].bm_start <= bi.bi_modules[i].bm_end);
	}
}
FUZZ_TARGET(boot, 1024, NULL, boot_run);
