/* steer.h - which core a received packet goes on on: that of its flow, the same for both directions. */
#ifndef NET_CORE_STEER_H
#define NET_CORE_STEER_H

#include "net/core/mbuf.h"
#include "net/inet6/in6.h"

/* Ethernet frames as a card without queues for every core gave them: those of other cores' flows are handed over, this core's stay in b
 * (b_n may become 0). Does what batch_received() does to all of them. Any core. */
uint64_t steer(uint16_t ifidx, struct batch *);

/* The core that steer() sends a flow to, from what its packets say: of either family; ports: TCP's or UDP's count. Both ways the same. */
unsigned steer_tuple(unsigned af, const struct in6_addr *src, const struct in6_addr *dst, be16_t sport, be16_t dport, bool ports);

/* Spreads flows evenly over the cores that run. Core 0, when an interface attaches. */
void	steer_spread(void);

#endif
