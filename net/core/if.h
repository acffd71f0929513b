/* if.h - interfaces, as ifnet(9). Core 0 creates, changes and destroys; every core reads. */
#ifndef NET_CORE_IF_H
#define NET_CORE_IF_H

#include "kernel/cores.h"
#include "kernel/endian.h"
#include "kernel/timeout.h"
#include "net/core/ifq.h"

#define IFNAMSIZ	16
#define IFDESCRSIZE	64
#define IF_MAX		1024		/* interfaces; if_index is below it */
#define IF_MAXQUEUES	64
#define IF_GROUPS	8		/* that an admin may put one in */

/* if_flags, OpenBSD's values */
#define IFF_UP		0x1
#define IFF_BROADCAST	0x2
#define IFF_DEBUG	0x4
#define IFF_LOOPBACK	0x8
#define IFF_POINTOPOINT	0x10
#define IFF_STATICARP	0x20
#define IFF_RUNNING	0x40		/* the driver has it working */
#define IFF_NOARP	0x80
#define IFF_PROMISC	0x100
#define IFF_ALLMULTI	0x200
#define IFF_OACTIVE	0x400		/* shown when any ifq is */
#define IFF_SIMPLEX	0x800
#define IFF_LINK0	0x1000
#define IFF_LINK1	0x2000
#define IFF_LINK2	0x4000
#define IFF_MULTICAST	0x8000

/* if_xflags, OpenBSD's values */
#define IFXF_AUTOCONF6TEMP	0x04		/* temporary addresses, RFC 8981 */
#define IFXF_AUTOCONF6		0x20		/* learns addresses and the default route from routers */
#define IFXF_INET6_NOSOII	0x40		/* its own addresses are made of the Ethernet address, in6_soii.c */

enum link_state { LINK_STATE_UNKNOWN, LINK_STATE_DOWN, LINK_STATE_UP };

struct ifaddr {			/* an IPv4 address of an interface */
	struct ifaddr	*ifa_next;
	struct ifnet	*ifa_ifp;
	be32_t		 ifa_addr, ifa_mask;
	be32_t		 ifa_broadcast;		/* 0: none. Point-to-point: the other end */
	uint8_t		 ifa_plen;
	struct timeout	 ifa_dad;		/* asks whether it is somebody else's (net/ether/arp_dad.c) */
	uint8_t		 ifa_probes;		/* sent since */
	bool		 ifa_duplicated;	/* somebody has said so, since it was last asked */
	uint64_t	 ifa_defended;		/* uptime_ns of the last ARP announcement against another claimant; 0: never */
};

/* addr is that of the whole network (RFC 1812 4.2.3.1: nobody's), or of all its hosts. Neither exists on /31 and /32. */
static inline bool
ifa_is_network(const struct ifaddr *ifa, be32_t addr)
{
	return ifa->ifa_plen < 31 && addr == (ifa->ifa_addr & ifa->ifa_mask);
}
static inline bool
ifa_is_broadcast(const struct ifaddr *ifa, be32_t addr)
{
	return ifa->ifa_plen < 31 && (addr == (ifa->ifa_addr | ~ifa->ifa_mask) || (addr == ifa->ifa_broadcast && addr != 0));
}

struct ifmulti { uint8_t ifm_lladdr[6]; unsigned ifm_refs; struct ifmulti *ifm_next; };

/* What a driver does for its interface. Core 0, inside net_enter or the loop; rings of other cores by if_queue_call. An op may be NULL. */
struct if_ops {
	bool	(*ifo_up)(struct ifnet *);	/* rings on; sets IFF_RUNNING. False: it failed, stays down */
	void	(*ifo_down)(struct ifnet *);	/* stops reception, frees what the rings hold, clears IFF_RUNNING */
	void	(*ifo_rxfilter)(struct ifnet *);	/* if_multi or IFF_PROMISC or IFF_ALLMULTI changed */
	bool	(*ifo_setmtu)(struct ifnet *, uint32_t);	/* NULL: any up to if_hardmtu, nothing to do */
	bool	(*ifo_setlladdr)(struct ifnet *, const uint8_t *);
};

struct ifnet {
	char		 if_xname[IFNAMSIZ];
	uint16_t	 if_index;		/* from 1; m_ifidx */
	uint16_t	 if_rdomain;
	uint32_t	 if_flags;
	uint32_t	 if_mtu, if_hardmtu;	/* bytes of IP packet; the most that the card does */
	enum link_state	 if_link_state;
	uint64_t	 if_baudrate;		/* bits a second; 0: not known */
	bool		 if_fullduplex;
	uint8_t		 if_priority;		/* added to the priority of its routes */
	uint8_t		 if_lladdr[6];
	bool		 if_ether;		/* speaks Ethernet: lladdr, ARP, media */
	const char	*if_media;		/* "Ethernet autoselect"; NULL: no media line */
	char		 if_description[IFDESCRSIZE];
	char		 if_group[IFNAMSIZ];	/* the cloner's group: "lo", "vlan"; "" for hardware. See if_group.h */
	char		 if_ingroup[IF_GROUPS][IFNAMSIZ] __aligned_to(8);	/* the admin's; zero behind each name's end */
	const struct if_clone *if_clone;	/* what made it and can destroy it; NULL: it stays */
	const struct if_ops *if_ops;
	void		*if_softc;

