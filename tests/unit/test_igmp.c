/* test_igmp.c - multicast groups: joined and told, asked about and answered, left; IGMP versions 3, 2 and 1. */
#include <string.h>

#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "net/inet/igmp.h"
#include "net/inet/in_multi.h"
#include "net/inet/ip_var.h"
#include "tests/unit/cmdfix.h"

static struct pkt p;
#define GROUP	"239.1.2.3"

/* What a message out of t0 says; the wrapping is checked here. NULL: nothing came. */
static const uint8_t *
message(const char *dst, unsigned len)
{
	struct pkt *f = wire_tx(&t0);
	uint8_t mac[6] = { 1, 0, 0x5e };
	be32_t d = addr(dst);

	if (f == NULL)
		return NULL;
	memcpy(mac + 3, (uint8_t *)&d + 1, 3);
	mac[3] &= 0x7f;
	CHECK_MEM(f->p_b, mac, 6);
	CHECK_MEM(f->p_b + 6, t0.w_if.if_lladdr, 6);
	CHECK_EQ(pkt_iphdr(f)->ip_vhl, 0x46);
	CHECK_EQ(pkt_iphdr(f)->ip_ttl, 1);
	CHECK_EQ(pkt_iphdr(f)->ip_p, 2);
	CHECK_EQ(pkt_iphdr(f)->ip_dst, d);
	CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
	CHECK_EQ(load32(f->p_b + 34), BE32(0x94040000));		/* router alert */
	CHECK_EQ(in_cksum(f->p_b + 14, 24), 0);
	CHECK_EQ(f->p_len, 38 + len);
	CHECK_EQ(in_cksum(f->p_b + 38, len), 0);
	return f->p_b + 38;
}

/* A version 3 report with this one record. */
static void
record_comes(unsigned type, const char *group, unsigned nsources)
{
	const uint8_t *b = message("224.0.0.22", 16 + nsources * 4);

	CHECK(b != NULL);
	CHECK(b[0] == IGMP_V3_REPORT && load16(b + 6) == BE16(1));
	CHECK_EQ(b[8], type);
	CHECK_EQ(be16_host(load16(b + 10)), nsources);
	CHECK_EQ(load32(b + 12), addr(group));
}

static void
old_comes(unsigned type, const char *dst, const char *group)
{
	const uint8_t *b = message(dst, 8);

	CHECK(b != NULL && b[0] == type && b[1] == 0);
	CHECK_EQ(load32(b + 4), addr(group));
}

static void
quiet(unsigned ms)
{
	host_run(ms);
	CHECK(wire_tx(&t0) == NULL);
}

/* Whatever comes within ms: the time of the first frame, or ms. */
static unsigned
when(unsigned ms)
{
	unsigned t = 0;

	for (; t < ms && t0.w_next == t0.w_ntx; t++)
		host_run(1);
	return t;
}

static void
igmp_rx(const char *dst, const void *msg, unsigned len)
{
	be32_t d = addr(dst);

	pkt_ip(&p, "10.0.0.2", dst, 2, 1, 24, len);
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e }, 3);
	memcpy(p.p_b + 3, (uint8_t *)&d + 1, 3);
	p.p_b[3] &= 0x7f;
	memcpy(p.p_b + 38, msg, len);
	if (len >= 4) {
		store16(p.p_b + 40, 0);
		store16(p.p_b + 40, in_cksum(p.p_b + 38, len));
	}
	wire_rx(&t0, &p);
}

static void
old_rx(unsigned type, unsigned code, const char *dst, const char *group)
{
	igmp_rx(dst, &(struct igmp){ .igmp_type = (uint8_t)type, .igmp_code = (uint8_t)code, .igmp_group = addr(group) }, 8);
}

static void
query_rx(unsigned code, const char *group, unsigned nsources)
{
	uint8_t b[12 + 100 * 4] = { IGMP_QUERY, (uint8_t)code };
	be32_t g = addr(group);

	memcpy(b + 4, &g, 4);
	b[8] = 2;
	b[9] = 125;
	store16(b + 10, host_be16((uint16_t)nsources));
	for (unsigned i = 0; i < nsources; i++)
		store32(b + 12 + i * 4, host_be32(0x0a090001 + i));
	igmp_rx(g == 0 ? "224.0.0.1" : group, b, 12 + nsources * 4);
}

