/* test_slaac.c - as a host: routers heard and chosen, addresses made of their prefixes, and all that ends again. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/loop.h"
#include "tests/unit/slaacfix.h"

static struct pkt p;
static const uint8_t router[6] = { 2, 0, 0, 0, 0, 0xaa };

/* An RDNSS option with these addresses (NULL: the last). */
static void
ra_dns(uint32_t lifetime, const char *const *servers)
{
	uint8_t *opt = ra_buf + ra_len;

	memset(opt, 0, 8);
	opt[0] = ND_OPT_RDNSS;
	opt[1] = 1;
	store32(opt + 4, host_be32(lifetime));
	for (ra_len += 8; *servers != NULL; servers++, opt[1] = (uint8_t)(opt[1] + 2), ra_len += 16)
		*(struct in6_addr *)(ra_buf + ra_len) = addr6(*servers);
}
#define RA_DNS(lifetime, ...)	ra_dns(lifetime, (const char *const []){ __VA_ARGS__, NULL })

static const struct in6_ifaddr *
find(const char *a)
{
	struct in6_addr x = addr6(a);

	return in6_ifaddr_find(&t0.w_if, &x);
}

static const struct rtentry *
default_route(void)
{
	return rtable_lookup6(0, &in6_any, 0);
}

/* checklist: ra_basic */
TEST(slaac_basic)
{
	const struct in6_ifaddr *ia;
	const struct rtentry *rt;
	struct pkt *f;

	slaac_start("inet6 autoconf -temporary\nup");
	host_run(1100);
	do
		f = wire_tx(&t0);
	while (f != NULL && !(pkt_ip6(f)->ip6_nxt == IPPROTO_ICMPV6_ && pkt_icmp6(f)->icmp6_type == ICMP6_RS));
	CHECK(f != NULL);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::2");
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 255);
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 2592000, 604800);
	ra_buf[ra_len] = ND_OPT_MTU;
	ra_buf[ra_len + 1] = 1;
	store32(ra_buf + ra_len + 4, BE32(1400));
	ra_len += 8;
	ra_buf[ra_len] = ND_OPT_RDNSS;
	ra_buf[ra_len + 1] = 3;
	store32(ra_buf + ra_len + 4, BE32(600));
	*(struct in6_addr *)(ra_buf + ra_len + 8) = addr6("2001:db8::53");
	ra_len += 24;
	ra_send("fe80::aa");
	ia = find("2001:db8::5054:ff:fe00:a");
	CHECK(ia != NULL);
	CHECK_EQ(ia->ia_plen, 64);
	CHECK(ia->ia_flags & IN6_IFF_AUTOCONF);
	rt = default_route();
	CHECK(rt != NULL && (rt->rt_flags & (RTF_UP | RTF_GATEWAY | RTF_DYNAMIC)) == (RTF_UP | RTF_GATEWAY | RTF_DYNAMIC));
	CHECK_STR(text6(&rt->rt_via->v_gateway6), "fe80::aa%t0");
	CHECK_EQ(rt_pathmtu(rt), 1400);
	CHECK_MEM(nexthop_lladdr(rt->rt_nh), router, 6);	/* its link address came along */
	CHECK(rt->rt_nh->nh_router);
	CHECK_IN(cmd("slaacctl show interface"), "\tRouter Advertisement from fe80::aa%t0 (default)\n");
	CHECK_IN(cmd("slaacctl show interface t0"), "\tprefix: 2001:db8::/64\n\t\tOn-link: 1, Autonomous address-configuration: 1\n");
	CHECK_IN(cmd("slaacctl show interface"), "\trdns: 2001:db8::53, lifetime: ");
	CHECK_IN(cmd("slaacctl -j show interface"), "\"rdns\":[{\"address\":\"2001:db8::53\",\"lifetime\":");
	CHECK_IN(cmd("ifconfig t0"), "inet6 2001:db8::5054:ff:fe00:a prefixlen 64 ");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 autoconf -temporary\nup\n");	/* learned: none of it is configuration */
	wires_forget();
	host_run(100000);
	for (f = wire_tx(&t0); f != NULL; f = wire_tx(&t0))	/* RFC 4861 6.3.7: it has been heard */
		CHECK(pkt_icmp6(f)->icmp6_type != ICMP6_RS);
	cmd_end();
}

