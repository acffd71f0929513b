/* test_behaviours.c - what others' test suites ask of IPv4, one test a case and named like it (../shared/checklists; tests/README.md). */
#include <stdio.h>
#include <string.h>

#include "kernel/sysctl.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"

static struct pkt p;
static const uint8_t mac_a[6] = { 2, 0, 0, 0, 1, 1 };

#define TWO_NETS "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n"
#define SYSCTL "# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n"

static void
start(const char *conf)
{
	cmd_start();
	sysctl_defaults();
	CHECK_STR(cmd_load(conf), "");
	host_run(10000);
	t0.w_next = t0.w_ntx;
	t1.w_next = t1.w_ntx;
	counter_mark();
}

static void
arp_rx(struct wire *w, unsigned op, const char *spa, const char *tpa)
{
	struct ether_arp *ea = (struct ether_arp *)(p.p_b + 14);

	memset(p.p_b, 0, 60);
	memcpy(p.p_b, op == ARPOP_REQUEST ? etherbroadcastaddr : w->w_if.if_lladdr, 6);
	memcpy(p.p_b + 6, mac_a, 6);
	store16(p.p_b + 12, BE16(ETHERTYPE_ARP));
	*ea = (struct ether_arp){ .ar_hrd = BE16(ARPHRD_ETHER), .ar_pro = BE16(ETHERTYPE_IP), .ar_hln = 6, .ar_pln = 4,
	    .ar_op = host_be16((uint16_t)op), .arp_spa = addr(spa), .arp_tpa = addr(tpa) };
	memcpy(ea->arp_sha, mac_a, 6);
	p.p_len = 60;
	wire_rx(w, &p);
}

/* ARP frames of this operation that came out of w, and how many of them are about tpa. */
static unsigned
arp_came(struct wire *w, unsigned op, const char *about)
{
	struct pkt *f;
	unsigned n = 0;

	while ((f = wire_tx(w)) != NULL) {
		const struct ether_arp *ea = (const struct ether_arp *)(f->p_b + 14);

		n += load16(f->p_b + 12) == BE16(ETHERTYPE_ARP) && be16_host(ea->ar_op) == op &&
		    (op == ARPOP_REQUEST ? ea->arp_tpa : ea->arp_spa) == addr(about);
	}
	return n;
}

static struct nexthop *
entry(struct wire *w, const char *a)
{
	return nexthop_find(&w->w_if, addr(a));
}

/* ---- arp ---- */

/* A request makes an entry; what is sent there then needs no question. */
static void
cache_creation(void)
{
	arp_rx(&t0, ARPOP_REQUEST, "10.0.0.7", "10.0.0.1");
	CHECK_EQ(arp_came(&t0, ARPOP_REPLY, "10.0.0.1"), 1);
	CHECK(entry(&t0, "10.0.0.7") != NULL && entry(&t0, "10.0.0.7")->nh_valid);
	cmd("ping -c 1 -w 1 10.0.0.7");
	CHECK_EQ(arp_came(&t0, ARPOP_REQUEST, "10.0.0.7"), 0);
	CHECK_EQ(counter_delta("arps_created"), 1);
}

TEST(arp_cache_creation)
{
	start(TWO_NETS);
	cache_creation();
	cmd_end();
}

TEST(arp_cache_creation_nodad)
{
	start(TWO_NETS "# /etc/sysctl.conf\nnet.inet.ip.dad_count=0\n");
	cache_creation();
	cmd_end();
}

TEST(arp_garp_without_dad)
{
	start(TWO_NETS "# /etc/sysctl.conf\nnet.inet.ip.dad_count=0\n");
	cmd("ifconfig t0 inet alias 10.0.5.1/24");
	host_run(20000);
	CHECK_EQ(arp_came(&t0, ARPOP_REQUEST, "10.0.5.1"), 1);
	CHECK_EQ(counter_delta("arps_probesent"), 0);
	CHECK_EQ(counter_delta("arps_annsent"), 1);
	cmd_end();
}

