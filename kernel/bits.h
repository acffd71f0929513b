/* bits.h - counting bits on any x86-64: the oldest have no instruction for it, and the compiler's replacement is a call. */
#ifndef KERNEL_BITS_H
#define KERNEL_BITS_H

#include "kernel/cdefs.h"

static inline unsigned
popcount64(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	return (unsigned)(((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101 >> 56);
}

#endif