/* Milliseconds until the next question, to ten of them. */
static unsigned
until_asked(void)
{
	unsigned ms = 0;

	for (counter_mark(); counter_delta("nd6s_rssent") == 0; ms += 10)
		host_run(10);
	return ms;
}

/* Nobody answers: the intervals double, and each is up to a tenth of the last one more or less at random (RFC 7559). */
TEST(slaac_solicits)
{
	unsigned last, odd = 0;

	slaac_start("inet6 autoconf\nup");
	CHECK(until_asked() <= 1010);
	last = until_asked();
	CHECK(last >= 3590 && last <= 4410);
	for (unsigned i = 0; i < 3; i++) {
		unsigned ms = until_asked();

		CHECK(ms + 20 >= 2 * last - last / 10 && ms <= 2 * last + last / 10 + 20);
		odd += ms + 20 < 2 * last || ms > 2 * last + 20;
		last = ms;
	}
	CHECK(odd > 0);
	counter_mark();
	host_run(3600000);
	CHECK(counter_delta("nd6s_rssent") >= 5 && counter_delta("nd6s_rssent") <= 12);
	if_setup(&t0.w_if, false);
	counter_mark();
	host_run(100000);
	CHECK_EQ(counter_delta("nd6s_rssent"), 0);
	if_setup(&t0.w_if, true);
	host_run(1100);
	CHECK_EQ(counter_delta("nd6s_rssent"), 1);
	cmd_end();
}

/* checklist: ra_temporary_address */
TEST(slaac_temporary)
{
	struct in6_addr dst, first;
	struct in6_ifaddr *ia;

	slaac_start("inet6 autoconf\nup");
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 2592000, 604800);
	ra_send("fe80::aa");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 2);
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 1);
	host_run(3000);
	dst = addr6("2001:db8:1::1");
	ia = in6_srcaddr(0, &dst, NULL);
	CHECK(ia != NULL && (ia->ia_flags & IN6_IFF_TEMPORARY));	/* RFC 6724 rule 7 */
	CHECK(ia->ia_preferred <= uptime_ns() + 86400 * SLAAC_SECOND);
	CHECK(ia->ia_preferred >= uptime_ns() + 50000 * SLAAC_SECOND);
	first = ia->ia_addr;
	CHECK(memcmp(first.s6_addr + 8, find("2001:db8::5054:ff:fe00:a")->ia_addr.s6_addr + 8, 8) != 0);
	for (int i = 0; i < 96; i++) {					/* a day, with advertisements every quarter of an hour */
		host_run(900000);
		ra_send("fe80::aa");
		wires_forget();
	}
	ia = in6_srcaddr(0, &dst, NULL);
	CHECK(ia != NULL && (ia->ia_flags & IN6_IFF_TEMPORARY) && !in6_equal(&ia->ia_addr, &first));	/* another one */
	CHECK(in6_ifaddr_find(&t0.w_if, &first)->ia_flags & IN6_IFF_DEPRECATED);
	for (int i = 0; i < 110; i++) {
		host_run(900000);
		ra_send("fe80::aa");
		wires_forget();
	}
	CHECK(in6_ifaddr_find(&t0.w_if, &first) == NULL);		/* two days: it has gone */
	CHECK(addrs_with(IN6_IFF_TEMPORARY) <= 3);
	cmd_end();
}

/* A temporary address that somebody else has is replaced. */
TEST(slaac_temporary_duplicate)
{
	const struct in6_ifaddr *ia;
	struct in6_addr first;

	slaac_start("inet6 autoconf\nup");
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 2592000, 604800);
	ra_send("fe80::aa");
	for (ia = t0.w_if.if_addrs6; !(ia->ia_flags & IN6_IFF_TEMPORARY); ia = ia->ia_next)
		continue;
	first = ia->ia_addr;
	pkt6_na(&p, text6(&first), "ff02::1", text6(&first), ND_NA_OVERRIDE, router);
	wire_rx(&t0, &p);
	host_run(2500);
	CHECK(in6_ifaddr_find(&t0.w_if, &first) == NULL);
	CHECK_EQ(addrs_with(IN6_IFF_TEMPORARY), 1);
	cmd_end();
}

