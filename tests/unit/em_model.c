/* em_model.c - the device of em_model.h: registers, rings and interrupts of [S] and [D] (drivers/em_reg.h). */
#include <stdlib.h>
#include <string.h>

#include "drivers/pci_regs.h"
#include "tests/unit/em_model.h"

#define R(m, off)	((m)->reg[(off) / 4])
#define STATS_BEGIN	EM_CRCERRS
#define STATS_END	0x04100u

static bool is_82574(const struct emm *m) { return m->device == 0x10d3; }
static bool has_msix(const struct emm *m) { return m->irqs[0] != NULL; }

/* ---- interrupts ---- */

static void
call(struct emm *m, struct irq *ir)
{
	if (ir == NULL || m->mute)
		return;
	m->interrupts++;
	ir->ir_count++;
	ir->ir_func(ir->ir_arg);
}

static void
msix_cause(struct emm *m, uint32_t cause, unsigned shift)
{
	uint32_t ivar = R(m, EM_IVAR) >> shift;

	if (!(m->icr & m->ims & cause))
		return;
	m->icr &= ~(R(m, EM_EIAC) & cause);
	if (ivar & 8)
		call(m, m->irqs[ivar & 7]);
}

/* A cause came, or was let through. The line stays asserted until nothing unmasked is left. */
static void
update(struct emm *m)
{
	if (has_msix(m)) {
		msix_cause(m, ICR_RXQ0, 0);
		msix_cause(m, ICR_TXQ0, 8);
		msix_cause(m, ICR_OTHER, 16);
		return;
	}
	for (int i = 0; i < 10 && (m->icr & m->ims) != 0 && !m->mute; i++)
		call(m, m->intx);
}

static void
cause(struct emm *m, uint32_t causes)
{
	m->icr |= causes;
	update(m);
}

void
emm_cause(struct emm *m, bool rx)
{
	if (has_msix(m))
		cause(m, rx ? ICR_RXQ0 : ICR_TXQ0);
	else
		cause(m, rx ? ICR_RXT0 : ICR_TXDW);
}

void
emm_link(struct emm *m, bool up)
{
	m->link = up;
	cause(m, ICR_LSC | (has_msix(m) ? ICR_OTHER : 0));
}

void
emm_count(struct emm *m, size_t off, uint32_t n)
{
	R(m, off) += n;
}

/* ---- receive ---- */

static struct em_desc *
ring(const struct emm *m, size_t bal)
{
	return (struct em_desc *)(uintptr_t)(R(m, bal) | (uint64_t)R(m, bal + 4) << 32);
}

static unsigned
ring_size(const struct emm *m, size_t len)
{
	CHECK(R(m, len) % 128 == 0);
	return R(m, len) / sizeof(struct em_desc);
}

static bool
passes(const struct emm *m, const uint8_t *f)
{
	static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	uint32_t rctl = R(m, EM_RCTL);
	unsigned hash = f[4] >> 4 | f[5] << 4;

	if (memcmp(f, broadcast, 6) == 0 && (rctl & RCTL_BAM))
		return true;
	if (f[0] & 1)
		return (rctl & RCTL_MPE) || (R(m, EM_MTA(hash >> 5)) >> (hash & 31) & 1);
	if (rctl & RCTL_UPE)
		return true;
	for (unsigned i = 0; i < EM_NRA; i++)
		if ((R(m, EM_RAH(i)) & RAH_AV) && R(m, EM_RAL(i)) == load32(f) && (R(m, EM_RAH(i)) & 0xffff) == load16(f + 4))
			return true;
	return false;
}

/* Descriptors that the card may fill. */
static unsigned
room(const struct emm *m)
{
	unsigned size = ring_size(m, EM_RDLEN(0));

	return (R(m, EM_RDT(0)) + size - R(m, EM_RDH(0))) % size;
}

