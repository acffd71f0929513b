/* test_icmp.c - ICMP: echo, errors that we send or must not send, messages for listeners. */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

static struct pkt p;
COUNTER(test_made, icmp, 999, CREATED, "packet%s made by the test");

static void
icmp_sum(void)
{
	unsigned hlen = (p.p_b[14] & 15) * 4u;

	store16(p.p_b + 14 + hlen + 2, 0);
	store16(p.p_b + 14 + hlen + 2, in_cksum(p.p_b + 14 + hlen, p.p_len - 14 - hlen));
}

/* An ICMP message of `len` bytes from t0's host, checksums right. */
static void
icmp_pkt(const char *src, const char *dst, unsigned type, unsigned code, unsigned hlen, unsigned len)
{
	pkt_ip(&p, src, dst, 1, 64, hlen, len);
	p.p_b[14 + hlen] = (uint8_t)type;
	p.p_b[14 + hlen + 1] = (uint8_t)code;
	icmp_sum();
}

/* The same with the packet that an error is about inside: a UDP packet from the router. */
static void
icmp_err_pkt(unsigned type, unsigned code)
{
	static struct pkt inner;

	pkt_udp(&inner, "10.0.0.1", "10.0.0.2", 64, 8);
	icmp_pkt("10.0.0.2", "10.0.0.1", type, code, 20, 8 + 28);
	memcpy(p.p_b + 42, inner.p_b + 14, 28);
	icmp_sum();
}

static struct pkt *
echo_reply_of_type(unsigned type, unsigned len)
{
	struct pkt *f = wire_tx(&t0);

	CHECK(f != NULL);
	CHECK_EQ(f->p_len, 14 + 20 + len);
	CHECK_EQ(pkt_iphdr(f)->ip_vhl, 0x45);
	CHECK_EQ(be16_host(pkt_iphdr(f)->ip_len), 20 + len);
	CHECK_EQ(pkt_iphdr(f)->ip_p, 1);
	CHECK_EQ(pkt_iphdr(f)->ip_ttl, 64);
	CHECK_EQ(in_cksum(f->p_b + 14, 20), 0);
	CHECK_EQ(in_cksum(f->p_b + 34, len), 0);
	CHECK_EQ(f->p_b[34], type);
	CHECK(wire_tx(&t0) == NULL);
	return f;
}

static struct pkt *
echo_reply(unsigned len)
{
	return echo_reply_of_type(ICMP_ECHOREPLY, len);
}

TEST(icmp_echo)
{
	static const unsigned lens[] = { 8, 9, 64, 65, 1480 };

	net_start();
	for (unsigned i = 0; i < nitems(lens) * 2; i++) {
		unsigned len = lens[i / 2], hlen = i & 1 ? 28 : 20;
		struct pkt *f;

		if (hlen + len > 1500)
			continue;
		icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, hlen, len);
		pkt_iphdr(&p)->ip_ttl = 1;
		pkt_iphdr(&p)->ip_off = BE16(IP_DF);
		pkt_ipsum(&p);
		wire_rx(&t0, &p);
		f = echo_reply(len);
		CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
		CHECK_EQ(pkt_iphdr(f)->ip_dst, addr("10.0.0.2"));
		CHECK_MEM(f->p_b + 34 + 4, p.p_b + 14 + hlen + 4, len - 4);
	}
	icmp_pkt("10.0.0.2", "10.0.1.1", 8, 0, 20, 64);		/* the other address */
	wire_rx(&t0, &p);
	CHECK_EQ(pkt_iphdr(echo_reply(64))->ip_src, addr("10.0.1.1"));
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 777);	/* in crumbs, odd ones */
	wire_rx_many(&t0, &p, 1, 61);
	CHECK_MEM(echo_reply(777)->p_b + 38, p.p_b + 38, 773);
	CHECK(if_setmtu(&t0.w_if, 9000));
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 8900);
	wire_rx(&t0, &p);
	CHECK_MEM(echo_reply(8900)->p_b + 38, p.p_b + 38, 8896);
	CHECK_EQ(counter_delta("icps_reflect"), counter_delta("icps_inecho"));
	net_end();
}

/* Any checksum of the request gives the right one of the reply. */
TEST(icmp_echo_checksums)
{
	net_start();
	for (unsigned i = 0; i < 3000; i++) {
		icmp_pkt("10.0.0.2", "10.0.0.1", 8, unit_below(2), 20, 8 + unit_below(8));
		store16(p.p_b + 38, (uint16_t)(i < 70 ? 0xfff0 + i : unit_random()));
		icmp_sum();
		wire_rx(&t0, &p);
		echo_reply(p.p_len - 34);
	}
	net_end();
}

