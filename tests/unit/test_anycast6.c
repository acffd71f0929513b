/* test_anycast6.c - anycast addresses: the subnet routers' own (RFC 4291 2.6.1), and those of an admin. */
#include <stdio.h>
#include <string.h>

#include "net/inet6/mld6.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

#define NETS "# /etc/hostname.t0\ninet6 fd00:a::1 64\n# /etc/hostname.t1\ninet6 fd00:b::1 64\ninet6 alias fd00:e::1 127\n"
#define ROUTER "# /etc/sysctl.conf\nnet.inet6.ip6.forwarding=1\n"

static struct pkt p;

static void
start(const char *conf)
{
	struct in6_addr nbr = addr6("fd00:a::2");

	cmd_start();
	CHECK_STR(cmd_load(conf), "");
	CHECK(nd6_set(0, &nbr, t0.w_host, 0) == NULL);
	host_run(10000);
	wires_forget();
	counter_mark();
}

static void
end(void)
{
	wires_forget();
	cmd_end();
}

static bool
mld6_member_of(struct wire *w, const char *group)
{
	struct in6_addr a = addr6(group);

	return mld6_member(&w->w_if, &a);
}

/* An echo request to dst is answered by this address. */
static void
answered(const char *dst, unsigned hlim, const char *by)
{
	struct pkt *f;

	pkt6_echo(&p, "fd00:a::2", dst, 8);
	pkt_ip6(&p)->ip6_hlim = (uint8_t)hlim;
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_ECHOREPLY);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), by);
}

static void
asked_by(const char *from, const char *target)
{
	struct in6_addr a = addr6(target), group = in6_solicited_node(&a);

	pkt6_ns(&p, from, text6(&group), target, strcmp(from, "::") == 0 ? NULL : t0.w_host);
	wire_rx(&t0, &p);
}

static void
asked(const char *target)
{
	wires_forget();
	asked_by("fd00:a::2", target);
}

/* The next advertisement within a second. */
static struct pkt *
told(void)
{
	struct pkt *f = NULL;

	for (unsigned ms = 0; ms <= 1000; ms += 10) {
		while ((f = wire_tx(&t0)) != NULL)
			if (pkt_icmp6(f)->icmp6_type == ICMP6_NA)
				return f;
		host_run(10);
	}
	CHECK(f != NULL);
	return f;
}

TEST(anycast_subnet_router)
{
	struct pkt *f;

	start(NETS ROUTER);
	answered("fd00:a::", 64, "fd00:a::1");			/* RFC 4443 2.2 (b): from a unicast address */
	answered("fd00:a::", 1, "fd00:a::1");			/* it goes no further */
	answered("fd00:b::", 64, "fd00:a::1");			/* the other network's, through us */
	CHECK_EQ(counter_delta("ip6s_forward"), 0);
	CHECK(wire_tx(&t1) == NULL);
	asked("fd00:a::");
	f = told();
	CHECK(!(load32(f->p_b + 58) & ND_NA_OVERRIDE));		/* RFC 4861 7.2.7: one of several */
	CHECK(load32(f->p_b + 58) & ND_NA_SOLICITED);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_MEM(f->p_b + 80, t0.w_if.if_lladdr, 6);
	asked("fd00:b::");					/* not on this link */
	host_run(1100);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_IN(cmd("ping6 -c 1 fd00:a::"), "bytes from fd00:a::1: icmp_seq=0");
	end();
}

/* RFC 6164 5.1: on a /127 the first address is a host. And a host is no router. */
TEST(anycast_not_subnet_router)
{
	start(NETS ROUTER);
	pkt6_echo(&p, "fd00:a::2", "fd00:e::", 8);
	wire_rx(&t0, &p);
	wire_tx_icmp6(&t1, ICMP6_NS);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.forwarding=0"), "");
	host_run(20000);
	CHECK(!mld6_member_of(&t0, "ff02::1:ff00:0"));
	pkt6_echo(&p, "fd00:a::2", "fd00:a::", 8);
	wires_forget();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ip6s_cantforward"), 1);
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.forwarding=1"), "");
	CHECK(mld6_member_of(&t0, "ff02::1:ff00:0"));
	asked("fd00:a::");
	told();
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::1 delete"), "");
	CHECK(!mld6_member_of(&t0, "ff02::1:ff00:0"));
	end();
}

/* RFC 4291 2.8: routers are found by their group, whether they advertise themselves or not. */
TEST(all_routers)
{
	start(NETS ROUTER "# /etc/rad.conf\ninterface t1\n");
	answered("ff02::2", 1, "fd00:a::1");
	CHECK_STR(cmd_load(NETS ROUTER), "");			/* without the other reason */
	CHECK(mld6_member_of(&t1, "ff02::2"));
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.forwarding=0"), "");
	host_run(5000);
	CHECK(!mld6_member_of(&t0, "ff02::2") && !mld6_member_of(&t1, "ff02::2"));
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.forwarding=1"), "");
	CHECK(mld6_member_of(&t0, "ff02::2") && mld6_member_of(&t1, "ff02::2"));
	CHECK_STR(cmd("ifconfig t0 -inet6"), "");
	host_run(5000);
	CHECK(!mld6_member_of(&t0, "ff02::2"));
	end();
}

