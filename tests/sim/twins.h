/* twins.h - two routers, one with the flow path and one without, that are given the same: every byte that leaves them and every counter must be the same. */
#ifndef TESTS_SIM_TWINS_H
#define TESTS_SIM_TWINS_H

#include "tests/sim/timeline.h"

#define TWIN_PORTS	3
extern struct router *twin[2];			/* with flows, without */
extern struct raw *twin_end[2][TWIN_PORTS];	/* who is on their wires: 02:00:00:00:00:a0, :b0, :c0 */

/* Both, of a bundle that ends in sysctl.conf. */
void	twins_new(const char *conf);
/* Types the line at both consoles: they must answer the same. */
void	both_say(const char *line);
/* Is shown each frame that came out of the first, when same_frames() looks; NULL. */
extern void (*twin_saw)(unsigned port, const uint8_t *frame, unsigned len);
/* What has come out of either since the last time is the same: for each port, and in order for each flow. Step: for the message. */
void	same_frames(unsigned step);
void	same_counters(unsigned step);

#endif
