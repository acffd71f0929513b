/* routeset.c - a million routes like the Internet's, and instructions counted by single steps. */
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/loop.h"
#include "tests/bench/routeset.h"
#include "tests/unit/rt6fix.h"

struct rt_request rq[N4 + N6];
unsigned nrq;
static uint64_t state = 88172645463325252u;

uint64_t
rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

uint32_t below(uint32_t n) { return (uint32_t)((rnd() >> 32) * n >> 32); }

/* Prefix lengths in thousandths, as the kit's mkroutes.py has them from the Internet's tables. */
struct share { uint8_t s_plen; uint16_t s_n; };
static const struct share shares4[] = { { 24, 602 }, { 23, 100 }, { 22, 115 }, { 21, 52 }, { 20, 45 }, { 19, 26 }, { 18, 14 }, { 17, 9 }, { 16, 14 },
	{ 15, 2 }, { 14, 1 }, { 0, 0 } };
static const struct share shares6[] = { { 48, 485 }, { 44, 95 }, { 40, 80 }, { 47, 28 }, { 46, 30 }, { 45, 15 }, { 36, 50 }, { 42, 20 }, { 38, 15 },
	{ 34, 18 }, { 33, 20 }, { 32, 115 }, { 29, 40 }, { 0, 0 } };

static uint8_t
random_plen(const struct share *s)
{
	uint32_t n = below(1000);

	for (; s[1].s_n != 0 && n >= s->s_n; s++)
		n -= s->s_n;
	return s->s_plen;
}

/* Half of them inside one that is there already. */
static struct in6_addr
random_dest(unsigned af, unsigned first, uint8_t *plen)
{
	static const uint8_t blocks[5] = { 0x24, 0x26, 0x28, 0x2a, 0x2c };
	struct in6_addr a = { { .s6_addr64 = { rnd(), rnd() } } }, mask;
	const struct rt_request *cover = nrq > first && below(2) ? &rq[first + below(nrq - first)] : NULL;

	*plen = random_plen(af == AF_IP4 ? shares4 : shares6);
	if (af == AF_IP4) {
		a = in6_of_ip4(a.s6_addr32[0]);
		a.s6_addr[0] = (uint8_t)(11 + below(89));
	} else {
		a.s6_addr[0] = blocks[below(5)];
		a.s6_addr[1] &= 0x0f;
	}
	if (cover != NULL && cover->rq_plen < *plen) {
		mask = in6_mask(cover->rq_plen);
		for (unsigned i = 0; i < 16; i++)
			a.s6_addr[i] = (uint8_t)((cover->rq_dest6.s6_addr[i] & mask.s6_addr[i]) | (a.s6_addr[i] & ~mask.s6_addr[i]));
	}
	return in6_masked(&a, *plen);
}

struct in6_addr
rq_gateway(unsigned af, unsigned i)
{
	struct in6_addr a = in6_of("fd00:0:0:2::2:0");

	if (af == AF_IP4)
		return in6_of_ip4(host_be32(0x0a000102 + i));
	a.s6_addr[15] = (uint8_t)i;
	return a;
}

void
rq_pass(void)
{
	for (unsigned i = 0; i < 4; i++)
		loop_pass();
}

double
rq_load(unsigned af, unsigned count)
{
	unsigned first = nrq;
	clock_t before = clock();

	for (enum rt_error e; nrq < first + count;) {
		struct rt_request *r = &rq[nrq];

		r->rq_af = (uint8_t)af;
		r->rq_dest6 = random_dest(af, first, &r->rq_plen);
		r->rq_gateway6 = rq_gateway(af, nrq % GATEWAYS);
		r->rq_flags = RTF_GATEWAY | RTF_STATIC;
		if (nrq % 64 == 0)
			rq_pass();
		if ((e = rt_add(r)) == RT_OK)
			nrq++;
		else
			CHECK(e == RT_EXIST);
	}
	return (double)(clock() - before) / CLOCKS_PER_SEC;
}

uint64_t
steps(void (*func)(void *), void *arg)
{
	pid_t pid = fork();
	uint64_t n = 0;
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		func(arg);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (;;) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			break;
		n++;
	}
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n;
}
