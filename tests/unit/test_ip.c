/* test_ip.c - IPv4 input and forwarding: one packet in, what comes out, which counter moved. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "net/ether/arp.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

static struct pkt p;

TEST(ip_forwards)
{
	struct pkt *f;

	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL);
	CHECK_EQ(f->p_len, p.p_len);
	CHECK(memcmp(f->p_b, t1.w_host, 6) == 0);
	CHECK(memcmp(f->p_b + 6, t1.w_if.if_lladdr, 6) == 0);
	CHECK_EQ(pkt_iphdr(f)->ip_ttl, 63);
	CHECK(ip_hdrsum_ok(pkt_iphdr(f)) && in_cksum(pkt_iphdr(f), 20) == 0);
	CHECK(memcmp(f->p_b + 34, p.p_b + 34, 26) == 0);
	CHECK_EQ(counter_delta("ips_forward"), 1);
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	net_end();
}

/* The incremental checksum must be right for every TTL and any checksum, 0xffff and wrap included. */
TEST(ip_ttl_checksum_all)
{
	net_start();
	for (unsigned i = 0; i < 20000; i++) {
		struct pkt *f;

		pkt_udp(&p, "10.0.0.2", "10.1.0.1", 2 + i % 254, 8);
		pkt_iphdr(&p)->ip_id = host_be16((uint16_t)(i * 7919));
		pkt_ipsum(&p);
		wire_rx(&t0, &p);
		f = wire_tx(&t1);
		CHECK(f != NULL);
		CHECK(ip_hdrsum_ok(pkt_iphdr(f)) && in_cksum(pkt_iphdr(f), 20) == 0);
		CHECK_EQ(pkt_iphdr(f)->ip_ttl, 1 + i % 254);
	}
	net_end();
}

/* Against the sum by words: any bytes, many of them at the ends, with the checksum that makes it good and with others. */
TEST(ip_header_sums)
{
	for (unsigned i = 0; i < 200000; i++) {
		struct ip ip;
		uint8_t *b = (uint8_t *)&ip;
		uint16_t good;

		for (unsigned k = 0; k < sizeof(ip); k++)
			b[k] = unit_below(3) == 0 ? (uint8_t)unit_below(256) : unit_below(2) ? 0xff : 0;
		ip.ip_vhl = 0x45;
		CHECK_EQ(ip_hdrsum_ok(&ip), in_cksum(&ip, sizeof(ip)) == 0);
		ip.ip_sum = 0;
		ip.ip_sum = good = in_cksum(&ip, sizeof(ip));
		CHECK(ip_hdrsum_ok(&ip));
		ip.ip_sum = (uint16_t)(good + 1 + unit_below(0xfffe));
		CHECK_EQ(ip_hdrsum_ok(&ip), in_cksum(&ip, sizeof(ip)) == 0);
		for (unsigned k = 0; k < 8; k++)
			b[8 + k] = (uint8_t)~b[k];
		ip.ip_dst = 0;
		CHECK(ip_hdrsum_ok(&ip));		/* all ones */
	}
}

TEST(ip_batch_of_64_one_start)
{
	unsigned starts;

	net_start();
	starts = t1.w_starts;
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	wire_rx_many(&t0, &p, 64, PKT_MAX);
	CHECK_EQ(t1.w_ntx - t1.w_next, 64);
	CHECK_EQ(t1.w_starts - starts, 1);
	CHECK_EQ(counter_delta("ips_forward"), 64);
	net_end();
}

TEST(ip_padding_is_cut)
{
	struct pkt *f;

	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 8);
	p.p_len = 60;
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL);
	CHECK_EQ(f->p_len, 14 + 28);
	net_end();
}

/* A packet whose header lies in pieces all over a chain is the same packet. */
TEST(ip_chain_of_crumbs)
{
	struct pkt *f;

	net_start();
	for (unsigned seg = 14; seg < 40; seg++) {
		pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 200);
		wire_rx_many(&t0, &p, 1, seg);
		f = wire_tx(&t1);
		CHECK(f != NULL);
		CHECK_EQ(f->p_len, p.p_len);
		CHECK(memcmp(f->p_b + 34, p.p_b + 34, 200) == 0);
	}
	net_end();
}

