/* slaac_prefix.c - addresses that we make from a router's prefixes (RFC 4862 5.5), temporary ones among them (RFC 8981), and when they end. */
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/inet6/slaac.h"
#include "net/route/route.h"

#define TWO_HOURS	(7200 * SLAAC_SECOND)
#define TEMP_TRIES	3		/* RFC 8981 3.8: TEMP_IDGEN_RETRIES */
#define TEMP_ADVANCE	(5 * SLAAC_SECOND)	/* REGEN_ADVANCE */
#define TEMP_MAX	8		/* of a prefix */

COUNTER(nd6s_tempmany, nd6, 79, INFO, "temporary address%es not made because there are too many");
COUNTER(nd6s_prefixmany, nd6, 80, INFO, "prefix%es not believed because there are too many");

static int temp_valid = 2 * 86400, temp_preferred = 86400;	/* RFC 8981 3.8; the names are OpenBSD's */
SYSCTL_INT(net_inet6_ip6_temp_valid, "net.inet6.ip6.tempvltime", &temp_valid, 2 * 86400, 60, 1000000);
SYSCTL_INT(net_inet6_ip6_temp_preferred, "net.inet6.ip6.temppltime", &temp_preferred, 86400, 30, 1000000);

uint64_t
slaac_until(uint32_t seconds)
{
	return seconds == UINT32_MAX ? UINT64_MAX : uptime_ns() + seconds * SLAAC_SECOND;
}

/* ---- addresses ---- */

static bool
from_prefix(const struct in6_ifaddr *ia, const struct ra_prefix *rp)
{
	return (ia->ia_flags & IN6_IFF_AUTOCONF) && in6_covers(&ia->ia_addr, rp->rp_plen, &rp->rp_addr);
}