/* A tap that still looks at the request must not see it change. */
TEST(icmp_echo_shared_buffer)
{
	struct batch b;
	struct mbuf *m, *tap;

	net_start();
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 64);
	m = m_get();
	CHECK(m != NULL);
	memcpy(m->m_data, p.p_b, p.p_len);
	m->m_len = m->m_pktlen = p.p_len;
	tap = m_clone(m);
	CHECK(tap != NULL);
	b.b_n = 0;
	batch_add(&b, m);
	ifiq_input(&t0.w_if.if_ifiqs[0], &b);
	host_run(1);
	echo_reply(64);
	CHECK_MEM(tap->m_data, p.p_b, p.p_len);
	m_freem(tap);
	net_end();
}

static void
setting(const char *name, int v)
{
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strcmp(sc->sc_name, name) == 0) {
			*sc->sc_int = v;
			return;
		}
	CHECK(!"there is no such setting");
}

/* To nobody, or without a buffer of its own to write the answer into. */
TEST(icmp_echo_not_answerable)
{
	struct batch b;
	struct mbuf *m, *tap;
	static struct mbuf *all[20000];
	unsigned n = 0;

	net_start();
	setting("net.inet.icmp.bmcastecho", 1);
	icmp_pkt("0.0.0.0", "255.255.255.255", 8, 0, 20, 64);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icps_noreply"), 1);
	CHECK(wire_tx(&t0) == NULL);
	icmp_pkt("10.0.0.2", "10.0.0.255", 8, 0, 20, 64);	/* but to whom one knows, from an address of ours */
	wire_rx(&t0, &p);
	CHECK_EQ(pkt_iphdr(echo_reply(64))->ip_src, addr("10.0.0.1"));
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 64);
	CHECK((m = m_get()) != NULL);
	memcpy(m->m_data, p.p_b, p.p_len);
	m->m_len = m->m_pktlen = p.p_len;
	CHECK((tap = m_clone(m)) != NULL);
	while (n < nitems(all) && (all[n] = m_get()) != NULL)
		n++;
	CHECK(n < nitems(all));
	b.b_n = 0;
	batch_add(&b, m);
	counter_mark();
	ifiq_input(&t0.w_if.if_ifiqs[0], &b);
	CHECK_EQ(counter_delta("icps_noreply"), 1);
	CHECK_MEM(tap->m_data, p.p_b, p.p_len);
	m_freem(tap);
	while (n > 0)
		m_free(all[--n]);
	host_run(1);
	CHECK(wire_tx(&t0) == NULL);
	setting("net.inet.icmp.bmcastecho", 0);
	net_end();
}

static void
refused(const char *counter)
{
	counter_mark();
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta(counter), 1);
	CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
}

TEST(icmp_refuses)
{
	net_start();
	for (unsigned len = 0; len < 8; len++) {
		pkt_ip(&p, "10.0.0.2", "10.0.0.1", 1, 64, 20, len);
		refused("icps_tooshort");
	}
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 64);
	p.p_b[60] ^= 1;
	refused("icps_checksum");
	icmp_pkt("10.0.0.2", "10.0.0.255", 8, 0, 20, 64);
	refused("icps_bmcastecho");
	icmp_pkt("10.0.0.2", "255.255.255.255", 8, 0, 20, 64);
	refused("icps_bmcastecho");
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 64);
	memset(p.p_b, 0xff, 6);
	refused("icps_bmcastecho");
	icmp_pkt("0.0.0.0", "255.255.255.255", 8, 0, 20, 64);
	refused("icps_bmcastecho");
	icmp_err_pkt(3, 16);
	refused("icps_badcode");
	icmp_err_pkt(11, 2);
	refused("icps_badcode");
	icmp_pkt("10.0.0.2", "10.0.0.1", 3, 1, 20, 8 + 27);
	p.p_b[42] = 0x45;
	icmp_sum();
	refused("icps_badlen");
	icmp_err_pkt(3, 1);
	p.p_b[42] = 0x46;		/* says that 8 bytes are not there */
	icmp_sum();
	refused("icps_badlen");
	icmp_err_pkt(3, 1);
	p.p_b[42] = 0x65;
	icmp_sum();
	refused("icps_badlen");
	icmp_err_pkt(5, 1);
	refused("icps_redirectin");
	icmp_pkt("10.0.0.2", "10.0.0.1", 14, 0, 20, 20);
	refused("icps_unknown");
	icmp_pkt("10.0.0.2", "10.0.0.1", 17, 0, 20, 12);
	refused("icps_maskreq");
	icmp_pkt("10.0.0.2", "10.0.0.1", 4, 0, 20, 36);
	refused("icps_quench");
	icmp_pkt("10.0.0.2", "10.0.0.1", 13, 1, 20, 20);
	refused("icps_badcode");
	icmp_pkt("10.0.0.2", "10.0.0.1", 13, 0, 20, 19);
	refused("icps_tstampshort");
	icmp_pkt("10.0.0.2", "10.0.0.1", 13, 0, 20, 21);
	refused("icps_tstampshort");
	icmp_pkt("10.0.0.2", "10.0.0.255", 13, 0, 20, 20);
	refused("icps_bmcastecho");
	icmp_err_pkt(3, 1);
	refused("icps_stranger");		/* nobody here listens */
	icmp_err_pkt(5, 4);
	refused("icps_badcode");
	icmp_pkt("10.0.0.2", "10.0.0.1", 255, 0, 20, 20);
	refused("icps_unknown");
	net_end();
}

