/* test_reass.c - fragments for us: put together in any order, refused when they lie, and never too many of them. */
#include <stdio.h>
#include <string.h>

#include "kernel/pool.h"
#include "net/ether/arp.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_reass.h"
#include "tests/unit/netfix.h"

static struct pkt p;
static uint8_t data[65536 + 2048];		/* of the datagram that is sent in pieces */
static unsigned hlen = 20;

/* The bytes [start, start + len) of data, from src. */
static void
frag(const char *src, unsigned proto, unsigned id, unsigned start, unsigned len, bool more)
{
	pkt_ip(&p, src, "10.0.0.1", proto, 64, hlen, len);
	memcpy(p.p_b + 14 + hlen, data + start, len);
	pkt_iphdr(&p)->ip_id = host_be16((uint16_t)id);
	pkt_iphdr(&p)->ip_off = host_be16((uint16_t)(start / 8 | (more ? IP_MF : 0)));
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
}

/* data becomes an echo request of len bytes. */
static void
echo_data(unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		data[i] = (uint8_t)unit_random();
	data[0] = ICMP_ECHO;
	data[1] = 0;
	store16(data + 2, 0);
	store16(data + 2, in_cksum(data, len));
}

/* The reply to it, which may come in fragments of its own. */
static void
reply_comes(unsigned len)
{
	unsigned got = 0;
	struct pkt *f;

	while ((f = wire_tx(&t0)) != NULL && pkt_iphdr(f)->ip_p == IPPROTO_ICMP_) {
		unsigned off = be16_host(pkt_iphdr(f)->ip_off), n = be16_host(pkt_iphdr(f)->ip_len) - 20u;

		CHECK_EQ((off & IP_OFFMASK) * 8u, got);
		if (got == 0) {
			CHECK_EQ(f->p_b[34], ICMP_ECHOREPLY);
			CHECK_MEM(f->p_b + 38, data + 4, n - 4);
		} else
			CHECK_MEM(f->p_b + 34, data + got, n);
		got += n;
		if (!(off & IP_MF))
			break;
	}
	CHECK_EQ(got, len);
}

static void
all_pieces(unsigned id, unsigned len, unsigned step)
{
	for (unsigned i = 0; i < len; i += step)
		frag("10.0.0.2", 1, id, i, MIN(step, len - i), i + step < len);
}

static unsigned
out_of(const char *name)
{
	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next)
		if (strcmp(pr->pr_name, name) == 0)
			return pr->pr_nout;
	CHECK(!"no such pool");
	return 0;
}

static void
nothing_left(void)
{
	CHECK_EQ(out_of("ipq"), 0);
	CHECK_EQ(out_of("ipqsrc"), 0);
	net_balance();
}

/* Up to the longest there is. */
TEST(reass_in_order)
{
	static const unsigned lens[] = { 9, 1473, 2000, 9000, 65507 + 8 }, steps[] = { 8, 64, 552, 1480 };

	net_start();
	for (unsigned i = 0; i < nitems(lens); i++)
		for (unsigned s = 0; s < nitems(steps); s++) {
			if (steps[s] >= lens[i])
				continue;
			echo_data(lens[i]);
			all_pieces(i, lens[i], steps[s]);
			reply_comes(lens[i]);
			nothing_left();
		}
	CHECK_EQ(counter_delta("ips_reassembled"), counter_delta("icps_reflect"));
	CHECK_EQ(counter_delta("ips_fragments"), counter_delta("ips_fragmerged") + counter_delta("ips_fragused") +
	    counter_delta("ips_reassembled"));
	net_end();
}

TEST(reass_in_any_order)
{
	unsigned order[200], n, len;

	net_start();
	for (unsigned round = 0; round < 60; round++) {
		unsigned step = 8 * (1 + unit_below(185));

		len = 1500 + unit_below(round < 50 ? 12000 : 60000);
		step = MAX(step, roundup2(len / 150, 8));
		n = (len + step - 1) / step;
		echo_data(len);
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		for (unsigned i = n - 1; i > 0; i--) {
			unsigned j = unit_below(i + 1), o = order[i];

			order[i] = order[j];
			order[j] = o;
		}
		if (round % 3 == 0)		/* the last comes first */
			for (unsigned i = 0; i < n; i++)
				order[i] = n - 1 - i;
		hlen = round & 1 ? 32 : 20;
		for (unsigned i = 0; i < n; i++) {
			unsigned at = order[i] * step;

			frag("10.0.0.2", 1, round, at, MIN(step, len - at), at + step < len);
			if (i % 5 == 0 && i + 1 < n)	/* some twice */
				frag("10.0.0.2", 1, round, at, MIN(step, len - at), at + step < len);
		}
		reply_comes(len);
		nothing_left();
	}
	CHECK_EQ(counter_delta("ips_reassembled"), 60);
	CHECK(counter_delta("ips_fragdup") > 60);
	net_end();
}

