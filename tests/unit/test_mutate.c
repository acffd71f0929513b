/* test_mutate.c - HOSTILE: every field of good packets changed, in every state of a neighbour (mutate.h): ARP, Ethernet, IPv4 with options, ICMP,
 * UDP, TCP, IGMP; IPv6 with each extension header, ICMPv6, neighbour discovery with its options, MLD. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/inet/igmp.h"
#include "net/inet/ip_reass.h"
#include "net/inet6/ip6_reass.h"
#include "net/inet6/slaac.h"
#include "tests/unit/mutate.h"

static void
from_t1(struct pkt *p)
{
	if (!(p->p_b[0] & 1))
		memcpy(p->p_b, t1.w_if.if_lladdr, 6);
	memcpy(p->p_b + 6, mutate_mac, 6);
}

/* ---- IPv4 ---- */

static void
make_arp(struct pkt *p, unsigned op, const char *spa, const char *tpa)
{
	struct ether_arp *ea = (struct ether_arp *)(p->p_b + 14);

	memset(p->p_b, 0, 60);
	memcpy(p->p_b, op == ARPOP_REQUEST ? etherbroadcastaddr : t1.w_if.if_lladdr, 6);
	memcpy(p->p_b + 6, mutate_mac, 6);
	store16(p->p_b + 12, BE16(ETHERTYPE_ARP));
	*ea = (struct ether_arp){ .ar_hrd = BE16(ARPHRD_ETHER), .ar_pro = BE16(ETHERTYPE_IP), .ar_hln = 6, .ar_pln = 4,
	    .ar_op = host_be16((uint16_t)op), .arp_spa = addr(spa), .arp_tpa = addr(tpa) };
	memcpy(ea->arp_sha, mutate_mac, 6);
	p->p_len = 60;
}

static void make_arp_request(struct pkt *p) { make_arp(p, ARPOP_REQUEST, "10.0.1.9", "10.0.1.1"); }
static void make_arp_for_proxied(struct pkt *p) { make_arp(p, ARPOP_REQUEST, "10.0.1.7", "10.0.1.9"); }
static void make_arp_reply(struct pkt *p) { make_arp(p, ARPOP_REPLY, "10.0.1.9", "10.0.1.1"); }
static void make_arp_announcement(struct pkt *p) { make_arp(p, ARPOP_REQUEST, "10.0.1.9", "10.0.1.9"); }

/* To the neighbour, through us. */
static void make_udp(struct pkt *p) { pkt_udp(p, "10.0.0.2", "10.0.1.9", 64, 26); }

static void
make_tcp(struct pkt *p)
{
	pkt_ip(p, "10.0.0.2", "10.0.1.9", 6, 64, 20, 26);
}

static void
make_options(struct pkt *p)
{
	pkt_ip(p, "10.0.0.2", "10.0.1.9", 17, 64, 36, 26);
	memcpy(p->p_b + 34, (uint8_t[]){ 7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 1 }, 16);	/* record route, timestamp */
	pkt_ipsum(p);
}

static void
make_piece(struct pkt *p)
{
	pkt_ip(p, "10.0.0.2", "10.0.1.9", 17, 64, 20, 64);
	pkt_iphdr(p)->ip_off = BE16(IP_MF | 8);
	pkt_ipsum(p);
}

/* From the neighbour to us. */
static void
make_icmp(struct pkt *p, unsigned type, unsigned code, unsigned len)
{
	pkt_ip(p, "10.0.1.9", "10.0.1.1", 1, 64, 20, len);
	from_t1(p);
	memset(p->p_b + 34, 0, MIN(len, 8u));
	p->p_b[34] = (uint8_t)type;
	p->p_b[35] = (uint8_t)code;
	mutate_fix_sums(p, 0);
}

static void
make_quote(struct pkt *p, unsigned type, unsigned code)
{
	make_icmp(p, type, code, 36);
	memcpy(p->p_b + 42, (uint8_t[]){ 0x45, 0, 5, 220, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 1, 10, 0, 1, 9 }, 20);
	mutate_fix_sums(p, 0);
}

