/* native.c - the router's own code on this machine's processor: libsluice.so forwards between two cards without a wire, as fast as it can.
 *
 *	native LIBRARY ring|null SECONDS CORE
 *
 * ring: 256 packets of 64 flows go round: what vio1 sends arrives at vio0. null: vio0 receives copies of a frame, vio1 frees them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernel/endian.h"
#include "kernel/host/lib/entries.h"

#define ARENA_PAGES	(16 * 1024)
#define PACKETS		256u
#define FLOWS		64u
#define SLICE		2000u		/* passes of the loop, some 100 microseconds or less: most are not interrupted */
#define SLICES_MAX	1000000u
#define FRAME		60u

static const uint8_t mac_a[6] = { 0x52, 0x54, 0, 0, 0, 0x0a }, mac_b[6] = { 0x52, 0x54, 0, 0, 0, 0x0b };
static const char conf[] =
	"# /etc/hostname.vio0\ninet 10.0.0.1/24\n"
	"# /etc/hostname.vio1\ninet 10.0.1.1/24\n!arp -s 10.0.1.2 52:54:00:00:00:0a\n!route add 10.1.0.0/16 10.0.1.2\n"
	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n";

static void __noreturn_fn
die(const char *what, const char *why)
{
	printf("{\"error\": \"%s: %s\"}\n", what, why);
	exit(1);
}

static void
frame_make(uint8_t *f, unsigned flow)
{
	uint32_t sum = 0;
	uint8_t *ip = f + 14;

	memset(f, 0, FRAME);
	memcpy(f, mac_a, 6);
	memcpy(f + 6, (uint8_t[]){ 2, 0, 0, 0, 0, 0xaa }, 6);
	store16(f + 12, BE16(0x0800));
	memcpy(ip, (uint8_t[]){ 0x45, 0, 0, FRAME - 14, 0, 0, 0x40, 0, 255, 17, 0, 0, 10, 0, 0, 2, 10, 1, 0, 1 }, 20);
	ip[19] = (uint8_t)(1 + flow);
	for (unsigned i = 0; i < 20; i += 2)
		sum += load16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	store16(ip + 10, (uint16_t)~(sum + (sum >> 16)));
	store16(ip + 20, BE16(1024 + flow));
	store16(ip + 22, BE16(9));
	store16(ip + 24, BE16(FRAME - 34));
}

static const struct sluice_entries *
load(const char *path)
{
	const struct sluice_entries *e;
	void *so = dlopen(path, RTLD_LOCAL | RTLD_NOW), *arena;

	if (so == NULL || (e = dlsym(so, "sluice_entries")) == NULL)
		die(path, dlerror());
	arena = mmap(NULL, ARENA_PAGES * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		die("arena", "no memory");
	e->se_host->arena = arena;
	e->se_host->arena_pages = ARENA_PAGES;
	e->se_init(1);
	e->se_host->seed = 1;
	e->se_host->pages_max = ARENA_PAGES / 2;
	e->se_file("sluice.conf", conf, sizeof(conf) - 1);
	return e;
}

/* Boots; runs the loop until the configuration is in force. */
static struct ring_card *
boot(const struct sluice_entries *e, enum ring_kind kind, struct ring_card **out)
{
	static uint8_t frame[FRAME];
	struct ring_conf a = { .rc_name = "vio0", .rc_kind = kind, .rc_len = FRAME }, b = { .rc_name = "vio1", .rc_kind = kind };
	struct ring_card *in;

	frame_make(frame, 0);
	a.rc_frame = kind == RING_NULL ? frame : NULL;
	memcpy(a.rc_lladdr, mac_a, 6);
	memcpy(b.rc_lladdr, mac_b, 6);
	e->se_boot();
	in = e->se_ring(&a);
	*out = e->se_ring(&b);
	if (in == NULL || *out == NULL)
		die("cards", "cannot be attached");
	e->se_config();
	for (unsigned i = 0; i < 3000; i++) {		/* addresses are probed for: some seconds of virtual time */
		e->se_host->now += 10000000;
		for (unsigned j = 0; j < 20; j++)
			e->se_pass(0);
	}
	if (kind == RING_LOOP)
		e->se_ring_join(*out, in);
	return in;
}

static void
inject(const struct sluice_entries *e, struct ring_card *in)
{
	uint8_t frame[FRAME];

	for (unsigned i = 0; i < PACKETS; i++) {
		frame_make(frame, i % FLOWS);
		if (!e->se_ring_put(in, frame, FRAME))
			die("packets", "cannot be injected");
	}
}

static uint64_t
forwarded(const struct sluice_entries *e)
{
	enum sluice_kind kind;
	const char *name;
	uint64_t v;

	for (unsigned i = 0; e->se_counter(i, &name, &kind, &v); i++)
		if (strcmp(name, "ips_forward") == 0)
			return v;
	die("ips_forward", "no such counter");
}

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
measure(const struct sluice_entries *e, struct ring_card *in, double seconds)
{
	double *slices = calloc(SLICES_MAX, sizeof(*slices));
	uint64_t t0 = clock_ns(CLOCK_MONOTONIC), c0 = clock_ns(CLOCK_THREAD_CPUTIME_ID), r0 = e->se_ring_received(in), f0 = forwarded(e);
	uint64_t tsc0 = __builtin_ia32_rdtsc(), wall, cpu, received;
	unsigned n = 0;

	if (slices == NULL)
		die("slices", "no memory");
	while (n < SLICES_MAX && (double)(clock_ns(CLOCK_MONOTONIC) - t0) < seconds * 1e9) {
		uint64_t a = __builtin_ia32_rdtsc(), r = e->se_ring_received(in);

		for (unsigned i = 0; i < SLICE / 64; i++)
			e->se_pass(0);
		r = e->se_ring_received(in) - r;
		if (r > 0)
			slices[n++] = (double)(__builtin_ia32_rdtsc() - a) / (double)r;
	}
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - c0;
	wall = clock_ns(CLOCK_MONOTONIC) - t0;
	received = e->se_ring_received(in) - r0;
	/* The last of them may be on their way. */
	if (n == 0 || received == 0 || forwarded(e) - f0 + PACKETS < received)
		die("packets", "are not forwarded");
	qsort(slices, n, sizeof(*slices), compare);
	printf("{\"packets\": %llu, \"forwarded\": %llu, \"cpu_ns_per_pkt\": %.2f, \"cycles_per_pkt\": %.1f, \"tsc_mhz\": %.1f}\n",
	    (unsigned long long)received, (unsigned long long)(forwarded(e) - f0), (double)cpu / (double)received, slices[n / 2],
	    (double)(__builtin_ia32_rdtsc() - tsc0) / (double)wall * 1e3);
}

int
main(int argc, char **argv)
{
	const struct sluice_entries *e;
	struct ring_card *in, *out;
	cpu_set_t cpus;
	jmp_buf end;

	if (argc != 5 || (strcmp(argv[2], "ring") != 0 && strcmp(argv[2], "null") != 0)) {
		fprintf(stderr, "usage: native LIBRARY ring|null SECONDS CORE\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)atoi(argv[4]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) == -1)
		die("core", "cannot run there");
	e = load(argv[1]);
	e->se_host->expect_panic = &end;
	if (setjmp(end) != 0)
		die("panic", e->se_host->panic_text);
	in = boot(e, strcmp(argv[2], "ring") == 0 ? RING_LOOP : RING_NULL, &out);
	if (strcmp(argv[2], "ring") == 0)
		inject(e, in);
	measure(e, in, 0.2);
	measure(e, in, atof(argv[3]));
	return 0;
}
