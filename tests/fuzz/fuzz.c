/* fuzz.c - what all targets share: choice of the target, the machine put back after each input, failures. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/bus.h"
#include "kernel/loop.h"
#include "kernel/pool.h"
#include "kernel/timeout.h"
#include "net/core/mbuf.h"
#include "tests/fuzz/fuzz.h"

#define POOLS_MAX	64
#define DMA_MAX		256

const struct fuzz_target *fuzz_now;

extern char __start_percore[], __stop_percore[];
static struct {
	char		*percore;
	unsigned	 npools;
	uint32_t	 pools[POOLS_MAX];	/* objects out, in the order of pool_list */
	unsigned	 timeouts;
	uint32_t	 mbufs;
	uint64_t	 now, seed;
	bool		 taken;
} base;

/* ---- failures ---- */

void
unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "fuzz %s: %s:%d: ", fuzz_now->ft_name, file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

void
unit_check_mem(const char *file, int line, const char *what, const void *got, const void *want, size_t n)
{
	const unsigned char *g = got, *w = want;

	for (size_t i = 0; i < n; i++)
		if (g[i] != w[i])
			unit_fail(file, line, "%s: byte %zu is 0x%02x, not 0x%02x", what, i, g[i], w[i]);
}

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "exitcode=99:allocator_may_return_null=1:quarantine_size_mb=16:detect_stack_use_after_return=0:handle_abort=0";
}

/* ---- memory for devices: drivers keep some for ever ---- */

static struct dma dma_out[DMA_MAX];
static unsigned ndma_out;

bool	__real_dma_alloc(struct dma *, size_t);
void	__real_dma_free(struct dma *);
bool	__wrap_dma_alloc(struct dma *, size_t);
void	__wrap_dma_free(struct dma *);

bool
__wrap_dma_alloc(struct dma *d, size_t size)
{
	if (ndma_out == DMA_MAX || !__real_dma_alloc(d, size)) {
		*d = (struct dma){ 0 };
		return false;
	}
	dma_out[ndma_out++] = *d;
	return true;
}

void
__wrap_dma_free(struct dma *d)
{
	for (unsigned i = 0; i < ndma_out; i++)
		if (dma_out[i].d_va == d->d_va) {
			dma_out[i] = dma_out[--ndma_out];
			break;
		}
	__real_dma_free(d);
}

void
fuzz_dma_reset(void)
{
	while (ndma_out > 0)
		__real_dma_free(&dma_out[--ndma_out]);
}

/* ---- waits: a device that never answers must not take seconds of each input ---- */

#define WAIT_US		20u

bool	__real_reg_wait8(const struct reg *, size_t, uint8_t, uint8_t, unsigned);
bool	__real_reg_wait32(const struct reg *, size_t, uint32_t, uint32_t, unsigned);
bool	__wrap_reg_wait8(const struct reg *, size_t, uint8_t, uint8_t, unsigned);
bool	__wrap_reg_wait32(const struct reg *, size_t, uint32_t, uint32_t, unsigned);

bool
__wrap_reg_wait8(const struct reg *r, size_t off, uint8_t mask, uint8_t want, unsigned us)
{
	return __real_reg_wait8(r, off, mask, want, MIN(us, WAIT_US));
}

bool
__wrap_reg_wait32(const struct reg *r, size_t off, uint32_t mask, uint32_t want, unsigned us)
{
	return __real_reg_wait32(r, off, mask, want, MIN(us, WAIT_US));
}

/* ---- before and after ---- */

static void
base_take(void)
{
	size_t size = (size_t)(__stop_percore - __start_percore);

	host_epochs_end();
	base.npools = 0;
	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next) {
		CHECK(base.npools < POOLS_MAX);
		base.pools[base.npools++] = pr->pr_nout;
	}
	base.timeouts = timeouts_pending();
	base.mbufs = mbuf_used();
	base.now = host.now;
	base.seed = host.seed;
	CHECK((base.percore = malloc(size)) != NULL);
	memcpy(base.percore, __start_percore, size);
	base.taken = true;
}

static void
base_compare(void)
{
	unsigned n = 0, fib = 0, base_fib = 0;

	host_epochs_end();
	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next, n++)
		if (n < base.npools && strncmp(pr->pr_name, "fib", 3) == 0) {
			fib += pr->pr_nout;		/* how large each is depends on what was in it */
			base_fib += base.pools[n];
		} else if (n >= base.npools || pr->pr_nout != base.pools[n])
			unit_fail(__FILE__, __LINE__, "at the end %u of pool %s are out, not %u", pr->pr_nout, pr->pr_name,
			    n < base.npools ? base.pools[n] : 0);
	CHECK_EQ(fib, base_fib);
	CHECK_EQ(timeouts_pending(), base.timeouts);
	CHECK_EQ(mbuf_used(), base.mbufs);
}

/* The free mbufs stand in another order now: their stack is memory of its own, only its height comes back, and is the same. */
static void
base_restore(void)
{
	memcpy(__start_percore, base.percore, (size_t)(__stop_percore - __start_percore));
	host.now = base.now;
	host.seed = base.seed;
	host.malloc_limited = false;
	host.cons_in_pos = host.cons_in_len = 0;
	host.cons_out_len = 0;
}

const uint8_t *
fuzz_take(struct fuzz_in *in, size_t max, size_t *n)
{
	const uint8_t *p = in->p;

	*n = MIN(max, in->n);
	in->p += *n;
	in->n -= *n;
	return p;
}

size_t
fuzz_maxlen(void)
{
	return fuzz_now->ft_maxlen;
}

bool
fuzz_begin(const char *name)
{
	SET_FOREACH(const struct fuzz_target, ft, fuzz_targets)
		if (strcmp(ft->ft_name, name) == 0)
			fuzz_now = ft;
	if (fuzz_now == NULL)
		return false;
	host_init(1);
	loop_init();
	if (fuzz_now->ft_start != NULL)
		fuzz_now->ft_start();
	base_take();
	return true;
}

void
fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, MIN(size, fuzz_now->ft_maxlen) };

	fuzz_now->ft_run(&in);
	base_compare();
	base_restore();
}
