/* pf_class_var.h - what the files that make trees of rules share (pf_class.h). Tasks of core 0. */
#ifndef NET_PF_PF_CLASS_VAR_H
#define NET_PF_PF_CLASS_VAR_H

#include "net/pf/pf_engine.h"

struct pf_crange { uint64_t lo, hi; };		/* both are in it; lo above hi: it is empty */
#define PF_CRANGE_ALL	((struct pf_crange){ 0, UINT64_MAX })
struct pf_cbox {
	struct pf_crange b_dim[PF_CDIMS];
	bool		 b_exact, b_hosts;	/* it matches all that is in the box; if the addresses do */
	bool		 b_decides;		/* pass or block, which does nothing else */
	bool		 b_table;		/* from a table to anywhere */
	bool		 b_plain, b_quick;	/* it decides, but not at once; nothing behind is looked at */
	bool		 b_apart;		/* what has been decided before it may stay so, whatever is behind */
};

/* pf_class_box.c. A rule's for packets of that direction (PF_IN, PF_OUT) and family (PF_INET, PF_INET6). False: it never matches one of them. */
bool	pf_class_box(const struct pf_krule *, unsigned dir, unsigned af, struct pf_cbox *);
/* What comes behind the rule in its list may meet another packet than what comes before it. */
bool	pf_class_changes(const struct pf_rule *);

#endif
