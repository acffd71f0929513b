/* pf_delay.h - set delay (pf.conf(5)): packets of a rule and of its states wait before they leave.
 *
 * A packet that passes says so (M_PF_DELAY, m_delay), and waits when all has been tested and its next hop is known, on the core that is to send it;
 * then it goes on there, if that next hop is still there. It is not tested again. Those of a delay stay in their order. What is about a link does not
 * wait. */
#ifndef NET_PF_PF_DELAY_H
#define NET_PF_PF_DELAY_H

#include "net/core/mbuf.h"

/* Takes the packet, which has M_PF_DELAY and m_nh. `limit`: so many may wait, on all cores; never more than a quarter of a core's mbufs on that. Any
 * core. */
void	pf_delay(struct mbuf *, uint32_t limit);
/* Packets whose time has come; m_tag is their next hop's number. Takes them. pf_output.c. */
void	pf_output_delayed(struct batch *);

#endif