/* Sends p; it must be dropped, by this counter and no other, nothing answered. */
static void
refused(const char *counter)
{
	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta(counter), 1);
	SET_FOREACH(const struct counter, c, counters)
		if (c->c_kind == COUNTER_DROP && strcmp(c->c_name, counter) != 0)
			CHECK_EQ(counter_delta(c->c_name), 0);
}

TEST(ip_bad_headers)
{
	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	p.p_len = 13;
	refused("eths_runt");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	p.p_len = 14 + 19;
	refused("ips_toosmall");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	pkt_iphdr(&p)->ip_vhl = 0x65;
	refused("ips_badvers");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	pkt_iphdr(&p)->ip_vhl = 0x44;
	refused("ips_badhlen");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 20);
	pkt_iphdr(&p)->ip_vhl = 0x4f;
	refused("ips_badhlen");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	pkt_iphdr(&p)->ip_sum ^= 0x100;
	refused("ips_badsum");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	pkt_iphdr(&p)->ip_len = BE16(47);
	pkt_ipsum(&p);
	refused("ips_tooshort");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	pkt_iphdr(&p)->ip_len = BE16(19);
	pkt_ipsum(&p);
	refused("ips_badlen");
	net_end();
}

TEST(ip_bad_addresses)
{
	static const char *const sources[] = { "127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255" };

	net_start();
	for (unsigned i = 0; i < nitems(sources); i++) {
		pkt_udp(&p, sources[i], "10.1.0.1", 64, 26);
		refused("ips_badsrc");
	}
	pkt_udp(&p, "10.0.0.2", "127.0.0.1", 64, 26);
	refused("ips_baddst");
	pkt_udp(&p, "10.0.0.2", "0.0.0.0", 64, 26);
	refused("ips_baddst");
	pkt_udp(&p, "10.0.0.2", "241.0.0.1", 64, 26);
	refused("ips_baddst");
	pkt_udp(&p, "10.0.0.2", "224.0.0.5", 64, 26);
	refused("ips_mcast");
	net_end();
}

/* HOSTILE: our own address as source, from the wire: to ourselves (land), or through us; alone and among others of the same run. */
TEST(ip_own_source)
{
	static const char *const dst[] = { "10.0.0.1", "10.0.1.1", "10.1.0.1", "10.0.0.2" };

	net_start();
	for (unsigned i = 0; i < nitems(dst); i++)
		for (unsigned j = 0; j < 3; j++) {
			pkt_udp(&p, j == 1 ? "10.0.1.1" : "10.0.0.1", dst[i], 64, 20);
			counter_mark();
			wire_rx_many(&t0, &p, 1 + j * 5, PKT_MAX);
			CHECK_EQ(counter_delta("ips_ownsrc"), 1 + j * 5);
			CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
		}
	pkt_udp(&p, "10.7.0.1", "10.1.0.1", 64, 20);		/* the same last octets, and not ours */
	wire_rx_many(&t0, &p, 3, PKT_MAX);
	CHECK(wire_tx(&t1) != NULL && wire_tx(&t1) != NULL && wire_tx(&t1) != NULL);
	CHECK(if_addaddr(&t0.w_if, addr("10.7.0.1"), 24, 0) == NULL);
	counter_mark();
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ips_ownsrc"), 1);
	CHECK(if_deladdr(&t0.w_if, addr("10.7.0.1")) == NULL);
	t0.w_next = t0.w_ntx;
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);
	net_end();
}

TEST(ip_not_ours_on_the_link)
{
	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	p.p_b[5] ^= 1;
	refused("eths_notours");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	memset(p.p_b, 0xff, 6);
	refused("ips_linkcast");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	p.p_b[6] |= 1;
	refused("eths_srcmulti");
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	p.p_b[12] = 0x88;
	refused("eths_noproto");
	net_end();
}

TEST(ip_closed_until_configured)
{
	net_start();
	config_loaded = false;
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	refused("ips_cantforward");
	config_loaded = true;
	ip_forwarding = 0;
	refused("ips_cantforward");
	net_end();
}

