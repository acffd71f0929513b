/* cpu.c - what this core can do, switched on; and per-core data. */
#include <stdio.h>
#include <string.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/trap.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define CR4_UMIP	(1u << 11)
#define CR4_OSXSAVE	(1u << 18)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)

unsigned ncores = 1;
ptrdiff_t percore_delta[MAXCORES];
PERCORE ptrdiff_t percore_self;
PERCORE unsigned percore_id;
uint32_t cpu_xsave_size;

/* SDM 1, 13.3: OSXSAVE first, then XCR0; then CPUID 0DH tells how large the area for that is. */
static void
cpu_avx(void)
{
	if ((cpuid(1, 0).c & (1u << 26 | 1u << 28)) != (1u << 26 | 1u << 28))
		return;
	cr4_write(cr4_read() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" : : "c"(0), "a"(CPU_XCR0), "d"(0));
	cpu_xsave_size = roundup2(cpuid(13, 0).b, 64u);
}

void
cpu_init(void)
{
	struct cpuid f = cpuid(7, 0);
	uint64_t cr4 = cr4_read();

	if (f.c & 1u << 2)
		cr4 |= CR4_UMIP;
	if (f.b & 1u << 7)
		cr4 |= CR4_SMEP;
	if (f.b & 1u << 20)
		cr4 |= CR4_SMAP;
	cr4_write(cr4);
	cpu_avx();
}

/* SDM 2A, CPUID 01H. Not __builtin_cpu_supports(): it brings 5 KB of libgcc that know each processor by name. */
bool
machine_popcnt(void)
{
	return cpuid(1, 0).c & 1u << 23;
}

/* Model and stepping: SDM 2A, CPUID 01H. */
static void
cpu_signature(char *buf, size_t len)
{
	uint32_t v = cpuid(1, 0).a;
	unsigned family = v >> 8 & 15, model = v >> 4 & 15;

	if (family == 6 || family == 15)
		model |= v >> 12 & 0xf0;
	if (family == 15)
		family += v >> 20 & 0xff;
	snprintf(buf, len, "%02x-%02x-%02x", family, model, (unsigned)(v & 15));
}

/* What of it matters here. */
static void
cpu_features(char *buf, size_t len)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0), ext = cpuid(0x80000001, 0);
	const struct { const char *name; uint32_t have; } f[] = {
		{ "NX", ext.d & 1u << 20 }, { "PAGE1GB", ext.d & 1u << 26 }, { "AES", one.c & 1u << 25 },
		{ "PCLMUL", one.c & 1u << 1 }, { "AVX", cr4_read() & CR4_OSXSAVE }, { "AVX2", seven.b & 1u << 5 },
		{ "RDRAND", one.c & 1u << 30 }, { "UMIP", seven.c & 1u << 2 }, { "SMEP", seven.b & 1u << 7 },
		{ "SMAP", seven.b & 1u << 20 }, { "HV", one.c & 1u << 31 },
	};
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < nitems(f) && n < len; i++)
		if (f[i].have)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", n > 0 ? "," : "", f[i].name);
}

/* The brand string is three leaves of 16 characters. */
void
cpu_log(void)
{
	char brand[49] = "", sig[16], features[128];
	const char *p = brand;

	for (unsigned i = 0; i < 3; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		memcpy(brand + 16 * i, &r, 16);
	}
	while (*p == ' ')
		p++;
	cpu_signature(sig, sizeof(sig));
	cpu_features(features, sizeof(features));
	log_printf("cpu0 at mainbus0: apid %u (boot processor)\n", apic_id());
	log_printf("cpu0: %s, %u.%02u MHz, %s\n", *p != '\0' ? p : "unknown processor", clock_khz() / 1000,
	    clock_khz() % 1000 / 10, sig);
	log_printf("cpu0: %s\n", features);
}
