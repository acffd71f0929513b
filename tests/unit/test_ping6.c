/* test_ping6.c - ping6(8): what it sends, says and counts. */
#include <string.h>

#include "kernel/command.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

static struct pkt p;

static void
start(void)
{
	struct in6_addr a;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	a = addr6("fd00:a::1");
	CHECK(in6_if_enable(&t0.w_if, true) && if_addaddr6(&t0.w_if, &a, 64, 0, NULL) == NULL);
	a = addr6("fd00:a::2");
	CHECK(nd6_set(0, &a, t0.w_host, NHF_STATIC) == NULL);
	host_run(10000);
	wires_forget();
}

static void
end(void)
{
	struct in6_addr a = addr6("fd00:a::1");

	CHECK(if_deladdr6(&t0.w_if, &a) == NULL && in6_if_enable(&t0.w_if, false));
	cmd_end();
}

/* The request that came out goes back as a reply. */
static void
reply(const struct pkt *f, const char *src)
{
	struct pkt q = *f;

	memcpy(q.p_b, f->p_b + 6, 6);
	memcpy(q.p_b + 6, t0.w_host, 6);
	pkt_ip6(&q)->ip6_dst = pkt_ip6(&q)->ip6_src;
	pkt_ip6(&q)->ip6_src = addr6(src);
	pkt_icmp6(&q)->icmp6_type = ICMP6_ECHOREPLY;
	pkt6_sum(&q);
	wire_rx(&t0, &q);
}

TEST(ping6_one)
{
	struct pkt *f;

	start();
	cmd_begin("ping6 -c 1 fd00:a::2");
	CHECK(!cmd_wait(10));
	f = wire_tx_icmp6(&t0, ICMP6_ECHO);
	CHECK_EQ(f->p_len, 54 + 64);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	reply(f, "fd00:a::2");
	CHECK(cmd_wait(100));
	CHECK_IN(cmd_output(), "PING fd00:a::2 (fd00:a::2): 56 data bytes\n64 bytes from fd00:a::2: icmp_seq=0 hlim=64 time=");
	CHECK_IN(cmd_output(), "1 packets transmitted, 1 packets received, 0.0% packet loss\n");
	CHECK_EQ(cmd_status, 0);
	end();
}

TEST(ping6_ourselves)
{
	start();
	CHECK_IN(cmd("ping6 -c 1 ::1"), "64 bytes from ::1: icmp_seq=0 hlim=64 time=");
	CHECK_IN(cmd("ping6 -c 1 fd00:a::1"), "64 bytes from fd00:a::1: icmp_seq=0 hlim=64 time=");
	CHECK_IN(cmd("ping6 -c 1 fe80::5054:ff:fe00:a%t0"), "64 bytes from fe80::5054:ff:fe00:a%t0: icmp_seq=0 hlim=64 time=");
	CHECK_IN(cmd("ping6 -c 1 -s 10000 ::1"), "10008 bytes from ::1");
	CHECK_EQ(counter_delta("ip6s_badsrc"), 0);
	end();
}

/* checklist: ping6_opts_interface */
TEST(ping6_link_scope)
{
	struct pkt *f;
	uint8_t all[6] = { 0x33, 0x33, 0, 0, 0, 1 };

	start();
	cmd_begin("ping6 -c 1 ff02::1%t0");
	CHECK(!cmd_wait(10));
	f = wire_tx_icmp6(&t0, ICMP6_ECHO);
	CHECK_MEM(f->p_b, all, 6);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1");
	reply(f, "fe80::22");
	CHECK(cmd_wait(100));
	CHECK_IN(cmd_output(), "64 bytes from fe80::22%t0: icmp_seq=0 hlim=64");
	cmd_begin("ping6 -c 1 fe80::22%t0");
	CHECK(!cmd_wait(10));
	wire_tx_icmp6(&t0, ICMP6_NS);
	cmd_stop();
	CHECK(cmd_wait(100));
	host_run(50000);
	end();
}

/* A group of a site goes where the route to it says; without one there is none. */
TEST(ping6_group_by_route)
{
	start();
	CHECK_IN(cmd("ping6 -c 1 ff05::1"), "ping6: sendmsg: No route to host\n");
	CHECK_STR(cmd("route -q add -inet6 default fd00:a::2"), "");
	wires_forget();
	cmd_begin("ping6 -c 1 ff05::1");
	CHECK(!cmd_wait(100));
	CHECK_STR(text6(&pkt_ip6(wire_tx_icmp6(&t0, ICMP6_ECHO))->ip6_dst), "ff05::1");
	CHECK(cmd_wait(20000));
	end();
}

