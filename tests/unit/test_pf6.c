/* test_pf6.c - the packet filter and IPv6: states, translation with its checksums, neighbour discovery, fragments, extension headers, any bytes. */
#include <string.h>

#include "net/core/flow.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_ifcount.h"
#include "net/pf/pf_rate.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static struct pkt p;

/* The checksum over pseudo-header and all of the payload; 0 when it is right. */
static uint16_t
udp_sum(const struct pkt *k)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)(k->p_b + 14);
	unsigned len = k->p_len - 54;
	struct { struct in6_addr src, dst; be32_t len; uint8_t zero[3], nxt; } pseudo = { ip6->ip6_src, ip6->ip6_dst, host_be32(len), { 0 }, ip6->ip6_nxt };

	return (uint16_t)~in_fold(in_sum(k->p_b + 54, len, in_sum(&pseudo, sizeof(pseudo), 0)));
}

static void
udp(const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	uint8_t *h = p.p_b + 54;

	pkt6_udp(&p, src, dst, 64, 28);
	store16(h, host_be16(sport));
	store16(h + 2, host_be16(dport));
	store16(h + 4, host_be16((uint16_t)(p.p_len - 54)));
	store16(h + 6, 0);
	store16(h + 6, udp_sum(&p));
}

/* From that wire's host. */
static void
rx(struct wire *w)
{
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, w->w_host, 6);
	wire_rx(w, &p);
}

static struct pkt *
passes(struct wire *from, struct wire *to)
{
	struct pkt *f;

	rx(from);
	f = wire_tx(to);
	CHECK(f != NULL);
	CHECK_EQ(udp_sum(f), 0);
	return f;
}

TEST(pf6_states)
{
	ip6_start();
	pf_start("block\npass in on t0\npass out on t1\n");
	udp("fd00:b::2", "fd00:a::2", 5, 4);
	rx(&t1);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	udp("fd00:a::2", "fd00:b::2", 4, 5);
	passes(&t0, &t1);
	udp("fd00:b::2", "fd00:a::2", 5, 4);
	passes(&t1, &t0);
	CHECK_EQ(pf_states_count(), 2);
	pf_uninstall();
	net_end();
}

/* The traffic class says low delay, too. */
TEST(pf6_prio)
{
	ip6_start();
	pf_start("pass\nmatch in on t0 inet6 proto udp to port 6 set prio (2, 6)\nblock out on t1 proto udp to port 6\npass out on t1 inet6 proto udp prio 6 no state\n");
	for (unsigned i = 0; i < 3; i++) {
		udp("fd00:a::2", "fd00:b::2", 4, 6);
		rx(&t0);
		CHECK(wire_tx(&t1) == NULL);
		CHECK_EQ(counter_delta("pfs_blocked"), i + 1);
		pkt_ip6(&p)->ip6_flow |= BE32(0x10u << 20);
		passes(&t0, &t1);
	}
	pf_uninstall();
	net_end();
}

TEST(pf6_delay)
{
	ip6_start();
	pf_start("pass\nmatch out on t1 inet6 proto udp set delay 20\n");
	udp("fd00:a::2", "fd00:b::2", 4, 6);
	rx(&t0);
	rx(&t0);
	CHECK(wire_tx(&t1) == NULL);
	net_balance();
	host_run(18);
	CHECK(wire_tx(&t1) == NULL);
	host_run(4);
	CHECK(wire_tx(&t1) != NULL && wire_tx(&t1) != NULL && wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("pfs_delayed"), 2);
	rx(&t0);
	pf_uninstall();
	net_end();					/* the interface takes it along */
	CHECK_EQ(counter_delta("pfs_delaygone"), 1);
}

