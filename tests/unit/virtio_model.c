/* virtio_model.c - the device of virtio_model.h: registers (virtio 1.2, 4.1.4), rings (2.7), network frames (5.1.6),
 * control queue (5.1.6.5). */
#include <stdlib.h>
#include <string.h>

#include "drivers/pci_regs.h"
#include "drivers/virtio_pci.h"
#include "tests/unit/virtio_model.h"

/* The windows in BAR 4. */
#define W_COMMON	0x0000
#define W_ISR		0x1000
#define W_DEVICE	0x2000
#define W_NOTIFY	0x3000
#define W_SIZE		0x4000
#define NOTIFY_MULT	4

static void vm_ctrl(struct vm *);

/* ---- interrupts ---- */

static void
raise_vector(struct vm *vm, uint16_t vector)
{
	if (vm->mute)
		return;
	if (vm->intx != NULL) {
		vm->interrupts++;
		host_irq(vm->intx);
	} else if (vector < nitems(vm->irqs) && vm->irqs[vector] != NULL) {
		vm->interrupts++;
		host_irq(vm->irqs[vector]);
	}
}

void
vm_interrupt(struct vm *vm, unsigned q)
{
	vm->isr |= 1;
	raise_vector(vm, vm->q[q].vector);
}

void
vm_link(struct vm *vm, bool up)
{
	vm->config.status = up ? VIRTIO_NET_S_LINK_UP : 0;
	vm->generation++;
	vm->isr |= 2;
	raise_vector(vm, vm->config_vector);
}

/* ---- rings ---- */

static struct vring_desc *q_desc(struct vm_queue *q) { return (struct vring_desc *)(uintptr_t)q->desc; }
static struct vring_avail *q_avail(struct vm_queue *q) { return (struct vring_avail *)(uintptr_t)q->avail; }
static struct vring_used *q_used(struct vm_queue *q) { return (struct vring_used *)(uintptr_t)q->used; }

int
vm_take(struct vm *vm, unsigned n)
{
	struct vm_queue *q = &vm->q[n];

	if (!q->enabled || q->last == q_avail(q)->idx)
		return -1;
	return q_avail(q)->ring[q->last++ % q->size];
}

uint8_t *
vm_buffer(struct vm *vm, unsigned n, int id)
{
	return (uint8_t *)(uintptr_t)q_desc(&vm->q[n])[id].addr;
}

static void
q_put(struct vm_queue *q, uint32_t id, uint32_t len)
{
	q_used(q)->ring[q->used_idx % q->size] = (struct vring_used_elem){ id, len };
	q->used_idx++;
}

/* Shows the driver what q_put() has put, and interrupts it when it wants that (2.7.7). */
static void
q_publish(struct vm *vm, unsigned n)
{
	struct vm_queue *q = &vm->q[n];
	uint16_t event;
	bool want;

	q_used(q)->idx = q->used_idx;
	event = q_avail(q)->ring[q->size];
	if (vm->features & VIRTIO_F_EVENT_IDX)
		want = (uint16_t)(q->used_idx - event - 1) < (uint16_t)(q->used_idx - q->signalled);
	else
		want = !(q_avail(q)->flags & VRING_AVAIL_NO_INTERRUPT);
	q->signalled = q->used_idx;
	/* The doorbell for the next buffer, please. */
	memcpy(&q_used(q)->ring[q->size], &(uint16_t){ q_avail(q)->idx }, 2);
	if (want)
		vm_interrupt(vm, n);
}

void
vm_use(struct vm *vm, unsigned n, uint32_t id, uint32_t len)
{
	q_put(&vm->q[n], id, len);
	q_publish(vm, n);
	vm_interrupt(vm, n);
}

static unsigned
hdr_len(const struct vm *vm)
{
	return vm->features & (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MRG_RXBUF) ? VIO_HDR : VIO_HDR_SHORT;
}

bool
vm_rx(struct vm *vm, const void *frame, unsigned len)
{
	return vm_rx_on(vm, 0, frame, len);
}

