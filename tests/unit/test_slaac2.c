/* test_slaac2.c - as a host, for long: lifetimes that are short and told again, routers that fall silent, prefixes that come and go. */
#include <stdio.h>
#include <string.h>

#include "kernel/loop.h"
#include "tests/unit/slaacfix.h"

static struct pkt p;

/* It is heard, and what it brings about forgotten. */
static void
tell(const char *from)
{
	ra_send(from);
	wires_forget();
}

static const char *
gateway(void)
{
	const struct rtentry *rt = rtable_lookup6(0, &in6_any, 0);

	return rt != NULL ? text6(&rt->rt_via->v_gateway6) : "none";
}

/* RFC 8981 3.4: a router that says "half an hour" again and again means that the address may be used on. */
TEST(slaac_temporary_extended)
{
	const struct in6_ifaddr *ia;
	struct in6_addr first;

	slaac_start("inet6 autoconf\nup");
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 1800, 600);
	tell("fe80::aa");
	for (ia = t0.w_if.if_addrs6; !(ia->ia_flags & IN6_IFF_TEMPORARY); ia = ia->ia_next)
		continue;
	first = ia->ia_addr;
	for (int i = 0; i < 40; i++) {					/* three hours and twenty minutes */
		host_run(300000);
		tell("fe80::aa");
	}
	CHECK(in6_ifaddr_find(&t0.w_if, &first) != NULL);
	CHECK(!(in6_ifaddr_find(&t0.w_if, &first)->ia_flags & IN6_IFF_DEPRECATED));
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 1);
	cmd_end();
}

/* However short an admin and a router have them preferred: RFC 8981 3.4 lets each stay valid for days. */
TEST(slaac_temporary_limit)
{
	slaac_start("inet6 autoconf\nup\n# /etc/sysctl.conf\nnet.inet6.ip6.temppltime=30");
	for (int i = 0; i < 600; i++) {
		ra_from(1800, 0, 0xaa);
		ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, UINT32_MAX, 7);
		tell("fe80::aa");
		host_run(9000);						/* none is preferred any more */
	}
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 8);
	CHECK(counter_delta("nd6s_tempmany") > 0);
	cmd_end();
}

/* A prefix that is said to end leaves its address for two hours, and may not make room for another prefix meanwhile. */
TEST(slaac_address_limit)
{
	char a[64];

	slaac_start("inet6 autoconf -temporary\nup");
	for (unsigned i = 0; i < 100; i++) {
		snprintf(a, sizeof(a), "2001:db8:%x::", i);
		ra_from(1800, 0, 0xaa);
		ra_prefix(a, 64, PI_ONLINK | PI_AUTO, 86400, 86400);
		tell("fe80::aa");
		ra_from(1800, 0, 0xaa);
		ra_prefix(a, 64, PI_ONLINK | PI_AUTO, 0, 0);
		tell("fe80::aa");
		host_run(100);
	}
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), SLAAC_PREFIXES);
	CHECK_EQ(counter_delta("nd6s_prefixmany"), 100 - SLAAC_PREFIXES);
	host_run(7300000);
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 0);				/* and then there is room again */
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8:1234::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	tell("fe80::aa");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 1);
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nprefixes, 1);
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8:77::", 64, PI_ONLINK, 86400, 86400);		/* without an address of ours it goes at once */
	tell("fe80::aa");
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nprefixes, 2);
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8:77::", 64, PI_ONLINK, 0, 0);
	tell("fe80::aa");
	host_run(10);
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nprefixes, 1);
	cmd_end();
}

/* RFC 4861 7.2.5: who says that it is a router no longer is none, whatever lifetime it gave itself. */
TEST(slaac_router_no_more)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra_from(1800, 0, 0xaa);
	tell("fe80::aa");
	ra_from(1800, 0, 0xbb);
	tell("fe80::bb");
	CHECK_STR(gateway(), "fe80::aa%t0");
	pkt6_na(&p, "fe80::aa", "ff02::1", "fe80::aa", ND_NA_OVERRIDE, (const uint8_t[]){ 2, 0, 0, 0, 0, 0xaa });
	wire_rx(&t0, &p);
	CHECK_STR(gateway(), "fe80::bb%t0");
	pkt6_na(&p, "fe80::bb", "ff02::1", "fe80::bb", ND_NA_OVERRIDE | ND_NA_ROUTER, (const uint8_t[]){ 2, 0, 0, 0, 0, 0xbb });
	wire_rx(&t0, &p);
	CHECK_STR(gateway(), "fe80::bb%t0");
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nrouters, 1);
	cmd_end();
}

