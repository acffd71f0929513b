/* pf_services.c - IANA's protocol numbers and well-known ports under the names that protocols(5) and services(5) have for them. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"

/* "NUMBER NAME" and a zero, as often; an empty string ends it. Of two names the first is printed. */
static const char protos[] =
	"0 ip\0" "1 icmp\0" "2 igmp\0" "3 ggp\0" "4 ipencap\0" "5 st2\0" "6 tcp\0" "7 cbt\0" "8 egp\0" "9 igp\0" "10 bbn-rcc\0" "11 nvp\0"
	"12 pup\0" "13 argus\0" "14 emcon\0" "15 xnet\0" "16 chaos\0" "17 udp\0" "18 mux\0" "19 dcn\0" "20 hmp\0" "21 prm\0" "22 xns-idp\0"
	"23 trunk-1\0" "24 trunk-2\0" "25 leaf-1\0" "26 leaf-2\0" "27 rdp\0" "28 irtp\0" "29 iso-tp4\0" "30 netblt\0" "31 mfe-nsp\0"
	"32 merit-inp\0" "33 dccp\0" "34 3pc\0" "35 idpr\0" "36 xtp\0" "37 ddp\0" "38 idpr-cmtp\0" "39 tp++\0" "40 il\0" "41 ipv6\0" "42 sdrp\0"
	"43 ipv6-route\0" "44 ipv6-frag\0" "45 idrp\0" "46 rsvp\0" "47 gre\0" "48 mhrp\0" "49 bna\0" "50 esp\0" "50 ipv6-crypt\0" "51 ah\0"
	"51 ipv6-auth\0" "52 i-nlsp\0" "53 swipe\0" "54 narp\0" "55 mobile\0" "56 tlsp\0" "57 skip\0" "58 ipv6-icmp\0" "58 icmp6\0"
	"58 icmpv6\0" "59 ipv6-nonxt\0" "60 ipv6-opts\0" "62 cftp\0" "64 sat-expak\0" "65 kryptolan\0" "66 rvd\0" "67 ippc\0" "69 sat-mon\0"
	"70 visa\0" "71 ipcv\0" "72 cpnx\0" "73 cphb\0" "74 wsn\0" "75 pvp\0" "76 br-sat-mon\0" "77 sun-nd\0" "78 wb-mon\0" "79 wb-expak\0"
	"80 iso-ip\0" "81 vmtp\0" "82 secure-vmtp\0" "83 vines\0" "84 ttp\0" "85 nsfnet-igp\0" "86 dgp\0" "87 tcf\0" "88 eigrp\0" "89 ospf\0"
	"89 ospfigp\0" "90 sprite-rpc\0" "91 larp\0" "92 mtp\0" "93 ax.25\0" "94 ipip\0" "95 micp\0" "96 scc-sp\0" "97 etherip\0" "98 encap\0"
	"100 gmtp\0" "101 ifmp\0" "102 pnni\0" "103 pim\0" "104 aris\0" "105 scps\0" "106 qnx\0" "108 ipcomp\0" "109 snp\0" "110 compaq-peer\0"
	"111 ipx-in-ip\0" "112 carp\0" "112 vrrp\0" "113 pgm\0" "115 l2tp\0" "116 ddx\0" "117 iatp\0" "118 stp\0" "119 srp\0" "120 uti\0"
	"121 smp\0" "122 sm\0" "123 ptp\0" "124 isis\0" "125 fire\0" "126 crtp\0" "127 crudp\0" "128 sscopmce\0" "129 iplt\0" "130 sps\0"
	"131 pipe\0" "132 sctp\0" "133 fc\0" "135 mobility-header\0" "136 udplite\0" "137 mpls-in-ip\0" "138 manet\0" "139 hip\0" "140 shim6\0"
	"141 wesp\0" "142 rohc\0" "240 pfsync\0" "254 divert\0";