bool
vm_rx_on(struct vm *vm, unsigned pair, const void *frame, unsigned len)
{
	struct virtio_net_hdr hdr = { .num_buffers = 0 };
	uint8_t buf[VM_FRAME + VIO_HDR], *numbufs = NULL;
	unsigned hl = hdr_len(vm), total = hl + len, off = 0, n = 0;
	struct vm_queue *q = &vm->q[2 * pair];
	uint16_t last = q->last, used = q->used_idx;

	memcpy(buf, &hdr, hl);
	memcpy(buf + hl, frame, len);
	while (off < total) {
		int id = vm_take(vm, 2 * pair);
		unsigned take;

		if (id < 0 || (n > 0 && !(vm->features & VIRTIO_NET_F_MRG_RXBUF))) {
			q->last = last;
			q->used_idx = used;
			return false;
		}
		CHECK(q_desc(q)[id].flags == VRING_DESC_WRITE);
		take = MIN(total - off, q_desc(q)[id].len);
		memcpy(vm_buffer(vm, 2 * pair, id), buf + off, take);
		if (n++ == 0 && hl == VIO_HDR)
			numbufs = vm_buffer(vm, 2 * pair, id) + VIO_HDR_SHORT;
		q_put(q, (uint32_t)id, take);
		off += take;
	}
	if (numbufs != NULL)
		store16(numbufs, (uint16_t)n);
	q_publish(vm, 2 * pair);
	return true;
}

/* Gathers a chain of descriptors. Returns its bytes. */
static unsigned
gather(struct vm *vm, const struct vring_desc *table, unsigned i, unsigned limit, uint8_t *to)
{
	unsigned len = 0, n = 0;

	for (;;) {
		const struct vring_desc *d = &table[i];

		CHECK(n++ < limit && d->len > 0);
		if (d->flags & VRING_DESC_INDIRECT) {
			CHECK(vm->features & VIRTIO_F_INDIRECT_DESC);
			CHECK_EQ(d->addr % 16, 0);
			return gather(vm, (const struct vring_desc *)(uintptr_t)d->addr, 0, d->len / 16, to);
		}
		CHECK(!(d->flags & VRING_DESC_WRITE));
		if (len == 0 && !(vm->features & (VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT)))
			CHECK_EQ(d->len, hdr_len(vm));
		CHECK(len + d->len <= VM_FRAME + VIO_HDR);
		memcpy(to + len, (const void *)(uintptr_t)d->addr, d->len);
		len += d->len;
		if (!(d->flags & VRING_DESC_NEXT))
			return len;
		i = d->next;
	}
}

static void
send_one(struct vm *vm, unsigned pair, int id)
{
	struct vm_queue *q = &vm->q[2 * pair + 1];
	uint8_t buf[VM_FRAME + VIO_HDR], zero[VIO_HDR] = { 0 };
	unsigned len = gather(vm, q_desc(q), (unsigned)id, q->size, buf), hl = hdr_len(vm);
	unsigned at = vm->nframes++ % VM_FRAMES;

	CHECK(len > hl);
	CHECK_MEM(buf, zero, hl);		/* no offload was agreed on */
	memcpy(vm->frames[at], buf + hl, len - hl);
	vm->lens[at] = len - hl;
	vm->pair[at] = pair;
}

static unsigned
ctrl_queue(const struct vm *vm)
{
	return vm->features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS) ? 2u * vm->config.max_virtqueue_pairs : 2;
}

static void
run_tx(struct vm *vm, unsigned pair)
{
	struct vm_queue *q = &vm->q[2 * pair + 1];
	int ids[64], id;
	unsigned n;

	if (vm->stalled || (vm->stalled_pairs & 1u << pair) || !(vm->status & VIRTIO_STATUS_DRIVER_OK))
		return;
	do {
		for (n = 0; n < MAX(q->reverse, 1u) && n < nitems(ids) && (id = vm_take(vm, 2 * pair + 1)) >= 0; n++) {
			ids[n] = id;
			CHECK(pair < vm->active);	/* 5.1.6.5.5.1 */
			send_one(vm, pair, id);
		}
		for (unsigned i = n; i > 0; i--)
			q_put(q, (uint32_t)ids[i - 1], 0);
	} while (n > 0);
	q_publish(vm, 2 * pair + 1);
}

void
vm_run_tx(struct vm *vm)
{
	for (unsigned i = 0; i < VM_PAIRS; i++)
		if (2 * i + 1 < vm->nqueues && 2 * i + 1 != ctrl_queue(vm) && vm->q[2 * i + 1].enabled)
			run_tx(vm, i);
}

uint8_t *
vm_tx(struct vm *vm, unsigned *len)
{
	unsigned at = vm->next % VM_FRAMES;

	if (vm->next == vm->nframes)
		return NULL;
	vm->next++;
	*len = vm->lens[at];
	return vm->frames[at];
}

