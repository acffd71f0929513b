/* mld6.c - telling routers which groups we listen to: MLDv2 (RFC 3810), and MLDv1 (RFC 2710) where such a querier is. We listen to all sources. */
#include <string.h>

#include "kernel/machine.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/mld6.h"

#define MLD_ROBUSTNESS	2		/* RFC 3810 9.1 */
#define MLD_UNSOLICITED_MS 1000		/* 9.11 */
#define MLD_V1_UNSOLICITED_MS 10000	/* RFC 2710 7.10 */
#define MLD_V1_NS	(260 * 1000000000ull)	/* 9.12: older version querier present, with the usual intervals */
#define MLD_RECORDS	60		/* in one report, so that it fits any link */
#define MS		1000000ull

COUNTER_GROUP(mld6, 62);
COUNTER(mld6s_inquery, mld6, 10, CONSUMED, "membership quer%y received");
COUNTER(mld6s_inreport, mld6, 20, CONSUMED, "membership report%s received");
COUNTER(mld6s_indone, mld6, 21, CONSUMED, "membership termination%s received");
COUNTER(mld6s_badquery, mld6, 30, DROP, "membership quer%y with invalid fields received");
COUNTER(mld6s_badreport, mld6, 31, DROP, "membership report%s with invalid fields received");
COUNTER(mld6s_outreport, mld6, 40, CREATED, "membership report%s sent");
COUNTER(mld6s_outreport1, mld6, 42, CREATED, "membership report%s of version 1 sent");
COUNTER(mld6s_inreport2, mld6, 22, CONSUMED, "membership report%s of version 2 received");
COUNTER(mld6s_outdone, mld6, 41, CREATED, "membership termination%s sent");

struct mld_hdr {			/* RFC 2710 3; a query of MLDv2 goes on */
	uint8_t		mld_type, mld_code;
	uint16_t	mld_cksum;
	be16_t		mld_maxdelay, mld_reserved;
	struct in6_addr	mld_addr;
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct mld_hdr) == 24, "RFC 2710 3");
#define MLD2_QUERY_LEN	28

struct mld_record {			/* RFC 3810 5.2.4, without sources */
	uint8_t		mr_type, mr_auxlen;
	be16_t		mr_nsources;
	struct in6_addr	mr_addr;
} __attribute__((packed, aligned(2), may_alias));
#define MR_IS_EXCLUDE	2
#define MR_TO_INCLUDE	3
#define MR_TO_EXCLUDE	4

struct mld2_report {
	uint8_t		m2_type, m2_reserved;
	uint16_t	m2_cksum;
	be16_t		m2_reserved2, m2_nrecords;
	struct mld_record m2_record[MLD_RECORDS];
} __attribute__((packed, aligned(2), may_alias));

/* Hop-by-hop: router alert 0 (RFC 2711), padded. */
static const uint8_t mld_alert[8] = { IPPROTO_ICMPV6_, 0, IP6OPT_ROUTER_ALERT, 2, 0, 0, IP6OPT_PADN, 0 };

static bool
mld6_is_v1(const struct ifnet *ifp)
{
	return uptime_ns() < ifp->if_nd->nd_mldv1;
}

/* RFC 3810 6, RFC 2710 4: not of all nodes, nor of what stays inside a node. */
static bool
mld6_reported(const struct in6_multi *i6m)
{
	return !in6_equal(&i6m->i6m_addr, &in6addr_linklocal_allnodes) && IN6_MC_SCOPE(&i6m->i6m_addr) >= 2;
}

/* ---- when ---- */

static uint64_t
random_below(uint64_t ns)
{
	uint64_t r;

	random_bytes(&r, sizeof(r));
	return r % (ns + 1);
}

static void mld6_timer(void *);

static void
mld6_schedule(struct ifnet *ifp)
{
	struct nd_ifinfo *nd = ifp->if_nd;
	uint64_t next = UINT64_MAX, now = uptime_ns();

	for (const struct in6_multi *i6m = nd->nd_multi; i6m != NULL; i6m = i6m->i6m_next)
		if (i6m->i6m_due != 0 && i6m->i6m_due < next)
			next = i6m->i6m_due;
	if (nd->nd_mld.to_func == NULL)
		timeout_set(&nd->nd_mld, mld6_timer, ifp);
	if (next == UINT64_MAX)
		timeout_del(&nd->nd_mld);
	else
		timeout_add_msec(&nd->nd_mld, next > now ? (next - now + MS - 1) / MS : 0);
}

/* The report is sent within so long; sooner when it was to be. */
static void
mld6_due(struct in6_multi *i6m, uint64_t ns)
{
	uint64_t due = uptime_ns() + random_below(ns);

	if (due == 0)
		due = 1;
	if (i6m->i6m_due == 0 || due < i6m->i6m_due)
		i6m->i6m_due = due;
}

