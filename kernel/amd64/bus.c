/* bus.c - the machine's part of drivers/bus.h: device memory, memory for devices, short delays. */
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

bool
dma_alloc(struct dma *d, size_t size)
{
	size_t npages = (size + PAGE_SIZE - 1) / PAGE_SIZE;

	*d = (struct dma){ .d_va = page_alloc(npages), .d_size = npages * PAGE_SIZE };
	d->d_pa = dma_addr(d->d_va);
	return d->d_va != NULL;
}

void
dma_free(struct dma *d)
{
	if (d->d_va != NULL)
		page_free(d->d_va, d->d_size / PAGE_SIZE);
	*d = (struct dma){ NULL, 0, 0 };
}
