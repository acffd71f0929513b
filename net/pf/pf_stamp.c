/* pf_stamp.c - scrub (reassemble tcp) (pf.conf(5)): no end's packets have a TTL below the highest that it has had; timestamps (RFC 7323) are shown with
 * an offset, and segments are dropped whose timestamps are older than what the other end takes, or newer than a clock can have become. */
#include <string.h>

#include "net/inet/ip.h"
#include "net/inet6/ip6.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_tcp.h"

#define TICKS		1000u		/* RFC 7323 5.4: a clock goes so often a second, at most */
#define OUTDATED	(24u * 86400)	/* RFC 7323 5.5: older ones mean nothing, seconds */
#define SECRET		1u		/* pf_seq_secret(): not that of sequence numbers */

static inline bool
outdated(const struct pf_stamps *st)
{
	return percore(pf_states).ps_now - st->st_when > OUTDATED;
}

/* ---- may it be? ---- */

static bool
value_fits(const struct pf_state *s, const struct pf_stamps *st, uint32_t value)
{
	uint64_t seconds = (uint64_t)percore(pf_states).ps_now - st->st_when + 1 + pf_state_timeout(s, PF_TM_TCP_TSDIFF);

	if (outdated(st))
		return true;
	return !seq_lt(value, st->st_recent) && (!seq_lt(st->st_last, value) || value - st->st_last <= seconds * TICKS);
}

/* An echo of what has been sent; some send 0 for none. */
static bool
echo_fits(const struct pf_stamps *other, uint32_t echo)
{
	return echo == 0 || outdated(other) || seq_leq(echo - other->st_shift, other->st_last);
}

/* SYN begins anew, and of RST nobody asks them (RFC 7323 5.2). Data without one where they have been used: RFC 7323 3.2. */
bool
pf_stamps_fit(const struct pf_state *s, unsigned from, const struct pf_pdesc *pd)
{
	const struct pf_ext_tcp *et = pf_ext_tcp(s);
	unsigned hlen = pf_tcp_hlen((const struct tcphdr *)(pd->pd_m->m_data + pd->pd_off)), at;
	uint8_t th[TCP_MAXHLEN];

	if (et == NULL || (pd->pd_tcp_flags & (PF_TH_SYN | PF_TH_RST)) || !et->et_offers[0] || !et->et_offers[1])
		return true;
	m_copydata(pd->pd_m, pd->pd_off, hlen, th);
	if ((at = pf_tcp_find(th, hlen, TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP)) == 0)
		return pd->pd_len == 0 || !et->et_sends[from];
	return value_fits(s, &et->et_stamps[from], be32_host(load32(th + at))) &&
	    (!(pd->pd_tcp_flags & PF_TH_ACK) || echo_fits(&et->et_stamps[!from], be32_host(load32(th + at + 4))));
}

/* ---- it is noted ---- */

/* The first one that an end sends. */
static void
offer(const struct pf_state *s, struct pf_ext_tcp *et, unsigned from, uint32_t value)
{
	et->et_offers[from] = true;
	et->et_stamps[from] = (struct pf_stamps){ pf_seq_secret(s, from, SECRET), value, value, percore(pf_states).ps_now };
}

/* RFC 7323 4.3: what is in order, and not behind what has been acknowledged, becomes what older ones are measured by. */
static void
note(const struct pf_state *s, struct pf_ext_tcp *et, unsigned from, const struct tcphdr *th, uint32_t value)
{
	const struct pf_peer *q = &s->s_peer[!from];
	struct pf_stamps *st = &et->et_stamps[from];
	bool anew = outdated(st);

	if (th->th_flags & PF_TH_RST)
		return;
	if (anew || seq_lt(st->st_last, value)) {
		st->st_last = value;
		st->st_when = percore(pf_states).ps_now;
	}
	if (th->th_flags & PF_TH_SYN)
		return;
	et->et_sends[from] = true;
	if (anew || ((q->pe_flags & PF_PEER_SEEN) && seq_leq(be32_host(th->th_seq) - et->et_seq[from], q->pe_ack) && seq_lt(st->st_recent, value)))
		st->st_recent = value;
}

