/* case_flow.c - the flow path does what the ordinary stages do: twins, one with it and one without, are given the same packets, commands and neighbours,
 * and every byte that leaves them and every counter must be the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/twins.h"

#define STEPS	300

#define CONF									\
	"# /etc/hostname.vio0\ninet 10.0.0.1/24\ninet6 fd00:0::1/64\n"		\
	"!arp -s 10.0.0.2 02:00:00:00:00:a0\n!arp -s 10.0.0.3 02:00:00:00:00:a1\n"	\
	"# /etc/hostname.vio1\ninet 10.0.1.1/24\ninet6 fd00:1::1/64\n"		\
	"!arp -s 10.0.1.2 02:00:00:00:00:b0\n!route add 10.1/16 10.0.1.2\n"	\
	"!route add -inet6 fd01::/32 fd00:1::2\n"				\
	"# /etc/hostname.vio2\ninet 10.0.2.1/24\ninet6 fd00:2::1/64\n"		\
	"!arp -s 10.0.2.2 02:00:00:00:00:c0\n!route add 10.1.7/24 10.0.2.2\n"	\
	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet6.ip6.forwarding=1\nnet.inet.ip.dad_count=0\n"	\
	"net.inet.icmp.errppslimit=-1\nnet.inet.icmp.errppshost=-1\n"		\
	"net.inet6.icmp6.errppslimit=-1\nnet.inet6.icmp6.errppshost=-1\n"	\
	"net.flow.least=1\nnet.flow.limit=1000\nnet.flow.timeout=30\nnet.flow.timeout_new=2\n"

/* ---- what goes in ---- */

static const char *const sources[] = { "10.0.0.2", "10.0.0.3", "10.0.1.2", "10.0.2.2", "10.9.1.1", "10.0.9.9", "10.0.0.77", "0.0.0.0", "127.0.0.1" };
static const char *const dests[] = { "10.1.0.1", "10.1.7.1", "10.1.7.2", "10.0.1.2", "10.0.2.2", "10.0.0.2", "10.2.0.1", "10.0.1.1", "10.0.1.255", "10.0.1.88",
	"10.0.9.9", "10.3.0.1", "224.0.0.5", "255.255.255.255" };
static const uint8_t sources6[][16] = { { 0xfd, 0, 0, 0, [15] = 2 }, { 0xfd, 0, 0, 1, [15] = 2 }, { 0xfd, 1, [15] = 9 }, { 0xfe, 0x80, [15] = 7 } };
static const uint8_t dests6[][16] = { { 0xfd, 1, [15] = 1 }, { 0xfd, 1, 0, 0, 0, 7, [15] = 1 }, { 0xfd, 0, 0, 1, [15] = 2 }, { 0xfd, 0, 0, 2, [15] = 2 },
	{ 0xfd, 0, 0, 1, [15] = 1 }, { 0xfd, 9, [15] = 1 }, { 0xff, 2, [15] = 1 } };

/* Mostly the first few. */
static unsigned
pick(unsigned n)
{
	return sim_below(4) > 0 ? sim_below(MIN(n, 3u)) : sim_below(n);
}

