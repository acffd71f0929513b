/* ping_echo.c - ping's requests, and the replies and errors that come of them. */
#include <stdlib.h>

#include "kernel/machine.h"
#include "kernel/siphash.h"
#include "kernel/task.h"
#include "net/inet/ping.h"
#include "net/route/route.h"

COUNTER(icps_outecho, icmp, 62, CREATED, "echo request%s sent");

/* The signature of a request: of its time and number. */
static uint64_t
signature(const uint64_t key[2], uint64_t stamp, uint64_t seq)
{
	return siphash(key, (const uint64_t[]){ stamp, seq }, 2);
}

/* ---- in the loop ---- */

void
ping_note(struct ping *p, const struct ping_event *e)
{
	if (p->p_head - p->p_tail == PING_EVENTS) {
		p->p_lost++;
		return;
	}
	p->p_event[p->p_head % PING_EVENTS] = *e;
	p->p_head++;
	task_wakeup(p->p_out);
}

static void
ping_time(struct ping *p, uint64_t us)
{
	if (p->p_timed++ == 0 || us < p->p_min)
		p->p_min = us;
	if (us > p->p_max)
		p->p_max = us;
	p->p_sum += us;
	p->p_sumsq += (double)us * (double)us;
}

/* The data behind the stamp count up from their own place. */
static void
ping_check_data(struct ping_event *e, const uint8_t *data, unsigned len, unsigned from)
{
	for (unsigned i = from; i < len; i++)
		if (data[i] != (uint8_t)i) {
			e->pe_badat = i + 1;
			e->pe_want = (uint8_t)i;
			e->pe_got = data[i];
			return;
		}
}

void
ping_reply(struct ping *p, struct ping_event *e, const uint8_t *data, unsigned len)
{
	uint8_t *seen = &p->p_seen[e->pe_seq / 8], bit = (uint8_t)(1 << e->pe_seq % 8);
	bool timed = p->p_size >= PING_STAMP && len >= PING_STAMP;

	if (timed && load64(data + 8) != signature(p->p_key, load64(data), e->pe_seq)) {
		e->pe_kind = PING_FORGED;
		ping_note(p, e);
		return;
	}
	if (timed)
		ping_time(p, e->pe_us = (uptime_ns() - load64(data)) / 1000);
	ping_check_data(e, data, MIN(len, p->p_size), timed ? PING_STAMP : 0);
	e->pe_dup = *seen & bit;
	*seen |= bit;
	if (e->pe_dup)
		p->p_dups++;
	else
		p->p_received++;
	ping_note(p, e);
}

/* An error quotes the packet that it is about: RFC 792. */
static bool
ping_quoted(const struct ping *p, struct ping_event *e, const struct icmp *icmp, unsigned len)
{
	const struct ip *ip = (const struct ip *)(icmp + 1);
	const struct icmp *inner;
	unsigned hlen;

	if (len < sizeof(*ip) || (hlen = (ip->ip_vhl & 15u) * 4) < sizeof(*ip) || len < hlen + sizeof(*inner))
		return false;
	inner = (const struct icmp *)((const uint8_t *)ip + hlen);
	if (ip->ip_p != IPPROTO_ICMP_ || ip->ip_dst != p->p_dst || inner->icmp_type != ICMP_ECHO ||
	    be16_host(inner->icmp_id) != p->p_id)
		return false;
	e->pe_seq = be16_host(inner->icmp_seq);
	return e->pe_seq <= p->p_sent || p->p_sent > 65535;
}

bool
ping_input(struct icmp_listener *il, const struct ip *ip, unsigned hlen, unsigned len)
{
	struct ping *p = il->il_arg;
	const struct icmp *icmp = (const struct icmp *)((const uint8_t *)ip + hlen);
	struct ping_event e = { .pe_kind = PING_ERROR, .pe_from = ip->ip_src, .pe_ttl = ip->ip_ttl };

	if (len < hlen + sizeof(*icmp))
		return false;
	e.pe_bytes = len - hlen;
	e.pe_type = icmp->icmp_type;
	e.pe_code = icmp->icmp_code;
	if (icmp->icmp_type == ICMP_ECHOREPLY) {
		e.pe_kind = PING_REPLY;
		e.pe_seq = be16_host(icmp->icmp_seq);
		if (be16_host(icmp->icmp_id) == p->p_id)
			ping_reply(p, &e, (const uint8_t *)(icmp + 1), e.pe_bytes - (unsigned)sizeof(*icmp));
		return false;
	}
	e.pe_mtu = be16_host(icmp->icmp_nextmtu);
	e.pe_gateway = icmp->icmp_gwaddr;
	e.pe_other = !ping_quoted(p, &e, icmp, e.pe_bytes - (unsigned)sizeof(*icmp));
	if (!e.pe_other)
		p->p_errors++;
	if (!e.pe_other || p->p_verbose)
		ping_note(p, &e);
	return !e.pe_other;
}

