/* pfctl_table.c - pfctl -t NAME -T COMMAND: the addresses of a table of the ruleset in force. What is changed so lasts until a ruleset is loaded that says what
 * the table holds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pfctl_engine.h"

/* What a command works on; one at a time. */
struct work {
	const struct pfctl *w_pt;
	const struct pfctl_args *w_a;
	const struct pf_ruleset *w_rs;	/* in force, with */
	struct pf_ktable *w_kt;
	struct pf_tentry *w_te;		/* what was given on the command line */
	unsigned	 w_n;
	struct pf_prefixes *w_given;	/* the same, in order, each once */
};

static int
complain(const struct pfctl *pt, const char *why)
{
	out_printf(pt->pt_err, "pfctl: %s\n", why);
	return 1;
}

static void __printflike(2, 3)
say(const struct work *w, const char *fmt, ...)
{
	va_list ap;

	if (w->w_a->a_quiet)
		return;
	va_start(ap, fmt);
	out_vprintf(w->w_pt->pt_err, fmt, ap);
	va_end(ap);
}

/* ---- entries ---- */

/* [!]address[/length] */
static bool
parse_entry(const char *s, struct pf_tentry *e)
{
	bool not = s[0] == '!';

	if (!pfctl_prefix(s + not, e))
		return false;
	e->te_not = not;
	e->te_addr = in6_masked(&e->te_addr, e->te_plen);
	return true;
}

/* ---- changes ---- */

/* So many addresses may be in the table, for all that the others have. */
static uint64_t
room(const struct work *w)
{
	uint64_t used = 0, limit = w->w_rs->rs_limit[PF_LIMIT_TABLE_ENTRIES];

	for (unsigned i = 0; i < w->w_rs->rs_ntables; i++)
		if (&w->w_rs->rs_table[i] != w->w_kt)
			used += pf_table_count(&w->w_rs->rs_table[i]);
	return limit - MIN(used, limit);
}

static int
too_many(const struct work *w)
{
	return complain(w->w_pt, "more addresses in tables than set limit table-entries allows");
}

/* ---- commands ---- */

static int
no_memory(const struct work *w)
{
	return complain(w->w_pt, "Cannot allocate memory");
}

/* One that is there stays as it is. */
static int
table_add(struct work *w)
{
	unsigned n = pf_prefixes_count(w->w_given) - pf_table_present(w->w_kt, w->w_given);

	if (n > 0 && (uint64_t)pf_table_count(w->w_kt) + n > room(w))
		return too_many(w);
	if (n > 0 && !pf_table_insert(w->w_kt, w->w_given))
		return no_memory(w);
	say(w, "%u/%u addresses added.\n", n, w->w_n);
	return 0;
}

static int
table_delete(struct work *w)
{
	unsigned n = pf_table_present(w->w_kt, w->w_given);

	if (n > 0 && !pf_table_remove(w->w_kt, w->w_given))
		return no_memory(w);
	say(w, "%u/%u addresses deleted.\n", n, w->w_n);
	return 0;
}

static int
table_flush(struct work *w)
{
	unsigned n = pf_table_count(w->w_kt);

	if (!pf_table_set(w->w_kt, pf_prefixes_make(NULL, 0)))
		return no_memory(w);
	say(w, "%u addresses deleted.\n", n);
	return 0;
}

static int
table_replace(struct work *w)
{
	unsigned before = pf_table_count(w->w_kt), stay = pf_table_present(w->w_kt, w->w_given), given = pf_prefixes_count(w->w_given);
	struct pf_prefixes *ps = w->w_given;

	if (given > room(w))
		return too_many(w);
	w->w_given = NULL;
	if (!pf_table_set(w->w_kt, ps))
		return no_memory(w);
	if (given == stay && stay == before)
		say(w, "no changes.\n");
	else
		say(w, "%u addresses added, %u addresses deleted.\n", given - stay, before - stay);
	return 0;
}

static int
table_show(struct work *w)
{
	const struct pf_prefix *p;
	struct pf_table_walk tw;
	char addr[IN6_STRLEN];

	for (unsigned af = 0; af < AF_COUNT; af++) {
		pf_table_walk(&tw, w->w_kt, af);
		while (!w->w_pt->pt_out->o_stop && (p = pf_table_next(&tw)) != NULL) {
			out_printf(w->w_pt->pt_out, p->px_not ? "  !%s" : "   %s", af_print(addr, af, &p->px_addr));
			if (p->px_plen != af_bits(af))
				out_printf(w->w_pt->pt_out, "/%u", p->px_plen);
			out_printf(w->w_pt->pt_out, "\n");
		}
	}
	return 0;
}