static struct em_desc *
take(struct emm *m)
{
	struct em_desc *d = &ring(m, EM_RDBAL(0))[R(m, EM_RDH(0))];

	R(m, EM_RDH(0)) = (R(m, EM_RDH(0)) + 1) % ring_size(m, EM_RDLEN(0));
	return d;
}

enum emm_rx
emm_rx(struct emm *m, const void *frame, unsigned len)
{
	uint32_t rctl = R(m, EM_RCTL);
	unsigned bsize = rctl & RCTL_BSIZE_1024 ? 1024 : 2048;

	if (!(rctl & RCTL_EN) || !passes(m, frame))
		return EMM_FILTERED;
	CHECK(rctl & RCTL_SECRC);
	if (len > 1518 && !(rctl & RCTL_LPE)) {
		emm_count(m, EM_ROC, 1);
		return EMM_FILTERED;
	}
	if (room(m) < (len + bsize - 1) / bsize) {
		emm_count(m, EM_MPC, 1);
		return EMM_NO_ROOM;
	}
	for (unsigned off = 0, n; off < len; off += n) {
		struct em_desc *d = take(m);

		n = MIN(len - off, bsize);
		CHECK(d->addr % MCLBYTES + n <= MCLBYTES);
		memcpy((void *)(uintptr_t)d->addr, (const uint8_t *)frame + off, n);
		d->word = n | RXD_DD | (off + n == len ? RXD_EOP : 0);
	}
	emm_cause(m, true);
	return EMM_TAKEN;
}

bool
emm_word(struct emm *m, uint64_t word)
{
	if (!(R(m, EM_RCTL) & RCTL_EN) || room(m) == 0)
		return false;
	take(m)->word = word;
	emm_cause(m, true);
	return true;
}

/* ---- transmit ---- */

static void
send_desc(struct emm *m, const struct em_desc *d)
{
	unsigned len = d->word & 0xffff, at;

	CHECK(len > 0 && m->chainlen + len <= EMM_FRAME);
	CHECK(d->word & TXD_IFCS);
	memcpy(m->chain + m->chainlen, (const void *)(uintptr_t)d->addr, len);
	m->chainlen += len;
	if (!(d->word & TXD_EOP))
		return;
	at = m->nframes++ % EMM_FRAMES;
	memcpy(m->frames[at], m->chain, m->chainlen);
	m->lens[at] = m->chainlen;
	m->chainlen = 0;
}

void
emm_run_tx(struct emm *m)
{
	unsigned size = ring_size(m, EM_TDLEN(0));
	bool reported = false;

	if (m->stalled || !(R(m, EM_TCTL) & TCTL_EN))
		return;
	while (R(m, EM_TDH(0)) != R(m, EM_TDT(0))) {
		struct em_desc *d = &ring(m, EM_TDBAL(0))[R(m, EM_TDH(0))];

		CHECK(!(d->word & TXD_DD));
		send_desc(m, d);
		if ((d->word & TXD_RS) && !m->silent) {
			d->word |= TXD_DD;
			reported = true;
		}
		R(m, EM_TDH(0)) = (R(m, EM_TDH(0)) + 1) % size;
	}
	if (reported)
		emm_cause(m, false);
}

uint8_t *
emm_tx(struct emm *m, unsigned *len)
{
	unsigned at = m->next % EMM_FRAMES;

	if (m->next == m->nframes)
		return NULL;
	m->next++;
	*len = m->lens[at];
	return m->frames[at];
}

/* ---- registers ---- */

static void
reset(struct emm *m)
{
	m->resets++;
	memset(m->reg, 0, sizeof(m->reg));
	m->icr = m->ims = 0;
	m->chainlen = 0;
	R(m, EM_RAL(0)) = m->ral;
	R(m, EM_RAH(0)) = m->rah;
	R(m, EM_EECD) = EECD_AUTO_RD;
}

