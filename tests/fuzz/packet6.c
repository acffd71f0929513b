/* packet6.c - target packet6: IPv6 frames from ether_input down, as packet.c for IPv4: good ones of every kind of which some bytes are changed, in
 * states that the operations between them bring about: neighbours, fragments, what routers have told, addresses that come and go. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "kernel/sysctl.h"
#include "net/ether/ether.h"
#include "net/inet/ping.h"
#include "net/inet6/mld6.h"
#include "net/inet6/slaac.h"
#include "net/route/route.h"
#include "tests/fuzz/net.h"

COUNTER(fuzzs_sent6, fuzz, 11, CREATED, "IPv6 datagram%s sent by the target itself");

#define FRAME_MAX	2000
#define OPS_MAX		48

static uint8_t frame[FRAME_MAX + 300];
static unsigned framelen;

static const uint16_t lens[] = { 0, 1, 7, 8, 16, 24, 28, 56, 64, 100, 500, 1232, 1280, 1400, 1452, 1600 };

/* Hosts, ours, prefixes, link-local ones, groups, martians. */
static struct in6_addr
some_addr(unsigned sel)
{
	static const uint8_t addrs[][16] = {
		{ 0xfd, [5] = 1, [15] = 2 }, { 0xfd, [5] = 2, [15] = 2 }, { 0xfd, [5] = 1, [15] = 1 }, { 0xfd, [5] = 2, [15] = 1 },
		{ 0xfd, [5] = 3, [15] = 9 }, { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, { 0xfe, 0x80, [15] = 2 }, { 0xfe, 0x80, [15] = 0xaa },
		{ 0xfe, 0x80, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 0x0a }, { 0xff, 2, [15] = 1 }, { 0xff, 2, [15] = 2 },
		{ 0xff, 2, [11] = 1, 0xff, 0, 0, 1 }, { 0xff, 2, [11] = 1, 0xff, 0, 0, 0x0a }, { 0xff, 2, [15] = 0x16 }, { 0 }, { [15] = 1 },
		{ [10] = 0xff, 0xff, 10, 0, 0, 2 }, { 0xff, 1, [15] = 1 }, { 0xff, 0x0e, [15] = 5 }, { 0xfd, [5] = 1, [15] = 0x63 },
		{ 0xfd, [5] = 2, [15] = 0x63 }, { 0xfe, 0x80, [3] = 2, [15] = 2 }, { 0xfd, [5] = 1 }, { 0x20, 1, 0x0d, 0xb8, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 0x0a },
	};
	struct in6_addr a;

	memcpy(&a, addrs[sel % nitems(addrs)], sizeof(a));
	return a;
}

/* ---- good frames ---- */

static uint8_t *
make_ip6(unsigned wire, uint8_t nxt, unsigned payload, struct fuzz_in *in)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(frame + 14);

	memset(frame, 0, sizeof(frame));
	*ip6 = (struct ip6_hdr){ .ip6_flow = IP6_VERSION, .ip6_plen = host_be16((uint16_t)payload), .ip6_nxt = nxt, .ip6_hlim = 64,
	    .ip6_src = some_addr(fuzz_u8(in)), .ip6_dst = some_addr(fuzz_u8(in)) };
	memcpy(frame, fw[wire].fw_if.if_lladdr, 6);
	if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst))
		in6_multi_lladdr(&ip6->ip6_dst, frame);
	memcpy(frame + 6, fw[wire].fw_host, 6);
	store16(frame + 12, BE16(ETHERTYPE_IPV6));
	for (unsigned i = 0; i < payload; i++)
		frame[54 + i] = (uint8_t)i;
	framelen = 54 + payload;
	return frame + 54;
}

static void
put_option(uint8_t type, unsigned len, const uint8_t *lladdr)
{
	uint8_t *p = frame + framelen;

	if (framelen + len > FRAME_MAX)
		return;
	memset(p, 0, len);
	p[0] = type;
	p[1] = (uint8_t)(len / 8);
	if (lladdr != NULL)
		memcpy(p + 2, lladdr, 6);
	framelen += len;
	store16(frame + 18, host_be16((uint16_t)(framelen - 54)));
}

