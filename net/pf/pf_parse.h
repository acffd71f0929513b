/* pf_parse.h - the parser of pf.conf(5), inside: its state, what its files offer to each other. Recursive descent with one token to look at.
 *
 * Every function returns false after it has said what is wrong (once); the statement is then given up and the parse goes on in the next line.
 * What is parsed lies in the ruleset's arena, so there is nothing to undo. An allocation that fails returns false without a word: the end of
 * the parse says it. */
#ifndef NET_PF_PF_PARSE_H
#define NET_PF_PF_PARSE_H

#include "net/pf/pf_lex.h"

/* Lists as they were written. */
struct pn_if { struct pn_if *next; const char *name; bool not; };
struct pn_proto { struct pn_proto *next; uint8_t number; };
struct pn_host { struct pn_host *next; struct pf_addr addr; bool not; };
struct pn_cmp { struct pn_cmp *next; struct pf_cmp cmp; };
struct pn_os { struct pn_os *next; const char *name; };
struct pn_icmp { struct pn_icmp *next; int16_t type, code; bool v6; };

/* A redirection: nat-to and its kin. */
struct pf_redir {
	bool		 rd_set, rd_typed;
	struct pn_host	*rd_hosts;
	struct pf_pool	 rd_pool;		/* but its address */
	bool		 rd_star;		/* port N:* */
	struct pf_addr	 rd_table[PF_INET6 + 1];	/* of a family's addresses, once made: all rules share it */
};

/* A rule before its lists are expanded. */
struct pf_def {
	struct pf_rule	 d_rule;		/* what is the same in all of them */
	struct pn_if	*d_ifs;
	struct pn_proto	*d_protos;
	struct pn_host	*d_srcs, *d_dsts;	/* NULL: any */
	struct pn_cmp	*d_sports, *d_dports;
	struct pn_os	*d_oses;
	struct pn_cmp	*d_uids, *d_gids;
	struct pn_icmp	*d_icmps;
	struct pf_redir	 d_nat, d_rdr, d_binat, d_route;
	unsigned	 d_said;		/* PF_SAID_* */
	const char	*d_label, *d_tag, *d_match_tag;	/* with their macros; NULL: none */
};
#define PF_SAID_FLAGS		0x0001
#define PF_SAID_ICMP		0x0002
#define PF_SAID_KEEP		0x0004
#define PF_SAID_TOS		0x0008
#define PF_SAID_NODF		0x0010
#define PF_SAID_MINTTL		0x0020
#define PF_SAID_MAXMSS		0x0040
#define PF_SAID_RANDOMID	0x0080
#define PF_SAID_REASSEMBLE	0x0100
#define PF_SAID_SET		0x0200
#define PF_SAID_SCRUB		0x0400

struct pf_load {
	struct pf_load	*l_next;
	const char	*l_file;
	struct pf_anchor *l_anchor;
	const char	*l_by;			/* the file that says so, and its line */
	unsigned	 l_line;
};

struct pf_parse {
	struct pf_lex	 p_lex;
	const struct pf_env *p_env;
	struct pf_conf	*p_conf;
	struct pf_anchor *p_anchor;		/* where rules go */
	unsigned	 p_lists, p_blocks;	/* how deep they are nested; a task's stack is small */
	char		 p_value[PF_LEX_MAX];	/* of the macro that is read */
	unsigned	 p_combinations;	/* looked at so far */
	unsigned	 p_quiet;		/* tokens for which no syntax error is said: it comes of the error before, as yacc has it */
	struct pf_load	*p_loads, **p_loads_tail;
	const struct pf_source *p_source;
	uint64_t	 p_number;		/* of the text that is read: po_number */
	bool		 p_apart;		/* rules of an anchor are read that stand apart */
};
#define PF_QUIET		3
#define PF_LISTS_MAX		16
#define PF_COMBINATIONS_MAX	(4u << 20)

/* ---- pf_parse_util.c ---- */
bool	pf_bad(struct pf_parse *, const char *fmt, ...) __printflike(2, 3);	/* an error; returns false */
bool	pf_syntax(struct pf_parse *);			/* "syntax error"; returns false */
void	*pf_new(struct pf_parse *, size_t);		/* zeroed; NULL: no memory */
const char *pf_keep(struct pf_parse *);			/* a copy of the token's text; NULL: no memory */
static inline bool pf_at(const struct pf_parse *p, int tok) { return p->p_lex.lx_tok == tok; }
static inline bool pf_at_kw(const struct pf_parse *p, enum pf_keyword kw) { return p->p_lex.lx_kw == kw; }
void	pf_next(struct pf_parse *);			/* goes past the token */
bool	pf_accept(struct pf_parse *, int tok);		/* goes past it when it is there */
bool	pf_accept_kw(struct pf_parse *, enum pf_keyword);
bool	pf_expect(struct pf_parse *, int tok);		/* past it, or a syntax error */
bool	pf_expect_kw(struct pf_parse *, enum pf_keyword);
bool	pf_string(struct pf_parse *, const char **);	/* a string that is no reserved word */
bool	pf_string_is(const struct pf_parse *, const char *);	/* such a string is looked at */
bool	pf_number(struct pf_parse *, int64_t *);
bool	pf_check_ifname(struct pf_parse *, const char *);	/* neither empty nor too long */
void	pf_newlines(struct pf_parse *);
/* One item, or a list of them in braces: items part by commas or blanks, newlines count as blanks. */
typedef bool pf_item_fn(struct pf_parse *, void *arg);
bool	pf_list(struct pf_parse *, pf_item_fn *, void *arg);

