/* command.h - console commands. A feature registers its own:
 *
 *	static int cmd_arp(struct out *o, int argc, char **argv);
 *	COMMAND(arp, cmd_arp, "arp [-an] ...", "display and change the ARP table", "long help...\n");
 *
 * It runs in the shell's task and returns an exit status (0: success, 1: failed, 2: usage). Errors go out as "NAME: message"
 * through out_printf like everything else. argv is the command's own copy, words already unquoted; argv[argc] is NULL.
 * Where the synopsis has "[-j]", a -j among the options has been taken away (o->o_json); an option that takes an argument stands there
 * as "[-c count]". ^C sets o->o_stop. */
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
	bool		 c_doc;			/* takes a here-document */
};
SET_DECLARE(const struct command, commands);

#define COMMAND(name, fn, synopsis, brief, help)				\
	static const struct command cmd_##name##_entry = { #name, fn, synopsis, brief, help, false }; \
	SET_ADD(commands, cmd_##name##_entry)

/* The same for a command that takes a here-document (load <<EOF), then in o->o_stdin while it runs. */
#define COMMAND_DOC(name, fn, synopsis, brief, help)				\
	static const struct command cmd_##name##_entry = { #name, fn, synopsis, brief, help, true }; \
	SET_ADD(commands, cmd_##name##_entry)

/* A here-document: the lines before the one that is its end word, each with its newline, as they were typed. */
struct here_doc { const char *hd_text; size_t hd_len; };

/* Runs one line: several commands by ; quotes '' "" and \, comments #, $? for the last status. Task. Returns the last command's
 * status; 127: no such command; 2: the line makes no sense; 130: stopped by ^C. */
int	command_run(struct out *, const char *line);
/* The same with the here-document that the line asks for (command_doc_word); NULL: none was given. */
int	command_run_doc(struct out *, const char *line, const struct here_doc *);
/* The end word of the line's here-document, into word. False: the line has none, is wrong, or the word is too long. */
bool	command_doc_word(const char *line, char *word, size_t len);
const struct command *command_find(const char *name);
/* The first command in the order of the alphabet whose name comes after `name` (NULL: of all); NULL: no more. */
const struct command *command_next(const char *name);

/* Prints "usage: ..." from the command's synopsis and returns 2: `return command_usage(o, argv[0]);` */
int	command_usage(struct out *, const char *name);

#endif
