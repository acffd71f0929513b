/* host_ctx.c - contexts on Linux, x86-64: the callee-saved registers on the stack, as on the metal; the address sanitizer
 * is told of each switch. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/host/host.h"
#include "kernel/machine.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK_EXTRA	(256u * 1024)	/* the sanitizers' frames and libc's printf are larger than ours */

/* What context.sp points to: in the frame of context_switch(), or on top of a new stack. */
struct host_ctx {
	void		*hc_rsp;
	const void	*hc_bottom;	/* of the stack that it is on */
	size_t		 hc_size;
	void		(*hc_func)(void *);
	void		*hc_arg;
};

/* Where this thread of control stands; the first stack is the process's own. */
static struct { const void *bottom; size_t size; } host_stack;
static const void *host_main_bottom;
static struct host_ctx *host_main;	/* where the process's own stack was left */

/* Saves the six registers that the ABI wants kept and the stack pointer, and goes where `load` says. */
__asm__(
"	.text\n"
"	.type host_switch, @function\n"
"host_switch:\n"
"	pushq %rbp\n	pushq %rbx\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
"	movq %rsp, (%rdi)\n"
"	movq %rsi, %rsp\n"
"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbx\n	popq %rbp\n"
"	ret\n"
"	.size host_switch, . - host_switch\n"
);
void	host_switch(void **save, void *load);

/* Only the sanitizer wants to know where the process's own stack really is; to find out takes long. */
static void
host_stack_find(void)
{
#ifdef __SANITIZE_ADDRESS__
	pthread_attr_t attr;
	void *base;

	if (pthread_getattr_np(pthread_self(), &attr) != 0 || pthread_attr_getstack(&attr, &base, &host_stack.size) != 0)
		abort();
	host_stack.bottom = host_main_bottom = base;
	pthread_attr_destroy(&attr);
#else
	host_stack.bottom = host_main_bottom = &host_stack;
#endif
}

static void
switch_begin(void **fake, const struct host_ctx *to)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(fake, to->hc_bottom, to->hc_size);
#else
	(void)fake;
	(void)to;
#endif
}

static void
switch_end(void *fake)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
#else
	(void)fake;
#endif
}

/* The first frame of a context: its host_ctx is still at the top of its stack. */
static struct host_ctx *host_starting;

static void
host_entry(void)
{
	struct host_ctx hc = *host_starting;

	switch_end(NULL);
	host_stack.bottom = hc.hc_bottom;
	host_stack.size = hc.hc_size;
	hc.hc_func(hc.hc_arg);
	panic("a context's function returned");
}

static char *
host_stack_alloc(size_t all)
{
	char *p;

	if (host.arena != NULL)
		return host_pages(all / PAGE_SIZE);
	p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p != MAP_FAILED ? p : NULL;
}

void *
stack_alloc(size_t size)
{
	char *p = host_stack_alloc(size + STACK_EXTRA + PAGE_SIZE);

	if (p == NULL)
		return NULL;
	mprotect(p, PAGE_SIZE, PROT_NONE);
	return p + PAGE_SIZE;
}

void
stack_free(void *base, size_t size)
{
	size_t all = size + STACK_EXTRA + PAGE_SIZE;
	char *p = (char *)base - PAGE_SIZE;

#ifdef __SANITIZE_ADDRESS__
	__asan_unpoison_memory_region(base, size + STACK_EXTRA);
#endif
	if (host.arena == NULL) {
		munmap(p, all);
		return;
	}
	mprotect(p, PAGE_SIZE, PROT_READ | PROT_WRITE);
	host_pages_free(p, all / PAGE_SIZE);
}

void
context_init(struct context *c, void *base, size_t size, void (*fn)(void *), void *arg)
{
	size_t all = size + STACK_EXTRA;
	struct host_ctx *hc = (struct host_ctx *)((char *)base + all - roundup2(sizeof(*hc), (size_t)16));
	void **sp = (void **)hc;

	*hc = (struct host_ctx){ .hc_bottom = base, .hc_size = all, .hc_func = fn, .hc_arg = arg };
	/* As after a call: the entry sees rsp 8 below a multiple of 16, a return address that nobody uses on top. */
	*--sp = NULL;
	*--sp = (void *)host_entry;
	for (unsigned i = 0; i < 6; i++)
		*--sp = NULL;
	hc->hc_rsp = sp;
	c->sp = hc;
}

__attribute__((noinline)) void
context_switch(struct context *save, struct context *load)
{
	struct host_ctx here, *to = load->sp;
	void *fake = NULL;

	if (host_stack.bottom == NULL)
		host_stack_find();
	here = (struct host_ctx){ .hc_bottom = host_stack.bottom, .hc_size = host_stack.size };
	save->sp = &here;
	if (here.hc_bottom == host_main_bottom)
		host_main = &here;
	if (to->hc_func != NULL)
		host_starting = to;
	switch_begin(&fake, to);
	host_switch(&here.hc_rsp, to->hc_rsp);
	switch_end(fake);
	host_stack.bottom = here.hc_bottom;
	host_stack.size = here.hc_size;
	if (host.ending != 0)
		host_jump();
}

/* The sanitizer does not understand a longjmp() from one stack to another, so we go back to the first one before it. */
void
host_leave(void)
{
	struct context lost, first = { .sp = host_main };

	if (host_stack.bottom != host_main_bottom)
		context_switch(&lost, &first);
	host_jump();
}
