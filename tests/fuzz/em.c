/* em.c - target em: em(4) on the device model of the unit tests, which the input tells when to lie and how: what it is and what its EEPROM
 * holds; then descriptors with any word, frames that never end, reports that do not come, statistics that jump, resets that do not
 * end, registers that read as ones, interrupts without end or none, links that flap; frames to send and time in between.
 *
 * What must hold: as for virtio (virtio.c). */
#include <string.h>

#include "drivers/pci_regs.h"
#include "net/core/net_init.h"
#include "tests/fuzz/devices.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/em_model.h"

#define OPS_MAX	64

static struct emm m, fresh[2];

/* A card that the driver has cut off from the bus reaches no memory. */
static bool
may_dma(void)
{
	return !m.dead && (load16(m.conf + PCI_COMMAND) & PCI_COMMAND_MASTER) && m.reg[EM_RDLEN(0) / 4] != 0;
}

static void
op_receive(struct fuzz_in *in)
{
	static uint8_t f[EMM_FRAME];
	static const uint16_t lens[] = { 60, 14, 64, 1514, 1518, 2049, 4000, 9018 };
	unsigned how = fuzz_u8(in), n = lens[how & 7];

	memset(f, (int)how, n);
	memset(f, 0xff, 6);
	for (unsigned i = 0; i <= how >> 4 && may_dma(); i++)
		emm_rx(&m, f, n);
}

static void
op_word(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	uint64_t word = emm_make(&m, fuzz_u16(in), RXS_DD | (how & 1 ? RXS_EOP : 0), 0);

	if (how & 2)
		word = (uint64_t)fuzz_u32(in) << 32 | (word ^ (uint64_t)fuzz_u16(in) << 16);
	for (unsigned i = 0; i <= how >> 2 && may_dma(); i++)
		emm_word(&m, word);
}

static void
op_registers(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	switch (how & 7) {
	case 0:
		m.dead = how & 8;
		break;
	case 1:
		m.no_reset = how & 8;
		break;
	case 2:
		m.no_phy = how & 8;
		break;
	case 3:
		m.phy[how >> 3 & 31] = fuzz_u16(in);
		break;
	case 4:
		emm_count(&m, EM_CRCERRS + (how >> 3) * 4u, fuzz_u32(in));
		break;
	case 5:
		m.speed = how >> 3 & 3;
		break;
	case 6:
		m.silent = how & 8 ? 3 : 0;
		break;
	default:
		m.icr ^= fuzz_u32(in);
		emm_cause(&m, how & 8);
		break;
	}
}

static void
op_interrupts(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	switch (how & 3) {
	case 0:
		m.mute = how & 4;
		break;
	case 1:
		for (unsigned i = 0; i < how; i++)
			emm_cause(&m, how >> 2 & 1);
		break;
	case 2:
		emm_link(&m, how & 4);
		break;
	default:
		m.stalled = how & 4 ? 3 : 0;
		if (may_dma())
			emm_run_tx(&m);
		break;
	}
}

/* What it is, and what it was given. */
static void
model_choose(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	const struct emm *f = &fresh[how & 1];

	memcpy(&m, f, offsetof(struct emm, frames));
	memcpy(m.lens, f->lens, sizeof(m) - offsetof(struct emm, lens));
	if (how & 2)
		m.nmsix = how >> 4 & 3;
	m.no_line = (how & 12) == 12;
	m.no_eeprom = (how & 0x30) == 0x30;
	m.no_phy = (how & 0x48) == 0x48;
	if (how & 64) {
		m.eeprom[fuzz_u8(in) % 64] = fuzz_u16(in);
		if (how & 32)
			emm_eeprom_sum(&m);
	}
	if (how & 128)
		m.rah = fuzz_u32(in);
	m.dead = how == 0xff;
}

static void
em_run(struct fuzz_in *in)
{
	static void (*const ops[])(struct fuzz_in *) = {
		op_receive, op_word, fuzz_send, fuzz_pass, fuzz_time, op_registers, op_interrupts, fuzz_interface,
		op_receive, op_word, fuzz_send, fuzz_pass, fuzz_time, fuzz_pass, fuzz_pass, fuzz_pass,
	};
	struct ifnet *ifp;

	model_choose(in);
	emm_attach(&m);
	if ((ifp = emm_if(&m)) != NULL) {
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
em_start_target(void)
{
	CHECK(net_init());
	emm_init(&fresh[0], 0x100e);
	emm_init(&fresh[1], 0x10d3);
	m = fresh[0];
}
FUZZ_TARGET(em, 256, em_start_target, em_run);
