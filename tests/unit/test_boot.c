/* test_boot.c - what the loader hands over: memory ranges, multiboot 1, multiboot 2 and PVH information, honest and
 * hostile. */
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/bootinfo.c"
#include "kernel/amd64/range.c"
#include "tests/unit/unit.h"

/* ---- ranges ---- */

static void
check_ranges(const struct ranges *rs, unsigned n, const struct range *want)
{
	CHECK_EQ(rs->rs_n, n);
	CHECK_MEM(rs->rs_r, want, n * sizeof(*want));
}

TEST(ranges_join_and_split)
{
	struct ranges rs = { 0 };

	ranges_add(&rs, 10, 20);
	ranges_add(&rs, 30, 40);
	ranges_add(&rs, 5, 5);
	ranges_add(&rs, 9, 4);
	check_ranges(&rs, 2, (struct range[]){ { 10, 20 }, { 30, 40 } });
	ranges_add(&rs, 20, 30);
	check_ranges(&rs, 1, (struct range[]){ { 10, 40 } });
	ranges_sub(&rs, 15, 25);
	check_ranges(&rs, 2, (struct range[]){ { 10, 15 }, { 25, 40 } });
	ranges_sub(&rs, 0, 12);
	ranges_sub(&rs, 38, 100);
	check_ranges(&rs, 2, (struct range[]){ { 12, 15 }, { 25, 38 } });
	ranges_sub(&rs, 12, 26);
	check_ranges(&rs, 1, (struct range[]){ { 26, 38 } });
	CHECK(ranges_cover(&rs, 26, 38) && !ranges_cover(&rs, 25, 38));
	CHECK(ranges_touch(&rs, 37, 90) && !ranges_touch(&rs, 38, 90));
}

/* Against a bitmap. */
TEST(ranges_random)
{
	struct ranges rs = { 0 };
	bool map[200] = { false };

	for (unsigned n = 0; n < 3000; n++) {
		unsigned a = unit_below(200), b = unit_below(200);
		bool add = unit_below(2);

		if (add)
			ranges_add(&rs, a, b);
		else
			ranges_sub(&rs, a, b);
		for (unsigned i = a; i < b; i++)
			map[i] = add;
		for (unsigned i = 0; i < 200; i++)
			CHECK_EQ(ranges_touch(&rs, i, i + 1), map[i]);
		for (unsigned i = 1; i < rs.rs_n; i++)
			CHECK(rs.rs_r[i - 1].r_end < rs.rs_r[i].r_start);
	}
}

TEST(ranges_full)
{
	struct ranges rs = { 0 };

	for (unsigned i = 0; i < RANGES_MAX + 5; i++)
		ranges_add(&rs, i * 10, i * 10 + 5);
	CHECK_EQ(rs.rs_n, RANGES_MAX);
	CHECK_EQ(rs.rs_lost, 5);
	ranges_sub(&rs, 2, 3);			/* would be one more: the part behind is lost, never wrongly kept */
	CHECK(!ranges_touch(&rs, 2, 5));
}

/* ---- a little physical memory, from address 4096 on ---- */

#define MEM_BASE	4096u
#define MEM_SIZE	8192u
static uint8_t mem[MEM_SIZE];

static const void *
mem_at(uint64_t pa, size_t len)
{
	if (pa < MEM_BASE || pa > MEM_BASE + MEM_SIZE || len > MEM_BASE + MEM_SIZE - pa)
		return NULL;
	return mem + (pa - MEM_BASE);
}

static uint8_t *
mem_put(uint64_t pa)
{
	return mem + (pa - MEM_BASE);
}

static void
put_e820(uint64_t pa, uint64_t start, uint64_t len, uint32_t type)
{
	store64(mem_put(pa), start);
	store64(mem_put(pa + 8), len);
	store32(mem_put(pa + 16), type);
}

static struct bootinfo bi;