#define UNCUT	548			/* of payload: no way here is too narrow for it */
static unsigned
length(void)
{
	static const unsigned some[] = { 8, 8, 20, 26, 100, 500, 1300, 1400, 1452, 1472, 1480, 0, 3 };

	return some[sim_below(4) > 0 ? sim_below(5) : sim_below(nitems(some))];
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The payload with its ports; returns its length. */
static unsigned
payload(uint8_t *p)
{
	unsigned len = length();

	pattern(p, sim_below(100), len + 8);
	put16(p, 4000 + sim_below(3));
	put16(p + 2, 5000 + sim_below(2));
	return len;
}

static unsigned
ip4(uint8_t *ip, bool alone)
{
	static const uint8_t protos[] = { 17, 17, 6, 1, 50 };
	unsigned hlen = sim_chance(30) ? 24 : 20, len = hlen + payload(ip + hlen);
	uint32_t src = ip_of(sources[pick(nitems(sources))]), dst = ip_of(dests[pick(nitems(dests))]);
	uint16_t sum;

	memset(ip, 0, hlen);
	ip[0] = (uint8_t)(0x40 | hlen / 4);
	ip[1] = sim_chance(100) ? 0xb8 : 0;
	put16(ip + 2, len);
	put16(ip + 4, sim_below(65536));
	if (sim_chance(200) || (len > UNCUT && !alone))	/* what is cut overtakes others: see burst() */
		ip[6] = 0x40;
	if (sim_chance(30))
		put16(ip + 6, sim_chance(500) ? 0x2000 : 0x2000 | sim_below(100));
	if (sim_chance(10))
		ip[6] |= 0x80;
	ip[8] = (uint8_t)(sim_chance(60) ? sim_below(3) : 64);
	ip[9] = protos[sim_chance(800) ? sim_below(3) : sim_below(nitems(protos))];
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	if (hlen == 24)
		memset(ip + 20, 1, 4);
	sum = cksum(ip, hlen, 0);
	if (sum == 0 && sim_chance(500))
		sum = 0xffff;			/* the other zero: good as well */
	memcpy(ip + 10, &sum, 2);
	return len;
}

static unsigned
ip6(uint8_t *ip)
{
	static const uint8_t protos[] = { 17, 6, 58, 0, 43, 44, 60 };
	unsigned len = payload(ip + 40);

	memset(ip, 0, 8);
	ip[0] = 0x60;
	ip[1] = (uint8_t)sim_below(2);
	put16(ip + 4, len);
	ip[6] = protos[sim_chance(900) ? sim_below(2) : sim_below(nitems(protos))];
	ip[7] = (uint8_t)(sim_chance(60) ? sim_below(3) : 64);
	memcpy(ip + 8, sources6[pick(nitems(sources6))], 16);
	memcpy(ip + 24, dests6[pick(nitems(dests6))], 16);
	return 40 + len;
}

/* Any frame; mostly good. */
static unsigned
frame(uint8_t *f, unsigned port, bool alone)
{
	bool six = sim_chance(300);
	unsigned len;

	memcpy(f, twin_end[0][port]->rw_peer->p_mac, 6);
	memcpy(f + 6, twin_end[0][port]->rw_port.p_mac, 6);
	put16(f + 12, six ? 0x86dd : 0x0800);
	memset(f + 14, 0, 64);
	len = 14 + (six ? ip6(f + 14) : ip4(f + 14, alone));
	if (sim_chance(15))
		memset(f, 0xff, 6);
	else if (sim_chance(15))
		f[5] ^= 1;
	if (sim_chance(10))
		f[6] |= 1;
	if (sim_chance(30))
		f[14 + sim_below(len - 14)] ^= (uint8_t)(1u << sim_below(8));
	if (sim_chance(20))
		len -= sim_below(len);
	if (len < 60 && sim_chance(800)) {
		memset(f + len, 0, 60 - len);
		len = 60;
	}
	return len;
}

static void
burst(unsigned most)
{
	unsigned n = 1 + sim_below(sim_below(3) == 0 ? most : MIN(most, 8u)), port = sim_below(TWIN_PORTS), again = 0, len = 0;
	bool alone = n == 1;
	uint8_t f[FRAME_MAX];

	for (; n > 0; n--, again -= again > 0) {
		if (again == 0) {		/* some of the same, too */
			port = sim_chance(700) ? 0 : sim_below(TWIN_PORTS);
			len = frame(f, port, alone);
			again = sim_below(3) == 0 && !alone ? sim_below(8) : 0;
		}
		for (unsigned t = 0; t < 2; t++)
			port_send(&twin_end[t][port]->rw_port, f, len);
	}
}

/* Flows that are known for certain, whatever the seed brings later. */
static void
steady(void)
{
	struct pkt p = *UDP("10.0.0.2", "10.1.9.9");

	for (unsigned i = 0; i < 20; i++) {
		raw_rx(twin_end[0][0], &p);
		raw_rx(twin_end[1][0], &p);
		sim_run(ms(5));
	}
}

/* A neighbour's word: a new address of it, or an answer. */
static void
neighbour(void)
{
	unsigned port = sim_below(TWIN_PORTS);
	struct pkt p = { .kind = PK_ARP, .op = 1 + sim_below(2), .esrc = sim_print("02:00:00:00:00:%c%u", 'a' + port, sim_below(3)) };

	p.src = sim_print("10.0.%u.%u", port, sim_below(2) ? 77 + sim_below(2) * 11 : 4);
	p.dst = sim_print("10.0.%u.1", port);
	p.sha = p.esrc;
	for (unsigned t = 0; t < 2; t++)
		raw_rx(twin_end[t][port], &p);
}

/* The random numbers that the times between announcements follow from are drawn by the cores in turn. */
static bool
by_chance(const char *line)
{
	return sim.cores > 1 && (strstr(line, "inet alias") != NULL || strstr(line, "lladdr") != NULL);
}

/* A gateway is not known for a while: not for so many packets that some could not wait, as which ones is chance. */
static void
forget(void)
{
	static const char *const lines[][2] = {
		{ "arp -d 10.0.1.2", "arp -s 10.0.1.2 02:00:00:00:00:b0" }, { "ndp -d fd00:1::2", "ndp -s fd00:1::2 02:00:00:00:00:b3" },
	};
	unsigned which = sim_below(nitems(lines));

	both_say(lines[which][0]);
	for (unsigned i = 0; i < 3; i++) {
		burst(4);
		sim_run(ms(5));
	}
	both_say(lines[which][1]);
}

/* A gateway that is known: of more packets than can wait for it, which ones go is chance. */
static void
another_way6(void)
{
	both_say("ndp -s fd00:2::2 02:00:00:00:00:c0");
	both_say("route add -mpath -inet6 fd01::/32 fd00:2::2");
}

static void
change(void)
{
	static const char *const lines[] = {
		"route add 10.1.0/24 10.0.2.2", "route delete 10.1.0/24", "route change 10.1.0/24 10.0.1.2", "route add -blackhole 10.1.7.1/32 127.0.0.1",
		"route delete 10.1.7.1/32", "route add -reject 10.1.0.0/17 127.0.0.1", "route delete 10.1.0.0/17", "route change 10.1/16 10.0.1.2 -mtu 600",
		"route delete 10.1/16", "route add 10.1/16 10.0.1.2", "route add 10.2/16 10.0.1.88", "route delete 10.2/16", "route add 10.2/16 10.0.0.3",
		"route add -inet6 fd01:0:0:7::/64 fd00:2::2", "route delete -inet6 fd01:0:0:7::/64", "route delete -inet6 fd01::/32",
		"route add -inet6 fd01::/32 fd00:1::2", "route add -inet6 fd09::/16 fd00:1::2", "route delete -inet6 fd09::/16",
		"ifconfig vio1 mtu 1400", "ifconfig vio1 mtu 1500", "ifconfig vio2 mtu 576", "ifconfig vio2 mtu 1500", "ifconfig vio1 down", "ifconfig vio1 up",
		"ifconfig vio0 down", "ifconfig vio0 up", "ifconfig vio2 inet alias 10.0.9.9/24", "ifconfig vio2 inet 10.0.9.9 delete",
		"ifconfig vio1 inet alias 10.0.0.3/32", "ifconfig vio1 inet 10.0.0.3 delete", "ifconfig vio2 inet6 fd01::9/128", "ifconfig vio2 inet6 fd01::9 delete",
		"ifconfig vio2 inet alias 10.1.7.1/32", "ifconfig vio2 inet 10.1.7.1 delete",
		"arp -s 10.0.1.2 02:00:00:00:00:b1", "arp -s 10.0.1.2 02:00:00:00:00:b0", "arp -d 10.0.1.88",
		"ndp -s fd00:1::2 02:00:00:00:00:b0", "ndp -s fd00:1::2 02:00:00:00:00:b2", "ndp -s fd00:2::2 02:00:00:00:00:c0",
		"ifconfig vio1 lladdr 52:54:00:00:00:1b", "ifconfig vio1 lladdr 52:54:00:00:00:0b",
		"sysctl net.inet.ip.forwarding=0", "sysctl net.inet.ip.forwarding=1", "sysctl net.inet.ip.forwarding=1", "sysctl net.inet.ip.forwarding=1",
		"sysctl net.inet6.ip6.forwarding=0", "sysctl net.inet6.ip6.forwarding=1", "sysctl net.inet6.ip6.forwarding=1",
		"sysctl net.inet.ip.redirect=0", "sysctl net.inet.ip.redirect=1",
		"route add -mpath 10.1/16 10.0.2.2", "route add -mpath 10.1/16 10.0.2.2", "route delete 10.1/16 10.0.2.2", "route add -mpath 10.1.7/24 10.0.1.2",
		"route delete 10.1.7/24 10.0.1.2", "route delete -inet6 fd01::/32 fd00:2::2", "sysctl net.inet.ip.multipath=0",
		"sysctl net.inet.ip.multipath=1", "route add 10.3/16 10.1.7.9", "route add 10.3/16 10.1.7.9", "route delete 10.3/16", "route delete 10.1.7/24",
		"route add 10.1.7/24 10.0.2.2", "route add -mpath 10.3/16 10.1.7.9", "route add -mpath 10.3/16 10.1.7.9", "route add -mpath 10.3/16 10.0.2.2",
		"route add -mpath -label x 10.3/16 10.0.0.3", "route delete 10.3/16 10.1.7.9", "route change 10.1.7/24 10.0.1.2", "route change 10.1.7/24 10.0.2.2",
		"route add -ifa 10.0.0.1 10.2/16 10.1.7.9", "route change -label y 10.2/16 10.1.7.9", "route add -blackhole 10.3/16 127.0.0.1",
		"route add -inet6 fd09::/16 fd01::7", "route add -mpath -inet6 fd09::/16 fd01::8", "route change -inet6 fd01::/32 fd00:2::2",
		"ifconfig vio1 inet 10.0.1.1/25", "ifconfig vio1 inet 10.0.1.1/24", "route change -mtu 1280 -inet6 fd01::/32 fd00:1::2",
		"ifconfig vio2 inet alias 10.1.7.200/24", "ifconfig vio2 inet 10.1.7.200 delete", "route flush",
		"route add 10.1/16 10.0.1.2", "route add 10.1.7/24 10.0.2.2", "route add -inet6 fd01::/32 fd00:1::2",
	};
	static const char *const own[] = { "sysctl net.flow.limit=4", "sysctl net.flow.limit=1000", "sysctl net.flow.timeout=1", "sysctl net.flow.timeout=30",
		"sysctl net.flow.timeout_new=1", "sysctl net.flow.enable=0", "sysctl net.flow.enable=1", "sysctl net.flow.enable=1" };

	if (sim_chance(150)) {
		router_say(twin[0], own[sim_below(nitems(own))]);
		router_say(twin[1], "sysctl net.flow.enable");
	} else if (sim_chance(200))
		neighbour();
	else if (sim_chance(60))
		forget();
	else if (sim_chance(40))
		another_way6();
	else {
		const char *line = lines[sim_below(nitems(lines))];

		if (!by_chance(line))
			both_say(line);
	}
}

/* checklist: net:ipforwarding_fastforward_v4, net:ipforwarding_fastforward_v6 */
CASE_SEEDS(flow_twins, 20)
{
	twins_new(CONF);
	sim_run(sec(5));
	both_say("ndp -s fd00:1::2 02:00:00:00:00:b0");
	steady();
	same_frames(0);
	for (unsigned step = 1; step <= STEPS; step++) {
		if (sim_below(6) == 0)
			change();
		burst(60);
		sim_run(ms(5));
		same_frames(step);
		same_counters(step);
		if (sim_below(10) == 0)
			sim_run(ms(sim_below(3000)));
		if (sim_below(40) == 0) {
			if (sim.cores == 1)		/* what goes to core 0 is looked up there again */
				both_say("netstat -rn");
			both_say("netstat -in");
			both_say("netstat -ibn");
			both_say("arp -an");
			both_say("ndp -an");
		}
	}
	sim_run(sec(1));
	same_frames(STEPS);
	same_counters(STEPS);
	for (unsigned t = 0; t < 2; t++) {
		router_say(twin[t], "sysctl net.flow.enable=1");
		router_say(twin[t], "sysctl net.flow.limit=1000");
		router_say(twin[t], "sysctl net.flow.timeout=30");
		router_say(twin[t], "sysctl net.flow.timeout_new=1");
	}
	both_say("show config");
	sim_say("%" PRIu64 " packets of %" PRIu64 " by the flow path, %" PRIu64 " entries renewed, %" PRIu64 " removed",
	    router_counter(twin[0], "flows_hits"), router_counter(twin[0], "ips_forward") + router_counter(twin[0], "ip6s_forward"),
	    router_counter(twin[0], "flows_renewed"), router_counter(twin[0], "flows_gone"));
	SIM_CHECK(router_counter(twin[0], "flows_hits") > 10, "%" PRIu64 " packets took the flow path", router_counter(twin[0], "flows_hits"));
	raws_end();
}
