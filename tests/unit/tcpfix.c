/* tcpfix.c - segments and errors about them (tcpfix.h). */
#include <string.h>

#include "tests/unit/tcpfix.h"

struct pkt p;
bool six;

void
world(bool is_six)
{
	six = is_six;
	(six ? ip6_start : net_start)();
}

uint16_t
l4_sum(const struct pkt *k, uint8_t proto)
{
	unsigned hlen = l4() - 14, len = k->p_len - l4();
	const uint8_t *h = k->p_b + 14;
	struct { uint8_t addrs[32]; be32_t len; uint8_t zero[3], p; } pseudo = { { 0 }, host_be32(len), { 0 }, proto };

	memcpy(pseudo.addrs, h + (six ? 8 : 12), six ? 32 : 8);
	return (uint16_t)~in_fold(in_sum(h + hlen, len, proto == 1 ? 0 : in_sum(&pseudo, sizeof(pseudo), 0)));
}

void
packet_from(unsigned from, uint8_t proto, unsigned len)
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

struct pkt *
through(unsigned from)
{
	t0.w_ntx = t0.w_next = t1.w_ntx = t1.w_next = 0;
	wire_rx(from ? &t1 : &t0, &p);
	return wire_tx(from ? &t0 : &t1);
}

void
tcp_from(unsigned from, uint8_t flags, uint32_t seq, uint32_t ack, const void *opt, unsigned n, unsigned data)
{
	struct tcphdr th = { .th_sport = from ? BE16(5) : BE16(4), .th_dport = from ? BE16(4) : BE16(5), .th_seq = host_be32(seq), .th_ack = host_be32(ack),
	    .th_off = (uint8_t)((20 + n) / 4 << 4), .th_flags = flags, .th_win = BE16(8192) };

	packet_from(from, 6, 20 + n + data);
	memcpy(p.p_b + l4(), &th, sizeof(th));
	if (n > 0)
		memcpy(p.p_b + l4() + 20, opt, n);
	store16(p.p_b + l4() + 16, l4_sum(&p, 6));
}

void
error_from(unsigned from, unsigned n)
{
	unsigned ip = l4() - 14;
	uint8_t q[160];

	memcpy(q, p.p_b + 14, ip + n);
	packet_from(from, six ? 58 : 1, 8 + ip + n);
	memset(p.p_b + l4(), 0, 8);
	p.p_b[l4()] = six ? 1 : 3;
	memcpy(p.p_b + l4() + 8, q, ip + n);
	store16(p.p_b + l4() + 2, l4_sum(&p, six ? 58 : 1));
}

struct pkt *
quoted(const struct pkt *f)
{
	static struct pkt inner;

	inner.p_len = f->p_len - l4() - 8 + 14;
	memcpy(inner.p_b + 14, f->p_b + l4() + 8, inner.p_len - 14);
	return &inner;
}
