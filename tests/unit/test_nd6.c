/* test_nd6.c - neighbour discovery: the states of RFC 4861, what is believed of whom, and packets that wait. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/loop.h"
#include "kernel/sysctl.h"
#include "net/inet6/mld6.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

static struct pkt p;
static const uint8_t other[6] = { 2, 0, 0, 0, 0, 0x99 };

static struct nexthop *
nh_of(struct wire *w, const char *a)
{
	struct in6_addr x = addr6(a);

	return nexthop_find6(&w->w_if, &x);
}

static unsigned
state_of(struct wire *w, const char *a)
{
	CHECK(nh_of(w, a) != NULL);
	return nh_of(w, a)->nh_state;
}

/* The next frame on w is a solicitation for the target, to its group or (unicast) to the host there. */
static void
asked(struct wire *w, const char *target, bool unicast)
{
	struct pkt *f = wire_tx_icmp6(w, ICMP6_NS);
	const struct nd_neighbor *ns = (const struct nd_neighbor *)(f->p_b + 54);
	struct in6_addr t = addr6(target), group = in6_solicited_node(&t);
	uint8_t mac[6];

	in6_multi_lladdr(&group, mac);
	CHECK(in6_equal(&ns->nd_target, &t));
	CHECK_MEM(f->p_b, unicast ? w->w_host : mac, 6);
	CHECK(in6_equal(&pkt_ip6(f)->ip6_dst, unicast ? &t : &group));
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 255);
	CHECK_EQ(f->p_len, 54 + 32);
	CHECK_EQ(f->p_b[78], ND_OPT_SLLA);
	CHECK_MEM(f->p_b + 80, w->w_if.if_lladdr, 6);
}

/* An advertisement of the host on w arrives. */
static void
tell(struct wire *w, const char *target, be32_t flags, const uint8_t *ll)
{
	pkt6_na(&p, target, w == &t0 ? "fd00:a::1" : "fd00:b::1", target, flags, ll);
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	wire_rx(w, &p);
}

TEST(nd6_answers)
{
	const struct nd_neighbor *na;
	struct pkt *f;

	ip6_start_unknown();
	pkt6_ns(&p, "fd00:a::2", "ff02::1:ff00:1", "fd00:a::1", t0.w_host);
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_NA);
	na = (const struct nd_neighbor *)(f->p_b + 54);
	CHECK_EQ(na->nd_flags, ND_NA_ROUTER | ND_NA_SOLICITED | ND_NA_OVERRIDE);
	CHECK_STR(text6(&na->nd_target), "fd00:a::1");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "fd00:a::2");
	CHECK_MEM(f->p_b, t0.w_host, 6);
	CHECK_MEM(f->p_b + 80, t0.w_if.if_lladdr, 6);
	CHECK_EQ(counter_delta("nd6s_inns"), 1);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_STALE);		/* who asks is known, and not confirmed */
	pkt6_ns(&p, "fd00:a::2", "ff02::1:ff00:77", "fd00:a::77", t0.w_host);
	wire_rx(&t0, &p);					/* a group that is not ours */
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ip6s_notmember"), 1);
	net_end();
}

/* checklist: ndp_cache_expiration */
TEST(nd6_states)
{
	uint32_t r;

	ip6_start_unknown();
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", t0.w_host);
	wire_rx(&t0, &p);
	wires_forget();
	pkt6_udp(&p, "fd00:a::2", "fd00:b::2", 64, 26);
	wire_rx(&t0, &p);
	asked(&t1, "fd00:b::2", false);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_PROBING);
	tell(&t1, "fd00:b::2", ND_NA_SOLICITED | ND_NA_OVERRIDE, t1.w_host);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_REACHABLE);
	CHECK(wire_tx(&t1) != NULL);				/* what waited */
	r = nd6_reachable_ms(&t1.w_if);
	CHECK(r >= 15000 && r <= 45000);
	host_run(r - 100);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_REACHABLE);
	host_run(200);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_STALE);
	host_run(20000);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_STALE);		/* nobody uses it */
	wires_forget();
	pkt6_udp(&p, "fd00:a::2", "fd00:b::2", 64, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);				/* it serves */
	host_run(1100);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_DELAY);
	CHECK(wire_tx(&t1) == NULL);
	host_run(5000);
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_PROBE);
	asked(&t1, "fd00:b::2", true);
	tell(&t1, "fd00:b::2", ND_NA_SOLICITED, NULL);		/* 7.2.5: nothing new, but it is there */
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_REACHABLE);
	net_end();
}

