/* pf_once.h - rules for one packet (pf.conf(5), once): the first that such a rule decides for has it, on whatever core; from then on the rule matches
 * nothing. */
#ifndef NET_PF_PF_ONCE_H
#define NET_PF_PF_ONCE_H

#include "net/pf/pf_engine.h"

/* The packet that a rule with kr_once decides for has it. False: another packet, of another core, had it a moment before: this one is to be judged
 * anew. Any core. */
bool	pf_once_take(const struct pf_krule *);
/* What it had been taken for did not come about (refused, or to be judged on another core): it is for the next packet. */
void	pf_once_return(const struct pf_krule *);
/* Rules of the same text that have been taken in the old ruleset are taken in this one: another anchor's text was loaded. Either may be NULL. Core 0. */
void	pf_once_keep(struct pf_ruleset *rs, const struct pf_ruleset *old);

#endif
