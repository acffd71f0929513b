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
	bool		no_reset, no_eeprom, no_phy, mute, stalled, silent;	/* silent: sends, and does not report */

	/* state */
	uint8_t		conf[256];
	uint32_t	reg[0x6000 / 4];
	uint32_t	icr, ims;
	uint16_t	phy[32];
	bool		link;
	unsigned	speed;		/* STATUS's code */
	struct irq	*irqs[8], *intx;
	unsigned	interrupts, resets, rctl_writes, rdt_writes, tdt_writes, negotiations;
	uint8_t		chain[EMM_FRAME];	/* a frame of which not all has come */
	unsigned	chainlen;

	uint8_t		frames[EMM_FRAMES][EMM_FRAME];
	unsigned	lens[EMM_FRAMES], nframes, next;
	struct pci_dev	pd;
};

enum emm_rx { EMM_TAKEN, EMM_FILTERED, EMM_NO_ROOM };

void	emm_init(struct emm *, uint16_t device);
void	emm_eeprom_sum(struct emm *);		/* makes it right */
void	emm_attach(struct emm *);		/* offers it to the drivers */
struct ifnet *emm_if(struct emm *);		/* NULL: it did not attach */
struct em *emm_sc(struct emm *);

enum emm_rx emm_rx(struct emm *, const void *frame, unsigned len);
uint8_t	*emm_tx(struct emm *, unsigned *len);	/* NULL: no more */
void	emm_run_tx(struct emm *);		/* as a doorbell does */
void	emm_link(struct emm *, bool up);
void	emm_count(struct emm *, size_t off, uint32_t n);	/* a statistics register grows */

/* Lies: the next receive descriptor gets this word, and the driver an interrupt. False: it has given none. */
bool	emm_word(struct emm *, uint64_t word);
void	emm_cause(struct emm *, bool rx);	/* the interrupt of the receive (or transmit) ring */

#endif
