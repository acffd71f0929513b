/* pf_test_var.h - what the ways in (pf_test.c) and out (pf_output.c) share. Any core. */
#ifndef NET_PF_PF_TEST_VAR_H
#define NET_PF_PF_TEST_VAR_H

#include "kernel/machine.h"
#include "net/pf/pf_state.h"

/* What becomes of a packet: it goes on; goes on along its m_route; is gone, counted; is another core's: *away */
enum pf_found { FOUND_PASS, FOUND_ROUTED, FOUND_GONE, FOUND_AWAY };
/* The packet, which has been described, by its state, else by the rules; it may be another mbuf (pd_m) afterwards. *away is set with FOUND_AWAY: a
 * core, or PF_AWAY_ASK. */
enum pf_found pf_test_packet(const struct pf_ruleset *, struct pf_pdesc *, unsigned *away);
/* Before a batch's packets: the time is set, and the rules as of now. */
const struct pf_ruleset *pf_test_begin(const struct batch *);

/* To its core; one that has been sent on by a note has come home. True: it is to go to *home. */
static inline bool
pf_goes_home(struct mbuf *m, struct pf_pdesc *pd, unsigned *home)
{
	if (ncores == 1)
		return false;
	pd->pd_asked = m->m_flags & M_PF_ASKED;
	m->m_flags &= (uint16_t)~M_PF_ASKED;
	if (unlikely(m->m_flags & M_PF_HOME)) {
		m->m_flags &= (uint16_t)~M_PF_HOME;
		pd->pd_sent = true;
		return false;
	}
	return (*home = pf_home(pd)) != core_id();
}

#endif
