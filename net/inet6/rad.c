/* rad.c - router advertisements are sent (RFC 4861 6.2): by time, and to who asks. */
#include <stdlib.h>
#include <string.h>

#include "kernel/farewell.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/inet6/mld6.h"
#include "net/inet6/rad.h"

#define RAD_ORDER	300		/* of the configuration: behind interfaces and routes */
#define MAX_INTERVAL_MS	600000u		/* MaxRtrAdvInterval; MinRtrAdvInterval is a third of it */
#define LEAST_INTERVAL_MS 4000u
#define INITIAL_MS	16000u		/* MAX_INITIAL_RTR_ADVERT_INTERVAL, */
#define INITIAL		3		/* MAX_INITIAL_RTR_ADVERTISEMENTS */
#define RAD_DELAY_MS	500		/* MAX_RA_DELAY_TIME */
#define APART_NS	3000000000ull	/* MIN_DELAY_BETWEEN_RAS */

COUNTER(nd6s_rasent, nd6, 106, CREATED, "router advertisement%s sent");
COUNTER(nd6s_inrs, nd6, 32, CONSUMED, "router solicitation%s received");
COUNTER(nd6s_rsother, nd6, 33, CONSUMED, "router solicitation%s on interfaces without advertisements");
COUNTER(nd6s_badrs, nd6, 52, DROP, "bad router solicitation message%s");
COUNTER(nd6s_rsopt, nd6, 76, DROP, "router solicitation%s dropped for their options");

/* An interface of the running configuration. */
struct rad {
	char		 rd_ifname[IFNAMSIZ];
	const struct rad_block *rd_block;	/* in rad_conf */
	struct timeout	 rd_timer;
	unsigned	 rd_sent;
	uint64_t	 rd_last;		/* uptime_ns of the last one */
	bool		 rd_joined;		/* ff02::2 */
};
static struct rad *rads;
static unsigned nrads;
static const struct rad_conf *rad_conf;

static struct rad *
rad_find(const char *ifname)
{
	for (unsigned i = 0; i < nrads; i++)
		if (strcmp(rads[i].rd_ifname, ifname) == 0)
			return &rads[i];
	return NULL;
}

static void
rad_send(struct rad *rd, bool final)
{
	struct ifnet *ifp = ifunit(rd->rd_ifname);
	const struct in6_ifaddr *ia = ifp != NULL ? in6_ifaddr_linklocal(ifp) : NULL;
	static uint8_t msg[IP6_MINMTU];		/* core 0's */
	struct in6_addr src;

	if (ia == NULL)
		return;
	src = in6_unembed(&ia->ia_addr);
	if (!nd6_transmit(ifp, &(struct nd_send){ .ns_src = &src, .ns_dst = &in6addr_linklocal_allnodes, .ns_msg = msg,
	    .ns_len = rad_message(msg, rad_conf, rd->rd_block, ifp, final) }))
		return;
	rd->rd_last = uptime_ns();
	rd->rd_sent++;
	counter_inc(nd6s_rasent);
}

/* MaxRtrAdvInterval. RFC 4861 6.2.1 does not want a router lifetime that is shorter; here two advertisements may be lost before it is over. */
static uint32_t
rad_interval(const struct rad *rd)
{
	uint32_t lifetime = rad_opt(rad_conf, rd->rd_block, RAD_LIFETIME);

	return lifetime == 0 ? MAX_INTERVAL_MS : MIN(MAX_INTERVAL_MS, MAX(lifetime * 1000 / 3, LEAST_INTERVAL_MS));
}

/* The next one by time: RFC 4861 6.2.4. */
static void
rad_timer(void *arg)
{
	struct rad *rd = arg;
	uint32_t r, ms = rad_interval(rd);

	rad_send(rd, false);
	random_bytes(&r, sizeof(r));
	ms -= r % (ms - ms / 3 + 1);
	timeout_add_msec(&rd->rd_timer, rd->rd_sent < INITIAL ? MIN(INITIAL_MS, ms) : ms);
}

/* Soon: RFC 4861 6.2.6, to all, and not within three seconds of the last. */
static void
rad_soon(struct rad *rd)
{
	uint64_t now = uptime_ns(), wait = rd->rd_sent > 0 && now < rd->rd_last + APART_NS ? (rd->rd_last + APART_NS - now) / 1000000 : 0;
	uint16_t r;

	random_bytes(&r, sizeof(r));
	timeout_add_msec(&rd->rd_timer, wait + 1 + r % RAD_DELAY_MS);
}

static void
rad_rs_input(struct ifnet *ifp, struct mbuf *m, unsigned off, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	struct rad *rd = rad_find(ifp->if_xname);
	struct nexthop *nh;
	struct nd_opts o;

	if (!nd6_opts_parse(&o, m->m_data + off + sizeof(struct icmp6), len - (unsigned)sizeof(struct icmp6))) {
		M_DROP(m, nd6s_rsopt);
		return;
	}
	if (o.no_slla != NULL && (IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_src) || nd6_lladdr_bad(ifp, o.no_slla->ndo_lladdr))) {	/* RFC 4861 6.1.1 */
		M_DROP(m, nd6s_badrs);
		return;
	}
	if (rd == NULL) {
		counter_inc(nd6s_rsother);
		m_freem(m);
		return;
	}
	if (o.no_slla != NULL && (nh = nexthop_find6(ifp, &ip6->ip6_src)) != NULL && !(nh->nh_flags & NHF_STATIC)) {
		nh->nh_router = false;			/* RFC 4861 6.2.6: routers do not ask */
		if (!NH_RESOLVED(nh) || memcmp(nexthop_lladdr(nh), o.no_slla->ndo_lladdr, ETHER_ADDR_LEN) != 0)
			nd6_learn(nh, o.no_slla->ndo_lladdr, false);
	}
	rad_soon(rd);
	counter_inc(nd6s_inrs);
	m_freem(m);
}

