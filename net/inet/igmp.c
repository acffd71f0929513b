/* igmp.c - telling routers which groups we listen to: IGMPv3 (RFC 3376) as host, and versions 2 and 1 where an older router asks.
 *
 * We listen to groups whatever the source, so a group that is joined is always in the state EXCLUDE {} (RFC 3376 3.2). */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/inet/igmp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_var.h"
#include "net/route/nexthop.h"

#define IGMP_ROBUSTNESS		2	/* RFC 3376 8.1, until a router says otherwise */
#define IGMP_HLEN		24u	/* of the IP header: with the router alert option */
#define IGMP_OLDER_SEC		260	/* 8.12: robustness * 125 + 10 */
#define IGMP_UNSOLICITED_MS	1000	/* 8.11 */
#define IGMP_UNSOLICITED_V2_MS	10000	/* RFC 2236 8.10 */

COUNTER_GROUP(igmp, 35);
COUNTER(igps_short, igmp, 20, DROP, "message%s received with too few bytes");
COUNTER(igps_badsum, igmp, 21, DROP, "message%s received with bad checksum");
COUNTER(igps_badttl, igmp, 22, DROP, "message%s from beyond this wire");
COUNTER(igps_badquery, igmp, 23, DROP, "membership quer%y received with invalid fields");
COUNTER(igps_nogroups, igmp, 24, DROP, "membership quer%y on an interface without groups");
COUNTER(igps_unknown, igmp, 25, DROP, "IGMP message%s of a type that we do not serve");
COUNTER(igps_queries, igmp, 30, CONSUMED, "membership quer%y received");
COUNTER(igps_reports, igmp, 31, CONSUMED, "membership report%s received");
COUNTER(igps_ourreports, igmp, 32, INFO, "membership report%s received for groups to which we belong");
COUNTER(igps_sent, igmp, 40, CREATED, "membership report%s sent");
COUNTER(igps_nombuf, igmp, 41, INFO, "message%s not sent for want of an mbuf");

static int igmp_version = 3;
SYSCTL_INT(net_inet_igmp_version, "net.inet.igmp.version", &igmp_version, 3, 1, 3);

struct igmp_if {
	struct ifnet	*ii_ifp;
	struct timeout	 ii_answer;		/* v3: all groups, to a general question */
	uint64_t	 ii_v1_until, ii_v2_until;	/* uptime_ns: an older router has asked */
	uint8_t		 ii_robustness;
};
static struct pool igmp_if_pool;

static void
igmp_init(void)
{
	pool_init(&igmp_if_pool, "igmpif", sizeof(struct igmp_if), 8, IF_MAX);
}
NET_INIT(igmp, 10, igmp_init);

static void igmp_answer_all(void *);
static void igmp_answer_group(void *);
static void igmp_change_again(void *);

/* NULL: no memory; then nothing is told. */
static struct igmp_if *
igmp_if_get(struct ifnet *ifp)
{
	struct igmp_if *ii = ifp->if_igmp;

	if (ii == NULL && (ii = pool_get(&igmp_if_pool)) != NULL) {
		ii->ii_ifp = ifp;
		ii->ii_robustness = IGMP_ROBUSTNESS;
		timeout_set(&ii->ii_answer, igmp_answer_all, ii);
		ifp->if_igmp = ii;
	}
	return ii;
}

void
igmp_if_gone(struct ifnet *ifp)
{
	if (ifp->if_igmp == NULL)
		return;
	timeout_del(&ifp->if_igmp->ii_answer);
	pool_put(&igmp_if_pool, ifp->if_igmp);
	ifp->if_igmp = NULL;
}

/* RFC 3376 7.2.1. */
static unsigned
igmp_if_version(const struct igmp_if *ii)
{
	uint64_t now = uptime_ns();
	unsigned v = now < ii->ii_v1_until ? 1 : now < ii->ii_v2_until ? 2 : 3;

	return MIN(v, (unsigned)igmp_version);
}

/* A random time of (0, ms]. */
static uint64_t
igmp_delay(uint64_t ms)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return 1 + r % MAX(ms, 1u);
}

/* Nobody is told of 224.0.0.1 (RFC 3376 6); nor is one's self. */
static bool
igmp_reported(const struct in_multi *im)
{
	return im->im_addr != IP4_ALLHOSTS && im->im_ifp->if_ether;
}

/* ---- sending ---- */

