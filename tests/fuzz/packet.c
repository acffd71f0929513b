/* packet.c - target packet: frames from ether_input down, in every state that the first bytes and the operations between the frames
 * bring about: neighbours known, unknown, asked for, down; fragments that wait; groups joined; forwarding off; small MTUs; routes of all kinds; full rings; no mbufs;
 * links that come and go; time that passes; flows that have entries.
 *
 * A frame is random bytes, or a good one of which some bytes are changed, its checksums made right again or not. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "kernel/sysctl.h"
#include "net/core/flow.h"
#include "net/ether/arp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ping.h"
#include "net/route/route.h"
#include "tests/fuzz/net.h"

COUNTER_GROUP(fuzz, 99);
COUNTER(fuzzs_sent, fuzz, 10, CREATED, "datagram%s sent by the target itself");

#define FRAME_MAX	2000
#define OPS_MAX		48

/* ---- good frames ---- */

static uint8_t frame[FRAME_MAX + 64];
static unsigned framelen;

static const uint16_t lens[] = { 0, 1, 7, 8, 20, 28, 46, 64, 100, 548, 552, 576, 1400, 1472, 1480, 1800 };

/* Addresses that mean something: hosts, routers, our own, broadcasts, networks, groups, martians. */
static be32_t
some_addr(unsigned sel)
{
	static const uint32_t addrs[] = {
		0x0a000002, 0x0a000102, 0x0a010203, 0x0a000001, 0x0a000101, 0x0a0000ff, 0x0a0001ff, 0x0a000000,
		0x0a000003, 0x0a000163, 0x0a020001, 0x0a030001, 0x0a040001, 0xc0000201, 0xffffffff, 0xe0000001,
		0x7f000001, 0x00000000, 0x00000001, 0xf0000001, 0xa9fe0101, 0x0a000103, 0x0a0001fe, 0x0a0000fe,
	};

	return host_be32(addrs[sel % nitems(addrs)]);
}

static void
make_ether(unsigned wire, uint16_t type)
{
	memcpy(frame, fw[wire].fw_if.if_lladdr, 6);
	memcpy(frame + 6, fw[wire].fw_host, 6);
	store16(frame + 12, host_be16(type));
}

static struct ip *
make_ip(unsigned wire, uint8_t proto, unsigned hlen, unsigned payload, be32_t src, be32_t dst)
{
	struct ip *ip = (struct ip *)(frame + 14);

	memset(frame, 0, 14 + 60);
	make_ether(wire, ETHERTYPE_IP);
	ip->ip_vhl = (uint8_t)(0x40 | hlen / 4);
	ip->ip_len = host_be16((uint16_t)(hlen + payload));
	ip->ip_ttl = 64;
	ip->ip_p = proto;
	ip->ip_src = src;
	ip->ip_dst = dst;
	memset(frame + 14 + 20, 1, hlen - 20);		/* NOP */
	for (unsigned i = 0; i < payload; i++)
		frame[14 + hlen + i] = (uint8_t)i;
	framelen = 14 + hlen + payload;
	return ip;
}

static void
make_arp(unsigned wire, uint16_t op, be32_t spa, be32_t tpa)
{
	struct ether_arp *ea = (struct ether_arp *)(frame + 14);

	memset(frame, 0, 60);
	make_ether(wire, ETHERTYPE_ARP);
	ea->ar_hrd = BE16(ARPHRD_ETHER);
	ea->ar_pro = BE16(ETHERTYPE_IP);
	ea->ar_hln = 6;
	ea->ar_pln = 4;
	ea->ar_op = host_be16(op);
	memcpy(ea->arp_sha, fw[wire].fw_host, 6);
	ea->arp_spa = spa;
	ea->arp_tpa = tpa;
	framelen = 60;
}

/* An ICMP error that quotes a datagram of ours. */
static void
make_icmp_error(unsigned wire, unsigned payload, be32_t src, be32_t dst)
{
	struct ip *quoted;

	make_ip(wire, IPPROTO_ICMP_, 20, MAX(payload, 36u), src, dst);
	frame[34] = ICMP_UNREACH;
	frame[35] = ICMP_UNREACH_NEEDFRAG;
	quoted = (struct ip *)(frame + 42);
	*quoted = (struct ip){ .ip_vhl = 0x45, .ip_len = BE16(84), .ip_ttl = 60, .ip_p = IPPROTO_ICMP_, .ip_src = dst, .ip_dst = src };
	frame[62] = ICMP_ECHO;
}

