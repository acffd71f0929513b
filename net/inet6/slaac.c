/* slaac.c - routers on the link: asked for (RFC 4861 6.3.7, RFC 7559), listened to (6.3.4), one of them chosen (6.3.6, RFC 4191). */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/inet6/slaac.h"
#include "net/route/route.h"

#define RS_DELAY_MS	1000		/* MAX_RTR_SOLICITATION_DELAY */
#define RS_FIRST_MS	4000		/* RTR_SOLICITATION_INTERVAL */
#define RS_MOST_MS	3600000		/* RFC 7559 2: MRT */
#define LOOK_NS		(5 * SLAAC_SECOND)	/* where there are several routers: which of them answer? */
#define PROBE_NS	(60 * SLAAC_SECOND)	/* RFC 4191 3.2: at most once a minute */
#define RETRANS_MIN_MS	10
#define RETRANS_MAX_MS	60000
#define REACHABLE_MAX_MS 3600000	/* RFC 4861 6.2.1 */

COUNTER(nd6s_rssent, nd6, 105, CREATED, "router solicitation%s sent");
COUNTER(nd6s_inra, nd6, 30, CONSUMED, "router advertisement%s received");
COUNTER(nd6s_raother, nd6, 31, CONSUMED, "router advertisement%s on interfaces without autoconf");
COUNTER(nd6s_badra, nd6, 53, DROP, "bad router advertisement message%s");
COUNTER(nd6s_raopt, nd6, 74, DROP, "router advertisement%s dropped for their options");
COUNTER(nd6s_ramany, nd6, 75, INFO, "router%s not believed because there are too many");

static struct pool slaac_pool;

static void
slaac_init(void)
{
	pool_init(&slaac_pool, "slaac", sizeof(struct slaac), 8, IF_MAX);
}
NET_INIT(slaac, 10, slaac_init);

/* ---- the default route ---- */

/* As far as is known: RFC 4861 6.3.6 (1). */
static bool
router_answers(const struct slaac *sl, const struct ra_router *rr)
{
	const struct nexthop *nh = nexthop_find6(sl->sl_ifp, &rr->rr_addr);

	return nh != NULL && NH_RESOLVED(nh);
}

/* RFC 4861 6.3.6: one that answers before one that does not; RFC 4191 3.2: of these the preferred one; the one that we use before its equals. */
static const struct ra_router *
slaac_best(const struct slaac *sl)
{
	const struct ra_router *best = NULL;
	int score = -100;

	for (unsigned i = 0; i < sl->sl_nrouters; i++) {
		const struct ra_router *rr = &sl->sl_router[i];
		int s = (router_answers(sl, rr) ? 0 : -20) + rr->rr_pref * 4 + (sl->sl_routed && in6_equal(&rr->rr_addr, &sl->sl_gateway));

		if (s > score) {
			best = rr;
			score = s;
		}
	}
	return best;
}

static void
slaac_route(struct slaac *sl, const struct ra_router *rr)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_rdomain = sl->sl_ifp->if_rdomain, .rq_priority = SLAAC_PRIORITY,
	    .rq_flags = RTF_GATEWAY | RTF_DYNAMIC | RTF_MPATH };

	if (rr != NULL && sl->sl_routed && in6_equal(&sl->sl_gateway, &rr->rr_addr) && sl->sl_mtu == rr->rr_mtu)
		return;
	if (sl->sl_routed) {
		rq.rq_gateway6 = sl->sl_gateway;
		rt_delete(&rq);
		sl->sl_routed = false;
	}
	if (rr == NULL)
		return;
	rq.rq_gateway6 = sl->sl_gateway = rr->rr_addr;
	rq.rq_mtu = sl->sl_mtu = rr->rr_mtu;
	sl->sl_routed = rt_add(&rq) == RT_OK;
}

/* RFC 4191 3.2: those that would be preferred if they answered are asked now and then; nobody else would. */
static void
slaac_probe(struct slaac *sl, const struct ra_router *used, uint64_t now)
{
	for (unsigned i = 0; i < sl->sl_nrouters; i++) {
		struct ra_router *rr = &sl->sl_router[i];
		struct in6_addr a = in6_unembed(&rr->rr_addr);
		struct nexthop *nh;

		if (rr->rr_pref <= used->rr_pref || now < rr->rr_probe || router_answers(sl, rr))
			continue;
		rr->rr_probe = now + PROBE_NS;
		if ((nh = nd6_make_entry(sl->sl_ifp, &a)) != NULL)
			nd6_probe_new(nh);
	}
}

