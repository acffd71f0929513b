/* pf_pool_pick.c - pools at work: an address for a connection (pf.conf(5), Translation), and a port for it. */
#include <string.h>

#include "kernel/machine.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_nat.h"

#define NAT_LO		50001u		/* nat-to's ports when none are named: pf.conf(5) */
#define NAT_HI		65535u
#define TRIES		4096u		/* ports that are tried */
#define ENOUGH		256u		/* of so many ports each core has some */

static uint32_t
random32(void)
{
	static PERCORE uint64_t x;
	uint64_t v = percore(x);

	if (v == 0)
		random_bytes(&v, sizeof(v));
	v |= v == 0;
	v ^= v << 13;
	v ^= v >> 7;
	v ^= v << 17;
	percore(x) = v;
	return (uint32_t)(v >> 32);
}

/* ---- the address ---- */

/* Which of n: the pool's way to choose. */
static uint64_t
choose(const struct pf_pool *pp, const struct pf_krule *kr, const struct pf_pdesc *pd)
{
	uint64_t h;

	switch (pp->pp_type) {
	case PF_POOL_RR:
		return pf_rcount(kr)->rc_turn++;
	case PF_POOL_SRCHASH:
		h = (load64(&pd->pd_src) ^ ((uint64_t)pp->pp_key[0] << 32 | pp->pp_key[1])) * 0x9e3779b97f4a7c15u;
		h = (h ^ h >> 32 ^ load64(&pd->pd_src.s6_addr[8]) ^ ((uint64_t)pp->pp_key[2] << 32 | pp->pp_key[3])) * 0x9e3779b97f4a7c15u;
		return h >> 32;
	default:
		return random32();
	}
}

/* The network's bits stay, those behind it are taken from `bits`. */
static void
combine(struct in6_addr *a, const struct in6_addr *net, unsigned plen, const struct in6_addr *bits)
{
	struct in6_addr m = in6_mask(plen);

	for (unsigned i = 0; i < 2; i++)
		a->s6_addr64[i] = (net->s6_addr64[i] & m.s6_addr64[i]) | (bits->s6_addr64[i] & ~m.s6_addr64[i]);
}

static void
pick_from_net(const struct pf_pool *pp, const struct pf_krule *kr, const struct pf_pdesc *pd, struct in6_addr *a)
{
	const struct pf_addr *pa = &pp->pp_addr;
	struct in6_addr bits = pd->pd_dir == PF_OUT ? pd->pd_src : pd->pd_dst;
	uint64_t n;

	if (pp->pp_type != PF_POOL_NONE && pp->pp_type != PF_POOL_BITMASK) {
		n = choose(pp, kr, pd);
		memset(&bits, 0, sizeof(bits));
		if (pd->pd_af == PF_INET)
			bits.s6_addr32[0] = host_be32((uint32_t)n);
		else
			bits.s6_addr64[1] = __builtin_bswap64(n);
	}
	combine(a, &pa->pa_addr, pa->pa_plen, &bits);
	if (pd->pd_af == PF_INET)
		memset(&a->s6_addr32[1], 0, 12);
}

/* The i-th address of that family, of those that can be spoken from anywhere; i beyond them: how many there are. */
static unsigned
if_address(const struct ifnet *ifp, unsigned af, unsigned i, struct in6_addr *a)
{
	unsigned n = 0;

	if (af == PF_INET) {
		for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			if (n++ == i)
				*a = in6_of_ip4(ifa->ifa_addr);
	} else
		for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
			if (!IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr) && n++ == i)
				*a = in6_unembed(&ia->ia_addr);
	return n;
}

static bool
pick_from_if(const struct pf_pool *pp, const struct pf_krule *kr, const struct pf_pdesc *pd, struct in6_addr *a)
{
	const struct pf_addr *pa = &pp->pp_addr;
	char name[IFNAMSIZ] = { 0 };
	unsigned n;

	memcpy(name, pa->pa_name, strnlen(pa->pa_name, IFNAMSIZ - 1));
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		if (!pf_if_matches(name, ifp) || (n = if_address(ifp, pd->pd_af, UINT32_MAX, a)) == 0)
			continue;
		if_address(ifp, pd->pd_af, n == 1 || (pa->pa_dyn & PF_DYN_NOALIAS) ? 0 : (unsigned)(choose(pp, kr, pd) % n), a);
		return true;
	}
	return false;
}

