/* icmp_var.h - what the files of ICMP share among themselves. Core 0. */
#ifndef NET_INET_ICMP_VAR_H
#define NET_INET_ICMP_VAR_H

#include "net/inet/icmp.h"

/* icmp_rate.c. Whether one more error may go to this host in this second; it counts as sent then. */
bool	icmp_rate(be32_t host);
/* ip_icmp.c. A quoted packet is one that we may have sent: its source is an address of ours. */
bool	icmp_quotes_us(const struct ifnet *, const struct ip *quoted);
/* icmp_redirect.c. A redirect with a good quote; takes the mbuf. */
void	icmp_redirect_input(struct ifnet *, struct mbuf *, const struct ip *, const struct icmp *, const struct ip *quoted);
/* icmp_reply.c. Answers to questions; each takes the mbuf. */
void	icmp_echo(struct ifnet *, struct mbuf *, unsigned hlen);
void	icmp_timestamp(struct ifnet *, struct mbuf *, unsigned hlen);

#endif
