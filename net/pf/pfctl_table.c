/* pfctl_table.c - pfctl -t NAME -T COMMAND: the addresses of a table of the ruleset in force. What is changed so lasts until a ruleset is loaded that
 * says what the table holds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_table_count.h"
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
	struct pf_prefixes *w_new;	/* what is to be the table */
	char		*w_letter;	/* what becomes of each of w_te; ' ': nothing */
	uint64_t	 w_seconds;	/* expire */
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

/* -n: what would be is said, and not done. */
static const char *
dummy(const struct work *w)
{
	return w->w_a->a_noaction ? " (dummy)" : "";
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

static bool
room_for_one(struct work *w)
{
	struct pf_tentry *grown;

	if ((w->w_n & (w->w_n - 1)) != 0)		/* full at each power of two */
		return true;
	if ((grown = realloc(w->w_te, MAX(2 * w->w_n, 1u) * sizeof(*grown))) == NULL)
		return false;
	w->w_te = grown;
	return true;
}

/* A line of pfctl(8): the letter of what becomes of it, then the address. */
static void
print_entry(struct out *o, char letter, bool not, enum af af, const struct in6_addr *a, unsigned plen)
{
	char addr[IN6_STRLEN];

	out_printf(o, "%c %c%s", letter, not ? '!' : ' ', af_print(addr, af, a));
	if (plen != af_bits(af))
		out_printf(o, "/%u", plen);
	out_printf(o, "\n");
}

/* Finds out what becomes of each address that was given: X, it was given before. False: no memory. */
static bool
judge(struct work *w, char (*letter)(const struct work *, const struct pf_prefix *there, const struct pf_tentry *))
{
	bool *seen = calloc(pf_prefixes_count(w->w_given) + 1, sizeof(*seen));

	w->w_letter = malloc(w->w_n + 1);
	for (unsigned i = 0; i < w->w_n && seen != NULL && w->w_letter != NULL; i++) {
		const struct pf_tentry *te = &w->w_te[i];
		enum af af = pf_af(te->te_af);
		const struct pf_prefix e = { .px_addr = te->te_addr, .px_plen = te->te_plen };
		bool *once = &seen[pf_prefixes_exact(w->w_given, af, &e) - w->w_given->pf_p[af] + (af == AF_IP4 ? 0 : w->w_given->pf_n[AF_IP4])];

		w->w_letter[i] = *once ? 'X' : letter(w, pf_table_has(w->w_kt, af, &e), te);
		*once = w->w_letter[i] != ' ' || w->w_new != NULL;	/* to add what is there twice is nothing, twice */
	}
	free(seen);
	return seen != NULL && w->w_letter != NULL;
}

/* -v: those that something becomes of, -vv: all. */
static void
list(const struct work *w)
{
	for (unsigned i = 0; i < w->w_n && w->w_a->a_verbose > 0; i++)
		if (w->w_letter[i] != ' ' || w->w_a->a_verbose > 1)
			print_entry(w->w_pt->pt_out, w->w_letter[i], w->w_te[i].te_not, pf_af(w->w_te[i].te_af), &w->w_te[i].te_addr, w->w_te[i].te_plen);
}

/* Those of that letter take the place of all that were given. How many; PF_PREFIX_NONE: no memory. */
static uint32_t
lettered(struct work *w, char letter)
{
	struct pf_tentry *te = malloc((w->w_n + 1) * sizeof(*te));
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n && te != NULL; i++)
		if (w->w_letter[i] == letter)
			te[n++] = w->w_te[i];
	pf_prefixes_free(w->w_given);
	w->w_given = te != NULL ? pf_prefixes_make(te, n) : NULL;
	free(te);
	return w->w_given != NULL ? n : PF_PREFIX_NONE;
}

static char
letter_add(const struct work *w __unused_arg, const struct pf_prefix *there, const struct pf_tentry *te)
{
	return there == NULL ? 'A' : there->px_not != te->te_not ? 'Y' : ' ';
}