static void
joined(const char *group)
{
	CHECK(in_addmulti(&t0.w_if, addr(group)) == NULL);
	host_run(1);
}

static void
left(const char *group)
{
	in_delmulti(&t0.w_if, addr(group));
	host_run(1);
}

/* All hosts' group is joined with the first address, and nobody is told. */
TEST(multi_all_hosts)
{
	net_start();
	CHECK(in_multi_joined(&t0.w_if, IP4_ALLHOSTS));
	pkt_ip(&p, "10.0.0.2", "224.0.0.1", 1, 1, 20, 64);		/* heard, not answered: RFC 1122 3.2.2.6 */
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
	p.p_b[34] = 8;
	p.p_b[35] = 0;
	store16(p.p_b + 36, 0);
	store16(p.p_b + 36, in_cksum(p.p_b + 34, 64));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("icps_bmcastecho"), 1);
	CHECK_EQ(counter_delta("ips_delivered"), 1);
	pkt_ip(&p, "10.0.0.2", "224.0.0.2", 17, 1, 20, 64);
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 2 }, 6);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ips_mcast"), 1);
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.1")) == NULL);
	CHECK(!in_multi_joined(&t0.w_if, IP4_ALLHOSTS) && t0.w_if.if_multi == NULL);
	quiet(20000);
	net_end();
}

static void
group_rx(struct wire *w, const char *src, const char *group, unsigned proto)
{
	be32_t g = addr(group);

	pkt_ip(&p, src, group, proto, 1, 20, 64);
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e }, 3);
	memcpy(p.p_b + 3, (uint8_t *)&g + 1, 3);
	p.p_b[3] &= 0x7f;
	if (proto == 1) {					/* an echo request */
		p.p_b[34] = 8;
		p.p_b[35] = 0;
		store16(p.p_b + 36, 0);
		store16(p.p_b + 36, in_cksum(p.p_b + 34, 64));
	}
	wire_rx(w, &p);
}

/* Whoever sends to a group is heard when we have joined it: on that wire, that group of those with the same link address, until all have left. */
TEST(mcast_unconninet4)
{
	net_start();
	group_rx(&t0, "10.0.0.2", GROUP, 99);
	CHECK_EQ(counter_delta("ips_mcast"), 1);
	joined(GROUP);
	joined(GROUP);
	group_rx(&t0, "10.0.0.2", GROUP, 99);
	group_rx(&t0, "10.0.0.3", GROUP, 99);
	CHECK_EQ(counter_delta("ips_delivered"), 2);
	group_rx(&t1, "10.0.1.2", GROUP, 99);
	group_rx(&t0, "10.0.0.2", "239.129.2.3", 99);
	CHECK_EQ(counter_delta("ips_mcast"), 3);
	left(GROUP);
	group_rx(&t0, "10.0.0.2", GROUP, 99);
	CHECK_EQ(counter_delta("ips_delivered"), 3);
	left(GROUP);
	group_rx(&t0, "10.0.0.2", GROUP, 99);
	CHECK_EQ(counter_delta("ips_delivered"), 3);
	CHECK_EQ(counter_delta("ips_mcast"), 4);
	CHECK(wire_tx(&t1) == NULL);
	net_end();
}

/* Two ends that talk: who asks a group is answered by its member, from an address of his own; RFC 1122 3.2.2.6 leaves that to the admin. */
TEST(mcast_conninet4)
{
	struct pkt *f;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1 255.255.255.0\n# /etc/sysctl.conf\nnet.inet.icmp.bmcastecho=1\n"), "");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, NHF_STATIC) == NULL);
	host_run(5000);
	while (wire_tx(&t0) != NULL)
		continue;
	counter_mark();
	group_rx(&t0, "10.0.0.2", GROUP, 1);
	CHECK_EQ(counter_delta("ips_mcast"), 1);
	CHECK(wire_tx(&t0) == NULL);
	joined(GROUP);
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	group_rx(&t0, "10.0.0.2", GROUP, 1);
	CHECK((f = wire_tx(&t0)) != NULL);
	CHECK_MEM(f->p_b, t0.w_host, 6);
	CHECK_EQ(pkt_iphdr(f)->ip_src, addr("10.0.0.1"));
	CHECK_EQ(pkt_iphdr(f)->ip_dst, addr("10.0.0.2"));
	CHECK_EQ(f->p_b[34], 0);
	left(GROUP);
	host_run(5000);
	while (wire_tx(&t0) != NULL)
		continue;
	group_rx(&t0, "10.0.0.2", GROUP, 1);
	CHECK_EQ(counter_delta("ips_mcast"), 2);
	CHECK(wire_tx(&t0) == NULL);
	cmd_end();
}

