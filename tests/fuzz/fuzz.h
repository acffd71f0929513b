/* fuzz.h - fuzz targets: what each brings, and where it takes its bytes from.
 *
 * A process runs one target. ft_start() sets the machine up once; ft_run() takes one input and must leave everything as it found
 * it: pools, timeouts, mbufs, interfaces are compared with what ft_start() left, then all per-core variables, the clock and the
 * random numbers are put back, so that every input meets the same machine. abort() (CHECK, panic, a sanitizer) is a finding. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "kernel/cdefs.h"
#include "kernel/endian.h"
#include "kernel/set.h"
#include "tests/unit/unit.h"

struct fuzz_in { const uint8_t *p; size_t n; };		/* what is left */

struct fuzz_target {
	const char	*ft_name;
	size_t		 ft_maxlen;		/* longer inputs are cut */
	void		(*ft_start)(void);	/* may be NULL */
	void		(*ft_run)(struct fuzz_in *);
};
SET_DECLARE(const struct fuzz_target, fuzz_targets);
#define FUZZ_TARGET(name, maxlen, start, run)					\
	static const struct fuzz_target fuzz_target_##name = { #name, maxlen, start, run };	\
	SET_ADD(fuzz_targets, fuzz_target_##name)

/* The next bytes of the input; zero when none are left. */
static inline uint8_t
fuzz_u8(struct fuzz_in *in)
{
	return in->n > 0 ? (in->n--, *in->p++) : 0;
}
static inline uint16_t
fuzz_u16(struct fuzz_in *in)
{
	uint16_t v = fuzz_u8(in);

	return (uint16_t)(v << 8 | fuzz_u8(in));
}
static inline uint32_t
fuzz_u32(struct fuzz_in *in)
{
	uint32_t v = fuzz_u16(in);

	return v << 16 | fuzz_u16(in);
}
/* Up to max bytes; *n says how many. Points into the input. */
const uint8_t *fuzz_take(struct fuzz_in *, size_t max, size_t *n);

/* Called by the drivers (libFuzzer's, or replay.c). False: no such target. */
bool	fuzz_begin(const char *name);
void	fuzz_one(const uint8_t *, size_t);
size_t	fuzz_maxlen(void);
extern const struct fuzz_target *fuzz_now;

/* Interrupts, mappings and interfaces that drivers hold for ever are given back at the end of an input. */
void	fuzz_dma_reset(void);

#endif
