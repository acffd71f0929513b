/* pci_attach.c - finds the machine's PCI functions and offers each to the drivers. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/pci.h"
#include "drivers/pci_regs.h"
#include "kernel/log.h"

#define PCI_MAXDEPTH	8		/* bridges behind bridges */

struct pci_dev *pci_list;
static unsigned pci_nbuses;
static uint8_t pci_seen[32];		/* bit per bus number: a bridge that points back is not followed */

void
pci_attach_line(const struct pci_dev *pd, const char *xname, const char *product, char *buf, size_t len)
{
	snprintf(buf, len, "%s at pci%u dev %u function %u \"%s\" rev 0x%02x", xname, pd->pd_busno, pd->pd_dev,
	    pd->pd_func, product, pd->pd_rev);
}

static void
pci_not_configured(const struct pci_dev *pd)
{
	char class[48];

	pci_class_name(pd, class, sizeof(class));
	log_printf("vendor 0x%04x, product 0x%04x (%s, rev 0x%02x) at pci%u dev %u function %u not configured\n",
	    pd->pd_vendor, pd->pd_device, class, pd->pd_rev, pd->pd_busno, pd->pd_dev, pd->pd_func);
}

static void
pci_read_header(struct pci_dev *pd)
{
	uint32_t id = pci_read32(pd, PCI_ID), class = pci_read32(pd, PCI_CLASS), subsys, intr;

	pd->pd_vendor = (uint16_t)id;
	pd->pd_device = (uint16_t)(id >> 16);
	pd->pd_rev = (uint8_t)class;
	pd->pd_progif = (uint8_t)(class >> 8);
	pd->pd_subclass = (uint8_t)(class >> 16);
	pd->pd_class = (uint8_t)(class >> 24);
	if ((pci_read8(pd, PCI_HDRTYPE) & PCI_HDRTYPE_MASK) != 0)
		return;
	subsys = pci_read32(pd, PCI_SUBSYS);
	intr = pci_read32(pd, PCI_INTLINE);
	pd->pd_subvendor = (uint16_t)subsys;
	pd->pd_subsys = (uint16_t)(subsys >> 16);
	pd->pd_intline = (uint8_t)intr;
	pd->pd_intpin = (uint8_t)(intr >> 8);
	pd->pd_msix = pci_find_cap(pd, PCI_CAP_MSIX, 0);
}

static void
pci_list_add(struct pci_dev *pd)
{
	struct pci_dev **p = &pci_list;

	while (*p != NULL)
		p = &(*p)->pd_next;
	pd->pd_next = NULL;
	*p = pd;
}

static bool
pci_offer(struct pci_dev *pd)
{
	SET_FOREACH(const struct pci_driver, pdr, pci_drivers)
		if (pdr->pdr_attach(pd))
			return true;
	return false;
}

void
pci_attach_dev(struct pci_dev *pd)
{
	pci_read_header(pd);
	pci_list_add(pd);
	if (!pci_offer(pd))
		pci_not_configured(pd);
}

static void pci_attach_bus(unsigned bus, unsigned depth);

static void
pci_attach_bridge(struct pci_dev *pd, unsigned depth)
{
	static unsigned unit;
	unsigned sec = pci_read8(pd, PCI_SECBUS);
	char name[16], line[96];

	pci_read_header(pd);
	pci_list_add(pd);
	snprintf(name, sizeof(name), "ppb%u", unit++);
	pci_attach_line(pd, name, "PCI-PCI bridge", line, sizeof(line));
	log_printf("%s\n", line);
	if (sec == 0 || sec == 255 || depth == PCI_MAXDEPTH || pci_seen[sec / 8] & 1 << sec % 8)
		return;
	log_printf("pci%u at %s bus %u\n", pci_nbuses, name, sec);
	pci_attach_bus(sec, depth + 1);
}

/* Returns the header type, 0xff when nobody answers. */
static uint8_t
pci_attach_func(const struct pci_dev *at, unsigned depth)
{
	struct pci_dev *pd;
	uint8_t type;

	if ((pci_read32(at, PCI_ID) & 0xffff) == 0xffff)
		return 0xff;
	type = pci_read8(at, PCI_HDRTYPE);
	if ((pd = calloc(1, sizeof(*pd))) == NULL) {
		log_printf("pci%u dev %u function %u: out of memory\n", at->pd_busno, at->pd_dev, at->pd_func);
		return type;
	}
	*pd = *at;
	if ((type & PCI_HDRTYPE_MASK) == PCI_HDRTYPE_BRIDGE)
		pci_attach_bridge(pd, depth);
	else
		pci_attach_dev(pd);
	return type;
}

static void
pci_attach_bus(unsigned bus, unsigned depth)
{
	struct pci_dev at = { .pd_bus = (uint8_t)bus, .pd_busno = (uint8_t)pci_nbuses++ };

	pci_seen[bus / 8] |= (uint8_t)(1 << bus % 8);
	for (unsigned dev = 0; dev < 32; dev++) {
		uint8_t type;

		at.pd_dev = (uint8_t)dev;
		at.pd_func = 0;
		type = pci_attach_func(&at, depth);
		if (type == 0xff || !(type & PCI_HDRTYPE_MULTI))
			continue;
		for (at.pd_func = 1; at.pd_func < 8; at.pd_func++)
			pci_attach_func(&at, depth);
	}
}

void
pci_attach_all(void)
{
	log_printf("pci0 at mainbus0 bus 0\n");
	pci_attach_bus(0, 0);
}