TEST(pf_rates_fall)
{
	uint32_t amount = 4000, then = 10000;

	CHECK_EQ(pf_rate_fallen(amount, 2, then, 10500), 3000);
	CHECK_EQ(pf_rate_fallen(amount, 2, then, 12000), 0);
	CHECK_EQ(pf_rate_fallen(amount, 2, then, 9999), 4000);		/* of another core, a moment ahead */
	CHECK_EQ(pf_rate_fallen(amount, 2, then, 8000), 0);		/* 49 days later */
	pf_rate_add(&amount, 2, &then, 10500);
	CHECK(amount == 4000 && then == 10500);
	amount = UINT32_MAX - 10;
	pf_rate_add(&amount, 2, &then, 10500);
	CHECK_EQ(amount, UINT32_MAX);
}

TEST(pf6_rate)
{
	ip6_start();
	pf_start("block\npass inet6 proto icmp6\npass in on t0 inet6 proto udp max-pkt-rate 3/10\npass out on t1\n");
	for (unsigned i = 0; i < 3; i++) {
		udp("fd00:a::2", "fd00:b::2", (uint16_t)(1 + i % 2), 5);
		passes(&t0, &t1);
		udp("fd00:b::2", "fd00:a::2", 5, (uint16_t)(1 + i % 2));
		passes(&t1, &t0);
	}
	udp("fd00:a::2", "fd00:b::2", 1, 5);
	rx(&t0);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("pfs_pktrate"), 1);
	udp("fd00:a::2", "fd00:b::2", 3, 5);
	rx(&t0);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	host.now += 10000000000;
	passes(&t0, &t1);
	CHECK_EQ(pf_exts_count(), 3);
	pf_uninstall();
	net_end();
}

TEST(pf6_once)
{
	ip6_start();
	pf_start("block\npass inet6 proto icmp6\npass in quick on t0 inet6 proto udp from fd00:a::/64 once\npass in on t0 proto udp to port 7\npass out on t1\n");
	for (unsigned i = 0; i < 3; i++) {
		udp("fd00:a::2", "fd00:b::2", 4, 5);
		passes(&t0, &t1);			/* by its state */
		udp("fd00:a::2", "fd00:b::2", 5, 5);
		rx(&t0);
		CHECK(wire_tx(&t1) == NULL);
		CHECK_EQ(counter_delta("pfs_blocked"), i + 1);
		udp("fd00:a::2", "fd00:b::2", 4, 7);
		passes(&t0, &t1);
	}
	CHECK_EQ(pf_states_count(), 4);
	pf_uninstall();
	net_end();
}

static void
loginterface(bool flows)
{
	struct pf_ifcounts c = { 0 };

	ip6_start();
	flow_enable = flows;
	flow_choose();
	pf_start("set loginterface t1\nblock\npass in on t0\npass out on t1 proto udp to port < 6\n");
	pf_if_clear(NULL, PF_IFS_LOGGED);
	for (unsigned i = 0; i < 4; i++) {			/* there also by the flow path */
		udp("fd00:a::2", "fd00:b::2", 4, 5);
		passes(&t0, &t1);
		udp("fd00:b::2", "fd00:a::2", 5, 4);
		passes(&t1, &t0);
	}
	CHECK_EQ(counter_delta("flows_hits") > 0, flows);
	udp("fd00:b::2", "fd00:a::2", 5, 7);
	rx(&t1);
	udp("fd00:a::2", "fd00:b::2", 4, 6);
	rx(&t0);
	CHECK_EQ(counter_delta("pfs_blocked"), 2);
	pf_if_sum_named((const char[IFNAMSIZ]){ "t1" }, PF_IFS_LOGGED, &c);
	for (unsigned out = 0; out < 2; out++) {
		CHECK_EQ(c.ic_bytes[1][out][0] + c.ic_bytes[1][out][1], 5 * (p.p_len - 14u));
		CHECK_EQ(c.ic_packets[1][out][0], 4);
		CHECK_EQ(c.ic_packets[1][out][1], 1);
		CHECK_EQ(c.ic_bytes[1][out][0], 4 * (p.p_len - 14u));
		CHECK_EQ(c.ic_bytes[0][out][0] + c.ic_bytes[0][out][1], 0);
	}
	flow_enable = true;
	flow_choose();
	pf_uninstall();
	net_end();
}

