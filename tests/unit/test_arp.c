/* test_arp.c - neighbours: asked for, waited for, believed, forgotten. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/ip_var.h"
#include "net/route/rt_var.h"
#include "tests/unit/netfix.h"

static struct pkt p;
static const uint8_t mac_a[6] = { 2, 0, 0, 0, 1, 1 }, mac_b[6] = { 2, 0, 0, 0, 1, 2 };

static void
arp_frame(unsigned op, const uint8_t *sha, const char *spa, const char *tpa)
{
	struct ether_arp *ea = (struct ether_arp *)(p.p_b + 14);

	memset(p.p_b, 0xee, 60);		/* padding is anything */
	memcpy(p.p_b, op == ARPOP_REQUEST ? etherbroadcastaddr : t0.w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, mac_a, 6);
	store16(p.p_b + 12, BE16(ETHERTYPE_ARP));
	ea->ar_hrd = BE16(ARPHRD_ETHER);
	ea->ar_pro = BE16(ETHERTYPE_IP);
	ea->ar_hln = 6;
	ea->ar_pln = 4;
	ea->ar_op = host_be16((uint16_t)op);
	memcpy(ea->arp_sha, sha, 6);
	ea->arp_spa = addr(spa);
	memset(ea->arp_tha, 0, 6);
	ea->arp_tpa = addr(tpa);
	p.p_len = 60;
}

static void
arp_rx(struct wire *w, unsigned op, const uint8_t *sha, const char *spa, const char *tpa)
{
	arp_frame(op, sha, spa, tpa);
	if (op == ARPOP_REPLY)
		memcpy(p.p_b, w->w_if.if_lladdr, 6);
	wire_rx(w, &p);
}

/* The next frame out of w is this ARP frame, zeroes behind it. tha NULL: not known. */
static void
arp_comes(struct wire *w, unsigned op, const uint8_t *dst, const uint8_t *sha, const char *spa, const uint8_t *tha, const char *tpa)
{
	static const uint8_t none[18];
	struct pkt *f = wire_tx(w);
	const struct ether_arp *ea;

	CHECK(f != NULL);
	CHECK_EQ(f->p_len, 60);
	CHECK_MEM(f->p_b, dst, 6);
	CHECK_MEM(f->p_b + 6, w->w_if.if_lladdr, 6);
	CHECK_EQ(load16(f->p_b + 12), BE16(ETHERTYPE_ARP));
	ea = (const struct ether_arp *)(f->p_b + 14);
	CHECK(ea->ar_hrd == BE16(1) && ea->ar_pro == BE16(0x800) && ea->ar_hln == 6 && ea->ar_pln == 4);
	CHECK_EQ(be16_host(ea->ar_op), op);
	CHECK_MEM(ea->arp_sha, sha, 6);
	CHECK_EQ(ea->arp_spa, addr(spa));
	CHECK_MEM(ea->arp_tha, tha != NULL ? tha : none, 6);
	CHECK_EQ(ea->arp_tpa, addr(tpa));
	CHECK_MEM(f->p_b + 42, none, 18);
}

static void
request_comes(struct wire *w, const char *spa, const char *tpa)
{
	arp_comes(w, ARPOP_REQUEST, etherbroadcastaddr, w->w_if.if_lladdr, spa, NULL, tpa);
}

/* A packet from t0's host to dst. */
static void
send_to(const char *dst)
{
	pkt_udp(&p, "10.0.0.2", dst, 64, 26);
	wire_rx(&t0, &p);
}

static void
packet_comes(const uint8_t *mac, const char *dst)
{
	struct pkt *f = wire_tx(&t1);

	CHECK(f != NULL && f->p_b[12] == 8 && f->p_b[13] == 0);
	CHECK_MEM(f->p_b, mac, 6);
	CHECK_MEM(f->p_b + 6, t1.w_if.if_lladdr, 6);
	CHECK_EQ(pkt_iphdr(f)->ip_dst, addr(dst));
}

static void
unreachable_comes(const char *about)
{
	struct pkt *f = wire_tx(&t0);

	CHECK(f != NULL && pkt_iphdr(f)->ip_p == 1 && f->p_b[34] == 3 && f->p_b[35] == 1);
	CHECK_EQ(load32(f->p_b + 42 + 16), addr(about));
}

