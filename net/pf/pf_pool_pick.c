/* pf_pool_pick.c - pools at work: an address for a connection (pf.conf(5), Translation), and a port for it. */
#include <string.h>

#include "kernel/machine.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_src.h"

#define NAT_LO		50001u		/* nat-to's ports when none are named: pf.conf(5) */
#define NAT_HI		65535u
#define TRIES		4096u		/* ports that are tried, */
#define TRY_ADDRESSES	8u		/* of so many addresses at most, when the pool has more than one */
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

static uint64_t
random64(void)
{
	return (uint64_t)random32() << 32 | random32();
}

/* Of whom the packet comes from, keyed; n: several are different. */
static uint64_t
source_hash(const struct pf_pool *pp, const struct pf_pdesc *pd, uint64_t n)
{
	uint64_t h = (load64(&pd->pd_ksrc) ^ ((uint64_t)pp->pp_key[0] << 32 | pp->pp_key[1])) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ load64(&pd->pd_ksrc.s6_addr[8]) ^ ((uint64_t)pp->pp_key[2] << 32 | pp->pp_key[3]) ^ n) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
	return h ^ h >> 32;
}

/* What a choice is made with. */
struct chooser { const struct pf_krule *ch_kr; const struct pf_pool *ch_pool; enum pf_kpool ch_which; const struct pf_pdesc *ch_pd; };

/* n times a fraction that all numbers of 64 bits are alike likely to be; nothing is divided. */
static uint64_t
part_of(uint64_t n, uint64_t bits)
{
	return (uint64_t)((__uint128_t)bits * n >> 64);
}

/* Which of `total`. */
static uint64_t
choose(const struct chooser *ch, uint64_t total)
{
	switch (ch->ch_pool->pp_type) {
	case PF_POOL_RR:
		return pf_rcount(ch->ch_kr)->rc_turn[ch->ch_which == PF_KPOOL_ROUTE]++ % total;
	case PF_POOL_SRCHASH:
		return part_of(total, source_hash(ch->ch_pool, ch->ch_pd, 0));
	default:
		return part_of(total, random64());
	}
}

/* An address of the range: the n-th; of one that is longer than its weight any, but that round-robin goes no farther. */
static __uint128_t
address_in(const struct chooser *ch, const struct pf_range *r, uint64_t n)
{
	__uint128_t size = r->rg_last - r->rg_first;
	bool hash = ch->ch_pool->pp_type == PF_POOL_SRCHASH;
	uint64_t high, low;

	if (ch->ch_pool->pp_type == PF_POOL_RR || size < pf_range_weight(r))
		return r->rg_first + n;
	high = hash ? source_hash(ch->ch_pool, ch->ch_pd, 1) : random64();
	low = hash ? source_hash(ch->ch_pool, ch->ch_pd, 2) : random64();
	if (size >> 64 == 0)
		return r->rg_first + part_of((uint64_t)size, low);
	return r->rg_first + ((__uint128_t)part_of((uint64_t)(size >> 64), high) << 64 | low);
}

/* Of one network: any, or the one of which the packet's own address has the host's bits. */
static void
address_of_net(const struct chooser *ch, const struct pf_range *r, struct in6_addr *a)
{
	const struct pf_pdesc *pd = ch->ch_pd;
	enum af af = pf_af(pd->pd_af);
	__uint128_t n;

	if (ch->ch_pool->pp_type == PF_POOL_NONE || ch->ch_pool->pp_type == PF_POOL_BITMASK)
		n = r->rg_first + (pf_addr_number(af, ch->ch_which == PF_KPOOL_NAT ? &pd->pd_src : &pd->pd_dst) & (r->rg_last - r->rg_first));
	else
		n = address_in(ch, r, choose(ch, r->rg_end));
	pf_addr_of_number(af, n, a);
}

/* The pool's addresses that an interface's address is or leads to. False: none. */
static bool
range_of4(const struct pf_addr *pa, const struct ifaddr *ifa, struct pf_range *r)
{
	be32_t ip = pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER) ? ifa->ifa_broadcast : ifa->ifa_addr;
	struct in6_addr a = in6_of_ip4(ip);

	*r = pf_range_of(AF_IP4, &a, pa->pa_plen != PF_PLEN_NONE ? pa->pa_plen : pa->pa_dyn & PF_DYN_NETWORK ? ifa->ifa_plen : 32);
	return ip != IP4_ANY;
}