static int
table_test(struct work *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n; i++)
		n += pf_table_match(w->w_kt, pf_af(w->w_te[i].te_af), &w->w_te[i].te_addr);
	say(w, "%u/%u addresses match.\n", n, w->w_n);
	return n == w->w_n ? 0 : PFCTL_NO_MATCH;
}

static const struct command {
	const char *c_name;
	int (*c_run)(struct work *);
	bool c_words, c_changes, c_creates;	/* takes addresses; is not for a const table; makes one */
} commands[] = {
	{ "add", table_add, true, true, true }, { "delete", table_delete, true, true, false }, { "flush", table_flush, false, true, false },
	{ "kill", NULL, false, true, false }, { "replace", table_replace, true, true, true }, { "show", table_show, false, false, false },
	{ "test", table_test, true, false, false },
};

static bool
add_entry(struct work *w, const char *word)
{
	struct pf_tentry *grown;

	if ((w->w_n & (w->w_n - 1)) == 0) {		/* full at each power of two */
		if ((grown = realloc(w->w_te, MAX(2 * w->w_n, 1u) * sizeof(*grown))) == NULL)
			return complain(w->w_pt, "Cannot allocate memory") == 0;
		w->w_te = grown;
	}
	if (parse_entry(word, &w->w_te[w->w_n])) {
		w->w_n++;
		return true;
	}
	out_printf(w->w_pt->pt_err, "pfctl: no IP address found for %s\n", word);
	return false;
}

/* -f: addresses parted by blanks; from # or ; on to the line's end it is a comment. */
static bool
add_file(struct work *w, const char *text, size_t len)
{
	char word[IN6_NETSTRLEN + 1];
	size_t n;

	for (const char *p = text, *end = text + len; p < end; p += n) {
		for (n = 0; p + n < end && strchr(" \t\n#;", p[n]) == NULL; n++)
			continue;
		if (n >= sizeof(word))
			return complain(w->w_pt, "no IP address found in a long word of the file") == 0;
		memcpy(word, p, n);
		word[n] = '\0';
		if (n > 0 && !add_entry(w, word))
			return false;
		if (n == 0 && *p != '#' && *p != ';')
			n = 1;
		else if (n == 0)
			while (p + n < end && p[n] != '\n')
				n++;
	}
	return true;
}

static int
run(const struct command *c, struct work *w)
{
	if (c->c_changes && (w->w_kt->kt_table->t_flags & PF_TABLE_CONST))
		return complain(w->w_pt, "Operation not permitted");
	return c->c_run(w);
}

/* ---- definitions: they are the ruleset's, so the configuration's ---- */

struct undefine { const char *u_name; unsigned u_n; };

/* The file of the configuration that the anchor's tables are defined in; "": a block of pf.conf is, or there is no such anchor. */
static bool
table_file(const struct pfctl_args *a, char name[PF_ANCHOR_FILE])
{
	struct pf_ruleset *rs = pf_rules_hold();
	bool wild, ok;
	const struct pf_anchor *an = pfctl_anchor(rs, a->a_anchor, &wild);

	if (a->a_anchor[0] == '\0') {
		strcpy(name, PF_CONF_NAME);
		ok = config_running(PF_CONF_NAME) != NULL;
	} else
		ok = !wild && pf_anchor_name(a->a_anchor, name, PF_ANCHOR_FILE) && (an == NULL || !an->an_defined || an->an_apart);
	pf_rules_put(rs);
	return ok;
}

static char *
file_text(const struct pfctl *pt, const char *name, size_t *len)
{
	const char *why;

	*len = 0;
	return config_running(name) != NULL ? pt->pt_env->pe_read(pt->pt_env, name, len, &why) : calloc(1, 1);
}

static int
replace_file(const struct pfctl *pt, const char *name, const char *text, size_t len, const char *more)
{
	struct config_err ce = { .ce_out = pt->pt_err };
	struct out o;
	void *obj;

	out_init(&o, NULL, NULL);
	out_write(&o, text, len);
	if (len > 0 && text[len - 1] != '\n')
		out_printf(&o, "\n");
	out_printf(&o, "%s", more);
	obj = o.o_failed ? NULL : pf_conf_object(o.o_len > 0 ? o.o_buf : "", o.o_len);
	out_free(&o);
	if (obj == NULL)
		return complain(pt, "Cannot allocate memory");
	return config_replace(&ce, name, obj) ? 0 : 1;
}