/* ---- what ends ---- */

static uint64_t
slaac_next(const struct slaac *sl, uint64_t now)
{
	uint64_t next = slaac_prefix_next(sl, now);

	for (unsigned i = 0; i < sl->sl_nrouters; i++)
		next = MIN(next, sl->sl_router[i].rr_expire);
	for (unsigned i = 0; i < sl->sl_ndns; i++)
		next = MIN(next, sl->sl_dns[i].rd_expire);
	for (unsigned i = 0; i < sl->sl_nsearch; i++)
		next = MIN(next, sl->sl_search[i].rs_expire);
	return sl->sl_nrouters > 1 ? MIN(next, now + LOOK_NS) : next;
}

static void
slaac_schedule(struct slaac *sl)
{
	uint64_t now = uptime_ns(), next = slaac_next(sl, now);

	if (next == UINT64_MAX)
		timeout_del(&sl->sl_timer);
	else
		timeout_add_msec(&sl->sl_timer, next > now ? MIN((next - now) / 1000000 + 1, 3600000ull) : 1);
}

/* It is none any more. When it was the last one nobody stands by what was said of the link. */
static void
router_drop(struct slaac *sl, struct ra_router *rr)
{
	*rr = sl->sl_router[--sl->sl_nrouters];
	if (sl->sl_nrouters == 0)
		nd6_if_defaults(sl->sl_ifp->if_nd);
}

static void
slaac_timer(void *arg)
{
	struct slaac *sl = arg;
	const struct ra_router *best;
	uint64_t now = uptime_ns();

	for (unsigned i = 0; i < sl->sl_nrouters; )
		if (sl->sl_router[i].rr_expire <= now)
			router_drop(sl, &sl->sl_router[i]);
		else
			i++;
	slaac_dns_expire(sl, now);
	slaac_prefix_expire(sl, now);
	best = slaac_best(sl);
	slaac_route(sl, best);
	if (best != NULL)
		slaac_probe(sl, best, now);
	slaac_schedule(sl);
}

/* ---- asking ---- */

/* RFC 7559 2, RFC 3315 14: the time until the next question, doubled each time, a tenth of what it was before more or less at random. */
static uint64_t
slaac_rs_interval(uint64_t last)
{
	uint64_t base = last == 0 ? RS_FIRST_MS : MIN(last, (uint64_t)RS_MOST_MS), next = last == 0 ? RS_FIRST_MS : MIN(2 * last, (uint64_t)RS_MOST_MS);
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return next - base / 10 + r % (base / 5 + 1);
}

static void
slaac_solicit(void *arg)
{
	struct slaac *sl = arg;
	struct { struct icmp6 rs; struct nd_opt_lladdr opt; } msg = { .rs = { .icmp6_type = ICMP6_RS }, .opt = { ND_OPT_SLLA, 1, { 0 } } };
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(sl->sl_ifp);
	bool sure = ia != NULL && !(ia->ia_flags & IN6_IFF_TENTATIVE);
	struct in6_addr src = sure ? in6_unembed(&ia->ia_addr) : in6_any;	/* RFC 4861 4.1: then without the option */

	memcpy(msg.opt.ndo_lladdr, sl->sl_ifp->if_lladdr, ETHER_ADDR_LEN);
	if (nd6_transmit(sl->sl_ifp, &(struct nd_send){ .ns_src = &src, .ns_dst = &in6addr_linklocal_allrouters, .ns_msg = &msg,
	    .ns_len = sure ? sizeof(msg) : sizeof(msg.rs) }))
		counter_inc(nd6s_rssent);
	sl->sl_rs_ms = slaac_rs_interval(sl->sl_rs_ms);
	timeout_add_msec(&sl->sl_rs, sl->sl_rs_ms);
}

static void
slaac_solicit_start(struct slaac *sl)
{
	uint16_t r;

	random_bytes(&r, sizeof(r));
	sl->sl_rs_ms = 0;
	if (nexthop_if_usable(sl->sl_ifp))
		timeout_add_msec(&sl->sl_rs, 1 + r % RS_DELAY_MS);
}