/* ---- several pairs ---- */

void
vm_pairs(struct vm *vm, unsigned n)
{
	CHECK(n >= 1 && n <= VM_PAIRS);
	vm->offered |= VIRTIO_NET_F_MQ;
	vm->config.max_virtqueue_pairs = (uint16_t)n;
	vm->config.rss_max_key_size = 40;
	vm->config.rss_max_indirection_table_length = 128;
	vm->config.supported_hash_types = 0x1ff;
	vm->nqueues = 2 * n + 1;
	vm->nmsix = 2 * n + 2;
	for (unsigned i = 0; i < 2 * n; i++)
		vm->q[i].max = 256;
	vm->q[2 * n].max = 64;
}

unsigned
vm_tx_pair(const struct vm *vm)
{
	return vm->pair[(vm->next - 1) % VM_FRAMES];
}

/* 5.1.6.4.3.2: Toeplitz. */
unsigned
vm_rss(const struct vm *vm, const uint8_t *frame, bool ports)
{
	uint32_t hash = 0, window = (uint32_t)vm->rss_key[0] << 24 | (uint32_t)vm->rss_key[1] << 16 | (uint32_t)vm->rss_key[2] << 8 |
	    vm->rss_key[3];
	const uint8_t *in = frame + 14 + 12;	/* addresses, and behind a header without options the ports */

	for (unsigned i = 0; i < (ports ? 96u : 64u); i++) {
		unsigned next = i + 32;

		if (in[i / 8] & 0x80 >> i % 8)
			hash ^= window;
		window = window << 1 | (vm->rss_key[next / 8] >> (7 - next % 8) & 1);
	}
	return vm->rss_table[hash & vm->rss_mask];
}

/* 5.1.6.5.7. False: refused. */
static bool
rss_command(struct vm *vm, const uint8_t *c, unsigned len)
{
	unsigned n = load16(c + 4) + 1u;

	CHECK(vm->features & VIRTIO_NET_F_RSS);
	CHECK((n & (n - 1)) == 0 && n <= vm->config.rss_max_indirection_table_length);
	CHECK_EQ(len, 8 + 2 * n + 3 + 40);
	CHECK_EQ(c[8 + 2 * n + 2], 40);
	vm->rss_types = load32(c);
	CHECK(vm->rss_types != 0 && (vm->rss_types & ~vm->config.supported_hash_types) == 0);
	vm->rss_mask = load16(c + 4);
	CHECK_EQ(load16(c + 6), 0);
	memcpy(vm->rss_table, c + 8, 2 * n);
	memcpy(vm->rss_key, c + 8 + 2 * n + 3, 40);
	if (vm->refuse_rss)
		return false;
	vm->active = load16(c + 8 + 2 * n);
	CHECK(vm->active >= 1 && vm->active <= vm->config.max_virtqueue_pairs);
	for (unsigned i = 0; i < n; i++)
		CHECK(vm->rss_table[i] < vm->active);
	vm->rss = true;
	return true;
}

static bool
pairs_command(struct vm *vm, const uint8_t *c, unsigned len)
{
	unsigned n = load16(c);

	CHECK(vm->features & VIRTIO_NET_F_MQ);
	CHECK_EQ(len, 2);
	CHECK(n >= 1 && n <= vm->config.max_virtqueue_pairs);
	for (unsigned i = 0; i < 2 * n; i++)
		CHECK(vm->q[i].enabled);	/* 5.1.6.5.5.1 */
	if (vm->refuse_pairs)
		return false;
	vm->active = n;
	vm->rss = false;
	return true;
}

/* ---- control queue ---- */

/* False: refused. */
static bool
ctrl_command(struct vm *vm, const uint8_t *c, unsigned len)
{
	vm->ctrls++;
	if (c[0] == 4 && c[1] == 0 && len > 2)
		return pairs_command(vm, c + 2, len - 2);
	if (c[0] == 4 && c[1] == 1 && len > 10)
		return rss_command(vm, c + 2, len - 2);
	if (c[0] == 0 && len == 3)
		*(c[1] == 0 ? &vm->promisc : &vm->allmulti) = c[2];
	else if (c[0] == 1 && c[1] == 1 && len == 8)
		memcpy(vm->mac, c + 2, 6);
	else if (c[0] == 1 && c[1] == 0 && len >= 10) {
		CHECK_EQ(load32(c + 2), 0);
		vm->nmulti = load32(c + 6);
		CHECK_EQ(len, 10 + vm->nmulti * 6);
	} else
		CHECK(!"control command that the device does not know");
	return true;
}