/* Answered on t0 by an ICMP error of this type and code about p, and dropped by this counter. */
static void
answered(const char *counter, unsigned type, unsigned code)
{
	struct pkt *f;

	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	f = wire_tx(&t0);
	CHECK(f != NULL);
	CHECK_EQ(pkt_iphdr(f)->ip_p, 1);
	CHECK_EQ(pkt_iphdr(f)->ip_dst, pkt_iphdr(&p)->ip_src);
	CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
	CHECK_EQ(f->p_b[34], type);
	CHECK_EQ(f->p_b[35], code);
	CHECK_EQ(in_cksum(f->p_b + 34, f->p_len - 34), 0);
	CHECK(memcmp(f->p_b + 42 + 12, p.p_b + 14 + 12, 16) == 0);	/* addresses and 8 bytes behind the header */
	CHECK_EQ(counter_delta(counter), 1);
}

TEST(ip_answers)
{
	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 1, 26);
	answered("ips_ttl", 11, 0);
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 0, 26);
	answered("ips_ttl", 11, 0);
	pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, 26);
	answered("ips_noroutes", 3, 0);
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", 99, 64, 20, 26);
	answered("ips_noproto", 3, 2);
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 1600);
	pkt_iphdr(&p)->ip_off = BE16(IP_DF);
	pkt_ipsum(&p);
	answered("ips_mtu", 3, 4);
	pkt_ip(&p, "10.0.0.2", "10.1.0.1", 17, 64, 24, 26);
	memcpy(p.p_b + 34, (uint8_t[]){ 131, 3, 4, 0 }, 4);
	pkt_ipsum(&p);
	answered("ips_srcroute", 3, 5);
	pkt_ip(&p, "10.0.0.2", "10.1.0.1", 17, 64, 24, 26);
	memcpy(p.p_b + 34, (uint8_t[]){ 7, 9, 4, 0 }, 4);
	pkt_ipsum(&p);
	answered("ips_badoptions", 12, 0);
	net_end();
}

TEST(ip_reject_and_blackhole)
{
	struct rt_request rq = { .rq_dest = addr("10.2.0.0"), .rq_plen = 16, .rq_flags = RTF_STATIC | RTF_REJECT };

	net_start();
	rq.rq_gateway = addr("127.0.0.1");
	CHECK_EQ(rt_add(&rq), RT_OK);
	rq.rq_dest = addr("10.3.0.0");
	rq.rq_flags = RTF_STATIC | RTF_BLACKHOLE;
	CHECK_EQ(rt_add(&rq), RT_OK);
	pkt_udp(&p, "10.0.0.2", "10.2.0.1", 64, 26);
	answered("ips_reject", 3, 1);
	pkt_udp(&p, "10.0.0.2", "10.3.0.1", 64, 26);
	refused("ips_blackhole");
	net_end();
}

/* A route whose gateway's network has gone waits for it; what comes for it meanwhile is not forwarded. */
TEST(ip_route_that_waits)
{
	net_start();
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	answered("ips_noroutes", 3, 0);
	CHECK(if_addaddr(&t1.w_if, addr("10.0.1.1"), 24, addr("10.0.1.255")) == NULL);
	while (wire_tx(&t1) != NULL)
		;
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) != NULL);
	net_end();
}

/* All fragments of a too big packet, put together again, are the packet. */
TEST(ip_fragments)
{
	static uint8_t whole[PKT_MAX];
	static const unsigned sizes[] = { 1481, 1500, 2952, 2960, 2961, 5000, 8900 };

	net_start();
	CHECK(if_setmtu(&t0.w_if, 9000));
	for (unsigned i = 0; i < nitems(sizes); i++) {
		unsigned got = 0, last = 0;
		struct pkt *f;

		pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, sizes[i]);
		pkt_iphdr(&p)->ip_id = BE16(0x1234);
		pkt_ipsum(&p);
		wire_rx(&t0, &p);
		while ((f = wire_tx(&t1)) != NULL) {
			const struct ip *ip = pkt_iphdr(f);
			unsigned off = (be16_host(ip->ip_off) & IP_OFFMASK) * 8u, len = be16_host(ip->ip_len) - 20u;

			CHECK(f->p_len <= 1514 && ip->ip_id == BE16(0x1234) && ip->ip_ttl == 63);
			CHECK(ip_hdrsum_ok(ip));
			CHECK_EQ(off, got);
			memcpy(whole + off, f->p_b + 34, len);
			got += len;
			last = !(ip->ip_off & BE16(IP_MF));
		}
		CHECK_EQ(got, sizes[i]);
		CHECK(last);
		CHECK(memcmp(whole, p.p_b + 34, got) == 0);
	}
	CHECK_EQ(counter_delta("ips_fragmented"), nitems(sizes));
	net_end();
}

