/* test_tcpdump.c - what rules log: which packets, what tcpdump prints of them, and packets of any bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/tap.h"
#include "net/inet/ip_print.h"
#include "net/pf/pf_ctl.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

#define CONF(rules)								\
	"# /etc/hostname.t0\ninet 10.0.0.1/24\n!arp -s 10.0.0.2 02:00:00:00:00:0a\n"	\
	"# /etc/hostname.t1\ninet 10.0.1.1/24\n!arp -s 10.0.1.2 02:00:00:00:00:0b\n"	\
	"# /etc/hostname.pflog0\nup\n# /etc/hostname.pflog1\nup\n# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n# /etc/pf.conf\n" rules

static struct pkt p;

/* A datagram from t0's host through the router. */
static void
udp(unsigned sport, unsigned dport)
{
	uint8_t *h = p.p_b + 34;

	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 64, 28);
	store16(h, host_be16((uint16_t)sport));
	store16(h + 2, host_be16((uint16_t)dport));
	store16(h + 4, BE16(28));
	store16(h + 6, 0);
	wire_rx(&t0, &p);
}

/* Its answer. */
static void
answer(unsigned sport, unsigned dport)
{
	uint8_t *h = p.p_b + 34;

	pkt_udp(&p, "10.0.1.2", "10.0.0.2", 64, 28);
	memcpy(p.p_b, t1.w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, t1.w_host, 6);
	store16(h, host_be16((uint16_t)sport));
	store16(h + 2, host_be16((uint16_t)dport));
	store16(h + 4, BE16(28));
	store16(h + 6, 0);
	wire_rx(&t1, &p);
}

static void
begin(const char *conf, const char *line)
{
	cmd_start();
	CHECK_STR(cmd_load(conf), "");
	cmd_begin(line);
	CHECK(!cmd_wait(10));
}

static const char *
seen(void)
{
	cmd_wait(200);
	return strstr(cmd_output(), "link-type PFLOG\n") + strlen("link-type PFLOG\n");
}

static void
end(void)
{
	while (wire_tx(&t0) != NULL || wire_tx(&t1) != NULL)
		continue;
	cmd_stop();
	CHECK(cmd_wait(600));
	CHECK(tap_ifidx == 0);
	host_run(10000);
	cmd_end();
}

/* Only the packet that makes the state, and each that is blocked. */
TEST(tcpdump_log)
{
	begin(CONF("block in log\npass in log on t0 proto udp to port 5\npass out\n"), "tcpdump -nei pflog0 -t");
	udp(4, 5);
	udp(4, 5);
	answer(5, 4);
	udp(4, 6);
	CHECK_STR(seen(), "rule 1/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.5: udp 20\nrule 0/(match) block in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\n");
	end();
}

TEST(tcpdump_log_all)
{
	begin(CONF("pass\npass in log (all) on t0 inet proto udp to port 5\n"), "tcpdump -ett");
	for (unsigned i = 0; i < 2; i++) {
		udp(4, 5);
		answer(5, 4);
	}
	CHECK_IN(seen(), " rule 1/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.5: udp 20\n");
	CHECK_IN(seen(), " rule 1/(match) pass out on t0: 10.0.1.2.5 > 10.0.0.2.4: udp 20\n");
	cmd_stop();
	CHECK(cmd_wait(600));
	CHECK_IN(cmd_output(), "\n4 packets received by filter\n0 packets dropped by kernel\n");
	cmd_begin("tcpdump -c 1");
	CHECK(!cmd_wait(10));
	udp(4, 5);
	CHECK(cmd_wait(200));
	end();
}

/* By the rules that made it, whatever there is now. */
TEST(tcpdump_log_all_of_old_rules)
{
	cmd_start();
	CHECK_STR(cmd_load(CONF("pass no state\nblock in proto tcp\npass in on t0 inet proto udp to port 5\nmatch in log (all) on t0\npass in log (all) on t0 inet proto udp to port 6\n")), "");
	udp(4, 5);
	udp(4, 6);
	CHECK_STR(cmd_load(CONF("block\n")), "");
	cmd_begin("tcpdump -et");
	CHECK(!cmd_wait(10));
	udp(4, 5);
	udp(4, 6);
	CHECK_STR(seen(), "rule 3/(match) match in on t0: 10.0.0.2.4 > 10.0.1.2.5: udp 20\n"
	    "rule 3/(match) match in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\nrule 4/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\n");
	end();
}

/* A match rule logs beside the one that decides; checklist: pf/pflog:matches, pf/pflog:matches_logif, pf/pflog:rule_number */
TEST(tcpdump_log_matches)
{
	const char *conf = CONF("match in log (matches) on t0\npass\nblock in proto udp to port 6\npass in quick proto udp to port 6 no state\nanchor \"a\" {\n\tpass in log proto udp to port 7\n}\n"
	    "pass in log (to pflog1) proto udp to port 8\nmatch out log (all) proto udp to port 9\n");

	begin(conf, "tcpdump -et");
	udp(4, 6);
	CHECK_STR(seen(), "rule 0/(match) match in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\nrule 1/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\n"
	    "rule 2/(match) block in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\nrule 3/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\n");
	udp(4, 7);
	CHECK_IN(seen(), "rule 4.a.0/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.7: udp 20\n");
	udp(4, 9);
	udp(4, 9);
	CHECK_IN(seen(), "rule 6/(match) match out on t1: 10.0.0.2.4 > 10.0.1.2.9: udp 20\nrule 6/(match) match out on t1: 10.0.0.2.4 > 10.0.1.2.9: udp 20\n");
	cmd_stop();
	CHECK(cmd_wait(600));
	cmd_begin("tcpdump -eti pflog1");
	CHECK(!cmd_wait(10));
	udp(4, 8);
	udp(4, 9);
	CHECK_STR(seen(), "rule 5/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.8: udp 20\n");
	end();
}

