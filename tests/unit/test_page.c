/* test_page.c - the metal's page allocator, on a piece of the host's memory. Its names are the host's too, so they
 * are changed. */
#define page_alloc	metal_page_alloc
#define page_take	metal_page_take
#define page_free	metal_page_free
#define page_total	metal_page_total
#define page_avail	metal_page_avail
#include "kernel/amd64/page.c"
#include <stdlib.h>
#include <string.h>
#include "tests/unit/unit.h"

#define N	64u

static char *
arena(void)
{
	static char space[N * 4096] __aligned_to(4096);

	memset(space, 0xa5, sizeof(space));
	return space;
}

static void
give(char *p, unsigned from, unsigned to)
{
	page_add((uintptr_t)p + from * PAGE_SIZE, (uintptr_t)p + to * PAGE_SIZE);
}

TEST(page_contiguous_and_zeroed)
{
	char *m = arena(), *p;

	give(m, 0, 4);
	give(m, 8, 20);
	CHECK_EQ(page_total(), 16);
	p = page_alloc(12);
	CHECK(p == m + 8 * PAGE_SIZE);
	for (size_t i = 0; i < 12 * PAGE_SIZE; i++)
		CHECK(p[i] == 0);
	CHECK(page_alloc(5) == NULL && page_alloc(0) == NULL);
	CHECK(page_alloc(4) != NULL);
	CHECK_EQ(page_avail(), 0);
	CHECK(page_alloc(1) == NULL);
	page_free(p, 12);
	CHECK_EQ(page_avail(), 12);
	CHECK(page_alloc(12) == p);
}

TEST(page_free_twice)
{
	char *m = arena(), *p;

	give(m, 0, 8);
	p = page_alloc(2);
	page_free(p, 2);
	CHECK_PANIC(page_free(p, 2));
	CHECK_PANIC(page_free(m, 1));
}

/* Any order of taking and giving back ends with one run of all. */
TEST(page_random)
{
	char *m = arena(), *p[N] = { NULL };
	size_t n[N] = { 0 };

	give(m, 0, N);
	for (unsigned turn = 0; turn < 20000; turn++) {
		unsigned i = unit_below(N);

		if (p[i] != NULL) {
			for (size_t k = 0; k < n[i] * PAGE_SIZE; k += 512)
				CHECK_EQ(p[i][k], (char)i);	/* nobody else had it */
			page_free(p[i], n[i]);
			p[i] = NULL;
		} else {
			n[i] = 1 + unit_below(6);
			if ((p[i] = page_alloc(n[i])) != NULL)
				memset(p[i], (int)i, n[i] * PAGE_SIZE);
		}
	}
	for (unsigned i = 0; i < N; i++)
		if (p[i] != NULL)
			page_free(p[i], n[i]);
	CHECK_EQ(page_avail(), N);
	CHECK(page_alloc(N) == m);
}
