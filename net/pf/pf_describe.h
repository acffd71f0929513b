/* pf_describe.h - a packet as rules and states see it: those of IPv4 that have nothing odd, inline. pf_describe.c has all. */
#ifndef NET_PF_PF_DESCRIBE_H
#define NET_PF_PF_DESCRIBE_H

#include "net/inet/ip.h"
#include "net/pf/pf_engine.h"
#include "net/pf/pf_tcp.h"

/* For a description that has begun. False: *why. May move the packet's bytes (m_pullup). */
bool	pf_describe_any(struct pf_pdesc *, enum pf_reason *why);

static inline void
pf_describe_begin(struct pf_pdesc *pd, struct mbuf *m, unsigned af, unsigned dir, const struct ifnet *ifp)
{
	__builtin_memset(&pd->pd_dir, 0, offsetof(struct pf_pdesc, pd_src) - offsetof(struct pf_pdesc, pd_dir));	/* the addresses follow all */
	pd->pd_m = m;
	pd->pd_ifp = ifp;
	pd->pd_dir = (uint8_t)dir;
	pd->pd_af = (uint8_t)af;
}

/* RFC 9293 3.10.7. What no end of a connection sends: SYN with FIN or RST; what neither opens, nor acknowledges, nor resets. A bit for each
 * combination of the lower five flags. */
static inline bool
pf_tcp_flags_odd(uint8_t flags)
{
	_Static_assert(PF_TH_FIN == 1 && PF_TH_SYN == 2 && PF_TH_RST == 4 && PF_TH_ACK == 16, "what the number stands for");
	return 0xc8c8cbcbu >> (flags & 31) & 1;
}

/* pktlen: what is there from the header on. False: pf_describe_any() says why not, or how so. */
static inline bool
pf_describe_udp4(const uint8_t *h, uint32_t pktlen)
{
	uint32_t len = be16_host(load16(h + 4));

	return load16(h + 2) != 0 && len >= 8 && len <= pktlen;		/* RFC 768 */
}
static inline bool
pf_describe_tcp4(struct pf_pdesc *pd, const struct mbuf *m, const uint8_t *h, uint32_t pktlen)
{
	const struct tcphdr *th = (const struct tcphdr *)h;
	unsigned hlen = (th->th_off >> 4) * 4u;

	if (m->m_len < sizeof(struct ip) + sizeof(*th) || hlen < sizeof(*th) || hlen > pktlen || unlikely(pf_tcp_flags_odd(th->th_flags)))
		return false;
	pd->pd_tcp_flags = th->th_flags;
	pd->pd_len = pktlen - hlen;
	return true;
}

/* in6_of_ip4() in one register. */
typedef uint32_t pf_addr4 __attribute__((vector_size(16), aligned(4), may_alias));

/* TCP or UDP in IPv4 without options, no fragment: as pf_describe_any() has it. False: it is none, or not good. */
static inline bool
pf_describe_plain4(struct pf_pdesc *pd, const struct mbuf *m)
{
	const struct ip *ip = (const struct ip *)m->m_data;
	const uint8_t *h = (const uint8_t *)(ip + 1);
	uint32_t pktlen = m->m_pktlen - (uint32_t)sizeof(*ip), ports;

	if (m->m_len < sizeof(*ip) + 8 || ip->ip_vhl != 0x45 || (ip->ip_off & BE16(IP_MF | IP_OFFMASK)) != 0)
		return false;
	if (ip->ip_p == IPPROTO_UDP_ ? !pf_describe_udp4(h, pktlen) : ip->ip_p != IPPROTO_TCP_ || !pf_describe_tcp4(pd, m, h, pktlen))
		return false;
	ports = __builtin_bswap32(load32(h));
	*(pf_addr4 *)&pd->pd_src = *(pf_addr4 *)&pd->pd_ksrc = (pf_addr4){ ip->ip_src };
	*(pf_addr4 *)&pd->pd_dst = *(pf_addr4 *)&pd->pd_kdst = (pf_addr4){ ip->ip_dst };
	pd->pd_proto = pd->pd_kproto = ip->ip_p;
	pd->pd_tos = ip->ip_tos;
	pd->pd_off = sizeof(*ip);
	pd->pd_sport = pd->pd_ksport = (uint16_t)(ports >> 16);
	pd->pd_dport = pd->pd_kdport = (uint16_t)ports;
	return true;
}

/* pf_describe(), inline. */
static __inline_fn bool
pf_describe_quick(struct pf_pdesc *pd, struct mbuf *m, unsigned af, unsigned dir, const struct ifnet *ifp, enum pf_reason *why)
{
	pf_describe_begin(pd, m, af, dir, ifp);
	return (likely(af == PF_INET) && likely(pf_describe_plain4(pd, m))) || pf_describe_any(pd, why);
}

#endif
