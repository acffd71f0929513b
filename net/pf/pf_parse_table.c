/* pf_parse_table.c - table <NAME> ... with lists in the file and address files; the tables that pools need. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_parse.h"

bool
pf_parse_table_name(struct pf_parse *p, const char **name)
{
	if (!pf_expect(p, '<') || !pf_string(p, name))
		return false;
	if (**name == '\0')
		return pf_bad(p, "a table needs a name");
	if (strlen(*name) >= PF_TABLE_NAME)
		return pf_bad(p, "table name too long, max %d chars", PF_TABLE_NAME - 1);
	return pf_expect(p, '>');
}

bool
pf_table_add(struct pf_parse *p, struct pf_table *t)
{
	struct pf_table *new = pf_new(p, sizeof(*new));

	if (new == NULL)
		return false;
	*new = *t;
	*p->p_conf->pc_tables_tail = new;
	p->p_conf->pc_tables_tail = &new->t_next;
	return true;
}

bool
pf_table_entry(struct pf_parse *p, struct pf_table *t, const struct pn_host *h)
{
	struct pf_tentry *e = pf_grow(&p->p_conf->pc_arena, t->t_entry, t->t_n, &t->t_cap, sizeof(*e));

	if (e == NULL)
		return false;
	t->t_entry = e;
	e[t->t_n++] = (struct pf_tentry){ h->addr.pa_addr, h->addr.pa_af, h->addr.pa_plen, h->not, h->addr.pa_weight };
	return true;
}

/* What a table cannot hold. */
static bool
check_entry(struct pf_parse *p, const struct pn_host *h)
{
	switch (h->addr.pa_type) {
	case PF_ADDR_NET:
		return true;
	case PF_ADDR_ANY:		/* a whole family */
		return h->addr.pa_af != PF_AF_ANY || pf_bad(p, "\"any\" is not permitted inside tables");
	case PF_ADDR_TABLE:
		return pf_bad(p, "tables cannot contain tables");
	case PF_ADDR_DYN:
		return pf_bad(p, "dynamic addresses are not permitted inside tables");
	case PF_ADDR_RANGE:
		return pf_bad(p, "address ranges are not permitted inside tables");
	case PF_ADDR_RTLABEL:
		return pf_bad(p, "route labels are not permitted inside tables");
	default:
		return pf_bad(p, "\"%s\" is not permitted inside tables", h->addr.pa_type == PF_ADDR_URPF ? "urpf-failed" : "no-route");
	}
}

static bool
add_hosts(struct pf_parse *p, struct pf_table *t, const struct pn_host *h)
{
	for (; h != NULL; h = h->next)
		if (!check_entry(p, h) || !pf_table_entry(p, t, h))
			return false;
	return true;
}

static void
print_host(struct out *o, const struct pn_host *h)
{
	out_printf(o, h->not ? " !" : " ");
	pf_print_addr(o, &h->addr);
	if (h->addr.pa_weight != 0)
		out_printf(o, " weight %u", h->addr.pa_weight);
}

/* ---- address files: blanks part addresses, # comments, ! negates, weight N follows ---- */

static bool
file_word(const char **s, const char *end, char *word, size_t size)
{
	size_t n = 0;

	for (; *s < end; (*s)++) {
		if (**s == '#')
			while (*s + 1 < end && (*s)[1] != '\n')
				(*s)++;
		else if (**s > ' ') {
			if (n + 1 < size)
				word[n++] = **s;
			if (n == 1 && word[0] == '!') {
				(*s)++;
				break;
			}
			continue;
		}
		if (n > 0)
			break;
	}
	word[n] = '\0';
	return n > 0;
}

/* The word behind weight, for the entries from `first` on. */
static bool
file_weight(struct pf_table *t, unsigned first, const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (first == t->t_n || *word < '0' || *word > '9' || *end != '\0' || n < 1 || n > 65535)
		return false;
	for (; first < t->t_n; first++)
		t->t_entry[first].te_weight = (uint16_t)n;
	return true;
}

static bool
file_host(struct pf_parse *p, struct pf_table *t, const char *word, bool not)
{
	struct pn_host *hosts = NULL, **tail = &hosts, literal = { .not = not };

	if (pf_literal(p, word, &literal.addr))		/* leaves no rest in the arena: there may be a million */
		return pf_table_entry(p, t, &literal);
	if (!pf_resolve(p, word, &tail))
		return false;
	for (struct pn_host *h = hosts; h != NULL; h = h->next)
		h->not = not;
	return add_hosts(p, t, hosts);
}

/* The addresses of a text. NULL, or where it is to blame, behind what is none. */
static const char *
file_addresses(struct pf_parse *p, struct pf_table *t, const char *s, size_t len)
{
	const char *end = s + len;
	char word[256];
	unsigned first = t->t_n;
	bool not = false;

	while (file_word(&s, end, word, sizeof(word))) {
		if (strcmp(word, "!") == 0)
			not = true;
		else if (strcmp(word, "weight") == 0) {
			if (!file_word(&s, end, word, sizeof(word)) || !file_weight(t, first, word))
				return s;
		} else {
			first = t->t_n;
			if (!file_host(p, t, word, not))
				return s;
			not = false;
		}
	}
	return NULL;
}

