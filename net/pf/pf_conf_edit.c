/* pf_conf_edit.c - a ruleset's text without some of its statements: the author's words, comments and order stay. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_conf.h"

struct edit {
	struct pf_source e_source;
	bool		(*e_go)(void *, enum pf_statement, const char *, unsigned);
	void		*e_arg;
	uint8_t		*e_gone;	/* by line, from 1 */
	unsigned	 e_lines;
};

static void
statement(const struct pf_source *s, enum pf_statement kind, const char *name, unsigned first, unsigned last, unsigned depth)
{
	const struct edit *e = container_of(s, const struct edit, e_source);

	if (e->e_go(e->e_arg, kind, name, depth) && depth == 1)
		for (unsigned i = first; i <= last && i <= e->e_lines; i++)
			e->e_gone[i] = 1;
}

static unsigned
count_lines(const char *text, size_t len)
{
	unsigned n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static char *
copy_rest(const struct edit *e, size_t *len)
{
	const char *p = e->e_source.ps_text, *end = p + e->e_source.ps_len;
	char *text = malloc(e->e_source.ps_len + 1), *to = text;

	for (unsigned line = 1; p < end && text != NULL; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl != NULL ? (size_t)(nl + 1 - p) : (size_t)(end - p);

		if (!e->e_gone[line]) {
			memcpy(to, p, n);
			to += n;
		}
		p += n;
	}
	*len = text != NULL ? (size_t)(to - text) : 0;
	return text;
}

char *
pf_conf_without(const struct pf_env *env, const struct pf_source *s, bool (*go)(void *, enum pf_statement, const char *, unsigned), void *arg, size_t *len)
{
	struct edit e = { .e_source = *s, .e_go = go, .e_arg = arg, .e_lines = count_lines(s->ps_text, s->ps_len) };
	struct pf_conf pc;
	char *text = NULL;

	if ((e.e_gone = calloc(e.e_lines + 1, 1)) == NULL)
		return NULL;
	e.e_source.ps_statement = statement;
	if (pf_conf_parse(&pc, env, &e.e_source))
		text = copy_rest(&e, len);
	pf_conf_free(&pc);
	free(e.e_gone);
	return text;
}
