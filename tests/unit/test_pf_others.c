/* test_pf_others.c - more of what other packet filters' tests try: IPv6 by TCP and echo, interfaces that states are bound to, packets in many pieces of
 * memory, counts beyond 32 bits. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_state.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static struct pkt p;

/* From that wire's host. */
static void
rx(struct wire *w)
{
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, w->w_host, 6);
	wire_rx(w, &p);
}

/* The checksum of all behind the IPv6 header; 0 when it is right. */
static uint16_t
sum6(const struct pkt *k)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)(k->p_b + 14);
	unsigned len = k->p_len - 54;
	struct { struct in6_addr src, dst; be32_t len; uint8_t zero[3], nxt; } pseudo = { ip6->ip6_src, ip6->ip6_dst, host_be32(len), { 0 }, ip6->ip6_nxt };

	return (uint16_t)~in_fold(in_sum(k->p_b + 54, len, in_sum(&pseudo, sizeof(pseudo), 0)));
}

static struct pkt *
passes(struct wire *from, struct wire *to)
{
	struct pkt *f;

	rx(from);
	f = wire_tx(to);
	CHECK(f != NULL);
	CHECK_EQ(sum6(f), 0);
	return f;
}

static void
tcp(const char *src, const char *dst, unsigned sport, unsigned dport, uint8_t flags, uint32_t seq, uint32_t ack)
{
	uint8_t *h = p.p_b + 54;

	pkt6(&p, src, dst, IPPROTO_TCP_, 64, 20);
	memset(h, 0, 20);
	store16(h, host_be16((uint16_t)sport));
	store16(h + 2, host_be16((uint16_t)dport));
	store32(h + 4, host_be32(seq));
	store32(h + 8, host_be32(ack));
	h[12] = 5 << 4;
	h[13] = flags;
	store16(h + 14, BE16(8192));
	store16(h + 16, sum6(&p));
}

static void
is_between(const struct pkt *f, const char *src, unsigned sport, const char *dst, unsigned dport)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)(f->p_b + 14);
	struct in6_addr a = addr6(src), b = addr6(dst);

	CHECK(in6_equal(&ip6->ip6_src, &a) && in6_equal(&ip6->ip6_dst, &b));
	CHECK_EQ(be16_host(load16(f->p_b + 54)), sport);
	CHECK_EQ(be16_host(load16(f->p_b + 56)), dport);
}

/* checklist: pf/rdr:tcp_v6 */
TEST(pf6_rdr_tcp)
{
	ip6_start();
	pf_start("block\npass in on t0 inet6 proto tcp to fd00:a::1 port 80 rdr-to fd00:b::2 port 8080\npass out on t1\n");
	for (unsigned port = 1; port < 30; port++) {
		tcp("fd00:a::2", "fd00:a::1", port, 80, PF_TH_SYN, 999, 0);
		is_between(passes(&t0, &t1), "fd00:a::2", port, "fd00:b::2", 8080);
		tcp("fd00:b::2", "fd00:a::2", 8080, port, PF_TH_SYN | PF_TH_ACK, 4999, 1000);
		is_between(passes(&t1, &t0), "fd00:a::1", 80, "fd00:a::2", port);
		tcp("fd00:a::2", "fd00:a::1", port, 80, PF_TH_ACK, 1000, 5000);
		is_between(passes(&t0, &t1), "fd00:a::2", port, "fd00:b::2", 8080);
	}
	pf_uninstall();
	net_end();
}

static void
echo(const char *src, const char *dst, uint8_t type, unsigned id, unsigned seq)
{
	pkt6_echo(&p, src, dst, 20);
	p.p_b[54] = type;
	store16(p.p_b + 58, host_be16((uint16_t)id));
	store16(p.p_b + 60, host_be16((uint16_t)seq));
	pkt6_sum(&p);
}

/* An echo whose identifier is 0 is none of neighbour discovery, whose states have no identifier; and one and the same is asked again and again.
 * checklist: pf/icmp6:zero_id, pf/icmp6:repeat */
TEST(pf6_echoes)
{
	ip6_start();
	pf_start("block\npass in on t0 inet6 proto icmp6 icmp6-type echoreq\npass out on t1 inet6 proto icmp6 icmp6-type echoreq\n");
	for (unsigned id = 0; id < 3; id++) {
		for (unsigned i = 0; i < 4; i++) {
			echo("fd00:a::2", "fd00:b::2", ICMP6_ECHO, id, i / 2);
			passes(&t0, &t1);
			echo("fd00:b::2", "fd00:a::2", ICMP6_ECHOREPLY, id, i / 2);
			passes(&t1, &t0);
		}
		CHECK_EQ(pf_states_count(), 2 * (id + 1));
	}
	echo("fd00:b::2", "fd00:a::2", ICMP6_ECHOREPLY, 3, 0);
	rx(&t1);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	pf_uninstall();
	net_end();
}