static const char services[] =
	"1 tcpmux\0" "7 echo\0" "9 discard\0" "11 systat\0" "13 daytime\0" "15 netstat\0" "17 qotd\0" "19 chargen\0" "20 ftp-data\0" "21 ftp\0"
	"22 ssh\0" "23 telnet\0" "25 smtp\0" "25 mail\0" "37 time\0" "42 nameserver\0" "43 whois\0" "49 tacacs\0" "53 domain\0" "67 bootps\0"
	"67 dhcps\0" "68 bootpc\0" "68 dhcpc\0" "69 tftp\0" "70 gopher\0" "79 finger\0" "80 www\0" "80 http\0" "87 link\0" "88 kerberos\0"
	"95 supdup\0" "101 hostnames\0" "102 iso-tsap\0" "109 pop2\0" "110 pop3\0" "111 sunrpc\0" "111 portmap\0" "113 auth\0" "113 ident\0"
	"115 sftp\0" "117 uucp-path\0" "119 nntp\0" "119 readnews\0" "123 ntp\0" "135 epmap\0" "135 loc-srv\0" "137 netbios-ns\0"
	"138 netbios-dgm\0" "139 netbios-ssn\0" "143 imap\0" "143 imap2\0" "161 snmp\0" "162 snmptrap\0" "162 snmp-trap\0" "163 cmip-man\0"
	"164 cmip-agent\0" "174 mailq\0" "177 xdmcp\0" "178 nextstep\0" "179 bgp\0" "191 prospero\0" "194 irc\0" "199 smux\0" "201 at-rtmp\0"
	"202 at-nbp\0" "204 at-echo\0" "206 at-zis\0" "209 qmtp\0" "210 z3950\0" "213 ipx\0" "220 imap3\0" "319 ptp-event\0" "320 ptp-general\0"
	"372 ulistserv\0" "389 ldap\0" "427 svrloc\0" "443 https\0" "444 snpp\0" "445 microsoft-ds\0" "464 kpasswd\0" "465 smtps\0"
	"465 submissions\0" "487 saft\0" "500 isakmp\0" "512 exec\0" "512 biff\0" "513 login\0" "513 who\0" "514 shell\0" "514 syslog\0"
	"515 printer\0" "517 talk\0" "518 ntalk\0" "520 route\0" "520 router\0" "521 ripng\0" "525 timed\0" "526 tempo\0" "530 courier\0"
	"531 conference\0" "532 netnews\0" "533 netwall\0" "540 uucp\0" "543 klogin\0" "544 kshell\0" "546 dhcpv6-client\0"
	"547 dhcpv6-server\0" "548 afpovertcp\0" "554 rtsp\0" "556 remotefs\0" "563 nntps\0" "587 submission\0" "623 asf-rmcp\0" "631 ipp\0"
	"636 ldaps\0" "646 ldp\0" "706 silc\0" "749 kerberos-adm\0" "750 kerberos-iv\0" "751 kerberos_master\0" "783 spamd\0" "853 domain-s\0"
	"873 rsync\0" "989 ftps-data\0" "990 ftps\0" "992 telnets\0" "993 imaps\0" "994 ircs\0" "995 pop3s\0" "1080 socks\0" "1194 openvpn\0"
	"1352 lotusnote\0" "1433 ms-sql-s\0" "1434 ms-sql-m\0" "1494 ica\0" "1524 ingreslock\0" "1525 prospero-np\0" "1645 datametrics\0"
	"1646 sa-msg-port\0" "1649 kermit\0" "1701 l2tp\0" "1723 pptp\0" "1812 radius\0" "1813 radius-acct\0" "1900 ssdp\0" "2000 cisco-sccp\0"
	"2049 nfs\0" "2049 nfsd\0" "2086 gnunet\0" "2401 cvspserver\0" "2628 dict\0" "3031 eppc\0" "3128 ndl-aas\0" "3205 isns\0"
	"3260 iscsi-target\0" "3306 mysql\0" "3389 ms-wbt-server\0" "3389 rdp\0" "3478 stun\0" "3493 nut\0" "3632 distcc\0" "3689 daap\0"
	"3690 svn\0" "3784 bfd-control\0" "3785 bfd-echo\0" "4190 sieve\0" "4443 pharos\0" "4460 ntske\0" "4500 ipsec-nat-t\0"
	"4500 ipsec-msft\0" "4569 iax\0" "4789 vxlan\0" "5060 sip\0" "5061 sips\0" "5061 sip-tls\0" "5222 xmpp-client\0" "5269 xmpp-server\0"
	"5298 presence\0" "5353 mdns\0" "5432 postgresql\0" "5671 amqps\0" "5672 amqp\0" "5900 vnc\0" "6000 x11\0" "6379 redis\0"
	"6481 servicetags\0" "6514 syslog-tls\0" "6566 sane-port\0" "6667 ircd\0" "6696 babel\0" "6697 ircs-u\0" "7000 afs3-fileserver\0"
	"7001 afs3-callback\0" "8021 ftp-proxy\0" "8025 spamd-cfg\0" "8026 spamd-sync\0" "8067 infotos\0" "8080 http-alt\0" "8140 puppet\0"
	"8953 unbound-control\0" "9418 git\0" "10050 zabbix-agent\0" "10051 zabbix-trapper\0" "11371 hkp\0" "20005 wnn4\0" "51820 wireguard\0";

/* The name that a table has for a number; NULL: none. */
static const char *
name_of(const char *table, unsigned number)
{
	for (char *name; *table != '\0'; table = name + strlen(name) + 1)
		if (strtoul(table, &name, 10) == number)
			return name + 1;
	return NULL;
}

/* The number that it has for a name; -1: none. */
static int
number_of(const char *table, const char *name)
{
	for (; *table != '\0'; table += strlen(table) + 1)
		if (strcmp(strchr(table, ' ') + 1, name) == 0)
			return atoi(table);
	return -1;
}

int pf_proto_number(const char *name) { return number_of(protos, name); }
const char *pf_proto_name(unsigned number) { return name_of(protos, number); }
const char *pf_service_name(unsigned port) { return name_of(services, port); }
int pf_service_port(const char *name) { return number_of(services, name); }
