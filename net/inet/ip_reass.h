/* ip_reass.h - putting together again what was sent to us in pieces (RFC 791 3.2, RFC 815). Core 0. */
#ifndef NET_INET_IP_REASS_H
#define NET_INET_IP_REASS_H

#include "net/core/if.h"
#include "net/inet/ip.h"

/* One fragment for us, its header checked and contiguous. Takes the mbuf. The whole datagram when this was the last that it wanted, header
 * checked, its checksum right; else NULL. */
struct mbuf *ip_reass(struct ifnet *, struct mbuf *);
void	ip_reass_purge(uint16_t ifidx);		/* drops what began on this interface: it goes */

#endif
