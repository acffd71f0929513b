/* case_hostile.c - HOSTILE: ten attacking packets for each honest one, of each kind, in both families: no honest packet is lost that the same load
 * without the attack would not have lost, memory is bounded while it lasts, and all of it is returned afterwards.
 *
 *	a: honest hosts and the attacker, 10.10/16, fd00:a::/64 --- vio0 r vio1 --- b: 10.11/16, fd00:b::/64 */
#include <string.h>

#include "tests/sim/station.h"

#define MAC_A		"02:00:00:00:00:0a"
#define MAC_B		"02:00:00:00:00:0b"
#define ATTACKS		10		/* for each honest packet */
#define ROUNDS		60		/* of one honest packet of each kind */
#define GAP		us(500)		/* between two of them: 220,000 packets a second */
#define WAITING_MAX	(2 * 1024 + 2 * 512)	/* mbufs that may wait: fragments of both families, neighbours' wait lists of both */

static struct router *r;
static struct station *a, *b;
static bool host_mode;			/* vio0 listens to routers, and IPv6 is not forwarded */

/* ---- the attacks: frame number i ---- */

typedef void attack_fn(struct bytes *, unsigned i);

static addr6_t
from6(unsigned i)
{
	addr6_t x = ip6_host(0xa, 0x10000 + i % 60000);

	return x;
}

/* From anywhere. */
static addr6_t
stranger6(unsigned i)
{
	addr6_t x = ip6_text("2001:db8::1");

	store32(x.a + 4, host_be32(i));
	return x;
}

static uint32_t
stranger4(unsigned i)
{
	return host_be32(0xac100000u | (i & 0xfffff));
}

static void
nothing(struct bytes *f, unsigned i __unused_arg)
{
	f->len = 0;
}

static void
runts(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xb, 2), 17, 64, 26);
	f->len = 1 + i % 33;
}

/* Each bit of the header turned. */
static void
headers4(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xb, 2), 17, 64, 26);
	f->b[14 + i % 20] ^= (uint8_t)(1 << i / 20 % 8);
}

static void
headers6(struct bytes *f, unsigned i)
{
	ip6_put(f, ip6_host(0xa, 9), ip6_host(0xb, 2), 17, 64, 26);
	f->b[14 + i % 8] ^= (uint8_t)(1 << i / 8 % 8);
}

static void
options4(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xa, 1), 17, 64, 30);
	f->b[14] = 0x46;
	memcpy(f->b + 34, (uint8_t[]){ 7, (uint8_t)i, 4, 0 }, 4);
	ip4_off(f, i, 0);
}

static void
ttl4(struct bytes *f, unsigned i)
{
	ip4_put(f, i & 1 ? ip4_host(0xa, 9) : stranger4(i), ip4_host(0xb, 2), 17, 1, 26);
}

static void
hlim6(struct bytes *f, unsigned i)
{
	ip6_put(f, i & 1 ? ip6_host(0xa, 9) : stranger6(i), ip6_host(0xb, 2), 17, 1, 26);
}

/* Hosts that do not exist, one after the other. */
static void
scan4(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xb, 0x4000 + i % 0x8000), 17, 64, 26);
}

static void
scan6(struct bytes *f, unsigned i)
{
	ip6_put(f, ip6_host(0xa, 9), ip6_host(0xb, 0x10000 + i), 17, 64, 26);
}

/* Echoes of hosts that nobody can find. */
static void
nobody4(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 0x4000 + i % 0x8000), ip4_host(0xa, 1), 1, 64, 16)[0] = 8;
	icmp_sum(f, 16);
}

static void
nobody6(struct bytes *f, unsigned i)
{
	ip6_put(f, from6(i), ip6_host(0xa, 1), 58, 64, 16)[0] = 128;
	icmp_sum(f, 16);
}

static void
first_fragments4(struct bytes *f, unsigned i)
{
	ip4_put(f, stranger4(i), ip4_host(0xa, 1), 17, 64, 1400);
	ip4_off(f, i, 0x2000);
}

/* Every second piece, of one source. */
static void
holes4(struct bytes *f, unsigned i)
{
	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xa, 1), 17, 64, 16);
	ip4_off(f, i >> 6, 0x2000 | (i & 63) * 4);
}

