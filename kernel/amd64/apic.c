/* apic.c - the local APIC: where interrupts come in, and the one-shot timer that ends sleep. Intel SDM 3A, chapter
 * 11. */
#include "kernel/amd64/amd64.h"

#define MSR_APIC_BASE	0x1bu
#define APIC_BASE_X2	(1u << 10)
#define APIC_BASE_ON	(1u << 11)

/* Indices of 32-bit words */
#define APIC_TPR	(0x080 / 4)	/* task priority: 0 takes all */
#define APIC_SVR	(0x0f0 / 4)	/* spurious vector; */
#define  SVR_ENABLE	0x100u
#define APIC_ICR	(0x300 / 4)	/* interrupt command; */
#define  ICR_PENDING	0x1000u
#define APIC_ICR_DEST	(0x310 / 4)
#define APIC_LVT_TIMER	(0x320 / 4)
#define APIC_LINT0	(0x350 / 4)
#define APIC_LINT1	(0x360 / 4)
#define APIC_LVT_ERROR	(0x370 / 4)
#define  LVT_NMI	0x400u
#define  LVT_EXTINT	0x700u
#define  LVT_MASKED	0x10000u
#define APIC_TIMER_INIT	(0x380 / 4)
#define APIC_TIMER_NOW	(0x390 / 4)
#define APIC_TIMER_DIV	(0x3e0 / 4)
#define  DIV_16		3u

#define ICR_SPINS	1000000u

volatile uint32_t *apic_regs;

static uint64_t
apic_on(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	if (base & APIC_BASE_X2) {		/* 10.12.5: from x2APIC the way leads through off */
		base &= ~(uint64_t)(APIC_BASE_X2 | APIC_BASE_ON);
		msr_write(MSR_APIC_BASE, base);
	}
	msr_write(MSR_APIC_BASE, base | APIC_BASE_ON);
	return base & 0xfffffffff000ull;
}

void
apic_init(void)
{
	uint64_t base;

	if (!(cpuid(1, 0).d & 1u << 9))
		panic("this processor has no local APIC");
	base = apic_on();
	apic_regs = mmio_map(base, 4096);
	if (apic_regs == NULL)
		panic("local APIC at %#llx cannot be mapped", (unsigned long long)base);
	apic_core_init();
}

void
apic_core_init(void)
{
	apic_on();
	apic_regs[APIC_SVR] = SVR_ENABLE | VECTOR_SPURIOUS;
	apic_regs[APIC_TPR] = 0;
	apic_regs[APIC_LVT_ERROR] = LVT_MASKED;
	apic_regs[APIC_LINT0] = core_id() == 0 ? LVT_EXTINT : LVT_MASKED;
	apic_regs[APIC_LINT1] = LVT_NMI;
	apic_regs[APIC_TIMER_DIV] = DIV_16;
	apic_regs[APIC_LVT_TIMER] = VECTOR_TIMER;
	apic_regs[APIC_TIMER_INIT] = 0;
}

void
apic_ipi(uint32_t apic, uint32_t command)
{
	for (unsigned n = 0; n < ICR_SPINS && (apic_regs[APIC_ICR] & ICR_PENDING); n++)
		cpu_pause();
	apic_regs[APIC_ICR_DEST] = apic << 24;
	apic_regs[APIC_ICR] = command;
}

void
apic_timer_start(uint32_t count)
{
	apic_regs[APIC_TIMER_INIT] = count;
}

uint32_t
apic_timer_read(void)
{
	return apic_regs[APIC_TIMER_NOW];
}
