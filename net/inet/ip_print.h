/* ip_print.h - packets as tcpdump(8) prints them. */
#ifndef NET_INET_IP_PRINT_H
#define NET_INET_IP_PRINT_H

#include "kernel/out.h"

/* The IPv4 or IPv6 packet of which n bytes are there, without a newline: "10.0.0.2.4000 > 10.0.1.2.53: udp 20". Whatever its bytes are. verbose: also
 * (ttl ...). */
void	ip_print(struct out *, const uint8_t *p, unsigned n, bool verbose);

#endif
