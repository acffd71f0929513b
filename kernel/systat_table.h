/* systat_table.h - the state behind systat.h's tables and differences, and what systat's own files share. */
#ifndef KERNEL_SYSTAT_TABLE_H
#define KERNEL_SYSTAT_TABLE_H

#include "kernel/out.h"
#include "kernel/systat.h"

struct systat_value { uint64_t sv_key[2], sv_value; };

struct systat {
	struct out	*sy_user;		/* who asked: ^C stops that */
	struct out	 sy_page;		/* what the update prints */
	uint64_t	 sy_at;			/* uptime of this update */
	uint64_t	 sy_ns;			/* since the last one */
	/* the table that is open */
	const struct systat_col *sy_cols;
	unsigned	 sy_ncols, sy_col;
	/* values of the last update, and of this one */
	struct systat_value *sy_old, *sy_new;
	size_t		 sy_nold, sy_nnew, sy_room;	/* sy_room: of each */
	size_t		 sy_next;		/* in sy_old: where the next value is expected */
};

/* systat_table.c */
void	systat_values_turn(struct systat *);	/* an update begins */
void	systat_values_free(struct systat *);

struct systat_opts {
	const struct systat_view *so_view;
	uint64_t	 so_ms;			/* between updates */
	uint64_t	 so_count;		/* updates; 0: until the user stops it */
	bool		 so_live, so_last;	/* -i; -b */
};

/* systat.c */
void	systat_begin(struct systat *, struct out *user);
void	systat_end(struct systat *);
void	systat_update(struct systat *, const struct systat_view *);	/* into sy_page */
void	systat_forget(struct systat *);		/* the next update is as the first */
/* "    1 user Load 0.01 0.00 0.00`between` host 12:34:56" */
void	systat_head(struct out *, const char *between);
const struct systat_view *systat_view_next(const struct systat_view *);	/* after NULL: the first; NULL: no more */

/* systat_screen.c: until the user ends it, or so_count updates. o_key is there. */
void	systat_screen(struct systat *, const struct systat_opts *);

#endif