/* Without an answer it is probed three times by unicast, and forgotten; with demand all begins anew. */
TEST(nd6_lost)
{
	ip6_start_unknown();
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", t0.w_host);
	wire_rx(&t0, &p);
	pkt6_ns(&p, "fd00:b::2", "fd00:b::1", "fd00:b::1", t1.w_host);
	memcpy(p.p_b, t1.w_if.if_lladdr, 6);
	wire_rx(&t1, &p);
	wires_forget();
	pkt6_udp(&p, "fd00:a::2", "fd00:b::2", 64, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);
	for (int i = 0; i < 3; i++) {
		host_run(i == 0 ? 6100 : 1000);
		asked(&t1, "fd00:b::2", true);
		CHECK(wire_tx(&t1) == NULL);
	}
	pkt6_udp(&p, "fd00:a::2", "fd00:b::2", 64, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);				/* still serves */
	host_run(1000);
	asked(&t1, "fd00:b::2", false);				/* there is demand: to all */
	CHECK_EQ(state_of(&t1, "fd00:b::2"), NH_PROBING);
	net_end();
}

/* Resolution fails: every waiting packet's source is told (RFC 4861 7.2.2), the limit of the list holds. */
TEST(nd6_unreachable)
{
	struct pkt *f;

	ip6_start();
	for (unsigned i = 0; i < 20; i++) {
		pkt6_udp(&p, "fd00:a::2", "fd00:b::9", 64, 26);
		p.p_b[60] = (uint8_t)i;
		wire_rx(&t0, &p);
	}
	CHECK_EQ(counter_delta("nd6s_holdfull"), 4);
	for (int i = 0; i < 3; i++) {
		asked(&t1, "fd00:b::9", false);
		CHECK(wire_tx(&t1) == NULL);
		host_run(1000);
	}
	for (unsigned i = 4; i < 20; i++) {
		f = wire_tx_icmp6(&t0, ICMP6_UNREACH);
		CHECK_EQ(pkt_icmp6(f)->icmp6_code, ICMP6_UNREACH_ADDR);
		CHECK_EQ(f->p_b[62 + 46], i);			/* the quoted byte */
	}
	CHECK_EQ(counter_delta("nd6s_unanswered"), 16);
	CHECK_EQ(state_of(&t1, "fd00:b::9"), NH_DOWN);
	wire_rx(&t0, &p);
	wire_tx_icmp6(&t0, ICMP6_UNREACH);			/* at once now */
	CHECK_EQ(counter_delta("nd6s_hostdown"), 1);
	host_run(41000);
	CHECK(nh_of(&t1, "fd00:b::9") == NULL);
	net_end();
}

/* Packets to many neighbours that do not exist: the newest wait, and nothing is left. */
TEST(nd6_hold_limit)
{
	char dst[64];

	ip6_start();
	for (unsigned i = 0; i < 600; i++) {
		snprintf(dst, sizeof(dst), "fd00:b::1:%x", i);
		pkt6_udp(&p, "fd00:a::2", dst, 64, 26);
		wire_rx(&t0, &p);
	}
	CHECK_EQ(counter_delta("nd6s_held"), 600);
	CHECK_EQ(counter_delta("nd6s_holdlimit"), 88);
	host_run(5000);
	net_end();
}

/* ---- what is believed: RFC 4861 7.2.5, 7.2.3 ---- */

static void
known(void)
{
	ip6_start_unknown();
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", t0.w_host);
	wire_rx(&t0, &p);
	tell(&t0, "fd00:a::2", ND_NA_SOLICITED | ND_NA_OVERRIDE, t0.w_host);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_REACHABLE);
	wires_forget();
	counter_mark();
}

/* checklist: ndp_cache_overwriting */
TEST(nd6_overwriting)
{
	known();
	tell(&t0, "fd00:a::2", ND_NA_SOLICITED, other);		/* no override: only doubt is raised */
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_STALE);
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fd00:a::2")), t0.w_host, 6);
	CHECK_EQ(counter_delta("nd6s_notoverride"), 1);
	tell(&t0, "fd00:a::2", ND_NA_OVERRIDE, other);		/* unsolicited: known, and not confirmed */
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_STALE);
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fd00:a::2")), other, 6);
	tell(&t0, "fd00:a::2", ND_NA_OVERRIDE | ND_NA_SOLICITED | ND_NA_ROUTER, t0.w_host);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_REACHABLE);
	CHECK(nh_of(&t0, "fd00:a::2")->nh_router);
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fd00:a::2")), t0.w_host, 6);
	CHECK_EQ(counter_delta("nd6s_moved"), 2);
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", other);	/* who asks says so, too */
	wire_rx(&t0, &p);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_STALE);
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fd00:a::2")), other, 6);
	net_end();
}