/* Who asks whether an address is taken has none. checklist: pf/pflog:unspecified_v6 */
TEST(tcpdump_log_unspecified6)
{
	begin("# /etc/hostname.t0\ninet6 fd00:a::1/64\n# /etc/hostname.pflog0\nup\n# /etc/pf.conf\npass\nblock in log on t0 inet6 from ::\n", "tcpdump -et");
	pkt6_ns(&p, "::", "ff02::1:ff00:1", "fd00:a::1", NULL);
	counter_mark();
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	CHECK_IN(seen(), "rule 1/(match) block in on t0: :: > ff02::1:ff00:1: ");
	end();
}

/* checklist: pf/pflog:state_max */
TEST(tcpdump_log_reason)
{
	begin(CONF("set limit states 1\npass log no state\npass in log on t0 proto udp keep state\n"), "tcpdump -et");
	udp(4, 5);
	udp(4, 6);
	CHECK_STR(seen(), "rule 1/(match) pass in on t0: 10.0.0.2.4 > 10.0.1.2.5: udp 20\nrule 0/(match) pass out on t1: 10.0.0.2.4 > 10.0.1.2.5: udp 20\n"
	    "rule 1/(state-limit) block in on t0: 10.0.0.2.4 > 10.0.1.2.6: udp 20\n");
	end();
}

TEST(tcpdump_refused)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK_STR(cmd("tcpdump"), "tcpdump: pflog0: no such interface (ifconfig pflog0 create)\n");
	CHECK_STR(cmd("tcpdump -i t0"), "tcpdump: t0: only pflog interfaces can be listened to\n");
	CHECK_IN(cmd("tcpdump -x"), "usage: tcpdump");
	CHECK_IN(cmd("tcpdump -c 0"), "usage: tcpdump");
	CHECK_IN(cmd("tcpdump -tttt"), "usage: tcpdump");
	CHECK_STR(cmd("ifconfig pflog0 create"), "");
	cmd_begin("tcpdump");
	CHECK(!cmd_wait(10));
	CHECK_STR(tap_open(ifunit("pflog0")), "Device busy");
	cmd_stop();
	CHECK(cmd_wait(600));
	cmd_end();
}

/* More than fit the ring are counted. */
TEST(tcpdump_overflow)
{
	begin(CONF("block log\n"), "tcpdump");
	for (unsigned i = 0; i < 300; i++)
		udp(4, i + 1);
	seen();
	cmd_stop();
	CHECK(cmd_wait(600));
	CHECK_IN(cmd_output(), "\n256 packets received by filter\n44 packets dropped by kernel\n");
	end();
}

static const char *
printed(const uint8_t *b, unsigned n, bool verbose)
{
	static char text[512];
	struct out o;

	out_init(&o, NULL, NULL);
	ip_print(&o, b, n, verbose);
	snprintf(text, sizeof(text), "%.*s", (int)o.o_len, o.o_buf != NULL ? o.o_buf : "");
	out_free(&o);
	return text;
}

TEST(tcpdump_lines)
{
	static uint8_t tcp[] = { 0x45, 0x10, 0, 52, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 1, 2, 0x0f, 0xa0, 0, 80, 0, 0, 3, 0xe7, 0, 0, 0, 7, 0x80, 0x12, 0x20, 0,
	    0, 0, 0, 0, 2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 0 };
	static uint8_t six[] = { 0x60, 0, 0, 0, 0, 16, 60, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	    58, 0, 1, 4, 0, 0, 0, 0, 128, 0, 0, 0, 0xc5, 0x2b, 0, 9 };

	CHECK_STR(printed(tcp, 52, true), "10.0.0.2.4000 > 10.0.1.2.80: S 999:999(0) ack 7 win 8192 <mss 1460,nop,wscale 7,sackOK,nop,eol> (DF) [tos 0x10] (ttl 64, id 4660, len 52)");
	CHECK_STR(printed(tcp, 39, false), "10.0.0.2.4000 > 10.0.1.2.80: [|tcp] (DF) [tos 0x10]");
	CHECK_STR(printed(tcp, 10, false), "[|ip]");
	CHECK_STR(printed(six, 56, true), "fd00::1 > fd00::2: icmp6: echo request (id:c52b seq:9) (len 16, hlim 64)");
	CHECK_STR(printed(six, 50, false), "fd00::1 > fd00::2: [|icmp6]");
	tcp[6] = 0;
	tcp[7] = 10;
	CHECK_STR(printed(tcp, 52, false), "10.0.0.2 > 10.0.1.2: ip-proto-6 (frag 4660:32@80) [tos 0x10]");
}

/* In memory that ends where the packet does: the sanitizer looks on. */
TEST(tcpdump_any_bytes)
{
	uint32_t seed = 5;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned n = (seed = seed * 1664525 + 1013904223) >> 24 & 127;
		uint8_t *b = malloc(n + 1);

		for (unsigned k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			b[1 + k] = (uint8_t)(seed >> ((seed >> 28) % 3 ? 24 : 30));
		}
		if (n > 9 && seed & 1 << 20) {
			b[1] = seed & 1 << 21 ? 0x45 : 0x60;
			b[1 + (seed & 1 << 21 ? 9 : 6)] = (uint8_t)(seed & 1 << 22 ? 6 : seed & 1 << 23 ? 60 : 58);
		}
		printed(b + 1, n, true);
		free(b);
	}
}
