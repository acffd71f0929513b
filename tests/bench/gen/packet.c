/* packet.c - flows, their packets, and what must be true of those that come through. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define PORTS		64512u		/* source ports of an address: 1024 to 65535 */
#define UDP_PAYLOAD	12u		/* magic, flow, sequence number */
#define MAGIC		0x42454e43u
#define TTL		64u
#define DROP_PORT	7u
#define DROP_FLOW	(1u << 24)	/* behind all that may pass */

struct prefix { uint8_t addr[16]; unsigned len; };
struct tuple { uint8_t src[16], dst[16]; unsigned sport; };

struct tally tally;
uint64_t first_ns;
bool packet_dropped;
struct prefixes { struct prefix *p; uint32_t n; };
static struct prefixes dsts, drop_srcs;
static uint32_t *last_seq;		/* of each flow */
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
	last_seq = calloc(opt.flows, sizeof(*last_seq));
	if (last_seq == NULL)
		die("no memory");
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

/* ---- frames ---- */

static size_t
ip_header(uint8_t *ip, const struct tuple *t, unsigned udplen)
{
	uint16_t sum;

	memset(ip, 0, 40);
	if (opt.ip6) {
		ip[0] = 0x60;
		put16(ip + 4, udplen);
		ip[6] = 17;
		ip[7] = TTL;
		memcpy(ip + 8, t->src, 16);
		memcpy(ip + 24, t->dst, 16);
		return 40;
	}
	ip[0] = 0x45;
	put16(ip + 2, 20 + udplen);
	ip[6] = 0x40;
	ip[8] = TTL;
	ip[9] = 17;
	memcpy(ip + 12, t->src, 4);
	memcpy(ip + 16, t->dst, 4);
	sum = checksum(sum16(ip, 20, 0));
	memcpy(ip + 10, &sum, 2);
	return 20;
}

/* Over pseudo-header and datagram. */
static uint16_t
udp_checksum(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	size_t addrs = opt.ip6 ? 32 : 8;

	return checksum(sum16(udp, len, sum16(opt.ip6 ? ip + 8 : ip + 12, addrs, 0)) + htons((uint16_t)len) + htons(17));
}

size_t
packet_make(uint8_t *frame, uint32_t k, uint32_t seq)
{
	const unsigned hlen = opt.ip6 ? 40 : 20;
	unsigned udplen = opt.size > 14 + hlen + 8 + UDP_PAYLOAD ? opt.size - 14 - hlen : 8 + UDP_PAYLOAD;
	uint8_t *ip = frame + 14, *udp = ip + hlen;
	struct tuple t;
	uint16_t sum;

	flow_tuple(packet_dropped ? DROP_FLOW + seq : k, &t);
	if (packet_dropped && drop_srcs.n > 0)
		draw(t.src, &drop_srcs.p[(mix(seq) >> 20) % drop_srcs.n], seq + (1ull << 41));
	memcpy(frame, guest_mac[0], 6);
	memcpy(frame + 6, our_mac[0], 6);
	put16(frame + 12, opt.ip6 ? 0x86dd : 0x0800);
	ip_header(ip, &t, udplen);
	memset(udp, 0, udplen);
	put16(udp, t.sport);
	put16(udp + 2, packet_dropped ? DROP_PORT : 9);
	put16(udp + 4, udplen);
	put32(udp + 8, magic);
	put32(udp + 12, k);
	put32(udp + 16, seq);
	sum = udp_checksum(ip, udp, udplen);
	memcpy(udp + 6, sum != 0 ? &sum : &(uint16_t){ 0xffff }, 2);
	newest_seq = seq + 1;
	if (14 + hlen + udplen < 60)
		memset(udp + udplen, 0, 60 - 14 - hlen - udplen);
	return 14 + hlen + udplen < 60 ? 60 : 14 + hlen + udplen;
}

void
packet_forget(void)
{
	memset(&tally, 0, sizeof(tally));
	memset(last_seq, 0, opt.flows * sizeof(*last_seq));
	oldest_seq = newest_seq;
}

/* The header of a data packet: where its datagram stands, and how long it is; NULL: no data packet. */
static const uint8_t *
packet_pull(const uint8_t *f, size_t len, size_t *udplen)
{
	const size_t hlen = opt.ip6 ? 40 : 20;
	const uint8_t *ip = f + 14, *udp = ip + hlen;

	if (len < 14 + hlen + 8 + UDP_PAYLOAD || get16(f + 12) != (opt.ip6 ? 0x86ddu : 0x0800u))
		return NULL;
	if (ip[0] != (opt.ip6 ? 0x60 : 0x45) || (opt.ip6 ? ip[6] : ip[9]) != 17 || get32(udp + 8) != magic)
		return NULL;
	*udplen = get16(udp + 4);
	return *udplen >= 8 + UDP_PAYLOAD && *udplen <= len - 14 - hlen ? udp : NULL;
}

static bool
packet_good(const uint8_t *f, const uint8_t *udp, size_t udplen, uint32_t k)
{
	const uint8_t *ip = f + 14;
	size_t alen = opt.ip6 ? 16 : 4;
	struct tuple t;

	flow_tuple(k, &t);
	return port_is_ours(f) && memcmp(f + 6, guest_mac[1], 6) == 0 && (opt.ip6 ? ip[7] : ip[8]) == TTL - 1 &&
	    (opt.ip6 || checksum(sum16(ip, 20, 0)) == 0) && udp_checksum(ip, udp, udplen) == 0 &&
	    memcmp(opt.ip6 ? ip + 8 : ip + 12, t.src, alen) == 0 && memcmp(opt.ip6 ? ip + 24 : ip + 16, t.dst, alen) == 0 &&
	    get16(udp) == t.sport && get16(udp + 2) == 9;
}

void
packet_check(const uint8_t *f, size_t len)
{
	size_t udplen;
	const uint8_t *udp = packet_pull(f, len, &udplen);
	uint32_t k, seq;

	if (udp == NULL || (int32_t)((seq = get32(udp + 16)) - oldest_seq) < 0) {
		tally.other++;
		return;
	}
	k = get32(udp + 12);
	tally.received++;
	if ((int32_t)(seq - newest_seq) >= 0 || (!opt.new_flows && k >= opt.flows) || !packet_good(f, udp, udplen, k))
		tally.damaged++;
	else if (!opt.new_flows) {
		if ((int32_t)(seq - last_seq[k]) <= 0 && last_seq[k] != 0)
			tally.reordered++;
		else
			last_seq[k] = seq;
	}
	if (first_ns == 0)
		first_ns = now_ns();
}