/* RFC 3376 5.1: told at once and once more; as often joined as left; the card's filter follows. */
TEST(multi_join_and_leave)
{
	net_start();
	joined(GROUP);
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	CHECK(when(1001) <= 1000);
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	quiet(20000);
	CHECK_EQ(t0.w_if.if_multi->ifm_lladdr[5], 1);
	joined(GROUP);
	pkt_ip(&p, "10.0.0.2", GROUP, 99, 1, 20, 8);
	memcpy(p.p_b, (uint8_t[]){ 1, 0, 0x5e, 1, 2, 3 }, 6);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ips_noproto"), 1);		/* it is for us; no error about a group */
	left(GROUP);
	quiet(20000);
	left(GROUP);
	record_comes(IGMP_TO_INCLUDE, GROUP, 0);
	CHECK(!in_multi_joined(&t0.w_if, addr(GROUP)));
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("ips_mcast"), 1);
	CHECK(when(1001) <= 1000);
	record_comes(IGMP_TO_INCLUDE, GROUP, 0);
	quiet(20000);
	CHECK(in_multi_find(&t0.w_if, addr(GROUP)) == NULL && t0.w_if.if_multi->ifm_next == NULL);
	left(GROUP);						/* not joined: nothing */
	CHECK(in_addmulti(&t0.w_if, addr("10.0.0.5")) != NULL);
	joined(GROUP);
	left(GROUP);						/* at once */
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	record_comes(IGMP_TO_INCLUDE, GROUP, 0);
	joined(GROUP);						/* and again, while that is being told */
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	host_run(2000);
	net_end();
}

/* Two groups with the same link address: the filter keeps it until both are left. */
TEST(multi_shared_link_address)
{
	net_start();
	joined("239.1.2.3");
	joined("239.129.2.3");
	left("239.1.2.3");
	host_run(5000);
	CHECK(t0.w_if.if_multi->ifm_next != NULL || t0.w_if.if_multi->ifm_lladdr[3] == 1);
	left("239.129.2.3");
	host_run(5000);
	CHECK(t0.w_if.if_multi->ifm_next == NULL && t0.w_if.if_multi->ifm_lladdr[5] == 1 && t0.w_if.if_multi->ifm_lladdr[3] == 0);
	net_end();
}

/* RFC 3376 5.2: all groups in one message, within the time. */
TEST(igmp_general_query)
{
	const uint8_t *b;

	net_start();
	joined("239.1.2.3");
	joined("239.1.2.4");
	host_run(3000);
	t0.w_next = t0.w_ntx;
	for (unsigned i = 0; i < 20; i++) {
		query_rx(100, "0.0.0.0", 0);
		query_rx(100, "0.0.0.0", 0);			/* a second one changes nothing but the time */
		CHECK(when(10002) <= 10001);
		b = message("224.0.0.22", 8 + 2 * 8);
		CHECK(b != NULL && load16(b + 6) == BE16(2) && b[8] == IGMP_IS_EXCLUDE && b[16] == IGMP_IS_EXCLUDE);
		quiet(10000);
	}
	query_rx(0xf0, "0.0.0.0", 0);				/* 16 << 10 tenths of a second */
	CHECK(when(1638401) < 1638400);
	t0.w_next = t0.w_ntx;
	CHECK_EQ(counter_delta("igps_queries"), 41);
	for (unsigned i = 0; i < 200; i++)			/* more than one message holds */
		CHECK(in_addmulti(&t0.w_if, addr("239.9.0.1") + ((uint32_t)i << 24)) == NULL);
	host_run(3000);
	t0.w_next = t0.w_ntx;
	query_rx(1, "0.0.0.0", 0);
	host_run(200);
	b = message("224.0.0.22", 8 + 127 * 8);
	CHECK(b != NULL && load16(b + 6) == BE16(127));
	b = message("224.0.0.22", 8 + 75 * 8);
	CHECK(b != NULL && load16(b + 6) == BE16(75));
	net_end();
}

