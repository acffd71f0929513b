/* test_traceroute.c - traceroute(8) against routers and hosts on the wire. */
#include <string.h>

#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "tests/unit/cmdfix.h"

static struct pkt probe, answer;

static void
start(void)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/mygate\n10.0.0.2\n"), "");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, NHF_STATIC) == NULL);
	host_run(10000);
	t0.w_next = t0.w_ntx;
}

static void
end(void)
{
	CHECK(arp_delete(0, addr("10.0.0.2")) == NULL);
	cmd_end();
}

/* The next probe has this TTL. */
static void
probe_comes(unsigned ttl)
{
	struct pkt *f;

	cmd_wait(1);
	f = wire_tx(&t0);
	CHECK(f != NULL);
	probe = *f;
	CHECK_EQ(pkt_iphdr(&probe)->ip_ttl, ttl);
	CHECK_EQ(in_cksum(pkt_iphdr(&probe), 20), 0);
	CHECK(wire_tx(&t0) == NULL);
}

static void
answer_from(const char *from, unsigned type, unsigned code, unsigned mtu)
{
	unsigned quote = MIN(probe.p_len - 14, 28u);

	pkt_ip(&answer, from, "10.0.0.1", 1, 60, 20, 8 + quote);
	memset(answer.p_b + 34, 0, 8);
	answer.p_b[34] = (uint8_t)type;
	answer.p_b[35] = (uint8_t)code;
	store16(answer.p_b + 40, host_be16((uint16_t)mtu));
	memcpy(answer.p_b + 42, probe.p_b + 14, quote);
	store16(answer.p_b + 36, in_cksum(answer.p_b + 34, 8 + quote));
	wire_rx(&t0, &answer);
}

static void
udp_sum_good(void)
{
	uint8_t b[2000] = { 0 };
	unsigned len = probe.p_len - 34;

	memcpy(b, probe.p_b + 26, 8);
	b[9] = 17;
	store16(b + 10, host_be16((uint16_t)len));
	memcpy(b + 12, probe.p_b + 34, len);
	CHECK_EQ(in_cksum(b, 12 + len), 0);
}

TEST(traceroute_udp)
{
	start();
	cmd_begin("traceroute -n -q 2 192.0.2.9");
	probe_comes(1);
	CHECK_EQ(be16_host(pkt_iphdr(&probe)->ip_len), 40);
	CHECK_EQ(load16(probe.p_b + 36), BE16(33435));
	udp_sum_good();
	answer_from("10.0.0.2", ICMP_TIMXCEED, 0, 0);
	probe_comes(1);
	CHECK_EQ(load16(probe.p_b + 36), BE16(33436));
	udp_sum_good();
	answer_from("10.0.0.2", ICMP_TIMXCEED, 0, 0);
	probe_comes(2);
	cmd_wait(3001);				/* nobody says anything */
	answer_from("10.9.0.1", ICMP_TIMXCEED, 0, 0);	/* too late: the next one is on its way */
	probe_comes(2);
	answer_from("10.9.0.2", ICMP_TIMXCEED, 0, 0);
	probe_comes(3);
	answer_from("10.9.0.7", ICMP_UNREACH, ICMP_UNREACH_PORT, 0);	/* not from there: no end */
	probe_comes(3);
	answer_from("192.0.2.9", ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	CHECK(cmd_wait(5));
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "traceroute to 192.0.2.9 (192.0.2.9), 64 hops max, 40 byte packets\n 1  10.0.0.2  1.");
	CHECK_IN(cmd_output(), " ms\n 2  * 10.9.0.2  3.");
	CHECK_IN(cmd_output(), " ms\n 3  10.9.0.7  ");
	CHECK_IN(cmd_output(), " ms 192.0.2.9  ");
	end();
}

