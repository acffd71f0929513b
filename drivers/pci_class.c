/* pci_class.c - names of PCI class codes (PCI 3.0, appendix D), for functions that no driver takes. */
#include <stdio.h>

#include "drivers/pci.h"

struct pci_subclass { uint8_t class, subclass; const char *name; };

static const char *const class_names[] = {
	"prehistoric", "mass storage", "network", "display", "multimedia", "memory", "bridge", "communications", "system",
	"input", "dock", "processor", "serial bus", "wireless", "I2O", "satellite", "crypto", "DASP",
};
static const struct pci_subclass subclass_names[] = {
	{ 1, 1, "IDE" }, { 1, 6, "SATA" }, { 1, 8, "NVM" }, { 2, 0, "ethernet" }, { 3, 0, "VGA" }, { 6, 0, "host" },
	{ 6, 1, "ISA" }, { 6, 4, "PCI" }, { 7, 0, "serial" }, { 12, 3, "USB" }, { 12, 5, "SMBus" },
};

void
pci_class_name(const struct pci_dev *pd, char *buf, size_t len)
{
	const char *class = pd->pd_class < nitems(class_names) ? class_names[pd->pd_class] : NULL, *sub = "miscellaneous";

	if (class == NULL) {
		snprintf(buf, len, "class 0x%02x subclass 0x%02x", pd->pd_class, pd->pd_subclass);
		return;
	}
	for (size_t i = 0; i < nitems(subclass_names); i++)
		if (subclass_names[i].class == pd->pd_class && subclass_names[i].subclass == pd->pd_subclass)
			sub = subclass_names[i].name;
	snprintf(buf, len, "class %s subclass %s", class, sub);
}
