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

CASE(forward_by_gateway)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.1.255.9", .tos = 0xb8));
	TX(b, UDP("10.0.0.2", "10.1.255.9", .tos = 0xb8, .ttl = 63));
	COUNT(ips_forward, 1);
}

CASE(forward_ttl_exceeded)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 1));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 11, 0, UDP("10.0.0.2", "10.0.1.2", .ttl = 1)));
	COUNT(ips_ttl, 1);
	COUNT(icps_outtimxceed, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 0, .len = 1000));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 11, 0, UDP("10.0.0.2", "10.0.1.2", .ttl = 0, .len = 1000)));
	COUNT(ips_ttl, 1);
}

CASE(forward_no_route)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.77.0.1"));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 0, UDP("10.0.0.2", "10.77.0.1")));
	COUNT(ips_noroutes, 1);
	COUNT(icps_outunreach, 1);
}

CASE(forward_damaged)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.2", .badsum = true));
	COUNT(ips_badsum, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2", .cut = 1));
	COUNT(ips_tooshort, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2", .cut = 47));
	COUNT(ips_toosmall, 1);
	RX(a, UDP("127.0.0.1", "10.0.1.2"));
	COUNT(ips_badsrc, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2", .badl4sum = true));	/* not a router's business */
	TX(b, UDP("10.0.0.2", "10.0.1.2", .badl4sum = true, .ttl = 63));
	COUNT(ips_forward, 1);
	RX(a, PKT(PK_RAW, .ethertype = 0x88cc, .len = 46));
	COUNT(eths_noproto, 1);
}

CASE(forward_not_when_off)
{
	lab_two_nets();
	SAY("sysctl net.inet.ip.forwarding=0");
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	COUNT(ips_cantforward, 1);
	SAY("sysctl net.inet.ip.forwarding=1");
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
}

CASE(echo_answered)
{
	lab_two_nets();
	RX(a, ECHO("10.0.0.2", "10.0.0.1", .len = 56));
	TX(a, ECHOREPLY("10.0.0.1", "10.0.0.2", .len = 56));
	RX(a, ECHO("10.0.0.2", "10.0.1.1", .len = 1472));	/* its other address */
	TX(a, ECHOREPLY("10.0.1.1", "10.0.0.2", .len = 1472));
	RX(a, ECHO("10.0.0.2", "10.0.0.1", .badl4sum = true));
	COUNT(icps_checksum, 1);
}

CASE(redirect_and_forward)
{
	lab_two_nets();
	/* b's neighbour sends us what b could have had directly: it is told, and served. */
	RX(b, UDP("10.0.1.9", "10.1.0.1"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	TX(b, UDP("10.0.1.9", "10.1.0.1", .ttl = 63));
	COUNT(ips_redirectsent, 1);
	COUNT(icps_outredirect, 1);
	RX(b, ARP_ISAT("10.0.1.9", "10.0.1.1", .sha = "02:00:00:00:00:99"));
	TX(b, ICMPERR("10.0.1.1", "10.0.1.9", 5, 1, UDP("10.0.1.9", "10.1.0.1"), .gw = "10.0.1.2", .edst = "02:00:00:00:00:99"));
	COUNT(ips_forward, 1);
}

CASE(error_rate_is_limited)
{
	unsigned told;

	lab_two_nets();
	for (unsigned i = 0; i < 150; i++)
		RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 1));
	told = raw_forget(a);			/* a random number of up to an eighth fewer than the limit */
	SIM_CHECK(told <= 100 && told >= 100 - 100 / 8, "%u errors", told);
	COUNT(ips_ttl, 150);
	COUNT(icps_toofreq, 150 - told);
	AT(sec(1));
	RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 1));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 11, 0, UDP("10.0.0.2", "10.0.1.2", .ttl = 1)));
	COUNT(ips_ttl, 1);
}
