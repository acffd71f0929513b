/* conn.c - what the two ends of a flow know of each other: the source that port B sees, which NAT may have made another, and TCP's sequence
 * numbers. Both ends are honest: each says what it has received, and sends on from there; nothing is lost, so nothing is sent again. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define SYN		0x02u
#define ACK		0x10u
#define PSH_ACK		0x18u
#define WINDOW		64000u		/* scaled: 8 MB */
#define SPREAD		0x9e3779b1u	/* odd, so that a first sequence number belongs to one flow */
#define GATHER		0x0e8b2f51u	/* SPREAD * GATHER is 1 */
_Static_assert((uint32_t)(SPREAD * GATHER) == 1, "inverses");

/* Of a flow, by the side: 0 is behind port A, 1 behind port B. */
struct conn {
	uint32_t	next[2];	/* to be sent */
	uint32_t	got[2];		/* the first that has not been received */
	uint8_t		src[16];	/* that B has seen; if it has seen one */
	uint16_t	sport;
	bool		seen;
};

enum tcp_stage tcp_stage;
static struct conn *conns;

void
conn_init(void)
{
	if (!opt.tcp && !opt.nat)
		return;
	conns = calloc(opt.flows, sizeof(*conns));
	if (conns == NULL)
		die("no memory");
	tcp_stage = opt.tcp ? TCP_SYN : TCP_DATA;
}

/* ---- addresses ---- */

/* Another source than that of the flow is good where NAT is asked for, and must stay the same. */
bool
conn_source(uint32_t k, const uint8_t *src, unsigned sport, const struct tuple *t)
{
	struct conn *c = &conns[k];
	size_t len = opt.ip6 ? 16 : 4;

	if (!opt.nat)
		return memcmp(src, t->src, len) == 0 && sport == t->sport;
	if (!c->seen) {
		memcpy(c->src, src, len);
		c->sport = (uint16_t)sport;
		c->seen = true;
	}
	return memcmp(src, t->src, len) != 0 && memcmp(src, c->src, len) == 0 && sport == c->sport;
}

void
conn_tuple(uint32_t k, struct tuple *t)
{
	if (!opt.nat)
		return;
	memcpy(t->src, conns[k].src, sizeof(t->src));
	t->sport = conns[k].sport;
}

/* ---- TCP: RFC 9293 ---- */

static uint32_t
first_seq(uint32_t k)
{
	return k * SPREAD + opt.seed;
}

/* RFC 9293 3.2: the maximum segment size, and RFC 7323 2.2: the window's scale. */
static void
syn_options(uint8_t *tcp)
{
	memcpy(tcp + 20, "\2\4\5\xb4\1\3\3\7", 8);
}

void
tcp_make(uint8_t *tcp, unsigned side, uint32_t k, size_t payload)
{
	static const uint8_t flags[] = { [TCP_SYN] = SYN, [TCP_SYN_ACK] = SYN | ACK, [TCP_ACK] = ACK, [TCP_DATA] = PSH_ACK };
	struct conn *c = &conns[k];
	size_t hlen = tcp_hlen();

	memset(tcp, 0, hlen);
	if (flags[tcp_stage] & SYN)
		c->next[side] = side == 0 ? first_seq(k) : ~first_seq(k);
	put32(tcp + 4, c->next[side]);
	if (flags[tcp_stage] & ACK)
		put32(tcp + 8, c->got[side]);
	tcp[12] = (uint8_t)(hlen << 2);
	tcp[13] = flags[tcp_stage];
	put16(tcp + 14, WINDOW);
	if (flags[tcp_stage] & SYN)
		syn_options(tcp);
	c->next[side] += (uint32_t)payload + !!(flags[tcp_stage] & SYN);
}

size_t
tcp_hlen(void)
{
	return tcp_stage == TCP_SYN || tcp_stage == TCP_SYN_ACK ? 28 : 20;
}

bool
tcp_shake(const uint8_t *tcp, unsigned side, uint32_t *k)
{
	static const struct { unsigned side; uint8_t flags; } wants[] = {
		[TCP_SYN] = { 1, SYN }, [TCP_SYN_ACK] = { 0, SYN | ACK }, [TCP_ACK] = { 1, ACK },
	};
	uint32_t seq = get32(tcp + 4), first;

	if (tcp_stage == TCP_DATA || side != wants[tcp_stage].side || tcp[13] != wants[tcp_stage].flags)
		return false;
	first = tcp_stage == TCP_SYN ? seq : tcp_stage == TCP_SYN_ACK ? get32(tcp + 8) - 1 : seq - 1;
	*k = (first - opt.seed) * GATHER;
	if (*k >= opt.flows)
		return false;
	conns[*k].got[side] = seq + !!(tcp[13] & SYN);
	return true;
}

bool
tcp_data(const uint8_t *tcp, unsigned side, uint32_t k, size_t payload)
{
	struct conn *c = &conns[k];
	uint32_t end = get32(tcp + 4) + (uint32_t)payload;

	if ((int32_t)(end - c->next[!side]) > 0 || (int32_t)(get32(tcp + 8) - c->next[side]) > 0)
		return false;
	if ((int32_t)(end - c->got[side]) > 0)
		c->got[side] = end;
	return true;
}
