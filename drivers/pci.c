/* pci.c - PCI configuration space by mechanism #1 (PCI 3.0, 3.2.2.3.2), capabilities and BARs. */
#include "drivers/pci.h"
#include "drivers/pci_regs.h"

#define CONF_ADDR	0		/* port 0xcf8 */
#define CONF_DATA	4		/* port 0xcfc */
#define CONF_ENABLE	0x80000000u

#define BAR_MAXSIZE	(1u << 30)

static const struct reg conf_ports = { .rg_base = 0xcf8, .rg_size = 8, .rg_io = true };

static void
conf_select(const struct pci_dev *pd, unsigned off)
{
	reg_write32(&conf_ports, CONF_ADDR, CONF_ENABLE | (uint32_t)pd->pd_bus << 16 | (uint32_t)pd->pd_dev << 11 |
	    (uint32_t)pd->pd_func << 8 | (off & 0xfc));
}

static uint32_t
conf_read(const struct pci_dev *pd, unsigned off, int width)
{
	if (pd->pd_ops != NULL)
		return pd->pd_ops->pc_read(pd->pd_arg, off, width);
	conf_select(pd, off);
	if (width == 4)
		return reg_read32(&conf_ports, CONF_DATA);
	if (width == 2)
		return reg_read16(&conf_ports, CONF_DATA + (off & 2));
	return reg_read8(&conf_ports, CONF_DATA + (off & 3));
}

uint32_t pci_read32(const struct pci_dev *pd, unsigned off) { return conf_read(pd, off, 4); }
uint16_t pci_read16(const struct pci_dev *pd, unsigned off) { return (uint16_t)conf_read(pd, off, 2); }
uint8_t pci_read8(const struct pci_dev *pd, unsigned off) { return (uint8_t)conf_read(pd, off, 1); }

void
pci_write32(const struct pci_dev *pd, unsigned off, uint32_t v)
{
	if (pd->pd_ops != NULL) {
		pd->pd_ops->pc_write(pd->pd_arg, off, 4, v);
		return;
	}
	conf_select(pd, off);
	reg_write32(&conf_ports, CONF_DATA, v);
}

void
pci_write16(const struct pci_dev *pd, unsigned off, uint16_t v)
{
	if (pd->pd_ops != NULL) {
		pd->pd_ops->pc_write(pd->pd_arg, off, 2, v);
		return;
	}
	conf_select(pd, off);
	reg_write16(&conf_ports, CONF_DATA + (off & 2), v);
}

uint8_t
pci_find_cap(const struct pci_dev *pd, uint8_t id, uint8_t after)
{
	unsigned off;

	if (!(pci_read16(pd, PCI_STATUS) & PCI_STATUS_CAPS))
		return 0;
	off = pci_read8(pd, after != 0 ? after + 1u : PCI_CAPPTR) & 0xfcu;
	for (unsigned i = 0; i < PCI_MAXCAPS && off >= 0x40; i++) {
		uint16_t head = pci_read16(pd, off);

		if (head == 0xffff)
			return 0;
		if ((head & 0xff) == id)
			return (uint8_t)off;
		off = head >> 8 & 0xfcu;
	}
	return 0;
}

/* The BAR's size: all ones written, what stays zero are the address bits inside. Decoding is off meanwhile, so that
 * the device does not answer at the top of the address space (PCI 3.0, 6.2.5.1). */
static uint64_t
bar_size(const struct pci_dev *pd, unsigned off, uint32_t lo, bool is64)
{
	uint16_t cmd = pci_read16(pd, PCI_COMMAND);
	uint32_t keep = lo & PCI_BAR_IO ? 0x3 : 0xf, hi = 0;
	uint64_t mask;

	pci_write16(pd, PCI_COMMAND, cmd & (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEM));
	pci_write32(pd, off, ~0u);
	mask = (pci_read32(pd, off) & ~keep) | 0xffffffff00000000u;
	pci_write32(pd, off, lo);
	if (is64) {
		hi = pci_read32(pd, off + 4);
		pci_write32(pd, off + 4, ~0u);
		mask = (mask & 0xffffffffu) | (uint64_t)pci_read32(pd, off + 4) << 32;
		pci_write32(pd, off + 4, hi);
	}
	pci_write16(pd, PCI_COMMAND, cmd);
	if ((mask & 0xffffffffu) == 0 && !is64)
		return 0;
	if (lo & PCI_BAR_IO)
		mask |= 0xffffffffffff0000u;	/* 16 address bits are enough for ports */
	return ~mask + 1;
}

struct bar { uint64_t addr; uint32_t lo; bool is64; };

/* Where the firmware has put it. False: absent. */
static bool
bar_read(const struct pci_dev *pd, unsigned bar, struct bar *b)
{
	if (bar > 5)
		return false;
	b->lo = pci_read32(pd, PCI_BAR(bar));
	b->is64 = !(b->lo & PCI_BAR_IO) && (b->lo & PCI_BAR_TYPE) == PCI_BAR_TYPE_64;
	if (b->lo == 0xffffffffu || (b->is64 && bar == 5))
		return false;
	b->addr = b->lo & ~(b->lo & PCI_BAR_IO ? 0x3u : 0xfu);
	if (b->is64)
		b->addr |= (uint64_t)pci_read32(pd, PCI_BAR(bar) + 4) << 32;
	return b->addr != 0;
}

static bool
bar_map(const struct bar *b, uint64_t off, uint64_t size, struct reg *r)
{
	if (size == 0 || size > BAR_MAXSIZE || off > BAR_MAXSIZE)
		return false;
	if (!(b->lo & PCI_BAR_IO))
		return reg_map(r, b->addr + off, size);
	if (b->addr + off + size > 0x10000)
		return false;
	reg_ports(r, (uint16_t)(b->addr + off), size);
	return true;
}

bool
pci_map_bar(const struct pci_dev *pd, unsigned bar, struct reg *r)
{
	struct bar b;

	if (pd->pd_ops != NULL)
		return pd->pd_ops->pc_map(pd->pd_arg, bar, r);
	return bar_read(pd, bar, &b) && bar_map(&b, 0, bar_size(pd, PCI_BAR(bar), b.lo, b.is64), r);
}

bool
pci_map_window(const struct pci_dev *pd, unsigned bar, uint32_t off, uint32_t size, struct reg *r)
{
	struct reg whole;
	struct bar b;

	if (pd->pd_ops != NULL)
		return pd->pd_ops->pc_map(pd->pd_arg, bar, &whole) && reg_sub(&whole, off, size, r);
	return bar_read(pd, bar, &b) && bar_map(&b, off, size, r);
}

/* Writes only what changes: each write of this register can move the device in the machine's memory map, and costs
 * accordingly. */
static void
command_change(const struct pci_dev *pd, uint16_t clear, uint16_t set)
{
	uint16_t old = pci_read16(pd, PCI_COMMAND), new = (old & (uint16_t)~clear) | set;

	if (new != old)
		pci_write16(pd, PCI_COMMAND, new);
}

void
pci_enable(const struct pci_dev *pd)
{
	command_change(pd, 0, PCI_COMMAND_IO | PCI_COMMAND_MEM | PCI_COMMAND_MASTER);
}

void
pci_disable(const struct pci_dev *pd)
{
	command_change(pd, PCI_COMMAND_MASTER, 0);
}

void
pci_intx(const struct pci_dev *pd, bool on)
{
	command_change(pd, on ? PCI_COMMAND_NOINTX : 0, on ? 0 : PCI_COMMAND_NOINTX);
}
