/* test_anycast6.c - anycast addresses: the subnet routers' own (RFC 4291 2.6.1), and those of an admin. */
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
asked(const char *target)
{
	struct in6_addr a = addr6(target), group = in6_solicited_node(&a);

	wires_forget();
	pkt6_ns(&p, "fd00:a::2", text6(&group), target, t0.w_host);
	wire_rx(&t0, &p);
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
	f = wire_tx_icmp6(&t0, ICMP6_NA);
	CHECK(!(load32(f->p_b + 58) & ND_NA_OVERRIDE));		/* RFC 4861 7.2.7: one of several */
	CHECK(load32(f->p_b + 58) & ND_NA_SOLICITED);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_MEM(f->p_b + 80, t0.w_if.if_lladdr, 6);
	asked("fd00:b::");					/* not on this link */
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
	wire_tx_icmp6(&t0, ICMP6_NA);
	CHECK_STR(cmd("ifconfig t0 inet6 fd00:a::1 delete"), "");
	CHECK(!mld6_member_of(&t0, "ff02::1:ff00:0"));
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
	f = wire_tx_icmp6(&t0, ICMP6_NA);
	CHECK(!(load32(f->p_b + 58) & ND_NA_OVERRIDE));
	asked("fd00:a::1");
	f = wire_tx_icmp6(&t0, ICMP6_NA);
	CHECK(load32(f->p_b + 58) & ND_NA_OVERRIDE);
	end();
}
