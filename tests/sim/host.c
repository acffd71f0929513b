/* host.c - the simple hosts of host.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/host.h"

#define ETH		14
#define IPH		20
#define ARP_AGAIN	sec(1)
#define STAMP		16		/* bytes in front of a datagram's content: number, its complement, hash */

static struct shost *hosts;

/* ---- the content of datagrams ---- */

static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void
content(uint8_t *b, unsigned len, uint32_t src, uint32_t dst, uint32_t number)
{
	uint64_t x = mix((uint64_t)src << 32 | dst) + number;

	store32(b, number);
	store32(b + 4, ~number);
	store64(b + 8, mix(x));
	for (unsigned i = STAMP; i < len; i += 8) {
		uint64_t v = mix(x + i);

		memcpy(b + i, &v, MIN(len - i, 8u));
	}
}

/* ---- sending ---- */

static void
transmit(struct shost *h, const uint8_t *dst, unsigned type, const void *payload, unsigned len)
{
	uint8_t f[FRAME_MAX];

	if (h->h_deaf)
		return;
	memcpy(f, dst, 6);
	memcpy(f + 6, h->h_port.p_mac, 6);
	store16(f + 12, BE16(type));
	memcpy(f + ETH, payload, len);
	while (ETH + len < 60)
		f[ETH + len++] = 0;
	port_send(&h->h_port, f, ETH + len);
}

static void
arp_send(struct shost *h, unsigned op, const uint8_t *edst, const uint8_t *tha, uint32_t tpa)
{
	uint8_t p[28];

	store16(p, BE16(1));
	store16(p + 2, BE16(0x0800));
	p[4] = 6;
	p[5] = 4;
	store16(p + 6, BE16(op));
	memcpy(p + 8, h->h_port.p_mac, 6);
	store32(p + 14, h->h_ip);
	memcpy(p + 18, tha, 6);
	store32(p + 24, tpa);
	transmit(h, edst, 0x0806, p, sizeof(p));
}

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, nobody[6];

static struct neighbour *
neighbour(struct shost *h, uint32_t ip, bool make)
{
	struct neighbour *n;

	for (unsigned i = 0; i < h->h_narp; i++)
		if (h->h_arp[i].n_ip == ip)
			return &h->h_arp[i];
	if (!make || h->h_narp == HOST_ARP)
		return NULL;
	n = &h->h_arp[h->h_narp++];
	n->n_ip = ip;
	return n;
}

static void
ask(struct shost *h, struct neighbour *n)
{
	if (n->n_asked != 0 && sim.now - n->n_asked < ARP_AGAIN)
		return;
	n->n_asked = sim.now;
	arp_send(h, 1, everybody, nobody, n->n_ip);
}

static void
ip_transmit(struct shost *h, uint32_t dst, const uint8_t *ip, unsigned len)
{
	uint32_t next = ((dst ^ h->h_ip) & h->h_mask) == 0 ? dst : h->h_gateway;
	struct neighbour *n = neighbour(h, next, true);

	h->h_sent++;
	if (n == NULL)
		return;
	if (n->n_known) {
		transmit(h, n->n_mac, 0x0800, ip, len);
		return;
	}
	if (n->n_nwaiting < HOST_QUEUE)
		n->n_waiting[n->n_nwaiting++] = frame_new(ip, len);
	ask(h, n);
}

static void
ip_header(struct shost *h, uint8_t *ip, unsigned len, unsigned proto, unsigned ttl, unsigned off, uint32_t dst)
{
	ip[0] = 0x45;
	ip[1] = 0;
	store16(ip + 2, BE16(len));
	store16(ip + 4, BE16(h->h_id));
	store16(ip + 6, BE16(off));
	ip[8] = (uint8_t)ttl;
	ip[9] = (uint8_t)proto;
	store16(ip + 10, 0);
	store32(ip + 12, h->h_ip);
	store32(ip + 16, dst);
	store16(ip + 10, cksum(ip, IPH, 0));
}

/* IP payload of len bytes, in fragments where the host's own MTU asks for it. */
static void
ip_send(struct shost *h, uint32_t dst, const uint8_t *data, unsigned len, unsigned proto, unsigned ttl, bool df)
{
	unsigned room = (h->h_mtu - IPH) & ~7u;
	uint8_t ip[FRAME_MAX];

	h->h_id++;
	for (unsigned at = 0; at < len; ) {
		unsigned n = len - at <= h->h_mtu - IPH ? len - at : room;
		unsigned off = at / 8 | (at + n < len ? IP_MF_ : 0) | (df ? IP_DF_ : 0);

		memcpy(ip + IPH, data + at, n);
		ip_header(h, ip, IPH + n, proto, ttl, off, dst);
		ip_transmit(h, dst, ip, IPH + n);
		at += n;
	}
}

