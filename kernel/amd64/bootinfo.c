/* bootinfo.c - reads multiboot 1 and 2 information and PVH's hvm_start_info into one form. */
#include <string.h>

#include "kernel/amd64/bootinfo.h"
#include "kernel/endian.h"

#define BOOT_PAGE	4096ul
#define BOOT_MMAP_MAX	1024		/* entries looked at */
#define MEM_RAM		1		/* type of usable RAM in all three */

struct bootinfo bootinfo;

/* Copies a NUL-terminated string of the loader, byte by byte as nobody says how long it is; cut to size - 1. */
static size_t
bootinfo_string(char *dst, size_t size, uint64_t pa, bootinfo_at *at)
{
	size_t n = 0;

	for (const char *s; n + 1 < size && (s = at(pa + n, 1)) != NULL && *s != '\0'; n++)
		dst[n] = *s;
	dst[n] = '\0';
	return n;
}

static const char *
bootinfo_keep(struct bootinfo *bi, uint64_t pa, bootinfo_at *at)
{
	char *s = bi->bi_strings + bi->bi_nstrings;

	if (pa == 0 || bi->bi_nstrings >= BOOT_STRINGS - 1)
		return "";
	bi->bi_nstrings += bootinfo_string(s, BOOT_STRINGS - bi->bi_nstrings, pa, at) + 1;
	return s;
}

static void
bootinfo_module(struct bootinfo *bi, uint64_t start, uint64_t end, uint64_t string, bootinfo_at *at)
{
	if (bi->bi_nmodules == BOOT_MODULES || end < start || (end > start && at(start, end - start) == NULL)) {
		bi->bi_lost++;
		return;
	}
	bi->bi_modules[bi->bi_nmodules++] = (struct bootmodule){ start, end, bootinfo_keep(bi, string, at) };
}

/* One entry of a memory map. Loaders may list overlapping ranges: what is not RAM wins, so it is taken out in a
 * second turn. */
static void
bootinfo_memory(struct bootinfo *bi, unsigned turn, uint64_t start, uint64_t len, uint32_t type)
{
	uint64_t end = start + len;

	if (end < start)
		end = ~0ull;
	if (turn == 0 && type == MEM_RAM)
		ranges_add(&bi->bi_ram, start, end);
	else if (turn == 1 && type != MEM_RAM)
		ranges_sub(&bi->bi_ram, start, end);
}

/* ---- multiboot 1: specification 3.3 ---- */

static void
bootinfo_mb1_map(struct bootinfo *bi, uint64_t pa, uint32_t len, unsigned turn, bootinfo_at *at)
{
	uint32_t off = 0;

	for (unsigned n = 0; n < BOOT_MMAP_MAX && len - off >= 24; n++) {
		const uint8_t *e = at(pa + off, 24);
		uint32_t size = e != NULL ? load32(e) : 0;

		if (size < 20 || size > len - off - 4)
			break;
		bootinfo_memory(bi, turn, load64(e + 4), load64(e + 12), load32(e + 20));
		off += size + 4;
	}
}

static void
bootinfo_mb1(struct bootinfo *bi, uint64_t pa, bootinfo_at *at)
{
	const uint8_t *p = at(pa, 52);
	uint32_t flags, n;

	if (p == NULL)
		return;
	flags = load32(p);
	if (flags & 1 << 6) {
		bootinfo_mb1_map(bi, load32(p + 48), load32(p + 44), 0, at);
		bootinfo_mb1_map(bi, load32(p + 48), load32(p + 44), 1, at);
	} else if (flags & 1 << 0) {
		bootinfo_memory(bi, 0, 0, load32(p + 4) * 1024ull, MEM_RAM);
		bootinfo_memory(bi, 0, 0x100000, load32(p + 8) * 1024ull, MEM_RAM);
	}
	if (flags & 1 << 2)
		bootinfo_string(bi->bi_cmdline, BOOT_CMDLINE, load32(p + 16), at);
	n = flags & 1 << 3 ? MIN(load32(p + 20), BOOT_MODULES + 1u) : 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *m = at(load32(p + 24) + 16ull * i, 16);

		if (m != NULL)
			bootinfo_module(bi, load32(m), load32(m + 4), load32(m + 8), at);
	}
}

/* ---- multiboot 2: specification 3.6 ---- */