/* Who is known for ever is answered, and stays what the admin said. */
TEST(arp_static)
{
	start(TWO_NETS);
	cmd("arp -s 10.0.0.7 02:00:00:00:01:01");
	arp_rx(&t0, ARPOP_REQUEST, "10.0.0.7", "10.0.0.1");
	CHECK_EQ(arp_came(&t0, ARPOP_REPLY, "10.0.0.1"), 1);
	CHECK_IN(cmd("arp -an"), "10.0.0.7                             02:00:00:00:01:01      t0 permanent");
	CHECK_STR(cmd("arp -s 10.0.0.0 02:00:00:00:01:01"), "arp: set 10.0.0.0: is the address of a network\n");
	cmd("arp -d 10.0.0.7");
	cmd_end();
}

TEST(arp_proxy_arp_pubproxy)
{
	start(TWO_NETS SYSCTL);
	cmd("arp -s 10.0.0.50 52:54:00:00:00:0a pub");
	arp_rx(&t0, ARPOP_REQUEST, "10.0.0.7", "10.0.0.50");
	CHECK_EQ(arp_came(&t0, ARPOP_REPLY, "10.0.0.50"), 1);
	CHECK(rtable_lookup(0, addr("10.0.0.50"), 32) == NULL);		/* for others only */
	cmd("arp -d 10.0.0.50");
	cmd_end();
}

TEST(arp_purge_on_ifdown)
{
	start(TWO_NETS);
	arp_rx(&t0, ARPOP_REQUEST, "10.0.0.7", "10.0.0.1");
	arp_rx(&t1, ARPOP_REQUEST, "10.0.1.7", "10.0.1.1");
	cmd("ifconfig t0 down");
	CHECK(entry(&t0, "10.0.0.7") == NULL && entry(&t1, "10.0.1.7") != NULL);
	cmd_end();
}

/* A network directly on a wire, without an address of ours in it. */
static struct rt_request
onlink(const char *net, unsigned plen, struct wire *w)
{
	return (struct rt_request){ .rq_dest = addr(net), .rq_plen = (uint8_t)plen, .rq_flags = RTF_STATIC, .rq_ifp = &w->w_if };
}

static void
forward_to(const char *dst)
{
	pkt_udp(&p, "10.0.0.2", dst, 64, 26);
	wire_rx(&t0, &p);
}

TEST(arp_purge_on_route_delete)
{
	struct rt_request rq;

	start(TWO_NETS SYSCTL);
	rq = onlink("172.16.0.0", 24, &t1);
	CHECK_EQ(rt_add(&rq), RT_OK);
	forward_to("172.16.0.9");
	arp_rx(&t1, ARPOP_REPLY, "172.16.0.9", "10.0.1.1");
	CHECK(entry(&t1, "172.16.0.9") != NULL && entry(&t1, "172.16.0.9")->nh_valid);
	CHECK_EQ(rt_delete(&rq), RT_OK);
	CHECK(entry(&t1, "172.16.0.9") == NULL);
	cmd_end();
}

/* A more specific way appears: what was a neighbour is one no longer, and none is left behind on the wire that it was on. */
static void
other_way(void)
{
	start(TWO_NETS SYSCTL);
	forward_to("10.0.1.9");
	arp_rx(&t1, ARPOP_REPLY, "10.0.1.9", "10.0.1.1");
	CHECK(entry(&t1, "10.0.1.9")->nh_valid);
	cmd("route -q add 10.0.1.8/29 10.0.0.254");
	CHECK(entry(&t1, "10.0.1.9") == NULL);
	forward_to("10.0.1.9");
	CHECK(entry(&t1, "10.0.1.9") == NULL && entry(&t0, "10.0.1.9") == NULL && entry(&t0, "10.0.0.254") != NULL);
}

TEST(arp_purge_on_route_change)
{
	other_way();
	cmd("route -q delete 10.0.1.8/29");
	cmd_end();
}

TEST(arp_stray_entries)
{
	other_way();
	cmd("route -q delete 10.0.1.8/29");
	forward_to("10.0.1.9");						/* and back */
	CHECK(entry(&t1, "10.0.1.9") != NULL && entry(&t0, "10.0.1.9") == NULL);
	cmd_end();
}

/* ---- icmp ---- */

