/* range.h - a bounded, sorted list of address ranges: what RAM there is, and what of it is taken. */
#ifndef KERNEL_AMD64_RANGE_H
#define KERNEL_AMD64_RANGE_H

#include "kernel/cdefs.h"

#define RANGES_MAX	128

struct range { uint64_t r_start, r_end; };	/* bytes, end not included */
struct ranges {
	unsigned	rs_n;
	unsigned	rs_lost;		/* did not fit; that memory is not used */
	struct range	rs_r[RANGES_MAX];	/* sorted, apart from each other, none empty */
};

/* Adds [start, end), joining what touches it. An empty or reversed range changes nothing. */
void	ranges_add(struct ranges *, uint64_t start, uint64_t end);
/* Takes [start, end) out. */
void	ranges_sub(struct ranges *, uint64_t start, uint64_t end);
bool	ranges_cover(const struct ranges *, uint64_t start, uint64_t end);	/* all of it is in */
bool	ranges_touch(const struct ranges *, uint64_t start, uint64_t end);	/* some of it is in */

#endif