TEST(igmp_group_query)
{
	net_start();
	joined(GROUP);
	host_run(2000);
	t0.w_next = t0.w_ntx;
	query_rx(10, GROUP, 0);
	CHECK(when(1002) <= 1001);
	record_comes(IGMP_IS_EXCLUDE, GROUP, 0);
	query_rx(10, GROUP, 3);					/* about three sources: we listen to all of them */
	CHECK(when(1002) <= 1001);
	record_comes(IGMP_IS_INCLUDE, GROUP, 3);
	query_rx(10, GROUP, 5);
	query_rx(10, GROUP, 7);
	CHECK(when(1002) <= 1001);
	record_comes(IGMP_IS_INCLUDE, GROUP, 12);
	query_rx(10, GROUP, 5);
	query_rx(10, GROUP, 0);					/* and then about all */
	CHECK(when(1002) <= 1001);
	record_comes(IGMP_IS_EXCLUDE, GROUP, 0);
	query_rx(10, GROUP, 17);				/* more than we remember */
	CHECK(when(1002) <= 1001);
	record_comes(IGMP_IS_EXCLUDE, GROUP, 0);
	query_rx(10, "239.77.0.1", 0);				/* not ours: not even heard */
	query_rx(10, "224.0.0.1", 0);
	quiet(5000);
	net_end();
}

/* RFC 2236: while a version 2 router asks, and 260 seconds longer. */
TEST(igmp_version_2)
{
	net_start();
	joined(GROUP);
	old_rx(IGMP_QUERY, 100, "224.0.0.1", "0.0.0.0");	/* what was to be told in version 3 is not */
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	CHECK(when(10002) <= 10001);
	old_comes(IGMP_V2_REPORT, GROUP, GROUP);
	quiet(20000);
	old_rx(IGMP_QUERY, 10, GROUP, GROUP);
	CHECK(when(1002) <= 1001);
	old_comes(IGMP_V2_REPORT, GROUP, GROUP);
	old_rx(IGMP_QUERY, 100, "224.0.0.1", "0.0.0.0");
	old_rx(IGMP_V2_REPORT, 0, GROUP, GROUP);		/* somebody else was quicker */
	quiet(20000);
	CHECK_EQ(counter_delta("igps_ourreports"), 1);
	left(GROUP);						/* and will answer: nothing to say */
	quiet(20000);
	joined(GROUP);
	old_comes(IGMP_V2_REPORT, GROUP, GROUP);
	CHECK(when(10002) <= 10001);
	old_comes(IGMP_V2_REPORT, GROUP, GROUP);
	left(GROUP);
	old_comes(IGMP_LEAVE, "224.0.0.2", GROUP);
	quiet(20000);
	CHECK(in_multi_find(&t0.w_if, addr(GROUP)) == NULL);
	host_run(240000);
	joined(GROUP);
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	host_run(2000);
	net_end();
}

TEST(igmp_version_1)
{
	net_start();
	old_rx(IGMP_QUERY, 0, "224.0.0.1", "0.0.0.0");
	joined(GROUP);
	old_comes(IGMP_V1_REPORT, GROUP, GROUP);
	CHECK(when(10002) <= 10001);
	old_comes(IGMP_V1_REPORT, GROUP, GROUP);
	old_rx(IGMP_QUERY, 100, "224.0.0.1", "0.0.0.0");	/* the older one decides */
	CHECK(when(10002) <= 10001);
	old_comes(IGMP_V1_REPORT, GROUP, GROUP);
	left(GROUP);						/* there is no such message */
	quiet(20000);
	net_end();
}

/* A new link knows nothing of what an old one was told. */
TEST(igmp_interface_comes_up)
{
	net_start();
	joined(GROUP);
	CHECK(if_setup(&t0.w_if, false));
	host_run(20000);
	joined("239.1.2.4");					/* told later */
	left("239.1.2.4");
	t0.w_next = t0.w_ntx;
	quiet(100);
	CHECK(if_setup(&t0.w_if, true));
	host_run(1);
	record_comes(IGMP_TO_EXCLUDE, GROUP, 0);
	host_run(20000);
	t0.w_next = t0.w_ntx;
	net_end();						/* joined still: it goes with the interface */
}