/* One that an admin has given: answered for, never claimed, never a source. */
TEST(anycast_of_an_admin)
{
	struct pkt *f;

	start(NETS);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa/64 anycast"), "");
	host_run(5000);
	wires_forget();
	answered("fd00:a::aa", 64, "fd00:a::1");
	pkt6(&p, "fd00:a::2", "fd00:a::aa", 200, 64, 20);	/* a protocol that we do not know */
	wire_rx(&t0, &p);
	CHECK_STR(text6(&pkt_ip6(wire_tx_icmp6(&t0, ICMP6_PARAMPROB))->ip6_src), "fd00:a::1");
	asked("fd00:a::aa");
	f = told();
	CHECK(!(load32(f->p_b + 58) & ND_NA_OVERRIDE));
	asked("fd00:a::1");
	f = wire_tx_icmp6(&t0, ICMP6_NA);
	CHECK(load32(f->p_b + 58) & ND_NA_OVERRIDE);
	pkt6_na(&p, "fd00:a::7", "ff02::1", "fd00:a::aa", 0, (const uint8_t[6]){ 2, 0, 0, 0, 0, 7 });	/* another of those who have it */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_claim"), 1);
	CHECK(strstr(cmd("dmesg"), "duplicate") == NULL);
	pkt6_na(&p, "fd00:a::7", "ff02::1", "fd00:a::1", 0, (const uint8_t[6]){ 2, 0, 0, 0, 0, 7 });
	wire_rx(&t0, &p);
	CHECK_IN(cmd("dmesg"), "duplicate IPv6 address fd00:a::1 claimed by 02:00:00:00:00:07 on t0\n");
	end();
}

/* RFC 4861 7.2.7: answers come within MAX_ANYCAST_DELAY_TIME, not all at one moment, one to each who asks. */
TEST(anycast_answers_are_spread)
{
	char from[20];
	unsigned now = 0, most = 0, all = 0;

	start(NETS);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa/64 anycast"), "");
	host_run(5000);
	wires_forget();
	for (unsigned i = 0; i < 40; i++) {
		snprintf(from, sizeof(from), "fd00:a::1:%x", i);
		asked_by(from, "fd00:a::aa");
		asked_by(from, "fd00:a::aa");
	}
	for (unsigned ms = 0; ms < 1010; ms += 10) {
		for (now = 0; wire_tx(&t0) != NULL; now++)
			continue;
		most = MAX(most, now);
		all += now;
		host_run(10);
	}
	CHECK_EQ(all, 40);
	CHECK(most <= 10);
	CHECK_EQ(counter_delta("nd6s_nasent"), 40);
	CHECK_EQ(counter_delta("nd6s_inns"), 80);
	end();
}

/* No more wait than there is room for; they go out at once, and nobody goes without. Gone with the address, and with the interface. */
TEST(anycast_answers_that_wait)
{
	char from[20];
	unsigned n = 0;

	start(NETS);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa/64 anycast"), "");
	host_run(5000);
	wires_forget();
	for (unsigned i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "fd00:a::1:%x", i);
		asked_by(from, "fd00:a::aa");
	}
	for (; wire_tx(&t0) != NULL; n++)
		continue;
	CHECK(n >= 136 && n < 200);				/* 64 wait at most */
	host_run(1010);
	for (; wire_tx(&t0) != NULL; n++)
		continue;
	CHECK_EQ(n, 200);
	asked("fd00:a::aa");
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa delete"), "");
	wires_forget();
	host_run(1010);
	CHECK_EQ(counter_delta("nd6s_nasent"), 200);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa/64 anycast"), "");
	asked("fd00:a::aa");
	if_setup(&t0.w_if, false);
	if_setup(&t0.w_if, true);
	host_run(1010);
	for (struct pkt *f = wire_tx(&t0); f != NULL; f = wire_tx(&t0))
		CHECK(strcmp(text6(&pkt_ip6(f)->ip6_dst), "fd00:a::2") != 0);
	asked("fd00:a::aa");
	told();
	end();
}

/* RFC 4862 5.4: nobody is a duplicate of an anycast address; who would take it for himself hears of it. */
TEST(anycast_is_nobodys_alone)
{
	struct pkt *f;

	start(NETS);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::aa/64 anycast"), "");
	host_run(5000);
	wires_forget();
	counter_mark();
	asked_by("::", "fd00:a::aa");
	f = told();
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1");
	CHECK_EQ(load32(f->p_b + 58) & (ND_NA_OVERRIDE | ND_NA_SOLICITED), 0);
	CHECK_EQ(counter_delta("nd6s_indad"), 1);
	pkt6_na(&p, "fd00:a::2", "ff02::1", "fd00:a::aa", 0, t0.w_host);	/* another one who has it */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_claim"), 1);
	CHECK(strstr(cmd("dmesg"), "duplicate IPv6 address") == NULL);
	CHECK(strstr(cmd("ifconfig t0"), "duplicated") == NULL);
	end();
}
