/* case_reass.c - fragments for the router itself: whichever core they come to, one datagram comes of them. */
#include "tests/sim/timeline.h"

#define LEN	4000u			/* of an echo's data: 4,008 bytes in three fragments */
#define PART(i)	.from = (i) * 1480u, .part = (i) < 2 ? 1480u : LEN + 8 - 2 * 1480, .off = ((i) < 2 ? IP_MF_ : 0)
#define ASK(i, ...) ECHO("10.0.0.2", "10.0.0.1", .len = LEN, PART(i), ##__VA_ARGS__)

static void
reply(void)
{
	for (unsigned i = 0; i < 3; i++)
		TX(a, ECHOREPLY("10.0.0.1", "10.0.0.2", .len = LEN, PART(i)));
}

CASE(reass_any_order)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	lab_two_nets();
	for (unsigned o = 0; o < 6; o++) {
		for (unsigned i = 0; i < 3; i++)
			RX(a, ASK(orders[o][i], .id = 0x100 + o));
		reply();
		COUNT(ips_reassembled, 1);
		COUNT(ips_fragused, 2);
	}
}

/* While what passes through goes on, on other cores. */
CASE(reass_amid_traffic)
{
	lab_two_nets();
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 3; i++) {
			RX(a, ASK(i, .id = 0x200 + round));
			RX(a, UDP("10.0.0.2", "10.0.1.2", .id = round, .sport = 1000 + round * 7 + i));
			TX(b, UDP("10.0.0.2", "10.0.1.2", .id = round, .sport = 1000 + round * 7 + i, .ttl = 63));
		}
		reply();
	}
	COUNT(ips_reassembled, 20);
	COUNT(ips_forward, 60);
}

/* What is never completed ends after 30 seconds, with an error where there is a first fragment. */
CASE(reass_timeout)
{
	lab_two_nets();
	RX(a, ASK(0, .id = 1));
	RX(a, ASK(1, .id = 2));
	AT(sec(30) - ms(2));
	NONE(a);
	AT(sec(30));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 11, 1, ASK(0, .id = 1)));
	COUNT(ips_fragtimeout, 2);
}

/* The same place twice with other bytes: given up, for good. */
CASE(reass_overlap)
{
	lab_two_nets();
	RX(a, ASK(0, .id = 3));
	RX(a, ECHO("10.0.0.2", "10.0.0.1", .len = LEN, .id = 3, .from = 1472, .part = 1480, .off = IP_MF_));
	COUNT(ips_fragoverlap, 2);
	RX(a, ASK(1, .id = 3));
	RX(a, ASK(2, .id = 3));
	COUNT(ips_fragdead, 2);
	for (unsigned i = 0; i < 3; i++)
		RX(a, ASK(i, .id = 4));
	reply();
	COUNT(ips_reassembled, 1);
	AFTER(sec(31));
	NONE(a);
}