/* The state of the interface by which a packet is led is bound to that one.
 * checklist: pf/route_to:ifbound_v6, pf/route_to:ifbound_reply_to_v6 */
TEST(pf6_route_to_if_bound)
{
	ip6_start();
	pf_start("set state-policy if-bound\nblock\npass in on t0 inet6 proto tcp to port 5 route-to fd00:b::2\npass out on t1\n"
	    "pass in on t1 inet6 proto tcp to port 6 reply-to fd00:b::2\npass out on t0\n");
	tcp("fd00:a::2", "fd00:a::9", 4, 5, PF_TH_SYN, 999, 0);
	is_between(passes(&t0, &t1), "fd00:a::2", 4, "fd00:a::9", 5);
	tcp("fd00:a::9", "fd00:a::2", 5, 4, PF_TH_SYN | PF_TH_ACK, 4999, 1000);
	is_between(passes(&t1, &t0), "fd00:a::9", 5, "fd00:a::2", 4);
	tcp("fd00:a::9", "fd00:a::2", 5, 4, PF_TH_ACK, 5000, 1000);
	rx(&t0);			/* the other state is t1's: this one's packets come from the other end */
	CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	tcp("fd00:a::7", "fd00:a::2", 7, 6, PF_TH_SYN, 99, 0);		/* the route to whom it comes from is t0's */
	is_between(passes(&t1, &t0), "fd00:a::7", 7, "fd00:a::2", 6);
	tcp("fd00:a::2", "fd00:a::7", 6, 7, PF_TH_SYN | PF_TH_ACK, 499, 100);
	is_between(passes(&t0, &t1), "fd00:a::2", 6, "fd00:a::7", 7);
	pf_uninstall();
	net_end();
}

static void
in_pieces(bool six, unsigned seg)
{
	const struct pkt *f;

	if (six)
		tcp("fd00:a::2", "fd00:b::2", 1000 + seg, 5, PF_TH_SYN, 999, 0);
	else {
		pkt_udp(&p, "10.0.0.2", "10.0.1.2", 64, 20);
		store16(p.p_b + 34, host_be16((uint16_t)(1000 + seg)));
		store16(p.p_b + 36, BE16(5));
		store16(p.p_b + 38, BE16(20));
		store16(p.p_b + 40, 0);
	}
	wire_rx_many(&t0, &p, 1, seg);
	f = wire_tx(&t1);
	CHECK(f != NULL && f->p_len == p.p_len && memcmp(f->p_b + f->p_len - 20, p.p_b + p.p_len - 20, 20) == 0);
}

/* Wherever memory parts the headers: the first piece is from one byte behind Ethernet's header to all of them.
 * checklist: pf/mbuf:inet_in_mbuf_len, pf/mbuf:inet6_in_mbuf_len */
TEST(pf_headers_in_pieces)
{
	ip6_start();
	pf_start("block\npass inet6 proto tcp to port 5\npass inet proto udp to port 5\n");
	for (unsigned seg = 15; seg < 75; seg++) {
		in_pieces(false, seg);
		in_pieces(true, seg);
	}
	CHECK_EQ(counter_delta("pfs_short"), 0);
	CHECK_EQ(pf_states_count(), 2 * 2 * 60);
	pf_uninstall();
	net_end();
}

/* More than 32 bits hold, and what a reload takes over of nothing is nothing.
 * checklist: pf/rules_counter:4G */
TEST(pf_counts_are_long)
{
	struct pf_rcount *rc;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/pf.conf\npass in no state label long\npass out\n"), "");
	rc = pf_rcount(&pf_rules->rs_rule[0]);
	rc->rc_packets[0] = 5000000000;
	rc->rc_bytes[0] = 6000000000000;
	rc->rc_evaluations = 7000000000;
	CHECK_IN(cmd("pfctl -vsr"), "Packets: 5000000000  Bytes: 6000000000000  States: 0     ]\n");
	CHECK_IN(cmd("pfctl -sl"), " 5000000000 6000000000000 5000000000 6000000000000 0 0 0\n");
	CHECK_IN(cmd("pfctl -zvsr"), "Packets: 0         Bytes: 0           States: 0     ]\n");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	cmd_end();
}
