/* em_rss.c - receive side scaling of the 82574: which of its two rings a frame goes to. [D] 7.1.11: MRQC, RSSRK, RETA.
 *
 * The key repeats 16 bits, so that source and destination may change places without changing the hash: both directions of a flow come to
 * one ring. The card hashes UDP by addresses alone, and IPv4's fragments too. What is not IP goes to ring 0. */
#include "drivers/em.h"

#define KEY	0x5a6d5a6du		/* bytes 6d 5a, over and over */
#define RING1	0x80u

void
em_rss_setup(struct em *sc)
{
	if (sc->sc_nqueues == 1) {
		em_write(sc, EM_MRQC, 0);
		return;
	}
	for (unsigned i = 0; i < EM_RSSRK_WORDS; i++)
		em_write(sc, EM_RSSRK(i), KEY);
	for (unsigned i = 0; i < EM_RETA_WORDS; i++)
		em_write(sc, EM_RETA(i), RING1 << 8 | RING1 << 24);
	em_write(sc, EM_MRQC, MRQC_RSS | MRQC_TCPIPV4 | MRQC_IPV4 | MRQC_TCPIPV6 | MRQC_IPV6);
}
