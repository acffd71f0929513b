/* command.c - finds and runs commands; help and echo. */
#include <stdio.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/command.h"
#include "kernel/task.h"

enum { STATUS_USAGE = 2, STATUS_NOT_FOUND = 127, STATUS_STOPPED = 130 };

static int last_status;		/* $? */

const struct command *
command_find(const char *name)
{
	SET_FOREACH(const struct command, c, commands)
		if (strcmp(c->c_name, name) == 0)
			return c;
	return NULL;
}

const struct command *
command_next(const char *name)
{
	const struct command *best = NULL;

	SET_FOREACH(const struct command, c, commands)
		if ((name == NULL || strcmp(c->c_name, name) > 0) &&
		    (best == NULL || strcmp(c->c_name, best->c_name) < 0))
			best = c;
	return best;
}

/* Prints text with `first` before its first line and `rest` before the others. */
static void
print_indented(struct out *o, const char *first, const char *rest, const char *text)
{
	const char *nl;

	for (; *text != '\0'; text = *nl != '\0' ? nl + 1 : nl, first = rest) {
		nl = text + strcspn(text, "\n");
		out_printf(o, "%s%.*s\n", nl == text ? "" : first, (int)(nl - text), text);
	}
}

int
command_usage(struct out *o, const char *name)
{
	const struct command *c = command_find(name);

	if (c != NULL)
		print_indented(o, "usage: ", "       ", c->c_synopsis);
	return STATUS_USAGE;
}

/* The synopsis says so: "[-c count]". */
static bool
takes_argument(const struct command *c, char letter)
{
	const char start[] = { '[', '-', letter, ' ', '\0' };

	return strstr(c->c_synopsis, start) != NULL;
}

/* Takes the j out of a word of option letters. True: the next word is the argument of its last letter. */
static bool
take_json(const struct command *c, char *word, bool *json)
{
	char *to = word;

	for (char *from = word; *from != '\0'; from++) {
		if (from > word && takes_argument(c, *from)) {
			memmove(to, from, strlen(from) + 1);
			return from[1] == '\0';
		}
		if (from > word && *from == 'j')
			*json = true;
		else
			*to++ = *from;
	}
	*to = '\0';
	return false;
}

/* Takes -j away, alone or among other letters, wherever options stand: up to "--" or the first word that is none. */
static bool
command_json(const struct command *c, struct cmdline_cmd *cc)
{
	int from = 1, to = 1;
	bool json = false;

	if (strstr(c->c_synopsis, "[-j]") == NULL)
		return false;
	while (from < cc->cc_argc && cc->cc_argv[from][0] == '-' && cc->cc_argv[from][1] != '\0' &&
	    strcmp(cc->cc_argv[from], "--") != 0) {
		char *word = cc->cc_argv[from++];
		bool argument = take_json(c, word, &json);

		if (word[1] != '\0')
			cc->cc_argv[to++] = word;
		if (argument && from < cc->cc_argc)
			cc->cc_argv[to++] = cc->cc_argv[from++];
	}
	while (from <= cc->cc_argc)		/* with the NULL at the end */
		cc->cc_argv[to++] = cc->cc_argv[from++];
	cc->cc_argc = to - 1;
	return json;
}

static int
command_exec(struct out *o, struct cmdline_cmd *cc, const struct here_doc *doc)
{
	const struct command *c = command_find(cc->cc_argv[0]);
	int status;

	if (c == NULL) {
		out_printf(o, "%s: not found (try: help)\n", cc->cc_argv[0]);
		return STATUS_NOT_FOUND;
	}
	if (cc->cc_doc != NULL && (!c->c_doc || doc == NULL)) {
		out_printf(o, "%s: %s\n", c->c_name, c->c_doc ? "the here-document is missing" : "takes no here-document");
		return STATUS_USAGE;
	}
	o->o_json = command_json(c, cc);
	o->o_stdin = cc->cc_doc != NULL ? doc : NULL;
	status = c->c_func(o, cc->cc_argc, cc->cc_argv);
	KASSERT(o->o_depth == 0 && o->o_ghosts == 0);
	o->o_stdin = NULL;
	o->o_json = false;
	return status;
}

