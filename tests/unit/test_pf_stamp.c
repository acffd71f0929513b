/* test_pf_stamp.c - scrub (reassemble tcp): TTLs that do not fall, timestamps as each end sees them, and those that a connection cannot have. */
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "tests/unit/pffix.h"
#include "tests/unit/tcpfix.h"

#define DAY	86400u
static uint32_t off[2], now[2];		/* what is added to an end's timestamps; the end's clock */

/* NOP, NOP, the option: RFC 7323 A. */
static void
option(uint8_t opt[12], uint32_t value, uint32_t echo)
{
	memcpy(opt, (const uint8_t[]){ 1, 1, 8, 10 }, 4);
	store32(opt + 4, host_be32(value));
	store32(opt + 8, host_be32(echo));
}

static uint32_t value_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 24)); }
static uint32_t echo_of(const struct pkt *k) { return be32_host(load32(k->p_b + l4() + 28)); }
static uint8_t ttl_of(const struct pkt *k) { return k->p_b[14 + (six ? 7 : 8)]; }

/* As the end has it; the echo is of what the other one has sent, as that has it itself. */
static const struct pkt *
stamped(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t value, uint32_t echo, unsigned data)
{
	uint8_t opt[12];
	const struct pkt *f;

	option(opt, value, flags & PF_TH_ACK ? echo + off[!from] : 0);
	tcp_from(from, flags, seq, ack, opt, 12, data);
	if ((f = through(from)) == NULL)
		return NULL;
	CHECK_EQ(l4_sum(f, 6), 0);
	CHECK_EQ(echo_of(f), flags & PF_TH_ACK ? echo : 0);
	if (flags == PF_TH_ACK)
		CHECK_EQ(value_of(f), value + off[from]);
	return f;
}

static void
passes(unsigned from, uint32_t seq, uint32_t ack, uint32_t value, uint32_t echo)
{
	CHECK(stamped(from, PF_TH_ACK, seq, ack, value, echo, 10) != NULL);
}

