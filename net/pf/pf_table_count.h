/* pf_table_count.h - tables with counters: packets and bytes of each address and of the table, by direction and what became of them. pfctl(8).
 *
 * A rule that names such a table is told of its packets as one that logs them is (v_log, ac_log), so nothing else pays for it; as many rules
 * as those (PF_LOGGED_MAX, PF_ACTS_LOGS) can be told. */
#ifndef NET_PF_PF_TABLE_COUNT_H
#define NET_PF_PF_TABLE_COUNT_H

#include "net/pf/pf_state.h"

enum pf_tcop { PF_TC_BLOCK, PF_TC_MATCH, PF_TC_PASS, PF_TC_XPASS, PF_TC_OPS };	/* the last: passed, but the rule would no more match by the table */
struct pf_tcount { uint64_t tc_packets[2][PF_TC_OPS], tc_bytes[2][PF_TC_OPS]; };	/* in, out */

/* NULL: no memory. Tables of two rulesets may have the same: pf_tcounts_share(). */
struct pf_tcounts *pf_tcounts_make(void);
struct pf_tcounts *pf_tcounts_share(struct pf_tcounts *);
void	pf_tcounts_free(struct pf_tcounts *);
uint32_t pf_tcounts_since(const struct pf_tcounts *);
/* Each that is not gone and has no counts gets some, of zero; they go back, when no core counts there any more. False: no memory; those that have got
 * some have them. */
bool	pf_tcounts_take(struct pf_tcounts *, struct pf_prefixes *);
void	pf_tcounts_put(struct pf_tcounts *, struct pf_prefix *);
/* Of an address (NULL: of the table), over all cores; and zero from now on, both. Core 0. */
void	pf_tcounts_sum(struct pf_tcounts *, const struct pf_prefix *, struct pf_tcount *);
/* What the second has counted there the first has, too; of one that nothing counts by yet. */
void	pf_tcounts_copy(struct pf_tcounts *, const struct pf_prefix *, struct pf_tcounts *from, const struct pf_prefix *);
void	pf_tcounts_zero(struct pf_tcounts *, const struct pf_prefix *);

/* The packet is the rule's: by its verdict, which the rule decides or has a part in; of a state. Any core. */
void	pf_tables_count(const struct pf_krule *, const struct pf_pdesc *, unsigned action);
void	pf_tables_count_state(const struct pf_krule *, const struct pf_state *, const struct pf_pdesc *);

#endif
