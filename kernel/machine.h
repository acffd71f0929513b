/* machine.h - all that net/ and the portable kernel/ need of the machine. kernel/amd64/ provides it on the metal,
 * kernel/host/ on Linux. Callable on every core unless it says otherwise. */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include "kernel/cdefs.h"

#define PAGE_SIZE	4096u

/* ---- time ---- */
uint64_t uptime_ns(void);		/* since boot, monotonic; a few instructions */
uint64_t wall_s(void);			/* seconds since 1970 UTC, from the battery clock at boot */

/* ---- memory ---- */
/* npages contiguous pages, zeroed, identity-mapped (so usable for DMA), aligned to PAGE_SIZE; NULL when there are none.
 * Core 0, not on the packet path. */
void	*page_alloc(size_t npages) __must_check;
void	*page_take(size_t npages) __must_check;	/* the same, not zeroed, and not touched */
void	 page_free(void *, size_t npages);
size_t	 page_total(void);		/* pages of RAM that were free at boot */
size_t	 page_avail(void);

/* ---- random ---- */
/* Cryptographic quality; never blocks, never fails. Not on the packet path. */
void	 random_bytes(void *, size_t);

/* ---- interrupts and sleep (this core) ---- */
/* Sleeps until an interrupt, or until uptime_ns() reaches `deadline` (0: none). Returns at once when `*stop` is true
 * on entry with interrupts held off: that check and the sleep are one step, so that no wake-up is lost. */
void	 cpu_idle(uint64_t deadline, const volatile bool *stop);

/* ---- cores ---- */
/* How many there will be when all have started; ncores until then is 1. */
unsigned machine_cores(void);
/* Whether they have the instruction that counts bits (what __attribute__((target("popcnt"))) lets the compiler use). */
bool	 machine_popcnt(void);
/* Ends the sleep of another core, or the one that it is about to begin. Not from interrupts. */
void	 machine_poke(unsigned core);
/* Core 0: until another core, which has been woken, has made *busy false in its next pass. A core that does not is a reason to panic. */
void	 machine_wait(unsigned core, const volatile bool *busy);
/* Stores before it are seen by the others before loads behind it are made. */
#define core_fence()	__asm__ volatile("mfence" ::: "memory")

/* ---- contexts: what a task is switched by ---- */
struct context { void *sp; };
/* A new stack, at least `size` bytes with an unmapped page below it; NULL: no memory. */
void	*stack_alloc(size_t size);
void	 stack_free(void *, size_t size);
/* Makes `c` so that the first switch to it calls fn(arg) on the stack [base, base + size). */
void	 context_init(struct context *c, void *base, size_t size, void (*fn)(void *), void *arg);
void	 context_switch(struct context *save, struct context *load);

/* ---- console: raw bytes; kernel/cons.c makes \r\n of newlines ---- */
/* Takes up to n bytes without waiting, returns how many; the rest when cons_can_write changes. */
size_t	 machine_cons_write(const char *, size_t n);
/* Reads what is there, without waiting. */
size_t	 machine_cons_read(char *, size_t n);
/* The same when nothing else works any more (panic): waits, with a bound. */
void	 machine_cons_emergency(const char *, size_t n);

/* ---- the end ---- */
void	 machine_reboot(void) __noreturn_fn;
void	 machine_halt(void) __noreturn_fn;	/* powers off where that is possible */

/* ---- what the loader brought ---- */
const char *machine_cmdline(void);		/* never NULL */
/* The n-th file that came with the kernel (multiboot modules, then fw_cfg's opt/ files), n from 0;
 * false: no such. Name and bytes stay for ever; not NUL-terminated. */
bool	 machine_file(unsigned n, const char **name, const char **data, size_t *len);

#endif
