/* mutate.c - the engine of mutate.h. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "tests/unit/mutate.h"

const uint8_t mutate_mac[6] = { 2, 0, 0, 0, 1, 1 };
struct mutate_tally mutate_tally;
static struct pkt p;
static struct in6_addr neighbour6;		/* with its zone */
static char what[300];
static uint64_t admin_print;			/* fingerprint(false); 0: to be taken anew */
static bool to_ourselves;			/* the neighbour is proxied where it would be itself: what goes there comes back */

/* ---- states of a neighbour ---- */

static const char *const neighbour_names[MS_COUNT] = { "absent", "asked", "reachable", "down", "permanent", "published", "proxied", "stale", "delay", "probe" };

void
mutate_neighbour6(const char *text)
{
	neighbour6 = addr6(text);
}

static struct nexthop *
neighbour(unsigned af)
{
	struct in6_addr a = in6_unembed(&neighbour6);

	return af == AF_IP4 ? nexthop_find(&t1.w_if, addr("10.0.1.9")) : nexthop_find6(&t1.w_if, &a);
}

static void
comes_to_t1(struct pkt *q)
{
	if (!(q->p_b[0] & 1))
		memcpy(q->p_b, t1.w_if.if_lladdr, 6);
	memcpy(q->p_b + 6, mutate_mac, 6);
	wire_rx(&t1, q);
}

/* It asks us for an echo: the answer has to know where it is. */
static void
it_pings(unsigned af)
{
	struct in6_addr a = in6_unembed(&neighbour6);
	bool local = IN6_IS_ADDR_LINKLOCAL(&a);

	if (af == AF_IP4) {
		pkt_ip(&p, "10.0.1.9", "10.0.1.1", 1, 64, 20, 16);
		p.p_b[34] = ICMP_ECHO;
		p.p_b[35] = 0;
		mutate_fix_sums(&p, 0);
	} else
		pkt6_echo(&p, text6(&a), local ? "fe80::5054:ff:fe00:b" : "fd00:b::1", 8);
	comes_to_t1(&p);
}

static void
it_answers(unsigned af)
{
	struct in6_addr a = in6_unembed(&neighbour6);

	if (af == AF_IP4) {
		memset(p.p_b, 0, 60);
		store16(p.p_b + 12, BE16(ETHERTYPE_ARP));
		*(struct ether_arp *)(p.p_b + 14) = (struct ether_arp){ .ar_hrd = BE16(ARPHRD_ETHER), .ar_pro = BE16(ETHERTYPE_IP),
		    .ar_hln = 6, .ar_pln = 4, .ar_op = BE16(ARPOP_REPLY), .arp_sha = { 2, 0, 0, 0, 1, 1 }, .arp_spa = addr("10.0.1.9"),
		    .arp_tpa = addr("10.0.1.1") };
		p.p_len = 60;
	} else
		pkt6_na(&p, text6(&a), "fd00:b::1", text6(&a), ND_NA_SOLICITED | ND_NA_OVERRIDE, mutate_mac);
	comes_to_t1(&p);
}

/* RFC 4861 7.2.3: it asks us, and tells where it is. */
static void
it_asks(void)
{
	struct in6_addr a = in6_unembed(&neighbour6);

	pkt6_ns(&p, text6(&a), "fd00:b::1", "fd00:b::1", mutate_mac);
	comes_to_t1(&p);
}

static void
admin_sets(unsigned af, const uint8_t *mac, unsigned flags)
{
	CHECK((af == AF_IP4 ? arp_set(0, addr("10.0.1.9"), mac, flags) : nd6_set(0, &neighbour6, mac, flags)) == NULL);
}

static void
bring_about(unsigned af, unsigned state)
{
	switch (state) {
	case MS_ABSENT:
		break;
	case MS_PERMANENT:
		admin_sets(af, mutate_mac, NHF_STATIC);
		break;
	case MS_PUBLISHED:
		admin_sets(af, mutate_mac, NHF_STATIC | NHF_PUBLISH);
		break;
	case MS_PROXIED:		/* RFC 1027: by our own link address */
		admin_sets(af, t1.w_if.if_lladdr, NHF_STATIC | NHF_PUBLISH);
		break;
	case MS_STALE: case MS_DELAY: case MS_PROBE:
		it_asks();
		if (state == MS_STALE)
			break;
		it_pings(af);
		host_run(1100);
		if (state == MS_PROBE)
			host_run(5100);
		break;
	default:
		it_pings(af);
		if (state == MS_REACHABLE)
			it_answers(af);
		else if (state == MS_DOWN)
			host_run(3100);
		break;
	}
}