static void
make_nd(unsigned wire, uint8_t type, struct fuzz_in *in)
{
	struct nd_neighbor *nd = (struct nd_neighbor *)make_ip6(wire, IPPROTO_ICMPV6_, type == ICMP6_REDIRECT ? 40 : 24, in);
	unsigned how = fuzz_u8(in);

	memset(nd, 0, type == ICMP6_REDIRECT ? 40 : 24);
	nd->nd_type = type;
	nd->nd_flags = type == ICMP6_NA ? host_be32((uint32_t)how << 24) : 0;
	nd->nd_target = some_addr(fuzz_u8(in));
	if (type == ICMP6_REDIRECT)
		*(struct in6_addr *)(frame + 54 + 24) = some_addr(fuzz_u8(in));
	frame[21] = 255;
	if (how & 1)
		put_option(type == ICMP6_NS ? ND_OPT_SLLA : ND_OPT_TLLA, 8, fw[wire].fw_host);
}

static void
make_ra(unsigned wire, struct fuzz_in *in)
{
	struct nd_ra *ra = (struct nd_ra *)make_ip6(wire, IPPROTO_ICMPV6_, sizeof(*ra), in);
	unsigned how = fuzz_u8(in);
	struct nd_opt_prefix *op;

	*ra = (struct nd_ra){ .ra_type = ICMP6_RA, .ra_hlim = 64, .ra_flags = fuzz_u8(in), .ra_lifetime = host_be16((uint16_t)(how << 4)) };
	((struct ip6_hdr *)(frame + 14))->ip6_src = some_addr(6 + (how & 1));
	frame[21] = 255;
	if (how & 2)
		put_option(ND_OPT_SLLA, 8, fw[wire].fw_host);
	for (unsigned i = how >> 4 & 3; i > 0; i--) {
		put_option(ND_OPT_PREFIX, 32, NULL);
		op = (struct nd_opt_prefix *)(frame + framelen - 32);
		op->op_plen = how & 4 ? 64 : fuzz_u8(in);
		op->op_flags = fuzz_u8(in);
		op->op_valid = host_be32((uint32_t)fuzz_u8(in) << (how & 8 ? 8 : 0));
		op->op_preferred = how & 64 ? op->op_valid : host_be32(fuzz_u8(in));
		op->op_prefix = some_addr(fuzz_u8(in));
	}
	if (how & 128)
		put_option(ND_OPT_RDNSS, 24, NULL);
	if ((ra->ra_flags & 7) == 5) {
		put_option(ND_OPT_DNSSL, 24, NULL);
		for (unsigned i = 16; i > 0; i--)
			frame[framelen - i] = fuzz_u8(in);
	}
}

/* An error that quotes what op_send sends, or a ping of ours. */
static void
make_error(unsigned wire, struct fuzz_in *in)
{
	struct icmp6 *icp = (struct icmp6 *)make_ip6(wire, IPPROTO_ICMPV6_, 8 + 56, in);
	struct ip6_hdr *quoted = (struct ip6_hdr *)(icp + 1), *ip6 = (struct ip6_hdr *)(frame + 14);

	memset(icp, 0, 64);
	*icp = (struct icmp6){ .icmp6_type = (uint8_t)(1 + fuzz_u8(in) % 4), .icmp6_param = host_be32(fuzz_u16(in)) };
	*quoted = (struct ip6_hdr){ .ip6_flow = IP6_VERSION, .ip6_plen = BE16(64), .ip6_nxt = IPPROTO_ICMPV6_, .ip6_hlim = 60,
	    .ip6_src = ip6->ip6_dst, .ip6_dst = some_addr(1) };
	*(struct icmp6 *)(quoted + 1) = (struct icmp6){ .icmp6_type = ICMP6_ECHO, .icmp6_id = BE16(1) };
}