static void
vm_ctrl(struct vm *vm)
{
	unsigned qn = ctrl_queue(vm);
	struct vm_queue *q = &vm->q[qn];
	uint8_t buf[1024];
	int id;

	while (!vm->silent_ctrl && (id = vm_take(vm, qn)) >= 0) {
		const struct vring_desc *d = q_desc(q), *ack;
		unsigned i = (unsigned)id, len = 0;

		for (; !(d[i].flags & VRING_DESC_WRITE); i = d[i].next) {
			CHECK(len + d[i].len <= sizeof(buf));
			memcpy(buf + len, (const void *)(uintptr_t)d[i].addr, d[i].len);
			len += d[i].len;
		}
		ack = &d[i];
		CHECK_EQ(ack->len, 1);
		*(uint8_t *)(uintptr_t)ack->addr = !ctrl_command(vm, buf, len);
		q_put(q, (uint32_t)id, 1);
		q_publish(vm, qn);
	}
}

static void
notify(struct vm *vm, unsigned q)
{
	if (q >= vm->nqueues || !vm->q[q].enabled || !(vm->status & VIRTIO_STATUS_DRIVER_OK))
		return;
	vm->q[q].notified++;
	if (q == ctrl_queue(vm))
		vm_ctrl(vm);
	else if (q & 1)
		run_tx(vm, q / 2);
}

/* ---- registers ---- */

static void
reset(struct vm *vm)
{
	vm->resets++;
	vm->status = 0;
	vm->features = 0;
	vm->active = 1;
	vm->rss = false;
	vm->config_vector = VIRTIO_NO_VECTOR;
	for (unsigned i = 0; i < VM_QUEUES; i++)
		vm->q[i] = (struct vm_queue){ .max = vm->q[i].max, .size = vm->q[i].max, .vector = VIRTIO_NO_VECTOR,
		    .reverse = vm->q[i].reverse };
}

static void
set_status(struct vm *vm, uint8_t status)
{
	if (status == 0) {
		if (!vm->no_reset)
			reset(vm);
		return;
	}
	if (vm->refuse_features)
		status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	vm->status = status;
}

static struct vm_queue *
selected(struct vm *vm)
{
	static struct vm_queue none;

	none = (struct vm_queue){ 0 };
	return vm->qsel < vm->nqueues ? &vm->q[vm->qsel] : &none;
}

static uint64_t
common_read(struct vm *vm, size_t off)
{
	switch (off) {
	case VC_DEV_FEATURE:
		return vm->fsel == 0 ? (uint32_t)vm->offered : vm->fsel == 1 ? vm->offered >> 32 : 0;
	case VC_CONFIG_VECTOR:
		return vm->config_vector;
	case VC_NUM_QUEUES:
		return vm->nqueues;
	case VC_STATUS:
		return vm->status;
	case VC_GENERATION:
		return vm->generation;
	case VC_QUEUE_SIZE:
		return selected(vm)->size;
	case VC_QUEUE_VECTOR:
		return selected(vm)->vector;
	case VC_QUEUE_NOTIFY_OFF:
		return vm->qsel;
	default:
		return 0;
	}
}

static void
common_write(struct vm *vm, size_t off, uint64_t v)
{
	struct vm_queue *q = selected(vm);

	switch (off) {
	case VC_DEV_FEATURE_SEL: vm->fsel = (uint32_t)v; break;
	case VC_DRV_FEATURE_SEL: vm->gsel = (uint32_t)v; break;
	case VC_DRV_FEATURE:
		if (vm->gsel == 0)
			vm->features = (vm->features & ~0xffffffffull) | v;
		else
			vm->features = (vm->features & 0xffffffffull) | v << 32;
		break;
	case VC_CONFIG_VECTOR: vm->config_vector = (uint16_t)v; break;
	case VC_STATUS: set_status(vm, (uint8_t)v); break;
	case VC_QUEUE_SEL: vm->qsel = (uint16_t)v; break;
	case VC_QUEUE_SIZE: q->size = (uint16_t)v; break;
	case VC_QUEUE_VECTOR: q->vector = (uint16_t)v; break;
	case VC_QUEUE_ENABLE: q->enabled = v == 1; break;
	case VC_QUEUE_DESC: q->desc = (q->desc & ~0xffffffffull) | v; break;
	case VC_QUEUE_DESC + 4: q->desc = (uint32_t)q->desc | v << 32; break;
	case VC_QUEUE_DRIVER: q->avail = (q->avail & ~0xffffffffull) | v; break;
	case VC_QUEUE_DRIVER + 4: q->avail = (uint32_t)q->avail | v << 32; break;
	case VC_QUEUE_DEVICE: q->used = (q->used & ~0xffffffffull) | v; break;
	case VC_QUEUE_DEVICE + 4: q->used = (uint32_t)q->used | v << 32; break;
	default: CHECK(!"write of a register that the device does not have");
	}
}