TEST(pf6_loginterface)
{
	loginterface(true);
}

TEST(pf6_loginterface_without_flows)
{
	loginterface(false);
}

TEST(pf6_translation)
{
	struct pkt *f;
	struct in6_addr nat = addr6("fd00:b::77"), a = addr6("fd00:a::2"), b = addr6("fd00:b::2"), vip = addr6("fd00:a::1");

	ip6_start();
	pf_start("block\npass in on t0\npass in on t0 inet6 proto udp to fd00:a::1 port 53 rdr-to fd00:b::2 port 5353\n"
	    "pass out on t1 inet6 nat-to fd00:b::77 static-port\n");
	udp("fd00:a::2", "fd00:a::1", 4, 53);
	f = passes(&t0, &t1);
	CHECK(in6_equal(&pkt_ip6(f)->ip6_src, &nat) && in6_equal(&pkt_ip6(f)->ip6_dst, &b));
	CHECK_EQ(be16_host(load16(f->p_b + 54)), 4);
	CHECK_EQ(be16_host(load16(f->p_b + 56)), 5353);
	udp("fd00:b::2", "fd00:b::77", 5353, 4);
	f = passes(&t1, &t0);
	CHECK(in6_equal(&pkt_ip6(f)->ip6_src, &vip) && in6_equal(&pkt_ip6(f)->ip6_dst, &a));
	CHECK_EQ(be16_host(load16(f->p_b + 54)), 53);
	pf_uninstall();
	net_end();
}

/* Against the usual direction: what comes back is for an address that is behind t0 only by its name. */
TEST(pf6_translation_turned)
{
	struct in6_addr nat = addr6("fd00:a::77"), a = addr6("fd00:a::2"), b = addr6("fd00:b::2"), vip = addr6("fd00:b::7");
	struct pkt *f;

	ip6_start();
	pf_start("block\npass inet6 proto icmp6\npass in on t0 inet6 proto udp nat-to fd00:a::77 static-port\n"
	    "pass out on t1 inet6 proto udp from fd00:a::77 to fd00:b::7 port 53 rdr-to fd00:b::2 port 5353\n");
	for (unsigned i = 0; i < 3; i++) {
		udp("fd00:a::2", "fd00:b::7", 4, 53);
		f = passes(&t0, &t1);
		CHECK(in6_equal(&pkt_ip6(f)->ip6_src, &nat) && in6_equal(&pkt_ip6(f)->ip6_dst, &b));
		CHECK_EQ(be16_host(load16(f->p_b + 56)), 5353);
		udp("fd00:b::2", "fd00:a::77", 5353, 4);
		f = passes(&t1, &t0);
		CHECK(in6_equal(&pkt_ip6(f)->ip6_src, &vip) && in6_equal(&pkt_ip6(f)->ip6_dst, &a));
		CHECK_EQ(be16_host(load16(f->p_b + 54)), 53);
	}
	CHECK_EQ(pf_exts_count(), 2);
	pf_uninstall();
	net_end();
}

/* ---- the same by the flow path ---- */

#define WORDS	64u
enum { TO_SERVER, TO_CLIENT };