/* As it is right after bring_about(). */
static bool
is_so(unsigned af, unsigned state)
{
	static const uint8_t want[MS_COUNT] = { NH_INCOMPLETE, NH_PROBING, NH_REACHABLE, NH_DOWN, NH_REACHABLE, NH_REACHABLE, NH_REACHABLE,
	    NH_STALE, NH_DELAY, NH_PROBE };
	const struct nexthop *nh = neighbour(af);
	unsigned flags = state == MS_PERMANENT ? NHF_STATIC : state == MS_PUBLISHED || state == MS_PROXIED ? NHF_STATIC | NHF_PUBLISH : 0;

	if (nh == NULL)
		return state == MS_ABSENT;
	return nh->nh_state == want[state] && (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH)) == flags && nh->nh_nhold == (state == MS_ASKED) &&
	    (!NH_RESOLVED(nh) || memcmp(nexthop_lladdr(nh), state == MS_PROXIED ? t1.w_if.if_lladdr : mutate_mac, 6) == 0);
}

static void
neighbour_put(unsigned af, unsigned state)
{
	if (is_so(af, state))
		return;
	if (neighbour(af) != NULL)
		CHECK((af == AF_IP4 ? arp_delete(0, addr("10.0.1.9")) : nd6_delete(0, &neighbour6)) == NULL);
	bring_about(af, state);
	admin_print = 0;
	if (!is_so(af, state))
		unit_fail(__FILE__, __LINE__, "%s: a neighbour that is %s could not be had", what, neighbour_names[state]);
}

static void
neighbour_put4(unsigned state)
{
	neighbour_put(AF_IP4, state);
}

static void
neighbour_put6(unsigned state)
{
	neighbour_put(AF_IP6, state);
}
const struct mutate_states mutate_neighbours4 = { "neighbour", neighbour_names, MS_COUNT4, neighbour_put4 };
const struct mutate_states mutate_neighbours6 = { "neighbour", neighbour_names, MS_COUNT, neighbour_put6 };

/* ---- checksums ---- */

static void
fix_icmp6(struct pkt *q, unsigned at)
{
	unsigned end = 54 + be16_host(pkt_ip6(q)->ip6_plen);
	uint64_t sum;

	if (at + 4 > end || end > q->p_len)
		return;
	store16(q->p_b + at + 2, 0);
	sum = in_sum(q->p_b + 22, 32, 0) + host_be32(end - at) + host_be32(IPPROTO_ICMPV6_);
	store16(q->p_b + at + 2, (uint16_t)~in_fold(in_sum(q->p_b + at, end - at, sum)));
}

void
mutate_fix_sums(struct pkt *q, unsigned icmp6)
{
	struct ip *ip = pkt_iphdr(q);
	unsigned hlen = (ip->ip_vhl & 15) * 4u, len = be16_host(ip->ip_len);

	if (load16(q->p_b + 12) == BE16(ETHERTYPE_IPV6) && icmp6 != 0)
		fix_icmp6(q, icmp6);
	if (load16(q->p_b + 12) != BE16(ETHERTYPE_IP) || q->p_len < 14 + hlen)
		return;
	if ((ip->ip_p == 1 || ip->ip_p == 2) && hlen >= 20 && len >= hlen + 4 && 14 + len <= q->p_len) {
		store16(q->p_b + 14 + hlen + 2, 0);
		store16(q->p_b + 14 + hlen + 2, in_cksum(q->p_b + 14 + hlen, len - hlen));
	}
	pkt_ipsum(q);
}

/* ---- what must hold ---- */

#define MUST(x) do { if (!(x)) unit_fail(__FILE__, __LINE__, "%s: not so: %s", what, #x); } while (0)

static uint64_t print;

static void
mix(const void *data, size_t n)
{
	for (const uint8_t *q = data; n > 0; n--, q++)
		print = (print ^ *q) * 0x100000001b3ull;
}
#define MIX(x) do { __auto_type mix_ = (x); mix(&mix_, sizeof(mix_)); } while (0)

static void
mix_interfaces(void)
{
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		MIX(ifp->if_flags);
		MIX(ifp->if_xflags);
		MIX(ifp->if_mtu);
		mix(ifp->if_lladdr, 6);
		for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			MIX(ifa->ifa_addr);
		for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
			if (!(ia->ia_flags & IN6_IFF_AUTOCONF)) {
				MIX(ia->ia_addr);
				MIX(ia->ia_flags);
			}
	}
}

