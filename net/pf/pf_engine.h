/* pf_engine.h - the packet filter at work, inside: rulesets as packets are compared with them, tables, packets as rules see them, states.
 *
 * Core 0 (a task) builds a ruleset aside and publishes it with one store; every core reads. A core's states are its own: nobody else looks at
 * them but by core_call(). */
#ifndef NET_PF_PF_ENGINE_H
#define NET_PF_PF_ENGINE_H

#include "kernel/percore.h"
#include "net/core/if.h"
#include "net/core/mbuf.h"
#include "net/pf/pf_class.h"
#include "net/pf/pf_conf.h"

/* ---- tables ---- */

/* Prefixes in the order of address, then length; px_up: the longest one that holds this one. Nobody writes to it once it is published, but px_gone. */
struct pf_prefix {
	struct in6_addr	 px_addr;		/* bits behind the prefix are zero */
	uint32_t	 px_up;			/* an index; PF_PREFIX_NONE */
	uint32_t	 px_count;		/* the number of its counts; 0: it has none (pf_table_count.h) */
	uint32_t	 px_since;		/* wall_s() when it came into the table, or was cleared */
	uint8_t		 px_plen;
	bool		 px_not;
	bool		 px_gone;		/* it counts no more */
};
#define PF_PREFIX_NONE	UINT32_MAX
/* By enum af. pf_index: where the addresses begin whose first bits, above pf_base, are 0, 1, ... up to pf_last, and their end. */
struct pf_prefixes {
	unsigned	 pf_n[AF_COUNT];
	struct pf_prefix *pf_p[AF_COUNT];
	uint32_t	*pf_index[AF_COUNT], pf_last[AF_COUNT];
	uint64_t	 pf_base[AF_COUNT];
	uint8_t		 pf_shift[AF_COUNT];
	unsigned	 pf_shares;		/* others that have the same */
};

/* From first to last, both of the range, as numbers; rg_end: the weights of all ranges up to here. */
struct pf_range { __uint128_t rg_first, rg_last; uint64_t rg_end; };
struct pf_ranges {		/* in order, apart from each other; by enum af */
	unsigned	 rs_n[AF_COUNT];
	struct pf_range	*rs_range[AF_COUNT];
};

struct pf_ktable {
	const struct pf_table *kt_table;
	/* Core 0 replaces them; a look-up is good until the end of the pass. One that is in both, not gone, is the same in both. */
	struct pf_prefixes *volatile kt_now, *kt_new;	/* most of it; what has come since, few: NULL: nothing */
	unsigned	 kt_gone;		/* of kt_now */
	struct pf_tcounts *kt_counts;		/* NULL: it has no counters */
	struct pf_ranges *volatile kt_ranges;	/* of the same, for pools; NULL: no pool has the table */
};

/* malloc()ed; duplicates are one, the last says whether it is negated. NULL: no memory. */
struct pf_prefixes *pf_prefixes_make(const struct pf_tentry *, unsigned n);
void	pf_prefixes_free(struct pf_prefixes *);
/* All of the first without those of the second, and those of the third that are not there, none that is gone: in the time that a copy takes. NULL for
 * none of them. As above. */
struct pf_prefixes *pf_prefixes_change(const struct pf_prefixes *, const struct pf_prefixes *but, const struct pf_prefixes *more);
/* By address, then length: negative, 0, positive. */
int	pf_prefix_cmp(const struct pf_prefix *, const struct pf_prefix *);
/* That prefix, gone or not; the longest one that holds the address and is not gone. NULL: there is none. */
struct pf_prefix *pf_prefixes_exact(const struct pf_prefixes *, unsigned af, const struct pf_prefix *);
const struct pf_prefix *pf_prefixes_find(const struct pf_prefixes *, unsigned af, const struct in6_addr *);
/* The longest prefix that holds the address is there and not negated. Any core. */
bool	pf_table_match(const struct pf_ktable *, unsigned af, const struct in6_addr *);
/* That prefix, negated or not; NULL: there is none. */
const struct pf_prefix *pf_table_longest(const struct pf_ktable *, unsigned af, const struct in6_addr *);