/* A packet of that protocol whose last word that is. */
static void
some(unsigned proto, unsigned to, uint16_t word)
{
	uint8_t *h = p.p_b + 54, *sum = h + (proto == IPPROTO_TCP_ ? 16 : proto == IPPROTO_UDP_ ? 6 : 2);

	pkt6(&p, to == TO_SERVER ? "fd00:a::2" : "fd00:b::2", to == TO_SERVER ? "fd00:a::1" : "fd00:b::77", proto, 64, 30);
	store16(h, host_be16(to == TO_SERVER ? 4 : 5353));
	store16(h + 2, host_be16(to == TO_SERVER ? 53 : 4));
	if (proto == IPPROTO_UDP_)
		store16(h + 4, host_be16(30));
	else if (proto == IPPROTO_TCP_)
		memcpy(h + 4, to == TO_SERVER ? "\0\0\1\0\0\0\2\0\x50\x10\x40\0" : "\0\0\2\0\0\0\1\0\x50\x10\x40\0", 12);
	else {
		h[0] = to == TO_SERVER ? ICMP6_ECHO : ICMP6_ECHOREPLY;
		h[1] = 0;
		store16(h + 4, host_be16(4));
	}
	store16(h + 28, word);
	store16(sum, 0);
	store16(sum, udp_sum(&p));
	if (proto == IPPROTO_UDP_ && load16(sum) == 0)
		store16(sum, 0xffff);
}

/* What leaves, with and without the flow path: the words are such that checksums become both zeros, before and after, and their neighbours. */
static void
both_ways(unsigned proto, struct pkt (*out)[2 * WORDS], bool flows)
{
	unsigned at = proto == IPPROTO_TCP_ ? 16 : proto == IPPROTO_UDP_ ? 6 : 2;
	uint16_t word = 0;

	for (unsigned i = 0; i < 2 * WORDS; i++) {
		unsigned to = i % 2 == 0 ? TO_SERVER : TO_CLIENT;
		struct pkt *f;

		if (i >= 2 * WORDS / 2)		/* the second half counts up around what makes its checksum zero as it leaves; before: as it came */
			word = (uint16_t)(load16((*out)[i % 2].p_b + 54 + at) + host_be16((uint16_t)(i / 2 % 8)));
		else if (i >= 2) {
			some(proto, to, 0);
			word = (uint16_t)(load16(p.p_b + 54 + at) - host_be16((uint16_t)(i / 2 % 8)));
		}
		some(proto, to, word);
		rx(to == TO_SERVER ? &t0 : &t1);
		CHECK((f = wire_tx(to == TO_SERVER ? &t1 : &t0)) != NULL);
		CHECK_EQ(udp_sum(f), 0);
		CHECK_EQ(pkt_ip6(f)->ip6_hlim, 63);
		(*out)[i] = *f;
	}
	CHECK(flows ? counter_delta("flows_hits") >= 2 * WORDS - 4 : counter_delta("flows_hits") == 0);
}

static void
compare_ways(unsigned proto)
{
	static struct pkt with[2 * WORDS], without[2 * WORDS];

	for (unsigned flows = 0; flows < 2; flows++) {
		counter_mark();
		flow_enable = (int)flows;
		pf_start("block\npass in on t0 inet6 proto { tcp udp } to fd00:a::1 port 53 flags any rdr-to fd00:b::2 port 5353\n"
		    "pass in on t0 inet6 proto icmp6 to fd00:a::1 icmp6-type echoreq rdr-to fd00:b::2\npass out on t1 inet6 flags any nat-to fd00:b::77 static-port\n");
		both_ways(proto, flows ? &with : &without, flows);
		CHECK_EQ(pf_states_count(), 2);
		pf_uninstall();
	}
	for (unsigned i = 0; i < 2 * WORDS; i++)
		CHECK(with[i].p_len == without[i].p_len && memcmp(with[i].p_b, without[i].p_b, with[i].p_len) == 0);
}

TEST(pf6_translation_by_flows)
{
	ip6_start();
	compare_ways(IPPROTO_UDP_);
	compare_ways(IPPROTO_TCP_);
	compare_ways(IPPROTO_ICMPV6_);
	net_end();
}