/* A permanent entry stays, whoever says what. */
TEST(nd6_static)
{
	struct in6_addr a;

	ip6_start();
	tell(&t0, "fd00:a::2", ND_NA_OVERRIDE | ND_NA_SOLICITED, other);
	CHECK_EQ(counter_delta("nd6s_static"), 1);
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", other);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_static"), 2);
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fd00:a::2")), t0.w_host, 6);
	host_run(100000);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_REACHABLE);
	a = addr6("fd00:a::1");
	CHECK_STR(nd6_set(0, &a, other, NHF_STATIC), "is our own address");
	a = addr6("2001:db8::1");
	CHECK_STR(nd6_set(0, &a, other, NHF_STATIC), "Network is unreachable");
	a = addr6("fd00:a::2");
	CHECK(nd6_delete(0, &a) == NULL);
	CHECK(nh_of(&t0, "fd00:a::2") == NULL);
	CHECK_STR(nd6_delete(0, &a), "no entry");
	net_end();
}

/* HOSTILE: Link, unsolicited or spoofed NA. */
TEST(nd6_unsolicited)
{
	ip6_start_unknown();
	tell(&t0, "fd00:a::5", ND_NA_OVERRIDE, other);
	CHECK_EQ(counter_delta("nd6s_unasked"), 1);
	CHECK(nh_of(&t0, "fd00:a::5") == NULL);
	pkt6_ns(&p, "2001:db8::5", "fd00:a::1", "fd00:a::1", other);	/* not of this link */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_wrongif"), 1);
	pkt6_na(&p, "fd00:a::1", "ff02::1", "fd00:a::1", ND_NA_OVERRIDE, other);	/* ours */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_claim"), 1);
	CHECK(!(in6_ifaddr_find(&t0.w_if, &(struct in6_addr){ { .s6_addr = { 0xfd, 0, 0, 10, [15] = 1 } } })->ia_flags & IN6_IFF_DUPLICATED));
	CHECK(wire_tx(&t0) == NULL);
	net_end();
}

/* RFC 4861 7.1: what makes a message none. */
TEST(nd6_bad_messages)
{
	uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 }, zero[6] = { 0 };

	ip6_start();
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);
	pkt_ip6(&p)->ip6_hlim = 254;
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_hoplimit"), 1);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);	/* in fragments, were it only one: RFC 6980 */
	pkt6_insert(&p, 44, (uint8_t[8]){ 0, 0, 0, 0, 0, 0, 0, 9 }, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_ndfrag"), 1);
	CHECK(nh_of(&t0, "fd00:a::7") == NULL && wire_tx(&t0) == NULL);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);
	p.p_b[60] ^= 1;
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_checksum"), 1);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);
	p.p_b[55] = 1;
	pkt6_sum(&p);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_badcode"), 1);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "ff02::1", other);		/* a group as target */
	wire_rx(&t0, &p);
	pkt6_ns(&p, "::", "fd00:a::1", "fd00:a::1", NULL);		/* from ::, not to the group */
	wire_rx(&t0, &p);
	pkt6_ns(&p, "::", "ff02::1:ff00:1", "fd00:a::1", other);	/* from :: with a link address */
	wire_rx(&t0, &p);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", group);
	wire_rx(&t0, &p);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", zero);
	wire_rx(&t0, &p);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", t0.w_if.if_lladdr);	/* we would send to ourselves */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_badns"), 6);
	CHECK(wire_tx(&t0) == NULL);
	pkt6_na(&p, "fd00:a::7", "ff02::1", "fd00:a::7", ND_NA_SOLICITED, other);
	wire_rx(&t0, &p);
	pkt6_na(&p, "fd00:a::7", "fd00:a::1", "ff02::1", 0, other);
	wire_rx(&t0, &p);
	pkt6_na(&p, "fd00:a::2", "fd00:a::1", "fd00:a::2", ND_NA_SOLICITED | ND_NA_OVERRIDE, t0.w_if.if_lladdr);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_badna"), 3);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);
	p.p_b[79] = 0;							/* an option of no length */
	pkt6_sum(&p);
	wire_rx(&t0, &p);
	pkt6_ns(&p, "fd00:a::7", "fd00:a::1", "fd00:a::1", other);
	p.p_b[79] = 2;							/* beyond the end */
	pkt6_sum(&p);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_nsopt"), 2);
	CHECK_EQ(counter_delta("nd6s_badopt"), 2);
	pkt6_icmp(&p, "fd00:a::7", "fd00:a::1", 255, (uint8_t[20]){ ICMP6_NS }, 20);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_badmin"), 1);
	CHECK(wire_tx(&t0) == NULL);
	CHECK(nh_of(&t0, "fd00:a::7") == NULL);
	net_end();
}

/* ---- addresses of ours ---- */

static struct in6_ifaddr *
add(const char *a)
{
	struct in6_addr x = addr6(a);
	struct in6_ifaddr *ia;

	CHECK(if_addaddr6(&t0.w_if, &x, 64, 0, &ia) == NULL);
	return ia;
}