TEST(boot_multiboot1)
{
	memset(mem, 0, MEM_SIZE);
	store32(mem_put(4096), 1 << 2 | 1 << 3 | 1 << 6);
	store32(mem_put(4096 + 16), 5000);
	strcpy((char *)mem_put(5000), "sluice panic=1");
	store32(mem_put(4096 + 20), 1);
	store32(mem_put(4096 + 24), 5100);
	store32(mem_put(5100), 8000);
	store32(mem_put(5104), 8010);
	store32(mem_put(5108), 5200);
	strcpy((char *)mem_put(5200), "conf");
	store32(mem_put(4096 + 44), 72);
	store32(mem_put(4096 + 48), 5300);
	for (unsigned i = 0; i < 3; i++)
		store32(mem_put(5300 + 24 * i), 20);
	put_e820(5304, 0x200000, 0x100000, 2);		/* in the middle of what follows: reserved wins */
	put_e820(5328, 0x100000, 0xf00800, 1);
	put_e820(5352, 0, 0x9fc00, 1);
	bootinfo_parse(&bi, BOOT_MB1_MAGIC, 4096, mem_at);
	CHECK_STR(bi.bi_loader, "multiboot");
	CHECK_STR(bi.bi_cmdline, "sluice panic=1");
	check_ranges(&bi.bi_ram, 3, (struct range[]){ { 0, 0x9f000 }, { 0x100000, 0x200000 }, { 0x300000, 0x1000000 } });
	CHECK_EQ(bi.bi_nmodules, 1);
	CHECK_EQ(bi.bi_modules[0].bm_end - bi.bi_modules[0].bm_start, 10);
	CHECK_STR(bi.bi_modules[0].bm_string, "conf");
}

/* An entry that claims to reach past the map's length ends it. */
TEST(boot_multiboot1_entry_too_long)
{
	memset(mem, 0, MEM_SIZE);
	store32(mem_put(4096), 1 << 6);
	store32(mem_put(4096 + 44), 48);
	store32(mem_put(4096 + 48), 5300);
	store32(mem_put(5300), 20);
	put_e820(5304, 0x100000, 0x100000, 1);
	store32(mem_put(5324), 21);
	put_e820(5328, 0x400000, 0x100000, 1);
	bootinfo_parse(&bi, BOOT_MB1_MAGIC, 4096, mem_at);
	check_ranges(&bi.bi_ram, 1, (struct range[]){ { 0x100000, 0x200000 } });
}

static uint64_t
put_tag(uint64_t pa, uint32_t type, uint32_t size)
{
	store32(mem_put(pa), type);
	store32(mem_put(pa + 4), size);
	return pa + roundup2(size, 8u);
}

TEST(boot_multiboot2)
{
	uint64_t pa = 4104, t;

	memset(mem, 0, MEM_SIZE);
	t = pa, pa = put_tag(pa, 1, 8 + 9);
	strcpy((char *)mem_put(t + 8), "panic=20");
	t = pa, pa = put_tag(pa, 3, 16 + 5);
	store32(mem_put(t + 8), 9000);
	store32(mem_put(t + 12), 9100);
	strcpy((char *)mem_put(t + 16), "a.cf");
	t = pa, pa = put_tag(pa, 6, 16 + 24);
	store32(mem_put(t + 8), 24);
	put_e820(t + 16, 0x100000, 0x100000, 1);
	t = pa, pa = put_tag(pa, 14, 8 + 20);
	memcpy(mem_put(t + 8), "RSD PTR ", 8);
	pa = put_tag(pa, 0, 8);
	store32(mem_put(4096), (uint32_t)(pa - 4096));
	bootinfo_parse(&bi, BOOT_MB2_MAGIC, 4096, mem_at);
	CHECK_STR(bi.bi_cmdline, "panic=20");
	CHECK_EQ(bi.bi_nmodules, 1);
	CHECK_STR(bi.bi_modules[0].bm_string, "a.cf");
	check_ranges(&bi.bi_ram, 1, (struct range[]){ { 0x100000, 0x200000 } });
	CHECK_EQ(bi.bi_rsdp_len, 20);
}

