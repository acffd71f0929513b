/* virtio.c - target virtio: vio(4) on the device model of the unit tests, which the input tells when to lie and how: features, sizes and
 * vectors at attach; then used rings with any index, id and length, buffers twice or never, frames chained wrongly, resets that do not
 * end, registers that read as ones, interrupts without end or none, links that flap; frames to send and time in between.
 *
 * What must hold: nothing outside the buffers is touched (the sanitizers), no assertion fails, the books balance, and when the
 * interface goes down all mbufs are back. */
#include <string.h>

#include "drivers/pci_regs.h"
#include "net/core/net_init.h"
#include "tests/fuzz/devices.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/virtio_model.h"

#define OPS_MAX	64

static struct vm vm, fresh;

/* ---- the device's side ---- */

/* A device that the driver has cut off from the bus reaches no memory. */
static bool
may_dma(unsigned q)
{
	return vm.q[q].enabled && (load16(vm.conf + PCI_COMMAND) & PCI_COMMAND_MASTER) && (vm.status & VIRTIO_STATUS_DRIVER_OK);
}

static void
op_receive(struct fuzz_in *in)
{
	static uint8_t f[VM_FRAME];
	static const uint16_t lens[] = { 60, 14, 64, 1514, 1920, 1921, 4000, 9014 };
	unsigned how = fuzz_u8(in), n = lens[how & 7];

	memset(f, (int)how, n);
	for (unsigned i = 0; i <= how >> 4 && may_dma(0) && vm.q[0].size > 0; i++)
		vm_rx(&vm, f, n);
}

/* A buffer comes back with any length, and says that it is part of any number of them. */
static void
op_receive_lie(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	int id;

	if (!may_dma(0) || vm.q[0].size == 0 || (id = vm_take(&vm, 0)) < 0)
		return;
	if (id < vm.q[0].size && vm_buffer(&vm, 0, id) != NULL)
		store16(vm_buffer(&vm, 0, id) + VIO_HDR_SHORT, how & 1 ? fuzz_u8(in) : 1);
	vm_use(&vm, 0, (uint32_t)id, how & 2 ? fuzz_u32(in) : fuzz_u16(in) % 2100);
	if (how & 4)
		vm_use(&vm, 0, (uint32_t)id, 72);
}

static void
op_use(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in), q = how % vm.nqueues;
	uint32_t id = how & 4 ? fuzz_u32(in) : fuzz_u8(in), len = how & 8 ? fuzz_u32(in) : fuzz_u16(in);

	if (!may_dma(q) || vm.q[q].size == 0)
		return;
	if (how & 16)
		vm.q[q].used_idx += fuzz_u8(in);
	vm_use(&vm, q, id, len);
}

static void
op_registers(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	switch (how & 7) {
	case 0:
		vm.dead = how & 8;
		break;
	case 1:
		vm.no_reset = how & 8;
		break;
	case 2:
		vm.refuse_features = how & 8;
		break;
	case 3:
		vm.status |= (uint8_t)(how & 0xf8);
		vm_link(&vm, vm.config.status);
		break;
	case 4:
		vm.offered ^= 1ull << fuzz_u8(in) % 64;
		break;
	case 5:
		vm.q[how >> 3 & 1].max = fuzz_u8(in);
		break;
	case 6:
		vm.config.mtu = fuzz_u16(in);
		break;
	default:
		vm.generation = (uint8_t)how;
		break;
	}
}

static void
op_interrupts(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	switch (how & 3) {
	case 0:
		vm.mute = how & 4;
		break;
	case 1:
		for (unsigned i = 0; i < how; i++)
			vm_interrupt(&vm, how >> 2 & 1);
		break;
	case 2:
		vm_link(&vm, how & 4);
		break;
	default:
		vm.stalled = how & 4;
		vm.silent_ctrl = (how & 0xf8) == 8;
		vm.q[1].reverse = how >> 4 & 7;
		if (may_dma(1) && vm.q[1].size > 0)
			vm_run_tx(&vm);
		break;
	}
}

/* ---- attach ---- */

static void
model_fresh(void)
{
	memcpy(&vm, &fresh, offsetof(struct vm, frames));
	memcpy(vm.lens, fresh.lens, sizeof(vm) - offsetof(struct vm, lens));
}

static void
model_choose(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in), sizes = fuzz_u8(in);
	static const uint16_t maxes[] = { 256, 8, 7, 16, 1024, 2048, 0, 100 };

	vm.legacy = how & 1;
	vm.nmsix = how >> 1 & 7;
	if (how & 16)
		vm.offered ^= 1ull << fuzz_u8(in) % 64;
	if (how & 32)
		vm.offered &= ~(VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC);
	if (how & 64)
		vm.offered |= VIRTIO_NET_F_MTU | VIRTIO_NET_F_SPEED_DUPLEX;
	if (how & 128)
		vm.config.mac[0] = 0xff;
	if (vm.legacy)
		vm.offered &= 0xffffffff;
	vm.q[0].max = maxes[sizes & 7];
	vm.q[1].max = maxes[sizes >> 3 & 7];
	vm.refuse_features = (sizes & 192) == 64;
	vm.dead = (sizes & 192) == 128;
}

static void
virtio_run(struct fuzz_in *in)
{
	static void (*const ops[])(struct fuzz_in *) = {
		op_receive, op_receive_lie, op_use, fuzz_send, fuzz_pass, fuzz_time, op_registers, op_interrupts,
		op_receive, op_receive_lie, op_use, fuzz_send, fuzz_pass, fuzz_time, fuzz_interface, fuzz_pass,
	};
	struct ifnet *ifp;

	model_fresh();
	model_choose(in);
	vm_attach(&vm);
	if ((ifp = vm_if(&vm)) != NULL) {
		ifp->if_input = fuzz_input_sink;
		if_setup(ifp, true);
		for (unsigned i = 0; i < OPS_MAX && in->n > 0; i++)
			ops[fuzz_u8(in) % nitems(ops)](in);
		if_setup(ifp, false);
		CHECK_EQ(mbuf_used(), 0);
	}
	fuzz_devices_detach();
}

static void
virtio_start(void)
{
	CHECK(net_init());
	vm_init(&fresh);
	vm_init(&vm);
}
FUZZ_TARGET(virtio, 256, virtio_start, virtio_run);
