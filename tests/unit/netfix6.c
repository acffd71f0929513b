/* netfix6.c - IPv6 on the two-wire router. */
#include <string.h>

#include "kernel/loop.h"
#include "net/ether/ether.h"
#include "tests/unit/netfix6.h"

const char *
text6(const struct in6_addr *a)
{
	static char buf[4][IN6_STRLEN];
	static unsigned n;

	return in6_print(buf[n++ % 4], a);
}

void
wires_forget(void)
{
	t0.w_next = t0.w_ntx;
	t1.w_next = t1.w_ntx;
}

void
ip6_start_unknown(void)
{
	struct in6_addr a;

	net_start();
	a = addr6("fd00:a::1");
	CHECK(in6_if_enable(&t0.w_if, true) && if_addaddr6(&t0.w_if, &a, 64, 0, NULL) == NULL);
	a = addr6("fd00:b::1");
	CHECK(in6_if_enable(&t1.w_if, true) && if_addaddr6(&t1.w_if, &a, 64, 0, NULL) == NULL);
	ip6_forwarding = 1;
	host_run(5000);
	wires_forget();
	counter_mark();
}

void
ip6_start(void)
{
	struct rt_request rq = { .rq_af = AF_IP6, .rq_plen = 48, .rq_flags = RTF_GATEWAY | RTF_STATIC };
	struct in6_addr a, b;

	ip6_start_unknown();
	a = addr6("fd00:a::2");
	b = addr6("fd00:b::2");
	CHECK(nd6_set(0, &a, t0.w_host, NHF_STATIC) == NULL);
	CHECK(nd6_set(0, &b, t1.w_host, NHF_STATIC) == NULL);
	rq.rq_dest6 = addr6("fd00:c::");
	rq.rq_gateway6 = b;
	CHECK_EQ(rt_add(&rq), RT_OK);
	wires_forget();
	counter_mark();
}

void
pkt6(struct pkt *p, const char *src, const char *dst, unsigned nxt, unsigned hlim, unsigned payload)
{
	struct ip6_hdr *ip6 = pkt_ip6(p);

	memset(p->p_b, 0, 54);
	memcpy(p->p_b, t0.w_if.if_lladdr, 6);
	memcpy(p->p_b + 6, t0.w_host, 6);
	store16(p->p_b + 12, BE16(ETHERTYPE_IPV6));
	*ip6 = (struct ip6_hdr){ .ip6_flow = IP6_VERSION, .ip6_plen = host_be16((uint16_t)payload), .ip6_nxt = (uint8_t)nxt,
	    .ip6_hlim = (uint8_t)hlim, .ip6_src = addr6(src), .ip6_dst = addr6(dst) };
	if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst))
		in6_multi_lladdr(&ip6->ip6_dst, p->p_b);
	for (unsigned i = 0; i < payload; i++)
		p->p_b[54 + i] = (uint8_t)(i * 7 + 3);
	p->p_len = 54 + payload;
}

void
pkt6_udp(struct pkt *p, const char *src, const char *dst, unsigned hlim, unsigned payload)
{
	pkt6(p, src, dst, IPPROTO_UDP_, hlim, payload);
}

/* The test's own arithmetic. */
static uint16_t
sum6(const struct pkt *p)
{
	const uint8_t *ip6 = p->p_b + 14;
	uint32_t len = p->p_len - 54, sum = len + IPPROTO_ICMPV6_;

	for (unsigned i = 8; i < 40; i += 2)
		sum += (uint32_t)ip6[i] << 8 | ip6[i + 1];
	for (unsigned i = 0; i < len; i++)
		sum += i & 1 ? ip6[40 + i] : (uint32_t)ip6[40 + i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void
pkt6_sum(struct pkt *p)
{
	store16(p->p_b + 56, 0);
	store16(p->p_b + 56, host_be16(sum6(p)));
}

void
pkt6_icmp(struct pkt *p, const char *src, const char *dst, unsigned hlim, const void *msg, unsigned len)
{
	pkt6(p, src, dst, IPPROTO_ICMPV6_, hlim, len);
	memcpy(p->p_b + 54, msg, len);
	pkt6_sum(p);
}

void
pkt6_echo(struct pkt *p, const char *src, const char *dst, unsigned payload)
{
	pkt6(p, src, dst, IPPROTO_ICMPV6_, 64, 8 + payload);
	*pkt_icmp6(p) = (struct icmp6){ .icmp6_type = ICMP6_ECHO, .icmp6_id = BE16(7), .icmp6_seq = BE16(9) };
	pkt6_sum(p);
}

static void
pkt6_nd(struct pkt *p, const char *src, const char *dst, unsigned type, const char *target, be32_t flags, const uint8_t *ll)
{
	struct { struct nd_neighbor nd; struct nd_opt_lladdr opt; } msg = {
		.nd = { .nd_type = (uint8_t)type, .nd_flags = flags, .nd_target = addr6(target) },
		.opt = { type == ICMP6_NS ? ND_OPT_SLLA : ND_OPT_TLLA, 1, { 0 } },
	};

	if (ll != NULL)
		memcpy(msg.opt.ndo_lladdr, ll, 6);
	pkt6_icmp(p, src, dst, 255, &msg, ll != NULL ? sizeof(msg) : sizeof(msg.nd));
}

void
pkt6_ns(struct pkt *p, const char *src, const char *dst, const char *target, const uint8_t *ll)
{
	pkt6_nd(p, src, dst, ICMP6_NS, target, 0, ll);
}

void
pkt6_na(struct pkt *p, const char *src, const char *dst, const char *target, be32_t flags, const uint8_t *ll)
{
	pkt6_nd(p, src, dst, ICMP6_NA, target, flags, ll);
}

void
pkt6_insert(struct pkt *p, unsigned nxt, const void *ext, unsigned len)
{
	struct ip6_hdr *ip6 = pkt_ip6(p);

	memmove(p->p_b + 54 + len, p->p_b + 54, p->p_len - 54);
	memcpy(p->p_b + 54, ext, len);
	p->p_b[54] = ip6->ip6_nxt;
	ip6->ip6_nxt = (uint8_t)nxt;
	ip6->ip6_plen = host_be16((uint16_t)(be16_host(ip6->ip6_plen) + len));
	p->p_len += len;
}

struct pkt *
wire_tx_icmp6(struct wire *w, unsigned type)
{
	struct pkt *f = wire_tx(w);

	CHECK(f != NULL);
	CHECK_EQ(load16(f->p_b + 12), BE16(ETHERTYPE_IPV6));
	CHECK_EQ(be16_host(pkt_ip6(f)->ip6_plen), f->p_len - 54);
	CHECK_EQ(pkt_ip6(f)->ip6_nxt, IPPROTO_ICMPV6_);
	CHECK_EQ(pkt_icmp6(f)->icmp6_type, type);
	CHECK_EQ(sum6(f), 0);
	return f;
}
