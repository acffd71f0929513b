/* pf_lex.c - characters to tokens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_lex.h"

#define END	(-1)

void
pf_lex_init(struct pf_lex *lx, const struct pf_env *env, struct pf_arena *mem)
{
	memset(lx, 0, sizeof(*lx));
	lx->lx_env = env;
	lx->lx_mem = mem;
	lx->lx_bol = true;
}

static void
lex_pop(struct pf_lex *lx)
{
	free(lx->lx_file[--lx->lx_nfiles].lf_text);
}

void
pf_lex_free(struct pf_lex *lx)
{
	while (lx->lx_nfiles > 0)
		lex_pop(lx);
}

bool
pf_lex_push(struct pf_lex *lx, const char *name, const char *text, size_t len, char *own)
{
	if (lx->lx_nfiles == PF_INCLUDES) {
		free(own);
		return false;
	}
	lx->lx_file[lx->lx_nfiles++] = (struct pf_lex_file){ name, text, text + len, 1, own };
	return true;
}

const char *
pf_lex_filename(const struct pf_lex *lx)
{
	return lx->lx_nfiles > 0 ? lx->lx_file[lx->lx_nfiles - 1].lf_name : "";
}

void
pf_lex_verror(struct pf_lex *lx, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	lx->lx_errors++;
	lx->lx_env->pe_error(lx->lx_env, pf_lex_filename(lx), lx->lx_line, text);
}

void
pf_lex_error(struct pf_lex *lx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pf_lex_verror(lx, fmt, ap);
	va_end(ap);
}

/* ---- macros ---- */

static struct pf_macro *
macro_find(const struct pf_lex *lx, const char *name)
{
	struct pf_macro *m;

	for (m = lx->lx_macros; m != NULL; m = m->m_next)
		if (strcmp(m->m_name, name) == 0)
			break;
	return m;
}

bool
pf_lex_define(struct pf_lex *lx, const char *name, const char *value, bool cmdline)
{
	struct pf_macro *m = macro_find(lx, name);

	if (m != NULL && m->m_cmdline && !cmdline)
		return true;
	if (m == NULL) {
		if ((m = pf_alloc(lx->lx_mem, sizeof(*m))) == NULL || (m->m_name = pf_strdup(lx->lx_mem, name)) == NULL)
			return false;
		m->m_value = "";
		m->m_next = lx->lx_macros;
		lx->lx_macros = m;
	}
	m->m_cmdline = cmdline;
	if ((value = pf_strdup(lx->lx_mem, value)) == NULL)
		return false;
	m->m_value = value;
	return true;
}

/* ---- characters ---- */

static struct pf_lex_file *
lex_top(struct pf_lex *lx)
{
	return &lx->lx_file[lx->lx_nfiles - 1];
}

/* The next character as it stands there. Where a file's last line has no newline one is put; a file that has ended stays until pf_lex_next(). */
static int
lex_raw(struct pf_lex *lx)
{
	struct pf_lex_file *f = lex_top(lx);
	int c;

	if (lx->lx_nunget > 0)
		return (unsigned char)lx->lx_unget[--lx->lx_nunget];
	if (lx->lx_macro != NULL) {
		if (*lx->lx_macro != '\0')
			return (unsigned char)*lx->lx_macro++;
		lx->lx_macro = NULL;
		if ((c = (unsigned char)lx->lx_after) != '\0')
			return c;
	}
	if (f->lf_p == f->lf_end) {
		if (lx->lx_bol)
			return END;
		c = '\n';
	} else
		c = (unsigned char)*f->lf_p++;
	lx->lx_bol = c == '\n';
	return c;
}

static void
lex_unget(struct pf_lex *lx, int c)
{
	KASSERT(lx->lx_nunget < PF_UNGET);
	if (c != END)
		lx->lx_unget[lx->lx_nunget++] = (char)c;
}

/* The same with continued lines joined. */
static int
lex_char(struct pf_lex *lx)
{
	int c, next;

	while ((c = lex_raw(lx)) == '\\') {
		if ((next = lex_raw(lx)) != '\n') {
			lex_unget(lx, next);
			return c;
		}
		lex_top(lx)->lf_line++;
	}
	return c;
}

/* After an error that leaves no token: the line is given up, with its newline. */
static int
lex_giveup(struct pf_lex *lx)
{
	int c;

	lx->lx_macro = NULL;
	do
		c = lex_char(lx);
	while (c != '\n' && c != END);
	if (c == '\n')
		lex_top(lx)->lf_line++;
	return TOK_ERROR;
}

static bool
lex_put(struct pf_lex *lx, int c)
{
	if (lx->lx_len + 1 >= sizeof(lx->lx_text)) {
		pf_lex_error(lx, "string too long");
		return false;
	}
	lx->lx_text[lx->lx_len++] = (char)c;
	lx->lx_text[lx->lx_len] = '\0';
	return true;
}