/* An identifier of our own, and the asker's in the answer. */
TEST(pf6_echo_by_flows)
{
	struct in6_addr a = addr6("fd00:a::2");

	ip6_start();
	pf_start("pass\nmatch out on t1 inet6 nat-to fd00:b::77\n");
	for (unsigned i = 0; i < 8; i++) {
		struct pkt *f;
		uint16_t id;

		some(IPPROTO_ICMPV6_, TO_SERVER, (uint16_t)i);
		pkt_ip6(&p)->ip6_dst = addr6("fd00:b::2");
		pkt6_sum(&p);
		f = passes(&t0, &t1);
		id = load16(f->p_b + 58);
		some(IPPROTO_ICMPV6_, TO_CLIENT, (uint16_t)i);
		store16(p.p_b + 58, id);
		pkt6_sum(&p);
		f = passes(&t1, &t0);
		CHECK(in6_equal(&pkt_ip6(f)->ip6_dst, &a));
		CHECK_EQ(load16(f->p_b + 58), host_be16(4));
	}
	CHECK_EQ(counter_delta("flows_hits"), 14);
	CHECK_EQ(pf_states_count(), 2);
	pf_uninstall();
	net_end();
}

static bool
is_to(const struct pkt *f, unsigned hlim)
{
	struct in6_addr dst = addr6("fd00:a::9");

	return f != NULL && in6_equal(&((const struct ip6_hdr *)(f->p_b + 14))->ip6_dst, &dst) && ((const struct ip6_hdr *)(f->p_b + 14))->ip6_hlim == hlim;
}

/* checklist: pf/route_to:v6 */
/* The destination is on t0's own net, the next hop behind t1. */
TEST(pf6_route_to)
{
	ip6_start();
	pf_start("block\npass in on t0 inet6 proto udp route-to fd00:b::2\npass out on t1\n");
	for (unsigned i = 0; i < 5; i++) {
		udp("fd00:a::2", "fd00:a::9", 4, 5);
		CHECK(is_to(passes(&t0, &t1), 63));
		udp("fd00:a::9", "fd00:a::2", 5, 4);
		passes(&t1, &t0);
	}
	CHECK(counter_delta("flows_hits") > 0 && pf_exts_count() == 1);
	udp("fd00:a::2", "fd00:a::9", 4, 5);
	pkt_ip6(&p)->ip6_hlim = 1;
	rx(&t0);
	wire_tx_icmp6(&t0, ICMP6_TIMXCEED);
	udp("fd00:a::2", "fd00:a::1", 4, 5);		/* for ourselves */
	passes(&t0, &t1);
	pf_uninstall();
	CHECK_EQ(pf_exts_count(), 0);
	net_end();
}

/* The next hop has a zone, and nobody has asked for it. */
TEST(pf6_route_to_link_local)
{
	static const uint8_t ll[6] = { 2, 0, 0, 0, 0, 9 };
	struct pkt *f;

	ip6_start();
	pf_start("pass\npass in on t0 inet6 proto udp route-to fe80::9%t1\n");
	udp("fd00:a::2", "fd00:a::9", 4, 5);
	rx(&t0);
	wire_tx_icmp6(&t1, ICMP6_NS);
	pkt6_na(&p, "fe80::9", text6(&t1.w_if.if_addrs6->ia_addr), "fe80::9", BE32(0x60000000), ll);
	store16(pkt_ip6(&p)->ip6_dst.s6_addr + 2, 0);
	pkt6_sum(&p);
	rx(&t1);
	f = wire_tx(&t1);
	CHECK(is_to(f, 63) && memcmp(f->p_b, ll, 6) == 0);
	pf_uninstall();
	wires_forget();
	net_end();
}

