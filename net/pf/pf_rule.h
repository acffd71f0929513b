/* pf_rule.h - a ruleset as it stands in memory after pf.conf(5) has been read: what pfctl prints and what the engine compiles.
 *
 * Lists are expanded, macros replaced, names resolved; nothing points outside. All of a struct pf_conf lives in its arena (pf_mem.h) and goes with
 * it; after the parse nobody writes to it, so that any core may read. Strings are never NULL unless their comment says so. Ports and numbers are in
 * host order. */
#ifndef NET_PF_PF_RULE_H
#define NET_PF_PF_RULE_H

#include "net/inet6/in6.h"
#include "net/pf/pf_mem.h"

#define PF_IFNAME	16		/* bytes of names, NUL included */
#define PF_TABLE_NAME	32
#define PF_TAG_NAME	64
#define PF_LABEL	64
#define PF_QUEUE_NAME	64
#define PF_ANCHOR_NAME	64		/* one component */
#define PF_ANCHOR_PATH	1024
#define PF_RTLABEL	32
#define PF_BLOCKS_MAX	24		/* blocks in blocks; a task's stack is small */

/* A rule's family; 0: both. */
enum pf_af { PF_AF_ANY, PF_INET, PF_INET6 };
static inline enum af pf_af(unsigned pf_af) { return pf_af == PF_INET6 ? AF_IP6 : AF_IP4; }	/* not for PF_AF_ANY */
static inline unsigned pf_af_bits(unsigned pf_af) { return pf_af == PF_INET ? 32 : 128; }

/* ---- addresses ---- */

enum pf_addr_type {
	PF_ADDR_ANY,			/* pa_af may still narrow the family */
	PF_ADDR_NET,			/* pa_addr/pa_plen; bits behind the prefix are zero */
	PF_ADDR_RANGE,			/* pa_addr to pa_end, both included */
	PF_ADDR_DYN,			/* (pa_name): the addresses that an interface or a group has at the time; PF_DYN_* */
	PF_ADDR_TABLE,			/* <pa_name> */
	PF_ADDR_NOROUTE,
	PF_ADDR_URPF,			/* urpf-failed */
	PF_ADDR_RTLABEL,		/* route pa_name */
};
#define PF_DYN_NETWORK		0x01	/* (em0:network) */
#define PF_DYN_BROADCAST	0x02
#define PF_DYN_PEER		0x04
#define PF_DYN_MODS		0x07
#define PF_DYN_NOALIAS		0x08	/* :0 */
#define PF_PLEN_NONE		255	/* PF_ADDR_DYN: no /N was given */

struct pf_addr {
	uint8_t		 pa_type;
	uint8_t		 pa_af;		/* PF_AF_ANY: any (a table, a dynamic address, no-route ...) */
	uint8_t		 pa_plen;	/* PF_ADDR_NET: 0 to 32 or 128; PF_ADDR_DYN: what is applied to each address, or PF_PLEN_NONE */
	uint8_t		 pa_dyn;	/* PF_DYN_* */
	uint16_t	 pa_weight;	/* in a pool; 0: not said, 1 */
	struct in6_addr	 pa_addr, pa_end;
	const char	*pa_name;	/* interface, table, label; NULL for other types */
	const char	*pa_zone;	/* "em0" of fe80::1%em0; NULL: none */
};

/* How a port, a user or a group is compared; PF_OP_IRG and below take both numbers. */
enum pf_op {
	PF_OP_NONE,			/* no condition */
	PF_OP_RRG,			/* lo:hi	lo <= x <= hi */
	PF_OP_IRG,			/* lo >< hi	lo < x < hi */
	PF_OP_XRG,			/* lo <> hi	x < lo or x > hi */
	PF_OP_EQ, PF_OP_NE, PF_OP_LT, PF_OP_LE, PF_OP_GT, PF_OP_GE,	/* with lo */
};
struct pf_cmp {
	uint8_t		 pc_op;
	uint32_t	 pc_lo, pc_hi;
};
#define PF_UID_UNKNOWN	UINT32_MAX	/* "user unknown": no socket here */

struct pf_rule_addr {
	struct pf_addr	 ra_addr;
	bool		 ra_not;
	struct pf_cmp	 ra_port;
};

/* ---- pools: nat-to, rdr-to, route-to ... ---- */

