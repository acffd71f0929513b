/* pf_conf.h - reading pf.conf(5) into a struct pf_conf, checking it, printing it. No state outside the arguments: any task, also several at a time. */
#ifndef NET_PF_PF_CONF_H
#define NET_PF_PF_CONF_H

#include "net/pf/pf_env.h"

struct pf_define { const char *d_name, *d_value; };	/* -D name=value: overrides the file's */

/* What a statement of a file is, by its first word. */
enum pf_statement { PF_ST_MACRO, PF_ST_OPTION, PF_ST_TABLE, PF_ST_QUEUE, PF_ST_RULE, PF_ST_ANCHOR, PF_ST_LOAD, PF_ST_INCLUDE };

/* The rules of an anchor that stand apart from the main ruleset (pfctl -a). */
struct pf_overlay {
	const char	*po_anchor;		/* its path */
	const char	*po_name, *po_text;	/* as ps_name, ps_text */
	size_t		 po_len;
	uint64_t	 po_number;		/* tells one text from another; 0: nobody asks */
};

struct pf_source {
	const char	*ps_name;		/* for messages: "stdin", "/etc/pf.conf" */
	const char	*ps_text;		/* ps_len bytes */
	size_t		 ps_len;
	uint64_t	 ps_number;		/* as po_number */
	const char	*ps_anchor;		/* -a: the rules are loaded into this anchor; "" */
	const struct pf_define *ps_define;
	unsigned	 ps_ndefine;
	const struct pf_overlay *ps_overlay;	/* are read last, in this order, and stand in the place of what the file itself says of their anchors */
	unsigned	 ps_noverlay;
	/* Is told of each statement that was good: its lines, a macro's or table's name (else NULL), how many files deep it stands (1: in ps_text).
	 * NULL: nobody asks. */
	void		(*ps_statement)(const struct pf_source *, enum pf_statement, const char *name, unsigned first, unsigned last, unsigned depth);
};
/* The text of s without the lines of statements that go() says yes to: malloc()ed. NULL: it is wrong (and was said), or there is no memory. Depth as
 * above; those of deeper files stay, go() is asked only so that it knows. */
char	*pf_conf_without(const struct pf_env *, const struct pf_source *, bool (*go)(void *arg, enum pf_statement, const char *name, unsigned depth), void *arg,
	    size_t *len);

/* All errors are reported, then false: pc holds what could be read, for pf_conf_free() only. */
bool	pf_conf_parse(struct pf_conf *, const struct pf_env *, const struct pf_source *);
void	pf_conf_free(struct pf_conf *);

/* What the engine cannot do yet: asked for each rule, queue and, with both NULL, the options. Returns the reason ("queueing is not supported"), or
 * NULL. A ruleset with any is refused: each place is reported with FILE:LINE and false returned. */
typedef const char *pf_lacks_fn(const struct pf_conf *, const struct pf_rule *, const struct pf_queue *);
bool	pf_conf_check(const struct pf_conf *, const struct pf_env *, pf_lacks_fn *);

/* Printing, as pfctl -sr and -nv do. A rule without a newline. */
#define PF_PRINT_NUMBERS	0x01			/* of rules (-vv) */
#define PF_PRINT_NAMES		0x02			/* of ports (-P) */
void	pf_print_rule(struct out *, const struct pf_rule *, unsigned how);
void	pf_print_rules(struct out *, struct pf_conf *, unsigned how);	/* the main ruleset, then what no anchor rule shows */
void	pf_print_queue(struct out *, const struct pf_queue *);
void	pf_print_quoted(struct out *, const char *);			/* "string" */
void	pf_print_word(struct out *, const char *);			/* the same without quotes where they are not needed */
void	pf_print_addr(struct out *, const struct pf_addr *);
void	pf_print_cmp(struct out *, const struct pf_cmp *, bool names);	/* " = 80"; " = www" */
void	pf_print_state_opts(struct out *, const struct pf_state_opts *, const char *sep);

#endif