static void make_echo(struct pkt *p) { make_icmp(p, ICMP_ECHO, 0, 16); }
static void make_echo_reply(struct pkt *p) { make_icmp(p, ICMP_ECHOREPLY, 0, 16); }
static void make_tstamp(struct pkt *p) { make_icmp(p, ICMP_TSTAMP, 0, 20); }
static void make_mask_request(struct pkt *p) { make_icmp(p, ICMP_MASKREQ, 0, 12); }
static void make_unreach(struct pkt *p) { make_quote(p, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG); }
static void make_timxceed(struct pkt *p) { make_quote(p, ICMP_TIMXCEED, 0); }
static void make_paramprob(struct pkt *p) { make_quote(p, ICMP_PARAMPROB, 0); }

static void
make_redirect(struct pkt *p)
{
	make_quote(p, ICMP_REDIRECT, 1);
	store32(p->p_b + 38, addr("10.0.1.8"));
	mutate_fix_sums(p, 0);
}

static void
make_igmp(struct pkt *p, const char *dst, const uint8_t *msg, unsigned len)
{
	be32_t group = addr(dst);

	pkt_ip(p, "10.0.1.9", dst, 2, 1, 24, len);
	memcpy(p->p_b, (uint8_t[]){ 1, 0, 0x5e }, 3);
	memcpy(p->p_b + 3, (uint8_t *)&group + 1, 3);
	memcpy(p->p_b + 6, mutate_mac, 6);
	memcpy(p->p_b + 34, (uint8_t[]){ 0x94, 4, 0, 0 }, 4);
	memcpy(p->p_b + 38, msg, len);
	mutate_fix_sums(p, 0);
}

static void make_igmp_query(struct pkt *p) { make_igmp(p, "224.0.0.1", (uint8_t[12]){ IGMP_QUERY, 10, [8] = 2, 125 }, 12); }
static void make_igmp2_query(struct pkt *p) { make_igmp(p, "224.0.0.1", (uint8_t[8]){ IGMP_QUERY, 100 }, 8); }
static void make_igmp_report(struct pkt *p) { make_igmp(p, "224.0.0.1", (uint8_t[8]){ IGMP_V2_REPORT, 0, 0, 0, 224, 0, 0, 1 }, 8); }

static void
make_igmp3_report(struct pkt *p)
{
	make_igmp(p, "224.0.0.1", (uint8_t[16]){ IGMP_V3_REPORT, [7] = 1, [8] = 4, [12] = 239, 1, 2, 3 }, 16);
}

#define ETHER		{ &fields_ether, 0 }
#define IP4		{ &fields_ip4, 14 }
#define ICMP4		IP4, { &fields_icmp, 34 }
#define QUOTE4		{ &fields_ip4, 42 }, { &fields_udp, 62 }

static const struct sample samples4[] = {
	{ "ARP request", make_arp_request, &t1, 0, true, { ETHER, { &fields_arp, 14 } } },
	{ "ARP request for what we may publish", make_arp_for_proxied, &t1, 0, true, { ETHER, { &fields_arp, 14 } } },
	{ "ARP reply", make_arp_reply, &t1, 0, true, { ETHER, { &fields_arp, 14 } } },
	{ "ARP announcement", make_arp_announcement, &t1, 0, true, { ETHER, { &fields_arp, 14 } } },
	{ "UDP", make_udp, &t0, 0, false, { ETHER, IP4, { &fields_udp, 34 } } },
	{ "TCP", make_tcp, &t0, 0, false, { IP4, { &fields_tcp, 34 } } },
	{ "options", make_options, &t0, 0, false, { IP4, { &fields_option4, 34 }, { &fields_option4, 41 } } },
	{ "fragment", make_piece, &t0, 0, false, { IP4 } },
	{ "echo", make_echo, &t1, 0, false, { ETHER, ICMP4 } },
};

