/* station.c - frames and stations of station.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/station.h"

#define HONEST_MAX	4096
#define HONEST_PORT	9999
#define HONEST_ID	0x4800u		/* of echoes: this and the kind */
#define NEW		0x1000u		/* host numbers of those whom the router does not know; those above LIVING do not exist */
#define LIVING		0x3000u

const char *const honest_names[HO_COUNT] = { "IPv4 packets", "IPv6 packets", "IPv4 packets to new neighbours", "IPv6 packets to new neighbours",
    "echoes of new neighbours", "IPv6 echoes of new neighbours", "echoes", "IPv6 echoes", "echoes in fragments", "IPv6 echoes in fragments" };
static uint8_t seen[HO_COUNT][HONEST_MAX];
static uint64_t got[HO_COUNT];

/* ---- frames ---- */

static void
put16(uint8_t *p, unsigned v)
{
	store16(p, host_be16((uint16_t)v));
}

static unsigned
get16(const uint8_t *p)
{
	return be16_host(load16(p));
}

addr6_t
ip6_host(unsigned net, uint32_t n)
{
	addr6_t a = { { 0xfd, 0, (uint8_t)(net >> 8), (uint8_t)net } };

	store32(a.a + 12, host_be32(n));
	return a;
}

addr6_t
ip6_text(const char *s)
{
	const char *gap = strstr(s, "::");
	addr6_t a = { { 0 } };
	unsigned at = 0, behind = 1;

	for (const char *p = gap; p != NULL && *p != '\0'; p++)
		behind += p > gap + 1 && *p == ':';
	while (*s != '\0') {
		char *end;

		if (*s == ':') {
			at = s == gap ? 8 - behind : at;
			s += s == gap ? 2 : 1;
			continue;
		}
		put16(a.a + at++ * 2, (unsigned)strtoul(s, &end, 16));
		s = end;
	}
	return a;
}

void
ether_put(struct bytes *f, const uint8_t *dst, const uint8_t *src, unsigned type)
{
	memcpy(f->b, dst, 6);
	memcpy(f->b + 6, src, 6);
	put16(f->b + 12, type);
	f->len = 14;
}

void
arp_put(struct bytes *f, unsigned op, const uint8_t *mac, uint32_t spa, uint32_t tpa)
{
	memset(f->b, 0, 60);
	put16(f->b + 12, 0x0806);
	memcpy(f->b + 14, (uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, (uint8_t)op }, 8);
	memcpy(f->b + 22, mac, 6);
	store32(f->b + 28, spa);
	store32(f->b + 38, tpa);
	if (op == 1)
		memset(f->b, 0xff, 6);
	f->len = 60;
}

static void
ip4_sum(struct bytes *f)
{
	store16(f->b + 24, 0);
	store16(f->b + 24, cksum(f->b + 14, (f->b[14] & 15) * 4u, 0));
}

uint8_t *
ip4_put(struct bytes *f, uint32_t src, uint32_t dst, unsigned proto, unsigned ttl, unsigned payload)
{
	memset(f->b, 0, 34 + payload);
	put16(f->b + 12, 0x0800);
	f->b[14] = 0x45;
	put16(f->b + 16, 20 + payload);
	f->b[22] = (uint8_t)ttl;
	f->b[23] = (uint8_t)proto;
	store32(f->b + 26, src);
	store32(f->b + 30, dst);
	f->len = 34 + payload;
	ip4_sum(f);
	return f->b + 34;
}

void
ip4_off(struct bytes *f, unsigned id, unsigned off)
{
	put16(f->b + 18, id);
	put16(f->b + 20, off);
	ip4_sum(f);
}

uint8_t *
ip6_put(struct bytes *f, addr6_t src, addr6_t dst, unsigned nxt, unsigned hlim, unsigned payload)
{
	memset(f->b, 0, 54 + payload);
	put16(f->b + 12, 0x86dd);
	f->b[14] = 0x60;
	put16(f->b + 18, payload);
	f->b[20] = (uint8_t)nxt;
	f->b[21] = (uint8_t)hlim;
	memcpy(f->b + 22, &src, 16);
	memcpy(f->b + 38, &dst, 16);
	if (dst.a[0] == 0xff) {
		f->b[0] = f->b[1] = 0x33;
		memcpy(f->b + 2, dst.a + 12, 4);
	}
	f->len = 54 + payload;
	return f->b + 54;
}