static unsigned heard, heard_len;
static uint8_t heard_type;
static struct ip heard_ip;

static bool
hear(struct icmp_listener *il, const struct ip *ip, unsigned hlen, unsigned len)
{
	const uint8_t *b = (const uint8_t *)ip;

	heard++;
	heard_len = len;
	heard_type = b[hlen];
	heard_ip = *ip;
	CHECK_EQ(in_cksum(b + hlen, len - hlen), 0);
	if (il->il_arg != NULL)
		icmp_unlisten(il);
	return true;
}

TEST(icmp_listeners)
{
	struct icmp_listener a = { .il_input = hear }, b = { .il_input = hear, .il_arg = &b };

	net_start();
	icmp_listen(&a);
	icmp_listen(&b);
	icmp_pkt("10.0.0.2", "10.0.0.1", 0, 0, 24, 64);
	wire_rx(&t0, &p);
	CHECK_EQ(heard, 2);
	CHECK_EQ(heard_len, 88);
	icmp_err_pkt(3, 1);
	wire_rx_many(&t0, &p, 1, 20);
	CHECK_EQ(heard, 3);
	CHECK_EQ(heard_type, 3);
	CHECK_EQ(heard_ip.ip_src, addr("10.0.0.2"));
	icmp_err_pkt(11, 0);
	wire_rx(&t0, &p);
	icmp_err_pkt(12, 0);
	wire_rx(&t0, &p);
	CHECK_EQ(heard, 5);
	icmp_pkt("10.0.0.2", "10.0.0.1", 8, 0, 20, 64);		/* not for them */
	wire_rx(&t0, &p);
	echo_reply(64);
	CHECK_EQ(heard, 5);
	CHECK(if_setmtu(&t0.w_if, 9000));
	icmp_pkt("10.0.0.2", "10.0.0.1", 0, 0, 20, 8900);
	wire_rx(&t0, &p);
	CHECK_EQ(heard_len, 8920);
	CHECK_EQ(heard, 6);
	icmp_unlisten(&a);
	icmp_unlisten(&a);
	wire_rx(&t0, &p);
	CHECK_EQ(heard, 6);
	CHECK_EQ(counter_delta("icps_inechoreply"), 3);
	net_end();
}

/* p is dropped without a route; the error about it, or NULL. */
static struct pkt *
error_about(void)
{
	struct pkt *f;

	counter_mark();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	f = wire_tx(&t0);
	CHECK(wire_tx(&t0) == NULL);
	return f;
}

