/* pf_track_tcp.c - a TCP connection as the states of both its ends and the windows that they have opened (G. van Rooij, "Real Stateful TCP Packet
 * Filtering in IP Filter", 2000; RFC 9293 3.4, 3.10; RFC 7323 2 for scaled windows). What cannot be of the connection is refused. Numbers are those
 * of the end that has sent the data, also when others see it with other ones (modulate state). */
#include "net/pf/pf_ext.h"
#include "net/pf/pf_tcp.h"

struct segment {
	uint32_t	 sg_seq, sg_end, sg_ack;	/* sg_end: behind its data, SYN and FIN */
	uint16_t	 sg_win;
	uint8_t		 sg_flags;
};

/* ---- the ends' states ---- */

enum tcp_event { EV_PLAIN, EV_SYN, EV_FIN, EV_COUNT };

/* What an end becomes by what it sends. */
static const uint8_t tcp_sent[PFT_COUNT][EV_COUNT] = {
	/*                     nothing of note    SYN               FIN */
	[PFT_CLOSED] =	     { PFT_CLOSED,	  PFT_SYN_SENT,	    PFT_CLOSING },	/* has not spoken: a plain ACK opens nothing */
	[PFT_SYN_SENT] =     { PFT_SYN_SENT,	  PFT_SYN_SENT,	    PFT_CLOSING },	/* SYN again: a retransmission */
	[PFT_ESTABLISHED] =  { PFT_ESTABLISHED,	  PFT_ESTABLISHED,  PFT_CLOSING },	/* SYN again: its last ACK was lost */
	[PFT_CLOSING] =	     { PFT_CLOSING,	  PFT_CLOSING,	    PFT_CLOSING },	/* retransmissions, acknowledgements */
	[PFT_FIN_WAIT_2] =   { PFT_FIN_WAIT_2,	  PFT_FIN_WAIT_2,   PFT_FIN_WAIT_2 },	/* may acknowledge for long: half closed */
	[PFT_TIME_WAIT] =    { PFT_TIME_WAIT,	  PFT_TIME_WAIT,    PFT_TIME_WAIT },	/* after RST only a new SYN counts (pf_track_tcp) */
};
/* What an end becomes when all that it has sent has been acknowledged. */
static const uint8_t tcp_acked[PFT_COUNT] = {
	[PFT_CLOSED] = PFT_CLOSED,			/* nothing was sent */
	[PFT_SYN_SENT] = PFT_ESTABLISHED,		/* its SYN has arrived */
	[PFT_ESTABLISHED] = PFT_ESTABLISHED,
	[PFT_CLOSING] = PFT_FIN_WAIT_2,			/* its FIN has arrived */
	[PFT_FIN_WAIT_2] = PFT_FIN_WAIT_2,
	[PFT_TIME_WAIT] = PFT_TIME_WAIT,
};

static void
set_timeout(struct pf_state *s)
{
	uint8_t a = MIN(s->s_peer[0].pe_state, s->s_peer[1].pe_state), b = MAX(s->s_peer[0].pe_state, s->s_peer[1].pe_state);

	if (b == PFT_TIME_WAIT)
		s->s_timeout = PF_TM_TCP_CLOSED;
	else if (a >= PFT_CLOSING)
		s->s_timeout = PF_TM_TCP_FINWAIT;
	else if (b >= PFT_CLOSING)
		s->s_timeout = PF_TM_TCP_CLOSING;
	else if (a >= PFT_ESTABLISHED)
		s->s_timeout = PF_TM_TCP_ESTABLISHED;
	else
		s->s_timeout = PF_TM_TCP_OPENING;
}

/* ---- the segment ---- */

static const struct tcphdr *
header(const struct pf_pdesc *pd)
{
	return (const struct tcphdr *)(pd->pd_m->m_data + pd->pd_off);
}

static void
get_segment(struct segment *sg, const struct pf_pdesc *pd)
{
	const struct tcphdr *th = header(pd);

	sg->sg_flags = th->th_flags;
	sg->sg_seq = be32_host(th->th_seq);
	sg->sg_ack = be32_host(th->th_ack);
	sg->sg_win = be16_host(th->th_win);
	sg->sg_end = sg->sg_seq + pd->pd_len + !!(sg->sg_flags & PF_TH_SYN) + !!(sg->sg_flags & PF_TH_FIN);
}

