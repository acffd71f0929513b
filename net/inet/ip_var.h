/* ip_var.h - the IPv4 stages and what others ask of IP. */
#ifndef NET_INET_IP_VAR_H
#define NET_INET_IP_VAR_H

#include "kernel/set.h"
#include "net/core/if.h"
#include "net/inet/ip.h"

/* ---- stages; each owns the batch's mbufs ---- */
void	ip_input(struct ifnet *, struct batch *);	/* m_data at the IP header */
void	ip_forward(struct batch *);	/* m_rt set, header checked */
void	ip_deliver(struct ifnet *, struct batch *);	/* for us; core 0 */
void	ip_output(struct batch *);	/* m_nh set, header complete but for the checksum of what it fragments */

/* For the flow path. The route by which ip_input and ip_forward send on, without looking at anything but its size, each good packet with a TTL to
 * spare that comes in by that interface; NULL: they look at each. Good within this pass. And so many have gone past both of them. */
struct rtentry;
struct rtentry *ip_flow_route(const struct ifnet *, be32_t src, be32_t dst);
void	ip_flow_passed(unsigned n);
void	ip_forwarded(unsigned n);

/* An interface has got an address, or has it no more. Core 0. */
void	ip_addr_added(const struct ifaddr *);
void	ip_addr_removed(const struct ifaddr *);

/* What ip_input() does with packets that it has counted, on the core that the packet filter wants them on. */
void	ip_input_again(struct ifnet *, struct batch *);
/* A packet that ip_input of another core has found good, and that only core 0 can work off. */
void	ip_to_core0(struct mbuf *);

/* Stands in m_rt where there is no route; a reject route. */
extern struct rtentry ip_noroute;

/* ---- sending ---- */
/* Sends one packet of ours: m_data at an IP header whose ip_len, ip_p, ip_tos, ip_ttl, ip_dst (and ip_src, or 0: chosen) are set, the payload
 * behind it; fills in the rest and the checksum. Takes the mbuf. Loop, or task inside net_enter. False: it was dropped and counted (no route...). */
bool	ip_send(struct mbuf *);
/* Our source address for dst in this rdomain; 0: no route to it. */
be32_t	ip_srcaddr(unsigned rdomain, be32_t dst);
uint16_t ip_newid(void);		/* host order; not predictable (RFC 6864) */

/* ---- protocols above ---- */
struct ip_proto {
	uint8_t		pr_proto;
	const char	*pr_name;
	/* One packet for us: m_data at the IP header, header and length checked, hlen bytes of header contiguous. Takes the mbuf. */
	void		(*pr_input)(struct ifnet *, struct mbuf *, unsigned hlen);
};
SET_DECLARE(const struct ip_proto, ip_protos);
#define IP_PROTO(id) SET_ADD(ip_protos, id)

extern int ip_forwarding;		/* net.inet.ip.forwarding */
extern int ip_defttl;

#endif
