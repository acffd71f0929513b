/* test_hostile.c - the Link, IPv4, Fragments and ICMP paragraphs of the list of hostile input (HOSTILE.md), line by line: what comes in, and which
 * counter says that it was refused; then ten of a kind for each good one (both families, and several cores: sim/case_hostile.c). Every field
 * of good packets is changed in test_mutate.c. What is long has its own test elsewhere: overlaps and floods of fragments in test_reass.c, path
 * MTU and forged errors in test_pmtu.c, error floods in test_icmp.c, the table's and the wait list's limits in test_arp.c, our own source in
 * test_ip.c. */
#include <stdio.h>
#include <string.h>

#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/inet/igmp.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

static struct pkt p;
static const uint8_t mac_a[6] = { 2, 0, 0, 0, 1, 1 };

static void
arp_pkt(unsigned op, const uint8_t *sha, const char *spa, const char *tpa)
{
	struct ether_arp *ea = (struct ether_arp *)(p.p_b + 14);

	memset(p.p_b, 0, 60);
	memcpy(p.p_b, op == ARPOP_REQUEST ? etherbroadcastaddr : t0.w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, sha, 6);
	store16(p.p_b + 12, BE16(ETHERTYPE_ARP));
	*ea = (struct ether_arp){ .ar_hrd = BE16(ARPHRD_ETHER), .ar_pro = BE16(ETHERTYPE_IP), .ar_hln = 6, .ar_pln = 4,
	    .ar_op = host_be16((uint16_t)op), .arp_spa = addr(spa), .arp_tpa = addr(tpa) };
	memcpy(ea->arp_sha, sha, 6);
	p.p_len = 60;
}

static void
icmp_sum(void)
{
	unsigned hlen = (p.p_b[14] & 15) * 4u, len = be16_host(pkt_iphdr(&p)->ip_len);

	store16(p.p_b + 14 + hlen + 2, 0);
	store16(p.p_b + 14 + hlen + 2, in_cksum(p.p_b + 14 + hlen, len - hlen));
}

static void
icmp_pkt(unsigned type, unsigned code, unsigned len)
{
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", 1, 64, 20, len);
	p.p_b[34] = (uint8_t)type;
	p.p_b[35] = (uint8_t)code;
	if (len >= 4)
		icmp_sum();
}

/* Good traffic goes on. */
static void
honest(void)
{
	static struct pkt good;

	pkt_udp(&good, "10.0.0.2", "10.1.0.1", 64, 26);
	wire_rx(&t0, &good);
	for (struct pkt *f; (f = wire_tx(&t1)) != NULL; )
		if (f->p_len == 60 && load16(f->p_b + 12) == BE16(ETHERTYPE_IP) && pkt_iphdr(f)->ip_dst == addr("10.1.0.1"))
			return;
	CHECK(!"a good packet was lost");
}

static const char *what;

/* p is refused for this reason alone, and answered by nothing, or by an ICMP error of this type. */
static void
refused(const char *counter, int error)
{
	struct pkt *f;

	counter_mark();
	wire_rx(&t0, &p);
	if (counter_delta(counter) != 1)
		unit_fail(__FILE__, __LINE__, "%s: not counted as %s", what, counter);
	SET_FOREACH(const struct counter, c, counters)
		if (c->c_kind == COUNTER_DROP && strcmp(c->c_name, counter) != 0 && counter_delta(c->c_name) != 0)
			unit_fail(__FILE__, __LINE__, "%s: counted as %s, too", what, c->c_name);
	f = wire_tx(&t0);
	if ((f != NULL) != (error >= 0) || (f != NULL && f->p_b[34] != error) || wire_tx(&t0) != NULL || wire_tx(&t1) != NULL)
		unit_fail(__FILE__, __LINE__, "%s: something else came out", what);
	honest();
	net_balance();
}

/* ---- the lines ---- */

static void
udp(void)
{
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
}

#define LINE(text) what = text

