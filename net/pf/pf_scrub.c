/* pf_scrub.c - scrub, set tos, set prio and set delay (pf.conf(5)): the IP header and the largest segment that a SYN offers. Checksums are changed,
 * never made anew (RFC 1624). */
#include "net/inet/ip.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_tcp.h"

/* RFC 3168 5: the two bits of congestion notification are not for us to set. */
#define ECN_MASK	0x03u
#define TOS_LOWDELAY	0x10u

/* A byte that the checksum covers, `at` bytes from its start. */
static void
set_byte(uint8_t *base, unsigned at, uint8_t to, uint8_t *sum)
{
	uint8_t *word = base + (at & ~1u);
	uint16_t old = load16(word);

	base[at] = to;
	pf_sum_change(sum, old, load16(word));
}

static void
set_word(uint8_t *at, uint16_t to, uint8_t *sum)
{
	uint16_t old = load16(at);

	store16(at, to);
	pf_sum_change(sum, old, to);
}

static void
scrub4(const struct pf_acts *ac, struct ip *ip)
{
	uint8_t *base = (uint8_t *)ip, *sum = base + offsetof(struct ip, ip_sum);

	if (ac->ac_set_tos)
		set_byte(base, offsetof(struct ip, ip_tos), (uint8_t)((ac->ac_tos & ~ECN_MASK) | (ip->ip_tos & ECN_MASK)), sum);
	if (ac->ac_scrub & PF_SCRUB_NODF)
		set_word(base + offsetof(struct ip, ip_off), (uint16_t)(ip->ip_off & ~BE16(IP_DF)), sum);
	if (ip->ip_ttl < ac->ac_min_ttl)
		set_byte(base, offsetof(struct ip, ip_ttl), ac->ac_min_ttl, sum);
	if ((ac->ac_scrub & PF_SCRUB_RANDOMID) && !(ip->ip_off & BE16(IP_MF | IP_OFFMASK)))	/* fragments know each other by it */
		set_word(base + offsetof(struct ip, ip_id), host_be16(ip_newid()), sum);
}

static void
scrub6(const struct pf_acts *ac, struct ip6_hdr *ip6)
{
	uint32_t flow = be32_host(ip6->ip6_flow);

	if (ac->ac_set_tos)
		ip6->ip6_flow = host_be32((flow & ~((0xff & ~ECN_MASK) << 20)) | (ac->ac_tos & ~ECN_MASK) << 20);
	if (ip6->ip6_hlim < ac->ac_min_ttl)
		ip6->ip6_hlim = ac->ac_min_ttl;
}

/* ---- the largest segment ---- */

/* It may stand at any byte. */
static void
limit_mss(uint8_t *th, uint16_t max)
{
	unsigned at = pf_tcp_find(th, pf_tcp_hlen((const struct tcphdr *)th), TCPOPT_MAXSEG, 4);
	uint8_t *sum = th + offsetof(struct tcphdr, th_sum);

	if (at == 0 || be16_host(load16(th + at)) <= max)
		return;
	set_byte(th, at, (uint8_t)(max >> 8), sum);
	set_byte(th, at + 1, (uint8_t)max, sum);
}

static inline bool
opens(const struct pf_pdesc *pd)
{
	return pd->pd_proto == IPPROTO_TCP_ && (pd->pd_tcp_flags & PF_TH_SYN);		/* of a fragment no flags are known */
}

/* pf.conf(5), set prio: what is of low delay (RFC 791's D bit, as the packet came), and TCP's acknowledgements without data. */
static inline bool
is_urgent(const struct pf_pdesc *pd)
{
	return (pd->pd_tos & TOS_LOWDELAY) || (pd->pd_proto == IPPROTO_TCP_ && !pd->pd_fragment && (pd->pd_tcp_flags & PF_TH_ACK) && pd->pd_len == 0);
}

bool
pf_scrub(const struct pf_acts *ac, struct pf_pdesc *pd)
{
	bool mss = ac->ac_max_mss != 0 && opens(pd), header = pf_acts_header(ac);

	if (ac->ac_delay != 0) {
		pd->pd_m->m_flags |= M_PF_DELAY;
		pd->pd_m->m_delay = ac->ac_delay;
	}
	if (ac->ac_set_prio)
		m_set_priority(pd->pd_m, is_urgent(pd) ? ac->ac_prio_quick : ac->ac_prio);
	if (!mss && !header)
		return true;
	if (!pf_writable(pd, mss ? MIN(pd->pd_m->m_pktlen, pd->pd_off + TCP_MAXHLEN) : 0))
		return false;
	if (header && pd->pd_af == PF_INET)
		scrub4(ac, (struct ip *)pd->pd_m->m_data);
	else if (header)
		scrub6(ac, (struct ip6_hdr *)pd->pd_m->m_data);
	if (mss)
		limit_mss(pd->pd_m->m_data + pd->pd_off, ac->ac_max_mss);
	return true;
}
