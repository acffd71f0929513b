/* structures.c - our trie for IPv4 beside DIR-24-8 and Poptrie, with a million routes: the same answers, and what a look-up costs while the states of flows
 * want the caches as well. `make bench-structures`; the table is in tests/bench/README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "tests/bench/fibs/fibs.h"
#include "tests/bench/routeset.h"
#include "tests/unit/netfix.h"
#include "tests/unit/rt6fix.h"

#define STATES		((size_t)64 << 20)	/* bytes, of which each packet visits */
#define STATE_LINES	4u			/* lines that lie side by side */
#define ADDRESSES	(1u << 16)

static uint32_t address[ADDRESSES];		/* host order: random, each within a random route */
static uintptr_t top;

/* ---- ours: the next hop's number, and the lines that it takes to find the route and then its next hop ---- */

static uint32_t
ours_of(const struct rtentry *rt)
{
	return rt == NULL || (rt->rt_flags & (RTF_STATIC | RTF_REJECT)) != RTF_STATIC ? 0 : (be32_host(rt->rt_via->v_gateway) - be32_host(rq_gateway(AF_IP4, 0).s6_addr32[0]) + 1);
}

static uint32_t
ours_find(uint32_t addr)
{
	return ours_of(fib_match4(top, host_be32(addr)));
}

/* As fib_find4(). */
static const struct rtentry *
ours_walk(uint32_t addr, touch_fn *told)
{
	uintptr_t e = top, best = 0;

	for (unsigned shift = 24; e & FIB_NODE; shift -= 8) {
		const struct fib_node *n = fib_node(e);
		size_t t = addr >> shift & 0xff, at = e & FIB_DIRECT ? t : fib_run(n, t, false);

		best = n->n_route != 0 ? n->n_route : best;
		if (shift != 24)		/* of the first node only the values are looked at, mostly */
			told(n);
		told(&n->n_value[at]);
		e = n->n_value[at];
		if (shift == 0)
			break;
	}
	return (const struct rtentry *)(e != 0 ? e : best);
}

static uint32_t
ours_find_told(uint32_t addr, touch_fn *told)
{
	return ours_of(ours_walk(addr, told));
}

static uint32_t
ours_nexthop_told(uint32_t addr, touch_fn *told)
{
	const struct rtentry *rt = ours_walk(addr, told);

	if (rt != NULL)
		told(rt);
	return ours_of(rt);
}

/* ---- a cache: sets of 16 lines, the one that was used last stays longest ---- */

#define WAYS	16u

static struct { uintptr_t *line; size_t sets; uint64_t misses; } cache;
static bool cache_counts;

static void
cache_begin(size_t bytes)
{
	cache.sets = bytes / 64 / WAYS;
	cache.line = calloc(cache.sets * WAYS, sizeof(*cache.line));
	CHECK(cache.line != NULL);
}

static void
cache_touch(const void *p)
{
	uintptr_t line = (uintptr_t)p >> 6;
	uintptr_t *set = &cache.line[line % cache.sets * WAYS];
	unsigned i = 0;

	while (i < WAYS && set[i] != line)
		i++;
	if (i == WAYS) {
		cache.misses += cache_counts;
		i--;
	}
	memmove(&set[1], &set[0], i * sizeof(*set));
	set[0] = line;
}

static uint64_t lines_read;
static const void *last_line;

static void
line_count(const void *p)
{
	const void *line = (const void *)((uintptr_t)p & ~(uintptr_t)63);

	lines_read += line != last_line;
	last_line = line;
}

/* ---- the competition ---- */

static const struct structure {
	const char	*s_name;
	uint32_t	(*s_find)(uint32_t);
	uint32_t	(*s_told)(uint32_t, touch_fn *);
	bool		s_route;		/* it finds the number of a route */
} structures[] = {
	{ "ours, route", ours_find, ours_find_told, false },
	{ "ours, next hop in it", ours_find, ours_nexthop_told, false },
	{ "DIR-24-8, next hop", dir24_find, dir24_find_told, false },
	{ "DIR-24-8, route", dir24r_find, dir24r_find_told, true },
	{ "Poptrie 18, next hop", poptrie_find, poptrie_find_told, false },
	{ "Poptrie 18, route", poptrier_find, poptrier_find_told, true },
};

