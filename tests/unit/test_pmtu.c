/* test_pmtu.c - ICMP errors that tell something: the path's MTU and better gateways, true and not. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_pmtu.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"

static struct pkt p;
COUNTER(test_sent, icmp, 998, CREATED, "packet%s sent by the test");

/* The listener that stands for all who send: it knows what goes to 10.1.0.1, protocol 17. */
static bool
knows(struct icmp_listener *il __unused_arg, const struct ip *ip, unsigned hlen, unsigned len)
{
	const struct ip *quoted = (const struct ip *)((const uint8_t *)ip + hlen + 8);

	CHECK(len >= hlen + 8 + 20 + 8);
	return quoted->ip_p == 17 && quoted->ip_dst == addr("10.1.0.1");
}
static struct icmp_listener listener = { .il_input = knows };

/* An error from `from` about a packet of `len` bytes from src to dst; rest: the second word of the message. */
static void
error_rx(struct wire *w, const char *from, unsigned type, unsigned code, uint32_t rest, const char *src, const char *dst, unsigned len, bool df)
{
	struct ip *q = (struct ip *)(p.p_b + 42);

	pkt_ip(&p, from, src, 1, 64, 20, 8 + 28);
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	memset(p.p_b + 34, 0, 8 + 28);
	p.p_b[34] = (uint8_t)type;
	p.p_b[35] = (uint8_t)code;
	store32(p.p_b + 38, host_be32(rest));
	*q = (struct ip){ .ip_vhl = 0x45, .ip_len = host_be16((uint16_t)len), .ip_ttl = 60, .ip_p = 17, .ip_src = addr(src),
	    .ip_dst = addr(dst), .ip_off = df ? BE16(IP_DF) : 0 };
	store16(p.p_b + 36, in_cksum(p.p_b + 34, 36));
	wire_rx(w, &p);
}

static void
too_big(unsigned mtu, unsigned len)
{
	error_rx(&t1, "10.0.1.2", ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, mtu, "10.0.1.1", "10.1.0.1", len, true);
}

/* Our packet of len bytes to dst; how many frames came out of t1, and the longest one's IP length. */
static unsigned
send_ours(const char *dst, unsigned len, bool df, unsigned *longest)
{
	struct mbuf *m = m_get();
	struct ip *ip;
	static uint8_t zero[1500];
	unsigned n = 0;
	struct pkt *f;

	CHECK(m != NULL);
	m->m_len = m->m_pktlen = 20;
	ip = (struct ip *)m->m_data;
	*ip = (struct ip){ .ip_len = host_be16((uint16_t)len), .ip_ttl = 64, .ip_p = 17, .ip_dst = addr(dst), .ip_off = df ? BE16(IP_DF) : 0 };
	CHECK(m_append(m, zero, len - 20));
	counter_inc(test_sent);
	ip_send(m);
	host_run(1);
	*longest = 0;
	for (; (f = wire_tx(&t1)) != NULL; n++) {
		*longest = MAX(*longest, (unsigned)be16_host(pkt_iphdr(f)->ip_len));
		CHECK(!(pkt_iphdr(f)->ip_off & BE16(IP_DF)) || df);
	}
	return n;
}

static unsigned
pieces(unsigned len, bool df)
{
	unsigned longest, n = send_ours("10.1.0.1", len, df, &longest);

	CHECK(n == 0 || longest <= len);
	return n;
}