/* One that is there stays as it is. */
static int
table_add(struct work *w)
{
	uint32_t n;

	if (!judge(w, letter_add) || (n = lettered(w, 'A')) == PF_PREFIX_NONE)
		return no_memory(w);
	if (n > 0 && (uint64_t)pf_table_count(w->w_kt) + n > room(w))
		return too_many(w);
	if (n > 0 && !w->w_a->a_noaction && !pf_table_insert(w->w_kt, w->w_given))
		return no_memory(w);
	say(w, "%u/%u addresses added%s.\n", n, w->w_n, dummy(w));
	list(w);
	return 0;
}

static char
letter_delete(const struct work *w __unused_arg, const struct pf_prefix *there, const struct pf_tentry *te)
{
	return there == NULL ? ' ' : there->px_not != te->te_not ? 'Y' : 'D';
}

static int
table_delete(struct work *w)
{
	uint32_t n;

	if (!judge(w, letter_delete) || (n = lettered(w, 'D')) == PF_PREFIX_NONE || (n > 0 && !w->w_a->a_noaction && !pf_table_remove(w->w_kt, w->w_given)))
		return no_memory(w);
	say(w, "%u/%u addresses deleted%s.\n", n, w->w_n, dummy(w));
	list(w);
	return 0;
}

/* All that go() says yes to, as if they had been given. False: no memory. */
static bool
take_entries(struct work *w, bool (*go)(const struct work *, enum af, const struct pf_prefix *))
{
	const struct pf_prefix *p;
	struct pf_table_walk tw;

	for (enum af af = 0; af < AF_COUNT; af++)
		for (pf_table_walk(&tw, w->w_kt, af); (p = pf_table_next(&tw)) != NULL;)
			if (go(w, af, p)) {
				if (!room_for_one(w))
					return false;
				w->w_te[w->w_n++] = (struct pf_tentry){ p->px_addr, af == AF_IP4 ? PF_INET : PF_INET6, p->px_plen, p->px_not, 0 };
			}
	pf_prefixes_free(w->w_given);
	return (w->w_given = pf_prefixes_make(w->w_te, w->w_n)) != NULL;
}

static bool
is_old(const struct work *w, enum af af __unused_arg, const struct pf_prefix *p)
{
	uint64_t now = wall_s();

	return now > p->px_since && now - p->px_since > w->w_seconds;		/* the clock may have been set back */
}

static int
table_expire(struct work *w)
{
	unsigned n = pf_table_count(w->w_kt);

	if (!take_entries(w, is_old) || !judge(w, letter_delete) || (w->w_n > 0 && !w->w_a->a_noaction && !pf_table_remove(w->w_kt, w->w_given)))
		return no_memory(w);
	say(w, "%u/%u addresses expired%s.\n", w->w_n, n, dummy(w));
	list(w);
	return 0;
}

static int
table_flush(struct work *w)
{
	unsigned n = pf_table_count(w->w_kt);

	if (!w->w_a->a_noaction && !pf_table_set(w->w_kt, pf_prefixes_make(NULL, 0)))
		return no_memory(w);
	say(w, "%u addresses deleted%s.\n", n, dummy(w));
	return 0;
}

static bool
is_not_given(const struct work *w, enum af af, const struct pf_prefix *p)
{
	return pf_prefixes_exact(w->w_given, af, p) == NULL;
}

static char
letter_replace(const struct work *w, const struct pf_prefix *there, const struct pf_tentry *te)
{
	const struct pf_prefix e = { .px_addr = te->te_addr, .px_plen = te->te_plen };

	if (pf_prefixes_exact(w->w_new, pf_af(te->te_af), &e) == NULL)
		return 'D';
	return there == NULL ? 'A' : there->px_not != te->te_not ? 'C' : ' ';
}

/* Those that stay, with their times. */
static void
keep_times(const struct work *w)
{
	for (enum af af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < w->w_new->pf_n[af]; i++) {
			struct pf_prefix *p = &w->w_new->pf_p[af][i];
			const struct pf_prefix *was = pf_table_has(w->w_kt, af, p);

			if (was != NULL)
				p->px_since = was->px_since;
		}
}

