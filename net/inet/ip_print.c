/* ip_print.c - a packet in a line, as tcpdump(8) has it. Nothing in it is believed; what is not there is "[|proto]". */
#include <string.h>

#include "net/inet/icmp.h"
#include "net/inet/ip.h"
#include "net/inet/ip_print.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/ip6.h"

#define EXT_MAX		10		/* extension headers in a row */

/* What is behind the IP header: n bytes of it are there, `len` there were. */
struct upper {
	const uint8_t	*u_p;
	unsigned	 u_n, u_len;
	uint8_t		 u_proto;
	bool		 u_six, u_later;	/* u_later: a fragment that is not the first */
	char		 u_src[IN6_STRLEN], u_dst[IN6_STRLEN];
};

static void
print_ends(struct out *o, const struct upper *u)
{
	if (u->u_later || u->u_n < 4 || (u->u_proto != IPPROTO_TCP_ && u->u_proto != IPPROTO_UDP_))
		out_printf(o, "%s > %s: ", u->u_src, u->u_dst);
	else
		out_printf(o, "%s.%u > %s.%u: ", u->u_src, be16_host(load16(u->u_p)), u->u_dst, be16_host(load16(u->u_p + 2)));
}

/* ---- TCP: RFC 9293 3.1 ---- */

static void
print_option(struct out *o, const uint8_t *p)
{
	switch (p[0]) {
	case 2:
		if (p[1] == 4)
			out_printf(o, "mss %u", be16_host(load16(p + 2)));
		break;
	case 3:
		if (p[1] == 3)
			out_printf(o, "wscale %u", p[2]);
		break;
	case 4:
		out_printf(o, "sackOK");
		break;
	case 8:
		if (p[1] == 10)
			out_printf(o, "timestamp %u %u", be32_host(load32(p + 2)), be32_host(load32(p + 6)));
		break;
	default:
		out_printf(o, "opt-%u", p[0]);
		break;
	}
}

static void
print_options(struct out *o, const uint8_t *p, unsigned n)
{
	const char *between = " <";

	for (unsigned at = 0, len; at < n; at += len) {
		out_printf(o, "%s", between);
		between = ",";
		len = 1;
		if (p[at] == 0) {
			out_printf(o, "eol");
			break;
		}
		if (p[at] == 1) {
			out_printf(o, "nop");
			continue;
		}
		if (at + 2 > n || (len = p[at + 1]) < 2 || at + len > n) {
			out_printf(o, "bad opt");
			break;
		}
		print_option(o, p + at);
	}
	out_printf(o, "%s", n > 0 ? ">" : "");
}

