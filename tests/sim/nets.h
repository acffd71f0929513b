/* nets.h - networks of routers and hosts, for cases about more than one packet. */
#ifndef TESTS_SIM_NETS_H
#define TESTS_SIM_NETS_H

#include "tests/sim/host.h"

/* x 10.0.0.2 --- wa --- vio0 r vio1 --- wb --- y 10.0.1.2; forwarding. */
struct pair { struct wire *wa, *wb; struct router *r; struct shost *x, *y; };
struct pair pair_new(void);
#define PAIR_VIO0	"inet 10.0.0.1/24\n"
#define PAIR_VIO1	"inet 10.0.1.1/24\n"
#define FORWARDING	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n"

/* n routers in a row, r0 to r(n-1); net i (10.0.i.0/24) is in front of router i, behind the last is net n. On net i router i
 * has .2, router i - 1 has .1. A host at each end: x 10.0.0.9, y 10.0.n.9. */
#define CHAIN_MAX	64
struct chain { unsigned n; struct wire *w[CHAIN_MAX + 1]; struct router *r[CHAIN_MAX]; struct shost *x, *y; };
struct chain chain_new(unsigned n, const unsigned *mtus);

/* Each of the n hosts pings each other one until all have answered, at most for so long; fails when one does not. */
void	all_ping(struct shost *const *, unsigned n, uint64_t limit);

#endif
