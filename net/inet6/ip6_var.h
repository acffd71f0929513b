/* ip6_var.h - the IPv6 stages and what others ask of IPv6. */
#ifndef NET_INET6_IP6_VAR_H
#define NET_INET6_IP6_VAR_H

#include "kernel/set.h"
#include "net/core/if.h"
#include "net/inet6/ip6.h"

/* ---- stages; each owns the batch's mbufs ---- */
void	ip6_input(struct ifnet *, struct batch *);	/* m_data at the IPv6 header */
void	ip6_forward(struct batch *);	/* m_rt set, header checked */
void	ip6_deliver(struct ifnet *, struct batch *);	/* for us; core 0 */
void	ip6_output(struct batch *);	/* m_nh set, header complete */

/* As ip_flow_route() and its counts (ip_var.h). */
struct rtentry;
struct rtentry *ip6_flow_route(const struct ifnet *, const struct in6_addr *src, const struct in6_addr *dst);
void	ip6_flow_passed(unsigned n);
void	ip6_forwarded(unsigned n);

/* What ip6_input() does with packets that it has counted, on the core that the packet filter wants them on. */
void	ip6_input_again(struct ifnet *, struct batch *);
/* A packet that ip6_input of another core has found good, and that only core 0 can work off. */
void	ip6_to_core0(struct mbuf *);

/* Stands in m_rt where there is no route; a reject route. */
extern struct rtentry ip6_noroute;

/* ---- sending ---- */
/* Sends one packet of ours: m_data at an IPv6 header whose ip6_nxt, ip6_hlim (0: what is usual by the interface, nd6_hlim()), ip6_dst are set
 * (ip6_flow: version and label are filled in), ip6_src too unless it is ::, then chosen (RFC 6724); the payload behind it, its checksum right or, with ICMPv6, filled in here. ifp: by which
 * interface, for destinations of link scope; NULL elsewhere. Takes the mbuf. Loop, or task inside net_enter. False: dropped and counted. */
bool	ip6_send(struct mbuf *, struct ifnet *ifp);
/* Our source address for dst (RFC 6724); NULL: none. ifp: as above. Good within this pass. */
struct in6_ifaddr;
struct in6_ifaddr *in6_srcaddr(unsigned rdomain, const struct in6_addr *dst, struct ifnet *ifp);

/* ip6_frag.c. Sends m (m_nh set, longer than mtu) as fragments of at most mtu bytes. Our own packets only. Takes the mbuf. RFC 8200 4.5. */
void	ip6_fragment(struct mbuf *, uint32_t mtu);

/* ---- extension headers (ip6_ext.c) ---- */
/* The hop-by-hop options of a packet on its way: well formed and nothing that refuses it. False: answered (core 0) or handed over to core 0, and
 * gone. Any core. */
bool	ip6_hopopts_ok(struct mbuf *);
/* Walks the headers of m, whatever they are, without changing or answering anything: *proto is the first that is no extension header (or
 * IPPROTO_FRAGMENT_ when its payload is not the datagram's beginning), *off where it begins. False: they are not all there, or too many. */
bool	ip6_lasthdr(const struct mbuf *, uint8_t *proto, unsigned *off);

/* ---- protocols above ---- */
struct ip6_proto {
	uint8_t		pr6_proto;
	const char	*pr6_name;
	/* One packet for us: m_data at the IPv6 header, its headers contiguous, the protocol's begins at off. Takes the mbuf. */
	void		(*pr6_input)(struct ifnet *, struct mbuf *, unsigned off);
};
SET_DECLARE(const struct ip6_proto, ip6_protos);
#define IP6_PROTO(id) SET_ADD(ip6_protos, id)

/* The bytes behind the IPv6 header, as far as there are headers: extension headers processed on arrival. */
extern int ip6_forwarding;		/* net.inet6.ip6.forwarding */
/* ip6_forward.c. dst (with its zone) is the anycast address of a subnet that we are a router of, and rt the network's route (RFC 4291 2.6.1). */
bool	ip6_subnet_router(const struct rtentry *rt, const struct in6_addr *dst);
extern int ip6_defhlim;		/* net.inet6.ip6.hlim: where no router has told another (RFC 4861 6.3.4) */

#endif