static struct nexthop *
entry(struct wire *w, const char *a)
{
	return nexthop_find(&w->w_if, addr(a));
}

/* The very first packet is not lost, nor are those behind it. */
TEST(arp_first_packets_wait)
{
	net_start();
	for (int i = 0; i < 3; i++)
		send_to("10.0.1.9");
	request_comes(&t1, "10.0.1.1", "10.0.1.9");
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_nhold, 3);
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	for (int i = 0; i < 3; i++)
		packet_comes(mac_a, "10.0.1.9");
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	CHECK(rtable_match(0, addr("10.0.1.9"))->rt_flags & RTF_CLONED);
	CHECK_EQ(counter_delta("arps_held"), 3);
	CHECK_EQ(counter_delta("arps_reqsent"), 1);
	CHECK_EQ(counter_delta("arps_inreply"), 1);
	net_end();
}

/* Once a second, three times; then all that wait are refused, later ones at once, with a request a second at most. */
TEST(arp_nobody_answers)
{
	net_start();
	send_to("10.0.1.9");
	send_to("10.0.1.9");
	for (int i = 0; i < 3; i++) {
		request_comes(&t1, "10.0.1.1", "10.0.1.9");
		CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
		host_run(i < 2 ? 1005 : 980);
	}
	CHECK(wire_tx(&t0) == NULL);
	host_run(40);
	unreachable_comes("10.0.1.9");
	unreachable_comes("10.0.1.9");
	CHECK_EQ(counter_delta("arps_unanswered"), 2);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_state, NH_DOWN);
	for (int i = 0; i < 5; i++) {		/* a second since the last request has passed */
		send_to("10.0.1.9");
		unreachable_comes("10.0.1.9");
	}
	request_comes(&t1, "10.0.1.1", "10.0.1.9");
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("arps_hostdown"), 5);
	host_run(1100);
	CHECK(wire_tx(&t1) == NULL);		/* no demand */
	send_to("10.0.1.9");
	unreachable_comes("10.0.1.9");
	request_comes(&t1, "10.0.1.1", "10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	net_end();
}

TEST(arp_down_is_forgotten)
{
	net_start();
	send_to("10.0.1.9");
	send_to("10.1.0.1");		/* through a gateway that is permanent: not concerned */
	host_run(3100);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_state, NH_DOWN);
	host_run(15000);
	send_to("10.0.1.9");		/* demand keeps it */
	host_run(6000);
	CHECK(entry(&t1, "10.0.1.9") != NULL);
	host_run(41000);
	CHECK(entry(&t1, "10.0.1.9") == NULL);
	CHECK(rtable_match(0, addr("10.0.1.9"))->rt_flags & RTF_CLONING);
	net_end();
}

TEST(arp_wait_limits)
{
	char dst[20];

	net_start();
	for (unsigned i = 0; i < 20; i++)
		send_to("10.0.1.9");
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_nhold, 16);
	CHECK_EQ(counter_delta("arps_holdfull"), 4);
	for (unsigned i = 0; i < 60 * 10; i++) {
		snprintf(dst, sizeof(dst), "10.0.1.%u", 20 + i % 60);
		send_to(dst);
	}
	CHECK_EQ(counter_delta("arps_holdlimit"), 16 + 600 - 512);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_nhold, 14);		/* each neighbour gave of its own */
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	CHECK(if_setup(&t1.w_if, false));
	CHECK_EQ(counter_delta("arps_holdgone"), 512 - 14);
	CHECK(entry(&t1, "10.0.1.30") == NULL);
	net_end();
}