static uint64_t
legacy_read(struct vm *vm, size_t off)
{
	size_t conf = vm->irqs[0] != NULL ? VL_CONFIG_MSIX : VL_CONFIG;	/* MSI-X is on */

	if (off >= conf)
		return ((uint8_t *)&vm->config)[(off - conf) % sizeof(vm->config)];
	switch (off) {
	case VL_DEV_FEATURES: return (uint32_t)vm->offered;
	case VL_QUEUE_SIZE: return selected(vm)->size;
	case VL_STATUS: return vm->status;
	case VL_ISR: { uint8_t isr = vm->isr; vm->isr = 0; return isr; }
	case VL_CONFIG_VECTOR: return vm->config_vector;
	case VL_QUEUE_VECTOR: return selected(vm)->vector;
	default: return 0;
	}
}

/* 2.7.2: where the parts of a legacy queue are. */
static void
legacy_queue(struct vm_queue *q, uint64_t pfn)
{
	q->desc = pfn << 12;
	q->avail = q->desc + 16u * q->size;
	q->used = roundup2(q->avail + 2u * (3 + q->size), 4096ull);
	q->enabled = true;
}

static void
legacy_write(struct vm *vm, size_t off, uint64_t v)
{
	size_t conf = vm->irqs[0] != NULL ? VL_CONFIG_MSIX : VL_CONFIG;	/* MSI-X is on */

	if (off >= conf) {
		CHECK(off - conf < 6);
		vm->config.mac[off - conf] = vm->mac[off - conf] = (uint8_t)v;
		return;
	}
	switch (off) {
	case VL_DRV_FEATURES: vm->features = v; break;
	case VL_QUEUE_PFN: legacy_queue(selected(vm), v); break;
	case VL_QUEUE_SEL: vm->qsel = (uint16_t)v; break;
	case VL_QUEUE_NOTIFY: notify(vm, (unsigned)v); break;
	case VL_STATUS: set_status(vm, (uint8_t)v); break;
	case VL_CONFIG_VECTOR: vm->config_vector = (uint16_t)v; break;
	case VL_QUEUE_VECTOR: selected(vm)->vector = (uint16_t)v; break;
	default: CHECK(!"write of a legacy register that the device does not have");
	}
}

static uint64_t
vm_read(void *arg, size_t off, int width)
{
	struct vm *vm = arg;

	if (vm->dead)
		return width == 8 ? ~0ull : (1ull << width * 8) - 1;
	if (vm->legacy)
		return legacy_read(vm, off);
	if (off < W_ISR)
		return common_read(vm, off);
	if (off < W_DEVICE) {
		uint8_t isr = vm->isr;

		vm->isr = 0;
		return isr;
	}
	if (off < W_NOTIFY && off - W_DEVICE < sizeof(vm->config))
		return ((uint8_t *)&vm->config)[off - W_DEVICE];
	return 0;
}

static void
vm_write(void *arg, size_t off, int width __unused_arg, uint64_t v)
{
	struct vm *vm = arg;

	if (vm->dead)
		return;
	if (vm->legacy)
		legacy_write(vm, off, v);
	else if (off < W_ISR)
		common_write(vm, off, v);
	else if (off >= W_NOTIFY) {
		CHECK_EQ((off - W_NOTIFY) / NOTIFY_MULT, v);
		notify(vm, (unsigned)v);
	} else
		CHECK(!"write where the device has nothing to write");
}
static const struct reg_ops vm_reg_ops = { vm_read, vm_write };

/* ---- configuration space ---- */

static uint32_t
conf_read(void *arg, unsigned off, int width)
{
	struct vm *vm = arg;
	uint32_t v = 0;

	CHECK(off + (unsigned)width <= sizeof(vm->conf) && off % (unsigned)width == 0);
	memcpy(&v, vm->conf + off, (size_t)width);
	return v;
}

