/* icmp6.h - ICMPv6 (RFC 4443). */
#ifndef NET_INET6_ICMP6_H
#define NET_INET6_ICMP6_H

#include "net/inet6/ip6_var.h"

struct icmp6 {
	uint8_t		icmp6_type, icmp6_code;
	uint16_t	icmp6_cksum;			/* as stored */
	union {
		struct { be16_t icmp6_id, icmp6_seq; };
		be32_t	icmp6_param;			/* packet too big: MTU; parameter problem: offset */
	};
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct icmp6) == 8, "RFC 4443 2.1");

#define ICMP6_UNREACH		1
#define  ICMP6_UNREACH_NOROUTE	0
#define  ICMP6_UNREACH_ADMIN	1
#define  ICMP6_UNREACH_SCOPE	2
#define  ICMP6_UNREACH_ADDR	3
#define  ICMP6_UNREACH_PORT	4
#define  ICMP6_UNREACH_POLICY	5
#define  ICMP6_UNREACH_REJECT	6
#define ICMP6_TOOBIG		2
#define ICMP6_TIMXCEED		3
#define  ICMP6_TIMXCEED_TRANSIT	0
#define  ICMP6_TIMXCEED_REASS	1
#define ICMP6_PARAMPROB		4
#define  ICMP6_PARAMPROB_HEADER	0		/* erroneous field */
#define  ICMP6_PARAMPROB_NXT	1		/* unknown next header */
#define  ICMP6_PARAMPROB_OPTION	2		/* unknown option */
#define  ICMP6_PARAMPROB_CHAIN	3		/* RFC 7112: the first fragment has not all headers */
#define ICMP6_INFO		128		/* errors are below */
#define ICMP6_ECHO		128
#define ICMP6_ECHOREPLY		129
#define ICMP6_MLD_QUERY		130
#define ICMP6_MLD_REPORT	131
#define ICMP6_MLD_DONE		132
#define ICMP6_RS		133
#define ICMP6_RA		134
#define ICMP6_NS		135
#define ICMP6_NA		136
#define ICMP6_REDIRECT		137
#define ICMP6_MLD2_REPORT	143

/* Answers packet m (m_data at its IPv6 header as received) with an error, unless RFC 4443 2.4 (e) forbids one or a rate limit is reached (in
 * all and to one host: net.inet6.icmp6.errppslimit, errppshost). m stays the caller's, unchanged: `icmp6_error(m, ...); M_DROP(m,
 * counter);` param: host order: MTU or offset. True: it has been sent. Core 0. */
bool	icmp6_error(const struct mbuf *m, uint8_t type, uint8_t code, uint32_t param);
/* One more error to this address may go: takes it from both allowances. Redirects are counted so, too. */
bool	icmp6_ratelimit(const struct in6_addr *dst);

/* Somebody who wants to see ICMPv6 messages that come for us (ping6, traceroute6): called in the loop for each echo reply and each error. ip6 is
 * the whole datagram, contiguous; the message begins off bytes behind it and has len bytes. True: an error is about a packet that the listener
 * has sent. Nothing is handed over. */
struct icmp6_listener {
	bool	(*il6_input)(struct icmp6_listener *, const struct ip6_hdr *ip6, unsigned off, unsigned len);
	void	*il6_arg;
	struct icmp6_listener *il6_next;
};
/* The first eight bytes or more of proto in the packet, len bytes of it, that an error quotes: behind its header and a first fragment's; NULL:
 * they are not there. */
const void *icmp6_quoted(const struct ip6_hdr *, unsigned len, uint8_t proto);
void	icmp6_listen(struct icmp6_listener *);
void	icmp6_unlisten(struct icmp6_listener *);

/* What takes a type of message: neighbour discovery, MLD. One packet, its checksum good, at least icmp6m_min bytes of message, which begins off
 * bytes behind m_data and has len bytes, all contiguous. Takes the mbuf. */
struct icmp6_type {
	uint8_t		icmp6m_type;
	bool		icmp6m_nd;		/* RFC 4861: hop limit must be 255 */
	uint16_t	icmp6m_min;
	void		(*icmp6m_input)(struct ifnet *, struct mbuf *, unsigned off, unsigned len);
};
SET_DECLARE(const struct icmp6_type, icmp6_types);
#define ICMP6_TYPE(id) SET_ADD(icmp6_types, id)

#endif
