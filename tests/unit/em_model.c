/* em_model.c - the device of em_model.h: registers, rings and interrupts of [S] and [D] (drivers/em_reg.h). */
#include <stdlib.h>
#include <string.h>

#include "drivers/pci_regs.h"
#include "kernel/endian.h"
#include "tests/unit/em_model.h"

#define R(m, off)	((m)->reg[(off) / 4])
#define STATS_BEGIN	EM_CRCERRS
#define STATS_END	0x04100u
#define RXS_IPCS	0x40u		/* IPv4's header was verified */

const uint8_t emm_stale[6] = { 2, 9, 9, 9, 9, 9 };

static bool is_82574(const struct emm *m) { return m->device == 0x10d3; }
static bool has_msix(const struct emm *m) { return m->irqs[0] != NULL; }

/* ---- interrupts ---- */

static void
call(struct emm *m, struct irq *ir, unsigned vector)
{
	if (ir == NULL || m->mute || (m->muted & 1u << vector))
		return;
	m->interrupts++;
	host_irq(ir);
}

static void
msix_cause(struct emm *m, uint32_t cause, unsigned shift)
{
	uint32_t ivar = R(m, EM_IVAR) >> shift;

	if (!(m->icr & m->ims & cause))
		return;
	m->icr &= ~(R(m, EM_EIAC) & cause);
	if (ivar & 8)
		call(m, m->irqs[ivar & 7], ivar & 7);
}

/* A cause came, or was let through. The line stays asserted until nothing unmasked is left. */
static void
update(struct emm *m)
{
	if (has_msix(m)) {
		for (unsigned q = 0; q < EM_QUEUES; q++) {
			msix_cause(m, ICR_RXQ0 << q, 4 * q);
			msix_cause(m, ICR_TXQ0 << q, 8 + 4 * q);
		}
		msix_cause(m, ICR_OTHER, 16);
		return;
	}
	for (int i = 0; i < 10 && (m->icr & m->ims) != 0 && !m->mute; i++)
		call(m, m->intx, 0);
}

static void
cause(struct emm *m, uint32_t causes)
{
	m->icr |= causes;
	update(m);
}

void
emm_cause_of(struct emm *m, unsigned q, bool rx)
{
	if (has_msix(m))
		cause(m, (rx ? ICR_RXQ0 : ICR_TXQ0) << q);
	else
		cause(m, rx ? ICR_RXT0 : ICR_TXDW);
}

