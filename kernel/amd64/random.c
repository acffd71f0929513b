/* random.c - the seed of newlib's arc4random (ChaCha20): RDRAND, mixed with the jitter of the TSC against memory and
 * ports. */
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define JITTER_SAMPLES	64		/* readings folded into each 8 bytes; with RDRAND few do */
#define RDRAND_TRIES	10		/* SDM 1, 7.3.17.1 */

int	getentropy(void *, size_t);

static bool random_rdrand;

static bool
rdrand64(uint64_t *v)
{
	bool ok;

	for (unsigned i = 0; i < RDRAND_TRIES; i++) {
		__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
		if (ok)
			return true;
	}
	return false;
}

/* Folds readings of the TSC around a port access, whose time nobody controls. */
static uint64_t
jitter64(uint64_t h, unsigned samples)
{
	for (unsigned i = 0; i < samples; i++) {
		port_in8(0x61);
		h = (h ^ rdtsc()) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return h;
}

/* For arc4random: at most 256 bytes. Never fails: it is a seed or a part of one even without RDRAND. */
int
getentropy(void *buf, size_t len)
{
	static uint64_t state;
	uint64_t v;

	for (size_t off = 0; off < len; off += sizeof(v)) {
		bool hw = random_rdrand && rdrand64(&v);

		state = jitter64(state, hw ? 1 : JITTER_SAMPLES);
		v = hw ? v ^ state : state;
		memcpy((char *)buf + off, &v, MIN(sizeof(v), len - off));
	}
	return 0;
}

void
random_init(void)
{
	random_rdrand = cpuid(1, 0).c & 1u << 30;
	if (!random_rdrand)
		log_printf("random: no RDRAND, seeded by timing alone: keys made on this machine may be weak\n");
}

void
random_bytes(void *buf, size_t n)
{
	arc4random_buf(buf, n);
}
