/* icmp.h - ICMP (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3). */
#ifndef NET_INET_ICMP_H
#define NET_INET_ICMP_H

#include "net/inet/ip_var.h"

struct icmp {
	uint8_t		icmp_type, icmp_code;
	uint16_t	icmp_cksum;
	union {
		struct { be16_t icmp_id, icmp_seq; };
		be32_t	icmp_gwaddr;			/* redirect */
		struct { be16_t icmp_void, icmp_nextmtu; };	/* RFC 1191 */
		uint8_t	icmp_pptr;			/* parameter problem: the bad octet */
	};
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct icmp) == 8, "RFC 792");

#define ICMP_ECHOREPLY		0
#define ICMP_UNREACH		3
#define  ICMP_UNREACH_NET	0
#define  ICMP_UNREACH_HOST	1
#define  ICMP_UNREACH_PROTOCOL	2
#define  ICMP_UNREACH_PORT	3
#define  ICMP_UNREACH_NEEDFRAG	4
#define  ICMP_UNREACH_SRCFAIL	5
#define  ICMP_UNREACH_FILTER_PROHIB 13
#define ICMP_SOURCEQUENCH	4
#define ICMP_REDIRECT		5
#define  ICMP_REDIRECT_HOST	1
#define ICMP_ECHO		8
#define ICMP_TIMXCEED		11
#define  ICMP_TIMXCEED_INTRANS	0
#define  ICMP_TIMXCEED_REASS	1
#define ICMP_PARAMPROB		12
#define ICMP_TSTAMP		13
#define ICMP_TSTAMPREPLY	14
#define ICMP_MASKREQ		17
#define ICMP_MASKREPLY		18

/* Answers packet m (m_data at its IP header as received) with an error, unless RFC 1122 3.2.2 forbids one or the rate
 * limits (net.inet.icmp.errppslimit, errppshost) are reached. m stays the caller's, unchanged: `icmp_error(m, ...); M_DROP(m,
 * counter);` mtu: host order, for NEEDFRAG. gw: for redirects. PARAMPROB: code is the offset of the bad octet. */
bool	icmp_error(const struct mbuf *m, uint8_t type, uint8_t code, uint16_t mtu, be32_t gw);

/* Somebody who wants to see ICMP messages that come for us (ping, traceroute, protocols): called in the loop for each
 * echo reply and each error; ip is the whole datagram, contiguous, len bytes from the IP header on; hlen its header's
 * length; nothing is handed over. An error quotes a header and at least 8 bytes of what it is about. True: it is about a
 * packet that this listener has sent, as far as the quote tells (RFC 5927); no other error is believed. */
struct icmp_listener {
	bool	(*il_input)(struct icmp_listener *, const struct ip *ip, unsigned hlen, unsigned len);
	void	*il_arg;
	struct icmp_listener *il_next;
};
void	icmp_listen(struct icmp_listener *);
void	icmp_unlisten(struct icmp_listener *);

#endif
