/* pf_table_keep.c - what pfctl -T and overload have put into tables stays when a ruleset is loaded that does not itself say what is in them. */
#include <string.h>

#include "kernel/task.h"
#include "net/pf/pf_ctl.h"

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

		if (was == NULL || !is_kept(kt->kt_table, was->kt_table))
			continue;
		pf_prefixes_free(kt->kt_now);
		kt->kt_now = share(was->kt_now);
		kt->kt_new = share(was->kt_new);
		kt->kt_gone = was->kt_gone;
		if (kt->kt_ranges != NULL && !pf_table_insert(kt, NULL))
			return false;
	}
	return true;
}