TEST(pf6_route_to_outwards)
{
	ip6_start();
	pf_start("pass\npass out on t0 inet6 proto udp from fd00:c::1 route-to fd00:b::2\npass out on t0 inet6 proto udp from fd00:c::2 dup-to fd00:b::2\nblock out on t1\n");
	for (unsigned i = 0; i < 3; i++) {
		udp("fd00:c::1", "fd00:a::9", 4, 5);
		CHECK(is_to(passes(&t1, &t1), 63));
		udp("fd00:c::2", "fd00:a::2", 4, 5);
		passes(&t1, &t0);
		CHECK(wire_tx(&t1) != NULL);
	}
	CHECK_EQ(counter_delta("pfs_dup"), 3);
	t1.w_if.if_mtu = 1300;
	pkt6_udp(&p, "fd00:c::1", "fd00:a::9", 64, 1300);
	store16(p.p_b + 54, BE16(4));
	store16(p.p_b + 56, BE16(5));
	store16(p.p_b + 58, BE16(1300));
	rx(&t1);
	wire_tx_icmp6(&t1, ICMP6_TOOBIG);
	CHECK_EQ(counter_delta("pfs_toobig"), 1);
	t1.w_if.if_mtu = 1500;
	pf_uninstall();
	net_end();
}

/* An error about what was translated: its addresses, the quoted ones, and the checksum over all of it.
 * checklist: pf/icmp6:ttl_exceeded */
TEST(pf6_translated_error)
{
	uint8_t msg[8 + 76];
	struct in6_addr a = addr6("fd00:a::2");
	const struct ip6_hdr *quoted;
	struct pkt *f;

	ip6_start();
	pf_start("pass\npass out on t1 inet6 nat-to fd00:b::77 static-port\n");
	udp("fd00:a::2", "fd00:b::2", 4, 5);
	f = passes(&t0, &t1);
	memset(msg, 0, sizeof(msg));
	msg[0] = ICMP6_TIMXCEED;
	memcpy(msg + 8, f->p_b + 14, 76);
	pkt6_icmp(&p, "fd00:c::1", "fd00:b::77", 64, msg, sizeof(msg));
	rx(&t1);
	f = wire_tx_icmp6(&t0, ICMP6_TIMXCEED);		/* its checksum is good */
	quoted = (const struct ip6_hdr *)(f->p_b + 54 + 8);
	CHECK(in6_equal(&pkt_ip6(f)->ip6_dst, &a) && in6_equal(&quoted->ip6_src, &a));
	pf_uninstall();
	net_end();
}

/* What is said of IPv4's ICMP is not said of this one; the traffic class is what tos asks for.
 * checklist: pf/forward:v6, pf/tos:v6 */
TEST(pf6_criteria)
{
	uint8_t echo[16] = { ICMP6_ECHO };
	struct pkt *f;

	ip6_start();
	pf_start("pass\nblock in proto icmp\nblock in inet6 proto udp tos 0x28\n");
	pkt6_icmp(&p, "fd00:a::2", "fd00:b::2", 64, echo, sizeof(echo));
	rx(&t0);
	CHECK((f = wire_tx(&t1)) != NULL && pkt_ip6(f)->ip6_hlim == 63);
	udp("fd00:a::2", "fd00:b::2", 4, 5);
	CHECK_EQ(pkt_ip6(passes(&t0, &t1))->ip6_hlim, 63);
	udp("fd00:a::2", "fd00:b::2", 4, 6);
	pkt_ip6(&p)->ip6_flow |= BE32(0x28u << 20);
	rx(&t0);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	pf_uninstall();
	net_end();
}

