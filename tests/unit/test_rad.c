/* test_rad.c - rad.conf(5), and the advertisements that come of it. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/loop.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"
#include "net/inet6/rad.h"

static struct pkt p;

#define T0	"# /etc/hostname.t0\ninet6 2001:db8::1 64\n# /etc/sysctl.conf\nnet.inet6.ip6.forwarding=1\n"

/* The next advertisement on t0 within ms; NULL: none. */
static struct pkt *
next_ra(unsigned ms)
{
	for (unsigned t = 0; t <= ms; t += 50) {
		for (struct pkt *f = wire_tx(&t0); f != NULL; f = wire_tx(&t0))
			if (pkt_ip6(f)->ip6_nxt == IPPROTO_ICMPV6_ && pkt_icmp6(f)->icmp6_type == ICMP6_RA)
				return f;
		host_run(50);
	}
	return NULL;
}

static const struct nd_ra *
ra_of(const struct pkt *f)
{
	return (const struct nd_ra *)(f->p_b + 54);
}

static struct nd_opts
opts_of(const struct pkt *f)
{
	struct nd_opts o;

	CHECK(nd6_opts_parse(&o, f->p_b + 54 + sizeof(struct nd_ra), f->p_len - 54 - (unsigned)sizeof(struct nd_ra)));
	return o;
}

TEST(rad_advertises)
{
	const struct nd_opt_prefix *op;
	struct nd_opts o;
	struct pkt *f;

	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\ninterface t0\n"), "");
	f = next_ra(1000);
	CHECK(f != NULL);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1");
	CHECK_EQ(pkt_ip6(f)->ip6_hlim, 255);
	CHECK_EQ(be16_host(ra_of(f)->ra_lifetime), 1800);
	CHECK_EQ(ra_of(f)->ra_flags, 0);
	o = opts_of(f);
	CHECK(o.no_slla != NULL && o.no_mtu == NULL);
	op = (const struct nd_opt_prefix *)nd6_opt_next(&o, NULL, ND_OPT_PREFIX);
	CHECK(op != NULL && nd6_opt_next(&o, (const struct nd_opt *)op, ND_OPT_PREFIX) == NULL);
	CHECK_EQ(op->op_plen, 64);
	CHECK_STR(text6(&op->op_prefix), "2001:db8::");
	CHECK_EQ(op->op_flags, PI_ONLINK | PI_AUTO);
	CHECK_EQ(be32_host(op->op_valid), 5400);
	CHECK_EQ(be32_host(op->op_preferred), 2700);
	CHECK(next_ra(15000) == NULL);
	CHECK(next_ra(2000) != NULL);					/* three in the beginning, */
	CHECK(next_ra(17000) != NULL);
	CHECK(next_ra(199000) == NULL);					/* then one in 200 to 600 s */
	CHECK(next_ra(402000) != NULL);
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 2001:db8::1 64\n# /etc/sysctl.conf\nnet.inet6.ip6.forwarding=1\n"), "");
	f = next_ra(100);						/* a farewell: RFC 4861 6.2.5 */
	CHECK(f != NULL);
	CHECK_EQ(ra_of(f)->ra_lifetime, 0);
	CHECK(next_ra(700000) == NULL);
	cmd_end();
}

/* RFC 4861 6.2.1: hosts hear of us again long before they forget us. */
TEST(rad_short_lifetime)
{
	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\nrouter lifetime 90\ninterface t0\n"), "");
	for (int i = 0; i < 20; i++)
		CHECK(next_ra(30000) != NULL);
	cmd_end();
}