/* add and replace make a table that is not there. */
static int
create(const struct pfctl *pt, const struct pfctl_args *a)
{
	char name[PF_ANCHOR_FILE], more[PF_TABLE_NAME + 32], *text;
	int status = 1;
	size_t len;

	if (strspn(a->a_table, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-") < strlen(a->a_table) || a->a_table[0] == '_' ||
	    strlen(a->a_table) >= PF_TABLE_NAME)
		return complain(pt, "invalid table name");
	if (!table_file(a, name))
		return complain(pt, "Table does not exist, and no file of its own to define it in");
	if ((text = file_text(pt, name, &len)) == NULL)
		return complain(pt, "Cannot allocate memory");
	snprintf(more, sizeof(more), "table <%s> persist\n", a->a_table);
	status = replace_file(pt, name, text, len, more);
	free(text);
	if (status == 0 && !a->a_quiet)
		out_printf(pt->pt_err, "1 table created.\n");
	return status;
}

static bool
is_undefined(void *arg, enum pf_statement kind, const char *name, unsigned depth)
{
	struct undefine *u = arg;

	if (kind != PF_ST_TABLE || depth != 1 || (u->u_name != NULL && strcmp(u->u_name, name) != 0))
		return false;
	u->u_n++;
	return true;
}

int
pfctl_table_kill(const struct pfctl *pt, const struct pfctl_args *a, const char *table)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };
	struct pf_source s = { .ps_name = "pf.conf", .ps_anchor = "", .ps_define = a->a_define };
	struct undefine u = { .u_name = table };
	char name[PF_ANCHOR_FILE], *text, *rest;
	int status = 0;

	if (!table_file(a, name) || (text = file_text(pt, name, &s.ps_len)) == NULL)
		return complain(pt, "no file of its own that defines tables");
	s.ps_text = text;
	run.r_env.pe_error = pfctl_error;
	rest = pf_conf_without(&run.r_env, &s, is_undefined, &u, &s.ps_len);
	if (rest == NULL)
		status = complain(pt, "the ruleset cannot be read again: nothing has changed");
	else if (u.u_n > 0)
		status = replace_file(pt, name, rest, s.ps_len, "");
	if (status == 0 && !a->a_quiet)
		out_printf(pt->pt_err, "%u tables deleted.\n", u.u_n);
	free(rest);
	free(text);
	return status;
}

/* ---- the whole ---- */

static bool
find(struct pf_ruleset *rs, struct work *w)
{
	bool wild;
	const struct pf_anchor *an = pfctl_anchor(rs, w->w_a->a_anchor, &wild);

	w->w_kt = an != NULL && !wild ? pf_table_find(rs, an->an_path, w->w_a->a_table) : NULL;
	return w->w_kt != NULL;
}

static int
run_in_force(const struct command *c, struct work *w)
{
	struct pf_ruleset *rs;
	int status = -1;

	pf_tables_begin();
	rs = pf_rules_hold();
	w->w_rs = rs;
	if (find(rs, w))
		status = run(c, w);
	pf_rules_put(rs);
	pf_tables_end();
	return status;
}

bool
pfctl_table_insert(const char *anchor, const char *name, const struct pf_tentry *te)
{
	struct work w = { .w_n = 0 };
	struct pf_ruleset *rs;
	bool ok;

	pf_tables_begin();
	rs = pf_rules_hold();
	w.w_rs = rs;
	w.w_kt = pf_table_find(rs, anchor, name);
	w.w_given = pf_prefixes_make(te, 1);
	ok = w.w_kt != NULL && w.w_given != NULL && (pf_table_present(w.w_kt, w.w_given) == 1 ||
	    ((uint64_t)pf_table_count(w.w_kt) + 1 <= room(&w) && pf_table_insert(w.w_kt, w.w_given)));
	pf_prefixes_free(w.w_given);
	pf_rules_put(rs);
	pf_tables_end();
	return ok;
}

int
pfctl_table(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct work w = { .w_pt = pt, .w_a = a };
	const struct command *c = commands;
	int status = 0;

	while (c < commands + nitems(commands) && strncmp(c->c_name, a->a_tcommand, strlen(a->a_tcommand)) != 0)
		c++;
	if (c == commands + nitems(commands) || c->c_words != (a->a_nword > 0 || text != NULL))
		return 2;
	if (c->c_run == NULL)
		return pfctl_table_kill(pt, a, a->a_table);
	for (int i = 0; i < a->a_nword && status == 0; i++)
		status = add_entry(&w, a->a_word[i]) ? 0 : 1;
	if (status == 0 && text != NULL)
		status = add_file(&w, text, len) ? 0 : 1;
	if (status == 0 && (w.w_given = pf_prefixes_make(w.w_te, w.w_n)) == NULL)
		status = complain(pt, "Cannot allocate memory");
	if (status == 0 && (status = run_in_force(c, &w)) < 0) {
		status = c->c_creates ? create(pt, a) : complain(pt, "Table does not exist.");
		if (status == 0 && (status = run_in_force(c, &w)) < 0)
			status = complain(pt, "Table does not exist.");
	}
	pf_prefixes_free(w.w_given);
	free(w.w_te);
	return status;
}