/* Routes that nobody has learned. */
static void
mix_routes(unsigned af)
{
	struct rt_cursor rc = { .rc_af = af };
	const struct rtentry *rt;

	while ((rt = rtable_next(0, &rc)) != NULL)
		if ((rt->rt_flags & RTF_STATIC) && !(rt->rt_flags & RTF_LLINFO)) {
			MIX(rt->rt_dest6);
			MIX(rt->rt_plen);
			MIX(rt->rt_flags);
			MIX(rt->rt_via->v_gateway6);
		}
}

/* The order of nexthop_list is that of their making: summed up. */
static void
mix_neighbours(void)
{
	uint64_t before = print, sum = 0;

	for (const struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		if (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH)) {
			print = before;
			MIX(nh->nh_addr6);
			MIX(nh->nh_state);
			MIX(nh->nh_valid);
			mix(nexthop_lladdr(nh), 6);
			sum += print;
		}
	print = before;
	MIX(sum);
}

/* All that an admin has set, and that no packet may change. The walk over the routes takes long. */
static uint64_t
fingerprint(bool routes)
{
	print = 0xcbf29ce484222325ull;
	if (routes) {
		mix_routes(AF_IP4);
		mix_routes(AF_IP6);
	}
	mix_interfaces();
	mix_neighbours();
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (sc->sc_int != NULL)
			MIX(*sc->sc_int);
	return print;
}

static void
out_ip4(const struct pkt *f)
{
	const struct ip *ip = (const struct ip *)(f->p_b + 14);

	MUST(f->p_len >= 34 && ip->ip_vhl >> 4 == 4 && be16_host(ip->ip_len) == f->p_len - 14);
	MUST(in_cksum(ip, (ip->ip_vhl & 15) * 4u) == 0);
	MUST(ip->ip_ttl > 0 && !ip4_is_loopback(ip->ip_src) && !ip4_is_loopback(ip->ip_dst));
}

static void
out_ip6(struct wire *w, const struct pkt *f)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)(f->p_b + 14);
	uint64_t sum;

	MUST(f->p_len >= 54 && f->p_b[14] >> 4 == 6 && be16_host(ip6->ip6_plen) == f->p_len - 54 && ip6->ip6_hlim > 0);
	MUST(!IN6_IS_ADDR_MULTICAST(&ip6->ip6_src) && !IN6_IS_ADDR_LOOPBACK(&ip6->ip6_src) && !IN6_IS_ADDR_LOOPBACK(&ip6->ip6_dst));
	MUST(!IN6_IS_ADDR_UNSPECIFIED(&ip6->ip6_dst) && !IN6_IS_ADDR_V4MAPPED(&ip6->ip6_src) && !IN6_IS_ADDR_V4MAPPED(&ip6->ip6_dst));
	if (ip6->ip6_nxt != IPPROTO_ICMPV6_ || in6_ifaddr_find(&w->w_if, &ip6->ip6_src) == NULL)
		return;
	sum = in_sum(f->p_b + 22, 32, 0) + host_be32(f->p_len - 54) + host_be32(IPPROTO_ICMPV6_);
	MUST(in_fold(in_sum(f->p_b + 54, f->p_len - 54, sum)) == 0xffff);
}

static void
out_good(struct wire *w)
{
	struct pkt *f;

	while ((f = wire_tx(w)) != NULL) {
		MUST(memcmp(f->p_b + 6, w->w_if.if_lladdr, 6) == 0);
		MUST(to_ourselves || memcmp(f->p_b, w->w_if.if_lladdr, 6) != 0);
		if (load16(f->p_b + 12) == BE16(ETHERTYPE_ARP)) {
			MUST(f->p_len == 60);
			for (unsigned i = 42; i < 60; i++)
				MUST(f->p_b[i] == 0);		/* Etherleak */
		} else if (load16(f->p_b + 12) == BE16(ETHERTYPE_IPV6))
			out_ip6(w, f);
		else {
			MUST(load16(f->p_b + 12) == BE16(ETHERTYPE_IP));
			out_ip4(f);
		}
	}
}

static bool
came_out(struct wire *w, uint16_t type, const void *dst, unsigned at, unsigned len)
{
	bool yes = false;

	for (struct pkt *f; (f = wire_tx(w)) != NULL; )
		yes |= load16(f->p_b + 12) == type && memcmp(f->p_b + at, dst, len) == 0;
	return yes;
}