static void
link_lines(void)
{
	LINE("Link: runt");
	for (unsigned len = 1; len < 14; len++) {
		udp();
		p.p_len = len;
		refused("eths_runt", -1);
	}
	LINE("Link: short tagged frame, tag stack deeper than allowed");
	for (unsigned len = 14; len < 60; len += 4) {
		udp();
		for (unsigned i = 12; i < 60; i += 4)
			store16(p.p_b + i, BE16(0x8100));
		p.p_len = len;
		refused("eths_noproto", -1);
	}
	LINE("Link: source that is a group");
	udp();
	p.p_b[6] |= 1;
	refused("eths_srcmulti", -1);
	LINE("Link: link length unequal to IP length, shorter");
	for (unsigned len = 34; len < 60; len++) {
		udp();
		p.p_len = len;
		refused("ips_tooshort", -1);
	}
	LINE("Link: spoofed ARP, reply of whom nobody asked");
	arp_pkt(ARPOP_REPLY, mac_a, "10.0.0.77", "10.0.0.1");
	refused("arps_unasked", -1);
	LINE("Link: spoofed ARP, permanent neighbour");
	arp_pkt(ARPOP_REPLY, mac_a, "10.0.0.2", "10.0.0.1");
	refused("arps_static", -1);
	CHECK_MEM(nexthop_lladdr(nexthop_find(&t0.w_if, addr("10.0.0.2"))), t0.w_host, 6);
}

static void
ipv4_lines(void)
{
	static const char *const sources[] = { "224.0.0.1", "255.255.255.255", "127.0.0.1", "240.0.0.1", "0.0.0.0" };

	LINE("IPv4: wrong version");
	for (unsigned v = 0; v < 16; v++) {
		udp();
		p.p_b[14] = (uint8_t)(v << 4 | 5);
		pkt_ipsum(&p);
		if (v != 4)
			refused("ips_badvers", -1);
	}
	LINE("IPv4: IHL < 5");
	for (unsigned ihl = 0; ihl < 5; ihl++) {
		udp();
		p.p_b[14] = (uint8_t)(0x40 | ihl);
		refused("ips_badhlen", -1);
	}
	LINE("IPv4: header longer than packet");
	udp();
	p.p_b[14] = 0x4f;
	refused("ips_badhlen", -1);
	LINE("IPv4: total length longer than frame");
	udp();
	pkt_iphdr(&p)->ip_len = BE16(65535);
	pkt_ipsum(&p);
	refused("ips_tooshort", -1);
	LINE("IPv4: total length shorter than header");
	udp();
	pkt_iphdr(&p)->ip_len = 0;
	pkt_ipsum(&p);
	refused("ips_badlen", -1);
	LINE("IPv4: impossible source");
	for (unsigned i = 0; i < nitems(sources); i++) {
		pkt_udp(&p, sources[i], "10.1.0.1", 64, 26);
		refused("ips_badsrc", -1);
	}
	LINE("IPv4: broadcast of our network as source");
	pkt_udp(&p, "10.0.0.255", "10.1.0.1", 64, 26);
	refused("ips_bcastsrc", -1);
	LINE("IPv4: our own source");
	pkt_udp(&p, "10.0.0.1", "10.0.0.1", 64, 26);
	refused("ips_ownsrc", -1);
	LINE("IPv4: TTL 0 and 1");
	for (unsigned ttl = 0; ttl < 2; ttl++) {
		pkt_udp(&p, "10.0.0.2", "10.1.0.1", ttl, 26);
		refused("ips_ttl", ICMP_TIMXCEED);
	}
	LINE("IPv4: bad header checksum");
	for (unsigned bit = 0; bit < 160; bit++) {
		udp();
		p.p_b[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit / 8 > 0)
			refused("ips_badsum", -1);
	}
}

/* IPv4: malformed and overlong options (CVE-2019-12256), source routes: RFC 791 3.1, RFC 7126. */
static void
option_lines(void)
{
	static const struct { const char *counter; int error; uint8_t o[4]; } t[] = {
		{ "ips_badoptions", ICMP_PARAMPROB, { 7, 0, 0, 0 } },		/* no length */
		{ "ips_badoptions", ICMP_PARAMPROB, { 7, 1, 0, 0 } },
		{ "ips_badoptions", ICMP_PARAMPROB, { 7, 5, 4, 0 } },		/* beyond the header */
		{ "ips_badoptions", ICMP_PARAMPROB, { 1, 1, 1, 7 } },		/* its length is not there */
		{ "ips_badoptions", ICMP_PARAMPROB, { 68, 255, 5, 0 } },
		{ "ips_badoptions", ICMP_PARAMPROB, { 131, 255, 4, 0 } },
		{ "ips_srcroute", ICMP_UNREACH, { 131, 3, 4, 0 } },
		{ "ips_srcroute", ICMP_UNREACH, { 137, 3, 4, 0 } },
		{ "ips_srcroute", ICMP_UNREACH, { 1, 131, 3, 255 } },
	};

	LINE("IPv4: malformed and overlong options, source route");
	for (unsigned i = 0; i < nitems(t); i++)
		for (unsigned to_us = 0; to_us < 2; to_us++) {
			pkt_ip(&p, "10.0.0.2", to_us ? "10.0.0.1" : "10.1.0.1", 17, 64, 24, 26);
			memcpy(p.p_b + 34, t[i].o, 4);
			pkt_ipsum(&p);
			refused(t[i].counter, t[i].error);
			host_run(1000);
		}
}

