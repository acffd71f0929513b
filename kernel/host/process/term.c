/* term.c - the console: a raw terminal, or any other pair of files. ^\ ends the process. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "kernel/host/process/process.h"

#define CHUNK	1024		/* bytes that a file which is ready takes at once, as a rule without blocking */

static struct termios before;
static bool raw, ended, out_tty;

static void
on_signal(int sig)
{
	term_restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

void
term_restore(void)
{
	if (raw)
		tcsetattr(0, TCSADRAIN, &before);
	raw = false;
}

void
term_init(void)
{
	struct termios t;

	out_tty = isatty(1);
	signal(SIGPIPE, SIG_IGN);
	if (!isatty(0) || tcgetattr(0, &before) == -1)
		return;
	t = before;
	cfmakeraw(&t);
	t.c_lflag |= ISIG;
	t.c_cc[VINTR] = t.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(0, TCSADRAIN, &t);
	raw = true;
	atexit(term_restore);
	signal(SIGQUIT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
}

bool
term_open(void)
{
	return !ended;
}

static bool
ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) == 1 && p.revents != 0;
}

size_t
term_read(char *buf, size_t n)
{
	ssize_t k;

	if (ended || n == 0 || !ready(0, POLLIN))
		return 0;
	k = read(0, buf, n);
	if (k == 0 || (k == -1 && errno != EAGAIN && errno != EINTR))
		ended = true;
	return k > 0 ? (size_t)k : 0;
}

/* Where no terminal reads, lines end as in any file. */
static size_t
write_plain(const char *s, size_t n)
{
	char buf[CHUNK];
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] != '\r')
			buf[k++] = s[i];
	for (size_t done = 0; done < k; ) {
		ssize_t w = write(1, buf + done, k - done);

		if (w == -1 && errno != EINTR && errno != EAGAIN)
			break;			/* nobody reads any more */
		done += w > 0 ? (size_t)w : 0;
	}
	return n;
}

size_t
term_write(const char *s, size_t n)
{
	ssize_t k;

	n = MIN(n, (size_t)CHUNK);
	if (n == 0 || !ready(1, POLLOUT))
		return 0;
	if (!out_tty)
		return write_plain(s, n);
	k = write(1, s, n);
	return k > 0 ? (size_t)k : 0;
}

void
term_line(const char *s)
{
	char line[1024];
	size_t n = MIN(strlen(s), sizeof(line) - 2);

	memcpy(line, s, n);
	memcpy(line + n, "\r\n", 2);
	for (size_t done = 0; done < n + 2; ) {
		struct pollfd p = { .fd = 1, .events = POLLOUT };

		if (poll(&p, 1, 1000) != 1)
			return;			/* a terminal that takes nothing: the rest of the line is lost */
		done += term_write(line + done, n + 2 - done);
	}
}