/* The address of ours from this prefix that lasts longest, temporary or not; NULL: none. */
static struct in6_ifaddr *
slaac_address(const struct slaac *sl, const struct ra_prefix *rp, bool temporary)
{
	struct in6_ifaddr *best = NULL;

	for (struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (from_prefix(ia, rp) && !!(ia->ia_flags & IN6_IFF_TEMPORARY) == temporary && !(ia->ia_flags & IN6_IFF_DUPLICATED) &&
		    (best == NULL || ia->ia_preferred > best->ia_preferred))
			best = ia;
	return best;
}

static struct in6_ifaddr *
slaac_add(const struct slaac *sl, const struct ra_prefix *rp, const struct in6_addr *a, unsigned flags)
{
	struct in6_ifaddr *ia = NULL;
	const char *why = if_addaddr6(sl->sl_ifp, a, rp->rp_onlink ? rp->rp_plen : 128, IN6_IFF_AUTOCONF | flags, &ia);
	static struct lograte rate;
	char text[IN6_STRLEN];

	if (why != NULL)
		log_ratelimited(&rate, "%s: autoconf %s: %s\n", sl->sl_ifp->if_xname, in6_print(text, a), why);
	return ia;
}

/* RFC 4862 5.5.3 (d): the interface's own identifier behind the prefix. */
static struct in6_addr
stable_address(const struct slaac *sl, const struct ra_prefix *rp)
{
	struct in6_addr a = rp->rp_addr;

	in6_make_iid(&a, sl->sl_ifp, rp->rp_dad);
	return a;
}

static void
slaac_make_stable(struct slaac *sl, const struct ra_prefix *rp)
{
	struct in6_addr a = stable_address(sl, rp);
	struct in6_ifaddr *ia;

	if (in6_ifaddr_find(sl->sl_ifp, &a) != NULL || (ia = slaac_add(sl, rp, &a, 0)) == NULL)
		return;
	ia->ia_preferred = rp->rp_preferred;
	ia->ia_valid = rp->rp_valid;
}

/* RFC 8981 3.3.1: random, and none of those that RFC 5453 keeps for others. */
static void
slaac_random_iid(struct in6_addr *a)
{
	uint64_t r;

	do
		random_bytes(&r, sizeof(r));
	while (r == 0 || (uint32_t)r == BE32(0xfdffffff) || (uint32_t)r == BE32(0x02005eff));
	a->s6_addr64[1] = r;
}

/* RFC 8981 3.4: lifetimes are the prefix's, but never longer than ours from its making; the preferred one is cut by a random part so that
 * not all hosts change at once (3.8: DESYNC_FACTOR). */
static void
slaac_make_temporary(struct slaac *sl, struct ra_prefix *rp)
{
	struct in6_addr a = rp->rp_addr;
	struct in6_ifaddr *ia;
	uint64_t now = uptime_ns(), preferred;
	uint32_t r;

	random_bytes(&r, sizeof(r));
	preferred = now + ((uint64_t)temp_preferred - r % ((unsigned)temp_preferred * 2 / 5 + 1)) * SLAAC_SECOND;
	slaac_random_iid(&a);
	if (MIN(preferred, rp->rp_preferred) <= now + TEMP_ADVANCE || (ia = slaac_add(sl, rp, &a, IN6_IFF_TEMPORARY)) == NULL)
		return;
	ia->ia_preferred_most = preferred;
	ia->ia_preferred = MIN(preferred, rp->rp_preferred);
	ia->ia_valid = MIN(now + (uint64_t)temp_valid * SLAAC_SECOND, rp->rp_valid);
}

static bool
wants_temporary(const struct slaac *sl)
{
	return sl->sl_ifp->if_xflags & IFXF_AUTOCONF6TEMP;
}

static unsigned
count_temporary(const struct slaac *sl, const struct ra_prefix *rp)
{
	unsigned n = 0;

	for (const struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		n += from_prefix(ia, rp) && (ia->ia_flags & IN6_IFF_TEMPORARY);
	return n;
}

/* A temporary address that nobody else has, and that stays preferred for a while. */
static void
slaac_renew_temporary(struct slaac *sl, struct ra_prefix *rp, uint64_t now)
{
	struct in6_ifaddr *next, *ia;

	for (ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = next) {
		next = ia->ia_next;
		if (from_prefix(ia, rp) && (ia->ia_flags & IN6_IFF_TEMPORARY) && (ia->ia_flags & IN6_IFF_DUPLICATED)) {
			in6_ifaddr_delete(ia);
			rp->rp_tries++;
		}
	}
	if (!wants_temporary(sl) || rp->rp_tries > TEMP_TRIES)
		return;
	ia = slaac_address(sl, rp, true);
	if (ia != NULL && ia->ia_preferred > now + TEMP_ADVANCE)
		return;
	if (count_temporary(sl, rp) < TEMP_MAX)
		slaac_make_temporary(sl, rp);
	else
		counter_inc(nd6s_tempmany);
}

/* RFC 4862 5.5.3 (e): a message alone does not end an address within two hours. */
static void
slaac_extend(struct in6_ifaddr *ia, const struct ra_prefix *rp, uint64_t now)
{
	ia->ia_preferred = rp->rp_preferred;
	if (rp->rp_valid > now + TWO_HOURS || rp->rp_valid > ia->ia_valid)
		ia->ia_valid = rp->rp_valid;
	else if (ia->ia_valid > now + TWO_HOURS)
		ia->ia_valid = now + TWO_HOURS;
	if (ia->ia_preferred > now)
		ia->ia_flags &= (uint16_t)~IN6_IFF_DEPRECATED;
}

/* RFC 7217 6: somebody has it, so it is another one. */
static void
slaac_renew_stable(struct slaac *sl, struct ra_prefix *rp)
{
	struct in6_addr a = stable_address(sl, rp);
	struct in6_ifaddr *ia = in6_ifaddr_find(sl->sl_ifp, &a);

	if (ia == NULL || !(ia->ia_flags & IN6_IFF_DUPLICATED) || !(ia->ia_flags & IN6_IFF_AUTOCONF) || !in6_soii(sl->sl_ifp) ||
	    rp->rp_dad >= SOII_TRIES)
		return;
	in6_ifaddr_delete(ia);
	rp->rp_dad++;
	slaac_make_stable(sl, rp);
}

static void
slaac_delete(const struct slaac *sl, const struct ra_prefix *rp, bool temporary)
{
	struct in6_ifaddr *next;

	for (struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = next) {
		next = ia->ia_next;
		if (from_prefix(ia, rp) && !!(ia->ia_flags & IN6_IFF_TEMPORARY) == temporary)
			in6_ifaddr_delete(ia);
	}
}

void
slaac_prefix_renumber(struct slaac *sl)
{
	uint64_t now = uptime_ns();

	for (unsigned i = 0; i < sl->sl_nprefixes; i++) {
		struct ra_prefix *rp = &sl->sl_prefix[i];
		struct in6_addr a = stable_address(sl, rp);

		if (!wants_temporary(sl))
			slaac_delete(sl, rp, true);
		else if (rp->rp_auto && rp->rp_valid > now)
			slaac_renew_temporary(sl, rp, now);
		if (!rp->rp_auto || in6_ifaddr_find(sl->sl_ifp, &a) != NULL)
			continue;
		slaac_delete(sl, rp, false);
		if (rp->rp_valid > now)
			slaac_make_stable(sl, rp);
	}
}

/* RFC 8981 3.4: as long as the prefix's, and not longer than was said when it was made. */
static void
slaac_extend_temporary(struct in6_ifaddr *ia, const struct ra_prefix *rp, uint64_t now)
{
	uint64_t valid = ia->ia_created + (uint64_t)temp_valid * SLAAC_SECOND;

	ia->ia_valid = MIN(MAX(ia->ia_valid, rp->rp_valid), valid);
	ia->ia_preferred = MIN(ia->ia_preferred_most, rp->rp_preferred);
	if (ia->ia_preferred > now)
		ia->ia_flags &= (uint16_t)~IN6_IFF_DEPRECATED;
}

static void
slaac_addresses(struct slaac *sl, struct ra_prefix *rp)
{
	uint64_t now = uptime_ns();

	if (slaac_address(sl, rp, false) == NULL && rp->rp_valid > now)
		slaac_make_stable(sl, rp);
	for (struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (from_prefix(ia, rp) && (ia->ia_flags & IN6_IFF_TEMPORARY))
			slaac_extend_temporary(ia, rp, now);
		else if (from_prefix(ia, rp))
			slaac_extend(ia, rp, now);
	slaac_renew_temporary(sl, rp, now);
}

/* ---- prefixes ---- */

/* On-link without an address of ours: the route stands by itself. */
static void
slaac_onlink(struct slaac *sl, struct ra_prefix *rp, bool on)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_rdomain = sl->sl_ifp->if_rdomain, .rq_dest6 = rp->rp_addr, .rq_plen = rp->rp_plen,
	    .rq_priority = SLAAC_PRIORITY, .rq_ifp = sl->sl_ifp };

	if (on == rp->rp_route)
		return;
	if (on)
		rp->rp_route = rt_add(&rq) == RT_OK;
	else {
		rt_delete(&rq);
		rp->rp_route = false;
	}
}

/* The prefix is on the link, and no address of ours says so. */
static bool
slaac_wants_route(const struct slaac *sl, const struct ra_prefix *rp, uint64_t now)
{
	const struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6;

	while (ia != NULL && !(from_prefix(ia, rp) && ia->ia_plen == rp->rp_plen))
		ia = ia->ia_next;
	return rp->rp_onlink && rp->rp_valid > now && ia == NULL;
}

static struct ra_prefix *
prefix_find(struct slaac *sl, const struct in6_addr *a, unsigned plen)
{
	for (unsigned i = 0; i < sl->sl_nprefixes; i++)
		if (sl->sl_prefix[i].rp_plen == plen && in6_equal(&sl->sl_prefix[i].rp_addr, a))
			return &sl->sl_prefix[i];
	return NULL;
}

void
slaac_prefix_learn(struct slaac *sl, const struct nd_opt_prefix *op)
{
	struct in6_addr a = in6_masked(&op->op_prefix, op->op_plen);
	struct ra_prefix *rp = prefix_find(sl, &a, op->op_plen);
	uint32_t valid = be32_host(op->op_valid), preferred = be32_host(op->op_preferred);

	if (preferred > valid)				/* RFC 4862 5.5.3 (c) */
		return;
	if (rp == NULL) {
		if (valid == 0)
			return;
		if (sl->sl_nprefixes == SLAAC_PREFIXES) {
			counter_inc(nd6s_prefixmany);
			return;
		}
		rp = &sl->sl_prefix[sl->sl_nprefixes++];
		*rp = (struct ra_prefix){ .rp_addr = a, .rp_plen = op->op_plen };
	}
	rp->rp_onlink |= !!(op->op_flags & PI_ONLINK);	/* RFC 4861 6.3.4: without L it says nothing of that */
	rp->rp_auto = (op->op_flags & PI_AUTO) && op->op_plen == 64;
	rp->rp_valid = slaac_until(valid);
	rp->rp_preferred = slaac_until(preferred);
	if (rp->rp_auto)
		slaac_addresses(sl, rp);
	slaac_onlink(sl, rp, slaac_wants_route(sl, rp, uptime_ns()));
}

/* ---- what ends ---- */

static void
slaac_addresses_expire(struct slaac *sl, uint64_t now)
{
	struct in6_ifaddr *next;

	for (struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = next) {
		next = ia->ia_next;
		if (!(ia->ia_flags & IN6_IFF_AUTOCONF))
			continue;
		if (ia->ia_valid <= now)
			in6_ifaddr_delete(ia);
		else if (ia->ia_preferred <= now)
			ia->ia_flags |= IN6_IFF_DEPRECATED;
	}
}

static bool
slaac_has_address(const struct slaac *sl, const struct ra_prefix *rp)
{
	const struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6;

	while (ia != NULL && !from_prefix(ia, rp))
		ia = ia->ia_next;
	return ia != NULL;
}

/* A prefix that has ended keeps its place while there are addresses of it (RFC 4862 5.5.3 (e)), so that there are never more than fit. */
void
slaac_prefix_expire(struct slaac *sl, uint64_t now)
{
	slaac_addresses_expire(sl, now);
	for (unsigned i = 0; i < sl->sl_nprefixes; ) {
		struct ra_prefix *rp = &sl->sl_prefix[i];

		if (rp->rp_valid > now) {
			if (rp->rp_auto) {
				slaac_renew_stable(sl, rp);
				slaac_renew_temporary(sl, rp, now);
			}
			slaac_onlink(sl, rp, slaac_wants_route(sl, rp, now));
			i++;
			continue;
		}
		slaac_onlink(sl, rp, false);
		if (slaac_has_address(sl, rp))
			i++;
		else
			*rp = sl->sl_prefix[--sl->sl_nprefixes];
	}
}

uint64_t
slaac_prefix_next(const struct slaac *sl, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < sl->sl_nprefixes; i++)
		if (sl->sl_prefix[i].rp_valid > now || !slaac_has_address(sl, &sl->sl_prefix[i]))
			next = MIN(next, sl->sl_prefix[i].rp_valid);
	for (const struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		if (!(ia->ia_flags & IN6_IFF_AUTOCONF))
			continue;
		next = MIN(next, ia->ia_valid);
		if ((ia->ia_flags & IN6_IFF_TENTATIVE) || (ia->ia_flags & (IN6_IFF_TEMPORARY | IN6_IFF_DUPLICATED)) ==
		    (IN6_IFF_TEMPORARY | IN6_IFF_DUPLICATED))
			next = MIN(next, now + 2 * SLAAC_SECOND);	/* is it ours? */
		if (ia->ia_preferred > now)
			next = MIN(next, ia->ia_flags & IN6_IFF_TEMPORARY ? MAX(ia->ia_preferred - TEMP_ADVANCE, now + SLAAC_SECOND) :
			    ia->ia_preferred);
	}
	return next;
}

void
slaac_prefix_forget(struct slaac *sl)
{
	struct in6_ifaddr *next;

	for (unsigned i = 0; i < sl->sl_nprefixes; i++)
		slaac_onlink(sl, &sl->sl_prefix[i], false);
	sl->sl_nprefixes = 0;
	for (struct in6_ifaddr *ia = sl->sl_ifp->if_addrs6; ia != NULL; ia = next) {
		next = ia->ia_next;
		if (ia->ia_flags & IN6_IFF_AUTOCONF)
			in6_ifaddr_delete(ia);
	}
}