/* checklist: ndp:dad_basic */
TEST(nd6_dad)
{
	struct in6_ifaddr *ia;
	struct pkt *f;

	ip6_start_unknown();
	ia = add("fd00:a::55");
	loop_pass();
	f = wire_tx(&t0);
	while (f != NULL && pkt_ip6(f)->ip6_nxt == 0)		/* the group's report */
		f = wire_tx(&t0);
	CHECK(f != NULL);
	CHECK_EQ(pkt_icmp6(f)->icmp6_type, ICMP6_NS);
	CHECK(in6_is_any(&pkt_ip6(f)->ip6_src));
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1:ff00:55");
	CHECK_EQ(f->p_len, 54 + 24 + 8);			/* no link address */
	CHECK_EQ(f->p_b[54 + 24], ND_OPT_NONCE);
	CHECK_EQ(f->p_b[54 + 25], 1);
	CHECK(ia->ia_flags & IN6_IFF_TENTATIVE);
	pkt6_echo(&p, "fd00:a::2", "fd00:a::55", 8);		/* optimistic: it serves already (RFC 4429) */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_reflect"), 1);
	host_run(1100);
	CHECK(!(ia->ia_flags & IN6_IFF_TENTATIVE));
	CHECK_EQ(counter_delta("nd6s_dadsent"), 1);
	in6_ifaddr_delete(ia);
	net_end();
}

/* RFC 7527: a wire that gives us our own question back does not take the address from us; somebody else's question does. */
TEST(nd6_dad_looped)
{
	struct in6_ifaddr *ia;
	struct pkt *f, own;

	ip6_start_unknown();
	ia = add("fd00:a::55");
	loop_pass();
	for (f = wire_tx(&t0); f != NULL && (pkt_ip6(f)->ip6_nxt == 0 || pkt_icmp6(f)->icmp6_type != ICMP6_NS); f = wire_tx(&t0))
		continue;
	CHECK(f != NULL);
	own = *f;
	wire_rx(&t0, &own);
	CHECK_EQ(counter_delta("nd6s_dadloop"), 1);
	CHECK_EQ(ia->ia_flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED), IN6_IFF_TENTATIVE);
	host_run(1100);
	CHECK_EQ(ia->ia_flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED), 0);
	in6_ifaddr_delete(ia);
	ia = add("fd00:a::55");
	wire_rx(&t0, &own);					/* the same bytes, but not what is being asked now */
	CHECK(ia->ia_flags & IN6_IFF_DUPLICATED);
	in6_ifaddr_delete(ia);
	net_end();
}

/* checklist: ndp:dad_duplicated */
TEST(nd6_dad_duplicated)
{
	struct in6_ifaddr *ia;

	ip6_start_unknown();
	ia = add("fd00:a::55");
	pkt6_na(&p, "fd00:a::55", "ff02::1", "fd00:a::55", ND_NA_OVERRIDE, other);
	wire_rx(&t0, &p);
	CHECK_EQ(ia->ia_flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED), IN6_IFF_DUPLICATED);
	host_run(3000);
	CHECK(ia->ia_flags & IN6_IFF_DUPLICATED);
	wires_forget();
	pkt6_ns(&p, "fd00:a::2", "ff02::1:ff00:55", "fd00:a::55", t0.w_host);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);				/* no longer ours to defend */
	in6_ifaddr_delete(ia);
	ia = add("fd00:a::56");
	pkt6_ns(&p, "::", "ff02::1:ff00:56", "fd00:a::56", NULL);	/* two who ask at the same time */
	wire_rx(&t0, &p);
	CHECK(ia->ia_flags & IN6_IFF_DUPLICATED);
	in6_ifaddr_delete(ia);
	wires_forget();
	pkt6_ns(&p, "::", "ff02::1:ff00:1", "fd00:a::1", NULL);	/* one of ours that is sure */
	wire_rx(&t0, &p);
	CHECK_STR(text6(&pkt_ip6(wire_tx_icmp6(&t0, ICMP6_NA))->ip6_dst), "ff02::1");
	net_end();
}

/* checklist: ndp_purge_on_ifdown, ndp_purge_on_route_delete, ndp_stray_entries */
TEST(nd6_purge)
{
	struct in6_addr a;

	known();
	if_setup(&t0.w_if, false);
	CHECK(nh_of(&t0, "fd00:a::2") == NULL);
	if_setup(&t0.w_if, true);
	pkt6_ns(&p, "fd00:a::2", "fd00:a::1", "fd00:a::1", t0.w_host);
	wire_rx(&t0, &p);
	CHECK_EQ(state_of(&t0, "fd00:a::2"), NH_STALE);
	a = addr6("fd00:a::1");
	CHECK(if_deladdr6(&t0.w_if, &a) == NULL);
	CHECK(nh_of(&t0, "fd00:a::2") == NULL);
	CHECK(if_addaddr6(&t1.w_if, &a, 64, 0, NULL) == NULL);
	wires_forget();
	pkt6_udp(&p, "fd00:b::2", "fd00:a::2", 64, 26);
	memcpy(p.p_b, t1.w_if.if_lladdr, 6);
	wire_rx(&t1, &p);
	CHECK(nh_of(&t0, "fd00:a::2") == NULL && nh_of(&t1, "fd00:a::2") != NULL);
	net_end();
}