static void
eerd_write(struct emm *m, uint32_t v)
{
	unsigned shift = is_82574(m) ? EERD_SHIFT_82574 : EERD_SHIFT_8254X, word = (v & 0xffff) >> shift;

	CHECK(v & EERD_START);
	CHECK(word < nitems(m->eeprom));
	if (!m->no_eeprom)
		R(m, EM_EERD) = (uint32_t)m->eeprom[word] << 16 | (is_82574(m) ? EERD_DONE_82574 : EERD_DONE_8254X);
}

static void
mdic_write(struct emm *m, uint32_t v)
{
	unsigned n = v >> 16 & 31;

	CHECK((v >> 21 & 31) == 1);
	R(m, EM_MDIC) = 0;
	if (m->no_phy)
		return;
	if (v & MDIC_WRITE) {
		m->phy[n] = (uint16_t)v;
		m->negotiations += n == PHY_CONTROL && (v & PHY_RESTART);
	}
	R(m, EM_MDIC) = (v & 0xffff0000u) | m->phy[n] | MDIC_READY;
}

static uint32_t
status(const struct emm *m)
{
	uint32_t s = STATUS_FD | m->speed << 6;

	if (m->link && (R(m, EM_CTRL) & CTRL_SLU))
		s |= STATUS_LU;
	if (is_82574(m) && !(R(m, EM_CTRL) & CTRL_GIO_MASTER_DISABLE))
		s |= STATUS_GIO_MASTER;
	return s;
}

static uint64_t
emm_read(void *arg, size_t off, int width)
{
	struct emm *m = arg;
	uint32_t v;

	CHECK_EQ(width, 4);
	if (m->dead)
		return ~0u;
	if (off == EM_STATUS)
		return status(m);
	if (off == EM_ICR) {
		v = m->icr;
		m->icr = 0;
		return v;
	}
	CHECK(off < sizeof(m->reg));
	v = R(m, off);
	if (off >= STATS_BEGIN && off < STATS_END)
		R(m, off) = 0;
	return v;
}

/* What the driver may write, but for those with an effect at once. */
static bool
writable(const struct emm *m, size_t off)
{
	static const uint32_t both[] = { EM_ITR, EM_TCTL, EM_TIPG, EM_RDBAL(0), EM_RDBAH(0), EM_RDLEN(0), EM_RDH(0), EM_RDTR,
	    EM_RADV, EM_TDBAL(0), EM_TDBAH(0), EM_TDLEN(0), EM_TDH(0), EM_RXCSUM };
	static const uint32_t only_82574[] = { EM_CTRL_EXT, EM_EIAC, EM_IVAR, EM_EITR(0), EM_EITR(1), EM_EITR(2),
	    EM_TXDCTL(0) };

	for (size_t i = 0; i < nitems(both); i++)
		if (off == both[i])
			return true;
	for (size_t i = 0; i < nitems(only_82574) && is_82574(m); i++)
		if (off == only_82574[i])
			return true;
	return (off >= EM_MTA(0) && off < EM_MTA(EM_MTA_WORDS)) || (off >= EM_RAL(0) && off < EM_RAL(EM_NRA));
}

static void
ctrl_write(struct emm *m, uint32_t v)
{
	if ((v & CTRL_RST) && !m->no_reset)
		reset(m);
	else
		R(m, EM_CTRL) = v;
}

static void
emm_write(void *arg, size_t off, int width, uint64_t v64)
{
	struct emm *m = arg;
	uint32_t v = (uint32_t)v64;

	CHECK_EQ(width, 4);
	if (m->dead)
		return;
	switch (off) {
	case EM_CTRL: ctrl_write(m, v); return;
	case EM_EERD: eerd_write(m, v); return;
	case EM_MDIC: mdic_write(m, v); return;
	case EM_ICR: m->icr &= ~v; return;
	case EM_IMS: m->ims |= v; update(m); return;
	case EM_IMC: m->ims &= ~v; return;
	case EM_RCTL: m->rctl_writes++; break;
	case EM_RDT(0): m->rdt_writes++; CHECK(v < ring_size(m, EM_RDLEN(0))); break;
	case EM_TDT(0):
		CHECK(v == 0 || v < ring_size(m, EM_TDLEN(0)));
		R(m, off) = v;
		m->tdt_writes++;
		emm_run_tx(m);
		return;
	default: CHECK(writable(m, off));
	}
	R(m, off) = v;
}
static const struct reg_ops emm_reg_ops = { emm_read, emm_write };