/* As many ports as the rule matches, or one. */
static uint16_t
redirected_port(const struct pf_rule *r, const struct pf_pdesc *pd)
{
	const struct pf_pool *pp = &r->r_rdr;
	uint32_t from = r->r_dst.ra_port.pc_op == PF_OP_RRG ? r->r_dst.ra_port.pc_lo : pd->pd_dport;

	if (pp->pp_lo == 0 || pd->pd_query)
		return 0;
	return (uint16_t)(pp->pp_hi <= pp->pp_lo ? pp->pp_lo : pp->pp_lo + (pd->pd_dport - from) % (pp->pp_hi - pp->pp_lo + 1u));
}

bool
pf_pool_pick(const struct pf_krule *kr, const struct pf_pdesc *pd, struct in6_addr *a, uint16_t *port)
{
	const struct pf_rule *r = kr->kr_rule;
	const struct pf_pool *pp = pd->pd_dir == PF_OUT ? &r->r_nat : &r->r_rdr;

	*port = pd->pd_dir == PF_IN ? redirected_port(r, pd) : 0;
	if (pp->pp_addr.pa_type == PF_ADDR_DYN)
		return pick_from_if(pp, kr, pd, a);
	pick_from_net(pp, kr, pd, a);
	return true;
}

/* ---- the port ---- */

/* Of questions, which come home by their addresses alone, each core takes its share of identifiers. */
static unsigned
key_core(const struct pf_key *k, const struct pf_pdesc *pd)
{
	return ncores == 1 ? core_id() : pd->pd_query ? k->k_port[1] % ncores : pf_key_home(k);
}

static enum pf_xlate
take_key(const struct pf_key *k, const struct pf_pdesc *pd, unsigned dir)
{
	pf_states_searched(1);
	return pf_state_find(k, dir, pd->pd_ifp) == NULL ? XLATE_OK : XLATE_NONE;
}

/* A port of this core's; when there are so few that it has none or none is left, another core's is asked for, once. */
static enum pf_xlate
find_port(struct pf_key *k, const struct pf_pdesc *pd, const struct pf_pool *pp, unsigned *away)
{
	uint32_t lo = pp->pp_lo != 0 ? pp->pp_lo : NAT_LO, hi = pp->pp_lo == 0 ? NAT_HI : pp->pp_hi != 0 ? pp->pp_hi : pp->pp_lo;
	uint32_t n = hi - lo + 1, start = random32() % n;
	enum pf_xlate result = XLATE_NONE;

	for (uint32_t i = 0; i < n && i < TRIES; i++) {
		unsigned core;

		k->k_port[1] = (uint16_t)(lo + (start + i) % n);
		if ((core = key_core(k, pd)) != core_id()) {
			*away = core;
			result = XLATE_AWAY;
		} else if (take_key(k, pd, PF_IN) == XLATE_OK)
			return XLATE_OK;
	}
	return n < ENOUGH && !pd->pd_sent && !pd->pd_query ? result : XLATE_NONE;
}

/* The port stays. */
static enum pf_xlate
same_port(const struct pf_key *k, const struct pf_pdesc *pd, unsigned *away)
{
	*away = ncores == 1 ? core_id() : pf_key_home(k);
	if (*away != core_id())
		return pd->pd_sent ? XLATE_NONE : XLATE_AWAY;
	return take_key(k, pd, PF_IN);
}

enum pf_xlate
pf_translated_key(struct pf_key *k, const struct pf_key *own, const struct pf_pdesc *pd, const struct pf_verdict *v, unsigned *away)
{
	const struct pf_pool *pp = &v->v_xlate->kr_rule->r_nat;
	bool ports = pd->pd_proto == IPPROTO_TCP_ || pd->pd_proto == IPPROTO_UDP_ || (pd->pd_query && pd->pd_icmp_type != ICMP6_NS &&
	    pd->pd_icmp_type != ICMP6_NA);

	*k = *own;
	k->k_addr[1] = v->v_xaddr;
	if (pd->pd_dir == PF_IN) {
		if (v->v_xport != 0)
			k->k_port[1] = v->v_xport;
		return take_key(k, pd, PF_OUT);
	}
	return ports && !pp->pp_static_port ? find_port(k, pd, pp, away) : same_port(k, pd, away);
}
