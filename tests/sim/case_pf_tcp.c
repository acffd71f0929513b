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
};
struct conn { bool six; struct end end[2]; } conns[CONNS];

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
conn_new(struct conn *c, unsigned i)
{
	c->six = i & 1;
	for (unsigned k = 0; k < 2; k++) {
		c->end[k] = (struct end){ .raw = k ? b : a, .port = k ? 80 : 1000 + i, .other_port = k ? 0 : 80, .next = (uint32_t)sim_random() };
		addr_of(c->end[k].own, c->six, k);
		addr_of(c->end[k].other, c->six, !k);
	}
}

static struct seg
segment(const struct conn *c, unsigned from, unsigned flags)
{
	const struct end *e = &c->end[from];
	struct seg s = { .six = c->six, .sport = e->port, .dport = e->other_port, .ttl = 64, .flags = flags, .seq = e->next,
	    .ack = flags & TH_ACK_ ? e->heard : 0 };

	memcpy(s.src, e->own, 16);
	memcpy(s.dst, e->other, 16);
	return s;
}

/* It comes to the other end, which is asked for more, and moves both on. *got: as it is there. */
static void
sends(struct conn *c, unsigned from, const struct seg *s, struct seg *got)
{
	struct end *e = &c->end[from], *o = &c->end[!from];
	uint32_t first = s->seq - o->heard;

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
		SIM_CHECK(got->seq - o->heard == 0, "it comes with other numbers than those before: %u", first);
	if (s->flags & TH_ACK_)
		SIM_CHECK(got->ack == o->next, "it acknowledges %u instead of %u", got->ack, o->next);
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
connect_ends(struct conn *c)
{
	plain(c, 0, TH_SYN_, 0);
	SIM_CHECK(c->end[1].heard != c->end[0].next, "the first number is not changed");
	plain(c, 1, TH_SYN_ | TH_ACK_, 0);
	SIM_CHECK(c->end[0].heard != c->end[1].next, "the other one's first number is not changed");
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
	plain(c, from, TH_ACK_, 30);		/* sent again */
}

static void
converse(struct conn *c)
{
	for (unsigned i = 0; i < 20; i++)
		plain(c, sim_below(2), TH_ACK_, sim_below(1000));
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

	lab6_pf(sim_print("match out on vio1 inet nat-to 10.0.1.1\nmatch out on vio1 inet6 nat-to fd00:100::1\n%s", rules[sim_below(3)]));
	for (unsigned i = 0; i < CONNS; i++) {
		conn_new(&conns[i], i);
		connect_ends(&conns[i]);
	}
	for (unsigned i = 0; i < CONNS; i++)
		converse(&conns[i]);
	COUNT(flows_hits, 0);
	for (unsigned i = 0; i < CONNS; i++)
		finish(&conns[i]);
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
		conn_new(c, i);
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
