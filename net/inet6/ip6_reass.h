/* ip6_reass.h - putting together again what was sent to us in pieces (RFC 8200 4.5). Core 0. */
#ifndef NET_INET6_IP6_REASS_H
#define NET_INET6_IP6_REASS_H

#include "net/core/if.h"
#include "net/inet6/ip6.h"

/* A packet for us with a fragment header at *off, whose number stands at *nxtoff; the headers before it are contiguous. Takes the mbuf. The whole
 * datagram, without that header, when nothing is missing any more: *nxtoff then holds the number of what is at *off. Else NULL. */
struct mbuf *ip6_reass(struct ifnet *, struct mbuf *, unsigned *nxtoff, unsigned *off);
void	ip6_reass_purge(uint16_t ifidx);		/* drops what began on this interface: it goes */

#endif
