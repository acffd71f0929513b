/* case_pf_tcp.c - connections whose headers the packet filter changes, of both families, through NAT: each end sees what belongs to its own numbers. */
#include <string.h>

#include "tests/sim/pflab.h"
#include "tests/sim/seg.h"

#define CONNS	12u

/* An end of a connection, as it is itself; what it sees of the other. */
struct end {
	struct raw	*raw;
	uint8_t		 own[16], other[16];
	unsigned	 port, other_port;
	uint32_t	 next, heard;		/* the number of what it sends next; behind what it has seen of the other */
	uint32_t	 clock, told;		/* its timestamp; the latest that it has seen of the other */
	uint32_t	 shift;			/* of its timestamps, as the other sees them */
	unsigned	 ttl;			/* the highest that it has sent */
};
struct conn { bool six, stamped; struct end end[2]; } conns[CONNS];

static void
addr_of(uint8_t *to, bool six, unsigned net)
{
	static const uint8_t prefix[] = { 0xfd };

	memset(to, 0, 16);
	if (six) {
		memcpy(to, prefix, 1);
		to[1] = 0x00;
		to[2] = (uint8_t)net;
		to[15] = 2;
	} else
		memcpy(to, (const uint8_t[]){ 10, 0, (uint8_t)net, 2 }, 4);
}

static void
lab6_pf(const char *rules)
{
	lab_custom("inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\ninet6 fd00:0::1/64\n!ndp -s fd00:0::2 " MAC_A "\n",
	    "inet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\ninet6 fd00:100::1/64\n!ndp -s fd00:100::2 " MAC_B "\n",
	    sim_print(SYSCTL "net.inet6.ip6.forwarding=1\nnet.inet6.ip6.dad_count=0\nnet.flow.least=1\n"
	    "net.inet.icmp.errppslimit=-1\nnet.inet.icmp.errppshost=-1\nnet.inet6.icmp6.errppslimit=-1\nnet.inet6.icmp6.errppshost=-1\n# /etc/pf.conf\n%s", rules));
}

static void
conn_new(struct conn *c, unsigned i, bool stamped)
{
	c->six = i & 1;
	c->stamped = stamped;
	for (unsigned k = 0; k < 2; k++) {
		c->end[k] = (struct end){ .raw = k ? b : a, .port = k ? 80 : 1000 + i, .other_port = k ? 0 : 80, .next = (uint32_t)sim_random(),
		    .clock = (uint32_t)sim_random() };
		addr_of(c->end[k].own, c->six, k);
		addr_of(c->end[k].other, c->six, !k);
	}
}

static struct seg
segment(const struct conn *c, unsigned from, unsigned flags)
{
	const struct end *e = &c->end[from];
	struct seg s = { .six = c->six, .sport = e->port, .dport = e->other_port, .ttl = c->stamped ? 2 + sim_below(60) : 64,
	    .flags = flags, .seq = e->next,
	    .ack = flags & TH_ACK_ ? e->heard : 0 };

	memcpy(s.src, e->own, 16);
	memcpy(s.dst, e->other, 16);
	return s;
}

/* RFC 7323 A. */
static void
add_stamp(const struct end *e, struct seg *s)
{
	uint8_t *at = s->opt + s->nopt;

	memcpy(at, (const uint8_t[]){ 1, 1, 8, 10 }, 4);
	store32(at + 4, BE32(e->clock));
	store32(at + 8, BE32(s->flags & TH_ACK_ ? e->told : 0));
	s->nopt += 12;
}

/* The other end hears what belongs to its own clock, and the first one's with the same offset always; and no TTL lower than before. */
static void
see_stamp(struct end *e, struct end *o, const struct seg *s, const struct seg *got)
{
	const uint8_t *at = got->opt + got->nopt - 12;
	uint32_t value = be32_host(load32(at + 4));

	if (s->flags & TH_SYN_)
		e->shift = value - e->clock;
	SIM_CHECK(e->shift != 0 && value - e->clock == e->shift, "its timestamps have another offset");
	SIM_CHECK(be32_host(load32(at + 8)) == (s->flags & TH_ACK_ ? o->clock : 0), "it echoes something else");
	o->told = value;
	e->ttl = MAX(e->ttl, s->ttl);
	SIM_CHECK(got->ttl == e->ttl - 1, "its TTL is %u", got->ttl);
}