void
host_send(struct shost *h, uint32_t dst, uint32_t number, unsigned payload, unsigned ttl, bool df)
{
	uint8_t u[FRAME_MAX];
	uint16_t sum;

	payload = MAX(payload, (unsigned)STAMP);
	store16(u, BE16(5000));
	store16(u + 2, BE16(5001));
	store16(u + 4, BE16(8 + payload));
	store16(u + 6, 0);
	content(u + 8, payload, h->h_ip, dst, number);
	sum = udp_cksum(h->h_ip, dst, u, 8 + payload);
	store16(u + 6, sum != 0 ? sum : 0xffff);
	ip_send(h, dst, u, 8 + payload, 17, ttl, df);
}

static void
icmp_send(struct shost *h, uint32_t dst, uint8_t *c, unsigned len)
{
	store16(c + 2, 0);
	store16(c + 2, cksum(c, len, 0));
	ip_send(h, dst, c, len, 1, 64, false);
}

void
host_ping(struct shost *h, uint32_t dst, uint16_t seq, unsigned payload)
{
	uint8_t c[FRAME_MAX] = { 8, 0 };

	store16(c + 4, BE16(7));
	store16(c + 6, BE16(seq));
	pattern(c + 8, seq, payload);
	icmp_send(h, dst, c, 8 + payload);
}

void
host_announce(struct shost *h)
{
	arp_send(h, 1, everybody, nobody, h->h_ip);
}

struct sender {
	struct shost	*s_host;
	uint32_t	 s_dst, s_next, s_n;
	uint64_t	 s_gap;
	unsigned	 s_min, s_max;
};

static void
flow_next(void *arg, void *arg2)
{
	struct sender *s = arg;

	host_send(s->s_host, s->s_dst, s->s_next++, s->s_min + sim_below(s->s_max - s->s_min + 1), 64, false);
	if (s->s_next < s->s_n)
		sim_at(sim.now + s->s_gap, flow_next, s, arg2);
}

void
host_flow(struct shost *h, uint32_t dst, uint32_t n, uint64_t gap, unsigned min, unsigned max)
{
	struct sender *s = sim_alloc(sizeof(*s));

	*s = (struct sender){ h, dst, 0, n, gap, min, max };
	if (n > 0)
		sim_at(sim.now, flow_next, s, NULL);
}

/* ---- receiving ---- */

static void
arp_rx(struct shost *h, const uint8_t *p, unsigned len)
{
	struct neighbour *n;

	if (len < 28 || load16(p) != BE16(1) || load16(p + 2) != BE16(0x0800) || p[4] != 6 || p[5] != 4)
		return;
	n = neighbour(h, load32(p + 14), load32(p + 24) == h->h_ip);
	if (n != NULL && load32(p + 14) != 0) {
		memcpy(n->n_mac, p + 8, 6);
		n->n_known = true;
		n->n_asked = 0;
		for (unsigned i = 0; i < n->n_nwaiting; i++) {
			transmit(h, n->n_mac, 0x0800, n->n_waiting[i]->f_b, n->n_waiting[i]->f_len);
			free(n->n_waiting[i]);
		}
		n->n_nwaiting = 0;
	}
	if (load16(p + 6) == BE16(1) && load32(p + 24) == h->h_ip)
		arp_send(h, 2, p + 8, p + 8, load32(p + 14));
}

static struct flow_in *
flow_of(struct shost *h, uint32_t src)
{
	for (unsigned i = 0; i < h->h_nin; i++)
		if (h->h_in[i].fi_src == src)
			return &h->h_in[i];
	SIM_CHECK(h->h_nin < HOST_FLOWS, "%s: too many senders", h->h_port.p_name);
	h->h_in[h->h_nin].fi_src = src;
	return &h->h_in[h->h_nin++];
}

static void
flow_note(struct flow_in *fi, uint32_t number)
{
	SIM_CHECK(number < 1000000, "an impossible number");
	while (fi->fi_cap <= number) {
		uint64_t cap = fi->fi_cap != 0 ? fi->fi_cap * 2 : 1024;
		uint8_t *bits = sim_alloc(cap / 8);

		if (fi->fi_seen != NULL)
			memcpy(bits, fi->fi_seen, fi->fi_cap / 8);
		fi->fi_seen = bits;
		fi->fi_cap = cap;
	}
	if (fi->fi_seen[number / 8] & 1u << number % 8) {
		fi->fi_dups++;
		return;
	}
	fi->fi_seen[number / 8] |= (uint8_t)(1u << number % 8);
	fi->fi_received++;
	if (number + 1 < fi->fi_max)
		fi->fi_reordered++;
	else
		fi->fi_max = number + 1;
}

