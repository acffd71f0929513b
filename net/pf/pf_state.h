/* pf_state.h - states: what has been let through once, and belongs to it. Each core has a table of its own, of the flows that steering brings there
 * (pf_home); nobody else looks at it but by core_call().
 *
 * A forwarded connection has two, one of each interface. A state's key names the wire's side first, so that a packet out and its answer in have the
 * same one, and those of the other interface another. When both are on one core they are a pair, and packets that change nothing but counters and
 * windows pass by the flow path (pf_flow.h). */
#ifndef NET_PF_PF_STATE_H
#define NET_PF_PF_STATE_H

#include "kernel/out.h"
#include "net/pf/pf_engine.h"

/* How far an end has come. TCP: what it has sent, and whether that was acknowledged; pfctl -ss's names. */
enum pf_tcp_state { PFT_CLOSED, PFT_SYN_SENT, PFT_ESTABLISHED, PFT_CLOSING, PFT_FIN_WAIT_2, PFT_TIME_WAIT, PFT_COUNT };
enum pf_other_state { PFO_NO_TRAFFIC, PFO_SINGLE, PFO_MULTIPLE };

struct pf_peer {
	uint32_t	 pe_end;	/* the sequence number behind all that it has sent */
	uint32_t	 pe_maxend;	/* how far it may send: what the other end has acknowledged and allowed */
	uint32_t	 pe_ack;	/* what it has acknowledged last */
	uint32_t	 pe_maxwin;	/* the largest window that it has offered, bytes */
	uint32_t	 pe_stamp;	/* of a pair: fs_stamp of the second in which its packets may take the flow path; else 0 */
	uint32_t	 pe_id;		/* of the state, for who points here; 0: there is none */
	uint8_t		 pe_state;
	uint8_t		 pe_scale;	/* of its window, when PF_PEER_SCALE */
	uint8_t		 pe_flags;
	uint8_t		 pe_shift;	/* of a pair: pe_scale, or 0 */
	union {
		uint32_t pe_old;	/* of a pair: pf_old_window() */
		uint32_t pe_judged;	/* of a pair's other state: PF_PEER_ELSEWHERE; if_index */
	};
};
_Static_assert(sizeof(struct pf_peer) == 32 && offsetof(struct pf_peer, pe_id) == offsetof(struct pf_peer, pe_stamp) + 4, "two in a line");
#define PF_PEER_SEEN	0x01		/* pe_end is known */
#define PF_PEER_SCALE	0x02		/* its SYN had the option */
#define PF_PEER_XOUT	0x04		/* of a pair: what it sends is translated on the way out */
#define PF_PEER_ELSEWHERE 0x10		/* of a pair: what it sends is judged on the way out by an interface that does not send it */
#define PF_PEER_XLATE6	0x08		/* of a pair of IPv6: what it sends leaves as pf_flow_last() */
/* Old data and old acknowledgements are taken as far back, at least: retransmissions, and ends whose windows are small. */
#define PF_OLD_WINDOW	66000u
static inline uint32_t pf_old_window(const struct pf_peer *p) { return MAX(p->pe_maxwin, PF_OLD_WINDOW); }

/* What an end has sent: its rule's, too, until the state is gone (pf_rcounts()); read by pf_state_sent(). Beside it what there was room for. */
struct pf_side {
	uint64_t	 sd_packets, sd_bytes;
	struct pf_side	*sd_pair;	/* the same of the state on the other interface; NULL: not known */
	union {
		const struct pf_krule *sd_rule;		/* of s_side[0] */
		struct { uint32_t sd_created, sd_last; };	/* of s_side[1] */
	};
};
_Static_assert(sizeof(struct pf_side) == sizeof(struct pf_peer), "one lies a line behind the other");