enum pf_pool_type {
	PF_POOL_NONE,			/* one address; of a network: the host part is kept, as with bitmask (binat-to) */
	PF_POOL_BITMASK, PF_POOL_RANDOM, PF_POOL_SRCHASH, PF_POOL_RR, PF_POOL_LEASTSTATES,
};
struct pf_pool {
	bool		 pp_set;	/* the rule has one */
	uint8_t		 pp_type;
	bool		 pp_sticky;
	bool		 pp_static_port;
	bool		 pp_keyed;	/* pp_key was given; else it is drawn when the ruleset is loaded */
	uint32_t	 pp_key[4];
	struct pf_addr	 pp_addr;	/* several addresses are an automatic table */
	uint16_t	 pp_lo, pp_hi;	/* ports; 0, 0: rdr-to keeps the port, nat-to takes any from 50001 on. pp_hi 0: one port */
};

/* ---- states ---- */

enum pf_keep { PF_STATE_NO, PF_STATE_NORMAL, PF_STATE_MODULATE, PF_STATE_SYNPROXY };

/* The order in which pfctl prints them. */
enum pf_timeout {
	PF_TM_TCP_FIRST, PF_TM_TCP_OPENING, PF_TM_TCP_ESTABLISHED, PF_TM_TCP_CLOSING, PF_TM_TCP_FINWAIT, PF_TM_TCP_CLOSED, PF_TM_TCP_TSDIFF,
	PF_TM_UDP_FIRST, PF_TM_UDP_SINGLE, PF_TM_UDP_MULTIPLE, PF_TM_ICMP_FIRST, PF_TM_ICMP_ERROR,
	PF_TM_OTHER_FIRST, PF_TM_OTHER_SINGLE, PF_TM_OTHER_MULTIPLE, PF_TM_FRAG, PF_TM_INTERVAL,
	PF_TM_ADAPTIVE_START, PF_TM_ADAPTIVE_END, PF_TM_SRC_TRACK, PF_TM_COUNT
};

enum pf_srctrack { PF_SRCTRACK_NO, PF_SRCTRACK_GLOBAL, PF_SRCTRACK_RULE };
#define PF_FLUSH	0x01
#define PF_FLUSH_GLOBAL	0x02
enum pf_bound { PF_BOUND_DEFAULT, PF_BOUND_FLOATING, PF_BOUND_IF };	/* PF_BOUND_DEFAULT only while parsing */

/* What stands in the parentheses behind keep state. */
struct pf_state_opts {
	uint32_t	 so_max;			/* 0: none; so the others */
	uint32_t	 so_max_src_nodes, so_max_src_states, so_max_src_conn;
	uint32_t	 so_rate, so_rate_seconds;	/* max-src-conn-rate */
	const char	*so_overload;			/* table; NULL: none */
	const char	*so_overload_in;		/* the path of the anchor whose table that is; set when a ruleset is made */
#define PF_OVERLOAD_PATH 64
	uint8_t		 so_flush;			/* PF_FLUSH* */
	uint8_t		 so_srctrack, so_bound;
	bool		 so_nosync, so_sloppy, so_pflow;
	bool		 so_floats;			/* floating is worth saying: the state-policy is another */
	uint32_t	 so_timeout_set;		/* bit n: so_timeout[n] was given */
	uint32_t	 so_timeout[PF_TM_COUNT];	/* seconds; adaptive.*: states */
};

/* ---- rules ---- */

enum pf_action { PF_PASS, PF_BLOCK, PF_MATCH, PF_ANCHOR };
enum pf_dir { PF_INOUT, PF_IN, PF_OUT };
enum pf_return { PF_DROP, PF_RETURN, PF_RETURN_RST, PF_RETURN_ICMP };
enum pf_rt { PF_RT_NONE, PF_RT_ROUTETO, PF_RT_REPLYTO, PF_RT_DUPTO };
enum pf_divert { PF_DIVERT_NONE, PF_DIVERT_TO, PF_DIVERT_REPLY, PF_DIVERT_PACKET };

#define PF_LOG		0x01
#define PF_LOG_ALL	0x02
#define PF_LOG_USER	0x04
#define PF_LOG_MATCHES	0x08

#define PF_SCRUB_NODF		0x01
#define PF_SCRUB_RANDOMID	0x02
#define PF_SCRUB_TCP		0x04	/* reassemble tcp */