void
emm_cause(struct emm *m, bool rx)
{
	emm_cause_of(m, 0, rx);
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
room(const struct emm *m, unsigned q)
{
	unsigned size = ring_size(m, EM_RDLEN(q));

	return size == 0 ? 0 : (R(m, EM_RDT(q)) + size - R(m, EM_RDH(q))) % size;
}

static struct em_desc *
take(struct emm *m, unsigned q)
{
	struct em_desc *d = &ring(m, EM_RDBAL(q))[R(m, EM_RDH(q))];

	R(m, EM_RDH(q)) = (R(m, EM_RDH(q)) + 1) % ring_size(m, EM_RDLEN(q));
	return d;
}

/* ---- receive side scaling and checksums ---- */

/* The Toeplitz hash: the 32 bits of the key behind each bit of the input that is set. */
static uint32_t
toeplitz(const struct emm *m, const uint8_t *in, unsigned n)
{
	uint8_t key[4 * EM_RSSRK_WORDS];
	uint32_t hash = 0;

	for (unsigned i = 0; i < EM_RSSRK_WORDS; i++)
		store32(key + 4 * i, R(m, EM_RSSRK(i)));
	for (unsigned i = 0; i < 8 * n; i++)
		for (unsigned k = 0; k < 32 && (in[i / 8] & 0x80 >> i % 8); k++)
			if (key[(i + k) / 8] & 0x80 >> (i + k) % 8)
				hash ^= 0x80000000u >> k;
	return hash;
}

/* The bytes that are hashed, in their order; 0: none. */
static unsigned
rss_input(const struct emm *m, const uint8_t *f, unsigned len, uint8_t *in)
{
	uint32_t mrqc = R(m, EM_MRQC);
	const uint8_t *ip = f + 14, *l4;
	unsigned n = 0, proto;

	if (len >= 34 && load16(f + 12) == BE16(0x0800)) {
		proto = (load16(ip + 6) & BE16(0x3fff)) ? 0 : ip[9];
		l4 = ip + (ip[0] & 15) * 4;
		n = 8;
		memcpy(in, ip + 12, n);
		mrqc = (mrqc & MRQC_TCPIPV4 ? 1 : 0) | (mrqc & MRQC_IPV4 ? 2 : 0);
	} else if (len >= 54 && load16(f + 12) == BE16(0x86dd)) {
		proto = ip[6];
		l4 = ip + 40;
		n = 32;
		memcpy(in, ip + 8, n);
		mrqc = (mrqc & MRQC_TCPIPV6 ? 1 : 0) | (mrqc & MRQC_IPV6 ? 2 : 0);
	} else
		return 0;
	if (proto == 6 && (mrqc & 1) && l4 + 4 <= f + len) {
		memcpy(in + n, l4, 4);
		return n + 4;
	}
	return mrqc & 2 ? n : 0;
}

unsigned
emm_rss(const struct emm *m, const uint8_t *f, unsigned len, uint32_t *hash)
{
	uint8_t in[36], entry;
	unsigned n;

	*hash = 0;
	if (!(R(m, EM_MRQC) & MRQC_RSS) || (n = rss_input(m, f, len, in)) == 0)
		return 0;
	/* What the data sheet asks for when there are several rings. */
	CHECK(is_82574(m) && (R(m, EM_RFCTL) & RFCTL_EXSTEN) && (R(m, EM_RXCSUM) & RXCSUM_PCSD));
	*hash = toeplitz(m, in, n);
	entry = (uint8_t)(R(m, EM_RETA(*hash % 128 / 4)) >> *hash % 4 * 8);
	return entry >> 7;
}

static uint32_t
sum16(const uint8_t *p, unsigned n, uint32_t sum)
{
	for (unsigned i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static bool
sum_good(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Of IPv4 with TCP or UDP; else nothing is verified. */
static void
checksums(const struct emm *m, const uint8_t *f, unsigned len, unsigned *status, unsigned *errors)
{
	const uint8_t *ip = f + 14;
	unsigned hlen = (f[14] & 15) * 4u, total;

	*errors = 0;
	*status = is_82574(m) ? 0 : RXS_IXSM;
	if (len < 34 || load16(f + 12) != BE16(0x0800) || !(R(m, EM_RXCSUM) & RXCSUM_IPOFLD))
		return;
	total = (unsigned)ip[2] << 8 | ip[3];
	if (hlen < 20 || total < hlen || total > len - 14)
		return;
	*status = RXS_IPCS;
	*errors = sum_good(sum16(ip, hlen, 0)) ? 0 : RXE_IP;
	if (!(R(m, EM_RXCSUM) & RXCSUM_TUOFLD) || (load16(ip + 6) & BE16(0x3fff)) || (ip[9] != 6 && ip[9] != 17))
		return;
	if (ip[9] == 17 && load16(ip + hlen + 6) == 0)
		return;
	*status |= RXS_L4CS;
	if (!sum_good(sum16(ip + hlen, total - hlen, sum16(ip + 12, 8, ip[9] + total - hlen))))
		*errors |= RXE_L4;
}

uint64_t
emm_make(const struct emm *m, unsigned len, unsigned status, unsigned errors)
{
	if (R(m, EM_RFCTL) & RFCTL_EXSTEN)
		return (uint64_t)len << 32 | (uint64_t)errors << 24 | status;
	return (uint64_t)errors << 40 | (uint64_t)status << 32 | len;
}

enum emm_rx
emm_rx(struct emm *m, const void *frame, unsigned len)
{
	uint32_t rctl = R(m, EM_RCTL);
	unsigned bsize = rctl & RCTL_BSIZE_1024 ? 1024 : 2048, q, status, errors;
	uint32_t hash;

	if (!(rctl & RCTL_EN) || !passes(m, frame))
		return EMM_FILTERED;
	CHECK(rctl & RCTL_SECRC);
	if (len > 1518 && !(rctl & RCTL_LPE)) {
		emm_count(m, EM_ROC, 1);
		return EMM_FILTERED;
	}
	q = emm_rss(m, frame, len, &hash) ^ (m->rss_lies && R(m, EM_RDLEN(1)) != 0);
	if (room(m, q) < (len + bsize - 1) / bsize) {
		emm_count(m, EM_MPC, 1);
		return EMM_NO_ROOM;
	}
	checksums(m, frame, len, &status, &errors);
	for (unsigned off = 0, n; off < len; off += n) {
		struct em_desc *d = take(m, q);

		n = MIN(len - off, bsize);
		CHECK(d->addr % MCLBYTES + n <= MCLBYTES);
		memcpy((void *)(uintptr_t)d->addr, (const uint8_t *)frame + off, n);
		if (off + n < len)
			d->word = emm_make(m, n, RXS_DD, 0);
		else
			d->word = emm_make(m, n, RXS_DD | RXS_EOP | status, errors);
		if (R(m, EM_RFCTL) & RFCTL_EXSTEN)
			d->addr = (uint64_t)hash << 32 | q << 8;
	}
	emm_cause_of(m, q, true);
	return EMM_TAKEN;
}

bool
emm_word_of(struct emm *m, unsigned q, uint64_t word)
{
	if (!(R(m, EM_RCTL) & RCTL_EN) || room(m, q) == 0)
		return false;
	take(m, q)->word = word;
	emm_cause_of(m, q, true);
	return true;
}

bool
emm_word(struct emm *m, uint64_t word)
{
	return emm_word_of(m, 0, word);
}

/* ---- transmit ---- */

static void
send_desc(struct emm *m, unsigned q, const struct em_desc *d)
{
	unsigned len = d->word & 0xffff, at;

	CHECK(len > 0 && m->chainlen[q] + len <= EMM_FRAME);
	CHECK(d->word & TXD_IFCS);
	memcpy(m->chain[q] + m->chainlen[q], (const void *)(uintptr_t)d->addr, len);
	m->chainlen[q] += len;
	if (!(d->word & TXD_EOP))
		return;
	at = m->nframes++ % EMM_FRAMES;
	memcpy(m->frames[at], m->chain[q], m->chainlen[q]);
	m->lens[at] = m->chainlen[q];
	m->rings[at] = q;
	m->chainlen[q] = 0;
}

static void
run_ring(struct emm *m, unsigned q)
{
	unsigned size = ring_size(m, EM_TDLEN(q));
	bool reported = false;

	while (R(m, EM_TDH(q)) != R(m, EM_TDT(q))) {
		struct em_desc *d = &ring(m, EM_TDBAL(q))[R(m, EM_TDH(q))];

		CHECK(!(d->word & TXD_DD));
		send_desc(m, q, d);
		if ((d->word & TXD_RS) && !(m->silent & 1u << q)) {
			d->word |= TXD_DD;
			reported = true;
		}
		R(m, EM_TDH(q)) = (R(m, EM_TDH(q)) + 1) % size;
	}
	if (reported)
		emm_cause_of(m, q, false);
}

void
emm_run_tx(struct emm *m)
{
	for (unsigned q = 0; q < EM_QUEUES; q++)
		if (!(m->stalled & 1u << q) && (R(m, EM_TCTL) & TCTL_EN) && (!is_82574(m) || (R(m, EM_TARC(q)) & TARC_ENABLE)))
			run_ring(m, q);
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
	memset(m->chainlen, 0, sizeof(m->chainlen));
	R(m, EM_RAL(0)) = m->ral;
	R(m, EM_RAH(0)) = m->rah;
	R(m, EM_RAL(7)) = load32(emm_stale);	/* a reset need not clear the others: [S] RAL */
	R(m, EM_RAH(7)) = load16(emm_stale + 4) | RAH_AV;
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

static bool
among(size_t off, const uint32_t *offs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (off == offs[i])
			return true;
	return false;
}

/* What the driver may write, but for those with an effect at once. */
static bool
writable(const struct emm *m, size_t off)
{
	static const uint32_t both[] = { EM_ITR, EM_TCTL, EM_TIPG, EM_RDTR, EM_RADV, EM_RXCSUM };
	static const uint32_t only_82574[] = { EM_CTRL_EXT, EM_EIAC, EM_IVAR, EM_EITR(0), EM_EITR(1), EM_EITR(2), EM_RFCTL, EM_MRQC };
	static const uint32_t rings[] = { EM_RDBAL(0), EM_RDBAH(0), EM_RDLEN(0), EM_RDH(0), EM_TDBAL(0), EM_TDBAH(0), EM_TDLEN(0),
	    EM_TDH(0) };
	static const uint32_t rings_82574[] = { EM_TXDCTL(0), EM_TARC(0) };

	if (among(off, both, nitems(both)) || among(off, rings, nitems(rings)) ||
	    (off >= EM_MTA(0) && off < EM_MTA(EM_MTA_WORDS)) || (off >= EM_RAL(0) && off < EM_RAL(EM_NRA)))
		return true;
	if (!is_82574(m))
		return false;
	return among(off, only_82574, nitems(only_82574)) || among(off, rings_82574, nitems(rings_82574)) ||
	    among(off - 0x100, rings, nitems(rings)) || among(off - 0x100, rings_82574, nitems(rings_82574)) ||
	    (off >= EM_RETA(0) && off < EM_RETA(EM_RETA_WORDS)) || (off >= EM_RSSRK(0) && off < EM_RSSRK(EM_RSSRK_WORDS));
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
	case EM_RDT(0): case EM_RDT(1):
		m->rdt_writes++;
		CHECK(v < ring_size(m, off - EM_RDT(0) + EM_RDLEN(0)));
		break;
	case EM_TDT(0): case EM_TDT(1):
		CHECK(v == 0 || v < ring_size(m, off - EM_TDT(0) + EM_TDLEN(0)));
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
	} else {
		if (entry != 0 && entry == m->no_vector)
			return false;
		m->irqs[entry] = ir;
	}
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
