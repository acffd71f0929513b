/* unit.c - the runner: unit [-l] [-t SECONDS] [PATTERN ...] */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/loop.h"
#include "kernel/pool.h"
#include "kernel/timeout.h"
#include "tests/unit/unit.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static const struct unit_test *unit_now;
static unsigned unit_allowed;
static uint64_t unit_state = 88172645463325252ULL;
static unsigned unit_seconds = 30;

void
unit_allow(unsigned what)
{
	unit_allowed |= what;
}

void
unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("FAIL %s: %s:%d: ", unit_now->ut_name, file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void
unit_check_str(const char *file, int line, const char *what, const char *got, const char *want)
{
	size_t i = 0;

	if (strcmp(got, want) == 0)
		return;
	while (got[i] == want[i])
		i++;
	unit_fail(file, line, "%s differs at byte %zu\n--- got\n%s\n--- want\n%s\n---", what, i, got, want);
}

void
unit_check_in(const char *file, int line, const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		unit_fail(file, line, "\"%s\" is not in\n---\n%s\n---", part, text);
}

void
unit_check_mem(const char *file, int line, const char *what, const void *got, const void *want, size_t n)
{
	const unsigned char *g = got, *w = want;

	for (size_t i = 0; i < n; i++)
		if (g[i] != w[i])
			unit_fail(file, line, "%s: byte %zu is 0x%02x, not 0x%02x", what, i, g[i], w[i]);
}

uint32_t
unit_random(void)
{
	unit_state ^= unit_state << 13;
	unit_state ^= unit_state >> 7;
	unit_state ^= unit_state << 17;
	return (uint32_t)(unit_state >> 16);
}

uint32_t
unit_below(uint32_t n)
{
	return unit_random() % n;
}

static void
unit_check_end(void)
{
	const char *file = unit_now->ut_file, *wrong;

	host_epochs_end();
	for (struct pool *pr = pool_list; pr != NULL && !(unit_allowed & UNIT_POOLS); pr = pr->pr_next)
		if (pr->pr_nout != 0)
			unit_fail(file, 0, "at the end %u of pool %s are out", pr->pr_nout, pr->pr_name);
	for (unsigned i = 0; i < ncores && !(unit_allowed & UNIT_TIMEOUTS); i++) {
		host_core(i);
		if (timeouts_pending() != 0)
			unit_fail(file, 0, "at the end %u timeouts of core %u are pending", timeouts_pending(), i);
	}
	host_core(0);
	SET_FOREACH(const struct unit_end, ue, unit_ends)
		if (!(unit_allowed & UNIT_ENDS) && (wrong = ue->ue_func()) != NULL)
			unit_fail(file, 0, "at the end: %s", wrong);
#ifdef __SANITIZE_ADDRESS__
	if (!(unit_allowed & UNIT_LEAKS) && __lsan_do_recoverable_leak_check() != 0)
		unit_fail(file, 0, "memory was lost");
#endif
}

/* Seconds of the processor: a busy machine may take several times as long. One that hangs without using it ends, too. */
static void
limit_time(void)
{
	const struct itimerval t = { .it_value.tv_sec = unit_seconds };

	setitimer(ITIMER_PROF, &t, NULL);
	alarm(4 * unit_seconds);
}

static void __noreturn_fn
unit_child(const struct unit_test *ut)
{
	unit_now = ut;
	limit_time();
	host_init(ut->ut_cores);
	for (unsigned i = 0; i < ncores; i++) {
		host_core(i);
		loop_init();
	}
	host_core(0);
	ut->ut_func();
	unit_check_end();
	fflush(stdout);
	_exit(0);
}

static bool
unit_run(const struct unit_test *ut)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == -1) {
		perror("fork");
		exit(1);
	}
	if (pid == 0)
		unit_child(ut);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %s\n", ut->ut_name);
		return true;
	}
	/* With status 1 unit_fail() has told the reason. */
	if (WIFSIGNALED(status))
		printf("FAIL %s: %s:0: %s\n", ut->ut_name, ut->ut_file,
		    WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGPROF ? "timed out" : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 1)
		printf("FAIL %s: %s:0: exit status %d\n", ut->ut_name, ut->ut_file, WEXITSTATUS(status));
	return false;
}

static bool
unit_wanted(const struct unit_test *ut, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (fnmatch(argv[i], ut->ut_name, 0) == 0)
			return true;
	return argc == 0;
}

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "exitcode=99:allocator_may_return_null=1:detect_stack_use_after_return=0:handle_abort=0";
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	bool list = false;
	int ch;

	while ((ch = getopt(argc, argv, "lt:")) != -1)
		switch (ch) {
		case 'l':
			list = true;
			break;
		case 't':
			unit_seconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			fprintf(stderr, "usage: unit [-l] [-t seconds] [pattern ...]\n");
			return 2;
		}
	SET_FOREACH(const struct unit_test, ut, unit_tests) {
		if (!unit_wanted(ut, argc - optind, argv + optind))
			continue;
		if (list)
			printf("%s\n", ut->ut_name);
		else if (unit_run(ut))
			passed++;
		else
			failed++;
	}
	if (list)
		return 0;
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
