/* pfctl.c - pfctl(8): options, reading a ruleset, printing it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_engine.h"
#include "net/pf/pfctl.h"

#define DEVICE		"/dev/pf"	/* of -p: the one that there is */
#define RDOMAIN_MAX	255

void
pfctl_error(const struct pf_env *env, const char *file, unsigned line, const char *text)
{
	struct out *o = container_of(env, const struct pfctl_run, r_env)->r_err;

	if (file == NULL)
		out_printf(o, "%s\n", text);
	else if (file[0] == '\0')
		out_printf(o, "pfctl: %s\n", text);
	else if (line == 0)
		out_printf(o, "pfctl: %s: %s\n", file, text);
	else
		out_printf(o, "%s:%u: %s\n", file, line, text);
}

/* ---- the command line ---- */

/* NAME=VALUE; the name is cut off in place. */
static bool
define(struct pfctl_args *a, char *arg)
{
	char *eq = strchr(arg, '=');

	if (eq == NULL || eq == arg || a->a_ndefine == PFCTL_DEFINES_MAX)
		return false;
	*eq = '\0';
	a->a_define[a->a_ndefine++] = (struct pf_define){ arg, eq + 1 };
	return true;
}

#define AT(member)	offsetof(struct pfctl_args, member)
/* Letters that only say so; letters that take a word. */
static const struct letter { char l_char; size_t l_at; } flags[] = {
	{ 'd', AT(a_disable) }, { 'e', AT(a_enable) }, { 'g', AT(a_more) }, { 'N', AT(a_numeric) }, { 'n', AT(a_noaction) }, { 'P', AT(a_ports) },
	{ 'q', AT(a_quiet) }, { 'r', AT(a_resolve) }, { 'z', AT(a_zero) },
}, words[] = {
	{ 'a', AT(a_anchor) }, { 'F', AT(a_flush) }, { 'f', AT(a_file) }, { 'i', AT(a_iface) }, { 'p', AT(a_device) }, { 's', AT(a_show) },
	{ 'T', AT(a_tcommand) }, { 't', AT(a_table) }, { 'x', AT(a_level) },
};

static const struct letter *
letter(const struct letter *l, unsigned n, char c)
{
	for (; n > 0; l++, n--)
		if (l->l_char == c)
			return l;
	return NULL;
}

static bool
rdomain(struct pfctl_args *a, const char *s)
{
	char *end;

	a->a_rdomain = (int)strtol(s, &end, 10);
	return *end == '\0' && end != s && a->a_rdomain >= 0 && a->a_rdomain <= RDOMAIN_MAX;
}

static bool
wrong(const struct pfctl *pt, const char *what, const char *value)
{
	out_printf(pt->pt_err, "pfctl: %s %s\n", what, value);
	return false;
}

/* value: NULL when the letter takes none. */
static bool
option(const struct pfctl *pt, struct pfctl_args *a, char c, char *value)
{
	const struct letter *l;

	if ((l = letter(flags, nitems(flags), c)) != NULL)
		return *(bool *)((char *)a + l->l_at) = true;
	if ((l = letter(words, nitems(words), c)) != NULL) {
		*(const char **)((char *)a + l->l_at) = value;
		return value[0] != '\0';
	}
	switch (c) {
	case 'k':
		if (a->a_kill[1] != NULL)
			return false;
		a->a_kill[a->a_kill[0] != NULL] = value;
		return true;
	case 'K':
		if (a->a_killsrc[1] != NULL)
			return false;
		a->a_killsrc[a->a_killsrc[0] != NULL] = value;
		return true;
	case 'D':
		return define(a, value) || wrong(pt, "could not parse macro definition", value);
	case 'o':		/* the engine compiles any ruleset: nothing to choose */
		return strcmp(value, "none") == 0 || strcmp(value, "basic") == 0 || strcmp(value, "profile") == 0 ||
		    wrong(pt, "unknown optimization level", value);
	case 'V':
		return rdomain(a, value) || wrong(pt, "not a routing domain:", value);
	case 'v':
		a->a_verbose++;
		return true;
	default:
		return false;
	}
}

/* In getopt(3)'s words. */
static bool
misses(const struct pfctl *pt, const char *what, char c)
{
	out_printf(pt->pt_err, "pfctl: %s -- %c\n", what, c);
	return false;
}

