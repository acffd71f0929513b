/* ip_deliver.c - packets for us: to the protocol that takes them. */
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/core/stage.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_reass.h"

STAGE(ip_deliver);
COUNTER(ips_delivered, ip, 105, INFO, "packet%s for this host");
COUNTER(ips_noproto, ip, 110, DROP, "packet%s for unknown/unsupported protocol");

static const struct ip_proto *ip_proto_table[256];

static void
ip_proto_init(void)
{
	SET_FOREACH(const struct ip_proto, pr, ip_protos)
		ip_proto_table[pr->pr_proto] = pr;
}
NET_INIT(ip_proto, 20, ip_proto_init);

void
ip_deliver(struct ifnet *ifp, struct batch *b)
{
	OWNER(0);
	STAGE_ENTER(ip_deliver, b->b_n);
	for (unsigned i = 0; i < b->b_n; i++) {
		struct mbuf *m = b->b_m[i];
		const struct ip *ip = (const struct ip *)m->m_data;
		const struct ip_proto *pr = ip_proto_table[ip->ip_p];

		m->m_rt = NULL;
		if (ip->ip_off & BE16(IP_MF | IP_OFFMASK)) {
			if ((m = ip_reass(ifp, m)) == NULL)
				continue;
			ip = (const struct ip *)m->m_data;
		}
		counter_inc(ips_delivered);
		if (pr == NULL) {
			icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_PROTOCOL, 0, 0);	/* RFC 1122 3.2.2.1 */
			M_DROP(m, ips_noproto);
			continue;
		}
		pr->pr_input(ifp, m, (ip->ip_vhl & 15) * 4u);
	}
}
