/* bus.c - the machine's part of drivers/bus.h: device memory and short delays. */
#include "drivers/bus.h"
#include "kernel/amd64/amd64.h"
#include "kernel/machine.h"

bool
reg_map(struct reg *r, uint64_t pa, size_t size)
{
	void *va = mmio_map(pa, size);

	*r = (struct reg){ .rg_base = (uintptr_t)va, .rg_size = size };
	return va != NULL;
}

void
delay_us(unsigned us)
{
	uint64_t end = uptime_ns() + (uint64_t)us * 1000;

	while (uptime_ns() < end)
		cpu_pause();
}