/* Nobody beyond a link can answer to its own addresses. */
static bool
range_of6(const struct pf_addr *pa, const struct in6_ifaddr *ia, struct pf_range *r)
{
	if (IN6_IS_ADDR_LINKLOCAL(&ia->ia_addr) || (pa->pa_dyn & (PF_DYN_BROADCAST | PF_DYN_PEER)))
		return false;
	*r = pf_range_of(AF_IP6, &ia->ia_addr, pa->pa_plen != PF_PLEN_NONE ? pa->pa_plen : pa->pa_dyn & PF_DYN_NETWORK ? ia->ia_plen : 128);
	return true;
}

/* Goes through what an interface brings: *left counts down by weights, to the range where it would end. True: that is *r. */
static bool
range_of_if(const struct pf_addr *pa, const struct ifnet *ifp, enum af af, uint64_t *left, struct pf_range *r)
{
	const struct ifaddr *ifa = af == AF_IP4 ? ifp->if_addrs : NULL;
	const struct in6_ifaddr *ia = af == AF_IP6 ? ifp->if_addrs6 : NULL;

	while (ifa != NULL || ia != NULL) {
		bool has = ifa != NULL ? range_of4(pa, ifa, r) : range_of6(pa, ia, r);

		if (has && *left < r->rg_end)
			return true;
		if (has)
			*left -= r->rg_end;
		if (has && (pa->pa_dyn & PF_DYN_NOALIAS))
			return false;
		if (ifa != NULL)
			ifa = ifa->ifa_next;
		else
			ia = ia->ia_next;
	}
	return false;
}

/* The range of the n-th of all that an interface, or a group, has now, *n as in it. False: so many there are, n is still *n - those. */
static bool
range_dyn(const struct pf_addr *pa, enum af af, uint64_t *n, struct pf_range *r)
{
	char name[IFNAMSIZ] = { 0 };

	memcpy(name, pa->pa_name, strnlen(pa->pa_name, IFNAMSIZ - 1));
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (pf_if_matches(name, ifp) && range_of_if(pa, ifp, af, n, r))
			return true;
	return false;
}

static bool
address_of_if(const struct chooser *ch, struct in6_addr *a)
{
	const struct pf_addr *pa = &ch->ch_pool->pp_addr;
	enum af af = pf_af(ch->ch_pd->pd_af);
	uint64_t left = UINT64_MAX, n = 0;
	struct pf_range r;

	range_dyn(pa, af, &left, &r);
	if (left == UINT64_MAX)
		return false;
	if (ch->ch_pool->pp_type != PF_POOL_NONE && ch->ch_pool->pp_type != PF_POOL_BITMASK) {
		n = choose(ch, UINT64_MAX - left);
		if (!range_dyn(pa, af, &n, &r))		/* core 0 has taken one away since */
			return false;
		pf_addr_of_number(af, address_in(ch, &r, n), a);
		return true;
	}
	if (!range_dyn(pa, af, &n, &r))
		return false;
	address_of_net(ch, &r, a);
	return true;
}

static bool
address_of_table(const struct chooser *ch, struct in6_addr *a)
{
	const struct pf_ktable *kt = ch->ch_kr->kr_pool[ch->ch_which];
	const struct pf_ranges *rs = kt != NULL ? kt->kt_ranges : NULL;
	enum af af = pf_af(ch->ch_pd->pd_af);
	const struct pf_range *r;
	uint64_t n;

	if (rs == NULL || rs->rs_n[af] == 0)
		return false;
	n = choose(ch, rs->rs_range[af][rs->rs_n[af] - 1].rg_end);
	r = pf_ranges_at(rs, af, n);
	pf_addr_of_number(af, address_in(ch, r, n - (r->rg_end - pf_range_weight(r))), a);
	return true;
}

