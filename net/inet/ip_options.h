/* ip_options.h - options of received headers. */
#ifndef NET_INET_IP_OPTIONS_H
#define NET_INET_IP_OPTIONS_H

#include "net/core/mbuf.h"

/* hlen bytes of header (more than 20) are contiguous. False: malformed, or a source route; the packet has been answered and dropped. Options
 * that are well formed otherwise pass as they are (RFC 7126). */
bool	ip_options_check(struct mbuf *, unsigned hlen);

#endif