void
ip6_insert(struct bytes *f, unsigned nxt, const uint8_t *ext, unsigned len)
{
	memmove(f->b + 54 + len, f->b + 54, f->len - 54);
	memcpy(f->b + 54, ext, len);
	f->b[54] = f->b[20];
	f->b[20] = (uint8_t)nxt;
	f->len += len;
	put16(f->b + 18, f->len - 54);
}

void
icmp_sum(struct bytes *f, unsigned whole)
{
	bool six = get16(f->b + 12) == 0x86dd;
	uint8_t *p = f->b + (six ? 54 : 34);
	uint32_t start = 0;

	store16(p + 2, 0);
	if (six) {
		for (unsigned i = 22; i < 54; i += 2)
			start += load16(f->b + i);
		start += BE16(58) + host_be16((uint16_t)whole);
	}
	store16(p + 2, cksum(p, f->len - (unsigned)(p - f->b), start));
}

/* ---- what arrives ---- */

static void
honest_seen(unsigned kind, unsigned n)
{
	if (kind < HO_COUNT && n < HONEST_MAX && !seen[kind][n]) {
		seen[kind][n] = 1;
		got[kind]++;
	}
}

static bool
lives(uint32_t n)
{
	return n >= NEW && n < LIVING;
}

static void
got_arp(struct station *s, const uint8_t *p)
{
	uint32_t who = be32_host(load32(p + 38));
	static struct bytes f;

	if (p[21] != 1 || (who >> 16 & 0xff) != s->s_net || !lives(who & 0xffff))
		return;
	arp_put(&f, 2, s->s_port.p_mac, load32(p + 38), load32(p + 28));
	s->s_answered++;
	station_send(s, &f);
}

static void
got_ns(struct station *s, const uint8_t *p)
{
	addr6_t target, asker;
	static struct bytes f;
	uint8_t *na;

	memcpy(&target, p + 62, 16);
	memcpy(&asker, p + 22, 16);
	if (target.a[0] != 0xfd || get16(target.a + 2) != s->s_net || !lives(be32_host(load32(target.a + 12))) ||
	    memcmp(&asker, (addr6_t[1]){ { { 0 } } }, 16) == 0)
		return;
	na = ip6_put(&f, target, asker, 58, 255, 32);
	na[0] = 136;
	na[4] = 0x60;
	memcpy(na + 8, &target, 16);
	na[24] = 2;
	na[25] = 1;
	memcpy(na + 26, s->s_port.p_mac, 6);
	icmp_sum(&f, 32);
	s->s_answered++;
	station_send(s, &f);
}

static void
got_ip4(const uint8_t *p, unsigned len)
{
	if (p[23] == 17 && len >= 46 && get16(p + 36) == HONEST_PORT)
		honest_seen(get16(p + 42), get16(p + 44));
	else if (p[23] == 1 && len >= 42 && p[34] == 0 && (get16(p + 20) & 0x1fff) == 0 && (get16(p + 38) & 0xff00) == HONEST_ID)
		honest_seen(get16(p + 38) & 0xff, get16(p + 40));
}

static void
got_ip6(struct station *s, const uint8_t *p, unsigned len)
{
	if (p[20] == 44 && len >= 70 && (get16(p + 56) & 0xfff8) == 0 && p[54] == 58) {
		if (p[62] == 129 && (get16(p + 66) & 0xff00) == HONEST_ID)
			honest_seen(get16(p + 66) & 0xff, get16(p + 68));
	} else if (p[20] == 17 && len >= 66 && get16(p + 56) == HONEST_PORT)
		honest_seen(get16(p + 62), get16(p + 64));
	else if (p[20] == 58 && len >= 62 && p[54] == 129 && (get16(p + 58) & 0xff00) == HONEST_ID)
		honest_seen(get16(p + 58) & 0xff, get16(p + 60));
	else if (p[20] == 58 && len >= 78 && p[54] == 135)
		got_ns(s, p);
}

