/* test_ifq_kstat.c - rxq and txq of kstat: one of each for every queue, to the letter of OpenBSD's. */
#include <stdio.h>

#include "tests/unit/cmdfix.h"

static struct ifnet many = { .if_xname = "many0", .if_nqueues = 3, .if_hardmtu = 1500 };

TEST(ifq_kstat_of_many_queues)
{
	cmd_start();
	CHECK(if_attach(&many));
	many.if_ifiqs[0] = (struct ifiqueue){ .ifiq_if = &many, .ifiq_packets = 158069114, .ifiq_bytes = 300328302395, .ifiq_qdrops = 7902615,
	    .ifiq_errors = 3, .ifiq_nombufs = 4, .ifiq_enqueues = 6947931, .ifiq_dequeues = 5729695,
	    .ifiq_kstat = many.if_ifiqs[0].ifiq_kstat };
	many.if_ifqs[2].ifq_packets = 11094621;
	many.if_ifqs[2].ifq_bytes = 894601044;
	many.if_ifqs[2].ifq_len = 90;
	many.if_ifqs[2].ifq_maxlen = 255;
	many.if_ifqs[2].ifq_oactive = true;
	many.if_ifqs[2].ifq_oactives = 1919595;
	CHECK_STR(cmd("kstat many0::rxq:0"), "many0:0:rxq:0\n"
	    "         packets: 158069114 packets\n"
	    "           bytes: 300328302395 bytes\n"
	    "          qdrops: 7902615 packets\n"
	    "          errors: 3 packets\n"
	    "         nombufs: 4 packets\n"
	    "            qlen: 0 packets\n"
	    "        enqueues: 6947931\n"
	    "        dequeues: 5729695\n");
	CHECK_STR(cmd("kstat many0::txq:2"), "many0:0:txq:2\n"
	    "         packets: 11094621 packets\n"
	    "           bytes: 894601044 bytes\n"
	    "          qdrops: 0 packets\n"
	    "          errors: 0 packets\n"
	    "            qlen: 90 packets\n"
	    "         maxqlen: 255 packets\n"
	    "         oactive: true\n"
	    "        oactives: 1919595\n"
	    "          starts: 0\n");
	for (unsigned i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "\nmany0:0:txq:%u\n", i);
		CHECK_IN(cmd("kstat many0"), name);
		snprintf(name, sizeof(name), "many0:0:rxq:%u\n", i);
		CHECK_IN(cmd_output(), name);
	}
	CHECK_STR(cmd("kstat many0:::3"), "kstat: no matches found\n");
	many.if_ifiqs[0].ifiq_packets = many.if_ifiqs[0].ifiq_qdrops = 0;	/* for the books, which remember who has gone */
	many.if_ifqs[2].ifq_packets = many.if_ifqs[2].ifq_len = 0;
	if_detach(&many);
	CHECK_STR(cmd("kstat many0"), "kstat: no matches found\n");
	cmd_end();
}
