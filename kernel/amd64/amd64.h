/* amd64.h - the machine's own interface: what kernel/amd64/ offers to itself, to kernel/main.c and to drivers/ through
 * bus.c and irq.c. net/ and the portable kernel/ never include it (they have kernel/machine.h). */
#ifndef KERNEL_AMD64_AMD64_H
#define KERNEL_AMD64_AMD64_H

#include "kernel/cdefs.h"
#include "kernel/percore.h"

/* ---- vectors ---- */
#define VECTOR_PIC	32		/* 32..47: the 8259s' lines 0..15 */
#define VECTOR_DYN	48		/* 48..239: handed out by irq_msix() */
#define VECTOR_DYN_END	240		/* one past the last of them */
#define VECTOR_TIMER	240		/* this core's APIC timer; never reaches irq_dispatch() */
#define VECTOR_POKE	241		/* from another core: there is something to look at; likewise */
#define VECTOR_SPURIOUS	255		/* likewise */

/* Every vector from VECTOR_PIC on but VECTOR_TIMER and VECTOR_SPURIOUS. Interrupts are off, it runs on the interrupt
 * IST and uses general registers only. It sends the end of interrupt itself: pic_eoi() for the 8259's lines,
 * apic_eoi() for the rest. (irq_intr.c) */
void	irq_dispatch(unsigned vector);

/* ---- ports ---- */
static inline uint8_t
port_in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline uint16_t
port_in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline uint32_t
port_in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}
static inline void
port_out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}
static inline void
port_out16(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}
static inline void
port_out32(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}
/* n bytes of one port (fw_cfg's data port). */
static inline void
port_in8_many(uint16_t port, void *buf, size_t n)
{
	__asm__ volatile("rep insb" : "+D"(buf), "+c"(n) : "d"(port) : "memory");
}

/* ---- processor ---- */
static inline uint64_t
rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}
static inline uint64_t
msr_read(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
static inline void
msr_write(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
#define CR_ACCESS(n)								\
	static inline uint64_t cr##n##_read(void)				\
	{ uint64_t v; __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory"); return v; } \
	static inline void cr##n##_write(uint64_t v)				\
	{ __asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); }
CR_ACCESS(0)
CR_ACCESS(2)
CR_ACCESS(3)
CR_ACCESS(4)

struct cpuid { uint32_t a, b, c, d; };
/* All zero for a leaf that the processor does not have. */
static inline struct cpuid
cpuid(uint32_t leaf, uint32_t sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf & 0xffff0000u), "c"(0));
	if ((r.a & 0xffff0000u) != (leaf & 0xffff0000u) || leaf > r.a)
		return (struct cpuid){ 0, 0, 0, 0 };
	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
	return r;
}
static inline void cpu_pause(void) { __asm__ volatile("pause" : : : "memory"); }

/* ---- interrupts of this core ---- */
#define RFLAGS_IF	0x200ul
static inline void irq_enable(void)  { __asm__ volatile("sti" : : : "memory"); }
static inline void irq_disable(void) { __asm__ volatile("cli" : : : "memory"); }
/* Off; gives what irq_restore() takes. Nests. */
static inline uint64_t
irq_save(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
	return flags;
}
static inline void
irq_restore(uint64_t flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}

/* ---- local APIC: Intel SDM 3A, chapter 11 (apic.c) ---- */
#define APIC_ID		(0x020 / 4)	/* indices of 32-bit words */
#define APIC_EOI	(0x0b0 / 4)
extern volatile uint32_t *apic_regs;
static inline void apic_eoi(void) { apic_regs[APIC_EOI] = 0; }
static inline uint32_t apic_id(void) { return apic_regs[APIC_ID] >> 24; }	/* this core's APIC number */
uint32_t core_apic(unsigned core);	/* that core's: the destination of an MSI (cores.c) */
void	apic_init(void);		/* core 0: maps it, virtual wire on LINT0, timer masked */
void	apic_core_init(void);		/* each other core: the same, without a line from the 8259s */
/* Sends an interprocessor interrupt to the core with that APIC number: 10.6.1. Not from interrupts. */
void	apic_ipi(uint32_t apic, uint32_t command);
#define IPI_FIXED	0x4000u		/* or'ed with the vector */
#define IPI_NMI		0x4400u
#define IPI_INIT	0x4500u
#define IPI_STARTUP	0x4600u		/* or'ed with the number of the page where it starts */
/* The timer runs down from `count` units once and raises VECTOR_TIMER; 0 stops it. */
void	apic_timer_start(uint32_t count);
uint32_t apic_timer_read(void);		/* units left */

/* ---- the 8259s: line 0..15 (pic.c) ---- */
#define PIC1		0x20		/* command; data at + 1 */
#define PIC2		0xa0
void	pic_init(void);			/* remapped to VECTOR_PIC, all lines masked */
static inline void
pic_mask(unsigned line)
{
	uint16_t port = line < 8 ? PIC1 + 1 : PIC2 + 1;

	port_out8(port, (uint8_t)(port_in8(port) | 1u << (line & 7)));
}
static inline void
pic_unmask(unsigned line)
{
	uint16_t port = line < 8 ? PIC1 + 1 : PIC2 + 1;

	port_out8(port, (uint8_t)(port_in8(port) & ~(1u << (line & 7))));
}
static inline void
pic_eoi(unsigned line)
{
	if (line >= 8)
		port_out8(PIC2, 0x20);
	port_out8(PIC1, 0x20);
}
/* Lines 7 and 15 also report requests that went away: true for such a one. It needs no pic_eoi(line); for 15 the
 * cascade is acknowledged here. 8259A data sheet, "spurious interrupt". */
static inline bool
pic_spurious(unsigned line)
{
	uint16_t port = line < 8 ? PIC1 : PIC2;

	if ((line & 7) != 7)
		return false;
	port_out8(port, 0x0b);		/* OCW3: read the in-service register */
	if (port_in8(port) & 0x80)
		return false;
	if (line == 15)
		port_out8(PIC1, 0x20);
	return true;
}
/* Level (true) or edge triggered: the ELCR of PIIX and ICH; true for PCI lines. Lines 0, 1, 2, 8, 13 stay as they
 * are. */
void	pic_level(unsigned line, bool level);

/* ---- memory (pmap.c) ---- */
/* Maps device memory uncached, at the address itself; NULL: beyond 47 bits, RAM, or no memory for tables. Ranges may
 * overlap earlier ones. Stays for ever. Core 0. */
void	*mmio_map(uint64_t pa, size_t size);
/* The same for the firmware's tables: cached, read-only. RAM is mapped already and simply returned. */
const void *table_map(uint64_t pa, size_t size);

#endif
