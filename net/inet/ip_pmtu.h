/* ip_pmtu.h - path MTU discovery (RFC 1191): how long a packet of ours may be to reach its destination in one piece. Core 0. */
#ifndef NET_INET_IP_PMTU_H
#define NET_INET_IP_PMTU_H

#include "net/inet/ip.h"

/* The least of mtu, which is the way out's, and of what routers have told about the way to dst. *fragments: routers on the way must be let
 * cut the packet even then: it cannot be made short enough. */
uint32_t ip_pmtu(unsigned rdomain, be32_t dst, uint32_t mtu, bool *fragments);
/* A router could not forward `sent`, a packet of ours for which mtu was our way out's, as its next link takes `next` bytes (0: it does
 * not say). What cannot be true is counted and ignored. */
void	ip_pmtu_learn(unsigned rdomain, const struct ip *sent, uint32_t mtu, uint32_t next);

#endif