struct pf_sk {				/* a state's place in the table */
	struct pf_sk	*sk_next;
	uint32_t	 sk_hash;
	uint32_t	 sk_dirs;	/* bit PF_IN, PF_OUT: packets of which direction look for it here; PF_SK_OTHER */
	struct pf_key	 sk_key;
};
#define PF_SK_OTHER	0x80		/* it is s_sk[1] */
struct pf_state {
	/* the first two lines are what the flow path looks at */
	struct pf_peer	 s_peer[2];	/* who began; the other */
	struct pf_side	 s_side[2];
#define s_rule		s_side[0].sd_rule
#define s_created	s_side[1].sd_created	/* seconds of uptime */
#define s_last		s_side[1].sd_last	/* of the last packet */
	struct pf_sk	 s_sk[2];	/* as the first packet came; when s_translated, as it went on */
	uint16_t	 s_ifidx;	/* bound to this interface; 0: to none */
	uint16_t	 s_tag;
	uint8_t		 s_dir;		/* of the first packet */
	uint8_t		 s_timeout;	/* enum pf_timeout: how long it lives from s_last on */
	bool		 s_sloppy : 1, s_translated : 1;
	bool		 s_follows : 1;	/* how far its peers are is to be seen in its pair, and its counts are what they are above that one's:
					 * pf_state_disturb() */
	bool		 s_connected : 1;	/* its source counts it as a connection: pf_src.h */
	uint8_t		 s_note, s_noted;	/* the core that has a note of one of its keys, + 1; 0: none; s_sk[s_noted] */
	uint8_t		 s_away;	/* this is a note: the core that has the state, + 1; only s_sk[0] and the time are set */
	uint8_t		 s_core;	/* that it is on */
	uint32_t	 s_ext;		/* what only some have: pf_ext.h; 0: nothing */
} __aligned_to(CACHELINE);
_Static_assert(sizeof(struct pf_state) == 4 * CACHELINE, "a million connections are two million of them");
_Static_assert(offsetof(struct pf_state, s_sk) == 2 * CACHELINE, "two lines");
/* The state of the same connection on the other interface; NULL: not known. */
static inline struct pf_state *
pf_state_pair(const struct pf_state *s)
{
	return s->s_side[0].sd_pair != NULL ? container_of(s->s_side[0].sd_pair, struct pf_state, s_side[0]) : NULL;
}

#define PF_SUPPLIES	4u		/* slabs, for a burst of new connections */
#define PF_LINKS	256u
struct pf_states {			/* a core's */
	struct pf_sk	**ps_bucket;	/* NULL: there is no table, or it becomes a larger one */
	uint32_t	 ps_mask;	/* 0: there is no table */
	uint32_t	 ps_moved, ps_largermask;	/* it becomes a larger one: so many buckets of ps_smaller (ps_mask) are in ps_larger */
	struct pf_sk	**ps_smaller, **ps_larger;
	uint32_t	 ps_n;		/* states; other cores read it to know how many there are in all */
	uint32_t	 ps_halfopen;	/* TCP, not yet acknowledged from both ends */
	uint32_t	 ps_hand;	/* the bucket that is looked at next for what is over */
	uint32_t	 ps_now;	/* seconds of uptime as of this batch */
	uint64_t	 ps_searches, ps_inserts, ps_removals;
	uint32_t	 ps_ids;
	char		*ps_base;	/* its states are addressed from here on: pf_flow.h */
	struct pf_state	*ps_free;	/* by s_sk[0].sk_next */
	struct pf_state	*ps_dying;	/* the same: other cores could not be told yet */
	struct pf_state_ext *ps_freeext;
	uint32_t	 ps_exts;	/* that states have */
	uint32_t	 ps_notes;	/* of other cores' states */
	struct timeout	 ps_timer;
	void *volatile	 ps_supply[PF_SUPPLIES];	/* memory that core 0 has put here; NULL: it may put some */
	uint16_t	 ps_links[PF_LINKS];	/* by hash: keys that have ever come in */
};
extern struct pf_states pf_states;		/* PERCORE */

/* Tables and memory for so many states in all. A task of core 0, outside net_enter(); one at a time. False: no memory; what there was is as good as
 * before. */
bool	pf_states_prepare(uint32_t limit);
/* That core's table gets so many buckets (a power of two), if it has fewer: pf_state_grow.c. As above. */
bool	pf_states_grow(unsigned core, uint32_t buckets);
/* Calls fn(arg) in that core's loop, and waits. A task of core 0, outside net_enter(). */
void	pf_on_core(unsigned core, void (*fn)(void *), void *arg);
/* Of all cores; within what they do at the same time. Any core. */
static inline uint32_t
pf_states_count(void)
{
	uint32_t n = pf_states.ps_n;		/* core 0's */

	for (unsigned i = 1; i < ncores; i++)
		n += percore_of(pf_states, i).ps_n;
	return n;
}