/* RFC 4861 6.2.5: who forwards no longer says so soon, and who does again, too. */
TEST(rad_forwarding)
{
	struct pkt *f;

	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\ninterface t0\n"), "");
	CHECK(next_ra(1000) != NULL && next_ra(17000) != NULL && next_ra(17000) != NULL);
	host_run(5000);
	cmd("sysctl net.inet6.ip6.forwarding=0");
	CHECK((f = next_ra(1000)) != NULL);
	CHECK_EQ(be16_host(ra_of(f)->ra_lifetime), 0);
	host_run(5000);
	cmd("sysctl net.inet6.ip6.forwarding=1");
	CHECK((f = next_ra(1000)) != NULL);
	CHECK_EQ(be16_host(ra_of(f)->ra_lifetime), 1800);
	cmd_end();
}

TEST(rad_answers)
{
	struct icmp6 rs = { .icmp6_type = ICMP6_RS };

	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\ninterface t0\n"), "");
	CHECK(next_ra(1000) != NULL && next_ra(17000) != NULL && next_ra(17000) != NULL);
	host_run(5000);
	pkt6_icmp(&p, "fe80::2", "ff02::2", 255, &rs, sizeof(rs));
	wire_rx(&t0, &p);
	CHECK(next_ra(600) != NULL);
	wire_rx(&t0, &p);
	CHECK(next_ra(2300) == NULL);					/* not within three seconds */
	CHECK(next_ra(1500) != NULL);
	CHECK_EQ(counter_delta("nd6s_inrs"), 2);
	pkt6_icmp(&p, "fe80::2", "ff02::2", 64, &rs, sizeof(rs));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icmp6s_hoplimit"), 1);
	pkt6_icmp(&p, "::", "ff02::2", 255, (uint8_t[16]){ ICMP6_RS, [8] = 1, 1, 2 }, 16);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_badrs"), 1);
	CHECK(next_ra(5000) == NULL);
	CHECK_STR(cmd_load(T0), "");
	host_run(10);
	wires_forget();							/* the farewell */
	pkt6_icmp(&p, "fe80::2", "ff02::1", 255, &rs, sizeof(rs));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("nd6s_rsother"), 1);
	CHECK(next_ra(5000) == NULL);
	cmd_end();
}

#define CONF "hop limit 64\nrouter lifetime 600\ndns {\n\tlifetime 300\n\tnameserver 2001:db8::53\n\tnameserver 2001:db8::54\n" \
	"\tsearch example.org\n\tsearch a.b\n}\n" \
	"interface t0 {\n\tmanaged address configuration yes\n\tother configuration yes\n\tmtu 1400\n" \
	"\tno auto prefix\n\tprefix 2001:db8:7::/64 {\n\t\tvalid lifetime infinity\n\t\tpreferred lifetime 1000\n\t\tautonomous address-configuration no\n\t}\n" \
	"\tprefix 2001:db8:8::/64\n}\ninterface t1 {\n\tdefault router no\n\tauto prefix {\n\t\tpreferred lifetime 60\n\t}\n}\n"

TEST(rad_options)
{
	const struct nd_opt_prefix *op;
	const uint8_t *q;
	struct nd_opts o;
	struct pkt *f;

	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\n" CONF), "");
	f = next_ra(1000);
	CHECK(f != NULL);
	CHECK_EQ(ra_of(f)->ra_hlim, 64);
	CHECK_EQ(be16_host(ra_of(f)->ra_lifetime), 600);
	CHECK_EQ(ra_of(f)->ra_flags, RA_MANAGED | RA_OTHER);
	o = opts_of(f);
	CHECK_EQ(be32_host(load32(o.no_mtu + 4)), 1400);
	op = (const struct nd_opt_prefix *)nd6_opt_next(&o, NULL, ND_OPT_PREFIX);
	CHECK_STR(text6(&op->op_prefix), "2001:db8:7::");
	CHECK_EQ(op->op_valid, UINT32_MAX);
	CHECK_EQ(op->op_flags, PI_ONLINK);
	op = (const struct nd_opt_prefix *)nd6_opt_next(&o, (const struct nd_opt *)op, ND_OPT_PREFIX);
	CHECK_STR(text6(&op->op_prefix), "2001:db8:8::");
	CHECK(nd6_opt_next(&o, (const struct nd_opt *)op, ND_OPT_PREFIX) == NULL);
	q = (const uint8_t *)nd6_opt_next(&o, NULL, ND_OPT_RDNSS);
	CHECK(q != NULL);
	CHECK_EQ(q[1], 5);
	CHECK_EQ(be32_host(load32(q + 4)), 300);
	CHECK_STR(text6((const struct in6_addr *)(q + 24)), "2001:db8::54");
	q = (const uint8_t *)nd6_opt_next(&o, NULL, ND_OPT_DNSSL);
	CHECK(q != NULL);
	CHECK_EQ(q[1], 4);
	CHECK_MEM(q + 8, "\7example\3org\0\1a\1b\0\0\0\0\0\0", 24);
	cmd_end();
}

