/* bits.h - what the compiler does not make the best of: counting bits on any x86-64 (the oldest have no instruction for it, and its replacement
 * is a call), sums with a carry. */
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

/* a + b + c, each carry added at the other end. The compiler would have the sum in memory. */
static inline uint64_t
add_around64(uint64_t a, uint64_t b, uint64_t c)
{
	__asm__("add %1, %0\n\tadc %2, %0\n\tadc $0, %0" : "+&r" (a) : "rm" (b), "rm" (c) : "cc");
	return a;
}

#endif
