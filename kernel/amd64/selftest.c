/* selftest.c - that a preempted task gets all of its registers back: vector and x87 state, general registers, red zone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/machine.h"
#include "kernel/selftest.h"
#include "kernel/task.h"

#define VECTOR_SPINS	500u		/* so many instructions in which it is preempted */
#define VECTOR_SLICE_NS	20000u		/* longer than a switch takes: or there is no progress */
#define VECTOR_LIMIT_S	300u

struct vector_state {
	uint8_t		vs_vec[16][32];
	uint8_t		vs_x87[8][16];		/* 10 bytes of each */
	uint64_t	vs_gpr[8];		/* r8 to r15 */
	uint32_t	vs_mxcsr;
	uint16_t	vs_x87cw, vs_spare;
	uint64_t	vs_red[16];
};
_Static_assert(offsetof(struct vector_state, vs_red) == 712, "selftest.S has these offsets");

void	vector_round(const struct vector_state *in, struct vector_state *out, uint64_t spins, bool avx);

struct vector_task {
	uint64_t	vt_seed, vt_rounds;
	volatile bool	*vt_stop;
	volatile bool	 vt_done;
	bool		 vt_bad;
};

static uint64_t
vector_random(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* What can be loaded and stored without a change: normal numbers for the x87, control words with all exceptions masked. */
static void
vector_fill(struct vector_state *vs, uint64_t *seed, bool avx)
{
	uint64_t *w = (uint64_t *)vs;

	for (unsigned i = 0; i < sizeof(*vs) / sizeof(*w); i++)
		w[i] = vector_random(seed);
	for (unsigned i = 0; i < 8; i++) {
		vs->vs_x87[i][7] |= 0x80;
		vs->vs_x87[i][9] = 0x3f;
		memset(vs->vs_x87[i] + 10, 0, 6);
	}
	for (unsigned i = 0; i < 16 && !avx; i++)
		memset(vs->vs_vec[i] + 16, 0, 16);
	vs->vs_mxcsr = 0x1f80 | (uint32_t)(vs->vs_mxcsr & 0x6000);	/* rounding */
	vs->vs_x87cw = 0x033f | (uint16_t)(vs->vs_x87cw & 0x0c40);
	vs->vs_spare = 0;
}

static void
vector_task(void *arg)
{
	struct vector_task *vt = arg;
	struct vector_state in, out = { 0 };
	bool avx = cpu_xsave_size != 0;

	while (!*vt->vt_stop && !vt->vt_bad) {
		vector_fill(&in, &vt->vt_seed, avx);
		vector_round(&in, &out, VECTOR_SPINS, avx);
		vt->vt_bad = memcmp(&in, &out, sizeof(in)) != 0;
		vt->vt_rounds++;
	}
	net_enter();
	vt->vt_done = true;
	task_wakeup(vt);
	net_leave();
}

/* Until `n` more preemptions, ^C, or the time is up. */
static bool
vector_wait(struct out *o, uint64_t n, const struct vector_task vt[2])
{
	uint64_t end = uptime_ns() + VECTOR_LIMIT_S * 1000000000ull, first = task_preemptions();

	while (task_preemptions() - first < n) {
		if (o->o_stop || uptime_ns() > end || vt[0].vt_bad || vt[1].vt_bad)
			return false;
		task_sleep_ms(10);
	}
	return true;
}

/* Returns when both have ended: their stacks have pointers to ours. */
static void
vector_end(struct vector_task *vt)
{
	net_enter();
	while (!vt->vt_done)
		task_sleep(vt, 0);
	net_leave();
}

static int
selftest_vectors(struct out *o, uint64_t n)
{
	volatile bool stop = false;
	struct vector_task vt[2] = { { .vt_seed = 1, .vt_stop = &stop }, { .vt_seed = 2, .vt_stop = &stop } };
	uint64_t quantum = task_quantum_ns;
	bool ok;

	for (unsigned i = 0; i < 2; i++)
		vt[i].vt_done = task_create("vectors", vector_task, &vt[i]) == NULL;
	ok = !vt[0].vt_done && !vt[1].vt_done;
	task_quantum_ns = VECTOR_SLICE_NS;
	ok = ok && vector_wait(o, n, vt);
	task_quantum_ns = quantum;
	stop = true;
	vector_end(&vt[0]);
	vector_end(&vt[1]);
	out_printf(o, "%" PRIu64 " and %" PRIu64 " rounds, %s\n", vt[0].vt_rounds, vt[1].vt_rounds,
	    vt[0].vt_bad || vt[1].vt_bad ? "a register has changed" : ok ? "no register has changed" : "not finished");
	return !ok;
}
SELFTEST(vectors, selftest_vectors);