/* checklist: ra_prefix_expiration, ra_defrouter_expiration, net:basic */
TEST(slaac_expiration)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra(30, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 20, 10);
	ra_send("fe80::aa");
	CHECK(!(find("2001:db8::5054:ff:fe00:a")->ia_flags & IN6_IFF_DEPRECATED));
	host_run(10100);
	CHECK(find("2001:db8::5054:ff:fe00:a")->ia_flags & IN6_IFF_DEPRECATED);
	host_run(10000);
	CHECK(find("2001:db8::5054:ff:fe00:a") == NULL);
	CHECK(default_route() != NULL);
	host_run(10000);
	CHECK(default_route() == NULL);
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_send("fe80::aa");
	ra(0, 0);							/* it is a router no longer */
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 5, 0);		/* and would have us lose our address at once: */
	ra_send("fe80::aa");
	CHECK(default_route() == NULL);
	host_run(7000000);						/* RFC 4862 5.5.3 (e): two hours it takes */
	CHECK(find("2001:db8::5054:ff:fe00:a") != NULL);
	CHECK(find("2001:db8::5054:ff:fe00:a")->ia_flags & IN6_IFF_DEPRECATED);
	host_run(300000);
	CHECK(find("2001:db8::5054:ff:fe00:a") == NULL);
	cmd_end();
}

/* An admin takes away what was learned: it goes, routes with it, all else stays; and comes again when it is told again. */
TEST(ra_delete_address)
{
	static const char a[] = "2001:db8::5054:ff:fe00:a";

	slaac_start("inet6 autoconf -temporary\nup");
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_prefix("2001:db8:2::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_send("fe80::aa");
	host_run(3000);
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::5054:ff:fe00:a delete"), "");
	CHECK(find(a) == NULL && find("2001:db8:2::5054:ff:fe00:a") != NULL);
	CHECK(rtable_lookup6(0, &(struct in6_addr){ { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 0x0a } } }, 128) == NULL);
	CHECK(default_route() != NULL);
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 autoconf -temporary\nup\n");
	CHECK_STR(cmd("ifconfig t0 inet6 2001:db8::5054:ff:fe00:a delete"), "ifconfig: inet6 2001:db8::5054:ff:fe00:a: Can't assign requested address\n");
	wires_forget();
	ra_send("fe80::aa");
	CHECK(find(a) != NULL);
	cmd_end();
}

/* checklist: ra_multiple_routers, ra_multiple_routers_single_prefix, ra_flush_defrouter_entries */
TEST(slaac_two_routers)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_send("fe80::aa");
	ra(1800, 0x08);							/* high: RFC 4191 */
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_prefix("2001:db8:2::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_send("fe80::bb");
	CHECK_STR(text6(&default_route()->rt_via->v_gateway6), "fe80::bb%t0");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 2);
	ra(0, 0);
	ra_send("fe80::bb");
	CHECK_STR(text6(&default_route()->rt_via->v_gateway6), "fe80::aa%t0");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 2);				/* its prefix stays */
	ra(1800, 0x18);							/* low */
	ra_send("fe80::bb");
	CHECK_STR(text6(&default_route()->rt_via->v_gateway6), "fe80::aa%t0");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");	/* autoconf is off: all goes */
	CHECK(default_route() == NULL);
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 0);
	cmd_end();
}

