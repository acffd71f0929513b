/* in6_pmtu.c - path MTUs that routers have told us (RFC 8201): a small table, the oldest gives way, and each is tried anew after a while.
 *
 * RFC 8201 4: never below 1280, whatever a message says, and never up by a message. Only one about a packet that somebody here knows to have sent
 * is believed (RFC 5927 7.2), so that strangers can neither fill the table nor shrink our packets. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet6/in6_pmtu.h"
#include "net/route/route.h"

#define PMTU_SETS	64u		/* a power of two */
#define PMTU_WAYS	4u
#define PMTU_SEC	600		/* RFC 8201 4: at least five minutes, better ten */

COUNTER(icmp6s_pmtuchg, icmp6, 200, INFO, "path MTU change%s");
COUNTER(icmp6s_pmtubad, icmp6, 201, INFO, "path MTU%s below the minimum ignored");
COUNTER(icmp6s_pmtuup, icmp6, 202, INFO, "path MTU%s that are not smaller ignored");

static int pmtu_expire = PMTU_SEC;
SYSCTL_INT(net_inet6_icmp6_mtudisc_timeout, "net.inet6.icmp6.mtudisc_timeout", &pmtu_expire, PMTU_SEC, 1, 86400);

struct pmtu {
	struct in6_addr	p_dst;
	uint16_t	p_rdomain;
	uint32_t	p_mtu;		/* 0: unused */
	uint64_t	p_expire;	/* uptime_ns */
};
static struct pmtu pmtus[PMTU_SETS][PMTU_WAYS];
static uint64_t pmtu_key;		/* nobody chooses his set */

static void
pmtu_init(void)
{
	memset(pmtus, 0, sizeof(pmtus));
	random_bytes(&pmtu_key, sizeof(pmtu_key));
	pmtu_key |= 1;
}
NET_INIT(in6_pmtu, 10, pmtu_init);

static struct pmtu *
pmtu_set(const struct in6_addr *dst)
{
	uint64_t h = dst->s6_addr64[0] * pmtu_key;

	h = ((h ^ h >> 32) + dst->s6_addr64[1]) * pmtu_key;
	return pmtus[(h ^ h >> 29) * pmtu_key >> 58 & (PMTU_SETS - 1)];
}

static struct pmtu *
pmtu_find(unsigned rdomain, const struct in6_addr *dst)
{
	struct pmtu *set = pmtu_set(dst);

	for (struct pmtu *p = set; p < set + PMTU_WAYS; p++)
		if (p->p_mtu != 0 && in6_equal(&p->p_dst, dst) && p->p_rdomain == rdomain)
			return p;
	return NULL;
}

/* The place of one that is no more, or of the oldest. */
static struct pmtu *
pmtu_place(const struct in6_addr *dst)
{
	struct pmtu *set = pmtu_set(dst), *old = set;

	for (struct pmtu *p = set; p < set + PMTU_WAYS; p++)
		if (p->p_mtu == 0 || (old->p_mtu != 0 && p->p_expire < old->p_expire))
			old = p;
	return old;
}

uint32_t
in6_pmtu(unsigned rdomain, const struct in6_addr *dst)
{
	struct pmtu *p = pmtu_find(rdomain, dst);

	if (p == NULL)
		return UINT32_MAX;
	if (uptime_ns() >= p->p_expire) {
		p->p_mtu = 0;
		return UINT32_MAX;
	}
	return p->p_mtu;
}

void
in6_pmtu_learn(const struct ifnet *ifp, const struct ip6_hdr *quoted, uint32_t mtu)
{
	struct in6_addr dst = in6_embed(&quoted->ip6_dst, ifp->if_index);
	const struct rtentry *rt = rtable_own6(ifp->if_rdomain, &dst);
	struct pmtu *p;

	OWNER(0);
	if (rt == NULL || rt_ifp(rt) == NULL)
		return;
	if (mtu < IP6_MINMTU) {
		counter_inc(icmp6s_pmtubad);
		return;
	}
	if (mtu >= MIN(rt_pathmtu(rt), in6_pmtu(ifp->if_rdomain, &dst))) {
		counter_inc(icmp6s_pmtuup);
		return;
	}
	if ((p = pmtu_find(ifp->if_rdomain, &dst)) == NULL)
		p = pmtu_place(&dst);
	*p = (struct pmtu){ .p_dst = dst, .p_rdomain = ifp->if_rdomain, .p_mtu = mtu,
	    .p_expire = uptime_ns() + (uint64_t)pmtu_expire * 1000000000 };
	counter_inc(icmp6s_pmtuchg);
}
