/* test_pf_seq.c - modulate state: numbers as each end sees them, in segments, SACK blocks, errors about them, and what the filter answers itself. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "tests/unit/pffix.h"
#include "tests/unit/tcpfix.h"

static uint32_t off[2];			/* what is added to what the host of t0, of t1 sends */

/* It comes out, with these numbers. */
static const struct pkt *
sends(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, const void *opt, unsigned n)
{
	const struct pkt *f;

	tcp_from(from, flags, seq, flags & PF_TH_ACK ? ack + off[!from] : 0, opt, n, 0);
	f = through(from);
	CHECK(f != NULL);
	CHECK_EQ(l4_sum(f, 6), 0);
	if (!(flags & PF_TH_SYN))
		CHECK_EQ(seq_of(f), seq + off[from]);
	CHECK_EQ(ack_of(f), ack);
	return f;
}

static void
misfits(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack)
{
	counter_mark();
	tcp_from(from, flags, seq, ack, NULL, 0, 0);
	CHECK(through(from) == NULL);
	CHECK_EQ(counter_delta("pfs_badstate"), 1);
}

static void
start(const char *rules)
{
	pf_start(rules);
	off[0] = off[1] = 0;
	counter_mark();
}

static void
stop(void)
{
	pf_uninstall();
	CHECK_EQ(pf_exts_count(), 0);
}

/* 1000 and 77 are the first numbers; *off becomes known. A SYN that is sent again is the same. */
static void
connect_ends(void)
{
	off[0] = seq_of(sends(0, PF_TH_SYN, 1000, 0, NULL, 0)) - 1000;
	CHECK(off[0] != 0);
	host.now += 3000000000;
	CHECK_EQ(seq_of(sends(0, PF_TH_SYN, 1000, 0, NULL, 0)), 1000 + off[0]);
	misfits(1, PF_TH_SYN | PF_TH_ACK, 77, 1001);
	off[1] = seq_of(sends(1, PF_TH_SYN | PF_TH_ACK, 77, 1001, NULL, 0)) - 77;
	CHECK(off[1] != 0 && off[1] != off[0]);
	host.now += 3000000000;
	CHECK_EQ(seq_of(sends(1, PF_TH_SYN | PF_TH_ACK, 77, 1001, NULL, 0)), 77 + off[1]);
	misfits(0, PF_TH_ACK, 1001, 78);
	sends(0, PF_TH_ACK, 1001, 78, NULL, 0);
	sends(1, PF_TH_ACK, 78, 1001, NULL, 0);
}

/* ---- SACK ---- */

static void
block(uint8_t *at, uint32_t left, uint32_t right)
{
	store32(at, host_be32(left));
	store32(at + 4, host_be32(right));
}

