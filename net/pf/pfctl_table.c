/* pfctl_table.c - pfctl -t NAME -T COMMAND: the addresses of a table of the ruleset in force. What is changed so lasts until a ruleset is loaded. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pfctl_engine.h"

/* What a command works on; one at a time. */
struct work {
	const struct pfctl *w_pt;
	const struct pfctl_args *w_a;
	struct pf_ktable *w_kt;
	struct pf_tentry *w_te;		/* what was given on the command line */
	unsigned	 w_n;
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

static struct pf_tentry
entry_of(unsigned af, const struct pf_prefix *p)
{
	return (struct pf_tentry){ .te_addr = p->px_addr, .te_af = af == AF_IP4 ? PF_INET : PF_INET6, .te_plen = p->px_plen, .te_not = p->px_not };
}

static bool
same(const struct pf_tentry *a, const struct pf_tentry *b)
{
	return a->te_af == b->te_af && a->te_plen == b->te_plen && in6_equal(&a->te_addr, &b->te_addr);
}

static bool
among(const struct pf_tentry *e, const struct pf_tentry *te, unsigned n)
{
	while (n > 0 && !same(e, &te[n - 1]))
		n--;
	return n > 0;
}

/* The table has it, negated or not. Its prefixes are in the order of addresses, then lengths. */
static bool
has(const struct pf_prefixes *ps, const struct pf_tentry *e)
{
	enum af af = pf_af(e->te_af);
	unsigned lo = 0, hi = ps->pf_n[af];

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		const struct pf_prefix *p = &ps->pf_p[af][mid];
		int c = in6_cmp(&p->px_addr, &e->te_addr);

		if (c == 0 && p->px_plen == e->te_plen)
			return true;
		if (c < 0 || (c == 0 && p->px_plen < e->te_plen))
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static unsigned
count(const struct pf_prefixes *ps)
{
	return ps->pf_n[AF_IP4] + ps->pf_n[AF_IP6];
}

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

/* Takes the list over, and puts it in the table's place. */
static bool
put(struct pf_ktable *kt, struct pf_tentry *te, unsigned n)
{
	struct pf_prefixes *new = pf_prefixes_make(te, n), *old = kt->kt_now;
	struct pf_ranges *was = kt->kt_ranges, *ranges = new != NULL && was != NULL ? pf_ranges_make(new) : NULL;

	free(te);
	if (new == NULL || (was != NULL && ranges == NULL)) {
		pf_prefixes_free(new);
		return false;
	}
	net_enter();
	kt->kt_now = new;
	kt->kt_ranges = ranges;
	net_leave();
	pf_pass_all();
	pf_prefixes_free(old);
	pf_ranges_free(was);
	return true;
}

/* All that the table has but those, then `more` of them. NULL: no memory. */
static struct pf_tentry *
entries_but(const struct pf_prefixes *ps, const struct pf_tentry *but, unsigned nbut, const struct pf_tentry *more, unsigned nmore, unsigned *n)
{
	struct pf_tentry *te = malloc((count(ps) + nmore + 1) * sizeof(*te));

	*n = 0;
	for (unsigned af = 0; af < AF_COUNT && te != NULL; af++)
		for (unsigned i = 0; i < ps->pf_n[af]; i++) {
			te[*n] = entry_of(af, &ps->pf_p[af][i]);
			*n += !among(&te[*n], but, nbut);
		}
	for (unsigned i = 0; i < nmore && te != NULL; i++)
		te[(*n)++] = more[i];
	return te;
}

/* The table becomes what it is without some, and with others. */
static bool
edit(struct work *w, const struct pf_tentry *but, unsigned nbut, const struct pf_tentry *more, unsigned nmore)
{
	unsigned n;
	struct pf_tentry *te = entries_but(w->w_kt->kt_now, but, nbut, more, nmore, &n);

	return te != NULL && put(w->w_kt, te, n);
}

/* So many of those given are in the table. */
static unsigned
present(const struct work *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n; i++)
		n += has(w->w_kt->kt_now, &w->w_te[i]);
	return n;
}

/* ---- commands ---- */

/* One that is there stays as it is. */
static int
table_add(struct work *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n; i++)
		if (!has(w->w_kt->kt_now, &w->w_te[i]) && !among(&w->w_te[i], w->w_te, n))
			w->w_te[n++] = w->w_te[i];
	if (n > 0 && !edit(w, NULL, 0, w->w_te, n))
		return complain(w->w_pt, "Cannot allocate memory");
	say(w, "%u/%u addresses added.\n", n, w->w_n);
	return 0;
}

static int
table_delete(struct work *w)
{
	unsigned before = count(w->w_kt->kt_now);

	if (present(w) > 0 && !edit(w, w->w_te, w->w_n, NULL, 0))
		return complain(w->w_pt, "Cannot allocate memory");
	say(w, "%u/%u addresses deleted.\n", before - count(w->w_kt->kt_now), w->w_n);
	return 0;
}