static void
first_fragments6(struct bytes *f, unsigned i)
{
	ip6_put(f, stranger6(i), ip6_host(0xa, 1), 17, 64, 1400);
	ip6_insert(f, 44, (uint8_t[8]){ 0, 0, 0, 1, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i }, 8);
}

static void
holes6(struct bytes *f, unsigned i)
{
	unsigned off = (i & 63) * 32;

	ip6_put(f, ip6_host(0xa, 9), ip6_host(0xa, 1), 17, 64, 16);
	ip6_insert(f, 44, (uint8_t[8]){ 0, 0, (uint8_t)(off >> 8), (uint8_t)(off | 1), 0, 0, (uint8_t)(i >> 14), (uint8_t)(i >> 6) }, 8);
}

static void
arp(struct bytes *f, unsigned i)
{
	arp_put(f, 1 + (i & 1), a->s_port.p_mac, ip4_host(0xa, 0x4000 + i % 0x8000), ip4_host(0xa, i & 2 ? 1 : 0x4000 + i % 0x8000));
}

static void
arp_ours(struct bytes *f, unsigned i)
{
	arp_put(f, 1 + (i & 1), a->s_port.p_mac, ip4_host(0xa, 1), ip4_host(0xa, 1));
}

static void
echoes4(struct bytes *f, unsigned i)
{
	unsigned len = 8 + i % 1000;

	ip4_put(f, ip4_host(0xa, 9), ip4_host(0xa, 1), 1, 64, len)[0] = 8;
	icmp_sum(f, len);
}

static void
echoes6(struct bytes *f, unsigned i)
{
	unsigned len = 8 + i % 1000;

	ip6_put(f, ip6_host(0xa, 9), ip6_host(0xa, 1), 58, 64, len)[0] = 128;
	icmp_sum(f, len);
}

/* Forged: fragmentation needed, about what we might have sent to the host at b. */
static void
errors4(struct bytes *f, unsigned i)
{
	uint8_t *p = ip4_put(f, stranger4(i), ip4_host(0xa, 1), 1, 64, 36);

	memcpy(p, (uint8_t[]){ 3, 4, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 0x45, 0, 5, 220, 0, 1, 0x40, 0, 64, 17 }, 18);
	store32(p + 20, ip4_host(0xa, 1));
	store32(p + 24, ip4_host(0xb, 2));
	icmp_sum(f, 36);
}