/* Learned, obeyed, for that host alone, and forgotten: RFC 1191. checklist: mtudisc_basic, mtudisc_timeout */
TEST(pmtu_learnt)
{
	unsigned longest;

	net_start();
	icmp_listen(&listener);
	CHECK_EQ(pieces(1500, true), 1);
	too_big(1400, 1500);
	CHECK_EQ(counter_delta("ips_pmtulearnt"), 1);
	CHECK_EQ(pieces(1500, true), 0);			/* message too long */
	CHECK_EQ(counter_delta("ips_omtu"), 1);
	CHECK_EQ(pieces(1400, true), 1);
	CHECK_EQ(send_ours("10.1.0.1", 1500, false, &longest), 2);
	CHECK_EQ(longest, 1396);				/* 20 + 8 * 172 */
	CHECK_EQ(send_ours("10.1.0.2", 1500, true, &longest), 1);
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 1480);		/* what passes through is not ours to cut */
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL && wire_tx(&t1) == NULL);
	too_big(1300, 1400);					/* a narrower one behind it */
	CHECK_EQ(pieces(1301, true), 0);
	CHECK_EQ(pieces(1300, true), 1);
	host_run(599000);
	CHECK_EQ(pieces(1500, true), 0);
	host_run(1100);
	CHECK_EQ(pieces(1500, true), 1);
	icmp_unlisten(&listener);
	net_end();
}

/* Routers that do not say (RFC 1191 5): the next smaller of the usual ones. */
TEST(pmtu_plateaus)
{
	net_start();
	icmp_listen(&listener);
	too_big(0, 1500);
	CHECK_EQ(pieces(1493, true), 0);
	CHECK_EQ(pieces(1492, true), 1);
	too_big(0, 1492);
	CHECK_EQ(pieces(1007, true), 0);
	CHECK_EQ(pieces(1006, true), 1);
	icmp_unlisten(&listener);
	net_end();
}

/* A path that is narrower than the least that we cut to, or somebody who says so: routers cut, and it gets through. HOSTILE: MTU 68. */
TEST(pmtu_floor)
{
	unsigned longest;

	net_start();
	icmp_listen(&listener);
	too_big(68, 1500);
	CHECK_EQ(counter_delta("ips_pmtulearnt"), 1);
	CHECK_EQ(send_ours("10.1.0.1", 1500, false, &longest), 3);
	CHECK_EQ(longest, 548);
	CHECK_EQ(send_ours("10.1.0.1", 552, true, &longest), 1);
	pieces(552, false);
	icmp_unlisten(&listener);
	net_end();
}

static void
ignored(const char *counter)
{
	CHECK_EQ(counter_delta(counter), 1);
	CHECK_EQ(counter_delta("ips_pmtulearnt"), 0);
	CHECK_EQ(pieces(1500, true), 1);
	counter_mark();
}

/* HOSTILE: errors that match nothing (CVE-2019-5598), forged ones (RFC 5927), MTU 67, larger than ours or than the packet. */
TEST(pmtu_lies)
{
	net_start();
	icmp_listen(&listener);
	error_rx(&t1, "10.0.1.2", 3, 4, 1400, "10.0.1.1", "10.1.0.2", 1500, true);	/* we send nothing there */
	ignored("icps_stranger");
	error_rx(&t1, "10.0.1.2", 3, 4, 1400, "10.0.0.77", "10.1.0.1", 1500, true);	/* forwarded: not for us */
	CHECK_EQ(counter_delta("icps_stranger"), 0);
	t0.w_next = t0.w_ntx;
	host_run(5000);
	t0.w_next = t0.w_ntx;
	t1.w_next = t1.w_ntx;
	counter_mark();
	pkt_ip(&p, "10.0.1.2", "10.0.1.1", 1, 64, 20, 36);		/* to us, about somebody else's packet */
	error_rx(&t1, "10.0.1.2", 3, 4, 1400, "10.0.1.1", "10.1.0.1", 1500, true);
	CHECK_EQ(counter_delta("ips_pmtulearnt"), 1);
	host_run(601000);
	counter_mark();
	p.p_b[42 + 15] = 77;						/* the quote's source is no longer ours */
	store16(p.p_b + 36, 0);
	store16(p.p_b + 36, in_cksum(p.p_b + 34, 36));
	wire_rx(&t1, &p);
	ignored("icps_stranger");
	too_big(67, 1500);
	ignored("ips_pmtulie");
	too_big(1500, 1500);
	ignored("ips_pmtulie");
	too_big(9000, 1500);
	ignored("ips_pmtulie");
	too_big(1400, 1300);						/* that packet would have fitted */
	ignored("ips_pmtulie");
	too_big(1400, 1501);						/* and such a one we never sent */
	ignored("ips_pmtulie");
	error_rx(&t1, "10.0.1.2", 3, 4, 1400, "10.0.1.1", "10.1.0.1", 1500, false);	/* nor would it have been refused */
	ignored("ips_pmtulie");
	too_big(1400, 1500);
	too_big(1450, 1500);						/* never up again */
	CHECK_EQ(counter_delta("ips_pmtulie"), 1);
	CHECK_EQ(pieces(1401, true), 0);
	icmp_unlisten(&listener);
	net_end();
}

