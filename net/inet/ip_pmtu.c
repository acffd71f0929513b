/* ip_pmtu.c - what routers told of the MTU towards hosts: a table of bounded size, for a time (RFC 1191).
 *
 * Whoever may lie about it (the caller has seen that the message quotes a packet of ours) must not make us send crumbs: below PMTU_MIN
 * bytes we send packets of that size and let routers cut them. What is forgotten is tried again at full size (6.3), so nothing is for ever. */
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/counter.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet/ip_pmtu.h"

#define PMTU_SETS	256u		/* a power of two */
#define PMTU_WAYS	4u		/* destinations of a set; a fifth takes the place of the one that ends first */
#define PMTU_MIN	552u
#define PMTU_LEAST	68u		/* RFC 791: each link takes that */
#define PMTU_TIMEOUT	600		/* seconds: RFC 1191 6.3 */

COUNTER(ips_pmtulearnt, ip, 260, INFO, "path MTU%s learnt");
COUNTER(ips_pmtulie, ip, 261, INFO, "path MTU%s that cannot be true ignored");

static int ip_mtudisc = 1;
SYSCTL_INT(net_inet_ip_mtudisc, "net.inet.ip.mtudisc", &ip_mtudisc, 1, 0, 1);
static int ip_mtudisctimeout = PMTU_TIMEOUT;
SYSCTL_INT(net_inet_ip_mtudisctimeout, "net.inet.ip.mtudisctimeout", &ip_mtudisctimeout, PMTU_TIMEOUT, 1, 86400);

struct pmtu {
	be32_t		p_dst;
	uint16_t	p_rdomain, p_mtu;
	bool		p_fragments;
	uint64_t	p_expire;	/* uptime_ns; 0: unused */
};
static struct pmtu pmtus[PMTU_SETS][PMTU_WAYS];
static uint64_t pmtu_key;

static void
pmtu_init(void)
{
	random_bytes(&pmtu_key, sizeof(pmtu_key));
	pmtu_key |= 1;
}
NET_INIT(ip_pmtu, 20, pmtu_init);

static struct pmtu *
pmtu_set(unsigned rdomain, be32_t dst)
{
	uint64_t h = (((uint64_t)rdomain << 32 | dst) ^ pmtu_key >> 16) * pmtu_key;

	return pmtus[(h ^ h >> 29) * pmtu_key >> 56 & (PMTU_SETS - 1)];
}

static struct pmtu *
pmtu_find(unsigned rdomain, be32_t dst)
{
	struct pmtu *set = pmtu_set(rdomain, dst);

	for (struct pmtu *p = set; p < set + PMTU_WAYS; p++)
		if (p->p_expire != 0 && p->p_dst == dst && p->p_rdomain == rdomain)
			return p->p_expire > uptime_ns() ? p : NULL;
	return NULL;
}

uint32_t
ip_pmtu(unsigned rdomain, be32_t dst, uint32_t mtu, bool *fragments)
{
	const struct pmtu *p;

	OWNER(0);
	p = ip_mtudisc ? pmtu_find(rdomain, dst) : NULL;

	*fragments = p != NULL && p->p_fragments && p->p_mtu < mtu;
	return p != NULL ? MIN(mtu, (uint32_t)p->p_mtu) : mtu;
}

/* RFC 1191 7.1: the next smaller one of those that links have. */
static uint32_t
pmtu_plateau(uint32_t len)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };

	for (unsigned i = 0; i < nitems(plateaus); i++)
		if (plateaus[i] < len)
			return plateaus[i];
	return PMTU_LEAST;
}

static struct pmtu *
pmtu_place(unsigned rdomain, be32_t dst)
{
	struct pmtu *set = pmtu_set(rdomain, dst), *first = set;

	for (struct pmtu *p = set; p < set + PMTU_WAYS; p++) {
		if (p->p_expire != 0 && p->p_dst == dst && p->p_rdomain == rdomain)
			return p;
		if (p->p_expire < first->p_expire)
			first = p;
	}
	return first;
}

void
ip_pmtu_learn(unsigned rdomain, const struct ip *sent, uint32_t mtu, uint32_t next)
{
	uint32_t len = be16_host(sent->ip_len);
	bool fragments;

	if (!ip_mtudisc)
		return;
	if (next == 0)
		next = pmtu_plateau(len);
	if (!(sent->ip_off & BE16(IP_DF)) || next < PMTU_LEAST || next >= len || len > mtu ||
	    next >= ip_pmtu(rdomain, sent->ip_dst, mtu, &fragments)) {
		counter_inc(ips_pmtulie);
		return;
	}
	*pmtu_place(rdomain, sent->ip_dst) = (struct pmtu){
		.p_dst = sent->ip_dst,
		.p_rdomain = (uint16_t)rdomain,
		.p_mtu = (uint16_t)MAX(next, PMTU_MIN),
		.p_fragments = next < PMTU_MIN,
		.p_expire = uptime_ns() + (uint64_t)ip_mtudisctimeout * 1000000000,
	};
	counter_inc(ips_pmtulearnt);
}
