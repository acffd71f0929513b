/* pf_nat.c - a packet rewritten from one key of its state to the other. Checksums are changed, never made anew (RFC 1624): what was damaged stays so. */
#include <string.h>

#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_tcp.h"

static void
change16(uint8_t *sum, uint8_t *outer, uint16_t old, uint16_t new)
{
	uint16_t was;

	if (sum == NULL)
		return;
	was = load16(sum);
	pf_sum_change(sum, old, new);
	if (outer != NULL)
		pf_sum_change(outer, was, load16(sum));
}

/* n bytes, an even number of them, at an even place of what the checksums cover; s_ip covers addresses only. */
static void
change(uint8_t *at, const void *to, unsigned n, const struct pf_sums *s, bool address)
{
	for (unsigned i = 0; i < n; i += 2) {
		uint16_t old = load16(at + i), new = load16((const uint8_t *)to + i);

		if (old == new)
			continue;
		store16(at + i, new);
		if (s->s_outer != NULL)
			pf_sum_change(s->s_outer, old, new);
		if (address)
			change16(s->s_ip, s->s_outer, old, new);
		change16(s->s_l4, s->s_outer, old, new);
	}
}

void
pf_add(uint8_t *h, unsigned at, uint32_t n, const struct pf_sums *s)
{
	unsigned odd = at & 1;
	uint8_t b[6];

	memcpy(b, h + at - odd, 4 + 2 * odd);
	store32(b + odd, host_be32(be32_host(load32(b + odd)) + n));
	change(h + at - odd, b, 4 + 2 * odd, s, false);
}

struct tuple { const struct in6_addr *t_src, *t_dst; uint16_t t_sport, t_dport; };

static void
change_addrs(uint8_t *ip, unsigned af, const struct tuple *t, const struct pf_sums *s)
{
	unsigned n = af == PF_INET ? 4 : 16;
	uint8_t *src = af == PF_INET ? (uint8_t *)&((struct ip *)ip)->ip_src : (uint8_t *)&((struct ip6_hdr *)ip)->ip6_src;

	change(src, t->t_src, n, s, true);
	change(src + n, t->t_dst, n, s, true);
}

uint8_t *
pf_l4_sum(uint8_t *h, uint8_t proto, unsigned n)
{
	switch (proto) {
	case IPPROTO_TCP_:
		return n >= 18 ? h + 16 : NULL;
	case IPPROTO_UDP_:
		return load16(h + 6) != 0 ? h + 6 : NULL;
	case IPPROTO_ICMPV6_:
		return h + 2;
	default:
		return NULL;
	}
}

/* Ports, or the identifier of who asks. */
static void
change_ports(uint8_t *h, uint8_t proto, const struct tuple *t, const struct pf_sums *s, bool query)
{
	be16_t port;
	struct pf_sums icmp = *s;

	if (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_) {
		port = host_be16(t->t_sport);
		change(h, &port, 2, s, false);
		port = host_be16(t->t_dport);
		change(h + 2, &port, 2, s, false);
	} else if (query && (proto == IPPROTO_ICMP_ || h[0] == ICMP6_ECHO || h[0] == ICMP6_ECHOREPLY)) {
		bool answer = proto == IPPROTO_ICMP_ ? h[0] == ICMP_ECHOREPLY || h[0] == ICMP_TSTAMPREPLY || h[0] == 16 || h[0] == ICMP_MASKREPLY :
		    h[0] == ICMP6_ECHOREPLY;

		icmp.s_l4 = h + 2;
		port = host_be16(answer ? t->t_dport : t->t_sport);
		change(h + 4, &port, 2, &icmp, false);
	}
}

/* What it must say: inwards as our side has it, outwards as the wire's. */
static void
target(struct tuple *t, const struct pf_key *k, unsigned dir)
{
	unsigned src = dir == PF_IN ? 0 : 1;

	*t = (struct tuple){ &k->k_addr[src], &k->k_addr[!src], k->k_port[src], k->k_port[!src] };
}

/* An error: whom it goes to, from whom when that is the other end itself, and the packet that it quotes, which went the other way. */
static void
translate_error(const struct pf_pdesc *pd, const struct tuple *t)
{
	uint8_t *ip = pd->pd_m->m_data, *icmp = ip + pd->pd_off, *quoted = icmp + 8, *h = ip + pd->pd_qoff;
	unsigned n = pd->pd_m->m_len - pd->pd_qoff;
	struct tuple back = { t->t_dst, t->t_src, t->t_dport, t->t_sport };
	struct tuple outer = { in6_equal(&pd->pd_src, &pd->pd_ksrc) ? t->t_src : &pd->pd_src, t->t_dst, 0, 0 };
	struct pf_sums s = { pd->pd_af == PF_INET ? (uint8_t *)&((struct ip *)quoted)->ip_sum : NULL, pf_l4_sum(h, pd->pd_kproto, n), icmp + 2 };
	struct pf_sums out = { pd->pd_af == PF_INET ? (uint8_t *)&((struct ip *)ip)->ip_sum : NULL, pd->pd_af == PF_INET ? NULL : icmp + 2, NULL };

	change_addrs(quoted, pd->pd_af, &back, &s);
	change_ports(h, pd->pd_kproto, &back, &s, true);
	change_addrs(ip, pd->pd_af, &outer, &out);
}

static void
translate_packet(const struct pf_pdesc *pd, const struct tuple *t)
{
	uint8_t *ip = pd->pd_m->m_data, *h = ip + pd->pd_off;
	struct pf_sums s = { pd->pd_af == PF_INET ? (uint8_t *)&((struct ip *)ip)->ip_sum : NULL, pf_l4_sum(h, pd->pd_proto, 20), NULL };

	change_addrs(ip, pd->pd_af, t, &s);
	change_ports(h, pd->pd_proto, t, &s, pd->pd_query);
	if (pd->pd_proto == IPPROTO_UDP_ && s.s_l4 != NULL && load16(s.s_l4) == 0)
		store16(s.s_l4, 0xffff);			/* RFC 768: 0 says that there is none */
}

bool
pf_writable(struct pf_pdesc *pd, unsigned need)
{
	if ((pd->pd_m = m_unshare(pd->pd_m)) == NULL) {
		pf_drop(NULL, PFR_MEMORY);
		return false;
	}
	if (pd->pd_m->m_len >= need || m_pullup(pd->pd_m, need))
		return true;
	pf_drop(pd->pd_m, PFR_SHORT);
	return false;
}

/* As that key of its state has it, when it goes that way. `pd` describes it, and its mbuf may be another one afterwards. False: it is gone, counted. */
static bool
rewrite(struct pf_pdesc *pd, const struct pf_key *k, unsigned dir)
{
	unsigned need = pd->pd_error ? MIN(pd->pd_m->m_pktlen, pd->pd_qoff + 20u) : pd->pd_off;
	struct tuple t;

	if (!pf_writable(pd, need))
		return false;
	target(&t, k, dir);
	if (pd->pd_error)
		translate_error(pd, &t);
	else
		translate_packet(pd, &t);
	return true;
}

bool
pf_translate(const struct pf_state *s, struct pf_pdesc *pd)
{
	bool own = pd->pd_dir == s->s_dir;			/* it goes as the first packet did, so it has come by that one's key */

	return !s->s_translated || rewrite(pd, &s->s_sk[own].sk_key, pd->pd_dir);
}

bool
pf_untranslate(const struct pf_state *s, struct pf_pdesc *pd)
{
	bool own = pd->pd_dir == s->s_dir;

	return !s->s_translated || rewrite(pd, &s->s_sk[!own].sk_key, pd->pd_dir);
}
