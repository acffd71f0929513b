/* clock.c - time: the TSC as uptime, its rate found out at boot, the battery clock, and sleep until a deadline. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/task.h"

/* 8254 data sheet; channel 2 is gated by port 0x61 and drives no interrupt. */
#define PIT_HZ		1193182u
#define PIT_CH2		0x42
#define PIT_CMD		0x43
#define  PIT_CH2_MODE0	0xb0
#define  PIT_CH2_LATCH	0x80
#define PIT_GATE	0x61
#define PIT_WINDOW	8000u		/* ticks: 6.7 ms */
#define PIT_READS	1000000u	/* at most so many: a counter that stands still */
#define PIT_SAMPLES	8
#define PIT_TRIES	8
#define PIT_GAP		32		/* of the time measured: when the processor stood still for a longer part, we measure again */

#define HV_VMWARE	0x61774d56u	/* "VMwa": start of the hypervisor's signature */
#define HV_KVM		0x4b4d564bu	/* "KVMK" */
#define TSC_HZ_GUESS	2000000000ull

static uint64_t clock_tsc_base;		/* uptime 0 */
static uint64_t clock_mult;		/* ns of a TSC tick, 32 bits behind the point; 0: not known yet */
static uint64_t clock_apic_mult;	/* APIC timer units of a ns, 32 bits behind the point */
static uint64_t clock_tsc_hz;
static uint64_t clock_wall_base;

uint64_t
uptime_ns(void)
{
	return (uint64_t)((unsigned __int128)(rdtsc() - clock_tsc_base) * clock_mult >> 32);
}

uint64_t
wall_s(void)
{
	return clock_wall_base + uptime_ns() / 1000000000;
}

/* Units of the APIC timer for so many ns, at least 1, at most what it can count. */
static uint32_t
clock_apic_units(uint64_t ns)
{
	uint64_t n = (uint64_t)((unsigned __int128)ns * clock_apic_mult >> 32) + 1;

	return (uint32_t)MIN(n, 0xffffffffull);
}

unsigned
clock_khz(void)
{
	return (unsigned)(clock_tsc_hz / 1000);
}

/* ---- the rates ---- */

static uint32_t
pit_read(void)
{
	uint8_t lo;

	port_out8(PIT_CMD, PIT_CH2_LATCH);
	lo = port_in8(PIT_CH2);
	return (uint32_t)port_in8(PIT_CH2) << 8 | lo;
}

/* The longest time between two readings in a row, TSC ticks. */
struct clock_watch { uint64_t cw_last, cw_gap; };

static uint64_t
watch(struct clock_watch *cw)
{
	uint64_t now = rdtsc();

	cw->cw_gap = MAX(cw->cw_gap, now - cw->cw_last);
	return cw->cw_last = now;
}

/* Where both clocks stand, as sums over several readings: that evens out the PIT's coarse ticks. */
struct clock_sample { uint64_t cs_tsc, cs_pit, cs_apic; };

static struct clock_sample
clock_sample(struct clock_watch *cw)
{
	struct clock_sample s = { 0, 0, 0 };

	for (unsigned i = 0; i < PIT_SAMPLES; i++) {
		uint64_t before = watch(cw);

		s.cs_pit += 0xffff - pit_read();
		s.cs_tsc += before + (watch(cw) - before) / 2;
		s.cs_apic += ~apic_timer_read();
	}
	return s;
}

/* What the clocks do in some 7 ms, and the longest gap meanwhile; cs_pit is 0 when it went round meanwhile. False: the PIT stands still. */
static bool
clock_window(struct clock_sample *d, uint64_t *gap)
{
	struct clock_watch cw = { rdtsc(), 0 };
	struct clock_sample a, b;
	unsigned n = 0;

	port_out8(PIT_CMD, PIT_CH2_MODE0);
	port_out8(PIT_CH2, 0xff);
	port_out8(PIT_CH2, 0xff);
	apic_timer_start(0xffffffff);
	pit_read();			/* the count is loaded with the next tick */
	a = clock_sample(&cw);
	while (pit_read() > 0xffff - PIT_WINDOW) {
		watch(&cw);
		if (++n == PIT_READS)
			return false;
	}
	b = clock_sample(&cw);
	apic_timer_start(0);
	*d = (struct clock_sample){ b.cs_tsc - a.cs_tsc, b.cs_pit - a.cs_pit, b.cs_apic - a.cs_apic };
	if (b.cs_pit < a.cs_pit || d->cs_pit < PIT_SAMPLES * PIT_WINDOW / 2)
		d->cs_pit = 0;
	*gap = cw.cw_gap;
	return true;
}

/*
 * Measures both against the PIT. That counts to 55 ms only, so that a processor which a hypervisor takes away for longer than this would
 * find its TSC many times too fast, and all times too long for ever. So a window counts when there was no gap in it; when each has one the
 * slowest TSC is nearest to the truth. False: there is no PIT.
 */
static bool
clock_measure(uint64_t *tsc_hz, uint64_t *apic_hz)
{
	struct clock_sample d;
	bool whole = false;
	uint64_t hz, gap;

	*tsc_hz = 0;
	port_out8(PIT_GATE, (uint8_t)((port_in8(PIT_GATE) & ~2u) | 1));	/* gate on, speaker off */
	for (unsigned i = 0; i < PIT_TRIES && !whole && clock_window(&d, &gap); i++) {
		if (d.cs_pit == 0)
			continue;
		hz = (uint64_t)((unsigned __int128)d.cs_tsc * PIT_HZ / d.cs_pit);
		whole = gap * PIT_GAP * PIT_SAMPLES <= d.cs_tsc;
		if (*tsc_hz == 0 || hz < *tsc_hz || whole) {
			*tsc_hz = hz;
			*apic_hz = (uint64_t)((unsigned __int128)d.cs_apic * PIT_HZ / d.cs_pit);
		}
	}
	return *tsc_hz != 0;
}

