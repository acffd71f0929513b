/* dir24.c - DIR-24-8: one access for what is no longer than 24 bits, two for the rest. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/fibs/fibs.h"

#ifndef VALUE				/* dir24r.c has others */
#define VALUE		uint16_t
#define VALUE_OF(p)	((p)->p_nh)
#define NAME(x)		dir24_##x
#endif

#define LONG	((VALUE)1 << (8 * sizeof(VALUE) - 1))	/* a word of first: the number of a block */
#define BLOCKS	0x8000u

static VALUE *first, (*block)[256];
static uint8_t *first_plen, (*block_plen)[256];	/* of whose prefix a word is: for changes */
static unsigned nblocks;

void
NAME(make)(void)
{
	first = calloc(1u << 24, sizeof(*first));
	first_plen = calloc(1u << 24, 1);
	block = calloc(BLOCKS, sizeof(*block));
	block_plen = calloc(BLOCKS, sizeof(*block_plen));
	if (first == NULL || first_plen == NULL || block == NULL || block_plen == NULL)
		abort();
	for (unsigned i = 0; i < nprefixes; i++)
		NAME(changed)(&prefixes[i]);
}

static inline __attribute__((always_inline)) uint32_t
walk(uint32_t addr, touch_fn *told)
{
	VALUE v = first[addr >> 8];

	if (told != NULL)
		told(&first[addr >> 8]);
	if (v & LONG) {
		if (told != NULL)
			told(&block[v & (VALUE)~LONG][addr & 0xff]);
		v = block[v & (VALUE)~LONG][addr & 0xff];
	}
	return v;
}

uint32_t NAME(find)(uint32_t addr) { return walk(addr, NULL); }
uint32_t NAME(find_told)(uint32_t addr, touch_fn *told) { return walk(addr, told); }

/* Words that a prefix of plen may say something about, and those of just that length when it has gone. */
static inline void
put(VALUE *v, uint8_t *has, unsigned plen, VALUE nh, unsigned nhplen)
{
	if (*has <= plen) {
		*v = nh;
		*has = (uint8_t)nhplen;
	}
}

static unsigned
block_of(uint32_t i)
{
	unsigned b = nblocks;

	if (first[i] & LONG)
		return first[i] & (VALUE)~LONG;
	if (nblocks == BLOCKS)
		abort();
	nblocks++;
	for (unsigned k = 0; k < 256; k++)
		block[b][k] = first[i];
	memset(block_plen[b], first_plen[i], 256);
	first[i] = (VALUE)(LONG | b);
	return b;
}

void
NAME(changed)(const struct prefix *p)
{
	const struct prefix *is = p->p_nh != 0 ? p : prefixes_shorter(p->p_addr, p->p_plen);
	VALUE nh = is != NULL ? VALUE_OF(is) : 0;
	unsigned nhplen = is != NULL ? is->p_plen : 0, plen = p->p_plen, b;

	if (plen > 24) {
		b = block_of(p->p_addr >> 8);
		for (unsigned k = p->p_addr & 0xff, n = 1u << (32 - plen); n > 0; n--, k++)
			put(&block[b][k], &block_plen[b][k], plen, nh, nhplen);
		return;
	}
	for (uint32_t i = p->p_addr >> 8, n = 1u << (24 - plen); n > 0; n--, i++) {
		if (!(first[i] & LONG))
			put(&first[i], &first_plen[i], plen, nh, nhplen);
		else
			for (unsigned k = 0; k < 256; k++)
				put(&block[first[i] & (VALUE)~LONG][k], &block_plen[first[i] & (VALUE)~LONG][k], plen, nh, nhplen);
	}
}

size_t NAME(memory)(void) { return (sizeof(*first) << 24) + nblocks * sizeof(*block); }
size_t NAME(more)(void) { return (1u << 24) + nblocks * sizeof(*block_plen); }
