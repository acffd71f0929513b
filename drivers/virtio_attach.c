/* virtio_attach.c - recognises virtio devices on PCI, maps their registers, finds their driver, takes their
 * interrupts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pci_regs.h"
#include "drivers/virtio.h"
#include "drivers/virtio_pci.h"
#include "kernel/log.h"

#define VIRTIO_IRQ_LIMIT	10000	/* interrupts without the loop having caught up once */

static const char *const type_names[] = {
	[1] = "Network", [2] = "Storage", [3] = "Console", [4] = "RNG", [5] = "Memory Balloon", [8] = "SCSI",
	[9] = "9P Transport", [16] = "GPU", [18] = "Input", [19] = "Socket",
};

/* One vendor capability: the window that it describes. False: not usable, look at the next of its kind (4.1.4.1). */
static bool
map_capability(struct virtio *v, unsigned cap, struct reg *r, size_t atleast)
{
	uint32_t off, len;
	uint8_t bar;

	if (cap + VCAP_NOTIFY_MULT > PCI_CONF_SIZE)	/* it lies: no room for one so far behind */
		return false;
	bar = pci_read8(v->v_pd, cap + VCAP_BAR);
	off = pci_read32(v->v_pd, cap + VCAP_OFFSET);
	len = pci_read32(v->v_pd, cap + VCAP_LENGTH);
	return r->rg_size == 0 && len >= atleast && pci_map_window(v->v_pd, bar, off, len, r);
}

static bool
map_modern(struct virtio *v)
{
	uint8_t cap = 0;

	for (int i = 0; i < PCI_MAXCAPS && (cap = pci_find_cap(v->v_pd, PCI_CAP_VENDOR, cap)) != 0; i++)
		switch (pci_read8(v->v_pd, cap + VCAP_TYPE)) {
		case VCAP_COMMON:
			map_capability(v, cap, &v->v_common, VC_SIZE);
			break;
		case VCAP_NOTIFY:
			if (cap + VCAP_NOTIFY_MULT + 4u <= PCI_CONF_SIZE && map_capability(v, cap, &v->v_notify, 2))
				v->v_notify_mult = pci_read32(v->v_pd, cap + VCAP_NOTIFY_MULT);
			break;
		case VCAP_ISR:
			map_capability(v, cap, &v->v_isr, 1);
			break;
		case VCAP_DEVICE:
			map_capability(v, cap, &v->v_config, 1);
			break;
		default:
			break;
		}
	return v->v_common.rg_size != 0 && v->v_notify.rg_size != 0 && v->v_isr.rg_size != 0 && v->v_config.rg_size != 0;
}

static bool
map_legacy(struct virtio *v)
{
	if (v->v_pd->pd_device >= VIRTIO_PCI_MODERN)
		return false;
	v->v_legacy = true;
	return pci_map_bar(v->v_pd, 0, &v->v_common) && v->v_common.rg_size >= VL_CONFIG_MSIX &&
	    reg_sub(&v->v_common, VL_ISR, 1, &v->v_isr);
}

/* 4.1.2: what the numbers of the PCI function say. 0: not virtio. */
static uint16_t
device_type(const struct pci_dev *pd)
{
	if (pd->pd_vendor != PCI_VENDOR_QUMRANET)
		return 0;
	if (pd->pd_device > VIRTIO_PCI_MODERN && pd->pd_device < VIRTIO_PCI_MODERN + 0x40)
		return pd->pd_device - VIRTIO_PCI_MODERN;
	if (pd->pd_device >= VIRTIO_PCI_TRANSITIONAL && pd->pd_device < VIRTIO_PCI_MODERN)
		return pd->pd_subsys;
	return 0;
}

static void
log_attach(const struct virtio *v)
{
	const char *name = v->v_type < nitems(type_names) ? type_names[v->v_type] : NULL;
	char product[48], line[128];

	snprintf(product, sizeof(product), "Qumranet Virtio %s%s", v->v_pd->pd_device >= VIRTIO_PCI_MODERN ? "1.x " : "",
	    name != NULL ? name : "device");
	pci_attach_line(v->v_pd, v->v_xname, product, line, sizeof(line));
	log_printf("%s\n", line);
}

static bool
attach_child(struct virtio *v)
{
	SET_FOREACH(const struct virtio_driver, vd, virtio_drivers)
		if (vd->vd_type == v->v_type)
			return vd->vd_attach(v);
	log_printf("%s: no matching child driver; not configured\n", v->v_xname);
	return false;
}

static bool
virtio_attach(struct pci_dev *pd)
{
	static unsigned unit;
	uint16_t type = device_type(pd);
	struct virtio *v;

	if (type == 0)
		return false;
	if ((v = calloc(1, sizeof(*v))) == NULL) {
		log_printf("virtio%u: out of memory\n", unit);
		return false;
	}
	v->v_pd = pd;
	v->v_type = type;
	v->v_unit = unit++;
	snprintf(v->v_xname, sizeof(v->v_xname), "virtio%u", v->v_unit);
	log_attach(v);
	pci_enable(pd);
	if (!map_modern(v) && !map_legacy(v))
		log_printf("%s: no usable registers, neither modern nor legacy\n", v->v_xname);
	else if (!virtio_reset(v))
		log_printf("%s: reset failed\n", v->v_xname);
	else if (attach_child(v)) {
		pd->pd_softc = v;
		return true;
	} else
		virtio_set_failed(v);
	free(v);
	return true;		/* ours, though it does not work */
}
static const struct pci_driver virtio_pci = { "virtio", virtio_attach };
PCI_DRIVER(virtio_pci);

