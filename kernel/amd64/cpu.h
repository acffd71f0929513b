/* cpu.h - what the boot calls, in this order (kernel/main.c), and what the machine's own files share. Core 0. */
#ifndef KERNEL_AMD64_CPU_H
#define KERNEL_AMD64_CPU_H

#include "kernel/percore.h"

void	bootinfo_init(uint32_t magic, uint32_t pa);	/* before memory_init() */
void	bootinfo_log(void);
void	cpu_init(void);			/* this core's features: SSE, AVX, WP, SMEP, SMAP, UMIP */
void	cpu_log(void);			/* "cpu0: ..."; after clock_init() */
void	trap_init(void);		/* core 0: the IDT, and the next two */
bool	trap_prepare(void);		/* a core's ISTs; core 0 as that core. False: no memory */
void	trap_load(void);		/* this core's GDT, TSS and IDT */
void	cores_init(void);		/* core 0, after apic_init(): finds the others and resets them */
void	cores_start(void);		/* after net_init(), 10 ms later: they run; then ncores is right */
void	cores_stop(void);		/* all but this one halt: the end is near */
void	cores_stopped(void);		/* from an NMI: does not return when cores_stop() has sent it */
void	clock_init(void);		/* uptime_ns() counts, apic_init() has run */
void	random_init(void);

/* PERCORE. The uptime that the APIC timer runs towards; 0: it does not run. It may fire a little before (another
 * crystal) or long before (a far deadline): then cpu_idle() is called again and sets it again. */
extern uint64_t clock_armed;
extern uint32_t cpu_xsave_size;		/* bytes, a multiple of 64, the same on all cores; 0: no XSAVE */
unsigned clock_khz(void);		/* of the TSC */

/* The number behind "NAME=" on the command line, or def. */
unsigned cmdline_number(const char *name, unsigned def);

/* symtab.c: the function that an address lies in and the offset; a name that is too long is cut. name may be NULL. False: none. */
#define SYMTAB_NAME	48u
bool	symtab_find(uintptr_t addr, char name[SYMTAB_NAME], uintptr_t *offset);

/* context.c: gives back what libc keeps of the context that had this stack. */
void	context_free(void *base, size_t size);

extern struct _reent *sys_reent;	/* PERCORE: libc's state of the context that runs; NULL: newlib's own (core 0's loop) */

/* panic.c */
struct trapframe;
/* Prints what a trap found, and ends as panic() does. */
void	panic_trap(const struct trapframe *, const char *what) __noreturn_fn;

/* acpi.c: false when the firmware's tables do not say how. */
bool	acpi_poweroff(void);
bool	acpi_reset(void);

#endif
