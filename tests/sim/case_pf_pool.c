/* case_pf_pool.c - translation to one of several addresses: which, that answers come back from each of them, and what happens when none is left. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/pflab.h"

/* n flows from a, of ports from `port` on: how many come out at b with each of the last numbers of a source 10.1.0.x; answers reach a. */
static void
flows(unsigned port, unsigned n, unsigned of[16])
{
	memset(of, 0, 16 * sizeof(of[0]));
	for (unsigned i = 0; i < n; i++) {
		struct raw_seen rs;
		unsigned k;

		RX(a, UDP(A, B, .sport = port + i));
		SIM_CHECK(raw_see(b, &rs), "flow %u does not come out", i);
		SIM_CHECK(strncmp(rs.rs_src, "10.1.0.", 7) == 0 && (k = (unsigned)strtoul(rs.rs_src + 7, NULL, 10)) < 16, "it comes from %s", rs.rs_src);
		of[k]++;
		RX(b, UDP(B, rs.rs_src, .sport = 4001, .dport = rs.rs_sport));
		TX(a, UDP(B, A, .sport = 4001, .dport = port + i, .ttl = 63));
	}
}

/* checklist: pf/nat:nat_match */
CASE(pf_nat_round_robin)
{
	unsigned of[16];

	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to { 10.1.0.4, 10.1.0.7, 10.1.0.9 }\npass\n");
	flows(4000, 30, of);
	SIM_CHECK(of[4] + of[7] + of[9] == 30 && of[4] > 0 && of[7] > 0 && of[9] > 0, "%u, %u and %u flows", of[4], of[7], of[9]);
	if (sim.cores == 1)
		SIM_CHECK(of[4] == 10 && of[7] == 10, "%u, %u and %u flows", of[4], of[7], of[9]);
	SAY("pfctl -s rules", "nat-to <__automatic_", "> round-robin\n");
}

CASE(pf_nat_random_and_hash)
{
	unsigned of[16];

	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to 10.1.0.8/30 random\npass\n");
	flows(4000, 60, of);
	for (unsigned i = 8; i < 12; i++)
		SIM_CHECK(of[i] > 0, "10.1.0.%u is never taken", i);
	SAY("pfctl -f - <<EOF\nmatch out on vio1 inet from 10.0.0.0/24 nat-to 10.1.0.8/30 source-hash\npass\nEOF");
	flows(5000, 20, of);
	SIM_CHECK(of[8] == 20 || of[9] == 20 || of[10] == 20 || of[11] == 20, "one source has several addresses");
}

/* A table that is a pool is changed while it is used; empty, it has no address: what would be translated is refused. */
/* checklist: pf/nat:empty_table_random */
CASE(pf_nat_table)
{
	unsigned of[16];

	lab_pf("table <nats> persist { 10.1.0.3 }\nmatch out on vio1 inet from 10.0.0.0/24 nat-to <nats> random\npass\n");
	flows(4000, 6, of);
	SIM_CHECK(of[3] == 6, "%u of 6", of[3]);
	SAY("pfctl -t nats -T add 10.1.0.5", "1/1 addresses added");
	flows(4100, 40, of);
	SIM_CHECK(of[3] > 0 && of[5] > 0 && of[3] + of[5] == 40, "%u and %u of 40", of[3], of[5]);
	SAY("pfctl -t nats -T delete 10.1.0.3", "1/1 addresses deleted");
	flows(4200, 6, of);
	SIM_CHECK(of[5] == 6, "%u of 6", of[5]);
	SAY("pfctl -t nats -T flush", "1 addresses deleted");
	RX(a, UDP(A, B, .sport = 4300));
	NONE(b);
	COUNT(pfs_translate, 1);
}

/* checklist: pf/nat:no_addrs_random */
CASE(pf_nat_follows_the_interface)
{
	unsigned of[16];

	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to (lo1) random\npass\n");
	SAY("ifconfig lo1 create");
	RX(a, UDP(A, B));
	NONE(b);
	COUNT(pfs_translate, 1);
	SAY("ifconfig lo1 inet 10.1.0.2/32");
	flows(4000, 4, of);
	SIM_CHECK(of[2] == 4, "%u of 4", of[2]);
	SAY("ifconfig lo1 inet alias 10.1.0.6/32");
	flows(4100, 40, of);
	SIM_CHECK(of[2] > 0 && of[6] > 0, "%u and %u", of[2], of[6]);
	SAY("pfctl -f - <<EOF\nmatch out on vio1 inet from 10.0.0.0/24 nat-to (lo1:0)\npass\nEOF");
	flows(4200, 10, of);
	SIM_CHECK(of[2] == 10, "%u of 10", of[2]);
}

