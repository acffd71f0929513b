/* ether.h - Ethernet (RFC 894). */
#ifndef NET_ETHER_ETHER_H
#define NET_ETHER_ETHER_H

#include "net/core/if.h"

#define ETHER_ADDR_LEN	6
#define ETHER_HDR_LEN	14
#define ETHER_MIN_LEN	60		/* without FCS */
#define ETHERMTU	1500

#define ETHERTYPE_IP	0x0800
#define ETHERTYPE_ARP	0x0806
#define ETHERTYPE_VLAN	0x8100
#define ETHERTYPE_IPV6	0x86dd

struct ether_header {
	uint8_t	ether_dhost[ETHER_ADDR_LEN];
	uint8_t	ether_shost[ETHER_ADDR_LEN];
	be16_t	ether_type;
} __attribute__((packed, may_alias));

extern const uint8_t etherbroadcastaddr[ETHER_ADDR_LEN];

/* Stages. ether_input: m_data at the header; if_input of Ethernet interfaces. ether_output: IP packets with m_nh set; prepends the neighbour's header,
 * or lets the packet wait for it; gathers per interface. */
void	ether_input(struct ifnet *, struct batch *);
void	ether_output(struct batch *);
/* The rest of ether_input for frames that the flow path leaves (net/core/flow.h). */
void	ether_input_rest(struct ifnet *, struct batch *);

/* What takes an Ethernet type: registered by protocols. m_data behind the header, in the first mbuf. */
struct ether_proto {
	uint16_t	ep_type;		/* host order */
	void		(*ep_input)(struct ifnet *, struct batch *);
	bool		ep_any_core;		/* else core 0 is given them */
};
SET_DECLARE(const struct ether_proto, ether_protos);
#define ETHER_PROTO(id) SET_ADD(ether_protos, id)

#define ETHER_STRLEN	18
char	*ether_print(char *buf, const uint8_t *);	/* "52:54:00:00:00:0a", into buf[ETHER_STRLEN] */
bool	ether_parse(const char *, uint8_t *);		/* one or two hex digits an octet */

#endif