/* What core 0 works off: fragments (few numbers, so that they meet), groups, redirects, timestamps; else any ICMP with options. */
static void
make_for_us(unsigned wire, unsigned how, unsigned payload, be32_t src, be32_t dst, struct fuzz_in *in)
{
	struct ip *ip;

	if (how < 64) {
		make_ip(wire, IPPROTO_ICMP_, 20 + how % 11 * 4u, MAX(payload, 8u), src, dst);
	} else if (how < 160) {
		ip = make_ip(wire, how & 1 ? IPPROTO_ICMP_ : IPPROTO_TCP_, 20 + (how & 2) * 2, payload & ~(how & 4 ? 0u : 7u), src, FW_ADDR(wire));
		ip->ip_id = host_be16(how >> 3 & 3);
		ip->ip_off = host_be16((uint16_t)(fuzz_u8(in) | (how & 32 ? IP_MF : 0) | (how == 159 ? 0x1f00 : 0)));
		for (unsigned i = 34; i < framelen; i++)
			frame[i] = (uint8_t)(how & 64);			/* the same bytes, mostly: duplicates */
	} else if (how < 208) {
		ip = make_ip(wire, IPPROTO_IGMP_, 24, how & 1 ? 8 : 12 + (how >> 1 & 7) * 4u, src, how & 16 ? IP4_ALLHOSTS : dst);
		ip->ip_ttl = 1;
		store32(frame + 34, BE32(0x94040000));
		memset(frame + 38, 0, framelen - 38);
		frame[38] = (how & 15) == 15 ? 0x16 : 0x11;
		frame[39] = fuzz_u8(in);
		store32(frame + 42, how & 16 ? 0 : dst);
		frame[49] = (uint8_t)(how >> 1 & 7);
		memcpy(frame, (uint8_t[]){ 1, 0, 0x5e }, 3);
		memcpy(frame + 3, (uint8_t *)&ip->ip_dst + 1, 3);
	} else if (how < 240) {
		make_icmp_error(wire, payload, src, dst);
		frame[34] = ICMP_REDIRECT;
		frame[35] = how & 3;
		store32(frame + 38, some_addr(fuzz_u8(in)));
		store32(frame + 42 + 16, some_addr(fuzz_u8(in)));
	} else {
		make_ip(wire, IPPROTO_ICMP_, 20, how & 1 ? 20 : payload, src, dst);
		frame[34] = ICMP_TSTAMP;
		frame[35] = 0;
	}
}

static void
make_good(unsigned wire, unsigned kind, struct fuzz_in *in)
{
	be32_t src = some_addr(fuzz_u8(in)), dst = some_addr(fuzz_u8(in));
	unsigned payload = lens[fuzz_u8(in) % nitems(lens)];

	switch (kind % 8) {
	case 0:
		make_ip(wire, IPPROTO_UDP_, 20, payload, src, dst);
		break;
	case 1:
		make_ip(wire, IPPROTO_ICMP_, 20, MAX(payload, 8u), src, dst);
		frame[34] = ICMP_ECHO;
		frame[35] = 0;
		break;
	case 2:
		make_ip(wire, IPPROTO_UDP_, 24 + fuzz_u8(in) % 10 * 4u, payload, src, dst);
		break;
	case 3:
		make_icmp_error(wire, payload, src, dst);
		break;
	case 4:
		make_arp(wire, ARPOP_REQUEST, src, dst);
		break;
	case 5:
		make_arp(wire, ARPOP_REPLY, src, dst);
		break;
	case 6:
		make_ip(wire, IPPROTO_TCP_, 20, payload, src, dst)->ip_off = host_be16(fuzz_u16(in));
		break;
	default:
		make_for_us(wire, fuzz_u8(in), payload, src, dst, in);
		break;
	}
}

/* Header checksums as they should be, over what stands there now; lengths that cannot be are cut to the frame. */
static void
fix_sums(void)
{
	struct ip *ip = (struct ip *)(frame + 14);
	unsigned hlen, len;

	if (framelen < 34 || load16(frame + 12) != BE16(ETHERTYPE_IP))
		return;
	hlen = MIN((ip->ip_vhl & 15) * 4u, framelen - 14);
	len = MIN((unsigned)be16_host(ip->ip_len), framelen - 14);
	if ((ip->ip_p == IPPROTO_ICMP_ || ip->ip_p == IPPROTO_IGMP_) && len >= hlen + 8) {
		store16(frame + 14 + hlen + 2, 0);
		store16(frame + 14 + hlen + 2, in_cksum(frame + 14 + hlen, len - hlen));
	}
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, hlen);
}

static void
patch_and_send(unsigned wire, unsigned seg, struct fuzz_in *in)
{
	unsigned npatches = fuzz_u8(in);

	for (unsigned i = 0; i < (npatches & 7); i++) {
		unsigned at = fuzz_u8(in);
		uint8_t v = fuzz_u8(in);

		if (at < framelen)
			frame[at] = v;
	}
	if (npatches & 8)
		framelen = MIN(framelen, (unsigned)fuzz_u8(in));
	if (npatches & 16)
		for (unsigned pad = fuzz_u8(in) % 64; pad > 0 && framelen < FRAME_MAX; pad--)
			frame[framelen++] = 0xee;
	if (!(npatches & 32))
		fix_sums();
	fnet_rx(&fw[wire], frame, framelen, seg, npatches & 64 ? 1 + fuzz_u8(in) % 70 : 1);
}