static void
fragment_lines(void)
{
	static const struct { const char *text, *counter; unsigned proto, off, len; } t[] = {
		{ "Fragments: zero length", "ips_badfrags", 17, IP_MF, 0 },
		{ "Fragments: zero length, last", "ips_badfrags", 17, 8, 0 },
		{ "Fragments: not a multiple of 8", "ips_badfrags", 17, IP_MF, 9 },
		{ "Fragments: beyond 65535 (ping of death)", "ips_toolong", 1, 8191, 100 },
		{ "Fragments: beyond 65535, middle", "ips_toolong", 1, IP_MF | 8190, 24 },
		{ "Fragments: tiny first fragment (RFC 1858)", "ips_fragtiny", 6, IP_MF, 8 },
		{ "Fragments: TCP header's rest (RFC 3128)", "ips_fragtiny", 6, IP_MF | 1, 8 },
	};

	for (unsigned i = 0; i < nitems(t); i++) {
		LINE(t[i].text);
		pkt_ip(&p, "10.0.0.2", "10.0.0.1", t[i].proto, 64, 20, t[i].len);
		pkt_iphdr(&p)->ip_off = host_be16((uint16_t)t[i].off);
		pkt_ipsum(&p);
		refused(t[i].counter, -1);
	}
}

static void
icmp_lines(void)
{
	LINE("ICMP: undersized echo (CVE-2020-17443)");
	for (unsigned len = 0; len < 8; len++) {
		icmp_pkt(ICMP_ECHO, 0, len);
		refused("icps_tooshort", -1);
	}
	LINE("ICMP: error that quotes nothing, or less than a header and 8 bytes");
	for (unsigned len = 8; len < 8 + 28; len++) {
		icmp_pkt(ICMP_UNREACH, 1, len);
		p.p_b[42] = len > 8 ? 0x45 : p.p_b[42];
		icmp_sum();
		refused("icps_badlen", -1);
	}
	LINE("ICMP: error whose quote matches no state");
	icmp_pkt(ICMP_UNREACH, 1, 36);
	p.p_b[42] = 0x45;
	icmp_sum();
	refused("icps_stranger", -1);
	LINE("ICMP: quoted header longer than the quote");
	p.p_b[42] = 0x4f;
	icmp_sum();
	refused("icps_badlen", -1);
	LINE("ICMP: error about an error");
	pkt_ip(&p, "10.0.0.2", "192.0.2.1", 1, 64, 20, 36);
	p.p_b[34] = ICMP_UNREACH;
	refused("ips_noroutes", -1);
	LINE("ICMP: echo to all");
	pkt_ip(&p, "10.0.0.2", "10.0.0.255", 1, 64, 20, 64);
	memset(p.p_b, 0xff, 6);
	p.p_b[34] = ICMP_ECHO;
	p.p_b[35] = 0;
	icmp_sum();
	refused("icps_bmcastecho", -1);
}

TEST(hostile_lines)
{
	net_start();
	link_lines();
	ipv4_lines();
	option_lines();
	fragment_lines();
	icmp_lines();
	net_end();
}

/* Fragments: fragments carrying tunnels (CVE-2020-11896), the inner header lying about its length. We end no such tunnel: put together, refused, told. */
TEST(hostile_tunnels_in_fragments)
{
	static const uint8_t tunnels[] = { 4, 41, 47, 94, 97, 137 };
	struct pkt *f;

	net_start();
	for (unsigned i = 0; i < nitems(tunnels); i++) {
		counter_mark();
		for (unsigned part = 0; part < 2; part++) {
			pkt_ip(&p, "10.0.0.2", "10.0.0.1", tunnels[i], 64, 20, 64);
			if (part == 0)
				memcpy(p.p_b + 34, (uint8_t[]){ 0x4f, 0, 0xff, 0xff, 0, 1, 0x20, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 1 }, 20);
			pkt_iphdr(&p)->ip_id = host_be16((uint16_t)(100 + i));
			pkt_iphdr(&p)->ip_off = part == 0 ? BE16(IP_MF) : BE16(8);
			pkt_ipsum(&p);
			wire_rx(&t0, &p);
		}
		CHECK_EQ(counter_delta("ips_reassembled"), 1);
		CHECK_EQ(counter_delta("ips_noproto"), 1);
		CHECK_EQ(counter_delta("ips_fragused") + counter_delta("ips_fragmerged"), 1);
		CHECK_EQ(counter_delta("ips_forward"), 0);
		f = wire_tx(&t0);
		CHECK(f != NULL && f->p_b[34] == ICMP_UNREACH && f->p_b[35] == ICMP_UNREACH_PROTOCOL);
		CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
		net_balance();
	}
	honest();
	net_end();
}