/* A fragment that is cut again keeps its place in the whole (RFC 791 3.2). */
TEST(ip_fragment_of_fragment)
{
	struct pkt *f;

	net_start();
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 1600);
	pkt_iphdr(&p)->ip_off = BE16(IP_MF | 100);
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL && pkt_iphdr(f)->ip_off == BE16(IP_MF | 100));
	f = wire_tx(&t1);
	CHECK(f != NULL && pkt_iphdr(f)->ip_off == BE16(IP_MF | (100 + 1480 / 8)));
	CHECK(wire_tx(&t1) == NULL);
	net_end();
}

/* A piece that ends beyond 65535 bytes is not cut: the offsets of its parts would wrap to the datagram's start. */
TEST(ip_fragment_beyond_the_end)
{
	struct pkt *f;

	net_start();
	CHECK(if_setmtu(&t1.w_if, 576));
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 1480);
	pkt_iphdr(&p)->ip_off = BE16(8191 - 100);
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ips_cantfrag"), 1);
	pkt_iphdr(&p)->ip_off = BE16((65535 - 1500) / 8);	/* the last that fits */
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
	for (unsigned i = 0; i < 3; i++) {
		CHECK((f = wire_tx(&t1)) != NULL);
		CHECK_EQ(be16_host(pkt_iphdr(f)->ip_off), ((65535 - 1500) / 8 + i * 69) | (i < 2 ? IP_MF : 0));
	}
	CHECK_EQ(counter_delta("ips_cantfrag"), 1);
	net_end();
}

