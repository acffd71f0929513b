/* host.h - the machine on Linux. As tests see it: a clock that only tests move, a console whose two ends are buffers, memory and
 * calls that can be made to fail. As a process: what host_ops brings. */
#ifndef KERNEL_HOST_HOST_H
#define KERNEL_HOST_HOST_H

#include <setjmp.h>

#include "kernel/cdefs.h"
#include "kernel/percore.h"

#if defined(__has_feature)		/* clang's way to say it */
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__	1
#endif
#endif

#define HOST_FILES	8
#define HOST_CONS	(64 * 1024)

struct host_file { const char *name, *data; size_t len; };

/* The real world, when the host is a process of its own. */
struct host_ops {
	uint64_t (*ho_clock)(void);			/* ns since boot, monotonic */
	void	 (*ho_random)(void *, size_t);
	size_t	 (*ho_cons_read)(char *, size_t);	/* as machine_cons_read */
	size_t	 (*ho_cons_write)(const char *, size_t);
	void	 (*ho_idle)(uint64_t deadline, const volatile bool *stop);	/* as cpu_idle */
	void	 (*ho_end)(int how, const char *what);	/* enum host_end; does not return */
};

struct host {
	const struct host_ops *ops;		/* NULL: a test's clock, seed and buffers */
	uint64_t	 now;			/* uptime in ns */
	uint64_t	 epoch;			/* seconds since 1970 at boot */
	uint64_t	 seed;			/* random_bytes() repeats for a seed */
	size_t		 pages, pages_max;	/* handed out; limit */
	char		*arena;			/* zeroed memory of arena_pages pages for pages and stacks; NULL: the process's */
	size_t		 arena_pages, arena_used;
	bool		 malloc_limited;	/* malloc() and its kin fail after malloc_left more calls */
	unsigned long	 malloc_left;

	char		*cons_in;		/* the user's typing, cons_in_len bytes from cons_in_pos on */
	size_t		 cons_in_pos, cons_in_len, cons_in_cap;
	char		*cons_out;		/* what the router printed, all of it */
	size_t		 cons_out_len, cons_out_cap;
	size_t		 cons_room;		/* bytes that the console still takes; SIZE_MAX: no end */

	bool		(*stand)(void);		/* host_moments() */

	const char	*cmdline;
	struct host_file files[HOST_FILES];
	unsigned	 nfiles;

	jmp_buf		*expect_panic;		/* where a panic, reboot or halt goes; NULL: the process aborts */
	int		 ending;		/* enum host_end, on the way there */
	char		 panic_text[256];
};
extern struct host host;

enum host_end { HOST_PANIC = 1, HOST_REBOOT, HOST_HALT };	/* what arrives at expect_panic */

/* Between host.c and host_ctx.c: from any stack to expect_panic. */
void	host_leave(void) __noreturn_fn;
void	host_jump(void) __noreturn_fn;

/* ---- host_watch.c: no pointer into the stack outlives a task's section ---- */
/* From now on what is in pools may be touched by the loop and between net_enter() and net_leave() only; elsewhere the address sanitizer
 * ends the process. Nothing without the sanitizer. */
void	host_watch(void);

/* ---- host_moment.c: passes that others interrupt ---- */
/* From now on passes are cut into pieces: host_pass() returns in the middle of one, wanting another, when stand() says so at one of its moments;
 * the next one goes on there. When no core stands. */
void	host_moments(bool (*stand)(void));
bool	host_standing(unsigned core);		/* in the middle of a pass */
/* It comes to the end of its pass. From outside of all passes. */
void	host_finish(unsigned core);
bool	host_moment_pass(void);			/* for host_pass(): a pass of this core or a piece of one */

/* Between host_mem.c and others: zeroed pages that do not count as the kernel's; NULL: none left. */
void	*host_pages(size_t npages);
void	host_pages_free(void *, size_t npages);

/* Everything as after power-on, with `cores` virtual cores; core 0 runs. Once per process. */
void	host_init(unsigned cores);
void	host_core(unsigned core);		/* this core runs from now on */
/* One pass of a core's loop. True: it wants another one. */
bool	host_pass(unsigned core);
/* One pass of each; true: one of them wants another. Core 0, as the next two. */
bool	host_passes(void);
uint64_t host_next(void);		/* when the first timeout of all is due, ns; 0: there is none */
/* Nobody looks at what was put back any more: it goes to its pools. */
void	host_epochs_end(void);
/* Runs the loops for ms milliseconds of virtual time: passes until nothing is left, then time moves on to the next timeout. */
void	host_run(uint64_t ms);
void	host_run_ns(uint64_t ns);

/* bus.c: an interrupt, on its core. False: the handler says that it is not its device's. */
struct irq;
bool	host_irq(struct irq *);

/* Types n bytes on the console (the loop sees them in its next pass). */
void	host_type(const char *, size_t n);
/* All that was printed since the last call, NUL-terminated; valid until the next output. \r are left out. */
const char *host_output(void);
/* The console takes n bytes more (SIZE_MAX: any number), and says so to the kernel when it was stuck. */
void	host_cons_room(size_t n);

void	host_file_add(const char *name, const char *data, size_t len);

/* ---- host_boot.c: the whole router; after host_init() ---- */
/* Log, loops of all cores, the stack. Then network cards attach; then host_boot_config(): the configuration among the files,
 * and the console's shell. */
void	host_boot(void);
void	host_boot_config(void);

/* ---- host_check.c: what must hold at a test's end. NULL, or what is wrong; core 0, loop context ---- */
/* The books balance, and mbufs that are out stand in queues. At rest: nothing is in the cards. */
const char *host_check_balance(void);
/* As at power-off: what an admin entered, the interfaces with their addresses, and all that hangs on them goes. */
void	host_stop(void);
/* Balance, then stop: no pool, no mbuf, no timeout of any core may remain. */
const char *host_check_end(void);

#endif