/* The option of RFC 7323 2.2; -1: it is not there. */
static int
window_scale(const struct pf_pdesc *pd)
{
	unsigned len = pf_tcp_hlen(header(pd)), at;
	uint8_t th[TCP_MAXHLEN];

	m_copydata(pd->pd_m, pd->pd_off, len, th);
	at = pf_tcp_find(th, len, TCPOPT_WINDOW, 3);
	return at != 0 ? MIN(th[at], (uint8_t)TCP_MAXSCALE) : -1;
}

static inline uint32_t
window(const struct pf_state *s, const struct pf_peer *p, const struct segment *sg)
{
	bool scaled = !(sg->sg_flags & PF_TH_SYN) && (s->s_peer[0].pe_flags & s->s_peer[1].pe_flags & PF_PEER_SCALE);
	uint32_t w = (uint32_t)sg->sg_win << (scaled ? p->pe_scale : 0);

	return MAX(w, 1u);			/* a closed window is probed with one byte: RFC 9293 3.8.6.1 */
}

/* The first segment of an end. */
static void
adopt(struct pf_state *s, unsigned from, const struct segment *sg, const struct pf_pdesc *pd)
{
	struct pf_peer *p = &s->s_peer[from];
	int scale;

	p->pe_flags |= PF_PEER_SEEN;
	p->pe_end = sg->sg_end;
	p->pe_maxend = sg->sg_end + s->s_peer[!from].pe_maxwin;
	if (!(sg->sg_flags & PF_TH_SYN))
		return;
	pf_seq_choose(s, from, sg->sg_seq);
	if ((scale = window_scale(pd)) >= 0) {
		p->pe_scale = (uint8_t)scale;
		p->pe_flags |= PF_PEER_SCALE;
	}
}

/* ---- may it be? ---- */

/* The four bounds of the paper: data neither beyond the window nor older than one, and so for what is acknowledged. */
static bool
in_window(const struct pf_peer *p, const struct pf_peer *q, const struct segment *sg)
{
	if (!seq_leq(sg->sg_end, p->pe_maxend) || !seq_leq(p->pe_end - pf_old_window(q), sg->sg_seq))
		return false;
	if (!(sg->sg_flags & PF_TH_ACK) || !(q->pe_flags & PF_PEER_SEEN))
		return true;
	return seq_leq(sg->sg_ack, q->pe_end) && seq_leq(q->pe_end - pf_old_window(p), sg->sg_ack);
}

/* RFC 5961 3: exactly the next byte, as the sender or the receiver sees it. Who refuses a SYN has no sequence numbers yet, but acknowledges it. */
static bool
rst_is_valid(const struct pf_peer *p, const struct pf_peer *q, const struct segment *sg)
{
	if (!(p->pe_flags & PF_PEER_SEEN))
		return (sg->sg_flags & PF_TH_ACK) && sg->sg_ack == q->pe_end;
	return !(q->pe_flags & PF_PEER_SEEN) || sg->sg_seq == p->pe_end || sg->sg_seq == q->pe_ack;
}

static void
update(struct pf_state *s, struct pf_peer *p, struct pf_peer *q, const struct segment *sg)
{
	enum tcp_event ev = sg->sg_flags & PF_TH_FIN ? EV_FIN : sg->sg_flags & PF_TH_SYN ? EV_SYN : EV_PLAIN;
	uint32_t w = window(s, p, sg);

	p->pe_maxwin = MAX(p->pe_maxwin, w);
	if (seq_lt(p->pe_end, sg->sg_end))
		p->pe_end = sg->sg_end;
	p->pe_state = tcp_sent[p->pe_state][ev];
	if (sg->sg_flags & PF_TH_ACK) {
		p->pe_ack = sg->sg_ack;
		if (seq_lt(q->pe_maxend, sg->sg_ack + w))
			q->pe_maxend = sg->sg_ack + w;
		if (sg->sg_ack == q->pe_end || q->pe_state == PFT_SYN_SENT)
			q->pe_state = tcp_acked[q->pe_state];
	}
	set_timeout(s);
}

/* ---- the connection ---- */

/* Picked up in its middle ("flags any"): nobody knows the scales, so windows are taken for as large as they can be. */
static void
pick_up(struct pf_state *s, const struct segment *sg)
{
	struct pf_peer *p = &s->s_peer[0], *q = &s->s_peer[1];

	p->pe_scale = q->pe_scale = TCP_MAXSCALE;
	p->pe_flags |= PF_PEER_SCALE;
	q->pe_flags |= PF_PEER_SCALE;
	p->pe_state = q->pe_state = PFT_ESTABLISHED;
	p->pe_maxwin = q->pe_maxwin = 65535u << TCP_MAXSCALE;
	p->pe_maxend = p->pe_end + q->pe_maxwin;
	if (sg->sg_flags & PF_TH_ACK) {
		q->pe_flags |= PF_PEER_SEEN;
		q->pe_end = q->pe_maxend = sg->sg_ack;
	}
}

