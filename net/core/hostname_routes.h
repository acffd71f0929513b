/* hostname_routes.h - the static routes of a hostname.if(5) file. There may be a million, so each is 28 bytes: what it shares with others (gateway,
 * flags, label, ...) is kept once, as a way. Task context, core 0. */
#ifndef NET_CORE_HOSTNAME_ROUTES_H
#define NET_CORE_HOSTNAME_ROUTES_H

#include "net/route/static_route.h"

struct hn_route {
	struct in6_addr	r_dest6;
	uint32_t	r_way;		/* in rs_way */
	uint32_t	r_line;
	uint8_t		r_plen;
	bool		r_late, r_installed;
};

struct hn_routes {
	struct hn_route	*rs_route;	/* sorted by static_route_cmp */
	struct static_route *rs_way;	/* without destination; their labels are ours */
	uint32_t	*rs_find;	/* ways by what is in them: number + 1; a power of two of them */
	unsigned	 rs_n, rs_size;	/* routes; room for so many */
	unsigned	 rs_nways, rs_wayroom, rs_findsize;
};

void	hn_routes_free(struct hn_routes *);
/* Room for so many without another move. */
bool	hn_routes_reserve(struct hn_routes *, unsigned n) __must_check;
/* dst is empty. Without lines, and without ways that are no route's. False: no memory; hn_routes_free(dst) is due. */
bool	hn_routes_copy(struct hn_routes *dst, const struct hn_routes *src) __must_check;
bool	hn_routes_equal(const struct hn_routes *, const struct hn_routes *);

/* The i-th, whole; its label is the object's. note: sr_late and sr_installed as they are in sr now. */
struct static_route hn_routes_get(const struct hn_routes *, unsigned i);
void	hn_routes_note(struct hn_routes *, unsigned i, const struct static_route *sr);

/* By key; -1: there is none. */
int	hn_routes_find(const struct hn_routes *, const struct static_route *key);
/* The route in `in` with the key of the i-th of rs, or -1. For walks over rs from the first to the last: *cursor is 0 at their start. In
 * few steps, however many are in one of them only. */
int	hn_routes_beside(const struct hn_routes *in, unsigned *cursor, const struct hn_routes *rs, unsigned i);

/* Both, of the same key, are equal. */
bool	hn_routes_same(const struct hn_routes *a, unsigned i, const struct hn_routes *b, unsigned k);

/* Each false: no memory, or the thing is there already (add), or not there (remove). */
bool	hn_routes_add(struct hn_routes *, const struct static_route *);
bool	hn_routes_append(struct hn_routes *, const struct static_route *);	/* not in order: sort before anything else is asked of them */
void	hn_routes_sort(struct hn_routes *);	/* of those with the same key the earlier line first */
/* The i-th and the one in front of it have the same key. */
bool	hn_routes_twice(const struct hn_routes *, unsigned i);
bool	hn_routes_remove(struct hn_routes *, const struct static_route *key);
void	hn_routes_remove_families(struct hn_routes *, unsigned families);	/* bits 1 << af */

#endif
