/* command.h - console commands. A feature registers its own:
 *
 *	static int cmd_arp(struct out *o, int argc, char **argv);
 *	COMMAND(arp, cmd_arp, "arp [-an] ...", "display and change the ARP table", "long help...\n");
 *
 * It runs in the shell's task and returns an exit status (0: success, 1: failed, 2: usage). Errors go out as "NAME: message"
 * through out_printf like everything else. argv is the command's own copy, words already unquoted; argv[argc] is NULL.
 * A leading -j has been taken away by the shell (o->o_json). ^C sets o->o_stop. */
#ifndef KERNEL_COMMAND_H
#define KERNEL_COMMAND_H

#include "kernel/cdefs.h"
#include "kernel/out.h"
#include "kernel/set.h"

struct command {
	const char	*c_name;
	int		(*c_func)(struct out *, int argc, char **argv);
	const char	*c_synopsis;		/* one form a line, \n between them */
	const char	*c_brief;		/* one line */
	const char	*c_help;		/* the page, lines ended with \n */
};
SET_DECLARE(const struct command, commands);

#define COMMAND(name, fn, synopsis, brief, help)				\
	static const struct command cmd_##name##_entry = { #name, fn, synopsis, brief, help }; \
	SET_ADD(commands, cmd_##name##_entry)

/* Runs one line (quotes, #-comments). Returns the command's status; 127: no such command. */
int	command_run(struct out *, const char *line);
const struct command *command_find(const char *name);

/* Prints "usage: ..." from the command's synopsis and returns 2: `return command_usage(o, argv[0]);` */
int	command_usage(struct out *, const char *name);

/* A line of standard input for a command with a here-document (load <<EOF): malloc()ed, or NULL at its end.
 * *truncated is set when the document ended otherwise (break, end of input). See shell.c. */
struct here_doc { char *text; size_t len; };

#endif
