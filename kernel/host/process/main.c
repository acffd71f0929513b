/* main.c - the whole router as a Linux process:
 *	sluice [-m MEGABYTES] [-n NIC]... [--trace] [FILE]
 * FILE is the configuration. The console is standard input and output. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "kernel/host/host.h"
#include "kernel/host/host_trace.h"
#include "kernel/host/process/process.h"
#include "kernel/loop.h"
#include "kernel/machine.h"

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	term_restore();
	fprintf(stderr, "sluice: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(status);
}

static void
process_random(void *buf, size_t n)
{
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t k = getrandom(p, n, 0);

		if (k == -1 && errno != EINTR)
			die(EXIT_SETUP, "getrandom: %s", strerror(errno));
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
}

static void
process_end(int how, const char *what)
{
	if (how == HOST_PANIC)
		die(EXIT_PANIC, "panic: %s", what);
	term_restore();
	exit(how == HOST_REBOOT ? EXIT_REBOOT : EXIT_HALT);
}

static const struct host_ops process_ops = {
	.ho_clock = process_clock,
	.ho_random = process_random,
	.ho_cons_read = term_read,
	.ho_cons_write = term_write,
	.ho_idle = process_idle,
	.ho_end = process_end,
};

/* What a task or a timer has done is said when it has, not with the next packet. */
static bool
trace_pass(void)
{
	if (host_trace_on())
		host_trace_flush();
	return false;
}
LOOP_HOOK(trace_pass, 95, trace_pass);

static void
usage(void)
{
	fprintf(stderr, "usage: sluice [-m megabytes] [-n nic] ... [--trace] [file]\n");
	pnics_usage();
	exit(EXIT_USAGE);
}

static unsigned long
number(const char *s, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v < min || v > max)
		die(EXIT_USAGE, "%s: not a number from %lu to %lu", s, min, max);
	return v;
}

static void
config_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t len = 0, cap = 65536;
	char *text = malloc(cap);

	if (f == NULL)
		die(EXIT_SETUP, "%s: %s", path, strerror(errno));
	while (text != NULL) {
		size_t n = fread(text + len, 1, cap - len, f);

		if (n == 0)
			break;
		if ((len += n) == cap)
			text = realloc(text, cap *= 2);
	}
	if (text == NULL || ferror(f))
		die(EXIT_SETUP, "%s: cannot be read", path);
	fclose(f);
	host_file_add(path, text, len);
}

const char *__asan_default_options(void) __attribute__((visibility("default")));
const char *
__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0";	/* what a router has at its end is no leak */
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "trace", no_argument, NULL, 't' }, { 0 } };
	unsigned long megabytes = 64;
	bool trace = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "m:n:t", longs, NULL)) != -1)
		switch (ch) {
		case 'm':
			megabytes = number(optarg, 1, 65536);
			break;
		case 'n':
			pnic_option(optarg);
			break;
		case 't':
			trace = true;
			break;
		default:
			usage();
		}
	if (argc - optind > 1)
		usage();
	host_init(1);
	host.ops = &process_ops;
	host.epoch = (uint64_t)time(NULL);
	host.pages_max = megabytes * (1024 * 1024 / PAGE_SIZE);
	if (optind < argc)
		config_file(argv[optind]);
	term_init();
	host_boot();
	if (trace)
		host_trace(term_line);
	pnics_attach();
	host_boot_config();
	loop_run();
}
