/* test_pf_seq.c - modulate state: numbers as each end sees them, in segments, SACK blocks, errors about them, and what the filter answers itself. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_tcp.h"
#include "tests/unit/netfix6.h"
#include "tests/unit/pffix.h"

static struct pkt p;
static bool six;
static uint32_t off[2];			/* what is added to what the host of t0, of t1 sends */

static unsigned l4(void) { return six ? 54 : 34; }

/* The checksum of what is above IP; 0 when it is right. */
static uint16_t
sum(const struct pkt *k, uint8_t proto)
{
	unsigned hlen = l4() - 14, len = k->p_len - l4();
	const uint8_t *h = k->p_b + 14;
	struct { uint8_t addrs[32]; be32_t len; uint8_t zero[3], p; } pseudo = { { 0 }, host_be32(len), { 0 }, proto };

	memcpy(pseudo.addrs, h + (six ? 8 : 12), six ? 32 : 8);
	return (uint16_t)~in_fold(in_sum(h + hlen, len, proto == 1 ? 0 : in_sum(&pseudo, sizeof(pseudo), 0)));
}

/* From the host of t0 (0) or t1 (1). */
static void
begin(unsigned from, uint8_t proto, unsigned len)
{
	static const char *const name[2][2] = { { "10.0.0.2", "10.0.1.2" }, { "fd00:a::2", "fd00:b::2" } };
	struct wire *w = from ? &t1 : &t0;

	if (six)
		pkt6(&p, name[1][from], name[1][!from], proto, 64, len);
	else
		pkt_ip(&p, name[0][from], name[0][!from], proto, 64, 20, len);
	memcpy(p.p_b, w->w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, w->w_host, 6);
}

static const struct pkt *
through(unsigned from)
{
	t0.w_ntx = t0.w_next = t1.w_ntx = t1.w_next = 0;
	wire_rx(from ? &t1 : &t0, &p);
	return wire_tx(from ? &t0 : &t1);
}

static void
tcp(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, const void *opt, unsigned n)
{
	struct tcphdr th = { .th_sport = from ? BE16(5) : BE16(4), .th_dport = from ? BE16(4) : BE16(5), .th_seq = host_be32(seq), .th_ack = host_be32(ack),
	    .th_off = (uint8_t)((20 + n) / 4 << 4), .th_flags = flags, .th_win = BE16(8192) };

	begin(from, 6, 20 + n);
	memcpy(p.p_b + l4(), &th, sizeof(th));
	if (n > 0)
		memcpy(p.p_b + l4() + 20, opt, n);
	store16(p.p_b + l4() + 16, sum(&p, 6));
}

static uint32_t seq_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 4)); }
static uint32_t ack_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 8)); }

/* It comes out, with these numbers. */
static const struct pkt *
sends(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, const void *opt, unsigned n)
{
	const struct pkt *f;

	tcp(from, flags, seq, flags & PF_TH_ACK ? ack + off[!from] : 0, opt, n);
	f = through(from);
	CHECK(f != NULL);
	CHECK_EQ(sum(f, 6), 0);
	if (!(flags & PF_TH_SYN))
		CHECK_EQ(seq_of(f), seq + off[from]);
	CHECK_EQ(ack_of(f), ack);
	return f;
}

static void
misfits(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack)
{
	counter_mark();
	tcp(from, flags, seq, ack, NULL, 0);
	CHECK(through(from) == NULL);
	CHECK_EQ(counter_delta("pfs_badstate"), 1);
}

static void
world(bool is_six)
{
	six = is_six;
	(six ? ip6_start : net_start)();
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
error(unsigned from, uint32_t seq, uint32_t ack, unsigned quoted)
{
	uint8_t q[128];
	unsigned ip = l4() - 14;

	tcp(!from, PF_TH_ACK, seq, ack, NULL, 0);
	memcpy(q, p.p_b + 14, ip + quoted);
	begin(from, six ? 58 : 1, 8 + ip + quoted);
	memset(p.p_b + l4(), 0, 8);
	p.p_b[l4()] = six ? 1 : 3;
	memcpy(p.p_b + l4() + 8, q, ip + quoted);
	store16(p.p_b + l4() + 2, sum(&p, six ? 58 : 1));
	return through(from);
}

static void
errors(unsigned from, uint32_t seq, uint32_t ack)
{
	const unsigned at = 2 * l4() - 14 + 8, lens[] = { 20, 8, 12, 19 };
	const struct pkt *f;
	struct pkt inner;

	for (unsigned i = 0; i < nitems(lens); i++) {
		f = error(from, seq + off[!from], ack, lens[i]);
		CHECK(f != NULL);
		CHECK_EQ(sum(f, six ? 58 : 1), 0);
		CHECK_EQ(be32_host(load32(f->p_b + at + 4)), seq);
		if (lens[i] < 20)
			continue;
		CHECK_EQ(be32_host(load32(f->p_b + at + 8)), ack + off[from]);
		memcpy(inner.p_b + 14, f->p_b + l4() + 8, f->p_len - l4() - 8);
		inner.p_len = f->p_len - l4() - 8 + 14;
		CHECK_EQ(sum(&inner, 6), 0);
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
	unsigned quoted = 2 * l4() - 14 + 8;

	snprintf(rules, sizeof(rules), "block %s out on t1\npass in on t0 proto tcp %smodulate state\npass out on t0\n", how, rdr);
	start(rules);
	tcp(0, PF_TH_SYN, 1000, 0, NULL, 0);
	CHECK(through(0) == NULL);
	CHECK((f = wire_tx(&t0)) != NULL);
	CHECK_EQ(sum(f, strstr(how, "icmp") == NULL ? 6 : six ? 58 : 1), 0);
	if (strstr(how, "icmp") == NULL) {
		CHECK_EQ(ack_of(f), 1001);
		CHECK_EQ(f->p_b[l4() + 13], PF_TH_RST | PF_TH_ACK);
		CHECK(memcmp(f->p_b + l4() - (six ? 32 : 8), p.p_b + l4() - (six ? 16 : 4), six ? 16 : 4) == 0);	/* from where it was sent to */
	} else
		CHECK_EQ(be32_host(load32(f->p_b + quoted + 4)), 1000);
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
