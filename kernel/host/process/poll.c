/* poll.c - the process's clock, and what it sleeps on. */
#define _GNU_SOURCE
#include <poll.h>
#include <time.h>

#include "kernel/cons.h"
#include "kernel/host/process/process.h"
#include "kernel/loop.h"
#include "kernel/machine.h"

#define FDS		64
#define BUSY_NS		1000000		/* so often a loop that never sleeps looks at its files */
#define BLOCKED_NS	1000000		/* a card without room tries again after so long */

uint64_t
process_clock(void)
{
	static uint64_t zero;
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	if (zero == 0)
		zero = now - 1;
	return now - zero;
}

static uint64_t looked;			/* when files_wait() was last called */

static void
wake_nic(struct pnic *pn)
{
	pn->pn_blocked = false;
	host_nic_wake(pn->pn_nic, 0);
}

void
files_wait(uint64_t ns)
{
	struct pollfd pfd[FDS] = { { .fd = term_open() ? 0 : -1, .events = POLLIN } };
	struct timespec ts;
	nfds_t n = 1, i = 1;
	struct pnic *pn;

	for (pn = pnics; pn != NULL && n < FDS; pn = pn->pn_next) {
		pfd[n++] = (struct pollfd){ .fd = pn->pn_fd, .events = POLLIN };
		if (pn->pn_blocked)
			ns = MIN(ns, (uint64_t)BLOCKED_NS);
	}
	ts = (struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
	if (ppoll(pfd, n, ns == UINT64_MAX ? NULL : &ts, NULL) == -1)
		return;				/* a signal: the loop comes back */
	looked = process_clock();
	if (pfd[0].revents != 0)
		cons_input_ready();
	for (pn = pnics; pn != NULL && i < n; pn = pn->pn_next, i++)
		if (pn->pn_blocked || pfd[i].revents != 0)
			wake_nic(pn);
}

void
process_idle(uint64_t deadline, const volatile bool *stop)
{
	uint64_t now = process_clock();

	if (*stop || (deadline != 0 && deadline <= now))
		return;
	files_wait(deadline != 0 ? deadline - now : UINT64_MAX);
}

/* Under load the loop never sleeps. */
static bool
files_look(void)
{
	if (process_clock() - looked >= BUSY_NS)
		files_wait(0);
	return false;
}
LOOP_HOOK(files_look, 90, files_look);
