/* pfctl_engine.h - pfctl(8) against the running packet filter. */
#ifndef NET_PF_PFCTL_ENGINE_H
#define NET_PF_PFCTL_ENGINE_H

#include "net/pf/pfctl.h"

int	pfctl_engine(const struct pfctl *, const struct pfctl_args *, const char *text, size_t len);	/* pt_engine */
/* address[/length] of either family; bits behind the prefix stay. */
bool	pfctl_prefix(const char *, struct pf_tentry *);
/* The anchor of that path; slashes at its ends mean nothing, nor does a last part that is the wildcard: *wild. NULL: there is none. */
struct pf_ruleset;
const struct pf_anchor *pfctl_anchor(const struct pf_ruleset *, const char *path, bool *wild);
/* Puts an entry into a table of the ruleset in force, of the anchor of that path, unless it has it; const or not. False: there is no such table, or
 * no memory. */
bool	pfctl_table_insert(const char *anchor, const char *name, const struct pf_tentry *);
/* The lines of an address's counts, or a table's. */
struct pf_tcount;
void	pfctl_print_counts(struct out *, const struct pf_tcount *, bool table);
/* -t NAME -T COMMAND. Exit status, or: not all addresses match, whose exit status is 2, too, but it is no mistake of usage. */
#define PFCTL_NO_MATCH	3
int	pfctl_table(const struct pfctl *, const struct pfctl_args *, const char *text, size_t len);	/* of -f, more addresses; or NULL */
/* The table's definition goes from pf.conf, or from what the anchor of -a has for itself; NULL: all of them there. */
int	pfctl_table_kill(const struct pfctl *, const struct pfctl_args *, const char *table);
/* The table that add and replace do not find is defined there, empty. */
int	pfctl_table_create(const struct pfctl *, const struct pfctl_args *);
/* -T load: what the text of -f says of tables takes the place there of what was said of those; nothing else of it counts. */
int	pfctl_tables_load(const struct pfctl *, const struct pfctl_args *, const char *text, size_t len);
/* -s Sources, -F Sources, -K. */
void	pfctl_show_sources(struct out *, unsigned verbose);
void	pfctl_flush_sources(const struct pfctl *, bool quiet);
int	pfctl_kill_sources(const struct pfctl *, const struct pfctl_args *);
/* test: what would become of a packet. Exit status. */
int	pfctl_test(const struct pfctl *, const struct pfctl_args *);
/* -s what, -F what, -k what. Exit status. */
int	pfctl_show(const struct pfctl *, const struct pfctl_args *);
int	pfctl_flush(const struct pfctl *, const struct pfctl_args *);
int	pfctl_kill(const struct pfctl *, const struct pfctl_args *);
/* All states, as far as -i and -V do not say which; how many. */
unsigned pfctl_kill_all(const struct pfctl_args *);
/* The interface that pfctl -ss prints for it is this one; NULL: any. */
struct pf_state;
bool	pfctl_state_is_on(const struct pf_state *, const char *iface);
/* From now on -s info, and interfaces, count from zero; only those that iface names. */
void	pfctl_info_clear(const char *iface);

#endif
