/* bus.c - drivers/bus.h on Linux: registers, interrupts and delays are those of a device model (reg_ops,
 * pci_conf_ops). Where there is no model, reads give all ones, as an empty bus does. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "drivers/pci.h"
#include "kernel/host/host.h"
#include "kernel/machine.h"

struct irq *irq_list;

uint64_t
reg_read(const struct reg *r, size_t off, int width)
{
	KASSERT(off + (size_t)width <= r->rg_size && off % (size_t)width == 0);
	if (r->rg_ops == NULL)
		return ~0ULL;
	return r->rg_ops->ro_read(r->rg_arg, r->rg_base + off, width);
}

void
reg_write(const struct reg *r, size_t off, int width, uint64_t v)
{
	KASSERT(off + (size_t)width <= r->rg_size && off % (size_t)width == 0);
	if (r->rg_ops != NULL)
		r->rg_ops->ro_write(r->rg_arg, r->rg_base + off, width, v);
}

bool
reg_map(struct reg *r, uint64_t pa, size_t size)
{
	*r = (struct reg){ .rg_base = (uintptr_t)pa, .rg_size = size };
	return true;
}

void
delay_us(unsigned us)
{
	host.now += us * 1000ULL;
}

static void
irq_list_add(struct irq *ir)
{
	struct irq **p = &irq_list;

	while (*p != NULL)
		p = &(*p)->ir_link;
	ir->ir_link = NULL;
	*p = ir;
}

unsigned
irq_msix_count(struct pci_dev *pd)
{
	return pd->pd_ops != NULL && pd->pd_msix != 0 ? pd->pd_ops->pc_nmsix(pd->pd_arg) : 0;
}

bool
irq_msix(struct pci_dev *pd, unsigned entry, struct irq *ir, unsigned core)
{
	ir->ir_core = core;
	if (entry >= irq_msix_count(pd) || !pd->pd_ops->pc_irq(pd->pd_arg, entry, ir))
		return false;
	irq_list_add(ir);
	return true;
}

bool
irq_intx(struct pci_dev *pd, struct irq *ir)
{
	if (pd->pd_ops == NULL || pd->pd_intpin == 0 || !pd->pd_ops->pc_irq(pd->pd_arg, ~0u, ir))
		return false;
	irq_list_add(ir);
	return true;
}

/* What the model raises comes in where the machine would take it. */
bool
host_irq(struct irq *ir)
{
	unsigned self = core_id();
	bool mine;

	host_core(ir->ir_core);
	mine = ir->ir_func(ir->ir_arg);
	ir->ir_count += mine;
	host_core(self);
	return mine;
}

bool
irq_isa(unsigned line __unused_arg, struct irq *ir __unused_arg)
{
	return false;
}

void
irq_release(struct irq *ir)
{
	struct irq **p;

	for (p = &irq_list; *p != NULL && *p != ir; p = &(*p)->ir_link)
		continue;
	if (*p != NULL)
		*p = ir->ir_link;
}

/* Low, as legacy devices have 44 bits of address; behind it a page that nobody may touch. */
bool
dma_alloc(struct dma *d, size_t size)
{
	size_t npages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	char *va;

	*d = (struct dma){ 0 };
	if (npages == 0 || npages > host.pages_max - host.pages)
		return false;
	va = mmap(NULL, (npages + 1) * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (va == MAP_FAILED)
		return false;
	mprotect(va + npages * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	host.pages += npages;
	*d = (struct dma){ .d_va = va, .d_pa = dma_addr(va), .d_size = npages * PAGE_SIZE };
	return true;
}

void
dma_free(struct dma *d)
{
	if (d->d_va != NULL) {
		munmap(d->d_va, d->d_size + PAGE_SIZE);
		host.pages -= d->d_size / PAGE_SIZE;
	}
	*d = (struct dma){ NULL, 0, 0 };
}
