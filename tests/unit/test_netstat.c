/* test_netstat.c - netstat(1): tables to the letter, every counter shown once, the balance. */
#include <stdio.h>
#include <string.h>

#include "kernel/kstat.h"
#include "net/core/counter.h"
#include "tests/unit/cmdfix.h"

TEST(netstat_interfaces)
{
	struct pkt p;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/sysctl.conf\nnet.inet.ip.dad_count=0\n# /etc/hostname.t0\ninet 192.168.14.11/24\n"), "");
	pkt_udp(&p, "192.168.14.12", "192.168.14.11", 64, 58);
	wire_rx_many(&t0, &p, 3, PKT_MAX);
	t0.w_if.if_ifiqs[0].ifiq_errors = 2;
	t0.w_if.if_ifqs[0].ifq_qdrops = 1;
	CHECK_STR(cmd("netstat -in"), "Name    Mtu   Network     Address              Ipkts Ifail    Opkts Ofail Colls\n"
	    "lo0     32768 <Link>                               0     0        0     0     0\n"
	    "lo0     32768 127/8       127.0.0.1                0     0        0     0     0\n"
	    "lo0     32768 ::1         ::1                      0     0        0     0     0\n"
	    "lo0     32768 fe80::%lo0/ fe80::1%lo0              0     0        0     0     0\n"
	    "t0      1500  <Link>      52:54:00:00:00:0a        3     2        7     1     0\n"
	    "t0      1500  192.168.14/ 192.168.14.11            3     2        7     1     0\n"
	    "t1*     1500  <Link>      52:54:00:00:00:0b        0     0        5     0     0\n");
	CHECK_STR(cmd("netstat -I t0 -bn"), "Name    Mtu   Network     Address               Ibytes     Obytes\n"
	    "t0      1500  <Link>      52:54:00:00:00:0a        276        420\n"
	    "t0      1500  192.168.14/ 192.168.14.11            276        420\n");
	CHECK_IN(cmd("netstat -ide"), "Ifail");
	CHECK_IN(cmd("netstat -ie"), "   Ipkts Ierrs    Opkts Oerrs Colls\n");
	CHECK_IN(cmd("netstat -id"), "   Ipkts Idrop    Opkts Odrop Colls\n");
	CHECK_IN(cmd("netstat -id"), "t0      1500  <Link>      52:54:00:00:00:0a        3     0        7     1     0\n");
	CHECK_STR(cmd("netstat -I vio9"), "netstat: vio9: no such interface\n");
	CHECK_IN(cmd("netstat -j -i"), "{\"name\":\"t0\",\"up\":true,\"mtu\":1500,\"lladdr\":\"52:54:00:00:00:0a\","
	    "\"addresses\":[{\"network\":\"192.168.14/24\",\"address\":\"192.168.14.11\"}],\"ipkts\":3,");
	t0.w_if.if_ifqs[0].ifq_qdrops = 0;
	cmd_end();
}

TEST(netstat_routes)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 172.20.10.12/28\n# /etc/mygate\n172.20.10.1\n"), "");
	CHECK_STR(cmd("netstat -rn -f inet"), "Routing tables\n\nInternet:\n"
	    "Destination        Gateway            Flags   Refs      Use   Mtu  Prio Iface\n"
	    "default            172.20.10.1        UGS        0        0     -     8 t0   \n"
	    "127/8              127.0.0.1          UGRS       0        0 32768     8 lo0  \n"
	    "127.0.0.1          127.0.0.1          UHhl       1        0 32768     1 lo0  \n"
	    "172.20.10.0/28     172.20.10.12       UCn        1        0     -     4 t0   \n"
	    "172.20.10.1        link#2             UHLch      1        0     -     3 t0   \n"
	    "172.20.10.12       52:54:00:00:00:0a  UHLl       0        0     -     1 t0   \n"
	    "172.20.10.15       172.20.10.12       UHb        0        0     -     1 t0   \n");
	CHECK_STR(cmd("netstat -rn -f inet6"), "Routing tables\n\nInternet6:\n"
	    "Destination                        Gateway                        Flags   Refs      Use   Mtu  Prio Iface\n"
	    "::/96                              ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "::1                                ::1                            UHhl      10        0 32768     1 lo0  \n"
	    "::ffff:0.0.0.0/96                  ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "2002::/24                          ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "2002:7f00::/24                     ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "2002:e000::/20                     ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "2002:ff00::/24                     ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "fe80::/10                          ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "fe80::1%lo0                        fe80::1%lo0                    UHl        0        0 32768     1 lo0  \n"
	    "fec0::/10                          ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "ff01::/16                          ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "ff01::%lo0/32                      fe80::1%lo0                    Um         0        0 32768     4 lo0  \n"
	    "ff02::/16                          ::1                            UGRS       0        0 32768     8 lo0  \n"
	    "ff02::%lo0/32                      fe80::1%lo0                    Um         0        0 32768     4 lo0  \n");
	CHECK_IN(cmd("netstat -rn"), "UHb        0        0     -     1 t0   \n\nInternet6:\nDestination   ");
	CHECK_IN(cmd("netstat -j -rn -f inet6"), "{\"rdomain\":0,\"routes\":[{\"family\":\"inet6\",\"destination\":\"::/96\",\"gateway\":\"::1\",");
	CHECK_STR(cmd("netstat -rf ipx"), "netstat: ipx: unknown address family\n");
	CHECK_STR(cmd("netstat -r -T 7"), "netstat: 7: no such routing table\n");
	CHECK_IN(cmd("netstat -j -rn"), "{\"rdomain\":0,\"routes\":[{\"family\":\"inet\",\"destination\":\"default\",\"gateway\":\"172.20.10.1\",\"flags\":\"UGS\","
	    "\"refs\":0,\"use\":0,\"mtu\":0,\"prio\":8,\"iface\":\"t0\"},");
	cmd_end();
}