/* Shared with a tap: it sees what came, and we what was sent. */
TEST(reass_of_shared_buffers)
{
	struct mbuf *m, *taps[3];
	struct batch b;

	net_start();
	echo_data(2900);
	for (unsigned i = 0; i < 3; i++) {
		pkt_ip(&p, "10.0.0.2", "10.0.0.1", 1, 64, 20, i < 2 ? 1000 : 900);
		memcpy(p.p_b + 34, data + i * 1000, i < 2 ? 1000 : 900);
		pkt_iphdr(&p)->ip_off = host_be16((uint16_t)(i * 125 | (i < 2 ? IP_MF : 0)));
		pkt_ipsum(&p);
		m = m_get();
		CHECK(m != NULL);
		memcpy(m->m_data, p.p_b, p.p_len);
		m->m_len = m->m_pktlen = p.p_len;
		taps[i] = m_clone(m);
		b.b_n = 0;
		batch_add(&b, m);
		ifiq_input(&t0.w_if.if_ifiqs[0], &b);
		CHECK_MEM(taps[i]->m_data, p.p_b, p.p_len);
	}
	host_run(1);
	reply_comes(2900);
	for (unsigned i = 0; i < 3; i++)
		m_freem(taps[i]);
	net_end();
}

/* A datagram is given up as a whole, and what comes of it later, too; the next one is not touched by that. HOSTILE: overlap of every kind. */
static void
overlap(unsigned s1, unsigned l1, bool more1, unsigned s2, unsigned l2, bool more2)
{
	static unsigned id = 100;

	counter_mark();
	id++;
	frag("10.0.0.2", 1, id, s1, l1, more1);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] ^= 0x55;
	frag("10.0.0.2", 1, id, s2, l2, more2);
	CHECK_EQ(counter_delta("ips_fragoverlap"), 2);
	frag("10.0.0.2", 1, id, 32, 8, true);
	CHECK_EQ(counter_delta("ips_fragdead"), 1);
	CHECK_EQ(counter_delta("ips_reassembled"), 0);
	CHECK(wire_tx(&t0) == NULL);
	echo_data(3000);
	all_pieces(id + 1000, 3000, 1480);
	reply_comes(3000);
	host_run(30001);
	CHECK(wire_tx(&t0) == NULL);			/* no time exceeded: nothing is left to tell about */
	nothing_left();
}

/* checklist: ip_reass__multiple_last_fragments */
TEST(reass_overlaps)
{
	net_start();
	echo_data(4000);
	overlap(64, 128, true, 64, 128, true);		/* the same place, other bytes */
	overlap(64, 128, true, 0, 72, true);		/* into its front */
	overlap(64, 128, true, 184, 64, true);		/* into its end */
	overlap(64, 128, true, 72, 16, true);		/* within, other bytes */
	overlap(64, 128, true, 0, 512, true);		/* around it */
	overlap(64, 128, true, 64, 256, true);		/* the same start, longer */
	overlap(64, 128, true, 64, 64, true);		/* the same start, shorter */
	overlap(64, 128, true, 128, 64, true);		/* the same end */
	overlap(64, 128, true, 0, 192, true);
	overlap(64, 128, false, 64, 64, false);		/* two last ones: an earlier end */
	overlap(64, 128, false, 192, 64, false);	/* a later one */
	overlap(64, 128, true, 64, 100, false);		/* an end within what is here */
	overlap(64, 128, false, 192, 8, true);		/* something behind the end */
	overlap(64, 128, false, 128, 64, true);		/* the end's own bytes, which are not the end now */
	net_end();
}

/* The same bytes again are no overlap, whole or a part. */
TEST(reass_duplicates)
{
	net_start();
	echo_data(3000);
	frag("10.0.0.2", 1, 1, 0, 1480, true);
	frag("10.0.0.2", 1, 1, 0, 1480, true);
	frag("10.0.0.2", 1, 1, 8, 64, true);
	frag("10.0.0.2", 1, 1, 2960, 40, false);
	frag("10.0.0.2", 1, 1, 2960, 40, false);
	CHECK_EQ(counter_delta("ips_fragdup"), 3);
	frag("10.0.0.2", 1, 1, 1480, 1480, true);
	reply_comes(3000);
	nothing_left();
	net_end();
}

static void
refused(const char *counter, unsigned proto, unsigned start, unsigned len, bool more)
{
	counter_mark();
	frag("10.0.0.2", proto, 7, start, len, more);
	CHECK_EQ(counter_delta(counter), 1);
	CHECK(wire_tx(&t0) == NULL);
	nothing_left();
}