/* TCP flags as in the header (RFC 9293 3.1, RFC 3168). */
#define PF_TH_FIN	0x01
#define PF_TH_SYN	0x02
#define PF_TH_RST	0x04
#define PF_TH_PUSH	0x08
#define PF_TH_ACK	0x10
#define PF_TH_URG	0x20
#define PF_TH_ECE	0x40
#define PF_TH_CWR	0x80

struct pf_anchor;

struct pf_rule {
	struct pf_rule	*r_next;
	const char	*r_file;		/* where it stands, for messages */
	unsigned	 r_line;
	uint64_t	 r_source;		/* as t_source: the text */
	unsigned	 r_nr;			/* in its ruleset, from 0 */
	uint64_t	 r_id;			/* no two rules that track sources ever have the same: pf_ruleset.c; 0: it tracks none */
	uint8_t		 r_action, r_dir, r_log, r_af;
	bool		 r_quick, r_ifnot, r_rcvifnot, r_tagnot, r_fragment, r_allow_opts, r_once;
	bool		 r_counts;		/* a table that it names has counters; so the next; set when a ruleset is made */
	uint8_t		 r_proto;		/* 0: any */
	const char	*r_ifname;		/* interface, group, "any"; "": all */
	const char	*r_rcvif;		/* received-on; "": none */
	const char	*r_logif;		/* "": pflog0 */
	int		 r_rdomain;		/* on rdomain N; -1: none */
	struct pf_rule_addr r_src, r_dst;
	const char	*r_os;			/* "": none */
	struct pf_cmp	 r_uid, r_gid;
	bool		 r_flags_any;		/* flags any was said */
	uint8_t		 r_flags, r_flagset;	/* r_flagset 0: not looked at */
	int16_t		 r_icmp_type, r_icmp_code;	/* -1: any */
	bool		 r_icmp6;		/* they are ICMPv6's */
	int16_t		 r_tos;			/* -1: any */
	int8_t		 r_prio;		/* queueing priority to match; -1: any */
	uint32_t	 r_prob;		/* chance, of 2^32 - 1; 0: always */
	const char	*r_prob_text;		/* as it was written, with its %; "" */
	uint32_t	 r_pktrate, r_pktrate_seconds;	/* max-pkt-rate; 0: none */

	uint8_t		 r_return, r_return_ttl;	/* PF_BLOCK; ttl 0: the default */
	uint16_t	 r_return_icmp, r_return_icmp6;	/* type << 8 | code */
	uint8_t		 r_keep;		/* enum pf_keep */
	bool		 r_keep_said;		/* keep state stood there, and is worth saying: there are state-defaults */
	struct pf_state_opts r_state;

	uint8_t		 r_scrub, r_min_ttl;	/* PF_SCRUB_*; 0: none */
	uint16_t	 r_max_mss;
	int8_t		 r_set_prio[2];		/* -1: none */
	int16_t		 r_set_tos;
	uint16_t	 r_set_delay;		/* ms; 0: none */
	const char	*r_queue[2];		/* "": none */
	const char	*r_label, *r_tag, *r_match_tag;	/* "": none */
	int		 r_rtable;		/* -1: the packet's */

	uint8_t		 r_divert;
	struct pf_addr	 r_divert_addr;
	uint16_t	 r_divert_port;
	struct pf_pool	 r_nat, r_rdr, r_route;
	uint8_t		 r_naf;			/* af-to: the new family, with r_nat its source and r_rdr its destination; 0: none */
	uint8_t		 r_rt;			/* enum pf_rt, for r_route */

	const char	*r_in;			/* r_counts: the path of the anchor in which it stands */
	const char	*r_anchor;		/* PF_ANCHOR: the name as it was written; "": an unnamed block */
	bool		 r_inline;		/* the ruleset stands in braces behind it */
	bool		 r_wild;		/* ends in the wildcard: all anchors of r_anchor_call */
	struct pf_anchor *r_anchor_call;	/* where it leads to */
};

/* ---- tables ---- */

#define PF_TABLE_PERSIST	0x01
#define PF_TABLE_CONST		0x02
#define PF_TABLE_COUNTERS	0x04
#define PF_TABLE_INIT		0x08	/* contents were given, perhaps none: { } */
#define PF_TABLE_AUTO		0x10	/* of a list of addresses in a pool; named so and numbered: */
#define PF_AUTO_TABLE		"__automatic_"
struct pf_tentry {
	struct in6_addr	 te_addr;
	uint8_t		 te_af, te_plen;	/* PF_INET or PF_INET6 */
	bool		 te_not;
	uint16_t	 te_weight;		/* 0: none */
};
struct pf_table {
	struct pf_table	*t_next;
	const char	*t_name;
	struct pf_anchor *t_anchor;		/* to which it belongs */
	uint64_t	 t_source;		/* po_number or ps_number of the text that defines it */
	unsigned	 t_flags, t_timeout;	/* seconds until an address goes; 0: never */
	struct pf_tentry *t_entry;		/* sorted neither nor unique: as they were written */
	unsigned	 t_n, t_cap;
};

