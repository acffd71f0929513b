/* host_arg.h - addresses in the words of ping, traceroute and their like, of either family. */
#ifndef NET_INET_HOST_ARG_H
#define NET_INET_HOST_ARG_H

#include "kernel/out.h"
#include "net/inet6/in6.h"

/* What s names; an IPv6 address with its zone. False: said, as the command of that name. Task, outside net_enter. */
bool	host_arg(struct out *, const char *command, unsigned af, const char *s, struct in6_addr *);
/* It is an address of one of our interfaces, routing domain 0. Task, outside net_enter. */
bool	host_is_ours(unsigned af, const struct in6_addr *);

#endif
