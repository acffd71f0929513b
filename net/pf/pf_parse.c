/* pf_parse.c - pf.conf(5) from its first line to its last: statements, macros, included files, anchors that are loaded from files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_parse.h"

#define LOADS_MAX	1024		/* load anchor statements in all files */

/* ---- macros and includes ---- */

static bool
macro_value(struct pf_parse *p)
{
	size_t n = 0, len;

	do {
		len = strlen(p->p_lex.lx_text);
		if (n + len + 2 > sizeof(p->p_value))
			return pf_bad(p, "string too long");
		if (n > 0)
			p->p_value[n++] = ' ';
		memcpy(p->p_value + n, p->p_lex.lx_text, len + 1);
		n += len;
		pf_next(p);
	} while (pf_at(p, TOK_STRING) || pf_at(p, TOK_NUMBER));
	return true;
}

static void
print_macro(struct out *o, const char *name, const char *value)
{
	pf_print_word(o, name);
	out_printf(o, " = ");
	pf_print_quoted(o, value);
	out_printf(o, "\n");
}

/* name = "value" ... */
static bool
parse_macro(struct pf_parse *p)
{
	const char *name;

	if (!pf_string(p, &name) || !pf_expect(p, '='))
		return false;
	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	if (!macro_value(p))
		return false;
	if (name[0] == '\0' || name[strcspn(name, " \t")] != '\0')
		return pf_bad(p, "macro name cannot contain whitespace");
	if (p->p_env->pe_verbose != NULL)
		print_macro(p->p_env->pe_verbose, name, p->p_value);
	return pf_lex_define(&p->p_lex, name, p->p_value, false);
}

/* A file's text, malloc()ed. NULL: *why. */
static char *
read_file(struct pf_parse *p, const char *path, size_t *len, const char **why)
{
	*why = "no files here";
	return p->p_env->pe_read == NULL ? NULL : p->p_env->pe_read(p->p_env, path, len, why);
}

/* The file is read from the line after this one on; so the line's end is looked at, and not yet past. */
static bool
parse_include(struct pf_parse *p)
{
	const char *name, *why;
	size_t len;
	char *text;

	pf_next(p);
	if (!pf_string(p, &name))
		return false;
	if (!pf_at(p, '\n') && !pf_at(p, TOK_EOF))
		return pf_syntax(p);
	if ((text = read_file(p, name, &len, &why)) == NULL) {
		pf_bad(p, "%s: %s", name, why);
		return pf_bad(p, "failed to include file %s", name);
	}
	if (!pf_lex_push(&p->p_lex, name, text, len, text))
		return pf_bad(p, "failed to include file %s: too many files in files", name);
	return true;
}

/* ---- statements ---- */

bool
pf_parse_statement(struct pf_parse *p, bool inline_block)
{
	switch (p->p_lex.lx_kw) {
	case KW_PASS:
	case KW_BLOCK:
	case KW_MATCH:
		return pf_parse_rule(p);
	case KW_ANCHOR:
		return pf_parse_anchor(p);
	case KW_ANTISPOOF:
		return pf_parse_antispoof(p);
	case KW_TABLE:
		return pf_parse_table(p);
	case KW_INCLUDE:
		return parse_include(p);
	default:
		break;
	}
	if (inline_block)
		return pf_syntax(p);
	if (p->p_apart && (pf_at_kw(p, KW_SET) || pf_at_kw(p, KW_QUEUE)))
		return pf_bad(p, "options and queues are the main ruleset's");
	if (pf_at_kw(p, KW_SET))
		return pf_parse_set(p);
	if (pf_at_kw(p, KW_QUEUE))
		return pf_parse_queue(p);
	if (pf_at_kw(p, KW_LOAD))
		return pf_parse_load(p);
	return pf_at(p, TOK_STRING) ? parse_macro(p) : pf_syntax(p);
}

static enum pf_statement
statement_kind(const struct pf_parse *p)
{
	switch (p->p_lex.lx_kw) {
	case KW_SET:
		return PF_ST_OPTION;
	case KW_TABLE:
		return PF_ST_TABLE;
	case KW_QUEUE:
		return PF_ST_QUEUE;
	case KW_ANCHOR:
		return PF_ST_ANCHOR;
	case KW_LOAD:
		return PF_ST_LOAD;
	case KW_INCLUDE:
		return PF_ST_INCLUDE;
	default:
		return pf_at(p, TOK_STRING) ? PF_ST_MACRO : PF_ST_RULE;
	}
}

