/* world.c - the clock, what happens when, chance, and how a case fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define EVENTS_MAX	1000000		/* at one moment */

struct event {
	uint64_t	 e_time, e_seq;
	void		(*e_fn)(void *, void *);
	void		*e_arg, *e_arg2;
};
struct memory { struct memory *m_next; max_align_t m_data[]; };

struct sim sim;

static struct event *heap;		/* the earliest first; the same time: in the order of sim_at() */
static size_t nheap, heap_cap;
static uint64_t seq, random_state;
static struct memory *memory;
static jmp_buf fail_jump;
static char fail_text[4096];

/* ---- failing ---- */

void
sim_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	va_list ap;
	int n;

	n = snprintf(fail_text, sizeof(fail_text), "%s:%d: at %.6f s: ", base != NULL ? base + 1 : file, line,
	    (double)((int64_t)sim.now - (int64_t)sim.start) / 1e9);
	va_start(ap, fmt);
	vsnprintf(fail_text + n, sizeof(fail_text) - (size_t)n, fmt, ap);
	va_end(ap);
	longjmp(fail_jump, 1);
}

void
sim_say(const char *fmt, ...)
{
	va_list ap;

	if (!sim.verbose)
		return;
	printf("%12.6f ", (double)((int64_t)sim.now - (int64_t)sim.start) / 1e9);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

const char *
sim_try(void (*fn)(void))
{
	if (setjmp(fail_jump) != 0)
		return fail_text;
	fn();
	return NULL;
}

/* ---- chance and memory ---- */

uint64_t
sim_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint32_t
sim_below(uint32_t n)
{
	return (uint32_t)(((sim_random() >> 32) * n) >> 32);
}

bool
sim_chance(unsigned permille)
{
	return permille > 0 && sim_below(1000) < permille;
}

void
sim_hash(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = sim.hash;

	for (; n >= 8; n -= 8, b += 8)
		h = (h ^ load64(b)) * 0x9fb21c651e98df25ULL, h ^= h >> 29;
	for (; n > 0; n--)
		h = (h ^ *b++) * 0x100000001b3ULL, h ^= h >> 31;
	sim.hash = h;
}

void *
sim_alloc(size_t n)
{
	struct memory *m = calloc(1, sizeof(*m) + n);

	if (m == NULL)
		abort();
	m->m_next = memory;
	memory = m;
	return m->m_data;
}

char *
sim_print(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = sim_alloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

/* ---- events ---- */

static bool
earlier(const struct event *x, const struct event *y)
{
	return x->e_time != y->e_time ? x->e_time < y->e_time : x->e_seq < y->e_seq;
}

void
sim_at(uint64_t t, void (*fn)(void *, void *), void *arg, void *arg2)
{
	struct event e = { t > sim.now ? t : sim.now, seq++, fn, arg, arg2 };
	size_t i, up;

	if (nheap == heap_cap) {
		heap_cap = heap_cap != 0 ? heap_cap * 2 : 256;
		heap = realloc(heap, heap_cap * sizeof(*heap));
		if (heap == NULL)
			abort();
	}
	for (i = nheap++; i > 0 && earlier(&e, &heap[up = (i - 1) / 2]); i = up)
		heap[i] = heap[up];
	heap[i] = e;
}

static struct event
event_take(void)
{
	struct event first = heap[0], last = heap[--nheap];
	size_t i = 0, down;

	while ((down = 2 * i + 1) < nheap) {
		if (down + 1 < nheap && earlier(&heap[down + 1], &heap[down]))
			down++;
		if (!earlier(&heap[down], &last))
			break;
		heap[i] = heap[down];
		i = down;
	}
	heap[i] = last;
	return first;
}

/* Everything that is due now. */
static void
run_now(void)
{
	unsigned n = 0;

	do {
		while (nheap > 0 && heap[0].e_time <= sim.now) {
			struct event e = event_take();

			SIM_CHECK(++n < EVENTS_MAX, "what happens at this moment has no end");
			e.e_fn(e.e_arg, e.e_arg2);
		}
	} while (routers_run() || (nheap > 0 && heap[0].e_time <= sim.now));
}

void
sim_run_to(uint64_t t)
{
	for (;;) {
		uint64_t next, timeout;

		run_now();
		next = nheap > 0 ? heap[0].e_time : UINT64_MAX;
		timeout = routers_next();
		if (timeout != 0 && timeout < next)
			next = timeout;
		if (next > t)
			break;
		if (next > sim.now)
			sim.now = next;
	}
	if (t > sim.now)
		sim.now = t;
}

void
sim_run(uint64_t ns)
{
	sim_run_to(sim.now + ns);
}

/* ---- a case's begin and end ---- */

void
sim_begin(uint64_t seed, unsigned cores)
{
	sim.now = sim.start = sec(1);
	sim.seed = random_state = seed * 0x2545f4914f6cdd1dULL + cores;
	sim.hash = 0xcbf29ce484222325ULL;
	sim.cores = cores;
	sim.strict = sim.exact = sim.jitter = false;
	sim.stall = 0;
	sim.cards = (enum sim_cards)((seed + 2) % 3);		/* seeds 1, 2, 3: all kinds */
	sim.stand = cores > 1 && sim_below(2) ? 1 + sim_below(300) : 0;
	seq = 0;
}

void
sim_end_check(void)
{
	routers_end_check();
	raws_end_check();
	hosts_end_check();
}

void
sim_end(void)
{
	nheap = 0;
	routers_end();
	raws_end();
	hosts_end();
	wires_end();
	while (memory != NULL) {
		struct memory *m = memory;

		memory = m->m_next;
		free(m);
	}
}