static void
arrived(struct port *port, const struct frame *f)
{
	struct station *s = port->p_owner;

	if (f->f_len < 42)
		return;
	if (get16(f->f_b + 12) == 0x0806)
		got_arp(s, f->f_b);
	else if (get16(f->f_b + 12) == 0x0800)
		got_ip4(f->f_b, f->f_len);
	else if (get16(f->f_b + 12) == 0x86dd)
		got_ip6(s, f->f_b, f->f_len);
}

struct station *
station_new(struct wire *w, struct port *peer, unsigned net, const char *mac)
{
	struct station *s = sim_alloc(sizeof(*s));

	snprintf(s->s_port.p_name, sizeof(s->s_port.p_name), "station%x", net);
	mac_of(mac, s->s_port.p_mac);
	s->s_port.p_owner = s;
	s->s_port.p_rx = arrived;
	s->s_peer = peer;
	s->s_net = net;
	wire_attach(w, &s->s_port);
	return s;
}

void
station_send(struct station *s, struct bytes *f)
{
	if (f->len >= 6 && !(f->b[0] & 1))
		memcpy(f->b, s->s_peer->p_mac, 6);
	if (f->len >= 12)
		memcpy(f->b + 6, s->s_port.p_mac, 6);
	port_send(&s->s_port, f->b, f->len);
}

/* ---- honest traffic ---- */

void
honest_begin(void)
{
	memset(seen, 0, sizeof(seen));
	memset(got, 0, sizeof(got));
}

uint64_t
honest_got(enum honest kind)
{
	return got[kind];
}

static void
honest_udp(struct station *s, enum honest kind, unsigned n, bool six, uint32_t to)
{
	static struct bytes f;
	uint8_t *p = six ? ip6_put(&f, ip6_host(s->s_net, 2), ip6_host(0xb, to), 17, 64, 40) :
	    ip4_put(&f, ip4_host(s->s_net, 2), ip4_host(0xb, to), 17, 64, 40);

	put16(p, 5000 + n);			/* flows of all cores */
	put16(p + 2, HONEST_PORT);
	put16(p + 4, 40);
	put16(p + 8, kind);
	put16(p + 10, n);
	if (six)				/* the checksum that it must have: UDP's is where no one looks on the way */
		put16(p + 6, 0xffff);
	station_send(s, &f);
}

/* To the router, of len bytes; the first `first` of them, and then the rest. */
static void
honest_echo(struct station *s, enum honest kind, unsigned n, bool six, uint32_t from, unsigned len, unsigned first)
{
	static struct bytes f;
	uint8_t *p = six ? ip6_put(&f, ip6_host(s->s_net, from), ip6_host(s->s_net, 1), 58, 64, first) :
	    ip4_put(&f, ip4_host(s->s_net, from), ip4_host(s->s_net, 1), 1, 64, first);
	uint8_t frag[8] = { 0, 0, 0, 1, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };

	p[0] = six ? 128 : 8;
	put16(p + 4, HONEST_ID | kind);
	put16(p + 6, n);
	icmp_sum(&f, len);			/* the rest is zeros */
	if (first == len) {
		station_send(s, &f);
		return;
	}
	if (six)
		ip6_insert(&f, 44, frag, 8);
	else
		ip4_off(&f, n, 0x2000);
	station_send(s, &f);
	put16(frag + 2, first);
	if (six) {
		ip6_put(&f, ip6_host(s->s_net, from), ip6_host(s->s_net, 1), 58, 64, len - first);
		ip6_insert(&f, 44, frag, 8);
	} else {
		ip4_put(&f, ip4_host(s->s_net, from), ip4_host(s->s_net, 1), 1, 64, len - first);
		ip4_off(&f, n, first / 8);
	}
	station_send(s, &f);
}

void
honest_send(struct station *s, enum honest kind, unsigned n)
{
	bool six = kind & 1;

	SIM_CHECK(n < HONEST_MAX, "too many honest packets");
	switch (kind & ~1u) {
	case HO_FORWARD4:
		honest_udp(s, kind, n, six, 2);
		break;
	case HO_NEW4:
		honest_udp(s, kind, n, six, NEW + n);
		break;
	case HO_PEER4:
		honest_echo(s, kind, n, six, NEW + n, 64, 64);
		break;
	case HO_ECHO4:
		honest_echo(s, kind, n, six, 2, 64, 64);
		break;
	default:
		honest_echo(s, kind, n, six, 2, 2000, 1200);
		break;
	}
}