/* A tag that reaches past the whole ends it. */
TEST(boot_multiboot2_tag_too_long)
{
	memset(mem, 0, MEM_SIZE);
	put_tag(4104, 1, 8 + 9);
	strcpy((char *)mem_put(4112), "panic=20");
	store32(mem_put(4096), 8 + 16);
	bootinfo_parse(&bi, BOOT_MB2_MAGIC, 4096, mem_at);
	CHECK_STR(bi.bi_cmdline, "");
}

TEST(boot_pvh)
{
	memset(mem, 0, MEM_SIZE);
	store32(mem_put(4096), BOOT_PVH_MAGIC);
	store32(mem_put(4100), 1);
	store32(mem_put(4108), 1);
	store64(mem_put(4112), 5000);
	store64(mem_put(4120), 5100);
	store64(mem_put(4128), 0xe0010);
	store64(mem_put(4136), 5200);
	store32(mem_put(4144), 2);
	store64(mem_put(5000), 6000);
	store64(mem_put(5008), 100);
	strcpy((char *)mem_put(5100), "x=y");
	put_e820(5200, 0x100000, 0x100000, 1);
	put_e820(5224, 1ull << 47, 1ull << 63, 1);	/* cannot be mapped at its own address */
	bootinfo_parse(&bi, BOOT_PVH_MAGIC, 4096, mem_at);
	CHECK_STR(bi.bi_cmdline, "x=y");
	CHECK_EQ(bi.bi_rsdp, 0xe0010);
	CHECK_EQ(bi.bi_nmodules, 1);
	CHECK_STR(bi.bi_modules[0].bm_string, "");
	check_ranges(&bi.bi_ram, 1, (struct range[]){ { 0x100000, 0x200000 } });
}

TEST(boot_modules_too_many_or_nowhere)
{
	memset(mem, 0, MEM_SIZE);
	store32(mem_put(4096), 1 << 3);
	store32(mem_put(4096 + 20), 1000000);
	store32(mem_put(4096 + 24), 5000);
	for (unsigned i = 0; i < BOOT_MODULES + 1; i++) {
		store32(mem_put(5000 + 16 * i), i == 0 ? 100000 : i == 1 ? 8010 : 8000);	/* outside; reversed */
		store32(mem_put(5004 + 16 * i), i == 0 ? 100001 : 8005);
	}
	bootinfo_parse(&bi, BOOT_MB1_MAGIC, 4096, mem_at);
	CHECK_EQ(bi.bi_nmodules, BOOT_MODULES - 1);
	CHECK_EQ(bi.bi_lost, 2);
}

/* Anything at all: no access outside (mem_at and the sanitizer see to it), no endless loop, all strings ended. */
TEST(boot_noise)
{
	static const uint32_t magic[] = { BOOT_MB1_MAGIC, BOOT_MB2_MAGIC, BOOT_PVH_MAGIC, 0 };

	for (unsigned n = 0; n < 4000; n++) {
		for (unsigned i = 0; i < MEM_SIZE; i += 4) {
			uint32_t r = unit_random();

			/* Many plausible values: small numbers, and addresses inside. */
			store32(mem + i, r % 4 == 0 ? r : r % 4 == 1 ? r >> 8 & 31 :
			    r % 4 == 2 ? MEM_BASE + (r >> 8) % MEM_SIZE : 0);
		}
		store32(mem, n % 2 != 0 ? BOOT_PVH_MAGIC : 0xffffffff);
		memset(&bi, 0, sizeof(bi));
		bootinfo_parse(&bi, magic[n % 4], MEM_BASE + (n % 7 == 0 ? unit_below(MEM_SIZE) : 0), mem_at);
		CHECK(memchr(bi.bi_cmdline, '\0', BOOT_CMDLINE) != NULL);
		CHECK(bi.bi_nmodules <= BOOT_MODULES && bi.bi_ram.rs_n <= RANGES_MAX && bi.bi_nstrings <= BOOT_STRINGS);
		CHECK(bi.bi_rsdp_len <= sizeof(bi.bi_rsdp_copy));
		for (unsigned i = 0; i < bi.bi_nmodules; i++)
			CHECK(strlen(bi.bi_modules[i].bm_string) < BOOT_STRINGS);
	}
}
