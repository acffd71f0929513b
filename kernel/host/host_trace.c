/* host_trace.c - prints each packet's journey. A stage's line is printed when the next thing happens, so that the counters which
 * moved in it stand beside its name:
 *
 *	    2.000413 vio0 in: 10.0.1.2 > 10.0.2.2 icmp echo request, ttl 64, 98 bytes
 *	             ifiq_input
 *	             ether_input
 *	             ip_input        ips_total
 *	             DROP ips_badsum: 1 bad header checksum
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/host/host_trace.h"
#include "kernel/machine.h"
#include "net/core/counter.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"

#define TRACE_COUNTERS	1024

void (*stage_trace)(const struct stage *, unsigned n);

static void (*trace_line)(const char *);
static uint64_t trace_seen[TRACE_COUNTERS];
static const char *trace_stage;		/* whose line is due; NULL: none */
static unsigned trace_stage_n;

struct text { char t_buf[512]; size_t t_len; };

static void __printflike(2, 3)
text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->t_buf + t->t_len, sizeof(t->t_buf) - t->t_len, fmt, ap);
	va_end(ap);
	t->t_len = MIN(t->t_len + (size_t)MAX(n, 0), sizeof(t->t_buf) - 1);
}

/* ---- counters ---- */

/* Names of the counters that moved since the last call: drops, which get lines of their own, with their sentence. */
static void
trace_counters(struct text *t, struct text *drops)
{
	unsigned i = 0;

	SET_FOREACH(const struct counter, c, counters) {
		uint64_t v = counter_sum(c), more = v - trace_seen[i];
		char say[160];

		trace_seen[i] = v;
		if (++i == TRACE_COUNTERS)
			break;
		if (more == 0)
			continue;
		if (c->c_kind == COUNTER_DROP) {
			counter_print(c, more, say, sizeof(say));
			text_add(drops, "%sDROP %s: %s", drops->t_len > 0 ? ", " : "", c->c_name, say);
			continue;
		}
		text_add(t, "%s%s", t->t_len > 0 ? " " : "", c->c_name);
		if (more > 1)
			text_add(t, "+%" PRIu64, more);
	}
}

/* The line of the stage that was entered last, now that it is known what it counted. */
void
host_trace_flush(void)
{
	struct text counters = { .t_len = 0 }, drops = { .t_len = 0 }, t = { .t_len = 0 };

	trace_counters(&counters, &drops);
	if (trace_stage != NULL || counters.t_len > 0) {
		text_add(&t, "             %s", trace_stage != NULL ? trace_stage : "(task, timer)");
		if (trace_stage != NULL && trace_stage_n > 1)
			text_add(&t, " x%u", trace_stage_n);
		if (counters.t_len > 0)
			text_add(&t, "%*s %s", (int)MAX(28 - (long)t.t_len, 0l), "", counters.t_buf);
		trace_line(t.t_buf);
	}
	if (drops.t_len > 0) {
		t.t_len = 0;
		text_add(&t, "             %s", drops.t_buf);
		trace_line(t.t_buf);
	}
	trace_stage = NULL;
}

static void
trace_enter(const struct stage *st, unsigned n)
{
	host_trace_flush();
	trace_stage = st->st_name;
	trace_stage_n = n;
}

/* ---- frames ---- */

static void
trace_icmp(struct text *t, const struct icmp *icp)
{
	static const char *const names[] = {
		[ICMP_ECHOREPLY] = "echo reply", [ICMP_UNREACH] = "unreachable", [ICMP_REDIRECT] = "redirect",
		[ICMP_ECHO] = "echo request", [ICMP_TIMXCEED] = "time exceeded", [ICMP_PARAMPROB] = "parameter problem",
	};

	if (icp->icmp_type < nitems(names) && names[icp->icmp_type] != NULL)
		text_add(t, "%s", names[icp->icmp_type]);
	else
		text_add(t, "type %u", icp->icmp_type);
	if (icp->icmp_type != ICMP_ECHO && icp->icmp_type != ICMP_ECHOREPLY)
		text_add(t, " code %u", icp->icmp_code);
}

static void
trace_ip(struct text *t, const uint8_t *p, size_t len)
{
	const struct ip *ip = (const void *)p;
	size_t hlen = (size_t)(ip->ip_vhl & 15) * 4;
	char src[IP4_STRLEN], dst[IP4_STRLEN];

	text_add(t, "%s > %s ", ip4_print(src, ip->ip_src), ip4_print(dst, ip->ip_dst));
	if (be16_host(ip->ip_off) & IP_OFFMASK)
		text_add(t, "fragment at %u", (be16_host(ip->ip_off) & IP_OFFMASK) * 8u);
	else if (ip->ip_p == IPPROTO_ICMP_ && len >= hlen + sizeof(struct icmp)) {
		text_add(t, "icmp ");
		trace_icmp(t, (const void *)(p + hlen));
	} else if ((ip->ip_p == IPPROTO_UDP_ || ip->ip_p == IPPROTO_TCP_) && len >= hlen + 4)
		text_add(t, "%s %u > %u", ip->ip_p == IPPROTO_UDP_ ? "udp" : "tcp", be16_host(load16(p + hlen)),
		    be16_host(load16(p + hlen + 2)));
	else
		text_add(t, "protocol %u", ip->ip_p);
	text_add(t, ", ttl %u", ip->ip_ttl);
}

static void
trace_arp(struct text *t, const struct ether_arp *ea)
{
	char spa[IP4_STRLEN], tpa[IP4_STRLEN], sha[ETHER_STRLEN];

	ip4_print(spa, ea->arp_spa);
	ip4_print(tpa, ea->arp_tpa);
	if (ea->ar_op == BE16(ARPOP_REQUEST))
		text_add(t, "arp who-has %s tell %s", tpa, spa);
	else
		text_add(t, "arp %s is-at %s", spa, ether_print(sha, ea->arp_sha));
}

void
host_trace_frame(const struct ifnet *ifp, const struct mbuf *m, bool in)
{
	uint64_t us = uptime_ns() / 1000;
	uint8_t b[128];
	size_t len = MIN((size_t)m->m_pktlen, sizeof(b));
	struct text t = { .t_len = 0 };
	uint16_t type;

	host_trace_flush();
	memset(b, 0, sizeof(b));
	m_copydata(m, 0, (uint32_t)len, b);
	type = len >= ETHER_HDR_LEN ? be16_host(load16(b + 12)) : 0;
	text_add(&t, "%5" PRIu64 ".%06" PRIu64 " %s %s: ", us / 1000000, us % 1000000, ifp->if_xname, in ? "in" : "out");
	if (type == ETHERTYPE_IP && len >= ETHER_HDR_LEN + sizeof(struct ip))
		trace_ip(&t, b + ETHER_HDR_LEN, len - ETHER_HDR_LEN);
	else if (type == ETHERTYPE_ARP && len >= ETHER_HDR_LEN + sizeof(struct ether_arp))
		trace_arp(&t, (const void *)(b + ETHER_HDR_LEN));
	else
		text_add(&t, "ether type 0x%04x", type);
	text_add(&t, ", %u bytes", m->m_pktlen);
	trace_line(t.t_buf);
}

void
host_trace(void (*line)(const char *))
{
	struct text t = { .t_len = 0 }, drops = { .t_len = 0 };

	trace_line = line;
	stage_trace = line != NULL ? trace_enter : NULL;
	trace_stage = NULL;
	trace_counters(&t, &drops);		/* what was before is of no interest */
}
