/* cmdline.c - words, quotes, comments, separators of a command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"

struct scan {
	const char	*s;		/* where we read */
	char		*out;		/* where the next word's bytes go */
	char		**word;		/* where its pointer goes */
	int		 status;
	const char	*error;
};

static bool
scan_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
scan_separator(char c)
{
	return c == ';' || c == '\n';
}

/* $? is the one variable that there is. */
static void
scan_dollar(struct scan *sc)
{
	sc->s++;
	if (*sc->s == '?') {
		sc->s++;
		sc->out += sprintf(sc->out, "%d", sc->status);
	} else if (*sc->s == '(' || *sc->s == '{')
		sc->error = "substitution is not supported";
	else
		*sc->out++ = '$';
}

static void
scan_single(struct scan *sc)
{
	for (sc->s++; *sc->s != '\''; *sc->out++ = *sc->s++)
		if (*sc->s == '\0') {
			sc->error = "unterminated quote";
			return;
		}
	sc->s++;
}

static void
scan_double(struct scan *sc)
{
	sc->s++;
	while (*sc->s != '"' && sc->error == NULL) {
		if (*sc->s == '\0') {
			sc->error = "unterminated quote";
			return;
		}
		if (*sc->s == '$') {
			scan_dollar(sc);
			continue;
		}
		if (*sc->s == '`') {
			sc->error = "substitution is not supported";
			return;
		}
		if (*sc->s == '\\' && sc->s[1] != '\0' && strchr("\"\\$`", sc->s[1]) != NULL)
			sc->s++;
		*sc->out++ = *sc->s++;
	}
	sc->s++;
}

/* One piece of a word, outside quotes. */
static void
scan_plain(struct scan *sc)
{
	switch (*sc->s) {
	case '|':
		sc->error = "pipes are not supported";
		return;
	case '<':
	case '>':
		sc->error = "redirections are not supported (but: load <<EOF)";
		return;
	case '&':
		sc->error = "background commands are not supported";
		return;
	case '`':
		sc->error = "substitution is not supported";
		return;
	case '\\':
		if (*++sc->s == '\0') {
			sc->error = "nothing follows the last \\";
			return;
		}
		break;
	}
	*sc->out++ = *sc->s++;
}

static char *
scan_word(struct scan *sc)
{
	char *start = sc->out;

	while (*sc->s != '\0' && !scan_blank(*sc->s) && !scan_separator(*sc->s) && sc->error == NULL) {
		if (*sc->s == '\'')
			scan_single(sc);
		else if (*sc->s == '"')
			scan_double(sc);
		else if (*sc->s == '$')
			scan_dollar(sc);
		else
			scan_plain(sc);
	}
	*sc->out++ = '\0';
	return start;
}

static void
scan_blanks(struct scan *sc)
{
	while (scan_blank(*sc->s))
		sc->s++;
	if (*sc->s == '#')
		sc->s += strcspn(sc->s, "\n");
}

static void
scan_doc(struct scan *sc, struct cmdline_cmd *cc)
{
	sc->s += 2;
	scan_blanks(sc);
	if (cc->cc_doc != NULL)
		sc->error = "a second here-document";
	else
		cc->cc_doc = scan_word(sc);
	if (sc->error == NULL && cc->cc_doc[0] == '\0')
		sc->error = "<< needs a word that ends the here-document";
}

/* One command up to its separator; cc_argc 0: there was none. */
static void
scan_command(struct scan *sc, struct cmdline_cmd *cc)
{
	*cc = (struct cmdline_cmd){ .cc_argv = sc->word };
	for (;;) {
		scan_blanks(sc);
		if (*sc->s == '\0' || scan_separator(*sc->s) || sc->error != NULL)
			break;
		if (strncmp(sc->s, "<<", 2) == 0)
			scan_doc(sc, cc);
		else if (*sc->s == '!' && cc->cc_argc == 0)
			sc->error = "! is not supported: there is no other shell";
		else {
			*sc->word++ = scan_word(sc);
			cc->cc_argc++;
		}
	}
	*sc->word++ = NULL;
	if (sc->error == NULL && cc->cc_argc == 0 && cc->cc_doc != NULL)
		sc->error = "a here-document without a command";
}

static bool
cmdline_alloc(struct cmdline *cl, const char *line)
{
	size_t len = 0, words = 1, cmds = 1;

	for (const char *s = line; *s != '\0'; s++) {
		/* "$?" may become three digits; << ends a word without a blank. */
		len += *s == '$' ? 4 : 1;
		words += scan_blank(*s) || *s == '<';
		cmds += scan_separator(*s);
	}
	memset(cl, 0, sizeof(*cl));
	cl->cl_text = malloc(len + words + cmds + 16);
	cl->cl_words = calloc(words + 2 * cmds, sizeof(*cl->cl_words));
	cl->cl_cmd = calloc(cmds, sizeof(*cl->cl_cmd));
	return cl->cl_text != NULL && cl->cl_words != NULL && cl->cl_cmd != NULL;
}

const char *
cmdline_parse(struct cmdline *cl, const char *line, int status)
{
	struct scan sc = { .s = line, .status = status & 0xff };

	if (!cmdline_alloc(cl, line))
		sc.error = "out of memory";
	sc.out = cl->cl_text;
	sc.word = cl->cl_words;
	while (sc.error == NULL && *sc.s != '\0') {
		scan_command(&sc, &cl->cl_cmd[cl->cl_n]);
		if (cl->cl_cmd[cl->cl_n].cc_argc > 0)
			cl->cl_n++;
		if (scan_separator(*sc.s))
			sc.s++;
	}
	if (sc.error != NULL)
		cmdline_free(cl);
	return sc.error;
}

void
cmdline_free(struct cmdline *cl)
{
	free(cl->cl_cmd);
	free(cl->cl_words);
	free(cl->cl_text);
	memset(cl, 0, sizeof(*cl));
}
