/* case_mtu.c - packets that are too long for the way out. */
#include "tests/sim/nets.h"
#include "tests/sim/timeline.h"

#define NETS(mtu)								\
	"inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n",			\
	"inet 10.0.1.1/24 mtu " #mtu "\n!arp -s 10.0.1.2 " MAC_B "\n", "# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n"

CASE(fragments)
{
	lab_custom(NETS(1280));
	RX(a, UDP("10.0.0.2", "10.0.1.2", .len = 1472));
	/* 1480 bytes of UDP: 1256 (a multiple of 8 that fits) and 224. */
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 1472, .ttl = 63, .from = 0, .part = 1256, .off = IP_MF_));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 1472, .ttl = 63, .from = 1256, .part = 224));
	COUNT(ips_forward, 1);
	COUNT(ips_fragmented, 1);
}

CASE(fragment_of_fragment)
{
	lab_custom(NETS(576));
	RX(a, UDP("10.0.0.2", "10.0.1.2", .len = 3000, .from = 1480, .part = 1480, .off = IP_MF_));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 3000, .ttl = 63, .from = 1480, .part = 552, .off = IP_MF_));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 3000, .ttl = 63, .from = 2032, .part = 552, .off = IP_MF_));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 3000, .ttl = 63, .from = 2584, .part = 376, .off = IP_MF_));
}

CASE(needs_fragmentation)
{
	lab_custom(NETS(1280));
	RX(a, UDP("10.0.0.2", "10.0.1.2", .len = 1253, .off = IP_DF_));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 4, UDP("10.0.0.2", "10.0.1.2", .len = 1253, .off = IP_DF_, .ttl = 63), .mtu = 1280));
	COUNT(ips_mtu, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2", .len = 1252, .off = IP_DF_));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .len = 1252, .off = IP_DF_, .ttl = 63));
}

/* A host learns the way's MTU by errors (RFC 1191) down a chain whose links become narrower. */
CASE(mtu_steps)
{
	static const unsigned mtus[] = { 1500, 1400, 1280, 1006, 576 };
	struct chain c = chain_new(4, mtus);
	unsigned size = 1500, steps = 0;

	while (host_from(c.y, c.x->h_ip) == NULL) {
		SIM_CHECK(++steps <= 20, "no datagram has come through");
		host_send(c.x, c.y->h_ip, steps, size - 28, 64, true);
		sim_run(sec(2));
		if (c.x->h_error.n == 0)
			continue;
		SIM_CHECK(c.x->h_error.type == 3 && c.x->h_error.code == 4, "error %u.%u", c.x->h_error.type, c.x->h_error.code);
		SIM_CHECK(c.x->h_error.mtu < size, "told to send at most %u, sent %u", c.x->h_error.mtu, size);
		size = c.x->h_error.mtu;
		c.x->h_error.n = 0;
	}
	SIM_CHECK(size == 576, "size %u", size);
	/* Without DF they are cut, whatever the size, and arrive whole. */
	for (unsigned i = 0; i < 50; i++) {
		host_send(c.x, c.y->h_ip, 100 + i, 16 + sim_below(3000), 64, false);
		sim_run(ms(10));
	}
	sim_run(sec(1));
	SIM_CHECK(host_from(c.y, c.x->h_ip)->fi_received == 51, "%" PRIu64 " of 51 arrived",
	    host_from(c.y, c.x->h_ip)->fi_received);
	for (unsigned i = 0; i < c.n; i++)
		SIM_CHECK(c.w[i]->w_giants == 0, "net%u got frames that are too long", i);
}