/* A message of len bytes behind an IP header with the router alert option (RFC 2113). */
static void
igmp_send(struct ifnet *ifp, be32_t dst, const void *msg, unsigned len)
{
	const unsigned hlen = IGMP_HLEN;
	struct mbuf *m = m_get();
	struct ip *ip;

	if (m == NULL) {
		counter_inc(igps_nombuf);
		return;
	}
	KASSERT(hlen + len <= MCLBYTES - MHEADROOM);
	m->m_len = m->m_pktlen = hlen + len;
	m->m_rdomain = ifp->if_rdomain;
	ip = (struct ip *)m->m_data;
	*ip = (struct ip){
		.ip_vhl = (uint8_t)(0x40 | hlen / 4), .ip_tos = 0xc0,		/* RFC 3376 4 */
		.ip_len = host_be16((uint16_t)(hlen + len)), .ip_id = host_be16(ip_newid()), .ip_off = BE16(IP_DF),
		.ip_ttl = 1, .ip_p = IPPROTO_IGMP_, .ip_dst = dst,
		.ip_src = ifp->if_addrs != NULL ? ifp->if_addrs->ifa_addr : IP4_ANY,
	};
	store32(ip + 1, BE32(0x94040000));
	memcpy(m->m_data + hlen, msg, len);
	counter_inc(igps_sent);
	ip_send_link(ifp, m);
}

/* Version 1 and 2 reports, and version 2 leaves: 8 bytes. */
static void
igmp_send_old(struct ifnet *ifp, uint8_t type, be32_t dst, be32_t group)
{
	struct igmp msg = { .igmp_type = type, .igmp_group = group };

	msg.igmp_cksum = in_cksum(&msg, sizeof(msg));
	igmp_send(ifp, dst, &msg, sizeof(msg));
}

static void
igmp_send_v3(struct ifnet *ifp, struct igmpv3_report *r, unsigned nrecords, unsigned len)
{
	r->ir_type = IGMP_V3_REPORT;
	r->ir_nrecords = host_be16((uint16_t)nrecords);
	r->ir_cksum = 0;
	r->ir_cksum = in_cksum(r, len);
	igmp_send(ifp, IP4_IGMPV3, r, len);
}

/* One record: to a question about sources those that we listen to, which is all of them (RFC 3376 5.2). */
static void
igmp_send_record(struct in_multi *im, uint8_t type)
{
	union { struct igmpv3_report r; uint8_t b[sizeof(struct igmpv3_report) + sizeof(struct igmpv3_record) + IGMP_SOURCES * 4]; } u;
	struct igmpv3_record *rec = (struct igmpv3_record *)(u.b + sizeof(u.r));
	unsigned n = type == IGMP_IS_INCLUDE ? im->im_nsources : 0;

	memset(&u, 0, sizeof(u));
	rec->ig_type = type;
	rec->ig_nsources = host_be16((uint16_t)n);
	rec->ig_group = im->im_addr;
	memcpy(rec + 1, im->im_sources, n * sizeof(be32_t));
	igmp_send_v3(im->im_ifp, &u.r, 1, (unsigned)(sizeof(u.r) + sizeof(*rec) + n * sizeof(be32_t)));
}

/* The state of one group, in the words of the version in use. */
static void
igmp_report(struct in_multi *im, unsigned version)
{
	im->im_told = true;
	switch (version) {
	case 1:
		igmp_send_old(im->im_ifp, IGMP_V1_REPORT, im->im_addr, im->im_addr);
		break;
	case 2:
		igmp_send_old(im->im_ifp, IGMP_V2_REPORT, im->im_addr, im->im_addr);
		break;
	default:
		igmp_send_record(im, im->im_nsources > 0 ? IGMP_IS_INCLUDE : IGMP_IS_EXCLUDE);
		break;
	}
}

/* ---- joins and leaves: told at once, and again, as messages may be lost ---- */

static void
igmp_tell_change(struct in_multi *im)
{
	struct igmp_if *ii = im->im_ifp->if_igmp;
	unsigned version = igmp_if_version(ii);
	bool joined = im->im_refs > 0;

	if (version == 3)
		igmp_send_record(im, joined ? IGMP_TO_EXCLUDE : IGMP_TO_INCLUDE);
	else if (joined)
		igmp_report(im, version);
	else if (version == 2 && im->im_told)	/* RFC 2236 6 */
		igmp_send_old(im->im_ifp, IGMP_LEAVE, IP4_ALLROUTERS, im->im_addr);
	if (im->im_changes > 0)
		im->im_changes--;
	if (!joined && version < 3)
		im->im_changes = 0;
	if (im->im_changes > 0)
		timeout_add_msec(&im->im_change, igmp_delay(version == 3 ? IGMP_UNSOLICITED_MS : IGMP_UNSOLICITED_V2_MS));
	else if (!joined)
		in_multi_free(im);
}

static void
igmp_change_again(void *arg)
{
	igmp_tell_change(arg);
}

