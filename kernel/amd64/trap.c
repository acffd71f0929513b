/* trap.c - descriptor tables, and traps: each is a bug or broken hardware, so each ends in panic. Intel SDM 3A,
 * chapters 6 and 7. */
#include <stdio.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/trap.h"
#include "kernel/machine.h"

#define IST_SIZE	8192u
#define GATE_INTR	0x8e00u			/* present, DPL 0, interrupt gate */
#define TSS_BUSY	0x8900ull		/* present, available 64-bit TSS */

struct tss {
	uint32_t	ts_spare0;
	uint64_t	ts_rsp[3], ts_spare1, ts_ist[7], ts_spare2;
	uint16_t	ts_spare3, ts_iomap;
} __packed;
struct gate { uint16_t g_low, g_sel, g_flags, g_mid; uint32_t g_high, g_spare; };
struct descriptor { uint16_t d_limit; uint64_t d_base; } __packed;

static struct gate idt[256] __aligned_to(16);
static PERCORE uint64_t gdt[5] __aligned_to(16);
static PERCORE struct tss tss __aligned_to(16);

static void
gate_set(unsigned vector, const char *stub, unsigned ist)
{
	uintptr_t a = (uintptr_t)stub;

	idt[vector] = (struct gate){ .g_low = (uint16_t)a, .g_sel = SEL_CODE, .g_flags = (uint16_t)(GATE_INTR | ist),
	    .g_mid = (uint16_t)(a >> 16), .g_high = (uint32_t)(a >> 32) };
}

static void
idt_fill(void)
{
	for (unsigned v = 0; v < 32; v++)
		gate_set(v, trap_stubs + 16 * v,
		    v == 2 ? IST_NMI : v == 8 ? IST_DOUBLE : v == 18 ? IST_MCHECK : IST_FAULT);
	for (unsigned v = 32; v < 256; v++)
		gate_set(v, intr_stubs + 8 * (v - 32), IST_INTR);
}

void
trap_load(void)
{
	uint64_t *g = percore_ptr(gdt[0]), base = (uintptr_t)percore_ptr(tss);
	struct descriptor gd = { sizeof(gdt) - 1, (uintptr_t)g }, id = { sizeof(idt) - 1, (uintptr_t)idt };

	g[1] = 0x00af9a000000ffff;
	g[2] = 0x00cf92000000ffff;
	g[3] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | TSS_BUSY << 32 | (base >> 24 & 0xff) << 56;
	g[4] = base >> 32;
	__asm__ volatile("lgdt %0" : : "m"(gd));
	__asm__ volatile("lidt %0" : : "m"(id));
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}

bool
trap_prepare(void)
{
	percore(tss).ts_iomap = sizeof(struct tss);
	for (unsigned i = 0; i < IST_N; i++) {
		char *base = stack_alloc(IST_SIZE);

		if (base == NULL)
			return false;
		percore(tss).ts_ist[i] = (uintptr_t)base + IST_SIZE;
	}
	return true;
}

void
trap_init(void)
{
	if (!trap_prepare())
		panic("no memory for interrupt stacks");
	idt_fill();
	trap_load();
}

static const char *const trap_names[32] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "no FPU",
	"double fault", "FPU segment", "invalid TSS", "segment not present", "stack fault", "general protection",
	"page fault", NULL,
	"x87 error", "alignment check", "machine check", "SIMD error", "virtualization",
	"control protection", NULL, NULL,
	NULL, NULL, NULL, NULL, "hypervisor injection", "VMM communication", "security", NULL,
};

/* Only what the processor pushed and pushed for us; never returns. */
void
trap(const struct trapframe *tf)
{
	const char *name = tf->vector < nitems(trap_names) && trap_names[tf->vector] != NULL ?
	    trap_names[tf->vector] : "reserved trap";
	char what[96];

	if (tf->vector == 2)
		cores_stopped();
	if (tf->vector == 14)
		snprintf(what, sizeof(what), "page fault: %s %#llx%s",
		    tf->error & 16 ? "execute" : tf->error & 2 ? "write" : "read", (unsigned long long)cr2_read(), tf->error & 1 ? ", not allowed" : "");
	else
		snprintf(what, sizeof(what), "%s, error %#llx", name, (unsigned long long)tf->error);
	panic_trap(tf, what);
}
