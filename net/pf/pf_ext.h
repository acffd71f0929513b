/* pf_ext.h - what only some states need: an extension, a line of the memory of their core's states. So there can be as many as states, and no more. */
#ifndef NET_PF_PF_EXT_H
#define NET_PF_PF_EXT_H

#include "net/pf/pf_src.h"

struct pf_state_ext {
	union {
		struct in6_addr	 se_gateway;	/* ac_rt: the next hop; of link scope with its zone */
		struct pf_state_ext *se_next;	/* free */
	};
	struct pf_src	*se_src[PF_SRC_KINDS];	/* that it counts for; NULL: none of the kind */
	struct pf_acts	 se_acts;
	bool		 se_connected;		/* it counts as a connection for se_src[PF_SRC_LIMIT], too */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct pf_state_ext) == CACHELINE, "a quarter of a state");

/* That of a state of this core; NULL: it has none. */
static inline struct pf_state_ext *
pf_ext(const struct pf_state *s)
{
	if (s->s_ext == 0)
		return NULL;
	return (struct pf_state_ext *)(percore(pf_states).ps_base + (int64_t)(int32_t)s->s_ext * (int64_t)sizeof(struct pf_state_ext)) - 1;
}
/* What the verdict asks for (v_acts), for a new state that the packet begins. False: *why; pf_ext_put() is still due. */
bool	pf_ext_make(struct pf_state *, const struct pf_pdesc *, const struct pf_verdict *, enum pf_reason *why);
/* Each packet of the state is looked at: the flow path is not for it. */
static inline bool
pf_ext_is_plain(const struct pf_state_ext *e)
{
	return pf_acts_are_plain(&e->se_acts);
}
/* The state's, zero when it had none. NULL: no memory. */
struct pf_state_ext *pf_ext_get(struct pf_state *);
/* It has none any more. */
void	pf_ext_put(struct pf_state *);
uint32_t pf_exts_count(void);		/* of all cores. Core 0 */

#endif