TEST(icmp_error_contents)
{
	static const unsigned sizes[] = { 1, 8, 500, 520, 521, 1400 };
	struct pkt *f;

	net_start();
	for (unsigned i = 0; i < nitems(sizes); i++) {
		unsigned total, quoted = MIN(20 + sizes[i], 548u);

		pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, sizes[i]);
		pkt_iphdr(&p)->ip_tos = 0xb8;
		pkt_ipsum(&p);
		f = error_about();
		CHECK(f != NULL);
		total = be16_host(pkt_iphdr(f)->ip_len);
		CHECK_EQ(total, 28 + quoted);
		CHECK(total <= 576);
		CHECK_EQ(f->p_b[34], 3);
		CHECK_EQ(load32(f->p_b + 38), 0);
		CHECK_MEM(f->p_b + 42, p.p_b + 14, quoted);
		CHECK_EQ(in_cksum(f->p_b + 34, total - 20), 0);
		CHECK_EQ(pkt_iphdr(f)->ip_tos, 0xd8);		/* precedence 6, the packet's TOS */
		CHECK_EQ(pkt_iphdr(f)->ip_ttl, 64);
		CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
		CHECK_EQ(counter_delta("icps_outunreach"), 1);
	}
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 1600);
	pkt_iphdr(&p)->ip_off = BE16(IP_DF);
	pkt_ipsum(&p);
	f = error_about();
	CHECK(f != NULL && f->p_b[34] == 3 && f->p_b[35] == 4);
	CHECK_EQ(load16(f->p_b + 40), BE16(1500));		/* RFC 1191 */
	pkt_ip(&p, "10.0.0.2", "10.1.0.1", 17, 64, 24, 26);
	memcpy(p.p_b + 34, (uint8_t[]){ 7, 9, 4, 0 }, 4);
	pkt_ipsum(&p);
	f = error_about();
	CHECK(f != NULL && f->p_b[34] == 12 && f->p_b[35] == 0 && f->p_b[38] == 21);	/* RFC 792: the pointer */
	/* The sender is behind another address of the interface; or ours was spoken to. */
	CHECK(if_addaddr(&t0.w_if, addr("10.7.0.1"), 24, 0) == NULL);
	host_run(1);
	t0.w_next = t0.w_ntx;
	pkt_ip(&p, "10.0.0.2", "10.0.1.1", 99, 64, 20, 26);
	f = error_about();
	CHECK(f != NULL && pkt_iphdr(f)->ip_src == addr("10.0.1.1"));
	net_end();
}

static void
no_error(const char *counter)
{
	CHECK(error_about() == NULL);
	CHECK_EQ(counter_delta(counter), 1);
	CHECK_EQ(counter_delta("icps_error"), 1);
}

/* RFC 1122 3.2.2, RFC 1812 4.3.2.7. */
TEST(icmp_error_never)
{
	static const uint8_t errors[] = { 3, 4, 5, 11, 12, 31, 77 };

	net_start();
	for (unsigned i = 0; i < nitems(errors); i++) {
		icmp_pkt("10.0.0.2", "192.0.2.1", errors[i], 0, 20, 36);
		no_error("icps_oldicmp");
	}
	pkt_ip(&p, "10.0.0.2", "192.0.2.1", 1, 64, 20, 0);
	no_error("icps_oldshort");
	icmp_pkt("10.0.0.2", "192.0.2.1", 8, 0, 20, 36);
	CHECK(error_about() != NULL);
	pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, 26);
	pkt_iphdr(&p)->ip_off = BE16(IP_MF | 1);
	pkt_ipsum(&p);
	no_error("icps_oldfrag");
	pkt_iphdr(&p)->ip_off = BE16(IP_MF);
	pkt_ipsum(&p);
	CHECK(error_about() != NULL);
	pkt_ip(&p, "10.0.0.2", "10.0.0.255", 99, 64, 20, 26);
	no_error("icps_oldcast");
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", 99, 64, 20, 26);
	memset(p.p_b, 0xff, 6);
	no_error("icps_oldcast");
	pkt_udp(&p, "10.0.0.255", "192.0.2.1", 64, 26);
	CHECK(error_about() == NULL);
	CHECK_EQ(counter_delta("ips_bcastsrc"), 1);
	pkt_ip(&p, "0.0.0.0", "255.255.255.255", 99, 64, 20, 26);
	no_error("icps_oldcast");
	net_end();
}

/* At most 100 a second to one host, a random number of up to an eighth fewer: nobody can count what others get. */
TEST(icmp_error_rate)
{
	unsigned first = 0, differs = 0;

	net_start();
	pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, 26);
	for (unsigned second = 0; second < 8; second++) {
		unsigned n = 0;

		counter_mark();
		for (unsigned i = 0; i < 150; i++) {
			wire_rx(&t0, &p);
			n += wire_tx(&t0) != NULL;
		}
		CHECK(n <= 100 && n >= 100 - 100 / 8);
		CHECK_EQ(counter_delta("icps_toofreq"), 150 - n);
		first = second == 0 ? n : first;
		differs += n != first;
		host_run(1000);
	}
	CHECK(differs > 0);
	net_end();
}

