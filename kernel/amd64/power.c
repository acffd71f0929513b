/* power.c - reboot and halt. Each way is tried in turn, with time to take effect. */
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"

#define POWER_WAIT	50000u		/* port reads, about 1 us each */
#define RESET_CONTROL	0xcf9		/* PIIX3 and ICH data sheets, RST_CNT */
#define KBD_COMMAND	0x64		/* 8042: pulse the reset line */

static void
power_wait(void)
{
	for (unsigned n = 0; n < POWER_WAIT; n++)
		port_in8(0x61);
}

void
machine_reboot(void)
{
	static const struct { uint16_t limit; uint64_t base; } __packed none = { 0, 0 };

	irq_disable();
	cores_stop();
	machine_cons_emergency("", 0);
	port_out8(RESET_CONTROL, 0x02);
	port_out8(RESET_CONTROL, 0x06);
	power_wait();
	port_out8(KBD_COMMAND, 0xfe);
	power_wait();
	if (acpi_reset())
		power_wait();
	/* A trap without a descriptor table shuts the processor down, which resets the machine. */
	__asm__ volatile("lidt %0\n\tud2" : : "m"(none));
	__builtin_unreachable();
}

void
machine_halt(void)
{
	irq_disable();
	cores_stop();
	machine_cons_emergency("", 0);
	if (acpi_poweroff())
		power_wait();
	log_printf("halted; the power may be switched off\n");
	machine_cons_emergency("", 0);
	for (;;)
		__asm__ volatile("cli\n\thlt");
}