bool
pf_pool_address(const struct pf_krule *kr, enum pf_kpool which, const struct pf_pdesc *pd, struct in6_addr *a)
{
	struct chooser ch = { kr, pf_rule_pool(kr->kr_rule, which), which, pd };
	const struct pf_addr *pa = &ch.ch_pool->pp_addr;
	struct pf_range r;

	if (pa->pa_type == PF_ADDR_TABLE)
		return address_of_table(&ch, a);
	if (pa->pa_type == PF_ADDR_DYN)
		return address_of_if(&ch, a);
	if (pa->pa_af != pd->pd_af)
		return false;
	if (pa->pa_type == PF_ADDR_RANGE) {
		r = (struct pf_range){ pf_addr_number(pf_af(pd->pd_af), &pa->pa_addr), pf_addr_number(pf_af(pd->pd_af), &pa->pa_end), 0 };
		r.rg_end = pf_range_weight(&r);
	} else
		r = pf_range_of(pf_af(pd->pd_af), &pa->pa_addr, pa->pa_plen);
	address_of_net(&ch, &r, a);
	return true;
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
pf_pool_pick(const struct pf_krule *kr, enum pf_kpool which, const struct pf_pdesc *pd, struct in6_addr *a, uint16_t *port)
{
	const struct pf_src *ss;

	*port = which == PF_KPOOL_RDR ? redirected_port(kr->kr_rule, pd) : 0;
	if (unlikely(kr->kr_sticky) && pf_rule_pool(kr->kr_rule, which)->pp_sticky &&
	    (ss = pf_src_find(pd->pd_af, &pd->pd_ksrc, PF_SRC_XLATE, kr->kr_rule->r_id)) != NULL) {
		*a = ss->ss_kept;
		return true;
	}
	return pf_pool_address(kr, which, pd, a);
}

/* ---- the port ---- */

/* Where a key has the source of packets that go that way. */
static inline unsigned
source_of(const struct pf_pdesc *pd)
{
	return pd->pd_dir == PF_IN ? 0 : 1;
}

/* Of questions, which come home by their addresses alone, each core takes its share of identifiers. */
static unsigned
key_core(const struct pf_key *k, const struct pf_pdesc *pd)
{
	return ncores == 1 ? core_id() : pd->pd_query ? k->k_port[source_of(pd)] % ncores : pf_key_home(k);
}

/* Answers are looked for by it. */
static enum pf_xlate
take_key(const struct pf_key *k, const struct pf_pdesc *pd)
{
	pf_states_searched(1);
	return pf_state_find(k, pd->pd_dir == PF_IN ? PF_OUT : PF_IN, pd->pd_ifp) == NULL ? XLATE_OK : XLATE_NONE;
}

/* The rule's ports are those of TCP and UDP; identifiers are any. A port of this core's; when there are so few that it has none or none is left,
 * another core's is asked for, once. */
static enum pf_xlate
find_port(struct pf_key *k, const struct pf_pdesc *pd, const struct pf_pool *pp, uint32_t tries, unsigned *away)
{
	bool said = pp->pp_lo != 0 && !pd->pd_query;
	uint32_t lo = said ? pp->pp_lo : NAT_LO, hi = !said ? NAT_HI : pp->pp_hi != 0 ? pp->pp_hi : pp->pp_lo;
	uint32_t n = hi - lo + 1, start = random32() % n;
	enum pf_xlate result = XLATE_NONE;

	for (uint32_t i = 0; i < n && i < tries; i++) {
		unsigned core;

		k->k_port[source_of(pd)] = (uint16_t)(lo + (start + i) % n);
		if ((core = key_core(k, pd)) != core_id()) {
			*away = core;
			result = XLATE_AWAY;
		} else if (take_key(k, pd) == XLATE_OK)
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
	return take_key(k, pd);
}

/* Another address of the pool may have ports when this one has none left, where any will do. */
static enum pf_xlate
find_address_and_port(struct pf_key *k, const struct pf_pdesc *pd, const struct pf_krule *kr, unsigned *away)
{
	const struct pf_pool *pp = &kr->kr_rule->r_nat;
	bool any = !pp->pp_sticky && (pp->pp_type == PF_POOL_RR || pp->pp_type == PF_POOL_RANDOM);
	enum pf_xlate x = find_port(k, pd, pp, any ? TRIES / TRY_ADDRESSES : TRIES, away);

	for (unsigned i = 1; i < TRY_ADDRESSES && any && x == XLATE_NONE; i++) {
		if (!pf_pool_address(kr, PF_KPOOL_NAT, pd, &k->k_addr[source_of(pd)]))
			return XLATE_NONE;
		x = find_port(k, pd, pp, TRIES / TRY_ADDRESSES, away);
	}
	return x;
}

enum pf_xlate
pf_translated_key(struct pf_key *k, const struct pf_key *own, const struct pf_pdesc *pd, const struct pf_verdict *v, unsigned *away)
{
	const struct pf_krule *nat = v->v_xlate[PF_KPOOL_NAT];
	unsigned src = source_of(pd);
	bool ports = pd->pd_proto == IPPROTO_TCP_ || pd->pd_proto == IPPROTO_UDP_ || (pd->pd_query && pd->pd_icmp_type != ICMP6_NS &&
	    pd->pd_icmp_type != ICMP6_NA);

	*k = *own;
	if (v->v_xlate[PF_KPOOL_RDR] != NULL)
		k->k_addr[!src] = v->v_xaddr[PF_KPOOL_RDR];
	if (v->v_xport != 0)
		k->k_port[!src] = v->v_xport;
	if (nat == NULL)
		return take_key(k, pd);
	k->k_addr[src] = v->v_xaddr[PF_KPOOL_NAT];
	return ports && !nat->kr_rule->r_nat.pp_static_port ? find_address_and_port(k, pd, nat, away) : same_port(k, pd, away);
}