/* What an error quotes may have headers before its protocol; and be a fragment, the first one. */
TEST(pf6_error_quotes_extensions)
{
	static const uint8_t dstopts[8] = { IPPROTO_FRAGMENT_, 0, 1, 4 }, frag[8] = { IPPROTO_UDP_, 0, 0, 1 }, later[8] = { IPPROTO_UDP_, 0, 1, 1 };
	uint8_t msg[8 + 40 + 16 + 36] = { ICMP6_TIMXCEED };
	struct in6_addr a = addr6("fd00:a::2");
	struct pkt *f;

	ip6_start();
	pf_start("block\npass in on t0\npass out on t1 inet6 nat-to fd00:b::77 static-port\n");
	udp("fd00:a::2", "fd00:b::2", 4, 5);
	f = passes(&t0, &t1);
	memcpy(msg + 8, f->p_b + 14, 40);
	((struct ip6_hdr *)(msg + 8))->ip6_nxt = IPPROTO_DSTOPTS_;
	memcpy(msg + 48, dstopts, 8);
	memcpy(msg + 56, frag, 8);
	memcpy(msg + 64, f->p_b + 54, 36);
	pkt6_icmp(&p, "fd00:c::1", "fd00:b::77", 64, msg, sizeof(msg));
	rx(&t1);
	f = wire_tx_icmp6(&t0, ICMP6_TIMXCEED);		/* its checksum is good */
	CHECK(in6_equal(&pkt_ip6(f)->ip6_dst, &a) && memcmp(f->p_b + 54 + 8 + 8, &a, 16) == 0);
	CHECK_EQ(be16_host(load16(f->p_b + 54 + 64)), 4);
	memcpy(msg + 56, later, 8);
	pkt6_icmp(&p, "fd00:c::1", "fd00:b::77", 64, msg, sizeof(msg));
	rx(&t1);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	pkt6_icmp(&p, "fd00:c::1", "fd00:b::77", 64, msg, 8 + 40 + 12);
	rx(&t1);
	CHECK_EQ(counter_delta("pfs_short"), 1);
	pf_uninstall();
	net_end();
}

static void
syn(const char *src, const char *dst, uint16_t dport)
{
	struct in6_addr from = addr6(src), to = addr6(dst);
	struct { struct in6_addr src, dst; be32_t len; uint8_t zero[3], nxt; } pseudo = { from, to, BE32(20), { 0 }, 6 };
	uint8_t *h = p.p_b + 54;

	pkt6(&p, src, dst, IPPROTO_TCP_, 64, 20);
	memset(h, 0, 20);
	store16(h, BE16(4));
	store16(h + 2, host_be16(dport));
	h[12] = 5 << 4;
	h[13] = PF_TH_SYN;
	store16(h + 16, (uint16_t)~in_fold(in_sum(h, 20, in_sum(&pseudo, sizeof(pseudo), 0))));
}

/* The reset comes from where the segment went to, before rdr-to; a damaged one has no answer. */
TEST(pf6_reset)
{
	struct in6_addr vip = addr6("fd00:a::1"), b = addr6("fd00:b::2");
	struct pkt *f;

	ip6_start();
	pf_start("block return\npass in on t0 inet6 proto tcp to fd00:a::1 port 80 rdr-to fd00:b::2 port 8080\n");
	syn("fd00:a::2", "fd00:a::1", 80);
	rx(&t0);
	f = wire_tx(&t0);
	CHECK(f != NULL && in6_equal(&pkt_ip6(f)->ip6_src, &vip) && load16(f->p_b + 54) == BE16(80) && f->p_b[54 + 13] == (PF_TH_RST | PF_TH_ACK));
	syn("fd00:a::2", "fd00:b::2", 80);
	rx(&t0);
	f = wire_tx(&t0);
	CHECK(f != NULL && in6_equal(&pkt_ip6(f)->ip6_src, &b));
	CHECK_EQ(counter_delta("pfs_blocked"), 2);
	p.p_b[54 + 4] ^= 1;
	rx(&t0);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("pfs_protcksum"), 1);
	pf_uninstall();
	net_end();
}

/* What it would say itself is blocked, too: made, dropped, and both counted. */
TEST(pf6_own_messages_blocked)
{
	ip6_start();
	pf_start("pass in no state\nblock out\n");
	pkt6_ns(&p, "fd00:a::9", "ff02::1:ff00:1", "fd00:a::1", t0.w_host);
	rx(&t0);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	CHECK_EQ(counter_delta("nd6s_nasent"), 1);
	pf_uninstall();
	net_end();
}