TEST(ping6_errors)
{
	start();
	CHECK_IN(cmd("ping6 -c 1 -w 1 2001:db8::1"), "ping6: sendmsg: No route to host\n");
	CHECK_IN(cmd("ping6 -c 1 10.0.0.1"), "ping6: 10.0.0.1: no address associated with name\n");
	CHECK_IN(cmd("ping6 -c 1 fe80::1%nope"), "ping6: fe80::1%nope: no address associated with name\n");
	CHECK_IN(cmd("ping6 -I fd00:a::9 fd00:a::2"), "ping6: bind: Can't assign requested address\n");
	CHECK_IN(cmd("ping6 -s 65528 fd00:a::2"), "ping6: bad packet size: 65528\n");
	CHECK_IN(cmd("ping6"), "usage: ping6");
	wires_forget();
	cmd_begin("ping6 -c 1 fd00:a::3");			/* nobody answers: we are told by ourselves */
	CHECK(!cmd_wait(2900));
	CHECK(cmd_wait(300));
	CHECK_IN(cmd_output(), "bytes from fd00:a::1: Destination Host Unreachable\n");
	CHECK_EQ(cmd_status, 1);
	host_run(50000);
	end();
}

/* Packet too big: the path's MTU is learned for what we have sent, goes into the size of our fragments, and is forgotten. HOSTILE: ICMP,
 * packet-too-big with MTU 0, 67, 68, 1279 and larger than ours (RFC 8201); forged errors (RFC 5927). checklist: mtudisc6_basic */
TEST(ping6_path_mtu)
{
	static const uint32_t silly[] = { 0, 67, 68, 1279, 1500, 9000, UINT32_MAX };
	uint8_t msg[48 + 16];
	struct pkt *f, sent;

	start();
	cmd_begin("ping6 -s 1400 fd00:a::2");
	CHECK(!cmd_wait(10));
	f = wire_tx_icmp6(&t0, ICMP6_ECHO);
	sent = *f;
	memset(msg, 0, sizeof(msg));
	memcpy(msg + 8, sent.p_b + 14, 56);
	*(struct icmp6 *)msg = (struct icmp6){ .icmp6_type = ICMP6_TOOBIG };
	for (unsigned i = 0; i < nitems(silly); i++) {
		((struct icmp6 *)msg)->icmp6_param = host_be32(silly[i]);
		pkt6_icmp(&p, "fd00:a::77", "fd00:a::1", 64, msg, sizeof(msg));
		wire_rx(&t0, &p);
	}
	CHECK_EQ(counter_delta("icmp6s_pmtubad"), 4);
	CHECK_EQ(counter_delta("icmp6s_pmtuup"), 3);
	CHECK_EQ(counter_delta("icmp6s_pmtuchg"), 0);
	((struct icmp6 *)msg)->icmp6_param = BE32(1300);
	((struct icmp6 *)(msg + 48))->icmp6_id ^= 1;			/* not one of ours */
	pkt6_icmp(&p, "fd00:a::77", "fd00:a::1", 64, msg, sizeof(msg));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_pmtuchg"), 0);
	((struct icmp6 *)(msg + 48))->icmp6_id ^= 1;
	pkt6_icmp(&p, "fd00:a::77", "fd00:a::1", 64, msg, sizeof(msg));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_pmtuchg"), 1);
	CHECK(!cmd_wait(1000));
	f = wire_tx(&t0);
	CHECK(f != NULL);
	CHECK_EQ(pkt_ip6(f)->ip6_nxt, IPPROTO_FRAGMENT_);
	CHECK(f->p_len <= 14 + 1300 && f->p_len > 14 + 1292);
	f = wire_tx(&t0);
	CHECK(f != NULL);
	CHECK_EQ(load16(f->p_b + 14 + 42) & BE16(7), 0);
	CHECK(!cmd_wait(600000));
	wires_forget();
	CHECK(!cmd_wait(1000));
	CHECK_EQ(pkt_ip6(wire_tx(&t0))->ip6_nxt, IPPROTO_ICMPV6_);	/* it is tried anew */
	cmd_stop();
	CHECK(cmd_wait(1000));
	CHECK_IN(cmd_output(), "bytes from fd00:a::77: Packet too big mtu = 1300\n");
	end();
}
