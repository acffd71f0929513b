/* ip6_reass.c - fragments for us. */
#include "net/core/counter.h"
#include "net/core/mbuf.h"
#include "net/inet6/ip6_reass.h"

COUNTER(ip6s_fragments, ip6, 70, DROP, "fragment%s for this host dropped: no reassembly");

struct mbuf *
ip6_reass(struct ifnet *ifp __unused_arg, struct mbuf *m, unsigned *nxtoff __unused_arg, unsigned *off __unused_arg)
{
	M_DROP(m, ip6s_fragments);
	return NULL;
}
