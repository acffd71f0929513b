/* cores.c - the other cores: found in the MADT, reset early in the boot, started when there is something for them to run,
 * stopped by a panic. Intel SDM 3A, 8.4. A core's data are made by core 0, which acts as that core meanwhile. */
#include <reent.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/acpi.h"
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/bootinfo.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/cores.h"
#include "kernel/endian.h"
#include "kernel/log.h"
#include "kernel/loop.h"
#include "net/core/net_init.h"

#define MSR_EFER	0xc0000080u
#define EFER_LMA	(1u << 10)		/* the processor's own bit */
#define MSR_GS_BASE	0xc0000101u
#define TRAMPOLINE_LOW	0x1000ul		/* the page is one in [LOW, END): memory.c keeps that free */
#define TRAMPOLINE_END	0x10000ul
#define INIT_NS		10000000u		/* from INIT to SIPI: SDM 3A, 8.4.4.1 */
#define SIPI_NS		1000000u		/* then a second SIPI for those that have not answered */
#define START_NS	1000000000u		/* then we go on without the rest; a busy host may be slow to run them */
#define START_SPINS	100000000u		/* for a clock that stands still */
#define CORE_STACK	32768u
#define CALL_NS		10000000000u		/* a core that does not come round for so long has come to grief */

enum core_state { CORE_COLD, CORE_UP, CORE_RUN, CORE_DEAD };

/* For boot/cores.S; index: core. */
extern uint8_t		core_apicid[MAXCORES];
extern void		*core_stack[MAXCORES];	/* the first address above it */
extern unsigned		core_count;		/* core 0 included */
extern uint64_t		core_cr3;
extern uint32_t		core_efer;
extern char		core_trampoline[], core_trampoline_end[];
void	core_main(unsigned core) __noreturn_fn;

uint8_t		core_apicid[MAXCORES];
void		*core_stack[MAXCORES];
unsigned	core_count = 1;
uint64_t	core_cr3;
uint32_t	core_efer;
static volatile uint8_t core_state[MAXCORES];
static volatile bool cores_stopping;