void
pf_track_tcp_first(struct pf_state *s, const struct pf_pdesc *pd)
{
	struct pf_peer *p = &s->s_peer[0], *q = &s->s_peer[1];
	struct segment sg;

	get_segment(&sg, pd);
	adopt(s, 0, &sg, pd);
	if (!(sg.sg_flags & PF_TH_SYN))
		pick_up(s, &sg);
	update(s, p, q, &sg);
	if (sg.sg_flags & PF_TH_SYN)
		s->s_timeout = PF_TM_TCP_FIRST;
}

/* A SYN for a connection that is over, or that has never been answered, begins another one. */
static bool
begins_anew(const struct pf_peer *p, const struct pf_peer *q, const struct segment *sg)
{
	if ((sg->sg_flags & (PF_TH_SYN | PF_TH_ACK | PF_TH_RST | PF_TH_FIN)) != PF_TH_SYN)
		return false;
	return (p->pe_state >= PFT_FIN_WAIT_2 && q->pe_state >= PFT_FIN_WAIT_2) ||
	    (!(q->pe_flags & PF_PEER_SEEN) && sg->sg_end != p->pe_end);
}

/* The first segment of the end that was called. A plain ACK to a SYN comes from an older connection there (RFC 9293 3.10.7.4, RFC 5961 4): the
 * caller is to see it, and it says nothing of this one. False: refused; *pass: it passes, and that is all. */
static bool
answers(struct pf_state *s, unsigned from, const struct segment *sg, const struct pf_pdesc *pd, bool *pass)
{
	const struct pf_peer *q = &s->s_peer[!from];

	if (!(sg->sg_flags & PF_TH_SYN) && q->pe_state == PFT_SYN_SENT) {
		*pass = (sg->sg_flags & PF_TH_ACK) && sg->sg_end == sg->sg_seq;
		return *pass;
	}
	if ((sg->sg_flags & PF_TH_ACK) && !(seq_leq(sg->sg_ack, q->pe_end) && seq_lt(q->pe_end - PF_OLD_WINDOW, sg->sg_ack)))
		return false;
	adopt(s, from, sg, pd);
	return true;
}

bool
pf_track_tcp(struct pf_state *s, const struct pf_pdesc *pd, enum pf_reason *why, bool *again)
{
	unsigned from = pd->pd_dir != s->s_dir;
	struct pf_peer *p = &s->s_peer[from], *q = &s->s_peer[!from];
	struct segment sg;
	bool pass = false;

	get_segment(&sg, pd);
	if (unlikely(s->s_ext != 0)) {
		sg.sg_ack -= pf_seq_shift(s, !from);
		if (!pf_stamps_fit(s, from, pd)) {
			*why = PFR_TS;
			return false;
		}
	}
	if (begins_anew(p, q, &sg)) {
		*again = true;
		return false;
	}
	if (sg.sg_flags & PF_TH_RST) {
		/* Who has closed answers what was still on its way with the acknowledgements in that, which may be old (RFC 9293 3.10.7.1): it
		 * passes, and changes nothing. */
		if (!s->s_sloppy && !rst_is_valid(p, q, &sg))
			return p->pe_state >= PFT_CLOSING && seq_leq(sg.sg_seq, p->pe_end) && in_window(p, q, &sg);
		p->pe_state = q->pe_state = PFT_TIME_WAIT;
		set_timeout(s);
		return true;
	}
	if (!(p->pe_flags & PF_PEER_SEEN)) {
		if (!answers(s, from, &sg, pd, &pass))
			return s->s_sloppy;
		if (pass)
			return true;
	} else if (!s->s_sloppy && !in_window(p, q, &sg))
		return false;
	update(s, p, q, &sg);
	return true;
}

bool
pf_track_tcp_quoted(const struct pf_state *s, const struct pf_pdesc *pd)
{
	unsigned from = pd->pd_dir != s->s_dir;
	const struct pf_peer *p = &s->s_peer[from], *q = &s->s_peer[!from];	/* q has sent what is quoted */
	uint8_t h[8];
	uint32_t seq;

	m_copydata(pd->pd_m, pd->pd_qoff, sizeof(h), h);
	seq = be32_host(load32(h + 4)) - pf_seq_shift(s, !from);
	return (q->pe_flags & PF_PEER_SEEN) && seq_leq(seq, q->pe_end) && seq_leq(q->pe_end - pf_old_window(p), seq);
}
