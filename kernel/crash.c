/* crash.c - the command that breaks the system on purpose, to see that what a crash leaves behind is kept and shown. */
#include <string.h>

#include "kernel/command.h"

#define CRASH_DEPTH	(1u << 20)

static void
crash_assert(void)
{
	KASSERT(crash_assert == NULL);
}

static void
crash_null(void)
{
	const volatile char *p = NULL;

	__asm__ volatile("" : "+r"(p));		/* hides from the compiler what p is */
	(void)*p;
}

static void
crash_text(void)
{
	volatile char *p;

	__asm__ volatile("" : "=r"(p) : "0"(&crash_text));
	*p = 0;
}

static void
crash_execute(void)
{
	static char data[16];
	void (*fn)(void);

	__asm__ volatile("" : "=r"(fn) : "0"(data));
	fn();
}

static unsigned
crash_recurse(unsigned n)
{
	volatile char use[256];

	use[n % sizeof(use)] = 1;
	return n < CRASH_DEPTH ? crash_recurse(n + 1) + (unsigned)use[n % sizeof(use)] : 0;
}

static void
crash_stack(void)
{
	crash_recurse(0);
}

static void
crash_canary(void)
{
	char buf[16];
	volatile char *volatile p = buf;

	for (unsigned i = 0; i < 64; i++)
		p[i] = (char)i;
}

static const struct { const char *name; void (*func)(void); } crashes[] = {
	{ "assert", crash_assert }, { "null", crash_null }, { "text", crash_text }, { "execute", crash_execute },
	{ "stack", crash_stack }, { "canary", crash_canary },
};

static int
cmd_crash(struct out *o, int argc, char **argv)
{
	for (unsigned i = 0; argc == 2 && i < nitems(crashes); i++)
		if (strcmp(argv[1], crashes[i].name) == 0) {
			crashes[i].func();
			out_printf(o, "crash: still running\n");
			return 1;
		}
	return command_usage(o, argv[0]);
}
COMMAND(crash, cmd_crash, "crash assert | null | text | execute | stack | canary",
    "stop the system with a panic, as a test",
    "Breaks the system on purpose. It prints registers and a backtrace, keeps them with the\n"
    "message buffer, and reboots; dmesg then shows them.\n\n"
    "    assert   a failed assertion\n"
    "    null     a read at address 0\n"
    "    text     a write into code\n"
    "    execute  a jump into data\n"
    "    stack    a stack that overflows\n"
    "    canary   a buffer on the stack that overflows\n");
