/* load.h - the load averages: how many cores were busy. Sampled by core 0 every 5 seconds. */
#ifndef KERNEL_LOAD_H
#define KERNEL_LOAD_H

#include "kernel/cdefs.h"

struct out;

void	load_start(void);		/* boot, core 0 */
void	load_stop(void);
/* Over 1, 5 and 15 minutes: "0.12 0.05 0.01" with `between` between them; "load averages":[0.12,0.05,0.01]. */
void	load_print(struct out *, const char *between);
void	load_json(struct out *);

#endif
