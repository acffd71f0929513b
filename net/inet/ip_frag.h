/* ip_frag.h - cutting packets to the size of the way out. */
#ifndef NET_INET_IP_FRAG_H
#define NET_INET_IP_FRAG_H

#include "net/core/mbuf.h"

/* Sends m (m_nh set, m_data at the IP header, longer than mtu bytes) as fragments of at most mtu bytes, by ip_output. Takes the
 * mbuf. RFC 791 3.2. */
void	ip_fragment(struct mbuf *m, uint32_t mtu);

#endif