static unsigned
bits_wrong(const uint8_t *got, unsigned len, uint32_t src, uint32_t dst, uint32_t number)
{
	uint8_t want[FRAME_MAX];
	unsigned n = 0;

	content(want, len, src, dst, number);
	for (unsigned i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(got[i] ^ want[i]);
	return n;
}

/* One whole datagram, checksum good: each byte must be what was sent. Where wires may turn a bit of the same packet more than once, they
 * can fool UDP's checksum; many bits are not their work. */
static void
udp_rx(struct shost *h, uint32_t src, const uint8_t *u, unsigned len)
{
	uint32_t number;
	unsigned wrong;

	if (len < 8 || be16_host(load16(u + 4)) < 8 || be16_host(load16(u + 4)) > len) {
		h->h_badsum++;
		return;
	}
	len = be16_host(load16(u + 4));
	if (udp_cksum(src, h->h_ip, u, len) != 0) {
		h->h_badsum++;
		return;
	}
	if (load16(u + 2) != BE16(5001) || len < 8 + STAMP)
		return;
	number = load32(u + 8);
	wrong = bits_wrong(u + 8, len - 8, src, h->h_ip, number);
	if (wrong > 0) {
		/* The number itself may be hit, or, without a trace in the checksum, the same bit of it and of its complement. */
		wrong = MIN(wrong, bits_wrong(u + 8, len - 8, src, h->h_ip, ~load32(u + 12)));
		for (unsigned i = 0; i < 32; i++)
			wrong = MIN(wrong, bits_wrong(u + 8, len - 8, src, h->h_ip, number ^ 1u << i));
		SIM_CHECK(!sim.exact && wrong <= 6 && wires_damaged() >= wrong, "%s: datagram %u: %u bits are wrong, and the checksum is good",
		    h->h_port.p_name, number, wrong);
		h->h_badsum++;
		return;
	}
	flow_note(flow_of(h, src), number);
}

static void
icmp_rx(struct shost *h, uint32_t src, const uint8_t *c, unsigned len)
{
	uint8_t reply[FRAME_MAX];

	if (len < 8 || cksum(c, len, 0) != 0) {
		h->h_badsum++;
		return;
	}
	if (c[0] == 8) {
		memcpy(reply, c, len);
		reply[0] = 0;
		h->h_echoes++;
		icmp_send(h, src, reply, len);
	} else if (c[0] == 0) {
		uint16_t seq = be16_host(load16(c + 6));
		uint8_t want[FRAME_MAX];

		pattern(want, seq, len - 8);
		SIM_CHECK(memcmp(want, c + 8, len - 8) == 0, "%s: echo reply %u with other data", h->h_port.p_name, seq);
		h->h_replies++;
		h->h_last_reply = seq;
	} else {
		h->h_error.type = c[0];
		h->h_error.code = c[1];
		h->h_error.from = src;
		h->h_error.gw = load32(c + 4);
		h->h_error.mtu = be16_host(load16(c + 6));
		h->h_error.n++;
	}
}

static void
datagram_rx(struct shost *h, uint32_t src, unsigned proto, const uint8_t *data, unsigned len)
{
	h->h_received++;
	if (proto == 17)
		udp_rx(h, src, data, len);
	else if (proto == 1)
		icmp_rx(h, src, data, len);
}

/* ---- fragments ---- */

struct reassembly {
	struct reassembly *ra_next;
	uint32_t	 ra_src;
	uint16_t	 ra_id;
	uint8_t		 ra_proto;
	unsigned	 ra_total;		/* bytes; 0: the last fragment is missing */
	unsigned	 ra_have;		/* blocks of 8 bytes */
	uint8_t		 ra_block[FRAME_MAX / 8 / 8 + 1];
	uint8_t		 ra_data[FRAME_MAX + 8];
};

static struct reassembly **
reassembly_find(struct shost *h, uint32_t src, uint16_t id, uint8_t proto)
{
	struct reassembly **p = &h->h_parts;

	while (*p != NULL && ((*p)->ra_src != src || (*p)->ra_id != id || (*p)->ra_proto != proto))
		p = &(*p)->ra_next;
	if (*p == NULL) {
		*p = sim_alloc(sizeof(**p));
		(*p)->ra_src = src;
		(*p)->ra_id = id;
		(*p)->ra_proto = proto;
	}
	return p;
}

static void
fragment_rx(struct shost *h, const uint8_t *ip, unsigned len)
{
	unsigned off = be16_host(load16(ip + 6)), at = (off & 0x1fff) * 8, n = len - IPH;
	struct reassembly **p = reassembly_find(h, load32(ip + 12), load16(ip + 4), ip[9]), *ra = *p;

	if (at + n > FRAME_MAX || ((off & IP_MF_) && n % 8 != 0))
		return;
	memcpy(ra->ra_data + at, ip + IPH, n);
	for (unsigned i = at / 8; i < (at + n + 7) / 8; i++)
		if (!(ra->ra_block[i / 8] & 1u << i % 8)) {
			ra->ra_block[i / 8] |= (uint8_t)(1u << i % 8);
			ra->ra_have++;
		}
	if (!(off & IP_MF_))
		ra->ra_total = at + n;
	if (ra->ra_total != 0 && ra->ra_have == (ra->ra_total + 7) / 8) {
		*p = ra->ra_next;
		datagram_rx(h, ra->ra_src, ra->ra_proto, ra->ra_data, ra->ra_total);
	}
}

static void
ip_rx(struct shost *h, const uint8_t *ip, unsigned len)
{
	unsigned all;

	if (len < IPH || ip[0] != 0x45 || cksum(ip, IPH, 0) != 0 || (all = be16_host(load16(ip + 2))) < IPH || all > len) {
		h->h_badsum++;
		return;
	}
	if (load32(ip + 16) != h->h_ip)
		return;
	if (load16(ip + 6) & BE16(IP_MF_ | 0x1fff))
		fragment_rx(h, ip, all);
	else
		datagram_rx(h, load32(ip + 12), ip[9], ip + IPH, all - IPH);
}

static void
host_rx(struct port *p, const struct frame *f)
{
	struct shost *h = p->p_owner;

	if (h->h_deaf || f->f_len < ETH || (memcmp(f->f_b, p->p_mac, 6) != 0 && memcmp(f->f_b, everybody, 6) != 0))
		return;
	if (load16(f->f_b + 12) == BE16(0x0806))
		arp_rx(h, f->f_b + ETH, f->f_len - ETH);
	else if (load16(f->f_b + 12) == BE16(0x0800))
		ip_rx(h, f->f_b + ETH, f->f_len - ETH);
}

/* ---- birth and end ---- */

struct shost *
host_new(const char *name, struct wire *w, const char *addr, const char *gateway)
{
	struct shost *h = sim_alloc(sizeof(*h)), **p = &hosts;
	const char *slash = strchr(addr, '/');
	int plen = slash != NULL ? atoi(slash + 1) : 32;
	unsigned n = 0;

	for (; *p != NULL; p = &(*p)->h_next)
		n++;
	*p = h;
	snprintf(h->h_port.p_name, sizeof(h->h_port.p_name), "%s", name);
	memcpy(h->h_port.p_mac, (uint8_t[]){ 2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n }, 6);
	h->h_port.p_owner = h;
	h->h_port.p_rx = host_rx;
	h->h_ip = ip_of(addr);
	h->h_mask = host_be32(plen == 0 ? 0 : ~0u << (32 - plen));
	h->h_gateway = gateway != NULL ? ip_of(gateway) : 0;
	h->h_mtu = 1500;
	wire_attach(w, &h->h_port);
	return h;
}

const struct flow_in *
host_from(const struct shost *h, uint32_t src)
{
	for (unsigned i = 0; i < h->h_nin; i++)
		if (h->h_in[i].fi_src == src)
			return &h->h_in[i];
	return NULL;
}

/* Nobody has received what was not sent to it: checked byte by byte as it came. What was counted goes into the hash. */
void
hosts_end_check(void)
{
	for (struct shost *h = hosts; h != NULL; h = h->h_next) {
		const uint64_t v[] = { h->h_sent, h->h_received, h->h_badsum, h->h_echoes, h->h_replies };

		sim_hash(v, sizeof(v));
	}
}

void
hosts_end(void)
{
	for (struct shost *h = hosts; h != NULL; h = h->h_next)
		for (unsigned i = 0; i < h->h_narp; i++)
			for (unsigned k = 0; k < h->h_arp[i].n_nwaiting; k++)
				free(h->h_arp[i].n_waiting[k]);
	hosts = NULL;
}