/* What a router said of the link goes with what else it said (RFC 4861 6.3.2). */
TEST(slaac_link_forgotten)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra(1800, 0);
	((struct nd_ra *)ra_buf)->ra_reachable = BE32(3600000);
	((struct nd_ra *)ra_buf)->ra_retrans = BE32(60000);
	ra_send("fe80::aa");
	CHECK_EQ(nd6_retrans_ms(&t0.w_if), 60000);
	CHECK(nd6_reachable_ms(&t0.w_if) >= 1800000);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");
	CHECK_EQ(nd6_retrans_ms(&t0.w_if), 1000);
	CHECK(nd6_reachable_ms(&t0.w_if) <= 45000);
	cmd_end();
}

/* Past what we ask about neighbours. */
static struct pkt *
next_of(unsigned type)
{
	struct pkt *f;

	do
		f = wire_tx(&t0);
	while (f != NULL && pkt_icmp6(f)->icmp6_type != type);
	CHECK(f != NULL);
	return f;
}

/* The hop limit of an echo reply to a host of the link. */
static unsigned
reply_hlim(void)
{
	wires_forget();
	pkt6_echo(&p, "fe80::aa", "fe80::5054:ff:fe00:a", 8);
	wire_rx(&t0, &p);
	return pkt_ip6(next_of(ICMP6_ECHOREPLY))->ip6_hlim;
}

static void
ra_link(const char *from, unsigned lifetime, unsigned hlim, uint32_t reachable, uint32_t retrans)
{
	ra(lifetime, 0);
	((struct nd_ra *)ra_buf)->ra_hlim = (uint8_t)hlim;
	((struct nd_ra *)ra_buf)->ra_reachable = host_be32(reachable);
	((struct nd_ra *)ra_buf)->ra_retrans = host_be32(retrans);
	ra_send(from);
}

/* RFC 4861 6.3.4: the last word counts, 0 is none; each value by itself; on the link of which it was said. */
TEST(slaac_link_values)
{
	slaac_start("inet6 autoconf -temporary\nup");
	CHECK_IN(cmd("ndp -i t0"), "curhlim=64, basereachable=30s0ms, reachable=");
	ra_link("fe80::aa", 1800, 40, 20000, 1500);
	CHECK_IN(cmd("ndp -i t0"), "curhlim=40, basereachable=20s0ms, reachable=");
	CHECK_IN(cmd("ndp -i t0"), "s, retrans=1s500ms\n");
	CHECK_IN(cmd("ndp -j -i t0"), "{\"netif\":\"t0\",\"curhlim\":40,\"basereachable\":20000,\"reachable\":");
	CHECK_EQ(reply_hlim(), 40);
	ra_link("fe80::bb", 0, 0, 0, 2000);				/* a router that is no default router, too */
	CHECK_IN(cmd("ndp -i t0"), "curhlim=40, basereachable=20s0ms, reachable=");
	CHECK_IN(cmd("ndp -i t0"), "retrans=2s0ms\n");
	ra_link("fe80::bb", 0, 255, 0, 0);
	CHECK_EQ(reply_hlim(), 255);
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.hlim=99"), "");		/* of all other links */
	CHECK_EQ(reply_hlim(), 255);
	CHECK_IN(cmd("ndp -i t1"), "curhlim=99, basereachable=30s0ms, reachable=");
	ra_link("fe80::aa", 1800, 0, 3600001, 60001);			/* 6.2.1: no such time; ours: no such timer */
	CHECK_IN(cmd("ndp -i t0"), "curhlim=255, basereachable=20s0ms");
	ra_link("fe80::aa", 1800, 0, 0, 9);
	CHECK_IN(cmd("ndp -i t0"), "retrans=2s0ms\n");
	CHECK_STR(cmd("ndp -i lo0"), "ndp: lo0: no neighbours there\n");
	CHECK_STR(cmd("ndp -i nix0"), "ndp: nix0: no such interface\n");
	CHECK_IN(cmd("ndp -i"), "usage: ");
	cmd_end();
}