static void
refused(unsigned from, uint32_t seq, uint32_t ack, uint32_t value, uint32_t echo)
{
	counter_mark();
	CHECK(stamped(from, PF_TH_ACK, seq, ack, value, echo, 10) == NULL);
	CHECK_EQ(counter_delta("pfs_timestamp"), 1);
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

/* Numbers 1000 and 77, clocks 500 and 4,000,000,000; both ends have 10 bytes on their way. */
static void
connect_ends(void)
{
	now[0] = 500;
	now[1] = 4000000000;
	off[0] = value_of(stamped(0, PF_TH_SYN, 1000, 0, now[0], 0, 0)) - now[0];
	CHECK(off[0] != 0);
	CHECK_EQ(value_of(stamped(0, PF_TH_SYN, 1000, 0, now[0] + 1000, 0, 0)), now[0] + 1000 + off[0]);
	off[1] = value_of(stamped(1, PF_TH_SYN | PF_TH_ACK, 77, 1001, now[1], now[0], 0)) - now[1];
	CHECK(off[1] != 0 && off[1] != off[0]);
	CHECK(stamped(0, PF_TH_ACK, 1001, 78, now[0] += 1001, now[1], 0) != NULL);
	passes(1, 78, 1001, now[1], now[0]);
	passes(0, 1001, 88, now[0], now[1]);
	CHECK(stamped(1, PF_TH_ACK, 88, 1011, now[1], now[0], 0) != NULL);
}

/* ---- TTL ---- */

static uint8_t
ttl(unsigned from, uint8_t n)
{
	const struct pkt *f;

	tcp_from(from, PF_TH_ACK, from ? 78 : 1001, from ? 1001 : 78, NULL, 0, 0);
	p.p_b[14 + (six ? 7 : 8)] = n;
	if (!six)
		pkt_ipsum(&p);
	CHECK((f = through(from)) != NULL);
	CHECK(six || in_fold(in_sum(f->p_b + 14, 20, 0)) == 0xffff);
	CHECK_EQ(l4_sum(f, 6), 0);
	return ttl_of(f);
}

static void
ttls(void)
{
	start("pass\nmatch in on t0 scrub (reassemble tcp)\npass in on t0 flags any\npass out on t1 flags any\n");
	CHECK_EQ(ttl(0, 30), 29);
	CHECK_EQ(ttl(0, 2), 29);
	CHECK_EQ(ttl(0, 1), 29);		/* it would have gone no further */
	CHECK_EQ(ttl(0, 40), 39);
	CHECK_EQ(ttl(0, 30), 39);
	CHECK_EQ(ttl(1, 20), 19);		/* each end its own */
	CHECK_EQ(ttl(1, 255), 254);
	CHECK_EQ(ttl(1, 20), 254);
	CHECK_EQ(counter_delta("flows_hits"), 0);
	stop();
}

/* ---- timestamps ---- */

/* What may be, and what not, of an end that has sent up to seq, of what the other has acknowledged all. */
static void
bounds(unsigned from, uint32_t seq, uint32_t ack)
{
	uint32_t t = now[from], echo = now[!from];
	uint8_t none[4] = { 1, 1, 1, 1 }, opt[12];
	const struct pkt *f;

	refused(from, seq, ack, t - 1, echo);			/* older than what the other end has */
	refused(from, seq, ack, t + 0x80000000u, echo);
	refused(from, seq, ack, t + 32000, echo);		/* no clock goes so fast: tcp.tsdiff is 30 s */
	refused(from, seq, ack, t, echo + 1);			/* an echo of what was never sent */
	counter_mark();
	tcp_from(from, PF_TH_ACK, seq, ack, none, 4, 10);	/* data without */
	CHECK(through(from) == NULL);
	CHECK_EQ(counter_delta("pfs_timestamp"), 1);
	tcp_from(from, PF_TH_ACK, seq, ack, none, 4, 0);
	CHECK(through(from) != NULL);
	option(opt, t, 0);					/* some echo nothing so */
	tcp_from(from, PF_TH_ACK, seq, ack, opt, 12, 0);
	CHECK((f = through(from)) != NULL && echo_of(f) == 0 && l4_sum(f, 6) == 0);
	passes(from, seq, ack, t, echo - 100000);		/* an old echo: what has come out of order is not echoed */
	CHECK_EQ(counter_delta("pfs_timestamp"), 1);
}

/* Out of order: what stands in front of what has been acknowledged only makes older ones old. */
static void
order(void)
{
	passes(0, 1021, 88, now[0] + 20, now[1]);
	passes(0, 1011, 88, now[0] + 10, now[1]);
	CHECK(stamped(1, PF_TH_ACK, 88, 1031, now[1], now[0] + 10, 0) != NULL);
	passes(0, 1031, 88, now[0] + 30, now[1]);
	refused(0, 1031, 88, now[0] + 20, now[1]);
	now[0] += 30;
}

/* However long nothing comes, what a clock can do meanwhile is right; and after 24 days all is. */
static void
idle(void)
{
	uint32_t t = now[0];

	host.now += 3600ull * 1000000000;
	refused(0, 1031, 88, t + 3633000, now[1]);
	passes(0, 1031, 88, t += 3629000, now[1]);		/* a clock that is a bit fast */
	host.now += 23ull * DAY * 1000000000;
	refused(0, 1031, 88, t - 1, now[1]);
	host.now += 2ull * DAY * 1000000000;
	passes(0, 1031, 88, t -= 100000, now[1]);
	refused(0, 1031, 88, t - 1, now[1]);
	passes(1, 88, 1031, now[1] -= 5, t);
	now[0] = t;
}

static void
errors(void)
{
	uint8_t opt[12];
	const struct pkt *f;

	option(opt, now[0] + off[0], now[1]);			/* as it has come to t1's host */
	tcp_from(0, PF_TH_ACK, 1031, 88, opt, 12, 0);
	error_from(1, 32);
	CHECK((f = through(1)) != NULL);
	CHECK_EQ(l4_sum(f, six ? 58 : 1), 0);
	CHECK_EQ(l4_sum(quoted(f), 6), 0);
	CHECK_EQ(value_of(quoted(f)), now[0]);
	CHECK_EQ(echo_of(quoted(f)), now[1] + off[1]);
	for (unsigned n = 8; n < 32; n += 12) {
		tcp_from(0, PF_TH_ACK, 1031, 88, opt, 12, 0);
		error_from(1, n);
		CHECK((f = through(1)) != NULL);
		CHECK_EQ(l4_sum(f, six ? 58 : 1), 0);
	}
}

static void
connection(const char *rules)
{
	start(rules);
	connect_ends();
	bounds(0, 1011, 88);
	bounds(1, 88, 1011);
	order();
	errors();
	idle();
	CHECK(stamped(1, PF_TH_RST | PF_TH_ACK, 98, 1031, 1, now[0], 0) != NULL);	/* nobody asks a reset for its time */
	CHECK_EQ(counter_delta("flows_hits"), 0);
	stop();
}
#define LONG "set timeout tcp.established 5000000\n"

TEST(pf_reassemble_tcp)
{
	world(false);
	ttls();
	connection(LONG "pass\nmatch in on t0 scrub (reassemble tcp)\n");
	connection(LONG "pass\nmatch scrub (reassemble tcp)\n");
	net_end();
}
TEST(pf6_reassemble_tcp)
{
	world(true);
	ttls();
	connection(LONG "pass\nmatch out on t1 scrub (reassemble tcp)\n");
	net_end();
}

/* With sequence numbers that are others, too. */
TEST(pf_reassemble_and_modulate)
{
	uint32_t s0, s1;
	const struct pkt *f;

	world(false);
	start("match scrub (reassemble tcp)\npass modulate state\n");
	CHECK((f = stamped(0, PF_TH_SYN, 1000, 0, 500, 0, 0)) != NULL);
	off[0] = value_of(f) - 500;
	s0 = seq_of(f) - 1000;
	CHECK((f = stamped(1, PF_TH_SYN | PF_TH_ACK, 77, 1001 + s0, 9000, 500, 0)) != NULL);
	off[1] = value_of(f) - 9000;
	s1 = seq_of(f) - 77;
	passes(0, 1001, 78 + s1, 510, 9000);
	passes(1, 78, 1011 + s0, 9010, 510);
	refused(1, 78, 1011 + s0, 8999, 510);
	passes(0, 1011, 88 + s1, 520, 9010);
	passes(1, 88, 1021 + s0, 9020, 520);
	passes(0, 1021, 98 + s1, 530, 9020);
	refused(0, 1021, 98 + s1, 519, 9020);
	stop();
	net_end();
}

/* ---- what has none ---- */

/* One end offers none, or both ends' packets do not all come by here, or the beginning was not seen: nothing is changed, nothing is asked for. */
static void
without(const char *rules, bool syn, bool answered)
{
	uint8_t opt[12];

	start(rules);
	if (syn) {
		CHECK(stamped(0, PF_TH_SYN, 1000, 0, 500, 0, 0) != NULL);
		option(opt, 9000, 500);
		tcp_from(1, PF_TH_SYN | PF_TH_ACK, 77, 1001, opt, answered ? 12 : 0, 0);
		CHECK(through(1) != NULL);
	}
	for (unsigned i = 0; i < 3; i++) {
		tcp_from(0, PF_TH_ACK, 1001, 78, NULL, 0, 10);
		CHECK(through(0) != NULL);
		tcp_from(1, PF_TH_ACK, 78, 1001, NULL, 0, 10);
		CHECK(through(1) != NULL);
	}
	if (answered || !syn) {
		passes(0, 1001, 78, 5, 3);
		passes(1, 78, 1001, 3, 5);
		passes(0, 1001, 78, 4, 9000);
	}
	CHECK_EQ(counter_delta("pfs_timestamp"), 0);
	stop();
}

TEST(pf_reassemble_tcp_without)
{
	world(false);
	without("match scrub (reassemble tcp)\npass\n", true, false);
	without("match scrub (reassemble tcp)\npass flags any\n", false, false);
	without("match scrub (reassemble tcp)\npass keep state (sloppy)\n", true, true);
	net_end();
}

/* Lists of options that are none go on as they came. */
static void
malformed(void)
{
	static const uint8_t bad[][12] = {
		{ 8, 10, 0, 0, 0, 1, 0, 0 }, { 8, 0 }, { 8, 1, 8, 10 }, { 8, 40, 1, 1, 1, 1 }, { 8, 2, 8, 9, 1 }, { 8, 11, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
		{ 0, 8, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, { 255, 255, 255, 255 }, { 3, 3, 3, 8, 10, 0 }, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 10 }, { 5, 10, 8, 10, 1, 1 },
		{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8 },
	};
	static const uint8_t flags[] = { PF_TH_SYN, PF_TH_SYN | PF_TH_ACK, PF_TH_ACK };
	const struct pkt *f;

	start("match scrub (reassemble tcp)\npass flags any modulate state\n");
	for (unsigned i = 0; i < nitems(bad); i++)
		for (unsigned n = 4; n <= 12; n += 4)
			for (unsigned k = 0; k < nitems(flags); k++) {
				if (n >= 12 && bad[i][1] == 10)
					continue;		/* it is whole */
				pf_states_kill(NULL, NULL);
				tcp_from(0, flags[k], 1000, 5, bad[i], n, 0);
				CHECK((f = through(0)) != NULL);
				CHECK_EQ(l4_sum(f, 6), 0);
				CHECK(memcmp(f->p_b + l4() + 20, bad[i], n) == 0);
			}
	stop();
}

TEST(pf_reassemble_tcp_malformed)
{
	world(false);
	malformed();
	net_end();
}
TEST(pf6_reassemble_tcp_malformed)
{
	world(true);
	malformed();
	net_end();
}

/* At an odd place, and twice. */
TEST(pf_reassemble_tcp_places)
{
	uint8_t opt[24] = { 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0 };
	const struct pkt *f;
	uint32_t shift;

	world(false);
	start("match in scrub (reassemble tcp)\npass\n");
	tcp_from(0, PF_TH_SYN, 1000, 0, opt, 24, 0);
	CHECK((f = through(0)) != NULL);
	CHECK_EQ(l4_sum(f, 6), 0);
	shift = be32_host(load32(f->p_b + l4() + 20 + 3)) - 9;
	CHECK(shift != 0);
	CHECK_EQ(be32_host(load32(f->p_b + l4() + 20 + 13)) - 256, shift);
	CHECK(memcmp(f->p_b + l4() + 20 + 17, opt + 17, 7) == 0);
	stop();
	net_end();
}

/* ---- memory ---- */

static bool
is_inward(const struct pf_state *s, const void *arg __unused_arg)
{
	return s->s_dir == PF_IN;
}

/* A state's memory becomes extensions: what a flow's entry still knows it by is nowhere in them, whatever a peer can have put there. */
TEST(pf_extensions_are_no_states)
{
	uint32_t seconds;

	world(false);
	host.now += 5000000000000;
	seconds = (uint32_t)(uptime_ns() / 1000000000);
	start("pass\npass proto tcp scrub (reassemble tcp) keep state (source-track rule, max-src-nodes 9)\n");
	percore(pf_states).ps_ids = seconds - 1;
	for (unsigned i = 0; i < 4; i++) {
		packet_from(0, 17, 20);
		store16(p.p_b + l4() + 4, BE16(20));
		store16(p.p_b + l4() + 6, 0);
		CHECK(through(0) != NULL);
	}
	CHECK(counter_delta("flows_hits") > 0);
	pf_states_kill(is_inward, NULL);
	pf_states_kill(NULL, NULL);
	CHECK(stamped(0, PF_TH_SYN, 1000, 0, 500, 0, 0) != NULL);
	CHECK_EQ(pf_exts_count(), 4);
	packet_from(0, 17, 20);
	store16(p.p_b + l4() + 4, BE16(20));
	store16(p.p_b + l4() + 6, 0);
	CHECK(through(0) != NULL);
	CHECK_EQ(pf_states_count(), 4);
	stop();
	net_end();
}
