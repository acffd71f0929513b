/* pf_overload.h - sources that have gone over the limits of a rule with overload: into its table, and with flush their states end. pf.conf(5). */
#ifndef NET_PF_PF_OVERLOAD_H
#define NET_PF_PF_OVERLOAD_H

#include "net/pf/pf_engine.h"

/* A source of the rule's is put into the rule's table, soon. Any core. */
void	pf_overload(const struct pf_krule *, unsigned pf_family, const struct in6_addr *);
/* Who does that is there. Task of core 0; false: no memory. */
bool	pf_overload_prepare(void);

#endif