static bool
table_file(struct pf_parse *p, struct pf_table *t, const char *name)
{
	const char *why = "no files here";
	size_t len;
	char *text = p->p_env->pe_read == NULL ? NULL : p->p_env->pe_read(p->p_env, name, &len, &why);
	const char *bad;
	unsigned line = 1;

	if (text == NULL)
		return pf_bad(p, "cannot load \"%s\": %s", name, why);
	bad = file_addresses(p, t, text, len);
	for (const char *s = text; bad != NULL && s < bad; s++)
		line += *s == '\n';
	free(text);
	return bad == NULL || pf_bad(p, "cannot load \"%s\": line %u: Invalid argument", name, line);
}

/* ---- the statement ---- */

struct table_text { struct pf_table *tt_table; struct out tt_out; };

/* A plain address leaves no rest in the arena: there may be a million. */
static bool
list_host(struct pf_parse *p, struct table_text *tt)
{
	struct pn_host *hosts = NULL, **tail = &hosts, plain;

	if (!pf_parse_host(p, &tail))
		return false;
	for (const struct pn_host *h = hosts; h != NULL && p->p_env->pe_verbose != NULL; h = h->next)
		print_host(&tt->tt_out, h);
	if (hosts == NULL || hosts->next != NULL || hosts->addr.pa_type != PF_ADDR_NET)
		return add_hosts(p, tt->tt_table, hosts);
	plain = *hosts;
	pf_unalloc(&p->p_conf->pc_arena, hosts);
	return pf_table_entry(p, tt->tt_table, &plain);
}

static bool
table_list(struct pf_parse *p, struct table_text *tt)
{
	tt->tt_table->t_flags |= PF_TABLE_INIT;
	out_printf(&tt->tt_out, " {");
	pf_next(p);
	pf_newlines(p);
	while (!pf_accept(p, '}')) {
		if (!list_host(p, tt))
			return false;
		pf_newlines(p);
		pf_accept(p, ',');
		pf_newlines(p);
	}
	out_printf(&tt->tt_out, " }");
	return true;
}

static bool
table_timeout(struct pf_parse *p, struct pf_table *t)
{
	int64_t n;

	if (!pf_expect(p, '(') || !pf_number(p, &n) || !pf_expect(p, ')'))
		return false;
	if (n < 1 || n > UINT32_MAX)
		return pf_bad(p, "illegal timeout value %lld", (long long)n);
	t->t_timeout = (unsigned)n;
	return true;
}

/* The order of options is free. */
static bool
table_options(struct pf_parse *p, struct table_text *tt)
{
	struct pf_table *t = tt->tt_table;
	const char *file;

	for (;;) {
		if (pf_accept_kw(p, KW_PERSIST))
			t->t_flags |= PF_TABLE_PERSIST;
		else if (pf_accept_kw(p, KW_CONST))
			t->t_flags |= PF_TABLE_CONST;
		else if (pf_accept_kw(p, KW_COUNTERS))
			t->t_flags |= PF_TABLE_COUNTERS;
		else if (pf_accept_kw(p, KW_TIMEOUT)) {
			if (!table_timeout(p, t))
				return false;
		} else if (pf_accept_kw(p, KW_FILE)) {
			if (!pf_string(p, &file) || !table_file(p, t, file))
				return false;
			t->t_flags |= PF_TABLE_INIT;
			out_printf(&tt->tt_out, " file ");
			pf_print_quoted(&tt->tt_out, file);
		} else if (pf_at(p, '{')) {
			if (!table_list(p, tt))
				return false;
		} else
			return true;
	}
}

static void
print_table(struct out *o, const struct table_text *tt)
{
	const struct pf_table *t = tt->tt_table;

	out_printf(o, "table ");
	pf_print_addr(o, &(struct pf_addr){ .pa_type = PF_ADDR_TABLE, .pa_name = t->t_name });
	out_printf(o, "%s%s%s", t->t_flags & PF_TABLE_CONST ? " const" : "",
	    t->t_flags & PF_TABLE_PERSIST ? " persist" : "", t->t_flags & PF_TABLE_COUNTERS ? " counters" : "");
	if (t->t_timeout != 0)
		out_printf(o, " timeout (%u)", t->t_timeout);
	if (tt->tt_out.o_len > 0)
		out_write(o, tt->tt_out.o_buf, tt->tt_out.o_len);
	out_printf(o, "\n");
}

bool
pf_parse_table(struct pf_parse *p)
{
	struct pf_table t = { .t_anchor = p->p_anchor, .t_source = p->p_number };
	struct table_text tt = { .tt_table = &t };
	bool ok;

	out_init(&tt.tt_out, NULL, NULL);
	pf_next(p);
	ok = pf_parse_table_name(p, &t.t_name) && table_options(p, &tt);
	if (ok && p->p_env->pe_verbose != NULL)
		print_table(p->p_env->pe_verbose, &tt);
	out_free(&tt.tt_out);
	return ok && pf_table_add(p, &t);
}