/* HOSTILE: error flood out. Who provokes errors under many names does not take an honest host's, until all is at its limit. */
TEST(icmp_error_rate_of_many)
{
	unsigned honest = 0, sent;
	char src[20];

	net_start();
	for (unsigned i = 0; i < 8; i++) {
		snprintf(src, sizeof(src), "10.0.0.%u", 10 + i);
		CHECK(arp_set(0, addr(src), t0.w_host, NHF_STATIC) == NULL);
	}
	for (unsigned i = 0; i < 8000; i++) {		/* eight that go over their limits, and one that asks for 30 a second */
		snprintf(src, sizeof(src), "10.0.0.%u", 10 + i % 8);
		pkt_udp(&p, src, "192.0.2.1", 64, 26);
		wire_rx(&t0, &p);
		t0.w_next = t0.w_ntx;
		if (i % 270 == 0) {
			pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, 26);
			wire_rx(&t0, &p);
			honest += wire_tx(&t0) != NULL;
		}
	}
	CHECK_EQ(honest, 30);
	host_run(1000);
	counter_mark();
	for (unsigned i = 0; i < 3000; i++) {		/* more names than the table has places */
		snprintf(src, sizeof(src), "10.0.%u.%u", 2 + i / 250, i % 250);
		pkt_udp(&p, src, "192.0.2.1", 64, 26);
		wire_rx(&t0, &p);
	}
	sent = (unsigned)(counter_delta("icps_error") - counter_delta("icps_toofreq"));
	CHECK(sent <= 1000 && sent >= 1000 - 1000 / 8);
	net_end();
}

/* RFC 792: when it came and when the answer went, in ms since midnight. */
TEST(icmp_timestamp_reply)
{
	uint32_t t = 0;
	struct pkt *f;

	net_start();
	for (unsigned i = 0; i < 3; i++) {
		uint32_t now;

		icmp_pkt("10.0.0.2", "10.0.0.1", 13, 0, i & 1 ? 24 : 20, 20);
		wire_rx(&t0, &p);
		f = echo_reply_of_type(ICMP_TSTAMPREPLY, 20);
		CHECK_MEM(f->p_b + 38, p.p_b + 14 + (i & 1 ? 24 : 20) + 4, 8);	/* id, sequence, their time */
		CHECK_EQ(load32(f->p_b + 46), load32(f->p_b + 50));
		now = be32_host(load32(f->p_b + 46));
		CHECK(now < 86400000);
		if (i > 0)
			CHECK_EQ((now + 86400000 - t) % 86400000, 1500);
		t = now;
		host_run(1500);
	}
	net_end();
}

/* What we send ourselves and nobody takes comes back as an error to us. */
TEST(icmp_error_about_our_own)
{
	struct icmp_listener a = { .il_input = hear };
	struct mbuf *m;
	struct ip *ip;

	net_start();
	icmp_listen(&a);
	m = m_get();
	CHECK(m != NULL);
	counter_inc(test_made);
	m->m_len = m->m_pktlen = 28;
	memset(m->m_data, 0, 28);
	ip = (struct ip *)m->m_data;
	ip->ip_len = BE16(28);
	ip->ip_p = 1;
	ip->ip_ttl = 64;
	ip->ip_dst = addr("10.0.0.99");
	m->m_data[20] = 8;
	store16(m->m_data + 22, in_cksum(m->m_data + 20, 8));
	CHECK(ip_send(m));
	host_run(3500);
	CHECK_EQ(heard, 1);
	CHECK_EQ(heard_type, 3);
	CHECK_EQ(heard_ip.ip_dst, addr("10.0.0.1"));
	icmp_unlisten(&a);
	net_end();
}

/* A loop through lo0 (a route to 127.0.0.1): what comes of it does not say 127.0.0.1 on the wire. RFC 1122 3.2.1.3 (g). */
TEST(icmp_error_from_loopback)
{
	struct rt_request rq = { .rq_dest = addr("10.3.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC,
	    .rq_gateway = IP4_LOOPBACK };
	struct pkt *f;

	net_start();
	CHECK_EQ(rt_add(&rq), RT_OK);
	pkt_udp(&p, "10.0.0.2", "10.3.0.1", 9, 26);
	wire_rx(&t0, &p);
	net_balance();
	CHECK_EQ(counter_delta("ips_ttl"), 1);
	CHECK((f = wire_tx(&t0)) != NULL && f->p_b[34] == 11);
	CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
	net_end();
}