/* A route's MTU makes packets shorter, never longer than what the interface takes. */
TEST(ip_route_mtu)
{
	static const struct { uint32_t mtu; unsigned longest; } want[] = { { 0, 1500 }, { 9000, 1500 }, { 1000, 996 } };
	struct rt_request rq = { .rq_dest = addr("10.1.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC };

	net_start();
	CHECK(if_setmtu(&t0.w_if, 9000));
	for (unsigned i = 0; i < nitems(want); i++) {
		struct pkt *f;

		rq.rq_mtu = want[i].mtu;
		CHECK_EQ(rt_change(&rq), RT_OK);
		pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 4000);
		wire_rx(&t0, &p);
		CHECK((f = wire_tx(&t1)) != NULL);
		CHECK_EQ(be16_host(pkt_iphdr(f)->ip_len), want[i].longest);
		while (wire_tx(&t1) != NULL)
			;
	}
	net_end();
}

COUNTER(test_ip_made, ip, 998, CREATED, "datagram%s made by the test");

/* Whoever makes a datagram leaves room for the link's header; where it is missing nothing is written before the buffer. */
TEST(ip_no_room_for_the_link_header)
{
	static const unsigned rooms[] = { 0, 2, 13, 16 };

	net_start();
	for (unsigned i = 0; i < nitems(rooms); i++) {
		struct mbuf *m = m_get();
		struct ip *ip;

		CHECK(m != NULL);
		m->m_data = m->m_buf + rooms[i];
		memset(m->m_data, 0, 28);
		ip = (struct ip *)m->m_data;
		ip->ip_vhl = 0x45;
		ip->ip_len = BE16(28);
		ip->ip_ttl = 64;
		ip->ip_p = 17;
		ip->ip_dst = addr("10.0.0.2");
		m->m_len = m->m_pktlen = 28;
		counter_inc(test_ip_made);
		counter_mark();
		ip_send(m);
		host_run(1);
		CHECK_EQ(counter_delta("eths_noroom"), rooms[i] < 16);
		CHECK((wire_tx(&t0) != NULL) == (rooms[i] >= 16));
	}
	net_end();
}

TEST(ip_redirect)
{
	struct rt_request rq = { .rq_dest = addr("10.4.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC,
	    .rq_gateway = addr("10.0.0.3") };
	struct pkt *f;

	net_start();
	CHECK_EQ(rt_add(&rq), RT_OK);
	pkt_udp(&p, "10.0.0.2", "10.4.0.1", 64, 26);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ips_redirectsent"), 1);
	f = wire_tx(&t0);
	CHECK(f != NULL);
	while (f != NULL && f->p_b[13] == 0x06)		/* who has 10.0.0.3 */
		f = wire_tx(&t0);
	CHECK(f != NULL && f->p_b[34] == 5 && f->p_b[35] == 1);
	CHECK_EQ(load32(f->p_b + 38), addr("10.0.0.3"));
	net_end();
}

/* A queue that waits for the end of the pass is forgotten with its interface. */
TEST(ifq_detached_while_pending)
{
	net_start();
	arp_announce(&t0.w_if, addr("10.0.0.1"));
	arp_announce(&t1.w_if, addr("10.0.1.1"));
	CHECK(t0.w_if.if_ifqs[0].ifq_pending && t1.w_if.if_ifqs[0].ifq_pending);
	CHECK(if_setup(&t1.w_if, false));
	CHECK(!t1.w_if.if_ifqs[0].ifq_pending && t1.w_if.if_ifqs[0].ifq_purged == 1);
	CHECK(if_setup(&t1.w_if, true));
	net_balance();
	CHECK_EQ(t0.w_ntx - t0.w_next, 1);
	arp_announce(&t1.w_if, addr("10.0.1.1"));
	arp_announce(&t0.w_if, addr("10.0.0.1"));
	if_detach(&t0.w_if);
	loop_pass();
	unit_allow(UNIT_ENDS | UNIT_POOLS | UNIT_LEAKS | UNIT_TIMEOUTS);
}

TEST(ifq_overflow_is_counted)
{
	struct ifqueue *q;

	net_start();
	q = &t1.w_if.if_ifqs[0];
	t1.w_full = true;
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 26);
	for (unsigned i = 0; i < q->ifq_maxlen / 64 + 2; i++)
		wire_rx_many(&t0, &p, 64, PKT_MAX);
	CHECK_EQ(q->ifq_len, q->ifq_maxlen);
	CHECK_EQ(q->ifq_qdrops, 128);
	CHECK(q->ifq_oactive);
	net_balance();
	t1.w_full = false;
	ifq_restart(q);
	net_balance();
	CHECK_EQ(q->ifq_len, 0);
	t1.w_full = true;
	wire_rx_many(&t0, &p, 64, PKT_MAX);
	CHECK(if_setup(&t1.w_if, false));
	CHECK_EQ(q->ifq_purged, 64);
	net_end();
}

TEST(mbuf_clone_and_free_in_any_order)
{
	struct mbuf *m, *c, *d;

	net_start();
	for (int order = 0; order < 6; order++) {
		m = m_get();
		CHECK(m != NULL && m_append(m, "abcdef", 6));
		c = m_clone(m);
		d = m_clone(c);
		CHECK(c != NULL && d != NULL && c->m_data == m->m_data && d->m_data == m->m_data);
		m_freem(order < 2 ? m : order < 4 ? c : d);
		m_freem(order == 0 || order == 5 ? c : order == 1 || order == 2 ? d : m);
		m_freem(order == 0 ? d : order == 1 ? c : order == 2 ? m : order == 3 ? d : order == 4 ? c : m);
	}
	net_end();
}

TEST(mbuf_pool_empty)
{
	static struct mbuf *all[20000];
	unsigned n = 0;

	net_start();
	while (n < nitems(all) && (all[n] = m_get()) != NULL)
		n++;
	CHECK(n >= 1024 && percore(mbuf_pool.mp_fails) == 1);
	while (n > 0)
		m_freem(all[--n]);
	net_end();
}
