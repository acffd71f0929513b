/* pf_ifcount.h - what the packet filter has passed and blocked on each interface: pfctl -vvs Interfaces, and set loginterface, which shows those of one
 * interface or group.
 *
 * Counted is what has been judged there, once, on the core that did: by the flow path, too. What goes to another core is counted by that one;
 * fragments that are put together count as the datagram, when it is whole. Bytes are those of the IP packet as it came to the filter. */
#ifndef NET_PF_PF_IFCOUNT_H
#define NET_PF_PF_IFCOUNT_H

#include "kernel/percore.h"
#include "net/pf/pf_flow.h"

enum { PF_IFC_PASSED, PF_IFC_BLOCKED };
struct pf_ifcounts {			/* [0: IPv4, 1: IPv6][0: in, 1: out][PF_IFC_*] */
	uint64_t	 ic_packets[2][2][2], ic_bytes[2][2][2];
};

enum pf_ifsince { PF_IFS_CLEARED, PF_IFS_LOGGED, PF_IFS_COUNT };	/* pfctl -F info; set loginterface, or another ruleset with another one */
struct pf_ifstats {			/* an interface's */
	void		*is_mem;
	uint32_t	 is_since;		/* wall_s() when it came, or was cleared */
	struct pf_ifcounts is_base[PF_IFS_COUNT];	/* what had been counted then */
	struct pf_ifcounts is_count[] __aligned_to(CACHELINE);		/* by core */
};
_Static_assert(sizeof(struct pf_ifcounts) % CACHELINE == 0, "a core's has no line with another's");
bool	pf_if_attach(struct ifnet *);		/* if_pf. False: no memory */
void	pf_if_detach(struct ifnet *);		/* no core counts there any more */

/* Those of a batch that have been judged here: all, and those that have gone on. */
struct pf_judged { uint64_t pj_n, pj_bytes, pj_passed, pj_passedbytes; };
static inline void
pf_judged_one(struct pf_judged *pj, const struct mbuf *m)
{
	pj->pj_n++;
	pj->pj_bytes += m->m_pktlen;
}
static inline void
pf_judged_passed(struct pf_judged *pj, const struct mbuf *m)
{
	pj->pj_passed++;
	pj->pj_passedbytes += m->m_pktlen;
}
/* One of so many bytes is not judged here after all. */
static inline void
pf_judged_away(struct pf_judged *pj, uint32_t len)
{
	pj->pj_n--;
	pj->pj_bytes -= len;
}
/* dir: PF_IN or PF_OUT. */
void	pf_if_count(const struct ifnet *, unsigned af, unsigned dir, const struct pf_judged *);

/* A run of the flow path: so many, of fs_bytes of IP in all, have come in and leave by that interface, which judges them but for fs_judged. */
static inline void
pf_flow_count(struct flow_pass *fs, const struct ifnet *out, bool six, size_t n)
{
	if (unlikely(fs->fs_judged != NULL)) {
		out = fs->fs_judged;
		pf_flow_judged(fs);
	}
	struct pf_ifcounts *in = &fs->fs_ifp->if_pf->is_count[core_id()], *to = &out->if_pf->is_count[core_id()];

	in->ic_packets[six][0][PF_IFC_PASSED] += n;
	in->ic_bytes[six][0][PF_IFC_PASSED] += fs->fs_bytes;
	to->ic_packets[six][1][PF_IFC_PASSED] += n;
	to->ic_bytes[six][1][PF_IFC_PASSED] += fs->fs_bytes;
	fs->fs_bytes = 0;
}

void	pf_ifcounts_add(struct pf_ifcounts *to, const struct pf_ifcounts *);
/* Over all cores, since then; added to what is in the last. Core 0. */
void	pf_if_sum(const struct ifnet *, enum pf_ifsince, struct pf_ifcounts *);
/* The same of all interfaces that the name means now. Inside net_enter(). */
void	pf_if_sum_named(const char name[IFNAMSIZ], enum pf_ifsince, struct pf_ifcounts *);
/* From now on; NULL: all interfaces. Inside net_enter(). */
void	pf_if_clear(const char *name, enum pf_ifsince);

#endif
