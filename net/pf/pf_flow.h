/* pf_flow.h - the packet filter on the flow path: a flow's entry names the pair of states that its packets belong to, and a packet that would change
 * nothing there but counters, windows and the time goes by without a look-up. All others take the ordinary way, and the filter's word there is the
 * last: nothing is refused here.
 *
 * An entry points to a peer of the state that was made on the way in, as an index with the state's number. In each second the first packet of a peer
 * has the pair looked at (pf_flow_entry): neither is over, nothing is going to happen; that is good for the second, or until the ordinary way takes
 * one of their packets (pf_state_disturb). The windows and counts of both are kept in the first one; the other follows. */
#ifndef NET_PF_PF_FLOW_H
#define NET_PF_PF_FLOW_H

#include "net/core/flow_var.h"
#include "net/pf/pf_state.h"
#include "net/pf/pf_tcp.h"

/* For a pass, when pf_enabled: fs_states, fs_stamp. */
void	pf_flow_begin(struct flow_pass *);
/* So many packets have passed by their pairs of states. */
void	pf_flow_passed(unsigned n);
/* For ff_mend: the entry with its pair, good for now. NULL: the ordinary way. As flow_entry(). fs_judged: the packet is to be a run for itself. */
struct flow *pf_flow_entry(struct flow_pass *, struct flow *home, const struct flow_id *, flow_route_fn *, uint32_t less);

/* The packet for which an entry was asked takes the ordinary way all the same: its states know nothing of it yet. */
void	pf_flow_not_taken(struct flow_pass *);

/* Of a peer whose packets are judged on the way out by an interface that does not send them (route-to): the stamp has this bit the other way round, so
 * that they take part in no run of others. */
#define PF_STAMP_ELSEWHERE	(1u << 30)
static inline void
pf_flow_judged(struct flow_pass *fs)	/* no more */
{
	fs->fs_judged = NULL;
	fs->fs_stamp ^= PF_STAMP_ELSEWHERE;
}

/* Of states, from ps_base on, in peers. */
static inline struct pf_peer *
pf_flow_peer(const struct flow_pass *fs, const struct flow *fl)
{
	return (struct pf_peer *)(fs->fs_states + (int64_t)(int32_t)fl->fl_peer * (int64_t)sizeof(struct pf_peer));
}
/* A state lies so that its address ends in zeros. */
static inline struct pf_state *
pf_peer_state(const struct pf_peer *p)
{
	return (struct pf_state *)((uintptr_t)p & ~(sizeof(struct pf_state) - 1));
}
static inline struct pf_peer *
pf_peer_other(const struct pf_peer *p)
{
	return (struct pf_peer *)((uintptr_t)p ^ sizeof(*p));
}

/* IPv6: what the peer of a pair's first state sends leaves as that key says, the wire's side first: as the other state has it there, or, for answers,
 * as the first packet came. */
static inline const struct pf_key *
pf_flow_last(const struct pf_peer *p)
{
	const struct pf_state *s = pf_peer_state(p), *t = pf_state_pair(s);

	return p == s->s_peer ? &t->s_sk[t->s_translated].sk_key : &s->s_sk[0].sk_key;
}

/* Of a segment from its length and flags on, as they stand there: the offset, in units of a byte's upper half, and the flags that matter. */
#define PF_FLOW_OFF	0xf0u
#define PF_FLOW_FLAGS	((PF_TH_SYN | PF_TH_FIN | PF_TH_RST | PF_TH_ACK) << 8)
#define PF_FLOW_LEAST	((uint32_t)sizeof(struct tcphdr) << 2 | PF_TH_ACK << 8)

/* What pf_track_tcp() does with a plain segment of an established connection; len: from the header on. False: it is none, or not one of its windows, or
 * closes its own or opens it wider than ever. A difference of sequence numbers is negative when they stand in the wrong order; one test for all. */
static inline bool
pf_flow_tcp(struct pf_peer *p, const uint8_t *h, uint32_t len)
{
	struct pf_peer *q = pf_peer_other(p);
	uint32_t options = (load16(h + 12) & (PF_FLOW_OFF | PF_FLOW_FLAGS)) - PF_FLOW_LEAST, data, seq, end, ack, unacked, win;

	if (options > PF_FLOW_OFF - (PF_FLOW_LEAST & PF_FLOW_OFF))	/* other flags, too: they make more of it, or wrap */
		return false;
	data = len - (uint32_t)sizeof(struct tcphdr) - (options >> 2);
	seq = be32_host(load32(h + 4));
	end = seq + data;
	if ((int32_t)(data | (p->pe_maxend - end) | (seq - p->pe_end + q->pe_old)) < 0)
		return false;
	barrier();			/* few registers are left: what is done with is out of the way */
	ack = be32_host(load32(h + 8));
	unacked = q->pe_end - ack;
	__asm__("" : "+r" (unacked));	/* and is not taken apart again */
	if (unacked > p->pe_old)	/* below 2^31, so neither of what was never sent nor too old */
		return false;
	win = (uint32_t)load_be16(h + 14) << p->pe_shift;
	if (win - 1 >= p->pe_maxwin)
		return false;
	barrier();
	if (seq_lt(p->pe_end, end))
		p->pe_end = end;
	p->pe_ack = ack;
	if (seq_lt(q->pe_maxend, ack + win))
		q->pe_maxend = ack + win;
	return true;
}

/* The packet of iplen bytes, of the entry and its peer p, h its protocol's header behind hlen of them, with 8 bytes at least, goes by its pair, which
 * has counted it. */
static inline bool
pf_flow_takes(const struct flow_pass *fs, const struct flow *fl, struct pf_peer *p, const uint8_t *h, const uint8_t *proto, uint32_t hlen, uint64_t iplen)
{
	struct pf_side *sd;

	if (unlikely(load64(&p->pe_stamp) != (fs->fs_stamp | (uint64_t)fl->fl_id << 32)))
		return false;
	if (*proto == PROTO_TCP) {
		if (unlikely(!pf_flow_tcp(p, h, (uint32_t)iplen - hlen)))
			return false;
	} else if (unlikely(load_be16(h + 4) + hlen != iplen)) {
		barrier();
		if (*proto == PROTO_UDP)	/* RFC 768: what is behind the datagram is for others to look at */
			return false;
	}
	sd = (struct pf_side *)((uintptr_t)p + offsetof(struct pf_state, s_side));
	sd->sd_packets++;
	sd->sd_bytes += iplen;
	return true;
}

#endif