/* What it prints is what it reads, and an author's text stays as it is. */
TEST(rad_round_trip)
{
	static char text[4096];
	static const char dense[] = "  hop limit 64 router lifetime 600;dns{lifetime 300 nameserver{2001:db8::53, 2001:db8::54} search {example.org a.b}}"
	    "interface t0{managed address configuration yes other configuration yes mtu 1400 no auto prefix prefix 2001:db8:7::1/64{"
	    "valid lifetime infinity preferred lifetime 1000 autonomous address-configuration no}prefix 2001:db8:8::/64}# end\n"
	    "interface t1 { default router no auto prefix {preferred lifetime 60}}";
	struct config_err ce = { 0 };
	struct out o;
	void *obj;

	cmd_start();
	CHECK_STR(cmd_load(T0 "# /etc/rad.conf\n" CONF), "");
	CHECK_IN(cmd_config(), CONF);
	out_init(&o, NULL, NULL);
	obj = rad_parse(&ce, "rad.conf", dense, sizeof(dense) - 1);
	CHECK(obj != NULL);
	rad_print(&o, "rad.conf", obj);
	memcpy(text, o.o_buf, o.o_len);
	CHECK_STR(text, CONF);
	rad_free(obj);
	out_free(&o);
	cmd_end();
}

TEST(rad_errors)
{
	static const struct { const char *text, *error; } bad[] = {
		{ "interface\n", "bad interface name" },
		{ "interface t0 {\n", "\"}\" missing at the end" },
		{ "interface t0\ninterface t0\n", "a second block for interface \"t0\"" },
		{ "interface t0 {\nmtu 1000\n}\n", "bad number \"1000\"" },
		{ "hop limit 256\n", "bad number \"256\"" },
		{ "hop count 3\n", "syntax error at \"count\"" },
		{ "default router maybe\n", "neither yes nor no: \"maybe\"" },
		{ "interface t0 { prefix fe80::/64 }\n", "bad prefix \"fe80::/64\"" },
		{ "interface t0 { prefix 2001:db8::/129 }\n", "bad prefix" },
		{ "interface t0 { prefix 2001:db8::/64 { preferred lifetime 10000 } }\n", "preferred lifetime longer than valid lifetime" },
		{ "dns { nameserver 10.0.0.1 }\n", "bad address \"10.0.0.1\"" },
		{ "dns nameserver ::1\n", "\"{\" missing before \"nameserver\"" },
		{ "dns { search a..b }\n", "bad domain \"a..b\"" },
		{ "what\n", "syntax error at \"what\"" },
		{ "interface abcdefghijklmnopq\n", "bad interface name" },
	};
	char bundle[300];

	cmd_start();
	for (unsigned i = 0; i < nitems(bad); i++) {
		snprintf(bundle, sizeof(bundle), "# /etc/rad.conf\n%s", bad[i].text);
		CHECK_IN(cmd_load(bundle), bad[i].error);
		CHECK_IN(cmd_load(bundle), "/etc/rad.conf:");
	}
	cmd_end();
}