/* More destinations than there is room for: each new one is learnt, old ones are forgotten. */
TEST(pmtu_table_is_bounded)
{
	char dst[20];
	unsigned longest;

	net_start();
	icmp_listen(&listener);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(dst, sizeof(dst), "10.1.%u.%u", 1 + i / 250, 1 + i % 250);
		ip_pmtu_learn(0, &(struct ip){ .ip_len = BE16(1500), .ip_off = BE16(IP_DF), .ip_dst = addr(dst) }, 1500, 1400);
		CHECK_EQ(send_ours(dst, 1500, true, &longest), 0);
	}
	icmp_unlisten(&listener);
	net_end();
}

/* ---- redirects ---- */

static int *
setting(const char *name)
{
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strcmp(sc->sc_name, name) == 0)
			return sc->sc_int;
	CHECK(!"no such setting");
	return NULL;
}

static void
redirect_rx(const char *from, const char *gw, const char *dst)
{
	be32_t a = addr(gw);

	error_rx(&t1, from, ICMP_REDIRECT, ICMP_REDIRECT_HOST, be32_host(a), "10.0.1.1", dst, 60, false);
}

static be32_t
gateway_to(const char *dst)
{
	return rtable_match(0, addr(dst))->rt_via->v_gateway;
}

/* checklist: icmp_redirect, icmp_redirect_timeout, route_flags_icmp_redirect */
TEST(redirect_obeyed)
{
	struct rtentry *rt;

	net_start();
	redirect_rx("10.0.1.2", "10.0.1.9", "10.1.0.1");
	CHECK_EQ(counter_delta("icps_redirectin"), 1);		/* off, as it comes */
	CHECK_EQ(gateway_to("10.1.0.1"), addr("10.0.1.2"));
	*setting("net.inet.icmp.rediraccept") = 1;
	redirect_rx("10.0.1.2", "10.0.1.9", "10.1.0.1");
	CHECK_EQ(counter_delta("icps_redirected"), 1);
	rt = rtable_match(0, addr("10.1.0.1"));
	CHECK_EQ(rt->rt_via->v_gateway, addr("10.0.1.9"));
	CHECK_EQ(rt->rt_flags & ~(RTF_MPATH | RTF_TIMED), RTF_UP | RTF_GATEWAY | RTF_HOST | RTF_DYNAMIC);
	CHECK_EQ(gateway_to("10.1.0.2"), addr("10.0.1.2"));
	redirect_rx("10.0.1.2", "10.0.1.8", "10.1.0.1");	/* no longer our gateway for it */
	CHECK_EQ(counter_delta("icps_redirectbad"), 1);
	host_run(300000);
	redirect_rx("10.0.1.9", "10.0.1.8", "10.1.0.1");
	CHECK_EQ(gateway_to("10.1.0.1"), addr("10.0.1.8"));
	CHECK(rtable_match(0, addr("10.1.0.1"))->rt_flags & RTF_MODIFIED);
	CHECK(nexthop_find(&t1.w_if, addr("10.0.1.9")) == NULL);
	host_run(599000);
	CHECK_EQ(gateway_to("10.1.0.1"), addr("10.0.1.8"));
	host_run(1100);
	CHECK_EQ(gateway_to("10.1.0.1"), addr("10.0.1.2"));
	redirect_rx("10.0.1.2", "10.0.1.9", "10.1.0.1");	/* goes with the interface */
	net_end();
}