/* What the prefixes match, each address once. malloc()ed; NULL: no memory. */
struct pf_ranges *pf_ranges_make(const struct pf_prefixes *);
void	pf_ranges_free(struct pf_ranges *);
/* The one where, counted by weight, the n-th is; NULL: there are not so many. */
const struct pf_range *pf_ranges_at(const struct pf_ranges *, enum af, uint64_t n);
/* A prefix as the only range. */
struct pf_range pf_range_of(enum af, const struct in6_addr *, unsigned plen);
uint64_t pf_range_weight(const struct pf_range *);	/* its addresses, at most 2^40 */
__uint128_t pf_addr_number(enum af, const struct in6_addr *);
void	pf_addr_of_number(enum af, __uint128_t, struct in6_addr *);

/* Tables of rulesets in force change between these two only. Tasks of core 0. */
void	pf_tables_begin(void);
void	pf_tables_end(void);
static inline unsigned
pf_prefixes_count(const struct pf_prefixes *ps)
{
	return ps != NULL ? ps->pf_n[AF_IP4] + ps->pf_n[AF_IP6] : 0;
}
static inline unsigned
pf_table_count(const struct pf_ktable *kt)
{
	return pf_prefixes_count(kt->kt_now) + pf_prefixes_count(kt->kt_new) - kt->kt_gone;
}
/* That prefix of the table; NULL: it has it not, negated or not. */
struct pf_prefix *pf_table_has(const struct pf_ktable *, unsigned af, const struct pf_prefix *);
/* So many of those are in the table. */
unsigned pf_table_present(const struct pf_ktable *, const struct pf_prefixes *);
/* More, but for those that are there; less; these instead, which it takes over. Of a table of n one costs what log n do, and n now and then: two
 * copies of a root of n are made, and one of n after so many changes; all of it when the table is a pool. False: no memory, nothing has changed. What
 * more and less point to is the function's to write to. */
bool	pf_table_insert(struct pf_ktable *, struct pf_prefixes *more);
bool	pf_table_remove(struct pf_ktable *, struct pf_prefixes *less);
bool	pf_table_set(struct pf_ktable *, struct pf_prefixes *);
/* All of a family in the order of address, then length. The table does not change meanwhile. */
struct pf_table_walk { const struct pf_prefix *tw_at[2], *tw_end[2]; };
void	pf_table_walk(struct pf_table_walk *, const struct pf_ktable *, unsigned af);
const struct pf_prefix *pf_table_next(struct pf_table_walk *);	/* NULL: that was the last */
struct pf_ruleset;
/* By the path of its anchor ("": the main ruleset) and its name; NULL: there is none. */
struct pf_ktable *pf_table_find(const struct pf_ruleset *, const char *anchor, const char *name);
/* Tables of rs, which is not in force yet, get what they hold in the old one, where the ruleset's text does not say it anew. False: no memory. */
bool	pf_tables_keep(struct pf_ruleset *rs, const struct pf_ruleset *old);

/* ---- rules ---- */

enum pf_kpool { PF_KPOOL_NAT, PF_KPOOL_RDR, PF_KPOOL_ROUTE, PF_KPOOLS };	/* r_nat, r_rdr, r_route */
static inline const struct pf_pool *
pf_rule_pool(const struct pf_rule *r, enum pf_kpool which)
{
	return which == PF_KPOOL_NAT ? &r->r_nat : which == PF_KPOOL_RDR ? &r->r_rdr : &r->r_route;
}

struct pf_rcount {		/* a core's counts of a rule */
	uint64_t	 rc_evaluations;	/* of a list with a tree: walks that ended here; pf_class_expand() */
	uint64_t	 rc_packets[2], rc_bytes[2];	/* in, out */
	uint64_t	 rc_states, rc_created;		/* there are now; were ever made */
	uint32_t	 rc_turn[2];			/* round-robin: whose turn it is, on this core; translation, route */
};
_Static_assert(sizeof(struct pf_rcount) == CACHELINE, "a core's has no line with another's");

