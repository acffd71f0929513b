/* routeset.h - what the programs that measure routes on the host share: the routes, and how instructions are counted. */
#ifndef TESTS_BENCH_ROUTESET_H
#define TESTS_BENCH_ROUTESET_H

#include "net/route/route.h"

#define N4	1000000u
#define N6	200000u
#define GATEWAYS	64u

extern struct rt_request rq[N4 + N6];		/* those that were added, in the order of that */
extern unsigned nrq;

/* The same numbers in each run; below n. */
uint64_t rnd(void);
uint32_t below(uint32_t n);

struct in6_addr rq_gateway(unsigned af, unsigned i);
/* Adds so many to the table and to rq. Returns the seconds that it took. rt6_start() was before. */
double	rq_load(unsigned af, unsigned count);
void	rq_pass(void);				/* what was taken out may be used anew */

/* Instructions of the call, with some that are always the same. It runs in a copy of the process: nothing changes in this one. */
uint64_t steps(void (*func)(void *), void *arg);

#endif
