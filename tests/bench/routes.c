/* routes.c - a million IPv4 and 200,000 IPv6 routes on the host: memory, instructions of a change (counted by single steps), look-ups with other
 * data in competition for the caches. Built as the kernel is, without sanitizers: tests/bench/README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/loop.h"
#include "kernel/pool.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"
#include "tests/unit/rt6fix.h"

#define N4	1000000u
#define N6	200000u
#define GATEWAYS	64u

static struct rt_request rq[N4 + N6];
static unsigned nrq;
static uint64_t state = 88172645463325252u;

static uint64_t
rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static uint32_t below(uint32_t n) { return (uint32_t)((rnd() >> 32) * n >> 32); }

/* Prefix lengths in thousandths, as the kit's mkroutes.py has them from the Internet's tables. */
struct share { uint8_t s_plen; uint16_t s_n; };
static const struct share shares4[] = { { 24, 602 }, { 23, 100 }, { 22, 115 }, { 21, 52 }, { 20, 45 }, { 19, 26 }, { 18, 14 }, { 17, 9 }, { 16, 14 },
	{ 15, 2 }, { 14, 1 }, { 0, 0 } };
static const struct share shares6[] = { { 48, 485 }, { 44, 95 }, { 40, 80 }, { 47, 28 }, { 46, 30 }, { 45, 15 }, { 36, 50 }, { 42, 20 }, { 38, 15 },
	{ 34, 18 }, { 33, 20 }, { 32, 115 }, { 29, 40 }, { 0, 0 } };

static uint8_t
random_plen(const struct share *s)
{
	uint32_t n = below(1000);

	for (; s[1].s_n != 0 && n >= s->s_n; s++)
		n -= s->s_n;
	return s->s_plen;
}

/* Half of them inside one that is there already. */
static struct in6_addr
random_dest(unsigned af, unsigned first, uint8_t *plen)
{
	static const uint8_t blocks[5] = { 0x24, 0x26, 0x28, 0x2a, 0x2c };
	struct in6_addr a = { { .s6_addr64 = { rnd(), rnd() } } }, mask;
	const struct rt_request *cover = nrq > first && below(2) ? &rq[first + below(nrq - first)] : NULL;

	*plen = random_plen(af == AF_IP4 ? shares4 : shares6);
	if (af == AF_IP4) {
		a = in6_of_ip4(a.s6_addr32[0]);
		a.s6_addr[0] = (uint8_t)(11 + below(89));
	} else {
		a.s6_addr[0] = blocks[below(5)];
		a.s6_addr[1] &= 0x0f;
	}
	if (cover != NULL && cover->rq_plen < *plen) {
		mask = in6_mask(cover->rq_plen);
		for (unsigned i = 0; i < 16; i++)
			a.s6_addr[i] = (uint8_t)((cover->rq_dest6.s6_addr[i] & mask.s6_addr[i]) | (a.s6_addr[i] & ~mask.s6_addr[i]));
	}
	return in6_masked(&a, *plen);
}

static struct in6_addr
gateway(unsigned af, unsigned i)
{
	struct in6_addr a = in6_of("fd00:0:0:2::2:0");

	if (af == AF_IP4)
		return in6_of_ip4(host_be32(0x0a000102 + i));
	a.s6_addr[15] = (uint8_t)i;
	return a;
}

/* What was taken out may be used anew. */
static void
pass(void)
{
	for (unsigned i = 0; i < 4; i++)
		loop_pass();
}

/* Adds so many; rq[] keeps them. Returns the seconds that it took. */
static double
load(unsigned af, unsigned count)
{
	unsigned first = nrq;
	clock_t before = clock();

	for (enum rt_error e; nrq < first + count;) {
		struct rt_request *r = &rq[nrq];

		r->rq_af = (uint8_t)af;
		r->rq_dest6 = random_dest(af, first, &r->rq_plen);
		r->rq_gateway6 = gateway(af, nrq % GATEWAYS);
		r->rq_flags = RTF_GATEWAY | RTF_STATIC;
		if (nrq % 64 == 0)
			pass();
		if ((e = rt_add(r)) == RT_OK)
			nrq++;
		else
			CHECK(e == RT_EXIST);
	}
	return (double)(clock() - before) / CLOCKS_PER_SEC;
}

/* ---- instructions ---- */

static uint64_t
steps(void (*func)(void *), void *arg)
{
	pid_t pid = fork();
	uint64_t n = 0;
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		func(arg);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (;;) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			break;
		n++;
	}
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n;
}

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
		some[i].rq_gateway6 = gateway(af, 1 + i);
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
	t = load(AF_IP4, N4);
	printf("%u IPv4 routes in %.1f s, %.1f MB\n", N4, t, mbytes(host.pages - before));
	t = load(AF_IP6, N6);
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
			pass();
		CHECK(rt_delete(&rq[i]) == RT_OK);
	}
	net_end();
}