static bool
is_alnum(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_word(int c)
{
	return c > ' ' && c < 0x7f && strchr("(){}<>!=/#,\\", c) == NULL;
}

/* What may follow a number; before anything else digits are a word. */
static bool
ends_number(int c)
{
	return c == END || c == ' ' || c == '\t' || c == '\n' || c == ')' || c == ',' || c == '/' || c == '}' || c == '=';
}

/* ---- tokens ---- */

static int
lex_quoted(struct pf_lex *lx, int quote)
{
	int c, next;

	for (;;) {
		if ((c = lex_raw(lx)) == END) {
			pf_lex_error(lx, "reached end of file while parsing quoted string");
			return TOK_ERROR;
		}
		if (c == '\n') {		/* goes on in the next line, without the newline */
			lex_top(lx)->lf_line++;
			continue;
		}
		if (c == '\\') {
			next = lex_raw(lx);
			if (next == quote || next == ' ' || next == '\t')
				c = next;
			else if (next == '\n') {
				lex_top(lx)->lf_line++;
				continue;
			} else
				lex_unget(lx, next);
		} else if (c == quote)
			return TOK_STRING;
		if (c == '\0')
			continue;
		if (!lex_put(lx, c))
			return lex_giveup(lx);
	}
}

/* $name: its value is read in its place. */
static bool
lex_macro(struct pf_lex *lx)
{
	struct pf_macro *m;
	int c;

	for (c = lex_char(lx); is_alnum(c) || c == '_'; c = lex_char(lx))
		if (!lex_put(lx, c))
			return false;
	if ((m = macro_find(lx, lx->lx_text)) == NULL) {
		pf_lex_error(lx, "macro '%s' not defined", lx->lx_text);
		lex_unget(lx, c);
		return false;
	}
	lx->lx_macro = m->m_value;
	lx->lx_after = c != END ? (char)c : '\0';
	return true;
}

static int
lex_number(struct pf_lex *lx)
{
	char *end;

	if (lx->lx_len > 19) {
		pf_lex_error(lx, "\"%s\" invalid number: too large", lx->lx_text);
		return lex_giveup(lx);
	}
	lx->lx_number = strtoll(lx->lx_text, &end, 10);
	return TOK_NUMBER;
}

static bool
all_digits(const char *s)
{
	return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

bool
pf_lex_is_string(const char *s)
{
	if ((!is_alnum((unsigned char)*s) && *s != ':' && *s != '_') || all_digits(s) || pf_keyword(s) != KW_NONE)
		return false;
	for (; *s != '\0'; s++)
		if (!is_word((unsigned char)*s))
			return false;
	return true;
}

static int
lex_word(struct pf_lex *lx, int c)
{
	for (; is_word(c); c = lex_char(lx))
		if (!lex_put(lx, c))
			return lex_giveup(lx);
	lex_unget(lx, c);
	if (all_digits(lx->lx_text) && ends_number(c))
		return lex_number(lx);
	lx->lx_kw = pf_keyword(lx->lx_text);
	return lx->lx_kw != KW_NONE ? TOK_WORD : TOK_STRING;
}

/* A minus is a number's when digits and a number's end follow; else it stands for itself. */
static int
lex_minus(struct pf_lex *lx)
{
	int c;

	lex_put(lx, '-');
	for (c = lex_char(lx); c >= '0' && c <= '9' && lx->lx_len < PF_UNGET - 2; c = lex_char(lx))
		lex_put(lx, c);
	lex_unget(lx, c);
	if (lx->lx_len > 1 && ends_number(c))
		return lex_number(lx);
	while (lx->lx_len > 1)
		lex_unget(lx, lx->lx_text[--lx->lx_len]);
	lx->lx_text[1] = '\0';
	return '-';
}

/* One character, or an operator of two. */
static int
lex_operator(struct pf_lex *lx, int c)
{
	static const struct { char text[3]; int token; } ops[] = {
		{ "!=", TOK_NE }, { "<=", TOK_LE }, { ">=", TOK_GE }, { "><", TOK_IRG }, { "<>", TOK_XRG },
	};
	int next;

	if (c != '!' && c != '<' && c != '>')
		return c;
	next = lex_char(lx);
	for (unsigned i = 0; i < nitems(ops); i++)
		if (ops[i].text[0] == c && ops[i].text[1] == next)
			return ops[i].token;
	lex_unget(lx, next);
	return c;
}

/* Blanks, comments, and the ends of included files are passed over. */
static int
lex_skip(struct pf_lex *lx)
{
	int c;

	for (;;) {
		while ((c = lex_char(lx)) == ' ' || c == '\t')
			;
		if (c == '#')
			do
				c = lex_char(lx);
			while (c != '\n' && c != END);
		if (c != END || lx->lx_nfiles == 1)
			return c;
		lex_pop(lx);
	}
}

static int
lex_token(struct pf_lex *lx)
{
	int c;

	for (;;) {
		lx->lx_len = 0;
		lx->lx_text[0] = '\0';
		c = lex_skip(lx);
		lx->lx_line = lex_top(lx)->lf_line;
		if (c != '$' || lx->lx_macro != NULL)
			break;
		if (!lex_macro(lx))
			return lex_giveup(lx);
	}
	if (c == END)
		return TOK_EOF;
	if (c == '\n') {
		lex_top(lx)->lf_line++;
		return c;
	}
	if (c == '"' || c == '\'')
		return lex_quoted(lx, c);
	if (c == '-')
		return lex_minus(lx);
	if (is_alnum(c) || c == ':' || c == '_')
		return lex_word(lx, c);
	return lex_operator(lx, c);
}

void
pf_lex_next(struct pf_lex *lx)
{
	lx->lx_kw = KW_NONE;
	lx->lx_tok = lex_token(lx);
}
