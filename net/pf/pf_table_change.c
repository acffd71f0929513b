/* pf_table_change.c - what is in a table changes: most of it lies still, beside the few addresses that are newer, and joins them when they are many.
 * What goes from the still part is marked. So a change is small, and packets see nothing half done. Tasks of core 0, between pf_tables_begin() and
 * pf_tables_end(). */
#include <stdlib.h>

#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_table_count.h"

#define FEW_MIN		64u

struct pf_prefix *
pf_table_has(const struct pf_ktable *kt, unsigned af, const struct pf_prefix *e)
{
	struct pf_prefix *p = pf_prefixes_exact(kt->kt_now, af, e);

	if (p != NULL && !p->px_gone)
		return p;
	return kt->kt_new != NULL ? pf_prefixes_exact(kt->kt_new, af, e) : NULL;
}

unsigned
pf_table_present(const struct pf_ktable *kt, const struct pf_prefixes *ps)
{
	unsigned n = 0;

	for (unsigned af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < ps->pf_n[af]; i++)
			n += pf_table_has(kt, af, &ps->pf_p[af][i]) != NULL;
	return n;
}

/* Takes both parts over; either may be the one that was, which stays the table's without memory. NULL as the first: there was no memory for it. What
 * cores have read, they do not use any more when it is freed. */
static bool
put_parts(struct pf_ktable *kt, struct pf_prefixes *now, struct pf_prefixes *new)
{
	struct pf_prefixes *old = kt->kt_now, *old_new = kt->kt_new;
	struct pf_ranges *was = kt->kt_ranges, *ranges = now != NULL && was != NULL ? pf_ranges_make(now) : NULL;

	if (now == NULL || (was != NULL && ranges == NULL)) {
		pf_prefixes_free(now != old ? now : NULL);
		pf_prefixes_free(new != old_new ? new : NULL);
		return false;
	}
	if (new != NULL && pf_prefixes_count(new) == 0) {
		pf_prefixes_free(new);
		new = NULL;
	}
	net_enter();
	__atomic_store_n(&kt->kt_now, now, __ATOMIC_RELEASE);
	__atomic_store_n(&kt->kt_new, new, __ATOMIC_RELEASE);
	kt->kt_ranges = ranges;
	if (now != old)
		kt->kt_gone = 0;
	net_leave();
	pf_pass_all();
	if (now != old)
		pf_prefixes_free(old);
	if (new != old_new)
		pf_prefixes_free(old_new);
	pf_ranges_free(was);
	return true;
}

/* ---- counts ---- */

/* Numbers of what goes, for when no core counts there any more. False: no memory. */
struct numbers { struct pf_prefix *nu_p; unsigned nu_n; };

static void
numbers_put(struct pf_ktable *kt, struct numbers *nu)
{
	for (unsigned i = 0; i < nu->nu_n; i++)
		pf_tcounts_put(kt->kt_counts, &nu->nu_p[i]);
	free(nu->nu_p);
}

/* Those that stay have the numbers that they had, new ones get some. */
static bool
numbers_set(struct pf_ktable *kt, struct pf_prefixes *ps, struct numbers *nu)
{
	const struct pf_prefix *p;
	struct pf_prefix *stays;
	struct pf_table_walk tw;

	if ((nu->nu_p = malloc((pf_table_count(kt) + 1) * sizeof(*nu->nu_p))) == NULL)
		return false;
	for (unsigned af = 0; af < AF_COUNT; af++)
		for (pf_table_walk(&tw, kt, af); (p = pf_table_next(&tw)) != NULL;) {
			if ((stays = pf_prefixes_exact(ps, af, p)) != NULL)
				stays->px_count = p->px_count;
			else
				nu->nu_p[nu->nu_n++] = *p;
		}
	return pf_tcounts_take(kt->kt_counts, ps);
}

bool
pf_table_set(struct pf_ktable *kt, struct pf_prefixes *ps)
{
	struct numbers nu = { NULL, 0 };

	if (ps != NULL && kt->kt_counts != NULL && !numbers_set(kt, ps, &nu)) {
		free(nu.nu_p);
		pf_prefixes_free(ps);
		return false;
	}
	if (!put_parts(kt, ps, NULL)) {
		free(nu.nu_p);
		return false;
	}
	numbers_put(kt, &nu);
	return true;
}

/* Those of less, or more, that have some. */
static void
numbers_back(struct pf_ktable *kt, struct pf_prefixes *ps)
{
	for (unsigned af = 0; af < AF_COUNT && kt->kt_counts != NULL && ps != NULL; af++)
		for (unsigned i = 0; i < ps->pf_n[af]; i++)
			pf_tcounts_put(kt->kt_counts, &ps->pf_p[af][i]);
}