/* ---- configuration space ---- */

static uint32_t
conf_read(void *arg, unsigned off, int width)
{
	struct emm *m = arg;
	uint32_t v = 0;

	CHECK(off + (unsigned)width <= sizeof(m->conf) && off % (unsigned)width == 0);
	memcpy(&v, m->conf + off, (size_t)width);
	return v;
}

static void
conf_write(void *arg, unsigned off, int width, uint32_t v)
{
	struct emm *m = arg;

	CHECK(off + (unsigned)width <= sizeof(m->conf));
	memcpy(m->conf + off, &v, (size_t)width);
}

static bool
conf_map(void *arg, unsigned bar, struct reg *r)
{
	if (bar != 0)
		return false;
	*r = (struct reg){ .rg_size = EM_REGS, .rg_ops = &emm_reg_ops, .rg_arg = arg };
	return true;
}

static bool
conf_irq(void *arg, unsigned entry, struct irq *ir)
{
	struct emm *m = arg;

	if (entry == ~0u) {
		if (m->no_line)
			return false;
		m->intx = ir;
	} else
		m->irqs[entry] = ir;
	return true;
}

static unsigned
conf_nmsix(void *arg)
{
	return ((struct emm *)arg)->nmsix;
}
static const struct pci_conf_ops emm_conf_ops = { conf_read, conf_write, conf_map, conf_irq, conf_nmsix };

void
emm_eeprom_sum(struct emm *m)
{
	uint16_t sum = 0;

	for (unsigned i = 0; i < 63; i++)
		sum = (uint16_t)(sum + m->eeprom[i]);
	m->eeprom[63] = (uint16_t)(EM_EEPROM_SUM - sum);
}

void
emm_init(struct emm *m, uint16_t device)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0, 0, 0x0a };

	memset(m, 0, sizeof(*m));
	m->device = device;
	m->nmsix = is_82574(m) ? 5 : 0;
	m->link = true;
	m->speed = 2;
	m->phy[PHY_CONTROL] = PHY_AUTONEG;
	for (unsigned i = 0; i < 3; i++)
		m->eeprom[i] = load16(mac + 2 * i);
	m->eeprom[20] = 0x1234;
	emm_eeprom_sum(m);
	m->ral = load32(mac);
	m->rah = load16(mac + 4) | RAH_AV;
}

void
emm_attach(struct emm *m)
{
	static uint8_t slot = 3;

	memset(m->conf, 0, sizeof(m->conf));
	store16(m->conf + PCI_ID, 0x8086);
	store16(m->conf + PCI_ID + 2, m->device);
	m->conf[PCI_CLASS] = 3;
	m->conf[PCI_CLASS + 3] = 2;
	m->conf[PCI_INTLINE] = 11;
	m->conf[PCI_INTLINE + 1] = 1;
	if (m->nmsix > 0) {
		store16(m->conf + PCI_STATUS, PCI_STATUS_CAPS);
		m->conf[PCI_CAPPTR] = 0x40;
		m->conf[0x40] = PCI_CAP_MSIX;
	}
	reset(m);
	m->pd = (struct pci_dev){ .pd_dev = slot++, .pd_ops = &emm_conf_ops, .pd_arg = m };
	pci_attach_dev(&m->pd);
}

struct ifnet *
emm_if(struct emm *m)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_ops == &em_ops && ((struct em *)ifp->if_softc)->sc_pd == &m->pd)
			return ifp;
	return NULL;
}

struct em *
emm_sc(struct emm *m)
{
	struct ifnet *ifp = emm_if(m);

	CHECK(ifp != NULL);
	return ifp->if_softc;
}
