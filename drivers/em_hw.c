/* em_hw.c - em(4)'s hardware: reset, EEPROM, PHY and link, interrupts, rings. */
#include <string.h>

#include "drivers/em.h"

#define GONE		0xffffffffu
#define RESET_US	10000u		/* far more than each takes */
#define EERD_US		1000u
#define MDIC_US		1000u		/* [S] MDIC: 64 us */
#define INTR_GAP	78u		/* in 256 ns: 20 us */

static bool
reset_failed(struct em *sc)
{
	pci_disable(sc->sc_pd);
	return false;
}

/* [D] CTRL: no request of its is under way on PCI Express when it is reset. */
static void
reset_master(struct em *sc)
{
	em_write(sc, EM_CTRL, em_read(sc, EM_CTRL) | CTRL_GIO_MASTER_DISABLE);
	reg_wait32(&sc->sc_regs, EM_STATUS, STATUS_GIO_MASTER, 0, RESET_US);
}

bool
em_reset(struct em *sc)
{
	uint32_t rctl = sc->sc_rctl;

	sc->sc_rctl = 0;
	em_write(sc, EM_IMC, ~0u);
	if (em_read(sc, EM_STATUS) == GONE)
		return reset_failed(sc);
	if (rctl != 0)
		em_write(sc, EM_RCTL, 0);
	em_write(sc, EM_TCTL, 0);
	if (sc->sc_model->em_82574)
		reset_master(sc);
	em_write(sc, EM_CTRL, em_read(sc, EM_CTRL) | CTRL_RST);
	/* [D] chapter 4: a millisecond before it may be asked. [S] chapter 14: the EEPROM's presets load meanwhile. */
	delay_us(sc->sc_model->em_82574 ? 1000 : 2000);
	if (!reg_wait32(&sc->sc_regs, EM_CTRL, CTRL_RST, 0, RESET_US))
		return reset_failed(sc);
	if (sc->sc_model->em_82574)
		reg_wait32(&sc->sc_regs, EM_EECD, EECD_AUTO_RD, EECD_AUTO_RD, RESET_US);
	em_write(sc, EM_IMC, ~0u);
	em_read(sc, EM_ICR);
	pci_enable(sc->sc_pd);
	return true;
}

/* ---- EEPROM ---- */

static bool
eeprom_read(struct em *sc, unsigned word, uint16_t *v)
{
	bool e = sc->sc_model->em_82574;
	uint32_t done = e ? EERD_DONE_82574 : EERD_DONE_8254X;

	em_write(sc, EM_EERD, EERD_START | word << (e ? EERD_SHIFT_82574 : EERD_SHIFT_8254X));
	if (!reg_wait32(&sc->sc_regs, EM_EERD, done, done, EERD_US))
		return false;
	*v = EERD_DATA(em_read(sc, EM_EERD));
	return true;
}

/* [S] chapter 5, [D] chapter 6: the address is in its first three words, when the sum is right. */
static bool
eeprom_mac(struct em *sc, uint8_t *mac)
{
	uint16_t sum = 0, v;

	for (unsigned i = 0; i < EM_EEPROM_WORDS; i++) {
		if (!eeprom_read(sc, i, &v))
			return false;
		sum = (uint16_t)(sum + v);
		if (i < 3)
			store16(mac + 2 * i, v);
	}
	return sum == EM_EEPROM_SUM;
}

/* The reset has loaded it there, or the firmware has. */
static bool
register_mac(struct em *sc, uint8_t *mac)
{
	uint32_t lo = em_read(sc, EM_RAL(0)), hi = em_read(sc, EM_RAH(0));

	store32(mac, lo);
	store16(mac + 4, (uint16_t)hi);
	return hi & RAH_AV;
}

bool
em_read_mac(struct em *sc, uint8_t *mac)
{
	static const uint8_t none[6];

	if (!eeprom_mac(sc, mac) && !register_mac(sc, mac))
		return false;
	return !(mac[0] & 1) && memcmp(mac, none, 6) != 0;
}

/* ---- PHY and link ---- */

static bool
phy_op(struct em *sc, uint32_t op, uint32_t *v)
{
	em_write(sc, EM_MDIC, op | MDIC_PHY1);
	if (!reg_wait32(&sc->sc_regs, EM_MDIC, MDIC_READY, MDIC_READY, MDIC_US))
		return false;
	*v = em_read(sc, EM_MDIC);
	return !(*v & MDIC_ERROR);
}

/* The firmware may have left it asleep, or at a fixed speed. A new negotiation takes seconds: only if need be. */
static void
phy_setup(struct em *sc)
{
	uint32_t v, want;

	if (!phy_op(sc, MDIC_READ | MDIC_REG(PHY_CONTROL), &v))
		return;
	v &= 0xffff;
	want = (v & ~(uint32_t)(PHY_POWER_DOWN | PHY_ISOLATE)) | PHY_AUTONEG;
	if (want != v)
		phy_op(sc, MDIC_WRITE | MDIC_REG(PHY_CONTROL) | want | PHY_RESTART, &v);
}

