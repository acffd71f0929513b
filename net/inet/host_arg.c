/* host_arg.c - addresses in the words of ping, traceroute and their like, of either family. */
#include "kernel/task.h"
#include "net/core/if.h"
#include "net/inet/host_arg.h"
#include "net/inet6/in6_ifaddr.h"

bool
host_arg(struct out *o, const char *command, unsigned af, const char *s, struct in6_addr *a)
{
	be32_t a4;
	bool ok;

	net_enter();
	ok = af == AF_IP4 ? ip4_parse(s, &a4) : in6_parse_scoped(s, a);
	net_leave();
	if (ok && af == AF_IP4)
		*a = in6_of_ip4(a4);
	if (!ok)
		out_printf(o, "%s: %s: no address associated with name\n", command, s);
	return ok;
}

static bool
ip4_is_ours(be32_t a)
{
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (ifa->ifa_addr == a && ifp->if_rdomain == 0)
				return true;
	return false;
}

bool
host_is_ours(unsigned af, const struct in6_addr *a)
{
	bool ours;

	net_enter();
	ours = af == AF_IP4 ? ip4_is_ours(a->s6_addr32[0]) : in6_ifaddr_ours(0, a) != NULL;
	net_leave();
	return ours;
}
