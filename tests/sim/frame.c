/* frame.c - frames: built from what a case says, compared with it, shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/frame.h"

#define ETH	14
#define IPH	20
#define MINLEN	60		/* of an Ethernet frame without FCS */
#define QUOTE	548u		/* bytes of a packet that our errors quote: RFC 1812 4.3.2.3 */

struct frame *
frame_new(const void *b, unsigned len)
{
	struct frame *f = malloc(sizeof(*f) + len);

	if (f == NULL)
		abort();
	f->f_len = len;
	memcpy(f->f_b, b, len);
	return f;
}

uint32_t
ip_of(const char *s)
{
	unsigned a, b, c, d;

	if (s == NULL || sscanf(s, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
		sim_fail(__FILE__, __LINE__, "the case has a bad address: %s", s != NULL ? s : "none");
	return BE32(a << 24 | b << 16 | c << 8 | d);
}

void
mac_of(const char *s, uint8_t *m)
{
	if (sscanf(s, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6)
		sim_fail(__FILE__, __LINE__, "the case has a bad Ethernet address: %s", s);
}

uint16_t
cksum(const void *p, size_t len, uint32_t start)
{
	const uint8_t *b = p;
	uint64_t s = start;

	for (; len > 1; len -= 2, b += 2)
		s += load16(b);
	if (len > 0)
		s += *b;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint16_t
l4_cksum(unsigned proto, uint32_t src, uint32_t dst, const uint8_t *p, unsigned len)
{
	uint32_t s = (src & 0xffff) + (src >> 16) + (dst & 0xffff) + (dst >> 16) + BE16(proto) + BE16(len);

	return cksum(p, len, s);
}

uint16_t
udp_cksum(uint32_t src, uint32_t dst, const uint8_t *udp, unsigned len)
{
	return l4_cksum(17, src, dst, udp, len);
}

void
pattern(uint8_t *b, unsigned from, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		b[i] = (uint8_t)((from + i) * 7 + 3 + ((from + i) >> 8));
}

/* ---- building ---- */

static unsigned build_ip(const struct pkt *p, uint8_t *ip);

static unsigned
build_udp(const struct pkt *p, uint8_t *u)
{
	unsigned len = 8 + p->len;
	uint16_t sum;

	store16(u, BE16(p->sport));
	store16(u + 2, BE16(p->dport));
	store16(u + 4, BE16(len));
	store16(u + 6, 0);
	pattern(u + 8, 0, p->len);
	sum = udp_cksum(ip_of(p->src), ip_of(p->dst), u, len);
	store16(u + 6, p->badl4sum ? (uint16_t)~sum : sum != 0 ? sum : 0xffff);
	return len;
}

static unsigned
build_tcp(const struct pkt *p, uint8_t *t)
{
	unsigned hlen = p->wscale > 0 ? 24 : 20, len = hlen + p->len;
	uint16_t sum;

	store16(t, BE16(p->sport));
	store16(t + 2, BE16(p->dport));
	store32(t + 4, BE32(p->seq));
	store32(t + 8, BE32(p->ack));
	t[12] = (uint8_t)(hlen / 4 << 4);
	t[13] = (uint8_t)p->flags;
	store16(t + 14, BE16(p->win));
	store32(t + 16, 0);
	if (p->wscale > 0)
		store32(t + 20, BE32(0x03030001u | (unsigned)p->wscale << 8));	/* the option, NOP: RFC 7323 2.2 */
	pattern(t + hlen, 0, p->len);
	sum = l4_cksum(6, ip_of(p->src), ip_of(p->dst), t, len);
	store16(t + 16, p->badl4sum ? (uint16_t)~sum : sum);
	return len;
}

static unsigned
build_icmp(const struct pkt *p, uint8_t *c)
{
	uint8_t quoted[FRAME_MAX];
	unsigned len = 8 + p->len;
	uint16_t sum;

	memset(c, 0, 8);
	if (p->kind == PK_ICMPERR) {
		c[0] = (uint8_t)p->type;
		c[1] = (uint8_t)p->code;
		if (p->gw != NULL)
			store32(c + 4, ip_of(p->gw));
		else
			store16(c + 6, BE16(p->mtu));
		len = build_ip(p->quote, quoted);
		len = MIN(len, QUOTE);
		memcpy(c + 8, quoted, len);
		len += 8;
	} else {
		c[0] = p->kind == PK_ECHO ? 8 : 0;
		store16(c + 4, BE16(p->sport));
		store16(c + 6, BE16(p->dport));
		pattern(c + 8, 0, p->len);
	}
	sum = cksum(c, len, 0);
	store16(c + 2, p->badl4sum ? (uint16_t)~sum : sum);
	return len;
}

static void
header_sum(uint8_t *ip, bool bad)
{
	uint16_t sum;

	store16(ip + 10, 0);
	sum = cksum(ip, IPH, 0);
	store16(ip + 10, bad ? (uint16_t)(sum ^ 0x0100) : sum);
}

static unsigned
build_ip(const struct pkt *p, uint8_t *ip)
{
	unsigned len = p->kind == PK_UDP ? build_udp(p, ip + IPH) : p->kind == PK_TCP ? build_tcp(p, ip + IPH) : build_icmp(p, ip + IPH);

	if (p->part > 0 && p->from + p->part <= len) {
		memmove(ip + IPH, ip + IPH + p->from, p->part);
		len = p->part;
	}
	ip[0] = 0x45;
	ip[1] = (uint8_t)p->tos;
	store16(ip + 2, BE16(IPH + len));
	store16(ip + 4, BE16(p->id));
	store16(ip + 6, BE16(p->off | p->from / 8));
	ip[8] = (uint8_t)p->ttl;
	ip[9] = p->kind == PK_UDP ? 17 : p->kind == PK_TCP ? 6 : 1;
	store32(ip + 12, ip_of(p->src));
	store32(ip + 16, ip_of(p->dst));
	header_sum(ip, p->badsum);
	return IPH + len;
}

static unsigned
build_arp(const struct pkt *p, const uint8_t *esrc, uint8_t *a)
{
	memset(a, 0, MINLEN - ETH);
	store16(a, BE16(1));
	store16(a + 2, BE16(0x0800));
	a[4] = 6;
	a[5] = 4;
	store16(a + 6, BE16(p->op));
	memcpy(a + 8, esrc, 6);
	if (p->sha != NULL)
		mac_of(p->sha, a + 8);
	store32(a + 14, ip_of(p->src));
	if (p->tha != NULL)
		mac_of(p->tha, a + 18);
	store32(a + 24, ip_of(p->dst));
	return MINLEN - ETH;
}

unsigned
pkt_build(const struct pkt *p, const uint8_t *esrc, const uint8_t *edst, uint8_t *b)
{
	unsigned len;

	memcpy(b, edst, 6);
	memcpy(b + 6, esrc, 6);
	if (p->edst != NULL)
		mac_of(p->edst, b);
	if (p->esrc != NULL)
		mac_of(p->esrc, b + 6);
	if (p->kind == PK_RAW) {
		store16(b + 12, BE16(p->ethertype));
		pattern(b + ETH, 0, p->len);
		len = p->len;
	} else if (p->kind == PK_ARP) {
		store16(b + 12, BE16(0x0806));
		len = build_arp(p, b + 6, b + ETH);
	} else {
		store16(b + 12, BE16(0x0800));
		len = build_ip(p, b + ETH);
	}
	return ETH + len - p->cut;
}

/* ---- comparing ---- */

const char *
pkt_match(const struct pkt *p, const uint8_t *esrc, const uint8_t *edst, const struct frame *f)
{
	static char why[640];
	uint8_t want[FRAME_MAX];
	char got_text[200], want_text[200];
	unsigned len = pkt_build(p, esrc, edst, want), i;

	if (p->anyid && f->f_len >= ETH + IPH && p->kind != PK_ARP) {
		memcpy(want + ETH + 4, f->f_b + ETH + 4, 2);
		header_sum(want + ETH, false);
	}
	for (i = 0; i < len && i < f->f_len && f->f_b[i] == want[i]; i++)
		continue;
	if (i == len && f->f_len == len)
		return NULL;
	frame_text(f->f_b, f->f_len, got_text, sizeof(got_text));
	frame_text(want, len, want_text, sizeof(want_text));
	snprintf(why, sizeof(why), "\n    got  %s\n    want %s\n    they differ at byte %u: 0x%02x, not 0x%02x; %u bytes, not %u",
	    got_text, want_text, i, i < f->f_len ? f->f_b[i] : 0, i < len ? want[i] : 0, f->f_len, len);
	return why;
}

/* ---- showing ---- */

static char *
ip_text(char *buf, const uint8_t *a)
{
	sprintf(buf, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	return buf;
}

static int
l4_text(const uint8_t *ip, unsigned len, char *buf, size_t size)
{
	const uint8_t *p = ip + (ip[0] & 15) * 4u;
	unsigned off = be16_host(load16(ip + 6));

	if (off & 0x1fff)
		return snprintf(buf, size, "fragment at %u", (off & 0x1fff) * 8);
	if ((unsigned)(p - ip) + 8 > len)
		return snprintf(buf, size, "short");
	if (ip[9] == 17)
		return snprintf(buf, size, "udp %u > %u", be16_host(load16(p)), be16_host(load16(p + 2)));
	if (ip[9] == 6 && (unsigned)(p - ip) + 20 <= len)
		return snprintf(buf, size, "tcp %u > %u flags 0x%02x seq %u ack %u win %u", be16_host(load16(p)), be16_host(load16(p + 2)), p[13],
		    be32_host(load32(p + 4)), be32_host(load32(p + 8)), be16_host(load16(p + 14)));
	if (ip[9] == 1)
		return snprintf(buf, size, "icmp type %u code %u", p[0], p[1]);
	return snprintf(buf, size, "protocol %u", ip[9]);
}

void
frame_text(const void *bytes, unsigned len, char *buf, size_t size)
{
	const uint8_t *b = bytes, *ip = b + ETH;
	char src[16], dst[16], l4[64];
	unsigned type = len >= ETH ? be16_host(load16(b + 12)) : 0;
	size_t n;

	if (type == 0x0800 && len >= ETH + IPH) {
		unsigned off = be16_host(load16(ip + 6));

		l4_text(ip, len - ETH, l4, sizeof(l4));
		n = (size_t)snprintf(buf, size, "%s > %s %s ttl %u id 0x%x%s%s", ip_text(src, ip + 12), ip_text(dst, ip + 16), l4,
		    ip[8], be16_host(load16(ip + 4)), off & IP_DF_ ? " DF" : "", off & IP_MF_ ? " MF" : "");
	} else if (type == 0x0806 && len >= ETH + 28)
		n = (size_t)snprintf(buf, size, "arp op %u %s (%02x..%02x) asks or tells %s", ip[7], ip_text(src, ip + 14), ip[8], ip[13],
		    ip_text(dst, ip + 24));
	else
		n = (size_t)snprintf(buf, size, "ether type 0x%04x", type);
	if (n < size)
		snprintf(buf + n, size - n, ", %u bytes, to %02x:..:%02x:%02x from %02x:..:%02x:%02x", len, len > 5 ? b[0] : 0,
		    len > 5 ? b[4] : 0, len > 5 ? b[5] : 0, len > 11 ? b[6] : 0, len > 11 ? b[10] : 0, len > 11 ? b[11] : 0);
}
