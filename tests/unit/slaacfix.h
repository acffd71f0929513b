/* slaacfix.h - a router's advertisements, heard on t0: they are put together in ra_buf, and sent. */
#ifndef TESTS_UNIT_SLAACFIX_H
#define TESTS_UNIT_SLAACFIX_H

#include "net/inet6/slaac.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

extern uint8_t ra_buf[700];
extern unsigned ra_len;

void	slaac_start(const char *words);		/* t0's file: these lines. Counters are marked */
/* A new one. mac: the last octet of the router's link address; 0: it does not say. */
void	ra_from(unsigned lifetime, unsigned flags, uint8_t mac);
static inline void ra(unsigned lifetime, unsigned flags) { ra_from(lifetime, flags, 0xaa); }
void	ra_prefix(const char *prefix, unsigned plen, unsigned flags, uint32_t valid, uint32_t preferred);
void	ra_send(const char *from);
unsigned addrs_with(unsigned flag);		/* of t0's, so many have it */

#endif