/* How often a line stands in a text. */
static unsigned
lines_of(const char *text, const char *line)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, line)) != NULL; p += strlen(line))
		n++;
	return n;
}

/* Counters whose line is this one: protocols have sentences in common. */
static unsigned
like(const char *line)
{
	char text[200];
	unsigned n = 0;

	SET_FOREACH(const struct counter, c, counters) {
		counter_print(c, counter_sum(c), text, sizeof(text));
		n += strcmp(text, line) == 0;
	}
	return n;
}

TEST(netstat_statistics)
{
	char want[220], text[200];
	const char *all;
	unsigned lines = 0;
	struct pkt p;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	pkt_udp(&p, "10.0.0.2", "10.0.0.1", 64, 20);
	p.p_b[14 + 10] ^= 1;
	wire_rx(&t0, &p);
	all = cmd("netstat -s");
	CHECK_IN(all, "\nip:\n\t");
	SET_FOREACH(const struct counter, c, counters) {
		bool grouped = false;

		counter_print(c, counter_sum(c), text, sizeof(text));
		snprintf(want, sizeof(want), "\t%s\n", text);
		CHECK_EQ(lines_of(all, want), like(text));	/* each counter, once, in a paragraph that exists */
		SET_FOREACH(const struct counter_group, g, counter_groups)
			grouped |= strcmp(g->cg_name, c->c_group) == 0;
		CHECK(grouped);
		lines++;
	}
	CHECK(lines > 20);
	CHECK_IN(cmd("netstat -ss -p ip"), "\t1 bad header checksum\n");
	CHECK_EQ(lines_of(cmd("netstat -ss"), "\t0 "), 0);
	CHECK_EQ(strncmp(cmd("netstat -p icmp"), "icmp:\n", 6), 0);
	CHECK(strstr(cmd("netstat -s -p icmp"), "\nip:") == NULL && strstr(cmd_output(), "\narp:") == NULL);
	CHECK_STR(cmd("netstat -sp ipx"), "netstat: ipx: unknown protocol\n");
	CHECK_IN(cmd("netstat -j -s"), "\"bad header checksums\":1,");
	cmd_end();
}

TEST(netstat_balance)
{
	struct pkt p;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	pkt_udp(&p, "10.0.0.2", "10.77.0.1", 64, 20);
	wire_rx_many(&t0, &p, 7, PKT_MAX);
	CHECK_IN(cmd("netstat -s -v"), "balance:\n\t7 packets received\n");
	CHECK_IN(cmd_output(), " packets queued\n\t0 difference\n");
	t0.w_if.if_ifiqs[0].ifiq_packets++;		/* a packet that nobody has seen since */
	CHECK_IN(cmd("netstat -ss -v"), "\t8 packets received\n");
	CHECK_IN(cmd_output(), "\t1 difference\n");
	CHECK_IN(cmd("netstat -j -s -v"), "\"difference\":1}}\n");
	t0.w_if.if_ifiqs[0].ifiq_packets--;
	cmd_end();
}

TEST(netstat_usage_and_sockets)
{
	cmd_start();
	CHECK_STR(cmd("netstat -an"), "Active Internet connections (including servers)\n"
	    "Proto   Recv-Q Send-Q  Local Address          Foreign Address        TCP-State\n");
	CHECK_IN(cmd("netstat -Z"), "usage: netstat");
	CHECK_EQ(cmd_status, 2);
	CHECK_IN(cmd("netstat -I"), "usage: netstat");
	CHECK_IN(cmd("netstat x"), "usage: netstat");
	cmd_end();
}

TEST(stage_kstats)
{
	struct pkt p;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	pkt_udp(&p, "10.0.0.2", "10.0.0.1", 64, 20);
	wire_rx_many(&t0, &p, 5, PKT_MAX);
	CHECK_IN(cmd("kstat stage:0:ip_input:0"), "stage:0:ip_input:0\n         packets: 5 packets\n         batches: 1\n");
	cmd_end();
}