/* A proxy answers for a host that is elsewhere, without Override (RFC 4861 7.2.8). */
TEST(nd6_proxy)
{
	const struct nd_neighbor *na;
	struct in6_addr a;
	struct pkt *f;

	ip6_start();
	a = addr6("fd00:a::99");
	CHECK(nd6_set(0, &a, t0.w_if.if_lladdr, NHF_STATIC | NHF_PUBLISH) == NULL);
	wires_forget();
	pkt6_ns(&p, "fd00:a::2", "ff02::1:ff00:99", "fd00:a::99", t0.w_host);
	wire_rx(&t0, &p);
	for (f = wire_tx(&t0); f != NULL && pkt_icmp6(f)->icmp6_type != ICMP6_NA; f = wire_tx(&t0))
		continue;
	CHECK(f != NULL);
	na = (const struct nd_neighbor *)(f->p_b + 54);
	CHECK_EQ(na->nd_flags, ND_NA_ROUTER | ND_NA_SOLICITED);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_MEM(f->p_b + 80, t0.w_if.if_lladdr, 6);
	CHECK_EQ(counter_delta("nd6s_inproxy"), 1);
	CHECK(nd6_delete(0, &a) == NULL);
	host_run(5000);
	wire_rx(&t0, &p);					/* its group has been left */
	CHECK_EQ(counter_delta("ip6s_notmember"), 1);
	net_end();
}

/* RFC 4861 8.2: who could have gone straight is told; routers by their link-local address only. */
TEST(nd6_redirects)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_plen = 48, .rq_flags = RTF_GATEWAY | RTF_STATIC };
	const struct nd_redirect *rd;
	struct in6_addr a;
	struct pkt *f;

	ip6_start();
	a = addr6("fd00:a::9");
	CHECK(nd6_set(0, &a, other, NHF_STATIC) == NULL);
	pkt6_udp(&p, "fd00:a::2", "fd00:a::9", 64, 26);
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_REDIRECT);
	rd = (const struct nd_redirect *)(f->p_b + 54);
	CHECK_STR(text6(&rd->rd_target), "fd00:a::9");
	CHECK_STR(text6(&rd->rd_dst), "fd00:a::9");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "fd00:a::2");
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 255);
	CHECK_EQ(f->p_b[54 + 40], ND_OPT_TLLA);
	CHECK_MEM(f->p_b + 54 + 42, other, 6);
	CHECK_EQ(f->p_b[54 + 48], ND_OPT_REDIRECTED);
	CHECK_MEM(f->p_b + 54 + 56, p.p_b + 14, 64);
	CHECK(wire_tx(&t0) != NULL);				/* and it goes all the same */
	a = addr6("fe80::9%t0");
	CHECK(nd6_set(0, &a, other, NHF_STATIC) == NULL);
	rq.rq_dest6 = addr6("2001:db8::");
	rq.rq_gateway6 = a;
	CHECK_EQ(rt_add(&rq), RT_OK);
	pkt6_udp(&p, "fd00:a::2", "2001:db8::1", 64, 26);
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_REDIRECT);
	CHECK_STR(text6(&((const struct nd_redirect *)(f->p_b + 54))->rd_target), "fe80::9");
	CHECK_EQ(counter_delta("ip6s_redirectsent"), 2);
	net_end();
}