/* Of its rule, else as it is set now, also when its rule's ruleset has been replaced. */
static inline uint32_t
pf_state_timeout(const struct pf_state *s, enum pf_timeout i)
{
	const struct pf_state_opts *so = &s->s_rule->kr_rule->r_state;

	return so->so_timeout_set & 1u << i ? so->so_timeout[i] : pf_rules->rs_timeout[i];
}
/* When it is over, seconds of uptime, with as many states as there are now (adaptive timeouts). */
uint64_t pf_state_expires(const struct pf_state *);
/* The state that a packet of that direction on that interface belongs to; NULL: none. The last with the key's hash. */
struct pf_state *pf_state_find(const struct pf_key *, unsigned dir, const struct ifnet *);
/* The same, and one that is over stays: the packet may not come so far. */
struct pf_state *pf_state_seek(const struct pf_key *, unsigned dir, const struct ifnet *);
struct pf_state *pf_state_find_hashed(const struct pf_key *, uint32_t hash, unsigned dir, const struct ifnet *);
static inline void pf_states_searched(unsigned n) { percore(pf_states).ps_searches += n; }
/* What is over is removed when it is found, not before. */
static inline bool
pf_state_is_over(const struct pf_state *s, uint32_t now)
{
	return unlikely(now > s->s_last) && pf_state_expires(s) <= now;
}
/* There may be no more states, or no more of the rule, which has a maximum. */
bool	pf_rule_is_full(const struct pf_krule *);
static inline bool
pf_states_full(const struct pf_ruleset *now, const struct pf_krule *kr)
{
	return pf_states_count() >= now->rs_limit[PF_LIMIT_STATES] || (unlikely(kr->kr_rule->r_state.so_max != 0) && pf_rule_is_full(kr));
}
/* A new one for the packet, which the verdict has let through; !pf_states_full(). NULL: *why; *away: the core that is to make it, or this one
 * when none can. */
struct pf_state *pf_state_create(const struct pf_pdesc *, const struct pf_verdict *, enum pf_reason *why, unsigned *away);
void	pf_state_remove(struct pf_state *);
/* The memory of one more state, of this core, for good: pf_ext.c. NULL: none now. */
struct pf_state *pf_state_memory(void);
static inline uint64_t pf_state_id(const struct pf_state *s) { return (uint64_t)s->s_core << 56 | s->s_peer[0].pe_id; }
/* ---- keys ---- */
extern uint64_t pf_hash_key[4];			/* nobody chooses his bucket */
/* Both halves of the product: each bit of the result depends on all of both. */
static inline uint64_t
pf_hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}
/* addrs: k_addr[0] in the upper half, k_addr[1]; rest: what follows them in the key. */
static inline uint32_t
pf_key_hash4(uint64_t addrs, uint64_t rest)
{
	return (uint32_t)pf_hash_mix(addrs ^ pf_hash_key[0], rest ^ pf_hash_key[1]);
}
static inline uint32_t
pf_key_hash6(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t rest)
{
	return (uint32_t)pf_hash_mix(pf_hash_mix(a ^ pf_hash_key[0], b ^ pf_hash_key[1]) ^ rest,
	    pf_hash_mix(c ^ pf_hash_key[2], d ^ pf_hash_key[3]) ^ pf_hash_key[0]);
}
static inline uint32_t
pf_key_hash(const struct pf_key *k)
{
	const uint8_t *w = (const uint8_t *)k;

	if (likely(k->k_af == PF_INET))
		return pf_key_hash4((uint64_t)k->k_addr[0].s6_addr32[0] << 32 | k->k_addr[1].s6_addr32[0], load64(w + 32));
	return pf_key_hash6(load64(w), load64(w + 8), load64(w + 16), load64(w + 24), load64(w + 32));
}
/* What follows the addresses in the key of a packet that has come in with these two ports, as they stand there. */
static inline uint64_t
pf_key_rest(uint32_t ports, unsigned af, unsigned proto, unsigned rdomain)
{
	uint32_t swapped = __builtin_bswap32(ports);

	return (swapped >> 16 | swapped << 16) | (uint64_t)af << 32 | (uint64_t)proto << 40 | (uint64_t)rdomain << 48;
}
_Static_assert(offsetof(struct pf_key, k_port) == 32 && offsetof(struct pf_key, k_af) == 36 && offsetof(struct pf_key, k_proto) == 37 &&
    offsetof(struct pf_key, k_rdomain) == 38, "pf_key_rest()");

/* ---- strangers: packets for whose key there is nothing, as the flow path has found. It says so in m_tag, so that it need not be looked up again
 * on the way in. That holds until a key of such a hash comes in, on this core. ---- */

