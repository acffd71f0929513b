/* packet.c - flows, their packets, and what must be true of those that come through. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define PORTS		64512u		/* source ports of an address: 1024 to 65535 */
#define PAYLOAD		12u		/* magic, flow, sequence number */
#define MAGIC		0x42454e43u
#define TTL		64u
#define PORT		9u		/* that flows go to */
#define DROP_PORT	7u
#define DROP_FLOW	(1u << 24)	/* behind all that may pass */

struct prefix { uint8_t addr[16]; unsigned len; };

struct tally tally;
uint64_t first_ns;
bool packet_dropped;
struct prefixes { struct prefix *p; uint32_t n; };
static struct prefixes dsts, drop_srcs;
static uint32_t *last_seq[2];		/* of each flow, by the side that it comes out of */
static uint32_t oldest_seq, newest_seq;	/* of those that are ours */
static uint32_t magic;

/* ---- numbers ---- */

void put16(uint8_t *p, unsigned v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v & 0xffff); }
unsigned get16(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }
uint32_t get32(const uint8_t *p) { return get16(p) << 16 | get16(p + 2); }

uint32_t
sum16(const void *p, size_t n, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t s = sum;

	for (; n >= 2; n -= 2, b += 2) {
		uint16_t w;

		memcpy(&w, b, 2);
		s += w;
	}
	if (n > 0)
		s += *b;
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

uint16_t
checksum(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* splitmix64's finalizer: the same numbers for a seed. */
static uint64_t
mix(uint64_t x)
{
	x += opt.seed * 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* A bijection of 32-bit numbers: no two flows have the same source. */
static uint32_t
scatter(uint32_t x)
{
	for (uint64_t round = 0; round < 3; round++) {
		x = (x ^ (uint32_t)mix(round)) * 0x9e3779b1u;
		x ^= x >> 16;
	}
	return x;
}

/* ---- destinations ---- */

static bool
prefix_parse(char *line, struct prefix *p)
{
	char *slash;

	line[strcspn(line, " \t\r\n")] = '\0';
	if ((strchr(line, ':') != NULL) != opt.ip6)
		return false;
	slash = strchr(line, '/');
	p->len = slash != NULL ? (unsigned)atoi(slash + 1) : opt.ip6 ? 128 : 32;
	if (slash != NULL)
		*slash = '\0';
	memset(p->addr, 0, sizeof(p->addr));
	return inet_pton(opt.ip6 ? AF_INET6 : AF_INET, line, p->addr) == 1;
}

static void
prefixes_read(struct prefixes *ps, const char *file)
{
	FILE *f = fopen(file, "r");
	uint32_t room = 0;
	struct prefix p;
	char line[128];

	if (f == NULL)
		die("%s cannot be read", file);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (!prefix_parse(line, &p))
			continue;
		if (ps->n == room && (ps->p = realloc(ps->p, (room = room * 2 + 1024) * sizeof(p))) == NULL)
			die("no memory");
		ps->p[ps->n++] = p;
	}
	fclose(f);
	if (ps->n == 0)
		die("no prefixes in %s", file);
}

/* An address in the prefix, the i-th that is drawn. */
static void
draw(uint8_t *addr, const struct prefix *p, uint64_t i)
{
	uint64_t r = mix(i), s = mix(i ^ 0x5555);

	for (unsigned j = 0; j < (opt.ip6 ? 16u : 4u); j++, r = r >> 8 | s << 56, s >>= 8) {
		unsigned net = p->len > j * 8 ? p->len - j * 8 : 0;
		unsigned host = net >= 8 ? 0 : 0xffu >> net;

		addr[j] = (uint8_t)((p->addr[j] & ~host) | (r & host));
	}
}

void
packet_init(void)
{
	if (opt.dsts != NULL)
		prefixes_read(&dsts, opt.dsts);
	if (opt.drop_srcs != NULL)
		prefixes_read(&drop_srcs, opt.drop_srcs);
	for (unsigned i = 0; i < 2; i++)
		if ((last_seq[i] = calloc(opt.flows, sizeof(**last_seq))) == NULL)
			die("no memory");
	conn_init();
	magic = MAGIC + (uint32_t)now_ns();	/* strays of an earlier run are none of ours */
	newest_seq = 1;
	packet_forget();
}

/* ---- flows ---- */

/* Sources are in 10.2.0.0/16 and fd00:d::/48. */
static void
flow_tuple(uint32_t k, struct tuple *t)
{
	uint32_t x = scatter(k / PORTS << 16 | (65536 - PORTS + k % PORTS));

	while ((x & 0xffff) < 65536 - PORTS)
		x = scatter(x);			/* still a bijection: among those with a good port */
	memset(t, 0, sizeof(*t));
	t->sport = x & 0xffff;
	t->dport = PORT;
	if (opt.ip6) {
		memcpy(t->src, "\xfd\0\0\r\0\0", 6);
		put16(t->src + 14, x >> 16);
		memcpy(t->dst, "\xfd\0\0\f\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	} else {
		put32(t->src, 10u << 24 | 2u << 16 | x >> 16);
		put32(t->dst, 10u << 24 | 1u << 16 | 1);
	}
	if (dsts.n > 0)
		draw(t->dst, &dsts.p[(mix(k) >> 20) % dsts.n], k + (1ull << 40));
}

/* From the side that it is sent from. */
static void
turn(struct tuple *t)
{
	struct tuple was = *t;

	memcpy(t->src, was.dst, sizeof(t->src));
	memcpy(t->dst, was.src, sizeof(t->dst));
	t->sport = was.dport;
	t->dport = was.sport;
}

/* What a packet has that is sent from that side. */
static void
sent_tuple(unsigned side, uint32_t k, uint32_t seq, struct tuple *t)
{
	flow_tuple(packet_dropped ? DROP_FLOW + seq : k, t);
	if (packet_dropped) {
		t->dport = DROP_PORT;
		if (drop_srcs.n > 0)
			draw(t->src, &drop_srcs.p[(mix(seq) >> 20) % drop_srcs.n], seq + (1ull << 41));
	}
	if (side == 1) {
		conn_tuple(k, t);
		turn(t);
	}
}

/* ---- frames ---- */

static size_t
ip_header(uint8_t *ip, const struct tuple *t, size_t len)
{
	const uint8_t proto = opt.tcp ? 6 : 17;
	uint16_t sum;

	memset(ip, 0, opt.ip6 ? 40 : 20);
	if (opt.ip6) {
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)len);
		ip[6] = proto;
		ip[7] = TTL;
		memcpy(ip + 8, t->src, 16);
		memcpy(ip + 24, t->dst, 16);
		return 40;
	}
	ip[0] = 0x45;
	put16(ip + 2, 20 + (unsigned)len);
	ip[6] = 0x40;
	ip[8] = TTL;
	ip[9] = proto;
	memcpy(ip + 12, t->src, 4);
	memcpy(ip + 16, t->dst, 4);
	sum = checksum(sum16(ip, 20, 0));
	memcpy(ip + 10, &sum, 2);
	return 20;
}

/* Over pseudo-header and what is behind IP's header. */
static uint16_t
l4_checksum(const uint8_t *ip, const uint8_t *l4, size_t len)
{
	size_t addrs = opt.ip6 ? 32 : 8;

	return checksum(sum16(l4, len, sum16(opt.ip6 ? ip + 8 : ip + 12, addrs, 0)) + htons((uint16_t)len) + htons(opt.tcp ? 6 : 17));
}

/* The header of UDP or TCP without its checksum, and the payload. Returns the length of both. */
static size_t
l4_make(uint8_t *l4, unsigned side, uint32_t k, uint32_t seq)
{
	const size_t ethip = opt.ip6 ? 54 : 34, hlen = opt.tcp ? tcp_hlen() : 8;
	size_t payload = opt.size > ethip + hlen + PAYLOAD ? opt.size - ethip - hlen : PAYLOAD;

	if (opt.tcp && tcp_stage != TCP_DATA)
		payload = 0;
	if (opt.tcp)
		tcp_make(l4, side, k, payload);
	else {
		memset(l4, 0, hlen);
		put16(l4 + 4, (unsigned)(hlen + payload));
	}
	if (payload > 0) {
		memset(l4 + hlen, 0, payload);
		put32(l4 + hlen, magic);
		put32(l4 + hlen + 4, k);
		put32(l4 + hlen + 8, seq);
	}
	return hlen + payload;
}

size_t
packet_make(uint8_t *frame, unsigned side, uint32_t k, uint32_t seq)
{
	uint8_t *ip = frame + 14, *l4 = ip + (opt.ip6 ? 40 : 20);
	struct tuple t;
	size_t len;
	uint16_t sum;

	sent_tuple(side, k, seq, &t);
	memcpy(frame, guest_mac[side], 6);
	memcpy(frame + 6, our_mac[side], 6);
	put16(frame + 12, opt.ip6 ? 0x86dd : 0x0800);
	len = l4_make(l4, side, k, seq);
	ip_header(ip, &t, len);
	put16(l4, t.sport);
	put16(l4 + 2, t.dport);
	sum = l4_checksum(ip, l4, len);
	memcpy(l4 + (opt.tcp ? 16 : 6), opt.tcp || sum != 0 ? &sum : &(uint16_t){ 0xffff }, 2);
	newest_seq = seq + 1;
	len += (size_t)(l4 - frame);
	if (len < 60)
		memset(frame + len, 0, 60 - len);
	return len < 60 ? 60 : len;
}

void
packet_forget(void)
{
	memset(&tally, 0, sizeof(tally));
	for (unsigned i = 0; i < 2; i++)
		memset(last_seq[i], 0, opt.flows * sizeof(**last_seq));
	oldest_seq = newest_seq;
}

/* One of ours, as it came out of a side. */
struct packet {
	const uint8_t	*p_frame, *p_ip, *p_l4;
	size_t		 p_len;			/* from p_l4 on */
	size_t		 p_payload;		/* of it; 0: TCP's handshake */
	uint32_t	 p_flow, p_seq;
	unsigned	 p_side;
};

/* False: none of ours. */
static bool
packet_pull(struct packet *p, const uint8_t *f, size_t len)
{
	const size_t iphlen = opt.ip6 ? 40 : 20;
	const uint8_t *ip = f + 14, *l4 = ip + iphlen;
	size_t hlen = 8;

	if (len < 14 + iphlen + (opt.tcp ? 20 : 8) || get16(f + 12) != (opt.ip6 ? 0x86ddu : 0x0800u))
		return false;
	if (ip[0] != (opt.ip6 ? 0x60 : 0x45) || (opt.ip6 ? ip[6] : ip[9]) != (opt.tcp ? 6 : 17))
		return false;
	*p = (struct packet){ .p_frame = f, .p_ip = ip, .p_l4 = l4, .p_len = opt.ip6 ? get16(ip + 4) : get16(ip + 2) - iphlen, .p_side = p->p_side };
	if (opt.tcp)
		hlen = l4[12] >> 4 << 2;
	if (p->p_len > len - 14 - iphlen || hlen > p->p_len)
		return false;
	p->p_payload = p->p_len - hlen;
	if (opt.tcp && p->p_payload == 0)
		return tcp_shake(l4, p->p_side, &p->p_flow);
	if (p->p_payload < PAYLOAD || get32(l4 + hlen) != magic)
		return false;
	p->p_flow = get32(l4 + hlen + 4);
	p->p_seq = get32(l4 + hlen + 8);
	return (int32_t)(p->p_seq - oldest_seq) >= 0;
}

/* As it was sent, but for what a router must change and NAT may. */
static bool
packet_good(const struct packet *p)
{
	const uint8_t *f = p->p_frame, *ip = p->p_ip, *l4 = p->p_l4;
	const uint8_t *src = opt.ip6 ? ip + 8 : ip + 12, *dst = opt.ip6 ? ip + 24 : ip + 16;
	const size_t alen = opt.ip6 ? 16 : 4;
	const unsigned sport = get16(l4), dport = get16(l4 + 2);
	struct tuple t;

	if (!port_is_ours(p->p_side, f) || memcmp(f + 6, guest_mac[p->p_side], 6) != 0 || (opt.ip6 ? ip[7] : ip[8]) != TTL - 1)
		return false;
	if ((!opt.ip6 && checksum(sum16(ip, 20, 0)) != 0) || l4_checksum(ip, l4, p->p_len) != 0 || (!opt.tcp && get16(l4 + 4) != p->p_len))
		return false;
	flow_tuple(p->p_flow, &t);
	if (p->p_side == 1)
		return conn_source(p->p_flow, src, sport, &t) && memcmp(dst, t.dst, alen) == 0 && dport == t.dport;
	return memcmp(src, t.dst, alen) == 0 && sport == t.dport && memcmp(dst, t.src, alen) == 0 && dport == t.sport;
}

/* Neither overtaken nor twice. */
static bool
in_order(const struct packet *p)
{
	uint32_t *last = &last_seq[p->p_side][p->p_flow];

	if (*last != 0 && (int32_t)(p->p_seq - *last) <= 0)
		return false;
	*last = p->p_seq;
	return true;
}

void
packet_check(unsigned side, const uint8_t *f, size_t len)
{
	struct packet p = { .p_side = side };

	if (!packet_pull(&p, f, len)) {
		tally.other++;
		return;
	}
	tally.received++;
	if ((int32_t)(p.p_seq - newest_seq) >= 0 || (!opt.new_flows && p.p_flow >= opt.flows) || !packet_good(&p))
		tally.damaged++;
	else if (opt.tcp && p.p_payload > 0 && !tcp_data(p.p_l4, side, p.p_flow, p.p_payload))
		tally.damaged++;
	else if (!opt.new_flows && p.p_payload > 0 && !in_order(&p))
		tally.reordered++;
	if (first_ns == 0)
		first_ns = now_ns();
}
