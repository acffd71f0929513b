/* vmstat.h - the interrupts that vmstat -i and systat show; whoever owns some registers how to walk them. */
#ifndef KERNEL_VMSTAT_H
#define KERNEL_VMSTAT_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

struct intr_stat {
	const char	*in_name;	/* of the device, or of what the core interrupts itself for; stays */
	unsigned	 in_core;	/* that takes it */
	int		 in_number;	/* line or vector; -1: a core's own */
	uint64_t	 in_count;	/* since boot */
};
typedef void intr_fn(void *arg, const struct intr_stat *);
struct intr_source {
	void	(*is_walk)(intr_fn *, void *arg);	/* calls it for each; inside net_enter */
};
SET_DECLARE(const struct intr_source, intr_sources);
#define INTR_SOURCE(id, fn)							\
	static const struct intr_source intr_source_##id = { fn };		\
	SET_ADD(intr_sources, intr_source_##id)

/* All of them, malloc()ed, core by core; *n: how many. NULL: no memory. Task, outside net_enter. */
struct intr_stat *intr_table(unsigned *n);
#define INTR_NAMELEN	48
/* "irq48/vio0:0", "cpu1/timer". Returns buf. */
const char *intr_name(const struct intr_stat *, char buf[INTR_NAMELEN]);

#endif