struct pf_ruleset;
struct pf_krules { struct pf_krule *ks_rule; struct pf_class *ks_class; unsigned ks_n; };
struct pf_krule {
	const struct pf_rule *kr_rule;
	struct pf_ruleset *kr_set;
	uint32_t	 kr_index;		/* of rs_count */
	uint16_t	 kr_tag, kr_match_tag;	/* 0: none */
	struct pf_rcount *kr_count;		/* kr_index there: core 0's */
	char		 kr_ifname[IFNAMSIZ];	/* zero behind its end */
	char		 kr_rcvif[IFNAMSIZ];
	const struct pf_ktable *kr_src, *kr_dst;
	union {
		const struct pf_ktable *kr_pool[PF_KPOOLS];	/* whose addresses the pools are; NULL: the pool is none, or no table */
		struct {			/* PF_ANCHOR: the rules inside, anchor by anchor */
			const struct pf_krules *kr_anchor;
			unsigned kr_nanchors;
		};
	};
	const struct pf_anchor *kr_in;		/* NULL: the default rule */
	struct pf_via	*kr_via;		/* a state's: how its first packet came to the rule (pf_via.h); NULL: straight */
	union {
		uint16_t kr_more;		/* 0: nothing of this */
		struct {
			bool kr_odd;		/* it logs, or adds to v_acts: pf_acts.c */
			bool kr_translates;	/* it has nat-to, rdr-to or binat-to */
		};
	};
	bool		 kr_tracks, kr_sticky;	/* its states count for their sources; its pool's addresses are kept by sources: pf_src.h */
	bool		 kr_once, kr_spent;	/* it is for one packet; which has been: it matches nothing more. pf_once.h */
	uint16_t	 kr_rate;		/* max-pkt-rate: where it is counted, from 1 on; 0: it has none. pf_rate.h */
};
_Static_assert(sizeof(struct pf_krule) == 2 * CACHELINE, "a power of two: places in a list become rules by a shift");

#define PF_DEPTH_MAX	64		/* anchors in anchors */

struct pf_ruleset {
	struct pf_conf	 rs_conf;
	struct pf_krule	*rs_rule;		/* all of them, rs_nrules, and the default rule behind */
	unsigned	 rs_nrules;
	struct pf_krules rs_main;
	struct pf_krules *rs_list;		/* all of them, by an_index; rs_nlists */
	unsigned	 rs_nlists;
	struct pf_cnames rs_names;
	struct pf_ktable *rs_table;
	unsigned	 rs_ntables;
	uint32_t	 rs_timeout[PF_TM_COUNT], rs_limit[PF_LIMIT_COUNT];
	void		*rs_mem;		/* of these two: */
	struct pf_rcount *rs_count;		/* by core, then kr_index */
	char		 rs_logif[IFNAMSIZ];	/* set loginterface, zero behind its end; "": none (pf_ifcount.h) */
	bool		 rs_logs_matches;	/* a rule has log (matches): those that are overruled are logged, too */
	size_t		 rs_stride;		/* bytes from a core's to the next one's */
	const struct pf_krule *rs_default;	/* the last of rs_rule */
	struct pf_rsrefs { uint64_t n __aligned_to(CACHELINE); } *rs_refs;	/* by core: its states that point here */
	struct pf_arena	 rs_arena;
	void		*rs_viamem;
	char		*rs_vias;		/* pf_via.c's, of each core rs_viasize bytes; NULL: no rule is on another's way */
	size_t		 rs_viasize;
	void		*rs_ratemem;
	char		*rs_rates;		/* pf_rate.c's, of each core rs_ratesize bytes */
	size_t		 rs_ratesize;
	struct pf_ruleset *rs_next;		/* retired: states still point here */
	unsigned	 rs_holds;		/* pf_rules_hold() */
	bool		 rs_thin;		/* retired, and nothing more can be taken from it */
	uint16_t	*rs_tag;		/* that states which were led here have; rs_ntags */
	unsigned	 rs_ntags;
};
extern struct pf_ruleset *volatile pf_rules;	/* in force; NULL: none */
/* The same as packets of this core see it: another one only between two passes, so what comes in and goes out in a pass is judged by one. */
extern struct pf_ruleset *pf_rules_here;	/* PERCORE */

