/* stage.h - the stages of a packet's journey, registered by name, each with how many packets and batches passed (kstat: stage). */
#ifndef NET_CORE_STAGE_H
#define NET_CORE_STAGE_H

#include "kernel/moment.h"
#include "kernel/percore.h"
#include "kernel/set.h"

struct stage_count { uint64_t sc_batches, sc_packets; };
struct stage {
	const char		*st_name;
	struct stage_count	*st_count;	/* PERCORE */
};
SET_DECLARE(const struct stage, stages);

#define STAGE(name)								\
	static PERCORE struct stage_count name##_count;				\
	static const struct stage stage_##name = { #name, &name##_count };	\
	SET_ADD(stages, stage_##name)

#ifdef SLUICE_HOST
extern void (*stage_trace)(const struct stage *, unsigned n);	/* kernel/host/host_trace.c; NULL: nobody watches */
#define STAGE_TRACE(name, n)							\
	do { if (unlikely(stage_trace != NULL)) stage_trace(&stage_##name, (n)); } while (0)
#else
#define STAGE_TRACE(name, n)	((void)0)
#endif

/* First line of a stage. */
#define STAGE_ENTER(name, n)							\
	do {									\
		percore(name##_count.sc_batches)++;				\
		percore(name##_count.sc_packets) += (n);			\
		STAGE_TRACE(name, n);						\
		MOMENT();							\
	} while (0)

#endif