/* With the last router goes what any of them said of the link; so when the link does. Errors that we send have it, too; who asks for one has his. */
TEST(slaac_hop_limit_ends)
{
	struct in6_addr nbr = addr6("fe80::aa");

	slaac_start("inet6 autoconf -temporary\nup");
	nbr = in6_embed(&nbr, t0.w_if.if_index);
	CHECK(nd6_set(0, &nbr, router, NHF_STATIC) == NULL);
	ra_link("fe80::aa", 60, 40, 20000, 0);
	ra_link("fe80::bb", 30, 0, 0, 0);
	host_run(31000);
	CHECK_EQ(reply_hlim(), 40);
	host_run(30000);
	CHECK_EQ(reply_hlim(), 64);
	CHECK_IN(cmd("ndp -i t0"), "curhlim=64, basereachable=30s0ms");
	ra_link("fe80::aa", 1800, 40, 0, 0);
	pkt6(&p, "fe80::aa", "fe80::5054:ff:fe00:a", 253, 64, 8);	/* RFC 3692: a protocol of nobody */
	wires_forget();
	wire_rx(&t0, &p);
	CHECK_EQ(pkt_ip6(next_of(ICMP6_PARAMPROB))->ip6_hlim, 40);
	wires_forget();
	cmd("ping6 -c 1 -w 1 fe80::aa%t0");
	CHECK_EQ(pkt_ip6(next_of(ICMP6_ECHO))->ip6_hlim, 40);
	wires_forget();
	cmd("ping6 -c 1 -w 1 -h 7 fe80::aa%t0");
	CHECK_EQ(pkt_ip6(next_of(ICMP6_ECHO))->ip6_hlim, 7);
	if_setup(&t0.w_if, false);
	CHECK_IN(cmd("ndp -i t0"), "curhlim=64, ");
	cmd_end();
}

/* checklist: ra_multiple_routers_maxifprefixes */
TEST(slaac_limits)
{
	char a[64];

	slaac_start("inet6 autoconf -temporary\nup");
	for (unsigned i = 0; i < 100; i++) {
		ra(1800, 0);
		snprintf(a, sizeof(a), "2001:db8:%x::", i);
		ra_prefix(a, 64, PI_ONLINK | PI_AUTO, 86400, 86400);
		snprintf(a, sizeof(a), "fe80::1:%x", i);
		ra_send(a);
	}
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), SLAAC_PREFIXES);
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nrouters, SLAAC_ROUTERS);
	CHECK_EQ(counter_delta("nd6s_ramany"), 100 - SLAAC_ROUTERS);
	cmd_end();
}

