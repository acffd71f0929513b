/* host.c - kernel/machine.h on Linux: time, random numbers, console, files, the end. Memory and contexts have files of
 * their own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cons.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host/host.h"
#include "kernel/host/host_trace.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/timeout.h"

#define HOST_EPOCH	1704067200	/* 2024-01-01 00:00:00 UTC */
#define RUN_PASSES	1000000		/* passes without a step in time: a live-lock */

struct host host;
unsigned ncores = 1;
ptrdiff_t percore_delta[MAXCORES];
ptrdiff_t percore_cur;
PERCORE unsigned percore_id;

extern char __start_percore[] __attribute__((visibility("hidden")));
extern char __stop_percore[] __attribute__((visibility("hidden")));

void
host_core(unsigned core)
{
	KASSERT(core < ncores);
	percore_cur = percore_delta[core];
}

void
host_init(unsigned cores)
{
	size_t size = (size_t)(__stop_percore - __start_percore);

	host = (struct host){ .arena = host.arena, .arena_pages = host.arena_pages };
	host.epoch = HOST_EPOCH;
	host.seed = 1;
	host.pages_max = 64 * 1024;
	host.cons_room = SIZE_MAX;
	host.cmdline = "";
	KASSERT(cores >= 1 && cores <= MAXCORES);
	for (unsigned i = 1; i < cores; i++) {
		char *copy = host_pages((size + PAGE_SIZE) / PAGE_SIZE + 1);

		if (copy == NULL)
			abort();
		/* The same place within a cache line as core 0's copy. */
		copy += (uintptr_t)__start_percore % CACHELINE;
		percore_delta[i] = copy - __start_percore;
		percore_of(percore_id, i) = i;
		percore_of(core_asleep, i) = true;
	}
	ncores = cores;
	host_watch();
}

unsigned
machine_cores(void)
{
	return ncores;
}

bool
machine_popcnt(void)
{
	return __builtin_cpu_supports("popcnt");
}

void
machine_poke(unsigned core)
{
	percore_of(loop_wake, core) = true;
}

/* One thread runs them all. Who gives the cores their turns learns from loop_wake that this one wants more. */
void
machine_wait(unsigned core, const volatile bool *busy)
{
	while (*busy)
		if (host_pass(core))
			percore_of(loop_wake, core) = true;
}

uint64_t
uptime_ns(void)
{
	return host.ops != NULL ? host.ops->ho_clock() : host.now;
}

uint64_t
wall_s(void)
{
	return host.epoch + uptime_ns() / 1000000000;
}

void
random_bytes(void *buf, size_t n)
{
	uint8_t *p = buf;

	if (host.ops != NULL) {
		host.ops->ho_random(buf, n);
		return;
	}
	while (n-- > 0) {	/* splitmix64 */
		uint64_t z = host.seed += 0x9e3779b97f4a7c15ULL;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
		*p++ = (uint8_t)(z >> 56);
	}
}

void
cpu_idle(uint64_t deadline, const volatile bool *stop)
{
	if (host.ops != NULL)
		host.ops->ho_idle(deadline, stop);
	else if (!*stop && deadline > host.now)
		host.now = deadline;
}

bool
host_pass(unsigned core)
{
	unsigned self = core_id();
	bool more;

	host_core(core);
	percore(core_asleep) = false;
	loop_asleep(false);
	more = host_moment_pass() || percore(loop_wake);
	if (host_standing(core)) {
		host_core(self);
		return true;
	}
	if (host_trace_on())
		host_trace_flush();
	loop_asleep(true);		/* until its next pass */
	percore(core_asleep) = !more;
	host_core(self);
	return more;
}

bool
host_passes(void)
{
	bool more = false;

	for (unsigned i = 0; i < ncores; i++)
		host_pass(i);
	for (unsigned i = 0; i < ncores; i++)
		more |= percore_of(loop_wake, i) || !percore_of(core_asleep, i);
	return more;
}

void
host_epochs_end(void)
{
	for (unsigned i = 1; i < ncores; i++)
		percore_of(core_asleep, i) = true;	/* it stands between two passes */
	while (epoch_waiting)
		epoch_collect();
}

uint64_t
host_next(void)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < ncores; i++) {
		uint64_t next;

		host_core(i);
		next = timeouts_next();
		if (next != 0 && (first == 0 || next < first))
			first = next;
	}
	host_core(0);
	return first;
}

