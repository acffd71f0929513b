/* arp_dad.c - addresses of ours that are somebody else's, too (RFC 5227).
 *
 * RFC says: ask three times before an address is used, then announce it twice. We do: announce it at once and use it, as a router
 * that takes over must not keep its hosts waiting; ask meanwhile, so that who has it answers; announce it once more at the end. Who
 * answers is told in the log and by ifconfig, and the address is defended, not given up (2.4 (c)). */
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/in.h"

#define DAD_PROBE_NUM		3	/* RFC 5227 1.1 */
#define DAD_PROBE_MIN_MS	1000
#define DAD_PROBE_SPREAD_MS	1000
#define DAD_ANNOUNCE_WAIT_MS	2000

COUNTER(arps_probesent, arp, 115, CREATED, "probe%s for addresses of ours sent");

static int arp_dad_count = DAD_PROBE_NUM;
SYSCTL_INT(net_inet_ip_dad_count, "net.inet.ip.dad_count", &arp_dad_count, DAD_PROBE_NUM, 0, 16);

static void
arp_dad_probe(struct ifaddr *ifa)
{
	struct ifnet *ifp = ifa->ifa_ifp;
	uint32_t r;

	if (arp_transmit(ifp, ARPOP_REQUEST, etherbroadcastaddr, ifp->if_lladdr, IP4_ANY, NULL, ifa->ifa_addr))
		counter_inc(arps_probesent);
	if (++ifa->ifa_probes >= arp_dad_count) {
		timeout_add_msec(&ifa->ifa_dad, DAD_ANNOUNCE_WAIT_MS);
		return;
	}
	random_bytes(&r, sizeof(r));
	timeout_add_msec(&ifa->ifa_dad, DAD_PROBE_MIN_MS + r % DAD_PROBE_SPREAD_MS);
}

static void
arp_dad_timer(void *arg)
{
	struct ifaddr *ifa = arg;

	if (!nexthop_if_usable(ifa->ifa_ifp))	/* it starts anew when the interface comes up */
		return;
	if (ifa->ifa_probes < arp_dad_count)
		arp_dad_probe(ifa);
	else
		arp_announce(ifa->ifa_ifp, ifa->ifa_addr);
}

void
arp_dad_stop(struct ifaddr *ifa)
{
	if (timeout_pending(&ifa->ifa_dad))
		timeout_del(&ifa->ifa_dad);
}

void
arp_dad_start(struct ifaddr *ifa)
{
	arp_dad_stop(ifa);
	timeout_set(&ifa->ifa_dad, arp_dad_timer, ifa);
	ifa->ifa_probes = 0;
	ifa->ifa_duplicated = false;
	arp_announce(ifa->ifa_ifp, ifa->ifa_addr);
	if (arp_dad_count > 0)
		arp_dad_probe(ifa);
}
