/* case_selftest.c - cases that must fail, each in its way: run by name only, to see that the simulator finds what it should. */
#include <stdlib.h>

#include "tests/sim/nets.h"
#include "tests/sim/timeline.h"

CASE_SEEDS(selftest_wrong_packet, 0)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));
}

CASE_SEEDS(selftest_late_packet, 0)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));
	AFTER(ms(1));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
}

CASE_SEEDS(selftest_unexpected_packet, 0)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));
}

CASE_SEEDS(selftest_no_packet, 0)
{
	lab_two_nets();
	TX(a, UDP("10.0.0.2", "10.0.1.2"));
}

CASE_SEEDS(selftest_wrong_count, 0)
{
	lab_two_nets();
	COUNT(ips_forward, 1);
}

CASE_SEEDS(selftest_unnamed_drop, 0)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .badsum = true));
}

CASE_SEEDS(selftest_crash, 0)
{
	lab_two_nets();
	abort();
}

CASE_SEEDS(selftest_damage, 0)
{
	struct pair p = pair_new();
	uint8_t f[FRAME_MAX];
	unsigned len;

	/* One byte is not what x sends, and the checksum says that all is well. */
	len = pkt_build(UDP("10.0.0.2", "10.0.1.2", .dport = 5001, .len = 64), p.x->h_port.p_mac, p.r->r_port[0].rp_port.p_mac, f);
	port_send(&p.x->h_port, f, len);
	sim_run(sec(1));
}

CASE_SEEDS(selftest_kept_memory, 0)
{
	lab_two_nets();
	sim_run(0);
	r->r_lines = 0;
	router_type(r, "x");			/* the console's buffer, of which the account does not know */
	sim_run(0);
}
