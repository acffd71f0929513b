/* seg.c - segments in bytes, and from bytes (seg.h). The simulator's own arithmetic. */
#include <string.h>

#include "tests/sim/seg.h"

#define ETH	14u
#define TCPH	20u

static unsigned iph(const struct seg *s) { return s->six ? 40 : 20; }

static uint16_t
l4_sum(bool six, const uint8_t *ip, const uint8_t *h, unsigned len, unsigned proto)
{
	uint32_t start = proto == 1 ? 0 : BE16(proto) + BE16(len);

	for (unsigned i = 0; i < (six ? 32u : 8u) && proto != 1; i += 2)
		start += load16(ip + (six ? 8 : 12) + i);
	return cksum(h, len, start);
}

static void
build_ip(uint8_t *ip, bool six, const uint8_t *src, const uint8_t *dst, unsigned proto, unsigned ttl, unsigned len)
{
	memset(ip, 0, six ? 40 : 20);
	ip[0] = six ? 0x60 : 0x45;
	store16(ip + (six ? 4 : 2), BE16(six ? len : len + 20));
	ip[six ? 7 : 8] = (uint8_t)ttl;
	ip[six ? 6 : 9] = (uint8_t)proto;
	memcpy(ip + (six ? 8 : 12), src, six ? 16 : 4);
	memcpy(ip + (six ? 24 : 16), dst, six ? 16 : 4);
	if (!six)
		store16(ip + 10, cksum(ip, 20, 0));
}

/* From the IP header on; its length. */
static unsigned
build_segment(const struct seg *s, uint8_t *ip)
{
	unsigned len = TCPH + s->nopt + s->len;
	uint8_t *h = ip + iph(s);

	build_ip(ip, s->six, s->src, s->dst, 6, s->ttl, len);
	memset(h, 0, len);
	store16(h, BE16(s->sport));
	store16(h + 2, BE16(s->dport));
	store32(h + 4, BE32(s->seq));
	store32(h + 8, BE32(s->ack));
	h[12] = (uint8_t)((TCPH + s->nopt) / 4 << 4);
	h[13] = (uint8_t)s->flags;
	store16(h + 14, BE16(8192));
	memcpy(h + TCPH, s->opt, s->nopt);
	pattern(h + TCPH + s->nopt, 0, s->len);
	store16(h + 16, l4_sum(s->six, ip, h, len, 6));
	return iph(s) + len;
}

void
seg_rx(struct raw *rw, const struct seg *s)
{
	uint8_t f[FRAME_MAX], *ip = f + ETH, *h = ip + iph(s);
	unsigned len, proto = s->six ? 58 : 1;

	memcpy(f, rw->rw_peer->p_mac, 6);
	memcpy(f + 6, rw->rw_port.p_mac, 6);
	store16(f + 12, s->six ? BE16(0x86dd) : BE16(0x0800));
	if (s->quoted == 0)
		len = build_segment(s, ip);
	else {
		len = 8 + MIN(build_segment(s, h + 8), iph(s) + s->quoted);
		memset(h, 0, 8);
		h[0] = s->six ? 1 : 3;
		build_ip(ip, s->six, s->esrc, s->edst, proto, 64, len);
		store16(h + 2, l4_sum(s->six, ip, h, len, proto));
		len += iph(s);
	}
	port_send(&rw->rw_port, f, ETH + len);
	sim_run(0);
}

/* n: bytes from the IP header on. */
static void
see_segment(struct seg *s, const uint8_t *ip, unsigned n)
{
	const uint8_t *h = ip + iph(s);
	unsigned hlen, all = s->six ? 40u + be16_host(load16(ip + 4)) : be16_host(load16(ip + 2));

	memcpy(s->src, ip + (s->six ? 8 : 12), s->six ? 16 : 4);
	memcpy(s->dst, ip + (s->six ? 24 : 16), s->six ? 16 : 4);
	s->ttl = ip[s->six ? 7 : 8];
	SIM_CHECK(ip[s->six ? 6 : 9] == 6 && n >= iph(s) + 8, "it is no TCP");
	s->sport = be16_host(load16(h));
	s->dport = be16_host(load16(h + 2));
	s->seq = be32_host(load32(h + 4));
	if (n < iph(s) + TCPH)
		return;
	s->ack = be32_host(load32(h + 8));
	s->flags = h[13];
	hlen = (h[12] >> 4) * 4u;
	if (n < iph(s) + hlen)
		return;
	s->nopt = hlen - TCPH;
	memcpy(s->opt, h + TCPH, s->nopt);
	if (all > n)
		return;
	s->len = all - iph(s) - hlen;
	SIM_CHECK(l4_sum(s->six, ip, h, all - iph(s), 6) == 0, "TCP's checksum is wrong");
	SIM_CHECK(s->six || cksum(ip, 20, 0) == 0, "the IP header's checksum is wrong");
}

bool
seg_see(struct raw *rw, struct seg *s)
{
	const struct frame *f = raw_frame(rw);
	const uint8_t *ip, *h;
	unsigned proto, n;

	if (f == NULL)
		return false;
	memset(s, 0, sizeof(*s));
	ip = f->f_b + ETH;
	s->six = ip[0] >> 4 == 6;
	h = ip + iph(s);
	n = f->f_len - ETH;
	proto = ip[s->six ? 6 : 9];
	if (proto == 6) {
		see_segment(s, ip, n);
		return true;
	}
	SIM_CHECK(proto == (s->six ? 58 : 1), "it is neither TCP nor an error");
	SIM_CHECK(l4_sum(s->six, ip, h, n - iph(s), proto) == 0, "the error's checksum is wrong");
	memcpy(s->esrc, ip + (s->six ? 8 : 12), s->six ? 16 : 4);
	memcpy(s->edst, ip + (s->six ? 24 : 16), s->six ? 16 : 4);
	s->quoted = n - 2 * iph(s) - 8;
	see_segment(s, h + 8, n - iph(s) - 8);
	return true;
}
