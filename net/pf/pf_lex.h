/* pf_lex.h - pf.conf(5) as tokens: words, numbers, quotes, comments, continued lines, macros, included files.
 * A word that the grammar reserves is a token of its own kind; in quotes it is a string like any other. */
#ifndef NET_PF_PF_LEX_H
#define NET_PF_PF_LEX_H

#include <stdarg.h>

#include "net/pf/pf_conf.h"

/* The reserved words: pf_keywords[] (pf_lex_words.c) has the texts in the same order, which is strcmp's. */
enum pf_keyword {
	KW_NONE,
	KW_AF_TO, KW_ALL, KW_ALLOW_OPTS, KW_ANCHOR, KW_ANTISPOOF, KW_ANY, KW_BANDWIDTH, KW_BINAT_TO, KW_BITMASK, KW_BLOCK, KW_BLOCK_POLICY,
	KW_BURST, KW_CODE, KW_CONST, KW_COUNTERS, KW_DEBUG, KW_DEFAULT, KW_DELAY, KW_DIVERT_PACKET, KW_DIVERT_REPLY, KW_DIVERT_TO, KW_DROP,
	KW_DUP_TO, KW_FILE, KW_FINGERPRINTS, KW_FLAGS, KW_FLOATING, KW_FLOWS, KW_FLUSH, KW_FOR, KW_FRAGMENT, KW_FROM, KW_GLOBAL, KW_GROUP,
	KW_HOSTID, KW_ICMP_TYPE, KW_ICMP6_TYPE, KW_IF_BOUND, KW_IN, KW_INCLUDE, KW_INET, KW_INET6, KW_KEEP, KW_LABEL, KW_LEAST_STATES,
	KW_LIMIT, KW_LOAD, KW_LOG, KW_LOGINTERFACE, KW_MATCH, KW_MATCHES, KW_MAX, KW_MAX_MSS, KW_MAX_PKT_RATE, KW_MAX_SRC_CONN,
	KW_MAX_SRC_CONN_RATE, KW_MAX_SRC_NODES, KW_MAX_SRC_STATES, KW_MIN, KW_MIN_TTL, KW_MODULATE, KW_NAT_TO, KW_NO, KW_NO_DF,
	KW_NO_ROUTE, KW_NO_SYNC, KW_ON, KW_ONCE, KW_OPTIMIZATION, KW_OS, KW_OUT, KW_OVERLOAD, KW_PARENT, KW_PASS, KW_PERSIST, KW_PFLOW,
	KW_PORT, KW_PRIO, KW_PROBABILITY, KW_PROTO, KW_QLIMIT, KW_QUANTUM, KW_QUEUE, KW_QUICK, KW_RANDOM, KW_RANDOM_ID, KW_RDOMAIN,
	KW_RDR_TO, KW_REASSEMBLE, KW_RECEIVED_ON, KW_REPLY_TO, KW_RETURN, KW_RETURN_ICMP, KW_RETURN_ICMP6, KW_RETURN_RST, KW_ROUND_ROBIN,
	KW_ROUTE, KW_ROUTE_TO, KW_RTABLE, KW_RULE, KW_RULESET_OPTIMIZATION, KW_SCRUB, KW_SET, KW_SKIP, KW_SLOPPY, KW_SOURCE_HASH,
	KW_SOURCE_TRACK, KW_STATE, KW_STATE_DEFAULTS, KW_STATE_POLICY, KW_STATIC_PORT, KW_STICKY_ADDRESS, KW_SYNCOOKIES, KW_SYNPROXY,
	KW_TABLE, KW_TAG, KW_TAGGED, KW_TIMEOUT, KW_TO, KW_TOS, KW_TTL, KW_URPF_FAILED, KW_USER, KW_WEIGHT, KW_COUNT
};
extern const char *const pf_keywords[KW_COUNT];
enum pf_keyword pf_keyword(const char *word);

/* A token's kind: a character as it stands there, or one of these. */
enum pf_token {
	TOK_EOF = 256,
	TOK_ERROR,			/* the lexer has said why; the rest of the line is gone */
	TOK_STRING,			/* lx_text */
	TOK_NUMBER,			/* lx_number, lx_text */
	TOK_WORD,			/* a reserved word: lx_kw, lx_text */
	TOK_NE, TOK_LE, TOK_GE,		/* != <= >= */
	TOK_IRG, TOK_XRG,		/* >< <> */
};

#define PF_LEX_MAX	8096		/* bytes of a string */
#define PF_INCLUDES	16		/* files deep */
#define PF_UNGET	24

struct pf_lex_file {
	const char	*lf_name, *lf_p, *lf_end;
	unsigned	 lf_line;
	char		*lf_text;	/* malloc()ed: goes when the file ends; NULL: the caller's */
};
struct pf_macro { struct pf_macro *m_next; const char *m_name, *m_value; bool m_cmdline; };

struct pf_lex {
	const struct pf_env *lx_env;
	struct pf_arena	*lx_mem;
	struct pf_lex_file lx_file[PF_INCLUDES];
	unsigned	 lx_nfiles;
	const char	*lx_macro;	/* what is left of a macro's value; NULL: none is being read */
	char		 lx_after;	/* the character behind the macro's name; NUL: none is kept */
	char		 lx_unget[PF_UNGET];
	unsigned	 lx_nunget;
	bool		 lx_bol;	/* the file's last character was a newline, or there was none yet */
	struct pf_macro	*lx_macros;
	unsigned	 lx_errors;

	int		 lx_tok;	/* the token that is looked at */
	enum pf_keyword	 lx_kw;
	int64_t		 lx_number;
	unsigned	 lx_line;	/* where it starts */
	char		 lx_text[PF_LEX_MAX];
	size_t		 lx_len;
};

void	pf_lex_init(struct pf_lex *, const struct pf_env *, struct pf_arena *);
void	pf_lex_free(struct pf_lex *);
/* Takes over a malloc()ed text (own) or borrows one. False: too deep. */
bool	pf_lex_push(struct pf_lex *, const char *name, const char *text, size_t len, char *own);
void	pf_lex_next(struct pf_lex *);
bool	pf_lex_is_string(const char *);	/* without quotes it is one string and nothing else */
const char *pf_lex_filename(const struct pf_lex *);
/* Defines or redefines; false: no memory. A macro of the command line stays. */
bool	pf_lex_define(struct pf_lex *, const char *name, const char *value, bool cmdline);
/* Says what is wrong at the token that is looked at. */
void	pf_lex_error(struct pf_lex *, const char *fmt, ...) __printflike(2, 3);
void	pf_lex_verror(struct pf_lex *, const char *fmt, va_list);

#endif