static inline struct pf_rcount *
pf_rcount(const struct pf_krule *kr)
{
	return (struct pf_rcount *)((char *)kr->kr_count + core_id() * kr->kr_set->rs_stride);
}
/* Sums over the cores, of what is counted at this rule, without what its states count for it: pf_rcounts(). Core 0. */
void	pf_rcount_sum(const struct pf_krule *, struct pf_rcount *);

/* From what has been parsed, with all that outlives the parse inside: takes over pc, always. Messages as pf_conf_parse() has them. NULL: refused, or
 * no memory. */
struct pf_ruleset *pf_ruleset_make(struct pf_conf *pc, const struct pf_env *);
void	pf_ruleset_free(struct pf_ruleset *);
/* What timeouts (seconds; adaptive ones states) and limits are by these options; those that are not set have their defaults. */
void	pf_options_figures(const struct pf_options *, uint32_t timeout[PF_TM_COUNT], uint32_t limit[PF_LIMIT_COUNT]);
/* Room for the counts of rs_nrules rules. False: no memory. */
bool	pf_ruleset_counts(struct pf_ruleset *);
extern const struct pf_rule pf_default_rule;

/* pf_retired.c. It was in force, and no core judges by it any more. What states that point there need stays: their rules as they are written, without
 * the tables, interfaces and anchors of a krule (they are NULL then). Tasks of core 0, outside net_enter(). */
void	pf_retire(struct pf_ruleset *);
/* States or holders have gone: rulesets may go. */
void	pf_reap(void);
/* Why the engine cannot do what the rule says (pf_lacks_fn). */
const char *pf_lacks(const struct pf_conf *, const struct pf_rule *, const struct pf_queue *);

/* Numbers of tags, the same in all rulesets, up to PF_TAGS_MAX; 0: no room. Another hold of one that is held. Core 0. */
#define PF_TAGS_MAX	4096u
uint16_t pf_tag_get(const char *);
void	pf_tag_hold(uint16_t);
void	pf_tag_put(uint16_t);

/* ---- a packet as rules see it ---- */

struct pf_key {			/* whose state it is */
	struct in6_addr	 k_addr[2];		/* on the wire's side of the interface; on ours */
	uint16_t	 k_port[2];		/* host order; ICMP queries: the asker's is the identifier, the other's the type asked */
	uint8_t		 k_af, k_proto;		/* PF_INET, PF_INET6 */
	uint16_t	 k_rdomain;
} __attribute__((may_alias));
_Static_assert(sizeof(struct pf_key) == 40, "compared and hashed as five words");

