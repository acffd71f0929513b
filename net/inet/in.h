/* in.h - IPv4 addresses: classes, text, masks. All addresses are be32_t. */
#ifndef NET_INET_IN_H
#define NET_INET_IN_H

#include "kernel/cdefs.h"
#include "kernel/endian.h"

#define IPPROTO_ICMP_	1		/* trailing _: libc headers may define the plain names */
#define IPPROTO_IGMP_	2
#define IPPROTO_TCP_	6
#define IPPROTO_UDP_	17
#define IPPROTO_ESP_	50
#define IPPROTO_AH_	51

#define IP4_ANY		BE32(0x00000000)
#define IP4_BROADCAST	BE32(0xffffffff)
#define IP4_LOOPBACK	BE32(0x7f000001)

/* RFC 5735 and RFC 1122 3.2.1.3. */
static inline bool ip4_is_loopback(be32_t a)	{ return (a & BE32(0xff000000)) == BE32(0x7f000000); }
static inline bool ip4_is_multicast(be32_t a)	{ return (a & BE32(0xf0000000)) == BE32(0xe0000000); }
static inline bool ip4_is_zeronet(be32_t a)	{ return (a & BE32(0xff000000)) == 0; }
static inline bool ip4_is_experimental(be32_t a) { return (a & BE32(0xf0000000)) == BE32(0xf0000000); }	/* and broadcast */
static inline bool ip4_is_linklocal(be32_t a)	{ return (a & BE32(0xffff0000)) == BE32(0xa9fe0000); }

static inline be32_t
ip4_mask(unsigned plen)		/* 0 to 32 */
{
	return plen == 0 ? 0 : host_be32(~0u << (32 - plen));
}
/* The mask's length, or -1 when its ones are not all in front. */
int	ip4_masklen(be32_t mask);

#define IP4_STRLEN	16
#define IP4_NETSTRLEN	20
/* "10.0.0.1" into buf[IP4_STRLEN]; returns buf. */
char	*ip4_print(char *buf, be32_t);
/* A network as netstat -r prints it, into buf[IP4_NETSTRLEN]: "10.1/16", "default"; a host without its /32. */
char	*ip4_printnet(char *buf, be32_t, unsigned plen);
/* Exactly four decimal octets, nothing around them. */
bool	ip4_parse(const char *, be32_t *);
/* "10.1/16", "10.1.2.0/24", "10.1.2.3" (plen 32), "default" (plen 0): missing octets are zero where a prefix length is given.
 * Bits behind the prefix are kept. */
bool	ip4_parsenet(const char *, be32_t *, uint8_t *plen);

#endif
