/* range.c - sorted lists of address ranges. */
#include <string.h>

#include "kernel/amd64/range.h"

static void
ranges_delete(struct ranges *rs, unsigned i, unsigned n)
{
	memmove(&rs->rs_r[i], &rs->rs_r[i + n], (rs->rs_n - i - n) * sizeof(rs->rs_r[0]));
	rs->rs_n -= n;
}

static bool
ranges_insert(struct ranges *rs, unsigned i, uint64_t start, uint64_t end)
{
	if (rs->rs_n == RANGES_MAX) {
		rs->rs_lost++;
		return false;
	}
	memmove(&rs->rs_r[i + 1], &rs->rs_r[i], (rs->rs_n - i) * sizeof(rs->rs_r[0]));
	rs->rs_r[i] = (struct range){ start, end };
	rs->rs_n++;
	return true;
}

void
ranges_add(struct ranges *rs, uint64_t start, uint64_t end)
{
	unsigned i, j;

	if (start >= end)
		return;
	for (i = 0; i < rs->rs_n && rs->rs_r[i].r_end < start; i++)
		;
	for (j = i; j < rs->rs_n && rs->rs_r[j].r_start <= end; j++) {
		start = MIN(start, rs->rs_r[j].r_start);
		end = MAX(end, rs->rs_r[j].r_end);
	}
	if (j == i) {
		ranges_insert(rs, i, start, end);
		return;
	}
	rs->rs_r[i] = (struct range){ start, end };
	ranges_delete(rs, i + 1, j - i - 1);
}

void
ranges_sub(struct ranges *rs, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < rs->rs_n && start < end; i++) {
		struct range *r = &rs->rs_r[i];
		uint64_t r_end = r->r_end;

		if (r->r_end <= start || r->r_start >= end)
			continue;
		if (r->r_start >= start && r->r_end <= end) {
			ranges_delete(rs, i--, 1);
		} else if (r->r_start >= start) {
			r->r_start = end;
		} else {
			r->r_end = start;
			if (r_end > end)
				ranges_insert(rs, i + 1, end, r_end);
		}
	}
}

bool
ranges_cover(const struct ranges *rs, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < rs->rs_n; i++)
		if (rs->rs_r[i].r_start <= start && end <= rs->rs_r[i].r_end)
			return true;
	return false;
}

bool
ranges_touch(const struct ranges *rs, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < rs->rs_n; i++)
		if (rs->rs_r[i].r_start < end && start < rs->rs_r[i].r_end)
			return true;
	return false;
}