/* Two floods at once, from two wires: each echo is answered. */
TEST(floodping2)
{
	unsigned n = 0;

	start(TWO_NETS);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL && arp_set(0, addr("10.0.1.2"), t1.w_host, 0) == NULL);
	for (unsigned i = 0; i < 2000; i++) {
		struct wire *w = i & 1 ? &t1 : &t0;

		pkt_ip(&p, i & 1 ? "10.0.1.2" : "10.0.0.2", i & 1 ? "10.0.1.1" : "10.0.0.1", 1, 64, 20, 64);
		memcpy(p.p_b, w->w_if.if_lladdr, 6);
		p.p_b[34] = ICMP_ECHO;
		p.p_b[35] = 0;
		store16(p.p_b + 36, 0);
		store16(p.p_b + 36, in_cksum(p.p_b + 34, 64));
		wire_rx(w, &p);
		n += wire_tx(w) != NULL;
	}
	CHECK_EQ(n, 2000);
	cmd_end();
}

/* An error about the longest packet quotes no more than it may. */
TEST(returndatabytes)
{
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	pkt_udp(&p, "10.0.0.2", "192.0.2.1", 64, 1480);
	wire_rx(&t0, &p);
	f = wire_tx(&t0);
	CHECK(f != NULL && f->p_b[34] == ICMP_UNREACH);
	CHECK_EQ(be16_host(pkt_iphdr(f)->ip_len), 576);
	CHECK_MEM(f->p_b + 42, p.p_b + 14, 548);
	cmd_end();
}

/* ---- net ---- */

TEST(ipaddr_same_address)
{
	start(TWO_NETS);
	CHECK_STR(cmd("ifconfig t0 inet alias 10.0.0.1/24"), "");
	CHECK_STR(cmd("ifconfig t0 inet alias 10.0.0.1/24"), "");
	CHECK(t0.w_if.if_addrs != NULL && t0.w_if.if_addrs->ifa_next == NULL);
	CHECK_STR(cmd("ifconfig t0 inet 10.0.0.1 delete"), "");
	CHECK_EQ(cmd_status, 0);
	cmd("ifconfig t0 inet 10.0.0.1 delete");
	CHECK(cmd_status != 0 && t0.w_if.if_addrs == NULL);
	CHECK(rtable_match(0, addr("10.0.0.1")) == NULL);
	cmd_end();
}

TEST(ipforwarding_v4)
{
	start(TWO_NETS);
	CHECK(arp_set(0, addr("10.0.1.2"), t1.w_host, 0) == NULL);
	forward_to("10.0.1.2");
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ips_cantforward"), 1);			/* off, as it comes */
	cmd("sysctl net.inet.ip.forwarding=1");
	forward_to("10.0.1.2");
	CHECK(wire_tx(&t1) != NULL);
	cmd("sysctl net.inet.ip.forwarding=0");
	forward_to("10.0.1.2");
	CHECK(wire_tx(&t1) == NULL);
	cmd_end();
}

/* What passes loses one of its time to live, what has no more comes back; net.inet.ip.ttl is for our own; directed broadcasts stay out. */
TEST(ipforwarding_misc)
{
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL && arp_set(0, addr("10.0.1.2"), t1.w_host, 0) == NULL);
	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 2, 26);
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t1)) != NULL && pkt_iphdr(f)->ip_ttl == 1);
	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 1, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ips_ttl"), 1);
	CHECK((f = wire_tx(&t0)) != NULL && f->p_b[34] == ICMP_TIMXCEED && pkt_iphdr(f)->ip_ttl == 64);
	cmd("sysctl net.inet.ip.ttl=17");
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t0)) != NULL && f->p_b[34] == ICMP_TIMXCEED && pkt_iphdr(f)->ip_ttl == 17);
	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 64, 26);
	wire_rx(&t0, &p);
	CHECK((f = wire_tx(&t1)) != NULL && pkt_iphdr(f)->ip_ttl == 63);
	pkt_udp(&p, "10.0.0.2", "10.0.1.255", 64, 26);
	wire_rx(&t0, &p);
	CHECK(wire_tx(&t1) == NULL);
	CHECK_EQ(counter_delta("ips_dirbcast"), 1);
	cmd_end();
}

TEST(ping_opts_sourceaddr)
{
	struct pkt *f;

	start(TWO_NETS);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	cmd_begin("ping -c 1 -w 1 -I 10.0.1.1 10.0.0.2");
	cmd_wait(1);
	f = wire_tx(&t0);
	CHECK(f != NULL && pkt_iphdr(f)->ip_src == addr("10.0.1.1"));
	CHECK(cmd_wait(2000));
	CHECK_STR(cmd("ping -c 1 -I 10.0.0.99 10.0.0.2"), "ping: bind: Can't assign requested address\n");
	cmd_end();
}

