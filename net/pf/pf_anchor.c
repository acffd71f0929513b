/* pf_anchor.c - the tree of anchors, anchor rules with their blocks, load anchor. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_parse.h"

#define ANCHORS_MAX	16384

static struct pf_anchor *
anchor_child(const struct pf_anchor *parent, const char *name, size_t len)
{
	struct pf_anchor *an;

	for (an = parent->an_child; an != NULL; an = an->an_next)
		if (strlen(an->an_name) == len && memcmp(an->an_name, name, len) == 0)
			break;
	return an;
}

/* Children stand in the order of their names, in which a wildcard evaluates them. */
static void
anchor_insert(struct pf_anchor *parent, struct pf_anchor *an)
{
	struct pf_anchor **pp;

	for (pp = &parent->an_child; *pp != NULL && strcmp((*pp)->an_name, an->an_name) < 0; pp = &(*pp)->an_next)
		;
	an->an_next = *pp;
	*pp = an;
}

static struct pf_anchor *
anchor_new(struct pf_parse *p, struct pf_anchor *parent, const char *name, size_t len)
{
	struct pf_conf *pc = p->p_conf;
	struct pf_anchor *an;
	size_t plen = strlen(parent->an_path);
	char *path;

	if (len >= PF_ANCHOR_NAME || plen + len + 2 > PF_ANCHOR_PATH) {
		pf_bad(p, "anchor name too long");
		return NULL;
	}
	if (pc->pc_nanchors >= ANCHORS_MAX) {
		pf_bad(p, "too many anchors");
		return NULL;
	}
	if ((an = pf_new(p, sizeof(*an))) == NULL || (path = pf_new(p, plen + len + 2)) == NULL)
		return NULL;
	snprintf(path, plen + len + 2, "%s%s%.*s", parent->an_path, plen > 0 ? "/" : "", (int)len, name);
	an->an_path = path;
	an->an_name = path + (plen > 0 ? plen + 1 : 0);
	an->an_parent = parent;
	an->an_tail = &an->an_rules;
	anchor_insert(parent, an);
	an->an_all = pc->pc_anchors;
	pc->pc_anchors = an;
	pc->pc_nanchors++;
	return an;
}

struct pf_anchor *
pf_anchor_find(struct pf_parse *p, struct pf_anchor *from, const char *path)
{
	struct pf_anchor *an;
	size_t len;

	if (*path == '/')
		while (from->an_parent != NULL)
			from = from->an_parent;
	for (; from != NULL; path += len) {
		path += strspn(path, "/");
		if ((len = strcspn(path, "/")) == 0)
			break;
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			if (from->an_parent != NULL)
				from = from->an_parent;
			continue;
		}
		an = anchor_child(from, path, len);
		from = an != NULL ? an : anchor_new(p, from, path, len);
	}
	return from;
}

/* "_1", "_2" ...: a name that no file can give. */
struct pf_anchor *
pf_anchor_unnamed(struct pf_parse *p, struct pf_anchor *from)
{
	char name[16];
	unsigned n = 0;

	for (const struct pf_anchor *an = from->an_child; an != NULL; an = an->an_next)
		n += an->an_name[0] == '_';
	snprintf(name, sizeof(name), "_%u", n + 1);
	return anchor_new(p, from, name, strlen(name));
}

/* ---- anchor NAME ... { rules } ---- */

static bool
anchor_name(struct pf_parse *p, struct pf_rule *r)
{
	const char *s;

	if (!pf_at(p, TOK_STRING))
		return true;
	if (!pf_string(p, &s))
		return false;
	if (s[0] == '_' || strstr(s, "/_") != NULL)
		return pf_bad(p, "anchor names beginning with '_' are reserved for internal use");
	if (s[0] == '\0' || strlen(s) >= PF_ANCHOR_PATH)
		return pf_bad(p, "invalid anchor name '%s'", s);
	r->r_anchor = s;
	return true;
}

/* The anchor that the rule leads to. The wildcard means all anchors one step below it. */
static bool
anchor_target(struct pf_parse *p, struct pf_rule *r)
{
	char path[PF_ANCHOR_PATH];
	size_t len = strlen(r->r_anchor);

	if (len == 0)
		return (r->r_anchor_call = pf_anchor_unnamed(p, p->p_anchor)) != NULL;
	memcpy(path, r->r_anchor, len + 1);
	if (path[len - 1] == '*' && (len == 1 || path[len - 2] == '/')) {
		r->r_wild = true;
		path[len - 1] = '\0';
	}
	return (r->r_anchor_call = pf_anchor_find(p, p->p_anchor, path)) != NULL;
}

/* From the { to its }. */
static bool
anchor_block(struct pf_parse *p, struct pf_rule *r)
{
	struct pf_anchor *outer = p->p_anchor;

	if (r->r_wild)
		return pf_bad(p, "an anchor with a wildcard cannot have rules of its own");
	if (p->p_blocks == PF_BLOCKS_MAX)
		return pf_bad(p, "too many anchors in anchors");
	p->p_blocks++;
	r->r_inline = true;
	p->p_anchor = r->r_anchor_call;
	p->p_anchor->an_defined = true;
	for (pf_next(p); !pf_at(p, '}');) {
		if (pf_accept(p, '\n'))
			continue;
		if (!pf_parse_statement(p, true))
			return false;
		if ((!pf_at(p, '\n') && !pf_at(p, '}')) || p->p_conf->pc_arena.pa_failed)
			return pf_syntax(p);
	}
	pf_next(p);
	p->p_blocks--;
	p->p_anchor = outer;
	return true;
}

bool
pf_parse_anchor(struct pf_parse *p)
{
	struct pf_def *d = pf_new(p, sizeof(*d));		/* blocks nest, and it is big */

	if (d == NULL)
		return false;
	pf_def_init(d);
	d->d_rule.r_action = PF_ANCHOR;
	pf_next(p);
	if (!anchor_name(p, &d->d_rule) || !pf_parse_head(p, d) || !pf_parse_options(p, d))
		return false;
	if (d->d_rule.r_anchor[0] == '\0' && !pf_at(p, '{'))
		return pf_bad(p, "anchors without explicit rules must specify a name");
	if (!pf_check_def(p, d) || !anchor_target(p, &d->d_rule))
		return false;
	if (pf_at(p, '{') && !anchor_block(p, &d->d_rule))
		return false;
	return pf_expand(p, d);
}

/* ---- load anchor NAME from FILE ---- */

bool
pf_parse_load(struct pf_parse *p)
{
	struct pf_load *l;
	const char *name, *file;
	unsigned line = p->p_lex.lx_line;

	pf_next(p);
	if (!pf_expect_kw(p, KW_ANCHOR) || !pf_string(p, &name) || !pf_expect_kw(p, KW_FROM) || !pf_string(p, &file))
		return false;
	if (name[0] == '\0' || name[0] == '_' || strstr(name, "/_") != NULL)
		return pf_bad(p, "invalid anchor name '%s'", name);
	if ((l = pf_new(p, sizeof(*l))) == NULL || (l->l_anchor = pf_anchor_find(p, p->p_anchor, name)) == NULL)
		return false;
	l->l_file = file;
	l->l_by = pf_lex_filename(&p->p_lex);
	l->l_line = line;
	*p->p_loads_tail = l;
	p->p_loads_tail = &l->l_next;
	return true;
}
