/* runfix.h - a line of the console in a unit test, run to its end at once:
 *
 *	CHECK_EQ(run_line("sysctl test.one.a"), 0);
 *	CHECK_STR(run_text, "test.one.a=5\n"); */
#ifndef TESTS_UNIT_RUNFIX_H
#define TESTS_UNIT_RUNFIX_H

extern char run_text[8192];		/* what the last one printed */
extern int run_status;			/* how it ended: what run_line() returned */

int	run_line(const char *line);

#endif
