/* ip6_ext.c - extension headers (RFC 8200 4): hop-by-hop options of packets on their way, and all of them in packets for us. */
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/core/stage.h"
#include "net/inet6/icmp6.h"
#include "net/inet6/ip6_reass.h"
#include "net/inet6/mld6.h"

#define IP6_CHAIN_MAX	1280u		/* bytes of headers: RFC 7112 5 wants them in a first fragment, and that fits any link */

STAGE(ip6_deliver);
COUNTER(ip6s_delivered, ip6, 100, INFO, "packet%s for this host");
COUNTER(ip6s_badoptions, ip6, 40, DROP, "packet%s with bad options");
COUNTER(ip6s_unknownopt, ip6, 41, DROP, "packet%s with unknown options that forbid to go on");
COUNTER(ip6s_jumbo, ip6, 42, DROP, "jumbogram%s refused");
COUNTER(ip6s_nolength, ip6, 48, DROP, "packet%s with hop-by-hop options and without a payload length");
COUNTER(ip6s_exthdrtoolong, ip6, 43, DROP, "packet%s whose headers are not contiguous");
COUNTER(ip6s_toomanyhdr, ip6, 44, DROP, "packet%s discarded due to too many headers");
COUNTER(ip6s_hopopts, ip6, 45, DROP, "packet%s with hop-by-hop options behind another header");
COUNTER(ip6s_route0, ip6, 46, DROP, "packet%s with a routing header that wants forwarding");
COUNTER(ip6s_fragtwice, ip6, 47, DROP, "packet%s with fragments in fragments");
COUNTER(ip6s_nonext, ip6, 105, CONSUMED, "packet%s without a protocol behind the headers");
COUNTER(ip6s_noproto, ip6, 106, DROP, "packet%s for unknown/unsupported protocol");
COUNTER(ip6s_notmember, ip6, 107, DROP, "multicast packet%s which we don't join");

static int ip6_hdrnestlimit = 10;
SYSCTL_INT(net_inet6_ip6_hdrnestlimit, "net.inet6.ip6.hdrnestlimit", &ip6_hdrnestlimit, 10, 1, 100);

/* ---- options (RFC 8200 4.2) ---- */

enum opt_verdict { OPT_OK, OPT_BAD, OPT_JUMBO, OPT_NOLENGTH, OPT_DISCARD, OPT_TELL, OPT_TELL_UNICAST };

/* What an unknown option's first two bits say. */
static enum opt_verdict
opt_action(uint8_t type)
{
	static const enum opt_verdict actions[4] = { OPT_OK, OPT_DISCARD, OPT_TELL, OPT_TELL_UNICAST };

	return actions[type >> 6];
}

/* len bytes of options at p. *at: where in them the trouble is. */
static enum opt_verdict
opts_check(const uint8_t *p, unsigned len, bool hop_by_hop, unsigned *at)
{
	for (unsigned i = 0; i < len; i += p[i] == IP6OPT_PAD1 ? 1 : 2u + p[i + 1]) {
		enum opt_verdict v;

		*at = i;
		if (p[i] == IP6OPT_PAD1)
			continue;
		if (i + 2 > len || p[i + 1] > len - i - 2)
			return OPT_BAD;
		if (p[i] == IP6OPT_PADN)
			continue;
		if (p[i] == IP6OPT_JUMBO && hop_by_hop)		/* RFC 2675: no link here carries one */
			return OPT_JUMBO;
		if (p[i] == IP6OPT_ROUTER_ALERT && hop_by_hop) {
			if (p[i + 1] != 2)			/* RFC 2711 2.1 */
				return OPT_BAD;
			continue;
		}
		if ((v = opt_action(p[i])) != OPT_OK)
			return v;
	}
	return OPT_OK;
}

