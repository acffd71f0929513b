/* ip_mcast.c - IPv4 packets to many: groups and networks have a link address of their own, and no neighbour to ask. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "net/ether/ether.h"
#include "net/inet/icmp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_mcast.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"
#include "net/route/route.h"

COUNTER(ips_mcastout, ip, 270, INFO, "multicast and broadcast packet%s sent");
COUNTER(ips_mcastdown, ip, 271, DROP, "multicast or broadcast packet%s for an interface that is down or has no link address");
COUNTER(ips_mcastbig, ip, 272, DROP, "multicast or broadcast packet%s too big for the interface");
COUNTER(ips_dirbcast, ip, 273, DROP, "directed broadcast%s not forwarded");
COUNTER(ips_dirbcastttl, ip, 274, DROP, "directed broadcast%s whose time to live was exceeded");
COUNTER(ips_dirbcastmem, ip, 276, DROP, "directed broadcast%s not forwarded for want of mbufs");
COUNTER(ips_dirbcastout, ip, 275, INFO, "directed broadcast%s forwarded");

static int ip_directedbcast;
SYSCTL_INT(net_inet_ip_directedbcast, "net.inet.ip.directed-broadcast", &ip_directedbcast, 0, 0, 1);

bool
ip_send_link(struct ifnet *ifp, struct mbuf *m)
{
	struct ip *ip = (struct ip *)m->m_data;
	struct ether_header *eh;
	struct batch one;
	be32_t dst = ip->ip_dst;

	if (unlikely(pf_enabled) && (m = pf_output_link(PF_INET, ifp, m)) == NULL)
		return false;
	ip = (struct ip *)m->m_data;
	if (!ifp->if_ether || !nexthop_if_usable(ifp) || !m_prepend(m, ETHER_HDR_LEN)) {
		M_DROP(m, ips_mcastdown);
		return false;
	}
	if (m->m_pktlen > ifp->if_mtu + ETHER_HDR_LEN) {
		M_DROP(m, ips_mcastbig);
		return false;
	}
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, (ip->ip_vhl & 15) * 4u);
	eh = (struct ether_header *)m->m_data;
	memcpy(eh->ether_dhost, etherbroadcastaddr, ETHER_ADDR_LEN);
	if (ip4_is_multicast(dst)) {
		store16(eh->ether_dhost, BE16(0x0100));
		store32(eh->ether_dhost + 2, host_be32(0x5e000000 | (be32_host(dst) & 0x7fffff)));
	}
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = BE16(ETHERTYPE_IP);
	counter_inc(ips_mcastout);
	one.b_n = 1;
	one.b_m[0] = m;
	ifp->if_enqueue(ifp, &one);
	return true;
}

/* RFC 1812 5.3.5.2; RFC 2644: off unless the admin wants it. */
void
ip_directed_broadcast(struct mbuf *m, const struct rtentry *rt)
{
	struct ip *ip;

	if (!ip_directedbcast || !ip_forwarding || !config_loaded || (m->m_flags & (M_BCAST | M_MCAST))) {
		M_DROP(m, ips_dirbcast);
		return;
	}
	if (core_id() != 0) {
		ip_to_core0(m);
		return;
	}
	ip = (struct ip *)m->m_data;
	if (ip->ip_ttl <= 1) {			/* RFC 1122 3.2.2: no error about a broadcast */
		M_DROP(m, ips_dirbcastttl);
		return;
	}
	if ((m = m_unshare(m)) == NULL) {
		counter_inc(ips_dirbcastmem);
		return;
	}
	ip = (struct ip *)m->m_data;
	ip->ip_ttl--;
	if (ip_send_link(rt_ifp(rt), m))
		counter_inc(ips_dirbcastout);
}