/* The neighbour is in use: asked by unicast before its time is up, and served on; not in use: forgotten. */
TEST(arp_renews_what_is_used)
{
	net_start();
	send_to("10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	t1.w_next = t1.w_ntx;
	host_run(1169000);
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	host_run(3000);
	CHECK(wire_tx(&t1) == NULL);		/* used before the last part does not count */
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	host_run(1100);
	arp_comes(&t1, ARPOP_REQUEST, mac_a, t1.w_if.if_lladdr, "10.0.1.1", NULL, "10.0.1.9");
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	host_run(1000000);
	CHECK(wire_tx(&t1) == NULL);
	CHECK(entry(&t1, "10.0.1.9")->nh_valid);
	host_run(190000);
	CHECK(entry(&t1, "10.0.1.9") != NULL);
	host_run(20000);
	CHECK(entry(&t1, "10.0.1.9") == NULL);
	CHECK(wire_tx(&t1) == NULL);
	net_end();
}

TEST(arp_dead_neighbour_in_use)
{
	net_start();
	send_to("10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	host_run(1172000);
	for (int i = 0; i < 27; i++) {
		t1.w_next = t1.w_ntx;
		send_to("10.0.1.9");
		packet_comes(mac_a, "10.0.1.9");
		host_run(1000);
	}
	CHECK_EQ(counter_delta("arps_reqsent"), 1 + 5);
	host_run(1500);			/* its time is up */
	CHECK_EQ(counter_delta("arps_reqsent"), 1 + 5 + 1);
	t1.w_next = t1.w_ntx;
	send_to("10.0.1.9");
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_state, NH_PROBING);
	CHECK(wire_tx(&t1) == NULL);		/* waits */
	host_run(3100);
	CHECK_EQ(counter_delta("arps_unanswered"), 1);
	net_end();
}

/* A gateway's entry stays, unknown, when nobody has used it. */
TEST(arp_gateway_entry_stays)
{
	struct rt_request rq = { .rq_dest = addr("10.5.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY, .rq_gateway = addr("10.0.1.9") };

	net_start();
	CHECK_EQ(rt_add(&rq), RT_OK);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_state, NH_INCOMPLETE);
	host_run(60000);
	CHECK(wire_tx(&t1) == NULL);
	send_to("10.5.0.1");
	request_comes(&t1, "10.0.1.1", "10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	packet_comes(mac_a, "10.5.0.1");
	host_run(1300000);
	CHECK_EQ(entry(&t1, "10.0.1.9")->nh_state, NH_INCOMPLETE);
	send_to("10.5.0.1");
	request_comes(&t1, "10.0.1.1", "10.0.1.9");
	CHECK_EQ(rt_delete(&rq), RT_OK);
	host_run(60000);
	CHECK(entry(&t1, "10.0.1.9") == NULL);
	net_end();
}

TEST(arp_answers_for_us)
{
	net_start();
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.1");
	arp_comes(&t0, ARPOP_REPLY, mac_a, t0.w_if.if_lladdr, "10.0.0.1", mac_a, "10.0.0.7");
	CHECK(entry(&t0, "10.0.0.7")->nh_valid);		/* it is about to be spoken to */
	CHECK_EQ(counter_delta("arps_inreq") + counter_delta("arps_replysent") + counter_delta("arps_created"), 3);
	arp_rx(&t0, ARPOP_REQUEST, mac_b, "0.0.0.0", "10.0.0.1");	/* RFC 5227: a probe is answered, nothing learnt */
	arp_comes(&t0, ARPOP_REPLY, mac_b, t0.w_if.if_lladdr, "10.0.0.1", mac_b, "0.0.0.0");
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.0.8", "10.0.1.1");	/* ours, but not here */
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.0.8", "10.0.0.99");
	CHECK(wire_tx(&t0) == NULL);
	CHECK(entry(&t0, "10.0.0.8") == NULL);
	CHECK_EQ(counter_delta("arps_inother"), 2);
	net_end();
}

/* checklist: arp_proxy_arp_pub */
TEST(arp_published)
{
	static const uint8_t mac_p[6] = { 2, 0, 0, 0, 9, 9 };

	net_start();
	CHECK(arp_set(0, addr("10.0.0.50"), mac_p, NHF_STATIC | NHF_PUBLISH) == NULL);
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.50");
	arp_comes(&t0, ARPOP_REPLY, mac_a, mac_p, "10.0.0.50", mac_a, "10.0.0.7");
	/* Proxy: t0's address for a host of t1's network; packets to it go to t1 all the same. */
	CHECK(if_addaddr(&t0.w_if, addr("10.0.3.1"), 24, 0) == NULL);
	CHECK(if_addaddr(&t1.w_if, addr("10.0.3.129"), 25, 0) == NULL);
	CHECK(arp_set(0, addr("10.0.3.200"), t0.w_if.if_lladdr, NHF_STATIC | NHF_PUBLISH) == NULL);
	host_run(1);
	t0.w_next = t0.w_ntx;		/* announcements */
	t1.w_next = t1.w_ntx;
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.3.7", "10.0.3.200");
	arp_comes(&t0, ARPOP_REPLY, mac_a, t0.w_if.if_lladdr, "10.0.3.200", mac_a, "10.0.3.7");
	CHECK_EQ(counter_delta("arps_inproxy"), 2);
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.3.200", "10.0.3.200");	/* somebody announces himself: no reply */
	CHECK(wire_tx(&t0) == NULL);
	send_to("10.0.3.200");
	request_comes(&t1, "10.0.3.129", "10.0.3.200");
	CHECK(arp_delete(0, addr("10.0.3.200")) == NULL && arp_delete(0, addr("10.0.0.50")) == NULL);
	CHECK(arp_delete(0, addr("10.0.0.50")) != NULL);
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.3.7", "10.0.3.200");
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.50");
	CHECK(wire_tx(&t0) == NULL);
	net_end();
}

/* One frame that is refused, and by which counter. */
static void
refused(const char *counter)
{
	counter_mark();
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta(counter), 1);
	CHECK(wire_tx(&t0) == NULL);
}

TEST(arp_refuses_bad_frames)
{
	static const struct { const char *counter; unsigned off; uint8_t v; } t[] = {
		{ "arps_badhrd", 15, 6 }, { "arps_badpro", 16, 0x86 }, { "arps_badhln", 18, 8 }, { "arps_badpln", 19, 16 },
		{ "arps_badop", 21, 3 }, { "arps_badop", 21, 0 }, { "arps_badsha", 22, 3 },
	};

	net_start();
	for (unsigned i = 0; i < nitems(t); i++) {
		arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.1");
		p.p_b[t[i].off] = t[i].v;
		refused(t[i].counter);
	}
	for (unsigned len = 14; len < 42; len++) {
		arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.1");
		p.p_len = len;
		refused("arps_short");
	}
	arp_frame(ARPOP_REQUEST, (const uint8_t *)"\0\0\0\0\0\0", "10.0.0.7", "10.0.0.1");
	refused("arps_badsha");
	arp_frame(ARPOP_REQUEST, etherbroadcastaddr, "10.0.0.7", "10.0.0.1");
	refused("arps_badsha");
	arp_frame(ARPOP_REQUEST, mac_a, "224.0.0.7", "10.0.0.1");
	refused("arps_badspa");
	arp_frame(ARPOP_REQUEST, mac_a, "255.255.255.255", "10.0.0.1");
	refused("arps_badspa");
	arp_frame(ARPOP_REQUEST, mac_a, "127.0.0.1", "10.0.0.1");
	refused("arps_badspa");
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.1.7", "10.0.0.1");
	refused("arps_wrongif");
	arp_frame(ARPOP_REPLY, mac_a, "10.0.1.2", "10.0.0.1");		/* a neighbour, but of t1 */
	refused("arps_wrongif");
	arp_frame(ARPOP_REQUEST, t1.w_if.if_lladdr, "10.0.0.7", "10.0.0.1");
	refused("arps_ownsha");
	arp_frame(ARPOP_REPLY, mac_a, "10.0.0.7", "10.0.0.1");
	refused("arps_unasked");
	arp_frame(ARPOP_REPLY, mac_a, "10.0.0.2", "10.0.0.1");
	refused("arps_static");
	CHECK_MEM(nexthop_lladdr(entry(&t0, "10.0.0.2")), t0.w_host, 6);
	t0.w_if.if_flags |= IFF_NOARP;
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.1");
	refused("arps_innoarp");
	t0.w_if.if_flags &= ~IFF_NOARP;
	CHECK(entry(&t0, "10.0.0.7") == NULL);
	CHECK_IN(host_output(), "arp: attempt to overwrite permanent entry for 10.0.0.2 by 02:00:00:00:01:01 on t0\n");
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.7", "10.0.0.1");	/* in crumbs it is as good */
	wire_rx_many(&t0, &p, 1, 17);
	arp_comes(&t0, ARPOP_REPLY, mac_a, t0.w_if.if_lladdr, "10.0.0.1", mac_a, "10.0.0.7");
	net_end();
}

TEST(arp_conflict)
{
	net_start();
	for (int i = 0; i < 20; i++) {
		arp_frame(i & 1 ? ARPOP_REPLY : ARPOP_REQUEST, mac_a, "10.0.0.1", "10.0.0.1");
		wire_rx(&t0, &p);
	}
	arp_comes(&t0, ARPOP_REQUEST, etherbroadcastaddr, t0.w_if.if_lladdr, "10.0.0.1", NULL, "10.0.0.1");
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("arps_conflict"), 20);
	CHECK_IN(host_output(), "duplicate IP address 10.0.0.1 sent from ethernet address 02:00:00:00:01:01 on t0\n");
	host_run(10100);
	wire_rx(&t0, &p);
	request_comes(&t0, "10.0.0.1", "10.0.0.1");
	CHECK(rtable_match(0, addr("10.0.0.1"))->rt_flags & RTF_LOCAL);
	net_end();
}

TEST(arp_moves)
{
	net_start();
	send_to("10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, mac_a, "10.0.1.9", "10.0.1.1");
	arp_rx(&t1, ARPOP_REQUEST, mac_b, "10.0.1.9", "10.0.1.77");	/* RFC 826: any frame of his */
	CHECK_EQ(counter_delta("arps_moved"), 1);
	CHECK_IN(host_output(), "arp info overwritten for 10.0.1.9 by 02:00:00:00:01:02 on t1\n");
	t1.w_next = t1.w_ntx;
	send_to("10.0.1.9");
	packet_comes(mac_b, "10.0.1.9");
	net_end();
}

TEST(arp_admin)
{
	net_start();
	CHECK(arp_set(0, addr("10.0.0.1"), mac_a, NHF_STATIC) != NULL);
	CHECK(arp_set(0, addr("10.0.0.255"), mac_a, NHF_STATIC) != NULL);
	CHECK(arp_set(0, addr("192.0.2.1"), mac_a, NHF_STATIC) != NULL);
	CHECK(arp_set(0, addr("10.0.0.9"), etherbroadcastaddr, NHF_STATIC) != NULL);
	CHECK(arp_set(0, addr("10.0.0.9"), mac_a, 0) == NULL);		/* temporary */
	CHECK(arp_set(0, addr("10.0.0.10"), mac_a, NHF_PUBLISH) == NULL);
	CHECK(arp_set(0, addr("10.0.0.11"), t0.w_if.if_lladdr, NHF_PUBLISH) == NULL);
	CHECK(arp_set(0, addr("10.0.1.9"), mac_a, NHF_STATIC) == NULL);
	CHECK(arp_set(0, addr("10.0.1.10"), mac_a, NHF_STATIC) == NULL);
	send_to("10.0.1.9");
	packet_comes(mac_a, "10.0.1.9");
	CHECK(arp_set(0, addr("10.0.1.9"), mac_b, 0) == NULL);		/* permanent no longer */
	CHECK(rtable_match(0, addr("10.0.1.9"))->rt_flags & RTF_CLONED);
	arp_flush(0);
	CHECK(entry(&t0, "10.0.0.9") == NULL && entry(&t1, "10.0.1.9") == NULL && entry(&t0, "10.0.0.10") == NULL);
	CHECK(entry(&t1, "10.0.1.10") != NULL && entry(&t0, "10.0.0.2") != NULL);
	CHECK(arp_set(0, addr("10.0.0.10"), mac_a, NHF_PUBLISH) == NULL);
	CHECK(arp_set(0, addr("10.0.0.11"), t0.w_if.if_lladdr, NHF_PUBLISH) == NULL);
	host_run(1300000);
	CHECK(entry(&t0, "10.0.0.10") == NULL && entry(&t0, "10.0.0.11") == NULL);
	CHECK(arp_delete(0, addr("10.0.1.2")) == NULL);			/* a gateway route uses it */
	CHECK_EQ(entry(&t1, "10.0.1.2")->nh_state, NH_INCOMPLETE);
	CHECK(rtable_lookup(0, addr("10.0.1.2"), 32)->rt_flags & RTF_CLONED);
	send_to("10.1.0.1");
	request_comes(&t1, "10.0.1.1", "10.0.1.2");
	net_end();
}

TEST(arp_own_lladdr_changes)
{
	static const uint8_t mac_n[6] = { 2, 0, 0, 0, 7, 7 };

	net_start();
	memcpy(t1.w_if.if_lladdr, mac_n, 6);
	nexthop_if_lladdr_changed(&t1.w_if);
	send_to("10.1.0.1");
	packet_comes(t1.w_host, "10.1.0.1");
	net_end();
}

static unsigned
entries(void)
{
	unsigned n = 0;

	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		n++;
	return n;
}

static const char *
host_16(unsigned i)
{
	static char name[20];

	snprintf(name, sizeof(name), "172.%u.%u.%u", 16 + (i >> 16), i >> 8 & 255, i & 255);
	return name;
}

/* A scan without a pause: each new one finds room, the table stays as long as it may be. */
TEST(arp_entries_limited)
{
	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.16.0.1"), 16, 0) == NULL);
	for (unsigned i = 2; i < 20000; i++) {
		send_to(host_16(i));
		t1.w_next = t1.w_ntx;
		CHECK(entries() <= 8192 + 3);
	}
	CHECK_EQ(counter_delta("ips_noneighbor"), 0);
	CHECK_EQ(counter_delta("nhs_reclaimed"), 19998 - (entries() - 3));
	arp_frame(ARPOP_REQUEST, mac_a, "172.16.99.9", "172.16.0.1");
	memcpy(p.p_b, etherbroadcastaddr, 6);
	wire_rx(&t1, &p);
	CHECK_EQ(counter_delta("arps_full"), 0);
	arp_comes(&t1, ARPOP_REPLY, mac_a, t1.w_if.if_lladdr, "172.16.0.1", mac_a, "172.16.99.9");
	CHECK(nexthop_find(&t1.w_if, addr("172.16.99.9")) != NULL);
	net_end();
}

/* The admin's stay; when there are so many that there is no room, others are refused, and counted. */
TEST(arp_no_room)
{
	net_start();
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strcmp(sc->sc_name, "net.inet.ip.arpmax") == 0)
			*sc->sc_int = 16;
	for (unsigned i = 20; i < 36; i++)
		CHECK(arp_set(0, addr("10.0.1.0") | host_be32(i), mac_a, NHF_STATIC) == NULL);
	send_to("10.0.1.88");
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ips_noneighbor"), 1);
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.1.99", "10.0.1.1");
	memcpy(p.p_b, etherbroadcastaddr, 6);
	wire_rx(&t1, &p);
	CHECK_EQ(counter_delta("arps_full"), 1);
	CHECK_EQ(counter_delta("nhs_reclaimed"), 0);
	net_end();
}

/* Somebody asks us under many names, far more than there is room for: others are spoken to all the same, those in use and those
 * of gateways stay. */
TEST(arp_flood)
{
	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.16.0.1"), 15, 0) == NULL);
	arp_rx(&t1, ARPOP_REQUEST, mac_b, "10.0.1.77", "10.0.1.1");
	send_to("10.0.1.77");
	for (unsigned i = 2; i < 20000; i++)
		arp_rx(&t1, ARPOP_REQUEST, mac_a, host_16(i), "172.16.0.1");
	CHECK(entries() <= 8192 + 3);
	CHECK_EQ(counter_delta("arps_full"), 0);
	t1.w_next = t1.w_ntx;
	send_to("10.0.1.88");
	request_comes(&t1, "10.0.1.1", "10.0.1.88");
	send_to("10.0.1.77");
	packet_comes(mac_b, "10.0.1.77");
	send_to("10.1.0.1");
	packet_comes(t1.w_host, "10.1.0.1");
	net_end();
}

/* All are in use or have not answered yet: new ones find room even so, first of those that have not answered, then of any. */
TEST(arp_all_in_use)
{
	unsigned used = 0, n = 0;

	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.16.0.1"), 15, 0) == NULL);
	for (unsigned i = 2; i < 20002; i++) {
		if (i < 14000 ? i & 1 : 1) {
			arp_rx(&t1, ARPOP_REQUEST, mac_a, host_16(i), "172.16.0.1");
			used++;
		}
		send_to(host_16(i));
		t1.w_next = t1.w_ntx;
		if (i == 13999) {
			for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
				n += nh->nh_state == NH_REACHABLE;
			CHECK_EQ(n, used + 2);
			CHECK(counter_delta("nhs_reclaimed") >= 13998 - (entries() - 3));
		}
	}
	CHECK(used > 8192 && entries() <= 8192 + 3);
	CHECK_EQ(counter_delta("ips_noneighbor"), 0);
	counter_mark();
	send_to("10.1.0.1");
	CHECK_EQ(counter_delta("ips_forward"), 1);
	net_end();
}

/* Somebody scans through us: his own oldest packets give way, and who speaks to a living neighbour meanwhile loses none. */
TEST(arp_wait_list_is_fair)
{
	char dst[20];

	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.16.0.1"), 16, 0) == NULL);
	for (unsigned i = 2; i < 2 + 3000; i++) {
		snprintf(dst, sizeof(dst), "172.16.%u.%u", i >> 8, i & 255);
		send_to(dst);
		if (i % 500 == 0) {
			snprintf(dst, sizeof(dst), "10.0.1.%u", 10 + i / 500);
			send_to(dst);
			for (unsigned j = 0; j < 100; j++) {
				char other[20];

				snprintf(other, sizeof(other), "172.16.%u.%u", 100 + i / 500, 1 + j);
				send_to(other);
			}
			t1.w_next = t1.w_ntx;
			arp_rx(&t1, ARPOP_REPLY, mac_a, dst, "10.0.1.1");
			packet_comes(mac_a, dst);
		}
	}
	CHECK(counter_delta("arps_holdlimit") > 2000);
	CHECK_EQ(counter_delta("arps_holdgone"), 0);
	net_end();
}

/* RFC 1812 5.2.7.1: each of those who wait is told. */
TEST(arp_every_waiting_source_is_told)
{
	char src[20];

	net_start();
	for (unsigned i = 3; i < 11; i++) {
		snprintf(src, sizeof(src), "10.0.0.%u", i);
		CHECK(arp_set(0, addr(src), t0.w_host, NHF_STATIC) == NULL);
		pkt_udp(&p, src, "10.0.1.9", 64, 26);
		wire_rx(&t0, &p);
	}
	host_run(3100);
	for (unsigned i = 3; i < 11; i++) {
		struct pkt *f = wire_tx(&t0);

		snprintf(src, sizeof(src), "10.0.0.%u", i);
		CHECK(f != NULL && f->p_b[34] == 3 && f->p_b[35] == 1);
		CHECK_EQ(pkt_iphdr(f)->ip_dst, addr(src));
	}
	CHECK(wire_tx(&t0) == NULL);
	net_end();
}

/* RFC 5227: announced at once and usable, asked for three times, announced again. checklist: arp_garp, arp:dad_basic */
TEST(arp_dad)
{
	net_start();
	CHECK(if_addaddr(&t0.w_if, addr("10.7.0.1"), 24, 0) == NULL);
	host_run(1);
	request_comes(&t0, "10.7.0.1", "10.7.0.1");
	request_comes(&t0, "0.0.0.0", "10.7.0.1");
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.7.0.9", "10.7.0.1");	/* usable at once */
	arp_comes(&t0, ARPOP_REPLY, mac_a, t0.w_if.if_lladdr, "10.7.0.1", mac_a, "10.7.0.9");
	for (int i = 0; i < 3; i++) {
		unsigned ms = 0;

		for (; t0.w_next == t0.w_ntx; ms++)
			host_run(1);
		CHECK(ms >= (i < 2 ? 998 : 1998) && ms <= 2002);
		request_comes(&t0, i < 2 ? "0.0.0.0" : "10.7.0.1", "10.7.0.1");
	}
	host_run(60000);
	CHECK(wire_tx(&t0) == NULL);
	CHECK(!t0.w_if.if_addrs->ifa_next->ifa_duplicated);
	CHECK_EQ(counter_delta("arps_probesent"), 3);
	CHECK_EQ(counter_delta("arps_annsent"), 2);
	net_end();
}

/* checklist: arp_link_activation */
TEST(arp_dad_of_a_new_link_and_lladdr)
{
	net_start();
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	host_run(5000);
	CHECK(wire_tx(&t0) == NULL);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	host_run(1);
	request_comes(&t0, "10.0.0.1", "10.0.0.1");
	request_comes(&t0, "0.0.0.0", "10.0.0.1");
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);	/* amid it */
	host_run(20000);
	CHECK(wire_tx(&t0) == NULL);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	host_run(500);
	CHECK(if_setup(&t0.w_if, false));
	CHECK(if_setup(&t0.w_if, true));			/* it starts anew */
	t0.w_next = t0.w_ntx;
	counter_mark();
	host_run(20000);
	CHECK_EQ(counter_delta("arps_probesent"), 2);		/* and one before */
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.1")) == NULL);
	net_end();
}

