/* test_pci.c - PCI configuration space that lies. */
#include <string.h>

#include "drivers/pci.h"
#include "drivers/pci_regs.h"
#include "kernel/endian.h"
#include "kernel/log.h"
#include "tests/unit/unit.h"

static uint8_t conf[256];
static unsigned reads;

static uint32_t
conf_read(void *arg __unused_arg, unsigned off, int width)
{
	uint32_t v = 0;

	CHECK(off + (unsigned)width <= sizeof(conf) && off % (unsigned)width == 0);
	reads++;
	memcpy(&v, conf + off, (size_t)width);
	return v;
}

static void
conf_write(void *arg __unused_arg, unsigned off, int width, uint32_t v)
{
	memcpy(conf + off, &v, (size_t)width);
}

static const struct pci_conf_ops ops = { .pc_read = conf_read, .pc_write = conf_write };
static struct pci_dev pd = { .pd_dev = 5, .pd_func = 1, .pd_ops = &ops };

TEST(pci_capabilities)
{
	store16(conf + PCI_STATUS, PCI_STATUS_CAPS);
	conf[PCI_CAPPTR] = 0x43;		/* the low two bits are reserved */
	conf[0x40] = 9; conf[0x41] = 0x50;
	conf[0x50] = 5; conf[0x51] = 0x60;
	conf[0x60] = 9; conf[0x61] = 0;
	CHECK_EQ(pci_find_cap(&pd, 9, 0), 0x40);
	CHECK_EQ(pci_find_cap(&pd, 9, 0x40), 0x60);
	CHECK_EQ(pci_find_cap(&pd, 9, 0x60), 0);
	CHECK_EQ(pci_find_cap(&pd, 5, 0), 0x50);
	CHECK_EQ(pci_find_cap(&pd, 17, 0), 0);
	conf[PCI_STATUS] = 0;
	CHECK_EQ(pci_find_cap(&pd, 9, 0), 0);
}

TEST(pci_capabilities_loop)
{
	store16(conf + PCI_STATUS, PCI_STATUS_CAPS);
	conf[PCI_CAPPTR] = 0x40;
	conf[0x40] = 1; conf[0x41] = 0x44;
	conf[0x44] = 1; conf[0x45] = 0x40;
	CHECK_EQ(pci_find_cap(&pd, 9, 0), 0);
	CHECK(reads < 60);
	conf[0x41] = 0x10;			/* into the header */
	CHECK_EQ(pci_find_cap(&pd, 9, 0), 0);
	memset(conf, 0xff, sizeof(conf));	/* nobody there */
	CHECK_EQ(pci_find_cap(&pd, 9, 0), 0);
}

/* A driver walks all of its capabilities by itself: that ends too. */
TEST(pci_capabilities_loop_of_the_same)
{
	uint8_t cap = 0;
	unsigned n = 0;

	store16(conf + PCI_STATUS, PCI_STATUS_CAPS);
	store16(conf + PCI_ID, 0x1af4);
	store16(conf + PCI_ID + 2, 0x1041);
	conf[PCI_CAPPTR] = 0x40;
	conf[0x40] = PCI_CAP_VENDOR; conf[0x41] = 0x40;
	while (n < 100 && (cap = pci_find_cap(&pd, PCI_CAP_VENDOR, cap)) != 0)
		n++;
	CHECK_EQ(n, 100);			/* the walk itself has no end ... */
	reads = 0;
	pci_attach_dev(&pd);			/* ... virtio's has */
	CHECK(reads < 1000);
}

TEST(pci_not_configured)
{
	char buf[512];
	uint64_t pos = 0;

	store16(conf + PCI_ID, 0x8086);
	store16(conf + PCI_ID + 2, 0x7000);
	conf[PCI_CLASS] = 3;
	conf[PCI_CLASS + 2] = 1;
	conf[PCI_CLASS + 3] = 6;
	pci_attach_dev(&pd);
	CHECK(pci_list == &pd);
	buf[log_read(&pos, buf, sizeof(buf) - 1)] = '\0';
	CHECK_IN(buf, "vendor 0x8086, product 0x7000 (class bridge subclass ISA, rev 0x03) "
	    "at pci0 dev 5 function 1 not configured\n");
}

TEST(pci_empty_machine)
{
	pci_attach_all();			/* all ones everywhere */
	CHECK(pci_list == NULL);
}
