/* pf_services.c - IANA's protocol numbers and well-known ports under the names that protocols(5) and services(5) have for them. */
#include <string.h>

#include "net/pf/pf_names.h"

struct proto { uint8_t p_number; const char *p_name; };
struct service { uint16_t s_port; const char *s_name; };

/* Of two names the first is printed. */
static const struct proto protos[] = {
	{ 0, "ip" }, { 1, "icmp" }, { 2, "igmp" }, { 3, "ggp" }, { 4, "ipencap" }, { 5, "st2" }, { 6, "tcp" }, { 7, "cbt" }, { 8, "egp" }, { 9, "igp" },
	{ 10, "bbn-rcc" }, { 11, "nvp" }, { 12, "pup" }, { 13, "argus" }, { 14, "emcon" }, { 15, "xnet" }, { 16, "chaos" }, { 17, "udp" }, { 18, "mux" },
	{ 19, "dcn" }, { 20, "hmp" }, { 21, "prm" }, { 22, "xns-idp" }, { 23, "trunk-1" }, { 24, "trunk-2" }, { 25, "leaf-1" }, { 26, "leaf-2" },
	{ 27, "rdp" }, { 28, "irtp" }, { 29, "iso-tp4" }, { 30, "netblt" }, { 31, "mfe-nsp" }, { 32, "merit-inp" }, { 33, "dccp" }, { 34, "3pc" },
	{ 35, "idpr" }, { 36, "xtp" }, { 37, "ddp" }, { 38, "idpr-cmtp" }, { 39, "tp++" }, { 40, "il" }, { 41, "ipv6" }, { 42, "sdrp" },
	{ 43, "ipv6-route" }, { 44, "ipv6-frag" }, { 45, "idrp" }, { 46, "rsvp" }, { 47, "gre" }, { 48, "mhrp" }, { 49, "bna" }, { 50, "esp" },
	{ 50, "ipv6-crypt" }, { 51, "ah" }, { 51, "ipv6-auth" }, { 52, "i-nlsp" }, { 53, "swipe" }, { 54, "narp" }, { 55, "mobile" }, { 56, "tlsp" },
	{ 57, "skip" }, { 58, "ipv6-icmp" }, { 58, "icmp6" }, { 58, "icmpv6" }, { 59, "ipv6-nonxt" }, { 60, "ipv6-opts" }, { 62, "cftp" },
	{ 64, "sat-expak" }, { 65, "kryptolan" }, { 66, "rvd" }, { 67, "ippc" }, { 69, "sat-mon" }, { 70, "visa" }, { 71, "ipcv" }, { 72, "cpnx" },
	{ 73, "cphb" }, { 74, "wsn" }, { 75, "pvp" }, { 76, "br-sat-mon" }, { 77, "sun-nd" }, { 78, "wb-mon" }, { 79, "wb-expak" }, { 80, "iso-ip" },
	{ 81, "vmtp" }, { 82, "secure-vmtp" }, { 83, "vines" }, { 84, "ttp" }, { 85, "nsfnet-igp" }, { 86, "dgp" }, { 87, "tcf" }, { 88, "eigrp" },
	{ 89, "ospf" }, { 89, "ospfigp" }, { 90, "sprite-rpc" }, { 91, "larp" }, { 92, "mtp" }, { 93, "ax.25" }, { 94, "ipip" }, { 95, "micp" },
	{ 96, "scc-sp" }, { 97, "etherip" }, { 98, "encap" }, { 100, "gmtp" }, { 101, "ifmp" }, { 102, "pnni" }, { 103, "pim" }, { 104, "aris" },
	{ 105, "scps" }, { 106, "qnx" }, { 108, "ipcomp" }, { 109, "snp" }, { 110, "compaq-peer" }, { 111, "ipx-in-ip" },
	{ 112, "carp" }, { 112, "vrrp" }, { 113, "pgm" }, { 115, "l2tp" }, { 116, "ddx" }, { 117, "iatp" }, { 118, "stp" }, { 119, "srp" }, { 120, "uti" },
	{ 121, "smp" }, { 122, "sm" }, { 123, "ptp" }, { 124, "isis" }, { 125, "fire" }, { 126, "crtp" }, { 127, "crudp" }, { 128, "sscopmce" },
	{ 129, "iplt" }, { 130, "sps" }, { 131, "pipe" }, { 132, "sctp" }, { 133, "fc" }, { 135, "mobility-header" }, { 136, "udplite" },
	{ 137, "mpls-in-ip" }, { 138, "manet" }, { 139, "hip" }, { 140, "shim6" }, { 141, "wesp" }, { 142, "rohc" }, { 240, "pfsync" },
	{ 254, "divert" },
};
static const struct service services[] = {
	{ 1, "tcpmux" }, { 7, "echo" }, { 9, "discard" }, { 11, "systat" }, { 13, "daytime" }, { 15, "netstat" }, { 17, "qotd" }, { 19, "chargen" },
	{ 20, "ftp-data" }, { 21, "ftp" }, { 22, "ssh" }, { 23, "telnet" }, { 25, "smtp" }, { 25, "mail" }, { 37, "time" }, { 42, "nameserver" },
	{ 43, "whois" }, { 49, "tacacs" }, { 53, "domain" }, { 67, "bootps" }, { 67, "dhcps" }, { 68, "bootpc" }, { 68, "dhcpc" },
	{ 69, "tftp" }, { 70, "gopher" }, { 79, "finger" }, { 80, "www" }, { 80, "http" }, { 87, "link" }, { 88, "kerberos" }, { 95, "supdup" },
	{ 101, "hostnames" }, { 102, "iso-tsap" }, { 109, "pop2" }, { 110, "pop3" }, { 111, "sunrpc" }, { 111, "portmap" }, { 113, "auth" },
	{ 113, "ident" }, { 115, "sftp" }, { 117, "uucp-path" }, { 119, "nntp" }, { 119, "readnews" }, { 123, "ntp" }, { 135, "epmap" },
	{ 135, "loc-srv" }, { 137, "netbios-ns" }, { 138, "netbios-dgm" }, { 139, "netbios-ssn" }, { 143, "imap" }, { 143, "imap2" }, { 161, "snmp" },
	{ 162, "snmptrap" }, { 162, "snmp-trap" }, { 163, "cmip-man" }, { 164, "cmip-agent" }, { 174, "mailq" }, { 177, "xdmcp" }, { 178, "nextstep" },
	{ 179, "bgp" }, { 191, "prospero" }, { 194, "irc" }, { 199, "smux" }, { 201, "at-rtmp" }, { 202, "at-nbp" }, { 204, "at-echo" }, { 206, "at-zis" },
	{ 209, "qmtp" }, { 210, "z3950" }, { 213, "ipx" }, { 220, "imap3" }, { 319, "ptp-event" }, { 320, "ptp-general" }, { 372, "ulistserv" },
	{ 389, "ldap" }, { 427, "svrloc" }, { 443, "https" }, { 444, "snpp" }, { 445, "microsoft-ds" }, { 464, "kpasswd" }, { 465, "smtps" },
	{ 465, "submissions" }, { 487, "saft" }, { 500, "isakmp" }, { 512, "exec" }, { 512, "biff" }, { 513, "login" }, { 513, "who" }, { 514, "shell" },
	{ 514, "syslog" }, { 515, "printer" }, { 517, "talk" }, { 518, "ntalk" }, { 520, "route" }, { 520, "router" }, { 521, "ripng" },
	{ 525, "timed" }, { 526, "tempo" }, { 530, "courier" }, { 531, "conference" }, { 532, "netnews" }, { 533, "netwall" }, { 540, "uucp" },
	{ 543, "klogin" }, { 544, "kshell" }, { 546, "dhcpv6-client" }, { 547, "dhcpv6-server" }, { 548, "afpovertcp" }, { 554, "rtsp" },
	{ 556, "remotefs" }, { 563, "nntps" }, { 587, "submission" }, { 623, "asf-rmcp" }, { 631, "ipp" }, { 636, "ldaps" }, { 646, "ldp" },
	{ 706, "silc" }, { 749, "kerberos-adm" }, { 750, "kerberos-iv" }, { 751, "kerberos_master" }, { 783, "spamd" }, { 853, "domain-s" },
	{ 873, "rsync" }, { 989, "ftps-data" }, { 990, "ftps" }, { 992, "telnets" }, { 993, "imaps" }, { 994, "ircs" }, { 995, "pop3s" }, { 1080, "socks" },
	{ 1194, "openvpn" }, { 1352, "lotusnote" }, { 1433, "ms-sql-s" }, { 1434, "ms-sql-m" }, { 1494, "ica" }, { 1524, "ingreslock" },
	{ 1525, "prospero-np" }, { 1645, "datametrics" }, { 1646, "sa-msg-port" }, { 1649, "kermit" }, { 1701, "l2tp" }, { 1723, "pptp" },
	{ 1812, "radius" }, { 1813, "radius-acct" }, { 1900, "ssdp" }, { 2000, "cisco-sccp" }, { 2049, "nfs" }, { 2049, "nfsd" }, { 2086, "gnunet" },
	{ 2401, "cvspserver" }, { 2628, "dict" }, { 3031, "eppc" }, { 3128, "ndl-aas" }, { 3205, "isns" }, { 3260, "iscsi-target" }, { 3306, "mysql" },
	{ 3389, "ms-wbt-server" }, { 3389, "rdp" }, { 3478, "stun" }, { 3493, "nut" }, { 3632, "distcc" }, { 3689, "daap" }, { 3690, "svn" },
	{ 3784, "bfd-control" }, { 3785, "bfd-echo" }, { 4190, "sieve" }, { 4443, "pharos" }, { 4460, "ntske" }, { 4500, "ipsec-nat-t" }, { 4500, "ipsec-msft" }, { 4569, "iax" },
	{ 4789, "vxlan" }, { 5060, "sip" }, { 5061, "sips" }, { 5061, "sip-tls" }, { 5222, "xmpp-client" }, { 5269, "xmpp-server" }, { 5298, "presence" },
	{ 5353, "mdns" }, { 5432, "postgresql" }, { 5671, "amqps" }, { 5672, "amqp" }, { 5900, "vnc" }, { 6000, "x11" }, { 6379, "redis" },
	{ 6481, "servicetags" }, { 6514, "syslog-tls" }, { 6566, "sane-port" }, { 6667, "ircd" }, { 6696, "babel" }, { 6697, "ircs-u" },
	{ 7000, "afs3-fileserver" }, { 7001, "afs3-callback" }, { 8021, "ftp-proxy" }, { 8025, "spamd-cfg" }, { 8026, "spamd-sync" },
	{ 8067, "infotos" }, { 8080, "http-alt" }, { 8140, "puppet" }, { 8953, "unbound-control" }, { 9418, "git" }, { 10050, "zabbix-agent" },
	{ 10051, "zabbix-trapper" }, { 11371, "hkp" }, { 20005, "wnn4" }, { 51820, "wireguard" },
};

int
pf_proto_number(const char *name)
{
	for (size_t i = 0; i < nitems(protos); i++)
		if (strcmp(protos[i].p_name, name) == 0)
			return protos[i].p_number;
	return -1;
}

const char *
pf_proto_name(unsigned number)
{
	for (size_t i = 0; i < nitems(protos); i++)
		if (protos[i].p_number == number)
			return protos[i].p_name;
	return NULL;
}

const char *
pf_service_name(unsigned port)
{
	for (size_t i = 0; i < nitems(services); i++)
		if (services[i].s_port == port)
			return services[i].s_name;
	return NULL;
}

int
pf_service_port(const char *name)
{
	for (size_t i = 0; i < nitems(services); i++)
		if (strcmp(services[i].s_name, name) == 0)
			return services[i].s_port;
	return -1;
}