/* One or more items, parted by commas or blanks, and the ")" behind them. */
bool	pf_parens(struct pf_parse *, pf_item_fn *, void *arg);
/* A name and a number from 0 to max. Returns what `index` says of the name; -1: said what is wrong. kind: for that. */
int	pf_named_number(struct pf_parse *, const char *kind, int (*index)(const char *), int64_t max, const char **name, uint32_t *value);

/* ---- statements: the token looked at is their first word ---- */
bool	pf_parse_statement(struct pf_parse *, bool inline_block);	/* pf_parse.c: without its newline */
bool	pf_parse_set(struct pf_parse *);
bool	pf_parse_table(struct pf_parse *);
bool	pf_parse_queue(struct pf_parse *);
bool	pf_parse_rule(struct pf_parse *);
bool	pf_parse_anchor(struct pf_parse *);
bool	pf_parse_load(struct pf_parse *);
bool	pf_parse_antispoof(struct pf_parse *);
void	pf_check_queues(struct pf_parse *);		/* after all queues are known */

/* ---- parts of rules ---- */
void	pf_def_init(struct pf_def *);
bool	pf_parse_log(struct pf_parse *, struct pf_rule *);
bool	pf_parse_on(struct pf_parse *, struct pf_def *);
bool	pf_parse_ifspec(struct pf_parse *, struct pn_if **);
bool	pf_parse_head(struct pf_parse *, struct pf_def *);	/* direction to hosts */
bool	pf_parse_af(struct pf_parse *, uint8_t *af);		/* if it stands there */
bool	pf_parse_options(struct pf_parse *, struct pf_def *);	/* filteropts, to the end of the line or a { */
bool	pf_parse_set_options(struct pf_parse *, struct pf_def *);
bool	pf_parse_scrub(struct pf_parse *, struct pf_def *);
bool	pf_parse_keep(struct pf_parse *, struct pf_def *);
bool	pf_parse_state_list(struct pf_parse *, struct pf_state_opts *);
bool	pf_parse_timeout(struct pf_parse *, struct pf_state_opts *);
bool	pf_parse_icmp(struct pf_parse *, struct pf_def *, bool v6);
bool	pf_parse_tos(struct pf_parse *, int16_t *);
bool	pf_parse_redir(struct pf_parse *, struct pf_redir *, bool ports);

bool	pf_parse_pool_options(struct pf_parse *, struct pf_redir *);
void	pf_hash_string(const char *, uint32_t key[4]);	/* MD5, RFC 1321: a key from words */
bool	pf_parse_ids(struct pf_parse *, struct pn_cmp **, bool group);
bool	pf_parse_ports(struct pf_parse *, struct pn_cmp **);
bool	pf_parse_port(struct pf_parse *, const char *, uint16_t *);	/* a name or number */

/* ---- hosts (pf_parse_host.c, pf_host.c) ---- */
bool	pf_parse_hosts(struct pf_parse *, struct pn_host **);	/* any (NULL), one, or a list; with urpf-failed, route ... */
bool	pf_parse_host(struct pf_parse *, struct pn_host ***tail);	/* one; may give several addresses */
bool	pf_parse_table_name(struct pf_parse *, const char **);
/* A literal address, network, interface with modifiers, "self" or host name, with "/N". Appends to the list. Says what is wrong. */
bool	pf_resolve(struct pf_parse *, const char *text, struct pn_host ***tail);
bool	pf_literal(struct pf_parse *, const char *text, struct pf_addr *);	/* an address or network; false: it is none */
bool	pf_dynaddr(struct pf_parse *, const char *text, struct pf_addr *);

/* ---- rules from definitions ---- */
bool	pf_expand(struct pf_parse *, struct pf_def *);		/* the rules go into p_anchor */
bool	pf_check_def(struct pf_parse *, const struct pf_def *);	/* before expansion */
unsigned pf_check_rule(struct pf_parse *, const struct pf_rule *);	/* errors found in one combination */
unsigned pf_check_binat(struct pf_parse *, const struct pf_rule *);	/* the same, of binat-to */
/* The pool of one rule out of a redirection: addresses of the rule's family. False: said why. */
bool	pf_make_pool(struct pf_parse *, struct pf_rule *, struct pf_redir *, struct pf_pool *, bool route);
bool	pf_expand_text(struct pf_parse *, const struct pf_rule *, const char *text, size_t max, const char *what, const char **);

/* ---- anchors (pf_anchor.c) ---- */
/* By a path relative to `from` ("a/b", "../c", "/d"), made when it is not there. NULL: said why. */
struct pf_anchor *pf_anchor_find(struct pf_parse *, struct pf_anchor *from, const char *path);
struct pf_anchor *pf_anchor_unnamed(struct pf_parse *, struct pf_anchor *from);
bool	pf_table_add(struct pf_parse *, struct pf_table *);
bool	pf_table_entry(struct pf_parse *, struct pf_table *, const struct pn_host *);

#endif
