/* in6.h - IPv6 addresses (RFC 4291): classes, scopes, prefixes, text (RFC 5952); and addresses of either family.
 *
 * An address of either family is a struct in6_addr and an enum af: an IPv4 address is the first four bytes, the rest are zero, so that prefixes, masks
 * and comparisons are the same code for both.
 *
 * An address of link-local scope means nothing without its zone (RFC 4007), the interface. In tables (routes, addresses of interfaces, gateways)
 * its second 16 bits, zero in RFC 4291 2.5.6 and 2.7, hold the interface's index; in packets and next hops never. in6_embed() and
 * in6_unembed() go between the two. */
#ifndef NET_INET6_IN6_H
#define NET_INET6_IN6_H

#include "net/inet/in.h"

enum af { AF_IP4, AF_IP6, AF_COUNT };	/* 0: what says nothing is IPv4 */
static inline unsigned af_bits(unsigned af) { return af == AF_IP4 ? 32 : 128; }

/* As it stands in a packet; at any even address. */
struct in6_addr {
	union {
		uint8_t	 s6_addr[16];
		be16_t	 s6_addr16[8];
		be32_t	 s6_addr32[4];
		uint64_t s6_addr64[2];	/* memory order */
	};
} __attribute__((packed, aligned(2), may_alias));
_Static_assert(sizeof(struct in6_addr) == 16, "RFC 4291");

#define IPPROTO_HOPOPTS_	0
#define IPPROTO_IPV6_		41
#define IPPROTO_ROUTING_	43
#define IPPROTO_FRAGMENT_	44
#define IPPROTO_ICMPV6_		58
#define IPPROTO_NONE_		59
#define IPPROTO_DSTOPTS_	60

#define IN6ADDR_ANY_INIT		{ { { 0 } } }
#define IN6ADDR_LOOPBACK_INIT		{ { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } } }
extern const struct in6_addr in6_any;			/* :: */
extern const struct in6_addr in6_loopback;			/* ::1 */
extern const struct in6_addr in6addr_intfacelocal_allnodes;	/* ff01::1 */
extern const struct in6_addr in6addr_linklocal_allnodes;	/* ff02::1 */
extern const struct in6_addr in6addr_linklocal_allrouters;	/* ff02::2 */
extern const struct in6_addr in6addr_linklocal_mldv2;		/* ff02::16 */

static inline bool
in6_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return ((a->s6_addr64[0] ^ b->s6_addr64[0]) | (a->s6_addr64[1] ^ b->s6_addr64[1])) == 0;
}
static inline bool in6_is_any(const struct in6_addr *a) { return (a->s6_addr64[0] | a->s6_addr64[1]) == 0; }
/* The container for an IPv4 address. */
static inline struct in6_addr in6_of_ip4(be32_t a) { return (struct in6_addr){ { .s6_addr32 = { a } } }; }

/* Classes: the names that OpenBSD gives them; each takes a const struct in6_addr *. RFC 4291 2.4 to 2.7, RFC 4193 3.1. */
#define IN6_IS_ADDR_UNSPECIFIED(a)	in6_is_any(a)
#define IN6_IS_ADDR_LOOPBACK(a)		in6_equal(a, &in6_loopback)
#define IN6_IS_ADDR_V4COMPAT(a)		((a)->s6_addr64[0] == 0 && (a)->s6_addr32[2] == 0 && (a)->s6_addr32[3] != 0 && \
					    (a)->s6_addr32[3] != BE32(1))
#define IN6_IS_ADDR_V4MAPPED(a)		((a)->s6_addr64[0] == 0 && (a)->s6_addr32[2] == BE32(0x0000ffff))
#define IN6_IS_ADDR_LINKLOCAL(a)	(((a)->s6_addr16[0] & BE16(0xffc0)) == BE16(0xfe80))
#define IN6_IS_ADDR_SITELOCAL(a)	(((a)->s6_addr16[0] & BE16(0xffc0)) == BE16(0xfec0))
#define IN6_IS_ADDR_ULA(a)		(((a)->s6_addr[0] & 0xfe) == 0xfc)
#define IN6_IS_ADDR_MULTICAST(a)	((a)->s6_addr[0] == 0xff)
#define IN6_MC_SCOPE(a)			((a)->s6_addr[1] & 0x0f)
#define IN6_IS_ADDR_MC_SCOPE(a, s)	(IN6_IS_ADDR_MULTICAST(a) && IN6_MC_SCOPE(a) == (s))
#define IN6_IS_ADDR_MC_INTFACELOCAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 1)
#define IN6_IS_ADDR_MC_NODELOCAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 1)
#define IN6_IS_ADDR_MC_LINKLOCAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 2)
#define IN6_IS_ADDR_MC_SITELOCAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 5)
#define IN6_IS_ADDR_MC_ORGLOCAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 8)
#define IN6_IS_ADDR_MC_GLOBAL(a)	IN6_IS_ADDR_MC_SCOPE(a, 14)

/* ---- zones ---- */