static const struct sample samples_icmp[] = {
	{ "echo reply", make_echo_reply, &t1, 0, false, { ICMP4 } },
	{ "timestamp", make_tstamp, &t1, 0, false, { ICMP4, { &fields_tstamp, 42 } } },
	{ "mask request", make_mask_request, &t1, 0, false, { ICMP4 } },
	{ "unreachable", make_unreach, &t1, 0, false, { ICMP4, QUOTE4 } },
	{ "time exceeded", make_timxceed, &t1, 0, false, { ICMP4, QUOTE4 } },
	{ "parameter problem", make_paramprob, &t1, 0, false, { ICMP4, QUOTE4 } },
	{ "redirect", make_redirect, &t1, 0, false, { IP4, { &fields_icmp_redirect, 34 }, QUOTE4 } },
	{ "IGMP query", make_igmp_query, &t1, 0, false, { IP4, { &fields_option4, 34 }, { &fields_igmp, 38 }, { &fields_igmp3_query, 46 } } },
	{ "IGMPv2 query", make_igmp2_query, &t1, 0, false, { IP4, { &fields_igmp, 38 } } },
	{ "IGMP report", make_igmp_report, &t1, 0, false, { IP4, { &fields_igmp, 38 } } },
	{ "IGMPv3 report", make_igmp3_report, &t1, 0, false, { IP4, { &fields_igmp3_report, 38 } } },
};

/* ---- IPv6 ---- */

#define N6	"fd00:b::9"
#define US6	"fd00:b::1"
#define LL9	"fe80::9"
#define LLUS	"fe80::5054:ff:fe00:b"

static void make_udp6(struct pkt *p) { pkt6_udp(p, "fd00:a::2", N6, 64, 26); }

static void
make_tcp6(struct pkt *p)
{
	pkt6(p, "fd00:a::2", N6, 6, 64, 26);
}

static void
make_hopopts(struct pkt *p)
{
	make_udp6(p);
	pkt6_insert(p, 0, (uint8_t[8]){ 0, 0, 0x1e, 4 }, 8);
}

/* A router alert, to us. */
static void
make_alert(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	pkt6_insert(p, 0, (uint8_t[8]){ 0, 0, 5, 2, 0, 0, 1, 0 }, 8);
	from_t1(p);
}

static void
make_dstopts(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	pkt6_insert(p, 60, (uint8_t[8]){ 0, 0, 0x1e, 4 }, 8);
	from_t1(p);
}

static void
make_routing(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	pkt6_insert(p, 43, (uint8_t[24]){ 0, 2, 0, 0, [8] = 0xfd, [11] = 0x0c, [23] = 1 }, 24);
	from_t1(p);
}

static void
make_routing_through(struct pkt *p)
{
	make_udp6(p);
	pkt6_insert(p, 43, (uint8_t[24]){ 0, 2, 0, 1, [8] = 0xfd, [11] = 0x0c, [23] = 1 }, 24);
}

/* One fragment that is all: RFC 6946. */
static void
make_atomic(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	pkt6_insert(p, 44, (uint8_t[8]){ 0, 0, 0, 0, 0, 0, 0, 9 }, 8);
	from_t1(p);
}