/* All in one part. */
static bool
join_parts(struct pf_ktable *kt, const struct pf_prefixes *less, const struct pf_prefixes *more)
{
	struct pf_prefixes *few = pf_prefixes_change(kt->kt_new, less, more), *all = few != NULL ? pf_prefixes_change(kt->kt_now, less, few) : NULL;

	pf_prefixes_free(few);
	return put_parts(kt, all, NULL);
}

static bool
are_few(const struct pf_ktable *kt, unsigned n)
{
	return kt->kt_ranges == NULL && (n <= FEW_MIN || (uint64_t)n * n <= pf_prefixes_count(kt->kt_now));
}

static bool
insert_more(struct pf_ktable *kt, struct pf_prefixes *more)
{
	struct pf_prefixes *new;

	if (!are_few(kt, pf_prefixes_count(kt->kt_new) + pf_prefixes_count(more)))
		return join_parts(kt, NULL, more);
	new = pf_prefixes_change(kt->kt_new, NULL, more);
	return new != NULL && put_parts(kt, kt->kt_now, new);
}

bool
pf_table_insert(struct pf_ktable *kt, struct pf_prefixes *more)
{
	for (unsigned af = 0; af < AF_COUNT && more != NULL; af++)
		for (unsigned i = 0; i < more->pf_n[af]; i++)
			more->pf_p[af][i].px_gone = pf_table_has(kt, af, &more->pf_p[af][i]) != NULL;
	if ((kt->kt_counts == NULL || more == NULL || pf_tcounts_take(kt->kt_counts, more)) && insert_more(kt, more))
		return true;
	numbers_back(kt, more);
	return false;
}

static void
mark_gone(struct pf_ktable *kt, const struct pf_prefixes *less)
{
	for (unsigned af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < less->pf_n[af]; i++) {
			struct pf_prefix *p = pf_prefixes_exact(kt->kt_now, af, &less->pf_p[af][i]);

			if (p == NULL || p->px_gone)
				continue;
			p->px_gone = true;
			kt->kt_gone++;
		}
}

static bool
delete_less(struct pf_ktable *kt, const struct pf_prefixes *less)
{
	struct pf_prefixes *new;

	if (kt->kt_ranges != NULL || kt->kt_gone + pf_prefixes_count(less) > pf_prefixes_count(kt->kt_now) / 2)
		return join_parts(kt, less, NULL);
	if (kt->kt_new != NULL && ((new = pf_prefixes_change(kt->kt_new, less, NULL)) == NULL || !put_parts(kt, kt->kt_now, new)))
		return false;
	mark_gone(kt, less);
	return true;
}

bool
pf_table_remove(struct pf_ktable *kt, struct pf_prefixes *less)
{
	const struct pf_prefix *p;

	for (unsigned af = 0; af < AF_COUNT && kt->kt_counts != NULL; af++)
		for (unsigned i = 0; i < less->pf_n[af]; i++)
			less->pf_p[af][i].px_count = (p = pf_table_has(kt, af, &less->pf_p[af][i])) != NULL ? p->px_count : 0;
	if (!delete_less(kt, less))
		return false;
	if (kt->kt_counts != NULL)
		pf_pass_all();
	numbers_back(kt, less);
	return true;
}

/* ---- walks ---- */

void
pf_table_walk(struct pf_table_walk *tw, const struct pf_ktable *kt, unsigned af)
{
	const struct pf_prefixes *part[2] = { kt->kt_now, kt->kt_new };

	*tw = (struct pf_table_walk){ { NULL }, { NULL } };
	for (unsigned i = 0; i < 2 && part[i] != NULL; i++) {
		tw->tw_at[i] = part[i]->pf_p[af];
		tw->tw_end[i] = part[i]->pf_p[af] + part[i]->pf_n[af];
	}
}

const struct pf_prefix *
pf_table_next(struct pf_table_walk *tw)
{
	unsigned first;

	while (tw->tw_at[0] < tw->tw_end[0] && tw->tw_at[0]->px_gone)
		tw->tw_at[0]++;
	first = tw->tw_at[0] == tw->tw_end[0] || (tw->tw_at[1] < tw->tw_end[1] && pf_prefix_cmp(tw->tw_at[1], tw->tw_at[0]) < 0);
	return tw->tw_at[first] < tw->tw_end[first] ? tw->tw_at[first]++ : NULL;
}