static unsigned
count_letters(const struct work *w, char letter)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->w_n; i++)
		n += w->w_letter[i] == letter;
	return n;
}

static void
say_replaced(const struct work *w)
{
	static const struct { char letter; const char *what; } parts[] = { { 'A', "added" }, { 'D', "deleted" }, { 'C', "changed" } };
	unsigned n, all = 0;

	for (unsigned i = 0; i < nitems(parts); i++, all += n)
		if ((n = count_letters(w, parts[i].letter)) > 0)
			say(w, "%u addresses %s%s.\n", n, parts[i].what, dummy(w));
	if (all == 0)
		say(w, "no changes%s.\n", dummy(w));
}

static int
table_replace(struct work *w)
{
	struct pf_prefixes *ps;

	if (pf_prefixes_count(w->w_given) > room(w))
		return too_many(w);
	if ((w->w_new = pf_prefixes_change(w->w_given, NULL, NULL)) == NULL || !take_entries(w, is_not_given) || !judge(w, letter_replace))
		return no_memory(w);
	if (!w->w_a->a_noaction) {
		keep_times(w);
		ps = w->w_new;
		w->w_new = NULL;
		if (!pf_table_set(w->w_kt, ps))
			return no_memory(w);
	}
	say_replaced(w);
	list(w);
	return 0;
}

void
pfctl_print_counts(struct out *o, const struct pf_tcount *c, bool table)
{
	static const char *const op[PF_TC_OPS] = { "Block:", "Match:", "Pass:", "XPass:" };

	for (unsigned out = 0; out < 2; out++)
		for (unsigned i = 0; i < (table ? PF_TC_OPS : PF_TC_XPASS); i++)
			out_printf(o, "\t%s/%-*s [ Packets: %-18llu Bytes: %-18llu ]\n", out ? "Out" : "In", out ? 8 : 9, op[i],
			    (unsigned long long)c->tc_packets[out][i], (unsigned long long)c->tc_bytes[out][i]);
}

/* -v: and since when, and what it has counted. */
static int
table_show(struct work *w)
{
	const struct pf_prefix *p;
	struct pf_table_walk tw;
	char date[TEXT_DATE];
	struct pf_tcount sum;

	for (enum af af = 0; af < AF_COUNT; af++)
		for (pf_table_walk(&tw, w->w_kt, af); !w->w_pt->pt_out->o_stop && (p = pf_table_next(&tw)) != NULL;) {
			print_entry(w->w_pt->pt_out, ' ', p->px_not, af, &p->px_addr, p->px_plen);
			if (w->w_a->a_verbose == 0)
				continue;
			out_printf(w->w_pt->pt_out, "\tCleared:     %s\n", text_date(date, p->px_since));
			if (w->w_kt->kt_counts == NULL)
				continue;
			pf_tcounts_sum(w->w_kt->kt_counts, p, &sum);
			pfctl_print_counts(w->w_pt->pt_out, &sum, false);
		}
	return 0;
}

static char
letter_test(const struct work *w, const struct pf_prefix *there __unused_arg, const struct pf_tentry *te)
{
	return pf_table_match(w->w_kt, pf_af(te->te_af), &te->te_addr) ? 'M' : ' ';
}

static int
table_test(struct work *w)
{
	unsigned n = 0;

	if (!judge(w, letter_test))
		return no_memory(w);
	for (unsigned i = 0; i < w->w_n; i++)
		n += letter_test(w, NULL, &w->w_te[i]) == 'M';
	say(w, "%u/%u addresses match.\n", n, w->w_n);
	list(w);
	return n == w->w_n ? 0 : PFCTL_NO_MATCH;
}

static char
letter_zero(const struct work *w __unused_arg, const struct pf_prefix *there, const struct pf_tentry *te __unused_arg)
{
	return there != NULL ? 'Z' : ' ';
}

