/* vmstat.h - what vmstat -i shows; whoever owns interrupts registers how to walk them. */
#ifndef KERNEL_VMSTAT_H
#define KERNEL_VMSTAT_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

struct intr_source {
	/* The n-th interrupt from 0, its name and how often it came; false: no more. */
	bool	(*is_get)(unsigned n, const char **name, uint64_t *count);
};
SET_DECLARE(const struct intr_source, intr_sources);
#define INTR_SOURCE(id, fn)							\
	static const struct intr_source intr_source_##id = { fn };		\
	SET_ADD(intr_sources, intr_source_##id)

#endif