/* A hypervisor's timing leaf, or the processor's own (SDM 2A, CPUID 15H). apic_hz is what the timer counts, divided
 * by 16. */
static bool
clock_cpuid(uint64_t *tsc_hz, uint64_t *apic_hz)
{
	struct cpuid who = cpuid(0x40000000, 0), hv = cpuid(0x40000010, 0), tsc = cpuid(0x15, 0);

	/* VMware defined the leaf, KVM has it too; others may mean something else by it. */
	if ((who.b == HV_VMWARE || who.b == HV_KVM) && hv.a >= 100000 && hv.a <= 20000000 && hv.b >= 1000) {
		*tsc_hz = hv.a * 1000ull;
		*apic_hz = hv.b * 1000ull / 16;
		return true;
	}
	if (tsc.a != 0 && tsc.b != 0 && tsc.c >= 1000000) {
		*tsc_hz = (uint64_t)tsc.c * tsc.b / tsc.a;
		*apic_hz = tsc.c / 16;
		return true;
	}
	return false;
}

/* ---- the battery clock: MC146818 data sheet ---- */

static uint8_t
rtc_read(uint8_t reg)
{
	port_out8(0x70, reg | 0x80);		/* NMI stays off between the two accesses, as is usual */
	return port_in8(0x71);
}

struct rtc { uint8_t sec, min, hour, day, mon, year; };

/* Two readings in a row that agree were not torn by an update: no wait for the next second. */
static struct rtc
rtc_get(void)
{
	struct rtc a = { 0 }, b;

	for (unsigned n = 0; n < 1000; n++) {
		b = a;
		a = (struct rtc){ rtc_read(0), rtc_read(2), rtc_read(4), rtc_read(7), rtc_read(8), rtc_read(9) };
		if (n > 0 && a.sec == b.sec && a.min == b.min && a.hour == b.hour && a.day == b.day)
			break;
	}
	return a;
}

static unsigned
rtc_number(uint8_t v, bool binary)
{
	return binary ? v : (v >> 4) * 10u + (v & 15);
}

/* Seconds since 1970 from a date that the battery clock shows; 0 when it shows none. */
static uint64_t
clock_rtc(void)
{
	static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	struct rtc r = rtc_get();
	uint8_t mode = rtc_read(0x0b);
	bool binary = mode & 4, pm = !(mode & 2) && (r.hour & 0x80);
	unsigned y = rtc_number(r.year, binary), m = rtc_number(r.mon, binary), d = rtc_number(r.day, binary);
	unsigned h = rtc_number(mode & 2 ? r.hour : r.hour & 0x7f, binary);
	uint64_t days;

	port_out8(0x70, 0x0d);			/* NMI on again */
	if (!(mode & 2))
		h = h % 12 + (pm ? 12 : 0);
	y += y < 70 ? 2000 : 1900;
	if (m < 1 || m > 12 || d < 1 || d > 31 || h > 23)
		return 0;
	days = (y - 1970) * 365ull + (y - 1969) / 4 + before[m - 1] + d - 1;	/* right from 1970 to 2099 */
	if (m > 2 && y % 4 == 0)
		days++;
	return ((days * 24 + h) * 60 + rtc_number(r.min, binary)) * 60 + rtc_number(r.sec, binary);
}

/* ---- sleep and alarm ---- */

static void
clock_arm(uint64_t deadline, uint64_t now)
{
	apic_timer_start(clock_apic_units(deadline > now ? deadline - now : 0));
	percore(clock_armed) = deadline;
}

/* Whether the timer rings too late for a deadline, 0 being none in both: less one, none is the latest. A timer that rings too early is as good
 * as one that rings in time: who waits looks at the clock. */
static inline bool
clock_late(uint64_t deadline)
{
	return percore(clock_armed) - 1 > deadline - 1;
}

/* Has task_rang() called at uptime `deadline` or earlier: task_alarm. */
static void
clock_alarm(uint64_t deadline)
{
	uint64_t flags = irq_save();

	if (clock_late(deadline))
		clock_arm(deadline, uptime_ns());
	irq_restore(flags);
}

/* Interrupts are off. False: the deadline has passed. */
static __apart_fn bool
clock_set(uint64_t deadline)
{
	uint64_t now = uptime_ns();

	if (now >= deadline)
		return false;
	clock_arm(deadline, now);
	return true;
}

/* A timer that was set for this deadline or an earlier one has not rung, or it rings as soon as interrupts are on. */
void
cpu_idle(uint64_t deadline, const volatile bool *stop)
{
	irq_disable();
	if (!*stop && (!clock_late(deadline) || clock_set(deadline)))
		__asm__ volatile("sti\n\thlt" : : : "memory");	/* sti holds interrupts off for one more instruction */
	else
		irq_enable();
}

/* ---- boot ---- */

void
clock_init(void)
{
	uint64_t tsc_hz = 0, apic_hz = 0;

	clock_tsc_base = rdtsc();
	if (!clock_cpuid(&tsc_hz, &apic_hz) && !clock_measure(&tsc_hz, &apic_hz)) {
		tsc_hz = TSC_HZ_GUESS;
		log_printf("clock: no timer to measure the TSC by, times will be wrong\n");
	}
	if (tsc_hz < 1000000)
		tsc_hz = TSC_HZ_GUESS;
	clock_tsc_hz = tsc_hz;
	clock_mult = (uint64_t)(((unsigned __int128)1000000000 << 32) / tsc_hz);
	clock_apic_mult = (apic_hz << 32) / 1000000000;
	clock_wall_base = clock_rtc();
	task_alarm = clock_alarm;
}