static void
make_chain(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	pkt6_insert(p, 60, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	pkt6_insert(p, 44, (uint8_t[8]){ 0, 0, 0, 0, 0, 0, 0, 9 }, 8);
	pkt6_insert(p, 43, (uint8_t[8]){ 0, 0, 0, 0 }, 8);
	pkt6_insert(p, 0, (uint8_t[8]){ 0, 0, 1, 4 }, 8);
	from_t1(p);
}

static void
make_piece6(struct pkt *p)
{
	make_udp6(p);
	pkt6_insert(p, 44, (uint8_t[8]){ 0, 0, 0, 0x41, 0, 0, 0, 9 }, 8);
}

static void
make_no_next(struct pkt *p)
{
	pkt6(p, N6, US6, 59, 64, 8);
	from_t1(p);
}

static void
make_echo6(struct pkt *p)
{
	pkt6_echo(p, N6, US6, 8);
	from_t1(p);
}

static void
make_echo6_reply(struct pkt *p)
{
	make_echo6(p);
	p->p_b[54] = ICMP6_ECHOREPLY;
	pkt6_sum(p);
}

static void
make_error6(struct pkt *p, unsigned type, uint32_t param)
{
	struct { struct icmp6 icp; struct ip6_hdr ip6; uint8_t data[16]; } msg = {
		.icp = { .icmp6_type = (uint8_t)type, .icmp6_param = host_be32(param) },
		.ip6 = { .ip6_flow = IP6_VERSION, .ip6_plen = BE16(1400), .ip6_nxt = IPPROTO_UDP_, .ip6_hlim = 60, .ip6_src = addr6(US6), .ip6_dst = addr6(N6) },
	};

	pkt6_icmp(p, N6, US6, 64, &msg, sizeof(msg));
	from_t1(p);
}

static void make_unreach6(struct pkt *p) { make_error6(p, ICMP6_UNREACH, 0); }
static void make_toobig(struct pkt *p) { make_error6(p, ICMP6_TOOBIG, 1300); }
static void make_timxceed6(struct pkt *p) { make_error6(p, ICMP6_TIMXCEED, 0); }
static void make_paramprob6(struct pkt *p) { make_error6(p, ICMP6_PARAMPROB, 40); }

static void
make_ns(struct pkt *p)
{
	pkt6_ns(p, N6, "ff02::1:ff00:1", US6, mutate_mac);
	from_t1(p);
}

static void
make_ns_unicast(struct pkt *p)
{
	pkt6_ns(p, N6, US6, US6, NULL);
	from_t1(p);
}

static void
make_ns_proxied(struct pkt *p)
{
	pkt6_ns(p, "fd00:b::7", "ff02::1:ff00:9", N6, mutate_mac);
	from_t1(p);
}

static void
make_ns_dad(struct pkt *p)
{
	pkt6_ns(p, "::", "ff02::1:ff00:1", US6, NULL);
	from_t1(p);
}

static void
make_na(struct pkt *p)
{
	pkt6_na(p, N6, US6, N6, ND_NA_SOLICITED | ND_NA_OVERRIDE, mutate_mac);
	from_t1(p);
}

static void
make_na_unsolicited(struct pkt *p)
{
	pkt6_na(p, N6, "ff02::1", N6, ND_NA_ROUTER, mutate_mac);
	from_t1(p);
}

static void
make_rs(struct pkt *p)
{
	pkt6_icmp(p, LL9, "ff02::2", 255, (uint8_t[16]){ ICMP6_RS, [8] = ND_OPT_SLLA, 1, 2, 0, 0, 0, 1, 1 }, 16);
	from_t1(p);
}

static void
make_ra(struct pkt *p)
{
	struct { struct nd_ra ra; struct nd_opt_lladdr ll; struct nd_opt_prefix pi; uint8_t mtu[8], dns[24]; } msg = {
		.ra = { .ra_type = ICMP6_RA, .ra_hlim = 64, .ra_lifetime = BE16(1800) },
		.ll = { ND_OPT_SLLA, 1, { 2, 0, 0, 0, 1, 1 } },
		.pi = { .op_type = ND_OPT_PREFIX, .op_len = 4, .op_plen = 64, .op_flags = PI_ONLINK | PI_AUTO, .op_valid = BE32(7200),
		    .op_preferred = BE32(3600), .op_prefix = addr6("2001:db8:1::") },
		.mtu = { ND_OPT_MTU, 1, [6] = 5, 0x14 },
		.dns = { ND_OPT_RDNSS, 3, [6] = 2, [8] = 0x20, 1, 0x0d, 0xb8, [23] = 0x53 },
	};

	pkt6_icmp(p, LL9, "ff02::1", 255, &msg, sizeof(msg));
	from_t1(p);
}

/* About a packet of ours to fd00:d::1, which goes by fe80::9 when we are a host. */
static void
make_redirect6(struct pkt *p)
{
	struct { struct nd_redirect rd; struct nd_opt_lladdr ll; uint8_t opt[8]; struct ip6_hdr ip6; uint8_t data[8]; } msg = {
		.rd = { .rd_type = ICMP6_REDIRECT, .rd_target = addr6("fe80::8"), .rd_dst = addr6("fd00:d::1") },
		.ll = { ND_OPT_TLLA, 1, { 2, 0, 0, 0, 1, 8 } },
		.opt = { ND_OPT_REDIRECTED, 7 },
		.ip6 = { .ip6_flow = IP6_VERSION, .ip6_plen = BE16(8), .ip6_nxt = IPPROTO_UDP_, .ip6_hlim = 64, .ip6_src = addr6(US6),
		    .ip6_dst = addr6("fd00:d::1") },
	};

	pkt6_icmp(p, LL9, LLUS, 255, &msg, sizeof(msg));
	from_t1(p);
}

static void
make_mld(struct pkt *p, unsigned hbh, const char *dst, const void *msg, unsigned len)
{
	pkt6_icmp(p, LL9, dst, 1, msg, len);
	if (hbh)
		pkt6_insert(p, 0, (uint8_t[8]){ 0, 0, 5, 2, 0, 0, 1, 0 }, 8);
	from_t1(p);
}

static void make_mld_query(struct pkt *p) { make_mld(p, 1, "ff02::1", (uint8_t[24]){ ICMP6_MLD_QUERY, [4] = 3 }, 24); }
static void make_mld_report(struct pkt *p) { make_mld(p, 1, "ff02::1:ff00:1", (uint8_t[24]){ ICMP6_MLD_REPORT, [8] = 0xff, 2, [19] = 1, 0xff, [23] = 1 }, 24); }
static void make_mld_done(struct pkt *p) { make_mld(p, 1, "ff02::2", (uint8_t[24]){ ICMP6_MLD_DONE, [8] = 0xff, 2, [23] = 5 }, 24); }

static void
make_mld2_query(struct pkt *p)
{
	make_mld(p, 1, "ff02::1", (uint8_t[44]){ ICMP6_MLD_QUERY, [4] = 3, [24] = 2, 125, [27] = 1, [28] = 0xfd, [43] = 1 }, 44);
}

static void
make_mld2_report(struct pkt *p)
{
	make_mld(p, 1, "ff02::1", (uint8_t[28]){ ICMP6_MLD2_REPORT, [7] = 1, [8] = 4, [12] = 0xff, 2, [27] = 5 }, 28);
}

#define IP6		{ &fields_ip6, 14 }
#define ERROR6		IP6, { &fields_icmp6, 54 }, { &fields_ip6, 62 }, { &fields_udp, 102 }
#define ALERT		IP6, { &fields_options6, 54 }

static const struct sample samples6[] = {
	{ "UDP", make_udp6, &t0, 0, false, { ETHER, IP6, { &fields_udp, 54 } } },
	{ "TCP", make_tcp6, &t0, 0, false, { IP6, { &fields_tcp, 54 } } },
	{ "hop-by-hop options", make_hopopts, &t0, 0, false, { IP6, { &fields_options6, 54 }, { &fields_udp, 62 } } },
};

static const struct sample samples_headers6[] = {
	{ "router alert", make_alert, &t1, 62, false, { IP6, { &fields_options6, 54 }, { &fields_icmp6, 62 } } },
	{ "destination options", make_dstopts, &t1, 62, false, { IP6, { &fields_options6, 54 }, { &fields_icmp6, 62 } } },
	{ "routing header", make_routing, &t1, 78, false, { IP6, { &fields_routing6, 54 }, { &fields_icmp6, 78 } } },
	{ "routing header on its way", make_routing_through, &t0, 0, false, { IP6, { &fields_routing6, 54 } } },
	{ "atomic fragment", make_atomic, &t1, 62, false, { IP6, { &fields_fragment6, 54 }, { &fields_icmp6, 62 } } },
	{ "chain of headers", make_chain, &t1, 86, false, { ALERT, { &fields_routing6, 62 }, { &fields_fragment6, 70 }, { &fields_options6, 78 },
	    { &fields_icmp6, 86 } } },
	{ "fragment on its way", make_piece6, &t0, 0, false, { IP6, { &fields_fragment6, 54 } } },
	{ "no next header", make_no_next, &t1, 0, false, { IP6 } },
};

static const struct sample samples_icmp6[] = {
	{ "echo", make_echo6, &t1, 54, false, { IP6, { &fields_icmp6, 54 } } },
	{ "echo reply", make_echo6_reply, &t1, 54, false, { IP6, { &fields_icmp6, 54 } } },
	{ "unreachable", make_unreach6, &t1, 54, false, { ERROR6 } },
	{ "packet too big", make_toobig, &t1, 54, false, { ERROR6 } },
	{ "time exceeded", make_timxceed6, &t1, 54, false, { ERROR6 } },
	{ "parameter problem", make_paramprob6, &t1, 54, false, { ERROR6 } },
};

static const struct sample samples_nd6[] = {
	{ "neighbour solicitation", make_ns, &t1, 54, true, { ETHER, IP6, { &fields_neighbor, 54 }, { &fields_lladdr, 78 } } },
	{ "neighbour solicitation by unicast", make_ns_unicast, &t1, 54, true, { IP6, { &fields_neighbor, 54 } } },
	{ "neighbour solicitation for what we may publish", make_ns_proxied, &t1, 54, true, { IP6, { &fields_neighbor, 54 }, { &fields_lladdr, 78 } } },
	{ "duplicate address detection", make_ns_dad, &t1, 54, true, { IP6, { &fields_neighbor, 54 } } },
	{ "neighbour advertisement", make_na, &t1, 54, true, { ETHER, IP6, { &fields_neighbor, 54 }, { &fields_lladdr, 78 } } },
	{ "neighbour advertisement to all", make_na_unsolicited, &t1, 54, true, { IP6, { &fields_neighbor, 54 }, { &fields_lladdr, 78 } } },
};

static const struct sample samples_mld6[] = {
	{ "MLD query", make_mld_query, &t1, 62, false, { ALERT, { &fields_mld, 62 } } },
	{ "MLDv2 query", make_mld2_query, &t1, 62, false, { ALERT, { &fields_mld, 62 }, { &fields_mld2_query, 86 } } },
	{ "MLD report", make_mld_report, &t1, 62, false, { ALERT, { &fields_mld, 62 } } },
	{ "MLD done", make_mld_done, &t1, 62, false, { ALERT, { &fields_mld, 62 } } },
	{ "MLDv2 report", make_mld2_report, &t1, 62, false, { ALERT, { &fields_mld2_report, 62 } } },
};

/* From a router of the link, or for one: its neighbour is the link-local one. */
static const struct sample samples_link[] = {
	{ "router solicitation", make_rs, &t1, 54, true, { IP6, { &fields_rs, 54 }, { &fields_lladdr, 62 } } },
	{ "router advertisement", make_ra, &t1, 54, true, { IP6, { &fields_ra, 54 }, { &fields_lladdr, 70 }, { &fields_prefix, 78 }, { &fields_mtu, 110 },
	    { &fields_rdnss, 118 } } },
	{ "redirect", make_redirect6, &t1, 54, true, { IP6, { &fields_redirect6, 54 }, { &fields_lladdr, 94 }, { &fields_redirected, 102 },
	    { &fields_ip6, 110 } } },
};

/* Addresses that no duplicate can still threaten, both families on both wires. */
static void
start(const char *neighbour6)
{
	memset(&mutate_tally, 0, sizeof(mutate_tally));
	ip6_start();
	mutate_neighbour6(neighbour6);
}

static void
run(const struct sample *samples, unsigned n, const struct mutate_states *states)
{
	mutate_honest();
	for (unsigned i = 0; i < n; i++)
		mutate(&samples[i], states);
	CHECK(mutate_tally.mt_all > 1000 && mutate_tally.mt_dropped > 0);
}

#define MUTATE(name, samples, neighbour6, states)				\
	TEST(mutate_##name) { start(neighbour6); run(samples, nitems(samples), states); net_end(); }
MUTATE(every_field_ip4, samples4, N6, &mutate_neighbours4)
MUTATE(every_field_icmp, samples_icmp, N6, &mutate_neighbours4)
MUTATE(every_field_ip6, samples6, N6, &mutate_neighbours6)
MUTATE(every_field_headers6, samples_headers6, N6, &mutate_neighbours6)
MUTATE(every_field_icmp6, samples_icmp6, N6, &mutate_neighbours6)
MUTATE(every_field_nd6, samples_nd6, N6, &mutate_neighbours6)
MUTATE(every_field_mld6, samples_mld6, LL9 "%t1", &mutate_neighbours6)
MUTATE(every_field_link6, samples_link, LL9 "%t1", &mutate_neighbours6)

/* ---- as a host that believes its router, fe80::9 ---- */

static void
router_heard(void)
{
	static struct pkt p;

	pkt6_icmp(&p, LL9, "ff02::1", 255, &(struct nd_ra){ .ra_type = ICMP6_RA, .ra_hlim = 64, .ra_lifetime = BE16(1800) }, sizeof(struct nd_ra));
	from_t1(&p);
	wire_rx(&t1, &p);
}

/* What the last one has taught is forgotten first. */
static void
host_put(unsigned state)
{
	t1.w_if.if_xflags = 0;
	in6_if_changed(&t1.w_if);
	rt_flush_dynamic(0, AF_IP6);
	t1.w_if.if_xflags = IFXF_AUTOCONF6 | IFXF_AUTOCONF6TEMP;
	in6_if_changed(&t1.w_if);
	router_heard();
	mutate_neighbours6.ms_put(state);
}

TEST(mutate_every_field_as_host)
{
	const struct mutate_states states = { "neighbour", mutate_neighbours6.ms_names, mutate_neighbours6.ms_count, host_put };

	start(LL9 "%t1");
	ip6_forwarding = 0;
	host_put(0);
	counter_mark();
	run(samples_link, nitems(samples_link), &states);
	CHECK(counter_delta("nd6s_redirected") > 100 && counter_delta("nd6s_inra") > 100);
	t1.w_if.if_xflags = 0;
	in6_if_changed(&t1.w_if);
	rt_flush_dynamic(0, AF_IP6);
	net_end();
}

/* ---- IPv4: redirects of the gateway 10.0.1.9, which the admin lets it send ---- */

static void
redirects_put(unsigned state)
{
	rt_flush_dynamic(0, AF_IP4);
	mutate_neighbours4.ms_put(state);
}

/* About a packet of ours to 10.9.0.1. */
static void
make_redirect_by_gateway(struct pkt *p)
{
	make_redirect(p);
	store32(p->p_b + 42 + 16, addr("10.9.0.1"));
	mutate_fix_sums(p, 0);
}

TEST(mutate_redirects)
{
	static const struct sample sample = { "redirect", make_redirect_by_gateway, &t1, 0, false,
	    { IP4, { &fields_icmp_redirect, 34 }, { &fields_ip4, 42 } } };
	const struct mutate_states states = { "gateway", mutate_neighbours4.ms_names, mutate_neighbours4.ms_count, redirects_put };

	start(N6);
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strcmp(sc->sc_name, "net.inet.icmp.rediraccept") == 0)
			*sc->sc_int = 1;
	CHECK_EQ(rt_add(&(struct rt_request){ .rq_dest = addr("10.9.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC,
	    .rq_gateway = addr("10.0.1.9") }), RT_OK);
	counter_mark();
	run(&sample, 1, &states);
	CHECK(counter_delta("icps_redirected") > 100 && counter_delta("icps_redirectbad") > 100);
	rt_flush_dynamic(0, AF_IP4);
	net_end();
}

/* ---- fragments for us: an echo of 256 bytes in four pieces, of which one is the sample ---- */

#define PIECES		4
#define PIECE_LEN	64u
#define WAIT_MAX	1024u		/* mbufs of fragments that wait; each family's */

static unsigned piece;			/* which one */

enum { FS_NONE, FS_FIRST, FS_LAST, FS_HOLE, FS_ONE_MISSING, FS_DEAD, FS_LIMIT, FS_COUNT };
static const char *const fragment_states[FS_COUNT] = { "none", "first", "last", "with a hole", "but one", "given up", "as many as there may be" };

static void
make_fragment4(struct pkt *p, unsigned i, const char *src, unsigned id)
{
	pkt_ip(p, src, "10.0.0.1", 1, 64, 20, PIECE_LEN);
	memset(p->p_b + 34, 0, PIECE_LEN);
	if (i == 0)
		memcpy(p->p_b + 34, (uint8_t[]){ ICMP_ECHO, 0, 0xf7, 0xff }, 4);
	pkt_iphdr(p)->ip_id = host_be16((uint16_t)id);
	pkt_iphdr(p)->ip_off = host_be16((uint16_t)((i + 1 < PIECES ? IP_MF : 0) | i * PIECE_LEN / 8));
	pkt_ipsum(p);
}

static void
make_fragment6(struct pkt *p, unsigned i, const char *src, unsigned id)
{
	uint8_t frag[8] = { 0, 0, 0, (uint8_t)(i * PIECE_LEN | (i + 1 < PIECES)), 0, 0, (uint8_t)(id >> 8), (uint8_t)id };
	uint64_t sum;

	pkt6(p, src, "fd00:a::1", IPPROTO_ICMPV6_, 64, PIECE_LEN);
	memset(p->p_b + 54, 0, PIECE_LEN);
	if (i == 0) {
		p->p_b[54] = ICMP6_ECHO;
		sum = in_sum(p->p_b + 22, 32, 0) + host_be32(PIECES * PIECE_LEN) + host_be32(IPPROTO_ICMPV6_);
		store16(p->p_b + 56, (uint16_t)~in_fold(in_sum(p->p_b + 54, 2, sum)));
	}
	pkt6_insert(p, 44, frag, 8);
}

static void make_sample_fragment4(struct pkt *p) { make_fragment4(p, piece, "10.0.0.2", 7); mutate_fix_sums(p, 0); }
static void make_sample_fragment6(struct pkt *p) { make_fragment6(p, piece, "fd00:a::2", 7); }

static void
fragment_comes(bool six, unsigned i, const char *src, unsigned id)
{
	static struct pkt p;

	if (six)
		make_fragment6(&p, i, src, id);
	else
		make_fragment4(&p, i, src, id);
	wire_rx(&t0, &p);
}

/* Other bytes where the first fragment has its own: the datagram is given up. */
static void
fragment_overlaps(bool six)
{
	static struct pkt p;

	if (six)
		make_fragment6(&p, 0, "fd00:a::2", 7);
	else
		make_fragment4(&p, 0, "10.0.0.2", 7);
	p.p_b[p.p_len - 1] = 0xee;
	wire_rx(&t0, &p);
}

/* First fragments from everywhere, until there is no room. */
static void
fragments_fill(bool six)
{
	char src[40];

	if (mbuf_used() >= WAIT_MAX)
		return;
	for (unsigned i = 0; i < WAIT_MAX + 10; i++) {
		snprintf(src, sizeof(src), six ? "2001:db8:%x::1" : "172.16.%u.%u", six ? i : i >> 8, i & 255);
		fragment_comes(six, 0, src, 1);
	}
	CHECK_EQ(mbuf_used(), WAIT_MAX);
}

static void
fragments_put(bool six, unsigned state)
{
	const char *us = six ? "fd00:a::2" : "10.0.0.2";

	CHECK(mbuf_used() <= WAIT_MAX);
	if (state == FS_LIMIT) {
		fragments_fill(six);
		return;
	}
	if (six)
		ip6_reass_purge(t0.w_if.if_index);
	else
		ip_reass_purge(t0.w_if.if_index);
	if (state == FS_DEAD) {
		fragment_comes(six, 0, us, 7);
		fragment_overlaps(six);
	}
	for (unsigned i = 0; i < PIECES; i++)
		if ((state == FS_FIRST && i == 0) || (state == FS_LAST && i == PIECES - 1) || (state == FS_HOLE && (i == 0 || i == PIECES - 1)) ||
		    (state == FS_ONE_MISSING && i != piece))
			fragment_comes(six, i, us, 7);
}

static void fragments_put4(unsigned state) { fragments_put(false, state); }
static void fragments_put6(unsigned state) { fragments_put(true, state); }

static const struct sample sample_fragment4 = { "fragment", make_sample_fragment4, &t0, 0, false, { { &fields_ether, 0 }, { &fields_ip4, 14 } } };
static const struct sample sample_fragment6 = { "fragment", make_sample_fragment6, &t0, 0, false, { { &fields_ether, 0 }, { &fields_ip6, 14 },
    { &fields_fragment6, 54 } } };

static void
fragments_test(const struct sample *s, const struct mutate_states *states)
{
	start(N6);
	for (piece = 0; piece < PIECES; piece++)
		run(s, 1, states);
	CHECK(mutate_tally.mt_passed > 0 && mutate_tally.mt_waiting > 0 && mutate_tally.mt_consumed > 0);
	host_run(61000);		/* all is returned */
	CHECK_EQ(mbuf_used(), 0);
	net_end();
}

TEST(mutate_fragments4)
{
	const struct mutate_states states = { "fragments", fragment_states, FS_COUNT, fragments_put4 };

	fragments_test(&sample_fragment4, &states);
}

TEST(mutate_fragments6)
{
	const struct mutate_states states = { "fragments", fragment_states, FS_COUNT, fragments_put6 };

	fragments_test(&sample_fragment6, &states);
}