/* Extension headers between the IPv6 header and what follows. */
static void
put_headers(struct fuzz_in *in)
{
	static const uint8_t kinds[] = { 0, 60, 43, 44, 60, 0, 44, 51 };

	for (unsigned n = fuzz_u8(in) & 3; n > 0 && framelen >= 54 && framelen + 16 <= FRAME_MAX; n--) {
		unsigned how = fuzz_u8(in), kind = kinds[how & 7], len = kind != 44 && (how & 8) ? 16 : 8;

		memmove(frame + 54 + len, frame + 54, framelen - 54);
		memset(frame + 54, 0, len);
		frame[54] = frame[20];
		frame[20] = (uint8_t)kind;
		if (kind == 44) {
			store16(frame + 56, fuzz_u16(in));
			frame[61] = how >> 6;
		} else {
			frame[55] = (uint8_t)(len / 8 - 1);
			frame[56] = how & 16 ? fuzz_u8(in) : 1;
			frame[57] = how & 32 ? fuzz_u8(in) : (uint8_t)(len - 4);
		}
		framelen += len;
	}
	if (framelen >= 54)
		store16(frame + 18, host_be16((uint16_t)(framelen - 54)));
}

/* A piece of an echo of 256 bytes in four of 64, to us; few numbers, so that they meet, and at times in each other's place. */
static void
make_piece(unsigned wire, struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in), i = how & 3, at = i * 64 + (how & 4 ? 8 : 0);
	struct ip6_frag *f;
	uint64_t sum;

	make_ip6(wire, IPPROTO_FRAGMENT_, 8 + 64, in);
	((struct ip6_hdr *)(frame + 14))->ip6_dst = some_addr(2 + wire);
	memset(frame + 54, how >> 7, 8 + 64);
	f = (struct ip6_frag *)(frame + 54);
	*f = (struct ip6_frag){ .ip6f_nxt = IPPROTO_ICMPV6_, .ip6f_ident = host_be32(how >> 3 & 3),
	    .ip6f_offlg = host_be16((uint16_t)(at | (i < 3 || (how & 32)))) };
	if (at != 0)
		return;
	store32(frame + 62, BE32(0x80000000));
	sum = in_sum(frame + 22, 32, 0) + host_be32(256) + host_be32(IPPROTO_ICMPV6_);
	store16(frame + 64, (uint16_t)~in_fold(in_sum(frame + 62, 64, sum)));
}

static void
make_good(unsigned wire, unsigned kind, struct fuzz_in *in)
{
	unsigned payload = lens[kind >> 4 & 15];
	uint8_t *p;

	switch (kind & 15) {
	case 0: case 1:
		make_ip6(wire, IPPROTO_UDP_, payload, in);
		break;
	case 2: case 3:
		p = make_ip6(wire, IPPROTO_ICMPV6_, MAX(payload, 8u), in);
		memset(p, 0, 8);
		p[0] = kind & 1 ? ICMP6_ECHO : ICMP6_ECHOREPLY;
		p[5] = 1;
		break;
	case 4: case 5: case 6:
		make_nd(wire, ICMP6_NS, in);
		break;
	case 7: case 8: case 9:
		make_nd(wire, ICMP6_NA, in);
		break;
	case 10: case 11:
		make_ra(wire, in);
		break;
	case 12:
		make_error(wire, in);
		break;
	case 13:
		make_nd(wire, ICMP6_REDIRECT, in);
		break;
	case 14:
		p = make_ip6(wire, IPPROTO_ICMPV6_, fuzz_u8(in) & 1 ? 24 : 28, in);
		memset(p, 0, 28);
		p[0] = (uint8_t)(ICMP6_MLD_QUERY + fuzz_u8(in) % 4);
		*(struct in6_addr *)(p + 8) = some_addr(fuzz_u8(in));
		break;
	default:
		if (kind & 128)
			make_piece(wire, in);
		else
			make_ip6(wire, fuzz_u8(in), payload, in);
		break;
	}
}

