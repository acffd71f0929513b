/* host_boot.c - the router's life on Linux, as kernel/main.c on the metal. */
#include "kernel/config.h"
#include "kernel/host/host.h"
#include "kernel/load.h"
#include "kernel/log.h"
#include "kernel/loop.h"
#include "kernel/shell.h"
#include "net/core/net_init.h"

#define HOST_LOG	(64 * 1024)	/* bytes of the message buffer */

void
host_boot(void)
{
	void *mem = host_pages(HOST_LOG / 4096);

	if (mem == NULL)
		panic("no memory for the log");
	log_init(mem, HOST_LOG);
	log_printf("Sluice: router, firewall and VPN gateway (host)\n");
	for (unsigned i = ncores; i-- > 0; ) {
		host_core(i);
		loop_init();
	}
	if (!net_init())
		panic("no memory for mbufs");
	for (unsigned i = 1; i < ncores; i++) {
		host_core(i);
		if (!net_core_init())
			panic("no memory for mbufs of core %u", i);
	}
	host_core(0);
}

void
host_boot_config(void)
{
	config_boot();
	load_start();
	shell_start();
}
