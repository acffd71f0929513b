/* rt6fix.h - netfix.h's router with IPv6: t0 has fd00:0:0:1::1/64, t1 has fd00:0:0:2::1/64. */
#ifndef TESTS_UNIT_RT6FIX_H
#define TESTS_UNIT_RT6FIX_H

#include "net/inet6/in6_ifaddr.h"
#include "tests/unit/netfix.h"

/* "fd00::1", "fe80::1%t0". */
struct in6_addr in6_of(const char *);
/* Lets next hops of IPv6 be made on t0 and t1, also where nobody resolves their link addresses. */
void	rt6_resolver(void);
/* net_start() and the addresses. */
void	rt6_start(void);

#endif