static void
igmp(struct bytes *f, unsigned i)
{
	uint8_t *p = ip4_put(f, ip4_host(0xa, 9), BE32(0xe0000001), 2, 1, 16);

	memcpy(f->b, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
	f->b[14] = 0x46;
	memcpy(p, (uint8_t[]){ 0x94, 4, 0, 0, 0x11, (uint8_t)i }, 6);
	store16(p + 6, cksum(p + 4, 12, 0));
	ip4_off(f, i, 0);
}

/* ---- IPv6's own ---- */

static void
nd_put(struct bytes *f, unsigned type, unsigned flags, addr6_t src, addr6_t dst, addr6_t target, unsigned option)
{
	uint8_t *p = ip6_put(f, src, dst, 58, 255, 32);

	p[0] = (uint8_t)type;
	p[4] = (uint8_t)flags;
	memcpy(p + 8, &target, 16);
	memcpy(p + 24, (uint8_t[]){ (uint8_t)option, 1 }, 2);
	memcpy(p + 26, a->s_port.p_mac, 6);
	icmp_sum(f, 32);
}

/* Thousands of neighbours ask us, and tell where they are. */
static void
ns_flood(struct bytes *f, unsigned i)
{
	nd_put(f, 135, 0, from6(i), ip6_host(0xa, 1), ip6_host(0xa, 1), 1);
}

/* Of hosts that we know, or have asked for, or not; nobody honest's. */
static void
na_flood(struct bytes *f, unsigned i)
{
	nd_put(f, 136, 0x20 << (i & 3), from6(i), i & 1 ? ip6_text("ff02::1") : ip6_host(0xa, 1), from6(i), 2);
}

static void
na_ours(struct bytes *f, unsigned i __unused_arg)
{
	nd_put(f, 136, 0x20, ip6_host(0xa, 1), ip6_text("ff02::1"), ip6_host(0xa, 1), 2);
}

static void
dad_ours(struct bytes *f, unsigned i __unused_arg)
{
	ip6_put(f, ip6_text("::"), ip6_text("ff02::1:ff00:1"), 58, 255, 24)[0] = 135;
	memcpy(f->b + 62, (addr6_t[1]){ ip6_host(0xa, 1) }, 16);
	icmp_sum(f, 24);
}

static addr6_t
router6(unsigned i)
{
	addr6_t x = ip6_text("fe80::aa");

	store32(x.a + 8, host_be32(i));
	return x;
}

/* Thousands of routers, each with a prefix, a server for names, and its link address. */
static void
ra_flood(struct bytes *f, unsigned i)
{
	uint8_t *p = ip6_put(f, router6(1 + i), ip6_text("ff02::1"), 58, 255, 16 + 8 + 32 + 24);

	memcpy(p, (uint8_t[16]){ 134, [4] = 64, [6] = 7, 8 }, 16);
	memcpy(p + 16, (uint8_t[8]){ 1, 1, 2, 0, 0, 0, 0, 9 }, 8);
	memcpy(p + 24, (uint8_t[32]){ 3, 4, 64, 0xc0, [5] = 1, [9] = 1, [16] = 0x20, 1, 0x0d, 0xb8, (uint8_t)(i >> 8), (uint8_t)i, 1 }, 32);
	memcpy(p + 56, (uint8_t[24]){ 25, 3, [5] = 1, [8] = 0x20, 1, 0x0d, 0xb8, (uint8_t)(i >> 8), (uint8_t)i }, 24);
	icmp_sum(f, 80);
}

static void
rs_flood(struct bytes *f, unsigned i)
{
	uint8_t *p = ip6_put(f, router6(1 + i), ip6_text("ff02::2"), 58, 255, 16);

	memcpy(p, (uint8_t[16]){ 133, [8] = 1, 1, 2, 0, 0, 0, 0, 9 }, 16);
	icmp_sum(f, 16);
}

/* From the router that we believe (as a host), about what we might send by it: thousands of host routes. */
static void
redirects6(struct bytes *f, unsigned i)
{
	addr6_t target = router6(2 + i), dst = stranger6(i);
	uint8_t *p = ip6_put(f, router6(0), ip6_text("fe80::5054:ff:fe00:a"), 58, 255, 48);

	p[0] = 137;
	memcpy(p + 8, &target, 16);
	memcpy(p + 24, &dst, 16);
	memcpy(p + 40, (uint8_t[8]){ 2, 1, 2, 0, 0, 0, 0, 9 }, 8);
	icmp_sum(f, 48);
}

static void
redirects4(struct bytes *f, unsigned i)
{
	uint8_t *p = ip4_put(f, ip4_host(0xa, 9), ip4_host(0xa, 1), 1, 64, 36);

	memcpy(p, (uint8_t[]){ 5, 1, 0, 0, 10, 10, 0, 9, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 17 }, 18);
	store32(p + 20, ip4_host(0xa, 1));
	store32(p + 24, stranger4(i));
	icmp_sum(f, 36);
}

/* Up to 100 headers, one in the other. */
static void
chains(struct bytes *f, unsigned i)
{
	ip6_put(f, ip6_host(0xa, 9), ip6_host(i & 1 ? 0xa : 0xb, i & 1 ? 1 : 2), 58, i & 2 ? 64 : 1, 16)[0] = 128;
	for (unsigned n = 0; n < 1 + i % 100; n++)
		ip6_insert(f, n % 3 == 1 ? 43 : 60, (uint8_t[8]){ 0, 0, n % 3 == 1 ? 0 : 1, n % 3 == 1 ? 0 : 4 }, 8);
}

/* Options that want to be answered for. */
static void
unknown_options(struct bytes *f, unsigned i)
{
	ip6_put(f, i & 1 ? ip6_host(0xa, 9) : stranger6(i), ip6_host(0xb, 2), 17, 64, 26);
	ip6_insert(f, 0, (uint8_t[8]){ 0, 0, (uint8_t)(0x80 | i), 4 }, 8);
}

static void
mld(struct bytes *f, unsigned i)
{
	static const uint8_t types[] = { 130, 131, 132, 143, 130 };
	unsigned type = types[i % 5], len = i % 5 == 4 ? 28 : 24;
	uint8_t *p = ip6_put(f, router6(1), ip6_text("ff02::1"), 58, 1, len);

	p[0] = (uint8_t)type;
	p[5] = (uint8_t)i;
	if (i & 8)
		memcpy(p + 8, (addr6_t[1]){ ip6_text("ff02::1:ff00:1") }, 16);
	icmp_sum(f, len);
	ip6_insert(f, 0, (uint8_t[8]){ 0, 0, 5, 2, 0, 0, 1, 0 }, 8);
}

static void
too_big(struct bytes *f, unsigned i)
{
	static const uint32_t mtus[] = { 0, 67, 68, 1279, 1280, 1300, 1500, 0xffffffff };
	uint8_t *p = ip6_put(f, stranger6(i), ip6_host(0xa, 1), 58, 64, 8 + 48);

	p[0] = 2;
	store32(p + 4, host_be32(mtus[i & 7]));
	memcpy(p + 8, (uint8_t[8]){ 0x60, 0, 0, 0, 5, 0, 17, 64 }, 8);
	memcpy(p + 16, (addr6_t[1]){ ip6_host(0xa, 1) }, 16);
	memcpy(p + 32, (addr6_t[1]){ i & 8 ? stranger6(i) : ip6_host(0xb, 2) }, 16);
	icmp_sum(f, 56);
}

/* ---- the fight ---- */

/* The router that vio0 goes by: fe80::aa, which is a's. */
static void
honest_router(void)
{
	static struct bytes f;
	uint8_t *p = ip6_put(&f, router6(0), ip6_text("ff02::1"), 58, 255, 16 + 8);

	memcpy(p, (uint8_t[24]){ 134, [4] = 64, [6] = 0xff, 0xff, [16] = 1, 1 }, 24);
	memcpy(p + 18, a->s_port.p_mac, 6);
	icmp_sum(&f, 24);
	station_send(a, &f);
	sim_run(ms(1));
	SIM_CHECK(strstr(router_say(r, "netstat -rn -f inet6"), "fe80::aa%vio0") != NULL, "the router was not believed");
}

static void
start(void)
{
	static const char *const known6[] = { "ndp -s fd00:a::2 " MAC_A, "ndp -s fd00:a::9 " MAC_A, "ndp -s fd00:b::2 " MAC_B };
	struct wire *wa = wire_new("a"), *wb = wire_new("b");
	struct port *pa, *pb;

	wa->w_delay = wb->w_delay = us(50);
	r = router_new("r");
	pa = router_port(r, wa);
	a = station_new(wa, pa, 0xa, MAC_A);
	pb = router_port(r, wb);
	b = station_new(wb, pb, 0xb, MAC_B);
	router_start(r, sim_print("# /etc/hostname.vio0\ninet 10.10.0.1/16\ninet6 fd00:a::1 64\n%s!arp -s 10.10.0.2 " MAC_A "\n!arp -s 10.10.0.9 " MAC_A
	    "\n# /etc/hostname.vio1\ninet 10.11.0.1/16\ninet6 fd00:b::1 64\n!arp -s 10.11.0.2 " MAC_B
	    "\n# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n%s", host_mode ? "inet6 autoconf\n" : "",
	    host_mode ? "" : "net.inet6.ip6.forwarding=1\n"));
	sim_run(sec(10));			/* addresses are known to be ours alone */
	for (unsigned i = 0; i < nitems(known6); i++)
		SIM_CHECK(*router_say(r, known6[i]) == '\0', "%s was not done", known6[i]);
	sim.start = sim.now;
	if (host_mode)
		honest_router();
	sim.start = sim.now;
}

/* Those of this moment: what goes through the router as IPv6 is not there when it is a host. */
static bool
applies(enum honest kind)
{
	return !host_mode || (kind != HO_FORWARD6 && kind != HO_NEW6);
}

/* What waits in the router, and how long its tables of neighbours are. */
static void
bounded(void)
{
	uint64_t used = r->r_e->se_mbufs();

	SIM_CHECK(used <= WAITING_MAX, "%" PRIu64 " mbufs are out", used);
}

static void
rounds(attack_fn *attack, unsigned first)
{
	static struct bytes f;
	unsigned i = first * ATTACKS * HO_COUNT;

	for (unsigned n = 0; n < ROUNDS; n++)
		for (enum honest kind = 0; kind < HO_COUNT; kind++) {
			for (unsigned k = 0; k < ATTACKS; k++) {
				attack(&f, i++);
				if (f.len > 0)
					station_send(a, &f);
			}
			if (applies(kind))
				honest_send(a, kind, first + n);
			sim_run(GAP / HO_COUNT + sim_below((uint32_t)us(20)));
			bounded();
		}
	sim_run(sec(2));
}

/* How many of each kind were lost in the rounds from `first` on. */
static void
losses(attack_fn *attack, unsigned first, unsigned *lost)
{
	honest_begin();
	rounds(attack, first);
	for (enum honest kind = 0; kind < HO_COUNT; kind++)
		lost[kind] = applies(kind) ? ROUNDS - (unsigned)honest_got(kind) : 0;
}

static void
fight(attack_fn *attack)
{
	unsigned quiet[HO_COUNT], lost[HO_COUNT];

	start();
	losses(nothing, 0, quiet);
	losses(attack, ROUNDS, lost);
	for (enum honest kind = 0; kind < HO_COUNT; kind++) {
		SIM_CHECK(quiet[kind] == 0, "%u of %u %s were lost without an attack", quiet[kind], ROUNDS, honest_names[kind]);
		SIM_CHECK(lost[kind] <= quiet[kind], "%u of %u %s were lost in the attack, %u without", lost[kind], ROUNDS, honest_names[kind], quiet[kind]);
	}
	if (host_mode)
		SIM_CHECK(strstr(router_say(r, "route -n get -inet6 default"), "gateway: fe80::aa%vio0") != NULL, "the honest router is not the one");
	sim_run(sec(90));			/* what waited has been refused, or given up */
	SIM_CHECK(r->r_e->se_mbufs() == 0, "%" PRIu64 " mbufs are still out", (uint64_t)r->r_e->se_mbufs());
	losses(nothing, 2 * ROUNDS, quiet);
	for (enum honest kind = 0; kind < HO_COUNT; kind++)
		SIM_CHECK(quiet[kind] == 0, "%u of %u %s were lost after the attack", quiet[kind], ROUNDS, honest_names[kind]);
}

#define HOSTILE(name)								\
	CASE_SEEDS(hostile_##name, 1)						\
	{									\
		host_mode = false;						\
		fight(name);							\
	}
#define HOSTILE_HOST(name)							\
	CASE_SEEDS(hostile_host_##name, 1)					\
	{									\
		host_mode = true;						\
		fight(name);							\
	}
HOSTILE(runts)
HOSTILE(headers4)
HOSTILE(headers6)
HOSTILE(options4)
HOSTILE(ttl4)
HOSTILE(hlim6)
HOSTILE(scan4)
HOSTILE(scan6)
HOSTILE(nobody4)
HOSTILE(nobody6)
HOSTILE(first_fragments4)
HOSTILE(first_fragments6)
HOSTILE(holes4)
HOSTILE(holes6)
HOSTILE(arp)
HOSTILE(arp_ours)
HOSTILE(echoes4)
HOSTILE(echoes6)
HOSTILE(errors4)
HOSTILE(igmp)
HOSTILE(ns_flood)
HOSTILE(na_flood)
HOSTILE(na_ours)
HOSTILE(dad_ours)
HOSTILE(ra_flood)
HOSTILE(rs_flood)
HOSTILE(redirects4)
HOSTILE(redirects6)
HOSTILE(chains)
HOSTILE(unknown_options)
HOSTILE(mld)
HOSTILE(too_big)
HOSTILE_HOST(ns_flood)
HOSTILE_HOST(ra_flood)
HOSTILE_HOST(redirects6)
HOSTILE_HOST(nobody6)
