/* pf_ext.h - what only some states need: an extension, a line of the memory of their core's states; and of them some of TCP another one. So there can
 * be as many of both as states, and no more. */
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
	uint32_t	 se_tcp;		/* pf_ext_tcp(); 0: nothing */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct pf_state_ext) == CACHELINE, "a quarter of a state");
_Static_assert(sizeof(((struct pf_state *)0)->s_peer) <= sizeof(struct pf_state_ext), "the first has the peers");
#define PF_EXTS_A_STATE	(sizeof(struct pf_state) / sizeof(struct pf_state_ext) - 1)	/* that its memory becomes */

/* Of connections whose headers are changed. */
struct pf_stamps {			/* an end's timestamps, as it sends them itself */
	uint32_t	 st_shift;	/* added to them */
	uint32_t	 st_recent;	/* what the other end takes none from before (TS.Recent of RFC 7323 4.3), or less than that */
	uint32_t	 st_last;	/* the latest one */
	uint32_t	 st_when;	/* when that came, seconds of uptime */
};
struct pf_ext_tcp {
	uint32_t	 et_seq[2];		/* modulate state: added to what each end sends */
	struct pf_stamps et_stamps[2];
	uint8_t		 et_ttl[2];		/* the highest of each end */
	bool		 et_modulates, et_scrubs;	/* modulate state; scrub (reassemble tcp) */
	bool		 et_offers[2], et_sends[2];	/* its SYN had a timestamp; what came behind, too */
};
_Static_assert(sizeof(struct pf_ext_tcp) <= sizeof(struct pf_state_ext), "it lies in one");

static inline struct pf_state_ext *
pf_ext_at(uint32_t index)
{
	return (struct pf_state_ext *)(percore(pf_states).ps_base + (int64_t)(int32_t)index * (int64_t)sizeof(struct pf_state_ext)) - 1;
}
/* That of a state of this core; NULL: it has none. */
static inline struct pf_state_ext *
pf_ext(const struct pf_state *s)
{
	return s->s_ext != 0 ? pf_ext_at(s->s_ext) : NULL;
}
static inline struct pf_ext_tcp *
pf_ext_tcp(const struct pf_state *s)
{
	const struct pf_state_ext *e = pf_ext(s);

	return e != NULL && e->se_tcp != 0 ? (struct pf_ext_tcp *)pf_ext_at(e->se_tcp) : NULL;
}
/* What the verdict asks for (v_acts), for a new state that the packet begins. False: *why; pf_ext_put() is still due. */
bool	pf_ext_make(struct pf_state *, const struct pf_pdesc *, const struct pf_verdict *, enum pf_reason *why);
/* Each packet of the state is looked at: the flow path is not for it. */
static inline bool
pf_ext_is_plain(const struct pf_state_ext *e)
{
	return e->se_tcp == 0 && pf_acts_are_plain(&e->se_acts);
}
/* The state's, zero when it had none. NULL: no memory. */
struct pf_state_ext *pf_ext_get(struct pf_state *);
/* It has none any more. */
void	pf_ext_put(struct pf_state *);
uint32_t pf_exts_count(void);		/* of all cores, of both kinds. Core 0 */

/* ---- modulate state: pf_seq.c ---- */

/* An end's first segment is a SYN with this number: from now on others see a better one, if the state modulates. */
void	pf_seq_choose(struct pf_state *, unsigned peer, uint32_t seq);
/* What is added to what that end sends. */
static inline uint32_t
pf_seq_shift(const struct pf_state *s, unsigned peer)
{
	const struct pf_ext_tcp *et = pf_ext_tcp(s);

	return et != NULL ? et->et_seq[peer] : 0;
}
/* The packet of the state, or the header that it quotes, gets the numbers of who it goes to. `pd` describes it, and its mbuf may be another one
 * afterwards. False: it is gone, counted. */
bool	pf_modulate(const struct pf_state *, struct pf_pdesc *);
/* A segment that it has changed becomes what it was. As above. */
bool	pf_unmodulate(const struct pf_state *, struct pf_pdesc *);
/* Of that end of the connection, the same for the next one of the same ends, and nobody can tell; another for each `what`. */
uint32_t pf_seq_secret(const struct pf_state *, unsigned peer, unsigned what);

/* ---- scrub (reassemble tcp): pf_stamp.c ---- */

/* The segment, which is from that end, may have the timestamps that it has. */
bool	pf_stamps_fit(const struct pf_state *, unsigned from, const struct pf_pdesc *);
/* It passes: its TTL is raised, its timestamps are noted and changed; of an error only the quoted ones, back. As pf_modulate(). */
bool	pf_restamp(const struct pf_state *, struct pf_pdesc *);

#endif
