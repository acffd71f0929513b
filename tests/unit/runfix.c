/* runfix.c - runs a line of the console and keeps what it prints. */
#include <stdio.h>

#include "kernel/command.h"
#include "tests/unit/runfix.h"

char run_text[8192];
int run_status;

int
run_line(const char *line)
{
	struct out o;

	out_init(&o, NULL, NULL);
	run_status = command_run(&o, line);
	snprintf(run_text, sizeof(run_text), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	return run_status;
}
