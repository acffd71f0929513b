/* cons.c - the console's way out; the way in is shell.c's. */
#include <string.h>

#include "kernel/cons.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/task.h"

#define CONS_STEP	128	/* bytes between two moments at which the loop may have its turn */

static struct {
	bool	cs_half;	/* the \r of a newline has gone, its \n has not */
	bool	cs_midline;
} cons;

static size_t
cons_put_newline(void)
{
	if (!cons.cs_half && machine_cons_write("\r", 1) == 0)
		return 0;
	cons.cs_half = machine_cons_write("\n", 1) == 0;
	if (cons.cs_half)
		return 0;
	cons.cs_midline = false;
	return 1;
}

size_t
cons_put(const char *s, size_t n)
{
	const char *nl;
	size_t done = 0, len, k;

	net_enter();
	while (done < n) {
		if (s[done] == '\n' || cons.cs_half) {
			k = cons_put_newline();
			if (k == 0)
				break;
			/* Another writer may finish the newline that someone else began: its own is still to come. */
			done += s[done] == '\n';
			continue;
		}
		nl = memchr(s + done, '\n', n - done);
		len = nl != NULL ? (size_t)(nl - (s + done)) : n - done;
		k = machine_cons_write(s + done, len);
		if (k > 0)
			cons.cs_midline = true;
		done += k;
		if (k < len)
			break;
	}
	net_leave();
	return done;
}

bool
cons_at_bol(void)
{
	return !cons.cs_midline;
}

size_t
cons_write(const char *s, size_t n, const volatile bool *stop, uint64_t ms)
{
	uint64_t last = uptime_ns(), now;
	bool late = false;
	size_t done = 0, k;

	while (done < n && !late && !(stop != NULL && *stop)) {
		net_enter();
		k = cons_put(s + done, MIN(n - done, (size_t)CONS_STEP));
		done += k;
		now = uptime_ns();
		if (k > 0)
			last = now;
		else if (ms != 0 && now - last >= ms * 1000000)
			late = true;
		else	/* A time limit on each sleep, in case the machine never calls cons_output_ready(). */
			task_sleep(&cons, ms != 0 ? MIN(ms, 100u) : 100);
		net_leave();
	}
	return done;
}

void
cons_output_ready(void)
{
	log_console();
	task_wakeup(&cons);
}