static void
refused(const char *counter, const char *dst, const void *msg, unsigned len)
{
	counter_mark();
	igmp_rx(dst, msg, len);
	CHECK_EQ(counter_delta(counter), 1);
	quiet(11000);
}

TEST(igmp_refuses)
{
	static const uint8_t query[12] = { IGMP_QUERY, 10, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0 };
	uint8_t b[16];

	net_start();
	joined(GROUP);
	host_run(2000);
	t0.w_next = t0.w_ntx;
	for (unsigned len = 0; len < 8; len++)
		refused("igps_short", "224.0.0.1", query, len);
	for (unsigned len = 9; len < 12; len++)
		refused("igps_badquery", "224.0.0.1", query, len);
	memcpy(b, query, 12);
	b[11] = 1;					/* one source, which is not there */
	refused("igps_badquery", "224.0.0.1", b, 12);
	refused("igps_badquery", "224.0.0.1", b, 15);
	memset(b + 12, 1, 4);
	refused("igps_badquery", "224.0.0.1", b, 16);	/* it is there, and of no group */
	memcpy(b, query, 12);
	b[4] = 10;					/* no group */
	refused("igps_badquery", "224.0.0.1", b, 12);
	refused("igps_badquery", GROUP, query, 12);	/* about all, to some */
	memcpy(b, query, 12);
	b[0] = 0x13;
	refused("igps_unknown", "224.0.0.1", b, 12);
	counter_mark();
	igmp_rx("224.0.0.1", query, 12);
	host_run(1100);
	t0.w_next = t0.w_ntx;
	p.p_b[60 - 14] ^= 1;
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("igps_badsum"), 1);
	igmp_rx("224.0.0.1", query, 12);
	host_run(1100);
	t0.w_next = t0.w_ntx;
	pkt_iphdr(&p)->ip_ttl = 2;			/* from elsewhere */
	pkt_ipsum(&p);
	wire_rx(&t0, &p);
	CHECK_EQ(counter_delta("igps_badttl"), 1);
	quiet(11000);
	net_end();
}

TEST(netstat_groups)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK(in_addmulti(&t0.w_if, addr(GROUP)) == NULL);
	CHECK(in_addmulti(&t0.w_if, addr(GROUP)) == NULL);
	CHECK_STR(cmd("netstat -gn -f inet"), "Multicast group memberships\nNetif   Group            Refs\n"
	    "lo0     224.0.0.1           1\n"
	    "t0      239.1.2.3           2\n"
	    "t0      224.0.0.1           1\n");
	CHECK_IN(cmd("netstat -g"), "\n\nIPv6 multicast group memberships\n");
	CHECK_STR(cmd("netstat -j -g -f inet -I t0"), "[{\"interface\":\"t0\",\"group\":\"239.1.2.3\",\"refs\":2},"
	    "{\"interface\":\"t0\",\"group\":\"224.0.0.1\",\"refs\":1}]\n");
	host_run(20000);
	t0.w_next = t0.w_ntx;
	cmd_end();
}

/* RFC 2644: a directed broadcast is not forwarded, unless the admin says so. */
TEST(directed_broadcast)
{
	struct pkt *f;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"
	    "# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n"), "");
	host_run(10000);
	t0.w_next = t0.w_ntx;
	t1.w_next = t1.w_ntx;
	counter_mark();
	pkt_udp(&p, "10.0.0.2", "10.0.1.255", 64, 30);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ips_dirbcast"), 1);
	cmd("sysctl net.inet.ip.directed-broadcast=1");
	wire_rx(&t0, &p);
	f = wire_tx(&t1);
	CHECK(f != NULL && f->p_len == p.p_len);
	CHECK_MEM(f->p_b, etherbroadcastaddr, 6);
	CHECK_EQ(pkt_iphdr(f)->ip_ttl, 63);
	CHECK_EQ(in_cksum(f->p_b + 14, 20), 0);
	CHECK_EQ(counter_delta("ips_dirbcastout"), 1);
	memset(p.p_b, 0xff, 6);				/* not from a link-level broadcast: no echo of it */
	wire_rx(&t0, &p);
	pkt_udp(&p, "10.0.0.2", "10.0.1.255", 1, 30);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL && wire_tx(&t0) == NULL);
	CHECK_EQ(counter_delta("ips_dirbcastttl"), 1);
	CHECK_EQ(counter_delta("ips_dirbcast"), 2);
	cmd_end();
}