static int
table_flush(struct work *w)
{
	unsigned n = count(w->w_kt->kt_now);
	struct pf_tentry *none = calloc(1, sizeof(*none));

	if (none == NULL || !put(w->w_kt, none, 0))
		return complain(w->w_pt, "Cannot allocate memory");
	say(w, "%u addresses deleted.\n", n);
	return 0;
}

static int
table_replace(struct work *w)
{
	unsigned before = count(w->w_kt->kt_now), stay = 0, added;
	struct pf_tentry *te = malloc((w->w_n + 1) * sizeof(*te));

	for (unsigned i = 0; i < w->w_n; i++)
		stay += has(w->w_kt->kt_now, &w->w_te[i]) && !among(&w->w_te[i], w->w_te, i);
	if (te != NULL)
		memcpy(te, w->w_te, w->w_n * sizeof(*te));
	if (te == NULL || !put(w->w_kt, te, w->w_n))
		return complain(w->w_pt, "Cannot allocate memory");
	added = count(w->w_kt->kt_now) - stay;
	if (added == 0 && stay == before)
		say(w, "no changes.\n");
	else
		say(w, "%u addresses added, %u addresses deleted.\n", added, before - stay);
	return 0;
}

static int
table_show(struct work *w)
{
	const struct pf_prefixes *ps = w->w_kt->kt_now;
	char addr[IN6_STRLEN];

	for (unsigned af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < ps->pf_n[af] && !w->w_pt->pt_out->o_stop; i++) {
			const struct pf_prefix *p = &ps->pf_p[af][i];

			out_printf(w->w_pt->pt_out, p->px_not ? "  !%s" : "   %s", af_print(addr, af, &p->px_addr));
			if (p->px_plen != af_bits(af))
				out_printf(w->w_pt->pt_out, "/%u", p->px_plen);
			out_printf(w->w_pt->pt_out, "\n");
		}
	return 0;
}

static int
table_test(struct work *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n; i++)
		n += pf_prefixes_match(w->w_kt->kt_now, pf_af(w->w_te[i].te_af), &w->w_te[i].te_addr);
	say(w, "%u/%u addresses match.\n", n, w->w_n);
	return n == w->w_n ? 0 : PFCTL_NO_MATCH;
}

static const struct command {
	const char *c_name;
	int (*c_run)(struct work *);
	bool c_words, c_changes;		/* takes addresses; is not for a const table */
} commands[] = {
	{ "add", table_add, true, true }, { "delete", table_delete, true, true }, { "flush", table_flush, false, true },
	{ "replace", table_replace, true, true }, { "show", table_show, false, false }, { "test", table_test, true, false },
};

static struct pf_ktable *
table_find(const struct pf_ruleset *rs, const char *name)
{
	for (unsigned i = rs != NULL ? rs->rs_ntables : 0; i-- > 0;)
		if (rs->rs_table[i].kt_table->t_anchor->an_parent == NULL && strcmp(rs->rs_table[i].kt_table->t_name, name) == 0)
			return &rs->rs_table[i];
	return NULL;
}

static int
run(const struct command *c, struct work *w)
{
	const struct pfctl_args *a = w->w_a;
	int status;

	if (c->c_changes && (w->w_kt->kt_table->t_flags & PF_TABLE_CONST))
		return complain(w->w_pt, "Operation not permitted");
	if ((w->w_te = malloc((unsigned)(a->a_nword + 1) * sizeof(*w->w_te))) == NULL)
		return complain(w->w_pt, "Cannot allocate memory");
	for (; w->w_n < (unsigned)a->a_nword; w->w_n++)
		if (!parse_entry(a->a_word[w->w_n], &w->w_te[w->w_n])) {
			out_printf(w->w_pt->pt_err, "pfctl: no IP address found for %s\n", a->a_word[w->w_n]);
			free(w->w_te);
			return 1;
		}
	status = c->c_run(w);
	free(w->w_te);
	return status;
}

int
pfctl_table(const struct pfctl *pt, const struct pfctl_args *a)
{
	static bool busy;
	struct work w = { .w_pt = pt, .w_a = a };
	const struct command *c = commands;
	struct pf_ruleset *rs;
	int status;

	while (c < commands + nitems(commands) && strncmp(c->c_name, a->a_tcommand, strlen(a->a_tcommand)) != 0)
		c++;
	if (a->a_tcommand[0] == '\0' || c == commands + nitems(commands) || c->c_words != (a->a_nword > 0))
		return 2;
	while (busy)			/* of another console */
		task_sleep_ms(10);
	busy = true;
	rs = pf_rules_hold();
	w.w_kt = table_find(rs, a->a_table);
	status = w.w_kt != NULL ? run(c, &w) : complain(pt, "Table does not exist.");
	pf_rules_put(rs);
	busy = false;
	return status;
}