static void
igmp_change(struct in_multi *im)
{
	struct igmp_if *ii = igmp_if_get(im->im_ifp);

	if (im->im_answer.to_func == NULL) {
		timeout_set(&im->im_answer, igmp_answer_group, im);
		timeout_set(&im->im_change, igmp_change_again, im);
	}
	timeout_del(&im->im_answer);
	timeout_del(&im->im_change);
	if (ii == NULL || !igmp_reported(im) || !nexthop_if_usable(im->im_ifp)) {	/* told when it comes up, if it is joined then */
		if (im->im_refs == 0)
			in_multi_free(im);
		return;
	}
	im->im_changes = ii->ii_robustness;
	igmp_tell_change(im);
}

void
igmp_joined(struct in_multi *im)
{
	im->im_told = false;
	igmp_change(im);
}

void
igmp_left(struct in_multi *im)
{
	igmp_change(im);
}

void
igmp_forget(struct in_multi *im)
{
	if (im->im_answer.to_func != NULL) {
		timeout_del(&im->im_answer);
		timeout_del(&im->im_change);
	}
}

void
igmp_if_up(struct ifnet *ifp)
{
	struct in_multi *next;

	for (struct in_multi *im = ifp->if_groups; im != NULL; im = next) {
		next = im->im_next;
		igmp_change(im);
	}
}

/* ---- answers ---- */

/* All groups, as many records in a message as fit. */
static void
igmp_answer_all(void *arg)
{
	struct igmp_if *ii = arg;
	union { struct igmpv3_report r; uint8_t b[1024]; } u;
	const unsigned size = sizeof(struct igmpv3_record), room = MIN(ii->ii_ifp->if_mtu, (unsigned)sizeof(u) + IGMP_HLEN) - IGMP_HLEN;
	unsigned n = 0, max = MAX((room - (unsigned)sizeof(u.r)) / size, 1u);

	memset(&u, 0, sizeof(u));
	for (struct in_multi *im = ii->ii_ifp->if_groups; im != NULL; im = im->im_next) {
		if (im->im_refs == 0 || !igmp_reported(im))
			continue;
		*(struct igmpv3_record *)(u.b + sizeof(u.r) + n * size) =
		    (struct igmpv3_record){ .ig_type = IGMP_IS_EXCLUDE, .ig_group = im->im_addr };
		if (++n == max) {
			igmp_send_v3(ii->ii_ifp, &u.r, n, (unsigned)sizeof(u.r) + n * size);
			n = 0;
		}
	}
	if (n > 0)
		igmp_send_v3(ii->ii_ifp, &u.r, n, (unsigned)sizeof(u.r) + n * size);
}

static void
igmp_answer_group(void *arg)
{
	struct in_multi *im = arg;

	if (im->im_refs > 0)
		igmp_report(im, igmp_if_version(im->im_ifp->if_igmp));
	im->im_nsources = 0;
}

/* In a random time within ms, and not later than it was to be anyway. */
static void
igmp_answer_soon(struct timeout *to, uint64_t ms)
{
	uint64_t delay = igmp_delay(ms), now = uptime_ns() / 1000000;

	if (!timeout_pending(to) || to->to_tick > now + delay)
		timeout_add_msec(to, delay);
}

/* ---- questions ---- */

/* What a router asks, whatever version it speaks. */
struct query {
	unsigned	q_version;
	uint64_t	q_ms;			/* the time for the answer */
	be32_t		q_group;		/* 0: all */
	unsigned	q_nsources;
	const uint8_t	*q_sources;
};

/* RFC 3376 4.1.1: eight bits for a tenth of a second, those above 128 as a floating point number. */
static unsigned
igmp_code(uint8_t code)
{
	return code < 128 ? code : ((code & 15) | 16u) << ((code >> 4 & 7) + 3);
}

static bool
igmp_parse_query(struct query *q, const uint8_t *p, unsigned len)
{
	const struct igmp *ig = (const struct igmp *)p;

	*q = (struct query){ .q_group = ig->igmp_group, .q_version = len == 8 ? (ig->igmp_code == 0 ? 1 : 2) : 3 };
	q->q_ms = q->q_version == 1 ? 10000 : q->q_version == 2 ? ig->igmp_code * 100u : igmp_code(ig->igmp_code) * 100u;
	if (q->q_version == 3) {
		if (len < sizeof(struct igmpv3_query))
			return false;
		q->q_nsources = be16_host(load16(p + 10));
		q->q_sources = p + sizeof(struct igmpv3_query);
		if (q->q_nsources > (len - sizeof(struct igmpv3_query)) / 4 || (q->q_nsources > 0 && q->q_group == 0))
			return false;
	}
	return q->q_group == 0 || ip4_is_multicast(q->q_group);
}

