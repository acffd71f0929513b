/* seg.h - TCP segments of both families with any options, for cases that follow what a router makes of them. */
#ifndef TESTS_SIM_SEG_H
#define TESTS_SIM_SEG_H

#include "tests/sim/timeline.h"

#define SEG_OPT	40u
struct seg {
	bool		 six;
	uint8_t		 src[16], dst[16];	/* IPv4: the first four */
	unsigned	 sport, dport, ttl, flags, len;	/* len: bytes of data */
	uint32_t	 seq, ack;
	unsigned	 nopt;			/* a multiple of 4 */
	uint8_t		 opt[SEG_OPT];
	unsigned	 quoted;		/* an error about what was this segment: TCP's bytes in it; 0: the segment itself */
	uint8_t		 esrc[16], edst[16];	/* from whom to whom it goes */
};
void	seg_rx(struct raw *, const struct seg *);	/* the router receives it */
/* What has come next; false: nothing. Checksums are good, or the case fails; a quoted one's when all of it is there. */
bool	seg_see(struct raw *, struct seg *);

#endif