/* What looks odd and is legal. */
TEST(hostile_but_legal)
{
	struct pkt *f;

	net_start();
	udp();
	memset(p.p_b + p.p_len, 0xee, 400);		/* link length longer than IP length (CVE-2020-11913): cut */
	p.p_len += 400;
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL && f->p_len == 60);
	CHECK(if_setmtu(&t0.w_if, 9000));
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 4000);	/* oversize for the way out: in pieces */
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL && wire_tx(&t1) != NULL && wire_tx(&t1) != NULL && wire_tx(&t1) == NULL);
	icmp_pkt(ICMP_ECHO, 0, 8);			/* no data at all */
	wire_rx(&t0, &p);
	f = wire_tx(&t0);
	CHECK(f != NULL && f->p_b[34] == ICMP_ECHOREPLY);
	net_end();
}

/* Link: gratuitous ARP flood: nothing is learnt of it, and honest traffic goes on. */
TEST(hostile_gratuitous_flood)
{
	char name[20];
	unsigned n = 0;

	net_start();
	CHECK(if_addaddr(&t0.w_if, addr("172.16.0.1"), 16, 0) == NULL);
	for (unsigned i = 2; i < 5000; i++) {
		snprintf(name, sizeof(name), "172.16.%u.%u", i >> 8, i & 255);
		arp_pkt(i & 1 ? ARPOP_REQUEST : ARPOP_REPLY, mac_a, name, name);
		memcpy(p.p_b, etherbroadcastaddr, 6);
		wire_rx(&t0, &p);
		if (i % 10 == 0)
			honest();
	}
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		n++;
	CHECK_EQ(n, 3);		/* lo0, and the two permanent ones */
	net_end();
}

/* ---- ten hostile packets for each honest one ---- */

static void
attack_runt(unsigned i)
{
	udp();
	p.p_len = 1 + i % 13;
}

static void
attack_header(unsigned i)
{
	udp();
	p.p_b[14 + i % 20] ^= (uint8_t)(1 << i % 7);
}

static void
attack_options(unsigned i)
{
	pkt_ip(&p, "10.0.0.9", "10.0.0.1", 17, 64, 24, 26);
	p.p_b[34] = 7;
	p.p_b[35] = (uint8_t)i;
	pkt_ipsum(&p);
}

/* Errors for somebody who wants many. */
static void
attack_ttl(unsigned i __unused_arg)
{
	pkt_udp(&p, "10.0.0.9", "10.1.0.1", 1, 26);
}

static void
attack_fragments(unsigned i)
{
	char src[20];

	snprintf(src, sizeof(src), "172.%u.%u.%u", 16 + (i >> 16 & 15), i >> 8 & 255, i & 255);
	pkt_ip(&p, src, "10.0.0.1", 17, 64, 20, 1400);
	pkt_iphdr(&p)->ip_off = BE16(IP_MF);
	pkt_ipsum(&p);
}

/* Hosts that do not exist, one after the other. */
static void
attack_scan(unsigned i)
{
	char dst[20];

	snprintf(dst, sizeof(dst), "172.31.%u.%u", i >> 8 & 255, i & 255);
	pkt_udp(&p, "10.0.0.9", dst, 64, 26);
}

static void
attack_arp(unsigned i)
{
	char name[20];

	snprintf(name, sizeof(name), "10.0.0.%u", 20 + i % 200);
	arp_pkt(i & 1 ? ARPOP_REQUEST : ARPOP_REPLY, mac_a, name, i & 2 ? name : "10.0.0.1");
}

static void
attack_our_address(unsigned i)
{
	arp_pkt(i & 1 ? ARPOP_REQUEST : ARPOP_REPLY, mac_a, "10.0.0.1", "10.0.0.1");
}

static void
attack_errors(unsigned i)
{
	icmp_pkt(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 36);
	memcpy(p.p_b + 42, (uint8_t[]){ 0x45, 0, 5, 220, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 1 }, 20);
	p.p_b[40] = (uint8_t)(i >> 8);
	p.p_b[41] = (uint8_t)i;
	icmp_sum();
}