/* It comes to the other end, and moves both on. *got: as it is there. */
static void
sends(struct conn *c, unsigned from, struct seg *s, struct seg *got)
{
	struct end *e = &c->end[from], *o = &c->end[!from];

	if (c->stamped) {
		e->clock += sim_below(20);
		add_stamp(e, s);
	}
	seg_rx(e->raw, s);
	SIM_CHECK(seg_see(o->raw, got), "nothing comes out");
	NONE(a);
	NONE(b);
	SIM_CHECK(got->flags == s->flags && got->len == s->len && got->nopt == s->nopt, "it is another segment");
	if (s->flags & TH_SYN_) {
		memcpy(o->other, got->src, 16);
		o->other_port = got->sport;
		o->heard = got->seq;
	} else
		SIM_CHECK(got->seq == o->heard, "it has number %u instead of %u", got->seq, o->heard);
	if (s->flags & TH_ACK_)
		SIM_CHECK(got->ack == o->next, "it acknowledges %u instead of %u", got->ack, o->next);
	if (c->stamped)
		see_stamp(e, o, s, got);
	e->next = s->seq + s->len + !!(s->flags & TH_SYN_) + !!(s->flags & TH_FIN_);
	o->heard += s->len + !!(s->flags & TH_SYN_) + !!(s->flags & TH_FIN_);
}

static void
plain(struct conn *c, unsigned from, unsigned flags, unsigned len)
{
	struct seg s = segment(c, from, flags), got;

	s.len = len;
	sends(c, from, &s, &got);
}

/* Three ways; offsets that nobody else has. */
static void
connect_ends(struct conn *c, bool modulated)
{
	plain(c, 0, TH_SYN_, 0);
	SIM_CHECK((c->end[1].heard != c->end[0].next) == modulated, "the first number is changed, or is not");
	plain(c, 1, TH_SYN_ | TH_ACK_, 0);
	SIM_CHECK((c->end[0].heard != c->end[1].next) == modulated, "the other one's first number is changed, or is not");
	plain(c, 0, TH_ACK_, 0);
}

static void
sack(struct conn *c, unsigned from)
{
	struct seg s = segment(c, from, TH_ACK_), got;
	uint32_t hole = c->end[!from].next + 100;

	memcpy(s.opt, (const uint8_t[]){ 1, 1, 5, 10 }, 4);
	store32(s.opt + 4, BE32(s.ack + 100));
	store32(s.opt + 8, BE32(s.ack + 200));
	s.nopt = 12;
	sends(c, from, &s, &got);
	SIM_CHECK(be32_host(load32(got.opt + 4)) == hole && be32_host(load32(got.opt + 8)) == hole + 100, "SACK blocks have other numbers");
}

/* An error about what has come comes to who has sent it, about what he has sent. */
static void
error(struct conn *c, unsigned from, unsigned quoted)
{
	struct seg s = segment(c, from, TH_ACK_), got, back;

	s.len = 30;
	c->end[from].ttl = MAX(c->end[from].ttl, s.ttl);
	if (c->stamped)
		add_stamp(&c->end[from], &s);
	seg_rx(c->end[from].raw, &s);
	SIM_CHECK(seg_see(c->end[!from].raw, &got), "nothing comes out");
	got.quoted = quoted;
	memcpy(got.esrc, got.dst, 16);
	memcpy(got.edst, got.src, 16);
	seg_rx(c->end[!from].raw, &got);
	SIM_CHECK(seg_see(c->end[from].raw, &back), "the error does not come out");
	SIM_CHECK(back.quoted == quoted && memcmp(back.edst, s.src, 16) == 0 && memcmp(back.src, s.src, 16) == 0 && back.sport == s.sport,
	    "it is another error");
	SIM_CHECK(back.seq == s.seq && (quoted < 20 || back.ack == s.ack), "it quotes other numbers");
	SIM_CHECK(back.nopt == 0 || memcmp(back.opt, s.opt, s.nopt) == 0, "it quotes other options");
	plain(c, from, TH_ACK_, 30);		/* sent again */
}

static void
converse(struct conn *c)
{
	for (unsigned i = 0; i < 20; i++)
		plain(c, sim_below(2), TH_ACK_, sim_below(400));		/* less than a window in all */
	for (unsigned from = 0; from < 2; from++) {
		plain(c, from, TH_ACK_, 100);
		plain(c, !from, TH_ACK_, 1);
		sack(c, from);
		error(c, from, 8);
		error(c, from, 20);
		error(c, from, 50);
	}
}

