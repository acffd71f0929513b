/* main.c - the boot of core 0 on amd64, from the first C function to the loop: the table of contents of the machine's
 * life. */
#include "drivers/pci.h"
#include "drivers/uart.h"
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"
#include "kernel/config.h"
#include "kernel/load.h"
#include "kernel/log.h"
#include "kernel/loop.h"
#include "kernel/shell.h"
#include "net/core/net_init.h"

void	kernel_main(uint32_t magic, uint32_t info) __noreturn_fn;	/* boot/entry.S */

void
kernel_main(uint32_t magic, uint32_t info)
{
	size_t log_size;
	void *log_mem;

	uart_init();			/* the console can write */
	cpu_init();			/* this core's features */
	bootinfo_init(magic, info);	/* command line, modules, memory map */
	memory_init();			/* page tables, page allocator, heap */
	log_mem = memory_log(&log_size);
	log_init(log_mem, log_size);	/* with what the last boot left */
	log_printf("Sluice: router, firewall and VPN gateway (amd64)\n");
	bootinfo_log();
	trap_init();			/* a fault prints a backtrace from here on */
	pic_init();
	apic_init();
	cores_init();			/* the other cores are reset, which takes 10 ms */
	clock_init();			/* uptime_ns() runs */
	cpu_log();
	random_init();
	loop_init();
	uart_attach();			/* the console by interrupt */
	if (!net_init())		/* mbufs and the stack's tables */
		panic("no memory for mbufs");
	cores_start();			/* the other cores run their loops */
	pci_attach_all();		/* the network cards */
	config_boot();			/* the configuration that came with the kernel */
	load_start();			/* load averages */
	shell_start();
	irq_enable();
	loop_run();
}
