/* sys.c - what newlib asks of a system: memory for malloc, the clock, and answers to its stdio, which has no files
 * here. */
#include <sys/stat.h>
#include <sys/time.h>
#include <errno.h>
#include <reent.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/machine.h"
#include "kernel/percore.h"

int	open(const char *, int, ...);
int	kill(pid_t, int);
int	gettimeofday(struct timeval *restrict, void *restrict);
void	__stack_chk_fail(void) __noreturn_fn;
void	__assert_func(const char *, int, const char *, const char *) __noreturn_fn;

PERCORE struct _reent *sys_reent;
static char *heap_start, *heap_break, *heap_end;

struct _reent *
__getreent(void)
{
	struct _reent *r = percore(sys_reent);

	return r != NULL ? r : _impure_ptr;
}

void
heap_init(void *start, size_t size)
{
	heap_start = heap_break = start;
	heap_end = heap_start + size;
}

bool
heap_holds(const void *p)
{
	return (const char *)p >= heap_start && (const char *)p < heap_end;
}

void *
sbrk(ptrdiff_t n)
{
	char *old = heap_break;

	if (n > heap_end - heap_break || n < heap_start - heap_break) {
		errno = ENOMEM;
		return (void *)-1;
	}
	heap_break += n;
	return old;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz __unused_arg)
{
	tv->tv_sec = (time_t)wall_s();
	tv->tv_usec = (suseconds_t)(uptime_ns() / 1000 % 1000000);
	return 0;
}

/* Standard output and error go to the console; what it does not take at once is lost (log_printf keeps it). */
_READ_WRITE_RETURN_TYPE
write(int fd, const void *buf, size_t n)
{
	if (fd != 1 && fd != 2) {
		errno = EBADF;
		return -1;
	}
	machine_cons_write(buf, n);
	return (_READ_WRITE_RETURN_TYPE)n;
}

static int
sys_none(int error)
{
	errno = error;
	return -1;
}

_READ_WRITE_RETURN_TYPE
read(int fd __unused_arg, void *buf __unused_arg, size_t n __unused_arg)
{
	return sys_none(EBADF);
}

int close(int fd __unused_arg) { return sys_none(EBADF); }
off_t lseek(int fd __unused_arg, off_t off __unused_arg, int whence __unused_arg) { return sys_none(ESPIPE); }
int open(const char *path __unused_arg, int flags __unused_arg, ...) { return sys_none(ENOENT); }
int kill(pid_t pid __unused_arg, int sig __unused_arg) { return sys_none(EINVAL); }
int isatty(int fd) { return fd >= 0 && fd <= 2; }
pid_t getpid(void) { return 1; }

int
fstat(int fd, struct stat *st)
{
	if (fd < 0 || fd > 2)
		return sys_none(EBADF);
	*st = (struct stat){ .st_mode = S_IFCHR };
	return 0;
}

void
_exit(int status)
{
	panic("exit(%d)", status);
}

void
abort(void)
{
	panic("abort");
}

/* From the stack protector: a function's canary has changed. */
void
__stack_chk_fail(void)
{
	panic("a buffer on the stack was overrun");
}

/* newlib's own assertions. */
void
__assert_func(const char *file, int line, const char *func, const char *what)
{
	panic("%s:%d: %s: assertion \"%s\"", file, line, func != NULL ? func : "?", what);
}