/* ---- what ---- */

/* RFC 3590: link-local, or :: while there is none that is surely ours. */
static struct in6_addr
mld6_src(const struct ifnet *ifp)
{
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(ifp);

	return ia == NULL || (ia->ia_flags & IN6_IFF_TENTATIVE) ? in6_any : in6_unembed(&ia->ia_addr);
}

static bool
mld6_send(struct ifnet *ifp, const struct in6_addr *dst, const void *msg, size_t len)
{
	struct in6_addr src = mld6_src(ifp);

	return nd6_transmit(ifp, &(struct nd_send){ .ns_src = &src, .ns_dst = dst, .ns_hbh = mld_alert, .ns_msg = msg,
	    .ns_len = (unsigned)len });
}

static void
mld6_send_v1(struct ifnet *ifp, struct in6_multi *i6m)
{
	bool done = i6m->i6m_refs == 0;
	struct mld_hdr h = { .mld_type = done ? ICMP6_MLD_DONE : ICMP6_MLD_REPORT, .mld_addr = i6m->i6m_addr };

	if (!mld6_send(ifp, done ? &in6addr_linklocal_allrouters : &i6m->i6m_addr, &h, sizeof(h)))
		return;
	i6m->i6m_last = true;
	if (done)
		counter_inc(mld6s_outdone);
	else
		counter_inc(mld6s_outreport1);
}

/* A group's record is due: what it says. */
static void
mld6_record(struct mld_record *mr, const struct in6_multi *i6m)
{
	uint8_t type = i6m->i6m_refs == 0 ? MR_TO_INCLUDE : i6m->i6m_changes > 0 ? MR_TO_EXCLUDE : MR_IS_EXCLUDE;

	*mr = (struct mld_record){ .mr_type = type, .mr_addr = i6m->i6m_addr };
}

/* The group's report is on its way. It may go. */
static void
mld6_reported_one(struct ifnet *ifp, struct in6_multi *i6m)
{
	i6m->i6m_due = 0;
	if (i6m->i6m_changes > 0 && --i6m->i6m_changes > 0)
		mld6_due(i6m, (mld6_is_v1(ifp) ? MLD_V1_UNSOLICITED_MS : MLD_UNSOLICITED_MS) * MS);
	else if (i6m->i6m_refs == 0)
		mld6_free(ifp, i6m);
}

static void
mld6_timer(void *arg)
{
	struct ifnet *ifp = arg;
	struct mld2_report r = { .m2_type = ICMP6_MLD2_REPORT };
	struct in6_multi *next;
	uint64_t now = uptime_ns();
	unsigned n = 0;

	for (struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL && n < MLD_RECORDS; i6m = next) {
		next = i6m->i6m_next;
		if (i6m->i6m_due == 0 || i6m->i6m_due > now)
			continue;
		if (mld6_is_v1(ifp))
			mld6_send_v1(ifp, i6m);
		else
			mld6_record(&r.m2_record[n++], i6m);
		mld6_reported_one(ifp, i6m);
	}
	r.m2_nrecords = host_be16((uint16_t)n);
	if (n > 0 && mld6_send(ifp, &in6addr_linklocal_mldv2, &r, offsetof(struct mld2_report, m2_record) + n * sizeof(r.m2_record[0])))
		counter_inc(mld6s_outreport);
	mld6_schedule(ifp);
}

/* ---- joined and left ---- */

static void
mld6_change(struct ifnet *ifp, struct in6_multi *i6m)
{
	i6m->i6m_changes = MLD_ROBUSTNESS;
	i6m->i6m_due = 0;
	mld6_due(i6m, 0);		/* RFC 3810 6.1: at once */
	mld6_schedule(ifp);
}

void
mld6_joined(struct ifnet *ifp, struct in6_multi *i6m)
{
	if (ifp->if_ether && nexthop_if_usable(ifp) && mld6_reported(i6m))
		mld6_change(ifp, i6m);
}

bool
mld6_left(struct ifnet *ifp, struct in6_multi *i6m)
{
	if (!ifp->if_ether || !nexthop_if_usable(ifp) || !mld6_reported(i6m) || (mld6_is_v1(ifp) && !i6m->i6m_last)) {
		i6m->i6m_due = 0;
		return false;
	}
	mld6_change(ifp, i6m);
	if (mld6_is_v1(ifp))
		i6m->i6m_changes = 1;
	return true;
}

void
mld6_if_up(struct ifnet *ifp)
{
	if (ifp->if_nd == NULL)
		return;
	ifp->if_nd->nd_mldv1 = 0;
	for (struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL; i6m = i6m->i6m_next)
		mld6_joined(ifp, i6m);
}

