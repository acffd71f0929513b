/* test_pool.c - pools: limit, no memory, zeroed objects, alignment. */
#include <string.h>

#include "kernel/command.h"
#include "kernel/epoch.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "tests/unit/unit.h"

TEST(pool_limit_and_counts)
{
	static struct pool pr;
	void *p[3];

	pool_init(&pr, "three", 24, 8, 3);
	for (unsigned i = 0; i < 3; i++)
		CHECK((p[i] = pool_get(&pr)) != NULL);
	CHECK(pool_get(&pr) == NULL);
	CHECK_EQ(pr.pr_nfail, 1);
	CHECK_EQ(pr.pr_nout, 3);
	for (unsigned i = 0; i < 3; i++)
		pool_put(&pr, p[i]);
	CHECK_EQ(pr.pr_nout, 0);
	CHECK_EQ(pr.pr_hiwat, 3);
	CHECK_EQ(pr.pr_nget, 3);
	CHECK_EQ(pr.pr_nput, 3);
	CHECK_EQ(pr.pr_npages, 1);
	pool_put(&pr, pool_get(&pr));
	CHECK_EQ(pr.pr_npages, 1);
}

TEST(pool_objects_are_zeroed_aligned_and_apart)
{
	static const struct { size_t size, align; } shape[] = { { 1, 1 }, { 40, 8 }, { 100, 64 }, { 3000, 16 },
	    { 4096, 4096 }, { 9000, 64 } };
	static struct pool pr[nitems(shape)];
	enum { N = 200 };
	static char *obj[N];

	for (unsigned s = 0; s < nitems(shape); s++) {
		pool_init(&pr[s], "shape", shape[s].size, shape[s].align, 0);
		for (unsigned round = 0; round < 2; round++) {
			for (unsigned i = 0; i < N; i++) {
				obj[i] = pool_get(&pr[s]);
				CHECK(obj[i] != NULL && (uintptr_t)obj[i] % shape[s].align == 0);
				for (size_t k = 0; k < shape[s].size; k++)
					CHECK_EQ(obj[i][k], 0);
				memset(obj[i], (int)i + 1, shape[s].size);
			}
			for (unsigned i = 0; i < N; i++) {
				for (size_t k = 0; k < shape[s].size; k++)
					CHECK_EQ((unsigned char)obj[i][k], (unsigned char)(i + 1));
				pool_put(&pr[s], obj[i]);
			}
		}
		CHECK(pr[s].pr_npages * PAGE_SIZE * 3 / 4 <= N * roundup2(shape[s].size, shape[s].align) + 8 * PAGE_SIZE);
	}
}

/* What one pool has left empty another one uses, and nothing of an object is touched by that. */
TEST(pool_shares_pages)
{
	enum { N = 1000 };
	static struct pool small, large;
	static uint8_t *obj[N], *other[N / 4];
	size_t pages;

	pool_init(&small, "small", 128, CACHELINE, 0);
	pool_init_epoch(&large, "large", 500, 8, 0);
	pool_share_pages(&small);
	pool_share_pages(&large);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			CHECK((obj[i] = pool_get(&small)) != NULL && (uintptr_t)obj[i] % CACHELINE == 0);
			CHECK(obj[i][0] == 0 && obj[i][127] == 0);
			memset(obj[i], (int)(i % 251) + 1, 128);
		}
		CHECK_EQ(small.pr_npages, (N + 30) / 31);
		pages = host.pages;
		for (unsigned i = 0; i < N; i++)
			if (i % 62 != 5) {		/* every other page keeps one */
				CHECK(obj[i][0] == i % 251 + 1 && obj[i][127] == obj[i][0]);
				pool_put(&small, obj[i]);
			}
		CHECK_EQ(small.pr_npages, (N + 61 - 5) / 62);
		for (unsigned i = 0; i < N / 62 * 7; i++) {
			CHECK((other[i] = pool_get(&large)) != NULL);
			memset(other[i], 0xee, 500);
		}
		CHECK_EQ(large.pr_npages, N / 62);
		CHECK_EQ(host.pages, pages);
		for (unsigned i = 5; i < N; i += 62) {
			CHECK(obj[i][0] == i % 251 + 1 && obj[i][127] == obj[i][0]);
			pool_put(&small, obj[i]);
		}
		for (unsigned i = 0; i < N / 62 * 7; i++)
			pool_put(&large, other[i]);
		while (loop_pass())
			continue;
		CHECK_EQ(small.pr_npages + large.pr_npages, 0);
		CHECK_EQ(small.pr_nout + large.pr_nout, 0);
	}
}

TEST(pool_without_memory)
{
	static struct pool pr;
	void *p;

	pool_init(&pr, "poor", 1000, 8, 0);
	host.pages_max = host.pages;
	CHECK(pool_get(&pr) == NULL);
	CHECK_EQ(pr.pr_nfail, 1);
	host.pages_max++;
	CHECK((p = pool_get(&pr)) != NULL);
	pool_put(&pr, p);
}

TEST(pool_put_of_null_panics)
{
	static struct pool pr;

	pool_init(&pr, "null", 8, 8, 0);
	CHECK_PANIC(pool_put(&pr, NULL));
}

TEST(pool_vmstat)
{
	static struct pool pr;
	struct out o;
	void *p;

	pool_init(&pr, "thing", 100, 4, 10);
	p = pool_get(&pr);
	out_init(&o, NULL, NULL);
	CHECK_EQ(command_run(&o, "vmstat -m"), 0);
	out_write(&o, "", 1);
	CHECK_IN(o.o_buf, "Memory resource pool statistics\nName         Size Requests Fail    InUse Pgreq Pgrel");
	CHECK_IN(o.o_buf, "thing         104        1    0        1     1     0     1     1     0     1    0\n");
	out_free(&o);
	pool_put(&pr, p);
}

/* What a pass of the loop gives back is bounded over all pools together, and none is forgotten. */
TEST(pool_epoch_bounded)
{
	enum { N = 700, A_PASS = 512 };
	static struct pool pr[3];

	for (unsigned k = 0; k < nitems(pr); k++) {
		static void *p[N];

		pool_init_epoch(&pr[k], "late", 64, 8, 0);
		for (unsigned i = 0; i < N; i++)
			CHECK((p[i] = pool_get(&pr[k])) != NULL);
		for (unsigned i = 0; i < N; i++)
			pool_put(&pr[k], p[i]);
		CHECK_EQ(pr[k].pr_nout, N);
	}
	for (unsigned left = nitems(pr) * N; left > 0; ) {
		unsigned next = left - MIN(left, (unsigned)A_PASS), out = 0;

		CHECK(epoch_waiting);
		epoch_pass();
		for (unsigned k = 0; k < nitems(pr); k++)
			out += pr[k].pr_nout;
		CHECK_EQ(out, next);
		left = next;
	}
	CHECK(!epoch_waiting);
}
