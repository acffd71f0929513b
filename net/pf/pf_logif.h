/* pf_logif.h - set loginterface: what the packet filter has passed and blocked on one interface, or on those of one group.
 *
 * Counted is what has been judged there, once, on the core that did: by the flow path, too. What goes to another core is counted by that one;
 * fragments that are put together count as the datagram, when it is whole. Bytes are those of the IP packet as it came to the filter. */
#ifndef NET_PF_PF_LOGIF_H
#define NET_PF_PF_LOGIF_H

#include "net/pf/pf_engine.h"

struct pf_logif_counts {		/* [0: IPv4, 1: IPv6][0: in, 1: out] */
	uint64_t	 lc_bytes[2][2];
	uint64_t	 lc_packets[2][2][2];	/* [0: passed, 1: blocked] */
};

/* A batch of the interface while it is tested: packets that are judged here and their bytes, and those that had been judged before. */
struct pf_logged { unsigned lg_n, lg_was; uint64_t lg_bytes; };

bool	pf_logif_matches(const struct pf_ruleset *, const struct ifnet *);
static inline bool
pf_logif_is(const struct pf_ruleset *rs, const struct ifnet *ifp)
{
	return unlikely(rs->rs_logif[0] != '\0') && pf_logif_matches(rs, ifp);
}
/* `judged`: the flag of packets that had been judged before. */
void	pf_logged_begin(struct pf_logged *, const struct batch *, unsigned judged);
/* A packet of so many bytes is not judged here after all. NULL: none are counted. */
static inline void
pf_logged_away(struct pf_logged *lg, uint32_t len)
{
	if (lg != NULL) {
		lg->lg_n--;
		lg->lg_bytes -= len;
	}
}
/* So many have gone on. dir: PF_IN or PF_OUT. */
void	pf_logged_end(const struct pf_logged *, unsigned af, unsigned dir, unsigned on);

/* Over all cores, since pf_logif_clear() was called last. Core 0. */
void	pf_logif_sum(struct pf_logif_counts *);
void	pf_logif_clear(void);

#endif
