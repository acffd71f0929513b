/* emfix.h - what tests of em(4) on its device model share: one card `m`, whose interface's input ends in `got`. */
#ifndef TESTS_UNIT_EMFIX_H
#define TESTS_UNIT_EMFIX_H

#include "tests/unit/em_model.h"

#define I82540	0x100e
#define I82574	0x10d3

extern struct emm m;
extern struct batch got;		/* the last frames that the driver handed up, */
extern unsigned got_core[BATCH_MAX];	/* and where it did */
extern unsigned ngot, ngot_on[MAXCORES];	/* how many in all, and on each core */

/* A pool of so many for each core, and the rings among them. */
void	pools(unsigned mbufs);
/* After emm_init(&m, ...): attached, up, and at rest. */
struct ifnet *start_with(unsigned mbufs);
struct ifnet *start(void);
/* Goes down and away; all mbufs are in the pools. */
void	stop(void);
void	pools_are_full(void);
unsigned posted(void);			/* mbufs in its receive rings */

void	run(void);			/* all cores, until nothing is left */
void	drop_got(void);
/* A frame for this station, which depends on the seed; no IP. */
void	frame_make(uint8_t *, unsigned len, unsigned seed);
void	check_got(struct mbuf *, unsigned len, unsigned seed);
/* n frames in, each checked; n frames out; first in, then out. */
void	receive(unsigned n, unsigned len);
void	transmit(struct ifnet *, unsigned n, unsigned len);
void	traffic(struct ifnet *, unsigned n, unsigned len);
const char *dmesg(void);

#endif
