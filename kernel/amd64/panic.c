/* panic.c - the end: message, registers and backtrace to console and log (which the next boot shows), then a reboot
 * after "panic=SECONDS" of the command line (5; 0: stays halted). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/amd64/trap.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define PANIC_SECONDS	5
#define PANIC_FRAMES	32
#define PANIC_LONGEST	3600u

static volatile unsigned panic_depth;	/* a panic's own panic must end too */
static unsigned panic_core;		/* whose panic it is, + 1 */

/* A line to the log, and what the console has not taken yet out by force. */
static void
panic_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(fmt, ap);
	va_end(ap);
	log_console();
	machine_cons_emergency("", 0);
}

static void
panic_address(unsigned n, uintptr_t pc)
{
	char name[SYMTAB_NAME];
	uintptr_t off = 0;

	if (symtab_find(pc, name, &off))
		panic_line(" #%u %#lx %s+%#lx\n", n, (unsigned long)pc, name, (unsigned long)off);
	else
		panic_line(" #%u %#lx\n", n, (unsigned long)pc);
}

/* Where a function that has not made a frame (yet) returns to; gcc makes none in small leaf functions. 0: it has one.
 * */
static uintptr_t
panic_leaf(uintptr_t pc, uintptr_t sp)
{
	const uint8_t push_rbp = 0x55;
	uintptr_t off = 0, ret;

	if (!symtab_find(pc, NULL, &off) || !pmap_present(sp) || !pmap_present(sp + 7) ||
	    (off != 0 && *(const uint8_t *)(pc - off) == push_rbp))
		return 0;
	ret = *(const uintptr_t *)sp;
	return symtab_find(ret, NULL, &off) ? ret : 0;
}

/* Follows frame pointers, each only after a look at the page tables. leaf: a caller that they leave out, or 0. */
static void
panic_backtrace(uintptr_t pc, uintptr_t leaf, uintptr_t fp)
{
	unsigned n = 1;

	if (pc != 0)
		panic_address(0, pc);
	if (leaf != 0)
		panic_address(n++, leaf - 1);
	for (; n < PANIC_FRAMES && fp != 0 && fp % 8 == 0; n++) {
		const uintptr_t *frame = (const uintptr_t *)fp;

		if (!pmap_present(fp) || !pmap_present(fp + 8) || frame[1] == 0)
			break;
		panic_address(n, frame[1] - 1);		/* inside the call */
		if (frame[0] <= fp)
			break;
		fp = frame[0];
	}
}

static void __noreturn_fn
panic_end(void)
{
	unsigned seconds = cmdline_number("panic", PANIC_SECONDS);
	uint64_t end = uptime_ns() + MIN(seconds, PANIC_LONGEST) * 1000000000ull;

	if (seconds == 0) {
		panic_line("halted\n");
		for (;;)
			__asm__ volatile("cli\n\thlt");
	}
	panic_line("rebooting in %u seconds\n", seconds);
	/* The second bound is for a panic before the clock runs: a port access takes about a microsecond. */
	for (uint64_t n = 0; uptime_ns() < end && n < seconds * 4000000ull; n++)
		port_in8(0x61);
	machine_reboot();
}

/* True: go on. A panic within a panic prints what it can and reboots; a third one only reboots. */
static void
panic_begin(const char *what)
{
	static const char again[] = "\r\npanic in panic: ";
	unsigned none = 0;

	irq_disable();
	if (!__atomic_compare_exchange_n(&panic_core, &none, core_id() + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    none != core_id() + 1)
		for (;;)		/* the first one's NMI comes, or has come */
			__asm__ volatile("hlt");
	if (++panic_depth == 1) {
		cores_stop();
		return;
	}
	if (panic_depth == 2) {
		machine_cons_emergency(again, sizeof(again) - 1);
		machine_cons_emergency(what, strnlen(what, 200));
		machine_cons_emergency("\r\n", 2);
	}
	machine_reboot();
}

void
panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	panic_begin(fmt);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	panic_line("panic: %s\n", text);
	panic_backtrace(0, 0, (uintptr_t)__builtin_frame_address(0));
	panic_end();
}

void
panic_trap(const struct trapframe *tf, const char *what)
{
	panic_begin(what);
	panic_line("panic: trap %llu: %s\n", (unsigned long long)tf->vector, what);
#define R(name)	(unsigned long long)tf->name
	panic_line(" core %u rip %#llx rsp %#llx rflags %#llx cs %#llx\n", core_id(), R(rip), R(rsp), R(rflags), R(cs));
	panic_line(" rax %llx rbx %llx rcx %llx rdx %llx\n", R(rax), R(rbx), R(rcx), R(rdx));
	panic_line(" rsi %llx rdi %llx rbp %llx r8 %llx\n", R(rsi), R(rdi), R(rbp), R(r8));
	panic_line(" r9 %llx r10 %llx r11 %llx r12 %llx\n", R(r9), R(r10), R(r11), R(r12));
	panic_line(" r13 %llx r14 %llx r15 %llx cr3 %llx\n", R(r13), R(r14), R(r15), (unsigned long long)cr3_read());
#undef R
	panic_backtrace(tf->rip, panic_leaf(tf->rip, tf->rsp), tf->rbp);
	panic_end();
}
