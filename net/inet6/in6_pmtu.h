/* in6_pmtu.h - how big a packet may be all the way (RFC 8201). Core 0. */
#ifndef NET_INET6_IN6_PMTU_H
#define NET_INET6_IN6_PMTU_H

#include "net/core/if.h"
#include "net/inet6/ip6.h"

/* What is known of the path to dst (with its zone), never below 1280; UINT32_MAX: nothing. */
uint32_t in6_pmtu(unsigned rdomain, const struct in6_addr *dst);
/* A router says so about a packet of ours, whose header is quoted; somebody has vouched for having sent it. mtu: host order. */
void	in6_pmtu_learn(const struct ifnet *, const struct ip6_hdr *quoted, uint32_t mtu);

#endif
