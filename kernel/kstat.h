/* kstat.h - counters of things that come and go (queues, devices), as kstat(1): provider:instance:name:unit, then "%16s: value unit".
 * Core 0 adds and removes; reading sums what the cores counted. */
#ifndef KERNEL_KSTAT_H
#define KERNEL_KSTAT_H

#include "kernel/cdefs.h"
#include "kernel/out.h"

struct kstat {
	const char	*ks_provider;		/* "vio0" */
	unsigned	 ks_instance;
	const char	*ks_name;		/* "rxq" */
	unsigned	 ks_unit;
	/* Emits the values, one kstat_*() each. Inside net_enter. */
	void		(*ks_read)(struct kstat *, struct out *);
	void		*ks_arg;
	struct kstat	*ks_next;
};

void	kstat_add(struct kstat *);		/* kept sorted; the struct stays the caller's */
void	kstat_remove(struct kstat *);
extern struct kstat *kstat_list;

/* For ks_read. unit: "packets", "bytes" or NULL. */
void	kstat_u64(struct out *, const char *name, uint64_t v, const char *unit);
void	kstat_bool(struct out *, const char *name, bool v);
void	kstat_str(struct out *, const char *name, const char *v);

#endif