/* getopt(3)'s way: flags together, an argument behind its letter or as the next word. */
static bool
parse_args(const struct pfctl *pt, struct pfctl_args *a, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++)
		for (char *s = argv[i] + 1; *s != '\0'; s++) {
			char *value = NULL;

			if (strchr("DKkoV", *s) != NULL || letter(words, nitems(words), *s) != NULL) {
				value = s[1] != '\0' ? s + 1 : ++i < argc ? argv[i] : NULL;
				if (value == NULL)
					return misses(pt, "option requires an argument", *s);
			} else if (*s != 'v' && letter(flags, nitems(flags), *s) == NULL)
				return *s != 'h' && misses(pt, "unknown option", *s);
			if (!option(pt, a, *s, value))
				return false;
			if (value != NULL)
				break;
		}
	if (a->a_tcommand != NULL && *a->a_tcommand != '\0' && strncmp("load", a->a_tcommand, strlen(a->a_tcommand)) == 0) {
		a->a_load = true;
		a->a_table = a->a_tcommand = NULL;
	}
	if ((a->a_load && a->a_file == NULL) || (a->a_table == NULL) != (a->a_tcommand == NULL) || (a->a_numeric && a->a_resolve))
		return false;
	if (a->a_table != NULL) {
		a->a_word = argv + i;
		a->a_nword = argc - i;
		return true;
	}
	if (i < argc && strcmp(argv[i], "test") == 0) {
		a->a_test = argv + i + 1;
		a->a_ntest = argc - i - 1;
		return true;
	}
	return i == argc;
}

/* ---- the work ---- */

static char *
read_source(const struct pfctl *pt, const char *file, size_t *len)
{
	const char *why = "no files here";
	char *text;

	if (strcmp(file, "-") == 0)
		text = pt->pt_stdin(pt, len, &why);
	else
		text = pt->pt_env->pe_read == NULL ? NULL : pt->pt_env->pe_read(pt->pt_env, file, len, &why);
	if (text == NULL)
		out_printf(pt->pt_err, "pfctl: %s: %s\n", file, why);
	return text;
}

static void
print_conf(struct out *o, struct pf_conf *pc, const struct pfctl_args *a)
{
	for (const struct pf_queue *q = pc->pc_queues; q != NULL; q = q->q_next) {
		pf_print_queue(o, q);
		out_printf(o, "\n");
	}
	pf_print_rules(o, pc, (a->a_verbose > 1 ? PF_PRINT_NUMBERS : 0) | (a->a_ports ? PF_PRINT_NAMES : 0));
}

/* Whether it is right; -v: and what it says. */
static bool
check_text(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };
	struct pf_source s = { .ps_name = strcmp(a->a_file, "-") == 0 ? "stdin" : a->a_file, .ps_text = text, .ps_len = len, .ps_anchor = a->a_anchor,
	    .ps_define = a->a_define, .ps_ndefine = a->a_ndefine };
	struct pf_conf pc;
	bool ok;

	run.r_env.pe_error = pfctl_error;
	run.r_env.pe_verbose = a->a_verbose > 0 && !a->a_quiet ? pt->pt_out : NULL;
	ok = pf_conf_parse(&pc, &run.r_env, &s);
	if (ok && run.r_env.pe_verbose != NULL)
		print_conf(pt->pt_out, &pc, a);
	else if (ok && !a->a_quiet && !pf_conf_check(&pc, &run.r_env, pf_lacks))
		out_printf(pt->pt_err, "pfctl: the ruleset is right, but would not be loaded\n");
	pf_conf_free(&pc);
	return ok;
}

static int
check_file(const struct pfctl *pt, const struct pfctl_args *a)
{
	size_t len;
	char *text = read_source(pt, a->a_file, &len);
	bool ok = text != NULL && check_text(pt, a, text, len);

	free(text);
	return ok ? 0 : 1;
}

/* Through the engine's part, with the file's text. */
static int
run_engine(const struct pfctl *pt, const struct pfctl_args *a)
{
	char *text = NULL;
	size_t len = 0;
	int status;

	if (a->a_file != NULL && (text = read_source(pt, a->a_file, &len)) == NULL)
		return 1;
	if (text != NULL && a->a_table == NULL && a->a_verbose > 0 && !check_text(pt, a, text, len)) {
		out_printf(pt->pt_err, "pfctl: Syntax error in config file: pf rules not loaded\n");
		free(text);
		return 1;
	}
	status = pt->pt_engine(pt, a, text, len);
	free(text);
	return status;
}

int
pfctl_run(const struct pfctl *pt, int argc, char **argv)
{
	struct pfctl_args a = { .a_anchor = "", .a_rdomain = -1 };
	bool other;

	if (!parse_args(pt, &a, argc, argv))
		return 2;
	other = a.a_enable || a.a_disable || a.a_show != NULL || a.a_flush != NULL || a.a_kill[0] != NULL || a.a_killsrc[0] != NULL || a.a_zero ||
	    a.a_level != NULL || a.a_table != NULL || a.a_test != NULL;
	if (a.a_noaction && a.a_table == NULL)
		return other || a.a_file == NULL ? 2 : check_file(pt, &a);
	if (pt->pt_engine == NULL || (!other && a.a_file == NULL))
		return 2;
	if (a.a_device != NULL && strcmp(a.a_device, DEVICE) != 0) {
		out_printf(pt->pt_err, "pfctl: %s: No such file or directory\n", a.a_device);
		return 1;
	}
	return run_engine(pt, &a);
}