/* ---- listening ---- */

static struct ra_router *
router_find(struct slaac *sl, const struct in6_addr *a)
{
	for (unsigned i = 0; i < sl->sl_nrouters; i++)
		if (in6_equal(&sl->sl_router[i].rr_addr, a))
			return &sl->sl_router[i];
	return NULL;
}

static void
slaac_router_learn(struct slaac *sl, const struct in6_addr *from, const struct nd_ra *ra, const struct nd_opts *o)
{
	uint16_t lifetime = be16_host(ra->ra_lifetime);
	struct in6_addr a = in6_embed(from, sl->sl_ifp->if_index);
	struct ra_router *rr = router_find(sl, &a);
	int pref = RA_PREF(ra->ra_flags);
	uint32_t mtu = o->no_mtu != NULL ? be32_host(load32(o->no_mtu + 4)) : 0;

	if (lifetime == 0) {
		if (rr != NULL)
			*rr = sl->sl_router[--sl->sl_nrouters];
		return;
	}
	if (rr == NULL) {
		if (sl->sl_nrouters == SLAAC_ROUTERS) {
			counter_inc(nd6s_ramany);
			return;
		}
		rr = &sl->sl_router[sl->sl_nrouters++];
		*rr = (struct ra_router){ .rr_addr = a };
	}
	rr->rr_expire = slaac_until(lifetime);
	rr->rr_heard = uptime_ns();
	rr->rr_pref = (int8_t)(pref == -2 ? 0 : pref);		/* RFC 4191 2.2: reserved: medium */
	rr->rr_flags = ra->ra_flags;
	rr->rr_hlim = ra->ra_hlim;
	rr->rr_lifetime = lifetime;
	if (mtu >= IP6_MINMTU && mtu <= sl->sl_ifp->if_mtu)
		rr->rr_mtu = mtu;
}

void
slaac_router_gone(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_embed(addr, ifp->if_index);
	struct slaac *sl = slaac_of(ifp);
	struct ra_router *rr = sl != NULL ? router_find(sl, &a) : NULL;

	if (rr == NULL)
		return;
	router_drop(sl, rr);
	slaac_route(sl, slaac_best(sl));
	slaac_schedule(sl);
}

/* RFC 4861 6.3.4: what it says of the link; 0 (not said) and values out of their range leave it as it is. */
static void
slaac_link_learn(struct ifnet *ifp, const struct nd_ra *ra)
{
	struct nd_ifinfo *nd = ifp->if_nd;
	uint32_t reachable = be32_host(ra->ra_reachable), retrans = be32_host(ra->ra_retrans);

	if (reachable != 0 && reachable <= REACHABLE_MAX_MS && reachable != nd->nd_basereachable_ms) {
		nd->nd_basereachable_ms = reachable;
		nd->nd_reachable_ms = 0;
	}
	if (ra->ra_hlim != 0)
		nd->nd_hlim = ra->ra_hlim;
	if (retrans >= RETRANS_MIN_MS && retrans <= RETRANS_MAX_MS)
		nd->nd_retrans_ms = retrans;
}

static void
slaac_options(struct slaac *sl, const struct nd_opts *o)
{
	const struct nd_opt *opt = NULL;

	while ((opt = nd6_opt_next(o, opt, ND_OPT_PREFIX)) != NULL) {
		const struct nd_opt_prefix *op = (const struct nd_opt_prefix *)opt;

		if (opt->ndo_len == sizeof(*op) / 8 && op->op_plen <= 128 && op->op_plen > 0 && !IN6_IS_ADDR_LINKLOCAL(&op->op_prefix) &&
		    !IN6_IS_ADDR_MULTICAST(&op->op_prefix))
			slaac_prefix_learn(sl, op);
	}
	while ((opt = nd6_opt_next(o, opt, ND_OPT_RDNSS)) != NULL)
		slaac_dns_servers(sl, opt);
	while ((opt = nd6_opt_next(o, opt, ND_OPT_DNSSL)) != NULL)
		slaac_dns_search(sl, opt);
}