/* ---- sending ---- */

void
ping_data(const struct ping *p, uint8_t *data, uint16_t seq)
{
	uint64_t now = uptime_ns();

	for (unsigned i = 0; i < p->p_size; i++)
		data[i] = (uint8_t)i;
	if (p->p_size >= PING_STAMP) {
		store64(data, now);
		store64(data + 8, signature(p->p_key, now, seq));
	}
}

static struct mbuf *
ping_make(struct ping *p, uint16_t seq)
{
	uint8_t *data = malloc(sizeof(struct icmp) + p->p_size);
	struct icmp *icmp = (struct icmp *)data;
	struct mbuf *m;
	struct ip *ip;

	if (data == NULL || (m = m_get()) == NULL) {
		free(data);
		return NULL;
	}
	*icmp = (struct icmp){ .icmp_type = ICMP_ECHO, .icmp_id = host_be16(p->p_id), .icmp_seq = host_be16(seq) };
	ping_data(p, data + sizeof(*icmp), seq);
	icmp->icmp_cksum = in_cksum(data, sizeof(*icmp) + p->p_size);
	m->m_len = m->m_pktlen = sizeof(*ip);
	ip = (struct ip *)m->m_data;
	*ip = (struct ip){
		.ip_len = host_be16((uint16_t)(sizeof(*ip) + sizeof(*icmp) + p->p_size)),
		.ip_off = p->p_df ? BE16(IP_DF) : 0,
		.ip_ttl = p->p_ttl,
		.ip_p = IPPROTO_ICMP_,
		.ip_src = p->p_src,
		.ip_dst = p->p_dst,
	};
	if (!m_append(m, data, (uint32_t)sizeof(*icmp) + p->p_size)) {
		m_freem(m);
		m = NULL;
	}
	free(data);
	return m;
}

/* Why ip_send() refused it; the counters say it exactly. */
static const char *
ping_refusal(const struct ping *p)
{
	const struct rtentry *rt = rtable_match(0, p->p_dst);

	if (rt == NULL || !(rt->rt_flags & RTF_UP) || (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)) || ip4_is_zeronet(p->p_dst) ||
	    ((rt->rt_flags & RTF_CLONING) && rt->rt_dest == p->p_dst))		/* the network itself */
		return "No route to host";
	if ((rt->rt_flags & (RTF_BROADCAST | RTF_MULTICAST)) || ip4_is_multicast(p->p_dst) || ip4_is_experimental(p->p_dst))
		return "Permission denied";
	return p->p_df ? "Message too long" : "No buffer space available";
}

static const char *
ping4_send(struct ping *p, uint16_t seq)
{
	struct mbuf *m = ping_make(p, seq);

	if (m == NULL)
		return "No buffer space available";
	counter_inc(icps_outecho);
	return ip_send(m) ? NULL : ping_refusal(p);
}

void
ping_send(struct ping *p)
{
	uint16_t seq = (uint16_t)p->p_sent;
	const char *why;

	net_enter();
	p->p_seen[seq / 8] &= (uint8_t)~(1 << seq % 8);
	why = p->p_af == AF_IP4 ? ping4_send(p, seq) : ping6_send(p, seq);
	net_leave();
	p->p_sent++;
	if (why != NULL && !p->p_out->o_json)
		out_printf(p->p_out, "%s: sendmsg: %s\n%s: wrote %s %u chars, ret=-1\n", p->p_name, why, p->p_name, p->p_host,
		    p->p_size + (unsigned)sizeof(struct icmp));
}