static void
print_tcp(struct out *o, const struct upper *u)
{
	static const char letters[] = "FSRP";
	unsigned hlen, data, flags;
	uint32_t seq;

	if (u->u_n < 20) {
		out_printf(o, "[|tcp]");
		return;
	}
	hlen = (u->u_p[12] >> 4) * 4u;
	flags = u->u_p[13];
	if (hlen < 20 || hlen > u->u_len) {
		out_printf(o, "[bad hdr length]");
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		if (flags & 1u << i)
			out_printf(o, "%c", letters[i]);
	if ((flags & 15) == 0)
		out_printf(o, ".");
	data = u->u_len - hlen;
	seq = be32_host(load32(u->u_p + 4));
	if (data > 0 || (flags & 7))
		out_printf(o, " %u:%u(%u)", seq, seq + data, data);
	if (flags & 16)
		out_printf(o, " ack %u", be32_host(load32(u->u_p + 8)));
	out_printf(o, " win %u", be16_host(load16(u->u_p + 14)));
	print_options(o, u->u_p + 20, (hlen < u->u_n ? hlen : u->u_n) - 20);
}

/* ---- ICMP ---- */

static const char *
icmp_name(bool six, uint8_t type)
{
	if (six)
		return type == ICMP6_UNREACH ? "unreachable" : type == ICMP6_TOOBIG ? "too big" : type == ICMP6_TIMXCEED ? "time exceeded" :
		    type == ICMP6_ECHO ? "echo request" : type == ICMP6_ECHOREPLY ? "echo reply" : type == ICMP6_NS ? "neighbor sol" :
		    type == ICMP6_NA ? "neighbor adv" : NULL;
	return type == ICMP_ECHO ? "echo request" : type == ICMP_ECHOREPLY ? "echo reply" : type == ICMP_UNREACH ? "unreachable" :
	    type == ICMP_TIMXCEED ? "time exceeded" : type == ICMP_REDIRECT ? "redirect" : type == ICMP_PARAMPROB ? "parameter problem" : NULL;
}

static void
print_icmp(struct out *o, const struct upper *u)
{
	const char *word = u->u_six ? "icmp6" : "icmp", *name;

	if (u->u_n < 8) {
		out_printf(o, "[|%s]", word);
		return;
	}
	if ((name = icmp_name(u->u_six, u->u_p[0])) != NULL)
		out_printf(o, "%s: %s", word, name);
	else
		out_printf(o, "%s: type-#%u", word, u->u_p[0]);
	if (u->u_p[1] != 0)
		out_printf(o, " code-#%u", u->u_p[1]);
	if (name != NULL && name[0] == 'e')
		out_printf(o, " (id:%04x seq:%u)", be16_host(load16(u->u_p + 4)), be16_host(load16(u->u_p + 6)));
}

static void
print_upper(struct out *o, const struct upper *u)
{
	print_ends(o, u);
	if (u->u_later)
		out_printf(o, "ip-proto-%u", u->u_proto);
	else if (u->u_proto == IPPROTO_TCP_)
		print_tcp(o, u);
	else if (u->u_proto == IPPROTO_UDP_ && u->u_n >= 8)
		out_printf(o, "udp %d", (int)be16_host(load16(u->u_p + 4)) - 8);
	else if (u->u_proto == IPPROTO_UDP_)
		out_printf(o, "[|udp]");
	else if (u->u_proto == (u->u_six ? IPPROTO_ICMPV6_ : IPPROTO_ICMP_))
		print_icmp(o, u);
	else
		out_printf(o, "ip-proto-%u %u", u->u_proto, u->u_len);
}

/* ---- IP ---- */

static void
print4(struct out *o, const uint8_t *p, unsigned n, bool verbose)
{
	unsigned hlen = n > 0 ? (p[0] & 15) * 4u : 0, len, off;
	struct upper u = { 0 };
	struct in6_addr src, dst;
	struct ip ip;

	if (n < sizeof(ip) || hlen < sizeof(ip) || hlen > n) {
		out_printf(o, "[|ip]");
		return;
	}
	memcpy(&ip, p, sizeof(ip));
	len = be16_host(ip.ip_len);
	off = be16_host(ip.ip_off);
	u.u_p = p + hlen;
	u.u_n = n - hlen;
	u.u_len = len > hlen ? len - hlen : 0;
	u.u_n = u.u_n < u.u_len ? u.u_n : u.u_len;
	u.u_proto = ip.ip_p;
	u.u_later = (off & IP_OFFMASK) != 0;
	src = in6_of_ip4(ip.ip_src);
	dst = in6_of_ip4(ip.ip_dst);
	af_print(u.u_src, AF_IP4, &src);
	af_print(u.u_dst, AF_IP4, &dst);
	print_upper(o, &u);
	if (off & (IP_MF | IP_OFFMASK))
		out_printf(o, " (frag %u:%u@%u%s)", be16_host(ip.ip_id), u.u_len, (off & IP_OFFMASK) * 8u, off & IP_MF ? "+" : "");
	if (off & IP_DF)
		out_printf(o, " (DF)");
	if (ip.ip_tos != 0)
		out_printf(o, " [tos 0x%x]", ip.ip_tos);
	if (verbose)
		out_printf(o, " (ttl %u, id %u, len %u)", ip.ip_ttl, be16_host(ip.ip_id), len);
}

/* To what is no extension header. */
static void
skip_ext(struct upper *u)
{
	for (unsigned i = 0; i < EXT_MAX && u->u_n >= 8 && !u->u_later; i++) {
		unsigned len = (u->u_p[1] + 1u) * 8;

		if (u->u_proto == IPPROTO_FRAGMENT_) {
			len = 8;
			u->u_later = (load16(u->u_p + 2) & BE16(IP6F_OFFMASK)) != 0;
		} else if (u->u_proto != IPPROTO_HOPOPTS_ && u->u_proto != IPPROTO_ROUTING_ && u->u_proto != IPPROTO_DSTOPTS_)
			return;
		u->u_proto = u->u_p[0];
		if (len > u->u_n)
			len = u->u_n;
		u->u_p += len;
		u->u_n -= len;
		u->u_len -= len;
	}
}

static void
print6(struct out *o, const uint8_t *p, unsigned n, bool verbose)
{
	struct upper u = { .u_six = true };
	struct ip6_hdr ip6;

	if (n < sizeof(ip6)) {
		out_printf(o, "[|ip6]");
		return;
	}
	memcpy(&ip6, p, sizeof(ip6));
	u.u_p = p + sizeof(ip6);
	u.u_len = be16_host(ip6.ip6_plen);
	u.u_n = n - (unsigned)sizeof(ip6);
	u.u_n = u.u_n < u.u_len ? u.u_n : u.u_len;
	u.u_proto = ip6.ip6_nxt;
	skip_ext(&u);
	in6_print(u.u_src, &ip6.ip6_src);
	in6_print(u.u_dst, &ip6.ip6_dst);
	print_upper(o, &u);
	if (verbose)
		out_printf(o, " (len %u, hlim %u)", be16_host(ip6.ip6_plen), ip6.ip6_hlim);
}

void
ip_print(struct out *o, const uint8_t *p, unsigned n, bool verbose)
{
	if (n > 0 && p[0] >> 4 == 6)
		print6(o, p, n, verbose);
	else
		print4(o, p, n, verbose);
}
