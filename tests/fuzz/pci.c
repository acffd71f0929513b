/* pci.c - target pci: a function whose configuration space and registers are the input. Capabilities may loop, windows may reach
 * anywhere, registers answer anything; whatever a driver makes of it, it touches nothing outside the windows (asserted by
 * reg_read), ends its walks, and gives everything back. */
#include <string.h>

#include "drivers/pci.h"
#include "drivers/pci_regs.h"
#include "drivers/virtio_pci.h"
#include "net/core/if.h"
#include "net/core/net_init.h"
#include "tests/fuzz/devices.h"
#include "tests/fuzz/fuzz.h"

#define READS_MAX	100000		/* of configuration space: more is a walk without an end */

static struct {
	uint8_t		conf[256], regs[256];
	unsigned	reads, reg_reads;
	size_t		bar[6];
	unsigned	nmsix;
	bool		sticky;			/* registers keep what was written */
} model;

static uint32_t
conf_read(void *arg __unused_arg, unsigned off, int width)
{
	uint32_t v = 0;

	CHECK(off + (unsigned)width <= sizeof(model.conf) && off % (unsigned)width == 0);
	CHECK(model.reads++ < READS_MAX);
	memcpy(&v, model.conf + off, (size_t)width);
	return v;
}

static void
conf_write(void *arg __unused_arg, unsigned off, int width, uint32_t v)
{
	CHECK(off + (unsigned)width <= sizeof(model.conf));
	memcpy(model.conf + off, &v, (size_t)width);
}

/* The status register obeys a reset, now and then at once: else every input ends there. */
static uint64_t
model_reg_read(void *arg __unused_arg, size_t off, int width)
{
	uint64_t v = 0;

	model.reg_reads++;
	for (int i = 0; i < width; i++)
		v |= (uint64_t)model.regs[(off + (size_t)i) % sizeof(model.regs)] << 8 * i;
	return v;
}

static void
model_reg_write(void *arg __unused_arg, size_t off, int width, uint64_t v)
{
	for (int i = 0; i < width && (model.sticky || (off == VC_STATUS && v == 0)); i++)
		model.regs[(off + (size_t)i) % sizeof(model.regs)] = (uint8_t)(v >> 8 * i);
}
static const struct reg_ops reg_ops = { model_reg_read, model_reg_write };

static bool
conf_map(void *arg __unused_arg, unsigned bar, struct reg *r)
{
	if (bar > 5 || model.bar[bar] == 0)
		return false;
	*r = (struct reg){ .rg_size = model.bar[bar], .rg_ops = &reg_ops };
	return true;
}

static bool
conf_irq(void *arg __unused_arg, unsigned entry, struct irq *ir __unused_arg)
{
	return entry == ~0u || entry < model.nmsix;
}

static unsigned
conf_nmsix(void *arg __unused_arg)
{
	return model.nmsix;
}
static const struct pci_conf_ops conf_ops = { conf_read, conf_write, conf_map, conf_irq, conf_nmsix };

/* So that not all depends on the fuzzer's luck: the numbers by which drivers know their devices. */
static void
make_known(unsigned how)
{
	if (how & 1) {
		store16(model.conf + PCI_ID, PCI_VENDOR_QUMRANET);
		store16(model.conf + PCI_ID + 2, how & 2 ? VIRTIO_PCI_TRANSITIONAL : VIRTIO_PCI_MODERN + 1);
		store16(model.conf + PCI_SUBSYS + 2, 1);
		model.conf[PCI_HDRTYPE] = 0;
	} else if (how & 16) {
		store16(model.conf + PCI_ID, 0x8086);
		store16(model.conf + PCI_ID + 2, how & 2 ? 0x100e : 0x10d3);
		model.conf[PCI_HDRTYPE] = 0;
	}
	if (how & 4)
		model.conf[PCI_STATUS] |= PCI_STATUS_CAPS;
}

static void
pci_run(struct fuzz_in *in)
{
	static struct pci_dev pd;
	unsigned how = fuzz_u8(in);
	struct ifnet *ifp;
	const uint8_t *p;
	size_t n;

	memset(&model, 0, sizeof(model));
	model.sticky = how & 8;
	model.nmsix = how >> 5;
	for (unsigned i = 0; i < 6; i++)
		model.bar[i] = fuzz_u8(in) * (how & 16 ? 4096u : 16u);
	p = fuzz_take(in, 96, &n);
	memcpy(model.regs, p, n);
	p = fuzz_take(in, sizeof(model.conf), &n);
	memcpy(model.conf, p, n);
	make_known(how);
	pd = (struct pci_dev){ .pd_dev = 5, .pd_ops = &conf_ops };
	pci_attach_dev(&pd);
	for (unsigned id = 0; id < 0x18; id++)
		pci_find_cap(&pd, (uint8_t)id, 0);
	if ((ifp = fuzz_device_if()) != NULL) {
		if_setup(ifp, true);
		host_run(600);
		if_setup(ifp, false);
		CHECK_EQ(mbuf_used(), 0);
	}
	fuzz_devices_detach();
}

static void
pci_start(void)
{
	CHECK(net_init());
}
FUZZ_TARGET(pci, 7 + 96 + 256, pci_start, pci_run);