/* Blocks of what the other end has sent, wherever they stand; what is no good list of blocks stays as it is. */
static void
sack(unsigned from, uint32_t seq, uint32_t ack)
{
	uint8_t opt[20] = { 1, 1, 5, 18 }, want[20] = { 1, 1, 5, 18 };
	static const uint8_t odd[] = { 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, bad[][4] = { { 5, 4, 9, 9 }, { 5, 40, 1, 1 }, { 5, 0, 1, 1 }, { 5, 1, 8, 8 },
	    { 1, 1, 1, 5 }, { 0, 5, 10, 0 } };
	const struct pkt *f;

	for (unsigned i = 0; i < 2; i++) {
		block(opt + 4 + 8 * i, ack + 100 * i + 10 + off[!from], ack + 100 * i + 90 + off[!from]);
		block(want + 4 + 8 * i, ack + 100 * i + 10, ack + 100 * i + 90);
	}
	f = sends(from, PF_TH_ACK, seq, ack, opt, 20);
	CHECK(memcmp(f->p_b + l4() + 20, want, 20) == 0);
	memcpy(opt, odd, sizeof(odd));
	block(opt + 3, ack - 5 + off[!from], 3 + off[!from]);
	block(want + 3, ack - 5, 3);
	f = sends(from, PF_TH_ACK, seq, ack, opt, 12);
	CHECK(memcmp(f->p_b + l4() + 23, want + 3, 8) == 0);
	for (unsigned i = 0; i < nitems(bad); i++) {
		f = sends(from, PF_TH_ACK, seq, ack, bad[i], 4);
		CHECK(memcmp(f->p_b + l4() + 20, bad[i], 4) == 0);
	}
}

/* ---- errors ---- */

/* From one end, about the other's segment as it has arrived there, of which so many bytes of TCP are quoted. */
static const struct pkt *
error(unsigned from, uint32_t seq, uint32_t ack, unsigned n)
{
	tcp_from(!from, PF_TH_ACK, seq, ack, NULL, 0, 0);
	error_from(from, n);
	return through(from);
}

static void
errors(unsigned from, uint32_t seq, uint32_t ack)
{
	const unsigned at = quoted_at(), lens[] = { 20, 8, 12, 19 };
	const struct pkt *f;

	for (unsigned i = 0; i < nitems(lens); i++) {
		f = error(from, seq + off[!from], ack, lens[i]);
		CHECK(f != NULL);
		CHECK_EQ(l4_sum(f, six ? 58 : 1), 0);
		CHECK_EQ(be32_host(load32(f->p_b + at + 4)), seq);
		if (lens[i] < 20)
			continue;
		CHECK_EQ(be32_host(load32(f->p_b + at + 8)), ack + off[from]);
		CHECK_EQ(l4_sum(quoted(f), 6), 0);
	}
	counter_mark();
	CHECK(error(from, seq, ack, 20) == NULL);
	CHECK_EQ(counter_delta("pfs_badstate"), 1);
}

/* ---- connections ---- */

static bool
print(const struct pf_state_copy *sc, void *o)
{
	pf_state_print(o, &sc->sc_state, &sc->sc_when, 1);
	return true;
}

/* pfctl -vss has what is added, behind what each end has sent and may send. */
static void
show(void)
{
	struct out o;
	char text[64];
	unsigned n = 0, at = 0;

	out_init(&o, NULL, NULL);
	pf_states_foreach(print, &o);
	out_printf(&o, "%c", 0);
	snprintf(text, sizeof(text), "[1001 + 8192](+%u)", off[0]);
	for (const char *s = o.o_buf; (s = strstr(s, "](+")) != NULL; s++)
		n++;
	CHECK(n == 2 || n == 4);
	for (const char *s = o.o_buf; (s = strstr(s, text)) != NULL; s++)
		at++;
	CHECK_EQ(at, n == 2);		/* else two states do it, each its part */
	out_free(&o);
}

static void
connection(const char *rules)
{
	start(rules);
	connect_ends();
	show();
	sack(0, 1001, 78);
	sack(1, 78, 1001);
	errors(1, 1001, 78);
	errors(0, 78, 1001);
	misfits(1, PF_TH_RST | PF_TH_ACK, 50, 1001 + off[0]);
	sends(1, PF_TH_RST | PF_TH_ACK, 78, 1001, NULL, 0);
	CHECK_EQ(counter_delta("flows_hits"), 0);
	stop();
}

/* checklist: pf/modulate:modulate_v4 */
TEST(pf_modulate)
{
	world(false);
	connection("pass\npass in on t0 proto tcp modulate state\n");
	connection("pass\npass out on t1 proto tcp modulate state\n");
	connection("pass modulate state\n");
	net_end();
}

/* checklist: pf/modulate:modulate_v6 */
TEST(pf6_modulate)
{
	world(true);
	connection("pass\npass in on t0 proto tcp modulate state\n");
	connection("pass modulate state\n");
	net_end();
}

/* The next connection of the same ends goes on with greater numbers (RFC 6528 3), whatever its own are. */
TEST(pf_modulate_next_connection)
{
	uint32_t first;

	world(false);
	start("pass modulate state\n");
	first = seq_of(sends(0, PF_TH_SYN, 1000, 0, NULL, 0));
	pf_states_kill(NULL, NULL);
	host.now += 400000000;
	CHECK_EQ(seq_of(sends(0, PF_TH_SYN, 7, 0, NULL, 0)) - first, 100000);
	stop();
	net_end();
}

/* ---- what is not modulated ---- */

static void
untouched(void)
{
	static const uint8_t firsts[] = { PF_TH_ACK, PF_TH_SYN | PF_TH_ACK };

	for (unsigned i = 0; i < nitems(firsts); i++) {
		start("pass flags any modulate state\n");
		CHECK_EQ(seq_of(sends(0, firsts[i], 1000, 78, NULL, 0)), 1000);
		if (firsts[i] & PF_TH_SYN)
			sends(1, PF_TH_ACK, 78, 1001, NULL, 0);
		for (unsigned k = 0; k < 4; k++)
			sends(0, PF_TH_ACK, 1001, 78, NULL, 0);
		sends(1, PF_TH_ACK, 78, 1001, NULL, 0);
		if (firsts[i] == PF_TH_ACK)
			CHECK(counter_delta("flows_hits") > 0);
		stop();
	}
}

/* Who has not seen a connection begin leaves it alone, and to the flow path. */
TEST(pf_modulate_from_the_middle)
{
	world(false);
	untouched();
	net_end();
}
TEST(pf6_modulate_from_the_middle)
{
	world(true);
	untouched();
	net_end();
}

/* ---- answers ---- */

/* What is blocked behind who modulates is answered with its sender's own numbers. */
static void
answered(const char *how, const char *rdr)
{
	char rules[256];
	const struct pkt *f;

	snprintf(rules, sizeof(rules), "block %s out on t1\npass in on t0 proto tcp %smodulate state\npass out on t0\n", how, rdr);
	start(rules);
	tcp_from(0, PF_TH_SYN, 1000, 0, NULL, 0, 0);
	CHECK(through(0) == NULL);
	CHECK((f = wire_tx(&t0)) != NULL);
	CHECK_EQ(l4_sum(f, strstr(how, "icmp") == NULL ? 6 : six ? 58 : 1), 0);
	if (strstr(how, "icmp") == NULL) {
		CHECK_EQ(ack_of(f), 1001);
		CHECK_EQ(f->p_b[l4() + 13], PF_TH_RST | PF_TH_ACK);
		CHECK(memcmp(f->p_b + l4() - (six ? 32 : 8), p.p_b + l4() - (six ? 16 : 4), six ? 16 : 4) == 0);	/* from where it was sent to */
	} else
		CHECK_EQ(be32_host(load32(f->p_b + quoted_at() + 4)), 1000);
	CHECK_EQ(counter_delta("pfs_blocked"), 1);
	stop();
}

TEST(pf_modulate_return)
{
	world(false);
	answered("return", "");
	answered("return-icmp", "");
	answered("return", "rdr-to 10.0.1.9 ");
	answered("return-icmp", "rdr-to 10.0.1.9 ");
	net_end();
}
TEST(pf6_modulate_return)
{
	world(true);
	answered("return", "");
	answered("return-icmp", "");
	answered("return", "rdr-to fd00:b::9 ");
	net_end();
}

/* Too long for where a rule sends it: its sender hears of it with its own numbers. */
TEST(pf_modulate_too_big)
{
	const struct pkt *f;

	world(false);
	start("pass\npass out on t0 inet proto tcp route-to 10.0.1.2 modulate state\n");
	t1.w_if.if_mtu = 1300;
	tcp_from(1, PF_TH_SYN, 1000, 0, NULL, 0, 1300);
	pkt_iphdr(&p)->ip_off = BE16(IP_DF);
	pkt_ipsum(&p);
	through(1);
	t1.w_next = 0;
	CHECK((f = wire_tx(&t1)) != NULL);
	CHECK_EQ(f->p_b[34], 3);
	CHECK_EQ(be32_host(load32(f->p_b + quoted_at() + 4)), 1000);
	CHECK_EQ(counter_delta("pfs_toobig"), 1);
	t1.w_if.if_mtu = 1500;
	stop();
	net_end();
}

/* ---- max-pkt-rate ---- */

/* A SYN that begins a connection anew is one packet, for the state that goes and for the rule that makes another. */
TEST(pf_rate_of_connections_anew)
{
	world(false);
	start("pass\nblock in on t0 proto tcp\npass in on t0 proto tcp max-pkt-rate 3/10\n");
	for (unsigned i = 0; i < 3; i++) {
		tcp_from(0, PF_TH_SYN, 1000 + 100 * i, 0, NULL, 0, 0);
		CHECK(through(0) != NULL);
	}
	tcp_from(0, PF_TH_SYN, 7000, 0, NULL, 0, 0);
	CHECK(through(0) == NULL);
	CHECK_EQ(counter_delta("pfs_pktrate"), 1);
	stop();
	net_end();
}