void
mld6_if_down(struct ifnet *ifp)
{
	struct in6_multi *next;

	if (ifp->if_nd == NULL)
		return;
	for (struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL; i6m = next) {
		next = i6m->i6m_next;
		i6m->i6m_due = 0;
		i6m->i6m_changes = 0;
		if (i6m->i6m_refs == 0)
			mld6_free(ifp, i6m);
	}
	if (ifp->if_nd->nd_mld.to_func != NULL)
		timeout_del(&ifp->if_nd->nd_mld);
}

/* ---- what comes ---- */

/* RFC 3810 6.2, RFC 2710 3: link-local source, hop limit 1, router alert. */
static bool
mld6_header_good(const struct mbuf *m)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const uint8_t *p = m->m_data + sizeof(*ip6), *end;

	if (!IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_src) || ip6->ip6_hlim != 1 || ip6->ip6_nxt != IPPROTO_HOPOPTS_)
		return false;
	for (end = p + (p[1] + 1u) * 8, p += 2; p < end; p += p[0] == IP6OPT_PAD1 ? 1 : 2 + p[1])	/* checked: ip6_ext.c */
		if (p[0] == IP6OPT_ROUTER_ALERT)
			return true;
	return false;
}

/* RFC 3810 5.1.3: milliseconds. */
static uint64_t
mld6_maxdelay(const struct mld_hdr *h, bool v1)
{
	unsigned code = be16_host(h->mld_maxdelay);

	if (v1 || code < 32768)
		return code;
	return (uint64_t)((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3);
}

static void
mld6_query_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct mld_hdr *h = (const struct mld_hdr *)(m->m_data + off);
	bool v1 = len == sizeof(*h), all = IN6_IS_ADDR_UNSPECIFIED(&h->mld_addr);

	/* RFC 3810 8.1: neither of these lengths is no query that we know. */
	if (ifp->if_nd == NULL || (!v1 && len < MLD2_QUERY_LEN) || !mld6_header_good(m) || (!all && !IN6_IS_ADDR_MULTICAST(&h->mld_addr))) {
		M_DROP(m, mld6s_badquery);
		return;
	}
	if (v1)
		ifp->if_nd->nd_mldv1 = uptime_ns() + MLD_V1_NS;
	for (struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL; i6m = i6m->i6m_next)
		if (i6m->i6m_refs > 0 && mld6_reported(i6m) && (all || in6_equal(&i6m->i6m_addr, &h->mld_addr)))
			mld6_due(i6m, mld6_maxdelay(h, v1) * MS);
	mld6_schedule(ifp);
	counter_inc(mld6s_inquery);
	m_freem(m);
}

/* Somebody else listens, too: with MLDv1 one report will do (RFC 2710 4). */
static void
mld6_report_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len __unused_arg)
{
	const struct mld_hdr *h = (const struct mld_hdr *)(m->m_data + off);

	if (ifp->if_nd == NULL || !mld6_header_good(m) || !IN6_IS_ADDR_MULTICAST(&h->mld_addr)) {
		M_DROP(m, mld6s_badreport);
		return;
	}
	for (struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL; i6m = i6m->i6m_next)
		if (i6m->i6m_refs > 0 && in6_equal(&i6m->i6m_addr, &h->mld_addr) && mld6_is_v1(ifp)) {
			i6m->i6m_due = 0;
			i6m->i6m_changes = 0;
			i6m->i6m_last = false;
		}
	mld6_schedule(ifp);
	counter_inc(mld6s_inreport);
	m_freem(m);
}

/* For routers of multicast, which we are none. */
static void
mld6_done_input(struct ifnet *ifp __unused_arg, struct mbuf *m, unsigned off __unused_arg, unsigned len __unused_arg)
{
	counter_inc(mld6s_indone);
	m_freem(m);
}

static void
mld6_report2_input(struct ifnet *ifp __unused_arg, struct mbuf *m, unsigned off __unused_arg, unsigned len __unused_arg)
{
	counter_inc(mld6s_inreport2);
	m_freem(m);
}

static const struct icmp6_type mld6_query = { ICMP6_MLD_QUERY, false, sizeof(struct mld_hdr), mld6_query_input };
ICMP6_TYPE(mld6_query);
static const struct icmp6_type mld6_report = { ICMP6_MLD_REPORT, false, sizeof(struct mld_hdr), mld6_report_input };
ICMP6_TYPE(mld6_report);
static const struct icmp6_type mld6_done = { ICMP6_MLD_DONE, false, sizeof(struct mld_hdr), mld6_done_input };
ICMP6_TYPE(mld6_done);
static const struct icmp6_type mld6_report2 = { ICMP6_MLD2_REPORT, false, offsetof(struct mld2_report, m2_record), mld6_report2_input };
ICMP6_TYPE(mld6_report2);
