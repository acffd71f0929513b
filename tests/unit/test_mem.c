/* test_mem.c - the kernel's memcpy, memmove and memset against plain loops; under other names, as the host has its
 * own. */
#define memcpy	metal_memcpy
#define memmove	metal_memmove
#define memset	metal_memset
#include "libc/mem.c"
#undef memcpy
#undef memmove
#undef memset
#include "tests/unit/unit.h"

#define SIZE	400

static void
fill(unsigned char *p)
{
	for (unsigned i = 0; i < SIZE; i++)
		p[i] = (unsigned char)unit_random();
}

TEST(mem_every_length)
{
	unsigned char a[SIZE], b[SIZE], want[SIZE];

	for (unsigned n = 0; n <= 300; n++)
		for (unsigned off = 0; off < 17; off += 1 + unit_below(3)) {
			fill(a);
			fill(b);
			for (unsigned i = 0; i < SIZE; i++)
				want[i] = i >= 32 && i < 32 + n ? a[off + i - 32] : b[i];
			CHECK(metal_memcpy(b + 32, a + off, n) == b + 32);
			CHECK_MEM(b, want, SIZE);
			for (unsigned i = 0; i < n; i++)
				want[off + i] = (unsigned char)n;
			CHECK(metal_memset(b + off, (int)n + 256, n) == b + off);
			CHECK_MEM(b, want, SIZE);
		}
}

TEST(mem_move_overlaps)
{
	unsigned char a[SIZE], want[SIZE];

	for (unsigned n = 0; n <= 200; n++)
		for (unsigned turn = 0; turn < 40; turn++) {
			unsigned from = unit_below(SIZE - n), to = turn % 2 ? unit_below(SIZE - n) :
			    MIN(from + unit_below(20), SIZE - n);

			fill(a);
			for (unsigned i = 0; i < SIZE; i++)
				want[i] = i >= to && i < to + n ? a[from + i - to] : a[i];
			CHECK(metal_memmove(a + to, a + from, n) == a + to);
			CHECK_MEM(a, want, SIZE);
		}
}