/* What it found is that next hop. */
static bool
is_answer(const struct structure *s, uint32_t found, uint32_t want)
{
	return (s->s_route && found != 0 ? prefixes[found - 1].p_nh : found) == want;
}

static void
same_answers(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t a = i % 2 ? address[below(ADDRESSES)] : (8 + below(100)) << 24 | (uint32_t)(rnd() & 0xffffff);
		uint32_t want = a >> 24 != 10 ? ours_find(a) : 0;	/* there the fixture's own networks are */

		for (size_t k = 0; k < nitems(structures) && a >> 24 != 10; k++) {
			CHECK(is_answer(&structures[k], structures[k].s_find(a), want));
			CHECK(is_answer(&structures[k], structures[k].s_told(a, line_count), want));
		}
	}
}

/* The first and last address of each prefix, and their neighbours outside. */
static void
same_answers_at_edges(void)
{
	for (unsigned i = 0; i < nprefixes; i++) {
		uint32_t a = prefixes[i].p_addr, z = a | (prefixes[i].p_plen < 32 ? ~0u >> prefixes[i].p_plen : 0);
		const uint32_t edge[] = { a, z, a - 1, z + 1 };

		for (size_t k = 0; k < nitems(edge); k++) {
			uint32_t want = ours_find(edge[k]);

			for (size_t n = 0; n < nitems(structures); n++)
				CHECK(is_answer(&structures[n], structures[n].s_find(edge[k]), want));
		}
	}
}

/* Misses of a look-up in a cache of so many bytes, behind a visit to a state. */
static double
misses(const struct structure *s, char *states, size_t bytes)
{
	enum { WARM = 300000, ROUNDS = 300000 };

	cache_begin(bytes);
	cache.misses = 0;
	for (unsigned i = 0; i < WARM + ROUNDS; i++) {
		const char *state = states != NULL ? states + rnd() % (STATES / 64 / STATE_LINES) * 64 * STATE_LINES : NULL;

		cache_counts = false;
		for (unsigned k = 0; k < STATE_LINES && state != NULL; k++)
			cache_touch(state + 64 * k);
		cache_counts = i >= WARM;
		s->s_told(prefixes[below(nprefixes)].p_addr | (uint32_t)(rnd() & 0xff), cache_touch);
	}
	free(cache.line);
	return (double)cache.misses / ROUNDS;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of a round: a visit to a state, and a look-up of an address that the one before has a part in. find NULL: without. */
static double
round_ns(uint32_t (*find)(uint32_t), char *states)
{
	enum { ROUNDS = 500000 };
	uint32_t sum = 0;
	double t = now();

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t a = prefixes[below(nprefixes)].p_addr | (uint32_t)(rnd() & 0xff);

		if (states != NULL)
			for (char *s = states + rnd() % (STATES / 64 / STATE_LINES) * 64 * STATE_LINES, *e = s + 64 * STATE_LINES; s < e; s += 64)
				*s += (char)sum;
		if (find != NULL)
			sum += find(a ^ (sum & 1));
	}
	CHECK(sum != 1);
	return (now() - t) / ROUNDS;
}

static uint32_t route_found;
static uint32_t
ours_route(uint32_t addr)
{
	return (uint32_t)((uintptr_t)fib_match4(top, host_be32(addr)) >> 4 & 1);
}

static uint32_t
ours_nexthop(uint32_t addr)
{
	const struct rtentry *rt = fib_match4(top, host_be32(addr));

	return rt != NULL ? (uint32_t)((uintptr_t)rt->rt_nh >> 4 & 1) : 0;
}