/* RFC 3376 7.2.1: the oldest who asks decides; when that changes, what was to be told in other words is not. */
static void
igmp_note_version(struct igmp_if *ii, const struct query *q, const uint8_t *p)
{
	uint64_t until = uptime_ns() + IGMP_OLDER_SEC * 1000000000ull;
	unsigned before = igmp_if_version(ii), robustness;

	if (q->q_version == 1)
		ii->ii_v1_until = until;
	else if (q->q_version == 2)
		ii->ii_v2_until = until;
	else {
		robustness = p[8] & 7;
		ii->ii_robustness = (uint8_t)(robustness > 0 ? robustness : IGMP_ROBUSTNESS);
	}
	if (igmp_if_version(ii) == before)
		return;
	timeout_del(&ii->ii_answer);
	for (struct in_multi *im = ii->ii_ifp->if_groups, *next; im != NULL; im = next) {
		next = im->im_next;
		timeout_del(&im->im_answer);
		timeout_del(&im->im_change);
		if (im->im_refs == 0)
			in_multi_free(im);
	}
}

/* RFC 3376 5.2: what is asked about, added to what was to be answered already. */
static void
igmp_ask_group(struct in_multi *im, const struct query *q)
{
	bool pending = timeout_pending(&im->im_answer);

	if (q->q_nsources == 0 || (pending && im->im_nsources == 0) || im->im_nsources + q->q_nsources > IGMP_SOURCES)
		im->im_nsources = 0;
	else {
		memcpy(im->im_sources + im->im_nsources, q->q_sources, q->q_nsources * sizeof(be32_t));
		im->im_nsources = (uint8_t)(im->im_nsources + q->q_nsources);
	}
	igmp_answer_soon(&im->im_answer, q->q_ms);
}

static void
igmp_query(struct ifnet *ifp, const struct query *q, const uint8_t *p)
{
	struct igmp_if *ii = ifp->if_igmp;

	igmp_note_version(ii, q, p);
	if (q->q_group == 0 && igmp_if_version(ii) == 3) {
		igmp_answer_soon(&ii->ii_answer, q->q_ms);
		return;
	}
	for (struct in_multi *im = ifp->if_groups; im != NULL; im = im->im_next)
		if (im->im_refs > 0 && igmp_reported(im) && (q->q_group == 0 || im->im_addr == q->q_group))
			igmp_ask_group(im, q);
}

static void
igmp_query_input(struct ifnet *ifp, struct mbuf *m, const uint8_t *p, unsigned len, be32_t dst)
{
	struct query q;

	/* RFC 3376 9.1: one about all groups is sent to all hosts */
	if (!igmp_parse_query(&q, p, len) || (q.q_group == 0 && dst != IP4_ALLHOSTS)) {
		M_DROP(m, igps_badquery);
		return;
	}
	if (ifp->if_igmp == NULL) {
		M_DROP(m, igps_nogroups);
		return;
	}
	igmp_query(ifp, &q, p);
	counter_inc(igps_queries);
	m_freem(m);
}

/* Somebody else has answered for the group: we need not (RFC 2236 3; not with version 3). */
static void
igmp_report_input(struct ifnet *ifp, struct mbuf *m, be32_t group)
{
	struct in_multi *im = in_multi_find(ifp, group);

	if (im != NULL && im->im_refs > 0 && igmp_reported(im)) {
		counter_inc(igps_ourreports);
		if (igmp_if_version(ifp->if_igmp) < 3) {
			timeout_del(&im->im_answer);
			im->im_told = false;
		}
	}
	counter_inc(igps_reports);
	m_freem(m);
}

static void
igmp_input(struct ifnet *ifp, struct mbuf *m, unsigned hlen)
{
	const struct ip *ip;
	const uint8_t *p;
	unsigned len;

	if (m->m_pktlen < hlen + sizeof(struct igmp) || m->m_pktlen > MCLBYTES - MHEADROOM || !m_pullup(m, m->m_pktlen)) {
		M_DROP(m, igps_short);
		return;
	}
	ip = (const struct ip *)m->m_data;
	p = m->m_data + hlen;
	len = m->m_pktlen - hlen;
	if (in_cksum(p, len) != 0) {
		M_DROP(m, igps_badsum);
		return;
	}
	if (ip->ip_ttl != 1) {			/* all messages have it; nobody far away can */
		M_DROP(m, igps_badttl);
		return;
	}
	switch (p[0]) {
	case IGMP_QUERY:
		igmp_query_input(ifp, m, p, len, ip->ip_dst);
		break;
	case IGMP_V1_REPORT:
	case IGMP_V2_REPORT:
		igmp_report_input(ifp, m, load32(p + 4));
		break;
	default:			/* RFC 3376 4: silently */
		M_DROP(m, igps_unknown);
		break;
	}
}

static const struct ip_proto igmp_proto = { IPPROTO_IGMP_, "igmp", igmp_input };
IP_PROTO(igmp_proto);
