/* pf_src.h - sources: what each address has opened by the rules that track it (pf.conf(5), Stateful Tracking Options), and which address of a pool it
 * keeps (sticky-address).
 *
 * Nodes are core 0's: it alone makes them, finds out that they are over, and takes them away by epochs; all cores look them up. What is counted each
 * core counts for itself in its own line of the node, and who compares with a limit adds the lines up: so a limit is exact to as many as cores make
 * at the same moment. A packet that needs a node that is not there goes to core 0 and comes back (pf_src_ask). */
#ifndef NET_PF_PF_SRC_H
#define NET_PF_PF_SRC_H

#include "net/core/handoff.h"
#include "net/pf/pf_state.h"

enum pf_src_kind { PF_SRC_LIMIT, PF_SRC_XLATE, PF_SRC_ROUTE, PF_SRC_KINDS };	/* counts for limits; keeps an address of r_nat or r_rdr, of r_route */

struct pf_src_core {			/* a core's */
	uint32_t	 sc_states;	/* that point here */
	uint32_t	 sc_conns;	/* of them, TCP's that both ends have agreed to */
	uint32_t	 sc_rate;	/* of such, thousandths of a connection; falls to nothing in the rule's seconds */
	uint32_t	 sc_rated;	/* when sc_rate was so, ms of uptime */
	uint32_t	 sc_last;	/* when the last state went, seconds of uptime */
	uint64_t	 sc_packets, sc_bytes;	/* of states that are gone */
	uint64_t	 sc_live_packets, sc_live_bytes;	/* of the others, as pf_srcs_foreach() has found them */
} __aligned_to(CACHELINE);

struct pf_src {
	struct pf_src *volatile ss_next;
	uint64_t	 ss_rule;	/* r_id, which outlives the rule; 0: all rules with source-track global */
	uint32_t	 ss_nr, ss_rate_seconds;	/* the rule's number, its max-src-conn-rate */
	struct in6_addr	 ss_addr, ss_kept;	/* the source; of the pool */
	uint32_t	 ss_created, ss_timeout;	/* seconds of uptime; seconds that it stays without states */
	uint64_t	 ss_epoch;	/* ss_dead: since when */
	uint8_t		 ss_af, ss_kind, ss_dir;	/* PF_INET or PF_INET6; enum pf_src_kind; PF_IN or PF_OUT, of the packet that it was made for */
	volatile bool	 ss_dead;	/* it may be about to go: not to be found any more */
	bool		 ss_killed;	/* it is not to come back */
	struct pf_src_core ss_core[];	/* as many as there are cores */
};

/* What a packet needs of core 0: nodes of these kinds for its source, and all that core 0 must know of the rules. */
struct pf_src_want {
	struct in6_addr	 sw_addr;
	uint8_t		 sw_af, sw_dir;
	uint32_t	 sw_limit;		/* set limit src-nodes */
	struct pf_src_wish {
		struct in6_addr	 wi_kept;
		uint64_t	 wi_rule;	/* ss_rule */
		uint32_t	 wi_nr, wi_rate_seconds, wi_timeout, wi_max;	/* wi_max: max-src-nodes; 0: none */
		bool		 wi_is;		/* it is wanted */
	} sw_wish[PF_SRC_KINDS];
};
extern struct pf_src_want pf_src_want;	/* PERCORE: of the packet that was refused with *away PF_AWAY_ASK */
#define PF_AWAY_ASK	UINT32_MAX

/* NULL: there is none. Any core; good until the end of the pass, or for as long as a state counts for it. */
struct pf_src *pf_src_find(unsigned pf_family, const struct in6_addr *, enum pf_src_kind, uint64_t rule);
/* The rule that translates the packet to an address which its source keeps; NULL: none does. One that turns it round (nat-to with in, rdr-to with
 * out) never does. */
static inline const struct pf_krule *
pf_src_sticks(const struct pf_verdict *v, unsigned dir)
{
	const struct pf_krule *x = v->v_xlate[dir == PF_OUT ? PF_KPOOL_NAT : PF_KPOOL_RDR];

	return unlikely(x != NULL) && x->kr_sticky ? x : NULL;
}
/* The nodes that a new state of the packet needs, by kind; NULL: none of that kind. False: it is not to be: *why, or *away is PF_AWAY_ASK. */
bool	pf_src_allow(const struct pf_pdesc *, const struct pf_verdict *, struct pf_src *src[PF_SRC_KINDS], enum pf_reason *why, unsigned *away);
/* The packet, described by pd, goes by way of core 0, which makes what is wanted if it may be, and goes on at that place again. */
void	pf_src_ask(const struct pf_pdesc *, const struct handoff *);

/* A state counts for the nodes; it ends. Its core. */
void	pf_src_begin(struct pf_state *, struct pf_src *const src[PF_SRC_KINDS]);
void	pf_src_end(struct pf_state *);
void	pf_src_leave(struct pf_state *, enum pf_src_kind);	/* it counts no more for that one */
/* Both ends have agreed to the connection. False: it is more than the rule allows its source; it is to end, and what the rule says is done. */
bool	pf_src_connected(struct pf_state *);

/* ---- tasks of core 0 ---- */

/* The rules may track sources: what that takes is there. False: no memory. */
bool	pf_srcs_prepare(const struct pf_ruleset *);
struct pf_src_totals { uint64_t st_nodes, st_searches, st_inserts, st_removals; };
void	pf_src_totals(struct pf_src_totals *);
/* What is shown of a node. */
struct pf_src_copy {
	struct in6_addr	 sp_addr, sp_kept;
	uint8_t		 sp_af, sp_kind, sp_dir;
	uint32_t	 sp_states, sp_conns, sp_rate, sp_rate_seconds;	/* sp_rate: thousandths */
	uint32_t	 sp_age, sp_expires;	/* seconds; 0: not while it has states */
	uint64_t	 sp_packets, sp_bytes;
	int		 sp_rule;	/* its number; -1: none */
};
/* Counts what states have counted for their nodes, then calls fn for copies of all nodes, in no order. False from it: enough. */
void	pf_srcs_foreach(bool (*fn)(const struct pf_src_copy *, void *), void *arg);
/* Takes away those that match() says yes to (NULL: all); states that count for them live on. How many. */
unsigned pf_srcs_kill(bool (*match)(const struct pf_src *, const void *), const void *arg);

#endif
