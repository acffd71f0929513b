/* test_ping.c - ping(8) against a host on the wire that answers, lies, repeats itself or is silent. */
#include <string.h>

#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "net/inet/icmp.h"
#include "tests/unit/cmdfix.h"

static struct pkt request, reply;

static void
start(void)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, NHF_STATIC) == NULL);
	host_run(10000);		/* announcements go out */
	t0.w_next = t0.w_ntx;
}

static void
end(void)
{
	CHECK(arp_delete(0, addr("10.0.0.2")) == NULL);
	cmd_end();
}

/* The next echo request that came out, or false. */
static bool
next_request(void)
{
	struct pkt *p = wire_tx(&t0);

	if (p == NULL)
		return false;
	request = *p;
	CHECK_EQ(pkt_iphdr(&request)->ip_p, 1);
	CHECK_EQ(in_cksum(pkt_iphdr(&request), 20), 0);
	return true;
}

static struct icmp *
icmp_of(struct pkt *p)
{
	return (struct icmp *)(p->p_b + 34);
}

static void
icmp_sum(struct pkt *p)
{
	struct icmp *icmp = icmp_of(p);

	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = in_cksum(icmp, be16_host(pkt_iphdr(p)->ip_len) - 20u);
}

/* reply becomes the answer of the host to request. */
static void
make_reply(void)
{
	struct ip *ip = pkt_iphdr(&reply);
	be32_t src;

	reply = request;
	memcpy(reply.p_b, t0.w_if.if_lladdr, 6);
	memcpy(reply.p_b + 6, t0.w_host, 6);
	src = ip->ip_src;
	ip->ip_src = ip->ip_dst;
	ip->ip_dst = src;
	ip->ip_ttl = 61;
	pkt_ipsum(&reply);
	icmp_of(&reply)->icmp_type = ICMP_ECHOREPLY;
	icmp_sum(&reply);
}

static void
answer(void)
{
	make_reply();
	wire_rx(&t0, &reply);
}

TEST(ping_answers)
{
	start();
	cmd_begin("ping -c 2 10.0.0.2");
	CHECK(!cmd_wait(1));
	CHECK_STR(cmd_output(), "PING 10.0.0.2 (10.0.0.2): 56 data bytes\n");
	CHECK(next_request());
	CHECK_EQ(request.p_len, 14 + 20 + 8 + 56);
	CHECK_EQ(pkt_iphdr(&request)->ip_ttl, 64);
	host.now += 123000;
	answer();
	CHECK(!cmd_wait(500));
	CHECK(!next_request());
	CHECK_IN(cmd_output(), "data bytes\n64 bytes from 10.0.0.2: icmp_seq=0 ttl=61 time=1.");
	CHECK(!cmd_wait(510));
	CHECK(next_request());
	answer();
	CHECK(cmd_wait(10));
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "\n64 bytes from 10.0.0.2: icmp_seq=1 ttl=61 time=");
	CHECK_IN(cmd_output(), " ms\n\n--- 10.0.0.2 ping statistics ---\n2 packets transmitted, 2 packets received, 0.0% packet loss\n"
	    "round-trip min/avg/max/std-dev = ");
	CHECK_EQ(counter_delta("icps_outecho"), 2);
	end();
}

TEST(ping_times)
{
	start();
	cmd_begin("ping -i 0.5 -c 3 10.0.0.2");
	for (unsigned i = 0; i < 3; i++) {
		while (!next_request())
			CHECK(!cmd_wait(1));
		host.now += 1000000u * (i + 1);
		answer();
	}
	CHECK(cmd_wait(100));
	CHECK_IN(cmd_output(), "icmp_seq=0 ttl=61 time=");
	CHECK_IN(cmd_output(), "3 packets transmitted, 3 packets received, 0.0% packet loss\nround-trip min/avg/max/std-dev = ");
	end();
}

TEST(ping_nobody_answers)
{
	start();
	cmd_begin("ping -c 2 -w 3 10.0.0.2");
	CHECK(!cmd_wait(3900));
	CHECK(cmd_wait(300));
	CHECK_STR(cmd_output(), "PING 10.0.0.2 (10.0.0.2): 56 data bytes\n\n--- 10.0.0.2 ping statistics ---\n"
	    "2 packets transmitted, 0 packets received, 100.0% packet loss\n");
	CHECK_EQ(cmd_status, 1);
	end();
}