/* What is no advertisement, or none for us: RFC 4861 6.1.2; lifetimes that cannot be. checklist: net:basic */
TEST(slaac_refused)
{
	slaac_start("inet6 autoconf -temporary\nup");
	counter_mark();
	ra(1800, 0);
	ra_prefix("2001:db8::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_send("2001:db8::1");						/* not link-local */
	ra_send("fe80::5054:ff:fe00:a");				/* ourselves */
	memcpy(ra_buf + sizeof(struct nd_ra) + 2, t0.w_if.if_lladdr, 6);	/* or so it says; or nobody */
	ra_send("fe80::aa");
	memset(ra_buf + sizeof(struct nd_ra) + 2, 0, 6);
	ra_send("fe80::aa");
	memcpy(ra_buf + sizeof(struct nd_ra) + 2, router, 6);
	CHECK_EQ(counter_delta("nd6s_badra"), 4);
	pkt6_icmp(&p, "fe80::aa", "ff02::1", 64, ra_buf, ra_len);		/* from afar */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_hoplimit"), 1);
	ra_buf[ra_len - 31] = 3;						/* an option that is cut off */
	ra_send("fe80::aa");
	CHECK_EQ(counter_delta("nd6s_raopt"), 1);
	ra(1800, 0);
	ra_prefix("fe80::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_prefix("ff02::", 64, PI_ONLINK | PI_AUTO, 86400, 86400);
	ra_prefix("2001:db8:9::", 64, PI_ONLINK | PI_AUTO, 10, 20);	/* preferred longer than valid */
	ra_prefix("2001:db8:a::", 56, PI_ONLINK | PI_AUTO, 86400, 86400);	/* on-link, no address */
	ra_send("fe80::aa");
	CHECK_EQ(addrs_with(IN6_IFF_AUTOCONF), 0);
	CHECK(rtable_lookup6(0, &(struct in6_addr){ { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x0a } } }, 56) != NULL);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");
	ra_send("fe80::aa");
	CHECK_EQ(counter_delta("nd6s_raother"), 1);
	cmd_end();
}

/* RFC 8106 5.1 and 6: name servers, each as long as it was told to last, shown where a user would look for them. */
TEST(slaac_name_servers)
{
	slaac_start("inet6 autoconf -temporary\nup");
	CHECK_STR(cmd("cat /etc/resolv.conf"), "cat: /etc/resolv.conf: No such file or directory\n");
	ra(1800, 0);
	RA_DNS(600, "2001:db8::53", "fe80::53");
	RA_DNS(UINT32_MAX, "2001:db8::54");
	ra_send("fe80::aa");
	CHECK_STR(cmd("cat /etc/resolv.conf"),
	    "nameserver 2001:db8::53 # resolvd: t0\nnameserver fe80::53%t0 # resolvd: t0\nnameserver 2001:db8::54 # resolvd: t0\n");
	CHECK_IN(cmd("slaacctl show interface"), "\trdns: 2001:db8::53, lifetime: 599\n\trdns: fe80::53%t0, lifetime: 599\n"
	    "\trdns: 2001:db8::54, lifetime: 4294967295\n");
	CHECK_IN(cmd("slaacctl -j show interface t0"), "\"rdns\":[{\"address\":\"2001:db8::53\",\"lifetime\":599},");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 autoconf -temporary\nup\n");
	host_run(300000);
	ra(1800, 0);
	RA_DNS(600, "fe80::53");					/* longer; the first is not heard of any more */
	RA_DNS(0, "2001:db8::54");					/* no longer at all */
	RA_DNS(0, "2001:db8::55");					/* never was */
	ra_send("fe80::aa");
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::53 # resolvd: t0\nnameserver fe80::53%t0 # resolvd: t0\n");
	host_run(310000);
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver fe80::53%t0 # resolvd: t0\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");	/* autoconf is off */
	CHECK_IN(cmd("cat /etc/resolv.conf"), "No such file");
	cmd_end();
}

/* RFC 8106 5.3.1 and 7: options that lie about their length, addresses that are nobody's, more servers than anybody needs. */
TEST(slaac_name_servers_hostile)
{
	char a[64];

	slaac_start("inet6 autoconf -temporary\nup");
	counter_mark();
	ra(1800, 0);
	RA_DNS(600, "2001:db8::1");
	RA_DNS(600, "2001:db8::2");
	ra_buf[ra_len - 23] = 2;						/* half an address; its rest stands for an option of type 0 */
	memset(ra_buf + ra_len - 8, 0, 8);
	ra_buf[ra_len - 7] = 1;
	ra_buf[ra_len++] = ND_OPT_RDNSS;					/* no address at all */
	ra_buf[ra_len++] = 1;
	memset(ra_buf + ra_len, 0xff, 6);
	ra_len += 6;
	RA_DNS(600, "ff02::1", "::", "::1", "2001:db8::3", "::ffff:10.0.0.1");
	ra_send("fe80::aa");
	CHECK_EQ(counter_delta("nd6s_rdnssbad"), 2);
	CHECK_EQ(counter_delta("nd6s_rdnssaddr"), 4);
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::1 # resolvd: t0\nnameserver 2001:db8::3 # resolvd: t0\n");
	for (unsigned i = 0; i < 100; i++) {
		ra(1800, 0);
		snprintf(a, sizeof(a), "2001:db8:9::%x", i);
		RA_DNS(UINT32_MAX, a);
		ra_send("fe80::bb");
	}
	CHECK_EQ(counter_delta("nd6s_rdnssmany"), 100 - (SLAAC_DNS - 2));
	CHECK_EQ(slaac_of(&t0.w_if)->sl_ndns, SLAAC_DNS);
	CHECK_IN(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::1 # resolvd: t0\n");	/* the honest one stays */
	cmd_end();
}

/* A DNSSL option: n bytes of names, zeros up to its end. */
static void
ra_search_raw(uint32_t lifetime, const char *names, size_t n)
{
	uint8_t *opt = ra_buf + ra_len;
	unsigned len = (unsigned)(8 + n + 7) & ~7u;

	memset(opt, 0, len);
	opt[0] = ND_OPT_DNSSL;
	opt[1] = (uint8_t)(len / 8);
	store32(opt + 4, host_be32(lifetime));
	memcpy(opt + 8, names, n);
	ra_len += len;
}
#define RA_SEARCH(lifetime, names) ra_search_raw(lifetime, names, sizeof(names) - 1)

/* RFC 8106 5.2: search domains, as name servers. */
TEST(slaac_search_domains)
{
	slaac_start("inet6 autoconf -temporary\nup");
	ra(1800, 0);
	RA_DNS(600, "2001:db8::53");
	RA_SEARCH(600, "\7Example\3org\0\3lab\7example\0");
	RA_SEARCH(UINT32_MAX, "\1x\0");
	ra_send("fe80::aa");
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::53 # resolvd: t0\nsearch example.org lab.example x\n");
	CHECK_IN(cmd("slaacctl show interface"), "\tsearch: example.org, lifetime: 599\n\tsearch: lab.example, lifetime: 599\n"
	    "\tsearch: x, lifetime: 4294967295\n");
	CHECK_IN(cmd("slaacctl -j show interface t0"), "\"search\":[{\"domain\":\"example.org\",\"lifetime\":599},");
	CHECK_STR(cmd_config(), "# /etc/hostname.t0\ninet6 autoconf -temporary\nup\n");
	host_run(300000);
	ra(1800, 0);
	RA_SEARCH(600, "\3LAB\7eXample\0");				/* longer */
	RA_SEARCH(0, "\1x\0\2no\0");					/* no longer at all; never was */
	ra_send("fe80::aa");
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::53 # resolvd: t0\nsearch example.org lab.example\n");
	host_run(299500);
	CHECK_STR(cmd("cat /etc/resolv.conf"), "nameserver 2001:db8::53 # resolvd: t0\nsearch example.org lab.example\n");
	host_run(1000);
	CHECK_STR(cmd("cat /etc/resolv.conf"), "search lab.example\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");	/* autoconf is off */
	CHECK_IN(cmd("cat /etc/resolv.conf"), "No such file");
	cmd_end();
}

/* Of two links one line, each name once, so long as resolv.conf(5) allows. */
TEST(slaac_search_of_two_links)
{
	static char l[1 + 63 + 1];
	char name[260], want[1100];

	slaac_start("inet6 autoconf -temporary\nup\n# /etc/hostname.t1\ninet6 autoconf -temporary\nup");
	ra(1800, 0);
	RA_SEARCH(600, "\4four\0\4even\0");
	ra_send("fe80::aa");
	ra(1800, 0);
	RA_SEARCH(600, "\4even\0\1c\0");
	pkt6_icmp(&p, "fe80::aa", "ff02::1", 255, ra_buf, ra_len);
	wire_rx(&t1, &p);
	CHECK_STR(cmd("cat /etc/resolv.conf"), "search four even c\n");
	snprintf(want, sizeof(want), "search four even");
	for (unsigned i = 0; i < 4; i++) {				/* the longest names that there are: 253 bytes of text */
		memset(l, 'd' + (int)i, sizeof(l));
		l[0] = 63;
		memcpy(name, l, 64);
		memcpy(name + 64, l, 64);
		memcpy(name + 128, l, 64);
		memcpy(name + 192, l, 62);
		name[192] = 61;
		name[254] = '\0';
		ra(1800, 0);
		ra_search_raw(600, name, 255);
		ra_send("fe80::aa");
		if (i < 3)
			snprintf(want + strlen(want), sizeof(want) - strlen(want), " %.63s.%.63s.%.63s.%.61s", l + 1, l + 1, l + 1, l + 1);
	}
	snprintf(want + strlen(want), sizeof(want) - strlen(want), " c\n");
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nsearch, 6);
	CHECK_STR(cmd("cat /etc/resolv.conf"), want);
	cmd_end();
}

/* RFC 8106 5.3.1 and 7: what is no list of names, names that nobody has, more than anybody needs. */
TEST(slaac_search_hostile)
{
	static const struct { const char *names; unsigned n; const char *counter; } bad[] = {
		{ "\0\0\0\0", 4, "nd6s_dnsslbad" },				/* no name */
		{ "", 0, "nd6s_dnsslbad" },
		{ "\3org\300\10", 6, "nd6s_dnsslbad" },			/* compressed */
		{ "\300\10", 2, "nd6s_dnsslbad" },
		{ "\7exampl", 7, "nd6s_dnsslbad" },				/* to the option's end, and beyond; then it would be a name */
		{ "\7example", 8, "nd6s_dnsslbad" },
		{ "\100a", 2, "nd6s_dnsslbad" },				/* 64: no label is that long */
		{ "\2ok\0\1b\0\0\1c\0", 11, "nd6s_dnsslbad" },			/* an empty name; what stood before it goes, too */
		{ "\7a\nsearch\0", 10, "nd6s_dnsslbad" },
		{ "\10a\nsearch\0", 10, "nd6s_dnsslname" },			/* lines of their own */
		{ "\5\033[31m\0", 7, "nd6s_dnsslname" },			/* colours */
		{ "\3a\0b\0", 5, "nd6s_dnsslname" },
		{ "\3a.b\0", 5, "nd6s_dnsslname" },
		{ "\3a b\0", 5, "nd6s_dnsslname" },
		{ "\3a#b\0", 5, "nd6s_dnsslname" },
		{ "\2\303\244\0", 4, "nd6s_dnsslname" },			/* not ASCII */
		{ "\177x", 2, "nd6s_dnsslbad" },
		{ "\1a\2b-\0", 6, "nd6s_dnsslname" },
		{ "\2-b\0", 4, "nd6s_dnsslname" },
	};
	char name[300], a[64];

	slaac_start("inet6 autoconf -temporary\nup");
	for (unsigned i = 0; i < nitems(bad); i++) {
		counter_mark();
		ra(1800, 0);
		ra_search_raw(600, bad[i].names, bad[i].n);
		ra_send("fe80::aa");
		CHECK_EQ(counter_delta(bad[i].counter), 1);
		CHECK_EQ(counter_delta("nd6s_dnsslbad") + counter_delta("nd6s_dnsslname"), 1);
		CHECK_EQ(counter_delta("nd6s_inra"), 1);
		CHECK_EQ(slaac_of(&t0.w_if)->sl_nsearch, 0);
	}
	for (unsigned i = 0; i < 255; i += 2)				/* 127 labels: as long as a name may be; and one more */
		memcpy(name + i, "\1y", 2);
	counter_mark();
	name[254] = '\0';
	ra(1800, 0);
	ra_search_raw(600, name, 255);
	ra_send("fe80::aa");
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nsearch, 1);
	CHECK_EQ(strlen(slaac_of(&t0.w_if)->sl_search[0].rs_name), 253);
	memcpy(name + 254, "\1y", 3);
	ra(1800, 0);
	ra_search_raw(600, name, 257);
	ra_send("fe80::aa");
	CHECK_EQ(counter_delta("nd6s_dnsslbad"), 1);
	for (unsigned i = 0; i < 100; i++) {
		ra(1800, 0);
		snprintf(a, sizeof(a), "%c%03u", 3, i);
		ra_search_raw(UINT32_MAX, a, 5);
		ra_send("fe80::bb");
	}
	CHECK_EQ(counter_delta("nd6s_dnsslmany"), 100 - (SLAAC_SEARCH - 1));
	CHECK_EQ(slaac_of(&t0.w_if)->sl_nsearch, SLAAC_SEARCH);
	CHECK_EQ(strlen(slaac_of(&t0.w_if)->sl_search[0].rs_name), 253);	/* the honest one stays */
	cmd_end();
}
