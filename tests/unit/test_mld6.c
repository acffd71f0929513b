/* test_mld6.c - groups: told when joined and left, and when a querier asks; MLDv2, and MLDv1 where such a querier is. */
#include <string.h>

#include "kernel/loop.h"
#include "net/inet6/mld6.h"
#include "tests/unit/netfix6.h"

static struct pkt p;
static const uint8_t alert[8] = { 0, 0, 5, 2, 0, 0, 1, 0 };

/* The next report on t0 within ms; NULL: none. Its ICMPv6 message begins at byte 62. */
static struct pkt *
next_report(unsigned ms)
{
	for (unsigned t = 0; t <= ms; t += 10) {
		for (struct pkt *f = wire_tx(&t0); f != NULL; f = wire_tx(&t0))
			if (load16(f->p_b + 12) == BE16(0x86dd) && pkt_ip6(f)->ip6_nxt == IPPROTO_HOPOPTS_) {
				CHECK_EQ(pkt_ip6(f)->ip6_hlim, 1);
				CHECK_MEM(f->p_b + 54, ((uint8_t[8]){ IPPROTO_ICMPV6_, 0, 5, 2, 0, 0, 1, 0 }), 8);
				return f;
			}
		host_run(10);
	}
	return NULL;
}

/* The report has a record of this type for the group. */
static bool
says(const struct pkt *f, unsigned type, const char *group)
{
	struct in6_addr g = addr6(group);
	unsigned n = be16_host(load16(f->p_b + 68));

	CHECK_EQ(f->p_b[62], 143);
	CHECK_EQ(f->p_len, 70 + n * 20);
	for (unsigned i = 0; i < n; i++)
		if (f->p_b[70 + i * 20] == type && memcmp(f->p_b + 74 + i * 20, &g, 16) == 0)
			return true;
	return false;
}

static void
query(const char *group, unsigned delay, unsigned len, unsigned hlim)
{
	uint8_t msg[28] = { ICMP6_MLD_QUERY };

	store16(msg + 4, host_be16((uint16_t)delay));
	if (group != NULL)
		*(struct in6_addr *)(msg + 8) = addr6(group);
	pkt6_icmp(&p, "fe80::1", group != NULL ? group : "ff02::1", hlim, msg, len);
	pkt6_insert(&p, 0, alert, 8);
	wire_rx(&t0, &p);
}

TEST(mld6_join_and_leave)
{
	struct in6_addr g;
	struct pkt *f;

	ip6_start_unknown();
	g = addr6("ff05::1234");
	CHECK(mld6_join(&t0.w_if, &g));
	f = next_report(50);
	CHECK(f != NULL && says(f, 4, "ff05::1234"));			/* TO_EXCLUDE: RFC 3810 6.1 */
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fe80::5054:ff:fe00:a");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::16");
	f = next_report(1010);
	CHECK(f != NULL && says(f, 4, "ff05::1234"));			/* and once more */
	CHECK(next_report(5000) == NULL);
	CHECK(mld6_join(&t0.w_if, &g));
	mld6_leave(&t0.w_if, &g);
	CHECK(next_report(3000) == NULL);				/* somebody listens still */
	CHECK(mld6_member(&t0.w_if, &g));
	mld6_leave(&t0.w_if, &g);
	CHECK(!mld6_member(&t0.w_if, &g));
	f = next_report(50);
	CHECK(f != NULL && says(f, 3, "ff05::1234"));			/* TO_INCLUDE */
	CHECK(next_report(1010) != NULL);
	CHECK(next_report(5000) == NULL);
	net_end();
}

/* Whoever sends to a group is heard when we have joined it: on that wire, that group of those with the same link address, until all have left. */
TEST(mcast_unconninet6)
{
	struct in6_addr g;

	ip6_start();
	g = addr6("ff05::1234");
	pkt6(&p, "fd00:a::2", "ff05::1234", 59, 1, 8);		/* 59: no header follows: taken, and that is all */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_notmember"), 1);
	CHECK(mld6_join(&t0.w_if, &g) && mld6_join(&t0.w_if, &g));
	wire_rx(&t0, &p);
	pkt6(&p, "fd00:a::3", "ff05::1234", 59, 1, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_delivered"), 2);
	pkt6(&p, "fd00:b::2", "ff05::1234", 59, 1, 8);
	wire_rx(&t1, &p);
	pkt6(&p, "fd00:a::2", "ff08::1234", 59, 1, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_notmember"), 3);
	mld6_leave(&t0.w_if, &g);
	pkt6(&p, "fd00:a::2", "ff05::1234", 59, 1, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_delivered"), 3);
	mld6_leave(&t0.w_if, &g);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ip6s_delivered"), 3);
	CHECK_EQ(counter_delta("ip6s_notmember"), 4);
	wires_forget();
	net_end();
}

/* Two ends that talk: who asks a group is answered by its member, from an address of his own. */
TEST(mcast_conninet6)
{
	struct in6_addr g;
	struct pkt *f;

	ip6_start();
	g = addr6("ff05::1234");
	pkt6_echo(&p, "fd00:a::2", "ff05::1234", 20);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);
	CHECK(mld6_join(&t0.w_if, &g));
	host_run(3000);
	wires_forget();
	wire_rx(&t0, &p);
	f = wire_tx_icmp6(&t0, ICMP6_ECHOREPLY);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_src), "fd00:a::1");
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "fd00:a::2");
	mld6_leave(&t0.w_if, &g);
	host_run(3000);
	wires_forget();
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ip6s_notmember"), 2);
	net_end();
}