TEST(ping_duplicates_and_damage)
{
	start();
	cmd_begin("ping -c 3 10.0.0.2");
	cmd_wait(1);
	CHECK(next_request());
	answer();
	wire_rx(&t0, &reply);
	cmd_wait(1);
	CHECK_IN(cmd_output(), " ms (DUP!)\n");
	cmd_wait(1000);
	CHECK(next_request());
	make_reply();
	reply.p_b[42 + 20] = 0xee;		/* byte 20 of the data */
	icmp_sum(&reply);
	wire_rx(&t0, &reply);
	cmd_wait(1);
	CHECK_IN(cmd_output(), "wrong data byte #20 should be 0x14 but was 0xee\n");
	make_reply();
	reply.p_b[42 + 2] ^= 1;			/* the time: a lie about the delay */
	icmp_sum(&reply);
	wire_rx(&t0, &reply);
	cmd_wait(1);
	CHECK_IN(cmd_output(), "icmp_seq=1 ttl=61 signature mismatch!\n");
	cmd_wait(1000);
	CHECK(next_request());
	make_reply();
	icmp_of(&reply)->icmp_id ^= 1;		/* somebody else's */
	icmp_sum(&reply);
	wire_rx(&t0, &reply);
	answer();
	CHECK(cmd_wait(10));
	CHECK_IN(cmd_output(), "3 packets transmitted, 3 packets received, +1 duplicates, 0.0% packet loss\n");
	cmd_begin("ping -c 1 10.0.0.2");
	cmd_wait(1);
	CHECK(next_request());
	make_reply();
	reply.p_len -= 4;			/* the end of the data is missing */
	pkt_iphdr(&reply)->ip_len = host_be16((uint16_t)(reply.p_len - 14));
	pkt_ipsum(&reply);
	icmp_sum(&reply);
	wire_rx(&t0, &reply);
	CHECK(cmd_wait(5));
	CHECK_IN(cmd_output(), "\n60 bytes from 10.0.0.2: icmp_seq=0 ttl=61 time=");
	CHECK_IN(cmd_output(), " ms (TRUNC!)\n");
	end();
}

/* An error of a router on the way, about the request. */
TEST(ping_errors)
{
	static const struct { uint8_t type, code; uint16_t mtu; const char *text; } t[] = {
		{ ICMP_UNREACH, ICMP_UNREACH_HOST, 0, "36 bytes from 10.0.0.2: Destination Host Unreachable\n" },
		{ ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 1400, "36 bytes from 10.0.0.2: frag needed and DF set (MTU 1400)\n" },
		{ ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, 0, "36 bytes from 10.0.0.2: Time to live exceeded\n" },
		{ ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0, "36 bytes from 10.0.0.2: Frag reassembly time exceeded\n" },
		{ ICMP_PARAMPROB, 0, 0, "36 bytes from 10.0.0.2: Parameter problem: pointer = 0x14\n" },
	};

	start();
	for (size_t i = 0; i < nitems(t); i++) {
		struct icmp *icmp;

		cmd_begin("ping -c 1 10.0.0.2");
		cmd_wait(1);
		CHECK(next_request());
		make_reply();
		icmp = icmp_of(&reply);
		memset(icmp, 0, sizeof(*icmp));
		icmp->icmp_type = t[i].type;
		icmp->icmp_code = t[i].code;
		if (t[i].type == ICMP_PARAMPROB)
			((uint8_t *)icmp)[4] = 20;	/* RFC 792: the pointer, one byte */
		else
			icmp->icmp_nextmtu = host_be16(t[i].mtu);
		memcpy(icmp + 1, request.p_b + 14, 28);
		reply.p_len = 14 + 20 + 36;
		pkt_iphdr(&reply)->ip_len = BE16(20 + 36);
		pkt_ipsum(&reply);
		icmp_sum(&reply);
		wire_rx(&t0, &reply);
		CHECK(cmd_wait(5));		/* it does not wait for the reply */
		CHECK_IN(cmd_output(), t[i].text);
		CHECK_IN(cmd_output(), "1 packets transmitted, 0 packets received, 100.0% packet loss\n");
		CHECK_EQ(cmd_status, 1);
	}
	end();
}