static bool bb_answers;
static unsigned asked_bb;

/* We speak to a host beyond the routers once a second; fe80::aa answers when it is asked where it is. */
static void
speak(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		CHECK(cmd("ping6 -c 1 -w 1 2001:db8:77::1") != NULL);
		for (struct pkt *f = wire_tx(&t0); f != NULL; f = wire_tx(&t0)) {
			const struct nd_neighbor *ns = (const struct nd_neighbor *)(f->p_b + 54);
			uint8_t mac[6] = { 2, 0, 0, 0, 0, ns->nd_target.s6_addr[15] };

			if (pkt_ip6(f)->ip6_nxt != IPPROTO_ICMPV6_ || pkt_icmp6(f)->icmp6_type != ICMP6_NS)
				continue;
			asked_bb += mac[5] == 0xbb;
			if (mac[5] != 0xaa && !bb_answers)
				continue;
			pkt6_na(&p, text6(&ns->nd_target), text6(&pkt_ip6(f)->ip6_src), text6(&ns->nd_target),
			    ND_NA_SOLICITED | ND_NA_ROUTER | ND_NA_OVERRIDE, mac);
			wire_rx(&t0, &p);
		}
	}
}

/* RFC 4191 3.2: a router that does not answer is not tried again and again because it would be the better one. */
TEST(slaac_better_router_is_dead)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra_from(9000, 0, 0xaa);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	tell("fe80::aa");
	ra_from(9000, 0x08, 0xbb);						/* high, and about to die */
	tell("fe80::bb");
	CHECK_STR(gateway(), "fe80::bb%t0");
	speak(60);
	CHECK_STR(gateway(), "fe80::aa%t0");
	asked_bb = 0;
	for (int i = 0; i < 60; i++) {
		speak(5);
		CHECK_STR(gateway(), "fe80::aa%t0");
	}
	CHECK(asked_bb >= 5 * 3 && asked_bb <= 6 * 3);			/* once a minute, three times each */
	ra_from(9000, 0x08, 0);						/* back, and does not say where */
	tell("fe80::bb");
	CHECK_STR(gateway(), "fe80::aa%t0");
	bb_answers = true;
	speak(70);
	CHECK_STR(gateway(), "fe80::bb%t0");
	cmd_end();
}

/* RFC 4861 6.3.7: only one that has a router to offer answers the question. */
TEST(slaac_solicits_on)
{
	slaac_start("inet6 autoconf -temporary\nup");
	host_run(1100);
	CHECK_EQ(counter_delta("nd6s_rssent"), 1);
	ra_from(0, 0, 0xaa);
	tell("fe80::aa");
	host_run(4100);
	CHECK_EQ(counter_delta("nd6s_rssent"), 2);
	ra_from(1800, 0, 0xbb);
	tell("fe80::bb");
	host_run(60000);
	CHECK_EQ(counter_delta("nd6s_rssent"), 2);
	cmd_end();
}

/* Two options, or two routers, about one prefix: one says that addresses may be made of it, the other that it is on the link. */
TEST(slaac_onlink_by_another)
{
	struct in6_addr a;

	slaac_start("inet6 autoconf -temporary\nup");
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8::", 64, PI_AUTO, 86400, 86400);
	tell("fe80::aa");
	a = addr6("2001:db8::99");
	CHECK(!nd6_onlink(&t0.w_if, &a));
	ra_from(1800, 0, 0xbb);
	ra_prefix("2001:db8::", 64, PI_ONLINK, 86400, 86400);
	tell("fe80::bb");
	CHECK(nd6_onlink(&t0.w_if, &a));
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8::", 64, PI_AUTO, 86400, 86400);
	tell("fe80::aa");
	CHECK(nd6_onlink(&t0.w_if, &a));
	cmd_end();
}

/* Temporary addresses are there when the admin wants them, and only then, whenever the next advertisement comes. */
TEST(slaac_temporary_switched)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra_from(1800, 0, 0xaa);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	tell("fe80::aa");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 1);
	CHECK_STR(cmd("ifconfig t0 inet6 temporary"), "");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 2);
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 1);
	CHECK_STR(cmd("ifconfig t0 inet6 -temporary"), "");
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 0);
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 1);
	cmd_end();
}