/* ---- route ---- */

static const struct rtentry *
route_to(const char *net, unsigned plen)
{
	const struct rtentry *rt = rtable_lookup(0, addr(net), plen);

	CHECK(rt != NULL);
	return rt;
}

TEST(route_change_reject2blackhole)
{
	start(TWO_NETS SYSCTL);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	CHECK_STR(cmd("route -q add -reject 10.7/16 127.0.0.1"), "");
	forward_to("10.7.0.1");
	CHECK_EQ(counter_delta("ips_reject"), 1);
	CHECK(wire_tx(&t0) != NULL);					/* unreachable */
	CHECK_STR(cmd("route -q change -blackhole 10.7/16"), "");
	CHECK_EQ(route_to("10.7.0.0", 16)->rt_flags & (RTF_REJECT | RTF_BLACKHOLE), RTF_BLACKHOLE);
	forward_to("10.7.0.1");
	CHECK_EQ(counter_delta("ips_blackhole"), 1);
	CHECK(wire_tx(&t0) == NULL);
	cmd("route -q delete 10.7/16");
	cmd_end();
}

TEST(route_change_gateway)
{
	start(TWO_NETS);
	cmd("route -q add 10.7/16 10.0.0.2");
	CHECK_STR(cmd("route -n change 10.7/16 10.0.0.3"), "change net 10.7/16: gateway 10.0.0.3\n");
	CHECK_EQ(route_to("10.7.0.0", 16)->rt_via->v_gateway, addr("10.0.0.3"));
	CHECK_EQ(route_to("10.7.0.0", 16)->rt_nh->nh_addr, addr("10.0.0.3"));
	cmd("route -q delete 10.7/16");
	cmd_end();
}

TEST(route_change_ifa)
{
	start("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet alias 10.0.0.9/24\n");
	cmd("route -q add 10.7/16 10.0.0.2");
	CHECK_EQ(ip_srcaddr(0, addr("10.7.0.1")), addr("10.0.0.1"));
	cmd("route -q change -ifa 10.0.0.9 10.7/16");
	CHECK_EQ(ip_srcaddr(0, addr("10.7.0.1")), addr("10.0.0.9"));
	cmd("route -q delete 10.7/16");
	cmd_end();
}

/* The interface is that of the gateway: with another one it changes, and the source with it. */
TEST(route_change_ifp)
{
	start(TWO_NETS);
	cmd("route -q add 10.7/16 10.0.0.2");
	CHECK(rt_ifp(route_to("10.7.0.0", 16)) == &t0.w_if);
	cmd("route -q change 10.7/16 10.0.1.2");
	CHECK(rt_ifp(route_to("10.7.0.0", 16)) == &t1.w_if);
	CHECK_EQ(route_to("10.7.0.0", 16)->rt_via->v_ifa, addr("10.0.1.1"));
	CHECK_IN(cmd("route -n get 10.7.0.1"), "  interface: t1\n if address: 10.0.1.1\n");
	cmd("route -q delete 10.7/16");
	cmd_end();
}

TEST(route_change_ifp_ifa)
{
	start(TWO_NETS);
	cmd("route -q add 10.7/16 10.0.0.2");
	cmd("route -q change -ifa 10.0.0.1 10.7/16 10.0.1.2");
	CHECK(rt_ifp(route_to("10.7.0.0", 16)) == &t1.w_if);
	CHECK_EQ(route_to("10.7.0.0", 16)->rt_via->v_ifa, addr("10.0.0.1"));
	cmd("route -q delete 10.7/16");
	cmd_end();
}