TEST(traceroute_icmp)
{
	start();
	cmd_begin("traceroute -I -q 1 -f 4 -s 10.0.0.1 192.0.2.9 1000");
	probe_comes(4);
	CHECK_EQ(be16_host(pkt_iphdr(&probe)->ip_len), 1000);
	CHECK_EQ(probe.p_b[34], ICMP_ECHO);
	CHECK_EQ(in_cksum(probe.p_b + 34, 980), 0);
	answer_from("10.0.0.2", ICMP_TIMXCEED, 0, 0);
	probe_comes(5);
	answer = probe;				/* the echo reply */
	memcpy(answer.p_b, t0.w_if.if_lladdr, 6);
	pkt_iphdr(&answer)->ip_src = addr("192.0.2.9");
	pkt_iphdr(&answer)->ip_dst = addr("10.0.0.1");
	answer.p_b[34] = ICMP_ECHOREPLY;
	store16(answer.p_b + 36, 0);
	store16(answer.p_b + 36, in_cksum(answer.p_b + 34, 980));
	pkt_ipsum(&answer);
	wire_rx(&t0, &answer);
	CHECK(cmd_wait(5));
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "\n 5  192.0.2.9  ");
	end();
}

TEST(traceroute_refused)
{
	static const struct { unsigned code, mtu; const char *text; } t[] = {
		{ ICMP_UNREACH_NET, 0, " ms !N\n" }, { ICMP_UNREACH_HOST, 0, " ms !H\n" }, { ICMP_UNREACH_PROTOCOL, 0, " ms !P\n" },
		{ ICMP_UNREACH_NEEDFRAG, 1400, " ms !F-1400\n" }, { ICMP_UNREACH_FILTER_PROHIB, 0, " ms !X\n" }, { 12, 0, " ms !<12>\n" },
		{ ICMP_UNREACH_SRCFAIL, 0, " ms !S\n" },
	};

	start();
	for (unsigned i = 0; i < nitems(t); i++) {
		cmd_begin("traceroute -q 1 192.0.2.9");
		probe_comes(1);
		answer_from("10.0.0.2", ICMP_UNREACH, t[i].code, t[i].mtu);
		CHECK(cmd_wait(5));
		CHECK_IN(cmd_output(), t[i].text);
		CHECK_EQ(cmd_status, 1);
	}
	end();
}

TEST(traceroute_ourselves)
{
	start();
	CHECK_IN(cmd("traceroute -q 1 10.0.0.1"), "\n 1  10.0.0.1  0.000 ms");
	CHECK_IN(cmd("traceroute -q 1 127.0.0.1"), "\n 1  127.0.0.1  0.000 ms");
	end();
}

TEST(traceroute_ends)
{
	start();
	cmd_begin("traceroute -q 1 -m 3 -w 1 192.0.2.9");
	CHECK(cmd_wait(3100));
	CHECK_STR(cmd_output(), "traceroute to 192.0.2.9 (192.0.2.9), 3 hops max, 40 byte packets\n 1  *\n 2  *\n 3  *\n");
	t0.w_next = t0.w_ntx;
	cmd_begin("traceroute -q 1 192.0.2.9");
	cmd_wait(100);
	cmd_stop();
	CHECK(cmd_wait(2));
	t0.w_next = t0.w_ntx;
	CHECK_IN(cmd("traceroute -q 1 10.0.0.1"), "1  10.0.0.1  ");		/* protocol unreachable, or port: it is us */
	CHECK_STR(cmd("traceroute -j -q 1 -m 1 -w 1 192.0.2.9"), "[[{}]]\n");
	CHECK_STR(cmd("traceroute fish"), "traceroute: fish: no address associated with name\n");
	CHECK_STR(cmd("traceroute -f 9 -m 3 10.0.0.2"), "traceroute: first ttl (9) may not be greater than max ttl (3)\n");
	CHECK_STR(cmd("traceroute -q 0 10.0.0.2"), "traceroute: nprobes must be 1 to 16: 0\n");
	CHECK_STR(cmd("traceroute 10.0.0.2 27"), "traceroute: packet size must be 28 to 65535: 27\n");
	CHECK_STR(cmd("traceroute -s 10.0.0.9 10.0.0.2"), "traceroute: -s 10.0.0.9: not an address of ours\n");
	CHECK_IN(cmd("traceroute"), "usage: traceroute");
	CHECK_STR(cmd("route -q delete default"), "");
	CHECK_IN(cmd("traceroute 192.0.2.9"), " 1  (not sent)\n");
	t0.w_next = t0.w_ntx;
	end();
}
