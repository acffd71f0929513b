/* pf_parse_util.c - what all parts of the parser use: errors, tokens, lists. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_parse.h"

bool
pf_bad(struct pf_parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pf_lex_verror(&p->p_lex, fmt, ap);
	va_end(ap);
	return false;
}

bool
pf_syntax(struct pf_parse *p)
{
	return p->p_quiet == 0 && pf_bad(p, "syntax error");
}

void
pf_next(struct pf_parse *p)
{
	if (p->p_quiet > 0)
		p->p_quiet--;
	pf_lex_next(&p->p_lex);
}

void *
pf_new(struct pf_parse *p, size_t n)
{
	return pf_alloc(&p->p_conf->pc_arena, n);
}

const char *
pf_keep(struct pf_parse *p)
{
	return pf_strdup(&p->p_conf->pc_arena, p->p_lex.lx_text);
}

bool
pf_accept(struct pf_parse *p, int tok)
{
	if (!pf_at(p, tok))
		return false;
	pf_next(p);
	return true;
}

bool
pf_accept_kw(struct pf_parse *p, enum pf_keyword kw)
{
	if (!pf_at_kw(p, kw))
		return false;
	pf_next(p);
	return true;
}

bool
pf_expect(struct pf_parse *p, int tok)
{
	return pf_accept(p, tok) || pf_syntax(p);
}

bool
pf_expect_kw(struct pf_parse *p, enum pf_keyword kw)
{
	return pf_accept_kw(p, kw) || pf_syntax(p);
}

bool
pf_string(struct pf_parse *p, const char **s)
{
	if (!pf_at(p, TOK_STRING))
		return pf_syntax(p);
	if ((*s = pf_keep(p)) == NULL)
		return false;
	pf_next(p);
	return true;
}

bool
pf_string_is(const struct pf_parse *p, const char *s)
{
	return pf_at(p, TOK_STRING) && strcmp(p->p_lex.lx_text, s) == 0;
}

bool
pf_number(struct pf_parse *p, int64_t *n)
{
	if (!pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	*n = p->p_lex.lx_number;
	pf_next(p);
	return true;
}

bool
pf_check_ifname(struct pf_parse *p, const char *name)
{
	if (name[0] == '\0')
		return pf_bad(p, "an interface needs a name");
	return strlen(name) < PF_IFNAME || pf_bad(p, "interface name '%s' too long", name);
}

void
pf_newlines(struct pf_parse *p)
{
	while (pf_accept(p, '\n'))
		;
}

bool
pf_list(struct pf_parse *p, pf_item_fn *item, void *arg)
{
	if (!pf_accept(p, '{'))
		return item(p, arg);
	if (p->p_lists == PF_LISTS_MAX)
		return pf_bad(p, "too many lists in lists");
	p->p_lists++;
	do {
		pf_newlines(p);
		if (!item(p, arg))
			return false;
		pf_newlines(p);
		pf_accept(p, ',');
		pf_newlines(p);
	} while (!pf_at(p, '}'));
	p->p_lists--;
	pf_next(p);
	return true;
}

bool
pf_parens(struct pf_parse *p, pf_item_fn *item, void *arg)
{
	do {
		if (!item(p, arg))
			return false;
		pf_accept(p, ',');
	} while (!pf_at(p, ')'));
	pf_next(p);
	return true;
}

int
pf_named_number(struct pf_parse *p, const char *kind, int (*index)(const char *), int64_t max, const char **name, uint32_t *value)
{
	int64_t n = 0;
	int i;

	if (!pf_string(p, name) || !pf_number(p, &n))
		return -1;
	if ((i = index(*name)) < 0)
		pf_bad(p, "unknown %s %s", kind, *name);
	else if (n < 0 || n > max) {
		pf_bad(p, "only positive values permitted");
		i = -1;
	} else
		*value = (uint32_t)n;
	return i;
}
