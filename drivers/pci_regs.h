/* pci_regs.h - offsets in PCI configuration space. PCI Local Bus 3.0, 6.1 and 6.2; PCI-to-PCI bridge 1.2, 3.2. */
#ifndef DRIVERS_PCI_REGS_H
#define DRIVERS_PCI_REGS_H

#define PCI_CONF_SIZE	256u

#define PCI_ID		0x00		/* vendor, device */
#define PCI_COMMAND	0x04
#define  PCI_COMMAND_IO		0x0001
#define  PCI_COMMAND_MEM	0x0002
#define  PCI_COMMAND_MASTER	0x0004
#define  PCI_COMMAND_NOINTX	0x0400
#define PCI_STATUS	0x06
#define  PCI_STATUS_CAPS	0x0010
#define PCI_CLASS	0x08		/* revision, programming interface, subclass, class */
#define PCI_HDRTYPE	0x0e
#define  PCI_HDRTYPE_MASK	0x7f
#define  PCI_HDRTYPE_BRIDGE	0x01
#define  PCI_HDRTYPE_MULTI	0x80
#define PCI_BAR(n)	(0x10 + 4 * (n))
#define  PCI_BAR_IO		0x1
#define  PCI_BAR_TYPE		0x6
#define  PCI_BAR_TYPE_64	0x4
#define PCI_SECBUS	0x19		/* bridge: the bus behind it */
#define PCI_SUBSYS	0x2c
#define PCI_CAPPTR	0x34
#define PCI_INTLINE	0x3c		/* line, pin */

#define PCI_MAXCAPS	48		/* as many fit into 192 bytes: a longer chain is a loop */
#define PCI_CAP_VENDOR	0x09
#define PCI_CAP_MSIX	0x11

#endif
