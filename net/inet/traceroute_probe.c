/* traceroute_probe.c - traceroute's packets, and the messages that come of them; IPv6's own part is traceroute6.c. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/inet/traceroute.h"

COUNTER(icps_outprobe, icmp, 63, CREATED, "traceroute probe%s sent");
COUNTER(icmp6s_outprobe, icmp6, 62, CREATED, "traceroute probe%s sent");

/* ---- in the loop ---- */

void
trace_note(struct trace *t, enum trace_answer answer, const struct in6_addr *from, uint8_t type, uint8_t code, uint32_t mtu)
{
	if (t->t_answer != TRACE_NONE)
		return;
	t->t_came = uptime_ns();
	t->t_from = *from;
	t->t_type = type;
	t->t_code = code;
	t->t_mtu = mtu;
	t->t_answer = answer;
	task_wakeup(t->t_out);
}

bool
trace_quotes_ours(const struct trace *t, const void *head, uint8_t echo, bool *last)
{
	uint16_t seq;

	if (t->t_icmp) {
		const struct icmp *icp = head;

		if (icp->icmp_type != echo || be16_host(icp->icmp_id) != t->t_id)
			return false;
		seq = be16_host(icp->icmp_seq);
	} else {
		const struct udp_head *uh = head;

		if (be16_host(uh->sport) != t->t_id)
			return false;
		seq = (uint16_t)(be16_host(uh->dport) - t->t_port);
	}
	*last = seq == t->t_seq;
	return seq <= t->t_seq;
}

static bool
trace_quoted(const struct trace *t, const struct ip *q, unsigned len, bool *last)
{
	unsigned hlen = (q->ip_vhl & 15) * 4u;

	return len >= hlen + TRACE_HEAD && q->ip_dst == t->t_dst && q->ip_p == (t->t_icmp ? IPPROTO_ICMP_ : IPPROTO_UDP_) &&
	    trace_quotes_ours(t, (const uint8_t *)q + hlen, ICMP_ECHO, last);
}

static void
trace_note4(struct trace *t, enum trace_answer answer, const struct ip *ip, const struct icmp *icp)
{
	struct in6_addr from = in6_of_ip4(ip->ip_src);

	trace_note(t, answer, &from, icp->icmp_type, icp->icmp_code, be16_host(icp->icmp_nextmtu));
}

bool
trace_input(struct icmp_listener *il, const struct ip *ip, unsigned hlen, unsigned len)
{
	struct trace *t = il->il_arg;
	const struct icmp *icp = (const struct icmp *)((const uint8_t *)ip + hlen);
	bool last = false, port;

	if (icp->icmp_type == ICMP_ECHOREPLY) {
		if (t->t_icmp && ip->ip_src == t->t_dst && be16_host(icp->icmp_id) == t->t_id && be16_host(icp->icmp_seq) == t->t_seq)
			trace_note4(t, TRACE_ARRIVED, ip, icp);
		return false;
	}
	if (!trace_quoted(t, (const struct ip *)(icp + 1), len - hlen - (unsigned)sizeof(*icp), &last))
		return false;
	port = icp->icmp_type == ICMP_UNREACH && icp->icmp_code == ICMP_UNREACH_PORT;
	if (last && icp->icmp_type == ICMP_TIMXCEED && icp->icmp_code == ICMP_TIMXCEED_INTRANS)
		trace_note4(t, TRACE_HOP, ip, icp);
	else if (last && port && ip->ip_src == t->t_dst)
		trace_note4(t, TRACE_ARRIVED, ip, icp);
	else if (last && icp->icmp_type == ICMP_UNREACH)
		trace_note4(t, TRACE_UNREACH, ip, icp);
	return true;
}

/* ---- sending ---- */

/* RFC 768: over the addresses, too. The IP header's source is chosen before. */
static uint16_t
trace_udp_sum(const struct ip *ip, const uint8_t *data, unsigned len)
{
	uint64_t sum = (uint64_t)ip->ip_src + ip->ip_dst + BE16(IPPROTO_UDP_) + host_be16((uint16_t)len);
	uint16_t s = (uint16_t)~in_fold(in_sum(data, len, (sum & 0xffffffff) + (sum >> 32)));

	return s != 0 ? s : 0xffff;
}

void
trace_fill(const struct trace *t, uint8_t *data, unsigned len)
{
	for (unsigned i = TRACE_HEAD; i < len; i++)
		data[i] = (uint8_t)i;
	if (t->t_icmp)
		*(struct icmp *)data = (struct icmp){ .icmp_type = t->t_af == AF_IP4 ? ICMP_ECHO : ICMP6_ECHO,
		    .icmp_id = host_be16(t->t_id), .icmp_seq = host_be16(t->t_seq) };
	else
		*(struct udp_head *)data = (struct udp_head){ .sport = host_be16(t->t_id),
		    .dport = host_be16((uint16_t)(t->t_port + t->t_seq)), .len = host_be16((uint16_t)len) };
}

static struct mbuf *
trace_make(const struct trace *t, unsigned ttl)
{
	unsigned len = t->t_len - (unsigned)sizeof(struct ip);
	uint8_t *data = malloc(len);
	struct mbuf *m = data != NULL ? m_get() : NULL;
	struct ip *ip;

	if (m == NULL) {
		free(data);
		return NULL;
	}
	ip = (struct ip *)m->m_data;
	*ip = (struct ip){
		.ip_len = host_be16((uint16_t)t->t_len), .ip_ttl = (uint8_t)ttl, .ip_p = t->t_icmp ? IPPROTO_ICMP_ : IPPROTO_UDP_,
		.ip_src = t->t_src != IP4_ANY ? t->t_src : ip_srcaddr(0, t->t_dst), .ip_dst = t->t_dst,
	};
	m->m_len = m->m_pktlen = sizeof(*ip);
	trace_fill(t, data, len);
	if (t->t_icmp)
		((struct icmp *)data)->icmp_cksum = in_cksum(data, len);
	else
		((struct udp_head *)data)->sum = trace_udp_sum(ip, data, len);
	if (!m_append(m, data, len)) {
		m_freem(m);
		m = NULL;
	}
	free(data);
	return m;
}

bool
trace_send(struct trace *t, unsigned ttl)
{
	struct ifnet *ifp = NULL;
	struct mbuf *m;
	bool ok = false;

	net_enter();
	t->t_seq++;
	t->t_answer = TRACE_NONE;
	t->t_sent = uptime_ns();
	m = t->t_af == AF_IP4 ? trace_make(t, ttl) : trace6_make(t, ttl, &ifp);
	if (m != NULL && t->t_af == AF_IP4) {
		counter_inc(icps_outprobe);
		ok = ip_send(m);
	} else if (m != NULL) {
		counter_inc(icmp6s_outprobe);
		ok = ip6_send(m, ifp);
	}
	net_leave();
	return ok;
}