/* Needs one: link-local unicast, interface-local and link-local multicast. */
static inline bool
in6_is_scoped(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MC_INTFACELOCAL(a) || IN6_IS_ADDR_MC_LINKLOCAL(a);
}
/* An address of a packet on that interface as tables have it: with its zone when it is scoped, unchanged else. */
static inline struct in6_addr
in6_embed(const struct in6_addr *a, uint16_t ifidx)
{
	struct in6_addr r = *a;

	if (in6_is_scoped(a))
		r.s6_addr16[1] = host_be16(ifidx);
	return r;
}
/* From outside: a link-local address (RFC 4291 2.5.6: fe80::/64) that would be taken for another one, as something stands where tables have
 * the zone. */
static inline bool
in6_has_stray_zone(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a) && a->s6_addr16[1] != 0;
}
/* The other way. */
static inline struct in6_addr
in6_unembed(const struct in6_addr *a)
{
	struct in6_addr r = *a;

	if (in6_is_scoped(a))
		r.s6_addr16[1] = 0;
	return r;
}
/* if_index of a table's address; 0: it has no zone. */
static inline uint16_t in6_zone(const struct in6_addr *a) { return in6_is_scoped(a) ? be16_host(a->s6_addr16[1]) : 0; }

/* ---- prefixes, 0 to 128; IPv4's 0 to 32 ---- */

static inline uint64_t
in6_mask64(unsigned n)		/* the first n bits of 64, memory order */
{
	return n == 0 ? 0 : __builtin_bswap64(~(uint64_t)0 << (64 - n));
}
static inline struct in6_addr
in6_mask(unsigned plen)
{
	return (struct in6_addr){ { .s6_addr64 = { in6_mask64(plen < 64 ? plen : 64), in6_mask64(plen > 64 ? plen - 64 : 0) } } };
}
static inline struct in6_addr
in6_masked(const struct in6_addr *a, unsigned plen)
{
	struct in6_addr m = in6_mask(plen);

	m.s6_addr64[0] &= a->s6_addr64[0];
	m.s6_addr64[1] &= a->s6_addr64[1];
	return m;
}
/* a and b agree in the first plen bits. */
static inline bool
in6_covers(const struct in6_addr *a, unsigned plen, const struct in6_addr *b)
{
	struct in6_addr m = in6_mask(plen);

	return (((a->s6_addr64[0] ^ b->s6_addr64[0]) & m.s6_addr64[0]) |
	    ((a->s6_addr64[1] ^ b->s6_addr64[1]) & m.s6_addr64[1])) == 0;
}
/* The mask's length, or -1 when its ones are not all in front. */
int	in6_masklen(const struct in6_addr *mask);
/* How many bits they have in common from the front. */
unsigned in6_common(const struct in6_addr *, const struct in6_addr *);
/* As memcmp. */
int	in6_cmp(const struct in6_addr *, const struct in6_addr *);

/* RFC 4291 appendix A: the modified EUI-64 of an Ethernet address in the last eight bytes; the first stay. */
void	in6_eui64(struct in6_addr *, const uint8_t *lladdr);
/* RFC 4291 2.7.1, ff02::1:ff00:0/104; and RFC 2464 7, the Ethernet group of a multicast address. */
struct in6_addr in6_solicited_node(const struct in6_addr *);
static inline void
in6_multi_lladdr(const struct in6_addr *a, uint8_t lladdr[6])
{
	lladdr[0] = lladdr[1] = 0x33;
	store32(lladdr + 2, a->s6_addr32[3]);
}

/* ---- text ---- */

#define IN6_STRLEN	64		/* 45 of an address, "%", an interface's name */
#define IN6_NETSTRLEN	68
/* RFC 5952, into buf; a table's scoped address as "fe80::1%em0" (or "%3" without such an interface), inside net_enter. Returns buf. */
char	*in6_print(char buf[IN6_STRLEN], const struct in6_addr *);
/* As netstat -r prints a network: "2001:db8::/32", "default" for ::/0, a host without its /128. */
char	*in6_printnet(char buf[IN6_NETSTRLEN], const struct in6_addr *, unsigned plen);
/* Exactly an address, RFC 4291 2.2, without a zone. */
bool	in6_parse(const char *, struct in6_addr *);
/* With or without "%zone", which is not looked at: the zone's name goes to zone[16], "" when there is none. False also for a zone that is
 * empty or too long, or that the address cannot have. */
bool	in6_parse_zone(const char *, struct in6_addr *, char *zone);
/* The same with the zone, an interface's name or index, embedded. False also when there is no such interface. Inside net_enter. */
bool	in6_parse_scoped(const char *, struct in6_addr *);
/* "2001:db8::/32", "::1" (plen 128), "default" (plen 0). Bits behind the prefix are kept. zone as in in6_parse_zone; NULL: none allowed. */
bool	in6_parsenet(const char *, struct in6_addr *, uint8_t *plen, char *zone);

/* Of either family; the buffers are those of IPv6. */
char	*af_print(char buf[IN6_STRLEN], unsigned af, const struct in6_addr *);
char	*af_printnet(char buf[IN6_NETSTRLEN], unsigned af, const struct in6_addr *, unsigned plen);
char	*af_printmask(char buf[IN6_STRLEN], unsigned af, unsigned plen);

#endif