struct pf_pdesc {
	struct mbuf	*pd_m;
	const struct ifnet *pd_ifp;		/* came in by; goes out by */
	uint8_t		 pd_dir, pd_af, pd_proto, pd_tos;	/* PF_IN or PF_OUT; PF_INET or PF_INET6 */
	uint8_t		 pd_tcp_flags;
	uint8_t		 pd_icmp_type, pd_icmp_code;
	bool		 pd_fragment;		/* without a header of the protocol above */
	bool		 pd_options;		/* IP options, or a routing header, or hop-by-hop options */
	bool		 pd_sent;		/* another core has found out that it is this one's */
	bool		 pd_asked;		/* core 0 has been asked for its source: pf_src_ask() */
	bool		 pd_query, pd_error;	/* ICMP: with a state of its own; about another packet */
	uint8_t		 pd_kproto;
	uint16_t	 pd_off;		/* of the protocol's header */
	uint16_t	 pd_qoff;		/* pd_error: where the quoted protocol's header is; 0: it is not there */
	uint32_t	 pd_len;		/* TCP: bytes of data */
	uint16_t	 pd_sport, pd_dport;	/* as k_port; 0: the protocol has none */
	uint16_t	 pd_ksport, pd_kdport;
	uint32_t	 pd_hash;		/* of its key, once it has been looked for; pd_fragment: none */
	uint32_t	 pd_ifnumber;		/* pf_cname() of pd_ifp, and one more; 0: not known yet */
	struct in6_addr	 pd_src, pd_dst;
	struct in6_addr	 pd_ksrc, pd_kdst;	/* whose state: an error's are those of the packet that it quotes, turned round; so the ports */
};
enum pf_reason;
/* Looks at the packet: m_data at an IP header that has been checked. False: *why. May move the packet's bytes (m_pullup). */
bool	pf_describe(struct pf_pdesc *, struct mbuf *, unsigned af, unsigned dir, const struct ifnet *, enum pf_reason *why);
/* The core that the packet's states are on; where packets of that key come home to. */
unsigned pf_home(const struct pf_pdesc *) __attribute__((pure));
unsigned pf_key_home(const struct pf_key *);
static inline void
pf_key_of(struct pf_key *k, const struct pf_pdesc *pd)
{
	unsigned src = pd->pd_dir == PF_IN ? 0 : 1;

	k->k_addr[src] = pd->pd_ksrc;
	k->k_addr[!src] = pd->pd_kdst;
	k->k_port[src] = pd->pd_ksport;
	k->k_port[!src] = pd->pd_kdport;
	k->k_af = pd->pd_af;
	k->k_proto = pd->pd_kproto;
	k->k_rdomain = pd->pd_ifp->if_rdomain;
}

/* ---- judging ---- */

#define PF_WAY_MAX	16u
/* What rules add up beside the verdict, match rules one after the other and then the one that decides. What makes a state have an extension:
 * pf_ext.h. */
#define PF_ACTS_LOGS	3u
struct pf_acts {
	uint32_t	 ac_log[PF_ACTS_LOGS];	/* kr_index + 1 of rules that log all packets of the state; 0: none */
	uint8_t		 ac_rt : 2;		/* enum pf_rt, of the one that decides */
	uint8_t		 ac_scrub : 3;		/* PF_SCRUB_* */
	bool		 ac_set_tos : 1, ac_set_prio : 1;
	bool		 ac_rated : 1;		/* the one that decides has max-pkt-rate */
	bool		 ac_modulate : 1;	/* so has modulate state */
	bool		 ac_redirects : 1;	/* packets get another destination on their way out */
	uint8_t		 ac_prio : 3, ac_prio_quick : 3;	/* ac_set_prio; the second: of acknowledgements without data, and of low delay */
	uint8_t		 ac_tos, ac_min_ttl;	/* 0: none */
	uint16_t	 ac_max_mss, ac_delay;	/* ms; 0: none */
};

#define PF_LOGGED_MAX	16u		/* rules that log a packet */
struct pf_verdict {
	const struct pf_krule *v_rule;		/* that decided; the default rule when none matched */
	struct pf_trace	*v_trace;		/* NULL: nobody looks on. From here to v_tag all is zero at first */
	const struct pf_krule *v_xlate[PF_KPOOL_ROUTE];	/* that translate, by PF_KPOOL_NAT, PF_KPOOL_RDR: source, destination; NULL: none */
	unsigned	 v_nmatch;
	unsigned	 v_changes, v_decided;	/* how often the packet has become another; v_rule */
	uint8_t		 v_nlog;		/* rules in v_log */
	bool		 v_logmatches;		/* all that match from here on do */
	bool		 v_acted;		/* v_acts is set */
	bool		 v_extends;		/* and its state is to keep it */
	uint16_t	 v_xport;		/* the destination's new port; 0: it stays */
	uint8_t		 v_xfailed;		/* bit n: v_xlate[n]'s pool has no address */
	uint16_t	 v_tag;
	const struct pf_krule *v_match[PF_WAY_MAX];	/* match rules and anchors on the way, for their counters */
	struct in6_addr	 v_xaddr[PF_KPOOL_ROUTE];	/* what becomes of them */
	const struct pf_krule *v_log[PF_LOGGED_MAX];	/* that log the packet, in their order, or */
	uint16_t	 v_quiet;		/* (by their bits) are only told of it, for their tables' counters */
	struct pf_acts	 v_acts;
	struct pf_cfields v_fields;		/* the packet as trees see it */
};
static inline bool
pf_verdict_translates(const struct pf_verdict *v)
{
	return v->v_xlate[PF_KPOOL_NAT] != NULL || v->v_xlate[PF_KPOOL_RDR] != NULL;
}
/* Is told of each rule that the packet is compared with, in order. */
struct pf_trace { void (*pt_considered)(struct pf_trace *, const struct pf_krule *, bool matches); };
/* Rules behind one that matches and translates see what it has made of the packet: pd_src, pd_dst, pd_dport change. Bounded by the rules, once for
 * each anchor rule that leads to them. */