/* One that stands in no block, to its line's end; and tells who asked for it. */
static bool
parse_one(struct pf_parse *p)
{
	const struct pf_source *s = p->p_source;
	enum pf_statement kind = statement_kind(p);
	unsigned line = p->p_lex.lx_line, depth = p->p_lex.lx_nfiles;
	const char *name = NULL;

	if (s->ps_statement != NULL && kind == PF_ST_MACRO && (name = pf_keep(p)) == NULL)
		return false;
	if (!pf_parse_statement(p, false) || (!pf_at(p, '\n') && !pf_at(p, TOK_EOF) && !pf_syntax(p)))
		return false;
	if (kind == PF_ST_TABLE && p->p_conf->pc_tables != NULL)
		name = container_of(p->p_conf->pc_tables_tail, struct pf_table, t_next)->t_name;
	if (s->ps_statement != NULL)
		s->ps_statement(s, kind, name, line, kind == PF_ST_INCLUDE ? line : p->p_lex.lx_line, depth);
	return true;
}

/* All that has been pushed. After an error the rest of the line is passed over; blocks that are open are closed. */
static void
parse_lines(struct pf_parse *p)
{
	struct pf_anchor *anchor = p->p_anchor;

	for (pf_next(p); !pf_at(p, TOK_EOF) && !p->p_conf->pc_arena.pa_failed;) {
		if (pf_accept(p, '\n'))
			continue;
		if (parse_one(p))
			continue;
		p->p_anchor = anchor;
		p->p_lists = p->p_blocks = 0;
		while (!pf_at(p, '\n') && !pf_at(p, TOK_EOF))
			pf_lex_next(&p->p_lex);
		p->p_quiet = PF_QUIET;
	}
}

/* Files that are read for themselves see the macros of the command line only. */
static void
forget_macros(struct pf_parse *p)
{
	struct pf_macro *m, **mp = &p->p_lex.lx_macros;

	while ((m = *mp) != NULL) {
		if (m->m_cmdline)
			mp = &m->m_next;
		else
			*mp = m->m_next;
	}
}

/* load anchor NAME from FILE, those that have not been loaded yet. */
static void
load_anchors(struct pf_parse *p)
{
	const char *why;
	unsigned n = 0;
	size_t len;
	char *text, wrong[512];

	forget_macros(p);
	for (struct pf_load *l = p->p_loads; l != NULL && !p->p_conf->pc_arena.pa_failed; l = l->l_next) {
		if (++n > LOADS_MAX || (text = read_file(p, l->l_file, &len, &why)) == NULL) {
			p->p_lex.lx_errors++;
			snprintf(wrong, sizeof(wrong), "cannot load \"%s\": %s", l->l_file, n > LOADS_MAX ? "too many anchors are loaded" : why);
			p->p_env->pe_error(p->p_env, l->l_by, l->l_line, wrong);
			continue;
		}
		p->p_anchor = l->l_anchor;
		l->l_anchor->an_defined = true;
		pf_lex_free(&p->p_lex);
		pf_lex_push(&p->p_lex, l->l_file, text, len, text);
		parse_lines(p);
	}
	p->p_loads = NULL;
	p->p_loads_tail = &p->p_loads;
}

/* ---- anchors whose rules stand apart ---- */

/* What has been said of it goes: its rules and tables; not what is below it. */
static void
anchor_empty(struct pf_conf *pc, struct pf_anchor *an)
{
	struct pf_table **tp = &pc->pc_tables, *t;

	while ((t = *tp) != NULL) {
		if (t->t_anchor == an)
			*tp = t->t_next;
		else
			tp = &t->t_next;
	}
	pc->pc_tables_tail = tp;
	pc->pc_nrules -= an->an_nrules;
	an->an_nrules = 0;
	an->an_rules = NULL;
	an->an_tail = &an->an_rules;
}

