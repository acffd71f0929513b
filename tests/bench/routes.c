/* routes.c - a million IPv4 and 200,000 IPv6 routes on the host: memory, instructions of a change (counted by single steps), look-ups with other
 * data in competition for the caches. Built as the kernel is, without sanitizers: tests/bench/README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/loop.h"
#include "kernel/pool.h"
#include "tests/bench/routeset.h"
#include "tests/unit/netfix.h"
#include "tests/unit/rt6fix.h"

/* ---- instructions ---- */

static void nothing(void *arg __unused_arg) { }
static void delete_one(void *arg) { CHECK(rt_delete(arg) == RT_OK); }
static void add_one(void *arg) { CHECK(rt_add(arg) == RT_OK); }
static void change_one(void *arg) { CHECK(rt_change(arg) == RT_OK); }

static void
cost(const char *what, void (*func)(void *), struct rt_request *r, unsigned n, uint64_t empty)
{
	uint64_t sum = 0, most = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t s = steps(func, &r[i]) - empty;

		sum += s;
		most = MAX(most, s);
	}
	printf("%-24s %6llu instructions, at most %6llu\n", what, (unsigned long long)(sum / n), (unsigned long long)most);
	CHECK(most <= 20000);
}

/* Every length: the short ones are the wide ones. */
static void
costs(unsigned af, unsigned first, unsigned count)
{
	static struct rt_request some[40];
	uint64_t empty = steps(nothing, NULL);
	char what[40];

	for (unsigned i = 0; i < 20; i++)
		some[i] = rq[first + below(count)];
	sprintf(what, "IPv%c delete", af == AF_IP4 ? '4' : '6');
	cost(what, delete_one, some, 20, empty);
	for (unsigned i = 0; i < 20; i++)
		some[i].rq_gateway6 = rq_gateway(af, 1 + i);
	sprintf(what, "IPv%c change", af == AF_IP4 ? '4' : '6');
	cost(what, change_one, some, 20, empty);
	for (unsigned i = 0; i < nitems(some); i++) {
		unsigned plen = i % (af == AF_IP4 ? 33 : 65);

		some[i] = rq[first + below(count)];
		some[i].rq_plen = (uint8_t)plen;
		some[i].rq_priority = 9;
		some[i].rq_dest6 = in6_masked(&some[i].rq_dest6, plen);
	}
	sprintf(what, "IPv%c add", af == AF_IP4 ? '4' : '6');
	cost(what, add_one, some, nitems(some), empty);
}

/* ---- look-ups ---- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of a look-up, each behind one visit to a state (a line of so many bytes of them); without look-ups: what the rest costs. */
static double
time_lookups(unsigned af, unsigned first, unsigned count, char *states, size_t size, bool look)
{
	enum { ROUNDS = 1000000 };
	uintptr_t sum = 0;
	double t = now();

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct in6_addr a = rq[first + below(count)].rq_dest6;

		if (size > 0)
			states[(rnd() % size) & ~(size_t)63] += (char)sum;
		a.s6_addr64[0] ^= af == AF_IP4 ? 0 : (uint64_t)sum & 1;	/* no look-up before the one in front is done */
		if (look)
			sum += (uintptr_t)rtable_match_af(af, 0, &a) & 8;
	}
	t = (now() - t) / ROUNDS;
	return sum == ~(uintptr_t)0 ? 0 : t;
}

static void
lookups(unsigned af, unsigned first, unsigned count)
{
	static const size_t mb[] = { 0, 16, 64 };
	char *states = calloc(64, 1 << 20);

	CHECK(states != NULL);
	for (size_t i = 0; i < nitems(mb); i++) {
		double with = 1e9, without = 1e9, t;

		for (int n = 0; n < 5; n++) {
			t = time_lookups(af, first, count, states, mb[i] << 20, true);
			with = MIN(with, t);
			t = time_lookups(af, first, count, states, mb[i] << 20, false);
			without = MIN(without, t);
		}
		printf("IPv%c look-up, %2zu MB of states: %.0f ns\n", af == AF_IP4 ? '4' : '6', mb[i], with - without);
	}
	free(states);
}

static double mbytes(size_t pages) { return (double)pages * 4096 / 1e6; }

TEST(routes)
{
	size_t before;
	double t, full;

	host.pages_max = SIZE_MAX / 2;
	rt6_start();
	before = host.pages;
	t = rq_load(AF_IP4, N4);
	printf("%u IPv4 routes in %.1f s, %.1f MB\n", N4, t, mbytes(host.pages - before));
	t = rq_load(AF_IP6, N6);
	full = mbytes(host.pages - before);
	printf("%u IPv6 routes in %.1f s, in all %.1f MB\n", N6, t, full);
	costs(AF_IP4, 0, N4);
	costs(AF_IP6, N4, N6);
	lookups(AF_IP4, 0, N4);
	lookups(AF_IP6, N4, N6);
	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next)
		if (pr->pr_npages > 200)
			printf("pool %-10s %8u of %5u bytes, %6.1f MB\n", pr->pr_name, pr->pr_nout, pr->pr_size, mbytes(pr->pr_npages));
	fflush(stdout);
	CHECK(full <= 160);
	for (unsigned i = 0; i < nrq; i++) {
		if (i % 64 == 0)
			rq_pass();
		CHECK(rt_delete(&rq[i]) == RT_OK);
	}
	net_end();
}