static unsigned
come_out(unsigned port, unsigned n)
{
	unsigned k = 0;
	struct raw_seen rs;

	for (unsigned i = 0; i < n; i++) {
		RX(a, UDP(A, B, .sport = port + i));
		k += raw_see(b, &rs);
	}
	return k;
}

/* An address without a port left is no end as long as another has some. */
/* checklist: pf/nat:exhaust */
CASE(pf_nat_ports_of_all_addresses)
{
	unsigned n, more, late;

	lab_pf("table <nats> { 10.1.0.4 }\nmatch out on vio1 inet proto udp from 10.0.0.0/24 nat-to <nats> port 6000:6003\npass\n");
	n = come_out(3000, 40);
	SIM_CHECK(sim.cores > 1 ? n > 2 && n <= 4 : n == 4, "four ports are for four flows, not for %u", n);
	COUNT(pfs_translate, 40 - n);
	SAY("pfctl -t nats -T add 10.1.0.7", "1/1 addresses added");
	more = come_out(3100, 4);
	SIM_CHECK(sim.cores > 1 || more == 4, "%u of four more flows find the other address", more);
	COUNT(pfs_translate, 4 - more);
	late = come_out(3200, 40);
	SIM_CHECK(n + more + late <= 8 && n + more + late > 5, "%u, %u and %u flows of eight", n, more, late);
	COUNT(pfs_translate, 40 - late);
	RX(a, TCP("10.0.0.3", B, TH_SYN_, .sport = 1));		/* it is another protocol's ports that are used up */
	TX(b, TCP("10.0.0.3", B, TH_SYN_, .sport = 1, .ttl = 63));
}

/* The rule's ports are for what has ports. */
CASE(pf_nat_ports_and_echoes)
{
	lab_pf("match out on vio1 inet from 10.0.0.0/24 nat-to 10.0.1.1 port 6000\npass\n");
	for (unsigned i = 0; i < 12; i++)
		RX(a, ECHO(A, B, .sport = i));
	SIM_CHECK(raw_forget(b) == 12, "not all questions have got an identifier");
}

CASE(pf_rdr_pool)
{
	struct raw_seen rs;
	unsigned of[16] = { 0 };

	lab_pf("match in on vio0 inet proto udp to 10.0.0.1 port 53 rdr-to { 10.1.0.4, 10.1.0.6 } port 5300:5301 round-robin\npass\n");
	for (unsigned i = 0; i < 40; i++) {
		RX(a, UDP(A, "10.0.0.1", .sport = 4000 + i, .dport = 53));
		SIM_CHECK(raw_see(b, &rs) && strncmp(rs.rs_dst, "10.1.0.", 7) == 0 && rs.rs_dport == 5300, "it goes to %s:%u", rs.rs_dst, rs.rs_dport);
		of[strtoul(rs.rs_dst + 7, NULL, 10) % 16]++;
		RX(b, UDP(rs.rs_dst, A, .sport = 5300, .dport = 4000 + i));
		TX(a, UDP("10.0.0.1", A, .sport = 53, .dport = 4000 + i, .ttl = 63));
	}
	SIM_CHECK(of[4] + of[6] == 40 && of[4] > 4 && of[6] > 4, "%u and %u", of[4], of[6]);
}

CASE(pf_pool_refused)
{
	lab_pf("pass\n");
	SAY("pfctl -f - <<EOF\nmatch out inet nat-to { 10.1.0.4 weight 3, 10.1.0.5 }\nEOF", "stdin:1: weights of a pool's addresses are not supported");
	SAY("pfctl -f - <<EOF\nmatch out inet nat-to 10.1.0.4 - 10.1.0.9\nEOF", "stdin:1: an address range is supported as a pool with");
	SAY("pfctl -s rules", "pass all flags S/SA\n");
}