/* A gateway that is in no network of ours, but on a wire all the same. */
TEST(route_non_subnet_gateway)
{
	struct rt_request rq, gw = { .rq_dest = addr("10.7.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC, .rq_gateway = addr("192.0.2.1") };
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK_EQ(rt_add(&gw), RT_UNREACH);
	rq = onlink("192.0.2.1", 32, &t1);
	CHECK_EQ(rt_add(&rq), RT_OK);
	CHECK_EQ(rt_add(&gw), RT_OK);
	forward_to("10.7.0.1");
	CHECK_EQ(arp_came(&t1, ARPOP_REQUEST, "192.0.2.1"), 1);
	arp_rx(&t1, ARPOP_REPLY, "192.0.2.1", "10.0.1.1");
	f = wire_tx(&t1);
	CHECK(f != NULL && memcmp(f->p_b, mac_a, 6) == 0 && pkt_iphdr(f)->ip_dst == addr("10.7.0.1"));
	CHECK_EQ(rt_delete(&gw), RT_OK);
	CHECK_EQ(rt_delete(&rq), RT_OK);
	cmd_end();
}

/* Of ourselves, a network, what the default leads to, and a neighbour. */
TEST(route_command_get)
{
	start(TWO_NETS);
	cmd("route -q add default 10.0.0.254");
	CHECK_IN(cmd("route -n get 10.0.0.1"), "   route to: 10.0.0.1\ndestination: 10.0.0.1\n       mask: 255.255.255.255\n");
	CHECK_IN(cmd_output(), "flags: <UP,HOST,DONE,LLINFO,LOCAL>\n");
	CHECK_IN(cmd("route -n get 10.0.0.77"), "destination: 10.0.0.0\n       mask: 255.255.255.0\n");
	CHECK_IN(cmd("route -n get 8.8.8.8"), "destination: default\n       mask: default\n    gateway: 10.0.0.254\n");
	arp_rx(&t0, ARPOP_REQUEST, "10.0.0.7", "10.0.0.1");
	CHECK_IN(cmd("route -n get 10.0.0.7"), "destination: 10.0.0.7\n       mask: 255.255.255.255\n");
	CHECK_IN(cmd_output(), "flags: <UP,HOST,DONE,LLINFO,CLONED>\n");
	cmd("route -q delete default");
	cmd_end();
}

/* netstat -rn shows a route with these flags. */
static void
flags(const char *dest, const char *want)
{
	const char *all = cmd("netstat -rn"), *line;
	char start_of[32], got[32], gw[32];

	snprintf(start_of, sizeof(start_of), "\n%s ", dest);
	line = strstr(all, start_of);
	CHECK(line != NULL);
	CHECK_EQ(sscanf(line, " %*s %31s %31s", gw, got), 2);
	CHECK_STR(got, want);
}

TEST(route_flags_lo)
{
	start(TWO_NETS);
	flags("127.0.0.1", "UHhl");
	flags("127/8", "UGRS");
	CHECK_IN(cmd("ping -c 1 127.0.0.1"), "1 packets received");
	cmd_end();
}

TEST(route_flags_connected)
{
	start(TWO_NETS);
	flags("10.0.0/24", "UCn");
	flags("10.0.0.1", "UHLl");
	flags("10.0.0.255", "UHb");
	cmd_end();
}

TEST(route_flags_default_gateway)
{
	start(TWO_NETS "# /etc/mygate\n10.0.0.254\n");
	flags("default", "UGS");
	cmd_end();
}

TEST(route_flags_static)
{
	start(TWO_NETS);
	cmd("route -q add 10.7/16 10.0.0.2");
	cmd("route -q add 10.8.0.1 10.0.0.2");
	flags("10.7/16", "UGS");
	flags("10.8.0.1", "UGHS");
	cmd("route -q delete 10.7/16");
	cmd("route -q delete 10.8.0.1");
	cmd_end();
}

TEST(route_flags_blackhole)
{
	start(TWO_NETS SYSCTL);
	cmd("route -q add -blackhole 10.7/16 127.0.0.1");
	flags("10.7/16", "UGSB");
	forward_to("10.7.0.1");
	CHECK_EQ(counter_delta("ips_blackhole"), 1);
	CHECK(wire_tx(&t0) == NULL && wire_tx(&t1) == NULL);
	cmd("route -q delete 10.7/16");
	cmd_end();
}

TEST(route_flags_reject)
{
	struct pkt *f;

	start(TWO_NETS SYSCTL);
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, 0) == NULL);
	cmd("route -q add -reject 10.7/16 127.0.0.1");
	flags("10.7/16", "UGRS");
	forward_to("10.7.0.1");
	f = wire_tx(&t0);
	CHECK(f != NULL && f->p_b[34] == ICMP_UNREACH && f->p_b[35] == ICMP_UNREACH_HOST);
	cmd("route -q delete 10.7/16");
	cmd_end();
}