static void
op_frame(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in), wire = how & 1;
	static const unsigned segs[] = { FRAME_MAX, 14, 15, 20, 33, 34, 60, 500 };

	if (how & 2) {
		size_t n;
		const uint8_t *p = fuzz_take(in, fuzz_u8(in) * (how & 4 ? 8u : 1u), &n);

		n = MIN(n, (size_t)FRAME_MAX);
		memset(frame, 0, 64);
		memcpy(frame, p, n);
		framelen = (unsigned)n;
		if ((how & 8) && n >= 14)
			make_ether(wire, ETHERTYPE_IP);
	} else
		make_good(wire, how >> 2 & 7, in);
	patch_and_send(wire, segs[how >> 5], in);
}

/* The last frame once more, some bytes changed: another packet of its flow, mostly. */
static void
op_again(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	if (framelen >= 14)
		make_ether(how & 1, be16_host(load16(frame + 12)));
	patch_and_send(how & 1, FRAME_MAX, in);
}

/* ---- what happens in between ---- */

static void
op_time(struct fuzz_in *in)
{
	static const uint32_t ms[] = { 1, 10, 250, 999, 1000, 1001, 3000, 5000, 19999, 20000, 30001, 1169999, 1170000, 1200001 };

	host_run(ms[fuzz_u8(in) % nitems(ms)]);
}

static void
op_interface(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	struct fwire *w = &fw[how & 1];
	static const uint32_t mtus[] = { 1500, 68, 100, 296, 576, 1280, 9000, 1499 };

	switch (how >> 1 & 7) {
	case 0:
		if_link_state_change(&w->fw_if, how & 16 ? LINK_STATE_UP : LINK_STATE_DOWN);
		break;
	case 1:
		if_setup(&w->fw_if, how & 16);
		break;
	case 2:
		fnet_full(w, how & 16);
		break;
	case 3:
		w->fw_mtu = fnet_waiting() ? MAX(w->fw_mtu, w->fw_if.if_mtu) : 0;
		if_setmtu(&w->fw_if, mtus[how >> 4 & 7]);
		break;
	case 4:
		if (how & 16)
			if_deladdr(&w->fw_if, FW_ADDR(how & 1));
		else
			if_addaddr(&w->fw_if, FW_ADDR(how & 1), 24, FW_ADDR(how & 1) | BE32(0xff));
		break;
	case 5:
		fnet_full(w, false);
		fnet_settle();		/* what waits in the ring has the old address */
		if_setlladdr(&w->fw_if, (uint8_t[]){ 2, 0, 0, 0, 1, (uint8_t)(how >> 4) });
		break;
	case 6:
		w->fw_up_fails = how & 16;
		break;
	default:
		w->fw_if.if_flags ^= how & 16 ? IFF_NOARP : IFF_STATICARP;
		break;
	}
}

/* A neighbour that asks for an echo, so that it has to be found; it answers, does not, or an admin has set it. */
static void
neighbour_state(unsigned wire, unsigned state, be32_t a)
{
	arp_delete(0, a);
	if (state < 3) {
		make_ip(wire, IPPROTO_ICMP_, 20, 8, a, FW_ADDR(wire));
		memset(frame + 34, 0, 8);
		frame[34] = ICMP_ECHO;
		fix_sums();
		fnet_rx(&fw[wire], frame, framelen, FRAME_MAX, 1);
	}
	if (state == 1) {					/* reachable */
		make_arp(wire, ARPOP_REPLY, a, FW_ADDR(wire));
		fnet_rx(&fw[wire], frame, framelen, FRAME_MAX, 1);
	}
	if (state == 2)						/* down */
		host_run(3100);
	if (state >= 3)						/* permanent, published; ours for others */
		arp_set(0, a, state & 1 ? fw[wire].fw_host : fw[wire].fw_if.if_lladdr, NHF_STATIC | (state & 2 ? NHF_PUBLISH : 0));
}

static void
op_neighbour(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);
	be32_t a = some_addr(fuzz_u8(in));

	if (how & 128) {
		neighbour_state(how >> 2 & 1, how >> 4 & 7, a);
		return;
	}
	switch (how & 3) {
	case 0:
		arp_set(0, a, fw[how >> 2 & 1].fw_host, how >> 3 & 3);		/* NHF_STATIC, NHF_PUBLISH */
		break;
	case 1:
		arp_set(0, a, fw[how >> 2 & 1].fw_if.if_lladdr, NHF_PUBLISH);	/* proxy */
		break;
	case 2:
		arp_delete(0, a);
		break;
	default:
		arp_flush(0);
		break;
	}
}

