/* em_model.h - an Intel 82540EM or 82574L for em(4) on the host: honest by itself, and with every part of it open to a
 * test that wants it to lie. It reads and writes the driver's rings in place.
 *
 *	emm_init(&m, 0x100e); ... emm_attach(&m);	emm_if(&m) is the interface
 *	emm_rx(&m, frame, len);		a frame comes in
 *	emm_tx(&m, &len)		the next frame that the driver has sent */
#ifndef TESTS_UNIT_EM_MODEL_H
#define TESTS_UNIT_EM_MODEL_H

#include "drivers/em.h"
#include "tests/unit/unit.h"

#define EMM_FRAME	9100
#define EMM_FRAMES	1100

struct emm {
	/* what it is: set between emm_init and emm_attach */
	uint16_t	device;
	unsigned	nmsix;
	bool		no_line;
	uint16_t	eeprom[64];	/* the last word is the sum's */
	uint32_t	ral, rah;	/* what a reset loads */

	/* how it behaves: any time */
	bool		dead;		/* all reads give ones, writes go nowhere */
	bool		no_reset, no_eeprom, no_phy, mute;
	unsigned	no_vector;	/* this MSI-X entry is not to be had; 0: all are */
	unsigned	muted;		/* bit per MSI-X vector that does not come */
	unsigned	stalled, silent;	/* bit per transmit ring; silent: sends, and does not report */
	bool		rss_lies;	/* the ring that a frame goes to is not the one that it should */

	/* state */
	uint8_t		conf[256];
	uint32_t	reg[0x6000 / 4];
	uint32_t	icr, ims;
	uint16_t	phy[32];
	bool		link;
	unsigned	speed;		/* STATUS's code */
	struct irq	*irqs[8], *intx;
	unsigned	interrupts, resets, rctl_writes, rdt_writes, tdt_writes, negotiations;
	uint8_t		chain[EM_QUEUES][EMM_FRAME];	/* a frame of which not all has come */
	unsigned	chainlen[EM_QUEUES];

	uint8_t		frames[EMM_FRAMES][EMM_FRAME];
	unsigned	lens[EMM_FRAMES], rings[EMM_FRAMES], nframes, next;
	struct pci_dev	pd;
};

extern const uint8_t emm_stale[6];	/* a station that its table has from before */

enum emm_rx { EMM_TAKEN, EMM_FILTERED, EMM_NO_ROOM };

void	emm_init(struct emm *, uint16_t device);
void	emm_eeprom_sum(struct emm *);		/* makes it right */
void	emm_attach(struct emm *);		/* offers it to the drivers */
struct ifnet *emm_if(struct emm *);		/* NULL: it did not attach */
struct em *emm_sc(struct emm *);

enum emm_rx emm_rx(struct emm *, const void *frame, unsigned len);
/* The hash that it has for a frame, and the ring that follows. */
unsigned emm_rss(const struct emm *, const uint8_t *frame, unsigned len, uint32_t *hash);
uint8_t	*emm_tx(struct emm *, unsigned *len);	/* NULL: no more */
void	emm_run_tx(struct emm *);		/* as a doorbell does */
void	emm_link(struct emm *, bool up);
void	emm_count(struct emm *, size_t off, uint32_t n);	/* a statistics register grows */

/* Lies: the next receive descriptor of ring 0 (or q) gets this word, and the driver an interrupt. False: it has given none. */
bool	emm_word(struct emm *, uint64_t word);
bool	emm_word_of(struct emm *, unsigned q, uint64_t word);
/* Such a word in the format that the driver has chosen. Status and errors: RXS_*, RXE_*. */
uint64_t emm_make(const struct emm *, unsigned len, unsigned status, unsigned errors);
void	emm_cause(struct emm *, bool rx);	/* the interrupt of the receive (or transmit) ring 0 (or q) */
void	emm_cause_of(struct emm *, unsigned q, bool rx);

#endif
