/* bus.c - drivers/bus.h on Linux: registers, interrupts and delays are those of a device model (reg_ops, pci_conf_ops). Where there is no
 * model, reads give all ones, as an empty bus does. */
#include "drivers/pci.h"
#include "kernel/host/host.h"

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
irq_msix(struct pci_dev *pd, unsigned entry, struct irq *ir)
{
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