/* Its link address, and that it is a router: RFC 4861 6.3.4. */
static void
slaac_neighbour(struct ifnet *ifp, const struct in6_addr *from, const struct nd_opts *o)
{
	struct nexthop *nh = o->no_slla != NULL ? nd6_make_entry(ifp, from) : nexthop_find6(ifp, from);

	if (nh == NULL)
		return;
	nh->nh_router = true;
	if (o->no_slla != NULL && !(nh->nh_flags & NHF_STATIC) && (!NH_RESOLVED(nh) ||
	    memcmp(nexthop_lladdr(nh), o->no_slla->ndo_lladdr, ETHER_ADDR_LEN) != 0))
		nd6_learn(nh, o->no_slla->ndo_lladdr, false);
}

static void
slaac_ra_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	const struct nd_ra *ra = (const struct nd_ra *)(m->m_data + off);
	struct slaac *sl = slaac_of(ifp);
	struct nd_opts o;

	if (!nd6_opts_parse(&o, m->m_data + off + sizeof(*ra), len - (unsigned)sizeof(*ra))) {
		M_DROP(m, nd6s_raopt);
		return;
	}
	if (!IN6_IS_ADDR_LINKLOCAL(&ip6->ip6_src) || in6_ifaddr_find(ifp, &ip6->ip6_src) != NULL ||	/* RFC 4861 6.1.2 */
	    (o.no_slla != NULL && nd6_lladdr_bad(ifp, o.no_slla->ndo_lladdr))) {
		M_DROP(m, nd6s_badra);
		return;
	}
	if (sl == NULL) {
		counter_inc(nd6s_raother);
		m_freem(m);
		return;
	}
	if (ra->ra_lifetime != 0)
		timeout_del(&sl->sl_rs);		/* RFC 4861 6.3.7: there is a router */
	slaac_link_learn(ifp, ra);
	slaac_neighbour(ifp, &ip6->ip6_src, &o);
	slaac_router_learn(sl, &ip6->ip6_src, ra, &o);
	slaac_options(sl, &o);
	slaac_route(sl, slaac_best(sl));
	slaac_schedule(sl);
	counter_inc(nd6s_inra);
	m_freem(m);
}

static const struct icmp6_type slaac_ra_type = { ICMP6_RA, true, sizeof(struct nd_ra), slaac_ra_input };
ICMP6_TYPE(slaac_ra_type);

/* ---- on and off ---- */

static void
slaac_start(struct ifnet *ifp)
{
	struct nd_ifinfo *nd = nd6_if(ifp);

	if (nd == NULL || nd->nd_slaac != NULL || !ifp->if_ether || (nd->nd_slaac = pool_get(&slaac_pool)) == NULL)
		return;
	nd->nd_slaac->sl_ifp = ifp;
	timeout_set(&nd->nd_slaac->sl_timer, slaac_timer, nd->nd_slaac);
	timeout_set(&nd->nd_slaac->sl_rs, slaac_solicit, nd->nd_slaac);
	slaac_solicit_start(nd->nd_slaac);
}

void
slaac_stop(struct ifnet *ifp)
{
	struct slaac *sl = slaac_of(ifp);

	if (sl == NULL)
		return;
	timeout_del(&sl->sl_timer);
	timeout_del(&sl->sl_rs);
	slaac_route(sl, NULL);
	slaac_prefix_forget(sl);
	nd6_if_defaults(ifp->if_nd);
	ifp->if_nd->nd_slaac = NULL;
	pool_put(&slaac_pool, sl);
}

static void
slaac_if_changed(struct ifnet *ifp)
{
	if (!(ifp->if_xflags & IFXF_AUTOCONF6))
		slaac_stop(ifp);
	else if (slaac_of(ifp) == NULL)
		slaac_start(ifp);
	else {
		slaac_prefix_renumber(slaac_of(ifp));
		slaac_schedule(slaac_of(ifp));
	}
}

static void
slaac_if_up(struct ifnet *ifp)
{
	if (slaac_of(ifp) != NULL)
		slaac_solicit_start(slaac_of(ifp));
}

static void
slaac_if_down(struct ifnet *ifp)
{
	if (slaac_of(ifp) == NULL)
		return;
	timeout_del(&slaac_of(ifp)->sl_rs);
	nd6_if_defaults(ifp->if_nd);			/* it may come back to another link; who is there is asked anew */
}

static const struct in6_watch slaac_watch = { .iw_if_up = slaac_if_up, .iw_if_down = slaac_if_down, .iw_if_changed = slaac_if_changed };
IN6_WATCH(slaac_watch);
