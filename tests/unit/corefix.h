/* corefix.h - several cores with their mbufs and rings for unit tests, and packets of the test's own that the books know.
 *
 *	cores_start();
 *	host_core(1);
 *	handoff_packet(2, ..., packet(7));
 *	host_pass(1);				core by core, as the test wants it
 *	cores_end();				all that was made has ended, the books balance, no pool keeps anything */
#ifndef TESTS_UNIT_COREFIX_H
#define TESTS_UNIT_COREFIX_H

#include "net/core/if.h"
#include "tests/unit/netfix.h"

void	cores_start(void);
void	cores_end(void);
/* Of this core, with a number (m_flowid), `len` bytes that follow from it; counted as created. */
struct mbuf *packet(uint32_t number, uint32_t len);
struct mbuf *packet_clone(struct mbuf *);
/* It is what packet() has made; then it is freed, counted as consumed. */
void	packet_done(struct mbuf *, uint32_t number);

#endif