/* HOSTILE: zero length, not a multiple of 8, beyond 65535, tiny first fragment. checklist: ip_reass__zero_length_fragment, ip_reass__large_fragment */
TEST(reass_refuses)
{
	net_start();
	refused("ips_badfrags", 17, 0, 0, true);
	refused("ips_badfrags", 17, 64, 0, false);
	refused("ips_badfrags", 17, 64, 0, true);
	refused("ips_badfrags", 17, 0, 7, true);
	refused("ips_badfrags", 17, 64, 1473, true);
	refused("ips_toolong", 17, 65512, 8, false);
	refused("ips_toolong", 17, 65528, 8, true);
	refused("ips_toolong", 17, 64512, 1480, true);
	refused("ips_fragtiny", 6, 0, 8, true);		/* RFC 1858 */
	refused("ips_fragtiny", 6, 8, 1024, true);	/* RFC 3128 */
	hlen = 60;					/* with the first one's options it is too long */
	echo_data(65480);
	frag("10.0.0.2", 1, 8, 0, 1440, true);
	hlen = 20;
	for (unsigned i = 1440; i < 65480; i += 1480)
		frag("10.0.0.2", 1, 8, i, MIN(1480u, 65480 - i), i + 1480 < 65480);
	CHECK_EQ(counter_delta("ips_fraghlen") + counter_delta("ips_fragmerged"), counter_delta("ips_fragments") - 1);
	CHECK(wire_tx(&t0) == NULL);
	nothing_left();
	net_end();
}

/* RFC 792: after the time, to the source, with the first fragment; without that one nothing. */
TEST(reass_timeout)
{
	struct pkt first, *f;

	net_start();
	echo_data(3000);
	frag("10.0.0.2", 17, 1, 0, 64, true);
	first = p;
	frag("10.0.0.2", 17, 1, 64, 64, true);		/* in the same buffer now */
	frag("10.0.0.2", 17, 2, 1480, 1480, true);
	host_run(29990);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ips_fragtimeout"), 0);
	host_run(20);
	f = wire_tx(&t0);
	CHECK(f != NULL && f->p_b[34] == ICMP_TIMXCEED && f->p_b[35] == ICMP_TIMXCEED_REASS);
	CHECK_EQ(be16_host(pkt_iphdr(f)->ip_len), 28 + 84);
	CHECK_MEM(f->p_b + 42, first.p_b + 14, 84);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ips_fragtimeout"), 2);
	nothing_left();
	frag("10.0.0.2", 1, 3, 0, 1480, true);		/* half of one, then the interface goes */
	net_end();
}

/* HOSTILE: flood of first fragments (CVE-2018-5391): from everywhere, ten for each honest one; no honest datagram is lost. */
TEST(reass_flood_from_everywhere)
{
	char src[20];
	unsigned id = 0;

	net_start();
	for (unsigned round = 0; round < 300; round++) {
		echo_data(2900);
		for (unsigned i = 0; i < 3; i++) {
			for (unsigned j = 0; j < 10; j++, id++) {
				snprintf(src, sizeof(src), "172.%u.%u.%u", 16 + (id >> 16), id >> 8 & 255, id & 255);
				frag(src, 17, id, 0, 1480, true);
			}
			frag("10.0.0.2", 1, 5000 + round, i * 1000, i < 2 ? 1000 : 900, i < 2);
		}
		reply_comes(2900);
		CHECK(mbuf_used() <= 1024 + 8);
	}
	CHECK(counter_delta("ips_fragevict") > 7000);
	CHECK(out_of("ipq") <= 1024);
	host_run(31000);
	nothing_left();
	net_end();
}

/* One source has a quarter at most, of its own the oldest go, and nobody else's. */
TEST(reass_flood_from_one)
{
	net_start();
	CHECK(arp_set(0, addr("10.0.0.9"), t0.w_host, NHF_STATIC) == NULL);
	echo_data(2900);
	frag("10.0.0.2", 1, 1, 0, 1000, true);
	for (unsigned i = 0; i < 3000; i++)
		frag("10.0.0.9", 17, i, 0, 1480, true);
	CHECK_EQ(mbuf_used(), 256 + 1);
	CHECK_EQ(counter_delta("ips_fragevict"), 3000 - 256);
	frag("10.0.0.2", 1, 1, 1000, 1000, true);
	frag("10.0.0.2", 1, 1, 2000, 900, false);
	reply_comes(2900);
	for (unsigned i = 0; i < 300; i++)		/* holes that no buffer can share */
		frag("10.0.0.9", 17, 9999, i * 16, 8, true);
	CHECK_EQ(counter_delta("ips_fragmany"), 257);
	CHECK_EQ(counter_delta("ips_fragdead"), 300 - 257);
	host_run(31000);
	t0.w_next = t0.w_ntx;
	nothing_left();
	net_end();
}

/* Not of the same datagram: another source, destination, protocol or number. */
TEST(reass_keys)
{
	net_start();
	CHECK(arp_set(0, addr("10.0.0.9"), t0.w_host, NHF_STATIC) == NULL);
	echo_data(2000);
	frag("10.0.0.2", 1, 1, 0, 1480, true);
	frag("10.0.0.9", 1, 1, 1480, 520, false);
	frag("10.0.0.2", 17, 1, 1480, 520, false);
	frag("10.0.0.2", 1, 2, 1480, 520, false);
	CHECK_EQ(counter_delta("ips_reassembled"), 0);
	CHECK_EQ(out_of("ipq"), 4);
	frag("10.0.0.2", 1, 1, 1480, 520, false);
	reply_comes(2000);
	host_run(31000);
	CHECK(wire_tx(&t0) == NULL);
	nothing_left();
	net_end();
}
