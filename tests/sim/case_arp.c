/* case_arp.c - neighbours: asked for, waited for, renewed, lost and found again. */
#include "tests/sim/timeline.h"

CASE(arp_answers)
{
	lab_two_nets_unknown();
	RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.1"));
	TX(a, ARP_ISAT("10.0.0.1", "10.0.0.2", .tha = MAC_A));
	COUNT(arps_inreq, 1);
	COUNT(arps_replysent, 1);
	RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.77"));
	NONE(a);
	COUNT(arps_inother, 1);
}

CASE(arp_wait_list)
{
	lab_two_nets_unknown();
	for (unsigned i = 0; i < 20; i++)
		RX(a, UDP("10.0.0.2", "10.0.1.2", .id = i));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	NONE(b);
	COUNT(arps_holdfull, 4);			/* 16 wait, the oldest went */
	AT(ms(300));
	RX(b, ARP_ISAT("10.0.1.2", "10.0.1.1", .tha = "52:54:00:00:00:0b"));
	for (unsigned i = 4; i < 20; i++)
		TX(b, UDP("10.0.0.2", "10.0.1.2", .id = i, .ttl = 63));
	COUNT(arps_held, 20);
}

CASE(arp_timeout)
{
	lab_two_nets();
	RX(a, UDP("10.0.0.2", "10.0.1.9"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	AT(ms(500));
	RX(a, UDP("10.0.0.2", "10.0.1.9", .id = 2));
	AT(sec(1));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	AT(sec(2));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	AT(sec(3) - ms(1));
	NONE(a);
	AT(sec(3));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 1, UDP("10.0.0.2", "10.0.1.9", .ttl = 63)));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 1, UDP("10.0.0.2", "10.0.1.9", .ttl = 63, .id = 2)));
	COUNT(arps_timeout, 1);
	COUNT(arps_unanswered, 2);
	/* Known to be down: refused at once, asked once a second while there is demand. */
	AT(sec(3) + ms(500));
	RX(a, UDP("10.0.0.2", "10.0.1.9"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.9"));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 1, UDP("10.0.0.2", "10.0.1.9", .ttl = 63)));
	RX(a, UDP("10.0.0.2", "10.0.1.9"));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 1, UDP("10.0.0.2", "10.0.1.9", .ttl = 63)));
	NONE(b);
	COUNT(arps_hostdown, 2);
	/* It comes back. */
	AT(sec(4));
	RX(b, ARP_ISAT("10.0.1.9", "10.0.1.1"));
	RX(a, UDP("10.0.0.2", "10.0.1.9"));
	TX(b, UDP("10.0.0.2", "10.0.1.9", .ttl = 63));
}

/* A neighbour that is in use is asked by unicast before its 20 minutes are over, and never lost. */
CASE(arp_refresh_for_hours)
{
	unsigned asked = 0;

	lab_two_nets_unknown();
	RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.1"));
	TX(a, ARP_ISAT("10.0.0.1", "10.0.0.2", .tha = MAC_A));
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	RX(b, ARP_ISAT("10.0.1.2", "10.0.1.1"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
	for (uint64_t t = 1; t <= 4 * 3600; t++) {
		AT(sec(t));
		if (b->rw_head != NULL) {
			TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2", .edst = MAC_B));
			RX(b, ARP_ISAT("10.0.1.2", "10.0.1.1"));
			asked++;
		}
		if (t % 10 == 5) {
			RX(a, UDP("10.0.0.2", "10.0.1.2"));
			TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
		}
	}
	SIM_CHECK(asked >= 11 && asked <= 13, "asked %u times in four hours", asked);
	COUNT(arps_timeout, 0);
}

/* Without traffic it is forgotten. checklist: arp_cache_expiration */
CASE(arp_forgotten)
{
	lab_two_nets_unknown();
	RX(b, ARP_WHOHAS("10.0.1.2", "10.0.1.1"));
	TX(b, ARP_ISAT("10.0.1.1", "10.0.1.2", .tha = MAC_B));
	SAY("arp -an", "10.0.1.2");
	AT(sec(1300));
	NONE(b);
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	RX(b, ARP_ISAT("10.0.1.2", "10.0.1.1"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
}

/* The neighbour fails while it is used: it serves until its time is over, then the question is asked anew. */
CASE(arp_neighbour_fails_and_recovers)
{
	unsigned unicasts = 0;
	uint64_t t = 0;

	lab_two_nets_unknown();
	RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.1"));
	TX(a, ARP_ISAT("10.0.0.1", "10.0.0.2", .tha = MAC_A));
	RX(b, ARP_WHOHAS("10.0.1.2", "10.0.1.1"));
	TX(b, ARP_ISAT("10.0.1.1", "10.0.1.2", .tha = MAC_B));
	while (t < 1200) {
		AT(sec(++t));
		if (t < 1200 && b->rw_head != NULL) {
			TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2", .edst = MAC_B));	/* no answer */
			unicasts++;
		}
		if (t % 2 == 1) {
			RX(a, UDP("10.0.0.2", "10.0.1.2"));
			TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
		}
		raw_forget(a);				/* its own renewal */
		if (t % 100 == 0) {
			RX(a, ARP_WHOHAS("10.0.0.2", "10.0.0.1"));
			TX(a, ARP_ISAT("10.0.0.1", "10.0.0.2", .tha = MAC_A));
		}
	}
	SIM_CHECK(unicasts == 5, "%u unicast requests", unicasts);
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	NONE(b);
	AT(sec(1201));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	AT(sec(1202));
	TX(b, ARP_WHOHAS("10.0.1.1", "10.0.1.2"));
	AT(sec(1203));
	TX(a, ICMPERR("10.0.0.1", "10.0.0.2", 3, 1, UDP("10.0.0.2", "10.0.1.2", .ttl = 63)));
	COUNT(arps_unanswered, 1);
	AT(sec(1210));
	RX(b, ARP_WHOHAS("10.0.1.2", "10.0.1.2"));	/* it is back, and says so */
	COUNT(arps_inother, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
}

/* Another station takes the address over: frames follow at once. checklist: arp_cache_overwriting */
CASE(arp_moves)
{
	lab_two_nets_unknown();
	RX(b, ARP_WHOHAS("10.0.1.2", "10.0.1.1"));
	TX(b, ARP_ISAT("10.0.1.1", "10.0.1.2", .tha = MAC_B));
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));
	RX(b, ARP_WHOHAS("10.0.1.2", "10.0.1.2", .esrc = "02:00:00:00:00:cc", .sha = "02:00:00:00:00:cc"));
	COUNT(arps_moved, 1);
	RX(a, UDP("10.0.0.2", "10.0.1.2"));
	TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63, .edst = "02:00:00:00:00:cc"));
}

CASE(arp_conflict_is_defended)
{
	lab_two_nets();
	RX(a, ARP_ISAT("10.0.0.1", "10.0.0.1", .edst = BROADCAST));
	TX(a, ARP_WHOHAS("10.0.0.1", "10.0.0.1"));
	COUNT(arps_conflict, 1);
	RX(a, ARP_ISAT("10.0.0.1", "10.0.0.1", .edst = BROADCAST));
	NONE(a);					/* not again within ten seconds */
	COUNT(arps_conflict, 1);
	AT(sec(11));
	RX(a, ARP_ISAT("10.0.0.1", "10.0.0.1", .edst = BROADCAST));
	TX(a, ARP_WHOHAS("10.0.0.1", "10.0.0.1"));
	COUNT(arps_conflict, 1);
	SAY("dmesg", "duplicate IP address 10.0.0.1 sent from ethernet address 02:00:00:00:00:0a");
}