static void
conf_write(void *arg, unsigned off, int width, uint32_t v)
{
	struct vm *vm = arg;

	CHECK(off + (unsigned)width <= sizeof(vm->conf));
	memcpy(vm->conf + off, &v, (size_t)width);
}

static bool
conf_map(void *arg, unsigned bar, struct reg *r)
{
	struct vm *vm = arg;

	if (bar != (vm->legacy ? 0 : 4))
		return false;
	*r = (struct reg){ .rg_size = vm->legacy ? 0x40 : W_SIZE, .rg_io = vm->legacy,
	    .rg_ops = &vm_reg_ops, .rg_arg = vm };
	return true;
}

static bool
conf_irq(void *arg, unsigned entry, struct irq *ir)
{
	struct vm *vm = arg;

	if (entry == ~0u) {
		memset(vm->irqs, 0, sizeof(vm->irqs));	/* the line only works with MSI-X off */
		vm->intx = ir;
	} else if (vm->no_vectors != 0 && entry >= vm->no_vectors)
		return false;
	else
		vm->irqs[entry] = ir;
	return true;
}

static unsigned
conf_nmsix(void *arg)
{
	return ((struct vm *)arg)->nmsix;
}
static const struct pci_conf_ops vm_conf_ops = { conf_read, conf_write, conf_map, conf_irq, conf_nmsix };

static unsigned
add_cap(struct vm *vm, unsigned at, uint8_t type, uint32_t off, uint32_t len)
{
	uint8_t *c = vm->conf + at;

	c[0] = PCI_CAP_VENDOR;
	c[1] = (uint8_t)(at + 20);
	c[2] = 20;
	c[VCAP_TYPE] = type;
	c[VCAP_BAR] = 4;
	store32(c + VCAP_OFFSET, off);
	store32(c + VCAP_LENGTH, len);
	store32(c + VCAP_NOTIFY_MULT, NOTIFY_MULT);
	return at + 20;
}

void
vm_init(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->offered = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CTRL_VQ |
	    VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC |
	    VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1;
	vm->nmsix = 4;
	memcpy(vm->config.mac, (uint8_t[]){ 0x52, 0x54, 0, 0, 0, 0x0a }, 6);
	vm->config.status = VIRTIO_NET_S_LINK_UP;
	vm->config.mtu = 1500;
	vm->nqueues = 3;
	for (unsigned i = 0; i < 3; i++)
		vm->q[i].max = i == 2 ? 64 : 256;
}

static void
make_conf(struct vm *vm)
{
	unsigned at = 0x40;

	store16(vm->conf + PCI_ID, PCI_VENDOR_QUMRANET);
	store16(vm->conf + PCI_ID + 2, VIRTIO_PCI_TRANSITIONAL);
	store16(vm->conf + PCI_SUBSYS + 2, 1);
	store16(vm->conf + PCI_STATUS, PCI_STATUS_CAPS);
	vm->conf[PCI_INTLINE] = 11;
	vm->conf[PCI_INTLINE + 1] = 1;
	vm->conf[PCI_CAPPTR] = (uint8_t)at;
	if (!vm->legacy) {
		at = add_cap(vm, at, VCAP_COMMON, W_COMMON, VC_SIZE);
		at = add_cap(vm, at, VCAP_ISR, W_ISR, 4);
		at = add_cap(vm, at, VCAP_DEVICE, W_DEVICE, 0x100);
		at = add_cap(vm, at, VCAP_NOTIFY, W_NOTIFY, 0x100);
	}
	vm->conf[at] = vm->nmsix > 0 ? PCI_CAP_MSIX : 0;
	vm->conf[at + 1] = 0;
}

void
vm_attach(struct vm *vm)
{
	static uint8_t slot = 3;

	make_conf(vm);
	reset(vm);
	vm->pd = (struct pci_dev){ .pd_dev = slot++, .pd_ops = &vm_conf_ops, .pd_arg = vm };
	pci_attach_dev(&vm->pd);
}

struct vio *
vm_sc(struct vm *vm)
{
	struct ifnet *ifp = vm_if(vm);

	CHECK(ifp != NULL);
	return ifp->if_softc;
}

struct ifnet *
vm_if(struct vm *vm)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_ops == &vio_ops && ((struct vio *)ifp->if_softc)->sc_virtio->v_pd == &vm->pd)
			return ifp;
	return NULL;
}
