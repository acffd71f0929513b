/* count.h - the page that the plugin shares with the generator: written by one side each, read by the other at any moment. */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdint.h>

#define COUNT_CPUS	16u
#define COUNT_BYTES	4096u

struct count {
	struct count_cpu {
		uint64_t	insns;		/* guest instructions executed */
		uint64_t	locks;		/* of them with a LOCK prefix, or XCHG with memory */
		uint64_t	idles;		/* times the vCPU went to sleep (HLT) */
		uint64_t	halted;		/* it sleeps now */
		uint64_t	mems;		/* loads and stores, from c_lines_on on; so the next two */
		uint64_t	lines;		/* 64-byte lines of memory touched, each once an epoch */
		uint64_t	all_lines;	/* 64-byte lines touched, each once since c_base */
		uint64_t	spare;
	} c_cpu[COUNT_CPUS];
	uint64_t	c_ncpu;
	uint64_t	c_held;			/* vCPUs that stand at the gate now */
	uint64_t	c_lines_on;		/* lines are counted */
	/* The generator's: */
	uint64_t	c_gate;			/* the vCPUs stand where they are */
	uint64_t	c_lines_want;		/* count lines, from the next sleep or gate on */
	uint64_t	c_epoch, c_base;
};
_Static_assert(sizeof(struct count) <= COUNT_BYTES, "one page");

static inline uint64_t
count_insns(const volatile struct count *c)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < c->c_ncpu; i++)
		n += c->c_cpu[i].insns;
	return n;
}

#endif