static void
unbelieved(const char *from, const char *gw, const char *dst)
{
	counter_mark();
	redirect_rx(from, gw, dst);
	CHECK_EQ(counter_delta("icps_redirectbad"), 1);
	CHECK_EQ(counter_delta("icps_redirected"), 0);
}

TEST(redirect_lies)
{
	struct rt_request rq = { .rq_dest = addr("10.1.0.9"), .rq_plen = 32, .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway = addr("10.0.1.2") };

	net_start();
	*setting("net.inet.icmp.rediraccept") = 1;
	CHECK_EQ(rt_add(&rq), RT_OK);
	unbelieved("10.0.1.7", "10.0.1.9", "10.1.0.1");		/* from somebody else */
	unbelieved("10.0.1.2", "10.0.0.9", "10.1.0.1");		/* to another wire */
	unbelieved("10.0.1.2", "192.0.2.1", "10.1.0.1");	/* to nowhere */
	unbelieved("10.0.1.2", "10.0.1.1", "10.1.0.1");		/* to ourselves */
	unbelieved("10.0.1.2", "10.0.1.2", "10.1.0.1");		/* to itself */
	unbelieved("10.0.1.2", "10.0.1.255", "10.1.0.1");
	unbelieved("10.0.1.2", "10.0.1.0", "10.1.0.1");
	unbelieved("10.0.1.2", "224.0.0.5", "10.1.0.1");
	unbelieved("10.0.1.2", "10.0.1.9", "10.0.1.77");	/* a neighbour */
	unbelieved("10.0.1.2", "10.0.1.9", "10.0.1.1");		/* us */
	unbelieved("10.0.1.2", "10.0.1.9", "203.0.113.1");	/* no way at all */
	unbelieved("10.0.1.2", "10.0.1.9", "10.1.0.9");		/* an admin's host route */
	net_end();
}

/* A gateway that is gone takes what was learned of it along (RFC 1122 3.3.1.4); so does a flush; and there are never too many. */
TEST(redirect_ends_early)
{
	char dst[20];

	net_start();
	*setting("net.inet.icmp.rediraccept") = 1;
	redirect_rx("10.0.1.2", "10.0.1.9", "10.1.0.1");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 20);
	wire_rx(&t0, &p);
	host_run(3100);						/* 10.0.1.9 does not answer */
	CHECK_EQ(gateway_to("10.1.0.1"), addr("10.0.1.2"));
	for (unsigned i = 0; i < 1100; i++) {
		snprintf(dst, sizeof(dst), "10.1.%u.%u", 1 + i / 250, 1 + i % 250);
		redirect_rx("10.0.1.2", "10.0.1.8", dst);
	}
	CHECK_EQ(counter_delta("icps_redirected"), 1101);
	CHECK_EQ(gateway_to("10.1.1.1"), addr("10.0.1.2"));
	CHECK_EQ(gateway_to(dst), addr("10.0.1.8"));
	if_setup(&t1.w_if, false);				/* what leads nowhere would hide the default route */
	CHECK(rtable_lookup(0, addr(dst), 32) == NULL);
	if_setup(&t1.w_if, true);
	redirect_rx("10.0.1.2", "10.0.1.8", dst);
	CHECK_EQ(gateway_to(dst), addr("10.0.1.8"));
	cmd("route flush -inet6");				/* not those */
	CHECK_EQ(gateway_to(dst), addr("10.0.1.8"));
	cmd("route flush -inet");
	CHECK_EQ(gateway_to(dst), addr("10.0.1.2"));
	net_end();
}