TEST(mld6_queries)
{
	struct pkt *f;

	ip6_start_unknown();
	query(NULL, 2000, 28, 1);
	f = next_report(2010);						/* each group at a random time within the delay */
	CHECK(f != NULL && (says(f, 2, "ff02::1:ff00:1") || says(f, 2, "ff02::1:ff00:a")));
	CHECK(!says(f, 2, "ff02::1"));					/* of all nodes nothing is said */
	next_report(2010);
	CHECK(next_report(5000) == NULL);
	query("ff02::1:ff00:1", 100, 28, 1);
	f = next_report(110);
	CHECK(f != NULL && says(f, 2, "ff02::1:ff00:1"));
	CHECK(next_report(1000) == NULL);
	CHECK_EQ(counter_delta("mld6s_inquery"), 2);
	query(NULL, 100, 28, 2);					/* RFC 3810 6.2: hop limit, */
	query(NULL, 100, 26, 1);					/* length, */
	CHECK_EQ(counter_delta("mld6s_badquery"), 2);
	pkt6_icmp(&p, "fe80::1", "ff02::1", 1, (uint8_t[28]){ ICMP6_MLD_QUERY }, 28);	/* router alert, */
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("mld6s_badquery"), 3);
	pkt6_icmp(&p, "fd00:a::9", "ff02::1", 1, (uint8_t[28]){ ICMP6_MLD_QUERY }, 28);	/* source */
	pkt6_insert(&p, 0, alert, 8);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("mld6s_badquery"), 4);
	CHECK(next_report(1000) == NULL);
	net_end();
}

/* A querier of MLDv1 is answered in kind, and reports of others will do (RFC 2710 4). */
TEST(mld6_version1)
{
	struct in6_addr g;
	struct pkt *f;

	ip6_start_unknown();
	query("ff02::1:ff00:1", 1000, 24, 1);
	f = next_report(1010);
	CHECK(f != NULL);
	CHECK_EQ(f->p_b[62], ICMP6_MLD_REPORT);
	CHECK_EQ(f->p_len, 62 + 24);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::1:ff00:1");
	query("ff02::1:ff00:1", 1000, 24, 1);
	pkt6_icmp(&p, "2001:db8::9", "fd00:a::1", 1, (uint8_t[24]){ ICMP6_MLD_REPORT, [8] = 0xff, [9] = 2, [19] = 1, [20] = 0xff, [23] = 1 }, 24);
	pkt6_insert(&p, 0, alert, 8);
	wire_rx(&t0, &p);					/* from afar: RFC 2710 3 */
	CHECK_EQ(counter_delta("mld6s_badreport"), 1);
	CHECK(next_report(2000) != NULL);
	query("ff02::1:ff00:1", 1000, 24, 1);
	pkt6_icmp(&p, "fe80::9", "ff02::1:ff00:1", 1, (uint8_t[24]){ ICMP6_MLD_REPORT, [8] = 0xff, [9] = 2, [19] = 1, [20] = 0xff, [23] = 1 }, 24);
	pkt6_insert(&p, 0, alert, 8);
	wire_rx(&t0, &p);
	CHECK(next_report(2000) == NULL);
	CHECK_EQ(counter_delta("mld6s_inreport"), 1);
	g = addr6("ff05::1234");
	CHECK(mld6_join(&t0.w_if, &g));
	f = next_report(50);
	CHECK(f != NULL && f->p_b[62] == ICMP6_MLD_REPORT);
	CHECK(next_report(10010) != NULL);
	mld6_leave(&t0.w_if, &g);
	f = next_report(50);
	CHECK(f != NULL && f->p_b[62] == ICMP6_MLD_DONE);
	CHECK_STR(text6(&pkt_ip6(f)->ip6_dst), "ff02::2");
	host_run(260000);						/* it is gone: version 2 again */
	CHECK(mld6_join(&t0.w_if, &g));
	f = next_report(50);
	CHECK(f != NULL && f->p_b[62] == 143);
	mld6_leave(&t0.w_if, &g);
	host_run(5000);
	net_end();
}

/* Down and up again: routers are told anew, and nothing is sent meanwhile. */
TEST(mld6_link)
{
	struct pkt *f;

	ip6_start_unknown();
	if_link_state_change(&t0.w_if, LINK_STATE_DOWN);
	CHECK(next_report(3000) == NULL);
	if_link_state_change(&t0.w_if, LINK_STATE_UP);
	f = next_report(100);
	CHECK(f != NULL && says(f, 4, "ff02::1:ff00:1"));
	net_end();
}