void
mutate_honest(void)
{
	static struct pkt good4, good6;
	struct in6_addr dst6 = addr6(ip6_forwarding ? "fd00:c::1" : "fd00:a::2");
	be32_t dst4 = addr("10.1.0.1");

	if (good4.p_len == 0) {
		pkt_udp(&good4, "10.0.0.2", "10.1.0.1", 64, 26);
		if (ip6_forwarding)
			pkt6_udp(&good6, "fd00:a::2", "fd00:c::1", 64, 26);
		else
			pkt6_echo(&good6, "fd00:a::2", "fd00:a::1", 26);
	}
	wires_forget();
	wire_rx(&t0, &good4);
	MUST(came_out(&t1, BE16(ETHERTYPE_IP), &dst4, 30, 4));
	wire_rx(&t0, &good6);
	MUST(came_out(ip6_forwarding ? &t1 : &t0, BE16(ETHERTYPE_IPV6), &dst6, 38, 16));
	wires_forget();
}

/* One packet has come: what became of it. before: the books; those that waited then may have gone with it. */
static void
one_fate(const struct counter_balance *b)
{
	struct counter_balance a;
	uint64_t received, dropped, consumed, created, sent;
	const char *why = host_check_balance();

	if (why != NULL)
		unit_fail(__FILE__, __LINE__, "%s: %s", what, why);
	counter_balance(&a);
	received = a.cb_received - b->cb_received;
	dropped = a.cb_dropped - b->cb_dropped;
	consumed = a.cb_consumed - b->cb_consumed;
	created = a.cb_created - b->cb_created;
	sent = a.cb_sent - b->cb_sent;
	MUST(received >= 1 && received <= 1 + created);		/* what we tell ourselves comes by lo0 */
	MUST(dropped + consumed <= received + b->cb_held + created);
	if (b->cb_held == 0 && received == 1 && sent == created)	/* all that we made has gone: exactly one fate of the one that came */
		MUST(dropped + consumed + a.cb_held == 1);
	mutate_tally.mt_all++;
	mutate_tally.mt_dropped += dropped > 0;
	mutate_tally.mt_consumed += consumed > 0;
	mutate_tally.mt_passed += sent > created;
	mutate_tally.mt_waiting += a.cb_held > b->cb_held;
	mutate_tally.mt_answered += created > 0;
}

/* ---- the engine ---- */

static void
describe(const struct sample *s, const struct mutate_states *ms, unsigned state, const struct field_cursor *fc)
{
	snprintf(what, sizeof(what), "%s, %s %s, %s %s (bit %u), value %u", s->sp_name, ms->ms_what, ms->ms_names[state],
	    fc->fc_header->h_fields->fs_name, field_of(fc)->f_name, fc->fc_bit, fc->fc_value);
}

static void
neighbour_lladdrs(uint8_t *mac)
{
	for (unsigned af = 0; af < 2; af++) {
		const struct nexthop *nh = neighbour(af == 0 ? AF_IP4 : AF_IP6);

		memset(mac + af * 6, 0, 6);
		if (nh != NULL && NH_RESOLVED(nh))
			memcpy(mac + af * 6, nexthop_lladdr(nh), 6);
	}
}

/* One changed packet. */
static void
try_one(const struct sample *s, const struct field_cursor *fc)
{
	static const uint8_t ours4[4] = { 10, 0, 1, 1 };
	static const uint8_t ours6[16] = { 0xfd, [3] = 0x0b, [15] = 1 };
	const uint8_t *ours[3] = { ours4, s->sp_wire->w_if.if_lladdr, ours6 };
	uint8_t before_mac[12], after_mac[12];
	struct counter_balance before;

	s->sp_make(&p);
	if (!field_put(p.p_b, p.p_len, fc, ours))
		return;
	if (!field_is_sum(fc))
		mutate_fix_sums(&p, s->sp_icmp6);
	if (admin_print == 0)
		admin_print = fingerprint(false);
	neighbour_lladdrs(before_mac);
	wires_forget();
	counter_balance(&before);
	wire_rx(s->sp_wire, &p);
	one_fate(&before);
	out_good(&t0);
	out_good(&t1);
	MUST(fingerprint(false) == admin_print);
	neighbour_lladdrs(after_mac);
	MUST(s->sp_teaches || memcmp(before_mac, after_mac, sizeof(before_mac)) == 0);
}

void
mutate(const struct sample *s, const struct mutate_states *ms)
{
	for (unsigned state = 0; state < ms->ms_count; state++) {
		uint64_t set;

		ms->ms_put(state);
		set = fingerprint(true);
		FIELDS_FOREACH(s->sp_headers, fc) {
			describe(s, ms, state, &fc);
			to_ourselves = strcmp(ms->ms_names[state], "proxied") == 0;
			ms->ms_put(state);
			try_one(s, &fc);
			if (fc.fc_value == 0)
				mutate_honest();	/* once for each field */
		}
		mutate_honest();
		ms->ms_put(state);
		MUST(fingerprint(true) == set);
		host_run(1000);			/* allowances for errors are there again */
		net_balance();
	}
}