/* The ICMPv6 checksum as it should be, where nothing stands between. */
static void
fix_sum(void)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)(frame + 14);
	unsigned len = framelen - 54;
	uint64_t sum;

	if (framelen < 58 || ip6->ip6_nxt != IPPROTO_ICMPV6_)
		return;
	store16(frame + 56, 0);
	sum = in_sum(frame + 22, 32, 0) + host_be32(len) + host_be32(IPPROTO_ICMPV6_);
	store16(frame + 56, (uint16_t)~in_fold(in_sum(frame + 54, len, sum)));
}

static void
op_frame(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in), wire = how & 1, npatches;
	static const unsigned segs[] = { FRAME_MAX, 14, 15, 54, 55, 61, 80, 500 };

	if (how & 2) {
		size_t n;
		const uint8_t *p = fuzz_take(in, fuzz_u8(in) * (how & 4 ? 8u : 1u), &n);

		make_ip6(wire, IPPROTO_ICMPV6_, 0, in);
		n = MIN(n, (size_t)FRAME_MAX - 54);
		memcpy(frame + (how & 8 ? 14 : 54), p, n);
		framelen = (how & 8 ? 14 : 54) + (unsigned)n;
	} else
		make_good(wire, fuzz_u8(in), in);
	npatches = fuzz_u8(in);
	if (!(npatches & 32))
		fix_sum();
	if (how & 16)
		put_headers(in);
	for (unsigned i = 0; i < (npatches & 3); i++) {
		unsigned at = fuzz_u8(in);
		uint8_t v = fuzz_u8(in);

		if (at < framelen)
			frame[at] = v;
	}
	if ((npatches & 3) && !(npatches & 4))
		fix_sum();
	if (npatches & 8)
		framelen = MIN(framelen, (unsigned)fuzz_u8(in));
	if (npatches & 16)
		for (unsigned pad = fuzz_u8(in) % 64; pad > 0 && framelen < FRAME_MAX; pad--)
			frame[framelen++] = 0xee;
	fnet_rx(&fw[wire], frame, framelen, segs[how >> 5], npatches & 64 ? 1 + fuzz_u8(in) % 70 : 1);
}

/* ---- what happens in between ---- */

#define LONG_WAIT	200000		/* milliseconds */

static unsigned long_waits;		/* of this input: a neighbour is looked at each second, which makes a day expensive */

static void
op_time(struct fuzz_in *in)
{
	static const uint32_t ms[] = { 1, 10, 250, 1000, 1001, 3000, 5000, 5001, 20000, 30001, 45000, 60001, 200000, 600001, 7200001, 86400001 };
	unsigned how = fuzz_u8(in);
	uint32_t wait = ms[how % nitems(ms)];

	if (wait > LONG_WAIT && (how / nitems(ms) % 8 != 0 || long_waits++ > 0))
		wait = LONG_WAIT;
	host_run(wait);
}

static void
op_interface(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	struct fwire *w = &fw[how & 1];
	struct in6_addr a = some_addr(fuzz_u8(in));

	switch (how >> 1 & 7) {
	case 0:
		if_link_state_change(&w->fw_if, how & 16 ? LINK_STATE_UP : LINK_STATE_DOWN);
		break;
	case 1:
		if_setup(&w->fw_if, how & 16);
		break;
	case 2:
		w->fw_mtu = fnet_waiting() ? MAX(w->fw_mtu, w->fw_if.if_mtu) : 0;
		if_setmtu(&w->fw_if, how & 16 ? 1280 : 1500);
		break;
	case 3:
		if (!IN6_IS_ADDR_MULTICAST(&a) && !IN6_IS_ADDR_UNSPECIFIED(&a) && !IN6_IS_ADDR_LOOPBACK(&a) && a.s6_addr16[1] == 0)
			if_addaddr6(&w->fw_if, &a, how & 16 ? 64 : 128, 0, NULL);
		break;
	case 4:
		if_deladdr6(&w->fw_if, &a);
		break;
	case 5:
		w->fw_if.if_xflags = how & 16 ? IFXF_AUTOCONF6 | (how & 32 ? IFXF_AUTOCONF6TEMP : 0) : 0;
		in6_if_changed(&w->fw_if);
		break;
	case 6:
		in6_if_enable(&w->fw_if, how & 16);
		break;
	default:
		fnet_full(w, how & 16);
		break;
	}
}

