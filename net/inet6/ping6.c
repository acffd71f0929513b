/* ping6.c - what ping6(8) does otherwise than ping(8): its messages, and the words for errors. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "net/inet/ping.h"
#include "net/route/route.h"

COUNTER(icmp6s_outecho, icmp6, 61, CREATED, "echo request%s sent");

/* ---- in the loop ---- */

/* An error quotes the packet that it is about: it is ours. */
static bool
ping6_quoted(const struct ping *p, struct ping_event *e, const uint8_t *quote, unsigned len)
{
	const struct ip6_hdr *oip6 = (const struct ip6_hdr *)quote;
	struct in6_addr dst = in6_unembed(&p->p_dst6);
	const struct icmp6 *inner = icmp6_quoted(oip6, len, IPPROTO_ICMPV6_);

	if (inner == NULL || !in6_equal(&oip6->ip6_dst, &dst) || inner->icmp6_type != ICMP6_ECHO || be16_host(inner->icmp6_id) != p->p_id)
		return false;
	e->pe_seq = be16_host(inner->icmp6_seq);
	return e->pe_seq <= p->p_sent || p->p_sent > 65535;
}

bool
ping6_input(struct icmp6_listener *il, const struct ip6_hdr *ip6, unsigned off, unsigned len)
{
	struct ping *p = il->il6_arg;
	const struct icmp6 *icp = (const struct icmp6 *)((const uint8_t *)ip6 + off);
	struct ping_event e = { .pe_kind = PING_ERROR, .pe_ttl = ip6->ip6_hlim, .pe_bytes = len, .pe_type = icp->icmp6_type,
	    .pe_code = icp->icmp6_code };
	unsigned data = len - (unsigned)sizeof(*icp);

	e.pe_from6 = in6_embed(&ip6->ip6_src, in6_zone(&p->p_dst6));
	if (icp->icmp6_type == ICMP6_ECHOREPLY) {
		e.pe_kind = PING_REPLY;
		e.pe_seq = be16_host(icp->icmp6_seq);
		if (be16_host(icp->icmp6_id) == p->p_id)
			ping_reply(p, &e, (const uint8_t *)(icp + 1), data);
		return false;
	}
	e.pe_mtu = be32_host(icp->icmp6_param);
	e.pe_other = !ping6_quoted(p, &e, (const uint8_t *)(icp + 1), data);
	if (!e.pe_other)
		p->p_errors++;
	if (!e.pe_other || p->p_verbose)
		ping_note(p, &e);
	return !e.pe_other;
}

/* ---- sending ---- */

static struct mbuf *
ping6_make(const struct ping *p, uint16_t seq)
{
	unsigned len = (unsigned)sizeof(struct icmp6) + p->p_size;
	uint8_t *data = malloc(len);
	struct mbuf *m;

	if (data == NULL || (m = m_get()) == NULL) {
		free(data);
		return NULL;
	}
	*(struct icmp6 *)data = (struct icmp6){ .icmp6_type = ICMP6_ECHO, .icmp6_id = host_be16(p->p_id), .icmp6_seq = host_be16(seq) };
	ping_data(p, data + sizeof(struct icmp6), seq);
	m->m_len = m->m_pktlen = sizeof(struct ip6_hdr);
	*(struct ip6_hdr *)m->m_data = (struct ip6_hdr){ .ip6_nxt = IPPROTO_ICMPV6_, .ip6_hlim = p->p_ttl,
	    .ip6_src = in6_unembed(&p->p_src6), .ip6_dst = in6_unembed(&p->p_dst6) };
	if (!m_append(m, data, len)) {
		m_freem(m);
		m = NULL;
	}
	free(data);
	return m;
}

/* Why ip6_send() refused it; the counters say it exactly. */
static const char *
ping6_refusal(const struct ping *p)
{
	const struct rtentry *rt = rtable_match6(0, &p->p_dst6);

	if (rt == NULL || !(rt->rt_flags & RTF_UP) || (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)))
		return "No route to host";
	return "No buffer space available";
}

const char *
ping6_send(struct ping *p, uint16_t seq)
{
	struct mbuf *m = ping6_make(p, seq);

	if (m == NULL)
		return "No buffer space available";
	counter_inc(icmp6s_outecho);
	return ip6_send(m, if_get(in6_zone(&p->p_dst6))) ? NULL : ping6_refusal(p);
}

/* ---- words ---- */

static const char *
unreach6_text(unsigned code)
{
	static const char *const texts[] = {
		"No Route to Destination", "Destination Administratively Unreachable", "Destination Unreachable Beyond Scope",
		"Destination Host Unreachable", "Destination Port Unreachable", "Source Address Failed Policy", "Rejected by Route",
	};

	return code < nitems(texts) ? texts[code] : "Destination Unreachable, Bad Code";
}

static const char *
param6_text(unsigned code)
{
	static const char *const texts[] = { "Erroneous Header", "Unknown Nextheader", "Unrecognized Option", "Incomplete Header Chain" };

	return code < nitems(texts) ? texts[code] : "Bad Code";
}

void
ping6_print_error(struct out *o, const struct ping_event *e)
{
	switch (e->pe_type) {
	case ICMP6_UNREACH:
		out_printf(o, "%s", unreach6_text(e->pe_code));
		break;
	case ICMP6_TOOBIG:
		out_printf(o, "Packet too big mtu = %u", (unsigned)e->pe_mtu);
		break;
	case ICMP6_TIMXCEED:
		out_printf(o, "%s", e->pe_code == ICMP6_TIMXCEED_REASS ? "Frag reassembly time exceeded" : "Time to live exceeded");
		break;
	case ICMP6_PARAMPROB:
		out_printf(o, "Parameter problem: %s at 0x%x", param6_text(e->pe_code), (unsigned)e->pe_mtu);
		break;
	default:
		out_printf(o, "ICMPv6 type %u code %u", e->pe_type, e->pe_code);
	}
}

static int
cmd_ping6(struct out *o, int argc, char **argv)
{
	return ping_main(o, argc, argv, AF_IP6);
}
COMMAND(ping6, cmd_ping6,
    "ping6 [-j] [-nqv] [-c count] [-h hoplimit] [-I sourceaddr] [-i interval]\n"
    "      [-s packetsize] [-w maxwait] host",
    "send ICMPv6 ECHO_REQUEST packets to a host",
    "-c count      stop after so many; without it, ^C stops\n"
    "-h hoplimit   hop limit\n"
    "-I address    our address to send from\n"
    "-i interval   seconds between packets (1); 0.2 is possible\n"
    "-q            only the summary\n"
    "-s size       bytes of data (56)\n"
    "-v            show other ICMPv6 messages that arrive, too\n"
    "-w maxwait    seconds to wait for the last reply (10)\n"
    "\n"
    "A link-local address or group needs its interface: fe80::1%vio0. Requests carry the time and a keyed\n"
    "signature; duplicates, wrong data and errors that are about our requests are shown. Status 0: at least\n"
    "one reply came.\n");