void	pf_evaluate(const struct pf_ruleset *, struct pf_pdesc *, struct pf_verdict *);
/* The same, rule by rule, for who asks what would be: nothing is counted, no round-robin goes on. Core 0. */
void	pf_evaluate_traced(const struct pf_ruleset *, struct pf_pdesc *, struct pf_verdict *, struct pf_trace *);
/* set skip on it. */
bool	pf_is_skipped(const struct pf_ruleset *, const struct ifnet *);
/* By its name or a group; zero behind the name's end. Any core. */
bool	pf_if_matches(const char name[IFNAMSIZ], const struct ifnet *);
/* The packet's address (of its family) is what a rule says; kt: the table of that name, NULL: there is none. Any core. */
bool	pf_addr_matches(const struct pf_pdesc *, const struct pf_addr *, const struct pf_ktable *kt, const struct in6_addr *);

/* Why a packet is dropped: pfctl -si's counters, in its order. */
enum pf_reason {
	PFR_MATCH, PFR_BADOFF, PFR_FRAG, PFR_SHORT, PFR_NORM, PFR_MEMORY, PFR_TS, PFR_CONGEST, PFR_IPOPTION, PFR_PROTCKSUM, PFR_BADSTATE,
	PFR_STATEINS, PFR_MAXSTATES, PFR_SRCLIMIT, PFR_SYNPROXY, PFR_TRANSLATE, PFR_NOROUTE, PFR_COUNT
};
extern const char *const pf_reason_name[PFR_COUNT];
uint64_t pf_reason_sum(enum pf_reason);		/* over all cores; core 0 */

/* pf_scrub.c: the packet, which passes, becomes what rules make of it but for addresses and ports. False: it is gone, counted. Any core. */
bool	pf_scrub(const struct pf_acts *, struct pf_pdesc *);
/* It says something of each packet's IP header. Reassemble tcp is a state's: pf_ext.h. */
static inline bool
pf_acts_header(const struct pf_acts *ac)
{
	return ((ac->ac_scrub & ~PF_SCRUB_TCP) | ac->ac_min_ttl | ac->ac_set_tos) != 0;
}
/* There is nothing of that in packets that open no connection. */
static inline bool
pf_acts_are_plain(const struct pf_acts *ac)
{
	return ac->ac_log[0] == 0 && !pf_acts_header(ac) && !(ac->ac_delay | ac->ac_set_prio | ac->ac_rated | ac->ac_redirects);
}

/* ---- answering what is blocked (pf_return.c) ---- */

/* Drops the packet (a counted drop of PFR_MATCH), and answers it when the rule says so. Any core. */
void	pf_blocked(const struct pf_pdesc *, const struct pf_rule *);
/* pf_frag.c: takes the fragment, on the way in; the datagram comes in again when it is whole. False: dropped at once. Any core. */
bool	pf_reassemble(const struct pf_pdesc *, const struct pf_options *);
/* The end of a packet; counts why. pf_test.c. */
void	pf_drop(struct mbuf *, enum pf_reason);

#endif
