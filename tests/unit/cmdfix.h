/* cmdfix.h - commands and configurations in unit tests: netfix.h's two wires t0 and t1, without addresses, routes and neighbours, down.
 *
 *	cmd_start();
 *	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");		"": loaded; else the errors
 *	CHECK_STR(cmd("route add 10.1/16 10.0.0.2"), "add net 10.1/16: gateway 10.0.0.2\n");
 *	CHECK_EQ(cmd_status, 0);
 *	cmd_end();				loads an empty configuration; the books balance, nothing is left */
#ifndef TESTS_UNIT_CMDFIX_H
#define TESTS_UNIT_CMDFIX_H

#include "tests/unit/netfix.h"

extern int cmd_status;
extern bool cmd_up_fails, cmd_mtu_fails;	/* the driver refuses */

void	cmd_start(void);
void	cmd_end(void);
/* Runs a line in a task of its own until it ends, at most `seconds` of virtual time; its output, valid until the next
 * call. */
const char *cmd(const char *line);
/* Starts it; cmd_wait() runs the clock for ms and tells whether it has ended; then cmd_output() is all that it wrote. */
void	cmd_begin(const char *line);
bool	cmd_wait(unsigned ms);
void	cmd_stop(void);				/* ^C */
const char *cmd_output(void);
const char *cmd_load(const char *bundle);
const char *cmd_config(void);			/* show config */

#endif