	/* Takes complete frames (IP packets when not if_ether) for output; by default to the queue of this core, or over to the core of one.
	 * Any core. */
	void		(*if_enqueue)(struct ifnet *, struct batch *);
	/* Takes what ifiq_input got; ether_input for Ethernet. Any core. */
	void		(*if_input)(struct ifnet *, struct batch *);

	unsigned	 if_nqueues;
	struct pf_ifstats *if_pf;		/* what the packet filter counts: pf_ifcount.h */
	struct ifqueue	*if_ifqs;		/* if_nqueues of each; their cores: if_queue_core */
	struct ifiqueue	*if_ifiqs;
	uint8_t		 if_core;		/* queue i's owner is core (if_core + i) % ncores. Driver: set by if_spread, or 0 */
	const char	*if_rss;		/* driver: how the card brings each flow, both ways, to one of if_nqueues == ncores queues; cards
						 * agree on a flow's core when it is the same text. NULL: it does not */
	uint8_t		 if_nused;		/* of its queues; if_use_queues */
	bool		 if_steer;		/* ifiq_input spreads what comes in over the cores */
	uint8_t		 if_qmap[MAXCORES];	/* the queue that a core sends by */

	struct {			/* what it had before a file changed it: hostname_apply.c's */
		bool		io_mtu_saved, io_lladdr_saved;
		uint8_t		io_lladdr[6];
		uint32_t	io_mtu;
	} if_own;

	struct ifaddr	*if_addrs;		/* the first is the primary */
	struct in6_ifaddr *if_addrs6;		/* in6_ifaddr.h */
	struct nd_ifinfo *if_nd;		/* what neighbour discovery knows of the link; nd6's, NULL: nothing */
	uint32_t	 if_xflags;		/* IFXF_* */
	struct ifmulti	*if_multi;		/* link-level groups joined */
	struct in_multi	*if_groups;		/* IPv4 groups (net/inet/in_multi.h) */
	struct igmp_if	*if_igmp;		/* igmp.c's; NULL: no group was ever joined */
	uint64_t	 if_lastchange;		/* uptime_ns of the last link change */
	struct ifnet	*if_next;
};

extern struct ifnet *ifnet_list;		/* in the order of if_index */
extern struct ifnet *if_table[IF_MAX];

/* Whatever cards agree on, a flow's packets come to the core that steer_tuple() says: for who keeps states there. Core 0. */
void	if_steer_require(bool);
/* For a driver whose queues may belong to any core (interrupts by MSI-X): sets if_core so that cards are spread; if_nqueues is set. */
void	if_spread(struct ifnet *);
static inline unsigned if_queue_core(const struct ifnet *ifp, unsigned queue) { return (ifp->if_core + queue) % ncores; }
/* fn(arg) on the core of a queue, which alone may touch its rings; waits. Core 0, in its loop or inside net_enter(). */
static inline void
if_queue_call(const struct ifnet *ifp, unsigned queue, void (*fn)(void *), void *arg)
{
	core_call(if_queue_core(ifp, queue), fn, arg);
}

/* Driver: only the first n of its if_nqueues queues work from now on, until it says otherwise; what waits in the others is purged. Core 0. */
void	if_use_queues(struct ifnet *, unsigned n);

/* From the driver's attach: xname, if_ops, if_hardmtu, if_lladdr, if_nqueues, if_core... are set; the rest is initialised here.
 * False: no memory or no index. */
bool	if_attach(struct ifnet *) __must_check;
/* The same for Ethernet: flags, MTU 1500, media, ether_input. */
bool	ether_ifattach(struct ifnet *) __must_check;
void	if_detach(struct ifnet *);
struct ifnet *ifunit(const char *xname);	/* NULL: none of that name */
static inline struct ifnet *if_get(uint16_t idx) { return idx < IF_MAX ? if_table[idx] : NULL; }

/* Driver: the link went up or down (if_link_state, if_baudrate are set by it). Loop or attach. */
void	if_link_state_change(struct ifnet *, enum link_state);
bool	if_setup(struct ifnet *, bool up);	/* IFF_UP on or off, routes with it. False: the driver failed */
bool	if_setmtu(struct ifnet *, uint32_t mtu);
bool	if_setlladdr(struct ifnet *, const uint8_t *);
void	if_setpromisc(struct ifnet *, bool);
bool	if_addmulti(struct ifnet *, const uint8_t *lladdr);
void	if_delmulti(struct ifnet *, const uint8_t *lladdr);

/* Addresses: adds the local, network and broadcast routes with it. NULL: ok, else the reason. */
const char *if_addaddr(struct ifnet *, be32_t addr, uint8_t plen, be32_t broadcast);
const char *if_deladdr(struct ifnet *, be32_t addr);
/* The next unit for a driver's name: attach order, "vio" gives 0, 1, ... */
unsigned if_newunit(const char *driver);

struct if_totals {		/* over all queues, as netstat -i shows */
	uint64_t it_ipackets, it_ibytes, it_ierrors, it_iqdrops;
	uint64_t it_opackets, it_obytes, it_oerrors, it_oqdrops, it_collisions;
};
void	if_totals(const struct ifnet *, struct if_totals *);

#endif