static double
lookup_ns(uint32_t (*find)(uint32_t), char *states)
{
	double with = 1e9, without = 1e9, t;

	for (int i = 0; i < 5; i++) {
		t = round_ns(find, states);
		with = MIN(with, t);
		t = round_ns(NULL, states);
		without = MIN(without, t);
	}
	return with - without;
}

struct job { uint32_t (*find)(uint32_t); uint32_t addr; };
static void job_run(void *arg) { const struct job *j = arg; route_found += j->find(j->addr); }
static uint32_t no_find(uint32_t addr __unused_arg) { return 0; }

static uint64_t
lookup_instructions(uint32_t (*find)(uint32_t))
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 200; i++) {
		struct job with = { find, address[i] }, without = { no_find, address[i] };

		sum += steps(job_run, &with) - steps(job_run, &without);
	}
	return (sum + 100) / 200;
}

/* ---- changes ---- */

static void dir24_change(void *arg) { dir24r_changed(arg); }
static void poptrie_change(void *arg) { poptrier_changed(arg); }
static void ours_change(void *arg) { CHECK(rt_change(arg) == RT_OK); }
static void ours_delete(void *arg) { CHECK(rt_delete(arg) == RT_OK); }
static void nothing(void *arg __unused_arg) { }

static struct rt_request
request_of(const struct prefix *p)
{
	struct rt_request r = { .rq_af = AF_IP4, .rq_dest6 = in6_of_ip4(host_be32(p->p_addr)), .rq_plen = p->p_plen, .rq_flags = RTF_GATEWAY | RTF_STATIC };

	r.rq_gateway6 = rq_gateway(AF_IP4, p->p_nh != 0 ? p->p_nh - 1u : 0);
	return r;
}

static struct prefix *
some_prefix(unsigned plen)
{
	unsigned i = below(nprefixes);

	for (unsigned n = 0; n < nprefixes && prefixes[i].p_plen != plen; n++)
		i = (i + 1) % nprefixes;
	return &prefixes[i];
}

/* Instructions of a deletion, on the average of ten of that length, in each (those that find routes). */
static void
cost_of_deletion(unsigned plen)
{
	uint64_t sum[3] = { 0 }, empty = steps(nothing, NULL);

	for (unsigned i = 0; i < 10; i++) {
		struct prefix *p = some_prefix(plen);
		struct rt_request r = request_of(p);
		uint16_t nh = p->p_nh;

		sum[0] += steps(ours_delete, &r) - empty;
		p->p_nh = 0;
		sum[1] += steps(dir24_change, p) - empty;
		sum[2] += steps(poptrie_change, p) - empty;
		p->p_nh = nh;
	}
	printf("deletion of a /%u: ours %llu, DIR-24-8 %llu, Poptrie %llu instructions\n", plen, (unsigned long long)sum[0] / 10,
	    (unsigned long long)sum[1] / 10, (unsigned long long)sum[2] / 10);
}

/* Some go, others lead elsewhere, and those that went come back: in all three. */
static void
changes(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct prefix *p = i % 50 == 0 ? some_prefix(14 + below(10)) : &prefixes[below(nprefixes)];
		struct rt_request r = request_of(p);

		if (i % 64 == 0)
			rq_pass();
		if (p->p_nh == 0) {
			p->p_nh = (uint16_t)(1 + below(GATEWAYS));
			r = request_of(p);
			CHECK(rt_add(&r) == RT_OK);
		} else if (below(2)) {
			CHECK(rt_delete(&r) == RT_OK);
			p->p_nh = 0;
		} else {
			p->p_nh = (uint16_t)(1 + below(GATEWAYS));
			r = request_of(p);
			ours_change(&r);
		}
		dir24_changed(p);
		dir24r_changed(p);
		poptrie_changed(p);
		poptrier_changed(p);
	}
	top = rtable_root(AF_IP4, 0);
}

