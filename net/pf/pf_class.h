/* pf_class.h - which rules of a list a packet can match at all: a tree that is made when a ruleset is loaded and never changes. pf_class_make.c says
 * why. */
#ifndef NET_PF_PF_CLASS_H
#define NET_PF_PF_CLASS_H

#include "kernel/endian.h"

/* What is looked at, each a number; an address of IPv4 is a SRC or DST alone, one of IPv6 has its last 64 bits in the next. */
enum pf_cdim { PF_CD_IFNAME, PF_CD_PROTO, PF_CD_SRC, PF_CD_SRCLOW, PF_CD_DST, PF_CD_DSTLOW, PF_CD_SPORT, PF_CD_DPORT, PF_CD_FLAGS, PF_CDIMS };
#define PF_CD_NOPORT	65536u		/* a fragment's port: no comparison is true of it */
#define PF_CD_OPENS	0u		/* flags S/SA is true of it, or it is no TCP */
#define PF_CD_LATER	1u
struct pf_cfields { uint64_t cf_v[PF_CDIMS]; };

/* Up to cn_value, the node at cn_first; above, the one behind it. A leaf (cn_dim PF_CDIMS): cn_value places of the list, in order, from
 * cl_ref[cn_first] on. PF_CLASS_SURE: the rule matches all that comes to this leaf; PF_CLASS_HOSTS: if the addresses do; PF_CLASS_TABLE, too: if the
 * source is in kr_src. PF_CLASS_PLAIN: then it decides and does nothing else, PF_CLASS_QUICK: at once. */
struct pf_cnode { uint64_t cn_value; uint32_t cn_first, cn_dim; };
#define PF_CLASS_SURE	0x80000000u
#define PF_CLASS_HOSTS	0x40000000u
#define PF_CLASS_PLAIN	0x20000000u
#define PF_CLASS_QUICK	0x10000000u
#define PF_CLASS_TABLE	0x08000000u
#define PF_CLASS_PLACE	0x07ffffffu
struct pf_class {
	struct pf_cnode	*cl_node;	/* malloc()ed; NULL: the list's rules are compared one by one */
	uint32_t	*cl_ref;	/* malloc()ed: places in the list, from 0, and bits */
	uint32_t	 cl_root[2][2];	/* in, out; IPv4, IPv6 */
	uint32_t	 cl_nodes, cl_refs, cl_most;	/* cl_most: rules in a leaf */
};

/* The numbers of the interfaces that rules name: their places in a table with free ones. */
struct pf_cnames { char (*cm_name)[16]; uint32_t cm_mask; };	/* in the ruleset's arena; "": free */

static inline bool
pf_name_equal(const char *a, const char *b)
{
	return ((load64(a) ^ load64(b)) | (load64(a + 8) ^ load64(b + 8))) == 0;
}

/* Its place, or the free one where it would be. Sixteen bytes, zero behind the end. */
static inline uint32_t
pf_cname_place(const struct pf_cnames *cm, const char *name)
{
	uint32_t i = (uint32_t)((load64(name) ^ load64(name + 8)) * 0x9e3779b97f4a7c15u >> 32) & cm->cm_mask;

	while (cm->cm_name[i][0] != '\0' && !pf_name_equal(cm->cm_name[i], name))
		i = (i + 1) & cm->cm_mask;
	return i;
}

/* 0: no rule names it. */
static inline uint32_t
pf_cname(const struct pf_cnames *cm, const char *name)
{
	uint32_t i = pf_cname_place(cm, name);

	return cm->cm_name[i][0] != '\0' ? i + 1 : 0;
}

/* The places of those that it may match: *n. At most PF_CLASS_DEPTH steps. */
#define PF_CLASS_DEPTH	48u
#define PF_CLASS_ROOM	128u		/* words of memory a rule, for each of the four trees of a list, and some more for short lists */
static inline const uint32_t *
pf_class_find(const struct pf_class *cl, const struct pf_cfields *f, uint32_t root, unsigned *n)
{
	const struct pf_cnode *nd = &cl->cl_node[root];

	while (nd->cn_dim != PF_CDIMS)
		nd = &cl->cl_node[nd->cn_first + (f->cf_v[nd->cn_dim] > nd->cn_value)];
	*n = (unsigned)nd->cn_value;
	return cl->cl_ref + nd->cn_first;
}

struct pf_ruleset;
struct pf_krules;
struct pf_rcount;
/* Numbers the interfaces of all rules. False: no memory. */
bool	pf_class_names(struct pf_ruleset *);
/* The list's tree; those for which there is no memory have none. Task context; takes its time, bounded. */
void	pf_class_make(const struct pf_krules *);
void	pf_class_free(struct pf_class *);
/* From where walks through the list have ended, by kr_index, to how often its rules were evaluated. */
void	pf_class_expand(const struct pf_krules *, struct pf_rcount *);

#endif