/* Nothing is there for keys of that hash. There is a table (ps_bucket), and it stays. */
static inline bool
pf_hash_is_free(const struct pf_states *ps, uint32_t hash)
{
	const struct pf_sk *sk = ps->ps_bucket[hash & ps->ps_mask];

	while (sk != NULL && sk->sk_hash != hash)
		sk = sk->sk_next;
	return sk == NULL;
}
/* Of this core's tags; for a batch. No pointer has the highest bit. */
static inline uint32_t pf_stranger_here(void) { return 1u << 31 | core_id() << 16; }
static inline uint64_t
pf_stranger_tag(const struct pf_states *ps, uint32_t here, uint32_t hash)
{
	return (uint64_t)(here | ps->ps_links[hash % PF_LINKS]) << 32 | hash;
}
static inline bool
pf_is_stranger(const struct pf_states *ps, uint32_t here, uint64_t tag)
{
	return (uint32_t)(tag >> 32) == (here | ps->ps_links[tag % PF_LINKS]);
}

/* ---- pairs (pf_flow.c) ---- */
/* The state is about to change, or to go, or to be looked at closely: no packet of its pair takes the flow path until that has been looked at again. */
void	pf_state_disturb(struct pf_state *);
/* The pair is none any more. */
void	pf_state_unpair(struct pf_state *);
/* ---- notes of what other cores have (pf_note.c) ---- */
/* Tells the core; false: it cannot be told now. */
bool	pf_note_send(const struct pf_sk *, unsigned core, bool add);
/* What it is told. False: no memory, or the key is taken; it was not there. */
bool	pf_note_add(const struct pf_key *, uint32_t hash, unsigned dirs, unsigned core);
bool	pf_note_remove(const struct pf_key *, uint32_t hash, unsigned dirs, unsigned core);

/* Calls fn for each state of this core from bucket *at on, whole buckets until `max` states or all have been seen; it may remove the one that it
 * is given. False: that was the last bucket. */
bool	pf_states_walk(uint32_t *at, unsigned max, void (*fn)(struct pf_state *, void *), void *arg);

/* ---- what a packet does to its state ---- */

/* A packet from peer `from`, of a protocol other than TCP or with nothing of note, would change nothing but counters, windows and the time. */
bool	pf_track_is_steady(const struct pf_state *, unsigned from);
/* Sets the peers of a new state from its first packet. */
void	pf_track_first(struct pf_state *, const struct pf_pdesc *);
/* The packet belongs to the state. False: it cannot, as the connection stands: *why. `again`: it begins the connection anew, the state is to go. */
bool	pf_track(struct pf_state *, const struct pf_pdesc *, enum pf_reason *why, bool *again);
void	pf_track_tcp_first(struct pf_state *, const struct pf_pdesc *);
bool	pf_track_tcp(struct pf_state *, const struct pf_pdesc *, enum pf_reason *why, bool *again);
/* The quoted header's sequence number is one of the connection (RFC 5927 4). */
bool	pf_track_tcp_quoted(const struct pf_state *, const struct pf_pdesc *);
static inline bool
pf_state_halfopen(const struct pf_state *s)
{
	return s->s_sk[0].sk_key.k_proto == IPPROTO_TCP_ &&
	    (s->s_peer[0].pe_state < PFT_ESTABLISHED || s->s_peer[1].pe_state < PFT_ESTABLISHED);
}

/* What that end has sent. */
struct pf_sent { uint64_t se_packets, se_bytes; };
static inline struct pf_sent
pf_state_sent(const struct pf_state *s, unsigned i)
{
	const struct pf_side *sd = &s->s_side[i], *pair = sd->sd_pair;

	return s->s_follows ? (struct pf_sent){ sd->sd_packets + pair->sd_packets, sd->sd_bytes + pair->sd_bytes } :
	    (struct pf_sent){ sd->sd_packets, sd->sd_bytes };
}

/* Adds what it has counted to its rule's counts: initiators' packets went the way of the first. */
static inline void
pf_state_count(const struct pf_state *s, struct pf_rcount *rc)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned out = i ^ (s->s_dir == PF_OUT);
		struct pf_sent sent = pf_state_sent(s, i);

		rc->rc_packets[out] += sent.se_packets;
		rc->rc_bytes[out] += sent.se_bytes;
	}
}

/* pf_state_show.c: as pfctl -ss prints it, verbose: -v, -vv. sw_rule: the rule's number, -1: none is shown. */
struct pf_state_when {
	uint64_t	 sw_expires;
	uint32_t	 sw_now;
	int		 sw_rule;
	struct in6_addr	 sw_gateway;	/* sw_rt: the next hop */
	uint8_t		 sw_rt;		/* enum pf_rt */
	uint32_t	 sw_seq[2];	/* what is added to what each end sends; 0: nothing */
};
void	pf_state_print(struct out *, const struct pf_state *, const struct pf_state_when *, unsigned verbose);

#endif
