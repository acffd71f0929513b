/* ip_output.c - packets out: those that pass through and our own. */
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/if_loop.h"
#include "net/core/stage.h"
#include "net/ether/ether.h"
#include "net/inet/ip_frag.h"
#include "net/inet/ip_pmtu.h"
#include "net/inet/ip_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"
#include "net/route/route.h"

STAGE(ip_output);
COUNTER(ips_localout, ip, 170, INFO, "packet%s sent from this host");
COUNTER(ips_onoroute, ip, 172, DROP, "output packet%s discarded due to no route");
COUNTER(ips_oreject, ip, 173, DROP, "output packet%s to a destination with a reject route");
COUNTER(ips_omtu, ip, 174, DROP, "output packet%s too big that must not be fragmented");
COUNTER(ips_obcast, ip, 175, DROP, "output packet%s to a broadcast or multicast address");

int ip_defttl = IP_DEFTTL;
SYSCTL_INT(net_inet_ip_ttl, "net.inet.ip.ttl", &ip_defttl, IP_DEFTTL, 1, 255);

/* Apart: without a packet filter nobody keeps b. */
static __apart_fn void
ip_output_pf(struct batch *b)
{
	pf_output(PF_INET, b);
	if (b->b_n > 0)
		ether_output(b);
}

void
ip_output(struct batch *b)
{
	STAGE_ENTER(ip_output, b->b_n);
	if (unlikely(pf_enabled))
		ip_output_pf(b);
	else
		ether_output(b);
}

/* RFC 6864: unique for a while is enough, unguessable is better: a counter with random steps. */
uint16_t
ip_newid(void)
{
	static PERCORE uint32_t next, pool, left;

	if (percore(left) == 0) {
		uint32_t r[2];

		random_bytes(r, sizeof(r));
		percore(pool) = r[0];
		percore(left) = 8;
		percore(next) += r[1] & 0xff;
	}
	percore(left)--;
	percore(next) += 1 + (percore(pool) & 15);
	percore(pool) >>= 4;
	return (uint16_t)percore(next);
}

/* The route that our own packets take; a cloning one has become its neighbour's. */
static struct rtentry *
ip_route(unsigned rdomain, be32_t dst)
{
	struct rtentry *rt = rtable_own(rdomain, dst);

	if (rt != NULL && (rt->rt_flags & RTF_CLONING) && (rt->rt_dest != dst || rt->rt_plen >= 31))
		rt = rt_clone(rt, dst);
	return rt;
}

be32_t
ip_srcaddr(unsigned rdomain, be32_t dst)
{
	const struct rtentry *rt = rtable_own(rdomain, dst);

	if (rt == NULL)
		return IP4_ANY;
	return rt->rt_flags & RTF_LOCAL ? rt->rt_dest : rt->rt_via->v_ifa;
}

/* The next hop and the MTU to dst, or NULL: m has been dropped. */
static struct nexthop *
ip_send_route(struct mbuf *m, struct ip *ip, uint32_t *mtu)
{
	struct rtentry *rt = ip_route(m->m_rdomain, ip->ip_dst);
	bool fragments;

	if (ip->ip_dst == IP4_BROADCAST || ip4_is_multicast(ip->ip_dst) || (rt != NULL && (rt->rt_flags & RTF_BROADCAST))) {
		M_DROP(m, ips_obcast);
		return NULL;
	}
	if (rt == NULL || !(rt->rt_flags & RTF_UP) || ip4_is_zeronet(ip->ip_dst)) {	/* RFC 1122 3.2.1.3: 0/8 is never a destination */
		M_DROP(m, ips_onoroute);
		return NULL;
	}
	rt->rt_use++;
	if (ip->ip_src == IP4_ANY)
		ip->ip_src = rt->rt_flags & RTF_LOCAL ? rt->rt_dest : rt->rt_via->v_ifa;
	if (rt->rt_flags & RTF_LOCAL) {
		*mtu = loop_nexthop()->nh_ifp->if_mtu;
		return loop_nexthop();
	}
	if (rt->rt_flags & RTF_SPECIAL) {
		M_DROP(m, ips_oreject);
		return NULL;
	}
	*mtu = ip_pmtu(m->m_rdomain, ip->ip_dst, rt_pathmtu(rt), &fragments);
	if (fragments)
		ip->ip_off = 0;
	return rt->rt_nh;
}

bool
ip_send(struct mbuf *m)
{
	struct ip *ip = (struct ip *)m->m_data;
	struct nexthop *nh;
	struct batch one;
	uint32_t mtu = 0;

	if ((nh = ip_send_route(m, ip, &mtu)) == NULL)
		return false;
	counter_inc(ips_localout);
	m->m_nh = nh;
	ip->ip_vhl = 0x45;
	ip->ip_id = host_be16(ip_newid());
	ip->ip_off &= BE16(IP_DF);
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, sizeof(*ip));
	if (m->m_pktlen > mtu) {
		if (ip->ip_off & BE16(IP_DF)) {
			M_DROP(m, ips_omtu);
			return false;
		}
		ip_fragment(m, mtu);
		return true;
	}
	one.b_n = 1;
	one.b_m[0] = m;
	ip_output(&one);
	return true;
}