static int
prefix_order(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	return x->p_addr != y->p_addr ? (x->p_addr < y->p_addr ? -1 : 1) : (int)x->p_plen - (int)y->p_plen;
}

static void
prefixes_make(void)
{
	prefixes = calloc(nrq, sizeof(*prefixes));
	CHECK(prefixes != NULL);
	for (nprefixes = 0; nprefixes < nrq; nprefixes++)
		prefixes[nprefixes] = (struct prefix){ be32_host(rq[nprefixes].rq_dest), rq[nprefixes].rq_plen,
		    (uint16_t)(be32_host(rq[nprefixes].rq_gateway) - be32_host(rq_gateway(AF_IP4, 0).s6_addr32[0]) + 1) };
	qsort(prefixes, nprefixes, sizeof(*prefixes), prefix_order);
	for (unsigned i = 0; i < ADDRESSES; i++)
		address[i] = prefixes[below(nprefixes)].p_addr | (uint32_t)(rnd() & 0xff);
}

static void
table(char *states)
{
	static const size_t mb[] = { 1, 8, 32 };

	for (size_t k = 0; k < nitems(structures); k++) {
		const struct structure *s = &structures[k];
		uint32_t (*find)(uint32_t) = k == 0 ? ours_route : k == 1 ? ours_nexthop : s->s_find;

		lines_read = 0;
		for (unsigned i = 0; i < ADDRESSES; i++) {
			last_line = NULL;
			s->s_told(address[i], line_count);
		}
		printf("%-20s %3llu instructions, %.2f lines, %5.0f ns alone, %5.0f ns beside states; misses alone and beside states", s->s_name,
		    (unsigned long long)lookup_instructions(find), (double)lines_read / ADDRESSES, lookup_ns(find, NULL), lookup_ns(find, states));
		for (size_t i = 0; i < nitems(mb); i++)
			printf(", %zu MB: %.2f %.2f", mb[i], misses(s, NULL, mb[i] << 20), misses(s, states, mb[i] << 20));
		printf("\n");
		fflush(stdout);
	}
}

/* Bytes of the nodes, and of core 0's lists for changes. */
static double
ours_memory(const char *prefix)
{
	size_t pages = 0;

	for (const struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next)
		if (strncmp(pr->pr_name, prefix, strlen(prefix)) == 0 && (pr->pr_name[strlen(prefix)] != 'p'))
			pages += pr->pr_npages;
	return (double)pages * PAGE_SIZE / 1e6;
}

/* It takes minutes and a gigabyte. */
TEST(structures)
{
	char *states = calloc(1, STATES);

	CHECK(states != NULL);
	host.pages_max = SIZE_MAX / 2;
	rt6_start();
	rq_load(AF_IP4, N4);
	top = rtable_root(AF_IP4, 0);
	prefixes_make();
	dir24_make();
	dir24r_make();
	poptrie_make();
	poptrier_make();
	printf("MB: ours %.1f, and %.1f for changes; DIR-24-8 %.1f (routes %.1f), and %.1f; Poptrie %.1f (routes %.1f), and a list of all prefixes\n",
	    ours_memory("fib"), ours_memory("fibp"), (double)dir24_memory() / 1e6, (double)dir24r_memory() / 1e6, (double)dir24_more() / 1e6,
	    (double)poptrie_memory() / 1e6, (double)poptrier_memory() / 1e6);
	same_answers(200000);
	same_answers_at_edges();
	table(states);
	for (unsigned plen = 14; plen <= 24; plen += 2)
		cost_of_deletion(plen);
	changes(20000);
	same_answers(200000);
	same_answers_at_edges();
	for (unsigned i = 0; i < nprefixes; i++) {
		struct rt_request r = request_of(&prefixes[i]);

		if (i % 64 == 0)
			rq_pass();
		CHECK(prefixes[i].p_nh == 0 || rt_delete(&r) == RT_OK);
	}
	free(states);
	net_end();
}