/* A router that blocks all that comes in still finds its neighbours: their answers belong to its questions. */
TEST(pf6_neighbours)
{
	static const uint8_t ll[6] = { 2, 0, 0, 0, 0, 9 };
	struct pkt *f;

	ip6_start_unknown();
	pf_start("block in on t1\npass in on t0\npass out\n");
	pkt6_udp(&p, "fd00:a::2", "fd00:b::9", 64, 28);
	store16(p.p_b + 54 + 4, BE16(28));
	rx(&t0);
	wire_tx_icmp6(&t1, ICMP6_NS);
	pkt6_na(&p, "fd00:b::9", "fd00:b::1", "fd00:b::9", BE32(0x60000000), ll);
	rx(&t1);
	f = wire_tx(&t1);
	CHECK(f != NULL && memcmp(f->p_b, ll, 6) == 0);
	pf_uninstall();
	wires_forget();
	net_end();
}

static void
fragment(unsigned off, unsigned len, bool more)
{
	struct ip6_frag fh = { .ip6f_offlg = host_be16((uint16_t)(off | more)), .ip6f_ident = 7 };
	static struct pkt whole;

	udp("fd00:a::2", "fd00:b::2", 4, 5);
	pkt6_udp(&whole, "fd00:a::2", "fd00:b::2", 64, 2000);
	memcpy(whole.p_b + 54, p.p_b + 54, 8);
	store16(whole.p_b + 54 + 4, BE16(2000));
	store16(whole.p_b + 54 + 6, 0);
	store16(whole.p_b + 54 + 6, udp_sum(&whole));
	memcpy(p.p_b, whole.p_b, 54);
	memcpy(p.p_b + 54, whole.p_b + 54 + off, len);
	p.p_len = 54 + len;
	pkt_ip6(&p)->ip6_plen = host_be16((uint16_t)len);
	pkt6_insert(&p, IPPROTO_FRAGMENT_, &fh, sizeof(fh));
}

/* Rules see the whole; it goes on in pieces that any path takes.
 * checklist: pf/fragmentation:v6 */
TEST(pf6_fragments)
{
	struct pkt *f;

	ip6_start();
	pf_start("block\npass in on t0 proto udp to port 5\npass out on t1 proto udp to port 5\n");
	fragment(0, 1400, true);
	rx(&t0);
	CHECK(wire_tx(&t1) == NULL);
	fragment(1400, 600, false);
	rx(&t0);
	f = wire_tx(&t1);
	CHECK(f != NULL && pkt_ip6(f)->ip6_nxt == IPPROTO_FRAGMENT_ && f->p_len == 14 + 1280);
	f = wire_tx(&t1);
	CHECK(f != NULL && pkt_ip6(f)->ip6_nxt == IPPROTO_FRAGMENT_ && pkt_ip6(f)->ip6_hlim == 63);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ip6s_refragmented"), 1);
	CHECK_EQ(pf_states_count(), 2);
	pf_uninstall();
	net_end();
}

/* checklist: pf/pass_block:v6 */
TEST(pf6_any_bytes)
{
	static const uint8_t protos[] = { 6, 17, 58, 0, 43, 44, 60, 58, 6 };
	uint32_t seed = 3;

	ip6_start();
	pf_start("match out on t1 inet6 from fd00:a::/64 nat-to fd00:b::77\nblock return\npass in on t0 flags any allow-opts\npass out\n");
	for (unsigned i = 0; i < 20000; i++) {
		unsigned payload = (seed = seed * 1664525 + 1013904223) >> 25;

		pkt6(&p, "fd00:a::2", (seed >> 8) % 4 ? "fd00:b::2" : "fd00:a::1", protos[(seed >> 12) % sizeof(protos)], 64, payload);
		for (unsigned k = 54; k < p.p_len; k++) {
			seed = seed * 1664525 + 1013904223;
			p.p_b[k] = (uint8_t)((seed >> 8) % 3 ? seed >> 24 : (seed >> 16) % 8);
		}
		rx(seed >> 30 ? &t0 : &t1);
		wires_forget();
	}
	CHECK(counter_delta("pfs_short") > 0 && counter_delta("pfs_match") > 0);
	pf_uninstall();
	net_end();
}