static void
op_route(struct fuzz_in *in)
{
	static const uint8_t plens[] = { 0, 8, 15, 16, 23, 24, 31, 32 };
	static const uint32_t kinds[] = { RTF_GATEWAY, RTF_GATEWAY, RTF_REJECT, RTF_BLACKHOLE };
	unsigned how = fuzz_u8(in);
	struct rt_request rq = { .rq_plen = plens[how & 7], .rq_dest = some_addr(fuzz_u8(in)), .rq_flags = RTF_STATIC };

	rq.rq_dest &= ip4_mask(rq.rq_plen);
	if (ip4_is_loopback(rq.rq_dest))	/* lo0's stay: the next input needs them */
		return;
	rq.rq_flags |= kinds[how >> 3 & 3];
	rq.rq_gateway = some_addr(fuzz_u8(in));
	rq.rq_mtu = how & 32 ? 576 : 0;
	if ((how & 192) == 128) {
		rt_delete(&(struct rt_request){ .rq_dest = rq.rq_dest, .rq_plen = rq.rq_plen });
		return;
	}
	/* Every route but a gateway's has an interface to reject on. */
	if (!(rq.rq_flags & RTF_GATEWAY)) {
		rq.rq_flags |= RTF_GATEWAY;
		rq.rq_gateway = IP4_LOOPBACK;
	}
	if ((how & 192) == 192)
		rt_change(&rq);
	else
		rt_add(&rq);
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
	if (which >= 100) {
		be32_t group = BE32(0xe0000000) | host_be32(v);

		if (which & 1)
			in_addmulti(&fw[which >> 1 & 1].fw_if, group);
		else
			in_delmulti(&fw[which >> 1 & 1].fw_if, group);
		return;
	}
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (n++ == which && sc->sc_int != NULL && !sc->sc_readonly) {
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
	unsigned how = fuzz_u8(in), len = lens[how & 15];
	struct ip *ip;

	if (m == NULL)
		return;
	len = MIN(len, 1700u);
	ip = (struct ip *)m->m_data;
	memset(m->m_data, 0, 20 + len);
	ip->ip_vhl = 0x45;
	ip->ip_len = host_be16((uint16_t)(20 + len));
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_UDP_;
	ip->ip_off = how & 16 ? BE16(IP_DF) : 0;
	ip->ip_dst = some_addr(fuzz_u8(in));
	m->m_len = m->m_pktlen = 20 + len;
	counter_inc(fuzzs_sent);
	ip_send(m);
	loop_pass();
}

/* A ping waits for answers: id 0x0001, to the host of t1. */
static void
listen(bool on)
{
	static struct out out;
	static struct ping ping;

	if (!on) {
		icmp_unlisten(&ping.p_il);
		return;
	}
	memset(&ping, 0, sizeof(ping));
	ping.p_out = &out;
	ping.p_dst = FW_HOST(1, 0);
	ping.p_id = 1;
	ping.p_size = 56;
	ping.p_verbose = true;
	ping.p_il = (struct icmp_listener){ .il_input = ping_input, .il_arg = &ping };
	icmp_listen(&ping.p_il);
}

static void
packet_run(struct fuzz_in *in)
{
	static void (*const ops[])(struct fuzz_in *) = {
		op_frame, op_frame, op_frame, op_frame, op_frame, op_frame, op_frame, op_again,
		op_time, op_time, op_interface, op_interface, op_neighbour, op_route, op_setting, op_send,
	};
	unsigned how = fuzz_u8(in);

	framelen = 0;
	flow_least = 1;
	flow_choose();
	fnet_attach();
	fnet_addresses();
	ip_forwarding = !(how & 1);
	config_loaded = !(how & 2);
	if (!(how & 4))
		CHECK(arp_set(0, FW_HOST(0, 0), fw[0].fw_host, 0) == NULL);
	if (!(how & 8))
		CHECK(arp_set(0, FW_HOST(1, 0), fw[1].fw_host, how & 16 ? NHF_STATIC : 0) == NULL);
	if (!(how & 32))
		rt_add(&(struct rt_request){ .rq_dest = BE32(0x0a010000), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC,
		    .rq_gateway = FW_HOST(1, 0) });
	if (how & 64)
		rt_add(&(struct rt_request){ .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway = FW_HOST(0, 0) });
	if (how & 128)
		if_setmtu(&fw[1].fw_if, 576);
	fnet_settle();
	listen(true);
	for (unsigned i = 0; i < OPS_MAX && in->n > 0; i++)
		ops[fuzz_u8(in) % nitems(ops)](in);
	listen(false);
	fnet_detach();
}
FUZZ_TARGET(packet, 512, fnet_start, packet_run);
