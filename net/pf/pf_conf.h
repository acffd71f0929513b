/* pf_conf.h - reading pf.conf(5) into a struct pf_conf, checking it, printing it. No state outside the arguments: any task, also several at a time. */
#ifndef NET_PF_PF_CONF_H
#define NET_PF_PF_CONF_H

#include "net/pf/pf_env.h"

struct pf_define { const char *d_name, *d_value; };	/* -D name=value: overrides the file's */

struct pf_source {
	const char	*ps_name;		/* for messages: "stdin", "/etc/pf.conf" */
	const char	*ps_text;		/* ps_len bytes */
	size_t		 ps_len;
	const char	*ps_anchor;		/* -a: the rules are loaded into this anchor; "" */
	const struct pf_define *ps_define;
	unsigned	 ps_ndefine;
};

/* All errors are reported, then false: pc holds what could be read, for pf_conf_free() only. */
bool	pf_conf_parse(struct pf_conf *, const struct pf_env *, const struct pf_source *);
void	pf_conf_free(struct pf_conf *);

/* What the engine cannot do yet: asked for each rule, queue and, with both NULL, the options. Returns the reason ("queueing is not supported"), or NULL.
 * A ruleset with any is refused: each place is reported with FILE:LINE and false returned. */
typedef const char *pf_lacks_fn(const struct pf_conf *, const struct pf_rule *, const struct pf_queue *);
bool	pf_conf_check(const struct pf_conf *, const struct pf_env *, pf_lacks_fn *);

/* Printing, as pfctl -sr and -nv do. A rule without a newline. */
void	pf_print_rule(struct out *, const struct pf_rule *);
void	pf_print_rules(struct out *, struct pf_conf *, bool numbers);	/* the main ruleset, then what no anchor rule shows */
void	pf_print_queue(struct out *, const struct pf_queue *);
void	pf_print_quoted(struct out *, const char *);			/* "string" */
void	pf_print_word(struct out *, const char *);			/* the same without quotes where they are not needed */
void	pf_print_addr(struct out *, const struct pf_addr *);
void	pf_print_cmp(struct out *, const struct pf_cmp *);		/* " = 80" */
void	pf_print_state_opts(struct out *, const struct pf_state_opts *, const char *sep);

#endif