/* The other one answers the probe, or asks for the address itself; ours is defended and stays. checklist: arp:dad_duplicated */
TEST(arp_dad_duplicate)
{
	struct ifaddr *ifa;

	net_start();
	ifa = t0.w_if.if_addrs;
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	host_run(1);
	t0.w_next = t0.w_ntx;
	arp_rx(&t0, ARPOP_REPLY, mac_a, "10.0.0.1", "0.0.0.0");
	CHECK(ifa->ifa_duplicated);
	CHECK_EQ(counter_delta("arps_conflict"), 1);
	request_comes(&t0, "10.0.0.1", "10.0.0.1");
	CHECK_IN(host_output(), "duplicate IP address 10.0.0.1 sent from ethernet address 02:00:00:00:01:01 on t0\n");
	CHECK(!t1.w_if.if_addrs->ifa_duplicated);
	CHECK(rtable_match(0, addr("10.0.0.1"))->rt_flags & RTF_LOCAL);
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	CHECK(!ifa->ifa_duplicated);
	host_run(10000);
	t0.w_next = t0.w_ntx;
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "0.0.0.0", "10.0.0.1");	/* his probe: he learns */
	arp_comes(&t0, ARPOP_REPLY, mac_a, t0.w_if.if_lladdr, "10.0.0.1", mac_a, "0.0.0.0");
	net_end();
}