/* A host obeys its router, for a time; a router, and who is told by somebody else, does not (RFC 4861 8.1, 8.3). checklist: icmp6_redirect_basic */
TEST(nd6_redirect_obeyed)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0xbb };
	struct rt_request rq = { .rq_af = AF_IP6, .rq_flags = RTF_GATEWAY | RTF_STATIC };
	struct { struct nd_redirect rd; struct nd_opt_lladdr opt; } msg = { .rd = { .rd_type = ICMP6_REDIRECT } };
	struct in6_addr dst = addr6("2001:db8::9");

	ip6_start_unknown();
	rq.rq_gateway6 = addr6("fe80::aa%t0");
	CHECK_EQ(rt_add(&rq), RT_OK);
	wires_forget();
	msg.rd.rd_target = addr6("fe80::bb");
	msg.rd.rd_dst = dst;
	msg.opt = (struct nd_opt_lladdr){ ND_OPT_TLLA, 1, { 2, 0, 0, 0, 0, 0xbb } };
	pkt6_icmp(&p, "fe80::aa", "fd00:a::1", 255, &msg, sizeof(msg));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_rdignored"), 1);		/* we forward */
	ip6_forwarding = 0;
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_redirected"), 1);
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::bb%t0");
	CHECK_MEM(nexthop_lladdr(nh_of(&t0, "fe80::bb")), mac, 6);
	CHECK(nh_of(&t0, "fe80::bb")->nh_router);
	pkt6_icmp(&p, "fe80::aa", "fd00:a::1", 255, &msg, sizeof(msg));	/* not our router for it any more */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_rdnotours"), 1);
	pkt6_icmp(&p, "fd00:a::2", "fd00:a::1", 255, &msg, sizeof(msg));
	wire_rx(&t0, &p);
	msg.rd.rd_target = addr6("fd00:a::7");				/* neither link-local nor the destination */
	pkt6_icmp(&p, "fe80::bb", "fd00:a::1", 255, &msg, sizeof(msg));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_badrd"), 2);
	msg.rd.rd_target = dst;						/* it is on the link itself */
	pkt6_icmp(&p, "fe80::bb", "fd00:a::1", 255, &msg, sizeof(msg));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_redirected"), 2);
	CHECK(!(rtable_match6(0, &dst)->rt_flags & RTF_GATEWAY));
	host_run(601000);
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::aa%t0");
	net_end();
}

static void
redirect(const char *from, const char *dst, const char *to)
{
	struct nd_redirect rd = { .rd_type = ICMP6_REDIRECT, .rd_target = addr6(to), .rd_dst = addr6(dst) };

	pkt6_icmp(&p, from, "fd00:a::1", 255, &rd, sizeof(rd));
	wire_rx(&t0, &p);
}

/* RFC 4861 7.3.3, 7.2.5: the better way is forgotten when who stands there does not answer, or says that it is no router. */
TEST(nd6_redirect_dead)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_flags = RTF_GATEWAY | RTF_STATIC };
	struct in6_addr dst = addr6("2001:db8::9");

	ip6_start_unknown();
	rq.rq_gateway6 = addr6("fe80::aa%t0");
	CHECK_EQ(rt_add(&rq), RT_OK);
	ip6_forwarding = 0;
	redirect("fe80::aa", "2001:db8::9", "fe80::bb");
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::bb%t0");
	cmd("ping6 -c 1 -w 1 2001:db8::9");
	host_run(4000);
	CHECK_EQ(state_of(&t0, "fe80::bb"), NH_DOWN);
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::aa%t0");
	redirect("fe80::aa", "2001:db8::9", "fe80::bb");
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::bb%t0");
	tell(&t0, "fe80::bb", ND_NA_SOLICITED | ND_NA_OVERRIDE | ND_NA_ROUTER, other);
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::bb%t0");
	tell(&t0, "fe80::bb", ND_NA_OVERRIDE, other);
	CHECK_STR(text6(&rtable_match6(0, &dst)->rt_via->v_gateway6), "fe80::aa%t0");
	net_end();
}

/* The admin's stay; when there are so many that there is no room, others are refused, and counted. */
TEST(nd6_no_room)
{
	char name[64];
	struct in6_addr a;

	ip6_start();
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strcmp(sc->sc_name, "net.inet6.ip6.neighborgcthresh") == 0)
			*sc->sc_int = 16;
	for (unsigned i = 20; i < 36; i++) {
		snprintf(name, sizeof(name), "fd00:b::%x", i);
		a = addr6(name);
		CHECK(nd6_set(0, &a, other, NHF_STATIC) == NULL);
	}
	pkt6_udp(&p, "fd00:a::2", "fd00:b::88", 64, 20);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_noneighbor"), 1);
	CHECK_EQ(counter_delta("nhs_reclaimed"), 0);
	net_end();
}

/* checklist: ndp_neighborgcthresh */
TEST(nd6_table_limit)
{
	char src[64];

	ip6_start();
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(src, sizeof(src), "fd00:a::1:%x", i);
		pkt6_ns(&p, src, "fd00:a::1", "fd00:a::1", other);
		wire_rx(&t0, &p);
		wires_forget();
		if (i % 64 == 0)
			host_run(10);
	}
	pkt6_ns(&p, "fd00:a::2:1", "fd00:a::1", "fd00:a::1", other);	/* there is room for a newcomer */
	wire_rx(&t0, &p);
	host_run(20);
	wire_rx(&t0, &p);
	CHECK_EQ(state_of(&t0, "fd00:a::2:1"), NH_STALE);
	CHECK(counter_delta("nhs_reclaimed") > 1000);
	net_end();
}