static const struct icmp6_type rad_rs_type = { ICMP6_RS, true, sizeof(struct icmp6), rad_rs_input };
ICMP6_TYPE(rad_rs_type);

/* ---- on and off ---- */

static void
rad_start(struct rad *rd)
{
	struct ifnet *ifp = ifunit(rd->rd_ifname);

	timeout_set(&rd->rd_timer, rad_timer, rd);
	rd->rd_sent = 0;
	if (ifp == NULL || !ifp->if_ether)
		return;
	if (!rd->rd_joined)
		rd->rd_joined = mld6_join(ifp, &in6addr_linklocal_allrouters);
	if (nexthop_if_usable(ifp))
		rad_soon(rd);
}

static void
rad_stop(struct rad *rd, bool final)
{
	struct ifnet *ifp = ifunit(rd->rd_ifname);

	if (rd->rd_timer.to_func != NULL)
		timeout_del(&rd->rd_timer);
	if (final && rd->rd_sent > 0)			/* RFC 4861 6.2.5 */
		rad_send(rd, true);
	if (ifp != NULL && rd->rd_joined)
		mld6_leave(ifp, &in6addr_linklocal_allrouters);
	rd->rd_joined = false;
}

static void
rad_if_up(struct ifnet *ifp)
{
	struct rad *rd = rad_find(ifp->if_xname);

	if (rd != NULL)
		rad_start(rd);
}

static void
rad_if_down(struct ifnet *ifp)
{
	struct rad *rd = rad_find(ifp->if_xname);

	if (rd != NULL && rd->rd_timer.to_func != NULL)
		timeout_del(&rd->rd_timer);
}

static void
rad_if_detach(struct ifnet *ifp)
{
	struct rad *rd = rad_find(ifp->if_xname);

	if (rd != NULL)
		rad_stop(rd, false);
}

/* A changed link address or MTU is news; and whether we forward: only then are we a router (RFC 4861 6.2.5). */
static void
rad_if_changed(struct ifnet *ifp)
{
	struct rad *rd = rad_find(ifp->if_xname);

	if (rd != NULL && nexthop_if_usable(ifp))
		rad_soon(rd);
}

static void
rad_addr_changed(struct in6_ifaddr *ia)
{
	if (!IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr))
		rad_if_changed(ia->ia_ifp);
}

/* Before slaac's and nd6's watchers or behind them: they do not touch the same. */
static const struct in6_watch rad_watch = { .iw_addr_added = rad_addr_changed, .iw_addr_going = rad_addr_changed, .iw_if_up = rad_if_up,
	.iw_if_down = rad_if_down, .iw_if_detach = rad_if_detach, .iw_if_changed = rad_if_changed, .iw_if_forwarding = rad_if_changed };
IN6_WATCH(rad_watch);

/* RFC 4861 6.2.5: the system stops. */
static void
rad_farewell(void)
{
	for (unsigned i = 0; i < nrads; i++)
		rad_stop(&rads[i], true);
}
FAREWELL(rad, rad_farewell);

/* ---- configuration ---- */

static bool
rad_named(const struct rad_conf *rc, const char *ifname)
{
	for (unsigned i = 1; rc != NULL && i < rc->rc_nblocks; i++)
		if (strcmp(rc->rc_block[i].rb_ifname, ifname) == 0)
			return true;
	return false;
}

/* All that runs is made anew; who stays on a new file's list says what is new, who leaves it says farewell. */
static bool
rad_apply(struct config_err *ce, const char *name __unused_arg, const void *old __unused_arg, const void *newobj)
{
	const struct rad_conf *new = newobj;
	unsigned n = new != NULL ? new->rc_nblocks - 1 : 0;
	struct rad *fresh = n > 0 ? calloc(n, sizeof(*fresh)) : NULL;

	if (n > 0 && fresh == NULL) {
		config_error(ce, 0, "no memory");
		return false;
	}
	net_enter();
	for (unsigned i = 0; i < nrads; i++)
		rad_stop(&rads[i], !rad_named(new, rads[i].rd_ifname));
	free(rads);
	rads = fresh;
	nrads = n;
	rad_conf = new;
	for (unsigned i = 0; i < n; i++) {
		rads[i].rd_block = &new->rc_block[i + 1];
		strcpy(rads[i].rd_ifname, rads[i].rd_block->rb_ifname);
		if (ifunit(rads[i].rd_ifname) == NULL)
			log_printf("rad: %s: no such interface yet\n", rads[i].rd_ifname);
		rad_start(&rads[i]);
	}
	net_leave();
	return true;
}

static const struct config_key rad_key = {
	.ck_name = "rad.conf",
	.ck_order = RAD_ORDER,
	.ck_parse = rad_parse,
	.ck_apply = rad_apply,
	.ck_print = rad_print,
	.ck_free = rad_free,
};
CONFIG_KEY(rad_key);