/* What a neighbour sends, its link address being its host's: an echo to us, which has to be answered; a question, which tells where it is; an answer. */
enum { FROM_ECHO, FROM_NS, FROM_NA };

static void
from_neighbour(unsigned wire, unsigned what, const struct in6_addr *a)
{
	static const uint8_t types[] = { ICMP6_ECHO, ICMP6_NS, ICMP6_NA };
	static struct fuzz_in none;
	struct in6_addr us = some_addr(2 + wire);
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(frame + 14);
	struct nd_neighbor *nd = (struct nd_neighbor *)make_ip6(wire, IPPROTO_ICMPV6_, 24, &none);

	memset(nd, 0, 24);
	ip6->ip6_src = *a;
	ip6->ip6_dst = us;
	ip6->ip6_hlim = 255;
	memcpy(frame, fw[wire].fw_if.if_lladdr, 6);
	nd->nd_type = types[what];
	if (what != FROM_ECHO) {
		nd->nd_target = what == FROM_NS ? us : *a;
		nd->nd_flags = what == FROM_NA ? ND_NA_SOLICITED | ND_NA_OVERRIDE : 0;
		put_option(what == FROM_NS ? ND_OPT_SLLA : ND_OPT_TLLA, 8, fw[wire].fw_host);
	}
	fix_sum();
	fnet_rx(&fw[wire], frame, framelen, FRAME_MAX, 1);
}

/* A neighbour in one of the states of nd6.c's table. */
static void
neighbour_state(unsigned wire, unsigned state, const struct in6_addr *a)
{
	struct in6_addr z = in6_embed(a, fw[wire].fw_if.if_index);

	nd6_delete(0, &z);
	if (state < 3)
		from_neighbour(wire, FROM_ECHO, a);		/* asked */
	if (state == 1)
		from_neighbour(wire, FROM_NA, a);		/* reachable */
	if (state == 2)
		host_run(3100);					/* down */
	if (state >= 3 && state < 6)
		from_neighbour(wire, FROM_NS, a);		/* stale */
	if (state >= 4 && state < 6) {
		from_neighbour(wire, FROM_ECHO, a);
		host_run(state == 4 ? 1100 : 6200);		/* delay; probe */
	}
	if (state >= 6)						/* permanent, published; ours for others */
		nd6_set(0, &z, state == 6 ? fw[wire].fw_host : fw[wire].fw_if.if_lladdr, NHF_STATIC | NHF_PUBLISH);
}

static void
op_neighbour(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	struct in6_addr a = some_addr(fuzz_u8(in)), z = in6_embed(&a, fw[how >> 2 & 1].fw_if.if_index);

	if (how & 128) {
		neighbour_state(how >> 2 & 1, how >> 4 & 7, &a);
		return;
	}
	switch (how & 3) {
	case 0:
		nd6_set(0, &z, fw[how >> 2 & 1].fw_host, how >> 3 & 3);		/* NHF_STATIC, NHF_PUBLISH */
		break;
	case 1:
		nd6_set(0, &z, fw[how >> 2 & 1].fw_if.if_lladdr, NHF_PUBLISH);
		break;
	case 2:
		nd6_delete(0, &z);
		break;
	default:
		nd6_flush(0);
		break;
	}
}

