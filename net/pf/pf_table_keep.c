/* pf_table_keep.c - what pfctl -T and overload have put into tables stays when a ruleset is loaded that does not itself say what is in them. */
#include <string.h>

#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_table_count.h"

static bool busy;

void
pf_tables_begin(void)
{
	while (busy)			/* another task's */
		task_sleep_ms(10);
	busy = true;
}

void
pf_tables_end(void)
{
	busy = false;
}

struct pf_ktable *
pf_table_find(const struct pf_ruleset *rs, const char *anchor, const char *name)
{
	for (unsigned i = rs != NULL ? rs->rs_ntables : 0; i-- > 0;)		/* of two of a name the last one counts */
		if (strcmp(rs->rs_table[i].kt_table->t_name, name) == 0 && strcmp(rs->rs_table[i].kt_table->t_anchor->an_path, anchor) == 0)
			return &rs->rs_table[i];
	return NULL;
}

/* The text that says what it holds is the same as before, or none says it. */
static bool
is_kept(const struct pf_table *t, const struct pf_table *was)
{
	return !(t->t_flags & PF_TABLE_AUTO) && (!(t->t_flags & PF_TABLE_INIT) || (t->t_source != 0 && t->t_source == was->t_source));
}

/* Whose text is new: what it counts goes on from what was counted. */
static void
count_on(struct pf_ktable *kt, const struct pf_ktable *was)
{
	const struct pf_prefix *old;

	for (unsigned af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < kt->kt_now->pf_n[af]; i++)
			if ((old = pf_table_has(was, af, &kt->kt_now->pf_p[af][i])) != NULL)
				pf_tcounts_copy(kt->kt_counts, &kt->kt_now->pf_p[af][i], was->kt_counts, old);
	pf_tcounts_copy(kt->kt_counts, NULL, was->kt_counts, NULL);
}

/* Its addresses are the old table's, with their numbers. False: no memory. */
static bool
share_counts(struct pf_ktable *kt, const struct pf_ktable *was)
{
	struct pf_prefixes *part[2] = { kt->kt_now, kt->kt_new };

	if (kt->kt_counts != NULL && was->kt_counts != NULL) {
		pf_tcounts_free(kt->kt_counts);
		kt->kt_counts = pf_tcounts_share(was->kt_counts);
		return true;
	}
	for (unsigned i = 0; i < 2 && part[i] != NULL; i++) {
		for (unsigned af = 0; af < AF_COUNT; af++)
			for (unsigned k = 0; k < part[i]->pf_n[af]; k++)
				part[i]->pf_p[af][k].px_count = 0;
		if (kt->kt_counts != NULL && !pf_tcounts_take(kt->kt_counts, part[i]))
			return false;
	}
	return true;
}

static struct pf_prefixes *
share(struct pf_prefixes *ps)
{
	if (ps != NULL)
		ps->pf_shares++;
	return ps;
}

bool
pf_tables_keep(struct pf_ruleset *rs, const struct pf_ruleset *old)
{
	for (unsigned i = 0; i < rs->rs_ntables; i++) {
		struct pf_ktable *kt = &rs->rs_table[i];
		const struct pf_ktable *was = pf_table_find(old, kt->kt_table->t_anchor->an_path, kt->kt_table->t_name);

		if (was == NULL)
			continue;
		if (!is_kept(kt->kt_table, was->kt_table)) {
			if (kt->kt_counts != NULL && was->kt_counts != NULL)
				count_on(kt, was);
			continue;
		}
		pf_prefixes_free(kt->kt_now);
		kt->kt_now = share(was->kt_now);
		kt->kt_new = share(was->kt_new);
		kt->kt_gone = was->kt_gone;
		if (!share_counts(kt, was))
			return false;
		if (kt->kt_ranges != NULL && !pf_table_insert(kt, NULL))
			return false;
	}
	return true;
}