static void
parse_overlay(struct pf_parse *p, const struct pf_overlay *po)
{
	struct pf_anchor *root = p->p_conf->pc_main, *an;
	const char *name = pf_strdup(p->p_lex.lx_mem, po->po_name);

	while (root->an_parent != NULL)
		root = root->an_parent;
	if (name == NULL || (an = pf_anchor_find(p, root, po->po_anchor)) == NULL)
		return;
	an->an_replaced = an->an_defined;
	an->an_apart = an->an_defined = true;
	anchor_empty(p->p_conf, an);
	p->p_anchor = an;
	p->p_apart = true;
	p->p_number = po->po_number;
	pf_lex_free(&p->p_lex);
	pf_lex_push(&p->p_lex, name, po->po_text, po->po_len, NULL);
	parse_lines(p);
	load_anchors(p);
	p->p_apart = false;
}

/* ---- the whole ---- */

static bool
conf_init(struct pf_conf *pc, const struct pf_env *env)
{
	memset(pc, 0, sizeof(*pc));
	pf_arena_init(&pc->pc_arena, env->pe_mem_max != 0 ? env->pe_mem_max : PF_MEM_MAX);
	pc->pc_tables_tail = &pc->pc_tables;
	pc->pc_queues_tail = &pc->pc_queues;
	pc->pc_options.po_debug = -1;
	pc->pc_options.po_reassemble = true;
	if ((pc->pc_main = pf_alloc(&pc->pc_arena, sizeof(*pc->pc_main))) == NULL)
		return false;
	pc->pc_main->an_name = pc->pc_main->an_path = "";
	pc->pc_main->an_tail = &pc->pc_main->an_rules;
	pc->pc_main->an_defined = true;
	pc->pc_anchors = pc->pc_main;
	return true;
}

static bool
parse_source(struct pf_parse *p, const struct pf_source *s)
{
	const char *name;

	for (unsigned i = 0; i < s->ps_ndefine; i++)
		if (!pf_lex_define(&p->p_lex, s->ps_define[i].d_name, s->ps_define[i].d_value, true))
			return false;
	if ((name = pf_strdup(p->p_lex.lx_mem, s->ps_name)) == NULL)
		return false;
	pf_lex_push(&p->p_lex, name, s->ps_text, s->ps_len, NULL);
	if (s->ps_anchor[0] != '\0') {
		if ((p->p_anchor = pf_anchor_find(p, p->p_anchor, s->ps_anchor)) == NULL)
			return false;
		p->p_conf->pc_main = p->p_anchor;
		p->p_anchor->an_defined = true;
	}
	parse_lines(p);
	load_anchors(p);
	for (unsigned i = 0; i < s->ps_noverlay && !p->p_conf->pc_arena.pa_failed; i++)
		parse_overlay(p, &s->ps_overlay[i]);
	return true;
}

bool
pf_conf_parse(struct pf_conf *pc, const struct pf_env *env, const struct pf_source *s)
{
	struct pf_parse *p = calloc(1, sizeof(*p));
	bool ok = false;

	if (p != NULL && conf_init(pc, env)) {
		pf_lex_init(&p->p_lex, env, &pc->pc_arena);
		p->p_env = env;
		p->p_conf = pc;
		p->p_source = s;
		p->p_number = s->ps_number;
		p->p_anchor = pc->pc_main;
		p->p_loads_tail = &p->p_loads;
		ok = parse_source(p, s) && p->p_lex.lx_errors == 0;
		if (ok && !pc->pc_arena.pa_failed) {
			pf_check_queues(p);
			ok = p->p_lex.lx_errors == 0;
		}
		pf_lex_free(&p->p_lex);
	} else if (p == NULL)
		memset(pc, 0, sizeof(*pc));
	if (p == NULL || pc->pc_arena.pa_failed) {
		env->pe_error(env, "", 0, p != NULL && pc->pc_arena.pa_size >= pc->pc_arena.pa_max / 2 ?
		    "the ruleset is too big" : "not enough memory for the ruleset");
		ok = false;
	}
	free(p);
	return ok;
}

void
pf_conf_free(struct pf_conf *pc)
{
	pf_arena_free(&pc->pc_arena);
}
