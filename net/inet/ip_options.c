/* ip_options.c - IPv4 options (RFC 791 3.1): lengths are checked; source routes are refused (RFC 7126 4.3, 4.4). */
#include "net/inet/icmp.h"
#include "net/inet/ip_options.h"

COUNTER(ips_badoptions, ip, 70, DROP, "packet%s with bad options");
COUNTER(ips_srcroute, ip, 71, DROP, "source-routed packet%s refused");

#define IPOPT_EOL	0
#define IPOPT_NOP	1
#define IPOPT_LSRR	131
#define IPOPT_SSRR	137

bool
ip_options_check(struct mbuf *m, unsigned hlen)
{
	const uint8_t *p = m->m_data;
	unsigned i = sizeof(struct ip);

	while (i < hlen && p[i] != IPOPT_EOL) {
		if (p[i] == IPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= hlen || p[i + 1] < 2 || p[i + 1] > hlen - i) {
			icmp_error(m, ICMP_PARAMPROB, (uint8_t)(i + 1 < hlen ? i + 1 : i), 0, 0);
			M_DROP(m, ips_badoptions);
			return false;
		}
		if (p[i] == IPOPT_LSRR || p[i] == IPOPT_SSRR) {
			icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_SRCFAIL, 0, 0);
			M_DROP(m, ips_srcroute);
			return false;
		}
		i += p[i + 1];
	}
	return true;
}