/* ---- it is changed ---- */

static void
change_stamps(uint8_t *th, unsigned at, uint32_t value, uint32_t echo, const struct pf_sums *sums)
{
	unsigned hlen = pf_tcp_hlen((const struct tcphdr *)th);

	for (; at != 0; at = pf_tcp_option(th, hlen, at + th[at + 1])) {
		if (th[at] != TCPOPT_TIMESTAMP || th[at + 1] != TCPOLEN_TIMESTAMP)
			continue;
		pf_add(th, at + 2, value, sums);
		if ((th[offsetof(struct tcphdr, th_flags)] & PF_TH_ACK) && load32(th + at + 6) != 0)
			pf_add(th, at + 6, echo, sums);
	}
}

static void
raise_ttl(uint8_t *ip, unsigned af, uint8_t *highest)
{
	uint8_t *ttl = af == PF_INET ? &((struct ip *)ip)->ip_ttl : &((struct ip6_hdr *)ip)->ip6_hlim;
	uint16_t old = load16(ip + offsetof(struct ip, ip_ttl));

	if (*ttl > *highest)
		*highest = *ttl;
	*ttl = *highest;
	if (af == PF_INET)
		pf_sum_change(ip + offsetof(struct ip, ip_sum), old, load16(ip + offsetof(struct ip, ip_ttl)));
}

static void
restamp_segment(const struct pf_state *s, struct pf_ext_tcp *et, unsigned from, const struct pf_pdesc *pd, uint8_t *h)
{
	const struct tcphdr *th = (const struct tcphdr *)h;
	unsigned at = pf_tcp_find(h, pf_tcp_hlen(th), TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP);
	struct pf_sums sums = { .s_l4 = h + offsetof(struct tcphdr, th_sum) };

	raise_ttl(pd->pd_m->m_data, pd->pd_af, &et->et_ttl[from]);
	if (at == 0)
		return;
	if ((th->th_flags & PF_TH_SYN) && !et->et_offers[from] && !s->s_sloppy)		/* sloppy: not all of it need come by here */
		offer(s, et, from, be32_host(load32(h + at)));
	note(s, et, from, th, be32_host(load32(h + at)));
	change_stamps(h, at - 2, et->et_stamps[from].st_shift, -et->et_stamps[!from].st_shift, &sums);
}

bool
pf_restamp(const struct pf_state *s, struct pf_pdesc *pd)
{
	unsigned from = pd->pd_dir != s->s_dir, off = pd->pd_error ? pd->pd_qoff : pd->pd_off, n;
	struct pf_ext_tcp *et = pf_ext_tcp(s);
	struct pf_sums sums = { 0 };
	uint8_t *h;

	if (et == NULL || !et->et_scrubs)
		return true;
	if (!pf_writable(pd, MIN(pd->pd_m->m_pktlen, off + TCP_MAXHLEN)))
		return false;
	h = pd->pd_m->m_data + off;
	n = pd->pd_m->m_len - off;
	if (!pd->pd_error) {
		restamp_segment(s, et, from, pd, h);
		return true;
	}
	if (n < sizeof(struct tcphdr) || pf_tcp_hlen((const struct tcphdr *)h) > n)
		return true;
	sums.s_l4 = h + offsetof(struct tcphdr, th_sum);
	sums.s_outer = pd->pd_m->m_data + pd->pd_off + 2;
	change_stamps(h, pf_tcp_option(h, pf_tcp_hlen((const struct tcphdr *)h), sizeof(struct tcphdr)), -et->et_stamps[!from].st_shift,
	    et->et_stamps[from].st_shift, &sums);
	return true;
}