static void
attack_echo(unsigned i)
{
	icmp_pkt(ICMP_ECHO, 0, 8 + i % 1000);
}

static void
attack_groups(unsigned i)
{
	pkt_ip(&p, "10.0.0.2", "224.0.0.1", 2, 1, 24, 12);
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
	memcpy(p.p_b + 38, (uint8_t[]){ IGMP_QUERY, (uint8_t)i, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0 }, 12);
	store16(p.p_b + 40, in_cksum(p.p_b + 38, 12));
}

/* Whether a frame for dst came out of w, of IP protocol `proto`; others are passed over. */
static bool
came(struct wire *w, const char *dst, unsigned proto)
{
	bool yes = false;

	for (struct pkt *f; (f = wire_tx(w)) != NULL; )
		yes |= load16(f->p_b + 12) == BE16(ETHERTYPE_IP) && pkt_iphdr(f)->ip_dst == addr(dst) && pkt_iphdr(f)->ip_p == proto &&
		    (proto != 1 || f->p_b[34] == ICMP_ECHOREPLY || (pkt_iphdr(f)->ip_off & BE16(IP_OFFMASK)));
	return yes;
}

/* The honest ones: one that passes, one to a neighbour whom we have to ask for first, an echo in two fragments. */
static void
honest_ones(unsigned round)
{
	static uint8_t ping[1508];
	char dst[20];

	snprintf(dst, sizeof(dst), "10.0.1.%u", 10 + round % 200);
	honest();
	pkt_udp(&p, "10.0.0.3", dst, 64, 26);
	wire_rx(&t0, &p);
	arp_pkt(ARPOP_REPLY, mac_a, dst, "10.0.1.1");
	memcpy(p.p_b, t1.w_if.if_lladdr, 6);
	t1.w_next = t1.w_ntx;
	wire_rx(&t1, &p);
	if (!came(&t1, dst, 17))
		unit_fail(__FILE__, __LINE__, "%s: a packet to a new neighbour was lost", what);
	ping[0] = ICMP_ECHO;
	store16(ping + 2, 0);
	store16(ping + 2, in_cksum(ping, sizeof(ping)));
	for (unsigned i = 0; i < 2; i++) {
		unsigned len = i == 0 ? 1480 : sizeof(ping) - 1480;

		pkt_ip(&p, "10.0.0.3", "10.0.0.1", 1, 64, 20, len);
		memcpy(p.p_b + 34, ping + i * 1480, len);
		pkt_iphdr(&p)->ip_id = host_be16((uint16_t)(round + 1));
		pkt_iphdr(&p)->ip_off = i == 0 ? BE16(IP_MF) : BE16(185);
		pkt_ipsum(&p);
		t0.w_next = t0.w_ntx;
		wire_rx(&t0, &p);
	}
	if (!came(&t0, "10.0.0.3", 1))
		unit_fail(__FILE__, __LINE__, "%s: an echo in fragments was not answered", what);
}

TEST(hostile_ten_to_one)
{
	static const struct { const char *name; void (*make)(unsigned); } attacks[] = {
		{ "runts", attack_runt }, { "headers", attack_header }, { "options", attack_options }, { "TTL 1", attack_ttl },
		{ "first fragments", attack_fragments }, { "a scan", attack_scan }, { "ARP", attack_arp },
		{ "ARP for our address", attack_our_address }, { "forged errors", attack_errors }, { "echoes", attack_echo },
		{ "IGMP", attack_groups },
	};
	unsigned n = 0;

	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.31.0.1"), 16, 0) == NULL);
	CHECK(arp_set(0, addr("10.0.0.3"), t0.w_host, NHF_STATIC) == NULL && arp_set(0, addr("10.0.0.9"), t0.w_host, NHF_STATIC) == NULL);
	host_run(10000);
	for (unsigned a = 0; a < nitems(attacks); a++) {
		what = attacks[a].name;
		arp_flush(0);
		for (unsigned round = 0; round < 200; round++) {
			for (unsigned i = 0; i < 10; i++) {
				attacks[a].make(n++);
				wire_rx(&t0, &p);
			}
			t0.w_next = t0.w_ntx;
			t1.w_next = t1.w_ntx;
			honest_ones(round);
			host_run(2);
		}
		net_balance();
		CHECK(mbuf_used() <= 1024 + 512);
		host_run(60000);
	}
	CHECK_EQ(mbuf_used(), 0);
	net_end();
}
