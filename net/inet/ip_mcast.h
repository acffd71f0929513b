/* ip_mcast.h - packets to the broadcast address of another network of ours. */
#ifndef NET_INET_IP_MCAST_H
#define NET_INET_IP_MCAST_H

#include "net/inet/ip_var.h"

/* m came in elsewhere; rt is the broadcast's route (RTF_BROADCAST). Takes the mbuf: sends it there, or drops it. Any core. */
void	ip_directed_broadcast(struct mbuf *m, const struct rtentry *rt);

#endif
