/* siphash.h - SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash that nobody who does not know the key can foretell. */
#ifndef KERNEL_SIPHASH_H
#define KERNEL_SIPHASH_H

#include "kernel/cdefs.h"

/* Of n words, each as it stands in memory (the machine is little-endian, as the hash is). */
uint64_t siphash(const uint64_t key[2], const uint64_t *words, unsigned n);

#endif