static void
bootinfo_mb2_map(struct bootinfo *bi, const uint8_t *t, uint32_t size)
{
	uint32_t esize = size >= 16 ? load32(t + 8) : 0;

	if (esize < 24)
		return;
	for (unsigned turn = 0; turn < 2; turn++)
		for (uint32_t off = 16, n = 0; size - off >= esize && n < BOOT_MMAP_MAX; off += esize, n++)
			bootinfo_memory(bi, turn, load64(t + off), load64(t + off + 8), load32(t + off + 16));
}

static void
bootinfo_mb2_tag(struct bootinfo *bi, uint64_t pa, const uint8_t *t, uint32_t type, uint32_t size, bootinfo_at *at)
{
	switch (type) {
	case 1:
		if (size > 8)
			bootinfo_string(bi->bi_cmdline, MIN(size - 8, (uint32_t)BOOT_CMDLINE), pa + 8, at);
		break;
	case 3:
		if (size > 16 && t[size - 1] == '\0')
			bootinfo_module(bi, load32(t + 8), load32(t + 12), pa + 16, at);
		break;
	case 6:
		bootinfo_mb2_map(bi, t, size);
		break;
	case 14:		/* ACPI 1.0 RSDP */
	case 15:		/* ACPI 2.0 RSDP: the better one */
		if (size - 8 > bi->bi_rsdp_len) {
			bi->bi_rsdp_len = MIN(size - 8, (uint32_t)sizeof(bi->bi_rsdp_copy));
			memcpy(bi->bi_rsdp_copy, t + 8, bi->bi_rsdp_len);
		}
		break;
	}
}

static void
bootinfo_mb2(struct bootinfo *bi, uint64_t pa, bootinfo_at *at)
{
	const uint8_t *p = at(pa, 8), *t;
	uint32_t total, off = 8, size;

	if (p == NULL)
		return;
	total = MIN(load32(p), 1u << 20);
	while (off <= total && total - off >= 8 && (t = at(pa + off, 8)) != NULL) {
		size = load32(t + 4);
		if (load32(t) == 0 || size < 8 || size > total - off || at(pa + off, size) == NULL)
			break;
		bootinfo_mb2_tag(bi, pa + off, t, load32(t), size, at);
		off += roundup2(size, 8u);
	}
}

/* ---- PVH: Xen's include/public/arch-x86/hvm/start_info.h describes the layout ---- */

static void
bootinfo_pvh(struct bootinfo *bi, uint64_t pa, bootinfo_at *at)
{
	const uint8_t *p = at(pa, 56), *e;
	uint32_t n;

	if (p == NULL || load32(p) != BOOT_PVH_MAGIC)
		return;
	if (load64(p + 24) != 0)
		bootinfo_string(bi->bi_cmdline, BOOT_CMDLINE, load64(p + 24), at);
	bi->bi_rsdp = load64(p + 32);
	n = load32(p + 4) >= 1 ? MIN(load32(p + 48), (uint32_t)BOOT_MMAP_MAX) : 0;
	for (unsigned turn = 0; turn < 2; turn++)
		for (uint32_t i = 0; i < n && (e = at(load64(p + 40) + 24ull * i, 24)) != NULL; i++)
			bootinfo_memory(bi, turn, load64(e), load64(e + 8), load32(e + 16));
	n = MIN(load32(p + 12), BOOT_MODULES + 1u);
	for (uint32_t i = 0; i < n && (e = at(load64(p + 16) + 32ull * i, 32)) != NULL; i++)
		bootinfo_module(bi, load64(e), load64(e) + load64(e + 8), load64(e + 16), at);
}

/* RAM is used in whole pages; what lies above 47 bits could not be identity-mapped. */
static void
bootinfo_trim(struct ranges *rs)
{
	struct ranges old = *rs;

	rs->rs_n = 0;
	for (unsigned i = 0; i < old.rs_n; i++)
		ranges_add(rs, roundup2(MIN(old.rs_r[i].r_start, 1ull << 47), BOOT_PAGE),
		    MIN(old.rs_r[i].r_end, 1ull << 47) & ~(BOOT_PAGE - 1));
}

void
bootinfo_parse(struct bootinfo *bi, uint32_t magic, uint64_t pa, bootinfo_at *at)
{
	if (magic == BOOT_MB1_MAGIC) {
		bi->bi_loader = "multiboot";
		bootinfo_mb1(bi, pa, at);
	} else if (magic == BOOT_MB2_MAGIC) {
		bi->bi_loader = "multiboot2";
		bootinfo_mb2(bi, pa, at);
	} else if (magic == BOOT_PVH_MAGIC) {
		bi->bi_loader = "PVH";
		bootinfo_pvh(bi, pa, at);
	}
	bootinfo_trim(&bi->bi_ram);
}