/* ---- ndp(8) ---- */

/* checklist: ndp_commands */
TEST(ndp_command)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 fe80::1\ninet6 fd00:a::1 64\n"), "");
	CHECK_STR(cmd("ndp -s fd00:a::9 0:1:2:3:4:5"), "");
	CHECK_STR(cmd("ndp -s fd00:a::a 0:1:2:3:4:6 temp"), "");
	CHECK_IN(cmd("ndp -an"), "Neighbor                             Linklayer Address   Netif Expire    S Flags\n"
	    "::1                                  (incomplete)          lo0 permanent R l\n"
	    "fd00:a::1                            52:54:00:00:00:0a      t0 permanent R l\n"
	    "fd00:a::9                            00:01:02:03:04:05      t0 permanent R \n"
	    "fd00:a::a                            00:01:02:03:04:06      t0 ");
	CHECK_STR(cmd("ndp -j fd00:a::9"), "[{\"neighbor\":\"fd00:a::9\",\"linklayer address\":\"00:01:02:03:04:05\",\"netif\":\"t0\","
	    "\"expire\":\"permanent\",\"state\":\"R\",\"flags\":\"\"}]\n");
	CHECK_IN(cmd("ndp fd00:a::77"), "fd00:a::77 (fd00:a::77) -- no entry\n");
	CHECK_STR(cmd("ndp -d fd00:a::9"), "fd00:a::9 (fd00:a::9) deleted\n");
	CHECK_STR(cmd("ndp -d fd00:a::9"), "ndp: delete fd00:a::9: no entry\n");
	CHECK_STR(cmd("ndp -d fd00:a::1"), "ndp: delete fd00:a::1: is our own address\n");
	CHECK_STR(cmd("ndp -s fd00:a::9 1:1"), "ndp: 1:1: invalid Ethernet address\n");
	CHECK_STR(cmd("ndp -s fd00:a::9 1:1:2:3:4:5"), "ndp: 1:1:2:3:4:5: invalid Ethernet address\n");
	CHECK_STR(cmd("ndp -c"), "");
	CHECK_IN(cmd("ndp fd00:a::a"), "no entry");
	CHECK_IN(cmd("ndp"), "usage: ndp");
	cmd_end();
}

/* An admin's entries are configuration: both families in one list, in the file of the interface that faces them. */
TEST(ndp_permanent_is_configuration)
{
	static const char head[] = "# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\ninet6 fd00:a::1 64\n";
	static const char all[] = "!arp -s 10.0.0.9 02:00:00:00:00:01\n!ndp -s fd00:a::9 02:00:00:00:00:09\n"
	    "!ndp -s fd00:b::9 52:54:00:00:00:0a proxy\n!ndp -s fe80::9%t0 02:00:00:00:00:08\n";
	char text[600];

	cmd_start();
	CHECK_STR(cmd_load(head), "");
	CHECK_STR(cmd("ndp -s fd00:a::9 2::9"), "ndp: 2::9: invalid Ethernet address\n");
	CHECK_STR(cmd("ndp -s fe80::9%t0 2:0:0:0:0:8 permanent"), "");
	CHECK_STR(cmd("ndp -s fd00:b::9 52:54:00:00:00:0a proxy"), "");
	CHECK_STR(cmd("arp -s 10.0.0.9 2:0:0:0:0:1"), "");
	CHECK_STR(cmd("ndp -s fd00:a::9 2:0:0:0:0:7"), "");
	CHECK_STR(cmd("ndp -s fd00:a::9 2:0:0:0:0:9"), "");		/* another one in its place */
	snprintf(text, sizeof(text), "%s%s", head, all);
	CHECK_STR(cmd_config(), text);
	CHECK_IN(cmd("ndp -n fd00:b::9"), "52:54:00:00:00:0a      t0 permanent R p\n");
	CHECK_IN(cmd("ndp -n fe80::9%t0"), "fe80::9%t0                           02:00:00:00:00:08      t0 permanent R \n");

	CHECK_STR(cmd("ndp -s fe80::9 2:0:0:0:0:8"), "ndp: fe80::9: bad address\n");		/* on which link? */
	CHECK_STR(cmd("ndp -s fe80::9%t7 2:0:0:0:0:8"), "ndp: fe80::9%t7: bad address\n");
	CHECK_STR(cmd("ndp -d fe80::9"), "ndp: fe80::9: bad address\n");
	CHECK_STR(cmd("ndp -s ff02::1%t0 2:0:0:0:0:8"), "ndp: ff02::1%t0: bad address\n");
	CHECK_STR(cmd("ndp -s fd00:c::9 2:0:0:0:0:8"), "ndp: set fd00:c::9: Network is unreachable\n");
	CHECK_STR(cmd("ndp -s fd00:a::1 2:0:0:0:0:8"), "ndp: set fd00:a::1: is our own address\n");
	CHECK_STR(cmd("ndp -s fd00:a::8 2:0:0:0:0:8 temp proxy"), "ndp: set fd00:a::8: a published entry is permanent\n");
	CHECK_STR(cmd("ndp -s fd00:a::8 2:0:0:0:0:8 pub"), "ndp: pub: unknown word\n");
	CHECK_STR(cmd_config(), text);

	CHECK_STR(cmd("ndp -c"), "");					/* what was learned */
	CHECK_STR(cmd("arp -da"), "");					/* the other family's */
	CHECK_IN(cmd("ndp -n fd00:a::9"), "02:00:00:00:00:09      t0 permanent R \n");
	CHECK_STR(cmd("ndp -s fd00:a::9 2:0:0:0:0:6 temp"), "");	/* it expires from now on */
	CHECK_STR(cmd("ndp -d fe80::9%t0"), "fe80::9%t0 (fe80::9%t0) deleted\n");
	CHECK_IN(cmd("ndp -n fe80::9%t0"), "no entry");
	snprintf(text, sizeof(text), "%s!ndp -s fd00:b::9 52:54:00:00:00:0a proxy\n", head);
	CHECK_STR(cmd_config(), text);
	CHECK_STR(cmd("arp -da"), "");					/* a learned neighbour of IPv6 is none of its business */
	CHECK_IN(cmd("ndp -n fd00:a::9"), "02:00:00:00:00:06      t0 ");
	cmd_end();
}

