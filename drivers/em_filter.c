/* em_filter.c - what em(4) lets in: receive control, addresses, groups. [S] and [D]: RCTL, MTA, RAL. */
#include "drivers/em.h"

/* Bits 47 to 36 of the address (RCTL.MO 0), of which the last byte is the highest. */
static unsigned
mta_bit(const uint8_t *a)
{
	return a[4] >> 4 | (unsigned)a[5] << 4;
}

static void
filter_groups(struct em *sc)
{
	uint32_t mta[EM_MTA_WORDS] = { 0 };

	for (const struct ifmulti *ifm = sc->sc_if.if_multi; ifm != NULL; ifm = ifm->ifm_next) {
		unsigned bit = mta_bit(ifm->ifm_lladdr);

		mta[bit / 32] |= 1u << bit % 32;
	}
	for (unsigned i = 0; i < EM_MTA_WORDS; i++)
		em_write(sc, EM_MTA(i), mta[i]);
}

void
em_station(struct em *sc, const uint8_t *mac)
{
	em_write(sc, EM_RAL(0), load32(mac));
	em_write(sc, EM_RAH(0), load16(mac + 4) | RAH_AV);
}

/* QEMU's 82540EM receives nothing for a second after each write of RCTL. */
static void
filter_rctl(struct em *sc, uint32_t rctl)
{
	if (rctl == sc->sc_rctl)
		return;
	sc->sc_rctl = rctl;
	em_write(sc, EM_RCTL, rctl);
}

void
em_rxfilter(struct ifnet *ifp)
{
	struct em *sc = ifp->if_softc;
	uint32_t rctl = RCTL_EN | RCTL_BAM | RCTL_SECRC;

	if (!sc->sc_alive)
		return;
	if (ifp->if_flags & IFF_PROMISC)
		rctl |= RCTL_UPE | RCTL_MPE;
	if (ifp->if_flags & IFF_ALLMULTI)
		rctl |= RCTL_MPE;
	/* Without LPE no frame has more than 1522 bytes, so that each fits into what an mbuf has behind its headroom; with
	 * it the card fills a whole buffer, and must be told a size that is there. */
	rctl |= sc->sc_jumbo ? RCTL_LPE | RCTL_BSIZE_1024 : RCTL_BSIZE_2048;
	filter_groups(sc);
	filter_rctl(sc, rctl);
}
