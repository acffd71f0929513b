/* pf.h - the packet filter as the stack meets it: where packets are tested. pf(4), pf.conf(5).
 *
 * A packet is tested on the core that its flow's states are on (pf_home: where steering brings it); one that comes up elsewhere goes there, and on
 * from there. What has been tested inwards is not tested so again when it goes to core 0 (M_PF_IN); what must not be tested any more outwards
 * says so (M_PF_OUT). */
#ifndef NET_PF_PF_H
#define NET_PF_PF_H

#include "net/core/if.h"
#include "net/core/mbuf.h"

/* Packets are tested. A flow may take no way past the tests while it is true. Core 0 writes. */
extern bool pf_enabled;

/* ---- each family's IP calls them when pf_enabled; they take what does not pass ---- */

/* Inwards: headers have been checked; m_data at the IP header. What passes stays in the batch (b_n may become 0). Any core. */
void	pf_input(unsigned af, struct ifnet *, struct batch *);
/* Outwards: m_nh set, the header complete. What passes stays in the batch. Any core. */
void	pf_output(unsigned af, struct batch *);
/* The same for one packet that is going to be cut into fragments, which then pass untested. What goes on, maybe another mbuf; NULL: it is
 * gone, and is cut where it goes on when it needs to be. */
struct mbuf *pf_output_whole(unsigned af, struct mbuf *);
/* The same for what is sent on a link without a next hop: to groups, neighbour discovery. Core 0. As above. */
struct mbuf *pf_output_link(unsigned af, struct ifnet *, struct mbuf *);

#endif
