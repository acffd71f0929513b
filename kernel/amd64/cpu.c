/* cpu.c - what this core can do, switched on; and per-core data. */
#include <string.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define CR4_UMIP	(1u << 11)
#define CR4_OSXSAVE	(1u << 18)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)
#define XCR0_AVX	7u		/* x87, SSE, AVX */

unsigned ncores = 1;
ptrdiff_t percore_delta[MAXCORES];
PERCORE ptrdiff_t percore_self;
PERCORE unsigned percore_id;

/* SDM 1, 13.3: OSXSAVE first, then XCR0. */
static void
cpu_avx(void)
{
	if ((cpuid(1, 0).c & (1u << 26 | 1u << 28)) != (1u << 26 | 1u << 28))
		return;
	cr4_write(cr4_read() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" : : "c"(0), "a"(XCR0_AVX), "d"(0));
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

/* The brand string is three leaves of 16 characters. */
void
cpu_log(void)
{
	char brand[49] = "";
	const char *p = brand;

	for (unsigned i = 0; i < 3; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		memcpy(brand + 16 * i, &r, 16);
	}
	while (*p == ' ')
		p++;
	log_printf("cpu0: %s%s%s\n", *p != '\0' ? p : "unknown processor",
	    cr4_read() & CR4_OSXSAVE ? ", AVX" : "", cpuid(1, 0).c & 1u << 30 ? ", RDRAND" : "");
}
