/* case_mpath.c - several ways to one network: all of a flow by one of them on every core, fragments too; a way that is lost takes its own flows
 * along, and gets just those back. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/station.h"
#include "tests/sim/timeline.h"

#define WAYS	3u
#define PAIRS	90u		/* of addresses; a third are of IPv6 */

static struct router *rt;
static struct raw *in, *out[WAYS];
static struct wire *wire[WAYS];
static int way[PAIRS], before[PAIRS];	/* by which each leaves; -1: by none */

static void
build(void)
{
	char *conf = sim_print("# /etc/hostname.vio0\ninet 10.0.0.1/24\ninet6 fd00::1/64\n!arp -s 10.0.0.2 02:00:00:00:00:a0\n");

	rt = router_new("r");
	for (unsigned i = 0; i <= WAYS; i++) {
		struct wire *w = wire_new(sim_print("w%u", i));
		struct raw *rw;

		router_port(rt, w);
		rw = raw_new(w, rt, sim_print("02:00:00:00:00:%c0", 'a' + i));
		if (i == 0) {
			in = rw;
			continue;
		}
		out[i - 1] = rw;
		wire[i - 1] = w;
		conf = sim_print("%s# /etc/hostname.vio%u\ninet 10.0.%u.1/24\ninet6 fd00:%u::1/64\n!arp -s 10.0.%u.2 02:00:00:00:00:%c0\n"
		    "!ndp -s fd00:%u::2 02:00:00:00:00:%c0\n!route add -mpath 10.9/16 10.0.%u.2\n!route add -mpath -inet6 fd09::/16 fd00:%u::2\n",
		    conf, i, i, i, i, 'a' + i, i, 'a' + i, i, i);
	}
	router_start(rt, sim_print("%s# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet6.ip6.forwarding=1\nnet.inet.ip.dad_count=0\n", conf));
	sim_run(sec(5));
}

/* What kind of packet of a pair: with one port or another, a datagram's first fragment, its second. */
static void
send(unsigned pair, unsigned kind)
{
	struct bytes f;
	uint8_t *p;

	if (pair % 3 == 2)
		p = ip6_put(&f, ip6_text("fd00::2"), ip6_text(sim_print("fd09::%x", pair)), 17, 64, 40);
	else
		p = ip4_put(&f, ip_of("10.0.0.2"), ip_of(sim_print("10.9.0.%u", pair)), 17, 64, 40);
	memset(p, 0, 40);
	p[1] = (uint8_t)kind;
	p[3] = (uint8_t)pair;
	if (pair % 3 != 2 && kind >= 2)
		ip4_off(&f, pair, kind == 2 ? 0x2000 : 5);
	memcpy(f.b, in->rw_peer->p_mac, 6);
	memcpy(f.b + 6, in->rw_port.p_mac, 6);
	port_send(&in->rw_port, f.b, f.len);
}

/* What has come out of it, each by the way that it must be by now. */
static unsigned
collect(unsigned by)
{
	unsigned n = 0;

	for (struct arrived *a1 = out[by]->rw_head; a1 != NULL; a1 = a1->next) {
		const uint8_t *ip = a1->frame->f_b + 14;
		unsigned pair = ip[0] >> 4 == 6 ? ip[39] : ip[19];

		if (ip[0] >> 4 == 6 ? ip[24] != 0xfd || ip[25] != 9 : ip[0] != 0x45 || ip[17] != 9)
			continue;			/* the router's own */
		SIM_CHECK(pair < PAIRS && (way[pair] < 0 || way[pair] == (int)by), "pair %u by vio%u and vio%u", pair, way[pair] + 1, by + 1);
		way[pair] = (int)by;
		n++;
	}
	raw_forget(out[by]);
	return n;
}

/* Some packets of each pair, in any order. */
static void
traffic(void)
{
	unsigned got = 0, sent = 0;

	memset(way, -1, sizeof(way));
	for (unsigned i = 0; i < 4 * PAIRS; i++) {
		send(i * 7 % PAIRS, sim_below(4));
		sent++;
		if (sim_chance(300))
			sim_run(us(sim_below(300)));
		if (i % 20 == 19)
			sim_run(ms(2));
	}
	sim_run(ms(20));
	for (unsigned by = 0; by < WAYS; by++)
		got += collect(by);
	raw_forget(in);
	SIM_CHECK(got == sent, "%u of %u packets came out", got, sent);
}

CASE_SEEDS(multipath, 10)
{
	unsigned share[WAYS] = { 0 }, lost;

	build();
	traffic();
	memcpy(before, way, sizeof(way));
	for (unsigned i = 0; i < PAIRS; i++)
		share[way[i]]++;
	for (unsigned by = 0; by < WAYS; by++)
		SIM_CHECK(share[by] >= PAIRS / WAYS / 3, "vio%u has %u of %u pairs", by + 1, share[by], PAIRS);
	for (unsigned round = 0; round < 4; round++) {
		lost = sim_below(WAYS);
		wire_up(wire[lost], false);
		sim_run(ms(50));
		traffic();
		for (unsigned i = 0; i < PAIRS; i++)
			SIM_CHECK(before[i] == (int)lost ? way[i] != (int)lost : way[i] == before[i], "pair %u: by vio%u, and without vio%u by vio%u", i,
			    before[i] + 1, lost + 1, way[i] + 1);
		wire_up(wire[lost], true);
		sim_run(sec(2));
		traffic();
		SIM_CHECK(memcmp(way, before, sizeof(way)) == 0, "vio%u has not got back what it had", lost + 1);
	}
	SIM_CHECK(router_counter(rt, "flows_hits") > 0, "no packet took the flow path");
	raws_end();
}
