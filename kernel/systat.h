/* systat.h - the views of systat(1). A feature registers its own:
 *
 *	static void view_pool(struct systat *sy) { systat_table(...); rows; systat_table_end(sy); }
 *	SYSTAT_VIEW(pool, 60, false, view_pool, "pools of objects");
 *
 * A view runs in a task, outside net_enter, once for each update. Rates and differences come from systat_delta(), which remembers each
 * value from one update to the next. What it prints is a screen of text or, for -j, JSON with the same figures. */
#ifndef KERNEL_SYSTAT_H
#define KERNEL_SYSTAT_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

struct systat;

struct systat_view {
	const char	*sv_name, *sv_brief;
	int		 sv_order;
	bool		 sv_overview;		/* also part of `systat vmstat` */
	void		(*sv_func)(struct systat *);
};
SET_DECLARE(const struct systat_view, systat_views);
#define SYSTAT_VIEW(id, order, overview, fn, brief)				\
	static const struct systat_view systat_view_##id = { #id, brief, order, overview, fn };	\
	SET_ADD(systat_views, systat_view_##id)

/* A table: columns, then rows cell by cell from left to right, then its end. */
struct systat_col {
	const char	*sc_name;		/* JSON's; a literal */
	const char	*sc_head;
	int		 sc_width;		/* characters; negative: to the left */
};
void	systat_table(struct systat *, const char *name, const struct systat_col *, unsigned ncols);
void	systat_str(struct systat *, const char *);
void	systat_u64(struct systat *, uint64_t);
void	systat_tenths(struct systat *, uint64_t);	/* 123: 12.3 */
void	systat_table_end(struct systat *);
#define SYSTAT_TABLE(sy, name, cols)	systat_table(sy, name, cols, nitems(cols))

/* Growth of a counter since the last update, since boot at the first; 0 when it has shrunk. kind and id name the value: each pair once in
 * an update, and always the same value's. */
enum systat_kind { SYSTAT_CORE, SYSTAT_TASK, SYSTAT_INTR, SYSTAT_POOL, SYSTAT_IF, SYSTAT_IFQ, SYSTAT_MBUF, SYSTAT_COUNTER };
uint64_t systat_delta(struct systat *, enum systat_kind, uint64_t id, uint64_t value);
/* So much since the last update is so much a second, rounded; and both in one. */
uint64_t systat_per_second(const struct systat *, uint64_t delta);
uint64_t systat_rate(struct systat *, enum systat_kind, uint64_t id, uint64_t value);
uint64_t systat_interval(const struct systat *);	/* ns since the last update */
/* part in thousandths of all; 0 of 0 is 0. */
static inline uint64_t
systat_share(uint64_t part, uint64_t all)
{
	return all > 0 ? (MIN(part, all) * 1000 + all / 2) / all : 0;
}
/* False: stop, the user has gone. To be asked between rows of long tables. */
bool	systat_goes_on(const struct systat *);

#endif