/* Nobody has the address of a network, or of all its hosts: RFC 1812 4.2.3.1. */
TEST(arp_networks_have_no_neighbour)
{
	net_start();
	CHECK_STR(arp_set(0, addr("10.0.0.0"), mac_a, NHF_STATIC), "is the address of a network");
	CHECK_STR(arp_set(0, addr("10.0.0.255"), mac_a, NHF_STATIC), "is a broadcast address");
	CHECK(if_addaddr(&t0.w_if, addr("10.7.0.1"), 31, 0) == NULL);
	CHECK(arp_set(0, addr("10.7.0.0"), mac_a, NHF_STATIC) == NULL);		/* RFC 3021 */
	host_run(10000);
	t0.w_next = t0.w_ntx;
	send_to("10.0.1.0");
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ips_netaddr"), 1);
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.0", "10.0.0.1");
	refused("arps_nobody");
	arp_frame(ARPOP_REQUEST, mac_a, "10.0.0.255", "10.0.0.1");
	refused("arps_nobody");
	arp_rx(&t0, ARPOP_REQUEST, mac_a, "10.7.0.0", "10.7.0.1");
	net_end();
}

/* One wire cannot take another's room. */
TEST(arp_limit_per_interface)
{
	unsigned n0 = 0;
	char name[20];

	net_start();
	CHECK(if_addaddr(&t1.w_if, addr("172.16.0.1"), 15, 0) == NULL);
	CHECK(if_addaddr(&t0.w_if, addr("172.20.0.1"), 16, 0) == NULL);
	for (unsigned i = 2; i < 202; i++) {
		snprintf(name, sizeof(name), "172.20.%u.%u", i >> 8, i & 255);
		arp_rx(&t0, ARPOP_REQUEST, mac_a, name, "172.20.0.1");
	}
	counter_mark();
	for (unsigned i = 2; i < 30000; i++) {
		snprintf(name, sizeof(name), "172.%u.%u.%u", 16 + (i >> 16), i >> 8 & 255, i & 255);
		arp_rx(&t1, ARPOP_REQUEST, mac_b, name, "172.16.0.1");
		if (i % 1000 == 0)
			host_run(20);
	}
	CHECK(counter_delta("arps_full") == 0 && counter_delta("nhs_reclaimed") > 0);
	CHECK(entries() <= 8192 + 300);
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		n0 += nh->nh_ifp == &t0.w_if;
	CHECK_EQ(n0, 201);
	CHECK_EQ(counter_delta("arps_created"), 29998 - counter_delta("arps_full"));
	CHECK(arp_set(0, addr("172.17.255.9"), mac_a, NHF_STATIC) == NULL);	/* the admin's always find room */
	host_run(20);
	net_end();
}
