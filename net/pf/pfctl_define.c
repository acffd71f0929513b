/* pfctl_define.c - tables that pfctl defines and undefines: their definitions are the ruleset's, so the configuration's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pfctl_engine.h"

static int
complain(const struct pfctl *pt, const char *why)
{
	out_printf(pt->pt_err, "pfctl: %s\n", why);
	return 1;
}

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

int
pfctl_table_create(const struct pfctl *pt, const struct pfctl_args *a)
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

/* ---- load: the tables of a file take the place of those of their names ---- */

/* The tables of a ruleset's text, each a line as pfctl -nv prints it, so that no macro is missed; malloc()ed. NULL: it is wrong, and was said. */
static char *
tables_of(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };
	struct pf_source s = { .ps_name = strcmp(a->a_file, "-") == 0 ? "stdin" : a->a_file, .ps_text = text, .ps_len = len, .ps_anchor = a->a_anchor,
	    .ps_define = a->a_define, .ps_ndefine = a->a_ndefine };
	struct out said;
	struct pf_conf pc;
	char *tables = NULL, *to;
	bool ok;

	out_init(&said, NULL, NULL);
	run.r_env.pe_error = pfctl_error;
	run.r_env.pe_verbose = &said;
	ok = pf_conf_parse(&pc, &run.r_env, &s);
	pf_conf_free(&pc);
	if (!ok)
		complain(pt, "Syntax error in config file: tables not loaded");
	else if (said.o_failed || (tables = to = malloc(said.o_len + 1)) == NULL)
		complain(pt, "Cannot allocate memory");
	else {
		for (const char *line = said.o_buf, *end = said.o_buf + said.o_len, *next; line < end; line = next) {
			const char *nl = memchr(line, '\n', (size_t)(end - line));

			next = nl != NULL ? nl + 1 : end;
			if (strncmp(line, "table <", 7) == 0) {
				memcpy(to, line, (size_t)(next - line));
				to += next - line;
			}
		}
		*to = '\0';
	}
	out_free(&said);
	return tables;
}

static bool
is_in(void *arg, enum pf_statement kind, const char *name, unsigned depth)
{
	size_t n = kind == PF_ST_TABLE && depth == 1 ? strlen(name) : 0;

	for (const char *line = n > 0 ? arg : NULL; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line + 7, name, n) == 0 && line[7 + n] == '>')
			return true;
	return false;
}

int
pfctl_tables_load(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };
	struct pf_source s = { .ps_name = "pf.conf", .ps_anchor = "", .ps_define = a->a_define };
	char name[PF_ANCHOR_FILE], *tables = tables_of(pt, a, text, len), *was = NULL, *rest = NULL;
	int status = 1;

	run.r_env.pe_error = pfctl_error;
	if (tables == NULL)
		return 1;
	if (!table_file(a, name) || (was = file_text(pt, name, &s.ps_len)) == NULL)
		status = complain(pt, "no file of its own to define tables in");
	else {
		s.ps_text = was;
		rest = pf_conf_without(&run.r_env, &s, is_in, tables, &s.ps_len);
		status = rest != NULL ? replace_file(pt, name, rest, s.ps_len, tables) :
		    complain(pt, "the ruleset cannot be read again: nothing has changed");
	}
	free(rest);
	free(was);
	free(tables);
	return status;
}
