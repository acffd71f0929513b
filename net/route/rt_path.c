/* rt_path.c - which of the routes that share a prefix and a priority (RTF_MPATH) a packet takes. The one with the highest of numbers that follow from
 * the packet's addresses and the route's gateway: so each has its share of the flows, one that goes gives only its own to the others, and one that
 * comes back gets just those. Ports are not looked at: not all fragments have them. Any core. */
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/flow.h"
#include "net/core/net_init.h"
#include "net/route/rt_var.h"

static uint64_t rt_path_secret[6];	/* the last is odd; senders may choose their addresses, not their way */
static int rt_multipath[AF_COUNT] = { 1, 1 };	/* 0: the oldest takes all */

static const struct sysctl sysctl_ip_multipath = { .sc_name = "net.inet.ip.multipath", .sc_int = &rt_multipath[AF_IP4], .sc_default = 1, .sc_max = 1,
	.sc_changed = rt_changed };
SET_ADD(sysctls, sysctl_ip_multipath);
static const struct sysctl sysctl_ip6_multipath = { .sc_name = "net.inet6.ip6.multipath", .sc_int = &rt_multipath[AF_IP6], .sc_default = 1,
	.sc_max = 1, .sc_changed = rt_changed };
SET_ADD(sysctls, sysctl_ip6_multipath);

static void
rt_path_init(void)
{
	random_bytes(rt_path_secret, sizeof(rt_path_secret));
	rt_path_secret[5] |= 1;
}
NET_INIT(rt_path, 10, rt_path_init);

uint64_t
rt_path_seed(const struct in6_addr *gateway)
{
	return flow_mix(gateway->s6_addr64[0] + rt_path_secret[0], gateway->s6_addr64[1] + rt_path_secret[1]) * 0x9e3779b97f4a7c15u;
}

/* Interfaces without link addresses may have the same address of their own, which is the gateway then. Where a real gateway is reached does not
 * matter: it may move, and its flows follow it. */
static uint64_t
rt_path_weight(const struct rtentry *rt, uint64_t flow)
{
	const struct rt_via *via = __atomic_load_n(&rt->rt_via, __ATOMIC_RELAXED);
	uint64_t way = via->v_seed + (rt->rt_flags & RTF_GATEWAY ? 0 : rt->rt_ifidx * 0xff51afd7ed558ccdu);

	return flow_mix(flow ^ way, rt_path_secret[5]);
}

uint64_t
rt_path_share(const struct rtentry *rt, const struct in6_addr *to)
{
	return flow_mix(rt_path_seed(to) ^ rt->rt_via->v_seed, rt_path_secret[5]);
}

/* Those that share the best priority stand in front, and core 0 may be moving them: then it is any of them, and rt_changed() comes behind. */
static struct rtentry *
rt_path(struct rtentry *head, uint64_t flow)
{
	struct rtentry *best = head, *rt = head;
	uint64_t most = 0;

	if (!RT_FORWARDS(head) || !rt_multipath[head->rt_af])
		return head;
	for (unsigned n = 0; rt != NULL && rt->rt_priority == head->rt_priority && n < RT_PATHS_MAX; n++) {
		uint64_t weight = RT_FORWARDS(rt) ? rt_path_weight(rt, flow) : 0;

		if (weight > most) {
			most = weight;
			best = rt;
		}
		rt = __atomic_load_n(&rt->rt_next, __ATOMIC_ACQUIRE);
	}
	return best;
}

struct rtentry *
rt_path4(struct rtentry *head, be32_t src, be32_t dst)
{
	return rt_path(head, flow_mix(src + rt_path_secret[0], dst + rt_path_secret[1]) * 0x9e3779b97f4a7c15u);
}

struct rtentry *
rt_path6(struct rtentry *head, const struct in6_addr *src, const struct in6_addr *dst)
{
	const uint64_t *k = rt_path_secret;
	uint64_t s = flow_mix(src->s6_addr64[0] + k[0], src->s6_addr64[1] + k[1]), d = flow_mix(dst->s6_addr64[0] + k[2], dst->s6_addr64[1] + k[3]);

	return rt_path(head, flow_mix(s, d + k[4]) * 0x9e3779b97f4a7c15u);
}

bool
rt_path_leads(const struct rtentry *head, const struct ifnet *ifp)
{
	const struct rtentry *rt = head;

	for (unsigned n = 0; rt != NULL && rt->rt_priority == head->rt_priority && n < RT_PATHS_MAX; n++) {
		if (rt_ifp(rt) == ifp && (rt == head || RT_FORWARDS(rt)))
			return true;
		if (!(head->rt_flags & RTF_MPATH))
			break;
		rt = __atomic_load_n(&rt->rt_next, __ATOMIC_ACQUIRE);
	}
	return false;
}