static void
op_setting(struct fuzz_in *in)
{
	unsigned which = fuzz_u8(in), v = fuzz_u8(in), n = 0;

	if (which & 128) {
		fnet_unhoard();
		if (which & 64)
			fnet_hoard(v % 8);
		return;
	}
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (sc->sc_int != NULL && !sc->sc_readonly && strncmp(sc->sc_name, "net.inet6.", 10) == 0 && n++ == which % 32) {
			*sc->sc_int = (int)MIN(MAX((int64_t)sc->sc_min, (int64_t)v - 1), (int64_t)sc->sc_max);
			if (sc->sc_changed != NULL)
				sc->sc_changed();
		}
}

/* A datagram of our own, as a task would send it. */
static void
op_send(struct fuzz_in *in)
{
	struct mbuf *m = m_get();
	unsigned how = fuzz_u8(in), len = MAX((unsigned)lens[how & 15], 8u);
	struct in6_addr dst = some_addr(fuzz_u8(in));

	if (m == NULL)
		return;
	memset(m->m_data, 0, 40 + len);
	*(struct ip6_hdr *)m->m_data = (struct ip6_hdr){ .ip6_nxt = how & 16 ? IPPROTO_ICMPV6_ : IPPROTO_UDP_, .ip6_hlim = 64, .ip6_dst = dst };
	m->m_data[40] = ICMP6_ECHO;
	m->m_len = m->m_pktlen = 40 + len;
	counter_inc(fuzzs_sent6);
	ip6_send(m, how & 32 ? &fw[how >> 6 & 1].fw_if : NULL);
	loop_pass();
}

/* A ping waits for answers: id 1, to the host of t1. */
static void
listen(bool on)
{
	static struct out out;
	static struct ping ping;

	if (!on) {
		icmp6_unlisten(&ping.p_il6);
		return;
	}
	memset(&ping, 0, sizeof(ping));
	ping.p_out = &out;
	ping.p_name = "ping6";
	ping.p_af = AF_IP6;
	ping.p_dst6 = some_addr(1);
	ping.p_id = 1;
	ping.p_size = 56;
	ping.p_verbose = true;
	ping.p_il6 = (struct icmp6_listener){ .il6_input = ping6_input, .il6_arg = &ping };
	icmp6_listen(&ping.p_il6);
}

static void
addresses(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct in6_addr a = some_addr(2 + i);

		CHECK(in6_if_enable(&fw[i].fw_if, true));
		CHECK(if_addaddr6(&fw[i].fw_if, &a, 64, 0, NULL) == NULL);
	}
}

static void
packet6_run(struct fuzz_in *in)
{
	static void (*const ops[])(struct fuzz_in *) = {
		op_frame, op_frame, op_frame, op_frame, op_frame, op_frame, op_frame, op_frame,
		op_frame, op_frame, op_time, op_time, op_interface, op_neighbour, op_setting, op_send,
	};
	struct rt_request rq = { .rq_af = AF_IP6, .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway6 = some_addr(1) };
	struct in6_addr hosts[2] = { some_addr(0), some_addr(1) };
	unsigned how = fuzz_u8(in);

	long_waits = 0;
	fnet_attach();
	fnet_addresses();
	addresses();
	ip6_forwarding = !(how & 1);
	config_loaded = true;
	for (unsigned i = 0; i < 2; i++)
		if (!(how & 2u << i))
			CHECK(nd6_set(0, &hosts[i], fw[i].fw_host, how & 8 ? NHF_STATIC : 0) == NULL);
	if (!(how & 16))
		rt_add(&rq);
	if (how & 32) {
		fw[0].fw_if.if_xflags = IFXF_AUTOCONF6 | IFXF_AUTOCONF6TEMP;
		in6_if_changed(&fw[0].fw_if);
	}
	if (how & 64)
		if_setmtu(&fw[1].fw_if, 1280);
	if (!(how & 128))
		host_run(1500);			/* addresses are ours */
	fnet_settle();
	listen(true);
	for (unsigned i = 0; i < OPS_MAX && in->n > 0; i++)
		ops[fuzz_u8(in) % nitems(ops)](in);
	listen(false);
	rt_delete(&rq);
	fnet_detach();
}
FUZZ_TARGET(packet6, 512, fnet_start, packet6_run);