/* It stays with its address when networks come and go; entries of link scope belong to one link. */
TEST(ndp_permanent_follows_its_network)
{
	static const char entry[] = "!ndp -s fd00:a::9 02:00:00:00:00:09\n!ndp -s fe80::9%t0 02:00:00:00:00:08\n";
	char text[400];

	cmd_start();
	snprintf(text, sizeof(text), "# /etc/hostname.t0\ninet6 fd00:a::1 48\n%s# /etc/hostname.t1\ninet6 fd00:a:0:1::1 64\n", entry);
	CHECK_STR(cmd_load(text), "");
	CHECK_IN(cmd("ndp -an"), "fd00:a::9                            02:00:00:00:00:09      t0 permanent R \n");
	snprintf(text, sizeof(text), "# /etc/hostname.t0\ninet6 fd00:b::1 64\n%s# /etc/hostname.t1\ninet6 fd00:a::1 64\n", entry);
	CHECK_STR(cmd_load(text), "");
	CHECK_STR(cmd_config(), text);
	CHECK_IN(cmd("ndp -an"), "fd00:a::9                            02:00:00:00:00:09      t1 permanent R \n");
	CHECK_IN(cmd("ndp -an"), "fe80::9%t0                           02:00:00:00:00:08      t0 permanent R \n");
	CHECK_IN(cmd_load("# /etc/hostname.t0\ninet6 fd00:b::1 64\n!ndp -s fe80::9%t1 02:00:00:00:00:08\n"),
	    "/etc/hostname.t0:2: ndp fe80::9%t1: not on t0, whose file this is\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 fd00:b::1 64\n!ndp -s fd00:a::9 02:00:00:00:00:09\n"),
	    "/etc/hostname.t0:2: ndp fd00:a::9: Network is unreachable\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\n!ndp -s fd00:a::9 2:0:0:0:0:9 temp\n"),
	    "/etc/hostname.t0:1: ndp: a \"temp\" entry is not configuration\n");
	CHECK_STR(cmd_config(), text);
	cmd_end();
}

/* The card lets in what we listen to: all nodes, and the group of each address (RFC 4291 2.8). */
TEST(nd6_card_filter)
{
	static const uint8_t groups[][6] = { { 0x33, 0x33, 0, 0, 0, 1 }, { 0x33, 0x33, 0xff, 0, 0, 1 }, { 0x33, 0x33, 0xff, 0, 0, 0x0a } };
	const struct ifmulti *ifm;
	struct in6_addr a;

	ip6_start_unknown();
	for (unsigned i = 0; i < nitems(groups); i++) {
		for (ifm = t0.w_if.if_multi; ifm != NULL && memcmp(ifm->ifm_lladdr, groups[i], 6) != 0; ifm = ifm->ifm_next)
			continue;
		CHECK(ifm != NULL);
	}
	a = addr6("fd00:a::1");
	CHECK(if_deladdr6(&t0.w_if, &a) == NULL && in6_if_enable(&t0.w_if, false));
	host_run(5000);
	for (ifm = t0.w_if.if_multi; ifm != NULL; ifm = ifm->ifm_next)
		CHECK(ifm->ifm_lladdr[0] != 0x33);
	net_end();
}