void
host_run_ns(uint64_t ns)
{
	uint64_t end = host.now + ns, next;
	unsigned n = 0;

	for (;;) {
		while (host_passes())
			if (++n > RUN_PASSES)
				panic("host_run: the loop has no end");
		next = host_next();
		if (next == 0 || next > end)
			break;
		if (next > host.now)
			n = 0;
		else if (++n > RUN_PASSES)
			panic("host_run: timeouts without an end");
		host.now = MAX(host.now, next);
	}
	host.now = MAX(host.now, end);	/* delay_us() moves it too */
}

void
host_run(uint64_t ms)
{
	host_run_ns(ms * 1000000);
}

/* ---- console ---- */

static void
host_grow(char **buf, size_t *cap, size_t need)
{
	bool limited = host.malloc_limited;

	if (need <= *cap)
		return;
	while (*cap < need)
		*cap = *cap != 0 ? *cap * 2 : HOST_CONS;
	host.malloc_limited = false;	/* that limit is for the kernel, not for us */
	*buf = realloc(*buf, *cap);
	host.malloc_limited = limited;
	if (*buf == NULL)
		abort();
}

void
host_type(const char *s, size_t n)
{
	host_grow(&host.cons_in, &host.cons_in_cap, host.cons_in_len + n + 1);
	memcpy(host.cons_in + host.cons_in_len, s, n);
	host.cons_in_len += n;
	cons_input_ready();
}

size_t
machine_cons_read(char *buf, size_t n)
{
	if (host.ops != NULL)
		return host.ops->ho_cons_read(buf, n);
	n = MIN(n, host.cons_in_len - host.cons_in_pos);
	if (n == 0)
		return 0;
	memcpy(buf, host.cons_in + host.cons_in_pos, n);
	host.cons_in_pos += n;
	return n;
}

size_t
machine_cons_write(const char *s, size_t n)
{
	if (host.ops != NULL)
		return host.ops->ho_cons_write(s, n);
	n = MIN(n, host.cons_room);
	if (n == 0)
		return 0;
	if (host.cons_room != SIZE_MAX)
		host.cons_room -= n;
	host_grow(&host.cons_out, &host.cons_out_cap, host.cons_out_len + n + 1);
	memcpy(host.cons_out + host.cons_out_len, s, n);
	host.cons_out_len += n;
	return n;
}

void
machine_cons_emergency(const char *s, size_t n)
{
	fwrite(s, 1, n, stderr);
}

const char *
host_output(void)
{
	size_t n = 0;

	host_grow(&host.cons_out, &host.cons_out_cap, host.cons_out_len + 1);
	for (size_t i = 0; i < host.cons_out_len; i++)
		if (host.cons_out[i] != '\r')
			host.cons_out[n++] = host.cons_out[i];
	host.cons_out[n] = '\0';
	host.cons_out_len = 0;
	return host.cons_out;
}

void
host_cons_room(size_t n)
{
	host.cons_room = n;
	cons_output_ready();
}

/* ---- files, the end ---- */

const char *
machine_cmdline(void)
{
	return host.cmdline;
}

void
host_file_add(const char *name, const char *data, size_t len)
{
	KASSERT(host.nfiles < HOST_FILES);
	host.files[host.nfiles++] = (struct host_file){ name, data, len };
}

bool
machine_file(unsigned n, const char **name, const char **data, size_t *len)
{
	if (n >= host.nfiles)
		return false;
	*name = host.files[n].name;
	*data = host.files[n].data;
	*len = host.files[n].len;
	return true;
}

void
host_jump(void)
{
	jmp_buf *jb = host.expect_panic;
	int end = host.ending;

	host.expect_panic = NULL;
	host.ending = 0;
	longjmp(*jb, end);
}

static void __noreturn_fn
host_end(enum host_end end, const char *what)
{
	if (host.expect_panic != NULL) {
		host.ending = (int)end;
		host_leave();
	}
	if (host.ops != NULL)
		host.ops->ho_end((int)end, what);
	fprintf(stderr, "%s\n", what);
	abort();
}

void
panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(host.panic_text, sizeof(host.panic_text), fmt, ap);
	va_end(ap);
	host_end(HOST_PANIC, host.panic_text);
}

void
machine_reboot(void)
{
	host_end(HOST_REBOOT, "reboot");
}

void
machine_halt(void)
{
	host_end(HOST_HALT, "halt");
}