/* Says what has to be said about it, and drops it. off: where in the packet the option is. */
static void
opts_refuse(struct mbuf *m, enum opt_verdict v, unsigned off)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	bool cast = IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst);

	if (v == OPT_BAD || v == OPT_JUMBO)
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_HEADER, off + (v == OPT_BAD));
	else if (v == OPT_NOLENGTH)				/* RFC 2675 3 */
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_HEADER, offsetof(struct ip6_hdr, ip6_plen));
	else if (v == OPT_TELL || (v == OPT_TELL_UNICAST && !cast))
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_OPTION, off);
	if (v == OPT_JUMBO)
		M_DROP(m, ip6s_jumbo);
	else if (v == OPT_BAD)
		M_DROP(m, ip6s_badoptions);
	else if (v == OPT_NOLENGTH)
		M_DROP(m, ip6s_nolength);
	else
		M_DROP(m, ip6s_unknownopt);
}

/* The header of options at off is made contiguous. Its length, or 0: dropped. */
static unsigned
opts_pull(struct mbuf *m, unsigned off)
{
	unsigned len;

	if (off + sizeof(struct ip6_ext) <= IP6_CHAIN_MAX && m_pullup(m, off + (unsigned)sizeof(struct ip6_ext))) {
		len = (m->m_data[off + 1] + 1u) * 8;
		if (off + len <= IP6_CHAIN_MAX && m_pullup(m, off + len))
			return len;
	}
	M_DROP(m, ip6s_exthdrtoolong);
	return 0;
}

/* Options at off. Their length, or 0: the packet has been refused, or another core has to refuse it. */
static unsigned
opts_process(struct mbuf *m, unsigned off, bool hop_by_hop)
{
	unsigned len = opts_pull(m, off), at = 0;
	enum opt_verdict v;

	if (len == 0)
		return 0;
	v = opts_check(m->m_data + off + 2, len - 2, hop_by_hop, &at);
	if (v == OPT_OK && hop_by_hop && ((const struct ip6_hdr *)m->m_data)->ip6_plen == 0)
		v = OPT_NOLENGTH;
	if (v == OPT_OK)
		return len;
	if (core_id() != 0)
		ip6_to_core0(m);
	else
		opts_refuse(m, v, off + 2 + at);
	return 0;
}

bool
ip6_hopopts_ok(struct mbuf *m)
{
	return opts_process(m, sizeof(struct ip6_hdr), true) != 0;
}

/* ---- the walk of who only looks ---- */

bool
ip6_lasthdr(const struct mbuf *m, uint8_t *proto, unsigned *off)
{
	struct ip6_hdr ip6;
	struct ip6_frag f;

	if (m->m_pktlen < sizeof(ip6))
		return false;
	m_copydata(m, 0, sizeof(ip6), &ip6);
	*proto = ip6.ip6_nxt;
	*off = sizeof(ip6);
	for (int i = 0; i < ip6_hdrnestlimit; i++) {
		bool frag = *proto == IPPROTO_FRAGMENT_;

		if (!frag && *proto != IPPROTO_HOPOPTS_ && *proto != IPPROTO_ROUTING_ && *proto != IPPROTO_DSTOPTS_)
			return true;
		if (m->m_pktlen < *off + 8)
			return false;
		m_copydata(m, *off, 8, &f);
		if (frag && (f.ip6f_offlg & BE16(IP6F_OFFMASK)))
			return true;
		*off += frag ? 8 : (((struct ip6_ext *)&f)->ip6e_len + 1u) * 8;
		*proto = f.ip6f_nxt;
	}
	return false;
}

/* ---- packets for us ---- */

static const struct ip6_proto *ip6_proto_table[256];

static void
ip6_proto_init(void)
{
	SET_FOREACH(const struct ip6_proto, pr, ip6_protos)
		ip6_proto_table[pr->pr6_proto] = pr;
}
NET_INIT(ip6_proto, 20, ip6_proto_init);

