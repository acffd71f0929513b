/* test_traceroute6.c - traceroute6(8) against routers and hosts on the wire. */
#include <string.h>

#include "net/inet/traceroute.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

static struct pkt probe, answer;

static void
start(void)
{
	struct in6_addr gw = addr6("fd00:a::2");

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 fd00:a::1 64\n# /etc/mygate\nfd00:a::2\n"), "");
	CHECK(nd6_set(0, &gw, t0.w_host, NHF_STATIC) == NULL);
	host_run(10000);
	wires_forget();
}

static void
end(void)
{
	struct in6_addr gw = addr6("fd00:a::2");

	CHECK(nd6_delete(0, &gw) == NULL);
	wires_forget();
	cmd_end();
}

/* RFC 8200 8.1, by the test's own arithmetic: of all words, the sum is all ones. */
static bool
sum_good(const struct pkt *p, unsigned proto)
{
	uint32_t len = p->p_len - 54, sum = len + proto;

	for (unsigned i = 22; i < p->p_len; i++)
		sum += i & 1 ? p->p_b[i] : (uint32_t)p->p_b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* The next probe has this hop limit. */
static void
probe_comes(unsigned hlim, unsigned proto)
{
	struct pkt *f;

	cmd_wait(1);
	f = wire_tx(&t0);
	CHECK(f != NULL);
	probe = *f;
	CHECK_EQ(pkt_ip6(&probe)->ip6_hlim, hlim);
	CHECK_EQ(pkt_ip6(&probe)->ip6_nxt, proto);
	CHECK(sum_good(&probe, proto));
	CHECK(wire_tx(&t0) == NULL);
}

static void
answer_from(const char *from, unsigned type, unsigned code, uint32_t param)
{
	uint8_t msg[8 + 48];

	memset(msg, 0, 8);
	*(struct icmp6 *)msg = (struct icmp6){ .icmp6_type = (uint8_t)type, .icmp6_code = (uint8_t)code, .icmp6_param = host_be32(param) };
	memcpy(msg + 8, probe.p_b + 14, 48);
	pkt6_icmp(&answer, from, "fd00:a::1", 60, msg, sizeof(msg));
	wire_rx(&t0, &answer);
}

TEST(traceroute6_udp)
{
	start();
	cmd_begin("traceroute6 -n -q 2 2001:db8::9");
	probe_comes(1, IPPROTO_UDP_);
	CHECK_EQ(probe.p_len, 14 + 60);
	CHECK_STR(text6(&pkt_ip6(&probe)->ip6_src), "fd00:a::1");
	CHECK_EQ(load16(probe.p_b + 56), BE16(33435));
	answer_from("fd00:a::2", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe_comes(1, IPPROTO_UDP_);
	CHECK_EQ(load16(probe.p_b + 56), BE16(33436));
	answer_from("fd00:a::2", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe_comes(2, IPPROTO_UDP_);
	cmd_wait(3001);				/* nobody says anything */
	answer_from("fd00:9::1", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);	/* too late: the next one is on its way */
	probe_comes(2, IPPROTO_UDP_);
	answer_from("fd00:9::2", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe_comes(3, IPPROTO_UDP_);
	answer_from("fd00:9::7", ICMP6_UNREACH, ICMP6_UNREACH_PORT, 0);	/* not from there: no end */
	probe_comes(3, IPPROTO_UDP_);
	answer_from("2001:db8::9", ICMP6_UNREACH, ICMP6_UNREACH_PORT, 0);
	CHECK(cmd_wait(5));
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "traceroute6 to 2001:db8::9 (2001:db8::9), 64 hops max, 60 byte packets\n 1  fd00:a::2  1.");
	CHECK_IN(cmd_output(), " ms\n 2  * fd00:9::2  3.");
	CHECK_IN(cmd_output(), " ms\n 3  fd00:9::7  ");
	CHECK_IN(cmd_output(), " ms 2001:db8::9  ");
	end();
}

/* traceroute takes the family from the host. */
TEST(traceroute6_icmp)
{
	start();
	cmd_begin("traceroute -I -q 1 -f 4 -s fd00:a::1 2001:db8::9 1000");
	probe_comes(4, IPPROTO_ICMPV6_);
	CHECK_EQ(probe.p_len, 14 + 1000);
	CHECK_EQ(pkt_icmp6(&probe)->icmp6_type, ICMP6_ECHO);
	answer_from("fd00:a::2", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe_comes(5, IPPROTO_ICMPV6_);
	answer = probe;				/* the echo reply */
	memcpy(answer.p_b, t0.w_if.if_lladdr, 6);
	pkt_ip6(&answer)->ip6_src = addr6("2001:db8::9");
	pkt_ip6(&answer)->ip6_dst = addr6("fd00:a::1");
	pkt_icmp6(&answer)->icmp6_type = ICMP6_ECHOREPLY;
	pkt6_sum(&answer);
	wire_rx(&t0, &answer);
	CHECK(cmd_wait(5));
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "traceroute to 2001:db8::9 (2001:db8::9), 64 hops max, 1000 byte packets\n");
	CHECK_IN(cmd_output(), "\n 5  2001:db8::9  ");
	end();
}

TEST(traceroute6_refused)
{
	static const struct { unsigned type, code; uint32_t mtu; const char *text; } t[] = {
		{ ICMP6_UNREACH, ICMP6_UNREACH_NOROUTE, 0, " ms !N\n" }, { ICMP6_UNREACH, ICMP6_UNREACH_ADMIN, 0, " ms !P\n" },
		{ ICMP6_UNREACH, ICMP6_UNREACH_SCOPE, 0, " ms !S\n" }, { ICMP6_UNREACH, ICMP6_UNREACH_ADDR, 0, " ms !A\n" },
		{ ICMP6_UNREACH, 6, 0, " ms !<6>\n" }, { ICMP6_TOOBIG, 0, 1400, " ms !F-1400\n" },
	};

	start();
	for (unsigned i = 0; i < nitems(t); i++) {
		cmd_begin("traceroute6 -q 1 2001:db8::9");
		probe_comes(1, IPPROTO_UDP_);
		answer_from("fd00:a::2", ICMP6_PARAMPROB, 0, 0);		/* about it, and no answer */
		answer_from("fd00:a::2", t[i].type, t[i].code, t[i].mtu);
		CHECK(cmd_wait(5));
		CHECK_IN(cmd_output(), t[i].text);
		CHECK_EQ(cmd_status, 1);
	}
	end();
}

/* Somebody else's packet is quoted, or one of ours that was never sent: no answer. */
TEST(traceroute6_forged)
{
	start();
	cmd_begin("traceroute6 -q 1 -m 1 -w 1 2001:db8::9");
	probe_comes(1, IPPROTO_UDP_);
	probe.p_b[14 + 39] ^= 1;				/* to another host */
	answer_from("fd00:a::66", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe.p_b[14 + 39] ^= 1;
	probe.p_b[14 + 40] ^= 1;				/* from another port */
	answer_from("fd00:a::66", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe.p_b[14 + 40] ^= 1;
	probe.p_b[14 + 43] ^= 0x40;				/* a later one */
	answer_from("fd00:a::66", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	probe.p_b[14 + 43] ^= 0x40;
	probe.p_b[14 + 6] = IPPROTO_ICMPV6_;			/* of another protocol */
	answer_from("fd00:a::66", ICMP6_TIMXCEED, ICMP6_TIMXCEED_TRANSIT, 0);
	CHECK(cmd_wait(1100));
	CHECK_IN(cmd_output(), "\n 1  *\n");
	end();
}

TEST(traceroute6_link)
{
	struct in6_addr ll = addr6("fe80::22");
	const char *a = "fe80::22";

	start();
	ll = in6_embed(&ll, t0.w_if.if_index);
	CHECK(nd6_set(0, &ll, t0.w_host, NHF_STATIC) == NULL);
	cmd_begin("traceroute6 -q 1 fe80::22%t0");
	probe_comes(1, IPPROTO_UDP_);
	CHECK_STR(text6(&pkt_ip6(&probe)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_STR(text6(&pkt_ip6(&probe)->ip6_dst), a);
	answer_from(a, ICMP6_UNREACH, ICMP6_UNREACH_PORT, 0);
	CHECK(cmd_wait(5));
	CHECK_IN(cmd_output(), "traceroute6 to fe80::22%t0 (fe80::22%t0), 64 hops max, 60 byte packets\n 1  fe80::22%t0  ");
	CHECK_EQ(cmd_status, 0);
	CHECK(nd6_delete(0, &ll) == NULL);
	end();
}

/* To and from link-local addresses of our own, which nothing but the interface that has them tells apart. */
TEST(traceroute6_ourselves)
{
	start();
	CHECK_IN(cmd("traceroute6 -q 1 fe80::5054:ff:fe00:a%t0"), "\n 1  fe80::5054:ff:fe00:a%t0  0.000 ms\n");
	CHECK_IN(cmd("traceroute6 -I -q 1 fe80::5054:ff:fe00:a%t0"), "\n 1  fe80::5054:ff:fe00:a%t0  0.000 ms\n");
	CHECK_IN(cmd("traceroute6 -q 1 fd00:a::1"), "\n 1  fd00:a::1  0.000 ms\n");
	CHECK_IN(cmd("ping6 -c 1 -I fe80::5054:ff:fe00:a%t0 fd00:a::1"), "1 packets received, 0.0% packet loss\n");
	end();
}

TEST(traceroute6_ends)
{
	start();
	cmd_begin("traceroute6 -q 1 -m 3 -w 1 2001:db8::9");
	CHECK(cmd_wait(3100));
	CHECK_STR(cmd_output(), "traceroute6 to 2001:db8::9 (2001:db8::9), 3 hops max, 60 byte packets\n 1  *\n 2  *\n 3  *\n");
	wires_forget();
	CHECK_IN(cmd("traceroute6 -q 1 fd00:a::1"), "1  fd00:a::1  ");		/* it is us */
	CHECK_STR(cmd("traceroute6 10.0.0.2"), "traceroute6: 10.0.0.2: no address associated with name\n");
	CHECK_STR(cmd("traceroute6 -s fd00:a::9 fd00:a::2"), "traceroute6: -s fd00:a::9: not an address of ours\n");
	CHECK_STR(cmd("traceroute6 -s 10.0.0.1 fd00:a::2"), "traceroute6: 10.0.0.1: no address associated with name\n");
	CHECK_STR(cmd("traceroute6 fd00:a::2 47"), "traceroute6: packet size must be 48 to 65535: 47\n");
	CHECK_IN(cmd("traceroute6"), "usage: traceroute6");
	CHECK_STR(cmd("route -q delete -inet6 default"), "");
	CHECK_IN(cmd("traceroute6 2001:db8::9"), " 1  (not sent)\n");
	wires_forget();
	end();
}