/* ---- anchors ---- */

/* A ruleset: the main one, or what an anchor holds. */
struct pf_anchor {
	struct pf_anchor *an_next, *an_child, *an_parent;	/* siblings, the first child, NULL for the main ruleset */
	const char	*an_name, *an_path;			/* "two", "one/two"; "", "" */
	struct pf_rule	*an_rules, **an_tail;
	unsigned	 an_nrules;
	bool		 an_defined;				/* its rules stood in this configuration */
	bool		 an_apart, an_replaced;			/* they stood apart (struct pf_overlay); the file had some for it, too */
	bool		 an_shown;				/* for printing: an anchor rule has shown it */
	struct pf_anchor *an_all;				/* the next one of all */
	unsigned	 an_index;				/* pf_ruleset.c's; so the next */
	const struct pf_rule *an_caller;			/* the main ruleset's first rule that leads here; NULL: none does */
};

/* ---- queues ---- */

struct pf_bandwidth {
	bool		 bw_set;
	uint64_t	 bw_rate;		/* bits a second */
	uint64_t	 bw_burst;		/* 0: none; for bw_burst_ms */
	uint32_t	 bw_burst_ms;
};
struct pf_queue {
	struct pf_queue	*q_next;
	const char	*q_file;
	unsigned	 q_line;
	const char	*q_name, *q_parent, *q_ifname;	/* "": none */
	struct pf_bandwidth q_link, q_min, q_max;	/* q_link: "bandwidth" */
	uint32_t	 q_flows, q_quantum, q_qlimit;	/* 0: not said */
	bool		 q_default, q_leaf;
};

/* ---- options ---- */

enum pf_limit { PF_LIMIT_STATES, PF_LIMIT_SRC_NODES, PF_LIMIT_FRAGS, PF_LIMIT_TABLES, PF_LIMIT_TABLE_ENTRIES, PF_LIMIT_PKTDELAY, PF_LIMIT_ANCHORS,
    PF_LIMIT_COUNT };
enum pf_syncookies { PF_SYNCOOKIES_NEVER, PF_SYNCOOKIES_ALWAYS, PF_SYNCOOKIES_ADAPTIVE };
enum pf_optimization { PF_OPT_NORMAL, PF_OPT_SATELLITE, PF_OPT_AGGRESSIVE, PF_OPT_CONSERVATIVE };

struct pf_skip { struct pf_skip *sk_next; const char *sk_ifname; bool sk_not; };
struct pf_options {
	uint32_t	 po_timeout_set, po_limit_set;	/* bit n: the n-th was given */
	uint32_t	 po_timeout[PF_TM_COUNT], po_limit[PF_LIMIT_COUNT];
	const char	*po_loginterface;		/* NULL: none */
	uint32_t	 po_hostid;			/* 0: not given */
	uint8_t		 po_optimization;
	bool		 po_block_return;		/* block-policy */
	bool		 po_if_bound;			/* state-policy */
	bool		 po_reassemble, po_reassemble_nodf;
	uint8_t		 po_syncookies;
	uint8_t		 po_syncookies_start, po_syncookies_end;	/* % of the states */
	int		 po_debug;			/* LOG_* level; -1: not given */
	struct pf_skip	*po_skip;
	const char	*po_fingerprints;		/* NULL: none */
	struct pf_state_opts po_state_defaults;
	bool		 po_state_defaults_set;
};

struct pf_conf {
	struct pf_arena	 pc_arena;
	struct pf_options pc_options;
	struct pf_anchor *pc_main;			/* what the file's rules are in: the main ruleset, or the anchor that they were loaded into */
	struct pf_anchor *pc_anchors;			/* all, the main ruleset among them (an_all) */
	struct pf_table	*pc_tables, **pc_tables_tail;
	struct pf_queue	*pc_queues, **pc_queues_tail;
	unsigned	 pc_nrules, pc_nanchors, pc_nauto;	/* in all rulesets */
};

#endif
