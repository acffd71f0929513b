/* netstat.h - the parts of netstat(1), each in its file; netstat.c has the options. Task context, outside net_enter. */
#ifndef NET_CORE_NETSTAT_H
#define NET_CORE_NETSTAT_H

#include "kernel/out.h"
#include "net/core/counter.h"

struct netstat_opts {
	bool		no_all, no_routes, no_groups, no_interfaces, no_bytes, no_errors, no_drops, no_verbose;
	unsigned	no_stats;		/* -s: 1, -ss: 2 */
	bool		no_inet, no_inet6;	/* -f: the families that are meant */
	unsigned	no_rdomain;
	const char	*no_interface;		/* NULL: all */
	const char	*no_proto;		/* NULL: all */
};

/* Each returns the command's status. */
int	netstat_interfaces(struct out *, const struct netstat_opts *);
int	netstat_groups(struct out *, const struct netstat_opts *);	/* net/inet/in_multi_show.c */
int	netstat_stats(struct out *, const struct netstat_opts *);

/* Walks in the order of netstat -s: the paragraph behind `after`, the counter behind it in a paragraph. After NULL: the first; NULL: the end. */
const struct counter_group *netstat_group(const struct counter_group *after);
const struct counter *netstat_counter(const char *group, const struct counter *after);
/* A counter's sentence for many, without the number, in buf (at least 24 bytes). */
const char *netstat_sentence(const struct counter *, char *buf, size_t len);

#endif