void
em_link_setup(struct em *sc)
{
	uint32_t ctrl = em_read(sc, EM_CTRL);

	ctrl &= ~(CTRL_LRST | CTRL_ILOS | CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_RFCE | CTRL_TFCE | CTRL_VME |
	    CTRL_GIO_MASTER_DISABLE);
	em_write(sc, EM_CTRL, ctrl | CTRL_SLU | CTRL_ASDE);
	phy_setup(sc);
}

/* ---- interrupts and rings ---- */

void
em_intr_gap(struct em_queue *eq, bool gap)
{
	eq->eq_gap = gap;
	reg_write32(&eq->eq_regs, eq->eq_sc->sc_msix ? EM_EITR(eq->eq_idx + 1) : EM_ITR, gap ? INTR_GAP : 0);
}

void
em_intr_setup(struct em *sc)
{
	uint32_t ivar = IVAR_OTHER(0), eiac = 0;

	if (sc->sc_model->em_82574)
		em_write(sc, EM_CTRL_EXT, em_read(sc, EM_CTRL_EXT) | CTRL_EXT_DRV_LOAD |
		    (sc->sc_msix ? CTRL_EXT_PBA_CLR : 0));
	for (unsigned i = 0; i < sc->sc_nqueues; i++)
		em_intr_gap(&sc->sc_queues[i], false);
	if (!sc->sc_msix)
		return;
	for (unsigned i = 0; i < sc->sc_nqueues; i++) {
		ivar |= IVAR_RXQ(i, i + 1) | IVAR_TXQ(i, i + 1);
		eiac |= sc->sc_queues[i].eq_rxcauses | sc->sc_queues[i].eq_txcauses;
	}
	em_write(sc, EM_IVAR, ivar);
	em_write(sc, EM_EIAC, eiac);
}

static void
ring_setup(struct em *sc, unsigned q)
{
	struct em_queue *eq = &sc->sc_queues[q];
	uint64_t rx = dma_addr(eq->eq_rx), tx = dma_addr(eq->eq_tx);

	memset(eq->eq_rx, 0, EM_RING * sizeof(struct em_desc));
	memset(eq->eq_tx, 0, EM_RING * sizeof(struct em_desc));
	em_write(sc, EM_RDBAL(q), (uint32_t)rx);
	em_write(sc, EM_RDBAH(q), (uint32_t)(rx >> 32));
	em_write(sc, EM_RDLEN(q), EM_RING * sizeof(struct em_desc));
	em_write(sc, EM_RDH(q), 0);
	em_write(sc, EM_RDT(q), 0);
	em_write(sc, EM_TDBAL(q), (uint32_t)tx);
	em_write(sc, EM_TDBAH(q), (uint32_t)(tx >> 32));
	em_write(sc, EM_TDLEN(q), EM_RING * sizeof(struct em_desc));
	em_write(sc, EM_TDH(q), 0);
	em_write(sc, EM_TDT(q), 0);
	if (!sc->sc_model->em_82574)
		return;
	em_write(sc, EM_TXDCTL(q), TXDCTL_82574);
	em_write(sc, EM_TARC(q), em_read(sc, EM_TARC(q)) | TARC_ENABLE);
}

/* [D] RFCTL, RXCSUM: several rings need extended descriptors and, in the place of the sum over the frame, the hash. */
static void
receive_setup(struct em *sc)
{
	uint32_t csum = RXCSUM_IPOFLD | RXCSUM_TUOFLD;

	em_write(sc, EM_RDTR, 0);
	em_write(sc, EM_RADV, 0);
	em_write(sc, EM_RXCSUM, sc->sc_model->em_82574 ? csum | RXCSUM_PCSD : csum);
	if (!sc->sc_model->em_82574)
		return;
	em_write(sc, EM_RFCTL, RFCTL_EXSTEN | RFCTL_IPV6_EX_DIS);
	em_rss_setup(sc);
}

void
em_rings_setup(struct em *sc)
{
	for (unsigned q = 0; q < sc->sc_nqueues; q++)
		ring_setup(sc, q);
	receive_setup(sc);
	for (unsigned i = 1; i < EM_NRA; i++)
		em_write(sc, EM_RAH(i), 0);
	if (!sc->sc_model->em_82574)		/* there the reset presets it */
		em_write(sc, EM_TIPG, TIPG_8254X);
	/* [S] chapter 14: 64 bytes for full duplex, and for half duplex below 1000 Mbit/s. */
	em_write(sc, EM_TCTL, (em_read(sc, EM_TCTL) & TCTL_PRESET) | TCTL_EN | TCTL_PSP | TCTL_CT(15) | TCTL_COLD(64));
}