/* ---- interrupts ---- */

static bool
take_msix(struct virtio *v, unsigned entry, irq_handler *fn, void *arg, unsigned core)
{
	struct irq *ir = &v->v_irqs[entry];

	snprintf(v->v_irqnames[entry], sizeof(v->v_irqnames[entry]), "virtio%u:%u", v->v_unit, entry);
	ir->ir_name = v->v_irqnames[entry];
	ir->ir_func = fn;
	ir->ir_arg = arg;
	ir->ir_limit = VIRTIO_IRQ_LIMIT;
	if (!irq_msix(v->v_pd, entry, ir, core))
		return false;
	v->v_nirqs++;
	return true;
}

static void
release_all(struct virtio *v)
{
	while (v->v_nirqs > 0)
		irq_release(&v->v_irqs[--v->v_nirqs]);
	for (unsigned i = 0; i < v->v_nvqs; i++) {
		v->v_vqs[i]->vq_irq = NULL;
		v->v_vqs[i]->vq_share = NULL;
	}
}

/* Takes the entry, or, when a former queue has it, shares it. */
static bool
queue_msix(struct virtio *v, struct virtq *vq, unsigned entry)
{
	struct irq *ir = &v->v_irqs[entry];
	struct virtq *first = ir->ir_arg;

	if (entry >= v->v_nirqs) {
		if (!take_msix(v, entry, virtio_intr_queue, vq, vq->vq_poller->pl_core))
			return false;
	} else {
		vq->vq_share = first->vq_share;
		first->vq_share = vq;
	}
	vq->vq_irq = ir;
	return true;
}

/* Entry 0 for the configuration; behind it one for each queue, or for each poller one of `shared`. */
static bool
establish_msix(struct virtio *v, unsigned shared)
{
	const struct poller *last = NULL;
	unsigned queue = 0, poller = 0;

	if (!take_msix(v, 0, virtio_intr_config, v, core_id()))
		return false;
	for (unsigned i = 0; i < v->v_nvqs; i++) {
		struct virtq *vq = v->v_vqs[i];

		if (vq->vq_poller == NULL)
			continue;
		poller += last != NULL && vq->vq_poller != last;
		last = vq->vq_poller;
		if (!queue_msix(v, vq, 1 + (shared != 0 ? poller % shared : queue++)))
			return false;
	}
	return true;
}

static bool
establish_pervq(struct virtio *v)
{
	v->v_intr = VIRTIO_MSIX_PERVQ;
	return establish_msix(v, 0);
}

/* As many as the device has and the machine gives. */
static bool
establish_shared(struct virtio *v)
{
	unsigned n = irq_msix_count(v->v_pd);

	v->v_intr = VIRTIO_MSIX_SHARED;
	for (n = n > 1 ? MIN(n - 1, (unsigned)VIRTIO_MAXVQS) : 0; n > 0; n--) {
		if (establish_msix(v, n))
			return true;
		release_all(v);
	}
	return false;
}

static bool
establish_intx(struct virtio *v)
{
	struct irq *ir = &v->v_irqs[0];

	ir->ir_name = v->v_xname;
	ir->ir_func = virtio_intr_intx;
	ir->ir_arg = v;
	ir->ir_limit = VIRTIO_IRQ_LIMIT;
	if (!irq_intx(v->v_pd, ir))
		return false;
	v->v_nirqs = 1;
	for (unsigned i = 0; i < v->v_nvqs; i++) {
		struct virtq *vq = v->v_vqs[i];

		if (vq->vq_poller == NULL)
			continue;
		vq->vq_irq = ir;
		vq->vq_share = v->v_lineq;
		v->v_lineq = vq;
	}
	v->v_intr = VIRTIO_INTX;
	return true;
}

bool
virtio_intr_establish(struct virtio *v)
{
	static bool (*const ways[])(struct virtio *) = { establish_pervq, establish_shared, establish_intx };

	for (size_t i = 0; i < nitems(ways); i++) {
		if (ways[i](v))
			return true;
		release_all(v);
	}
	v->v_intr = VIRTIO_NOINTR;
	return false;
}

void
virtio_intr_string(const struct virtio *v, char *buf, size_t len)
{
	if (v->v_intr == VIRTIO_INTX)
		snprintf(buf, len, "irq %u", v->v_pd->pd_intline);
	else
		snprintf(buf, len, "%s", v->v_intr == VIRTIO_MSIX_PERVQ ? "msix per-VQ" :
		    v->v_intr == VIRTIO_MSIX_SHARED ? "msix shared" : "no interrupt, polling");
}
