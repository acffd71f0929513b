/* case_forward.c - packets through a router, one by one. */
#include "tests/sim/timeline.h"

CASE(forward_decrements_ttl)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
	COUNT(ips_total, 1);
	COUNT(ips_forward, 1);
	RX(b, UDP("10.0.1.2", "10.0.0.2", .ttl = 2, .off = IP_DF_));
	TX(a, UDP("10.0.1.2", "10.0.0.2", .ttl = 1, .off = IP_DF_));
	COUNT(ips_forward, 1);
}
