/* pf_route.h - route-to, reply-to, dup-to (pf.conf(5), Routing): packets that leave by another next hop than their destination's.
 *
 * On the way in such a packet is forwarded along the next hop's route in place of its own: its time to live, the length of the way and what is
 * tested on the way out are as for any other. On the way out it leaves where the next hop is, and is not tested there again. What is sent twice is
 * neither tested nor answered. What is about a link (groups, addresses of link scope) stays there. */
#ifndef NET_PF_PF_ROUTE_H
#define NET_PF_PF_ROUTE_H

#include "net/pf/pf_state.h"

struct rtentry;

/* The next hop that the rule (r_rt) says for the packet; of link scope with its zone. False: there is none. */
bool	pf_route_gateway(const struct pf_krule *, const struct pf_pdesc *, struct in6_addr *);
/* What `rt` means for the packet, which goes the way of the first one of its state (forth) or back: sent twice here and now; true: it has m_route, and
 * pf_route_in() or pf_route_out() is due when it has been tested. */
bool	pf_route_apply(const struct pf_pdesc *, unsigned rt, const struct in6_addr *gateway, bool forth);
/* Packets that get another destination on their way out go along its route, when no rule says their next hop. True: the packet, which is of the
 * state, is such a one, and for the two functions `rt` is PF_RT_ROUTETO, forth, and *to the gateway. */
bool	pf_route_redirects(const struct pf_state *, const struct pf_pdesc *, struct in6_addr *to);
/* Before a packet is translated that is going to have m_route on the way out: that way takes it. False: it was too big, and its sender, who can be told
 * only now, has been; it is gone. Any core. */
bool	pf_route_fits(const struct pf_pdesc *, unsigned rt, const struct in6_addr *gateway, bool forth);
/* The packet, which has M_PF_ROUTED, goes on along m_route: m_rt is set, for ip_forward() or ip6_forward(). False: it is gone. Any core. */
bool	pf_route_in(unsigned af, struct mbuf *);
/* Sends the packet along m_route. Takes it. Any core. */
void	pf_route_out(struct mbuf *);

/* For the flow path. The state's packets of that direction take this route in place of rt, or rt itself; NULL: it is for others to say. Any core. */
struct rtentry *pf_route_flow(const struct pf_state *, unsigned dir, const struct ifnet *, struct rtentry *rt);
/* The route to the next hop, which packets can take, maybe as the first to a neighbour (RTF_CLONING); NULL: there is none. */
struct rtentry *pf_route_find(unsigned af, unsigned rdomain, const struct in6_addr *gateway);

#endif