/* Addresses that were given count anew from now on, or all and the table. */
static int
table_zero(struct work *w)
{
	struct pf_tcounts *tc = w->w_kt->kt_counts;
	bool all = w->w_n == 0;
	struct pf_table_walk tw;
	struct pf_prefix *p;

	for (enum af af = 0; af < AF_COUNT; af++)
		for (pf_table_walk(&tw, w->w_kt, af); (p = (struct pf_prefix *)pf_table_next(&tw)) != NULL;) {
			if (!all && pf_prefixes_exact(w->w_given, af, p) == NULL)
				continue;
			p->px_since = (uint32_t)wall_s();
			if (tc != NULL)
				pf_tcounts_zero(tc, p);
		}
	if (all && tc != NULL)
		pf_tcounts_zero(tc, NULL);
	if (!judge(w, letter_zero))
		return no_memory(w);
	if (all)
		say(w, "1 table/stats cleared.\n");
	else
		say(w, "%u/%u addresses cleared.\n", count_letters(w, 'Z'), w->w_n);
	list(w);
	return 0;
}

static const struct command {
	const char *c_name;
	int (*c_run)(struct work *);
	bool c_words, c_changes, c_creates;	/* takes addresses (expire: a number); is not for a const table; makes one */
} commands[] = {
	{ "add", table_add, true, true, true }, { "delete", table_delete, true, true, false }, { "expire", table_expire, true, true, false },
	{ "flush", table_flush, false, true, false }, { "kill", NULL, false, true, false }, { "replace", table_replace, true, true, true },
	{ "show", table_show, false, false, false }, { "test", table_test, true, false, false }, { "zero", table_zero, false, false, false },
};

static bool
add_entry(struct work *w, const char *word)
{
	if (!room_for_one(w))
		return no_memory(w) == 0;
	if (parse_entry(word, &w->w_te[w->w_n])) {
		w->w_n++;
		return true;
	}
	out_printf(w->w_pt->pt_err, "no IP address found for %s\n", word);
	return false;
}

/* expire's only word. */
static bool
take_seconds(struct work *w)
{
	char *end;

	w->w_seconds = strtoul(w->w_a->a_word[0], &end, 10);
	if (w->w_a->a_nword == 1 && *w->w_a->a_word[0] >= '0' && *w->w_a->a_word[0] <= '9' && *end == '\0')
		return true;
	return complain(w->w_pt, "expire needs a number of seconds") == 0;
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
	if (c == commands + nitems(commands)) {
		out_printf(pt->pt_err, "pfctl: Unknown table command '%s'\n", a->a_tcommand);
		return 2;
	}
	if ((c->c_words != (a->a_nword > 0 || text != NULL) && c->c_run != table_zero))
		return 2;
	if (a->a_noaction && (c->c_run == NULL || c->c_run == table_zero))
		return 2;
	if (c->c_run == NULL)
		return pfctl_table_kill(pt, a, a->a_table);
	if (c->c_run == table_expire)
		status = text == NULL ? !take_seconds(&w) : 2;
	for (int i = 0; i < a->a_nword && status == 0 && c->c_run != table_expire; i++)
		status = add_entry(&w, a->a_word[i]) ? 0 : 1;
	if (status == 0 && text != NULL)
		status = add_file(&w, text, len) ? 0 : 1;
	if (status == 0 && (w.w_given = pf_prefixes_make(w.w_te, w.w_n)) == NULL)
		status = complain(pt, "Cannot allocate memory");
	if (status == 0 && (status = run_in_force(c, &w)) < 0) {
		status = c->c_creates && !a->a_noaction ? pfctl_table_create(pt, a) : complain(pt, "Table does not exist.");
		if (status == 0 && (status = run_in_force(c, &w)) < 0)
			status = complain(pt, "Table does not exist.");
	}
	pf_prefixes_free(w.w_given);
	pf_prefixes_free(w.w_new);
	free(w.w_letter);
	free(w.w_te);
	return status;
}