static void __noreturn_fn
core_halt(void)
{
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

/* ---- core 0, early ---- */

void
cores_init(void)
{
	const uint8_t *madt = acpi_table("APIC");
	unsigned max = MIN(cmdline_number("cores", MAXCORES), (unsigned)MAXCORES), n;
	uint8_t ids[256], self = (uint8_t)apic_id();

	core_apicid[0] = self;
	n = madt != NULL ? acpi_madt(madt, load32(madt + 4), ids, sizeof(ids)) : 0;
	for (unsigned i = 0; i < n && core_count < max; i++)
		if (ids[i] != self)
			core_apicid[core_count++] = ids[i];
	for (unsigned i = 1; i < core_count; i++)
		apic_ipi(core_apicid[i], IPI_INIT);
}

/* ---- core 0: what each of them needs ---- */

/* Until the next call this core's PERCORE variables are core n's. Interrupts are off. */
static void
core_act_as(unsigned n)
{
	msr_write(MSR_GS_BASE, (uint64_t)percore_delta[n]);
}

static bool
core_percore(unsigned n)
{
	size_t size = (size_t)(percore_end - percore_start);
	char *copy = page_alloc((size + PAGE_SIZE - 1) / PAGE_SIZE);

	if (copy == NULL)
		return false;
	percore_delta[n] = copy - percore_start;
	percore_of(percore_self, n) = percore_delta[n];
	percore_of(percore_id, n) = n;
	return true;
}

static bool
core_prepare(unsigned n)
{
	struct _reent *r = malloc(sizeof(*r));
	char *stack = stack_alloc(CORE_STACK);
	bool ok;

	if (r == NULL || stack == NULL || !core_percore(n))
		return false;
	_REENT_INIT_PTR(r);
	core_stack[n] = stack + CORE_STACK;
	core_act_as(n);
	percore(sys_reent) = r;
	ok = trap_prepare() && net_core_init();
	if (ok)
		loop_init();
	core_act_as(0);
	return ok;
}

/* A page below 1 MB for the trampoline, whose number is the SIPI's vector; 0: there is none. */
static unsigned
trampoline_place(void)
{
	for (uint64_t pa = TRAMPOLINE_LOW; pa < TRAMPOLINE_END; pa += PAGE_SIZE) {
		bool module = false;

		for (unsigned i = 0; i < bootinfo.bi_nmodules; i++)
			module |= bootinfo.bi_modules[i].bm_start < pa + PAGE_SIZE && bootinfo.bi_modules[i].bm_end > pa;
		if (!module && ranges_cover(&bootinfo.bi_ram, pa, pa + PAGE_SIZE)) {
			memcpy((void *)pa, core_trampoline, (size_t)(core_trampoline_end - core_trampoline));
			return (unsigned)(pa / PAGE_SIZE);
		}
	}
	return 0;
}

/* ---- core 0: the start ---- */

static unsigned
cores_in_state(enum core_state s)
{
	unsigned n = 0;

	for (unsigned i = 1; i < core_count; i++)
		n += core_state[i] == s;
	return n;
}

/* Waits until all are up, or for so long. */
static void
cores_wait(uint64_t ns)
{
	uint64_t end = uptime_ns() + ns;

	for (unsigned n = 0; n < START_SPINS && cores_in_state(CORE_UP) < core_count - 1 && uptime_ns() < end; n++)
		cpu_pause();
}

/* Those behind the first that does not answer are not used: numbers have no holes. */
static void
cores_count(void)
{
	unsigned n = 1;

	while (n < core_count && core_state[n] == CORE_UP)
		n++;
	for (unsigned i = n; i < core_count; i++)
		if (__atomic_exchange_n(&core_state[i], CORE_DEAD, __ATOMIC_SEQ_CST) == CORE_COLD)
			log_printf("cpu%u: apid %u does not start\n", i, core_apicid[i]);
	core_count = n;
}

void
cores_start(void)
{
	unsigned page, n;

	for (n = 1; n < core_count && core_prepare(n); n++)
		continue;
	if (n < core_count)
		log_printf("cpu%u: no memory for more processors\n", n);
	core_count = n;
	if (core_count == 1)
		return;
	if ((page = trampoline_place()) == 0) {
		log_printf("cpu1: no memory below 1 MB to start it from\n");
		core_count = 1;
		return;
	}
	core_cr3 = cr3_read();
	core_efer = (uint32_t)msr_read(MSR_EFER) & ~EFER_LMA;
	for (unsigned i = 0; i < START_SPINS && uptime_ns() < INIT_NS; i++)	/* uptime began behind INIT */
		cpu_pause();
	for (unsigned i = 1; i < core_count; i++)
		apic_ipi(core_apicid[i], IPI_STARTUP | page);
	cores_wait(SIPI_NS);
	for (unsigned i = 1; i < core_count; i++)
		if (core_state[i] == CORE_COLD)
			apic_ipi(core_apicid[i], IPI_STARTUP | page);
	cores_wait(START_NS);
	cores_count();
	ncores = core_count;
	for (unsigned i = 1; i < ncores; i++) {
		core_state[i] = CORE_RUN;
		log_printf("cpu%u at mainbus0: apid %u (application processor)\n", i, core_apicid[i]);
	}
}

/* ---- each of them ---- */

/* From boot/cores.S, interrupts off, on its own stack. */
void
core_main(unsigned core)
{
	uint8_t cold = CORE_COLD;

	cpu_init();
	trap_load();
	apic_core_init();
	if (!__atomic_compare_exchange_n(&core_state[core], &cold, CORE_UP, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		core_halt();
	while (core_state[core] == CORE_UP)
		cpu_pause();
	if (core_state[core] != CORE_RUN)
		core_halt();
	irq_enable();
	loop_run();
}

/* ---- cores among themselves ---- */

unsigned
machine_cores(void)
{
	return core_count;
}

uint32_t
core_apic(unsigned core)
{
	KASSERT(core < core_count);
	return core_apicid[core];
}

void
machine_poke(unsigned core)
{
	apic_ipi(core_apicid[core], IPI_FIXED | VECTOR_POKE);
}

void
machine_wait(unsigned core, const volatile bool *busy)
{
	uint64_t end = uptime_ns() + CALL_NS;

	while (*busy) {
		if (uptime_ns() > end)
			panic("cpu%u does not answer", core);
		cpu_pause();
	}
}

/* ---- the end ---- */

void
cores_stop(void)
{
	if (cores_stopping)
		return;
	cores_stopping = true;
	for (unsigned i = 0; i < ncores; i++)
		if (i != core_id())
			apic_ipi(core_apicid[i], IPI_NMI);
}

void
cores_stopped(void)
{
	if (cores_stopping)
		core_halt();
}