TEST(ping_options)
{
	start();
	cmd_begin("ping -c 1 -s 8 -t 3 -D -q -I 10.0.0.1 10.0.0.2");
	cmd_wait(1);
	CHECK(next_request());
	CHECK_EQ(be16_host(pkt_iphdr(&request)->ip_len), 20 + 8 + 8);
	CHECK_EQ(pkt_iphdr(&request)->ip_ttl, 3);
	CHECK(pkt_iphdr(&request)->ip_off & BE16(IP_DF));
	answer();
	CHECK(cmd_wait(5));
	CHECK_STR(cmd_output(), "PING 10.0.0.2 (10.0.0.2): 8 data bytes\n\n--- 10.0.0.2 ping statistics ---\n"
	    "1 packets transmitted, 1 packets received, 0.0% packet loss\n");
	cmd_begin("ping -j -c 1 10.0.0.2");
	cmd_wait(1);
	CHECK(next_request());
	answer();
	CHECK(cmd_wait(5));
	CHECK_IN(cmd_output(), "{\"host\":\"10.0.0.2\",\"transmitted\":1,\"received\":1,\"duplicates\":0,\"errors\":0,\"min_us\":");
	CHECK_STR(cmd("ping -I 10.0.0.9 10.0.0.2"), "ping: bind: Can't assign requested address\n");
	CHECK_STR(cmd("ping fish"), "ping: fish: no address associated with name\n");
	CHECK_STR(cmd("ping -c 0 10.0.0.2"), "ping: bad number of packets to transmit: 0\n");
	CHECK_STR(cmd("ping -s 65508 10.0.0.2"), "ping: bad packet size: 65508\n");
	CHECK_STR(cmd("ping -i 0 10.0.0.2"), "ping: bad timing interval: 0\n");
	CHECK_STR(cmd("ping -i 18446744073709552 10.0.0.2"), "ping: bad timing interval: 18446744073709552\n");
	CHECK_IN(cmd("ping"), "usage: ping");
	CHECK_EQ(cmd_status, 2);
	end();
}

TEST(ping_large)
{
	unsigned bytes = 0, frames = 0;

	start();
	cmd_begin("ping -c 1 -w 1 -s 4000 10.0.0.2");
	cmd_wait(1);
	for (struct pkt *p; (p = wire_tx(&t0)) != NULL; frames++)
		bytes += p->p_len - 34;
	CHECK_EQ(frames, 3);
	CHECK_EQ(bytes, 4008);
	CHECK(cmd_wait(2000));
	CHECK_IN(cmd("ping -c 1 -w 1 -D -s 4000 10.0.0.2"), "ping: sendmsg: Message too long\nping: wrote 10.0.0.2 4008 chars, ret=-1\n");
	CHECK_IN(cmd("ping -c 1 -w 1 10.77.0.1"), "ping: sendmsg: No route to host\nping: wrote 10.77.0.1 64 chars, ret=-1\n");
	CHECK_STR(cmd("route -q add default 10.0.0.2"), "");
	CHECK_IN(cmd("ping -c 1 -w 1 255.255.255.255"), "ping: sendmsg: Permission denied\n");
	CHECK_IN(cmd("ping -c 1 -w 1 224.0.0.1"), "ping: sendmsg: Permission denied\n");
	CHECK_IN(cmd("ping -c 1 -w 1 0.0.0.0"), "ping: sendmsg: No route to host\n");	/* RFC 1122 3.2.1.3 (a) */
	CHECK_IN(cmd("ping -c 1 -w 1 10.0.0.0"), "ping: sendmsg: No route to host\n");
	CHECK_IN(cmd("ping -c 1 -w 1 0.1.2.3"), "ping: sendmsg: No route to host\n");
	CHECK_STR(cmd("route -q delete default"), "");
	end();
}

TEST(ping_ourselves)
{
	start();
	CHECK_IN(cmd("ping -c 2 10.0.0.1"), "2 packets transmitted, 2 packets received, 0.0% packet loss\n");
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd("ping -c 1 127.0.0.1"), "64 bytes from 127.0.0.1: icmp_seq=0 ttl=");
	end();
}

TEST(ping_stopped)
{
	start();
	cmd_begin("ping 10.0.0.2; echo after");
	cmd_wait(2100);
	while (next_request())
		answer();
	cmd_stop();
	CHECK(cmd_wait(2));
	CHECK_IN(cmd_output(), "\n--- 10.0.0.2 ping statistics ---\n3 packets transmitted, 3 packets received, 0.0% packet loss\nround-trip");
	CHECK(strstr(cmd_output(), "after") == NULL);
	CHECK_EQ(cmd_status, 130);
	end();
}

/* An absent neighbour: our own ICMP error tells it. */
TEST(ping_absent_neighbour)
{
	start();
	CHECK_IN(cmd("ping -c 1 10.0.0.99"), "92 bytes from 10.0.0.1: Destination Host Unreachable\n");
	CHECK_EQ(cmd_status, 1);
	t0.w_next = t0.w_ntx;
	end();
}