/* RFC 8200 4.4, RFC 5095: a routing header that wants nothing any more is passed over, any other is refused. Its length, or 0: dropped. */
static unsigned
rthdr_process(struct mbuf *m, unsigned off)
{
	unsigned len = opts_pull(m, off);
	const struct ip6_rthdr *rh = (const struct ip6_rthdr *)(m->m_data + off);

	if (len == 0 || rh->ip6r_segleft == 0)
		return len;
	icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_HEADER, off + (unsigned)offsetof(struct ip6_rthdr, ip6r_type));
	M_DROP(m, ip6s_route0);
	return 0;
}

/* One extension header at *off; *nxtoff: where its number stands. Both move on. NULL: the packet is gone. */
static struct mbuf *
ext_process(struct ifnet *ifp, struct mbuf *m, uint8_t proto, unsigned *nxtoff, unsigned *off)
{
	unsigned len = 0;

	switch (proto) {
	case IPPROTO_HOPOPTS_:
		if (*off != sizeof(struct ip6_hdr)) {		/* RFC 8200 4.1: directly behind the IPv6 header only */
			icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_NXT, *nxtoff);
			M_DROP(m, ip6s_hopopts);
			return NULL;
		}
		len = opts_process(m, *off, true);
		break;
	case IPPROTO_DSTOPTS_:
		len = opts_process(m, *off, false);
		break;
	case IPPROTO_ROUTING_:
		len = rthdr_process(m, *off);
		break;
	case IPPROTO_FRAGMENT_:
		return ip6_reass(ifp, m, nxtoff, off);
	}
	if (len == 0)
		return NULL;
	*nxtoff = *off;
	*off += len;
	return m;
}

static bool
is_ext(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS_ || proto == IPPROTO_DSTOPTS_ || proto == IPPROTO_ROUTING_ || proto == IPPROTO_FRAGMENT_;
}

static void
deliver_to_proto(struct ifnet *ifp, struct mbuf *m, uint8_t proto, unsigned nxtoff, unsigned off)
{
	const struct ip6_proto *pr = ip6_proto_table[proto];

	if (proto == IPPROTO_NONE_) {
		counter_inc(ip6s_nonext);
		m_freem(m);
	} else if (pr == NULL) {
		icmp6_error(m, ICMP6_PARAMPROB, ICMP6_PARAMPROB_NXT, nxtoff);	/* RFC 8200 4 */
		M_DROP(m, ip6s_noproto);
	} else
		pr->pr6_input(ifp, m, off);
}

static void
ip6_deliver_one(struct ifnet *ifp, struct mbuf *m)
{
	unsigned nxtoff = offsetof(struct ip6_hdr, ip6_nxt), off = sizeof(struct ip6_hdr);
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)m->m_data;
	bool fragment = false;

	m->m_rt = NULL;
	if (IN6_IS_ADDR_MULTICAST(&ip6->ip6_dst) && !mld6_member(ifp, &ip6->ip6_dst)) {
		M_DROP(m, ip6s_notmember);
		return;
	}
	counter_inc(ip6s_delivered);
	for (int i = 0; is_ext(m->m_data[nxtoff]); i++) {
		if (i == ip6_hdrnestlimit) {
			M_DROP(m, ip6s_toomanyhdr);
			return;
		}
		if (fragment && m->m_data[nxtoff] == IPPROTO_FRAGMENT_) {	/* RFC 8200 4.1: each header once; CVE-2023-4809 */
			M_DROP(m, ip6s_fragtwice);
			return;
		}
		fragment |= m->m_data[nxtoff] == IPPROTO_FRAGMENT_;
		if ((m = ext_process(ifp, m, m->m_data[nxtoff], &nxtoff, &off)) == NULL)
			return;
	}
	m->m_flags = (uint16_t)((m->m_flags & ~M_FRAGMENT) | (fragment ? M_FRAGMENT : 0));
	deliver_to_proto(ifp, m, m->m_data[nxtoff], nxtoff, off);
}

void
ip6_deliver(struct ifnet *ifp, struct batch *b)
{
	OWNER(0);
	STAGE_ENTER(ip6_deliver, b->b_n);
	for (unsigned i = 0; i < b->b_n; i++)
		ip6_deliver_one(ifp, b->b_m[i]);
}
