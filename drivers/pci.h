/* pci.h - PCI configuration space and the table of drivers. */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include "drivers/bus.h"
#include "kernel/set.h"

struct pci_dev {
	uint8_t		pd_bus, pd_dev, pd_func;
	uint8_t		pd_busno;			/* the n of "pciN": buses in the order that they were found */
	uint16_t	pd_vendor, pd_device, pd_subvendor, pd_subsys;
	uint8_t		pd_class, pd_subclass, pd_progif, pd_rev;
	uint8_t		pd_intline, pd_intpin;		/* pin 0: none */
	uint8_t		pd_msix;			/* offset of the MSI-X capability; 0: none */
	struct reg	pd_msix_table;			/* mapped by the first irq_msix() */
	void		*pd_softc;			/* the driver's */
	const struct pci_conf_ops *pd_ops;		/* host only: the device model */
	void		*pd_arg;
	struct pci_dev	*pd_next;
};
struct pci_conf_ops {
	uint32_t (*pc_read)(void *arg, unsigned off, int width);
	void	 (*pc_write)(void *arg, unsigned off, int width, uint32_t v);
	bool	 (*pc_map)(void *arg, unsigned bar, struct reg *out);
	bool	 (*pc_irq)(void *arg, unsigned entry, struct irq *);	/* entry ~0u: INTx */
	unsigned (*pc_nmsix)(void *arg);
};

/* Offsets below 256, aligned to the width. Core 0. */
uint32_t pci_read32(const struct pci_dev *, unsigned off);
uint16_t pci_read16(const struct pci_dev *, unsigned off);
uint8_t	 pci_read8(const struct pci_dev *, unsigned off);
void	 pci_write32(const struct pci_dev *, unsigned off, uint32_t v);
void	 pci_write16(const struct pci_dev *, unsigned off, uint16_t v);
/* Offset of the first capability `id` behind `after` (0: from the start); 0: none. Bounded against loops, but
 * one that walks on from each is the caller's (PCI_MAXCAPS). PCI 3.0, 6.7. */
uint8_t	 pci_find_cap(const struct pci_dev *, uint8_t id, uint8_t after);
/* Maps BAR 0-5 whole (memory: uncached; 64-bit BARs too). False: absent, or beyond what can be mapped. */
bool	 pci_map_bar(const struct pci_dev *, unsigned bar, struct reg *);
/* Only [off, off + size) of it, as a capability says, without finding out how large the BAR is (which takes the
 * device off the bus for a moment). */
bool	 pci_map_window(const struct pci_dev *, unsigned bar, uint32_t off, uint32_t size, struct reg *);
void	 pci_intx(const struct pci_dev *, bool on);	/* may it pull its INTx line */
void	 pci_enable(const struct pci_dev *);	/* memory, I/O, bus master */
void	 pci_disable(const struct pci_dev *);	/* no bus master: it reaches no memory any more */

struct pci_driver {
	const char	*pdr_name;			/* "virtio" */
	/* Attaches if it is its device: true. Prints its own dmesg lines, the first by pci_attach_line(). */
	bool		(*pdr_attach)(struct pci_dev *);
};
SET_DECLARE(const struct pci_driver, pci_drivers);
#define PCI_DRIVER(id) SET_ADD(pci_drivers, id)

/* "virtio0 at pci0 dev 3 function 0 "Qumranet Virtio Network" rev 0x00" (no newline), into buf, as OpenBSD prints. */
void	pci_attach_line(const struct pci_dev *, const char *xname, const char *product, char *buf, size_t len);

/* Walks bus 0 and what is behind its bridges, and offers each function to the drivers. */
void	pci_attach_all(void);
/* One function of which address (and pd_ops on the host) are set: reads its header, appends it to pci_list, offers it
 * to the drivers, logs it as not configured when none takes it. The struct must stay. */
void	pci_attach_dev(struct pci_dev *);
/* "class network subclass ethernet" of the function's class code, for the log. */
void	pci_class_name(const struct pci_dev *, char *buf, size_t len);
extern struct pci_dev *pci_list;

#endif
