/* process.h - the router as a Linux process: what its parts share. */
#ifndef KERNEL_HOST_PROCESS_PROCESS_H
#define KERNEL_HOST_PROCESS_PROCESS_H

#include "kernel/host/host_nic.h"
#include "kernel/set.h"

/* Exit statuses. */
#define EXIT_HALT	0
#define EXIT_SETUP	1		/* a device or file could not be had */
#define EXIT_USAGE	2
#define EXIT_REBOOT	3
#define EXIT_PANIC	4

void	die(int status, const char *fmt, ...) __printflike(2, 3) __noreturn_fn;	/* "sluice: ..." */

/* ---- network cards: nic.c; one file per kind of other side ---- */
struct pnic {
	char		 pn_name[16];
	struct host_nic	*pn_nic;
	const struct backend *pn_backend;
	void		*pn_arg;		/* the backend's */
	int		 pn_fd;			/* readable: a frame has come; -1: there is none */
	bool		 pn_blocked;		/* a frame waits for room */
	struct pnic	*pn_next;
};
struct backend {
	const char	*be_kind;		/* "tap" */
	const char	*be_usage;		/* "tap:NAME" */
	/* arg: what stands behind the colon. Sets pn_arg and pn_fd (non-blocking), or dies. */
	void		(*be_open)(struct pnic *, const char *arg);
	size_t		(*be_recv)(struct pnic *, void *buf, size_t size);	/* as hno_recv */
	bool		(*be_send)(struct pnic *, const void *frame, size_t len);	/* as hno_send */
};
SET_DECLARE(const struct backend, backends);
#define BACKEND(id) SET_ADD(backends, id)

extern struct pnic *pnics;
/* "vio0=tap:NAME", "vio0@52:54:00:00:00:01=null"; before the boot. Dies when it makes no sense. */
void	pnic_option(const char *);
void	pnics_attach(void);			/* after the boot */
void	pnics_usage(void);

/* ---- files: what may become readable (poll.c) ---- */
/* Waits for at most ns nanoseconds (UINT64_MAX: for ever) until the console or a card has something, and wakes who takes it. */
void	files_wait(uint64_t ns);
void	process_idle(uint64_t deadline, const volatile bool *stop);	/* cpu_idle */
uint64_t process_clock(void);			/* ns since the process began */

/* ---- console: standard input and output (term.c) ---- */
void	term_init(void);			/* a terminal becomes raw until the process ends */
void	term_restore(void);
bool	term_open(void);			/* standard input has not ended */
size_t	term_read(char *, size_t);
size_t	term_write(const char *, size_t);
void	term_line(const char *);		/* a whole line, whatever the console is at */

#endif