static void
finish(struct conn *c)
{
	plain(c, 1, TH_FIN_ | TH_ACK_, 0);
	plain(c, 0, TH_ACK_, 0);
	plain(c, 0, TH_FIN_ | TH_ACK_, 0);
	plain(c, 1, TH_ACK_, 0);
}

CASE_SEEDS(pf_modulate, 4)
{
	static const char *const rules[] = { "pass\npass in on vio0 proto tcp modulate state\n", "pass\npass out on vio1 proto tcp modulate state\n",
	    "pass modulate state\n" };

	lab6_pf(sim_print("match out on vio1 inet proto tcp nat-to 10.0.1.1\nmatch out on vio1 inet6 proto tcp nat-to fd00:100::1\n%s", rules[sim_below(3)]));
	for (unsigned i = 0; i < CONNS; i++) {
		conn_new(&conns[i], i, false);
		connect_ends(&conns[i], true);
	}
	for (unsigned i = 0; i < CONNS; i++)
		converse(&conns[i]);
	COUNT(flows_hits, 0);
	for (unsigned i = 0; i < CONNS; i++)
		finish(&conns[i]);
}

/* A segment like the last one, at another time. */
static void
late(struct conn *c, unsigned from, uint32_t by)
{
	struct seg s = segment(c, from, TH_ACK_);

	c->end[from].clock += by;
	add_stamp(&c->end[from], &s);
	c->end[from].clock -= by;
	seg_rx(c->end[from].raw, &s);
	NONE(a);
	NONE(b);
	COUNT(pfs_timestamp, 1);
}

CASE_SEEDS(pf_reassemble_tcp, 4)
{
	static const char *const rules[] = { "pass\nmatch in on vio0 scrub (reassemble tcp)\n", "pass modulate state\nmatch scrub (reassemble tcp)\n",
	    "match out on vio1 scrub (reassemble tcp)\npass\n" };
	unsigned which = sim_below(3);

	lab6_pf(sim_print("match out on vio1 inet proto tcp nat-to 10.0.1.1\nmatch out on vio1 inet6 proto tcp nat-to fd00:100::1\n%s", rules[which]));
	for (unsigned i = 0; i < CONNS; i++) {
		conn_new(&conns[i], i, true);
		connect_ends(&conns[i], which == 1);
	}
	for (unsigned i = 0; i < CONNS; i++) {
		converse(&conns[i]);
		late(&conns[i], i & 1, -1000u);
		late(&conns[i], i & 1, 40000);
		plain(&conns[i], i & 1, TH_ACK_, 10);
	}
	COUNT(flows_hits, 0);
	AFTER(sec(60));
	raw_forget(a);				/* MLD */
	raw_forget(b);
	for (unsigned i = 0; i < CONNS; i++) {
		late(&conns[i], i & 1, 95000);
		conns[i].end[i & 1].clock += 85000;
		plain(&conns[i], i & 1, TH_ACK_, 10);
		finish(&conns[i]);
	}
}

/* Blocked on the way out, on whatever core: who asked hears it with his own numbers. */
CASE_SEEDS(pf_modulate_return, 2)
{
	bool icmp = sim_chance(500);
	struct conn *c = conns;
	struct seg s, got;

	lab6_pf(sim_print("set limit states 100000\nblock %s out on vio1\npass in on vio0 proto tcp modulate state\npass out on vio0\n"
	    "match in on vio0 inet rdr-to 10.0.1.2\nmatch in on vio0 inet6 rdr-to fd00:100::2\n", icmp ? "return-icmp" : "return"));
	for (unsigned i = 0; i < 2 * CONNS; i++) {
		conn_new(c, i, false);
		c->end[0].other[c->six ? 15 : 3] = (uint8_t)(7 + i);	/* it is sent to somebody else */
		s = segment(c, 0, TH_SYN_);
		seg_rx(a, &s);
		SIM_CHECK(seg_see(a, &got), "nothing comes back");
		if (icmp)
			SIM_CHECK(got.quoted != 0 && got.seq == s.seq && memcmp(got.dst, s.dst, 16) == 0, "it quotes something else");
		else
			SIM_CHECK(got.flags == (0x14) && got.ack == s.seq + 1 && memcmp(got.src, s.dst, 16) == 0, "another reset");
	}
	COUNT(pfs_blocked, 2 * CONNS);
}
