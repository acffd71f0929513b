/* systat_table.c - what systat's views are made of: tables as text or JSON, and values remembered between updates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/systat_table.h"

#define VALUES_FIRST	256

/* ---- tables ---- */

static void
cell(struct systat *sy, const char *s)
{
	const struct systat_col *sc = &sy->sy_cols[sy->sy_col];

	out_printf(&sy->sy_page, "%s%*s", sy->sy_col > 0 ? " " : "", sc->sc_width, s);
}

void
systat_table(struct systat *sy, const char *name, const struct systat_col *cols, unsigned ncols)
{
	sy->sy_cols = cols;
	sy->sy_ncols = ncols;
	if (sy->sy_page.o_json)
		json_open(&sy->sy_page, name, '[');
	else {
		for (sy->sy_col = 0; sy->sy_col < ncols; sy->sy_col++)
			cell(sy, cols[sy->sy_col].sc_head);
		out_printf(&sy->sy_page, "\n");
	}
	sy->sy_col = 0;
}

void
systat_table_end(struct systat *sy)
{
	KASSERT(sy->sy_col == 0);
	if (sy->sy_page.o_json)
		json_close(&sy->sy_page, ']');
	else
		out_printf(&sy->sy_page, "\n");
}

/* The cell's name; a row begins with its first. */
static const char *
cell_begin(struct systat *sy)
{
	if (sy->sy_col == 0 && sy->sy_page.o_json)
		json_open(&sy->sy_page, NULL, '{');
	return sy->sy_cols[sy->sy_col].sc_name;
}

static void
cell_end(struct systat *sy)
{
	if (++sy->sy_col < sy->sy_ncols)
		return;
	sy->sy_col = 0;
	if (sy->sy_page.o_json)
		json_close(&sy->sy_page, '}');
	else
		out_printf(&sy->sy_page, "\n");
}

void
systat_str(struct systat *sy, const char *s)
{
	const char *name = cell_begin(sy);

	if (sy->sy_page.o_json)
		json_str(&sy->sy_page, name, s);
	else
		cell(sy, s);
	cell_end(sy);
}

void
systat_u64(struct systat *sy, uint64_t v)
{
	const char *name = cell_begin(sy);
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, v);
	if (sy->sy_page.o_json)
		json_u64(&sy->sy_page, name, v);
	else
		cell(sy, buf);
	cell_end(sy);
}

void
systat_tenths(struct systat *sy, uint64_t v)
{
	const char *name = cell_begin(sy);
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64 ".%u", v / 10, (unsigned)(v % 10));
	if (sy->sy_page.o_json)
		json_fixed(&sy->sy_page, name, v, 1);
	else
		cell(sy, buf);
	cell_end(sy);
}

/* ---- values ---- */

static bool
values_grow(struct systat *sy)
{
	size_t room = sy->sy_room > 0 ? sy->sy_room * 2 : VALUES_FIRST;
	struct systat_value *old = realloc(sy->sy_old, room * sizeof(*old)), *new;

	if (old != NULL)
		sy->sy_old = old;
	new = old != NULL ? realloc(sy->sy_new, room * sizeof(*new)) : NULL;
	if (new == NULL)
		return false;
	sy->sy_new = new;
	sy->sy_room = room;
	return true;
}

/* Updates ask for the same values in the same order, but for those that come and go. */
static uint64_t
value_before(struct systat *sy, const struct systat_value *v)
{
	for (size_t n = 0; n < sy->sy_nold; n++) {
		size_t i = (sy->sy_next + n) % sy->sy_nold;

		if (sy->sy_old[i].sv_key[0] == v->sv_key[0] && sy->sy_old[i].sv_key[1] == v->sv_key[1]) {
			sy->sy_next = i + 1;
			return sy->sy_old[i].sv_value;
		}
	}
	return 0;
}

uint64_t
systat_delta(struct systat *sy, enum systat_kind kind, uint64_t id, uint64_t value)
{
	struct systat_value v = { { kind, id }, value };
	uint64_t before = value_before(sy, &v);

	if (sy->sy_nnew < sy->sy_room || values_grow(sy))
		sy->sy_new[sy->sy_nnew++] = v;
	else
		sy->sy_page.o_failed = true;
	return value > before ? value - before : 0;
}

uint64_t
systat_per_second(const struct systat *sy, uint64_t delta)
{
	uint64_t ns = MAX(sy->sy_ns, (uint64_t)1);

	return (uint64_t)(((unsigned __int128)delta * 1000000000 + ns / 2) / ns);
}

uint64_t
systat_rate(struct systat *sy, enum systat_kind kind, uint64_t id, uint64_t value)
{
	return systat_per_second(sy, systat_delta(sy, kind, id, value));
}

void
systat_values_turn(struct systat *sy)
{
	struct systat_value *v = sy->sy_old;

	sy->sy_old = sy->sy_new;
	sy->sy_new = v;
	sy->sy_nold = sy->sy_nnew;
	sy->sy_nnew = sy->sy_next = 0;
}

void
systat_values_free(struct systat *sy)
{
	free(sy->sy_old);
	free(sy->sy_new);
}