/* Parsed again for each of its commands, as $? changes from one to the next. */
int
command_run_doc(struct out *o, const char *line, const struct here_doc *doc)
{
	struct cmdline cl;
	const char *wrong;
	bool more = true;

	for (unsigned i = 0; more; i++) {
		wrong = cmdline_parse(&cl, line, last_status);
		if (wrong != NULL) {
			out_printf(o, "sh: %s\n", wrong);
			out_flush(o);
			return last_status = STATUS_USAGE;
		}
		if (i < cl.cl_n)
			last_status = command_exec(o, &cl.cl_cmd[i], doc);
		more = i + 1 < cl.cl_n && !o->o_stop;
		cmdline_free(&cl);
		out_flush(o);
	}
	if (o->o_stop)
		last_status = STATUS_STOPPED;
	return last_status;
}

int
command_run(struct out *o, const char *line)
{
	return command_run_doc(o, line, NULL);
}

bool
command_doc_word(const char *line, char *word, size_t len)
{
	struct cmdline cl;
	bool found = false;

	if (cmdline_parse(&cl, line, 0) != NULL)
		return false;
	for (unsigned i = 0; i < cl.cl_n && !found; i++) {
		const char *doc = cl.cl_cmd[i].cc_doc;
		const struct command *c = command_find(cl.cl_cmd[i].cc_argv[0]);

		found = doc != NULL && c != NULL && c->c_doc && strlen(doc) < len;
		if (found)
			strcpy(word, doc);
	}
	cmdline_free(&cl);
	return found;
}

static void
help_list(struct out *o)
{
	if (o->o_json)
		json_open(o, NULL, '{');
	for (const struct command *c = command_next(NULL); c != NULL; c = command_next(c->c_name)) {
		if (o->o_json)
			json_str(o, c->c_name, c->c_brief);
		else
			out_printf(o, "%-12s %s\n", c->c_name, c->c_brief);
	}
	if (o->o_json)
		json_close(o, '}');
	else
		out_printf(o, "\nhelp COMMAND shows its page. Show commands take -j among their options for JSON.\n");
}

static int
cmd_help(struct out *o, int argc, char **argv)
{
	const struct command *c;

	if (argc > 2)
		return command_usage(o, argv[0]);
	if (argc == 1) {
		help_list(o);
		return 0;
	}
	c = command_find(argv[1]);
	if (c == NULL) {
		out_printf(o, "help: %s: no such command\n", argv[1]);
		return 1;
	}
	if (o->o_json) {
		json_open(o, NULL, '{');
		json_str(o, "name", c->c_name);
		json_str(o, "brief", c->c_brief);
		json_str(o, "synopsis", c->c_synopsis);
		json_str(o, "help", c->c_help);
		json_close(o, '}');
		return 0;
	}
	out_printf(o, "NAME\n     %s - %s\n\nSYNOPSIS\n", c->c_name, c->c_brief);
	print_indented(o, "     ", "     ", c->c_synopsis);
	out_printf(o, "\nDESCRIPTION\n");
	print_indented(o, "     ", "     ", c->c_help);
	return 0;
}
COMMAND(help, cmd_help, "help [-j] [command]", "list the commands, or show one's page",
    "Lists all commands with one line each, or prints the page of the one named.\n");

static int
cmd_echo(struct out *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		out_printf(o, "%s%s", argv[i], i + 1 < argc ? " " : "");
	out_printf(o, "\n");
	return 0;
}
COMMAND(echo, cmd_echo, "echo [word ...]", "print the words",
    "Prints its words, separated by blanks. `echo $?' shows the status of the last command:\n"
    "0 success, 1 failed, 2 wrong usage, 127 no such command, 130 stopped by ^C.\n");
